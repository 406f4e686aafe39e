/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway-client balance - what is deposited, what is owed, what has been claimed. */
#include "config.h"

#include "client/client.h"

#include <stdlib.h>

#include "client/amount.h"
#include "client/chain.h"
#include "client/identity.h"
#include "codec/jwrite.h"

/* clang-format off */
static const char text[] =
	"Deposit and claims are read from the chain, vouchers and the proposal from the wallet.\n"
	"  signed    what vouchers promise in all; the gateway claims the rest of it when it likes\n"
	"  pending   the cost of the last request, which the next one (or `commit`) pays\n"
	"  free      deposit less what is signed and not claimed, less what is pending";
/* clang-format on */

struct line { /* one channel */
	struct wallet_channel ch;
	bool on_chain, has_signed, taken, has_pending;
	enum channel_status status;
	uint64_t signed_nonce, pending_nonce;
	struct u256 signed_amount, pending, owed;
};
struct balance {
	const char *key, *node, *network;
	bool json, help;

	struct stored_key id;
	struct rooch_sender sender;
	struct chain chain;
	struct wallet wallet;
	struct line *line;
	size_t n;
	struct u256 hub, account, free;
	bool short_of; /* more is owed than there is */
};

static int vouchers_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct line *l = arg;
	struct wallet_proposal w;
	struct wallet_voucher last;
	int none = wallet_voucher_last_tx(c, &l->ch, &last, e);

	if (none < 0)
		return -1;
	l->has_signed = !none;
	l->taken = last.taken;
	l->signed_nonce = last.v.rav.nonce;
	l->signed_amount = last.v.rav.accumulated;
	none = wallet_proposal_get_tx(c, &l->ch, &w, e);
	l->has_pending = !none;
	if (!none) {
		l->pending_nonce = w.rav.nonce;
		l->pending = w.cost;
	}
	return none < 0 ? -1 : 0;
}

static int look_at(struct balance *b, struct line *l, struct gw_err *e)
{
	int none = chain_read_channel(&b->chain, &b->id, &l->ch, &l->status, e);

	if (none < 0)
		return -1;
	l->on_chain = !none || l->status != CHANNEL_CLOSED;
	if (store_read(b->wallet.st, vouchers_tx, l, e))
		return -1;
	if (l->has_signed && !u256_sub(&l->owed, l->signed_amount, l->ch.claimed))
		l->owed =
			U256_ZERO; /* claimed with a voucher that this wallet does not know any more */
	if (!u256_sub(&b->free, b->free, l->owed) || !u256_sub(&b->free, b->free, l->pending))
		b->short_of = true;
	return 0;
}

/* Channels that this DID pays in, on the network that is asked. */
static int channels(struct balance *b, struct gw_err *e)
{
	struct wallet_channel *all = NULL;
	char first[WALLET_NETWORK];
	const char *network = b->network;
	size_t n = 0;

	if (b->wallet.st && wallet_channels(&b->wallet, &all, &n, e))
		return -1;
	b->line = calloc(n + 1, sizeof *b->line);
	if (!b->line)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (!rooch_id_eq(all[i].payer, b->sender.address))
			continue;
		if (!network) {
			memcpy(first, all[i].network, sizeof first);
			network = first;
		}
		if (!strcmp(network, all[i].network))
			b->line[b->n++].ch = all[i];
	}
	free(all);
	return chain_open(&b->chain, b->node, network ? network : "local", e);
}

static int look(struct balance *b, struct gw_err *e)
{
	char path[1024];

	if (identity_path(path, sizeof path, b->key, e) || identity_read(&b->id, path, e) ||
	    chain_sender(&b->chain, &b->id, &b->sender, e))
		return -1;
	if (wallet_open(&b->wallet, path, false, e) && e->code != GWE_NOT_FOUND)
		return -1;
	if (channels(b, e) ||
	    rooch_get_hub_balance(b->chain.rpc, &b->sender.address, chain_default_asset, &b->hub,
				  e) ||
	    rooch_get_balance(b->chain.rpc, &b->sender.address, chain_default_asset, &b->account,
			      e))
		return -1;
	b->free = b->hub;
	for (size_t i = 0; i < b->n; i++)
		if (look_at(b, &b->line[i], e))
			return -1;
	if (b->short_of)
		b->free = U256_ZERO;
	return 0;
}

/* ---- what is printed ---- */

static void row(const char *name, struct u256 v, const char *more)
{
	char coins[AMOUNT_TEXT], units[U256_TEXT];

	amount_format(coins, v);
	u256_format(units, v);
	printf("%-12s %20s  %20s  %s\n", name, coins, units, more);
}

