/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the providers' pages that few answers need, one small answer for each. */
#include "config.h"

#include "provider/meter.h"

#include "tap.h"

static struct meter *meter;

static const struct reading *whole(enum provider_id p, enum api api, const char *body)
{
	const struct meter_options o = { .provider = p, .api = api };

	meter_reset(meter, &o);
	meter_status(meter, 200);
	meter_header(meter, STR_LIT("content-type"), STR_LIT("application/json"));
	meter_head_end(meter);
	meter_feed(meter, body, strlen(body));
	meter_end(meter, true);
	return meter_reading(meter);
}

static const struct reading *stream(enum provider_id p, enum api api, const char *body)
{
	const struct meter_options o = { .provider = p, .api = api, .max_event = 512 };

	meter_reset(meter, &o);
	meter_status(meter, 200);
	meter_header(meter, STR_LIT("content-type"), STR_LIT("text/event-stream"));
	meter_head_end(meter);
	meter_feed(meter, body, strlen(body));
	meter_end(meter, true);
	return meter_reading(meter);
}

static bool unknown(const struct reading *r, const char *field)
{
	return !strcmp(r->unknown_field, field);
}

/* Usage of a chat answer with these members besides 100 prompt and 10 completion tokens. */
#define CHAT(more) "{\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":10" more "}}"

static void openai_usage(void)
{
	const struct reading *r;

	r = whole(PROVIDER_OPENAI, API_CHAT,
		  CHAT(",\"prompt_tokens_details\":{\"cached_tokens\":40,\"audio_tokens\":30,"
		       "\"cached_tokens_details\":{\"audio_tokens\":20,\"image_tokens\":5}}"));
	OK(r->usage.input_audio == 30 && r->usage.cached_input_audio == 20 &&
		   r->usage.input_uncached == 60,
	   "audio that was cached");
	r = whole(PROVIDER_OPENAI, API_CHAT,
		  CHAT(",\"prompt_tokens_details\":{\"cache_write_tokens_details\":"
		       "{\"ttl_30m_tokens\":3,\"ttl_12h_tokens\":4}}"));
	OK(r->usage.cache_write_5m == 7 && r->usage.input_uncached == 93,
	   "lifetimes of writes are booked alike");
	r = whole(PROVIDER_OPENAI, API_CHAT,
		  CHAT(",\"prompt_tokens_details\":{\"smell_tokens\":1}"));
	OK(unknown(r, "smell_tokens"), "a part of the prompt that nobody knows");
	r = whole(PROVIDER_OPENAI, API_CHAT,
		  CHAT(",\"completion_tokens_details\":{\"reasoning_tokens\":25}"));
	OK(r->usage.inconsistent && r->usage.output == 35, "more reasoning than output: both");
	r = whole(PROVIDER_OPENAI, API_CHAT,
		  CHAT(",\"prompt_tokens_details\":{\"image_tokens\":90}"));
	OK(r->usage.input_image == 0 && r->usage.input == 100, "images in a chat are text");
	r = whole(PROVIDER_OPENROUTER, API_CHAT,
		  CHAT(",\"completion_tokens_details\":{\"image_tokens\":8}"));
	OK(r->usage.output_image == 8 && r->usage.output == 10, "images that were made are not");
	r = whole(PROVIDER_LITELLM, API_CHAT,
		  CHAT(",\"cache_read_input_tokens\":50,\"cache_creation_input_tokens\":20"));
	OK(r->usage.cached_input == 50 && r->usage.cache_write_5m == 20 &&
		   r->usage.input_uncached == 30,
	   "cache counts at the top alone");
	r = whole(
		PROVIDER_LITELLM, API_CHAT,
		CHAT(",\"server_tool_use\":{\"web_search_requests\":2,\"web_fetch_requests\":1}"));
	OK(r->tools[TOOL_WEB_SEARCH] == 2 && r->tools[TOOL_WEB_FETCH] == 1,
	   "tools that a maker ran");
	r = whole(PROVIDER_OPENAI, API_TRANSCRIPTIONS,
		  "{\"usage\":{\"type\":\"duration\",\"seconds\":\"95\"}}");
	OK(r->usage.completeness == USAGE_NONE, "seconds have to be a number");
	r = whole(PROVIDER_OPENAI, API_IMAGES,
		  "{\"usage\":{\"input_tokens\":5,\"output_tokens\":5,\"output_tokens_details\":"
		  "{\"image_tokens\":4}},\"svg_usage\":{\"output_tokens\":7}}");
	OK(unknown(r, "svg_usage") && r->usage.output_image == 4, "svg has no price");
	r = whole(PROVIDER_OPENAI, API_CHAT, "{\"service_tier\":\"warp\"}");
	OK(r->tier == TIER_STANDARD && unknown(r, "service_tier"), "a tier that nobody knows");
	r = whole(PROVIDER_OPENAI, API_CHAT, "{\"service_tier\":\"scale\"}");
	OK(r->tier == TIER_STANDARD && unknown(r, ""), "prepaid capacity is standard");
}

