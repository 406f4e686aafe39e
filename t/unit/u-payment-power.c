/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel engine on a machine that fails: the power goes at every write and sync, the disk is full,
 * the database may only be read. A proposal that was told is on the disk, a voucher that bought
 * something is, and nothing is sold where it could not be.
 */
#include "config.h"

#include "faultvfs.h"
#include "payment_audit.h"
#include "payment_world.h"
#include "tap.h"

enum { CALLS = 3, EVENTS_MAX = 600 };
static const struct ask usual = { .bound = 1000000, .cost = 750 };

static char base[112], found[112];

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

static void fresh(struct world *w)
{
	char name[120];

	snprintf(name, sizeof name, "%s-wal", w->path);
	unlink(name);
	snprintf(name, sizeof name, "%s-shm", w->path);
	unlink(name);
	copy(base, w->path);
	w->k[0].has_next = false;
}

struct seen {
	unsigned served, accepted; /* that the client was told */
	uint64_t nonce;		   /* of the newest proposal that it was told */
};

/* A client that goes on until the machine is gone. */
static struct seen run(struct world *w)
{
	struct seen s = { 0 };

	w->st = world_store(w);
	w->en = world_engine(w, w->st);
	for (unsigned i = 0; i < CALLS && !faultvfs_dead(); i++) {
		struct told t = ask(w, 0, &usual);

		s.served += t.served && t.has_next;
		s.accepted += t.served && t.accepted;
		if (t.has_next)
			s.nonce = t.next.nonce;
	}
	payment_engine_free(w->en);
	store_close(w->st);
	w->en = NULL;
	w->st = NULL;
	return s;
}

static uint64_t newest(const char *path)
{
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;
	uint64_t n = 0;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, "unix") == SQLITE_OK &&
	    sqlite3_prepare_v2(
		    db,
		    "SELECT coalesce(max(coalesce(pending_nonce, signed_nonce)), 0) FROM sub_channel",
		    -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		n = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

/* I2: durable before it is told, and before it buys. */
static bool whole(struct world *w, const struct seen *s, enum survivor how)
{
	struct audit a;
	uint64_t nonce;

	faultvfs_survivors(w->path, found, how);
	if (audit(&a, found, "unix") && a.open <= 1 && a.done >= s->served &&
	    a.vouchers >= s->accepted) {
		/* what was told is there, or one further: signed meanwhile */
		nonce = newest(found);
		if (nonce + (a.open ? 1 : 0) >= s->nonce)
			return true;
	}
	printf("# told: %u served, %u accepted, nonce %llu; found: %u done, %u open, %u vouchers, nonce %llu\n",
	       s->served, s->accepted, (unsigned long long)s->nonce, a.done, a.open, a.vouchers,
	       (unsigned long long)newest(found));
	return false;
}

static void power(struct world *w)
{
	unsigned at = 0, bad = 0, between = 0;
	struct seen s = { 0 };
	bool dead = true;

	for (; dead && at < EVENTS_MAX; at++) {
		fresh(w);
		faultvfs_set(FAULT_POWER, at, at + 1);
		s = run(w);
		dead = faultvfs_dead();
		between += s.served > 0 && s.served < CALLS;
		for (int how = 0; how < SURVIVORS; how++)
			bad += !whole(w, &s, (enum survivor)how);
	}
	OK(!dead && s.served == CALLS && s.accepted == CALLS - 1,
	   "without a cut all %d calls are served", CALLS);
	OK(at > 20 && between > 8, "the power failed at %u places, %u of them between calls",
	   at - 1, between);
	OK(bad == 0, "what a client was told is on the disk, and what is there adds up");
}

/* The disk is full from one write on, and then it is not. */
static void full(struct world *w)
{
	unsigned bad = 0, unserved = 0;
	struct audit a;

	for (unsigned at = 0; at < 40; at++) {
		struct subchannel_row r;
		struct told t;

		fresh(w);
		faultvfs_set(FAULT_NONE, 0, 0);
		w->st = world_store(w);
		w->en = world_engine(w, w->st);
		t = ask(w, 0, &usual);
		bad += !t.served;
		faultvfs_change(FAULT_FULL, at, at + 4);
		t = ask(w, 0, &usual);
		/* nothing that could not be stored is told */
		unserved += !t.has_next;
		bad += !t.has_next && t.code != GWE_SERVICE_UNAVAILABLE && t.code != GWE_CONFLICT;
		faultvfs_change(FAULT_NONE, 0, 0);
		if (t.p.leased)
			give_up(w->st, &t.p);
		t = ask(w, 0, &(struct ask){ .bound = 1, .no_voucher = true });
		bad += t.code != GWE_PAYMENT_REQUIRED && t.code != GWE_OK;
		bad += !world_look(w, 0, &r) || (r.has_lease && r.lease_alive);
		payment_engine_free(w->en);
		store_close(w->st);
		bad += !audit(&a, w->path, "unix") || a.open != 0;
	}
	OK(unserved > 3, "a full disk kept %u calls from being served or charged", unserved);
	OK(bad == 0,
	   "none of them told anything that is not there, and none holds its sub-channel");
}

/* As a disk that was remounted: every write fails. */
static void read_only(struct world *w)
{
	struct told t;

	fresh(w);
	faultvfs_set(FAULT_NONE, 0, 0);
	w->st = world_store(w);
	w->en = world_engine(w, w->st);
	t = ask(w, 0, &usual);
	OK(t.served, "a call while it may be written");
	faultvfs_change(FAULT_FULL, 0, UINT32_MAX);
	t = ask(w, 0, &usual);
	OK(t.code == GWE_SERVICE_UNAVAILABLE && !t.served && !t.accepted && !t.has_next,
	   "none when it may not: %s", t.e.priv);
	faultvfs_change(FAULT_NONE, 0, 0);
	payment_engine_free(w->en);
	store_close(w->st);
}

int main(void)
{
	static struct world w;
	const struct log_options quiet = { .target = LOG_TO_FILE, .path = "/dev/null" };
	struct gw_err e;

	if (log_open(&quiet, &e))
		abort();
	world_make(&w);
	snprintf(base, sizeof base, "%s/base.db", w.dir);
	snprintf(found, sizeof found, "%s/found.db", w.dir);
	copy(w.path, base);
	w.conf->busy_wait_ms = 0;
	faultvfs_install();
	power(&w);
	full(&w);
	read_only(&w);
	faultvfs_set(FAULT_NONE, 0, 0);
	w.st = world_store(&w);
	w.en = world_engine(&w, w.st);
	unlink(base);
	for (int i = 0; i < 4; i++) {
		static const char *const rest[] = { "", "-wal", "-shm", "-journal" };
		char name[120];

		snprintf(name, sizeof name, "%s%s", found, rest[i]);
		unlink(name);
	}
	world_close(&w);
	return TAP_END;
}
