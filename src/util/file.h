/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file - read small files and inputs whole, write new files.
 *
 * The content is kept as a secret (wiped when released), since keys come from files.
 *
 * Layer:   util
 * Threads: no shared state
 */
#ifndef GW_UTIL_FILE_H
#define GW_UTIL_FILE_H

#include <sys/stat.h>

#include "util/buf.h"
#include "util/secret.h"

/* Read all of @path, less than @max bytes, into @out. @st: out, its status. -1: errno says why. */
int file_read(const char *path, size_t max, struct secret *out, struct stat *st) GW_MUST_CHECK;
/* All of @path, or of standard input for "-", appended to @b up to its max. USAGE with the reason. */
int file_read_input(struct buf *b, const char *path, struct gw_err *e) GW_MUST_CHECK;
/* Write @text to a file that must not exist, durably; on failure none is left. BAD_REQUEST. */
int file_write_new(const char *path, mode_t mode, struct str text, struct gw_err *e) GW_MUST_CHECK;

#endif
