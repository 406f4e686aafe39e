/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "crypto/key.h"

#include "tap.h"
#include "vec_key.h"

static enum key_type type_of(struct vectors *vs)
{
	enum key_type t;

	if (!key_type_find(vec_str(vs, "keyType"), &t))
		vec_die(vs, "keyType");
	return t;
}

static struct signing_key *key_of(enum key_type t, struct str stored)
{
	struct signing_key *k = NULL;
	struct gw_err e;

	if (signing_key_import(&k, t, (const uint8_t *)stored.p, stored.len, &e))
		return NULL;
	return k;
}

static void pair(struct vectors *vs)
{
	struct str stored = vec_bytes(vs, "privateKeyEncoded"), pub = vec_bytes(vs, "publicKey");
	uint8_t got[KEY_PUB_MAX], out[160];
	enum key_type t = type_of(vs);
	struct signing_key *k = key_of(t, stored);
	char cut[160];
	bool ok = true;

	OK(k && signing_key_type(k) == t, "%s private key is read", vs->id);
	if (!k)
		return;
	OK(signing_key_pub(k, got) == pub.len && !memcmp(got, pub.p, pub.len),
	   "%s public key follows", vs->id);
	OK(signing_key_export(k, out) == stored.len && !memcmp(out, stored.p, stored.len),
	   "%s is written as it was", vs->id);
	OK(key_pub_valid(t, vec_u8(pub), pub.len) && pub.len == key_pub_len(t) &&
		   !key_pub_valid(t, vec_u8(pub), pub.len - 1),
	   "%s public key is valid, not without its last byte", vs->id);
	signing_key_free(k);

	for (size_t n = 0; n < stored.len; n++)
		ok = ok && !key_of(t, str_sub(stored, 0, n));
	OK(ok, "%s cut at any place is refused", vs->id);
	memcpy(cut, stored.p, stored.len);
	cut[stored.len] = 0;
	OK(!key_of(t, (struct str){ cut, stored.len + 1 }), "%s and a byte is refused", vs->id);
}

static void signature(struct vectors *vs)
{
	struct str pub = vec_bytes(vs, "publicKey"), msg = vec_bytes(vs, "message"),
		   sig = vec_bytes(vs, "signature");
	enum key_type t = type_of(vs);
	bool der = vec_is(vs, "what", "DER form"), want = vec_true(vs, "verifies") && !der;
	uint8_t s[KEY_SIG];

	OK(key_verify(t, vec_u8(pub), pub.len, msg.p, msg.len, vec_u8(sig), sig.len) == want,
	   "%s %s is %s", vs->id, vec_text(vs, "what"), want ? "valid" : "invalid");
	if (!want)
		return;
	memcpy(s, sig.p, KEY_SIG);
	key_sig_low_s(t, s);
	if (vec_has(vs, "normalisedLowS"))
		OK(!memcmp(s, vec_bytes(vs, "normalisedLowS").p, KEY_SIG), "%s brought to low S",
		   vs->id);
	else
		OK(!memcmp(s, sig.p, KEY_SIG), "%s has low S already", vs->id);
	OK(key_verify(t, vec_u8(pub), pub.len, msg.p, msg.len, s, KEY_SIG), "%s stays valid",
	   vs->id);
}

static void deterministic(struct vectors *vs)
{
	struct str msg = vec_bytes(vs, "message"), sig = vec_bytes(vs, "signature");
	enum key_type t = type_of(vs);
	uint8_t got[KEY_SIG];
	struct signing_key *k;
	struct gw_err e;

	k = vec_key(vs, t);
	OK(k && !signing_key_sign(k, msg.p, msg.len, got, &e) && !memcmp(got, sig.p, KEY_SIG),
	   "%s is signed byte for byte", vs->id);
	signing_key_free(k);
}

static void vectors(void)
{
	struct vectors vs;

	vectors_open(&vs, "keys");
	while (vectors_next(&vs)) {
		if (vec_has(&vs, "privateKeyEncoded"))
			pair(&vs);
		if (vec_is(&vs, "kind", "signature"))
			signature(&vs);
		if (vec_true(&vs, "deterministic"))
			deterministic(&vs);
	}
	vectors_close(&vs);
}

