/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena - memory with the lifetime of one request, freed in one go.
 *
 * Nothing in it is freed alone. Beyond its maximum arena_alloc returns NULL, which
 * callers that copy input must answer with an error.
 *
 * Layer:   util
 * Threads: one arena belongs to one thread
 */
#ifndef GW_UTIL_ARENA_H
#define GW_UTIL_ARENA_H

#include "util/str.h"

struct arena_block;
struct arena {
	struct arena_block *top;
	size_t used, max;
};

void arena_init(struct arena *a, size_t max);
void arena_clear(struct arena *a); /* frees all but one block of normal size */
void arena_free(struct arena *a);
/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t n);
/* Copy with NUL behind; p is NULL when the arena is full. */
struct str arena_dup(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *fmt, ...) GW_PRINTF(2, 3);

#endif
