/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim_key - the one place that opens the key which claims money.
 *
 * From the first of these that is there: the file named (--key-file, SERVICE_KEY_FILE), service.key in
 * the credentials directory that the init system made, SERVICE_KEY itself. A file has to belong to us or
 * to root, and nobody else may read it.
 *
 * Rule:    style.md 9; design.md 2 ("The claim key")
 * Layer:   settle; calls auth, util
 * Threads: no shared state
 */
#ifndef GW_SETTLE_CLAIM_KEY_H
#define GW_SETTLE_CLAIM_KEY_H

#include "auth/service_key.h"
#include "util/conf.h"

/* CONFIG with a sentence; also when the key is not that of SERVICE_DID. */
int claim_key_open(struct stored_key *out, const struct conf *c, const char *file,
		   struct gw_err *e) GW_MUST_CHECK;

#endif
