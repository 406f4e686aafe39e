/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway explain - how a recorded answer is read, and what it costs. */
#include "config.h"

#include "cli/cli.h"

#include <errno.h>

#include "cli/opts.h"
#include "provider/explain.h"
#include "provider/provider.h"
#include "provider/recording.h"
#include "util/clock.h"
#include "util/file.h"

enum { FILE_MAX = 256 << 20, OVERRIDES_MAX = 1 << 20, READ_STEP = 1 << 16 };

/* Recordings without a day are priced as of this one. Rule: providers/fixtures "NAME.http" */
static const char recordings_day[] = "2026-11-23";

struct explain_args {
	const char *provider, *model, *date, *multiplier, *overrides, *file;
	bool json, help;
};

static int read_stdin(struct buf *out, struct gw_err *e)
{
	size_t n;

	do {
		char *to = buf_room(out, READ_STEP);

		if (!to)
			return gw_fail(e, GWE_BAD_REQUEST, 0, "standard input: more than %d MiB",
				       FILE_MAX >> 20);
		n = fread(to, 1, READ_STEP, stdin);
		out->len += n;
	} while (n);
	if (ferror(stdin))
		return gw_fail(e, GWE_BAD_REQUEST, 0, "standard input cannot be read");
	return 0;
}

static int read_input(const char *file, struct buf *out, struct gw_err *e)
{
	struct secret s = { NULL, 0 };
	struct stat st;

	if (!strcmp(file, "-"))
		return read_stdin(out, e);
	if (file_read(file, FILE_MAX, &s, &st))
		return gw_fail(e, GWE_BAD_REQUEST, errno, "%s: %s", file, strerror(errno));
	buf_add_str(out, secret_reveal(&s));
	secret_clear(&s);
	return 0;
}

static bool is_day(const char *z)
{
	static const char form[] = "dddd-dd-dd";
	size_t i;

	for (i = 0; form[i]; i++)
		if (form[i] == 'd' ? z[i] < '0' || z[i] > '9' : z[i] != form[i])
			return false;
	return !z[i];
}

static int set_day(char out[CLOCK_DAY_SIZE], const struct explain_args *a,
		   const struct recording *r, struct gw_err *e)
{
	if (a->date && !is_day(a->date))
		return gw_fail(e, GWE_USAGE, 0, "--date: expected a day like %s", recordings_day);
	if (a->date)
		return str_copy(out, CLOCK_DAY_SIZE, str_c(a->date)) ? 0 : -1;
	if (r->date.len) {
		if (!str_copy(out, CLOCK_DAY_SIZE, r->date) || !is_day(out))
			return gw_fail(e, GWE_BAD_REQUEST, 0, "%s: date: expected a day like %s",
				       a->file, recordings_day);
	} else if (r->directives) {
		memcpy(out, recordings_day, sizeof recordings_day);
	} else {
		clock_day(out, clock_wall_ms());
	}
	return 0;
}

static int set_provider(enum provider_id *out, const struct explain_args *a,
			const struct recording *r, struct gw_err *e)
{
	struct str name = a->provider ? str_c(a->provider) : r->provider;

	if (!name.len)
		return gw_fail(e, GWE_USAGE, 0,
			       "explain: which upstream? Give --provider, or a \"#! provider:\" "
			       "line in the file");
	if (!provider_find(name, out))
		return gw_fail(e, GWE_USAGE, 0,
			       "%.*s: no such provider; known are openai, openrouter, litellm, "
			       "claude and gemini",
			       STR_ARG(name));
	return 0;
}

/* A known provider is served by one kind of API unless the path says otherwise. */
static enum api api_of(enum provider_id p, const struct recording *r)
{
	enum api api = recording_api(r);

	if (api == API_UNKNOWN && p == PROVIDER_CLAUDE)
		return API_MESSAGES;
	if (api == API_UNKNOWN && p == PROVIDER_GEMINI)
		return API_GENERATE;
	return api;
}

static int load_overrides(struct price_book *book, const char *file, struct gw_err *e)
{
	struct secret s = { NULL, 0 };
	struct stat st;
	int rc;

	if (!file)
		return 0;
	if (file_read(file, OVERRIDES_MAX, &s, &st))
		return gw_fail(e, GWE_BAD_REQUEST, errno, "%s: %s", file, strerror(errno));
	rc = price_book_override_json(book, secret_reveal(&s), NULL, e);
	secret_clear(&s);
	return rc;
}

