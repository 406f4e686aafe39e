/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "auth/did_auth.h"

#include "auth/canonical.h"
#include "codec/jwrite.h"
#include "codec/multibase.h"
#include "crypto/hash.h"

enum {
	HEADER_MAX = 16384,
	JSON_MAX = HEADER_MAX / 4 * 3,
	SIGNATURE_MAX = 128, /* bytes that are kept: more is a wrong signature all the same */
	AUDIENCE_TEXT = 512,
};

static const char scheme[] = "DIDAuthV1 ";
static const char domain[] = "DIDAuthV1:";

const char *did_auth_code_name(enum did_auth_code c)
{
	static const char *const names[] = { "OK",
#define DID_AUTH_NAME(name) #name,
					     DID_AUTH_CODES(DID_AUTH_NAME)
#undef DID_AUTH_NAME
	};

	return names[c];
}

static int refuse(struct did_auth *a, struct gw_err *e, enum did_auth_code code, const char *why)
{
	a->code = code;
	return gw_fail(e, GWE_UNAUTHORIZED, 0, "%s: %s", did_auth_code_name(code), why);
}

/* ---- the header ---- */

/* What a header holds; views into the decoded text. */
struct credentials {
	struct buf json;
	struct jval signed_data;
	char key_id[DID_TEXT + FRAGMENT_TEXT];
	uint8_t signature[SIGNATURE_MAX];
	size_t signature_len;
};

/* Rule: protocol field-notes.md "Streams": SDKs add credentials of their own */
static const char two_headers[] =
	"the request carries other credentials besides; the application has to drop those that its "
	"SDK adds (Authorization: Bearer, x-api-key) and send `DIDAuthV1 u...` alone";

static int decode_header(struct did_auth *a, struct credentials *c, struct str header,
			 struct gw_err *e)
{
	if (header.len > HEADER_MAX)
		return refuse(a, e, DID_AUTH_INVALID_HEADER, "longer than 16 KiB");
	if (!str_starts(header, scheme)) {
		if (str_has(header, scheme))
			return refuse(a, e, DID_AUTH_INVALID_HEADER, two_headers);
		return refuse(a, e, DID_AUTH_INVALID_HEADER,
			      header.len ? "Authorization has to be `DIDAuthV1 u...`"
					 : "the Authorization header is missing");
	}
	header = str_trim(str_sub(header, sizeof scheme - 1, header.len));
	if (!multibase_decode_u(header, &c->json))
		return refuse(a, e, DID_AUTH_INVALID_BASE64,
			      str_find(header, ',') >= 0
				      ? two_headers
				      : "the credentials are no base64url text with prefix u");
	return 0;
}

/* A text that is long, or has escapes, goes through memory of its own. */
static bool decode_value(struct jval value, struct buf *out)
{
	char text[2 * SIGNATURE_MAX], *p;
	struct buf copy;
	bool ok;

	if (jval_copy(value, text, sizeof text))
		return multibase_decode_u(str_c(text), out);
	buf_init(&copy, JSON_MAX);
	p = buf_room(&copy, value.raw.len);
	ok = p && jval_copy(value, p, value.raw.len) && multibase_decode_u(str_c(p), out);
	buf_clear(&copy);
	return ok;
}

static int decode_signature(struct did_auth *a, struct credentials *c, struct jval value,
			    struct gw_err *e)
{
	struct buf b;
	bool ok;

	if (value.type != J_STRING || value.raw.len == 2)
		return refuse(a, e, DID_AUTH_MISSING_SIGNATURE, "signature.value is missing");
	buf_init(&b, JSON_MAX);
	ok = decode_value(value, &b);
	if (ok && b.len && b.len <= SIGNATURE_MAX) {
		memcpy(c->signature, b.p, b.len);
		c->signature_len = b.len;
	}
	buf_clear(&b);
	return ok ? 0
		  : refuse(a, e, DID_AUTH_INVALID_BASE64,
			   "signature.value is no base64url text with prefix u");
}

