/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - wall time for stamps and expiry checks, monotonic time for time-outs.
 *
 * The environment variable GW_CLOCK_OFFSET_S (signed seconds, read once at the
 * first use) shifts the wall clock; clock_set_wall_ms pins it (tests).
 *
 * Layer:   util
 * Threads: any
 */
#ifndef GW_UTIL_CLOCK_H
#define GW_UTIL_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t clock_wall_ms(void); /* Unix milliseconds */
int64_t clock_wall_s(void);
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
/* Pin the wall clock; negative un-pins. */
void clock_set_wall_ms(int64_t ms);

/* "2026-11-23T07:57:30.656Z" (25 bytes with NUL) */
enum { CLOCK_ISO_SIZE = 32 };
void clock_iso(char out[CLOCK_ISO_SIZE], int64_t wall_ms);
/* "2026-11-23", the UTC day */
enum { CLOCK_DAY_SIZE = 16 };
void clock_day(char out[CLOCK_DAY_SIZE], int64_t wall_ms);

#endif
