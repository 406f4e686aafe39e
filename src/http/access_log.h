/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access_log - one line per request, when the response is finished or the connection closed.
 *
 * Members that are not known are left out. Nothing of what a header, body or answer says is logged
 * beyond these members: no credentials, signatures, prompts, completions.
 *
 * Rule:    protocol gateway.md 11, style.md 8
 * Layer:   http; calls codec, util
 * Threads: any
 */
#ifndef GW_HTTP_ACCESS_LOG_H
#define GW_HTTP_ACCESS_LOG_H

#include "util/str.h"

/* What only the handler knows; zero, empty and negative members count as unknown. */
enum { ACCESS_UPSTREAM_HEADERS = 4 };
struct access_fields {
	uint64_t body_bytes; /* of the request's body, as far as it was read */
	struct str did, provider, model, api;
	bool is_stream;
	bool has_tokens;
	int64_t input_tokens, output_tokens, cached_tokens; /* < 0 unknown */
	uint64_t cache_write_tokens, reasoning_tokens;
	bool has_cost;
	uint64_t cost_pico;
	bool estimated;
	struct str upstream_cost_usd; /* as the provider stated it */
	struct str pricing_source, pricing_version, usage_source, priced_as;
	const char *upstream_method;
	struct str upstream_path; /* without query */
	int upstream_status;
	int64_t upstream_ms;
	struct str upstream_request_id;
	struct str upstream_header[ACCESS_UPSTREAM_HEADERS]; /* see access_log_upstream_header */
	bool upstream_streamed;
	uint64_t upstream_bytes;
	const char *upstream_outcome; /* word; NULL: no call was made */
	const char *error_code;	      /* ours; "" or NULL none */
	struct str upstream_error_code, upstream_error_type;
	/* payment */
	struct str client_tx_ref, server_tx_ref, channel_id, fragment, payment;
	bool has_nonce;
	uint64_t nonce;
	struct str asset_cost; /* decimal text */
	const char *alarm;     /* static sentence for the operator; NULL none */
	char detail[512];      /* of an error, log only */
};

struct http_request;
struct http_reply;
/* Keep @value if this is one of the upstream's headers that the line shows; it must live as long as @l. */
void access_log_upstream_header(struct access_fields *l, struct str name, struct str value);
/* Write the line of a finished request. */
void access_log_write(const struct http_request *rq, const struct http_reply *r);

#endif
