/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway-client wallet - make, show or import the key that the client signs and pays with. */
#include "config.h"

#include "client/client.h"

#include "client/identity.h"
#include "codec/jwrite.h"
#include "util/file.h"

/* clang-format off */
static const char text[] =
	"  wallet new      makes a key and writes it to a file that only you can read\n"
	"  wallet import   takes a key from standard input: a StoredKey, as JSON or in one line\n"
	"  wallet show     says whose key it is, never the key itself\n"
	"\n"
	"Without --did the key stands for itself (did:key), which a gateway without payment can\n"
	"allow; `fund` makes a DID on the development ledger for it. With --did it is a key of that\n"
	"DID, once its document lists it. Channels and vouchers are kept beside the key, in FILE.db.";
/* clang-format on */

struct wallet_options {
	const char *type, *out, *key, *did, *document;
	bool json, help;
};

enum { STORED_KEY_MAX = SERVICE_KEY_MAX };

static int show(const struct stored_key *id, const char *path, bool json)
{
	struct buf pub, out;
	struct jwrite w;

	buf_init(&pub, 256);
	stored_key_public(id, &pub);
	if (json) {
		buf_init(&out, 4096);
		jwrite_init(&w, &out, false);
		jwrite_object(&w, NULL);
		jwrite_text(&w, "did", id->did);
		jwrite_text(&w, "fragment", id->fragment);
		jwrite_text(&w, "keyType", key_type_name(signing_key_type(id->key)));
		jwrite_str(&w, "publicKeyMultibase", buf_str(&pub));
		jwrite_text(&w, "file", path);
		jwrite_object_end(&w);
		puts(buf_c(&out));
		buf_clear(&out);
	} else {
		printf("DID:         %s\nkey:         %s\ntype:        %s\npublic key:  %s\nfile:  "
		       "      %s\n",
		       id->did, id->fragment, key_type_name(signing_key_type(id->key)), buf_c(&pub),
		       path);
	}
	buf_clear(&pub);
	return CLIENT_OK;
}

/* With --out the directory has to exist; that of the default is made. */
static int keep(const struct stored_key *id, const struct wallet_options *o, const char *path,
		struct gw_err *e)
{
	if (identity_write(id, o->out, e) ||
	    (o->document && stored_key_write_document(id, o->document, e)))
		return -1;
	return show(id, path, o->json);
}

static int wallet_new(const struct wallet_options *o, const char *path, struct gw_err *e)
{
	enum key_type type = KEY_K1;
	struct stored_key id;
	int rc;

	if (o->type && !stored_key_type(o->type, &type))
		return gw_fail(e, GWE_USAGE, 0,
			       "unknown key type %.64s; known are secp256k1, ed25519, p256",
			       o->type);
	if (identity_new(&id, type, o->did, e))
		return -1;
	rc = keep(&id, o, path, e);
	stored_key_clear(&id);
	return rc;
}

static int wallet_import(const struct wallet_options *o, const char *path, struct gw_err *e)
{
	struct stored_key id;
	struct buf input;
	int rc;

	buf_init(&input, STORED_KEY_MAX);
	if (!buf_room(&input, STORED_KEY_MAX)) /* no growing, which would leave copies behind */
		abort();
	rc = file_read_input(&input, "-", e) || identity_parse(&id, buf_str(&input), e);
	secret_wipe(input.p, input.cap);
	buf_clear(&input);
	if (rc)
		return -1;
	rc = keep(&id, o, path, e);
	stored_key_clear(&id);
	return rc;
}

static int wallet_show(const struct wallet_options *o, const char *path, struct gw_err *e)
{
	struct stored_key id;
	int rc = -1;

	if (identity_read(&id, path, e))
		return -1;
	if (!o->document || !stored_key_write_document(&id, o->document, e))
		rc = show(&id, path, o->json);
	stored_key_clear(&id);
	return rc;
}

/* @path as named, or the default. */
static int run(const struct wallet_options *o, const char *path,
	       int (*command)(const struct wallet_options *, const char *, struct gw_err *),
	       struct gw_err *e)
{
	char at[1024];

	return identity_path(at, sizeof at, path, e) ? -1 : command(o, at, e);
}

int cmd_wallet(int argc, char **argv)
{
	struct wallet_options o = { .json = false };
	const struct opt rows[] = {
		{ .name = "type",
		  .arg = "T",
		  .value = &o.type,
		  .help = "secp256k1 (default), ed25519 or p256" },
		{ .name = "out",
		  .letter = 'o',
		  .arg = "FILE",
		  .value = &o.out,
		  .help = "new, import: the key file, else $LLM_GATEWAY_KEY_FILE, else one in ~/.config" },
		{ .name = "key",
		  .letter = 'k',
		  .arg = "FILE",
		  .value = &o.key,
		  .help = "show: the same" },
		{ .name = "did",
		  .arg = "DID",
		  .value = &o.did,
		  .help = "DID or DID#FRAGMENT that the key belongs to" },
		{ .name = "document",
		  .arg = "FILE",
		  .value = &o.document,
		  .help = "also write a DID document with this key" },
		{ .name = "json", .flag = &o.json, .help = "print one JSON object" },
		OPTS_HELP(&o.help),
		OPTS_END
	};
	struct gw_err e;
	int rc;

	if (opts_parse(rows, &argc, argv, &e))
		return client_fail(&e);
	if (o.help) {
		opts_help_for(stdout, CLIENT_PROGRAM, "wallet new|show|import [OPTION]...", text,
			      rows);
		return CLIENT_OK;
	}
	if (argc == 2 && !strcmp(argv[1], "new") && !o.key)
		rc = run(&o, o.out, wallet_new, &e);
	else if (argc == 2 && !strcmp(argv[1], "import") && !o.key && !o.type && !o.did)
		rc = run(&o, o.out, wallet_import, &e);
	else if (argc == 2 && !strcmp(argv[1], "show") && !o.out && !o.type && !o.did)
		rc = run(&o, o.key, wallet_show, &e);
	else
		rc = gw_fail(
			&e, GWE_USAGE, 0,
			"wallet new [--type --did --out], wallet import [--out] or wallet show "
			"[--key]; --help says more");
	return rc ? client_fail(&e) : CLIENT_OK;
}
