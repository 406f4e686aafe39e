/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway inspect voucher - the bytes that a payer signs, and whether a payer has. */
#include "config.h"

#include "cli/inspect_ledger.h"

#include "auth/service_key.h"
#include "codec/multibase.h"
#include "crypto/hash.h"
#include "ledger/rooch_object.h"
#include "ledger/subrav.h"
#include "util/file.h"

enum { DEPTH = 16 };

/* clang-format off */
static const char text[] =
	"FILE holds the JSON of a SubRAV, or {\"subRav\":{...},\"signature\":\"u...\"} as in the\n"
	"payment header; the signature may be hex too. - reads it from standard input.\n"
	"With --verify the key is the one that the chain keeps in the sub-channel.";
/* clang-format on */

struct voucher_args {
	const char *encode, *decode, *verify, *public_key, *key_type;
	bool json, help;
};

/* The object of @file; the SubRAV is a member of it or itself. Anything but a file is the verdict. */
static int open_file(struct buf *b, struct jval *root, struct subrav *r, const char *file,
		     struct gw_err *e)
{
	struct jval inner;

	if (file_read_input(b, file, e))
		return -1;
	if (jscan_check(buf_str(b), DEPTH, false, root, e))
		return -1;
	inner = jscan_get(*root, "subRav");
	return subrav_read_json(r, inner.type == J_NONE ? *root : inner, e);
}

static int encode(const struct voucher_args *a, struct buf *file, struct gw_err *e)
{
	uint8_t bcs[SUBRAV_BCS_MAX], digest[32];
	struct jval root;
	struct subrav r;
	struct jwrite w;
	struct buf out;
	char hex[2 * SUBRAV_BCS_MAX + 1];
	size_t n;
	int rc;

	if (open_file(file, &root, &r, a->encode, e))
		return inspect_failed(a->json, e);
	n = subrav_encode(bcs, &r);
	hash_sha256(digest, bcs, n);
	inspect_json(&w, &out, a->json);
	if (a->json) {
		jwrite_object(&w, NULL);
		jwrite_bool(&w, "ok", true);
		inspect_bytes(&w, "bcs", bcs, n);
		inspect_bytes(&w, "sha256", digest, sizeof digest);
		jwrite_object_end(&w);
	} else {
		hex_encode(hex, bcs, n);
		buf_add_c(&out, hex);
	}
	rc = inspect_print(&out);
	buf_clear(&out);
	return rc;
}

static int decode(const struct voucher_args *a, struct buf *bcs, struct gw_err *e)
{
	struct jwrite w;
	struct subrav r;
	struct buf out;
	int rc = inspect_hex(bcs, a->decode, e);

	if (!rc && !subrav_decode(&r, buf_str(bcs)))
		rc = gw_fail(e, GWE_BAD_REQUEST, 0, "the bytes are no SubRAV");
	if (rc)
		return inspect_failed(a->json, e);
	inspect_json(&w, &out, a->json);
	subrav_write_json(&w, NULL, &r);
	rc = inspect_print(&out);
	buf_clear(&out);
	return rc;
}

/* 64 bytes, as base64url with prefix u or as hex. */
static int read_signature(uint8_t sig[KEY_SIG], struct jval v, struct gw_err *e)
{
	struct buf raw;
	char z[256];
	bool ok;

	buf_init(&raw, KEY_SIG);
	ok = jval_copy(v, z, sizeof z);
	if (ok && *z == 'u') {
		ok = multibase_decode_u(str_c(z), &raw) && raw.len == KEY_SIG;
		if (ok)
			memcpy(sig, raw.p, KEY_SIG);
	} else if (ok) {
		ok = hex_decode(sig, KEY_SIG, str_c(z));
	}
	buf_clear(&raw);
	return ok ? 0
		  : gw_fail(e, GWE_INVALID_SIGNATURE, 0,
			    "signature has to be 64 bytes, as u... or in hex");
}

static int print_valid(const struct voucher_args *a, const struct subrav *r,
		       const uint8_t sig[KEY_SIG], bool low_s)
{
	char digits[U256_TEXT];
	struct jwrite w;
	struct buf out;
	int rc;

	inspect_json(&w, &out, a->json);
	if (a->json) {
		jwrite_object(&w, NULL);
		jwrite_bool(&w, "ok", true);
		jwrite_null(&w, "errorCode");
		subrav_write_json(&w, "subRav", r);
		jwrite_bool(&w, "chainAccepts", low_s);
		inspect_bytes(&w, "normalisedLowS", sig, KEY_SIG);
		jwrite_object_end(&w);
	} else {
		u256_format(digits, r->accumulated);
		buf_addf(&out, "valid\namount:  %s\nnonce:   %llu%s", digits,
			 (unsigned long long)r->nonce,
			 low_s ? "" : "\nnote:    high S: the chain takes only the low form");
	}
	rc = inspect_print(&out);
	buf_clear(&out);
	return rc;
}

