/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign - a bundle of signed requests for loadgen, on standard output.
 *
 *	sign COUNT PATH BODY [KEYS]
 *
 * Each of the COUNT requests is a POST of the text BODY to PATH with an authorization header of its
 * own, by one of KEYS did:key identities (64) in turn. Such headers hold for 300 s.
 */
#include "config.h"

#include <unistd.h>

#include "auth/did_auth.h"
#include "auth/did_document.h"
#include "util/buf.h"
#include "util/clock.h"

enum { KEYS_MAX = 1024 };
struct signer {
	struct signing_key *key;
	char did[DID_TEXT];
};

static _Noreturn void die(const char *why)
{
	fprintf(stderr, "sign: %s\n", why);
	exit(2);
}

static struct signer make_signer(void)
{
	struct signer s;
	struct did_key pub = { .type = KEY_K1 };
	struct gw_err e;

	if (signing_key_generate(&s.key, KEY_K1, &e))
		die(e.pub);
	pub.pub_len = signing_key_pub(s.key, pub.pub);
	did_key_format(s.did, &pub);
	return s;
}

static void put(const struct buf *b)
{
	uint8_t len[4];

	for (int i = 0; i < 4; i++)
		len[i] = (uint8_t)(b->len >> (8 * i));
	if (fwrite(len, 1, 4, stdout) != 4 || fwrite(b->p, 1, b->len, stdout) != b->len)
		die("cannot write");
}

int main(int argc, char **argv)
{
	static struct signer signers[KEYS_MAX];
	uint64_t count, keys = 64;
	struct str body;
	struct gw_err e;
	struct buf auth, b;

	if (argc < 4 || argc > 5 || !str_u64(str_c(argv[1]), &count) ||
	    (argc == 5 && !str_u64(str_c(argv[4]), &keys)) || keys < 1 || keys > KEYS_MAX)
		die("usage: sign COUNT PATH BODY [KEYS]");
	body = str_c(argv[3]);
	if (isatty(STDOUT_FILENO))
		die("a bundle is not for a terminal");
	if (crypto_init(&e))
		die(e.pub);
	for (uint64_t i = 0; i < keys; i++)
		signers[i] = make_signer();
	buf_init(&auth, 8192);
	buf_init(&b, body.len + 16384);
	for (uint64_t i = 0; i < count; i++) {
		const struct signer *s = &signers[i % keys];

		buf_reset(&auth);
		buf_reset(&b);
		if (did_auth_sign(&auth, s->key, str_c(s->did), str_c(s->did + strlen("did:key:")),
				  str_c("http://127.0.0.1/"), str_c("POST"), clock_wall_s(), &e))
			die(e.pub);
		buf_addf(&b,
			 "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
			 "Content-Length: %zu\r\nAuthorization: ",
			 argv[2], body.len);
		buf_add_str(&b, buf_str(&auth));
		buf_add_c(&b, "\r\n\r\n");
		buf_add_str(&b, body);
		if (b.failed)
			die("a request is too large");
		put(&b);
	}
	buf_clear(&auth);
	buf_clear(&b);
	for (uint64_t i = 0; i < keys; i++)
		signing_key_free(signers[i].key);
	crypto_done();
	return 0;
}
