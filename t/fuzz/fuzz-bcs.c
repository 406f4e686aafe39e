/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bcs: the first bytes say what is read from the rest, in which order. After a fault everything is
 * zero and nothing is handed out; what was read without one is written again as the same bytes.
 * Input: a count, so many steps, the encoded bytes.
 */
#include "config.h"

#include "codec/bcs.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void step(struct bcs_reader *r, uint8_t what, struct buf *again)
{
	const uint8_t *bytes;
	uint8_t id[32];
	struct str s;

	switch (what % 8) {
	case 0:
		bcs_put_u8(again, bcs_u8(r));
		break;
	case 1:
		bcs_put_u64(again, bcs_u64(r));
		break;
	case 2:
		bcs_put_u256(again, bcs_u256(r));
		break;
	case 3:
		bcs_put_uleb(again, bcs_uleb(r));
		break;
	case 4:
		s = bcs_vec(r, 1000);
		assert(s.len <= 1000 && (!r->failed || s.len == 0));
		bcs_put_vec(again, s.p, s.len);
		break;
	case 5:
		s = bcs_string(r, 100);
		assert(s.len <= 100 && (!r->failed || s.len == 0));
		bcs_put_string(again, s);
		break;
	case 6:
		bcs_object_id(r, id);
		bcs_put_object_id(again, id);
		break;
	case 7:
		bytes = bcs_bytes(r, what / 8);
		assert((bytes == NULL) == r->failed || what / 8 == 0);
		if (bytes)
			buf_add(again, bytes, what / 8);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t steps = len ? data[0] % 16 : 0, at = steps + 1;
	struct bcs_reader r;
	struct buf again;

	if (len < at)
		return 0;
	buf_init(&again, 1 << 20);
	bcs_init(&r, data + at, len - at);
	for (size_t i = 0; i < steps; i++) {
		step(&r, data[1 + i], &again);
		if (r.failed) {
			assert(bcs_u64(&r) == 0 && bcs_u8(&r) == 0 && !bcs_end(&r));
			break;
		}
		assert(again.len <= len - at &&
		       memcmp(again.p ? again.p : "", data + at, again.len) == 0);
	}
	assert(!bcs_end(&r) || again.len == len - at);
	buf_clear(&again);
	return 0;
}
