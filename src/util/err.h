/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err - the one error value that travels from where a fault is found to the
 * one place that answers it (http/reply_error).
 *
 * Rule:    protocol payment-channel.md 8 (codes and statuses), gateway.md 9
 * Layer:   util
 * Threads: no shared state
 */
#ifndef GW_UTIL_ERR_H
#define GW_UTIL_ERR_H

#include <stdbool.h>

#define GW_MUST_CHECK __attribute__((warn_unused_result))
#define GW_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* X(name, HTTP status, wire code, client may retry as it is) */
#define GW_ERRORS(X) \
	X(BAD_REQUEST, 400, "BAD_REQUEST", false) \
	X(INVALID_JSON, 400, "invalid_json", false) \
	X(MODEL_NOT_SUPPORTED, 400, "model_not_supported", false) \
	X(UNSUPPORTED_PARAMETER, 400, "unsupported_parameter", false) \
	X(UNAUTHORIZED, 401, "UNAUTHORIZED", true) \
	X(FORBIDDEN, 403, "FORBIDDEN", false) \
	X(NOT_FOUND, 404, "NOT_FOUND", false) \
	X(METHOD_NOT_ALLOWED, 405, "METHOD_NOT_ALLOWED", false) \
	X(CONFLICT, 409, "CONFLICT", true) \
	X(PAYLOAD_TOO_LARGE, 413, "PAYLOAD_TOO_LARGE", false) \
	X(UNSUPPORTED_MEDIA_TYPE, 415, "UNSUPPORTED_MEDIA_TYPE", false) \
	X(HEADER_TOO_LARGE, 431, "HEADER_TOO_LARGE", false) \
	X(PAYMENT_REQUIRED, 402, "PAYMENT_REQUIRED", true) \
	X(HUB_INSUFFICIENT_FUNDS, 402, "HUB_INSUFFICIENT_FUNDS", true) \
	X(RAV_CONFLICT, 409, "RAV_CONFLICT", true) \
	X(CHANNEL_CONTEXT_MISSING, 409, "CHANNEL_CONTEXT_MISSING", false) \
	X(INVALID_SIGNATURE, 400, "INVALID_SIGNATURE", false) \
	X(UNKNOWN_SUBRAV, 400, "UNKNOWN_SUBRAV", false) \
	X(TAMPERED_SUBRAV, 400, "TAMPERED_SUBRAV", false) \
	X(CHANNEL_CLOSED, 400, "CHANNEL_CLOSED", false) \
	X(EPOCH_MISMATCH, 400, "EPOCH_MISMATCH", false) \
	X(BILLING_MAX_AMOUNT_EXCEEDED, 400, "BILLING_MAX_AMOUNT_EXCEEDED", false) \
	X(CHANNEL_NOT_FOUND, 404, "CHANNEL_NOT_FOUND", false) \
	X(SUBCHANNEL_NOT_AUTHORIZED, 404, "SUBCHANNEL_NOT_AUTHORIZED", false) \
	X(BILLING_RATE_FETCH_FAILED, 500, "BILLING_RATE_FETCH_FAILED", true) \
	X(BILLING_RATE_NOT_AVAILABLE, 500, "BILLING_RATE_NOT_AVAILABLE", true) \
	X(BILLING_CONFIG_ERROR, 500, "BILLING_CONFIG_ERROR", false) \
	X(INTERNAL, 500, "INTERNAL_SERVER_ERROR", true) \
	X(UPSTREAM_FAILED, 502, "upstream_error", true) \
	X(UPSTREAM_REFUSED_US, 502, "upstream_auth_error", false) \
	X(UPSTREAM_UNREACHABLE, 503, "network_error", true) \
	X(OVERLOADED, 503, "overloaded", true) \
	X(SERVICE_UNAVAILABLE, 503, "SERVICE_UNAVAILABLE", true) \
	X(UPSTREAM_TIMEOUT, 504, "upstream_timeout", true) \
	X(CONFIG, 500, "CONFIG", false) \
	X(USAGE, 500, "USAGE", false)

enum gw_code {
	GWE_OK = 0,
#define GW_ERR_ENUM(name, status, wire, retry) GWE_##name,
	GW_ERRORS(GW_ERR_ENUM)
#undef GW_ERR_ENUM
	GWE_COUNT
};

struct gw_err {
	enum gw_code code;
	int sys;	/* errno, curl or sqlite code; 0 when none */
	char pub[512];	/* a sentence that may reach the client */
	char priv[512]; /* for the log only */
};

/*
 * Fill @e and return -1, so that `return gw_fail(...)` reads well. @e may be
 * NULL. The text goes to pub; it must hold no secret and no internals. Text that
 * comes from outside is cut to the buffer; control bytes in it become '?'.
 */
int gw_fail(struct gw_err *e, enum gw_code code, int sys, const char *fmt, ...) GW_PRINTF(4, 5);

/* The same, but the text is for the log; pub gets the code's generic sentence. */
int gw_fail_priv(struct gw_err *e, enum gw_code code, int sys, const char *fmt, ...)
	GW_PRINTF(4, 5);

/* Append context to priv ("; while ..."); never changes the code. */
void gw_err_add(struct gw_err *e, const char *fmt, ...) GW_PRINTF(2, 3);

/* Static facts of a code. gw_err_wire(GWE_OK) is "". */
int gw_err_status(enum gw_code code);
const char *gw_err_wire(enum gw_code code);
bool gw_err_retry(enum gw_code code);

/* Code of a wire text, or GWE_OK when unknown. */
enum gw_code gw_err_from_wire(const char *wire);

#endif
