/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_did.h"

#include "codec/bcs.h"
#include "devnode/dev_args.h"
#include "devnode/dev_sig.h"

static const char module[] = "0x3::did";

/* Abort codes of module did. */
enum {
	DID_NO_METHOD = 4,
	DID_METHOD_EXISTS = 5,
	DID_NO_SERVICE = 6,
	DID_SERVICE_EXISTS = 7,
	DID_NO_RELATIONSHIP = 9,
	DID_NO_DOCUMENT = 13,
	DID_KEYS_AND_VALUES = 16,
	DID_TYPE_UNSUPPORTED = 19,
	DID_KEY_TEXT = 20,
	DID_NOT_PERMITTED = 26,
	DID_NOT_THE_ACCOUNT = 27,
	DID_TOO_MANY_METHODS = 35,
	DID_TOO_MANY_SERVICES = 37,
	DID_TOO_MANY_PROPERTIES = 38,
	DID_FRAGMENT = 41,
	DID_TEXT_TOO_LONG = 42
};

/* The sender's document, if the key that signed may change it in this way. */
static int mine(struct dev_ctx *x, enum did_relationship capability,
		struct rooch_did_document **doc)
{
	int rc = dev_did_get(x, &x->sender, doc);

	if (rc < 0)
		return -1;
	if (!rc)
		return dev_abort(x, module, DID_NO_DOCUMENT);
	if (!rooch_id_eq((*doc)->account, x->sender))
		return dev_abort(x, module, DID_NOT_THE_ACCOUNT);
	if (!x->fragment.p || !dev_did_lists(*doc, capability, x->fragment))
		return dev_abort(x, module, DID_NOT_PERMITTED);
	return 0;
}

static int check_texts(struct dev_ctx *x, struct str fragment, struct str a, struct str b)
{
	if (!rooch_fragment_valid(fragment))
		return dev_abort(x, module, DID_FRAGMENT);
	if (a.len > DID_TEXT_MAX || b.len > DID_TEXT_MAX)
		return dev_abort(x, module, DID_TEXT_TOO_LONG);
	return 0;
}

/* A key that authenticates has to be one that the chain can check. */
static int check_key(struct dev_ctx *x, struct str type, struct str multibase)
{
	uint8_t pub[KEY_PUB_MAX];
	enum key_type t;

	if (!key_type_find(type, &t))
		return dev_abort(x, module, DID_TYPE_UNSUPPORTED);
	return dev_sig_key(t, multibase, pub) ? 0 : dev_abort(x, module, DID_KEY_TEXT);
}

static int add_method(struct dev_ctx *x)
{
	struct str fragment = dev_arg_string(x, 0), type = dev_arg_string(x, 1);
	struct str multibase = dev_arg_string(x, 2), relationships = dev_arg_bytes(x, 3);
	struct rooch_did_document *doc;
	struct buf b = dev_buf();
	int rc;

	if (!dev_args_ok(x) || mine(x, DID_CAPABILITY_DELEGATION, &doc) ||
	    check_texts(x, fragment, type, multibase))
		return -1;
	if (dev_did_method(doc, fragment))
		return dev_abort(x, module, DID_METHOD_EXISTS);
	if (doc->n_method == DID_METHODS_MAX)
		return dev_abort(x, module, DID_TOO_MANY_METHODS);
	doc->method[doc->n_method++] = (struct rooch_did_method){ .fragment = fragment,
								  .type = type,
								  .multibase = multibase,
								  .did = doc->id,
								  .controller = doc->id };
	for (size_t i = 0; i < relationships.len; i++) {
		unsigned char r = (unsigned char)relationships.p[i];

		if (r == DID_AUTHENTICATION && check_key(x, type, multibase))
			return -1;
		if (r < DID_RELATIONSHIPS) /* the chain is silent about others */
			dev_did_list(doc, (enum did_relationship)r, fragment);
	}
	dev_did_name_write(&b, &doc->id);
	bcs_put_string(&b, fragment);
	bcs_put_string(&b, type);
	dev_did_name_write(&b, &doc->id);
	bcs_put_vec(&b, relationships.p, relationships.len);
	rc = dev_emit(x, NULL, "0x3::did::VerificationMethodAddedEvent", &b);
	buf_clear(&b);
	return rc ? rc : dev_did_put(x, doc);
}

