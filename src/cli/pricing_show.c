/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway pricing - list, show and export. */
#include "config.h"

#include "cli/cli.h"
#include "cli/io.h"
#include "cli/pricing.h"

#include "codec/jwrite.h"
#include "provider/provider.h"

/* ---- what is set in the store, as text ---- */

static int read_json(struct store_conn *c, void *arg, struct gw_err *e)
{
	return price_rows_json(c, arg, e);
}

static int read_book(struct pricing *p, struct price_book **out, struct buf *json, struct gw_err *e)
{
	*out = price_book_builtin(e);
	if (!*out)
		return -1;
	if (!p->store)
		return 0;
	return store_read(p->store, read_json, json, e) ||
			       price_book_override_json(*out, buf_str(json), NULL, e)
		       ? -1
		       : 0;
}

static bool holds(const struct price_book *b, const char *model)
{
	const struct price_override *o;

	for (unsigned i = 0; (o = price_book_override_at(b, i)); i++)
		if (!strcmp(o->model, model))
			return true;
	return false;
}

/* Who says so: the store beats the setting. */
static const char *from_where(const struct price_book *stored, const char *model)
{
	return holds(stored, model) ? "set" : "PRICING_OVERRIDES";
}

/* ---- one price ---- */

static void add_price(struct buf *b, const struct price_values *v, enum price_col c, int width)
{
	struct buf text;

	buf_init(&text, DECIMAL_TEXT);
	price_col_format(c, v->col[c], &text);
	buf_addf(b, "%*s", width, text.len ? buf_c(&text) : "-");
	buf_clear(&text);
}

static void prices_json(struct jwrite *w, const struct price_values *v)
{
	struct buf b;

	buf_init(&b, PRICING_TEXT_MAX);
	price_override_write(v, &b);
	jwrite_raw(w, "prices", buf_str(&b));
	buf_clear(&b);
}

static void str_or_null(struct jwrite *w, const char *key, struct str s)
{
	if (s.len)
		jwrite_str(w, key, s);
	else
		jwrite_null(w, key);
}

static void row_json(struct jwrite *w, const struct price_row *r, const char *table)
{
	jwrite_text(w, "maker", price_maker_name(r->maker));
	jwrite_str(w, "model", r->model);
	jwrite_text(w, "table", table);
	str_or_null(w, "aliases", r->aliases);
	str_or_null(w, "pattern", r->pattern);
	str_or_null(w, "valid_from", r->valid_from);
	str_or_null(w, "valid_to", r->valid_to);
	str_or_null(w, "retires", r->retires);
	str_or_null(w, "as_of", r->as_of);
	str_or_null(w, "source", r->source);
	str_or_null(w, "notes", r->notes);
	prices_json(w, &r->values);
}

/* ---- list ---- */

static enum provider_id route_of(enum price_maker m)
{
	switch (m) {
	case MAKER_OPENAI:
		return PROVIDER_OPENAI;
	case MAKER_ANTHROPIC:
		return PROVIDER_CLAUDE;
	case MAKER_GEMINI:
		return PROVIDER_GEMINI;
	case MAKER_COUNT:
		break;
	}
	return PROVIDER_COUNT;
}

struct listing {
	struct pricing *p;
	const struct price_book *book, *stored;
	bool only; /* a provider is given */
	enum provider_id provider;
	struct buf *out;
	struct jwrite w;
};

static bool in_force(const struct listing *l, const struct price_row *r)
{
	struct price_hit hit;

	return price_find(l->book, route_of(r->maker), r->model, l->p->day, &hit) && hit.row == r;
}

static bool wanted(const struct listing *l, const struct price_row *r)
{
	if (l->only && route_of(r->maker) != l->provider)
		return false;
	return l->p->all || in_force(l, r);
}

enum { MODEL_WIDTH = 44, PRICE_WIDTH = 9 };

static void list_prices(struct buf *out, const struct price_values *v)
{
	add_price(out, v, PRICE_INPUT, PRICE_WIDTH);
	add_price(out, v, PRICE_OUTPUT, PRICE_WIDTH);
	add_price(out, v, PRICE_CACHED_INPUT, PRICE_WIDTH);
}

static void list_override(struct listing *l, const struct price_override *o)
{
	const char *from = from_where(l->stored, o->model);

	if (l->p->json) {
		jwrite_object(&l->w, NULL);
		jwrite_text(&l->w, "model", o->model);
		jwrite_text(&l->w, "from", from);
		prices_json(&l->w, &o->values);
		jwrite_object_end(&l->w);
		return;
	}
	buf_addf(l->out, "%-10s %-*s", "(any)", MODEL_WIDTH, o->model);
	list_prices(l->out, &o->values);
	buf_addf(l->out, "  %s\n", from);
}

