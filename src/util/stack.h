/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stack - give back what a thread's stack does not need at the moment.
 *
 * A page of a stack stays in memory once it was touched. A request that has been parsed, verified and
 * admitted went several pages deeper than the wait for its stream does, and a stream lasts minutes.
 *
 * Layer:   util
 * Threads: the calling one's stack; not for the main thread
 */
#ifndef GW_UTIL_STACK_H
#define GW_UTIL_STACK_H

#include <stdbool.h>

/* The pages below the caller's become empty. One system call: for those that wait long, once. */
void stack_trim(void);
/* False: a sanitizer keeps its own book of the stack, and nothing is given back. */
bool stack_trim_works(void);

#endif
