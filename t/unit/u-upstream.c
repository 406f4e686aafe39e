/* SPDX-License-Identifier: Apache-2.0 */
/* Calls against a small server in this process, which does on each connection what a test says. */
#include "config.h"

#include "upstream/upstream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/clock.h"

#include "server.h"
#include "tap.h"

/* ---- connections that die when they are needed ---- */

static atomic_int broken_sends;

/* In the place of the system's: also libcurl finds this one. */
ssize_t send(int fd, const void *p, size_t n, int flags)
{
	if (n > 4 && !memcmp(p, "GET ", 4) && atomic_load(&broken_sends) > 0) {
		atomic_fetch_sub(&broken_sends, 1);
		errno = EPIPE;
		return -1;
	}
	return sendto(fd, p, n, flags, NULL, 0);
}

/* ---- the client side ---- */

static int port;
static struct upstream_pool *pool;
static struct gw_err e;
static struct upstream_result res;
static struct buf body;
static char heads[4096];
static int on_head_calls, read_ends;
static enum { NOTHING, HEAD, BODY, TICK, LATER_TICK, READ_END } refuse;

static void got_header(void *arg, struct str name, struct str value)
{
	size_t n = strlen(heads);

	(void)arg;
	snprintf(heads + n, sizeof heads - n, "%.*s=%.*s;", STR_ARG(name), STR_ARG(value));
}

static bool got_head(void *arg, int status)
{
	size_t n = strlen(heads);

	(void)arg;
	on_head_calls++;
	snprintf(heads + n, sizeof heads - n, "%d", status);
	return refuse != HEAD;
}

static bool got_body(void *arg, const char *p, size_t n)
{
	(void)arg;
	buf_add(&body, p, n);
	return refuse != BODY;
}

static bool got_read_end(void *arg)
{
	(void)arg;
	read_ends++;
	return refuse != READ_END;
}

static bool got_tick(void *arg)
{
	(void)arg;
	return refuse != TICK && (refuse != LATER_TICK || body.len == 0);
}

static const struct upstream_handler handler = { .on_head = got_head,
						 .on_header = got_header,
						 .on_body = got_body,
						 .on_read_end = got_read_end,
						 .on_tick = got_tick };

static char url[128];

static int call(serve_fn *fn, struct upstream_request rq)
{
	const char *type[] = { "Content-Type: application/json" };

	atomic_store(&serve, fn);
	atomic_store(&requests, 0);
	heads[0] = '\0';
	buf_reset(&body);
	on_head_calls = read_ends = 0;
	if (!rq.method)
		rq.method = "GET";
	if (!rq.url)
		rq.url = url;
	if (!rq.headers) {
		rq.headers = type;
		rq.n_headers = 1;
	}
	if (!rq.watch_fd)
		rq.watch_fd = -1;
	return upstream_call(pool, &rq, &handler, &res, &e);
}

#define GET(fn)	      call((fn), (struct upstream_request){ .method = "GET" })
#define CALL(fn, ...) call((fn), (struct upstream_request){ __VA_ARGS__ })

static void fresh_pool(struct upstream_options o)
{
	upstream_pool_free(pool);
	pool = upstream_pool_new(&o);
}

#define POOL(...) fresh_pool((struct upstream_options){ __VA_ARGS__ })

/* ---- answers ---- */

static bool plain(int fd, int conn, int n, const struct request *rq)
{
	(void)conn, (void)n, (void)rq;
	put(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Request-Id:  a1 \r\n"
		"Content-Length: 5\r\nConnection: keep-alive\r\n\r\nhello");
	return true;
}

static void test_plain(void)
{
	int before;

	OK(GET(plain) == 0 && res.outcome == UP_DONE && res.status == 200,
	   "an answer with a length");
	OK(!strcmp(heads, "Content-Type=text/plain;X-Request-Id=a1;200"),
	   "headers trimmed, transport headers kept back, then the head: %s", heads);
	OK(str_eq_c(buf_str(&body), "hello") && res.body_bytes == 5, "its body");
	OK(res.sent && res.first_byte_ms >= 0 && res.total_ms >= res.first_byte_ms && !*res.message,
	   "its times");
	OK(read_ends == 1, "one read, one end of a read");
	before = atomic_load(&connections);
	for (int i = 0; i < 5; i++)
		OK(GET(plain) == 0 && res.outcome == UP_DONE, "again");
	OK(atomic_load(&connections) == before, "on the same connection");
}

