/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/rooch_did.h"

#include "json_eq.h"
#include "tap.h"
#include "vectors.h"

static struct rooch_did_document doc, again; /* large */

static bool same_bytes(const struct rooch_did_document *d, struct str bcs)
{
	struct buf b;
	bool ok;

	buf_init(&b, 1 << 20);
	rooch_did_write(&b, d);
	ok = !b.failed && str_eq(buf_str(&b), bcs);
	buf_clear(&b);
	return ok;
}

/* A copy in a place of its own size, so that a read beyond it is seen by the sanitizer. */
static bool reads(const char *p, size_t n)
{
	struct buf in;
	bool ok;

	buf_init(&in, n + 1);
	buf_add(&in, p, n);
	ok = rooch_did_read(&again, buf_str(&in));
	ok = ok && same_bytes(&again, buf_str(&in));
	buf_clear(&in);
	return ok;
}

static void document(struct vectors *vs)
{
	struct str bcs = vec_bytes(vs, "bcs");
	char hex[ROOCH_HEX_TEXT];
	struct buf b;
	bool ok = true;

	OK(rooch_did_read(&doc, bcs) && same_bytes(&doc, bcs), "%s %s", vs->id,
	   vec_text(vs, "what"));
	rooch_id_hex(hex, &doc.account);
	OK(str_eq_c(doc.id.method, "rooch") &&
		   str_eq(doc.id.identifier, vec_str(vs, "identifier")) &&
		   vec_is(vs, "addressHex", hex),
	   "%s name and address", vs->id);
	buf_init(&b, 1 << 20);
	rooch_did_json(&b, &doc);
	OK(json_text_is(buf_str(&b), jscan_get(vs->v, "document")), "%s W3C form", vs->id);
	for (size_t n = 0; n < bcs.len; n++)
		ok = ok && !reads(bcs.p, n);
	OK(ok, "%s cut at any place is refused", vs->id);
	buf_reset(&b);
	buf_add_str(&b, bcs);
	for (size_t i = 0; i < bcs.len; i++) {
		b.p[i] = (char)(b.p[i] ^ 0x01);
		if (rooch_did_read(&again, buf_str(&b)) && !same_bytes(&again, buf_str(&b)))
			ok = false;
		b.p[i] = (char)(b.p[i] ^ 0x81);
		if (rooch_did_read(&again, buf_str(&b)) && !same_bytes(&again, buf_str(&b)))
			ok = false;
		b.p[i] = (char)(b.p[i] ^ 0x80);
	}
	OK(ok, "%s with a bit flipped is refused or kept", vs->id);
	buf_add_byte(&b, 0);
	OK(!reads(b.p, b.len), "%s and a byte is refused", vs->id);
	buf_clear(&b);
}

static void vectors(void)
{
	struct vectors vs;

	vectors_open(&vs, "did-documents");
	while (vectors_next(&vs))
		document(&vs);
	vectors_close(&vs);
}

/* Is what rooch_did_write makes of @doc read again? */
static bool readable(void)
{
	struct buf b;
	bool ok;

	buf_init(&b, 1 << 20);
	rooch_did_write(&b, &doc);
	ok = reads(b.p, b.len);
	buf_clear(&b);
	return ok;
}

static void fill(void)
{
	static char name[DID_METHODS_MAX][4];

	memset(&doc, 0, sizeof doc);
	doc.id = (struct rooch_did_name){ STR_LIT("rooch"), STR_LIT("x") };
	for (unsigned i = 0; i < DID_METHODS_MAX; i++) {
		snprintf(name[i], sizeof name[i], "k%02u", i);
		doc.method[i].fragment = str_c(name[i]);
		for (unsigned k = 0; k < DID_RELATIONSHIPS; k++)
			doc.relationship[k][i] = str_c(name[i]);
	}
	doc.n_method = DID_METHODS_MAX;
	for (unsigned k = 0; k < DID_RELATIONSHIPS; k++)
		doc.n_relationship[k] = DID_METHODS_MAX;
	for (unsigned i = 0; i < DID_SERVICES_MAX; i++)
		doc.service[i].n_property = DID_PROPERTIES_MAX;
	doc.n_service = DID_SERVICES_MAX;
	doc.n_controller = doc.n_also_known_as = DID_CONTROLLERS_MAX;
}

