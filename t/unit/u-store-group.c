/* SPDX-License-Identifier: Apache-2.0 */
/* store: what happens inside one group of writes, when the disk is full or fails, and behind the walls. */
#include "config.h"

#include "store/store.c"

#include <semaphore.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "faultvfs.h"
#include "store/usage_rows.h"
#include "tap.h"
#include "util/clock.h"

enum { CROWD = 6, FAULTS_MAX = 200 };

static char dir[] = "/tmp/u-group.XXXXXX", path[64];

static struct store *open_as(enum store_role role)
{
	struct store_options o = { .path = path, .role = role };
	struct store *st = NULL;
	struct gw_err e;

	if (store_open(&st, &o, &e)) {
		printf("Bail out! %s\n", e.pub);
		exit(1);
	}
	return st;
}

/* ---- jobs ---- */

enum way { WELL, REFUSES, BREAKS_A_RULE, FORGETS, TALKS };
struct member {
	struct store *st;
	pthread_t thread;
	int n;
	enum way way;
	int rc, runs;
	struct gw_err e;
};
/* store_write, or the one whose jobs may be run again */
static int (*write_by)(struct store *st, const char *name, store_fn fn, void *arg,
		       struct gw_err *e) = store_write;

/* More than the connection's cache holds: it reaches the file before the commit. */
enum { LONG_PATH = 4 << 20 };
static const char *long_path(void)
{
	static const char letters[LONG_PATH] = { 'a' };

	return letters;
}

static int start(struct store_conn *c, int n, int64_t started_ms, bool talks, struct gw_err *e)
{
	struct usage_start u = { .request_id = STR_LIT("r"),
				 .did = STR_LIT("did:rooch:x"),
				 .provider = STR_LIT("openai"),
				 .api = STR_LIT("chat"),
				 .method = STR_LIT("POST"),
				 .path = { long_path(), talks ? LONG_PATH : 1 },
				 .owner = STR_LIT("1:1"),
				 .bound_pico = (uint64_t)n,
				 .started_ms = started_ms,
				 .now_ms = started_ms,
				 .lease_until_ms = 5000 };
	int64_t id;

	return usage_start_tx(c, &u, &id, e);
}

/* Two rows each. */
static int work(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct member *m = arg;

	m->runs++;
	if (start(c, m->n, 1000, m->way == TALKS, e) ||
	    start(c, m->n, m->way == BREAKS_A_RULE ? -1 : 1000, false, e))
		return -1;
	if (m->way == FORGETS)
		return stmt_step(stmt_get(c, STMT_LEASE_EXPIRED), e) < 0 ? -1 : 0;
	return m->way == REFUSES ? gw_fail(e, GWE_CONFLICT, 0, "on purpose") : 0;
}

static void *member(void *arg)
{
	struct member *m = arg;

	m->e.code = GWE_OK;
	m->runs = 0;
	m->rc = write_by(m->st, "work", work, m, &m->e);
	return NULL;
}

struct gate {
	sem_t entered, leave;
};

static int wait_at(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct gate *g = arg;

	(void)c;
	(void)e;
	sem_post(&g->entered);
	sem_wait(&g->leave);
	return 0;
}

struct gatekeeper {
	struct store *st;
	struct gate gate;
	pthread_t thread;
	int rc;
};

static void *keep(void *arg)
{
	struct gatekeeper *k = arg;
	struct gw_err e;

	k->rc = store_write(k->st, "gate", wait_at, &k->gate, &e);
	return NULL;
}

static void close_gate(struct gatekeeper *k, struct store *st)
{
	k->st = st;
	sem_init(&k->gate.entered, 0, 0);
	sem_init(&k->gate.leave, 0, 0);
	pthread_create(&k->thread, NULL, keep, k);
	sem_wait(&k->gate.entered);
}

static void open_gate(struct gatekeeper *k)
{
	sem_post(&k->gate.leave);
	pthread_join(k->thread, NULL);
}

