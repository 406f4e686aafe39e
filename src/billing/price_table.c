/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "billing/price_table.h"

#include <regex.h>
#include <stdatomic.h>

#include "codec/csv.h"
#include "crypto/hash.h"
#include "util/arena.h"
#include "util/nearest.h"

enum { TABLE_MAX = 16 << 20, FIELDS_MAX = 96, NAME_LEN_MAX = 255, PATTERN_MAX = 1000 };

/* The columns that are text; the others are in price_columns.def. */
enum text_col {
	T_PROVIDER,
	T_MODEL,
	T_ALIASES,
	T_PATTERN,
	T_FROM,
	T_TO,
	T_SEARCH_UNIT,
	T_RETIRES,
	T_SOURCE,
	T_AS_OF,
	T_NOTES,
	TEXT_COLS
};
static const char *const text_names[TEXT_COLS] = {
	"provider",	   "model",   "aliases", "pattern", "valid_from", "valid_to",
	"web_search_unit", "retires", "source",	 "as_of",   "notes",
};

struct name {
	struct str text;
	const struct price_row *row;
	bool alias;
	struct name *next; /* the same text: models before aliases, in the order of the file */
};

struct pattern {
	struct str start; /* what every match begins with */
	const char *text; /* anchored on both ends */
	const struct price_row *row;
	_Atomic(regex_t *) compiled;
};

struct price_table {
	atomic_uint refs;
	struct arena mem;
	const char *what;
	uint8_t digest[32];
	struct str newest; /* as_of */
	uint32_t newest_day;
	struct price_row *row;
	unsigned n_row;
	struct name **slot; /* by hash, the next free slot when taken */
	size_t n_slot;	    /* a power of two, more than twice the names */
	struct pattern *pattern;
	unsigned n_pattern;
};

/* Which column of the table each field of a record is. */
struct layout {
	unsigned n;
	struct {
		bool is_text;
		enum text_col text;
		enum price_col col;
	} field[FIELDS_MAX];
};

static int bad_line(struct gw_err *e, const struct price_table *t, unsigned line, const char *fmt,
		    ...) GW_PRINTF(4, 5);
static int bad_line(struct gw_err *e, const struct price_table *t, unsigned line, const char *fmt,
		    ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return gw_fail(e, GWE_CONFIG, 0, "%s line %u: %s", t->what, line, text);
}

/* ---- names ---- */

static size_t hash(enum price_maker m, struct str name)
{
	uint64_t h = 14695981039346656037u + m;

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.p[i]) * 1099511628211u;
	return (size_t)(h ^ h >> 32);
}

/* The slot of @name, or the free one where it belongs. */
static struct name **slot_of(const struct price_table *t, enum price_maker m, struct str name)
{
	size_t i = hash(m, name) & (t->n_slot - 1);

	while (t->slot[i] && !(t->slot[i]->row->maker == m && str_eq(t->slot[i]->text, name)))
		i = (i + 1) & (t->n_slot - 1);
	return &t->slot[i];
}

static bool in_force(const struct price_row *r, uint32_t day)
{
	return r->from <= day && day <= r->to;
}

static bool overlap(const struct price_row *a, const struct price_row *b)
{
	return a->from <= b->to && b->from <= a->to;
}

/* Models are added before aliases, so that every chain begins with them. */
static bool add_name(struct price_table *t, const struct price_row *r, struct str text, bool alias)
{
	struct name **at = slot_of(t, r->maker, text), *n;

	for (; *at; at = &(*at)->next)
		if ((*at)->alias == alias && overlap((*at)->row, r))
			return false;
	n = arena_alloc(&t->mem, sizeof *n);
	if (!n)
		return false;
	*n = (struct name){ .text = text, .row = r, .alias = alias };
	*at = n;
	return true;
}

/* The next of the names in @list that | separates. */
static bool next_alias(struct str *list, struct str *out)
{
	ptrdiff_t bar = str_find(*list, '|');

	if (!list->len)
		return false;
	*out = bar < 0 ? *list : str_sub(*list, 0, (size_t)bar);
	*list = bar < 0 ? STR_NULL : str_sub(*list, (size_t)bar + 1, list->len);
	return true;
}

