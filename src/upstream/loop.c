/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "upstream/loop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "util/clock.h"

enum {
	EVENTS = 64, /* of one turn */
	RUNS = 4,    /* of libcurl's timers in one turn */
	FULL_TURNS = 64, /* one after the other, before the transfers are looked through all the same */
	/* Without any transfer for so long, all kept connections are given up. */
	IDLE_MAX_MS = 60000,
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
	STACK = 2 << 20
#else
	STACK = 512 << 10 /* TLS handshakes and meters run here */
#endif
};

/* epoll's 64 bits: 0 is the eventfd; odd, a socket of libcurl's; else the transfer whose client it is. */
#define WAKE 0
#define SOCKET(fd) ((uint64_t)(unsigned)(fd) << 1 | 1)

struct loop {
	pthread_t thread;
	int epoll, wake;
	unsigned max_connections;

	pthread_mutex_t lock; /* guards what follows */
	struct transfer *queue, **queue_end; /* to start, or to go on */
	bool quit;

	/* the loop's own */
	CURLM *multi;
	struct transfer *running; /* neither paused nor ended */
	struct transfer *heard;	  /* in this turn */
	struct transfer *done;	  /* their callers are to be woken at the turn's end */
	unsigned carried;	  /* transfers that libcurl has */
	bool used;		  /* since connections were given up */
	int64_t now_ms;
	int64_t libcurl_ms; /* when libcurl wants its timers run; -1 never */
	int64_t scan_ms;    /* when the transfers are looked through; -1 never */
	unsigned put_off;   /* turns since that was due */
	int64_t idle_ms;    /* when connections are given up; -1: there are none */
};

/* ---- libcurl's sockets and timers ---- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct loop *l = arg;
	struct epoll_event ev = { .events = ((unsigned)what & CURL_POLL_IN ? EPOLLIN : 0u) |
					    ((unsigned)what & CURL_POLL_OUT ? EPOLLOUT : 0u),
				  .data.u64 = SOCKET(fd) };

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		(void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, &ev);
		(void)curl_multi_assign(l->multi, fd, NULL);
		return 0;
	}
	/* a number that was closed and opened again is not what was known */
	if (!known || (epoll_ctl(l->epoll, EPOLL_CTL_MOD, fd, &ev) && errno == ENOENT))
		if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) && errno == EEXIST)
			(void)epoll_ctl(l->epoll, EPOLL_CTL_MOD, fd, &ev);
	if (!known)
		(void)curl_multi_assign(l->multi, fd, l);
	return 0;
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
	struct loop *l = arg;

	(void)multi;
	l->libcurl_ms = ms < 0 ? -1 : l->now_ms + ms;
	return 0;
}

static bool open_multi(struct loop *l)
{
	l->multi = curl_multi_init();
	if (!l->multi)
		return false;
	curl_multi_setopt(l->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(l->multi, CURLMOPT_SOCKETDATA, l);
	curl_multi_setopt(l->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(l->multi, CURLMOPT_TIMERDATA, l);
	curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, (long)l->max_connections);
	/* One stream on each connection, so that one that is paused or cut off hurts no other. */
	curl_multi_setopt(l->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	l->libcurl_ms = l->idle_ms = -1;
	l->used = false;
	return true;
}

/* ---- one transfer ---- */

static void link_running(struct loop *l, struct transfer *t)
{
	t->prev = NULL;
	t->next = l->running;
	if (t->next)
		t->next->prev = t;
	l->running = t;
}

static void unlink_running(struct loop *l, struct transfer *t)
{
	*(t->prev ? &t->prev->next : &l->running) = t->next;
	if (t->next)
		t->next->prev = t->prev;
}

static void watch_client(struct loop *l, struct transfer *t)
{
	struct epoll_event ev = { .events = EPOLLRDHUP, .data.ptr = t };

	if (t->client >= 0)
		(void)epoll_ctl(l->epoll, EPOLL_CTL_ADD, t->client, &ev);
}

static void unwatch_client(struct loop *l, struct transfer *t)
{
	struct epoll_event ev = { 0 };

	if (t->client >= 0)
		(void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, t->client, &ev);
}

static void run_from_now(struct loop *l, struct transfer *t)
{
	int64_t tick = l->now_ms + LOOP_TICK_MS;

	t->state = TRANSFER_RUNS;
	link_running(l, t);
	watch_client(l, t);
	if (l->scan_ms < 0 || tick < l->scan_ms)
		l->scan_ms = tick;
	if (t->due_ms < l->scan_ms)
		l->scan_ms = t->due_ms;
}

/* It runs no more; its caller will be told so when the turn is over: until then events may point at it. */
static void set_aside(struct loop *l, struct transfer *t)
{
	if (t->state == TRANSFER_RUNS) {
		unlink_running(l, t);
		unwatch_client(l, t);
	}
	t->next = l->done;
	l->done = t;
}

static void end(struct loop *l, struct transfer *t, CURLcode code)
{
	(void)curl_multi_remove_handle(l->multi, t->easy);
	l->carried--;
	set_aside(l, t);
	t->code = code;
	t->state = TRANSFER_ENDED;
}

static void pause_transfer(struct loop *l, struct transfer *t)
{
	(void)curl_easy_pause(t->easy, CURLPAUSE_RECV);
	set_aside(l, t);
	t->state = TRANSFER_PAUSED;
}

static void go_next(struct loop *l, struct transfer *t, enum transfer_next next)
{
	switch (next) {
	case TRANSFER_END:
		end(l, t, CURLE_ABORTED_BY_CALLBACK);
		break;
	case TRANSFER_PAUSE:
		pause_transfer(l, t);
		break;
	case TRANSFER_GO:
		if (t->due_ms < l->scan_ms)
			l->scan_ms = t->due_ms;
		break;
	}
}

void transfer_heard(struct transfer *t)
{
	if (t->heard)
		return;
	t->heard = true;
	t->next_heard = t->loop->heard;
	t->loop->heard = t;
}

/* Right behind each call into libcurl, so that what one read has brought goes out before the next. */
static void take_heard(struct loop *l)
{
	struct transfer *t;

	while ((t = l->heard)) {
		l->heard = t->next_heard;
		t->heard = false;
		if (t->state != TRANSFER_RUNS)
			continue;
		go_next(l, t, t->ops->heard(t, clock_mono_ms()));
	}
}

static void take_finished(struct loop *l)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(l->multi, &left))) {
		CURLcode code = m->data.result;
		struct transfer *t;

		if (m->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t) != CURLE_OK)
			continue;
		if (t->state == TRANSFER_RUNS) {
			end(l, t, code);
		} else { /* its caller is at work for what came before */
			t->finished = true;
			t->code = code;
		}
	}
}

