/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faultvfs - a file system below SQLite whose power fails, whose disk is full, whose syncs fail.
 *
 * Everything goes through to the real files, and besides a picture is kept of what has reached the
 * disk for sure (what was synced) and what has not (writes since). After a cut faultvfs_survivors
 * writes the files as a machine would find them when it comes up again: the synced bytes, and of the
 * rest nothing, all, or some of it, the last write torn. The shared memory of the log is lost.
 *
 * One database at a time; the counters are atomic, since connections of several threads use it.
 */
#ifndef GW_T_FAULTVFS_H
#define GW_T_FAULTVFS_H

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum fault { FAULT_NONE, FAULT_POWER, FAULT_FULL, FAULT_SYNC };
enum survivor { SURVIVE_SYNCED, SURVIVE_ALL, SURVIVE_HALF, SURVIVE_ODD, SURVIVORS };

struct fv_op {
	sqlite3_int64 at;
	size_t len; /* of bytes; a truncation has none */
	unsigned char *bytes;
	struct fv_op *next;
};

struct fv_image {
	char name[256];
	bool exists;
	unsigned char *bytes;
	size_t len;
	struct fv_op *first, **last; /* not synced */
	unsigned n_ops;
};

enum { FV_IMAGES = 8 };
static struct {
	sqlite3_vfs vfs, *real;
	sqlite3_io_methods methods;
	pthread_mutex_t lock;
	enum fault fault;
	unsigned events, from, until; /* events from..until-1 fail */
	unsigned syncs;
	bool dead;
	struct fv_image image[FV_IMAGES];
} fv = { .lock = PTHREAD_MUTEX_INITIALIZER };

struct fv_file {
	sqlite3_file base;
	struct fv_image *image; /* NULL: a temporary file */
	sqlite3_file *real;	/* right behind */
};

static sqlite3_file *fv_real(sqlite3_file *f)
{
	return ((struct fv_file *)f)->real;
}

/* ---- pictures ---- */

static void fv_put(struct fv_image *i, sqlite3_int64 at, const unsigned char *p, size_t n)
{
	if ((size_t)at + n > i->len) {
		i->bytes = realloc(i->bytes, (size_t)at + n);
		assert(i->bytes);
		memset(i->bytes + i->len, 0, (size_t)at + n - i->len);
		i->len = (size_t)at + n;
	}
	if (n)
		memcpy(i->bytes + at, p, n);
}

static void fv_apply(struct fv_image *i, const struct fv_op *op)
{
	if (op->bytes)
		fv_put(i, op->at, op->bytes, op->len);
	else if ((size_t)op->at < i->len)
		i->len = (size_t)op->at;
}

static void fv_note(struct fv_image *i, sqlite3_int64 at, const void *p, size_t n)
{
	struct fv_op *op = calloc(1, sizeof *op);

	assert(op);
	op->at = at;
	op->len = n;
	if (p) {
		op->bytes = malloc(n);
		assert(op->bytes);
		memcpy(op->bytes, p, n);
	}
	*i->last = op;
	i->last = &op->next;
	i->n_ops++;
}

static void fv_forget(struct fv_image *i, bool apply)
{
	while (i->first) {
		struct fv_op *op = i->first;

		if (apply)
			fv_apply(i, op);
		i->first = op->next;
		free(op->bytes);
		free(op);
	}
	i->last = &i->first;
	i->n_ops = 0;
}

static struct fv_image *fv_find(const char *name)
{
	struct fv_image *empty = NULL;

	for (int k = 0; k < FV_IMAGES; k++) {
		if (!strcmp(fv.image[k].name, name))
			return &fv.image[k];
		if (!fv.image[k].name[0] && !empty)
			empty = &fv.image[k];
	}
	assert(empty && strlen(name) < sizeof empty->name);
	memcpy(empty->name, name, strlen(name) + 1);
	empty->last = &empty->first;
	return empty;
}

/* The bytes that are in the file now count as synced. */
static void fv_load(struct fv_image *i)
{
	FILE *f = fopen(i->name, "rb");
	unsigned char part[4096];
	size_t n;

	i->exists = true;
	if (!f)
		return;
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		fv_put(i, (sqlite3_int64)i->len, part, n);
	fclose(f);
}

/* ---- events; 0: go on ---- */

static int fv_event(int failure)
{
	unsigned now = fv.events++;

	if (fv.dead)
		return failure;
	if (fv.fault == FAULT_NONE || now < fv.from || now >= fv.until)
		return 0;
	fv.dead = fv.fault == FAULT_POWER;
	return failure;
}

