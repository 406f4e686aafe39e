/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/rooch_tx.h"

#include <string.h>

#include "codec/bech32m.h"
#include "crypto/hash.h"

enum {
	ACTION_FUNCTION = 1,
	TAG_VECTOR = 6,
	TAG_STRUCT = 7,
	TYPE_DEPTH = 8, /* as the chain has it */
	VALIDATOR_BITCOIN = 1,
	VALIDATOR_DID = 4,
	NAME_MAX_BYTES = 128,
	ENVELOPE_HASH = 0
};

/* ---- data ---- */

/* "0x<64 digits>::module::Name" as the tag of a type. */
static void put_type(struct buf *b, const char *type)
{
	struct str text = str_c(type), module = str_sub(text, 68, text.len), name;
	ptrdiff_t at = str_find(module, ':');
	struct rooch_id address;

	if (at < 0 || !rooch_id_parse(&address, str_sub(text, 0, 66))) {
		b->failed = true; /* the contract says canonical */
		return;
	}
	name = str_sub(module, (size_t)at + 2, module.len);
	module.len = (size_t)at;
	bcs_put_uleb(b, TAG_STRUCT);
	buf_add(b, address.b, sizeof address.b);
	bcs_put_string(b, module);
	bcs_put_string(b, name);
	bcs_put_uleb(b, 0);
}

void tx_data_write(struct buf *b, const struct tx_data *t)
{
	const struct tx_call *c = &t->call;

	buf_add(b, t->sender.b, sizeof t->sender.b);
	bcs_put_u64(b, t->sequence_number);
	bcs_put_u64(b, t->chain_id);
	bcs_put_u64(b, t->max_gas);
	bcs_put_uleb(b, ACTION_FUNCTION);
	buf_add(b, c->module_address.b, sizeof c->module_address.b);
	bcs_put_string(b, c->module);
	bcs_put_string(b, c->function);
	bcs_put_uleb(b, *c->type_arg ? 1 : c->n_other_types);
	if (*c->type_arg)
		put_type(b, c->type_arg);
	else
		buf_add_str(b, c->other_types);
	bcs_put_uleb(b, c->n_arg);
	for (unsigned i = 0; i < c->n_arg; i++)
		bcs_put_vec(b, c->arg[i].p, c->arg[i].len);
}

static void read_id(struct bcs_reader *r, struct rooch_id *out)
{
	const uint8_t *p = bcs_bytes(r, sizeof out->b);

	if (p)
		memcpy(out->b, p, sizeof out->b);
}

/* Rule: rooch.md 5.1 "TypeTag". The names of structs are identifiers, as those of coin types. */
static void type_text(struct buf *b, struct bcs_reader *r, unsigned depth);

static void struct_text(struct buf *b, struct bcs_reader *r, unsigned depth)
{
	char hex[ROOCH_HEX_TEXT], plain[ROOCH_ASSET_TEXT], text[2 * ROOCH_ASSET_TEXT];
	struct rooch_id address = { { 0 } };
	struct str module, name;
	uint32_t n;

	read_id(r, &address);
	module = bcs_string(r, NAME_MAX_BYTES);
	name = bcs_string(r, NAME_MAX_BYTES);
	n = bcs_count(r, 1);
	rooch_id_hex(hex, &address);
	snprintf(text, sizeof text, "%s::%.*s::%.*s", hex, STR_ARG(module), STR_ARG(name));
	if (strlen(text) != 66 + 4 + module.len + name.len ||
	    !rooch_asset_canonical(plain, str_c(text)))
		r->failed = true;
	buf_add_c(b, text);
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		buf_add_c(b, i ? ", " : "<");
		type_text(b, r, depth);
	}
	if (n)
		buf_add_byte(b, '>');
}

static void type_text(struct buf *b, struct bcs_reader *r, unsigned depth)
{
	static const char *const words[] = { "bool", "u8", "u64", "u128", "address", "signer",
					     NULL,   NULL, "u16", "u32",  "u256" };
	uint32_t tag = bcs_uleb(r);

	if (r->failed || tag >= sizeof words / sizeof *words || depth == TYPE_DEPTH) {
		r->failed = true;
	} else if (tag == TAG_STRUCT) {
		struct_text(b, r, depth + 1);
	} else if (tag == TAG_VECTOR) {
		buf_add_c(b, "vector<");
		type_text(b, r, depth + 1);
		buf_add_byte(b, '>');
	} else {
		buf_add_c(b, words[tag]);
	}
}

void tx_type_text(struct buf *b, struct bcs_reader *r)
{
	type_text(b, r, 0);
}

/* One plain struct, which is what coin types are, as its text; others as they stand. */
static void read_types(struct bcs_reader *r, struct tx_call *c)
{
	uint32_t n = bcs_count(r, 1);
	const char *start = (const char *)r->p;
	struct buf text;

	buf_init(&text, TX_BYTES_MAX);
	for (uint32_t i = 0; i < n && !r->failed; i++)
		tx_type_text(&text, r);
	if (text.failed)
		r->failed = true;
	if (n && !r->failed &&
	    (n > 1 || *start != TAG_STRUCT || str_find(buf_str(&text), '<') >= 0 ||
	     !str_copy(c->type_arg, sizeof c->type_arg, buf_str(&text)))) {
		c->other_types = (struct str){ start, (size_t)((const char *)r->p - start) };
		c->n_other_types = n;
	}
	buf_clear(&text);
}

