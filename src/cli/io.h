/* SPDX-License-Identifier: Apache-2.0 */
/*
 * io - what commands print as a whole, and moments on the command line.
 *
 * Layer:   cli; calls util
 * Threads: main thread only
 */
#ifndef GW_CLI_IO_H
#define GW_CLI_IO_H

#include "util/buf.h"

/* Everything to standard output; returns the exit status. */
int cli_print(const struct buf *text);

/*
 * A moment on the command line: a day (2026-11-23, its beginning, or with @end_of_day its end), a
 * time of UTC (2026-11-23T07:57 or with seconds, perhaps with Z), or how long before @now_ms: 30m,
 * 24h, 7d. USAGE with @what in front.
 */
int cli_when(const char *text, const char *what, bool end_of_day, int64_t now_ms, int64_t *out_ms,
	     struct gw_err *e) GW_MUST_CHECK;

#endif