static void begin(struct loop *l, struct transfer *t)
{
	if (curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t) != CURLE_OK ||
	    curl_multi_add_handle(l->multi, t->easy) != CURLM_OK) {
		t->refused = true;
		set_aside(l, t);
		t->state = TRANSFER_ENDED;
		return;
	}
	l->carried++;
	l->used = true;
	l->idle_ms = -1;
	run_from_now(l, t);
}

static void go_on(struct loop *l, struct transfer *t)
{
	CURLcode code;

	if (t->finished || t->give_up) {
		end(l, t, t->finished ? t->code : CURLE_ABORTED_BY_CALLBACK);
		return;
	}
	run_from_now(l, t);
	/* hands over what it has kept, from inside */
	code = curl_easy_pause(t->easy, CURLPAUSE_CONT);
	take_heard(l);
	if (code != CURLE_OK && t->state == TRANSFER_RUNS)
		end(l, t, code);
}

/* ---- the thread ---- */

static bool take_queue(struct loop *l)
{
	struct transfer *t, *next;
	uint64_t n;
	bool quit;

	(void)!read(l->wake, &n, sizeof n);
	pthread_mutex_lock(&l->lock);
	t = l->queue;
	l->queue = NULL;
	l->queue_end = &l->queue;
	quit = l->quit;
	pthread_mutex_unlock(&l->lock);
	for (; t; t = next) {
		next = t->next;
		if (t->state == TRANSFER_NEW)
			begin(l, t);
		else
			go_on(l, t);
	}
	return !quit;
}