static unsigned count_names(const struct price_table *t)
{
	unsigned n = t->n_row;

	for (unsigned i = 0; i < t->n_row; i++) {
		struct str list = t->row[i].aliases, one;

		while (next_alias(&list, &one))
			n++;
	}
	return n;
}

static int twice(struct gw_err *e, const struct price_table *t, const struct price_row *r,
		 struct str name)
{
	return gw_fail(e, GWE_CONFIG, 0,
		       "%s: %s/%.*s stands in two rows that are valid on the same day; let "
		       "valid_to of the older one end before valid_from of the newer one",
		       t->what, price_maker_name(r->maker), STR_ARG(name));
}

static int index_names(struct price_table *t, struct gw_err *e)
{
	unsigned n = count_names(t);

	t->n_slot = 16;
	while (t->n_slot < 2 * (size_t)n + 1)
		t->n_slot *= 2;
	t->slot = arena_alloc(&t->mem, t->n_slot * sizeof(void *));
	if (!t->slot)
		return gw_fail(e, GWE_CONFIG, 0, "%s is too large", t->what);
	for (unsigned i = 0; i < t->n_row; i++)
		if (!add_name(t, &t->row[i], t->row[i].model, false))
			return twice(e, t, &t->row[i], t->row[i].model);
	for (unsigned i = 0; i < t->n_row; i++) {
		struct str list = t->row[i].aliases, one;

		while (next_alias(&list, &one))
			if (one.len && !add_name(t, &t->row[i], one, true))
				return twice(e, t, &t->row[i], one);
	}
	return 0;
}

/* ---- patterns ---- */

/* Behind the bracket expression that begins at @p. */
static const char *skip_bracket(const char *p)
{
	p++;
	if (*p == '^')
		p++;
	if (*p == ']')
		p++;
	while (*p && *p != ']')
		p++;
	return *p ? p + 1 : p;
}

static bool has_bar_outside_groups(const char *p)
{
	unsigned depth = 0;

	while (*p) {
		if (*p == '[') {
			p = skip_bracket(p);
			continue;
		}
		if (*p == '\\' && p[1]) {
			p++;
		} else if (*p == '(') {
			depth++;
		} else if (*p == ')' && depth) {
			depth--;
		} else if (*p == '|' && !depth) {
			return true;
		}
		p++;
	}
	return false;
}

/* The bytes that every match of the pattern @p begins with, as far as they are easy to see. */
static size_t literal_start(const char *p, char *out)
{
	static const char special[] = "^$.[](){}|*+?\\";
	size_t n = 0;

	if (has_bar_outside_groups(p))
		return 0;
	for (p += *p == '^'; *p; p++) {
		if (*p == '\\' && p[1] && strchr(special, p[1]))
			p++;
		else if (strchr(special, *p))
			break;
		out[n++] = *p;
	}
	if (n && *p && strchr("*?{", *p))
		n--; /* the last one may be missing */
	return n;
}

static const char *regex_why(const char *text)
{
	static const struct {
		int code;
		const char *why;
	} reasons[] = {
		{ REG_EBRACK, "a [ has no ]" },	       { REG_EPAREN, "a ( has no )" },
		{ REG_EBRACE, "a { has no }" },	       { REG_BADBR, "what stands in { } is wrong" },
		{ REG_ERANGE, "a range is reversed" }, { REG_BADRPT, "nothing to repeat" },
	};
	regex_t re;
	int rc = regcomp(&re, text, REG_EXTENDED | REG_NOSUB);

	if (!rc) {
		regfree(&re);
		return NULL;
	}
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].code == rc)
			return reasons[i].why;
	return "not a POSIX extended regular expression";
}

static int add_pattern(struct price_table *t, const struct price_row *r, unsigned line,
		       struct gw_err *e)
{
	struct pattern *p = &t->pattern[t->n_pattern];
	const char *raw, *why;
	char *start;

