/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/rooch_object.h"

#include "codec/bcs.h"

#include "tap.h"
#include "vectors.h"

/* One kind of object: read, and if that went well written again; what came out is compared. */
typedef bool copy_fn(struct buf *b, struct str name, struct str bcs);

static bool copy_channel(struct buf *b, struct str name, struct str bcs)
{
	struct channel_object o;

	(void)name;
	if (!channel_object_read(&o, bcs))
		return false;
	channel_object_write(b, &o);
	return true;
}

static bool copy_subchannel(struct buf *b, struct str name, struct str bcs)
{
	struct subchannel_object o;

	if (!subchannel_field_read(&o, name, bcs))
		return false;
	subchannel_field_write(b, name, &o);
	return true;
}

static bool copy_hub(struct buf *b, struct str name, struct str bcs)
{
	struct hub_object o;

	(void)name;
	if (!hub_object_read(&o, bcs))
		return false;
	hub_object_write(b, &o);
	return true;
}

static bool copy_revenue(struct buf *b, struct str name, struct str bcs)
{
	struct revenue_hub_object o;

	(void)name;
	if (!revenue_hub_object_read(&o, bcs))
		return false;
	revenue_hub_object_write(b, &o);
	return true;
}

static bool copy_coin_store(struct buf *b, struct str name, struct str bcs)
{
	struct coin_store_object o;

	if (!coin_store_field_read(&o, name, bcs))
		return false;
	coin_store_field_write(b, &o);
	return true;
}

static bool copy_u64(struct buf *b, struct str name, struct str bcs)
{
	uint64_t v;

	if (!u64_field_read(&v, name, bcs))
		return false;
	u64_field_write(b, name, v);
	return true;
}

static struct channel_proof proofs[CHANNEL_PROOFS_MAX + 1];

static bool copy_close(struct buf *b, struct str name, struct str bcs)
{
	unsigned n;

	(void)name;
	if (!close_proofs_read(proofs, &n, bcs))
		return false;
	close_proofs_write(b, proofs, n);
	return true;
}

static bool copy_cancel(struct buf *b, struct str name, struct str bcs)
{
	unsigned n;

	(void)name;
	if (!cancel_proofs_read(proofs, &n, bcs))
		return false;
	cancel_proofs_write(b, proofs, n);
	return true;
}

/* Each in a place of its own size, so that a read beyond it is seen by the sanitizer. */
static bool refuses(copy_fn *copy, struct str name, const char *p, size_t n)
{
	struct buf b, in;
	bool refused;

	buf_init(&b, 1 << 16);
	buf_init(&in, 1 << 16);
	buf_add(&in, p, n);
	refused = !copy(&b, name, buf_str(&in));
	buf_clear(&in);
	buf_clear(&b);
	return refused;
}

static void round_trip(struct vectors *vs, copy_fn *copy, struct str name)
{
	struct str bcs = vec_bytes(vs, "bcs"), other = STR_LIT("other");
	struct buf b;
	bool ok = true;

	buf_init(&b, 1 << 16);
	OK(copy(&b, name, bcs) && str_eq(buf_str(&b), bcs), "%s there and back", vs->id);
	buf_reset(&b);
	for (size_t n = 0; n < bcs.len; n++)
		ok = ok && refuses(copy, name, bcs.p, n);
	OK(ok, "%s cut at any place is refused", vs->id);
	buf_add_str(&b, bcs);
	buf_add_byte(&b, 0);
	OK(refuses(copy, name, b.p, b.len), "%s and a byte is refused", vs->id);
	if (name.len)
		OK(refuses(copy, other, bcs.p, bcs.len) &&
			   refuses(copy, str_sub(name, 0, name.len - 1), bcs.p, bcs.len),
		   "%s under another name is refused", vs->id);
	/* whatever single byte is changed: it is refused, or comes back as it was read */
	for (size_t i = 0; i < bcs.len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			struct buf in, out;

			buf_init(&in, 1 << 16);
			buf_init(&out, 1 << 16);
			buf_add_str(&in, bcs);
			in.p[i] = (char)(in.p[i] ^ 1 << bit);
			if (copy(&out, name, buf_str(&in)) && !str_eq(buf_str(&in), buf_str(&out)))
				ok = false;
			buf_clear(&in);
			buf_clear(&out);
		}
	}
	OK(ok, "%s with a bit flipped is refused or kept", vs->id);
	buf_clear(&b);
}

static struct vectors inner(const struct vectors *vs, const char *name)
{
	struct vectors v = *vs;

	v.v = jscan_get(vs->v, name);
	return v;
}

static bool text_is_id(struct vectors *vs, const char *name, const struct rooch_id *id)
{
	char hex[ROOCH_HEX_TEXT];

	rooch_id_hex(hex, id);
	return vec_is(vs, name, hex);
}

static bool text_is_u256(struct vectors *vs, const char *name, struct u256 v)
{
	char text[U256_TEXT];

	u256_format(text, v);
	return vec_is(vs, name, text);
}