static void read_call(struct bcs_reader *r, struct tx_call *c)
{
	uint32_t n;

	read_id(r, &c->module_address);
	c->module = bcs_string(r, NAME_MAX_BYTES);
	c->function = bcs_string(r, NAME_MAX_BYTES);
	read_types(r, c);
	n = bcs_count(r, 1);
	if (n > TX_ARGS_MAX)
		r->failed = true;
	for (uint32_t i = 0; i < n && !r->failed; i++)
		c->arg[c->n_arg++] = bcs_vec(r, TX_BYTES_MAX);
}

static void read_data(struct bcs_reader *r, struct tx_data *out)
{
	memset(out, 0, sizeof *out);
	read_id(r, &out->sender);
	out->sequence_number = bcs_u64(r);
	out->chain_id = bcs_u64(r);
	out->max_gas = bcs_u64(r);
	if (bcs_uleb(r) != ACTION_FUNCTION)
		r->failed = true;
	read_call(r, &out->call);
}

bool tx_data_read(struct tx_data *out, struct str bcs)
{
	struct bcs_reader r;

	bcs_init(&r, bcs.p, bcs.len);
	read_data(&r, out);
	return bcs.len <= TX_BYTES_MAX && bcs_end(&r);
}

bool tx_read(struct tx_data *out, struct tx_authenticator *auth, size_t *data_len, struct str bcs)
{
	struct bcs_reader r;

	bcs_init(&r, bcs.p, bcs.len);
	read_data(&r, out);
	*data_len = (size_t)((const char *)r.p - bcs.p);
	auth->validator = bcs_u64(&r);
	auth->payload = bcs_vec(&r, TX_BYTES_MAX);
	return bcs.len <= TX_BYTES_MAX && bcs_end(&r);
}

void tx_hash(uint8_t out[32], struct str data)
{
	hash_sha3_256(out, data.p, data.len);
}

/* ---- signing ---- */

/* The data of @t at the end of @raw, and its hash. */
static int put_data(struct buf *raw, const struct tx_data *t, uint8_t hash[32], struct gw_err *e)
{
	size_t at = raw->len;

	tx_data_write(raw, t);
	if (raw->failed)
		return gw_fail(e, GWE_INTERNAL, 0, "transaction is too long");
	tx_hash(hash, str_sub(buf_str(raw), at, raw->len));
	return 0;
}

static int put_authenticator(struct buf *raw, uint64_t validator, struct buf *payload,
			     struct gw_err *e)
{
	bool ok = !payload->failed;

	bcs_put_u64(raw, validator);
	bcs_put_vec(raw, payload->p, payload->len);
	buf_clear(payload);
	return ok && !raw->failed ? 0 : gw_fail(e, GWE_INTERNAL, 0, "transaction is too long");
}

bool did_auth_payload_read(struct did_auth_payload *out, struct str payload)
{
	struct bcs_reader r;

	memset(out, 0, sizeof *out);
	bcs_init(&r, payload.p, payload.len);
	out->envelope = bcs_u8(&r);
	out->fragment = bcs_string(&r, ROOCH_FRAGMENT_MAX);
	out->signature = bcs_vec(&r, TX_BYTES_MAX);
	out->has_message = bcs_bool(&r);
	if (out->has_message)
		out->message = bcs_vec(&r, TX_BYTES_MAX);
	return bcs_end(&r);
}

int tx_sign_did(struct buf *raw, const struct tx_data *t, const struct signing_key *k,
		struct str fragment, uint8_t hash[32], struct gw_err *e)
{
	uint8_t sig[KEY_SIG];
	struct buf payload;

	if (put_data(raw, t, hash, e) || signing_key_sign(k, hash, 32, sig, e))
		return -1;
	buf_init(&payload, 1024);
	bcs_put_u8(&payload, ENVELOPE_HASH);
	bcs_put_string(&payload, fragment);
	bcs_put_vec(&payload, sig, sizeof sig);
	bcs_put_u8(&payload, 0);
	return put_authenticator(raw, VALIDATOR_DID, &payload, e);
}

/* ---- Bitcoin accounts ---- */

static const char btc_magic[] = "\x18"
				"Bitcoin Signed Message:\n";
static const char btc_info[] = "Rooch Transaction:\nsdk\n",
		  btc_info_head[] = "Rooch Transaction:\n";

enum { HASH_HEX = 64, TAPROOT_VERSION = 1, BTC_ADDRESS_MAX = 90 };

/* "bc1p..." of an output key: 5 bits of version, 256 of the key, padding. */
static void btc_address(char out[BECH32M_MAX + 1], const char *network, const uint8_t key[32])
{
	uint8_t bits[33];

	bits[0] = (uint8_t)(TAPROOT_VERSION << 3 | key[0] >> 5);
	for (unsigned i = 1; i < 33; i++)
		bits[i] = (uint8_t)(key[i - 1] << 3 | (i < 32 ? key[i] >> 5 : 0));
	bech32m_encode(out, network, bits, sizeof bits);
}