static int verify(const struct voucher_args *a, struct buf *file, struct gw_err *e)
{
	struct subchannel_object sub = { .last_nonce = 0 };
	uint8_t sig[KEY_SIG], as_given[KEY_SIG], pub[KEY_PUB_MAX];
	enum key_type type;
	struct subrav r;
	struct jval root;
	size_t len = 0;
	int rc;

	if (!stored_key_type(a->key_type, &type)) {
		gw_fail(e, GWE_USAGE, 0, "unknown key type %.64s; known are %s, %s, %s",
			a->key_type, key_type_name(KEY_ED25519), key_type_name(KEY_K1),
			key_type_name(KEY_R1));
		return cli_fail(e);
	}
	rc = open_file(file, &root, &r, a->verify, e);
	snprintf(sub.method_type, sizeof sub.method_type, "%s", key_type_name(type));
	if (!rc && (!str_copy(sub.pk_multibase, sizeof sub.pk_multibase, str_c(a->public_key)) ||
		    !subchannel_key(&sub, &type, pub, &len)))
		rc = gw_fail(e, GWE_INVALID_SIGNATURE, 0, "--public-key is no key of type %s",
			     sub.method_type);
	if (!rc)
		rc = read_signature(sig, jscan_get(root, "signature"), e);
	if (!rc && r.version != SUBRAV_VERSION)
		rc = gw_fail(e, GWE_UNKNOWN_SUBRAV, 0, "SubRAV version %u is not supported",
			     r.version);
	if (!rc) {
		memcpy(as_given, sig, sizeof sig);
		if (!subrav_verify(&r, type, pub, len, sig))
			rc = gw_fail(e, GWE_INVALID_SIGNATURE, 0,
				     "this key has not signed these values");
	}
	if (rc)
		return inspect_failed(a->json, e);
	return print_valid(a, &r, sig, !memcmp(as_given, sig, sizeof sig));
}

static int usage(struct gw_err *e)
{
	gw_fail(e, GWE_USAGE, 0,
		"inspect voucher --encode FILE | --decode HEX | --verify FILE --public-key MULTIBASE "
		"--key-type T");
	return cli_fail(e);
}

int inspect_voucher(int argc, char **argv)
{
	struct voucher_args a = { .json = false };
	const struct opt rows[] = {
		{ .name = "encode",
		  .arg = "FILE",
		  .value = &a.encode,
		  .help = "print the bytes to be signed, in hex" },
		{ .name = "decode",
		  .arg = "HEX",
		  .value = &a.decode,
		  .help = "print such bytes as JSON; - reads them from standard input" },
		{ .name = "verify",
		  .arg = "FILE",
		  .value = &a.verify,
		  .help = "is the signature that of the key?" },
		{ .name = "public-key",
		  .arg = "MULTIBASE",
		  .value = &a.public_key,
		  .help = "public key, z..." },
		{ .name = "key-type",
		  .arg = "T",
		  .value = &a.key_type,
		  .help = "as in DID documents, or secp256k1, ed25519, p256" },
		{ .name = "json", .flag = &a.json, .help = "print one line of JSON" },
		OPTS_HELP(&a.help),
		OPTS_END
	};
	struct buf input;
	struct gw_err e;
	int rc;

	if (opts_parse(rows, &argc, argv, &e))
		return cli_fail(&e);
	if (a.help) {
		opts_help(stdout, "inspect voucher OPTION...", text, rows);
		return CLI_OK;
	}
	if (argc != 1 || !a.encode + !a.decode + !a.verify != 2 || !a.verify != !a.public_key ||
	    !a.verify != !a.key_type)
		return usage(&e);
	buf_init(&input, INSPECT_INPUT_MAX);
	if (a.encode)
		rc = encode(&a, &input, &e);
	else if (a.decode)
		rc = decode(&a, &input, &e);
	else
		rc = verify(&a, &input, &e);
	buf_clear(&input);
	return rc;
}
