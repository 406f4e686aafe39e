/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of the cache and its threads; one reading of the chain is in chain_read.c. */
#include "config.h"

#include "ledger/chain_cache.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "ledger/chain_read.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	BUCKETS = 8192,
	PER_BUCKET = 8,	   /* then the longest unused one makes room */
	FAIL_GAP_MS = 500, /* after a failure nobody asks again for so long */
	THREAD_STACK = 262144,
	THREADS_MAX = 16
};

struct entry {
	struct entry *next;  /* in its bucket */
	struct entry *later; /* in the queue */
	struct rooch_id channel_id, payer, payee;
	char fragment[ROOCH_FRAGMENT_MAX + 1];
	struct chain_facts facts;
	bool valid; /* facts hold something, of the age of read_ms */
	bool reading, queued;
	unsigned waiting;
	int64_t read_ms, used_ms, failed_ms; /* monotonic; failed 0: the last reading went well */
	int64_t forced_ms;		     /* monotonic: when that was last done */
	unsigned forced;		     /* so often in a row */
	bool zero;			     /* the balance was zero */
	enum gw_code why;		     /* of the failure */
	char why_text[192];
};

struct chain_cache {
	struct chain_cache_options o;
	pthread_mutex_t lock; /* all below; not held while the chain is read */
	pthread_cond_t done, work;
	struct entry *bucket[BUCKETS];
	struct entry *first, **last; /* to be read in the background */
	bool closing;
	pthread_t thread[THREADS_MAX];
	unsigned n_thread;
	struct chain_reader reader;
};

/* ---- entries ---- */

static size_t bucket_of(const struct chain_key *k)
{
	uint64_t h;

	/* ids are hashes already */
	memcpy(&h, k->channel_id.b, sizeof h);
	for (const char *p = k->fragment; *p; p++)
		h = h * 31 + (unsigned char)*p;
	return (size_t)(h % BUCKETS);
}

static bool is_key(const struct entry *n, const struct chain_key *k)
{
	return rooch_id_eq(n->channel_id, k->channel_id) && !strcmp(n->fragment, k->fragment);
}

static bool is_idle(const struct entry *n)
{
	return !n->reading && !n->queued && !n->waiting;
}

/* Make room in a full bucket; one that is in use stays, whatever the number. */
static void make_room(struct entry **head)
{
	struct entry **oldest = NULL, *gone;
	unsigned count = 0;

	for (struct entry **at = head; *at; at = &(*at)->next) {
		count++;
		if (is_idle(*at) && (!oldest || (*at)->used_ms < (*oldest)->used_ms))
			oldest = at;
	}
	if (count < PER_BUCKET || !oldest)
		return;
	gone = *oldest;
	*oldest = gone->next;
	free(gone);
}

static struct entry *find_entry(struct chain_cache *cc, const struct chain_key *k)
{
	struct entry **head = &cc->bucket[bucket_of(k)], *n;

	for (n = *head; n; n = n->next)
		if (is_key(n, k))
			return n;
	make_room(head);
	n = calloc(1, sizeof *n);
	if (!n || !str_copy(n->fragment, sizeof n->fragment, str_c(k->fragment)))
		abort();
	n->channel_id = k->channel_id;
	n->payer = k->payer;
	n->payee = k->payee;
	n->next = *head;
	*head = n;
	return n;
}

/* ---- reading ---- */

