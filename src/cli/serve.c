/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llm-gateway serve - the whole gateway in the foreground: web server, responders, settlement.
 *
 * The sockets of the responders belong to this program and outlive them: a responder that died is
 * started again, and one that is told to reload is replaced by a new one while it finishes its
 * streams, without a refused connection.
 *
 * Rule:    design.md 2
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/service_key.h"
#include "cli/cli.h"
#include "cli/opts.h"
#include "cli/serve_dir.h"
#include "cli/serve_env.h"
#include "cli/serve_web.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	DEVNODE_PORT = 6767,
	SERVICES_MAX = 10,
	WORKERS_MAX = 64,
	BACKOFF_MIN_MS = 100,
	BACKOFF_MAX_MS = 10000,
	LIVED_MS = 10000, /* whoever lived as long starts again at once */
	KILL_MS = 5000	  /* between the last request to end and the last resort */
};

/* One place that has to be filled by a running process. */
struct slot {
	pid_t pid; /* 0: not running */
	int64_t started_ms, again_ms;
	int backoff_ms;
};

struct service {
	const char *name; /* of socket and log lines */
	const char *provider;
	char program[4096];
	int fd;
	struct proc_env *env;
	struct slot slot[WORKERS_MAX];
	unsigned n;
};

/* Replaced by a newer one, finishing its streams. */
struct leaving {
	pid_t pid;
	struct leaving *next;
};

struct serve {
	int argc;
	char **argv; /* a copy of what we were called with, for a reload */
	struct conf *conf;
	struct serve_dir dir;
	struct serve_facts facts;
	char did[256], node_url[64];
	bool local_node;
	struct service service[SERVICES_MAX];
	unsigned n_service;
	const struct web_server *web;
	char web_program[4096];
	struct slot web_slot;
	bool has_settle;
	char settle_program[4096];
	pid_t settle_pid;
	int64_t settle_next_ms;
	struct leaving *leaving;
};

/* ---- settings ---- */

static bool log_is_file(const struct conf *c)
{
	return strcmp(c->log_target, "stderr") && strcmp(c->log_target, "syslog");
}

static void open_log(const struct conf *c)
{
	static const char *const levels[] = { "error", "warn", "info", "debug" };
	struct log_options o = { .program = "llm-gateway",
				 .level = LOG_LVL_INFO,
				 .path = c->log_target };
	struct gw_err e;

	for (int i = 0; i < 4; i++)
		if (!strcmp(c->log_level, levels[i]))
			o.level = (enum log_level)i;
	if (c->debug || c->global_debug)
		o.level = LOG_LVL_DEBUG;
	o.format = strcmp(c->log_format, "json") ? LOG_FMT_KV : LOG_FMT_JSON;
	o.target = !strcmp(c->log_target, "stderr")   ? LOG_TO_STDERR
		   : !strcmp(c->log_target, "syslog") ? LOG_TO_SYSLOG
						      : LOG_TO_FILE;
	if (log_open(&o, &e))
		log_warn("%s", e.pub);
}

static bool paid(const struct conf *c)
{
	return !strcmp(c->payment, "on");
}

/* Of the claim key only the DID goes on; the key itself is for the settlement program's file. */
static int read_key(struct serve *s, const struct conf *c, struct gw_err *e)
{
	struct stored_key k;

	s->did[0] = '\0';
	if (!secret_is_set(&c->service_key)) {
		snprintf(s->did, sizeof s->did, "%s", c->service_did);
		return 0;
	}
	if (service_key_read(&k, secret_reveal(&c->service_key), e))
		return -1;
	snprintf(s->did, sizeof s->did, "%s", k.did);
	stored_key_clear(&k);
	return 0;
}

static int add_service(struct serve *s, const char *name, const char *provider, unsigned n,
		       struct gw_err *e)
{
	struct service *v = &s->service[s->n_service];
	char file[64];

	snprintf(file, sizeof file, "%s.fcgi", name);
	*v = (struct service){ .name = name, .provider = provider, .fd = -1, .n = n };
	if (serve_find_program("fcgi/", file, v->program, sizeof v->program, e) ||
	    serve_dir_listen(&s->dir, name, &v->fd, e))
		return -1;
	s->n_service++;
	return 0;
}

