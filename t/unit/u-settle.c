/* SPDX-License-Identifier: Apache-2.0 */
/* settle: the state machine of claims and its books, over a chain that does what the test says. */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "ledger/chain_rows.h"
#include "ledger/channel_rows.h"
#include "settle/claims.h"
#include "settle/run.h"
#include "settle/submit.h"
#include "tap.h"
#include "codec/bcs.h"
#include "codec/multibase.h"
#include "util/clock.h"
#include "util/log.h"

/* ---- the chain ---- */

enum how {
	FINE,
	LOST_EXECUTED, /* no answer, but it was executed */
	LOST_GONE,     /* no answer, and it was not */
	UNSENT,
	ABORTS,
	REFUSES,
	NOT_SHOWN /* executed, but reads do not know it yet */
};
struct fake {
	struct channel_object channel;
	struct subchannel_object sub;
	struct u256 hub, revenue;
	uint64_t sequence, code;
	enum how next[8]; /* of the executions to come; FINE after them */
	unsigned n_next, executed, sent;
	struct {
		uint8_t hash[32];
		struct tx_result res;
	} known[64];
	unsigned n_known;
	bool down, hide; /* by_hash knows nothing */
	struct u256 shown_claimed;
	uint64_t shown_nonce;
	bool behind;
};

static int down(struct gw_err *e)
{
	return gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0, "down");
}

static int f_chain_id(void *arg, uint64_t *out, struct gw_err *e)
{
	*out = 4;
	return ((struct fake *)arg)->down ? down(e) : 0;
}

static int f_channel(void *arg, const struct rooch_id *id, struct channel_object *out,
		     struct gw_err *e)
{
	struct fake *f = arg;

	(void)id;
	*out = f->channel;
	return f->down ? down(e) : 0;
}

static int f_subchannel(void *arg, const struct rooch_id *table, struct str fragment,
			struct subchannel_object *out, struct gw_err *e)
{
	struct fake *f = arg;

	(void)table;
	(void)fragment;
	*out = f->sub;
	if (f->behind)
		out->last_claimed = f->shown_claimed, out->last_nonce = f->shown_nonce;
	return f->down ? down(e) : 0;
}

static int f_hub(void *arg, const struct rooch_id *owner, const char *asset, struct u256 *out,
		 struct gw_err *e)
{
	struct fake *f = arg;

	(void)owner;
	(void)asset;
	*out = f->hub;
	return f->down ? down(e) : 0;
}

static int f_revenue(void *arg, const struct rooch_id *owner, const char *asset, struct u256 *out,
		     struct gw_err *e)
{
	(void)owner;
	(void)asset;
	*out = ((struct fake *)arg)->revenue;
	return ((struct fake *)arg)->down ? down(e) : 0;
}

static int f_sequence(void *arg, const struct rooch_id *account, uint64_t *out, struct gw_err *e)
{
	(void)account;
	*out = ((struct fake *)arg)->sequence;
	return ((struct fake *)arg)->down ? down(e) : 0;
}

/* The rules of a claim, as far as these tests need them. */
static void rules(struct fake *f, const struct tx_data *t, struct tx_result *out)
{
	uint8_t le[32];
	struct u256 amount, rise;

	out->status = TX_EXECUTED;
	memcpy(le, t->call.arg[2].p, sizeof le);
	amount = u256_from_le(le);
	if (!u256_sub(&rise, amount, f->sub.last_claimed)) {
		out->status = TX_ABORTED;
		out->abort_code = 8;
		(void)str_copy(out->location, sizeof out->location,
			       STR_LIT("0x3::payment_channel"));
	} else if (!u256_sub(&f->hub, f->hub, rise)) {
		out->status = TX_ABORTED;
		out->abort_code = 4;
		(void)str_copy(out->location, sizeof out->location,
			       STR_LIT("0x3::multi_coin_store"));
	} else {
		struct bcs_reader r;

		bcs_init(&r, t->call.arg[3].p, t->call.arg[3].len);
		f->sub.last_nonce = bcs_u64(&r);
		f->sub.last_claimed = amount;
		if (!u256_add(&f->revenue, f->revenue, rise))
			abort();
	}
}

