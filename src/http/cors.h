/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cors - what browsers have to be told: which origins may read an answer, and which headers.
 *
 * Rule:    protocol payment-channel.md 4 and 10 "CORS", gateway.md 12 (S10)
 * Layer:   http; calls util
 * Threads: no shared state
 */
#ifndef GW_HTTP_CORS_H
#define GW_HTTP_CORS_H

#include "http/reply.h"

/* Adds the headers for this request's Origin, and the expose header of a payment answer. */
void cors_headers(struct http_reply *r);
/* The answer to OPTIONS: 204. */
bool cors_preflight(struct http_reply *r);

#endif
