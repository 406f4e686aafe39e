/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/cli.h"
#include "cli/io.h"

#include <errno.h>

enum { MINUTE_MS = 60000, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS };

int cli_print(const struct buf *text)
{
	struct gw_err e;

	if (!text->failed && fwrite(buf_c(text), 1, text->len, stdout) == text->len &&
	    !fflush(stdout))
		return CLI_OK;
	gw_fail(&e, GWE_BAD_REQUEST, errno, "standard output: %s",
		text->failed ? "there is too much to print" : strerror(errno));
	return cli_fail(&e);
}

/* "7d" and its like. */
static bool ago(struct str t, int64_t now_ms, int64_t *out_ms)
{
	int64_t unit = 0;
	uint64_t n;

	if (str_ends(t, "m"))
		unit = MINUTE_MS;
	else if (str_ends(t, "h"))
		unit = HOUR_MS;
	else if (str_ends(t, "d"))
		unit = DAY_MS;
	if (!unit || !str_u64(str_sub(t, 0, t.len - 1), &n) || n > (uint64_t)(now_ms / unit))
		return false;
	*out_ms = now_ms - (int64_t)n * unit;
	return true;
}

static bool digits(struct str t, size_t at, size_t n, int max, int *out)
{
	uint64_t v;

	if (!str_u64(str_sub(t, at, n), &v) || v > (uint64_t)max)
		return false;
	*out = (int)v;
	return true;
}

static bool day(struct str t, struct tm *tm)
{
	struct tm same;

	*tm = (struct tm){ .tm_isdst = 0 };
	if (t.len != 10 || t.p[4] != '-' || t.p[7] != '-' || !digits(t, 0, 4, 9999, &tm->tm_year) ||
	    !digits(t, 5, 2, 12, &tm->tm_mon) || !digits(t, 8, 2, 31, &tm->tm_mday) ||
	    tm->tm_year < 1970)
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	same = *tm;
	/* Other than what was asked for: there is no such day. */
	return timegm(&same) >= 0 && same.tm_mday == tm->tm_mday && same.tm_mon == tm->tm_mon;
}

static bool time_of_day(struct str t, struct tm *tm)
{
	if (str_ends(t, "Z"))
		t = str_sub(t, 0, t.len - 1);
	if ((t.len != 5 && t.len != 8) || t.p[2] != ':' || (t.len == 8 && t.p[5] != ':'))
		return false;
	return digits(t, 0, 2, 23, &tm->tm_hour) && digits(t, 3, 2, 59, &tm->tm_min) &&
	       (t.len == 5 || digits(t, 6, 2, 59, &tm->tm_sec));
}

int cli_when(const char *text, const char *what, bool end_of_day, int64_t now_ms, int64_t *out_ms,
	     struct gw_err *e)
{
	struct str t = str_c(text);
	struct tm tm;

	if (ago(t, now_ms, out_ms))
		return 0;
	if (day(str_sub(t, 0, 10), &tm) &&
	    (t.len == 10 || (t.p[10] == 'T' && time_of_day(str_sub(t, 11, t.len), &tm)))) {
		*out_ms = (int64_t)timegm(&tm) * 1000;
		if (end_of_day && t.len == 10)
			*out_ms += DAY_MS;
		return 0;
	}
	return gw_fail(
		e, GWE_USAGE, 0,
		"%s: expected a day (2026-11-23), a time (2026-11-23T07:57Z) or a span (30m, "
		"24h, 7d), not %.40s",
		what, text);
}
