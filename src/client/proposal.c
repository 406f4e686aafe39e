/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "client/proposal.h"

#include <string.h>

enum proposal_fault proposal_check(const struct subrav *p, const struct u256 *cost,
				   const struct proposal_base *base, struct u256 limit,
				   struct u256 *step)
{
	struct u256 delta;

	if (p->version != SUBRAV_VERSION)
		return PROPOSAL_OTHER_VERSION;
	if (p->chain_id != base->chain_id)
		return PROPOSAL_OTHER_CHAIN;
	if (!rooch_id_eq(p->channel_id, base->channel_id))
		return PROPOSAL_OTHER_CHANNEL;
	if (strcmp(p->fragment, base->fragment) != 0)
		return PROPOSAL_OTHER_FRAGMENT;
	if (p->epoch != base->epoch)
		return PROPOSAL_OTHER_EPOCH;
	if (p->nonce == base->nonce && p->nonce)
		return u256_cmp(p->accumulated, base->amount) ? PROPOSAL_SECOND_AMOUNT
							      : PROPOSAL_SIGNED_BEFORE;
	if (p->nonce <= base->nonce)
		return PROPOSAL_NONCE_BACK;
	/* Also the largest one, beyond which nothing could follow. */
	if (p->nonce - 1 != base->nonce || p->nonce > INT64_MAX)
		return PROPOSAL_NONCE_AHEAD;
	if (!u256_sub(&delta, p->accumulated, base->amount))
		return PROPOSAL_AMOUNT_FALLS;
	if (cost && u256_cmp(*cost, delta) != 0)
		return PROPOSAL_COST_DIFFERS;
	*step = delta;
	return !u256_is_zero(limit) && u256_cmp(delta, limit) > 0 ? PROPOSAL_OVER_LIMIT
								  : PROPOSAL_GOOD;
}

static const char lies[] = "the gateway cannot be trusted, nothing was signed: ";

static int other_channel(const struct subrav *p, const struct proposal_base *base, struct gw_err *e)
{
	char theirs[ROOCH_HEX_TEXT], ours[ROOCH_HEX_TEXT];

	rooch_id_hex(theirs, &p->channel_id);
	rooch_id_hex(ours, &base->channel_id);
	return gw_fail(e, GWE_CONFLICT, 0,
		       "%sits proposal is for another channel, %s, ours with it is %s", lies,
		       theirs, ours);
}

static int wrong_amount(enum proposal_fault f, const struct subrav *p, const struct u256 *cost,
			const struct proposal_base *base, struct u256 limit, struct gw_err *e)
{
	char amount[U256_TEXT], last[U256_TEXT], step[U256_TEXT] = "", said[U256_TEXT];
	struct u256 delta;

	u256_format(amount, p->accumulated);
	u256_format(last, base->amount);
	if (u256_sub(&delta, p->accumulated, base->amount))
		u256_format(step, delta);
	u256_format(said, f == PROPOSAL_OVER_LIMIT ? limit : cost ? *cost : U256_ZERO);
	if (f == PROPOSAL_OVER_LIMIT)
		return gw_fail(
			e, GWE_CONFLICT, 0,
			"the gateway overcharges, nothing was signed: it wants %s units for one "
			"request, the limit is %s (--max-amount)",
			step, said);
	if (f == PROPOSAL_SECOND_AMOUNT)
		return gw_fail(e, GWE_CONFLICT, 0,
			       "%svoucher %llu was signed for %s units in all, now it is to be %s",
			       lies, (unsigned long long)p->nonce, last, amount);
	if (f == PROPOSAL_AMOUNT_FALLS)
		return gw_fail(e, GWE_CONFLICT, 0,
			       "%sits proposal goes back from %s units in all to %s", lies, last,
			       amount);
	return gw_fail(e, GWE_CONFLICT, 0, "%sit says that the request cost %s units, but adds %s",
		       lies, said, step);
}

int proposal_complain(enum proposal_fault f, const struct subrav *p, const struct u256 *cost,
		      const struct proposal_base *base, struct u256 limit, struct gw_err *e)
{
	unsigned long long theirs = p->nonce, ours = base->nonce;

	switch (f) {
	case PROPOSAL_GOOD:
	case PROPOSAL_SIGNED_BEFORE:
		break;
	case PROPOSAL_OTHER_VERSION:
		return gw_fail(e, GWE_CONFLICT, 0, "%sits proposal is of version %u", lies,
			       p->version);
	case PROPOSAL_OTHER_CHAIN:
		theirs = p->chain_id;
		ours = base->chain_id;
		return gw_fail(e, GWE_CONFLICT, 0,
			       "%sits proposal is for chain %llu, the channel is on chain %llu",
			       lies, theirs, ours);
	case PROPOSAL_OTHER_CHANNEL:
		return other_channel(p, base, e);
	case PROPOSAL_OTHER_FRAGMENT:
		return gw_fail(e, GWE_CONFLICT, 0,
			       "%sits proposal is for the key `%.128s`, ours is `%s`", lies,
			       p->fragment, base->fragment);
	case PROPOSAL_OTHER_EPOCH:
		theirs = p->epoch;
		ours = base->epoch;
		return gw_fail(e, GWE_CONFLICT, 0,
			       "%sits proposal is of epoch %llu, the channel is in epoch %llu",
			       lies, theirs, ours);
	case PROPOSAL_NONCE_BACK:
		return gw_fail(e, GWE_CONFLICT, 0,
			       "%sits proposal has number %llu, but %llu was signed already", lies,
			       theirs, ours);
	case PROPOSAL_NONCE_AHEAD:
		return gw_fail(
			e, GWE_CONFLICT, 0,
			"%sits proposal has number %llu, but the last voucher known here is %llu",
			lies, theirs, ours);
	case PROPOSAL_SECOND_AMOUNT:
	case PROPOSAL_AMOUNT_FALLS:
	case PROPOSAL_COST_DIFFERS:
	case PROPOSAL_OVER_LIMIT:
		return wrong_amount(f, p, cost, base, limit, e);
	}
	return gw_fail(e, GWE_INTERNAL, 0, "no fault");
}
