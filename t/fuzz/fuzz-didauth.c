/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Authorization header, from its first byte to the signature. A first byte of '{' makes the
 * rest the JSON, which is wrapped, so that the search gets past base64.
 */
#include "config.h"

#include <assert.h>

#include "auth/did_auth.h"
#include "codec/multibase.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char signer[] =
	"did:rooch:rooch13r85wqeax2j3dse7ty65kz74drc7cfzur8jqr4ws4marlp7jr09s7yh4kl";

/* The same bytes as a key of each type, one that is listed only when looked at again, and a type
 * that nobody knows. */
static int resolve(void *arg, struct str did, bool refresh, struct did_document **out,
		   struct gw_err *e)
{
	struct did_document *d = did_document_new(did);
	char id[128];

	(void)arg;
	(void)e;
	assert(str_eq_c(did, signer));
	for (int i = 0; i < 4; i++) {
		snprintf(id, sizeof id, "%s#k%d", signer, i);
		did_document_add(d, str_c(id),
				 i == 3 ? STR_LIT("Other") : str_c(key_type_name((enum key_type)i)),
				 STR_LIT("z28acN9qw1Sis4VW1ttHo3mrYJh9BUXwHKMZzNcgGZ1pav"));
		if (i != 2 || refresh)
			did_document_authenticate(d, str_c(id));
	}
	*out = d;
	return 0;
}

static void verify(struct str header)
{
	static const char *const audience[] = { "https://gw.example" };
	const struct did_resolver r = { NULL, resolve };
	struct did_auth_options o = { .now_s = 1700000000,
				      .window_s = 300,
				      .allow_did_key = true,
				      .audiences = audience,
				      .n_audiences = 1 };
	struct did_auth a, b;
	struct gw_err e = { .code = GWE_OK };
	int rc = did_auth_verify(header, &r, &o, &a, &e);

	if (rc) {
		const char *name = did_auth_code_name(a.code);

		assert(e.code == GWE_UNAUTHORIZED && a.code != DID_AUTH_OK);
		assert(!strncmp(e.pub, name, strlen(name)) && e.pub[strlen(name)] == ':');
	} else {
		assert(a.code == DID_AUTH_OK && a.did[0] && a.fragment[0] && a.nonce[0]);
		assert(a.timestamp_s >= 1699999700 && a.timestamp_s <= 1700000300);
	}
	/* the same a second later, but for the clock */
	o.now_s++;
	assert(did_auth_verify(header, &r, &o, &b, &e) == rc ||
	       b.code == DID_AUTH_TIMESTAMP_OUT_OF_WINDOW ||
	       a.code == DID_AUTH_TIMESTAMP_OUT_OF_WINDOW);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct buf b;

	verify(text);
	if (size && *data == '{') {
		buf_init(&b, 2 * size + 64);
		buf_add_c(&b, "DIDAuthV1 ");
		if (multibase_encode_u(data, size, &b))
			verify(buf_str(&b));
		buf_clear(&b);
	}
	return 0;
}
