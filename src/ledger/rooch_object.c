/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/rooch_object.h"

#include <string.h>

#include "codec/bcs.h"
#include "codec/multibase.h"

const char *channel_status_name(enum channel_status s)
{
	switch (s) {
	case CHANNEL_ACTIVE:
		return "active";
	case CHANNEL_CANCELLING:
		return "closing";
	case CHANNEL_CLOSED:
		return "closed";
	}
	return "unknown";
}

/* ---- parts ---- */

static void read_address(struct bcs_reader *r, struct rooch_id *out)
{
	const uint8_t *p = bcs_bytes(r, sizeof out->b);

	if (p)
		memcpy(out->b, p, sizeof out->b);
}

static void read_text(struct bcs_reader *r, char *out, size_t size)
{
	if (!str_copy(out, size, bcs_string(r, size - 1)))
		r->failed = true;
}

/* The chain writes coin types in canonical form only. */
static void read_coin_type(struct bcs_reader *r, char out[ROOCH_ASSET_TEXT])
{
	struct str s = bcs_string(r, ROOCH_ASSET_TEXT - 1);

	if (!rooch_asset_canonical(out, s) || !str_eq_c(s, out))
		r->failed = true;
}

/* The key of a table's entry has to be the one that was asked for. */
static void read_name(struct bcs_reader *r, struct str name)
{
	if (!str_eq(bcs_string(r, name.len), name))
		r->failed = true;
}

/* ---- channel ---- */

bool channel_object_read(struct channel_object *out, struct str bcs)
{
	struct bcs_reader r;
	uint8_t status;

	memset(out, 0, sizeof *out);
	bcs_init(&r, bcs.p, bcs.len);
	read_address(&r, &out->sender);
	read_address(&r, &out->receiver);
	read_coin_type(&r, out->coin_type);
	bcs_object_id(&r, out->sub_channels.b);
	status = bcs_u8(&r);
	out->epoch = bcs_u64(&r);
	out->cancelling = bcs_bool(&r);
	if (out->cancelling) {
		out->initiated_ms = bcs_u64(&r);
		out->pending_amount = bcs_u256(&r);
	}
	if (status > CHANNEL_CLOSED)
		return false;
	out->status = (enum channel_status)status;
	return bcs_end(&r);
}

void channel_object_write(struct buf *b, const struct channel_object *o)
{
	buf_add(b, o->sender.b, sizeof o->sender.b);
	buf_add(b, o->receiver.b, sizeof o->receiver.b);
	bcs_put_string(b, str_c(o->coin_type));
	bcs_put_object_id(b, o->sub_channels.b);
	bcs_put_u8(b, (uint8_t)o->status);
	bcs_put_u64(b, o->epoch);
	bcs_put_u8(b, o->cancelling);
	if (o->cancelling) {
		bcs_put_u64(b, o->initiated_ms);
		bcs_put_u256(b, o->pending_amount);
	}
}

/* ---- sub-channel ---- */

bool subchannel_field_read(struct subchannel_object *out, struct str name, struct str bcs)
{
	struct bcs_reader r;

	memset(out, 0, sizeof *out);
	bcs_init(&r, bcs.p, bcs.len);
	read_name(&r, name);
	read_text(&r, out->pk_multibase, sizeof out->pk_multibase);
	read_text(&r, out->method_type, sizeof out->method_type);
	out->last_claimed = bcs_u256(&r);
	out->last_nonce = bcs_u64(&r);
	return bcs_end(&r);
}

void subchannel_field_write(struct buf *b, struct str name, const struct subchannel_object *o)
{
	bcs_put_string(b, name);
	bcs_put_string(b, str_c(o->pk_multibase));
	bcs_put_string(b, str_c(o->method_type));
	bcs_put_u256(b, o->last_claimed);
	bcs_put_u64(b, o->last_nonce);
}

bool subchannel_pub(const struct subchannel_object *o, enum key_type *type,
		    uint8_t pub[KEY_PUB_MAX], size_t *len)
{
	struct buf b;
	bool ok;

	buf_init(&b, KEY_PUB_MAX);
	ok = key_type_find(str_c(o->method_type), type) &&
	     multibase_decode_z(str_c(o->pk_multibase), &b) && b.len == key_pub_len(*type);
	if (ok) {
		memcpy(pub, b.p, b.len);
		*len = b.len;
	}
	buf_clear(&b);
	return ok;
}

