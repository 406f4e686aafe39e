/* SPDX-License-Identifier: Apache-2.0 */
/*
 * benchmock - the provider of the bench: one thread, epoll, HTTP/1.1, cheap enough to be left out
 * of what is measured.
 *
 *	benchmock PORT [NAME=NUMBER...]
 *
 * Every POST is answered: with "stream":true in the body by server-sent events (chunks, a finish
 * reason, the usage, [DONE]), else by one JSON completion. Every content begins with '~' and 19
 * digits, CLOCK_MONOTONIC in ns just before the write, from which loadgen reckons the added
 * latency. Each chunk is a write of its own.
 *
 *	chunks             of a stream (64)
 *	delay_us           between chunks (0)
 *	ttft_us            before the first byte (0)
 *	chunk_bytes        more bytes per chunk (0; a chunk has about 235)
 *	prompt_tokens, completion_tokens   as reported (10, 64)
 *
 * GET /mock/set?chunks=200&delay_us=50000 changes the running mock.
 */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	MAX_REQUEST = 64 << 20,
	BURST = 16,	 /* chunks written to one stream before others get a turn */
	SLACK_NS = 50000 /* chunks due within it go out together */
};

static struct {
	unsigned chunks, delay_us, ttft_us, chunk_bytes, prompt_tokens, completion_tokens;
} set = { .chunks = 64, .prompt_tokens = 10, .completion_tokens = 64 };

static const struct {
	const char *name;
	unsigned *value;
} settings[] = {
	{ "chunks", &set.chunks },
	{ "delay_us", &set.delay_us },
	{ "ttft_us", &set.ttft_us },
	{ "chunk_bytes", &set.chunk_bytes },
	{ "prompt_tokens", &set.prompt_tokens },
	{ "completion_tokens", &set.completion_tokens },
};

enum state { IDLE, WAITING, STREAMING };

struct conn {
	int fd;
	bool dead, close_after, out_armed, stream;
	enum state state;
	char *in, *out;
	size_t in_len, in_cap, out_len, out_off, out_cap;
	unsigned sent;
	uint64_t due;
	size_t heap_at; /* 1-based; 0 = not queued */
	struct conn *next_dead;
};

static int ep;
static struct conn *graveyard;
static struct conn **heap; /* by due, the earliest at 1 */
static size_t heap_len, heap_cap;
static volatile sig_atomic_t stop;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void *grow(void *p, size_t *cap, size_t need, size_t unit)
{
	size_t n = *cap ? *cap : 1024;

	while (n < need)
		n *= 2;
	if (n == *cap)
		return p;
	p = realloc(p, n * unit);
	if (!p)
		abort();
	*cap = n;
	return p;
}

/* "name=number", ended by '&', blank or NUL */
static void set_named(const char *text)
{
	size_t n = strcspn(text, "=& ");

	if (text[n] != '=')
		return;
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		if (strlen(settings[i].name) == n && memcmp(settings[i].name, text, n) == 0)
			*settings[i].value = (unsigned)strtoul(text + n + 1, NULL, 10);
}

/* ---- timers ---- */

static void heap_put(size_t i, struct conn *c)
{
	heap[i] = c;
	c->heap_at = i;
}

static void heap_up(size_t i)
{
	struct conn *c = heap[i];

	for (; i > 1 && heap[i / 2]->due > c->due; i /= 2)
		heap_put(i, heap[i / 2]);
	heap_put(i, c);
}

static void heap_down(size_t i)
{
	struct conn *c = heap[i];

	for (size_t k = 2 * i; k <= heap_len; k = 2 * i) {
		if (k < heap_len && heap[k + 1]->due < heap[k]->due)
			k++;
		if (heap[k]->due >= c->due)
			break;
		heap_put(i, heap[k]);
		i = k;
	}
	heap_put(i, c);
}

static void heap_push(struct conn *c)
{
	heap = grow(heap, &heap_cap, heap_len + 2, sizeof *heap);
	heap_put(++heap_len, c);
	heap_up(heap_len);
}

static void heap_remove(struct conn *c)
{
	struct conn *last;
	size_t i = c->heap_at;

	if (!i)
		return;
	c->heap_at = 0;
	last = heap[heap_len--];
	if (last == c)
		return;
	heap_put(i, last);
	heap_up(i);
	heap_down(last->heap_at);
}

/* ---- output ---- */

static void conn_kill(struct conn *c)
{
	if (c->dead)
		return;
	c->dead = true;
	heap_remove(c);
	close(c->fd);
	c->next_dead = graveyard;
	graveyard = c;
}

static void arm(struct conn *c, bool out)
{
	struct epoll_event e = { .events = EPOLLIN | (out ? EPOLLOUT : 0u), .data.ptr = c };

	if (c->out_armed == out)
		return;
	epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
	c->out_armed = out;
}

