/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/payment_header.h"

#include <string.h>

#include "codec/multibase.h"

enum { DEPTH_MAX = 64 };

static const char not_readable[] = "X-Payment-Channel-Data cannot be read";

/* ---- reading ---- */

/* The JSON object inside @text, in @json. */
static int open_header(struct buf *json, struct jval *root, struct str text, struct gw_err *e)
{
	struct gw_err why = { .code = GWE_OK };

	if (text.len > PAYMENT_HEADER_MAX)
		return gw_fail(e, GWE_BAD_REQUEST, 0, "X-Payment-Channel-Data is too long");
	if (!multibase_decode_u(text, json))
		return gw_fail(e, GWE_BAD_REQUEST, 0, "%s: not base64url with prefix u",
			       not_readable);
	if (jscan_check(buf_str(json), DEPTH_MAX, false, root, &why))
		return gw_fail(e, GWE_BAD_REQUEST, 0, "%s: %s", not_readable, why.pub);
	if (root->type != J_OBJECT)
		return gw_fail(e, GWE_BAD_REQUEST, 0, "%s: not an object", not_readable);
	return 0;
}

static int read_signature(uint8_t out[KEY_SIG], struct jval v, struct gw_err *e)
{
	if (subrav_read_signature(out, v))
		return 0;
	return gw_fail(e, GWE_BAD_REQUEST, 0,
		       "%s: signature has to be 64 bytes in base64url with prefix u", not_readable);
}

static int read_voucher(struct voucher *out, struct jval v, struct gw_err *e)
{
	if (v.type != J_OBJECT)
		return gw_fail(e, GWE_BAD_REQUEST, 0, "%s: signedSubRav is not an object",
			       not_readable);
	if (subrav_read_json(&out->rav, jscan_get(v, "subRav"), e))
		return -1;
	if (!rooch_fragment_valid(str_c(out->rav.fragment)))
		return gw_fail(e, GWE_BAD_REQUEST, 0, "SubRAV member vmIdFragment is invalid");
	if (read_signature(out->signature, jscan_get(v, "signature"), e))
		return -1;
	if (out->rav.version != SUBRAV_VERSION)
		return gw_fail(e, GWE_UNKNOWN_SUBRAV, 0, "SubRAV version %u is not supported",
			       out->rav.version);
	return 0;
}

static int read_request(struct payment_request *out, struct jval root, struct gw_err *e)
{
	struct jval v = jscan_get(root, "clientTxRef");
	uint64_t version;

	if (!jval_copy(v, out->client_tx_ref, sizeof out->client_tx_ref) || !*out->client_tx_ref) {
		*out->client_tx_ref = '\0';
		return gw_fail(e, GWE_BAD_REQUEST, 0,
			       "%s: clientTxRef has to be a text of 1 to %d bytes", not_readable,
			       TX_REF_MAX);
	}
	v = jscan_get(root, "version");
	if (v.type != J_NONE && (!jval_u64(v, &version) || version != 1))
		return gw_fail(e, GWE_BAD_REQUEST, 0, "%s: version has to be 1", not_readable);
	v = jscan_get(root, "maxAmount");
	if (v.type != J_NONE && !subrav_read_amount(&out->max_amount, v))
		return gw_fail(e, GWE_BAD_REQUEST, 0, "%s: maxAmount has to be a decimal integer",
			       not_readable);
	v = jscan_get(root, "signedSubRav");
	out->has_voucher = !jval_is_null(v);
	return out->has_voucher ? read_voucher(&out->voucher, v, e) : 0;
}

int payment_request_read(struct payment_request *out, struct str text, struct gw_err *e)
{
	struct jval root = { J_NONE, STR_NULL };
	struct buf json;
	int rc;

	memset(out, 0, sizeof *out);
	buf_init(&json, PAYMENT_HEADER_MAX);
	rc = open_header(&json, &root, text, e);
	if (!rc)
		rc = read_request(out, root, e);
	buf_clear(&json);
	return rc;
}

