/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/rooch_did.h"

#include <string.h>

#include "codec/bcs.h"
#include "codec/jwrite.h"

/* ---- binary form ---- */

static struct str read_text(struct bcs_reader *r)
{
	return bcs_string(r, DID_TEXT_MAX);
}

static struct rooch_did_name read_name(struct bcs_reader *r)
{
	struct rooch_did_name n;

	n.method = read_text(r);
	n.identifier = read_text(r);
	return n;
}

/* Number of elements, of at least @min_size bytes each; beyond @max is a fault. */
static unsigned read_count(struct bcs_reader *r, size_t min_size, unsigned max)
{
	uint32_t n = bcs_count(r, min_size);

	if (n > max)
		r->failed = true;
	return r->failed ? 0 : n;
}

/* The map's key has to be the fragment inside, which is in no other entry. */
static void read_method(struct bcs_reader *r, struct rooch_did_document *d)
{
	struct rooch_did_method *m = &d->method[d->n_method];
	struct str key = bcs_string(r, ROOCH_FRAGMENT_MAX);

	m->did = read_name(r);
	m->fragment = bcs_string(r, ROOCH_FRAGMENT_MAX);
	m->type = read_text(r);
	m->controller = read_name(r);
	m->multibase = read_text(r);
	if (!str_eq(key, m->fragment))
		r->failed = true;
	for (unsigned i = 0; i < d->n_method; i++)
		if (str_eq(d->method[i].fragment, key))
			r->failed = true;
	d->n_method++;
}

static void read_service(struct bcs_reader *r, struct rooch_did_document *d)
{
	struct rooch_did_service *s = &d->service[d->n_service++];
	struct str key = bcs_string(r, ROOCH_FRAGMENT_MAX);

	s->did = read_name(r);
	s->fragment = bcs_string(r, ROOCH_FRAGMENT_MAX);
	s->type = read_text(r);
	s->endpoint = read_text(r);
	s->n_property = read_count(r, 2, DID_PROPERTIES_MAX);
	for (unsigned i = 0; i < s->n_property; i++) {
		s->property[i].key = read_text(r);
		s->property[i].value = read_text(r);
	}
	if (!str_eq(key, s->fragment))
		r->failed = true;
}

bool rooch_did_read(struct rooch_did_document *out, struct str bcs)
{
	struct bcs_reader r;
	const uint8_t *p;
	unsigned n;

	memset(out, 0, sizeof *out);
	bcs_init(&r, bcs.p, bcs.len);
	out->id = read_name(&r);
	out->n_controller = read_count(&r, 2, DID_CONTROLLERS_MAX);
	for (unsigned i = 0; i < out->n_controller; i++)
		out->controller[i] = read_name(&r);
	n = read_count(&r, 8, DID_METHODS_MAX);
	for (unsigned i = 0; i < n; i++)
		read_method(&r, out);
	for (unsigned k = 0; k < DID_RELATIONSHIPS; k++) {
		out->n_relationship[k] = read_count(&r, 1, DID_METHODS_MAX);
		for (unsigned i = 0; i < out->n_relationship[k]; i++)
			out->relationship[k][i] = bcs_string(&r, ROOCH_FRAGMENT_MAX);
	}
	n = read_count(&r, 7, DID_SERVICES_MAX);
	for (unsigned i = 0; i < n; i++)
		read_service(&r, out);
	out->n_also_known_as = read_count(&r, 1, DID_CONTROLLERS_MAX);
	for (unsigned i = 0; i < out->n_also_known_as; i++)
		out->also_known_as[i] = read_text(&r);
	p = bcs_bytes(&r, sizeof out->account.b);
	if (p)
		memcpy(out->account.b, p, sizeof out->account.b);
	return bcs_end(&r);
}

static void put_name(struct buf *b, const struct rooch_did_name *n)
{
	bcs_put_string(b, n->method);
	bcs_put_string(b, n->identifier);
}

static void put_service(struct buf *b, const struct rooch_did_service *s)
{
	bcs_put_string(b, s->fragment);
	put_name(b, &s->did);
	bcs_put_string(b, s->fragment);
	bcs_put_string(b, s->type);
	bcs_put_string(b, s->endpoint);
	bcs_put_uleb(b, s->n_property);
	for (unsigned i = 0; i < s->n_property; i++) {
		bcs_put_string(b, s->property[i].key);
		bcs_put_string(b, s->property[i].value);
	}
}

