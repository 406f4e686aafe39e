/* SPDX-License-Identifier: Apache-2.0 */
/* Every row of the provider table: names, fixtures, headers both ways, the forms of its errors. */
#include "config.h"

#include "provider/provider.h"

#include <glob.h>
#include <jansson.h>

#include "provider/rules.h"
#include "util/file.h"

#include "tap.h"

static struct arena arena;

static void names(void)
{
	enum provider_id p, q;

	for (unsigned i = 0; i < PROVIDER_COUNT; i++) {
		p = (enum provider_id)i;
		OK(provider_find(str_c(provider_name(p)), &q) && q == p, "%s is found by its name",
		   provider_name(p));
		OK(provider_find(str_c(provider_maker(p)), &q) && q == p, "and as %s",
		   provider_maker(p));
		OK(provider_states_cost(p) == (p == PROVIDER_OPENROUTER || p == PROVIDER_LITELLM),
		   "whether it states costs");
	}
	OK(!provider_find(STR_LIT("Openai"), &q) && !provider_find(STR_LIT(""), &q) &&
		   !provider_find(STR_NULL, &q) && !provider_find(STR_LIT("openai "), &q),
	   "other names are none");
}

/* ---- fixtures ---- */

static json_t *expectation(const char *path)
{
	struct secret file = { 0 };
	struct stat st;
	struct str text;
	json_t *j;

	if (file_read(path, 1 << 22, &file, &st)) {
		printf("Bail out! %s cannot be read\n", path);
		exit(1);
	}
	text = secret_reveal(&file);
	j = json_loadb(text.p, text.len, 0, NULL);
	secret_clear(&file);
	return j;
}

static void fixtures_of(enum provider_id p)
{
	const struct provider_row *row = provider_row_get(p);
	const char *dir = getenv("GW_SRCDIR");
	unsigned whole = 0, streams = 0, errors = 0, strange = 0, apis = 0;
	char pattern[1024];
	glob_t g;

	snprintf(pattern, sizeof pattern, "%s/t/fixtures/%s/*.expect.json", dir ? dir : ".",
		 row->maker);
	if (glob(pattern, 0, NULL, &g))
		g.gl_pathc = 0;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		json_t *j = expectation(g.gl_pathv[i]);
		bool stream = json_is_true(json_object_get(j, "stream"));
		json_int_t status = json_integer_value(json_object_get(j, "http_status"));
		const char *api = json_string_value(json_object_get(j, "api")),
			   *maker = json_string_value(json_object_get(j, "provider"));

		strange += !maker || strcmp(maker, row->maker);
		whole += !stream && status == 200;
		streams += stream && status == 200;
		errors += status >= 400;
		for (unsigned a = API_CHAT; api && a <= API_TRANSCRIPTIONS; a++)
			if (!strcmp(api, api_name((enum api)a)))
				apis |= 1u << a;
		json_decref(j);
	}
	OK(whole && streams && errors && !strange,
	   "%s has fixtures: %u answers, %u streams, %u errors", row->name, whole, streams, errors);
	for (const struct path_rule *r = row->ops->paths; r->path; r++)
		if (!(r->flags & PATH_FREE))
			OK(apis >> r->api & 1, "and one for %s", r->path);
	globfree(&g);
}

/* ---- headers ---- */

static const char *headers(const struct route *r, const struct client_headers *c,
			   const struct upstream_auth *k)
{
	static char all[4096];
	const char *line[UPSTREAM_HEADERS];
	unsigned n;
	size_t at = 0;

	arena_clear(&arena);
	n = provider_headers(r, c, k, &arena, line);
	all[0] = '\0';
	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(all + at, sizeof all - at, "%s\n", line[i]);
	return all;
}

#define ALL "Content-Type: application/json\nAccept: application/json, text/plain, */*\n"

