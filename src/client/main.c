/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway-client - the payer's command. */
#include "config.h"

#include "client/client.h"

#include <signal.h>

#include "crypto/key.h"
#include "upstream/upstream.h"
#include "util/nearest.h"

static const struct client_command commands[] = {
#define CMD(name, function, summary) { name, function, summary },
#include "client/commands.def"
#undef CMD
	{ NULL, NULL, NULL }
};

int client_fail(const struct gw_err *e)
{
	fprintf(stderr, CLIENT_PROGRAM ": %s%s%s\n", e->pub, e->priv[0] ? ": " : "", e->priv);
	return e->code == GWE_USAGE ? CLIENT_MISUSE : CLIENT_FAILED;
}

static int unknown_command(const char *name)
{
	char hint[NEAREST_HINT_SIZE];
	struct nearest n;
	struct gw_err e;

	nearest_init(&n, str_c(name));
	for (const struct client_command *c = commands; c->name; c++)
		nearest_offer(&n, c->name);
	gw_fail(&e, GWE_USAGE, 0,
		"unknown command %.64s%s; `" CLIENT_PROGRAM " --help` lists the commands", name,
		nearest_hint(&n, hint));
	return client_fail(&e);
}

static void help(FILE *to)
{
	fputs("Usage: " CLIENT_PROGRAM " COMMAND [OPTION]...\n\nCommands:\n", to);
	for (const struct client_command *c = commands; c->name; c++)
		fprintf(to, "  %-12s %s\n", c->name, c->summary);
	fputs("\n`" CLIENT_PROGRAM " COMMAND --help` shows the options of a command.\n", to);
}

static int run(const struct client_command *c, int argc, char **argv)
{
	struct gw_err e;
	int status;

	signal(SIGPIPE, SIG_IGN);
	if (crypto_init(&e) || upstream_global_init(&e))
		return client_fail(&e);
	status = c->run(argc, argv);
	crypto_done();
	if (fflush(stdout) || ferror(stdout)) {
		fputs(CLIENT_PROGRAM ": standard output cannot be written\n", stderr);
		status = status ? status : CLIENT_FAILED;
	}
	return status;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--version")) {
		puts(CLIENT_PROGRAM " " PACKAGE_VERSION);
		return CLIENT_OK;
	}
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))) {
		help(stdout);
		return CLIENT_OK;
	}
	if (argc < 2) {
		help(stderr);
		return CLIENT_MISUSE;
	}
	for (const struct client_command *c = commands; c->name; c++)
		if (!strcmp(c->name, argv[1]))
			return run(c, argc - 1, argv + 1);
	return unknown_command(argv[1]);
}
