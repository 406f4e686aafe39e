/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

/* A clock that the test moves. */
#include "util/clock.h"
static int64_t now_ms = 1000000;
static int64_t test_clock(void)
{
	return now_ms;
}
#define clock_mono_ms test_clock
#include "auth/did_cache.c" /* NOLINT(bugprone-suspicious-include): the clock is replaced */

#include "tap.h"

/* ---- a source that counts ---- */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned reads;
	int rc; /* of the next reads */
	bool hold;
} source = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static int read_source(void *arg, struct str did, struct did_document **out, struct gw_err *e)
{
	int rc;

	(void)arg;
	pthread_mutex_lock(&source.lock);
	source.reads++;
	pthread_cond_broadcast(&source.changed);
	while (source.hold)
		pthread_cond_wait(&source.changed, &source.lock);
	rc = source.rc;
	pthread_mutex_unlock(&source.lock);
	if (rc == 0)
		*out = did_document_new(did);
	return rc < 0 ? gw_fail(e, GWE_SERVICE_UNAVAILABLE, 0, "away") : rc;
}

static int ask_of(struct did_cache *c, const char *did, bool refresh)
{
	struct did_document *d = NULL;
	struct gw_err e = { .code = GWE_OK };
	int rc = did_cache_resolve(c, str_c(did), refresh, &d, &e);

	if (rc == 0 && strcmp(d->id, did) != 0)
		rc = 99;
	if (rc < 0 && e.code != GWE_SERVICE_UNAVAILABLE)
		rc = 98;
	if (rc == 0)
		did_document_free(d);
	return rc;
}

/* Ask for @did; was the answer @rc after @reads reads in all? */
static bool ask(struct did_cache *c, const char *did, bool refresh, int rc, unsigned reads)
{
	int got = ask_of(c, did, refresh);

	if (got == rc && source.reads == reads)
		return true;
	printf("# answer %d after %u reads\n", got, source.reads);
	return false;
}

static struct did_cache *fresh_cache(size_t capacity, int rc)
{
	source.reads = 0;
	source.rc = rc;
	return did_cache_new(capacity, read_source, NULL);
}

static void found(void)
{
	struct did_cache *c = fresh_cache(100, 0);

	OK(ask(c, "a", false, 0, 1) && ask(c, "a", false, 0, 1), "read once");
	now_ms += 299999;
	OK(ask(c, "a", false, 0, 1), "held for 5 minutes");
	now_ms += 1;
	OK(ask(c, "a", false, 0, 2), "and read again then");
	OK(ask(c, "b", false, 0, 3), "each DID for itself");
	did_cache_free(c);
}

static void missing(void)
{
	struct did_cache *c = fresh_cache(100, 1);

	OK(ask(c, "a", false, 1, 1) && ask(c, "a", false, 1, 1), "not found is held");
	now_ms += 9999;
	OK(ask(c, "a", false, 1, 1), "for 10 seconds");
	now_ms += 1;
	source.rc = 0;
	OK(ask(c, "a", false, 0, 2), "then it is looked for again");
	did_cache_free(c);
}

static void refreshes(void)
{
	struct did_cache *c = fresh_cache(100, 0);

	OK(ask(c, "a", false, 0, 1) && ask(c, "a", true, 0, 1),
	   "the check that has just read does not read twice");
	now_ms += 5;
	OK(ask(c, "a", true, 0, 2), "a later one does");
	now_ms += 4999;
	OK(ask(c, "a", true, 0, 2), "once in 5 seconds");
	OK(ask(c, "b", false, 0, 3), "for each DID");
	now_ms += 1;
	OK(ask(c, "a", true, 0, 3 + 1), "and then again");
	now_ms += 299999;
	OK(ask(c, "a", false, 0, 4), "a refresh starts the 5 minutes anew");
	source.rc = 1;
	OK(ask(c, "a", true, 1, 5) && ask(c, "a", false, 1, 5), "a DID that went away is gone");
	did_cache_free(c);
}

