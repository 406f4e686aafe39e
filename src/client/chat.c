/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway-client chat - ask a model, print its answer as it comes. */
#include "config.h"

#include "client/client.h"

#include <unistd.h>

#include "client/paid.h"
#include "client/reply.h"
#include "codec/jwrite.h"
#include "util/clock.h"
#include "util/file.h"

enum { MAX_TOKENS = 1024 };

/* clang-format off */
static const char text[] =
	"  MESSAGE    what to say; several are joined by blanks, `-` is standard input\n"
	"\n"
	"The answer goes to standard output, tokens and cost to standard error. Where a channel is\n"
	"open, the request pays for the one before it.\n"
	"Exit status: 0 answered, 1 refused or failed, 2 misuse.";
/* clang-format on */

static const struct provider {
	const char *name, *model, *path;
	enum reply_form form;
} providers[] = {
	{ "openai", "gpt-4o-mini", "/openai/v1/chat/completions", REPLY_OPENAI },
	{ "openrouter", "openai/gpt-4o-mini", "/openrouter/api/v1/chat/completions", REPLY_OPENAI },
	{ "litellm", "gpt-4o-mini", "/litellm/v1/chat/completions", REPLY_OPENAI },
	{ "claude", "claude-haiku-5-5", "/claude/v1/messages", REPLY_CLAUDE },
	{ "gemini", "gemini-3.1-flash-lite", NULL, REPLY_GEMINI }, /* the model is in the path */
};

struct chat {
	struct client_options common;
	const char *provider_name, *model, *instructions, *max_tokens, *max_amount;
	bool no_stream, quiet;

	const struct provider *provider;
	uint64_t limit; /* tokens; 0: the provider's own */
	bool plain;	/* standard output is a terminal: let no control byte through */
	struct paid paid;
	struct reply reply;
	struct buf answer; /* --json: all of the text */
	char content_type[128];
	int status;
	char last; /* byte printed */
};

/* ---- the request ---- */

static void write_message(struct jwrite *w, const char *role, struct str content)
{
	jwrite_object(w, NULL);
	jwrite_text(w, "role", role);
	jwrite_str(w, "content", content);
	jwrite_object_end(w);
}

static void write_part(struct jwrite *w, const char *key, const char *role, struct str content)
{
	jwrite_object(w, key);
	if (role)
		jwrite_text(w, "role", role);
	jwrite_array(w, "parts");
	jwrite_object(w, NULL);
	jwrite_str(w, "text", content);
	jwrite_object_end(w);
	jwrite_array_end(w);
	jwrite_object_end(w);
}

static void write_gemini(const struct chat *c, struct jwrite *w, struct str message)
{
	if (c->instructions)
		write_part(w, "systemInstruction", NULL, str_c(c->instructions));
	jwrite_array(w, "contents");
	write_part(w, NULL, "user", message);
	jwrite_array_end(w);
	if (c->limit) {
		jwrite_object(w, "generationConfig");
		jwrite_u64(w, "maxOutputTokens", c->limit);
		jwrite_object_end(w);
	}
}

static void write_body(const struct chat *c, struct buf *body, struct str message)
{
	enum reply_form form = c->provider->form;
	struct jwrite w;

	jwrite_init(&w, body, false);
	jwrite_object(&w, NULL);
	if (form == REPLY_GEMINI) {
		write_gemini(c, &w, message);
	} else {
		jwrite_text(&w, "model", c->model);
		jwrite_array(&w, "messages");
		if (c->instructions && form == REPLY_OPENAI)
			write_message(&w, "system", str_c(c->instructions));
		write_message(&w, "user", message);
		jwrite_array_end(&w);
		if (c->instructions && form == REPLY_CLAUDE)
			jwrite_text(&w, "system", c->instructions);
		if (c->limit || form == REPLY_CLAUDE) /* which wants one */
			jwrite_u64(&w, "max_tokens", c->limit ? c->limit : MAX_TOKENS);
		if (!c->no_stream)
			jwrite_bool(&w, "stream", true);
	}
	jwrite_object_end(&w);
}

