/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "settle/finish.h"

#include "settle/claims.h"
#include "settle/submit.h"
#include "util/clock.h"
#include "util/log.h"

enum { TRIES = 3, CALL_MAX = 65536 };

/* A transaction about the whole of a channel, or about none. 0 done, 1 not, -1. */
static int send_call(struct settle *s, struct claim_row *r, const struct tx_call *call,
		     struct submit_outcome *out, struct gw_err *e)
{
	for (int i = 0; i < TRIES; i++) {
		if (submit_call(s, r, call, out, e))
			return -1;
		switch (out->result) {
		case SUBMIT_DONE:
			return 0;
		case SUBMIT_AGAIN:
			continue;
		case SUBMIT_FAILED:
			s->n.failed++;
			return 1;
		case SUBMIT_OPEN:
		case SUBMIT_STOP:
			return 1;
		}
	}
	s->n.failed++;
	return 1;
}

static void channel_row(struct claim_row *r, enum claim_kind kind, const struct watch_channel *ch)
{
	claim_row_init(r);
	r->kind = kind;
	r->has_channel = r->has_table = true;
	r->channel = ch->id;
	r->table = ch->table;
	r->epoch = ch->epoch;
	(void)str_copy(r->asset, sizeof r->asset, str_c(ch->asset));
}

/* ---- the end of a cancellation ---- */

struct look {
	const struct rooch_id *channel;
	struct settlement_row books;
	bool open;
};

static int look(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct look *l = arg;
	int rc = claim_is_open(c, l->channel, "", e);

	l->open = rc == 1;
	return rc < 0 ? -1 : settlement_load(c, &l->books, l->channel, "", e);
}

/* Whoever has not been disputed so far will be, later in the period or never. */
static bool disputes_are_over(const struct watch_channel *ch)
{
	for (unsigned i = 0; i < ch->n_target; i++)
		if (ch->target[i].open)
			return false;
	return true;
}

static int finalize(struct settle *s, struct watch_channel *ch, struct gw_err *e)
{
	struct look l = { .channel = &ch->id };
	struct submit_outcome out = { .why = WHY_NOT };
	struct claim_row r;
	struct tx_call call;
	struct arena mem;
	int rc;

	if (store_read(s->store, look, &l, e))
		return -1;
	if (l.open || l.books.next_ms > clock_wall_ms() || !disputes_are_over(ch))
		return 0;
	/* it would abort; the alarm of the hub says so */
	if (u256_cmp(ch->pending, ch->balance) > 0)
		return 0;
	if (s->dry_run) {
		char id[ROOCH_HEX_TEXT];

		rooch_id_hex(id, &ch->id);
		printf("would finalize: channel=%s amount=%s\n", id, settle_amount(ch->pending).c);
		return 0;
	}
	channel_row(&r, CLAIM_FINALIZE, ch);
	r.amount = ch->pending;
	arena_init(&mem, CALL_MAX);
	tx_call_finalize(&call, &mem, &ch->id);
	rc = send_call(s, &r, &call, &out, e);
	arena_free(&mem);
	claim_row_clear(&r);
	if (rc == 0)
		rc = watch_again(ch, s, e);
	return rc < 0 ? -1 : 0;
}

int finish_finalize(struct watch *w, struct settle *s, struct gw_err *e)
{
	int64_t now = clock_wall_ms();

	for (unsigned i = 0; i < w->n_channel && !s->stop; i++) {
		struct watch_channel *ch = &w->channel[i];

		if (!ch->read || ch->status != CHANNEL_CANCELLING ||
		    now - ch->initiated_ms < CHALLENGE_MS)
			continue;
		if (finalize(s, ch, e))
			return -1;
	}
	return 0;
}

/* ---- close ---- */

struct proofs {
	struct voucher v[CHANNEL_PROOFS_MAX];
	struct channel_proof p[CHANNEL_PROOFS_MAX];
	unsigned n;
	struct u256 sum;
};

