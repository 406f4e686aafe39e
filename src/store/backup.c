/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/conn.h"

enum { PAGES = 1024, PAUSE_MS = 20, BUSY_MAX = 500 };

static int cannot(struct gw_err *e, const char *path, const char *why)
{
	return gw_fail(e, GWE_CONFIG, errno, "cannot write the backup %s: %s", path, why);
}

/* A new file that only we can read: SQLite would make it with the umask of the moment. */
static int make(const char *path, struct gw_err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return cannot(e, path, strerror(errno));
	close(fd);
	return 0;
}

static int copy(sqlite3 *to, sqlite3 *from, struct gw_err *e, const char *path)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
	int rc = SQLITE_OK, busy = 0;

	if (!b)
		return cannot(e, path, sqlite3_errmsg(to));
	while (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED) {
		rc = sqlite3_backup_step(b, PAGES);
		if ((rc == SQLITE_BUSY || rc == SQLITE_LOCKED) && busy++ < BUSY_MAX)
			sqlite3_sleep(PAUSE_MS);
		else if (rc != SQLITE_OK)
			break;
	}
	sqlite3_backup_finish(b);
	return rc == SQLITE_DONE ? 0 : cannot(e, path, sqlite3_errstr(rc));
}

/* What nobody can read back is no backup. */
static int check(sqlite3 *db, const char *path, struct gw_err *e)
{
	sqlite3_stmt *s = NULL;
	bool ok = sqlite3_prepare_v2(db, own_text[OWN_CHECK], -1, &s, NULL) == SQLITE_OK &&
		  sqlite3_step(s) == SQLITE_ROW &&
		  !strcmp((const char *)sqlite3_column_text(s, 0), "ok");

	sqlite3_finalize(s);
	return ok ? 0 : cannot(e, path, "the copy is damaged");
}

static int sync_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

static int sync_directory(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == path)
		return sync_file("/");
	if (slash)
		*slash = '\0';
	return sync_file(slash ? path : ".");
}

static int write_copy(const char *from_path, const char *to_path, struct gw_err *e)
{
	sqlite3 *from = NULL, *to = NULL;
	int rc = -1;

	if (sqlite3_open_v2(from_path, &from, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
		gw_fail(e, GWE_CONFIG, 0, "cannot open the database %s: %s", from_path,
			sqlite3_errmsg(from));
	} else if (sqlite3_open_v2(to_path, &to, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
		cannot(e, to_path, sqlite3_errmsg(to));
	} else if (!copy(to, from, e, to_path)) {
		rc = check(to, to_path, e);
	}
	sqlite3_close(to);
	sqlite3_close(from);
	return rc;
}

int store_backup(const char *database, const char *path, struct gw_err *e)
{
	char part[PATH_MAX], side[PATH_MAX + 8];
	int rc;

	if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
		return cannot(e, path, "the name is too long");
	if (!access(path, F_OK))
		return cannot(e, path, "the file is there already");
	unlink(part);
	if (make(part, e))
		return -1;
	rc = write_copy(database, part, e);
	if (!rc && (sync_file(part) || rename(part, path)))
		rc = cannot(e, path, strerror(errno));
	/* the copy has the settings of a file with a log, but none of its own */
	snprintf(side, sizeof side, "%s-wal", part);
	unlink(side);
	snprintf(side, sizeof side, "%s-shm", part);
	unlink(side);
	if (rc) {
		unlink(part);
		return -1;
	}
	snprintf(part, sizeof part, "%s", path);
	if (sync_directory(part))
		return cannot(e, path, strerror(errno));
	return 0;
}
