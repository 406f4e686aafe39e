/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payer - the client's half of the payment of one request, step by step, without the network.
 *
 *	payer_begin	the proposal that is waiting is signed and the voucher stored, or there is none
 *	payer_header	what the request carries
 *	payer_take	what the answer carries: a new proposal is checked and stored
 *	payer_end	how the request went
 *
 * Each step is one transaction. A program that is killed between two of them (or inside one) goes on
 * with its next request: what it had not stored it had not sent, and what it did not receive the
 * gateway sends again with its 402, which payer_take answers (PAYER_AGAIN).
 *
 * Under one nonce only one amount is ever signed.
 *
 * Rule:    protocol payment-channel.md 9.2, 9.3, 9.6
 * Layer:   client; calls auth, ledger, store, util
 * Threads: main thread
 */
#ifndef GW_CLIENT_PAYER_H
#define GW_CLIENT_PAYER_H

#include "auth/service_key.h"
#include "client/wallet.h"
#include "ledger/payment_header.h"

/* In the database, never renumber. */
enum payer_state {
	PAYER_STARTED = 0,
	PAYER_PRICED = 1, /* a proposal asks to pay for it */
	PAYER_FREE = 2,
	PAYER_REFUSED = 3,  /* by the gateway */
	PAYER_DISTRUST = 4, /* its proposal, by us */
	PAYER_BROKEN = 5    /* no end was seen */
};

struct payer {
	/* set by the caller before payer_begin; borrowed but for @ch */
	struct wallet *w;
	const struct stored_key *id;
	struct wallet_channel ch;
	struct u256 limit; /* of one request; zero: none */
	char tx_ref[TX_REF_MAX + 1];

	int64_t request_id;
	bool has_voucher; /* that goes with the request */
	struct voucher voucher;
	struct u256 paid; /* what the voucher adds */

	/* what the answer said */
	enum payer_state state;
	bool has_cost, has_usd;
	struct u256 cost;
	struct picousd usd;
	struct subrav proposal; /* has_cost: stored, to be signed with the next request */
	enum proposal_fault
		fault; /* why the proposal was not stored; the base it was compared with: */
	struct wallet_channel at;
};

/* @path: without its query. Errors are the store's, or that the key cannot sign. */
int payer_begin(struct payer *p, const char *method, struct str path,
		struct gw_err *e) GW_MUST_CHECK;
/* Value of the header, appended. */
void payer_header(const struct payer *p, struct buf *value);

enum payer_verdict {
	PAYER_DONE,  /* look at p->state */
	PAYER_AGAIN, /* the voucher is made and stored: send the request once more */
	/* p->fault is PROPOSAL_NONCE_AHEAD or PROPOSAL_OTHER_EPOCH: nothing was changed. What we know may be
	 * too old; after payer_learn, take it again */
	PAYER_BEHIND
};
/*
 * @r: the answer's, NULL when it had none. @first: PAYER_AGAIN is possible. @may_learn: PAYER_BEHIND is.
 * -1: the store failed, or the proposal is not one to sign (CONFLICT, state DISTRUST), or the
 * gateway refused (state REFUSED, its words in @e). In the last case a proposal it brought was stored.
 */
int payer_take(struct payer *p, const struct payment_response *r, bool first, bool may_learn,
	       enum payer_verdict *v, struct gw_err *e) GW_MUST_CHECK;

/*
 * What was learnt since: p->ch as the chain has it now, and a voucher of ours (signature verified by
 * the caller) that we did not know any more, or NULL.
 */
int payer_learn(struct payer *p, const struct voucher *forgotten, struct gw_err *e) GW_MUST_CHECK;

/*
 * @status: HTTP, 0 none. @why: what went wrong, NULL nothing. A request in state STARTED is broken off
 * when @why says so, and free otherwise.
 */
int payer_end(struct payer *p, int status, const struct gw_err *why,
	      struct gw_err *e) GW_MUST_CHECK;

/*
 * For paying without a request: the voucher for what is open (p->has_voucher), which is the waiting
 * proposal, or the newest voucher if it is not known to have arrived.
 */
int payer_sign_open(struct payer *p, struct gw_err *e) GW_MUST_CHECK;
/* A proposal that the gateway says is pending (recovery): checked and stored. */
int payer_take_pending(struct payer *p, const struct subrav *pending, bool may_learn,
		       enum payer_verdict *v, struct gw_err *e) GW_MUST_CHECK;
/* The gateway has taken the voucher. */
int payer_taken(struct payer *p, struct gw_err *e) GW_MUST_CHECK;

#endif
