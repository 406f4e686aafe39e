/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/commit_body.h"

enum { DEPTH_MAX = 16 };

/* Each of the bytes once, in any order. */
static bool read_byte_object(uint8_t out[KEY_SIG], struct jval v)
{
	uint64_t seen = 0, at, n;
	struct jiter it;
	struct str key;
	struct jval byte;

	_Static_assert(KEY_SIG == 64, "a bit for each byte");
	jiter_init(&it, v);
	while (jiter_next(&it, &key, &byte)) {
		if (!str_u64(key, &at) || at >= KEY_SIG || (seen & UINT64_C(1) << at) ||
		    !jval_u64(byte, &n) || n > 0xff)
			return false;
		seen |= UINT64_C(1) << at;
		out[at] = (uint8_t)n;
	}
	return seen == UINT64_MAX;
}

int commit_body_read(struct voucher *out, struct str json, struct gw_err *e)
{
	struct jval root, given, sig;
	struct gw_err why;

	memset(out, 0, sizeof *out);
	if (jscan_check(json, DEPTH_MAX, false, &root, &why) < 0)
		return gw_fail(e, GWE_BAD_REQUEST, 0, "the body cannot be read: %s", why.pub);
	given = jscan_get(root, "subRav");
	if (jscan_get(given, "subRav").type != J_OBJECT)
		return gw_fail(e, GWE_BAD_REQUEST, 0, "the body has no signed subRav");
	if (subrav_read_json(&out->rav, jscan_get(given, "subRav"), e) < 0)
		return -1;
	sig = jscan_get(given, "signature");
	if (sig.type == J_OBJECT ? !read_byte_object(out->signature, sig)
				 : !subrav_read_signature(out->signature, sig))
		return gw_fail(e, GWE_BAD_REQUEST, 0,
			       "signature has to be 64 bytes in base64url with prefix u");
	return 0;
}
