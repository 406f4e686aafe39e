/* SPDX-License-Identifier: Apache-2.0 */
/* What the client gets: refusals, answers that were held for their bill, the tail of streams. */
#include "config.h"

#include "pipeline/exchange.h"

#include "codec/jscan.h"
#include "codec/jwrite.h"

enum {
	HEADER_VALUE_MAX = 16384,
	RAW_TEXT_MAX = 16384,
	WRAPPED_MAX = 8 * RAW_TEXT_MAX,
	DEPTH_MAX = 1024
};

/* ---- payment header and frame ---- */

static void add_payment(struct exchange *x, const struct gw_err *e)
{
	struct buf b;

	if (!x->has_payment)
		return;
	buf_init(&b, HEADER_VALUE_MAX);
	payment_response(&x->payment, e, &b);
	if (b.len)
		http_reply_payment(x->rp, buf_str(&b));
	buf_clear(&b);
}

static void add_frame(struct exchange *x, const struct gw_err *e)
{
	struct buf value, frame;

	if (!x->has_payment || x->payment.free_route)
		return;
	buf_init(&value, HEADER_VALUE_MAX);
	buf_init(&frame, HEADER_VALUE_MAX + 256);
	payment_response(&x->payment, e, &value);
	payment_frame_write(&frame, payment_frame_kind(x->content_type), buf_str(&value));
	http_reply_write(x->rp, buf_c(&frame), frame.len);
	buf_clear(&value);
	buf_clear(&frame);
}

/* ---- errors of ours ---- */

void exchange_refuse(struct exchange *x, const struct gw_err *e, enum error_shape shape)
{
	struct error_form f = { .shape = shape, .provider = x->g->provider };

	x->rp->allow = x->allow;
	if (x->has_payment && shape == SHAPE_ENVELOPE)
		f.details = x->payment.refused_details;
	if (x->has_payment)
		add_payment(x, shape == SHAPE_ENVELOPE ? e : NULL);
	http_reply_error(x->rp, e, &f);
}

/* Rule: gateway.md 9: bodies that the original has for an upstream without an answer */
static void send_no_answer(struct exchange *x)
{
	bool network = x->failure.code == GWE_UPSTREAM_UNREACHABLE;
	int status = gw_err_status(x->failure.code);
	struct jwrite w;
	struct buf b;

	http_note_error(x->rp, &x->failure);
	if (network)
		http_reply_header(x->rp, "Retry-After", STR_LIT("1"));
	buf_init(&b, WRAPPED_MAX);
	jwrite_init(&w, &b, false);
	jwrite_object(&w, NULL);
	jwrite_bool(&w, "success", false);
	jwrite_text(&w, "error", x->failure.pub);
	if (network) {
		jwrite_object(&w, "upstream_error");
		jwrite_text(&w, "type", gw_err_wire(x->failure.code));
		jwrite_object_end(&w);
	} else {
		jwrite_null(&w, "upstream_error");
	}
	jwrite_i64(&w, "status_code", status);
	jwrite_object_end(&w);
	http_reply_send(x->rp, status, "application/json; charset=utf-8", buf_str(&b));
	buf_clear(&b);
}

/* Rule: gateway.md 9 "upstream error, other body" */
static void send_wrapped(struct exchange *x)
{
	struct str text = str_sub(buf_str(&x->held), 0, RAW_TEXT_MAX);
	struct jwrite w;
	struct buf b;

	buf_init(&b, WRAPPED_MAX);
	jwrite_init(&w, &b, false);
	jwrite_object(&w, NULL);
	jwrite_bool(&w, "success", false);
	jwrite_str(&w, "error", text.len ? text : str_c(http_status_text(x->upstream_status)));
	jwrite_object(&w, "upstream_error");
	jwrite_text(&w, "statusText", http_status_text(x->upstream_status));
	jwrite_str(&w, "rawBody", text);
	jwrite_str(&w, "rawError", text);
	jwrite_object_end(&w);
	jwrite_i64(&w, "status_code", x->upstream_status);
	jwrite_object_end(&w);
	http_reply_send(x->rp, x->upstream_status, "application/json; charset=utf-8", buf_str(&b));
	buf_clear(&b);
}

/* Rule: gateway.md 9 "Careful with upstream statuses": our key, not the client's */
static bool is_refusal(int status)
{
	return status >= 401 && status <= 403;
}

/* Rule: design.md 7: no redirects; and nobody asked for what else has such a status */
static bool is_answer(int status)
{
	return status >= 200 && (status < 300 || status >= 400) && status < 600;
}

