/* SPDX-License-Identifier: Apache-2.0 */
/* The statements of a connection: prepared once, bound and read by name. */
#include "config.h"

#include <assert.h>

#include "store/conn.h"
#include "util/log.h"

static const struct {
	const char *name, *roles, *text;
} catalogue[STMT_COUNT] = {
#define STMT(id, roles, sql) { #id, roles, sql },
#include "store/stmts.def"
#undef STMT
};

/* In the order of enum store_role. */
static const char role_letters[] = "GSADW";

static void bug(const struct stmt *s, const char *what, const char *detail)
{
	log_error("statement %s: %s %s", catalogue[s->id].name, what, detail);
	abort();
}

struct stmt *stmt_get(struct store_conn *c, enum stmt_id id)
{
	struct stmt *s = &c->stmt[id];

	if (!s->s) {
		*s = (struct stmt){ .c = c, .id = id };
		if (!strchr(catalogue[id].roles, role_letters[c->role]))
			bug(s, "is not for role", (const char[]){ role_letters[c->role], '\0' });
		if (sqlite3_prepare_v3(c->db, catalogue[id].text, -1, SQLITE_PREPARE_PERSISTENT,
				       &s->s, NULL) != SQLITE_OK)
			bug(s, "does not compile:", sqlite3_errmsg(c->db));
	}
	if (s->busy)
		bug(s, "is in use", "");
	s->busy = true;
	s->param = s->col = 0;
	c->busy++;
	return s;
}

void stmt_done(struct stmt *s)
{
	sqlite3_reset(s->s);
	sqlite3_clear_bindings(s->s);
	s->c->busy -= s->busy;
	s->busy = false;
}

/* ---- parameters ---- */

static int param(struct stmt *s, const char *name)
{
	int n = sqlite3_bind_parameter_count(s->s);

	assert(s->busy);
	for (int i = 0; i < n; i++) {
		int at = (s->param + i) % n + 1;

		if (!strcmp(sqlite3_bind_parameter_name(s->s, at) + 1, name)) {
			s->param = at;
			return at;
		}
	}
	bug(s, "has no parameter", name);
	return 0;
}

static void bound(struct stmt *s, const char *name, int rc)
{
	/* Memory apart, it can only fail when the statement runs already. */
	if (rc != SQLITE_OK)
		bug(s, "takes no value for", name);
}

void stmt_bind_i64(struct stmt *s, const char *name, int64_t v)
{
	bound(s, name, sqlite3_bind_int64(s->s, param(s, name), v));
}

void stmt_bind_text(struct stmt *s, const char *name, struct str v)
{
	bound(s, name,
	      sqlite3_bind_text64(s->s, param(s, name), v.p ? v.p : "", v.len, SQLITE_STATIC,
				  SQLITE_UTF8));
}

void stmt_bind_blob(struct stmt *s, const char *name, const void *p, size_t n)
{
	bound(s, name, sqlite3_bind_blob64(s->s, param(s, name), p ? p : "", n, SQLITE_STATIC));
}

void stmt_bind_null(struct stmt *s, const char *name)
{
	bound(s, name, sqlite3_bind_null(s->s, param(s, name)));
}

int stmt_bind_u64(struct stmt *s, const char *name, uint64_t v, struct gw_err *e)
{
	if (v > INT64_MAX)
		return gw_fail(e, GWE_BAD_REQUEST, 0, "%s is larger than 9223372036854775807",
			       name);
	stmt_bind_i64(s, name, (int64_t)v);
	return 0;
}

/* ---- steps and columns ---- */

int stmt_step(struct stmt *s, struct gw_err *e)
{
	int rc = sqlite3_step(s->s);

	assert(s->busy);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	return conn_fail(s->c, rc, catalogue[s->id].name, e);
}

int stmt_run(struct stmt *s, int64_t *changed, struct gw_err *e)
{
	int r;

	while ((r = stmt_step(s, e)) == 1)
		;
	if (r == 0 && changed)
		*changed = sqlite3_changes64(s->c->db);
	stmt_done(s);
	return r;
}

/* Not with RETURNING: for that SQLite keeps the rows until the end, and pages in case of a failure. */
int stmt_insert(struct stmt *s, int64_t *id, struct gw_err *e)
{
	int rc = stmt_run(s, NULL, e);

	if (rc == 0)
		*id = sqlite3_last_insert_rowid(s->c->db);
	return rc;
}

static int column(struct stmt *s, const char *col)
{
	int n = sqlite3_column_count(s->s);

	assert(s->busy);
	for (int i = 0; i < n; i++) {
		int at = (s->col + i) % n;

		if (!strcmp(sqlite3_column_name(s->s, at), col)) {
			s->col = at;
			return at;
		}
	}
	bug(s, "has no column", col);
	return -1;
}

int64_t stmt_i64(struct stmt *s, const char *col)
{
	int at = column(s, col);

	/* Unknown is never zero. */
	if (sqlite3_column_type(s->s, at) == SQLITE_NULL)
		bug(s, "gave no value for", col);
	return sqlite3_column_int64(s->s, at);
}

uint64_t stmt_u64(struct stmt *s, const char *col)
{
	int64_t v = stmt_i64(s, col);

	if (v < 0)
		bug(s, "gave a negative", col);
	return (uint64_t)v;
}

struct str stmt_text(struct stmt *s, const char *col)
{
	int at = column(s, col);
	const void *p = sqlite3_column_text(s->s, at);

	return (struct str){ p, (size_t)sqlite3_column_bytes(s->s, at) };
}

struct str stmt_blob(struct stmt *s, const char *col)
{
	int at = column(s, col);
	const void *p = sqlite3_column_blob(s->s, at);

	return (struct str){ p, (size_t)sqlite3_column_bytes(s->s, at) };
}

bool stmt_is_null(struct stmt *s, const char *col)
{
	return sqlite3_column_type(s->s, column(s, col)) == SQLITE_NULL;
}
