/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payment_api - the endpoints below /payment-channel: health, recovery, commit, subrav for payers, status
 * and claim-trigger for administrators.
 *
 * All but health need DIDAuth, whose nonce is spent before anything else; none costs anything. Answers
 * have the envelope of the protocol page; integers are bare up to 2^53 - 1 and text beyond.
 *
 * Rule:    protocol payment-channel.md 10
 * Layer:   pipeline; calls http, ledger, auth, store, util
 * Threads: any
 */
#ifndef GW_PIPELINE_PAYMENT_API_H
#define GW_PIPELINE_PAYMENT_API_H

#include "pipeline/gateway.h"

/* For responder_ops; @app is the struct gateway. */
void payment_api_handle(void *app, struct http_request *rq, struct http_reply *rp);

/* ---- between payment_api.c and payment_admin.c ---- */

struct jwrite;
struct api_call {
	struct gateway *g;
	struct http_request *rq;
	struct http_reply *rp;
	struct did_auth auth;
	struct payment payment; /* of a payer's call: channel and fragment derived */
	struct buf body;
};
/* {"success":true,"data": ... }; the writer stands inside data. */
void api_begin(struct jwrite *w, struct buf *b);
void api_send(struct api_call *a, struct jwrite *w, struct buf *b);
/* An error of the endpoint itself. */
void api_refuse(struct api_call *a, const struct gw_err *e);
void api_timestamp(struct jwrite *w, const char *key);
/* Bare up to 2^53 - 1, text beyond. */
void api_number(struct jwrite *w, const char *key, uint64_t v);
void api_amount(struct jwrite *w, const char *key, struct u256 v);

void payment_admin_status(struct api_call *a);
void payment_admin_claim(struct api_call *a);

#endif
