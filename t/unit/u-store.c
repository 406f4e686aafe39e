/* SPDX-License-Identifier: Apache-2.0 */
/* store: group commit, undoing alone, recovery of rows, schema checks. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/price_rows.h"
#include "store/store.h"
#include "store/usage_report.h"
#include "store/usage_rows.h"
#include "tap.h"
#include "util/buf.h"

static char dir[] = "/tmp/u-store.XXXXXX", path[64];

static struct usage_start row(const char *request)
{
	return (struct usage_start){ .request_id = str_c(request),
				     .did = STR_LIT("did:rooch:x"),
				     .provider = STR_LIT("openai"),
				     .api = STR_LIT("chat"),
				     .method = STR_LIT("POST"),
				     .path = STR_LIT("/v1/chat/completions"),
				     .owner = STR_LIT("1:1"),
				     .started_ms = 1000,
				     .now_ms = 1000,
				     .lease_until_ms = 5000,
				     .bound_pico = 7 };
}

struct work {
	const char *request;
	bool fail, waited; /* the request came long before */
	int64_t now_ms;	   /* 0: that of row() */
	int64_t id;
};

static int start_row(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct work *w = arg;
	struct usage_start u = row(w->request);

	if (w->now_ms) {
		u.now_ms = w->now_ms;
		if (!w->waited)
			u.started_ms = w->now_ms;
		u.lease_until_ms = w->now_ms + 4000;
	}
	if (usage_start_tx(c, &u, &w->id, e))
		return -1;
	return w->fail ? gw_fail(e, GWE_CONFLICT, 0, "on purpose") : 0;
}

static int read_rows(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct usage_filter f = { .until_ms = INT64_MAX };
	struct usage_report r;
	int rc;

	usage_report_init(&r, USAGE_BY_DAY);
	rc = usage_report_read(&r, c, &f, e);
	*(int64_t *)arg = (int64_t)r.total.requests;
	usage_report_clear(&r);
	return rc;
}

static int64_t rows(void)
{
	struct store_options o = { .path = path, .role = STORE_ADMIN, .read_only = true };
	struct store *st;
	struct gw_err e;
	int64_t n = -1;

	if (store_open(&st, &o, &e))
		return -1;
	if (store_read(st, read_rows, &n, &e))
		n = -1;
	store_close(st);
	return n;
}

enum { THREADS = 8, EACH = 50 };
struct crowd {
	struct store *st;
	int good, bad;
};