static bool text_is_u64(struct vectors *vs, const char *name, uint64_t v)
{
	return text_is_u256(vs, name, u256_of(v));
}

static void channel(struct vectors *vs)
{
	struct vectors value = inner(vs, "value"), info = inner(&value, "cancellation_info");
	struct channel_object o;
	uint64_t status;

	OK(channel_object_read(&o, vec_bytes(vs, "bcs")) &&
		   text_is_id(&value, "sender", &o.sender) &&
		   text_is_id(&value, "receiver", &o.receiver) &&
		   vec_is(&value, "coin_type", o.coin_type) &&
		   text_is_id(&value, "sub_channels", &o.sub_channels) &&
		   jval_u64(jscan_get(value.v, "status"), &status) && status == o.status &&
		   text_is_u64(&value, "channel_epoch", o.epoch) &&
		   o.cancelling == (info.v.type == J_OBJECT),
	   "%s members", vs->id);
	OK(!o.cancelling || (text_is_u64(&info, "initiated_time", o.initiated_ms) &&
			     text_is_u256(&info, "pending_amount", o.pending_amount)),
	   "%s cancellation", vs->id);
	round_trip(vs, copy_channel, STR_NULL);
}

static void subchannel(struct vectors *vs)
{
	struct vectors field = inner(vs, "value"), value = inner(&field, "value");
	struct str name = vec_str(&field, "name");
	uint8_t pub[KEY_PUB_MAX];
	struct subchannel_object o;
	enum key_type t;
	size_t len;

	OK(subchannel_field_read(&o, name, vec_bytes(vs, "bcs")) &&
		   vec_is(&value, "pk_multibase", o.pk_multibase) &&
		   vec_is(&value, "method_type", o.method_type) &&
		   text_is_u256(&value, "last_claimed_amount", o.last_claimed) &&
		   text_is_u64(&value, "last_confirmed_nonce", o.last_nonce),
	   "%s members", vs->id);
	OK(subchannel_key(&o, &t, pub, &len) && len == key_pub_len(t) &&
		   !strcmp(key_type_name(t), o.method_type),
	   "%s key", vs->id);
	round_trip(vs, copy_subchannel, name);
}

static void coin_store(struct vectors *vs)
{
	struct vectors field = inner(vs, "value"), value = inner(&field, "value"),
		       balance = inner(&value, "balance");
	struct str name = vec_str(&field, "name");
	struct coin_store_object o;

	OK(coin_store_field_read(&o, name, vec_bytes(vs, "bcs")) &&
		   vec_is(&value, "coin_type", o.coin_type) &&
		   text_is_u256(&balance, "value", o.balance) &&
		   o.frozen == vec_true(&value, "frozen"),
	   "%s members", vs->id);
	round_trip(vs, copy_coin_store, name);
}

static void two_ids(struct vectors *vs)
{
	struct vectors value = inner(vs, "value");
	struct revenue_hub_object r;
	struct hub_object h;

	if (vec_has(&value, "active_channels")) {
		OK(hub_object_read(&h, vec_bytes(vs, "bcs")) &&
			   text_is_id(&value, "multi_coin_store", &h.coin_store) &&
			   text_is_id(&value, "active_channels", &h.active_channels),
		   "%s members", vs->id);
		round_trip(vs, copy_hub, STR_NULL);
	} else {
		OK(revenue_hub_object_read(&r, vec_bytes(vs, "bcs")) &&
			   text_is_id(&value, "multi_coin_store", &r.coin_store) &&
			   text_is_id(&value, "revenue_by_source", &r.revenue_by_source),
		   "%s members", vs->id);
		round_trip(vs, copy_revenue, STR_NULL);
	}
}

static void counter(struct vectors *vs)
{
	struct vectors value = inner(vs, "value");
	struct str name = vec_str(&value, "name");
	uint64_t v;

	OK(u64_field_read(&v, name, vec_bytes(vs, "bcs")) && text_is_u64(&value, "value", v),
	   "%s counter", vs->id);
	round_trip(vs, copy_u64, name);
}

static void proof_list(struct vectors *vs, bool closing)
{
	struct vectors value = inner(vs, "value"), one = value;
	struct jiter it;
	struct str key;
	unsigned n, i = 0;
	bool ok = closing ? close_proofs_read(proofs, &n, vec_bytes(vs, "bcs"))
			  : cancel_proofs_read(proofs, &n, vec_bytes(vs, "bcs"));

	OK(ok, "%s is read", vs->id);
	jiter_init(&it, jscan_get(value.v, "proofs"));
	for (; ok && jiter_next(&it, &key, &one.v); i++)
		ok = i < n && str_eq(vec_str(&one, "vm_id_fragment"), proofs[i].fragment) &&
		     text_is_u256(&one, "accumulated_amount", proofs[i].accumulated) &&
		     text_is_u64(&one, "nonce", proofs[i].nonce) &&
		     closing == (proofs[i].signature.len == KEY_SIG) &&
		     (!closing || !memcmp(proofs[i].signature.p,
					  vec_bytes(&one, "sender_signature").p, KEY_SIG));
	OK(ok && i == n, "%s: %u proofs", vs->id, n);
	round_trip(vs, closing ? copy_close : copy_cancel, STR_NULL);
}

