/* SPDX-License-Identifier: Apache-2.0 */
/* Envelope, routes, and what payers ask. */
#include "config.h"

#include "pipeline/payment_api.h"

#include "codec/jwrite.h"
#include "codec/multibase.h"
#include "ledger/commit_body.h"
#include "pipeline/free_route.h"
#include "pipeline/payment_engine.h"
#include "util/clock.h"

enum { ANSWER_MAX = 1 << 20 };
#define EXACT_MAX ((UINT64_C(1) << 53) - 1) /* what every reader of JSON keeps whole */

/* ---- the envelope ---- */

void api_timestamp(struct jwrite *w, const char *key)
{
	char iso[CLOCK_ISO_SIZE];

	clock_iso(iso, clock_wall_ms());
	jwrite_text(w, key, iso);
}

void api_begin(struct jwrite *w, struct buf *b)
{
	buf_init(b, ANSWER_MAX);
	jwrite_init(w, b, false);
	jwrite_object(w, NULL);
	jwrite_bool(w, "success", true);
	jwrite_object(w, "data");
}

void api_send(struct api_call *a, struct jwrite *w, struct buf *b)
{
	jwrite_object_end(w);
	api_timestamp(w, "timestamp");
	jwrite_object_end(w);
	if (b->failed) {
		struct gw_err e;

		(void)gw_fail_priv(&e, GWE_INTERNAL, 0, "an answer beyond its bound");
		api_refuse(a, &e);
	} else {
		http_reply_send(a->rp, 200, "application/json; charset=utf-8", buf_str(b));
	}
	buf_clear(b);
}

void api_refuse(struct api_call *a, const struct gw_err *e)
{
	const struct error_form f = { .shape = SHAPE_API };

	http_reply_error(a->rp, e, &f);
}

void api_number(struct jwrite *w, const char *key, uint64_t v)
{
	char text[24];

	if (v <= EXACT_MAX) {
		jwrite_u64(w, key, v);
		return;
	}
	snprintf(text, sizeof text, "%llu", (unsigned long long)v);
	jwrite_text(w, key, text);
}

void api_amount(struct jwrite *w, const char *key, struct u256 v)
{
	char text[U256_TEXT];
	uint64_t small;

	if (u256_to_u64(&small, v)) {
		api_number(w, key, small);
		return;
	}
	u256_format(text, v);
	jwrite_text(w, key, text);
}

/* ---- health ---- */

static void health(struct api_call *a)
{
	struct jwrite w;
	struct gw_err e;
	struct buf b;

	if (payment_engine_ready(a->g->payments, &e) < 0) {
		api_refuse(a, &e);
		return;
	}
	api_begin(&w, &b);
	jwrite_bool(&w, "success", true);
	jwrite_text(&w, "status", "healthy");
	api_timestamp(&w, "timestamp");
	jwrite_bool(&w, "paymentKitEnabled", true);
	api_send(a, &w, &b);
}

/* ---- recovery ---- */

struct state {
	struct payment *p;
	struct subchannel_row row;
	bool found;
};

/* A write: a proposal that nobody can sign any more is told as the one that replaces it. */
static int load_state(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct state *s = arg;
	int64_t now = clock_wall_ms();
	int rc = subchannel_load(c, &s->row, &s->p->channel_id, s->p->fragment, now, e);

	s->found = rc == 0;
	if (rc)
		return rc < 0 ? -1 : 0;
	return rav_pending_is_dead(&s->row.rav) ? subchannel_revive_tx(c, &s->row, now, e) : 0;
}

static void write_channel(struct jwrite *w, const struct api_call *a, const struct chain_facts *f)
{
	const struct payment *p = &a->payment;
	char id[ROOCH_HEX_TEXT];

	if (!f->has_channel) {
		jwrite_null(w, "channel");
		return;
	}
	rooch_id_hex(id, &p->channel_id);
	jwrite_object(w, "channel");
	jwrite_text(w, "channelId", id);
	jwrite_text(w, "payerDid", a->auth.did);
	jwrite_text(w, "payeeDid", p->engine->service_did);
	jwrite_text(w, "assetId", p->engine->asset);
	api_number(w, "epoch", f->epoch);
	jwrite_text(w, "status", channel_status_name(f->status));
	jwrite_object_end(w);
}