static const struct {
	enum key_type type;
	const char *order; /* of the group, big-endian */
} groups[] = {
	{ KEY_K1, "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141" },
	{ KEY_R1, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551" },
};

/* Values of r and s at the edges of their range; none of them may verify or crash. */
static void edges_of_signatures(void)
{
	static const char *const one =
		"0000000000000000000000000000000000000000000000000000000000000001";
	uint8_t pub[KEY_PUB_MAX], sig[KEY_SIG], value[4][32], twin[KEY_SIG];
	struct signing_key *k;
	struct gw_err e;
	size_t n;

	for (size_t g = 0; g < 2; g++) {
		bool any = false, kept = true;

		if (signing_key_generate(&k, groups[g].type, &e))
			abort();
		n = signing_key_pub(k, pub);
		memset(value[0], 0, 32);
		memset(value[1], 0xff, 32);
		if (!hex_decode(value[2], 32, str_c(groups[g].order)) ||
		    !hex_decode(value[3], 32, str_c(one)))
			abort();
		for (int i = 0; i < 16; i++) {
			memcpy(sig, value[i / 4], 32);
			memcpy(sig + 32, value[i % 4], 32);
			any = any || key_verify(groups[g].type, pub, n, "m", 1, sig, KEY_SIG);
			memcpy(twin, sig, KEY_SIG);
			key_sig_low_s(groups[g].type, twin);
			kept = kept && !memcmp(twin, sig, KEY_SIG);
		}
		OK(!any, "%s: r or s of 0, 1, n, 2^256-1 is invalid",
		   key_type_name(groups[g].type));
		OK(kept, "%s: such values are left as they are", key_type_name(groups[g].type));
		signing_key_free(k);
	}
}

static void edges_of_secrets(void)
{
	uint8_t secret[32], stored[160], head[36];
	struct signing_key *k;
	struct gw_err e;
	size_t n;

	memset(secret, 0, sizeof secret);
	OK(!key_of(KEY_K1, (struct str){ (char *)secret, 32 }), "K1: 0 is no private key");
	if (!hex_decode(secret, 32, str_c(groups[0].order)))
		abort();
	OK(!key_of(KEY_K1, (struct str){ (char *)secret, 32 }), "K1: n is no private key");
	secret[31]--;
	k = key_of(KEY_K1, (struct str){ (char *)secret, 32 });
	OK(k, "K1: n-1 is one");
	signing_key_free(k);

	/* without the optional public key */
	if (!hex_decode(head, 35,
			STR_LIT("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201"
				"010420")))
		abort();
	memcpy(stored, head, 35);
	if (!hex_decode(stored + 35, 32, str_c(groups[1].order)))
		abort();
	OK(!key_of(KEY_R1, (struct str){ (char *)stored, 67 }), "R1: n is no private key");
	stored[66]--;
	k = key_of(KEY_R1, (struct str){ (char *)stored, 67 });
	OK(k, "R1: n-1 is one, and the public key may be missing");
	n = signing_key_export(k, stored);
	OK(n == 138, "R1: written with it");
	signing_key_free(k);
	k = key_of(KEY_R1, (struct str){ (char *)stored, n });
	OK(k, "R1: read with it");
	signing_key_free(k);
	stored[n - 1] ^= 1;
	OK(!key_of(KEY_R1, (struct str){ (char *)stored, n }),
	   "R1: another public key inside is refused");
	if (signing_key_generate(&k, KEY_R1, &e))
		abort();
	n = signing_key_export(k, stored);
	signing_key_free(k);
	stored[26] = 0x01; /* another curve */
	OK(!key_of(KEY_R1, (struct str){ (char *)stored, n }), "R1: another curve is refused");
}

static bool ed_valid(const char *hex)
{
	uint8_t pub[32];

	if (!hex_decode(pub, 32, str_c(hex)))
		abort();
	return key_pub_valid(KEY_ED25519, pub, 32);
}

static void edges_of_public_keys(void)
{
	uint8_t pub[33] = { 2 };

	OK(!key_pub_valid(KEY_K1, pub, 33) && !key_pub_valid(KEY_R1, (uint8_t[33]){ 4 }, 33),
	   "x = 0 is no point of K1, 04 no compressed point");
	memset(pub + 1, 0xff, 32);
	OK(!key_pub_valid(KEY_K1, pub, 33) && !key_pub_valid(KEY_R1, pub, 33),
	   "x beyond the field is no point");
	/* RFC 8032 5.1.3 */
	OK(ed_valid("5866666666666666666666666666666666666666666666666666666666666666"),
	   "Ed25519: the base point");
	OK(ed_valid("0100000000000000000000000000000000000000000000000000000000000000"),
	   "Ed25519: y = 1");
	OK(!ed_valid("0100000000000000000000000000000000000000000000000000000000000080"),
	   "Ed25519: x = 0 with a sign");
	OK(!ed_valid("0200000000000000000000000000000000000000000000000000000000000000"),
	   "Ed25519: y = 2 is on no point");
	OK(!ed_valid("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
	   "Ed25519: y = p + 1 is not canonical");
}

/* S + L signs the same equation; only S below L counts. */
static void ed25519_malleable(void)
{
	static const uint8_t l[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,	     0xd6,
				       0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
	uint8_t pub[KEY_PUB_MAX], sig[KEY_SIG];
	struct signing_key *k;
	unsigned carry = 0;
	struct gw_err e;

	if (signing_key_generate(&k, KEY_ED25519, &e) || signing_key_sign(k, "m", 1, sig, &e))
		abort();
	signing_key_pub(k, pub);
	OK(key_verify(KEY_ED25519, pub, 32, "m", 1, sig, KEY_SIG), "Ed25519: S");
	for (int i = 0; i < 32; i++) {
		carry += (unsigned)sig[32 + i] + l[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	OK(!key_verify(KEY_ED25519, pub, 32, "m", 1, sig, KEY_SIG), "Ed25519: S + L is refused");
	signing_key_free(k);
}

/* New keys sign, verify only their own, and always with low S. */
static void fresh_keys(void)
{
	uint8_t pub[2][KEY_PUB_MAX], sig[KEY_SIG], twin[KEY_SIG];
	static const struct key_point none;
	struct key_point point, cut;
	struct signing_key *k[2];
	struct gw_err e;

	for (int t = KEY_ED25519; t <= KEY_R1; t++) {
		enum key_type type = (enum key_type)t;
		bool ok = true, low = true, other = false, many;
		char msg[100] = { 0 };
		size_t n = key_pub_len(type);

		for (int i = 0; i < 2; i++) {
			if (signing_key_generate(&k[i], type, &e))
				abort();
			signing_key_pub(k[i], pub[i]);
		}
		many = key_point_read(&point, type, pub[0], n) &&
		       !key_point_read(&cut, type, pub[0], n - 1);
		for (unsigned len = 0; len < sizeof msg; len++) {
			if (signing_key_sign(k[0], msg, len, sig, &e))
				abort();
			memcpy(twin, sig, KEY_SIG);
			key_sig_low_s(type, twin);
			low = low && !memcmp(sig, twin, KEY_SIG);
			ok = ok && key_verify(type, pub[0], n, msg, len, sig, KEY_SIG);
			other = other || key_verify(type, pub[1], n, msg, len, sig, KEY_SIG);
			many = many && key_point_verify(&point, msg, len, sig, KEY_SIG) &&
			       !key_point_verify(&cut, msg, len, sig, KEY_SIG) &&
			       !key_point_verify(&none, msg, len, sig, KEY_SIG) &&
			       !key_point_verify(&point, msg, len, sig, KEY_SIG - 1);
			sig[40] ^= 1;
			many = many && !key_point_verify(&point, msg, len, sig, KEY_SIG);
		}
		OK(many, "%s: a key that is read once verifies them all, one that is none nothing",
		   key_type_name(type));
		OK(ok && !other && low, "%s: a new key signs 100 messages", key_type_name(type));
		signing_key_free(k[0]);
		signing_key_free(k[1]);
	}
}

int main(void)
{
	struct gw_err e;
	enum key_type t;

	if (crypto_init(&e))
		return 1;
	vectors();
	edges_of_signatures();
	edges_of_secrets();
	edges_of_public_keys();
	ed25519_malleable();
	fresh_keys();
	OK(!key_type_find(STR_LIT("ed25519VerificationKey2020"), &t) &&
		   !key_type_find(STR_LIT("Ed25519VerificationKey2020\0"), &t) &&
		   !key_type_find(STR_LIT(""), &t),
	   "type names are exact");
	crypto_done();
	return TAP_END;
}
