/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loadgen - HTTP/1.1 load client of the bench; prints one line of JSON.
 *
 *	loadgen rps     -a PORT -c CONNECTIONS (-n REQUESTS | -d SECONDS) -r FILE | -b FILE
 *	loadgen streams -a PORT -c STREAMS -R RAMP_MS -r FILE | -b FILE
 *
 *	-a PORT     of 127.0.0.1; nothing else can be loaded
 *	-r FILE     a raw request, sent again and again
 *	-b FILE     a bundle of raw requests, each sent once: 4 bytes little endian length, then the
 *	            bytes. All connections take from it; the run ends with it
 *	-e N        every answer must hold N stamps (and [DONE] where N > 1); else it is short
 *	-p NAME:PID[,PID]  charge these processes and their descendants (repeat)
 *	-T SECONDS  of silence before a request counts as timed out (60)
 *	-L TEXT     label
 *
 * "rps" is a closed loop: each connection sends its next request when the answer is complete.
 * "streams" opens STREAMS connections spread over the ramp, one request each. A stamp is what
 * benchmock writes: '~' and 19 digits of CLOCK_MONOTONIC; receipt minus stamp is the added
 * latency.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "procs.h"

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "loadgen: %s: %s\n", what, errno ? strerror(errno) : "bad");
	exit(2);
}

static void *need(void *p)
{
	if (!p)
		die("memory");
	return p;
}

/* ---- histogram: 64 steps per power of two, so within 1.6 % ---- */

enum { STEPS = 64, SLOTS = 58 * STEPS };

struct hist {
	uint64_t n, sum, max, at[SLOTS];
};

static void hist_add(struct hist *h, uint64_t v)
{
	unsigned slot = (unsigned)v;

	if (v >= STEPS) {
		unsigned e = 63u - (unsigned)__builtin_clzll(v) - 6u; /* v >> e is in 64..127 */

		slot = (e + 1) * STEPS + (unsigned)((v >> e) - STEPS);
	}
	h->n++;
	h->sum += v;
	h->max = v > h->max ? v : h->max;
	h->at[slot]++;
}

static uint64_t slot_middle(unsigned slot)
{
	unsigned e = slot / STEPS - 1;

	if (slot < STEPS)
		return slot;
	return ((uint64_t)(slot % STEPS + STEPS) << e) + ((UINT64_C(1) << e) >> 1);
}

/* The quantile @q of nanoseconds, in microseconds: the middle of its slot. */
static double hist_us(const struct hist *h, double q)
{
	uint64_t want = (uint64_t)(q * (double)h->n), seen = 0;

	for (unsigned s = 0; s < SLOTS; s++) {
		seen += h->at[s];
		if (seen <= want)
			continue;
		return (double)slot_middle(s) / 1e3;
	}
	return (double)h->max / 1e3;
}

static void hist_print(const char *name, const struct hist *h)
{
	printf(",\"%s\":", name);
	if (!h->n) {
		printf("null");
		return;
	}
	printf("{\"n\":%llu,\"mean\":%.1f,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}",
	       (unsigned long long)h->n, (double)h->sum / (double)h->n / 1e3, hist_us(h, .5),
	       hist_us(h, .9), hist_us(h, .99), hist_us(h, .999), (double)h->max / 1e3);
}

/* ---- options and results ---- */

struct bytes {
	char *p;
	size_t len;
};

static struct {
	bool streams;
	int conns, ramp_ms, timeout_s, expect;
	long seconds;
	long n;
	const char *label;
	uint16_t port;
	struct bytes raw, bundle;
} o = { .conns = 1, .ramp_ms = 1000, .timeout_s = 60, .expect = -1, .label = "" };

static struct {
	struct hist lat, ttft, added;
	uint64_t bytes, chunks, ok, status[600];
	uint64_t e_connect, e_reset, e_timeout, e_short, e_parse;
	uint64_t start, stop, end;
} r = { .stop = UINT64_MAX };

static size_t bundle_at;
static long issued;
static int ep, live;

/* ---- connections ---- */

enum body { IN_HEAD, IN_LENGTH, IN_CHUNK_SIZE, IN_CHUNK, IN_CHUNK_END, IN_TRAILER, UNTIL_EOF };