static int fv_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	struct fv_image *i = ((struct fv_file *)f)->image;
	bool was_dead;
	int rc = 0;

	if (!i)
		return fv_real(f)->pMethods->xWrite(fv_real(f), p, n, at);
	pthread_mutex_lock(&fv.lock);
	was_dead = fv.dead;
	if (fv.fault != FAULT_SYNC)
		rc = fv_event(fv.fault == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE);
	/* The write at which the power fails may reach the disk, or part of it. */
	if (!was_dead && (!rc || fv.dead))
		fv_note(i, at, p, (size_t)n);
	pthread_mutex_unlock(&fv.lock);
	return rc ? rc : fv_real(f)->pMethods->xWrite(fv_real(f), p, n, at);
}

static int fv_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	struct fv_image *i = ((struct fv_file *)f)->image;
	int rc = 0;

	pthread_mutex_lock(&fv.lock);
	if (i && fv.fault == FAULT_POWER)
		rc = fv_event(SQLITE_IOERR_TRUNCATE);
	if (i && !rc)
		fv_note(i, size, NULL, 0);
	pthread_mutex_unlock(&fv.lock);
	return rc ? rc : fv_real(f)->pMethods->xTruncate(fv_real(f), size);
}

static int fv_sync(sqlite3_file *f, int flags)
{
	struct fv_image *i = ((struct fv_file *)f)->image;
	int rc = 0;

	pthread_mutex_lock(&fv.lock);
	if (i && (fv.fault == FAULT_POWER || fv.fault == FAULT_SYNC))
		rc = fv_event(SQLITE_IOERR_FSYNC);
	if (i && !rc) {
		fv_forget(i, true);
		fv.syncs++;
	}
	pthread_mutex_unlock(&fv.lock);
	/* The test's own disk need not be waited for. */
	(void)flags;
	return rc;
}

static int fv_delete(sqlite3_vfs *v, const char *name, int dirsync)
{
	int rc;

	(void)v;
	pthread_mutex_lock(&fv.lock);
	rc = fv.fault == FAULT_POWER ? fv_event(SQLITE_IOERR_DELETE) : 0;
	if (!rc) {
		struct fv_image *i = fv_find(name);

		fv_forget(i, false);
		i->len = 0;
		i->exists = false;
	}
	pthread_mutex_unlock(&fv.lock);
	return rc ? rc : fv.real->xDelete(fv.real, name, dirsync);
}

/* ---- the rest goes through ---- */

static int fv_close(sqlite3_file *f)
{
	return fv_real(f)->pMethods->xClose(fv_real(f));
}

static int fv_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return fv_real(f)->pMethods->xRead(fv_real(f), p, n, at);
}

static int fv_size(sqlite3_file *f, sqlite3_int64 *n)
{
	return fv_real(f)->pMethods->xFileSize(fv_real(f), n);
}

static int fv_lock(sqlite3_file *f, int l)
{
	return fv_real(f)->pMethods->xLock(fv_real(f), l);
}

static int fv_unlock(sqlite3_file *f, int l)
{
	return fv_real(f)->pMethods->xUnlock(fv_real(f), l);
}

static int fv_reserved(sqlite3_file *f, int *out)
{
	return fv_real(f)->pMethods->xCheckReservedLock(fv_real(f), out);
}

static int fv_control(sqlite3_file *f, int op, void *arg)
{
	return fv_real(f)->pMethods->xFileControl(fv_real(f), op, arg);
}

static int fv_sector(sqlite3_file *f)
{
	return fv_real(f)->pMethods->xSectorSize(fv_real(f));
}

static int fv_device(sqlite3_file *f)
{
	(void)f;
	return 0; /* promises nothing about torn writes */
}

static int fv_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **p)
{
	return fv_real(f)->pMethods->xShmMap(fv_real(f), page, size, extend, p);
}

static int fv_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return fv_real(f)->pMethods->xShmLock(fv_real(f), offset, n, flags);
}

static void fv_shm_barrier(sqlite3_file *f)
{
	fv_real(f)->pMethods->xShmBarrier(fv_real(f));
}

static int fv_shm_unmap(sqlite3_file *f, int del)
{
	return fv_real(f)->pMethods->xShmUnmap(fv_real(f), del);
}

static int fv_open(sqlite3_vfs *v, const char *name, sqlite3_file *file, int flags, int *out)
{
	struct fv_file *f = (struct fv_file *)file;
	int rc;

	(void)v;
	f->real = (sqlite3_file *)(f + 1);
	f->image = NULL;
	f->base.pMethods = NULL;
	rc = fv.real->xOpen(fv.real, name, f->real, flags, out);
	if (rc != SQLITE_OK)
		return rc;
	f->base.pMethods = &fv.methods;
	if (name && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL))) {
		pthread_mutex_lock(&fv.lock);
		f->image = fv_find(name);
		if (!f->image->exists)
			fv_load(f->image);
		pthread_mutex_unlock(&fv.lock);
	}
	return SQLITE_OK;
}

