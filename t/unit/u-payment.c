/* SPDX-License-Identifier: Apache-2.0 */
/* The channel engine, one request after the other: what is let in, what is owed, what is told. */
#include "config.h"

#include "payment_world.h"
#include "tap.h"

static const struct ask usual = { .bound = 1000000, .cost = 750 };

/* ---- the normal life ---- */

/* With warm caches a request asks nobody about the chain. */
static void warm(struct world *w)
{
	unsigned before = w->chain.calls, n = 0;

	for (unsigned i = 0; i < 20; i++)
		n += ask(w, 0, &usual).served;
	OK(n == 20 && w->chain.calls == before, "twenty requests more without a call of the node");
}

static void three_keys(struct world *w)
{
	static const char *const names[] = { "Ed25519", "K1", "R1" };

	for (unsigned i = 0; i < 3; i++) {
		struct ask unsigned_one = usual;
		struct subchannel_row r;
		struct told t = ask(w, i, &usual);

		unsigned_one.no_voucher = true;
		OK(t.served && t.has_next && t.next.nonce == 1 && is_u64(t.next.accumulated, 8) &&
			   is_u64(t.cost, 8) && t.next.epoch == 0 && t.next.chain_id == 4,
		   "%s: the first request is served, its cost proposed, rounded up", names[i]);
		t = ask(w, i, &unsigned_one);
		OK(t.code == GWE_PAYMENT_REQUIRED && t.r.has_error && t.has_next &&
			   t.next.nonce == 1,
		   "%s: unsigned, the next is refused with the proposal: %s", names[i], t.e.pub);
		t = ask(w, i, &usual);
		OK(t.served && t.accepted && t.next.nonce == 2 && is_u64(t.next.accumulated, 16),
		   "%s: signed, it is served and the sum goes on", names[i]);
		OK(world_look(w, i, &r) && r.rav.has_signed && r.rav.signed_point.nonce == 1 &&
			   r.rav.has_pending && r.rav.pending.nonce == 2 && !r.has_lease,
		   "%s: signed and pending stand side by side, no lease is left", names[i]);
	}
}

static void restart(struct world *w)
{
	struct told t;

	world_restart(w);
	t = ask(w, 0, &usual);
	OK(t.served && t.accepted && t.next.nonce == 3,
	   "after a restart the proposal is still known");
}

static void zero_and_refusals(struct world *w)
{
	struct ask a = usual;
	struct gw_err model;
	struct told t;

	a.cost = 0;
	t = ask(w, 0, &a);
	OK(t.served && t.next.nonce == 4 && is_u64(t.cost, 0) && t.has_cost,
	   "a cost of zero makes a proposal too");
	(void)gw_fail(&model, GWE_MODEL_NOT_SUPPORTED, 0, "no such model");
	a.refusal = &model;
	t = ask(w, 0, &a);
	OK(t.code == GWE_MODEL_NOT_SUPPORTED && t.accepted && t.has_next && t.next.nonce == 5 &&
		   t.has_cost && is_u64(t.cost, 0) && !t.r.has_error,
	   "what the pipeline refuses costs nothing, its voucher stands, a proposal is made");
	a.refusal = NULL;
	t = ask(w, 0, &usual);
	OK(t.served && t.next.nonce == 6, "and it is signed as any other");
}

static void free_routes(struct world *w)
{
	struct ask a = { .free_route = true, .no_voucher = true };
	struct subchannel_row r;
	struct told t = ask(w, 0, &a);

	OK(t.served && !t.has_header && !t.accepted,
	   "a free route asks for nothing, whatever is pending");
	a.no_voucher = false;
	t = ask(w, 0, &a);
	OK(t.served && t.accepted && !t.has_header, "a voucher is taken there");
	OK(world_look(w, 0, &r) && !r.rav.has_pending && r.rav.signed_point.nonce == 6,
	   "and no new proposal made");
	w->k[0].has_next = false;
	t = ask(w, 0, &usual);
	OK(t.served && t.next.nonce == 7, "then nothing is due");
}

