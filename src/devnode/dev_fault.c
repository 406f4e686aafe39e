/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_fault.h"

struct fault_name {
	enum dev_fault_kind kind;
	const char *name;
};
static const struct fault_name names[] = {
#define FAULT_ROW(number, id, name, meaning) { DEV_FAULT_##id, name },
	DEV_FAULTS(FAULT_ROW)
#undef FAULT_ROW
};

static uint64_t usual_value(enum dev_fault_kind kind)
{
	switch (kind) {
	case DEV_FAULT_HTTP:
		return 500;
	case DEV_FAULT_HANG:
		return 1000;
	case DEV_FAULT_ERROR:
		return 2;
	case DEV_FAULT_REFUSE:
		return 1010;
	case DEV_FAULT_STALE:
		return 1;
	case DEV_FAULT_NONE:
	case DEV_FAULT_CLOSE:
	case DEV_FAULT_DROP:
	case DEV_FAULT_OBJECT:
	case DEV_FAULT_TRUNCATE:
	case DEV_FAULT_LENGTH:
	case DEV_FAULT_MAINTENANCE:
	case DEV_FAULT_ABORT:
	case DEV_FAULT_GARBAGE:
		break;
	}
	return 0;
}

static const char *usual_text(enum dev_fault_kind kind)
{
	return kind == DEV_FAULT_ABORT	 ? "0x3::payment_channel"
	       : kind == DEV_FAULT_ERROR ? "fault"
					 : "";
}

enum dev_fault_kind dev_fault_find(struct str name)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq_c(name, names[i].name))
			return names[i].kind;
	return DEV_FAULT_NONE;
}

static const char *name_of(int64_t kind)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if ((int64_t)names[i].kind == kind)
			return names[i].name;
	return "unknown";
}

static int add(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct dev_fault *f = arg;
	struct stmt *s = stmt_get(c, STMT_DEV_FAULT_ADD);
	const char *text = f->text[0] ? f->text : usual_text(f->kind);
	int rc;

	stmt_bind_i64(s, "kind", (int64_t)f->kind);
	stmt_bind_text(s, "method", str_c(f->method));
	stmt_bind_text(s, "text", str_c(text));
	rc = stmt_bind_u64(s, "remaining", f->count, e);
	if (!rc)
		rc = stmt_bind_u64(s, "value", f->has_value ? f->value : usual_value(f->kind), e);
	if (!rc)
		rc = stmt_run(s, NULL, e);
	stmt_done(s);
	return rc;
}

int dev_fault_add(struct store *st, const struct dev_fault *f, struct gw_err *e)
{
	struct dev_fault copy = *f;

	return store_write(st, "fault", add, &copy, e);
}

static int clear(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_DEV_FAULT_CLEAR);
	int rc = stmt_run(s, NULL, e);

	(void)arg;
	stmt_done(s);
	return rc;
}

int dev_fault_clear(struct store *st, struct gw_err *e)
{
	return store_write(st, "no faults", clear, NULL, e);
}

int dev_fault_list(struct store_conn *c, struct jwrite *w, const char *key, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_DEV_FAULT_LIST);
	int rc;

	jwrite_array(w, key);
	while ((rc = stmt_step(s, e)) == 1) {
		jwrite_object(w, NULL);
		jwrite_text(w, "kind", name_of(stmt_i64(s, "kind")));
		jwrite_str(w, "method", stmt_text(s, "method"));
		jwrite_i64(w, "count", stmt_i64(s, "remaining"));
		jwrite_i64(w, "value", stmt_i64(s, "value"));
		jwrite_str(w, "text", stmt_text(s, "text"));
		jwrite_object_end(w);
	}
	jwrite_array_end(w);
	stmt_done(s);
	return rc;
}

/* 1 found, 0 none, -1. @id: of the row. */
static int find(struct store_conn *c, const char *method, struct dev_fault *f, int64_t *id,
		struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_DEV_FAULT_FIND);
	int rc;

	stmt_bind_text(s, "method", str_c(method));
	rc = stmt_step(s, e);
	if (rc == 1) {
		*id = stmt_i64(s, "fault_id");
		f->kind = dev_fault_find(str_c(name_of(stmt_i64(s, "kind"))));
		f->count = stmt_u64(s, "remaining");
		f->value = stmt_u64(s, "value");
		if (!str_copy(f->text, sizeof f->text, stmt_text(s, "text")))
			f->text[0] = '\0';
	}
	stmt_done(s);
	return rc;
}

struct taking {
	const char *method;
	struct dev_fault *f;
	bool any;
};

static int take(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct taking *t = arg;
	int64_t id = 0;
	struct stmt *s;
	int rc = find(c, t->method, t->f, &id, e);

	if (rc <= 0)
		return rc;
	s = stmt_get(c, t->f->count > 1 ? STMT_DEV_FAULT_COUNT_DOWN : STMT_DEV_FAULT_REMOVE);
	stmt_bind_i64(s, "fault_id", id);
	rc = stmt_run(s, NULL, e);
	stmt_done(s);
	return rc;
}

static int look(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct taking *t = arg;
	struct dev_fault f;
	int64_t id;
	int rc = find(c, t->method, &f, &id, e);

	t->any = rc == 1;
	return rc < 0 ? -1 : 0;
}

int dev_fault_take(struct store *st, const char *method, struct dev_fault *f, struct gw_err *e)
{
	struct taking t = { .method = method, .f = f };

	*f = (struct dev_fault){ .kind = DEV_FAULT_NONE };
	/* most calls have none: no write for them */
	if (store_read(st, look, &t, e))
		return -1;
	return t.any ? store_write(st, "fault", take, &t, e) : 0;
}