struct conn {
	int fd;
	bool connecting, in_flight, out_armed, keep, reused, done_seen, first_seen, bad;
	const char *req;
	size_t req_len, req_off;
	uint64_t t0, t_last, open_at;
	enum body body;
	uint64_t left;
	int status;
	unsigned chunks;
	size_t line_len;
	bool size_done;
	int stamp_digits; /* -1: not in a stamp */
	uint64_t stamp;
	size_t done_match;
	char *head;
	size_t head_len;
};

static void arm(struct conn *c, bool out)
{
	struct epoll_event e = { .events = EPOLLIN | (out ? EPOLLOUT : 0u), .data.ptr = c };

	if (c->out_armed == out)
		return;
	epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
	c->out_armed = out;
}

static void conn_close(struct conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/* Choose the next request; false when there is no more to do. */
static bool next_request(struct conn *c, uint64_t now)
{
	uint32_t len;

	if (now >= r.stop || (o.n && issued >= o.n))
		return false;
	if (!o.bundle.p) {
		c->req = o.raw.p;
		c->req_len = o.raw.len;
	} else {
		if (bundle_at + sizeof len > o.bundle.len)
			return false;
		memcpy(&len, o.bundle.p + bundle_at, sizeof len);
		if (len > o.bundle.len - bundle_at - sizeof len)
			die("the bundle is cut short");
		c->req = o.bundle.p + bundle_at + sizeof len;
		c->req_len = len;
		bundle_at += sizeof len + len;
	}
	issued++;
	return true;
}

static void send_more(struct conn *c)
{
	while (c->req_off < c->req_len) {
		ssize_t n = send(c->fd, c->req + c->req_off, c->req_len - c->req_off, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == ENOTCONN)) {
			arm(c, true);
			return;
		}
		if (n < 0)
			return; /* the reset is seen on read */
		c->req_off += (size_t)n;
	}
	arm(c, false);
}

