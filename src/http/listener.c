/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "http/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096, LISTEN_FDS_FIRST = 3 };

static bool is_listening(int fd)
{
	int on = 0;
	socklen_t n = sizeof on;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 && on;
}

/* A socket file that a process left behind may go; one that answers may not. */
static int clear_path(const struct sockaddr_un *u, struct gw_err *e)
{
	struct stat st;
	int fd, r;

	if (lstat(u->sun_path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return gw_fail(e, GWE_CONFIG, 0, "%s exists and is no socket", u->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return gw_fail(e, GWE_CONFIG, errno, "cannot make a socket: %s", strerror(errno));
	r = connect(fd, (const struct sockaddr *)u, sizeof *u);
	close(fd);
	if (r == 0 || errno != ECONNREFUSED)
		return gw_fail(e, GWE_CONFIG, 0, "another program listens on %s", u->sun_path);
	if (unlink(u->sun_path) < 0)
		return gw_fail(e, GWE_CONFIG, errno, "cannot remove %s: %s", u->sun_path,
			       strerror(errno));
	return 0;
}

static int open_path(struct listener *l, const char *path, struct gw_err *e)
{
	struct sockaddr_un u = { .sun_family = AF_UNIX }, early;
	struct stat st;
	size_t n;

	if (!str_copy(u.sun_path, sizeof u.sun_path, str_c(path)))
		return gw_fail(e, GWE_CONFIG, 0, "%s: the path of a socket has at most %zu bytes",
			       path, sizeof u.sun_path - 1);
	if (clear_path(&u, e) < 0)
		return -1;
	/* under another name until it listens: whoever sees the socket can connect */
	early = u;
	n = strlen(u.sun_path);
	if (n + 1 < sizeof early.sun_path)
		early.sun_path[n] = '~';
	if (unlink(early.sun_path) < 0 && errno != ENOENT)
		return gw_fail(e, GWE_CONFIG, errno, "cannot remove %s: %s", early.sun_path,
			       strerror(errno));
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* owner and group: the web server runs as one of them */
	if (l->fd < 0 || bind(l->fd, (struct sockaddr *)&early, sizeof early) < 0 ||
	    chmod(early.sun_path, 0660) < 0 || listen(l->fd, BACKLOG) < 0 ||
	    stat(early.sun_path, &st) < 0 || rename(early.sun_path, u.sun_path) < 0)
		return gw_fail(e, GWE_CONFIG, errno, "cannot listen on %s: %s", path,
			       strerror(errno));
	memcpy(l->path, u.sun_path, sizeof l->path);
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	return 0;
}

static int open_port(struct listener *l, const char *where, struct gw_err *e)
{
	struct addrinfo hint = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				 .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	const char *colon = strrchr(where, ':');
	char host[256];
	int on = 1, r;

	if (!str_copy(host, sizeof host, (struct str){ where, (size_t)(colon - where) }))
		return gw_fail(e, GWE_CONFIG, 0, "%s: HOST:PORT or the path of a socket is needed",
			       where);
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		memmove(host, host + 1, strlen(host));
		host[strlen(host) - 1] = '\0';
	}
	r = getaddrinfo(host[0] ? host : "127.0.0.1", colon + 1, &hint, &list);
	if (r != 0)
		return gw_fail(e, GWE_CONFIG, 0, "%s: %s", where, gai_strerror(r));
	l->fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	r = l->fd < 0 || setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    bind(l->fd, list->ai_addr, list->ai_addrlen) < 0 || listen(l->fd, BACKLOG) < 0;
	freeaddrinfo(list);
	if (r)
		return gw_fail(e, GWE_CONFIG, errno, "cannot listen on %s: %s", where,
			       strerror(errno));
	return 0;
}

static int inherited(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	uint64_t v;

	if (pid && n && str_u64(str_c(pid), &v) && v == (uint64_t)getpid() &&
	    str_u64(str_c(n), &v) && v >= 1 && is_listening(LISTEN_FDS_FIRST))
		return LISTEN_FDS_FIRST;
	return is_listening(STDIN_FILENO) ? STDIN_FILENO : -1;
}

int listener_open(struct listener *l, const char *where, struct gw_err *e)
{
	int r;

	memset(l, 0, sizeof *l);
	l->fd = -1;
	if (where) {
		l->own = true;
		r = strchr(where, '/') || !strchr(where, ':') ? open_path(l, where, e)
							      : open_port(l, where, e);
		if (r < 0 && l->fd >= 0)
			close(l->fd);
		return r;
	}
	l->fd = inherited();
	if (l->fd < 0)
		return gw_fail(e, GWE_CONFIG, 0,
			       "no socket: give --socket PATH or HOST:PORT, or start it from a web "
			       "server, spawn-fcgi or systemd");
	/* no child of ours may hold it */
	(void)fcntl(l->fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

void listener_retire(struct listener *l)
{
	struct stat st;

	/* the path may already belong to our successor */
	if (l->own && l->path[0] && stat(l->path, &st) == 0 && st.st_dev == l->dev &&
	    st.st_ino == l->ino)
		(void)unlink(l->path);
	l->path[0] = '\0';
}

void listener_close(struct listener *l)
{
	listener_retire(l);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
