/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "client/receipt.h"

#include "codec/jscan.h"
#include "codec/multibase.h"

enum { RECEIPT_MAX = 64 * 1024 };

void receipt_read(struct receipt *r, struct str value)
{
	struct receipt found = { .seen = true };
	struct jval root, error;
	char usd[32];
	struct buf b;

	buf_init(&b, RECEIPT_MAX);
	if (multibase_decode_u(str_trim(value), &b) &&
	    !jscan_check(buf_str(&b), 16, true, &root, NULL)) {
		error = jscan_get(root, "error");
		jval_copy(jscan_get(root, "cost"), found.cost, sizeof found.cost);
		found.has_usd = jval_copy(jscan_get(root, "costUsd"), usd, sizeof usd) &&
				picousd_parse(&found.usd, str_c(usd));
		jval_copy(jscan_get(error, "code"), found.error_code, sizeof found.error_code);
		jval_copy(jscan_get(error, "message"), found.error_message,
			  sizeof found.error_message);
		*r = found;
	}
	buf_clear(&b);
}
