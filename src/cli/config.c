/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway config - check the configuration, or print it with the source of every value. */
#include "config.h"

#include "cli/cli.h"
#include "cli/opts.h"
#include "cli/stored_key.h"
#include "pipeline/payment.h"
#include "pipeline/prices.h"

static void tell(void *arg, const char *sentence)
{
	unsigned *told = arg;

	if (!(*told)++)
		fputs("llm-gateway: Configuration validation failed:\n", stderr);
	fprintf(stderr, "  %s\n", sentence);
}

static int check(const struct conf *c)
{
	char did[DID_TEXT];
	struct gw_err e;

	/* what serve and its responders would refuse */
	if (conf_check_ready(c, NULL, false, &e) || service_did_of(c, did, &e) ||
	    prices_check(c, &e) || (!strcmp(c->payment, "on") && payment_check(c, did, &e)))
		return cli_fail(&e);
	printf("The configuration is valid. Providers:");
	for (unsigned i = 0; i < c->providers.n; i++)
		printf(" %s", c->providers.item[i]);
	printf("; payment %s; network %s.\n", c->payment, c->network);
	return CLI_OK;
}

static bool printed(const struct conf *c, unsigned i)
{
	return !conf_rows[i].no_effect || c->from[i] != CONF_FROM_DEFAULT;
}

/* In the form of a configuration file; `***` stands for secrets. */
static void print_json(const struct conf *c)
{
	const char *sep = "{\n";
	struct buf b;

	buf_init(&b, 1 << 24);
	for (unsigned i = 0; i < CONF_COUNT; i++) {
		if (!conf_rows[i].key || !printed(c, i))
			continue;
		buf_addf(&b, "%s  \"%s\": ", sep, conf_rows[i].key);
		conf_value_json(c, (enum conf_id)i, &b);
		sep = ",\n";
	}
	buf_add_c(&b, "\n}\n");
	fputs(buf_c(&b), stdout);
	buf_clear(&b);
}

static void print_text(const struct conf *c)
{
	struct buf b;

	buf_init(&b, 1 << 24);
	if (c->file[0])
		printf("# file: %s\n", c->file);
	for (unsigned i = 0; i < CONF_COUNT; i++) {
		if (!printed(c, i))
			continue;
		buf_reset(&b);
		conf_value_json(c, (enum conf_id)i, &b);
		printf("%-26s %-12s %s\n", conf_rows[i].env, conf_from_name(c->from[i]), buf_c(&b));
	}
	buf_clear(&b);
}

int cmd_config(int argc, char **argv)
{
	unsigned told = 0;
	bool json = false, help = false, as_man = false, as_env = false;
	const struct opt rows[] = {
		{ .name = "man", .flag = &as_man, .help = "reference: as the manual page" },
		{ .name = "env", .flag = &as_env, .help = "reference: as an environment file" },
		{ .name = "json", .flag = &json, .help = "print: as a configuration file" },
		OPTS_SETTINGS,
		OPTS_HELP(&help),
		OPTS_END,
	};
	struct conf_source s = {
		.argc = &argc,
		.argv = argv,
		.use_env = true,
		.use_dotenv = true,
		.problem = tell,
		.arg = &told,
	};
	struct conf *c = NULL;
	struct gw_err e;
	int rc = CLI_OK;

	if (opts_ask_help(argc, argv)) {
		opts_help(
			stdout, "config check|print|reference [OPTION]...",
			"check      say what is wrong with the configuration that serve would use\n"
			"print      every setting, where it comes from, and its value; secrets are masked\n"
			"reference  the table of all settings",
			rows);
		return CLI_OK;
	}
	if (conf_load(&c, &s, &e))
		return told ? CLI_NO : cli_fail(&e);
	if (opts_parse(rows, &argc, argv, &e)) {
		rc = cli_fail(&e);
	} else if (argc == 2 && !strcmp(argv[1], "check")) {
		rc = check(c);
	} else if (argc == 2 && !strcmp(argv[1], "print")) {
		if (json)
			print_json(c);
		else
			print_text(c);
	} else if (argc == 2 && !strcmp(argv[1], "reference") && as_man != as_env) {
		rc = config_reference(as_man, as_env);
	} else {
		gw_fail(&e, GWE_USAGE, 0, "config: expected `check`, `print` or `reference`");
		rc = cli_fail(&e);
	}
	conf_free(c);
	return rc;
}
