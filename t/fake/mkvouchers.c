/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mkvouchers - payers with channels on the development ledger, and their vouchers in the gateway's
 * database, as if they had been customers.
 *
 *	mkvouchers -u NODE -d DATABASE -s SERVICE_DID [-p FIRST] [-c PAYERS] [-k KEYS] [-H HUB]
 *		[-v VOUCHERS] [-a STEP] [-t SECONDS] [-x] [-C | -F | -O | -q]
 *
 *	-p FIRST -c PAYERS   payers FIRST, FIRST + 1, ... (1, 1)
 *	-k KEYS              sub-channels k0, k1, ... of each (1)
 *	-H HUB               set the balance of each payer's hub
 *	-v VOUCHERS -a STEP  so many vouchers of each sub-channel, each STEP more than the last (1, 100)
 *	-t SECONDS           they were accepted so long ago
 *	-x                   they are signed with another key
 *	-C                   then each payer starts to cancel its channel
 *	-F                   finalises that
 *	-O                   opens the channel again
 *	-q                   makes nothing: says what the chain has booked
 *
 * Prints the id of each channel. Made anew, everything is as it was: addresses and keys are fixed.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/jwrite.h"
#include "codec/multibase.h"
#include "ledger/chain_rows.h"
#include "ledger/channel_rows.h"
#include "ledger/rooch_rpc.h"
#include "util/clock.h"

static const char asset_text[] = "0x3::gas_coin::RGas";

struct world {
	const char *url;
	struct rooch_rpc *rpc;
	struct upstream_pool *pool;
	struct store *store;
	struct rooch_id service;
	char asset[ROOCH_ASSET_TEXT];
	unsigned first, payers, keys, vouchers;
	uint64_t step;
	const char *hub;
	int64_t age_ms;
	bool wrong_key, cancel, finalize, reopen, ask;
	struct u256 claimed; /* of all that were asked about */
	/* the payer at work */
	struct rooch_id address, channel;
	struct signing_key *key, *other;
};

static void die(const char *what, const struct gw_err *e)
{
	fprintf(stderr, "mkvouchers: %s: %s %s\n", what, e ? e->pub : "", e ? e->priv : "");
	exit(1);
}

/* POST to /devnode/@path. */
static void seed(struct world *w, const char *path, struct buf *body)
{
	static const char *const headers[] = { "Content-Type: application/json" };
	char url[256];
	struct str b = buf_str(body);
	struct upstream_request rq = { .method = "POST",
				       .url = url,
				       .headers = headers,
				       .n_headers = 1,
				       .body = &b,
				       .n_body = 1,
				       .watch_fd = -1 };
	struct upstream_result res;
	struct buf answer;
	struct gw_err e;

	snprintf(url, sizeof url, "%s/devnode/%s", w->url, path);
	buf_init(&answer, 65536);
	if (upstream_fetch(w->pool, &rq, &answer, &res, &e))
		die(path, &e);
	if (res.outcome != UP_DONE || res.status != 200) {
		fprintf(stderr, "mkvouchers: %s: %d %s %s\n", path, res.status, res.message,
			buf_c(&answer));
		exit(1);
	}
	buf_clear(&answer);
	buf_clear(body);
}

static void seed_did(struct world *w)
{
	uint8_t pub[KEY_PUB_MAX];
	char hex[ROOCH_HEX_TEXT], name[16];
	struct buf body, multibase;
	struct jwrite j;
	size_t n = signing_key_pub(w->key, pub);

	buf_init(&multibase, 128);
	if (!multibase_encode_z(pub, n, &multibase))
		die("key", NULL);
	rooch_id_hex(hex, &w->address);
	buf_init(&body, 1 << 20);
	jwrite_init(&j, &body, false);
	jwrite_object(&j, NULL);
	jwrite_text(&j, "address", hex);
	jwrite_array(&j, "keys");
	for (unsigned i = 0; i < w->keys; i++) {
		snprintf(name, sizeof name, "k%u", i);
		jwrite_object(&j, NULL);
		jwrite_text(&j, "fragment", name);
		jwrite_text(&j, "type", key_type_name(KEY_K1));
		jwrite_str(&j, "public_key", buf_str(&multibase));
		jwrite_object_end(&j);
	}
	jwrite_array_end(&j);
	jwrite_object_end(&j);
	seed(w, "did", &body);
	buf_clear(&multibase);
}

static void seed_hub(struct world *w)
{
	char hex[ROOCH_HEX_TEXT];
	struct buf body;

	rooch_id_hex(hex, &w->address);
	buf_init(&body, 4096);
	buf_addf(&body, "{\"owner\":\"%s\",\"amount\":\"%s\"}", hex, w->hub);
	seed(w, "hub", &body);
}

