/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of the chain: how old they may be, who asks the node, and what two processes do about it. */
#include "config.h"

#include "payment_world.h"
#include "tap.h"

enum { CROWD = 32, NEGATIVE_MS = 50, DEADLINE_MS = 60000 };

static struct chain_key key_of(const struct world *w)
{
	return (struct chain_key){ .channel_id = w->chain.channel_id,
				   .payer = w->payer,
				   .payee = w->service,
				   .asset = w->asset,
				   .fragment = "key-0" };
}

static struct chain_cache *make(struct world *w, struct store *st, unsigned fresh_ms,
				unsigned stale_ms)
{
	struct chain_cache_options o = { .store = st,
					 .source = fake_source(&w->chain),
					 .chain_id = 4,
					 .asset = w->asset,
					 .fresh_ms = fresh_ms,
					 .zero_ms = fresh_ms,
					 .stale_ms = stale_ms,
					 .negative_ms = NEGATIVE_MS,
					 .force_first_ms = 60000,
					 .force_gap_ms = 60000,
					 .threads = 2 };

	return chain_cache_new(&o);
}

static int get(struct chain_cache *cc, const struct world *w, struct chain_facts *f,
	       enum chain_want want)
{
	struct chain_key k = key_of(w);
	struct gw_err e;

	return chain_cache_get(cc, f, &k, want, &e);
}

static unsigned calls(struct world *w)
{
	unsigned n;

	pthread_mutex_lock(&w->chain.lock);
	n = w->chain.calls;
	pthread_mutex_unlock(&w->chain.lock);
	return n;
}

/* The threads of a cache look at the chain too. */
static void set_fail(struct world *w, unsigned fail)
{
	pthread_mutex_lock(&w->chain.lock);
	w->chain.fail = fail;
	pthread_mutex_unlock(&w->chain.lock);
}

static void next_nonce(struct world *w)
{
	pthread_mutex_lock(&w->chain.lock);
	w->chain.sub[0].o.last_nonce++;
	pthread_mutex_unlock(&w->chain.lock);
}

/* Poll until the cache shows this nonce. */
static bool shows(struct chain_cache *cc, struct world *w, uint64_t nonce)
{
	int64_t until = clock_mono_ms() + DEADLINE_MS;
	struct chain_facts f;

	while (clock_mono_ms() < until) {
		if (get(cc, w, &f, CHAIN_CACHED) == 0 && f.last_nonce == nonce)
			return true;
		usleep(2000);
	}
	return false;
}

static void young(struct world *w)
{
	struct chain_cache *cc = make(w, w->st, 60000, 60000);
	struct chain_facts f, first;
	unsigned n;

	OK(get(cc, w, &first, CHAIN_CACHED) == 0 && first.has_subchannel &&
		   first.key_type == KEY_ED25519 && first.pub_len == 32 && first.key.valid &&
		   !memcmp(first.key.bytes, first.pub, 32),
	   "facts with the key that is frozen on chain");
	n = calls(w);
	for (int i = 0; i < 100; i++)
		(void)get(cc, w, &f, CHAIN_CACHED);
	OK(calls(w) == n, "young facts cost no call");
	OK(get(cc, w, &f, CHAIN_FORCED) == 0 && calls(w) > n,
	   "a conflict has them read again, however young they are");
	n = calls(w);
	OK(get(cc, w, &f, CHAIN_FORCED) == 0 && calls(w) == n,
	   "but not the next one, when that was done a moment ago");
	OK(get(cc, w, &f, CHAIN_RENEWED) == 0 && calls(w) > n, "but what must be renewed is");
	OK(f.key.valid && f.key.type == first.key.type &&
		   !memcmp(f.key.bytes, first.key.bytes, sizeof f.key.bytes),
	   "with the same key");
	chain_cache_free(cc);
	n = calls(w);
	cc = make(w, w->st, 60000, 60000);
	OK(get(cc, w, &f, CHAIN_CACHED) == 0 && calls(w) == n,
	   "what another process has read is taken from the database");
	chain_cache_free(cc);
}

