/* SPDX-License-Identifier: Apache-2.0 */
/* The channel engine under many at once: threads, processes, and a process that is killed. */
#include "config.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "payment_audit.h"
#include "payment_world.h"
#include "tap.h"

enum { CROWD = 64 };
static const struct ask usual = { .bound = 1000000, .cost = 750 };

/* ---- a crowd ---- */

struct one {
	struct world *w;
	struct payment_engine *en;
	struct store *st;
	unsigned key;
	struct told t;
};

static void *ask_once(void *arg)
{
	struct one *o = arg;

	o->t = ask_at(o->w, o->en, o->st, o->key, &usual);
	return NULL;
}

/* Half of them through another engine and store, as another process has them. */
static void crowd(struct one *o, struct world *w, struct payment_engine *en, struct store *st,
		  bool same_key)
{
	pthread_t id[CROWD];

	for (unsigned i = 0; i < CROWD; i++) {
		o[i] = (struct one){ w,
				     i % 2 ? en : w->en,
				     i % 2 ? st : w->st,
				     same_key ? 0 : i % FAKE_KEYS,
				     { .code = GWE_OK } };
		if (pthread_create(&id[i], NULL, ask_once, &o[i]))
			abort();
	}
	for (unsigned i = 0; i < CROWD; i++)
		pthread_join(id[i], NULL);
}

static unsigned count(const struct one *o, enum gw_code code)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CROWD; i++)
		n += o[i].t.code == code;
	return n;
}

/* I4 */
static void one_subchannel(struct world *w, struct payment_engine *en, struct store *st)
{
	static struct one o[CROWD];
	struct audit a;
	unsigned same = 0;

	crowd(o, w, en, st, true);
	for (unsigned i = 0; i < CROWD; i++)
		same += o[i].t.has_next && o[i].t.next.nonce == 1 &&
			is_u64(o[i].t.next.accumulated, 8);
	OK(count(o, GWE_OK) == 1 && count(o, GWE_PAYMENT_REQUIRED) == CROWD - 1,
	   "of 64 first requests at once one is served, the others are asked to pay for it");
	OK(same == CROWD, "and all are told the same proposal");
	w->k[0].next = o[0].t.next;
	w->k[0].has_next = true;
	crowd(o, w, en, st, true);
	OK(count(o, GWE_OK) == 1 && count(o, GWE_RAV_CONFLICT) == CROWD - 1,
	   "of 64 with the same voucher one is served, to the others it buys nothing");
	w->k[0].has_next = false;
	OK(audit(&a, w->path, NULL) && a.done == 2 && a.vouchers == 1 && a.open == 0,
	   "two calls were made, one is paid for");
}

/* I7: whatever the order, the deposit covers the bounds of all that were let in. */
static void one_deposit(struct world *w, struct payment_engine *en, struct store *st)
{
	static struct one o[CROWD];
	struct audit a;
	unsigned served;

	w->chain.hub = u256_of(5 * 10000 + 100);
	payment_engine_free(w->en);
	store_close(w->st);
	clock_set_wall_ms(clock_wall_ms() + (int64_t)w->conf->chain_stale_ms + 1);
	w->st = world_store(w);
	w->en = world_engine(w, w->st);
	crowd(o, w, en, st, false);
	served = count(o, GWE_OK);
	OK(served >= 4 && count(o, GWE_SERVICE_UNAVAILABLE) == 0,
	   "a deposit for five bounds: %u requests of twelve keys were let in", served);
	OK(audit(&a, w->path, NULL) && u256_cmp(a.proposed, w->chain.hub) <= 0,
	   "what is owed is less than the deposit");
	w->chain.hub = u256_of(1000000000);
	clock_set_wall_ms(-1);
}

/* The threads of a process belong to all payers. */
static atomic_uint turned_away;

static void *ask_counted(void *arg)
{
	struct one *o = arg;

	(void)ask_once(o);
	if (o->t.code == GWE_RAV_CONFLICT)
		atomic_fetch_add(&turned_away, 1);
	return NULL;
}

