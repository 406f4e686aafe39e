/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "settle/watch.h"

#include <pthread.h>
#include <stdatomic.h>

#include "ledger/chain_rows.h"
#include "ledger/channel_rows.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	STALE_MS = 6 * 3600 * 1000, /* channels at rest are looked at so often, */
	REST_MAX = 200,		    /* so many in a run */
	ASSETS_MAX = 64,
	GIVE_UP_AFTER = 5 /* failures in a row: the node is down */
};

static void *grown(void *p, unsigned *cap, size_t size)
{
	*cap = *cap ? 2 * *cap : 64;
	p = realloc(p, (size_t)*cap * size);
	if (!p) {
		log_error("out of memory");
		abort();
	}
	return p;
}

/* ---- from the database ---- */

static const char *asset_of(struct watch *w, struct str asset)
{
	for (unsigned i = 0; i < w->n_asset; i++)
		if (str_eq_c(asset, w->asset[i]))
			return w->asset[i];
	if (!w->asset)
		w->asset = calloc(ASSETS_MAX, sizeof *w->asset);
	if (!w->asset)
		abort();
	if (w->n_asset == ASSETS_MAX || !str_copy(w->asset[w->n_asset], ROOCH_ASSET_TEXT, asset))
		return NULL;
	return w->asset[w->n_asset++];
}

static bool load_target(struct stmt *q, struct watch_target *t)
{
	struct subchannel_object key;

	memset(t, 0, sizeof *t);
	memset(&key, 0, sizeof key);
	if (!rows_amount(q, "last_claimed", &t->claimed) ||
	    !str_copy(key.pk_multibase, sizeof key.pk_multibase, stmt_text(q, "pk_multibase")) ||
	    !str_copy(key.method_type, sizeof key.method_type, stmt_text(q, "method_type")))
		return false;
	t->has_key = subchannel_key(&key, &t->key_type, t->pub, &t->pub_len);
	t->last_nonce = stmt_u64(q, "last_nonce");
	t->has_signed = !stmt_is_null(q, "signed_epoch");
	if (t->has_signed) {
		t->signed_epoch = stmt_u64(q, "signed_epoch");
		t->signed_nonce = stmt_u64(q, "signed_nonce");
		if (!rows_amount(q, "signed_amount", &t->signed_amount))
			return false;
	}
	if (!stmt_is_null(q, "requested")) {
		t->requested_ms = stmt_i64(q, "requested_ms");
		t->by_admin = stmt_i64(q, "requested") == CLAIM_ADMIN;
	}
	t->fragment = strndup(stmt_text(q, "fragment").p, stmt_text(q, "fragment").len);
	return t->fragment != NULL;
}

static bool load_channel(struct watch *w, struct stmt *q, struct watch_channel *ch)
{
	memset(ch, 0, sizeof *ch);
	ch->asset = asset_of(w, stmt_text(q, "asset"));
	ch->status = (enum channel_status)stmt_i64(q, "status");
	ch->epoch = stmt_u64(q, "epoch");
	return ch->asset && rows_id(q, "channel_id", &ch->id) && rows_id(q, "payer", &ch->payer);
}

/* At rest: nothing to claim, nothing asked for, no end in sight. */
static bool matters(const struct watch_channel *ch, const struct watch_target *t)
{
	return ch->status == CHANNEL_CANCELLING || t->requested_ms ||
	       (t->has_signed && u256_cmp(t->signed_amount, t->claimed) > 0);
}

struct loading {
	struct watch *w;
	struct settle *s;
};

