/* SPDX-License-Identifier: Apache-2.0 */
/* The engine of a process: settings, requests that wait for each other, calls that could not be settled. */
#include "config.h"

#include "pipeline/payment_engine.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "ledger/rooch_rpc.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	SLICE_MS = 100, /* another process tells nobody when it is done */
	READ_THREADS = 4
};

/* ---- settings ---- */

static struct payment_settings read_settings(const struct conf *c)
{
	return (struct payment_settings){ .min_claim = c->min_claim_amount,
					  .reserve = c->hub_reserve,
					  .max_unsigned_pico = c->max_unsigned_pico,
					  .rate_pico = c->asset_price_pico,
					  .busy_wait_ms = c->busy_wait_ms,
					  .stale_ms = c->chain_stale_ms };
}

struct payment_settings payment_engine_settings(struct payment_engine *en)
{
	struct payment_settings s;

	pthread_mutex_lock(&en->settings_lock);
	s = en->settings;
	pthread_mutex_unlock(&en->settings_lock);
	return s;
}

void payment_engine_reload(struct payment_engine *en, const struct conf *c)
{
	pthread_mutex_lock(&en->settings_lock);
	en->settings = read_settings(c);
	pthread_mutex_unlock(&en->settings_lock);
	chain_cache_limits(en->cache, (unsigned)c->chain_fresh_ms, (unsigned)c->chain_stale_ms);
}

/* ---- life ---- */

int payment_engine_open(struct payment_engine **out, const struct conf *c, struct store *st,
			const struct chain_source *source, struct gw_err *e)
{
	struct payment_engine *en = calloc(1, sizeof *en);
	struct chain_cache_options o = { .store = st,
					 .source = *source,
					 .chain_id = rooch_network_chain_id(c->network),
					 .fresh_ms = (unsigned)c->chain_fresh_ms,
					 .zero_ms = 2000,
					 .stale_ms = (unsigned)c->chain_stale_ms,
					 .negative_ms = 1000,
					 .force_first_ms = FORCE_FIRST_MS,
					 .force_gap_ms = FORCE_GAP_MS,
					 .threads = READ_THREADS };
	pthread_condattr_t mono;

	if (!en)
		abort();
	if (payment_service(c, c->service_did, &en->service, en->asset, e) < 0) {
		free(en);
		return -1;
	}
	rooch_did_text(en->service_did, &en->service);
	en->store = st;
	en->settings = read_settings(c);
	/* the other half is for those that have something to do */
	en->waiting_all_max = (unsigned)(c->max_streams / 2 + 1);
	pthread_mutex_init(&en->settings_lock, NULL);
	pthread_mutex_init(&en->wait_lock, NULL);
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	for (unsigned i = 0; i < WAIT_BUCKETS; i++)
		pthread_cond_init(&en->released[i], &mono);
	pthread_condattr_destroy(&mono);
	o.asset = en->asset;
	en->cache = chain_cache_new(&o);
	*out = en;
	return 0;
}

void payment_engine_free(struct payment_engine *en)
{
	if (!en)
		return;
	chain_cache_free(en->cache);
	for (unsigned i = 0; i < WAIT_BUCKETS; i++)
		pthread_cond_destroy(&en->released[i]);
	pthread_mutex_destroy(&en->settings_lock);
	pthread_mutex_destroy(&en->wait_lock);
	free(en);
}

int payment_engine_ready(struct payment_engine *en, struct gw_err *e)
{
	return chain_cache_ready(en->cache, e);
}

/* ---- calls that could not be settled yet ---- */

struct detached {
	struct payment payment;
	struct payment_facts facts;
};

size_t payment_detached_size(void)
{
	return sizeof(struct detached);
}

struct payment *payment_detach(struct payment *p)
{
	struct detached *d = malloc(sizeof *d);

