/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The meter by itself: the USE vectors, answers before and after their end, bounds of memory, what
 * a reset forgets. Whole answers of the providers are in u-meter-fixtures.
 */
#include "config.h"

#include "provider/meter.h"

#include <malloc.h>

#include "provider/provider.h"

#include "readings.h"
#include "tap.h"
#include "vectors.h"

static struct meter *meter;

static void begin(enum provider_id p, enum api api, const char *type)
{
	const struct meter_options o = { .provider = p, .api = api };

	meter_reset(meter, &o);
	meter_status(meter, 200);
	if (type)
		meter_header(meter, STR_LIT("Content-Type"), str_c(type));
	meter_head_end(meter);
}

static void feed(const char *z)
{
	meter_feed(meter, z, strlen(z));
}

static const struct reading *all(enum provider_id p, enum api api, const char *type,
				 const char *body)
{
	begin(p, api, type);
	feed(body);
	meter_end(meter, true);
	return meter_reading(meter);
}

/* ---- vectors ---- */

static enum provider_id provider_of(struct vectors *vs)
{
	enum provider_id p;

	if (!provider_find(vec_str(vs, "provider"), &p))
		vec_die(vs, "provider");
	return p;
}

static enum api api_of(enum provider_id p)
{
	return p == PROVIDER_CLAUDE   ? API_MESSAGES
	       : p == PROVIDER_GEMINI ? API_GENERATE
				      : API_UNKNOWN;
}

static bool same_count(struct jval required, const char *name, uint64_t n)
{
	uint64_t want;

	return jval_u64(jscan_get(required, name), &want) && want == n;
}

/* Counters are the plain prompt and the output. */
static bool as_required(const struct reading *r, struct jval required)
{
	struct jval usage = jscan_get(required, "usage");
	struct jval cost = jscan_get(required, "providerCostUsd");

	if (jval_is_null(cost) ? r->provider_cost[0] != '\0'
			       : !str_eq(cost.raw, str_c(r->provider_cost)))
		return false;
	/* nothing to be found: at most the prompt that an opening event tells */
	if (jval_is_null(usage))
		return r->usage.completeness != USAGE_FINAL && r->usage.output == 0;
	return same_count(usage, "promptTokens", r->usage.input_uncached) &&
	       same_count(usage, "completionTokens", r->usage.output);
}

static void feed_events(struct vectors *vs, size_t step)
{
	struct jiter it;
	struct str key;
	struct jval v;

	jiter_init(&it, jscan_get(vs->v, "events"));
	while (jiter_next(&it, &key, &v)) {
		struct str s = vec_str_of(vs, v, "events");

		for (size_t at = 0; at < s.len; at += step)
			meter_feed(meter, s.p + at, str_sub(s, at, step).len);
	}
	meter_end(meter, true);
}

static void stream_vector(struct vectors *vs)
{
	static const size_t steps[] = { 1 << 20, 37, 1, 2, 5 };
	enum provider_id p = provider_of(vs);

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		begin(p, api_of(p), "text/event-stream");
		feed_events(vs, steps[i]);
		OK(as_required(meter_reading(meter), jscan_get(vs->v, "required")),
		   "%s: in reads of %zu", vs->id, steps[i]);
	}
}

/* Bodies record the original; the pages say where a count is read more finely. */
static void body_vector(struct vectors *vs)
{
	struct jval usage = jscan_get(vs->v, "usage"), body = jscan_get(vs->v, "body");
	enum provider_id p = provider_of(vs);
	const struct reading *r;

	begin(p, api_of(p), "application/json");
	meter_feed(meter, body.raw.p, body.raw.len);
	meter_end(meter, true);
	r = meter_reading(meter);
	if (jval_is_null(usage)) {
		OK(r->usage.completeness == USAGE_NONE, "%s: no usage", vs->id);
		return;
	}
	OK(r->usage.completeness == USAGE_FINAL, "%s: final", vs->id);
	OK(same_count(usage, "promptTokens",
		      p == PROVIDER_CLAUDE ? r->usage.input_uncached : r->usage.input),
	   "%s: prompt", vs->id);
	OK(same_count(usage, "completionTokens", r->usage.output - r->usage.reasoning) ||
		   same_count(usage, "completionTokens", r->usage.output),
	   "%s: output", vs->id);
}