/* One element more than each limit of the chain, written by hand over a full document. */
static void limits(void)
{
	static char text[DID_TEXT_MAX + 1];
	struct buf b;

	memset(text, 'x', sizeof text);
	fill();
	OK(readable(), "a document that is full is read");
	doc.method[1].fragment = doc.method[0].fragment;
	OK(!readable(), "a fragment that comes twice is refused");
	fill();
	doc.method[0].type = (struct str){ text, DID_TEXT_MAX };
	OK(readable(), "a text of %d bytes", DID_TEXT_MAX);
	doc.method[0].type.len++;
	OK(!readable(), "a longer one is refused");
	fill();
	doc.method[0].fragment = (struct str){ text, ROOCH_FRAGMENT_MAX };
	OK(readable(), "a fragment of %d bytes", ROOCH_FRAGMENT_MAX);
	doc.method[0].fragment.len++;
	OK(!readable(), "a longer one is refused");
	fill();
	doc.id.method = STR_LIT("\xff");
	OK(!readable(), "bytes that are no UTF-8 are refused");

	/* counts: an empty document, in which one of them is changed */
	memset(&doc, 0, sizeof doc);
	buf_init(&b, 1 << 16);
	rooch_did_write(&b, &doc);
	OK(reads(b.p, b.len) && b.len == 2 + 9 + 32, "an empty document");
	for (size_t at = 2; at < 11; at++) {
		buf_reset(&b);
		rooch_did_write(&b, &doc);
		for (unsigned i = 0; i < 5000; i++)
			buf_add_byte(&b, 0);
		b.p[at] = 127;
		OK(!reads(b.p, b.len), "127 elements at byte %zu are refused", at);
		buf_reset(&b);
		rooch_did_write(&b, &doc);
		memcpy(b.p + at, "\xff\xff\xff\xff\x0f", 5);
		OK(!reads(b.p, b.len), "4 milliards of them too");
	}
	buf_clear(&b);
}

/* Map keys that do not fit what is behind them. */
static void lies(void)
{
	struct buf b;
	char *at;

	memset(&doc, 0, sizeof doc);
	doc.n_method = 1;
	doc.method[0].fragment = STR_LIT("account");
	buf_init(&b, 1 << 16);
	rooch_did_write(&b, &doc);
	at = memmem(b.p, b.len, "account", 7);
	*at = 'X';
	OK(!reads(b.p, b.len), "a key under another name is refused");
	doc.n_method = 0;
	doc.n_service = 1;
	doc.service[0].fragment = STR_LIT("service");
	buf_reset(&b);
	rooch_did_write(&b, &doc);
	OK(reads(b.p, b.len), "a service");
	at = memmem(b.p, b.len, "service", 7);
	*at = 'X';
	OK(!reads(b.p, b.len), "a service under another name is refused");
	buf_clear(&b);
}

static void odd_properties(void)
{
	struct jval root, service, v;
	struct jiter it;
	struct buf b;
	struct str key;
	struct gw_err e;
	unsigned n = 0;

	memset(&doc, 0, sizeof doc);
	doc.id = (struct rooch_did_name){ STR_LIT("rooch"), STR_LIT("a\"b") };
	doc.n_service = 1;
	doc.service[0].n_property = 4;
	doc.service[0].property[0] = (struct rooch_did_property){ STR_LIT("id"), STR_LIT("x") };
	doc.service[0].property[1] = (struct rooch_did_property){ STR_LIT("type"), STR_LIT("x") };
	doc.service[0].property[2] =
		(struct rooch_did_property){ STR_LIT("serviceEndpoint"), STR_LIT("x") };
	doc.service[0].property[3] =
		(struct rooch_did_property){ STR_LIT("a\"\n"), STR_LIT("\"\0") };
	buf_init(&b, 1 << 16);
	rooch_did_json(&b, &doc);
	OK(!jscan_check(buf_str(&b), 8, false, &root, &e), "odd texts are escaped");
	service = jscan_get(root, "service");
	jiter_init(&it, service);
	OK(jiter_next(&it, &key, &service), "the service is there");
	jiter_init(&it, service);
	while (jiter_next(&it, &key, &v))
		n++;
	OK(n == 4 && jval_str_eq(jscan_get(service, "id"), "did::#"),
	   "properties do not replace its members");
	buf_clear(&b);
}

int main(void)
{
	vectors();
	limits();
	lies();
	odd_properties();
	return TAP_END;
}
