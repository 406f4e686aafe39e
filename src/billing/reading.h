/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reading - what one exchange with an upstream tells by itself: usage, tools,
 * state, amounts stated by others. Filled by provider/meter, priced by billing/cost.
 *
 * Unknown is never zero: a count means nothing while usage.completeness is NONE.
 *
 * Rule:    providers/README.md "Usage: one rule for all formats", "Normalised record"
 * Layer:   billing; calls util
 * Threads: plain data
 */
#ifndef GW_BILLING_READING_H
#define GW_BILLING_READING_H

#include "util/str.h"

enum provider_id {
	PROVIDER_OPENAI,
	PROVIDER_OPENROUTER,
	PROVIDER_LITELLM,
	PROVIDER_CLAUDE,
	PROVIDER_GEMINI,
	PROVIDER_COUNT
};

/* In the database, never renumber. */
enum api {
	API_UNKNOWN = 0,
	API_CHAT = 1,	     /* chat.completions */
	API_COMPLETIONS = 2, /* legacy */
	API_RESPONSES = 3,
	API_EMBEDDINGS = 4,
	API_MESSAGES = 5,
	API_GENERATE = 6, /* generateContent, streamGenerateContent */
	API_MODELS = 7,
	API_COUNT_TOKENS = 8,
	API_IMAGES = 9,
	API_TRANSCRIPTIONS = 10
};
const char *api_name(enum api a); /* as in the fixtures: "chat.completions" */

enum usage_completeness { USAGE_NONE = 0, USAGE_PARTIAL = 1, USAGE_FINAL = 2 };

struct usage {
	enum usage_completeness completeness;
	bool inconsistent; /* the parts exceed the whole: all are charged, amount not exact */
	uint64_t input;	   /* the whole prompt */
	uint64_t input_uncached, cached_input, cache_write_5m, cache_write_1h;
	uint64_t output, reasoning; /* reasoning is inside output */
	/*
	 * Parts of the above with prices of their own. Those of the input are the whole audio or
	 * images of the prompt; what of them was read from the cache is also in the cached ones.
	 */
	uint64_t input_audio, cached_input_audio, output_audio;
	uint64_t input_image, cached_input_image, output_image;
	uint64_t audio_ms; /* transcriptions billed by duration */
};

enum tool_kind {
	TOOL_FUNCTION,
	TOOL_WEB_SEARCH,
	TOOL_WEB_FETCH,
	TOOL_FILE_SEARCH,
	TOOL_CODE_INTERPRETER,
	TOOL_CODE_EXECUTION,
	TOOL_COMPUTER,
	TOOL_MCP,
	TOOL_IMAGE_GENERATION,
	TOOL_COUNT
};
const char *tool_name(enum tool_kind t);

enum reading_state { STATE_COMPLETE, STATE_REFUSED, STATE_ERROR, STATE_TRUNCATED, STATE_PENDING };
const char *reading_state_name(enum reading_state s);
enum reading_finish {
	FINISH_NONE,
	FINISH_STOP,
	FINISH_LENGTH,
	FINISH_TOOL_CALLS,
	FINISH_CONTENT_FILTER,
	FINISH_REFUSAL,
	FINISH_PAUSE,
	FINISH_ERROR,
	FINISH_OTHER
};
const char *reading_finish_name(enum reading_finish f); /* NULL for FINISH_NONE */

enum price_tier { TIER_STANDARD, TIER_FLEX, TIER_PRIORITY, TIER_BATCH, TIER_UNPRICED };
const char *price_tier_name(enum price_tier t);

/* Work of another model inside the same answer (advisor, compaction, image tool). */
enum { READING_EXTRAS = 8, READING_MODEL = 128 };
struct reading_extra {
	char model[READING_MODEL]; /* "": the answer's own model */
	struct usage usage;
};

struct reading {
	enum provider_id provider;
	enum api api;
	bool stream;
	int http_status;
	char model[READING_MODEL]; /* reported; "" if the answer names none */
	enum reading_state state;
	enum reading_finish finish;
	char finish_raw[64]; /* the vendor's word; "" none */
	bool has_error;	     /* each text below may be "" (null) */
	char error_type[64], error_code[64], error_message[512];
	struct usage usage;
	uint64_t tools[TOOL_COUNT];
	uint64_t images; /* that the answer brought, for models priced by the image */
	/* fees that are not one to one with tools[] */
	uint64_t web_search_queries; /* Gemini 3: distinct queries */
	bool web_search_preview;     /* OpenAI: the preview tool was used */
	bool grounded;		     /* Gemini: grounding took place */
	enum price_tier tier;
	bool fast, us; /* Anthropic speed, inference_geo (or the regional setting) */
	struct reading_extra extra[READING_EXTRAS];
	unsigned n_extra;
	bool extras_dropped; /* more than fitted: the amount is not exact */
	/* an amount stated by the upstream: exact decimal text of USD (digits and exponent), "" none */
	char provider_cost[64];
	char provider_cost_fee
		[64]; /* OpenRouter own key: the part to add (upstream_inference_cost) */
	/* for estimates: UTF-8 bytes delivered (content, reasoning, refusal, tool arguments) */
	uint64_t text_bytes;
	uint64_t unknown_events, dropped_events;
	/* first cost-bearing usage field that nobody knows, or whose count is none; "": none */
	char unknown_field[64];
	char upstream_request_id[128];
};

#endif
