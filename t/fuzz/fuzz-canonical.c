/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Canonical texts: they are JSON, canonical themselves, within their bound, and hold no name twice
 * in an object nor one that the top level has not.
 */
#include "config.h"

#include <assert.h>

#include "auth/canonical.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void names_are_known(struct jval root, struct jval v, unsigned depth)
{
	struct jiter it, top;
	struct str key, last = STR_NULL, name;
	struct jval x, y;
	bool known;

	assert(depth <= CANONICAL_DEPTH);
	jiter_init(&it, v);
	while (jiter_next(&it, &key, &x)) {
		if (it.object) {
			assert(!last.p || !str_eq(last, key));
			last = key;
			known = false;
			jiter_init(&top, root);
			while (!known && jiter_next(&top, &name, &y))
				known = str_eq(name, key);
			assert(known);
		}
		names_are_known(root, x, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct jval root;
	struct gw_err e;
	struct buf a, b;

	if (size > 4096 || jscan_check(text, CANONICAL_DEPTH, false, &root, &e) ||
	    root.type != J_OBJECT)
		return 0;
	buf_init(&a, CANONICAL_GROWTH * size);
	assert(canonical_text(&a, root));
	buf_init(&b, CANONICAL_GROWTH * a.len);
	assert(!jscan_check(buf_str(&a), CANONICAL_DEPTH, false, &root, &e));
	names_are_known(root, root, 0);
	assert(canonical_text(&b, root) && str_eq(buf_str(&a), buf_str(&b)));
	buf_clear(&a);
	buf_clear(&b);
	return 0;
}
