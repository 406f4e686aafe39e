/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "http/responder.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "crypto/key.h"
#include "http/cors.h"
#include "http/workers.h"
#include "provider/provider.h"
#include "upstream/upstream.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	EXIT_OK = 0,
	EXIT_START = 1,
	EXIT_MISUSE = 2,
	TICK_MS = 1000,
	STOP_MS = 7000,	     /* from responder_must_stop to the end */
	FDS_PER_REQUEST = 4, /* web server, upstream (two while it connects), one to spare */
	FDS_MORE = 64,
	BODY_TIMEOUT_FALLBACK_MS = 60000
};

/* Settings that requests hold on to while a reload brings others. */
struct settings {
	atomic_uint refs;
	struct conf *conf;
};

struct responder {
	const struct responder_ops *ops;
	void *app;
	int argc; /* as it was given, for reloads */
	char **argv;
	const char *socket;
	bool check;

	struct settings *first; /* of the start, kept to the end */
	pthread_mutex_t lock;	/* guards current */
	struct settings *current;
	struct store *store;
	struct listener listener;
	struct workers *workers;
	char owner[64];
	int64_t started_ms;
	bool has_provider;
	enum provider_id provider;
	atomic_bool must_stop, ticking;
	pthread_t ticker;
	pthread_mutex_t tick_lock;
	pthread_cond_t tick_cond;
};

const struct conf *responder_conf(const struct responder *r)
{
	return r->first->conf;
}

const char *responder_provider(const struct responder *r)
{
	return r->ops->provider;
}

struct store *responder_store(const struct responder *r)
{
	return r->store;
}

struct str responder_owner(const struct responder *r)
{
	return str_c(r->owner);
}

bool responder_must_stop(const struct responder *r)
{
	return atomic_load_explicit(&r->must_stop, memory_order_relaxed);
}

int64_t responder_started_ms(const struct responder *r)
{
	return r->started_ms;
}

unsigned responder_busy(const struct responder *r)
{
	return workers_busy(r->workers);
}

/* ---- settings ---- */

static struct settings *settings_new(struct conf *c)
{
	struct settings *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	atomic_init(&s->refs, 1);
	s->conf = c;
	return s;
}

static struct settings *settings_take(struct responder *r)
{
	struct settings *s;

	pthread_mutex_lock(&r->lock);
	s = r->current;
	atomic_fetch_add(&s->refs, 1);
	pthread_mutex_unlock(&r->lock);
	return s;
}

static void settings_put(struct settings *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	conf_free(s->conf);
	free(s);
}

static char **copy_argv(int argc, char **argv)
{
	char **v = calloc((size_t)argc + 1, sizeof *v);

	for (int i = 0; v && i < argc; i++)
		v[i] = strdup(argv[i]);
	if (!v)
		abort();
	return v;
}

static void free_argv(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	free((void *)argv);
}

/* ---- command line ---- */

static void help(const struct responder_ops *ops)
{
	printf("Usage: %s [OPTION]...\n\n%s\n\nOptions:\n"
	       "  --socket PATH|HOST:PORT  listen there; else on the socket that the web server,\n"
	       "                           spawn-fcgi or systemd hands over\n",
	       ops->name, ops->summary ? ops->summary : "A FastCGI responder.");
	for (const struct responder_flag *f = ops->flags; f && f->name; f++)
		printf("  --%-22s %s\n", f->name, f->help);
	printf("  --config FILE            settings (JSON); the environment beats them\n"
	       "  --check                  check the settings and end\n"
	       "  --help, --version\n\n"
	       "All settings of llm-gateway are taken as well; see `llm-gateway config print`.\n");
}

static int bad_use(const struct responder_ops *ops, const char *what, const char *arg)
{
	fprintf(stderr, "%s: %s %s (try --help)\n", ops->name, what, arg);
	return EXIT_MISUSE;
}

/* The value of --@name at argv[*i], also as --name=value; NULL: it is another option. */
static const char *option(const char *name, int argc, char **argv, int *i, bool *missing)
{
	const char *arg = argv[*i];
	size_t n = strlen(name);

	if (!arg || strncmp(arg, "--", 2) != 0 || strncmp(arg + 2, name, n) != 0)
		return NULL;
	if (arg[n + 2] == '=')
		return arg + n + 3;
	if (arg[n + 2])
		return NULL;
	if (*i + 1 >= argc) {
		*missing = true;
		return NULL;
	}
	return argv[++*i];
}

