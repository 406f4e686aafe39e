/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf - the only growing buffer. It takes its maximum at init and fails beyond it.
 *
 * The caller holds the struct; buf_clear releases the bytes. A pointer into the
 * bytes dies at the next append. After a failed append the buffer is unchanged
 * and buf->failed stays set, so that a run of appends may be checked once.
 * Out of memory: logs and aborts (the supervisor restarts us).
 *
 * Layer:   util
 * Threads: no shared state
 */
#ifndef GW_UTIL_BUF_H
#define GW_UTIL_BUF_H

#include <stdarg.h>

#include "util/str.h"

struct buf {
	char *p; /* NULL while empty; else NUL follows the last byte */
	size_t len, cap, max;
	bool failed;
};

void buf_init(struct buf *b, size_t max);
void buf_clear(struct buf *b); /* also allowed on a zeroed struct */
void buf_reset(struct buf *b); /* forget the bytes, keep the memory, clear failed */
/* Each returns false, with failed set, when max would be exceeded. */
bool buf_add(struct buf *b, const void *p, size_t n);
bool buf_add_str(struct buf *b, struct str s);
bool buf_add_c(struct buf *b, const char *z);
bool buf_add_byte(struct buf *b, char c);
bool buf_add_u64(struct buf *b, uint64_t v); /* decimal */
bool buf_addf(struct buf *b, const char *fmt, ...) GW_PRINTF(2, 3);
/* @s as JSON text with quotes; control bytes escaped, ill-formed UTF-8 becomes U+FFFD. */
bool buf_add_json(struct buf *b, struct str s);
/* Make room for @n more bytes and return where they go; NULL beyond max. The caller adds to len. */
char *buf_room(struct buf *b, size_t n);
struct str buf_str(const struct buf *b);
/* Like buf_str().p but never NULL. */
const char *buf_c(const struct buf *b);

#endif
