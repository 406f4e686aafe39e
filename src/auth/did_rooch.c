/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "auth/did_rooch.h"

#include "ledger/rooch_did.h"
#include "ledger/rooch_rpc.h"

enum { ID_MAX = 2 * DID_TEXT_MAX, BCS_MAX = 256 * 1024 };

/* The text of a DID, with a fragment where there is one; false when it is longer than any. */
static bool write_id(struct buf *b, const struct rooch_did_name *n, const struct str *fragment)
{
	buf_reset(b);
	buf_add_c(b, "did:");
	buf_add_str(b, n->method);
	buf_add_byte(b, ':');
	buf_add_str(b, n->identifier);
	if (fragment) {
		buf_add_byte(b, '#');
		buf_add_str(b, *fragment);
	}
	return !b->failed;
}

/* NUL ends our texts: an id that holds one is not an id. */
static bool is_text(const struct buf *b)
{
	return !memchr(b->p, 0, b->len);
}

static struct did_document *convert(const struct rooch_did_document *r)
{
	struct did_document *d;
	struct buf id;

	buf_init(&id, ID_MAX);
	if (!write_id(&id, &r->id, NULL) || !is_text(&id)) {
		buf_clear(&id);
		return NULL;
	}
	d = did_document_new(buf_str(&id));
	for (unsigned i = 0; i < r->n_method; i++) {
		const struct rooch_did_method *m = &r->method[i];

		if (write_id(&id, &m->did, &m->fragment) && is_text(&id))
			did_document_add(d, buf_str(&id), m->type, m->multibase);
	}
	for (unsigned i = 0; i < r->n_relationship[DID_AUTHENTICATION]; i++)
		if (write_id(&id, &r->id, &r->relationship[DID_AUTHENTICATION][i]))
			did_document_authenticate(d, buf_str(&id));
	buf_clear(&id);
	return d;
}

struct did_document *did_rooch_document(struct str bcs)
{
	struct rooch_did_document *r = malloc(sizeof *r); /* too large for a thread's stack */
	struct did_document *d;

	if (!r) {
		fputs("out of memory\n", stderr);
		abort();
	}
	d = rooch_did_read(r, bcs) ? convert(r) : NULL;
	free(r);
	return d;
}

int did_rooch_read(void *rpc, struct str did, struct did_document **out, struct gw_err *e)
{
	struct buf bcs;
	int rc;

	if (!did_rooch_valid(did))
		return 1;
	buf_init(&bcs, BCS_MAX);
	rc = rooch_get_did(rpc, str_sub(did, strlen("did:rooch:"), did.len), &bcs, e);
	if (!rc) {
		*out = did_rooch_document(buf_str(&bcs));
		if (!*out)
			rc = gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0,
					  "the node's object of %.*s is no DID document",
					  STR_ARG(did));
	}
	buf_clear(&bcs);
	return rc;
}
