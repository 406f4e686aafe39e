/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_did.h"

#include "codec/bcs.h"

static const char document_type[] = "0x3::did::DIDDocument";

bool dev_did_name(struct rooch_did_name *out, struct str text)
{
	ptrdiff_t colon;

	if (!str_starts(text, "did:"))
		return false;
	text = str_sub(text, 4, text.len);
	colon = str_find(text, ':');
	if (colon <= 0)
		return false;
	out->method = str_sub(text, 0, (size_t)colon);
	out->identifier = str_sub(text, (size_t)colon + 1, text.len);
	return out->identifier.len > 0;
}

void dev_did_name_write(struct buf *b, const struct rooch_did_name *n)
{
	uint32_t len = (uint32_t)(4 + n->method.len + 1 + n->identifier.len);

	bcs_put_uleb(b, len);
	buf_add_c(b, "did:");
	buf_add_str(b, n->method);
	buf_add_byte(b, ':');
	buf_add_str(b, n->identifier);
}

int dev_did_get(struct dev_ctx *x, const struct rooch_id *account, struct rooch_did_document **out)
{
	char identifier[ROOCH_BECH32_TEXT];
	struct rooch_id id;
	struct dev_row row;
	int rc;

	rooch_address_text(identifier, account);
	id = rooch_did_object_id(str_c(identifier));
	rc = dev_object_get(x, &id, &row);
	if (rc <= 0)
		return rc;
	*out = arena_alloc(x->mem, sizeof **out);
	if (!*out || !rooch_did_read(*out, row.value))
		return gw_fail_priv(x->e, GWE_INTERNAL, 0, "a stored document cannot be read");
	return 1;
}

int dev_did_put(struct dev_ctx *x, const struct rooch_did_document *doc)
{
	struct rooch_id id = rooch_did_object_id(doc->id.identifier);
	struct buf b = dev_buf();
	int rc;

	rooch_did_write(&b, doc);
	if (b.failed)
		rc = gw_fail_priv(x->e, GWE_INTERNAL, 0, "a document is too large");
	else
		rc = dev_object_put(x, &id, &doc->account, document_type, buf_str(&b));
	buf_clear(&b);
	return rc;
}

struct rooch_did_document *dev_did_new(struct dev_ctx *x, const struct rooch_id *account)
{
	struct rooch_did_document *doc = arena_alloc(x->mem, sizeof *doc);
	char identifier[ROOCH_BECH32_TEXT];

	rooch_address_text(identifier, account);
	if (doc) {
		doc->id.method = STR_LIT("rooch");
		doc->id.identifier = arena_dup(x->mem, str_c(identifier));
		doc->account = *account;
	}
	if (!doc || !doc->id.identifier.p) {
		gw_fail_priv(x->e, GWE_INTERNAL, 0, "no room for a document");
		return NULL;
	}
	return doc;
}

const struct rooch_did_method *dev_did_method(const struct rooch_did_document *doc,
					      struct str fragment)
{
	for (unsigned i = 0; i < doc->n_method; i++)
		if (str_eq(doc->method[i].fragment, fragment))
			return &doc->method[i];
	return NULL;
}

bool dev_did_lists(const struct rooch_did_document *doc, enum did_relationship r,
		   struct str fragment)
{
	for (unsigned i = 0; i < doc->n_relationship[r]; i++)
		if (str_eq(doc->relationship[r][i], fragment))
			return true;
	return false;
}

/* Each of the at most DID_METHODS_MAX methods stands in a list once, so there is room. */
void dev_did_list(struct rooch_did_document *doc, enum did_relationship r, struct str fragment)
{
	if (!dev_did_lists(doc, r, fragment) && doc->n_relationship[r] < DID_METHODS_MAX)
		doc->relationship[r][doc->n_relationship[r]++] = fragment;
}

int dev_did_created(struct dev_ctx *x, const struct rooch_did_document *doc,
		    const struct rooch_id *creator)
{
	struct rooch_id id = rooch_did_object_id(doc->id.identifier);
	struct buf b = dev_buf();
	int rc;

	dev_did_name_write(&b, &doc->id);
	bcs_put_object_id(&b, id.b);
	bcs_put_uleb(&b, doc->n_controller);
	for (unsigned i = 0; i < doc->n_controller; i++)
		dev_did_name_write(&b, &doc->controller[i]);
	buf_add(&b, creator->b, sizeof creator->b);
	rc = dev_emit(x, NULL, "0x3::did::DIDCreatedEvent", &b);
	buf_clear(&b);
	return rc;
}
