/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bcs - read and write the chain's binary form within bounds.
 *
 * A reader never leaves its text; after the first fault it is failed and every further read gives zeros,
 * so that a run of reads is checked once, with bcs_end.
 *
 * Rule:    protocol rooch.md 1
 * Layer:   codec; calls util
 * Threads: no shared state
 */
#ifndef GW_CODEC_BCS_H
#define GW_CODEC_BCS_H

#include "util/buf.h"
#include "util/u256.h"

struct bcs_reader {
	const uint8_t *p, *end;
	bool failed;
};

void bcs_init(struct bcs_reader *r, const void *p, size_t n);
uint8_t bcs_u8(struct bcs_reader *r);
bool bcs_bool(struct bcs_reader *r); /* 00 or 01 */
uint16_t bcs_u16(struct bcs_reader *r);
uint32_t bcs_u32(struct bcs_reader *r);
uint64_t bcs_u64(struct bcs_reader *r);
struct u256 bcs_u256(struct bcs_reader *r);
/* Shortest form only, at most 32 bits. */
uint32_t bcs_uleb(struct bcs_reader *r);
/* Count of a vector whose elements take at least @min_size bytes each: fails when it cannot fit. */
uint32_t bcs_count(struct bcs_reader *r, size_t min_size);
/* @n bytes in place; NULL after a fault. */
const uint8_t *bcs_bytes(struct bcs_reader *r, size_t n);
/* Length, then bytes; bcs_string also demands UTF-8 and at most @max bytes. */
struct str bcs_vec(struct bcs_reader *r, size_t max);
struct str bcs_string(struct bcs_reader *r, size_t max);
/* Object id of an ordinary object: one address behind its count. */
void bcs_object_id(struct bcs_reader *r, uint8_t out[32]);
/* No fault and nothing left over. */
bool bcs_end(const struct bcs_reader *r);

/* Writers append to @b, whose own failed flag tells of overflow. */
void bcs_put_u8(struct buf *b, uint8_t v);
void bcs_put_u64(struct buf *b, uint64_t v);
void bcs_put_u256(struct buf *b, struct u256 v);
void bcs_put_uleb(struct buf *b, uint32_t v);
void bcs_put_vec(struct buf *b, const void *p, size_t n);
void bcs_put_string(struct buf *b, struct str s);
void bcs_put_object_id(struct buf *b, const uint8_t id[32]);

#endif
