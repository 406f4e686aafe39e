/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/picousd.h"

#include "tap.h"

int main(void)
{
	struct picousd a = picousd_of(7), b = picousd_of(UINT64_MAX), r = picousd_of(1);
	char usd[PICOUSD_USD_TEXT];

	OK(!picousd_add(&r, a, b) && picousd_u64(r) == 1,
	   "an overflow is told and changes nothing");
	OK(!picousd_sub(&r, a, b) && picousd_u64(r) == 1,
	   "an underflow is told and changes nothing");
	OK(!picousd_mul_u64(&r, b, 2), "a product that does not fit is told");
	OK(picousd_mul_ratio_ceil(&r, a, 1, 2) && picousd_u64(r) == 4, "a ratio rounds up");
	OK(picousd_mul_ratio_ceil(&r, b, 2, 2) && picousd_u64(r) == UINT64_MAX,
	   "a ratio has room inside");
	OK(!picousd_mul_ratio_ceil(&r, b, 2, 1), "a ratio that does not fit is told");
	OK(!picousd_mul_ratio_ceil(&r, b, 2, 0), "a division by nothing is told");
	picousd_format_usd(usd, picousd_of(706400000));
	OK(!strcmp(usd, "0.0007064"), "dollars as text: %s", usd);
	picousd_format_usd(usd, PICOUSD_ZERO);
	OK(!strcmp(usd, "0"), "zero dollars: %s", usd);
	return TAP_END;
}