int exchange_status(int upstream_status)
{
	if (is_refusal(upstream_status))
		return gw_err_status(GWE_UPSTREAM_REFUSED_US);
	return is_answer(upstream_status) ? upstream_status : gw_err_status(GWE_UPSTREAM_FAILED);
}

static void send_own(struct exchange *x)
{
	struct error_form f = { .shape = SHAPE_PROVIDER, .provider = x->g->provider };
	struct gw_err e;

	if (is_refusal(x->upstream_status)) {
		(void)gw_fail(
			&e, GWE_UPSTREAM_REFUSED_US, 0,
			"The provider does not accept the gateway's account (status %d); the operator "
			"has to look at it",
			x->upstream_status);
		gateway_alarm(x->g, "the provider refuses our key",
			      str_c(provider_name(x->g->provider)));
	} else {
		(void)gw_fail(&e, GWE_UPSTREAM_FAILED, 0, "The provider answered with status %d",
			      x->upstream_status);
	}
	http_reply_error(x->rp, &e, &f);
}

/* ---- answers ---- */

void exchange_pass_headers(struct exchange *x)
{
	for (unsigned i = 0; i < x->n_header; i++) {
		const char *name = NULL;
		char own[128];

		if (!provider_pass_header(x->header[i].name, &name))
			continue;
		if (!name && str_caseeq_c(x->header[i].name, "content-type"))
			continue; /* sent as the answer's own */
		if (!name && str_copy(own, sizeof own, x->header[i].name))
			name = own;
		if (name)
			http_reply_header(x->rp, name, x->header[i].value);
	}
}

bool exchange_begin(struct exchange *x)
{
	if (x->rp->head_sent)
		return !x->rp->gone;
	exchange_pass_headers(x);
	return http_reply_begin(x->rp, x->upstream_status, x->content_type);
}

static bool is_json(struct str text)
{
	struct jval root;
	struct gw_err e;

	return jscan_check(text, DEPTH_MAX, true, &root, &e) == 0;
}

static void send_held(struct exchange *x)
{
	char type[256];
	int status = x->upstream_status;

	if (is_refusal(status) || !is_answer(status)) {
		send_own(x);
		return;
	}
	exchange_pass_headers(x);
	if (status >= 400 && !is_json(buf_str(&x->held))) {
		send_wrapped(x);
		return;
	}
	if (!str_copy(type, sizeof type, x->content_type))
		type[0] = '\0';
	http_reply_send(x->rp, status, type[0] ? type : "application/json; charset=utf-8",
			buf_str(&x->held));
}

static void send_failure(struct exchange *x)
{
	bool bare = x->failure.code == GWE_UPSTREAM_UNREACHABLE ||
		    (x->failure.code == GWE_UPSTREAM_FAILED && !x->upstream_status);
	struct error_form f = { .shape = x->admitted ? SHAPE_PROVIDER : SHAPE_ENVELOPE,
				.provider = x->g->provider };

	if (bare)
		send_no_answer(x);
	else
		http_reply_error(x->rp, &x->failure, &f);
}

/* The event by which the provider itself tells that something broke. */
static void add_stream_error(struct exchange *x)
{
	struct buf b;

	http_note_error(x->rp, &x->failure);
	if (!x->sse)
		return;
	/* what was begun ends here: an event needs its empty line */
	if (x->rp->body_bytes && !(x->last[0] == '\n' && x->last[1] == '\n'))
		http_reply_write(x->rp, "\n\n", 2);
	buf_init(&b, WRAPPED_MAX);
	provider_stream_error(x->route.provider, x->route.api, gw_err_status(x->failure.code),
			      gw_err_wire(x->failure.code), x->failure.pub, &b);
	http_reply_write(x->rp, buf_c(&b), b.len);
	buf_clear(&b);
}

void exchange_answer(struct exchange *x)
{
	bool settled = x->admitted;

	if (x->rp->gone)
		return;
	if (x->passing) {
		/* Rule: payment-channel.md 5: where nothing has been sent yet, the header says it as well */
		if (!x->rp->head_sent) {
			add_payment(x, settled ? NULL : &x->failure);
			(void)exchange_begin(x);
		}
		if (x->failure.code != GWE_OK)
			add_stream_error(x);
		add_frame(x, settled ? NULL : &x->failure);
		http_reply_end(x->rp);
		return;
	}
	add_payment(x, settled ? NULL : &x->failure);
	if (x->failure.code != GWE_OK || !x->upstream_status)
		send_failure(x);
	else
		send_held(x);
}
