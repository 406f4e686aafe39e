/* SPDX-License-Identifier: Apache-2.0 */
/*
 * info - what a gateway tells about itself, without authentication and for nothing: health, discovery,
 * providers, liveness, readiness, metrics.
 *
 * Rule:    protocol gateway.md 1, payment-channel.md 10 "Discovery"; gateway.md 12 (R6, R9)
 * Layer:   pipeline; calls http, provider, store, util
 * Threads: any
 */
#ifndef GW_PIPELINE_INFO_H
#define GW_PIPELINE_INFO_H

#include "pipeline/gateway.h"

/* For responder_ops.handle. @app: struct gateway. */
void info_handle(void *app, struct http_request *rq, struct http_reply *rp);

#endif