/* A text of the other side that we only show: cut at a whole character. False: no text. */
static bool read_shown(char *dst, size_t size, struct jval v)
{
	struct buf b;
	size_t n;

	*dst = '\0';
	if (jval_is_null(v))
		return true;
	buf_init(&b, PAYMENT_HEADER_MAX);
	if (!jval_text(v, &b)) {
		buf_clear(&b);
		return false;
	}
	n = b.len < size ? b.len : size - 1;
	while (n && n < b.len && ((uint8_t)b.p[n] & 0xc0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++)
		dst[i] = b.p[i] ? b.p[i] : '?';
	dst[n] = '\0';
	buf_clear(&b);
	return true;
}

static const char *read_error(struct payment_response *out, struct jval v)
{
	if (v.type != J_OBJECT)
		return "error";
	out->has_error = true;
	out->error_details = jscan_get(v, "details").raw;
	if (!read_shown(out->error_code, sizeof out->error_code, jscan_get(v, "code")))
		return "error.code";
	if (!read_shown(out->error_message, sizeof out->error_message, jscan_get(v, "message")))
		return "error.message";
	return NULL;
}

/* The name of a member that cannot be taken, or NULL. */
static const char *read_response(struct payment_response *out, struct jval root)
{
	struct jval v = jscan_get(root, "version");
	uint64_t version, pico;

	if (!jval_is_null(v) && !jval_str_eq(v, "1") && (!jval_u64(v, &version) || version != 1))
		return "version";
	if (!read_shown(out->client_tx_ref, sizeof out->client_tx_ref,
			jscan_get(root, "clientTxRef")))
		return "clientTxRef";
	if (!read_shown(out->service_tx_ref, sizeof out->service_tx_ref,
			jscan_get(root, "serviceTxRef")))
		return "serviceTxRef";
	v = jscan_get(root, "cost");
	out->has_cost = !jval_is_null(v);
	if (out->has_cost && !subrav_read_amount(&out->cost, v))
		return "cost";
	v = jscan_get(root, "costUsd");
	out->has_cost_usd = !jval_is_null(v);
	if (out->has_cost_usd && !subrav_read_amount(&out->cost_usd_stated, v))
		return "costUsd";
	if (u256_to_u64(&pico, out->cost_usd_stated))
		out->cost_usd = picousd_of(pico);
	v = jscan_get(root, "error");
	return jval_is_null(v) ? NULL : read_error(out, v);
}

int payment_response_read(struct payment_response *out, struct str text, struct buf *scratch,
			  struct gw_err *e)
{
	struct jval root = { J_NONE, STR_NULL }, v;
	const char *bad;

	memset(out, 0, sizeof *out);
	buf_reset(scratch);
	if (open_header(scratch, &root, text, e))
		return -1;
	bad = read_response(out, root);
	if (bad)
		return gw_fail(e, GWE_BAD_REQUEST, 0, "%s: member %s is invalid", not_readable,
			       bad);
	v = jscan_get(root, "subRav");
	out->has_subrav = !jval_is_null(v);
	return out->has_subrav ? subrav_read_json(&out->subrav, v, e) : 0;
}

/* ---- writing ---- */

static void write_amount(struct jwrite *w, const char *key, struct u256 v)
{
	char text[U256_TEXT];

	u256_format(text, v);
	jwrite_text(w, key, text);
}

/* Ends @w's object and appends it to @b as multibase. */
static void close_header(struct jwrite *w, struct buf *b)
{
	jwrite_object_end(w);
	if (w->b->failed || !multibase_encode_u(w->b->p, w->b->len, b))
		b->failed = true;
	buf_clear(w->b);
}

void payment_request_write(struct buf *b, const struct payment_request *r)
{
	struct buf json, sig;
	struct jwrite w;

	buf_init(&json, PAYMENT_HEADER_MAX);
	jwrite_init(&w, &json, false);
	jwrite_object(&w, NULL);
	jwrite_u64(&w, "version", 1);
	jwrite_text(&w, "clientTxRef", r->client_tx_ref);
	if (!u256_is_zero(r->max_amount))
		write_amount(&w, "maxAmount", r->max_amount);
	if (r->has_voucher) {
		buf_init(&sig, 128);
		if (!multibase_encode_u(r->voucher.signature, KEY_SIG, &sig))
			b->failed = true;
		jwrite_object(&w, "signedSubRav");
		subrav_write_json(&w, "subRav", &r->voucher.rav);
		jwrite_str(&w, "signature", buf_str(&sig));
		jwrite_object_end(&w);
		buf_clear(&sig);
	}
	close_header(&w, b);
}

void payment_response_write(struct buf *b, const struct payment_response *r)
{
	char usd[PICOUSD_TEXT];
	struct jwrite w;
	struct buf json;

	buf_init(&json, PAYMENT_HEADER_MAX);
	jwrite_init(&w, &json, false);
	jwrite_object(&w, NULL);
	jwrite_u64(&w, "version", 1);
	jwrite_text(&w, "clientTxRef", r->client_tx_ref);
	if (*r->service_tx_ref)
		jwrite_text(&w, "serviceTxRef", r->service_tx_ref);
	if (r->has_subrav)
		subrav_write_json(&w, "subRav", &r->subrav);
	if (r->has_cost) {
		write_amount(&w, "cost", r->cost);
		picousd_format(usd, r->cost_usd);
		jwrite_text(&w, "costUsd", usd);
	}
	if (r->has_error) {
		jwrite_object(&w, "error");
		jwrite_text(&w, "code", r->error_code);
		jwrite_text(&w, "message", r->error_message);
		if (r->error_details.len)
			jwrite_raw(&w, "details", r->error_details);
		jwrite_object_end(&w);
	}
	close_header(&w, b);
}

/* ---- frames ---- */

static bool contains(struct str text, const char *what)
{
	size_t n = strlen(what);

	for (size_t i = 0; i + n <= text.len; i++)
		if (str_caseeq_c(str_sub(text, i, n), what))
			return true;
	return false;
}

enum payment_frame payment_frame_kind(struct str content_type)
{
	if (contains(content_type, "text/event-stream"))
		return FRAME_SSE;
	if (contains(content_type, "application/x-ndjson"))
		return FRAME_NDJSON;
	return FRAME_NONE;
}

void payment_frame_write(struct buf *b, enum payment_frame kind, struct str value)
{
	switch (kind) {
	case FRAME_NONE:
		return;
	case FRAME_SSE:
		buf_add_c(b, "\n\ndata: {\"nuwa_payment_header\":");
		buf_add_json(b, value);
		buf_add_c(b, "}\n\n");
		return;
	case FRAME_NDJSON:
		buf_add_c(b, "\n{\"__nuwa_payment_header__\":");
		buf_add_json(b, value);
		buf_add_c(b, "}\n");
		return;
	}
}
