/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway pricing - set, unset and import: what is checked here is what the responders will read. */
#include "config.h"

#include "cli/cli.h"
#include "cli/pricing.h"

#include <pwd.h>
#include <unistd.h>

#include "util/file.h"

enum { IMPORT_MAX = 4 << 20, IMPORT_DEPTH = 8, WHO_MAX = 128 };

/* What one command changes, in one transaction. */
struct changes {
	const struct price_book *book; /* of the overrides to set; NULL: none */
	char **unset;
	int n_unset;
	bool replace;
	const char *by;
	int64_t now_ms;
	unsigned removed;
};

static const char *who(char out[WHO_MAX])
{
	const struct passwd *pw = getpwuid(getuid());

	if (pw)
		snprintf(out, WHO_MAX, "%.100s", pw->pw_name);
	else
		snprintf(out, WHO_MAX, "uid %u", (unsigned)getuid());
	return out;
}

static int change(struct store_conn *c, const struct changes *x, struct str model, struct str price,
		  bool *existed, struct gw_err *e)
{
	const struct price_change p = {
		.model = model, .price = price, .by = str_c(x->by), .now_ms = x->now_ms
	};

	return price_rows_change_tx(c, &p, existed, e);
}

static bool named(const struct price_book *b, struct str model)
{
	const struct price_override *o;

	for (unsigned i = 0; (o = price_book_override_at(b, i)); i++)
		if (str_eq_c(model, o->model))
			return true;
	return false;
}

/* A model that the new list does not name. Taken out of the walk, which is over afterwards. */
struct stale {
	const struct price_book *book;
	char model[PRICE_MODEL_MAX + 1];
};

static int find_stale(void *arg, struct str model, struct str price, struct gw_err *e)
{
	struct stale *s = arg;

	(void)price;
	(void)e;
	if (!s->model[0] && !named(s->book, model))
		(void)!str_copy(s->model, sizeof s->model, model);
	return 0;
}

static int remove_stale(struct store_conn *c, struct changes *x, struct gw_err *e)
{
	bool existed;

	for (;;) {
		struct stale s = { .book = x->book };

		if (price_rows_each(c, find_stale, &s, e))
			return -1;
		if (!s.model[0])
			return 0;
		if (change(c, x, str_c(s.model), STR_NULL, &existed, e))
			return -1;
		x->removed++;
	}
}

static int set_all(struct store_conn *c, const struct changes *x, struct gw_err *e)
{
	const struct price_override *o;
	bool existed;
	struct buf b;
	int rc = 0;

	buf_init(&b, IMPORT_MAX);
	for (unsigned i = 0; !rc && (o = price_book_override_at(x->book, i)); i++) {
		buf_reset(&b);
		price_override_write(&o->values, &b);
		rc = change(c, x, str_c(o->model), buf_str(&b), &existed, e);
	}
	buf_clear(&b);
	return rc;
}

static int change_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct changes *x = arg;
	bool existed;

	if (x->book && ((x->replace && remove_stale(c, x, e)) || set_all(c, x, e)))
		return -1;
	for (int i = 0; i < x->n_unset; i++) {
		if (change(c, x, str_c(x->unset[i]), STR_NULL, &existed, e))
			return -1;
		if (!existed)
			return gw_fail(e, GWE_NOT_FOUND, 0, "no price is set for %.200s",
				       x->unset[i]);
	}
	return 0;
}

static int apply(struct pricing *p, struct changes *x)
{
	char name[WHO_MAX];
	struct gw_err e;

	x->by = who(name);
	x->now_ms = clock_wall_ms();
	return store_write(p->store, "pricing", change_tx, x, &e) ? cli_fail(&e) : CLI_OK;
}

/* NAME=USD to a member; the rest of the checks is that of the overrides. */
static int add_pair(struct buf *json, const char *pair, struct gw_err *e)
{
	struct str t = str_c(pair);
	ptrdiff_t eq = str_find(t, '=');

	if (eq < 1)
		return gw_fail(e, GWE_USAGE, 0,
			       "pricing set: expected NAME=USD, such as input=2.5, not %.60s",
			       pair);
	if (json->len > 1)
		buf_add_byte(json, ',');
	buf_add_json(json, str_sub(t, 0, (size_t)eq));
	buf_add_byte(json, ':');
	buf_add_json(json, str_sub(t, (size_t)eq + 1, t.len));
	return 0;
}

int pricing_set(struct pricing *p, const char *model, char **pairs, int n)
{
	struct changes x = { .book = NULL };
	struct gw_err e = { .code = GWE_OK };
	struct price_book *book = price_book_builtin(&e);
	struct buf json;
	int rc = 0;

	buf_init(&json, IMPORT_MAX);
	buf_add_byte(&json, '{');
	for (int i = 0; !rc && i < n; i++)
		rc = add_pair(&json, pairs[i], &e);
	buf_add_byte(&json, '}');
	if (!book || rc || price_book_override(book, str_c(model), buf_str(&json), &e)) {
		rc = cli_fail(&e);
	} else {
		x.book = book;
		rc = apply(p, &x);
		if (rc == CLI_OK)
			printf("%s: set; it counts from the next request on\n", model);
	}
	price_book_unref(book);
	buf_clear(&json);
	return rc;
}

int pricing_unset(struct pricing *p, char **models, int n)
{
	struct changes x = { .unset = models, .n_unset = n };
	int rc = apply(p, &x);

	for (int i = 0; rc == CLI_OK && i < n; i++)
		printf("%s: no longer set\n", models[i]);
	return rc;
}

int pricing_import(struct pricing *p, const char *file)
{
	struct changes x = { .replace = p->replace };
	struct price_book *book;
	struct gw_err e = { .code = GWE_OK };
	struct buf json;
	unsigned count = 0;
	int rc = CLI_NO;

	buf_init(&json, IMPORT_MAX);
	book = price_book_builtin(&e);
	if (!book || file_read_input(&json, file, &e) ||
	    price_book_override_json(book, buf_str(&json), &count, &e)) {
		rc = cli_fail(&e);
	} else {
		x.book = book;
		rc = apply(p, &x);
		if (rc == CLI_OK)
			printf("set: %u; taken away: %u; they count from the next request on\n",
			       count, x.removed);
	}
	price_book_unref(book);
	buf_clear(&json);
	return rc;
}