static int f_execute(void *arg, struct str raw, struct tx_result *out, struct gw_err *e)
{
	struct fake *f = arg;
	enum how how = f->n_next ? f->next[0] : FINE;
	struct tx_authenticator auth;
	struct tx_data t;
	size_t n;

	if (f->n_next)
		memmove(f->next, f->next + 1, --f->n_next * sizeof *f->next);
	memset(out, 0, sizeof *out);
	if (!tx_read(&t, &auth, &n, raw))
		abort();
	tx_hash(out->hash, str_sub(raw, 0, n));
	if (how == UNSENT || f->down)
		return down(e);
	f->sent++;
	if (how == LOST_GONE)
		return 0;
	if (how == REFUSES || t.sequence_number != f->sequence) {
		out->status = TX_REFUSED;
		out->sub_status = how == REFUSES		    ? f->code
				  : t.sequence_number < f->sequence ? 1001
								    : 1002;
		return 0;
	}
	f->sequence++;
	f->executed++;
	out->gas_used = 1000;
	if (how == ABORTS) {
		out->status = TX_ABORTED;
		out->abort_code = f->code;
		(void)str_copy(out->location, sizeof out->location,
			       STR_LIT("0x3::payment_channel"));
	} else {
		f->shown_claimed = f->sub.last_claimed;
		f->shown_nonce = f->sub.last_nonce;
		f->behind = how == NOT_SHOWN;
		rules(f, &t, out);
	}
	memcpy(f->known[f->n_known].hash, out->hash, 32);
	f->known[f->n_known++].res = *out;
	if (how == LOST_EXECUTED)
		*out = (struct tx_result){ .status = TX_UNKNOWN };
	return 0;
}

static int f_by_hash(void *arg, const uint8_t hash[32], struct tx_result *out, struct gw_err *e)
{
	struct fake *f = arg;

	if (f->down)
		return down(e);
	for (unsigned i = 0; i < f->n_known && !f->hide; i++)
		if (!memcmp(f->known[i].hash, hash, 32)) {
			*out = f->known[i].res;
			return 0;
		}
	return 1;
}

/* ---- the world ---- */

static char dir[] = "/tmp/u-settle.XXXXXX", path[64];
static const char asset[] =
	"0x0000000000000000000000000000000000000000000000000000000000000003::gas_coin::RGas";

struct world {
	struct fake f;
	struct settle s;
	struct rooch_id channel;
	struct signing_key *payer, *service;
	int files;
};

static int reading(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct world *w = arg;
	const struct chain_key k = { w->channel, w->f.channel.sender, w->s.account, asset, "k0" };
	const struct chain_reading r = { .chain_id = 4,
					 .has_channel = true,
					 .has_subchannel = true,
					 .has_balance = true,
					 .channel = w->f.channel,
					 .subchannel = w->f.sub,
					 .balance = w->f.hub,
					 .started_ms = clock_wall_ms() };
	struct chain_row row;

	return chain_see_tx(c, &row, &k, &r, clock_wall_ms(), e);
}

struct signing {
	struct world *w;
	uint64_t nonce, amount;
};

static int sign(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct signing *x = arg;
	struct subchannel_row row;
	struct voucher v = { .rav = { .version = 1,
				      .chain_id = 4,
				      .channel_id = x->w->channel,
				      .epoch = x->w->f.channel.epoch,
				      .fragment = "k0",
				      .accumulated = u256_of(x->amount),
				      .nonce = x->nonce } };

	return subchannel_load(c, &row, &x->w->channel, "k0", clock_wall_ms(), e) ||
	       subrav_sign(&v.rav, x->w->payer, v.signature, e) ||
	       subchannel_sign_tx(c, &row, &v, clock_wall_ms(), e);
}

