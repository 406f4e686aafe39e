/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payment_world - a store, a chain that a test can bend, payers with keys, and the life of one request as
 * the pipeline leads it: parse, prepare, T1 (again while it is told to wait), T2.
 */
#ifndef GW_T_PAYMENT_WORLD_H
#define GW_T_PAYMENT_WORLD_H

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/multibase.h"
#include "pipeline/owed.h"
#include "pipeline/payment_engine.h"
#include "store/usage_rows.h"
#include "util/arena.h"
#include "util/clock.h"
#include "util/log.h"

/* ---- the chain ---- */

enum { FAKE_KEYS = 12 };
enum fake_step { FAKE_CHAIN_ID = 1, FAKE_CHANNEL = 2, FAKE_SUBCHANNEL = 4, FAKE_HUB = 8 };

struct fake_sub {
	char fragment[32];
	struct subchannel_object o;
};
/* One payer and its channel. */
struct fake_chain {
	pthread_mutex_t lock;
	uint64_t chain_id;
	struct rooch_id channel_id;
	bool exists;
	struct channel_object channel;
	struct fake_sub sub[FAKE_KEYS];
	unsigned n_sub;
	struct u256 hub;
	unsigned fail; /* bits of enum fake_step: the node does not answer */
	unsigned calls;
	unsigned slow_ms;
	void (*between)(
		struct fake_chain *f); /* called once, after the sub-channel, before the hub */
};

static int fake_down(struct fake_chain *f, enum fake_step step, struct gw_err *e)
{
	f->calls++;
	if (f->slow_ms)
		usleep(f->slow_ms * 1000);
	return f->fail & step ? gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0, "no node") : 0;
}

static int fake_chain_id(void *arg, uint64_t *out, struct gw_err *e)
{
	struct fake_chain *f = arg;
	int rc;

	pthread_mutex_lock(&f->lock);
	rc = fake_down(f, FAKE_CHAIN_ID, e);
	*out = f->chain_id;
	pthread_mutex_unlock(&f->lock);
	return rc;
}

static int fake_get_channel(void *arg, const struct rooch_id *id, struct channel_object *out,
			    struct gw_err *e)
{
	struct fake_chain *f = arg;
	int rc;

	pthread_mutex_lock(&f->lock);
	rc = fake_down(f, FAKE_CHANNEL, e);
	if (!rc && (!f->exists || !rooch_id_eq(*id, f->channel_id)))
		rc = 1;
	*out = f->channel;
	pthread_mutex_unlock(&f->lock);
	return rc;
}

static struct fake_sub *fake_find(struct fake_chain *f, const char *fragment)
{
	for (unsigned i = 0; i < f->n_sub; i++)
		if (!strcmp(f->sub[i].fragment, fragment))
			return &f->sub[i];
	return NULL;
}

static int fake_get_subchannel(void *arg, const struct rooch_id *table, struct str fragment,
			       struct subchannel_object *out, struct gw_err *e)
{
	struct fake_chain *f = arg;
	char name[ROOCH_FRAGMENT_MAX + 1];
	struct fake_sub *s;
	int rc;

	pthread_mutex_lock(&f->lock);
	rc = fake_down(f, FAKE_SUBCHANNEL, e);
	if (!rc && (!rooch_id_eq(*table, f->channel.sub_channels) ||
		    !str_copy(name, sizeof name, fragment) || !(s = fake_find(f, name))))
		rc = 1;
	else if (!rc)
		*out = s->o;
	pthread_mutex_unlock(&f->lock);
	return rc;
}

static int fake_get_hub(void *arg, const struct rooch_id *owner, const char *asset,
			struct u256 *out, struct gw_err *e)
{
	struct fake_chain *f = arg;
	int rc;

	(void)owner, (void)asset;
	pthread_mutex_lock(&f->lock);
	if (f->between) {
		void (*between)(struct fake_chain *) = f->between;

		f->between = NULL;
		pthread_mutex_unlock(&f->lock);
		between(f);
		pthread_mutex_lock(&f->lock);
	}
	rc = fake_down(f, FAKE_HUB, e);
	*out = f->hub;
	pthread_mutex_unlock(&f->lock);
	return rc;
}

/* ---- the world ---- */

struct key_holder { /* one key of the payer */
	struct signing_key *key;
	struct did_auth auth;
	bool has_next; /* a proposal that the gateway told */
	struct subrav next;
};
struct world {
	char dir[64], path[96];
	struct store *st;
	struct conf *conf;
	struct fake_chain chain;
	struct payment_engine *en;
	struct rooch_id payer, service;
	char asset[ROOCH_ASSET_TEXT];
	struct key_holder k[FAKE_KEYS];
	const char *owner;
	struct arena held[8]; /* of requests that stopped after T1 */
	unsigned n_held;
};