/* ---- I3: every member ---- */

static void bend_amount(struct voucher *v)
{
	struct u256 a;

	if (u256_sub(&a, v->rav.accumulated, u256_of(1)))
		v->rav.accumulated = a;
}
static void bend_more(struct voucher *v)
{
	struct u256 a;

	if (u256_add(&a, v->rav.accumulated, u256_of(1)))
		v->rav.accumulated = a;
}
static void bend_nonce(struct voucher *v)
{
	v->rav.nonce++;
}
static void bend_old(struct voucher *v)
{
	v->rav.nonce--;
}
static void bend_epoch(struct voucher *v)
{
	v->rav.epoch++;
}
static void bend_chain(struct voucher *v)
{
	v->rav.chain_id = 1;
}
static void bend_version(struct voucher *v)
{
	v->rav.version = 2;
}
static void bend_channel(struct voucher *v)
{
	v->rav.channel_id.b[31] ^= 1;
}
static void bend_fragment(struct voucher *v)
{
	snprintf(v->rav.fragment, sizeof v->rav.fragment, "key-1");
}
static void bend_signature(struct voucher *v)
{
	v->signature[5] ^= 1;
}

static void tampering(struct world *w)
{
	static const struct {
		const char *what;
		void (*bend)(struct voucher *v);
		bool after;
		enum gw_code code;
		bool tells;
	} cases[] = {
		{ "a smaller amount", bend_amount, false, GWE_TAMPERED_SUBRAV, true },
		{ "a larger amount", bend_more, false, GWE_TAMPERED_SUBRAV, true },
		{ "another nonce", bend_nonce, false, GWE_RAV_CONFLICT, true },
		{ "the voucher before", bend_old, false, GWE_RAV_CONFLICT, true },
		{ "another epoch", bend_epoch, false, GWE_EPOCH_MISMATCH, false },
		{ "another chain", bend_chain, false, GWE_TAMPERED_SUBRAV, true },
		{ "another version", bend_version, false, GWE_TAMPERED_SUBRAV, true },
		{ "another channel", bend_channel, false, GWE_RAV_CONFLICT, true },
		{ "another sub-channel", bend_fragment, false, GWE_RAV_CONFLICT, true },
		{ "another signature", bend_signature, true, GWE_INVALID_SIGNATURE, false },
		{ "an amount changed after signing", bend_more, true, GWE_INVALID_SIGNATURE,
		  false },
		{ "a nonce changed after signing", bend_nonce, true, GWE_INVALID_SIGNATURE, false },
		{ "an epoch changed after signing", bend_epoch, true, GWE_INVALID_SIGNATURE,
		  false },
	};
	struct key_holder saved = w->k[0], other;
	struct subchannel_row before, after;

	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ask a = usual;
		struct told t;
		bool seen = world_look(w, 0, &before);

		a.bend = cases[i].bend;
		a.bend_signed = cases[i].after;
		w->k[0] = saved;
		t = ask(w, 0, &a);
		OK((t.code == cases[i].code ||
		    (cases[i].bend == bend_version && t.code == GWE_UNKNOWN_SUBRAV)) &&
			   !t.served && !t.accepted && t.has_header && t.r.has_error &&
			   (t.has_next == cases[i].tells || t.code == GWE_UNKNOWN_SUBRAV),
		   "%s is refused: %s", cases[i].what, t.e.pub);
		OK(seen && world_look(w, 0, &after) &&
			   after.rav.pending.nonce == before.rav.pending.nonce &&
			   after.rav.signed_point.nonce == before.rav.signed_point.nonce,
		   "and changes nothing");
	}
	/* I3: the key frozen on chain, not the one that a DID document lists by now */
	w->k[0] = saved;
	other = w->k[0];
	other.key = w->k[1].key;
	w->k[0] = other;
	OK(ask(w, 0, &usual).code == GWE_INVALID_SIGNATURE,
	   "another key of the payer does not count");
	w->k[0] = saved;
	OK(ask(w, 0, &usual).served, "the voucher as it was proposed is taken");
}

