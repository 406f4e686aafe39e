/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "auth/did_document.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "vectors.h"

/* ---- DOC: the W3C form against the members that the chain holds ---- */

static bool same_method(struct vectors *vs, const struct did_document *d, unsigned i, struct jval v)
{
	struct jval value = jscan_get(v, "value"), list, x;
	struct jiter it;
	struct str none;
	bool listed = false;

	list = jscan_path(vs->v, "decoded", "authentication", (char *)NULL);
	jiter_init(&it, list);
	while (jiter_next(&it, &none, &x))
		listed = listed || jval_str_eq(x, d->method[i].fragment);
	return jval_str_eq(jscan_get(v, "key"), d->method[i].fragment) &&
	       jval_str_eq(jscan_get(value, "type"), d->method[i].type) &&
	       jval_str_eq(jscan_get(value, "public_key_multibase"), d->method[i].multibase) &&
	       d->method[i].usable && d->method[i].authentication == listed &&
	       key_pub_valid(d->method[i].key.type, d->method[i].key.pub,
			     d->method[i].key.pub_len) &&
	       did_document_find(d, str_c(d->method[i].id)) == &d->method[i];
}

static void one(struct vectors *vs)
{
	struct str json = jscan_get(vs->v, "document").raw, none;
	struct did_document *d = NULL, *again;
	struct jiter it;
	struct jval v;
	struct gw_err e;
	unsigned n = 0;
	bool ok = true;

	if (!OK(!did_document_parse(json, &d, &e) && str_eq_c(vec_str(vs, "did"), d->id) &&
			did_rooch_valid(vec_str(vs, "did")),
		"%s %s", vs->id, vec_text(vs, "what")))
		return;
	jiter_init(&it, jscan_path(vs->v, "decoded", "verification_methods", "data", (char *)NULL));
	while (jiter_next(&it, &none, &v)) {
		ok = ok && n < d->n_method && same_method(vs, d, n, v);
		n++;
	}
	OK(ok && n == d->n_method, "%s has the keys of the object", vs->id);
	again = did_document_dup(d);
	did_document_free(d);
	OK(str_eq_c(vec_str(vs, "did"), again->id), "%s lives as long as somebody holds it",
	   vs->id);
	did_document_free(again);
}

/* ---- KEY: did:key ---- */

static void did_keys(void)
{
	char text[DID_TEXT];
	struct did_key k;
	struct vectors vs;
	unsigned n = 0;

	vectors_open(&vs, "keys");
	while (vectors_next(&vs)) {
		if (vec_has(&vs, "didKey") && vec_has(&vs, "publicKey")) {
			bool ok = did_key_parse(vec_str(&vs, "didKey"), &k) &&
				  str_eq_c(vec_str(&vs, "keyType"), key_type_name(k.type)) &&
				  k.pub_len == vec_bytes(&vs, "publicKey").len &&
				  !memcmp(k.pub, vec_bytes(&vs, "publicKey").p, k.pub_len);

			did_key_format(text, &k);
			OK(ok && str_eq_c(vec_str(&vs, "didKey"), text), "%s did:key both ways",
			   vs.id);
			n++;
		} else if (vec_is(&vs, "kind", "did:key parse")) {
			OK(!did_key_parse(vec_str(&vs, "didKey"), &k), "%s %s is refused", vs.id,
			   vec_text(&vs, "what"));
			n++;
		}
	}
	OK(n >= 19, "all vectors of did:key were met");
	vectors_close(&vs);
}

/* ---- RID: did:rooch ---- */

static const char good[] =
	"did:rooch:rooch13r85wqeax2j3dse7ty65kz74drc7cfzur8jqr4ws4marlp7jr09s7yh4kl";

static void rooch(void)
{
	char text[96];
	bool none = true;

	OK(did_rooch_valid(str_c(good)), "a well-formed did:rooch");
	for (size_t i = 0; i < sizeof good - 1; i++) {
		memcpy(text, good, sizeof good);
		text[i] = (char)(text[i] == 'q' ? 'p' : 'q');
		none = none && !did_rooch_valid((struct str){ text, sizeof good - 1 });
		none = none && !did_rooch_valid((struct str){ good, i });
		text[i] = (char)(good[i] & ~0x20);
		none = none && (text[i] == good[i] ||
				!did_rooch_valid((struct str){ text, sizeof good - 1 }));
	}
	OK(none, "changed, cut or with a capital anywhere it is none");
	OK(!did_rooch_valid(STR_LIT(
		   "did:rooch:ROOCH13R85WQEAX2J3DSE7TY65KZ74DRC7CFZUR8JQR4WS4MARLP7JR09S7YH4KL")),
	   "all capitals are refused");
	OK(!did_rooch_valid(STR_LIT("did:rooch:0x3")) && !did_rooch_valid(STR_NULL) &&
		   !did_rooch_valid(STR_LIT("did:rooch:")),
	   "so are hexadecimal addresses and nothing at all");
}

