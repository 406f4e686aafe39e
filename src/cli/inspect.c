/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway inspect - look into headers, keys and objects by hand; for operators and tests. */
#include "config.h"

#include "cli/inspect.h"

#include "crypto/key.h"
#include "util/nearest.h"

static const struct cli_command subcommands[] = {
#define INSPECT(name, function, summary) { name, function, summary },
#include "cli/inspect.def"
#undef INSPECT
	{ NULL, NULL, NULL }
};

int inspect_print(const struct buf *text)
{
	puts(buf_c(text));
	if (!text->failed && !fflush(stdout) && !ferror(stdout))
		return CLI_OK;
	fputs("llm-gateway: standard output cannot be written\n", stderr);
	return CLI_NO;
}

int inspect_refused(bool json, const char *code, const struct gw_err *e)
{
	struct jwrite w;
	struct buf b;

	if (!json) {
		cli_fail(e);
		return CLI_NO;
	}
	buf_init(&b, 4096);
	jwrite_init(&w, &b, false);
	jwrite_object(&w, NULL);
	jwrite_bool(&w, "ok", false);
	jwrite_text(&w, "errorCode", code ? code : gw_err_wire(e->code));
	jwrite_text(&w, "message", e->pub);
	jwrite_object_end(&w);
	inspect_print(&b);
	buf_clear(&b);
	return CLI_NO;
}

static int run(const struct cli_command *c, int argc, char **argv)
{
	struct gw_err e;
	int status;

	if (crypto_init(&e))
		return cli_fail(&e);
	status = c->run(argc, argv);
	crypto_done();
	return status;
}

static void help(FILE *to)
{
	fputs("Usage: llm-gateway inspect WHAT [OPTION]...\n\n", to);
	for (const struct cli_command *c = subcommands; c->name; c++)
		fprintf(to, "  %-12s %s\n", c->name, c->summary);
	fputs("\nExit status: 0 the verdict is positive, 1 it is negative, 2 misuse.\n"
	      "`llm-gateway inspect WHAT --help` shows the options.\n",
	      to);
}

int cmd_inspect(int argc, char **argv)
{
	char hint[NEAREST_HINT_SIZE];
	struct nearest n;
	struct gw_err e;

	if (argc < 2) {
		help(stderr);
		return CLI_MISUSE;
	}
	if (!strcmp(argv[1], "--help")) {
		help(stdout);
		return CLI_OK;
	}
	nearest_init(&n, str_c(argv[1]));
	for (const struct cli_command *c = subcommands; c->name; c++) {
		if (!strcmp(c->name, argv[1]))
			return run(c, argc - 1, argv + 1);
		nearest_offer(&n, c->name);
	}
	gw_fail(&e, GWE_USAGE, 0,
		"inspect %.64s%s; `llm-gateway inspect --help` lists what can be inspected",
		argv[1], nearest_hint(&n, hint));
	return cli_fail(&e);
}