static void list_row(struct listing *l, const struct price_row *r, const char *table)
{
	if (l->p->json) {
		jwrite_object(&l->w, NULL);
		row_json(&l->w, r, table);
		jwrite_object_end(&l->w);
		return;
	}
	buf_addf(l->out, "%-10s %-*.*s", provider_name(route_of(r->maker)), MODEL_WIDTH,
		 STR_ARG(r->model));
	list_prices(l->out, &r->values);
	buf_addf(l->out, "  %s", table);
	if (r->valid_from.len)
		buf_addf(l->out, " from %.*s", STR_ARG(r->valid_from));
	if (r->valid_to.len)
		buf_addf(l->out, " to %.*s", STR_ARG(r->valid_to));
	buf_add_byte(l->out, '\n');
}

static void list_all(struct listing *l)
{
	const struct price_override *o;
	const struct price_table *t;
	const struct price_row *r;

	if (l->p->json)
		jwrite_array(&l->w, "overrides");
	for (unsigned i = 0; (o = price_book_override_at(l->book, i)); i++)
		list_override(l, o);
	if (l->p->json) {
		jwrite_array_end(&l->w);
		jwrite_array(&l->w, "rows");
	}
	for (unsigned k = 0; (t = price_book_table(l->book, k)); k++)
		for (unsigned i = 0; (r = price_table_row(t, i)); i++)
			if (wanted(l, r))
				list_row(l, r, price_table_what(t));
	if (l->p->json)
		jwrite_array_end(&l->w);
}

static void begin_json(struct jwrite *w, const struct pricing *p)
{
	jwrite_object(w, NULL);
	jwrite_text(w, "version", price_book_version(p->set->book));
	jwrite_i64(w, "overrides_version", p->set->overrides);
	jwrite_text(w, "multiplier", p->set->multiplier_text);
	jwrite_text(w, "date", p->day);
}

static int find_provider(struct listing *l, struct gw_err *e)
{
	l->only = l->p->provider != NULL;
	if (l->only && !provider_find(str_c(l->p->provider), &l->provider))
		return gw_fail(e, GWE_USAGE, 0,
			       "%.64s: no such provider; known are openai, openrouter, litellm, "
			       "claude and gemini",
			       l->p->provider);
	return 0;
}

int pricing_list(struct pricing *p)
{
	struct price_book *stored = NULL;
	struct listing l = { .p = p, .book = p->set->book };
	struct gw_err e = { .code = GWE_OK };
	struct buf out, json;
	int rc;

	buf_init(&out, PRICING_TEXT_MAX);
	buf_init(&json, PRICING_TEXT_MAX);
	l.out = &out;
	if (find_provider(&l, &e) || read_book(p, &stored, &json, &e)) {
		rc = cli_fail(&e);
	} else {
		l.stored = stored;
		jwrite_init(&l.w, &out, true);
		if (p->json)
			begin_json(&l.w, p);
		else
			buf_addf(&out,
				 "# %s; USD per million tokens, before the multiplier %s\n"
				 "%-10s %-*s%*s%*s%*s  %s\n",
				 price_book_version(l.book), p->set->multiplier_text, "PROVIDER",
				 MODEL_WIDTH, "MODEL", PRICE_WIDTH, "INPUT", PRICE_WIDTH, "OUTPUT",
				 PRICE_WIDTH, "CACHED", "FROM");
		list_all(&l);
		if (p->json) {
			jwrite_object_end(&l.w);
			buf_add_byte(&out, '\n');
		}
		rc = cli_print(&out);
	}
	price_book_unref(stored);
	buf_clear(&json);
	buf_clear(&out);
	return rc;
}

/* ---- show ---- */

static const char *table_of(const struct price_book *b, const struct price_row *row)
{
	const struct price_table *t;
	const struct price_row *r;

	for (unsigned k = 0; (t = price_book_table(b, k)); k++)
		for (unsigned i = 0; (r = price_table_row(t, i)); i++)
			if (r == row)
				return price_table_what(t);
	return "";
}

static void show_json(struct listing *l, enum provider_id id, const struct price_hit *hit)
{
	struct jwrite *w = &l->w;

	jwrite_object(w, NULL);
	jwrite_text(w, "provider", provider_name(id));
	jwrite_text(w, "priced_as", hit->row ? hit->priced_as : NULL);
	if (hit->overriding) {
		jwrite_object(w, "override");
		jwrite_text(w, "from", from_where(l->stored, hit->overriding->model));
		prices_json(w, &hit->overriding->values);
		jwrite_object_end(w);
	} else {
		jwrite_null(w, "override");
	}
	if (hit->row) {
		jwrite_object(w, "row");
		row_json(w, hit->row, table_of(l->book, hit->row));
		jwrite_object_end(w);
	} else {
		jwrite_null(w, "row");
	}
	jwrite_object_end(w);
}

