/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "upstream/lease.h"

#include <assert.h>
#include <pthread.h>
#include <unistd.h>

#include "crypto/tls_trust.h"
#include "upstream/loop.h"
#include "util/clock.h"

enum {
	/* A lease that was not needed for so long is given up. */
	IDLE_MAX_MS = 60000,
	/* Below the 60 s after which many servers drop a silent connection. */
	REUSE_MAX_S = 55,
	READ_SIZE = 8 * 1024,
	WRITE_SIZE = 32 * 1024, /* only for bodies that do not fit libcurl's first write */
	KEEPALIVE_S = 60,
	/* One thread carries the chunks of so many calls with ease, and connections that are used again are
	 * with it; beyond, more processors are put to use. */
	LOOP_EASY = 64,
	LOOPS_MAX = 4
};

/*
 * Lock order: `lock` is never held while a transfer runs; libcurl takes one of `share_lock` at a time
 * and nothing under it; nothing is taken under `trust_lock`.
 */
struct upstream_pool {
	struct upstream_options o;
	char *proxy, *ca_file;
	CURLSH *share;
	pthread_mutex_t share_lock[CURL_LOCK_DATA_LAST];
	bool own_trust; /* we verify servers, not libcurl */
	pthread_mutex_t trust_lock;
	struct tls_trust *trust; /* made at the first TLS connection */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t given;
	struct lease *newest, *oldest; /* idle ones, by last use */
	unsigned made;		       /* leases that exist or are being made */
	struct {
		struct loop *loop;
		unsigned calls; /* that it carries */
	} loops[LOOPS_MAX]; /* made when they are first needed */
	unsigned n_loops, loops_max;
};

/* ---- library and shared caches ---- */

int upstream_global_init(struct gw_err *e)
{
	const curl_version_info_data *v;

	if (curl_global_init(CURL_GLOBAL_ALL))
		return gw_fail_priv(e, GWE_INTERNAL, 0, "libcurl cannot be initialised");
	v = curl_version_info(CURLVERSION_NOW);
	if (!(v->features & CURL_VERSION_SSL) || !(v->features & CURL_VERSION_ASYNCHDNS))
		return gw_fail_priv(
		    e, GWE_INTERNAL, 0,
		    "this libcurl (%s) was built without TLS or asynchronous name look-up",
		    v->version);
	return 0;
}

static void share_lock(CURL *easy, curl_lock_data what, curl_lock_access access, void *arg)
{
	struct upstream_pool *p = arg;

	(void)easy;
	(void)access;
	pthread_mutex_lock(&p->share_lock[what]);
}

static void share_unlock(CURL *easy, curl_lock_data what, void *arg)
{
	struct upstream_pool *p = arg;

	(void)easy;
	pthread_mutex_unlock(&p->share_lock[what]);
}

