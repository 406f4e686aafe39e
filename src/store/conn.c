/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "store/conn.h"

#include <assert.h>
#include <errno.h>
#include <time.h>

#include "util/clock.h"
#include "util/log.h"

const char *const own_text[OWN_COUNT] = {
#define OWN(id, text) text,
#include "store/stmts_own.def"
#undef OWN
};

enum store_schema conn_schema(enum store_role role)
{
	switch (role) {
	case STORE_GATEWAY:
	case STORE_SETTLE:
	case STORE_ADMIN:
		return SCHEMA_GATEWAY;
	case STORE_DEVNODE:
		return SCHEMA_DEVNODE;
	case STORE_WALLET:
		return SCHEMA_WALLET;
	}
	abort();
}

int conn_fail(struct store_conn *c, int code, const char *what, struct gw_err *e)
{
	const char *why = c && c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(code);

	switch (code & 0xff) {
	case SQLITE_NOMEM:
		log_error("out of memory in the store: %s", what);
		abort();
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_PROTOCOL:
	case SQLITE_INTERRUPT:
		return gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, code, "store: %s: %s", what, why);
	default:
		return gw_fail_priv(e, GWE_INTERNAL, code, "store: %s: %s", what, why);
	}
}

void conn_global(void)
{
	/* The count of bytes in use is behind one lock for all threads. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int conn_exec(struct store_conn *c, enum own_text t)
{
	return sqlite3_exec(c->db, own_text[t], NULL, NULL, NULL);
}

int conn_do(struct store_conn *c, enum own_text t)
{
	int rc;

	if (!c->own[t]) {
		rc = sqlite3_prepare_v3(c->db, own_text[t], -1, SQLITE_PREPARE_PERSISTENT,
					&c->own[t], NULL);
		if (rc != SQLITE_OK)
			return rc;
	}
	sqlite3_step(c->own[t]);
	return sqlite3_reset(c->own[t]);
}

int conn_use_wal(struct store_conn *c, const char *path, struct gw_err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(c->db, own_text[OWN_WAL], -1, &s, NULL);
	bool on = false;

	if (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW)
		on = !strcmp((const char *)sqlite3_column_text(s, 0), "wal");
	sqlite3_finalize(s);
	if (on)
		return 0;
	if (rc == SQLITE_ROW)
		return gw_fail(
			e, GWE_CONFIG, 0,
			"the database %s cannot have a write-ahead log; its directory has to "
			"be on a local disk",
			path);
	return gw_fail(e, GWE_CONFIG, rc, "cannot write the database %s: %s", path,
		       sqlite3_errmsg(c->db));
}

void conn_settle(struct store_conn *c)
{
	for (int i = 0; i < STMT_COUNT && c->busy; i++)
		if (c->stmt[i].busy)
			stmt_done(&c->stmt[i]);
}

/* SQLite's own handler sleeps for up to 100 ms; a group commit takes one. */
static int busy(void *arg, int tries)
{
	const struct store_conn *c = arg;
	long us = tries < 20 ? 200 : tries < 60 ? 1000 : 5000;
	struct timespec t = { 0, us * 1000 };
	/* The sum of the sleeps so far: 20 x 0.2 ms, 40 x 1 ms, then 5 ms each. */
	int slept_ms = tries < 20 ? tries / 5 : tries < 60 ? 4 + tries - 20 : 44 + (tries - 60) * 5;

	if (slept_ms >= c->busy_timeout_ms)
		return 0;
	nanosleep(&t, NULL);
	return 1;
}

/* Tables that a role never writes. The schema itself and attached files are nobody's. */
static bool may_write(enum store_role role, const char *table)
{
	static const char *const gateway_not[] = {
		"claim",      "claim_history", "settlement",	 "settle_alarm",
		"settle_run", "migration",     "price_override", "price_override_history",
		NULL
	};
	static const char *const settle_not[] = { "migration", "price_override",
						  "price_override_history", NULL };
	static const char *const admin_not[] = { "claim",	 "claim_history", "settlement",
						 "settle_alarm", "settle_run",	  "migration",
						 "voucher",	 "sub_channel",	  NULL };
	static const char *const others_not[] = { "migration", NULL };
	const char *const *denied = role == STORE_GATEWAY  ? gateway_not
				    : role == STORE_SETTLE ? settle_not
				    : role == STORE_ADMIN  ? admin_not
							   : others_not;

	if (!strncmp(table, "sqlite_", 7))
		return false;
	for (; *denied; denied++)
		if (!strcmp(*denied, table))
			return false;
	return true;
}

static int authorize(void *arg, int action, const char *a, const char *b, const char *db,
		     const char *trigger)
{
	const struct store_conn *c = arg;

	(void)b;
	(void)db;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_FUNCTION:
	case SQLITE_TRANSACTION:
	case SQLITE_SAVEPOINT:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_INSERT:
	case SQLITE_UPDATE:
	case SQLITE_DELETE:
		return may_write(c->role, a) ? SQLITE_OK : SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

int conn_open(struct store_conn **out, const char *path, enum store_role role, enum conn_use use,
	      int busy_timeout_ms, struct gw_err *e)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE |
		    (use == CONN_CREATE ? SQLITE_OPEN_CREATE : 0);
	struct store_conn *c = calloc(1, sizeof *c);
	int rc;

	if (!c)
		return gw_fail_priv(e, GWE_INTERNAL, ENOMEM, "out of memory");
	c->role = role;
	c->busy_timeout_ms = busy_timeout_ms > 0 ? busy_timeout_ms : 5000;
	rc = sqlite3_open_v2(path, &c->db, flags, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_extended_result_codes(c->db, 1);
		sqlite3_busy_handler(c->db, busy, c);
		sqlite3_db_config(c->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 128, 64);
		sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		rc = conn_exec(c, use == CONN_READ ? OWN_SETUP_READ : OWN_SETUP_WRITE);
	}
	if (rc != SQLITE_OK) {
		conn_fail(c, rc, path, e);
		conn_close(c);
		return -1;
	}
	if (use == CONN_WRITE && conn_use_wal(c, path, e)) {
		conn_close(c);
		return -1;
	}
	if (use != CONN_CREATE)
		sqlite3_set_authorizer(c->db, authorize, c);
	*out = c;
	return 0;
}

void conn_close(struct store_conn *c)
{
	if (!c)
		return;
	for (int i = 0; i < STMT_COUNT; i++)
		sqlite3_finalize(c->stmt[i].s);
	for (int i = 0; i < OWN_COUNT; i++)
		sqlite3_finalize(c->own[i]);
	sqlite3_close(c->db);
	free(c);
}
