/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv - read comma separated records in place, and write fields.
 *
 * Rule:    RFC 4180; lines may also end with LF alone, empty lines are skipped, a byte order mark
 *          in front is dropped
 * Layer:   codec; calls util
 * Threads: no shared state
 */
#ifndef GW_CODEC_CSV_H
#define GW_CODEC_CSV_H

#include "util/buf.h"

struct csv {
	char *p, *end;
	unsigned line;	    /* where the record starts that was read last, from 1 */
	const char *why;    /* what is wrong with it */
	unsigned next_line; /* private */
};

/* @text is borrowed and changed: fields are views into it. */
void csv_init(struct csv *c, char *text, size_t len);
/* 1: a record of *n fields; 0: the end; -1: c->why, also when there are more than @max. */
int csv_next(struct csv *c, struct str *field, unsigned max, unsigned *n) GW_MUST_CHECK;

/* One field, with quotes where it needs them. */
bool csv_add(struct buf *b, struct str field);

#endif
