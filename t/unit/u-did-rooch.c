/* SPDX-License-Identifier: Apache-2.0 */
/* The documents that the chain holds are those of the W3C form. */
#include "config.h"

#include "auth/did_rooch.h"

#include "ledger/rooch_rpc.h"
#include "tap.h"
#include "vectors.h"

/* ---- a node ---- */

static struct {
	int rc;
	struct str bcs, asked;
} node;

int rooch_get_did(struct rooch_rpc *c, struct str identifier, struct buf *bcs, struct gw_err *e)
{
	if (c)
		abort();
	node.asked = identifier;
	if (node.rc < 0)
		return gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0, "away");
	return node.rc || buf_add_str(bcs, node.bcs) ? node.rc : -1;
}

static bool same(const struct did_document *a, const struct did_document *b)
{
	bool ok = !strcmp(a->id, b->id) && a->n_method == b->n_method;

	for (unsigned i = 0; ok && i < a->n_method; i++) {
		const struct did_method *x = &a->method[i], *y = &b->method[i];

		ok = !strcmp(x->id, y->id) && !strcmp(x->fragment, y->fragment) &&
		     !strcmp(x->type, y->type) && !strcmp(x->multibase, y->multibase) &&
		     x->usable == y->usable && x->authentication == y->authentication &&
		     x->key.type == y->key.type && x->key.pub_len == y->key.pub_len &&
		     !memcmp(x->key.pub, y->key.pub, x->key.pub_len);
	}
	return ok;
}

static void one(struct vectors *vs)
{
	struct did_document *w3c = NULL, *d;
	struct gw_err e;
	bool refused = true;

	node.rc = 0;
	node.bcs = vec_bytes(vs, "bcs");
	if (did_document_parse(jscan_get(vs->v, "document").raw, &w3c, &e))
		vec_die(vs, e.pub);
	d = did_rooch_document(node.bcs);
	OK(d && same(d, w3c), "%s %s", vs->id, vec_text(vs, "what"));
	did_document_free(d);
	for (size_t n = 0; n < node.bcs.len; n++)
		refused = refused && !did_rooch_document(str_sub(node.bcs, 0, n));
	OK(refused, "%s cut anywhere is none", vs->id);
	d = NULL;
	OK(!did_rooch_read(NULL, vec_str(vs, "did"), &d, &e) && same(d, w3c) &&
		   str_eq(node.asked, vec_str(vs, "identifier")),
	   "%s is asked for by its identifier", vs->id);
	did_document_free(d);
	did_document_free(w3c);
}

static void answers(void)
{
	static const char did[] =
		"did:rooch:rooch13r85wqeax2j3dse7ty65kz74drc7cfzur8jqr4ws4marlp7jr09s7yh4kl";
	struct did_document *d = NULL;
	struct gw_err e = { .code = GWE_OK };

	node.asked = STR_NULL;
	node.rc = 0;
	OK(did_rooch_read(NULL, STR_LIT("did:rooch:0x3"), &d, &e) == 1 &&
		   did_rooch_read(NULL, STR_LIT("did:key:z2"), &d, &e) == 1 && !node.asked.p,
	   "what is no did:rooch is not asked for");
	node.rc = 1;
	OK(did_rooch_read(NULL, str_c(did), &d, &e) == 1 && e.code == GWE_OK, "no such DID");
	node.rc = -1;
	OK(did_rooch_read(NULL, str_c(did), &d, &e) == -1 && e.code == GWE_SERVICE_UNAVAILABLE,
	   "a node that is away");
	node.rc = 0;
	node.bcs = STR_LIT("nonsense");
	e.code = GWE_OK;
	OK(did_rooch_read(NULL, str_c(did), &d, &e) == -1 && e.code == GWE_SERVICE_UNAVAILABLE &&
		   strstr(e.priv, did) && !strstr(e.pub, did),
	   "a node that talks nonsense");
}

int main(void)
{
	struct vectors vs;

	vectors_open(&vs, "did-documents");
	while (vectors_next(&vs))
		one(&vs);
	vectors_close(&vs);
	answers();
	return TAP_END;
}