/* The gateway's part: it has seen the channel and taken a voucher. */
static void voucher(struct world *w, uint64_t nonce, uint64_t amount)
{
	const struct store_options so = { .path = path, .role = STORE_GATEWAY };
	struct signing x = { w, nonce, amount };
	struct store *st;
	struct gw_err e;

	if (store_open(&st, &so, &e) || store_write(st, "reading", reading, w, &e) ||
	    store_write(st, "sign", sign, &x, &e)) {
		printf("# %s %s\n", e.pub, e.priv);
		abort();
	}
	store_close(st);
}

static void open_world(struct world *w)
{
	struct store_options so = { .path = path, .role = STORE_SETTLE };
	struct gw_err e;
	bool made;

	memset(w, 0, sizeof *w);
	snprintf(path, sizeof path, "%s/gateway.db", dir);
	if (store_migrate(path, SCHEMA_GATEWAY, false, &made, &e) ||
	    signing_key_generate(&w->payer, KEY_R1, &e) ||
	    signing_key_generate(&w->service, KEY_ED25519, &e))
		abort();
	w->s.account.b[31] = 0x5e;
	w->f.channel.sender.b[31] = 0xaa;
	w->f.channel.receiver = w->s.account;
	memcpy(w->f.channel.coin_type, asset, sizeof asset);
	w->f.channel.sub_channels.b[0] = 7;
	w->channel = rooch_channel_id(&w->f.channel.sender, &w->s.account, asset);
	{
		uint8_t pub[KEY_PUB_MAX];
		struct buf b;
		size_t n = signing_key_pub(w->payer, pub);

		buf_init(&b, 128);
		if (!multibase_encode_z(pub, n, &b))
			abort();
		memcpy(w->f.sub.pk_multibase, b.p, b.len);
		buf_clear(&b);
		snprintf(w->f.sub.method_type, sizeof w->f.sub.method_type, "%s",
			 key_type_name(KEY_R1));
	}
	w->f.hub = u256_of(1000000);
	w->s.chain = (struct settle_chain){ &w->f,     f_chain_id, f_channel, f_subchannel, f_hub,
					    f_revenue, f_sequence, f_execute, f_by_hash };
	w->s.key = w->service;
	w->s.fragment = "claims";
	w->s.chain_id = 4;
	w->s.asset = asset;
	w->s.min_claim = u256_of(50);
	w->s.parallel = 2;
	w->s.max_retries = 3;
	w->s.retry_delay_ms = 1000;
	w->s.max_age_ms = 86400000;
	voucher(w, 1, 100);
	if (store_open(&w->s.store, &so, &e))
		abort();
}

static void close_world(struct world *w)
{
	store_close(w->s.store);
	signing_key_free(w->payer);
	signing_key_free(w->service);
	unlink(path);
}

static int run(struct world *w)
{
	const struct run_orders o = { .close = false };

	return run_once(&w->s, &o);
}

/* ---- what is in the database ---- */

struct look {
	struct world *w;
	struct settlement_row books;
	bool open;
	struct u256 known; /* claimed, in the cache */
};

static int look_in(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct look *l = arg;
	struct subchannel_row row;
	int rc = claim_is_open(c, &l->w->channel, "k0", e);

	l->open = rc == 1;
	if (rc < 0 || settlement_load(c, &l->books, &l->w->channel, "k0", e) ||
	    subchannel_load(c, &row, &l->w->channel, "k0", 0, e))
		return -1;
	l->known = row.rav.last_claimed;
	return 0;
}

static struct look look(struct world *w)
{
	struct look l = { .w = w };
	struct gw_err e;

	if (store_read(w->s.store, look_in, &l, &e))
		abort();
	return l;
}

static bool is(struct u256 v, uint64_t n)
{
	return u256_cmp(v, u256_of(n)) == 0;
}

