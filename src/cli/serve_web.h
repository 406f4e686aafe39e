/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve_web - the web server that `serve` starts: its configuration, written from the files of conf/,
 * its command line, its signals.
 *
 * Layer:   cli; calls util
 * Threads: main thread only
 */
#ifndef GW_CLI_SERVE_WEB_H
#define GW_CLI_SERVE_WEB_H

#include "cli/proc.h"
#include "util/str.h"

struct web_server {
	const char *name; /* "nginx" */
	const char *program;
	int graceful; /* signal that ends it once its requests are done */
	int at_once;
};

struct web_settings {
	const char *run_dir; /* sockets, pid file, temporary files */
	const char *host;
	unsigned port;
	unsigned devnode_port; /* 0: no development ledger */
	const struct proc_user *user;
};

const struct web_server *web_find(const char *name); /* NULL: unknown */
/* Its program, found on PATH or in the usual places. CONFIG when it is not installed. */
int web_program(const struct web_server *w, char *path, size_t size,
		struct gw_err *e) GW_MUST_CHECK;
/* Write its files into run_dir. CONFIG. */
int web_configure(const struct web_server *w, const struct web_settings *s,
		  struct gw_err *e) GW_MUST_CHECK;
/* argv for web_server in the foreground; @buf holds texts. */
enum { WEB_ARGV = 8 };
void web_argv(const struct web_server *w, const char *program, const char *run_dir,
	      char *argv[WEB_ARGV], char *buf, size_t size);

/* The text of a file of conf/, for tests and `config web-server`; p NULL: unknown. */
struct str web_file_text(const char *name);

#endif
