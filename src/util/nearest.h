/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearest - the known name that a mistyped one was probably meant to be.
 *
 * Offer every known name; nearest_name gives the closest, or NULL when none is close
 * enough to be worth a suggestion. Letter case counts as half a difference.
 *
 * Layer:   util
 * Threads: no shared state
 */
#ifndef GW_UTIL_NEAREST_H
#define GW_UTIL_NEAREST_H

#include "util/str.h"

struct nearest {
	struct str wanted;
	const char *best; /* borrowed from the offer */
	unsigned distance;
};

void nearest_init(struct nearest *n, struct str wanted);
void nearest_offer(struct nearest *n, const char *name); /* NULL is ignored */
const char *nearest_name(const struct nearest *n);
/* For messages: " (did you mean X?)", or "" when nothing is near. */
enum { NEAREST_HINT_SIZE = 96 };
const char *nearest_hint(const struct nearest *n, char out[NEAREST_HINT_SIZE]);

#endif