/* Chain, cache and books say @n; nothing is open; @elsewhere of it is not ours. */
static bool agree(struct world *w, uint64_t n, uint64_t elsewhere)
{
	struct look l = look(w);

	return is(w->f.sub.last_claimed, n) && is(l.known, n) && is(l.books.accounted, n) &&
	       is(l.books.elsewhere, elsewhere) && !l.open && is(w->f.revenue, n);
}

/* ---- tests ---- */

static void test_ways(void)
{
	static const struct {
		const char *name;
		enum how next[4];
		unsigned n;
		int first, second; /* statuses */
		unsigned executed;
	} ways[] = {
		{ "all is well", { FINE }, 1, 0, 0, 1 },
		{ "the answer is lost, it was executed", { LOST_EXECUTED }, 1, 0, 0, 1 },
		{ "the request is lost: the same bytes again",
		  { LOST_GONE, LOST_GONE },
		  2,
		  0,
		  0,
		  1 },
		{ "lost three times: the next run",
		  { LOST_GONE, LOST_GONE, LOST_GONE },
		  3,
		  1,
		  0,
		  1 },
		{ "the node is away: the next run", { UNSENT }, 1, 1, 0, 1 },
		{ "executed, and not shown yet", { NOT_SHOWN }, 1, 1, 0, 1 },
	};

	for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct world w;
		int first, second;

		open_world(&w);
		memcpy(w.f.next, ways[i].next, sizeof ways[i].next);
		w.f.n_next = ways[i].n;
		first = run(&w);
		w.f.behind = false;
		second = run(&w);
		OK(first == ways[i].first && second == ways[i].second &&
			   w.f.executed == ways[i].executed && agree(&w, 100, 0),
		   "%s (%d, %d, %u)", ways[i].name, first, second, w.f.executed);
		close_world(&w);
	}
}

static void test_sequence(void)
{
	struct world w;

	open_world(&w);
	w.f.next[0] = LOST_GONE;
	w.f.next[1] = UNSENT;
	w.f.n_next = 2;
	OK(run(&w) == 1 && look(&w).open, "a claim that may have been sent stays open");
	w.f.sequence = 5; /* another program used the account */
	OK(run(&w) == 0 && agree(&w, 100, 0), "its number was used by others: a new one is made");
	voucher(&w, 2, 300);
	w.f.next[0] = REFUSES;
	w.f.n_next = 1;
	w.f.code = 1002;
	OK(run(&w) == 0 && agree(&w, 300, 0), "a number that is too new is asked for again");
	voucher(&w, 3, 400);
	w.f.hide = true;
	w.f.next[0] = LOST_EXECUTED;
	w.f.n_next = 1;
	OK(run(&w) == 0 && agree(&w, 400, 0),
	   "executed, and the hash is not known: the chain's state shows it");
	close_world(&w);
}

static void test_others(void)
{
	struct world w;

	open_world(&w);
	w.f.sub.last_claimed = w.f.revenue = u256_of(60);
	w.s.min_claim = u256_of(1000);
	OK(run(&w) == 0 && agree(&w, 60, 60), "somebody else's claim of an older voucher");
	w.s.min_claim = u256_of(50);
	voucher(&w, 2, 200);
	OK(run(&w) == 0 && agree(&w, 200, 60), "is booked apart from ours");
	close_world(&w);
}

static void test_failures(void)
{
	struct world w;
	int64_t now = clock_wall_ms();

	open_world(&w);
	clock_set_wall_ms(now);
	w.f.code = 26;
	for (int i = 0; i < 8; i++)
		w.f.next[i] = ABORTS;
	w.f.n_next = 8;
	OK(run(&w) == 1 && w.f.executed == 1 && look(&w).books.failures == 1, "a failure counts");
	OK(run(&w) == 1 && w.f.executed == 1, "and waits");
	clock_set_wall_ms(now + 1000);
	OK(run(&w) == 1 && w.f.executed == 2, "then it is tried again");
	clock_set_wall_ms(now + 2999);
	OK(run(&w) == 1 && w.f.executed == 2, "and waits twice as long");
	clock_set_wall_ms(now + 3000);
	OK(run(&w) == 1 && w.f.executed == 3, "and again");
	clock_set_wall_ms(now + 3000 + 86400000);
	OK(run(&w) == 3, "after a day it is an alarm");
	w.f.n_next = 0;
	clock_set_wall_ms(now + 3 * INT64_C(86400000));
	OK(run(&w) == 0 && agree(&w, 100, 0) && look(&w).books.failures == 0,
	   "when it goes well, nothing of it stays");
	clock_set_wall_ms(-1);
	close_world(&w);
}

