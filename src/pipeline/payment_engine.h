/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payment_engine - the inside of payment.h, for its own files and their tests:
 *
 *	payment.c	the request: header, chain facts, signature, answer
 *	payment_tx.c	T1 and T2
 *	payment_engine.c  the process: settings, waiting, detached calls
 *
 * Layer:   pipeline (private to payment*.c)
 * Threads: as payment.h
 */
#ifndef GW_PIPELINE_PAYMENT_ENGINE_H
#define GW_PIPELINE_PAYMENT_ENGINE_H

#include <pthread.h>

#include "ledger/chain_cache.h"
#include "pipeline/payment.h"

struct payment_settings {
	uint64_t min_claim, reserve, max_unsigned_pico, rate_pico, busy_wait_ms, stale_ms;
};
struct payment_facts {
	struct payment_settings set; /* for the whole request, whatever is reloaded */
	struct chain_facts chain;
};

enum {
	WAIT_BUCKETS = 64,
	WAITING_MAX = 100, /* of one bucket: a channel's crowd must not take all threads */
	FORCE_FIRST_MS = 50, /* facts this young are not read again after another refusal; */
	FORCE_GAP_MS = 1000  /* where that repeats, not even these */
};
struct payment_engine {
	struct store *store;
	struct chain_cache *cache;
	struct rooch_id service;
	char service_did[ROOCH_DID_TEXT];
	char asset[ROOCH_ASSET_TEXT]; /* canonical */

	pthread_mutex_t settings_lock;
	struct payment_settings settings;

	pthread_mutex_t wait_lock; /* with the conditions: a lease was closed in this process */
	pthread_cond_t released[WAIT_BUCKETS];
	unsigned waiting[WAIT_BUCKETS], waiting_all, waiting_all_max;
};

/* payment_engine_new with another source of facts. */
int payment_engine_open(struct payment_engine **out, const struct conf *c, struct store *st,
			const struct chain_source *source, struct gw_err *e) GW_MUST_CHECK;
struct payment_settings payment_engine_settings(struct payment_engine *en);
struct chain_key payment_chain_key(const struct payment *p);

#endif
