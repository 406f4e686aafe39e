/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "auth/did_auth.h"

#include "auth/canonical.h"
#include "codec/multibase.h"
#include "tap.h"
#include "vectors.h"

/* ---- documents of did-documents.json ---- */

enum { DOCS = 16 };
static struct {
	struct did_document *doc[DOCS];
	unsigned n;
} known;

static void read_documents(void)
{
	struct vectors vs;
	struct gw_err e;

	vectors_open(&vs, "did-documents");
	while (vectors_next(&vs) && known.n < DOCS)
		if (did_document_parse(jscan_get(vs.v, "document").raw, &known.doc[known.n++], &e))
			vec_die(&vs, e.pub);
	vectors_close(&vs);
}

static struct did_document *known_document(struct str did)
{
	for (unsigned i = 0; i < known.n; i++)
		if (str_eq_c(did, known.doc[i]->id))
			return known.doc[i];
	return NULL;
}

/* ---- a resolver that can be told what to say ---- */

struct source {
	struct did_document *first, *again; /* NULL: no such DID */
	bool broken_first, broken_again;
	unsigned calls, refreshes;
};

static int resolve(void *arg, struct str did, bool refresh, struct did_document **out,
		   struct gw_err *e)
{
	struct source *s = arg;
	struct did_document *d = refresh ? s->again : s->first;

	(void)did;
	s->calls++;
	s->refreshes += refresh;
	if (refresh ? s->broken_again : s->broken_first)
		return gw_fail(e, GWE_SERVICE_UNAVAILABLE, 0, "the node is away");
	if (!d)
		return 1;
	*out = did_document_dup(d);
	return 0;
}

static const char *verify(struct str header, struct source *s, int64_t now, struct did_auth *a,
			  struct gw_err *e)
{
	static const char *const names[] = { "did:rooch:someone", "https://gw.example" };
	const struct did_resolver r = { s, resolve };
	const struct did_auth_options o = {
		.now_s = now, .window_s = 300, .audiences = names, .n_audiences = 2
	};

	*e = (struct gw_err){ .code = GWE_OK };
	if (!did_auth_verify(header, &r, &o, a, e))
		return "OK";
	if (e->code != GWE_UNAUTHORIZED)
		return gw_err_wire(e->code);
	if (strncmp(e->pub, did_auth_code_name(a->code), strlen(did_auth_code_name(a->code))) != 0)
		return "the message does not begin with the code";
	return did_auth_code_name(a->code);
}

/* ---- AUTH vectors ---- */

static struct did_document *document_of(struct vectors *vs, struct did_document **inlined)
{
	struct jval names = jscan_get(vs->v, "didDocuments"), v;
	struct jval given = jscan_get(vs->v, "didDocumentInline");
	struct jiter it;
	struct str none, did;
	struct gw_err e;

	*inlined = NULL;
	if (given.type == J_OBJECT) {
		if (did_document_parse(given.raw, inlined, &e))
			vec_die(vs, e.pub);
		return *inlined;
	}
	if (vec_is(vs, "what", "resolver answers with the document of another DID"))
		return known.doc[1];
	/* more than one: the signer's is the first, or the last where the vector says so */
	jiter_init(&it, names);
	did = STR_NULL;
	while (jiter_next(&it, &none, &v)) {
		did = vec_str_of(vs, v, "didDocuments");
		if (!vec_is(vs, "what", "signer_did of another DID"))
			break;
	}
	return known_document(did);
}

static void valid(struct vectors *vs, const struct did_auth *a)
{
	struct jval expect = jscan_get(vs->v, "expect");
	char key_id[DID_TEXT + FRAGMENT_TEXT];

	snprintf(key_id, sizeof key_id, "%s#%s", a->did, a->fragment);
	OK(jval_str_eq(jscan_get(expect, "signerDid"), a->did) &&
		   jval_str_eq(jscan_get(expect, "keyId"), key_id) && a->nonce[0],
	   "%s says who signed", vs->id);
	if (vec_has(vs, "publicKey"))
		OK(a->key.pub_len == vec_bytes(vs, "publicKey").len &&
			   !memcmp(a->key.pub, vec_bytes(vs, "publicKey").p, a->key.pub_len),
		   "%s and with which key", vs->id);
}

