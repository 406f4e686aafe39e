/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway migrate - make the database, bring its schema up to this program, or show that schema. */
#include "config.h"

#include "cli/cli.h"
#include "cli/opts.h"

#include "store/store.h"
#include "util/buf.h"

/* clang-format off */
static const char text[] =
	"Make the database where there is none, and bring an older one up to this program, in one\n"
	"transaction. Stop the gateway and copy the file first: a program refuses a database that is\n"
	"older or newer than itself, and there is no way back.";
/* clang-format on */

enum { SCHEMA_TEXT_MAX = 1 << 20 };

static int print_schema(void)
{
	struct gw_err e;
	struct buf b;
	int rc;

	buf_init(&b, SCHEMA_TEXT_MAX);
	buf_add_c(
		&b,
		"-- SPDX-License-Identifier: Apache-2.0\n"
		"-- The schema that the migrations add up to: what `llm-gateway migrate --schema` "
		"prints.\n");
	rc = store_schema_dump(SCHEMA_GATEWAY, &b, &e);
	if (!rc)
		fputs(buf_c(&b), stdout);
	buf_clear(&b);
	return rc ? cli_fail(&e) : CLI_OK;
}

static int migrate(const char *path)
{
	struct gw_err e;
	bool made;

	if (store_migrate(path, SCHEMA_GATEWAY, false, &made, &e))
		return cli_fail(&e);
	printf("%s: %s schema %d\n", path, made ? "made with" : "has",
	       store_schema_number(SCHEMA_GATEWAY));
	return CLI_OK;
}

int cmd_migrate(int argc, char **argv)
{
	bool schema = false, help = false;
	const struct opt rows[] = {
		{ .name = "schema", .flag = &schema, .help = "print the schema, do nothing" },
		OPTS_SETTINGS,
		OPTS_HELP(&help),
		OPTS_END,
	};
	struct conf *c = NULL;
	struct gw_err e;
	int rc;

	if (opts_ask_help(argc, argv)) {
		opts_help(stdout, "migrate [OPTION]...", text, rows);
		return CLI_OK;
	}
	if (argc == 2 && !strcmp(argv[1], "--schema"))
		return print_schema();
	if (cli_settings(&c, &argc, argv, &e))
		return cli_fail(&e);
	if (opts_parse(rows, &argc, argv, &e)) {
		rc = cli_fail(&e);
	} else if (argc > 1) {
		gw_fail(&e, GWE_USAGE, 0, "migrate: what is %.64s? It takes no arguments", argv[1]);
		rc = cli_fail(&e);
	} else {
		rc = schema ? print_schema() : migrate(c->database);
	}
	conf_free(c);
	return rc;
}
