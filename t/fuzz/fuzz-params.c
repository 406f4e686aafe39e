/* SPDX-License-Identifier: Apache-2.0 */
/* params: whatever a web server hands over, views stay inside it, and what is accepted is fit to use. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PARAMS = 64 };

/* Lines of the input become parameters, each in memory of its own. */
static unsigned split(char *params[PARAMS + 1], const uint8_t *data, size_t size)
{
	unsigned n = 0;
	size_t at = 0;

	while (at < size && n < PARAMS) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t len = end ? (size_t)(end - data) - at : size - at;

		params[n] = malloc(len + 1);
		assert(params[n]);
		memcpy(params[n], data + at, len);
		params[n++][len] = '\0';
		at += len + 1;
	}
	params[n] = NULL;
	return n;
}

static bool visible(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] <= 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *params[PARAMS + 1];
	struct http_request rq = { .fd = -1 };
	struct str v;
	struct gw_err e;
	unsigned n = split(params, data, size);

	if (http_request_init(&rq, params, &e) == 0) {
		assert(rq.method.len && rq.method.len <= HTTP_METHOD_MAX && visible(rq.method));
		assert(rq.target.len && rq.target.len <= HTTP_TARGET_MAX);
		assert(rq.target.p[0] == '/' || rq.target.len == 1);
		assert(str_find(rq.path, '?') < 0 && rq.path.len + rq.query.len <= rq.target.len);
	} else {
		assert(e.pub[0]);
	}
	assert(str_visible(str_c(rq.id), HTTP_ID - 1));
	if (http_header_once(&rq, "X-Payment-Channel-Data", 100, &v, &e) == 0)
		assert(v.len <= 100 && str_find(v, ',') < 0);
	(void)http_content_type_is(&rq, "application/json");
	v = http_query_member(rq.query, "n");
	assert(v.len <= rq.query.len);
	while (n)
		free(params[--n]);
	return 0;
}
