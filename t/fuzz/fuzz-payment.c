/* SPDX-License-Identifier: Apache-2.0 */
/*
 * X-Payment-Channel-Data: what is taken is written again and read as the same; its SubRAV survives
 * its binary form. Input: q and the JSON of a request, p and that of a response, u and a header.
 */
#include "config.h"

#include <assert.h>

#include "codec/multibase.h"
#include "ledger/payment_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_subrav(const struct subrav *r)
{
	uint8_t bcs[SUBRAV_BCS_MAX];
	struct subrav again;
	size_t n = subrav_encode(bcs, r);

	assert(subrav_decode(&again, (struct str){ (char *)bcs, n }) && subrav_eq(r, &again));
}

static void request(struct str header)
{
	struct payment_request r, again;
	struct gw_err e = { .code = GWE_OK };
	struct buf b;

	if (payment_request_read(&r, header, &e)) {
		assert((e.code == GWE_BAD_REQUEST || e.code == GWE_UNKNOWN_SUBRAV) && e.pub[0]);
		return;
	}
	assert(r.client_tx_ref[0]);
	buf_init(&b, PAYMENT_HEADER_MAX);
	payment_request_write(&b, &r);
	assert(!b.failed && !payment_request_read(&again, buf_str(&b), &e));
	assert(!strcmp(r.client_tx_ref, again.client_tx_ref) &&
	       u256_cmp(r.max_amount, again.max_amount) == 0 && r.has_voucher == again.has_voucher);
	if (r.has_voucher) {
		assert(r.voucher.rav.version == SUBRAV_VERSION &&
		       rooch_fragment_valid(str_c(r.voucher.rav.fragment)));
		assert(subrav_eq(&r.voucher.rav, &again.voucher.rav) &&
		       !memcmp(r.voucher.signature, again.voucher.signature, KEY_SIG));
		check_subrav(&r.voucher.rav);
	}
	buf_clear(&b);
}

static void response(struct str header)
{
	struct payment_response r, again;
	struct buf scratch, scratch2, b;
	struct gw_err e = { .code = GWE_OK };

	buf_init(&scratch, PAYMENT_HEADER_MAX);
	if (payment_response_read(&r, header, &scratch, &e)) {
		assert(e.code == GWE_BAD_REQUEST && e.pub[0]);
		buf_clear(&scratch);
		return;
	}
	/* escapes may make the text written longer than the one read */
	buf_init(&b, (size_t)8 * PAYMENT_HEADER_MAX);
	buf_init(&scratch2, PAYMENT_HEADER_MAX);
	payment_response_write(&b, &r);
	if (!b.failed && b.len <= PAYMENT_HEADER_MAX) {
		assert(!payment_response_read(&again, buf_str(&b), &scratch2, &e));
		assert(!strcmp(r.client_tx_ref, again.client_tx_ref) &&
		       !strcmp(r.service_tx_ref, again.service_tx_ref) &&
		       r.has_cost == again.has_cost && r.has_subrav == again.has_subrav &&
		       r.has_error == again.has_error);
		assert(!r.has_cost || (u256_cmp(r.cost, again.cost) == 0 &&
				       picousd_cmp(r.cost_usd, again.cost_usd) == 0));
		assert(!r.has_error || (!strcmp(r.error_code, again.error_code) &&
					!strcmp(r.error_message, again.error_message) &&
					str_eq(r.error_details, again.error_details)));
		assert(!r.has_subrav || subrav_eq(&r.subrav, &again.subrav));
	}
	if (r.has_subrav)
		check_subrav(&r.subrav);
	buf_clear(&b);
	buf_clear(&scratch);
	buf_clear(&scratch2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str text = { (const char *)data + 1, len - 1 };
	struct buf header;

	if (!len)
		return 0;
	if (data[0] == 'u') {
		request(text);
		response(text);
		(void)payment_frame_kind(text);
		return 0;
	}
	buf_init(&header, 1 << 20);
	if (multibase_encode_u(text.p, text.len, &header))
		(data[0] == 'q' ? request : response)(buf_str(&header));
	buf_clear(&header);
	return 0;
}
