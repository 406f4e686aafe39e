/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply - the answer to one request: whole, or as a stream that is flushed after every upstream read.
 *
 * Bytes go to the web server as FastCGI records written here, not through libfcgi's stream: small
 * pieces are gathered in a buffer of the thread, large ones go out from where they are, the last record
 * travels with the end of the request in one write. Nothing is allocated after the head, but
 * for a client that is slow.
 *
 * A thread that serves many replies must not wait for one of them: told so, a reply keeps what the
 * connection does not take at once, and is full until somebody who may wait has made room.
 *
 * Each function that writes returns false once the client has left (a write failed, or nobody took a
 * byte for SEND_TIMEOUT); further calls are harmless.
 *
 * Added to every answer: X-Request-Id and what browsers need (http/cors).
 *
 * Rule:    design.md 6; protocol gateway.md 1, 5; payment-channel.md 4 (expose header)
 * Layer:   http; calls util
 * Threads: one reply belongs to one thread at a time
 */
#ifndef GW_HTTP_REPLY_H
#define GW_HTTP_REPLY_H

#include "http/request.h"

enum {
	REPLY_OUT = 2048,	 /* bytes gathered before a write; more at once is not copied */
	REPLY_HEAD_MAX = 131072, /* of the header */
	REPLY_LATE_MAX = 524288, /* kept for a connection that takes nothing: a head and some reads */
	REPLY_SEND_TIMEOUT_S = 120
};

/* How an error of ours looks, see reply_error.h. */
enum error_shape {
	SHAPE_ENVELOPE, /* {"success":false,"error":{"code","message","httpStatus"}} */
	SHAPE_PLAIN,	/* {"success":false,"error":"message"} */
	SHAPE_PROVIDER, /* the provider's own */
	SHAPE_API	/* the envelope with details and timestamp, of /payment-channel/ */
};

struct http_reply {
	struct http_request *rq;
	int status;		     /* 0: nothing was sent */
	const char *allow;	     /* for METHOD_NOT_ALLOWED; NULL none */
	bool head_sent, ended, gone; /* gone: the client has left */
	bool exposed;		     /* the payment header was added */
	uint64_t body_bytes;
	int64_t first_byte_us; /* monotonic, 0: none yet */

	/* private */
	struct buf head; /* "Name: value\r\n" lines to come */
	char *out;	 /* REPLY_OUT bytes of the thread */
	size_t out_len;
	bool nowait;
	struct buf late;     /* bytes of records that the connection has not taken */
	unsigned request_id; /* FastCGI's */
	char type[128];	     /* content type, for the log */
};

void http_reply_init(struct http_reply *r, struct http_request *rq, char out[REPLY_OUT],
		     unsigned request_id);
void http_reply_clear(struct http_reply *r);

/* Before the head is sent. A value with a control byte is dropped. */
void http_reply_header(struct http_reply *r, const char *name, struct str value);
/* X-Payment-Channel-Data and its expose header. */
void http_reply_payment(struct http_reply *r, struct str value);

/* A complete answer. @type NULL: no body and no Content-Type. */
bool http_reply_send(struct http_reply *r, int status, const char *type, struct str body);

/* A stream: head (kept until the first flush), bytes, flush, end. */
bool http_reply_begin(struct http_reply *r, int status, struct str type);
bool http_reply_write(struct http_reply *r, const char *p, size_t n);
bool http_reply_flush(struct http_reply *r);
/* The last bytes and the end of the request. Also for a request that nothing was answered to. */
bool http_reply_end(struct http_reply *r);

/* From now on writes do not wait (or do so again). Who writes asks http_reply_full before each piece. */
void http_reply_nowait(struct http_reply *r, bool nowait);
bool http_reply_full(const struct http_reply *r);
/* Waits until the connection has taken all that was kept. */
bool http_reply_make_room(struct http_reply *r);

/* Reason phrase of a status; "Unknown" when there is none. */
const char *http_status_text(int status);

#endif
