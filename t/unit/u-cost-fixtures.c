/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The amounts of all recorded exchanges, from the usage that their NAME.expect.json tells. What it
 * leaves to the bytes (day, requested model, own key at OpenRouter) is taken from NAME.http.
 */
#include "config.h"

#include "billing/cost.h"

#include <glob.h>

#include "codec/jscan.h"
#include "util/file.h"

#include "tap.h"

enum { FILE_MAX = 4 << 20 };

static struct price_book *book;

static void give_up(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

static struct str read_whole(const char *path, struct secret *s)
{
	struct stat st;

	if (file_read(path, FILE_MAX, s, &st))
		give_up(path);
	return secret_reveal(s);
}

/* The value of "#! NAME: " in the head, or "". */
static void directive(struct str http, const char *name, char *out, size_t size)
{
	char mark[64];
	const char *at;
	struct str rest;
	ptrdiff_t eol;

	snprintf(mark, sizeof mark, "#! %s: ", name);
	out[0] = '\0';
	at = memmem(http.p, http.len, mark, strlen(mark));
	if (!at)
		return;
	at += strlen(mark);
	rest = (struct str){ at, http.len - (size_t)(at - http.p) };
	eol = str_find(rest, '\n');
	if (eol < 0 || !str_copy(out, size, str_sub(rest, 0, (size_t)eol)))
		give_up(name);
}

static uint64_t count(struct jval v, const char *name)
{
	struct jval m = jscan_get(v, name);
	uint64_t n = 0;

	if (m.type != J_NONE && !jval_u64(m, &n))
		give_up(name);
	return n;
}

static void text(struct jval v, const char *name, char *out, size_t size)
{
	struct jval m = jscan_get(v, name);

	out[0] = '\0';
	if (!jval_is_null(m) && !jval_copy(m, out, size))
		give_up(name);
}

static bool is_true(struct jval v, const char *name)
{
	return jscan_get(v, name).type == J_TRUE;
}

static enum provider_id provider_of(const char *name)
{
	static const char *const names[PROVIDER_COUNT] = { "openai", "openrouter", "litellm",
							   "anthropic", "gemini" };

	for (unsigned i = 0; i < PROVIDER_COUNT; i++)
		if (!strcmp(names[i], name))
			return (enum provider_id)i;
	give_up(name);
	return PROVIDER_COUNT;
}

static void read_usage(struct usage *u, struct jval v)
{
	char how[16];

	text(v, "completeness", how, sizeof how);
	u->completeness = !strcmp(how, "final")	    ? USAGE_FINAL :
			  !strcmp(how, "partial") ? USAGE_PARTIAL :
						    USAGE_NONE;
	u->inconsistent = is_true(v, "inconsistent");
	u->input = count(v, "input_tokens");
	u->input_uncached = count(v, "input_uncached_tokens");
	u->cached_input = count(v, "cached_input_tokens");
	u->cache_write_5m = count(v, "cache_write_5m_tokens");
	u->cache_write_1h = count(v, "cache_write_1h_tokens");
	u->output = count(v, "output_tokens");
	u->input_audio = count(v, "input_audio_tokens");
	u->cached_input_audio = count(v, "cached_input_audio_tokens");
	u->output_audio = count(v, "output_audio_tokens");
	u->input_image = count(v, "input_image_tokens");
	u->cached_input_image = count(v, "cached_input_image_tokens");
	u->output_image = count(v, "output_image_tokens");
	u->audio_ms = 1000 * count(v, "audio_seconds");
}

/* The maker's bill to the client's own key, which is added to the broker's fee. */
static void read_own_key(struct reading *r, struct str http)
{
	static const char name[] = "\"upstream_inference_cost\":";
	const char *at = memmem(http.p, http.len, name, strlen(name));
	size_t n;

	if (!at || !str_has(http, "\"is_byok\":true"))
		return;
	at += strlen(name);
	n = strspn(at, "0123456789.eE+-");
	if (!str_copy(r->provider_cost_fee, sizeof r->provider_cost_fee, (struct str){ at, n }))
		give_up(name);
}

static void read_reading(struct reading *r, struct jval v, struct str http)
{
	struct jval cost = jscan_get(v, "cost"), tools = jscan_get(v, "tool_calls");
	char t[64];

	*r = (struct reading){ .http_status = (int)count(v, "http_status") };
	text(v, "provider", t, sizeof t);
	r->provider = provider_of(t);
	text(v, "api", t, sizeof t);
	for (int a = API_UNKNOWN; a <= API_TRANSCRIPTIONS; a++)
		if (!strcmp(t, api_name((enum api)a)))
			r->api = (enum api)a;
	text(v, "model", r->model, sizeof r->model);
	text(v, "state", t, sizeof t);
	for (int s = STATE_COMPLETE; s <= STATE_PENDING; s++)
		if (!strcmp(t, reading_state_name((enum reading_state)s)))
			r->state = (enum reading_state)s;
	read_usage(&r->usage, jscan_get(v, "usage"));
	for (int k = 0; k < TOOL_COUNT; k++)
		r->tools[k] = count(tools, tool_name((enum tool_kind)k));
	r->web_search_queries = r->provider == PROVIDER_GEMINI ? r->tools[TOOL_WEB_SEARCH] : 0;
	text(cost, "tier", t, sizeof t);
	for (int k = TIER_STANDARD; k <= TIER_UNPRICED; k++)
		if (!strcmp(t, price_tier_name((enum price_tier)k)))
			r->tier = (enum price_tier)k;
	text(cost, "multiplier", t, sizeof t);
	r->us = !strcmp(t, "11/10");
	r->fast = !strcmp(t, "2");
	text(v, "provider_cost_usd", r->provider_cost, sizeof r->provider_cost);
	read_own_key(r, http);
}

static bool same_parts(const struct cost *c, struct jval parts)
{
	struct jiter it;
	struct str key;
	struct jval v;
	unsigned i = 0;

	jiter_init(&it, parts);
	for (; jiter_next(&it, &key, &v); i++) {
		char item[32], each[32], ours[32];

		if (i == c->n_part)
			return false;
		text(v, "item", item, sizeof item);
		text(v, "pico_each", each, sizeof each);
		snprintf(ours, sizeof ours, "%llu", (unsigned long long)c->part[i].pico_each);
		if (strcmp(item, c->part[i].item) || strcmp(each, ours) ||
		    count(v, "qty") != c->part[i].qty)
			return false;
	}
	return i == c->n_part;
}

static bool same_amount(const struct cost *c, struct jval v)
{
	char want[32], ours[PICOUSD_TEXT];

	if (jval_is_null(v))
		return !c->known;
	if (!jval_copy(v, want, sizeof want))
		give_up("pico_usd");
	picousd_format(ours, c->pico);
	return c->known && !strcmp(want, ours);
}

static void check(const char *path)
{
	struct secret expect_file = { NULL, 0 }, http_file = { NULL, 0 };
	struct str expect = read_whole(path, &expect_file), http;
	char http_path[512], requested[READING_MODEL], day[32], want[160];
	struct jval v, c;
	struct reading r;
	struct cost_options o = { .book = book, .multiplier = MULTIPLIER_ONE };
	struct cost got;
	struct gw_err e;

	if (jscan_check(expect, 64, false, &v, &e))
		give_up(path);
	snprintf(http_path, sizeof http_path, "%.*s.http",
		 (int)(strlen(path) - strlen(".expect.json")), path);
	http = read_whole(http_path, &http_file);
	directive(http, "request-model", requested, sizeof requested);
	directive(http, "date", day, sizeof day);
	o.day = day[0] ? day : "2026-11-23";
	o.requested_model = str_c(requested);
	read_reading(&r, v, http);
	cost_of_reading(&r, &o, &got);

	c = jscan_get(v, "cost");
	text(v, "fixture", want, sizeof want);
	OK(same_amount(&got, jscan_get(c, "pico_usd")), "%s: amount", want);
	OK(same_parts(&got, jscan_get(c, "parts")), "%s: parts", want);
	OK(got.exact == is_true(c, "exact") && got.unpriced == is_true(c, "unpriced") &&
		   got.long_context == is_true(c, "long_context"),
	   "%s: exact, unpriced, long", want);
	text(c, "source", want, sizeof want);
	OK(!strcmp(want, cost_source_name(got.source)), "source %s", want);
	text(c, "tier", want, sizeof want);
	OK(!strcmp(want, price_tier_name(got.tier)), "tier %s", want);
	text(v, "priced_as", want, sizeof want);
	OK(!strcmp(want, got.priced_as), "priced as %s", want);
	secret_clear(&expect_file);
	secret_clear(&http_file);
}

int main(void)
{
	const char *src = getenv("GW_SRCDIR");
	char pattern[512];
	struct gw_err e;
	glob_t g;

	snprintf(pattern, sizeof pattern, "%s/t/fixtures/*/*.expect.json", src ? src : ".");
	book = price_book_builtin(&e);
	if (!book)
		give_up(e.pub);
	if (glob(pattern, 0, NULL, &g))
		give_up("no fixtures");
	for (size_t i = 0; i < g.gl_pathc; i++)
		check(g.gl_pathv[i]);
	OK(g.gl_pathc >= 91, "all fixtures were there: %zu", g.gl_pathc);
	globfree(&g);
	price_book_unref(book);
	return TAP_END;
}
