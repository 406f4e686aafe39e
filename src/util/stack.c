/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/stack.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { OWN = 1024 }; /* for what is called from here */

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define TOOL_OWNS_STACK 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TOOL_OWNS_STACK 1
#endif
#endif

#ifdef TOOL_OWNS_STACK
void stack_trim(void)
{
}

bool stack_trim_works(void)
{
	return false;
}
#else
void stack_trim(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	pthread_attr_t a;
	void *low;
	size_t size;

	if (pthread_getattr_np(pthread_self(), &a))
		return;
	if (!pthread_attr_getstack(&a, &low, &size) && here > (uintptr_t)low &&
	    here - (uintptr_t)low < size) {
		size = (size_t)((here - OWN - (uintptr_t)low) / page * page);
		if (here - OWN > (uintptr_t)low)
			(void)madvise(low, size, MADV_DONTNEED);
	}
	pthread_attr_destroy(&a);
}

bool stack_trim_works(void)
{
	return true;
}
#endif
