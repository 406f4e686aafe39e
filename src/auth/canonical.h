/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canonical - the text of signed_data that a DIDAuthV1 signature covers.
 *
 * Members whose name does not stand on the top level vanish at every depth, params.uri and
 * params.method among them: that is how the protocol was made, and why nothing may be decided
 * by what they say.
 *
 * Rule:    protocol did-auth.md 7
 * Layer:   auth; calls codec, util
 * Threads: no shared state
 */
#ifndef GW_AUTH_CANONICAL_H
#define GW_AUTH_CANONICAL_H

#include "codec/jscan.h"

/* Levels of a text that is to be signed or verified: each costs a stack frame, and time. */
enum { CANONICAL_DEPTH = 32 };

/*
 * Append the canonical text of @object, which was checked (UTF-8, at most CANONICAL_DEPTH deep).
 * It is at most CANONICAL_GROWTH times as long. False: @out is full.
 */
enum { CANONICAL_GROWTH = 8 };
bool canonical_text(struct buf *out, struct jval object) GW_MUST_CHECK;

#endif
