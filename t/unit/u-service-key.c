/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "auth/service_key.h"

#include "codec/multibase.h"
#include "tap.h"
#include "vectors.h"

/* Every run of 8 characters of @secret is absent from @text. */
static bool hides(const char *text, struct str secret)
{
	for (size_t i = 0; i + 8 <= secret.len; i++)
		if (memmem(text, strlen(text), secret.p + i, 8))
			return false;
	return true;
}

static void accepted(struct vectors *vs, struct stored_key *k)
{
	struct jval stored = jscan_get(vs->v, "storedKey");
	struct buf b, json;
	struct stored_key again;
	struct gw_err e;

	OK(str_eq_c(vec_str(vs, "did"), k->did) && str_eq_c(vec_str(vs, "fragment"), k->fragment) &&
		   jval_str_eq(jscan_get(stored, "keyType"),
			       key_type_name(signing_key_type(k->key))),
	   "%s DID, fragment and type", vs->id);
	buf_init(&b, SERVICE_KEY_MAX);
	buf_init(&json, STORED_KEY_JSON_MAX);
	stored_key_public(k, &b);
	OK(jval_str_eq(jscan_get(stored, "publicKeyMultibase"), buf_c(&b)), "%s public key",
	   vs->id);
	buf_reset(&b);
	service_key_write(k, &b);
	OK(!b.failed && !service_key_read(&again, buf_str(&b), &e) && !strcmp(again.did, k->did) &&
		   !strcmp(again.fragment, k->fragment) && multibase_decode_z(buf_str(&b), &json),
	   "%s written, it is read again", vs->id);
	/* the member order of the original, and no meta */
	if (vec_is(vs, "what", "valid Ed25519VerificationKey2020") ||
	    vec_is(vs, "what", "valid EcdsaSecp256k1VerificationKey2019") ||
	    vec_is(vs, "what", "valid EcdsaSecp256r1VerificationKey2019"))
		OK(str_eq(buf_str(&b), vec_str(vs, "serviceKey")), "%s to the byte", vs->id);
	stored_key_clear(&again);
	buf_clear(&b);
	buf_clear(&json);
}

static void vectors(void)
{
	struct stored_key k;
	struct vectors vs;
	struct gw_err e;

	vectors_open(&vs, "service-keys");
	while (vectors_next(&vs)) {
		struct str text = vec_str(&vs, "serviceKey");
		bool must = vec_true(&vs, "mustAccept"), either = !vec_has(&vs, "mustAccept"), ok;

		e = (struct gw_err){ .code = GWE_OK };
		ok = !service_key_read(&k, text, &e);
		if (!OK((ok == must || either) && ok == (k.key != NULL), "%s %s", vs.id,
			vec_text(&vs, "what")))
			printf("# %s\n", e.pub);
		if (!ok)
			OK(e.code == GWE_BAD_REQUEST && hides(e.pub, text) && !e.priv[0],
			   "%s the reason holds nothing of it: %s", vs.id, e.pub);
		else if (must)
			accepted(&vs, &k);
		stored_key_clear(&k);
	}
	vectors_close(&vs);
}

static void damage(void)
{
	struct stored_key k, got;
	struct gw_err e;
	struct buf text;
	bool refused = true;

	memset(&k, 0, sizeof k);
	if (signing_key_generate(&k.key, KEY_ED25519, &e) ||
	    !stored_key_name(
		    &k,
		    STR_LIT("did:rooch:"
			    "rooch13r85wqeax2j3dse7ty65kz74drc7cfzur8jqr4ws4marlp7jr09s7yh4kl"),
		    "account-key"))
		abort();
	buf_init(&text, SERVICE_KEY_MAX);
	service_key_write(&k, &text);
	for (size_t i = 0; i < text.len; i++) {
		refused = refused && service_key_read(&got, str_sub(buf_str(&text), 0, i), &e);
		text.p[i] = (char)(text.p[i] == '2' ? '3' : '2');
		refused = refused && service_key_read(&got, buf_str(&text), &e);
		text.p[i] = 'z';
		if (!service_key_read(&got, buf_str(&text), &e))
			stored_key_clear(&got); /* it was a z */
		text.len = 0;
		service_key_write(&k, &text);
	}
	OK(refused, "cut or changed anywhere it is refused");
	while (text.len <= SERVICE_KEY_MAX - 1)
		buf_add_byte(&text, '2');
	OK(service_key_read(&got, buf_str(&text), &e), "twelve thousand digits are refused");
	buf_clear(&text);
	stored_key_clear(&k);
}

/* What is written with a fragment is read with it, or refused. */
static void fragments(void)
{
	static const struct {
		const char *fragment;
		bool fine;
	} table[] = {
		{ "k", true },
		{ "my key \xc3\xa9\xf0\x9f\x98\x80 %23/\\\"", true },
		{ "0123456789012345678901234567890123456789012345678901234567890123"
		  "0123456789012345678901234567890123456789012345678901234567890123",
		  true },
		{ "", false },
		{ "a#b", false },
		{ "a\nb", false },
		{ "a\x7f", false },
	};
	struct stored_key k = { .key = NULL }, got;
	struct gw_err e;
	struct buf text;

	if (signing_key_generate(&k.key, KEY_K1, &e))
		abort();
	snprintf(k.did, sizeof k.did,
		 "did:rooch:rooch13r85wqeax2j3dse7ty65kz74drc7cfzur8jqr4ws4marlp7jr09s7yh4kl");
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		bool read;

		snprintf(k.fragment, sizeof k.fragment, "%s", table[i].fragment);
		buf_init(&text, SERVICE_KEY_MAX);
		service_key_write(&k, &text);
		read = !service_key_read(&got, buf_str(&text), &e);
		OK(read == table[i].fine && (!read || !strcmp(got.fragment, k.fragment)),
		   "fragment number %zu is %s", i, table[i].fine ? "read" : "refused");
		if (read)
			stored_key_clear(&got);
		buf_clear(&text);
	}
	stored_key_clear(&k);
}

static void names(void)
{
	struct stored_key k = { .key = NULL };

	OK(stored_key_name(&k, STR_LIT("did:x:y"), "f") && !strcmp(k.fragment, "f"), "a DID alone");
	OK(!stored_key_name(&k, STR_LIT("did:x:y"), NULL), "has no fragment of its own");
	OK(stored_key_name(&k, STR_LIT("did:x:y#k"), "f") && !strcmp(k.fragment, "k") &&
		   !strcmp(k.did, "did:x:y"),
	   "a key id");
	OK(!stored_key_name(&k, STR_LIT("did:x:y#"), "f") &&
		   !stored_key_name(&k, STR_LIT("x"), "f") &&
		   !stored_key_name(&k, STR_LIT("did:x:y#a b"), "f"),
	   "no fragment, no DID, a blank");
}

int main(void)
{
	struct gw_err e;

	if (crypto_init(&e))
		return 1;
	vectors();
	damage();
	names();
	fragments();
	crypto_done();
	return TAP_END;
}