int dev_add_method(struct dev_ctx *x)
{
	return add_method(x);
}

int dev_add_method_scoped(struct dev_ctx *x)
{
	(void)dev_arg_strings(x, 4, NULL, 0);
	return add_method(x);
}

static bool unlist(struct rooch_did_document *doc, unsigned r, struct str fragment)
{
	unsigned n = 0;

	for (unsigned i = 0; i < doc->n_relationship[r]; i++)
		if (!str_eq(doc->relationship[r][i], fragment))
			doc->relationship[r][n++] = doc->relationship[r][i];
	if (n == doc->n_relationship[r])
		return false;
	doc->n_relationship[r] = n;
	return true;
}

int dev_remove_method(struct dev_ctx *x)
{
	struct str fragment = dev_arg_string(x, 0);
	const struct rooch_did_method *m;
	struct rooch_did_document *doc;
	struct buf b = dev_buf();
	unsigned n = 0;
	int rc;

	if (!dev_args_ok(x) || mine(x, DID_CAPABILITY_DELEGATION, &doc))
		return -1;
	m = dev_did_method(doc, fragment);
	if (!m)
		return dev_abort(x, module, DID_NO_METHOD);
	dev_did_name_write(&b, &doc->id);
	bcs_put_string(&b, fragment);
	bcs_put_string(&b, m->type);
	for (unsigned r = 0; r < DID_RELATIONSHIPS; r++)
		unlist(doc, r, fragment);
	for (unsigned i = 0; i < doc->n_method; i++)
		if (!str_eq(doc->method[i].fragment, fragment))
			doc->method[n++] = doc->method[i];
	doc->n_method = n;
	rc = dev_emit(x, NULL, "0x3::did::VerificationMethodRemovedEvent", &b);
	buf_clear(&b);
	return rc ? rc : dev_did_put(x, doc);
}

static int modified(struct dev_ctx *x, const struct rooch_did_document *doc, struct str fragment,
		    uint8_t relationship, const char *how)
{
	struct buf b = dev_buf();
	int rc;

	dev_did_name_write(&b, &doc->id);
	bcs_put_string(&b, fragment);
	bcs_put_u8(&b, relationship);
	bcs_put_string(&b, str_c(how));
	rc = dev_emit(x, NULL, "0x3::did::VerificationRelationshipModifiedEvent", &b);
	buf_clear(&b);
	return rc ? rc : dev_did_put(x, doc);
}

int dev_add_relationship(struct dev_ctx *x)
{
	struct str fragment = dev_arg_string(x, 0);
	uint8_t r = dev_arg_u8(x, 1);
	const struct rooch_did_method *m;
	struct rooch_did_document *doc;

	if (!dev_args_ok(x) || mine(x, DID_CAPABILITY_DELEGATION, &doc))
		return -1;
	m = dev_did_method(doc, fragment);
	if (!m)
		return dev_abort(x, module, DID_NO_METHOD);
	if (r >= DID_RELATIONSHIPS)
		return dev_abort(x, module, DID_NO_RELATIONSHIP);
	if (r == DID_AUTHENTICATION && check_key(x, m->type, m->multibase))
		return -1;
	dev_did_list(doc, (enum did_relationship)r, fragment);
	return modified(x, doc, fragment, r, "added");
}

int dev_remove_relationship(struct dev_ctx *x)
{
	struct str fragment = dev_arg_string(x, 0);
	uint8_t r = dev_arg_u8(x, 1);
	struct rooch_did_document *doc;

	if (!dev_args_ok(x) || mine(x, DID_CAPABILITY_DELEGATION, &doc))
		return -1;
	if (r >= DID_RELATIONSHIPS)
		return dev_abort(x, module, DID_NO_RELATIONSHIP);
	return unlist(doc, r, fragment) ? modified(x, doc, fragment, r, "removed") : 0;
}

/* ---- services ---- */

static struct rooch_did_service *find_service(struct rooch_did_document *doc, struct str fragment)
{
	for (unsigned i = 0; i < doc->n_service; i++)
		if (str_eq(doc->service[i].fragment, fragment))
			return &doc->service[i];
	return NULL;
}

