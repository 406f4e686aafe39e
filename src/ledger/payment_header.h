/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payment_header - X-Payment-Channel-Data both ways, and the frames of streams.
 *
 * Rule:    protocol payment-channel.md 3, 4, 5
 * Layer:   ledger; calls codec, util
 * Threads: no shared state
 */
#ifndef GW_LEDGER_PAYMENT_HEADER_H
#define GW_LEDGER_PAYMENT_HEADER_H

#include "ledger/subrav.h"
#include "util/buf.h"
#include "util/picousd.h"

enum { TX_REF_MAX = 256, PAYMENT_HEADER_MAX = 16384 };
struct payment_request {
	char client_tx_ref[TX_REF_MAX + 1];
	struct u256 max_amount; /* zero: no limit */
	bool has_voucher;
	struct voucher voucher; /* signature as received: not verified, S as it came */
};
/*
 * @text: the header's value ("u..."). BAD_REQUEST with a sentence; UNKNOWN_SUBRAV for a voucher of
 * another version. client_tx_ref is set also on failure where it could be read, else "".
 */
int payment_request_read(struct payment_request *out, struct str text,
			 struct gw_err *e) GW_MUST_CHECK;
/* Client side: appends the header's value. */
void payment_request_write(struct buf *b, const struct payment_request *r);

struct payment_response {
	char client_tx_ref[TX_REF_MAX + 1];
	char service_tx_ref[64]; /* "" none */
	bool has_subrav;
	struct subrav subrav;
	bool has_cost;
	struct u256 cost; /* asset units */
	struct picousd cost_usd; /* written with cost */
	/* on reading only: as it was stated, perhaps wider than cost_usd, which is zero then */
	bool has_cost_usd;
	struct u256 cost_usd_stated;
	bool has_error;
	char error_code[64], error_message[256];
	struct str error_details; /* JSON, perhaps empty; on reading: a view into @scratch */
};
void payment_response_write(struct buf *b, const struct payment_response *r);
/*
 * Client side. @scratch receives the decoded JSON. Members that are missing are empty; texts longer
 * than their place are cut. BAD_REQUEST.
 */
int payment_response_read(struct payment_response *out, struct str text, struct buf *scratch,
			  struct gw_err *e) GW_MUST_CHECK;

enum payment_frame { FRAME_NONE, FRAME_SSE, FRAME_NDJSON };
/* By content type, any letter case, parameters allowed. */
enum payment_frame payment_frame_kind(struct str content_type);
/* The last record of a stream, line ends in front and behind included; @value: the header's. */
void payment_frame_write(struct buf *b, enum payment_frame kind, struct str value);

#endif
