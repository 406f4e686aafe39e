/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/serve_web.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"

struct web_file {
	const char *name;
	struct str text;
};

#include "cli/web_files.inc"

static const struct web_server servers[] = {
	{ "nginx", "nginx", SIGQUIT, SIGTERM },
	{ "lighttpd", "lighttpd", SIGINT, SIGTERM },
	{ "apache2", "apache2", SIGWINCH, SIGTERM },
};

const struct web_server *web_find(const char *name)
{
	for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++)
		if (!strcmp(servers[i].name, name))
			return &servers[i];
	return NULL;
}

struct str web_file_text(const char *name)
{
	for (size_t i = 0; i < sizeof web_files / sizeof web_files[0]; i++)
		if (!strcmp(web_files[i].name, name))
			return web_files[i].text;
	return STR_NULL;
}

static bool executable(char *path, size_t size, struct str dir, const char *program)
{
	struct stat st;

	return snprintf(path, size, "%.*s/%s", STR_ARG(dir), program) < (int)size &&
	       !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

int web_program(const struct web_server *w, char *path, size_t size, struct gw_err *e)
{
	const char *path_env = getenv("PATH");
	struct str lists[2] = {
		str_c(path_env ? path_env : ""),
		STR_LIT("/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/sbin")
	};

	for (int i = 0; i < 2; i++) {
		struct str rest = lists[i];

		while (rest.len) {
			ptrdiff_t colon = str_find(rest, ':');
			size_t n = colon < 0 ? rest.len : (size_t)colon;

			if (n && executable(path, size, str_sub(rest, 0, n), w->program))
				return 0;
			rest = str_sub(rest, colon < 0 ? n : n + 1, rest.len);
		}
	}
	return gw_fail(e, GWE_CONFIG, 0,
		       "%s is not installed: install it (apt-get install %s), or choose another "
		       "with --web-server",
		       w->program, w->name);
}

/* Where texts of the files are replaced by ours. */
struct swap {
	const char *from;
	const char *to;
};

static bool fill(struct buf *b, struct str text, const struct swap *swaps, size_t n)
{
	while (text.len) {
		size_t i;

		for (i = 0; i < n && !str_starts(text, swaps[i].from); i++)
			;
		if (i < n) {
			buf_add_c(b, swaps[i].to);
			text = str_sub(text, strlen(swaps[i].from), text.len);
		} else {
			buf_add_byte(b, text.p[0]);
			text = str_sub(text, 1, text.len);
		}
	}
	return !b->failed;
}

static int put(const char *dir, const char *name, struct str text, struct gw_err *e)
{
	char path[4200];
	int fd;
	ssize_t n;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	n = fd < 0 ? -1 : write(fd, text.p, text.len);
	if (fd >= 0 && close(fd))
		n = -1;
	if (n < 0 || (size_t)n != text.len)
		return gw_fail(e, GWE_CONFIG, errno, "cannot write %s: %s", path, strerror(errno));
	return 0;
}

static int put_filled(const char *dir, const char *name, const struct swap *swaps, size_t n,
		      struct gw_err *e)
{
	struct buf b;
	int rc;

	buf_init(&b, 1 << 20);
	if (!fill(&b, web_file_text(name), swaps, n)) {
		buf_clear(&b);
		return gw_fail(e, GWE_CONFIG, 0, "%s becomes too large", name);
	}
	rc = put(dir, name, buf_str(&b), e);
	buf_clear(&b);
	return rc;
}

/* Directories that the frames name. */
static int make_dirs(const struct web_settings *s, struct gw_err *e)
{
	static const char *const names[] = { "empty",	    "tmp",	 "tmp/body", "tmp/proxy",
					     "tmp/fastcgi", "tmp/uwsgi", "tmp/scgi" };
	char path[4200];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", s->run_dir, names[i]);
		if (mkdir(path, 0700) && errno != EEXIST)
			return gw_fail(e, GWE_CONFIG, errno, "cannot make %s: %s", path,
				       strerror(errno));
		if (s->user->set && chown(path, s->user->uid, s->user->gid))
			return gw_fail(e, GWE_CONFIG, errno, "cannot give %s to %s: %s", path,
				       s->user->name, strerror(errno));
	}
	return 0;
}

