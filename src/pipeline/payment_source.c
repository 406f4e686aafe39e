/* SPDX-License-Identifier: Apache-2.0 */
/* The node as the source of the chain's facts. */
#include "config.h"

#include "pipeline/payment_engine.h"

#include "ledger/rooch_payer.h"

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

static int payer(void *arg, struct rooch_payer *p, struct gw_err *e)
{
	return rooch_get_payer(arg, p, e);
}

int payment_engine_new(struct payment_engine **out, const struct conf *c, struct store *st,
		       struct rooch_rpc *rpc, struct gw_err *e)
{
	const struct chain_source source = { .arg = rpc,
					     .chain_id = chain_id,
					     .channel = channel,
					     .subchannel = subchannel,
					     .hub_balance = hub_balance,
					     .payer = payer };

	return payment_engine_open(out, c, st, &source, e);
}