static void one(struct vectors *vs)
{
	struct jval required = jscan_get(vs->v, "required");
	struct jval code = jscan_get(required, "errorCode");
	struct did_document *inlined, *d = document_of(vs, &inlined);
	struct source s = { .first = d, .again = d };
	struct did_auth a;
	struct gw_err e;
	uint64_t now;
	const char *got;

	if (!jval_u64(jscan_get(vs->v, "now"), &now))
		vec_die(vs, "now");
	got = verify(vec_str(vs, "header"), &s, (int64_t)now, &a, &e);
	if (!OK(code.type == J_STRING ? jval_str_eq(code, got) : !strcmp(got, "OK"), "%s %s: %s",
		vs->id, vec_text(vs, "what"), got))
		printf("# %s\n", e.pub);
	if (!strcmp(got, "OK"))
		valid(vs, &a);
	else
		OK(s.refreshes == (s.calls ? 1 : 0), "%s looked again before it refused", vs->id);
	did_document_free(inlined);
}

static void steps(struct vectors *vs)
{
	struct jiter it;
	struct jval v;
	struct str none;
	struct did_auth a[4];
	unsigned n = 0;

	jiter_init(&it, jscan_get(vs->v, "steps"));
	while (n < 4 && jiter_next(&it, &none, &v)) {
		struct str header = vec_str_of(vs, jscan_get(v, "header"), "header");
		struct source s = { .first = known.doc[0], .again = known.doc[0] };
		struct gw_err e;

		if (n == 2)
			s.first = s.again = known_document(STR_LIT(
				"did:rooch:"
				"rooch19hphphlc2f6j0ldate86hep5kmeu2km053aa84dh6s95rxyfenus86upfh"));
		OK(!strcmp(verify(header, &s, 1700000000, &a[n], &e), "OK"),
		   "%s step %u has a valid signature", vs->id, n + 1);
		n++;
	}
	OK(n == 4 && !strcmp(a[0].nonce, a[2].nonce) && !strcmp(a[0].nonce, a[3].nonce) &&
		   strcmp(a[0].did, a[2].did) != 0 && !strcmp(a[0].did, a[3].did) &&
		   strcmp(a[0].fragment, a[3].fragment) != 0,
	   "%s the same nonce of two DIDs and of two keys", vs->id);
}

static void vectors(void)
{
	struct vectors vs;

	vectors_open(&vs, "didauth");
	while (vectors_next(&vs)) {
		if (vec_has(&vs, "steps"))
			steps(&vs);
		else
			one(&vs);
	}
	vectors_close(&vs);
}

/* ---- headers of our own ---- */

struct signer {
	struct signing_key *key;
	struct did_document *doc;
	char did[DID_TEXT], key_id[DID_TEXT + FRAGMENT_TEXT];
};

static const char some_did[] =
	"did:rooch:rooch13r85wqeax2j3dse7ty65kz74drc7cfzur8jqr4ws4marlp7jr09s7yh4kl";

static struct did_document *make_document(const char *did, const char *key_id,
					  const struct signing_key *k)
{
	struct did_document *d = did_document_new(str_c(did));
	uint8_t pub[KEY_PUB_MAX];
	struct buf b;

	buf_init(&b, 128);
	if (!multibase_encode_z(pub, signing_key_pub(k, pub), &b))
		abort();
	did_document_add(d, str_c(key_id), str_c(key_type_name(signing_key_type(k))), buf_str(&b));
	did_document_authenticate(d, str_c(key_id));
	buf_clear(&b);
	return d;
}

static void make_signer(struct signer *s, enum key_type type)
{
	struct gw_err e;

	if (signing_key_generate(&s->key, type, &e))
		abort();
	snprintf(s->did, sizeof s->did, "%s", some_did);
	snprintf(s->key_id, sizeof s->key_id, "%s#k", some_did);
	s->doc = make_document(s->did, s->key_id, s->key);
}