static void conn_open(struct conn *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
	int one = 1, failed;

	to.sin_port = htons(o.port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		die("socket");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	failed = connect(c->fd, (struct sockaddr *)&to, sizeof to);
	c->connecting = failed && errno == EINPROGRESS;
	c->reused = false;
	c->out_armed = c->connecting;
	if (failed && !c->connecting) {
		r.e_connect++;
		conn_close(c);
		return;
	}
	if (c->connecting)
		e.events |= EPOLLOUT;
	epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
}

/* Issue the next request, on a new connection where the old one is gone. */
static void conn_next(struct conn *c)
{
	uint64_t now = now_ns();

	/* A closed loop that only meets refused connections must still end. */
	if (r.e_connect > 1000 || !next_request(c, now)) {
		conn_close(c);
		live--;
		return;
	}
	c->req_off = 0;
	c->body = IN_HEAD;
	c->head_len = 0;
	c->status = 0;
	c->chunks = 0;
	c->stamp_digits = -1;
	c->done_match = 0;
	c->done_seen = c->first_seen = c->bad = false;
	c->keep = true;
	c->in_flight = true;
	c->t0 = c->t_last = now;
	if (c->fd < 0) {
		conn_open(c);
		if (c->fd < 0) {
			c->in_flight = false;
			c->open_at = now + 100000000; /* refused: again in 0.1 s */
			return;
		}
	}
	if (!c->connecting)
		send_more(c);
}

/* ---- answers ---- */

static void scan_stamps(struct conn *c, const char *s, const char *end, uint64_t now)
{
	while (s < end) {
		if (c->stamp_digits < 0) {
			s = memchr(s, '~', (size_t)(end - s));
			if (!s)
				return;
			s++;
			c->stamp_digits = 0;
			c->stamp = 0;
		}
		while (s < end && c->stamp_digits < 19 && *s >= '0' && *s <= '9') {
			c->stamp = c->stamp * 10 + (uint64_t)(*s++ - '0');
			c->stamp_digits++;
		}
		if (s == end && c->stamp_digits < 19)
			return; /* goes on in the next read */
		if (c->stamp_digits == 19) {
			hist_add(&r.added, now > c->stamp ? now - c->stamp : 0);
			c->chunks++;
			r.chunks++;
		}
		c->stamp_digits = -1;
	}
}

static void scan_done(struct conn *c, const char *s, const char *end)
{
	static const char done[] = "[DONE]";

	while (s < end && !c->done_seen) {
		if (!c->done_match) {
			s = memchr(s, '[', (size_t)(end - s));
			if (!s)
				return;
		}
		if (*s == done[c->done_match]) {
			c->done_match++;
			s++;
		} else {
			c->done_match = 0;
		}
		c->done_seen = c->done_match == sizeof done - 1;
	}
}

static void scan(struct conn *c, const char *p, size_t n, uint64_t now)
{
	r.bytes += n;
	if (!c->first_seen && n) {
		c->first_seen = true;
		hist_add(&r.ttft, now - c->t0);
	}
	scan_stamps(c, p, p + n, now);
	scan_done(c, p, p + n);
}

static void parse_head(struct conn *c)
{
	c->status = c->head_len > 12 ? (int)strtol(c->head + 9, NULL, 10) : 0;
	if (memcmp(c->head, "HTTP/1.", 7) != 0 || c->status < 100 || c->status > 599) {
		c->bad = true;
		return;
	}
	c->keep = c->head[7] == '1';
	c->body = UNTIL_EOF;
	for (const char *l = strstr(c->head, "\r\n"); l; l = strstr(l, "\r\n")) {
		l += 2;
		if (strncasecmp(l, "content-length:", 15) == 0) {
			c->left = strtoull(l + 15, NULL, 10);
			c->body = IN_LENGTH;
		} else if (strncasecmp(l, "transfer-encoding:", 18) == 0) {
			c->body = IN_CHUNK_SIZE;
			c->left = 0;
			c->size_done = false;
		} else if (strncasecmp(l, "connection: close", 17) == 0) {
			c->keep = false;
		}
	}
	if (c->status == 204 || c->status == 304) {
		c->body = IN_LENGTH;
		c->left = 0;
	}
}

/* Bytes of @p taken for the head. */
static size_t feed_head(struct conn *c, const char *p, size_t n)
{
	size_t old = c->head_len, from = old > 3 ? old - 3 : 0, head_len;
	char *end;

	c->head = need(realloc(c->head, old + n + 1));
	memcpy(c->head + old, p, n);
	c->head_len += n;
	end = memmem(c->head + from, c->head_len - from, "\r\n\r\n", 4);
	if (!end) {
		c->bad = c->head_len > 65536;
		return n;
	}
	head_len = (size_t)(end - c->head) + 4;
	c->head_len = head_len;
	c->head[head_len] = '\0';
	parse_head(c);
	c->head_len = 0;
	if (c->status < 200 && !c->bad)
		c->body = IN_HEAD; /* 100 Continue */
	return head_len - old;
}

static void feed_chunk_size(struct conn *c, char byte)
{
	char x = byte | 0x20;

	if (byte == '\n') {
		c->body = c->left ? IN_CHUNK : IN_TRAILER;
		c->line_len = 0;
	} else if (!c->size_done && x >= '0' && x <= '9') {
		c->left = c->left * 16 + (uint64_t)(x - '0');
	} else if (!c->size_done && x >= 'a' && x <= 'f') {
		c->left = c->left * 16 + (uint64_t)(x - 'a' + 10);
	} else {
		c->size_done = true; /* extension or CR */
	}
}

/* True: the answer is complete, or cannot be read. */
static bool feed(struct conn *c, const char *p, size_t n, uint64_t now)
{
	while (n > 0 && !c->bad) {
		size_t k = 1;

		switch (c->body) {
		case IN_HEAD:
			k = feed_head(c, p, n);
			if (c->body == IN_LENGTH && !c->left)
				return true;
			break;
		case IN_LENGTH:
		case IN_CHUNK:
			k = n > c->left ? (size_t)c->left : n;
			scan(c, p, k, now);
			c->left -= k;
			if (!c->left && c->body == IN_LENGTH)
				return true;
			if (!c->left)
				c->body = IN_CHUNK_END;
			break;
		case IN_CHUNK_END:
			if (*p == '\n') {
				c->body = IN_CHUNK_SIZE;
				c->size_done = false;
			}
			break;
		case IN_CHUNK_SIZE:
			feed_chunk_size(c, *p);
			break;
		case IN_TRAILER:
			if (*p == '\n' && !c->line_len)
				return true;
			c->line_len = *p == '\n' ? 0 : c->line_len + (*p != '\r');
			break;
		case UNTIL_EOF:
			k = n;
			scan(c, p, n, now);
			break;
		}
		p += k;
		n -= k;
	}
	return c->bad;
}

static void conn_finish(struct conn *c, bool usable)
{
	bool good = !c->bad && c->status >= 200 && c->status < 300;

	c->in_flight = false;
	r.end = now_ns();
	hist_add(&r.lat, r.end - c->t0);
	if (c->bad)
		r.e_parse++;
	else
		r.status[c->status]++;
	if (good && o.expect >= 0 &&
	    ((int)c->chunks != o.expect || (o.expect > 1 && !c->done_seen)))
		r.e_short++;
	else if (good)
		r.ok++;
	c->reused = usable && c->keep && !c->bad;
	if (!c->reused)
		conn_close(c);
	conn_next(c);
}

static void conn_lost(struct conn *c)
{
	if (c->in_flight && c->body == UNTIL_EOF) {
		conn_finish(c, false);
		return;
	}
	conn_close(c);
	if (!c->in_flight) /* idle close by the server */
		return;
	if (c->reused && c->body == IN_HEAD && !c->head_len) {
		/* Closed while the request was on its way: again, as a real client does. */
		c->req_off = 0;
		conn_open(c);
		if (c->fd >= 0 && !c->connecting)
			send_more(c);
		if (c->fd >= 0)
			return;
	}
	if (c->connecting)
		r.e_connect++;
	else
		r.e_reset++;
	c->in_flight = false;
	conn_next(c);
}

static bool connected(struct conn *c)
{
	socklen_t len = sizeof(int);
	int err = 0;

	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	if (!err)
		c->connecting = false;
	return !err;
}

static void on_event(struct conn *c, uint32_t events)
{
	static char buf[1 << 16];
	ssize_t n = sizeof buf;

	if (c->fd < 0)
		return;
	if (c->connecting && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) && !connected(c)) {
		conn_lost(c);
		return;
	}
	if (events & EPOLLOUT)
		send_more(c);
	if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
		return;
	while (n == sizeof buf) {
		uint64_t now;

		do
			n = recv(c->fd, buf, sizeof buf, 0);
		while (n < 0 && errno == EINTR);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			conn_lost(c);
			return;
		}
		now = now_ns();
		c->t_last = now;
		if (!c->in_flight) { /* bytes that nobody asked for */
			conn_close(c);
			return;
		}
		if (feed(c, buf, (size_t)n, now)) {
			conn_finish(c, true);
			return;
		}
	}
}

