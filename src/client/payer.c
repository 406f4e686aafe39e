/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "client/payer.h"

#include <string.h>

#include "util/clock.h"

/* What a transaction works on. */
struct step {
	struct payer *p;
	const char *method;
	struct str path;
	const struct payment_response *r;
	bool sign; /* take: make the voucher at once */
	const struct voucher *forgotten;
	int status;
	const struct gw_err *why;
	struct gw_err *complaint;
};

/* ---- signing ---- */

/* Rule: payment-channel.md 9.6: the voucher is stored before anybody sees it. */
static int sign_tx(struct store_conn *c, struct payer *p, const struct subrav *rav,
		   struct u256 cost, struct gw_err *e)
{
	struct wallet_voucher v = { .v = { .rav = *rav }, .has_cost = true, .cost = cost };

	if (subrav_sign(rav, p->id->key, v.v.signature, e) ||
	    wallet_voucher_add_tx(c, &v, clock_wall_ms(), e) ||
	    wallet_proposal_drop_tx(c, &p->ch, e))
		return -1;
	p->voucher = v.v;
	p->paid = cost;
	p->has_voucher = true;
	return 0;
}

/* The proposal that waits, if it still fits: the channel may have been reopened since. */
static int sign_waiting_tx(struct store_conn *c, struct payer *p, struct gw_err *e)
{
	struct wallet_proposal w;
	struct wallet_voucher last;
	struct proposal_base base;
	struct u256 step;
	bool has_last;
	int none = wallet_proposal_get_tx(c, &p->ch, &w, e);

	p->has_voucher = false;
	if (none)
		return none < 0 ? -1 : 0;
	if (wallet_base_tx(c, &p->ch, &base, &last, &has_last, e))
		return -1;
	/* Its cost was compared with the limit of its own request. */
	if (proposal_check(&w.rav, &w.cost, &base, U256_ZERO, &step) != PROPOSAL_GOOD)
		return wallet_proposal_drop_tx(c, &p->ch, e);
	return sign_tx(c, p, &w.rav, w.cost, e);
}

/* ---- requests ---- */

static int add_request_tx(struct store_conn *c, struct step *t, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_WALLET_REQUEST_ADD);
	const struct payer *p = t->p;
	uint8_t limit[32];
	int row;

	u256_to_be(limit, p->limit);
	stmt_bind_i64(s, "now_ms", clock_wall_ms());
	stmt_bind_blob(s, "channel_id", p->ch.id.b, sizeof p->ch.id.b);
	stmt_bind_text(s, "fragment", str_c(p->ch.fragment));
	stmt_bind_text(s, "gateway", str_c(p->ch.gateway));
	stmt_bind_text(s, "method", str_c(t->method));
	stmt_bind_text(s, "path", t->path);
	stmt_bind_text(s, "tx_ref", str_c(p->tx_ref));
	stmt_bind_blob(s, "max_amount", limit, sizeof limit);
	row = stmt_step(s, e);
	if (row > 0)
		t->p->request_id = stmt_i64(s, "request_id");
	stmt_done(s);
	return row > 0 ? 0 : -1;
}

static int end_request_tx(struct store_conn *c, const struct payer *p, int status,
			  const struct gw_err *why, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_WALLET_REQUEST_END);
	uint8_t cost[32];
	int rc;

	stmt_bind_i64(s, "request_id", p->request_id);
	stmt_bind_i64(s, "now_ms", clock_wall_ms());
	stmt_bind_i64(s, "state", p->state);
	if (status)
		stmt_bind_i64(s, "status", status);
	if (why)
		stmt_bind_text(s, "error", str_c(why->pub));
	if (p->has_cost) {
		u256_to_be(cost, p->cost);
		stmt_bind_blob(s, "cost", cost, sizeof cost);
		if (stmt_bind_u64(s, "epoch", p->proposal.epoch, e) ||
		    stmt_bind_u64(s, "nonce", p->proposal.nonce, e) ||
		    (p->has_usd && stmt_bind_u64(s, "cost_pico", picousd_u64(p->usd), e))) {
			stmt_done(s);
			return -1;
		}
	}
	rc = stmt_run(s, NULL, e);
	stmt_done(s);
	return rc;
}