	if (!d)
		abort();
	assert(p->leased);
	d->payment = *p;
	d->facts = *p->facts;
	d->payment.facts = &d->facts;
	/* of the request, which ends */
	d->payment.auth = NULL;
	d->payment.arena = NULL;
	d->payment.refused_details = STR_NULL;
	p->leased = false;
	p->has_subrav = p->has_cost = false;
	return &d->payment;
}

void payment_detached_free(struct payment *d)
{
	free(d); /* the payment is its first member */
}

/* ---- waiting for a sub-channel ---- */

static unsigned bucket_of(const struct payment *p)
{
	return p->channel_id.b[0] % WAIT_BUCKETS;
}

static pthread_cond_t *condition_of(struct payment_engine *en, const struct payment *p)
{
	return &en->released[bucket_of(p)];
}

void payment_released(struct payment *p)
{
	struct payment_engine *en = p->engine;

	if (!p->leased)
		return;
	p->leased = false;
	pthread_mutex_lock(&en->wait_lock);
	pthread_cond_broadcast(condition_of(en, p));
	pthread_mutex_unlock(&en->wait_lock);
}

static int ask_busy(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct payment *p = arg;

	return subchannel_is_busy(c, &p->channel_id, p->fragment, clock_wall_ms(), e);
}

static bool hung_up(int fd)
{
	struct pollfd f = { .fd = fd, .events = POLLRDHUP };

	return fd >= 0 && poll(&f, 1, 0) > 0 && (f.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

static void sleep_for(struct payment_engine *en, const struct payment *p, int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&en->wait_lock);
	pthread_cond_timedwait(condition_of(en, p), &en->wait_lock, &until);
	pthread_mutex_unlock(&en->wait_lock);
}

/* T1 wants younger facts; whether they could be had it sees by their age. */
static void renew(struct payment *p)
{
	struct chain_key k = payment_chain_key(p);
	struct gw_err e;

	if (chain_cache_get(p->engine->cache, &p->facts->chain, &k, (enum chain_want)p->renew, &e) <
	    0)
		log_debug("facts of a channel could not be renewed: %s",
			  e.priv[0] ? e.priv : e.pub);
	p->renew = CHAIN_CACHED;
	p->renewals++;
}

/* Rule: payment-channel.md 6.4 "busy": the wait is bounded; so is the number of those that wait. */
static bool enter(struct payment_engine *en, unsigned bucket)
{
	bool room;

	pthread_mutex_lock(&en->wait_lock);
	room = en->waiting[bucket] < WAITING_MAX && en->waiting_all < en->waiting_all_max;
	if (room) {
		en->waiting[bucket]++;
		en->waiting_all++;
	}
	pthread_mutex_unlock(&en->wait_lock);
	return room;
}

static void leave(struct payment_engine *en, unsigned bucket)
{
	pthread_mutex_lock(&en->wait_lock);
	en->waiting[bucket]--;
	en->waiting_all--;
	pthread_mutex_unlock(&en->wait_lock);
}

static bool wait_until(struct payment *p, int64_t end, int64_t last, int gone_fd)
{
	if (p->doubted)
		sleep_for(p->engine, p, SLICE_MS);
	for (;;) {
		int64_t now = clock_mono_ms();
		struct gw_err e;

		if (now >= last || hung_up(gone_fd))
			return false;
		if (now >= end || store_read(p->engine->store, ask_busy, p, &e) != 1)
			return true;
		sleep_for(p->engine, p, end - now < SLICE_MS ? end - now : SLICE_MS);
	}
}

bool payment_wait(struct payment *p, int64_t since_mono_ms, unsigned ms, int gone_fd)
{
	int64_t end = clock_mono_ms() + ms;
	int64_t last = since_mono_ms + (int64_t)p->facts->set.busy_wait_ms;
	unsigned bucket = bucket_of(p);
	bool again;

	p->busy = false;
	if (p->renew != CHAIN_CACHED) {
		renew(p);
		return !hung_up(gone_fd);
	}
	if (!enter(p->engine, bucket))
		return false;
	again = wait_until(p, end, last, gone_fd);
	leave(p->engine, bucket);
	return again;
}
