/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log - the program's log: one line per event, `key=value` or JSON, to standard
 * error, a file, or syslog.
 *
 * Levels: error = someone must act, warn = look tomorrow, info = life events,
 * debug = for developers. A client's mistake is not our error. Never log keys,
 * tokens, signatures, prompts, completions or upstream bodies.
 *
 * Layer:   util
 * Threads: any; a line is written by one write()
 */
#ifndef GW_UTIL_LOG_H
#define GW_UTIL_LOG_H

#include "util/str.h"

enum log_level { LOG_LVL_ERROR, LOG_LVL_WARN, LOG_LVL_INFO, LOG_LVL_DEBUG };
enum log_format { LOG_FMT_KV, LOG_FMT_JSON };
enum log_target { LOG_TO_STDERR, LOG_TO_FILE, LOG_TO_SYSLOG };

struct log_options {
	const char *program;
	enum log_level level;
	enum log_format format;
	enum log_target target;
	const char *path; /* for LOG_TO_FILE */
};

/* Before any thread. May be called again (reload). -1: the file cannot be opened. */
int log_open(const struct log_options *o, struct gw_err *e) GW_MUST_CHECK;
/* Open the file anew (after rotation). */
void log_reopen(void);
void log_event(enum log_level level, const char *fmt, ...) GW_PRINTF(2, 3);
/* A finished line of an access log, without line end; @line goes out as it is. */
void log_line(struct str line);
bool log_enabled(enum log_level level);

#define log_error(...) log_event(LOG_LVL_ERROR, __VA_ARGS__)
#define log_warn(...) log_event(LOG_LVL_WARN, __VA_ARGS__)
#define log_info(...) log_event(LOG_LVL_INFO, __VA_ARGS__)
#define log_debug(...) log_event(LOG_LVL_DEBUG, __VA_ARGS__)

#endif