/* Arguments 0 to 2, and 3 and 4 where there are properties. */
static int read_service(struct dev_ctx *x, bool properties, struct rooch_did_service *s)
{
	struct str keys[DID_PROPERTIES_MAX], values[DID_PROPERTIES_MAX];
	unsigned n = 0, n_value = 0;

	*s = (struct rooch_did_service){ .fragment = dev_arg_string(x, 0),
					 .type = dev_arg_string(x, 1),
					 .endpoint = dev_arg_string(x, 2) };
	if (properties) {
		n = dev_arg_strings(x, 3, keys, DID_PROPERTIES_MAX);
		n_value = dev_arg_strings(x, 4, values, DID_PROPERTIES_MAX);
	}
	if (!dev_args_ok(x))
		return -1;
	if (n != n_value)
		return dev_abort(x, module, DID_KEYS_AND_VALUES);
	if (n > DID_PROPERTIES_MAX)
		return dev_abort(x, module, DID_TOO_MANY_PROPERTIES);
	if (check_texts(x, s->fragment, s->type, s->endpoint))
		return -1;
	for (unsigned i = 0; i < n; i++) {
		if (keys[i].len > DID_TEXT_MAX || values[i].len > DID_TEXT_MAX)
			return dev_abort(x, module, DID_TEXT_TOO_LONG);
		s->property[i] = (struct rooch_did_property){ keys[i], values[i] };
	}
	s->n_property = n;
	return 0;
}

static int add_service(struct dev_ctx *x, bool properties)
{
	struct rooch_did_document *doc;
	struct rooch_did_service s;
	struct buf b = dev_buf();
	int rc;

	if (read_service(x, properties, &s) || mine(x, DID_CAPABILITY_INVOCATION, &doc))
		return -1;
	if (find_service(doc, s.fragment))
		return dev_abort(x, module, DID_SERVICE_EXISTS);
	if (doc->n_service == DID_SERVICES_MAX)
		return dev_abort(x, module, DID_TOO_MANY_SERVICES);
	s.did = doc->id;
	doc->service[doc->n_service++] = s;
	dev_did_name_write(&b, &doc->id);
	bcs_put_string(&b, s.fragment);
	bcs_put_string(&b, s.type);
	bcs_put_string(&b, s.endpoint);
	bcs_put_u64(&b, s.n_property);
	rc = dev_emit(x, NULL, "0x3::did::ServiceAddedEvent", &b);
	buf_clear(&b);
	return rc ? rc : dev_did_put(x, doc);
}

int dev_add_service(struct dev_ctx *x)
{
	return add_service(x, false);
}

int dev_add_service_properties(struct dev_ctx *x)
{
	return add_service(x, true);
}

int dev_update_service(struct dev_ctx *x)
{
	struct rooch_did_service s, *old;
	struct rooch_did_document *doc;
	struct buf b = dev_buf();
	int rc;

	if (read_service(x, true, &s) || mine(x, DID_CAPABILITY_INVOCATION, &doc))
		return -1;
	old = find_service(doc, s.fragment);
	if (!old)
		return dev_abort(x, module, DID_NO_SERVICE);
	s.did = doc->id;
	dev_did_name_write(&b, &doc->id);
	bcs_put_string(&b, s.fragment);
	bcs_put_string(&b, old->type);
	bcs_put_string(&b, s.type);
	bcs_put_string(&b, old->endpoint);
	bcs_put_string(&b, s.endpoint);
	bcs_put_u64(&b, s.n_property);
	*old = s;
	rc = dev_emit(x, NULL, "0x3::did::ServiceUpdatedEvent", &b);
	buf_clear(&b);
	return rc ? rc : dev_did_put(x, doc);
}

int dev_remove_service(struct dev_ctx *x)
{
	struct str fragment = dev_arg_string(x, 0);
	struct rooch_did_document *doc;
	struct rooch_did_service *s;
	struct buf b = dev_buf();
	int rc;

	if (!dev_args_ok(x) || mine(x, DID_CAPABILITY_INVOCATION, &doc))
		return -1;
	s = find_service(doc, fragment);
	if (!s)
		return dev_abort(x, module, DID_NO_SERVICE);
	dev_did_name_write(&b, &doc->id);
	bcs_put_string(&b, fragment);
	bcs_put_string(&b, s->type);
	for (; s + 1 < doc->service + doc->n_service; s++)
		*s = s[1];
	doc->n_service--;
	rc = dev_emit(x, NULL, "0x3::did::ServiceRemovedEvent", &b);
	buf_clear(&b);
	return rc ? rc : dev_did_put(x, doc);
}
