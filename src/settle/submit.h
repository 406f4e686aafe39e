/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit - bring one transaction to its end: intent, chain, books.
 *
 * The bytes are in the database before the chain gets them. Whatever is unclear afterwards is looked up by
 * its hash, then in the state that it was to bring about, and only then sent again, the same bytes. A
 * claim that is repeated is harmless, so nothing here has to be certain that it was not executed.
 *
 * Rule:    protocol rooch.md 5.4, 6.2, 7; payment-channel.md 11; design.md 4 (I6)
 * Layer:   settle
 * Threads: the run's own
 */
#ifndef GW_SETTLE_SUBMIT_H
#define GW_SETTLE_SUBMIT_H

#include "settle/claim_rows.h"
#include "settle/settle.h"

enum submit_result {
	SUBMIT_DONE,   /* the chain shows it */
	SUBMIT_AGAIN,  /* the sequence number was somebody else's: plan it anew */
	SUBMIT_FAILED, /* not executed, or aborted: why */
	SUBMIT_OPEN,   /* not known: a later run finds out */
	SUBMIT_STOP    /* s->stop says why nothing can be sent */
};
struct submit_outcome {
	enum submit_result result;
	enum claim_why why;
	struct u256 moved; /* of SUBMIT_DONE */
};

/*
 * Sign @call as the next transaction, write it down as @r (kind, channel, fragment, epoch, nonce, amount,
 * asset are set), send it, wait for its end. -1: the database.
 */
int submit_call(struct settle *s, struct claim_row *r, const struct tx_call *call,
		struct submit_outcome *out, struct gw_err *e) GW_MUST_CHECK;
/* Finish what earlier runs left open. */
int submit_resume(struct settle *s, struct gw_err *e) GW_MUST_CHECK;

/* What an abort, or another end of an execution, means. */
enum claim_why submit_why(const struct tx_result *r);

#endif
