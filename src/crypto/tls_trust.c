/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "crypto/tls_trust.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

enum { CHAIN_MAX = 16 };

struct tls_trust {
	gnutls_x509_trust_list_t list;
};

struct tls_trust *tls_trust_new(const char *ca_file, struct gw_err *e)
{
	struct tls_trust *t = calloc(1, sizeof *t);
	int n;

	if (!t || gnutls_x509_trust_list_init(&t->list, 0) < 0)
		abort();
	n = ca_file ? gnutls_x509_trust_list_add_trust_file(t->list, ca_file, NULL,
							    GNUTLS_X509_FMT_PEM, 0, 0)
		    : gnutls_x509_trust_list_add_system_trust(t->list, 0, 0);
	if (n <= 0) {
		gw_fail_priv(e, GWE_CONFIG, n, "no trusted certificate authority in %.200s: %s",
			     ca_file ? ca_file : "the system's list",
			     n ? gnutls_strerror(n) : "it is empty");
		tls_trust_free(t);
		return NULL;
	}
	return t;
}

void tls_trust_free(struct tls_trust *t)
{
	if (!t)
		return;
	gnutls_x509_trust_list_deinit(t->list, 1);
	free(t);
}

static int refuse(struct gw_err *e, const char *host, const char *why)
{
	return gw_fail_priv(e, GWE_UPSTREAM_UNREACHABLE, 0, "TLS certificate of %.100s: %.200s",
			    host, why);
}

/* What is wrong, in GnuTLS's words. */
static int refuse_status(struct gw_err *e, const char *host, unsigned status)
{
	gnutls_datum_t text = { NULL, 0 };

	if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) < 0)
		return refuse(e, host, "not acceptable");
	refuse(e, host, (const char *)text.data);
	gnutls_free(text.data);
	return -1;
}

static int verify_chain(const struct tls_trust *t, gnutls_x509_crt_t *chain, unsigned n,
			const char *host, struct gw_err *e)
{
	gnutls_typed_vdata_st wanted[] = {
		{ .type = GNUTLS_DT_DNS_HOSTNAME, .data = (unsigned char *)(uintptr_t)host },
		{ .type = GNUTLS_DT_KEY_PURPOSE_OID,
		  .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_SERVER }
	};
	unsigned status = GNUTLS_CERT_INVALID;
	int rc = gnutls_x509_trust_list_verify_crt2(t->list, chain, n, wanted, 2,
						    GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM),
						    &status, NULL);

	if (rc < 0)
		return refuse(e, host, gnutls_strerror(rc));
	return status ? refuse_status(e, host, status) : 0;
}

/* Returns how many could be read; that many are the caller's to release. */
static unsigned import_chain(gnutls_x509_crt_t *chain, const gnutls_datum_t *raw, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		if (gnutls_x509_crt_init(&chain[i]) < 0)
			abort();
		if (gnutls_x509_crt_import(chain[i], &raw[i], GNUTLS_X509_FMT_DER) < 0) {
			gnutls_x509_crt_deinit(chain[i]);
			break;
		}
	}
	return i;
}

int tls_trust_verify(const struct tls_trust *t, void *session, const char *host, struct gw_err *e)
{
	gnutls_x509_crt_t chain[CHAIN_MAX];
	const gnutls_datum_t *raw;
	unsigned n = 0, read;
	int rc;

	if (gnutls_certificate_type_get2(session, GNUTLS_CTYPE_SERVER) != GNUTLS_CRT_X509)
		return refuse(e, host, "not of X.509");
	raw = gnutls_certificate_get_peers(session, &n);
	if (!raw || !n)
		return refuse(e, host, "missing");
	if (n > CHAIN_MAX)
		return refuse(e, host, "the chain is too long");
	read = import_chain(chain, raw, n);
	rc = read == n ? verify_chain(t, chain, n, host, e) : refuse(e, host, "damaged");
	while (read)
		gnutls_x509_crt_deinit(chain[--read]);
	return rc;
}