static void split(void)
{
	char longest[2 + 128 + 2];
	struct str did, fragment;

	OK(did_split(STR_LIT("did:x:y#k"), &did, &fragment) && str_eq_c(did, "did:x:y") &&
		   str_eq_c(fragment, "k"),
	   "DID and fragment");
	OK(!did_split(STR_LIT("did:x:y"), &did, &fragment) &&
		   !did_split(STR_LIT("did:x:y#"), &did, &fragment) &&
		   !did_split(STR_LIT("did:x:y#a#b"), &did, &fragment) &&
		   !did_split(STR_LIT("d#\xff"), &did, &fragment),
	   "none, empty, two, ill-formed");
	memset(longest, 'f', sizeof longest);
	longest[1] = '#';
	OK(did_split((struct str){ longest, 2 + 128 }, &did, &fragment) &&
		   !did_split((struct str){ longest, 2 + 129 }, &did, &fragment),
	   "128 bytes and no more");
}

/* ---- texts that are no documents, and odd ones that are ---- */

static void odd(void)
{
	static const char *const bad[] = {
		"",
		"[]",
		"null",
		"{}",
		"{\"id\":7}",
		"{\"id\":\"\"}",
		"{\"id\":\"a\\u0000b\"}",
		"{\"id\":\"d\",\"verificationMethod\":7}",
		"{\"id\":\"d\",\"verificationMethod\":[7]}",
		"{\"id\":\"d\",\"verificationMethod\":[{}]}",
		"{\"id\":\"d\",\"verificationMethod\":[{\"id\":\"d#k\",\"type\":7}]}",
		"{\"id\":\"d\",\"verificationMethod\":[{\"id\":\"d#k\",\"publicKeyMultibase\":[]}]}",
		"{\"id\":\"d\",\"authentication\":\"d#k\"}",
		"{\"id\":\"d\",\"authentication\":[{}]}",
		"{\"id\":\"d\"} x",
		"{\"id\":\"d\",\"x\":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}",
	};
	struct did_document *d = NULL;
	struct gw_err e;
	struct buf b;
	bool ok = true;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		e.code = GWE_OK;
		ok = ok && did_document_parse(str_c(bad[i]), &d, &e) && e.code == GWE_BAD_REQUEST;
		ok = ok && did_document_parse(str_c(bad[i]), &d, NULL);
	}
	OK(ok, "what is no document is refused with a sentence");
	OK(!did_document_parse(STR_LIT("{\"id\":\"d\",\"verificationMethod\":[{\"id\":\"d#a\"},"
				       "{\"id\":\"d#b\",\"type\":\"Ed25519VerificationKey2020\","
				       "\"publicKeyMultibase\":\"z2\"},{\"id\":\"plain\"}],"
				       "\"authentication\":[\"d#b\",\"d#c\"]}"),
			       &d, &e) &&
		   d->n_method == 3 && !d->method[0].usable && !d->method[0].authentication &&
		   d->method[1].usable && !d->method[1].key.pub_len &&
		   d->method[1].authentication && !strcmp(d->method[2].fragment, "") &&
		   !did_document_find(d, STR_LIT("d#c")),
	   "keys that cannot be used are kept and marked");
	did_document_free(d);
	buf_init(&b, 1 << 20);
	buf_add_c(&b, "{\"id\":\"d\",\"verificationMethod\":[{\"id\":\"d#0\"}");
	for (int i = 1; i < DID_DOCUMENT_METHODS; i++)
		buf_addf(&b, ",{\"id\":\"d#%d\"}", i);
	buf_add_c(&b, "]}");
	OK(!did_document_parse(buf_str(&b), &d, &e) && d->n_method == DID_DOCUMENT_METHODS,
	   "64 methods");
	did_document_free(d);
	b.len -= 2;
	buf_add_c(&b, ",{\"id\":\"d#x\"}]}");
	OK(did_document_parse(buf_str(&b), &d, &e) && strstr(e.pub, "64"), "and no more");
	buf_clear(&b);
}

/* ---- a directory ---- */

static void put_file(const char *dir, const char *did, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s.json", dir, did + 10);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		abort();
}

static void directory(void)
{
	char dir[] = "/tmp/u-did-XXXXXX", path[256], text[256];
	struct did_document *d = NULL;
	struct gw_err e;

	if (!mkdtemp(dir))
		abort();
	OK(did_directory_read(dir, str_c(good), &d, &e) == 1, "no file: no such DID");
	snprintf(text, sizeof text, "{\"id\":\"%s\"}", good);
	put_file(dir, good, text);
	OK(did_directory_read(dir, str_c(good), &d, &e) == 0 && !strcmp(d->id, good), "a file");
	did_document_free(d);
	OK(did_directory_read(dir, STR_LIT("did:rooch:../x"), &d, &e) == 1 &&
		   did_directory_read(dir, STR_LIT("did:key:z2"), &d, &e) == 1,
	   "names that are no did:rooch open nothing");
	put_file(dir, good, "{");
	e.code = GWE_OK;
	OK(did_directory_read(dir, str_c(good), &d, &e) == -1 &&
		   e.code == GWE_SERVICE_UNAVAILABLE && !strstr(e.pub, dir) && strstr(e.priv, dir),
	   "a damaged file: not readable; where it lies is for the log");
	snprintf(path, sizeof path, "%s/%s.json", dir, good + 10);
	unlink(path);
	mkdir(path, 0700);
	OK(did_directory_read(dir, str_c(good), &d, &e) == -1,
	   "a directory in its place: not readable");
	rmdir(path);
	rmdir(dir);
}

int main(void)
{
	struct vectors vs;

	vectors_open(&vs, "did-documents");
	while (vectors_next(&vs))
		one(&vs);
	vectors_close(&vs);
	did_keys();
	rooch();
	split();
	odd();
	directory();
	return TAP_END;
}
