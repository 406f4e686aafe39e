/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pricing - the parts of `llm-gateway pricing`: what shows prices, and what changes them.
 *
 * Layer:   cli
 * Threads: main thread only
 */
#ifndef GW_CLI_PRICING_H
#define GW_CLI_PRICING_H

#include "pipeline/prices.h"
#include "store/price_rows.h"
#include "util/clock.h"

enum { PRICING_TEXT_MAX = 64 << 20 };

struct pricing {
	const struct conf *conf;
	struct store *store; /* NULL: there is no database */
	struct prices prices;
	struct price_set *set; /* in force */
	/* options */
	const char *provider, *date;
	char day[CLOCK_DAY_SIZE];
	bool json, all, csv, replace;
};

/* Each returns the exit status. */
int pricing_list(struct pricing *p);
int pricing_show(struct pricing *p, const char *model);
int pricing_export(struct pricing *p);
int pricing_set(struct pricing *p, const char *model, char **pairs, int n);
int pricing_unset(struct pricing *p, char **models, int n);
int pricing_import(struct pricing *p, const char *file);

#endif