static void share_init(struct upstream_pool *p)
{
	p->share = curl_share_init();
	if (!p->share)
		abort();
	for (unsigned i = 0; i < CURL_LOCK_DATA_LAST; i++)
		pthread_mutex_init(&p->share_lock[i], NULL);
	curl_share_setopt(p->share, CURLSHOPT_LOCKFUNC, share_lock);
	curl_share_setopt(p->share, CURLSHOPT_UNLOCKFUNC, share_unlock);
	curl_share_setopt(p->share, CURLSHOPT_USERDATA, p);
	curl_share_setopt(p->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	curl_share_setopt(p->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

/* ---- one lease ---- */

static void lease_free(struct lease *l)
{
	if (!l)
		return;
	curl_easy_cleanup(l->easy);
	free(l);
}

/* All settings that stay the same from call to call. */
static bool set_constants(const struct upstream_pool *p, struct lease *l)
{
	bool ok = true;

#define SET(option, value) (ok = curl_easy_setopt(l->easy, option, value) == CURLE_OK && ok)
	SET(CURLOPT_SHARE, p->share);
	SET(CURLOPT_ERRORBUFFER, l->error);
	SET(CURLOPT_NOSIGNAL, 1L);
	/* The environment and the files of the user must not steer us, nor the answer. */
	SET(CURLOPT_PROXY, p->proxy);
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	/* The path goes out as it was decided, and only a coding that was not asked for is undone.
	 */
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_ACCEPT_ENCODING, "identity");
	SET(CURLOPT_HTTP_VERSION,
	    (long)(p->o.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (p->own_trust) { /* see lease_verify */
		SET(CURLOPT_SSL_VERIFYPEER, 0L);
		SET(CURLOPT_SSL_VERIFYHOST, 0L);
		SET(CURLOPT_CAINFO, NULL);
		SET(CURLOPT_CAPATH, NULL);
	} else if (p->ca_file) {
		SET(CURLOPT_CAINFO, p->ca_file);
		SET(CURLOPT_CAPATH, NULL);
	}
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)p->o.connect_ms);
	/* A look-up that hangs must not hold up a caller who gives up. */
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_S);
	SET(CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_S);
	SET(CURLOPT_MAXAGE_CONN, (long)REUSE_MAX_S);
	SET(CURLOPT_BUFFERSIZE, (long)READ_SIZE);
	SET(CURLOPT_UPLOAD_BUFFERSIZE, (long)WRITE_SIZE);
#undef SET
	return ok;
}

static struct lease *lease_new(const struct upstream_pool *p, struct gw_err *e)
{
	struct lease *l = calloc(1, sizeof *l);

	if (!l)
		abort();
	l->easy = curl_easy_init();
	if (!l->easy)
		abort(); /* out of memory */
	if (!set_constants(p, l)) {
		gw_fail_priv(e, GWE_INTERNAL, 0,
			     "libcurl %s refuses an option that the gateway needs",
			     curl_version_info(CURLVERSION_NOW)->version);
		lease_free(l);
		return NULL;
	}
	return l;
}

/* ---- who is at the other end ---- */

static const struct tls_trust *trust_get(struct upstream_pool *p, struct gw_err *e)
{
	const struct tls_trust *t;

	pthread_mutex_lock(&p->trust_lock);
	if (!p->trust)
		p->trust = tls_trust_new(p->ca_file, e);
	t = p->trust;
	pthread_mutex_unlock(&p->trust_lock);
	return t;
}

/* The host of "https://host:port/..."; brackets of an IPv6 address are taken off. */
static struct str host_of(struct str url)
{
	size_t n;

	url = str_sub(url, strlen("https://"), url.len);
	if (str_starts(url, "[")) {
		ptrdiff_t end = str_find(url, ']');

		return str_sub(url, 1, end > 0 ? (size_t)end - 1 : 0);
	}
	for (n = 0; n < url.len && !strchr(":/?#", url.p[n]); n++)
		;
	return str_sub(url, 0, n);
}

static bool is_verified(const struct upstream_pool *p, const char *url)
{
	return p->own_trust && str_starts(str_c(url), "https://");
}

int lease_prepare(struct upstream_pool *p, const char *url, struct gw_err *e)
{
	return is_verified(p, url) && !trust_get(p, e) ? -1 : 0;
}

int lease_verify(struct upstream_pool *p, struct lease *l, const char *url, struct gw_err *e)
{
	const struct curl_tlssessioninfo *info = NULL;
	const struct tls_trust *trust;
	char host[256];

	if (!is_verified(p, url))
		return 0;
	trust = trust_get(p, e);
	if (!trust)
		return -1;
	if (curl_easy_getinfo(l->easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || !info ||
	    info->backend != CURLSSLBACKEND_GNUTLS || !info->internals)
		return gw_fail_priv(e, GWE_UPSTREAM_UNREACHABLE, 0,
				    "the connection shows no TLS session");
	if (!str_copy(host, sizeof host, host_of(str_c(url))) || !*host)
		return gw_fail_priv(e, GWE_UPSTREAM_UNREACHABLE, 0, "the URL names no host");
	return tls_trust_verify(trust, info->internals, host, e);
}

/* ---- the pool ---- */

static char *copy_text(const char *z)
{
	char *copy = z && *z ? strdup(z) : NULL;

	if (z && *z && !copy)
		abort();
	return copy;
}

static unsigned processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > LOOPS_MAX ? LOOPS_MAX : (unsigned)n;
}

struct upstream_pool *upstream_pool_new(const struct upstream_options *o)
{
	struct upstream_pool *p = calloc(1, sizeof *p);
	pthread_condattr_t attr;

	if (!p)
		abort();
	p->o = *o;
	p->o.slots = o->slots ? o->slots : 1024;
	p->o.wait_ms = o->wait_ms ? o->wait_ms : 5000;
	p->o.connect_ms = o->connect_ms ? o->connect_ms : 10000;
	p->o.first_byte_ms = o->first_byte_ms ? o->first_byte_ms : 120000;
	p->o.idle_ms = o->idle_ms ? o->idle_ms : 60000;
	p->loops_max = processors();
	p->proxy = copy_text(o->proxy);
	p->ca_file = copy_text(o->ca_file);
	/* The empty text, unlike none, keeps libcurl from looking into the environment. */
	if (!p->proxy)
		p->proxy = calloc(1, 1);
	if (!p->proxy)
		abort();
	p->o.proxy = p->proxy;
	p->o.ca_file = p->ca_file;
	share_init(p);
	p->own_trust = str_starts(str_c(curl_version_info(CURLVERSION_NOW)->ssl_version), "GnuTLS");
	pthread_mutex_init(&p->trust_lock, NULL);
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->given, &attr);
	pthread_condattr_destroy(&attr);
	return p;
}

