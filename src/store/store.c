/* SPDX-License-Identifier: Apache-2.0 */
/* The writer thread with its group commit, and the readers. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store/conn.h"
#include "util/log.h"

/* A write on its way, on the stack of the thread that waits for it. */
struct job {
	const char *name;
	store_fn fn;
	void *arg;
	struct gw_err *e;
	int rc;
	bool repeatable; /* may be run again, once its work is undone */
	atomic_bool done;
	struct job *next;
};

enum {
	READERS = 4,
	APART = 32 /* groups after a failure in which each job has a savepoint of its own */
};

struct store {
	char *path;
	struct store_options o;
	struct store_conn *writer; /* NULL: read only */
	pthread_t thread;
	pthread_mutex_t lock; /* the queue */
	pthread_cond_t work;
	struct job *first, **last;
	unsigned filling; /* what those that are queued now will wait for: see wait_for */
	atomic_uint round[2];
	bool closing;
	unsigned long failed; /* groups since the last that succeeded; the writer's */
	unsigned apart;	      /* groups to go with savepoints; the writer's */

	pthread_mutex_t readers_lock;
	pthread_cond_t reader_free;
	struct store_conn *reader[READERS];
	bool taken[READERS];
};

/* ---- the writer ---- */

/* @why is the store's: the job's own work is undone, whether it was pleased with it or not. */
static void fail_jobs(struct job *jobs, const struct gw_err *why)
{
	for (struct job *j = jobs; j; j = j->next) {
		if (j->rc)
			continue;
		j->rc = -1;
		if (j->e)
			*j->e = *why;
	}
}

/*
 * Run the jobs inside the open transaction, each in a savepoint of its own where they are @apart. -1: the
 * transaction is gone (disk full, I/O error): SQLite may undo all of it on its own.
 */
static int run_jobs(struct store_conn *c, struct job *jobs, bool apart, struct gw_err *why)
{
	for (struct job *j = jobs; j; j = j->next) {
		int rc = apart ? conn_do(c, OWN_SAVEPOINT) : SQLITE_OK;

		if (rc != SQLITE_OK)
			return conn_fail(c, rc, "savepoint", why);
		j->rc = j->fn(c, j->arg, j->e);
		conn_settle(c);
		if (sqlite3_get_autocommit(c->db)) {
			gw_fail_priv(why, GWE_SERVICE_UNAVAILABLE, 0,
				     "store: the transaction was undone in %s", j->name);
			if (j->rc && j->e && j->e->code == GWE_SERVICE_UNAVAILABLE)
				*why = *j->e;
			return -1;
		}
		if (!apart) {
			if (j->rc)
				break; /* nothing of the group stands: the others would work for nothing */
			continue;
		}
		if (j->rc)
			rc = conn_do(c, OWN_UNDO);
		if (rc == SQLITE_OK)
			rc = conn_do(c, OWN_RELEASE);
		if (rc != SQLITE_OK)
			return conn_fail(c, rc, "release", why);
	}
	return 0;
}

static bool has_failed(const struct job *jobs)
{
	for (; jobs; jobs = jobs->next)
		if (jobs->rc)
			return true;
	return false;
}

static bool all_repeatable(const struct job *jobs)
{
	for (; jobs; jobs = jobs->next)
		if (!jobs->repeatable)
			return false;
	return true;
}

/*
 * One transaction of all jobs. 0 committed, or nothing was to be committed; 1 one has failed, and all that
 * the others did is undone with it; -1 with the store's own reason in @why.
 */
static int run_transaction(struct store_conn *c, struct job *jobs, bool apart, struct gw_err *why)
{
	int rc = conn_do(c, OWN_BEGIN);

	if (rc != SQLITE_OK) {
		conn_fail(c, rc, jobs->name, why);
		return -1;
	}
	if (!run_jobs(c, jobs, apart, why)) {
		if (!apart && has_failed(jobs)) {
			conn_do(c, OWN_ROLLBACK);
			return 1;
		}
		rc = conn_do(c, OWN_COMMIT);
		if (rc == SQLITE_OK)
			return 0;
		conn_fail(c, rc, "commit", why);
	}
	if (!sqlite3_get_autocommit(c->db))
		conn_do(c, OWN_ROLLBACK);
	return -1;
}

