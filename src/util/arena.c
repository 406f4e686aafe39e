/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/arena.h"

#include <stdalign.h>
#include <stdarg.h>

enum { BLOCK = 4096 };

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	alignas(max_align_t) char data[];
};

void arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){ .max = max };
}

void arena_free(struct arena *a)
{
	while (a->top) {
		struct arena_block *b = a->top;

		a->top = b->next;
		free(b);
	}
	a->used = 0;
}

void arena_clear(struct arena *a)
{
	struct arena_block *keep = NULL;

	while (a->top) {
		struct arena_block *b = a->top;

		a->top = b->next;
		if (!keep && b->size == BLOCK) {
			keep = b;
		} else {
			free(b);
		}
	}
	if (keep) {
		keep->next = NULL;
		keep->used = 0;
	}
	a->top = keep;
	a->used = 0;
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b = a->top;
	const size_t al = alignof(max_align_t);
	void *p;

	if (n > a->max || a->used > a->max - n)
		return NULL;
	n = (n + al - 1) / al * al;
	if (!b || b->size - b->used < n) {
		size_t size = n > BLOCK ? n : BLOCK;

		b = malloc(sizeof *b + size);
		if (!b) {
			fputs("out of memory\n", stderr);
			abort();
		}
		b->size = size;
		b->used = 0;
		b->next = a->top;
		a->top = b;
	}
	p = b->data + b->used;
	b->used += n;
	a->used += n;
	memset(p, 0, n);
	return p;
}

struct str arena_dup(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.len + 1);

	if (!p)
		return STR_NULL;
	if (s.len)
		memcpy(p, s.p, s.len);
	return (struct str){ p, s.len };
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p = NULL;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n >= 0)
		p = arena_alloc(a, (size_t)n + 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}
