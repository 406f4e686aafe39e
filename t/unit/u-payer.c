/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The payer against a gateway that keeps the rules, while the payer is killed at every step and
 * answers get lost; and against gateways that do not keep them.
 */
#include "config.h"

#include "client/payer.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

enum { NONCES = 4096 };
static const char url[] = "http://gateway";
static char dir[] = "/tmp/u-payer.XXXXXX", key_file[64];
static struct stored_key id;
static struct wallet_channel channel;
static uint8_t pub[KEY_PUB_MAX];
static size_t pub_len;

/* ---- a gateway: protocol payment-channel.md 6.4, for one sub-channel ---- */

/* In memory that the payer's processes share. */
static struct gateway {
	uint64_t signed_nonce, pending_nonce;
	uint64_t signed_amount, pending_amount; /* small ones are enough here */
	bool pending;
	uint64_t served, next_cost;
	uint64_t seen[NONCES]; /* amount of each voucher that ever came, plus one */
	unsigned two_amounts, bad_signatures, conflicts, vouchers;
	struct subrav twist; /* xor of what it proposes: a gateway that lies */
	uint64_t twist_amount, twist_cost;
} * gw;

static uint64_t small(struct u256 v)
{
	uint64_t n = UINT64_MAX;

	return u256_to_u64(&n, v) ? n : UINT64_MAX;
}

static struct subrav rav_of(uint64_t nonce, uint64_t amount)
{
	struct subrav r = { .version = 1,
			    .chain_id = channel.chain_id,
			    .channel_id = channel.id,
			    .epoch = channel.epoch,
			    .accumulated = u256_of(amount),
			    .nonce = nonce };

	snprintf(r.fragment, sizeof r.fragment, "%s", channel.fragment);
	return r;
}

static void twist(struct subrav *r)
{
	const struct subrav *t = &gw->twist;

	r->version ^= t->version;
	r->chain_id ^= t->chain_id;
	r->channel_id.b[5] ^= t->channel_id.b[5];
	r->epoch ^= t->epoch;
	r->fragment[0] = (char)(r->fragment[0] ^ t->fragment[0]);
	r->nonce += t->nonce;
	r->accumulated = u256_of(small(r->accumulated) + gw->twist_amount);
}

static void put_pending(struct payment_response *out)
{
	out->has_subrav = gw->pending;
	out->subrav = rav_of(gw->pending_nonce, gw->pending_amount);
	twist(&out->subrav);
}

static void refuse(struct payment_response *out, const char *code)
{
	out->has_error = true;
	snprintf(out->error_code, sizeof out->error_code, "%s", code);
	put_pending(out);
}

static void note_voucher(struct voucher v)
{
	uint64_t amount = small(v.rav.accumulated);

	gw->vouchers++;
	if (!subrav_verify(&v.rav, signing_key_type(id.key), pub, pub_len, v.signature))
		gw->bad_signatures++;
	if (v.rav.nonce >= NONCES)
		abort();
	if (gw->seen[v.rav.nonce] && gw->seen[v.rav.nonce] != amount + 1)
		gw->two_amounts++;
	gw->seen[v.rav.nonce] = amount + 1;
}

static void take_voucher(const struct voucher *v)
{
	gw->signed_nonce = v->rav.nonce;
	gw->signed_amount = small(v->rav.accumulated);
	gw->pending = false;
}

/* The answer to a request with this header. */
static void serve(struct payment_response *out, struct str header)
{
	struct payment_request rq;
	struct subrav want;

	*out = (struct payment_response){ .has_subrav = false };
	if (payment_request_read(&rq, header, NULL))
		abort();
	snprintf(out->client_tx_ref, sizeof out->client_tx_ref, "%s", rq.client_tx_ref);
	if (rq.has_voucher)
		note_voucher(rq.voucher);
	want = rav_of(gw->pending_nonce, gw->pending_amount);
	if (gw->pending && !rq.has_voucher) {
		refuse(out, "PAYMENT_REQUIRED");
		return;
	}
	if (rq.has_voucher && (!gw->pending || !subrav_eq(&rq.voucher.rav, &want))) {
		gw->conflicts++;
		refuse(out, "RAV_CONFLICT");
		return;
	}
	if (rq.has_voucher)
		take_voucher(&rq.voucher);
	gw->served += gw->next_cost;
	gw->pending = true;
	gw->pending_nonce = gw->signed_nonce + 1;
	gw->pending_amount = gw->signed_amount + gw->next_cost;
	put_pending(out);
	out->has_cost = true;
	out->cost = u256_of(gw->next_cost + gw->twist_cost);
	out->cost_usd = picousd_of(gw->next_cost * 100);
}

/* ---- one request of the payer ---- */

