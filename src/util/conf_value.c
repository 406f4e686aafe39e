/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/conf_value.h"

#include "util/log.h"

enum { SECRET_MAX = 65536 };

#define HAS(text, c) (__builtin_strchr((text), (c)) != NULL)

const struct conf_row conf_rows[CONF_COUNT] = {
#define OPT(field_, type_, env_, key_, flag_, def_, min_, max_, flags_, unit_, help_)              \
	[CONF_##field_] = {                                                                        \
		.field = #field_,                                                                  \
		.type = CONF_T_##type_,                                                            \
		.env = env_,                                                                       \
		.key = key_,                                                                       \
		.flag = flag_,                                                                     \
		.letter = HAS(flags_, 'p')   ? 'p'                                                 \
			  : HAS(flags_, 'h') ? 'h'                                                 \
					     : '\0',                                               \
		.def = def_,                                                                       \
		.min = min_,                                                                       \
		.max = max_,                                                                       \
		.reload = HAS(flags_, 'R'),                                                        \
		.secret = HAS(flags_, 'S'),                                                        \
		.no_effect = HAS(flags_, 'N'),                                                     \
		.credentials = HAS(flags_, 'C'),                                                   \
		.unit = unit_,                                                                     \
		.help = help_,                                                                     \
		.offset = offsetof(struct conf, field_),                                           \
	},
#include "util/conf.def"
#undef OPT
};

char *conf_copy(struct str s)
{
	char *p = malloc(s.len + 1);

	if (!p) {
		fputs("out of memory\n", stderr);
		abort();
	}
	if (s.len)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return p;
}

char *conf_join(const char *dir, struct str path)
{
	size_t n = strlen(dir);
	char *p;

	if (path.len && path.p[0] == '/')
		return conf_copy(path);
	p = malloc(n + 1 + path.len + 1);
	if (!p)
		abort();
	memcpy(p, dir, n);
	p[n] = '/';
	memcpy(p + n + 1, path.p, path.len);
	p[n + 1 + path.len] = '\0';
	return p;
}

void *conf_slot(const struct conf *c, const struct conf_row *r)
{
	return (char *)(uintptr_t)c + r->offset;
}

void conf_expected(const struct conf_row *r, char *out, size_t size)
{
	const char *unit = r->unit;

	switch (r->type) {
	case CONF_T_STR:
		snprintf(out, size, "a text without control characters");
		return;
	case CONF_T_PATH:
		snprintf(out, size, "a path");
		return;
	case CONF_T_URL:
		snprintf(out, size, "a URL (%s)%s", unit[0] ? unit : "http|https",
			 r->credentials ? "" : " without credentials, query or fragment");
		return;
	case CONF_T_LIST:
		snprintf(out, size, "a comma list (in the file: a list of strings)");
		return;
	case CONF_T_U64:
		snprintf(out, size, "a whole number from %llu to %llu%s%s",
			 (unsigned long long)r->min, (unsigned long long)r->max, unit[0] ? " " : "",
			 unit);
		return;
	case CONF_T_BOOL:
		snprintf(out, size, "true or false");
		return;
	case CONF_T_ENUM:
		snprintf(out, size, "one of %s", unit);
		return;
	case CONF_T_SECRET:
		snprintf(out, size, "a text of visible ASCII characters");
		return;
	case CONF_T_JSON:
		snprintf(out, size, "a JSON object");
		return;
	case CONF_T_DECIMAL:
		snprintf(out, size, "a decimal number such as 1.1");
		return;
	}
}

bool conf_printable(struct str v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.p[i] < 0x20 || v.p[i] == 0x7f)
			return false;
	return str_utf8(v);
}

/* Is @v one of the |-separated @words? */
static bool one_of(const char *words, struct str v)
{
	struct str rest = str_c(words);

	while (rest.len) {
		ptrdiff_t bar = str_find(rest, '|');
		struct str word = bar < 0 ? rest : str_sub(rest, 0, (size_t)bar);

		if (str_eq(word, v))
			return true;
		rest = str_sub(rest, word.len + 1, rest.len);
	}
	return false;
}

