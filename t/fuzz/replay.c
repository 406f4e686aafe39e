/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay - the main() of a fuzz target where there is no libFuzzer: feeds it the files of its
 * corpus and simple variations of each, and prints TAP.
 *
 *	NAME.fuzz [FILE...]	default: all of GW_SRCDIR/t/fuzz/corpus/NAME
 *
 * The variations are the same in every run: each file cut short at up to CUTS places, and up to
 * FLIPS of its bytes replaced by bytes that parsers care about. A target that finds a fault aborts;
 * the last "# " line then names the file.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CUTS = 400, FLIPS = 400 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const uint8_t odd[] = { 0,   '"', '\\', '{',  '}',  '[', ',',  ':',
			       '-', '0', '9',  '\n', '\r', ' ', 0x7f, 0xff };

static _Noreturn void fail(const char *what, const char *why)
{
	printf("Bail out! %s: %s\n", what, why);
	exit(1);
}

/*
 * The copy has exactly the length of the input, so that a memory checker sees the first byte
 * read beyond it.
 */
static void feed(const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		fail("replay", "out of memory");
	memcpy(copy, p, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void vary(uint8_t *p, size_t n)
{
	size_t step = n / CUTS + 1;

	for (size_t cut = 0; cut < n; cut += step)
		feed(p, cut);
	step = n / FLIPS + 1;
	for (size_t i = 0; i < n; i += step) {
		uint8_t was = p[i];

		p[i] = odd[(i / step + n) % sizeof odd];
		feed(p, n);
		p[i] = was;
	}
}

static uint8_t *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *p;

	if (!f || fstat(fileno(f), &st) != 0)
		fail(path, strerror(errno));
	*len = (size_t)st.st_size;
	p = malloc(*len + 1);
	if (!p || fread(p, 1, *len, f) != *len)
		fail(path, "cannot be read");
	fclose(f);
	return p;
}

static void replay(const char *path, const char *title)
{
	static int count;
	size_t len;
	uint8_t *p = read_file(path, &len);

	printf("# %s\n", path);
	fflush(stdout);
	feed(p, len);
	vary(p, len);
	free(p);
	printf("ok %d - %s\n", ++count, title);
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	const char *src = getenv("GW_SRCDIR"), *base = strrchr(argv[0], '/');
	struct dirent **files;
	char name[64], path[4096];
	int n;

	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			replay(argv[i], argv[i]);
		printf("1..%d\n", argc - 1);
		return 0;
	}
	base = base ? base + 1 : argv[0];
	snprintf(name, sizeof name, "%.*s", (int)strcspn(base, "."), base);
	snprintf(path, sizeof path, "%s/t/fuzz/corpus/%s", src ? src : ".", name);
	n = scandir(path, &files, visible, alphasort);
	if (n < 0)
		fail(path, strerror(errno));
	if (n == 0)
		fail(path, "an empty corpus tests nothing");
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/t/fuzz/corpus/%s/%s", src ? src : ".", name,
			 files[i]->d_name);
		replay(path, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	printf("1..%d\n", n);
	return 0;
}