/* Steps 3 to 5, and the form of what they do not look at. */
static int read_json(struct did_auth *a, struct credentials *c, struct gw_err *e)
{
	struct jval root, signature, value;
	struct gw_err why = { .code = GWE_OK };

	if (jscan_check(buf_str(&c->json), CANONICAL_DEPTH, false, &root, &why))
		return refuse(a, e, DID_AUTH_INVALID_JSON, why.pub);
	signature = jscan_get(root, "signature");
	value = jscan_get(signature, "value");
	if (decode_signature(a, c, value, e))
		return -1;
	c->signed_data = jscan_get(root, "signed_data");
	if (c->signed_data.type != J_OBJECT)
		return refuse(a, e, DID_AUTH_INVALID_JSON, "signed_data is no object");
	if (!jval_copy(jscan_get(c->signed_data, "nonce"), a->nonce, sizeof a->nonce) ||
	    !a->nonce[0])
		return refuse(a, e, DID_AUTH_INVALID_JSON,
			      "signed_data.nonce is no text of 1 to 256 bytes");
	if (!jval_copy(jscan_get(signature, "signer_did"), a->did, sizeof a->did))
		a->did[0] = '\0';
	if (!jval_copy(jscan_get(signature, "key_id"), c->key_id, sizeof c->key_id))
		c->key_id[0] = '\0';
	return 0;
}

/* ---- cheap checks, before anything is resolved ---- */

static int check_time(struct did_auth *a, const struct credentials *c,
		      const struct did_auth_options *o, struct gw_err *e)
{
	static const uint64_t largest = 999999999999999; /* 15 digits */
	uint64_t t;

	if (!jval_u64(jscan_get(c->signed_data, "timestamp"), &t) || t > largest)
		return refuse(a, e, DID_AUTH_TIMESTAMP_OUT_OF_WINDOW,
			      "signed_data.timestamp is no time in seconds");
	a->timestamp_s = (int64_t)t;
	if (a->timestamp_s > o->now_s + o->window_s || a->timestamp_s < o->now_s - o->window_s) {
		a->code = DID_AUTH_TIMESTAMP_OUT_OF_WINDOW;
		return gw_fail(e, GWE_UNAUTHORIZED, 0,
			       "%s: timestamp %lld is more than %u s from this server's time %lld",
			       did_auth_code_name(a->code), (long long)a->timestamp_s, o->window_s,
			       (long long)o->now_s);
	}
	return 0;
}

/* Whether a URL ends with a slash makes no difference. */
static bool same_name(struct str a, struct str b)
{
	if (str_ends(a, "/"))
		a.len--;
	if (str_ends(b, "/"))
		b.len--;
	return str_eq(a, b);
}

/* Rule: protocol did-auth.md 8, "audience": if present, one of the names of this gateway. */
static int check_audience(struct did_auth *a, const struct credentials *c,
			  const struct did_auth_options *o, struct gw_err *e)
{
	struct jval v = jscan_get(c->signed_data, "audience");
	char text[AUDIENCE_TEXT];

	if (v.type == J_NONE || !o->audiences)
		return 0;
	if (jval_copy(v, text, sizeof text))
		for (unsigned i = 0; i < o->n_audiences; i++)
			if (same_name(str_c(text), str_c(o->audiences[i])))
				return 0;
	return refuse(a, e, DID_AUTH_AUDIENCE_MISMATCH,
		      "the request was signed for another service");
}

/* Is the signer one whose document can be asked for? @key: set for a did:key. */
static int check_signer(struct did_auth *a, const struct credentials *c,
			const struct did_auth_options *o, bool *is_key, struct gw_err *e)
{
	struct str did, fragment;

	*is_key = o->allow_did_key && did_key_parse(str_c(a->did), &a->key);
	if (!*is_key && !did_rooch_valid(str_c(a->did)))
		return refuse(a, e, DID_AUTH_DID_DOCUMENT_NOT_FOUND,
			      "signer_did is no did:rooch in its lower-case form");
	if (!did_split(str_c(c->key_id), &did, &fragment) || !str_eq_c(did, a->did) ||
	    !str_copy(a->fragment, sizeof a->fragment, fragment))
		return refuse(a, e, DID_AUTH_VERIFICATION_METHOD_NOT_FOUND,
			      "key_id is not signer_did#fragment");
	return 0;
}

