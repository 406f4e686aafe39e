/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tap.h"

static char dir[] = "/tmp/u-file.XXXXXX", path[64];

static void inputs(void)
{
	struct buf b;
	struct gw_err e;

	buf_init(&b, 10);
	OK(!file_read_input(&b, path, &e) && str_eq_c(buf_str(&b), "0123456789"),
	   "exactly the maximum");
	buf_reset(&b);
	OK(buf_add_c(&b, "x") && file_read_input(&b, path, &e) && e.code == GWE_USAGE &&
		   strstr(e.pub, "more than 10 bytes"),
	   "one byte more, with what was there");
	buf_clear(&b);
	buf_init(&b, 100);
	OK(!file_read_input(&b, path, &e) && !file_read_input(&b, path, &e) && b.len == 20,
	   "one behind the other");
	OK(file_read_input(&b, dir, &e) && e.sys == EISDIR && strstr(e.pub, dir), "a directory");
	OK(file_read_input(&b, "/nothing/here", &e) && e.sys == ENOENT && e.code == GWE_USAGE,
	   "a file that is not there");
	OK(b.len == 20, "leave what was read");
	buf_clear(&b);
	buf_init(&b, 0);
	OK(!file_read_input(&b, "/dev/null", &e) && !b.len && !strcmp(buf_c(&b), ""),
	   "nothing of nothing");
	buf_clear(&b);
}

static void standard_input(void)
{
	int p[2], keep = dup(STDIN_FILENO);
	struct gw_err e;
	struct buf b;

	if (pipe(p) || write(p[1], "abc", 3) != 3 || dup2(p[0], STDIN_FILENO) < 0)
		abort();
	close(p[1]);
	close(p[0]);
	buf_init(&b, 1 << 20);
	OK(!file_read_input(&b, "-", &e) && str_eq_c(buf_str(&b), "abc") &&
		   fcntl(STDIN_FILENO, F_GETFD) >= 0,
	   "standard input, which stays open");
	buf_clear(&b);
	dup2(keep, STDIN_FILENO);
	close(keep);
}

static void writing(void)
{
	struct gw_err e;
	struct stat st;

	umask(0);
	OK(!file_write_new(path, 0600, STR_LIT("0123456789"), &e) && !stat(path, &st) &&
		   st.st_size == 10 && (st.st_mode & 0777) == 0600,
	   "a new file with its mode");
	OK(file_write_new(path, 0600, STR_LIT("other"), &e) && e.sys == EEXIST &&
		   e.code == GWE_BAD_REQUEST && !stat(path, &st) && st.st_size == 10,
	   "one that exists stays as it is");
	OK(file_write_new("/nothing/here", 0600, STR_LIT("x"), &e) && e.sys == ENOENT,
	   "no directory for it");
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof path, "%s/x", dir);
	writing();
	inputs();
	standard_input();
	unlink(path);
	rmdir(dir);
	return TAP_END;
}
