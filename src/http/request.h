/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - a view of one request as the web server hands it over in FastCGI parameters.
 *
 * The path is the one of REQUEST_URI: raw, nothing decoded, nothing resolved. A header is found by
 * its HTTP name; the parameters know only one spelling for dash and underscore, and some servers
 * join what came twice, hence http_header_once for what has to be unambiguous. Headers never turn
 * into environment variables (a client's "Proxy:" header sets HTTP_PROXY in a CGI program).
 *
 * Rule:    design.md 6; protocol gateway.md 1 and 3 ("Path rule"), payment-channel.md 3
 * Layer:   http; calls util
 * Threads: one request belongs to one thread
 */
#ifndef GW_HTTP_REQUEST_H
#define GW_HTTP_REQUEST_H

#include "http/access_log.h"
#include "http/peer.h"
#include "util/arena.h"
#include "util/buf.h"

enum {
	HTTP_ID = 257,		/* with NUL */
	HTTP_TARGET_MAX = 8192, /* longest request target that is read */
	HTTP_METHOD_MAX = 32
};

struct FCGX_Request;
struct conf;
struct worker_slot;

struct http_request {
	/* Borrowed until the request ends. Empty when absent. */
	struct str method, target, path, query, content_type, client_ip;
	bool has_length; /* the body's length was announced */
	uint64_t content_length;
	char id[HTTP_ID]; /* X-Request-Id of the answer: X-Client-Tx-Ref, or made up */
	bool id_given;
	int64_t started_ms, started_us; /* wall clock, monotonic clock */
	struct access_fields log;	/* what only the handler knows; texts in the arena */

	struct arena *arena;	  /* lives as long as the request */
	const struct conf *conf;  /* settings of this request, whatever is reloaded meanwhile */
	struct worker_slot *slot; /* memory that the thread keeps between its requests */
	int fd;			  /* the connection: hangs up when the client has left */
	bool body_ended;	  /* nothing of the body is left to read */

	/* private */
	char *const *params;
	bool peer_known;
	struct peer peer;
	struct FCGX_Request *fcgx;
};

/* A thread's own memory for a layer above; released with the thread. */
struct worker_slot {
	void *p;
	void (*release)(void *p);
};

/*
 * Read @params ("NAME=value", NULL behind the last; NULL: none). @rq is usable for an answer whatever
 * comes back: BAD_REQUEST (no or bad method or target, bad Content-Length), HEADER_TOO_LARGE (target).
 */
int http_request_init(struct http_request *rq, char *const *params, struct gw_err *e) GW_MUST_CHECK;

/* Value of the header with this HTTP name; STR_NULL when absent. */
struct str http_header(const struct http_request *rq, const char *name);
/*
 * For headers that must not be ambiguous: BAD_REQUEST when it came more than once (also joined with a
 * comma, which none of these headers may hold), HEADER_TOO_LARGE beyond @max. Absent: 0 and STR_NULL.
 */
int http_header_once(const struct http_request *rq, const char *name, size_t max, struct str *out,
		     struct gw_err *e) GW_MUST_CHECK;
/* A parameter by its own name. */
struct str http_param(const struct http_request *rq, const char *name);

/* Content-Type is @type, whatever its parameters and letter case. */
bool http_content_type_is(const struct http_request *rq, const char *type);

/*
 * Read the whole body into @body, whose max is the limit. PAYLOAD_TOO_LARGE; BAD_REQUEST when it ends
 * early, is longer than announced, or is not complete within @timeout_ms.
 */
int http_read_body(struct http_request *rq, struct buf *body, unsigned timeout_ms,
		   struct gw_err *e) GW_MUST_CHECK;

/* Has the client left? The web server says so, or the kernel where that server does not (peer.h). */
bool http_client_gone(struct http_request *rq);
/* The second half of it: what the kernel says, for those who watch the connection themselves. */
bool http_peer_gone(struct http_request *rq);

/* One member of a query string or list, not decoded; STR_NULL when absent. */
struct str http_query_member(struct str query, const char *name);

/* A random UUID, version 4. */
enum { HTTP_UUID = 37 };
void http_uuid(char out[HTTP_UUID]);

#endif
