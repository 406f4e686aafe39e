/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run - one run of settlement, from its start to its exit status.
 *
 * Layer:   settle
 * Threads: the run's own
 */
#ifndef GW_SETTLE_RUN_H
#define GW_SETTLE_RUN_H

#include "settle/keep.h"

/* Exit statuses; cron and the operator act on them. */
enum {
	SETTLE_OK = 0,
	SETTLE_RETRY = 1,  /* something failed and will be tried again */
	SETTLE_CONFIG = 2, /* settings, key, database: somebody has to mend them */
	SETTLE_RISK = 3	   /* money at risk */
};

struct run_orders {
	struct keep_ages ages;
	bool close;    /* s->only */
	bool withdraw; /* after the claims */
};
/* Returns the exit status. */
int run_once(struct settle *s, const struct run_orders *o);

#endif