bool subchannel_key(const struct subchannel_object *o, enum key_type *type,
		    uint8_t pub[KEY_PUB_MAX], size_t *len)
{
	return subchannel_pub(o, type, pub, len) && key_pub_valid(*type, pub, *len);
}

/* ---- hubs ---- */

static bool two_ids_read(struct rooch_id *first, struct rooch_id *second, struct str bcs)
{
	struct bcs_reader r;

	bcs_init(&r, bcs.p, bcs.len);
	bcs_object_id(&r, first->b);
	bcs_object_id(&r, second->b);
	return bcs_end(&r);
}

bool hub_object_read(struct hub_object *out, struct str bcs)
{
	return two_ids_read(&out->coin_store, &out->active_channels, bcs);
}

void hub_object_write(struct buf *b, const struct hub_object *o)
{
	bcs_put_object_id(b, o->coin_store.b);
	bcs_put_object_id(b, o->active_channels.b);
}

bool revenue_hub_object_read(struct revenue_hub_object *out, struct str bcs)
{
	return two_ids_read(&out->coin_store, &out->revenue_by_source, bcs);
}

void revenue_hub_object_write(struct buf *b, const struct revenue_hub_object *o)
{
	bcs_put_object_id(b, o->coin_store.b);
	bcs_put_object_id(b, o->revenue_by_source.b);
}

bool coin_store_field_read(struct coin_store_object *out, struct str name, struct str bcs)
{
	struct bcs_reader r;

	memset(out, 0, sizeof *out);
	bcs_init(&r, bcs.p, bcs.len);
	read_name(&r, name);
	read_coin_type(&r, out->coin_type);
	out->balance = bcs_u256(&r);
	out->frozen = bcs_bool(&r);
	return bcs_end(&r) && str_eq_c(name, out->coin_type);
}

void coin_store_field_write(struct buf *b, const struct coin_store_object *o)
{
	bcs_put_string(b, str_c(o->coin_type));
	bcs_put_string(b, str_c(o->coin_type));
	bcs_put_u256(b, o->balance);
	bcs_put_u8(b, o->frozen);
}

bool u64_field_read(uint64_t *out, struct str name, struct str bcs)
{
	struct bcs_reader r;

	bcs_init(&r, bcs.p, bcs.len);
	read_name(&r, name);
	*out = bcs_u64(&r);
	return bcs_end(&r);
}

void u64_field_write(struct buf *b, struct str name, uint64_t v)
{
	bcs_put_string(b, name);
	bcs_put_u64(b, v);
}

/* ---- proofs ---- */

static void proofs_write(struct buf *b, const struct channel_proof *p, unsigned n, bool sigs)
{
	bcs_put_uleb(b, n);
	for (unsigned i = 0; i < n; i++) {
		bcs_put_string(b, p[i].fragment);
		bcs_put_u256(b, p[i].accumulated);
		bcs_put_u64(b, p[i].nonce);
		if (sigs)
			bcs_put_vec(b, p[i].signature.p, p[i].signature.len);
	}
}

void close_proofs_write(struct buf *b, const struct channel_proof *p, unsigned n)
{
	proofs_write(b, p, n, true);
}

void cancel_proofs_write(struct buf *b, const struct channel_proof *p, unsigned n)
{
	proofs_write(b, p, n, false);
}

/* All are read; those beyond the room of @p are only counted, as one. */
static bool proofs_read(struct channel_proof *p, unsigned *n, struct str bcs, bool sigs)
{
	struct channel_proof one;
	struct bcs_reader r;
	uint32_t count;

	bcs_init(&r, bcs.p, bcs.len);
	count = bcs_count(&r, 1 + 32 + 8);
	for (uint32_t i = 0; i < count && !r.failed; i++) {
		one = (struct channel_proof){ .fragment = bcs_string(&r, bcs.len) };
		one.accumulated = bcs_u256(&r);
		one.nonce = bcs_u64(&r);
		if (sigs)
			one.signature = bcs_vec(&r, bcs.len);
		if (i <= CHANNEL_PROOFS_MAX)
			p[i] = one;
	}
	*n = count > CHANNEL_PROOFS_MAX ? CHANNEL_PROOFS_MAX + 1 : count;
	return bcs_end(&r);
}

bool close_proofs_read(struct channel_proof *p, unsigned *n, struct str bcs)
{
	return proofs_read(p, n, bcs, true);
}

bool cancel_proofs_read(struct channel_proof *p, unsigned *n, struct str bcs)
{
	return proofs_read(p, n, bcs, false);
}
