/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "provider/request.h"

static const struct path_rule litellm_paths[] = {
	{ "/chat/completions", API_CHAT, 0 },
	{ "/v1/chat/completions", API_CHAT, 0 },
	{ "/embeddings", API_EMBEDDINGS, 0 },
	{ "/v1/embeddings", API_EMBEDDINGS, 0 },
	{ "/models", API_MODELS, PATH_GET | PATH_FREE | PATH_LIST },
	{ "/v1/models", API_MODELS, PATH_GET | PATH_FREE | PATH_LIST },
	{ NULL, API_UNKNOWN, 0 },
};

/*
 * Members with which a request could choose what it costs or where it goes: the operator's business. A price
 * in a request is the proxy's price of that model from then on, for everybody; what stands in extra_body
 * beats what we have read, model and caps included.
 */
#define OPERATORS_MEMBERS \
	{ .name = "api_base", .fact = FACT_REFUSED }, \
		{ .name = "base_url", .fact = FACT_REFUSED }, \
		{ .name = "api_key", .fact = FACT_REFUSED }, \
		{ .name = "user_config", .fact = FACT_REFUSED }, \
		{ .name = "model_list", .fact = FACT_REFUSED }, \
		{ .name = "custom_llm_provider", .fact = FACT_REFUSED }, \
		{ .name = "litellm_params", .fact = FACT_REFUSED }, \
		{ .name = "base_model", .fact = FACT_REFUSED }, \
		{ .name = "model_info", .fact = FACT_REFUSED }, \
		{ .name = "extra_body", .fact = FACT_REFUSED }, \
		{ .name = "extra_headers", .fact = FACT_REFUSED }, \
		{ .name = "extra_query", .fact = FACT_REFUSED }, \
		{ .name = "headers", .fact = FACT_REFUSED }, \
		{ .name = "input_cost_per_token", .fact = FACT_REFUSED }, \
		{ .name = "output_cost_per_token", .fact = FACT_REFUSED }, \
		{ .name = "input_cost_per_second", .fact = FACT_REFUSED }, \
		{ .name = "output_cost_per_second", .fact = FACT_REFUSED }, \
		{ .name = "input_cost_per_character", .fact = FACT_REFUSED }, \
		{ .name = "output_cost_per_character", .fact = FACT_REFUSED }, \
		{ .name = "input_cost_per_audio_token", .fact = FACT_REFUSED }, \
		{ .name = "output_cost_per_audio_token", .fact = FACT_REFUSED }, \
		{ .name = "input_cost_per_image", .fact = FACT_REFUSED }, \
		{ .name = "input_cost_per_pixel", .fact = FACT_REFUSED }, \
		{ .name = "output_cost_per_reasoning_token", .fact = FACT_REFUSED }, \
		{ .name = "cache_creation_input_token_cost", .fact = FACT_REFUSED }, \
		{ .name = "cache_read_input_token_cost", .fact = FACT_REFUSED }, \
		{ .name = "context_window_fallbacks", .fact = FACT_REFUSED }, \
		{ .name = "content_policy_fallbacks", .fact = FACT_REFUSED }, \
		{ .name = "metadata", .next = PLACE_CONFIG }, \
		{ .name = "litellm_metadata", .next = PLACE_CONFIG }, \
	{ \
		.name = "fallbacks", .fact = FACT_FALLBACK \
	}

static const struct member_rule metadata_members[] = {
	{ .name = "model_info", .fact = FACT_REFUSED },
	{ .name = NULL },
};

static const struct member_rule chat_root[] = {
	{ .name = "stream_options", .fact = FACT_FORCED, .next = PLACE_FORCED },
	OPERATORS_MEMBERS,
	{ .name = NULL },
};
static const struct member_rule stream_options[] = {
	{ .name = "include_usage", .fact = FACT_FORCED_FLAG },
	{ .name = NULL },
};
/* The proxy hands the tools of other makers through. */
static const struct member_rule tool_members[] = {
	{ .name = "googleSearch", .fact = FACT_TOOL, .tool = TOOL_WEB_SEARCH },
	{ .name = "googleSearchRetrieval", .fact = FACT_TOOL, .tool = TOOL_WEB_SEARCH },
	{ .name = "urlContext", .fact = FACT_TOOL, .tool = TOOL_WEB_FETCH },
	{ .name = NULL },
};
static const struct body_grammar chat = {
	.at = {
		[PLACE_ROOT] = chat_root,
		[PLACE_FORCED] = stream_options,
		[PLACE_CONFIG] = metadata_members,
		[PLACE_TOOL] = tool_members,
	},
	.also = &openai_chat_members,
};

static const struct member_rule embeddings_root[] = {
	{ .name = "model", .fact = FACT_MODEL },
	OPERATORS_MEMBERS,
	{ .name = NULL },
};
static const struct body_grammar embeddings = {
	.at = { [PLACE_ROOT] = embeddings_root, [PLACE_CONFIG] = metadata_members },
};

static const struct body_grammar *litellm_grammar(enum api api)
{
	return api == API_CHAT ? &chat : &embeddings;
}

static int litellm_finish(struct request_reader *q, struct gw_err *e)
{
	/* the proxy takes a list as one call of each, and states the cost of one */
	if (str_find(q->v->model, ',') >= 0)
		return gw_fail(e, GWE_MODEL_NOT_SUPPORTED, 0,
			       "Model '%.*s' is not supported. Please check available models.",
			       STR_ARG(q->v->model));
	return openai_force_stream_usage(q, e);
}

const struct provider_ops litellm_ops = {
	.paths = litellm_paths,
	.grammar = litellm_grammar,
	.finish = litellm_finish,
};
