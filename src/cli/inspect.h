/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inspect - what the subcommands of `llm-gateway inspect` share: their table and verdicts.
 *
 * A subcommand is `int inspect_NAME(int argc, char **argv)` with argv[0] = its name, in a file of
 * its own; a row in inspect.def makes it known. It works without database and network, takes
 * --json, and returns CLI_OK for a positive verdict, CLI_NO for a negative one, CLI_MISUSE.
 *
 * Rule:    design "Operator's debugging commands"
 * Layer:   cli
 * Threads: main thread only
 */
#ifndef GW_CLI_INSPECT_H
#define GW_CLI_INSPECT_H

#include "cli/cli.h"
#include "cli/opts.h"
#include "codec/jwrite.h"

#define INSPECT(name, function, summary) int function(int argc, char **argv);
#include "cli/inspect.def"
#undef INSPECT

/* A text for standard output with a line end; returns CLI_OK, or CLI_NO when it cannot be written. */
int inspect_print(const struct buf *text);
/*
 * The negative verdict. @json: {"ok":false,"errorCode":code,"message":...} on standard output, else
 * the message on standard error. @code NULL: the code of @e. Returns CLI_NO.
 */
int inspect_refused(bool json, const char *code, const struct gw_err *e);

#endif
