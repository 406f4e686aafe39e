/* SPDX-License-Identifier: Apache-2.0 */
/* SERVICE_KEY and the JSON inside: what is read is written and read again as the same. */
#include "config.h"

#include <assert.h>

#include "auth/service_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct stored_key *a, const struct stored_key *b)
{
	uint8_t x[KEY_PUB_MAX], y[KEY_PUB_MAX];
	size_t n = signing_key_pub(a->key, x);

	assert(!strcmp(a->did, b->did) && !strcmp(a->fragment, b->fragment));
	assert(n == signing_key_pub(b->key, y) && !memcmp(x, y, n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct stored_key k, again;
	struct gw_err e = { .code = GWE_OK };
	struct buf b;

	buf_init(&b, SERVICE_KEY_MAX);
	if (!service_key_read(&k, text, &e)) {
		assert(did_rooch_valid(str_c(k.did)) && k.fragment[0]);
		service_key_write(&k, &b);
		assert(!b.failed && !service_key_read(&again, buf_str(&b), &e));
		same(&k, &again);
		stored_key_clear(&again);
	} else {
		assert(!k.key && e.code == GWE_BAD_REQUEST && e.pub[0]);
	}
	stored_key_clear(&k);
	buf_reset(&b);
	if (!stored_key_read(&k, text, &e)) {
		stored_key_write(&k, true, &b);
		assert(!b.failed && !stored_key_read(&again, buf_str(&b), &e));
		same(&k, &again);
		stored_key_clear(&again);
	}
	stored_key_clear(&k);
	buf_clear(&b);
	return 0;
}