/* The proposal of an earlier request, whose end we did not see. */
static int found_request_tx(struct store_conn *c, const struct payer *p, const struct subrav *rav,
			    struct u256 cost, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_WALLET_REQUEST_FOUND);
	uint8_t bytes[32];
	int rc = -1;

	u256_to_be(bytes, cost);
	stmt_bind_blob(s, "channel_id", p->ch.id.b, sizeof p->ch.id.b);
	stmt_bind_text(s, "fragment", str_c(p->ch.fragment));
	stmt_bind_blob(s, "cost", bytes, sizeof bytes);
	stmt_bind_i64(s, "before", p->request_id ? p->request_id : INT64_MAX);
	if (!stmt_bind_u64(s, "epoch", rav->epoch, e) && !stmt_bind_u64(s, "nonce", rav->nonce, e))
		rc = stmt_run(s, NULL, e);
	stmt_done(s);
	return rc;
}

static int begin_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct step *t = arg;

	return sign_waiting_tx(c, t->p, e) || add_request_tx(c, t, e) ? -1 : 0;
}

int payer_begin(struct payer *p, const char *method, struct str path, struct gw_err *e)
{
	struct step t = { .p = p, .method = method, .path = path };

	p->state = PAYER_STARTED;
	p->has_cost = p->has_usd = false;
	return store_write(p->w->st, "payer_begin", begin_tx, &t, e);
}

void payer_header(const struct payer *p, struct buf *value)
{
	struct payment_request r = { .max_amount = p->limit, .has_voucher = p->has_voucher };

	snprintf(r.client_tx_ref, sizeof r.client_tx_ref, "%s", p->tx_ref);
	if (p->has_voucher)
		r.voucher = p->voucher;
	payment_request_write(value, &r);
}

/* ---- answers ---- */

static bool asks_for_payment(const struct payment_response *r)
{
	return r->has_error && r->has_subrav &&
	       !strcmp(r->error_code, gw_err_wire(GWE_PAYMENT_REQUIRED));
}

/*
 * Check @t->r's proposal; a good one is stored, or with @t->sign signed. p->fault says what was wrong;
 * then nothing was changed, and @t->complaint is filled.
 */
static int take_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct step *t = arg;
	struct payer *p = t->p;
	const struct payment_response *r = t->r;
	const struct u256 *stated = r->has_cost ? &r->cost : NULL;
	struct wallet_proposal w = { .rav = r->subrav };
	struct wallet_voucher last;
	struct proposal_base base;
	bool has_last;

	if (wallet_base_tx(c, &p->ch, &base, &last, &has_last, e))
		return -1;
	p->fault = proposal_check(&w.rav, stated, &base, p->limit, &w.cost);
	if (r->has_error && stated && !u256_is_zero(*stated) && p->fault == PROPOSAL_GOOD) {
		p->fault = PROPOSAL_COST_DIFFERS;
		gw_fail(t->complaint, GWE_CONFLICT, 0,
			"the gateway cannot be trusted, nothing was signed: it refused the request, "
			"but wants to be paid for it");
		return 0;
	}
	if (p->fault == PROPOSAL_GOOD) {
		if (wallet_voucher_taken_tx(c, &p->ch, base.nonce, e))
			return -1;
		p->proposal = w.rav;
		p->cost = w.cost;
		if (!t->sign)
			return wallet_proposal_put_tx(c, &p->ch, &w, clock_wall_ms(), e);
		return found_request_tx(c, p, &w.rav, w.cost, e) || sign_tx(c, p, &w.rav, w.cost, e)
			       ? -1
			       : 0;
	}
	if (p->fault == PROPOSAL_SIGNED_BEFORE && has_last && last.v.rav.nonce == w.rav.nonce) {
		p->voucher = last.v;
		p->paid = U256_ZERO;
		p->has_voucher = t->sign;
		return 0;
	}
	if (p->fault == PROPOSAL_SIGNED_BEFORE)
		p->fault = PROPOSAL_NONCE_BACK;
	proposal_complain(p->fault, &w.rav, stated, &base, p->limit, t->complaint);
	return 0;
}

static int refused(struct payer *p, const struct payment_response *r, struct gw_err *e)
{
	enum gw_code code = gw_err_from_wire(r->error_code);

	p->state = PAYER_REFUSED;
	return gw_fail(e, code == GWE_OK ? GWE_CONFLICT : code, 0, "%s: %s", r->error_code,
		       r->error_message);
}

static bool good(const struct payer *p)
{
	return p->fault == PROPOSAL_GOOD || p->fault == PROPOSAL_SIGNED_BEFORE;
}

static bool may_be_behind(const struct payer *p)
{
	return p->fault == PROPOSAL_NONCE_AHEAD || p->fault == PROPOSAL_OTHER_EPOCH;
}

