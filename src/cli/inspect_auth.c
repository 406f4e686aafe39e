/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway inspect auth - the verdict on an Authorization header, without a gateway. */
#include "config.h"

#include "cli/inspect.h"

#include "auth/did_auth.h"
#include "util/clock.h"
#include "util/file.h"

enum { WINDOW_S = 300, HEADER_INPUT = 65536, DOCUMENT_INPUT = 256 * 1024 };

/* clang-format off */
static const char text[] =
	"The header is verified as a gateway does it, except that a nonce may be used again.\n"
	"With one document it is the signer's, whatever it says; of several the signer's is taken.\n"
	"Without any, or with an empty one, there is no such DID.";
/* clang-format on */

struct documents {
	struct did_document *doc[OPT_MANY_MAX];
	unsigned n;
};

static int resolve(void *arg, struct str did, bool refresh, struct did_document **out,
		   struct gw_err *e)
{
	const struct documents *d = arg;
	unsigned i = 0;

	(void)refresh;
	(void)e;
	if (!d->n)
		return 1;
	while (i < d->n && !str_eq_c(did, d->doc[i]->id))
		i++;
	*out = did_document_dup(d->doc[i < d->n ? i : 0]);
	return 0;
}

static int read_documents(struct documents *d, const struct opt_many *files, struct gw_err *e)
{
	struct buf b;
	int rc = 0;

	for (unsigned i = 0; !rc && i < files->n; i++) {
		buf_init(&b, DOCUMENT_INPUT);
		rc = file_read_input(&b, files->v[i], e);
		if (!rc && str_trim(buf_str(&b)).len && !str_eq_c(str_trim(buf_str(&b)), "null")) {
			rc = did_document_parse(buf_str(&b), &d->doc[d->n], e);
			if (!rc)
				d->n++;
			else
				e->code = GWE_USAGE;
		}
		buf_clear(&b);
	}
	return rc;
}

static int print(const struct did_auth *a, bool json)
{
	struct jwrite w;
	struct buf b;
	char key_id[DID_TEXT + FRAGMENT_TEXT];
	int rc;

	buf_init(&b, 16384);
	snprintf(key_id, sizeof key_id, "%s#%s", a->did, a->fragment);
	if (json) {
		jwrite_init(&w, &b, false);
		jwrite_object(&w, NULL);
		jwrite_bool(&w, "ok", true);
		jwrite_null(&w, "errorCode");
		jwrite_text(&w, "signerDid", a->did);
		jwrite_text(&w, "keyId", key_id);
		jwrite_text(&w, "keyType", key_type_name(a->key.type));
		jwrite_text(&w, "nonce", a->nonce);
		jwrite_i64(&w, "timestamp", a->timestamp_s);
		jwrite_object_end(&w);
	} else {
		buf_addf(&b, "valid\nsigner:     %s\nkey:        %s\ntype:       %s\n", a->did,
			 a->fragment, key_type_name(a->key.type));
		buf_addf(&b, "nonce:      %s\ntimestamp:  %lld", a->nonce,
			 (long long)a->timestamp_s);
	}
	rc = inspect_print(&b);
	buf_clear(&b);
	return rc;
}

static int verify(struct str header, struct documents *d, const struct did_auth_options *o,
		  bool json)
{
	const struct did_resolver r = { d, resolve };
	struct did_auth a;
	struct gw_err e;

	if (did_auth_verify(header, &r, o, &a, &e))
		return inspect_refused(json, a.code ? did_auth_code_name(a.code) : NULL, &e);
	return print(&a, json);
}

int inspect_auth(int argc, char **argv)
{
	const char *header = NULL, *now = NULL;
	struct opt_many files = { .n = 0 }, audiences = { .n = 0 };
	bool json = false, help = false, allow_did_key = false;
	const struct opt rows[] = {
		{ .name = "header",
		  .arg = "H",
		  .value = &header,
		  .help = "value of the Authorization header; - reads it from standard input" },
		{ .name = "did-document",
		  .arg = "FILE",
		  .many = &files,
		  .help = "the signer's DID document (W3C JSON); may be repeated" },
		{ .name = "now",
		  .arg = "UNIX",
		  .value = &now,
		  .help = "the verifier's time in seconds; default: this moment" },
		{ .name = "audience",
		  .arg = "A",
		  .many = &audiences,
		  .help = "a name of the gateway, may be repeated; else audience is not compared" },
		{ .name = "allow-did-key",
		  .flag = &allow_did_key,
		  .help = "accept did:key, as a gateway without payment can" },
		{ .name = "json", .flag = &json, .help = "print one JSON object" },
		OPTS_HELP(&help),
		OPTS_END
	};
	struct did_auth_options o = { .window_s = WINDOW_S };
	struct documents d = { .n = 0 };
	struct buf from_stdin;
	struct str value;
	struct gw_err e;
	uint64_t now_s;
	int rc;

	buf_init(&from_stdin, HEADER_INPUT);
	if (opts_parse(rows, &argc, argv, &e))
		return cli_fail(&e);
	if (help) {
		opts_help(stdout, "inspect auth --header H [OPTION]...", text, rows);
		return CLI_OK;
	}
	value = str_c(header);
	o.now_s = clock_wall_s();
	o.allow_did_key = allow_did_key;
	o.audiences = audiences.n ? audiences.v : NULL;
	o.n_audiences = audiences.n;
	if (argc != 1 || !header) {
		gw_fail(&e, GWE_USAGE, 0, "inspect auth --header H --did-document FILE");
		rc = -1;
	} else if (now && (!str_u64(str_c(now), &now_s) || now_s > INT64_MAX / 2)) {
		rc = gw_fail(&e, GWE_USAGE, 0, "--now %.40s is no time in seconds", now);
	} else {
		if (now)
			o.now_s = (int64_t)now_s;
		rc = read_documents(&d, &files, &e);
	}
	if (!rc && !strcmp(header, "-")) {
		rc = file_read_input(&from_stdin, "-", &e);
		value = buf_str(&from_stdin);
		while (str_ends(value, "\n") || str_ends(value, "\r"))
			value.len--;
	}
	rc = rc ? cli_fail(&e) : verify(value, &d, &o, json);
	for (unsigned i = 0; i < d.n; i++)
		did_document_free(d.doc[i]);
	buf_clear(&from_stdin);
	return rc;
}