static const char *status_of(const struct line *l)
{
	return l->on_chain ? channel_status_name(l->status) : "closed";
}

static void print_table(const struct balance *b)
{
	char id[ROOCH_HEX_TEXT], more[96];

	printf("%s\n", b->id.did);
	row("account", b->account, "outside the hub");
	row("hub", b->hub, "deposit");
	for (size_t i = 0; i < b->n; i++) {
		const struct line *l = &b->line[i];

		rooch_id_hex(id, &l->ch.id);
		printf("\n%s\nchannel %s, %s, epoch %llu, sub-channel %s\n", l->ch.gateway, id,
		       status_of(l), (unsigned long long)l->ch.epoch, l->ch.fragment);
		row("  claimed", l->ch.claimed, "");
		snprintf(more, sizeof more, "voucher %llu%s", (unsigned long long)l->signed_nonce,
			 l->taken ? "" : ", perhaps not arrived");
		row("  signed", l->signed_amount, l->has_signed ? more : "");
		row("  pending", l->pending, l->has_pending ? "cost of the last request" : "");
	}
	putchar('\n');
	row("free", b->free, b->short_of ? "more is owed than deposited" : "");
}

static void put_amount(struct jwrite *w, const char *name, struct u256 v)
{
	char units[U256_TEXT];

	u256_format(units, v);
	jwrite_text(w, name, units);
}

static void put_channel(struct jwrite *w, const struct line *l)
{
	char id[ROOCH_HEX_TEXT];

	rooch_id_hex(id, &l->ch.id);
	jwrite_object(w, NULL);
	jwrite_text(w, "gateway", l->ch.gateway);
	jwrite_text(w, "channelId", id);
	jwrite_text(w, "vmIdFragment", l->ch.fragment);
	jwrite_text(w, "status", status_of(l));
	jwrite_u64(w, "epoch", l->ch.epoch);
	put_amount(w, "claimed", l->ch.claimed);
	jwrite_u64(w, "claimedNonce", l->ch.claimed_nonce);
	put_amount(w, "signed", l->signed_amount);
	jwrite_u64(w, "signedNonce", l->signed_nonce);
	jwrite_bool(w, "arrived", !l->has_signed || l->taken);
	put_amount(w, "pending", l->pending);
	if (l->has_pending)
		jwrite_u64(w, "pendingNonce", l->pending_nonce);
	jwrite_object_end(w);
}

static void print_json(const struct balance *b)
{
	struct jwrite w;
	struct buf out;

	buf_init(&out, (size_t)16 << 20);
	jwrite_init(&w, &out, false);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "did", b->id.did);
	put_amount(&w, "account", b->account);
	put_amount(&w, "hub", b->hub);
	jwrite_array(&w, "channels");
	for (size_t i = 0; i < b->n; i++)
		put_channel(&w, &b->line[i]);
	jwrite_array_end(&w);
	put_amount(&w, "free", b->free);
	jwrite_bool(&w, "short", b->short_of);
	jwrite_object_end(&w);
	puts(buf_c(&out));
	buf_clear(&out);
}

int cmd_balance(int argc, char **argv)
{
	struct balance b = { .wallet = { .lock_fd = -1 } };
	const struct opt rows[] = {
		{ .name = "network",
		  .arg = "N",
		  .value = &b.network,
		  .help = "local, dev, test or main; that of the first channel if not given" },
		{ .name = "node",
		  .arg = "URL",
		  .value = &b.node,
		  .help = "of the chain; else $ROOCH_NODE_URL, else that of the network" },
		{ .name = "key",
		  .letter = 'k',
		  .arg = "FILE",
		  .value = &b.key,
		  .help = "key file; else $LLM_GATEWAY_KEY_FILE, else the one of `wallet new`" },
		{ .name = "json", .flag = &b.json, .help = "print one JSON object" },
		OPTS_HELP(&b.help),
		OPTS_END
	};
	struct gw_err e;
	int rc = -1;

	if (opts_parse(rows, &argc, argv, &e))
		return client_fail(&e);
	if (b.help) {
		opts_help_for(stdout, CLIENT_PROGRAM, "balance [OPTION]...", text, rows);
		return CLIENT_OK;
	}
	if (argc != 1)
		gw_fail(&e, GWE_USAGE, 0, "balance takes no arguments; --help says more");
	else
		rc = look(&b, &e);
	if (!rc && b.json)
		print_json(&b);
	else if (!rc)
		print_table(&b);
	free(b.line);
	chain_close(&b.chain);
	wallet_close(&b.wallet);
	stored_key_clear(&b.id);
	return rc ? client_fail(&e) : CLIENT_OK;
}
