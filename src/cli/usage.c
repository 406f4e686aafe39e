/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llm-gateway usage - what was asked, by whom, and what it cost: sums over the usage rows.
 *
 * Costs are added as dollars and picodollars apart, so that no sum overflows; they are exact.
 */
#include "config.h"

#include <unistd.h>

#include "cli/cli.h"
#include "cli/opts.h"
#include "codec/csv.h"
#include "codec/jwrite.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/picousd.h"

enum { NUMBERS = 8, COST_TEXT = 64 };
#define PICO UINT64_C(1000000000000)
static const char *const columns[NUMBERS] = { "requests",      "open",	       "lost",
					      "failed",	       "input_tokens", "output_tokens",
					      "cached_tokens", "estimated" };

struct sums {
	uint64_t n[NUMBERS];
	uint64_t usd, pico; /* pico below a dollar */
};

struct line {
	char *name;
	struct sums s;
};

struct report {
	enum stmt_id id;
	int64_t since_ms, until_ms;
	struct line *line;
	size_t n, cap;
	struct sums total;
	bool overflow;
};

static bool add(struct sums *to, const struct sums *s)
{
	for (int i = 0; i < NUMBERS; i++)
		if (__builtin_add_overflow(to->n[i], s->n[i], &to->n[i]))
			return false;
	to->pico += s->pico;
	return !__builtin_add_overflow(to->usd, s->usd + to->pico / PICO, &to->usd) &&
	       (to->pico %= PICO, true);
}

static void cost_text(char out[COST_TEXT], const struct sums *s)
{
	char rest[PICOUSD_USD_TEXT];

	/* "0.0007064": what stands behind the point is that of the rest */
	picousd_format_usd(rest, picousd_of(s->pico));
	snprintf(out, COST_TEXT, "%llu%s", (unsigned long long)s->usd, rest + 1);
}

static int read_rows(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct report *r = arg;
	struct stmt *s = stmt_get(c, r->id);
	int step;

	stmt_bind_i64(s, "since", r->since_ms);
	stmt_bind_i64(s, "until", r->until_ms);
	while ((step = stmt_step(s, e)) == 1) {
		struct line l = { .name = NULL };
		struct str name = stmt_text(s, "name");
		uint64_t rest = stmt_u64(s, "cost_rest");

		for (int i = 0; i < NUMBERS; i++)
			l.s.n[i] = stmt_u64(s, columns[i]);
		l.s.usd = stmt_u64(s, "cost_usd") + rest / PICO;
		l.s.pico = rest % PICO;
		l.name = strndup(name.p ? name.p : "", name.len);
		if (r->n == r->cap) {
			size_t cap = r->cap ? r->cap * 2 : 64;
			struct line *more = realloc(r->line, cap * sizeof *more);

			if (!more)
				abort();
			r->line = more;
			r->cap = cap;
		}
		if (!l.name)
			abort();
		r->line[r->n++] = l;
		r->overflow |= !add(&r->total, &l.s);
	}
	stmt_done(s);
	return step < 0 ? -1 : 0;
}

static void print_table(const struct report *r, const char *by)
{
	int width = (int)strlen(by);
	char cost[COST_TEXT];

	for (size_t i = 0; i < r->n; i++)
		if ((int)strlen(r->line[i].name) > width)
			width = (int)strlen(r->line[i].name);
	if (width > 48)
		width = 48;
	printf("%-*s %9s %6s %5s %6s %12s %12s %12s %9s  %s\n", width, by, "requests", "open",
	       "lost", "failed", "input", "output", "cached", "estimated", "cost USD");
	for (size_t i = 0; i <= r->n; i++) {
		const struct sums *s = i < r->n ? &r->line[i].s : &r->total;
		const uint64_t *n = s->n;

		cost_text(cost, s);
		printf("%-*.*s %9llu %6llu %5llu %6llu %12llu %12llu %12llu %9llu  %s\n", width,
		       width, i < r->n ? r->line[i].name : "total", (unsigned long long)n[0],
		       (unsigned long long)n[1], (unsigned long long)n[2], (unsigned long long)n[3],
		       (unsigned long long)n[4], (unsigned long long)n[5], (unsigned long long)n[6],
		       (unsigned long long)n[7], cost);
	}
}

static void print_csv(const struct report *r, const char *by)
{
	struct buf b;
	char cost[COST_TEXT];

	buf_init(&b, SIZE_MAX / 2);
	buf_add_c(&b, by);
	for (int i = 0; i < NUMBERS; i++)
		buf_addf(&b, ",%s", columns[i]);
	buf_add_c(&b, ",cost_usd\n");
	for (size_t i = 0; i < r->n; i++) {
		csv_add(&b, str_c(r->line[i].name));
		for (int k = 0; k < NUMBERS; k++)
			buf_addf(&b, ",%llu", (unsigned long long)r->line[i].s.n[k]);
		cost_text(cost, &r->line[i].s);
		buf_addf(&b, ",%s\n", cost);
	}
	fwrite(buf_c(&b), 1, b.len, stdout);
	buf_clear(&b);
}