/* ---- the signature ---- */

static int check_signature(struct did_auth *a, const struct credentials *c,
			   const struct key_point *key, struct str message, struct gw_err *e)
{
	if (key_point_verify(key, message.p, message.len, c->signature, c->signature_len))
		return 0;
	return refuse(a, e, DID_AUTH_SIGNATURE_VERIFICATION_FAILED,
		      "the signature is not that of key_id over signed_data");
}

/* Steps 8 to 11 */
static int check_document(struct did_auth *a, const struct credentials *c,
			  const struct did_document *d, struct str message, struct gw_err *e)
{
	const struct did_method *m;

	if (!str_eq_c(str_c(a->did), d->id))
		return refuse(a, e, DID_AUTH_DID_MISMATCH, "the document is that of another DID");
	m = did_document_find(d, str_c(c->key_id));
	if (!m)
		return refuse(a, e, DID_AUTH_VERIFICATION_METHOD_NOT_FOUND,
			      "the document of the DID does not list key_id");
	if (!m->authentication)
		return refuse(a, e, DID_AUTH_VERIFICATION_METHOD_NOT_FOUND,
			      "the document does not list key_id under authentication");
	if (!m->usable)
		return refuse(a, e, DID_AUTH_INVALID_PUBLIC_KEY,
			      "the key in the document is of an unknown type or form");
	a->key = m->key;
	return check_signature(a, c, &m->point, message, e);
}

/*
 * One attempt. 0: verified. 1: refused, @e and @a->code say why; another look at the document may
 * help. -1: the document cannot be read.
 */
static int attempt(struct did_auth *a, const struct credentials *c, const struct did_resolver *r,
		   bool refresh, struct str message, struct gw_err *e)
{
	struct did_document *d = NULL;
	int rc = r->resolve(r->arg, str_c(a->did), refresh, &d, e);

	if (rc < 0)
		return -1;
	if (rc > 0) {
		refuse(a, e, DID_AUTH_DID_DOCUMENT_NOT_FOUND, "no such DID");
		return 1;
	}
	rc = check_document(a, c, d, message, e);
	did_document_free(d);
	return rc ? 1 : 0;
}

/* A document that could not be read again leaves the verdict on the one that was at hand. */
static int check_with_documents(struct did_auth *a, const struct credentials *c,
				const struct did_resolver *r, struct str message, struct gw_err *e)
{
	struct gw_err again = { .code = GWE_OK };
	struct did_auth b;
	int rc = attempt(a, c, r, false, message, e);

	if (rc <= 0)
		return rc;
	b = *a;
	b.code = DID_AUTH_OK;
	rc = attempt(&b, c, r, true, message, &again);
	if (rc < 0)
		return -1;
	*a = b;
	if (rc && e)
		*e = again;
	return rc ? -1 : 0;
}

static int check_credentials(struct did_auth *a, struct credentials *c,
			     const struct did_resolver *r, const struct did_auth_options *o,
			     struct gw_err *e)
{
	struct key_point own;
	struct buf message;
	bool is_key;
	int rc;

	if (read_json(a, c, e) || check_time(a, c, o, e) || check_audience(a, c, o, e) ||
	    check_signer(a, c, o, &is_key, e))
		return -1;
	buf_init(&message, sizeof domain + CANONICAL_GROWTH * c->json.len);
	buf_add(&message, domain, sizeof domain - 1);
	if (!canonical_text(&message, c->signed_data)) {
		rc = refuse(a, e, DID_AUTH_INVALID_JSON, "signed_data is too long");
	} else if (is_key) {
		(void)key_point_read(&own, a->key.type, a->key.pub, a->key.pub_len);
		rc = check_signature(a, c, &own, buf_str(&message), e);
	} else {
		rc = check_with_documents(a, c, r, buf_str(&message), e);
	}
	buf_clear(&message);
	return rc;
}