static int add_services(struct serve *s, struct gw_err *e)
{
	const struct conf *c = s->conf;

	if (add_service(s, "gateway", NULL, 1, e))
		return -1;
	for (const struct conf_provider *p = conf_providers; p->name; p++) {
		if (!conf_offers(c, p->name)) {
			/* gateway.fcgi says that there is no such provider */
			if (serve_dir_alias(&s->dir, p->name, "gateway", e))
				return -1;
		} else if (add_service(s, p->name, p->name, (unsigned)c->workers, e)) {
			return -1;
		}
	}
	if (!paid(c))
		return serve_dir_alias(&s->dir, "payment-channel", "gateway", e);
	if (add_service(s, "payment-channel", NULL, 1, e))
		return -1;
	return s->local_node ? add_service(s, "rooch-devnode", NULL, 1, e) : 0;
}

static void make_env(struct serve *s)
{
	for (unsigned i = 0; i < s->n_service; i++) {
		struct service *v = &s->service[i];

		proc_env_free(v->env);
		v->env = serve_env_responder(s->conf, &s->facts, v->provider);
	}
}

/* ---- processes ---- */

static int start_responder(struct serve *s, struct service *v, struct slot *slot, struct gw_err *e)
{
	char state[] = "--state-dir", *argv[] = { v->program, NULL, NULL, NULL };
	struct proc_spec spec = { .argv = argv,
				  .env = v->env,
				  .fd0 = v->fd,
				  .fd1 = -1,
				  .user = &s->dir.user,
				  .dir = s->dir.state,
				  .new_group = true };

	if (!strcmp(v->name, "rooch-devnode")) {
		argv[1] = state;
		argv[2] = s->dir.state;
	}
	slot->started_ms = clock_mono_ms();
	return proc_spawn(&slot->pid, &spec, e);
}

/* Run a responder with --check: its complaint goes to our standard error. */
static int check_responder(struct serve *s, struct service *v, struct gw_err *e)
{
	char option[] = "--check", *argv[] = { v->program, option, NULL };
	struct proc_spec spec = { .argv = argv,
				  .env = v->env,
				  .fd0 = -1,
				  .fd1 = -1,
				  .user = &s->dir.user,
				  .dir = s->dir.state,
				  .new_group = true };
	int status = 0, rc;
	pid_t pid;

	spec.fd1 = open("/dev/null", O_WRONLY | O_CLOEXEC);
	rc = proc_spawn(&pid, &spec, e);
	if (spec.fd1 >= 0)
		close(spec.fd1);
	if (rc)
		return -1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return gw_fail(e, GWE_CONFIG, 0, "%s.fcgi refuses these settings", v->name);
}

static int start_web(struct serve *s, struct gw_err *e)
{
	char *argv[WEB_ARGV], texts[8400];
	struct proc_spec spec = {
		.argv = argv, .fd0 = -1, .fd1 = STDERR_FILENO, .new_group = true
	};

	web_argv(s->web, s->web_program, s->dir.run, argv, texts, sizeof texts);
	/* Nothing of our environment, which holds keys, is for the web server. */
	struct proc_env *env = proc_env_new();
	const char *path = getenv("PATH");

	if (path)
		proc_env_set(env, "PATH", path, strlen(path));
	spec.env = env;
	s->web_slot.started_ms = clock_mono_ms();
	int rc = proc_spawn(&s->web_slot.pid, &spec, e);

	proc_env_free(env);
	return rc;
}

static void start_settle(struct serve *s)
{
	char *argv[] = { s->settle_program, NULL };
	struct proc_env *env = serve_env_settle(s->conf, &s->facts, s->dir.key_file);
	struct proc_spec spec = { .argv = argv,
				  .env = env,
				  .fd0 = -1,
				  .fd1 = STDERR_FILENO,
				  .user = &s->dir.settle_user,
				  .dir = s->dir.state,
				  .new_group = true };
	struct gw_err e;

	if (proc_spawn(&s->settle_pid, &spec, &e)) {
		log_error("settlement: %s", e.pub);
		s->settle_pid = 0;
	}
	proc_env_free(env);
}

static void after_death(const char *name, struct slot *slot, int status)
{
	int64_t now = clock_mono_ms();
	char text[64];

	proc_status_text(text, sizeof text, status);
	slot->backoff_ms = now - slot->started_ms >= LIVED_MS	   ? BACKOFF_MIN_MS
			   : slot->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS
			   : slot->backoff_ms			   ? slot->backoff_ms * 2
								   : BACKOFF_MIN_MS;
	slot->again_ms = now + slot->backoff_ms;
	log_error("%s (pid %d) ended: %s; starting it again in %d ms", name, (int)slot->pid, text,
		  slot->backoff_ms);
	slot->pid = 0;
}