enum stop {
	AT_BEGUN = 1, /* voucher stored, nothing sent */
	AT_SENT,      /* the gateway has answered, we have not read it */
	AT_TAKEN,     /* the answer was taken */
	AT_SENT_AGAIN,
	AT_TAKEN_AGAIN,
	AT_END,
	NEVER
};
static const char *const stop_names[] = { "",
					  "before it is sent",
					  "before the answer is read",
					  "after the answer was taken",
					  "before the second answer is read",
					  "after the second answer was taken",
					  "at the end" };

static void at(enum stop here, enum stop stop)
{
	if (here == stop)
		kill(getpid(), SIGKILL);
}

/* Encoded and decoded as on the wire. */
static struct payment_response exchange(const struct payer *p)
{
	struct payment_response told, read;
	struct buf header, value, scratch;

	buf_init(&header, PAYMENT_HEADER_MAX);
	buf_init(&value, PAYMENT_HEADER_MAX);
	buf_init(&scratch, (size_t)4 * PAYMENT_HEADER_MAX);
	payer_header(p, &header);
	serve(&told, buf_str(&header));
	payment_response_write(&value, &told);
	if (payment_response_read(&read, buf_str(&value), &scratch, NULL))
		abort();
	read.error_details = STR_NULL;
	buf_clear(&header);
	buf_clear(&value);
	buf_clear(&scratch);
	return read;
}

static void payer_init(struct payer *p, struct wallet *w, uint64_t limit)
{
	struct gw_err e;

	*p = (struct payer){ .w = w, .id = &id, .limit = u256_of(limit), .tx_ref = "ref" };
	if (wallet_open(w, key_file, false, &e) || wallet_channel_find(w, url, &p->ch, &e)) {
		printf("# %s %s\n", e.pub, e.priv);
		abort();
	}
}

/* Returns payer_take's last word: its code, GWE_OK for none. */
static enum gw_code request(uint64_t limit, enum stop stop, struct payer *out)
{
	struct payment_response r;
	enum payer_verdict v;
	struct gw_err e = { .code = GWE_OK }, ignored;
	struct wallet w;
	struct payer p;
	int rc;

	payer_init(&p, &w, limit);
	if (payer_begin(&p, "POST", STR_LIT("/x"), &e))
		abort();
	at(AT_BEGUN, stop);
	r = exchange(&p);
	at(AT_SENT, stop);
	rc = payer_take(&p, &r, true, false, &v, &e);
	at(AT_TAKEN, stop);
	if (!rc && v == PAYER_AGAIN) {
		r = exchange(&p);
		at(AT_SENT_AGAIN, stop);
		rc = payer_take(&p, &r, false, false, &v, &e);
		at(AT_TAKEN_AGAIN, stop);
	}
	if (payer_end(&p, 200, rc ? &e : NULL, &ignored))
		abort();
	at(AT_END, stop);
	wallet_close(&w);
	if (out)
		*out = p;
	return rc ? e.code : GWE_OK;
}

/* In a process of its own, which is killed where @stop says. */
static void request_killed(uint64_t limit, enum stop stop)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		request(limit, stop, NULL);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid ||
	    (WIFEXITED(status) && WEXITSTATUS(status)) ||
	    (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL))
		abort();
}

/* All is paid to the unit, and nothing else was ever signed. */
static bool settled(void)
{
	struct wallet w;
	struct payer p;
	struct gw_err e;
	bool ok;

	payer_init(&p, &w, 0);
	ok = !payer_sign_open(&p, &e);
	if (ok && p.has_voucher && gw->pending && p.voucher.rav.nonce == gw->pending_nonce) {
		note_voucher(p.voucher);
		ok = small(p.voucher.rav.accumulated) == gw->pending_amount;
		take_voucher(&p.voucher);
		ok &= !payer_taken(&p, &e);
	}
	wallet_close(&w);
	return ok && !gw->pending && gw->signed_amount == gw->served && !gw->two_amounts &&
	       !gw->bad_signatures;
}

/* ---- worlds ---- */

static int put_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	return wallet_channel_put_tx(c, arg, 1, e);
}

static void end_world(void)
{
	static const char *const ends[] = { ".db", ".db-wal", ".db-shm", ".db.lock" };
	char path[128];

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		snprintf(path, sizeof path, "%s%s", key_file, ends[i]);
		unlink(path);
	}
}

static void new_world(void)
{
	struct gw_err e;
	struct wallet w;

	end_world();
	memset(gw, 0, sizeof *gw);
	gw->next_cost = 10;
	channel = (struct wallet_channel){ .id = { { 9, 8, 7 } },
					   .payer = { { 1 } },
					   .payee = { { 2 } },
					   .fragment = "account-key",
					   .asset = "asset",
					   .network = "local",
					   .chain_id = 4,
					   .base_path = "/payment-channel" };
	snprintf(channel.gateway, sizeof channel.gateway, "%s", url);
	if (wallet_open(&w, key_file, true, &e) || store_write(w.st, "put", put_tx, &channel, &e)) {
		printf("# %s\n", e.pub);
		abort();
	}
	wallet_close(&w);
}

