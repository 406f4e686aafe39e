/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memo - the last event of a stream that told nothing but text, so that the next one of the same
 * shape need not be parsed.
 *
 * Most events of a stream differ in the text they bring and in nothing else. An event whose bytes
 * are those of the remembered one, except that other well-formed strings stand in the places of
 * its varying ones, is as well-formed and means the same; only the text's length has to be found.
 *
 * Layer:   provider; calls codec, util
 * Threads: no shared state
 */
#ifndef GW_PROVIDER_MEMO_H
#define GW_PROVIDER_MEMO_H

#include "codec/jscan.h"

enum { MEMO_MAX = 1024, MEMO_SPANS = 3 };

enum memo_kind {
	MEMO_TEXT,   /* a string whose length counts */
	MEMO_STRING, /* one that means nothing */
	MEMO_NUMBER  /* digits that mean nothing */
};
struct memo_span {
	size_t at, end; /* strings: without the quotes */
	enum memo_kind kind;
};
struct memo {
	size_t len; /* 0: nothing is remembered */
	unsigned n;
	struct memo_span span[MEMO_SPANS];
	char text[MEMO_MAX];
};

/*
 * Remember @event (checked). @text: the string in it that counts; @noise, @number: what else may
 * vary, or J_NONE. An event that is too large is not remembered.
 */
void memo_keep(struct memo *m, struct str event, struct jval text, struct jval noise,
	       struct jval number);
/* Is @event of the remembered shape? Then @bytes is what its text has, escapes resolved. */
bool memo_match(const struct memo *m, struct str event, uint64_t *bytes);

#endif
