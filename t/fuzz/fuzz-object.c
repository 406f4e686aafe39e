/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of the chain: what is read is written again as the same bytes. Input: a letter for the
 * kind of object, its bytes.
 */
#include "config.h"

#include <assert.h>

#include "codec/bcs.h"
#include "codec/jscan.h"
#include "ledger/rooch_did.h"
#include "ledger/rooch_object.h"
#include "ledger/subrav.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct rooch_did_document doc; /* large */
static struct channel_proof proof[CHANNEL_PROOFS_MAX + 1];

/* The name that stands in front of an entry's value. */
static struct str name_of(struct str bcs)
{
	struct bcs_reader r;

	bcs_init(&r, bcs.p, bcs.len);
	return bcs_string(&r, 4096);
}

static bool proofs(struct buf *b, struct str bcs, bool closing)
{
	unsigned n;

	if (!(closing ? close_proofs_read : cancel_proofs_read)(proof, &n, bcs))
		return false;
	assert(n <= CHANNEL_PROOFS_MAX + 1);
	if (n > CHANNEL_PROOFS_MAX)
		return false;
	(closing ? close_proofs_write : cancel_proofs_write)(b, proof, n);
	return true;
}

static bool document(struct buf *b, struct str bcs)
{
	struct jval root;
	struct buf json;
	struct gw_err e;

	if (!rooch_did_read(&doc, bcs))
		return false;
	buf_init(&json, 1 << 24);
	rooch_did_json(&json, &doc);
	assert(!json.failed && !jscan_check(buf_str(&json), 8, false, &root, &e));
	buf_clear(&json);
	rooch_did_write(b, &doc);
	return true;
}

static bool voucher(struct buf *b, struct str bcs)
{
	uint8_t out[SUBRAV_BCS_MAX];
	struct subrav r;

	if (!subrav_decode(&r, bcs))
		return false;
	buf_add(b, out, subrav_encode(out, &r));
	return true;
}

/* Read and write again; false: refused. */
static bool copy(struct buf *b, char kind, struct str bcs)
{
	struct revenue_hub_object revenue;
	struct coin_store_object store;
	struct subchannel_object sub;
	uint8_t pub[KEY_PUB_MAX];
	struct channel_object ch;
	struct hub_object hub;
	enum key_type t;
	uint64_t v;
	size_t n;

	switch (kind) {
	case 'c':
		return channel_object_read(&ch, bcs) && (channel_object_write(b, &ch), true);
	case 's':
		if (!subchannel_field_read(&sub, name_of(bcs), bcs))
			return false;
		assert(!subchannel_key(&sub, &t, pub, &n) || n == key_pub_len(t));
		subchannel_field_write(b, name_of(bcs), &sub);
		return true;
	case 'h':
		return hub_object_read(&hub, bcs) && (hub_object_write(b, &hub), true);
	case 'r':
		return revenue_hub_object_read(&revenue, bcs) &&
		       (revenue_hub_object_write(b, &revenue), true);
	case 'm':
		return coin_store_field_read(&store, name_of(bcs), bcs) &&
		       (coin_store_field_write(b, &store), true);
	case 'n':
		return u64_field_read(&v, name_of(bcs), bcs) &&
		       (u64_field_write(b, name_of(bcs), v), true);
	case 'p':
		return proofs(b, bcs, true);
	case 'q':
		return proofs(b, bcs, false);
	case 'd':
		return document(b, bcs);
	case 'v':
		return voucher(b, bcs);
	default:
		return false;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str bcs = { (const char *)data + 1, len - 1 };
	struct buf b;

	if (!len)
		return 0;
	buf_init(&b, 1 << 22);
	if (copy(&b, (char)data[0], bcs))
		assert(!b.failed && str_eq(buf_str(&b), bcs));
	buf_clear(&b);
	return 0;
}
