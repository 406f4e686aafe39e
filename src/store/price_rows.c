/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "store/price_rows.h"

static int note(struct store_conn *c, const struct price_change *p, int64_t *version,
		struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_PRICE_OVERRIDE_NOTE);
	int r;

	stmt_bind_text(s, "model", p->model);
	/* Nothing is set: an empty object. NULL does not pass the CHECK, since json_valid(NULL) is 0
	 * in SQLite before 3.45. */
	stmt_bind_text(s, "price", p->price.len ? p->price : STR_LIT("{}"));
	stmt_bind_i64(s, "changed_ms", p->now_ms);
	stmt_bind_text(s, "changed_by", p->by);
	r = stmt_step(s, e);
	if (r == 1)
		*version = stmt_i64(s, "version");
	stmt_done(s);
	return r == 1 ? 0 : -1;
}

static int put(struct store_conn *c, const struct price_change *p, int64_t version,
	       struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_PRICE_OVERRIDE_PUT);

	stmt_bind_text(s, "model", p->model);
	stmt_bind_i64(s, "version", version);
	stmt_bind_text(s, "price", p->price);
	return stmt_run(s, NULL, e);
}

int price_rows_change_tx(struct store_conn *c, const struct price_change *p, bool *existed,
			 struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_PRICE_OVERRIDE_DROP);
	int64_t version = 0, changed = 0;

	stmt_bind_text(s, "model", p->model);
	if (stmt_run(s, &changed, e))
		return -1;
	*existed = changed == 1;
	if (!p->price.len && !*existed)
		return 0;
	if (note(c, p, &version, e))
		return -1;
	return p->price.len ? put(c, p, version, e) : 0;
}

int price_rows_version(struct store_conn *c, int64_t *version, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_PRICE_OVERRIDE_VERSION);
	int r = stmt_step(s, e);

	if (r == 1)
		*version = stmt_i64(s, "version");
	stmt_done(s);
	return r == 1 ? 0 : -1;
}

int price_rows_each(struct store_conn *c, price_row_fn fn, void *arg, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_PRICE_OVERRIDES);
	int r;

	while ((r = stmt_step(s, e)) == 1) {
		r = fn(arg, stmt_text(s, "model"), stmt_text(s, "price"), e);
		if (r < 0)
			break;
	}
	stmt_done(s);
	return r;
}

static int add(void *arg, struct str model, struct str price, struct gw_err *e)
{
	struct buf *b = arg;

	(void)e;
	if (b->p[b->len - 1] != '{')
		buf_add_byte(b, ',');
	buf_add_json(b, model);
	buf_add_byte(b, ':');
	buf_add_str(b, price);
	return 0;
}

int price_rows_json(struct store_conn *c, struct buf *out, struct gw_err *e)
{
	buf_add_byte(out, '{');
	if (price_rows_each(c, add, out, e))
		return -1;
	buf_add_byte(out, '}');
	if (!out->failed)
		return 0;
	return gw_fail(e, GWE_CONFIG, 0,
		       "the price overrides in the database take more than %zu bytes", out->max);
}
