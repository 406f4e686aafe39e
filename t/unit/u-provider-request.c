/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read from request bodies, what is refused, and that the edits change nothing else: the
 * edited body is compared, as Jansson reads it, with the client's after the documented change.
 */
#include "config.h"

#include "provider/provider.h"

#include <jansson.h>

#include "tap.h"
#include "vectors.h"

enum { BODY_MAX = 1 << 26 };

static struct arena arena;
static struct route route;
static struct request_view view;
static struct gw_err err;
static struct buf edited;
static const struct request_limits limits = { .max_depth = 64 };

#define CHAT	   "openai/v1/chat/completions"
#define RESPONSES  "openai/v1/responses"
#define EMBEDDINGS "openai/v1/embeddings"
#define ROUTER	   "openrouter/api/v1/chat/completions"
#define LITELLM	   "litellm/chat/completions"
#define MESSAGES   "claude/v1/messages"
#define COUNT	   "claude/v1/messages/count_tokens"
#define GENERATE   "gemini/v1beta/models/g-1:generateContent"
#define STREAM	   "gemini/v1beta/models/g-1:streamGenerateContent"

/* @at: provider and path. true: accepted, and @edited holds what goes upstream. */
static bool reads(const char *at, struct str body)
{
	struct str where = str_c(at), pieces[REQUEST_PIECES];
	size_t slash = (size_t)str_find(where, '/');
	const char *allow, *from = body.p;
	enum provider_id p;
	unsigned n;

	arena_clear(&arena);
	buf_reset(&edited);
	if (!provider_find(str_sub(where, 0, slash), &p) ||
	    provider_route(p, STR_LIT("POST"), str_sub(where, slash, where.len), STR_NULL, &arena,
			   &route, &allow, &err)) {
		printf("Bail out! no route %s\n", at);
		exit(1);
	}
	if (provider_read_request(&route, body, &limits, &arena, &view, &err))
		return false;
	n = provider_body_pieces(&view, pieces);
	for (unsigned i = 0; i < n; i++) {
		buf_add_str(&edited, pieces[i]);
		if (pieces[i].p >= body.p && pieces[i].p <= body.p + body.len) {
			if (pieces[i].p < from)
				buf_add_c(&edited, " pieces out of order");
			from = pieces[i].p + pieces[i].len;
		}
	}
	return true;
}

static bool reads_c(const char *at, const char *body)
{
	return reads(at, str_c(body));
}

/* ---- the vectors of the protocol ---- */

static json_t *tree(struct str text)
{
	return json_loadb(text.p, text.len, JSON_ALLOW_NUL, NULL);
}

/* Column "new" of gateway.md 4, in JSON values. */
static void change(json_t *j, enum provider_id p, enum api api)
{
	bool stream = json_is_true(json_object_get(j, "stream"));
	const char *outer = p == PROVIDER_OPENROUTER ? "usage" : "stream_options",
		   *flag = p == PROVIDER_OPENROUTER ? "include" : "include_usage";

	if (p == PROVIDER_CLAUDE && api == API_MESSAGES) {
		json_t *cap = json_object_get(j, "max_tokens");

		if (!cap || json_is_null(cap) || json_number_value(cap) == 0)
			json_object_set_new(j, "max_tokens", json_integer(1024));
	} else if (p == PROVIDER_OPENROUTER ||
		   ((p == PROVIDER_OPENAI || p == PROVIDER_LITELLM) && api == API_CHAT && stream)) {
		if (!json_is_object(json_object_get(j, outer)))
			json_object_set_new(j, outer, json_object());
		json_object_set_new(json_object_get(j, outer), flag, json_true());
	}
}

/* Does what goes upstream differ from @body by the documented change only? */
static bool only_documented(struct str body)
{
	json_t *before = tree(body), *after = tree(buf_str(&edited));
	bool same;

	if (before)
		change(before, route.provider, route.api);
	same = before && after && json_equal(before, after);
	if (!same)
		printf("# %.*s\n# %s\n", STR_ARG(body), buf_c(&edited));
	json_decref(before);
	json_decref(after);
	return same;
}

static void vectors(void)
{
	static const char *const at[PROVIDER_COUNT] = { CHAT, ROUTER, LITELLM, MESSAGES, GENERATE };
	struct vectors vs;

	vectors_open(&vs, "gateway-requests");
	while (vectors_next(&vs)) {
		struct str body = jscan_get(vs.v, "clientBody").raw;
		enum provider_id p;
		bool responses;

		if (!vec_is(&vs, "kind", "body") || !provider_find(vec_str(&vs, "provider"), &p))
			continue;
		responses = !strcmp(vs.id, "GWR-030");
		OK(reads(responses ? RESPONSES : at[p], body) && only_documented(body) &&
			   view.stream == vec_true(&vs, "streaming"),
		   "%s: %s", vs.id, provider_name(p));
		if (vec_has(&vs, "note")) /* the original could be escaped from */
			continue;
		json_t *a = tree(buf_str(&edited)), *b = tree(jscan_get(vs.v, "upstreamBody").raw);
		OK(a && b && json_equal(a, b), "%s: as the original", vs.id);
		json_decref(a);
		json_decref(b);
	}
	vectors_close(&vs);
}

/* ---- edits, to the byte ---- */

