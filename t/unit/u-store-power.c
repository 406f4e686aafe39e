/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store: the power fails at every single write and sync. What was acknowledged is there when the
 * machine comes up again, nothing is there in part, and a half-made database can be made anew.
 */
#include "config.h"

#include <unistd.h>

#include "faultvfs.h"
#include "store/store.h"
#include "store/usage_rows.h"
#include "tap.h"
#include "util/log.h"

enum { WRITES = 5, EVENTS_MAX = 4000 };

static char dir[] = "/tmp/u-power.XXXXXX", path[64], found[64], base[64];

static int start(struct store_conn *c, const char *owner, int n, struct gw_err *e)
{
	char request[32];
	struct usage_start u = { .did = STR_LIT("did:rooch:x"),
				 .provider = STR_LIT("openai"),
				 .api = STR_LIT("chat"),
				 .method = STR_LIT("POST"),
				 .path = STR_LIT("/"),
				 .owner = str_c(owner),
				 .started_ms = n,
				 .lease_until_ms = 1 };
	int64_t id;

	snprintf(request, sizeof request, "%s-%d", owner, n);
	u.request_id = str_c(request);
	return usage_start_tx(c, &u, &id, e);
}

/* Two rows and their lease: together or not at all. */
static int write_pair(struct store_conn *c, void *arg, struct gw_err *e)
{
	int n = *(int *)arg;

	return start(c, "a", n, e) || start(c, "b", n, e) ? -1 : 0;
}

static int64_t ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int64_t v = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		v = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return v;
}

/* Writes until the power fails; how many were acknowledged. */
static int write_all(void)
{
	struct store_options o = { .path = path, .role = STORE_GATEWAY };
	struct store *st;
	struct gw_err e;
	int told = 0;

	if (store_open(&st, &o, &e))
		return 0;
	for (int n = 0; n < WRITES; n++) {
		if (store_write(st, "pair", write_pair, &n, &e))
			break;
		told++;
	}
	store_close(st);
	return told;
}

/* Is all of @told there, nothing in part, and at most one that was in work? */
static bool whole(int told, enum survivor how)
{
	char sql[256];
	sqlite3 *db = NULL;
	int64_t a = -1, all = -1;
	bool ok = false;

	faultvfs_survivors(path, found, how);
	if (sqlite3_open_v2(found, &db, SQLITE_OPEN_READWRITE, "unix") == SQLITE_OK) {
		snprintf(sql, sizeof sql,
			 "SELECT count(*) FROM usage AS x JOIN usage AS y USING (started_ms) "
			 "WHERE x.owner = 'a' AND y.owner = 'b' AND started_ms < %d",
			 told);
		a = ask(db, sql);
		all = ask(db, "SELECT count(*) FROM usage");
		ok = a == told && all % 2 == 0 && all / 2 <= told + 1 &&
		     ask(db, "SELECT count(*) FROM pragma_integrity_check "
			     "WHERE integrity_check <> 'ok'") == 0 &&
		     ask(db, "SELECT count(DISTINCT started_ms) * 2 = count(*) FROM usage") == 1 &&
		     ask(db, "SELECT count(*) FROM process_lease") == (all ? 2 : 0);
	}
	if (!ok)
		printf("# acknowledged %d, found %d of them and %d rows in all: %s\n", told, (int)a,
		       (int)all, sqlite3_errmsg(db));
	sqlite3_close(db);
	return ok;
}

static void copy(const char *from, const char *to)
{
	char part[4096];
	size_t n;
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");

	assert(in && out);
	while ((n = fread(part, 1, sizeof part, in)) > 0)
		if (fwrite(part, 1, n, out) != n)
			abort();
	fclose(in);
	fclose(out);
}

static void fresh(void)
{
	char name[80];

	snprintf(name, sizeof name, "%s-wal", path);
	unlink(name);
	snprintf(name, sizeof name, "%s-shm", path);
	unlink(name);
	copy(base, path);
}

static void check_writes(void)
{
	unsigned at = 0, bad = 0, in_work = 0;
	int told = 0;
	bool dead = true;

	for (; dead && at < EVENTS_MAX; at++) {
		fresh();
		faultvfs_set(FAULT_POWER, at, at + 1);
		told = write_all();
		dead = faultvfs_dead();
		in_work += told > 0 && told < WRITES;
		for (int how = 0; how < SURVIVORS; how++)
			bad += !whole(told, (enum survivor)how);
	}
	OK(!dead && told == WRITES, "without a cut all %d writes are acknowledged", WRITES);
	OK(at > 30 && in_work > 10, "the power failed at %u places, %u of them between writes",
	   at - 1, in_work);
	OK(bad == 0, "what was acknowledged is there, and nothing in part");
}

/* A cut while the database is made: afterwards it can be made, or is there. */
static void check_making(void)
{
	struct store_options o = { .path = found, .role = STORE_GATEWAY };
	unsigned at = 0, bad = 0;
	bool dead = true;

	for (; dead && at < EVENTS_MAX; at++) {
		struct gw_err e;
		bool made;
		int rc;

		fresh();
		unlink(path);
		faultvfs_set(FAULT_POWER, at, at + 1);
		rc = store_migrate(path, SCHEMA_GATEWAY, true, &made, &e);
		dead = faultvfs_dead();
		for (int how = 0; how < SURVIVORS; how++) {
			struct store *st = NULL;

			faultvfs_survivors(path, found, (enum survivor)how);
			if (!rc && store_open(&st, &o, &e)) {
				printf("# made, cut at %u, and lost: %s\n", at, e.pub);
				bad++;
			}
			store_close(st);
			if (access(found, F_OK)) /* the name itself did not last */
				continue;
			faultvfs_change(FAULT_NONE, 0, 0);
			fv.dead = false;
			if (store_migrate(found, SCHEMA_GATEWAY, true, &made, &e) ||
			    store_open(&st, &o, &e)) {
				printf("# cut at %u, survivor %d: %s\n", at, how, e.pub);
				bad++;
			} else {
				store_close(st);
			}
		}
	}
	OK(!dead, "without a cut the database is made");
	OK(at > 10 && bad == 0, "cut at %u places it is whole, or can be made again", at - 1);
}

int main(void)
{
	/* That nothing can be written is said each time. */
	const struct log_options quiet = { .target = LOG_TO_FILE, .path = "/dev/null" };
	struct gw_err e;
	bool made;

	if (log_open(&quiet, &e) || !mkdtemp(dir))
		abort();
	snprintf(path, sizeof path, "%s/gateway.db", dir);
	snprintf(found, sizeof found, "%s/found.db", dir);
	snprintf(base, sizeof base, "%s/base.db", dir);
	if (store_migrate(base, SCHEMA_GATEWAY, true, &made, &e))
		abort();
	faultvfs_install();
	check_writes();
	check_making();
	faultvfs_set(FAULT_NONE, 0, 0);
	for (const char *const *n =
		     (const char *const[]){ "gateway.db", "found.db", "base.db", NULL };
	     *n; n++)
		for (const char *const *r =
			     (const char *const[]){ "", "-wal", "-shm", "-journal", NULL };
		     *r; r++) {
			char name[128];

			snprintf(name, sizeof name, "%s/%s%s", dir, *n, *r);
			unlink(name);
		}
	OK(!rmdir(dir), "nothing else was left behind");
	return TAP_END;
}
