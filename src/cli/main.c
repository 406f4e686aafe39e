/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway - the operator's command. Options alone mean `serve`. */
#include "config.h"

#include "cli/cli.h"

#include "util/nearest.h"

const struct cli_command cli_commands[] = {
#define CMD(name, function, summary) { name, function, summary },
#include "cli/commands.def"
#undef CMD
	{ NULL, NULL, NULL }
};

static const struct cli_command *find(const char *name)
{
	for (const struct cli_command *c = cli_commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

int cli_fail(const struct gw_err *e)
{
	fprintf(stderr, "llm-gateway: %s%s%s\n", e->pub, e->priv[0] ? ": " : "", e->priv);
	return e->code == GWE_USAGE ? CLI_MISUSE : CLI_NO;
}

int cli_settings(struct conf **out, int *argc, char **argv, struct gw_err *e)
{
	struct conf_source s = { .argc = argc, .argv = argv, .use_env = true, .use_dotenv = true };

	return conf_load(out, &s, e);
}

static int unknown_command(const char *name)
{
	char hint[NEAREST_HINT_SIZE];
	struct nearest n;
	struct gw_err e;

	nearest_init(&n, str_c(name));
	for (const struct cli_command *c = cli_commands; c->name; c++)
		nearest_offer(&n, c->name);
	gw_fail(&e, GWE_USAGE, 0,
		"unknown command %.64s%s; `llm-gateway --help` lists the commands", name,
		nearest_hint(&n, hint));
	return cli_fail(&e);
}

static void help(FILE *to)
{
	fputs("Usage: llm-gateway [COMMAND] [OPTION]...\n\nCommands:\n", to);
	for (const struct cli_command *c = cli_commands; c->name; c++)
		fprintf(to, "  %-12s %s\n", c->name, c->summary);
	fputs("\nOptions alone mean `serve`: llm-gateway --port 3000 --config config.json\n"
	      "`llm-gateway COMMAND --help` shows the options of a command; --version the version.\n",
	      to);
}

int cmd_help(int argc, char **argv)
{
	const struct cli_command *c;
	char *sub[] = { NULL, (char[]){ "--help" }, NULL };

	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
		help(stdout);
		return CLI_OK;
	}
	c = find(argv[1]);
	if (!c)
		return unknown_command(argv[1]);
	sub[0] = argv[1];
	return c->run(2, sub);
}

int main(int argc, char **argv)
{
	const struct cli_command *c;

	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts("llm-gateway " PACKAGE_VERSION);
		return CLI_OK;
	}
	if (argc == 2 && !strcmp(argv[1], "--help")) {
		help(stdout);
		return CLI_OK;
	}
	if (argc > 1 && argv[1][0] != '-') {
		c = find(argv[1]);
		return c ? c->run(argc - 1, argv + 1) : unknown_command(argv[1]);
	}
	c = find("serve");
	if (c)
		return c->run(argc, argv);
	help(stderr);
	return CLI_MISUSE;
}