static const struct {
	const char *at, *body, *upstream;
} edits[] = {
	{ CHAT, "{\"model\":\"m\",\"stream\":true}",
	  "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true}}" },
	{ CHAT, " { \"stream\" : true ,\n\t\"model\":\"m\" } \r\n",
	  " { \"stream\" : true ,\n\t\"model\":\"m\" ,\"stream_options\":{\"include_usage\":true}} \r\n" },
	{ CHAT, "{\"model\":\"m\",\"stream\":true,\"stream_options\":{}}",
	  "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true}}" },
	{ CHAT, "{\"model\":\"m\",\"stream\":true,\"stream_options\":{ }}",
	  "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true }}" },
	{ CHAT, "{\"stream_options\": {\"a\":1,\"a\":2} ,\"model\":\"m\",\"stream\":true}",
	  "{\"stream_options\": {\"include_usage\":true,\"a\":1,\"a\":2} ,\"model\":\"m\",\"stream\":true}" },
	{ CHAT, "{\"stream_options\":{\"include_usage\":false},\"model\":\"m\",\"stream\":true}",
	  "{\"stream_options\":{\"include_usage\":true},\"model\":\"m\",\"stream\":true}" },
	{ CHAT, "{\"stream_options\":{\"include_usage\" : true },\"model\":\"m\",\"stream\":true}",
	  "{\"stream_options\":{\"include_usage\" : true },\"model\":\"m\",\"stream\":true}" },
	{ CHAT,
	  "{\"stream_options\":{\"incl\\u0075de_usage\":0.0},\"model\":\"m\",\"stream\":true}",
	  "{\"stream_options\":{\"incl\\u0075de_usage\":true},\"model\":\"m\",\"stream\":true}" },
	{ CHAT,
	  "{\"stream_options\":{\"include_usage\":{\"include_usage\":[{}]},\"b\":{}},\"model\":\"m\",\"stream\":true}",
	  "{\"stream_options\":{\"include_usage\":true,\"b\":{}},\"model\":\"m\",\"stream\":true}" },
	{ CHAT,
	  "{\"stream_options\":{\"b\":[1],\"include_usage\":[false]},\"model\":\"m\",\"stream\":true}",
	  "{\"stream_options\":{\"b\":[1],\"include_usage\":true},\"model\":\"m\",\"stream\":true}" },
	{ CHAT, "{\"stream_options\":null,\"model\":\"m\",\"stream\":true}",
	  "{\"stream_options\":{\"include_usage\":true},\"model\":\"m\",\"stream\":true}" },
	{ CHAT,
	  "{\"\\u0073tream_options\":{\"x\":{\"include_usage\":false}},\"model\":\"m\",\"stream\":true}",
	  "{\"\\u0073tream_options\":{\"include_usage\":true,\"x\":{\"include_usage\":false}},"
	  "\"model\":\"m\",\"stream\":true}" },
	/* what stands deeper, or is asked for without a stream, is not ours */
	{ CHAT,
	  "{\"metadata\":{\"stream_options\":{\"include_usage\":false}},\"model\":\"m\",\"stream\":true}",
	  "{\"metadata\":{\"stream_options\":{\"include_usage\":false}},\"model\":\"m\",\"stream\":true,"
	  "\"stream_options\":{\"include_usage\":true}}" },
	{ CHAT, "{\"model\":\"m\",\"stream\":false,\"stream_options\":{\"include_usage\":false}}",
	  "{\"model\":\"m\",\"stream\":false,\"stream_options\":{\"include_usage\":false}}" },
	{ CHAT, "{\"model\":\"m\",\"str\\u0065am\":true,\"input\":1}",
	  "{\"model\":\"m\",\"str\\u0065am\":true,\"input\":1,\"stream_options\":{\"include_usage\":true}}" },
	{ CHAT,
	  "{\"model\":\"m\",\"stream\":true,\"seed\":9007199254740993,\"x\":1.50e+02,\"x\":1e999,\"\\ud800\":\"\\/\"}",
	  "{\"model\":\"m\",\"stream\":true,\"seed\":9007199254740993,\"x\":1.50e+02,\"x\":1e999,\"\\ud800\":\"\\/\","
	  "\"stream_options\":{\"include_usage\":true}}" },
	{ LITELLM, "{\"model\":\"m\",\"stream\":true}",
	  "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true}}" },
	{ LITELLM, "{\"model\":\"m\"}", "{\"model\":\"m\"}" },
	{ RESPONSES, "{\"model\":\"m\",\"stream\":true,\"background\":false}",
	  "{\"model\":\"m\",\"stream\":true,\"background\":false}" },
	{ EMBEDDINGS, "{\"model\":\"m\",\"input\":\"x\",\"stream\":true}",
	  "{\"model\":\"m\",\"input\":\"x\",\"stream\":true}" },
	{ ROUTER, "{\"model\":\"m\"}", "{\"model\":\"m\",\"usage\":{\"include\":true}}" },
	{ ROUTER, "{\"usage\":{\"include\":false,\"z\":1},\"model\":\"m\"}",
	  "{\"usage\":{\"include\":true,\"z\":1},\"model\":\"m\"}" },
	{ ROUTER, "{\"usage\":null,\"model\":\"m\"}",
	  "{\"usage\":{\"include\":true},\"model\":\"m\"}" },
	{ ROUTER, "{\"usage\":{\"include_usage\":true},\"model\":\"m\"}",
	  "{\"usage\":{\"include\":true,\"include_usage\":true},\"model\":\"m\"}" },
	{ MESSAGES, "{\"model\":\"m\"}", "{\"model\":\"m\",\"max_tokens\":1024}" },
	{ MESSAGES, "{\"max_tokens\":0,\"model\":\"m\"}", "{\"max_tokens\":1024,\"model\":\"m\"}" },
	{ MESSAGES, "{\"max_tokens\" : -0.0e5 ,\"model\":\"m\"}",
	  "{\"max_tokens\" : 1024 ,\"model\":\"m\"}" },
	{ MESSAGES, "{\"max_tokens\":null,\"model\":\"m\"}",
	  "{\"max_tokens\":1024,\"model\":\"m\"}" },
	{ MESSAGES, "{\"max_tokens\":1e2,\"model\":\"m\"}",
	  "{\"max_tokens\":1e2,\"model\":\"m\"}" },
	{ COUNT, "{\"model\":\"m\"}", "{\"model\":\"m\"}" },
	{ GENERATE, "{}", "{}" },
	{ STREAM, "{\"stream\":7,\"model\":[\"other\"]}", "{\"stream\":7,\"model\":[\"other\"]}" },
};

