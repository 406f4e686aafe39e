/* SPDX-License-Identifier: Apache-2.0 */
/* Which paths of which provider are open, and what is sent upstream for them. */
#include "config.h"

#include "provider/provider.h"

#include "tap.h"
#include "vectors.h"

static struct arena arena;
static struct route route;
static const char *allow;
static struct gw_err err;

static bool resolves(enum provider_id p, const char *method, struct str path, const char *query)
{
	arena_clear(&arena);
	return !provider_route(p, str_c(method), path, str_c(query), &arena, &route, &allow, &err);
}

/* The vectors record the original; "New, in addition" of the protocol opens these too. */
static bool opened_since(const char *id)
{
	static const char *const ids[] = { "GWR-007", "GWR-018", "GWR-021", "GWR-025" };

	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		if (!strcmp(id, ids[i]))
			return true;
	return false;
}

static void vectors(void)
{
	struct vectors vs;

	vectors_open(&vs, "gateway-requests");
	while (vectors_next(&vs)) {
		enum provider_id p;
		bool want;

		if (!vec_is(&vs, "kind", "path"))
			continue;
		want = vec_true(&vs, "allowed") || opened_since(vs.id);
		OK(provider_find(vec_str(&vs, "provider"), &p) &&
			   resolves(p, "POST", vec_str(&vs, "path"), "") == want,
		   "%s: %s is %s", vs.id, vec_text(&vs, "path"), want ? "open" : "closed");
		if (!want)
			OK(err.code == GWE_NOT_FOUND && !allow &&
				   strstr(err.pub, "Allowed paths: /"),
			   "%s: what is open is named", vs.id);
	}
	vectors_close(&vs);
}

static const struct {
	enum provider_id p;
	const char *method, *path, *query, *upstream;
	enum api api;
	bool free, get, stream;
	const char *model;
} open_paths[] = {
	{ PROVIDER_OPENAI, "POST", "/v1/chat/completions", "a=1", "/v1/chat/completions", API_CHAT,
	  false, false, false, "" },
	{ PROVIDER_OPENAI, "POST", "/v1/responses", "", "/v1/responses", API_RESPONSES, false,
	  false, false, "" },
	{ PROVIDER_OPENAI, "POST", "//v1///embeddings", "", "/v1/embeddings", API_EMBEDDINGS, false,
	  false, false, "" },
	{ PROVIDER_OPENAI, "GET", "/v1/models", "", "/v1/models", API_MODELS, true, true, false,
	  "" },
	{ PROVIDER_OPENAI, "GET", "/v1/models/gpt-4o_2.1", "limit=1", "/v1/models/gpt-4o_2.1",
	  API_MODELS, true, true, false, "gpt-4o_2.1" },
	{ PROVIDER_OPENROUTER, "POST", "/api/v1/chat/completions", "", "/api/v1/chat/completions",
	  API_CHAT, false, false, false, "" },
	{ PROVIDER_OPENROUTER, "GET", "/api/v1/models", "", "/api/v1/models", API_MODELS, true,
	  true, false, "" },
	{ PROVIDER_LITELLM, "POST", "/v1/chat/completions", "", "/v1/chat/completions", API_CHAT,
	  false, false, false, "" },
	{ PROVIDER_LITELLM, "POST", "/embeddings", "", "/embeddings", API_EMBEDDINGS, false, false,
	  false, "" },
	{ PROVIDER_LITELLM, "POST", "/v1/embeddings", "", "/v1/embeddings", API_EMBEDDINGS, false,
	  false, false, "" },
	{ PROVIDER_LITELLM, "GET", "/models", "", "/models", API_MODELS, true, true, false, "" },
	{ PROVIDER_LITELLM, "GET", "/v1/models", "", "/v1/models", API_MODELS, true, true, false,
	  "" },
	{ PROVIDER_CLAUDE, "POST", "/v1/messages/count_tokens", "beta=true",
	  "/v1/messages/count_tokens", API_COUNT_TOKENS, true, false, false, "" },
	{ PROVIDER_CLAUDE, "GET", "/v1/models",
	  "after_id=model_x&limit=5&key=1&before_id=&limit=9&after%5fid=y",
	  "/v1/models?limit=5&after_id=model_x&before_id=", API_MODELS, true, true, false, "" },
	{ PROVIDER_CLAUDE, "GET", "/v1/models/claude-opus-5-5", "", "/v1/models/claude-opus-5-5",
	  API_MODELS, true, true, false, "claude-opus-5-5" },
	{ PROVIDER_GEMINI, "POST", "/v1beta/models/g:streamGenerateContent", "key=mine&alt=json",
	  "/v1beta/models/g:streamGenerateContent?alt=sse", API_GENERATE, false, false, true, "g" },
	{ PROVIDER_GEMINI, "POST", "/v1/models/gemini-2.5-flash:generateContent", "alt=sse",
	  "/v1/models/gemini-2.5-flash:generateContent", API_GENERATE, false, false, false,
	  "gemini-2.5-flash" },
	{ PROVIDER_GEMINI, "POST", "/v1beta/models/g:countTokens", "",
	  "/v1beta/models/g:countTokens", API_COUNT_TOKENS, true, false, false, "g" },
	{ PROVIDER_GEMINI, "GET", "/v1beta/models", "pageToken=a%2fb&pageSize=3&pageSizeX=4&&=&x",
	  "/v1beta/models?pageSize=3", API_MODELS, true, true, false, "" },
	{ PROVIDER_GEMINI, "GET", "/v1/models", "pageToken=a\r\nb&limit=1\t2", "/v1/models",
	  API_MODELS, true, true, false, "" },
};

