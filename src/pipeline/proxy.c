/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a request below /<provider>/: design.md 3, protocol gateway.md 2. */
#include "config.h"

#include <stdlib.h>

#include "pipeline/exchange.h"
#include "util/clock.h"

/* ---- an exchange's memory: a thread keeps it ---- */

static void release(void *p)
{
	struct exchange *x = p;

	meter_free(x->meter);
	buf_clear(&x->body);
	buf_clear(&x->held);
	free(x);
}

static void reset_buf(struct buf *b, size_t max)
{
	if (b->cap > KEEP_BYTES)
		buf_clear(b);
	else
		buf_reset(b);
	b->max = max;
}

static struct exchange *exchange_of(struct gateway *g, struct http_request *rq,
				    struct http_reply *rp)
{
	struct exchange *x = rq->slot->p;
	struct meter *meter;
	struct buf body, held;

	if (!x) {
		x = calloc(1, sizeof *x);
		if (!x)
			abort();
		rq->slot->p = x;
		rq->slot->release = release;
	}
	meter = x->meter;
	body = x->body;
	held = x->held;
	memset(x, 0, sizeof *x);
	x->meter = meter;
	x->body = body;
	x->held = held;
	x->g = g;
	x->rq = rq;
	x->rp = rp;
	x->conf = rq->conf;
	reset_buf(&x->body, (size_t)rq->conf->max_body_bytes);
	reset_buf(&x->held, HELD_MAX + READ_MAX);
	return x;
}

/* ---- 1 to 3 ---- */

/* Path behind /<provider>; false: the path belongs to another. */
static bool own_path(const struct exchange *x, struct str *rest, struct str *name)
{
	struct str path = x->rq->path;
	ptrdiff_t slash;

	/* repeated slashes count as one, also in front */
	while (path.len > 1 && path.p[0] == '/' && path.p[1] == '/')
		path = str_sub(path, 1, path.len);
	path = str_sub(path, 1, path.len);
	slash = str_find(path, '/');
	*name = slash < 0 ? path : str_sub(path, 0, (size_t)slash);
	*rest = slash < 0 ? STR_NULL : str_sub(path, (size_t)slash, path.len);
	return str_eq_c(*name, provider_name(x->g->provider));
}

/* A refusal that is answered after T1, so that a voucher is taken all the same. */
static bool refuse_later(struct exchange *x, enum error_shape shape)
{
	x->shape = shape;
	return false;
}

static bool read_json(struct exchange *x)
{
	const struct request_limits limits = { .max_depth = (unsigned)x->conf->max_json_depth };

	if (!http_content_type_is(x->rq, "application/json")) {
		(void)gw_fail(&x->refusal, GWE_UNSUPPORTED_MEDIA_TYPE, 0,
			      "Content-Type has to be application/json");
		return refuse_later(x, SHAPE_PROVIDER);
	}
	if (provider_read_request(&x->route, buf_str(&x->body), &limits, x->rq->arena, &x->view,
				  &x->refusal) < 0)
		return refuse_later(x, SHAPE_PROVIDER);
	if (!x->route.free && exchange_bound(x, &x->refusal) < 0)
		return refuse_later(x, SHAPE_PROVIDER);
	return true;
}

/* Everything about the request itself; what is wrong with it is kept in x->refusal. */
static void look_at_request(struct exchange *x, bool routed)
{
	if (!routed)
		return;
	if (x->route.get)
		x->view = (struct request_view){ .model = x->route.model };
	else
		(void)read_json(x);
	x->rq->log.model = x->view.model.len ? x->view.model : STR_LIT("unknown");
	x->rq->log.is_stream = x->view.stream;
}

/* ---- the payment header, before T1 ---- */

static int prepare_payment(struct exchange *x, struct gw_err *e)
{
	struct str header = STR_NULL;
	bool ambiguous;

	payment_begin(&x->payment, x->g->payments, &x->auth, x->route.free, x->rq->arena);
	if (gateway_payment_header(x->rq, &header, &ambiguous, e) < 0)
		return -1;
	/* an answer about the header itself carries one too */
	x->has_payment = true;
	return payment_parse(&x->payment, header, ambiguous, e);
}

static void note_payment(struct exchange *x)
{
	struct access_fields *l = &x->rq->log;
	const struct payment *p = &x->payment;
	char channel[ROOCH_HEX_TEXT], cost[U256_TEXT];
	const char *word = "admitted";

	if (!x->has_payment)
		return;
	if (p->refused.code != GWE_OK)
		word = gw_err_wire(p->refused.code);
	l->payment = str_c(word);
	l->client_tx_ref = arena_dup(x->rq->arena, str_c(p->request.client_tx_ref));
	l->server_tx_ref = arena_dup(x->rq->arena, str_c(p->service_tx_ref));
	l->fragment = arena_dup(x->rq->arena, str_c(p->fragment));
	rooch_id_hex(channel, &p->channel_id);
	l->channel_id = arena_dup(x->rq->arena, str_c(channel));
	if (p->has_cost) {
		u256_format(cost, p->cost);
		l->asset_cost = arena_dup(x->rq->arena, str_c(cost));
	}
	if (p->has_subrav) {
		l->has_nonce = true;
		l->nonce = p->subrav.nonce;
	}
}

