/* SPDX-License-Identifier: Apache-2.0 */
/* Answers in the shapes of the five providers. A token is a word. */
#include "config.h"

#include "mock.h"

#include "codec/jscan.h"
#include "util/clock.h"

enum flavour { OPENAI, OPENROUTER, LITELLM, CLAUDE, GEMINI };

static const char *const words[] = {
	"Hello!",  "This",    "is",    "the",	"built-in", "mock",    "provider,", "which",
	"stands",  "in",      "for",   "a",	"real",	    "model.",  "Every",	    "word",
	"travels", "as",      "an",    "event", "of",	    "its",     "own,",	    "through",
	"the",	   "gateway", "and",   "the",	"web",	    "server,", "and",	    "at",
	"the",	   "end",     "comes", "the",	"usage",    "that",    "is",	    "priced.",
};
enum { N_WORDS = sizeof words / sizeof words[0] };

/* What the request asks for, in terms that all formats share. */
struct ask {
	enum flavour flavour;
	struct str path; /* without the provider's segment */
	char model[128];
	bool stream, include_usage, sse;
	uint64_t input, output; /* tokens */
	bool cut;		/* by the request's own limit */
	size_t huge;
	unsigned id;
	long long now;
};

/* ---- reading the request ---- */

static bool is_text_key(struct str key)
{
	static const char *const keys[] = { "content", "text",	       "input", "prompt",
					    "system",  "instructions", "" };

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (str_eq_c(key, keys[i]))
			return true;
	return false;
}

static uint64_t count_words(struct str s)
{
	uint64_t n = 0;
	bool inside = false;

	for (size_t i = 0; i < s.len; i++) {
		bool blank = s.p[i] == ' ' || s.p[i] == '"';

		n += !blank && !inside;
		inside = !blank;
	}
	return n;
}

static uint64_t count_input(struct str body)
{
	struct jwalk w;
	enum jstep step;
	uint64_t n = 0;

	jwalk_init(&w, body, 256, true);
	while ((step = jwalk_next(&w)) != JSTEP_END && step != JSTEP_BAD)
		if (step == JSTEP_VALUE && w.v.type == J_STRING && is_text_key(w.key))
			n += count_words(w.v.raw);
	return n ? n : 1;
}

static enum flavour flavour_of(const struct mock_request *rq, struct str *path)
{
	static const char *const names[] = { "/openai/", "/openrouter/", "/litellm/", "/claude/",
					     "/gemini/" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (str_starts(*path, names[i])) {
			*path = str_sub(*path, strlen(names[i]) - 1, path->len);
			return (enum flavour)i;
		}
	}
	if (str_starts(*path, "/api/v1/"))
		return OPENROUTER;
	if (str_starts(*path, "/v1/messages") || mock_header(rq, "anthropic-version").len)
		return CLAUDE;
	if (str_starts(*path, "/v1beta/") || str_find(*path, ':') >= 0 ||
	    mock_header(rq, "x-goog-api-key").len)
		return GEMINI;
	return str_starts(*path, "/v1/") ? OPENAI : LITELLM;
}

static void read_model(struct ask *q, struct jval root)
{
	ptrdiff_t colon = str_find(q->path, ':');
	struct str name = q->path;

	if (q->flavour == GEMINI && colon > 0) {
		name = str_sub(name, 0, (size_t)colon);
		while (str_find(name, '/') >= 0)
			name = str_sub(name, (size_t)str_find(name, '/') + 1, name.len);
		str_copy(q->model, sizeof q->model, name);
	} else if (!jval_copy(jscan_get(root, "model"), q->model, sizeof q->model)) {
		q->model[0] = '\0';
	}
}

static void read_limit(struct ask *q, struct jval root, const struct mock_plan *plan)
{
	static const char *const names[] = { "max_tokens", "max_completion_tokens",
					     "max_output_tokens" };
	uint64_t limit;

	q->output = plan->output_set ? plan->output : N_WORDS;
	for (size_t i = 0; i <= sizeof names / sizeof names[0]; i++) {
		struct jval v =
		    i < sizeof names / sizeof names[0]
			? jscan_get(root, names[i])
			: jscan_path(root, "generationConfig", "maxOutputTokens", (char *)NULL);

		if (jval_u64(v, &limit) && limit < q->output) {
			q->output = limit;
			q->cut = true;
		}
	}
}

