/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/credit.h"

#include "codec/jwrite.h"

int credit_units(struct u256 *out, struct picousd cost, uint64_t rate_pico, struct gw_err *e)
{
	/* Rule: payment-channel.md 7: rounded up, per request */
	if (!u256_div_ceil_u64(out, u256_of(picousd_u64(cost)), rate_pico))
		return gw_fail(e, GWE_BILLING_RATE_NOT_AVAILABLE, 0, "the asset has no price");
	return 0;
}

int credit_charge(struct credit_charge *out, struct picousd cost, struct u256 max_amount,
		  uint64_t rate_pico, struct gw_err *e)
{
	struct u256 in_pico;
	uint64_t pico;

	*out = (struct credit_charge){ .charged = cost, .forgone = PICOUSD_ZERO };
	if (credit_units(&out->cost, cost, rate_pico, e) < 0)
		return -1;
	if (u256_is_zero(max_amount) || u256_cmp(out->cost, max_amount) <= 0)
		return 0;
	out->cost = max_amount;
	/* the limit is less than the cost, so its value fits too */
	if (u256_mul_u64(&in_pico, max_amount, rate_pico) && u256_to_u64(&pico, in_pico))
		out->charged = picousd_of(pico);
	if (!picousd_sub(&out->forgone, cost, out->charged))
		return gw_fail_priv(e, GWE_INTERNAL, 0, "a charge beyond the cost");
	return 0;
}

static int too_little(const struct credit *c, struct u256 needed, const char *asset,
		      struct buf *details, struct gw_err *e)
{
	char balance[U256_TEXT], required[U256_TEXT];
	struct jwrite w;

	u256_format(balance, c->balance);
	u256_format(required, needed);
	jwrite_init(&w, details, false);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "balance", balance);
	jwrite_text(&w, "required", required);
	jwrite_text(&w, "assetId", asset);
	jwrite_object_end(&w);
	return gw_fail(e, GWE_HUB_INSUFFICIENT_FUNDS, 0,
		       "PaymentHub balance insufficient: %s, required: %s for asset %s", balance,
		       required, asset);
}

static int too_much_unsigned(const struct credit *c, struct buf *details, struct gw_err *e)
{
	char is[PICOUSD_USD_TEXT], max[PICOUSD_USD_TEXT];
	struct jwrite w;

	picousd_format_usd(is, picousd_of(c->unsigned_pico));
	picousd_format_usd(max, picousd_of(c->max_unsigned_pico));
	jwrite_init(&w, details, false);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "unsignedUsd", is);
	jwrite_text(&w, "maxUnsignedUsd", max);
	jwrite_object_end(&w);
	return gw_fail(
		e, GWE_HUB_INSUFFICIENT_FUNDS, 0,
		"%s USD in this payer's other sub-channels wait for a signature, more than the %s USD "
		"that are allowed: sign those proposals first",
		is, max);
}

int credit_check(const struct credit *c, const char *asset, struct buf *details, struct gw_err *e)
{
	struct u256 needed;

	if (!u256_add(&needed, c->owed, c->bound) ||
	    !u256_add(&needed, needed, u256_of(c->reserve)))
		return gw_fail(e, GWE_HUB_INSUFFICIENT_FUNDS, 0, "no deposit can cover this");
	if (u256_cmp(needed, u256_of(c->min_claim)) < 0)
		needed = u256_of(c->min_claim);
	if (u256_cmp(c->balance, needed) < 0)
		return too_little(c, needed, asset, details, e);
	if (c->unsigned_pico > c->max_unsigned_pico)
		return too_much_unsigned(c, details, e);
	return 0;
}