static void write_path(const struct chat *c, struct buf *path)
{
	if (c->provider->path)
		buf_add_c(path, c->provider->path);
	else
		buf_addf(path, "/gemini/v1beta/models/%s:%s", c->model,
			 c->no_stream ? "generateContent" : "streamGenerateContent?alt=sse");
}

/* ---- the answer ---- */

/* A model's text must not steer the terminal: of the control bytes only line ends and tabs go out.
 */
static void print_plain(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool c1 = c == 0xc2 && i + 1 < s.len && (unsigned char)s.p[i + 1] < 0xa0;

		if (c1)
			i++; /* U+0080 to U+009F */
		else if ((c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t')
			putchar(c);
	}
}

static void on_text(void *arg, struct str s)
{
	struct chat *c = arg;

	if (c->common.json) {
		buf_add_str(&c->answer, s);
		return;
	}
	if (c->plain)
		print_plain(s);
	else
		fwrite(s.p, 1, s.len, stdout);
	c->last = s.p[s.len - 1];
}

static void on_header(void *arg, struct str name, struct str value)
{
	struct chat *c = arg;

	if (str_caseeq_c(name, "content-type"))
		str_copy(c->content_type, sizeof c->content_type, value);
}

static bool on_head(void *arg, int status)
{
	struct chat *c = arg;

	c->status = status;
	reply_begin(&c->reply, status, str_c(c->content_type));
	return true;
}

static bool on_body(void *arg, const char *p, size_t n)
{
	struct chat *c = arg;

	return reply_feed(&c->reply, p, n);
}

static bool on_read_end(void *arg)
{
	(void)arg;
	return fflush(stdout) == 0;
}

/* ---- what is said at the end ---- */

/* The gateway's own figure, in US dollars; else what the provider stated. "" when nobody said. */
static void cost_text(const struct chat *c, char out[80])
{
	char usd[PICOUSD_USD_TEXT];

	out[0] = '\0';
	if (c->paid.response.has_cost_usd) {
		picousd_format_usd(usd, c->paid.response.cost_usd);
		snprintf(out, 80, "%s", usd);
	} else if (c->reply.cost_usd[0]) {
		snprintf(out, 80, "%s", c->reply.cost_usd);
	}
}

/* In base units of the asset; "" when nobody said. */
static void asset_text(const struct chat *c, char out[U256_TEXT])
{
	out[0] = '\0';
	if (c->paid.response.has_cost)
		u256_format(out, c->paid.response.cost);
}

/* What was signed with this request, and what waits for the next one. */
static void write_payment(struct jwrite *w, const struct payer *p)
{
	char units[U256_TEXT];

	jwrite_object(w, "payment");
	if (p->has_voucher) {
		jwrite_u64(w, "voucherNonce", p->voucher.rav.nonce);
		u256_format(units, p->voucher.rav.accumulated);
		jwrite_text(w, "voucherAmount", units);
	}
	if (p->has_cost) {
		jwrite_u64(w, "proposalNonce", p->proposal.nonce);
		u256_format(units, p->proposal.accumulated);
		jwrite_text(w, "proposalAmount", units);
	}
	jwrite_object_end(w);
}

static void print_json(const struct chat *c, const struct upstream_result *res)
{
	const struct reply *r = &c->reply;
	char cost[80], asset[U256_TEXT];
	struct jwrite w;
	struct buf out;

	buf_init(&out, (size_t)1 << 30);
	cost_text(c, cost);
	jwrite_init(&w, &out, false);
	jwrite_object(&w, NULL);
	jwrite_i64(&w, "status", c->status);
	jwrite_text(&w, "provider", c->provider->name);
	jwrite_text(&w, "model", c->model);
	jwrite_str(&w, "text", buf_str(&c->answer));
	if (r->has_input)
		jwrite_u64(&w, "input_tokens", r->input);
	if (r->has_output)
		jwrite_u64(&w, "output_tokens", r->output);
	if (cost[0])
		jwrite_text(&w, "cost_usd", cost);
	asset_text(c, asset);
	if (asset[0])
		jwrite_text(&w, "cost_asset", asset);
	if (c->paid.paying)
		write_payment(&w, &c->paid.payer);
	if (r->error_message[0]) {
		jwrite_object(&w, "error");
		jwrite_text(&w, "code", r->error_code[0] ? r->error_code : NULL);
		jwrite_text(&w, "message", r->error_message);
		jwrite_object_end(&w);
	}
	jwrite_i64(&w, "total_ms", res->total_ms);
	jwrite_object_end(&w);
	puts(buf_c(&out));
	buf_clear(&out);
}

static void print_figures(const struct chat *c, const struct upstream_result *res)
{
	const struct reply *r = &c->reply;
	const char *comma = "";
	char cost[80], asset[U256_TEXT];

	cost_text(c, cost);
	fputs("[", stderr);
	if (r->has_input)
		fprintf(stderr, "%llu tokens in", (unsigned long long)r->input), comma = ", ";
	if (r->has_output)
		fprintf(stderr, "%s%llu out", comma, (unsigned long long)r->output), comma = ", ";
	if (cost[0])
		fprintf(stderr, "%s%s USD", comma, cost), comma = ", ";
	asset_text(c, asset);
	if (asset[0])
		fprintf(stderr, "%s%s asset units", comma, asset), comma = ", ";
	if (c->paid.payer.has_voucher)
		fprintf(stderr, "%svoucher %llu", comma,
			(unsigned long long)c->paid.payer.voucher.rav.nonce),
			comma = ", ";
	fprintf(stderr, "%s%lld.%lld s]\n", comma, (long long)(res->total_ms / 1000),
		(long long)(res->total_ms % 1000 / 100));
}

/* Did it go well? Else @e says what the gateway or the provider said. */
static int verdict(const struct chat *c, struct gw_err *e)
{
	const struct reply *r = &c->reply;

	const struct payment_response *said = &c->paid.response;

	if (said->has_error)
		return gw_fail(e, GWE_UPSTREAM_FAILED, c->status, "%d %s: %s%s", c->status,
			       said->error_code, said->error_message,
			       paid_advice(said->error_code));
	if (r->error_message[0] || r->error_code[0])
		return gw_fail(e, GWE_UPSTREAM_FAILED, c->status, "%d %s%s%s", c->status,
			       r->error_code, r->error_code[0] ? ": " : "", r->error_message);
	if (c->status >= 400)
		return gw_fail(e, GWE_UPSTREAM_FAILED, c->status, "the gateway answered %d",
			       c->status);
	if (!r->finished)
		return gw_fail(e, GWE_UPSTREAM_FAILED, 0, "the answer ended before its end");
	return 0;
}

/* ---- the command ---- */

static int ask(struct chat *c, struct str message, struct gw_err *e)
{
	static const char *const headers[] = { "Content-Type: application/json" };
	const struct upstream_handler h = { .arg = c,
					    .on_header = on_header,
					    .on_head = on_head,
					    .on_body = on_body,
					    .on_read_end = on_read_end };
	struct client_request rq = { .method = "POST", .headers = headers, .n_headers = 1 };
	struct upstream_result res;
	struct buf path, body;
	int rc;

	if (paid_open(&c->paid, &c->common, c->max_amount, true, false, e))
		return -1;
	buf_init(&path, 4096);
	buf_init(&body, (size_t)2 * CLIENT_INPUT_MAX);
	write_path(c, &path);
	write_body(c, &body, message);
	rq.path = buf_c(&path);
	rq.body = buf_str(&body);
	rc = paid_call(&c->paid, &rq, &h, &res, e);
	reply_end(&c->reply);
	if (c->last && c->last != '\n')
		putchar('\n');
	fflush(stdout);
	if (c->status && c->common.json)
		print_json(c, &res);
	else if (c->status && !c->quiet)
		print_figures(c, &res);
	/* What was said inside the answer tells more than how the answer ended. */
	if (c->status && c->paid.payer.state != PAYER_DISTRUST &&
	    (c->reply.error_message[0] || c->paid.response.has_error || !rc))
		rc = verdict(c, e);
	buf_clear(&path);
	buf_clear(&body);
	paid_close(&c->paid);
	return rc;
}

static int settle_options(struct chat *c, struct gw_err *e)
{
	const char *name = c->provider_name ? c->provider_name : providers[0].name;

	for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++)
		if (!strcmp(providers[i].name, name))
			c->provider = &providers[i];
	if (!c->provider)
		return gw_fail(
			e, GWE_USAGE, 0,
			"unknown provider %.40s; known are openai, openrouter, litellm, claude, gemini",
			name);
	if (!c->model)
		c->model = c->provider->model;
	if (c->provider->form == REPLY_GEMINI && c->model[strcspn(c->model, "/:?#% ")])
		return gw_fail(e, GWE_USAGE, 0, "%.80s is no name of a Gemini model", c->model);
	if (c->max_tokens && (!str_u64(str_c(c->max_tokens), &c->limit) || !c->limit))
		return gw_fail(e, GWE_USAGE, 0, "--max-tokens %.40s: a number from 1 is needed",
			       c->max_tokens);
	return 0;
}