static int queued(struct store *st)
{
	int n = 0;

	pthread_mutex_lock(&st->lock);
	for (struct job *j = st->first; j; j = j->next)
		n++;
	pthread_mutex_unlock(&st->lock);
	return n;
}

/* The crowd arrives while the writer is busy: the next group is all of it, in this order. */
static void enqueue(struct store *st, struct member *m, int n)
{
	for (int i = 0; i < n; i++) {
		m[i].st = st;
		m[i].n = i + 1;
		pthread_create(&m[i].thread, NULL, member, &m[i]);
		while (queued(st) <= i)
			sched_yield();
	}
}

static void leave(struct member *m, int n)
{
	for (int i = 0; i < n; i++)
		pthread_join(m[i].thread, NULL);
}

static void one_group(struct store *st, struct member *m, int n)
{
	struct gatekeeper k;

	close_gate(&k, st);
	enqueue(st, m, n);
	open_gate(&k);
	leave(m, n);
}

static int64_t ask(const char *sql)
{
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;
	int64_t v = -1;

	if (sqlite3_open(path, &db) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		v = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return v;
}

static void clear(void)
{
	sqlite3 *db = NULL;

	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, "DELETE FROM usage; DELETE FROM process_lease", NULL, NULL, NULL) !=
		    SQLITE_OK)
		abort();
	sqlite3_close(db);
}

static const char rows_of[] = "SELECT coalesce(sum(1 << 2 * bound_pico), 0) FROM usage";

/* ---- checks ---- */

static void check_group(void)
{
	struct member m[CROWD] = { { .way = WELL },    { .way = REFUSES },	 { .way = WELL },
				   { .way = FORGETS }, { .way = BREAKS_A_RULE }, { .way = WELL } };
	struct store *st = open_as(STORE_GATEWAY);

	/* The head of a new log has a sync of its own. */
	clear();
	faultvfs_change(FAULT_NONE, 0, 0);
	one_group(st, m, CROWD);
	OK(fv.syncs == 1, "six writes that waited go to the disk with one sync (%u)", fv.syncs);
	OK(!m[0].rc && !m[2].rc && !m[3].rc && !m[5].rc, "those that went well are acknowledged");
	OK(m[1].rc && m[1].e.code == GWE_CONFLICT, "one that refuses gets its own error");
	OK(m[4].rc && m[4].e.code == GWE_INTERNAL && strstr(m[4].e.priv, "CHECK"),
	   "one that breaks a rule of the schema, too: %s", m[4].e.priv);
	OK(ask(rows_of) == 2 * (1 << 2 | 1 << 6 | 1 << 8 | 1 << 12),
	   "the two are undone, wholly and alone");
	m[0].way = FORGETS;
	one_group(st, m, 1);
	OK(!m[0].rc, "a statement that was not given back does not stand in the way");
	store_close(st);
	clear();
}

static bool ran(const struct member *m, int runs)
{
	for (int i = 0; i < CROWD; i++)
		if (m[i].runs != runs)
			return false;
	return true;
}

/* The crowd with its last but one refusing, or not: those that went well are there, once. */
static bool crowd(struct store *st, struct member *m, bool refuses)
{
	const int64_t all = ((1 << 2 * (CROWD + 1)) - 4) / 3,
		      without = all - (1 << 2 * (CROWD - 1));

	memset(m, 0, CROWD * sizeof *m);
	m[CROWD - 2].way = refuses ? REFUSES : WELL;
	clear();
	one_group(st, m, CROWD);
	for (int i = 0; i < CROWD; i++)
		if ((m[i].rc != 0) != (refuses && i == CROWD - 2))
			return false;
	return ask(rows_of) == 2 * (refuses ? without : all);
}

