/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pipeline/owed.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "util/clock.h"
#include "util/log.h"

enum {
	BATCH = 64, /* in one transaction; one that refuses undoes it for the others */
	SAY_MS = 60000
};

/* A charge that waits, in one piece of memory: the texts of its row are behind it. */
struct entry {
	struct entry *next;
	size_t bytes;
	struct usage_finish row;
	struct owed_charge charge;
	char texts[];
};

struct owed {
	struct store *st;
	pthread_mutex_t lock; /* guards all below; never held across a write */
	struct entry *first, **last;
	size_t bytes;
	unsigned waiting;
	uint64_t charges_lost;
	int64_t lost[OWED_LOST]; /* rows to be closed as lost */
	unsigned n_lost;
	bool ended;
	int64_t said_ms; /* of the ticking thread */
};

int owed_write_tx(struct store_conn *c, const struct owed_charge *ch, struct gw_err *e)
{
	struct usage_finish row = *ch->row;
	struct usage_charge charge;

	if (ch->payment && ch->payment->leased) {
		if (payment_settle_tx(c, ch->payment, ch->cost, row.finished_ms, &charge, e) < 0)
			return -1;
		row.charge = &charge;
	}
	return usage_finish_tx(c, ch->usage_id, &row, e);
}

/* ---- copies ---- */

static size_t size_of(const struct usage_finish *row)
{
	size_t n = sizeof(struct entry);

#define COUNT(name) n += row->name.len;
	USAGE_FINISH_TEXTS(COUNT)
#undef COUNT
	return n;
}

static struct str move_text(char **to, struct str s)
{
	struct str copy = STR_NULL;

	if (!s.p)
		return copy;
	copy = (struct str){ *to, s.len };
	if (s.len)
		memcpy(*to, s.p, s.len);
	*to += s.len;
	return copy;
}

/* What waits costs memory of its own beside the entry. */
static size_t weight(const struct owed_charge *ch, size_t bytes)
{
	return bytes + (ch->payment && ch->payment->leased ? payment_detached_size() : 0);
}

static struct entry *copy(const struct owed_charge *ch, size_t bytes)
{
	struct entry *n = malloc(bytes);
	char *to;

	if (!n)
		abort();
	n->next = NULL;
	n->bytes = weight(ch, bytes);
	n->row = *ch->row;
	to = n->texts;
#define MOVE(name) n->row.name = move_text(&to, n->row.name);
	USAGE_FINISH_TEXTS(MOVE)
#undef MOVE
	n->charge = *ch;
	n->charge.row = &n->row;
	n->charge.payment = ch->payment && ch->payment->leased ? payment_detach(ch->payment) : NULL;
	return n;
}

static void free_entry(struct entry *n)
{
	payment_detached_free(n->charge.payment);
	free(n);
}

/* ---- life ---- */

struct owed *owed_new(struct store *st)
{
	struct owed *o = calloc(1, sizeof *o);

	if (!o)
		abort();
	o->st = st;
	o->last = &o->first;
	pthread_mutex_init(&o->lock, NULL);
	return o;
}

void owed_free(struct owed *o)
{
	struct entry *n, *next;

	if (!o)
		return;
	for (n = o->first; n; n = next) {
		next = n->next;
		free_entry(n);
	}
	pthread_mutex_destroy(&o->lock);
	free(o);
}

struct owed_count owed_count(struct owed *o)
{
	struct owed_count c = { .cost = PICOUSD_ZERO };

	pthread_mutex_lock(&o->lock);
	c.waiting = o->waiting;
	c.lost = o->charges_lost;
	for (const struct entry *n = o->first; n; n = n->next)
		if (!picousd_add(&c.cost, c.cost, n->charge.cost))
			break;
	pthread_mutex_unlock(&o->lock);
	return c;
}

/* ---- in ---- */

static void say_lost(int64_t usage_id, struct picousd cost, const char *why)
{
	char usd[PICOUSD_USD_TEXT];

	picousd_format_usd(usd, cost);
	log_error("alarm: charge lost: usage row %lld, %s USD: %s", (long long)usage_id, usd, why);
}

void owed_lose(struct owed *o, int64_t usage_id)
{
	pthread_mutex_lock(&o->lock);
	if (o->n_lost < OWED_LOST)
		o->lost[o->n_lost++] = usage_id;
	pthread_mutex_unlock(&o->lock);
}

static void lose_charge(struct owed *o, const struct owed_charge *ch, const char *why)
{
	say_lost(ch->usage_id, ch->cost, why);
	pthread_mutex_lock(&o->lock);
	o->charges_lost++;
	pthread_mutex_unlock(&o->lock);
	owed_lose(o, ch->usage_id);
}

/* NULL: @n waits; else why it cannot. */
static const char *append(struct owed *o, struct entry *n)
{
	const char *why = NULL;

	pthread_mutex_lock(&o->lock);
	if (o->ended) {
		why = "the process ends";
	} else if (o->waiting >= OWED_MAX || n->bytes > OWED_BYTES - o->bytes) {
		why = "too many wait already";
	} else {
		*o->last = n;
		o->last = &n->next;
		o->bytes += n->bytes;
		o->waiting++;
	}
	pthread_mutex_unlock(&o->lock);
	return why;
}

