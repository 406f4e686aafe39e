/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/payment_header.h"

#include "codec/multibase.h"

#include "json_eq.h"
#include "tap.h"
#include "vectors.h"

/* Decoded members as the vectors give them. */
static struct jval decoded(struct vectors *vs)
{
	return jscan_get(vs->v, "decoded");
}

static bool amount_is(struct jval v, bool has, struct u256 got)
{
	char text[U256_TEXT];

	if (!has)
		return jval_is_null(v);
	u256_format(text, got);
	return jval_str_eq(v, text);
}

static bool subrav_is(struct jval v, bool has, const struct subrav *got)
{
	struct jwrite w;
	struct buf b;
	bool ok;

	if (!has)
		return jval_is_null(v);
	buf_init(&b, 4096);
	jwrite_init(&w, &b, false);
	subrav_write_json(&w, NULL, got);
	ok = json_text_is(buf_str(&b), v);
	buf_clear(&b);
	return ok;
}

static bool text_is(struct jval v, const char *got)
{
	return *got ? jval_str_eq(v, got) : jval_is_null(v);
}

static bool signature_is(struct jval v, const uint8_t sig[KEY_SIG])
{
	char hex[2 * KEY_SIG + 1];

	hex_encode(hex, sig, KEY_SIG);
	return jval_str_eq(v, hex);
}

/* The JSON inside a header is @want. */
static bool inside_is(const struct buf *header, const char *want)
{
	struct jval root;
	struct gw_err e;
	struct buf b;
	bool ok;

	buf_init(&b, 1 << 16);
	ok = multibase_decode_u(buf_str(header), &b) &&
	     !jscan_check(str_c(want), 16, false, &root, &e) && json_text_is(buf_str(&b), root);
	buf_clear(&b);
	return ok;
}

static bool same_request(const struct payment_request *a, const struct payment_request *b)
{
	return !strcmp(a->client_tx_ref, b->client_tx_ref) &&
	       u256_cmp(a->max_amount, b->max_amount) == 0 && a->has_voucher == b->has_voucher &&
	       subrav_eq(&a->voucher.rav, &b->voucher.rav) &&
	       !memcmp(a->voucher.signature, b->voucher.signature, KEY_SIG);
}

static void request(struct vectors *vs)
{
	struct str header = vec_str(vs, "header");
	struct jval want = decoded(vs), voucher = jscan_get(want, "signedSubRav");
	bool accept = vec_is(vs, "kind", "encode+decode") || vec_true(vs, "mustAccept");
	struct payment_request r, again;
	struct gw_err e = { .code = GWE_OK };
	struct buf b;
	int rc = payment_request_read(&r, header, &e);

	if (!accept) {
		OK(rc && (e.code == GWE_BAD_REQUEST || e.code == GWE_UNKNOWN_SUBRAV) && e.pub[0],
		   "%s %s: %s", vs->id, vec_text(vs, "what"), e.pub);
		return;
	}
	OK(!rc && jval_str_eq(jscan_get(want, "clientTxRef"), r.client_tx_ref) &&
		   amount_is(jscan_get(want, "maxAmount"), true, r.max_amount) &&
		   r.has_voucher == (voucher.type == J_OBJECT),
	   "%s %s", vs->id, vec_text(vs, "what"));
	OK(!r.has_voucher || (subrav_is(jscan_get(voucher, "subRav"), true, &r.voucher.rav) &&
			      signature_is(jscan_get(voucher, "signature"), r.voucher.signature)),
	   "%s voucher", vs->id);
	buf_init(&b, PAYMENT_HEADER_MAX);
	payment_request_write(&b, &r);
	OK(!payment_request_read(&again, buf_str(&b), &e) && same_request(&r, &again),
	   "%s there and back", vs->id);
	if (vec_has(vs, "json") &&
	    (!u256_is_zero(r.max_amount) || !str_has(vec_str(vs, "json"), "max")))
		OK(str_eq(buf_str(&b), header), "%s byte for byte", vs->id);
	buf_clear(&b);
}

