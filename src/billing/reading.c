/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "billing/reading.h"

const char *api_name(enum api a)
{
	switch (a) {
	case API_UNKNOWN:
		return "unknown";
	case API_CHAT:
		return "chat.completions";
	case API_COMPLETIONS:
		return "completions";
	case API_RESPONSES:
		return "responses";
	case API_EMBEDDINGS:
		return "embeddings";
	case API_MESSAGES:
		return "messages";
	case API_GENERATE:
		return "generateContent";
	case API_MODELS:
		return "models";
	case API_COUNT_TOKENS:
		return "count_tokens";
	case API_IMAGES:
		return "images";
	case API_TRANSCRIPTIONS:
		return "transcriptions";
	}
	return "unknown";
}

const char *tool_name(enum tool_kind t)
{
	switch (t) {
	case TOOL_FUNCTION:
		return "function";
	case TOOL_WEB_SEARCH:
		return "web_search";
	case TOOL_WEB_FETCH:
		return "web_fetch";
	case TOOL_FILE_SEARCH:
		return "file_search";
	case TOOL_CODE_INTERPRETER:
		return "code_interpreter";
	case TOOL_CODE_EXECUTION:
		return "code_execution";
	case TOOL_COMPUTER:
		return "computer";
	case TOOL_MCP:
		return "mcp";
	case TOOL_IMAGE_GENERATION:
		return "image_generation";
	case TOOL_COUNT:
		break;
	}
	return "unknown";
}

const char *reading_state_name(enum reading_state s)
{
	switch (s) {
	case STATE_COMPLETE:
		return "complete";
	case STATE_REFUSED:
		return "refused";
	case STATE_ERROR:
		return "error";
	case STATE_TRUNCATED:
		return "truncated";
	case STATE_PENDING:
		return "pending";
	}
	return "unknown";
}

const char *reading_finish_name(enum reading_finish f)
{
	switch (f) {
	case FINISH_NONE:
		return NULL;
	case FINISH_STOP:
		return "stop";
	case FINISH_LENGTH:
		return "length";
	case FINISH_TOOL_CALLS:
		return "tool_calls";
	case FINISH_CONTENT_FILTER:
		return "content_filter";
	case FINISH_REFUSAL:
		return "refusal";
	case FINISH_PAUSE:
		return "pause";
	case FINISH_ERROR:
		return "error";
	case FINISH_OTHER:
		return "other";
	}
	return "other";
}

const char *price_tier_name(enum price_tier t)
{
	switch (t) {
	case TIER_STANDARD:
		return "standard";
	case TIER_FLEX:
		return "flex";
	case TIER_PRIORITY:
		return "priority";
	case TIER_BATCH:
		return "batch";
	case TIER_UNPRICED:
		return "ultrafast"; /* the only one that is served without a public price */
	}
	return "standard";
}
