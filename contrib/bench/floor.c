/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor - the least that a FastCGI relay in C with libcurl can cost. Not a gateway: whatever comes
 * goes to one upstream, in one epoll loop, without any policy. What the gateway is compared with.
 *
 *	floor SOCKET_PATH UPSTREAM_URL [SQLITE_FILE [SIGNATURES]]
 *
 * With a file it also does, per request, work of the shape of an authenticated one: parse the body,
 * and for each signature (2; always the same valid one) parse a header and verify secp256k1; then
 * commit one transaction of two upserts, synchronous NORMAL, which is what a group commit comes to.
 */
#include "config.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <secp256k1.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { EASY_KEPT = 4096 };

/* What an epoll event points at; the first member of struct conn. */
enum kind { LISTENER, CONN, UPSTREAM };

struct source {
	enum kind kind;
	int fd;
	struct source *next_free;
};

struct conn {
	struct source s;
	bool keep, dead, head_sent, out_armed;
	char *in, *body, *out;
	size_t in_len, in_cap, body_len, body_cap, out_len, out_off, out_cap;
	char uri[256];
	CURL *easy;
	struct conn *next;
};

static int ep, running;
static long timer_ms = -1;
static CURLM *multi;
static CURL *kept[EASY_KEPT];
static size_t n_kept;
static struct curl_slist *headers;
static const char *upstream;
static struct conn *graveyard;
static struct source *free_sources;
static volatile sig_atomic_t stop;

static void *grow(void *p, size_t *cap, size_t need)
{
	size_t n = *cap ? *cap : 1024;

	while (n < need)
		n *= 2;
	if (n == *cap)
		return p;
	p = realloc(p, n);
	if (!p)
		abort();
	*cap = n;
	return p;
}

/* ---- the work of a request ---- */

static struct {
	sqlite3 *db; /* NULL: relay only */
	sqlite3_stmt *upsert, *begin, *commit;
	int signatures;
	long row;
	secp256k1_context *ctx;
	secp256k1_pubkey pub;
	unsigned char sig[64];
} work = { .signatures = 2 };

static const char claim[] =
	"{\"signed_data\":{\"operation\":\"http_request\",\"params\":{\"uri\":"
	"\"http://127.0.0.1/openai/v1/chat/completions\",\"method\":\"POST\"},\"nonce\":"
	"\"1f0c2f1e-8d2b-4c58-9b55-2ee0a6b6b3b1\",\"timestamp\":1700000000},\"signature\":{\"signer_did\":"
	"\"did:rooch:rooch1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq\",\"key_id\":"
	"\"did:rooch:rooch1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq#account-key\",\"value\":"
	"\"8DHRhzVC_mbybdnPRmtmzjD2z2DSTRDd_arWvm3u73DAqBjHXG9Xy3urq5LPmW37y7fb_DH3PM8uZwD4I5Q2gw\"}}";
static char claim64[BASE64_ENCODE_RAW_LENGTH(sizeof claim)];

static void hash_claim(const void *text, size_t n, unsigned char hash[32])
{
	struct sha256_ctx c;

	sha256_init(&c);
	sha256_update(&c, n, text);
	sha256_digest(&c, 32, hash);
}

static sqlite3_stmt *prepare(const char *sql)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(work.db, sql, -1, &s, NULL) != SQLITE_OK) {
		fprintf(stderr, "floor: %s\n", sqlite3_errmsg(work.db));
		exit(1);
	}
	return s;
}

static void work_setup(const char *file)
{
	unsigned char secret[32], hash[32];
	secp256k1_ecdsa_signature s;

	memset(secret, 7, sizeof secret);
	hash_claim(claim, sizeof claim - 1, hash);
	work.ctx = secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
	if (!secp256k1_ec_pubkey_create(work.ctx, &work.pub, secret) ||
	    !secp256k1_ecdsa_sign(work.ctx, &s, hash, secret, NULL, NULL))
		abort();
	secp256k1_ecdsa_signature_serialize_compact(work.ctx, work.sig, &s);
	base64_encode_raw(claim64, sizeof claim - 1, (const uint8_t *)claim);

	unlink(file);
	if (sqlite3_open(file, &work.db) != SQLITE_OK ||
	    sqlite3_exec(
		    work.db,
		    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
		    "CREATE TABLE s(id TEXT PRIMARY KEY, nonce INT, amount TEXT, rav BLOB) WITHOUT ROWID",
		    NULL, NULL, NULL) != SQLITE_OK) {
		fprintf(stderr, "floor: %s: %s\n", file, sqlite3_errmsg(work.db));
		exit(1);
	}
	work.upsert = prepare(
		"INSERT INTO s VALUES(?1,?2,?3,?4) ON CONFLICT(id) DO UPDATE SET nonce=excluded.nonce,"
		" amount=excluded.amount, rav=excluded.rav");
	work.begin = prepare("BEGIN IMMEDIATE");
	work.commit = prepare("COMMIT");
}

