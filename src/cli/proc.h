/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proc - start a child process with exactly the environment, user and descriptors it is to have.
 *
 * Layer:   cli; calls util
 * Threads: main thread only (forks)
 */
#ifndef GW_CLI_PROC_H
#define GW_CLI_PROC_H

#include <sys/types.h>

#include "util/err.h"

/* Who a child runs as. Nothing changes where we are not root. */
struct proc_user {
	bool set;
	uid_t uid;
	gid_t gid;
	gid_t also; /* one more group; gid when there is none */
	char name[64];
};

struct proc_env; /* NAME=value texts; wiped when released */
struct proc_env *proc_env_new(void);
void proc_env_free(struct proc_env *v);
void proc_env_set(struct proc_env *v, const char *name, const char *value, size_t len);

struct proc_spec {
	char *const *argv;	    /* argv[0] is a path */
	const struct proc_env *env; /* NULL: ours */
	int fd0, fd1;		    /* standard input and output; -1: /dev/null, and ours */
	const struct proc_user *user;
	const char *dir; /* working directory; NULL: ours */
	bool new_group;	 /* signals of the terminal are not for it */
};

/* The child gets SIGTERM when we die. CONFIG when it cannot be started, with the reason. */
int proc_spawn(pid_t *pid, const struct proc_spec *s, struct gw_err *e) GW_MUST_CHECK;
/* "exit status 1", "signal 9 (Killed)" */
void proc_status_text(char *out, size_t size, int status);

#endif
