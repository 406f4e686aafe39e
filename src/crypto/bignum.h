/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bignum - 32 big-endian bytes to and from GMP, for the curves that compute with it.
 *
 * Layer:   crypto; calls util
 * Threads: no shared state
 */
#ifndef GW_CRYPTO_BIGNUM_H
#define GW_CRYPTO_BIGNUM_H

#include <gmp.h>

#include "util/secret.h"

static inline void bignum_read(mpz_t v, const uint8_t bytes[32])
{
	mpz_import(v, 32, 1, 1, 0, 0, bytes);
}

/* @v is below 2^256. */
static inline void bignum_write(uint8_t bytes[32], const mpz_t v)
{
	size_t n = (mpz_sizeinbase(v, 2) + 7) / 8;

	for (int i = 0; i < 32; i++)
		bytes[i] = 0;
	mpz_export(bytes + 32 - n, NULL, 1, 1, 0, 0, v);
}

/* Instead of mpz_clear, where @v held a secret. */
static inline void bignum_wipe(mpz_t v)
{
	size_t n = mpz_size(v);

	if (n)
		secret_wipe(mpz_limbs_modify(v, (mp_size_t)n), n * sizeof(mp_limb_t));
	mpz_clear(v);
}

#endif