static bool leaving_ended(struct serve *s, pid_t pid)
{
	for (struct leaving **at = &s->leaving; *at; at = &(*at)->next) {
		struct leaving *l = *at;

		if (l->pid != pid)
			continue;
		*at = l->next;
		free(l);
		return true;
	}
	return false;
}

/* Who has ended? Nobody but the settlement program is expected to. */
static void reap(struct serve *s, bool stopping)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->settle_pid) {
			s->settle_pid = 0;
			if (!WIFEXITED(status) || WEXITSTATUS(status))
				log_warn("settlement ended with %s %d; it runs again",
					 WIFEXITED(status) ? "status" : "signal",
					 WIFEXITED(status) ? WEXITSTATUS(status)
							   : WTERMSIG(status));
			continue;
		}
		if (leaving_ended(s, pid))
			continue;
		if (pid == s->web_slot.pid) {
			if (stopping)
				s->web_slot.pid = 0;
			else
				after_death(s->web->name, &s->web_slot, status);
			continue;
		}
		for (unsigned i = 0; i < s->n_service; i++)
			for (unsigned k = 0; k < s->service[i].n; k++) {
				struct slot *slot = &s->service[i].slot[k];

				if (slot->pid != pid)
					continue;
				if (stopping)
					slot->pid = 0;
				else
					after_death(s->service[i].name, slot, status);
			}
	}
}

static void fill_slots(struct serve *s)
{
	int64_t now = clock_mono_ms();
	struct gw_err e;

	for (unsigned i = 0; i < s->n_service; i++)
		for (unsigned k = 0; k < s->service[i].n; k++) {
			struct slot *slot = &s->service[i].slot[k];

			if (slot->pid || now < slot->again_ms)
				continue;
			if (start_responder(s, &s->service[i], slot, &e)) {
				log_error("%s", e.pub);
				slot->again_ms = now + BACKOFF_MAX_MS;
			}
		}
	if (!s->web_slot.pid && now >= s->web_slot.again_ms && start_web(s, &e)) {
		log_error("%s", e.pub);
		s->web_slot.again_ms = now + BACKOFF_MAX_MS;
	}
}

/* ---- the web server's address ---- */

static struct addrinfo *resolve(const struct conf *c, bool listening)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_NUMERICSERV | (listening ? AI_PASSIVE : 0) };
	struct addrinfo *found = NULL;
	const char *host = c->host;
	char port[16];

	if (!listening && !strcmp(host, "0.0.0.0"))
		host = "127.0.0.1";
	if (!listening && !strcmp(host, "::"))
		host = "::1";
	snprintf(port, sizeof port, "%u", (unsigned)c->port);
	return getaddrinfo(host, port, &hints, &found) ? NULL : found;
}

static int check_port(const struct conf *c, struct gw_err *e)
{
	struct addrinfo *a = resolve(c, true);
	int one = 1, fd, rc = 0;

	if (!a)
		return gw_fail(e, GWE_CONFIG, 0, "HOST: %s is no address of this machine", c->host);
	fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
	    bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, 1)) {
		int err = errno;

		rc = err == EADDRINUSE
			     ? gw_fail(e, GWE_CONFIG, err,
				       "Port already in use: %u; choose another with --port <number>",
				       (unsigned)c->port)
			     : gw_fail(e, GWE_CONFIG, err, "cannot listen on %s port %u: %s",
				       c->host, (unsigned)c->port, strerror(err));
	}
	if (fd >= 0)
		close(fd);
	freeaddrinfo(a);
	return rc;
}

static bool answers(const struct conf *c)
{
	struct addrinfo *a = resolve(c, false);
	int fd;
	bool yes;

	if (!a)
		return false;
	fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	yes = fd >= 0 && !connect(fd, a->ai_addr, a->ai_addrlen);
	if (fd >= 0)
		close(fd);
	freeaddrinfo(a);
	return yes;
}

/* ---- start, reload, stop ---- */

static char **copy_args(int argc, char *const *argv)
{
	char **copy = calloc((size_t)argc + 1, sizeof *copy);

	for (int i = 0; copy && i < argc; i++) {
		copy[i] = strdup(argv[i]);
		if (!copy[i])
			abort();
	}
	if (!copy)
		abort();
	return copy;
}

static void free_args(char **argv, int argc)
{
	for (int i = 0; i < argc; i++) {
		secret_wipe(argv[i], strlen(argv[i]));
		free(argv[i]);
	}
	free(argv);
}

