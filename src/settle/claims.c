/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "settle/claims.h"

#include "ledger/channel_rows.h"
#include "settle/alarm.h"
#include "settle/submit.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	EAGER_DISPUTES = 5,	  /* each costs gas; after so many failures */
	DISPUTE_PAUSE_MS = 600000 /* one in this time */
};
enum { TRIES = 4, LADDER_MAX = 256, PROGRESS_MS = 10000, CALL_MAX = 4096, DAY_MS = 86400000 };

/* ---- the choice ---- */

struct ladder {
	const struct watch_target *t;
	struct u256 most;
	uint64_t below;
	struct voucher v;
	bool found;
};

static bool load_rung(struct stmt *q, struct ladder *l)
{
	struct str sig = stmt_blob(q, "signature");
	struct voucher *v = &l->v;

	memset(v, 0, sizeof *v);
	v->rav.version = SUBRAV_VERSION;
	v->rav.chain_id = stmt_u64(q, "chain_id");
	v->rav.channel_id = l->t->channel->id;
	v->rav.epoch = l->t->channel->epoch;
	v->rav.nonce = stmt_u64(q, "nonce");
	if (sig.len != sizeof v->signature)
		return false;
	memcpy(v->signature, sig.p, sig.len);
	return rows_amount(q, "amount", &v->rav.accumulated) &&
	       str_copy(v->rav.fragment, sizeof v->rav.fragment, str_c(l->t->fragment));
}

static int rung(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct ladder *l = arg;
	struct stmt *q = stmt_get(c, STMT_VOUCHER_LADDER);
	uint8_t claimed[32], most[32];
	int rc = -1;

	claim_bind_key(q, &l->t->channel->id, l->t->fragment);
	rows_bind_amount(q, "claimed", l->t->claimed, claimed);
	rows_bind_amount(q, "most", l->most, most);
	if (!stmt_bind_u64(q, "epoch", l->t->channel->epoch, e) &&
	    !stmt_bind_u64(q, "last_nonce", l->t->last_nonce, e) &&
	    !stmt_bind_u64(q, "below", l->below, e))
		rc = stmt_step(q, e);
	l->found = rc == 1;
	if (rc == 1)
		rc = load_rung(q, l) ? 0 : gw_fail_priv(e, GWE_INTERNAL, 0, "a voucher is damaged");
	stmt_done(q);
	return rc;
}

static bool usable(const struct settle *s, const struct watch_target *t, struct voucher *v)
{
	return t->has_key && v->rav.chain_id == s->chain_id &&
	       subrav_verify(&v->rav, t->key_type, t->pub, t->pub_len, v->signature);
}

int claims_choose(struct settle *s, const struct watch_target *t, struct u256 most,
		  enum claims_choice *choice, struct voucher *out, struct gw_err *e)
{
	struct ladder l = { .t = t, .most = most, .below = INT64_MAX };

	*choice = CHOICE_HUB_SHORT;
	for (int i = 0; i < LADDER_MAX; i++) {
		if (store_read(s->store, rung, &l, e))
			return -1;
		if (!l.found)
			return 0;
		if (usable(s, t, &l.v)) {
			*out = l.v;
			*choice = CHOICE_VOUCHER;
			return 0;
		}
		*choice = CHOICE_UNUSABLE;
		l.below = l.v.rav.nonce;
	}
	return 0;
}

bool claims_is_due(const struct settle *s, const struct watch_target *t, int64_t now_ms)
{
	if (u256_is_zero(t->unclaimed))
		return false;
	/* An administrator who asked after the last try does not want to wait for the next. */
	if (t->requested_ms && t->by_admin && t->requested_ms > t->books.tried_ms)
		return true;
	if (t->books.next_ms > now_ms)
		return false;
	/* Rule: payment-channel.md 11: small sums are not left for ever */
	return t->requested_ms || u256_cmp(t->unclaimed, s->min_claim) >= 0 || t->books.failures ||
	       (t->oldest_ms && now_ms - t->oldest_ms >= s->max_age_ms);
}

/* ---- one sub-channel ---- */

struct state_change {
	struct settle *s;
	struct watch_target *t;
	enum claim_why why;
	int64_t now_ms;
	struct u256 amount;
	bool news;
};

static int find_lost(struct store_conn *c, struct state_change *x, const struct settlement_row *r,
		     struct gw_err *e)
{
	const struct watch_target *t = x->t;
	struct stmt *q = stmt_get(c, STMT_VOUCHER_LOST);
	uint8_t claimed[32];
	struct u256 amount;
	int rc = -1;

