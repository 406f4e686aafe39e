/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn - a connection with its statements; what the modules of the store share.
 *
 * Layer:   store (private to it)
 * Threads: a connection is used by one thread at a time
 */
#ifndef GW_STORE_CONN_H
#define GW_STORE_CONN_H

#include <sqlite3.h>

#include "store/store.h"

struct stmt {
	sqlite3_stmt *s;
	struct store_conn *c;
	enum stmt_id id;
	bool busy;	/* handed out */
	/* where the search begins: behind the last parameter, at the last column (is it NULL? what is it?) */
	int param, col;
};

/* What the store itself says to SQLite, see stmts_own.def. */
enum own_text {
#define OWN(id, text) OWN_##id,
#include "store/stmts_own.def"
#undef OWN
	OWN_COUNT
};
extern const char *const own_text[OWN_COUNT];

struct store_conn {
	sqlite3 *db;
	enum store_role role;
	int busy_timeout_ms;
	unsigned busy;		      /* statements that are handed out */
	struct stmt stmt[STMT_COUNT]; /* prepared at first use */
	sqlite3_stmt *own[OWN_COUNT]; /* the same, for conn_do */
};

/* Settings of the library; has an effect before the first connection only. */
void conn_global(void);

enum conn_use { CONN_WRITE, CONN_READ, CONN_CREATE };
int conn_open(struct store_conn **out, const char *path, enum store_role role, enum conn_use use,
	      int busy_timeout_ms, struct gw_err *e) GW_MUST_CHECK;
void conn_close(struct store_conn *c);
/* The error of SQLite's @code as ours: SERVICE_UNAVAILABLE for what may pass or be mended, INTERNAL for
 * a bug; @what: for the log. */
int conn_fail(struct store_conn *c, int code, const char *what, struct gw_err *e);
/* Run a text that has no parameters and no result that matters; conn_do: one statement, prepared
 * once. 0 or SQLite's code. */
int conn_exec(struct store_conn *c, enum own_text t);
int conn_do(struct store_conn *c, enum own_text t);
/* Write-ahead log on, or a sentence why not (CONFIG). */
int conn_use_wal(struct store_conn *c, const char *path, struct gw_err *e) GW_MUST_CHECK;
/* Take back the statements that a function forgot to give back, so that the next one finds them. */
void conn_settle(struct store_conn *c);
enum store_schema conn_schema(enum store_role role);

/* migrate.c: is the file's schema ours? CONFIG with a sentence. */
int migrate_check(struct store_conn *c, const char *path, enum store_schema schema,
		  struct gw_err *e) GW_MUST_CHECK;

#endif
