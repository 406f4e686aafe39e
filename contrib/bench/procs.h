/* SPDX-License-Identifier: Apache-2.0 */
/*
 * procs - what the servers under load cost: CPU time and resident memory of groups of processes.
 */
#ifndef GW_BENCH_PROCS_H
#define GW_BENCH_PROCS_H

#include <stdint.h>

/* "NAME:PID[,PID...]": these and all that descend from them now. Ends the program on a bad text. */
void procs_add(const char *text);

/* Before the load, now and then during it, and after it. */
void procs_start(void);
void procs_sample(void);
void procs_stop(void);

/* A JSON object, one member per group. */
void procs_print(uint64_t requests, uint64_t chunks);

#endif