static struct chain_source fake_source(struct fake_chain *f)
{
	return (struct chain_source){ .arg = f,
				      .chain_id = fake_chain_id,
				      .channel = fake_get_channel,
				      .subchannel = fake_get_subchannel,
				      .hub_balance = fake_get_hub };
}

static void world_conf(struct world *w, const char *service_did)
{
	char did[ROOCH_DID_TEXT];
	char *argv[] = { (char[]){ "test" }, NULL };
	int argc = 1;
	struct conf_source s = { .argc = &argc, .argv = argv, .use_env = true };
	struct gw_err e;

	snprintf(did, sizeof did, "%s", service_did);
	setenv("SERVICE_DID", did, 1);
	setenv("ROOCH_NETWORK", "local", 1);
	if (conf_load(&w->conf, &s, &e)) {
		printf("Bail out! %s\n", e.pub);
		exit(1);
	}
	w->conf->min_claim_amount = 1000;
	w->conf->chain_fresh_ms = 3600000;
	w->conf->chain_stale_ms = 3600000;
	w->conf->busy_wait_ms = 20000;
}

/* A key of the payer, authorised on chain. */
static void world_key(struct world *w, unsigned i, enum key_type type)
{
	struct key_holder *k = &w->k[i];
	struct fake_sub *s = &w->chain.sub[w->chain.n_sub++];
	uint8_t pub[KEY_PUB_MAX];
	struct buf b;
	struct gw_err e;
	size_t n;

	assert(w->chain.n_sub <= FAKE_KEYS);
	if (signing_key_generate(&k->key, type, &e))
		abort();
	rooch_did_text(k->auth.did, &w->payer);
	snprintf(k->auth.fragment, sizeof k->auth.fragment, "key-%u", i);
	snprintf(s->fragment, sizeof s->fragment, "key-%u", i);
	n = signing_key_pub(k->key, pub);
	buf_init(&b, 128);
	multibase_encode_z(pub, n, &b);
	snprintf(s->o.pk_multibase, sizeof s->o.pk_multibase, "%s", buf_c(&b));
	buf_clear(&b);
	snprintf(s->o.method_type, sizeof s->o.method_type, "%s", key_type_name(type));
}

static struct store *world_store(struct world *w)
{
	struct store_options o = { .path = w->path, .role = STORE_GATEWAY };
	struct store *st;
	struct gw_err e;

	if (store_open(&st, &o, &e)) {
		printf("Bail out! %s %s\n", e.pub, e.priv);
		exit(1);
	}
	return st;
}

static struct payment_engine *world_engine(struct world *w, struct store *st)
{
	struct chain_source source = fake_source(&w->chain);
	struct payment_engine *en;
	struct gw_err e;

	if (payment_engine_open(&en, w->conf, st, &source, &e)) {
		printf("Bail out! %s\n", e.pub);
		exit(1);
	}
	return en;
}

/* Without store and engine. */
static void world_make(struct world *w)
{
	char did[ROOCH_DID_TEXT];
	struct gw_err e;
	bool made;

	memset(w, 0, sizeof *w);
	pthread_mutex_init(&w->chain.lock, NULL);
	snprintf(w->dir, sizeof w->dir, "/tmp/u-payment.XXXXXX");
	if (crypto_init(&e) || !mkdtemp(w->dir))
		abort();
	snprintf(w->path, sizeof w->path, "%s/gateway.db", w->dir);
	if (store_migrate(w->path, SCHEMA_GATEWAY, false, &made, &e))
		abort();
	memset(w->payer.b, 0x11, 32);
	memset(w->service.b, 0x22, 32);
	rooch_did_text(did, &w->service);
	world_conf(w, did);
	if (!rooch_asset_canonical(w->asset, STR_LIT("0x3::gas_coin::RGas")))
		abort();
	w->owner = "1:1";
	w->chain.chain_id = 4;
	w->chain.exists = true;
	w->chain.channel_id = rooch_channel_id(&w->payer, &w->service, w->asset);
	w->chain.channel.sender = w->payer;
	w->chain.channel.receiver = w->service;
	snprintf(w->chain.channel.coin_type, sizeof w->chain.channel.coin_type, "%s", w->asset);
	memset(w->chain.channel.sub_channels.b, 0x33, 32);
	w->chain.hub = u256_of(1000000000);
	for (unsigned i = 0; i < 3; i++)
		world_key(w, i, (enum key_type)i);
}

static void __attribute__((unused)) world_open(struct world *w)
{
	world_make(w);
	w->st = world_store(w);
	w->en = world_engine(w, w->st);
}

