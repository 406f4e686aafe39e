/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bech32m - bytes as text with a checksum, without a version value in front.
 *
 * Rule:    protocol did-auth.md 4 (BIP 350)
 * Layer:   codec; calls util
 * Threads: no shared state
 */
#ifndef GW_CODEC_BECH32M_H
#define GW_CODEC_BECH32M_H

#include "util/str.h"

enum { BECH32M_MAX = 90 }; /* characters of a text */

/* @n bytes under the prefix @hrp, which is lower case; lower-case text with NUL. It has to fit. */
void bech32m_encode(char out[BECH32M_MAX + 1], const char *hrp, const uint8_t *p, size_t n);
/*
 * All lower or all upper case, prefix @hrp, exactly @n bytes, padding bits zero, checksum right;
 * else false, and what @out holds means nothing.
 */
bool bech32m_decode(uint8_t *out, size_t n, const char *hrp, struct str text);

#endif