static int load_due(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct loading *l = arg;
	struct watch *w = l->w;
	struct stmt *q = stmt_get(c, STMT_SETTLE_DUE);
	unsigned rest = 0;
	int rc;

	rows_bind_id(q, "payee", &l->s->account);
	stmt_bind_null(q, "channel_id");
	if (l->s->only)
		rows_bind_id(q, "channel_id", l->s->only);
	stmt_bind_i64(q, "stale_ms", l->s->started_ms - STALE_MS);
	while ((rc = stmt_step(q, e)) == 1) {
		struct watch_channel *ch;
		struct watch_target *t;

		if (w->n_channel == w->cap_channel)
			w->channel = grown(w->channel, &w->cap_channel, sizeof *w->channel);
		if (w->n_target == w->cap_target)
			w->target = grown(w->target, &w->cap_target, sizeof *w->target);
		ch = &w->channel[w->n_channel];
		t = &w->target[w->n_target];
		if (!load_channel(w, q, ch) || !load_target(q, t))
			return gw_fail_priv(e, GWE_INTERNAL, 0, "a row of the channels is damaged");
		if (!matters(ch, t) && !l->s->only && rest++ >= REST_MAX) {
			free(t->fragment);
			continue;
		}
		if (!w->n_channel || !rooch_id_eq(ch[-1].id, ch->id))
			w->n_channel++;
		w->channel[w->n_channel - 1].n_target++;
		w->n_target++;
	}
	stmt_done(q);
	return rc;
}

int watch_load(struct watch *w, struct settle *s, struct gw_err *e)
{
	struct loading l = { w, s };
	struct watch_target *t;
	int rc;

	memset(w, 0, sizeof *w);
	rc = store_read(s->store, load_due, &l, e);
	/* the array has stopped moving */
	t = w->target;
	for (unsigned i = 0; i < w->n_channel; i++) {
		struct watch_channel *ch = &w->channel[i];

		ch->target = t;
		for (unsigned j = 0; j < ch->n_target; j++)
			t++->channel = ch;
	}
	return rc;
}

void watch_clear(struct watch *w)
{
	for (unsigned i = 0; i < w->n_target; i++)
		free(w->target[i].fragment);
	free(w->target);
	free(w->channel);
	free(w->asset);
	memset(w, 0, sizeof *w);
}

/* ---- from the chain ---- */

struct reading {
	struct settle *s;
	struct watch_channel *ch;
	struct watch_target *t;
	struct chain_reading r;
	struct chain_key key;
};

static int load_claims(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct reading *x = arg;
	struct stmt *q = stmt_get(c, STMT_HUB_CLAIMS);
	int rc;

	rows_bind_id(q, "owner", &x->ch->payer);
	stmt_bind_text(q, "asset", str_c(x->ch->asset));
	rc = stmt_step(q, e);
	x->r.claims = rc == 1 ? stmt_i64(q, "claims") : 0;
	stmt_done(q);
	return rc < 0 ? -1 : 0;
}

/* What the chain shows beyond the books was brought about by somebody else, unless ours is on its way. */
static int judge(struct store_conn *c, struct reading *x, struct gw_err *e)
{
	struct watch_target *t = x->t;
	struct u256 rise;
	int rc;

	t->open = false;
	rc = claim_is_open(c, &x->ch->id, t->fragment, e);
	if (rc < 0)
		return -1;
	t->open = rc == 1;
	if (!t->open &&
	    settlement_account_tx(c, &x->ch->id, t->fragment, t->claimed, false, &rise, e))
		return -1;
	return settlement_load(c, &t->books, &x->ch->id, t->fragment, e);
}

static int find_oldest(struct store_conn *c, struct reading *x, struct gw_err *e)
{
	struct watch_target *t = x->t;
	struct stmt *q;
	uint8_t room[32];
	int rc;

	t->unclaimed = U256_ZERO;
	t->oldest_ms = 0;
	if (!t->has_signed || t->signed_epoch != x->ch->epoch ||
	    !u256_sub(&t->unclaimed, t->signed_amount, t->claimed) || u256_is_zero(t->unclaimed) ||
	    t->last_nonce > INT64_MAX)
		return 0;
	q = stmt_get(c, STMT_VOUCHER_OLDEST);
	claim_bind_key(q, &x->ch->id, t->fragment);
	rows_bind_amount(q, "claimed", t->claimed, room);
	if (stmt_bind_u64(q, "last_nonce", t->last_nonce, e) ||
	    stmt_bind_u64(q, "epoch", x->ch->epoch, e)) {
		stmt_done(q);
		return -1;
	}
	rc = stmt_step(q, e);
	if (rc == 1)
		t->oldest_ms = stmt_i64(q, "accepted_ms");
	stmt_done(q);
	return rc < 0 ? -1 : 0;
}