/* 0, 1 a sentence was logged, -1. */
static int collect(struct settle *s, struct watch_channel *ch, struct proofs *p, struct gw_err *e)
{
	enum claims_choice choice;
	struct u256 all, rise;

	memset(&all, 0xff, sizeof all);
	p->n = 0;
	p->sum = U256_ZERO;
	for (unsigned i = 0; i < ch->n_target; i++) {
		struct watch_target *t = &ch->target[i];

		if (t->open) {
			log_warn("a claim of %s is open: close later", t->fragment);
			return 1;
		}
		if (u256_is_zero(t->unclaimed))
			continue;
		if (p->n == CHANNEL_PROOFS_MAX) {
			log_warn("more than %d sub-channels have something unclaimed: claim first",
				 CHANNEL_PROOFS_MAX);
			return 1;
		}
		if (claims_choose(s, t, all, &choice, &p->v[p->n], e))
			return -1;
		if (choice != CHOICE_VOUCHER) {
			log_error("no voucher of %s can be used", t->fragment);
			return 1;
		}
		if (!u256_sub(&rise, p->v[p->n].rav.accumulated, t->claimed) ||
		    !u256_add(&p->sum, p->sum, rise))
			return gw_fail_priv(e, GWE_INTERNAL, 0, "a sum of claims does not fit");
		p->p[p->n] =
			(struct channel_proof){ str_c(t->fragment),
						p->v[p->n].rav.accumulated,
						p->v[p->n].rav.nonce,
						{ (const char *)p->v[p->n].signature, KEY_SIG } };
		p->n++;
	}
	if (u256_cmp(p->sum, ch->balance) <= 0)
		return 0;
	log_warn("the payer's hub has %s, the vouchers ask for %s: claim what it covers first",
		 settle_amount(ch->balance).c, settle_amount(p->sum).c);
	return 1;
}

static int close_it(struct settle *s, struct watch_channel *ch, struct gw_err *e)
{
	struct proofs *p = calloc(1, sizeof *p);
	struct submit_outcome out = { .why = WHY_NOT };
	struct claim_row r;
	struct tx_call call;
	struct arena mem;
	int rc;

	if (!p)
		abort();
	channel_row(&r, CLAIM_CLOSE, ch);
	arena_init(&mem, CALL_MAX);
	rc = collect(s, ch, p, e);
	if (!rc && s->dry_run) {
		printf("would close with %u proofs: amount=%s\n", p->n, settle_amount(p->sum).c);
	} else if (!rc) {
		r.amount = p->sum;
		tx_call_close(&call, &mem, &ch->id, p->p, p->n);
		rc = send_call(s, &r, &call, &out, e);
	}
	arena_free(&mem);
	claim_row_clear(&r);
	free(p);
	if (rc == 0 && !s->dry_run)
		rc = watch_again(ch, s, e);
	return rc;
}

int finish_close(struct watch *w, struct settle *s, struct gw_err *e)
{
	struct watch_channel *ch = w->channel;

	if (w->n_channel != 1) {
		log_error("there is no such channel of this service");
		return 1;
	}
	if (!ch->read || s->stop)
		return 1;
	switch (ch->status) {
	case CHANNEL_ACTIVE:
		return close_it(s, ch, e);
	case CHANNEL_CANCELLING:
		log_error("the payer is cancelling this channel: it is disputed and finalised "
			  "without --close");
		return 1;
	case CHANNEL_CLOSED:
		log_info("this channel is closed");
		return 0;
	}
	abort();
}

/* ---- revenue ---- */

int finish_withdraw(struct settle *s, struct gw_err *e)
{
	struct submit_outcome out = { .why = WHY_NOT };
	struct claim_row r;
	struct tx_call call;
	struct arena mem;
	struct gw_err why;
	struct u256 amount;
	int rc;

	if (s->stop)
		return 1;
	if (s->chain.revenue(s->chain.arg, &s->account, s->asset, &amount, &why)) {
		log_warn("the revenue cannot be read: %s", why.priv);
		s->n.unread++;
		return 1;
	}
	if (u256_is_zero(amount)) {
		log_info("there is no revenue to withdraw");
		return 0;
	}
	if (s->dry_run) {
		printf("would withdraw: amount=%s\n", settle_amount(amount).c);
		return 0;
	}
	claim_row_init(&r);
	r.kind = CLAIM_WITHDRAW;
	r.amount = amount;
	(void)str_copy(r.asset, sizeof r.asset, str_c(s->asset));
	arena_init(&mem, CALL_MAX);
	tx_call_withdraw_revenue(&call, &mem, s->asset, amount);
	rc = send_call(s, &r, &call, &out, e);
	arena_free(&mem);
	claim_row_clear(&r);
	return rc;
}
