/* SPDX-License-Identifier: Apache-2.0 */
/*
 * owed - charges whose T2 could not be written when their answer ended: the store was locked, full, out
 * of order. They are copied here and tried again, at every tick and once more at the drain, until the
 * store takes them: the answer was delivered. Meanwhile row and sub-channel stay leased to this process,
 * so nobody else closes them; nothing is told to the client that is not durable (I2).
 *
 * A charge is lost when somebody else has closed its row, when it can never be written, when too
 * many wait, or when the process ends first. Then its row is closed as lost as soon as that can be written,
 * and a line that begins with "alarm: charge lost:" names row and cost.
 *
 * Bounds: OWED_MAX charges, OWED_BYTES of copies; OWED_LOST rows that wait to be closed as lost (beyond: they
 * are, when the lease of this process ends).
 *
 * Rule:    design.md 3 (T2), 4 (I2, I5)
 * Layer:   pipeline; calls store, util
 * Threads: owed_keep and owed_count from any; the rest from one at a time
 */
#ifndef GW_PIPELINE_OWED_H
#define GW_PIPELINE_OWED_H

#include "pipeline/payment.h"
#include "store/usage_rows.h"

enum { OWED_MAX = 4096, OWED_BYTES = 32 << 20, OWED_LOST = 4096 };

/* What T2 writes. */
struct owed_charge {
	int64_t usage_id;
	const struct usage_finish *row;
	struct picousd cost;
	struct payment *payment; /* NULL or not leased: nothing is proposed */
};
/* T2 itself, for store_write_repeatable. SERVICE_UNAVAILABLE: the store's, later it may work. CONFLICT: not
 * ours any more. */
int owed_write_tx(struct store_conn *c, const struct owed_charge *ch,
		  struct gw_err *e) GW_MUST_CHECK;

struct owed;
struct owed *owed_new(struct store *st); /* borrowed */
void owed_free(struct owed *o);

/*
 * After owed_write_tx did not commit, for @why. Copies what it needs and takes the payment's lease over
 * (payment_detach). true: the charge waits; false: it is lost.
 */
bool owed_keep(struct owed *o, const struct owed_charge *ch, const struct gw_err *why);
/* A call that will never be settled: its row is closed as lost. */
void owed_lose(struct owed *o, int64_t usage_id);

/* Try all of them. true: none waits any more, and no row to be closed. */
bool owed_write(struct owed *o);
/* The same, and says at intervals what waits. */
void owed_tick(struct owed *o);
/* The process ends: what waits is lost, and so is what is still brought. */
void owed_end(struct owed *o);

struct owed_count {
	unsigned waiting;
	struct picousd cost; /* of those, or as much as fits */
	uint64_t lost;	     /* charges, since the start */
};
struct owed_count owed_count(struct owed *o);

#endif