static void check_repeated(void)
{
	struct store *st = open_as(STORE_GATEWAY);
	struct member m[CROWD];
	bool once = true;

	write_by = store_write_repeatable;
	OK(crowd(st, m, false) && ran(m, 1),
	   "jobs that may be run again are run once when all go well");
	OK(crowd(st, m, true) && m[0].runs == 2 && m[CROWD - 2].runs == 2 &&
		   m[CROWD - 1].runs == 1 && m[CROWD - 2].e.code == GWE_CONFLICT,
	   "one that refuses: what went well before it is run again, and nothing is there twice");
	for (int i = 0; i < APART; i++)
		once &= crowd(st, m, true) && ran(m, 1);
	OK(once, "those that refuse after it cost nobody a second run");
	OK(crowd(st, m, true) && m[0].runs == 2, "for a while");
	write_by = store_write;
	OK(crowd(st, m, true) && ran(m, 1), "jobs that may not be run again never are");
	store_close(st);
	clear();
}

/* From each write on that the group makes: nobody is told that it went well, and nothing is left. */
static void check_fault(enum fault fault, enum way third, unsigned step, const char *what)
{
	struct member m[CROWD] = { { .way = WELL }, { .way = REFUSES }, { .way = third } };
	struct store *st = open_as(STORE_GATEWAY);
	unsigned at = 0, places = 0, wrong = 0, failed;

	do {
		failed = 0;
		st->apart = 0;
		faultvfs_change(fault, at, UINT32_MAX);
		one_group(st, m, CROWD);
		for (int i = 0; i < CROWD; i++) {
			failed += m[i].rc && m[i].e.code == GWE_SERVICE_UNAVAILABLE;
			wrong += i != 1 && m[i].rc && m[i].e.code != GWE_SERVICE_UNAVAILABLE;
		}
		faultvfs_change(FAULT_NONE, 0, 0);
		wrong += failed ? failed < CROWD - 1 || ask("SELECT count(*) FROM usage") != 0
				: ask("SELECT count(*) FROM usage") != 2 * (CROWD - 1);
		if (failed) {
			one_group(st, m, CROWD);
			wrong += m[0].rc || !m[1].rc ||
				 ask("SELECT count(*) FROM usage") != 2 * (CROWD - 1);
		}
		clear();
		at += step;
		places++;
	} while (failed && places < FAULTS_MAX);
	OK(places > 1 && !failed, "%s at %u places", what, places - 1);
	OK(wrong == 0, "none was acknowledged, none is there in part, and later writes go well");
	store_close(st);
}

static void *close_it(void *arg)
{
	store_close(arg);
	return NULL;
}

static void check_close(void)
{
	struct member m[CROWD] = { { .way = WELL } };
	struct store *st = open_as(STORE_GATEWAY);
	struct gatekeeper k;
	pthread_t closer;
	int good = 0;

	close_gate(&k, st);
	enqueue(st, m, CROWD);
	pthread_create(&closer, NULL, close_it, st);
	open_gate(&k);
	leave(m, CROWD);
	pthread_join(closer, NULL);
	for (int i = 0; i < CROWD; i++)
		good += !m[i].rc;
	OK(good == CROWD && ask("SELECT count(*) FROM usage") == 2 * CROWD,
	   "closing waits for the writes that are queued");
	clear();
}

/* ---- the walls ---- */

