/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/rav_decision.h"

/* In the database, never renumber. */
_Static_assert(RAV_NOTHING_DUE == 1 && RAV_PAID_PROPOSAL == 2 && RAV_WENT_FURTHER == 3, "stored");

struct rav_point rav_baseline(const struct rav_state *s)
{
	struct rav_point p = { s->epoch, s->last_nonce, s->last_claimed };

	if (!s->has_signed || s->signed_point.epoch != s->epoch)
		return p;
	if (s->signed_point.nonce > p.nonce)
		p.nonce = s->signed_point.nonce;
	if (u256_cmp(s->signed_point.amount, p.amount) > 0)
		p.amount = s->signed_point.amount;
	return p;
}

int rav_propose(const struct rav_state *s, struct u256 cost, struct rav_point *out,
		struct gw_err *e)
{
	struct rav_point p = rav_baseline(s);

	if (p.nonce >= RAV_NONCE_MAX || !u256_add(&p.amount, p.amount, cost))
		return gw_fail(e, GWE_RAV_CONFLICT, 0,
			       "the sub-channel is at its end: use another key of the payer");
	p.nonce++;
	*out = p;
	return 0;
}

bool rav_pending_is_dead(const struct rav_state *s)
{
	const struct rav_point *p = &s->pending;

	return s->has_pending && (p->epoch != s->epoch || p->nonce < s->last_nonce ||
				  u256_cmp(p->amount, s->last_claimed) < 0);
}

void rav_subrav(struct subrav *out, const struct rav_state *s, const struct rav_point *p)
{
	*out = (struct subrav){ .version = SUBRAV_VERSION,
				.chain_id = s->chain_id,
				.channel_id = s->channel_id,
				.epoch = p->epoch,
				.accumulated = p->amount,
				.nonce = p->nonce };
	if (!str_copy(out->fragment, sizeof out->fragment, str_c(s->fragment)))
		out->fragment[0] = '\0';
}

/* ---- the table ---- */

static int required(const struct rav_state *s, struct gw_err *e)
{
	char id[ROOCH_HEX_TEXT];

	rooch_id_hex(id, &s->channel_id);
	return gw_fail(e, GWE_PAYMENT_REQUIRED, 0,
		       "Signature required for pending proposal (channel: %s, nonce: %llu)", id,
		       (unsigned long long)s->pending.nonce);
}

static int differs(enum gw_code code, const char *from, const struct rav_point *p,
		   const struct subrav *v, struct gw_err *e)
{
	char want[U256_TEXT], got[U256_TEXT];

	u256_format(want, p->amount);
	u256_format(got, v->accumulated);
	return gw_fail(
		e, code, 0,
		"SignedSubRAV does not match %s (expected nonce: %llu, accumulatedAmount: %s, "
		"received: %llu, %s)",
		from, (unsigned long long)p->nonce, want, (unsigned long long)v->nonce, got);
}

/* Check 9: what no state of ours can make good. */
static int check_frame(const struct rav_state *s, const struct subrav *v, struct gw_err *e)
{
	if (v->version != SUBRAV_VERSION)
		return gw_fail(e, GWE_TAMPERED_SUBRAV, 0,
			       "SignedSubRAV has version %u, this service takes %d", v->version,
			       SUBRAV_VERSION);
	if (v->chain_id != s->chain_id)
		return gw_fail(e, GWE_TAMPERED_SUBRAV, 0,
			       "SignedSubRAV is for chain %llu, this service is on chain %llu",
			       (unsigned long long)v->chain_id, (unsigned long long)s->chain_id);
	if (v->epoch != s->epoch)
		return gw_fail(
			e, GWE_EPOCH_MISMATCH, 0,
			"SignedSubRAV is of channel epoch %llu, the channel is in epoch %llu",
			(unsigned long long)v->epoch, (unsigned long long)s->epoch);
	return 0;
}

static int against_pending(const struct rav_state *s, const struct subrav *v,
			   enum rav_decision *out, struct gw_err *e)
{
	const struct rav_point *p = &s->pending;

	if (v->nonce != p->nonce)
		return differs(GWE_RAV_CONFLICT, "pending proposal", p, v, e);
	if (u256_cmp(v->accumulated, p->amount))
		return differs(GWE_TAMPERED_SUBRAV, "pending proposal", p, v, e);
	*out = RAV_PAID_PROPOSAL;
	return 0;
}

/* The server lost its proposal: safe for it, since the payer signed more than was known. */
static int against_known(const struct rav_state *s, const struct subrav *v, enum rav_decision *out,
			 struct gw_err *e)
{
	const struct rav_point chain = { s->epoch, s->last_nonce, s->last_claimed };
	bool known = s->has_signed && s->signed_point.epoch == s->epoch;
	const struct rav_point *l = known ? &s->signed_point : &chain;
	int more = u256_cmp(v->accumulated, l->amount);
	const char *from = known ? "latest signed SubRAV" : "subchannel state";

	if (v->nonce <= l->nonce || more < 0 || (known && more == 0 && v->nonce != l->nonce + 1))
		return differs(GWE_RAV_CONFLICT, from, l, v, e);
	if (v->nonce < chain.nonce || u256_cmp(v->accumulated, chain.amount) < 0)
		return differs(GWE_RAV_CONFLICT, "subchannel state", &chain, v, e);
	if (v->nonce > RAV_NONCE_MAX || v->nonce - l->nonce > RAV_JUMP_MAX)
		return gw_fail(e, GWE_RAV_CONFLICT, 0, "SignedSubRAV leaps from nonce %llu to %llu",
			       (unsigned long long)l->nonce, (unsigned long long)v->nonce);
	*out = RAV_WENT_FURTHER;
	return 0;
}

int rav_decide(const struct rav_state *s, const struct subrav *v, bool free_route,
	       enum rav_decision *out, struct gw_err *e)
{
	*out = RAV_REFUSED;
	if (!v) {
		if (s->has_pending && !free_route)
			return required(s, e);
		*out = RAV_NOTHING_DUE;
		return 0;
	}
	if (check_frame(s, v, e) < 0)
		return -1;
	return s->has_pending ? against_pending(s, v, out, e) : against_known(s, v, out, e);
}