static bool early_heads(int fd, int conn, int n, const struct request *rq)
{
	(void)conn, (void)n, (void)rq;
	put(fd, "HTTP/1.1 100 Continue\r\nX-Not: this\r\n\r\n"
		"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
		"HTTP/1.1 201 Created\r\nX-Yes: that\r\nContent-Length: 0\r\n\r\n");
	return true;
}

static bool chunks(int fd, int conn, int n, const struct request *rq)
{
	static const char answer[] =
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n"
	    "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nX-T: late\r\n\r\n";

	(void)conn, (void)n, (void)rq;
	for (size_t i = 0; answer[i]; i++)
		put_n(fd, answer + i, 1);
	return true;
}

static bool many_chunks(int fd, int conn, int n, const struct request *rq)
{
	(void)conn, (void)n, (void)rq;
	put(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		"1\r\na\r\n1\r\nb\r\n1\r\nc\r\n1\r\nd\r\n0\r\n\r\n");
	return true;
}

static bool odd_headers(int fd, int conn, int n, const struct request *rq)
{
	(void)conn, (void)n, (void)rq;
	put(fd, "HTTP/1.1 200 OK\r\nX-A: 1\r\nX-Bad: a\x01z\r\nX Space: 1\r\n: nameless\r\n"
		"X-Empty:\r\nX-B: 2\r\nContent-Length: 0\r\n\r\n");
	return true;
}

