/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/subrav.h"

#include "crypto/hash.h"

#include "tap.h"
#include "vec_key.h"

static bool read_json(struct subrav *out, const char *text)
{
	struct jval root;
	struct gw_err e;

	if (jscan_check(str_c(text), 8, false, &root, &e))
		abort();
	e.code = GWE_OK;
	if (!subrav_read_json(out, root, &e))
		return true;
	OK(e.code == GWE_BAD_REQUEST && e.pub[0], "says: %s", e.pub);
	return false;
}

static bool json_round_trip(const struct subrav *r)
{
	struct subrav again;
	struct jwrite w;
	struct buf b;
	bool ok;

	buf_init(&b, 4096);
	jwrite_init(&w, &b, false);
	subrav_write_json(&w, NULL, r);
	ok = !b.failed && read_json(&again, buf_c(&b)) && subrav_eq(r, &again);
	buf_clear(&b);
	return ok;
}

static void encoding(struct vectors *vs)
{
	struct str bcs = vec_bytes(vs, "bcs");
	struct subrav r, again;
	uint8_t out[SUBRAV_BCS_MAX], digest[32];
	struct gw_err e;
	bool ok = true;
	size_t n;

	OK(!subrav_read_json(&r, jscan_get(vs->v, "subRav"), &e), "%s is read", vs->id);
	n = subrav_encode(out, &r);
	OK(n == bcs.len && !memcmp(out, bcs.p, n), "%s is written", vs->id);
	if (vec_has(vs, "sha256")) {
		hash_sha256(digest, out, n);
		OK(!memcmp(digest, vec_bytes(vs, "sha256").p, 32), "%s digest", vs->id);
	}
	OK(subrav_decode(&again, bcs) && subrav_eq(&r, &again) && json_round_trip(&r),
	   "%s there and back", vs->id);
	for (size_t i = 0; i < bcs.len; i++) {
		ok = ok && !subrav_decode(&again, str_sub(bcs, 0, i));
		memcpy(out, bcs.p, bcs.len);
		out[i] ^= 1;
		ok = ok && (!subrav_decode(&again, (struct str){ (char *)out, bcs.len }) ||
			    !subrav_eq(&r, &again));
	}
	OK(ok, "%s cut is refused, with a bit flipped refused or different", vs->id);
	out[bcs.len - 1] ^= 1;
	out[bcs.len] = 0;
	OK(!subrav_decode(&again, (struct str){ (char *)out, bcs.len + 1 }),
	   "%s and a byte is refused", vs->id);
}

static void signature(struct vectors *vs)
{
	struct str sig = vec_bytes(vs, "signature"), pub = vec_bytes(vs, "publicKey");
	bool want = vec_true(vs, "verifiesWithKey");
	uint8_t s[KEY_SIG] = { 0 }, made[KEY_SIG];
	struct signing_key *k;
	enum key_type t;
	struct gw_err e;
	struct subrav r;
	bool got;

	if (!key_type_find(vec_str(vs, "keyType"), &t) ||
	    subrav_read_json(&r, jscan_get(vs->v, "subRav"), &e))
		vec_die(vs, "subRav");
	if (sig.len != KEY_SIG) {
		OK(!want, "%s has no place in a voucher", vs->id);
		return;
	}
	memcpy(s, sig.p, KEY_SIG);
	got = subrav_verify(&r, t, vec_u8(pub), pub.len, s);
	OK(got == want, "%s %s", vs->id, vec_text(vs, "what"));
	if (!want)
		return;
	OK(!memcmp(s,
		   vec_bytes(vs, vec_has(vs, "normalisedLowS") ? "normalisedLowS" : "signature").p,
		   KEY_SIG),
	   "%s is kept with low S", vs->id);
	if (vec_true(vs, "deterministic")) {
		k = vec_key(vs, t);
		OK(!subrav_sign(&r, k, made, &e) && !memcmp(made, sig.p, KEY_SIG),
		   "%s is signed byte for byte", vs->id);
		signing_key_free(k);
	}
	for (unsigned i = 0; i < 7; i++) {
		struct subrav o = r;

		switch (i) {
		case 0:
			o.version++;
			break;
		case 1:
			o.chain_id++;
			break;
		case 2:
			o.channel_id.b[31] ^= 1;
			break;
		case 3:
			o.epoch++;
			break;
		case 4:
			o.fragment[0] ^= 1;
			break;
		case 5:
			o.accumulated = u256_of(77);
			break;
		case 6:
			o.nonce++;
			break;
		}
		memcpy(made, s, KEY_SIG);
		OK(!subrav_eq(&o, &r) && !subrav_verify(&o, t, vec_u8(pub), pub.len, made),
		   "%s: member %u counts", vs->id, i + 1);
	}
}

static void vectors(void)
{
	struct vectors vs;
	struct gw_err e;
	struct subrav r;

	vectors_open(&vs, "subrav");
	while (vectors_next(&vs)) {
		if (vec_is(&vs, "kind", "signature"))
			signature(&vs);
		else if (vec_is(&vs, "kind", "encoding") || vec_true(&vs, "ok"))
			encoding(&vs);
		else
			OK(subrav_read_json(&r, jscan_get(vs.v, "subRav"), &e), "%s %s is refused",
			   vs.id, vec_text(&vs, "what"));
	}
	vectors_close(&vs);
}