static void request_headers(void)
{
	struct route r = { .provider = PROVIDER_OPENAI, .api = API_CHAT };
	struct client_headers none = { 0 },
			      c = { STR_LIT("2026-10-21"), STR_LIT("a-1,b-2"),
				    STR_LIT("https://app.example"), STR_LIT("My App") },
			      bad = { STR_LIT("1\r\nx: y"),
				      STR_LIT("a\nb"),
				      STR_LIT("\xc3\xa9"),
				      { "a\0b", 3 } };
	struct upstream_auth k = { .key = STR_LIT("sk-1") }, without = { 0 },
			     spoilt = { .key = STR_LIT("sk\n1") },
			     named = { STR_LIT("sk-1"), true, STR_LIT("https://own.example"),
				       STR_LIT("Own") };

	OK(!strcmp(headers(&r, &c, &k), ALL "Authorization: Bearer sk-1\n"), "openai: key alone");
	OK(!strcmp(headers(&r, &c, &without), ALL), "no key, no header");
	OK(!strcmp(headers(&r, &c, &spoilt), ALL), "no line end gets in with a key");
	r.provider = PROVIDER_LITELLM;
	OK(!strcmp(headers(&r, &c, &k), ALL "Authorization: Bearer sk-1\n"), "litellm: the same");
	r.provider = PROVIDER_OPENROUTER;
	OK(!strcmp(headers(&r, &c, &named), ALL
		   "Authorization: Bearer sk-1\nHTTP-Referer: https://app.example\nX-Title: My App\n"),
	   "openrouter: what the client says of itself");
	OK(!strcmp(headers(&r, &bad, &named), ALL
		   "Authorization: Bearer sk-1\nHTTP-Referer: https://own.example\nX-Title: Own\n"),
	   "else what is configured");
	OK(!strcmp(headers(&r, &bad, &k), ALL "Authorization: Bearer sk-1\n"), "else nothing");
	r.provider = PROVIDER_CLAUDE;
	OK(!strcmp(headers(&r, &c, &k),
		   ALL "x-api-key: sk-1\nanthropic-version: 2026-10-21\nanthropic-beta: a-1,b-2\n"),
	   "claude: version and betas pass");
	OK(!strcmp(headers(&r, &none, &named),
		   ALL "Authorization: Bearer sk-1\nanthropic-version: 2023-06-01\n"),
	   "claude: Bearer where it is wanted; the old version");
	OK(!strcmp(headers(&r, &bad, &k), ALL "x-api-key: sk-1\nanthropic-version: 2023-06-01\n"),
	   "claude: no line end gets in");
	r.provider = PROVIDER_GEMINI;
	OK(!strcmp(headers(&r, &c, &k), ALL "x-goog-api-key: sk-1\n"), "gemini: key in a header");
	r.get = true;
	OK(!strcmp(headers(&r, &c, &k),
		   "Accept: application/json, text/plain, */*\nx-goog-api-key: sk-1\n"),
	   "GET has no content type");
}

static void answer_headers(void)
{
	static const char *const pass[] = {
		"Retry-After",	     "retry-after-ms",
		"X-Should-Retry",    "x-ratelimit-remaining-tokens",
		"X-RateLimit-Reset", "anthropic-ratelimit-requests-limit",
		"request-id",	     "openai-processing-ms",
		"x-generation-id",   "x-litellm-call-id",
		"RateLimit"
	};
	static const char *const stay[] = {
		"Set-Cookie",
		"openai-organization",
		"openai-project",
		"anthropic-organization-id",
		"x-litellm-key-spend",
		"x-litellm-response-cost",
		"x-litellm-key-max-budget",
		"x-litellm-model-api-base",
		"llm_provider-request-id",
		"Connection",
		"Keep-Alive",
		"Transfer-Encoding",
		"Content-Length",
		"Content-Encoding",
		"Content-Type",
		"WWW-Authenticate",
		"Server",
		"Via",
		"CF-Ray",
		"Location",
		"Trailer",
		"Upgrade",
		"Proxy-Authenticate",
		"X-Payment-Channel-Data",
		"Access-Control-Allow-Origin",
		"X-Accel-Redirect",
		"X-Sendfile",
		"Status",
		"x-ratelimit-",
		"",
		"alt-svc",
	};
	const char *name;

	for (size_t i = 0; i < sizeof pass / sizeof pass[0]; i++)
		OK(provider_pass_header(str_c(pass[i]), &name) && !name, "%s passes", pass[i]);
	for (size_t i = 0; i < sizeof stay / sizeof stay[0]; i++)
		OK(!provider_pass_header(str_c(stay[i]), &name), "'%s' does not", stay[i]);
	OK(provider_pass_header(STR_LIT("X-Request-ID"), &name) &&
		   !strcmp(name, "X-Upstream-Request-Id"),
	   "x-request-id gets a name of its own");
}