static bool redirect(int fd, int conn, int n, const struct request *rq)
{
	(void)conn, (void)n, (void)rq;
	put(fd, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
	return true;
}

/* "hello hello hello hello\n" through gzip */
static const unsigned char zipped[] = { 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03,
					0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0x40, 0x27, 0xb9,
					0x00, 0x00, 0x88, 0x59, 0x0b, 0x18, 0x00, 0x00, 0x00 };
static bool zip_damaged;

static bool gzip(int fd, int conn, int n, const struct request *rq)
{
	unsigned char bytes[sizeof zipped];
	char head[128];

	(void)conn, (void)n, (void)rq;
	memcpy(bytes, zipped, sizeof bytes);
	bytes[12] ^= zip_damaged ? 0xff : 0;
	snprintf(head, sizeof head,
		 "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
		 sizeof bytes);
	put(fd, head);
	put_n(fd, (const char *)bytes, sizeof bytes);
	return true;
}

static bool strange_coding(int fd, int conn, int n, const struct request *rq)
{
	(void)conn, (void)n, (void)rq;
	put(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: rot13\r\nContent-Length: 3\r\n\r\nabc");
	return true;
}

static bool not_http(int fd, int conn, int n, const struct request *rq)
{
	(void)conn, (void)n, (void)rq;
	put(fd, "220 mail.example ESMTP\r\n");
	return false;
}

static size_t big_lines, big_width;

static bool big_head(int fd, int conn, int n, const struct request *rq)
{
	char *line = malloc(big_width + 32);

	(void)conn, (void)n, (void)rq;
	put(fd, "HTTP/1.1 200 OK\r\n");
	for (size_t i = 0; i < big_lines; i++) {
		int k = snprintf(line, big_width + 32, "X-%zu: ", i);

		memset(line + k, 'x', big_width);
		memcpy(line + (size_t)k + big_width, "\r\n", 2);
		put_n(fd, line, (size_t)k + big_width + 2);
	}
	free(line);
	put(fd, "Content-Length: 0\r\n\r\n");
	return true;
}

static void test_heads(void)
{
	OK(GET(early_heads) == 0 && res.outcome == UP_DONE && !strcmp(heads, "X-Yes=that;201") &&
	       on_head_calls == 1,
	   "1xx heads are skipped: %s", heads);
	OK(GET(chunks) == 0 && res.outcome == UP_DONE && str_eq_c(buf_str(&body), "abcdefg") &&
	       !strcmp(heads, "200"),
	   "chunks byte by byte; no trailers");
	OK(GET(many_chunks) == 0 && str_eq_c(buf_str(&body), "abcd") && read_ends <= 2,
	   "chunks that came together are flushed together");
	OK(GET(odd_headers) == 0 && res.outcome == UP_DONE &&
	       !strcmp(heads, "X-A=1;X-Empty=;X-B=2;200"),
	   "malformed headers are dropped: %s", heads);
	OK(GET(redirect) == 0 && res.status == 302 && atomic_load(&requests) == 1,
	   "a redirect is an answer like others");
	OK(GET(gzip) == 0 && res.outcome == UP_DONE && !strcmp(heads, "200") &&
	       str_eq_c(buf_str(&body), "hello hello hello hello\n"),
	   "a content coding is undone and not announced");
	zip_damaged = true;
	OK(GET(gzip) == 0 && res.outcome == UP_BAD_ANSWER, "a damaged coding is noticed: %s",
	   res.message);
	OK(GET(strange_coding) == 0 && res.outcome == UP_BAD_ANSWER && res.status == 200,
	   "an unknown coding: %s", res.message);
	OK(GET(not_http) == 0 && res.outcome == UP_BAD_ANSWER && res.status == 0, "not HTTP: %s",
	   res.message);
	big_lines = 50;
	big_width = 1000;
	OK(GET(big_head) == 0 && res.outcome == UP_DONE, "a head of 50 KB");
	big_lines = 200;
	OK(GET(big_head) == 0 && res.outcome == UP_TOO_LARGE && !on_head_calls, "of 200 KB: %s",
	   res.message);
	big_lines = 1;
	big_width = 300000;
	OK(GET(big_head) == 0 && res.outcome == UP_TOO_LARGE && !on_head_calls, "in one line: %s",
	   res.message);
}

/* ---- ends ---- */

static const char *last_words;

static bool say_and_close(int fd, int conn, int n, const struct request *rq)
{
	(void)conn, (void)n, (void)rq;
	put(fd, last_words);
	return false;
}

static bool say_and_reset(int fd, int conn, int n, const struct request *rq)
{
	const struct linger now = { 1, 0 };

	(void)conn, (void)n, (void)rq;
	put(fd, last_words);
	while (atomic_load(&requests) == 1) /* until the client has what was said */
		usleep(1000);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	return false;
}

static bool reset_when_told(void *arg, const char *p, size_t n)
{
	(void)arg, (void)p, (void)n;
	atomic_store(&requests, 2);
	return true;
}

static void test_ends(void)
{
	static const struct {
		const char *words, *name;
		enum upstream_outcome outcome;
		int status;
	} cases[] = {
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
		  "chunks without the last", UP_BROKE, 200 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", "a cut chunk",
		  UP_BROKE, 200 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
		  "a bad chunk length", UP_BROKE, 200 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "less than the length",
		  UP_BROKE, 200 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "the length, then closed",
		  UP_DONE, 200 },
		{ "HTTP/1.1 200 OK\r\n\r\nabc", "neither length nor chunks", UP_DONE, 200 },
		{ "HTTP/1.0 200 OK\r\n\r\nabc", "HTTP/1.0", UP_DONE, 200 },
		{ "HTTP/1.1 200 OK\r\nContent-Type: x\r\n", "a cut head", UP_BROKE, 200 },
		{ "HTTP/1.1 100 Continue\r\n\r\n", "only a 1xx head", UP_BROKE, 0 },
		{ "", "nothing", UP_BROKE, 0 },
	};
	struct upstream_handler h = handler;
	struct upstream_request rq = { .method = "GET", .url = url, .watch_fd = -1 };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int rc;

		last_words = cases[i].words;
		rc = GET(say_and_close);
		OK(rc == 0 && res.outcome == cases[i].outcome && res.status == cases[i].status &&
		       res.sent,
		   "%s: outcome %d, %s", cases[i].name, res.outcome, res.message);
		while (atomic_load(&serving) > 0)
			usleep(1000);
	}
	last_words = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
	h.on_body = reset_when_told;
	atomic_store(&serve, say_and_reset);
	atomic_store(&requests, 0);
	OK(upstream_call(pool, &rq, &h, &res, &e) == 0 && res.outcome == UP_BROKE &&
	       res.body_bytes == 3,
	   "reset in mid-stream: %s", res.message);
}

/* A port where nobody listens. */
static int closed_port(void)
{
	int at, fd = listen_somewhere(&at);

	close(fd);
	return at;
}

