/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fcgicat - send one FastCGI request to a responder without a web server, and print the answer.
 *
 *	fcgicat [OPTION...] SOCKET_PATH | PORT   URI
 *
 *	-m METHOD      GET, or POST where there is a body
 *	-H 'Name: v'   a request header, as a web server would hand it over (HTTP_NAME)
 *	-e NAME=VALUE  a parameter as it stands, also one that a web server would not send
 *	-d TEXT|@FILE  the body; -e CONTENT_LENGTH=N tells a wrong length
 *	-s N           send records that hold at most N bytes of the body, each its own write
 *	-w MS          wait so long between two such writes, or until the responder hangs up
 *	-S N           cut the bytes of the whole request into writes of N bytes
 *	-c N           close the connection once N bytes of the answer have come (0: after sending)
 *	-r MS          read 64 bytes of the answer, wait MS, and so on
 *	-T             each record of the answer on a line of its own, milliseconds before it
 *	-t SECONDS     give up (120)
 *
 * The answer is printed as it comes: the header of the CGI form, an empty line, the body. What the
 * responder writes to FCGI_STDERR goes to standard error.
 *
 * Exit status: 0 the request was ended by the responder; 3 it broke the connection off; 4 time-out;
 * 5 closed by -c; 2 misuse.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BEGIN = 1, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6, STDERR = 7 };
enum { RECORD_MAX = 65535, EXIT_MISUSE = 2, EXIT_BROKEN = 3, EXIT_LATE = 4, EXIT_CLOSED = 5 };

struct bytes {
	uint8_t *p;
	size_t len, cap;
};

static struct {
	const char *method, *to, *uri;
	long body_step, wait_ms, cut, close_at, read_ms, timeout_s;
	bool times;
} o = { .close_at = -1, .timeout_s = 120 };

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static _Noreturn void die(int status, const char *what)
{
	fprintf(stderr, "fcgicat: %s\n", what);
	exit(status);
}

static void add(struct bytes *b, const void *p, size_t n)
{
	if (b->len + n > b->cap) {
		b->cap = (b->len + n) * 2;
		b->p = realloc(b->p, b->cap);
		if (!b->p)
			die(EXIT_MISUSE, "out of memory");
	}
	if (n)
		memcpy(b->p + b->len, p, n);
	b->len += n;
}

static void add_record(struct bytes *b, int type, const void *p, size_t n)
{
	uint8_t head[8] = { 1, (uint8_t)type, 0, 1, (uint8_t)(n >> 8), (uint8_t)n, 0, 0 };

	add(b, head, sizeof head);
	add(b, p, n);
}

static void add_length(struct bytes *b, size_t n)
{
	uint8_t l[4] = { (uint8_t)(n >> 24 | 0x80), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
			 (uint8_t)n };

	if (n < 128)
		add(b, l + 3, 1);
	else
		add(b, l, 4);
}

static void add_param(struct bytes *b, const char *name, size_t name_len, const char *value)
{
	add_length(b, name_len);
	add_length(b, strlen(value));
	add(b, name, name_len);
	add(b, value, strlen(value));
}

static void add_raw_param(struct bytes *b, const char *pair)
{
	const char *eq = strchr(pair, '=');

	if (!eq)
		die(EXIT_MISUSE, "-e NAME=VALUE");
	add_param(b, pair, (size_t)(eq - pair), eq + 1);
}

static void add_header(struct bytes *b, const char *header)
{
	const char *colon = strchr(header, ':'), *value;
	char name[256] = "HTTP_";
	size_t n = 5;

	if (!colon || (size_t)(colon - header) > sizeof name - 8)
		die(EXIT_MISUSE, "-H 'Name: value'");
	for (const char *s = header; s < colon; s++)
		name[n++] = (char)(*s == '-' ? '_' : *s >= 'a' && *s <= 'z' ? *s - 32 : *s);
	value = colon + 1 + strspn(colon + 1, " ");
	if (n == 17 && memcmp(name, "HTTP_CONTENT_TYPE", n) == 0)
		add_param(b, "CONTENT_TYPE", 12, value);
	else
		add_param(b, name, n, value);
}

