/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev_auth - who signed a transaction: validators 4 (DID), 1 (Bitcoin), 0 (session key).
 *
 * Rule:    protocol rooch.md 5.2, 6.2
 * Layer:   devnode; calls ledger, store, codec, crypto, util
 * Threads: a context belongs to one thread
 */
#ifndef GW_DEVNODE_DEV_AUTH_H
#define GW_DEVNODE_DEV_AUTH_H

#include "devnode/dev_state.h"

/* Sub status of a refusal. */
enum {
	DEV_SEQUENCE_TOO_OLD = 1001,
	DEV_SEQUENCE_TOO_NEW = 1002,
	DEV_NO_GAS_DEPOSIT = 1004,
	DEV_WRONG_CHAIN = 1006,
	DEV_SEQUENCE_TOO_BIG = 1007,
	DEV_TOO_MUCH_GAS = 1008,
	DEV_INVALID_KEY = 1009,
	DEV_INVALID_AUTHENTICATOR = 1010,
	DEV_NO_VALIDATOR = 1011,
	DEV_DID_PAYLOAD = 101001,
	DEV_DID_ENVELOPE = 101002,
	DEV_DID_NO_DOCUMENT = 101003,
	DEV_DID_NOT_LISTED = 101004,
	DEV_DID_NO_METHOD = 101005,
	DEV_DID_MESSAGE = 101006,
	DEV_DID_SIGNATURE = 101007
};

/*
 * Does @a sign @hash for x->sender? 0 and *refused 0: yes, x->validator and x->fragment are set.
 * 0 and *refused: no, the sub status. -1: the store failed.
 */
int dev_auth_check(struct dev_ctx *x, const struct tx_authenticator *a, const uint8_t hash[32],
		   uint64_t *refused) GW_MUST_CHECK;

#endif
