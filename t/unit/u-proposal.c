/* SPDX-License-Identifier: Apache-2.0 */
/* Which proposals may be signed: one by one, each member tampered with. */
#include "config.h"

#include "client/proposal.h"
#include "tap.h"

#include <string.h>

static struct proposal_base base;
static struct subrav good;
static struct u256 cost, limit, step;

static void reset(void)
{
	base = (struct proposal_base){ .chain_id = 4,
				       .channel_id = { { 1, 2, 3 } },
				       .epoch = 2,
				       .fragment = "account-key",
				       .nonce = 7,
				       .amount = u256_of(1000) };
	good = (struct subrav){ .version = 1,
				.chain_id = 4,
				.channel_id = { { 1, 2, 3 } },
				.epoch = 2,
				.fragment = "account-key",
				.accumulated = u256_of(1075),
				.nonce = 8 };
	cost = u256_of(75);
	limit = u256_of(75);
	step = u256_of(99);
}

static enum proposal_fault check(void)
{
	return proposal_check(&good, &cost, &base, limit, &step);
}

static bool says(enum proposal_fault f, const char *words)
{
	struct gw_err e;
	bool ok = check() == f && proposal_complain(f, &good, &cost, &base, limit, &e) == -1 &&
		  e.code == GWE_CONFLICT && strstr(e.pub, words);

	if (!ok)
		printf("# fault %d: %s\n", check(), e.pub);
	reset();
	return ok;
}

static void members(void)
{
	reset();
	OK(check() == PROPOSAL_GOOD && !u256_cmp(step, cost), "the next step at its price is good");
	OK(proposal_check(&good, NULL, &base, limit, &step) == PROPOSAL_GOOD,
	   "so is one without a stated price, within the limit");
	good.version = 2;
	OK(says(PROPOSAL_OTHER_VERSION, "version 2"), "another version");
	good.chain_id = 1;
	OK(says(PROPOSAL_OTHER_CHAIN, "for chain 1, the channel is on chain 4"), "another chain");
	good.channel_id.b[31] = 1;
	OK(says(PROPOSAL_OTHER_CHANNEL, "another channel, 0x010203"), "another channel");
	snprintf(good.fragment, sizeof good.fragment, "account-kez");
	OK(says(PROPOSAL_OTHER_FRAGMENT, "the key `account-kez`, ours is `account-key`"),
	   "another key");
	snprintf(good.fragment, sizeof good.fragment, "account-key2");
	OK(says(PROPOSAL_OTHER_FRAGMENT, "account-key2"), "a longer name of a key");
	good.epoch = 1;
	OK(says(PROPOSAL_OTHER_EPOCH, "of epoch 1, the channel is in epoch 2"), "an earlier epoch");
	good.epoch = 3;
	OK(says(PROPOSAL_OTHER_EPOCH, "of epoch 3"), "a later epoch");
}

static void numbers(void)
{
	good.nonce = 9;
	OK(says(PROPOSAL_NONCE_AHEAD, "number 9, but the last voucher known here is 7"),
	   "a number left out");
	good.nonce = UINT64_MAX;
	OK(says(PROPOSAL_NONCE_AHEAD, "18446744073709551615"), "the largest number");
	good.nonce = (uint64_t)INT64_MAX + 1;
	base.nonce = INT64_MAX;
	OK(says(PROPOSAL_NONCE_AHEAD, "9223372036854775808"), "one beyond what can be stored");
	good.nonce = 6;
	OK(says(PROPOSAL_NONCE_BACK, "number 6, but 7 was signed already"), "an old number");
	good.nonce = 0;
	OK(says(PROPOSAL_NONCE_BACK, "number 0"), "number zero");
	good.nonce = base.nonce = 0;
	OK(says(PROPOSAL_NONCE_BACK, "number 0"), "number zero in a new sub-channel");
	good.nonce = 7;
	OK(says(PROPOSAL_SECOND_AMOUNT,
		"voucher 7 was signed for 1000 units in all, now it is to be 1075"),
	   "a signed number with another amount");
	good.nonce = 7;
	good.accumulated = u256_of(999);
	OK(says(PROPOSAL_SECOND_AMOUNT, "999"), "a signed number with a smaller amount");
	good.nonce = 7;
	good.accumulated = u256_of(1000);
	OK(check() == PROPOSAL_SIGNED_BEFORE, "a signed voucher once more");
	reset();
}

static void amounts(void)
{
	struct u256 max;

	good.accumulated = u256_of(999);
	OK(says(PROPOSAL_AMOUNT_FALLS, "goes back from 1000 units in all to 999"),
	   "an amount that falls");
	good.accumulated = u256_of(1076);
	OK(says(PROPOSAL_COST_DIFFERS, "says that the request cost 75 units, but adds 76"),
	   "one unit more than stated");
	good.accumulated = u256_of(1074);
	OK(says(PROPOSAL_COST_DIFFERS, "but adds 74"), "one unit less than stated");
	cost = u256_of(0);
	OK(says(PROPOSAL_COST_DIFFERS, "cost 0 units, but adds 75"), "free in words only");
	limit = u256_of(74);
	OK(check() == PROPOSAL_OVER_LIMIT && !u256_cmp(step, cost), "one unit above the limit");
	limit = u256_of(74);
	OK(says(PROPOSAL_OVER_LIMIT,
		"overcharges, nothing was signed: it wants 75 units for one request, the limit is 74"),
	   "which is said");
	limit = U256_ZERO;
	OK(check() == PROPOSAL_GOOD, "no limit");
	good.accumulated = base.amount;
	cost = U256_ZERO;
	OK(check() == PROPOSAL_GOOD && u256_is_zero(step), "a request that cost nothing");
	reset();
	memset(&max, 0xff, sizeof max);
	good.accumulated = max;
	OK(proposal_check(&good, NULL, &base, limit, &step) == PROPOSAL_OVER_LIMIT,
	   "the largest amount there is");
	OK(u256_sub(&cost, max, base.amount) &&
		   proposal_check(&good, &cost, &base, U256_ZERO, &step) == PROPOSAL_GOOD,
	   "is good where there is no limit");
}

int main(void)
{
	members();
	numbers();
	amounts();
	return TAP_END;
}