bool owed_keep(struct owed *o, const struct owed_charge *ch, const struct gw_err *why)
{
	struct entry *n = copy(ch, size_of(ch->row));
	/* whatever else it is, it will be the same the next time */
	const char *lost = why->code == GWE_SERVICE_UNAVAILABLE ? append(o, n)
			   : why->priv[0]			 ? why->priv
								 : why->pub;

	if (!lost) {
		log_error("usage row %lld could not be finished: %s; its charge waits",
			  (long long)ch->usage_id, why->priv[0] ? why->priv : why->pub);
		return true;
	}
	lose_charge(o, ch, lost);
	free_entry(n);
	return false;
}

/* ---- out ---- */

struct batch {
	struct entry *e[BATCH];
	unsigned n;
	int bad; /* that one refused by itself; -1: none did */
};

static int write_batch(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct batch *b = arg;

	for (unsigned i = 0; i < b->n; i++) {
		if (owed_write_tx(c, &b->e[i]->charge, e) == 0)
			continue;
		if (e->code != GWE_SERVICE_UNAVAILABLE)
			b->bad = (int)i;
		return -1;
	}
	return 0;
}

/* The first ones. They stay in the queue: only this thread takes them out. */
static void look(struct owed *o, struct batch *b)
{
	b->n = 0;
	b->bad = -1;
	pthread_mutex_lock(&o->lock);
	for (struct entry *n = o->first; n && b->n < BATCH; n = n->next)
		b->e[b->n++] = n;
	pthread_mutex_unlock(&o->lock);
}

static void take_out(struct owed *o, struct entry *n)
{
	struct entry **at;

	pthread_mutex_lock(&o->lock);
	for (at = &o->first; *at != n; at = &(*at)->next)
		assert(*at);
	*at = n->next;
	if (o->last == &n->next)
		o->last = at;
	o->bytes -= n->bytes;
	o->waiting--;
	pthread_mutex_unlock(&o->lock);
}

/* True: none waits any more. */
static bool write_waiting(struct owed *o)
{
	unsigned long written = 0;
	struct batch b;
	struct gw_err e;

	for (look(o, &b); b.n; look(o, &b)) {
		if (store_write(o->st, "settle late", write_batch, &b, &e) == 0) {
			for (unsigned i = 0; i < b.n; i++) {
				take_out(o, b.e[i]);
				if (b.e[i]->charge.payment)
					payment_released(b.e[i]->charge.payment);
				free_entry(b.e[i]);
			}
			written += b.n;
		} else if (b.bad >= 0) {
			struct entry *n = b.e[b.bad];

			take_out(o, n);
			lose_charge(o, &n->charge, e.priv[0] ? e.priv : e.pub);
			free_entry(n);
		} else {
			break;
		}
	}
	if (written)
		log_warn("%lu charges that waited for the store are written", written);
	return !b.n;
}

struct closing {
	int64_t id[BATCH];
	unsigned n;
	int64_t now_ms;
};

static int close_lost(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct closing *l = arg;

	for (unsigned i = 0; i < l->n; i++) {
		struct stmt *s = stmt_get(c, STMT_USAGE_ABANDON);

		stmt_bind_i64(s, "usage_id", l->id[i]);
		stmt_bind_i64(s, "now_ms", l->now_ms);
		if (stmt_run(s, NULL, e) < 0)
			return -1;
	}
	return 0;
}

static void look_lost(struct owed *o, struct closing *l)
{
	l->now_ms = clock_wall_ms();
	pthread_mutex_lock(&o->lock);
	l->n = o->n_lost < BATCH ? o->n_lost : BATCH;
	memcpy(l->id, o->lost, l->n * sizeof l->id[0]);
	pthread_mutex_unlock(&o->lock);
}

static bool write_lost(struct owed *o)
{
	struct closing l;
	struct gw_err e;

	for (look_lost(o, &l); l.n; look_lost(o, &l)) {
		if (store_write(o->st, "abandon", close_lost, &l, &e) < 0)
			return false;
		pthread_mutex_lock(&o->lock);
		o->n_lost -= l.n;
		memmove(o->lost, o->lost + l.n, o->n_lost * sizeof o->lost[0]);
		pthread_mutex_unlock(&o->lock);
	}
	return true;
}

bool owed_write(struct owed *o)
{
	/* both: one of them may work without the other */
	bool none = write_waiting(o);

	return write_lost(o) && none;
}

void owed_tick(struct owed *o)
{
	int64_t now = clock_mono_ms();
	char usd[PICOUSD_USD_TEXT];
	struct owed_count c;

	(void)owed_write(o);
	c = owed_count(o);
	if (!c.waiting || !o->said_ms)
		o->said_ms = now;
	if (now - o->said_ms < SAY_MS)
		return;
	o->said_ms = now;
	picousd_format_usd(usd, c.cost);
	log_error("alarm: %u charges of %s USD wait for a store that takes no writes", c.waiting,
		  usd);
}

void owed_end(struct owed *o)
{
	struct entry *n, *next;

	pthread_mutex_lock(&o->lock);
	o->ended = true;
	n = o->first;
	o->first = NULL;
	o->last = &o->first;
	o->bytes = 0;
	o->charges_lost += o->waiting;
	o->waiting = 0;
	pthread_mutex_unlock(&o->lock);
	for (; n; n = next) {
		next = n->next;
		say_lost(n->charge.usage_id, n->charge.cost,
			 "the process ends, and the store takes no writes");
		free_entry(n);
	}
}
