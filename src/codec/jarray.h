/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jarray - the objects of one JSON array out of reads of any size, as they become whole.
 *
 * For answers that are streamed as an array. It counts brackets and knows strings, no more: an
 * element is checked by who reads it. Elements that are neither objects nor arrays are passed
 * over. A broken array still has whole elements.
 *
 * Rule:    providers/gemini.md "Streams" 2
 * Layer:   codec; calls util
 * Threads: one splitter belongs to one thread
 */
#ifndef GW_CODEC_JARRAY_H
#define GW_CODEC_JARRAY_H

#include "util/buf.h"

/* @text dies when the callback returns; its p is NULL when it was longer than the buffer may be. */
typedef void (*jarray_element_fn)(void *arg, struct str text);

struct jarray {
	jarray_element_fn on_element;
	void *arg;
	struct buf *text; /* borrowed: the element so far; its maximum bounds an element */
	bool closed;	  /* the array's own closing bracket was seen; nothing behind it is read */
	/* private */
	bool in_string, escaped, too_long;
	uint64_t depth; /* of brackets open, the array's own included */
};

/* @text is emptied; it must live, and be left alone, until the splitter is done with. */
void jarray_init(struct jarray *a, struct buf *text, jarray_element_fn fn, void *arg);
/* The first byte that is not blank has to be the opening bracket. */
void jarray_feed(struct jarray *a, const char *p, size_t n);

#endif