static const char *btc_network(uint64_t chain_id)
{
	return chain_id == 1 ? "bc" : chain_id == 2 ? "tb" : "bcrt";
}

bool tx_bitcoin_sender(struct rooch_id *out, const uint8_t pub[33])
{
	uint8_t pre[34] = { 2, TAPROOT_VERSION };

	if (!key_taproot(pre + 2, pub))
		return false;
	hash_blake2b_256(out->b, pre, sizeof pre);
	return true;
}

/* What stands before the text that is signed: the magic, and the text's length as Bitcoin writes it. */
static bool btc_prefix(struct buf *b, size_t info_len)
{
	size_t n = info_len + HASH_HEX;

	buf_add(b, btc_magic, sizeof btc_magic - 1);
	if (n >= 0xfd) {
		buf_add_byte(b, (char)0xfd);
		buf_add_byte(b, (char)n);
		n >>= 8;
	}
	return buf_add_byte(b, (char)n);
}

static void btc_message(struct buf *b, struct str prefix, struct str info, const uint8_t hash[32])
{
	uint8_t digest[32];
	char hex[HASH_HEX + 1];

	hex_encode(hex, hash, 32);
	buf_add_str(b, prefix);
	buf_add_str(b, info);
	buf_add_c(b, hex);
	/* the key hashes once more */
	hash_sha256(digest, b->p, b->len);
	buf_reset(b);
	buf_add(b, digest, sizeof digest);
}

int tx_sign_bitcoin(struct buf *raw, const struct tx_data *t, const struct signing_key *k,
		    uint8_t hash[32], struct gw_err *e)
{
	uint8_t pub[KEY_PUB_MAX], point[32], sig[KEY_SIG];
	char address[BECH32M_MAX + 1];
	struct buf prefix, message, payload;
	int rc;

	if (signing_key_type(k) != KEY_K1 || signing_key_pub(k, pub) != 33 ||
	    !key_taproot(point, pub))
		return gw_fail(e, GWE_BAD_REQUEST, 0, "a Bitcoin account needs a key of type %s",
			       key_type_name(KEY_K1));
	if (put_data(raw, t, hash, e))
		return -1;
	buf_init(&prefix, 64);
	buf_init(&message, 256);
	btc_prefix(&prefix, sizeof btc_info - 1);
	btc_message(&message, buf_str(&prefix), str_c(btc_info), hash);
	rc = signing_key_sign(k, message.p, message.len, sig, e);
	buf_clear(&message);
	if (rc) {
		buf_clear(&prefix);
		return -1;
	}
	btc_address(address, btc_network(t->chain_id), point);
	buf_init(&payload, 1024);
	bcs_put_vec(&payload, sig, sizeof sig);
	bcs_put_vec(&payload, prefix.p, prefix.len);
	bcs_put_vec(&payload, btc_info, sizeof btc_info - 1);
	bcs_put_vec(&payload, pub, 33);
	bcs_put_vec(&payload, address, strlen(address));
	buf_clear(&prefix);
	return put_authenticator(raw, VALIDATOR_BITCOIN, &payload, e);
}

/* Is @text the address of @pub, on whatever network? */
static bool btc_address_is(struct str text, const uint8_t pub[33])
{
	char address[BECH32M_MAX + 1];
	uint8_t point[32];

	if (!key_taproot(point, pub))
		return false;
	for (uint64_t chain_id = 1; chain_id <= 3; chain_id++) {
		btc_address(address, btc_network(chain_id), point);
		if (str_eq_c(text, address))
			return true;
	}
	return false;
}

bool tx_bitcoin_verify(struct str payload, const uint8_t hash[32], const struct rooch_id *sender,
		       uint8_t pub[33])
{
	struct str sig, prefix, info, key, address;
	struct rooch_id of_key;
	struct bcs_reader r;
	struct buf b;
	bool ok;

	bcs_init(&r, payload.p, payload.len);
	sig = bcs_vec(&r, KEY_SIG);
	prefix = bcs_vec(&r, 64);
	info = bcs_vec(&r, 1024);
	key = bcs_vec(&r, 33);
	address = bcs_vec(&r, BTC_ADDRESS_MAX);
	if (!bcs_end(&r) || key.len != 33 || !str_starts(info, btc_info_head) ||
	    !str_ends(info, "\n"))
		return false;
	memcpy(pub, key.p, 33);
	if (!btc_address_is(address, pub) || !tx_bitcoin_sender(&of_key, pub) ||
	    !rooch_id_eq(of_key, *sender))
		return false;
	buf_init(&b, 2048);
	ok = btc_prefix(&b, info.len) && str_eq(prefix, buf_str(&b));
	buf_reset(&b);
	btc_message(&b, prefix, info, hash);
	ok = ok && key_verify(KEY_K1, pub, 33, b.p, b.len, (const uint8_t *)sig.p, sig.len);
	buf_clear(&b);
	return ok;
}
