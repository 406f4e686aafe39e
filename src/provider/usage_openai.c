/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire format of chat completions and its relatives: legacy completions, embeddings, images,
 * transcriptions; also as OpenRouter, LiteLLM and compatible servers speak it.
 *
 * Rule: providers/openai.md, openrouter.md "Usage and cost", litellm.md "Usage quirks"
 */
#include "config.h"

#include "provider/tally.h"
#include "util/decimal.h"

enum {
	M_CHOICES,
	M_USAGE,
	M_MODEL,
	M_TIER,
	M_ERROR,
	M_TYPE,
	M_DATA,
	M_DELTA,
	M_TEXT,
	M_SVG,
	M_OBJECT,
	M_NOISE
};

static const struct member_name names[] = {
	[M_CHOICES] = MEMBER("choices"), [M_USAGE] = MEMBER("usage"),
	[M_MODEL] = MEMBER("model"),	 [M_TIER] = MEMBER("service_tier"),
	[M_ERROR] = MEMBER("error"),	 [M_TYPE] = MEMBER("type"),
	[M_DATA] = MEMBER("data"),	 [M_DELTA] = MEMBER("delta"),
	[M_TEXT] = MEMBER("text"),	 [M_SVG] = MEMBER("svg_usage"),
	[M_OBJECT] = MEMBER("object"),	 [M_NOISE] = MEMBER("obfuscation"),
};
_Static_assert(sizeof names / sizeof names[0] <= EVENT_MEMBERS, "members of an event");

static const struct word finishes[] = {
	{ "stop", FINISH_STOP },
	{ "length", FINISH_LENGTH },
	{ "tool_calls", FINISH_TOOL_CALLS },
	{ "function_call", FINISH_TOOL_CALLS },
	{ "content_filter", FINISH_CONTENT_FILTER },
	{ "error", FINISH_ERROR },
	{ NULL, FINISH_NONE },
};

/* ---- usage ---- */

static bool key_in(struct str key, const char *const *known)
{
	for (; *known; known++)
		if (str_eq_c(key, *known))
			return true;
	return false;
}

static void read_details(struct meter *m, struct openai_details *total, struct jval v)
{
	static const char *const known[] = { "video_tokens", "accepted_prediction_tokens",
					     "rejected_prediction_tokens", NULL };
	struct openai_details d = { 0 };
	struct jval part, lifetimes = { J_NONE, STR_NULL };
	struct member_iter it;
	struct str key;

	member_start(&it, v);
	while (member_next(&it, &key, &part)) {
		if (KEY_IS(key, "text_tokens")) {
			d.text = count_of(part);
		} else if (KEY_IS(key, "cached_tokens")) {
			d.cached = count_of(part);
		} else if (KEY_IS(key, "cache_write_tokens")) {
			d.written = count_of(part);
		} else if (KEY_IS(key, "cache_creation_tokens")) {
			d.created = count_of(part);
		} else if (KEY_IS(key, "audio_tokens")) {
			d.audio = count_of(part);
		} else if (KEY_IS(key, "image_tokens")) {
			d.image = count_of(part);
		} else if (KEY_IS(key, "reasoning_tokens")) {
			d.reasoning = count_of(part);
		} else if (KEY_IS(key, "cached_tokens_details")) {
			d.cached_audio = count_of(jscan_get(part, "audio_tokens"));
			d.cached_image = count_of(jscan_get(part, "image_tokens"));
		} else if (KEY_IS(key, "cache_write_tokens_details")) {
			lifetimes = part;
		} else if (!key_in(key, known)) {
			note_unknown(m, key, part);
		}
	}
	/* Rule: providers/pricing.md "Columns": both lifetimes are booked like default writes */
	if (!d.written)
		d.written = add_sat(count_of(jscan_get(lifetimes, "ttl_30m_tokens")),
				    count_of(jscan_get(lifetimes, "ttl_12h_tokens")));
	if (!all_zero(&d, sizeof d))
		*total = d;
}

/* {"type": "duration", "seconds": 95.3} in milliseconds, rounded up. */
static uint64_t milliseconds(struct jval v)
{
	struct decimal seconds;
	uint64_t ms;

	if (v.type != J_NUMBER || !decimal_parse(&seconds, v.raw) ||
	    !decimal_ratio_ceil(&ms, seconds, 3, 1, 1))
		return 0;
	return ms;
}

/* Tools that the answer's maker ran and counted. */
static void read_server_tools(struct meter *m, struct jval v)
{
	merge_count(&m->r.tools[TOOL_WEB_SEARCH], jscan_get(v, "web_search_requests"));
	merge_count(&m->r.tools[TOOL_WEB_FETCH], jscan_get(v, "web_fetch_requests"));
}