static void write_subchannel(struct jwrite *w, const struct payment *p, const struct chain_facts *f)
{
	char id[ROOCH_HEX_TEXT];

	if (!f->has_channel || !f->has_subchannel) {
		jwrite_null(w, "subChannel");
		return;
	}
	rooch_id_hex(id, &p->channel_id);
	jwrite_object(w, "subChannel");
	jwrite_text(w, "channelId", id);
	api_number(w, "epoch", f->epoch);
	jwrite_text(w, "vmIdFragment", p->fragment);
	api_amount(w, "lastClaimedAmount", f->last_claimed);
	api_number(w, "lastConfirmedNonce", f->last_nonce);
	jwrite_i64(w, "lastUpdated", f->read_ms);
	jwrite_object_end(w);
}

static void write_pending(struct jwrite *w, const struct state *s)
{
	struct subrav r;

	if (!s->found || !s->row.rav.has_pending) {
		jwrite_null(w, "pendingSubRav");
		return;
	}
	rav_subrav(&r, &s->row.rav, &s->row.rav.pending);
	subrav_write_json(w, "pendingSubRav", &r);
}

static void recovery(struct api_call *a)
{
	struct payment *p = &a->payment;
	struct chain_key k = payment_chain_key(p);
	struct state s = { .p = p };
	struct chain_facts facts;
	struct jwrite w;
	struct gw_err e;
	struct buf b;

	/* Rule: a node that does not answer is not a channel that is not there */
	if (chain_cache_get(p->engine->cache, &facts, &k, CHAIN_CACHED, &e) < 0 ||
	    store_write(a->g->store, "recovery", load_state, &s, &e) < 0) {
		api_refuse(a, &e);
		return;
	}
	api_begin(&w, &b);
	write_channel(&w, a, &facts);
	write_pending(&w, &s);
	write_subchannel(&w, p, &facts);
	api_timestamp(&w, "timestamp");
	api_send(a, &w, &b);
}

/* ---- commit ---- */

static int read_voucher(struct api_call *a, struct voucher *v, struct gw_err *e)
{
	buf_init(&a->body, COMMIT_BODY_MAX);
	if (http_read_body(a->rq, &a->body, (unsigned)a->rq->conf->body_timeout_ms, e) < 0)
		return -1;
	return commit_body_read(v, buf_str(&a->body), e);
}

static void say_taken(struct api_call *a)
{
	struct jwrite w;
	struct buf b;

	api_begin(&w, &b);
	jwrite_bool(&w, "success", true);
	api_send(a, &w, &b);
}

static void commit(struct api_call *a)
{
	struct voucher v;
	struct gw_err e;

	if (read_voucher(a, &v, &e) < 0) {
		api_refuse(a, &e);
		return;
	}
	/* a client that pays with whatever it sends has it in the header, too, which was taken first */
	if (a->payment.accepted && subrav_eq(&a->payment.request.voucher.rav, &v.rav)) {
		say_taken(a);
		return;
	}
	payment_take_voucher(&a->payment, &v);
	if (free_route_take(&a->payment, a->g, a->rq, &e) < 0) {
		free_route_refuse(&a->payment, a->rp, &e);
		return;
	}
	say_taken(a);
}

/* ---- subrav ---- */

struct search {
	struct payment *p;
	uint64_t nonce;
	struct voucher v;
	bool found;
};

static int find_voucher(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct search *s = arg;
	int rc = voucher_find(c, &s->v, &s->p->channel_id, s->p->fragment, s->nonce, e);

	s->found = rc == 0;
	return rc < 0 ? -1 : 0;
}

static void write_voucher(struct jwrite *w, const struct voucher *v)
{
	char id[ROOCH_HEX_TEXT];
	struct buf sig;

	rooch_id_hex(id, &v->rav.channel_id);
	jwrite_object(w, "subRav");
	api_number(w, "version", v->rav.version);
	api_number(w, "chainId", v->rav.chain_id);
	jwrite_text(w, "channelId", id);
	api_number(w, "channelEpoch", v->rav.epoch);
	jwrite_text(w, "vmIdFragment", v->rav.fragment);
	api_amount(w, "accumulatedAmount", v->rav.accumulated);
	api_number(w, "nonce", v->rav.nonce);
	jwrite_object_end(w);
	buf_init(&sig, 128);
	multibase_encode_u(v->signature, sizeof v->signature, &sig);
	jwrite_str(w, "signature", buf_str(&sig));
	buf_clear(&sig);
}

