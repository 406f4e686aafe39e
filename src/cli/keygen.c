/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway keygen - make the key that the gateway's DID claims its money with. */
#include "config.h"

#include "cli/cli.h"
#include "cli/opts.h"

#include "auth/service_key.h"
#include "cli/stored_key.h"
#include "codec/bech32m.h"
#include "crypto/hash.h"

/* clang-format off */
static const char text[] =
	"The SERVICE_KEY goes to standard output, alone on its line; what it is, to standard error.\n"
	"\n"
	"With --key-id the document of that DID has to list the key under the fragment. Without it\n"
	"the DID is made up of a random address, which no chain knows: good for `payment = off` and\n"
	"directories of DID documents.";
/* clang-format on */

static const char default_fragment[] = "account-key";

/* A DID nobody else has: 32 random bytes for the address. */
static void random_name(struct stored_key *k)
{
	char address[BECH32M_MAX + 1];
	uint8_t bytes[32];

	random_bytes(bytes, sizeof bytes);
	bech32m_encode(address, "rooch", bytes, sizeof bytes);
	snprintf(k->did, sizeof k->did, "did:rooch:%s", address);
	snprintf(k->fragment, sizeof k->fragment, "%s", default_fragment);
}

static int make(struct stored_key *k, const char *key_id, const char *type, struct gw_err *e)
{
	enum key_type t = KEY_K1;

	if (type && !stored_key_type(type, &t))
		return gw_fail(e, GWE_USAGE, 0,
			       "unknown key type %.64s; known are secp256k1, ed25519, p256", type);
	if (!key_id)
		random_name(k);
	else if (!stored_key_name(k, str_c(key_id), NULL) || !did_rooch_valid(str_c(k->did)))
		return gw_fail(e, GWE_USAGE, 0, "--key-id %.200s is not did:rooch:ADDRESS#FRAGMENT",
			       key_id);
	return signing_key_generate(&k->key, t, e);
}

static int print(const struct stored_key *k, bool json, struct gw_err *e)
{
	struct buf key, out;
	bool ok;

	buf_init(&key, SERVICE_KEY_MAX);
	buf_init(&out, SERVICE_KEY_MAX + 4096);
	if (!buf_room(&key, SERVICE_KEY_MAX) || !buf_room(&out, SERVICE_KEY_MAX + 4096))
		abort(); /* as large as allowed, so that nothing grows and leaves copies */
	service_key_write(k, &key);
	stored_key_describe(k, json, json ? &key : NULL, &out);
	if (!json)
		fprintf(stderr, "%s\n", buf_c(&out));
	ok = !key.failed && !out.failed && puts(json ? buf_c(&out) : buf_c(&key)) >= 0 &&
	     !fflush(stdout);
	secret_wipe(key.p, key.cap);
	secret_wipe(out.p, out.cap);
	buf_clear(&key);
	buf_clear(&out);
	return ok ? 0 : gw_fail(e, GWE_INTERNAL, 0, "standard output cannot be written");
}

int cmd_keygen(int argc, char **argv)
{
	const char *key_id = NULL, *type = NULL, *document = NULL;
	bool json = false, help = false;
	const struct opt rows[] = {
		{ .name = "key-id",
		  .arg = "DID#FRAGMENT",
		  .value = &key_id,
		  .help = "name of the key in the DID's document" },
		{ .name = "type",
		  .arg = "T",
		  .value = &type,
		  .help = "secp256k1 (default), ed25519 or p256" },
		{ .name = "document",
		  .arg = "FILE",
		  .value = &document,
		  .help = "also write a DID document with this key" },
		{ .name = "json", .flag = &json, .help = "print one JSON object" },
		OPTS_HELP(&help),
		OPTS_END
	};
	struct stored_key k = { .key = NULL };
	struct gw_err e;
	int rc = -1;

	if (opts_parse(rows, &argc, argv, &e))
		return cli_fail(&e);
	if (help) {
		opts_help(stdout, "keygen [OPTION]...", text, rows);
		return CLI_OK;
	}
	if (argc != 1)
		gw_fail(&e, GWE_USAGE, 0, "keygen takes no arguments; --help says more");
	else if (!crypto_init(&e)) {
		if (!make(&k, key_id, type, &e) && !(document && stored_key_write_document(&k, document, &e)))
			rc = print(&k, json, &e);
		crypto_done();
	}
	stored_key_clear(&k);
	return rc ? cli_fail(&e) : CLI_OK;
}