#define ID "0895de49a71aefe39d1278880299009f0a47a7b235fea54388e6850194bcd91a"

/* A SubRAV whose member @name is @value, or is missing. */
static bool with(const char *name, const char *value)
{
	static const struct {
		const char *name, *value;
	} member[] = { { "version", "\"1\"" },
		       { "chainId", "\"4\"" },
		       { "channelId", "\"0x" ID "\"" },
		       { "channelEpoch", "\"0\"" },
		       { "vmIdFragment", "\"k\"" },
		       { "accumulatedAmount", "\"5\"" },
		       { "nonce", "\"1\"" } };
	struct subrav r;
	struct buf b;
	bool ok;

	buf_init(&b, 8192);
	buf_add_byte(&b, '{');
	for (size_t i = 0; i < sizeof member / sizeof *member; i++) {
		const char *v = strcmp(member[i].name, name) ? member[i].value : value;

		if (v)
			buf_addf(&b, "%s\"%s\":%s", b.len > 1 ? "," : "", member[i].name, v);
	}
	buf_add_byte(&b, '}');
	ok = read_json(&r, buf_c(&b));
	buf_clear(&b);
	return ok;
}

static void members(void)
{
	static const char *const names[] = { "version", "chainId", "channelEpoch",
					     "accumulatedAmount", "nonce" };
	static const char *const bad[] = { NULL,     "null",   "\"\"",	 "\"-1\"",
					   "-1",     "1.0",    "1e0",	 "\"1.0\"",
					   "\"+1\"", "\" 1\"", "\"1 \"", "\"0x1\"",
					   "true",   "[]",     "{}",	 "\"1\\u0000\"" };
	static const char *const bad_ids[] = { NULL,	      "null",	 "\"\"",
					       "\"0x\"",      "1",	 "\"0x" ID "0\"",
					       "\"" ID "0\"", "\"0xg\"", "\"0X1\"" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
			OK(!with(names[i], bad[k]), "%s %s", names[i], bad[k] ? bad[k] : "missing");
		OK(with(names[i], "\"0\"") && with(names[i], "0") && with(names[i], "\"00255\"") &&
			   with(names[i], "255"),
		   "%s as text or number, zeros in front", names[i]);
	}
	OK(!with("version", "256") && !with("version", "\"18446744073709551617\""),
	   "a version has 8 bits");
	OK(with("nonce", "18446744073709551615") && !with("nonce", "18446744073709551616") &&
		   with("nonce", "\"000018446744073709551615\"") &&
		   !with("nonce", "\"18446744073709551616\""),
	   "a nonce has 64 bits");
	OK(with("accumulatedAmount",
		"115792089237316195423570985008687907853269984665640564039457584007913129639935") &&
		   !with("accumulatedAmount",
			 "\"115792089237316195423570985008687907853269984665640564039457584007913129639936"
			 "\""),
	   "an amount has 256 bits");
	for (size_t i = 0; i < sizeof bad_ids / sizeof *bad_ids; i++)
		OK(!with("channelId", bad_ids[i]), "channelId %s",
		   bad_ids[i] ? bad_ids[i] : "missing");
	OK(!with("vmIdFragment", NULL) && !with("vmIdFragment", "1") &&
		   !with("vmIdFragment", "\"a\\u0000\"") && with("vmIdFragment", "\"#\""),
	   "vmIdFragment is a text");
	OK(with("other", "\"1\""), "an unknown member does not matter");
}

static void never_valid(void)
{
	struct subrav r = { .version = 1, .fragment = "" };
	uint8_t pub[KEY_PUB_MAX], sig[KEY_SIG];
	struct signing_key *k;
	struct gw_err e;
	size_t len;

	if (signing_key_generate(&k, KEY_ED25519, &e))
		abort();
	len = signing_key_pub(k, pub);
	OK(!subrav_sign(&r, k, sig, &e) && !subrav_verify(&r, KEY_ED25519, pub, len, sig),
	   "without a fragment nothing is valid");
	memcpy(r.fragment, "a#", 3);
	OK(!subrav_sign(&r, k, sig, &e) && !subrav_verify(&r, KEY_ED25519, pub, len, sig),
	   "nor with # in it");
	memcpy(r.fragment, "ab", 3);
	OK(!subrav_sign(&r, k, sig, &e) && subrav_verify(&r, KEY_ED25519, pub, len, sig) &&
		   !subrav_verify(&r, KEY_ED25519, pub, len - 1, sig) &&
		   !subrav_verify(&r, KEY_K1, pub, len, sig),
	   "a signature belongs to its key and type");
	signing_key_free(k);
}

int main(void)
{
	struct gw_err e;

	if (crypto_init(&e))
		return 1;
	vectors();
	members();
	never_valid();
	crypto_done();
	return TAP_END;
}
