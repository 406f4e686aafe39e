/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_sig.h"

#include "codec/multibase.h"

/* Orders of the groups, big-endian: r and s are from 1 to one less. */
static const uint8_t order_k1[32] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
				      0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b,
				      0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41 };
static const uint8_t order_r1[32] = { 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
				      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				      0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
				      0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51 };

static bool in_range(const uint8_t v[32], const uint8_t order[32])
{
	static const uint8_t zero[32];

	return memcmp(v, zero, 32) != 0 && memcmp(v, order, 32) < 0;
}

bool dev_sig_key(enum key_type t, struct str multibase, uint8_t pub[KEY_PUB_MAX])
{
	struct buf b;
	bool ok;

	buf_init(&b, KEY_PUB_MAX);
	ok = multibase_decode_z(multibase, &b) && b.len == key_pub_len(t);
	if (ok)
		memcpy(pub, b.p, b.len);
	buf_clear(&b);
	return ok && key_pub_valid(t, pub, key_pub_len(t));
}

enum dev_sig dev_sig_check(struct str type, struct str multibase, struct str msg, struct str sig)
{
	uint8_t pub[KEY_PUB_MAX], low[KEY_SIG], given[KEY_SIG];
	const uint8_t *order;
	enum key_type t;
	bool has_key;

	if (!key_type_find(type, &t))
		return DEV_SIG_WRONG;
	has_key = dev_sig_key(t, multibase, pub);
	if (sig.len == KEY_SIG)
		memcpy(given, sig.p, sizeof given);
	if (t != KEY_ED25519) {
		order = t == KEY_K1 ? order_k1 : order_r1;
		if (sig.len != KEY_SIG || !in_range(given, order) || !in_range(given + 32, order))
			return DEV_SIG_NO_SIGNATURE;
		if (!has_key)
			return DEV_SIG_NO_KEY;
	}
	if (!has_key || sig.len != KEY_SIG)
		return DEV_SIG_WRONG;
	memcpy(low, given, sizeof low);
	key_sig_low_s(t, low);
	if (memcmp(low, given, sizeof low) != 0)
		return DEV_SIG_WRONG;
	return key_verify(t, pub, key_pub_len(t), msg.p, msg.len, given, sizeof given)
		       ? DEV_SIG_VALID
		       : DEV_SIG_WRONG;
}

const char *dev_sig_module(struct str type)
{
	enum key_type t;

	return key_type_find(type, &t) && t == KEY_R1 ? "0x3::ecdsa_r1" : "0x3::ecdsa_k1";
}
