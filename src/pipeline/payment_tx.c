/* SPDX-License-Identifier: Apache-2.0 */
/* T1 and T2: what is decided and written while nobody else can write. */
#include "config.h"

#include "pipeline/payment_engine.h"

#include <assert.h>

#include "codec/jwrite.h"
#include "ledger/credit.h"
#include "store/usage_rows.h"
#include "util/arena.h"
#include "util/log.h"

enum { RENEWALS = 2, DETAILS_MAX = 1024, SUBCHANNELS_MAX = 1024 };

/* ---- what T1 answers ---- */

/* Nothing is written: the chain has to be asked first. */
static int ask_chain_first(struct payment *p, enum chain_want want, const char *why,
			   struct gw_err *e)
{
	p->busy = true;
	p->renew = (int)want;
	return gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0, "%s", why);
}

static void tell_pending(struct payment *p, const struct subchannel_row *r)
{
	p->has_subrav = r->rav.has_pending;
	if (p->has_subrav)
		rav_subrav(&p->subrav, &r->rav, &r->rav.pending);
}

/*
 * Refused after the voucher was taken: a proposal of cost zero, as for any answer.
 * Rule: payment-channel.md 4, 6.6
 */
static int propose_nothing(struct store_conn *c, struct payment *p, struct subchannel_row *r,
			   int64_t now_ms, struct gw_err *e)
{
	struct rav_point next;

	if (p->free_route)
		return 0;
	if (rav_propose(&r->rav, U256_ZERO, &next, &p->refused) < 0)
		return 0; /* there is none beyond: that is the refusal now */
	if (subchannel_propose_tx(c, r, &next, U256_ZERO, PICOUSD_ZERO, NULL, now_ms, e) < 0)
		return -1;
	tell_pending(p, r);
	p->has_cost = true;
	p->cost = U256_ZERO;
	p->cost_usd = p->forgone = PICOUSD_ZERO;
	return 0;
}

/* A refusal that younger facts might turn into something else, and these are not young. */
static bool worth_asking(const struct payment *p, const struct subchannel_row *r, int64_t now_ms)
{
	int64_t age = now_ms - (r->channel_ms < r->read_ms ? r->channel_ms : r->read_ms);

	return p->renewals == 0 && (age < 0 || age > FORCE_FIRST_MS);
}

/* ---- T1: the state ---- */

static bool too_old(const struct payment *p, int64_t now_ms, int64_t stamp)
{
	return stamp - now_ms > CHAIN_CLOCK_SKEW_MS ||
	       now_ms - stamp > (int64_t)p->facts->set.stale_ms;
}

/* A lease that nobody holds any more: what its process left open is closed as lost. */
static int recover(struct store_conn *c, struct subchannel_row *r, int64_t now_ms, struct gw_err *e)
{
	int64_t lost = 0;

	if (usage_recover_tx(c, now_ms, &lost, e) < 0)
		return -1;
	log_warn("a request on sub-channel %s was lost: its cost is unknown, nothing is charged",
		 r->fragment);
	return subchannel_unlease_tx(c, r, e);
}

/* The row as it is, of an age that may be used, with no dead lease and no dead proposal. */
static int load_state(struct store_conn *c, struct payment *p, struct subchannel_row *r,
		      const struct payment_offer *o, struct gw_err *e)
{
	int64_t now_ms = o->now_ms;
	int rc = subchannel_load(c, r, &p->channel_id, p->fragment, now_ms, e);

	if (rc < 0)
		return -1;
	/* first, for the age of what is known does not matter as long as nothing can be decided */
	if (r->has_lease && (r->lease_alive || o->in_doubt)) {
		p->busy = true;
		p->doubted = !r->lease_alive;
		return gw_fail(e, GWE_RAV_CONFLICT, 0,
			       "another request of this sub-channel is at work");
	}
	if (rc == 1 || too_old(p, now_ms, r->channel_ms) || too_old(p, now_ms, r->read_ms)) {
		static const char why[] = "what is known of the channel is too old";

		if (p->renewals < RENEWALS)
			return ask_chain_first(p, CHAIN_RENEWED, why, e);
		return gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0, "%s", why);
	}
	if (r->has_lease && recover(c, r, now_ms, e) < 0)
		return -1;
	return 0;
}