static void to_the_byte(void)
{
	for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
		bool ok = reads_c(edits[i].at, edits[i].body) &&
			  !strcmp(buf_c(&edited), edits[i].upstream);

		OK(ok, "%s %s", edits[i].at, strchr(edits[i].body, '\n') ? "..." : edits[i].body);
		if (!ok)
			printf("# %s%s\n", buf_c(&edited), view.n_edit ? "" : err.pub);
		/* where Jansson can read both, it agrees */
		if (ok && !strstr(edits[i].body, "e999"))
			OK(only_documented(str_c(edits[i].body)), "and nothing else");
	}
}

/* ---- what is read ---- */

/* Facts as one line of text, only those that differ from an empty request's. */
static const char *facts(const char *at, const char *body)
{
	static char line[1024];
	size_t n = 0;

	if (!reads_c(at, body)) {
		snprintf(line, sizeof line, "%s: %s", gw_err_wire(err.code), err.pub);
		return line;
	}
	line[0] = '\0';
#define SAY(...) n += (size_t)snprintf(line + n, sizeof line - n, __VA_ARGS__)
	SAY("%.*s", STR_ARG(view.model));
	for (unsigned i = 0; i < view.n_fallback; i++)
		SAY("|%.*s", STR_ARG(view.fallback[i]));
	if (view.stream)
		SAY(" stream");
	if (view.has_output_cap)
		SAY(" cap=%llu", (unsigned long long)view.output_cap);
	if (view.choices != 1)
		SAY(" n=%llu", (unsigned long long)view.choices);
	if (view.tier != TIER_STANDARD)
		SAY(" %s", view.tier == TIER_UNPRICED ? "unpriced" : price_tier_name(view.tier));
	if (view.media)
		SAY(" media=%llu", (unsigned long long)view.media);
	for (unsigned i = 0; i < TOOL_COUNT; i++)
		if (view.tools[i])
			SAY(" +%s", tool_name((enum tool_kind)i));
	if (view.tool_uses_cap)
		SAY(" uses=%llu", (unsigned long long)view.tool_uses_cap);
	for (unsigned i = 0; i < view.n_helper; i++)
		SAY(" &%.*s", STR_ARG(view.helper[i]));
	if (view.prediction_bytes)
		SAY(" predicted=%llu", (unsigned long long)view.prediction_bytes);
	if (view.compacts)
		SAY(" compacts");
	if (view.fast)
		SAY(" fast");
	if (view.us)
		SAY(" us");
#undef SAY
	return line;
}

