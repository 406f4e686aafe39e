/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "client/chain.h"

#include <stdlib.h>
#include <string.h>

const char chain_default_asset[] =
	"0x0000000000000000000000000000000000000000000000000000000000000003::gas_coin::RGas";

int chain_open(struct chain *c, const char *node, const char *network, struct gw_err *e)
{
	const char *from_env = getenv("ROOCH_NODE_URL");
	struct rooch_rpc_options o = { .slots = 1 };
	struct str url;
	uint64_t id;

	*c = (struct chain){ .rpc = NULL };
	if (!node)
		node = from_env && *from_env ? from_env : rooch_network_url(network);
	if (!node)
		return gw_fail(e, GWE_USAGE, 0,
			       "unknown network %.40s; known are local, dev, test, main", network);
	url = str_c(node);
	if ((!str_starts(url, "http://") && !str_starts(url, "https://")) ||
	    !str_visible(url, url.len) || !str_copy(c->url, sizeof c->url, url))
		return gw_fail(e, GWE_USAGE, 0, "%.100s is no address of a node", node);
	o.url = c->url;
	c->rpc = rooch_rpc_new(&o);
	if (rooch_chain_id(c->rpc, &id, e)) {
		gw_err_add(e, "the node is %s", c->url);
		chain_close(c);
		return -1;
	}
	if (id != rooch_network_chain_id(network)) {
		chain_close(c);
		return gw_fail(e, GWE_CONFLICT, 0,
			       "the node %s is on chain %llu, the network %s is chain %llu", c->url,
			       (unsigned long long)id, network,
			       (unsigned long long)rooch_network_chain_id(network));
	}
	return 0;
}

void chain_close(struct chain *c)
{
	rooch_rpc_free(c->rpc);
	c->rpc = NULL;
}

/* The chain verifies our vouchers with the key that it copied: that has to be this one. */
static bool our_key(const struct subchannel_object *o, const struct signing_key *key)
{
	uint8_t theirs[KEY_PUB_MAX], ours[KEY_PUB_MAX];
	enum key_type type;
	size_t len;

	return subchannel_key(o, &type, theirs, &len) && type == signing_key_type(key) &&
	       len == signing_key_pub(key, ours) && !memcmp(theirs, ours, len);
}

int chain_read_channel(struct chain *c, const struct stored_key *id, struct wallet_channel *ch,
		       enum channel_status *status, struct gw_err *e)
{
	struct subchannel_object sub;
	struct channel_object o;
	int rc = rooch_get_channel(c->rpc, &ch->id, &o, e);

	*status = CHANNEL_CLOSED;
	if (rc)
		return rc;
	if (!rooch_id_eq(o.sender, ch->payer) || !rooch_id_eq(o.receiver, ch->payee) ||
	    strcmp(o.coin_type, ch->asset) != 0)
		return gw_fail(e, GWE_CONFLICT, 0,
			       "the node gave the channel of somebody else: it cannot be trusted");
	*status = o.status;
	rc = rooch_get_subchannel(c->rpc, &o.sub_channels, str_c(ch->fragment), &sub, e);
	if (rc)
		return rc;
	if (!our_key(&sub, id->key))
		return gw_fail(
			e, GWE_CONFLICT, 0,
			"the sub-channel `%s` was authorised with another key than ours: pay "
			"with a key of another fragment",
			ch->fragment);
	if (rooch_chain_id(c->rpc, &ch->chain_id, e))
		return -1;
	ch->epoch = o.epoch;
	ch->claimed_nonce = sub.last_nonce;
	ch->claimed = sub.last_claimed;
	return o.status == CHANNEL_ACTIVE ? 0 : 1;
}

int chain_sender(const struct chain *c, const struct stored_key *id, struct rooch_sender *s,
		 struct gw_err *e)
{
	*s = (struct rooch_sender){ .rpc = c->rpc, .key = id->key, .fragment = id->fragment };
	if (!rooch_did_parse(&s->address, str_c(id->did)))
		return gw_fail(
			e, GWE_BAD_REQUEST, 0,
			"%.80s is not on the chain; `llm-gateway-client fund` makes a DID for "
			"the key on the development ledger",
			id->did);
	return 0;
}
