/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret - a text that must not be seen: no formatter, wiped when released.
 *
 * Layer:   util
 * Threads: no shared state
 */
#ifndef GW_UTIL_SECRET_H
#define GW_UTIL_SECRET_H

#include "util/str.h"

struct secret {
	char *p; /* NULL: none */
	size_t len;
};

void secret_set(struct secret *s, struct str v); /* copies; wipes what was there */
void secret_clear(struct secret *s);
bool secret_is_set(const struct secret *s);
/* The one way to read it; use it only to hand it to its destination. */
struct str secret_reveal(const struct secret *s);
/* Overwrite memory in a way the compiler keeps. */
void secret_wipe(void *p, size_t n);
/* Constant time for equal lengths. */
bool secret_equal(struct str a, struct str b);

#endif