#define M   "\"model\":\"m\""
#define IMG "data:image\\/png;base64,AAAA"
static const struct {
	const char *at, *body, *facts;
} readings[] = {
	{ CHAT, "{" M "}", "m" },
	{ CHAT, "{\"mod\\u0065l\":\"\\u006d\"}", "m" },
	{ CHAT, "{" M ",\"metadata\":{\"model\":\"x\",\"stream\":true,\"n\":9}}", "m" },
	{ CHAT, "{" M ",\"messages\":[{\"model\":\"x\",\"content\":\"{\\\"model\\\":1}\"}]}", "m" },
	{ CHAT, "{" M ",\"stream\":true}", "m stream" },
	{ CHAT, "{" M ",\"max_tokens\":5}", "m cap=5" },
	{ CHAT, "{" M ",\"max_tokens\":5,\"max_completion_tokens\":7}", "m cap=7" },
	{ CHAT, "{" M ",\"max_completion_tokens\":7.0,\"max_tokens\":5e0}", "m cap=7" },
	{ CHAT, "{" M ",\"max_tokens\":null,\"n\":null,\"service_tier\":null}", "m" },
	{ CHAT, "{" M ",\"max_tokens\":0}", "m" },
	{ CHAT, "{" M ",\"max_output_tokens\":1}", "m" }, /* not a cap of this API */
	{ CHAT, "{" M ",\"n\":3}", "m n=3" },
	{ CHAT, "{" M ",\"service_tier\":\"flex\"}", "m flex" },
	{ CHAT, "{" M ",\"service_tier\":\"auto\"}", "m" },
	{ CHAT, "{" M ",\"service_tier\":\"pri\\u006frity\"}", "m priority" },
	{ CHAT, "{" M ",\"service_tier\":\"fast\"}", "m priority" },
	{ CHAT, "{" M ",\"service_tier\":\"ultrafast\"}", "m unpriced" },
	{ CHAT, "{" M ",\"web_search_options\":{}}", "m media=1 +web_search" },
	{ CHAT,
	  "{" M
	  ",\"tools\":[{\"type\":\"function\",\"function\":{\"parameters\":{\"type\":\"web_search\"}}}]}",
	  "m +function" },
	{ CHAT,
	  "{" M ",\"messages\":[{\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"" IMG
	  "\"}},{\"image_url\":{\"url\":\"https://a/b\"}},{\"input_audio\":{\"data\":\"AA\",\"format\":\"wav\"}},"
	  "{\"file\":{\"file_id\":\"f\"}},{\"file\":{\"file_data\":\"data:application/pdf;base64,AA\"}}]},"
	  "{\"audio\":{\"id\":\"a\"}}]}",
	  "m media=6" },
	{ LITELLM, "{" M ",\"fallbacks\":[\"a\",\"b\"]}", "m|a|b" },
	{ LITELLM,
	  "{" M
	  ",\"tools\":[{\"googleSearch\":{}},{\"type\":\"web_search_20250305\",\"max_uses\":4}]}",
	  "m media=2 +web_search uses=4" },
	{ ROUTER, "{" M ",\"models\":[\"a/b\",\"c/d\"]}", "m|a/b|c/d" },
	{ ROUTER, "{\"model\":\"a/b:online\"}", "a/b:online media=1 +web_search" },
	{ ROUTER, "{" M ",\"plugins\":[{\"id\":\"web\"},{\"id\":\"file-parser\"}]}",
	  "m media=1 +web_search" },
	{ RESPONSES, "{" M ",\"max_output_tokens\":9,\"max_tokens\":1,\"n\":5}", "m cap=9" },
	{ RESPONSES,
	  "{" M
	  ",\"previous_response_id\":\"r\",\"conversation\":{\"id\":\"c\"},\"prompt\":{\"id\":\"p\"}}",
	  "m media=3" },
	{ RESPONSES, "{" M ",\"previous_response_id\":null,\"background\":null}", "m" },
	{ RESPONSES,
	  "{" M ",\"tools\":[{\"type\":\"web_search_preview\"},{\"type\":\"code_interpreter\","
	  "\"container\":{\"type\":\"auto\"}},"
	  "{\"type\":\"file_search\"},{\"type\":\"mcp\"},{\"type\":\"image_generation\"},{\"type\":\"local_shell\"}],"
	  "\"max_tool_calls\":3}",
	  "m media=3 +web_search +file_search +code_interpreter +mcp +image_generation uses=3" },
	{ RESPONSES,
	  "{" M ",\"tools\":[{\"type\":\"namespace\",\"tools\":[{\"type\":\"web_search\"}]}]}",
	  "m media=1 +web_search" },
	{ RESPONSES,
	  "{" M ",\"input\":[{\"type\":\"item_reference\",\"id\":\"x\"},{\"id\":\"y\"},"
	  "{\"type\":\"message\",\"id\":\"z\",\"content\":[{\"type\":\"input_image\",\"image_url\":\"" IMG
	  "\"},{\"file_url\":\"https://a\"},{\"file_id\":\"f\"}]},"
	  "{\"type\":\"computer_call_output\",\"output\":{\"image_url\":\"" IMG "\"}},"
	  "{\"type\":\"image_generation_call\",\"result\":\"AAAA\"}]}",
	  "m media=7" },
	{ MESSAGES, "{" M ",\"max_tokens\":5,\"max_completion_tokens\":1}", "m cap=5" },
	{ MESSAGES, "{" M "}", "m cap=1024" },
	{ MESSAGES,
	  "{" M
	  ",\"max_tokens\":2,\"speed\":\"fast\",\"inference_geo\":\"us\",\"service_tier\":\"auto\"}",
	  "m cap=2 fast us" },
	{ MESSAGES, "{" M ",\"max_tokens\":2,\"speed\":\"standard\",\"inference_geo\":\"global\"}",
	  "m cap=2" },
	{ MESSAGES,
	  "{" M ",\"max_tokens\":2,\"tools\":[{\"type\":\"web_search_20250305\",\"max_uses\":5},"
	  "{\"type\":\"web_fetch_20250910\",\"max_uses\":2},{\"name\":\"f\",\"input_schema\":{\"max_uses\":100}}],"
	  "\"mcp_servers\":[{\"url\":\"https://a\"}]}",
	  "m cap=2 media=3 +web_search +web_fetch +mcp uses=7" },
	{ MESSAGES,
	  "{" M
	  ",\"max_tokens\":2,\"system\":[{\"type\":\"text\",\"text\":\"s\"}],\"messages\":[{\"content\":["
	  "{\"type\":\"image\",\"source\":{\"data\":\"AAAA\",\"media_type\":\"image/png\",\"type\":\"base64\"}},"
	  "{\"type\":\"document\",\"source\":{\"type\":\"url\",\"url\":\"https://a\"}},"
	  "{\"type\":\"document\",\"source\":{\"type\":\"file\",\"file_id\":\"f\"}},"
	  "{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":\"abc\"}},"
	  "{\"type\":\"tool_result\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"base64\","
	  "\"media_type\":\"image\\/jpeg\",\"data\":\"AA\"}}]},{\"type\":\"container_upload\",\"file_id\":\"u\"}]}]}",
	  "m cap=2 media=5" },
	{ COUNT, "{" M ",\"stream\":false}", "m" },
	{ GENERATE, "{\"model\":\"x\"}", "g-1" },
	{ STREAM, "{}", "g-1 stream" },
	{ GENERATE, "{\"generationConfig\":{\"maxOutputTokens\":11,\"candidateCount\":2}}",
	  "g-1 cap=11 n=2" },
	{ GENERATE, "{\"generation_config\":{\"max_output_tokens\":11,\"candidate_count\":2}}",
	  "g-1 cap=11 n=2" },
	{ GENERATE, "{\"maxOutputTokens\":11,\"serviceTier\":\"PRIORITY\",\"cachedContent\":\"c\"}",
	  "g-1 priority media=1" },
	{ GENERATE,
	  "{\"contents\":[{\"parts\":[{\"inlineData\":{\"mimeType\":\"audio/mp3\",\"data\":\"AA\"}},"
	  "{\"inline_data\":{\"data\":\"AA\",\"mime_type\":\"image/png\"}},{\"fileData\":{\"fileUri\":\"gs://a\"}},"
	  "{\"functionResponse\":{\"parts\":[{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"A\"}}]}},"
	  "{\"inlineData\":{\"mimeType\":\"text/plain\",\"data\":\"AA\"}}]}]}",
	  "g-1 media=4" },
	{ GENERATE,
	  "{\"contents\":{\"parts\":{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"A\"}}}}",
	  "g-1 media=1" },
	{ GENERATE,
	  "{\"tools\":[{\"googleSearch\":{}},{\"url_context\":{}},{\"codeExecution\":{}},{\"googleMaps\":null}]}",
	  "g-1 media=2 +web_search +web_fetch +code_execution" },
	{ GENERATE, "{\"tools\":{\"google_search\":{}}}", "g-1 media=1 +web_search" },

	/* refused */
	{ CHAT, "", "invalid_json: Not valid JSON: the text ends too early (byte 0)" },
	{ CHAT, "{" M "}}",
	  "invalid_json: Not valid JSON: bytes behind the end of the value (byte 13)" },
	{ CHAT, "{" M ",}",
	  "invalid_json: Not valid JSON: no member name where one should stand (byte 13)" },
	{ CHAT, "\xef\xbb\xbf{" M "}",
	  "invalid_json: Not valid JSON: no value where one should stand (byte 0)" },
	{ CHAT, "{" M ",\"a\":NaN}",
	  "invalid_json: Not valid JSON: no value where one should stand (byte 17)" },
	{ CHAT, "{" M ",\"a\":\"\xff\"}",
	  "invalid_json: Not valid JSON: a string is not UTF-8 (byte 18)" },
	{ CHAT, "[]", "invalid_json: The body must be a JSON object" },
	{ CHAT, "\"m\"", "invalid_json: The body must be a JSON object" },
	{ CHAT, "null", "invalid_json: The body must be a JSON object" },
	{ CHAT, "model=m",
	  "invalid_json: Not valid JSON: no value where one should stand (byte 0)" },
	{ CHAT, "{}", "model_not_supported: Model not specified in request" },
	{ CHAT, "{\"model\":\"\"}", "model_not_supported: Model not specified in request" },
	{ CHAT, "{\"model\":null}", "model_not_supported: Model not specified in request" },
	{ CHAT, "{\"model\":1}", "model_not_supported: Model not specified in request" },
	{ CHAT, "{\"model\":[\"m\"]}", "model_not_supported: Model not specified in request" },
	{ CHAT, "{\"model\":{\"model\":\"m\"}}",
	  "model_not_supported: Model not specified in request" },
	{ CHAT, "{\"messages\":[{" M "}]}", "model_not_supported: Model not specified in request" },
	{ CHAT, "{\"model\":\"a\\u0000b\"}",
	  "model_not_supported: The name of the model is too long or holds a NUL" },
	{ CHAT, "{\"model\":\"a\\nb\"}",
	  "model_not_supported: Model 'a?b' is not supported. Please check available models." },
	{ LITELLM, "{\"model\":\"a,b\"}",
	  "model_not_supported: Model 'a,b' is not supported. Please check available models." },
	{ CHAT, "{" M "," M "}", "BAD_REQUEST: Member 'model' stands twice" },
	{ CHAT, "{" M ",\"mode\\u006c\":\"x\"}", "BAD_REQUEST: Member 'model' stands twice" },
	{ CHAT, "{" M ",\"Model\":\"x\"}",
	  "BAD_REQUEST: The name of member 'model' must be written so" },
	{ CHAT, "{" M ",\"STREAM\":true}",
	  "BAD_REQUEST: The name of member 'stream' must be written so" },
	{ CHAT, "{" M ",\"\xc5\xbftream\":true}",
	  "BAD_REQUEST: The name of member 'stream' must be written so" },
	{ CHAT, "{" M ",\"\\u017ftream\":true}",
	  "BAD_REQUEST: The name of member 'stream' must be written so" },
	{ CHAT,
	  "{" M ",\"max_to\xe2\x84\xaa"
	  "ens\":1}",
	  "BAD_REQUEST: The name of member 'max_tokens' must be written so" },
	{ CHAT, "{" M ",\"stream\\u0000\":true}", "BAD_REQUEST: A member name holds a NUL" },
	{ CHAT, "{" M ",\"stream\\u0000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":true}",
	  "BAD_REQUEST: A member name holds a NUL" },
	{ CHAT, "{" M ",\"stream\":true,\"stream\":false}",
	  "BAD_REQUEST: Member 'stream' stands twice" },
	{ CHAT,
	  "{" M
	  ",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"stream_options\":{}}",
	  "BAD_REQUEST: Member 'stream_options' stands twice" },
	{ CHAT,
	  "{" M
	  ",\"stream\":true,\"stream_options\":{\"include_usage\":true,\"include_usage\":false}}",
	  "BAD_REQUEST: Member 'include_usage' stands twice" },
	{ CHAT, "{" M ",\"stream\":true,\"stream_options\":[]}",
	  "BAD_REQUEST: Member 'stream_options' must be an object" },
	{ CHAT, "{" M ",\"stream\":true,\"stream_options\":\"\"}",
	  "BAD_REQUEST: Member 'stream_options' must be an object" },
	{ CHAT, "{" M ",\"stream\":1}",
	  "unsupported_parameter: Member 'stream' must be true or false" },
	{ CHAT, "{" M ",\"stream\":\"true\"}",
	  "unsupported_parameter: Member 'stream' must be true or false" },
	{ CHAT, "{" M ",\"stream\":null}",
	  "unsupported_parameter: Member 'stream' must be true or false" },
	{ CHAT, "{" M ",\"stream\":[]}",
	  "unsupported_parameter: Member 'stream' must be true or false" },
	{ CHAT, "{" M ",\"max_tokens\":1,\"max_tokens\":2}",
	  "BAD_REQUEST: Member 'max_tokens' stands twice" },
	{ CHAT, "{" M ",\"max_tokens\":-1}",
	  "BAD_REQUEST: Member 'max_tokens' must be a whole number" },
	{ CHAT, "{" M ",\"max_tokens\":1.5}",
	  "BAD_REQUEST: Member 'max_tokens' must be a whole number" },
	{ CHAT, "{" M ",\"max_tokens\":\"5\"}",
	  "BAD_REQUEST: Member 'max_tokens' must be a whole number" },
	{ CHAT, "{" M ",\"max_tokens\":[5]}",
	  "BAD_REQUEST: Member 'max_tokens' must be a whole number" },
	{ CHAT, "{" M ",\"max_tokens\":1e99}",
	  "BAD_REQUEST: Member 'max_tokens' must be a whole number" },
	{ CHAT, "{" M ",\"max_tokens\":1e-1}",
	  "BAD_REQUEST: Member 'max_tokens' must be a whole number" },
	{ CHAT, "{" M ",\"n\":0}", "BAD_REQUEST: Member 'n' must be at least 1" },
	{ CHAT, "{" M ",\"n\":1,\"n\":9}", "BAD_REQUEST: Member 'n' stands twice" },
	{ CHAT, "{" M ",\"n\":{}}", "BAD_REQUEST: Member 'n' must be a whole number" },
	{ CHAT, "{" M ",\"service_tier\":1}", "BAD_REQUEST: Member 'service_tier' must be a text" },
	{ CHAT, "{" M ",\"tools\":[],\"tools\":[{\"type\":\"web_search\"}]}",
	  "BAD_REQUEST: Member 'tools' stands twice" },
	{ RESPONSES, "{" M ",\"tools\":[{\"type\":\"function\",\"type\":\"web_search\"}]}",
	  "BAD_REQUEST: Member 'type' stands twice" },
	{ RESPONSES, "{" M ",\"background\":true}",
	  "unsupported_parameter: Background responses are not supported" },
	{ RESPONSES, "{" M ",\"b\\u0061ckground\":true}",
	  "unsupported_parameter: Background responses are not supported" },
	{ RESPONSES, "{" M ",\"background\":1}",
	  "unsupported_parameter: Member 'background' must be true or false" },
	{ RESPONSES, "{" M ",\"background\":false,\"background\":true}",
	  "BAD_REQUEST: Member 'background' stands twice" },
	{ ROUTER, "{" M ",\"usage\":{\"include\":true},\"usage\":{\"include\":false}}",
	  "BAD_REQUEST: Member 'usage' stands twice" },
	{ ROUTER, "{" M ",\"usage\":false}", "BAD_REQUEST: Member 'usage' must be an object" },
	{ ROUTER, "{" M ",\"models\":[1]}",
	  "BAD_REQUEST: Member 'models' must be a list of names of models" },
	{ ROUTER, "{" M ",\"models\":[{\"model\":\"x\"}]}",
	  "BAD_REQUEST: Member 'models' must be a list of names of models" },
	{ ROUTER, "{" M ",\"models\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}",
	  "BAD_REQUEST: Member 'models' may name 8 models at most" },
	{ LITELLM, "{" M ",\"api_base\":\"http://127.0.0.1\"}",
	  "unsupported_parameter: Member 'api_base' is not supported" },
	{ "litellm/embeddings", "{" M ",\"api_base\":null}",
	  "unsupported_parameter: Member 'api_base' is not supported" },
	{ LITELLM, "{" M ",\"input_cost_per_second\":1e-12}",
	  "unsupported_parameter: Member 'input_cost_per_second' is not supported" },
	{ LITELLM, "{" M ",\"output_cost_per_reasoning_token\":0}",
	  "unsupported_parameter: Member 'output_cost_per_reasoning_token' is not supported" },
	{ LITELLM, "{" M ",\"extra_body\":{\"model\":\"dear\",\"max_tokens\":100000}}",
	  "unsupported_parameter: Member 'extra_body' is not supported" },
	{ LITELLM, "{" M ",\"base_model\":\"gpt-4o-mini\"}",
	  "unsupported_parameter: Member 'base_model' is not supported" },
	{ CHAT, "{" M ",\"prediction\":{\"type\":\"content\",\"content\":\"abc\"},\"user\":\"x\"}",
	  "m predicted=33" },
	{ CHAT, "{" M ",\"prediction\":{\"content\":[{\"text\":\"abc\"}]}}", "m predicted=29" },
	{ CHAT, "{" M ",\"prediction\":null}", "m" },
	{ CHAT, "{" M ",\"messages\":[{\"prediction\":{\"content\":\"abc\"}}]}", "m" },
	{ ROUTER, "{" M ",\"prediction\":{\"content\":\"a\"}}", "m predicted=14" },
	{ RESPONSES,
	  "{" M ",\"tools\":[{\"model\":\"gpt-image-2\",\"type\":\"image_generation\"},"
	  "{\"type\":\"function\",\"parameters\":{\"model\":\"x\"}}]}",
	  "m +function +image_generation &gpt-image-2" },
	{ RESPONSES, "{" M ",\"tools\":[{\"type\":\"image_generation\",\"model\":null}]}",
	  "m +image_generation" },
	{ RESPONSES, "{" M ",\"tools\":[{\"type\":\"image_generation\",\"model\":5}]}",
	  "model_not_supported: Model not specified in request" },
	{ RESPONSES,
	  "{" M ",\"tools\":[{\"model\":\"a\"},{\"model\":\"b\"},{\"model\":\"c\"},"
	  "{\"model\":\"d\"},{\"model\":\"e\"}]}",
	  "BAD_REQUEST: Tools may name 4 models at most ('model')" },
	{ MESSAGES,
	  "{" M ",\"max_tokens\":9,\"tools\":[{\"type\":\"advisor_20260301\","
	  "\"model\":\"claude-opus-5\",\"max_uses\":2}]}",
	  "m cap=9 uses=2 &claude-opus-5" },
	{ MESSAGES,
	  "{" M ",\"max_tokens\":9,\"context_management\":{\"edits\":[{\"type\":"
	  "\"clear_tool_uses_20250919\"},{\"type\":\"compact_20260112\"}]}}",
	  "m cap=9 compacts" },
	{ MESSAGES,
	  "{" M ",\"max_tokens\":9,\"context_management\":{\"edits\":[{\"type\":\"clear\"}]}}",
	  "m cap=9" },
	{ LITELLM, "{" M ",\"model_info\":{}}",
	  "unsupported_parameter: Member 'model_info' is not supported" },
	{ LITELLM, "{" M ",\"metadata\":{\"model_info\":{\"input_cost_per_second\":1e-12}}}",
	  "unsupported_parameter: Member 'model_info' is not supported" },
	{ "litellm/embeddings", "{" M ",\"cache_read_input_token_cost\":0}",
	  "unsupported_parameter: Member 'cache_read_input_token_cost' is not supported" },
	{ "litellm/embeddings", "{" M ",\"litellm_metadata\":{\"model_info\":{}}}",
	  "unsupported_parameter: Member 'model_info' is not supported" },
	{ MESSAGES, "{" M ",\"max_tokens\":0,\"max_tokens\":9}",
	  "BAD_REQUEST: Member 'max_tokens' stands twice" },
	{ MESSAGES,
	  "{" M
	  ",\"messages\":[{\"content\":[{\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"A\","
	  "\"type\":\"text\"}}]}]}",
	  "BAD_REQUEST: Member 'type' stands twice" },
	{ GENERATE,
	  "{\"generationConfig\":{\"maxOutputTokens\":1},\"generation_config\":{\"maxOutputTokens\":9}}",
	  "BAD_REQUEST: Member 'generation_config' stands twice" },
	{ GENERATE, "{\"generationConfig\":{\"maxOutputTokens\":1,\"max_output_tokens\":9}}",
	  "BAD_REQUEST: Member 'max_output_tokens' stands twice" },
	{ GENERATE, "{\"generationConfig\":{\"MaxOutputTokens\":1}}",
	  "BAD_REQUEST: The name of member 'maxOutputTokens' must be written so" },
};

