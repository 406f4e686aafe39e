/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener - where a responder gets its connections from: a socket on descriptor 0 (spawn-fcgi,
 * mod_fcgid, lighttpd), systemd's LISTEN_FDS, or one that it opens itself.
 *
 * Rule:    design.md 2
 * Layer:   http; calls util
 * Threads: the calling thread's
 */
#ifndef GW_HTTP_LISTENER_H
#define GW_HTTP_LISTENER_H

#include <sys/stat.h>

#include "util/str.h"

struct listener {
	int fd;
	bool own; /* opened here: its queue is emptied, and its path removed, at the end */
	char path[108];
	dev_t dev;
	ino_t ino;
};

/*
 * @where: PATH or HOST:PORT; NULL: one that was handed over. CONFIG with a sentence. A socket file that
 * nobody listens on is replaced.
 */
int listener_open(struct listener *l, const char *where, struct gw_err *e) GW_MUST_CHECK;
/* Nobody finds it by its path any more; connections that wait can still be taken. */
void listener_retire(struct listener *l);
void listener_close(struct listener *l);

#endif