static void run_stmt(sqlite3_stmt *s)
{
	if (sqlite3_step(s) != SQLITE_DONE)
		fprintf(stderr, "floor: %s\n", sqlite3_errmsg(work.db));
	sqlite3_reset(s);
}

static void check_header(void)
{
	uint8_t text[sizeof claim + 8], hash[32];
	secp256k1_ecdsa_signature s;
	struct base64_decode_ctx b;
	size_t n = sizeof text;
	char *canonical;
	json_t *j;

	base64_decode_init(&b);
	if (!base64_decode_update(&b, &n, text, strlen(claim64), claim64))
		abort();
	j = json_loadb((const char *)text, n, 0, NULL);
	canonical = json_dumps(json_object_get(j, "signed_data"), JSON_COMPACT | JSON_SORT_KEYS);
	hash_claim(text, n, hash);
	secp256k1_ecdsa_signature_parse_compact(work.ctx, &s, work.sig);
	if (!canonical || !secp256k1_ecdsa_verify(work.ctx, &s, hash, &work.pub))
		abort();
	free(canonical);
	json_decref(j);
}

static void do_work(const struct conn *c)
{
	json_t *j = json_loadb(c->body, c->body_len, 0, NULL);

	if (!json_is_string(json_object_get(j, "model")))
		fputs("floor: no model\n", stderr);
	json_decref(j);
	for (int i = 0; i < work.signatures; i++)
		check_header();
	run_stmt(work.begin);
	for (int i = 0; i < 2; i++) {
		char id[96], amount[32];

		work.row++;
		snprintf(id, sizeof id, "%d0x%064ld:account-key", i, work.row % 4000);
		snprintf(amount, sizeof amount, "%ld", work.row * 399000);
		sqlite3_bind_text(work.upsert, 1, id, -1, SQLITE_STATIC);
		sqlite3_bind_int64(work.upsert, 2, work.row);
		sqlite3_bind_text(work.upsert, 3, amount, -1, SQLITE_STATIC);
		sqlite3_bind_blob(work.upsert, 4, claim, 250, SQLITE_STATIC);
		run_stmt(work.upsert);
	}
	run_stmt(work.commit);
}

/* ---- towards the web server ---- */

static void put(struct conn *c, const void *p, size_t n)
{
	c->out = grow(c->out, &c->out_cap, c->out_len + n);
	memcpy(c->out + c->out_len, p, n);
	c->out_len += n;
}

static void put_record(struct conn *c, const char *p, size_t n)
{
	while (n > 0) {
		size_t k = n < 65535 ? n : 65535;
		unsigned char head[8] = { 1, 6, 0, 1, (unsigned char)(k >> 8), (unsigned char)k,
					  0, 0 };

		put(c, head, sizeof head);
		put(c, p, k);
		p += k;
		n -= k;
	}
}

static void conn_kill(struct conn *c)
{
	if (c->dead)
		return;
	c->dead = true;
	if (c->easy) {
		curl_multi_remove_handle(multi, c->easy);
		curl_easy_cleanup(c->easy);
	}
	close(c->s.fd);
	c->next = graveyard;
	graveyard = c;
}

static void arm(struct conn *c, bool out)
{
	struct epoll_event e = { .events = EPOLLIN | (out ? EPOLLOUT : 0u), .data.ptr = c };

	if (c->out_armed == out)
		return;
	epoll_ctl(ep, EPOLL_CTL_MOD, c->s.fd, &e);
	c->out_armed = out;
}

static bool flush(struct conn *c)
{
	while (c->out_off < c->out_len) {
		ssize_t n =
			send(c->s.fd, c->out + c->out_off, c->out_len - c->out_off, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n < 0) {
			arm(c, true);
			return true;
		}
		c->out_off += (size_t)n;
	}
	c->out_off = c->out_len = 0;
	arm(c, false);
	return true;
}