static void read_facts(void)
{
	for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
		const char *is = facts(readings[i].at, readings[i].body);

		if (!OK(!strcmp(is, readings[i].facts), "%s %.60s: %s", readings[i].at,
			strpbrk(readings[i].body, "\n\r") ? "..." : readings[i].body, is))
			printf("# expected %s\n", readings[i].facts);
	}
}

/* ---- the bytes that may become tokens ---- */

static uint64_t text_of(const char *at, const char *body)
{
	return reads_c(at, body) ? view.text_bytes : UINT64_MAX;
}

static void text_bytes(void)
{
	OK(text_of(CHAT, "{" M ",\"stream\":true,\"max_tokens\":12345}") == 0, "settings are none");
	OK(text_of(EMBEDDINGS, "{" M ",\"input\":\"four\"}") == 4, "a text of the root");
	OK(text_of(EMBEDDINGS, "{" M ",\"input\":\"\\u00e9\\n\\ud83d\\ude00\"}") == 7,
	   "its escapes resolved");
	OK(text_of(CHAT, "{" M ", \"messages\" : [ {\"role\":\"user\" , \"content\":\"hi\"} ]}") ==
		   32,
	   "objects as they are printed without blanks");
	OK(text_of(CHAT, "{" M ",\"messages\":[[[[[[]]]]]]}") >= 10, "brackets are something");
	OK(text_of(CHAT, "{" M ",\"tools\":[{\"a\":[1,1,1,1,1]}]}") >= 16, "numbers too");
	OK(text_of(CHAT, "{" M ",\"messages\":[{\"content\":[{\"image_url\":{\"url\":\"" IMG
			 "AAAAAAAAAAAAAAAAAAAA\"}}]}]}") < 60,
	   "an inline picture is not");
	OK(text_of(CHAT, "{" M ",\"tools\":[{\"image_url\":{\"url\":\"" IMG
			 "AAAAAAAAAAAAAAAAAAAA\"}}]}") > 60 &&
		   !view.media,
	   "unless it stands where text is read");
	OK(text_of(CHAT,
		   "{" M ",\"messages\":[{\"content\":[{\"file\":{\"file_data\":"
		   "\"data:text/plain;base64,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}]}]}") > 60,
	   "a text file is text");
	OK(text_of(MESSAGES,
		   "{" M
		   ",\"messages\":[{\"content\":[{\"type\":\"tool_use\",\"input\":{\"source\":{\"type\":\"base64\","
		   "\"media_type\":\"image/png\",\"data\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}}]}]}") >
			   130 &&
		   !view.media,
	   "arguments of a tool are text, whatever they look like");
	OK(text_of(MESSAGES,
		   "{" M
		   ",\"messages\":[{\"content\":[{\"source\":{\"type\":\"text\",\"media_type\":\"image/png\","
		   "\"data\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}]}]}") > 100 &&
		   !view.media,
	   "a source of type text is text");
	OK(text_of(MESSAGES,
		   "{" M
		   ",\"messages\":[{\"content\":[{\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\","
		   "\"data\":[\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]}}]}]}") > 100 &&
		   !view.media,
	   "data in a list is text");
	OK(text_of(GENERATE,
		   "{\"contents\":[{\"parts\":[{\"inlineData\":{\"mimeType\":\"text/csv\","
		   "\"data\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}]}]}") > 60,
	   "a table is text");
}

