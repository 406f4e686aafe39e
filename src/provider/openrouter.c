/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/jwrite.h"
#include "provider/request.h"

static const struct path_rule openrouter_paths[] = {
	{ "/api/v1/chat/completions", API_CHAT, 0 },
	{ "/api/v1/models", API_MODELS, PATH_GET | PATH_FREE | PATH_LIST },
	{ NULL, API_UNKNOWN, 0 },
};

static const struct member_rule root_members[] = {
	{ .name = "usage", .fact = FACT_FORCED, .next = PLACE_FORCED },
	{ .name = "models", .fact = FACT_FALLBACK },
	{ .name = "plugins", .next = PLACE_PLUGIN },
	{ .name = NULL },
};
static const struct member_rule usage_members[] = {
	{ .name = "include", .fact = FACT_FORCED_FLAG },
	{ .name = NULL },
};
static const struct member_rule plugin_members[] = {
	{ .name = "id", .fact = FACT_PLUGIN },
	{ .name = NULL },
};
static const struct body_grammar chat = {
	.at = { [PLACE_ROOT] = root_members,
		[PLACE_FORCED] = usage_members,
		[PLACE_PLUGIN] = plugin_members },
	.also = &openai_chat_members,
};

static const struct body_grammar *openrouter_grammar(enum api api)
{
	(void)api;
	return &chat;
}

static int openrouter_finish(struct request_reader *q, struct gw_err *e)
{
	static const struct forced_member m = {
		.name = "usage",
		.append = ",\"usage\":{\"include\":true}",
		.replace = "{\"include\":true}",
		.insert = "\"include\":true,",
		.insert_only = "\"include\":true",
	};

	if (str_ends(q->v->model, ":online"))
		request_add_tool(q->v, TOOL_WEB_SEARCH);
	return request_force(q, &m, e);
}

static void openrouter_headers(struct header_list *h, const struct client_headers *c,
			       const struct upstream_auth *k)
{
	header_list_add(h, "Authorization: Bearer ", k->key);
	if (!header_list_add(h, "HTTP-Referer: ", c->http_referer))
		header_list_add(h, "HTTP-Referer: ", k->http_referer);
	if (!header_list_add(h, "X-Title: ", c->x_title))
		header_list_add(h, "X-Title: ", k->x_title);
}

static const char *error_type(int status)
{
	static const struct status_word words[] = {
		{ 400, "invalid_request" },
		{ 401, "authentication" },
		{ 402, "payment_required" },
		{ 403, "permission_denied" },
		{ 404, "not_found" },
		{ 413, "payload_too_large" },
		{ 429, "rate_limit_exceeded" },
		{ 502, "provider_unavailable" },
		{ 503, "provider_overloaded" },
		{ 504, "timeout" },
		{ 0, "server" },
	};

	return status_word_find(words, status);
}

static void error_member(struct jwrite *w, int status, const char *code, const char *message)
{
	jwrite_object(w, "error");
	jwrite_i64(w, "code", status);
	jwrite_text(w, "message", message);
	jwrite_object(w, "metadata");
	jwrite_text(w, "error_type", error_type(status));
	jwrite_text(w, "gateway_code", code);
	jwrite_object_end(w);
	jwrite_object_end(w);
}

static void openrouter_error_body(int status, const char *code, const char *message,
				  struct buf *out)
{
	struct jwrite w;

	/* Rule: gateway.md 9 gives this body as OpenAI writes it */
	if (!strcmp(code, gw_err_wire(GWE_INVALID_JSON))) {
		openai_error_body(status, code, message, out);
		return;
	}
	jwrite_init(&w, out, false);
	jwrite_object(&w, NULL);
	error_member(&w, status, code, message);
	jwrite_object_end(&w);
}

static void openrouter_stream_error(enum api api, int status, const char *code, const char *message,
				    struct buf *out)
{
	struct jwrite w;

	(void)api;
	buf_add_c(out, "data: ");
	jwrite_init(&w, out, false);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "object", "chat.completion.chunk");
	error_member(&w, status, code, message);
	jwrite_array(&w, "choices");
	jwrite_object(&w, NULL);
	jwrite_u64(&w, "index", 0);
	jwrite_object(&w, "delta");
	jwrite_text(&w, "content", "");
	jwrite_object_end(&w);
	jwrite_text(&w, "finish_reason", "error");
	jwrite_object_end(&w);
	jwrite_array_end(&w);
	jwrite_object_end(&w);
	buf_add_c(out, "\n\n");
}

const struct provider_ops openrouter_ops = {
	.paths = openrouter_paths,
	.grammar = openrouter_grammar,
	.finish = openrouter_finish,
	.headers = openrouter_headers,
	.error_body = openrouter_error_body,
	.stream_error = openrouter_stream_error,
};
