/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "auth/did_document.h"

#include <stdatomic.h>

#include "codec/bech32m.h"
#include "codec/jscan.h"
#include "codec/multibase.h"

/* ---- names ---- */

bool did_rooch_valid(struct str did)
{
	static const char head[] = "did:rooch:";
	uint8_t address[32];

	if (!str_starts(did, head))
		return false;
	did = str_sub(did, sizeof head - 1, did.len);
	for (size_t i = 0; i < did.len; i++)
		if (did.p[i] >= 'A' && did.p[i] <= 'Z')
			return false;
	return bech32m_decode(address, sizeof address, "rooch", did);
}

bool did_split(struct str id, struct str *did, struct str *fragment)
{
	ptrdiff_t at = str_find(id, '#');

	if (at < 0)
		return false;
	*did = str_sub(id, 0, (size_t)at);
	*fragment = str_sub(id, (size_t)at + 1, id.len);
	return fragment->len >= 1 && fragment->len < FRAGMENT_TEXT &&
	       str_find(*fragment, '#') < 0 && str_utf8(*fragment);
}

/* The bytes that stand before a public key in a did:key. */
static const uint8_t *key_prefix(enum key_type t)
{
	static const uint8_t ed25519[2] = { 0xed, 0x01 }, k1[2] = { 0xe7, 0x01 },
			     r1[2] = { 0x12, 0x00 };

	switch (t) {
	case KEY_ED25519:
		return ed25519;
	case KEY_K1:
		return k1;
	case KEY_R1:
		return r1;
	}
	abort();
}

bool did_key_parse(struct str did, struct did_key *out)
{
	static const char head[] = "did:key:";
	static const enum key_type types[] = { KEY_ED25519, KEY_K1, KEY_R1 };
	struct buf b;
	bool ok = false;

	buf_init(&b, 2 + KEY_PUB_MAX);
	if (str_starts(did, head) &&
	    multibase_decode_z(str_sub(did, sizeof head - 1, did.len), &b)) {
		for (size_t i = 0; !ok && i < sizeof types / sizeof types[0]; i++) {
			if (b.len != 2 + key_pub_len(types[i]) ||
			    memcmp(b.p, key_prefix(types[i]), 2) != 0)
				continue;
			out->type = types[i];
			out->pub_len = b.len - 2;
			memcpy(out->pub, b.p + 2, out->pub_len);
			ok = true;
		}
	}
	buf_clear(&b);
	return ok;
}

void did_key_format(char out[DID_TEXT], const struct did_key *k)
{
	uint8_t bytes[2 + KEY_PUB_MAX];
	struct buf b;

	memcpy(bytes, key_prefix(k->type), 2);
	memcpy(bytes + 2, k->pub, k->pub_len);
	buf_init(&b, DID_TEXT);
	if (!multibase_encode_z(bytes, 2 + k->pub_len, &b))
		abort(); /* 35 bytes fit */
	snprintf(out, DID_TEXT, "did:key:%s", buf_c(&b));
	buf_clear(&b);
}

/* ---- documents ---- */

struct did_shared {
	atomic_uint holders;
};