static void openai_answers(void)
{
	const struct reading *r;

	r = whole(PROVIDER_OPENAI, API_CHAT,
		  "{\"choices\":[{\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"ab\"},"
		  "{\"type\":\"image_url\"}],\"reasoning\":\"xyz\",\"reasoning_content\":\"xyz\"},"
		  "\"finish_reason\":\"eos\"}]}");
	OK(r->text_bytes == 5, "parts of a text; reasoning under two names is one");
	OK(r->finish == FINISH_OTHER && !strcmp(r->finish_raw, "eos"), "another word for the end");
	r = whole(
		PROVIDER_OPENAI, API_CHAT,
		"{\"choices\":[{\"message\":{\"tool_calls\":[{\"function\":{\"name\":\"f\","
		"\"arguments\":\"{}\"}},{\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}");
	OK(r->tools[TOOL_FUNCTION] == 2, "calls without ids are known by their places");
	r = stream(PROVIDER_OPENAI, API_CHAT,
		   "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\","
		   "\"function\":{\"name\":\"f\"}}]}}]}\n\n"
		   "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\","
		   "\"function\":{\"arguments\":\"{\"}}]}}]}\n\n"
		   "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,"
		   "\"function\":{\"name\":\"g\",\"arguments\":\"\"}}]}}]}\n\n"
		   "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,"
		   "\"function\":{\"arguments\":\"{}\"}}]}}]}\n\n");
	OK(r->tools[TOOL_FUNCTION] == 2 && r->text_bytes == 3, "pieces of two calls");
	r = whole(PROVIDER_OPENAI, API_CHAT, "{\"error\":\"out of order\"}");
	OK(r->state == STATE_ERROR && !strcmp(r->error_message, "out of order"),
	   "an error as text");
	r = stream(PROVIDER_OPENAI, API_IMAGES,
		   "data: {\"type\":\"error\",\"code\":\"c\",\"message\":\"m\"}\n\n");
	OK(r->state == STATE_ERROR && !strcmp(r->error_code, "c"),
	   "an error event without an object");
	r = stream(PROVIDER_OPENAI, API_CHAT,
		   "event: error\ndata: {\"code\":5,\"message\":\"m\"}\n\n");
	OK(r->state == STATE_ERROR && !strcmp(r->error_code, "5"), "one that only its name tells");
	r = stream(PROVIDER_CLAUDE, API_MESSAGES, "event: error\ndata: overloaded\n\n");
	OK(r->state == STATE_ERROR && !strcmp(r->error_message, "overloaded"),
	   "one in plain words");
	r = stream(PROVIDER_OPENAI, API_CHAT, "data: [DONE]\n\n");
	OK(r->state == STATE_COMPLETE && r->finish == FINISH_NONE, "the end mark alone is an end");
	r = stream(PROVIDER_OPENAI, API_CHAT, "data: {\"choices\":[]}\n\n");
	OK(r->state == STATE_TRUNCATED, "neither end mark nor finish is none");
	r = whole(PROVIDER_OPENAI, API_UNKNOWN,
		  "{\"object\":\"response\",\"status\":\"completed\"}");
	OK(r->api == API_RESPONSES && r->state == STATE_COMPLETE, "a response tells what it is");
	r = whole(PROVIDER_OPENAI, API_CHAT, "[1]");
	OK(r->state == STATE_TRUNCATED && r->usage.completeness == USAGE_NONE,
	   "JSON of another kind");
	r = whole(PROVIDER_OPENAI, API_CHAT, "\xef\xbb\xbf" CHAT(""));
	OK(r->usage.input == 100, "a byte order mark in front of a body");
}