/* ---- errors ---- */

static struct buf out;

/* What follows "data: " in the one event that @out holds, the event's name checked. */
static const char *event_data(const char *name)
{
	char head[64];
	size_t n;

	snprintf(head, sizeof head, "%s%s%sdata: ", name ? "event: " : "", name ? name : "",
		 name ? "\n" : "");
	n = strlen(head);
	if (!str_starts(buf_str(&out), head) || !str_ends(buf_str(&out), "}\n\n") ||
	    memchr(out.p + n, '\n', out.len - n) != out.p + out.len - 2)
		return "not an event";
	return out.p + n;
}

static bool is_json(const char *text, const char *want)
{
	json_t *a = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, NULL),
	       *b = json_loads(want, JSON_REJECT_DUPLICATES, NULL);
	bool same = a && b && json_equal(a, b);

	if (!same)
		printf("# %s\n", text);
	json_decref(a);
	json_decref(b);
	return same;
}

#define OPENAI(type, code) \
	"{\"error\":{\"message\":\"Say \\\"no\\\"\\n\",\"type\":\"" type "\",\"code\":\"" code \
	"\"}}"
#define CLAUDE(type) \
	"{\"type\":\"error\",\"error\":{\"type\":\"" type "\",\"message\":\"Say \\\"no\\\"\\n\"}}"
#define GEMINI(code, status) \
	"{\"error\":{\"code\":" code ",\"message\":\"Say \\\"no\\\"\\n\",\"status\":\"" status \
	"\"}}"
#define OPENROUTER(code, type, own) \
	"\"error\":{\"code\":" code \
	",\"message\":\"Say \\\"no\\\"\\n\",\"metadata\":{\"error_type\":\"" type \
	"\",\"gateway_code\":\"" own "\"}}"

static const struct {
	enum provider_id p;
	int status;
	const char *code, *body;
} bodies[] = {
	{ PROVIDER_OPENAI, 404, "NOT_FOUND", OPENAI("invalid_request_error", "NOT_FOUND") },
	{ PROVIDER_OPENAI, 400, "invalid_json", OPENAI("invalid_request_error", "invalid_json") },
	{ PROVIDER_OPENAI, 502, "upstream_auth_error",
	  OPENAI("server_error", "upstream_auth_error") },
	{ PROVIDER_OPENAI, 429, "slow", OPENAI("rate_limit_error", "slow") },
	{ PROVIDER_LITELLM, 503, "overloaded", OPENAI("server_error", "overloaded") },
	{ PROVIDER_OPENROUTER, 400, "invalid_json",
	  OPENAI("invalid_request_error", "invalid_json") },
	{ PROVIDER_OPENROUTER, 404, "NOT_FOUND",
	  "{" OPENROUTER("404", "not_found", "NOT_FOUND") "}" },
	{ PROVIDER_CLAUDE, 400, "invalid_json", CLAUDE("invalid_request_error") },
	{ PROVIDER_CLAUDE, 404, "NOT_FOUND", CLAUDE("not_found_error") },
	{ PROVIDER_CLAUDE, 413, "PAYLOAD_TOO_LARGE", CLAUDE("request_too_large") },
	{ PROVIDER_CLAUDE, 503, "overloaded", CLAUDE("overloaded_error") },
	{ PROVIDER_CLAUDE, 502, "upstream_error", CLAUDE("api_error") },
	{ PROVIDER_GEMINI, 400, "invalid_json", GEMINI("400", "INVALID_ARGUMENT") },
	{ PROVIDER_GEMINI, 404, "NOT_FOUND", GEMINI("404", "NOT_FOUND") },
	{ PROVIDER_GEMINI, 502, "upstream_error", GEMINI("502", "UNAVAILABLE") },
	{ PROVIDER_GEMINI, 504, "upstream_timeout", GEMINI("504", "DEADLINE_EXCEEDED") },
};

