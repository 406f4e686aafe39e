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
#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/opts.h"
#include "cli/serve_run.h"
#include "cli/stored_key.h"
#include "util/clock.h"
#include "util/log.h"

enum { DEVNODE_PORT = 6767 };

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
	char did[DID_TEXT];

	s->did[0] = '\0';
	if (service_did_of(c, did, e))
		return -1;
	snprintf(s->did, sizeof s->did, "%s", did);
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

/* ---- start, reload ---- */

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
		if (run_check(s, &s->service[i], e))
			return -1;
	s->has_settle = paid(c) && c->settle_interval && secret_is_set(&c->service_key) &&
			!serve_find_program("", "llm-gateway-settle", s->settle_program,
					    sizeof s->settle_program, e);
	if (made)
		log_info("made the database %s", s->dir.database);
	return run_start(s, e);
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

/* What sockets, files and users hang on. */
static bool needs_restart(const struct conf *a, const struct conf *b)
{
	return a->port != b->port || strcmp(a->host, b->host) ||
	       strcmp(a->web_server, b->web_server) || strcmp(a->state_dir, b->state_dir) ||
	       strcmp(a->database, b->database) || strcmp(a->payment, b->payment) ||
	       strcmp(a->network, b->network) || a->workers != b->workers ||
	       a->providers.n != b->providers.n;
}

static void use(struct serve *s, struct conf *c, const char *did)
{
	s->conf = c;
	snprintf(s->did, sizeof s->did, "%s", did);
	set_facts(s);
	make_env(s);
}

/* The settings of @c from now on, if all responders agree. */
static int adopt(struct serve *s, struct conf *c, struct gw_err *e)
{
	struct conf *old = s->conf;
	char old_did[sizeof s->did], did[sizeof s->did];

	if (needs_restart(c, old))
		return gw_fail(e, GWE_CONFIG, 0,
			       "port, host, web server, state directory, database, payment, "
			       "network, workers and the list of providers need a restart");
	snprintf(old_did, sizeof old_did, "%s", s->did);
	if (read_key(s, c, e)) {
		snprintf(s->did, sizeof s->did, "%s", old_did);
		return -1;
	}
	snprintf(did, sizeof did, "%s", s->did);
	use(s, c, did);
	for (unsigned i = 0; i < s->n_service; i++)
		if (run_check(s, &s->service[i], e)) {
			use(s, old, old_did);
			return -1;
		}
	conf_free(old);
	return 0;
}

/* The web server knows none of these settings: it stays as it is, with all its connections. */
static void reload(struct serve *s)
{
	struct conf *c = NULL;
	struct gw_err e;

	if (load_again(s, &c, &e) || adopt(s, c, &e)) {
		log_error("reload refused, the old settings stay: %s", e.pub);
		conf_free(c);
		return;
	}
	open_log(c);
	if (serve_dir_keep_key(&s->dir, &c->service_key, &e))
		log_error("%s", e.pub);
	run_replace(s);
	log_info("reloaded: new responders take over, the old ones finish their streams");
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
		int sig = run_next_signal(set, 30);

		if (sig == SIGTERM || sig == SIGINT) {
			*asked_to_stop = true;
			return 0;
		}
		run_reap(s, true);
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
		int sig = run_next_signal(set, 100);

		run_reap(s, false);
		if (sig == SIGTERM || sig == SIGINT)
			return;
		if (sig == SIGHUP)
			reload(s);
		run_fill(s);
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
		run_stop(s, &set);
	} else {
		if (!asked) {
			announce(s);
			supervise(s, &set);
		}
		run_stop(s, &set);
		rc = CLI_OK;
	}
	finish(s);
	free(s);
	return rc;
}