/* The same, a line an event; in pieces of @size bytes. */
static const struct reading *lines(const char *body, size_t size, bool clean)
{
	const struct meter_options o = { .provider = PROVIDER_OPENAI,
					 .api = API_CHAT,
					 .max_event = 512 };

	meter_reset(meter, &o);
	meter_status(meter, 200);
	meter_header(meter, STR_LIT("Content-Type"),
		     STR_LIT("application/x-ndjson; charset=utf-8"));
	meter_head_end(meter);
	for (size_t at = 0, n = strlen(body); at < n; at += size)
		meter_feed(meter, body + at, n - at < size ? n - at : size);
	meter_end(meter, clean);
	return meter_reading(meter);
}

static void line_streams(void)
{
	static const char text[] =
		"\n{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n"
		"{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\n"
		"{\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":10}}";
	const struct reading *r;
	char large[1200];
	unsigned bad = 0;

	for (size_t size = 1; size <= sizeof text; size++) {
		r = lines(text, size, true);
		bad += r->state != STATE_COMPLETE || !r->stream || r->text_bytes != 2 ||
		       r->usage.completeness != USAGE_FINAL || r->usage.input != 100 ||
		       r->usage.output != 10;
	}
	OK(!bad, "lines are events, whatever the sizes of the reads");
	r = lines(text, 7, false);
	OK(r->state == STATE_TRUNCATED, "one that broke off");
	snprintf(large, sizeof large, "{\"x\":\"%0600d\"}\n%s", 0, text);
	r = lines(large, 100, true);
	OK(r->dropped_events == 1 && r->usage.input == 100,
	   "a line that is too large, and the rest");
}

static void stated(void)
{
	const struct reading *r;

	r = whole(
		PROVIDER_OPENROUTER, API_CHAT,
		CHAT(",\"cost\":0.001,\"is_byok\":true,\"cost_details\":{\"upstream_inference_cost\":"
		     "null,\"upstream_inference_prompt_cost\":0.002,"
		     "\"upstream_inference_completions_cost\":3e-3}"));
	OK(!strcmp(r->provider_cost_fee, "0.005"),
	   "own key: the halves where the whole is missing");
	r = whole(PROVIDER_OPENROUTER, API_CHAT,
		  CHAT(",\"cost\":0.001,\"is_byok\":false,\"cost_details\":"
		       "{\"upstream_inference_cost\":0.001}"));
	OK(!r->provider_cost_fee[0], "not own: it is a copy");
	r = whole(PROVIDER_OPENROUTER, API_CHAT, CHAT(",\"cost\":-1"));
	OK(!r->provider_cost[0], "less than nothing is no amount");
	r = whole(PROVIDER_OPENROUTER, API_CHAT, CHAT(",\"cost\":\"0.25\""));
	OK(!strcmp(r->provider_cost, "0.25"), "an amount as text");
	r = whole(
		PROVIDER_OPENROUTER, API_CHAT,
		CHAT(",\"cost\":0.0000000000000000000000000000000000000000000000000000000000000001"));
	OK(!r->provider_cost[0] && unknown(r, "cost"), "more digits than an amount has");
	r = whole(PROVIDER_OPENAI, API_CHAT, CHAT(",\"cost\":5"));
	OK(!r->provider_cost[0] && unknown(r, "cost"), "others do not state amounts");
	r = stream(PROVIDER_OPENROUTER, API_CHAT,
		   "data: {\"usage\":{\"prompt_tokens\":1,\"cost\":0.5}}\n\n"
		   "data: {\"usage\":{\"prompt_tokens\":1,\"cost\":0}}\n\n");
	OK(!strcmp(r->provider_cost, "0.5"), "zero does not replace an amount");
}

/* The status of a response, in a body. */
#define RESPONSE(status, more) \
	"{\"object\":\"response\",\"model\":\"m\",\"status\":\"" status "\"" more "}"