static bool once_then_close_early(int fd, int conn, int n, const struct request *rq)
{
	(void)conn, (void)rq;
	if (n == 1)
		return false; /* read it, say nothing */
	put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	return true;
}

static bool once_and_close(int fd, int conn, int n, const struct request *rq)
{
	(void)conn, (void)n, (void)rq;
	put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	return false; /* although it was not announced */
}

static void test_connections(void)
{
	char nowhere[64];
	int before;

	snprintf(nowhere, sizeof nowhere, "http://127.0.0.1:%d/x?key=sesame", closed_port());
	OK(CALL(plain, .url = nowhere) == 0 && res.outcome == UP_NO_CONNECTION && !res.sent &&
	       res.status == 0,
	   "nobody listens: %s", res.message);
	OK(!strstr(res.message, "sesame"), "no query in the message");
	OK(CALL(plain, .url = "http://a:sesame@127.0.0.1/") == 0 &&
	       res.outcome == UP_NO_CONNECTION && !strstr(res.message, "sesame"),
	   "no user in a URL: %s", res.message);

	POOL(.slots = 1);
	OK(GET(once_then_close_early) == 0 && res.outcome == UP_DONE, "a connection is kept");
	OK(CALL(once_then_close_early, .method = "POST", .body = &STR_LIT("{}"), .n_body = 1) ==
		   0 &&
	       res.outcome == UP_BROKE && res.sent && atomic_load(&requests) == 1,
	   "closed after the request was sent: not sent again: %s", res.message);
	OK(GET(once_then_close_early) == 0 && res.outcome == UP_DONE, "a connection is kept");
	OK(GET(once_then_close_early) == 0 && res.outcome == UP_BROKE &&
	       atomic_load(&requests) == 1,
	   "the same without a body");

	before = atomic_load(&connections);
	for (int i = 0; i < 3; i++) {
		while (atomic_load(&serving) > 0)
			usleep(1000);
		OK(GET(once_and_close) == 0 && res.outcome == UP_DONE,
		   "a kept connection that had died");
	}
	OK(atomic_load(&connections) == before + 3, "is replaced (%d connections)",
	   atomic_load(&connections) - before);

	POOL(.slots = 1);
	before = 0;
	for (int i = 0; i < 8; i++) {
		before += GET(plain) == 0 && res.outcome == UP_DONE;
		atomic_store(&broken_sends, 1);
		before += GET(plain) == 0 && res.outcome == UP_DONE;
	}
	OK(before == 16, "one that dies before the request is sent is replaced, however often: %s",
	   res.message);

	setenv("http_proxy", nowhere, 1);
	setenv("all_proxy", nowhere, 1);
	POOL(.slots = 1);
	OK(GET(plain) == 0 && res.outcome == UP_DONE, "the environment's proxy is not used");
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	setenv("no_proxy", "127.0.0.1", 1);
	snprintf(nowhere, sizeof nowhere, "http://127.0.0.1:%d", port);
	POOL(.slots = 1, .proxy = nowhere);
	OK(CALL(plain, .url = "http://upstream.invalid/v1") == 0 && res.outcome == UP_DONE,
	   "the configured one is");
	unsetenv("no_proxy");
}

/* ---- time and the client ---- */

static bool silent(int fd, int conn, int n, const struct request *rq)
{
	(void)conn, (void)n, (void)rq;
	until_closed(fd);
	return false;
}