static void replay(struct world *w)
{
	struct key_holder saved = w->k[0];
	struct told t = ask(w, 0, &usual);

	OK(t.served, "a voucher");
	w->k[0] = saved;
	t = ask(w, 0, &usual);
	OK(t.code == GWE_RAV_CONFLICT && t.has_next && t.next.nonce == saved.next.nonce + 1,
	   "the same again buys nothing, and the answer tells what is due");
	t = ask(w, 0, &usual);
	OK(t.served, "from which the client goes on");
}

/* ---- limits ---- */

static void max_amount(struct world *w)
{
	struct ask a = usual;
	struct told t;

	a.max_amount = 9999;
	t = ask(w, 0, &a);
	OK(t.code == GWE_BILLING_MAX_AMOUNT_EXCEEDED && t.accepted && t.has_next && t.has_cost &&
		   is_u64(t.cost, 0) && t.r.has_error,
	   "a bound beyond maxAmount is refused before the upstream: %s", t.e.pub);
	a.max_amount = 10000;
	a.cost = 1000000;
	t = ask(w, 0, &a);
	OK(t.served && is_u64(t.cost, 10000), "a bound that meets it is served");
	a.bound = 100;
	a.max_amount = 1;
	a.cost = 100000;
	t = ask(w, 0, &a);
	OK(t.served && is_u64(t.cost, 1) && picousd_u64(t.r.cost_usd) == 100,
	   "what went beyond all the same is not charged");
	OK(picousd_u64(t.p.forgone) == 99900, "but noted");
}

static void set_hub(struct world *w, uint64_t units)
{
	w->chain.hub = u256_of(units);
	world_restart(w);
	clock_set_wall_ms(clock_wall_ms() + (int64_t)w->conf->chain_stale_ms + 1);
}

static void deposit(struct world *w)
{
	struct ask a = usual;
	struct subchannel_row r;
	struct told t;
	uint64_t owed;

	if (!world_look(w, 0, &r) || !u256_to_u64(&owed, rav_unclaimed(&r.rav)))
		abort();
	set_hub(w, 999);
	t = ask(w, 0, &a);
	OK(t.code == GWE_HUB_INSUFFICIENT_FUNDS && t.accepted && t.has_next && is_u64(t.cost, 0),
	   "less than the minimum: refused after the voucher was taken: %s", t.e.pub);
	OK(t.p.refused_details.len > 0, "with details");
	set_hub(w, 1000000);
	a.bound = 200000000;
	t = ask(w, 0, &a);
	OK(t.code == GWE_HUB_INSUFFICIENT_FUNDS, "a bound that the deposit does not cover");
	a.bound = 1000;
	t = ask(w, 0, &a);
	OK(t.served, "a smaller one");
	w->chain.hub = u256_of(2000000000);
	clock_set_wall_ms(-1);
	set_hub(w, 2000000000);
}

/* Everything that draws on the hub counts. */
static void many_subchannels(struct world *w)
{
	struct ask a = usual;
	struct told t;

	world_restart(w);
	for (unsigned i = 3; i < 6; i++)
		world_key(w, i, KEY_ED25519);
	set_hub(w, 2000000);
	a.bound = 50000000;
	a.cost = 50000000;
	for (unsigned i = 3; i < 6; i++) {
		t = ask(w, i, &a);
		OK(t.served, "sub-channel %u buys on credit", i);
	}
	t = ask(w, 0, &a);
	OK(t.code == GWE_HUB_INSUFFICIENT_FUNDS, "the fourth finds the deposit spoken for: %s",
	   t.e.pub);
	for (unsigned i = 3; i < 6; i++) {
		struct ask sign = { .free_route = true };

		t = ask(w, i, &sign);
		OK(t.accepted, "signing");
		w->k[i].has_next = false;
	}
	t = ask(w, 0, &a);
	OK(t.code == GWE_HUB_INSUFFICIENT_FUNDS, "does not change that: signed is owed as well");
	/* claimed on chain: balance and debt fall together */
	for (unsigned i = 3; i < 6; i++) {
		w->chain.sub[i].o.last_claimed = u256_of(500000);
		w->chain.sub[i].o.last_nonce = 1;
	}
	set_hub(w, 500000);
	for (unsigned i = 3; i < 6; i++)
		(void)ask(w, i, &(struct ask){ .free_route = true, .bound = 1 });
	t = ask(w, 0, &a);
	OK(t.code == GWE_HUB_INSUFFICIENT_FUNDS, "what was claimed is gone from the hub");
	set_hub(w, 100000000);
	OK(ask(w, 0, &usual).served, "a deposit helps");
}

