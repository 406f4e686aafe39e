/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quickstart - what the two halves of the command share: the programs that it runs, and how it tells.
 *
 * Layer:   cli
 * Threads: main thread only
 */
#ifndef GW_CLI_QUICKSTART_H
#define GW_CLI_QUICKSTART_H

#include <limits.h>
#include <sys/types.h>

#include "util/conf.h"

struct quick {
	struct conf *conf;
	bool mock, paid;
	char dir[2048], self[PATH_MAX], client[PATH_MAX], mock_program[PATH_MAX], key[2100],
		url[300], host[256];
	char node[1024]; /* of the ledger */
	const char *provider;
	pid_t mock_pid, serve_pid;
};

void quick_say(const char *fmt, ...) GW_PRINTF(1, 2);
/* Run a program to its end; what it prints is part of the story. CONFIG when it fails. */
int quick_run(char *const *argv, struct gw_err *e) GW_MUST_CHECK;
/* Start `serve` and wait until it accepts requests; @tell: print its first lines. */
int quick_serve(struct quick *q, bool tell, struct gw_err *e) GW_MUST_CHECK;
void quick_stop(pid_t *pid);

/* quickstart_paid.c */

/* The ledger, and the gateway's DID on it: SERVICE_KEY is in the environment then. */
int quick_ledger(struct quick *q, struct gw_err *e) GW_MUST_CHECK;
/* A wallet with money in its hub and a channel to the gateway. */
int quick_wallet(struct quick *q, struct gw_err *e) GW_MUST_CHECK;
/* The voucher, and who has how much. */
int quick_settle_up(struct quick *q, struct gw_err *e) GW_MUST_CHECK;

#endif
