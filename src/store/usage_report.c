/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "store/usage_report.h"

#include "store/usage_rows.h"
#include "util/clock.h"

enum { NAME_MAX_BYTES = 1024, SLOTS_FIRST = 64 };

static void *need(void *p)
{
	if (!p) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

void usage_report_init(struct usage_report *r, enum usage_group by)
{
	*r = (struct usage_report){ .by = by };
	r->total.name = need(strdup("total"));
}

void usage_report_clear(struct usage_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->line[i].name);
	free(r->line);
	free(r->slot);
	free(r->total.name);
	*r = (struct usage_report){ .by = r->by };
}

/* ---- lines by name: open addressing, a slot holds 1 + index of the line ---- */

static size_t hash(struct str name)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.p[i]) * UINT64_C(1099511628211);
	return (size_t)(h ^ h >> 32);
}

static size_t *slot_of(const struct usage_report *r, struct str name)
{
	size_t at = hash(name) & (r->n_slot - 1);

	while (r->slot[at] && !str_eq_c(name, r->line[r->slot[at] - 1].name))
		at = (at + 1) & (r->n_slot - 1);
	return &r->slot[at];
}

static void grow(struct usage_report *r)
{
	r->n_slot = r->n_slot ? 2 * r->n_slot : SLOTS_FIRST;
	r->cap = r->n_slot / 2;
	free(r->slot);
	r->slot = need(calloc(r->n_slot, sizeof *r->slot));
	r->line = need(realloc(r->line, r->cap * sizeof *r->line));
	for (size_t i = 0; i < r->n; i++)
		*slot_of(r, str_c(r->line[i].name)) = i + 1;
}

static struct usage_line *line_of(struct usage_report *r, struct str name)
{
	size_t *slot;

	if (r->n == r->cap)
		grow(r);
	slot = slot_of(r, name);
	if (!*slot) {
		r->line[r->n] = (struct usage_line){ .name = need(strndup(name.p, name.len)) };
		*slot = ++r->n;
	}
	return &r->line[*slot - 1];
}

/* ---- rows ---- */

static bool add_u64(uint64_t *sum, struct stmt *s, const char *col)
{
	return stmt_is_null(s, col) || !__builtin_add_overflow(*sum, stmt_u64(s, col), sum);
}

static int add_row(struct usage_line *l, struct stmt *s, struct gw_err *e)
{
	int64_t state = stmt_i64(s, "state"), outcome = stmt_i64(s, "outcome");
	bool priced = !stmt_is_null(s, "cost_pico");

	l->requests++;
	l->open += state == USAGE_STARTED;
	l->lost += state == USAGE_LOST;
	l->failed += state == USAGE_DONE && outcome != OUTCOME_OK;
	l->unknown += state == USAGE_DONE && !priced;
	l->estimated += state == USAGE_DONE && stmt_i64(s, "estimated");
	if (!add_u64(&l->input_tokens, s, "input_tokens") ||
	    !add_u64(&l->output_tokens, s, "output_tokens") ||
	    !add_u64(&l->cached_tokens, s, "cached_tokens") ||
	    (priced && !picousd_add(&l->cost, l->cost, picousd_of(stmt_u64(s, "cost_pico")))))
		return gw_fail(e, GWE_INTERNAL, 0,
			       "the sum for %s does not fit 64 bits; ask for a shorter time",
			       l->name);
	return 0;
}

/* Copied, since the columns of a row are views that another column's conversion may end. */
static struct str name_of(enum usage_group by, struct stmt *s, char buf[NAME_MAX_BYTES])
{
	struct str a, model;
	int n = 0;

	switch (by) {
	case USAGE_BY_MODEL:
		a = stmt_text(s, "provider");
		model = stmt_text(s, "model");
		n = snprintf(buf, NAME_MAX_BYTES, "%.*s/%.*s", STR_ARG(a), STR_ARG(model));
		break;
	case USAGE_BY_PROVIDER:
		a = stmt_text(s, "provider");
		n = snprintf(buf, NAME_MAX_BYTES, "%.*s", STR_ARG(a));
		break;
	case USAGE_BY_PAYER:
		a = stmt_text(s, "did");
		n = snprintf(buf, NAME_MAX_BYTES, "%.*s", STR_ARG(a));
		break;
	case USAGE_BY_DAY:
		clock_day(buf, stmt_i64(s, "started_ms"));
		n = (int)strlen(buf);
		break;
	}
	return (struct str){ buf, n < NAME_MAX_BYTES ? (size_t)n : NAME_MAX_BYTES - 1 };
}

static void bind_wanted(struct stmt *s, const char *name, struct str v)
{
	if (v.len)
		stmt_bind_text(s, name, v);
	else
		stmt_bind_null(s, name);
}

static int by_cost(const void *a, const void *b)
{
	const struct usage_line *x = a, *y = b;
	int c = picousd_cmp(y->cost, x->cost);

	return c ? c : strcmp(x->name, y->name);
}

static int by_name(const void *a, const void *b)
{
	const struct usage_line *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int usage_report_read(struct usage_report *r, struct store_conn *c, const struct usage_filter *f,
		      struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_USAGE_SCAN);
	char name[NAME_MAX_BYTES];
	int rc;

	stmt_bind_i64(s, "since", f->since_ms);
	stmt_bind_i64(s, "until", f->until_ms);
	bind_wanted(s, "provider", f->provider);
	bind_wanted(s, "model", f->model);
	bind_wanted(s, "payer", f->payer);
	while ((rc = stmt_step(s, e)) == 1) {
		rc = add_row(line_of(r, name_of(r->by, s, name)), s, e);
		if (!rc)
			rc = add_row(&r->total, s, e);
		if (rc)
			break;
	}
	stmt_done(s);
	if (rc)
		return -1;
	/* The slots are of no use any more. */
	if (r->n)
		qsort(r->line, r->n, sizeof *r->line, r->by == USAGE_BY_DAY ? by_name : by_cost);
	return 0;
}
