/* SPDX-License-Identifier: Apache-2.0 */
/* The node as the chain of settlement, and small things that all its parts use. */
#include "config.h"

#include "settle/settle.h"

static int chain_id(void *arg, uint64_t *out, struct gw_err *e)
{
	return rooch_chain_id(arg, out, e);
}

static int channel(void *arg, const struct rooch_id *id, struct channel_object *out,
		   struct gw_err *e)
{
	return rooch_get_channel(arg, id, out, e);
}

static int subchannel(void *arg, const struct rooch_id *table, struct str fragment,
		      struct subchannel_object *out, struct gw_err *e)
{
	return rooch_get_subchannel(arg, table, fragment, out, e);
}

static int hub_balance(void *arg, const struct rooch_id *owner, const char *asset, struct u256 *out,
		       struct gw_err *e)
{
	return rooch_get_hub_balance(arg, owner, asset, out, e);
}

static int revenue(void *arg, const struct rooch_id *owner, const char *asset, struct u256 *out,
		   struct gw_err *e)
{
	return rooch_get_revenue(arg, owner, asset, out, e);
}

static int sequence(void *arg, const struct rooch_id *account, uint64_t *out, struct gw_err *e)
{
	return rooch_sequence_number(arg, account, out, e);
}

static int execute(void *arg, struct str raw, struct tx_result *out, struct gw_err *e)
{
	return rooch_execute(arg, raw, out, e);
}

static int by_hash(void *arg, const uint8_t hash[32], struct tx_result *out, struct gw_err *e)
{
	return rooch_tx_by_hash(arg, hash, out, e);
}

void settle_chain_of(struct settle_chain *out, struct rooch_rpc *rpc)
{
	*out = (struct settle_chain){ .arg = rpc,
				      .chain_id = chain_id,
				      .channel = channel,
				      .subchannel = subchannel,
				      .hub_balance = hub_balance,
				      .revenue = revenue,
				      .sequence = sequence,
				      .execute = execute,
				      .by_hash = by_hash };
}

struct settle_text settle_amount(struct u256 v)
{
	struct settle_text t = { "" };

	u256_format(t.c, v);
	return t;
}

void settle_stop_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

bool settle_told_to_stop(void)
{
	sigset_t pending, stop;

	settle_stop_signals(&stop);
	if (sigpending(&pending))
		return false;
	for (int i = 1; i < NSIG; i++)
		if (sigismember(&stop, i) == 1 && sigismember(&pending, i) == 1)
			return true;
	return false;
}

void settle_step(const char *name)
{
	static _Atomic unsigned seen;
	const char *at = getenv("GW_SETTLE_STOP_AT"), *colon;
	uint64_t n = 1;
	size_t len;

	if (!at || !at[0])
		return;
	colon = strchr(at, ':');
	len = colon ? (size_t)(colon - at) : strlen(at);
	if (colon && !str_u64(str_c(colon + 1), &n))
		return;
	if (!str_eq_c((struct str){ at, len }, "any") && !str_eq_c((struct str){ at, len }, name))
		return;
	if (++seen == n)
		raise(SIGKILL);
}
