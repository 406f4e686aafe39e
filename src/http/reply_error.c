/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "http/reply_error.h"

#include "codec/jwrite.h"
#include "provider/provider.h"
#include "util/clock.h"

enum { ERROR_BODY_MAX = 65536 };

/* Rule: gateway.md 9 "model missing", "model without price": every provider the same */
static void model_body(struct jwrite *w, const struct gw_err *e)
{
	jwrite_object(w, NULL);
	jwrite_object(w, "error");
	jwrite_text(w, "message", e->pub);
	jwrite_text(w, "type", "invalid_request_error");
	jwrite_text(w, "code", gw_err_wire(e->code));
	jwrite_object_end(w);
	jwrite_object_end(w);
}

static void envelope_body(struct jwrite *w, const struct gw_err *e, const struct error_form *f)
{
	/* Rule: payment-channel.md 8, last paragraph: the endpoints have a word of their own for this */
	bool internal = f->shape == SHAPE_API && e->code == GWE_INTERNAL;

	jwrite_object(w, NULL);
	jwrite_bool(w, "success", false);
	jwrite_object(w, "error");
	jwrite_text(w, "code", internal ? "INTERNAL_ERROR" : gw_err_wire(e->code));
	jwrite_text(w, "message", e->pub);
	if (f->details.len)
		jwrite_raw(w, "details", f->details);
	jwrite_i64(w, "httpStatus", gw_err_status(e->code));
	jwrite_object_end(w);
	if (f->shape == SHAPE_API) {
		char iso[CLOCK_ISO_SIZE];

		clock_iso(iso, clock_wall_ms());
		jwrite_text(w, "timestamp", iso);
	}
	jwrite_object_end(w);
}

static void write_body(struct buf *b, const struct gw_err *e, const struct error_form *f)
{
	struct jwrite w;

	jwrite_init(&w, b, false);
	if (e->code == GWE_MODEL_NOT_SUPPORTED) {
		model_body(&w, e);
		return;
	}
	switch (f->shape) {
	case SHAPE_PROVIDER:
		provider_error_body(f->provider, gw_err_status(e->code), gw_err_wire(e->code),
				    e->pub, b);
		return;
	case SHAPE_ENVELOPE:
	case SHAPE_API:
		envelope_body(&w, e, f);
		return;
	case SHAPE_PLAIN:
		jwrite_object(&w, NULL);
		jwrite_bool(&w, "success", false);
		jwrite_text(&w, "error", e->pub);
		jwrite_object_end(&w);
		return;
	}
}

void http_note_error(struct http_reply *r, const struct gw_err *e)
{
	r->rq->log.error_code = gw_err_wire(e->code);
	snprintf(r->rq->log.detail, sizeof r->rq->log.detail, "%s", e->priv[0] ? e->priv : e->pub);
}

bool http_reply_error(struct http_reply *r, const struct gw_err *e, const struct error_form *f)
{
	struct buf b;
	bool sent;

	http_note_error(r, e);
	if (r->head_sent)
		return false;
	if (gw_err_status(e->code) == 401)
		http_reply_header(r, "WWW-Authenticate", STR_LIT("DIDAuthV1"));
	if (gw_err_status(e->code) == 405 && r->allow)
		http_reply_header(r, "Allow", str_c(r->allow));
	if (gw_err_status(e->code) == 503)
		http_reply_header(r, "Retry-After", STR_LIT("1"));
	buf_init(&b, ERROR_BODY_MAX);
	write_body(&b, e, f);
	sent = http_reply_send(r, gw_err_status(e->code), "application/json; charset=utf-8",
			       buf_str(&b));
	buf_clear(&b);
	return sent;
}