void upstream_pool_free(struct upstream_pool *p)
{
	if (!p)
		return;
	while (p->newest) {
		struct lease *l = p->newest;

		p->newest = l->older;
		lease_free(l);
		p->made--;
	}
	assert(p->made == 0); /* or a call is still running */
	for (unsigned i = 0; i < p->n_loops; i++)
		loop_free(p->loops[i].loop);
	curl_share_cleanup(p->share);
	for (unsigned i = 0; i < CURL_LOCK_DATA_LAST; i++)
		pthread_mutex_destroy(&p->share_lock[i]);
	tls_trust_free(p->trust);
	pthread_mutex_destroy(&p->trust_lock);
	pthread_cond_destroy(&p->given);
	pthread_mutex_destroy(&p->lock);
	free(p->proxy);
	free(p->ca_file);
	free(p);
}

const struct upstream_options *lease_options(const struct upstream_pool *p)
{
	return &p->o;
}

/* With the lock held: the first that has little to do, else a new one, else the one with the least. */
static bool choose_loop(struct upstream_pool *p, struct lease *l, struct gw_err *e)
{
	unsigned best = 0;

	for (unsigned i = 0; i < p->n_loops; i++) {
		if (p->loops[i].calls < LOOP_EASY) {
			best = i;
			break;
		}
		if (p->loops[i].calls < p->loops[best].calls)
			best = i;
	}
	if (p->n_loops < p->loops_max && (!p->n_loops || p->loops[best].calls >= LOOP_EASY)) {
		struct gw_err why;

		p->loops[p->n_loops].loop = loop_new(p->o.slots, &why);
		if (p->loops[p->n_loops].loop)
			best = p->n_loops++;
		else if (!p->n_loops)
			*e = why;
	}
	l->loop = p->loops[best].loop;
	l->nth = best;
	if (l->loop)
		p->loops[best].calls++;
	return l->loop != NULL;
}

static void unlink_idle(struct upstream_pool *p, struct lease *l)
{
	*(l->newer ? &l->newer->older : &p->newest) = l->older;
	*(l->older ? &l->older->newer : &p->oldest) = l->newer;
	l->newer = l->older = NULL;
}

static void give_up_place(struct upstream_pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->made--;
	pthread_cond_signal(&p->given);
	pthread_mutex_unlock(&p->lock);
}

struct lease *lease_take(struct upstream_pool *p, struct gw_err *e)
{
	struct timespec until;
	struct lease *l;
	bool make = false, late = false, chosen;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += p->o.wait_ms / 1000;
	until.tv_nsec += (long)(p->o.wait_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&p->lock);
	while (!p->newest && p->made >= p->o.slots && !late)
		late = pthread_cond_timedwait(&p->given, &p->lock, &until) != 0;
	l = p->newest;
	if (l) {
		unlink_idle(p, l);
	} else if (p->made < p->o.slots) {
		p->made++;
		make = true;
	}
	pthread_mutex_unlock(&p->lock);
	if (!l && !make) {
		gw_fail(e, GWE_OVERLOADED, 0,
			"all upstream connections are in use; try again soon");
		return NULL;
	}
	if (make && !(l = lease_new(p, e))) {
		give_up_place(p);
		return NULL;
	}
	pthread_mutex_lock(&p->lock);
	chosen = choose_loop(p, l, e);
	pthread_mutex_unlock(&p->lock);
	if (!chosen) {
		lease_free(l);
		give_up_place(p);
		return NULL;
	}
	return l;
}

void lease_give(struct upstream_pool *p, struct lease *l)
{
	struct lease *stale = NULL;

	l->idle_since_ms = clock_mono_ms();
	pthread_mutex_lock(&p->lock);
	p->loops[l->nth].calls--;
	if (l->worn) {
		stale = l;
	} else {
		l->older = p->newest;
		*(l->older ? &l->older->newer : &p->oldest) = l;
		p->newest = l;
		/* One at a time is enough: leases are given more often than they age. */
		if (l->idle_since_ms - p->oldest->idle_since_ms > IDLE_MAX_MS) {
			stale = p->oldest;
			unlink_idle(p, stale);
		}
	}
	pthread_cond_signal(&p->given);
	pthread_mutex_unlock(&p->lock);
	if (stale) {
		lease_free(stale);
		give_up_place(p);
	}
}