static int see(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct reading *x = arg;
	struct chain_row row;

	if (chain_see_tx(c, &row, &x->key, &x->r, clock_wall_ms(), e))
		return -1;
	/* somebody else may have seen more a moment ago */
	x->t->claimed = row.seen.subchannel.last_claimed;
	x->t->last_nonce = row.seen.subchannel.last_nonce;
	return judge(c, x, e) || find_oldest(c, x, e) ? -1 : 0;
}

static int see_nothing(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct reading *x = arg;
	int rc;

	rc = claim_is_open(c, &x->ch->id, x->t->fragment, e);
	if (rc < 0 || settlement_load(c, &x->t->books, &x->ch->id, x->t->fragment, e))
		return -1;
	x->t->open = rc == 1;
	return find_oldest(c, x, e);
}

static void unreadable(const struct watch_channel *ch, const struct gw_err *why)
{
	char id[ROOCH_HEX_TEXT];

	rooch_id_hex(id, &ch->id);
	log_warn("channel %s cannot be read: %s", id, why->priv[0] ? why->priv : why->pub);
}

/* 0, 1: the node; -1: the database. */
static int read_targets(struct settle *s, struct watch_channel *ch, unsigned n,
			struct chain_reading *base, struct gw_err *e)
{
	struct reading x = { .s = s, .ch = ch, .r = *base };
	struct subchannel_object *subs = calloc(n + 1, sizeof *subs);
	struct gw_err why = { .code = GWE_OK };
	int rc = 0;

	if (!subs)
		abort();
	for (unsigned i = 0; i < n && !rc; i++) {
		rc = s->chain.subchannel(s->chain.arg, &base->channel.sub_channels,
					 str_c(ch->target[i].fragment), &subs[i], &why);
		if (rc > 0)
			gw_fail_priv(&why, GWE_SERVICE_UNAVAILABLE, 0,
				     "the node contradicts what it said before: a sub-channel is "
				     "gone");
	}
	if (!rc)
		rc = store_read(s->store, load_claims, &x, e) ? -2 : 0;
	/* last, see chain_rows.h */
	if (!rc)
		rc = s->chain.hub_balance(s->chain.arg, &ch->payer, ch->asset, &base->balance,
					  &why);
	for (unsigned i = 0; i < n && !rc; i++) {
		x.t = &ch->target[i];
		x.r.subchannel = subs[i];
		x.r.has_subchannel = true;
		x.r.has_balance = i + 1 == n;
		x.r.balance = base->balance;
		x.key = (struct chain_key){ ch->id, ch->payer, s->account, ch->asset,
					    x.t->fragment };
		x.t->claimed = subs[i].last_claimed;
		x.t->last_nonce = subs[i].last_nonce;
		rc = s->dry_run ? store_read(s->store, see_nothing, &x, &why)
				: store_write(s->store, "watch", see, &x, &why);
		if (rc && why.code == GWE_RAV_CONFLICT) {
			/* its nonce is at the end; that must not hold up the others */
			x.t->stuck = true;
			rc = store_read(s->store, see_nothing, &x, &why);
		}
		if (rc && why.code != GWE_SERVICE_UNAVAILABLE) {
			*e = why;
			rc = -2;
		}
	}
	free(subs);
	if (rc == -2)
		return -1;
	if (rc)
		unreadable(ch, &why);
	return rc ? 1 : 0;
}