/* True: all is written. */
static bool flush(struct conn *c)
{
	while (c->out_off < c->out_len) {
		ssize_t n = send(c->fd, c->out + c->out_off, c->out_len - c->out_off, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (errno == EAGAIN)
				arm(c, true);
			else
				conn_kill(c);
			return false;
		}
		c->out_off += (size_t)n;
	}
	c->out_off = c->out_len = 0;
	arm(c, false);
	return true;
}

static void put(struct conn *c, const void *p, size_t n)
{
	c->out = grow(c->out, &c->out_cap, c->out_len + n, 1);
	memcpy(c->out + c->out_len, p, n);
	c->out_len += n;
}

static void put_text(struct conn *c, const char *s)
{
	put(c, s, strlen(s));
}

static void put_chunk_of(struct conn *c, const char *event, size_t n)
{
	char head[16];

	put(c, head, (size_t)snprintf(head, sizeof head, "%zx\r\n", n));
	put(c, event, n);
	put(c, "\r\n", 2);
}

#define MOCK_EVENT \
	"data: {\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":" \
	"\"gpt-4o-mini\",\"choices\":["
#define MOCK_USAGE "\"usage\":{\"prompt_tokens\":%u,\"completion_tokens\":%u,\"total_tokens\":%u}"

static void put_chunk(struct conn *c)
{
	static char event[1 << 17];
	unsigned pad =
		set.chunk_bytes < sizeof event - 1024 ? set.chunk_bytes : sizeof event - 1024;
	int n = snprintf(event, sizeof event,
			 MOCK_EVENT
			 "{\"index\":0,\"delta\":{%s\"content\":\"~%019llu \"},\"logprobs\":null,"
			 "\"finish_reason\":null}]}\n\n",
			 c->sent ? "" : "\"role\":\"assistant\",", (unsigned long long)now_ns());

	if (pad) {
		char *at = strstr(event, " \"},\"logprobs\"") + 1;

		memmove(at + pad, at, strlen(at) + 1);
		memset(at, 'x', pad);
		n += (int)pad;
	}
	put_chunk_of(c, event, (size_t)n);
	c->sent++;
}

static void put_stream_end(struct conn *c)
{
	static const char finish[] = MOCK_EVENT
		"{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n";
	char event[512];
	int n = snprintf(event, sizeof event, MOCK_EVENT "]," MOCK_USAGE "}\n\ndata: [DONE]\n\n",
			 set.prompt_tokens, set.completion_tokens,
			 set.prompt_tokens + set.completion_tokens);

	put_chunk_of(c, finish, sizeof finish - 1);
	put_chunk_of(c, event, (size_t)n);
	put_text(c, "0\r\n\r\n");
}

static void put_completion(struct conn *c)
{
	char body[1024], head[256];
	int n = snprintf(
		body, sizeof body,
		"{\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion\",\"created\":1700000000,"
		"\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
		"\"content\":\"~%019llu \"},\"logprobs\":null,\"finish_reason\":\"stop\"}]," MOCK_USAGE
		"}",
		(unsigned long long)now_ns(), set.prompt_tokens, set.completion_tokens,
		set.prompt_tokens + set.completion_tokens);

	put(c, head,
	    (size_t)snprintf(
		    head, sizeof head,
		    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		    n));
	put(c, body, (size_t)n);
}

static void finish(struct conn *c)
{
	c->state = IDLE;
	if (flush(c) && c->close_after)
		conn_kill(c);
}

