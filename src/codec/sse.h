/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sse - server-sent events out of reads of any size, for a tally on the side.
 *
 * Only the data of the event being gathered is kept, in a buffer that the caller lends; its
 * maximum bounds an event. An event beyond it is reported without its data, later ones are read
 * again. No byte is looked at more than a few times, whatever the sizes of reads.
 *
 * Rule:    providers/README.md "Event stream rules"
 * Layer:   codec; calls util
 * Threads: one parser belongs to one thread
 */
#ifndef GW_CODEC_SSE_H
#define GW_CODEC_SSE_H

#include "util/buf.h"

/*
 * @name is empty when the event has none. @data is never empty; its p is NULL when the event was
 * longer than the buffer may be. Both views die when the callback returns.
 */
typedef void (*sse_event_fn)(void *arg, struct str name, struct str data);

enum { SSE_NAME = 64 };

struct sse {
	sse_event_fn on_event;
	void *arg;
	struct buf *data; /* borrowed: the data of the event so far */
	/* private */
	unsigned char bom;	 /* bytes of the byte order mark seen so far; 4: past the start */
	unsigned char at;	 /* where in a line the next byte stands */
	unsigned char field_len; /* of the field's name so far; 255: longer than any that counts */
	bool after_cr, has_data, too_long;
	char field[8], name[SSE_NAME];
	size_t name_len; /* SSE_NAME: too long for any name that counts */
};

/* @data is emptied; it must live, and be left alone, until the parser is done with. */
void sse_init(struct sse *s, struct buf *data, sse_event_fn fn, void *arg);
void sse_feed(struct sse *s, const char *p, size_t n);
/*
 * The body ended. An event that lacks its empty line is handed over if its data is a complete
 * JSON text or [DONE], and dropped otherwise.
 */
void sse_end(struct sse *s);

#endif
