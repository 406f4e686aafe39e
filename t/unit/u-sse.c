/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events and JSON arrays in pieces: the same events whatever the sizes of reads. */
#include "config.h"

#include "codec/jarray.h"
#include "codec/sse.h"
#include "tap.h"

enum { MAX = 64 };

static struct buf data, seen;

/* Events as text: name, bar, data (or "too long"), slash. */
static void on_event(void *arg, struct str name, struct str text)
{
	(void)arg;
	buf_add_str(&seen, name);
	buf_add_byte(&seen, '|');
	buf_add_str(&seen, text.p ? text : STR_LIT("too long"));
	buf_add_byte(&seen, '/');
}

static void on_element(void *arg, struct str text)
{
	on_event(arg, STR_NULL, text);
}

static const char *events(struct str body, size_t first, size_t each)
{
	struct sse s;

	buf_reset(&seen);
	sse_init(&s, &data, on_event, NULL);
	for (size_t at = 0, n = first; at < body.len; at += n, n = each)
		sse_feed(&s, body.p + at, n < body.len - at ? n : body.len - at);
	sse_end(&s);
	return buf_c(&seen);
}

static const char *elements(struct str body, size_t first, size_t each)
{
	struct jarray a;

	buf_reset(&seen);
	jarray_init(&a, &data, on_element, NULL);
	for (size_t at = 0, n = first; at < body.len; at += n, n = each)
		jarray_feed(&a, body.p + at, n < body.len - at ? n : body.len - at);
	if (!a.closed)
		buf_add_c(&seen, "open");
	return buf_c(&seen);
}

static bool always(const char *(*read)(struct str, size_t, size_t), struct str body,
		   const char *want)
{
	for (size_t first = 0; first <= body.len; first++)
		for (size_t each = 1; each <= body.len + 1; each = each * 3 + 1)
			if (strcmp(read(body, first, each), want)) {
				printf("# first %zu, then %zu: %s\n", first, each, buf_c(&seen));
				return false;
			}
	return true;
}

#define EVENTS(body, want, what)   OK(always(events, STR_LIT(body), want), "%s", what)
#define ELEMENTS(body, want, what) OK(always(elements, STR_LIT(body), want), "%s", what)

static void test_lines(void)
{
	EVENTS("data: a\n\ndata:b\n\n", "|a/|b/", "one blank behind the colon is not content");
	EVENTS("data:  a \n\n", "| a /", "further blanks are");
	EVENTS("data: a\r\n\r\ndata: b\r\rdata: c\n\r\n", "|a/|b/|c/", "all line ends, mixed");
	EVENTS("data: a\r\r\ndata: b\r\n\n", "|a/|b/", "CR, then CR LF: an empty line each time");
	EVENTS("\xef\xbb\xbf"
	       "data: a\n\n",
	       "|a/", "a byte order mark at the start is dropped");
	EVENTS("\xef\xbb\xbf\xef\xbb\xbf"
	       "data: a\n\ndata: b\n\n",
	       "|b/", "a second one is not");
	EVENTS("\xef\xbb"
	       "data: a\n\ndata: b\n\n",
	       "|b/", "half of one is not");
	EVENTS(": hi\n:\ndata: a\n: between\ndata: b\n\n: bye", "|a\nb/",
	       "comments stand anywhere");
	EVENTS("data: a\ndata\ndata:\ndata: b\n\n", "|a\n\n\nb/", "data lines are joined");
	EVENTS("data\n\ndata:\n\n\n", "", "empty data is no event");
	EVENTS("data\ndata\n\n", "|\n/", "two empty data lines are a line end");
	EVENTS("event: x\n\ndata: a\n\n", "|a/", "a name without data is forgotten");
	EVENTS("event: x\nevent:y\ndata: a\n\ndata: b\n\n", "y|a/|b/", "the last name counts");
	EVENTS("data: a\nevent: late\n\n", "late|a/", "the name may come behind the data");
	EVENTS("id: 7\nretry: 1\nDATA: no\n data: no\ndatas: no\ndata: a\n\n", "|a/",
	       "other fields are ignored");
	EVENTS("eventeventevent: x\ndata: a\n\n", "|a/", "long fields are ignored");
	EVENTS("data: a\0b\n\n", "|a", "NUL is content");
	OK(buf_str(&seen).len == 5, "all of it");
	EVENTS("event: 0123456789012345678901234567890123456789012345678901234567890123456789\n"
	       "data: a\n\n",
	       "|a/", "a name beyond all names is none");
}

static void test_end(void)
{
	EVENTS("data: {\"a\":1}", "|{\"a\":1}/", "a whole JSON text needs no line end");
	EVENTS("event: e\ndata: {\"a\":1}\n", "e|{\"a\":1}/", "nor an empty line");
	EVENTS("data: {\"a\":1}\nda", "|{\"a\":1}/", "a broken line behind it is nothing");
	EVENTS("data: {\"a\":1\n", "", "half a text is dropped");
	EVENTS("data: a\n\ndata: [DONE]", "|a/|[DONE]/", "the end mark is taken");
	EVENTS("data: [DONE", "", "half of it is not");
	EVENTS("data: hello\n", "", "what is not JSON is not");
	EVENTS("", "", "nothing");
	EVENTS("\xef\xbb", "", "half a mark");
}

static void test_bound(void)
{
	EVENTS("data: 0123456789012345678901234567890123456789012345678901234567890123\n\n"
	       "data: a\n\n",
	       "|0123456789012345678901234567890123456789012345678901234567890123/|a/",
	       "an event may fill the buffer");
	EVENTS("event: e\ndata: 01234567890123456789012345678901234567890123456789012345678901234\n"
	       "data: x\n\ndata: a\n\n",
	       "e|too long/|a/", "one byte more, and it is told without its data");
	EVENTS("data: 01234567890123456789012345678901234567890123456789012345678901234",
	       "|too long/", "at the end as well");
	EVENTS("data: 0123456789012345678901234567890123456789012345678901234567890\ndata: ab\n\n",
	       "|0123456789012345678901234567890123456789012345678901234567890\nab/",
	       "line ends between count");
	EVENTS("data: 0123456789012345678901234567890123456789012345678901234567890\ndata: abc\n\n",
	       "|too long/", "towards the bound");
	OK(data.cap <= 256, "the buffer does not grow beyond its bound");
}

static void test_array(void)
{
	ELEMENTS("[{\"a\":1},{\"b\":[2,{}]}]", "|{\"a\":1}/|{\"b\":[2,{}]}/",
		 "objects of an array");
	ELEMENTS(" [ {}\r\n,\n[1] ]x[{}]", "|{}/|[1]/", "blanks; nothing behind its end is read");
	ELEMENTS("[{\"a\":\"]}\\\"[{\\\\\"}]", "|{\"a\":\"]}\\\"[{\\\\\"}/", "brackets in strings");
	ELEMENTS("[1,\"{\\\"}\",null,{}]", "|{}/", "other elements are passed over");
	ELEMENTS("[{},{\"a\"", "|{}/open", "whole elements of a broken array");
	ELEMENTS("[]", "", "an empty one");
	ELEMENTS("", "open", "nothing");
	ELEMENTS("]}[{}]", "|{}/", "brackets that close nothing");
	ELEMENTS("[{\"0123456789012345678901234567890123456789012345678901234567890\":1},{}]",
		 "|too long/|{}/", "an element beyond the bound");
}

int main(void)
{
	buf_init(&data, MAX);
	buf_init(&seen, 1 << 20);
	test_lines();
	test_end();
	test_bound();
	test_array();
	buf_clear(&data);
	buf_clear(&seen);
	return TAP_END;
}
