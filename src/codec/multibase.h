/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multibase - base64url, base58btc and the generic multibase decoder, each where it belongs.
 *
 * Base64 texts may end with one or two `=`, needed or not. Base58 costs the square of its length,
 * which the buffer's maximum bounds. Memory in which texts are converted is wiped.
 *
 * Rule:    protocol did-auth.md 1
 * Layer:   codec; calls util
 * Threads: no shared state
 */
#ifndef GW_CODEC_MULTIBASE_H
#define GW_CODEC_MULTIBASE_H

#include "util/buf.h"

/* Decoders append to @out (its max is the bound) and return false, with @out unchanged, for a
 * bad text. With prefix character. */
bool multibase_decode_u(struct str text, struct buf *out);   /* only 'u' */
bool multibase_decode_z(struct str text, struct buf *out);   /* only 'z' */
bool multibase_decode_any(struct str text, struct buf *out); /* u U m M z f */
bool multibase_encode_u(const void *p, size_t n, struct buf *out);
bool multibase_encode_z(const void *p, size_t n, struct buf *out);

#endif