static bool read_ask(struct ask *q, const struct mock_request *rq, const struct mock_plan *plan)
{
	struct jval root = { J_NONE, STR_NULL };
	char alt[16];

	*q = (struct ask){
		.path = rq->path, .id = rq->number, .now = clock_wall_s(), .huge = plan->huge
	};
	q->flavour = flavour_of(rq, &q->path);
	if (rq->body.len && jscan_check(buf_str(&rq->body), 256, true, &root, NULL))
		return false;
	read_model(q, root);
	read_limit(q, root, plan);
	q->stream = jscan_get(root, "stream").type == J_TRUE;
	q->include_usage =
	    jscan_path(root, "stream_options", "include_usage", (char *)NULL).type == J_TRUE ||
	    jscan_path(root, "usage", "include", (char *)NULL).type == J_TRUE;
	q->sse = mock_query(rq->query, "alt", alt, sizeof alt) && !strcmp(alt, "sse");
	q->input = plan->input_set ? plan->input : count_input(buf_str(&rq->body));
	return true;
}

/* ---- writing ---- */

#define ADD(...) buf_addf(&a->body, __VA_ARGS__)

static void add_json(struct mock_answer *a, const char *z)
{
	buf_add_json(&a->body, str_c(z));
}

/* Word @i of the reply as a JSON text. */
static void add_word(const struct ask *q, struct mock_answer *a, uint64_t i)
{
	ADD("\"%s%s", i ? " " : "", words[i % N_WORDS]);
	if (i == 0)
		for (size_t k = 0; k < q->huge; k++)
			buf_add_byte(&a->body, 'x');
	ADD("\"");
}

/* The whole reply as a JSON text. */
static void add_reply(const struct ask *q, struct mock_answer *a)
{
	ADD("\"");
	for (uint64_t i = 0; i < q->output; i++)
		ADD("%s%s", i ? " " : "", words[i % N_WORDS]);
	for (size_t k = 0; k < q->huge; k++)
		buf_add_byte(&a->body, 'x');
	ADD("\"");
}

/* What brokers state: 0.15 and 0.60 USD for a million tokens. */
static void cost_text(const struct ask *q, char out[32])
{
	unsigned long long nano = (unsigned long long)(q->input * 150 + q->output * 600);

	snprintf(out, 32, "%llu.%09llu", nano / 1000000000, nano % 1000000000);
}

static void head(const struct ask *q, struct mock_answer *a, const char *type)
{
	char cost[32];

	a->stream = str_starts(str_c(type), "text/event-stream");
	buf_addf(&a->headers, "Content-Type: %s\r\n", type);
	switch (q->flavour) {
	case OPENAI:
		buf_addf(
		    &a->headers,
		    "x-request-id: req_mock%u\r\nopenai-processing-ms: 1\r\n"
		    "x-ratelimit-limit-requests: 10000\r\nx-ratelimit-remaining-requests: 9999\r\n",
		    q->id);
		break;
	case OPENROUTER:
		buf_addf(&a->headers, "x-generation-id: gen-mock%u\r\n", q->id);
		break;
	case LITELLM:
		cost_text(q, cost);
		buf_addf(&a->headers,
			 "x-litellm-call-id: mock-%u\r\nx-litellm-response-cost: %s\r\n", q->id,
			 a->stream ? "0.0" : cost);
		break;
	case CLAUDE:
		buf_addf(&a->headers,
			 "request-id: req_mock%u\r\nanthropic-ratelimit-requests-limit: 4000\r\n"
			 "anthropic-ratelimit-requests-remaining: 3999\r\n",
			 q->id);
		break;
	case GEMINI:
		break;
	}
}

static void openai_usage(const struct ask *q, struct mock_answer *a)
{
	char cost[32];

	ADD("{\"prompt_tokens\":%llu,\"completion_tokens\":%llu,\"total_tokens\":%llu,"
	    "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"
	    "\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0}",
	    (unsigned long long)q->input, (unsigned long long)q->output,
	    (unsigned long long)(q->input + q->output));
	if ((q->flavour == OPENROUTER && q->include_usage) ||
	    (q->flavour == LITELLM && q->stream)) {
		cost_text(q, cost);
		ADD(",\"cost\":%s", cost);
		if (q->flavour == OPENROUTER)
			ADD(",\"is_byok\":false,\"cost_details\":{\"upstream_inference_cost\":"
			    "null}");
	}
	ADD("}");
}

/* ---- chat completions ---- */

