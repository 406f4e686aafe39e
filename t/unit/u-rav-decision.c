/* SPDX-License-Identifier: Apache-2.0 */
/* The decision table, from the vectors, and what lies beyond them. */
#include "config.h"

#include "ledger/rav_decision.h"

#include <stdlib.h>

#include "tap.h"
#include "vectors.h"

static uint64_t number(struct vectors *vs, struct jval o, const char *name)
{
	uint64_t v = 0;

	if (!str_u64(vec_str_of(vs, jscan_get(o, name), name), &v))
		vec_die(vs, name);
	return v;
}

static struct u256 amount(struct vectors *vs, struct jval o, const char *name)
{
	struct u256 v = U256_ZERO;

	if (!u256_parse(&v, vec_str_of(vs, jscan_get(o, name), name)))
		vec_die(vs, name);
	return v;
}

static bool point(struct vectors *vs, const char *name, struct rav_point *p)
{
	struct jval o = jscan_get(vs->v, name);

	if (jval_is_null(o))
		return false;
	p->epoch = number(vs, o, "channelEpoch");
	p->nonce = number(vs, o, "nonce");
	p->amount = amount(vs, o, "accumulatedAmount");
	return true;
}

static bool expected(struct vectors *vs, const char *code)
{
	struct jiter it;
	struct str key;
	struct jval v;

	if (vec_is(vs, "required", code))
		return true;
	jiter_init(&it, jscan_get(vs->v, "alsoFine"));
	while (jiter_next(&it, &key, &v))
		if (jval_str_eq(v, code))
			return true;
	return false;
}

static const char *decide(struct vectors *vs)
{
	struct jval chain = jscan_get(vs->v, "subChannelOnChain"), signed_rav;
	struct rav_state s = { .fragment = "key-1", .chain_id = 4 };
	struct voucher v = { .rav.nonce = 0 };
	enum rav_decision d;
	struct gw_err e;
	bool has_voucher = vec_has(vs, "signed");

	s.last_nonce = number(vs, chain, "lastConfirmedNonce");
	s.last_claimed = amount(vs, chain, "lastClaimedAmount");
	s.has_signed = point(vs, "latestSigned", &s.signed_point);
	s.has_pending = point(vs, "pending", &s.pending);
	if (has_voucher) {
		struct str sig = vec_bytes(vs, "signature"), pub = vec_bytes(vs, "publicKey");
		enum key_type t;

		signed_rav = jscan_get(vs->v, "signed");
		if (subrav_read_json(&v.rav, signed_rav, &e) || sig.len != sizeof v.signature ||
		    !key_type_find(vec_str(vs, "keyType"), &t))
			vec_die(vs, "signed");
		memcpy(v.signature, sig.p, sig.len);
		s.channel_id = v.rav.channel_id;
		if (!subrav_verify(&v.rav, t, vec_u8(pub), pub.len, v.signature))
			return "INVALID_SIGNATURE";
	}
	if (rav_decide(&s, has_voucher ? &v.rav : NULL, vec_true(vs, "freeRoute"), &d, &e) < 0)
		return d == RAV_REFUSED ? gw_err_wire(e.code) : "?";
	return d == RAV_REFUSED ? "?" : "ALLOW";
}

static void from_vectors(void)
{
	struct vectors vs;
	unsigned n = 0;

	vectors_open(&vs, "rav-decisions");
	while (vectors_next(&vs)) {
		const char *is = decide(&vs);

		n++;
		OK(expected(&vs, is), "%s %s: %s", vs.id, vec_text(&vs, "what"), is);
	}
	OK(n >= 23, "%u vectors", n);
	vectors_close(&vs);
}

/* ---- beyond ---- */

static struct rav_state state(void)
{
	return (struct rav_state){ .fragment = "k", .chain_id = 4, .epoch = 2 };
}

static struct subrav voucher(uint64_t epoch, uint64_t nonce, uint64_t units)
{
	return (struct subrav){ .version = 1,
				.chain_id = 4,
				.epoch = epoch,
				.nonce = nonce,
				.accumulated = u256_of(units) };
}

static enum gw_code verdict(const struct rav_state *s, struct subrav v)
{
	enum rav_decision d;
	struct gw_err e;

	return rav_decide(s, &v, false, &d, &e) < 0 ? e.code : GWE_OK;
}

static struct rav_point at(uint64_t epoch, uint64_t nonce, uint64_t units)
{
	return (struct rav_point){ epoch, nonce, u256_of(units) };
}