/* @n: so many of its sub-channels. */
static int read_channel(struct watch_channel *ch, unsigned n, struct settle *s, struct gw_err *e)
{
	struct chain_reading r = { .chain_id = s->chain_id, .started_ms = clock_wall_ms() };
	struct gw_err why = { .code = GWE_OK };
	int rc = s->chain.channel(s->chain.arg, &ch->id, &r.channel, &why);

	ch->read = ch->has_balance = false;
	if (rc > 0)
		gw_fail_priv(&why, GWE_SERVICE_UNAVAILABLE, 0,
			     "the node contradicts what it said before: it is gone");
	/* the id is made of the parties and the coin, see rooch_get_channel */
	if (rc) {
		unreadable(ch, &why);
		return 1;
	}
	r.has_channel = true;
	if (r.channel.epoch < ch->epoch) {
		gw_fail_priv(&why, GWE_SERVICE_UNAVAILABLE, 0,
			     "the node contradicts what it said before: an earlier epoch");
		unreadable(ch, &why);
		return 1;
	}
	ch->status = r.channel.status;
	ch->epoch = r.channel.epoch;
	ch->cancelling = r.channel.cancelling;
	ch->initiated_ms = (int64_t)r.channel.initiated_ms;
	ch->pending = r.channel.cancelling ? r.channel.pending_amount : U256_ZERO;
	ch->table = r.channel.sub_channels;
	rc = read_targets(s, ch, n, &r, e);
	if (rc)
		return rc;
	ch->balance = r.balance;
	ch->read = ch->has_balance = true;
	ch->touched = false;
	return 0;
}

int watch_again(struct watch_channel *ch, struct settle *s, struct gw_err *e)
{
	return read_channel(ch, ch->n_target, s, e);
}

struct crew {
	struct watch *w;
	struct settle *s;
	bool refresh;
	atomic_uint next, unread, in_a_row;
	atomic_bool broken;
	pthread_mutex_t lock; /* of e */
	struct gw_err *e;
};

static void *read_channels(void *arg)
{
	struct crew *k = arg;

	for (;;) {
		unsigned i = atomic_fetch_add(&k->next, 1);
		struct gw_err why = { .code = GWE_OK };
		struct watch_channel *ch;
		int rc;

		if (i >= k->w->n_channel || atomic_load(&k->broken))
			return NULL;
		ch = &k->w->channel[i];
		if (k->refresh && !ch->touched)
			continue;
		if (atomic_load(&k->in_a_row) >= GIVE_UP_AFTER) {
			atomic_fetch_add(&k->unread, 1);
			continue;
		}
		rc = read_channel(ch, k->refresh ? 1 : ch->n_target, k->s, &why);
		if (rc == 0) {
			atomic_store(&k->in_a_row, 0);
		} else if (rc > 0) {
			atomic_fetch_add(&k->in_a_row, 1);
			atomic_fetch_add(&k->unread, 1);
		} else {
			atomic_store(&k->broken, true);
			pthread_mutex_lock(&k->lock);
			*k->e = why;
			pthread_mutex_unlock(&k->lock);
		}
	}
}

static int with_crew(struct watch *w, struct settle *s, bool refresh, struct gw_err *e)
{
	enum { CREW_MAX = 64 };
	struct crew k = { .w = w, .s = s, .refresh = refresh, .e = e };
	pthread_t crew[CREW_MAX];
	unsigned n = 0, want = s->parallel < w->n_channel ? s->parallel : w->n_channel;

	pthread_mutex_init(&k.lock, NULL);
	while (n + 1 < want && n < CREW_MAX && !pthread_create(&crew[n], NULL, read_channels, &k))
		n++;
	read_channels(&k);
	while (n)
		pthread_join(crew[--n], NULL);
	pthread_mutex_destroy(&k.lock);
	s->n.unread += atomic_load(&k.unread);
	if (w->n_channel > atomic_load(&k.unread))
		s->node_ms = clock_wall_ms();
	return atomic_load(&k.broken) ? -1 : 0;
}

int watch_read(struct watch *w, struct settle *s, struct gw_err *e)
{
	return with_crew(w, s, false, e);
}

int watch_refresh(struct watch *w, struct settle *s, struct gw_err *e)
{
	return with_crew(w, s, true, e);
}
