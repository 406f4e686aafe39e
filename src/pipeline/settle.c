/* SPDX-License-Identifier: Apache-2.0 */
/* What an exchange cost, and T2: the one final row. */
#include "config.h"

#include "pipeline/exchange.h"

#include <poll.h>
#include <stdlib.h>

#include "codec/jwrite.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	ROW_TEXT_MAX = 65536,
	TRIES = 6,
	FIRST_WAIT_MS = 50, /* doubled each time: about three seconds in all */
	TRIES_MS = 8000	    /* one try alone may wait for a lock for as long */
};

/* ---- the texts of the row (I9) ---- */

static void write_usage_members(struct jwrite *w, const struct usage *u)
{
	const struct {
		const char *name;
		uint64_t n;
	} rest[] = {
		{ "cached_input", u->cached_input },
		{ "cache_write_5m", u->cache_write_5m },
		{ "cache_write_1h", u->cache_write_1h },
		{ "reasoning", u->reasoning },
		{ "input_audio", u->input_audio },
		{ "cached_input_audio", u->cached_input_audio },
		{ "output_audio", u->output_audio },
		{ "input_image", u->input_image },
		{ "cached_input_image", u->cached_input_image },
		{ "output_image", u->output_image },
		{ "audio_ms", u->audio_ms },
	};
	static const char *const words[] = { "none", "partial", "final" };

	jwrite_text(w, "completeness", words[u->completeness]);
	if (u->inconsistent)
		jwrite_bool(w, "inconsistent", true);
	jwrite_u64(w, "input", u->input);
	jwrite_u64(w, "input_uncached", u->input_uncached);
	jwrite_u64(w, "output", u->output);
	for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
		if (rest[i].n)
			jwrite_u64(w, rest[i].name, rest[i].n);
}

static void write_usage(struct buf *b, const struct reading *r)
{
	struct jwrite w;

	jwrite_init(&w, b, false);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "state", reading_state_name(r->state));
	if (r->usage.completeness != USAGE_NONE)
		write_usage_members(&w, &r->usage);
	for (unsigned i = 0; i < TOOL_COUNT; i++)
		if (r->tools[i])
			jwrite_u64(&w, tool_name((enum tool_kind)i), r->tools[i]);
	if (r->web_search_queries)
		jwrite_u64(&w, "web_search_queries", r->web_search_queries);
	if (r->images)
		jwrite_u64(&w, "images", r->images);
	jwrite_u64(&w, "text_bytes", r->text_bytes);
	jwrite_text(&w, "tier", price_tier_name(r->tier));
	if (r->provider_cost[0])
		jwrite_text(&w, "provider_cost_usd", r->provider_cost);
	if (r->provider_cost_fee[0])
		jwrite_text(&w, "provider_cost_fee_usd", r->provider_cost_fee);
	if (r->unknown_field[0])
		jwrite_text(&w, "unknown_field", r->unknown_field);
	if (r->n_extra) {
		jwrite_array(&w, "extra");
		for (unsigned i = 0; i < r->n_extra; i++) {
			jwrite_object(&w, NULL);
			jwrite_text(&w, "model", r->extra[i].model);
			write_usage_members(&w, &r->extra[i].usage);
			jwrite_object_end(&w);
		}
		jwrite_array_end(&w);
	}
	jwrite_object_end(&w);
}