static size_t on_body(char *p, size_t unit, size_t n, void *arg)
{
	struct conn *c = arg;

	(void)unit;
	if (!c->head_sent) {
		char head[256], *type = NULL;

		curl_easy_getinfo(c->easy, CURLINFO_CONTENT_TYPE, &type);
		put_record(c, head,
			   (size_t)snprintf(head, sizeof head,
					    "Status: 200\r\nContent-Type: %s\r\n\r\n",
					    type ? type : "application/json"));
		c->head_sent = true;
	}
	if (work.db && memmem(p, n, "\"usage\"", 7))
		work.row++;
	put_record(c, p, n);
	return flush(c) ? n : 0;
}

static void start(struct conn *c)
{
	char url[512];

	if (work.db && c->body_len)
		do_work(c);
	c->easy = n_kept ? kept[--n_kept] : curl_easy_init();
	c->head_sent = false;
	snprintf(url, sizeof url, "%s%s", upstream, c->uri);
	curl_easy_setopt(c->easy, CURLOPT_URL, url);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, c->body ? c->body : "");
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE, (long)c->body_len);
	curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
	curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
	curl_multi_add_handle(multi, c->easy);
}

static void finish(struct conn *c, CURLcode result)
{
	static const char end[] = "\1\6\0\1\0\0\0\0\1\3\0\1\0\10\0\0\0\0\0\0\0\0\0";
	CURL *e = c->easy;

	curl_multi_remove_handle(multi, e);
	c->easy = NULL;
	if (n_kept < EASY_KEPT)
		kept[n_kept++] = e;
	else
		curl_easy_cleanup(e);
	if (result != CURLE_OK) {
		fprintf(stderr, "floor: %s\n", curl_easy_strerror(result));
		if (!c->head_sent)
			put_record(c, "Status: 502\r\n\r\n", 15);
	}
	put(c, end, sizeof end);
	c->body_len = 0;
	if (!flush(c) || (!c->keep && !c->out_armed))
		conn_kill(c);
}

static void reap(void)
{
	int left;

	for (CURLMsg *m; (m = curl_multi_info_read(multi, &left));) {
		struct conn *c;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
		finish(c, m->data.result);
	}
}

static size_t pair_len(const unsigned char **p, const unsigned char *end)
{
	size_t n;

	if (*p >= end)
		return 0;
	if (!(**p & 0x80))
		return *(*p)++;
	if (end - *p < 4) {
		*p = end;
		return 0;
	}
	n = (size_t)((*p)[0] & 0x7f) << 24 | (size_t)(*p)[1] << 16 | (size_t)(*p)[2] << 8 | (*p)[3];
	*p += 4;
	return n;
}

static void take_params(struct conn *c, const unsigned char *p, size_t n)
{
	const unsigned char *end = p + n;

	while (p < end) {
		size_t name = pair_len(&p, end), value = pair_len(&p, end);

		if (name + value > (size_t)(end - p))
			return;
		if (name == 11 && memcmp(p, "REQUEST_URI", 11) == 0)
			snprintf(c->uri, sizeof c->uri, "%.*s", (int)value, (const char *)p + name);
		p += name + value;
	}
}

static void take_record(struct conn *c, const unsigned char *rec, size_t n)
{
	switch (rec[1]) {
	case 1: /* begin */
		c->keep = rec[10] & 1;
		break;
	case 4: /* parameters */
		take_params(c, rec + 8, n);
		break;
	case 5: /* standard input */
		if (n == 0) {
			start(c);
			break;
		}
		c->body = grow(c->body, &c->body_cap, c->body_len + n);
		memcpy(c->body + c->body_len, rec + 8, n);
		c->body_len += n;
		break;
	}
}

static void take_input(struct conn *c)
{
	size_t at = 0;

	while (!c->dead && !c->easy && c->in_len - at >= 8) {
		const unsigned char *rec = (const unsigned char *)c->in + at;
		size_t n = (size_t)rec[4] << 8 | rec[5], all = 8 + n + rec[6];

		if (c->in_len - at < all)
			break;
		at += all;
		take_record(c, rec, n);
	}
	memmove(c->in, c->in + at, c->in_len - at);
	c->in_len -= at;
}

static void on_conn(struct conn *c, uint32_t events)
{
	ssize_t n;

	if (c->dead)
		return;
	if ((events & EPOLLOUT) &&
	    (!flush(c) || (!c->out_armed && !c->easy && !c->keep && !c->body_len))) {
		conn_kill(c);
		return;
	}
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	c->in = grow(c->in, &c->in_cap, c->in_len + 4096);
	n = recv(c->s.fd, c->in + c->in_len, c->in_cap - c->in_len, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		conn_kill(c);
		return;
	}
	c->in_len += (size_t)n;
	take_input(c);
}