static void vectors(void)
{
	struct vectors vs;

	vectors_open(&vs, "bcs-objects");
	while (vectors_next(&vs)) {
		struct str type = vec_str(&vs, "type");

		if (str_eq_c(type, "0x3::payment_channel::PaymentChannel"))
			channel(&vs);
		else if (str_has(type, "SubChannel"))
			subchannel(&vs);
		else if (str_ends(type, "Hub"))
			two_ids(&vs);
		else if (str_has(type, "CoinStoreField"))
			coin_store(&vs);
		else if (str_has(type, "u64"))
			counter(&vs);
		else if (str_starts(type, "CloseProofs"))
			proof_list(&vs, true);
		else if (str_starts(type, "CancelProofs"))
			proof_list(&vs, false);
	}
	vectors_close(&vs);
}

/* What the vectors do not have. */
static void odd_channels(void)
{
	struct channel_object o = { .status = CHANNEL_ACTIVE };
	static const char *const coins[] = {
		"", "0x3::gas_coin::RGas", "3::gas_coin::RGas", "u64",
		"0x0000000000000000000000000000000000000000000000000000000000000003::a::B<u8>"
	};
	struct buf b;

	buf_init(&b, 4096);
	for (size_t i = 0; i < sizeof coins / sizeof *coins; i++) {
		buf_reset(&b);
		str_copy(o.coin_type, sizeof o.coin_type, str_c(coins[i]));
		channel_object_write(&b, &o);
		OK(!channel_object_read(&o, buf_str(&b)), "a channel in `%s` is refused", coins[i]);
	}
	if (!rooch_asset_canonical(o.coin_type, STR_LIT("0x3::gas_coin::RGas")))
		abort();
	for (unsigned s = 0; s < 256; s++) {
		struct channel_object got;

		buf_reset(&b);
		o.status = (enum channel_status)s;
		channel_object_write(&b, &o);
		if (channel_object_read(&got, buf_str(&b)) != (s <= 2))
			OK(false, "status %u", s);
	}
	OK(!strcmp(channel_status_name(CHANNEL_ACTIVE), "active") &&
		   !strcmp(channel_status_name(CHANNEL_CANCELLING), "closing") &&
		   !strcmp(channel_status_name(CHANNEL_CLOSED), "closed"),
	   "only 0, 1, 2 are statuses");
	buf_clear(&b);
}

static void odd_keys(void)
{
	static const struct {
		const char *multibase, *type, *what;
	} odd[] = {
		{ "", "Ed25519VerificationKey2020", "no key" },
		{ "z", "Ed25519VerificationKey2020", "an empty key" },
		{ "zdHuAnrm1xzJRw4Di9fKJn6Q6sJqsP9ofuZ3CNyjxhaH",
		  "EcdsaSecp256k1VerificationKey2019", "a key of another type" },
		{ "zdHuAnrm1xzJRw4Di9fKJn6Q6sJqsP9ofuZ3CNyjxhaH", "JsonWebKey2020",
		  "an unknown type" },
		{ "zdHuAnrm1xzJRw4Di9fKJn6Q6sJqsP9ofuZ3CNyjxha0", "Ed25519VerificationKey2020",
		  "no base58" },
		{ "dHuAnrm1xzJRw4Di9fKJn6Q6sJqsP9ofuZ3CNyjxhaH", "Ed25519VerificationKey2020",
		  "no prefix" },
	};
	uint8_t pub[KEY_PUB_MAX];
	struct subchannel_object o;
	enum key_type t;
	size_t len;

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		str_copy(o.pk_multibase, sizeof o.pk_multibase, str_c(odd[i].multibase));
		str_copy(o.method_type, sizeof o.method_type, str_c(odd[i].type));
		OK(!subchannel_key(&o, &t, pub, &len), "%s is unusable", odd[i].what);
	}
}

static void many_proofs(void)
{
	struct buf b;
	unsigned n;

	buf_init(&b, 1 << 20);
	for (unsigned count = 63; count < 68; count++) {
		buf_reset(&b);
		bcs_put_uleb(&b, count);
		for (unsigned i = 0; i < count; i++) {
			bcs_put_string(&b, STR_LIT("k"));
			bcs_put_u256(&b, u256_of(i));
			bcs_put_u64(&b, i);
		}
		OK(cancel_proofs_read(proofs, &n, buf_str(&b)) && n == (count > 65 ? 65 : count) &&
			   proofs[n - 1].nonce == n - 1,
		   "%u proofs are told as %u", count, n);
	}
	OK(!cancel_proofs_read(proofs, &n, STR_LIT("\xff\xff\xff\xff\x0f")),
	   "an absurd number of proofs is refused");
	buf_clear(&b);
}

int main(void)
{
	struct gw_err e;

	if (crypto_init(&e))
		return 1;
	vectors();
	odd_channels();
	odd_keys();
	many_proofs();
	crypto_done();
	return TAP_END;
}
