/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream - HTTP to providers and nodes over leased libcurl handles.
 *
 * A pool has so many slots; a worker leases one (an easy handle with its live connection, last
 * used first), uses it alone, gives it back. A full pool waits up to a bound, then OVERLOADED.
 * DNS and TLS sessions are shared. No redirects; no proxy unless configured; the environment
 * (HTTP_PROXY and its like) is never read.
 *
 * Rule:    design.md 7, style.md 7
 * Layer:   upstream; calls util
 * Threads: a pool may be used by any number of threads; one call belongs to one thread
 */
#ifndef GW_UPSTREAM_UPSTREAM_H
#define GW_UPSTREAM_UPSTREAM_H

#include "util/str.h"

struct upstream_pool;
struct upstream_options {
	unsigned slots;		 /* most calls at once; 0: 1024 */
	unsigned wait_ms;	 /* for a slot; default 5000 */
	unsigned connect_ms;	 /* default 10000 */
	unsigned first_byte_ms;	 /* to the answer's head; default 120000 */
	unsigned idle_ms;	 /* between reads; default 60000 */
	unsigned total_ms;	 /* default 1800000; 0 none */
	const char *proxy;	 /* NULL or "": none */
	const char *ca_file;	 /* NULL: system */
	bool http2;		 /* offer it on TLS */
};
/* Call once per process before threads (curl_global_init). */
int upstream_global_init(struct gw_err *e) GW_MUST_CHECK;
struct upstream_pool *upstream_pool_new(const struct upstream_options *o);
void upstream_pool_free(struct upstream_pool *p);

enum upstream_outcome {
	UP_DONE,	 /* the answer ended as announced */
	UP_NO_CONNECTION,/* nothing was sent: name, connect, TLS */
	UP_TIMEOUT_HEAD, /* no answer head in time */
	UP_BROKE,	 /* reset or closed early, before or after the head */
	UP_STALLED,	 /* idle or total time passed after the head */
	UP_CLIENT_GONE,	 /* watch_fd hung up, or on_body/on_head asked to stop */
	UP_TOO_LARGE,	 /* head beyond its bound */
	UP_BAD_ANSWER	 /* not HTTP, bad coding */
};

/* Return false to stop the transfer (outcome UP_CLIENT_GONE). Views die at return. */
struct upstream_handler {
	void *arg;
	/* once, when the final head is complete (after 1xx) */
	bool (*on_head)(void *arg, int status);
	/* each header of the final head, before on_head */
	void (*on_header)(void *arg, struct str name, struct str value);
	/* body bytes as they come, content coding undone */
	bool (*on_body)(void *arg, const char *p, size_t n);
	/* at least every 200 ms while waiting; false stops (drain policy, deadlines); may be NULL */
	bool (*on_tick)(void *arg);
};

enum { UPSTREAM_MAX_PIECES = 16 };
struct upstream_request {
	const char *method;	     /* "GET", "POST" */
	const char *url;
	const char *const *headers;  /* "Name: value" */
	unsigned n_headers;
	const struct str *body;	     /* pieces, sent in order without joining; borrowed */
	unsigned n_body;
	int watch_fd;		     /* client connection, watched for hang-up; -1 none */
};
struct upstream_result {
	enum upstream_outcome outcome;
	int status;		/* 0 before the head */
	int curl_code;
	bool sent;		/* some byte of the request may have reached the upstream */
	int64_t first_byte_ms, total_ms; /* durations; -1 unknown */
	uint64_t body_bytes;	/* as received, coding undone */
	char message[160];	/* for the log; holds no key and no query */
};

/*
 * Perform one request, blocking. One retry is made when no byte was sent (a kept connection had died).
 * Returns 0 whenever the outcome is in @res; -1 only for OVERLOADED (no slot) or a bad call.
 */
int upstream_call(struct upstream_pool *p, const struct upstream_request *rq, const struct upstream_handler *h,
		  struct upstream_result *res, struct gw_err *e) GW_MUST_CHECK;

/* Whole answer in memory, for JSON-RPC and the client: body appended to @body (its max is the bound). */
struct buf;
int upstream_fetch(struct upstream_pool *p, const struct upstream_request *rq, struct buf *body,
		   struct upstream_result *res, struct gw_err *e) GW_MUST_CHECK;

#endif