static void unsigned_limit(struct world *w)
{
	struct ask a = usual;
	struct told t;

	w->conf->max_unsigned_pico = 100000;
	payment_engine_reload(w->en, w->conf);
	a.bound = a.cost = 100000;
	for (unsigned i = 3; i < 6; i++)
		OK(ask(w, i, &usual).served && ask(w, i, &usual).served, "small change");
	OK(ask(w, 3, &a).served, "a proposal at the limit");
	t = ask(w, 4, &usual);
	OK(t.code == GWE_HUB_INSUFFICIENT_FUNDS && t.accepted,
	   "too much waits for signatures elsewhere: %s", t.e.pub);
	OK(ask(w, 3, &usual).served, "the sub-channel itself may go on by signing");
	OK(ask(w, 4, &usual).served, "which helps the others");
	/* nor by asking for much at once */
	a.stop_after_t1 = true;
	a.bound = 200000;
	t = ask(w, 3, &a);
	OK(t.served && t.p.leased, "one that may cost more than the limit is at work");
	OK(ask(w, 5, &usual).code == GWE_HUB_INSUFFICIENT_FUNDS, "so long the others wait");
	give_up(w->st, &t.p);
	w->k[3].has_next = false;
	OK(ask(w, 5, &usual).served, "no longer");
	w->conf->max_unsigned_pico = 10000000000000;
	payment_engine_reload(w->en, w->conf);
}

/* ---- the chain moves ---- */

static void see_again(struct world *w)
{
	world_restart(w);
	clock_set_wall_ms(clock_wall_ms() + (int64_t)w->conf->chain_stale_ms + 1);
}

static void epoch_change(struct world *w)
{
	struct key_holder saved;
	struct subchannel_row before, r;
	struct told t;

	OK(ask(w, 0, &usual).served && world_look(w, 0, &before), "something is pending");
	saved = w->k[0];
	w->chain.channel.epoch = 3;
	w->chain.sub[0].o.last_claimed = before.rav.signed_point.amount;
	w->chain.sub[0].o.last_nonce = before.rav.signed_point.nonce;
	see_again(w);
	t = ask(w, 0, &usual);
	OK(t.code == GWE_EPOCH_MISMATCH && !t.accepted, "a voucher of the old epoch is refused");
	t = ask(w, 0, &(struct ask){ .bound = 1, .no_voucher = true });
	OK(t.code == GWE_PAYMENT_REQUIRED && t.next.epoch == 3 &&
		   t.next.nonce == saved.next.nonce &&
		   !u256_cmp(t.next.accumulated, saved.next.accumulated),
	   "its cost is proposed in the new one");
	t = ask(w, 0, &usual);
	OK(t.served && t.accepted && t.next.epoch == 3, "and signed there");
	OK(world_look(w, 0, &r) && r.rav.signed_point.epoch == 3, "which is the state now");
}

/* Found by thinking: the payer has a tiny voucher with a huge nonce claimed, so that ours cannot be. */
static void leap_on_chain(struct world *w)
{
	struct key_holder saved;
	struct told t;

	OK(ask(w, 0, &usual).served, "something is pending");
	saved = w->k[0];
	w->chain.sub[0].o.last_nonce = 900000;
	see_again(w);
	t = ask(w, 0, &usual);
	OK(t.code == GWE_RAV_CONFLICT && !t.accepted && t.next.nonce == 900001 &&
		   !u256_cmp(t.next.accumulated, saved.next.accumulated),
	   "a proposal behind the chain's nonce is replaced before it is taken: %s", t.e.pub);
	t = ask(w, 0, &usual);
	OK(t.served && t.accepted, "the new one is signed");
}

