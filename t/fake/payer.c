/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payer - what a payer's client does around a request, for tests that speak FastCGI; see didauth.c.
 *
 *	payer [-k N] -n DID -u NODE -s SERVICE open|cancel
 *	        a transaction: open the channel with its sub-channel, or begin to cancel it
 *	payer [-k N] [-m MAX] header [ANSWER]
 *	        the payment header of a request; signs the proposal in ANSWER, the header of an answer
 *	payer [-k N] body ANSWER
 *	        the same proposal, signed, as the body of a commit
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/multibase.h"
#include "ledger/payment_header.h"
#include "ledger/rooch_rpc.h"
#include "ledger/rooch_tx.h"

#define ASSET "0x3::gas_coin::RGas"

struct payer {
	struct signing_key *key;
	const char *did, *node, *service;
	struct u256 max;
};

static void die(const char *what, const struct gw_err *e)
{
	fprintf(stderr, "payer: %s%s%s%s%s\n", what, e ? ": " : "", e ? e->pub : "",
		e && e->priv[0] ? "; " : "", e ? e->priv : "");
	exit(1);
}

/* ---- transactions ---- */

static void make_call(struct tx_call *call, struct arena *a, const struct rooch_id *sender,
		      const struct rooch_id *receiver, const char *what)
{
	char asset[ROOCH_ASSET_TEXT];
	struct rooch_id channel;

	if (!rooch_asset_canonical(asset, str_c(ASSET)))
		die(ASSET, NULL);
	channel = rooch_channel_id(sender, receiver, asset);
	if (!strcmp(what, "open"))
		tx_call_open(call, a, asset, receiver, STR_LIT("account-key"));
	else
		tx_call_initiate_cancellation(call, a, &channel);
}

static void transact(const struct payer *p, const char *what)
{
	struct rooch_rpc_options o = { .url = p->node };
	struct tx_data t = { .max_gas = TX_GAS_DEFAULT };
	struct tx_result result;
	struct rooch_id receiver;
	struct rooch_rpc *rpc;
	struct arena a;
	struct buf raw;
	uint8_t hash[32];
	struct gw_err e;

	if (!p->did || !p->node || !p->service || !rooch_did_parse(&t.sender, str_c(p->did)) ||
	    !rooch_did_parse(&receiver, str_c(p->service)))
		die("-n, -u and -s are needed", NULL);
	if (upstream_global_init(&e) < 0)
		die("upstream", &e);
	arena_init(&a, 1 << 20);
	buf_init(&raw, TX_BYTES_MAX);
	rpc = rooch_rpc_new(&o);
	if (rooch_chain_id(rpc, &t.chain_id, &e) < 0 ||
	    rooch_sequence_number(rpc, &t.sender, &t.sequence_number, &e) < 0)
		die("node", &e);
	make_call(&t.call, &a, &t.sender, &receiver, what);
	if (tx_sign_did(&raw, &t, p->key, STR_LIT("account-key"), hash, &e) < 0 ||
	    rooch_execute(rpc, buf_str(&raw), &result, &e) < 0)
		die("transaction", &e);
	if (result.status != TX_EXECUTED) {
		fprintf(stderr, "payer: status %d, %s %llu %s\n", (int)result.status,
			result.location, (unsigned long long)result.abort_code, result.message);
		exit(1);
	}
	rooch_rpc_free(rpc);
	buf_clear(&raw);
	arena_free(&a);
}

/* ---- headers ---- */

static bool sign_proposal(const struct payer *p, struct voucher *v, const char *answer)
{
	struct payment_response r;
	struct buf scratch;
	struct gw_err e;

	buf_init(&scratch, PAYMENT_HEADER_MAX);
	if (payment_response_read(&r, str_c(answer), &scratch, &e) < 0)
		die("answer", &e);
	buf_clear(&scratch);
	if (!r.has_subrav)
		return false;
	v->rav = r.subrav;
	if (subrav_sign(&v->rav, p->key, v->signature, &e) < 0)
		die("signature", &e);
	return true;
}

static void print_header(const struct payer *p, const char *answer)
{
	struct payment_request r = { .client_tx_ref = "payer", .max_amount = p->max };
	struct buf b;

	r.has_voucher = answer && answer[0] && sign_proposal(p, &r.voucher, answer);
	buf_init(&b, PAYMENT_HEADER_MAX);
	payment_request_write(&b, &r);
	puts(buf_c(&b));
	buf_clear(&b);
}

static void print_body(const struct payer *p, const char *answer)
{
	struct voucher v;
	struct jwrite w;
	struct buf b, sig;

	if (!sign_proposal(p, &v, answer))
		die("nothing to sign", NULL);
	buf_init(&b, PAYMENT_HEADER_MAX);
	buf_init(&sig, PAYMENT_HEADER_MAX);
	multibase_encode_u(v.signature, sizeof v.signature, &sig);
	jwrite_init(&w, &b, false);
	jwrite_object(&w, NULL);
	jwrite_object(&w, "subRav");
	subrav_write_json(&w, "subRav", &v.rav);
	jwrite_str(&w, "signature", buf_str(&sig));
	jwrite_object_end(&w);
	jwrite_object_end(&w);
	puts(buf_c(&b));
	buf_clear(&sig);
	buf_clear(&b);
}

int main(int argc, char **argv)
{
	struct payer p = { .max = U256_ZERO };
	uint64_t n = 1;
	uint8_t bytes[32];
	const char *what, *answer;
	struct gw_err e;
	int c;

	while ((c = getopt(argc, argv, "k:n:u:s:m:")) != -1)
		if (c == 'k' && str_u64(str_c(optarg), &n) && n > 0 && n < 256)
			;
		else if (c == 'm' && u256_parse(&p.max, str_c(optarg)))
			;
		else if (c == 'n')
			p.did = optarg;
		else if (c == 'u')
			p.node = optarg;
		else if (c == 's')
			p.service = optarg;
		else
			return 2;
	if (optind == argc)
		return 2;
	what = argv[optind];
	answer = optind + 1 < argc ? argv[optind + 1] : NULL;
	memset(bytes, (int)n, sizeof bytes);
	if (crypto_init(&e) < 0 || signing_key_import(&p.key, KEY_K1, bytes, sizeof bytes, &e) < 0)
		die("key", &e);
	if (!strcmp(what, "open") || !strcmp(what, "cancel"))
		transact(&p, what);
	else if (!strcmp(what, "header"))
		print_header(&p, answer);
	else if (!strcmp(what, "body") && answer)
		print_body(&p, answer);
	else
		return 2;
	signing_key_free(p.key);
	crypto_done();
	return 0;
}