	claim_bind_key(q, &t->channel->id, t->fragment);
	rows_bind_amount(q, "claimed", t->claimed, claimed);
	stmt_bind_null(q, "lost_epoch");
	if (!stmt_bind_u64(q, "epoch", t->channel->epoch, e) &&
	    (!r->has_lost_epoch || !stmt_bind_u64(q, "lost_epoch", r->lost_epoch, e)))
		rc = stmt_step(q, e);
	x->news = rc == 1;
	if (rc == 1 &&
	    (!rows_amount(q, "amount", &amount) || !u256_sub(&x->amount, amount, t->claimed)))
		rc = gw_fail_priv(e, GWE_INTERNAL, 0, "a voucher is damaged");
	stmt_done(q);
	return rc < 0 ? -1 : 0;
}

static int lose_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct state_change *x = arg;
	struct watch_target *t = x->t;
	struct settlement_row r;

	if (settlement_load(c, &r, &t->channel->id, t->fragment, e) || find_lost(c, x, &r, e))
		return -1;
	if (x->news && !u256_add(&r.lost, r.lost, x->amount))
		return gw_fail_priv(e, GWE_INTERNAL, 0, "a sum of losses does not fit");
	r.has_lost_epoch = true;
	r.lost_epoch = t->channel->epoch - 1;
	if (settlement_save_tx(c, &r, &t->channel->id, t->fragment, e))
		return -1;
	t->books = r;
	/* what failed there fails no more */
	return x->news ? settlement_well_tx(c, &t->channel->id, t->fragment, x->now_ms, e) : 0;
}

/*
 * Vouchers of an epoch that is over: nothing will ever come of them. Looked for once in each epoch, before
 * anything of the new one is claimed: what the chain has booked is then still what it had at the end.
 */
static int mark_lost(struct settle *s, struct watch_target *t, struct gw_err *e)
{
	struct state_change x = { .s = s, .t = t, .now_ms = clock_wall_ms() };

	if (!t->channel->epoch || s->dry_run || t->open ||
	    (t->books.has_lost_epoch && t->books.lost_epoch + 1 >= t->channel->epoch))
		return 0;
	if (store_write(s->store, "lost", lose_tx, &x, e))
		return -1;
	if (!x.news)
		return 0;
	s->n.lost++;
	return alarm_raise(s, ALARM_LOST, &t->channel->id, t->fragment, &x.amount, e);
}

static int unask_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct watch_target *t = arg;

	return claim_request_drop_tx(c, &t->channel->id, t->fragment, e);
}

static int fail_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct state_change *x = arg;
	const struct settlement_pace pace = { x->s->max_retries, x->s->retry_delay_ms };

	return settlement_fail_tx(c, &x->t->channel->id, x->t->fragment, x->why, &pace, x->now_ms,
				  e);
}

static int well_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct state_change *x = arg;

	return settlement_well_tx(c, &x->t->channel->id, x->t->fragment, x->now_ms, e);
}

static void would(const struct watch_target *t, const struct voucher *v, enum claim_kind kind)
{
	char id[ROOCH_HEX_TEXT];

	rooch_id_hex(id, &t->channel->id);
	printf("would %s: channel=%s fragment=%s nonce=%llu amount=%s unclaimed=%s hub=%s\n",
	       claim_kind_name(kind), id, t->fragment, (unsigned long long)v->rav.nonce,
	       settle_amount(v->rav.accumulated).c, settle_amount(t->unclaimed).c,
	       settle_amount(t->channel->balance).c);
}

static int send_voucher(struct settle *s, struct watch_target *t, enum claim_kind kind,
			const struct voucher *v, struct submit_outcome *out, struct gw_err *e)
{
	struct claim_row r;
	struct tx_call call;
	struct arena mem;
	int rc;

	claim_row_init(&r);
	arena_init(&mem, CALL_MAX);
	r.kind = kind;
	r.has_channel = r.has_table = true;
	r.channel = t->channel->id;
	r.table = t->channel->table;
	r.epoch = v->rav.epoch;
	r.nonce = v->rav.nonce;
	r.amount = v->rav.accumulated;
	(void)str_copy(r.fragment, sizeof r.fragment, str_c(t->fragment));
	(void)str_copy(r.asset, sizeof r.asset, str_c(t->channel->asset));
	if (kind == CLAIM_DISPUTE)
		tx_call_dispute(&call, &mem, v);
	else
		tx_call_claim(&call, &mem, v);
	rc = submit_call(s, &r, &call, out, e);
	arena_free(&mem);
	claim_row_clear(&r);
	return rc;
}

/* The voucher is in: what is left, here and in the hub. */
static void booked(struct watch_target *t, enum claim_kind kind, const struct voucher *v)
{
	struct u256 rise;

	if (kind == CLAIM_OF_VOUCHER && u256_sub(&rise, v->rav.accumulated, t->claimed) &&
	    !u256_sub(&t->channel->balance, t->channel->balance, rise))
		t->channel->balance = U256_ZERO;
	t->channel->touched = true;
	t->claimed = v->rav.accumulated;
	t->last_nonce = v->rav.nonce;
	if (!t->has_signed || !u256_sub(&t->unclaimed, t->signed_amount, t->claimed))
		t->unclaimed = U256_ZERO;
}

