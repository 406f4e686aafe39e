/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "provider/request.h"

/*
 * One pass. The walk keeps a frame for each open container that has a place in the grammar; below
 * a container without one nothing has a meaning, so no frame is needed there.
 */

/* A name's letters may take three bytes each. */
enum { KEY_MAX = 32, KEY_ROOM = 3 * KEY_MAX, ALSO_BIT = 32 };

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Every key that a reader may take for @name, whether it looks at letter case or not. */
static bool same_letters(struct str key, const char *name)
{
	for (size_t i = 0; i < key.len; i++)
		if (lower(key.p[i]) != lower(name[i]))
			return false; /* also at the end of a shorter name */
	return !name[key.len];
}

/*
 * @key with its escapes resolved and the two letters beyond ASCII that fold to k and s folded. A
 * key that is longer than any name has no p. false: it holds a NUL, and who knows where it ends.
 */
static bool plain_key(struct str key, char room[KEY_ROOM], struct str *out)
{
	size_t n = 0;

	*out = key;
	if (str_visible(key, KEY_MAX) && !memchr(key.p, '\\', key.len))
		return true;
	*out = STR_NULL;
	if (str_has(key, "\\u0000"))
		return false;
	if (!jval_copy((struct jval){ J_STRING, { key.p - 1, key.len + 2 } }, room, KEY_ROOM))
		return true;
	for (const char *p = room; *p; p++)
		if (!strncmp(p, "\u017f", 2)) {
			room[n++] = 's';
			p++;
		} else if (!strncmp(p, "\u212a", 3)) {
			room[n++] = 'k';
			p += 2;
		} else {
			room[n++] = *p;
		}
	*out = (struct str){ room, n };
	return true;
}

static const struct member_rule *find_in(const struct member_rule *list, struct str key)
{
	if (list && key.len)
		for (; list->name; list++)
			if (lower(key.p[0]) == list->name[0] && same_letters(key, list->name))
				return list;
	return NULL;
}

/* The number of @r within @list; two spellings of one member have the same. */
static unsigned rule_bit(const struct member_rule *list, const struct member_rule *r)
{
	while (r->twin)
		r--;
	return (unsigned)(r - list);
}

/*
 * The rule of member @key in @f, or NULL. Parsers differ in what they make of a member that stands
 * twice, and some do not look at letter case: a member that matters has one spelling and one place.
 */
static int find_rule(struct request_reader *q, struct request_frame *f, struct str key,
		     const struct member_rule **out, struct gw_err *e)
{
	const struct member_rule *list = q->grammar->at[f->place], *r;
	char room[KEY_ROOM];
	unsigned bit, also = 0;
	struct str plain;

	*out = NULL;
	if (!plain_key(key, room, &plain))
		return gw_fail(e, GWE_BAD_REQUEST, 0, "A member name holds a NUL");
	if (!plain.p)
		return 0;
	r = find_in(list, plain);
	if (!r && q->grammar->also) {
		list = q->grammar->also->at[f->place];
		r = find_in(list, plain);
		also = ALSO_BIT;
	}
	if (!r)
		return 0;
	if (!jscan_key_is(key, r->name))
		return gw_fail(e, GWE_BAD_REQUEST, 0, "The name of member '%s' must be written so",
			       r->name);
	bit = also + rule_bit(list, r);
	if (f->seen >> bit & 1)
		return gw_fail(e, GWE_BAD_REQUEST, 0, "Member '%s' stands twice", r->name);
	f->seen |= (uint64_t)1 << bit;
	*out = r;
	return 0;
}

uint64_t request_text_len(struct jval v)
{
	if (v.type != J_STRING)
		return 0;
	return memchr(v.raw.p, '\\', v.raw.len) ? jval_text_len(v) : v.raw.len - 2;
}

/* Of a member, with its quotes and colon; nothing for an element, whose key is an empty text. */
static uint64_t key_len(const struct jwalk *w)
{
	return w->key.p[0] ? w->key.len + 3 : 0;
}

/*
 * What may become tokens: the text as it would be printed without blanks, names and brackets
 * included, for tool definitions are read as they stand. The settings beside it are none.
 */
static void count_text(struct request_reader *q, const struct member_rule *rule)
{
	const struct jwalk *w = &q->w;
	uint64_t n;

	if (w->depth < 2) {
		if (w->v.type == J_STRING && (!rule || rule->fact != FACT_MODEL))
			q->v->text_bytes += request_text_len(w->v);
		return;
	}
	n = w->v.type == J_STRING ? request_text_len(w->v) + 2 : w->v.raw.len;
	q->v->text_bytes += n + 1 + key_len(w);
}

/* Is the string counted by its rule, or not at all? */
static bool counted_elsewhere(const struct request_frame *f, const struct member_rule *rule)
{
	if (!rule || f->array)
		return false;
	return rule->fact == FACT_INLINE || rule->fact == FACT_DATA || rule->fact == FACT_BASE64 ||
	       rule->fact == FACT_RESULT || rule->fact == FACT_LINK || rule->fact == FACT_FILE;
}