static void subrav_query(struct api_call *a)
{
	struct search s = { .p = &a->payment };
	struct u256 nonce;
	struct jwrite w;
	struct gw_err e;
	struct buf b;

	if (!u256_parse(&nonce, http_query_member(a->rq->query, "nonce"))) {
		(void)gw_fail(&e, GWE_BAD_REQUEST, 0, "nonce has to be a decimal number");
		api_refuse(a, &e);
		return;
	}
	if (!u256_to_u64(&s.nonce, nonce))
		s.nonce = UINT64_MAX; /* a number, but none that a voucher has */
	if (store_read(a->g->store, find_voucher, &s, &e) < 0) {
		api_refuse(a, &e);
		return;
	}
	if (!s.found) {
		(void)gw_fail(&e, GWE_NOT_FOUND, 0, "SubRAV not found");
		api_refuse(a, &e);
		return;
	}
	api_begin(&w, &b);
	write_voucher(&w, &s.v);
	api_send(a, &w, &b);
}

/* ---- routes ---- */

enum who { ANYBODY, PAYER, ADMIN };
static const struct endpoint {
	const char *method, *path;
	enum who who;
	void (*answer)(struct api_call *a);
} endpoints[] = {
	{ "GET", "/payment-channel/health", ANYBODY, health },
	{ "GET", "/payment-channel/recovery", PAYER, recovery },
	{ "POST", "/payment-channel/commit", PAYER, commit },
	{ "GET", "/payment-channel/subrav", PAYER, subrav_query },
	{ "GET", "/payment-channel/admin/status", ADMIN, payment_admin_status },
	{ "POST", "/payment-channel/admin/claim-trigger", ADMIN, payment_admin_claim },
};

static bool is_admin(const struct conf *c, const char *did)
{
	for (unsigned i = 0; i < c->admin_did.n; i++)
		if (!strcmp(c->admin_did.item[i], did))
			return true;
	return false;
}

static int let_in(struct api_call *a, enum who who, struct gw_err *e)
{
	if (who == ANYBODY)
		return 0;
	if (gateway_authenticate(a->g, a->rq, &a->auth, e) < 0)
		return -1;
	a->rq->log.did = arena_dup(a->rq->arena, str_c(a->auth.did));
	if (gateway_burn(a->g, &a->auth, e) < 0)
		return -1;
	if (who == ADMIN && !is_admin(a->rq->conf, a->auth.did))
		return gw_fail(e, GWE_FORBIDDEN, 0, "%s is not an administrator here", a->auth.did);
	/* they cost nothing: a voucher in the header counts all the same */
	return free_route_read(&a->payment, a->g, a->rq, &a->auth, e);
}

static void plain_error(struct http_reply *rp, enum gw_code code, const char *sentence)
{
	const struct error_form f = { .shape = SHAPE_PLAIN };
	struct gw_err e;

	(void)gw_fail(&e, code, 0, "%s", sentence);
	http_reply_error(rp, &e, &f);
}

void payment_api_handle(void *app, struct http_request *rq, struct http_reply *rp)
{
	struct api_call a = { .g = app, .rq = rq, .rp = rp };
	const struct endpoint *at = NULL;
	struct gw_err e;

	for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0] && !at; i++)
		if (str_eq_c(rq->path, endpoints[i].path))
			at = &endpoints[i];
	if (!at || !a.g->payments) {
		plain_error(rp, GWE_NOT_FOUND, at ? "Payment is off at this gateway" : "Not found");
		return;
	}
	if (!str_eq_c(rq->method, at->method)) {
		rp->allow = at->method;
		plain_error(rp, GWE_METHOD_NOT_ALLOWED, "Method not allowed");
		return;
	}
	if (let_in(&a, at->who, &e) < 0)
		api_refuse(&a, &e);
	/* Rule: payment-channel.md 6.4: free routes check and store a voucher that comes along */
	else if (a.payment.request.has_voucher && free_route_take(&a.payment, a.g, rq, &e) < 0)
		free_route_refuse(&a.payment, rp, &e);
	else
		at->answer(&a);
	buf_clear(&a.body);
}
