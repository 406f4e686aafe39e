/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop - a thread that carries the transfers of many callers: libcurl's sockets and the hang-ups of the
 * clients in one epoll.
 *
 * A thread per transfer would be woken for every chunk and would keep a stack and a multi handle for
 * every stream. Here one thread wakes for many chunks; those who wait for their transfers sleep once.
 *
 * What libcurl and this module call back runs on the loop's thread and must not block: all transfers
 * would stand still. A transfer that cannot go on without blocking (its client takes nothing more) pauses:
 * then its caller's own thread is asked to make room, and the upstream is not read meanwhile.
 *
 * Rule:    design.md 7 and 10
 * Layer:   upstream (private to it); calls util
 * Threads: loop_carry from any; a transfer belongs to the loop's thread from then until loop_carry
 *          returns, but for make_room and takes_long
 */
#ifndef GW_UPSTREAM_LOOP_H
#define GW_UPSTREAM_LOOP_H

#include <curl/curl.h>
#include <semaphore.h>

#include "util/str.h"

enum { LOOP_TICK_MS = 200 };

enum transfer_next { TRANSFER_END, TRANSFER_GO, TRANSFER_PAUSE };

struct transfer;
struct transfer_ops {
	/* On the loop's thread. After each turn in which transfer_heard was called: what the upstream
	 * sent is all there. */
	enum transfer_next (*heard)(struct transfer *t, int64_t now_ms);
	/* Every LOOP_TICK_MS, and when due_ms has come. */
	enum transfer_next (*tick)(struct transfer *t, int64_t now_ms);
	/* The client has left; the transfer ends. */
	void (*hung_up)(struct transfer *t);

	/* On the thread that waits in loop_carry. It paused: may block; false: end it. */
	bool (*make_room)(struct transfer *t);
	/* Once, when it has waited for a tick; the others may run at the same time. */
	void (*takes_long)(struct transfer *t);
};

struct loop;

struct transfer {
	const struct transfer_ops *ops;
	CURL *easy;	/* with CURLOPT_PRIVATE free for the loop */
	int client;	/* watched for a hang-up; -1: nobody */
	int64_t due_ms; /* monotonic: when tick is wanted at the latest; ops may move it */

	/* private */
	struct loop *loop;
	struct transfer *next, *prev; /* among those that run; next also in the queues */
	struct transfer *next_heard;
	enum { TRANSFER_NEW, TRANSFER_RUNS, TRANSFER_PAUSED, TRANSFER_ENDED } state;
	bool heard;
	bool finished;	/* libcurl is through with it, code holds */
	bool give_up;	/* make_room said so */
	bool refused;	/* libcurl did not take it */
	CURLcode code;
	sem_t turn; /* of the waiting thread: it ended, or it paused */
};

/* @max_connections: kept open at most. NULL: @e (OVERLOADED: descriptors or threads are short). */
struct loop *loop_new(unsigned max_connections, struct gw_err *e);
/* No transfer may run. NULL is allowed. */
void loop_free(struct loop *l);

/*
 * Carry the transfer from start to end; blocks. 0: it ended with t->code (CURLE_ABORTED_BY_CALLBACK when
 * ops ended it). -1: libcurl did not take it, INTERNAL.
 */
int loop_carry(struct loop *l, struct transfer *t, struct gw_err *e) GW_MUST_CHECK;

/* To be called from each of libcurl's callbacks in which the upstream was heard. */
void transfer_heard(struct transfer *t);

#endif
