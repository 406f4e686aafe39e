/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llm-gateway config reference - the table of settings as the manual page llm-gateway.conf(5) and as
 * the sample conf/llm-gateway.env. A test compares both files with what this prints.
 */
#include "config.h"

#include "cli/cli.h"

static const char *type_words(const struct conf_row *r)
{
	switch (r->type) {
	case CONF_T_STR:
		return "text";
	case CONF_T_PATH:
		return "path";
	case CONF_T_URL:
		return "URL";
	case CONF_T_LIST:
		return "comma list; in the file an array of texts";
	case CONF_T_U64:
		return "whole number";
	case CONF_T_BOOL:
		return "true or false";
	case CONF_T_ENUM:
		return "one word of";
	case CONF_T_SECRET:
		return "text, secret";
	case CONF_T_JSON:
		return "JSON object";
	case CONF_T_DECIMAL:
		return "decimal number";
	}
	return "";
}

/* A text for roff: no escape, no control line, hyphens that are hyphens. */
static void roff(const char *z)
{
	for (; *z; z++) {
		if (*z == '\\')
			fputs("\\e", stdout);
		else if (*z == '-')
			fputs("\\-", stdout);
		else
			putchar(*z);
	}
}

static void man_row(const struct conf_row *r)
{
	fputs(".TP\n.B ", stdout);
	roff(r->env);
	if (r->key) {
		fputs(" \\fRfile:\\fP ", stdout);
		roff(r->key);
	}
	if (r->flag) {
		fputs(" \\fRflag:\\fP ", stdout);
		if (r->letter)
			printf("\\-%c ", r->letter);
		fputs("\\-\\-", stdout);
		roff(r->flag);
	}
	putchar('\n');
	roff(r->help);
	printf(".\n.br\n%s", type_words(r));
	if (r->type == CONF_T_ENUM || (r->type == CONF_T_URL && r->unit[0])) {
		putchar(' ');
		roff(r->unit);
	} else if (r->unit[0]) {
		fputs(", ", stdout);
		roff(r->unit);
	}
	if (r->type == CONF_T_U64 && r->max != UINT64_MAX)
		printf(", %llu to %llu", (unsigned long long)r->min, (unsigned long long)r->max);
	fputs("; default ", stdout);
	roff(r->def[0] ? r->def : "none");
	printf("%s.\n", r->reload ? "; may change on reload" : "");
}

static void man(void)
{
	puts(".\\\" SPDX-License-Identifier: Apache-2.0\n"
	     ".\\\" Made by `llm\\-gateway config reference \\-\\-man`.\n"
	     ".TH LLM\\-GATEWAY.CONF 5\n"
	     ".SH NAME\n"
	     "llm\\-gateway.conf \\- settings of the LLM gateway\n"
	     ".SH DESCRIPTION\n"
	     "Every setting has a name in the environment; most have a key in the JSON file that\n"
	     ".B \\-\\-config\n"
	     "names, some a flag. The later wins: default, file, environment, flag. Of the working\n"
	     "directory,\n"
	     ".I .env\n"
	     "fills in what the environment does not set, and\n"
	     ".I .env.local\n"
	     "overwrites both. An empty variable counts as not set. Relative paths count from the working\n"
	     "directory, those in the file from the directory of the file.\n"
	     ".PP\n"
	     ".B llm\\-gateway config check\n"
	     "says with file, line and key what is wrong;\n"
	     ".B llm\\-gateway config print\n"
	     "shows what is in force and where it comes from, secrets masked.\n"
	     ".SH SETTINGS");
	for (unsigned i = 0; i < CONF_COUNT; i++)
		man_row(&conf_rows[i]);
	puts(".SH SEE ALSO\n"
	     ".BR llm\\-gateway (1)");
}

static void env(void)
{
	puts("# SPDX-License-Identifier: Apache-2.0\n"
	     "#\n"
	     "# Settings of the LLM gateway with their defaults: for EnvironmentFile= of systemd, or as .env in\n"
	     "# the working directory. What is commented out is at its default. Keys may also stand in files of\n"
	     "# mode 0600, see PROVIDER_KEY_DIR. All of it is explained in llm-gateway.conf(5).");
	for (unsigned i = 0; i < CONF_COUNT; i++) {
		const struct conf_row *r = &conf_rows[i];

		if (r->no_effect)
			continue;
		printf("\n# %s%s%s\n#%s=%s\n", r->help, r->unit[0] ? ": " : "", r->unit, r->env,
		       r->def);
	}
}

int config_reference(bool as_man, bool as_env)
{
	if (as_man == as_env)
		return CLI_MISUSE;
	if (as_man)
		man();
	else
		env();
	return CLI_OK;
}
