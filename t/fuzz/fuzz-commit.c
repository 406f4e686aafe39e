/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of commits: what is taken can be encoded, and read again from there. */
#include "config.h"

#include <assert.h>

#include "ledger/commit_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	uint8_t bytes[SUBRAV_BCS_MAX];
	struct voucher v;
	struct subrav again;
	struct gw_err e = { .code = GWE_OK };
	size_t n;

	if (size > COMMIT_BODY_MAX)
		return 0;
	if (commit_body_read(&v, text, &e) < 0) {
		assert(e.code == GWE_BAD_REQUEST && e.pub[0]);
		return 0;
	}
	n = subrav_encode(bytes, &v.rav);
	assert(n <= sizeof bytes);
	assert(subrav_decode(&again, (struct str){ (const char *)bytes, n }));
	assert(subrav_eq(&v.rav, &again));
	return 0;
}