static struct bytes read_body(const char *arg)
{
	struct bytes b = { 0 };
	uint8_t buf[65536];
	ssize_t n;
	int fd;

	if (*arg != '@') {
		add(&b, arg, strlen(arg));
		return b;
	}
	fd = open(arg + 1, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(EXIT_MISUSE, arg);
	while ((n = read(fd, buf, sizeof buf)) > 0)
		add(&b, buf, (size_t)n);
	close(fd);
	return b;
}

static int dial(const char *to)
{
	struct sockaddr_un u = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET };
	bool port = strspn(to, "0123456789") == strlen(to);
	int fd = socket(port ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

	if (port) {
		in.sin_port = htons((uint16_t)strtol(to, NULL, 10));
		in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		r = connect(fd, (struct sockaddr *)&in, sizeof in);
	} else {
		if (strlen(to) >= sizeof u.sun_path)
			die(EXIT_MISUSE, "the socket's path is too long");
		memcpy(u.sun_path, to, strlen(to));
		r = connect(fd, (struct sockaddr *)&u, sizeof u);
	}
	if (r != 0)
		die(EXIT_BROKEN, strerror(errno));
	return fd;
}

static void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	if (ms > 0)
		nanosleep(&t, NULL);
}

static void wait_on(int fd, long ms)
{
	struct pollfd p = { fd, POLLRDHUP, 0 };

	if (ms > 0)
		(void)poll(&p, 1, (int)ms);
}

/* A peer that reads no more is not an error here: its answer may be waiting. */
static bool send_all(int fd, const uint8_t *p, size_t n)
{
	size_t step = o.cut > 0 ? (size_t)o.cut : n;

	while (n > 0) {
		ssize_t k = send(fd, p, n < step ? n : step, MSG_NOSIGNAL);

		if (k < 0 && errno != EINTR)
			return false;
		if (k > 0) {
			p += k;
			n -= (size_t)k;
		}
	}
	return true;
}

static void send_request(int fd, const struct bytes *params, const struct bytes *body)
{
	static const uint8_t begin[8] = { 0, 1, 0, 0, 0, 0, 0, 0 }; /* responder, do not keep */
	size_t step = o.body_step > 0 ? (size_t)o.body_step : RECORD_MAX, at;
	struct bytes b = { 0 };

	add_record(&b, BEGIN, begin, sizeof begin);
	for (at = 0; at < params->len; at += RECORD_MAX)
		add_record(&b, PARAMS, params->p + at,
			   params->len - at < RECORD_MAX ? params->len - at : RECORD_MAX);
	add_record(&b, PARAMS, NULL, 0);
	if (!send_all(fd, b.p, b.len))
		return;
	for (at = 0; at < body->len; at += step) {
		b.len = 0;
		add_record(&b, STDIN, body->p + at, body->len - at < step ? body->len - at : step);
		if (!send_all(fd, b.p, b.len))
			return;
		wait_on(fd, o.wait_ms);
	}
	b.len = 0;
	add_record(&b, STDIN, NULL, 0);
	send_all(fd, b.p, b.len);
	free(b.p);
}

/* Print the complete records at the head of @in; true when the request has ended. */
static bool take_records(struct bytes *in, int64_t start, size_t *answered)
{
	size_t at = 0;
	bool ended = false;

	while (!ended && in->len - at >= 8) {
		const uint8_t *r = in->p + at;
		size_t n = (size_t)r[4] << 8 | r[5], all = 8 + n + r[6];

		if (in->len - at < all)
			break;
		if (r[1] == STDOUT && n > 0) {
			if (o.times)
				printf("%lld ", (long long)(now_ms() - start));
			fwrite(r + 8, 1, n, stdout);
			if (o.times)
				putchar('\n');
			fflush(stdout);
			*answered += n;
		} else if (r[1] == STDERR) {
			fwrite(r + 8, 1, n, stderr);
		}
		ended = r[1] == END;
		at += all;
	}
	memmove(in->p, in->p + at, in->len - at);
	in->len -= at;
	return ended;
}

