/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/jwrite.h"
#include "provider/request.h"

enum { DEFAULT_MAX_TOKENS = 1024 };

static const struct path_rule claude_paths[] = {
	{ "/v1/messages", API_MESSAGES, 0 },
	{ "/v1/messages/count_tokens", API_COUNT_TOKENS, PATH_FREE },
	{ "/v1/models", API_MODELS, PATH_GET | PATH_FREE | PATH_LIST },
	{ "/v1/models/{model}", API_MODELS, PATH_GET | PATH_FREE },
	{ NULL, API_UNKNOWN, 0 },
};

static const struct member_rule root_members[] = {
	{ .name = "model", .fact = FACT_MODEL },
	{ .name = "stream", .fact = FACT_STREAM },
	{ .name = "max_tokens", .fact = FACT_OUTPUT_CAP },
	{ .name = "messages", .next = PLACE_MESSAGE },
	{ .name = "system", .next = PLACE_PART },
	{ .name = "tools", .next = PLACE_TOOL },
	{ .name = "mcp_servers", .fact = FACT_TOOL, .tool = TOOL_MCP },
	{ .name = "service_tier", .fact = FACT_TIER },
	{ .name = "speed", .fact = FACT_SPEED },
	{ .name = "inference_geo", .fact = FACT_GEO },
	{ .name = "context_management", .next = PLACE_CONFIG },
	{ .name = NULL },
};
static const struct member_rule context_members[] = {
	{ .name = "edits", .next = PLACE_EDIT },
	{ .name = NULL },
};
static const struct member_rule edit_members[] = {
	{ .name = "type", .fact = FACT_CONTEXT_EDIT },
	{ .name = NULL },
};
static const struct member_rule message_members[] = {
	{ .name = "content", .next = PLACE_PART },
	{ .name = NULL },
};
static const struct member_rule part_members[] = {
	{ .name = "source", .next = PLACE_SOURCE },
	{ .name = "content", .next = PLACE_PART }, /* of a tool's result */
	{ .name = "file_id", .fact = FACT_NAMED },
	{ .name = NULL },
};
static const struct member_rule source_members[] = {
	{ .name = "type", .fact = FACT_TYPE },
	{ .name = "media_type", .fact = FACT_MEDIA_TYPE },
	{ .name = "data", .fact = FACT_BASE64 },
	{ .name = "url", .fact = FACT_NAMED },
	{ .name = "file_id", .fact = FACT_NAMED },
	{ .name = "content", .next = PLACE_PART },
	{ .name = NULL },
};
static const struct member_rule tool_members[] = {
	{ .name = "type", .fact = FACT_TOOL_TYPE },
	{ .name = "max_uses", .fact = FACT_TOOL_USES },
	{ .name = "model", .fact = FACT_HELPER }, /* of an adviser */
	{ .name = NULL },
};
static const struct body_grammar messages = {
	.at = {
		[PLACE_ROOT] = root_members,
		[PLACE_MESSAGE] = message_members,
		[PLACE_PART] = part_members,
		[PLACE_SOURCE] = source_members,
		[PLACE_TOOL] = tool_members,
		[PLACE_CONFIG] = context_members,
		[PLACE_EDIT] = edit_members,
	},
};

static const struct body_grammar *claude_grammar(enum api api)
{
	(void)api;
	return &messages;
}

static int claude_finish(struct request_reader *q, struct gw_err *e)
{
	(void)e;
	if (q->route->api != API_MESSAGES || q->v->has_output_cap)
		return 0;
	if (q->cap.type == J_NONE)
		request_append(q, STR_LIT(",\"max_tokens\":1024"));
	else
		request_replace(q, q->cap, STR_LIT("1024"));
	q->v->has_output_cap = true;
	q->v->output_cap = DEFAULT_MAX_TOKENS;
	return 0;
}

static void claude_headers(struct header_list *h, const struct client_headers *c,
			   const struct upstream_auth *k)
{
	header_list_add(h, k->claude_bearer ? "Authorization: Bearer " : "x-api-key: ", k->key);
	if (!header_list_add(h, "anthropic-version: ", c->anthropic_version))
		header_list_add(h, "anthropic-version: ", STR_LIT("2023-06-01"));
	header_list_add(h, "anthropic-beta: ", c->anthropic_beta);
}

static void claude_error_body(int status, const char *code, const char *message, struct buf *out)
{
	static const struct status_word words[] = {
		{ 401, "authentication_error" },
		{ 402, "billing_error" },
		{ 403, "permission_error" },
		{ 404, "not_found_error" },
		{ 413, "request_too_large" },
		{ 429, "rate_limit_error" },
		{ 500, "api_error" },
		{ 502, "api_error" },
		{ 503, "overloaded_error" },
		{ 504, "timeout_error" },
		{ 0, "invalid_request_error" },
	};
	struct jwrite w;

	(void)code;
	jwrite_init(&w, out, false);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "type", "error");
	jwrite_object(&w, "error");
	jwrite_text(&w, "type", status_word_find(words, status));
	jwrite_text(&w, "message", message);
	jwrite_object_end(&w);
	jwrite_object_end(&w);
}

static void claude_stream_error(enum api api, int status, const char *code, const char *message,
				struct buf *out)
{
	(void)api;
	buf_add_c(out, "event: error\ndata: ");
	claude_error_body(status, code, message, out);
	buf_add_c(out, "\n\n");
}

const struct provider_ops claude_ops = {
	.paths = claude_paths,
	.grammar = claude_grammar,
	.finish = claude_finish,
	.headers = claude_headers,
	.error_body = claude_error_body,
	.stream_error = claude_stream_error,
};
