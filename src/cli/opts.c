/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/opts.h"

#include "util/nearest.h"

/* The row of @name (long form, with @len bytes) or of @letter. */
static const struct opt *find(const struct opt *rows, struct str name, char letter)
{
	for (const struct opt *o = rows; o->name; o++)
		if (letter ? o->letter == letter : str_eq_c(name, o->name))
			return o;
	return NULL;
}

static int unknown(const struct opt *rows, struct str name, struct gw_err *e)
{
	char hint[NEAREST_HINT_SIZE], dashed[NEAREST_HINT_SIZE];
	struct nearest n;

	nearest_init(&n, name);
	for (const struct opt *o = rows; o->name; o++)
		nearest_offer(&n, o->name);
	if (!nearest_name(&n))
		return gw_fail(e, GWE_USAGE, 0,
			       "unknown option --%.*s; --help shows the known ones",
			       STR_ARG(str_sub(name, 0, 64)));
	snprintf(dashed, sizeof dashed, "--%s", nearest_name(&n));
	n.best = dashed;
	return gw_fail(e, GWE_USAGE, 0, "unknown option --%.*s%s", STR_ARG(str_sub(name, 0, 64)),
		       nearest_hint(&n, hint));
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
	if (*o->value)
		return gw_fail(e, GWE_USAGE, 0, "option --%s is given twice", o->name);
	if (value.p) {
		*o->value = value.p; /* ends where the argument ends */
		return 0;
	}
	if (left < 2)
		return gw_fail(e, GWE_USAGE, 0, "option --%s needs a value (%s)", o->name,
			       o->arg ? o->arg : "VALUE");
	*o->value = argv[1];
	*used = 2;
	return 0;
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

void opts_help(FILE *to, const char *synopsis, const char *text, const struct opt *rows)
{
	fprintf(to, "Usage: llm-gateway %s\n", synopsis);
	if (text)
		fprintf(to, "\n%s\n", text);
	if (rows->name)
		fputs("\nOptions:\n", to);
	for (const struct opt *o = rows; o->name; o++) {
		char left[64];

		snprintf(left, sizeof left, "%c%c%s--%s%s%s", o->letter ? '-' : ' ',
			 o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name,
			 o->value ? " " : "", o->value ? (o->arg ? o->arg : "VALUE") : "");
		fprintf(to, "  %-30s %s\n", left, o->help);
	}
}
