/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_trust - decide whether the server at the other end of a TLS session is who it should be.
 *
 * One list of trusted authorities serves all connections of a process. libcurl with GnuTLS would
 * parse the whole system bundle for each connection and keep it as long: 4 MB and 12 ms of CPU each
 * (libcurl 7.88, GnuTLS 3.7, 145 authorities).
 *
 * Rule:    RFC 5280 path validation and RFC 6125 names, as GnuTLS does them
 * Layer:   crypto; calls util
 * Threads: a list is read only once it is made; any number may use it
 */
#ifndef GW_CRYPTO_TLS_TRUST_H
#define GW_CRYPTO_TLS_TRUST_H

#include "util/str.h"

struct tls_trust;

/* @ca_file: PEM; NULL: those the system trusts. NULL with CONFIG when it gives no authority at all.
 */
struct tls_trust *tls_trust_new(const char *ca_file, struct gw_err *e) GW_MUST_CHECK;
void tls_trust_free(struct tls_trust *t);

/*
 * @session: a gnutls_session_t whose handshake is over; @host: a DNS name or an IP address as text.
 * Returns 0 when the server's certificate is valid now, for servers, for @host, and leads to an
 * authority of the list; else -1 with UPSTREAM_UNREACHABLE and the reason in priv.
 */
int tls_trust_verify(const struct tls_trust *t, void *session, const char *host,
		     struct gw_err *e) GW_MUST_CHECK;

#endif
