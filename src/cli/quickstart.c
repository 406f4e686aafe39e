/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llm-gateway quickstart - the main job on embedded defaults, told step by step: a ledger, a gateway behind
 * a real web server, a wallet with a channel, one streamed answer that is paid for, its usage row and cost.
 *
 * With a provider's key in the environment that provider answers, else the mock provider. Everything
 * is kept in a directory of its own, so it can be repeated.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/opts.h"
#include "cli/proc.h"
#include "cli/quickstart.h"
#include "cli/serve_dir.h"
#include "cli/serve_env.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/file.h"

void quick_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

static void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static int make_dir(struct quick *q, struct gw_err *e)
{
	int n;

	/* Not the directory of a real gateway. */
	n = snprintf(q->dir, sizeof q->dir, "%s%s", q->conf->state_dir,
		     q->conf->from[CONF_state_dir] == CONF_FROM_DEFAULT ? "-quickstart" : "");
	if (n >= (int)sizeof q->dir)
		return gw_fail(e, GWE_CONFIG, 0, "the path of the state directory is too long");
	for (char *p = q->dir + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(q->dir, 0755) && errno != EEXIST)
			return gw_fail(e, GWE_CONFIG, errno, "cannot make %s: %s", q->dir,
				       strerror(errno));
		*p = '/';
	}
	if (mkdir(q->dir, 0755) && errno != EEXIST)
		return gw_fail(e, GWE_CONFIG, errno, "cannot make %s: %s", q->dir, strerror(errno));
	return 0;
}

/* An earlier version has made the database of this directory: it is ours, and may be brought up. */
static int upgrade(const struct quick *q, struct gw_err *e)
{
	char path[2100];
	bool made;

	if (q->conf->from[CONF_state_dir] != CONF_FROM_DEFAULT)
		return 0;
	snprintf(path, sizeof path, "%s/gateway.db", q->dir);
	return access(path, F_OK) ? 0 : store_migrate(path, SCHEMA_GATEWAY, false, &made, e);
}