/* What conf_load has left. -1: go on. */
static int read_options(struct responder *r, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const struct responder_flag *f = r->ops->flags;
		bool missing = false;
		const char *given = argv[i], *v = option("socket", argc, argv, &i, &missing);

		if (v) {
			r->socket = v;
			continue;
		}
		for (; f && f->name && !v && !missing; f++)
			if ((v = option(f->name, argc, argv, &i, &missing)))
				*f->value = v;
		if (missing)
			return bad_use(r->ops, "a value is missing behind", given);
		if (v)
			continue;
		if (strcmp(given, "--check") != 0)
			return bad_use(r->ops, "unknown option", given);
		r->check = true;
	}
	return -1;
}

static int say(const struct responder *r, const struct gw_err *e)
{
	fprintf(stderr, "%s: %s%s%s\n", r->ops->name, e->pub, e->priv[0] ? ": " : "", e->priv);
	return e->code == GWE_USAGE ? EXIT_MISUSE : EXIT_START;
}

static int load(const struct responder *r, int *argc, char **argv, struct conf **out,
		struct gw_err *e)
{
	struct conf_source s = { .argc = argc,
				 .argv = argv,
				 .use_env = true,
				 .use_dotenv = true,
				 .provider = r->ops->provider ? r->ops->provider : "" };

	if (conf_load(out, &s, e) < 0)
		return -1;
	if ((!r->ops->bare && conf_check_ready(*out, r->ops->provider, true, e) < 0) ||
	    (r->ops->check && r->ops->check(*out, e) < 0)) {
		conf_free(*out);
		return -1;
	}
	return 0;
}

/* ---- one request ---- */

static void refuse(struct responder *r, struct http_reply *rp, const struct gw_err *e)
{
	struct error_form f = { .shape = r->has_provider ? SHAPE_PROVIDER : SHAPE_ENVELOPE,
				.provider = r->provider };

	http_reply_error(rp, e, &f);
}

static void refuse_one_too_many(struct responder *r, struct http_reply *rp)
{
	struct gw_err e;

	(void)gw_fail(&e, GWE_OVERLOADED, 0, "too many requests at once; try again soon");
	refuse(r, rp, &e);
}

static void serve(void *arg, struct http_request *rq, struct http_reply *rp, bool overloaded,
		  const struct gw_err *bad)
{
	struct responder *r = arg;
	struct settings *s = settings_take(r);

	rq->conf = s->conf;
	if (bad) {
		refuse(r, rp, bad);
	} else if (str_eq_c(rq->method, "OPTIONS")) {
		cors_preflight(rp);
	} else if (overloaded) {
		refuse_one_too_many(r, rp);
	} else {
		r->ops->handle(r->app, rq, rp);
	}
	(void)http_reply_end(rp);
	access_log_write(rq, rp);
	rq->conf = NULL;
	settings_put(s);
}

/* ---- the process ---- */

static void *tick_main(void *arg)
{
	struct responder *r = arg;

	pthread_mutex_lock(&r->tick_lock);
	while (atomic_load(&r->ticking)) {
		struct settings *s;
		struct timespec t;

		pthread_mutex_unlock(&r->tick_lock);
		s = settings_take(r);
		if (r->ops->tick)
			r->ops->tick(r->app, s->conf);
		settings_put(s);
		pthread_mutex_lock(&r->tick_lock);
		if (!atomic_load(&r->ticking))
			break;
		clock_gettime(CLOCK_MONOTONIC, &t);
		t.tv_sec += TICK_MS / 1000;
		(void)pthread_cond_timedwait(&r->tick_cond, &r->tick_lock, &t);
	}
	pthread_mutex_unlock(&r->tick_lock);
	return NULL;
}

static int start_ticks(struct responder *r, struct gw_err *e)
{
	pthread_condattr_t monotonic;
	int rc;

	pthread_mutex_init(&r->tick_lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&r->tick_cond, &monotonic);
	pthread_condattr_destroy(&monotonic);
	atomic_store(&r->ticking, true);
	rc = pthread_create(&r->ticker, NULL, tick_main, r);
	return rc ? gw_fail(e, GWE_CONFIG, rc, "no thread can be started: %s", strerror(rc)) : 0;
}

