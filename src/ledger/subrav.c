/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/subrav.h"

#include <string.h>

#include "codec/bcs.h"
#include "codec/multibase.h"

bool subrav_eq(const struct subrav *a, const struct subrav *b)
{
	return a->version == b->version && a->chain_id == b->chain_id &&
	       rooch_id_eq(a->channel_id, b->channel_id) && a->epoch == b->epoch &&
	       strcmp(a->fragment, b->fragment) == 0 &&
	       u256_cmp(a->accumulated, b->accumulated) == 0 && a->nonce == b->nonce;
}

/* ---- binary form ---- */

static uint8_t *put_u64(uint8_t *p, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		*p++ = (uint8_t)(v >> (8 * i));
	return p;
}

/* By hand and on the stack: one per paid request, and no buffer to fail. */
size_t subrav_encode(uint8_t out[SUBRAV_BCS_MAX], const struct subrav *r)
{
	size_t len = strlen(r->fragment);
	uint8_t *p = out;

	*p++ = r->version;
	p = put_u64(p, r->chain_id);
	*p++ = 1;
	memcpy(p, r->channel_id.b, sizeof r->channel_id.b);
	p += sizeof r->channel_id.b;
	p = put_u64(p, r->epoch);
	if (len >= 0x80)
		*p++ = (uint8_t)(len | 0x80);
	*p++ = (uint8_t)(len >= 0x80 ? len >> 7 : len);
	memcpy(p, r->fragment, len);
	p += len;
	u256_to_le(p, r->accumulated);
	p = put_u64(p + 32, r->nonce);
	return (size_t)(p - out);
}
_Static_assert(1 + 8 + 33 + 8 + 2 + ROOCH_FRAGMENT_MAX + 32 + 8 <= SUBRAV_BCS_MAX, "room");

bool subrav_decode(struct subrav *out, struct str bcs)
{
	struct bcs_reader r;
	bool fits;

	memset(out, 0, sizeof *out);
	bcs_init(&r, bcs.p, bcs.len);
	out->version = bcs_u8(&r);
	out->chain_id = bcs_u64(&r);
	bcs_object_id(&r, out->channel_id.b);
	out->epoch = bcs_u64(&r);
	fits = str_copy(out->fragment, sizeof out->fragment, bcs_string(&r, ROOCH_FRAGMENT_MAX));
	out->accumulated = bcs_u256(&r);
	out->nonce = bcs_u64(&r);
	return fits && bcs_end(&r);
}

/* ---- JSON ---- */

bool subrav_read_amount(struct u256 *out, struct jval v)
{
	char text[260];

	if (v.type == J_NUMBER)
		return u256_parse(out, v.raw);
	return jval_copy(v, text, sizeof text) && u256_parse(out, str_c(text));
}

static bool read_u64(uint64_t *out, struct jval v)
{
	struct u256 wide;

	return subrav_read_amount(&wide, v) && u256_to_u64(out, wide);
}

/* Hex digits as the chain's own tools take them: short ones are padded, 0x may be missing. */
static bool read_channel_id(struct rooch_id *out, struct jval v)
{
	char text[ROOCH_HEX_TEXT + 1], with[ROOCH_HEX_TEXT + 3];

	if (!jval_copy(v, text, sizeof text))
		return false;
	snprintf(with, sizeof with, "%s%s", text[0] == '0' && text[1] == 'x' ? "" : "0x", text);
	return rooch_address_parse(out, str_c(with));
}

int subrav_read_json(struct subrav *out, struct jval object, struct gw_err *e)
{
	const char *bad = NULL;
	uint64_t version = 0;

	memset(out, 0, sizeof *out);
	if (object.type != J_OBJECT)
		return gw_fail(e, GWE_BAD_REQUEST, 0, "SubRAV is not an object");
	if (!read_u64(&version, jscan_get(object, "version")) || version > UINT8_MAX)
		bad = "version";
	else if (!read_u64(&out->chain_id, jscan_get(object, "chainId")))
		bad = "chainId";
	else if (!read_channel_id(&out->channel_id, jscan_get(object, "channelId")))
		bad = "channelId";
	else if (!read_u64(&out->epoch, jscan_get(object, "channelEpoch")))
		bad = "channelEpoch";
	else if (!jval_copy(jscan_get(object, "vmIdFragment"), out->fragment, sizeof out->fragment))
		bad = "vmIdFragment";
	else if (!subrav_read_amount(&out->accumulated, jscan_get(object, "accumulatedAmount")))
		bad = "accumulatedAmount";
	else if (!read_u64(&out->nonce, jscan_get(object, "nonce")))
		bad = "nonce";
	if (bad)
		return gw_fail(e, GWE_BAD_REQUEST, 0, "SubRAV member %s is missing or invalid",
			       bad);
	out->version = (uint8_t)version;
	return 0;
}

static void write_u64(struct jwrite *w, const char *key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)v);
	jwrite_text(w, key, text);
}

bool subrav_read_signature(uint8_t sig[KEY_SIG], struct jval v)
{
	char text[128];
	struct buf b;
	bool ok;

	buf_init(&b, KEY_SIG);
	ok = jval_copy(v, text, sizeof text) && multibase_decode_u(str_c(text), &b) &&
	     b.len == KEY_SIG;
	if (ok)
		memcpy(sig, b.p, KEY_SIG);
	buf_clear(&b);
	return ok;
}

void subrav_write_json(struct jwrite *w, const char *key, const struct subrav *r)
{
	char id[ROOCH_HEX_TEXT], amount[U256_TEXT];

	rooch_id_hex(id, &r->channel_id);
	u256_format(amount, r->accumulated);
	jwrite_object(w, key);
	write_u64(w, "version", r->version);
	write_u64(w, "chainId", r->chain_id);
	jwrite_text(w, "channelId", id);
	write_u64(w, "channelEpoch", r->epoch);
	jwrite_text(w, "vmIdFragment", r->fragment);
	jwrite_text(w, "accumulatedAmount", amount);
	write_u64(w, "nonce", r->nonce);
	jwrite_object_end(w);
}

/* ---- signatures ---- */

bool subrav_verify_point(const struct subrav *r, const struct key_point *key, uint8_t sig[KEY_SIG])
{
	uint8_t msg[SUBRAV_BCS_MAX];
	size_t len;

	if (!rooch_fragment_valid(str_c(r->fragment)))
		return false;
	/* the chain refuses high S of all; off the chain P-256 signers do not care */
	if (key->type == KEY_R1)
		key_sig_low_s(KEY_R1, sig);
	len = subrav_encode(msg, r);
	return key_point_verify(key, msg, len, sig, KEY_SIG);
}

bool subrav_verify(const struct subrav *r, enum key_type t, const uint8_t *pub, size_t pub_len,
		   uint8_t sig[KEY_SIG])
{
	struct key_point key;

	(void)key_point_read(&key, t, pub, pub_len); /* if it is none, nothing verifies */
	return subrav_verify_point(r, &key, sig);
}

int subrav_sign(const struct subrav *r, const struct signing_key *k, uint8_t sig[KEY_SIG],
		struct gw_err *e)
{
	uint8_t msg[SUBRAV_BCS_MAX];
	size_t len = subrav_encode(msg, r);

	return signing_key_sign(k, msg, len, sig, e);
}
