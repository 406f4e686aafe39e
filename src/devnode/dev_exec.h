/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev_exec - run a transaction: checks in the chain's order, gas, the entry function, the record.
 *
 * All of it is one store transaction. A transaction that aborts keeps its sequence number and its gas
 * and nothing else; one that is refused leaves no trace.
 *
 * Rule:    protocol rooch.md 5, 6.2, 7.5, 9
 * Layer:   devnode; calls ledger, store, crypto, util
 * Threads: any
 */
#ifndef GW_DEVNODE_DEV_EXEC_H
#define GW_DEVNODE_DEV_EXEC_H

#include "devnode/dev_state.h"

struct dev_outcome {
	bool undecodable;
	uint64_t refused; /* sub status; 0: it was executed */
	/* of an executed one */
	uint8_t hash[32];
	int64_t order;
	uint64_t time_ms, gas_used;
	enum dev_status status;
	char location[64];
	uint64_t abort_code;
	struct dev_event event[DEV_EVENTS_MAX]; /* data in the arena */
	unsigned n_event;
};

/* What a test orders to happen instead of the rules. */
struct dev_force {
	uint64_t refuse; /* sub status */
	bool abort;
	const char *location;
	uint64_t abort_code;
};

/* @raw: data and authenticator. -1: the store failed. */
int dev_execute(struct store *st, struct str raw, struct arena *mem, const struct dev_force *force,
		struct dev_outcome *out, struct gw_err *e) GW_MUST_CHECK;
/* @data: without authenticator. Nothing is kept, nothing but decoding is checked first. */
int dev_dry_run(struct store *st, struct str data, struct arena *mem, struct dev_outcome *out,
		struct gw_err *e) GW_MUST_CHECK;

#endif