/* @argv: secrets in it are overwritten, options taken out. */
static int load(struct conf **out, int argc, char **argv, struct gw_err *e)
{
	bool help = false;
	const struct opt rows[] = { OPTS_SETTINGS, OPTS_HELP(&help), OPTS_END };
	struct conf_source src = {
		.argc = &argc, .argv = argv, .use_env = true, .use_dotenv = true
	};

	if (conf_load(out, &src, e))
		return -1;
	if (opts_parse(rows, &argc, argv, e))
		goto bad;
	if (argc > 1) {
		gw_fail(e, GWE_USAGE, 0, "serve takes no argument: %.64s", argv[1]);
		goto bad;
	}
	if (!conf_check_ready(*out, NULL, false, e))
		return 0;
bad:
	conf_free(*out);
	*out = NULL;
	return -1;
}

/* The settings anew, from the arguments that we were called with. */
static int load_again(const struct serve *s, struct conf **out, struct gw_err *e)
{
	char **owned = copy_args(s->argc, s->argv),
	     **argv = calloc((size_t)s->argc + 1, sizeof *argv);
	int rc;

	if (!argv)
		abort();
	memcpy(argv, owned, (size_t)s->argc * sizeof *argv);
	rc = load(out, s->argc, argv, e);
	free(argv);
	free_args(owned, s->argc);
	return rc;
}

static void set_facts(struct serve *s)
{
	s->facts =
		(struct serve_facts){ .state_dir = s->dir.state,
				      .database = s->dir.database,
				      .service_did = s->did,
				      .node_url = s->local_node ? s->node_url : s->conf->rpc_url };
}

static int configure_web(struct serve *s, struct gw_err *e)
{
	struct web_settings w = { .run_dir = s->dir.run,
				  .host = s->conf->host,
				  .port = (unsigned)s->conf->port,
				  .devnode_port = s->local_node ? DEVNODE_PORT : 0,
				  .user = &s->dir.user };

	return web_configure(s->web, &w, e);
}

static int start(struct serve *s, struct gw_err *e)
{
	const struct conf *c = s->conf;
	bool made = false;

	s->web = web_find(c->web_server);
	s->local_node = paid(c) && !strcmp(c->network, "local") && !c->rpc_url[0];
	snprintf(s->node_url, sizeof s->node_url, "http://127.0.0.1:%d", DEVNODE_PORT);
	if (web_program(s->web, s->web_program, sizeof s->web_program, e) || read_key(s, c, e) ||
	    check_port(c, e) || serve_dir_open(&s->dir, c, e) ||
	    serve_dir_database(&s->dir, &made, e) ||
	    serve_dir_keep_key(&s->dir, &c->service_key, e))
		return -1;
	set_facts(s);
	/* Opened by us first, written by the responders too. */
	if (s->dir.user.set && log_is_file(c) &&
	    (chown(c->log_target, s->dir.user.uid, s->dir.user.gid) || chmod(c->log_target, 0660)))
		return gw_fail(e, GWE_CONFIG, errno, "cannot give the log file %s to %s: %s",
			       c->log_target, s->dir.user.name, strerror(errno));
	if (add_services(s, e) || configure_web(s, e))
		return -1;
	make_env(s);
	for (unsigned i = 0; i < s->n_service; i++)
		if (check_responder(s, &s->service[i], e))
			return -1;
	s->has_settle = paid(c) && c->settle_interval && secret_is_set(&c->service_key) &&
			!serve_find_program("", "llm-gateway-settle", s->settle_program,
					    sizeof s->settle_program, e);
	for (unsigned i = 0; i < s->n_service; i++)
		for (unsigned k = 0; k < s->service[i].n; k++)
			if (start_responder(s, &s->service[i], &s->service[i].slot[k], e))
				return -1;
	if (made)
		log_info("made the database %s", s->dir.database);
	return start_web(s, e);
}

