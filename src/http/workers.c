/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "http/workers.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/log.h"

enum {
	MIN_IDLE = 3,	  /* that wait for a connection */
	SPARE = 16,	  /* threads above max_busy, to say so to the others */
	TRIM_TICKS = 10,  /* ticks that a thread may wait in vain */
	LINGER_MS = 2000, /* for a web server that is still sending when we have answered */
	WAKE_SIGNAL = SIGUSR2,
	ARENA_MAX = 64 << 20,
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
	STACK = 2 << 20
#else
	STACK = 256 << 10
#endif
};

struct worker {
	struct workers *all;
	pthread_t thread;
	struct worker *next; /* in one of the two lists */
	bool waiting, leave; /* guarded by all->lock */
	FCGX_Request fcgx;
	struct arena arena;
	struct worker_slot slot;
	char out[REPLY_OUT];
};

struct workers {
	struct workers_options o;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	struct worker *running, *dead; /* dead: to be joined */
	unsigned total, idle, busy;
	unsigned most_busy[TRIM_TICKS], tick; /* of the last ticks */
	bool retired;
	unsigned refused_threads;
};

static void on_wake(int sig)
{
	(void)sig;
}

static void *worker_main(void *arg);

/* With the lock held. */
static bool start_one(struct workers *w)
{
	struct worker *t = calloc(1, sizeof *t);
	pthread_attr_t attr;
	int r;

	if (!t)
		abort();
	t->all = w;
	t->waiting = true;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	r = pthread_create(&t->thread, &attr, worker_main, t);
	pthread_attr_destroy(&attr);
	if (r != 0) {
		free(t);
		w->refused_threads++;
		return false;
	}
	t->next = w->running;
	w->running = t;
	w->total++;
	w->idle++;
	return true;
}

/* ---- one connection ---- */

static void set_timeouts(int fd, unsigned read_ms)
{
	struct timeval in = { read_ms / 1000, (suseconds_t)(read_ms % 1000) * 1000 },
		       out = { REPLY_SEND_TIMEOUT_S, 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &in, sizeof in);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &out, sizeof out);
}

/*
 * Close without taking our answer away from a peer that is still sending: what it sends after a close
 * would make its kernel drop what it has not read.
 */
static void close_gently(int fd, bool unread, char trash[REPLY_OUT])
{
	int64_t until = clock_mono_ms() + LINGER_MS;
	ssize_t n;

	while ((n = recv(fd, trash, REPLY_OUT, MSG_DONTWAIT)) > 0)
		;
	if (n < 0 && unread && shutdown(fd, SHUT_WR) == 0) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left;

		while ((left = until - clock_mono_ms()) > 0) {
			if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
				break;
			n = recv(fd, trash, REPLY_OUT, MSG_DONTWAIT);
			if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
				break;
		}
	}
	close(fd);
}

/* Serve the request that comes on @fd. True: the web server wants to keep the connection, and may. */
static bool serve(struct worker *t, int fd, bool overloaded)
{
	struct http_request rq;
	struct http_reply rp;
	struct gw_err e = { 0 };
	bool bad, keep;

	/* Told that it has a kept connection, libfcgi reads from this one; it never accepts itself,
	 * so that a thread can be woken while it waits, and only then. */
	t->fcgx.ipcFd = fd;
	t->fcgx.keepConnection = 1;
	if (FCGX_Accept_r(&t->fcgx) != 0) {
		FCGX_Free(&t->fcgx, 0);
		if (t->fcgx.ipcFd >= 0)
			close(t->fcgx.ipcFd);
		t->fcgx.ipcFd = -1;
		return false;
	}
	/* Replies are written past libfcgi: what it keeps for them would be dead weight of every stream. */
	FCGX_FreeStream(&t->fcgx.out);
	FCGX_FreeStream(&t->fcgx.err);
	rq.fcgx = &t->fcgx;
	rq.arena = &t->arena;
	rq.slot = &t->slot;
	rq.fd = fd;
	rq.conf = NULL;
	bad = http_request_init(&rq, t->fcgx.envp, &e) < 0;
	http_reply_init(&rp, &rq, t->out, (unsigned)t->fcgx.requestId);
	t->all->o.serve(t->all->o.arg, &rq, &rp, overloaded, bad ? &e : NULL);
	(void)http_reply_end(&rp);
	http_reply_clear(&rp);
	arena_clear(&t->arena);
	keep = t->fcgx.keepConnection && rq.body_ended && rp.ended && !rp.gone;
	FCGX_Free(&t->fcgx, 0);
	t->fcgx.ipcFd = -1;
	if (!keep)
		close_gently(fd, !rq.body_ended, t->out);
	return keep;
}

