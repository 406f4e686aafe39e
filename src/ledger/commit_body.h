/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commit_body - the body by which a payer hands in a voucher outside a request.
 *
 *	{"subRav":{"subRav":{...},"signature":"u..."}}
 *
 * The client's own method writes the signature as an object of bytes, {"0":12,"1":...}: taken too.
 *
 * Rule:    protocol payment-channel.md 10 "Commit"
 * Layer:   ledger; calls codec, util
 * Threads: no shared state
 */
#ifndef GW_LEDGER_COMMIT_BODY_H
#define GW_LEDGER_COMMIT_BODY_H

#include "ledger/subrav.h"

enum { COMMIT_BODY_MAX = 65536 };
/* Not verified, S as it came. BAD_REQUEST with a sentence. */
int commit_body_read(struct voucher *out, struct str json, struct gw_err *e) GW_MUST_CHECK;

#endif