/* ---- T1: decision and voucher, checks 9 to 11 ---- */

static bool is_conflict(enum gw_code code)
{
	return code == GWE_RAV_CONFLICT || code == GWE_EPOCH_MISMATCH ||
	       code == GWE_TAMPERED_SUBRAV;
}

/* 0 decided (perhaps refused), -1 as admit. */
static int decide(struct store_conn *c, struct payment *p, struct subchannel_row *r, int64_t now_ms,
		  enum rav_decision *decision, struct gw_err *e)
{
	const struct voucher *v = p->request.has_voucher ? &p->request.voucher : NULL;
	int rc;

	*decision = RAV_REFUSED;
	if (rav_pending_is_dead(&r->rav) && subchannel_revive_tx(c, r, now_ms, e) < 0) {
		if (e->code != GWE_RAV_CONFLICT)
			return -1;
		p->refused = *e;
		return 0;
	}
	if (p->other_channel)
		rc = gw_fail(&p->refused, GWE_RAV_CONFLICT, 0,
			     "SignedSubRAV is not of the channel and key of this request");
	else
		rc = rav_decide(&r->rav, v ? &v->rav : NULL, p->free_route, decision, &p->refused);
	if (rc == 0)
		return 0;
	if (is_conflict(p->refused.code) && !p->other_channel && worth_asking(p, r, now_ms))
		return ask_chain_first(p, CHAIN_FORCED, "a conflict with what is known", e);
	tell_pending(p, r);
	return 0;
}

static int accept_voucher(struct store_conn *c, struct payment *p, struct subchannel_row *r,
			  enum rav_decision decision, int64_t now_ms, struct gw_err *e)
{
	const struct voucher *v = &p->request.voucher;

	if (subchannel_accept_tx(c, r, v, now_ms, e) < 0)
		return -1;
	p->accepted = true;
	if (decision == RAV_WENT_FURTHER)
		log_warn("a voucher of sub-channel %s goes further than is known here (nonce %llu)",
			 r->fragment, (unsigned long long)v->rav.nonce);
	if (r->status == CHANNEL_ACTIVE &&
	    u256_cmp(rav_unclaimed(&r->rav), u256_of(p->facts->set.min_claim)) >= 0 &&
	    !u256_is_zero(rav_unclaimed(&r->rav)))
		return claim_request_tx(c, &p->channel_id, p->fragment, CLAIM_THRESHOLD, now_ms, e);
	return 0;
}

/* ---- T1: limit and credit, checks 12 and 13 ---- */

static int check_limit(const struct payment *p, struct u256 bound, struct buf *details,
		       struct gw_err *e)
{
	char is[U256_TEXT], max[U256_TEXT];
	struct jwrite w;

	if (u256_is_zero(p->request.max_amount) || u256_cmp(bound, p->request.max_amount) <= 0)
		return 0;
	u256_format(is, bound);
	u256_format(max, p->request.max_amount);
	jwrite_init(&w, details, false);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "finalCost", is);
	jwrite_text(&w, "max", max);
	jwrite_object_end(&w);
	return gw_fail(e, GWE_BILLING_MAX_AMOUNT_EXCEEDED, 0,
		       "this request may cost up to %s, more than maxAmount %s", is, max);
}

/* 0 covered, 1 refused with @why, -1 the store failed. */
static int check_credit(struct store_conn *c, struct payment *p, const struct subchannel_row *r,
			struct u256 bound, int64_t now_ms, struct buf *details, struct gw_err *why,
			struct gw_err *e)
{
	const struct payment_settings *set = &p->facts->set;
	struct payer_debt debt;
	struct credit credit;

