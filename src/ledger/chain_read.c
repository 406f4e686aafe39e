/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/chain_read.h"

#include "ledger/rooch_payer.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	CHAIN_ID_MS = 300000, /* a node does not change its chain under us */
	WRONG_MS = 1000,      /* but it may come back, or be another one */
	WARN_GAP_MS = 5000,
	TRIES = 3
};

static void warn(struct chain_reader *r, const char *what, const struct gw_err *e)
{
	long long now = clock_mono_ms(), last = atomic_load(&r->said_ms);

	if (now - last >= WARN_GAP_MS && atomic_compare_exchange_strong(&r->said_ms, &last, now))
		log_warn("%s: %s", what, e->priv[0] ? e->priv : e->pub);
}

/* ---- which chain it is ---- */

void chain_reader_init(struct chain_reader *r, struct store *st, const struct chain_source *source,
		       uint64_t chain_id, const char *asset)
{
	*r = (struct chain_reader){ .store = st, .source = *source, .expected = chain_id };
	if (!str_copy(r->asset, sizeof r->asset, str_c(asset)))
		r->asset[0] = '\0';
	pthread_mutex_init(&r->lock, NULL);
}

void chain_reader_clear(struct chain_reader *r)
{
	pthread_mutex_destroy(&r->lock);
}

/* With the lock, so that one asks and the others wait for its answer. */
static void ask_chain_id(struct chain_reader *r)
{
	uint64_t id;

	r->right = false;
	if (r->source.chain_id(r->source.arg, &id, &r->wrong) == 0) {
		if (id == r->expected) {
			r->right = true;
		} else {
			(void)gw_fail_priv(&r->wrong, GWE_SERVICE_UNAVAILABLE, 0,
					   "the node is of chain %llu, the network is chain %llu",
					   (unsigned long long)id, (unsigned long long)r->expected);
			log_error("%s", r->wrong.priv);
		}
	}
	r->asked_ms = clock_mono_ms();
}

static int check_chain_id(struct chain_reader *r, int64_t good_ms, struct gw_err *e)
{
	int64_t age;
	int rc = 0;

	pthread_mutex_lock(&r->lock);
	age = clock_mono_ms() - r->asked_ms;
	if (!r->asked_ms || age > (r->right ? good_ms : WRONG_MS))
		ask_chain_id(r);
	if (!r->right) {
		*e = r->wrong;
		rc = -1;
	}
	pthread_mutex_unlock(&r->lock);
	return rc;
}

int chain_reader_ready(struct chain_reader *r, struct gw_err *e)
{
	return check_chain_id(r, WRONG_MS, e);
}

/* ---- the database's part ---- */

struct job {
	const struct chain_key *key;
	const struct chain_reading *reading;
	struct chain_row row;
	bool known;
};

static int load(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct job *j = arg;
	int rc = chain_load(c, &j->row, j->key, e);

	j->known = rc == 0;
	return rc < 0 ? -1 : 0;
}

static int see(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct job *j = arg;

	return chain_see_tx(c, &j->row, j->key, j->reading, clock_wall_ms(), e);
}

static int64_t older(int64_t age, int64_t now, int64_t stamp)
{
	int64_t a = now - stamp;

	/* a clock may be set back a little; a stamp of the far future tells nothing */
	if (a < 0)
		a = a >= -CHAIN_CLOCK_SKEW_MS ? 0 : INT64_MAX;
	return a > age ? a : age;
}

/* Age of the oldest part that counts; INT64_MAX: not whole. */
static int64_t row_age(const struct chain_row *row, bool with_balance)
{
	int64_t now = clock_wall_ms(), age = 0;

	if (!row->seen.has_channel || !row->seen.has_subchannel)
		return INT64_MAX;
	age = older(age, now, row->channel_ms);
	age = older(age, now, row->subchannel_ms);
	if (!with_balance)
		return age;
	return row->seen.has_balance ? older(age, now, row->balance_ms) : INT64_MAX;
}

static void take_key(struct chain_facts *f, const struct subchannel_object *o,
		     const struct chain_facts *before)
{
	if (!subchannel_pub(o, &f->key_type, f->pub, &f->pub_len)) {
		f->pub_len = 0;
		return;
	}
	if (before && before->key.valid && before->key_type == f->key_type &&
	    before->pub_len == f->pub_len && !memcmp(before->pub, f->pub, f->pub_len)) {
		f->key = before->key;
		return;
	}
	if (!key_pub_valid(f->key_type, f->pub, f->pub_len) ||
	    !key_point_read(&f->key, f->key_type, f->pub, f->pub_len))
		f->pub_len = 0;
}

static void take_row(struct chain_found *out, const struct chain_row *row,
		     const struct chain_facts *before, int64_t age_ms)
{
	const struct chain_reading *seen = &row->seen;
	struct chain_facts *f = &out->facts;

	*out = (struct chain_found){ .age_ms = age_ms };
	out->zero = !seen->has_balance || u256_is_zero(seen->balance);
	f->has_channel = f->has_subchannel = true;
	f->status = seen->channel.status;
	f->chain_id = seen->chain_id;
	f->epoch = seen->channel.epoch;
	f->last_nonce = seen->subchannel.last_nonce;
	f->last_claimed = seen->subchannel.last_claimed;
	f->read_ms = row->subchannel_ms;
	take_key(f, &seen->subchannel, before);
	if (before)
		f->coins = before->coins;
}

