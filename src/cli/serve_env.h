/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve_env - what a program started by `serve` gets to know: its environment, made from the merged
 * settings, and where its file is.
 *
 * A responder gets all settings that are not secret, the key of its own provider, and of SERVICE_KEY
 * the DID only. Nothing of our own environment but a few harmless variables.
 *
 * Rule:    design.md 2 "The claim key"
 * Layer:   cli; calls util
 * Threads: main thread only
 */
#ifndef GW_CLI_SERVE_ENV_H
#define GW_CLI_SERVE_ENV_H

#include "cli/proc.h"
#include "util/conf.h"

struct serve_facts {
	const char *state_dir, *database;
	const char *service_did; /* "" none */
	const char *node_url;	 /* "" from the network */
};

/* @provider: whose key goes along; NULL: none. */
struct proc_env *serve_env_responder(const struct conf *c, const struct serve_facts *f,
				     const char *provider);
/* @key_file: of the claim key. */
struct proc_env *serve_env_settle(const struct conf *c, const struct serve_facts *f,
				  const char *key_file);

/* Beside us in the build tree (below @sub), or where `make install` puts it. CONFIG. */
int serve_find_program(const char *sub, const char *name, char *out, size_t size,
		       struct gw_err *e) GW_MUST_CHECK;

#endif
