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
