/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paid - a request to a gateway with all that belongs to its payment.
 *
 * Where the wallet has a channel with the gateway, the request carries the voucher for the one before
 * it, a 402 is answered once, and the proposal that comes back (in a header, or in a frame that is taken
 * out of the stream) is on the disk before the caller hears of success. Without a channel, or without a
 * wallet, requests go out unpaid; what a gateway says of their cost is kept all the same.
 *
 * Rule:    protocol payment-channel.md 9
 * Layer:   client; calls ledger, upstream, util
 * Threads: main thread
 */
#ifndef GW_CLIENT_PAID_H
#define GW_CLIENT_PAID_H

#include "client/frame_filter.h"
#include "client/http.h"
#include "client/payer.h"

#define PAYMENT_HEADER "X-Payment-Channel-Data"

/* Beside CLIENT_OPTIONS. */
#define PAID_OPTIONS(limit) \
	{ \
		.name = "max-amount", .letter = 'M', .arg = "A", .value = (limit), \
		.help = "most that a request may cost, in base units or as 0.5RGas; 0: no limit" \
	}

struct paid {
	struct client_http http;
	const struct client_options *o;
	bool paying; /* there is a channel; else the wallet is not open */
	struct wallet wallet;
	struct payer payer;
	/* the last answer's, "" and false where it said nothing */
	bool has_response;
	struct payment_response response;
	bool no_frame; /* private */
};

/* The default limit; $LLM_GATEWAY_MAX_AMOUNT and @max_amount (NULL: not given) go before it. */
enum { PAID_DEFAULT_LIMIT_RGAS = 50 };
/*
 * @sign false: without Authorization and unpaid. @must_pay: NOT_FOUND when there is no channel. On
 * failure nothing is left to close.
 */
int paid_open(struct paid *p, const struct client_options *o, const char *max_amount, bool sign,
	      bool must_pay, struct gw_err *e) GW_MUST_CHECK;
void paid_close(struct paid *p);

/*
 * Like client_http_call; @h hears of one answer only, that of the last try. -1 also when the gateway
 * cannot be trusted (CONFLICT): then the answer was handed on, but nothing will be paid for it. A refusal by
 * the gateway is an answer: 0, p->response says why.
 */
int paid_call(struct paid *p, const struct client_request *rq, const struct upstream_handler *h,
	      struct upstream_result *res, struct gw_err *e) GW_MUST_CHECK;

/* After payer_take_pending and its like said PAYER_BEHIND: ask the chain, and the gateway for vouchers of
 * ours. @tried: 0 at first, counted up by each call; false: there is nothing more to ask. */
int paid_learn(struct paid *p, const struct subrav *proposal, unsigned *tried,
	       struct gw_err *e) GW_MUST_CHECK;
enum { PAID_LEARN_TRIES = 2 };

/* Our own voucher @nonce of this epoch, as the gateway has it; the signature was verified. 1: it has none. */
int paid_fetch_voucher(struct paid *p, uint64_t nonce, struct voucher *v,
		       struct gw_err *e) GW_MUST_CHECK;

/* What helps against an error of the gateway; "" when nothing is known to. */
const char *paid_advice(const char *error_code);

#endif