/* ---- the run ---- */

/* Open what is due, give up what is silent; true while some connection is still to be opened. */
static bool check_times(struct conn *conn, uint64_t now)
{
	uint64_t patience = (uint64_t)o.timeout_s * 1000000000u;
	bool waiting = false;

	for (struct conn *c = conn; c < conn + o.conns; c++) {
		if (c->open_at && now >= c->open_at) {
			c->open_at = 0;
			conn_next(c);
		} else if (c->open_at) {
			waiting = true;
		} else if (c->in_flight && now > c->t_last && now - c->t_last > patience) {
			r.e_timeout++;
			conn_close(c);
			c->in_flight = false;
			conn_next(c);
		}
	}
	return waiting;
}

static void run(struct conn *conn)
{
	uint64_t next_sample = 0, next_check = 0;
	struct epoll_event ev[512];
	bool waiting = false;

	for (live = o.conns;;) {
		uint64_t now = now_ns();
		int n;

		if (now >= next_check) {
			waiting = check_times(conn, now);
			next_check = now + (waiting ? 1000000 : 50000000);
		}
		if (!live)
			return;
		n = epoll_wait(ep, ev, 512, waiting ? 1 : 50);
		for (int i = 0; i < n; i++)
			on_event(ev[i].data.ptr, ev[i].events);
		if (now >= next_sample) {
			procs_sample();
			next_sample = now + 200000000;
		}
	}
}

