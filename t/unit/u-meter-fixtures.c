/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every recorded answer is read as its NAME.expect.json says, whatever the sizes of reads: whole,
 * cut in two at every byte, byte by byte, and as the file's own hint has it.
 */
#include "config.h"

#include "provider/explain.h"

#include <glob.h>

#include "codec/jscan.h"
#include "provider/provider.h"
#include "provider/recording.h"
#include "util/file.h"

#include "readings.h"
#include "tap.h"

/* Of larger bodies only the ends, and places between, are cut: a square grows. */
enum { FILE_MAX = 4 << 20, CUT_ALL = 16 << 10, CUT_ENDS = 1500, CUT_STEP = 1009 };

static struct price_book *book;
static struct meter *meter;

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

/* ---- JSON values that mean the same ---- */

static bool for_people(struct str key)
{
	return str_eq_c(key, "fixture") || str_eq_c(key, "how") || str_eq_c(key, "notes");
}

static unsigned members(struct jval v)
{
	struct jiter it;
	struct str key;
	struct jval each;
	unsigned n = 0;

	jiter_init(&it, v);
	while (jiter_next(&it, &key, &each))
		n += !for_people(key);
	return n;
}

static bool same_text(struct jval a, struct jval b)
{
	struct buf x, y;
	bool same;

	buf_init(&x, 1 << 16);
	buf_init(&y, 1 << 16);
	same = jval_text(a, &x) && jval_text(b, &y) && str_eq(buf_str(&x), buf_str(&y));
	buf_clear(&x);
	buf_clear(&y);
	return same;
}

static bool same_json(struct jval want, struct jval got, const char *name)
{
	struct jiter it, other;
	struct str key, no_key;
	struct jval a, b;
	char member[64];

	if (want.type != got.type || members(want) != members(got))
		goto differ;
	if (want.type == J_STRING && !same_text(want, got))
		goto differ;
	if (want.type == J_NUMBER && !str_eq(want.raw, got.raw))
		goto differ;
	jiter_init(&it, want);
	jiter_init(&other, got);
	while (jiter_next(&it, &key, &a)) {
		if (for_people(key))
			continue;
		snprintf(member, sizeof member, "%.*s", STR_ARG(key));
		if (want.type == J_OBJECT)
			b = jscan_get(got, member);
		else if (!jiter_next(&other, &no_key, &b))
			goto differ;
		if (!same_json(a, b, want.type == J_OBJECT ? member : name))
			return false;
	}
	return true;
differ:
	printf("# %s: expected %.*s, got %.*s\n", name, STR_ARG(want.raw), STR_ARG(got.raw));
	return false;
}

/* ---- one fixture ---- */

static struct meter_options options_of(const struct recording *r)
{
	struct meter_options o = { .api = recording_api(r) };

	if (!provider_find(r->provider, &o.provider))
		give_up("provider");
	return o;
}

static struct reading play(const struct recording *r, const struct meter_options *o,
			   const char *sizes)
{
	struct gw_err e;

	meter_reset(meter, o);
	if (recording_play(r, meter, str_c(sizes), &e))
		give_up(e.pub);
	return *meter_reading(meter);
}

/* Both halves, cut before byte @at. */
static struct reading play_halves(const struct recording *r, const struct meter_options *o,
				  size_t at)
{
	struct recording head = *r;
	struct gw_err e;
	char sizes[48];

	snprintf(sizes, sizeof sizes, "%zu,%d", at, FILE_MAX);
	meter_reset(meter, o);
	if (recording_play(&head, meter, str_c(sizes), &e))
		give_up(e.pub);
	return *meter_reading(meter);
}

static bool cut_there(size_t at, size_t len)
{
	return len <= CUT_ALL || at < CUT_ENDS || at > len - CUT_ENDS || at % CUT_STEP == 0;
}

static void check_cuts(const struct recording *r, const struct meter_options *o,
		       const struct reading *whole, const char *name)
{
	struct reading cut = play(r, o, "1");
	char hint[64];
	size_t at;

	OK(readings_same(whole, &cut), "%s: byte by byte", name);
	snprintf(hint, sizeof hint, "%.*s", STR_ARG(r->feed.len ? r->feed : STR_LIT("3,1,7,2")));
	cut = play(r, o, hint);
	OK(readings_same(whole, &cut), "%s: in reads of %s", name, hint);
	for (at = 1; at < r->body.len; at++) {
		if (!cut_there(at, r->body.len))
			continue;
		cut = play_halves(r, o, at);
		if (!readings_same(whole, &cut))
			break;
	}
	OK(at >= r->body.len, "%s: cut in two anywhere (%zu of %zu)", name, at, r->body.len);
}

static void check(const char *path)
{
	struct secret expect_file = { NULL, 0 }, http_file = { NULL, 0 };
	const char *base = strrchr(path, '/') + 1;
	struct cost_options co = { .book = book, .multiplier = MULTIPLIER_ONE };
	struct meter_options mo;
	struct recording r;
	struct reading whole;
	struct cost cost;
	struct jval want, got;
	struct gw_err e;
	struct buf json;
	char http_path[512], name[128], day[32];

	if (jscan_check(read_whole(path, &expect_file), 64, false, &want, &e))
		give_up(path);
	snprintf(name, sizeof name, "%.*s", (int)(strlen(base) - strlen(".expect.json")), base);
	snprintf(http_path, sizeof http_path, "%.*s%s.http", (int)(base - path), path, name);
	if (recording_read(&r, read_whole(http_path, &http_file), &e))
		give_up(e.pub);
	snprintf(day, sizeof day, "%.*s", STR_ARG(r.date.len ? r.date : STR_LIT("2026-11-23")));
	co.day = day;
	co.requested_model = r.request_model;
	mo = options_of(&r);

	whole = play(&r, &mo, "");
	cost_of_reading(&whole, &co, &cost);
	buf_init(&json, 1 << 20);
	explain_json(&whole, &cost, r.request_model, &json);
	if (jscan_check(buf_str(&json), 64, false, &got, &e))
		give_up(e.pub);
	OK(same_json(want, got, name), "%s: as expected", name);
	check_cuts(&r, &mo, &whole, name);
	buf_clear(&json);
	secret_clear(&expect_file);
	secret_clear(&http_file);
}

int main(void)
{
	const struct meter_options none = { .provider = PROVIDER_OPENAI };
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
	meter = meter_new(&none);
	for (size_t i = 0; i < g.gl_pathc; i++)
		check(g.gl_pathv[i]);
	OK(g.gl_pathc >= 91, "all fixtures were there: %zu", g.gl_pathc);
	globfree(&g);
	meter_free(meter);
	price_book_unref(book);
	return TAP_END;
}
