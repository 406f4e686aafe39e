/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_args.h"

#include "codec/bcs.h"

static struct bcs_reader begin(struct dev_ctx *x, unsigned i)
{
	struct bcs_reader r;

	if (i < x->call->n_arg)
		bcs_init(&r, x->call->arg[i].p, x->call->arg[i].len);
	else
		bcs_init(&r, "", 0);
	return r;
}

static void end(struct dev_ctx *x, const struct bcs_reader *r)
{
	if (!bcs_end(r))
		x->bad_args = true;
}

struct rooch_id dev_arg_address(struct dev_ctx *x, unsigned i)
{
	struct bcs_reader r = begin(x, i);
	const uint8_t *p = bcs_bytes(&r, 32);
	struct rooch_id id = { { 0 } };

	if (p)
		memcpy(id.b, p, sizeof id.b);
	end(x, &r);
	return id;
}

struct rooch_id dev_arg_object(struct dev_ctx *x, unsigned i)
{
	struct bcs_reader r = begin(x, i);
	struct rooch_id id = { { 0 } };

	bcs_object_id(&r, id.b);
	end(x, &r);
	return id;
}

struct u256 dev_arg_u256(struct dev_ctx *x, unsigned i)
{
	struct bcs_reader r = begin(x, i);
	struct u256 v = bcs_u256(&r);

	end(x, &r);
	return v;
}

uint64_t dev_arg_u64(struct dev_ctx *x, unsigned i)
{
	struct bcs_reader r = begin(x, i);
	uint64_t v = bcs_u64(&r);

	end(x, &r);
	return v;
}

uint8_t dev_arg_u8(struct dev_ctx *x, unsigned i)
{
	struct bcs_reader r = begin(x, i);
	uint8_t v = bcs_u8(&r);

	end(x, &r);
	return v;
}

struct str dev_arg_string(struct dev_ctx *x, unsigned i)
{
	struct bcs_reader r = begin(x, i);
	struct str s = bcs_string(&r, TX_BYTES_MAX);

	end(x, &r);
	return s;
}

struct str dev_arg_bytes(struct dev_ctx *x, unsigned i)
{
	struct bcs_reader r = begin(x, i);
	struct str s = bcs_vec(&r, TX_BYTES_MAX);

	end(x, &r);
	return s;
}

unsigned dev_arg_strings(struct dev_ctx *x, unsigned i, struct str *out, unsigned max)
{
	struct bcs_reader r = begin(x, i);
	uint32_t n = bcs_count(&r, 1);

	for (uint32_t k = 0; k < n; k++) {
		struct str s = bcs_string(&r, TX_BYTES_MAX);

		if (k < max)
			out[k] = s;
	}
	end(x, &r);
	return n;
}

bool dev_args_ok(struct dev_ctx *x)
{
	if (x->bad_args)
		dev_miscellaneous(x);
	return !x->bad_args;
}