static bool good_url(const struct conf_row *r, struct str v)
{
	struct str scheme, rest;
	ptrdiff_t at = str_find(v, ':');

	if (at <= 0 || !str_visible(v, 2000))
		return false;
	scheme = str_sub(v, 0, (size_t)at);
	rest = str_sub(v, (size_t)at, v.len);
	if (!one_of(r->unit[0] ? r->unit : "http|https", scheme) || !str_starts(rest, "://"))
		return false;
	rest = str_sub(rest, 3, rest.len);
	if (!r->credentials && str_find(rest, '@') >= 0)
		return false;
	if (str_find(rest, '?') >= 0 || str_find(rest, '#') >= 0 || str_find(rest, '\\') >= 0)
		return false;
	return rest.len && rest.p[0] != '/' && rest.p[0] != ':';
}

static bool is_decimal(struct str v)
{
	bool digit = false, point = false;

	for (size_t i = 0; i < v.len; i++) {
		if (v.p[i] >= '0' && v.p[i] <= '9')
			digit = true;
		else if (v.p[i] == '.' && !point)
			point = true;
		else if (i || (v.p[i] != '-' && v.p[i] != '+'))
			return false;
	}
	return digit;
}

static bool set_bool(bool *out, struct str v)
{
	bool yes = str_caseeq_c(v, "true") || str_eq_c(v, "1") || str_caseeq_c(v, "yes") ||
		   str_caseeq_c(v, "on");
	bool no = str_caseeq_c(v, "false") || str_eq_c(v, "0") || str_caseeq_c(v, "no") ||
		  str_caseeq_c(v, "off");

	if (yes || no)
		*out = yes;
	return yes || no;
}

void conf_list_clear(struct conf_list *l)
{
	for (unsigned i = 0; i < l->n; i++)
		free(l->item[i]);
	free(l->item);
	*l = (struct conf_list){ NULL, 0 };
}

void conf_list_add(struct conf_list *l, struct str v)
{
	char **p = realloc(l->item, (l->n + 1) * sizeof *p);

	if (!p)
		abort();
	l->item = p;
	l->item[l->n++] = conf_copy(v);
}

void conf_set_text(char **out, char *p)
{
	free(*out);
	*out = p;
}

static void list_from_commas(struct conf_list *l, struct str v)
{
	conf_list_clear(l);
	while (v.len) {
		ptrdiff_t comma = str_find(v, ',');
		struct str item = comma < 0 ? v : str_sub(v, 0, (size_t)comma);

		v = str_sub(v, item.len + 1, v.len);
		item = str_trim(item);
		if (item.len)
			conf_list_add(l, item);
	}
}

bool conf_value_set(struct conf *c, const struct conf_row *r, const char *dir, struct str v,
		    char *why, size_t size)
{
	void *to = conf_slot(c, r);
	uint64_t n;

	switch (r->type) {
	case CONF_T_STR:
		if (!conf_printable(v))
			return false;
		conf_set_text(to, conf_copy(v));
		return true;
	case CONF_T_PATH:
		if (!conf_printable(v))
			return false;
		conf_set_text(to, conf_join(dir, v));
		return true;
	case CONF_T_URL:
		while (str_ends(v, "/"))
			v.len--;
		if (!good_url(r, v))
			return false;
		conf_set_text(to, conf_copy(v));
		return true;
	case CONF_T_LIST:
		if (!conf_printable(v))
			return false;
		list_from_commas(to, v);
		return true;
	case CONF_T_U64:
		if (!str_u64(v, &n) || n < r->min || n > r->max)
			return false;
		*(uint64_t *)to = n;
		return true;
	case CONF_T_BOOL:
		return set_bool(to, v);
	case CONF_T_ENUM:
		if (!one_of(r->unit, v))
			return false;
		conf_set_text(to, conf_copy(v));
		return true;
	case CONF_T_SECRET:
		if (!str_visible(v, SECRET_MAX))
			return false;
		secret_set(to, v);
		return true;
	case CONF_T_JSON:
		if (!conf_json_is_object(v, why, size))
			return false;
		conf_set_text(to, conf_copy(v));
		return true;
	case CONF_T_DECIMAL:
		/* Rule: gateway.md 8: what is not a number counts as not set */
		if (!is_decimal(v)) {
			log_warn("%s is not a decimal number; using %s", r->env ? r->env : r->field,
				 r->def);
			v = str_c(r->def);
		}
		conf_set_text(to, conf_copy(v));
		return true;
	}
	return false;
}

