/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "provider/meter.h"

#include "provider/tally.h"

enum {
	DEFAULT_EVENT = 16 << 20,
	DEFAULT_BODY = 64 << 20,
	KEEP_BUFFER = 16 << 10,	  /* from one request to the next */
	STREAM_BUFFER = 256 << 10 /* from one event to the next */
};

/* ---- what is read ---- */

static const struct wire *wire_of(enum provider_id p, enum api a)
{
	switch (a) {
	case API_RESPONSES:
		return &wire_responses;
	case API_MESSAGES:
		return &wire_claude;
	case API_GENERATE:
		return &wire_gemini;
	case API_CHAT:
	case API_COMPLETIONS:
	case API_EMBEDDINGS:
	case API_IMAGES:
	case API_TRANSCRIPTIONS:
		return &wire_openai;
	case API_UNKNOWN:
	case API_MODELS:
	case API_COUNT_TOKENS:
		break;
	}
	/* for error bodies, and where nobody said what was asked */
	return p == PROVIDER_CLAUDE   ? &wire_claude
	       : p == PROVIDER_GEMINI ? &wire_gemini
				      : &wire_openai;
}

static bool is_free(enum api a)
{
	return a == API_MODELS || a == API_COUNT_TOKENS;
}

static bool is_error(const struct meter *m)
{
	return m->r.http_status && (m->r.http_status < 200 || m->r.http_status > 299);
}

static void release(struct meter *m, size_t keep)
{
	if (m->data.cap > keep)
		buf_clear(&m->data);
}

/* One whole JSON object. */
static void read_object(struct meter *m, struct str name, struct str text, bool body)
{
	struct jval v[EVENT_MEMBERS];

	m->memo.len = 0;
	m->texts = 0;
	m->told_more = false;
	if (!members_read(m->wire, text, v)) {
		m->r.unknown_events++;
		if (str_eq_c(name, "error"))
			error_text(m, text);
		return;
	}
	m->event = (struct jval){ J_OBJECT, str_trim(text) };
	if (body)
		m->wire->body(m, v);
	else
		m->wire->event(m, name, v);
	m->event = (struct jval){ J_NONE, STR_NULL };
}

static void drop(struct meter *m, struct str name)
{
	m->r.dropped_events++;
	m->dropped_since = true;
	if (m->wire->dropped)
		m->wire->dropped(m, name);
}

static void on_event(void *arg, struct str name, struct str data)
{
	struct meter *m = arg;
	uint64_t bytes;

	if (memo_match(&m->memo, data, &bytes)) {
		text_delivered(m, bytes);
		return;
	}
	if (!data.p)
		drop(m, name);
	else if (str_eq_c(data, "[DONE]"))
		m->ended = m->ended || m->wire->done_mark;
	else
		read_object(m, name, data, false);
	release(m, STREAM_BUFFER);
}

static void on_element(void *arg, struct str text)
{
	on_event(arg, STR_NULL, text);
}

/* ---- life ---- */

static void forget(struct meter *m, const struct meter_options *o)
{
	struct buf data = m->data;

	*m = (struct meter){ .data = data };
	m->max_event = o->max_event ? o->max_event : DEFAULT_EVENT;
	m->max_body = o->max_body ? o->max_body : DEFAULT_BODY;
	m->requested_us = o->us;
	m->wire = wire_of(o->provider, o->api);
	m->r.provider = o->provider;
	m->r.api = o->api;
	m->r.us = o->us;
	m->r.state = STATE_TRUNCATED; /* until it has ended */
	release(m, KEEP_BUFFER);
	buf_reset(&m->data);
}

struct meter *meter_new(const struct meter_options *o)
{
	struct meter *m = calloc(1, sizeof *m);

	if (!m) {
		fputs("out of memory\n", stderr);
		abort();
	}
	forget(m, o);
	return m;
}

void meter_free(struct meter *m)
{
	if (!m)
		return;
	buf_clear(&m->data);
	free(m);
}

void meter_reset(struct meter *m, const struct meter_options *o)
{
	forget(m, o);
}

/* ---- head ---- */

void meter_status(struct meter *m, int status)
{
	m->r.http_status = status;
	m->content = CONTENT_UNKNOWN; /* what an interim answer said is void */
	m->r.upstream_request_id[0] = '\0';
}

static enum content_kind content_kind(struct str type)
{
	ptrdiff_t end = str_find(type, ';');

