/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain - one answer and its cost written down: as JSON with the members of the fixtures'
 * expectations, or as text for people.
 *
 * Rule:    design.md 11; providers/fixtures "NAME.expect.json"
 * Layer:   provider; calls billing, codec
 * Threads: no shared state
 */
#ifndef GW_PROVIDER_EXPLAIN_H
#define GW_PROVIDER_EXPLAIN_H

#include "billing/cost.h"
#include "util/buf.h"

/* @requested: the model that was asked for, told where the answer names none. */
void explain_json(const struct reading *r, const struct cost *c, struct str requested,
		  struct buf *out);
void explain_text(const struct reading *r, const struct cost *c, struct str requested,
		  struct buf *out);

#endif
