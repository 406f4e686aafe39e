/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server - a small HTTP server in the test's process, which does on each connection what a test says.
 *
 *	listener = listen_somewhere(&port);
 *	pthread_create(&t, NULL, acceptor, (void *)(intptr_t)listener);
 *	atomic_store(&serve, function);
 */
#ifndef GW_T_SERVER_H
#define GW_T_SERVER_H

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
	char head[8192];
	char *body;
	size_t body_len;
};

/* What to do with the request number @n (from 0) of connection @conn; false closes it. */
typedef bool serve_fn(int fd, int conn, int n, const struct request *rq);

static _Atomic(serve_fn *) serve;
static atomic_int connections, requests, serving; /* connections that brought a request */

static bool read_request(int fd, struct request *rq)
{
	size_t n = 0, have;
	char *end = NULL;
	const char *length;

	while (!end) {
		ssize_t k = recv(fd, rq->head + n, sizeof rq->head - 1 - n, 0);

		if (k <= 0)
			return false;
		n += (size_t)k;
		rq->head[n] = '\0';
		end = strstr(rq->head, "\r\n\r\n");
	}
	length = strcasestr(rq->head, "\r\nContent-Length:");
	rq->body_len = length ? strtoul(length + 17, NULL, 10) : 0;
	rq->body = malloc(rq->body_len + 1);
	end += 4;
	have = n - (size_t)(end - rq->head);
	memcpy(rq->body, end, have);
	*end = '\0';
	while (have < rq->body_len) {
		ssize_t k = recv(fd, rq->body + have, rq->body_len - have, 0);

		if (k <= 0) {
			free(rq->body);
			return false;
		}
		have += (size_t)k;
	}
	return true;
}

static void *connection(void *arg)
{
	int fd = (int)(intptr_t)arg, conn = 0;
	struct request rq;

	for (int n = 0; read_request(fd, &rq); n++) {
		bool go_on;

		if (n == 0)
			conn = atomic_fetch_add(&connections, 1);
		atomic_fetch_add(&requests, 1);
		go_on = atomic_load(&serve)(fd, conn, n, &rq);
		free(rq.body);
		if (!go_on)
			break;
	}
	close(fd);
	atomic_fetch_sub(&serving, 1);
	return NULL;
}

static void *acceptor(void *arg)
{
	int listener = (int)(intptr_t)arg, fd;
	pthread_t t;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		atomic_fetch_add(&serving, 1);
		if (pthread_create(&t, NULL, connection, (void *)(intptr_t)fd))
			abort();
		pthread_detach(t);
	}
	return NULL;
}

static int listen_somewhere(int *at)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof sa;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof sa) || listen(fd, 128) ||
	    getsockname(fd, (struct sockaddr *)&sa, &n))
		abort();
	*at = ntohs(sa.sin_port);
	return fd;
}

static void put_n(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);

		if (k <= 0)
			return;
		p += k;
		n -= (size_t)k;
	}
}

__attribute__((unused)) static void put(int fd, const char *z)
{
	put_n(fd, z, strlen(z));
}

/* Wait until the peer has closed. */
__attribute__((unused)) static void until_closed(int fd)
{
	char c;

	while (recv(fd, &c, 1, 0) > 0)
		;
}

#endif
