/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage_report - what was used and what it cost, by model, provider, payer or day.
 *
 * Amounts are added here, checked, not by SQL. What is not known is counted apart and is not in
 * the sums: calls still open, calls lost with their process, calls whose cost nobody could tell.
 *
 * Rule:    design.md 4 (I5), 9
 * Layer:   store; calls util
 * Threads: one report belongs to one thread; usage_report_read runs inside store_read
 */
#ifndef GW_STORE_USAGE_REPORT_H
#define GW_STORE_USAGE_REPORT_H

#include "store/store.h"
#include "util/picousd.h"

enum usage_group { USAGE_BY_MODEL, USAGE_BY_PROVIDER, USAGE_BY_PAYER, USAGE_BY_DAY };

/* Only rows that began at @since_ms or later and before @until_ms; empty texts: all. */
struct usage_filter {
	int64_t since_ms, until_ms;
	struct str provider, model, payer;
};

struct usage_line {
	char *name;	    /* owned by the report; a model with its provider in front */
	uint64_t requests;  /* all of them */
	uint64_t open;	    /* in flight */
	uint64_t lost;	    /* their process died: cost unknown */
	uint64_t failed;    /* ended otherwise than well */
	uint64_t unknown;   /* done, cost unknown */
	uint64_t estimated; /* done, cost estimated */
	uint64_t input_tokens, output_tokens, cached_tokens; /* as far as they are known */
	struct picousd cost;
};

struct usage_report {
	enum usage_group by;
	struct usage_line *line; /* by cost, the dearest first; days by date */
	size_t n;
	struct usage_line total; /* its name is "total" */
	/* private */
	size_t *slot, n_slot, cap;
};

void usage_report_init(struct usage_report *r, enum usage_group by);
void usage_report_clear(struct usage_report *r);
/* INTERNAL when a sum does not fit 64 bits. */
int usage_report_read(struct usage_report *r, struct store_conn *c, const struct usage_filter *f,
		      struct gw_err *e) GW_MUST_CHECK;

#endif
