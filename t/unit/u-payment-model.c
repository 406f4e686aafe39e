/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel engine against a slow model of it: random requests, honest and not, of three keys, with
 * restarts, claims, lost answers and calls that are never settled. After each one the engine has to have
 * said what the model says.
 */
#include "config.h"

#include "payment_audit.h"
#include "payment_world.h"
#include "tap.h"

enum { STEPS = 1200, KEYS = 3 };

/* What a sub-channel is, in small numbers. */
struct model {
	uint64_t signed_nonce, signed_amount; /* 0: none */
	uint64_t pending_nonce, pending_amount;
	uint64_t claimed, claimed_nonce;
	bool has_pending;
};
static struct model m[KEYS];
static struct world w;
static uint64_t hub;
static unsigned served, refused;

static uint32_t dice(uint32_t n)
{
	static uint64_t s = 0x9e3779b97f4a7c15;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return (uint32_t)(s >> 33) % n;
}

static uint64_t max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t owed(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < KEYS; i++) {
		sum += m[i].signed_amount > m[i].claimed ? m[i].signed_amount - m[i].claimed : 0;
		if (m[i].has_pending)
			sum += m[i].pending_amount - max64(m[i].signed_amount, m[i].claimed);
	}
	return sum;
}

/* What the client sends. */
enum move { PAY, SILENT, WRONG_AMOUNT, WRONG_NONCE, OLD, FURTHER, MOVES };

static enum gw_code voucher_verdict(const struct model *s, enum move move, uint64_t nonce,
				    uint64_t amount)
{
	if (s->has_pending) {
		if (move == SILENT)
			return GWE_PAYMENT_REQUIRED;
		if (nonce != s->pending_nonce)
			return GWE_RAV_CONFLICT;
		return amount == s->pending_amount ? GWE_OK : GWE_TAMPERED_SUBRAV;
	}
	if (move == SILENT)
		return GWE_OK;
	if (s->signed_nonce) {
		bool further = nonce > s->signed_nonce && amount > s->signed_amount;
		bool next = nonce == s->signed_nonce + 1 && amount >= s->signed_amount;

		return (further || next) && nonce >= s->claimed_nonce && amount >= s->claimed
			       ? GWE_OK
			       : GWE_RAV_CONFLICT;
	}
	return nonce > s->claimed_nonce && amount >= s->claimed ? GWE_OK : GWE_RAV_CONFLICT;
}

struct plan {
	enum move move;
	uint64_t nonce, amount, bound, cost;
	bool free_route, refusal, lose;
};

static struct plan make_plan(const struct model *s)
{
	struct plan p = { .move = dice(10) < 6 ? PAY : (enum move)dice(MOVES),
			  .cost = dice(4) ? dice(500) : 0,
			  .free_route = dice(12) == 0,
			  .refusal = dice(10) == 0,
			  .lose = dice(15) == 0 };

	p.bound = p.cost + dice(300);
	p.nonce = s->has_pending ? s->pending_nonce : s->signed_nonce + 1;
	p.amount = s->has_pending ? s->pending_amount : max64(s->signed_amount, s->claimed);
	if (p.move == PAY && !s->has_pending)
		p.move = SILENT;
	if (p.move == WRONG_AMOUNT)
		p.amount += dice(2) ? 1 : p.amount ? (uint64_t)-1 : 1;
	if (p.move == WRONG_NONCE)
		p.nonce += 1 + dice(3);
	if (p.move == OLD) {
		p.nonce = s->signed_nonce ? s->signed_nonce : 1;
		p.amount = s->signed_amount;
	}
	if (p.move == FURTHER) {
		p.nonce += dice(4);
		p.amount += dice(4);
	}
	return p;
}

static void model_sign(struct model *s, const struct plan *p)
{
	s->signed_nonce = p->nonce;
	s->signed_amount = p->amount;
	s->has_pending = false;
}

