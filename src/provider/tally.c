/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "provider/tally.h"

enum { EVENT_DEPTH = 512 };

/* ---- members of an event ---- */

static struct jval *wanted(const struct wire *w, struct str key, struct jval out[EVENT_MEMBERS])
{
	for (unsigned i = 0; i < w->n_names; i++)
		if (w->names[i].len == key.len && !memcmp(w->names[i].z, key.p, key.len))
			return &out[i];
	if (memchr(key.p, '\\', key.len))
		for (unsigned i = 0; i < w->n_names; i++)
			if (jscan_key_is(key, w->names[i].z))
				return &out[i];
	return NULL;
}

bool members_read(const struct wire *w, struct str text, struct jval out[EVENT_MEMBERS])
{
	struct jval *open = NULL, *at;
	struct jwalk walk;

	for (unsigned i = 0; i < w->n_names; i++)
		out[i] = (struct jval){ J_NONE, STR_NULL };
	jwalk_init(&walk, text, EVENT_DEPTH, true);
	if (jwalk_next(&walk) != JSTEP_OPEN || walk.v.type != J_OBJECT)
		return false;
	for (;;) {
		switch (jwalk_next(&walk)) {
		case JSTEP_VALUE:
			if (walk.depth == 1 && (at = wanted(w, walk.key, out)))
				*at = walk.v;
			break;
		case JSTEP_OPEN:
			if (walk.depth == 1 && (open = wanted(w, walk.key, out)))
				*open = walk.v;
			break;
		case JSTEP_CLOSE:
			if (walk.depth == 1 && open)
				open->raw.len = (size_t)(walk.p - open->raw.p);
			break;
		case JSTEP_END:
			return true;
		case JSTEP_BAD:
			return false;
		}
	}
}

void member_start(struct member_iter *i, struct jval object)
{
	jiter_init(&i->it, object.type == J_OBJECT ? object : (struct jval){ J_NONE, STR_NULL });
}

bool member_next(struct member_iter *i, struct str *key, struct jval *v)
{
	struct jval quoted;

	if (!jiter_next(&i->it, key, v))
		return false;
	if (memchr(key->p, '\\', key->len)) {
		quoted = (struct jval){ J_STRING, { key->p - 1, key->len + 2 } };
		if (jval_copy(quoted, i->plain, sizeof i->plain))
			*key = str_c(i->plain);
	}
	return true;
}

void array_start(struct jiter *it, struct jval array)
{
	jiter_init(it, array.type == J_ARRAY ? array : (struct jval){ J_NONE, STR_NULL });
}

bool array_next(struct jiter *it, struct jval *v)
{
	struct str key;

	return jiter_next(it, &key, v);
}

/* ---- running totals ---- */

bool seen_first(struct seen *s, uint64_t salt, struct str text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ salt;

	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
	for (unsigned i = 0; i < s->n; i++)
		if (s->hash[i] == h)
			return false;
	if (s->n < SEEN_MAX)
		s->hash[s->n++] = h;
	return true;
}