static void world_close(struct world *w)
{
	static const char *const rest[] = { "", "-wal", "-shm" };
	char name[112];

	payment_engine_free(w->en);
	store_close(w->st);
	conf_free(w->conf);
	for (unsigned i = 0; i < FAKE_KEYS; i++)
		signing_key_free(w->k[i].key);
	for (unsigned i = 0; i < w->n_held; i++)
		arena_free(&w->held[i]);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "%s%s", w->path, rest[i]);
		unlink(name);
	}
	rmdir(w->dir);
	pthread_mutex_destroy(&w->chain.lock);
}

/* A new engine, as after a restart: nothing is left in memory. */
static void __attribute__((unused)) world_restart(struct world *w)
{
	payment_engine_free(w->en);
	store_close(w->st);
	w->st = world_store(w);
	w->en = world_engine(w, w->st);
}

/* ---- one request ---- */

struct ask {
	uint64_t bound, cost; /* picoUSD */
	uint64_t max_amount;  /* units; 0 none */
	bool free_route, no_voucher;
	const struct gw_err *refusal;	 /* of the pipeline */
	void (*bend)(struct voucher *v); /* before it is signed */
	bool bend_signed;		 /* or afterwards */
	unsigned upstream_us;		 /* what the upstream takes */
	bool stop_after_t1;		 /* no T2 */
	struct str header;		 /* instead of one made here */
};
struct told {
	enum gw_code code; /* GWE_OK: served */
	bool accepted, served;
	bool has_next, has_cost;
	struct subrav next;
	struct u256 cost;
	struct gw_err e;
	struct payment_response r; /* the header's value, read back */
	bool has_header;
	int64_t usage_id;
	struct payment p; /* for what the test wants to go on with */
};

struct exchange_job {
	struct world *w;
	struct payment *p;
	const struct ask *a;
	int64_t usage_id, now_ms;
};

static int job_t1(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct exchange_job *j = arg;
	struct usage_start u = { .request_id = STR_LIT("r"),
				 .did = str_c(j->p->auth->did),
				 .provider = STR_LIT("openai"),
				 .api = STR_LIT("chat"),
				 .method = STR_LIT("POST"),
				 .path = STR_LIT("/"),
				 .owner = str_c(j->w->owner),
				 .free = j->a->free_route,
				 .bound_pico = j->a->free_route ? 0 : j->a->bound };
	struct payment_offer o = { .bound = picousd_of(j->a->bound), .refusal = j->a->refusal };

	j->now_ms = clock_wall_ms();
	u.started_ms = u.now_ms = j->now_ms;
	u.lease_until_ms = j->now_ms + 15000;
	j->usage_id = 0;
	o.now_ms = j->now_ms;
	o.usage = j->a->free_route || j->a->refusal ? NULL : &u;
	if (payment_admit_tx(c, j->p, &o, e) < 0)
		return -1;
	if (j->p->leased)
		j->usage_id = j->p->lease.usage_id;
	else if (!j->a->refusal && usage_start_tx(c, &u, &j->usage_id, e) < 0)
		return -1;
	if (j->usage_id && (j->p->refused.code != GWE_OK || j->a->free_route)) {
		const struct usage_finish f = { .outcome = j->a->free_route ? OUTCOME_OK
									    : OUTCOME_REFUSED,
						.finished_ms = j->now_ms,
						.cost_known = true,
						.exact = true };

		return usage_finish_tx(c, j->usage_id, &f, e);
	}
	return 0;
}

static int job_t2(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct exchange_job *j = arg;
	struct usage_charge charge;
	const struct usage_finish f = { .outcome = OUTCOME_OK,
					.finished_ms = clock_wall_ms(),
					.cost_known = true,
					.cost_pico = j->a->cost,
					.exact = true,
					.charge = &charge };

	if (payment_settle_tx(c, j->p, picousd_of(j->a->cost), f.finished_ms, &charge, e) < 0)
		return -1;
	return usage_finish_tx(c, j->usage_id, &f, e);
}

static void make_header(struct world *w, struct buf *b, struct key_holder *k, const struct ask *a)
{
	struct payment_request r = { .max_amount = u256_of(a->max_amount) };
	struct gw_err e;

	(void)w;
	snprintf(r.client_tx_ref, sizeof r.client_tx_ref, "ref");
	if (k->has_next && !a->no_voucher) {
		r.has_voucher = true;
		r.voucher.rav = k->next;
		if (a->bend && !a->bend_signed)
			a->bend(&r.voucher);
		if (subrav_sign(&r.voucher.rav, k->key, r.voucher.signature, &e))
			abort();
		if (a->bend && a->bend_signed)
			a->bend(&r.voucher);
	}
	payment_request_write(b, &r);
}