static void announce(const struct serve *s)
{
	const struct conf *c = s->conf;
	struct buf b;

	buf_init(&b, 4096);
	for (unsigned i = 0; i < c->providers.n; i++)
		buf_addf(&b, "%s%s", i ? " " : "", c->providers.item[i]);
	printf("llm-gateway %s: http://%s:%u behind %s\n"
	       "  providers  %s\n"
	       "  payment    %s\n"
	       "  state      %s\n",
	       PACKAGE_VERSION, c->host, (unsigned)c->port, s->web->name, buf_c(&b),
	       paid(c) ? "on" : "OFF: metering only, every signer is served without paying",
	       s->dir.state);
	if (paid(c))
		printf("  network    %s%s%s\n  service    %s\n", c->network,
		       s->local_node ? ", node " : "", s->local_node ? s->node_url : "", s->did);
	fflush(stdout);
	if (!paid(c))
		log_warn("payment is off: metering only");
	if (paid(c) && !s->has_settle)
		log_warn("no settlement runs here: %s",
			 c->settle_interval ? "SERVICE_KEY or llm-gateway-settle is missing"
					    : "SETTLE_INTERVAL is 0");
	log_info("serving on %s port %u: web_server=%s providers=%s payment=%s", c->host,
		 (unsigned)c->port, s->web->name, buf_c(&b), c->payment);
	buf_clear(&b);
}

static void retire(struct serve *s, pid_t pid)
{
	struct leaving *l = calloc(1, sizeof *l);

	if (!l)
		abort();
	l->pid = pid;
	l->next = s->leaving;
	s->leaving = l;
	kill(pid, SIGTERM);
}

static void reload(struct serve *s)
{
	struct conf *c = NULL;
	struct gw_err e;
	char old_did[sizeof s->did];

	snprintf(old_did, sizeof old_did, "%s", s->did);
	if (load_again(s, &c, &e) || read_key(s, c, &e)) {
		log_error("reload refused, the old settings stay: %s", e.pub);
		conf_free(c);
		snprintf(s->did, sizeof s->did, "%s", old_did);
		return;
	}
	/* What sockets, files and users hang on needs a restart; it keeps its old value. */
	if (c->port != s->conf->port || strcmp(c->host, s->conf->host) ||
	    strcmp(c->web_server, s->conf->web_server) ||
	    strcmp(c->state_dir, s->conf->state_dir) || strcmp(c->database, s->conf->database) ||
	    strcmp(c->payment, s->conf->payment) || strcmp(c->network, s->conf->network) ||
	    c->workers != s->conf->workers || c->providers.n != s->conf->providers.n) {
		log_error(
			"reload refused, the old settings stay: port, host, web server, state directory, "
			"database, payment, network, workers and the list of providers need a restart");
		conf_free(c);
		snprintf(s->did, sizeof s->did, "%s", old_did);
		return;
	}
	conf_free(s->conf);
	s->conf = c;
	set_facts(s);
	open_log(c);
	make_env(s);
	if (serve_dir_keep_key(&s->dir, &c->service_key, &e))
		log_error("%s", e.pub);
	for (unsigned i = 0; i < s->n_service; i++)
		for (unsigned k = 0; k < s->service[i].n; k++) {
			struct slot *slot = &s->service[i].slot[k], old = *slot;

			if (!old.pid)
				continue;
			if (start_responder(s, &s->service[i], slot, &e)) {
				log_error("%s", e.pub);
				*slot = old;
				continue;
			}
			retire(s, old.pid);
		}
	if (s->web_slot.pid)
		kill(s->web_slot.pid, s->web->reload);
	log_info("reloaded: new responders take over, the old ones finish their streams");
}

static void signal_responders(struct serve *s, int sig)
{
	for (unsigned i = 0; i < s->n_service; i++)
		for (unsigned k = 0; k < s->service[i].n; k++)
			if (s->service[i].slot[k].pid)
				kill(s->service[i].slot[k].pid, sig);
	for (struct leaving *l = s->leaving; l; l = l->next)
		kill(l->pid, sig);
}

static bool responders_run(const struct serve *s)
{
	for (unsigned i = 0; i < s->n_service; i++)
		for (unsigned k = 0; k < s->service[i].n; k++)
			if (s->service[i].slot[k].pid)
				return true;
	return s->leaving != NULL;
}

static int next_signal(const sigset_t *set, int ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	return sigtimedwait(set, NULL, &t);
}

/*
 * Requests in work are finished: first the web server takes no more and ends with its last
 * request, then the responders. A second signal, or the drain time, ends it sooner.
 */