static void show_values(struct buf *out, const struct price_values *v, enum price_col first)
{
	for (unsigned i = first; i < PRICE_COLS; i++) {
		enum price_col c = (enum price_col)i;

		if (v->col[c] == PRICE_NONE)
			continue;
		buf_addf(out, "  %-32s ", price_col_name(c));
		add_price(out, v, c, 0);
		buf_add_byte(out, '\n');
	}
	if (v->search_unit != SEARCH_NONE)
		buf_addf(out, "  %-32s %s\n", "web_search_unit", search_unit_name(v->search_unit));
}

static void show_text(struct listing *l, enum provider_id id, const struct price_hit *hit)
{
	buf_addf(l->out, "%s:\n", provider_name(id));
	if (hit->overriding) {
		buf_addf(l->out, "  %s, for all kinds of input and output\n",
			 from_where(l->stored, hit->overriding->model));
		show_values(l->out, &hit->overriding->values, PRICE_INPUT);
	}
	if (!hit->row)
		return;
	buf_addf(l->out, "  %s%s, table %s, as of %.*s\n",
		 hit->overriding ? "fees not named above are those of " : "", hit->priced_as,
		 table_of(l->book, hit->row), STR_ARG(hit->row->as_of));
	/* Rule: providers/pricing.md "Look-up" 0: the fees of tools stay those of the row */
	show_values(l->out, &hit->row->values, hit->overriding ? PRICE_WEB_SEARCH : PRICE_INPUT);
}

static unsigned show_all(struct listing *l, const char *model)
{
	unsigned found = 0;

	for (unsigned i = 0; i < PROVIDER_COUNT; i++) {
		enum provider_id id = (enum provider_id)i;
		struct price_hit hit;

		if ((l->only && id != l->provider) ||
		    !price_find(l->book, id, str_c(model), l->p->day, &hit))
			continue;
		found++;
		if (l->p->json)
			show_json(l, id, &hit);
		else
			show_text(l, id, &hit);
	}
	return found;
}

int pricing_show(struct pricing *p, const char *model)
{
	struct listing l = { .p = p, .book = p->set->book };
	struct price_book *stored = NULL;
	struct gw_err e = { .code = GWE_OK };
	struct buf out, json;
	unsigned found = 0;
	int rc;

	buf_init(&out, PRICING_TEXT_MAX);
	buf_init(&json, PRICING_TEXT_MAX);
	l.out = &out;
	if (find_provider(&l, &e) || read_book(p, &stored, &json, &e)) {
		rc = cli_fail(&e);
		goto out;
	}
	l.stored = stored;
	jwrite_init(&l.w, &out, true);
	if (p->json) {
		begin_json(&l.w, p);
		jwrite_text(&l.w, "model", model);
		jwrite_array(&l.w, "providers");
	}
	found = show_all(&l, model);
	if (p->json) {
		jwrite_array_end(&l.w);
		jwrite_object_end(&l.w);
		buf_add_byte(&out, '\n');
	}
	rc = cli_print(&out);
	if (rc == CLI_OK && !found) {
		gw_fail(&e, GWE_NOT_FOUND, 0, "no price for %.200s on %s", model, p->day);
		rc = cli_fail(&e);
	}
out:
	price_book_unref(stored);
	buf_clear(&json);
	buf_clear(&out);
	return rc;
}

/* ---- export ---- */

static void export_tables(const struct price_book *b, struct buf *out)
{
	const struct price_table *t;
	const struct price_row *r;

	price_table_write_header(out);
	for (unsigned k = 0; (t = price_book_table(b, k)); k++)
		for (unsigned i = 0; (r = price_table_row(t, i)); i++)
			price_table_write_row(out, r);
}

static void export_overrides(const struct price_book *b, struct buf *out)
{
	const struct price_override *o;
	struct jwrite w;
	struct buf one;

	buf_init(&one, PRICING_TEXT_MAX);
	jwrite_init(&w, out, true);
	jwrite_object(&w, NULL);
	for (unsigned i = 0; (o = price_book_override_at(b, i)); i++) {
		buf_reset(&one);
		price_override_write(&o->values, &one);
		jwrite_name(&w, str_c(o->model));
		jwrite_raw(&w, NULL, buf_str(&one));
	}
	jwrite_object_end(&w);
	buf_add_byte(out, '\n');
	buf_clear(&one);
}

int pricing_export(struct pricing *p)
{
	struct price_book *stored = NULL;
	struct gw_err e = { .code = GWE_OK };
	struct buf out, json;
	int rc;

	buf_init(&out, PRICING_TEXT_MAX);
	buf_init(&json, PRICING_TEXT_MAX);
	if (read_book(p, &stored, &json, &e)) {
		rc = cli_fail(&e);
	} else {
		if (p->csv)
			export_tables(p->set->book, &out);
		else
			export_overrides(stored, &out);
		rc = cli_print(&out);
	}
	price_book_unref(stored);
	buf_clear(&json);
	buf_clear(&out);
	return rc;
}
