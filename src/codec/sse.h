/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sse - server-sent events out of reads of any size, for a tally on the side.
 *
 * The buffer of the event being gathered is bounded by @max_event; an event beyond it
 * is dropped and counted, later ones are read again. Memory is kept between events.
 *
 * Rule:    providers/README.md "Event stream rules"
 * Layer:   codec; calls util
 * Threads: one parser belongs to one thread
 */
#ifndef GW_CODEC_SSE_H
#define GW_CODEC_SSE_H

#include "util/buf.h"

/* @name is empty when the event has none. Both views die when the callback returns. */
typedef void (*sse_event_fn)(void *arg, struct str name, struct str data);

struct sse {
	sse_event_fn on_event;
	void *arg;
	struct buf line, data, name;
	unsigned char bom; /* bytes of the byte order mark seen so far; 4 = past the start */
	bool after_cr, has_data, dropping;
	uint64_t dropped; /* events beyond the bound */
};

void sse_init(struct sse *s, size_t max_event, sse_event_fn fn, void *arg);
void sse_clear(struct sse *s);
void sse_feed(struct sse *s, const char *p, size_t n);
/* The body ended: hand over a complete JSON text or [DONE] that lacks its empty line. */
void sse_end(struct sse *s);

#endif
