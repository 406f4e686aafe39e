/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <pthread.h>

#include "auth/did_document.h"

#include "crypto/hash.h"
#include "util/clock.h"

/* Rule: protocol did-auth.md 5.4 */
enum {
	FOUND_MS = 5 * 60 * 1000,
	MISSING_MS = 10 * 1000,
	REFRESH_MS = 5 * 1000,
	STALE_MS = 60 * 60 * 1000, /* since the read, while the source cannot be read */
	RETRY_MS = 2 * 1000, /* a source that failed is left alone while a stale answer does */
	JUST_READ_MS = 5    /* a refresh so soon belongs to the check that has just read */
};

struct entry {
	struct entry *next;	     /* in its bucket */
	struct entry *newer, *older; /* in its queue */
	struct did_document *doc;    /* NULL: no such DID */
	int64_t read_ms, refresh_ms,
		retry_ms; /* refresh: of the last forced one; retry: not before */
	char did[];
};

struct queue {
	struct entry *newest, *oldest;
	size_t n;
};

/* A read that is on its way, on the stack of the thread that reads. */
struct flight {
	struct flight *next;
	struct str did;
	unsigned waiting;
	bool done;
	int rc;
	struct did_document *doc;
	struct gw_err e;
};

struct did_cache {
	did_source_fn source;
	void *arg;
	size_t capacity, n_buckets;
	uint64_t seed;	      /* so that nobody can choose DIDs that share a bucket */
	pthread_mutex_t lock; /* guards what follows; not held while the source is read */
	pthread_cond_t landed, left;
	struct entry **bucket;
	struct queue found, missing;
	struct flight *flights;
};

struct did_cache *did_cache_new(size_t capacity, did_source_fn source, void *arg)
{
	struct did_cache *c = calloc(1, sizeof *c);

	if (c)
		c->bucket = calloc(capacity, sizeof(struct entry *));
	if (!c || !c->bucket) {
		fputs("out of memory\n", stderr);
		abort();
	}
	c->source = source;
	c->arg = arg;
	c->capacity = c->n_buckets = capacity;
	random_bytes(&c->seed, sizeof c->seed);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->landed, NULL);
	pthread_cond_init(&c->left, NULL);
	return c;
}

/* ---- entries ---- */

static struct entry **place_of(struct did_cache *c, struct str did)
{
	uint64_t h = c->seed;
	struct entry **at;

	for (size_t i = 0; i < did.len; i++) {
		h = (h ^ (uint8_t)did.p[i]) * 0x100000001b3;
		h ^= h >> 29;
	}
	for (at = &c->bucket[h % c->n_buckets]; *at; at = &(*at)->next)
		if (str_eq_c(did, (*at)->did))
			break;
	return at;
}

static struct queue *queue_of(struct did_cache *c, const struct entry *x)
{
	return x->doc ? &c->found : &c->missing;
}

static void enqueue(struct queue *q, struct entry *x)
{
	x->newer = NULL;
	x->older = q->newest;
	if (q->newest)
		q->newest->newer = x;
	else
		q->oldest = x;
	q->newest = x;
	q->n++;
}

static void dequeue(struct queue *q, struct entry *x)
{
	*(x->newer ? &x->newer->older : &q->newest) = x->older;
	*(x->older ? &x->older->newer : &q->oldest) = x->newer;
	q->n--;
}

static void drop(struct did_cache *c, struct queue *q)
{
	struct entry *x = q->oldest;

	*place_of(c, str_c(x->did)) = x->next;
	dequeue(q, x);
	did_document_free(x->doc);
	free(x);
}

static void make_room(struct did_cache *c)
{
	if (c->missing.n > c->capacity / 4)
		drop(c, &c->missing);
	if (c->found.n + c->missing.n > c->capacity)
		drop(c, c->missing.n && !c->found.n ? &c->missing : &c->found);
}

/* Keep what was read; takes over a share of @doc. */
static void remember(struct did_cache *c, struct str did, struct did_document *doc, int64_t now)
{
	struct entry **at = place_of(c, did), *x = *at;

	if (x) {
		dequeue(queue_of(c, x), x);
		did_document_free(x->doc);
	} else {
		x = calloc(1, sizeof *x + did.len + 1);
		if (!x) {
			fputs("out of memory\n", stderr);
			abort();
		}
		if (did.len)
			memcpy(x->did, did.p, did.len);
		x->refresh_ms = now - REFRESH_MS;
		*at = x;
	}
	x->doc = doc;
	x->read_ms = x->retry_ms = now;
	enqueue(queue_of(c, x), x);
	make_room(c);
}

