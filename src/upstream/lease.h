/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease - one slot of a pool: an easy handle, ready for a request. The connections are the loop's (see
 * loop.h), which gives a transfer one that is open and idle, or makes another.
 *
 * Rule:    style.md 7
 * Layer:   upstream (private to it)
 * Threads: the pool may be used by any; a lease belongs to the thread that took it, and to the loop
 *          while that carries it
 */
#ifndef GW_UPSTREAM_LEASE_H
#define GW_UPSTREAM_LEASE_H

#include <curl/curl.h>

#include "upstream/upstream.h"

struct loop;

struct lease {
	CURL *easy;
	struct loop *loop; /* that is to carry it */
	unsigned nth;	   /* of the pool's loops */
	struct lease *newer, *older; /* among the idle ones */
	int64_t idle_since_ms;
	bool worn; /* libcurl may have begun again in it: 7.88 does so five times in a handle's life */
	char error[CURL_ERROR_SIZE]; /* libcurl's words about the last failure */
};

/* Wait for a lease up to the pool's bound. NULL with @e: OVERLOADED, or INTERNAL. */
struct lease *lease_take(struct upstream_pool *p, struct gw_err *e) GW_MUST_CHECK;
void lease_give(struct upstream_pool *p, struct lease *l);
const struct upstream_options *lease_options(const struct upstream_pool *p);
/*
 * Is the server at the other end of this new connection to @url the one that the URL names? To be
 * asked before anything is sent. -1: @e says why not.
 */
int lease_verify(struct upstream_pool *p, struct lease *l, const char *url,
		 struct gw_err *e) GW_MUST_CHECK;
/*
 * Read now, on this thread, what lease_verify will need for @url: files, which the loop must not wait for.
 * -1: @e says why there can be no connection.
 */
int lease_prepare(struct upstream_pool *p, const char *url, struct gw_err *e) GW_MUST_CHECK;

#endif
