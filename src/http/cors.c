/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "http/cors.h"

#include "util/conf.h"

enum { ORIGIN_MAX = 256, REQUESTED_MAX = 1024 };

static bool allowed(const struct conf *c, struct str origin)
{
	for (unsigned i = 0; i < c->cors_origins.n; i++)
		if (!strcmp(c->cors_origins.item[i], "*") ||
		    str_eq_c(origin, c->cors_origins.item[i]))
			return true;
	return false;
}

void cors_headers(struct http_reply *r)
{
	struct str origin = http_header(r->rq, "Origin");

	if (origin.len && r->rq->conf && str_visible(origin, ORIGIN_MAX) &&
	    allowed(r->rq->conf, origin)) {
		http_reply_header(r, "Access-Control-Allow-Origin", origin);
		http_reply_header(r, "Vary", STR_LIT("Origin"));
		http_reply_header(r, "Access-Control-Expose-Headers",
				  r->exposed ? STR_LIT("X-Request-Id, X-Upstream-Request-Id, "
						       "Retry-After, X-Payment-Channel-Data")
					     : STR_LIT("X-Request-Id, X-Upstream-Request-Id, "
						       "Retry-After"));
	} else if (r->exposed) {
		http_reply_header(r, "Access-Control-Expose-Headers",
				  STR_LIT("X-Payment-Channel-Data"));
	}
}

/* A list of header names: visible ASCII and blanks. */
static bool is_list(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return s.len > 0 && s.len <= REQUESTED_MAX;
}

bool cors_preflight(struct http_reply *r)
{
	struct str asked = http_header(r->rq, "Access-Control-Request-Headers");

	http_reply_header(r, "Access-Control-Allow-Methods",
			  STR_LIT("GET,HEAD,PUT,PATCH,POST,DELETE"));
	http_reply_header(r, "Access-Control-Allow-Headers",
			  is_list(asked)
				  ? asked
				  : STR_LIT("Authorization,Content-Type,X-Payment-Channel-Data,"
					    "X-Client-Tx-Ref"));
	http_reply_header(r, "Access-Control-Max-Age", STR_LIT("600"));
	return http_reply_send(r, 204, NULL, STR_NULL);
}