static void kills(void)
{
	/* unpaid: the request is the first after an answer that was lost, so that it meets a 402 */
	for (int unpaid = 0; unpaid < 2; unpaid++)
		for (enum stop stop = AT_BEGUN; stop < NEVER; stop++) {
			bool ok = true;

			new_world();
			request(100, NEVER, NULL);
			if (unpaid)
				request_killed(100, AT_SENT);
			request_killed(100, stop);
			ok &= request(100, NEVER, NULL) == GWE_OK;
			ok &= request(100, NEVER, NULL) == GWE_OK;
			OK(ok && settled() && !gw->conflicts, "killed %s%s: all is paid, once",
			   stop_names[stop], unpaid ? ", after an answer that was lost" : "");
		}
}

static void chaos(void)
{
	unsigned seed = 12345, answered = 0;

	new_world();
	for (int i = 0; i < 120; i++) {
		seed = seed * 1103515245u + 12345u;
		gw->next_cost = seed >> 20 & 15;
		request_killed(100, (enum stop)((seed >> 16) % (NEVER + 2)));
		answered += gw->pending;
	}
	OK(request(100, NEVER, NULL) == GWE_OK && settled() && !gw->conflicts && answered > 60,
	   "killed anywhere, 120 times: %llu units paid, %u vouchers, once each",
	   (unsigned long long)gw->served, gw->vouchers);
}

/* ---- lies ---- */

/* Three good requests; then one whose answer is twisted. Nothing of it may be signed, now or later. */
static bool is_refused(const char *words)
{
	unsigned before;
	struct payer p;
	struct gw_err e;
	struct wallet w;
	enum gw_code code = request(100, NEVER, &p);
	bool ok = code == GWE_CONFLICT && p.state == PAYER_DISTRUST && !p.has_cost;

	before = gw->vouchers;
	payer_init(&p, &w, 100);
	ok &= !payer_begin(&p, "POST", STR_LIT("/x"), &e) && !p.has_voucher;
	wallet_close(&w);
	/* It asks again, with its 402. */
	ok &= request(100, NEVER, NULL) == GWE_CONFLICT && gw->vouchers == before;
	if (!ok)
		printf("# %s: code %d\n", words, (int)code);
	return ok;
}

static void begin_lies(void)
{
	new_world();
	for (int i = 0; i < 3; i++)
		if (request(100, NEVER, NULL) != GWE_OK)
			abort();
}

static void lies(void)
{
	begin_lies();
	gw->twist.chain_id = 1;
	OK(is_refused("chain"), "a proposal for another chain is not signed, now or later");
	begin_lies();
	gw->twist.channel_id.b[5] = 1;
	OK(is_refused("channel"), "nor one for another channel");
	begin_lies();
	gw->twist.fragment[0] = 1;
	OK(is_refused("fragment"), "nor one for another key");
	begin_lies();
	gw->twist.epoch = 1;
	OK(is_refused("epoch"), "nor one of another epoch");
	begin_lies();
	gw->twist.nonce = 1;
	OK(is_refused("nonce"), "nor one with a number left out");
	begin_lies();
	gw->twist.nonce = (uint64_t)-1;
	OK(is_refused("nonce"), "nor one with a number that was signed");
	begin_lies();
	gw->twist_amount = 1;
	OK(request(100, NEVER, NULL) == GWE_CONFLICT && gw->vouchers == 3,
	   "nor one that adds more than the price");
	begin_lies();
	gw->twist_cost = (uint64_t)-1;
	OK(request(100, NEVER, NULL) == GWE_CONFLICT && gw->vouchers == 3,
	   "nor one that adds less");
	begin_lies();
	gw->next_cost = 101;
	OK(is_refused("limit"), "nor one above the limit");
	OK(request(101, NEVER, NULL) == GWE_OK && settled() && gw->served == 3 * 10 + 2 * 101,
	   "until the limit is raised");
}

/* A 402 that asks for what was signed, but never came, and one that asks for more under its number. */
static void second_amount(void)
{
	new_world();
	request(100, NEVER, NULL);
	request_killed(100, AT_BEGUN); /* signed, not sent */
	OK(request(100, NEVER, NULL) == GWE_OK && gw->seen[1] == 11 && !gw->two_amounts,
	   "a voucher that never arrived is sent when the gateway asks for it");
	new_world();
	request(100, NEVER, NULL);
	request_killed(100, AT_BEGUN);
	gw->pending_amount += 5;
	OK(request(100, NEVER, NULL) == GWE_CONFLICT && gw->vouchers == 0,
	   "under its number nothing else is signed");
	gw->pending_amount -= 5;
	OK(request(100, NEVER, NULL) == GWE_OK && settled(), "and the truth is still paid");
}

