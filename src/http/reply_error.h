/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply_error - the one place where an error becomes status, headers and body.
 *
 * The sentence for the client is e->pub; e->priv goes into the log line only.
 *
 * Rule:    protocol gateway.md 9, payment-channel.md 8 and 10; style.md 4
 * Layer:   http; calls provider, codec, util
 * Threads: no shared state
 */
#ifndef GW_HTTP_REPLY_ERROR_H
#define GW_HTTP_REPLY_ERROR_H

#include "billing/reading.h"
#include "http/reply.h"

struct error_form {
	enum error_shape shape;
	enum provider_id provider; /* for SHAPE_PROVIDER */
	struct str details;	   /* JSON for error.details (envelope, API); empty: none */
};

/*
 * Answer @e. MODEL_NOT_SUPPORTED has one body for all providers. 401 brings WWW-Authenticate, 405 Allow
 * (r->allow), 503 Retry-After. Nothing happens when the head is out already: a stream ends by the
 * provider's own event, which the pipeline sends.
 */
bool http_reply_error(struct http_reply *r, const struct gw_err *e, const struct error_form *f);
/* Note @e for the access log, without answering. */
void http_note_error(struct http_reply *r, const struct gw_err *e);

#endif