	if (!r->pattern.len)
		return 0;
	if (r->pattern.len > PATTERN_MAX || str_find(r->pattern, '\0') >= 0)
		return bad_line(e, t, line, "the pattern is too long");
	raw = arena_dup(&t->mem, r->pattern).p;
	p->text = arena_printf(&t->mem, "^(%s)$", raw);
	why = regex_why(p->text);
	if (why)
		return bad_line(e, t, line, "pattern: %s", why);
	start = arena_alloc(&t->mem, r->pattern.len);
	p->start = (struct str){ start, literal_start(raw, start) };
	p->row = r;
	t->n_pattern++;
	return 0;
}

/* Compiled at its first use and then kept: most never are, and each takes 6 KiB and more. */
static const regex_t *compiled(struct pattern *p)
{
	regex_t *re = atomic_load(&p->compiled), *won = NULL;

	if (re)
		return re;
	re = malloc(sizeof *re);
	if (!re || regcomp(re, p->text, REG_EXTENDED | REG_NOSUB)) {
		fputs("out of memory\n", stderr); /* it compiled when the file was read */
		abort();
	}
	if (atomic_compare_exchange_strong(&p->compiled, &won, re))
		return re;
	regfree(re);
	free(re);
	return won;
}

static const struct price_row *find_pattern(const struct price_table *t, enum price_maker m,
					    const char *name, size_t len, uint32_t day)
{
	for (unsigned i = 0; i < t->n_pattern; i++) {
		struct pattern *p = &t->pattern[i];

		if (p->row->maker == m && in_force(p->row, day) && p->start.len <= len &&
		    !memcmp(p->start.p, name, p->start.len) &&
		    !regexec(compiled(p), name, 0, NULL, 0))
			return p->row;
	}
	return NULL;
}

/* ---- reading ---- */

static int read_header(struct price_table *t, struct layout *l, struct csv *c, struct gw_err *e)
{
	bool seen_text[TEXT_COLS] = { false }, seen_col[PRICE_COLS] = { false };
	struct str field[FIELDS_MAX];
	int rc = csv_next(c, field, FIELDS_MAX, &l->n);

	if (rc <= 0)
		return bad_line(e, t, c->line, "%s", rc ? c->why : "the file is empty");
	for (unsigned i = 0; i < l->n; i++) {
		char hint[NEAREST_HINT_SIZE];
		struct nearest near;
		bool known, again = false;
		unsigned k = 0;

		nearest_init(&near, field[i]);
		while (k < TEXT_COLS && !str_eq_c(field[i], text_names[k]))
			nearest_offer(&near, text_names[k++]);
		l->field[i].is_text = k < TEXT_COLS;
		l->field[i].text = (enum text_col)k;
		known = l->field[i].is_text || price_col_find(field[i], &l->field[i].col);
		if (!known) {
			for (k = 0; k < PRICE_COLS; k++)
				nearest_offer(&near, price_col_name((enum price_col)k));
			return bad_line(e, t, c->line, "unknown column %.*s%s",
					STR_ARG(str_sub(field[i], 0, 64)),
					nearest_hint(&near, hint));
		}
		again = l->field[i].is_text ? seen_text[k] : seen_col[l->field[i].col];
		if (again)
			return bad_line(e, t, c->line, "column %.*s stands there twice",
					STR_ARG(field[i]));
		if (l->field[i].is_text)
			seen_text[k] = true;
		else
			seen_col[l->field[i].col] = true;
	}
	if (!seen_text[T_PROVIDER] || !seen_text[T_MODEL])
		return bad_line(e, t, c->line,
				"the first line names the columns; provider and model are needed");
	return 0;
}

