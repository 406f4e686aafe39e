/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame_filter - take the gateway's payment frames out of a stream; all other bytes go on as they
 * came.
 *
 * A record (an event up to its empty line, or a line) is held until it is complete, or too long for a
 * frame. The frame may stand anywhere, more than once, and at the end without its line end. Of
 * NDJSON the empty line in front of a frame belongs to it.
 *
 * Rule:    protocol payment-channel.md 5, 9.5 (but a frame whose empty line is missing is found)
 * Layer:   client; calls ledger, codec, util
 * Threads: no shared state
 */
#ifndef GW_CLIENT_FRAME_FILTER_H
#define GW_CLIENT_FRAME_FILTER_H

#include "ledger/payment_header.h"

struct frame_filter {
	/* set by the caller before frame_filter_init */
	enum payment_frame kind;
	bool (*on_bytes)(void *arg, const char *p, size_t n); /* false stops */
	void (*on_frame)(void *arg, struct str value);	      /* the header's value */
	void *arg;

	/* private */
	struct buf held;  /* of the record so far */
	size_t line;	  /* where in it the last line begins */
	bool passing;	  /* the record is too long to be held */
	bool line_passed; /* bytes of its last line went on already */
	size_t blank;	  /* NDJSON: bytes of the empty line that is held in front */
	struct buf value;
};

void frame_filter_init(struct frame_filter *f);
void frame_filter_clear(struct frame_filter *f);
/* false: on_bytes said so. */
bool frame_filter_feed(struct frame_filter *f, const char *p, size_t n);
bool frame_filter_end(struct frame_filter *f);

#endif
