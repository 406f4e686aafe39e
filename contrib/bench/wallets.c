/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "wallets.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/jscan.h"
#include "codec/multibase.h"
#include "crypto/hash.h"
#include "ledger/rooch_rpc.h"

void die(const char *what, const struct gw_err *e)
{
	fprintf(stderr, "sign: %s%s%s%s%s\n", what, e ? ": " : "", e ? e->pub : "",
		e && e->priv[0] ? "; " : "", e ? e->priv : "");
	exit(2);
}

void wallet_key(struct wallet *w, unsigned i)
{
	uint8_t secret[32];
	struct gw_err e;

	hash_sha256(secret, &i, sizeof i);
	if (signing_key_import(&w->key, KEY_K1, secret, sizeof secret, &e))
		die("key", &e);
}

void wallets_free(struct wallet *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		signing_key_free(w[i].key);
}

/* ---- on the ledger ---- */

struct node {
	struct upstream_pool *pool;
	struct rooch_rpc *rpc;
	const char *url;
};

static void control(struct node *n, const char *path, struct str body, struct buf *answer)
{
	static const char *const headers[] = { "Content-Type: application/json" };
	struct upstream_request rq = { .method = "POST",
				       .headers = headers,
				       .n_headers = 1,
				       .body = &body,
				       .n_body = 1,
				       .watch_fd = -1 };
	struct upstream_result res;
	struct gw_err e;
	char url[512];

	snprintf(url, sizeof url, "%s/devnode/%s", n->url, path);
	rq.url = url;
	buf_reset(answer);
	if (upstream_fetch(n->pool, &rq, answer, &res, &e))
		die(url, &e);
	if (res.status != 200)
		die(answer->len ? buf_c(answer) : res.message, NULL);
}

static void make_did(struct node *n, struct wallet *w, struct buf *body, struct buf *answer)
{
	uint8_t pub[KEY_PUB_MAX];
	size_t pub_len = signing_key_pub(w->key, pub);
	struct jval root, did;
	struct gw_err e;

	buf_reset(body);
	buf_add_c(body, "{\"keys\":[{\"fragment\":\"account-key\",\"type\":"
			"\"EcdsaSecp256k1VerificationKey2019\",\"public_key\":\"");
	multibase_encode_z(pub, pub_len, body);
	buf_add_c(body, "\"}]}");
	control(n, "did", buf_str(body), answer);
	if (jscan_check(buf_str(answer), 16, false, &root, &e))
		die("answer of the node", &e);
	did = jscan_get(root, "did");
	buf_reset(body);
	if (!jval_text(did, body) || !str_copy(w->did, sizeof w->did, buf_str(body)) ||
	    !rooch_did_parse(&w->id, str_c(w->did)))
		die("the node gave no DID", NULL);
	buf_reset(body);
	buf_addf(body, "{\"owner\":\"%s\",\"amount\":\"%d\"}", w->did, WALLET_UNITS);
	control(n, "hub", buf_str(body), answer);
}

static void open_channel(struct node *n, struct wallet *w, const struct rooch_id *service,
			 struct arena *a, struct buf *raw)
{
	struct tx_data t = { .sender = w->id, .chain_id = WALLET_CHAIN, .max_gas = TX_GAS_DEFAULT };
	char asset[ROOCH_ASSET_TEXT];
	struct tx_result result;
	uint8_t hash[32];
	struct gw_err e;

	if (!rooch_asset_canonical(asset, str_c(WALLET_ASSET)))
		die(WALLET_ASSET, NULL);
	w->channel = rooch_channel_id(&w->id, service, asset);
	tx_call_open(&t.call, a, asset, service, STR_LIT("account-key"));
	buf_reset(raw);
	if (tx_sign_did(raw, &t, w->key, STR_LIT("account-key"), hash, &e) < 0 ||
	    rooch_execute(n->rpc, buf_str(raw), &result, &e) < 0)
		die("opening a channel", &e);
	if (result.status != TX_EXECUTED)
		die("the ledger does not open a channel", NULL);
	arena_clear(a);
}

void wallets_make(struct wallet *w, unsigned n, const char *node, const char *service)
{
	struct upstream_options uo = { .slots = 1 };
	struct rooch_rpc_options ro = { .url = node };
	struct node at = { .url = node };
	struct buf body, answer, raw;
	struct rooch_id receiver;
	struct arena a;
	struct gw_err e;

	if (!rooch_did_parse(&receiver, str_c(service)))
		die("the service is no DID of the ledger", NULL);
	if (upstream_global_init(&e) < 0)
		die("upstream", &e);
	at.pool = upstream_pool_new(&uo);
	at.rpc = rooch_rpc_new(&ro);
	arena_init(&a, 1 << 20);
	buf_init(&body, 4096);
	buf_init(&answer, 65536);
	buf_init(&raw, TX_BYTES_MAX);
	for (unsigned i = 0; i < n; i++) {
		wallet_key(&w[i], i);
		make_did(&at, &w[i], &body, &answer);
		open_channel(&at, &w[i], &receiver, &a, &raw);
	}
	buf_clear(&raw);
	buf_clear(&answer);
	buf_clear(&body);
	arena_free(&a);
	rooch_rpc_free(at.rpc);
	upstream_pool_free(at.pool);
}

/* ---- in a file ---- */

void wallets_save(const struct wallet *w, unsigned n, const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		die(path, NULL);
	for (unsigned i = 0; i < n; i++) {
		char channel[2 * sizeof w->channel + 1];

		hex_encode(channel, w[i].channel.b, sizeof w->channel.b);
		fprintf(f, "%s %s %llu\n", w[i].did, channel, (unsigned long long)w[i].nonce);
	}
	if (fclose(f))
		die(path, NULL);
}

unsigned wallets_load(struct wallet *w, const char *path)
{
	FILE *f = fopen(path, "r");
	char did[256], channel[128];
	unsigned long long nonce;
	unsigned n = 0;

	if (!f)
		die(path, NULL);
	for (; n < WALLETS_MAX && fscanf(f, "%255s %127s %llu", did, channel, &nonce) == 3; n++) {
		wallet_key(&w[n], n);
		w[n].nonce = nonce;
		if (!str_copy(w[n].did, sizeof w[n].did, str_c(did)) ||
		    !hex_decode(w[n].channel.b, sizeof w[n].channel.b, str_c(channel)))
			die(path, NULL);
	}
	fclose(f);
	if (!n)
		die(path, NULL);
	return n;
}