static void stop(struct serve *s, const sigset_t *set)
{
	int64_t deadline = clock_mono_ms() + (int64_t)s->conf->drain_timeout_ms;
	bool hurry = false;
	int sig;

	log_info("stopping: requests in work are finished");
	if (s->settle_pid)
		kill(s->settle_pid, SIGTERM);
	if (s->web_slot.pid)
		kill(s->web_slot.pid, s->web->graceful);
	while (s->web_slot.pid) {
		sig = next_signal(set, 200);
		reap(s, true);
		if (!hurry && (sig == SIGTERM || sig == SIGINT || clock_mono_ms() > deadline)) {
			hurry = true;
			deadline = clock_mono_ms() + KILL_MS;
			if (s->web_slot.pid)
				kill(s->web_slot.pid, s->web->at_once);
		} else if (hurry && clock_mono_ms() > deadline && s->web_slot.pid) {
			kill(s->web_slot.pid, SIGKILL);
		}
	}
	signal_responders(s, SIGTERM);
	deadline =
		clock_mono_ms() + (hurry ? KILL_MS : (int64_t)s->conf->drain_timeout_ms + KILL_MS);
	while (responders_run(s) || s->settle_pid) {
		sig = next_signal(set, 200);
		reap(s, true);
		if (clock_mono_ms() > deadline || sig == SIGTERM || sig == SIGINT) {
			signal_responders(s, SIGKILL);
			if (s->settle_pid)
				kill(s->settle_pid, SIGKILL);
		}
	}
	log_info("stopped");
}

static int did_not_start(const char *name, struct gw_err *e)
{
	return gw_fail(e, GWE_CONFIG, 0, "%s did not start; its reason stands above", name);
}

/* Wait until the web server listens; nobody may have ended by then. */
static int wait_up(struct serve *s, const sigset_t *set, bool *asked_to_stop, struct gw_err *e)
{
	int64_t deadline = clock_mono_ms() + 15000;

	while (!answers(s->conf)) {
		int sig = next_signal(set, 30);

		if (sig == SIGTERM || sig == SIGINT) {
			*asked_to_stop = true;
			return 0;
		}
		reap(s, true);
		if (!s->web_slot.pid)
			return did_not_start(s->web->name, e);
		for (unsigned i = 0; i < s->n_service; i++)
			for (unsigned k = 0; k < s->service[i].n; k++)
				if (!s->service[i].slot[k].pid)
					return did_not_start(s->service[i].name, e);
		if (clock_mono_ms() > deadline)
			return gw_fail(e, GWE_CONFIG, 0, "%s does not listen on port %u after 15 s",
				       s->web->name, (unsigned)s->conf->port);
	}
	return 0;
}

static void supervise(struct serve *s, const sigset_t *set)
{
	for (;;) {
		int sig = next_signal(set, 100);

		reap(s, false);
		if (sig == SIGTERM || sig == SIGINT)
			return;
		if (sig == SIGHUP)
			reload(s);
		fill_slots(s);
		if (s->has_settle && !s->settle_pid && clock_mono_ms() >= s->settle_next_ms) {
			s->settle_next_ms =
				clock_mono_ms() + (int64_t)s->conf->settle_interval * 1000;
			start_settle(s);
		}
	}
}

static void finish(struct serve *s)
{
	for (unsigned i = 0; i < s->n_service; i++) {
		if (s->service[i].fd >= 0)
			close(s->service[i].fd);
		proc_env_free(s->service[i].env);
	}
	serve_dir_close(&s->dir);
	conf_free(s->conf);
	free_args(s->argv, s->argc);
}

int cmd_serve(int argc, char **argv)
{
	bool help = false, asked = false;
	const struct opt rows[] = { OPTS_SETTINGS, OPTS_HELP(&help), OPTS_END };
	struct serve *s;
	struct gw_err e;
	sigset_t set;
	int rc = CLI_NO;

	if (opts_ask_help(argc, argv)) {
		opts_help(
			stdout, "serve [OPTION]...",
			"Run web server, responders and settlement in the foreground. TERM and INT end it\n"
			"when the requests in work are done (a second one at once), HUP reads the settings\n"
			"anew without dropping a stream.",
			rows);
		return CLI_OK;
	}
	s = calloc(1, sizeof *s);
	if (!s)
		return CLI_NO;
	s->argc = argc;
	s->argv = copy_args(argc, argv);
	s->dir.lock_fd = -1;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (load(&s->conf, argc, argv, &e)) {
		rc = cli_fail(&e);
		free_args(s->argv, s->argc);
		free(s);
		return rc;
	}
	open_log(s->conf);
	if (start(s, &e) || wait_up(s, &set, &asked, &e)) {
		rc = cli_fail(&e);
		s->conf->drain_timeout_ms = 0;
		stop(s, &set);
	} else {
		if (!asked) {
			announce(s);
			supervise(s, &set);
		}
		stop(s, &set);
		rc = CLI_OK;
	}
	finish(s);
	free(s);
	return rc;
}