static int gather_message(struct buf *message, int argc, char **argv, struct gw_err *e)
{
	if (argc < 2)
		return gw_fail(e, GWE_USAGE, 0,
			       "say something: chat MESSAGE..., or `chat -` for standard input");
	for (int i = 1; i < argc; i++) {
		if (i > 1)
			buf_add_byte(message, ' ');
		if (strcmp(argv[i], "-") != 0)
			buf_add_c(message, argv[i]);
		else if (file_read_input(message, "-", e))
			return -1;
	}
	return 0;
}

int cmd_chat(int argc, char **argv)
{
	struct chat c = { .common = { .gateway = NULL } };
	const struct opt rows[] = {
		{ .name = "provider",
		  .letter = 'p',
		  .arg = "P",
		  .value = &c.provider_name,
		  .help = "openai (default), openrouter, litellm, claude or gemini" },
		{ .name = "model",
		  .letter = 'm',
		  .arg = "M",
		  .value = &c.model,
		  .help = "else a cheap one of the provider" },
		{ .name = "system",
		  .arg = "TEXT",
		  .value = &c.instructions,
		  .help = "instructions before the message" },
		{ .name = "max-tokens",
		  .arg = "N",
		  .value = &c.max_tokens,
		  .help = "longest answer" },
		PAID_OPTIONS(&c.max_amount),
		{ .name = "no-stream", .flag = &c.no_stream, .help = "wait for the whole answer" },
		{ .name = "quiet",
		  .letter = 'q',
		  .flag = &c.quiet,
		  .help = "no line with tokens and cost" },
		CLIENT_OPTIONS(&c.common),
		OPTS_END
	};
	struct buf message;
	struct gw_err e;
	int rc = -1;

	if (opts_parse(rows, &argc, argv, &e))
		return client_fail(&e);
	if (c.common.help) {
		opts_help_for(stdout, CLIENT_PROGRAM, "chat [OPTION]... MESSAGE...", text, rows);
		return CLIENT_OK;
	}
	c.plain = isatty(STDOUT_FILENO);
	c.reply = (struct reply){ .on_text = on_text, .arg = &c };
	buf_init(&message, CLIENT_INPUT_MAX);
	buf_init(&c.answer, (size_t)4 * CLIENT_INPUT_MAX);
	if (!settle_options(&c, &e) && !gather_message(&message, argc, argv, &e)) {
		c.reply.form = c.provider->form;
		reply_init(&c.reply);
		rc = ask(&c, buf_str(&message), &e);
		reply_clear(&c.reply);
	}
	buf_clear(&message);
	buf_clear(&c.answer);
	return rc ? client_fail(&e) : CLIENT_OK;
}