static void response(struct vectors *vs)
{
	struct str header = vec_str(vs, "header");
	struct jval want = decoded(vs), error = jscan_get(want, "error");
	bool accept = vec_is(vs, "kind", "encode+decode") || vec_true(vs, "originalAccepts");
	struct payment_response r;
	struct buf scratch, b;
	struct gw_err e;
	int rc;

	buf_init(&scratch, PAYMENT_HEADER_MAX);
	rc = payment_response_read(&r, header, &scratch, &e);
	OK(!rc == accept, "%s %s", vs->id, vec_text(vs, "what"));
	if (rc || !accept) {
		buf_clear(&scratch);
		return;
	}
	OK(text_is(jscan_get(want, "clientTxRef"), r.client_tx_ref) &&
		   text_is(jscan_get(want, "serviceTxRef"), r.service_tx_ref) &&
		   subrav_is(jscan_get(want, "subRav"), r.has_subrav, &r.subrav) &&
		   amount_is(jscan_get(want, "cost"), r.has_cost, r.cost) &&
		   amount_is(jscan_get(want, "costUsd"), r.has_cost_usd, r.cost_usd_stated),
	   "%s members", vs->id);
	OK(r.has_error == (error.type == J_OBJECT) &&
		   (!r.has_error || (jval_str_eq(jscan_get(error, "code"), r.error_code) &&
				     jval_str_eq(jscan_get(error, "message"), r.error_message))),
	   "%s error", vs->id);
	buf_init(&b, PAYMENT_HEADER_MAX);
	payment_response_write(&b, &r);
	if (vec_has(vs, "json") &&
	    u256_cmp(r.cost_usd_stated, u256_of(picousd_u64(r.cost_usd))) == 0)
		OK(str_eq(buf_str(&b), header), "%s byte for byte", vs->id);
	buf_clear(&b);
	buf_clear(&scratch);
}

static void vectors(void)
{
	struct vectors vs;

	vectors_open(&vs, "payment-headers");
	while (vectors_next(&vs))
		(vec_is(&vs, "direction", "request") ? request : response)(&vs);
	vectors_close(&vs);
}

/* ---- what the vectors do not have ---- */

static void wrap(struct buf *header, const char *json, size_t len)
{
	buf_init(header, (size_t)4 * PAYMENT_HEADER_MAX);
	if (!multibase_encode_u(json, len, header))
		abort();
}

static struct payment_request last;
static enum gw_code last_code;

static bool accepts(const char *json)
{
	struct gw_err e = { .code = GWE_OK };
	struct buf b;
	int rc;

	wrap(&b, json, strlen(json));
	rc = payment_request_read(&last, buf_str(&b), &e);
	last_code = e.code;
	buf_clear(&b);
	return !rc;
}

#define RAV \
	"{\"version\":1,\"chainId\":\"4\",\"channelId\":" \
	"\"0x2e8636cdf4bceaed893412e15dfcc26317bb1122f747f0ada6a4c94246cf1c91\"," \
	"\"channelEpoch\":\"0\",\"vmIdFragment\":\"%s\",\"accumulatedAmount\":\"1\"," \
	"\"nonce\":\"1\"}"
#define SIG86 \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static bool accepts_voucher(const char *fragment, const char *sig)
{
	char json[1024];

	snprintf(json, sizeof json,
		 "{\"clientTxRef\":\"r\",\"signedSubRav\":{\"subRav\":" RAV
		 ",\"signature\":\"%s\"}}",
		 fragment, sig);
	return accepts(json);
}