int did_auth_verify(struct str header, const struct did_resolver *r,
		    const struct did_auth_options *o, struct did_auth *out, struct gw_err *e)
{
	struct credentials c;
	int rc;

	memset(out, 0, sizeof *out);
	out->verified_s = o->now_s;
	c.signature_len = 0;
	buf_init(&c.json, JSON_MAX);
	rc = decode_header(out, &c, header, e);
	if (!rc)
		rc = check_credentials(out, &c, r, o, e);
	buf_clear(&c.json);
	return rc;
}

/* ---- the other side ---- */

/* In the order of the real client. @nonce stands for itself: a UUID. */
static void write_signed_data(struct jwrite *w, struct str uri, struct str method,
			      const char *nonce, int64_t now_s)
{
	jwrite_object(w, "signed_data");
	jwrite_text(w, "operation", "http_request");
	jwrite_object(w, "params");
	jwrite_str(w, "uri", uri);
	jwrite_str(w, "method", method);
	jwrite_object_end(w);
	jwrite_text(w, "nonce", nonce);
	jwrite_i64(w, "timestamp", now_s);
	jwrite_object_end(w);
}

/* What is signed is what a reader of @json will make of it. */
static int sign_json(struct buf *value, const struct signing_key *k, struct str json,
		     struct gw_err *e)
{
	uint8_t signature[KEY_SIG];
	struct buf message;
	struct jval root;
	int rc = -1;

	if (jscan_check(json, CANONICAL_DEPTH, false, &root, e))
		return -1;
	buf_init(&message, sizeof domain + CANONICAL_GROWTH * json.len);
	buf_add(&message, domain, sizeof domain - 1);
	if (canonical_text(&message, jscan_get(root, "signed_data")))
		rc = signing_key_sign(k, message.p, message.len, signature, e);
	else
		gw_fail(e, GWE_BAD_REQUEST, 0, "the URL is too long to be signed");
	buf_clear(&message);
	if (!rc && !multibase_encode_u(signature, sizeof signature, value))
		abort(); /* the caller's buffer takes 87 characters */
	return rc;
}

int did_auth_sign(struct buf *value, const struct signing_key *k, struct str did,
		  struct str fragment, struct str uri, struct str method, int64_t now_s,
		  struct gw_err *e)
{
	struct buf json, signature, key_id;
	char nonce[UUID_TEXT];
	struct jwrite w;
	int rc;

	random_uuid(nonce);
	buf_init(&json, JSON_MAX);
	buf_init(&signature, SIGNATURE_MAX);
	buf_init(&key_id, DID_TEXT + FRAGMENT_TEXT);
	buf_addf(&key_id, "%.*s#%.*s", STR_ARG(did), STR_ARG(fragment));

	jwrite_init(&w, &json, false);
	jwrite_object(&w, NULL);
	write_signed_data(&w, uri, method, nonce, now_s);
	jwrite_object_end(&w);
	rc = json.failed ? gw_fail(e, GWE_BAD_REQUEST, 0, "the URL is too long to be signed")
			 : sign_json(&signature, k, buf_str(&json), e);
	if (rc)
		goto out;

	buf_reset(&json);
	jwrite_init(&w, &json, false);
	jwrite_object(&w, NULL);
	write_signed_data(&w, uri, method, nonce, now_s);
	jwrite_object(&w, "signature");
	jwrite_str(&w, "signer_did", did);
	jwrite_str(&w, "key_id", buf_str(&key_id));
	jwrite_str(&w, "value", buf_str(&signature));
	jwrite_object_end(&w);
	jwrite_object_end(&w);
	if (json.failed || key_id.failed || !buf_add(value, scheme, sizeof scheme - 1) ||
	    !multibase_encode_u(json.p, json.len, value))
		rc = gw_fail(e, GWE_BAD_REQUEST, 0, "the URL is too long to be signed");
out:
	buf_clear(&json);
	buf_clear(&signature);
	buf_clear(&key_id);
	return rc;
}
