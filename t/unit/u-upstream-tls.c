/* SPDX-License-Identifier: Apache-2.0 */
/* TLS: only the right server gets to see a request. The server and its certificates live here. */
#include "config.h"

#include "upstream/upstream.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/clock.h"

#include "tap.h"

#define MUST(call)                                                                                 \
	do {                                                                                       \
		if ((call) < 0) {                                                                  \
			printf("Bail out! %s\n", #call);                                           \
			exit(99);                                                                  \
		}                                                                                  \
	} while (0)

/* ---- certificates ---- */

struct identity {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	gnutls_x509_crt_t issuer; /* shown as well; NULL none */
};

struct wish {
	const char *dns, *purpose;
	bool ip; /* 127.0.0.1 in it */
	int from_days, to_days;
};

static unsigned serial;

static struct identity make(const struct identity *issuer, const struct wish *w)
{
	const unsigned char loopback[4] = { 127, 0, 0, 1 };
	unsigned char number[1] = { (unsigned char)++serial };
	struct identity id = { .issuer = NULL };
	time_t now = (time_t)clock_wall_s();

	MUST(gnutls_x509_privkey_init(&id.key));
	MUST(gnutls_x509_privkey_generate(id.key, GNUTLS_PK_ECDSA,
					  GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	MUST(gnutls_x509_crt_init(&id.crt));
	MUST(gnutls_x509_crt_set_version(id.crt, 3));
	MUST(gnutls_x509_crt_set_serial(id.crt, number, sizeof number));
	MUST(gnutls_x509_crt_set_activation_time(id.crt, now + w->from_days * 86400));
	MUST(gnutls_x509_crt_set_expiration_time(id.crt, now + w->to_days * 86400));
	MUST(gnutls_x509_crt_set_key(id.crt, id.key));
	MUST(gnutls_x509_crt_set_dn_by_oid(id.crt, GNUTLS_OID_X520_COMMON_NAME, 0, w->dns,
					   (unsigned)strlen(w->dns)));
	if (issuer) {
		MUST(gnutls_x509_crt_set_subject_alt_name(
		    id.crt, GNUTLS_SAN_DNSNAME, w->dns, (unsigned)strlen(w->dns), GNUTLS_FSAN_SET));
		if (w->ip)
			MUST(gnutls_x509_crt_set_subject_alt_name(id.crt, GNUTLS_SAN_IPADDRESS,
								  loopback, sizeof loopback,
								  GNUTLS_FSAN_APPEND));
		MUST(gnutls_x509_crt_set_key_purpose_oid(id.crt, w->purpose, 0));
	} else {
		MUST(gnutls_x509_crt_set_ca_status(id.crt, 1));
		MUST(gnutls_x509_crt_set_key_usage(id.crt, GNUTLS_KEY_KEY_CERT_SIGN));
	}
	MUST(gnutls_x509_crt_sign2(id.crt, issuer ? issuer->crt : id.crt,
				   issuer ? issuer->key : id.key, GNUTLS_DIG_SHA256, 0));
	return id;
}

static void forget(struct identity *id)
{
	gnutls_x509_privkey_deinit(id->key);
	gnutls_x509_crt_deinit(id->crt);
}

static void write_pem(const struct identity *id, const char *path)
{
	gnutls_datum_t pem;
	FILE *f = fopen(path, "w");

	MUST(gnutls_x509_crt_export2(id->crt, GNUTLS_X509_FMT_PEM, &pem));
	if (!f || fwrite(pem.data, 1, pem.size, f) != pem.size || fclose(f))
		exit(99);
	gnutls_free(pem.data);
}

/* ---- the server ---- */

static _Atomic(struct identity *) shown;
static atomic_int used, resumed; /* connections that brought a request */
static atomic_int requests, serving, accepted;

/* Version 1.2 with sessions kept by the server: the only kind that libcurl 7.88 resumes. */
static atomic_bool old_tls;
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;
static gnutls_datum_t kept_id, kept_session;

static void copy_datum(gnutls_datum_t *to, gnutls_datum_t from)
{
	gnutls_free(to->data);
	to->data = gnutls_malloc(from.size);
	if (!to->data)
		exit(99);
	memcpy(to->data, from.data, from.size);
	to->size = from.size;
}

static int keep_session(void *arg, gnutls_datum_t id, gnutls_datum_t session)
{
	(void)arg;
	pthread_mutex_lock(&kept_lock);
	if (!kept_id.size) { /* the first one only */
		copy_datum(&kept_id, id);
		copy_datum(&kept_session, session);
	}
	pthread_mutex_unlock(&kept_lock);
	return 0;
}

static gnutls_datum_t find_session(void *arg, gnutls_datum_t id)
{
	gnutls_datum_t found = { NULL, 0 };

	(void)arg;
	pthread_mutex_lock(&kept_lock);
	if (id.size == kept_id.size && !memcmp(id.data, kept_id.data, id.size))
		copy_datum(&found, kept_session);
	pthread_mutex_unlock(&kept_lock);
	return found;
}

static void *serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	struct identity *id = atomic_load(&shown);
	gnutls_x509_crt_t chain[2] = { id->crt, id->issuer };
	gnutls_certificate_credentials_t cred;
	gnutls_session_t s;
	char in[4096];
	ssize_t n;
	int rc;

	MUST(gnutls_certificate_allocate_credentials(&cred));
	MUST(gnutls_certificate_set_x509_key(cred, chain, id->issuer ? 2 : 1, id->key));
	MUST(gnutls_init(&s, GNUTLS_SERVER));
	MUST(gnutls_priority_set_direct(
	    s, atomic_load(&old_tls) ? "NORMAL:-VERS-ALL:+VERS-TLS1.2" : "NORMAL", NULL));
	MUST(gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, cred));
	gnutls_db_set_store_function(s, keep_session);
	gnutls_db_set_retrieve_function(s, find_session);
	gnutls_transport_set_int(s, fd);
	do
		rc = gnutls_handshake(s);
	while (rc < 0 && !gnutls_error_is_fatal(rc));
	if (rc == 0) {
		for (int i = 0; (n = gnutls_record_recv(s, in, sizeof in)) > 0; i++) {
			atomic_fetch_add(&used, i == 0);
			atomic_fetch_add(&resumed, i == 0 && gnutls_session_is_resumed(s));
			atomic_fetch_add(&requests, 1);
			gnutls_record_send(s, answer, sizeof answer - 1);
		}
	}
	gnutls_deinit(s);
	gnutls_certificate_free_credentials(cred);
	close(fd);
	atomic_fetch_sub(&serving, 1);
	return NULL;
}

static void *accept_loop(void *arg)
{
	int listener = (int)(intptr_t)arg, fd;

	pthread_t t;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		atomic_fetch_add(&serving, 1);
		atomic_fetch_add(&accepted, 1);
		if (pthread_create(&t, NULL, serve, (void *)(intptr_t)fd))
			exit(99);
		pthread_detach(t);
	}
	return NULL;
}