int payer_take(struct payer *p, const struct payment_response *r, bool first, bool may_learn,
	       enum payer_verdict *v, struct gw_err *e)
{
	struct gw_err complaint = { .code = GWE_OK };
	struct step t = { .p = p, .r = r, .complaint = &complaint };

	*v = PAYER_DONE;
	if (!r || (!r->has_subrav && !r->has_error))
		return 0;
	t.sign = first && asks_for_payment(r);
	if (r->has_subrav) {
		if (store_write(p->w->st, "payer_take", take_tx, &t, e))
			return -1;
		if (!good(p) && may_learn && may_be_behind(p)) {
			*v = PAYER_BEHIND;
			return 0;
		}
		if (!good(p)) {
			p->state = PAYER_DISTRUST;
			*e = complaint;
			return -1;
		}
	}
	if (t.sign) {
		*v = PAYER_AGAIN;
		return 0;
	}
	if (r->has_error)
		return refused(p, r, e);
	if (p->fault == PROPOSAL_SIGNED_BEFORE) {
		/* An answer that costs something asks for something new. */
		p->state = PAYER_DISTRUST;
		return gw_fail(
			e, GWE_CONFLICT, 0,
			"the gateway cannot be trusted: its answer brings a proposal that was "
			"signed before");
	}
	p->state = PAYER_PRICED;
	p->has_cost = true;
	p->has_usd = r->has_cost_usd &&
		     u256_cmp(r->cost_usd_stated, u256_of(picousd_u64(r->cost_usd))) == 0;
	p->usd = r->cost_usd;
	return 0;
}

/* ---- what was forgotten ---- */

static int learn_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct step *t = arg;
	struct wallet_voucher v = { .taken = true };

	if (wallet_channel_put_tx(c, &t->p->ch, clock_wall_ms(), e))
		return -1;
	if (!t->forgotten)
		return 0;
	v.v = *t->forgotten;
	return wallet_voucher_add_tx(c, &v, clock_wall_ms(), e);
}

int payer_learn(struct payer *p, const struct voucher *forgotten, struct gw_err *e)
{
	struct step t = { .p = p, .forgotten = forgotten };

	return store_write(p->w->st, "payer_learn", learn_tx, &t, e);
}

/* ---- the end ---- */

static int end_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct step *t = arg;

	return end_request_tx(c, t->p, t->status, t->why, e);
}

int payer_end(struct payer *p, int status, const struct gw_err *why, struct gw_err *e)
{
	struct step t = { .p = p, .status = status, .why = why };

	if (p->state == PAYER_STARTED)
		p->state = why ? PAYER_BROKEN : PAYER_FREE;
	return store_write(p->w->st, "payer_end", end_tx, &t, e);
}

/* ---- without a request ---- */

static int sign_open_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct payer *p = arg;
	struct wallet_voucher last;
	int none;

	if (sign_waiting_tx(c, p, e))
		return -1;
	if (p->has_voucher)
		return 0;
	none = wallet_voucher_last_tx(c, &p->ch, &last, e);
	if (none < 0)
		return -1;
	if (!none && !last.taken && last.v.rav.nonce > p->ch.claimed_nonce) {
		p->voucher = last.v;
		p->paid = U256_ZERO;
		p->has_voucher = true;
	}
	return 0;
}

int payer_sign_open(struct payer *p, struct gw_err *e)
{
	return store_write(p->w->st, "payer_sign_open", sign_open_tx, p, e);
}

static int pending_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct step *t = arg;

	if (take_tx(c, arg, e))
		return -1;
	return t->p->fault == PROPOSAL_GOOD
		       ? found_request_tx(c, t->p, &t->p->proposal, t->p->cost, e)
		       : 0;
}

int payer_take_pending(struct payer *p, const struct subrav *pending, bool may_learn,
		       enum payer_verdict *v, struct gw_err *e)
{
	struct payment_response r = { .has_subrav = true, .subrav = *pending };
	struct gw_err complaint = { .code = GWE_OK };
	struct step t = { .p = p, .r = &r, .complaint = &complaint };

	*v = PAYER_DONE;
	if (store_write(p->w->st, "payer_take_pending", pending_tx, &t, e))
		return -1;
	if (good(p))
		return 0;
	if (may_learn && may_be_behind(p)) {
		*v = PAYER_BEHIND;
		return 0;
	}
	*e = complaint;
	return -1;
}

static int taken_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct payer *p = arg;

	return wallet_voucher_taken_tx(c, &p->ch, p->voucher.rav.nonce, e);
}

int payer_taken(struct payer *p, struct gw_err *e)
{
	return store_write(p->w->st, "payer_taken", taken_tx, p, e);
}
