/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash - digests and random bytes.
 *
 * Layer:   crypto
 * Threads: any
 */
#ifndef GW_CRYPTO_HASH_H
#define GW_CRYPTO_HASH_H

#include "util/str.h"

void hash_sha256(uint8_t out[32], const void *p, size_t n);
void hash_sha3_256(uint8_t out[32], const void *p, size_t n);
void hash_blake2b_256(uint8_t out[32], const void *p, size_t n);
/* Pieces in order, for preimages. */
void hash_sha3_256_v(uint8_t out[32], const struct str *piece, unsigned n);
/* Aborts when the system has no randomness. */
void random_bytes(void *p, size_t n);
enum { UUID_TEXT = 37 };
void random_uuid(char out[UUID_TEXT]); /* version 4 */

#endif
