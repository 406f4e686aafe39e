/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workers - the threads of a responder: each takes a connection, serves one request from start to
 * end, and takes the next.
 *
 * A few wait for connections; when one of them gets work and too few are left, another is started, up
 * to so many at once. Beyond that a request is answered by the overload handler. Waiting threads that
 * were not needed for a while end.
 *
 * Rule:    style.md 7, design.md 6
 * Layer:   http; calls util
 * Threads: one caller starts, trims and stops; the rest is inside
 */
#ifndef GW_HTTP_WORKERS_H
#define GW_HTTP_WORKERS_H

#include "http/listener.h"
#include "http/reply.h"

struct workers;
struct workers_options {
	struct listener *listener; /* borrowed */
	unsigned max_busy;
	unsigned read_timeout_ms; /* of one read from the web server */
	/* May be called by any number of threads. @overloaded: more than max_busy are at work; @bad: the
	 * request is unusable. rq->conf is set by it. */
	void (*serve)(void *arg, struct http_request *rq, struct http_reply *rp, bool overloaded,
		      const struct gw_err *bad);
	void *arg;
};

/* CONFIG when not a single thread can be started. */
int workers_start(struct workers **out, const struct workers_options *o,
		  struct gw_err *e) GW_MUST_CHECK;
/* About once a second: release threads that were not needed lately. */
void workers_trim(struct workers *w);
/* Requests at work. */
unsigned workers_busy(struct workers *w);
/* No new connections (those in the queue of a socket of our own are still served). */
void workers_retire(struct workers *w);
/* Wait until all have ended; false: some still work after @ms. */
bool workers_wait(struct workers *w, int64_t ms);
/* After workers_wait has said true. */
void workers_free(struct workers *w);

#endif