static void stale(struct world *w)
{
	struct chain_cache *cc = make(w, w->st, 1, 60000);
	struct chain_facts f;

	(void)get(cc, w, &f, CHAIN_RENEWED);
	next_nonce(w);
	usleep(5000);
	OK(get(cc, w, &f, CHAIN_CACHED) == 0 && f.last_nonce + 1 == w->chain.sub[0].o.last_nonce,
	   "older facts are handed out at once");
	OK(shows(cc, w, w->chain.sub[0].o.last_nonce), "and read again meanwhile");
	set_fail(w, FAKE_CHANNEL);
	usleep(5000);
	OK(get(cc, w, &f, CHAIN_CACHED) == 0, "they do while the node is away");
	chain_cache_free(cc);
	cc = make(w, w->st, 1, 2);
	usleep(10000);
	OK(get(cc, w, &f, CHAIN_CACHED) != 0, "but not beyond their bound");
	set_fail(w, 0);
	chain_cache_free(cc);
}

struct one {
	struct chain_cache *cc;
	struct world *w;
	int rc;
};

static void *get_once(void *arg)
{
	struct one *o = arg;
	struct chain_facts f;

	o->rc = get(o->cc, o->w, &f, CHAIN_CACHED);
	return NULL;
}

static void together(struct world *w)
{
	struct chain_cache *cc;
	struct one o[CROWD];
	pthread_t id[CROWD];
	unsigned n, bad = 0;

	clock_set_wall_ms(clock_wall_ms() + 3600000);
	cc = make(w, w->st, 60000, 60000);
	w->chain.slow_ms = 20;
	n = calls(w);
	for (unsigned i = 0; i < CROWD; i++) {
		o[i] = (struct one){ cc, w, -1 };
		if (pthread_create(&id[i], NULL, get_once, &o[i]))
			abort();
	}
	for (unsigned i = 0; i < CROWD; i++) {
		pthread_join(id[i], NULL);
		bad += o[i].rc != 0;
	}
	OK(bad == 0 && calls(w) - n == 4, "32 that ask at once cost one reading: %u calls",
	   calls(w) - n);
	w->chain.slow_ms = 0;
	chain_cache_free(cc);
}

static void nothing(struct world *w)
{
	struct chain_cache *cc;
	struct chain_key k = key_of(w);
	struct chain_facts f;
	struct gw_err e;
	unsigned n;
	int64_t read_ms = clock_mono_ms();

	cc = make(w, w->st, 60000, 60000);
	k.fragment = "key-99";
	OK(chain_cache_get(cc, &f, &k, CHAIN_CACHED, &e) == 0 && f.has_channel && !f.has_subchannel,
	   "a sub-channel that is not there");
	n = calls(w);
	OK(chain_cache_get(cc, &f, &k, CHAIN_CACHED, &e) == 0 &&
		   (calls(w) == n || clock_mono_ms() - read_ms >= NEGATIVE_MS),
	   "is not asked for again at once");
	snprintf(w->chain.sub[1].fragment, sizeof w->chain.sub[1].fragment, "key-99");
	for (int64_t until = clock_mono_ms() + DEADLINE_MS;
	     !f.has_subchannel && clock_mono_ms() < until; usleep(5000))
		if (chain_cache_get(cc, &f, &k, CHAIN_CACHED, &e) < 0)
			break;
	OK(f.has_subchannel, "but soon");
	snprintf(w->chain.sub[1].fragment, sizeof w->chain.sub[1].fragment, "key-1");
	chain_cache_free(cc);
}