static void free_signer(struct signer *s)
{
	signing_key_free(s->key);
	did_document_free(s->doc);
}

/* A header around any text for signed_data. */
static void make_header(struct buf *out, const struct signer *s, const char *signed_data)
{
	uint8_t sig[KEY_SIG];
	struct jval root;
	struct buf message, json;
	struct gw_err e;

	buf_init(&message, 1 << 20);
	buf_init(&json, 1 << 20);
	buf_add_c(&message, "DIDAuthV1:");
	if (jscan_check(str_c(signed_data), 64, true, &root, &e) ||
	    (root.type == J_OBJECT && !canonical_text(&message, root)) ||
	    signing_key_sign(s->key, message.p, message.len, sig, &e))
		abort();
	buf_addf(
		&json,
		"{\"signed_data\":%s,\"signature\":{\"signer_did\":\"%s\",\"key_id\":\"%s\",\"value\":\"",
		signed_data, s->did, s->key_id);
	if (!multibase_encode_u(sig, KEY_SIG, &json))
		abort();
	buf_add_c(&json, "\"}}");
	buf_init(out, 1 << 20);
	buf_add_c(out, "DIDAuthV1 ");
	if (!multibase_encode_u(json.p, json.len, out))
		abort();
	buf_clear(&message);
	buf_clear(&json);
}

static void data(const struct signer *s, const char *signed_data, const char *wanted,
		 const char *what)
{
	struct source src = { .first = s->doc, .again = s->doc };
	struct buf header;
	struct did_auth a;
	struct gw_err e;
	const char *got;

	make_header(&header, s, signed_data);
	got = verify(buf_str(&header), &src, 1700000000, &a, &e);
	if (!OK(!strcmp(got, wanted), "%s: %s", what, wanted))
		printf("# got %s (%s)\n", got, e.pub);
	buf_clear(&header);
}

