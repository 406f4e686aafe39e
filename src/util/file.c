/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int file_read(const char *path, size_t max, struct secret *out, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), err = 0;
	char *p = NULL;
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	if (fstat(fd, st))
		err = errno;
	else if (S_ISDIR(st->st_mode))
		err = EISDIR;
	else if (!(p = malloc(max)))
		err = ENOMEM;
	while (!err) {
		n = read(fd, p + len, max - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = errno;
		if (n <= 0)
			break;
		len += (size_t)n;
		if (len == max)
			err = EFBIG;
	}
	close(fd);
	if (!err)
		secret_set(out, (struct str){ p, len });
	secret_wipe(p, len);
	free(p);
	errno = err;
	return err ? -1 : 0;
}

int file_read_input(struct buf *b, const char *path, struct gw_err *e)
{
	bool std = !strcmp(path, "-"), too_long = false;
	int fd = std ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;
	size_t want;
	char more;

	while (fd >= 0 && !too_long) {
		want = b->max - b->len < 65536 ? b->max - b->len : 65536;
		n = read(fd, want ? buf_room(b, want) : &more, want ? want : 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		too_long = !want;
		b->len += want ? (size_t)n : 0;
	}
	if (n < 0)
		gw_fail(e, GWE_USAGE, errno, "%s: %s", path, strerror(errno));
	else if (too_long)
		n = gw_fail(e, GWE_USAGE, 0, "%s: more than %zu bytes", path, b->max);
	if (b->p)
		b->p[b->len] = '\0';
	if (fd >= 0 && !std)
		close(fd);
	return n < 0 ? -1 : 0;
}

int file_write_new(const char *path, mode_t mode, struct str text, struct gw_err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	ssize_t n = 0;
	int err = 0;

	if (fd < 0)
		return gw_fail(e, GWE_BAD_REQUEST, errno, "%s: %s", path, strerror(errno));
	while (text.len && !err) {
		n = write(fd, text.p, text.len);
		if (n >= 0)
			text = str_sub(text, (size_t)n, text.len);
		else if (errno != EINTR)
			err = errno;
	}
	if (!err && fsync(fd))
		err = errno;
	if (close(fd) && !err)
		err = errno;
	if (!err)
		return 0;
	unlink(path);
	return gw_fail(e, GWE_BAD_REQUEST, err, "%s cannot be written: %s", path, strerror(err));
}