/* ---- the node's part ---- */

static int lies(struct gw_err *e, const char *what)
{
	return gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0, "the node lies: %s", what);
}

/* Rule: payment-channel.md 6.3, check 5: this follows from the derived id */
static int check_channel(const struct chain_key *k, const struct channel_object *o,
			 struct gw_err *e)
{
	if (!rooch_id_eq(o->sender, k->payer) || !rooch_id_eq(o->receiver, k->payee) ||
	    strcmp(o->coin_type, k->asset))
		return lies(e, "a channel of somebody else under this id");
	if (o->epoch > INT64_MAX)
		return lies(e, "an epoch beyond reason");
	return 0;
}

/*
 * Fills @n with what was there before, in one question; @coins as in struct rooch_payer. 1: that has to be asked
 * one by one.
 */
static int ask_at_once(struct chain_reader *r, struct chain_reading *n, const struct chain_key *k,
		       const struct chain_row *known, struct chain_coins *coins, struct gw_err *e)
{
	struct rooch_payer p = { .channel_id = k->channel_id,
				 .payer = k->payer,
				 .sub_channels = known->seen.channel.sub_channels,
				 .fragment = str_c(k->fragment),
				 .asset = k->asset,
				 .has_coins = coins->known,
				 .coins = coins->table };
	int rc;

	if (!r->source.payer || !known->seen.has_channel || !known->seen.has_subchannel)
		return 1;
	rc = r->source.payer(r->source.arg, &p, e);
	*coins = (struct chain_coins){ p.has_coins, p.coins };
	if (rc)
		return rc;
	n->has_channel = n->has_subchannel = n->has_balance = true;
	n->channel = p.channel;
	n->subchannel = p.subchannel;
	n->balance = p.balance;
	return check_channel(k, &n->channel, e);
}

/* Fills @n; 0, also when there is no such channel or sub-channel. */
static int ask_node(struct chain_reader *r, struct chain_reading *n, const struct chain_key *k,
		    struct gw_err *e)
{
	const struct chain_source *s = &r->source;
	struct gw_err why;
	int rc;

	rc = s->channel(s->arg, &k->channel_id, &n->channel, e);
	if (rc)
		return rc < 0 ? -1 : 0;
	n->has_channel = true;
	if (check_channel(k, &n->channel, e) < 0)
		return -1;
	rc = s->subchannel(s->arg, &n->channel.sub_channels, str_c(k->fragment), &n->subchannel, e);
	if (rc)
		return rc < 0 ? -1 : 0;
	n->has_subchannel = true;
	/* last, see chain_rows.h */
	n->has_balance = s->hub_balance(s->arg, &k->payer, k->asset, &n->balance, &why) == 0;
	if (!n->has_balance)
		warn(r, "a hub's balance cannot be read", &why);
	return 0;
}

/* 1: what was stored meanwhile makes the balance worthless, again. */
static int read_once(struct chain_reader *r, struct chain_found *out, const struct chain_key *k,
		     const struct chain_facts *before, const struct job *known, struct gw_err *e)
{
	struct chain_reading n = { .claims = known->row.seen.claims };
	struct job j = { .key = k, .reading = &n };
	struct chain_coins coins = { .known = false };
	int rc;

	if (before)
		coins = before->coins;
	if (check_chain_id(r, CHAIN_ID_MS, e) < 0)
		return -1;
	n.started_ms = clock_wall_ms();
	n.chain_id = r->expected;
	rc = ask_at_once(r, &n, k, &known->row, &coins, e);
	if (rc > 0)
		rc = ask_node(r, &n, k, e);
	if (rc < 0)
		return -1;
	if (!n.has_channel || !n.has_subchannel) {
		if (known->known && (!n.has_channel || known->row.seen.has_subchannel))
			return lies(e, "what it showed before is gone");
		*out = (struct chain_found){ .facts.has_channel = n.has_channel };
		out->facts.status = n.channel.status;
		out->facts.epoch = n.channel.epoch;
		out->facts.chain_id = n.chain_id;
		out->facts.read_ms = n.started_ms;
		return 0;
	}
	if (store_write_repeatable(r->store, "chain", see, &j, e) < 0)
		return -1;
	take_row(out, &j.row, before, row_age(&j.row, false));
	out->facts.coins = coins;
	return n.has_balance && !j.row.seen.has_balance ? 1 : 0;
}

int chain_read(struct chain_reader *r, struct chain_found *out, const struct chain_key *k,
	       const struct chain_facts *before, const struct chain_age *age, struct gw_err *e)
{
	int64_t old, usable;
	int rc = 1;

	for (int i = 0; i < TRIES && rc == 1; i++) {
		struct job j = { .key = k };
		bool zero;

		if (store_read(r->store, load, &j, e) < 0)
			return -1;
		old = row_age(&j.row, true);
		usable = row_age(&j.row, false);
		zero = j.row.seen.has_balance && u256_is_zero(j.row.seen.balance);
		if (old < (zero ? age->zero_ms : age->fresh_ms)) {
			take_row(out, &j.row, before, old);
			return 0;
		}
		rc = read_once(r, out, k, before, &j, e);
		if (rc < 0 && usable < age->stale_ms && e->code == GWE_SERVICE_UNAVAILABLE) {
			warn(r, "the ledger is not readable, facts of a while ago are used", e);
			take_row(out, &j.row, before, usable);
			return 0;
		}
	}
	return rc < 0 ? -1 : 0;
}
