/* SPDX-License-Identifier: Apache-2.0 */
/* Payment frames out of streams: the vectors of the real client in pieces of any size, and what it gets wrong. */
#include "config.h"

#include "client/frame_filter.h"
#include "tap.h"
#include "vectors.h"

enum { MAX = 1 << 22 };

static struct buf out, frames;
static size_t stop_after = MAX;

static bool on_bytes(void *arg, const char *p, size_t n)
{
	(void)arg;
	buf_add(&out, p, n);
	return out.len < stop_after;
}

static void on_frame(void *arg, struct str value)
{
	(void)arg;
	buf_add_str(&frames, value);
	buf_add_byte(&frames, '/');
}

static bool filter(enum payment_frame kind, struct str body, size_t first, size_t each)
{
	struct frame_filter f = { .kind = kind, .on_bytes = on_bytes, .on_frame = on_frame };
	bool ok = true;

	buf_reset(&out);
	buf_reset(&frames);
	frame_filter_init(&f);
	for (size_t at = 0, n = first; ok && at < body.len; at += n, n = each)
		ok = frame_filter_feed(&f, body.p + at, n < body.len - at ? n : body.len - at);
	ok = ok && frame_filter_end(&f);
	frame_filter_clear(&f);
	return ok;
}

/* The same in any pieces. */
static bool always(enum payment_frame kind, struct str body, struct str want, struct str values)
{
	for (size_t first = 0; first <= body.len; first++)
		for (size_t each = 1; each <= body.len + 1; each = each * 5 + 2)
			if (!filter(kind, body, first, each) || !str_eq(buf_str(&out), want) ||
			    !str_eq(buf_str(&frames), values)) {
				printf("# first %zu, then %zu: %s %s\n", first, each, buf_c(&out),
				       buf_c(&frames));
				return false;
			}
	return true;
}

static void read_list(struct vectors *vs, const char *name, const char *end, struct buf *b)
{
	struct jiter it;
	struct str key;
	struct jval v;

	buf_reset(b);
	jiter_init(&it, jscan_get(vs->v, name));
	while (jiter_next(&it, &key, &v)) {
		buf_add_str(b, vec_str_of(vs, v, name));
		buf_add_c(b, end);
	}
}

/* The frame's value, with a slash. */
static void add_frame(struct buf *b, struct str body)
{
	const char *from = memmem(body.p, body.len, "\"u", 2);

	if (from)
		buf_add(b, from + 1, strcspn(from + 1, "\""));
	buf_add_byte(b, '/');
}

static void vectors(void)
{
	struct buf body, values, want;
	struct vectors vs;

	buf_init(&body, MAX);
	buf_init(&values, MAX);
	buf_init(&want, MAX);
	vectors_open(&vs, "client-stream-filter");
	while (vectors_next(&vs)) {
		enum payment_frame kind = payment_frame_kind(vec_str(&vs, "contentType"));

		if (vec_has(&vs, "streamLike")) {
			OK((kind != FRAME_NONE) == vec_true(&vs, "streamLike"), "%s", vs.id);
			continue;
		}
		read_list(&vs, "chunks", "", &body);
		read_list(&vs, "paymentHeaders", "/", &values);
		buf_reset(&want);
		buf_add_str(&want, vec_str(&vs, "application"));
		if (!strcmp(vs.id, "FLT-006")) { /* it rewrites line ends, we do not */
			buf_reset(&want);
			buf_add_c(&want, "data: {\"a\":1}\r\n\r\ndata: {\"b\":2}\r\n\r\n\r\n\r\n");
		}
		if (!strcmp(vs.id, "FLT-010")) { /* it loses this frame, we do not */
			buf_reset(&values);
			add_frame(&values, buf_str(&body));
			OK(values.len > 100, "the frame of FLT-010");
		}
		OK(always(kind, buf_str(&body), buf_str(&want), buf_str(&values)), "%s %s", vs.id,
		   vec_text(&vs, "what"));
	}
	vectors_close(&vs);
	buf_clear(&body);
	buf_clear(&values);
	buf_clear(&want);
}

/* Records of any length, with a frame behind them. */
static void long_records(enum payment_frame kind, const char *head, const char *tail,
			 const char *frame)
{
	static const size_t lengths[] = { 65000, 65520, 65530, 65531, 65532, 65533,  65534,
					  65535, 65536, 65537, 65538, 65540, 131072, 500000 };
	struct buf body, want;
	bool ok = true;

	buf_init(&body, MAX);
	buf_init(&want, MAX);
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		buf_reset(&want);
		buf_add_c(&want, head);
		for (size_t n = 0; n < lengths[i]; n++)
			buf_add_byte(&want, 'x');
		buf_add_c(&want, tail);
		buf_reset(&body);
		buf_add_str(&body, buf_str(&want));
		buf_add_c(&body, frame);
		buf_add_c(&want, head);
		buf_add_c(&body, head);
		for (size_t each = 7; each < body.len * 13; each *= 13)
			ok &= filter(kind, buf_str(&body), 1, each) &&
			      str_eq(buf_str(&out), buf_str(&want)) &&
			      str_eq_c(buf_str(&frames), "ua/");
	}
	OK(ok, "records of kind %d may be long, and a frame behind one is found", (int)kind);
	buf_clear(&body);
	buf_clear(&want);
}

int main(void)
{
	buf_init(&out, MAX);
	buf_init(&frames, MAX);
	vectors();
	long_records(FRAME_SSE, "data: {\"a\":\"", "\"}\r\n\r\n",
		     "data: {\"nuwa_payment_header\":\"ua\"}\r\n\r\n");
	long_records(FRAME_SSE, "data: 1\ndata: ", "\nid: 5\n\n",
		     "data: {\"nuwa_payment_header\":\"ua\"}\n\n");
	long_records(FRAME_NDJSON, "{\"a\":\"", "\"}\n",
		     "\n{\"__nuwa_payment_header__\":\"ua\"}\n");
	OK(always(FRAME_SSE,
		  STR_LIT("data: {\"nuwa_payment_header\":\"ua\"} x\n\ndata: [\"nuwa_payment_header\"]\n\n"
			  "datax: {\"nuwa_payment_header\":\"ua\"}\n\n: {\"nuwa_payment_header\":\"ua\"}\n\n"),
		  STR_LIT("data: {\"nuwa_payment_header\":\"ua\"} x\n\ndata: [\"nuwa_payment_header\"]\n\n"
			  "datax: {\"nuwa_payment_header\":\"ua\"}\n\n: {\"nuwa_payment_header\":\"ua\"}\n\n"),
		  STR_NULL),
	   "what only looks like a frame is none");
	OK(always(FRAME_NDJSON,
		  STR_LIT("\n\n{\"a\":1}\n\n\n{\"nuwa_payment_header\":\"ua\"}\n\n{}"),
		  STR_LIT("\n\n{\"a\":1}\n\n\n{}"), STR_LIT("ua/")),
	   "other empty lines stay");
	OK(always(FRAME_NONE, STR_LIT("data: {\"nuwa_payment_header\":\"ua\"}\n\n"),
		  STR_LIT("data: {\"nuwa_payment_header\":\"ua\"}\n\n"), STR_NULL),
	   "a body that is no stream goes on as it is");
	stop_after = 3;
	OK(!filter(FRAME_SSE, STR_LIT("data: 1\n\ndata: 2\n\n"), 4, 4) &&
		   str_eq_c(buf_str(&out), "data: 1\n\n"),
	   "it stops when it is told to");
	buf_clear(&out);
	buf_clear(&frames);
	return TAP_END;
}
