/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/opts.h"

#include "util/conf.h"
#include "util/nearest.h"

/* The row of @name (long form, with @len bytes) or of @letter. */
static const struct opt *find(const struct opt *rows, struct str name, char letter)
{
	for (const struct opt *o = rows; o->name; o++)
		if (letter ? o->letter == letter : str_eq_c(name, o->name))
			return o;
	return NULL;
}

static bool takes_settings(const struct opt *rows)
{
	for (const struct opt *o = rows; o->name; o++)
		if (o->settings)
			return true;
	return false;
}

static int unknown(const struct opt *rows, struct str name, struct gw_err *e)
{
	char hint[NEAREST_HINT_SIZE], dashed[NEAREST_HINT_SIZE];
	struct nearest n;

	nearest_init(&n, name);
	for (const struct opt *o = rows; o->name; o++)
		nearest_offer(&n, o->name);
	for (unsigned i = 0; i < CONF_COUNT && takes_settings(rows); i++)
		nearest_offer(&n, conf_rows[i].flag);
	if (!nearest_name(&n))
		return gw_fail(e, GWE_USAGE, 0,
			       "unknown option --%.*s; --help shows the known ones",
			       STR_ARG(str_sub(name, 0, 64)));
	snprintf(dashed, sizeof dashed, "--%s", nearest_name(&n));
	n.best = dashed;
	return gw_fail(e, GWE_USAGE, 0, "unknown option --%.*s%s", STR_ARG(str_sub(name, 0, 64)),
		       nearest_hint(&n, hint));
}

static int set_value(const struct opt *o, const char *value, struct gw_err *e)
{
	if (o->many) {
		if (o->many->n == OPT_MANY_MAX)
			return gw_fail(e, GWE_USAGE, 0, "option --%s is given more than %d times",
				       o->name, OPT_MANY_MAX);
		o->many->v[o->many->n++] = value;
		return 0;
	}
	if (*o->value)
		return gw_fail(e, GWE_USAGE, 0, "option --%s is given twice", o->name);
	*o->value = value;
	return 0;
}

/* One option at argv[i]; *used: how many elements it took. */
static int one(const struct opt *rows, char **argv, int left, int *used, struct gw_err *e)
{
	struct str name = str_c(argv[0]), value = STR_NULL;
	bool is_long = name.len > 2 && name.p[1] == '-';
	const struct opt *o;
	ptrdiff_t eq;

	*used = 1;
	if (is_long) {
		name = str_sub(name, 2, name.len);
		eq = str_find(name, '=');
		if (eq >= 0) {
			value = str_sub(name, (size_t)eq + 1, name.len);
			name = str_sub(name, 0, (size_t)eq);
		}
		o = find(rows, name, 0);
		if (!o)
			return unknown(rows, name, e);
	} else {
		o = find(rows, STR_NULL, name.p[1]);
		if (!o)
			return gw_fail(e, GWE_USAGE, 0,
				       "unknown option -%c; --help shows the known ones",
				       name.p[1]);
		if (name.len > 2)
			value = str_sub(name, 2, name.len);
	}
	if (o->flag) {
		if (value.p)
			return gw_fail(e, GWE_USAGE, 0, "option --%s takes no value", o->name);
		*o->flag = true;
		return 0;
	}
	if (value.p) /* ends where the argument ends */
		return set_value(o, value.p, e);
	if (left < 2)
		return gw_fail(e, GWE_USAGE, 0, "option --%s needs a value (%s)", o->name,
			       o->arg ? o->arg : "VALUE");
	*used = 2;
	return set_value(o, argv[1], e);
}

int opts_parse(const struct opt *rows, int *argc, char **argv, struct gw_err *e)
{
	int kept = 1, i = 1, used;

	while (i < *argc) {
		if (!strcmp(argv[i], "--")) {
			i++;
			break;
		}
		if (argv[i][0] != '-' || !argv[i][1]) {
			argv[kept++] = argv[i++];
			continue;
		}
		if (one(rows, argv + i, *argc - i, &used, e))
			return -1;
		i += used;
	}
	while (i < *argc)
		argv[kept++] = argv[i++];
	*argc = kept;
	argv[kept] = NULL;
	return 0;
}

bool opts_ask_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--help"))
			return true;
	return false;
}

static void help_line(FILE *to, char letter, const char *name, const char *arg, const char *help)
{
	char left[64];

	if (letter)
		snprintf(left, sizeof left, "-%c, --%s%s%s", letter, name, arg[0] ? " " : "", arg);
	else
		snprintf(left, sizeof left, "    --%s%s%s", name, arg[0] ? " " : "", arg);
	fprintf(to, strlen(left) > 32 ? "  %s\n  %-32s %s" : "  %-32s %s%s", left,
		strlen(left) > 32 ? "" : help, strlen(left) > 32 ? help : "");
}

static const char *placeholder(enum conf_type t)
{
	switch (t) {
	case CONF_T_STR:
	case CONF_T_LIST:
		return "<text>";
	case CONF_T_PATH:
		return "<path>";
	case CONF_T_URL:
		return "<url>";
	case CONF_T_U64:
	case CONF_T_DECIMAL:
		return "<number>";
	case CONF_T_ENUM:
		return "<word>";
	case CONF_T_SECRET:
		return "<key>";
	case CONF_T_JSON:
		return "<json>";
	case CONF_T_BOOL:
		return "";
	}
	return "";
}

static void help_settings(FILE *to)
{
	for (unsigned i = 0; i < CONF_COUNT; i++) {
		const struct conf_row *r = &conf_rows[i];

		if (!r->flag)
			continue;
		help_line(to, r->letter, r->flag, placeholder(r->type), r->help);
		if (r->type == CONF_T_ENUM)
			fprintf(to, ": %s", r->unit);
		if (r->unit[0] && r->type == CONF_T_U64)
			fprintf(to, " [%s]", r->unit);
		if (r->def[0] && r->type != CONF_T_BOOL)
			fprintf(to, " (default: %s)", r->def);
		putc('\n', to);
	}
	help_line(to, 'c', "config", "<path>", "Configuration file (JSON)");
	putc('\n', to);
}

void opts_help(FILE *to, const char *synopsis, const char *text, const struct opt *rows)
{
	opts_help_for(to, "llm-gateway", synopsis, text, rows);
}

void opts_help_for(FILE *to, const char *program, const char *synopsis, const char *text,
		   const struct opt *rows)
{
	fprintf(to, "Usage: %s %s\n", program, synopsis);
	if (text)
		fprintf(to, "\n%s\n", text);
	if (rows->name)
		fputs("\nOptions:\n", to);
	for (const struct opt *o = rows; o->name; o++) {
		if (o->settings) {
			help_settings(to);
			continue;
		}
		help_line(to, o->letter, o->name,
			  o->flag   ? ""
			  : o->arg  ? o->arg
				    : "VALUE",
			  o->help);
		putc('\n', to);
	}
}