/*
 * 0, or -1 with the store's own reason in @why. A savepoint costs a copy of each page that its job touches,
 * and few jobs fail: those that may be run again do without until one of them fails; then all are run again
 * with savepoints, and so are the next groups, so that one client whose requests fail does not make the
 * writer do the work of all others twice.
 */
static int run_group(struct store *st, struct job *jobs, struct gw_err *why)
{
	bool apart = jobs->next && (st->apart || !all_repeatable(jobs));
	int rc;

	if (jobs->next && st->apart)
		st->apart--;
	rc = run_transaction(st->writer, jobs, apart, why);
	if (rc == 1 && jobs->next) {
		st->apart = APART;
		rc = run_transaction(st->writer, jobs, true, why);
	}
	if (rc < 0)
		fail_jobs(jobs, why);
	return rc < 0 ? -1 : 0;
}

/* A full disk fails every group: said when it begins and when it is over. */
static void tell(struct store *st, const struct gw_err *why)
{
	if (why && !st->failed++)
		log_error("nothing can be written: %s", why->priv);
	if (why || !st->failed)
		return;
	log_warn("the store can be written again, after %lu groups that could not", st->failed);
	st->failed = 0;
}

/*
 * A group is woken at once, by one call of the kernel: waking dozens one by one costs more than many a
 * transaction. Those of the group at work wait for one number, those of the next for the other one.
 */