/* SQLite's answer to @sql on a connection of @role. */
static int try(enum store_role role, enum conn_use use, const char *sql)
{
	struct store_conn *c = NULL;
	sqlite3_stmt *s = NULL;
	struct gw_err e;
	int rc;

	if (conn_open(&c, path, role, use, 0, &e))
		return -1;
	rc = sqlite3_prepare_v2(c->db, sql, -1, &s, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	sqlite3_finalize(s);
	conn_close(c);
	return rc & 0xff;
}

static void check_second_wall(void)
{
	static const char *const nobody[] = {
		"DELETE FROM migration",
		"UPDATE migration SET number = 7",
		"DROP TABLE usage",
		"CREATE TABLE more (x)",
		"CREATE TEMP TABLE more (x)",
		"ALTER TABLE usage ADD COLUMN more",
		"ATTACH ':memory:' AS other",
		"PRAGMA journal_mode = DELETE",
		"PRAGMA synchronous = OFF",
		"PRAGMA writable_schema = ON",
		"VACUUM",
	};
	static const enum store_role roles[] = { STORE_GATEWAY, STORE_SETTLE, STORE_ADMIN };
	unsigned passed = 0;

	for (unsigned r = 0; r < sizeof roles / sizeof roles[0]; r++)
		for (unsigned i = 0; i < sizeof nobody / sizeof nobody[0]; i++)
			if (try(roles[r], CONN_WRITE, nobody[i]) != SQLITE_AUTH) {
				printf("# role %u: %s\n", r, nobody[i]);
				passed++;
			}
	OK(passed == 0, "schema, settings and other files are nobody's");
	OK(try(STORE_GATEWAY, CONN_WRITE, "DELETE FROM price_override") == SQLITE_AUTH &&
		   try(STORE_GATEWAY, CONN_WRITE, "DELETE FROM price_override_history") ==
			   SQLITE_AUTH,
	   "a responder cannot change prices");
	OK(try(STORE_ADMIN, CONN_WRITE, "DELETE FROM price_override") == SQLITE_DONE,
	   "the operator can");
	OK(try(STORE_GATEWAY, CONN_READ, "DELETE FROM usage") == SQLITE_READONLY,
	   "a reader only reads");
}

static int foreign_statement(struct store_conn *c, void *arg, struct gw_err *e)
{
	(void)arg;
	(void)e;
	stmt_get(c, STMT_PRICE_OVERRIDE_DROP);
	return 0;
}

static int unknown_parameter(struct store_conn *c, void *arg, struct gw_err *e)
{
	(void)arg;
	(void)e;
	stmt_bind_i64(stmt_get(c, STMT_LEASE_EXPIRED), "now", 1);
	return 0;
}

static int unknown_column(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_PING);

	(void)arg;
	return stmt_step(s, e) == 1 && stmt_i64(s, "two") ? 0 : -1;
}

static int twice(struct store_conn *c, void *arg, struct gw_err *e)
{
	(void)arg;
	(void)e;
	stmt_get(c, STMT_PING);
	stmt_get(c, STMT_PING);
	return 0;
}

static int nested(struct store_conn *c, void *arg, struct gw_err *e)
{
	(void)c;
	return store_write(arg, "nested", twice, NULL, e);
}

/* In a process of its own: does the bug end it? */
static bool aborts(store_fn fn)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		const struct rlimit none = { 0, 0 };
		struct store *st = open_as(STORE_GATEWAY);
		struct gw_err e;

		setrlimit(RLIMIT_CORE, &none);
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		_exit(store_write(st, "bug", fn, st, &e) ? 2 : 0);
	}
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGABRT;
}

static void check_first_wall(void)
{
	OK(aborts(foreign_statement), "a statement of another role is a bug that ends the process");
	OK(aborts(unknown_parameter), "so is a parameter that it has not");
	OK(aborts(unknown_column), "a column that it has not");
	OK(aborts(twice), "a statement that is in use");
	OK(aborts(nested), "a write inside a write");
}

int main(void)
{
	const struct log_options quiet = { .target = LOG_TO_FILE, .path = "/dev/null" };
	struct gw_err e;
	bool made;

	if (log_open(&quiet, &e) || !mkdtemp(dir))
		abort();
	snprintf(path, sizeof path, "%s/gateway.db", dir);
	if (store_migrate(path, SCHEMA_GATEWAY, true, &made, &e))
		abort();
	check_first_wall(); /* forks: before there are threads */
	check_second_wall();
	faultvfs_install();
	check_group();
	check_repeated();
	check_fault(FAULT_FULL, WELL, 1, "the disk was full");
	check_fault(FAULT_FULL, TALKS, 97, "it was full in the midst of a long one");
	check_fault(FAULT_SYNC, WELL, 1, "the disk did not sync");
	write_by = store_write_repeatable;
	check_fault(FAULT_FULL, WELL, 1, "with jobs that may be run again the disk was full");
	check_fault(FAULT_FULL, TALKS, 97, "it was full in the midst of a long one");
	check_fault(FAULT_SYNC, WELL, 1, "the disk did not sync");
	write_by = store_write;
	check_close();
	unlink(path);
	OK(!rmdir(dir), "the last to close folds the log in");
	return TAP_END;
}
