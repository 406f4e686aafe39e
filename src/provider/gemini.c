/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/jwrite.h"
#include "provider/request.h"

#define MODEL_PATHS(version) \
	{ "/" version "/models/{model}:generateContent", API_GENERATE, 0 }, \
		{ "/" version "/models/{model}:streamGenerateContent", API_GENERATE, \
		  PATH_STREAM }, \
		{ "/" version "/models/{model}:countTokens", API_COUNT_TOKENS, PATH_FREE }, \
	{ \
		"/" version "/models", API_MODELS, PATH_GET | PATH_FREE | PATH_LIST \
	}

static const struct path_rule gemini_paths[] = {
	MODEL_PATHS("v1"),
	MODEL_PATHS("v1beta"),
	{ NULL, API_UNKNOWN, 0 },
};

/* The vendor reads both spellings of each name. The model is that of the path, whatever is said. */
static const struct member_rule root_members[] = {
	{ .name = "contents", .next = PLACE_MESSAGE },
	{ .name = "systemInstruction", .next = PLACE_MESSAGE },
	{ .name = "system_instruction", .next = PLACE_MESSAGE, .twin = true },
	{ .name = "generationConfig", .next = PLACE_CONFIG },
	{ .name = "generation_config", .next = PLACE_CONFIG, .twin = true },
	{ .name = "tools", .next = PLACE_TOOL },
	{ .name = "cachedContent", .fact = FACT_NAMED },
	{ .name = "cached_content", .fact = FACT_NAMED, .twin = true },
	{ .name = "serviceTier", .fact = FACT_TIER },
	{ .name = "service_tier", .fact = FACT_TIER, .twin = true },
	{ .name = NULL },
};
static const struct member_rule config_members[] = {
	{ .name = "maxOutputTokens", .fact = FACT_OUTPUT_CAP },
	{ .name = "max_output_tokens", .fact = FACT_OUTPUT_CAP, .twin = true },
	{ .name = "candidateCount", .fact = FACT_CHOICES },
	{ .name = "candidate_count", .fact = FACT_CHOICES, .twin = true },
	{ .name = NULL },
};
static const struct member_rule content_members[] = {
	{ .name = "parts", .next = PLACE_PART },
	{ .name = NULL },
};
static const struct member_rule part_members[] = {
	{ .name = "inlineData", .next = PLACE_SOURCE },
	{ .name = "inline_data", .next = PLACE_SOURCE, .twin = true },
	{ .name = "fileData", .fact = FACT_NAMED },
	{ .name = "file_data", .fact = FACT_NAMED, .twin = true },
	{ .name = "functionResponse", .next = PLACE_MESSAGE },
	{ .name = "function_response", .next = PLACE_MESSAGE, .twin = true },
	{ .name = NULL },
};
static const struct member_rule source_members[] = {
	{ .name = "mimeType", .fact = FACT_MEDIA_TYPE },
	{ .name = "mime_type", .fact = FACT_MEDIA_TYPE, .twin = true },
	{ .name = "data", .fact = FACT_DATA },
	{ .name = NULL },
};
static const struct member_rule tool_members[] = {
	{ .name = "googleSearch", .fact = FACT_TOOL, .tool = TOOL_WEB_SEARCH },
	{ .name = "google_search", .fact = FACT_TOOL, .tool = TOOL_WEB_SEARCH, .twin = true },
	{ .name = "googleSearchRetrieval", .fact = FACT_TOOL, .tool = TOOL_WEB_SEARCH },
	{ .name = "google_search_retrieval",
	  .fact = FACT_TOOL,
	  .tool = TOOL_WEB_SEARCH,
	  .twin = true },
	{ .name = "googleMaps", .fact = FACT_TOOL, .tool = TOOL_WEB_SEARCH },
	{ .name = "google_maps", .fact = FACT_TOOL, .tool = TOOL_WEB_SEARCH, .twin = true },
	{ .name = "urlContext", .fact = FACT_TOOL, .tool = TOOL_WEB_FETCH },
	{ .name = "url_context", .fact = FACT_TOOL, .tool = TOOL_WEB_FETCH, .twin = true },
	{ .name = "fileSearch", .fact = FACT_TOOL, .tool = TOOL_FILE_SEARCH },
	{ .name = "file_search", .fact = FACT_TOOL, .tool = TOOL_FILE_SEARCH, .twin = true },
	{ .name = "codeExecution", .fact = FACT_TOOL, .tool = TOOL_CODE_EXECUTION },
	{ .name = "code_execution", .fact = FACT_TOOL, .tool = TOOL_CODE_EXECUTION, .twin = true },
	{ .name = "computerUse", .fact = FACT_TOOL, .tool = TOOL_COMPUTER },
	{ .name = "computer_use", .fact = FACT_TOOL, .tool = TOOL_COMPUTER, .twin = true },
	{ .name = NULL },
};
static const struct body_grammar generate = {
	.at = {
		[PLACE_ROOT] = root_members,
		[PLACE_CONFIG] = config_members,
		[PLACE_MESSAGE] = content_members,
		[PLACE_PART] = part_members,
		[PLACE_SOURCE] = source_members,
		[PLACE_TOOL] = tool_members,
	},
};

static const struct body_grammar *gemini_grammar(enum api api)
{
	(void)api;
	return &generate;
}

static void gemini_headers(struct header_list *h, const struct client_headers *c,
			   const struct upstream_auth *k)
{
	(void)c;
	header_list_add(h, "x-goog-api-key: ", k->key);
}

static void gemini_error_body(int status, const char *code, const char *message, struct buf *out)
{
	static const struct status_word words[] = {
		{ 401, "UNAUTHENTICATED" },
		{ 403, "PERMISSION_DENIED" },
		{ 404, "NOT_FOUND" },
		{ 405, "UNIMPLEMENTED" },
		{ 409, "ABORTED" },
		{ 429, "RESOURCE_EXHAUSTED" },
		{ 500, "INTERNAL" },
		{ 502, "UNAVAILABLE" },
		{ 503, "UNAVAILABLE" },
		{ 504, "DEADLINE_EXCEEDED" },
		{ 402, "FAILED_PRECONDITION" },
		{ 0, "INVALID_ARGUMENT" },
	};
	struct jwrite w;

	(void)code;
	jwrite_init(&w, out, false);
	jwrite_object(&w, NULL);
	jwrite_object(&w, "error");
	jwrite_i64(&w, "code", status);
	jwrite_text(&w, "message", message);
	jwrite_text(&w, "status", status_word_find(words, status));
	jwrite_object_end(&w);
	jwrite_object_end(&w);
}

static void gemini_stream_error(enum api api, int status, const char *code, const char *message,
				struct buf *out)
{
	(void)api;
	buf_add_c(out, "data: ");
	gemini_error_body(status, code, message, out);
	buf_add_c(out, "\n\n");
}

const struct provider_ops gemini_ops = {
	.paths = gemini_paths,
	.grammar = gemini_grammar,
	.headers = gemini_headers,
	.error_body = gemini_error_body,
	.stream_error = gemini_stream_error,
};
