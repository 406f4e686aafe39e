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

/* Number of the newest migration of the file; 0: none; -1: not to be read. */
static int newest(struct store_conn *c, const char *path, enum store_schema schema,
		  struct gw_err *e)
{
	sqlite3_stmt *s = NULL;
	int number = 0, rc;

	rc = sqlite3_prepare_v2(c->db, own_text[OWN_HAS_MIGRATIONS], -1, &s, NULL);
	if (rc == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW && !sqlite3_column_int(s, 0)) {
		sqlite3_finalize(s);
		return 0;
	}
	sqlite3_finalize(s);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(c->db, own_text[OWN_MIGRATIONS], -1, &s, NULL);
	if (rc != SQLITE_OK)
		return gw_fail(e, GWE_CONFIG, rc, "the database %s cannot be read: %s", path,
			       sqlite3_errmsg(c->db));
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
				"the database %s was made with another form of migration %d (%s); use the "
				"program that made it",
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
			       "%s is no database of this program; `llm-gateway migrate` makes one",
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

int store_migrate(const char *path, enum store_schema schema, bool only_if_missing, bool *made,
		  struct gw_err *e)
{
	struct store_conn *c = NULL;
	struct stat st;
	int fd, number, rc;

	*made = stat(path, &st) != 0;
	if (!*made && only_if_missing && st.st_size > 0)
		return 0;
	/* What is in it is nobody else's business, and SQLite would ask the umask only. */
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
	if (fd < 0)
		return gw_fail(e, GWE_CONFIG, errno, "cannot make the database %s: %s", path,
			       strerror(errno));
	close(fd);
	if (conn_open(&c, path, STORE_ADMIN, CONN_CREATE, 10000, e))
		return gw_fail(e, GWE_CONFIG, e ? e->sys : 0, "cannot open the database %s", path);
	if (conn_exec(c, OWN_WAL) != SQLITE_OK || conn_exec(c, OWN_BEGIN) != SQLITE_OK) {
		gw_fail(e, GWE_CONFIG, sqlite3_errcode(c->db), "cannot write the database %s: %s",
			path, sqlite3_errmsg(c->db));
		conn_close(c);
		return -1;
	}
	number = newest(c, path, schema, e);
	rc = number < 0				    ? -1
	     : number > store_schema_number(schema) ? too_new(path, number, schema, e)
						    : apply(c, path, schema, number, e);
	if (!rc && conn_exec(c, OWN_COMMIT) != SQLITE_OK)
		rc = gw_fail(e, GWE_CONFIG, sqlite3_errcode(c->db),
			     "cannot write the database %s: %s", path, sqlite3_errmsg(c->db));
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