static bool is(struct rav_point a, struct rav_point b)
{
	return a.epoch == b.epoch && a.nonce == b.nonce && u256_cmp(a.amount, b.amount) == 0;
}

static void jumps(void)
{
	struct rav_state s = state();

	s.last_nonce = 10;
	s.last_claimed = u256_of(100);
	OK(verdict(&s, voucher(2, 11, 100)) == GWE_OK, "the next nonce, nothing new");
	OK(verdict(&s, voucher(2, 1000010, 100)) == GWE_OK, "a million further");
	OK(verdict(&s, voucher(2, 1000011, 100)) == GWE_RAV_CONFLICT, "one more is too far");
	OK(verdict(&s, voucher(2, UINT64_MAX, 100)) == GWE_RAV_CONFLICT, "the last nonce of all");
	s.last_nonce = RAV_NONCE_MAX - 1;
	OK(verdict(&s, voucher(2, RAV_NONCE_MAX, 100)) == GWE_OK, "the last that fits");
	OK(verdict(&s, voucher(2, RAV_NONCE_MAX + 1, 100)) == GWE_RAV_CONFLICT,
	   "and the first beyond");
	OK(verdict(&s, voucher(1, 11, 100)) == GWE_EPOCH_MISMATCH, "an earlier epoch");
	OK(verdict(&s, voucher(3, 11, 100)) == GWE_EPOCH_MISMATCH, "a later epoch");
}

static void epochs(void)
{
	struct rav_state s = state();
	struct rav_point p;
	struct gw_err e;

	s.last_nonce = 7;
	s.last_claimed = u256_of(70);
	s.has_signed = true;
	s.signed_point = at(1, 9, 90);
	OK(is(rav_baseline(&s), at(2, 7, 70)), "a voucher of an old epoch is no baseline");
	OK(verdict(&s, voucher(2, 8, 70)) == GWE_OK, "nor what vouchers are compared with");
	s.has_pending = true;
	s.pending = at(1, 10, 95);
	s.pending_cost = u256_of(5);
	OK(rav_pending_is_dead(&s), "a proposal of an old epoch is dead");
	OK(!rav_propose(&s, s.pending_cost, &p, &e) && is(p, at(2, 8, 75)),
	   "and lives on for the same cost");
	s.pending = p;
	OK(!rav_pending_is_dead(&s), "in this epoch");
}

/* Somebody had a voucher claimed that we have not seen. */
static void behind_the_chain(void)
{
	struct rav_state s = state();

	s.has_signed = true;
	s.signed_point = at(2, 5, 50);
	s.last_nonce = 500;
	s.last_claimed = u256_of(51);
	OK(is(rav_baseline(&s), at(2, 500, 51)), "the baseline is never behind the chain");
	OK(verdict(&s, voucher(2, 6, 60)) == GWE_RAV_CONFLICT,
	   "a voucher that the chain would refuse is refused");
	OK(verdict(&s, voucher(2, 500, 60)) == GWE_OK, "the same nonce is claimable");
	s.has_pending = true;
	s.pending = at(2, 6, 60);
	OK(rav_pending_is_dead(&s), "a proposal behind the chain's nonce is dead");
	s.pending = at(2, 500, 50);
	OK(rav_pending_is_dead(&s), "or behind its amount");
	s.pending = at(2, 500, 51);
	OK(!rav_pending_is_dead(&s), "but not when level with it");
}

static void ends(void)
{
	struct rav_state s = state();
	struct rav_point p = at(0, 0, 0);
	struct gw_err e;
	uint8_t all[32];

	memset(all, 0xff, sizeof all);
	s.last_claimed = u256_from_be(all);
	OK(rav_propose(&s, u256_of(1), &p, &e) && e.code == GWE_RAV_CONFLICT && p.nonce == 0,
	   "no amount beyond 256 bits");
	OK(!rav_propose(&s, U256_ZERO, &p, &e) && p.nonce == 1, "nothing more fits");
	s.last_claimed = U256_ZERO;
	s.last_nonce = RAV_NONCE_MAX;
	OK(rav_propose(&s, u256_of(1), &p, &e) && e.code == GWE_RAV_CONFLICT,
	   "no nonce beyond the database");
}

int main(void)
{
	struct gw_err e;

	if (crypto_init(&e))
		return 1;
	from_vectors();
	jumps();
	epochs();
	behind_the_chain();
	ends();
	crypto_done();
	return TAP_END;
}