/* ---- sizes ---- */

static void sizes(void)
{
	struct buf b;
	unsigned deep;

	buf_init(&b, BODY_MAX);
	buf_add_c(&b, "{\"stream\":true,\"messages\":[");
	for (int i = 0; i < 20000; i++)
		buf_addf(
			&b,
			"%s{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"%0100d\\n\"}]}",
			i ? "," : "", i);
	buf_add_c(&b, "],\"model\":\"m\"}");
	OK(reads(CHAT, buf_str(&b)) && edited.len == b.len + 40 && view.text_bytes > 20000 * 101 &&
		   view.text_bytes < b.len + b.len / 10,
	   "megabytes pass");
	for (deep = 62; deep < 65; deep++) {
		buf_reset(&b);
		buf_add_c(&b, "{\"model\":\"m\",\"a\":");
		for (unsigned i = 0; i < deep; i++)
			buf_add_byte(&b, '[');
		for (unsigned i = 0; i < deep; i++)
			buf_add_byte(&b, ']');
		buf_add_byte(&b, '}');
		OK(reads(CHAT, buf_str(&b)) == (deep < 64), "%u levels below the root", deep);
	}
	buf_reset(&b);
	buf_add_c(&b, "{\"model\":\"m\",\"messages\":");
	for (unsigned i = 0; i < 50; i++)
		buf_add_byte(&b, '[');
	buf_add_c(&b, "{\"content\":{\"image_url\":\"" IMG "AAAAAAAAAAAA\"}}");
	for (unsigned i = 0; i < 50; i++)
		buf_add_byte(&b, ']');
	buf_add_byte(&b, '}');
	OK(reads(CHAT, buf_str(&b)) && !view.media && view.text_bytes > 150,
	   "what lies too deep to be known is text");
	buf_reset(&b);
	buf_add_c(&b, "{\"model\":\"");
	for (int i = 0; i < 257; i++)
		buf_add_byte(&b, 'm');
	buf_add_c(&b, "\"}");
	OK(!reads(CHAT, buf_str(&b)) && err.code == GWE_MODEL_NOT_SUPPORTED,
	   "the name of a model has a bound");
	/* a body is cut or broken at every byte: refused, or another body; never more than it */
	buf_reset(&b);
	buf_add_c(
		&b,
		"{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"x\":[1,{}],\"include_usage\":false},"
		"\"tools\":[{\"type\":\"web_search\"}],\"messages\":[{\"content\":[{\"image_url\":{\"url\":\"" IMG
		"\"}}]}]}");
	for (size_t i = 0; i < b.len; i++)
		if (reads(CHAT, str_sub(buf_str(&b), 0, i)))
			deep = 0;
	OK(deep, "no part of a body is a body");
	buf_clear(&b);
}

int main(void)
{
	arena_init(&arena, 1 << 16);
	buf_init(&edited, BODY_MAX);
	vectors();
	to_the_byte();
	read_facts();
	text_bytes();
	sizes();
	buf_clear(&edited);
	arena_free(&arena);
	return TAP_END;
}
