/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway-client fund - money into the payer's hub, which all channels draw on. */
#include "config.h"

#include "client/client.h"

#include "client/amount.h"
#include "client/chain.h"
#include "client/identity.h"
#include "codec/jwrite.h"

/* clang-format off */
static const char text[] =
	"On a development ledger (networks local and dev) the faucet makes the money, and a key that\n"
	"stands for itself gets a DID first, which the key file then names. With --no-faucet the\n"
	"amount comes from the DID's account, on any network.";
/* clang-format on */

struct fund {
	const char *key, *node, *network, *amount;
	bool no_faucet, json, help;

	char path[1024];
	struct stored_key id;
	struct chain chain;
	struct rooch_sender sender;
	struct u256 deposit, hub;
	bool made_did;
};

enum { DEFAULT_RGAS = 100 };

static int make_did(struct fund *f, struct gw_err *e)
{
	struct rooch_id did;

	if (signing_key_type(f->id.key) != KEY_K1)
		return gw_fail(
			e, GWE_BAD_REQUEST, 0,
			"a DID can be made for a secp256k1 key only; `llm-gateway-client wallet "
			"new` makes one");
	if (rooch_create_did(f->chain.rpc, f->id.key, &did, e))
		return -1;
	rooch_did_text(f->id.did, &did);
	snprintf(f->id.fragment, sizeof f->id.fragment, "%s", rooch_self_fragment);
	f->made_did = true;
	return identity_replace(&f->id, f->path, e);
}

/* The DID of the key, made where there is none. */
static int find_did(struct fund *f, struct gw_err *e)
{
	struct buf document;
	int none;

	if (str_starts(str_c(f->id.did), "did:key:"))
		return make_did(f, e) || chain_sender(&f->chain, &f->id, &f->sender, e) ? -1 : 0;
	if (chain_sender(&f->chain, &f->id, &f->sender, e))
		return -1;
	buf_init(&document, 1 << 20);
	none = rooch_get_did(f->chain.rpc, str_c(f->id.did + strlen("did:rooch:")), &document, e);
	buf_clear(&document);
	return none > 0
		       ? gw_fail(e, GWE_NOT_FOUND, 0,
				 "%s is not on the chain of %.200s; if that was begun anew, make a new "
				 "wallet",
				 f->id.did, f->chain.url)
		       : none;
}

static int transfer(struct fund *f, struct gw_err *e)
{
	struct tx_result result;
	struct tx_call call;
	struct arena a;
	int rc = 0;

	arena_init(&a, 1 << 20);
	if (!f->no_faucet) {
		tx_call_faucet(&call, &a, f->deposit);
		rc = rooch_send(&f->sender, &call, &result, e);
	}
	if (!rc) {
		tx_call_deposit(&call, &a, chain_default_asset, &f->sender.address, f->deposit);
		rc = rooch_send(&f->sender, &call, &result, e);
	}
	arena_free(&a);
	return rc ? -1
		  : rooch_get_hub_balance(f->chain.rpc, &f->sender.address, chain_default_asset,
					  &f->hub, e);
}

static void show(const struct fund *f)
{
	char deposit[AMOUNT_TEXT], hub[AMOUNT_TEXT], units[U256_TEXT];
	struct jwrite w;
	struct buf b;

	amount_format(deposit, f->deposit);
	amount_format(hub, f->hub);
	if (!f->json) {
		printf("DID:         %s%s\ndeposited:   %s\nhub:         %s\n", f->id.did,
		       f->made_did ? " (made now)" : "", deposit, hub);
		return;
	}
	buf_init(&b, 4096);
	jwrite_init(&w, &b, false);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "did", f->id.did);
	jwrite_text(&w, "fragment", f->id.fragment);
	jwrite_bool(&w, "created", f->made_did);
	u256_format(units, f->deposit);
	jwrite_text(&w, "deposited", units);
	u256_format(units, f->hub);
	jwrite_text(&w, "hubBalance", units);
	jwrite_object_end(&w);
	puts(buf_c(&b));
	buf_clear(&b);
}

static int fund(struct fund *f, struct gw_err *e)
{
	int rc;

	f->deposit = u256_of((uint64_t)DEFAULT_RGAS * 100000000);
	if ((f->amount && amount_parse(&f->deposit, "--amount", f->amount, e)) ||
	    identity_path(f->path, sizeof f->path, f->key, e) || identity_read(&f->id, f->path, e))
		return -1;
	rc = chain_open(&f->chain, f->node, f->network ? f->network : "local", e);
	if (!rc)
		rc = find_did(f, e) || transfer(f, e);
	chain_close(&f->chain);
	return rc ? -1 : 0;
}

int cmd_fund(int argc, char **argv)
{
	struct fund f = { .key = NULL };
	const struct opt rows[] = {
		{ .name = "amount",
		  .letter = 'a',
		  .arg = "A",
		  .value = &f.amount,
		  .help = "in base units or as 0.5RGas; 100RGas if not given" },
		{ .name = "no-faucet",
		  .flag = &f.no_faucet,
		  .help = "the money is in the DID's account already" },
		{ .name = "network",
		  .arg = "N",
		  .value = &f.network,
		  .help = "local (default), dev, test or main" },
		{ .name = "node",
		  .arg = "URL",
		  .value = &f.node,
		  .help = "of the chain; else $ROOCH_NODE_URL, else that of the network" },
		{ .name = "key",
		  .letter = 'k',
		  .arg = "FILE",
		  .value = &f.key,
		  .help = "key file; else $LLM_GATEWAY_KEY_FILE, else the one of `wallet new`" },
		{ .name = "json", .flag = &f.json, .help = "print one JSON object" },
		OPTS_HELP(&f.help),
		OPTS_END
	};
	struct gw_err e;
	int rc = -1;

	if (opts_parse(rows, &argc, argv, &e))
		return client_fail(&e);
	if (f.help) {
		opts_help_for(stdout, CLIENT_PROGRAM, "fund [OPTION]...", text, rows);
		return CLIENT_OK;
	}
	if (argc != 1)
		gw_fail(&e, GWE_USAGE, 0, "fund takes no arguments; --help says more");
	else
		rc = fund(&f, &e);
	if (!rc)
		show(&f);
	stored_key_clear(&f.id);
	return rc ? client_fail(&e) : CLIENT_OK;
}