static const struct {
	enum provider_id p;
	enum api api;
	int status;
	const char *event, *data;
} events[] = {
	{ PROVIDER_OPENAI, API_CHAT, 502, NULL, OPENAI("server_error", "upstream_error") },
	{ PROVIDER_LITELLM, API_CHAT, 502, NULL, OPENAI("server_error", "upstream_error") },
	{ PROVIDER_OPENAI, API_RESPONSES, 502, "error",
	  "{\"type\":\"error\",\"code\":\"upstream_error\",\"message\":\"Say \\\"no\\\"\\n\","
	  "\"param\":null}" },
	{ PROVIDER_OPENROUTER, API_CHAT, 502, NULL,
	  "{\"object\":\"chat.completion.chunk\"," OPENROUTER(
		  "502", "provider_unavailable",
		  "upstream_error") ",\"choices\":[{"
				    "\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}" },
	{ PROVIDER_CLAUDE, API_MESSAGES, 504, "error", CLAUDE("timeout_error") },
	{ PROVIDER_GEMINI, API_GENERATE, 503, NULL, GEMINI("503", "UNAVAILABLE") },
};

static void error_forms(void)
{
	static const char model[] =
		"{\"error\":{\"message\":\"Model not specified in request\",\"type\":"
		"\"invalid_request_error\",\"code\":\"model_not_supported\"}}";

	buf_init(&out, 1 << 16);
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		buf_reset(&out);
		provider_error_body(bodies[i].p, bodies[i].status, bodies[i].code, "Say \"no\"\n",
				    &out);
		OK(is_json(buf_c(&out), bodies[i].body), "%s %d %s", provider_name(bodies[i].p),
		   bodies[i].status, bodies[i].code);
	}
	for (unsigned i = 0; i < PROVIDER_COUNT; i++) {
		buf_reset(&out);
		provider_error_body((enum provider_id)i, 400, "model_not_supported",
				    "Model not specified in request", &out);
		OK(!strcmp(buf_c(&out), model), "%s: the same words for a model that is missing",
		   provider_name((enum provider_id)i));
	}
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
		buf_reset(&out);
		provider_stream_error(events[i].p, events[i].api, events[i].status,
				      "upstream_error", "Say \"no\"\n", &out);
		OK(is_json(event_data(events[i].event), events[i].data), "%s %s: the event",
		   provider_name(events[i].p), api_name(events[i].api));
	}
	buf_reset(&out);
	provider_error_body(PROVIDER_CLAUDE, 400, "x", "ill \xff\xfe, line\r\nend", &out);
	OK(str_utf8(buf_str(&out)) && !strpbrk(buf_c(&out), "\r\n"), "ill-formed text is mended");
	buf_clear(&out);
}

int main(void)
{
	arena_init(&arena, 1 << 16);
	names();
	for (unsigned i = 0; i < PROVIDER_COUNT; i++)
		fixtures_of((enum provider_id)i);
	request_headers();
	answer_headers();
	error_forms();
	arena_free(&arena);
	return TAP_END;
}