/* ---- libcurl's sockets in our epoll ---- */

static struct source *new_source(int fd)
{
	struct source *s = free_sources;

	if (s)
		free_sources = s->next_free;
	else if (!(s = malloc(sizeof *s)))
		abort();
	*s = (struct source){ UPSTREAM, fd, NULL };
	return s;
}

static int on_socket(CURL *e, curl_socket_t fd, int what, void *arg, void *known)
{
	struct source *s = known;
	struct epoll_event ev = { .events = (what & CURL_POLL_IN ? EPOLLIN : 0u) |
					    (what & CURL_POLL_OUT ? EPOLLOUT : 0u) };

	(void)e;
	(void)arg;
	if (what == CURL_POLL_REMOVE) {
		if (s) {
			epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL);
			s->next_free = free_sources;
			free_sources = s;
		}
		curl_multi_assign(multi, fd, NULL);
		return 0;
	}
	if (!s) {
		s = new_source(fd);
		curl_multi_assign(multi, fd, s);
		ev.data.ptr = s;
		epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
		return 0;
	}
	ev.data.ptr = s;
	epoll_ctl(ep, EPOLL_CTL_MOD, fd, &ev);
	return 0;
}

static int on_timer(CURLM *m, long ms, void *arg)
{
	(void)m;
	(void)arg;
	timer_ms = ms;
	return 0;
}

static void run_timer(void)
{
	timer_ms = -1;
	curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

/* ---- main loop ---- */

static void accept_all(int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct conn *c = calloc(1, sizeof *c);
		struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };

		if (!c)
			abort();
		c->s = (struct source){ CONN, fd, NULL };
		epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
	}
}

static void on_event(const struct epoll_event *ev)
{
	struct source *s = ev->data.ptr;
	uint32_t e = ev->events;

	switch (s->kind) {
	case LISTENER:
		accept_all(s->fd);
		break;
	case CONN:
		on_conn((struct conn *)(void *)s, e);
		break;
	case UPSTREAM:
		curl_multi_socket_action(multi, s->fd,
					 (e & EPOLLIN ? CURL_CSELECT_IN : 0) |
						 (e & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
						 (e & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0),
					 &running);
		break;
	}
}

static void bury(void)
{
	while (graveyard) {
		struct conn *c = graveyard;

		graveyard = c->next;
		free(c->in);
		free(c->body);
		free(c->out);
		free(c);
	}
}

static void on_stop(int sig)
{
	(void)sig;
	stop = 1;
}

static int listen_on(const char *path)
{
	struct sockaddr_un u = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(u.sun_path, sizeof u.sun_path, "%s", path);
	unlink(u.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&u, sizeof u) || listen(fd, 4096)) {
		perror(path);
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_stop };
	struct source listener = { LISTENER, -1, NULL };
	struct epoll_event ev[256], le = { .events = EPOLLIN, .data.ptr = &listener };

	if (argc < 3) {
		fputs("usage: floor SOCKET_PATH UPSTREAM_URL [SQLITE_FILE [SIGNATURES]]\n", stderr);
		return 2;
	}
	upstream = argv[2];
	if (argc > 4)
		work.signatures = (int)strtol(argv[4], NULL, 10);
	if (argc > 3)
		work_setup(argv[3]);
	sigaction(SIGTERM, &sa, NULL);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 4096L);
	headers = curl_slist_append(NULL, "Content-Type: application/json");
	headers = curl_slist_append(headers, "Authorization: Bearer sk-test");
	headers = curl_slist_append(headers, "Expect:");
	ep = epoll_create1(EPOLL_CLOEXEC);
	listener.fd = listen_on(argv[1]);
	epoll_ctl(ep, EPOLL_CTL_ADD, listener.fd, &le);

	while (!stop) {
		int n = epoll_wait(ep, ev, 256,
				   timer_ms < 0 || timer_ms > 1000 ? 1000 : (int)timer_ms);

		if (n <= 0 && timer_ms >= 0)
			run_timer();
		for (int i = 0; i < n; i++)
			on_event(&ev[i]);
		/* New transfers ask for a zero timeout; do not make them wait a round. */
		if (timer_ms == 0)
			run_timer();
		reap();
		bury();
	}
	unlink(argv[1]);
	return 0;
}
