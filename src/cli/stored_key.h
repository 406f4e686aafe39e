/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stored_key - a key described for a person or a script, never its private part.
 *
 * Layer:   cli; calls auth, codec
 * Threads: no shared state
 */
#ifndef GW_CLI_STORED_KEY_H
#define GW_CLI_STORED_KEY_H

#include "auth/service_key.h"

/* Appended without a line end. @service_key: JSON member serviceKey with that text; NULL: none. */
void stored_key_describe(const struct stored_key *k, bool json, const struct buf *service_key,
			 struct buf *out);

#endif