/* ---- the whole ---- */

/* Refused by the payment's first checks: the nonce is spent all the same. */
static void refuse_payment(struct exchange *x, const struct gw_err *why)
{
	struct gw_err e;

	if (gateway_burn(x->g, &x->auth, &e) < 0)
		why = &e;
	exchange_refuse(x, why, SHAPE_ENVELOPE);
}

/* T1 has committed. */
static void serve(struct exchange *x)
{
	const struct meter_options m = { .provider = x->route.provider,
					 .api = x->route.api,
					 .max_event = (size_t)x->conf->max_event_bytes,
					 .us = x->conf->us_surcharge };

	if (x->meter)
		meter_reset(x->meter, &m);
	else
		x->meter = meter_new(&m);
	exchange_forward(x);
	exchange_settle(x);
	exchange_answer(x);
}

/* Up to T1. False: it is refused, and answered. */
static bool admit(struct exchange *x, bool routed)
{
	struct gw_err e;

	if (x->g->payments && prepare_payment(x, &e) < 0) {
		refuse_payment(x, &e);
		return false;
	}
	if (routed && !x->route.get &&
	    http_read_body(x->rq, &x->body, (unsigned)x->conf->body_timeout_ms, &e) < 0) {
		x->has_payment = false; /* Rule: gateway.md 2: nothing was accepted */
		exchange_refuse(x, &e, SHAPE_PROVIDER);
		return false;
	}
	look_at_request(x, routed);
	if ((x->has_payment && payment_prepare(&x->payment, &e) < 0) || exchange_admit(x, &e) < 0) {
		refuse_payment(x, &e);
		return false;
	}
	if (x->has_payment && x->payment.refused.code != GWE_OK &&
	    x->payment.refused.code != x->refusal.code)
		exchange_refuse(x, &x->payment.refused, SHAPE_ENVELOPE);
	else if (x->refusal.code != GWE_OK)
		exchange_refuse(x, &x->refusal, x->shape);
	else
		return true;
	note_payment(x);
	return false;
}

static void no_such_provider(struct exchange *x, struct str name)
{
	struct error_form f = { .shape = SHAPE_PLAIN };
	struct gw_err e;

	(void)gw_fail(&e, GWE_NOT_FOUND, 0, "Provider '%.*s' not found",
		      STR_ARG(str_sub(name, 0, 64)));
	http_reply_error(x->rp, &e, &f);
}

/* Up to T1; false: it has been answered. Frames that hold errors must not last as long as the stream. */
__attribute__((noinline)) static bool begin(struct gateway *g, struct exchange *x)
{
	struct http_request *rq = x->rq;
	struct str rest, name;
	struct gw_err e;
	bool routed;

	rq->log.provider = str_c(provider_name(g->provider));
	if (!own_path(x, &rest, &name)) {
		no_such_provider(x, name);
		return false;
	}
	routed = provider_route(g->provider, rq->method, rest, rq->query, rq->arena, &x->route,
				&x->allow, &x->refusal) == 0;
	if (!routed) {
		x->route = (struct route){ .provider = g->provider };
		x->shape = SHAPE_PROVIDER;
	}
	rq->log.api = str_c(api_name(x->route.api));
	if (rq->has_length && rq->content_length > rq->conf->max_body_bytes) {
		(void)gw_fail(&e, GWE_PAYLOAD_TOO_LARGE, 0,
			      "the request's body is larger than %llu bytes",
			      (unsigned long long)rq->conf->max_body_bytes);
		exchange_refuse(x, &e, SHAPE_PROVIDER);
		return false;
	}
	if (gateway_authenticate(g, rq, &x->auth, &e) < 0) {
		exchange_refuse(x, &e,
				e.code == GWE_HEADER_TOO_LARGE ? SHAPE_PROVIDER : SHAPE_ENVELOPE);
		return false;
	}
	rq->log.did = str_c(x->auth.did);
	x->prices = prices_take(&g->prices);
	clock_day(x->day, clock_wall_ms());
	return admit(x, routed);
}

void gateway_proxy(void *app, struct http_request *rq, struct http_reply *rp)
{
	struct gateway *g = app;
	struct exchange *x = exchange_of(g, rq, rp);

	if (begin(g, x)) {
		serve(x);
		note_payment(x);
	}
	prices_put(x->prices);
	x->prices = NULL;
}
