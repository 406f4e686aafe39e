/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pipeline/exchange.h"

#include "util/clock.h"

enum { PRICE_TRIES = 5, BUSY_SLICE_MS = 1000 };

struct cost_options exchange_cost_options(const struct exchange *x, struct str model)
{
	return (struct cost_options){ .book = x->prices->book,
				      .multiplier = x->prices->multiplier,
				      .requested_model = model,
				      .day = x->day,
				      .unstated_pico = x->conf->unstated_cost_pico,
				      .media_tokens = x->conf->media_tokens,
				      .default_output = x->conf->default_output_tokens };
}

/* ---- the bound ---- */

static void fill_cost_request(struct exchange *x)
{
	const struct request_view *v = &x->view;
	struct cost_request *q = &x->cost_request;

	*q = (struct cost_request){ .provider = x->route.provider,
				    .api = x->route.api,
				    .text_bytes = v->text_bytes,
				    .prediction_bytes = v->prediction_bytes,
				    .media = v->media,
				    .output_cap = v->output_cap,
				    .choices = v->choices,
				    .tool_uses_cap = v->tool_uses_cap,
				    .has_output_cap = v->has_output_cap,
				    .n_helper = v->n_helper,
				    .compacts = v->compacts,
				    .fast = v->fast,
				    .us = v->us || x->conf->us_surcharge,
				    .tier = v->tier };
	memcpy(q->tools, v->tools, sizeof q->tools);
	_Static_assert(sizeof q->helper == sizeof v->helper, "as many in both");
	memcpy(q->helper, v->helper, sizeof q->helper);
}

int exchange_bound(struct exchange *x, struct gw_err *e)
{
	struct cost_options o = exchange_cost_options(x, x->view.model);
	struct picousd one;

	x->priced = true;
	fill_cost_request(x);
	if (cost_bound(&x->cost_request, &o, &x->bound, e) < 0)
		return -1;
	/* models that the upstream may serve instead: the dearest counts */
	for (unsigned i = 0; i < x->view.n_fallback; i++) {
		o.requested_model = x->view.fallback[i];
		if (cost_bound(&x->cost_request, &o, &one, e) < 0)
			return -1;
		if (picousd_cmp(one, x->bound) > 0)
			x->bound = one;
	}
	return 0;
}

/* ---- T1 ---- */

static struct usage_start usage_row(const struct exchange *x, int64_t now_ms)
{
	struct str ref = x->rq->id_given ? str_c(x->rq->id) : STR_NULL;

	if (x->has_payment)
		ref = str_c(x->payment.request.client_tx_ref);
	return (struct usage_start){ .request_id = str_c(x->rq->id),
				     .client_tx_ref = ref,
				     .did = str_c(x->auth.did),
				     .provider = str_c(provider_name(x->route.provider)),
				     .api = str_c(api_name(x->route.api)),
				     .model = x->view.model,
				     .method = x->rq->method,
				     .path = x->rq->path,
				     .stream = x->view.stream,
				     .free = x->route.free,
				     .started_ms = x->rq->started_ms,
				     .now_ms = now_ms,
				     .bound_pico = x->route.free ? 0 : picousd_u64(x->bound),
				     .owner = responder_owner(x->g->responder) };
}

static int admit_payment(struct store_conn *c, struct exchange *x, const struct usage_start *u,
			 struct gw_err *e)
{
	bool refused = x->refusal.code != GWE_OK;
	struct payment_offer o = { .bound = x->bound,
				   .refusal = refused ? &x->refusal : NULL,
				   .usage = refused || x->route.free ? NULL : u,
				   .in_doubt = gateway_in_doubt(x->g),
				   .now_ms = u->now_ms };

	if (payment_admit_tx(c, &x->payment, &o, e) < 0)
		return -1;
	if (x->payment.leased)
		x->usage_id = x->payment.lease.usage_id;
	return 0;
}