static void header_vector(struct vectors *vs)
{
	struct jval cost = jscan_get(vs->v, "providerCostUsd"), v;
	const struct meter_options o = { .provider = provider_of(vs), .api = API_CHAT };
	const char *stated;
	struct jiter it;
	struct str name;
	uint64_t zero = 1;

	meter_reset(meter, &o);
	meter_status(meter, 200);
	jiter_init(&it, jscan_get(vs->v, "headers"));
	while (jiter_next(&it, &name, &v))
		meter_header(meter, name, vec_str_of(vs, v, "headers"));
	meter_head_end(meter);
	feed("{\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}");
	meter_end(meter, true);
	stated = meter_reading(meter)->provider_cost;
	/* new: zero is none at LiteLLM, and its other name is not for billing */
	if (o.provider == PROVIDER_LITELLM &&
	    ((jval_u64(cost, &zero) && !zero) || !strcmp(vs->id, "USE-024")))
		OK(!stated[0], "%s: no amount", vs->id);
	else
		OK(jval_is_null(cost) ? !stated[0] : str_eq(cost.raw, str_c(stated)), "%s: %s",
		   vs->id, stated[0] ? stated : "no amount");
}

static void use_vectors(void)
{
	struct vectors vs;
	unsigned n = 0;

	vectors_open(&vs, "usage");
	for (; vectors_next(&vs); n++) {
		if (vec_is(&vs, "kind", "stream"))
			stream_vector(&vs);
		else if (vec_is(&vs, "kind", "header"))
			header_vector(&vs);
		else
			body_vector(&vs);
	}
	vectors_close(&vs);
	OK(n == 39, "%u vectors", n);
}

/* ---- on the way ---- */

#define CHUNK(text) \
	"data: {\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text \
	"\"},\"finish_reason\":null}],\"usage\":null}\n\n"
#define FINISH \
	"data: {\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":" \
	"\"stop\"}]}\n\n"
#define USAGE "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n"

static void before_the_end(void)
{
	const struct reading *r = meter_reading(meter);

	begin(PROVIDER_OPENAI, API_CHAT, "text/event-stream");
	feed(CHUNK("abc") CHUNK("d\\n\\u00e4\\\\") CHUNK("") CHUNK("\xc3\xa4"));
	OK(r->text_bytes == 3 + 5 + 0 + 2, "text is counted as UTF-8: %llu",
	   (unsigned long long)r->text_bytes);
	OK(r->state == STATE_TRUNCATED && !meter_is_final(meter), "it has not ended");
	feed(FINISH);
	OK(r->finish == FINISH_STOP && !meter_is_final(meter), "finished, without usage");
	feed(USAGE);
	OK(meter_is_final(meter) && r->usage.completeness == USAGE_FINAL && r->usage.input == 7,
	   "usage after the finish is final at once");
	meter_end(meter, false);
	OK(r->state == STATE_TRUNCATED && r->usage.completeness == USAGE_FINAL,
	   "and stays so when the connection breaks");
	OK(!strcmp(r->model, "gpt-4o") && r->stream && r->http_status == 200, "the rest of it");
}

/* Events of one shape are not parsed again: the same must come out as if they were. */
static void same_shape(void)
{
	static const char *const texts[] = { "a", "\\\"", "\\u0041", "\xff", "\\\\", "x\\ny", "" };
	uint64_t want = 0;

	begin(PROVIDER_OPENAI, API_CHAT, "text/event-stream");
	for (unsigned i = 0; i < 40; i++) {
		static const unsigned char len[] = { 1, 1, 1, 1, 1, 3, 0 };
		const char *t = texts[i % 7];

		feed("data: {\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"");
		feed(t);
		feed("\"},\"finish_reason\":null}],\"obfuscation\":\"");
		feed(&"abcdef"[i % 6]);
		feed("\"}\n\n");
		want += len[i % 7];
	}
	OK(meter_reading(meter)->text_bytes == want, "40 events of one shape");
	feed("data: {\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},"
	     "\"finish_reason\":null}],\"obfuscation\":\"a\"");
	feed(",\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":1}}\n\n");
	OK(meter_reading(meter)->usage.input == 2, "one that goes on is another shape");
	feed("data: {\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\tb\"},"
	     "\"finish_reason\":null}],\"obfuscation\":\"a\"}\n\n");
	OK(meter_reading(meter)->unknown_events == 1 &&
		   meter_reading(meter)->text_bytes == want + 1,
	   "a control byte in the text is no JSON in any shape");
	begin(PROVIDER_OPENAI, API_RESPONSES, "text/event-stream");
	for (unsigned i = 8; i < 12; i++) {
		char event[160];

		snprintf(
			event, sizeof event,
			"event: response.output_text.delta\ndata: "
			"{\"type\":\"response.output_text.delta\",\"delta\":\"xy\",\"sequence_number\":%u}\n\n",
			i);
		feed(event);
	}
	OK(meter_reading(meter)->text_bytes == 8, "numbers of a sequence may differ");
	feed("data: {\"type\":\"response.output_text.delta\",\"delta\":\"xy\",\"sequence_number\":01}\n\n");
	OK(meter_reading(meter)->unknown_events == 1, "but they have to be numbers");
}

