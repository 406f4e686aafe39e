/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway keygen - make the key that the gateway's DID claims its money with. */
#include "config.h"

#include "cli/cli.h"
#include "cli/opts.h"

#include "auth/service_key.h"
#include "cli/stored_key.h"
#include "codec/bech32m.h"
#include "crypto/hash.h"
#include "ledger/rooch_send.h"

/* clang-format off */
static const char text[] =
	"The SERVICE_KEY goes to standard output, alone on its line; what it is, to standard error.\n"
	"\n"
	"With --register the chain makes a DID for the key, through the node of --rpc-url or --network.\n"
	"With --key-id the document of that DID has to list the key under the fragment. Without either\n"
	"the DID is made up of a random address, which no chain knows: good for `payment = off` and\n"
	"directories of DID documents.";
/* clang-format on */

struct keygen {
	const char *key_id, *type, *document;
	bool reg, json, help;
	const char *node_url; /* --register */
};

/* A DID nobody else has: 32 random bytes for the address. */
static void random_name(struct stored_key *k)
{
	char address[BECH32M_MAX + 1];
	uint8_t bytes[32];

	random_bytes(bytes, sizeof bytes);
	bech32m_encode(address, "rooch", bytes, sizeof bytes);
	snprintf(k->did, sizeof k->did, "did:rooch:%s", address);
	snprintf(k->fragment, sizeof k->fragment, "%s", rooch_self_fragment);
}

static int make(struct stored_key *k, const struct keygen *o, struct gw_err *e)
{
	enum key_type t = KEY_K1;

	if (o->type && !stored_key_type(o->type, &t))
		return gw_fail(e, GWE_USAGE, 0,
			       "unknown key type %.64s; known are secp256k1, ed25519, p256",
			       o->type);
	if (o->reg && t != KEY_K1)
		return gw_fail(
			e, GWE_USAGE, 0,
			"--register needs a secp256k1 key: only that has an account on the chain");
	if (o->reg && o->key_id)
		return gw_fail(e, GWE_USAGE, 0, "--register or --key-id, not both");
	if (o->key_id &&
	    (!stored_key_name(k, str_c(o->key_id), NULL) || !did_rooch_valid(str_c(k->did))))
		return gw_fail(e, GWE_USAGE, 0, "--key-id %.200s is not did:rooch:ADDRESS#FRAGMENT",
			       o->key_id);
	if (signing_key_generate(&k->key, t, e))
		return -1;
	if (o->reg)
		return stored_key_register(k, o->node_url, e);
	if (!o->key_id)
		random_name(k);
	return 0;
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

/* Only --register looks at settings, so that others do not fail over wrong ones. */
static bool asks_to_register(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--register"))
			return true;
	return false;
}

static int run(struct keygen *o, struct gw_err *e)
{
	struct stored_key k = { .key = NULL };
	int rc = -1;

	if (crypto_init(e))
		return -1;
	if (!make(&k, o, e) && !(o->document && stored_key_write_document(&k, o->document, e)))
		rc = print(&k, o->json, e);
	stored_key_clear(&k);
	crypto_done();
	return rc;
}

int cmd_keygen(int argc, char **argv)
{
	struct keygen o = { .key_id = NULL };
	const struct opt rows[] = {
		{ .name = "register",
		  .flag = &o.reg,
		  .help = "create the DID on the chain, for the key alone" },
		{ .name = "key-id",
		  .arg = "DID#FRAGMENT",
		  .value = &o.key_id,
		  .help = "name of the key in the DID's document" },
		{ .name = "type",
		  .arg = "T",
		  .value = &o.type,
		  .help = "secp256k1 (default), ed25519 or p256" },
		{ .name = "document",
		  .arg = "FILE",
		  .value = &o.document,
		  .help = "also write a DID document with this key" },
		{ .name = "json", .flag = &o.json, .help = "print one JSON object" },
		OPTS_SETTINGS,
		OPTS_HELP(&o.help),
		OPTS_END
	};
	struct conf *conf = NULL;
	struct gw_err e;
	int rc = -1;

	if (asks_to_register(argc, argv) && !opts_ask_help(argc, argv)) {
		if (cli_settings(&conf, &argc, argv, &e))
			return cli_fail(&e);
		o.node_url = conf->rpc_url[0] ? conf->rpc_url : rooch_network_url(conf->network);
	}
	if (opts_parse(rows, &argc, argv, &e)) {
		rc = cli_fail(&e);
		conf_free(conf);
		return rc;
	}
	if (o.help)
		opts_help(stdout, "keygen [OPTION]...", text, rows);
	else if (argc != 1)
		rc = gw_fail(&e, GWE_USAGE, 0, "keygen takes no arguments; --help says more");
	else
		rc = run(&o, &e);
	conf_free(conf);
	return o.help ? CLI_OK : rc ? cli_fail(&e) : CLI_OK;
}