	if (payer_debt(c, &debt, r, now_ms, e) < 0)
		return -1;
	if (debt.subchannels > SUBCHANNELS_MAX) {
		(void)gw_fail(why, GWE_RAV_CONFLICT, 0,
			      "this payer has more than %d sub-channels here", SUBCHANNELS_MAX);
		return 1;
	}
	credit = (struct credit){ .balance = r->balance,
				  .owed = debt.owed,
				  .bound = bound,
				  .min_claim = set->min_claim,
				  .reserve = set->reserve,
				  .unsigned_pico = debt.unsigned_pico,
				  .max_unsigned_pico = set->max_unsigned_pico };
	return credit_check(&credit, p->engine->asset, details, why) < 0 ? 1 : 0;
}

/*
 * Everything that may still refuse a request whose voucher was taken. 0 go on, 1 p->refused is set,
 * -1 as admit.
 */
static int check_money(struct store_conn *c, struct payment *p, const struct subchannel_row *r,
		       const struct payment_offer *o, struct u256 *bound, struct gw_err *e)
{
	struct buf details;
	int rc = 1;

	if (credit_units(bound, o->bound, p->facts->set.rate_pico, &p->refused) < 0)
		return 1;
	buf_init(&details, DETAILS_MAX);
	if (check_limit(p, *bound, &details, &p->refused) < 0)
		goto out;
	if (!r->has_balance || too_old(p, o->now_ms, r->balance_ms)) {
		rc = -1;
		if (p->renewals < RENEWALS) {
			(void)ask_chain_first(p, CHAIN_RENEWED, "no balance that counts", e);
			goto out;
		}
		rc = 1;
		(void)gw_fail_priv(&p->refused, GWE_SERVICE_UNAVAILABLE, 0,
				   "the payer's balance cannot be read");
		goto out;
	}
	rc = check_credit(c, p, r, *bound, o->now_ms, &details, &p->refused, e);
	if (rc == 1 && worth_asking(p, r, o->now_ms))
		rc = ask_chain_first(p, CHAIN_FORCED, "the balance may have risen", e);
out:
	if (rc == 1)
		p->refused_details = arena_dup(p->arena, buf_str(&details));
	buf_clear(&details);
	return rc;
}

/* ---- T1 ---- */

static int take_lease(struct store_conn *c, struct payment *p, struct subchannel_row *r,
		      const struct payment_offer *o, struct u256 bound, enum rav_decision decision,
		      struct gw_err *e)
{
	const struct usage_payment how = { .channel_id = p->channel_id.b,
					   .fragment = str_c(p->fragment),
					   .decision = (int)decision,
					   .rate_pico = p->facts->set.rate_pico };
	struct usage_start row;
	struct rav_point next;

	/* whatever it will cost has to fit behind what is signed */
	if (rav_propose(&r->rav, bound, &next, &p->refused) < 0)
		return 0;
	assert(o->usage);
	row = *o->usage;
	row.payment = &how;
	if (!str_copy(p->lease.owner, sizeof p->lease.owner, row.owner))
		return gw_fail_priv(e, GWE_INTERNAL, 0, "the name of this process is too long");
	if (usage_start_tx(c, &row, &p->lease.usage_id, e) < 0 ||
	    subchannel_lease_tx(c, r, &p->lease, bound, o->bound, e) < 0)
		return -1;
	p->leased = true;
	return 0;
}

void payment_forget_try(struct payment *p)
{
	p->busy = p->doubted = p->accepted = p->leased = false;
	p->renew = CHAIN_CACHED;
	p->refused = (struct gw_err){ .code = GWE_OK };
	p->refused_details = STR_NULL;
	p->has_subrav = p->has_cost = false;
	p->forgone = p->cost_usd = PICOUSD_ZERO;
	p->cost = U256_ZERO;
}