static int read_texts(struct price_table *t, struct price_row *r, const struct str text[TEXT_COLS],
		      unsigned line, struct gw_err *e)
{
	if (!price_maker_find(text[T_PROVIDER], &r->maker))
		return bad_line(e, t, line, "provider is one of openai, anthropic, gemini");
	if (!text[T_MODEL].len || text[T_MODEL].len > NAME_LEN_MAX)
		return bad_line(e, t, line, "the model has no name, or a very long one");
	if (text[T_FROM].len && !price_day_parse(text[T_FROM], &r->from))
		return bad_line(e, t, line, "valid_from: expected a day such as 2026-11-23");
	if (text[T_TO].len && !price_day_parse(text[T_TO], &r->to))
		return bad_line(e, t, line, "valid_to: expected a day such as 2026-11-23");
	if (r->from > r->to)
		return bad_line(e, t, line, "valid_from lies behind valid_to");
	if (!search_unit_find(text[T_SEARCH_UNIT], &r->values.search_unit))
		return bad_line(e, t, line, "web_search_unit is one of call, query, request");
	r->model = text[T_MODEL];
	r->aliases = text[T_ALIASES];
	r->pattern = text[T_PATTERN];
	r->valid_from = text[T_FROM];
	r->valid_to = text[T_TO];
	r->retires = text[T_RETIRES];
	r->source = text[T_SOURCE];
	r->as_of = text[T_AS_OF];
	r->notes = text[T_NOTES];
	return 0;
}

static int read_row(struct price_table *t, const struct layout *l, const struct str *field,
		    unsigned line, struct gw_err *e)
{
	struct price_row *r = &t->row[t->n_row];
	struct str text[TEXT_COLS];
	uint32_t as_of;

	for (unsigned i = 0; i < TEXT_COLS; i++)
		text[i] = STR_NULL;
	r->from = DAY_FIRST;
	r->to = DAY_LAST;
	price_values_none(&r->values);
	for (unsigned i = 0; i < l->n; i++) {
		enum price_col c = l->field[i].col;

		if (l->field[i].is_text)
			text[l->field[i].text] = field[i];
		else if (field[i].len && !price_col_parse(c, field[i], &r->values.col[c]))
			return bad_line(e, t, line,
					"%s: expected a number such as 2.5 with few decimals",
					price_col_name(c));
	}
	if (read_texts(t, r, text, line, e) || add_pattern(t, r, line, e))
		return -1;
	if (price_day_parse(r->as_of, &as_of) && as_of > t->newest_day) {
		t->newest = r->as_of;
		t->newest_day = as_of;
	}
	t->n_row++;
	return 0;
}

static int read_rows(struct price_table *t, char *text, size_t len, struct gw_err *e)
{
	struct str field[FIELDS_MAX];
	struct layout l;
	struct csv c;
	unsigned n;
	int rc;

	csv_init(&c, text, len);
	if (read_header(t, &l, &c, e))
		return -1;
	while ((rc = csv_next(&c, field, FIELDS_MAX, &n)) > 0) {
		if (n != l.n)
			return bad_line(e, t, c.line, "%u fields where the first line has %u", n,
					l.n);
		if (read_row(t, &l, field, c.line, e))
			return -1;
	}
	return rc < 0 ? bad_line(e, t, c.line, "%s", c.why) : 0;
}

int price_table_read(struct price_table **out, const char *what, struct str csv, struct gw_err *e)
{
	struct price_table *t = calloc(1, sizeof *t);
	size_t rows = 1;
	char *text;

	if (!t) {
		fputs("out of memory\n", stderr);
		abort();
	}
	atomic_init(&t->refs, 1);
	arena_init(&t->mem, SIZE_MAX / 2);
	t->what = arena_printf(&t->mem, "%s", what);
	if (csv.len > TABLE_MAX) {
		gw_fail(e, GWE_CONFIG, 0, "%s is larger than 16 MiB", what);
		goto bad;
	}
	if (!str_utf8(csv)) {
		gw_fail(e, GWE_CONFIG, 0, "%s is not UTF-8 text", what);
		goto bad;
	}
	for (size_t i = 0; i < csv.len; i++)
		rows += csv.p[i] == '\n';
	hash_sha256(t->digest, csv.p, csv.len);
	text = arena_alloc(&t->mem, csv.len + 1);
	memcpy(text, csv.p, csv.len);
	t->row = arena_alloc(&t->mem, rows * sizeof *t->row);
	t->pattern = arena_alloc(&t->mem, rows * sizeof *t->pattern);
	if (read_rows(t, text, csv.len, e) || index_names(t, e))
		goto bad;
	*out = t;
	return 0;
bad:
	price_table_unref(t);
	return -1;
}

