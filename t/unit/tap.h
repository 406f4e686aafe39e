/* SPDX-License-Identifier: Apache-2.0 */
/* tap - just enough to print TAP from a C test: plan at the end, location of a failure. */
#ifndef GW_T_TAP_H
#define GW_T_TAP_H

#include <stdbool.h>
#include <stdio.h>

static int tap_count, tap_failed;

#define OK(cond, ...) tap_ok((cond), #cond, __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 5, 6), unused)) static bool
tap_ok(bool ok, const char *expr, const char *file, int line, const char *fmt, ...)
{
	__builtin_va_list ap;

	printf("%sok %d - ", ok ? "" : "not ", ++tap_count);
	__builtin_va_start(ap, fmt);
	vprintf(fmt, ap);
	__builtin_va_end(ap);
	putchar('\n');
	if (!ok) {
		tap_failed++;
		printf("# %s:%d: %s\n", file, line, expr);
	}
	fflush(stdout);
	return ok;
}

/* return TAP_END; from main */
#define TAP_END (printf("1..%d\n", tap_count), tap_failed ? 1 : 0)

#endif
