/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "http/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/clock.h"

enum { EVERY_MS = 400, ABSENT = -1, UNKNOWN = -2 };

static bool read_address(uint32_t out[4], int family, struct str text)
{
	char s[INET6_ADDRSTRLEN];

	memset(out, 0, 4 * sizeof out[0]);
	return str_copy(s, sizeof s, text) && inet_pton(family, s, out) == 1;
}

static bool read_port(uint16_t *out, struct str text)
{
	uint64_t v;

	if (!str_u64(text, &v) || !v || v > UINT16_MAX)
		return false;
	*out = htons((uint16_t)v);
	return true;
}

void peer_init(struct peer *p, struct str software, struct str client, struct str client_port,
	       struct str server, struct str server_port)
{
	*p = (struct peer){ .family = str_find(client, ':') >= 0 ? AF_INET6 : AF_INET };
	p->on = !str_starts(software, "nginx") && read_address(p->client, p->family, client) &&
		read_address(p->server, p->family, server) &&
		read_port(&p->client_port, client_port) && read_port(&p->server_port, server_port);
}

/* State of the connection, seen from the web server's end: TCP_*, ABSENT, UNKNOWN. */
static int state_of(const struct peer *p)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 rq;
	} ask = { .head = { .nlmsg_len = sizeof ask,
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST },
		  .rq = { .sdiag_family = (uint8_t)p->family,
			  .sdiag_protocol = IPPROTO_TCP,
			  .idiag_states = ~0U,
			  .id = { .idiag_sport = p->server_port,
				  .idiag_dport = p->client_port,
				  .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } } } };
	union {
		struct nlmsghdr head;
		char room[1024];
	} got;
	struct inet_diag_msg m;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), state = UNKNOWN;
	ssize_t n = -1;

	memcpy(ask.rq.id.idiag_src, p->server, sizeof p->server);
	memcpy(ask.rq.id.idiag_dst, p->client, sizeof p->client);
	if (fd < 0)
		return UNKNOWN;
	/* the answer is there when send returns */
	if (send(fd, &ask, sizeof ask, 0) == (ssize_t)sizeof ask)
		n = recv(fd, &got, sizeof got, MSG_DONTWAIT);
	close(fd);
	if (n < (ssize_t)NLMSG_HDRLEN || got.head.nlmsg_len > (size_t)n)
		return UNKNOWN;
	if (got.head.nlmsg_type == NLMSG_ERROR && n >= (ssize_t)NLMSG_LENGTH(sizeof(int32_t))) {
		int32_t err;

		memcpy(&err, NLMSG_DATA(&got.head), sizeof err);
		state = err == -ENOENT ? ABSENT : UNKNOWN;
	} else if (got.head.nlmsg_type == SOCK_DIAG_BY_FAMILY &&
		   n >= (ssize_t)NLMSG_LENGTH(sizeof m)) {
		memcpy(&m, NLMSG_DATA(&got.head), sizeof m);
		/* without a connection the kernel names the socket that listens */
		state = m.idiag_state == TCP_LISTEN ? ABSENT : m.idiag_state;
	}
	return state;
}

bool peer_gone(struct peer *p)
{
	int64_t now;
	int state;

	if (!p->on || p->gone)
		return p->gone;
	now = clock_mono_ms();
	if (now < p->next_ms)
		return false;
	p->next_ms = now + EVERY_MS;
	state = state_of(p);
	if (state == TCP_ESTABLISHED)
		p->seen = true;
	else if (state == ABSENT)
		p->gone = p->seen; /* reset; or never there: a proxy stands between */
	else if (state != UNKNOWN)
		p->gone = true; /* the client has closed its end */
	return p->gone;
}