static void usage_member(struct meter *m, struct str key, struct jval v, bool responses,
			 uint64_t *other)
{
	static const char *const known[] = { "total_tokens", "type",	      "service_tier",
					     "speed",	     "inference_geo", NULL };
	struct openai_totals *t = &m->t.openai;

	if (KEY_IS(key, "prompt_tokens") || KEY_IS(key, "input_tokens"))
		merge_count(&t->prompt, v);
	else if (KEY_IS(key, "completion_tokens") || KEY_IS(key, "output_tokens"))
		merge_count(&t->completion, v);
	else if (KEY_IS(key, "prompt_tokens_details") || KEY_IS(key, "input_tokens_details") ||
		 KEY_IS(key, "input_token_details"))
		read_details(m, &t->in, v);
	else if (KEY_IS(key, "completion_tokens_details") || KEY_IS(key, "output_tokens_details") ||
		 KEY_IS(key, "output_token_details"))
		read_details(m, &t->out, v);
	else if (KEY_IS(key, "cache_read_input_tokens"))
		merge_count(&t->cache_read, v);
	else if (KEY_IS(key, "cache_creation_input_tokens"))
		merge_count(&t->cache_creation, v);
	else if (KEY_IS(key, "seconds"))
		t->audio_ms = milliseconds(v) ? milliseconds(v) : t->audio_ms;
	else if (KEY_IS(key, "server_tool_use_details") || KEY_IS(key, "server_tool_use"))
		read_server_tools(m, v);
	else if (!key_in(key, known)) {
		/* Rule: protocol gateway.md 6: other counters of the responses form are input */
		if (responses && str_ends(key, "_tokens"))
			*other = add_sat(*other, count_of(v));
		note_unknown(m, key, v);
	}
}

void openai_usage_read(struct meter *m, struct jval usage, bool responses)
{
	struct openai_totals *t = &m->t.openai;
	uint64_t other = 0;
	struct jval v;
	struct member_iter it;
	struct str key;

	if (usage.type != J_OBJECT)
		return;
	member_start(&it, usage);
	while (member_next(&it, &key, &v))
		if (!stated_member(m, key, v))
			usage_member(m, key, v, responses, &other);
	if (other)
		t->other = other;
	stated_fold(m);
	if (t->prompt || t->completion || t->other || t->audio_ms || t->cache_read ||
	    t->cache_creation)
		usage_noted(m, usage);
}

static uint64_t first_of(uint64_t a, uint64_t b, uint64_t c)
{
	return a ? a : b ? b : c;
}

static bool images_have_prices(const struct meter *m)
{
	/* Rule: providers/openai.md "usage": on chat models images in the prompt are text */
	return m->r.api == API_IMAGES;
}

void openai_fold(struct meter *m)
{
	const struct openai_totals *t = &m->t.openai;
	struct usage *u = &m->r.usage;
	uint64_t aside;

	u->cached_input = first_of(t->in.cached, t->cache_read, 0);
	u->cache_write_5m = first_of(t->in.written, t->in.created, t->cache_creation);
	aside = add_sat(u->cached_input, u->cache_write_5m);
	u->input = whole_of(m, t->prompt, aside);
	u->input = whole_of(m, u->input, t->in.audio);
	u->output_audio = t->out.audio;
	u->output_image = t->out.image;
	u->input_audio = t->in.audio;
	u->cached_input_audio = t->in.cached_audio;
	if (images_have_prices(m)) {
		u->input = whole_of(m, u->input, add_sat(t->in.audio, t->in.image));
		u->input_image = t->in.image;
		u->cached_input_image = t->in.cached_image;
		/* images are what was asked for: what is not called text is one */
		if (!u->output_image && t->out.text < t->completion)
			u->output_image = t->completion - t->out.text;
	}
	u->input = add_sat(u->input, t->other);
	u->input_uncached = u->input - aside;
	u->reasoning = t->out.reasoning;
	u->output = whole_of(m, t->completion, t->out.reasoning);
	u->output = whole_of(m, u->output, add_sat(t->out.audio, t->out.image));
	u->audio_ms = t->audio_ms;
}

