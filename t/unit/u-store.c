/* SPDX-License-Identifier: Apache-2.0 */
/* store: group commit, undoing alone, recovery of rows, schema checks. */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"
#include "store/usage_report.h"
#include "store/usage_rows.h"
#include "tap.h"
#include "util/buf.h"

static char dir[] = "/tmp/u-store.XXXXXX", path[64];

static struct usage_start row(const char *request)
{
	return (struct usage_start){ .request_id = str_c(request),
				     .did = STR_LIT("did:rooch:x"),
				     .provider = STR_LIT("openai"),
				     .api = STR_LIT("chat"),
				     .method = STR_LIT("POST"),
				     .path = STR_LIT("/v1/chat/completions"),
				     .owner = STR_LIT("1:1"),
				     .started_ms = 1000,
				     .lease_until_ms = 5000,
				     .bound_pico = 7 };
}

struct work {
	const char *request;
	bool fail;
	int64_t id;
};

static int start_row(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct work *w = arg;
	struct usage_start u = row(w->request);

	if (usage_start_tx(c, &u, &w->id, e))
		return -1;
	return w->fail ? gw_fail(e, GWE_CONFLICT, 0, "on purpose") : 0;
}

static int count_rows(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct usage_filter f = { .until_ms = INT64_MAX };
	struct usage_report r;
	int rc;

	usage_report_init(&r, USAGE_BY_DAY);
	rc = usage_report_read(&r, c, &f, e);
	*(int64_t *)arg = (int64_t)r.total.requests;
	usage_report_clear(&r);
	return rc;
}

static int64_t rows(void)
{
	struct store_options o = { .path = path, .role = STORE_ADMIN, .read_only = true };
	struct store *st;
	struct gw_err e;
	int64_t n = -1;

	if (store_open(&st, &o, &e))
		return -1;
	if (store_read(st, count_rows, &n, &e))
		n = -1;
	store_close(st);
	return n;
}

enum { THREADS = 8, EACH = 50 };
struct crowd {
	struct store *st;
	int good, bad;
};

static void *many(void *arg)
{
	struct crowd *c = arg;
	struct gw_err e;

	for (int i = 0; i < EACH; i++) {
		struct work w = { .request = "r", .fail = i % 5 == 0 };

		if (!store_write(c->st, "start", start_row, &w, &e))
			__atomic_fetch_add(&c->good, 1, __ATOMIC_RELAXED);
		else if (e.code == GWE_CONFLICT)
			__atomic_fetch_add(&c->bad, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static int finish_row(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct usage_finish f = { .outcome = OUTCOME_OK,
					.status = 200,
					.first_byte_ms = -1,
					.finished_ms = 2000,
					.cost_known = true,
					.cost_pico = 5,
					.input_tokens = -1,
					.output_tokens = -1,
					.cached_tokens = -1 };

	return usage_finish_tx(c, *(int64_t *)arg, &f, e);
}

static int recover(struct store_conn *c, void *arg, struct gw_err *e)
{
	return usage_recover_tx(c, 6000, arg, e);
}

static void check_group(void)
{
	struct store_options o = { .path = path, .role = STORE_GATEWAY };
	struct crowd crowd = { 0 };
	pthread_t t[THREADS];
	struct gw_err e;
	struct work w = { .request = "alone", .fail = true };
	int64_t id, lost = 0, version1 = 0, version2 = 0;

	OK(!store_open(&crowd.st, &o, &e), "opens in the gateway's role");
	OK(store_write(crowd.st, "start", start_row, &w, &e) && e.code == GWE_CONFLICT,
	   "a function's own error comes back");
	OK(rows() == 0, "and its work is undone");
	OK(!store_data_version(crowd.st, &version1, &e), "the data version is readable");
	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, many, &crowd);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	OK(crowd.good == THREADS * EACH * 4 / 5 && crowd.bad == THREADS * EACH / 5,
	   "each of a group has its own result");
	OK(rows() == crowd.good, "and only the good ones are stored");
	OK(!store_data_version(crowd.st, &version2, &e) && version2 != version1,
	   "a commit changes the data version");
	w = (struct work){ .request = "one" };
	OK(!store_write(crowd.st, "start", start_row, &w, &e), "a row is started");
	id = w.id;
	OK(!store_write(crowd.st, "finish", finish_row, &id, &e), "and finished");
	OK(store_write(crowd.st, "finish", finish_row, &id, &e) && e.code == GWE_CONFLICT,
	   "but only once");
	OK(!store_write(crowd.st, "recover", recover, &lost, &e) && lost == crowd.good,
	   "rows of a process whose lease has passed are lost");
	OK(!store_write(crowd.st, "recover", recover, &lost, &e) && lost == 0, "once");
	store_close(crowd.st);
}

/* What was acknowledged before a kill is there. */
static void check_kill(void)
{
	struct store_options o = { .path = path, .role = STORE_GATEWAY };
	int64_t before = rows(), told = 0;
	int ends[2], status;
	pid_t pid;
	char byte;

	if (pipe(ends))
		abort();
	pid = fork();
	if (pid == 0) {
		struct store *st;
		struct gw_err e;

		if (store_open(&st, &o, &e))
			_exit(1);
		for (;;) {
			struct work w = { .request = "kill" };

			if (store_write(st, "start", start_row, &w, &e) ||
			    write(ends[1], "x", 1) != 1)
				_exit(1);
		}
	}
	close(ends[1]);
	while (told < 20 && read(ends[0], &byte, 1) == 1)
		told++;
	kill(pid, SIGKILL);
	while (read(ends[0], &byte, 1) == 1)
		told++;
	waitpid(pid, &status, 0);
	close(ends[0]);
	OK(told >= 20 && rows() >= before + told && rows() <= before + told + 1,
	   "what was acknowledged survives a kill, and at most the write in work besides");
}

static void check_limits(void)
{
	struct store_options o = { .path = path, .role = STORE_ADMIN };
	struct store *st = NULL;
	struct gw_err e;
	bool made = true;

	o.path = "/nonexistent/gateway.db";
	OK(store_open(&st, &o, &e) && e.code == GWE_CONFIG && strstr(e.pub, "migrate"),
	   "a missing file is refused: %s", e.pub);
	OK(!store_migrate(path, SCHEMA_GATEWAY, false, &made, &e) && !made,
	   "migrating again changes nothing");
	o = (struct store_options){ .path = path, .role = STORE_DEVNODE };
	OK(store_open(&st, &o, &e) && e.code == GWE_CONFIG,
	   "the database of another schema is refused: %s", e.pub);
}

int main(void)
{
	struct gw_err e;
	bool made = false;

	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof path, "%s/gateway.db", dir);
	OK(!store_migrate(path, SCHEMA_GATEWAY, true, &made, &e) && made, "a database is made: %s",
	   e.pub);
	check_group();
	check_kill();
	check_limits();
	unlink(path);
	rmdir(dir);
	return TAP_END;
}