/* A transaction of the payer. */
static void transact(struct world *w, const struct tx_call *call)
{
	struct tx_data t = {
		.sender = w->address, .chain_id = 4, .max_gas = TX_GAS_DEFAULT, .call = *call
	};
	struct tx_result res;
	struct gw_err e;
	uint8_t hash[32];
	struct buf raw;

	buf_init(&raw, TX_BYTES_MAX);
	if (rooch_sequence_number(w->rpc, &w->address, &t.sequence_number, &e) ||
	    tx_sign_did(&raw, &t, w->key, STR_LIT("k0"), hash, &e) ||
	    rooch_execute(w->rpc, buf_str(&raw), &res, &e))
		die("transaction", &e);
	if (res.status != TX_EXECUTED) {
		fprintf(stderr, "mkvouchers: transaction: status %d, %s %llu, %s\n", res.status,
			res.location, (unsigned long long)res.abort_code, res.message);
		exit(1);
	}
	buf_clear(&raw);
}

static void open_channel(struct world *w, const char *fragment)
{
	struct arena mem;
	struct tx_call call;

	arena_init(&mem, 4096);
	tx_call_open(&call, &mem, w->asset, &w->service, str_c(fragment));
	transact(w, &call);
	arena_free(&mem);
}

static void cancel_channel(struct world *w)
{
	struct arena mem;
	struct tx_call call;

	arena_init(&mem, 4096);
	if (w->finalize)
		tx_call_finalize(&call, &mem, &w->channel);
	else
		tx_call_initiate_cancellation(&call, &mem, &w->channel);
	transact(w, &call);
	arena_free(&mem);
}

struct sub {
	struct world *w;
	char fragment[16];
	struct chain_reading r;
	struct chain_key key;
	const struct signing_key *signer;
	unsigned vouchers;
};

static int add_vouchers(struct store_conn *c, struct sub *s, struct gw_err *e)
{
	int64_t now = clock_wall_ms() - s->w->age_ms;
	struct subchannel_row row;

	if (subchannel_load(c, &row, &s->key.channel_id, s->fragment, now, e))
		return -1;
	for (unsigned i = 0; i < s->vouchers; i++) {
		struct voucher v = { .rav = { .version = SUBRAV_VERSION,
					      .chain_id = s->r.chain_id,
					      .channel_id = s->key.channel_id,
					      .epoch = s->r.channel.epoch,
					      .accumulated = row.rav.last_claimed,
					      .nonce = row.rav.last_nonce } };
		bool goes_on = row.rav.has_signed && row.rav.signed_point.epoch == v.rav.epoch;

		if (goes_on) {
			v.rav.accumulated = row.rav.signed_point.amount;
			v.rav.nonce = row.rav.signed_point.nonce;
		}
		v.rav.nonce++;
		(void)str_copy(v.rav.fragment, sizeof v.rav.fragment, str_c(s->fragment));
		if (!u256_add(&v.rav.accumulated, v.rav.accumulated, u256_of(s->w->step)) ||
		    subrav_sign(&v.rav, s->signer, v.signature, e) ||
		    subchannel_sign_tx(c, &row, &v, now, e))
			return -1;
	}
	return 0;
}

static int store_sub(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct sub *s = arg;
	struct chain_row row;

	if (chain_see_tx(c, &row, &s->key, &s->r, clock_wall_ms(), e))
		return -1;
	return add_vouchers(c, s, e);
}

static void make_sub(struct world *w, unsigned i)
{
	struct sub s = { .w = w, .vouchers = w->vouchers };
	struct gw_err e;
	int rc;

	snprintf(s.fragment, sizeof s.fragment, "k%u", i);
	s.key = (struct chain_key){ w->channel, w->address, w->service, w->asset, s.fragment };
	s.signer = w->wrong_key ? w->other : w->key;
	s.r.chain_id = 4;
	s.r.started_ms = clock_wall_ms();
	rc = rooch_get_channel(w->rpc, &w->channel, &s.r.channel, &e);
	if (!rc)
		rc = rooch_get_subchannel(w->rpc, &s.r.channel.sub_channels, str_c(s.fragment),
					  &s.r.subchannel, &e);
	if (rc > 0 || (!rc && w->reopen && s.r.channel.status == CHANNEL_CLOSED)) {
		open_channel(w, s.fragment);
		rc = rooch_get_channel(w->rpc, &w->channel, &s.r.channel, &e);
		if (!rc)
			rc = rooch_get_subchannel(w->rpc, &s.r.channel.sub_channels,
						  str_c(s.fragment), &s.r.subchannel, &e);
	}
	if (!rc)
		rc = rooch_get_hub_balance(w->rpc, &w->address, w->asset, &s.r.balance, &e);
	s.r.has_channel = s.r.has_subchannel = true;
	if (rc || store_write(w->store, "vouchers", store_sub, &s, &e))
		die(s.fragment, &e);
}

