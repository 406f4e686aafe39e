/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway usage - what was used and what it cost. */
#include "config.h"

#include "cli/cli.h"
#include "cli/io.h"
#include "cli/opts.h"

#include "codec/csv.h"
#include "codec/jwrite.h"
#include "store/usage_report.h"
#include "util/clock.h"

/* clang-format off */
static const char text[] =
	"Adds up the calls of providers that began in a span of time. MOMENT is a day of UTC\n"
	"(2026-11-23; as --until it is included), a time (2026-11-23T07:57Z) or a span before now\n"
	"(30m, 24h, 7d). Costs are exact. What is not known is not in the sums: calls in flight (OPEN),\n"
	"calls lost with their process (LOST), calls whose cost nobody could tell (UNKNOWN).";
/* clang-format on */

enum { OUTPUT_MAX = 1 << 28 };

struct usage_args {
	const char *by, *since, *until, *provider, *model, *payer;
	bool json, csv, help;
	int64_t since_ms, until_ms;
	enum usage_group group;
};

/* The columns between name and cost. */
static const struct {
	const char *name, *heading;
	size_t offset;
} columns[] = {
#define COLUMN(field, heading) \
	{ \
#field, heading, offsetof(struct usage_line, field) \
	}
	COLUMN(requests, "REQUESTS"),
	COLUMN(open, "OPEN"),
	COLUMN(lost, "LOST"),
	COLUMN(failed, "FAILED"),
	COLUMN(unknown, "UNKNOWN"),
	COLUMN(estimated, "ESTIMATED"),
	COLUMN(input_tokens, "INPUT"),
	COLUMN(cached_tokens, "CACHED"),
	COLUMN(output_tokens, "OUTPUT"),
#undef COLUMN
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static const char *const groups[] = { "model", "provider", "payer", "day" };

static uint64_t value(const struct usage_line *l, size_t column)
{
	uint64_t v;

	memcpy(&v, (const char *)l + columns[column].offset, sizeof v);
	return v;
}

/* @name_as: the member of its name; NULL: the total. */
static void line_json(struct jwrite *w, const char *name_as, const struct usage_line *l)
{
	char pico[PICOUSD_TEXT], usd[PICOUSD_USD_TEXT];

	picousd_format(pico, l->cost);
	picousd_format_usd(usd, l->cost);
	jwrite_object(w, name_as ? NULL : "total");
	if (name_as)
		jwrite_text(w, name_as, l->name);
	for (size_t i = 0; i < COLUMNS; i++)
		jwrite_u64(w, columns[i].name, value(l, i));
	jwrite_text(w, "cost_pico_usd", pico);
	jwrite_text(w, "cost_usd", usd);
	jwrite_object_end(w);
}

static void moment_json(struct jwrite *w, const char *key, const char *given, int64_t ms)
{
	char iso[CLOCK_ISO_SIZE];

	clock_iso(iso, ms);
	jwrite_text(w, key, given ? iso : NULL);
}

static void print_json(struct buf *out, const struct usage_report *r, const struct usage_args *a)
{
	struct jwrite w;

	jwrite_init(&w, out, true);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "by", groups[r->by]);
	moment_json(&w, "since", a->since, a->since_ms);
	moment_json(&w, "until", a->until, a->until_ms);
	jwrite_array(&w, "rows");
	for (size_t i = 0; i < r->n; i++)
		line_json(&w, groups[r->by], &r->line[i]);
	jwrite_array_end(&w);
	line_json(&w, NULL, &r->total);
	jwrite_object_end(&w);
	buf_add_byte(out, '\n');
}

static void print_csv(struct buf *out, const struct usage_report *r)
{
	char usd[PICOUSD_USD_TEXT];

	buf_add_c(out, groups[r->by]);
	for (size_t i = 0; i < COLUMNS; i++)
		buf_addf(out, ",%s", columns[i].name);
	buf_add_c(out, ",cost_usd\n");
	for (size_t l = 0; l < r->n; l++) {
		csv_add(out, str_c(r->line[l].name));
		for (size_t i = 0; i < COLUMNS; i++)
			buf_addf(out, ",%llu", (unsigned long long)value(&r->line[l], i));
		picousd_format_usd(usd, r->line[l].cost);
		buf_addf(out, ",%s\n", usd);
	}
}

