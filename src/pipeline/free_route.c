/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pipeline/free_route.h"

#include "util/clock.h"

enum { WAIT_MS = 1000 };

int free_route_read(struct payment *p, struct gateway *g, const struct http_request *rq,
		    const struct did_auth *auth, struct gw_err *e)
{
	struct str header;
	bool ambiguous;

	if (gateway_payment_header(rq, &header, &ambiguous, e) < 0)
		return -1;
	payment_begin(p, g->payments, auth, true, rq->arena);
	return payment_parse(p, header, ambiguous, e);
}

/* ---- T1 ---- */

struct taking {
	struct gateway *g;
	struct payment *p;
};

static int take_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct taking *t = arg;
	struct payment_offer o = { .now_ms = clock_wall_ms() };

	if (gateway_look_at_lease(c, t->g, o.now_ms, e) < 0)
		return -1;
	o.in_doubt = gateway_in_doubt(t->g);
	return payment_admit_tx(c, t->p, &o, e);
}

int free_route_take(struct payment *p, struct gateway *g, const struct http_request *rq,
		    struct gw_err *e)
{
	struct taking t = { g, p };
	int64_t since = clock_mono_ms();

	if (payment_prepare(p, e) < 0)
		return -1;
	while (store_write(g->store, "voucher", take_tx, &t, e) < 0) {
		if (!p->busy)
			return -1;
		if (!payment_wait(p, since, WAIT_MS, rq->fd))
			return gw_fail(e, GWE_RAV_CONFLICT, 0,
				       "a request of this sub-channel is still at work");
	}
	if (p->refused.code == GWE_OK)
		return 0;
	*e = p->refused;
	return -1;
}

/* Rule: payment-channel.md 8: body and header say the same */
void free_route_refuse(const struct payment *p, struct http_reply *rp, const struct gw_err *e)
{
	const struct error_form f = { .shape = SHAPE_ENVELOPE, .details = p->refused_details };
	struct buf b;

	buf_init(&b, PAYMENT_HEADER_MAX);
	payment_response(p, e, &b);
	if (b.len)
		http_reply_payment(rp, buf_str(&b));
	http_reply_error(rp, e, &f);
	buf_clear(&b);
}

/* ---- paths without authentication ---- */

/* Without a voucher such a request needs no authentication, and nothing of it is looked at. */
static bool brings_voucher(const struct http_request *rq)
{
	struct payment_request r;
	struct gw_err e;
	struct str header;
	bool ambiguous;

	if (gateway_payment_header(rq, &header, &ambiguous, &e) < 0 || ambiguous)
		return true; /* perhaps; it will be refused for that */
	return header.p && (payment_request_read(&r, header, &e) < 0 || r.has_voucher);
}

bool free_route_pay(struct gateway *g, struct http_request *rq, struct http_reply *rp)
{
	const struct error_form plain = { .shape = SHAPE_ENVELOPE };
	struct did_auth auth;
	struct payment p;
	struct gw_err e;

	if (!g->payments || !brings_voucher(rq))
		return true;
	if (gateway_authenticate(g, rq, &auth, &e) < 0 || gateway_burn(g, &auth, &e) < 0) {
		http_reply_error(rp, &e, &plain);
		return false;
	}
	rq->log.did = arena_dup(rq->arena, str_c(auth.did));
	memset(&p, 0, sizeof p);
	if (free_route_read(&p, g, rq, &auth, &e) == 0 && free_route_take(&p, g, rq, &e) == 0) {
		rq->log.payment = STR_LIT("voucher taken");
		return true;
	}
	rq->log.payment = str_c(gw_err_wire(e.code));
	if (p.engine)
		free_route_refuse(&p, rp, &e);
	else
		http_reply_error(rp, &e, &plain);
	return false;
}
