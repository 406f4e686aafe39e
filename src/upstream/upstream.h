/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream - HTTP to providers and nodes over leased libcurl handles.
 *
 * A pool has so many slots; a caller leases one (an easy handle), uses it alone, gives it back. A full
 * pool waits up to a bound, then OVERLOADED. A thread of the pool (a few, when many calls are at work and
 * processors are there) carries all its transfers (loop.h): it wakes once for the chunks of many streams,
 * while the callers sleep. Connections are kept and used again; DNS and TLS sessions are shared. No
 * redirects; no proxy unless configured; the environment (HTTP_PROXY and its like) is never read. A call
 * in progress holds one descriptor, a few while it connects.
 *
 * Rule:    design.md 7, style.md 7
 * Layer:   upstream; calls crypto, util
 * Threads: a pool may be used by any number of threads; what a call works with belongs to its caller
 *          between its callbacks
 */
#ifndef GW_UPSTREAM_UPSTREAM_H
#define GW_UPSTREAM_UPSTREAM_H

#include "util/str.h"

struct upstream_pool;
struct upstream_options {
	unsigned slots;		/* most calls at once; 0: 1024 */
	unsigned wait_ms;	/* for a slot; 0: 5000 */
	unsigned connect_ms;	/* name, connection, TLS; 0: 10000 */
	unsigned first_byte_ms; /* from then to the answer's head; 0: 120000 */
	unsigned idle_ms;	/* between reads; 0: 60000 */
	unsigned total_ms;	/* the whole call; 0: no bound */
	const char *proxy;	/* NULL or "": none */
	const char *ca_file;	/* NULL: system */
	bool http2;		/* offer it on TLS */
};

/* Call once per process before threads (curl_global_init). */
int upstream_global_init(struct gw_err *e) GW_MUST_CHECK;
/* Copies @o. Leases are made when they are first needed. */
struct upstream_pool *upstream_pool_new(const struct upstream_options *o);
/* No call may be running. NULL is allowed. */
void upstream_pool_free(struct upstream_pool *p);

enum upstream_outcome {
	UP_DONE,	  /* the answer ended as announced */
	UP_NO_CONNECTION, /* nothing was sent: name, connect, TLS */
	UP_TIMEOUT_HEAD,  /* no answer head in time */
	UP_BROKE,	  /* reset or closed early, before or after the head */
	UP_STALLED,	  /* idle or total time passed after the head */
	UP_CLIENT_GONE,	  /* watch_fd hung up, or a callback asked to stop */
	UP_TOO_LARGE,	  /* head beyond 64 KiB; upstream_fetch: body beyond the buffer's maximum */
	UP_BAD_ANSWER	  /* not HTTP, unknown or broken content coding */
};

/*
 * A callback that returns false stops the transfer (outcome UP_CLIENT_GONE). Any may be NULL. Views
 * die at return. Those that say so run on the caller's own thread and may block. The others run on the
 * pool's, one at a time while the caller waits: what they block, they block for every call. The time that
 * a callback takes does not count as the upstream's silence.
 */
struct upstream_handler {
	void *arg;
	/* once, when the final head is complete (after 1xx) */
	bool (*on_head)(void *arg, int status);
	/*
	 * Each header of the final head, before on_head; no control byte is in it. Headers about
	 * the transport (Content-Encoding, Content-Length, Transfer-Encoding, Connection,
	 * Keep-Alive, Trailer) are kept back: they do not describe the bytes that on_body gets.
	 * Trailers, too.
	 */
	void (*on_header)(void *arg, struct str name, struct str value);
	/* Body bytes as they come, content coding undone (identity is what we ask for). */
	bool (*on_body)(void *arg, const char *p, size_t n);
	/* After all on_body calls of one read from the upstream: the time to flush. */
	bool (*on_read_end)(void *arg);
	/* At least every 200 ms while waiting (drain policy, deadlines). */
	bool (*on_tick)(void *arg);
	/*
	 * Asked before each on_body, after each on_read_end and, once there is a head, after on_tick: can
	 * nothing more be taken? Then make_room is called on the caller's own thread and may block; until
	 * it returns, nothing is read from the upstream, and no other callback is made.
	 */
	bool (*full)(void *arg);
	bool (*make_room)(void *arg);
	/* On the caller's own thread, once, when the call has lasted for about 200 ms; the callbacks of
	 * the pool's thread may run at the same time. */
	void (*on_long)(void *arg);
};

enum { UPSTREAM_MAX_PIECES = 16, UPSTREAM_MAX_HEADERS = 30 };

struct upstream_request {
	const char *method; /* "GET", "POST" */
	const char *url;    /* http or https; its path is sent as it is; no user part */
	/* "Name: value". Content-Length, Accept-Encoding: identity, Accept and Host are added. */
	const char *const *headers;
	unsigned n_headers;
	const struct str *body; /* pieces, sent in order; borrowed; large ones are not joined */
	unsigned n_body;
	int watch_fd; /* client connection, watched for hang-up; -1 none */
};

struct upstream_result {
	enum upstream_outcome outcome;
	int status; /* 0 before the head */
	int curl_code;
	bool sent; /* some byte of the request may have reached the upstream */
	int64_t first_byte_ms, total_ms; /* durations to the head and in all; -1 unknown */
	uint64_t body_bytes;		 /* as on_body got them */
	char message[160];		 /* for the log; holds no key and no query; "" when done */
};

/*
 * Perform one request, blocking. One retry is made when no byte was sent (a kept connection had
 * died); after a byte was sent there is none, since the upstream may already be generating. Returns
 * 0 whenever the outcome is in @res; -1 with OVERLOADED (no slot) or INTERNAL (a bad call).
 */
int upstream_call(struct upstream_pool *p, const struct upstream_request *rq,
		  const struct upstream_handler *h, struct upstream_result *res,
		  struct gw_err *e) GW_MUST_CHECK;

/* Whole answer in memory, for JSON-RPC and the client: body appended to @body (its max is the
 * bound). */
struct buf;
int upstream_fetch(struct upstream_pool *p, const struct upstream_request *rq, struct buf *body,
		   struct upstream_result *res, struct gw_err *e) GW_MUST_CHECK;

#endif