static void failures(void)
{
	struct did_cache *c = fresh_cache(100, -1);

	OK(ask(c, "a", false, -1, 1) && ask(c, "a", false, -1, 2),
	   "nothing cached: the error, not held");
	source.rc = 0;
	OK(ask(c, "a", false, 0, 3), "until it can be read");
	source.rc = -1;
	now_ms += 1000;
	OK(ask(c, "a", true, 0, 4), "a refresh that fails leaves the document");
	now_ms += 1000;
	OK(ask(c, "a", true, 0, 4), "and counts as one");
	now_ms += 300000;
	OK(ask(c, "a", false, 0, 5), "an expired document covers a source that cannot be read");
	OK(ask(c, "a", false, 0, 5), "which is left alone for a while");
	now_ms += 2000;
	OK(ask(c, "a", false, 0, 6), "and asked again");
	now_ms += 3600000;
	OK(ask(c, "a", false, -1, 7), "but not for ever");
	source.rc = 1;
	OK(ask(c, "m", false, 1, 8), "not found");
	source.rc = -1;
	now_ms += 10000;
	OK(ask(c, "m", false, -1, 9), "is not stretched");
	did_cache_free(c);
}

static void bounds(void)
{
	struct did_cache *c = fresh_cache(8, 0);
	char did[16];

	for (int i = 0; i < 8; i++) {
		snprintf(did, sizeof did, "d%d", i);
		if (ask_of(c, did, false))
			abort();
	}
	OK(ask(c, "d0", false, 0, 8), "as many as it may hold");
	OK(ask(c, "d8", false, 0, 9) && ask(c, "d0", false, 0, 9),
	   "the least used goes, not the oldest");
	OK(ask(c, "d1", false, 0, 10), "that was d1");
	source.rc = 1;
	for (int i = 0; i < 1000; i++) {
		snprintf(did, sizeof did, "x%d", i);
		if (ask_of(c, did, false) != 1)
			abort();
	}
	OK(c->missing.n == 2 && c->found.n == 6, "a thousand unknown ones push out two");
	source.rc = 0;
	OK(ask(c, "d1", false, 0, 1010) && ask(c, "d0", false, 0, 1010), "and not those in use");
	did_cache_free(c);
}

/* ---- threads ---- */

enum { THREADS = 8 };
struct asker {
	struct did_cache *c;
	int rc;
};

static void *ask_in_thread(void *arg)
{
	struct asker *a = arg;

	a->rc = ask_of(a->c, "same", false);
	return NULL;
}

static unsigned waiting(struct did_cache *c)
{
	unsigned n;

	pthread_mutex_lock(&c->lock);
	n = c->flights ? c->flights->waiting : 0;
	pthread_mutex_unlock(&c->lock);
	return n;
}

static void together(int rc)
{
	struct did_cache *c = fresh_cache(8, rc);
	pthread_t t[THREADS];
	struct asker a[THREADS];
	bool same = true;

	source.hold = true;
	for (int i = 0; i < THREADS; i++) {
		a[i] = (struct asker){ c, 77 };
		if (pthread_create(&t[i], NULL, ask_in_thread, &a[i]))
			abort();
	}
	while (waiting(c) < THREADS - 1)
		sched_yield();
	pthread_mutex_lock(&source.lock);
	source.hold = false;
	pthread_cond_broadcast(&source.changed);
	pthread_mutex_unlock(&source.lock);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		same = same && a[i].rc == rc;
	}
	OK(same && source.reads == 1, "eight that miss at once make one read (%s)",
	   rc < 0 ? "which fails"
	   : rc	  ? "no such DID"
		  : "found");
	did_cache_free(c);
}

int main(void)
{
	found();
	missing();
	refreshes();
	failures();
	bounds();
	together(0);
	together(1);
	together(-1);
	return TAP_END;
}
