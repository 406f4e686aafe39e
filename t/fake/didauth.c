/* SPDX-License-Identifier: Apache-2.0 */
/*
 * didauth - the Authorization header of a request, for tests that speak FastCGI.
 *
 *	didauth [-k N] [-n DID] [-u URL] [-m METHOD] [-a SECONDS] [-D | -W]
 *
 *	-k N        the key number N of this program (1): secp256k1, its bytes are all N
 *	-n DID      whose key it is; else the did:key of the key
 *	-a SECONDS  move the time of the header
 *	-D          print the DID instead
 *	-W          print a W3C document that lists the key instead
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/did_auth.h"
#include "auth/service_key.h"
#include "util/clock.h"

static void die(const struct gw_err *e)
{
	fprintf(stderr, "didauth: %s\n", e->pub);
	exit(1);
}

static bool number(const char *text, int64_t *out)
{
	uint64_t v;
	bool minus = text[0] == '-';

	if (!str_u64(str_c(text + minus), &v) || v > INT32_MAX)
		return false;
	*out = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

int main(int argc, char **argv)
{
	const char *did = NULL, *url = "http://127.0.0.1/", *method = "POST";
	struct stored_key k = { 0 };
	struct did_key pub;
	char own[DID_TEXT];
	uint8_t bytes[32];
	int64_t n = 1, ahead = 0;
	struct gw_err e;
	struct buf b;
	int c, what = 0;
	bool fine = true;

	while ((c = getopt(argc, argv, "k:n:u:m:a:DW")) != -1) {
		if (c == 'k')
			fine = number(optarg, &n) && n > 0 && n < 256;
		else if (c == 'n')
			did = optarg;
		else if (c == 'u')
			url = optarg;
		else if (c == 'm')
			method = optarg;
		else if (c == 'a')
			fine = number(optarg, &ahead);
		else if (c == 'D' || c == 'W')
			what = c;
		else
			fine = false;
		if (!fine)
			return 2;
	}
	memset(bytes, (int)n, sizeof bytes);
	if (crypto_init(&e) < 0 || signing_key_import(&k.key, KEY_K1, bytes, sizeof bytes, &e) < 0)
		die(&e);
	pub.type = KEY_K1;
	pub.pub_len = signing_key_pub(k.key, pub.pub);
	did_key_format(own, &pub);
	snprintf(k.did, sizeof k.did, "%s", did ? did : own);
	if (!str_copy(k.fragment, sizeof k.fragment,
		      str_c(did ? "account-key" : own + strlen("did:key:"))))
		return 2;
	buf_init(&b, STORED_KEY_JSON_MAX);
	if (what == 'D')
		buf_add_c(&b, k.did);
	else if (what == 'W')
		stored_key_document(&k, &b);
	else if (did_auth_sign(&b, k.key, str_c(k.did), str_c(k.fragment), str_c(url),
			       str_c(method), clock_wall_s() + ahead, &e) < 0)
		die(&e);
	puts(buf_c(&b));
	buf_clear(&b);
	stored_key_clear(&k);
	crypto_done();
	return 0;
}
