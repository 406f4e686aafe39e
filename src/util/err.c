/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct fact {
	int status;
	const char *wire;
	bool retry;
};

static const struct fact facts[GWE_COUNT] = {
	[GWE_OK] = { 200, "", false },
#define GW_ERR_FACT(name, status, wire, retry) [GWE_##name] = { status, wire, retry },
	GW_ERRORS(GW_ERR_FACT)
#undef GW_ERR_FACT
};

static void clean(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

int gw_fail(struct gw_err *e, enum gw_code code, int sys, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	e->code = code;
	e->sys = sys;
	e->priv[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(e->pub, sizeof e->pub, fmt, ap);
	va_end(ap);
	clean(e->pub);
	return -1;
}

int gw_fail_priv(struct gw_err *e, enum gw_code code, int sys, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	e->code = code;
	e->sys = sys;
	snprintf(e->pub, sizeof e->pub, "%s",
		 gw_err_status(code) == 503 ? "The service is not available at the moment; try again later."
					    : "The request could not be processed.");
	va_start(ap, fmt);
	vsnprintf(e->priv, sizeof e->priv, fmt, ap);
	va_end(ap);
	clean(e->priv);
	return -1;
}

void gw_err_add(struct gw_err *e, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	if (!e)
		return;
	n = strlen(e->priv);
	if (n + 3 >= sizeof e->priv)
		return;
	if (n) {
		e->priv[n++] = ';';
		e->priv[n++] = ' ';
	}
	va_start(ap, fmt);
	vsnprintf(e->priv + n, sizeof e->priv - n, fmt, ap);
	va_end(ap);
	clean(e->priv + n);
}

int gw_err_status(enum gw_code code)
{
	return code < GWE_COUNT ? facts[code].status : 500;
}

const char *gw_err_wire(enum gw_code code)
{
	return code < GWE_COUNT ? facts[code].wire : "INTERNAL_SERVER_ERROR";
}

bool gw_err_retry(enum gw_code code)
{
	return code < GWE_COUNT && facts[code].retry;
}

enum gw_code gw_err_from_wire(const char *wire)
{
	for (int i = 1; i < GWE_COUNT; i++)
		if (!strcmp(facts[i].wire, wire))
			return (enum gw_code)i;
	return GWE_OK;
}
