/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer - the client's own connection to the web server, as the kernel sees it.
 *
 * nginx tells a responder that the client has left, lighttpd mostly (when the client leaves in the
 * very moment of the hand-over, it may not). Apache's FastCGI modules look at the client only when they
 * write to it, and while a model thinks there is nothing to write. The kernel knows: it is asked
 * (sock_diag) for the connection that the server's parameters name. This works where the web server
 * runs on this machine and the client speaks HTTP/1 to it; elsewhere no such connection is found, and
 * nothing is concluded from that.
 *
 * Rule:    design.md 6
 * Layer:   http; calls util
 * Threads: one watch belongs to one thread
 */
#ifndef GW_HTTP_PEER_H
#define GW_HTTP_PEER_H

#include "util/str.h"

struct peer {
	bool on;	 /* the server does not tell, and both ends are known */
	bool seen, gone; /* it was open once; it is not any more */
	int family;
	uint32_t client[4], server[4]; /* network byte order, as are the ports */
	uint16_t client_port, server_port;
	int64_t next_ms; /* monotonic: not asked before */
};

/* @software: SERVER_SOFTWARE. Addresses and ports are texts; any may be empty. */
void peer_init(struct peer *p, struct str software, struct str client, struct str client_port,
	       struct str server, struct str server_port);

/* Asks the kernel at most a few times a second. False as long as it is not known. */
bool peer_gone(struct peer *p);

#endif