static void bounded_wait(struct world *w)
{
	enum { MANY = WAITING_MAX + 40, SOME = 30, TRIES = 12000 };
	static struct one o[MANY];
	const struct ask halted = { .bound = 1000, .cost = 1, .stop_after_t1 = true };
	struct told first = ask_at(w, w->en, w->st, 0, &halted);
	unsigned served = 0, asked = 0;
	pthread_t id[MANY];

	OK(first.served, "a request is at work");
	for (unsigned i = 0; i < MANY; i++) {
		o[i] = (struct one){ w, w->en, w->st, 0, { .code = GWE_OK } };
		if (pthread_create(&id[i], NULL, ask_counted, &o[i]))
			abort();
	}
	for (unsigned i = 0; i < TRIES && atomic_load(&turned_away) < SOME; i++)
		usleep(10000);
	OK(atomic_load(&turned_away) >= SOME, "so many wait for it, the others are turned away");
	give_up(w->st, &first.p);
	for (unsigned i = 0; i < MANY; i++) {
		pthread_join(id[i], NULL);
		served += o[i].t.code == GWE_OK;
		asked += o[i].t.code == GWE_PAYMENT_REQUIRED;
	}
	OK(served == 1 && served + asked + atomic_load(&turned_away) == MANY,
	   "when it is over, one of those that waited is served");
}

/* ---- processes ---- */

/* A client that knows nothing at first and then pays as it goes, until it is killed. */
static void live(struct world *w, int tell)
{
	const struct ask slow = { .bound = 1000000, .cost = 750, .upstream_us = 3000 };
	char owner[32];

	snprintf(owner, sizeof owner, "%ld:1", (long)getpid());
	w->owner = owner;
	w->st = world_store(w);
	w->en = world_engine(w, w->st);
	for (unsigned i = 0;; i++) {
		struct told t = ask(w, i % 3, &slow);

		if (t.code != GWE_OK && t.code != GWE_PAYMENT_REQUIRED)
			continue;
		if (t.served && write(tell, "x", 1) != 1)
			_exit(1);
	}
}

/* I1, I5: killed anywhere, many times. Rows that nobody finished are closed as lost, nothing else is. */
static void killed(struct world *w)
{
	struct audit a;
	unsigned served = 0;
	bool ok = true;

	for (int round = 0; round < 12; round++) {
		int ends[2], status, want = 1 + round % 4;
		pid_t pid;
		char c;

		if (pipe(ends))
			abort();
		pid = fork();
		if (pid == 0) {
			close(ends[0]);
			/* the lease of the one before has passed */
			clock_set_wall_ms(clock_wall_ms() + (round + 1) * INT64_C(4000000));
			live(w, ends[1]);
		}
		close(ends[1]);
		while (want-- && read(ends[0], &c, 1) == 1)
			served++;
		/* anywhere in the next one */
		usleep((useconds_t)(round * 700));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		while (read(ends[0], &c, 1) == 1)
			served++;
		close(ends[0]);
		ok &= audit(&a, w->path, NULL) && a.open <= 1;
	}
	OK(ok, "killed twelve times: what was charged is signed or waits for it, every time");
	OK(a.done >= served && a.done <= served + 12,
	   "what was told is there: %u served, %u charged", served, a.done);
	OK(a.lost > 0 && a.lost <= 12, "%u calls were cut off: closed as lost, not charged",
	   a.lost);
}

int main(void)
{
	static struct world w;
	struct payment_engine *en;
	struct log_options o = { .program = "u-payment-many", .level = LOG_LVL_ERROR };
	struct store *st;
	struct gw_err e;

	if (log_open(&o, &e))
		abort();
	world_make(&w);
	for (unsigned i = 3; i < FAKE_KEYS; i++)
		world_key(&w, i, KEY_ED25519);
	w.st = world_store(&w);
	w.en = world_engine(&w, w.st);
	st = world_store(&w);
	en = world_engine(&w, st);
	one_subchannel(&w, en, st);
	one_deposit(&w, en, st);
	payment_engine_free(en);
	store_close(st);
	world_close(&w);

	world_make(&w);
	w.st = world_store(&w);
	w.en = world_engine(&w, w.st);
	bounded_wait(&w);
	world_close(&w);

	/* no thread is left when processes are made */
	world_make(&w);
	killed(&w);
	w.st = world_store(&w);
	w.en = world_engine(&w, w.st);
	world_close(&w);
	return TAP_END;
}
