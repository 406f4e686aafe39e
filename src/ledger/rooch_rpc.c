/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/rooch_rpc.h"

#include <inttypes.h>
#include <string.h>

#include "ledger/rooch_ask.h"

enum { TIMEOUT_MS = 10000, SLOTS = 16, PAGES_MAX = 1000 };

/* ---- networks ---- */

static const struct {
	const char *name, *url;
	uint64_t chain_id;
} networks[] = {
	{ "local", "http://127.0.0.1:6767", 4 },
	{ "dev", "https://dev-seed.rooch.network:443", 3 },
	{ "test", "https://test-seed.rooch.network", 2 },
	{ "main", "https://main-seed.rooch.network", 1 },
};
enum { N_NETWORKS = sizeof networks / sizeof *networks };

const char *rooch_network_url(const char *network)
{
	for (unsigned i = 0; i < N_NETWORKS; i++)
		if (!strcmp(network, networks[i].name))
			return networks[i].url;
	return NULL;
}

uint64_t rooch_network_chain_id(const char *network)
{
	for (unsigned i = 0; i < N_NETWORKS; i++)
		if (!strcmp(network, networks[i].name))
			return networks[i].chain_id;
	return 0;
}

/* ---- client ---- */

struct rooch_rpc *rooch_rpc_new(const struct rooch_rpc_options *o)
{
	struct rooch_rpc *c = calloc(1, sizeof *c);
	unsigned ms = o->timeout_ms ? o->timeout_ms : TIMEOUT_MS;
	struct upstream_options up = { .slots = o->slots ? o->slots : SLOTS,
				       .wait_ms = ms,
				       .connect_ms = ms,
				       .first_byte_ms = ms,
				       .idle_ms = ms,
				       .total_ms = ms,
				       .http2 = false };

	if (c)
		c->url = strdup(o->url);
	if (!c || !c->url) {
		fputs("out of memory\n", stderr);
		abort();
	}
	c->pool = upstream_pool_new(&up);
	return c;
}

void rooch_rpc_free(struct rooch_rpc *c)
{
	if (!c)
		return;
	upstream_pool_free(c->pool);
	free(c->url);
	free(c);
}

/* ---- reads ---- */

int rooch_chain_id(struct rooch_rpc *c, uint64_t *out, struct gw_err *e)
{
	struct rooch_ask k;
	int rc;

	rooch_ask_begin(&k, c, "rooch_getChainID");
	rc = rooch_ask_again(&k, e);
	if (!rc)
		rc = rooch_answer_u64(out, k.result, e);
	rooch_ask_end(&k);
	return rc;
}

int rooch_get_channel(struct rooch_rpc *c, const struct rooch_id *id, struct channel_object *out,
		      struct gw_err *e)
{
	struct buf bcs;
	int rc;

	buf_init(&bcs, ROOCH_OBJECT_MAX);
	rc = rooch_ask_state(c, (struct rooch_wanted){ id, NULL }, &bcs, e);
	if (!rc && !channel_object_read(out, buf_str(&bcs)))
		rc = rooch_ask_unreadable(e, "channel");
	/* the id is made of these three, so a channel under another's id is a lie */
	if (!rc &&
	    !rooch_id_eq(*id, rooch_channel_id(&out->sender, &out->receiver, out->coin_type)))
		rc = rooch_ask_unreadable(e, "channel (its parties are those of another one)");
	buf_clear(&bcs);
	return rc;
}

int rooch_get_subchannel(struct rooch_rpc *c, const struct rooch_id *table, struct str fragment,
			 struct subchannel_object *out, struct gw_err *e)
{
	struct rooch_id key = rooch_field_key(fragment);
	struct buf bcs;
	int rc;

	buf_init(&bcs, ROOCH_OBJECT_MAX);
	rc = rooch_ask_state(c, (struct rooch_wanted){ table, &key }, &bcs, e);
	if (!rc && !subchannel_field_read(out, fragment, buf_str(&bcs)))
		rc = rooch_ask_unreadable(e, "sub-channel");
	buf_clear(&bcs);
	return rc;
}

/* Where a hub of either kind keeps its coins. */
static bool hub_store(struct rooch_id *out, struct str bcs)
{
	struct hub_object hub;
	bool ok = hub_object_read(&hub, bcs);

	*out = hub.coin_store;
	return ok;
}

