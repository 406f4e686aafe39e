/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client - what the commands of llm-gateway-client share: their table, common options, exit
 * statuses.
 *
 * A command is `int cmd_NAME(int argc, char **argv)` with argv[0] = its name; a row in commands.def
 * makes it known.
 *
 * Layer:   client
 * Threads: main thread only
 */
#ifndef GW_CLIENT_CLIENT_H
#define GW_CLIENT_CLIENT_H

#include "cli/opts.h"
#include "util/buf.h"

#define CLIENT_PROGRAM "llm-gateway-client"

/* Exit statuses. */
enum {
	CLIENT_OK = 0,	   /* done */
	CLIENT_FAILED = 1, /* refused by the gateway, or could not be done */
	CLIENT_MISUSE = 2  /* options or arguments that make no sense */
};

struct client_command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
};

#define CMD(name, function, summary) int function(int argc, char **argv);
#include "client/commands.def"
#undef CMD

/* Options of every command that speaks to a gateway. */
struct client_options {
	const char *gateway, *key, *ca_file, *node;
	bool json, help;
};

#define CLIENT_OPTIONS(o)                                                                          \
	{ .name = "gateway",                                                                       \
	  .letter = 'g',                                                                           \
	  .arg = "URL",                                                                            \
	  .value = &(o)->gateway,                                                                  \
	  .help = "where it is; else $LLM_GATEWAY_URL, else http://127.0.0.1:8080" },              \
	    { .name = "key",                                                                       \
	      .letter = 'k',                                                                       \
	      .arg = "FILE",                                                                       \
	      .value = &(o)->key,                                                                  \
	      .help = "key file; else $LLM_GATEWAY_KEY_FILE, else the one of `wallet new`" },         \
	    { .name = "ca-file",                                                                   \
	      .arg = "FILE",                                                                       \
	      .value = &(o)->ca_file,                                                              \
	      .help = "authorities that vouch for the gateway (PEM)" },                            \
	    { .name = "node",                                                                      \
	      .arg = "URL",                                                                        \
	      .value = &(o)->node,                                                                 \
	      .help = "of the chain; else $ROOCH_NODE_URL, else that of the gateway's network" },  \
	    { .name = "json", .flag = &(o)->json, .help = "print one JSON object" },               \
	    OPTS_HELP(&(o)->help)

/* Say on standard error what went wrong; returns the exit status that fits (MISUSE for USAGE). */
int client_fail(const struct gw_err *e);

/* Most that is read from a file or a pipe. */
enum { CLIENT_INPUT_MAX = 64 << 20 };
#endif