static void chat_begin(const struct ask *q, struct mock_answer *a, const char *object)
{
	ADD("{\"id\":\"%s%u\",", q->flavour == OPENROUTER ? "gen-mock" : "chatcmpl-mock", q->id);
	if (q->flavour == OPENROUTER)
		ADD("\"provider\":\"Mock\",");
	ADD("\"object\":\"%s\",\"created\":%lld,\"model\":", object, q->now);
	add_json(a, q->model);
	ADD(",\"choices\":[");
}

static void chat_chunk_end(const struct ask *q, struct mock_answer *a)
{
	ADD("]%s}\n\n", q->include_usage && q->flavour != OPENROUTER ? ",\"usage\":null" : "");
	answer_cut(a);
}

static void chat_stream(const struct ask *q, struct mock_answer *a)
{
	head(q, a, "text/event-stream; charset=utf-8");
	if (q->flavour == OPENROUTER) {
		ADD(": OPENROUTER PROCESSING\n\n");
		answer_cut(a);
	}
	for (uint64_t i = 0; i < q->output; i++) {
		ADD("data: ");
		chat_begin(q, a, "chat.completion.chunk");
		ADD("{\"index\":0,\"delta\":{%s\"content\":", i ? "" : "\"role\":\"assistant\",");
		add_word(q, a, i);
		ADD("},\"logprobs\":null,\"finish_reason\":null}");
		chat_chunk_end(q, a);
	}
	ADD("data: ");
	chat_begin(q, a, "chat.completion.chunk");
	ADD("{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"%s\"}",
	    q->cut ? "length" : "stop");
	chat_chunk_end(q, a);
	if (q->include_usage || q->flavour == OPENROUTER) {
		ADD("data: ");
		chat_begin(q, a, "chat.completion.chunk");
		ADD("],\"usage\":");
		openai_usage(q, a);
		ADD("}\n\n");
		answer_cut(a);
	}
	ADD("data: [DONE]\n\n");
}

