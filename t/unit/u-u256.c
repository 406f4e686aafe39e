/* SPDX-License-Identifier: Apache-2.0 */
/* 256-bit arithmetic against GMP, and its borders. */
#include "config.h"

#include "util/u256.h"

#include <gmp.h>

#include "tap.h"

enum { ROUNDS = 20000 };

static uint64_t state = 0x9e3779b97f4a7c15u;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Short and long numbers alike, and the borders of words more often than by chance. */
static struct u256 any(void)
{
	uint8_t b[32] = { 0 };
	unsigned len = (unsigned)(next() % 33);
	uint64_t form = next() % 4;

	for (unsigned i = 0; i < len; i++)
		b[i] = form == 0 ? 0xff : (uint8_t)next();
	if (form == 1 && len)
		memset(b, 0, len - 1);
	return u256_from_le(b);
}

static void to_mpz(mpz_t out, struct u256 a)
{
	uint8_t b[32];

	u256_to_be(b, a);
	mpz_import(out, sizeof b, 1, 1, 1, 0, b);
}

static bool same(struct u256 a, const mpz_t b)
{
	mpz_t m;
	bool eq;

	mpz_init(m);
	to_mpz(m, a);
	eq = mpz_cmp(m, b) == 0;
	mpz_clear(m);
	return eq;
}

/* @ok: our operation worked and gave @r; @want: the true result */
static bool agrees(bool ok, struct u256 r, const mpz_t want)
{
	bool fits = mpz_sgn(want) >= 0 && mpz_sizeinbase(want, 2) <= 256;

	return ok == fits && (ok ? same(r, want) : u256_cmp(r, u256_of(7)) == 0);
}

static bool against_gmp(void)
{
	mpz_t a, b, n, want;
	bool good = true;

	mpz_inits(a, b, n, want, (mpz_ptr)NULL);
	for (unsigned i = 0; i < ROUNDS && good; i++) {
		struct u256 x = any(), y = any(), r = u256_of(7), q;
		uint64_t k = next() >> next() % 64;
		char text[U256_TEXT], *theirs;
		bool ok;

		to_mpz(a, x);
		to_mpz(b, y);
		mpz_import(n, 1, 1, sizeof k, 0, 0, &k);
		good &= u256_cmp(x, y) == (mpz_cmp(a, b) > 0) - (mpz_cmp(a, b) < 0);
		mpz_add(want, a, b);
		ok = u256_add(&r, x, y);
		good &= agrees(ok, r, want);
		mpz_sub(want, a, b);
		r = u256_of(7);
		ok = u256_sub(&r, x, y);
		good &= agrees(ok, r, want);
		mpz_mul(want, a, n);
		r = u256_of(7);
		ok = u256_mul_u64(&r, x, k);
		good &= agrees(ok, r, want);
		if (k) {
			mpz_cdiv_q(want, a, n);
			good &= u256_div_ceil_u64(&r, x, k) && same(r, want);
			good &= u256_div_u64(&q, x, k) == mpz_fdiv_q_ui(want, a, (unsigned long)k);
			good &= same(q, want);
		}
		u256_format(text, x);
		theirs = mpz_get_str(NULL, 10, a);
		good &= !strcmp(text, theirs);
		free(theirs);
		good &= u256_parse(&r, str_c(text)) && u256_cmp(r, x) == 0;
	}
	mpz_clears(a, b, n, want, (mpz_ptr)NULL);
	return good;
}

static bool parses(const char *text)
{
	struct u256 r = u256_of(7);
	bool ok = u256_parse(&r, str_c(text));

	return ok || u256_cmp(r, u256_of(7)) != 0;
}

int main(void)
{
	static const char max[] =
		"115792089237316195423570985008687907853269984665640564039457584007913129639935";
	struct u256 top = U256_ZERO, r = u256_of(7);
	uint8_t le[32], be[32];
	uint64_t small = 7;
	char text[U256_TEXT];

	OK(against_gmp(), "%d random rounds agree with GMP", ROUNDS);
	OK(u256_parse(&top, str_c(max)), "the largest number is read");
	u256_format(text, top);
	OK(!strcmp(text, max), "and written");
	OK(!parses("115792089237316195423570985008687907853269984665640564039457584007913129639936"),
	   "one more is refused");
	OK(!parses("") && !parses("-1") && !parses("1 ") && !parses("0x1") && !parses("1e3") &&
	       !parses("1.0"),
	   "only digits are read");
	OK(!u256_add(&r, top, u256_of(1)) && u256_cmp(r, u256_of(7)) == 0,
	   "a sum that does not fit is told and changes nothing");
	OK(!u256_div_ceil_u64(&r, top, 0), "a division by nothing is told");
	OK(u256_div_ceil_u64(&r, top, 1) && u256_cmp(r, top) == 0, "a division by one has room");
	OK(!u256_to_u64(&small, top) && small == 7, "what exceeds 64 bits does not become 64 bits");
	OK(u256_to_u64(&small, u256_of(UINT64_MAX)) && small == UINT64_MAX, "what fits does");
	u256_to_le(le, u256_of(0x0102));
	u256_to_be(be, u256_of(0x0102));
	OK(le[0] == 2 && le[1] == 1 && !le[31] && be[31] == 2 && be[30] == 1 && !be[0],
	   "bytes stand in their order");
	OK(u256_cmp(u256_from_le(le), u256_from_be(be)) == 0, "and are read back");
	OK(u256_is_zero(U256_ZERO) && !u256_is_zero(top), "zero is known");
	return TAP_END;
}