static void *must(void *p)
{
	if (!p) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

static char *copy(struct str s)
{
	char *p = must(malloc(s.len + 1));

	if (s.len)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return p;
}

struct did_document *did_document_new(struct str id)
{
	struct did_document *d = must(calloc(1, sizeof *d));

	d->shared = must(calloc(1, sizeof *d->shared));
	atomic_init(&d->shared->holders, 1);
	d->id = copy(id);
	return d;
}

struct did_document *did_document_dup(const struct did_document *d)
{
	atomic_fetch_add_explicit(&d->shared->holders, 1, memory_order_relaxed);
	return (struct did_document *)(uintptr_t)d; /* shared and immutable: see the contract */
}

static void release(struct did_document *d)
{
	for (unsigned i = 0; i < d->n_method; i++) {
		free(d->method[i].id);
		free(d->method[i].type);
		free(d->method[i].multibase);
	}
	free(d->method);
	free(d->shared);
	free(d->id);
	free(d);
}

void did_document_free(struct did_document *d)
{
	if (d && atomic_fetch_sub(&d->shared->holders, 1) == 1)
		release(d);
}

enum { LONGEST_KEY = 2 * KEY_PUB_MAX }; /* whatever is longer is no key */

/*
 * Rule: protocol did-auth.md 8: an unknown type, or a key that is not base58btc, is unusable. A
 * key of the wrong length for its type is a key that verifies nothing.
 */
static void decode_key(struct did_method *m)
{
	struct buf b;

	buf_init(&b, LONGEST_KEY);
	m->usable = key_type_find(str_c(m->type), &m->key.type) &&
		    multibase_decode_z(str_c(m->multibase), &b) && b.len;
	if (m->usable && b.len == key_pub_len(m->key.type)) {
		m->key.pub_len = b.len;
		memcpy(m->key.pub, b.p, b.len);
		(void)key_point_read(&m->point, m->key.type, m->key.pub, m->key.pub_len);
	}
	buf_clear(&b);
}

void did_document_add(struct did_document *d, struct str id, struct str type, struct str multibase)
{
	struct did_method *m;
	ptrdiff_t hash = str_find(id, '#');

	if (d->n_method == DID_DOCUMENT_METHODS)
		return;
	d->method = must(realloc(d->method, (d->n_method + 1) * sizeof *d->method));
	m = &d->method[d->n_method++];
	*m = (struct did_method){ .id = copy(id),
				  .type = copy(type),
				  .multibase = copy(multibase) };
	m->fragment = hash < 0 ? m->id + id.len : m->id + hash + 1;
	decode_key(m);
}

const struct did_method *did_document_find(const struct did_document *d, struct str id)
{
	for (unsigned i = 0; i < d->n_method; i++)
		if (str_eq_c(id, d->method[i].id))
			return &d->method[i];
	return NULL;
}

void did_document_authenticate(struct did_document *d, struct str id)
{
	for (unsigned i = 0; i < d->n_method; i++)
		if (str_eq_c(id, d->method[i].id))
			d->method[i].authentication = true;
}

/* ---- the W3C form ---- */

enum { JSON_MAX = 256 * 1024, JSON_DEPTH = 16, MEMBER_TEXT = 512 };

static int bad(struct gw_err *e, const char *what)
{
	return gw_fail(e, GWE_BAD_REQUEST, 0, "the DID document is not valid: %s", what);
}

/* A text that may be missing; false when it is something else, or too long. */
static bool optional_text(struct jval v, char *dst, size_t size)
{
	*dst = '\0';
	return jval_is_null(v) || jval_copy(v, dst, size);
}

static int parse_method(struct did_document *d, struct jval v, struct gw_err *e)
{
	char id[DID_TEXT + FRAGMENT_TEXT], type[MEMBER_TEXT], multibase[MEMBER_TEXT];

	if (v.type != J_OBJECT || !jval_copy(jscan_get(v, "id"), id, sizeof id) || !id[0])
		return bad(e, "a verificationMethod without id");
	if (!optional_text(jscan_get(v, "type"), type, sizeof type))
		return bad(e, "the type of a verificationMethod is no text");
	if (!optional_text(jscan_get(v, "publicKeyMultibase"), multibase, sizeof multibase))
		return bad(e, "the publicKeyMultibase of a verificationMethod is no text");
	did_document_add(d, str_c(id), str_c(type), str_c(multibase));
	return 0;
}

static int parse_methods(struct did_document *d, struct jval list, struct gw_err *e)
{
	struct jiter it;
	struct jval v;
	struct str none;

	if (!jval_is_null(list) && list.type != J_ARRAY)
		return bad(e, "verificationMethod is no array");
	jiter_init(&it, list);
	while (jiter_next(&it, &none, &v)) {
		if (d->n_method == DID_DOCUMENT_METHODS)
			return bad(e, "more than 64 verification methods");
		if (parse_method(d, v, e))
			return -1;
	}
	return 0;
}

static int parse_authentication(struct did_document *d, struct jval list, struct gw_err *e)
{
	char id[DID_TEXT + FRAGMENT_TEXT];
	struct jiter it;
	struct jval v;
	struct str none;

	if (!jval_is_null(list) && list.type != J_ARRAY)
		return bad(e, "authentication is no array");
	jiter_init(&it, list);
	while (jiter_next(&it, &none, &v)) {
		if (!jval_copy(v, id, sizeof id))
			return bad(e, "authentication holds something that is no text");
		did_document_authenticate(d, str_c(id));
	}
	return 0;
}

int did_document_parse(struct str json, struct did_document **out, struct gw_err *e)
{
	struct did_document *d;
	struct gw_err why = { .code = GWE_OK };
	char id[DID_TEXT];
	struct jval root;

	if (json.len > JSON_MAX)
		return bad(e, "longer than 256 KiB");
	if (jscan_check(json, JSON_DEPTH, false, &root, &why))
		return bad(e, why.pub);
	if (root.type != J_OBJECT)
		return bad(e, "no JSON object");
	if (!jval_copy(jscan_get(root, "id"), id, sizeof id) || !id[0])
		return bad(e, "it has no id");
	d = did_document_new(str_c(id));
	if (parse_methods(d, jscan_get(root, "verificationMethod"), e) ||
	    parse_authentication(d, jscan_get(root, "authentication"), e)) {
		release(d); /* nobody shares it yet */
		return -1;
	}
	*out = d;
	return 0;
}
