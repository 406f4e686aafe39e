/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "auth/service_key.h"

#include "codec/jscan.h"
#include "codec/jwrite.h"
#include "codec/multibase.h"
#include "util/file.h"

enum { JSON_DEPTH = 16, KEY_TEXT = 512, KEY_BYTES = 160 };

static void wipe(struct buf *b)
{
	secret_wipe(b->p, b->cap);
	buf_clear(b);
}

void stored_key_clear(struct stored_key *k)
{
	if (k->key)
		signing_key_free(k->key);
	k->key = NULL;
}

bool stored_key_name(struct stored_key *k, struct str name, const char *fragment)
{
	struct str did = name, f = str_c(fragment);

	return str_visible(name, DID_TEXT + FRAGMENT_TEXT) && str_starts(name, "did:") &&
	       (str_find(name, '#') < 0 ? fragment != NULL : did_split(name, &did, &f)) &&
	       str_copy(k->did, sizeof k->did, did) && str_copy(k->fragment, sizeof k->fragment, f);
}

void stored_key_public(const struct stored_key *k, struct buf *out)
{
	uint8_t pub[KEY_PUB_MAX];

	if (!multibase_encode_z(pub, signing_key_pub(k->key, pub), out))
		out->failed = true;
}

bool stored_key_type(const char *name, enum key_type *out)
{
	static const struct {
		const char *name;
		enum key_type type;
	} names[] = { { "secp256k1", KEY_K1 }, { "ed25519", KEY_ED25519 }, { "p256", KEY_R1 } };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!strcmp(name, names[i].name)) {
			*out = names[i].type;
			return true;
		}
	}
	return key_type_find(str_c(name), out);
}

/* ---- reading ---- */

static int bad(struct gw_err *e, const char *why)
{
	return gw_fail(e, GWE_BAD_REQUEST, 0, "the key is not valid: %s", why);
}

/* The multibase text of a key as bytes; false when it is missing, blank or something else. */
static bool key_bytes(struct buf *out, struct jval v)
{
	char text[KEY_TEXT];
	bool ok;

	buf_init(out, KEY_BYTES);
	ok = jval_copy(v, text, sizeof text) && multibase_decode_any(str_c(text), out) && out->len;
	secret_wipe(text, sizeof text);
	return ok;
}

static int import_keys(struct stored_key *k, enum key_type type, struct str priv, struct str pub,
		       struct gw_err *e)
{
	uint8_t derived[KEY_PUB_MAX];
	size_t n;

	if (signing_key_import(&k->key, type, (const uint8_t *)priv.p, priv.len, NULL))
		return bad(e, "privateKeyMultibase is no private key of this keyType");
	n = signing_key_pub(k->key, derived);
	if (pub.len != n || memcmp(pub.p, derived, n) != 0) {
		stored_key_clear(k);
		return bad(e, "publicKeyMultibase does not belong to the private key");
	}
	return 0;
}

/*
 * Rule: protocol did-auth.md 4: a fragment may be any text; but no control bytes, which would reach
 * terminals and logs.
 */
static bool read_key_id(struct stored_key *k, struct str key_id)
{
	struct str did, fragment;

	if (!did_split(key_id, &did, &fragment) || !str_visible(did, DID_TEXT) ||
	    !str_starts(did, "did:"))
		return false;
	for (size_t i = 0; i < fragment.len; i++)
		if ((uint8_t)fragment.p[i] < 0x20 || fragment.p[i] == 0x7f)
			return false;
	return str_copy(k->did, sizeof k->did, did) &&
	       str_copy(k->fragment, sizeof k->fragment, fragment);
}

static int read_members(struct stored_key *k, struct jval root, struct gw_err *e)
{
	char type_name[64], key_id[DID_TEXT + FRAGMENT_TEXT];
	struct buf priv, pub;
	enum key_type type;
	bool have_priv, have_pub;
	int rc;

	if (root.type != J_OBJECT)
		return bad(e, "it is no JSON object");
	if (!jval_copy(jscan_get(root, "keyType"), type_name, sizeof type_name) ||
	    !key_type_find(str_c(type_name), &type))
		return bad(e, "keyType is missing or unknown");
	if (!jval_copy(jscan_get(root, "keyId"), key_id, sizeof key_id) ||
	    !read_key_id(k, str_c(key_id)))
		return bad(e, "keyId has to be DID#fragment");
	have_priv = key_bytes(&priv, jscan_get(root, "privateKeyMultibase"));
	have_pub = key_bytes(&pub, jscan_get(root, "publicKeyMultibase"));
	if (!have_priv)
		rc = bad(e, "privateKeyMultibase is missing or no multibase text");
	else if (!have_pub)
		rc = bad(e, "publicKeyMultibase is missing or no multibase text");
	else
		rc = import_keys(k, type, buf_str(&priv), buf_str(&pub), e);
	wipe(&priv);
	buf_clear(&pub);
	return rc;
}