static void table_line(struct buf *out, int width, const struct usage_line *l)
{
	char usd[PICOUSD_USD_TEXT];

	/* Names come from outside: a terminal gets no control bytes. */
	for (const char *p = l->name; *p; p++)
		buf_add_byte(out, (unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p);
	buf_addf(out, "%*s", width - (int)strlen(l->name), "");
	for (size_t i = 0; i < COLUMNS; i++)
		buf_addf(out, " %*llu", i < COLUMNS - 3 ? 9 : 12, (unsigned long long)value(l, i));
	picousd_format_usd(usd, l->cost);
	buf_addf(out, "  %s\n", usd);
}

static void print_table(struct buf *out, const struct usage_report *r)
{
	int width = (int)sizeof "PROVIDER" - 1;

	for (size_t l = 0; l < r->n; l++)
		if ((int)strlen(r->line[l].name) > width)
			width = (int)strlen(r->line[l].name);
	for (const char *p = groups[r->by]; *p; p++)
		buf_add_byte(out, (char)(*p - 'a' + 'A'));
	buf_addf(out, "%*s", width - (int)strlen(groups[r->by]), "");
	for (size_t i = 0; i < COLUMNS; i++)
		buf_addf(out, " %*s", i < COLUMNS - 3 ? 9 : 12, columns[i].heading);
	buf_add_c(out, "  COST (USD)\n");
	for (size_t l = 0; l < r->n; l++)
		table_line(out, width, &r->line[l]);
	table_line(out, width, &r->total);
}

struct reading {
	struct usage_report report;
	struct usage_filter filter;
};

static int read_report(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct reading *x = arg;

	return usage_report_read(&x->report, c, &x->filter, e);
}

static int report(const struct conf *c, const struct usage_args *a)
{
	const struct store_options so = { .path = c->database,
					  .role = STORE_ADMIN,
					  .read_only = true };
	struct reading x = { .filter = { .since_ms = a->since_ms,
					 .until_ms = a->until_ms,
					 .provider = str_c(a->provider),
					 .model = str_c(a->model),
					 .payer = str_c(a->payer) } };
	struct store *st = NULL;
	struct gw_err e;
	struct buf out;
	int rc;

	if (store_open(&st, &so, &e))
		return cli_fail(&e);
	usage_report_init(&x.report, a->group);
	buf_init(&out, OUTPUT_MAX);
	if (store_read(st, read_report, &x, &e)) {
		rc = cli_fail(&e);
	} else {
		if (a->json)
			print_json(&out, &x.report, a);
		else if (a->csv)
			print_csv(&out, &x.report);
		else
			print_table(&out, &x.report);
		rc = cli_print(&out);
	}
	buf_clear(&out);
	usage_report_clear(&x.report);
	store_close(st);
	return rc;
}

static int check(struct usage_args *a, int argc, struct gw_err *e)
{
	int64_t now = clock_wall_ms();
	unsigned i = 0;

	if (argc > 1)
		return gw_fail(e, GWE_USAGE, 0, "usage takes no arguments, only options");
	if (a->json && a->csv)
		return gw_fail(e, GWE_USAGE, 0, "usage: --json or --csv, not both");
	while (i < sizeof groups / sizeof groups[0] && strcmp(groups[i], a->by) != 0)
		i++;
	if (i == sizeof groups / sizeof groups[0])
		return gw_fail(e, GWE_USAGE, 0,
			       "usage: --by model, provider, payer or day, not %.40s", a->by);
	a->group = (enum usage_group)i;
	a->until_ms = INT64_MAX;
	if ((a->since && cli_when(a->since, "--since", false, now, &a->since_ms, e)) ||
	    (a->until && cli_when(a->until, "--until", true, now, &a->until_ms, e)))
		return -1;
	return 0;
}

int cmd_usage(int argc, char **argv)
{
	struct usage_args a = { .by = NULL };
	const struct opt rows[] = {
		{ .name = "by",
		  .value = &a.by,
		  .arg = "WHAT",
		  .help = "a line for each model (default), provider, payer or day" },
		{ .name = "since",
		  .value = &a.since,
		  .arg = "MOMENT",
		  .help = "calls that began then or later" },
		{ .name = "until",
		  .value = &a.until,
		  .arg = "MOMENT",
		  .help = "calls that began before" },
		{ .name = "provider",
		  .value = &a.provider,
		  .arg = "NAME",
		  .help = "only this provider" },
		{ .name = "model", .value = &a.model, .arg = "NAME", .help = "only this model" },
		{ .name = "payer", .value = &a.payer, .arg = "DID", .help = "only this payer" },
		{ .name = "json", .flag = &a.json, .help = "print JSON" },
		{ .name = "csv",
		  .flag = &a.csv,
		  .help = "print comma separated values, without the total" },
		OPTS_SETTINGS,
		OPTS_HELP(&a.help),
		OPTS_END,
	};
	struct conf *c = NULL;
	struct gw_err e;
	int rc;

	if (opts_ask_help(argc, argv)) {
		opts_help(stdout, "usage [OPTION]...", text, rows);
		return CLI_OK;
	}
	if (cli_settings(&c, &argc, argv, &e))
		return cli_fail(&e);
	rc = opts_parse(rows, &argc, argv, &e);
	if (!a.by)
		a.by = groups[USAGE_BY_MODEL];
	rc = rc || check(&a, argc, &e) ? cli_fail(&e) : report(c, &a);
	conf_free(c);
	return rc;
}
