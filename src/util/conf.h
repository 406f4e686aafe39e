/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf - all settings, from one table (conf.def): defaults < file < environment < command line.
 *
 * Of the environment, an empty variable counts as not set. `.env` of the working directory fills
 * in what the environment does not set, `.env.local` overwrites both. Relative paths count from
 * the working directory, those in the file from the directory of the file.
 *
 * Rule:    protocol gateway.md 10, style.md 9
 * Layer:   util (reads the file through codec/conf_json)
 * Threads: immutable once loaded; a reload makes a new one
 */
#ifndef GW_UTIL_CONF_H
#define GW_UTIL_CONF_H

#include "util/buf.h"
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

/* The table of conf.def, for help texts, `config print` and the tests. */
enum conf_type {
	CONF_T_STR,
	CONF_T_PATH,
	CONF_T_URL,
	CONF_T_LIST,
	CONF_T_U64,
	CONF_T_BOOL,
	CONF_T_ENUM,
	CONF_T_SECRET,
	CONF_T_JSON,
	CONF_T_DECIMAL
};
struct conf_row {
	const char *field;
	enum conf_type type;
	const char *env, *key; /* NULL: none */
	const char *flag;      /* without dashes and letter; NULL: none */
	char letter;	       /* one-letter flag; 0: none */
	const char *def;
	uint64_t min, max;
	bool reload, secret, no_effect, credentials;
	const char *unit, *help;
	size_t offset; /* of the field in struct conf */
};
extern const struct conf_row conf_rows[CONF_COUNT];

/*
 * Load everything. @argv: the options that belong to the table are taken out of it (argc lowered), the
 * rest stays for the command; --config/-c is handled here. A secret in argv is overwritten where it
 * stands. @use_env, @use_dotenv: read environment and .env files.
 * CONFIG "Configuration validation failed: ..." with file, line, key and the expected form of the
 * first problem; USAGE for a flag without its value. Warnings go to log_warn.
 */
struct conf_source {
	int *argc; /* NULL: no command line */
	char **argv;
	bool use_env, use_dotenv;
	const char *file; /* instead of --config; NULL none */
	/* A responder's: keys of other providers are neither kept nor looked for. NULL: all; "": none. */
	const char *provider;
	/* Called for every problem, in order; may be NULL. */
	void (*problem)(void *arg, const char *sentence);
	void *arg;
};
int conf_load(struct conf **out, const struct conf_source *s, struct gw_err *e) GW_MUST_CHECK;
void conf_free(struct conf *c);

/* What a responder or serve needs before it may start; provider name for one responder, NULL for all. */
int conf_check_ready(const struct conf *c, const char *provider, bool responder, struct gw_err *e) GW_MUST_CHECK;

/*
 * For a reload: settings of @c that may not change while a program runs get the values of @running
 * back; each such row is told to @differs (may be NULL). Returns how many there were.
 */
unsigned conf_keep_fixed(struct conf *c, const struct conf *running,
			 void (*differs)(void *arg, const struct conf_row *r), void *arg);

/* The providers by route name, and the conf_rows of their key and base URL; ends with name NULL. */
struct conf_provider {
	const char *name;
	enum conf_id key, base_url;
	bool needs_base_url;
};
extern const struct conf_provider conf_providers[];
const struct conf_provider *conf_find_provider(const char *name); /* NULL: unknown */
/* Is @provider offered (c->providers, which conf_load fills from the keys)? */
bool conf_offers(const struct conf *c, const char *provider);
/* It has its key, and its base URL where it cannot do without. */
bool conf_provider_complete(const struct conf *c, const struct conf_provider *p);
/* The key of @p; borrowed, perhaps not set. */
const struct secret *conf_provider_key(const struct conf *c, const struct conf_provider *p);

/* Open the log as the settings say (log_open). */
int conf_open_log(const struct conf *c, const char *program, struct gw_err *e) GW_MUST_CHECK;

/* The value of a row as JSON; a secret is "***" when set, "" when not. */
void conf_value_json(const struct conf *c, enum conf_id id, struct buf *out);
/* "default", "file", "environment", "flag" */
const char *conf_from_name(enum conf_from f);

/*
 * Read a secret from a file: its text without surrounding blanks. The file must belong to us or to
 * root, and nobody else may read it (a file of root may be readable by its group). CONFIG.
 */
int conf_read_secret(const char *path, struct secret *out, struct gw_err *e) GW_MUST_CHECK;

#endif
