/* SPDX-License-Identifier: Apache-2.0 */
/* From picoUSD to units, the client's limit, the payer's deposit. */
#include "config.h"

#include "ledger/credit.h"

#include <stdlib.h>

#include "tap.h"
#include "vectors.h"

static void from_vectors(void)
{
	struct vectors vs;
	unsigned n = 0;

	vectors_open(&vs, "amounts");
	while (vectors_next(&vs)) {
		struct u256 want, is = U256_ZERO;
		uint64_t pico, rate;
		struct gw_err e;

		if (!vec_is(&vs, "kind", "picoUSD to asset base units"))
			continue;
		/* costs are below 2^64; the original's are of any size */
		if (!str_u64(vec_str(&vs, "costPicoUsd"), &pico) ||
		    !str_u64(vec_str(&vs, "pricePicoUsdPerBaseUnit"), &rate))
			continue;
		n++;
		OK(u256_parse(&want, vec_str(&vs, "assetCost")) &&
			   !credit_units(&is, picousd_of(pico), rate, &e) && !u256_cmp(is, want),
		   "%s %llu at %llu", vs.id, (unsigned long long)pico, (unsigned long long)rate);
	}
	OK(n > 30, "%u conversions", n);
	vectors_close(&vs);
}

static void limits(void)
{
	struct credit_charge c;
	struct gw_err e;

	OK(credit_units(&c.cost, picousd_of(5), 0, &e) && e.code == GWE_BILLING_RATE_NOT_AVAILABLE,
	   "an asset without a price");
	OK(!credit_charge(&c, picousd_of(150), U256_ZERO, 100, &e) &&
		   !u256_cmp(c.cost, u256_of(2)) && picousd_u64(c.charged) == 150 &&
		   picousd_u64(c.forgone) == 0,
	   "no limit: the cost, rounded up");
	OK(!credit_charge(&c, picousd_of(150), u256_of(2), 100, &e) &&
		   !u256_cmp(c.cost, u256_of(2)) && picousd_u64(c.forgone) == 0,
	   "a limit that is just met");
	OK(!credit_charge(&c, picousd_of(150), u256_of(1), 100, &e) &&
		   !u256_cmp(c.cost, u256_of(1)) && picousd_u64(c.charged) == 100 &&
		   picousd_u64(c.forgone) == 50,
	   "a limit that is less: the rest is forgone");
	OK(!credit_charge(&c, picousd_of(UINT64_MAX), u256_of(1), 1, &e) &&
		   picousd_u64(c.charged) == 1 && picousd_u64(c.forgone) == UINT64_MAX - 1,
	   "the largest cost");
}

static enum gw_code check(uint64_t balance, uint64_t owed, uint64_t bound, uint64_t min,
			  uint64_t reserve, struct buf *details, struct gw_err *e)
{
	struct credit c = { .balance = u256_of(balance),
			    .owed = u256_of(owed),
			    .bound = u256_of(bound),
			    .min_claim = min,
			    .reserve = reserve,
			    .max_unsigned_pico = UINT64_MAX };

	buf_reset(details);
	e->code = GWE_OK;
	return credit_check(&c, "0x3::a::B", details, e) < 0 ? e->code : GWE_OK;
}

static void deposits(void)
{
	struct credit c = { .balance = u256_of(10), .unsigned_pico = 6, .max_unsigned_pico = 5 };
	struct buf d;
	struct gw_err e;
	uint8_t all[32];

	buf_init(&d, 1024);
	OK(check(100, 0, 0, 100, 0, &d, &e) == GWE_OK && d.len == 0, "the minimum is there");
	OK(check(99, 0, 0, 100, 0, &d, &e) == GWE_HUB_INSUFFICIENT_FUNDS,
	   "one unit less than the minimum");
	OK(!strcmp(e.pub, "PaymentHub balance insufficient: 99, required: 100 for asset 0x3::a::B"),
	   "said as clients know it: %s", e.pub);
	OK(!strcmp(buf_c(&d),
		   "{\"balance\":\"99\",\"required\":\"100\",\"assetId\":\"0x3::a::B\"}"),
	   "with details");
	OK(check(100, 60, 30, 10, 10, &d, &e) == GWE_OK, "debt, bound and reserve are covered");
	OK(check(99, 60, 30, 10, 10, &d, &e) == GWE_HUB_INSUFFICIENT_FUNDS, "or not");
	OK(credit_check(&c, "a", &d, &e) && e.code == GWE_HUB_INSUFFICIENT_FUNDS,
	   "too much unsigned elsewhere: %s", e.pub);
	c.unsigned_pico = 5;
	OK(!credit_check(&c, "a", &d, &e), "as much as is allowed");
	memset(all, 0xff, sizeof all);
	c.owed = u256_from_be(all);
	c.bound = u256_of(1);
	OK(credit_check(&c, "a", &d, &e) && e.code == GWE_HUB_INSUFFICIENT_FUNDS,
	   "a sum beyond 256 bits is covered by nothing");
	buf_clear(&d);
}

int main(void)
{
	from_vectors();
	limits();
	deposits();
	return TAP_END;
}