static int open_root(struct request_reader *q, struct gw_err *e)
{
	if (q->w.v.type != J_OBJECT)
		return gw_fail(e, GWE_INVALID_JSON, 0, "The body must be a JSON object");
	q->frame[0] = (struct request_frame){ .place = PLACE_ROOT };
	return 0;
}

/* The frame around the step; NULL where nothing has a meaning. */
static struct request_frame *frame_around(struct request_reader *q)
{
	unsigned d = q->w.depth;
	struct request_frame *f = d && d <= REQUEST_FRAMES ? &q->frame[d - 1] : NULL;

	return f && (f->place || (f->array && f->rule)) ? f : NULL;
}

/* The rule for the step's value, by its key or by that of the array it stands in. */
static int rule_of_step(struct request_reader *q, struct request_frame *f,
			const struct member_rule **out, struct gw_err *e)
{
	*out = NULL;
	if (!f)
		return 0;
	f->any = true;
	if (f->array) {
		*out = f->rule;
		return 0;
	}
	return find_rule(q, f, q->w.key, out, e);
}

static int step_open(struct request_reader *q, struct gw_err *e)
{
	struct jwalk *w = &q->w;
	struct request_frame *f = frame_around(q);
	const struct member_rule *rule;
	bool array = w->v.type == J_ARRAY;

	if (!w->depth)
		return open_root(q, e);
	if (w->depth > 1)
		q->v->text_bytes += key_len(w) + 1;
	if (rule_of_step(q, f, &rule, e))
		return -1;
	if (w->depth < REQUEST_FRAMES) {
		struct request_frame *mine = &q->frame[w->depth];

		*mine = (struct request_frame){ .rule = rule, .array = array };
		if (rule)
			mine->place = rule->next;
	}
	return rule ? request_take_fact(q, f, rule, w->v, e) : 0;
}

static int step_close(struct request_reader *q)
{
	struct jwalk *w = &q->w;
	struct request_frame *f;

	if (!w->depth) {
		q->end = (size_t)(w->v.raw.p - w->start);
		return 0;
	}
	if (w->depth > 1)
		q->v->text_bytes += 2;
	if (w->depth >= REQUEST_FRAMES)
		return 0;
	f = &q->frame[w->depth];
	if (f->place && !f->array)
		request_end_frame(q, f);
	/* containers whose whole extent matters */
	if (f->rule && !q->frame[w->depth - 1].array) {
		size_t end = (size_t)(w->p - w->start);

		if (f->rule->fact == FACT_FORCED) {
			q->forced.len = end - q->forced.at;
			q->forced_any = f->any;
		} else if (f->rule->fact == FACT_FORCED_FLAG) {
			q->flag.len = end - q->flag.at;
		} else if (f->rule->fact == FACT_PREDICTION) {
			q->v->prediction_bytes = q->v->text_bytes - q->before_prediction;
		}
	}
	return 0;
}

static int step_value(struct request_reader *q, struct gw_err *e)
{
	struct request_frame *f = frame_around(q);
	const struct member_rule *rule;

	if (!q->w.depth)
		return gw_fail(e, GWE_INVALID_JSON, 0, "The body must be a JSON object");
	if (rule_of_step(q, f, &rule, e))
		return -1;
	if (q->w.v.type != J_STRING || !counted_elsewhere(f, rule))
		count_text(q, rule);
	return rule ? request_take_fact(q, f, rule, q->w.v, e) : 0;
}

static int read_body(struct request_reader *q, const struct request_limits *l, struct gw_err *e)
{
	jwalk_init(&q->w, q->v->body, l->max_depth, false);
	for (;;) {
		int r = 0;

		switch (jwalk_next(&q->w)) {
		case JSTEP_VALUE:
			r = step_value(q, e);
			break;
		case JSTEP_OPEN:
			r = step_open(q, e);
			break;
		case JSTEP_CLOSE:
			r = step_close(q);
			break;
		case JSTEP_END:
			return 0;
		case JSTEP_BAD:
			return jwalk_fail(&q->w, e);
		}
		if (r)
			return -1;
	}
}

int provider_read_request(const struct route *r, struct str body, const struct request_limits *l,
			  struct arena *a, struct request_view *out, struct gw_err *e)
{
	const struct provider_ops *ops = provider_row_get(r->provider)->ops;
	struct request_reader q;

	*out = (struct request_view){ .body = body, .choices = 1, .stream = r->stream_by_path };
	out->model = r->model;
	if (r->get)
		return 0;
	/* the frames are filled as the walk opens them: zeroing them all would cost more */
	q.route = r;
	q.grammar = ops->grammar(r->api);
	q.arena = a;
	q.v = out;
	q.cap = q.forced = q.flag = (struct request_span){ J_NONE, 0, 0 };
	q.forced_any = false;
	q.before_prediction = 0;
	q.end = 0;
	if (read_body(&q, l, e))
		return -1;
	if (!out->model.len)
		return gw_fail(e, GWE_MODEL_NOT_SUPPORTED, 0, "Model not specified in request");
	return ops->finish ? ops->finish(&q, e) : 0;
}