void openai_extra_usage(struct usage *out, struct jval usage)
{
	struct jval in = jscan_get(usage, "input_tokens_details");
	struct jval made = jscan_get(usage, "output_tokens_details");

	*out = (struct usage){ .completeness = USAGE_FINAL };
	out->input = out->input_uncached = count_of(jscan_get(usage, "input_tokens"));
	out->input_image = count_of(jscan_get(in, "image_tokens"));
	out->output = out->output_image = count_of(jscan_get(usage, "output_tokens"));
	if (!jval_is_null(jscan_get(made, "image_tokens")))
		out->output_image = count_of(jscan_get(made, "image_tokens"));
}

/* ---- choices ---- */

/* @place: of the call in its list, for one that has neither an id nor an index. */
static void tool_call(struct meter *m, uint64_t choice, uint64_t place, struct jval v)
{
	struct jval part, index = { J_NONE, STR_NULL }, id = index, function = index;
	bool named = false;
	char at[24];
	struct member_iter it;
	struct str key;

	member_start(&it, v);
	while (member_next(&it, &key, &part)) {
		if (KEY_IS(key, "index"))
			index = part;
		else if (KEY_IS(key, "id"))
			id = part;
		else if (KEY_IS(key, "function") || KEY_IS(key, "custom"))
			function = part;
	}
	member_start(&it, function);
	while (member_next(&it, &key, &part)) {
		if (KEY_IS(key, "arguments") || KEY_IS(key, "input"))
			text_event(m, part);
		else if (KEY_IS(key, "name"))
			named = part.type == J_STRING && part.raw.len > 2;
	}
	/* id and name come once, then pieces of the arguments */
	if (id.type == J_STRING && id.raw.len > 2) {
		key = id.raw;
	} else if (named) {
		snprintf(at, sizeof at, "%llu", (unsigned long long)place);
		key = index.type == J_NUMBER ? index.raw : str_c(at);
	} else {
		return;
	}
	m->told_more = true;
	if (seen_first(&m->seen, choice + 1, key))
		m->r.tools[TOOL_FUNCTION]++;
}

static void tool_calls(struct meter *m, uint64_t choice, struct jval list)
{
	uint64_t place = 0;
	struct jiter it;
	struct jval v;

	array_start(&it, list);
	for (; array_next(&it, &v); place++)
		if (v.type == J_OBJECT)
			tool_call(m, choice, place, v);
}

static void old_function_call(struct meter *m, uint64_t choice, struct jval v)
{
	if (v.type != J_OBJECT)
		return;
	text_delivered(m, jval_text_len(jscan_get(v, "arguments")));
	if (seen_first(&m->seen, choice + 1, STR_LIT("function_call")))
		m->r.tools[TOOL_FUNCTION]++;
}

/* A list of parts that have a text. */
static uint64_t content_len(struct jval v)
{
	struct jiter it;
	struct jval part;
	uint64_t n = 0;

	array_start(&it, v);
	while (array_next(&it, &part))
		n = add_sat(n, jval_text_len(jscan_get(part, "text")));
	return n;
}

/* Members of a message that few have. */
static void read_rare(struct meter *m, uint64_t choice, struct str key, struct jval v)
{
	uint64_t n = jval_text_len(v);

	if (KEY_IS(key, "content")) {
		text_delivered(m, content_len(v));
	} else if (KEY_IS(key, "refusal")) {
		text_delivered(m, n);
		m->refused = m->refused || n;
	} else if (KEY_IS(key, "function_call")) {
		old_function_call(m, choice, v);
	} else if (KEY_IS(key, "audio")) {
		text_delivered(m, jval_text_len(jscan_get(v, "transcript")));
	}
}

/* message, or delta */
static void read_message(struct meter *m, uint64_t choice, struct jval message)
{
	uint64_t reasoning = 0, n;
	struct member_iter it;
	struct str key;
	struct jval v;

	member_start(&it, message);
	while (member_next(&it, &key, &v)) {
		if (v.type == J_NULL)
			continue;
		if (KEY_IS(key, "content") && v.type == J_STRING) {
			text_event(m, v);
		} else if (KEY_IS(key, "reasoning") || KEY_IS(key, "reasoning_content")) {
			/* some servers tell the same under both names */
			n = jval_text_len(v);
			reasoning = n > reasoning ? n : reasoning;
			text_seen(m, v);
		} else if (KEY_IS(key, "tool_calls")) {
			tool_calls(m, choice, v);
		} else if (!KEY_IS(key, "role")) {
			m->told_more = true;
			read_rare(m, choice, key, v);
		}
	}
	text_delivered(m, reasoning);
}