static void cancelling(struct world *w)
{
	struct subchannel_row r;
	struct told t;
	uint64_t nonce;
	int64_t read_ms, until;

	OK(w->k[1].has_next, "something is pending");
	w->chain.channel.status = CHANNEL_CANCELLING;
	w->chain.channel.cancelling = true;
	see_again(w);
	t = ask(w, 1, &(struct ask){ .bound = 1, .no_voucher = true });
	OK(t.code == GWE_PAYMENT_REQUIRED && t.has_next,
	   "while it is cancelled a channel still asks for what is due: %s", t.e.pub);
	nonce = t.next.nonce;
	t = ask(w, 1, &usual);
	OK(t.code == GWE_CHANNEL_CLOSED && t.accepted && !t.has_next,
	   "the voucher is taken for the dispute, and no more is sold");
	OK(world_look(w, 1, &r) && r.rav.signed_point.nonce == nonce && !r.rav.has_pending,
	   "it is stored, no proposal is made");
	w->chain.channel.status = CHANNEL_CLOSED;
	w->chain.channel.cancelling = false;
	w->chain.channel.epoch++;
	see_again(w);
	read_ms = clock_mono_ms();
	t = ask(w, 1, &usual);
	OK(t.code == GWE_CHANNEL_CLOSED && !t.accepted && !t.has_next, "closed: %s", t.e.pub);
	w->chain.channel.status = CHANNEL_ACTIVE;
	t = ask(w, 1, &usual);
	OK(t.code == GWE_CHANNEL_CLOSED || clock_mono_ms() - read_ms > FORCE_FIRST_MS,
	   "reopened, but that was read a moment ago");
	/* one question after a while, and not one of many */
	for (until = clock_mono_ms() + 4 * FORCE_FIRST_MS; clock_mono_ms() < until;)
		usleep(1000);
	t = ask(w, 1, &usual);
	OK(t.served, "soon it is seen");
}

static void not_there(struct world *w)
{
	struct told t;

	see_again(w);
	snprintf(w->k[11].auth.fragment, sizeof w->k[11].auth.fragment, "key-11");
	rooch_did_text(w->k[11].auth.did, &w->payer);
	t = ask(w, 11, &usual);
	OK(t.code == GWE_SUBCHANNEL_NOT_AUTHORIZED && t.has_header && !t.has_next,
	   "a key that is not authorised on chain: %s", t.e.pub);
	snprintf(w->k[11].auth.did, sizeof w->k[11].auth.did, "did:key:z6Mk");
	t = ask(w, 11, &usual);
	OK(t.code == GWE_CHANNEL_CONTEXT_MISSING, "a DID that is no account: %s", t.e.pub);
	memset(w->k[11].auth.did, 0, sizeof w->k[11].auth.did);
	rooch_did_text(w->k[11].auth.did, &w->service);
	t = ask(w, 11, &usual);
	OK(t.code == GWE_CHANNEL_NOT_FOUND, "a payer without a channel: %s", t.e.pub);
	t = ask(w, 0, &(struct ask){ .header = STR_LIT("unonsense") });
	OK(t.code == GWE_BAD_REQUEST && t.has_header && t.r.client_tx_ref[0],
	   "a header that is none: %s", t.e.pub);
}