/* Who does something about a refusal is not told the same again; who only asks has to wait. */
static void on_demand(struct world *w)
{
	struct chain_cache_options o = { .store = w->st,
					 .source = fake_source(&w->chain),
					 .chain_id = 4,
					 .asset = w->asset,
					 .fresh_ms = 60000,
					 .zero_ms = 60000,
					 .stale_ms = 60000,
					 .negative_ms = 60000,
					 .force_first_ms = 1,
					 .force_gap_ms = 60000 };
	struct chain_cache *cc = chain_cache_new(&o);
	struct chain_key k = key_of(w);
	struct chain_facts f;
	struct gw_err e;
	unsigned n, bad = 0;

	k.fragment = "key-98";
	OK(chain_cache_get(cc, &f, &k, CHAIN_CACHED, &e) == 0 && !f.has_subchannel,
	   "a sub-channel that is not there");
	snprintf(w->chain.sub[1].fragment, sizeof w->chain.sub[1].fragment, "key-98");
	usleep(5000);
	OK(chain_cache_get(cc, &f, &k, CHAIN_FORCED, &e) == 0 && f.has_subchannel,
	   "is there when it is asked for on demand");
	snprintf(w->chain.sub[1].fragment, sizeof w->chain.sub[1].fragment, "key-1");
	k.fragment = "key-97";
	n = calls(w);
	for (int i = 0; i < 300; i++) {
		bad += chain_cache_get(cc, &f, &k, CHAIN_FORCED, &e) != 0 || f.has_subchannel;
		usleep(1000);
	}
	/* each gap is twice the last: 20 of them would take a quarter of an hour */
	OK(!bad && calls(w) - n > 2 && calls(w) - n < 20 * 2, "the more often, the more rarely: %u calls",
	   calls(w) - n);
	chain_cache_free(cc);
}

/* More sub-channels than one bucket holds, and many buckets: the cache stays within its room. */
static void many(struct world *w)
{
	struct chain_cache *cc = make(w, w->st, 60000, 60000);
	struct chain_key k = key_of(w);
	struct chain_facts f;
	struct gw_err e;
	char name[32];
	unsigned bad = 0;

	k.fragment = name;
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "nobody-%u", i);
		bad += chain_cache_get(cc, &f, &k, CHAIN_CACHED, &e) != 0 || f.has_subchannel;
	}
	OK(bad == 0, "2000 keys that are not there");
	OK(get(cc, w, &f, CHAIN_CACHED) == 0 && f.has_subchannel, "and one that is");
	chain_cache_free(cc);
}

/* An older reading that comes late does not undo a newer one. */
struct sight {
	struct world *w;
	struct chain_reading r;
};

static int see(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct sight *s = arg;
	struct chain_key k = key_of(s->w);
	struct chain_row row;

	return chain_see_tx(c, &row, &k, &s->r, clock_wall_ms(), e);
}

static bool seen(struct sight *s, enum channel_status status)
{
	struct subchannel_row row;
	struct gw_err e;

	return store_write(s->w->st, "see", see, s, &e) == 0 && world_look(s->w, 0, &row) &&
	       row.status == status;
}

static void order(struct world *w)
{
	struct sight s = { w,
			   { .chain_id = 4,
			     .has_channel = true,
			     .has_subchannel = true,
			     .channel = w->chain.channel,
			     .subchannel = w->chain.sub[0].o } };

	s.r.started_ms = clock_wall_ms();
	s.r.channel.status = CHANNEL_CANCELLING;
	s.r.channel.cancelling = true;
	OK(seen(&s, CHANNEL_CANCELLING), "a reading");
	s.r.started_ms -= 1000;
	s.r.channel.status = CHANNEL_ACTIVE;
	s.r.channel.cancelling = false;
	OK(seen(&s, CHANNEL_CANCELLING), "an older one that comes late changes nothing");
	clock_set_wall_ms(clock_wall_ms() - 7200000);
	s.r.started_ms = clock_wall_ms();
	OK(seen(&s, CHANNEL_ACTIVE),
	   "but a stamp of the future, from a clock that was wrong, holds nothing up");
	clock_set_wall_ms(-1);
}

int main(void)
{
	static struct world w;
	const struct log_options quiet = { .target = LOG_TO_FILE, .path = "/dev/null" };
	struct gw_err e;

	if (log_open(&quiet, &e))
		abort();
	world_open(&w);
	young(&w);
	stale(&w);
	together(&w);
	nothing(&w);
	on_demand(&w);
	many(&w);
	order(&w);
	world_close(&w);
	return TAP_END;
}