/* For the row, and before others are judged by their leases: this process is alive. */
static int hold_lease(struct store_conn *c, struct exchange *x, int64_t now_ms, struct gw_err *e)
{
	int held = gateway_look_at_lease(c, x->g, now_ms, e);

	if (held)
		return held < 0 ? -1 : 0;
	return usage_lease_ensure_tx(c, responder_owner(x->g->responder), now_ms + LEASE_MS, now_ms,
				     e);
}

/* The row of a call that the payment refuses: it was never made. */
static int close_refused(struct store_conn *c, struct exchange *x, int64_t now_ms, struct gw_err *e)
{
	const struct gw_err *why = &x->payment.refused;
	struct usage_finish f = { .outcome = OUTCOME_REFUSED,
				  .status = gw_err_status(why->code),
				  .error_code = str_c(gw_err_wire(why->code)),
				  .first_byte_ms = 0,
				  .finished_ms = now_ms,
				  .cost_known = true,
				  .exact = true,
				  .input_tokens = -1,
				  .output_tokens = -1,
				  .cached_tokens = -1 };
	int64_t id = x->usage_id;

	x->usage_id = 0;
	return usage_finish_tx(c, id, &f, e);
}

static int admit_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct exchange *x = arg;
	int64_t now_ms = clock_wall_ms();
	struct usage_start u;
	bool current = true, called;

	x->usage_id = 0;
	x->stale_prices = false;
	if (x->has_payment)
		payment_forget_try(&x->payment);
	if (nonce_burn_tx(c, &x->auth, now_ms / 1000, AUTH_WINDOW_S, e) < 0)
		return -1;
	/* also of a model that is refused for want of a price: it may have one by now */
	if (x->priced && prices_current_tx(c, x->prices, &current, e) < 0)
		return -1;
	if (!current) {
		x->stale_prices = true;
		return gw_fail(e, GWE_CONFLICT, 0, "prices have changed");
	}
	called = x->refusal.code == GWE_OK;
	u = usage_row(x, now_ms);
	if (((called || x->has_payment) && hold_lease(c, x, now_ms, e) < 0) ||
	    (x->has_payment && admit_payment(c, x, &u, e) < 0) ||
	    (called && !x->usage_id && usage_start_tx(c, &u, &x->usage_id, e) < 0))
		return -1;
	return called && x->has_payment && x->payment.refused.code != GWE_OK
		       ? close_refused(c, x, now_ms, e)
		       : 0;
}

/* Take the prices of now, and the bound by them. A refusal is one like any other of the request. */
static int renew_prices(struct exchange *x, struct gw_err *e)
{
	if (prices_refresh(&x->g->prices, x->conf, x->prices, e) < 0)
		return -1;
	prices_put(x->prices);
	x->prices = prices_take(&x->g->prices);
	x->refusal.code = GWE_OK; /* the bound is asked last: there was no other */
	if (exchange_bound(x, &x->refusal) < 0)
		x->shape = SHAPE_PROVIDER;
	return 0;
}

int exchange_admit(struct exchange *x, struct gw_err *e)
{
	int64_t since = clock_mono_ms();
	unsigned tries = 0;

	for (;;) {
		if (store_write_repeatable(x->g->store, "admit", admit_tx, x, e) == 0) {
			x->admitted = x->refusal.code == GWE_OK &&
				      (!x->has_payment || x->payment.refused.code == GWE_OK);
			return 0;
		}
		if (x->stale_prices) {
			if (++tries > PRICE_TRIES)
				return gw_fail(e, GWE_SERVICE_UNAVAILABLE, 0,
					       "prices are being changed; try again");
			if (renew_prices(x, e) < 0)
				return -1;
		} else if (x->has_payment && x->payment.busy) {
			/* Rule: payment-channel.md 6.4 "busy": wait, then decide on what is found */
			if (!payment_wait(&x->payment, since, BUSY_SLICE_MS, x->rq->fd))
				return gw_fail(
					e, GWE_RAV_CONFLICT, 0,
					"another request of this sub-channel is still at work");
		} else {
			return -1;
		}
	}
}