static void odd_requests(void)
{
	static const char *const good[] = {
		"{\"clientTxRef\":\"r\"}",
		" {\"clientTxRef\" : \"r\" , \"version\":1.0 } \n",
		"{\"clientTxRef\":\"r\",\"version\":2,\"version\":1}",
		"{\"clientTxRef\":\"\",\"clientTxRef\":\"r\"}",
		"{\"clientTxRef\":\"r\",\"maxAmount\":\"0\"}",
		"{\"clientTxRef\":\"r\",\"maxAmount\":0}",
		"{\"clientTxRef\":\"\\u00fc\",\"x\":[{\"y\":null}],\"signedSubRav\":null}",
	};
	static const char *const bad[] = {
		"",
		"[]",
		"\"r\"",
		"1",
		"{\"clientTxRef\":\"r\"",
		"{\"clientTxRef\":\"r\"}x",
		"\xef\xbb\xbf{\"clientTxRef\":\"r\"}",
		"{\"clientTxRef\":1}",
		"{\"clientTxRef\":null}",
		"{\"clientTxRef\":\"r\\u0000\"}",
		"{\"clientTxRef\":\"\xff\"}",
		"{\"clientTxRef\":\"r\",\"version\":null}",
		"{\"clientTxRef\":\"r\",\"version\":0}",
		"{\"clientTxRef\":\"r\",\"version\":-1}",
		"{\"clientTxRef\":\"r\",\"version\":1.5}",
		"{\"clientTxRef\":\"r\",\"version\":true}",
		"{\"clientTxRef\":\"r\",\"version\":1,\"version\":2}",
		"{\"clientTxRef\":\"r\",\"maxAmount\":null}",
		"{\"clientTxRef\":\"r\",\"maxAmount\":-0}",
		"{\"clientTxRef\":\"r\",\"maxAmount\":1e3}",
		"{\"clientTxRef\":\"r\",\"maxAmount\":1.0}",
		"{\"clientTxRef\":\"r\",\"maxAmount\":\"+1\"}",
		"{\"clientTxRef\":\"r\",\"maxAmount\":\"1\\u0000\"}",
		"{\"clientTxRef\":\"r\",\"maxAmount\":\"\\uff11\"}",
		"{\"clientTxRef\":\"r\",\"maxAmount\":true}",
		"{\"clientTxRef\":\"r\",\"maxAmount\":[]}",
		"{\"clientTxRef\":\"r\",\"signedSubRav\":false}",
		"{\"clientTxRef\":\"r\",\"signedSubRav\":\"\"}",
		"{\"clientTxRef\":\"r\",\"signedSubRav\":{}}",
		"{\"clientTxRef\":\"r\",\"signedSubRav\":{\"subRav\":null,\"signature\":\"u\"}}",
		"{\"clientTxRef\":\"r\",\"signedSubRav\":{\"subRav\":\"\",\"signature\":\"u\"}}",
	};
	static const char almost_2_256[] =
		"11579208923731619542357098500868790785326998466564056403945758400791312963993";
	char json[512], ref[TX_REF_MAX + 2], fragment[130], many_zeros[101];
	struct buf b;
	struct gw_err e;

	memset(many_zeros, '0', sizeof many_zeros);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		OK(accepts(good[i]), "accepted: %zu", i);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		OK(!accepts(bad[i]) && last_code == GWE_BAD_REQUEST, "refused: %zu", i);
	for (unsigned zeros = 0; zeros < 200; zeros += 100) {
		for (int more = 0; more < 2; more++) {
			snprintf(json, sizeof json,
				 "{\"clientTxRef\":\"r\",\"maxAmount\":\"%.*s%s%d\"}", (int)zeros,
				 many_zeros, almost_2_256, 5 + more);
			OK(accepts(json) == !more, "maxAmount of 2^256 - %d, %u zeros in front",
			   1 - more, zeros);
		}
	}
	OK(!accepts("{\"clientTxRef\":\"kept\",\"version\":2}") &&
		   !strcmp(last.client_tx_ref, "kept"),
	   "the reference of a refused request is kept for its answer");

	for (int more = 0; more < 2; more++) {
		memset(ref, 'r', sizeof ref);
		ref[TX_REF_MAX + more] = '\0';
		snprintf(json, sizeof json, "{\"clientTxRef\":\"%s\"}", ref);
		OK(accepts(json) == !more, "a reference of %d bytes", TX_REF_MAX + more);
		memset(fragment, 'f', sizeof fragment);
		fragment[ROOCH_FRAGMENT_MAX + more] = '\0';
		OK(accepts_voucher(fragment, "u" SIG86) == !more, "a fragment of %d bytes",
		   ROOCH_FRAGMENT_MAX + more);
	}
	OK(accepts_voucher("k", "u" SIG86 "=="), "a signature with padding");
	OK(!accepts_voucher("", "u" SIG86) && !accepts_voucher("a#b", "u" SIG86),
	   "a voucher without a fragment, or with # in it");
	OK(!accepts_voucher("k", SIG86) && !accepts_voucher("k", "u") &&
		   !accepts_voucher("k", "") && !accepts_voucher("k", "u" SIG86 "A") &&
		   !accepts_voucher("k", "u" SIG86 "AA") && !accepts_voucher("k", "U" SIG86) &&
		   !accepts_voucher("k", "u" SIG86 "===") && !accepts_voucher("k", "u" SIG86 " ") &&
		   !accepts_voucher("k", "u+" SIG86),
	   "signatures of other lengths and letters");

	OK(payment_request_read(&last, STR_NULL, &e) &&
		   payment_request_read(&last, STR_LIT("u"), &e) &&
		   payment_request_read(&last, STR_LIT("ue30 "), &e) &&
		   payment_request_read(&last, STR_LIT("ue3\0"), &e),
	   "texts that are no base64");
	buf_init(&b, PAYMENT_HEADER_MAX + 100);
	buf_add_byte(&b, 'u');
	while (b.len < PAYMENT_HEADER_MAX + 1)
		buf_add_byte(&b, 'A');
	OK(payment_request_read(&last, buf_str(&b), &e) && strstr(e.pub, "too long"),
	   "a header of %zu bytes: %s", b.len, e.pub);
	buf_reset(&b);
	for (int i = 0; i < 3000; i++)
		buf_add_byte(&b, '[');
	OK(!accepts(buf_c(&b)), "3000 brackets");
	buf_clear(&b);
}

