/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "provider/rules.h"

enum { QUERY_VALUE_MAX = 512, PATH_SHOWN = 80, PATH_MAX_LEN = 1024 };

static const char model_mark[] = "{model}";

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_name_char(s.p[i]))
			return false;
	return true;
}

/*
 * The path with repeated slashes collapsed, in the arena; no p: it holds what no path may hold.
 * Rule: gateway.md 3 "Path rule"; nothing is decoded, so what is compared is what is sent.
 */
static struct str clean_path(struct str path, struct arena *a)
{
	static const char refused[] = "<>\"|*?%\\";
	char *out;
	size_t n = 0;

	if (!path.len || path.len > PATH_MAX_LEN || path.p[0] != '/' || str_has(path, ".."))
		return STR_NULL;
	out = arena_alloc(a, path.len + 1);
	if (!out)
		return STR_NULL;
	for (size_t i = 0; i < path.len; i++) {
		char c = path.p[i];

		if (c <= 0x20 || c >= 0x7f || strchr(refused, c))
			return STR_NULL;
		if (c != '/' || !n || out[n - 1] != '/')
			out[n++] = c;
	}
	out[n] = '\0';
	path = (struct str){ out, n };
	return str_has(path, "/./") || str_ends(path, "/.") ? STR_NULL : path;
}

/* Does @path match @rule? Then @model is what stands for "{model}", or empty. */
static bool match(struct str path, const char *rule, struct str *model)
{
	const char *mark = strstr(rule, model_mark), *behind;
	size_t front;

	*model = (struct str){ "", 0 };
	if (!mark)
		return str_eq_c(path, rule);
	front = (size_t)(mark - rule);
	behind = mark + sizeof model_mark - 1;
	if (path.len <= front + strlen(behind) || memcmp(path.p, rule, front) ||
	    !str_ends(path, behind))
		return false;
	*model = str_sub(path, front, path.len - front - strlen(behind));
	return is_name(*model);
}

/* The members of @query that may pass, with their names, as "?a=1&b=2". */
static struct str list_query(struct str query, struct arena *a)
{
	static const char *const passing[] = { "limit", "after_id", "before_id", "pageSize",
					       "pageToken" };
	struct buf out;
	struct str r;

	buf_init(&out, sizeof passing / sizeof passing[0] * (QUERY_VALUE_MAX + 16));
	for (unsigned i = 0; i < sizeof passing / sizeof passing[0]; i++) {
		struct str rest = query;

		while (rest.len) {
			ptrdiff_t amp = str_find(rest, '&');
			struct str m = str_sub(rest, 0, amp < 0 ? rest.len : (size_t)amp), value;
			ptrdiff_t eq = str_find(m, '=');

			rest = amp < 0 ? STR_NULL : str_sub(rest, (size_t)amp + 1, rest.len);
			if (eq < 0 || !str_eq_c(str_sub(m, 0, (size_t)eq), passing[i]))
				continue;
			value = str_sub(m, (size_t)eq + 1, m.len);
			if (value.len > QUERY_VALUE_MAX || !is_name(value))
				continue;
			(void)buf_addf(&out, "%c%s=%.*s", out.len ? '&' : '?', passing[i],
				       STR_ARG(value));
			break;
		}
	}
	r = arena_dup(a, buf_str(&out));
	buf_clear(&out);
	return r;
}

static int not_allowed(const struct provider_row *row, struct str path, struct gw_err *e)
{
	char all[sizeof e->pub];
	struct str shown = str_sub(path, 0, PATH_SHOWN);
	size_t n = 0;

	all[0] = '\0';
	for (const struct path_rule *r = row->ops->paths; r->path; r++) {
		int put;

		/* one path may stand for two methods */
		if (r != row->ops->paths && !strcmp(r->path, r[-1].path))
			continue;
		put = snprintf(all + n, sizeof all - n, "%s%s", n ? ", " : "", r->path);
		if (put < 0 || (size_t)put >= sizeof all - n)
			break;
		n += (size_t)put;
	}
	return gw_fail(e, GWE_NOT_FOUND, 0,
		       "Path '%.*s%s' is not allowed for provider '%s'. Allowed paths: %s",
		       STR_ARG(shown), shown.len < path.len ? "..." : "", row->name, all);
}

static int resolve(const struct path_rule *r, enum provider_id p, struct str path, struct str model,
		   struct str query, struct arena *a, struct route *out, struct gw_err *e)
{
	struct str tail = STR_NULL;
	char *whole;

	if (r->flags & PATH_LIST)
		tail = list_query(query, a);
	else if (r->flags & PATH_STREAM)
		tail = STR_LIT("?alt=sse");
	whole = arena_printf(a, "%.*s%.*s", STR_ARG(path), STR_ARG(tail));
	model = arena_dup(a, model);
	if (!whole || !model.p)
		return gw_fail(e, GWE_BAD_REQUEST, 0, "The request is too large");
	*out = (struct route){
		.provider = p,
		.api = r->api,
		.free = r->flags & PATH_FREE,
		.get = r->flags & PATH_GET,
		.stream_by_path = r->flags & PATH_STREAM,
		.upstream_path = str_c(whole),
		.model = model,
	};
	return 0;
}

int provider_route(enum provider_id p, struct str method, struct str path, struct str query,
		   struct arena *a, struct route *out, const char **allow, struct gw_err *e)
{
	const struct provider_row *row = provider_row_get(p);
	struct str clean = clean_path(path, a), model;
	const char *other = NULL;

	*allow = NULL;
	if (!clean.p)
		return not_allowed(row, path, e);
	for (const struct path_rule *r = row->ops->paths; r->path; r++) {
		const char *want = r->flags & PATH_GET ? "GET" : "POST";

		if (!match(clean, r->path, &model))
			continue;
		if (str_eq_c(method, want))
			return resolve(r, p, clean, model, query, a, out, e);
		other = want;
	}
	if (!other)
		return not_allowed(row, path, e);
	*allow = other;
	return gw_fail(e, GWE_METHOD_NOT_ALLOWED, 0, "Method not allowed; this path takes %s",
		       other);
}
