/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/stack.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"

enum { DEEP = 96 << 10, MARK = 0x5a };

static uintptr_t lowest;

/* Touch the stack far below. */
__attribute__((noinline)) static int go_deep(void)
{
	volatile unsigned char far[DEEP];

	memset((void *)(uintptr_t)far, MARK, sizeof far);
	lowest = (uintptr_t)far;
	return far[DEEP / 2];
}

/* Pages of the 64 KiB from @lowest on that are in memory. */
static unsigned resident(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (64 << 10) / page;
	uintptr_t from = (lowest + page - 1) / page * page;
	unsigned char in[64];
	unsigned count = 0;

	if (n > sizeof in || mincore((void *)from, n * page, in) != 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		count += in[i] & 1;
	return count;
}

static void *in_thread(void *arg)
{
	volatile unsigned char own[512];
	unsigned before, after, kept = 0;

	memset((void *)(uintptr_t)own, MARK, sizeof own);
	OK(go_deep() == MARK, "the stack was used far below");
	before = resident();
	stack_trim();
	after = resident();
	for (size_t i = 0; i < sizeof own; i++)
		kept += own[i] == MARK;
	OK(kept == sizeof own, "what is in use stays");
	OK(before > 0, "what was touched is in memory");
	if (stack_trim_works())
		OK(after == 0, "and is not any more: %u of %u pages", after, before);
	OK(go_deep() == MARK, "the stack can be used again");
	return arg;
}

int main(void)
{
	pthread_t t;
	int rc = pthread_create(&t, NULL, in_thread, NULL);

	if (rc == 0)
		pthread_join(t, NULL);
	OK(rc == 0, "a thread could be started");
	return TAP_END;
}