int stored_key_read(struct stored_key *out, struct str json, struct gw_err *e)
{
	struct jval root;

	out->key = NULL;
	/* what is wrong, and where, would say something about the text */
	if (json.len > STORED_KEY_JSON_MAX || jscan_check(json, JSON_DEPTH, false, &root, NULL))
		return bad(e, "it does not hold JSON");
	return read_members(out, root, e);
}

int service_key_read(struct stored_key *out, struct str text, struct gw_err *e)
{
	struct buf json;
	int rc;

	out->key = NULL;
	text = str_trim(text);
	buf_init(&json, STORED_KEY_JSON_MAX);
	if (!text.len)
		rc = bad(e, "it is empty");
	else if (text.len > SERVICE_KEY_MAX || !multibase_decode_any(text, &json))
		rc = bad(e, "it is not z and base58, as `llm-gateway keygen` prints it");
	else
		rc = stored_key_read(out, buf_str(&json), e);
	wipe(&json);
	if (!rc && !did_rooch_valid(str_c(out->did))) {
		stored_key_clear(out);
		rc = bad(e, "its DID is no did:rooch");
	}
	return rc;
}

/* ---- writing ---- */

void stored_key_write(const struct stored_key *k, bool pretty, struct buf *out)
{
	char key_id[DID_TEXT + FRAGMENT_TEXT];
	uint8_t priv[KEY_BYTES];
	struct buf text;
	struct jwrite w;

	snprintf(key_id, sizeof key_id, "%s#%s", k->did, k->fragment);
	buf_init(&text, KEY_TEXT);
	if (!buf_room(&text, KEY_TEXT)) /* no growing, which would leave copies behind */
		abort();
	jwrite_init(&w, out, pretty);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "keyId", key_id);
	jwrite_text(&w, "keyType", key_type_name(signing_key_type(k->key)));
	stored_key_public(k, &text);
	jwrite_str(&w, "publicKeyMultibase", buf_str(&text));
	buf_reset(&text);
	if (!multibase_encode_z(priv, signing_key_export(k->key, priv), &text))
		out->failed = true;
	jwrite_str(&w, "privateKeyMultibase", buf_str(&text));
	jwrite_object_end(&w);
	secret_wipe(priv, sizeof priv);
	wipe(&text);
}

void service_key_write(const struct stored_key *k, struct buf *out)
{
	struct buf json;

	buf_init(&json, STORED_KEY_JSON_MAX);
	if (!buf_room(&json, STORED_KEY_JSON_MAX))
		abort();
	stored_key_write(k, false, &json);
	if (json.failed || !multibase_encode_z(json.p, json.len, out))
		out->failed = true;
	wipe(&json);
}

void stored_key_document(const struct stored_key *id, struct buf *out)
{
	char method[DID_TEXT + FRAGMENT_TEXT];
	struct jwrite w;
	struct buf pub;

	snprintf(method, sizeof method, "%s#%s", id->did, id->fragment);
	buf_init(&pub, KEY_TEXT);
	stored_key_public(id, &pub);
	jwrite_init(&w, out, true);
	jwrite_object(&w, NULL);
	jwrite_array(&w, "@context");
	jwrite_text(&w, NULL, "https://www.w3.org/ns/did/v1");
	jwrite_array_end(&w);
	jwrite_text(&w, "id", id->did);
	jwrite_array(&w, "controller");
	jwrite_text(&w, NULL, id->did);
	jwrite_array_end(&w);
	jwrite_array(&w, "verificationMethod");
	jwrite_object(&w, NULL);
	jwrite_text(&w, "id", method);
	jwrite_text(&w, "type", key_type_name(signing_key_type(id->key)));
	jwrite_text(&w, "controller", id->did);
	jwrite_str(&w, "publicKeyMultibase", buf_str(&pub));
	jwrite_object_end(&w);
	jwrite_array_end(&w);
	jwrite_array(&w, "authentication");
	jwrite_text(&w, NULL, method);
	jwrite_array_end(&w);
	jwrite_object_end(&w);
	buf_add_byte(out, '\n');
	buf_clear(&pub);
}

int stored_key_write_document(const struct stored_key *k, const char *path, struct gw_err *e)
{
	struct buf b;
	int rc;

	buf_init(&b, STORED_KEY_JSON_MAX);
	stored_key_document(k, &b);
	rc = file_write_new(path, 0644, buf_str(&b), e);
	buf_clear(&b);
	return rc;
}