	type = str_trim(end < 0 ? type : str_sub(type, 0, (size_t)end));
	if (str_caseeq_c(type, "text/event-stream"))
		return CONTENT_SSE;
	if (str_caseeq_c(type, "application/x-ndjson"))
		return CONTENT_LINES;
	if (str_caseeq_c(type, "application/json") || str_ends(type, "+json"))
		return CONTENT_JSON;
	if (str_caseeq_c(str_sub(type, 0, 5), "text/"))
		return CONTENT_TEXT;
	if (str_caseeq_c(str_sub(type, 0, 6), "audio/") ||
	    str_caseeq_c(str_sub(type, 0, 6), "image/") ||
	    str_caseeq_c(str_sub(type, 0, 6), "video/") ||
	    str_caseeq_c(type, "application/octet-stream"))
		return CONTENT_MEDIA;
	return CONTENT_UNKNOWN;
}

/* The one that the provider's support asks for wins over the one that all kinds of proxies set. */
static void request_id(struct meter *m, struct str name, struct str value)
{
	static const char *const own[PROVIDER_COUNT] = {
		[PROVIDER_OPENAI] = "x-request-id",	  [PROVIDER_OPENROUTER] = "x-generation-id",
		[PROVIDER_LITELLM] = "x-litellm-call-id", [PROVIDER_CLAUDE] = "request-id",
		[PROVIDER_GEMINI] = "x-request-id",
	};
	bool ours = str_caseeq_c(name, own[m->r.provider]);

	if (!ours && (m->r.upstream_request_id[0] || !str_caseeq_c(name, "x-request-id")))
		return;
	if (str_visible(value, sizeof m->r.upstream_request_id - 1) &&
	    !str_copy(m->r.upstream_request_id, sizeof m->r.upstream_request_id, value))
		m->r.upstream_request_id[0] = '\0';
}

void meter_header(struct meter *m, struct str name, struct str value)
{
	value = str_trim(value);
	if (str_caseeq_c(name, "content-type"))
		m->content = content_kind(value);
	else if (str_caseeq_c(name, "x-gemini-service-tier") && m->wire == &wire_gemini) {
		m->t.gemini.tier_by_header = true;
		tier_named(m, value);
	} else {
		request_id(m, name, value);
		stated_header(m, name, value);
	}
}

static void start_sse(struct meter *m)
{
	m->mode = METER_SSE;
	m->r.stream = true;
	m->data.max = m->max_event;
	sse_init(&m->sse, &m->data, on_event, m);
}

static void start_lines(struct meter *m)
{
	m->mode = METER_LINES;
	m->r.stream = true;
	m->data.max = m->max_event;
}

static void start_body(struct meter *m)
{
	m->mode = METER_BODY;
	m->data.max = m->max_body;
}

static void start_array(struct meter *m)
{
	m->mode = METER_ARRAY;
	m->r.stream = true;
	m->data.max = m->max_event;
	jarray_init(&m->array, &m->data, on_element, m);
}

void meter_head_end(struct meter *m)
{
	if (m->content == CONTENT_MEDIA || (is_free(m->r.api) && !is_error(m)))
		m->mode = METER_IGNORE;
	else if (m->content == CONTENT_SSE)
		start_sse(m);
	else if (m->content == CONTENT_LINES && !is_error(m))
		start_lines(m);
	else if (m->content == CONTENT_TEXT ||
		 (m->content == CONTENT_JSON && (m->wire != &wire_gemini || is_error(m))))
		start_body(m);
	else
		m->mode = METER_UNDECIDED;
	if (!is_error(m))
		stated_fold(m);
}

/* ---- body ---- */

/*
 * The first byte that says something tells what it is: an array of Gemini, another JSON text, or
 * events. Returns how many bytes in front of it mean nothing to any reader.
 */
static size_t decide(struct meter *m, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && strchr(" \t\r\n\xef\xbb\xbf", p[i]) && p[i])
		i++;
	if (i == n)
		return n;
	if (p[i] == '[' && m->wire == &wire_gemini && !is_error(m))
		start_array(m);
	else if (p[i] == '{' || p[i] == '[' || m->content == CONTENT_JSON || is_error(m))
		start_body(m);
	else
		start_sse(m);
	return i;
}

static void end_line(struct meter *m)
{
	struct str line = str_trim(buf_str(&m->data));

	if (m->line_lost)
		drop(m, STR_NULL);
	else if (line.len)
		on_event(m, STR_NULL, line);
	m->line_lost = false;
	buf_reset(&m->data);
}