static void model_propose(struct model *s, uint64_t units)
{
	s->has_pending = true;
	s->pending_nonce = max64(s->signed_nonce, s->claimed_nonce) + 1;
	s->pending_amount = max64(s->signed_amount, s->claimed) + units;
}

/* The same request, by the rules. */
static enum gw_code model_step(struct model *s, const struct plan *p)
{
	enum gw_code code;

	if (p->free_route && p->move == SILENT)
		return p->refusal ? GWE_MODEL_NOT_SUPPORTED : GWE_OK;
	code = voucher_verdict(s, p->move, p->nonce, p->amount);
	if (code != GWE_OK && !(code == GWE_PAYMENT_REQUIRED && p->free_route))
		return code;
	if (p->move != SILENT)
		model_sign(s, p);
	if (p->refusal) {
		if (!p->free_route)
			model_propose(s, 0);
		return GWE_MODEL_NOT_SUPPORTED;
	}
	if (p->free_route)
		return GWE_OK;
	if (hub < max64(1000, owed() + p->bound)) {
		model_propose(s, 0);
		return GWE_HUB_INSUFFICIENT_FUNDS;
	}
	if (!p->lose)
		model_propose(s, p->cost);
	return GWE_OK;
}

static const struct plan *bending;

static void bend(struct voucher *v)
{
	v->rav.nonce = bending->nonce;
	v->rav.accumulated = u256_of(bending->amount);
}

static bool agrees(unsigned key, const struct told *t, enum gw_code code)
{
	const struct model *s = &m[key];
	struct subchannel_row r;
	bool ok = t->code == code && world_look(&w, key, &r);

	ok = ok && r.rav.has_pending == s->has_pending &&
	     r.rav.has_signed == (s->signed_nonce != 0);
	if (ok && s->signed_nonce)
		ok = r.rav.signed_point.nonce == s->signed_nonce &&
		     is_u64(r.rav.signed_point.amount, s->signed_amount);
	if (ok && s->has_pending)
		ok = r.rav.pending.nonce == s->pending_nonce &&
		     is_u64(r.rav.pending.amount, s->pending_amount);
	/* what the client is told is what is stored */
	if (ok && t->has_next)
		ok = s->has_pending && t->next.nonce == s->pending_nonce &&
		     is_u64(t->next.accumulated, s->pending_amount);
	return ok;
}

static void make_ask(struct ask *a, unsigned key, const struct plan *p, const struct gw_err *why)
{
	*a = (struct ask){ .bound = p->bound * 100,
			   .cost = p->cost * 100,
			   .free_route = p->free_route,
			   .no_voucher = p->move == SILENT,
			   .refusal = p->refusal ? why : NULL,
			   .stop_after_t1 = p->lose,
			   .bend = p->move == PAY ? NULL : bend };
	bending = p;
	w.k[key].has_next = p->move != SILENT;
	w.k[key].next = (struct subrav){ .version = 1,
					 .chain_id = 4,
					 .channel_id = w.chain.channel_id,
					 .nonce = p->nonce,
					 .accumulated = u256_of(p->amount) };
	snprintf(w.k[key].next.fragment, sizeof w.k[key].next.fragment, "key-%u", key);
}

/* The settlement program has claimed: rows and chain move together. */
struct claim {
	unsigned key;
	uint64_t amount, nonce;
};

static int claim_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct claim *l = arg;
	struct subchannel_row r;

	if (subchannel_load(c, &r, &w.chain.channel_id, w.k[l->key].auth.fragment, clock_wall_ms(),
			    e))
		return -1;
	return subchannel_claimed_tx(c, &r, u256_of(l->amount), l->nonce, e);
}