/* As the gateway takes the setting: clamped, or 1, with a warning. */
static struct multiplier multiplier_of(const char *text)
{
	const char *warn;
	struct multiplier m = multiplier_parse(str_c(text), &warn);

	if (warn)
		fprintf(stderr, "llm-gateway: %s\n", warn);
	return m;
}

static int explain(const struct explain_args *a, const struct recording *r, struct price_book *book,
		   struct buf *out, struct gw_err *e)
{
	struct cost_options co = { .book = book };
	struct meter_options mo = { .api = API_UNKNOWN };
	char day[CLOCK_DAY_SIZE];
	struct meter *m;
	struct cost cost;
	int rc;

	if (set_provider(&mo.provider, a, r, e) || set_day(day, a, r, e) ||
	    load_overrides(book, a->overrides, e))
		return -1;
	co.multiplier = multiplier_of(a->multiplier);
	mo.api = api_of(mo.provider, r);
	co.day = day;
	co.requested_model = a->model		    ? str_c(a->model)
			     : r->request_model.len ? r->request_model
						    : recording_path_model(r);
	m = meter_new(&mo);
	rc = recording_play(r, m, r->feed, e);
	if (!rc) {
		cost_of_reading(meter_reading(m), &co, &cost);
		if (a->json)
			explain_json(meter_reading(m), &cost, co.requested_model, out);
		else
			explain_text(meter_reading(m), &cost, co.requested_model, out);
	}
	meter_free(m);
	return rc;
}

static int run(const struct explain_args *a, struct gw_err *e)
{
	struct price_book *book = NULL;
	struct recording r;
	struct buf file, out;
	int rc = -1;

	buf_init(&file, FILE_MAX);
	buf_init(&out, FILE_MAX);
	if (read_input(a->file, &file, e))
		goto out;
	if (recording_read(&r, buf_str(&file), e)) {
		gw_err_add(e, "%s", a->file);
		goto out;
	}
	book = price_book_builtin(e);
	if (!book || explain(a, &r, book, &out, e))
		goto out;
	rc = fwrite(buf_c(&out), 1, out.len, stdout) == out.len && !fflush(stdout) ? 0 : -1;
	if (rc)
		gw_fail(e, GWE_BAD_REQUEST, errno, "standard output: %s", strerror(errno));
out:
	price_book_unref(book);
	buf_clear(&file);
	buf_clear(&out);
	return rc;
}

int cmd_explain(int argc, char **argv)
{
	struct explain_args a = { .json = false };
	const struct opt rows[] = {
		{ .name = "provider",
		  .value = &a.provider,
		  .arg = "P",
		  .help = "who answered: openai, openrouter, litellm, claude (anthropic), gemini" },
		{ .name = "model", .value = &a.model, .arg = "M", .help = "the model asked for" },
		{ .name = "date",
		  .value = &a.date,
		  .arg = "D",
		  .help = "the day whose prices count, like 2026-11-23" },
		{ .name = "multiplier",
		  .value = &a.multiplier,
		  .arg = "X",
		  .help = "PRICING_MULTIPLIER, 0 to 2" },
		{ .name = "overrides",
		  .value = &a.overrides,
		  .arg = "FILE",
		  .help = "PRICING_OVERRIDES, a JSON object" },
		{ .name = "json", .flag = &a.json, .help = "print JSON" },
		OPTS_HELP(&a.help),
		OPTS_END,
	};
	struct gw_err e = { .code = GWE_OK };

	if (opts_parse(rows, &argc, argv, &e))
		return cli_fail(&e);
	if (a.help) {
		opts_help(
			stdout, "explain [OPTION]... FILE|-",
			"Read a recorded answer of an upstream: what it used, and what it costs.\n"
			"The file holds a status line, headers, an empty line and the body. Lines\n"
			"\"#! name: value\" in front name provider, request (method and path),\n"
			"request-model, date, end (clean or abrupt) and feed (sizes of reads);\n"
			"an option counts before its line. Amounts that cannot be known are null.",
			rows);
		return CLI_OK;
	}
	if (argc != 2) {
		gw_fail(&e, GWE_USAGE, 0, "explain: expected one FILE, or - for standard input");
		return cli_fail(&e);
	}
	a.file = argv[1];
	return run(&a, &e) ? cli_fail(&e) : CLI_OK;
}