/* ---- for tests ---- */

/* From now on every new connection uses it. */
static void faultvfs_install(void)
{
	fv.real = sqlite3_vfs_find(NULL);
	fv.vfs = *fv.real;
	fv.vfs.zName = "fault";
	fv.vfs.szOsFile = (int)sizeof(struct fv_file) + fv.real->szOsFile;
	fv.vfs.xOpen = fv_open;
	fv.vfs.xDelete = fv_delete;
	fv.methods = (sqlite3_io_methods){ .iVersion = 2,
					   .xClose = fv_close,
					   .xRead = fv_read,
					   .xWrite = fv_write,
					   .xTruncate = fv_truncate,
					   .xSync = fv_sync,
					   .xFileSize = fv_size,
					   .xLock = fv_lock,
					   .xUnlock = fv_unlock,
					   .xCheckReservedLock = fv_reserved,
					   .xFileControl = fv_control,
					   .xSectorSize = fv_sector,
					   .xDeviceCharacteristics = fv_device,
					   .xShmMap = fv_shm_map,
					   .xShmLock = fv_shm_lock,
					   .xShmBarrier = fv_shm_barrier,
					   .xShmUnmap = fv_shm_unmap };
	if (sqlite3_vfs_register(&fv.vfs, 1) != SQLITE_OK)
		abort();
}

/* Events @from up to before @until fail; a power cut lasts for ever. Forgets all pictures: no
 * file may be open. */
static void __attribute__((unused)) faultvfs_set(enum fault fault, unsigned from, unsigned until)
{
	pthread_mutex_lock(&fv.lock);
	for (int k = 0; k < FV_IMAGES; k++) {
		fv_forget(&fv.image[k], false);
		free(fv.image[k].bytes);
		fv.image[k] = (struct fv_image){ .last = NULL };
	}
	fv.fault = fault;
	fv.from = from;
	fv.until = until;
	fv.events = fv.syncs = 0;
	fv.dead = false;
	pthread_mutex_unlock(&fv.lock);
}

/* Change what fails, with the connections open. */
static void __attribute__((unused)) faultvfs_change(enum fault fault, unsigned from, unsigned until)
{
	pthread_mutex_lock(&fv.lock);
	fv.fault = fault;
	fv.from = from;
	fv.until = until;
	fv.events = fv.syncs = 0;
	pthread_mutex_unlock(&fv.lock);
}

static bool __attribute__((unused)) faultvfs_dead(void)
{
	return fv.dead;
}

/*
 * Write what a machine finds: files whose names begin with @from, as @to and the rest of the name.
 * The pictures stay as they are.
 */
static void __attribute__((unused))
faultvfs_survivors(const char *from, const char *to, enum survivor how)
{
	static const char *const rest[] = { "", "-wal", "-journal", "-shm" };
	char name[300];

	for (unsigned r = 0; r < sizeof rest / sizeof rest[0]; r++) {
		snprintf(name, sizeof name, "%s%s", to, rest[r]);
		remove(name);
	}
	for (int k = 0; k < FV_IMAGES; k++) {
		const struct fv_image *i = &fv.image[k];
		struct fv_image copy = { .len = 0 };
		unsigned n = 0;
		FILE *f;

		if (!i->exists || strncmp(i->name, from, strlen(from)) != 0)
			continue;
		fv_put(&copy, 0, i->bytes ? i->bytes : (const unsigned char *)"", i->len);
		for (const struct fv_op *op = i->first; op; op = op->next, n++) {
			struct fv_op torn = *op;

			if (how == SURVIVE_SYNCED || (how == SURVIVE_HALF && n >= i->n_ops / 2) ||
			    (how == SURVIVE_ODD && n % 2 == 0))
				continue;
			/* Nobody promises that the last one is whole. */
			if (!op->next && op->bytes)
				torn.len = how == SURVIVE_ALL ? op->len : op->len / 2;
			fv_apply(&copy, &torn);
		}
		snprintf(name, sizeof name, "%s%s", to, i->name + strlen(from));
		f = fopen(name, "wb");
		assert(f);
		if (copy.len && fwrite(copy.bytes, 1, copy.len, f) != copy.len)
			abort();
		fclose(f);
		free(copy.bytes);
	}
}

#endif