/* Errors that bring a proposal. */
static void refusals(void)
{
	struct payment_response r = { .has_error = true,
				      .has_subrav = true,
				      .error_code = "HUB_INSUFFICIENT_FUNDS" };
	struct gw_err e = { .code = GWE_OK }, ignored;
	enum payer_verdict v;
	struct wallet w;
	struct payer p;

	new_world();
	payer_init(&p, &w, 100);
	if (payer_begin(&p, "POST", STR_LIT("/x"), &e))
		abort();
	r.subrav = rav_of(1, 7);
	r.has_cost = true;
	r.cost = u256_of(7);
	OK(payer_take(&p, &r, true, true, &v, &e) && e.code == GWE_CONFLICT &&
		   p.state == PAYER_DISTRUST && strstr(e.pub, "wants to be paid"),
	   "a refusal that costs something is not signed");
	p.state = PAYER_STARTED;
	r.subrav = rav_of(1, 0);
	r.cost = U256_ZERO;
	OK(payer_take(&p, &r, true, true, &v, &e) && e.code == GWE_HUB_INSUFFICIENT_FUNDS &&
		   p.state == PAYER_REFUSED && !payer_end(&p, 402, &e, &ignored),
	   "a free one is");
	if (payer_begin(&p, "POST", STR_LIT("/x"), &e))
		abort();
	OK(p.has_voucher && p.voucher.rav.nonce == 1 && small(p.voucher.rav.accumulated) == 0,
	   "with the next request");
	OK(!payer_take(&p, NULL, true, true, &v, &e) && v == PAYER_DONE &&
		   !payer_end(&p, 200, NULL, &e) && p.state == PAYER_FREE,
	   "an answer without a header is free");
	wallet_close(&w);
}

/* A wallet from a backup, or begun anew. */
static void forgotten(void)
{
	struct payment_response r = { .has_subrav = true, .has_cost = true };
	struct voucher ours = { .rav = { .version = 1 } };
	struct gw_err e;
	enum payer_verdict v;
	struct wallet w;
	struct payer p;

	new_world();
	payer_init(&p, &w, 100);
	if (payer_begin(&p, "POST", STR_LIT("/x"), &e))
		abort();
	r.subrav = rav_of(6, 60);
	r.cost = u256_of(10);
	OK(!payer_take(&p, &r, true, true, &v, &e) && v == PAYER_BEHIND &&
		   p.fault == PROPOSAL_NONCE_AHEAD,
	   "a number far ahead: there may be vouchers that the wallet has lost");
	ours.rav = rav_of(5, 50);
	OK(!subrav_sign(&ours.rav, id.key, ours.signature, &e) && !payer_learn(&p, &ours, &e) &&
		   !payer_take(&p, &r, true, false, &v, &e) && p.state == PAYER_PRICED &&
		   p.proposal.nonce == 6,
	   "with the voucher before it the proposal is good");
	ours.rav = rav_of(5, 51);
	OK(!subrav_sign(&ours.rav, id.key, ours.signature, &e) && payer_learn(&p, &ours, &e) &&
		   e.code == GWE_CONFLICT,
	   "a second one under the same number is not learnt");
	/* The channel was closed and opened again; 40 of 60 were claimed. */
	p.ch.epoch = 1;
	p.ch.claimed_nonce = 4;
	p.ch.claimed = u256_of(40);
	if (payer_learn(&p, NULL, &e) || payer_begin(&p, "POST", STR_LIT("/x"), &e))
		abort();
	OK(!p.has_voucher, "a proposal of an epoch that is over is dropped");
	channel.epoch = 1;
	r.subrav = rav_of(5, 50);
	OK(!payer_take(&p, &r, true, true, &v, &e) && p.state == PAYER_PRICED,
	   "in a new epoch the chain's claims are the base");
	p.ch.epoch = 0;
	OK(payer_learn(&p, NULL, &e) && e.code == GWE_CONFLICT, "an epoch does not go back");
	p.ch.epoch = 1;
	p.ch.claimed = u256_of(39);
	OK(payer_learn(&p, NULL, &e) && e.code == GWE_CONFLICT, "nor does what was claimed");
	wallet_close(&w);
}

int main(void)
{
	struct gw_err e;

	gw = mmap(NULL, sizeof *gw, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (gw == MAP_FAILED || !mkdtemp(dir) || crypto_init(&e) ||
	    signing_key_generate(&id.key, KEY_K1, &e))
		abort();
	snprintf(key_file, sizeof key_file, "%s/key", dir);
	pub_len = signing_key_pub(id.key, pub);
	kills();
	chaos();
	lies();
	second_amount();
	refusals();
	forgotten();
	end_world();
	rmdir(dir);
	stored_key_clear(&id);
	crypto_done();
	return TAP_END;
}