static void chat(const struct ask *q, struct mock_answer *a)
{
	if (q->stream) {
		chat_stream(q, a);
		return;
	}
	head(q, a, "application/json");
	chat_begin(q, a, "chat.completion");
	ADD("{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":");
	add_reply(q, a);
	ADD(",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"%s\"}],\"usage\":",
	    q->cut ? "length" : "stop");
	openai_usage(q, a);
	ADD("}");
}

/* ---- responses ---- */

static void response_object(const struct ask *q, struct mock_answer *a, bool done)
{
	ADD("{\"id\":\"resp_mock%u\",\"object\":\"response\",\"created_at\":%lld,\"status\":\"%s\","
	    "\"error\":null,"
	    "\"incomplete_details\":%s,\"model\":",
	    q->id, q->now,
	    !done    ? "in_progress"
	    : q->cut ? "incomplete"
		     : "completed",
	    done && q->cut ? "{\"reason\":\"max_output_tokens\"}" : "null");
	add_json(a, q->model);
	ADD(",\"output\":[");
	if (done) {
		ADD("{\"id\":\"msg_mock%u\",\"type\":\"message\",\"status\":\"completed\",\"role\":"
		    "\"assistant\","
		    "\"content\":[{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],"
		    "\"text\":",
		    q->id);
		add_reply(q, a);
		ADD("}]}],\"usage\":{\"input_tokens\":%llu,\"input_tokens_details\":{\"cached_"
		    "tokens\":0},"
		    "\"output_tokens\":%llu,\"output_tokens_details\":{\"reasoning_tokens\":0},"
		    "\"total_tokens\":%llu}}",
		    (unsigned long long)q->input, (unsigned long long)q->output,
		    (unsigned long long)(q->input + q->output));
	} else {
		ADD("],\"usage\":null}");
	}
}

static void response_event(struct mock_answer *a, const char *type)
{
	ADD("event: %s\ndata: {\"type\":\"%s\",", type, type);
}

static void response_event_end(struct mock_answer *a, unsigned *sequence)
{
	ADD(",\"sequence_number\":%u}\n\n", (*sequence)++);
	answer_cut(a);
}

static void responses(const struct ask *q, struct mock_answer *a)
{
	static const char at[] = "\"output_index\":0,\"content_index\":0";
	unsigned n = 0;

	if (!q->stream) {
		head(q, a, "application/json");
		response_object(q, a, true);
		return;
	}
	head(q, a, "text/event-stream; charset=utf-8");
	response_event(a, "response.created");
	ADD("\"response\":");
	response_object(q, a, false);
	response_event_end(a, &n);
	response_event(a, "response.output_item.added");
	ADD("\"output_index\":0,\"item\":{\"id\":\"msg_mock%u\",\"type\":\"message\",\"status\":"
	    "\"in_progress\","
	    "\"role\":\"assistant\",\"content\":[]}",
	    q->id);
	response_event_end(a, &n);
	response_event(a, "response.content_part.added");
	ADD("\"item_id\":\"msg_mock%u\",%s,\"part\":{\"type\":\"output_text\",\"annotations\":[],"
	    "\"text\":\"\"}",
	    q->id, at);
	response_event_end(a, &n);
	for (uint64_t i = 0; i < q->output; i++) {
		response_event(a, "response.output_text.delta");
		ADD("\"item_id\":\"msg_mock%u\",%s,\"delta\":", q->id, at);
		add_word(q, a, i);
		response_event_end(a, &n);
	}
	response_event(a, "response.output_text.done");
	ADD("\"item_id\":\"msg_mock%u\",%s,\"text\":", q->id, at);
	add_reply(q, a);
	response_event_end(a, &n);
	response_event(a, q->cut ? "response.incomplete" : "response.completed");
	ADD("\"response\":");
	response_object(q, a, true);
	response_event_end(a, &n);
}

/* ---- messages ---- */

static void claude_usage(const struct ask *q, struct mock_answer *a, uint64_t output)
{
	ADD("\"usage\":{\"input_tokens\":%llu,\"cache_creation_input_tokens\":0,\"cache_read_input_"
	    "tokens\":0,"
	    "\"output_tokens\":%llu,\"service_tier\":\"standard\"}",
	    (unsigned long long)q->input, (unsigned long long)output);
}

static void claude_begin(const struct ask *q, struct mock_answer *a)
{
	ADD("{\"id\":\"msg_mock%u\",\"type\":\"message\",\"role\":\"assistant\",\"model\":", q->id);
	add_json(a, q->model);
}

static void messages(const struct ask *q, struct mock_answer *a)
{
	const char *reason = q->cut ? "max_tokens" : "end_turn";

	if (!q->stream) {
		head(q, a, "application/json");
		claude_begin(q, a);
		ADD(",\"content\":[{\"type\":\"text\",\"text\":");
		add_reply(q, a);
		ADD("}],\"stop_reason\":\"%s\",\"stop_sequence\":null,", reason);
		claude_usage(q, a, q->output);
		ADD("}");
		return;
	}
	head(q, a, "text/event-stream; charset=utf-8");
	ADD("event: message_start\ndata: {\"type\":\"message_start\",\"message\":");
	claude_begin(q, a);
	ADD(",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,");
	claude_usage(q, a, 1);
	ADD("}}\n\nevent: content_block_start\n"
	    "data: "
	    "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\","
	    "\"text\":\"\"}}\n\n"
	    "event: ping\ndata: {\"type\":\"ping\"}\n\n");
	answer_cut(a);
	for (uint64_t i = 0; i < q->output; i++) {
		ADD("event: content_block_delta\ndata: "
		    "{\"type\":\"content_block_delta\",\"index\":0,"
		    "\"delta\":{\"type\":\"text_delta\",\"text\":");
		add_word(q, a, i);
		ADD("}}\n\n");
		answer_cut(a);
	}
	ADD("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
	    "event: message_delta\ndata: "
	    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"%s\","
	    "\"stop_sequence\":null},\"usage\":{\"output_tokens\":%llu}}\n\n",
	    reason, (unsigned long long)q->output);
	answer_cut(a);
	ADD("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}

/* ---- generateContent ---- */

/* One element: word @i, or with @i = output the whole reply. */
static void gemini_element(const struct ask *q, struct mock_answer *a, uint64_t i)
{
	bool whole = i == q->output, last = whole || i + 1 == q->output;
	uint64_t output = whole ? i : i + 1;

	ADD("{\"candidates\":[{\"content\":{\"parts\":[{\"text\":");
	if (whole)
		add_reply(q, a);
	else
		add_word(q, a, i);
	ADD("}],\"role\":\"model\"},");
	if (last)
		ADD("\"finishReason\":\"%s\",", q->cut ? "MAX_TOKENS" : "STOP");
	ADD("\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":%llu,\"candidatesTokenCount\":%"
	    "llu,"
	    "\"totalTokenCount\":%llu,\"promptTokensDetails\":[{\"modality\":\"TEXT\","
	    "\"tokenCount\":%llu}]},"
	    "\"modelVersion\":",
	    (unsigned long long)q->input, (unsigned long long)output,
	    (unsigned long long)(q->input + output), (unsigned long long)q->input);
	add_json(a, q->model);
	ADD(",\"responseId\":\"mock%u\"}", q->id);
}

static void generate(const struct ask *q, struct mock_answer *a, bool stream)
{
	head(q, a, stream && q->sse ? "text/event-stream" : "application/json; charset=UTF-8");
	a->stream = stream;
	if (!stream) {
		gemini_element(q, a, q->output);
		return;
	}
	for (uint64_t i = 0; i < q->output || i == 0; i++) {
		ADD("%s", q->sse ? "data: " : i ? ",\r\n" : "[");
		gemini_element(q, a, i);
		if (q->sse)
			ADD("\r\n\r\n");
		answer_cut(a);
	}
	if (!q->sse)
		ADD("]\n");
}

/* ---- the rest ---- */

static void embeddings(const struct ask *q, struct mock_answer *a, const struct mock_request *rq)
{
	struct jval root, input;
	struct jiter it;
	struct str key;
	struct jval v;
	unsigned n = 0;

	head(q, a, "application/json");
	ADD("{\"object\":\"list\",\"data\":[");
	if (!jscan_check(buf_str(&rq->body), 256, true, &root, NULL)) {
		input = jscan_get(root, "input");
		for (jiter_init(&it, input);
		     n == 0 || (input.type == J_ARRAY && jiter_next(&it, &key, &v)); n++) {
			if (n == 0 && input.type == J_ARRAY && !jiter_next(&it, &key, &v))
				break;
			ADD("%s{\"object\":\"embedding\",\"index\":%u,\"embedding\":[0.0%u,-0.25,0."
			    "5,0.125]}",
			    n ? "," : "", n, n % 9 + 1);
		}
	}
	ADD("],\"model\":");
	add_json(a, q->model);
	ADD(",\"usage\":{\"prompt_tokens\":%llu,\"total_tokens\":%llu}}",
	    (unsigned long long)q->input, (unsigned long long)q->input);
}

static const struct {
	enum flavour flavour;
	const char *id;
} models[] = {
	{ OPENAI, "gpt-4o" },
	{ OPENAI, "gpt-4o-mini" },
	{ OPENAI, "text-embedding-3-small" },
	{ OPENROUTER, "openai/gpt-4o-mini" },
	{ OPENROUTER, "anthropic/claude-sonnet-4.5" },
	{ LITELLM, "gpt-4o-mini" },
	{ CLAUDE, "claude-sonnet-4-5" },
	{ CLAUDE, "claude-haiku-5-5" },
	{ GEMINI, "gemini-3.1-flash-lite" },
	{ GEMINI, "gemini-3.1-pro-preview" },
};

static void add_model(struct mock_answer *a, enum flavour flavour, const char *id)
{
	switch (flavour) {
	case OPENAI:
	case LITELLM:
		ADD("{\"id\":\"%s\",\"object\":\"model\",\"created\":1715367049,\"owned_by\":"
		    "\"mock\"}",
		    id);
		break;
	case OPENROUTER:
		ADD("{\"id\":\"%s\",\"context_length\":128000,"
		    "\"pricing\":{\"prompt\":\"0.00000015\",\"completion\":\"0.0000006\"}}",
		    id);
		break;
	case CLAUDE:
		ADD("{\"type\":\"model\",\"id\":\"%s\",\"display_name\":\"%s\",\"created_at\":"
		    "\"2025-09-29T00:00:00Z\"}",
		    id, id);
		break;
	case GEMINI:
		ADD("{\"name\":\"models/%s\",\"version\":\"001\",\"displayName\":\"%s\"}", id, id);
		break;
	}
}

static void list_models(const struct ask *q, struct mock_answer *a)
{
	unsigned n = 0;

	head(q, a, "application/json");
	ADD(q->flavour == GEMINI   ? "{\"models\":["
	    : q->flavour == CLAUDE ? "{\"has_more\":false,\"data\":["
				   : "{\"object\":\"list\",\"data\":[");
	for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
		if (models[i].flavour == q->flavour) {
			ADD("%s", n++ ? "," : "");
			add_model(a, q->flavour, models[i].id);
		}
	}
	ADD("]}");
}

/* ---- errors ---- */

struct error_kind {
	int status;
	const char *openai, *claude, *gemini;
};

static const struct error_kind error_kinds[] = {
	{ 400, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT" },
	{ 401, "invalid_request_error", "authentication_error", "UNAUTHENTICATED" },
	{ 402, "insufficient_quota", "billing_error", "FAILED_PRECONDITION" },
	{ 403, "permission_error", "permission_error", "PERMISSION_DENIED" },
	{ 404, "invalid_request_error", "not_found_error", "NOT_FOUND" },
	{ 429, "rate_limit_error", "rate_limit_error", "RESOURCE_EXHAUSTED" },
	{ 500, "server_error", "api_error", "INTERNAL" },
	{ 503, "server_error", "overloaded_error", "UNAVAILABLE" },
	{ 0, "server_error", "api_error", "UNKNOWN" },
};

static void error(const struct ask *q, struct mock_answer *a, int status, const char *message)
{
	const struct error_kind *k = error_kinds;
	struct ask free_of_charge = *q;

	free_of_charge.input = free_of_charge.output = 0;
	while (k->status && k->status != status)
		k++;
	answer_status(a, status);
	head(&free_of_charge, a, "application/json");
	switch (q->flavour) {
	case OPENAI:
	case LITELLM:
		ADD("{\"error\":{\"message\":\"%s\",\"type\":\"%s\",\"param\":null,\"code\":\"mock_"
		    "%d\"}}",
		    message, k->openai, status);
		break;
	case OPENROUTER:
		ADD("{\"error\":{\"code\":%d,\"message\":\"%s\"}}", status, message);
		break;
	case CLAUDE:
		ADD("{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"%s\"},\"request_"
		    "id\":\"req_mock%u\"}",
		    k->claude, message, q->id);
		break;
	case GEMINI:
		ADD("{\"error\":{\"code\":%d,\"message\":\"%s\",\"status\":\"%s\"}}", status,
		    message, k->gemini);
		break;
	}
}

/* The key where this provider looks for it: any, or exactly @key. */
static bool has_key(const struct ask *q, const struct mock_request *rq, const char *key)
{
	struct str got = mock_header(rq, "authorization");
	char query_key[256];

	if (str_starts(got, "Bearer "))
		got = str_sub(got, 7, got.len);
	if (q->flavour == CLAUDE && mock_header(rq, "x-api-key").len)
		got = mock_header(rq, "x-api-key");
	if (q->flavour == GEMINI) {
		if (mock_header(rq, "x-goog-api-key").len)
			got = mock_header(rq, "x-goog-api-key");
		else if (mock_query(rq->query, "key", query_key, sizeof query_key))
			got = str_c(query_key);
	}
	return key ? str_eq_c(got, key) : got.len > 0;
}

static bool is_models(struct str path)
{
	return str_ends(path, "/models") || (str_has(path, "/models/") && str_find(path, ':') < 0);
}

void llm_answer(const struct mock_request *rq, const struct mock_plan *plan, const char *key,
		struct mock_answer *a)
{
	bool get = !strcmp(rq->method, "GET"), post = !strcmp(rq->method, "POST");
	struct ask q;
	bool ok = read_ask(&q, rq, plan);

	answer_status(a, 200);
	if (plan->status >= 400)
		error(&q, a, plan->status, "The mock provider was told to refuse this request.");
	else if (!has_key(&q, rq, key))
		error(&q, a, 401, "Incorrect API key provided.");
	else if (!ok)
		error(&q, a, 400, "The body is not JSON.");
	else if (get && is_models(q.path))
		list_models(&q, a);
	else if (post && q.flavour != GEMINI && !q.model[0])
		error(&q, a, 400, "You must provide a model parameter.");
	else if (post && str_ends(q.path, "/chat/completions"))
		chat(&q, a);
	else if (post && str_ends(q.path, "/responses"))
		responses(&q, a);
	else if (post && str_ends(q.path, "/embeddings"))
		embeddings(&q, a, rq);
	else if (post && str_ends(q.path, "/messages"))
		messages(&q, a);
	else if (post && str_ends(q.path, "/messages/count_tokens")) {
		head(&q, a, "application/json");
		ADD("{\"input_tokens\":%llu}", (unsigned long long)q.input);
	} else if (post && str_ends(q.path, ":generateContent"))
		generate(&q, a, false);
	else if (post && str_ends(q.path, ":streamGenerateContent"))
		generate(&q, a, true);
	else if (post && str_ends(q.path, ":countTokens")) {
		head(&q, a, "application/json");
		ADD("{\"totalTokens\":%llu}", (unsigned long long)q.input);
	} else
		error(&q, a, 404, "The mock provider has nothing at this path.");
	if (plan->status && plan->status < 400)
		answer_status(a, plan->status);
}