static int programs(struct quick *q, struct gw_err *e)
{
	ssize_t n = readlink("/proc/self/exe", q->self, sizeof q->self - 1);

	if (n <= 0)
		return gw_fail(e, GWE_CONFIG, errno, "cannot find the program's own file");
	q->self[n] = '\0';
	if (serve_find_program("", "llm-gateway-client", q->client, sizeof q->client, e))
		return -1;
	return q->mock ? serve_find_program("t/fake/", "llm-gateway-mock", q->mock_program,
					    sizeof q->mock_program, e)
		       : 0;
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int quick_run(char *const *argv, struct gw_err *e)
{
	struct proc_spec s = { .argv = argv, .fd0 = -1, .fd1 = -1 };
	pid_t pid;
	int status;

	fflush(stdout);
	if (proc_spawn(&pid, &s, e))
		return -1;
	status = wait_for(pid);
	return status ? gw_fail(e, GWE_CONFIG, 0, "%s %s ended with status %d", argv[0],
				argv[1] ? argv[1] : "", status)
		      : 0;
}

/* ---- the mock provider ---- */

static int read_port(const char *path, unsigned *port)
{
	struct secret text = { NULL, 0 };
	struct stat st;
	uint64_t v = 0;
	bool ok = !file_read(path, 64, &text, &st) && str_u64(str_trim(secret_reveal(&text)), &v) &&
		  v < 65536;

	secret_clear(&text);
	*port = (unsigned)v;
	return ok ? 0 : -1;
}

static int start_mock(struct quick *q, struct gw_err *e)
{
	static const char *const names[][2] = {
		{ "OPENAI_API_KEY", "OPENAI_BASE_URL" },
		{ "OPENROUTER_API_KEY", "OPENROUTER_BASE_URL" },
		{ "LITELLM_API_KEY", "LITELLM_BASE_URL" },
		{ "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL" },
		{ "GEMINI_API_KEY", "GEMINI_BASE_URL" },
	};
	char file[2100], option[] = "--port-file", url[64];
	char *argv[] = { q->mock_program, option, file, NULL };
	struct proc_spec s = { .argv = argv, .fd0 = -1, .new_group = true };
	int64_t deadline = clock_mono_ms() + 10000;
	unsigned port;

	snprintf(file, sizeof file, "%s/mock.port", q->dir);
	if (unlink(file) && errno != ENOENT)
		return gw_fail(e, GWE_CONFIG, errno, "cannot remove %s: %s", file, strerror(errno));
	s.fd1 = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (proc_spawn(&q->mock_pid, &s, e))
		return -1;
	close(s.fd1);
	while (read_port(file, &port)) {
		if (clock_mono_ms() > deadline ||
		    waitpid(q->mock_pid, NULL, WNOHANG) == q->mock_pid)
			return gw_fail(e, GWE_CONFIG, 0, "the mock provider did not start");
		pause_ms(20);
	}
	snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (setenv(names[i][0], "mock-key", 1) || setenv(names[i][1], url, 1))
			return gw_fail(e, GWE_CONFIG, errno, "cannot set the environment");
	quick_say("  mock provider    %s (in the form of OpenAI, Anthropic, Gemini, ...)", url);
	return 0;
}

/* ---- the gateway ---- */

/* Its first line comes when it accepts requests; what it prints goes on to our output. */
int quick_serve(struct quick *q, bool tell, struct gw_err *e)
{
	char serve[] = "serve", state[] = "--state-dir", payment[] = "--payment", off[] = "off",
	     on[] = "on", port[] = "--port", port_text[16], web[] = "--web-server",
	     host[] = "--host", network[] = "--network", local[] = "local", url[] = "--rpc-url";
	enum { ALWAYS = 12 };
	/* clang-format off */
	char *argv[ALWAYS + 5] = { q->self, serve, state, q->dir, payment, q->paid ? on : off, port,
				   port_text, web, q->conf->web_server, host, q->host };
	/* clang-format on */
	char **more = argv + ALWAYS;
	struct proc_spec s = { .argv = argv, .fd0 = -1, .new_group = true };
	struct pollfd ready;
	int ends[2];
	char text[1024], log[2100];
	ssize_t n;

	/* Not between the lines of the story. */
	snprintf(log, sizeof log, "%s/gateway.log", q->dir);
	if (q->conf->from[CONF_log_target] == CONF_FROM_DEFAULT && setenv("LOG_TARGET", log, 1))
		return gw_fail(e, GWE_CONFIG, errno, "cannot set the environment");
	snprintf(port_text, sizeof port_text, "%u", (unsigned)q->conf->port);
	if (q->paid) {
		*more++ = network;
		*more++ = local;
	}
	if (q->paid && q->conf->rpc_url[0]) {
		*more++ = url;
		*more = q->conf->rpc_url;
	}
	if (pipe2(ends, O_CLOEXEC))
		return gw_fail(e, GWE_CONFIG, errno, "no pipe: %s", strerror(errno));
	s.fd1 = ends[1];
	if (proc_spawn(&q->serve_pid, &s, e)) {
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	close(ends[1]);
	ready = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	do {
		n = poll(&ready, 1, 60000);
	} while (n < 0 && errno == EINTR);
	n = n > 0 ? read(ends[0], text, sizeof text) : -1;
	/* Kept open: serve may print again. */
	if (n <= 0) {
		close(ends[0]);
		return gw_fail(e, GWE_CONFIG, 0,
			       "the gateway did not start; its reason stands above");
	}
	if (tell)
		printf("%.*s", (int)n, text);
	return 0;
}

static int new_key(struct quick *q, struct gw_err *e)
{
	char wallet[] = "wallet", new[] = "new", out[] = "--out", show[] = "show", key[] = "--key";
	char *argv[] = { q->client, wallet, new, out, q->key, NULL };

	if (!access(q->key, F_OK)) {
		if (!q->paid)
			return 0;
		argv[2] = show;
		argv[3] = key;
	}
	return quick_run(argv, e);
}

static int ask(struct quick *q, struct gw_err *e)
{
	char chat[] = "chat", gateway[] = "--gateway", key[] = "--key", provider[] = "--provider";
	char name[16], question[] = "Say in one sentence what a payment channel is.";
	char *argv[] = { q->client, chat,     gateway, q->url,	 key,
			 q->key,    provider, name,    question, NULL };

	snprintf(name, sizeof name, "%s", q->provider);
	return quick_run(argv, e);
}

static int show_usage(struct quick *q, struct gw_err *e)
{
	char usage[] = "usage", state[] = "--state-dir", by[] = "--by", model[] = "model";
	char *argv[] = { q->self, usage, state, q->dir, by, model, NULL };

	return quick_run(argv, e);
}

static void what_next(const struct quick *q)
{
	if (q->paid)
		quick_say("\nAnother terminal can look at the payer's side:\n"
			  "  %s history --key %s\n"
			  "  %s channels --state-dir %s",
			  q->client, q->key, q->self, q->dir);
	quick_say(
		"\nThe gateway runs at %s until you press Ctrl-C. Try next, in another terminal:\n"
		"  %s chat --gateway %s --key %s --provider claude 'Hello'\n"
		"  curl %s/providers/status\n"
		"  %s usage --state-dir %s --json",
		q->url, q->client, q->url, q->key, q->url, q->self, q->dir);
}

void quick_stop(pid_t *pid)
{
	if (*pid) {
		kill(*pid, SIGTERM);
		wait_for(*pid);
	}
	*pid = 0;
}

static int story(struct quick *q, struct gw_err *e)
{
	const char *host = strcmp(q->host, "0.0.0.0") ? q->host : "127.0.0.1";

	snprintf(q->url, sizeof q->url, "http://%s:%u", host, (unsigned)q->conf->port);
	quick_say("Starting");
	if ((q->mock && start_mock(q, e)) || (q->paid && quick_ledger(q, e)))
		return -1;
	if (quick_serve(q, true, e))
		return -1;
	if (q->paid)
		quick_say("\nThe wallet of a payer:\n");
	if (new_key(q, e) || (q->paid && quick_wallet(q, e)))
		return -1;
	quick_say("\nOne streamed answer through %s and a FastCGI responder:\n",
		  q->conf->web_server);
	if (ask(q, e) || (q->paid && quick_settle_up(q, e)))
		return -1;
	quick_say("\nIts usage row in the gateway's database, and the exact cost:\n");
	return show_usage(q, e);
}

/* Until Ctrl-C or TERM, or until the gateway ends by itself. */
static void stay(struct quick *q, const sigset_t *set)
{
	int sig;

	what_next(q);
	for (;;) {
		sig = sigwaitinfo(set, NULL);
		if (sig == SIGINT || sig == SIGTERM)
			return;
		if (sig == SIGCHLD && waitpid(q->serve_pid, NULL, WNOHANG) == q->serve_pid) {
			q->serve_pid = 0;
			return;
		}
	}
}

static int check_network(const struct quick *q, struct gw_err *e)
{
	if (q->paid && q->conf->from[CONF_network] != CONF_FROM_DEFAULT &&
	    strcmp(q->conf->network, "local") != 0)
		return gw_fail(
			e, GWE_CONFIG, 0,
			"quickstart pays on a ledger of its own, not on network %s; set that up "
			"with serve, or use --payment off",
			q->conf->network);
	return 0;
}

int cmd_quickstart(int argc, char **argv)
{
	bool once = false, help = false;
	const struct opt rows[] = {
		{ .name = "once", .flag = &once, .help = "end the gateway after the first answer" },
		OPTS_SETTINGS,
		OPTS_HELP(&help),
		OPTS_END,
	};
	struct quick q = { .provider = "openai" };
	struct gw_err e;
	sigset_t set;
	int rc;

	if (opts_ask_help(argc, argv)) {
		opts_help(
			stdout, "quickstart [OPTION]...",
			"Start a ledger and a gateway on embedded defaults, stream one answer that is paid for,\n"
			"show voucher, balance, usage row and cost. Without a provider's key in the environment\n"
			"a mock provider answers. --payment off does without ledger and payment.",
			rows);
		return CLI_OK;
	}
	if (cli_settings(&q.conf, &argc, argv, &e))
		return cli_fail(&e);
	if (opts_parse(rows, &argc, argv, &e)) {
		rc = cli_fail(&e);
		conf_free(q.conf);
		return rc;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* For the person at this machine, unless told otherwise. */
	if (q.conf->from[CONF_host] == CONF_FROM_DEFAULT)
		snprintf(q.host, sizeof q.host, "127.0.0.1");
	else
		snprintf(q.host, sizeof q.host, "%s", q.conf->host);
	q.mock = !q.conf->providers.n;
	if (!q.mock)
		q.provider = q.conf->providers.item[0];
	q.paid = !strcmp(q.conf->payment, "on");
	rc = check_network(&q, &e) || make_dir(&q, &e) || upgrade(&q, &e) || programs(&q, &e);
	if (!rc) {
		snprintf(q.key, sizeof q.key, "%s/client.key", q.dir);
		rc = story(&q, &e);
	}
	if (rc)
		rc = cli_fail(&e);
	else if (!once)
		stay(&q, &set);
	quick_stop(&q.serve_pid);
	quick_stop(&q.mock_pid);
	if (!rc && once)
		quick_say(
			"\nThe gateway has ended. Without --once it stays, to be tried from another terminal.");
	conf_free(q.conf);
	return rc ? CLI_NO : CLI_OK;
}
