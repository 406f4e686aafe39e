/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/jwrite.h"
#include "provider/request.h"

static const struct path_rule openai_paths[] = {
	{ "/v1/chat/completions", API_CHAT, 0 },
	{ "/v1/responses", API_RESPONSES, 0 },
	{ "/v1/embeddings", API_EMBEDDINGS, 0 },
	{ "/v1/models", API_MODELS, PATH_GET | PATH_FREE | PATH_LIST },
	{ "/v1/models/{model}", API_MODELS, PATH_GET | PATH_FREE },
	{ NULL, API_UNKNOWN, 0 },
};

/* ---- chat completions, also as the brokers take them ---- */

static const struct member_rule chat_root[] = {
	{ .name = "model", .fact = FACT_MODEL },
	{ .name = "stream", .fact = FACT_STREAM },
	{ .name = "messages", .next = PLACE_MESSAGE },
	{ .name = "max_tokens", .fact = FACT_OUTPUT_CAP },
	{ .name = "max_completion_tokens", .fact = FACT_OUTPUT_CAP },
	{ .name = "n", .fact = FACT_CHOICES },
	{ .name = "service_tier", .fact = FACT_TIER },
	{ .name = "tools", .next = PLACE_TOOL },
	{ .name = "web_search_options", .fact = FACT_TOOL, .tool = TOOL_WEB_SEARCH },
	{ .name = "prediction", .fact = FACT_PREDICTION },
	{ .name = NULL },
};
static const struct member_rule chat_message[] = {
	{ .name = "content", .next = PLACE_PART },
	{ .name = "audio", .fact = FACT_NAMED }, /* an earlier answer, by its id */
	{ .name = NULL },
};
static const struct member_rule chat_part[] = {
	{ .name = "image_url", .fact = FACT_LINK, .next = PLACE_LINK },
	{ .name = "video_url", .fact = FACT_LINK, .next = PLACE_LINK },
	{ .name = "input_audio", .next = PLACE_SOURCE },
	{ .name = "file", .next = PLACE_SOURCE },
	{ .name = NULL },
};
static const struct member_rule chat_link[] = {
	{ .name = "url", .fact = FACT_LINK },
	{ .name = NULL },
};
static const struct member_rule chat_source[] = {
	{ .name = "data", .fact = FACT_INLINE },
	{ .name = "file_data", .fact = FACT_FILE },
	{ .name = "file_id", .fact = FACT_NAMED },
	{ .name = NULL },
};
static const struct member_rule chat_tool[] = {
	{ .name = "type", .fact = FACT_TOOL_TYPE },
	{ .name = "max_uses", .fact = FACT_TOOL_USES },
	{ .name = NULL },
};
const struct body_grammar openai_chat_members = {
	.at = {
		[PLACE_ROOT] = chat_root,
		[PLACE_MESSAGE] = chat_message,
		[PLACE_PART] = chat_part,
		[PLACE_LINK] = chat_link,
		[PLACE_SOURCE] = chat_source,
		[PLACE_TOOL] = chat_tool,
	},
};

static const struct member_rule stream_root[] = {
	{ .name = "stream_options", .fact = FACT_FORCED, .next = PLACE_FORCED },
	{ .name = NULL },
};
static const struct member_rule stream_options[] = {
	{ .name = "include_usage", .fact = FACT_FORCED_FLAG },
	{ .name = NULL },
};
static const struct body_grammar chat = {
	.at = { [PLACE_ROOT] = stream_root, [PLACE_FORCED] = stream_options },
	.also = &openai_chat_members,
};

/* ---- responses ---- */

