/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file - read small files whole.
 *
 * The content is kept as a secret (wiped when released), since keys come from files.
 *
 * Layer:   util
 * Threads: no shared state
 */
#ifndef GW_UTIL_FILE_H
#define GW_UTIL_FILE_H

#include <sys/stat.h>

#include "util/secret.h"

/* Read all of @path, less than @max bytes, into @out. @st: out, its status. -1: errno says why. */
int file_read(const char *path, size_t max, struct secret *out, struct stat *st) GW_MUST_CHECK;

#endif