/* ---- the tests ---- */

static struct upstream_result res;
static struct gw_err e;
static int port;

/* A pool of its own each time, so that nothing is kept but what @pool gives. */
static bool get(struct upstream_pool *pool, const char *host)
{
	struct upstream_request rq = { .method = "GET", .watch_fd = -1 };
	struct upstream_handler h = { .arg = NULL };
	char url[128];

	snprintf(url, sizeof url, "https://%s:%d/?key=sesame", host, port);
	rq.url = url;
	return upstream_call(pool, &rq, &h, &res, &e) == 0 && res.outcome == UP_DONE;
}

static bool get_once(const char *ca_file, const char *host)
{
	struct upstream_options o = { .ca_file = ca_file };
	struct upstream_pool *pool = upstream_pool_new(&o);
	bool ok = get(pool, host);

	upstream_pool_free(pool);
	return ok;
}

static void test_refused(struct identity *id, const char *ca_file, const char *host,
			 const char *what)
{
	int before = atomic_load(&requests);
	bool ok;

	atomic_store(&shown, id);
	ok = get_once(ca_file, host);
	OK(!ok && res.outcome == UP_NO_CONNECTION && !res.sent, "%s is refused: %s", what,
	   res.message);
	OK(atomic_load(&requests) == before && !strstr(res.message, "sesame"),
	   "and has seen nothing");
}

