/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf - all settings, from one table (conf.def): defaults < file < environment (.env and
 * .env.local of the working directory included) < command line.
 *
 * Rule:    protocol gateway.md 10, style.md 9
 * Layer:   util (reads the file through codec/conf_json)
 * Threads: immutable once loaded; a reload makes a new one
 */
#ifndef GW_UTIL_CONF_H
#define GW_UTIL_CONF_H

#include "util/secret.h"
#include "util/str.h"

/* C types of the table's types. Texts are never NULL. */
struct conf_list {
	char **item;
	unsigned n;
};
typedef char *conf_STR, *conf_PATH, *conf_URL, *conf_ENUM, *conf_JSON, *conf_DECIMAL;
typedef uint64_t conf_U64;
typedef bool conf_BOOL;
typedef struct conf_list conf_LIST;
typedef struct secret conf_SECRET;

enum conf_from { CONF_FROM_DEFAULT, CONF_FROM_FILE, CONF_FROM_ENV, CONF_FROM_FLAG };

enum conf_id {
#define OPT(field, type, env, key, flag, def, min, max, flags, unit, help) CONF_##field,
#include "util/conf.def"
#undef OPT
	CONF_COUNT
};

struct conf {
#define OPT(field, type, env, key, flag, def, min, max, flags, unit, help) conf_##type field;
#include "util/conf.def"
#undef OPT
	enum conf_from from[CONF_COUNT];
	char *file; /* the file that was read; "" none */
};

/*
 * Load everything. @argv: the options that belong to the table are taken out of it (argc lowered), the
 * rest stays for the command; --config/-c is handled here. @env: read environment and .env files.
 * CONFIG with file, line, key and the expected form. Warnings go to log_warn.
 */
struct conf_source {
	int *argc;
	char **argv;
	bool use_env, use_dotenv;
	const char *file; /* instead of --config; NULL none */
};
int conf_load(struct conf **out, const struct conf_source *s, struct gw_err *e) GW_MUST_CHECK;
void conf_free(struct conf *c);

/* What a responder or serve needs before it may start; provider name for one responder, NULL for all. */
int conf_check_ready(const struct conf *c, const char *provider, bool responder, struct gw_err *e) GW_MUST_CHECK;

#endif