void did_cache_free(struct did_cache *c)
{
	if (!c)
		return;
	while (c->found.n)
		drop(c, &c->found);
	while (c->missing.n)
		drop(c, &c->missing);
	pthread_cond_destroy(&c->landed);
	pthread_cond_destroy(&c->left);
	pthread_mutex_destroy(&c->lock);
	free(c->bucket);
	free(c);
}

/* ---- answers ---- */

static bool fresh(const struct entry *x, int64_t now)
{
	return now - x->read_ms < (x->doc ? FOUND_MS : MISSING_MS);
}

static bool usable(const struct entry *x, int64_t now)
{
	return now - x->read_ms < (x->doc ? STALE_MS : MISSING_MS);
}

/* Does @x answer without a read? */
static bool answers(const struct entry *x, bool refresh, int64_t now)
{
	if (refresh && now - x->refresh_ms >= REFRESH_MS && now - x->read_ms >= JUST_READ_MS)
		return false;
	return fresh(x, now) || (usable(x, now) && now < x->retry_ms);
}

static int answer(struct did_cache *c, struct entry *x, struct did_document **out)
{
	struct queue *q = queue_of(c, x);

	if (q->newest != x) {
		dequeue(q, x);
		enqueue(q, x);
	}
	if (!x->doc)
		return 1;
	*out = did_document_dup(x->doc);
	return 0;
}

static int outcome(const struct flight *f, struct did_document **out, struct gw_err *e)
{
	if (f->rc == 0)
		*out = did_document_dup(f->doc);
	if (f->rc < 0 && e)
		*e = f->e;
	return f->rc;
}

static struct flight *find_flight(struct did_cache *c, struct str did)
{
	struct flight *f = c->flights;

	while (f && !str_eq(f->did, did))
		f = f->next;
	return f;
}

static int join(struct did_cache *c, struct flight *f, struct did_document **out, struct gw_err *e)
{
	int rc;

	f->waiting++;
	while (!f->done)
		pthread_cond_wait(&c->landed, &c->lock);
	rc = outcome(f, out, e);
	if (!--f->waiting)
		pthread_cond_broadcast(&c->left);
	return rc;
}

/* What the source said, or what covers its failure. Called with the lock held. */
static void land(struct did_cache *c, struct flight *f, bool refresh)
{
	int64_t now = clock_mono_ms();
	struct entry *x;

	if (f->rc >= 0)
		remember(c, f->did, f->rc ? NULL : did_document_dup(f->doc), now);
	x = *place_of(c, f->did);
	if (x && refresh)
		x->refresh_ms = now;
	if (f->rc >= 0 || !x || !usable(x, now))
		return;
	x->retry_ms = now + RETRY_MS;
	f->rc = answer(c, x, &f->doc);
}

static int fly(struct did_cache *c, struct str did, bool refresh, struct did_document **out,
	       struct gw_err *e)
{
	struct flight f = { .next = c->flights, .did = did }, **at;
	int rc;

	/* cppcheck-suppress autoVariables ; it is taken out again before this returns */
	c->flights = &f;
	pthread_mutex_unlock(&c->lock);
	f.rc = c->source(c->arg, did, &f.doc, &f.e);
	pthread_mutex_lock(&c->lock);
	land(c, &f, refresh);
	for (at = &c->flights; *at != &f;)
		at = &(*at)->next;
	*at = f.next;
	f.done = true;
	pthread_cond_broadcast(&c->landed);
	rc = outcome(&f, out, e);
	while (f.waiting)
		pthread_cond_wait(&c->left, &c->lock);
	if (f.rc == 0)
		did_document_free(f.doc);
	return rc;
}

int did_cache_resolve(void *cache, struct str did, bool refresh, struct did_document **out,
		      struct gw_err *e)
{
	struct did_cache *c = cache;
	struct flight *f;
	struct entry *x;
	int rc;

	pthread_mutex_lock(&c->lock);
	x = *place_of(c, did);
	if (x && answers(x, refresh, clock_mono_ms()))
		rc = answer(c, x, out);
	else if ((f = find_flight(c, did)) != NULL)
		rc = join(c, f, out, e);
	else
		rc = fly(c, did, refresh, out, e);
	pthread_mutex_unlock(&c->lock);
	return rc;
}