uint64_t add_sat(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

uint64_t count_of(struct jval v)
{
	uint64_t n;

	return jval_u64(v, &n) ? n : 0;
}

void merge_count(uint64_t *total, struct jval v)
{
	uint64_t n = count_of(v);

	if (n)
		*total = n;
}

bool all_zero(const void *block, size_t size)
{
	const unsigned char *p = block;

	while (size && !*p) {
		p++;
		size--;
	}
	return !size;
}

void note_unknown_c(struct meter *m, const char *field)
{
	if (!m->r.unknown_field[0])
		snprintf(m->r.unknown_field, sizeof m->r.unknown_field, "%s", field);
}

static void note_key(struct meter *m, struct str key)
{
	if (m->r.unknown_field[0])
		return;
	key = str_sub(key, 0, sizeof m->r.unknown_field - 1);
	for (size_t i = 0; i < key.len; i++)
		m->r.unknown_field[i] = key.p[i] > 0x20 && key.p[i] < 0x7f ? key.p[i] : '?';
	m->r.unknown_field[key.len] = '\0';
}

/* Does @v hold a number above zero anywhere? */
static bool counts_something(struct jval v, unsigned depth)
{
	struct jiter it;
	struct jval each;
	struct str key;

	if (v.type == J_NUMBER && v.raw.p[0] != '-')
		for (size_t i = 0; i < v.raw.len && v.raw.p[i] != 'e' && v.raw.p[i] != 'E'; i++)
			if (v.raw.p[i] > '0' && v.raw.p[i] <= '9')
				return true;
	if (depth == 0 || (v.type != J_OBJECT && v.type != J_ARRAY))
		return false;
	jiter_init(&it, v);
	while (jiter_next(&it, &key, &each))
		if (counts_something(each, depth - 1))
			return true;
	return false;
}

/* Names of counts, as all vendors form them: prompt_tokens, promptTokenCount, tokenCount. */
static bool names_a_count(struct str key)
{
	return str_ends(key, "_tokens") || str_ends(key, "okenCount");
}

/* Negative, a fraction, a text, too large: such a count tells nothing, and nothing is not zero. */
static bool counts_readable(struct meter *m, struct jval v, unsigned depth)
{
	bool all = true;
	struct jiter it;
	struct jval each;
	struct str key;
	uint64_t n;

	if (depth == 0 || (v.type != J_OBJECT && v.type != J_ARRAY))
		return true;
	jiter_init(&it, v);
	while (jiter_next(&it, &key, &each)) {
		if (names_a_count(key) && each.type != J_NULL && !jval_u64(each, &n)) {
			note_key(m, key);
			all = false;
		}
		all = counts_readable(m, each, depth - 1) && all;
	}
	return all;
}

void usage_noted(struct meter *m, struct jval usage)
{
	/* a block of zeros changes nothing, not even how complete the usage is */
	if (!counts_something(usage, 4))
		return;
	m->usage_seen = true;
	m->dropped_since = false;
	m->unreadable = !counts_readable(m, usage, 4);
	m->usage_final = m->finished && !m->unreadable;
	m->r.usage = (struct usage){ .completeness = m->usage_final ? USAGE_FINAL : USAGE_PARTIAL };
	m->wire->fold(m);
}

void note_unknown(struct meter *m, struct str key, struct jval v)
{
	if (counts_something(v, 4))
		note_key(m, key);
}

uint64_t whole_of(struct meter *m, uint64_t whole, uint64_t part)
{
	if (part <= whole)
		return whole;
	m->r.usage.inconsistent = true;
	return add_sat(whole, part);
}

/* ---- the rest of a reading ---- */

bool set_text(char *dst, size_t size, struct jval v)
{
	char tmp[256];

	if (v.type != J_STRING || v.raw.len <= 2)
		return false;
	if (v.raw.len - 2 < size && !dst[v.raw.len - 2] && !memcmp(dst, v.raw.p + 1, v.raw.len - 2))
		return false;
	if (size > sizeof tmp || !jval_copy(v, tmp, size) || !strcmp(tmp, dst))
		return false;
	memcpy(dst, tmp, strlen(tmp) + 1);
	return true;
}

/* @text up to a whole character. */
static void cut(char *dst, size_t size, struct str text)
{
	size_t n = text.len < size ? text.len : size - 1;

	while (n && n < text.len && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++)
		dst[i] = text.p[i] ? text.p[i] : '?';
	dst[n] = '\0';
}

void cut_text(char *dst, size_t size, struct jval v)
{
	enum { MOST = 1 << 16 };
	struct buf b;

	if (v.type == J_NUMBER)
		cut(dst, size, v.raw);
	if (v.type != J_STRING)
		return;
	buf_init(&b, MOST);
	jval_text(v, &b); /* what did not fit would be cut anyway */
	cut(dst, size, buf_str(&b));
	buf_clear(&b);
}

void text_delivered(struct meter *m, uint64_t bytes)
{
	m->r.text_bytes = add_sat(m->r.text_bytes, bytes);
}

void text_seen(struct meter *m, struct jval v)
{
	m->text = v;
	m->texts++;
}

void text_event(struct meter *m, struct jval v)
{
	text_seen(m, v);
	text_delivered(m, jval_text_len(v));
}

void text_keep(struct meter *m, struct jval noise, struct jval number)
{
	if (m->texts == 1 && !m->told_more)
		memo_keep(&m->memo, m->event.raw, m->text, noise, number);
}

void finish_set(struct meter *m, enum reading_finish f, const char *raw)
{
	m->finished = true;
	m->r.finish = f;
	if (raw)
		snprintf(m->r.finish_raw, sizeof m->r.finish_raw, "%s", raw);
}

void finish_noted(struct meter *m, uint64_t index, struct jval v, const struct word *words)
{
	enum reading_finish f = FINISH_OTHER;

	if (v.type != J_STRING || v.raw.len <= 2)
		return;
	m->told_more = true;
	if (m->r.finish != FINISH_NONE && index > m->finish_index)
		return;
	m->finish_index = index;
	for (; words->z; words++)
		if (jval_str_eq(v, words->z))
			f = words->finish;
	finish_set(m, f, NULL);
	cut_text(m->r.finish_raw, sizeof m->r.finish_raw, v);
}

void error_noted(struct meter *m, struct jval object)
{
	struct jval type, kind;

	if (jval_is_null(object))
		return;
	m->told_more = true;
	m->r.has_error = true;
	m->finished = true; /* what usage follows now is all there will be */
	if (object.type == J_STRING)
		cut_text(m->r.error_message, sizeof m->r.error_message, object);
	if (object.type != J_OBJECT)
		return;
	type = jscan_get(object, "type");
	if (jval_is_null(type))
		type = jscan_get(object, "status"); /* Gemini */
	kind = jscan_path(object, "metadata", "error_type", (char *)NULL);
	cut_text(m->r.error_type, sizeof m->r.error_type, jval_is_null(type) ? kind : type);
	cut_text(m->r.error_code, sizeof m->r.error_code, jscan_get(object, "code"));
	cut_text(m->r.error_message, sizeof m->r.error_message, jscan_get(object, "message"));
}

void error_text(struct meter *m, struct str text)
{
	m->told_more = m->r.has_error = m->finished = true;
	cut(m->r.error_message, sizeof m->r.error_message, text);
}

/* Rule: providers/pricing.md "Tiers" */
void tier_named(struct meter *m, struct str name)
{
	static const struct {
		const char *z;
		enum price_tier tier;
	} tiers[] = {
		{ "default", TIER_STANDARD },	  { "auto", TIER_STANDARD },
		{ "standard", TIER_STANDARD },	  { "scale", TIER_STANDARD },
		{ "on_demand", TIER_STANDARD },	  { "provisioned_throughput", TIER_STANDARD },
		{ "unspecified", TIER_STANDARD }, { "flex", TIER_FLEX },
		{ "priority", TIER_PRIORITY },	  { "fast", TIER_PRIORITY },
		{ "batch", TIER_BATCH },	  { "ultrafast", TIER_UNPRICED },
	};
	ptrdiff_t skip;

	for (size_t i = 0; i < sizeof tiers / sizeof tiers[0]; i++)
		if (str_caseeq_c(name, tiers[i].z)) {
			m->r.tier = tiers[i].tier;
			return;
		}
	/* Gemini's longer names: ON_DEMAND_FLEX, SERVICE_TIER_PRIORITY */
	skip = str_find(name, '_');
	if (skip >= 0)
		tier_named(m, str_sub(name, (size_t)skip + 1, name.len));
	else
		note_unknown_c(m, "service_tier");
}

void tier_noted(struct meter *m, struct jval v)
{
	if (set_text(m->tier, sizeof m->tier, v))
		tier_named(m, str_c(m->tier));
}
