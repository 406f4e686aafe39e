/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve_run - the processes of `serve`: responders, web server, settlement. Who ended is started again,
 * after a pause that grows when it ends at once.
 *
 * The sockets belong to serve and outlive the responders: connections wait in them meanwhile.
 *
 * Rule:    design.md 2
 * Layer:   cli; calls util
 * Threads: main thread only; SIGCHLD is blocked
 */
#ifndef GW_CLI_SERVE_RUN_H
#define GW_CLI_SERVE_RUN_H

#include <signal.h>

#include "cli/serve_dir.h"
#include "cli/serve_env.h"
#include "cli/serve_web.h"

enum { SERVICES_MAX = 10, WORKERS_MAX = 64 };

/* One place that has to be filled by a running process. */
struct slot {
	pid_t pid; /* 0: not running */
	int64_t started_ms, again_ms;
	int backoff_ms;
};

struct service {
	const char *name; /* of socket and log lines */
	const char *provider;
	char program[4096];
	int fd;
	struct proc_env *env;
	struct slot slot[WORKERS_MAX];
	unsigned n;
};

/* Replaced by a newer one, finishing its streams. */
struct leaving {
	pid_t pid;
	struct leaving *next;
};

struct serve {
	int argc;
	char **argv; /* a copy of what we were called with, for a reload */
	struct conf *conf;
	struct serve_dir dir;
	struct serve_facts facts;
	char did[256], node_url[64];
	bool local_node;
	struct service service[SERVICES_MAX];
	unsigned n_service;
	const struct web_server *web;
	char web_program[4096];
	struct slot web_slot;
	bool has_settle;
	char settle_program[4096];
	pid_t settle_pid;
	int64_t settle_next_ms;
	struct leaving *leaving;
};

/* Run a responder with --check: its complaint goes to our standard error. CONFIG. */
int run_check(struct serve *s, struct service *v, struct gw_err *e) GW_MUST_CHECK;
/* All responders, then the web server. CONFIG; what was started until then is for run_stop. */
int run_start(struct serve *s, struct gw_err *e) GW_MUST_CHECK;
/* New responders take over, the old ones end with their last stream. */
void run_replace(struct serve *s);
/* Notice who has ended. @stopping: nobody is to come again. */
void run_reap(struct serve *s, bool stopping);
/* Start who has to run and does not; the settlement when its time has come. */
void run_fill(struct serve *s);
/*
 * Requests in work are finished: first the web server takes no more and ends with its last
 * request, then the responders. A second signal out of @set, or the drain time, ends it sooner.
 */
void run_stop(struct serve *s, const sigset_t *set);
/* The next signal out of @set, -1 when none came. */
int run_next_signal(const sigset_t *set, int ms);

#endif