static void write_cost(struct buf *b, const struct cost *c)
{
	struct jwrite w;

	jwrite_init(&w, b, false);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "tier", price_tier_name(c->tier));
	if (c->long_context)
		jwrite_bool(&w, "long_context", true);
	if (c->factor_num != c->factor_den) {
		jwrite_u64(&w, "factor_num", c->factor_num);
		jwrite_u64(&w, "factor_den", c->factor_den);
	}
	jwrite_array(&w, "parts");
	for (unsigned i = 0; i < c->n_part; i++) {
		const struct cost_part *p = &c->part[i];

		jwrite_object(&w, NULL);
		jwrite_text(&w, "item", p->item);
		jwrite_u64(&w, "qty", p->qty);
		jwrite_u64(&w, "pico_each", p->pico_each);
		if (p->num != p->den) {
			jwrite_u64(&w, "num", p->num);
			jwrite_u64(&w, "den", p->den);
		}
		if (p->extra)
			jwrite_u64(&w, "extra", p->extra);
		jwrite_object_end(&w);
	}
	jwrite_array_end(&w);
	jwrite_object_end(&w);
}

/* ---- the bill ---- */

static void costs_nothing(struct cost *c)
{
	c->source = COST_NONE;
	c->known = c->exact = true;
	c->pico = PICOUSD_ZERO;
	c->factor_num = c->factor_den = 1;
}

static void bill(struct exchange *x, const struct reading *r)
{
	struct cost_options o = exchange_cost_options(x, x->view.model);

	x->cost = arena_alloc(x->rq->arena, sizeof *x->cost);
	if (!x->cost)
		abort(); /* the arena's bound is far beyond what came before */
	/* without a connection nothing is owed; a free route costs nothing whatever it says */
	if (x->route.free || !x->called || (!x->up.sent && !x->upstream_status))
		costs_nothing(x->cost);
	else
		cost_charge(r, &x->cost_request, x->bound, &o, x->cost);
	if (x->cost->alarm && !x->route.free)
		gateway_alarm(x->g, x->cost->alarm, x->view.model);
	if (r->unknown_field[0])
		gateway_alarm(x->g, "a usage field that nobody knows", str_c(r->unknown_field));
}

static int64_t count_or_unknown(const struct reading *r, uint64_t n)
{
	return r->usage.completeness == USAGE_NONE || n > INT64_MAX ? -1 : (int64_t)n;
}

static int status_sent(const struct exchange *x)
{
	if (x->rp->status)
		return x->rp->status;
	if (x->rp->gone)
		return 0;
	if (x->passing)
		return x->upstream_status;
	if (x->failure.code != GWE_OK)
		return gw_err_status(x->failure.code);
	return exchange_status(x->upstream_status);
}

static struct usage_finish final_row(struct exchange *x, const struct reading *r, struct buf *usage,
				     struct buf *cost)
{
	const struct cost *c = x->cost;
	struct str code = STR_NULL;

	if (x->failure.code != GWE_OK)
		code = str_c(gw_err_wire(x->failure.code));
	else if (r->has_error)
		code = str_c(r->error_code[0] ? r->error_code : r->error_type);
	if (x->outcome == OUTCOME_OK && r->has_error)
		x->outcome = OUTCOME_UPSTREAM_ERROR;
	write_usage(usage, r);
	write_cost(cost, c);
	return (struct usage_finish){
		.outcome = x->outcome,
		.status = status_sent(x),
		/* others than HTTP's are not for the database */
		.upstream_status = x->upstream_status < 600 ? x->upstream_status : 0,
		.error_code = code,
		.model_reported = str_c(r->model),
		.upstream_request_id = str_c(r->upstream_request_id),
		.first_byte_ms = x->first_byte_ms,
		.finished_ms = clock_wall_ms(),
		.cost_known = c->known,
		.estimated = c->estimated,
		.exact = c->exact,
		.cost_pico = picousd_u64(c->pico),
		.usage_json = buf_str(usage),
		.cost_json = buf_str(cost),
		.price_version = str_c(price_book_version(x->prices->book)),
		.multiplier = str_c(x->prices->multiplier_text),
		.priced_as = str_c(c->priced_as),
		.cost_source = str_c(cost_source_name(c->source)),
		.input_tokens = count_or_unknown(r, r->usage.input),
		.output_tokens = count_or_unknown(r, r->usage.output),
		.cached_tokens = count_or_unknown(r, r->usage.cached_input),
		.bytes_out = x->passing ? x->rp->body_bytes : x->held.len,
	};
}

