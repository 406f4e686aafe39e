/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/serve_run.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/log.h"

enum {
	BACKOFF_MIN_MS = 100,
	BACKOFF_MAX_MS = 10000,
	LIVED_MS = 10000, /* whoever lived as long starts again at once */
	KILL_MS = 5000,	  /* between the last request to end and the last resort */
	LAST_MS = 18000	  /* the same, where charges that wait are to be written first */
};

/*
 * What we start works in the directory of the sockets: it has its settings from us, and must not read a
 * .env again that lies in ours, or in the state directory; this may hold SERVICE_KEY, and would beat them.
 */
static int start_responder(struct serve *s, struct service *v, struct slot *slot, struct gw_err *e)
{
	char state[] = "--state-dir", *argv[] = { v->program, NULL, NULL, NULL };
	struct proc_spec spec = { .argv = argv,
				  .env = v->env,
				  .fd0 = v->fd,
				  .fd1 = -1,
				  .user = &s->dir.user,
				  .dir = s->dir.run,
				  .new_group = true };

	if (!strcmp(v->name, "rooch-devnode")) {
		argv[1] = state;
		argv[2] = s->dir.state;
	}
	slot->started_ms = clock_mono_ms();
	return proc_spawn(&slot->pid, &spec, e);
}

int run_check(struct serve *s, struct service *v, struct gw_err *e)
{
	char option[] = "--check", *argv[] = { v->program, option, NULL };
	struct proc_spec spec = { .argv = argv,
				  .env = v->env,
				  .fd0 = -1,
				  .fd1 = -1,
				  .user = &s->dir.user,
				  .dir = s->dir.run,
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
				  .dir = s->dir.run,
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
void run_reap(struct serve *s, bool stopping)
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
			/* Workers whose master was killed would listen on, and the next one could not. */
			(void)kill(-pid, SIGKILL);
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

void run_fill(struct serve *s)
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
	if (s->has_settle && !s->settle_pid && now >= s->settle_next_ms) {
		s->settle_next_ms = now + (int64_t)s->conf->settle_interval * 1000;
		start_settle(s);
	}
}

int run_start(struct serve *s, struct gw_err *e)
{
	for (unsigned i = 0; i < s->n_service; i++)
		for (unsigned k = 0; k < s->service[i].n; k++)
			if (start_responder(s, &s->service[i], &s->service[i].slot[k], e))
				return -1;
	return start_web(s, e);
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

void run_replace(struct serve *s)
{
	struct gw_err e;

	for (unsigned i = 0; i < s->n_service; i++)
		for (unsigned k = 0; k < s->service[i].n; k++) {
			struct slot *slot = &s->service[i].slot[k], before = *slot;

			if (!before.pid)
				continue;
			if (start_responder(s, &s->service[i], slot, &e)) {
				log_error("%s", e.pub);
				*slot = before;
				continue;
			}
			retire(s, before.pid);
		}
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

int run_next_signal(const sigset_t *set, int ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	return sigtimedwait(set, NULL, &t);
}

void run_stop(struct serve *s, const sigset_t *set)
{
	int64_t deadline = clock_mono_ms() + (int64_t)s->conf->drain_timeout_ms;
	bool hurry = false;
	int sig;

	if (!s->web_slot.pid && !responders_run(s))
		return;
	log_info("stopping: requests in work are finished");
	if (s->settle_pid)
		kill(s->settle_pid, SIGTERM);
	if (s->web_slot.pid)
		kill(s->web_slot.pid, s->web->graceful);
	while (s->web_slot.pid) {
		sig = run_next_signal(set, 200);
		run_reap(s, true);
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
		clock_mono_ms() + (hurry ? KILL_MS : (int64_t)s->conf->drain_timeout_ms + LAST_MS);
	while (responders_run(s) || s->settle_pid) {
		sig = run_next_signal(set, 200);
		run_reap(s, true);
		if (clock_mono_ms() > deadline || sig == SIGTERM || sig == SIGINT) {
			signal_responders(s, SIGKILL);
			if (s->settle_pid)
				kill(s->settle_pid, SIGKILL);
		}
	}
	log_info("stopped");
}