static void signed_data(const struct signer *s)
{
	char long_nonce[600], nonces[300];
	struct buf many;

	data(s, "{\"nonce\":\"n\",\"timestamp\":1700000000}", "OK", "neither operation nor params");
	data(s, "{\"nonce\":\"n\",\"timestamp\":1.7e9}", "OK", "an integer in another spelling");
	data(s, "{\"nonce\":\"n\",\"timestamp\":1700000000.5}", "TIMESTAMP_OUT_OF_WINDOW",
	     "a fraction");
	data(s, "{\"nonce\":\"n\",\"timestamp\":-1700000000}", "TIMESTAMP_OUT_OF_WINDOW",
	     "negative");
	data(s, "{\"nonce\":\"n\",\"timestamp\":1e400}", "TIMESTAMP_OUT_OF_WINDOW", "overflow");
	data(s, "{\"nonce\":\"n\",\"timestamp\":18446744073709551615}", "TIMESTAMP_OUT_OF_WINDOW",
	     "largest u64");
	data(s, "{\"nonce\":\"n\",\"timestamp\":9223372036854775807}", "TIMESTAMP_OUT_OF_WINDOW",
	     "largest i64");
	data(s, "{\"nonce\":\"n\",\"timestamp\":null}", "TIMESTAMP_OUT_OF_WINDOW", "null");
	data(s, "{\"nonce\":\"n\",\"timestamp\":1699999700}", "OK", "300 s old");
	data(s, "{\"nonce\":\"n\",\"timestamp\":1699999699}", "TIMESTAMP_OUT_OF_WINDOW",
	     "301 s old");
	data(s, "{\"nonce\":\"n\",\"timestamp\":1700000300}", "OK", "300 s early");
	data(s, "{\"nonce\":\"n\",\"timestamp\":1700000301}", "TIMESTAMP_OUT_OF_WINDOW",
	     "301 s early");
	data(s, "{\"nonce\":\"\",\"timestamp\":1700000000}", "INVALID_JSON", "empty nonce");
	data(s, "{\"nonce\":7,\"timestamp\":1700000000}", "INVALID_JSON", "nonce is a number");
	data(s, "{\"nonce\":\"a\\u0000b\",\"timestamp\":1700000000}", "INVALID_JSON",
	     "NUL in the nonce");
	memset(nonces, 'n', sizeof nonces);
	snprintf(long_nonce, sizeof long_nonce, "{\"nonce\":\"%.256s\",\"timestamp\":1700000000}",
		 nonces);
	data(s, long_nonce, "OK", "nonce of 256 bytes");
	snprintf(long_nonce, sizeof long_nonce, "{\"nonce\":\"%.257s\",\"timestamp\":1700000000}",
		 nonces);
	data(s, long_nonce, "INVALID_JSON", "nonce of 257 bytes");
	data(s, "{\"nonce\":\"x\",\"nonce\":\"n\",\"timestamp\":1,\"timestamp\":1700000000}", "OK",
	     "the last of members that repeat");
	data(s, "{\"nonce\":\"n\",\"timestamp\":1700000000,\"audience\":\"did:rooch:someone\"}",
	     "OK", "audience is one of ours");
	data(s, "{\"nonce\":\"n\",\"timestamp\":1700000000,\"audience\":\"https://gw.example/\"}",
	     "OK", "a slash at its end");
	data(s,
	     "{\"nonce\":\"n\",\"timestamp\":1700000000,\"audience\":\"https://gw.example.evil\"}",
	     "AUDIENCE_MISMATCH", "audience of another");
	data(s, "{\"nonce\":\"n\",\"timestamp\":1700000000,\"audience\":[\"did:rooch:someone\"]}",
	     "AUDIENCE_MISMATCH", "audience in an array");
	data(s, "{\"nonce\":\"n\",\"timestamp\":1700000000,\"audience\":null}", "AUDIENCE_MISMATCH",
	     "audience null");
	data(s, "[1]", "INVALID_JSON", "signed_data is an array");
	data(s, "\"x\"", "INVALID_JSON", "signed_data is text");
	data(s, "{\"nonce\":\"n\",\"timestamp\":1700000000,\"x\":\"\xff\"}", "INVALID_JSON",
	     "ill-formed UTF-8");

	buf_init(&many, 1 << 16);
	buf_add_c(&many, "{\"nonce\":\"n\",\"timestamp\":1700000000,\"x\":");
	for (int i = 0; i < 40; i++)
		buf_add_c(&many, "[");
	for (int i = 0; i < 40; i++)
		buf_add_c(&many, "]");
	buf_add_c(&many, "}");
	data(s, buf_c(&many), "INVALID_JSON", "40 levels deep");
	buf_reset(&many);
	buf_add_c(&many, "{\"nonce\":\"n\",\"timestamp\":1700000000,\"x\":[1");
	while (many.len < 11000)
		buf_add_c(&many, ",5e-324");
	buf_add_c(&many, "]}");
	data(s, buf_c(&many), "OK", "eleven thousand bytes of awkward numbers");
	while (many.len < 12400)
		buf_add_c(&many, "          ");
	data(s, buf_c(&many), "INVALID_HEADER", "longer than 16 KiB");
	buf_clear(&many);
}

static void names_of_signers(struct signer *s)
{
	static const struct {
		const char *did, *key_id, *code;
	} table[] = {
		{ "did:rooch:0x3", "did:rooch:0x3#k", "DID_DOCUMENT_NOT_FOUND" },
		{ "did:web:example.org", "did:web:example.org#k", "DID_DOCUMENT_NOT_FOUND" },
		{ "", "#k", "DID_DOCUMENT_NOT_FOUND" },
		{ "did:rooch:../../etc/passwd", "x", "DID_DOCUMENT_NOT_FOUND" },
		{ "did:rooch:ROOCH13R85WQEAX2J3DSE7TY65KZ74DRC7CFZUR8JQR4WS4MARLP7JR09S7YH4KL", "x",
		  "DID_DOCUMENT_NOT_FOUND" },
		{ some_did, "", "VERIFICATION_METHOD_NOT_FOUND" },
		{ some_did, "k", "VERIFICATION_METHOD_NOT_FOUND" },
	};
	const struct signer was = *s;
	struct buf header;
	struct did_auth a;
	struct gw_err e;
	struct source none = { .first = NULL };

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		snprintf(s->did, sizeof s->did, "%s", table[i].did);
		snprintf(s->key_id, sizeof s->key_id, "%s", table[i].key_id);
		make_header(&header, s, "{\"nonce\":\"n\",\"timestamp\":1700000000}");
		OK(!strcmp(verify(buf_str(&header), &none, 1700000000, &a, &e), table[i].code) &&
			   !none.calls,
		   "%.40s, %.40s: %s, nobody is asked", table[i].did, table[i].key_id,
		   table[i].code);
		buf_clear(&header);
	}
	*s = was;
}