static bool stall(int fd, int conn, int n, const struct request *rq)
{
	put(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	return silent(fd, conn, n, rq);
}

static bool drip(int fd, int conn, int n, const struct request *rq)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	(void)conn, (void)n, (void)rq;
	put(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	while (poll(&p, 1, 20) == 0)
		put(fd, "1\r\nx\r\n");
	return false;
}

static void test_times(void)
{
	/* Nothing here has to be quick: only what never comes is waited for in vain. */
	POOL(.first_byte_ms = 150);
	OK(GET(silent) == 0 && res.outcome == UP_TIMEOUT_HEAD && res.sent && res.total_ms >= 150,
	   "no head in time: %s", res.message);
	POOL(.idle_ms = 150);
	OK(GET(stall) == 0 && res.outcome == UP_STALLED && res.body_bytes == 3, "stalled: %s",
	   res.message);
	POOL(.total_ms = 300);
	OK(GET(silent) == 0 && res.outcome == UP_TIMEOUT_HEAD && res.total_ms >= 300,
	   "total, before the head");
	POOL(.total_ms = 1500);
	OK(GET(drip) == 0 && res.outcome == UP_STALLED && res.total_ms >= 1500,
	   "total, in mid-stream: %s", res.message);
	POOL(.slots = 0);
	refuse = TICK;
	OK(GET(silent) == 0 && res.outcome == UP_CLIENT_GONE,
	   "a tick may end it while nothing comes");
	refuse = LATER_TICK;
	OK(GET(drip) == 0 && res.outcome == UP_CLIENT_GONE && res.body_bytes > 0,
	   "and while something comes");
	refuse = HEAD;
	OK(GET(stall) == 0 && res.outcome == UP_CLIENT_GONE && res.status == 200 &&
	       res.body_bytes == 0,
	   "the head may end it");
	refuse = BODY;
	OK(GET(drip) == 0 && res.outcome == UP_CLIENT_GONE && res.body_bytes == 1,
	   "a piece may end it");
	refuse = READ_END;
	OK(GET(drip) == 0 && res.outcome == UP_CLIENT_GONE, "the end of a read may end it");
	refuse = NOTHING;
	POOL(.slots = 0);
}

static void *leave(void *arg)
{
	while (atomic_load(&requests) == 0)
		usleep(1000);
	usleep(50000);
	close(*(int *)arg);
	return NULL;
}

static void watch_one(serve_fn *fn, int mine, int theirs, const char *what)
{
	pthread_t t;

	put(theirs, "input that nobody reads");
	atomic_store(&requests, 0);
	if (pthread_create(&t, NULL, leave, &theirs))
		abort();
	/* no limit of time would end it: the hang-up does */
	OK(CALL(fn, .watch_fd = mine) == 0 && res.outcome == UP_CLIENT_GONE, "%s: noticed", what);
	pthread_join(t, NULL);
	close(mine);
}

static void test_hangup(void)
{
	int fd[2], listener, at;
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	for (int i = 0; i < 2; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
			abort();
		watch_one(i ? drip : silent, fd[0], fd[1],
			  i ? "unix socket, streaming" : "unix socket, waiting");
		listener = listen_somewhere(&at);
		sa.sin_port = htons((uint16_t)at);
		fd[1] = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd[1], (struct sockaddr *)&sa, sizeof sa))
			abort();
		fd[0] = accept(listener, NULL, NULL);
		close(listener);
		watch_one(i ? drip : silent, fd[0], fd[1], i ? "TCP, streaming" : "TCP, waiting");
	}
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		abort();
	OK(CALL(plain, .watch_fd = fd[0]) == 0 && res.outcome == UP_DONE, "a client who stays");
	close(fd[1]);
	OK(CALL(silent, .watch_fd = fd[0]) == 0 && res.outcome == UP_CLIENT_GONE && !res.sent,
	   "nothing is sent for a client who had left before");
	close(fd[0]);
}

/* ---- a client that takes its time ---- */

enum { FLOOD = 4 << 20, FLOOD_CHUNK = 4000 };

static bool flood(int fd, int conn, int n, const struct request *rq)
{
	char piece[FLOOD_CHUNK + 16];
	int at, head = snprintf(piece, sizeof piece, "%x\r\n", FLOOD_CHUNK);

	(void)conn, (void)n, (void)rq;
	put(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int done = 0; done < FLOOD; done += FLOOD_CHUNK) {
		for (at = 0; at < FLOOD_CHUNK; at++)
			piece[head + at] = (char)((done + at) % 251);
		memcpy(piece + head + at, "\r\n", 2);
		put_n(fd, piece, (size_t)(head + at + 2));
	}
	put(fd, "0\r\n\r\n");
	return true;
}

struct taker {
	pthread_t caller;
	size_t got, limit; /* more than limit at once is too much */
	unsigned rooms, rooms_max, long_calls, sleep_ms;
	bool is_full, wrong, wrong_thread, moved, wrong_long;
	atomic_bool *hold, *held; /* make room only when told so */
};

static bool taker_full(void *arg)
{
	struct taker *t = arg;

	t->wrong_thread |= pthread_equal(pthread_self(), t->caller);
	return t->is_full;
}