static void heads(void)
{
	const struct meter_options o = { .provider = PROVIDER_LITELLM, .api = API_CHAT };
	const struct reading *r = meter_reading(meter);

	meter_reset(meter, &o);
	meter_status(meter, 100);
	meter_header(meter, STR_LIT("content-type"), STR_LIT("application/json"));
	meter_status(meter, 200);
	meter_header(meter, STR_LIT("X-Request-Id"), STR_LIT("other"));
	meter_header(meter, STR_LIT("X-LiteLLM-Call-Id"), STR_LIT("call-1"));
	meter_header(meter, STR_LIT("x-request-id"), STR_LIT("third"));
	meter_header(meter, STR_LIT("CONTENT-TYPE"), STR_LIT("Text/Event-Stream ; charset=utf-8"));
	meter_header(meter, STR_LIT("x-litellm-response-cost"), STR_LIT(" 2.6e-07 "));
	meter_head_end(meter);
	OK(!strcmp(r->upstream_request_id, "call-1"), "the provider's own id wins");
	OK(r->stream, "the last head counts; media types know no case");
	OK(!strcmp(r->provider_cost, "2.6e-07"), "an amount in the head");
	begin(PROVIDER_OPENAI, API_CHAT, NULL);
	feed("\n  ");
	feed(FINISH USAGE "data: [DONE]\n\n");
	meter_end(meter, true);
	OK(r->state == STATE_COMPLETE && r->usage.input == 7, "events without a media type");
	r = all(PROVIDER_OPENAI, API_CHAT, NULL, "\xef\xbb\xbf {\"usage\":{\"prompt_tokens\":4}}");
	OK(r->usage.input == 4 && r->usage.completeness == USAGE_FINAL, "a body without one");
	r = all(PROVIDER_OPENAI, API_UNKNOWN, "audio/mpeg", "\xff\xfb{\"usage\":1}");
	OK(r->state == STATE_COMPLETE && r->usage.completeness == USAGE_NONE, "sound is not read");
	r = all(PROVIDER_OPENAI, API_TRANSCRIPTIONS, "text/plain", "Hello there\n");
	OK(r->state == STATE_COMPLETE && r->text_bytes == 12, "a plain transcript");
	r = all(PROVIDER_OPENAI, API_CHAT, "text/html", "<html>");
	OK(r->state == STATE_TRUNCATED, "a page of some proxy is no answer");
	r = all(PROVIDER_CLAUDE, API_COUNT_TOKENS, "application/json", "{\"input_tokens\":99}");
	OK(r->usage.completeness == USAGE_NONE && r->state == STATE_COMPLETE, "counting is free");
}