/* Every line is an event. */
static void feed_lines(struct meter *m, const char *p, size_t n)
{
	while (n) {
		const char *end = memchr(p, '\n', n);
		size_t k = end ? (size_t)(end - p) : n;

		m->line_lost = m->line_lost || !buf_add(&m->data, p, k);
		if (!end)
			return;
		end_line(m);
		p += k + 1;
		n -= k + 1;
	}
}

void meter_feed(struct meter *m, const char *p, size_t n)
{
	size_t skip;

	if (m->mode == METER_UNDECIDED) {
		skip = decide(m, p, n);
		p += skip;
		n -= skip;
	}
	if (!n)
		return;
	switch (m->mode) {
	case METER_SSE:
		sse_feed(&m->sse, p, n);
		break;
	case METER_LINES:
		feed_lines(m, p, n);
		break;
	case METER_ARRAY:
		jarray_feed(&m->array, p, n);
		break;
	case METER_BODY:
		if (!m->r.dropped_events && !buf_add(&m->data, p, n)) {
			drop(m, STR_NULL);
			buf_clear(&m->data);
		}
		break;
	case METER_UNDECIDED:
	case METER_IGNORE:
		break;
	}
}

static void on_wrapped(void *arg, struct str text)
{
	struct meter *m = arg;

	if (text.p)
		read_object(m, STR_NULL, text, true);
}

/* A body is one object; Gemini wraps even errors in an array. */
static void read_body(struct meter *m)
{
	struct str text = buf_str(&m->data);
	struct jarray array;
	struct buf element;

	if (str_starts(text, "\xef\xbb\xbf"))
		text = str_sub(text, 3, text.len);
	text = str_trim(text);
	if (!str_starts(text, "[")) {
		read_object(m, STR_NULL, text, true);
		return;
	}
	buf_init(&element, text.len);
	jarray_init(&array, &element, on_wrapped, m);
	jarray_feed(&array, text.p, text.len);
	buf_clear(&element);
}

/* ---- end ---- */

/* Transcriptions come as plain text on request; it tells no usage. */
static bool plain_transcript(const struct meter *m)
{
	return m->r.api == API_TRANSCRIPTIONS && m->content == CONTENT_TEXT;
}

static bool whole(const struct meter *m, bool clean)
{
	switch (m->mode) {
	case METER_SSE:
		return m->ended || (clean && m->finished && m->wire->finish_is_end);
	case METER_LINES: /* which have no end mark */
		return m->ended || (clean && m->finished);
	case METER_ARRAY:
		return m->array.closed && m->finished;
	case METER_BODY:
		if (m->r.dropped_events || plain_transcript(m))
			return clean;
		return m->ended;
	case METER_UNDECIDED:
		return false;
	case METER_IGNORE:
		return clean;
	}
	return false;
}

static void set_state(struct meter *m, bool is_whole)
{
	struct reading *r = &m->r;

	if (is_error(m)) {
		r->state = STATE_ERROR;
		r->has_error = true;
	} else if (r->has_error || r->finish == FINISH_ERROR) {
		r->state = STATE_ERROR;
		r->finish = FINISH_ERROR;
	} else if (m->pending && is_whole) {
		r->state = STATE_PENDING;
	} else if (!is_whole || m->cancelled) {
		r->state = STATE_TRUNCATED;
	} else if (m->refused || r->finish == FINISH_REFUSAL ||
		   r->finish == FINISH_CONTENT_FILTER) {
		r->state = STATE_REFUSED;
	} else {
		r->state = STATE_COMPLETE;
	}
}

void meter_end(struct meter *m, bool clean)
{
	bool is_whole;

	if (m->mode == METER_SSE)
		sse_end(&m->sse);
	else if (m->mode == METER_LINES)
		end_line(m);
	else if (m->mode == METER_BODY && !m->r.dropped_events)
		read_body(m);
	if (plain_transcript(m))
		text_delivered(m, m->data.len);
	is_whole = whole(m, clean);
	set_state(m, is_whole);
	/* Rule: providers/README.md: the normal end came after a usage; nothing unread in between */
	if (m->usage_seen && is_whole && m->r.state != STATE_ERROR && !m->cancelled &&
	    !m->dropped_since && !m->unreadable)
		m->usage_final = true;
	if (m->usage_seen && m->usage_final)
		m->r.usage.completeness = USAGE_FINAL;
	release(m, KEEP_BUFFER);
}

const struct reading *meter_reading(const struct meter *m)
{
	return &m->r;
}

bool meter_is_final(const struct meter *m)
{
	return m->usage_seen && m->usage_final;
}
