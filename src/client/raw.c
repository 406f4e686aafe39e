/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway-client raw - send any request, signed and paid, and print what comes back as it is. */
#include "config.h"

#include "client/client.h"

#include "client/paid.h"
#include "codec/jwrite.h"
#include "util/file.h"

/* clang-format off */
static const char text[] =
	"  METHOD    GET, POST, ...\n"
	"  PATH      from the slash, with its query\n"
	"\n"
	"The body goes to standard output to the byte, without the payment frame of a stream. Where a\n"
	"channel is open, the request pays for the one before it, unless it has a payment header of its\n"
	"own (--header).\n"
	"Exit status: 0 answered below 400, 1 refused or failed, 2 misuse.";
/* clang-format on */

struct raw {
	struct client_options common;
	const char *body_file, *data, *max_amount;
	struct paid paid;
	struct opt_many headers;
	bool include, no_sign;
	int status;
	struct buf out; /* --json: the object so far */
	struct jwrite json;
	struct buf answer; /* --json: the body */
};

static void on_header(void *arg, struct str name, struct str value)
{
	struct raw *r = arg;

	if (r->common.json) {
		jwrite_array(&r->json, NULL);
		jwrite_str(&r->json, NULL, name);
		jwrite_str(&r->json, NULL, value);
		jwrite_array_end(&r->json);
	} else if (r->include) {
		printf("%.*s: %.*s\n", STR_ARG(name), STR_ARG(value));
	}
}

static bool on_head(void *arg, int status)
{
	struct raw *r = arg;

	r->status = status;
	if (r->include && !r->common.json)
		printf("status: %d\n\n", status);
	return true;
}

static bool on_body(void *arg, const char *p, size_t n)
{
	struct raw *r = arg;

	return r->common.json ? buf_add(&r->answer, p, n) : fwrite(p, 1, n, stdout) == n;
}

static void object_begin(struct raw *r)
{
	buf_init(&r->answer, CLIENT_INPUT_MAX);
	buf_init(&r->out, (size_t)8 * CLIENT_INPUT_MAX);
	jwrite_init(&r->json, &r->out, false);
	jwrite_object(&r->json, NULL);
	jwrite_array(&r->json, "headers");
}

static void object_end(struct raw *r)
{
	jwrite_array_end(&r->json);
	jwrite_i64(&r->json, "status", r->status);
	jwrite_str(&r->json, "body", buf_str(&r->answer));
	jwrite_object_end(&r->json);
	if (r->common.json && r->status)
		puts(buf_c(&r->out));
	buf_clear(&r->out);
	buf_clear(&r->answer);
}

static bool on_read_end(void *arg)
{
	(void)arg;
	return fflush(stdout) == 0;
}

static bool has_header(const struct opt_many *headers, const char *name)
{
	for (unsigned i = 0; i < headers->n; i++) {
		struct str line = str_c(headers->v[i]);
		ptrdiff_t colon = str_find(line, ':');

		if (colon > 0 && str_caseeq_c(str_sub(line, 0, (size_t)colon), name))
			return true;
	}
	return false;
}

static int check(const struct raw *r, const char *method, const char *path, struct gw_err *e)
{
	if (method[strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] || strlen(method) > 15 || !*method)
		return gw_fail(e, GWE_USAGE, 0, "%.40s is no method; write GET, POST and so on",
			       method);
	if (path[0] != '/' || !str_visible(str_c(path), 8192))
		return gw_fail(e, GWE_USAGE, 0,
			       "the path has to begin with a slash and be free of blanks");
	if (r->body_file && r->data)
		return gw_fail(e, GWE_USAGE, 0, "--body or --data, not both");
	for (unsigned i = 0; i < r->headers.n; i++)
		if (str_find(str_c(r->headers.v[i]), ':') <= 0)
			return gw_fail(e, GWE_USAGE, 0, "--header %.60s: `Name: value` is needed",
				       r->headers.v[i]);
	return 0;
}

static int send_raw(struct raw *r, const char *method, const char *path, struct str body,
		    struct gw_err *e)
{
	const char *headers[OPT_MANY_MAX + 1];
	const struct upstream_handler h = { .arg = r,
					    .on_header = on_header,
					    .on_head = on_head,
					    .on_body = on_body,
					    .on_read_end = on_read_end };
	struct client_request rq = {
		.method = method, .path = path, .body = body, .headers = headers
	};
	const struct payment_response *said = &r->paid.response;
	struct upstream_result res;
	int rc;

	for (unsigned i = 0; i < r->headers.n; i++)
		headers[rq.n_headers++] = r->headers.v[i];
	if (body.len && !has_header(&r->headers, "content-type"))
		headers[rq.n_headers++] = "Content-Type: application/json";
	if (paid_open(&r->paid, &r->common, r->max_amount, !r->no_sign, false, e))
		return -1;
	if (has_header(&r->headers, PAYMENT_HEADER))
		r->paid.paying = false;
	object_begin(r);
	rc = paid_call(&r->paid, &rq, &h, &res, e);
	paid_close(&r->paid);
	if (!rc && res.outcome == UP_CLIENT_GONE)
		rc = gw_fail(e, GWE_BAD_REQUEST, 0,
			     r->answer.failed ? "the answer is too large for --json"
					      : "standard output cannot be written");
	object_end(r);
	if (!rc && r->status >= 400) {
		fflush(stdout);
		rc = gw_fail(e, GWE_UPSTREAM_FAILED, 0, "the gateway answered %d%s%s%s", r->status,
			     said->has_error ? " " : "", said->error_code,
			     paid_advice(said->error_code));
	}
	return rc;
}

int cmd_raw(int argc, char **argv)
{
	struct raw r = { .common = { .gateway = NULL } };
	const struct opt rows[] = {
		{ .name = "body",
		  .arg = "FILE",
		  .value = &r.body_file,
		  .help = "send this file; - is standard input" },
		{ .name = "data", .arg = "TEXT", .value = &r.data, .help = "send this text" },
		{ .name = "header",
		  .letter = 'H',
		  .arg = "LINE",
		  .many = &r.headers,
		  .help = "`Name: value`; may be repeated" },
		{ .name = "include",
		  .letter = 'i',
		  .flag = &r.include,
		  .help = "print headers and status first" },
		{ .name = "no-sign",
		  .flag = &r.no_sign,
		  .help = "without Authorization (needs no key)" },
		PAID_OPTIONS(&r.max_amount),
		CLIENT_OPTIONS(&r.common),
		OPTS_END
	};
	struct buf body;
	struct gw_err e;
	int rc = -1;

	if (opts_parse(rows, &argc, argv, &e))
		return client_fail(&e);
	if (r.common.help) {
		opts_help_for(stdout, CLIENT_PROGRAM, "raw [OPTION]... METHOD PATH", text, rows);
		return CLIENT_OK;
	}
	buf_init(&body, CLIENT_INPUT_MAX);
	if (r.data)
		buf_add_c(&body, r.data);
	if (argc != 3)
		gw_fail(&e, GWE_USAGE, 0, "raw METHOD PATH; --help says more");
	else if (!check(&r, argv[1], argv[2], &e) &&
		 !(r.body_file && file_read_input(&body, r.body_file, &e)))
		rc = send_raw(&r, argv[1], argv[2], buf_str(&body), &e);
	buf_clear(&body);
	return rc ? client_fail(&e) : CLIENT_OK;
}
