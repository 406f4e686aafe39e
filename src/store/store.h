/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store - the SQLite file: roles, statements by name, group commit, migrations.
 *
 * One writer thread owns the only writing connection of a process. Callers hand it a function;
 * it runs many of them inside one BEGIN IMMEDIATE, commits once (synchronous FULL) and then lets all
 * callers return. A function that fails is undone alone: by a savepoint, or, where all may be run again, by
 * undoing all and running the others again.
 * Readers borrow a connection of a small pool.
 *
 * All SQL text is in store/stmts*.def: id, roles, text. Columns are read by name. What a role must
 * not touch is denied to its connections once more, by SQLite's authorizer.
 *
 * Rule:    design.md 5, style.md 10
 * Layer:   store; calls util
 * Threads: store_write from any thread but the writer, store_read from any
 */
#ifndef GW_STORE_STORE_H
#define GW_STORE_STORE_H

#include "util/str.h"

/* Each database file has one schema, each role works on one of them. */
enum store_schema { SCHEMA_GATEWAY, SCHEMA_DEVNODE, SCHEMA_WALLET, SCHEMA_COUNT };
enum store_role {
	STORE_GATEWAY, /* G: responders */
	STORE_SETTLE,  /* S: the settlement program */
	STORE_ADMIN,   /* A: the operator's command */
	STORE_DEVNODE, /* D: the development ledger */
	STORE_WALLET   /* W: the payer's command */
};

struct store;
struct store_options {
	const char *path;
	enum store_role role;
	bool read_only;	     /* reports: no writer thread */
	int busy_timeout_ms; /* default 5000 */
};
/* Refuses a missing file, an older and a newer schema with a sentence for the operator (CONFIG). */
int store_open(struct store **out, const struct store_options *o, struct gw_err *e) GW_MUST_CHECK;
/* Waits for queued writes. */
void store_close(struct store *st);

/*
 * Make or upgrade the schema, all or nothing. @made: out, true when the file was new. @only_if_missing:
 * leave a file that is there alone. CONFIG.
 */
int store_migrate(const char *path, enum store_schema schema, bool only_if_missing, bool *made,
		  struct gw_err *e) GW_MUST_CHECK;
int store_schema_number(enum store_schema schema); /* of this program */
/* The statements that make the schema of a database of this program, in order, as SQLite keeps them. */
struct buf;
int store_schema_dump(enum store_schema schema, struct buf *out, struct gw_err *e) GW_MUST_CHECK;

/* A place where statements can run: a transaction of the writer, or a reader. */
struct store_conn;

/*
 * Run @fn on the writer thread and wait until its work is durable. 0: committed. -1: @fn's own error
 * (undone), or the store's: SERVICE_UNAVAILABLE for busy, full disk, read-only, I/O error.
 * @fn must not block, call store_write, or keep @c. @name is for the log.
 */
typedef int (*store_fn)(struct store_conn *c, void *arg, struct gw_err *e);
int store_write(struct store *st, const char *name, store_fn fn, void *arg,
		struct gw_err *e) GW_MUST_CHECK;
/*
 * The same for a @fn that may be run several times, of which all but the last were undone: whatever it
 * leaves outside the database it sets anew each time. Cheaper than a savepoint.
 */
int store_write_repeatable(struct store *st, const char *name, store_fn fn, void *arg,
			   struct gw_err *e) GW_MUST_CHECK;
/*
 * Run @fn inside a read transaction, one look at the database, on a connection of a small pool. @fn
 * must not block or keep @c.
 */
int store_read(struct store *st, store_fn fn, void *arg, struct gw_err *e) GW_MUST_CHECK;

/* Statements: enum stmt_id from stmts.def (STMT_USAGE_START, ...). */
enum stmt_id {
#define STMT(id, roles, sql) STMT_##id,
#include "store/stmts.def"
#undef STMT
	STMT_COUNT
};
struct stmt;
/* Prepared once per connection, reset and unbound when handed out. Never NULL; a role
 * that may not use it, or SQL that does not compile, is a bug and aborts. */
struct stmt *stmt_get(struct store_conn *c, enum stmt_id id);
/* Parameters by name without the colon; an unknown name aborts. Bytes are borrowed until stmt_done. */
void stmt_bind_i64(struct stmt *s, const char *name, int64_t v);
void stmt_bind_text(struct stmt *s, const char *name, struct str v);
void stmt_bind_blob(struct stmt *s, const char *name, const void *p, size_t n);
void stmt_bind_null(struct stmt *s, const char *name);
/* u64 that does not fit SQLite's signed 64 bits: BAD_REQUEST, not wrapped. */
int stmt_bind_u64(struct stmt *s, const char *name, uint64_t v, struct gw_err *e) GW_MUST_CHECK;
/* 1 a row, 0 the end, -1 error (store's mapping). */
int stmt_step(struct stmt *s, struct gw_err *e) GW_MUST_CHECK;
/* Run to the end; @changed may be NULL. */
int stmt_run(struct stmt *s, int64_t *changed, struct gw_err *e) GW_MUST_CHECK;
/* The same for one that adds a row to a table with a key of its own; *id: that. */
int stmt_insert(struct stmt *s, int64_t *id, struct gw_err *e) GW_MUST_CHECK;
void stmt_done(struct stmt *s);
/* Columns by name; views live until the next step or done. */
int64_t stmt_i64(struct stmt *s, const char *col);
uint64_t stmt_u64(struct stmt *s, const char *col);
struct str stmt_text(struct stmt *s, const char *col);
struct str stmt_blob(struct stmt *s, const char *col);
bool stmt_is_null(struct stmt *s, const char *col);

#endif
