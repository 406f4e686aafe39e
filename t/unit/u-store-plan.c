/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store: every statement compiles against its schema, and none that a responder uses reads a whole table
 * or sorts: what a request costs does not grow with the number of rows.
 */
#include "config.h"

#include <sqlite3.h>
#include <unistd.h>

#include "store/store.h"
#include "tap.h"

static const struct {
	const char *name, *roles, *text;
} statements[] = {
#define STMT(id, roles, sql) { #id, roles, sql },
#include "store/stmts.def"
#undef STMT
};
enum { STATEMENTS = sizeof statements / sizeof statements[0] };

/* Step of a plan that begins so, and why it is fine. */
static const struct {
	const char *name, *step;
} allowed[] = {
	/* a row per running process */
	{ "LEASE_EXPIRED", "SCAN process_lease" },
	/* as many as its limit, from the first on */
	{ "NONCE_EXPIRE", "SCAN auth_nonce" },
	{ "NONCE_EXPIRE", "SCAN (subquery-1)" },
	/* read when a price has changed; a row per price that was set */
	{ "PRICE_OVERRIDES", "SCAN price_override" },
	/* every ten seconds; bounded by the option max_nonces */
	{ "NONCE_COUNT", "SCAN auth_nonce" },
	/* for /metrics: bounded by the time asked for */
	{ "USAGE_RECENT", "USE TEMP B-TREE FOR GROUP BY" },
	/* a row per wish that the settlement program has not yet looked at */
	{ "CLAIM_REQUEST_COUNT", "SCAN claim_request" },
	/* for the operator's look at all payments, on no request's path */
	{ "PAYMENT_COUNTS", "SCAN voucher" },
	{ "PAYMENT_COUNTS", "SCAN usage" },
	{ "CLAIM_COUNTS", "SCAN claim" },
	{ "CLAIM_COUNTS", "SCAN settlement" },
};
static bool used[sizeof allowed / sizeof allowed[0]];

static char dir[] = "/tmp/u-plan.XXXXXX";
static sqlite3 *db[SCHEMA_COUNT];

static enum store_schema schema_of(char role)
{
	return role == 'D' ? SCHEMA_DEVNODE : role == 'W' ? SCHEMA_WALLET : SCHEMA_GATEWAY;
}

static void open_all(void)
{
	for (int i = 0; i < SCHEMA_COUNT; i++) {
		char path[64];
		struct gw_err e;
		bool made;

		snprintf(path, sizeof path, "%s/%d.db", dir, i);
		if (store_migrate(path, (enum store_schema)i, true, &made, &e) ||
		    sqlite3_open(path, &db[i]) != SQLITE_OK)
			abort();
	}
}

static void close_all(void)
{
	for (int i = 0; i < SCHEMA_COUNT; i++) {
		char path[64];

		sqlite3_close(db[i]);
		snprintf(path, sizeof path, "%s/%d.db", dir, i);
		unlink(path);
	}
	rmdir(dir);
}

static bool compiles(int i)
{
	for (const char *r = statements[i].roles; *r; r++) {
		sqlite3 *on = db[schema_of(*r)];
		sqlite3_stmt *s = NULL;
		int rc = strchr("GSADW", *r)
				 ? sqlite3_prepare_v2(on, statements[i].text, -1, &s, NULL)
				 : SQLITE_MISUSE;

		sqlite3_finalize(s);
		if (rc != SQLITE_OK) {
			printf("# %s as %c: %s\n", statements[i].name, *r, sqlite3_errmsg(on));
			return false;
		}
	}
	return true;
}

static bool fine(const char *name, const char *step)
{
	if (!strcmp(step, "SCAN CONSTANT ROW") ||
	    (strncmp(step, "SCAN ", 5) != 0 && strncmp(step, "USE TEMP B-TREE", 15) != 0))
		return true;
	for (unsigned i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
		if (!strcmp(allowed[i].name, name) &&
		    !strncmp(step, allowed[i].step, strlen(allowed[i].step))) {
			used[i] = true;
			return true;
		}
	printf("# %s: %s\n", name, step);
	return false;
}

static bool plan_is_fine(int i)
{
	sqlite3_stmt *s = NULL;
	char text[8192];
	bool ok;

	snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", statements[i].text);
	ok = sqlite3_prepare_v2(db[SCHEMA_GATEWAY], text, -1, &s, NULL) == SQLITE_OK;
	while (sqlite3_step(s) == SQLITE_ROW)
		ok &= fine(statements[i].name, (const char *)sqlite3_column_text(s, 3));
	sqlite3_finalize(s);
	return ok;
}

int main(void)
{
	unsigned bad = 0, slow = 0, seen = 0, stale = 0;

	if (!mkdtemp(dir))
		abort();
	open_all();
	for (int i = 0; i < STATEMENTS; i++) {
		bad += !compiles(i);
		if (!strchr(statements[i].roles, 'G'))
			continue;
		seen++;
		slow += !plan_is_fine(i);
	}
	for (unsigned i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
		stale += !used[i];
	OK(bad == 0, "all %d statements compile for all their roles", STATEMENTS);
	OK(seen > 10 && slow == 0, "none of a responder's %u reads a whole table or sorts", seen);
	OK(stale == 0, "each exception is needed");
	close_all();
	return TAP_END;
}
