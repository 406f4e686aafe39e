/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_auth.h"

#include "codec/bcs.h"
#include "codec/jscan.h"
#include "codec/multibase.h"
#include "crypto/hash.h"
#include "devnode/dev_did.h"
#include "devnode/dev_sig.h"

enum { ENVELOPE_HASH = 0, ENVELOPE_BITCOIN = 1, ENVELOPE_WEBAUTHN = 2 };
enum { MESSAGE_MAX = 8192, SIGNED_MAX = 16384 };

/* ---- what was signed, by envelope; false: the message does not fit ---- */

static bool signed_bitcoin(struct buf *msg, struct str message, const uint8_t hash[32])
{
	static const char magic[] = "\x18"
				    "Bitcoin Signed Message:\n";
	char hex[65], want[96];
	uint8_t digest[32];
	struct buf b;

	hex_encode(hex, hash, 32);
	snprintf(want, sizeof want, "Rooch Transaction:\n%s", hex);
	if (!str_eq_c(message, want))
		return false;
	buf_init(&b, 256);
	buf_add(&b, magic, sizeof magic - 1);
	buf_add_byte(&b, (char)message.len); /* below 0xfd: a varint of one byte */
	buf_add_str(&b, message);
	hash_sha256(digest, b.p, b.len);
	buf_clear(&b);
	return buf_add(msg, digest, sizeof digest);
}

/* Base64 of either alphabet, padded or not. */
static bool challenge_is(const char *text, const uint8_t hash[32])
{
	char url[96];
	struct buf b;
	size_t n = strlen(text);
	bool ok;

	if (n + 2 > sizeof url)
		return false;
	url[0] = 'u';
	for (size_t i = 0; i <= n; i++)
		url[i + 1] = (char)(text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]);
	buf_init(&b, 32);
	ok = multibase_decode_u(str_c(url), &b) && b.len == 32 && !memcmp(b.p, hash, 32);
	buf_clear(&b);
	return ok;
}

static bool signed_webauthn(struct buf *msg, struct str message, const uint8_t hash[32])
{
	char challenge[90];
	struct str authenticator, client;
	struct bcs_reader r;
	struct jval root;
	uint8_t digest[32];

	bcs_init(&r, message.p, message.len);
	authenticator = bcs_vec(&r, MESSAGE_MAX);
	client = bcs_vec(&r, MESSAGE_MAX);
	if (!bcs_end(&r) || jscan_check(client, 16, false, &root, NULL) ||
	    !jval_copy(jscan_get(root, "challenge"), challenge, sizeof challenge) ||
	    !challenge_is(challenge, hash))
		return false;
	hash_sha256(digest, client.p, client.len);
	return buf_add_str(msg, authenticator) && buf_add(msg, digest, sizeof digest);
}

static bool signed_message(struct buf *msg, const struct did_auth_payload *p,
			   const uint8_t hash[32])
{
	if (p->envelope == ENVELOPE_HASH)
		return buf_add(msg, hash, 32);
	if (!p->has_message)
		return false;
	if (p->envelope == ENVELOPE_BITCOIN)
		return signed_bitcoin(msg, p->message, hash);
	return signed_webauthn(msg, p->message, hash);
}

/* ---- validators ---- */

static int did(struct dev_ctx *x, struct str payload, const uint8_t hash[32], uint64_t *refused)
{
	const struct rooch_did_method *m;
	struct rooch_did_document *doc;
	struct did_auth_payload p;
	struct buf msg;
	int rc;

	*refused = DEV_DID_PAYLOAD;
	if (!did_auth_payload_read(&p, payload))
		return 0;
	*refused = DEV_DID_ENVELOPE;
	if (p.envelope > ENVELOPE_WEBAUTHN)
		return 0;
	*refused = DEV_DID_NO_DOCUMENT;
	rc = dev_did_get(x, &x->sender, &doc);
	if (rc <= 0)
		return rc;
	*refused = DEV_DID_NOT_LISTED;
	if (!dev_did_lists(doc, DID_AUTHENTICATION, p.fragment))
		return 0;
	*refused = DEV_DID_NO_METHOD;
	m = dev_did_method(doc, p.fragment);
	if (!m)
		return 0;
	buf_init(&msg, SIGNED_MAX);
	if (!signed_message(&msg, &p, hash))
		*refused = DEV_DID_MESSAGE;
	else if (dev_sig_check(m->type, m->multibase, buf_str(&msg), p.signature) != DEV_SIG_VALID)
		*refused = DEV_DID_SIGNATURE;
	else
		*refused = 0;
	buf_clear(&msg);
	x->fragment = m->fragment;
	return 0;
}

static int bitcoin(struct dev_ctx *x, struct str payload, const uint8_t hash[32], uint64_t *refused)
{
	uint8_t pub[33];

	*refused =
		tx_bitcoin_verify(payload, hash, &x->sender, pub) ? 0 : DEV_INVALID_AUTHENTICATOR;
	return 0;
}

/* A session key is a key of the sender's document that authenticates. */
static int session(struct dev_ctx *x, struct str payload, const uint8_t hash[32], uint64_t *refused)
{
	struct str hash_view = { (const char *)hash, 32 }, sig = str_sub(payload, 1, KEY_SIG);
	struct rooch_did_document *doc;
	struct buf text;
	enum key_type t;
	int rc;

	*refused = DEV_INVALID_AUTHENTICATOR;
	if (payload.len < 1 || (unsigned char)payload.p[0] > KEY_R1)
		return 0;
	t = (enum key_type)payload.p[0]; /* the flags are in the order of our enum */
	if (payload.len != 1 + KEY_SIG + key_pub_len(t))
		return 0;
	*refused = DEV_INVALID_KEY;
	rc = dev_did_get(x, &x->sender, &doc);
	if (rc <= 0)
		return rc;
	buf_init(&text, 128);
	if (!multibase_encode_z(payload.p + 1 + KEY_SIG, key_pub_len(t), &text))
		*refused = DEV_INVALID_AUTHENTICATOR;
	for (unsigned i = 0; i < doc->n_method; i++) {
		const struct rooch_did_method *m = &doc->method[i];

		if (!str_eq_c(m->type, key_type_name(t)) || !str_eq(m->multibase, buf_str(&text)) ||
		    !dev_did_lists(doc, DID_AUTHENTICATION, m->fragment))
			continue;
		x->fragment = m->fragment;
		*refused = dev_sig_check(m->type, m->multibase, hash_view, sig) == DEV_SIG_VALID
				   ? 0
				   : DEV_INVALID_AUTHENTICATOR;
		break;
	}
	buf_clear(&text);
	return 0;
}

int dev_auth_check(struct dev_ctx *x, const struct tx_authenticator *a, const uint8_t hash[32],
		   uint64_t *refused)
{
	x->validator = a->validator;
	switch (a->validator) {
	case 0:
		return session(x, a->payload, hash, refused);
	case 1:
		return bitcoin(x, a->payload, hash, refused);
	case 4:
		return did(x, a->payload, hash, refused);
	default: /* a number from outside */
		*refused = DEV_NO_VALIDATOR;
		return 0;
	}
}