static void odd_counts(void)
{
	const struct reading *r;

	r = all(PROVIDER_OPENAI, API_CHAT, "application/json",
		"{\"usage\":{\"prompt_tokens\":-5,\"completion_tokens\":1.5}}");
	OK(r->usage.completeness == USAGE_NONE, "counts that are none");
	r = all(PROVIDER_CLAUDE, API_MESSAGES, "application/json",
		"{\"model\":\"m\",\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":9,"
		"\"output_tokens\":1e30}}");
	OK(r->usage.completeness == USAGE_PARTIAL && r->usage.input == 9 && !r->usage.output &&
		   !strcmp(r->unknown_field, "output_tokens"),
	   "one that is none leaves a lower bound, and is noted");
	r = all(PROVIDER_GEMINI, API_GENERATE, "application/json",
		"{\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{"
		"\"promptTokenCount\":9,\"candidatesTokenCount\":null,\"promptTokensDetails\":"
		"[{\"modality\":\"AUDIO\",\"tokenCount\":\"9\"}]}}");
	OK(r->usage.completeness == USAGE_PARTIAL && !strcmp(r->unknown_field, "tokenCount"),
	   "also deep inside; null is merely absent");
	r = all(PROVIDER_OPENAI, API_RESPONSES, "application/json",
		"{\"status\":\"completed\",\"output\":[{\"type\":\"web_search_call\"}],"
		"\"tool_usage\":{\"web_search\":{\"num_requests\":0.5}}}");
	OK(r->tools[TOOL_WEB_SEARCH] == 1, "half a search is no better count than the items");
	r = all(PROVIDER_OPENAI, API_CHAT, "application/json",
		"{\"usage\":{\"prompt_tokens\":18446744073709551615,\"completion_tokens\":1,"
		"\"prompt_tokens_details\":{\"cached_tokens\":18446744073709551615,"
		"\"cache_write_tokens\":1}}}");
	OK(r->usage.input == UINT64_MAX && r->usage.cached_input == UINT64_MAX,
	   "the largest counts do not wrap");
	r = all(PROVIDER_OPENAI, API_CHAT, "application/json",
		"{\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"magic_tokens\":3,"
		"\"other\":null,\"zero_tokens\":0}}");
	OK(!strcmp(r->unknown_field, "magic_tokens"), "a field that nobody knows is noted");
	r = all(PROVIDER_OPENAI, API_CHAT, "application/json",
		"{\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"zero\":{\"a\":[0,0e5]}}}");
	OK(!r->unknown_field[0], "not one that counts nothing");
	r = all(PROVIDER_OPENAI, API_TRANSCRIPTIONS, "application/json",
		"{\"text\":\"x\",\"usage\":{\"type\":\"duration\",\"seconds\":9.0004}}");
	OK(r->usage.audio_ms == 9001, "parts of a millisecond round up");
	r = all(PROVIDER_OPENAI, API_IMAGES, "application/json",
		"{\"data\":[{\"b64_json\":\"A\"},{\"b64_json\":\"B\"}]}");
	OK(r->images == 2 && r->usage.completeness == USAGE_NONE,
	   "images without usage are counted");
	r = all(PROVIDER_CLAUDE, API_MESSAGES, "application/json",
		"{\"model\":\"m\",\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":1,"
		"\"cache_creation_input_tokens\":10,\"cache_creation\":{\"ephemeral_5m_input_tokens\":9,"
		"\"ephemeral_1h_input_tokens\":9},\"output_tokens\":1}}");
	OK(r->usage.inconsistent && r->usage.cache_write_5m == 9 && r->usage.cache_write_1h == 9,
	   "lifetimes that exceed what was written");
}

static void zeros(void)
{
	const struct reading *r = meter_reading(meter);

	begin(PROVIDER_OPENAI, API_CHAT, "text/event-stream");
	feed("data: {\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n" FINISH
	     "data: {\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0}}\n\n");
	meter_end(meter, false);
	OK(r->usage.completeness == USAGE_PARTIAL && r->usage.input == 7 && r->usage.output == 3,
	   "a usage of zeros tells nothing, not even that it is the last");
	r = all(PROVIDER_OPENAI, API_CHAT, "application/json",
		"{\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0}}");
	OK(r->usage.completeness == USAGE_NONE, "nor is it a usage by itself: unknown, not zero");
}

static void iterations(void)
{
	struct buf b;

	buf_init(&b, 1 << 16);
	buf_add_c(&b, "{\"model\":\"m\",\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":1,"
		      "\"output_tokens\":1,\"iterations\":[");
	for (int i = 0; i < READING_EXTRAS + 1; i++)
		buf_add_c(&b, "{\"type\":\"compaction\",\"input_tokens\":5,\"output_tokens\":2},");
	buf_add_c(&b, "{\"type\":\"message\",\"input_tokens\":1,\"output_tokens\":1}]}}");
	all(PROVIDER_CLAUDE, API_MESSAGES, "application/json", buf_c(&b));
	OK(meter_reading(meter)->n_extra == READING_EXTRAS && meter_reading(meter)->extras_dropped,
	   "more iterations than can be noted are told");
	buf_clear(&b);
}

/* ---- bounds ---- */

