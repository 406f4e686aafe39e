/* SPDX-License-Identifier: Apache-2.0 */
/*
 * groupcommit - what it costs that every write is on the disk before it is acknowledged.
 *
 *	groupcommit [-t THREADS] [-n WRITES] [-r ROUNDS] DIRECTORY
 *
 * THREADS threads hand the store WRITES writes such as a request makes (a nonce, a usage row), once with
 * syncs and once with syncs that do nothing, by turns. Prints one JSON object; "ratio" is the median
 * throughput with syncs over that without. The directory has to be on the disk that is meant.
 */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store/store.h"
#include "store/usage_rows.h"
#include "util/clock.h"

enum { ROUNDS_MAX = 99, THREADS_MAX = 1024 };

static atomic_bool sync_off;
static atomic_ullong syncs;

/* In front of the C library's, for SQLite too. */
int fdatasync(int fd)
{
	atomic_fetch_add(&syncs, 1);
	return atomic_load(&sync_off) ? 0 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	atomic_fetch_add(&syncs, 1);
	return atomic_load(&sync_off) ? 0 : (int)syscall(SYS_fsync, fd);
}

struct crowd {
	struct store *st;
	atomic_llong left;
	atomic_ullong made;
};

static int write_request(struct store_conn *c, void *arg, struct gw_err *e)
{
	const uint64_t n = *(uint64_t *)arg;
	struct usage_start u = { .request_id = STR_LIT("01234567-89ab-cdef-0123-456789abcdef"),
				 .did = STR_LIT(
					 "did:rooch:rooch1lynwx92k3n3gsju0f5x9j5l3a4v0lz8slv3m9h"),
				 .provider = STR_LIT("openai"),
				 .api = STR_LIT("chat"),
				 .model = STR_LIT("gpt-4o"),
				 .method = STR_LIT("POST"),
				 .path = STR_LIT("/v1/chat/completions"),
				 .owner = STR_LIT("1:1"),
				 .bound_pico = 1,
				 .started_ms = 1000,
				 .lease_until_ms = 5000 };
	struct stmt *s = stmt_get(c, STMT_NONCE_BURN);
	/* spread, as hashes are */
	const uint64_t hash[4] = { n * UINT64_C(0x9e3779b97f4a7c15), n, 0, 0 };
	int64_t id;

	stmt_bind_blob(s, "nonce_hash", hash, sizeof hash);
	stmt_bind_i64(s, "expires_s", 600);
	stmt_bind_i64(s, "now_s", 300);
	return stmt_run(s, NULL, e) || usage_start_tx(c, &u, &id, e) ? -1 : 0;
}

static void *member(void *arg)
{
	struct crowd *c = arg;
	struct gw_err e;

	while (atomic_fetch_sub(&c->left, 1) > 0) {
		uint64_t n = atomic_fetch_add(&c->made, 1);

		if (store_write_repeatable(c->st, "bench", write_request, &n, &e)) {
			fprintf(stderr, "groupcommit: %s: %s\n", e.pub, e.priv);
			exit(1);
		}
	}
	return NULL;
}

static void fail(const struct gw_err *e)
{
	fprintf(stderr, "groupcommit: %s\n", e->pub);
	exit(1);
}

/* Writes per second; *per_group: writes per sync. */
static uint64_t run(const char *path, unsigned threads, uint64_t writes, uint64_t *per_group)
{
	static const char *const rest[] = { "", "-wal", "-shm" };
	const struct store_options o = { .path = path, .role = STORE_GATEWAY };
	struct crowd c = { .left = (long long)writes };
	pthread_t t[THREADS_MAX];
	struct gw_err e;
	int64_t us;
	bool made;

	if (store_migrate(path, SCHEMA_GATEWAY, true, &made, &e) || store_open(&c.st, &o, &e))
		fail(&e);
	atomic_store(&syncs, 0);
	us = clock_mono_us();
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&t[i], NULL, member, &c))
			abort();
	for (unsigned i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
	us = clock_mono_us() - us;
	*per_group = atomic_load(&syncs) ? writes / atomic_load(&syncs) : writes;
	store_close(c.st);
	for (unsigned i = 0; i < sizeof rest / sizeof rest[0]; i++) {
		char name[4200];

		snprintf(name, sizeof name, "%s%s", path, rest[i]);
		unlink(name);
	}
	return writes * 1000000 / (uint64_t)us;
}

static int by_size(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t number(const char *text, uint64_t max)
{
	uint64_t v;

	if (!str_u64(str_c(text), &v) || !v || v > max) {
		fprintf(stderr, "groupcommit: %s: expected a number from 1 to %llu\n", text,
			(unsigned long long)max);
		exit(2);
	}
	return v;
}

int main(int argc, char **argv)
{
	uint64_t with[ROUNDS_MAX], without[ROUNDS_MAX], writes = 20000, group = 0, unused;
	unsigned threads = 64, rounds = 5;
	char path[4096];
	int opt;

	while ((opt = getopt(argc, argv, "t:n:r:")) != -1) {
		if (opt == 't')
			threads = (unsigned)number(optarg, THREADS_MAX);
		else if (opt == 'n')
			writes = number(optarg, 100000000);
		else if (opt == 'r')
			rounds = (unsigned)number(optarg, ROUNDS_MAX);
		else
			return 2;
	}
	if (optind != argc - 1) {
		fputs("usage: groupcommit [-t THREADS] [-n WRITES] [-r ROUNDS] DIRECTORY\n",
		      stderr);
		return 2;
	}
	snprintf(path, sizeof path, "%s/groupcommit-%ld.db", argv[optind], (long)getpid());
	for (unsigned r = 0; r < rounds; r++) {
		atomic_store(&sync_off, true);
		without[r] = run(path, threads, writes, &unused);
		atomic_store(&sync_off, false);
		with[r] = run(path, threads, writes, &group);
	}
	qsort(with, rounds, sizeof *with, by_size);
	qsort(without, rounds, sizeof *without, by_size);
	printf("{\"threads\":%u,\"writes\":%llu,\"rounds\":%u,\"per_second\":%llu,"
	       "\"per_second_without_sync\":%llu,\"writes_per_sync\":%llu,\"ratio_percent\":%llu}\n",
	       threads, (unsigned long long)writes, rounds, (unsigned long long)with[rounds / 2],
	       (unsigned long long)without[rounds / 2], (unsigned long long)group,
	       (unsigned long long)(with[rounds / 2] * 100 / without[rounds / 2]));
	return 0;
}