struct price_table *price_table_ref(struct price_table *t)
{
	atomic_fetch_add(&t->refs, 1);
	return t;
}

void price_table_unref(struct price_table *t)
{
	if (!t || atomic_fetch_sub(&t->refs, 1) > 1)
		return;
	for (unsigned i = 0; i < t->n_pattern; i++) {
		regex_t *re = atomic_load(&t->pattern[i].compiled);

		if (re)
			regfree(re);
		free(re);
	}
	arena_free(&t->mem);
	free(t);
}

const struct price_row *price_table_find(const struct price_table *t, enum price_maker m,
					 struct str name, uint32_t day)
{
	char z[NAME_LEN_MAX + 1];

	for (const struct name *n = *slot_of(t, m, name); n; n = n->next)
		if (in_force(n->row, day))
			return n->row;
	/* str_copy refuses NUL, which would end the name early */
	if (!name.len || !str_copy(z, sizeof z, name))
		return NULL;
	return find_pattern(t, m, z, name.len, day);
}

const char *price_table_what(const struct price_table *t)
{
	return t->what;
}

struct str price_table_newest(const struct price_table *t)
{
	return t->newest;
}

const uint8_t *price_table_digest(const struct price_table *t)
{
	return t->digest;
}

const struct price_row *price_table_row(const struct price_table *t, unsigned i)
{
	return i < t->n_row ? &t->row[i] : NULL;
}

/* ---- writing ---- */

/* The columns in the order of prices.csv: where a text stands among the amounts. */
static const struct {
	enum text_col text;
	enum price_col before;
} order[] = {
	{ T_PROVIDER, PRICE_INPUT },
	{ T_MODEL, PRICE_INPUT },
	{ T_ALIASES, PRICE_INPUT },
	{ T_PATTERN, PRICE_INPUT },
	{ T_FROM, PRICE_INPUT },
	{ T_TO, PRICE_INPUT },
	{ T_SEARCH_UNIT, PRICE_FILE_SEARCH },
	{ T_RETIRES, PRICE_COLS },
	{ T_SOURCE, PRICE_COLS },
	{ T_AS_OF, PRICE_COLS },
	{ T_NOTES, PRICE_COLS },
};

/* Write all columns; @r NULL: their names. */
static bool write_record(struct buf *b, const struct price_row *r, const struct str text[TEXT_COLS])
{
	unsigned next = 0;

	for (unsigned c = 0; c <= PRICE_COLS; c++) {
		for (; next < TEXT_COLS && order[next].before == (enum price_col)c; next++) {
			if (next)
				buf_add_byte(b, ',');
			csv_add(b, text[order[next].text]);
		}
		if (c == PRICE_COLS)
			break;
		buf_add_byte(b, ',');
		if (r)
			price_col_format((enum price_col)c, r->values.col[c], b);
		else
			buf_add_c(b, price_col_name((enum price_col)c));
	}
	return buf_add_byte(b, '\n');
}

bool price_table_write_header(struct buf *b)
{
	struct str text[TEXT_COLS];

	for (unsigned i = 0; i < TEXT_COLS; i++)
		text[i] = str_c(text_names[i]);
	return write_record(b, NULL, text);
}

bool price_table_write_row(struct buf *b, const struct price_row *r)
{
	const struct str text[TEXT_COLS] = {
		[T_PROVIDER] = str_c(price_maker_name(r->maker)),
		[T_MODEL] = r->model,
		[T_ALIASES] = r->aliases,
		[T_PATTERN] = r->pattern,
		[T_FROM] = r->valid_from,
		[T_TO] = r->valid_to,
		[T_SEARCH_UNIT] = str_c(search_unit_name(r->values.search_unit)),
		[T_RETIRES] = r->retires,
		[T_SOURCE] = r->source,
		[T_AS_OF] = r->as_of,
		[T_NOTES] = r->notes,
	};

	return write_record(b, r, text);
}
