/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prices - the price book in force, its multiplier, and how a changed override comes into it.
 *
 * Book = built-in table, then PRICING_CONFIG_PATH, then PRICING_OVERRIDES, then the overrides in the
 * store; the later beat the earlier ones. A set is immutable and counted; a request prices its bound and
 * its bill with one that it took. T1 compares the version of the overrides with the store's and says so
 * when they differ: no request is admitted at a price that had been replaced before.
 *
 * Rule:    protocol gateway.md 7 and 8, design.md 9, I9
 * Layer:   pipeline; calls billing, store, util
 * Threads: any
 */
#ifndef GW_PIPELINE_PRICES_H
#define GW_PIPELINE_PRICES_H

#include <pthread.h>
#include <stdatomic.h>

#include "billing/price.h"
#include "store/store.h"
#include "util/conf.h"

struct price_set {
	atomic_uint refs;
	struct price_book *book;
	int64_t overrides;   /* version of those in the store */
	unsigned configured; /* number of those in PRICING_OVERRIDES */
	struct multiplier multiplier;
	char multiplier_text[48];
};

struct prices {
	struct store *store;	 /* borrowed */
	pthread_mutex_t lock;	 /* guards set */
	pthread_mutex_t loading; /* one reads at a time; taken before lock */
	struct price_set *set;
};

/* CONFIG when a price file or overrides cannot be read. */
int prices_init(struct prices *p, struct store *st, const struct conf *c,
		struct gw_err *e) GW_MUST_CHECK;
void prices_clear(struct prices *p);
/* Read all anew; on failure the set in force stays. */
int prices_load(struct prices *p, const struct conf *c, struct gw_err *e) GW_MUST_CHECK;
/* The same if the store's overrides are no longer those of @seen. */
int prices_refresh(struct prices *p, const struct conf *c, const struct price_set *seen,
		   struct gw_err *e) GW_MUST_CHECK;
struct price_set *prices_take(struct prices *p);
void prices_put(struct price_set *s); /* NULL is fine */
/* In a transaction: are the overrides still those of @s? */
int prices_current_tx(struct store_conn *c, const struct price_set *s, bool *current,
		      struct gw_err *e) GW_MUST_CHECK;

/* For --check: can these settings be priced with? CONFIG. */
int prices_check(const struct conf *c, struct gw_err *e) GW_MUST_CHECK;

#endif