static void report(double client_cpu_s)
{
	double seconds = r.end > r.start ? (double)(r.end - r.start) / 1e9 : 0;
	const char *sep = "";

	printf("{\"label\":\"%s\",\"mode\":\"%s\",\"c\":%d,\"requests\":%llu,\"ok\":%llu,\"elapsed_s\":%.4f,"
	       "\"rps\":%.1f,\"bytes\":%llu,\"chunks\":%llu,\"status\":{",
	       o.label, o.streams ? "streams" : "rps", o.conns, (unsigned long long)r.lat.n,
	       (unsigned long long)r.ok, seconds, seconds > 0 ? (double)r.lat.n / seconds : 0,
	       (unsigned long long)r.bytes, (unsigned long long)r.chunks);
	for (int k = 0; k < 600; k++) {
		if (!r.status[k])
			continue;
		printf("%s\"%d\":%llu", sep, k, (unsigned long long)r.status[k]);
		sep = ",";
	}
	printf("},\"errors\":{\"connect\":%llu,\"reset\":%llu,\"timeout\":%llu,\"short\":%llu,\"parse\":%llu}",
	       (unsigned long long)r.e_connect, (unsigned long long)r.e_reset,
	       (unsigned long long)r.e_timeout, (unsigned long long)r.e_short,
	       (unsigned long long)r.e_parse);
	hist_print("lat_us", &r.lat);
	hist_print("ttft_us", &r.ttft);
	hist_print("added_us", &r.added);
	printf(",\"procs\":");
	procs_print(r.lat.n, r.chunks);
	printf(",\"client_cpu_s\":%.3f}\n", client_cpu_s);
}

/* ---- set-up ---- */

static struct bytes load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct bytes b = { 0 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0)
		die(path);
	b.p = need(malloc((size_t)st.st_size));
	while (b.len < (size_t)st.st_size) {
		ssize_t n = read(fd, b.p + b.len, (size_t)st.st_size - b.len);

		if (n <= 0)
			die(path);
		b.len += (size_t)n;
	}
	close(fd);
	return b;
}

static void usage(void)
{
	fputs("usage: loadgen rps|streams -a PORT -c CONNECTIONS (-n REQUESTS | -d SECONDS | -R RAMP_MS)\n"
	      "       (-r REQUEST_FILE | -b BUNDLE_FILE) [-e CHUNKS] [-T SECONDS] [-p NAME:PID[,PID]]... [-L LABEL]\n",
	      stderr);
	exit(2);
}

static void options(int argc, char **argv)
{
	if (argc < 2)
		usage();
	o.streams = strcmp(argv[1], "streams") == 0;
	if (!o.streams && strcmp(argv[1], "rps") != 0)
		usage();
	optind = 2;
	for (int c; (c = getopt(argc, argv, "a:c:n:d:r:b:R:e:T:p:L:")) != -1;) {
		switch (c) {
		case 'a':
			o.port = (uint16_t)strtoul(optarg, NULL, 10);
			break;
		case 'c':
			o.conns = (int)strtol(optarg, NULL, 10);
			break;
		case 'n':
			o.n = strtol(optarg, NULL, 10);
			break;
		case 'd':
			o.seconds = strtol(optarg, NULL, 10);
			break;
		case 'r':
			o.raw = load(optarg);
			break;
		case 'b':
			o.bundle = load(optarg);
			break;
		case 'R':
			o.ramp_ms = (int)strtol(optarg, NULL, 10);
			break;
		case 'e':
			o.expect = (int)strtol(optarg, NULL, 10);
			break;
		case 'T':
			o.timeout_s = (int)strtol(optarg, NULL, 10);
			break;
		case 'p':
			procs_add(optarg);
			break;
		case 'L':
			o.label = optarg;
			break;
		default:
			usage();
		}
	}
	if (o.streams)
		o.n = o.conns;
	if ((!o.raw.p && !o.bundle.p) || !o.port || o.conns < 1 ||
	    (!o.n && o.seconds <= 0 && !o.bundle.p))
		usage();
}

static double cpu_of(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
	       (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
	struct rusage before, after;
	struct rlimit files;
	struct conn *conn;

	options(argc, argv);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	ep = epoll_create1(EPOLL_CLOEXEC);
	conn = need(calloc((size_t)o.conns, sizeof *conn));
	r.start = now_ns() + 1000000;
	if (o.seconds > 0)
		r.stop = r.start + (uint64_t)o.seconds * 1000000000u;
	for (int i = 0; i < o.conns; i++) {
		conn[i].fd = -1;
		conn[i].open_at = r.start;
		if (o.streams)
			conn[i].open_at +=
				(uint64_t)o.ramp_ms * 1000000u / (uint64_t)o.conns * (uint64_t)i;
	}
	procs_start();
	getrusage(RUSAGE_SELF, &before);
	run(conn);
	getrusage(RUSAGE_SELF, &after);
	procs_stop();
	report(cpu_of(&after) - cpu_of(&before));
	return r.lat.n == 0;
}
