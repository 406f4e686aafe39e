/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opts - the options of one command: `--name value`, `--name=value`, `--name`, one-letter forms.
 *
 * A command keeps a table of rows that point at its variables:
 *
 *	const char *model = NULL;
 *	bool json = false, help = false;
 *	const struct opt rows[] = {
 *		{ .name = "model", .value = &model, .arg = "M", .help = "only this model" },
 *		{ .name = "json", .flag = &json, .help = "print JSON" },
 *		OPTS_HELP(&help),
 *		OPTS_END
 *	};
 *
 * Layer:   cli
 * Threads: no shared state
 */
#ifndef GW_CLI_OPTS_H
#define GW_CLI_OPTS_H

#include <stdbool.h>
#include <stdio.h>

#include "util/err.h"

/* The values of an option that may be repeated, borrowed from argv. */
enum { OPT_MANY_MAX = 16 };
struct opt_many {
	const char *v[OPT_MANY_MAX];
	unsigned n;
};

struct opt {
	const char *name;   /* without dashes; NULL ends the table */
	char letter;	    /* one-letter form, 0 none */
	const char *arg;    /* what the value is called in the help */
	const char *help;   /* one line */
	const char **value; /* set to the value, borrowed from argv; NULL for a flag */
	struct opt_many *many; /* instead of value, for one that may be repeated */
	bool *flag;	    /* set to true; NULL for an option with a value */
	bool settings;	    /* stands for the flags of conf.def, in the help and for suggestions */
};

#define OPTS_HELP(p) { .name = "help", .help = "show this help", .flag = (p) }
/* For commands that call conf_load before opts_parse. */
#define OPTS_SETTINGS { .name = "", .settings = true }
#define OPTS_END { .name = NULL }

/*
 * Read the options of @argv[1..]; what is left (the arguments) moves to argv[1..] and argc is
 * lowered. `--` ends the options; `-` is an argument. USAGE: an unknown option (with the nearest
 * known one), one given twice (or too often), a value missing or not wanted.
 */
int opts_parse(const struct opt *rows, int *argc, char **argv, struct gw_err *e) GW_MUST_CHECK;
/* Does argv ask for --help (before any --)? For commands whose settings may be wrong. */
bool opts_ask_help(int argc, char **argv);
/* "Usage: llm-gateway @synopsis", then @text and the table of @rows. */
void opts_help(FILE *to, const char *synopsis, const char *text, const struct opt *rows);
/* The same for another program. */
void opts_help_for(FILE *to, const char *program, const char *synopsis, const char *text,
		   const struct opt *rows);

#endif
