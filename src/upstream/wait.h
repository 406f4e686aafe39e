/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait - what a call sleeps on: the upstream's connection and the client's hang-up.
 *
 * While libcurl looks up, connects, shakes hands or sends, only it knows what it waits for:
 * curl_multi_poll. Once the whole request is out on a connection, it waits for bytes of that one
 * socket. A plain poll of two descriptors then does, at a third of the price: it is what is paid for
 * every chunk of a stream.
 *
 * Layer:   upstream (private to it)
 * Threads: belongs to the thread that has the lease
 */
#ifndef GW_UPSTREAM_WAIT_H
#define GW_UPSTREAM_WAIT_H

#include "upstream/lease.h"

struct wait {
	struct lease *lease;
	int client; /* -1: nobody is watched */
	bool ready; /* a connection stands: number `connects` of this call */
	long connects;
	bool out;      /* the request is out on it */
	bool answered; /* set by the caller: bytes of the answer came, no other connection will */
};

enum wait_result { WAIT_AGAIN, WAIT_CLIENT_GONE, WAIT_FAILED };

void wait_begin(struct wait *w, struct lease *l, int client);
/* libcurl is about to send the request: to be called from its pre-request callback. */
void wait_ready(struct wait *w);
/* Has the client left? Without waiting. */
bool wait_hung_up(const struct wait *w);
/* Sleep until curl_multi_perform has something to do, the client leaves, or @ms have passed. */
enum wait_result wait_for_more(struct wait *w, size_t body_len, int ms) GW_MUST_CHECK;

#endif
