/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve_dir - the state directory of `serve`: who owns what in it, the lock, the claim key's file, the
 * sockets of the responders.
 *
 *	STATE/gateway.db	database, made when there is none (DATABASE may name another place)
 *	STATE/lock		held while serve runs
 *	STATE/settle/service.key	SERVICE_KEY, for the settlement program only
 *	STATE/run/		sockets and the web server's files, made anew at each start
 *
 * Run by root, STATE/settle belongs to the settlement user (0700), and responders, web server
 * workers and settlement share the responders' group for the database.
 *
 * Rule:    design.md 2 "The claim key"
 * Layer:   cli; calls store, util
 * Threads: main thread only
 */
#ifndef GW_CLI_SERVE_DIR_H
#define GW_CLI_SERVE_DIR_H

#include "cli/proc.h"
#include "util/conf.h"

struct serve_dir {
	char state[2048], run[2060], database[4096], key_file[2100];
	struct proc_user user, settle_user;
	int lock_fd;
};

/* Make what is missing, take the lock. CONFIG: another serve runs, no rights, an odd path. */
int serve_dir_open(struct serve_dir *d, const struct conf *c, struct gw_err *e) GW_MUST_CHECK;
void serve_dir_close(struct serve_dir *d);
/* The database, made when missing; an older schema is refused. */
int serve_dir_database(struct serve_dir *d, bool *made, struct gw_err *e) GW_MUST_CHECK;
/* Keep @key for the settlement program; removed where it is not set. */
int serve_dir_keep_key(struct serve_dir *d, const struct secret *key,
		       struct gw_err *e) GW_MUST_CHECK;
/* Listen on run/NAME.sock, for a responder's descriptor 0. */
int serve_dir_listen(struct serve_dir *d, const char *name, int *fd,
		     struct gw_err *e) GW_MUST_CHECK;
/* Let run/NAME.sock lead to run/TO.sock. */
int serve_dir_alias(struct serve_dir *d, const char *name, const char *to,
		    struct gw_err *e) GW_MUST_CHECK;

#endif