static void socket_ready(struct loop *l, const struct epoll_event *ev)
{
	int running, what = (ev->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
			    (ev->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
			    (ev->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

	(void)curl_multi_socket_action(l->multi, (curl_socket_t)(ev->data.u64 >> 1), what, &running);
	take_heard(l);
}

static void client_left(struct loop *l, struct transfer *t)
{
	take_finished(l);	       /* what came whole is whole, whoever has left since */
	if (t->state != TRANSFER_RUNS) /* it ended earlier in this turn */
		return;
	t->ops->hung_up(t);
	end(l, t, CURLE_ABORTED_BY_CALLBACK);
}

static void run_timers(struct loop *l)
{
	int running;

	/* what asks for another run at once gets it, but not before everybody else's turn for ever */
	for (int i = 0; i < RUNS && l->libcurl_ms >= 0 && l->libcurl_ms <= l->now_ms; i++) {
		l->libcurl_ms = -1;
		(void)curl_multi_socket_action(l->multi, CURL_SOCKET_TIMEOUT, 0, &running);
		take_heard(l);
	}
}

/*
 * After a while in which this thread did not run, all transfers look silent; what has come for them is
 * heard before they are judged.
 */
static bool scan_is_due(struct loop *l, bool more_has_come)
{
	if (l->scan_ms < 0 || l->scan_ms > l->now_ms)
		return false;
	return !more_has_come || ++l->put_off > FULL_TURNS;
}

static void scan(struct loop *l)
{
	struct transfer *t, *next;

	l->put_off = 0;
	l->scan_ms = l->running ? l->now_ms + LOOP_TICK_MS : -1;
	for (t = l->running; t; t = next) {
		next = t->next;
		go_next(l, t, t->ops->tick(t, l->now_ms));
	}
}

static void wake_callers(struct loop *l)
{
	struct transfer *t, *next;

	for (t = l->done, l->done = NULL; t; t = next) {
		next = t->next;
		(void)sem_post(&t->turn); /* from here on it is its caller's */
	}
}

/* libcurl looks at kept connections only when it needs one. */
static void give_up_connections(struct loop *l)
{
	curl_multi_cleanup(l->multi);
	if (!open_multi(l))
		abort();
}

static int sleep_ms(const struct loop *l)
{
	const int64_t times[] = { l->libcurl_ms, l->scan_ms, l->idle_ms };
	int64_t left = INT32_MAX;

	for (unsigned i = 0; i < sizeof times / sizeof times[0]; i++)
		if (times[i] >= 0 && times[i] - l->now_ms < left)
			left = times[i] - l->now_ms;
	return left == INT32_MAX ? -1 : left > 0 ? (int)left : 0;
}

static void *loop_main(void *arg)
{
	struct loop *l = arg;
	struct epoll_event ev[EVENTS];
	bool stay = true;

	while (stay) {
		int n = epoll_wait(l->epoll, ev, EVENTS, sleep_ms(l));

		l->now_ms = clock_mono_ms();
		for (int i = 0; i < n; i++)
			if (ev[i].data.u64 == WAKE)
				stay = take_queue(l);
			else if (ev[i].data.u64 & 1)
				socket_ready(l, &ev[i]);
			else
				client_left(l, ev[i].data.ptr);
		run_timers(l);
		take_finished(l);
		if (scan_is_due(l, n == EVENTS))
			scan(l);
		wake_callers(l);
		if (l->idle_ms >= 0 && l->idle_ms <= l->now_ms)
			give_up_connections(l);
		else if (!l->carried && l->used && l->idle_ms < 0)
			l->idle_ms = l->now_ms + IDLE_MAX_MS;
	}
	return NULL;
}

/* ---- from outside ---- */

static int start_thread(struct loop *l)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	/* signals are for the others */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&l->thread, &attr, loop_main, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

static void loop_clear(struct loop *l)
{
	if (l->multi)
		curl_multi_cleanup(l->multi);
	if (l->epoll >= 0)
		close(l->epoll);
	if (l->wake >= 0)
		close(l->wake);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

struct loop *loop_new(unsigned max_connections, struct gw_err *e)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = WAKE };
	struct loop *l = calloc(1, sizeof *l);

	if (!l)
		abort();
	l->max_connections = max_connections;
	l->queue_end = &l->queue;
	l->scan_ms = -1;
	l->now_ms = clock_mono_ms();
	pthread_mutex_init(&l->lock, NULL);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->epoll < 0 || l->wake < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake, &ev) ||
	    !open_multi(l) || start_thread(l)) {
		(void)gw_fail(e, GWE_OVERLOADED, errno,
			      "the gateway has no room for upstream connections");
		gw_err_add(e, "look at the limits of open files and of threads");
		loop_clear(l);
		return NULL;
	}
	return l;
}

/* With the lock held the queue is changed; only the first of a turn has to wake the loop. */
static void enqueue(struct loop *l, struct transfer *t)
{
	const uint64_t one = 1;
	bool first;

	t->next = NULL;
	pthread_mutex_lock(&l->lock);
	first = !l->queue;
	*l->queue_end = t;
	l->queue_end = &t->next;
	pthread_mutex_unlock(&l->lock);
	if (first)
		(void)!write(l->wake, &one, sizeof one);
}

void loop_free(struct loop *l)
{
	const uint64_t one = 1;

	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->quit = true;
	pthread_mutex_unlock(&l->lock);
	(void)!write(l->wake, &one, sizeof one);
	pthread_join(l->thread, NULL);
	loop_clear(l);
}

/* Until it ended or paused. */
static void sleep_until_turn(struct transfer *t, bool *long_yet)
{
	struct timespec until;

	if (!*long_yet) {
		/* the wall clock, because nothing hangs on when it is */
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += LOOP_TICK_MS * 1000000L;
		if (until.tv_nsec >= 1000000000L) {
			until.tv_nsec -= 1000000000L;
			until.tv_sec++;
		}
		for (;;) {
			if (sem_timedwait(&t->turn, &until) == 0)
				return;
			if (errno != EINTR)
				break;
		}
		*long_yet = true;
		t->ops->takes_long(t);
	}
	while (sem_wait(&t->turn) && errno == EINTR)
		;
}

int loop_carry(struct loop *l, struct transfer *t, struct gw_err *e)
{
	bool long_yet = false;

	t->loop = l;
	t->state = TRANSFER_NEW;
	t->heard = t->finished = t->give_up = t->refused = false;
	sem_init(&t->turn, 0, 0);
	enqueue(l, t);
	for (;;) {
		sleep_until_turn(t, &long_yet);
		if (t->state == TRANSFER_ENDED)
			break;
		t->give_up = !t->ops->make_room(t);
		enqueue(l, t);
	}
	sem_destroy(&t->turn);
	return t->refused ? gw_fail_priv(e, GWE_INTERNAL, 0, "libcurl does not take the transfer")
			  : 0;
}
