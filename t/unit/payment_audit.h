/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payment_audit - add up a database from outside: what was charged is what is signed or waits to be signed,
 * every voucher is whole, nobody is at work.
 */
#ifndef GW_T_PAYMENT_AUDIT_H
#define GW_T_PAYMENT_AUDIT_H

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/u256.h"

struct audit {
	unsigned subchannels, vouchers, done, lost, open;
	struct u256 charged, proposed; /* in all */
};

static struct u256 audit_amount(sqlite3_stmt *s, int col)
{
	return sqlite3_column_bytes(s, col) == 32 ? u256_from_be(sqlite3_column_blob(s, col))
						  : U256_ZERO;
}

static void audit_add(struct u256 *sum, struct u256 v)
{
	if (!u256_add(sum, *sum, v))
		abort();
}

static unsigned audit_count(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;
	unsigned n = UINT32_MAX;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		n = (unsigned)sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return n;
}

/* I9: units = cost without what was forgone, at the rate of the row, rounded up. */
static bool audit_bill(sqlite3_stmt *s, struct u256 units)
{
	uint64_t pico = (uint64_t)(sqlite3_column_int64(s, 1) - sqlite3_column_int64(s, 2));
	struct u256 again;

	return sqlite3_column_int64(s, 2) >= 0 &&
	       u256_div_ceil_u64(&again, u256_of(pico), (uint64_t)sqlite3_column_int64(s, 3)) &&
	       u256_cmp(again, units) == 0;
}

static struct u256 audit_charged(sqlite3 *db, const char *fragment, bool *ok)
{
	struct u256 sum = U256_ZERO;
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(db,
			       "SELECT cost_asset, cost_pico, forgone_pico, rate_pico FROM usage "
			       "WHERE state = 1 AND cost_asset IS NOT NULL AND fragment = ?1",
			       -1, &s, NULL) != SQLITE_OK)
		abort();
	sqlite3_bind_text(s, 1, fragment, -1, SQLITE_STATIC);
	while (sqlite3_step(s) == SQLITE_ROW) {
		struct u256 units = audit_amount(s, 0);

		audit_add(&sum, units);
		if (!audit_bill(s, units)) {
			printf("# %s: a bill that its row does not explain\n", fragment);
			*ok = false;
		}
	}
	sqlite3_finalize(s);
	return sum;
}

/* Of one payer whose channel never changed its epoch. @vfs NULL: the default one. */
static bool audit(struct audit *a, const char *path, const char *vfs)
{
	static const char broken[] =
		"SELECT count(*) FROM sub_channel AS s WHERE "
		"(lease_owner IS NOT NULL AND pending_epoch IS NOT NULL) OR "
		"(signed_nonce IS NOT NULL AND NOT EXISTS (SELECT 1 FROM voucher AS v "
		"WHERE v.channel_id = s.channel_id AND v.fragment = s.fragment "
		"AND v.epoch = s.signed_epoch AND v.nonce = s.signed_nonce "
		"AND v.amount = s.signed_amount)) OR "
		"EXISTS (SELECT 1 FROM voucher AS v WHERE v.channel_id = s.channel_id "
		"AND v.fragment = s.fragment AND (s.signed_nonce IS NULL "
		"OR v.nonce > s.signed_nonce OR v.amount > s.signed_amount))";
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;
	bool ok = true;

	memset(a, 0, sizeof *a);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, vfs) != SQLITE_OK ||
	    sqlite3_prepare_v2(
		    db,
		    "SELECT fragment, signed_amount, pending_amount, pending_cost FROM sub_channel",
		    -1, &s, NULL) != SQLITE_OK) {
		printf("# audit: %s\n", sqlite3_errmsg(db));
		sqlite3_close(db);
		return false;
	}
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *fragment = (const char *)sqlite3_column_text(s, 0);
		struct u256 is = audit_amount(s, 1), charged = audit_charged(db, fragment, &ok);

		if (sqlite3_column_type(s, 2) != SQLITE_NULL)
			is = audit_amount(s, 2);
		a->subchannels++;
		audit_add(&a->charged, charged);
		audit_add(&a->proposed, is);
		if (u256_cmp(is, charged)) {
			char x[U256_TEXT], y[U256_TEXT];

			u256_format(x, is);
			u256_format(y, charged);
			printf("# %s: proposed or signed %s, charged %s\n", fragment, x, y);
			ok = false;
		}
	}
	sqlite3_finalize(s);
	a->vouchers = audit_count(db, "SELECT count(*) FROM voucher");
	a->done = audit_count(db, "SELECT count(*) FROM usage WHERE state = 1 AND outcome = 1");
	a->lost = audit_count(db, "SELECT count(*) FROM usage WHERE state = 2");
	a->open = audit_count(db, "SELECT count(*) FROM usage WHERE state = 0");
	if (audit_count(db, broken)) {
		printf("# a sub-channel and its vouchers contradict each other\n");
		ok = false;
	}
	sqlite3_close(db);
	return ok;
}

#endif
