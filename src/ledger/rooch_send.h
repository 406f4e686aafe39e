/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rooch_send - one transaction from its call to its result: chain id, sequence number, signature,
 * execution, and what became of it when the answer got lost.
 *
 * For programs that wait for the result. Who must survive being killed in between keeps the
 * transaction's bytes and uses rooch_tx and rooch_rpc.
 *
 * Rule:    protocol rooch.md 5
 * Layer:   ledger; calls crypto, util
 * Threads: transactions of one account one after the other; else any
 */
#ifndef GW_LEDGER_ROOCH_SEND_H
#define GW_LEDGER_ROOCH_SEND_H

#include "ledger/rooch_rpc.h"

struct rooch_sender {
	struct rooch_rpc *rpc;
	const struct signing_key *key;
	const char *
		fragment; /* of the key in the DID's document; NULL: as the key's Bitcoin account */
	struct rooch_id address; /* of the DID; of a Bitcoin account it follows from the key */
};

/*
 * 0: executed. -1: @e says in words what happened, @out what is known: CONFLICT when the chain ran
 * it and it failed, BAD_REQUEST when the chain refused to run it or the key cannot sign it,
 * SERVICE_UNAVAILABLE when the node cannot be asked or the outcome stays unknown.
 */
int rooch_send(const struct rooch_sender *s, const struct tx_call *call, struct tx_result *out,
	       struct gw_err *e) GW_MUST_CHECK;

/*
 * Create a DID "for self": the chain gives it an address, its document lists the key (K1) as
 * `account-key`. The same errors.
 */
int rooch_create_did(struct rooch_rpc *rpc, const struct signing_key *key, struct rooch_id *did,
		     struct gw_err *e) GW_MUST_CHECK;
extern const char rooch_self_fragment[];

#endif