/* The next connection; -1: this thread has to end. */
static int take_connection(struct worker *t)
{
	struct workers *w = t->all;

	for (;;) {
		bool leave;
		int fd;

		pthread_mutex_lock(&w->lock);
		/* of a socket of our own the queue is served to its end (it does not block any more) */
		leave = t->leave || (w->retired && !w->o.listener->own);
		pthread_mutex_unlock(&w->lock);
		if (leave)
			return -1;
		fd = accept4(w->o.listener->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			return fd;
		if (errno == EAGAIN && w->o.listener->own)
			return -1;
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			(void)poll(NULL, 0, 50); /* until somebody has closed something */
		else if (errno == EBADF || errno == EINVAL || errno == ENOTSOCK)
			return -1;
	}
}

/* The thread has work: see to it that others wait. Returns whether this is one too many. */
static bool become_busy(struct worker *t)
{
	struct workers *w = t->all;
	bool overloaded;

	pthread_mutex_lock(&w->lock);
	t->waiting = false;
	w->idle--;
	w->busy++;
	overloaded = w->busy > w->o.max_busy;
	if (w->busy > w->most_busy[w->tick])
		w->most_busy[w->tick] = w->busy;
	if (w->idle < MIN_IDLE && !w->retired && w->total < w->o.max_busy + SPARE)
		(void)start_one(w);
	pthread_mutex_unlock(&w->lock);
	return overloaded;
}

static void become_idle(struct worker *t)
{
	struct workers *w = t->all;

	pthread_mutex_lock(&w->lock);
	t->waiting = true;
	w->idle++;
	w->busy--;
	pthread_mutex_unlock(&w->lock);
}

/* A kept connection has no request: may this thread go on waiting for one? */
static bool next_on_kept(struct worker *t, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t until = clock_mono_ms() + t->all->o.read_timeout_ms;

	for (;;) {
		bool leave;
		int r;

		pthread_mutex_lock(&t->all->lock);
		leave = t->leave || t->all->retired;
		pthread_mutex_unlock(&t->all->lock);
		if (leave || clock_mono_ms() >= until)
			return false;
		r = poll(&p, 1, 500);
		if (r > 0)
			return true;
		if (r < 0 && errno != EINTR)
			return false;
	}
}

static void *worker_main(void *arg)
{
	struct worker *t = arg;
	struct workers *w = t->all;
	sigset_t wake;
	int fd;

	sigemptyset(&wake);
	sigaddset(&wake, WAKE_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &wake, NULL);
	FCGX_InitRequest(&t->fcgx, -1, 0);
	arena_init(&t->arena, ARENA_MAX);
	while ((fd = take_connection(t)) >= 0) {
		bool kept;

		set_timeouts(fd, w->o.read_timeout_ms);
		do {
			kept = serve(t, fd, become_busy(t));
			become_idle(t);
		} while (kept && next_on_kept(t, fd));
		if (kept)
			close(fd);
	}
	if (t->slot.p)
		t->slot.release(t->slot.p);
	arena_free(&t->arena);
	pthread_mutex_lock(&w->lock);
	for (struct worker **p = &w->running; *p; p = &(*p)->next)
		if (*p == t) {
			*p = t->next;
			break;
		}
	t->next = w->dead;
	w->dead = t;
	w->total--;
	w->idle--;
	pthread_cond_broadcast(&w->ended);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* ---- all of them ---- */

int workers_start(struct workers **out, const struct workers_options *o, struct gw_err *e)
{
	struct sigaction sa = { .sa_handler = on_wake }; /* no SA_RESTART: accept returns */
	struct workers *w = calloc(1, sizeof *w);
	pthread_condattr_t monotonic;
	bool any;

	if (!w)
		abort();
	w->o = *o;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	sigaction(WAKE_SIGNAL, &sa, NULL);
	if (FCGX_Init() != 0) {
		workers_free(w);
		return gw_fail(e, GWE_CONFIG, 0, "libfcgi cannot be set up");
	}
	pthread_mutex_lock(&w->lock);
	for (unsigned i = 0; i < MIN_IDLE && start_one(w); i++)
		;
	any = w->total > 0;
	pthread_mutex_unlock(&w->lock);
	if (!any) {
		workers_free(w);
		return gw_fail(e, GWE_CONFIG, EAGAIN, "no thread can be started");
	}
	*out = w;
	return 0;
}

static void join_dead(struct workers *w)
{
	struct worker *t, *next;

	pthread_mutex_lock(&w->lock);
	t = w->dead;
	w->dead = NULL;
	pthread_mutex_unlock(&w->lock);
	for (; t; t = next) {
		next = t->next;
		pthread_join(t->thread, NULL);
		free(t);
	}
}

/* With the lock held: up to @n waiting threads are told to end. */
static void dismiss(struct workers *w, unsigned n)
{
	for (struct worker *t = w->running; t && n; t = t->next)
		if (t->waiting) {
			t->leave = true;
			n--;
			(void)pthread_kill(t->thread, WAKE_SIGNAL);
		}
}

void workers_trim(struct workers *w)
{
	unsigned most = 0, keep, refused;

	pthread_mutex_lock(&w->lock);
	for (unsigned i = 0; i < TRIM_TICKS; i++)
		if (w->most_busy[i] > most)
			most = w->most_busy[i];
	w->tick = (w->tick + 1) % TRIM_TICKS;
	w->most_busy[w->tick] = w->busy;
	keep = most + MIN_IDLE;
	if (w->total > keep)
		dismiss(w, w->total - keep);
	while (w->idle < MIN_IDLE && !w->retired && w->total < w->o.max_busy + SPARE &&
	       start_one(w))
		;
	refused = w->refused_threads;
	w->refused_threads = 0;
	pthread_mutex_unlock(&w->lock);
	if (refused)
		log_warn(
			"threads could not be started %u times: requests wait for one that is free",
			refused);
	join_dead(w);
}

unsigned workers_busy(struct workers *w)
{
	unsigned n;

	pthread_mutex_lock(&w->lock);
	n = w->busy;
	pthread_mutex_unlock(&w->lock);
	return n;
}

void workers_retire(struct workers *w)
{
	/* What waits in the queue of our own socket would be lost with it. A socket that was handed to
	 * us has other readers, or will have. */
	if (w->o.listener->own)
		(void)fcntl(w->o.listener->fd, F_SETFL,
			    fcntl(w->o.listener->fd, F_GETFL) | O_NONBLOCK);
	listener_retire(w->o.listener);
	pthread_mutex_lock(&w->lock);
	w->retired = true;
	pthread_mutex_unlock(&w->lock);
}

bool workers_wait(struct workers *w, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;
	bool done;

	pthread_mutex_lock(&w->lock);
	while (w->total && clock_mono_ms() < until) {
		struct timespec t;

		/* a signal that comes just before the system call is lost: hence again and again. Only
		 * those that wait get it: they sleep in accept, or at the begin of a kept connection. */
		for (struct worker *i = w->running; i; i = i->next)
			if (i->waiting)
				(void)pthread_kill(i->thread, WAKE_SIGNAL);
		clock_gettime(CLOCK_MONOTONIC, &t);
		t.tv_nsec += 50 * 1000000L;
		if (t.tv_nsec >= 1000000000L) {
			t.tv_nsec -= 1000000000L;
			t.tv_sec++;
		}
		(void)pthread_cond_timedwait(&w->ended, &w->lock, &t);
	}
	done = w->total == 0;
	pthread_mutex_unlock(&w->lock);
	join_dead(w);
	return done;
}

void workers_free(struct workers *w)
{
	join_dead(w);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->ended);
	free(w);
}
