/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fcgistart FD PORT PROGRAM [ARGUMENT...] - start a responder as spawn-fcgi does (FD 0), or as systemd
 * (FD 3): with a listening socket of 127.0.0.1 on that descriptor. Root becomes nobody.
 */
#include "config.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	bool systemd = argc > 3 && !strcmp(argv[1], "3");
	int on = 1, to = systemd ? 3 : 0, fd = socket(AF_INET, SOCK_STREAM, 0);
	char pid[24];

	if (argc < 4)
		return 2;
	in.sin_port = htons((uint16_t)strtol(argv[2], NULL, 10));
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    bind(fd, (struct sockaddr *)&in, sizeof in) < 0 || listen(fd, 128) < 0) {
		perror("fcgistart");
		return 1;
	}
	if (fd != to) {
		dup2(fd, to);
		close(fd);
	}
	snprintf(pid, sizeof pid, "%ld", (long)getpid());
	if (systemd && (setenv("LISTEN_FDS", "1", 1) || setenv("LISTEN_PID", pid, 1)))
		return 1;
	if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
		return 1;
	execv(argv[3], argv + 3);
	perror(argv[3]);
	return 1;
}