static void claim(unsigned key)
{
	struct model *s = &m[key];
	struct claim l = { key, s->signed_amount, s->signed_nonce };
	struct fake_sub *sub = &w.chain.sub[key];
	struct gw_err e;

	if (s->signed_amount <= s->claimed)
		return;
	hub -= s->signed_amount - s->claimed;
	s->claimed = s->signed_amount;
	s->claimed_nonce = s->signed_nonce;
	pthread_mutex_lock(&w.chain.lock);
	sub->o.last_claimed = u256_of(s->claimed);
	sub->o.last_nonce = s->claimed_nonce;
	w.chain.hub = u256_of(hub);
	pthread_mutex_unlock(&w.chain.lock);
	if (store_write(w.st, "claim", claim_tx, &l, &e))
		abort();
}

static bool one_step(unsigned step)
{
	unsigned key = dice(KEYS);
	struct plan p = make_plan(&m[key]);
	struct model before = m[key];
	struct gw_err why;
	struct told t;
	enum gw_code code = model_step(&m[key], &p);
	struct ask a;

	(void)gw_fail(&why, GWE_MODEL_NOT_SUPPORTED, 0, "no such model");
	make_ask(&a, key, &p, &why);
	t = ask_at(&w, w.en, w.st, key, &a);
	served += code == GWE_OK;
	refused += code != GWE_OK;
	if (t.p.leased && p.lose) {
		/* never settled: closed as lost, and its memory is ours to free */
		give_up(w.st, &t.p);
		arena_free(&w.held[--w.n_held]);
	}
	if (agrees(key, &t, code))
		return true;
	printf("# step %u key %u move %d nonce %llu amount %llu bound %llu cost %llu free %d refusal %d lose %d\n",
	       step, key, (int)p.move, (unsigned long long)p.nonce, (unsigned long long)p.amount,
	       (unsigned long long)p.bound, (unsigned long long)p.cost, p.free_route, p.refusal,
	       p.lose);
	printf("# before: signed %llu %llu pending %d %llu %llu claimed %llu; model %s, engine %s %s %s\n",
	       (unsigned long long)before.signed_nonce, (unsigned long long)before.signed_amount,
	       before.has_pending, (unsigned long long)before.pending_nonce,
	       (unsigned long long)before.pending_amount, (unsigned long long)before.claimed,
	       gw_err_wire(code), gw_err_wire(t.code), t.e.pub, t.e.priv);
	return false;
}

/* All charged that is not lost is in the sub-channels; the rest is what payers signed beyond it. */
static uint64_t model_total(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < KEYS; i++)
		sum += m[i].has_pending ? m[i].pending_amount : m[i].signed_amount;
	return sum;
}

int main(void)
{
	struct log_options o = { .program = "u-payment-model", .level = LOG_LVL_ERROR };
	struct audit a;
	struct gw_err e;
	uint64_t total = 0;
	unsigned bad = 0;

	if (log_open(&o, &e))
		abort();
	world_open(&w);
	hub = 100000;
	w.chain.hub = u256_of(hub);
	for (unsigned i = 0; i < STEPS && !bad; i++) {
		bad += !one_step(i);
		if (dice(60) == 0)
			claim(dice(KEYS));
		if (dice(200) == 0)
			world_restart(&w);
		if (dice(300) == 0) {
			hub += dice(30000);
			w.chain.hub = u256_of(hub);
			world_restart(&w);
			clock_set_wall_ms(clock_wall_ms() + 3600001);
		}
	}
	OK(!bad, "%d random steps, as the model has them: %u served, %u refused", STEPS, served,
	   refused);
	OK(served > STEPS / 5 && refused > STEPS / 5, "of both kinds");
	(void)audit(&a, w.path, NULL);
	if (!u256_to_u64(&total, a.proposed))
		abort();
	OK(total == model_total(), "the sums at the end agree: %llu", (unsigned long long)total);
	OK(u256_cmp(a.charged, a.proposed) <= 0 && a.open == 0 && a.lost > 0,
	   "all that was charged is in them, every row is final");
	clock_set_wall_ms(-1);
	world_close(&w);
	return TAP_END;
}
