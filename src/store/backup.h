/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup - a whole copy of a database that is in use, as of one moment.
 *
 * To restore one: stop the programs, remove FILE-wal and FILE-shm of the database, copy the backup into
 * its place.
 *
 * Rule:    sqlite.org "Online Backup API"
 * Layer:   store
 * Threads: no shared state
 */
#ifndef GW_STORE_BACKUP_H
#define GW_STORE_BACKUP_H

#include "util/err.h"

/* Into @path, which must not exist; checked, durable, readable by us alone. CONFIG with a sentence. */
int store_backup(const char *database, const char *path, struct gw_err *e) GW_MUST_CHECK;

#endif
