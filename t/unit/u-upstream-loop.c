/* SPDX-License-Identifier: Apache-2.0 */
/* Much has come, and time has passed, when a thread of the pool gets to run again. Its clock is ours. */
#include "config.h"

#include <linux/sockios.h>
#include <stdatomic.h>
#include <sys/ioctl.h>

#include "util/clock.h"

static _Atomic int64_t ahead_ms;

static int64_t mono_ms(void)
{
	return clock_mono_ms() + atomic_load(&ahead_ms);
}

#define clock_mono_ms mono_ms
#include "upstream/loop.c"     /* NOLINT(bugprone-suspicious-include): the clock is replaced */
#include "upstream/upstream.c" /* NOLINT(bugprone-suspicious-include) */
#undef clock_mono_ms

#include "server.h"
#include "tap.h"

static struct upstream_pool *pool;
static char url[128];

/* ---- what the server does ---- */

static atomic_bool may_go_on;
static atomic_int finished;

static void wait_for(atomic_bool *flag)
{
	while (!atomic_load(flag))
		usleep(1000);
}

/* The second byte comes when it may; it has arrived when finished counts it. */
static bool in_two(int fd, int conn, int n, const struct request *rq)
{
	int left = 1;

	(void)conn, (void)n, (void)rq;
	put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na");
	wait_for(&may_go_on);
	put(fd, "b");
	while (ioctl(fd, SIOCOUTQ, &left) == 0 && left > 0)
		usleep(1000);
	atomic_fetch_add(&finished, 1);
	return true;
}

static bool at_once(int fd, int conn, int n, const struct request *rq)
{
	(void)conn, (void)n, (void)rq;
	put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab");
	return true;
}

static bool half(int fd, int conn, int n, const struct request *rq)
{
	(void)conn, (void)n, (void)rq;
	put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na");
	until_closed(fd);
	return false;
}

/* ---- callers ---- */

static atomic_bool frozen; /* the pool's threads, as soon as they tick */
static atomic_int begun, ticking;

struct caller {
	pthread_t thread;
	int client;
	size_t got;
	bool full, fills_up;	   /* with the first piece */
	bool fills_late, was_full; /* at a tick */
	int rooms;
	struct upstream_result res;
};

static bool body(void *arg, const char *p, size_t n)
{
	struct caller *c = arg;

	(void)p;
	c->full = c->fills_up && !c->got;
	if (!c->got)
		atomic_fetch_add(&begun, 1);
	c->got += n;
	return true;
}

static bool tick(void *arg)
{
	struct caller *c = arg;

	if (c->fills_late && c->got && !c->was_full)
		c->full = c->was_full = true;
	if (!atomic_load(&frozen))
		return true;
	atomic_fetch_add(&ticking, 1);
	while (atomic_load(&frozen))
		usleep(1000);
	return true;
}

static bool full(void *arg)
{
	return ((struct caller *)arg)->full;
}

static bool room(void *arg)
{
	struct caller *c = arg;

	if (c->fills_late)
		atomic_store(&may_go_on, true);
	else
		atomic_fetch_add(&ahead_ms, 1000000);
	c->rooms++;
	c->full = false;
	return true;
}

static void *call(void *arg)
{
	struct caller *c = arg;
	const struct upstream_handler h = {
		.arg = c, .on_body = body, .on_tick = tick, .full = full, .make_room = room
	};
	struct upstream_request rq = { .method = "GET", .url = url, .watch_fd = c->client };
	struct gw_err e;

	if (upstream_call(pool, &rq, &h, &c->res, &e))
		abort();
	return NULL;
}

static void start(struct caller *c, int client)
{
	*c = (struct caller){ .client = client };
	if (pthread_create(&c->thread, NULL, call, c))
		abort();
}

