/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_call.h"

#include "devnode/dev_view.h"

int dev_call_fail(struct dev_call *c, int code, const char *fmt, ...)
{
	va_list ap;

	c->code = code;
	va_start(ap, fmt);
	vsnprintf(c->message, sizeof c->message, fmt, ap);
	va_end(ap);
	return -1;
}

struct jval dev_call_param(const struct dev_call *c, unsigned i)
{
	return i < c->n_param ? c->param[i] : (struct jval){ .type = J_NONE };
}

static bool text_u64(struct jval v, uint64_t *out)
{
	char text[24];

	return v.type == J_NUMBER ? jval_u64(v, out)
				  : jval_copy(v, text, sizeof text) && str_u64(str_c(text), out);
}

int dev_call_u64(struct dev_call *c, unsigned i, uint64_t otherwise, uint64_t *out)
{
	*out = otherwise;
	if (jval_is_null(dev_call_param(c, i)) || text_u64(dev_call_param(c, i), out))
		return 0;
	return dev_call_fail(c, RPC_PARAMS, "parameter %u is no number", i + 1);
}

int dev_call_hex(struct dev_call *c, struct jval v, const char *what, struct str *out)
{
	struct str hex, bytes;
	struct buf b;
	bool ok;

	buf_init(&b, 2 * TX_BYTES_MAX + 2);
	ok = jval_text(v, &b);
	hex = buf_str(&b);
	if (str_starts(hex, "0x"))
		hex = str_sub(hex, 2, hex.len);
	bytes = arena_dup(c->mem, str_sub(hex, 0, hex.len / 2));
	/* arena memory is ours to write */
	ok = ok && hex.len % 2 == 0 && bytes.p &&
	     hex_decode((uint8_t *)(uintptr_t)bytes.p, bytes.len, hex);
	buf_clear(&b);
	*out = bytes;
	return ok ? 0 : dev_call_fail(c, RPC_PARAMS, "%s is not hex, or too long", what);
}

int dev_call_id(struct dev_call *c, unsigned i, struct rooch_id *out)
{
	char text[ROOCH_HEX_TEXT];

	if (jval_copy(dev_call_param(c, i), text, sizeof text) &&
	    rooch_address_parse(out, str_c(text)))
		return 0;
	return dev_call_fail(c, RPC_PARAMS, "parameter %u is no id", i + 1);
}

int dev_call_limit(struct dev_call *c, unsigned i, unsigned *limit)
{
	uint64_t n;

	if (dev_call_u64(c, i, DEV_PAGE, &n))
		return -1;
	*limit = n > DEV_PAGE_MAX ? DEV_PAGE_MAX : n ? (unsigned)n : 1;
	return 0;
}