/* What is asked of the source, and what its failures mean. */
static void sources(struct signer *s)
{
	struct did_document *empty = did_document_new(str_c(s->did));
	struct buf header;
	struct did_auth a;
	struct gw_err e;
	struct source src;

	make_header(&header, s, "{\"nonce\":\"n\",\"timestamp\":1700000000}");
	src = (struct source){ .first = s->doc, .broken_again = true };
	OK(!strcmp(verify(buf_str(&header), &src, 1700000000, &a, &e), "OK") && src.calls == 1,
	   "a good signature asks once");
	src = (struct source){ .first = empty, .again = s->doc };
	OK(!strcmp(verify(buf_str(&header), &src, 1700000000, &a, &e), "OK") && src.refreshes == 1,
	   "a key that was just added is found by looking again");
	src = (struct source){ .first = NULL, .again = s->doc };
	OK(!strcmp(verify(buf_str(&header), &src, 1700000000, &a, &e), "OK"),
	   "so is a DID that was just made");
	src = (struct source){ .first = s->doc, .broken_first = true };
	OK(!strcmp(verify(buf_str(&header), &src, 1700000000, &a, &e),
		   gw_err_wire(GWE_SERVICE_UNAVAILABLE)) &&
		   a.code == DID_AUTH_OK && src.calls == 1,
	   "nothing readable, nothing cached: 503 and no code");
	src = (struct source){ .first = empty, .broken_again = true };
	OK(!strcmp(verify(buf_str(&header), &src, 1700000000, &a, &e),
		   "VERIFICATION_METHOD_NOT_FOUND"),
	   "a document at hand gives the verdict when it cannot be read again");
	src = (struct source){ .first = s->doc, .again = s->doc };
	OK(!strcmp(verify(buf_str(&header), &src, 1700000301, &a, &e), "TIMESTAMP_OUT_OF_WINDOW") &&
		   !src.calls,
	   "an old header asks nobody");
	buf_clear(&header);
	did_document_free(empty);
}

static void smuggling(const struct signer *s)
{
	struct source src = { .first = s->doc, .again = s->doc };
	struct buf header, h;
	struct did_auth a;
	struct gw_err e;

	make_header(&header, s, "{\"nonce\":\"n\",\"timestamp\":1700000000}");
	buf_init(&h, 1 << 16);
	buf_addf(&h, "Bearer sk-123, %s", buf_c(&header));
	OK(!strcmp(verify(buf_str(&h), &src, 1700000000, &a, &e), "INVALID_HEADER") &&
		   strstr(e.pub, "SDK") && !strstr(e.pub, "sk-123"),
	   "Bearer x, DIDAuthV1 y: told to drop the other credentials");
	buf_reset(&h);
	buf_addf(&h, "%s, Bearer sk-123", buf_c(&header));
	OK(!strcmp(verify(buf_str(&h), &src, 1700000000, &a, &e), "INVALID_BASE64") &&
		   strstr(e.pub, "SDK"),
	   "the other way round as well");
	buf_reset(&h);
	buf_addf(&h, "%s,%s", buf_c(&header), buf_c(&header) + 10);
	OK(!strcmp(verify(buf_str(&h), &src, 1700000000, &a, &e), "INVALID_BASE64"),
	   "two credentials");
	buf_reset(&h);
	buf_add_str(&h, buf_str(&header));
	buf_add(&h, "\0x", 2);
	OK(!strcmp(verify(buf_str(&h), &src, 1700000000, &a, &e), "INVALID_BASE64"),
	   "a NUL ends nothing");
	OK(!strcmp(verify(STR_LIT("DIDAuthV1\tuAAAA"), &src, 1700000000, &a, &e), "INVALID_HEADER"),
	   "a tab is no blank");
	OK(!strcmp(verify(STR_LIT("DIDAuthV10 uAAAA"), &src, 1700000000, &a, &e), "INVALID_HEADER"),
	   "another scheme");
	OK(!strcmp(verify(STR_NULL, &src, 1700000000, &a, &e), "INVALID_HEADER"), "no header");
	OK(!src.calls, "nobody was asked");
	buf_clear(&h);
	buf_clear(&header);
}

