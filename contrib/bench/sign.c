/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign - bundles of signed requests for loadgen, on standard output.
 *
 *	sign [-k KEYS] COUNT PATH BODY
 *		COUNT requests: POST of the text BODY to PATH, each with an authorization header of its own
 *		by one of KEYS did:key identities (64) in turn. Such headers hold for 300 s
 *	sign -w WALLETS -c COST COUNT PATH BODY
 *		the same by payers, each with the voucher for what its last request cost: COST asset units,
 *		known beforehand where a mock reports the same usage every time. Remembers the nonces in the
 *		file WALLETS. The first request of a payer has no voucher
 *	sign payers COUNT NODE SERVICE_DID WALLETS
 *		make such payers on the development ledger at NODE
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/did_auth.h"
#include "auth/did_document.h"
#include "ledger/payment_header.h"
#include "util/clock.h"
#include "wallets.h"

static struct wallet wallets[WALLETS_MAX];

static void usage(void)
{
	fputs("usage: sign [-k KEYS | -w WALLETS -c COST] COUNT PATH BODY\n"
	      "       sign payers COUNT NODE SERVICE_DID WALLETS\n",
	      stderr);
	exit(2);
}

static void make_anonymous(struct wallet *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct did_key pub = { .type = KEY_K1 };
		char text[DID_TEXT];

		wallet_key(&w[i], i);
		pub.pub_len = signing_key_pub(w[i].key, pub.pub);
		did_key_format(text, &pub);
		if (!str_copy(w[i].did, sizeof w[i].did, str_c(text)))
			die("DID", NULL);
	}
}

/* The voucher of the next request, and the step to the one after. */
static void add_payment(struct buf *b, struct wallet *w, uint64_t cost)
{
	struct payment_request r = { .client_tx_ref = "" };
	struct subrav *v = &r.voucher.rav;
	struct gw_err e;

	(void)snprintf(r.client_tx_ref, sizeof r.client_tx_ref, "bench-%llu",
		       (unsigned long long)w->nonce);
	*v = (struct subrav){ .version = SUBRAV_VERSION,
			      .chain_id = WALLET_CHAIN,
			      .channel_id = w->channel,
			      .fragment = "account-key",
			      .accumulated = u256_of(w->nonce * cost),
			      .nonce = w->nonce };
	r.has_voucher = w->nonce > 0;
	if (r.has_voucher && subrav_sign(v, w->key, r.voucher.signature, &e) < 0)
		die("voucher", &e);
	buf_add_c(b, "X-Payment-Channel-Data: ");
	payment_request_write(b, &r);
	buf_add_c(b, "\r\n");
	w->nonce++;
}

static void put(const struct buf *b)
{
	uint8_t len[4];

	if (b->failed)
		die("a request is too large", NULL);
	for (int i = 0; i < 4; i++)
		len[i] = (uint8_t)(b->len >> (8 * i));
	if (fwrite(len, 1, 4, stdout) != 4 || fwrite(b->p, 1, b->len, stdout) != b->len)
		die("cannot write", NULL);
}

static void put_request(struct buf *b, struct wallet *w, const char *path, struct str body,
			const uint64_t *cost)
{
	struct str fragment = str_c(cost ? "account-key" : w->did + strlen("did:key:"));
	struct gw_err e;

	buf_reset(b);
	buf_addf(b,
		 "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
		 "Content-Length: %zu\r\nAuthorization: ",
		 path, body.len);
	if (did_auth_sign(b, w->key, str_c(w->did), fragment, str_c("http://127.0.0.1/"),
			  str_c("POST"), clock_wall_s(), &e))
		die("authorization", &e);
	buf_add_c(b, "\r\n");
	if (cost)
		add_payment(b, w, *cost);
	buf_add_c(b, "\r\n");
	buf_add_str(b, body);
	put(b);
}

/* Those who have signed least come first, so that nobody is asked for two at once. */
static unsigned first_of(const struct wallet *w, unsigned n)
{
	unsigned at = 0;

	for (unsigned i = 1; i < n; i++)
		if (w[i].nonce < w[at].nonce)
			at = i;
	return at;
}

int main(int argc, char **argv)
{
	const char *file = NULL;
	uint64_t count, keys = 64, cost = 0;
	unsigned at;
	struct gw_err e;
	struct buf b;
	int c;

	while ((c = getopt(argc, argv, "k:w:c:")) != -1)
		if (c == 'w')
			file = optarg;
		else if (!(c == 'k' && str_u64(str_c(optarg), &keys) && keys > 0 &&
			   keys <= WALLETS_MAX) &&
			 !(c == 'c' && str_u64(str_c(optarg), &cost)))
			usage();
	if (crypto_init(&e))
		die("crypto", &e);
	if (argc - optind == 5 && !strcmp(argv[optind], "payers") &&
	    str_u64(str_c(argv[optind + 1]), &keys) && keys > 0 && keys <= WALLETS_MAX) {
		wallets_make(wallets, (unsigned)keys, argv[optind + 2], argv[optind + 3]);
		wallets_save(wallets, (unsigned)keys, argv[optind + 4]);
	} else if (argc - optind == 3 && str_u64(str_c(argv[optind]), &count)) {
		if (isatty(STDOUT_FILENO))
			die("a bundle is not for a terminal", NULL);
		if (file)
			keys = wallets_load(wallets, file);
		else
			make_anonymous(wallets, (unsigned)keys);
		buf_init(&b, strlen(argv[optind + 2]) + 65536);
		at = file ? first_of(wallets, (unsigned)keys) : 0;
		for (uint64_t i = 0; i < count; i++)
			put_request(&b, &wallets[(at + i) % keys], argv[optind + 1],
				    str_c(argv[optind + 2]), file ? &cost : NULL);
		buf_clear(&b);
		if (file)
			wallets_save(wallets, (unsigned)keys, file);
	} else {
		usage();
	}
	wallets_free(wallets, (unsigned)keys);
	crypto_done();
	return 0;
}
