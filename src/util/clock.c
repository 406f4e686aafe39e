/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/clock.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "util/str.h"

static _Atomic int64_t pinned_ms = -1;
static _Atomic int64_t offset_ms;
static atomic_bool offset_known;

static int64_t offset(void)
{
	const char *s;

	if (atomic_load(&offset_known))
		return atomic_load(&offset_ms);
	s = getenv("GW_CLOCK_OFFSET_S");
	if (s) {
		bool minus = *s == '-';
		uint64_t v;

		if (str_u64(str_c(s + (minus || *s == '+')), &v) && v < 100000000000u)
			atomic_store(&offset_ms, (minus ? -1 : 1) * (int64_t)v * 1000);
	}
	atomic_store(&offset_known, true);
	return atomic_load(&offset_ms);
}

static int64_t now_us(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
	int64_t pin = atomic_load(&pinned_ms);

	return pin >= 0 ? pin : now_us(CLOCK_REALTIME) / 1000 + offset();
}

int64_t clock_wall_s(void)
{
	return clock_wall_ms() / 1000;
}

int64_t clock_mono_us(void)
{
	return now_us(CLOCK_MONOTONIC);
}

int64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

void clock_set_wall_ms(int64_t ms)
{
	atomic_store(&pinned_ms, ms);
}

void clock_iso(char out[CLOCK_ISO_SIZE], int64_t wall_ms)
{
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;
	size_t n;

	gmtime_r(&s, &tm);
	n = strftime(out, CLOCK_ISO_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, CLOCK_ISO_SIZE - n, ".%03dZ", (int)(wall_ms % 1000));
}

void clock_day(char out[CLOCK_DAY_SIZE], int64_t wall_ms)
{
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(out, CLOCK_DAY_SIZE, "%Y-%m-%d", &tm);
}