static void responses(void)
{
	const struct reading *r;

	r = whole(PROVIDER_OPENAI, API_RESPONSES, RESPONSE("cancelled", ""));
	OK(r->state == STATE_TRUNCATED && !strcmp(r->finish_raw, "cancelled"), "cancelled");
	r = whole(PROVIDER_OPENAI, API_RESPONSES, RESPONSE("in_progress", ""));
	OK(r->state == STATE_PENDING, "still in progress");
	r = whole(PROVIDER_OPENAI, API_RESPONSES, RESPONSE("incomplete", ""));
	OK(r->finish == FINISH_OTHER && !strcmp(r->finish_raw, "incomplete"), "without a reason");
	r = whole(PROVIDER_OPENAI, API_RESPONSES,
		  RESPONSE("incomplete", ",\"incomplete_details\":{\"reason\":\"steered\"}"));
	OK(r->finish == FINISH_OTHER && r->state == STATE_COMPLETE, "for a reason of its own");
	r = whole(PROVIDER_OPENAI, API_RESPONSES,
		  RESPONSE("completed", ",\"tool_usage\":{\"image_gen\":{\"input_tokens\":4,"
					"\"output_tokens\":9}}"));
	OK(r->extras_dropped && !r->n_extra, "tokens of an image model that is not named");
	r = whole(PROVIDER_OPENAI, API_RESPONSES,
		  RESPONSE("completed", ",\"tool_usage\":{\"teleport\":{\"num_requests\":1}}"));
	OK(unknown(r, "teleport"), "a tool that nobody knows");
	r = whole(PROVIDER_OPENAI, API_RESPONSES,
		  RESPONSE("completed",
			   ",\"output\":[{\"type\":\"code_interpreter_call\"},"
			   "{\"type\":\"code_interpreter_call\",\"container_id\":null},"
			   "{\"type\":\"mcp_call\"},{\"type\":\"computer_call\"},"
			   "{\"type\":\"custom_tool_call\",\"input\":\"abc\"},"
			   "{\"type\":\"reasoning\",\"summary\":[{\"text\":\"de\"}]},"
			   "{\"type\":\"web_search_call\"},{\"type\":\"new_thing\"}]"));
	OK(r->tools[TOOL_CODE_INTERPRETER] == 1 && r->tools[TOOL_MCP] == 1 &&
		   r->tools[TOOL_COMPUTER] == 1 && r->tools[TOOL_FUNCTION] == 1 &&
		   r->tools[TOOL_WEB_SEARCH] == 1,
	   "items of all kinds; what nobody knows counts nothing");
	OK(r->text_bytes == 5, "and their texts");
	r = whole(PROVIDER_OPENAI, API_RESPONSES, "{\"type\":\"error\",\"message\":\"m\"}");
	OK(r->state == STATE_ERROR && !strcmp(r->error_message, "m"), "an error as the body");
	r = stream(PROVIDER_OPENAI, API_RESPONSES,
		   "event: response.refusal.delta\ndata: {\"delta\":\"No.\"}\n\n"
		   "event: response.audio.delta\ndata: {\"delta\":\"AAAA\"}\n\n"
		   "event: response.completed\ndata: {\"response\":{}}\n\n");
	OK(r->state == STATE_REFUSED && r->text_bytes == 3,
	   "names of events stand in for types; sound is no text");
}

static void claude(void)
{
	const struct reading *r;

	r = whole(PROVIDER_CLAUDE, API_MESSAGES,
		  "{\"stop_reason\":\"end_turn\",\"content\":[{\"type\":\"mcp_tool_use\"},"
		  "{\"type\":\"server_tool_use\",\"name\":\"bash_code_execution\"},"
		  "{\"type\":\"tool_use\",\"input\":{\"a\":1}},{\"type\":\"thinking\",\"thinking\":"
		  "\"hm\"}],\"usage\":{\"input_tokens\":1,\"output_tokens\":1,\"server_tool_use\":"
		  "{\"tool_search_requests\":4,\"web_search_requests\":0}}}");
	OK(r->tools[TOOL_MCP] == 1 && r->tools[TOOL_CODE_EXECUTION] == 1 &&
		   r->tools[TOOL_FUNCTION] == 1 && r->text_bytes == 9 && unknown(r, ""),
	   "blocks of all kinds");
	r = whole(PROVIDER_CLAUDE, API_MESSAGES,
		  "{\"usage\":{\"input_tokens\":1,\"output_tokens\":1,\"server_tool_use\":"
		  "{\"levitation_requests\":1}}}");
	OK(unknown(r, "levitation_requests"), "a server tool that nobody knows");
	r = whole(PROVIDER_CLAUDE, API_MESSAGES,
		  "{\"usage\":{\"input_tokens\":1,\"output_tokens\":1,\"fallback_credit\":9,"
		  "\"dream_tokens\":2}}");
	OK(unknown(r, "dream_tokens"), "a credit is known, a new count is not");
	r = whole(PROVIDER_CLAUDE, API_MESSAGES,
		  "{\"usage\":{\"input_tokens\":1,\"output_tokens\":1,\"iterations\":[{\"type\":"
		  "\"dance\",\"input_tokens\":7,\"output_tokens\":1}]}}");
	OK(r->n_extra == 1 && r->extra[0].usage.input == 7 && unknown(r, "iterations"),
	   "an iteration of a new kind is charged, and noted");
	r = whole(PROVIDER_CLAUDE, API_MESSAGES,
		  "{\"usage\":{\"input_tokens\":1,\"output_tokens\":1,\"iterations\":[{\"type\":"
		  "\"advisor_message\",\"input_tokens\":7,\"output_tokens\":1}]}}");
	OK(r->n_extra == 1 && !r->extra[0].model[0] && unknown(r, "iterations"),
	   "so is an adviser without a name");
	r = stream(
		PROVIDER_CLAUDE, API_MESSAGES,
		"event: message_delta\ndata: {\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":"
		"{\"input_tokens\":3,\"output_tokens\":4}}\n\n"
		"data: {}\n\nevent: message_stop\ndata: {}\n\n");
	OK(r->state == STATE_COMPLETE && r->usage.output == 4, "types by the names of events");
	r = stream(
		PROVIDER_CLAUDE, API_MESSAGES,
		"data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":3,"
		"\"output_tokens\":4}}}\n\n"
		"data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n");
	OK(r->state == STATE_TRUNCATED && r->usage.completeness == USAGE_PARTIAL,
	   "a stop reason without usage leaves a lower bound");
	r = stream(
		PROVIDER_CLAUDE, API_MESSAGES,
		"event: message_stop\ndata: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\""
		"\n\n");
	OK(r->state == STATE_COMPLETE && r->dropped_events == 1, "an end that was too large");
	r = whole(PROVIDER_CLAUDE, API_MESSAGES,
		  "{\"usage\":{\"input_tokens\":3,\"output_tokens\":4,\"output_tokens_details\":"
		  "{\"thinking_tokens\":9}}}");
	OK(r->usage.reasoning == 4 && r->usage.output == 4, "thinking is informative only");
}