static void opened(void)
{
	for (size_t i = 0; i < sizeof open_paths / sizeof open_paths[0]; i++) {
		enum provider_id p = open_paths[i].p;

		OK(resolves(p, open_paths[i].method, str_c(open_paths[i].path),
			    open_paths[i].query) &&
			   str_eq_c(route.upstream_path, open_paths[i].upstream) &&
			   route.provider == p && route.api == open_paths[i].api &&
			   route.free == open_paths[i].free && route.get == open_paths[i].get &&
			   route.stream_by_path == open_paths[i].stream &&
			   str_eq_c(route.model, open_paths[i].model),
		   "%s %s?%s goes to %.*s", provider_name(p), open_paths[i].path,
		   i == 19 ? "..." : open_paths[i].query, STR_ARG(route.upstream_path));
	}
}

static const struct {
	enum provider_id p;
	const char *method, *path, *allow;
} closed_methods[] = {
	{ PROVIDER_OPENAI, "GET", "/v1/chat/completions", "POST" },
	{ PROVIDER_OPENAI, "post", "/v1/chat/completions", "POST" },
	{ PROVIDER_OPENAI, "POST", "/v1/models", "GET" },
	{ PROVIDER_OPENAI, "DELETE", "/v1/models/gpt-4o", "GET" },
	{ PROVIDER_OPENAI, "HEAD", "/v1/models", "GET" },
	{ PROVIDER_OPENAI, "", "/v1/responses", "POST" },
	{ PROVIDER_CLAUDE, "GET", "/v1/messages/count_tokens", "POST" },
	{ PROVIDER_GEMINI, "GET", "/v1beta/models/g:generateContent", "POST" },
};

