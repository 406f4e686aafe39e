/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/log.h"
#include "util/secret.h"

enum { ENV_MAX = 256 };
struct proc_env {
	char *item[ENV_MAX + 1]; /* ends with NULL */
	size_t size[ENV_MAX];
	unsigned n;
};

static void *need(void *p)
{
	if (!p) {
		log_error("out of memory");
		abort();
	}
	return p;
}

struct proc_env *proc_env_new(void)
{
	return need(calloc(1, sizeof(struct proc_env)));
}

void proc_env_free(struct proc_env *v)
{
	if (!v)
		return;
	for (unsigned i = 0; i < v->n; i++) {
		secret_wipe(v->item[i], v->size[i]);
		free(v->item[i]);
	}
	free(v);
}

void proc_env_set(struct proc_env *v, const char *name, const char *value, size_t len)
{
	size_t n = strlen(name);
	char *p;

	if (v->n == ENV_MAX)
		return;
	p = need(malloc(n + len + 2));
	memcpy(p, name, n);
	p[n] = '=';
	memcpy(p + n + 1, value, len);
	p[n + 1 + len] = '\0';
	v->size[v->n] = n + len + 2;
	v->item[v->n++] = p;
}

/* In the child: what failed, or NULL. */
static const char *prepare(const struct proc_spec *s, pid_t parent)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	if (s->new_group && setpgid(0, 0))
		return "setpgid";
	if (null < 0 || dup2(s->fd0 >= 0 ? s->fd0 : null, STDIN_FILENO) < 0)
		return "standard input";
	if (s->fd1 >= 0 && dup2(s->fd1, STDOUT_FILENO) < 0)
		return "standard output";
	if (s->user && s->user->set) {
		gid_t groups[2] = { s->user->gid, s->user->also };

		if (setgroups(2, groups) || setgid(s->user->gid) || setuid(s->user->uid))
			return "change of user";
	}
	umask(007);
	if (s->dir && chdir(s->dir))
		return "working directory";
	/* After the change of user, which would undo it. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != parent)
		return "parent";
	return NULL;
}

struct report {
	int err;
	char what[32];
};

int proc_spawn(pid_t *pid, const struct proc_spec *s, struct gw_err *e)
{
	struct report r = { 0, "" };
	pid_t parent = getpid(), child;
	int ends[2];
	ssize_t n;

	if (pipe2(ends, O_CLOEXEC))
		return gw_fail(e, GWE_CONFIG, errno, "cannot start %s: %s", s->argv[0],
			       strerror(errno));
	child = fork();
	if (child == 0) {
		const char *what = prepare(s, parent);

		if (!what) {
			if (s->env)
				execve(s->argv[0], s->argv, s->env->item);
			else
				execv(s->argv[0], s->argv);
			what = "exec";
		}
		r.err = errno;
		snprintf(r.what, sizeof r.what, "%s", what);
		n = write(ends[1], &r, sizeof r);
		_exit(n == sizeof r ? 127 : 126);
	}
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return gw_fail(e, GWE_CONFIG, errno, "cannot start %s: %s", s->argv[0],
			       strerror(errno));
	}
	do {
		n = read(ends[0], &r, sizeof r);
	} while (n < 0 && errno == EINTR);
	close(ends[0]);
	if (n == sizeof r) {
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
		return gw_fail(e, GWE_CONFIG, r.err, "cannot start %s: %s: %s", s->argv[0], r.what,
			       strerror(r.err));
	}
	*pid = child;
	return 0;
}

void proc_status_text(char *out, size_t size, int status)
{
	if (WIFSIGNALED(status))
		snprintf(out, size, "signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(out, size, "exit status %d", WEXITSTATUS(status));
}