static bool taker_body(void *arg, const char *p, size_t n)
{
	struct taker *t = arg;

	t->wrong |= t->is_full;
	t->wrong_thread |= pthread_equal(pthread_self(), t->caller);
	for (size_t i = 0; i < n; i++)
		t->wrong |= (unsigned char)p[i] != (t->got + i) % 251;
	t->got += n;
	t->is_full = t->got / t->limit > t->rooms;
	return true;
}

static bool taker_room(void *arg)
{
	struct taker *t = arg;
	size_t before = t->got;

	t->wrong_thread |= !pthread_equal(pthread_self(), t->caller);
	if (t->held) {
		atomic_store(t->held, true);
		while (atomic_load(t->hold))
			usleep(1000);
	}
	usleep(t->sleep_ms * 1000);
	t->moved |= t->got != before;
	t->rooms = (unsigned)(t->got / t->limit);
	t->is_full = false;
	return !t->rooms_max || t->rooms < t->rooms_max;
}

static void taker_long(void *arg)
{
	struct taker *t = arg;

	/* beside the others: no member is shared */
	t->wrong_long = !pthread_equal(pthread_self(), t->caller);
	t->long_calls++;
}

static int take(struct taker *t, struct upstream_result *r)
{
	const struct upstream_handler h = { .arg = t,
					    .on_body = taker_body,
					    .full = taker_full,
					    .make_room = taker_room,
					    .on_long = taker_long };
	struct upstream_request rq = { .method = "GET", .url = url, .watch_fd = -1 };
	struct gw_err why;

	t->caller = pthread_self();
	return upstream_call(pool, &rq, &h, r, &why);
}

static void *take_slowly(void *arg)
{
	struct upstream_result r;

	return take(arg, &r) == 0 && r.outcome == UP_DONE ? arg : NULL;
}

static bool brief_drip(int fd, int conn, int n, const struct request *rq)
{
	(void)conn, (void)n, (void)rq;
	put(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 10; i++) {
		put_n(fd, (char[]){ '1', '\r', '\n', (char)i, '\r', '\n' }, 6);
		usleep(50000);
	}
	put(fd, "0\r\n\r\n");
	return true;
}

static void test_room(void)
{
	struct taker t = { .limit = 100000 }, slow = { .limit = 1000 };
	atomic_bool hold, held;
	pthread_t thread;
	void *done;

	atomic_store(&serve, flood);
	OK(take(&t, &res) == 0 && res.outcome == UP_DONE && res.body_bytes == t.got,
	   "a client that is full now and then: %s", res.message);
	OK(t.got == (FLOOD + FLOOD_CHUNK - 1) / FLOOD_CHUNK * FLOOD_CHUNK && !t.wrong && t.rooms > 30,
	   "gets each byte once and in order (%zu, room made %u times)", t.got, t.rooms);
	OK(!t.wrong_thread, "room is made on the caller's thread, the rest is not");
	POOL(.idle_ms = 100, .first_byte_ms = 100);
	t = (struct taker){ .limit = 2000000, .sleep_ms = 250 };
	OK(take(&t, &res) == 0 && res.outcome == UP_DONE && !t.wrong && !t.moved,
	   "nothing comes while room is made, and that is not the upstream's silence: %s",
	   res.message);
	t = (struct taker){ .limit = 100000, .rooms_max = 3 };
	OK(take(&t, &res) == 0 && res.outcome == UP_CLIENT_GONE && t.rooms == 3,
	   "who makes room may end it");
	POOL(.slots = 0);
	atomic_init(&hold, true);
	atomic_init(&held, false);
	slow.hold = &hold;
	slow.held = &held;
	if (pthread_create(&thread, NULL, take_slowly, &slow))
		abort();
	while (!atomic_load(&held))
		usleep(1000);
	OK(GET(plain) == 0 && res.outcome == UP_DONE, "others do not wait for one that is full");
	atomic_store(&hold, false);
	pthread_join(thread, &done);
	OK(done && !slow.wrong && !slow.moved, "which goes on later");

	t = (struct taker){ .limit = 1000 };
	atomic_store(&serve, brief_drip);
	OK(take(&t, &res) == 0 && t.got == 10 && !t.wrong && t.long_calls == 1 && !t.wrong_long,
	   "a call that takes long says so once");
}