/* With the lock; it is released meanwhile. */
static void read_entry(struct chain_cache *cc, struct entry *n, enum chain_want want)
{
	const struct chain_key k = { n->channel_id, n->payer, n->payee, cc->reader.asset,
				     n->fragment };
	struct chain_found found;
	struct gw_err e = { .code = GWE_OK };
	struct chain_age age = { 0, 0, cc->o.stale_ms };
	int rc;

	if (want == CHAIN_CACHED) {
		age.fresh_ms = cc->o.fresh_ms;
		age.zero_ms = cc->o.zero_ms;
	}
	if (want == CHAIN_RENEWED)
		age.stale_ms = 0;

	n->reading = true;
	pthread_mutex_unlock(&cc->lock);
	/* nobody else writes to the facts while we are reading */
	rc = chain_read(&cc->reader, &found, &k, n->valid ? &n->facts : NULL, &age, &e);
	pthread_mutex_lock(&cc->lock);
	n->reading = false;
	if (rc == 0) {
		n->facts = found.facts;
		n->zero = found.zero;
		n->read_ms = clock_mono_ms() - found.age_ms;
		n->valid = true;
		n->failed_ms = 0;
	} else {
		n->failed_ms = clock_mono_ms();
		n->why = e.code;
		(void)str_copy(
			n->why_text, sizeof n->why_text,
			str_sub(str_c(e.priv[0] ? e.priv : e.pub), 0, sizeof n->why_text - 1));
	}
	pthread_cond_broadcast(&cc->done);
}

static void *read_loop(void *arg)
{
	struct chain_cache *cc = arg;

	pthread_mutex_lock(&cc->lock);
	for (;;) {
		struct entry *n;

		while (!cc->first && !cc->closing)
			pthread_cond_wait(&cc->work, &cc->lock);
		if (cc->closing)
			break;
		n = cc->first;
		cc->first = n->later;
		if (!cc->first)
			cc->last = &cc->first;
		n->queued = false;
		if (!n->reading)
			read_entry(cc, n, CHAIN_CACHED);
	}
	pthread_mutex_unlock(&cc->lock);
	return NULL;
}

static void read_later(struct chain_cache *cc, struct entry *n)
{
	if (n->queued || n->reading || !cc->n_thread)
		return;
	n->queued = true;
	n->later = NULL;
	*cc->last = n;
	cc->last = &n->later;
	pthread_cond_signal(&cc->work);
}

/* Wait until somebody else's reading is over, or read. */
static void read_now(struct chain_cache *cc, struct entry *n, enum chain_want want)
{
	if (!n->reading) {
		read_entry(cc, n, want);
		return;
	}
	n->waiting++;
	while (n->reading)
		pthread_cond_wait(&cc->done, &cc->lock);
	n->waiting--;
}

/* ---- asking ---- */

static int64_t fresh_for(const struct chain_cache *cc, const struct entry *n)
{
	if (!n->facts.has_channel || !n->facts.has_subchannel)
		return cc->o.negative_ms;
	return n->zero ? cc->o.zero_ms : cc->o.fresh_ms;
}

static int64_t stale_for(const struct chain_cache *cc, const struct entry *n)
{
	if (!n->facts.has_channel || !n->facts.has_subchannel)
		return cc->o.negative_ms;
	return cc->o.stale_ms;
}

/* How old facts have to be to be read again on demand: for the first time in a while, of any age. */
static int64_t force_gap(const struct chain_cache *cc, struct entry *n, int64_t now)
{
	int64_t gap = cc->o.force_first_ms;

	if (now - n->forced_ms > 2 * (int64_t)cc->o.force_gap_ms)
		n->forced = 0;
	if (!n->forced)
		return 0;
	for (unsigned i = 1; i < n->forced && gap < cc->o.force_gap_ms; i++)
		gap *= 2;
	return gap < cc->o.force_gap_ms ? gap : cc->o.force_gap_ms;
}

static void force(struct chain_cache *cc, struct entry *n, int64_t now)
{
	if (!n->reading) {
		n->forced++;
		n->forced_ms = now;
	}
	read_now(cc, n, CHAIN_FORCED);
}

static int tell_failure(const struct entry *n, struct gw_err *e)
{
	/* only what the client can do something about is for the client */
	if (n->why == GWE_RAV_CONFLICT)
		return gw_fail(e, n->why, 0, "%s", n->why_text);
	return gw_fail_priv(e, n->why, 0, "%s", n->why_text);
}

