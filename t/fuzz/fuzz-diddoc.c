/* SPDX-License-Identifier: Apache-2.0 */
/* DID documents in their W3C form, and the names and keys that stand in them. */
#include "config.h"

#include <assert.h>

#include "auth/did_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct did_document *d)
{
	char text[DID_TEXT];
	struct did_key k;
	struct str did, fragment;

	assert(d->id[0] && strlen(d->id) < DID_TEXT && d->n_method <= DID_DOCUMENT_METHODS);
	for (unsigned i = 0; i < d->n_method; i++) {
		const struct did_method *m = &d->method[i], *found;

		found = did_document_find(d, str_c(m->id));
		assert(found && found <= m && !strcmp(found->id, m->id));
		if (did_split(str_c(m->id), &did, &fragment))
			assert(str_eq_c(fragment, m->fragment));
		if (!m->usable || !m->key.pub_len)
			continue;
		assert(m->key.pub_len == key_pub_len(m->key.type));
		did_key_format(text, &m->key);
		assert(did_key_parse(str_c(text), &k) && k.type == m->key.type &&
		       !memcmp(k.pub, m->key.pub, k.pub_len));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct did_document *d = NULL, *again;
	struct did_key k;
	struct gw_err e = { .code = GWE_OK };
	char did[DID_TEXT];

	if (did_key_parse(text, &k)) {
		did_key_format(did, &k);
		assert(str_eq_c(text, did));
	}
	assert(!did_rooch_valid(text) || size == 74);
	if (did_document_parse(text, &d, &e)) {
		assert(e.code == GWE_BAD_REQUEST && e.pub[0]);
		return 0;
	}
	again = did_document_dup(d);
	did_document_free(d);
	look(again);
	did_document_free(again);
	return 0;
}
