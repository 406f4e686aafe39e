/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway-client key - make or show the key that the client signs with. */
#include "config.h"

#include "client/client.h"

#include "client/identity.h"
#include "codec/jwrite.h"

/* clang-format off */
static const char text[] =
	"  key new    makes a key and writes it to a file that only you can read\n"
	"  key show   says whose key it is, never the key itself\n"
	"\n"
	"Without --did the key stands for itself (did:key), which a gateway without payment\n"
	"can allow. With --did it is a key of that DID, once its document lists it.";
/* clang-format on */

struct key_options {
	const char *type, *out, *key, *did, *document;
	bool json, help;
};

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

static int key_new(const struct key_options *o, const char *path, struct gw_err *e)
{
	enum key_type type = KEY_K1;
	struct stored_key id;
	int rc = -1;

	if (o->type && !stored_key_type(o->type, &type))
		return gw_fail(e, GWE_USAGE, 0,
			       "unknown key type %.64s; known are secp256k1, ed25519, p256",
			       o->type);
	if (identity_new(&id, type, o->did, e))
		return -1;
	/* With --out the directory has to exist; that of the default is made. */
	if (!identity_write(&id, o->out, e) &&
	    (!o->document || !stored_key_write_document(&id, o->document, e)))
		rc = show(&id, path, o->json);
	stored_key_clear(&id);
	return rc;
}

static int key_show(const struct key_options *o, const char *path, struct gw_err *e)
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
static int run(const struct key_options *o, const char *path,
	       int (*command)(const struct key_options *, const char *, struct gw_err *),
	       struct gw_err *e)
{
	char fallback[1024];

	if (path)
		return command(o, path, e);
	if (identity_default_path(fallback, sizeof fallback, e))
		return -1;
	return command(o, fallback, e);
}

int cmd_key(int argc, char **argv)
{
	struct key_options o = { .json = false };
	const struct opt rows[] = {
		{ .name = "type",
		  .arg = "T",
		  .value = &o.type,
		  .help = "secp256k1 (default), ed25519 or p256" },
		{ .name = "out",
		  .letter = 'o',
		  .arg = "FILE",
		  .value = &o.out,
		  .help = "key new: the key file, else $LLM_GATEWAY_KEY_FILE, else one in ~/.config" },
		{ .name = "key",
		  .letter = 'k',
		  .arg = "FILE",
		  .value = &o.key,
		  .help = "key show: the same" },
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
		opts_help_for(stdout, CLIENT_PROGRAM, "key new|show [OPTION]...", text, rows);
		return CLIENT_OK;
	}
	if (argc == 2 && !strcmp(argv[1], "new") && !o.key)
		rc = run(&o, o.out, key_new, &e);
	else if (argc == 2 && !strcmp(argv[1], "show") && !o.out && !o.type && !o.did)
		rc = run(&o, o.key, key_show, &e);
	else
		rc = gw_fail(&e, GWE_USAGE, 0,
			     "key new [--type --did --out] or key show [--key]; --help says more");
	return rc ? client_fail(&e) : CLIENT_OK;
}
