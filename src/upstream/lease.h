/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease - one slot of a pool: an easy handle in a multi handle of its own, with its live
 * connection.
 *
 * The multi handle is private because libcurl cannot share a connection cache between running
 * threads, and because a call watches the client beside the upstream (see wait.h). Its socket
 * interface is not used: that would add a table of 29 KB to every lease (libcurl 7.88).
 *
 * Rule:    style.md 7
 * Layer:   upstream (private to it)
 * Threads: the pool may be used by any; a lease belongs to the thread that took it
 */
#ifndef GW_UPSTREAM_LEASE_H
#define GW_UPSTREAM_LEASE_H

#include <curl/curl.h>

#include "upstream/upstream.h"

enum { LEASE_SOCKETS = 8 };

struct lease {
	CURL *easy;
	CURLM *multi;
	/* What libcurl has open: one, but while it tries several addresses. CURLINFO_ACTIVESOCKET does
	 * not tell before the transfer is over (libcurl 7.88). */
	int socket[LEASE_SOCKETS];
	unsigned n_sockets; /* beyond LEASE_SOCKETS: not all are noted, never again */
	bool tainted;  /* its connection must not be used again */
	struct lease *newer, *older; /* among the idle ones */
	int64_t idle_since_ms;
	char error[CURL_ERROR_SIZE]; /* libcurl's words about the last failure */
};

/* Wait for a lease up to the pool's bound. NULL with @e: OVERLOADED, or INTERNAL. */
struct lease *lease_take(struct upstream_pool *p, struct gw_err *e) GW_MUST_CHECK;
/* Give it back, or if it is tainted, end it. */
void lease_give(struct upstream_pool *p, struct lease *l);
const struct upstream_options *lease_options(const struct upstream_pool *p);
/*
 * Is the server at the other end of this new connection to @url the one that the URL names? To be
 * asked before anything is sent. -1: @e says why not.
 */
int lease_verify(struct upstream_pool *p, struct lease *l, const char *url,
		 struct gw_err *e) GW_MUST_CHECK;

#endif
