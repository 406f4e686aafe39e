/* SPDX-License-Identifier: Apache-2.0 */
/* The schema: made and upgraded in one transaction, compared at every start. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "store/conn.h"
#include "util/buf.h"
#include "util/clock.h"

struct migration {
	const char *name; /* of the file: its number is the digits at its head */
	const char *text;
	size_t len;
};

#include "store/migrations.inc"

#define LIST(a) \
	{ \
		a, sizeof a / sizeof a[0] \
	}
static const struct {
	const struct migration *list;
	size_t n;
} schemas[SCHEMA_COUNT] = {
	[SCHEMA_GATEWAY] = LIST(gateway_migrations),
	[SCHEMA_DEVNODE] = LIST(devnode_migrations),
	[SCHEMA_WALLET] = LIST(wallet_migrations),
};

int store_schema_number(enum store_schema schema)
{
	return (int)schemas[schema].n;
}

static void digest(char hex[65], const struct migration *m)
{
	uint8_t d[32];

	hash_sha256(d, m->text, m->len);
	hex_encode(hex, d, sizeof d);
}

static int unreadable(struct store_conn *c, const char *path, struct gw_err *e)
{
	gw_fail(e, GWE_CONFIG, sqlite3_extended_errcode(c->db),
		"the database %s cannot be read: %s", path, sqlite3_errmsg(c->db));
	return -1; /* the analyser does not know what gw_fail returns */
}

/* Is it an empty file, or one that has migrations? */
static int look(struct store_conn *c, const char *path, bool *empty, struct gw_err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(c->db, own_text[OWN_TABLES], -1, &s, NULL);
	bool row = rc == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW, ours = false;

	if (row) {
		*empty = sqlite3_column_int(s, 0) == 0;
		ours = sqlite3_column_int(s, 1) == 1;
	}
	sqlite3_finalize(s);
	if (!row)
		return unreadable(c, path, e);
	if (!*empty && !ours)
		return gw_fail(e, GWE_CONFIG, 0, "%s is the database of another program", path);
	return 0;
}

/* Number of the newest migration of the file; 0: none; -1: not to be read. */
static int newest(struct store_conn *c, const char *path, enum store_schema schema,
		  struct gw_err *e)
{
	sqlite3_stmt *s = NULL;
	int number = 0, rc;
	bool empty;

	if (look(c, path, &empty, e))
		return -1;
	if (empty)
		return 0;
	rc = sqlite3_prepare_v2(c->db, own_text[OWN_MIGRATIONS], -1, &s, NULL);
	if (rc != SQLITE_OK)
		return unreadable(c, path, e);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		const char *was = (const char *)sqlite3_column_text(s, 1);
		char now[65];

		number = sqlite3_column_int(s, 0);
		if (number < 1 || (size_t)number > schemas[schema].n)
			continue;
		digest(now, &schemas[schema].list[number - 1]);
		if (!was || strcmp(was, now)) {
			sqlite3_finalize(s);
			return gw_fail(
				e, GWE_CONFIG, 0,
				"the database %s was made with another form of migration %d (%s): it belongs "
				"to another program, or another version of this one",
				path, number, schemas[schema].list[number - 1].name);
		}
	}
	sqlite3_finalize(s);
	if (rc != SQLITE_DONE)
		return gw_fail(e, GWE_CONFIG, rc, "the database %s cannot be read: %s", path,
			       sqlite3_errstr(rc & 0xff));
	return number;
}

static int too_new(const char *path, int number, enum store_schema schema, struct gw_err *e)
{
	return gw_fail(
		e, GWE_CONFIG, 0,
		"the database %s has schema %d, newer than this program's %d; use the newer program",
		path, number, store_schema_number(schema));
}

int migrate_check(struct store_conn *c, const char *path, enum store_schema schema,
		  struct gw_err *e)
{
	int number = newest(c, path, schema, e);

	if (number < 0)
		return -1;
	if (number > store_schema_number(schema))
		return too_new(path, number, schema, e);
	if (number == 0)
		return gw_fail(e, GWE_CONFIG, 0,
			       "the database %s is empty; `llm-gateway migrate` makes its tables",
			       path);
	if (number < store_schema_number(schema))
		return gw_fail(
			e, GWE_CONFIG, 0,
			"the database %s has schema %d, this program needs %d; stop the gateway, make a copy "
			"of the file, and run `llm-gateway migrate`",
			path, number, store_schema_number(schema));
	return 0;
}

