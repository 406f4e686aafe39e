/* SPDX-License-Identifier: Apache-2.0 */
/*
 * meter - reads an upstream's answer on the side, whatever the sizes of reads, and
 * folds it into a struct reading. It never delays or changes a byte and never fails:
 * what it cannot read stays unknown.
 *
 * Per fed chunk: no lock, no log; no allocation once its buffer has grown to the largest event.
 *
 * Rule:    providers/ (all pages)
 * Layer:   provider; calls billing (reading), codec
 * Threads: one meter belongs to one thread
 */
#ifndef GW_PROVIDER_METER_H
#define GW_PROVIDER_METER_H

#include "billing/reading.h"

struct meter;

struct meter_options {
	enum provider_id provider;
	enum api api;
	size_t max_event;	    /* 0: 16 MiB */
	size_t max_body;	    /* not streamed: the most that is kept for reading; 0: 64 MiB */
	bool us;		    /* configured data residency surcharge (pricing.md "Tiers") */
};

struct meter *meter_new(const struct meter_options *o);
void meter_free(struct meter *m);
/* For the next request on the same worker: forget everything, keep the buffers. */
void meter_reset(struct meter *m, const struct meter_options *o);
/* Answer head: status, then each header, then meter_head_end (decides SSE, JSON array or body). */
void meter_status(struct meter *m, int status);
void meter_header(struct meter *m, struct str name, struct str value);
void meter_head_end(struct meter *m);
/* Body bytes with any content coding already undone. */
void meter_feed(struct meter *m, const char *p, size_t n);
/* @clean: the body ended as announced. */
void meter_end(struct meter *m, bool clean);
/* Valid until reset or free; complete after meter_end, a lower bound before. */
const struct reading *meter_reading(const struct meter *m);
/* The usage so far came with the finish mark: nothing more is expected. */
bool meter_is_final(const struct meter *m);

#endif