/* I1: at each step of the reading. */
static void unreachable(struct world *w)
{
	static const struct {
		enum fake_step step;
		const char *what;
	} steps[] = { { FAKE_CHAIN_ID, "chain id" },
		      { FAKE_CHANNEL, "channel" },
		      { FAKE_SUBCHANNEL, "sub-channel" } };
	struct key_holder saved;
	struct subchannel_row r;
	struct told t = ask(w, 0, &(struct ask){ .bound = 1, .no_voucher = true });

	OK(t.code == GWE_PAYMENT_REQUIRED && t.has_next, "something is pending");
	saved = w->k[0];
	for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		see_again(w);
		w->chain.fail = steps[i].step;
		w->k[0] = saved;
		t = ask(w, 0, &usual);
		OK(t.code == GWE_SERVICE_UNAVAILABLE && !t.served && !t.accepted && !t.has_next,
		   "no %s, no service: %s", steps[i].what, t.e.priv);
	}
	see_again(w);
	w->chain.fail = FAKE_HUB;
	w->k[0] = saved;
	t = ask(w, 0, &usual);
	OK(t.code == GWE_SERVICE_UNAVAILABLE && t.accepted && !t.served,
	   "no balance: the voucher is taken, nothing is sold: %s", t.e.priv);
	OK(world_look(w, 0, &r) && r.rav.signed_point.nonce == saved.next.nonce &&
		   r.rav.has_pending && u256_is_zero(r.rav.pending_cost),
	   "and a proposal of nothing waits");
	w->chain.fail = 0;
	rav_subrav(&w->k[0].next, &r.rav, &r.rav.pending);
	w->k[0].has_next = true;
	usleep(600000);
	t = ask(w, 0, &usual);
	OK(t.served, "when the node is back it goes on");
	w->chain.fail = FAKE_CHANNEL | FAKE_HUB | FAKE_SUBCHANNEL;
	world_restart(w);
	OK(ask(w, 0, &usual).served, "facts that are young enough do without the node");
	w->chain.fail = 0;
}

static void lies(struct world *w)
{
	struct channel_object honest = w->chain.channel;
	struct fake_sub sub = w->chain.sub[0];
	struct rooch_id stranger;
	struct key_holder saved = w->k[0];

	memset(stranger.b, 0x77, 32);
#define LIE(what, change) \
	do { \
		see_again(w); \
		change; \
		w->k[0] = saved; \
		OK(ask(w, 0, &usual).code == GWE_SERVICE_UNAVAILABLE, "the node lies: %s", what); \
		w->chain.channel = honest; \
		w->chain.sub[0] = sub; \
		w->chain.exists = true; \
		w->chain.chain_id = 4; \
	} while (0)
	LIE("another payer", w->chain.channel.sender = stranger);
	LIE("another payee", w->chain.channel.receiver = stranger);
	LIE("another asset", snprintf(w->chain.channel.coin_type, 8, "0x3::a"));
	LIE("an earlier epoch", w->chain.channel.epoch = 1);
	LIE("an epoch beyond reason", w->chain.channel.epoch = UINT64_MAX);
	LIE("less claimed", w->chain.sub[0].o.last_claimed = U256_ZERO);
	LIE("an earlier nonce", w->chain.sub[0].o.last_nonce = 1);
	LIE("another key", w->chain.sub[0].o = w->chain.sub[1].o);
	LIE("no channel any more", w->chain.exists = false);
	LIE("no sub-channel any more", w->chain.sub[0].fragment[0] = 'x');
	LIE("another chain", w->chain.chain_id = 1);
	see_again(w);
	usleep(1100000);
	w->k[0] = saved;
	OK(ask(w, 0, &usual).served, "an honest one is believed again");
}

/* ---- leases ---- */