/* ---- requests ---- */

static char seen_head[8192];

static bool echo(int fd, int conn, int n, const struct request *rq)
{
	char head[64];

	(void)conn, (void)n;
	memcpy(seen_head, rq->head, sizeof seen_head);
	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", rq->body_len);
	put(fd, head);
	put_n(fd, rq->body, rq->body_len);
	return true;
}

static void test_requests(void)
{
	const char *bad[] = {
		"no colon", "X-A: b\r\nX-B: c", "X-A:", ": v", "X A: b", "X-A: \x7f"
	};
	const char *headers[] = { "Authorization: Bearer k", "Content-Type: application/json" };
	struct str pieces[3] = { STR_LIT("{\"a\":"), STR_NULL, STR_LIT("1}") };
	char *large = malloc(300000);

	OK(CALL(echo, .method = "POST", .headers = headers, .n_headers = 2, .body = pieces,
		.n_body = 3) == 0 &&
	       str_eq_c(buf_str(&body), "{\"a\":1}"),
	   "small pieces");
	OK(strstr(seen_head, "POST /v1/x?q=1 HTTP/1.1\r\n") &&
	       strstr(seen_head, "\r\nContent-Length: 7\r\n") &&
	       strstr(seen_head, "\r\nAuthorization: Bearer k\r\n") &&
	       strstr(seen_head, "\r\nContent-Type: application/json\r\n") &&
	       strstr(seen_head, "\r\nAccept-Encoding: identity\r\n") &&
	       !strcasestr(seen_head, "Expect"),
	   "the head as wanted");
	for (size_t i = 0; i < 300000; i++)
		large[i] = (char)(i * 7 % 251);
	pieces[1] = (struct str){ large, 300000 };
	OK(CALL(echo, .method = "POST", .body = pieces, .n_body = 3) == 0 && body.len == 300007 &&
	       !memcmp(body.p + 5, large, 300000) && !memcmp(body.p + 300005, "1}", 2),
	   "a large piece between small ones");
	OK(CALL(echo, .method = "POST", .body = pieces + 1, .n_body = 1) == 0 &&
	       body.len == 300000 && !memcmp(body.p, large, 300000),
	   "a large body in one piece");
	free(large);
	OK(CALL(echo, .method = "POST") == 0 && strstr(seen_head, "\r\nContent-Length: 0\r\n"),
	   "POST of nothing");
	OK(CALL(echo, .method = "DELETE") == 0 && str_starts(str_c(seen_head), "DELETE ") &&
	       !strstr(seen_head, "Content-Length"),
	   "another method");
	OK(CALL(echo, .method = "PUT", .body = pieces, .n_body = 1) == 0 &&
	       str_starts(str_c(seen_head), "PUT ") && str_eq_c(buf_str(&body), "{\"a\":"),
	   "another method with a body");
	OK(GET(echo) == 0 && str_starts(str_c(seen_head), "GET "), "and back to GET");
	OK(CALL(echo, .method = "HEAD") == 0 && res.outcome == UP_DONE &&
	       str_starts(str_c(seen_head), "HEAD "),
	   "HEAD has no body");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		OK(CALL(echo, .headers = &bad[i], .n_headers = 1) == -1 && e.code == GWE_INTERNAL,
		   "header %zu is refused", i);
	OK(CALL(echo, .url = "file:///etc/passwd") == -1 &&
	       CALL(echo, .url = "http://127.0.0.1/a b") == -1 &&
	       CALL(echo, .method = "GET /") == -1 && atomic_load(&requests) == 0,
	   "and so are odd URLs and methods");
}

static void test_fetch(void)
{
	struct upstream_request rq = { .method = "GET", .url = url, .watch_fd = -1 };
	struct buf b;

	atomic_store(&serve, plain);
	buf_init(&b, 5);
	OK(upstream_fetch(pool, &rq, &b, &res, &e) == 0 && res.outcome == UP_DONE &&
	       str_eq_c(buf_str(&b), "hello"),
	   "a whole answer");
	buf_clear(&b);
	buf_init(&b, 4);
	OK(upstream_fetch(pool, &rq, &b, &res, &e) == 0 && res.outcome == UP_TOO_LARGE,
	   "bounded: %s", res.message);
	buf_clear(&b);
}