static const struct {
	enum provider_id p;
	struct str path;
} closed_paths[] = {
	{ PROVIDER_OPENAI, { "v1/chat/completions", 19 } },
	{ PROVIDER_OPENAI, { "/v1/chat/completions\0", 21 } },
	{ PROVIDER_OPENAI, { "/v1/chat\0/completions", 21 } },
	{ PROVIDER_OPENAI, { "/v1/chat/completions\n", 21 } },
	{ PROVIDER_OPENAI, { "/v1/chat/completions ", 21 } },
	{ PROVIDER_OPENAI, { "/v1/chat/completions\x7f", 21 } },
	{ PROVIDER_OPENAI, { "/v1/chat/completion%73", 22 } },
	{ PROVIDER_OPENAI, { "/v1\\chat/completions", 20 } },
	{ PROVIDER_OPENAI, { "/v1/models/", 11 } },
	{ PROVIDER_OPENAI, { "/v1/models/a/b", 14 } },
	{ PROVIDER_OPENAI, { "/v1/models/a:b", 14 } },
	{ PROVIDER_OPENAI, { "/v1/models/a..b", 15 } },
	{ PROVIDER_OPENAI, { "/v1/models/..", 13 } },
	{ PROVIDER_OPENAI, { "/v1/models/a%20b", 16 } },
	{ PROVIDER_OPENAI, { "/v1/models/a@b", 14 } },
	{ PROVIDER_OPENAI, { "/v1/models/\xc3\xa9", 13 } },
	{ PROVIDER_OPENAI, { "/v1/files", 9 } },
	{ PROVIDER_OPENAI, { "/", 1 } },
	{ PROVIDER_OPENROUTER, { "/api/v1/models/x", 16 } },
	{ PROVIDER_LITELLM, { "/v1/responses", 13 } },
	{ PROVIDER_LITELLM, { "/key/generate", 13 } },
	{ PROVIDER_CLAUDE, { "/v1/messages/batches", 20 } },
	{ PROVIDER_GEMINI, { "/v1/models/g:embedContent", 25 } },
	{ PROVIDER_GEMINI, { "/v1/models/g:generateContent:", 29 } },
	{ PROVIDER_GEMINI, { "/v1/models/g:generateContentx", 29 } },
	{ PROVIDER_GEMINI, { "/v1/models/g%3AgenerateContent", 30 } },
	{ PROVIDER_GEMINI, { "/v1/models/g/x:generateContent", 30 } },
	{ PROVIDER_GEMINI, { "/v1alpha/models/g:generateContent", 33 } },
	{ PROVIDER_GEMINI, { "/v1/models/g", 12 } },
};

static void closed(void)
{
	static char endless[100000];

	for (size_t i = 0; i < sizeof closed_methods / sizeof closed_methods[0]; i++)
		OK(!resolves(closed_methods[i].p, closed_methods[i].method,
			     str_c(closed_methods[i].path), "") &&
			   err.code == GWE_METHOD_NOT_ALLOWED && allow &&
			   !strcmp(allow, closed_methods[i].allow),
		   "'%s' %s is not a method; %s is", closed_methods[i].method,
		   closed_methods[i].path, closed_methods[i].allow);
	for (size_t i = 0; i < sizeof closed_paths / sizeof closed_paths[0]; i++)
		OK(!resolves(closed_paths[i].p, "POST", closed_paths[i].path, "") &&
			   !resolves(closed_paths[i].p, "GET", closed_paths[i].path, "") &&
			   err.code == GWE_NOT_FOUND && !allow,
		   "closed path %zu", i);
	memset(endless, 'a', sizeof endless);
	memcpy(endless, "/v1/models/", 11);
	OK(!resolves(PROVIDER_OPENAI, "GET", (struct str){ endless, sizeof endless }, ""),
	   "an endless path is closed");
	memset(endless, '/', sizeof endless);
	OK(!resolves(PROVIDER_OPENAI, "GET", (struct str){ endless, sizeof endless }, ""),
	   "one of slashes too");
}

static void messages(void)
{
	OK(!resolves(PROVIDER_OPENAI, "POST", STR_LIT("/v1/x"), "") &&
		   !strcmp(err.pub,
			   "Path '/v1/x' is not allowed for provider 'openai'. Allowed paths: "
			   "/v1/chat/completions, /v1/responses, /v1/embeddings, /v1/models, "
			   "/v1/models/{model}"),
	   "the sentence of a closed path");
	OK(!resolves(PROVIDER_GEMINI, "POST", STR_LIT("/x"), "") &&
		   str_ends(str_c(err.pub), "/v1beta/models/{model}:countTokens, /v1beta/models"),
	   "the longest list is whole: %s", err.pub);
	OK(!resolves(PROVIDER_CLAUDE, "POST", STR_LIT("/a\r\nb"), "") && !strpbrk(err.pub, "\r\n"),
	   "no line end of the path is repeated");
}

int main(void)
{
	arena_init(&arena, 1 << 16);
	vectors();
	opened();
	closed();
	messages();
	arena_free(&arena);
	return TAP_END;
}