static void gemini(void)
{
	const struct reading *r;

	r = whole(
		PROVIDER_GEMINI, API_GENERATE,
		"{\"candidates\":[{\"content\":{\"parts\":[{\"executableCode\":{\"code\":\"1+1\"}},"
		"{\"executableCode\":null},{\"functionCall\":null}]},\"finishReason\":"
		"\"MALFORMED_FUNCTION_CALL\"}],\"usageMetadata\":{\"promptTokenCount\":2,"
		"\"initialPromptTokenCount\":1,\"spellCount\":1}}");
	OK(r->tools[TOOL_CODE_EXECUTION] == 1 && r->tools[TOOL_FUNCTION] == 0 && r->text_bytes == 3,
	   "code that was run");
	OK(r->finish == FINISH_OTHER && r->state == STATE_COMPLETE && unknown(r, "spellCount"),
	   "finishes and counts that are rare or new");
	r = whole(PROVIDER_GEMINI, API_GENERATE,
		  "{\"candidates\":[{\"groundingMetadata\":{\"webSearchQueries\":[7],"
		  "\"groundingChunks\":[{\"maps\":{}}]}}]}");
	OK(!r->grounded && unknown(r, "groundingChunks.maps"), "maps have a fee that no table has");
	r = whole(
		PROVIDER_GEMINI, API_GENERATE,
		"{\"candidates\":[{\"groundingMetadata\":{\"groundingChunks\":[{\"web\":{}}]}}]}");
	OK(!r->grounded, "pages that the client named are no search");
	r = whole(PROVIDER_GEMINI, API_GENERATE,
		  "{\"promptFeedback\":{\"blockReason\":\"BLOCK_REASON_UNSPECIFIED\"}}");
	OK(r->finish == FINISH_NONE, "an unspecified reason is none");
	r = whole(PROVIDER_GEMINI, API_GENERATE,
		  "{\"usageMetadata\":{\"promptTokenCount\":10,\"cachedContentTokenCount\":30}}");
	OK(r->usage.inconsistent && r->usage.input == 40 && r->usage.input_uncached == 10,
	   "more cached than the prompt has");
	r = whole(PROVIDER_GEMINI, API_CHAT, CHAT(""));
	OK(r->usage.input == 100, "the face of another provider");
	r = whole(PROVIDER_GEMINI, API_GENERATE, "[]");
	OK(r->state == STATE_TRUNCATED && r->stream, "an array of nothing");
}

int main(void)
{
	const struct meter_options none = { .provider = PROVIDER_OPENAI };

	meter = meter_new(&none);
	openai_usage();
	openai_answers();
	line_streams();
	stated();
	responses();
	claude();
	gemini();
	meter_free(meter);
	return TAP_END;
}