static const struct member_rule responses_root[] = {
	{ .name = "model", .fact = FACT_MODEL },
	{ .name = "stream", .fact = FACT_STREAM },
	{ .name = "background", .fact = FACT_BACKGROUND },
	{ .name = "input", .next = PLACE_MESSAGE },
	{ .name = "max_output_tokens", .fact = FACT_OUTPUT_CAP },
	{ .name = "max_tool_calls", .fact = FACT_ALL_TOOL_USES },
	{ .name = "service_tier", .fact = FACT_TIER },
	{ .name = "tools", .next = PLACE_TOOL },
	{ .name = "previous_response_id", .fact = FACT_NAMED },
	{ .name = "conversation", .fact = FACT_NAMED },
	{ .name = "prompt", .fact = FACT_NAMED },
	{ .name = NULL },
};
static const struct member_rule responses_item[] = {
	{ .name = "type", .fact = FACT_TYPE },	   { .name = "id", .fact = FACT_ID },
	{ .name = "content", .next = PLACE_PART }, { .name = "output", .next = PLACE_PART },
	{ .name = "result", .fact = FACT_RESULT }, { .name = NULL },
};
static const struct member_rule responses_part[] = {
	{ .name = "image_url", .fact = FACT_LINK }, { .name = "input_audio", .next = PLACE_SOURCE },
	{ .name = "file_data", .fact = FACT_FILE }, { .name = "file_id", .fact = FACT_NAMED },
	{ .name = "file_url", .fact = FACT_NAMED }, { .name = NULL },
};
static const struct member_rule responses_tool[] = {
	{ .name = "type", .fact = FACT_TOOL_TYPE },
	{ .name = "model", .fact = FACT_HELPER }, /* of the image tool */
	{ .name = "tools", .next = PLACE_TOOL },  /* of a namespace */
	{ .name = NULL },
};
static const struct body_grammar responses = {
	.at = {
		[PLACE_ROOT] = responses_root,
		[PLACE_MESSAGE] = responses_item,
		[PLACE_PART] = responses_part,
		[PLACE_SOURCE] = chat_source,
		[PLACE_TOOL] = responses_tool,
	},
};

/* ---- embeddings: their output is no tokens ---- */

static const struct member_rule embeddings_root[] = {
	{ .name = "model", .fact = FACT_MODEL },
	{ .name = NULL },
};
static const struct body_grammar embeddings = { .at = { [PLACE_ROOT] = embeddings_root } };

static const struct body_grammar *openai_grammar(enum api api)
{
	return api == API_CHAT ? &chat : api == API_RESPONSES ? &responses : &embeddings;
}

int openai_force_stream_usage(struct request_reader *q, struct gw_err *e)
{
	static const struct forced_member m = {
		.name = "stream_options",
		.append = ",\"stream_options\":{\"include_usage\":true}",
		.replace = "{\"include_usage\":true}",
		.insert = "\"include_usage\":true,",
		.insert_only = "\"include_usage\":true",
	};

	return q->route->api == API_CHAT && q->v->stream ? request_force(q, &m, e) : 0;
}

/* ---- errors ---- */

static const char *error_type(int status)
{
	static const struct status_word words[] = {
		{ 401, "authentication_error" }, { 402, "insufficient_quota" },
		{ 403, "permission_error" },	 { 429, "rate_limit_error" },
		{ 500, "server_error" },	 { 502, "server_error" },
		{ 503, "server_error" },	 { 504, "server_error" },
		{ 0, "invalid_request_error" },
	};

	return status_word_find(words, status);
}

static void error_members(struct jwrite *w, int status, const char *code, const char *message)
{
	jwrite_text(w, "message", message);
	jwrite_text(w, "type", error_type(status));
	jwrite_text(w, "code", code);
}

void openai_error_body(int status, const char *code, const char *message, struct buf *out)
{
	struct jwrite w;

	jwrite_init(&w, out, false);
	jwrite_object(&w, NULL);
	jwrite_object(&w, "error");
	error_members(&w, status, code, message);
	jwrite_object_end(&w);
	jwrite_object_end(&w);
}

void openai_stream_error(enum api api, int status, const char *code, const char *message,
			 struct buf *out)
{
	struct jwrite w;

	if (api != API_RESPONSES) {
		buf_add_c(out, "data: ");
		openai_error_body(status, code, message, out);
		buf_add_c(out, "\n\n");
		return;
	}
	buf_add_c(out, "event: error\ndata: ");
	jwrite_init(&w, out, false);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "type", "error");
	jwrite_text(&w, "code", code);
	jwrite_text(&w, "message", message);
	jwrite_null(&w, "param");
	jwrite_object_end(&w);
	buf_add_c(out, "\n\n");
}

const struct provider_ops openai_ops = {
	.paths = openai_paths,
	.grammar = openai_grammar,
	.finish = openai_force_stream_usage,
};