static int note(struct store_conn *c, int number, const struct migration *m)
{
	sqlite3_stmt *s = NULL;
	char hex[65];
	int rc = sqlite3_prepare_v2(c->db, own_text[OWN_MIGRATED], -1, &s, NULL);

	digest(hex, m);
	if (rc == SQLITE_OK) {
		sqlite3_bind_int(s, 1, number);
		sqlite3_bind_text(s, 2, m->name, -1, SQLITE_STATIC);
		sqlite3_bind_text(s, 3, hex, -1, SQLITE_STATIC);
		sqlite3_bind_int64(s, 4, clock_wall_ms());
		sqlite3_bind_text(s, 5, PACKAGE_VERSION, -1, SQLITE_STATIC);
		rc = sqlite3_step(s);
	}
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int apply(struct store_conn *c, const char *path, enum store_schema schema, int from,
		 struct gw_err *e)
{
	for (int i = from; i < store_schema_number(schema); i++) {
		const struct migration *m = &schemas[schema].list[i];
		int rc = sqlite3_exec(c->db, m->text, NULL, NULL, NULL);

		if (rc == SQLITE_OK)
			rc = note(c, i + 1, m);
		if (rc != SQLITE_OK)
			return gw_fail(e, GWE_CONFIG, rc, "%s: migration %s: %s", path, m->name,
				       sqlite3_errmsg(c->db));
	}
	return 0;
}

/*
 * What is in it is nobody else's business, and SQLite would ask the umask only. Made by root, it
 * belongs to whom its directory belongs, or the gateway could not write it.
 */
static int make_file(const char *path, enum store_schema schema, struct gw_err *e)
{
	const char *slash = strrchr(path, '/');
	char dir[4096] = ".";
	struct stat st;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
		      schema == SCHEMA_WALLET ? 0600 : 0660);
	int rc = 0;

	if (fd < 0)
		return errno == EEXIST
			       ? 0
			       : gw_fail(e, GWE_CONFIG, errno, "cannot make the database %s: %s",
					 path, strerror(errno));
	if (slash)
		snprintf(dir, sizeof dir, "%.*s", (int)(slash - path + 1), path);
	if (!geteuid() && !stat(dir, &st) && fchown(fd, st.st_uid, st.st_gid))
		rc = gw_fail(e, GWE_CONFIG, errno,
			     "cannot give the database %s to the owner of its directory: %s", path,
			     strerror(errno));
	close(fd);
	return rc;
}

/* In a transaction. */
static int upgrade(struct store_conn *c, const char *path, enum store_schema schema, bool *made,
		   struct gw_err *e)
{
	int number = newest(c, path, schema, e);

	if (number < 0)
		return -1;
	if (number > store_schema_number(schema))
		return too_new(path, number, schema, e);
	*made = number == 0;
	if (apply(c, path, schema, number, e))
		return -1;
	if (conn_exec(c, OWN_COMMIT) != SQLITE_OK)
		return gw_fail(e, GWE_CONFIG, sqlite3_extended_errcode(c->db),
			       "cannot write the database %s: %s", path, sqlite3_errmsg(c->db));
	return 0;
}

static int migrate_file(struct store_conn *c, const char *path, enum store_schema schema,
			bool only_if_missing, bool *made, struct gw_err *e)
{
	bool empty = false;

	/* Somebody else's file stays as it is. */
	if (look(c, path, &empty, e))
		return -1;
	if (only_if_missing && !empty)
		return 0;
	if (conn_use_wal(c, path, e))
		return -1;
	if (conn_exec(c, OWN_BEGIN) != SQLITE_OK)
		return gw_fail(e, GWE_CONFIG, sqlite3_extended_errcode(c->db),
			       "cannot write the database %s: %s", path, sqlite3_errmsg(c->db));
	return upgrade(c, path, schema, made, e);
}

int store_migrate(const char *path, enum store_schema schema, bool only_if_missing, bool *made,
		  struct gw_err *e)
{
	struct store_conn *c = NULL;
	int rc;

	*made = false;
	conn_global();
	if (make_file(path, schema, e))
		return -1;
	if (conn_open(&c, path, STORE_ADMIN, CONN_CREATE, 10000, e)) {
		if (e)
			gw_fail(e, GWE_CONFIG, e->sys, "cannot open the database %s: %s", path,
				sqlite3_errstr(e->sys & 0xff));
		return -1;
	}
	rc = migrate_file(c, path, schema, only_if_missing, made, e);
	/* Closing without a commit undoes all of it. */
	conn_close(c);
	return rc;
}

int store_schema_dump(enum store_schema schema, struct buf *out, struct gw_err *e)
{
	struct store_conn *c = NULL;
	sqlite3_stmt *s = NULL;
	int rc;

	if (conn_open(&c, ":memory:", STORE_ADMIN, CONN_CREATE, 0, e))
		return -1;
	if (apply(c, "(memory)", schema, 0, e)) {
		conn_close(c);
		return -1;
	}
	rc = sqlite3_prepare_v2(c->db, own_text[OWN_SCHEMA], -1, &s, NULL);
	while (rc == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		buf_addf(out, "\n%s;\n", (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	conn_close(c);
	return rc == SQLITE_OK && !out->failed
		       ? 0
		       : gw_fail(e, GWE_INTERNAL, rc, "the schema cannot be read");
}