/* A signature of any length is decoded, and then is none of the key. */
static void long_signatures(const struct signer *s)
{
	static const size_t lengths[] = { 65, 128, 129, 200, 3000 };
	struct source src = { .first = s->doc, .again = s->doc };
	struct buf header, json;
	struct did_auth a;
	struct gw_err e;
	const char *got;

	buf_init(&header, 1 << 16);
	buf_init(&json, 1 << 16);
	for (size_t i = 0; i < 2 * sizeof lengths / sizeof lengths[0]; i++) {
		size_t n = lengths[i / 2];

		buf_reset(&json);
		buf_addf(&json,
			 "{\"signed_data\":{\"nonce\":\"n\",\"timestamp\":1700000000},"
			 "\"signature\":{\"signer_did\":\"%s\",\"key_id\":\"%s\",\"value\":\"u",
			 s->did, s->key_id);
		for (size_t k = 0; k < (n * 4 + 2) / 3; k++)
			buf_add_byte(&json, 'A');
		buf_add_c(&json, i % 2 ? "*\"}}" : "\"}}");
		buf_reset(&header);
		buf_add_c(&header, "DIDAuthV1 ");
		if (!multibase_encode_u(json.p, json.len, &header))
			abort();
		got = verify(buf_str(&header), &src, 1700000000, &a, &e);
		OK(!strcmp(got, i % 2 ? "INVALID_BASE64" : "SIGNATURE_VERIFICATION_FAILED"),
		   "a signature of %zu bytes%s: %s", n, i % 2 ? ", spoilt at its end" : "", got);
	}
	buf_clear(&header);
	buf_clear(&json);
}

/* Cut or changed at any place, a header is refused and nothing is read beyond its end. */
static void damage(const struct signer *s)
{
	struct source src = { .first = s->doc, .again = s->doc };
	struct buf header;
	struct did_auth a;
	struct gw_err e;
	bool refused = true;
	char *p;

	make_header(&header, s, "{\"nonce\":\"n\",\"timestamp\":1700000000}");
	for (size_t n = 0; n < header.len; n++) {
		p = malloc(n ? n : 1);
		if (!p)
			abort();
		memcpy(p, header.p, n);
		refused = refused &&
			  strcmp(verify((struct str){ p, n }, &src, 1700000000, &a, &e), "OK");
		free(p);
	}
	OK(refused, "cut anywhere it is refused");
	buf_clear(&header);
}

/* ---- did:key ---- */

