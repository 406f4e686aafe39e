/* SPDX-License-Identifier: Apache-2.0 */
/*
 * js_number - a JSON number as JavaScript writes it after it has read it.
 *
 * For signed texts only, which are made that way by the payers' programs. No amount of money
 * passes here.
 *
 * Rule:    protocol did-auth.md 7, point 8 (ECMAScript Number::toString)
 * Layer:   auth; calls util
 * Threads: no shared state
 */
#ifndef GW_AUTH_JS_NUMBER_H
#define GW_AUTH_JS_NUMBER_H

#include "util/buf.h"

/*
 * Append the shortest text of the nearest double: "100" for 1e2, "null" beyond its range.
 * @json: a number out of a checked text, so that a byte which ends numbers (a NUL will do)
 * follows it. False: @out is full.
 */
bool js_number(struct buf *out, struct str json) GW_MUST_CHECK;

#endif