/* Go on with the answer as far as time and the socket allow. */
static void step(struct conn *c)
{
	if (c->state == WAITING && !c->stream) {
		put_completion(c);
		finish(c);
		return;
	}
	if (c->state == WAITING) {
		put_text(
			c,
			"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
		c->state = STREAMING;
		c->sent = 0;
	}
	for (int burst = 0; c->state == STREAMING && !c->dead; burst++) {
		uint64_t now;

		if (c->out_off < c->out_len && c->out_armed)
			return; /* the peer is slow */
		if (c->sent >= set.chunks) {
			put_stream_end(c);
			finish(c);
			return;
		}
		put_chunk(c);
		c->due += set.delay_us * UINT64_C(1000);
		if (!flush(c))
			return;
		now = now_ns();
		if (burst >= BURST || (set.delay_us && c->due > now + SLACK_NS)) {
			if (!set.delay_us)
				c->due = now;
			heap_push(c);
			return;
		}
	}
}

/* ---- input ---- */

static bool in_text(const char *p, size_t n, const char *word)
{
	return memmem(p, n, word, strlen(word)) != NULL;
}

static void answer(struct conn *c, const char *path, const char *body, size_t body_len)
{
	if (strncmp(path, "/mock/set?", 10) == 0) {
		for (const char *s = path + 9; *s == '?' || *s == '&'; s += strcspn(s, "& "))
			set_named(++s);
		put_text(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
		finish(c);
		return;
	}
	c->stream = in_text(body, body_len, "\"stream\":true") ||
		    in_text(body, body_len, "\"stream\": true");
	c->state = WAITING;
	c->due = now_ns() + set.ttft_us * UINT64_C(1000);
	if (set.ttft_us)
		heap_push(c);
	else
		step(c);
}

/* Bytes of @c->in, from @at, that make one request; 0: more are needed. */
static size_t take_request(struct conn *c, size_t at)
{
	char *h = c->in + at, *end = memmem(h, c->in_len - at, "\r\n\r\n", 4);
	size_t head_len, body_len = 0;
	char *path;

	if (!end)
		return 0;
	head_len = (size_t)(end - h) + 4;
	*end = '\0';
	path = strchr(h, ' ');
	c->close_after = false;
	for (char *l = strstr(h, "\r\n"); l; l = strstr(l, "\r\n")) {
		l += 2;
		if (strncasecmp(l, "content-length:", 15) == 0)
			body_len = strtoul(l + 15, NULL, 10);
		else if (strncasecmp(l, "connection: close", 17) == 0)
			c->close_after = true;
	}
	*end = '\r';
	if (!path || body_len > MAX_REQUEST) {
		conn_kill(c);
		return 0;
	}
	if (c->in_len - at - head_len < body_len)
		return 0;
	answer(c, path + 1, h + head_len, body_len);
	return head_len + body_len;
}

static void take_input(struct conn *c)
{
	size_t at = 0, n;

	while (c->state == IDLE && !c->dead && at < c->in_len && !c->out_armed &&
	       (n = take_request(c, at)) > 0)
		at += n;
	memmove(c->in, c->in + at, c->in_len - at);
	c->in_len -= at;
}

static void on_readable(struct conn *c)
{
	for (;;) {
		size_t room;
		ssize_t n;

		c->in = grow(c->in, &c->in_cap, c->in_len + 2048, 1);
		room = c->in_cap - c->in_len;
		n = recv(c->fd, c->in + c->in_len, room, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0 || c->in_len > 2 * MAX_REQUEST) {
			conn_kill(c);
			return;
		}
		c->in_len += (size_t)n;
		if ((size_t)n < room)
			break;
	}
	take_input(c);
}

static void on_event(struct conn *c, uint32_t events)
{
	if (!c->dead && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		on_readable(c);
	if (c->dead || !(events & EPOLLOUT) || !flush(c))
		return;
	if (c->state == STREAMING && !c->heap_at)
		step(c);
	else if (c->state == IDLE && c->close_after)
		conn_kill(c);
	if (!c->dead)
		take_input(c);
}

static void accept_all(int listener)
{
	int fd, one = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct conn *c = calloc(1, sizeof *c);
		struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };

		if (!c)
			abort();
		c->fd = fd;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
	}
}

/* Only what is due now: a stream that yields comes back next round. */
static void run_timers(void)
{
	uint64_t limit = now_ns() + SLACK_NS;

	for (size_t k = heap_len; k && heap_len && heap[1]->due <= limit; k--) {
		struct conn *c = heap[1];

		heap_remove(c);
		step(c);
		if (!c->dead)
			take_input(c);
	}
}

static void bury(void)
{
	while (graveyard) {
		struct conn *c = graveyard;

		graveyard = c->next_dead;
		free(c->in);
		free(c->out);
		free(c);
	}
}

static int listen_on(const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	a.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
	    bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 4096)) {
		perror("benchmock");
		exit(1);
	}
	return fd;
}

static void on_stop(int sig)
{
	(void)sig;
	stop = 1;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_stop };
	struct epoll_event le = { .events = EPOLLIN }, ev[512];
	int listener;

	if (argc < 2) {
		fputs("usage: benchmock PORT [NAME=NUMBER...]\n", stderr);
		return 2;
	}
	for (int i = 2; i < argc; i++)
		set_named(argv[i]);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	listener = listen_on(argv[1]);
	ep = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(ep, EPOLL_CTL_ADD, listener, &le);
	while (!stop) {
		struct timespec wait = { 1, 0 };
		int n;

		if (heap_len) {
			uint64_t now = now_ns(), left = heap[1]->due > now ? heap[1]->due - now : 0;

			if (left < 1000000000u)
				wait = (struct timespec){ 0, (long)left };
		}
		n = epoll_pwait2(ep, ev, 512, &wait, NULL);
		for (int i = 0; i < n; i++) {
			if (ev[i].data.ptr)
				on_event(ev[i].data.ptr, ev[i].events);
			else
				accept_all(listener);
		}
		run_timers();
		bury();
	}
	return 0;
}
