/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage_rows - the row that every upstream call leaves: written 'started' before the call,
 * finished exactly once after it.
 *
 * Rule:    design.md 3 (T1, T2), I5, I9
 * Layer:   store
 * Threads: the _tx functions run inside store_write
 */
#ifndef GW_STORE_USAGE_ROWS_H
#define GW_STORE_USAGE_ROWS_H

#include "store/store.h"

/* In the database, never renumber. */
enum usage_state { USAGE_STARTED = 0, USAGE_DONE = 1, USAGE_LOST = 2 };
enum usage_outcome { /* how the call ended */
	OUTCOME_NONE = 0,
	OUTCOME_OK = 1,
	OUTCOME_UPSTREAM_ERROR = 2, /* status >= 400, or an error event */
	OUTCOME_UPSTREAM_BROKE = 3, /* no connection, reset, stall, time-out */
	OUTCOME_CLIENT_GONE = 4,
	OUTCOME_REFUSED = 5,	    /* by us, after T1, before the upstream was called */
	OUTCOME_KILLED = 6
};

/* How a paid request was let in. */
struct usage_payment {
	const uint8_t *channel_id; /* 32 bytes */
	struct str fragment;
	int decision;	    /* enum rav_decision */
	uint64_t rate_pico; /* price of one unit of the asset */
};
struct usage_start {
	struct str request_id, client_tx_ref, did, provider, api, model, method, path;
	bool stream, free;
	/* the request came at started_ms, which may be long before now_ms; lease_until_ms 0: the caller has
	 * seen that the lease is held */
	int64_t started_ms, now_ms, lease_until_ms;
	uint64_t bound_pico; /* upper bound; 0 for free routes */
	struct str owner;    /* process that holds the lease: "pid:start" */
	const struct usage_payment *payment; /* NULL: none */
};
/* What a paid request was charged: the proposal that its answer carries. */
struct usage_charge {
	uint64_t epoch, nonce;
	uint8_t cost[32]; /* units of the asset, big-endian */
	uint64_t forgone_pico;
};
struct usage_finish {
	enum usage_outcome outcome;
	int status;	   /* sent to the client */
	int upstream_status; /* 0 none */
	struct str error_code, model_reported, upstream_request_id;
	int64_t first_byte_ms, finished_ms;
	/* the bill and what it was made from (I9); JSON text of usage vector and parts */
	bool cost_known, estimated, exact;
	uint64_t cost_pico;
	struct str usage_json, cost_json, price_version, multiplier, priced_as, cost_source;
	int64_t input_tokens, output_tokens, cached_tokens; /* -1 unknown */
	uint64_t bytes_out;
	const struct usage_charge *charge; /* NULL: no proposal */
};
/* All views in it, for whoever copies one. */
#define USAGE_FINISH_TEXTS(X)                                                               \
	X(error_code) X(model_reported) X(upstream_request_id) X(usage_json) X(cost_json)   \
	X(price_version) X(multiplier) X(priced_as) X(cost_source)

/* 1 the lease of @owner is held, 0 it has passed or there is none, -1. */
int usage_lease_held(struct store_conn *c, struct str owner, int64_t now_ms,
		     struct gw_err *e) GW_MUST_CHECK;
/* Hold the lease of @owner anew if it has passed. */
int usage_lease_ensure_tx(struct store_conn *c, struct str owner, int64_t lease_until_ms,
			  int64_t now_ms, struct gw_err *e) GW_MUST_CHECK;
/* New row; *id its key. */
int usage_start_tx(struct store_conn *c, const struct usage_start *u, int64_t *id, struct gw_err *e)
	GW_MUST_CHECK;
/* Guarded: only a row that is still 'started' changes; otherwise CONFLICT. */
int usage_finish_tx(struct store_conn *c, int64_t id, const struct usage_finish *u, struct gw_err *e)
	GW_MUST_CHECK;
/* Prolong the lease of all started rows of @owner. */
int usage_renew_tx(struct store_conn *c, struct str owner, int64_t lease_until_ms, struct gw_err *e)
	GW_MUST_CHECK;
/*
 * 1: a lease that has passed is of a process that this machine still has (or of one that got its
 * number): it may be stuck, as the store was, and not dead. 0: none is, -1.
 */
int usage_expired_lives(struct store_conn *c, int64_t now_ms, struct gw_err *e) GW_MUST_CHECK;
/* Rows left 'started' whose lease has passed become 'lost': cost unknown, never invented. */
int usage_recover_tx(struct store_conn *c, int64_t now_ms, int64_t *count, struct gw_err *e)
	GW_MUST_CHECK;

#endif
