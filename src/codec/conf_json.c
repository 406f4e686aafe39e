/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/conf_json.h"

#include <jansson.h>

const char *conf_json_kind_name(enum conf_json_kind k)
{
	switch (k) {
	case CONF_JSON_STRING:
		return "a string";
	case CONF_JSON_INTEGER:
		return "a whole number";
	case CONF_JSON_REAL:
		return "a number with a fraction";
	case CONF_JSON_BOOL:
		return "true or false";
	case CONF_JSON_NULL:
		return "null";
	case CONF_JSON_TEXTS:
		return "a list of strings";
	case CONF_JSON_OBJECT:
		return "an object";
	case CONF_JSON_OTHER:
		return "a list";
	}
	return "a value";
}

/*
 * Jansson checks the text and decodes the strings, but does not say where a member stands and
 * re-prints numbers through double. So the members are walked in the checked text as well: both
 * orders are the same, since Jansson keeps the order of the text and duplicates were refused.
 */
struct walk {
	const char *p, *end;
	unsigned line;
};

static void skip_blank(struct walk *w)
{
	for (; w->p < w->end; w->p++) {
		if (*w->p == '\n')
			w->line++;
		else if (*w->p != ' ' && *w->p != '\t' && *w->p != '\r')
			return;
	}
}

static void skip_string(struct walk *w)
{
	for (w->p++; *w->p != '"'; w->p++)
		if (*w->p == '\\')
			w->p++;
	w->p++;
}

/* Step over the value at p and return its bytes. */
static struct str skip_value(struct walk *w)
{
	const char *from = w->p;
	unsigned depth = 0;

	do {
		char c = *w->p;

		if (c == '"') {
			skip_string(w);
			continue;
		}
		if (c == '\n')
			w->line++;
		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		w->p++;
	} while (depth || (*from != '{' && *from != '[' && *from != '"' && w->p < w->end &&
			   !strchr(",} \t\r\n", *w->p)));
	return (struct str){ from, (size_t)(w->p - from) };
}

static bool only_digits(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.p[i] < '0' || s.p[i] > '9') && !(i == 0 && s.p[i] == '-'))
			return false;
	return true;
}

/* @raw: the bytes of @v, for numbers. */
static enum conf_json_kind kind_of(const json_t *v, struct str raw)
{
	size_t i;
	json_t *item;

	switch (json_typeof(v)) {
	case JSON_STRING:
		return CONF_JSON_STRING;
	case JSON_INTEGER:
	case JSON_REAL:
		return only_digits(raw) ? CONF_JSON_INTEGER : CONF_JSON_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return CONF_JSON_BOOL;
	case JSON_NULL:
		return CONF_JSON_NULL;
	case JSON_OBJECT:
		return CONF_JSON_OBJECT;
	case JSON_ARRAY:
		json_array_foreach(v, i, item) if (!json_is_string(item)) return CONF_JSON_OTHER;
		return CONF_JSON_TEXTS;
	}
	return CONF_JSON_OTHER;
}

static void hand_out(struct conf_json_member *m, const json_t *v,
		     void (*each)(void *arg, const struct conf_json_member *m), void *arg)
{
	m->kind = kind_of(v, m->text);
	m->item = NULL;
	m->n_item = 0;
	if (m->kind == CONF_JSON_STRING)
		m->text = (struct str){ json_string_value(v), json_string_length(v) };
	if (m->kind == CONF_JSON_TEXTS && json_array_size(v)) {
		m->n_item = (unsigned)json_array_size(v);
		m->item = calloc(m->n_item, sizeof *m->item);
		if (!m->item)
			abort();
		for (unsigned i = 0; i < m->n_item; i++) {
			const json_t *item = json_array_get(v, i);

			m->item[i] =
			    (struct str){ json_string_value(item), json_string_length(item) };
		}
	}
	each(arg, m);
	free(m->item);
}

/*
 * Parse @text. Whole numbers are read as reals, so that one beyond Jansson's 63 bits is no syntax
 * error. The message loses its "near '...'": what stands there may be a key.
 */
static json_t *load(struct str text, int *line, char why[JSON_ERROR_TEXT_LENGTH])
{
	json_error_t je;
	json_t *root;
	char *near;

	/* Jansson 2.14 skips NUL bytes behind a number, which the walk does not */
	if (text.len && memchr(text.p, 0, text.len)) {
		snprintf(why, JSON_ERROR_TEXT_LENGTH, "a NUL byte, which no text file has");
		*line = 1;
		for (const char *p = text.p; *p; p++)
			*line += *p == '\n';
		return NULL;
	}
	root = json_loadb(text.p ? text.p : "", text.len,
			  JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &je);
	if (root)
		return root;
	near = strstr(je.text, " near '");
	if (near)
		*near = '\0';
	snprintf(why, JSON_ERROR_TEXT_LENGTH, "%s", je.text);
	*line = je.line < 1 ? 1 : je.line;
	return NULL;
}

int conf_json_read(struct str text, const char *name,
		   void (*each)(void *arg, const struct conf_json_member *m), void *arg,
		   struct gw_err *e)
{
	struct walk w = { text.p, text.p + text.len, 1 };
	char why[JSON_ERROR_TEXT_LENGTH];
	json_t *root, *v;
	const char *key;
	int line;

	root = load(text, &line, why);
	if (!root)
		return gw_fail(e, GWE_CONFIG, 0, "%s:%d: %s", name, line, why);
	if (!json_is_object(root)) {
		json_decref(root);
		return gw_fail(e, GWE_CONFIG, 0, "%s:1: the file has to be one JSON object, {...}",
			       name);
	}
	skip_blank(&w);
	w.p++; /* { */
	json_object_foreach(root, key, v)
	{
		struct conf_json_member m = { .key = key };

		skip_blank(&w);
		m.line = w.line;
		skip_string(&w);
		skip_blank(&w);
		w.p++; /* : */
		skip_blank(&w);
		m.text = skip_value(&w);
		hand_out(&m, v, each, arg);
		skip_blank(&w);
		w.p++; /* , or } */
	}
	json_decref(root);
	return 0;
}

bool conf_json_is_object(struct str text, char *why, size_t size)
{
	char syntax[JSON_ERROR_TEXT_LENGTH];
	int line;
	json_t *root = load(text, &line, syntax);
	bool ok = json_is_object(root);

	if (!root)
		snprintf(why, size, "%s in line %d of it", syntax, line);
	else if (!ok)
		snprintf(why, size, "it is %s", conf_json_kind_name(kind_of(root, str_trim(text))));
	json_decref(root);
	return ok;
}
