/* SPDX-License-Identifier: Apache-2.0 */
/* Event streams and arrays: what is read does not depend on how the bytes are cut into reads. */
#include "config.h"

#include "codec/jarray.h"
#include "codec/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { MAX = 200 };

static void on_event(void *arg, struct str name, struct str text)
{
	struct buf *seen = arg;

	if (!text.len && text.p)
		abort();
	buf_add_str(seen, name);
	buf_add_byte(seen, '\0');
	buf_add_str(seen, text);
	buf_add_byte(seen, text.p ? '\1' : '\2');
}

static void on_element(void *arg, struct str text)
{
	on_event(arg, STR_NULL, text);
}

/* Size of the next read: all, or what @steps gives in turn. */
static size_t next_size(struct str steps, size_t *i, size_t left)
{
	size_t n = steps.len ? (unsigned char)steps.p[(*i)++ % steps.len] % 32u + 1 : left;

	return n < left ? n : left;
}

static void read_in(struct buf *seen, struct str body, struct str steps)
{
	struct buf data, text;
	struct jarray a;
	struct sse s;
	size_t n, i = 0;

	buf_init(seen, 16 * body.len + 4096);
	buf_init(&data, MAX);
	buf_init(&text, MAX);
	sse_init(&s, &data, on_event, seen);
	for (size_t at = 0; at < body.len; at += n) {
		n = next_size(steps, &i, body.len - at);
		sse_feed(&s, body.p + at, n);
	}
	sse_end(&s);
	jarray_init(&a, &text, on_element, seen);
	for (size_t at = 0; at < body.len; at += n) {
		n = next_size(steps, &i, body.len - at);
		jarray_feed(&a, body.p + at, n);
	}
	if (data.cap > 2 * MAX || text.cap > 2 * MAX)
		abort();
	buf_clear(&data);
	buf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str body = { (const char *)p, n }, steps = str_sub(body, 0, 5);
	struct buf whole, cut;

	read_in(&whole, body, STR_NULL);
	read_in(&cut, body, steps);
	if (whole.failed || !str_eq(buf_str(&whole), buf_str(&cut)))
		abort();
	buf_clear(&whole);
	buf_clear(&cut);
	return 0;
}
