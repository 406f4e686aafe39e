/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_did.h"

#include "codec/bech32m.h"
#include "codec/multibase.h"
#include "crypto/hash.h"
#include "devnode/dev_args.h"
#include "devnode/dev_sig.h"

static const char module[] = "0x3::did";

/* Abort codes of module did. */
enum {
	DID_TYPE_UNSUPPORTED = 19,
	DID_KEY_TEXT = 20,
	DID_TEXT = 22,
	DID_NOT_OF_SENDER = 23,
	DID_NO_CUSTODIAN_SERVICE = 29,
	DID_NO_CUSTODIAN = 30,
	DID_METHOD_UNSUPPORTED = 31,
	DID_TEXT_TOO_LONG = 42
};

/* A document as the chain makes it: one key with the four relationships of an owner. */
static struct rooch_did_document *owned(struct dev_ctx *x, struct rooch_did_name controller,
					struct str type, struct str multibase)
{
	struct rooch_id account = dev_fresh(x);
	struct rooch_did_document *doc = dev_did_new(x, &account);
	struct str fragment = STR_LIT("account-key");

	if (!doc)
		return NULL;
	doc->controller[doc->n_controller++] = controller;
	doc->method[doc->n_method++] = (struct rooch_did_method){ .fragment = fragment,
								  .type = type,
								  .multibase = multibase,
								  .did = doc->id,
								  .controller = controller };
	dev_did_list(doc, DID_AUTHENTICATION, fragment);
	dev_did_list(doc, DID_ASSERTION, fragment);
	dev_did_list(doc, DID_CAPABILITY_INVOCATION, fragment);
	dev_did_list(doc, DID_CAPABILITY_DELEGATION, fragment);
	return doc;
}

static int finish(struct dev_ctx *x, const struct rooch_did_document *doc)
{
	return dev_did_put(x, doc) ? -1 : dev_did_created(x, doc, &x->sender);
}

static int for_self(struct dev_ctx *x)
{
	struct str text = dev_arg_string(x, 0);
	struct rooch_did_name creator = { .method = STR_LIT("rooch") };
	char identifier[ROOCH_BECH32_TEXT];
	struct rooch_did_document *doc;
	uint8_t pub[KEY_PUB_MAX];
	struct rooch_id owner;
	struct buf b;
	bool decodes;

	if (!dev_args_ok(x))
		return -1;
	buf_init(&b, DID_TEXT_MAX);
	decodes = multibase_decode_any(text, &b);
	buf_clear(&b);
	if (!decodes)
		return dev_abort(x, module, DID_KEY_TEXT);
	/* only who signed as a Bitcoin account has a key to compare with */
	if (x->validator != 1 || !dev_sig_key(KEY_K1, text, pub) ||
	    !tx_bitcoin_sender(&owner, pub) || !rooch_id_eq(owner, x->sender))
		return dev_abort(x, module, DID_NOT_OF_SENDER);
	rooch_address_text(identifier, &x->sender);
	creator.identifier = arena_dup(x->mem, str_c(identifier));
	doc = creator.identifier.p ? owned(x, creator, str_c(key_type_name(KEY_K1)), text) : NULL;
	return doc ? finish(x, doc) : -1;
}

int dev_create_for_self(struct dev_ctx *x)
{
	return for_self(x);
}

int dev_create_for_self_scoped(struct dev_ctx *x)
{
	(void)dev_arg_strings(x, 1, NULL, 0); /* scopes limit session keys, which we do not have */
	return for_self(x);
}

/* Key of a did:key identifier: multicodec prefix, then the raw key. Sets @multibase to its own text. */
static int key_of_did_key(struct dev_ctx *x, struct str identifier, enum key_type *type,
			  struct str *multibase)
{
	static const uint8_t prefix[3][2] = { { 0xed, 0x01 }, { 0xe7, 0x01 }, { 0x12, 0x00 } };
	static const enum key_type types[3] = { KEY_ED25519, KEY_K1, KEY_R1 };
	struct buf raw, text;
	unsigned i = 0;
	int rc = -1;

	buf_init(&raw, KEY_PUB_MAX + 2);
	buf_init(&text, 128);
	if (!multibase_decode_z(identifier, &raw) || raw.len < 2) {
		dev_abort(x, module, DID_KEY_TEXT);
		goto out;
	}
	while (i < 3 && memcmp(raw.p, prefix[i], 2) != 0)
		i++;
	if (i == 3) {
		dev_abort(x, module, DID_TYPE_UNSUPPORTED);
		goto out;
	}
	if (raw.len - 2 != key_pub_len(types[i]) ||
	    !multibase_encode_z(raw.p + 2, raw.len - 2, &text)) {
		dev_abort(x, module, DID_KEY_TEXT);
		goto out;
	}
	*type = types[i];
	*multibase = arena_dup(x->mem, buf_str(&text));
	rc = multibase->p ? 0 : gw_fail_priv(x->e, GWE_INTERNAL, 0, "no room for a key");
out:
	buf_clear(&raw);
	buf_clear(&text);
	return rc;
}