static void ask_payer(struct world *w)
{
	struct channel_object ch;
	struct subchannel_object sub;
	struct gw_err e;
	char name[16];

	if (rooch_get_channel(w->rpc, &w->channel, &ch, &e))
		die("channel", &e);
	for (unsigned i = 0; i < w->keys; i++) {
		snprintf(name, sizeof name, "k%u", i);
		if (rooch_get_subchannel(w->rpc, &ch.sub_channels, str_c(name), &sub, &e) ||
		    !u256_add(&w->claimed, w->claimed, sub.last_claimed))
			die(name, &e);
	}
}

static void answer(const struct world *w)
{
	char claimed[U256_TEXT], revenue[U256_TEXT];
	struct u256 r;
	struct gw_err e;

	if (rooch_get_revenue(w->rpc, &w->service, w->asset, &r, &e))
		die("revenue", &e);
	u256_format(claimed, w->claimed);
	u256_format(revenue, r);
	printf("claimed=%s revenue=%s\n", claimed, revenue);
}

static void make_payer(struct world *w, unsigned n)
{
	char hex[ROOCH_HEX_TEXT], name[ROOCH_BECH32_TEXT];
	uint8_t bytes[32];
	struct buf did;
	struct gw_err e;
	int rc;

	memset(&w->address, 0, sizeof w->address);
	w->address.b[0] = 0xaa;
	w->address.b[30] = (uint8_t)(n >> 8);
	w->address.b[31] = (uint8_t)n;
	memset(bytes, 0x11, sizeof bytes);
	bytes[0] = (uint8_t)(n >> 8);
	bytes[1] = (uint8_t)n;
	if (signing_key_import(&w->key, KEY_K1, bytes, sizeof bytes, &e))
		die("key", &e);
	if (w->ask) {
		w->channel = rooch_channel_id(&w->address, &w->service, w->asset);
		ask_payer(w);
		signing_key_free(w->key);
		return;
	}
	bytes[2] = 0x22;
	if (signing_key_import(&w->other, KEY_K1, bytes, sizeof bytes, &e))
		die("key", &e);
	w->channel = rooch_channel_id(&w->address, &w->service, w->asset);
	buf_init(&did, 1 << 20);
	rooch_address_text(name, &w->address);
	rc = rooch_get_did(w->rpc, str_c(name), &did, &e);
	buf_clear(&did);
	if (rc < 0)
		die("document", &e);
	if (rc)
		seed_did(w);
	if (w->hub)
		seed_hub(w);
	for (unsigned i = 0; i < w->keys; i++)
		make_sub(w, i);
	if (w->cancel || w->finalize)
		cancel_channel(w);
	rooch_id_hex(hex, &w->channel);
	puts(hex);
	signing_key_free(w->key);
	signing_key_free(w->other);
}

static uint64_t number(const char *text)
{
	uint64_t v;

	if (!str_u64(str_c(text), &v) || v > INT64_MAX)
		exit(2);
	return v;
}

int main(int argc, char **argv)
{
	struct world w = { .first = 1, .payers = 1, .keys = 1, .vouchers = 1, .step = 100 };
	struct store_options so = { .role = STORE_GATEWAY };
	struct rooch_rpc_options ro = { .slots = 2 };
	struct upstream_options uo = { .slots = 2 };
	const char *service = NULL;
	struct gw_err e;
	int c;

	while ((c = getopt(argc, argv, "u:d:s:p:c:k:H:v:a:t:xCFOq")) != -1) {
		switch (c) {
		case 'u':
			w.url = ro.url = optarg;
			break;
		case 'd':
			so.path = optarg;
			break;
		case 's':
			service = optarg;
			break;
		case 'p':
			w.first = (unsigned)number(optarg);
			break;
		case 'c':
			w.payers = (unsigned)number(optarg);
			break;
		case 'k':
			w.keys = (unsigned)number(optarg);
			break;
		case 'H':
			w.hub = optarg;
			break;
		case 'v':
			w.vouchers = (unsigned)number(optarg);
			break;
		case 'a':
			w.step = number(optarg);
			break;
		case 't':
			w.age_ms = (int64_t)number(optarg) * 1000;
			break;
		case 'x':
			w.wrong_key = true;
			break;
		case 'C':
			w.cancel = true;
			break;
		case 'F':
			w.finalize = true;
			break;
		case 'O':
			w.reopen = true;
			break;
		case 'q':
			w.ask = true;
			break;
		default:
			return 2;
		}
	}
	if (!w.url || !so.path || !service || !rooch_did_parse(&w.service, str_c(service)) ||
	    !rooch_asset_canonical(w.asset, str_c(asset_text)))
		return 2;
	if (crypto_init(&e) || upstream_global_init(&e) || store_open(&w.store, &so, &e))
		die("start", &e);
	w.rpc = rooch_rpc_new(&ro);
	w.pool = upstream_pool_new(&uo);
	for (unsigned i = 0; i < w.payers; i++)
		make_payer(&w, w.first + i);
	if (w.ask)
		answer(&w);
	upstream_pool_free(w.pool);
	rooch_rpc_free(w.rpc);
	store_close(w.store);
	crypto_done();
	return 0;
}