static void stop_ticks(struct responder *r)
{
	pthread_mutex_lock(&r->tick_lock);
	atomic_store(&r->ticking, false);
	pthread_cond_signal(&r->tick_cond);
	pthread_mutex_unlock(&r->tick_lock);
	pthread_join(r->ticker, NULL);
}

static void fixed_differs(void *arg, const struct conf_row *row)
{
	(void)arg;
	log_warn("reload: %s takes effect after a restart only", row->env ? row->env : row->key);
}

static void reload(struct responder *r)
{
	char **argv = copy_argv(r->argc, r->argv);
	int argc = r->argc;
	struct settings *old, *fresh;
	struct conf *c = NULL;
	struct gw_err e;
	char **left = calloc((size_t)argc + 1, sizeof *left);

	if (!left)
		abort();
	memcpy(left, argv, (size_t)argc * sizeof *left);
	if (load(r, &argc, left, &c, &e) < 0) {
		log_error("reload: %s; the settings stay as they are", e.pub);
	} else {
		(void)conf_keep_fixed(c, r->first->conf, fixed_differs, NULL);
		if (conf_open_log(c, r->ops->name, &e) < 0)
			log_error("reload: %s", e.pub);
		fresh = settings_new(c);
		pthread_mutex_lock(&r->lock);
		old = r->current;
		r->current = fresh;
		pthread_mutex_unlock(&r->lock);
		if (r->ops->reload)
			r->ops->reload(r->app, c);
		settings_put(old);
		log_info("settings reloaded");
	}
	free((void *)left);
	free_argv(r->argc, argv);
}

/* Wait for the signal to end; the others are served on the way. Workers are trimmed meanwhile. */
static void wait_for_end(struct responder *r, const sigset_t *set)
{
	struct timespec second = { 1, 0 };

	for (;;) {
		switch (sigtimedwait(set, NULL, &second)) {
		case SIGHUP:
			log_reopen();
			reload(r);
			break;
		case SIGUSR1:
			log_reopen();
			break;
		case SIGTERM:
		case SIGINT:
			return;
		default:
			workers_trim(r->workers);
		}
	}
}

/* False: requests had to be left behind. @until: out, the deadline. */
static bool drain(struct responder *r, const sigset_t *set, int64_t *until)
{
	struct timespec none = { 0, 0 };
	struct settings *s = settings_take(r);
	bool done;

	*until = clock_mono_ms() + (int64_t)s->conf->drain_timeout_ms;
	settings_put(s);
	log_info("stopping: %u requests at work", workers_busy(r->workers));
	workers_retire(r->workers);
	while (!(done = workers_wait(r->workers, 100)) && clock_mono_ms() < *until) {
		int sig = sigtimedwait(set, NULL, &none);

		if (sig == SIGTERM || sig == SIGINT) {
			*until = clock_mono_ms();
			break;
		}
	}
	if (done)
		return true;
	log_warn("stopping: %u requests are cut short", workers_busy(r->workers));
	atomic_store(&r->must_stop, true);
	return workers_wait(r->workers, STOP_MS);
}

/* What the requests have left to be written, at least one try. */
static void write_rest(struct responder *r, const sigset_t *set, int64_t until)
{
	const struct timespec pause = { 0, 200000000 };

	while (!r->ops->drained(r->app, false) && clock_mono_ms() < until) {
		int sig = sigtimedwait(set, NULL, &pause);

		if (sig == SIGTERM || sig == SIGINT)
			break;
	}
	(void)r->ops->drained(r->app, true);
}