static int answer(struct chain_cache *cc, struct entry *n, struct chain_facts *out,
		  struct gw_err *e)
{
	int64_t age = clock_mono_ms() - n->read_ms;

	if (n->valid && age <= stale_for(cc, n)) {
		*out = n->facts;
		out->age_ms = (unsigned)age;
		return 0;
	}
	if (n->failed_ms)
		return tell_failure(n, e);
	return gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0, "the ledger's facts are too old");
}

int chain_cache_get(struct chain_cache *cc, struct chain_facts *out, const struct chain_key *k,
		    enum chain_want want, struct gw_err *e)
{
	struct entry *n;
	int64_t now, age;
	int rc;

	pthread_mutex_lock(&cc->lock);
	n = find_entry(cc, k);
	now = clock_mono_ms();
	age = now - n->read_ms;
	n->used_ms = now;
	if (want == CHAIN_CACHED && n->valid && age > fresh_for(cc, n) && age <= stale_for(cc, n))
		read_later(cc, n);
	else if ((want == CHAIN_CACHED && n->valid && age <= fresh_for(cc, n)) ||
		 (want == CHAIN_FORCED && n->valid && age < force_gap(cc, n, now)) ||
		 (n->failed_ms && !n->reading && now - n->failed_ms < FAIL_GAP_MS))
		; /* what is there has to do */
	else if (want == CHAIN_FORCED)
		force(cc, n, now);
	else
		read_now(cc, n, want);
	rc = answer(cc, n, out, e);
	/* what was to be read anew and could not be is not known */
	if (want == CHAIN_RENEWED && n->failed_ms)
		rc = tell_failure(n, e);
	pthread_mutex_unlock(&cc->lock);
	return rc;
}

int chain_cache_ready(struct chain_cache *cc, struct gw_err *e)
{
	return chain_reader_ready(&cc->reader, e);
}

void chain_cache_limits(struct chain_cache *cc, unsigned fresh_ms, unsigned stale_ms)
{
	pthread_mutex_lock(&cc->lock);
	cc->o.fresh_ms = fresh_ms;
	cc->o.stale_ms = stale_ms;
	pthread_mutex_unlock(&cc->lock);
}

/* ---- life ---- */

static void start_threads(struct chain_cache *cc)
{
	pthread_attr_t a;
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, THREAD_STACK);
	while (cc->n_thread < cc->o.threads && cc->n_thread < THREADS_MAX) {
		if (pthread_create(&cc->thread[cc->n_thread], &a, read_loop, cc)) {
			log_error("no thread for reading the ledger; requests read it themselves");
			break;
		}
		cc->n_thread++;
	}
	pthread_attr_destroy(&a);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

struct chain_cache *chain_cache_new(const struct chain_cache_options *o)
{
	struct chain_cache *cc = calloc(1, sizeof *cc);

	if (!cc)
		abort();
	cc->o = *o;
	cc->last = &cc->first;
	pthread_mutex_init(&cc->lock, NULL);
	pthread_cond_init(&cc->done, NULL);
	pthread_cond_init(&cc->work, NULL);
	chain_reader_init(&cc->reader, o->store, &o->source, o->chain_id, o->asset);
	start_threads(cc);
	return cc;
}

void chain_cache_free(struct chain_cache *cc)
{
	if (!cc)
		return;
	pthread_mutex_lock(&cc->lock);
	cc->closing = true;
	pthread_cond_broadcast(&cc->work);
	pthread_mutex_unlock(&cc->lock);
	for (unsigned i = 0; i < cc->n_thread; i++)
		pthread_join(cc->thread[i], NULL);
	for (size_t i = 0; i < BUCKETS; i++)
		while (cc->bucket[i]) {
			struct entry *n = cc->bucket[i];

			cc->bucket[i] = n->next;
			free(n);
		}
	chain_reader_clear(&cc->reader);
	pthread_mutex_destroy(&cc->lock);
	pthread_cond_destroy(&cc->done);
	pthread_cond_destroy(&cc->work);
	free(cc);
}
