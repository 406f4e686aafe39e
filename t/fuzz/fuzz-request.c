/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes and request bodies: the first line is "PROVIDER METHOD PATH?QUERY", the rest a body.
 * A path that is taken is one that was checked; a body that is taken goes upstream as JSON, holds
 * what we force, and says to another parser what it says to us.
 */
#include "config.h"

#include <assert.h>
#include <jansson.h>

#include "codec/jscan.h"
#include "provider/provider.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str word(struct str *rest, char end)
{
	ptrdiff_t at = str_find(*rest, end);
	struct str w = at < 0 ? *rest : str_sub(*rest, 0, (size_t)at);

	*rest = at < 0 ? STR_NULL : str_sub(*rest, (size_t)at + 1, rest->len);
	return w;
}

static void check_route(const struct route *r)
{
	struct str path = r->upstream_path, query = path;

	path = word(&query, '?');
	assert(path.len && path.p[0] == '/' && !str_has(path, "..") && !str_has(path, "//") &&
	       !str_has(path, "%") && str_visible(r->upstream_path, r->upstream_path.len));
	for (size_t i = 0; i < query.len; i++)
		assert(query.p[i] != '%' && query.p[i] != '?' && query.p[i] != '#');
	assert(!r->stream_by_path || str_eq_c(query, "alt=sse"));
}

/* As a parser sees the text that has another idea of a member that stands twice. */
static bool last_counts(const json_t *j, const struct route *r, const struct request_view *v)
{
	const json_t *model = json_object_get(j, "model"), *stream = json_object_get(j, "stream");

	if (r->provider == PROVIDER_GEMINI)
		return true;
	if (!json_is_string(model) || json_string_length(model) != v->model.len ||
	    memcmp(json_string_value(model), v->model.p, v->model.len))
		return false;
	return r->api == API_EMBEDDINGS || json_is_true(stream) == v->stream;
}

static void check_forced(const json_t *j, const struct route *r, const struct request_view *v)
{
	const json_t *cap = json_object_get(j, "max_tokens");

	if (r->api == API_CHAT && v->stream && r->provider != PROVIDER_OPENROUTER)
		assert(json_is_true(json_object_get(json_object_get(j, "stream_options"),
						    "include_usage")));
	if (r->api == API_CHAT && r->provider == PROVIDER_OPENROUTER)
		assert(json_is_true(json_object_get(json_object_get(j, "usage"), "include")));
	if (r->api == API_MESSAGES)
		assert(json_is_number(cap) && v->has_output_cap && v->output_cap);
	if (r->api == API_MESSAGES && json_is_integer(cap))
		assert((uint64_t)json_integer_value(cap) == v->output_cap);
	if (r->api == API_RESPONSES)
		assert(!json_is_true(json_object_get(j, "background")));
}

static void check_body(const struct route *r, const struct request_view *v)
{
	struct str piece[REQUEST_PIECES];
	struct jval root;
	struct gw_err e;
	struct buf all;
	unsigned n = provider_body_pieces(v, piece);
	json_t *j;

	buf_init(&all, v->body.len + 1024);
	assert(n <= REQUEST_PIECES);
	for (unsigned i = 0; i < n; i++)
		assert(buf_add_str(&all, piece[i]));
	assert(!jscan_check(buf_str(&all), 65, false, &root, &e) && root.type == J_OBJECT);
	assert(v->choices && v->n_fallback <= REQUEST_FALLBACKS && v->model.len);
	assert(v->text_bytes <= 8 * v->body.len);
	/* Jansson reads no huge numbers, lone surrogates, NULs in names: then it is not asked */
	j = json_loadb(all.p, all.len, JSON_ALLOW_NUL, NULL);
	if (j) {
		assert(last_counts(j, r, v));
		check_forced(j, r, v);
		json_decref(j);
	}
	buf_clear(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct request_limits limits = { .max_depth = 64 };
	struct str body = { (const char *)data, size }, target = word(&body, '\n');
	struct str name = word(&target, ' '), method = word(&target, ' '), path;
	struct request_view v;
	enum provider_id p;
	const char *allow;
	struct arena a;
	struct route r;
	struct gw_err e = { 0 };

	path = word(&target, '?');
	if (!provider_find(name, &p))
		return 0;
	arena_init(&a, 1 << 16);
	if (provider_route(p, method, path, target, &a, &r, &allow, &e)) {
		assert(e.code == (allow ? GWE_METHOD_NOT_ALLOWED : GWE_NOT_FOUND) && e.pub[0]);
	} else {
		check_route(&r);
		if (provider_read_request(&r, body, &limits, &a, &v, &e))
			assert(e.code != GWE_OK && gw_err_status(e.code) == 400 && e.pub[0]);
		else if (!r.get)
			check_body(&r, &v);
	}
	arena_free(&a);
	return 0;
}