static void write_sums(struct jwrite *w, const struct sums *s)
{
	char cost[COST_TEXT];

	for (int k = 0; k < NUMBERS; k++)
		jwrite_u64(w, columns[k], s->n[k]);
	cost_text(cost, s);
	jwrite_text(w, "cost_usd", cost);
}

static void print_json(const struct report *r, const char *by)
{
	struct jwrite w;
	struct buf b;

	buf_init(&b, SIZE_MAX / 2);
	jwrite_init(&w, &b, true);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "by", by);
	jwrite_array(&w, "rows");
	for (size_t i = 0; i < r->n; i++) {
		jwrite_object(&w, NULL);
		jwrite_text(&w, by, r->line[i].name);
		write_sums(&w, &r->line[i].s);
		jwrite_object_end(&w);
	}
	jwrite_array_end(&w);
	jwrite_object(&w, "total");
	write_sums(&w, &r->total);
	jwrite_object_end(&w);
	jwrite_object_end(&w);
	puts(buf_c(&b));
	buf_clear(&b);
}

/* "2026-11-23", UTC. @next: the beginning of the day after. */
static int read_day(const char *text, const char *option, bool next, int64_t *ms, struct gw_err *e)
{
	struct tm tm = { 0 };
	char back[CLOCK_DAY_SIZE];
	uint64_t y, m, d;
	struct str s = str_c(text);

	if (s.len != 10 || s.p[4] != '-' || s.p[7] != '-' || !str_u64(str_sub(s, 0, 4), &y) ||
	    !str_u64(str_sub(s, 5, 2), &m) || !str_u64(str_sub(s, 8, 2), &d) || y < 1970)
		goto bad;
	tm.tm_year = (int)y - 1900;
	tm.tm_mon = (int)m - 1;
	tm.tm_mday = (int)d;
	*ms = (int64_t)timegm(&tm) * 1000;
	clock_day(back, *ms);
	if (strcmp(back, text))
		goto bad;
	if (next)
		*ms += 86400000;
	return 0;
bad:
	return gw_fail(e, GWE_USAGE, 0, "--%s: expected a day like 2026-11-23, UTC", option);
}

static int by_what(const char *by, enum stmt_id *id, struct gw_err *e)
{
	static const struct {
		const char *name;
		enum stmt_id id;
	} kinds[] = { { "model", STMT_USAGE_BY_MODEL },
		      { "provider", STMT_USAGE_BY_PROVIDER },
		      { "payer", STMT_USAGE_BY_PAYER },
		      { "day", STMT_USAGE_BY_DAY } };

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (!strcmp(kinds[i].name, by)) {
			*id = kinds[i].id;
			return 0;
		}
	return gw_fail(e, GWE_USAGE, 0, "--by: expected model, provider, payer or day");
}

int cmd_usage(int argc, char **argv)
{
	const char *by = NULL, *since = NULL, *until = NULL;
	bool json = false, csv = false, help = false;
	const struct opt rows[] = {
		{ .name = "by",
		  .arg = "WHAT",
		  .value = &by,
		  .help = "model (default), provider, payer or day" },
		{ .name = "since",
		  .arg = "DAY",
		  .value = &since,
		  .help = "from this day on, 2026-11-23 (UTC)" },
		{ .name = "until",
		  .arg = "DAY",
		  .value = &until,
		  .help = "up to and with this day" },
		{ .name = "csv", .flag = &csv, .help = "print comma separated values" },
		{ .name = "json", .flag = &json, .help = "print one JSON object" },
		OPTS_SETTINGS,
		OPTS_HELP(&help),
		OPTS_END,
	};
	struct report r = { .until_ms = INT64_MAX };
	struct store_options o = { .role = STORE_ADMIN, .read_only = true };
	struct store *st = NULL;
	struct conf *c = NULL;
	struct gw_err e;
	int rc = CLI_OK;

	if (opts_ask_help(argc, argv)) {
		opts_help(
			stdout, "usage [OPTION]...",
			"Requests, tokens and exact cost, added up. `open` are at work now, `lost` were at work when\n"
			"their process died (cost unknown, nothing charged), `estimated` were charged by estimate.",
			rows);
		return CLI_OK;
	}
	if (cli_settings(&c, &argc, argv, &e))
		return cli_fail(&e);
	o.path = c->database;
	rc = opts_parse(rows, &argc, argv, &e);
	by = by ? by : "model";
	if (rc || by_what(by, &r.id, &e) ||
	    (since && read_day(since, "since", false, &r.since_ms, &e)) ||
	    (until && read_day(until, "until", true, &r.until_ms, &e)) || store_open(&st, &o, &e) ||
	    store_read(st, read_rows, &r, &e)) {
		rc = cli_fail(&e);
	} else if (r.overflow) {
		gw_fail(&e, GWE_INTERNAL, 0,
			"the sums are larger than 64 bits: ask for fewer days");
		rc = cli_fail(&e);
	} else if (json) {
		print_json(&r, by);
	} else if (csv) {
		print_csv(&r, by);
	} else {
		print_table(&r, by);
	}
	for (size_t i = 0; i < r.n; i++)
		free(r.line[i].name);
	free(r.line);
	store_close(st);
	conf_free(c);
	return rc;
}
