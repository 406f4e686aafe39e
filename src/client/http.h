/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http - signed requests to a gateway.
 *
 * Rule:    did-auth.md 6, 9 (a header is never sent twice)
 * Layer:   client; calls auth, upstream, util
 * Threads: main thread only
 */
#ifndef GW_CLIENT_HTTP_H
#define GW_CLIENT_HTTP_H

#include "client/client.h"
#include "client/identity.h"
#include "codec/jscan.h"
#include "upstream/upstream.h"

struct client_http {
	struct upstream_pool *pool;
	char base[1024]; /* of the gateway, without a slash at the end */
	struct stored_key id;
};

/* @sign false: requests go out without Authorization. On failure nothing is left to close. */
int client_http_open(struct client_http *c, const struct client_options *o, bool sign,
		     struct gw_err *e) GW_MUST_CHECK;
void client_http_close(struct client_http *c);

struct client_request {
	const char *method, *path; /* path with query, from the slash */
	bool unsigned_;		   /* without Authorization although there is a key */
	struct str body;
	const char *const *headers; /* "Name: value", besides Authorization */
	unsigned n_headers;
};
/*
 * Sign and send. 0: the answer ended as announced, whatever its status; or @h stopped it, then
 * @res->outcome is UP_CLIENT_GONE. -1: @e says how it ended.
 */
int client_http_call(struct client_http *c, const struct client_request *rq,
		     const struct upstream_handler *h, struct upstream_result *res,
		     struct gw_err *e) GW_MUST_CHECK;

/*
 * A request whose answer is one JSON text, of at most CLIENT_JSON_MAX bytes, appended to @body; @root
 * is its value, of type J_NONE when it is not JSON.
 */
enum { CLIENT_JSON_MAX = 256 * 1024 };
int client_http_json(struct client_http *c, const struct client_request *rq, int *status,
		     struct buf *body, struct jval *root, struct gw_err *e) GW_MUST_CHECK;

#endif
