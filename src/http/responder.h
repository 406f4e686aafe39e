/* SPDX-License-Identifier: Apache-2.0 */
/*
 * responder - the process around a FastCGI program: options, settings, socket, store, worker threads,
 * ticks, reload, drain. A program is a table of functions and a main of one line:
 *
 *	static const struct responder_ops ops = { .name = "hello.fcgi", .handle = hello };
 *	int main(int argc, char **argv) { return responder_main(argc, argv, &ops); }
 *
 * SIGTERM, SIGINT: no new requests, the others end by themselves, up to drain_timeout_ms; then
 * (or at a second signal) responder_must_stop turns true for them, and a little later the process ends
 * anyhow. SIGHUP: settings and log files anew. SIGUSR1: log files anew.
 * Exit status: 0 drained (or --help, --version, --check passed), 1 could not start, 2 misuse.
 *
 * Rule:    design.md 2 and 6, style.md 1 and 7
 * Layer:   http; calls crypto, store, upstream, provider, util
 * Threads: handle is called by many threads at once, tick by one, everything else by main
 */
#ifndef GW_HTTP_RESPONDER_H
#define GW_HTTP_RESPONDER_H

#include "http/reply.h"
#include "http/reply_error.h"
#include "store/store.h"
#include "util/conf.h"

struct responder;

/* An option of the program's own: --name VALUE. Ends with name NULL. */
struct responder_flag {
	const char *name;
	const char **value; /* set to the value, borrowed from argv */
	const char *help;
};

struct responder_ops {
	const char *name;     /* as in log lines: "openai.fcgi" */
	const char *summary;  /* one line of --help */
	const char *provider; /* the route name whose key it gets; NULL: no provider's */
	bool bare;	      /* no store, no service: the development node */
	const struct responder_flag *flags; /* NULL: none */

	/* Each but handle may be NULL. */
	/* Settings that only this program can judge; also for --check. CONFIG. */
	int (*check)(const struct conf *c, struct gw_err *e);
	/* Once, before threads. @app: given to the others. */
	int (*start)(struct responder *r, void **app, struct gw_err *e);
	/* Answer one request; an answer that it does not end is ended behind it. */
	void (*handle)(void *app, struct http_request *rq, struct http_reply *rp);
	/* New settings are in force for the requests to come. @c lives as long as those of a request. */
	void (*reload)(void *app, const struct conf *c);
	/* Every second, from a thread of its own. */
	void (*tick)(void *app, const struct conf *c);
	/*
	 * After the last tick, when the requests are over or are left behind: write what they owe. false: that
	 * failed; it is asked again up to the drain's deadline. @give_up: always the last time, do not try.
	 */
	bool (*drained)(void *app, bool give_up);
	/* After drained, when no request is left. */
	void (*stop)(void *app);
};

int responder_main(int argc, char **argv, const struct responder_ops *ops);

/* For start: the settings the process began with; valid until it ends. */
const struct conf *responder_conf(const struct responder *r);
const char *responder_provider(const struct responder *r); /* of the table; NULL none */
struct store *responder_store(const struct responder *r);  /* NULL when bare */
/* Name of this process in leases: "pid:start". */
struct str responder_owner(const struct responder *r);
/* A running request should come to its end now. Cheap: may be asked at every chunk. */
bool responder_must_stop(const struct responder *r);
/* Since when, and how many requests are at work. */
int64_t responder_started_ms(const struct responder *r);
unsigned responder_busy(const struct responder *r);

#endif