static bool cap_below(struct u256 *cap, struct u256 amount)
{
	return u256_sub(cap, amount, u256_of(1));
}

/* 1 go on with what is known now, 0 over, -1. */
static int after_failure(struct settle *s, struct watch_target *t, enum claim_why why,
			 struct gw_err *e)
{
	struct state_change x = { .s = s, .t = t, .now_ms = clock_wall_ms() };
	int rc;

	if (why != WHY_HUB_SHORT && why != WHY_CHANNEL_STATE && why != WHY_OUTDATED)
		return 0;
	rc = watch_again(t->channel, s, e);
	if (rc)
		return rc < 0 ? -1 : 0;
	if (!u256_is_zero(t->unclaimed))
		return t->channel->status != CHANNEL_CLOSED;
	if (mark_lost(s, t, e))
		return -1;
	return store_write(s->store, "nothing left", well_tx, &x, e);
}

static int give_up(struct settle *s, struct watch_target *t, enum claim_why why, struct gw_err *e)
{
	struct state_change x = { .s = s, .t = t, .why = why, .now_ms = clock_wall_ms() };

	s->n.failed++;
	return why == WHY_SEQUENCE || why == WHY_NOT_EXECUTED
		       ? store_write(s->store, "fail", fail_tx, &x, e)
		       : 0; /* counted with its transaction */
}

static int bring_in(struct settle *s, struct watch_target *t, struct gw_err *e)
{
	struct u256 all, most, cap;
	struct submit_outcome out = { .why = WHY_NOT };
	enum claims_choice choice;
	struct voucher v;
	int rc;

	memset(&all, 0xff, sizeof all);
	cap = all;
	for (int i = 0; i < TRIES; i++) {
		enum claim_kind kind =
			t->channel->status == CHANNEL_CANCELLING ? CLAIM_DISPUTE : CLAIM_OF_VOUCHER;

		if (kind == CLAIM_DISPUTE || !u256_add(&most, t->claimed, t->channel->balance))
			most = all;
		if (u256_cmp(cap, most) < 0)
			most = cap;
		if (claims_choose(s, t, most, &choice, &v, e))
			return -1;
		t->stuck = choice == CHOICE_UNUSABLE;
		if (choice != CHOICE_VOUCHER) {
			s->n.short_of_funds += choice == CHOICE_HUB_SHORT;
			return 0; /* see claims_alarms */
		}
		if (s->dry_run) {
			would(t, &v, kind);
			return 0;
		}
		if (send_voucher(s, t, kind, &v, &out, e))
			return -1;
		switch (out.result) {
		case SUBMIT_DONE:
			booked(t, kind, &v);
			return 0;
		case SUBMIT_OPEN:
			t->open = true;
			return 0;
		case SUBMIT_STOP:
			return 0;
		case SUBMIT_AGAIN:
			continue;
		case SUBMIT_FAILED:
			break;
		}
		rc = after_failure(s, t, out.why, e);
		if (rc < 0)
			return -1;
		if (!rc)
			break;
		if (out.why == WHY_HUB_SHORT && !cap_below(&cap, v.rav.accumulated))
			break;
	}
	return u256_is_zero(t->unclaimed) ? 0 : give_up(s, t, out.why, e);
}

static int serve(struct settle *s, struct watch_target *t, struct gw_err *e)
{
	if (mark_lost(s, t, e))
		return -1;
	if (t->open)
		return 0;
	if (u256_is_zero(t->unclaimed)) {
		if (t->requested_ms && !s->dry_run)
			return store_write(s->store, "request", unask_tx, t, e);
		return 0;
	}
	/* Rule: rooch.md 7.4: a payer who leaves is disputed at once, whatever the waiting time says */
	if (t->channel->status == CHANNEL_CANCELLING && t->books.failures > EAGER_DISPUTES &&
	    clock_wall_ms() - t->books.tried_ms < DISPUTE_PAUSE_MS) {
		s->n.waiting++;
		return 0;
	}
	if (t->channel->status == CHANNEL_ACTIVE && !claims_is_due(s, t, clock_wall_ms())) {
		s->n.waiting += t->books.failures > 0;
		return 0;
	}
	if (t->channel->status == CHANNEL_CLOSED)
		return 0;
	s->n.due++;
	return bring_in(s, t, e);
}

/* ---- the order ---- */

struct in_order {
	struct watch_target *t;
};

static int urgency(const struct watch_target *t)
{
	return t->channel->status == CHANNEL_CANCELLING ? 2 : t->requested_ms ? 1 : 0;
}

