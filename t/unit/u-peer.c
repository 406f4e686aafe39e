/* SPDX-License-Identifier: Apache-2.0 */
/* A client's connection as the kernel sees it: real connections on the loopback interface. */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/peer.h"
#include "tap.h"

struct ends {
	int listener, client, server;
	char client_port[8], server_port[8];
};

static uint16_t port_of(int fd)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof a;

	memset(&a, 0, sizeof a);
	if (getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		abort();
	return ntohs(a.ss_family == AF_INET ? ((struct sockaddr_in *)&a)->sin_port
					    : ((struct sockaddr_in6 *)&a)->sin6_port);
}

/* @listen_family: of the socket that the client comes to. */
static bool join(struct ends *x, int family, int listen_family)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_addr = in6addr_any };
	const struct sockaddr *to = family == AF_INET ? (void *)&v4 : (void *)&v6;
	socklen_t size = family == AF_INET ? sizeof v4 : sizeof v6;
	const struct sockaddr *at = listen_family == family ? to : (void *)&any;

	x->server = -1;
	x->listener = socket(listen_family, SOCK_STREAM, 0);
	x->client = socket(family, SOCK_STREAM, 0);
	if (bind(x->listener, at, listen_family == family ? size : sizeof any) < 0 ||
	    listen(x->listener, 1) < 0)
		return false;
	v4.sin_port = v6.sin6_port = htons(port_of(x->listener));
	if (connect(x->client, to, size) < 0)
		return false;
	x->server = accept(x->listener, NULL, NULL);
	snprintf(x->client_port, sizeof x->client_port, "%u", port_of(x->client));
	snprintf(x->server_port, sizeof x->server_port, "%u", port_of(x->listener));
	return x->server >= 0;
}

static void part(struct ends *x)
{
	close(x->listener);
	close(x->client);
	close(x->server);
}

static void watch(struct peer *p, const struct ends *x, const char *address)
{
	peer_init(p, STR_LIT("Apache/2.4.1 (Unix)"), str_c(address), str_c(x->client_port),
		  str_c(address), str_c(x->server_port));
}

static bool gone_now(struct peer *p)
{
	p->next_ms = 0;
	return peer_gone(p);
}

static void try_family(int family, int listen_family, const char *address, const char *what)
{
	struct linger reset = { 1, 0 };
	struct ends x;
	struct peer p;

	if (!OK(join(&x, family, listen_family), "%s: a connection", what))
		return;
	watch(&p, &x, address);
	OK(p.on, "%s: the ends are known", what);
	OK(!gone_now(&p) && p.seen, "%s: open", what);
	shutdown(x.client, SHUT_WR);
	OK(gone_now(&p), "%s: the client's end is closed", what);
	OK(peer_gone(&p), "%s: once gone, always gone", what);
	part(&x);

	if (!join(&x, family, listen_family))
		abort();
	watch(&p, &x, address);
	OK(!gone_now(&p), "%s: open again", what);
	setsockopt(x.client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(x.client);
	OK(gone_now(&p), "%s: a reset is noticed", what);
	x.client = -1;
	part(&x);
}

static void not_concluded(void)
{
	struct ends x;
	struct peer p;

	if (!join(&x, AF_INET, AF_INET))
		abort();
	close(x.client);
	x.client = -1;
	peer_init(&p, STR_LIT("Apache"), STR_LIT("127.0.0.1"), STR_LIT("1"), STR_LIT("127.0.0.1"),
		  str_c(x.server_port));
	OK(!gone_now(&p) && !p.seen,
	   "a connection that is not there: the listener is not taken for it");
	peer_init(&p, STR_LIT("Apache"), STR_LIT("192.0.2.1"), str_c(x.client_port),
		  STR_LIT("127.0.0.1"), str_c(x.server_port));
	OK(!gone_now(&p), "another client's address: nothing is concluded");
	watch(&p, &x, "127.0.0.1");
	OK(gone_now(&p), "the same with the right one");
	part(&x);
}

static void off(void)
{
	static const struct {
		const char *software, *client, *client_port, *server, *server_port;
	} rows[] = {
		{ "nginx/1.22", "127.0.0.1", "1", "127.0.0.1", "2" },
		{ "Apache", "", "1", "127.0.0.1", "2" },
		{ "Apache", "127.0.0.1", "", "127.0.0.1", "2" },
		{ "Apache", "127.0.0.1", "0", "127.0.0.1", "2" },
		{ "Apache", "127.0.0.1", "65536", "127.0.0.1", "2" },
		{ "Apache", "127.0.0.1", "1", "", "2" },
		{ "Apache", "127.0.0.1", "1", "::1", "2" },
		{ "Apache", "127.0.0.1", "1", "127.0.0.1", "x" },
		{ "Apache", "client.example", "1", "127.0.0.1", "2" },
		{ "Apache", "::::::::::::::::::::::::::::::::::::::::::::::::::", "1", "::1", "2" },
	};
	struct peer p;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		peer_init(&p, str_c(rows[i].software), str_c(rows[i].client),
			  str_c(rows[i].client_port), str_c(rows[i].server),
			  str_c(rows[i].server_port));
		OK(!p.on && !peer_gone(&p), "not watched, row %zu", i);
	}
}

/* A container may be without it. */
static bool has_ipv6(void)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool yes = fd >= 0 && bind(fd, (struct sockaddr *)&v6, sizeof v6) == 0;

	if (fd >= 0)
		close(fd);
	return yes;
}

int main(void)
{
	try_family(AF_INET, AF_INET, "127.0.0.1", "IPv4");
	if (has_ipv6()) {
		try_family(AF_INET6, AF_INET6, "::1", "IPv6");
		try_family(AF_INET, AF_INET6, "127.0.0.1", "IPv4 on a socket of both");
	} else {
		printf("# this machine has no IPv6\n");
	}
	not_concluded();
	off();
	return TAP_END;
}
