/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "provider/rules.h"

enum { HEADER_VALUE_MAX = 2048 };

/* Printable ASCII with no blank at either end: no line can end inside. */
static bool is_value(struct str s)
{
	if (!s.len || s.len > HEADER_VALUE_MAX || s.p[0] == ' ' || s.p[s.len - 1] == ' ')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

bool header_list_add(struct header_list *h, const char *front, struct str value)
{
	const char *line;

	if (!is_value(value) || h->n == UPSTREAM_HEADERS)
		return false;
	line = arena_printf(h->arena, "%s%.*s", front, STR_ARG(value));
	if (!line)
		return false;
	h->line[h->n++] = line;
	return true;
}

unsigned provider_headers(const struct route *r, const struct client_headers *c,
			  const struct upstream_auth *k, struct arena *a,
			  const char *out[UPSTREAM_HEADERS])
{
	const struct provider_ops *ops = provider_row_get(r->provider)->ops;
	struct header_list h = { .arena = a, .line = out };

	if (!r->get)
		header_list_add(&h, "Content-Type: ", STR_LIT("application/json"));
	header_list_add(&h, "Accept: ", STR_LIT("application/json, text/plain, */*"));
	if (ops->headers)
		ops->headers(&h, c, k);
	else
		header_list_add(&h, "Authorization: Bearer ", k->key);
	return h.n;
}

static bool case_starts(struct str s, const char *front)
{
	return str_caseeq_c(str_sub(s, 0, strlen(front)), front);
}

/*
 * Rule: design.md 7. What the client needs to wait, to repeat and to name the call to the
 * provider's support; never whose account it is or what that has spent. Content-Type is the
 * caller's, who may have to answer in another one.
 */
bool provider_pass_header(struct str name, const char **rename)
{
	static const char *const names[] = {
		"retry-after",
		"retry-after-ms",
		"x-should-retry",
		"request-id",
		"x-openai-request-id",
		"openrouter-request-id",
		"anthropic-request-id",
		"x-generation-id",
		"x-litellm-call-id",
		"openai-processing-ms",
		"openai-version",
		"x-gemini-service-tier",
		"ratelimit",
		"ratelimit-policy",
	};
	static const char *const fronts[] = { "x-ratelimit-", "ratelimit-",
					      "anthropic-ratelimit-" };

	*rename = NULL;
	if (str_caseeq_c(name, "x-request-id")) {
		*rename = "X-Upstream-Request-Id";
		return true;
	}
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_caseeq_c(name, names[i]))
			return true;
	for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++)
		if (name.len > strlen(fronts[i]) && case_starts(name, fronts[i]))
			return true;
	return false;
}