static void fresh_pool(struct upstream_options o)
{
	upstream_pool_free(pool);
	pool = upstream_pool_new(&o);
	atomic_store(&may_go_on, false);
	atomic_store(&finished, 0);
	atomic_store(&begun, 0);
	atomic_store(&ticking, 0);
	atomic_store(&serve, in_two);
}

static void freeze(void)
{
	atomic_store(&frozen, true);
	while (atomic_load(&ticking) == 0)
		usleep(1000);
}

/* ---- the tests ---- */

/* More on each thread of the pool than it hears of at once. */
static void test_backlog(void)
{
	enum { CROWD = 400 };
	static struct caller c[CROWD];
	int whole = 0;

	fresh_pool((struct upstream_options){ .slots = CROWD, .idle_ms = 600000 });
	for (int i = 0; i < CROWD; i++)
		start(&c[i], -1);
	while (atomic_load(&begun) < CROWD)
		usleep(1000);
	freeze();
	atomic_store(&may_go_on, true);
	while (atomic_load(&finished) < CROWD)
		usleep(1000);
	atomic_fetch_add(&ahead_ms, 600001);
	atomic_store(&frozen, false);
	for (int i = 0; i < CROWD; i++) {
		pthread_join(c[i].thread, NULL);
		whole += c[i].res.outcome == UP_DONE && c[i].got == 2;
	}
	OK(whole == CROWD, "nobody is called silent whose words had come (%d of %d)", whole, CROWD);
}

static void test_leaves_at_the_end(void)
{
	struct caller c;
	int fd[2];

	fresh_pool((struct upstream_options){ .slots = 1 });
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		abort();
	start(&c, fd[0]);
	while (atomic_load(&begun) == 0)
		usleep(1000);
	freeze();
	atomic_store(&may_go_on, true);
	while (atomic_load(&finished) == 0)
		usleep(1000);
	close(fd[1]);
	atomic_store(&frozen, false);
	pthread_join(c.thread, NULL);
	close(fd[0]);
	OK(c.res.outcome == UP_DONE && c.got == 2,
	   "an answer that had come whole is whole, although the client has left since: %s",
	   c.res.message);
}

static void test_room_takes_long(void)
{
	struct caller c = { .client = -1, .fills_up = true };

	fresh_pool((struct upstream_options){ .slots = 1, .total_ms = 900000 });
	atomic_store(&serve, at_once);
	call(&c);
	OK(c.res.outcome == UP_DONE && c.got == 2 && c.rooms == 1,
	   "an answer that came in time is whole, however long its client takes: %s", c.res.message);
	atomic_store(&serve, half);
	c = (struct caller){ .client = -1, .fills_up = true };
	call(&c);
	OK(c.res.outcome == UP_STALLED && c.got == 1 && c.rooms == 1,
	   "one that has not ended by then has had its time: %s", c.res.message);
}

/* As when a stream's last words, which were kept back, go out after a while. */
static void test_full_at_a_tick(void)
{
	struct caller c = { .client = -1, .fills_late = true };

	fresh_pool((struct upstream_options){ .slots = 1, .idle_ms = 10000 });
	call(&c);
	OK(c.res.outcome == UP_DONE && c.got == 2 && c.rooms == 1,
	   "room is made for what a tick has passed on: %s", c.res.message);
	atomic_store(&may_go_on, true);
}

int main(void)
{
	struct gw_err e;
	pthread_t t;
	int port, listener = listen_somewhere(&port);

	snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
	OK(upstream_global_init(&e) == 0, "libcurl is fit for use");
	if (pthread_create(&t, NULL, acceptor, (void *)(intptr_t)listener))
		abort();
	test_backlog();
	test_leaves_at_the_end();
	test_room_takes_long();
	test_full_at_a_tick();
	upstream_pool_free(pool);
	shutdown(listener, SHUT_RDWR);
	pthread_join(t, NULL);
	close(listener);
	while (atomic_load(&serving) > 0)
		usleep(1000);
	return TAP_END;
}