static void read_told(struct told *t, const struct gw_err *error)
{
	struct buf b, scratch;
	struct gw_err e;

	buf_init(&b, PAYMENT_HEADER_MAX);
	buf_init(&scratch, PAYMENT_HEADER_MAX);
	payment_response(&t->p, error, &b);
	if (b.len) {
		t->has_header = true;
		if (payment_response_read(&t->r, buf_str(&b), &scratch, &e)) {
			printf("Bail out! answer: %s\n", e.pub);
			exit(1);
		}
		t->has_next = t->r.has_subrav;
		t->has_cost = t->r.has_cost;
		t->next = t->r.subrav;
		t->cost = t->r.cost;
		t->r.error_details = STR_NULL;
	}
	buf_clear(&b);
	buf_clear(&scratch);
}

/* T1 until it is not told to wait; 0 decided. */
static int run_t1(struct exchange_job *j, struct store *st, struct gw_err *e)
{
	int64_t since = clock_mono_ms();

	while (store_write_repeatable(st, "admit", job_t1, j, e) < 0) {
		if (!j->p->busy)
			return -1;
		if (!payment_wait(j->p, since, 1000, -1))
			return gw_fail(e, GWE_RAV_CONFLICT, 0, "busy");
	}
	return 0;
}

/* @en and @st may be those of another process. */
static struct told ask_at(struct world *w, struct payment_engine *en, struct store *st,
			  unsigned key, const struct ask *a)
{
	struct key_holder *k = &w->k[key];
	struct told t = { .code = GWE_OK };
	struct exchange_job j = { w, &t.p, a, 0, 0 };
	struct arena arena;
	struct buf header;
	int rc;

	arena_init(&arena, 1 << 20);
	buf_init(&header, PAYMENT_HEADER_MAX);
	payment_begin(&t.p, en, &k->auth, a->free_route, &arena);
	if (!a->header.p)
		make_header(w, &header, k, a);
	rc = payment_parse(&t.p, a->header.p ? a->header : buf_str(&header), false, &t.e) ||
	     payment_prepare(&t.p, &t.e) || run_t1(&j, st, &t.e);
	t.usage_id = j.usage_id;
	t.accepted = !rc && t.p.accepted; /* what did not commit was not */
	if (!rc && t.p.refused.code != GWE_OK) {
		t.e = t.p.refused;
		rc = -1;
	}
	if (rc) {
		t.code = t.e.code;
		read_told(&t, t.code == GWE_OK || (a->refusal && t.code == a->refusal->code)
				      ? NULL
				      : &t.e);
		goto out;
	}
	t.served = true;
	if (a->upstream_us)
		usleep(a->upstream_us);
	if (t.p.leased && !a->stop_after_t1) {
		if (store_write_repeatable(st, "settle", job_t2, &j, &t.e) < 0)
			t.code = t.e.code;
		else
			payment_released(&t.p);
		read_told(&t, t.code == GWE_OK ? NULL : &t.e);
	}
out:
	buf_clear(&header);
	if (t.p.leased && a->stop_after_t1) {
		assert(w->n_held < 8);
		w->held[w->n_held++] = arena;
	} else {
		arena_free(&arena);
	}
	return t;
}

/* The same, and the client keeps what it was told as the real one does. */
static struct told __attribute__((unused)) ask(struct world *w, unsigned key, const struct ask *a)
{
	struct told t = ask_at(w, w->en, w->st, key, a);
	struct key_holder *k = &w->k[key];

	if (t.has_next) {
		k->next = t.next;
		k->has_next = true;
	} else if (!a->no_voucher && !a->free_route) {
		k->has_next = false;
	}
	return t;
}

/* A call that will never be settled: closed as lost. */
static void __attribute__((unused)) give_up(struct store *st, struct payment *p)
{
	struct owed *o = owed_new(st);

	owed_lose(o, p->lease.usage_id);
	p->leased = false;
	if (!owed_write(o))
		abort();
	owed_free(o);
}

/* ---- looking inside ---- */

struct look {
	struct world *w;
	const char *fragment;
	struct subchannel_row *row;
};

static int job_look(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct look *l = arg;

	return subchannel_load(c, l->row, &l->w->chain.channel_id, l->fragment, clock_wall_ms(), e);
}

static bool __attribute__((unused))
world_look(struct world *w, unsigned key, struct subchannel_row *row)
{
	struct look l = { w, w->k[key].auth.fragment, row };
	struct gw_err e;

	return store_read(w->st, job_look, &l, &e) == 0;
}

static bool __attribute__((unused)) is_u64(struct u256 a, uint64_t b)
{
	return u256_cmp(a, u256_of(b)) == 0;
}

#endif