/* What follows a voucher that is taken, or a request that owes nothing. */
static int go_on(struct store_conn *c, struct payment *p, struct subchannel_row *r,
		 const struct payment_offer *o, enum rav_decision decision, struct gw_err *e)
{
	struct u256 bound;
	int rc;

	/* Rule: payment-channel.md 6.3, check 6: the voucher counts in a dispute, so it was taken */
	if (r->status != CHANNEL_ACTIVE)
		return gw_fail(&p->refused, GWE_CHANNEL_CLOSED, 0,
			       "the channel is being cancelled"),
		       0;
	if (o->refusal) {
		p->refused = *o->refusal;
		return propose_nothing(c, p, r, o->now_ms, e);
	}
	if (p->free_route)
		return 0;
	rc = check_money(c, p, r, o, &bound, e);
	if (rc)
		return rc < 0 ? -1 : propose_nothing(c, p, r, o->now_ms, e);
	return take_lease(c, p, r, o, bound, decision, e);
}

static int admit(struct store_conn *c, struct payment *p, const struct payment_offer *o,
		 struct gw_err *e)
{
	struct subchannel_row r;
	enum rav_decision decision;

	if (load_state(c, p, &r, o, e) < 0)
		return -1;
	/* another process saw it closed; it may have been opened again since. Not FORCED: our own memory, which
	 * says otherwise, may be young */
	if (r.status == CHANNEL_CLOSED && p->renewals == 0)
		return ask_chain_first(p, CHAIN_RENEWED, "a channel that was seen closed", e);
	if (r.status == CHANNEL_CLOSED)
		return gw_fail(&p->refused, GWE_CHANNEL_CLOSED, 0, "the channel is closed"), 0;
	if (decide(c, p, &r, o->now_ms, &decision, e) < 0)
		return -1;
	if (decision == RAV_REFUSED)
		return 0;
	if (p->request.has_voucher && accept_voucher(c, p, &r, decision, o->now_ms, e) < 0)
		return -1;
	if (go_on(c, p, &r, o, decision, e) < 0)
		return -1;
	/* the voucher stands whatever came of the request, also where nothing else was written */
	return subchannel_write_tx(c, &r, e);
}

int payment_admit_tx(struct store_conn *c, struct payment *p, const struct payment_offer *o,
		     struct gw_err *e)
{
	int rc;

	payment_forget_try(p);
	if (p->free_route && !p->request.has_voucher) {
		if (o->refusal)
			p->refused = *o->refusal;
		return 0;
	}
	rc = admit(c, p, o, e);
	if (rc < 0) {
		/* undone by the caller: nothing of it may be told */
		bool busy = p->busy, doubted = p->doubted;
		int renew = p->renew;

		payment_forget_try(p);
		p->busy = busy;
		p->doubted = doubted;
		p->renew = renew;
	}
	return rc;
}

/* ---- T2 ---- */

int payment_settle_tx(struct store_conn *c, struct payment *p, struct picousd cost, int64_t now_ms,
		      struct usage_charge *out, struct gw_err *e)
{
	struct subchannel_row r;
	struct credit_charge charge;
	struct rav_point next;
	int rc;

	assert(p->leased);
	rc = subchannel_load_leased(c, &r, &p->channel_id, p->fragment, e);
	if (rc < 0)
		return -1;
	if (rc == 1 || !r.has_lease || r.lease.usage_id != p->lease.usage_id ||
	    strcmp(r.lease.owner, p->lease.owner) != 0)
		return gw_fail_priv(e, GWE_CONFLICT, 0, "the lease is no longer ours");
	if (credit_charge(&charge, cost, p->request.max_amount, p->facts->set.rate_pico, e) < 0 ||
	    rav_propose(&r.rav, charge.cost, &next, e) < 0 ||
	    subchannel_propose_tx(c, &r, &next, charge.cost, charge.charged, &p->lease, now_ms, e) <
		    0)
		return -1;
	tell_pending(p, &r);
	p->has_cost = true;
	p->cost = charge.cost;
	p->cost_usd = charge.charged;
	p->forgone = charge.forgone;
	*out = (struct usage_charge){ .epoch = p->subrav.epoch,
				      .nonce = p->subrav.nonce,
				      .forgone_pico = picousd_u64(p->forgone) };
	u256_to_be(out->cost, p->cost);
	return 0;
}