static void cut_anywhere(void)
{
	struct payment_request r = { .client_tx_ref = "cut", .has_voucher = true };
	struct gw_err e;
	struct buf b;
	bool ok = true;

	r.voucher.rav = (struct subrav){ .version = 1, .fragment = "k" };
	buf_init(&b, PAYMENT_HEADER_MAX);
	payment_request_write(&b, &r);
	for (size_t n = 0; n < b.len; n++)
		ok = ok && payment_request_read(&last, str_sub(buf_str(&b), 0, n), &e);
	OK(ok && !payment_request_read(&last, buf_str(&b), &e), "cut at any place it is refused");
	buf_clear(&b);
}

static bool reads_response(struct payment_response *r, const char *json, struct buf *scratch)
{
	struct gw_err e;
	struct buf b;
	int rc;

	wrap(&b, json, strlen(json));
	rc = payment_response_read(r, buf_str(&b), scratch, &e);
	buf_clear(&b);
	return !rc;
}

static void odd_responses(void)
{
	static const char *const bad[] = { "[]",
					   "{\"version\":2}",
					   "{\"version\":\"2\"}",
					   "{\"cost\":-1}",
					   "{\"cost\":1.5}",
					   "{\"cost\":{}}",
					   "{\"costUsd\":\"x\"}",
					   "{\"subRav\":{}}",
					   "{\"subRav\":1}",
					   "{\"error\":\"x\"}",
					   "{\"error\":{\"code\":1}}",
					   "{\"clientTxRef\":1}",
					   "{\"serviceTxRef\":[]}" };
	struct payment_response r;
	struct buf scratch;
	char json[1024];

	buf_init(&scratch, PAYMENT_HEADER_MAX);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		OK(!reads_response(&r, bad[i], &scratch), "refused: %s", bad[i]);
	OK(reads_response(&r, "{\"cost\":null,\"subRav\":null,\"error\":null,\"version\":null}",
			  &scratch) &&
		   !r.has_cost && !r.has_subrav && !r.has_error && !*r.client_tx_ref,
	   "null is as good as nothing");
	OK(reads_response(
		   &r,
		   "{\"error\":{\"code\":\"C\",\"message\":\"a\\u0000b\",\"details\":{\"x\":1}}}",
		   &scratch) &&
		   r.has_error && !strcmp(r.error_message, "a?b") &&
		   str_eq_c(r.error_details, "{\"x\":1}"),
	   "an error with details");
	snprintf(json, sizeof json, "{\"serviceTxRef\":\"%062d\xc3\xa4zz\"}", 0);
	OK(reads_response(&r, json, &scratch) && strlen(r.service_tx_ref) == 62,
	   "a long text is cut at a whole character");
	buf_clear(&scratch);
}

