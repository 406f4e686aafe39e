/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/buf.h"

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_clear(struct buf *b)
{
	free(b->p);
	b->p = NULL;
	b->len = b->cap = 0;
	b->failed = false;
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->p)
		b->p[0] = '\0';
}

char *buf_room(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 256;
	char *p;

	if (n > b->max || b->len > b->max - n) {
		b->failed = true;
		return NULL;
	}
	if (b->len + n + 1 > b->cap || !b->p) {
		while (cap < b->len + n + 1)
			cap *= 2;
		p = realloc(b->p, cap);
		if (!p) {
			fputs("out of memory\n", stderr);
			abort();
		}
		b->p = p;
		b->cap = cap;
	}
	return b->p + b->len;
}

bool buf_add(struct buf *b, const void *p, size_t n)
{
	char *to;

	if (b->failed)
		return false;
	to = buf_room(b, n);
	if (!to)
		return false;
	if (n)
		memcpy(to, p, n);
	b->len += n;
	b->p[b->len] = '\0';
	return true;
}

bool buf_add_str(struct buf *b, struct str s)
{
	return buf_add(b, s.p, s.len);
}

bool buf_add_c(struct buf *b, const char *z)
{
	return buf_add(b, z, strlen(z));
}

bool buf_add_byte(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

bool buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	size_t free_bytes = b->cap - b->len;
	int n;
	char *to;

	if (b->failed)
		return false;
	va_start(ap, fmt);
	va_copy(again, ap);
	/* mostly it fits */
	n = vsnprintf(free_bytes ? b->p + b->len : NULL, free_bytes, fmt, ap);
	va_end(ap);
	to = n < 0 ? NULL : buf_room(b, (size_t)n);
	if (to) {
		if ((size_t)n >= free_bytes)
			vsnprintf(to, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	} else {
		if (free_bytes)
			b->p[b->len] = '\0';
		b->failed = true;
	}
	va_end(again);
	return to != NULL;
}

bool buf_add_u64(struct buf *b, uint64_t v)
{
	char text[20], *p = text + sizeof text;

	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	return buf_add(b, p, (size_t)(text + sizeof text - p));
}

/* Length of the well-formed UTF-8 sequence at the head of @s, or 0. */
static size_t utf8_head(struct str s)
{
	uint8_t c = (uint8_t)s.p[0];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return n <= s.len && str_utf8(str_sub(s, 0, n)) ? n : 0;
}

bool buf_add_json(struct buf *b, struct str s)
{
	size_t i = 0;

	buf_add_byte(b, '"');
	while (i < s.len) {
		unsigned char c = (unsigned char)s.p[i];
		size_t run = i;

		while (run < s.len && (unsigned char)s.p[run] >= 0x20 && (unsigned char)s.p[run] < 0x80 &&
		       s.p[run] != '"' && s.p[run] != '\\')
			run++;
		if (run > i) {
			buf_add(b, s.p + i, run - i);
			i = run;
			continue;
		}
		if (c == '"' || c == '\\') {
			buf_add_byte(b, '\\');
			buf_add_byte(b, (char)c);
			i++;
		} else if (c < 0x20) {
			static const char shorts[] = "\b\t\n\f\r", names[] = "btnfr";
			const char *q = c ? strchr(shorts, c) : NULL;

			if (q)
				buf_addf(b, "\\%c", names[q - shorts]);
			else
				buf_addf(b, "\\u%04x", (unsigned)c);
			i++;
		} else {
			size_t n = utf8_head(str_sub(s, i, s.len));

			if (n)
				buf_add(b, s.p + i, n);
			else
				buf_add(b, "\xef\xbf\xbd", 3);
			i += n ? n : 1;
		}
	}
	return buf_add_byte(b, '"');
}

struct str buf_str(const struct buf *b)
{
	return (struct str){ b->p, b->len };
}

const char *buf_c(const struct buf *b)
{
	return b->p ? b->p : "";
}
