/* SPDX-License-Identifier: Apache-2.0 */
/*
 * free_route - the voucher that comes along with a request that costs nothing. A client of the protocol sends
 * what it owes with whatever it asks next, and forgets the proposal when it signs it: the voucher is
 * checked and stored as by T1, and no proposal is made.
 *
 *	gateway_burn	  the nonce of the authentication, before anything else
 *	free_route_read	  the header
 *	free_route_take	  its voucher; waits while the sub-channel is busy
 *	free_route_refuse what is answered when one of them failed
 *
 * Free routes of providers do the same on the way of a paid one (admit.c).
 *
 * Rule:    protocol payment-channel.md 6.3, 6.4, 9.2
 * Layer:   pipeline; calls http, ledger, auth, store, util
 * Threads: any
 */
#ifndef GW_PIPELINE_FREE_ROUTE_H
#define GW_PIPELINE_FREE_ROUTE_H

#include "pipeline/gateway.h"

/* payment_begin and payment_parse; and HEADER_TOO_LARGE. @auth and the request's arena are borrowed by @p. */
int free_route_read(struct payment *p, struct gateway *g, const struct http_request *rq,
		    const struct did_auth *auth, struct gw_err *e) GW_MUST_CHECK;
/* The voucher of @p, which has one: payment_prepare, T1, and what T1 refuses. */
int free_route_take(struct payment *p, struct gateway *g, const struct http_request *rq,
		    struct gw_err *e) GW_MUST_CHECK;
/* Body and payment header say the same. */
void free_route_refuse(const struct payment *p, struct http_reply *rp, const struct gw_err *e);

/*
 * All of it, for a path that needs no authentication: a voucher in the payment header of @rq is taken; then
 * the request has to be signed. true: the path may answer (also without a voucher, and with payment off);
 * false: it was answered with the refusal.
 */
bool free_route_pay(struct gateway *g, struct http_request *rq, struct http_reply *rp);

#endif