/* ---- many threads ---- */

enum { THREADS = 24, CALLS = 40 };
static atomic_int good, refused;

static bool check_body(void *arg, const char *p, size_t n)
{
	*(bool *)arg = n == 5 && !memcmp(p, "hello", 5);
	return true;
}

static void *work(void *arg)
{
	(void)arg;
	for (int i = 0; i < CALLS; i++) {
		struct upstream_request rq = { .method = "GET", .url = url, .watch_fd = -1 };
		struct upstream_result r;
		struct gw_err why;
		bool ok = false;
		struct upstream_handler h = { .arg = &ok, .on_body = check_body };

		if (upstream_call(pool, &rq, &h, &r, &why))
			atomic_fetch_add(&refused, why.code == GWE_OVERLOADED);
		else
			atomic_fetch_add(&good, ok && r.outcome == UP_DONE);
	}
	return NULL;
}

static void run_threads(int n)
{
	pthread_t t[THREADS];

	atomic_store(&good, 0);
	atomic_store(&refused, 0);
	for (int i = 0; i < n; i++)
		if (pthread_create(&t[i], NULL, work, NULL))
			abort();
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
}

static void *take_once(void *arg)
{
	struct taker t = { .limit = 3 };

	(void)arg;
	return take_slowly(&t) && t.got == 10 && !t.wrong && !t.wrong_thread ? pool : NULL;
}

/* More than one thread of the pool carries with ease. */
static void test_crowd(void)
{
	enum { CROWD = 200 };
	pthread_t t[CROWD];
	int whole = 0;

	POOL(.slots = CROWD);
	atomic_store(&serve, brief_drip);
	for (int i = 0; i < CROWD; i++)
		if (pthread_create(&t[i], NULL, take_once, NULL))
			abort();
	for (int i = 0; i < CROWD; i++) {
		void *done;

		pthread_join(t[i], &done);
		whole += done != NULL;
	}
	OK(whole == CROWD, "many streams at once, each of which is full now and then");
	POOL(.slots = 0);
}

static void *hold(void *arg)
{
	struct upstream_request rq = { .method = "GET", .url = url, .watch_fd = *(int *)arg };
	struct upstream_handler h = { .arg = NULL };
	struct upstream_result r;
	struct gw_err why;

	if (upstream_call(pool, &rq, &h, &r, &why))
		abort();
	return NULL;
}

static void test_threads(void)
{
	pthread_t t;
	int fd[2], before;

	POOL(.slots = 4);
	before = atomic_load(&connections);
	atomic_store(&serve, plain);
	run_threads(THREADS);
	OK(atomic_load(&good) == THREADS * CALLS, "many threads share few slots");
	OK(atomic_load(&connections) - before <= 4, "and their connections");

	POOL(.slots = 1, .wait_ms = 50);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		abort();
	atomic_store(&serve, silent);
	atomic_store(&requests, 0);
	if (pthread_create(&t, NULL, hold, &fd[0]))
		abort();
	while (atomic_load(&requests) == 0)
		usleep(1000);
	OK(GET(plain) == -1 && e.code == GWE_OVERLOADED, "a full pool: %s", e.pub);
	close(fd[1]);
	pthread_join(t, NULL);
	close(fd[0]);
	OK(GET(plain) == 0 && res.outcome == UP_DONE, "and when it is free again");
}

int main(void)
{
	pthread_t t;
	int listener = listen_somewhere(&port);

	snprintf(url, sizeof url, "http://127.0.0.1:%d/v1/x?q=1", port);
	buf_init(&body, 1u << 20);
	OK(upstream_global_init(&e) == 0, "libcurl is fit for use");
	if (pthread_create(&t, NULL, acceptor, (void *)(intptr_t)listener))
		abort();
	POOL(.slots = 0);
	test_plain();
	test_heads();
	test_ends();
	test_connections();
	test_times();
	test_hangup();
	test_room();
	test_requests();
	test_fetch();
	test_threads();
	test_crowd();
	upstream_pool_free(pool);
	shutdown(listener, SHUT_RDWR);
	pthread_join(t, NULL);
	close(listener);
	while (atomic_load(&serving) > 0)
		usleep(1000);
	buf_clear(&body);
	return TAP_END;
}