static void wait_for(atomic_uint *round, unsigned seen, const atomic_bool *done)
{
	while (!atomic_load(done))
		syscall(SYS_futex, round, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void wake_all(atomic_uint *round, struct job *jobs)
{
	for (struct job *next; jobs; jobs = next) {
		next = jobs->next; /* the job is gone once its thread runs */
		atomic_store(&jobs->done, true);
	}
	atomic_fetch_add(round, 1);
	syscall(SYS_futex, round, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void *write_loop(void *arg)
{
	struct store *st = arg;
	struct job *jobs;
	struct gw_err why;
	unsigned group;

	pthread_mutex_lock(&st->lock);
	for (;;) {
		while (!st->first && !st->closing)
			pthread_cond_wait(&st->work, &st->lock);
		if (!st->first)
			break;
		jobs = st->first;
		st->first = NULL;
		st->last = &st->first;
		group = st->filling;
		st->filling = !group;
		pthread_mutex_unlock(&st->lock);
		tell(st, run_group(st, jobs, &why) ? &why : NULL);
		wake_all(&st->round[group], jobs);
		pthread_mutex_lock(&st->lock);
	}
	pthread_mutex_unlock(&st->lock);
	return NULL;
}

static int hand_over(struct store *st, struct job *j)
{
	atomic_uint *round;
	unsigned seen;

	assert(st->writer && !pthread_equal(pthread_self(), st->thread));
	pthread_mutex_lock(&st->lock);
	assert(!st->closing);
	round = &st->round[st->filling];
	seen = atomic_load(round);
	*st->last = j;
	/* It leaves the queue before this function returns. */
	st->last = &j->next;
	pthread_cond_signal(&st->work);
	pthread_mutex_unlock(&st->lock);
	wait_for(round, seen, &j->done);
	return j->rc;
}

int store_write(struct store *st, const char *name, store_fn fn, void *arg, struct gw_err *e)
{
	struct job j = { .name = name, .fn = fn, .arg = arg, .e = e };

	return hand_over(st, &j);
}

int store_write_repeatable(struct store *st, const char *name, store_fn fn, void *arg,
			   struct gw_err *e)
{
	struct job j = { .name = name, .fn = fn, .arg = arg, .e = e, .repeatable = true };

	return hand_over(st, &j);
}

static int start_writer(struct store *st, struct gw_err *e)
{
	pthread_attr_t a;
	sigset_t all, old;
	int rc;

	if (conn_open(&st->writer, st->path, st->o.role, CONN_WRITE, st->o.busy_timeout_ms, e))
		return -1;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 524288);
	rc = pthread_create(&st->thread, &a, write_loop, st);
	pthread_attr_destroy(&a);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!rc)
		return 0;
	conn_close(st->writer);
	st->writer = NULL;
	return gw_fail_priv(e, GWE_INTERNAL, rc, "no thread for the store: %s", strerror(rc));
}

/* ---- readers ---- */

static int open_reader(struct store *st, struct store_conn **out, struct gw_err *e)
{
	return conn_open(out, st->path, st->o.role, CONN_READ, st->o.busy_timeout_ms, e);
}

static int read_in(struct store_conn *c, store_fn fn, void *arg, struct gw_err *e)
{
	int sql = conn_do(c, OWN_BEGIN_READ), rc;

	if (sql != SQLITE_OK)
		return conn_fail(c, sql, "begin", e);
	rc = fn(c, arg, e);
	conn_settle(c);
	conn_do(c, OWN_COMMIT);
	return rc;
}

int store_read(struct store *st, store_fn fn, void *arg, struct gw_err *e)
{
	int at = -1, rc = 0;

	pthread_mutex_lock(&st->readers_lock);
	while (at < 0) {
		for (int i = 0; i < READERS && at < 0; i++)
			if (!st->taken[i])
				at = i;
		if (at < 0)
			pthread_cond_wait(&st->reader_free, &st->readers_lock);
	}
	st->taken[at] = true;
	pthread_mutex_unlock(&st->readers_lock);
	if (!st->reader[at])
		rc = open_reader(st, &st->reader[at], e);
	if (!rc)
		rc = read_in(st->reader[at], fn, arg, e);
	pthread_mutex_lock(&st->readers_lock);
	st->taken[at] = false;
	pthread_cond_signal(&st->reader_free);
	pthread_mutex_unlock(&st->readers_lock);
	return rc;
}

/* ---- open and close ---- */

static int cannot_open(const char *path, enum store_role role, struct gw_err *e)
{
	int sys = e ? e->sys : 0;

	if (access(path, F_OK) && errno == ENOENT)
		return gw_fail(e, GWE_CONFIG, ENOENT, "there is no database %s%s", path,
			       conn_schema(role) == SCHEMA_GATEWAY
				       ? "; `llm-gateway migrate` makes one"
				       : "");
	if (access(path, R_OK | W_OK))
		return gw_fail(e, GWE_CONFIG, errno, "cannot open the database %s: %s", path,
			       strerror(errno));
	return gw_fail(e, GWE_CONFIG, sys, "cannot open the database %s: %s", path,
		       sqlite3_errstr(sys & 0xff));
}

int store_open(struct store **out, const struct store_options *o, struct gw_err *e)
{
	struct store *st = calloc(1, sizeof *st);
	struct store_conn *first = NULL;

	conn_global();
	if (!st)
		return gw_fail_priv(e, GWE_INTERNAL, 0, "out of memory");
	st->o = *o;
	st->last = &st->first;
	st->path = strdup(o->path);
	pthread_mutex_init(&st->lock, NULL);
	pthread_mutex_init(&st->readers_lock, NULL);
	pthread_cond_init(&st->work, NULL);
	pthread_cond_init(&st->reader_free, NULL);
	if (!st->path || open_reader(st, &first, e)) {
		cannot_open(o->path, o->role, e);
		goto bad;
	}
	st->reader[0] = first;
	if (migrate_check(first, o->path, conn_schema(o->role), e))
		goto bad;
	if (!o->read_only && start_writer(st, e))
		goto bad;
	*out = st;
	return 0;
bad:
	store_close(st);
	return -1;
}

void store_close(struct store *st)
{
	if (!st)
		return;
	if (st->writer) {
		pthread_mutex_lock(&st->lock);
		st->closing = true;
		pthread_cond_signal(&st->work);
		pthread_mutex_unlock(&st->lock);
		pthread_join(st->thread, NULL);
	}
	for (int i = 0; i < READERS; i++)
		conn_close(st->reader[i]);
	/* Last: whoever closes the file last folds its journal in. */
	conn_close(st->writer);
	pthread_mutex_destroy(&st->lock);
	pthread_mutex_destroy(&st->readers_lock);
	pthread_cond_destroy(&st->work);
	pthread_cond_destroy(&st->reader_free);
	free(st->path);
	free(st);
}
