/* SPDX-License-Identifier: Apache-2.0 */
/* Charges that wait for a store which takes no writes: none is forgotten, none is made twice. */
#include "config.h"

#include "faultvfs.h"
#include "payment_world.h"
#include "tap.h"

enum { NEVER = 1 << 30, COST = 750 };
static const struct ask to_t1 = { .bound = 1000000, .cost = COST, .stop_after_t1 = true };
static const struct gw_err no_store = { .code = GWE_SERVICE_UNAVAILABLE, .priv = "no store" };

static int64_t number(struct world *w, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;
	int64_t n = -1;

	if (sqlite3_open_v2(w->path, &db, SQLITE_OPEN_READONLY, "unix") == SQLITE_OK &&
	    sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

static void disk_full(bool yes)
{
	faultvfs_change(yes ? FAULT_FULL : FAULT_NONE, 0, yes ? NEVER : 0);
}

/* ---- rows without payment ---- */

struct start {
	struct world *w;
	int64_t id;
};

static int start_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct start *s = arg;
	struct usage_start u = { .request_id = STR_LIT("r"),
				 .did = STR_LIT("did:x"),
				 .provider = STR_LIT("openai"),
				 .api = STR_LIT("chat"),
				 .method = STR_LIT("POST"),
				 .path = STR_LIT("/"),
				 .owner = str_c(s->w->owner),
				 .started_ms = 1,
				 .now_ms = clock_wall_ms() };

	u.lease_until_ms = u.now_ms + 15000;
	return usage_start_tx(c, &u, &s->id, e);
}

static int64_t start_row(struct world *w)
{
	struct start s = { w, 0 };
	struct gw_err e;

	if (store_write(w->st, "start", start_tx, &s, &e) < 0)
		abort();
	return s.id;
}

static bool keep_row(struct owed *o, int64_t id, uint64_t cost, const struct gw_err *why)
{
	char json[] = "{\"of\":\"the row\"}", version[] = "v1";
	struct usage_finish row = { .outcome = OUTCOME_OK,
				    .status = 200,
				    .finished_ms = 2,
				    .cost_known = true,
				    .exact = true,
				    .cost_pico = cost,
				    .usage_json = str_c(json),
				    .cost_json = str_c(json),
				    .price_version = str_c(version) };
	struct owed_charge ch = { .usage_id = id, .row = &row, .cost = picousd_of(cost) };
	bool kept = owed_keep(o, &ch, why);

	/* nobody may look at it any more */
	memset(json, 'x', sizeof json - 1);
	memset(version, 'x', sizeof version - 1);
	memset(&row, 0xff, sizeof row);
	return kept;
}

static void unpaid_rows(struct world *w)
{
	struct owed *o = owed_new(w->st);
	int64_t id = start_row(w);
	struct owed_count c;

	disk_full(true);
	OK(keep_row(o, id, 5, &no_store), "a charge waits");
	OK(!owed_write(o), "as long as the disk is full");
	c = owed_count(o);
	OK(c.waiting == 1 && picousd_u64(c.cost) == 5 && c.lost == 0, "it can be counted");
	disk_full(false);
	OK(owed_write(o), "then it is written");
	c = owed_count(o);
	OK(c.waiting == 0 && picousd_u64(c.cost) == 0 && c.lost == 0, "and waits no longer");
	OK(number(w, "SELECT count(*) FROM usage WHERE state = 1 AND cost_pico = 5 AND price_version = 'v1' "
		     "AND usage_json = '{\"of\":\"the row\"}' AND cost_json = usage_json "
		     "AND model_reported IS NULL") == 1,
	   "with all that it was to hold");
	OK(owed_write(o) && number(w, "SELECT count(*) FROM usage WHERE state = 1") == 1,
	   "once");
	owed_free(o);
}

/* One of many was closed by somebody else; another can never be written. */
static void bad_ones(struct world *w)
{
	static const struct gw_err never = { .code = GWE_INTERNAL, .priv = "never" };
	struct owed *o = owed_new(w->st);
	int64_t closed = start_row(w), before = number(w, "SELECT count(*) FROM usage WHERE state = 1");
	int64_t first = start_row(w), last = start_row(w), bad = start_row(w);

	owed_lose(o, closed);
	OK(owed_write(o) && number(w, "SELECT count(*) FROM usage WHERE state = 2") == 1,
	   "a row is closed as lost");
	OK(keep_row(o, first, 1, &no_store) && keep_row(o, closed, 2, &no_store) &&
		   keep_row(o, last, 3, &no_store),
	   "three wait, that one among them");
	OK(!keep_row(o, bad, 4, &never), "what can never be written does not wait");
	OK(owed_write(o), "they are written");
	OK(number(w, "SELECT count(*) FROM usage WHERE state = 1") == before + 2,
	   "but for the one that was closed");
	OK(number(w, "SELECT count(*) FROM usage WHERE state = 2 AND cost_pico IS NULL") == 2,
	   "and what never can is closed as lost");
	OK(owed_count(o).lost == 2 && owed_count(o).waiting == 0, "two charges are lost");
	owed_free(o);
}

static void bounds(struct world *w)
{
	static char big[1 << 20];
	struct owed *o = owed_new(w->st);
	struct usage_finish row = { .outcome = OUTCOME_OK };
	struct owed_charge ch = { .usage_id = 1 << 20, .row = &row, .cost = picousd_of(1) };
	unsigned n = 0;

	disk_full(true);
	while (n <= OWED_MAX && owed_keep(o, &ch, &no_store))
		n++;
	OK(n == OWED_MAX && owed_count(o).lost == 1, "%u charges wait at most", n);
	owed_end(o);
	OK(owed_count(o).lost == OWED_MAX + 1 && owed_count(o).waiting == 0,
	   "at the end all are lost");
	OK(!owed_keep(o, &ch, &no_store) && owed_count(o).lost == OWED_MAX + 2,
	   "also what comes after it");
	owed_free(o);
	o = owed_new(w->st);
	memset(big, ' ', sizeof big);
	row.usage_json = (struct str){ big, sizeof big };
	for (n = 0; n < OWED_MAX && owed_keep(o, &ch, &no_store); n++)
		;
	OK(n == OWED_BYTES / sizeof big - 1, "and %u of a megabyte", n);
	owed_free(o);
	disk_full(false);
}

/* ---- paid ---- */

static bool keep_paid(struct world *w, struct owed *o, struct told *t)
{
	struct usage_finish row = { .outcome = OUTCOME_OK,
				    .finished_ms = clock_wall_ms(),
				    .cost_known = true,
				    .cost_pico = COST,
				    .exact = true };
	struct owed_charge ch = { .usage_id = t->usage_id,
				  .row = &row,
				  .cost = picousd_of(COST),
				  .payment = &t->p };
	bool kept = owed_keep(o, &ch, &no_store);

	/* the request is over */
	arena_free(&w->held[--w->n_held]);
	return kept;
}

static void paid(struct world *w)
{
	struct owed *o = owed_new(w->st);
	struct ask next = { .bound = 1000, .cost = 1 };
	struct subchannel_row r;
	struct told t = ask(w, 0, &to_t1);

	OK(t.served && t.p.leased, "a paid call is at work");
	disk_full(true);
	OK(keep_paid(w, o, &t) && !t.p.leased && !t.p.has_subrav, "its charge waits");
	OK(!owed_write(o) && world_look(w, 0, &r) && r.lease_alive && !r.rav.has_pending,
	   "it holds its sub-channel, and nothing is proposed");
	disk_full(false);
	w->conf->busy_wait_ms = 0;
	payment_engine_reload(w->en, w->conf);
	t = ask(w, 0, &next);
	OK(t.code == GWE_RAV_CONFLICT && !t.has_next, "the next is told that one is at work");
	OK(owed_write(o) && world_look(w, 0, &r) && !r.has_lease && r.rav.has_pending,
	   "then it is proposed");
	t = ask(w, 0, &next);
	OK(t.code == GWE_PAYMENT_REQUIRED && t.has_next && u256_cmp(t.next.accumulated, u256_of(8)) == 0,
	   "and asked for");
	t = ask(w, 0, &next);
	OK(t.served && t.accepted && t.next.nonce == 2, "and paid");
	owed_free(o);
	w->conf->busy_wait_ms = 20000;
	payment_engine_reload(w->en, w->conf);
}

/* A request of the same sub-channel that waits is woken. */
static void *ask_next(void *arg)
{
	struct world *w = arg;
	static struct told t;

	t = ask_at(w, w->en, w->st, 1, &(struct ask){ .bound = 1000, .no_voucher = true });
	return &t;
}

static void woken(struct world *w)
{
	struct owed *o = owed_new(w->st);
	struct told t = ask(w, 1, &to_t1);
	void *out;
	pthread_t id;

	OK(t.served && keep_paid(w, o, &t), "a charge waits");
	if (pthread_create(&id, NULL, ask_next, w))
		abort();
	OK(owed_write(o), "and is written while another request waits for it");
	pthread_join(id, &out);
	OK(((struct told *)out)->code == GWE_PAYMENT_REQUIRED, "which is asked to pay it");
	owed_free(o);
}

/* ---- threads ---- */

enum { THREADS = 4, EACH = 50 };
struct bringer {
	struct world *w;
	struct owed *o;
	int64_t id[EACH];
};

static void *bring(void *arg)
{
	struct bringer *b = arg;

	for (int i = 0; i < EACH; i++)
		if (!keep_row(b->o, b->id[i], 7, &no_store))
			abort();
	return NULL;
}

static void together(struct world *w)
{
	static struct bringer b[THREADS];
	struct owed *o = owed_new(w->st);
	pthread_t id[THREADS];

	for (int i = 0; i < THREADS; i++) {
		b[i].w = w;
		b[i].o = o;
		for (int k = 0; k < EACH; k++)
			b[i].id[k] = start_row(w);
	}
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&id[i], NULL, bring, &b[i]))
			abort();
	/* as the tick does, while they come */
	while (number(w, "SELECT count(*) FROM usage WHERE cost_pico = 7") < THREADS * EACH)
		if (!owed_write(o))
			break;
	for (int i = 0; i < THREADS; i++)
		pthread_join(id[i], NULL);
	OK(number(w, "SELECT count(*) FROM usage WHERE cost_pico = 7") == THREADS * EACH &&
		   owed_count(o).waiting == 0,
	   "all that %d threads bring is written", THREADS);
	owed_free(o);
}

int main(void)
{
	static struct world w;
	const struct log_options quiet = { .target = LOG_TO_FILE, .path = "/dev/null" };
	struct gw_err e;

	if (log_open(&quiet, &e))
		abort();
	faultvfs_install();
	faultvfs_set(FAULT_NONE, 0, 0);
	world_open(&w);
	unpaid_rows(&w);
	bad_ones(&w);
	bounds(&w);
	paid(&w);
	woken(&w);
	together(&w);
	world_close(&w);
	return TAP_END;
}
