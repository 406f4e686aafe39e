/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/serve_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "store/store.h"
#include "util/buf.h"

static int failed(struct gw_err *e, const char *verb, const char *path)
{
	int err = errno;

	return gw_fail(e, GWE_CONFIG, err, "cannot %s %s: %s", verb, path, strerror(err));
}

/* @path and what leads to it. */
static int make_dirs(const char *path, struct gw_err *e)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	if (n >= sizeof part)
		return gw_fail(e, GWE_CONFIG, 0, "%s is too long", path);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, i == n ? 0750 : 0755) && errno != EEXIST)
			return failed(e, "make", part);
	}
	return 0;
}

static int own(const char *path, uid_t uid, gid_t gid, mode_t mode, struct gw_err *e)
{
	if (geteuid() == 0 && chown(path, uid, gid))
		return failed(e, "change the owner of", path);
	if (chmod(path, mode))
		return failed(e, "change the mode of", path);
	return 0;
}

static bool look_up(struct proc_user *u, const char *name)
{
	const struct passwd *p = name[0] ? getpwnam(name) : NULL;

	if (!p || p->pw_uid == 0)
		return false;
	*u = (struct proc_user){ true, p->pw_uid, p->pw_gid, p->pw_gid, "" };
	snprintf(u->name, sizeof u->name, "%s", name);
	return true;
}

static int find_user(struct proc_user *u, const char *option, const char *wanted,
		     const char *const *usual, struct gw_err *e)
{
	if (wanted[0]) {
		if (look_up(u, wanted))
			return 0;
		return gw_fail(e, GWE_CONFIG, 0, "%s: there is no user %s that is not root", option,
			       wanted);
	}
	for (; *usual; usual++)
		if (look_up(u, *usual))
			return 0;
	return gw_fail(e, GWE_CONFIG, 0, "no user to run programs as: make one, or name it with %s",
		       option);
}

static int find_users(struct serve_dir *d, const struct conf *c, struct gw_err *e)
{
	static const char *const workers[] = { "llm-gateway", "www-data", "nobody", NULL };
	static const char *const settlers[] = { "llm-gateway-settle", "nobody", NULL };

	if (geteuid() != 0)
		return 0;
	if (find_user(&d->user, "--user", c->user, workers, e) ||
	    find_user(&d->settle_user, "--settle-user", c->settle_user, settlers, e))
		return -1;
	if (d->user.uid == d->settle_user.uid)
		return gw_fail(e, GWE_CONFIG, 0,
			       "--user and --settle-user must differ: responders must not be able "
			       "to read the claim key");
	d->settle_user.also = d->user.gid;
	return 0;
}

static int take_lock(struct serve_dir *d, struct gw_err *e)
{
	char path[2100];

	snprintf(path, sizeof path, "%s/lock", d->state);
	d->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->lock_fd < 0)
		return failed(e, "open", path);
	if (flock(d->lock_fd, LOCK_EX | LOCK_NB))
		return gw_fail(e, GWE_CONFIG, 0,
			       "another `llm-gateway serve` runs with the state directory %s",
			       d->state);
	return 0;
}