/* ---- writing ---- */

static void written(void)
{
	struct payment_response r = { .client_tx_ref = "c\"\n", .has_cost = true };
	struct payment_request q = { .client_tx_ref = "x" };
	struct buf b;

	buf_init(&b, PAYMENT_HEADER_MAX);
	payment_response_write(&b, &r);
	OK(inside_is(
		   &b,
		   "{\"version\":1,\"clientTxRef\":\"c\\\"\\n\",\"cost\":\"0\",\"costUsd\":\"0\"}"),
	   "a cost of zero is stated");
	buf_reset(&b);
	r.has_cost = false;
	r.has_error = true;
	str_copy(r.error_code, sizeof r.error_code, STR_LIT("PAYMENT_REQUIRED"));
	str_copy(r.error_message, sizeof r.error_message, STR_LIT("m"));
	payment_response_write(&b, &r);
	OK(inside_is(&b, "{\"version\":1,\"clientTxRef\":\"c\\\"\\n\",\"error\":{\"code\":"
			 "\"PAYMENT_REQUIRED\",\"message\":\"m\"}}"),
	   "an error without details");
	buf_clear(&b);
	buf_init(&b, 8);
	payment_request_write(&b, &q);
	OK(b.failed && !b.len, "what does not fit is not written in part");
	buf_clear(&b);
}

static void frames(void)
{
	struct vectors vs;
	struct buf b;

	vectors_open(&vs, "stream-frames");
	while (vectors_next(&vs)) {
		struct str body = vec_bytes(&vs, "bodyHex");
		enum payment_frame kind = payment_frame_kind(vec_str(&vs, "contentType"));
		struct jval writes = jscan_get(vs.v, "handlerWrites"), v;
		struct jiter it;
		struct str key;

		buf_init(&b, 1 << 16);
		jiter_init(&it, writes);
		while (jiter_next(&it, &key, &v))
			buf_add_str(&b, vec_str_of(&vs, v, "write"));
		if (vec_has(&vs, "paymentHeaderInBody"))
			payment_frame_write(&b, kind, vec_str(&vs, "paymentHeaderInBody"));
		else if (kind == FRAME_NONE)
			payment_frame_write(&b, kind, STR_LIT("uAAAA"));
		OK(str_eq(buf_str(&b), body), "%s %s", vs.id, vec_text(&vs, "contentType"));
		buf_clear(&b);
	}
	vectors_close(&vs);
	OK(payment_frame_kind(STR_LIT("Text/Event-Stream; charset=utf-8")) == FRAME_SSE &&
		   payment_frame_kind(STR_LIT("application/x-NDJSON")) == FRAME_NDJSON &&
		   payment_frame_kind(STR_LIT("application/json")) == FRAME_NONE &&
		   payment_frame_kind(STR_LIT("text/event-strea")) == FRAME_NONE &&
		   payment_frame_kind(STR_NULL) == FRAME_NONE,
	   "content types in any case, with parameters");
}

int main(void)
{
	vectors();
	odd_requests();
	cut_anywhere();
	odd_responses();
	written();
	frames();
	return TAP_END;
}
