/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli - what the commands of llm-gateway share: their table, exit statuses, error output.
 *
 * A command is `int cmd_NAME(int argc, char **argv)` with argv[0] = its name; a row in
 * commands.def makes it known. It reads its own options with opts.h and, where it needs
 * settings, the common ones with conf_load (which takes them out of argv first).
 *
 * Layer:   cli
 * Threads: main thread only
 */
#ifndef GW_CLI_CLI_H
#define GW_CLI_CLI_H

#include "util/conf.h"
#include "util/err.h"

/* Exit statuses. */
enum {
	CLI_OK = 0,    /* done; the verdict is positive */
	CLI_NO = 1,    /* failed; the verdict is negative */
	CLI_MISUSE = 2 /* options or arguments that make no sense */
};

struct cli_command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
};

#define CMD(name, function, summary) int function(int argc, char **argv);
#include "cli/commands.def"
#undef CMD

/* The table; ends with a row whose name is NULL. */
extern const struct cli_command cli_commands[];

/* Say what went wrong on standard error; returns the exit status that fits (CLI_MISUSE for USAGE). */
int cli_fail(const struct gw_err *e);

/* `config reference`: exactly one of the two forms, on standard output. */
int config_reference(bool as_man, bool as_env);

/* conf_load from the environment, the .env files and argv. */
int cli_settings(struct conf **out, int *argc, char **argv, struct gw_err *e) GW_MUST_CHECK;

#endif