static bool revenue_store(struct rooch_id *out, struct str bcs)
{
	struct revenue_hub_object hub;
	bool ok = revenue_hub_object_read(&hub, bcs);

	*out = hub.coin_store;
	return ok;
}

/* Balance of the hub @id; no hub: zero. */
static int get_hub(struct rooch_rpc *c, struct rooch_id id,
		   bool (*store_of)(struct rooch_id *out, struct str bcs), const char *asset,
		   struct u256 *out, struct gw_err *e)
{
	struct rooch_id store;
	struct buf bcs;
	int rc;

	buf_init(&bcs, ROOCH_OBJECT_MAX);
	rc = rooch_ask_state(c, (struct rooch_wanted){ &id, NULL }, &bcs, e);
	if (!rc)
		rc = store_of(&store, buf_str(&bcs)) ? rooch_ask_coin(c, &store, asset, out, e)
						     : rooch_ask_unreadable(e, "hub");
	else if (rc > 0)
		*out = U256_ZERO;
	buf_clear(&bcs);
	return rc < 0 ? -1 : 0;
}

int rooch_get_hub_balance(struct rooch_rpc *c, const struct rooch_id *owner, const char *asset,
			  struct u256 *out, struct gw_err *e)
{
	return get_hub(c, rooch_hub_id(owner), hub_store, asset, out, e);
}

int rooch_get_revenue(struct rooch_rpc *c, const struct rooch_id *owner, const char *asset,
		      struct u256 *out, struct gw_err *e)
{
	return get_hub(c, rooch_revenue_hub_id(owner), revenue_store, asset, out, e);
}

int rooch_get_balance(struct rooch_rpc *c, const struct rooch_id *owner, const char *asset,
		      struct u256 *out, struct gw_err *e)
{
	char coin[ROOCH_ASSET_TEXT];
	struct jwrite *w;
	struct rooch_ask k;
	int rc;

	rooch_asset_short(coin, asset);
	w = rooch_ask_begin(&k, c, "rooch_getBalance");
	rooch_ask_id(w, owner);
	jwrite_text(w, NULL, coin);
	rc = rooch_ask_again(&k, e);
	if (!rc)
		rc = rooch_answer_balance(out, k.result, asset, e);
	rooch_ask_end(&k);
	return rc;
}

/* Is the document in @bcs that of @identifier? */
static int check_did(struct str identifier, struct str bcs, struct gw_err *e)
{
	struct rooch_did_document *d = malloc(sizeof *d); /* too large for a thread's stack */
	struct rooch_id account;
	int rc = 0;

	if (!d) {
		fputs("out of memory\n", stderr);
		abort();
	}
	if (!rooch_did_read(d, bcs))
		rc = rooch_ask_unreadable(e, "DID document");
	else if (!str_eq_c(d->id.method, "rooch") || !str_eq(d->id.identifier, identifier) ||
		 !rooch_address_parse(&account, identifier) || !rooch_id_eq(account, d->account))
		rc = rooch_ask_unreadable(e, "DID document (it is that of another DID)");
	free(d);
	return rc;
}

int rooch_get_did(struct rooch_rpc *c, struct str identifier, struct buf *bcs, struct gw_err *e)
{
	struct rooch_id id = rooch_did_object_id(identifier);
	size_t before = bcs->len;
	int rc = rooch_ask_state(c, (struct rooch_wanted){ &id, NULL }, bcs, e);

	if (!rc)
		rc = check_did(identifier, str_sub(buf_str(bcs), before, bcs->len), e);
	return rc;
}

static int list_page(struct rooch_rpc *c, const struct rooch_id *table, struct rooch_page *page,
		     bool (*each)(void *arg, struct str fragment,
				  const struct subchannel_object *s),
		     void *arg, struct gw_err *e)
{
	struct jwrite *w;
	struct rooch_ask k;
	int rc;

	w = rooch_ask_begin(&k, c, "rooch_listFieldStates");
	rooch_ask_id(w, table);
	if (*page->cursor)
		jwrite_raw(w, NULL, str_c(page->cursor));
	else
		jwrite_null(w, NULL);
	jwrite_text(w, NULL, "100");
	rooch_ask_options(w);
	rc = rooch_ask_again(&k, e);
	if (!rc)
		rc = rooch_answer_subchannels(page, k.result, table, each, arg, e);
	rooch_ask_end(&k);
	return rc;
}