/* What only root may say in the frame: whom the workers run as. */
static void master(const struct web_server *w, const struct proc_user *u, char *out, size_t size)
{
	const struct group *g = u->set ? getgrgid(u->gid) : NULL;
	const char *group = g ? g->gr_name : u->name;

	out[0] = '\0';
	if (!u->set)
		return;
	if (!strcmp(w->name, "nginx"))
		snprintf(out, size, "user %s %s;", u->name, group);
	else if (!strcmp(w->name, "lighttpd"))
		snprintf(out, size, "server.username = \"%s\"\nserver.groupname = \"%s\"", u->name,
			 group);
	else
		snprintf(out, size, "User %s\nGroup %s", u->name, group);
}

static const char *apache_modules(void)
{
	static const char *const places[] = { "/usr/lib/apache2/modules",
					      "/usr/lib64/httpd/modules", "/usr/libexec/apache2" };

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (!access(places[i], X_OK))
			return places[i];
	return places[0];
}

int web_configure(const struct web_server *w, const struct web_settings *s, struct gw_err *e)
{
	char user[256], address[300], bind_host[300], port[64], devnode[64], extra[4300] = "",
									     name[64];
	bool v6 = strchr(s->host, ':') != NULL;
	const struct swap swaps[] = {
		{ "/run/llm-gateway", s->run_dir },
		{ "0.0.0.0:8080", address },
		{ "server.bind = \"0.0.0.0\"", bind_host },
		{ "server.port = 8080", port },
		{ "127.0.0.1:6767", devnode },
		{ "@MASTER@", user },
		{ "@MODULES@", apache_modules() },
		{ "@EXTRA@", extra },
	};
	const size_t n = sizeof swaps / sizeof swaps[0];

	master(w, s->user, user, sizeof user);
	snprintf(address, sizeof address, v6 ? "[%s]:%u" : "%s:%u", s->host, s->port);
	snprintf(bind_host, sizeof bind_host,
		 v6 ? "server.bind = \"[%s]\"" : "server.bind = \"%s\"", s->host);
	snprintf(port, sizeof port, "server.port = %u", s->port);
	snprintf(devnode, sizeof devnode, "127.0.0.1:%u", s->devnode_port);
	if (make_dirs(s, e))
		return -1;
	if (s->devnode_port) {
		snprintf(name, sizeof name, "%s-devnode.conf", w->name);
		snprintf(extra, sizeof extra,
			 !strcmp(w->name, "nginx")	? "include %s/%s;"
			 : !strcmp(w->name, "lighttpd") ? "include \"%s/%s\""
							: "Include %s/%s",
			 s->run_dir, name);
		if (put_filled(s->run_dir, name, swaps, n, e))
			return -1;
	}
	snprintf(name, sizeof name, "%s-site.conf",
		 !strcmp(w->name, "apache2") ? "apache2-proxy" : w->name);
	if (put_filled(s->run_dir, name, swaps, n, e))
		return -1;
	snprintf(name, sizeof name, "%s.conf", w->name);
	return put_filled(s->run_dir, name, swaps, n, e);
}

/* One more text into *buf. */
static char *keep(char **buf, size_t *left, const char *a, const char *b, const char *c)
{
	char *at = *buf;
	int n = snprintf(at, *left, "%s%s%s", a, b, c);
	size_t used = n < 0 || (size_t)n >= *left ? *left - 1 : (size_t)n;

	*buf += used + 1;
	*left -= used + 1;
	return at;
}

void web_argv(const struct web_server *w, const char *program, const char *run_dir,
	      char *argv[WEB_ARGV], char *buf, size_t size)
{
	static const char *const nginx[] = { "-p", "@dir", "-e", "stderr", "-c", "@conf", NULL };
	static const char *const lighttpd[] = { "-D", "-f", "@conf", NULL };
	static const char *const apache2[] = { "-D", "FOREGROUND", "-f", "@conf", NULL };
	const char *const *options = !strcmp(w->name, "nginx")	    ? nginx
				     : !strcmp(w->name, "lighttpd") ? lighttpd
								    : apache2;
	char file[32];
	unsigned n = 0;

	snprintf(file, sizeof file, "/%s.conf", w->name);
	argv[n++] = keep(&buf, &size, program, "", "");
	for (; *options; options++) {
		if (!strcmp(*options, "@dir"))
			argv[n++] = keep(&buf, &size, run_dir, "/", "");
		else if (!strcmp(*options, "@conf"))
			argv[n++] = keep(&buf, &size, run_dir, file, "");
		else
			argv[n++] = keep(&buf, &size, *options, "", "");
	}
	argv[n] = NULL;
}