static void *many(void *arg)
{
	struct crowd *c = arg;
	struct gw_err e;

	for (int i = 0; i < EACH; i++) {
		struct work w = { .request = "r", .fail = i % 5 == 0 };

		if (!store_write(c->st, "start", start_row, &w, &e))
			__atomic_fetch_add(&c->good, 1, __ATOMIC_RELAXED);
		else if (e.code == GWE_CONFLICT)
			__atomic_fetch_add(&c->bad, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static int finish_row(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct usage_finish f = { .outcome = OUTCOME_OK,
					.status = 200,
					.first_byte_ms = -1,
					.finished_ms = 2000,
					.cost_known = true,
					.cost_pico = 5,
					.input_tokens = -1,
					.output_tokens = -1,
					.cached_tokens = -1 };

	return usage_finish_tx(c, *(int64_t *)arg, &f, e);
}

static int recover(struct store_conn *c, void *arg, struct gw_err *e)
{
	return usage_recover_tx(c, 6000, arg, e);
}

static int renew(struct store_conn *c, void *arg, struct gw_err *e)
{
	return usage_renew_tx(c, STR_LIT("1:1"), *(int64_t *)arg, e);
}

/* Who sleeps past a lease may go on as long as nobody has noticed. */
static void check_lease(struct store *st)
{
	struct work old = { .request = "old" },
		    young = { .request = "young", .now_ms = 5500, .waited = true };
	int64_t lost = -1, until = 9000;
	struct gw_err e;

	OK(!store_write(st, "start", start_row, &old, &e) &&
		   !store_write(st, "start", start_row, &young, &e) &&
		   !store_write(st, "recover", recover, &lost, &e) && lost == 0,
	   "a call that begins after the lease has passed renews it");
	OK(!store_write(st, "finish", finish_row, &old.id, &e), "and the calls before it go on");
	until = 5999;
	OK(!store_write(st, "renew", renew, &until, &e) &&
		   !store_write(st, "recover", recover, &lost, &e) && lost == 0,
	   "a renewal never shortens a lease");
	OK(!store_write(st, "finish", finish_row, &young.id, &e), "the call is finished");
}

static void check_group(void)
{
	struct store_options o = { .path = path, .role = STORE_GATEWAY };
	struct crowd crowd = { 0 };
	pthread_t t[THREADS];
	struct gw_err e;
	struct work w = { .request = "alone", .fail = true };
	int64_t id, lost = 0;

	OK(!store_open(&crowd.st, &o, &e), "opens in the gateway's role");
	OK(store_write(crowd.st, "start", start_row, &w, &e) && e.code == GWE_CONFLICT,
	   "a function's own error comes back");
	OK(rows() == 0, "and its work is undone");
	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, many, &crowd);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	OK(crowd.good == THREADS * EACH * 4 / 5 && crowd.bad == THREADS * EACH / 5,
	   "each of a group has its own result");
	OK(rows() == crowd.good, "and only the good ones are stored");
	w = (struct work){ .request = "one" };
	OK(!store_write(crowd.st, "start", start_row, &w, &e), "a row is started");
	id = w.id;
	OK(!store_write(crowd.st, "finish", finish_row, &id, &e), "and finished");
	OK(store_write(crowd.st, "finish", finish_row, &id, &e) && e.code == GWE_CONFLICT,
	   "but only once");
	w = (struct work){ .request = "lost" };
	if (store_write(crowd.st, "start", start_row, &w, &e))
		abort();
	OK(!store_write(crowd.st, "recover", recover, &lost, &e) && lost == crowd.good + 1,
	   "rows of a process whose lease has passed are lost");
	OK(!store_write(crowd.st, "recover", recover, &lost, &e) && lost == 0, "once");
	OK(store_write(crowd.st, "finish", finish_row, &w.id, &e) && e.code == GWE_CONFLICT,
	   "a lost row stays lost");
	check_lease(crowd.st);
	store_close(crowd.st);
}

/* What was acknowledged before a kill is there. */
static void check_kill(void)
{
	struct store_options o = { .path = path, .role = STORE_GATEWAY };
	int64_t before = rows(), told = 0;
	int ends[2], status;
	pid_t pid;
	char byte;

	if (pipe(ends))
		abort();
	pid = fork();
	if (pid == 0) {
		struct store *st;
		struct gw_err e;

		if (store_open(&st, &o, &e))
			_exit(1);
		for (;;) {
			struct work w = { .request = "kill" };

			if (store_write(st, "start", start_row, &w, &e) ||
			    write(ends[1], "x", 1) != 1)
				_exit(1);
		}
	}
	close(ends[1]);
	while (told < 20 && read(ends[0], &byte, 1) == 1)
		told++;
	kill(pid, SIGKILL);
	while (read(ends[0], &byte, 1) == 1)
		told++;
	waitpid(pid, &status, 0);
	close(ends[0]);
	OK(told >= 20 && rows() >= before + told && rows() <= before + told + 1,
	   "what was acknowledged survives a kill, and at most the write in work besides");
}

enum { SIBLINGS = 2, SIBLING_WRITES = 100 };

/* Processes share a file as threads do: nobody's write is lost, nobody starves. */
static void check_processes(void)
{
	struct store_options o = { .path = path, .role = STORE_GATEWAY };
	int64_t before = rows();
	pid_t pid[SIBLINGS];
	int status, good = 0;

	for (int i = 0; i < SIBLINGS; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			struct store *st;
			struct gw_err e;
			int n = 0;

			if (store_open(&st, &o, &e))
				_exit(1);
			while (n < SIBLING_WRITES) {
				struct work w = { .request = "sibling" };

				if (store_write(st, "start", start_row, &w, &e))
					_exit(2);
				n++;
			}
			store_close(st);
			_exit(0);
		}
	}
	for (int i = 0; i < SIBLINGS; i++)
		good += waitpid(pid[i], &status, 0) == pid[i] && status == 0;
	OK(good == SIBLINGS && rows() == before + SIBLINGS * SIBLING_WRITES,
	   "two processes write the same file, and all of it is there");
}

static int read_recent(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_USAGE_RECENT);
	int64_t *n = arg;
	int r;

	stmt_bind_i64(s, "since", 0);
	for (*n = 0; (r = stmt_step(s, e)) == 1;)
		*n += stmt_i64(s, "requests");
	stmt_done(s);
	return r;
}

struct visit {
	struct store *st;
	atomic_int inside, most;
	int64_t wrong;
};

