/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev_view - the ledger as its JSON answers show it.
 *
 * Rule:    protocol rooch.md 6.1 to 6.3
 * Layer:   devnode; calls ledger, store, codec, crypto, util
 * Threads: a context belongs to one thread
 */
#ifndef GW_DEVNODE_DEV_VIEW_H
#define GW_DEVNODE_DEV_VIEW_H

#include "codec/jwrite.h"
#include "devnode/dev_exec.h"
#include "devnode/dev_fault.h"

enum { DEV_PAGE = 50, DEV_PAGE_MAX = 200 };

/* @lie: DEV_FAULT_OBJECT, _TRUNCATE, _LENGTH; anything else: the truth. Each writes one value. */
int dev_view_object(struct dev_ctx *x, struct jwrite *w, const struct rooch_id *id,
		    enum dev_fault_kind lie) GW_MUST_CHECK;
int dev_view_field(struct dev_ctx *x, struct jwrite *w, const struct rooch_id *table,
		   const struct rooch_id *key, enum dev_fault_kind lie) GW_MUST_CHECK;
/* A page of a table; @after NULL: from its begin. */
int dev_view_fields(struct dev_ctx *x, struct jwrite *w, const struct rooch_id *table,
		    const struct rooch_id *after, unsigned limit,
		    enum dev_fault_kind lie) GW_MUST_CHECK;
/* A page of events; @cursor -1: none. */
int dev_view_events(struct dev_ctx *x, struct jwrite *w, const struct rooch_id *handle,
		    int64_t cursor, unsigned limit, bool descending) GW_MUST_CHECK;
void dev_view_outcome(struct jwrite *w, const struct dev_outcome *out, bool with_output);
void dev_view_dry_run(struct jwrite *w, const struct dev_outcome *out);
/* The transaction with this hash, or null. */
int dev_view_transaction(struct dev_ctx *x, struct jwrite *w, const uint8_t hash[32]) GW_MUST_CHECK;

/* Numbers of the answers are texts. */
void dev_view_u64(struct jwrite *w, const char *key, uint64_t v);
void dev_view_u256(struct jwrite *w, const char *key, struct u256 v);

#endif