static void test_short(void)
{
	struct world w;

	open_world(&w);
	voucher(&w, 2, 250);
	voucher(&w, 3, 700);
	w.f.hub = u256_of(300);
	OK(run(&w) == 3 && agree(&w, 250, 0), "the largest voucher that the hub covers");
	w.f.hub = u256_of(449);
	OK(run(&w) == 3 && w.f.executed == 1, "nothing is sent that cannot succeed");
	w.f.hub = u256_of(450);
	OK(run(&w) == 0 && agree(&w, 700, 0), "the rest when it does");
	close_world(&w);
}

static struct tx_result aborted(const char *location, uint64_t code)
{
	struct tx_result r = { .status = TX_ABORTED, .abort_code = code };

	(void)str_copy(r.location, sizeof r.location, str_c(location));
	return r;
}

static void test_meanings(void)
{
	static const struct {
		uint64_t code;
		enum claim_why why;
	} channel[] = { { 2, WHY_CHANNEL_STATE },   { 3, WHY_SIGNATURE }, { 4, WHY_NOT_AUTHORIZED },
			{ 7, WHY_OUTDATED },	    { 8, WHY_OUTDATED },  { 10, WHY_TOO_EARLY },
			{ 13, WHY_HUB_SHORT },	    { 1, WHY_OTHER },	  { 26, WHY_OTHER },
			{ 15, WHY_NOT_AUTHORIZED }, { 22, WHY_SIGNATURE } },
	  refusal[] = { { 1001, WHY_SEQUENCE },
			{ 1002, WHY_SEQUENCE },
			{ 1004, WHY_GAS },
			{ 1010, WHY_KEY_REFUSED },
			{ 35468, WHY_KEY_REFUSED },
			{ 1006, WHY_NODE },
			{ 0, WHY_NODE } };
	struct tx_result r;
	bool ok = true;

	for (unsigned i = 0; i < sizeof channel / sizeof *channel; i++) {
		r = aborted("0x3::payment_channel", channel[i].code);
		ok &= submit_why(&r) == channel[i].why;
	}
	OK(ok, "aborts of payment_channel");
	r = aborted("0x3::multi_coin_store", 4);
	ok = submit_why(&r) == WHY_HUB_SHORT;
	r = aborted("0x3::ecdsa_k1", 1);
	OK(ok && submit_why(&r) == WHY_SIGNATURE, "aborts of other modules");
	ok = true;
	for (unsigned i = 0; i < sizeof refusal / sizeof *refusal; i++) {
		r = (struct tx_result){ .status = TX_REFUSED, .sub_status = refusal[i].code };
		ok &= submit_why(&r) == refusal[i].why;
	}
	OK(ok, "refusals");
}

static void test_pace(void)
{
	const struct settlement_pace p = { 3, 60000 };

	OK(settlement_next_ms(1, &p, 0) == 60000 && settlement_next_ms(2, &p, 0) == 120000 &&
		   settlement_next_ms(3, &p, 0) == 240000 &&
		   settlement_next_ms(4, &p, 0) == 86400000,
	   "twice as long each time, then the next day");
	OK(settlement_next_ms(900, &(struct settlement_pace){ 1000, 86400000 }, 5) == 86400005,
	   "never more than a day");
}