static void note_bill(struct exchange *x, const struct reading *r)
{
	struct access_fields *l = &x->rq->log;

	l->input_tokens = count_or_unknown(r, r->usage.input);
	l->output_tokens = count_or_unknown(r, r->usage.output);
	l->cached_tokens = count_or_unknown(r, r->usage.cached_input);
	l->cache_write_tokens = r->usage.cache_write_5m + r->usage.cache_write_1h;
	l->reasoning_tokens = r->usage.reasoning;
	l->upstream_cost_usd = arena_dup(x->rq->arena, str_c(r->provider_cost));
	l->has_cost = x->cost->known;
	l->cost_pico = picousd_u64(x->cost->pico);
	l->estimated = x->cost->estimated;
	l->pricing_source = str_c(x->cost->source == COST_PROVIDER ? "provider"
				  : x->cost->source == COST_TABLE  ? "gateway-pricing"
								   : NULL);
	l->pricing_version = arena_dup(x->rq->arena, str_c(price_book_version(x->prices->book)));
	l->usage_source = x->cost->source == COST_NONE ? STR_NULL : l->pricing_source;
	l->priced_as = str_c(x->cost->priced_as);
	l->alarm = x->cost->alarm;
	l->upstream_request_id = arena_dup(x->rq->arena, str_c(r->upstream_request_id));
	if (r->has_error) {
		l->upstream_error_code = arena_dup(x->rq->arena, str_c(r->error_code));
		l->upstream_error_type = arena_dup(x->rq->arena, str_c(r->error_type));
	}
}

/* ---- T2 ---- */

static int settle_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	return owed_write_tx(c, arg, e);
}

/*
 * The value has been delivered: a store that is busy or out of order for a moment is asked again, while
 * the client waits for its bill; after that the charge waits without it. A row that somebody else has
 * closed (we were taken for dead) stays closed.
 */
static int settle(struct exchange *x, struct owed_charge *ch, struct gw_err *e)
{
	int64_t until = clock_mono_ms() + TRIES_MS;
	int wait_ms = FIRST_WAIT_MS;

	for (unsigned i = 0; i < TRIES; i++, wait_ms *= 2) {
		if (i)
			(void)poll(NULL, 0, wait_ms);
		/* the process ends: it needs the time that is left for all that wait */
		if (i && (responder_must_stop(x->g->responder) || clock_mono_ms() >= until))
			break;
		if (store_write_repeatable(x->g->store, "settle", settle_tx, ch, e) == 0)
			return 0;
		if (e->code == GWE_CONFLICT)
			break;
	}
	return -1;
}

void exchange_settle(struct exchange *x)
{
	const struct reading *r = meter_reading(x->meter);
	struct buf usage, cost;
	struct usage_finish row;
	struct owed_charge ch = { .usage_id = x->usage_id, .row = &row };
	const char *alarm = NULL;
	struct gw_err e;

	buf_init(&usage, ROW_TEXT_MAX);
	buf_init(&cost, ROW_TEXT_MAX);
	bill(x, r);
	row = final_row(x, r, &usage, &cost);
	ch.cost = x->cost->pico;
	ch.payment = x->has_payment ? &x->payment : NULL;
	if (settle(x, &ch, &e) < 0) {
		alarm = owed_keep(x->g->owed, &ch, &e) ? "the charge waits for the store"
						       : "the charge is lost";
		(void)gw_fail_priv(&x->failure, GWE_INTERNAL, e.sys, "settlement failed: %s",
				   e.pub);
		x->admitted = false; /* nothing was stored: there is no proposal to show */
	} else if (x->has_payment) {
		payment_released(&x->payment);
	}
	note_bill(x, r);
	if (alarm)
		x->rq->log.alarm = alarm;
	buf_clear(&usage);
	buf_clear(&cost);
}