void rooch_did_write(struct buf *b, const struct rooch_did_document *d)
{
	put_name(b, &d->id);
	bcs_put_uleb(b, d->n_controller);
	for (unsigned i = 0; i < d->n_controller; i++)
		put_name(b, &d->controller[i]);
	bcs_put_uleb(b, d->n_method);
	for (unsigned i = 0; i < d->n_method; i++) {
		const struct rooch_did_method *m = &d->method[i];

		bcs_put_string(b, m->fragment);
		put_name(b, &m->did);
		bcs_put_string(b, m->fragment);
		bcs_put_string(b, m->type);
		put_name(b, &m->controller);
		bcs_put_string(b, m->multibase);
	}
	for (unsigned k = 0; k < DID_RELATIONSHIPS; k++) {
		bcs_put_uleb(b, d->n_relationship[k]);
		for (unsigned i = 0; i < d->n_relationship[k]; i++)
			bcs_put_string(b, d->relationship[k][i]);
	}
	bcs_put_uleb(b, d->n_service);
	for (unsigned i = 0; i < d->n_service; i++)
		put_service(b, &d->service[i]);
	bcs_put_uleb(b, d->n_also_known_as);
	for (unsigned i = 0; i < d->n_also_known_as; i++)
		bcs_put_string(b, d->also_known_as[i]);
	buf_add(b, d->account.b, sizeof d->account.b);
}

/* ---- W3C form ---- */

static void show_did(struct jwrite *w, const char *key, const struct rooch_did_name *n,
		     const struct str *fragment)
{
	struct buf text;

	buf_init(&text, (size_t)4 * DID_TEXT_MAX);
	buf_add_c(&text, "did:");
	buf_add_str(&text, n->method);
	buf_add_byte(&text, ':');
	buf_add_str(&text, n->identifier);
	if (fragment) {
		buf_add_byte(&text, '#');
		buf_add_str(&text, *fragment);
	}
	jwrite_str(w, key, buf_str(&text));
	buf_clear(&text);
}

/* Properties become members; those that would repeat a member of the service are left out. */
static void show_service(struct jwrite *w, const struct rooch_did_service *s)
{
	jwrite_object(w, NULL);
	show_did(w, "id", &s->did, &s->fragment);
	jwrite_str(w, "type", s->type);
	jwrite_str(w, "serviceEndpoint", s->endpoint);
	for (unsigned i = 0; i < s->n_property; i++) {
		struct str key = s->property[i].key;

		if (str_eq_c(key, "id") || str_eq_c(key, "type") ||
		    str_eq_c(key, "serviceEndpoint"))
			continue;
		jwrite_name(w, key);
		jwrite_str(w, NULL, s->property[i].value);
	}
	jwrite_object_end(w);
}

void rooch_did_json(struct buf *b, const struct rooch_did_document *d)
{
	static const char *const relationship[DID_RELATIONSHIPS] = {
		"authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation",
		"keyAgreement"
	};
	struct jwrite w;

	jwrite_init(&w, b, true);
	jwrite_object(&w, NULL);
	jwrite_array(&w, "@context");
	jwrite_text(&w, NULL, "https://www.w3.org/ns/did/v1");
	jwrite_array_end(&w);
	show_did(&w, "id", &d->id, NULL);
	jwrite_array(&w, "controller");
	for (unsigned i = 0; i < d->n_controller; i++)
		show_did(&w, NULL, &d->controller[i], NULL);
	jwrite_array_end(&w);
	jwrite_array(&w, "verificationMethod");
	for (unsigned i = 0; i < d->n_method; i++) {
		const struct rooch_did_method *m = &d->method[i];

		jwrite_object(&w, NULL);
		show_did(&w, "id", &m->did, &m->fragment);
		jwrite_str(&w, "type", m->type);
		show_did(&w, "controller", &m->controller, NULL);
		jwrite_str(&w, "publicKeyMultibase", m->multibase);
		jwrite_object_end(&w);
	}
	jwrite_array_end(&w);
	for (unsigned k = 0; k < DID_RELATIONSHIPS; k++) {
		jwrite_array(&w, relationship[k]);
		for (unsigned i = 0; i < d->n_relationship[k]; i++)
			show_did(&w, NULL, &d->id, &d->relationship[k][i]);
		jwrite_array_end(&w);
	}
	jwrite_array(&w, "service");
	for (unsigned i = 0; i < d->n_service; i++)
		show_service(&w, &d->service[i]);
	jwrite_array_end(&w);
	jwrite_array(&w, "alsoKnownAs");
	for (unsigned i = 0; i < d->n_also_known_as; i++)
		jwrite_str(&w, NULL, d->also_known_as[i]);
	jwrite_array_end(&w);
	jwrite_object_end(&w);
}