void conf_value_clear(struct conf *c, const struct conf_row *r)
{
	void *p = conf_slot(c, r);

	if (r->type == CONF_T_SECRET)
		secret_clear(p);
	else if (r->type == CONF_T_LIST)
		conf_list_clear(p);
	else if (r->type != CONF_T_U64 && r->type != CONF_T_BOOL)
		conf_set_text(p, NULL);
}

bool conf_kind_fits(const struct conf_row *r, enum conf_json_kind k)
{
	switch (r->type) {
	case CONF_T_U64:
		return k == CONF_JSON_INTEGER || k == CONF_JSON_STRING;
	case CONF_T_BOOL:
		return k == CONF_JSON_BOOL;
	case CONF_T_LIST:
		return k == CONF_JSON_TEXTS || k == CONF_JSON_STRING;
	case CONF_T_JSON:
		return k == CONF_JSON_OBJECT || k == CONF_JSON_STRING;
	case CONF_T_DECIMAL:
		return k == CONF_JSON_INTEGER || k == CONF_JSON_REAL || k == CONF_JSON_STRING;
	case CONF_T_STR:
	case CONF_T_PATH:
	case CONF_T_URL:
	case CONF_T_ENUM:
	case CONF_T_SECRET:
		return k == CONF_JSON_STRING;
	}
	return false;
}

const char *conf_from_name(enum conf_from f)
{
	switch (f) {
	case CONF_FROM_DEFAULT:
		return "default";
	case CONF_FROM_FILE:
		return "file";
	case CONF_FROM_ENV:
		return "environment";
	case CONF_FROM_FLAG:
		return "flag";
	}
	return "";
}

/* With user and password of the URL masked. */
static void url_json(struct buf *out, const char *url)
{
	const char *at = strrchr(url, '@'), *host = strstr(url, "://");
	struct buf b;

	if (!at || !host) {
		buf_add_json(out, str_c(url));
		return;
	}
	buf_init(&b, 4096);
	buf_addf(&b, "%.*s://***%s", (int)(host - url), url, at);
	buf_add_json(out, buf_str(&b));
	buf_clear(&b);
}

void conf_value_json(const struct conf *c, enum conf_id id, struct buf *out)
{
	const struct conf_row *r = &conf_rows[id];
	const void *p = conf_slot(c, r);
	const struct conf_list *list = p;
	const char *text;

	switch (r->type) {
	case CONF_T_U64:
		buf_addf(out, "%llu", (unsigned long long)*(const uint64_t *)p);
		return;
	case CONF_T_BOOL:
		buf_add_c(out, *(const bool *)p ? "true" : "false");
		return;
	case CONF_T_SECRET:
		buf_add_c(out, secret_is_set(p) ? "\"***\"" : "\"\"");
		return;
	case CONF_T_LIST:
		buf_add_byte(out, '[');
		for (unsigned i = 0; i < list->n; i++) {
			buf_add_c(out, i ? ", " : "");
			buf_add_json(out, str_c(list->item[i]));
		}
		buf_add_byte(out, ']');
		return;
	case CONF_T_JSON:
		text = *(char *const *)p;
		buf_add_c(out, text[0] ? text : "\"\"");
		return;
	case CONF_T_URL:
		url_json(out, *(char *const *)p);
		return;
	case CONF_T_STR:
	case CONF_T_PATH:
	case CONF_T_ENUM:
	case CONF_T_DECIMAL:
		buf_add_json(out, str_c(*(char *const *)p));
		return;
	}
}