int serve_dir_open(struct serve_dir *d, const struct conf *c, struct gw_err *e)
{
	char path[2100], cwd[1024];
	uid_t uid = geteuid();
	gid_t gid = getegid();

	*d = (struct serve_dir){ .lock_fd = -1 };
	if (c->state_dir[0] == '/' || !getcwd(cwd, sizeof cwd))
		cwd[0] = '\0';
	if (snprintf(d->state, sizeof d->state, "%s%s%s", cwd, cwd[0] ? "/" : "", c->state_dir) >=
	    (int)sizeof d->state)
		return gw_fail(e, GWE_CONFIG, 0, "STATE_DIR is too long");
	for (const char *p = d->state; *p; p++)
		if (strchr("\"'\\ ;{}#$@|", *p))
			return gw_fail(
				e, GWE_CONFIG, 0,
				"the state directory %s has a character that the files of web "
				"servers cannot hold: choose another with --state-dir",
				d->state);
	snprintf(d->run, sizeof d->run, "%s/run", d->state);
	/* sun_path has 108 bytes */
	if (strlen(d->run) + sizeof "/payment-channel.sock" > 108)
		return gw_fail(
			e, GWE_CONFIG, 0,
			"the path of the state directory %s is too long for sockets: choose a "
			"shorter one with --state-dir",
			d->state);
	snprintf(d->database, sizeof d->database, "%s", c->database);
	snprintf(d->key_file, sizeof d->key_file, "%s/settle/service.key", d->state);
	if (find_users(d, c, e) || make_dirs(d->state, e))
		return -1;
	if (d->user.set)
		gid = d->user.gid;
	/* The database's directory: its journal is made by whoever comes first. */
	if (own(d->state, uid, gid, d->user.set ? 02770 : 0700, e) || take_lock(d, e))
		return -1;
	if (make_dirs(d->run, e) || own(d->run, uid, gid, 0750, e))
		return -1;
	snprintf(path, sizeof path, "%s/settle", d->state);
	if (make_dirs(path, e) || own(path, d->settle_user.set ? d->settle_user.uid : uid,
				      d->settle_user.set ? d->settle_user.gid : gid, 0700, e))
		return -1;
	return 0;
}

void serve_dir_close(struct serve_dir *d)
{
	if (d->lock_fd >= 0)
		close(d->lock_fd);
	d->lock_fd = -1;
}

int serve_dir_database(struct serve_dir *d, bool *made, struct gw_err *e)
{
	struct store_options o = { .path = d->database, .role = STORE_ADMIN, .read_only = true };
	struct store *st = NULL;

	if (store_migrate(d->database, SCHEMA_GATEWAY, true, made, e))
		return -1;
	if (own(d->database, geteuid(), d->user.set ? d->user.gid : getegid(),
		d->user.set ? 0660 : 0600, e))
		return -1;
	/* Says what to do about an older schema. */
	if (store_open(&st, &o, e))
		return -1;
	store_close(st);
	return 0;
}

int serve_dir_keep_key(struct serve_dir *d, const struct secret *key, struct gw_err *e)
{
	struct str text = secret_reveal(key);
	char path[2200];
	int fd;

	if (!secret_is_set(key)) {
		if (unlink(d->key_file) && errno != ENOENT)
			return failed(e, "remove", d->key_file);
		return 0;
	}
	/* A new file each time: nobody can have it open, and the mode is right from the start. */
	snprintf(path, sizeof path, "%s.new", d->key_file);
	if (unlink(path) && errno != ENOENT)
		return failed(e, "remove", path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return failed(e, "make", path);
	if (write(fd, text.p, text.len) != (ssize_t)text.len ||
	    (d->settle_user.set && fchown(fd, d->settle_user.uid, d->settle_user.gid)) ||
	    fsync(fd)) {
		failed(e, "write", path);
		close(fd);
		return -1;
	}
	close(fd);
	if (rename(path, d->key_file))
		return failed(e, "replace", d->key_file);
	return 0;
}

int serve_dir_listen(struct serve_dir *d, const char *name, int *fd, struct gw_err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (snprintf(a.sun_path, sizeof a.sun_path, "%s/%s.sock", d->run, name) >=
	    (int)sizeof a.sun_path) {
		close(s);
		return gw_fail(e, GWE_CONFIG, 0, "%s/%s.sock is too long", d->run, name);
	}
	if (s < 0)
		return failed(e, "make a socket for", a.sun_path);
	if ((unlink(a.sun_path) && errno != ENOENT) ||
	    bind(s, (const struct sockaddr *)&a, sizeof a) ||
	    own(a.sun_path, d->user.set ? d->user.uid : geteuid(),
		d->user.set ? d->user.gid : getegid(), 0660, e) ||
	    listen(s, 1024)) {
		failed(e, "listen on", a.sun_path);
		close(s);
		return -1;
	}
	*fd = s;
	return 0;
}

int serve_dir_alias(struct serve_dir *d, const char *name, const char *to, struct gw_err *e)
{
	char path[2200], target[128];

	snprintf(path, sizeof path, "%s/%s.sock", d->run, name);
	snprintf(target, sizeof target, "%s.sock", to);
	if ((unlink(path) && errno != ENOENT) || symlink(target, path))
		return failed(e, "link", path);
	return 0;
}