static int receive(int fd, int64_t start)
{
	int64_t until = start + (int64_t)o.timeout_s * 1000;
	struct bytes in = { 0 };
	size_t answered = 0;
	uint8_t buf[65536];

	for (;;) {
		struct pollfd p = { fd, POLLIN, 0 };
		int64_t left = until - now_ms();
		ssize_t n;

		if (o.close_at >= 0 && answered >= (size_t)o.close_at) {
			free(in.p);
			return EXIT_CLOSED;
		}
		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			die(EXIT_LATE, "no end of the answer in time");
		n = recv(fd, buf, o.read_ms > 0 ? 64 : sizeof buf, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die(EXIT_BROKEN, "the responder broke off");
		add(&in, buf, (size_t)n);
		if (take_records(&in, start, &answered)) {
			free(in.p);
			return 0;
		}
		pause_ms(o.read_ms);
	}
}

static void standard_params(struct bytes *b, const struct bytes *body)
{
	const char *query = strchr(o.uri, '?');
	char path[4096], length[32];

	snprintf(path, sizeof path, "%.*s", (int)(query ? (size_t)(query - o.uri) : strlen(o.uri)),
		 o.uri);
	snprintf(length, sizeof length, "%zu", body->len);
	add_param(b, "REQUEST_METHOD", 14, o.method);
	add_param(b, "REQUEST_URI", 11, o.uri);
	add_param(b, "DOCUMENT_URI", 12, path);
	add_param(b, "SCRIPT_NAME", 11, path);
	add_param(b, "QUERY_STRING", 12, query ? query + 1 : "");
	add_param(b, "SERVER_PROTOCOL", 15, "HTTP/1.1");
	add_param(b, "REMOTE_ADDR", 11, "127.0.0.1");
	add_param(b, "SERVER_NAME", 11, "localhost");
	add_param(b, "HTTP_HOST", 9, "localhost");
	if (body->len > 0 || strcmp(o.method, "GET") != 0)
		add_param(b, "CONTENT_LENGTH", 14, length);
}

int main(int argc, char **argv)
{
	struct bytes own = { 0 }, params = { 0 }, body = { 0 };
	int64_t start = now_ms();
	int c, fd;

	signal(SIGPIPE, SIG_IGN);
	while ((c = getopt(argc, argv, "m:H:e:d:s:w:S:c:r:Tt:")) != -1) {
		switch (c) {
		case 'm':
			o.method = optarg;
			break;
		case 'H':
			add_header(&own, optarg);
			break;
		case 'e':
			add_raw_param(&own, optarg);
			break;
		case 'd':
			body = read_body(optarg);
			break;
		case 's':
			o.body_step = strtol(optarg, NULL, 10);
			break;
		case 'w':
			o.wait_ms = strtol(optarg, NULL, 10);
			break;
		case 'S':
			o.cut = strtol(optarg, NULL, 10);
			break;
		case 'c':
			o.close_at = strtol(optarg, NULL, 10);
			break;
		case 'r':
			o.read_ms = strtol(optarg, NULL, 10);
			break;
		case 'T':
			o.times = true;
			break;
		case 't':
			o.timeout_s = strtol(optarg, NULL, 10);
			break;
		default:
			return EXIT_MISUSE;
		}
	}
	if (argc - optind != 2)
		die(EXIT_MISUSE, "usage: fcgicat [OPTION...] SOCKET_PATH|PORT URI");
	o.to = argv[optind];
	o.uri = argv[optind + 1];
	if (!o.method)
		o.method = body.p ? "POST" : "GET";
	if (o.body_step > RECORD_MAX)
		o.body_step = RECORD_MAX;
	/* A responder takes the first of a name: what was given here goes before the usual. */
	add(&params, own.p, own.len);
	if (body.len > 0)
		add_param(&params, "CONTENT_TYPE", 12, "application/json");
	standard_params(&params, &body);

	fd = dial(o.to);
	send_request(fd, &params, &body);
	c = receive(fd, start);
	close(fd);
	free(own.p);
	free(params.p);
	free(body.p);
	return c;
}