static void dead_process(struct world *w)
{
	struct ask a = usual;
	struct key_holder saved = w->k[0];
	struct subchannel_row r;
	struct told t, u;
	int64_t now = clock_wall_ms();

	w->conf->busy_wait_ms = 30;
	payment_engine_reload(w->en, w->conf);
	a.stop_after_t1 = true;
	t = ask(w, 0, &a);
	OK(t.served && world_look(w, 0, &r) && r.has_lease && r.lease_alive && !r.rav.has_pending,
	   "admitted: a lease, and the proposal is gone");
	u = ask(w, 0, &usual);
	OK(u.code == GWE_RAV_CONFLICT && !u.has_next, "a second one waits, in vain: %s", u.e.pub);
	w->k[0] = saved;
	w->k[0].has_next = false;
	clock_set_wall_ms(now + 16000);
	w->owner = "2:2";
	u = ask(w, 0, &usual);
	OK(u.served && u.next.nonce == saved.next.nonce + 1,
	   "when its process is dead the next takes over; nothing of the lost one is charged");
	OK(u256_cmp(u.cost, u256_of(8)) == 0, "but its own cost");
	t.p.leased = true;
	{
		struct exchange_job j = { w, &t.p, &a, t.usage_id, 0 };
		struct gw_err e;

		OK(store_write(w->st, "late", job_t2, &j, &e) && e.code == GWE_CONFLICT,
		   "one that comes back late cannot charge any more");
	}
	clock_set_wall_ms(-1);
	w->conf->busy_wait_ms = 20000;
	payment_engine_reload(w->en, w->conf);
}

static void abandoned(struct world *w)
{
	struct ask a = usual;
	struct subchannel_row r;
	struct told t;

	see_again(w);
	a.stop_after_t1 = true;
	t = ask(w, 0, &a);
	OK(t.served && t.p.leased, "a call that cannot be settled");
	OK(world_look(w, 0, &r) && r.lease_alive, "holds its sub-channel");
	give_up(w->st, &t.p);
	OK(world_look(w, 0, &r) && r.has_lease && !r.lease_alive, "until it is given up");
	w->k[0].has_next = false;
	OK(ask(w, 0, &usual).served, "and the next comes in");
}

/* ---- balance and claimed of one reading ---- */

static void claim_between(struct fake_chain *f)
{
	pthread_mutex_lock(&f->lock);
	f->sub[2].o.last_claimed = u256_of(4000);
	f->sub[2].o.last_nonce = 77;
	f->hub = u256_of(6000);
	pthread_mutex_unlock(&f->lock);
}

static void one_reading(struct world *w)
{
	struct subchannel_row r;

	see_again(w);
	w->chain.hub = u256_of(10000);
	w->chain.between = claim_between;
	(void)ask(w, 2, &(struct ask){ .bound = 1, .cost = 0, .no_voucher = true });
	OK(world_look(w, 2, &r) && r.has_balance && is_u64(r.balance, 6000) &&
		   is_u64(r.rav.last_claimed, 0),
	   "a claim between the calls makes the payer look poorer, not richer");
	see_again(w);
	(void)ask(w, 2, &(struct ask){ .bound = 1, .cost = 0, .no_voucher = true });
	OK(world_look(w, 2, &r) && r.has_balance && is_u64(r.rav.last_claimed, 4000),
	   "the next reading has both");
	w->chain.sub[2].o.last_claimed = u256_of(5000);
	w->chain.fail = FAKE_HUB;
	see_again(w);
	(void)ask(w, 2, &(struct ask){ .bound = 1, .cost = 0, .no_voucher = true });
	OK(world_look(w, 2, &r) && !r.has_balance && is_u64(r.rav.last_claimed, 5000),
	   "a balance from before a claim counts no longer");
	w->chain.fail = 0;
	w->chain.hub = u256_of(1000000000);
}

static void quiet(void)
{
	struct log_options o = { .program = "u-payment", .level = LOG_LVL_ERROR };
	struct gw_err e;

	if (log_open(&o, &e))
		abort();
}

int main(void)
{
	static struct world w;

	world_open(&w);
	quiet();
	three_keys(&w);
	restart(&w);
	zero_and_refusals(&w);
	free_routes(&w);
	tampering(&w);
	replay(&w);
	warm(&w);
	max_amount(&w);
	deposit(&w);
	many_subchannels(&w);
	unsigned_limit(&w);
	epoch_change(&w);
	leap_on_chain(&w);
	cancelling(&w);
	not_there(&w);
	unreachable(&w);
	lies(&w);
	dead_process(&w);
	abandoned(&w);
	one_reading(&w);
	world_close(&w);
	return TAP_END;
}
