/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str - a view of bytes (pointer and length) that somebody else owns.
 *
 * Bytes from outside may hold NUL: no function here looks for one. A view dies
 * with its owner.
 *
 * Layer:   util
 * Threads: no shared state
 */
#ifndef GW_UTIL_STR_H
#define GW_UTIL_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/banned.h"
#include "util/err.h"

struct str {
	const char *p;
	size_t len;
};

#define STR_NULL ((struct str){ NULL, 0 })
#define STR_LIT(s) ((struct str){ "" s, sizeof(s) - 1 })
/* For printf: "%.*s", STR_ARG(v) */
#define STR_ARG(v) ((int)((v).len > 4096 ? 4096 : (v).len)), ((v).p ? (v).p : "")

struct str str_c(const char *z); /* a C string of ours; NULL gives STR_NULL */
bool str_eq(struct str a, struct str b);
bool str_eq_c(struct str a, const char *z);
bool str_caseeq_c(struct str a, const char *z); /* ASCII letters only */
bool str_starts(struct str a, const char *z);
bool str_ends(struct str a, const char *z);
bool str_has(struct str a, const char *z);
/* Position of byte @c, or -1. */
ptrdiff_t str_find(struct str a, char c);
struct str str_sub(struct str a, size_t from, size_t len); /* clamped */
struct str str_trim(struct str a);			    /* blanks, tabs, CR, LF */
/* Whole text is 1..20 digits and fits: true and *out set, else false. */
bool str_u64(struct str a, uint64_t *out);
/* Every byte is visible ASCII (0x21..0x7e), length 1..max. */
bool str_visible(struct str a, size_t max);
/* Copy into a buffer of @size with NUL at the end; false when it did not fit or holds NUL. */
bool str_copy(char *dst, size_t size, struct str a);
/* Whole text is well-formed UTF-8 (no surrogates, shortest form). */
bool str_utf8(struct str a);
/* The character @c (a scalar value) as UTF-8; returns its 1 to 4 bytes. */
size_t utf8_put(char out[4], uint32_t c);

/* 2n lower-case hex digits and NUL into @dst (2n+1 bytes). */
void hex_encode(char *dst, const uint8_t *src, size_t n);
/* Exactly 2n hex digits of either case; false otherwise. */
bool hex_decode(uint8_t *dst, size_t n, struct str hex);

#endif
