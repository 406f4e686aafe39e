/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway pricing - the prices in force, and those that the operator sets. */
#include "config.h"

#include "cli/cli.h"
#include "cli/opts.h"
#include "cli/pricing.h"

#include <errno.h>

#include "util/log.h"

/* clang-format off */
static const char text[] =
	"list                     the prices in force: set ones first, then a line per row of the tables\n"
	"show MODEL               what one model costs at each provider, with every price; status 1: nothing\n"
	"set MODEL NAME=USD...    set prices of one model: input and output per million tokens, and any\n"
	"                         other column of the price table; replaces what was set for it\n"
	"unset MODEL...           take set prices away\n"
	"import FILE|-            set the prices of a JSON object, {\"MODEL\":{\"input\":2.5,\"output\":10}}\n"
	"export                   print the set prices as such an object\n"
	"\n"
	"Set prices beat PRICING_OVERRIDES, which beats the file PRICING_CONFIG_PATH, which beats the\n"
	"built-in table. A change counts from the next request on, in every running responder.";
/* clang-format on */

struct verb {
	const char *name;
	int least, most; /* arguments */
	bool writes;	 /* needs the database */
	bool shows;	 /* needs the prices in force */
};

static const struct verb verbs[] = {
	{ "list", 0, 0, false, true },	    { "show", 1, 1, false, true },
	{ "export", 0, 0, false, true },    { "set", 2, 100, true, false },
	{ "unset", 1, 10000, true, false }, { "import", 1, 1, true, false },
};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

static const struct verb *verb_of(int argc, char **argv, struct gw_err *e)
{
	for (int i = 0; argc > 1 && i < VERBS; i++) {
		const struct verb *v = &verbs[i];

		if (strcmp(v->name, argv[1]) != 0)
			continue;
		if (argc - 2 >= v->least && argc - 2 <= v->most)
			return v;
		gw_fail(e, GWE_USAGE, 0, "pricing %s: too %s arguments; --help shows them", v->name,
			argc - 2 < v->least ? "few" : "many");
		return NULL;
	}
	gw_fail(e, GWE_USAGE, 0, "pricing: expected list, show, set, unset, import or export");
	return NULL;
}

/* Prices can be looked at before there is a database. */
static int open_store(struct pricing *p, const struct verb *v, struct gw_err *e)
{
	const struct store_options o = { .path = p->conf->database,
					 .role = STORE_ADMIN,
					 .read_only = !v->writes };

	if (store_open(&p->store, &o, e) == 0)
		return 0;
	p->store = NULL;
	if (v->writes || e->sys != ENOENT)
		return -1;
	log_warn("%s; prices that were set are not shown", e->pub);
	return 0;
}

static int run(struct pricing *p, const struct verb *v, int argc, char **argv)
{
	if (!strcmp(v->name, "list"))
		return pricing_list(p);
	if (!strcmp(v->name, "show"))
		return pricing_show(p, argv[2]);
	if (!strcmp(v->name, "export"))
		return pricing_export(p);
	if (!strcmp(v->name, "set"))
		return pricing_set(p, argv[2], argv + 3, argc - 3);
	if (!strcmp(v->name, "unset"))
		return pricing_unset(p, argv + 2, argc - 2);
	return pricing_import(p, argv[2]);
}

static int with_store(struct pricing *p, const struct verb *v, int argc, char **argv)
{
	struct gw_err e = { .code = GWE_OK };
	int rc;

	if (open_store(p, v, &e))
		return cli_fail(&e);
	if (v->shows) {
		if (prices_init(&p->prices, p->store, p->conf, &e)) {
			rc = cli_fail(&e);
		} else {
			p->set = prices_take(&p->prices);
			rc = run(p, v, argc, argv);
			prices_put(p->set);
		}
		prices_clear(&p->prices);
	} else {
		rc = run(p, v, argc, argv);
	}
	store_close(p->store);
	return rc;
}

static int set_day(struct pricing *p, struct gw_err *e)
{
	uint32_t day;

	if (!p->date)
		clock_day(p->day, clock_wall_ms());
	else if (!price_day_parse(str_c(p->date), &day) ||
		 !str_copy(p->day, sizeof p->day, str_c(p->date)))
		return gw_fail(e, GWE_USAGE, 0, "--date: expected a day like 2026-11-23, not %.40s",
			       p->date);
	return 0;
}

int cmd_pricing(int argc, char **argv)
{
	struct pricing p = { .conf = NULL };
	bool help = false;
	const struct opt rows[] = {
		{ .name = "provider",
		  .value = &p.provider,
		  .arg = "NAME",
		  .help = "list, show: only this provider" },
		{ .name = "date",
		  .value = &p.date,
		  .arg = "DAY",
		  .help = "list, show: prices of that day (2026-11-23) instead of today" },
		{ .name = "all",
		  .flag = &p.all,
		  .help = "list: rows of other days, and beaten ones, too" },
		{ .name = "replace",
		  .flag = &p.replace,
		  .help = "import: take away what the file does not name" },
		{ .name = "csv",
		  .flag = &p.csv,
		  .help = "export: the tables, in the form of PRICING_CONFIG_PATH" },
		{ .name = "json", .flag = &p.json, .help = "print JSON" },
		OPTS_SETTINGS,
		OPTS_HELP(&help),
		OPTS_END,
	};
	const struct verb *v;
	struct conf *c = NULL;
	struct gw_err e;
	int rc;

	if (opts_ask_help(argc, argv)) {
		opts_help(stdout, "pricing VERB [ARGUMENT]... [OPTION]...", text, rows);
		return CLI_OK;
	}
	if (cli_settings(&c, &argc, argv, &e))
		return cli_fail(&e);
	p.conf = c;
	v = NULL;
	if (!opts_parse(rows, &argc, argv, &e) && !set_day(&p, &e))
		v = verb_of(argc, argv, &e);
	rc = v ? with_store(&p, v, argc, argv) : cli_fail(&e);
	conf_free(c);
	return rc;
}