static int moves(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct world *w = arg;
	struct claim_row r, other;
	const struct claim_end failed = { .to = CLAIM_FAILED, .why = WHY_OTHER },
			       back = { .to = CLAIM_PLANNED }, sent = { .to = CLAIM_SUBMITTED };
	bool ok;

	claim_row_init(&r);
	claim_row_init(&other);
	r.kind = CLAIM_OF_VOUCHER;
	r.has_channel = true;
	r.channel = w->channel;
	snprintf(r.fragment, sizeof r.fragment, "k0");
	snprintf(r.asset, sizeof r.asset, "%s", asset);
	r.nonce = 1;
	buf_add_byte(&r.raw, 'x');
	other = r;
	ok = !claim_plan_tx(c, &r, 1, e);
	ok &= claim_plan_tx(c, &other, 1, e) < 0 && e->code == GWE_CONFLICT;
	OK(ok, "one claim of a sub-channel at a time");
	ok = claim_move_tx(c, &r, CLAIM_SUBMITTED, &failed, 2, e) < 0 && e->code == GWE_CONFLICT;
	OK(ok && claim_move_tx(c, &r, CLAIM_PLANNED, &back, 2, e) < 0,
	   "a step that expects another state changes nothing, nor one back");
	ok = !claim_move_tx(c, &r, CLAIM_PLANNED, &sent, 3, e) &&
	     claim_move_tx(c, &r, CLAIM_PLANNED, &failed, 3, e) < 0 &&
	     !claim_move_tx(c, &r, CLAIM_SUBMITTED, &failed, 4, e);
	OK(ok && claim_is_open(c, &w->channel, "k0", e) == 0,
	   "planned, submitted, failed: each once");
	OK(claim_move_tx(c, &r, CLAIM_FAILED, &sent, 5, e) < 0, "an end is an end");
	claim_row_clear(&r);
	return gw_fail(e, GWE_CONFLICT, 0, "undo");
}

static void test_moves(void)
{
	struct world w;
	struct gw_err e;

	open_world(&w);
	OK(store_write(w.s.store, "moves", moves, &w, &e) < 0 && !strcmp(e.pub, "undo"),
	   "all of that happened");
	close_world(&w);
}

static void test_ends(void)
{
	struct world w;

	open_world(&w);
	w.f.channel.epoch = 1; /* closed, and opened again, while nobody looked */
	OK(run(&w) == 3 && w.f.sent == 0 && is(look(&w).books.lost, 100),
	   "vouchers of an epoch that is over are lost, and nothing is sent");
	OK(run(&w) == 0 && is(look(&w).books.lost, 100), "said once");
	voucher(&w, 2, 80);
	OK(run(&w) == 0 && is(w.f.sub.last_claimed, 80), "those of the new one are claimed");
	close_world(&w);
	open_world(&w);
	w.f.channel.epoch = 1;
	voucher(&w, 2, 70);
	OK(run(&w) == 3 && is(look(&w).books.lost, 100) && is(w.f.sub.last_claimed, 70),
	   "also when a responder has met the new epoch first");
	OK(run(&w) == 0 && is(look(&w).books.lost, 100), "once");
	close_world(&w);
	open_world(&w);
	w.f.sub.last_nonce = UINT64_MAX;
	OK(run(&w) == 3 && w.f.sent == 0, "a nonce that the payer brought to its end is an alarm");
	close_world(&w);
	open_world(&w);
	w.f.down = true;
	OK(run(&w) == 1 && w.f.sent == 0, "a node that is down: the next run");
	w.f.down = false;
	w.s.chain_id = 3;
	OK(run(&w) == 2 && w.f.sent == 0, "a node of another chain: 2");
	close_world(&w);
}

int main(void)
{
	const struct log_options quiet = { .program = "u-settle", .level = LOG_LVL_ERROR };
	struct gw_err e;

	if (!mkdtemp(dir) || crypto_init(&e) || log_open(&quiet, &e))
		abort();
	test_ways();
	test_sequence();
	test_others();
	test_failures();
	test_short();
	test_meanings();
	test_pace();
	test_moves();
	test_ends();
	crypto_done();
	rmdir(dir);
	return TAP_END;
}