static int by_urgency(const void *a, const void *b)
{
	const struct watch_target *x = ((const struct in_order *)a)->t;
	const struct watch_target *y = ((const struct in_order *)b)->t;
	int d = urgency(y) - urgency(x);

	if (!d)
		d = u256_cmp(y->unclaimed, x->unclaimed);
	return d ? d : x < y ? -1 : x > y;
}

static void progress(const struct settle *s, unsigned i, unsigned n, int64_t *said)
{
	int64_t now = clock_mono_ms();

	if (now - *said < PROGRESS_MS)
		return;
	*said = now;
	log_info("%u of %u sub-channels looked at, %u claims confirmed, %u failed", i, n,
		 s->n.confirmed, s->n.failed);
}

int claims_run(struct watch *w, struct settle *s, struct gw_err *e)
{
	struct in_order *order = calloc(w->n_target + 1, sizeof *order);
	int64_t said = clock_mono_ms();
	unsigned n = 0;
	int rc = 0;

	if (!order)
		abort();
	for (unsigned i = 0; i < w->n_target; i++)
		if (w->target[i].channel->read && !w->target[i].stuck)
			order[n++].t = &w->target[i];
	qsort(order, n, sizeof *order, by_urgency);
	for (unsigned i = 0; i < n && !rc && !s->stop; i++) {
		rc = serve(s, order[i].t, e);
		progress(s, i, n, &said);
		if (settle_told_to_stop())
			s->stop = STOP_TOLD;
	}
	free(order);
	return rc || s->stop == STOP_NODE ? rc : watch_refresh(w, s, e);
}

/* ---- what is left ---- */

static int load_books(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct watch_target *t = arg;

	return settlement_load(c, &t->books, &t->channel->id, t->fragment, e);
}

static int target_alarms(struct settle *s, struct watch_target *t, struct u256 *sum,
			 struct gw_err *e)
{
	const struct rooch_id *id = &t->channel->id;

	if (u256_is_zero(t->unclaimed))
		return 0;
	if (store_read(s->store, load_books, t, e))
		return -1;
	if (!u256_add(sum, *sum, t->unclaimed))
		return gw_fail_priv(e, GWE_INTERNAL, 0, "a sum of claims does not fit");
	if (t->stuck)
		return alarm_raise(s, ALARM_UNCLAIMABLE, id, t->fragment, &t->unclaimed, e);
	if (t->channel->status == CHANNEL_CANCELLING &&
	    alarm_raise(s, ALARM_CLOSING, id, t->fragment, &t->unclaimed, e))
		return -1;
	if (t->books.failing_since_ms && s->started_ms - t->books.failing_since_ms >= DAY_MS)
		return alarm_raise(s, ALARM_FAILING, id, t->fragment, &t->unclaimed, e);
	return 0;
}

/* The end of a cancellation fails, too: with fragment "" in the books. */
struct ending_look {
	const struct rooch_id *channel;
	struct settlement_row books;
};

static int load_ending(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct ending_look *l = arg;

	return settlement_load(c, &l->books, l->channel, "", e);
}

static int ending_alarms(struct settle *s, struct watch_channel *ch, struct gw_err *e)
{
	struct ending_look l = { .channel = &ch->id };

	if (ch->status != CHANNEL_CANCELLING)
		return 0;
	if (store_read(s->store, load_ending, &l, e))
		return -1;
	s->n.waiting += l.books.failures > 0;
	if (l.books.failing_since_ms && s->started_ms - l.books.failing_since_ms >= DAY_MS)
		return alarm_raise(s, ALARM_FAILING, &ch->id, NULL, &ch->pending, e);
	return 0;
}

static int channel_alarms(struct settle *s, struct watch_channel *ch, struct gw_err *e)
{
	struct u256 sum = U256_ZERO, missing;

	if (ending_alarms(s, ch, e))
		return -1;

	for (unsigned i = 0; i < ch->n_target; i++)
		if (target_alarms(s, &ch->target[i], &sum, e))
			return -1;
	if (!ch->has_balance || ch->status == CHANNEL_CLOSED)
		return 0;
	if (ch->status == CHANNEL_CANCELLING && !u256_add(&sum, sum, ch->pending))
		return gw_fail_priv(e, GWE_INTERNAL, 0, "a sum of claims does not fit");
	if (u256_sub(&missing, sum, ch->balance) && !u256_is_zero(missing))
		return alarm_raise(s, ALARM_HUB_SHORT, &ch->id, NULL, &missing, e);
	return 0;
}

int claims_alarms(struct watch *w, struct settle *s, struct gw_err *e)
{
	for (unsigned i = 0; i < w->n_channel; i++)
		if (w->channel[i].read && channel_alarms(s, &w->channel[i], e))
			return -1;
	return 0;
}
