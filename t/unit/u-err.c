/* SPDX-License-Identifier: Apache-2.0 */
/* err: codes of the payment protocol have the statuses that real clients know. */
#include "config.h"

#include "tap.h"
#include "util/err.h"
#include "vectors.h"

/*
 * Codes that this gateway answers in another way: payment-channel.md 8 asks for 401, 403 and 503, and
 * those have wire codes of their own.
 */
static bool elsewhere(const char *code)
{
	static const char *const list[] = { "AUTH_MISSING", "AUTH_INVALID", "AUTH_ADMIN_FORBIDDEN",
					    "DID_RESOLVE_FAILED", "HUB_BALANCE_FETCH_FAILED" };

	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
		if (!strcmp(list[i], code))
			return true;
	return false;
}

int main(void)
{
	struct vectors vs;
	struct gw_err e;

	vectors_open(&vs, "error-status");
	while (vectors_next(&vs)) {
		const char *code = vec_text(&vs, "code");
		enum gw_code c = gw_err_from_wire(code);
		uint64_t status = 0;

		if (elsewhere(code) || !strcmp(code, "SOMETHING_UNKNOWN")) {
			OK(c == GWE_OK, "%s %s is no code of ours", vs.id, code);
			continue;
		}
		OK(jval_u64(jscan_get(vs.v, "httpStatus"), &status) && c != GWE_OK &&
			   gw_err_status(c) == (int)status,
		   "%s %s has status %llu", vs.id, code, (unsigned long long)status);
	}
	vectors_close(&vs);

	OK(gw_err_status(GWE_UNAUTHORIZED) == 401 && gw_err_status(GWE_FORBIDDEN) == 403 &&
		   gw_err_status(GWE_SERVICE_UNAVAILABLE) == 503,
	   "who may not, and a node that is not there, have statuses of their own");
	for (int i = GWE_OK + 1; i < GWE_COUNT; i++) {
		enum gw_code c = (enum gw_code)i;

		OK(gw_err_from_wire(gw_err_wire(c)) == c, "%s is found again", gw_err_wire(c));
	}
	OK(gw_fail(&e, GWE_BAD_REQUEST, 7, "a\nb %s", "c\x01") == -1 && e.code == GWE_BAD_REQUEST &&
		   e.sys == 7 && !strcmp(e.pub, "a?b c?") && !e.priv[0],
	   "control bytes do not get into a sentence");
	OK(gw_fail_priv(&e, GWE_INTERNAL, 0, "secret detail") == -1 && !strstr(e.pub, "secret") &&
		   strstr(e.priv, "secret detail"),
	   "what is for the log does not get to the client");
	gw_err_add(&e, "while testing");
	OK(e.code == GWE_INTERNAL && strstr(e.priv, "while testing"),
	   "context is added, the code stays");
	return TAP_END;
}
