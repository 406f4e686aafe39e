/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/bcs.h"

void bcs_init(struct bcs_reader *r, const void *p, size_t n)
{
	r->p = p;
	r->end = r->p + n;
	r->failed = false;
}

const uint8_t *bcs_bytes(struct bcs_reader *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->failed || (size_t)(r->end - r->p) < n) {
		r->failed = true;
		return NULL;
	}
	r->p += n;
	return p;
}

static uint64_t little(struct bcs_reader *r, unsigned n)
{
	const uint8_t *p = bcs_bytes(r, n);
	uint64_t v = 0;

	for (unsigned i = 0; p && i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

uint8_t bcs_u8(struct bcs_reader *r)
{
	return (uint8_t)little(r, 1);
}

bool bcs_bool(struct bcs_reader *r)
{
	uint8_t v = bcs_u8(r);

	if (v > 1)
		r->failed = true;
	return v == 1 && !r->failed;
}

uint16_t bcs_u16(struct bcs_reader *r)
{
	return (uint16_t)little(r, 2);
}

uint32_t bcs_u32(struct bcs_reader *r)
{
	return (uint32_t)little(r, 4);
}

uint64_t bcs_u64(struct bcs_reader *r)
{
	return little(r, 8);
}

struct u256 bcs_u256(struct bcs_reader *r)
{
	const uint8_t *p = bcs_bytes(r, 32);

	return p ? u256_from_le(p) : U256_ZERO;
}

uint32_t bcs_uleb(struct bcs_reader *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 35; shift += 7) {
		uint8_t c = bcs_u8(r);

		v |= (uint64_t)(c & 0x7f) << shift;
		if (c & 0x80)
			continue;
		/* shortest form: the last byte of several is never zero */
		if ((shift && !c) || v > UINT32_MAX)
			break;
		return r->failed ? 0 : (uint32_t)v;
	}
	r->failed = true;
	return 0;
}

uint32_t bcs_count(struct bcs_reader *r, size_t min_size)
{
	uint32_t n = bcs_uleb(r);

	if (!r->failed && min_size && n > (size_t)(r->end - r->p) / min_size) {
		r->failed = true;
		return 0;
	}
	return n;
}

struct str bcs_vec(struct bcs_reader *r, size_t max)
{
	uint32_t n = bcs_uleb(r);
	const uint8_t *p;

	if (n > max)
		r->failed = true;
	p = bcs_bytes(r, n);
	return p ? (struct str){ (const char *)p, n } : (struct str){ "", 0 };
}

struct str bcs_string(struct bcs_reader *r, size_t max)
{
	struct str s = bcs_vec(r, max);

	if (!str_utf8(s)) {
		r->failed = true;
		return (struct str){ "", 0 };
	}
	return s;
}

void bcs_object_id(struct bcs_reader *r, uint8_t out[32])
{
	const uint8_t *p;

	if (bcs_uleb(r) != 1)
		r->failed = true;
	p = bcs_bytes(r, 32);
	if (p)
		memcpy(out, p, 32);
	else
		memset(out, 0, 32);
}

bool bcs_end(const struct bcs_reader *r)
{
	return !r->failed && r->p == r->end;
}

void bcs_put_u8(struct buf *b, uint8_t v)
{
	buf_add(b, &v, 1);
}

void bcs_put_u64(struct buf *b, uint64_t v)
{
	uint8_t le[8];

	for (unsigned i = 0; i < 8; i++)
		le[i] = (uint8_t)(v >> (8 * i));
	buf_add(b, le, 8);
}

void bcs_put_u256(struct buf *b, struct u256 v)
{
	uint8_t le[32];

	u256_to_le(le, v);
	buf_add(b, le, 32);
}

void bcs_put_uleb(struct buf *b, uint32_t v)
{
	while (v >= 0x80) {
		bcs_put_u8(b, (uint8_t)(v | 0x80));
		v >>= 7;
	}
	bcs_put_u8(b, (uint8_t)v);
}

void bcs_put_vec(struct buf *b, const void *p, size_t n)
{
	if (n > UINT32_MAX) {
		b->failed = true;
		return;
	}
	bcs_put_uleb(b, (uint32_t)n);
	buf_add(b, p, n);
}

void bcs_put_string(struct buf *b, struct str s)
{
	bcs_put_vec(b, s.p, s.len);
}

void bcs_put_object_id(struct buf *b, const uint8_t id[32])
{
	bcs_put_uleb(b, 1);
	buf_add(b, id, 32);
}