/* As many descriptors as so many requests need. */
static void raise_limits(const struct conf *c)
{
	rlim_t want = (rlim_t)c->max_streams * FDS_PER_REQUEST + FDS_MORE;
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return;
	if (l.rlim_cur < want) {
		l.rlim_cur = l.rlim_max != RLIM_INFINITY && l.rlim_max < want ? l.rlim_max : want;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
	if (l.rlim_cur < want)
		log_warn(
			"%llu descriptors are too few for %llu requests at once: raise LimitNOFILE",
			(unsigned long long)l.rlim_cur, (unsigned long long)c->max_streams);
}

static int open_all(struct responder *r, struct gw_err *e)
{
	const struct conf *c = r->first->conf;
	struct store_options so = { .path = c->database, .role = STORE_GATEWAY };

	if (crypto_init(e) < 0 || upstream_global_init(e) < 0 ||
	    listener_open(&r->listener, r->socket, e) < 0)
		return -1;
	if (!r->ops->bare && store_open(&r->store, &so, e) < 0)
		return -1;
	if (r->ops->start && r->ops->start(r, &r->app, e) < 0)
		return -1;
	return 0;
}

static int start_threads(struct responder *r, struct gw_err *e)
{
	const struct conf *c = r->first->conf;
	struct workers_options wo = { .listener = &r->listener,
				      .max_busy = (unsigned)c->max_streams,
				      .read_timeout_ms = (unsigned)c->body_timeout_ms,
				      .serve = serve,
				      .arg = r };

	return start_ticks(r, e) < 0 || workers_start(&r->workers, &wo, e) < 0 ? -1 : 0;
}

static int run(struct responder *r)
{
	sigset_t set;
	struct gw_err e;
	int64_t until;
	bool done;

	/* before any thread, so that all inherit it */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sigdelset(&set, SIGUSR2);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a limit on files is a write that fails, as on a full disk */
	mallopt(M_ARENA_MAX, 4);
	if (conf_open_log(r->first->conf, r->ops->name, &e) < 0 || open_all(r, &e) < 0) {
		listener_close(&r->listener);
		return say(r, &e);
	}
	raise_limits(r->first->conf);
	if (start_threads(r, &e) < 0)
		return say(r, &e); /* threads may run: no orderly end from here */
	log_info("%s %s started: pid %ld, payment %s, network %s, at most %llu requests at once",
		 r->ops->name, PACKAGE_VERSION, (long)getpid(), r->first->conf->payment,
		 r->first->conf->network, (unsigned long long)r->first->conf->max_streams);
	wait_for_end(r, &set);
	done = drain(r, &set, &until);
	stop_ticks(r);
	if (r->ops->drained)
		write_rest(r, &set, until);
	if (!done) {
		log_error("stopped with requests at work; their usage is closed as lost");
		_exit(EXIT_OK);
	}
	workers_free(r->workers);
	if (r->ops->stop)
		r->ops->stop(r->app);
	if (r->store)
		store_close(r->store);
	listener_close(&r->listener);
	log_info("stopped");
	return EXIT_OK;
}

static bool asked(int argc, char **argv, const char *option)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], option))
			return true;
	return false;
}

int responder_main(int argc, char **argv, const struct responder_ops *ops)
{
	struct responder r = { .ops = ops, .listener = { .fd = -1 } };
	struct conf *c = NULL;
	struct gw_err e = { 0 };
	int rc;

	if (asked(argc, argv, "--help")) {
		help(ops);
		return EXIT_OK;
	}
	if (asked(argc, argv, "--version")) {
		printf("%s (llm-gateway) %s\n", ops->name, PACKAGE_VERSION);
		return EXIT_OK;
	}
	r.argc = argc;
	r.argv = copy_argv(argc, argv);
	if (ops->provider)
		r.has_provider = provider_find(str_c(ops->provider), &r.provider);
	pthread_mutex_init(&r.lock, NULL);
	r.started_ms = clock_wall_ms();
	snprintf(r.owner, sizeof r.owner, "%ld:%lld", (long)getpid(), (long long)r.started_ms);
	if (load(&r, &argc, argv, &c, &e) < 0) {
		rc = say(&r, &e);
		free_argv(r.argc, r.argv);
		return rc;
	}
	rc = read_options(&r, argc, argv);
	r.first = settings_new(c);
	r.current = r.first;
	atomic_fetch_add(&r.first->refs, 1);
	if (rc < 0 && r.check) {
		printf("%s: settings are fine\n", ops->name);
		rc = EXIT_OK;
	} else if (rc < 0 && geteuid() == 0) {
		fprintf(stderr,
			"%s: must not run as root; start it as the gateway's own user "
			"(`llm-gateway serve` does, when run by root)\n",
			ops->name);
		rc = EXIT_START;
	} else if (rc < 0) {
		rc = run(&r);
	}
	/* without a reload these are one object with two references, which the analyser cannot count */
	settings_put(r.current);
	settings_put(r.first); /* NOLINT(clang-analyzer-unix.Malloc) */
	free_argv(r.argc, r.argv);
	return rc;
}