static void test_kept(const char *ca_file, struct identity *good, struct identity *bad)
{
	struct upstream_options o = { .ca_file = ca_file };
	struct upstream_pool *pool = upstream_pool_new(&o);
	int before = atomic_load(&used);

	atomic_store(&shown, good);
	OK(get(pool, "localhost") && get(pool, "localhost") && atomic_load(&used) == before + 1,
	   "a connection is kept");
	OK(get(pool, "127.0.0.1") && atomic_load(&used) == before + 2, "but not used for another name");
	atomic_store(&old_tls, true);
	upstream_pool_free(pool);
	o.slots = 1; /* one connection: the next name takes the place of the one before */
	pool = upstream_pool_new(&o);
	OK(get(pool, "localhost") && get(pool, "127.0.0.1") && atomic_load(&resumed) == 0,
	   "old sessions");
	OK(get(pool, "localhost") && atomic_load(&resumed) == 1, "resumed, and verified again");
	atomic_store(&old_tls, false);
	upstream_pool_free(pool);
	pool = upstream_pool_new(&o);
	atomic_store(&shown, bad);
	OK(!get(pool, "127.0.0.1"), "a bad server in the place of a good one is refused: %s",
	   res.message);
	OK(!get(pool, "127.0.0.1"), "and again");
	atomic_store(&shown, good);
	OK(get(pool, "127.0.0.1"), "until the good one is back");
	upstream_pool_free(pool);
}

int main(void)
{
	static const char server[] = GNUTLS_KP_TLS_WWW_SERVER, client[] = GNUTLS_KP_TLS_WWW_CLIENT;
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof sa;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	char ca_file[64], other_file[64], empty[64];
	pthread_t t;
	int before;

	OK(upstream_global_init(&e) == 0, "libcurl is fit for use");
	struct identity ca = make(NULL, &(struct wish){ "Test authority", NULL, false, -1, 30 });
	struct identity other =
	    make(NULL, &(struct wish){ "Other authority", NULL, false, -1, 30 });
	struct identity good = make(&ca, &(struct wish){ "localhost", server, true, -1, 30 });
	struct identity late = make(&ca, &(struct wish){ "localhost", server, true, -30, -1 });
	struct identity early = make(&ca, &(struct wish){ "localhost", server, true, 10, 30 });
	struct identity elsewhere =
	    make(&ca, &(struct wish){ "example.org", server, false, -1, 30 });
	struct identity user = make(&ca, &(struct wish){ "localhost", client, true, -1, 30 });
	struct identity forged = make(&good, &(struct wish){ "localhost", server, true, -1, 30 });

	forged.issuer = good.crt;
	snprintf(ca_file, sizeof ca_file, "u-upstream-tls.%d.ca", (int)getpid());
	snprintf(other_file, sizeof other_file, "u-upstream-tls.%d.other", (int)getpid());
	snprintf(empty, sizeof empty, "u-upstream-tls.%d.empty", (int)getpid());
	write_pem(&ca, ca_file);
	write_pem(&other, other_file);
	fclose(fopen(empty, "w"));
	if (bind(listener, (struct sockaddr *)&sa, sizeof sa) || listen(listener, 64) ||
	    getsockname(listener, (struct sockaddr *)&sa, &n))
		return 99;
	port = ntohs(sa.sin_port);
	atomic_store(&shown, &good);
	if (pthread_create(&t, NULL, accept_loop, (void *)(intptr_t)listener))
		return 99;

	OK(get_once(ca_file, "localhost"), "the right server by name: %s", res.message);
	OK(get_once(ca_file, "127.0.0.1"), "and by address: %s", res.message);
	test_refused(&good, NULL, "localhost", "an authority that the system does not know");
	test_refused(&good, other_file, "localhost", "another authority");
	before = atomic_load(&accepted);
	test_refused(&good, empty, "localhost", "everybody, without an authority,");
	OK(atomic_load(&accepted) == before, "and no connection is made in vain");
	test_refused(&late, ca_file, "localhost", "an expired certificate");
	test_refused(&early, ca_file, "localhost", "one that is not yet valid");
	test_refused(&elsewhere, ca_file, "localhost", "one for another name");
	test_refused(&elsewhere, ca_file, "127.0.0.1", "one without the address");
	test_refused(&user, ca_file, "localhost", "one for clients");
	test_refused(&forged, ca_file, "localhost", "one issued by somebody who may not");
	test_kept(ca_file, &good, &late);

	shutdown(listener, SHUT_RDWR);
	pthread_join(t, NULL);
	close(listener);
	while (atomic_load(&serving) > 0)
		usleep(1000);
	forget(&ca);
	forget(&other);
	forget(&good);
	forget(&late);
	forget(&early);
	forget(&elsewhere);
	forget(&user);
	forget(&forged);
	gnutls_free(kept_id.data);
	gnutls_free(kept_session.data);
	unlink(ca_file);
	unlink(other_file);
	unlink(empty);
	return TAP_END;
}