static void read_choice(struct meter *m, struct jval choice)
{
	struct jval message = { J_NONE, STR_NULL }, finish = message, v;
	uint64_t index = 0;
	struct member_iter it;
	struct str key;

	member_start(&it, choice);
	while (member_next(&it, &key, &v)) {
		if (KEY_IS(key, "index"))
			index = count_of(v);
		else if (KEY_IS(key, "delta") || KEY_IS(key, "message"))
			message = v;
		else if (KEY_IS(key, "finish_reason"))
			finish = v;
		else if (KEY_IS(key, "text"))
			text_event(m, v);
		else if (KEY_IS(key, "error"))
			error_noted(m, v);
	}
	read_message(m, index, message);
	finish_noted(m, index, finish, finishes);
}

static void read_choices(struct meter *m, struct jval choices)
{
	struct jiter it;
	struct jval v;

	if (choices.type != J_ARRAY)
		return;
	if (m->r.api == API_UNKNOWN)
		m->r.api = API_CHAT;
	array_start(&it, choices);
	while (array_next(&it, &v))
		read_choice(m, v);
}

/* ---- events and bodies ---- */

/* image_generation.completed, transcript.text.done, speech.audio.done and their like. */
static void media_event(struct meter *m, const struct jval *v)
{
	bool image;

	if (jval_str_eq(v[M_TYPE], "error")) { /* without an object inside */
		error_noted(m, m->event);
		return;
	}
	if (jval_str_eq(v[M_TYPE], "transcript.text.delta"))
		text_delivered(m, jval_text_len(v[M_DELTA]));
	image = jval_str_eq(v[M_TYPE], "image_generation.completed") ||
		jval_str_eq(v[M_TYPE], "image_edit.completed");
	if (image)
		m->r.images++;
	if (image || jval_str_eq(v[M_TYPE], "transcript.text.done") ||
	    jval_str_eq(v[M_TYPE], "speech.audio.done"))
		m->finished = m->ended = true;
}

static void read_common(struct meter *m, const struct jval *v)
{
	set_text(m->r.model, sizeof m->r.model, v[M_MODEL]);
	tier_noted(m, v[M_TIER]);
	read_choices(m, v[M_CHOICES]);
	error_noted(m, v[M_ERROR]);
	if (v[M_SVG].type == J_OBJECT)
		note_unknown(m, STR_LIT("svg_usage"), v[M_SVG]);
}

/* Where nobody said which format it is: the responses API tells by its events' names. */
static bool is_response(const struct meter *m, const struct jval *v)
{
	char type[16];

	if (m->r.api != API_UNKNOWN)
		return false;
	if (jval_str_eq(v[M_OBJECT], "response"))
		return true;
	memset(type, 0, sizeof type);
	cut_text(type, sizeof type, v[M_TYPE]);
	return str_starts(str_c(type), "response.");
}

static bool change_wire(struct meter *m, struct jval out[EVENT_MEMBERS])
{
	m->r.api = API_RESPONSES;
	m->wire = &wire_responses;
	return members_read(m->wire, m->event.raw, out);
}

static void read_event(struct meter *m, struct str name, const struct jval *v)
{
	struct jval other[EVENT_MEMBERS];

	if (is_response(m, v)) {
		if (change_wire(m, other))
			m->wire->event(m, name, other);
		return;
	}
	read_common(m, v);
	if (str_eq_c(name, "error") && jval_is_null(v[M_ERROR]))
		error_noted(m, m->event);
	else if (v[M_TYPE].type == J_STRING && v[M_ERROR].type != J_OBJECT)
		media_event(m, v);
	openai_usage_read(m, v[M_USAGE], false);
	if (v[M_TYPE].type == J_NONE && v[M_SVG].type == J_NONE && jval_is_null(v[M_USAGE]))
		text_keep(m, v[M_NOISE], (struct jval){ J_NONE, STR_NULL });
}

static void read_body(struct meter *m, const struct jval *v)
{
	struct jval other[EVENT_MEMBERS], each;
	struct jiter it;

	if (is_response(m, v)) {
		if (change_wire(m, other))
			m->wire->body(m, other);
		return;
	}
	read_common(m, v);
	m->finished = m->ended = true;
	if (m->r.api == API_IMAGES && v[M_DATA].type == J_ARRAY) {
		array_start(&it, v[M_DATA]);
		while (array_next(&it, &each))
			m->r.images++;
	}
	if (m->r.api == API_TRANSCRIPTIONS)
		text_delivered(m, jval_text_len(v[M_TEXT]));
	openai_usage_read(m, v[M_USAGE], false);
}

const struct wire wire_openai = {
	.names = names,
	.n_names = sizeof names / sizeof names[0],
	.event = read_event,
	.body = read_body,
	.fold = openai_fold,
	.done_mark = true,
	.finish_is_end = true,
};