int rooch_list_subchannels(struct rooch_rpc *c, const struct rooch_id *table,
			   bool (*each)(void *arg, struct str fragment,
					const struct subchannel_object *s),
			   void *arg, struct gw_err *e)
{
	struct rooch_page page = { .more = true };
	char last[sizeof page.cursor];

	for (unsigned i = 0; i < PAGES_MAX; i++) {
		memcpy(last, page.cursor, sizeof last);
		if (list_page(c, table, &page, each, arg, e))
			return -1;
		if (page.stop || !page.more)
			return 0;
		if (!strcmp(last, page.cursor))
			break;
	}
	return rooch_ask_unreadable(e, "list of sub-channels (it does not end)");
}

int rooch_sequence_number(struct rooch_rpc *c, const struct rooch_id *account, uint64_t *out,
			  struct gw_err *e)
{
	char hex[ROOCH_HEX_TEXT];
	struct jwrite *w;
	struct rooch_ask k;
	int rc;

	rooch_id_hex(hex, account);
	w = rooch_ask_begin(&k, c, "rooch_executeViewFunction");
	jwrite_object(w, NULL);
	jwrite_text(w, "function_id",
		    "0x0000000000000000000000000000000000000000000000000000000000000002::account::"
		    "sequence_number");
	jwrite_array(w, "args");
	jwrite_text(w, NULL, hex + 2);
	jwrite_array_end(w);
	jwrite_array(w, "ty_args");
	jwrite_array_end(w);
	jwrite_object_end(w);
	rc = rooch_ask_again(&k, e);
	if (!rc)
		rc = rooch_answer_view_u64(out, k.result, e);
	rooch_ask_end(&k);
	return rc;
}

/* ---- transactions ---- */

/* Refused before execution, or one of the errors after which nobody can tell. */
static void refusal(struct tx_result *out, const struct rooch_node_error *ne)
{
	out->status = ne->sub_status ? TX_REFUSED : TX_UNKNOWN;
	out->sub_status = ne->sub_status;
	memcpy(out->message, ne->message, sizeof out->message);
}
_Static_assert(sizeof((struct tx_result *)0)->message ==
		       sizeof((struct rooch_node_error *)0)->message,
	       "copied whole");

int rooch_execute(struct rooch_rpc *c, struct str raw_tx, struct tx_result *out, struct gw_err *e)
{
	struct gw_err why = { .code = GWE_OK };
	struct tx_authenticator auth;
	struct tx_data data;
	uint8_t hash[32];
	struct jwrite *w;
	struct rooch_ask k;
	size_t n;
	int rc;

	memset(out, 0, sizeof *out);
	if (!tx_read(&data, &auth, &n, raw_tx))
		return gw_fail(e, GWE_INTERNAL, 0, "not a transaction");
	tx_hash(hash, str_sub(raw_tx, 0, n));
	memcpy(out->hash, hash, sizeof hash);
	w = rooch_ask_begin(&k, c, "rooch_executeRawTransaction");
	jwrite_hex(w, NULL, (const uint8_t *)raw_tx.p, raw_tx.len);
	jwrite_object(w, NULL);
	jwrite_bool(w, "withOutput", true);
	jwrite_object_end(w);
	rc = rooch_ask(&k, &why);
	if (!rc)
		rc = rooch_answer_execute(out, k.result, hash, &why);
	else if (rc > 0)
		refusal(out, &k.error);
	if (rc < 0 && !k.sent) {
		*e = why;
	} else if (rc < 0) {
		snprintf(out->message, sizeof out->message, "%.255s", why.priv);
		rc = 0;
	} else {
		rc = 0;
	}
	rooch_ask_end(&k);
	return rc;
}

int rooch_tx_by_hash(struct rooch_rpc *c, const uint8_t hash[32], struct tx_result *out,
		     struct gw_err *e)
{
	struct jwrite *w;
	struct rooch_ask k;
	int rc;

	memset(out, 0, sizeof *out);
	w = rooch_ask_begin(&k, c, "rooch_getTransactionsByHash");
	jwrite_array(w, NULL);
	jwrite_hex(w, NULL, hash, 32);
	jwrite_array_end(w);
	rc = rooch_ask_again(&k, e);
	if (!rc)
		rc = rooch_answer_transaction(out, k.result, hash, e);
	rooch_ask_end(&k);
	return rc;
}