static size_t in_use(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void too_large(void)
{
	const struct meter_options o = {
		.provider = PROVIDER_OPENAI, .api = API_CHAT, .max_event = 4096, .max_body = 4096
	};
	const struct reading *r = meter_reading(meter);
	char many[1000];

	memset(many, 'x', sizeof many);
	meter_reset(meter, &o);
	meter_status(meter, 200);
	meter_header(meter, STR_LIT("content-type"), STR_LIT("text/event-stream"));
	meter_head_end(meter);
	feed(CHUNK("a") "data: {\"choices\":[{\"delta\":{\"content\":\"");
	for (int i = 0; i < 10; i++)
		meter_feed(meter, many, sizeof many);
	feed("\"}}]}\n\n" FINISH USAGE "data: [DONE]\n\n");
	meter_end(meter, true);
	OK(r->dropped_events == 1 && r->usage.completeness == USAGE_FINAL && r->usage.input == 7,
	   "an event too large is dropped, a later usage counts");
	meter_reset(meter, &o);
	meter_status(meter, 200);
	meter_header(meter, STR_LIT("content-type"), STR_LIT("text/event-stream"));
	meter_head_end(meter);
	feed("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":1}}\n\ndata: ");
	for (int i = 0; i < 10; i++)
		meter_feed(meter, many, sizeof many);
	feed("\n\n" FINISH "data: [DONE]\n\n");
	meter_end(meter, true);
	OK(r->state == STATE_COMPLETE && r->usage.completeness == USAGE_PARTIAL,
	   "an earlier one is a lower bound");
	meter_reset(meter, &o);
	meter_status(meter, 200);
	meter_header(meter, STR_LIT("content-type"), STR_LIT("application/json"));
	meter_head_end(meter);
	for (int i = 0; i < 10; i++)
		meter_feed(meter, many, sizeof many);
	meter_end(meter, true);
	OK(r->dropped_events == 1 && r->state == STATE_COMPLETE &&
		   r->usage.completeness == USAGE_NONE,
	   "a body too large tells nothing");
}

static void dropped_end(void)
{
	const struct meter_options o = { .provider = PROVIDER_OPENAI,
					 .api = API_RESPONSES,
					 .max_event = 256 };
	char many[300];

	memset(many, 'x', sizeof many);
	meter_reset(meter, &o);
	meter_status(meter, 200);
	meter_header(meter, STR_LIT("content-type"), STR_LIT("text/event-stream"));
	meter_head_end(meter);
	feed("event: response.completed\ndata: ");
	meter_feed(meter, many, sizeof many);
	feed("\n\n");
	meter_end(meter, true);
	OK(meter_reading(meter)->state == STATE_COMPLETE &&
		   meter_reading(meter)->finish == FINISH_STOP &&
		   meter_reading(meter)->usage.completeness == USAGE_NONE,
	   "the name of a last event tells the end even if its data was too large");
}

static void memory(void)
{
	const struct meter_options o = { .provider = PROVIDER_OPENAI, .api = API_CHAT };
	char *many = calloc(1, 1 << 20);
	size_t before = in_use(), idle, grown;
	struct meter *m = meter_new(&o);

	idle = in_use();
	OK(idle - before <= 16 << 10, "an idle meter takes %zu bytes", idle - before);
	memset(many, 'x', 1 << 20);
	meter_status(m, 200);
	meter_header(m, STR_LIT("content-type"), STR_LIT("text/event-stream"));
	meter_head_end(m);
	for (int i = 0; i < 1000; i++)
		meter_feed(m, CHUNK("abc"), strlen(CHUNK("abc")));
	grown = in_use();
	for (int i = 0; i < 1000; i++)
		meter_feed(m, CHUNK("abc"), strlen(CHUNK("abc")));
	OK(in_use() == grown && grown - idle <= 4096, "chunks do not make it grow");
	meter_feed(m, "data: ", 6);
	meter_feed(m, many, 1 << 20);
	meter_feed(m, "\n\n", 2);
	OK(in_use() - idle <= 4096, "nor does a large event once it is over");
	meter_feed(m, "data: ", 6);
	meter_feed(m, many, 1 << 20);
	meter_reset(m, &o);
	OK(in_use() - idle <= 4096, "a reset releases what was large");
	meter_free(m);
	free(many);
	meter_free(NULL);
}

static void forgets(void)
{
	struct reading fresh;

	begin(PROVIDER_OPENAI, API_CHAT, "text/event-stream");
	fresh = *meter_reading(meter);
	all(PROVIDER_OPENAI, API_RESPONSES, "application/json",
	    "{\"model\":\"m\",\"status\":\"failed\",\"service_tier\":\"flex\",\"tools\":[{\"type\":"
	    "\"web_search_preview\"}],\"output\":[{\"type\":\"function_call\"}],\"error\":{\"code\":"
	    "\"x\"},\"usage\":{\"input_tokens\":5,\"output_tokens\":5,\"odd_tokens\":1}}");
	begin(PROVIDER_OPENAI, API_CHAT, "text/event-stream");
	OK(readings_same(&fresh, meter_reading(meter)), "a reset forgets everything");
}

int main(void)
{
	const struct meter_options none = { .provider = PROVIDER_OPENAI };

	meter = meter_new(&none);
	use_vectors();
	before_the_end();
	same_shape();
	heads();
	odd_counts();
	zeros();
	iterations();
	too_large();
	dropped_end();
	memory();
	forgets();
	meter_free(meter);
	return TAP_END;
}
