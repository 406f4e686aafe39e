/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/picousd.h"

#include <inttypes.h>

struct picousd picousd_of(uint64_t pico)
{
	return (struct picousd){ pico };
}

uint64_t picousd_u64(struct picousd a)
{
	return a.raw_pico;
}

int picousd_cmp(struct picousd a, struct picousd b)
{
	return (a.raw_pico > b.raw_pico) - (a.raw_pico < b.raw_pico);
}

bool picousd_add(struct picousd *out, struct picousd a, struct picousd b)
{
	uint64_t v;

	if (__builtin_add_overflow(a.raw_pico, b.raw_pico, &v))
		return false;
	out->raw_pico = v;
	return true;
}

bool picousd_sub(struct picousd *out, struct picousd a, struct picousd b)
{
	if (b.raw_pico > a.raw_pico)
		return false;
	out->raw_pico = a.raw_pico - b.raw_pico;
	return true;
}

bool picousd_mul_u64(struct picousd *out, struct picousd a, uint64_t n)
{
	uint64_t v;

	if (__builtin_mul_overflow(a.raw_pico, n, &v))
		return false;
	out->raw_pico = v;
	return true;
}

bool picousd_mul_ratio_ceil(struct picousd *out, struct picousd a, uint64_t num, uint64_t den)
{
	__extension__ unsigned __int128 v = (unsigned __int128)a.raw_pico * num;

	if (!den)
		return false;
	v = v / den + (v % den ? 1u : 0u);
	if (v > UINT64_MAX)
		return false;
	out->raw_pico = (uint64_t)v;
	return true;
}

bool picousd_parse(struct picousd *out, struct str digits)
{
	uint64_t v;

	if (!str_u64(digits, &v))
		return false;
	out->raw_pico = v;
	return true;
}

void picousd_format(char out[PICOUSD_TEXT], struct picousd a)
{
	snprintf(out, PICOUSD_TEXT, "%" PRIu64, a.raw_pico);
}

void picousd_format_usd(char out[PICOUSD_USD_TEXT], struct picousd a)
{
	const uint64_t usd = UINT64_C(1000000000000);
	int n = snprintf(out, PICOUSD_USD_TEXT, "%" PRIu64 ".%012" PRIu64, a.raw_pico / usd, a.raw_pico % usd);

	while (n > 0 && out[n - 1] == '0')
		out[--n] = '\0';
	if (n > 0 && out[n - 1] == '.')
		out[n - 1] = '\0';
}