/* The sender has to be a custodian: a document with the service. */
static int check_custodian(struct dev_ctx *x, struct rooch_did_name *name)
{
	struct rooch_did_document *doc;
	int rc = dev_did_get(x, &x->sender, &doc);

	if (rc < 0)
		return -1;
	if (!rc)
		return dev_abort(x, module, DID_NO_CUSTODIAN);
	*name = doc->id;
	for (unsigned i = 0; i < doc->n_service; i++)
		if (str_eq_c(doc->service[i].type, "CadopCustodianService"))
			return 0;
	return dev_abort(x, module, DID_NO_CUSTODIAN_SERVICE);
}

static int with_custodian(struct dev_ctx *x, struct str did_text, struct rooch_did_name controller,
			  struct str type, struct str multibase, struct str service_key,
			  struct str service_type)
{
	struct str tail = str_sub(did_text, did_text.len > 8 ? did_text.len - 8 : 0, 8);
	struct rooch_did_document *doc;
	struct rooch_did_name custodian;
	const char *fragment;

	if (check_custodian(x, &custodian))
		return -1;
	if (did_text.len > DID_TEXT_MAX || service_key.len > DID_TEXT_MAX ||
	    service_type.len > DID_TEXT_MAX)
		return dev_abort(x, module, DID_TEXT_TOO_LONG);
	doc = owned(x, controller, type, multibase);
	fragment = arena_printf(x->mem, "custodian-service-%.*s", STR_ARG(tail));
	if (!doc || !fragment)
		return -1;
	doc->method[doc->n_method++] = (struct rooch_did_method){ .fragment = str_c(fragment),
								  .type = service_type,
								  .multibase = service_key,
								  .did = doc->id,
								  .controller = custodian };
	dev_did_list(doc, DID_CAPABILITY_INVOCATION, str_c(fragment));
	return finish(x, doc);
}

static int via_did_key(struct dev_ctx *x)
{
	struct str user = dev_arg_string(x, 0), key = dev_arg_string(x, 1);
	struct str key_type = dev_arg_string(x, 2), multibase;
	struct rooch_did_name name;
	enum key_type t;

	if (!dev_args_ok(x))
		return -1;
	if (!dev_did_name(&name, user) || !str_eq_c(name.method, "key"))
		return dev_abort(x, module, DID_TEXT);
	if (key_of_did_key(x, name.identifier, &t, &multibase))
		return -1;
	return with_custodian(x, user, name, str_c(key_type_name(t)), multibase, key, key_type);
}

int dev_create_via_did_key(struct dev_ctx *x)
{
	return via_did_key(x);
}

int dev_create_via_did_key_scoped(struct dev_ctx *x)
{
	(void)dev_arg_strings(x, 3, NULL, 0);
	return via_did_key(x);
}

/*
 * Is @address the taproot address of this key? 53 values: the version, the program of 256 bits, padding;
 * as bytes, 33 of which the first five bits are the version.
 */
static bool is_taproot_of(struct str address, const uint8_t pub[33])
{
	static const char *const networks[] = { "bc", "tb", "bcrt" };
	struct rooch_id of_key, of_address = { { 0 } };
	uint8_t v[33], pre[34] = { 2, 1 };
	bool ok = false;

	for (unsigned i = 0; i < 3 && !ok; i++)
		ok = bech32m_decode(v, sizeof v, networks[i], address);
	if (!ok || v[0] >> 3 != 1 || v[32] & 7)
		return false;
	for (unsigned i = 0; i < 32; i++)
		pre[2 + i] = (uint8_t)(v[i] << 5 | v[i + 1] >> 3);
	hash_blake2b_256(of_address.b, pre, sizeof pre);
	return tx_bitcoin_sender(&of_key, pub) && rooch_id_eq(of_key, of_address);
}

int dev_create_via_controller(struct dev_ctx *x)
{
	struct str user = dev_arg_string(x, 0), user_key = dev_arg_string(x, 1);
	struct str user_type = dev_arg_string(x, 2), key = dev_arg_string(x, 3);
	struct str key_type = dev_arg_string(x, 4), multibase;
	uint8_t pub[KEY_PUB_MAX];
	struct rooch_did_name name;
	enum key_type t;

	(void)dev_arg_strings(x, 5, NULL, 0);
	if (!dev_args_ok(x))
		return -1;
	if (!dev_did_name(&name, user))
		return dev_abort(x, module, DID_TEXT);
	if (str_eq_c(name.method, "key")) {
		if (key_of_did_key(x, name.identifier, &t, &multibase))
			return -1;
		return with_custodian(x, user, name, str_c(key_type_name(t)), multibase, key,
				      key_type);
	}
	if (!str_eq_c(name.method, "bitcoin"))
		return dev_abort(x, module, DID_METHOD_UNSUPPORTED);
	if (!key_type_find(user_type, &t) || t != KEY_K1)
		return dev_abort(x, module, DID_TYPE_UNSUPPORTED);
	if (!dev_sig_key(KEY_K1, user_key, pub))
		return dev_abort(x, module, DID_KEY_TEXT);
	if (!is_taproot_of(name.identifier, pub))
		return dev_abort(x, module, DID_NOT_OF_SENDER);
	return with_custodian(x, user, name, user_type, user_key, key, key_type);
}