static int look_around(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct visit *v = arg;
	int now = atomic_fetch_add(&v->inside, 1) + 1, most = atomic_load(&v->most);
	int64_t first = 0, second = 0;

	while (now > most && !atomic_compare_exchange_weak(&v->most, &most, now))
		;
	if (read_recent(c, &first, e))
		return -1;
	for (int i = 0; i < 50; i++)
		sched_yield();
	if (read_recent(c, &second, e))
		return -1;
	atomic_fetch_sub(&v->inside, 1);
	/* One look at the database, whatever is written meanwhile. */
	return first == second ? 0 : gw_fail(e, GWE_INTERNAL, 0, "it moved");
}

static void *visitor(void *arg)
{
	struct visit *v = arg;
	struct gw_err e;

	for (int i = 0; i < 20; i++)
		if (store_read(v->st, look_around, v, &e))
			__atomic_fetch_add(&v->wrong, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void check_readers(void)
{
	struct store_options o = { .path = path, .role = STORE_GATEWAY };
	struct visit v = { .wrong = 0 };
	struct crowd crowd = { 0 };
	pthread_t t[THREADS + 1];
	struct gw_err e;

	if (store_open(&v.st, &o, &e))
		abort();
	crowd.st = v.st;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, visitor, &v);
	pthread_create(&t[THREADS], NULL, many, &crowd);
	for (int i = 0; i <= THREADS; i++)
		pthread_join(t[i], NULL);
	OK(v.wrong == 0 && crowd.good > 0,
	   "readers see one state each while rows are written beside them");
	OK(atomic_load(&v.most) > 1 && atomic_load(&v.most) <= 4,
	   "several at a time, and no more than there are connections (%d)", atomic_load(&v.most));
	store_close(v.st);
}

static int start_too_dear(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct usage_start u = row("dear");
	int64_t id;

	u.bound_pico = (uint64_t)INT64_MAX + *(uint64_t *)arg;
	return usage_start_tx(c, &u, &id, e);
}

static int finish_too_dear(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct usage_finish f = { .outcome = OUTCOME_OK,
					.cost_known = true,
					.cost_pico = (uint64_t)INT64_MAX + 1,
					.first_byte_ms = -1 };

	return usage_finish_tx(c, *(int64_t *)arg, &f, e);
}

static int finish_unknown(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct usage_finish f = { .outcome = OUTCOME_UPSTREAM_BROKE,
					.error_code = STR_LIT("upstream_error"),
					.cost_pico = 9, /* not known: not kept */
					.first_byte_ms = -1,
					.input_tokens = -1,
					.output_tokens = 0,
					.cached_tokens = -1 };

	return usage_finish_tx(c, *(int64_t *)arg, &f, e);
}

static int read_cost(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct usage_filter f = { .since_ms = 777, .until_ms = 778 };

	return usage_report_read(arg, c, &f, e);
}

/* What does not fit is refused and never wrapped, what is not known is no number. */
static void check_amounts(void)
{
	struct store_options o = { .path = path, .role = STORE_GATEWAY };
	struct work w = { .request = "amounts", .now_ms = 777 };
	struct usage_report r;
	struct store *st = NULL;
	uint64_t over = 0;
	struct gw_err e;

	if (store_open(&st, &o, &e))
		abort();
	OK(!store_write(st, "start", start_too_dear, &over, &e),
	   "the largest amount of 63 bits is kept");
	over = 1;
	OK(store_write(st, "start", start_too_dear, &over, &e) && e.code == GWE_BAD_REQUEST,
	   "one more is refused: %s", e.pub);
	OK(!store_write(st, "start", start_row, &w, &e) &&
		   store_write(st, "finish", finish_too_dear, &w.id, &e) &&
		   e.code == GWE_BAD_REQUEST,
	   "of a cost, too");
	OK(!store_write(st, "finish", finish_unknown, &w.id, &e),
	   "a row ends without a known cost");
	store_close(st);
	o = (struct store_options){ .path = path, .role = STORE_ADMIN, .read_only = true };
	if (store_open(&st, &o, &e))
		abort();
	usage_report_init(&r, USAGE_BY_PAYER);
	OK(!store_read(st, read_cost, &r, &e) && r.n == 1 && r.total.unknown == 1 &&
		   r.total.failed == 1 && picousd_cmp(r.total.cost, PICOUSD_ZERO) == 0,
	   "which the report counts, and does not add");
	usage_report_clear(&r);
	store_close(st);
}

static void check_busy(void)
{
	struct store_options o = { .path = path, .role = STORE_GATEWAY, .busy_timeout_ms = 30 };
	struct work w = { .request = "busy" };
	int64_t before = rows(), seen = -1;
	struct store *st = NULL;
	sqlite3 *other = NULL;
	struct gw_err e;

	OK(!store_open(&st, &o, &e), "opens with little patience");
	if (sqlite3_open(path, &other) != SQLITE_OK ||
	    sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		abort();
	OK(store_write(st, "start", start_row, &w, &e) && e.code == GWE_SERVICE_UNAVAILABLE &&
		   gw_err_status(e.code) == 503,
	   "while another holds the file, a write gives up: %s", e.priv);
	OK(!store_read(st, read_recent, &seen, &e) && seen == before, "and a read goes through");
	sqlite3_exec(other, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(other);
	OK(!store_write(st, "start", start_row, &w, &e) && rows() == before + 1,
	   "afterwards the next one goes well");
	store_close(st);
}

/* As somebody who may read the file and not write it. */
static void check_read_only(void)
{
	struct store_options o = { .path = path, .role = STORE_GATEWAY };
	int status = -1;
	pid_t pid;

	if (chmod(dir, 0755) || chmod(path, 0444))
		abort();
	pid = fork();
	if (pid == 0) {
		struct work w = { .request = "read-only" };
		struct store *st = NULL;
		struct gw_err e;

		if (!geteuid() && setresuid(65534, 65534, 65534))
			_exit(1);
		if (!store_open(&st, &o, &e))
			_exit(store_write(st, "start", start_row, &w, &e) &&
					      e.code == GWE_SERVICE_UNAVAILABLE
				      ? 0
				      : 2);
		_exit(e.code == GWE_CONFIG && strstr(e.pub, path) ? 0 : 3);
	}
	waitpid(pid, &status, 0);
	OK(status == 0, "a file that may not be written is refused (%d)", status);
	if (chmod(path, 0600))
		abort();
	/* what the child has left beside it has the mode that the file had */
	for (int i = 0; i < 2; i++) {
		char beside[sizeof path + 8];

		snprintf(beside, sizeof beside, "%s%s", path, i ? "-wal" : "-shm");
		if (chmod(beside, 0600) && errno != ENOENT)
			abort();
	}
}

/* ---- nonces and prices ---- */

struct nonce {
	int64_t expires_s, now_s;
	char first; /* of the hash */
	bool fresh;
};

static int burn(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct nonce *n = arg;
	struct stmt *s = stmt_get(c, STMT_NONCE_BURN);
	char hash[32] = { n->first };
	int64_t changed = 0;

	stmt_bind_blob(s, "nonce_hash", hash, sizeof hash);
	stmt_bind_i64(s, "expires_s", n->expires_s);
	stmt_bind_i64(s, "now_s", n->now_s);
	if (stmt_run(s, &changed, e))
		return -1;
	n->fresh = changed == 1;
	return 0;
}

static int expire(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct nonce *n = arg;
	struct stmt *s = stmt_get(c, STMT_NONCE_EXPIRE);
	int64_t changed = 0;

	stmt_bind_i64(s, "now_s", n->now_s);
	stmt_bind_i64(s, "limit", 2);
	if (stmt_run(s, &changed, e))
		return -1;
	n->expires_s = changed;
	return 0;
}

static void check_nonces(void)
{
	struct store_options o = { .path = path, .role = STORE_GATEWAY };
	struct nonce n = { .expires_s = 300, .now_s = 0, .first = 1 };
	struct store *st = NULL;
	struct gw_err e;
	int first;

	if (store_open(&st, &o, &e))
		abort();
	first = store_write(st, "burn", burn, &n, &e);
	OK(!first && n.fresh, "a nonce is burned");
	store_close(st);
	if (store_open(&st, &o, &e))
		abort();
	n = (struct nonce){ .expires_s = 600, .now_s = 300, .first = 1 };
	OK(!store_write(st, "burn", burn, &n, &e) && !n.fresh,
	   "not twice, neither after a restart nor in its last second");
	for (char i = 2; i < 5; i++) {
		n = (struct nonce){ .expires_s = 300 + i, .now_s = 0, .first = i };
		if (store_write(st, "burn", burn, &n, &e))
			abort();
	}
	n = (struct nonce){ .now_s = 304 };
	OK(!store_write(st, "expire", expire, &n, &e) && n.expires_s == 2 &&
		   !store_write(st, "expire", expire, &n, &e) && n.expires_s == 1,
	   "those that have expired are deleted, a few at a time");
	n = (struct nonce){ .expires_s = 900, .now_s = 304, .first = 4 };
	OK(!store_write(st, "burn", burn, &n, &e) && !n.fresh, "and no other");
	n = (struct nonce){ .expires_s = 310, .now_s = 305, .first = 5 };
	if (store_write(st, "burn", burn, &n, &e))
		abort();
	for (char i = 4; i > 2; i--) { /* 4 is there, and expired; 3 is new */
		n = (struct nonce){ .expires_s = 900, .now_s = 305, .first = i };
		OK(!store_write(st, "burn", burn, &n, &e) && n.fresh, "one that has expired is free");
	}
	n = (struct nonce){ .now_s = 311 };
	OK(!store_write(st, "expire", expire, &n, &e) && n.expires_s == 1,
	   "and goes behind those that came meanwhile, so that they are found");
	store_close(st);
}

static int change_price(struct store_conn *c, void *arg, struct gw_err *e)
{
	bool existed;

	return price_rows_change_tx(c, arg, &existed, e);
}

struct price_view {
	int64_t version;
	struct buf json;
};

static int view_prices(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct price_view *v = arg;

	buf_reset(&v->json);
	return price_rows_version(c, &v->version, e) || price_rows_json(c, &v->json, e) ? -1 : 0;
}

static void check_prices(void)
{
	struct store_options o = { .path = path, .role = STORE_ADMIN };
	struct price_change p = { .model = STR_LIT("m"),
				  .price = STR_LIT("{\"input\":1}"),
				  .by = STR_LIT("x") };
	struct store *st = NULL, *reader = NULL;
	struct price_view v = { .version = -1 };
	struct gw_err e;

	buf_init(&v.json, 1000);
	if (store_open(&st, &o, &e))
		abort();
	o.role = STORE_GATEWAY;
	if (store_open(&reader, &o, &e))
		abort();
	OK(!store_read(reader, view_prices, &v, &e) && v.version == 0 && !strcmp(v.json.p, "{}"),
	   "without prices the version is 0");
	OK(!store_write(st, "set", change_price, &p, &e) &&
		   !store_read(reader, view_prices, &v, &e) && v.version == 1 &&
		   !strcmp(v.json.p, "{\"m\":{\"input\":1}}"),
	   "another process sees a price that was set, under a new version");
	p.price = STR_NULL;
	OK(!store_write(st, "unset", change_price, &p, &e) &&
		   !store_read(reader, view_prices, &v, &e) && v.version == 2 &&
		   !strcmp(v.json.p, "{}"),
	   "taking it away is a new version, too");
	OK(!store_write(st, "unset", change_price, &p, &e) &&
		   !store_read(reader, view_prices, &v, &e) && v.version == 2,
	   "taking away what is not there is none");
	p.price = STR_LIT("[1]");
	OK(store_write(st, "set", change_price, &p, &e), "what is no object is refused: %s",
	   e.priv);
	store_close(reader);
	store_close(st);
	buf_clear(&v.json);
}

static void check_limits(void)
{
	struct store_options o = { .path = path, .role = STORE_ADMIN };
	struct store *st = NULL;
	struct gw_err e;
	bool made = true;

	o.path = "/nonexistent/gateway.db";
	OK(store_open(&st, &o, &e) && e.code == GWE_CONFIG && strstr(e.pub, "migrate"),
	   "a missing file is refused: %s", e.pub);
	OK(!store_migrate(path, SCHEMA_GATEWAY, false, &made, &e) && !made,
	   "migrating again changes nothing");
	o = (struct store_options){ .path = path, .role = STORE_DEVNODE };
	OK(store_open(&st, &o, &e) && e.code == GWE_CONFIG,
	   "the database of another schema is refused: %s", e.pub);
}

int main(void)
{
	struct gw_err e;
	bool made = false;

	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof path, "%s/gateway.db", dir);
	OK(!store_migrate(path, SCHEMA_GATEWAY, true, &made, &e) && made, "a database is made");
	check_group();
	check_kill();
	check_processes();
	check_readers();
	check_amounts();
	check_busy();
	check_nonces();
	check_prices();
	check_read_only();
	check_limits();
	unlink(path);
	rmdir(dir);
	return TAP_END;
}
