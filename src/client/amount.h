/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amount - amounts of the asset as people write and read them.
 *
 * The asset is RGas, of 8 decimals; on the wire stand base units.
 *
 * Layer:   client; calls util
 * Threads: no shared state
 */
#ifndef GW_CLIENT_AMOUNT_H
#define GW_CLIENT_AMOUNT_H

#include "util/u256.h"

/* "75000000" base units, "0.75RGas" (any letter case, blanks before the unit). USAGE. */
int amount_parse(struct u256 *out, const char *option, const char *text,
		 struct gw_err *e) GW_MUST_CHECK;
/* "0.75 RGas", exact, no trailing zeros */
enum { AMOUNT_TEXT = U256_TEXT + 16 };
void amount_format(char out[AMOUNT_TEXT], struct u256 a);

#endif
