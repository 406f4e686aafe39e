/* SPDX-License-Identifier: Apache-2.0 */
/*
 * info - what a gateway tells about itself, without authentication and for nothing: health, discovery,
 * providers, liveness, readiness, metrics.
 *
 * What payers ask, / and providers, takes a voucher that comes along (free_route_pay): a client sends what it
 * owes with its next request to this service, whatever that is. Nothing else of a payment header is
 * looked at, and the paths of the operator and discovery, which is asked unsigned, ignore it.
 *
 * Rule:    protocol gateway.md 1, payment-channel.md 6.4, 10 "Discovery"; gateway.md 12 (R6, R9)
 * Layer:   pipeline; calls http, provider, store, util
 * Threads: any
 */
#ifndef GW_PIPELINE_INFO_H
#define GW_PIPELINE_INFO_H

#include "pipeline/gateway.h"

/* For responder_ops.handle. @app: struct gateway. */
void info_handle(void *app, struct http_request *rq, struct http_reply *rp);

#endif
