/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev_sig - signatures as the chain's natives see them: low S only, and what cannot be read aborts.
 *
 * Rule:    protocol rooch.md 7.2 step 3; did-auth.md 2 "On chain"
 * Layer:   devnode; calls codec, crypto, util
 * Threads: no shared state
 */
#ifndef GW_DEVNODE_DEV_SIG_H
#define GW_DEVNODE_DEV_SIG_H

#include "crypto/key.h"

enum dev_sig {
	DEV_SIG_VALID,
	DEV_SIG_WRONG,
	DEV_SIG_NO_SIGNATURE, /* ECDSA: other length, r or s out of range */
	DEV_SIG_NO_KEY	      /* ECDSA: no point of the curve */
};
/* @type and @multibase as in a document or a sub-channel. An unknown type is DEV_SIG_WRONG. */
enum dev_sig dev_sig_check(struct str type, struct str multibase, struct str msg, struct str sig);
/* Module that aborts for the last two: "0x3::ecdsa_k1", with 1 and 2. */
const char *dev_sig_module(struct str type);
/* Public key of a multibase text (z) that fits the type. */
bool dev_sig_key(enum key_type t, struct str multibase, uint8_t pub[KEY_PUB_MAX]);

#endif