static void did_keys(void)
{
	const struct did_resolver r = { NULL, resolve };
	struct did_auth_options o = { .now_s = 1700000000, .window_s = 300, .allow_did_key = true };
	struct did_key k;
	struct signer s;
	struct buf h;
	struct did_auth a;
	struct gw_err e;

	for (int t = KEY_ED25519; t <= KEY_R1; t++) {
		if (signing_key_generate(&s.key, (enum key_type)t, &e))
			abort();
		k.type = (enum key_type)t;
		k.pub_len = signing_key_pub(s.key, k.pub);
		did_key_format(s.did, &k);
		snprintf(s.key_id, sizeof s.key_id, "%.127s#%.127s", s.did, s.did + 8);
		make_header(&h, &s, "{\"nonce\":\"n\",\"timestamp\":1700000000}");
		o.allow_did_key = true;
		OK(!did_auth_verify(buf_str(&h), &r, &o, &a, &e) && !strcmp(a.did, s.did) &&
			   a.key.pub_len == k.pub_len,
		   "did:key of %s, where payment is off", key_type_name(k.type));
		o.allow_did_key = false;
		OK(did_auth_verify(buf_str(&h), &r, &o, &a, &e) &&
			   a.code == DID_AUTH_DID_DOCUMENT_NOT_FOUND,
		   "refused where it is on");
		buf_clear(&h);
		o.allow_did_key = true;
		k.pub[5] ^= 1;
		did_key_format(s.did, &k);
		snprintf(s.key_id, sizeof s.key_id, "%.127s#x", s.did);
		make_header(&h, &s, "{\"nonce\":\"n\",\"timestamp\":1700000000}");
		OK(did_auth_verify(buf_str(&h), &r, &o, &a, &e) &&
			   a.code == DID_AUTH_SIGNATURE_VERIFICATION_FAILED,
		   "another key is another DID");
		buf_clear(&h);
		signing_key_free(s.key);
	}
}

/* ---- signing ---- */

static void signing(void)
{
	struct did_document *d;
	struct signer s;
	struct buf h, h2, json;
	struct did_auth a, b;
	struct gw_err e;
	struct source src;
	struct buf url;

	buf_init(&h, 16384);
	buf_init(&h2, 16384);
	for (int t = KEY_ED25519; t <= KEY_R1; t++) {
		make_signer(&s, (enum key_type)t);
		d = s.doc;
		src = (struct source){ .first = d, .again = d };
		buf_reset(&h);
		buf_reset(&h2);
		OK(!did_auth_sign(&h, s.key, str_c(s.did), STR_LIT("k"),
				  STR_LIT("https://gw.example/openai/v1/models?a=\"b"),
				  STR_LIT("GET"), 1700000000, &e) &&
			   !did_auth_sign(&h2, s.key, str_c(s.did), STR_LIT("k"),
					  STR_LIT("https://x/"), STR_LIT("GET"), 1700000000, &e),
		   "%s signs", key_type_name((enum key_type)t));
		OK(!strcmp(verify(buf_str(&h), &src, 1700000000, &a, &e), "OK") &&
			   !strcmp(verify(buf_str(&h2), &src, 1700000300, &b, &e), "OK") &&
			   strcmp(a.nonce, b.nonce) != 0 && strlen(a.nonce) == 36 &&
			   a.timestamp_s == 1700000000,
		   "and is verified, with a nonce of its own each time");
		free_signer(&s);
	}
	buf_init(&json, 16384);
	OK(multibase_decode_u(str_sub(buf_str(&h2), 10, h2.len), &json) &&
		   str_starts(
			   buf_str(&json),
			   "{\"signed_data\":{\"operation\":\"http_request\",\"params\":{\"uri\":"
			   "\"https://x/\",\"method\":\"GET\"},\"nonce\":\""),
	   "members in the order of the real client");
	buf_init(&url, 1 << 16);
	while (url.len < 20000)
		buf_add_c(&url, "x");
	make_signer(&s, KEY_K1);
	OK(did_auth_sign(&h, s.key, str_c(s.did), STR_LIT("k"), buf_str(&url), STR_LIT("GET"), 1,
			 &e) &&
		   strstr(e.pub, "too long"),
	   "a URL of 20000 bytes is not signed");
	free_signer(&s);
	buf_clear(&url);
	buf_clear(&json);
	buf_clear(&h);
	buf_clear(&h2);
}

int main(void)
{
	struct gw_err e;
	struct signer s;

	if (crypto_init(&e))
		return 1;
	read_documents();
	vectors();
	make_signer(&s, KEY_ED25519);
	signed_data(&s);
	names_of_signers(&s);
	sources(&s);
	smuggling(&s);
	damage(&s);
	long_signatures(&s);
	free_signer(&s);
	did_keys();
	signing();
	for (unsigned i = 0; i < known.n; i++)
		did_document_free(known.doc[i]);
	crypto_done();
	return TAP_END;
}
