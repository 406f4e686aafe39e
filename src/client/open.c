/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway-client open - a channel with a gateway, and our key's sub-channel in it. */
#include "config.h"

#include "client/client.h"

#include "client/amount.h"
#include "client/chain.h"
#include "client/discovery.h"
#include "codec/jwrite.h"
#include "util/clock.h"

/* clang-format off */
static const char text[] =
	"Asks the gateway whom to pay, opens the channel on the chain if it is not open, and\n"
	"remembers it: from then on `chat` and `raw` pay. Nothing is locked or paid by this.\n"
	"May be repeated; after a channel was closed, and when the wallet's file was lost, it has to be.";
/* clang-format on */

struct open_command {
	struct client_options common;
	struct client_http http;
	struct chain chain;
	struct discovery found;
	struct wallet_channel ch;
	struct u256 hub;
	bool sent; /* a transaction was needed */
};

static int send_open(struct open_command *o, struct gw_err *e)
{
	struct rooch_sender sender;
	struct tx_result result;
	struct tx_call call;
	struct arena a;
	int rc;

	if (chain_sender(&o->chain, &o->http.id, &sender, e))
		return -1;
	arena_init(&a, 1 << 20);
	tx_call_open(&call, &a, o->ch.asset, &o->ch.payee, str_c(o->ch.fragment));
	rc = rooch_send(&sender, &call, &result, e);
	arena_free(&a);
	o->sent = !rc;
	return rc;
}

static int open_on_chain(struct open_command *o, struct gw_err *e)
{
	enum channel_status status;
	int none = chain_read_channel(&o->chain, &o->http.id, &o->ch, &status, e);

	if (none > 0 && status == CHANNEL_CANCELLING)
		return gw_fail(
			e, GWE_CHANNEL_CLOSED, 0,
			"the channel is being cancelled; when that is over it can be opened again");
	if (none > 0 && !send_open(o, e)) {
		none = chain_read_channel(&o->chain, &o->http.id, &o->ch, &status, e);
		if (none > 0)
			return gw_fail(e, GWE_SERVICE_UNAVAILABLE, 0,
				       "the channel was opened, but the node does not show it yet; "
				       "repeat this");
	} else if (none > 0) {
		return -1;
	}
	return none < 0
		       ? -1
		       : rooch_get_hub_balance(o->chain.rpc, &o->ch.payer, o->ch.asset, &o->hub, e);
}

static int keep_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct open_command *o = arg;

	return wallet_channel_put_tx(c, &o->ch, clock_wall_ms(), e);
}

static int keep(struct open_command *o, struct gw_err *e)
{
	struct wallet w;
	char path[1024];
	int rc;

	if (identity_path(path, sizeof path, o->common.key, e) || wallet_open(&w, path, true, e))
		return -1;
	rc = store_write(w.st, "open", keep_tx, o, e);
	wallet_close(&w);
	return rc;
}

static void show(const struct open_command *o)
{
	char id[ROOCH_HEX_TEXT], payee[ROOCH_DID_TEXT], hub[AMOUNT_TEXT], units[U256_TEXT];
	struct jwrite w;
	struct buf b;

	rooch_id_hex(id, &o->ch.id);
	rooch_did_text(payee, &o->ch.payee);
	amount_format(hub, o->hub);
	u256_format(units, o->hub);
	if (!o->common.json) {
		printf("channel:     %s (%s)\ngateway:     %s\npaid to:     %s\nsub-channel: %s, epoch "
		       "%llu on %s\nhub:         %s%s\n",
		       id, o->sent ? "opened" : "was open", o->ch.gateway, payee, o->ch.fragment,
		       (unsigned long long)o->ch.epoch, o->ch.network, hub,
		       u256_is_zero(o->hub) ? "; `llm-gateway-client fund` fills it" : "");
		return;
	}
	buf_init(&b, 8192);
	jwrite_init(&w, &b, false);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "channelId", id);
	jwrite_bool(&w, "opened", o->sent);
	jwrite_text(&w, "gateway", o->ch.gateway);
	jwrite_text(&w, "payeeDid", payee);
	jwrite_text(&w, "vmIdFragment", o->ch.fragment);
	jwrite_u64(&w, "epoch", o->ch.epoch);
	jwrite_text(&w, "network", o->ch.network);
	jwrite_text(&w, "assetId", o->ch.asset);
	jwrite_text(&w, "hubBalance", units);
	jwrite_object_end(&w);
	puts(buf_c(&b));
	buf_clear(&b);
}

static int open_channel(struct open_command *o, struct gw_err *e)
{
	struct rooch_sender sender;
	int rc;

	if (discovery_fetch(&o->http, &o->found, e) ||
	    chain_open(&o->chain, o->common.node, o->found.network, e))
		return -1;
	rc = chain_sender(&o->chain, &o->http.id, &sender, e);
	if (!rc) {
		o->ch.payer = sender.address;
		o->ch.payee = o->found.payee;
		snprintf(o->ch.fragment, sizeof o->ch.fragment, "%s", o->http.id.fragment);
		snprintf(o->ch.asset, sizeof o->ch.asset, "%s", o->found.asset);
		snprintf(o->ch.network, sizeof o->ch.network, "%s", o->found.network);
		snprintf(o->ch.gateway, sizeof o->ch.gateway, "%s", o->http.base);
		snprintf(o->ch.base_path, sizeof o->ch.base_path, "%s", o->found.base_path);
		o->ch.id = rooch_channel_id(&o->ch.payer, &o->ch.payee, o->ch.asset);
		rc = open_on_chain(o, e) || keep(o, e);
	}
	chain_close(&o->chain);
	return rc ? -1 : 0;
}

int cmd_open(int argc, char **argv)
{
	struct open_command o = { .common = { .gateway = NULL } };
	const struct opt rows[] = { CLIENT_OPTIONS(&o.common), OPTS_END };
	struct gw_err e;
	int rc = -1;

	if (opts_parse(rows, &argc, argv, &e))
		return client_fail(&e);
	if (o.common.help) {
		opts_help_for(stdout, CLIENT_PROGRAM, "open [OPTION]...", text, rows);
		return CLIENT_OK;
	}
	if (argc != 1)
		gw_fail(&e, GWE_USAGE, 0, "open takes no arguments; --help says more");
	else if (!client_http_open(&o.http, &o.common, true, &e)) {
		rc = open_channel(&o, &e);
		client_http_close(&o.http);
	}
	if (!rc)
		show(&o);
	return rc ? client_fail(&e) : CLIENT_OK;
}
