/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_state.h"

#include <assert.h>
#include <inttypes.h>

#include "codec/bcs.h"
#include "crypto/hash.h"
#include "util/clock.h"

#define ZEROS "000000000000000000000000000000000000000000000000000000000000000"
const char dev_rgas[] = "0x" ZEROS "3::gas_coin::RGas";

static void read_settings(struct dev_settings *set, struct stmt *s)
{
	struct str seed = stmt_blob(s, "seed");

	set->chain_id = stmt_u64(s, "chain_id");
	set->gas = stmt_u64(s, "gas");
	set->clock_offset_ms = stmt_i64(s, "clock_offset_ms");
	set->tx_order = stmt_i64(s, "tx_order");
	set->fresh = stmt_i64(s, "fresh");
	assert(seed.len == sizeof set->seed); /* the schema checks */
	memcpy(set->seed, seed.p, sizeof set->seed);
}

int dev_begin(struct dev_ctx *x, struct store_conn *c, struct arena *mem, int64_t back,
	      struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_DEV_NODE_GET);
	int rc = stmt_step(s, e);
	int64_t now;

	*x = (struct dev_ctx){ .c = c, .mem = mem, .e = e };
	if (rc == 1)
		read_settings(&x->set, s);
	stmt_done(s);
	if (rc == 0)
		return gw_fail_priv(e, GWE_INTERNAL, 0, "the node has no row");
	if (rc < 0)
		return -1;
	x->at = x->set.tx_order > back ? x->set.tx_order - back : 0;
	now = clock_wall_ms() + x->set.clock_offset_ms;
	x->now_ms = now > 0 ? (uint64_t)now : 0;
	return 0;
}

void dev_advance(struct dev_ctx *x)
{
	x->at = ++x->set.tx_order;
}

int dev_save(struct dev_ctx *x)
{
	struct stmt *s = stmt_get(x->c, STMT_DEV_NODE_SET);
	int rc;

	stmt_bind_i64(s, "clock_offset_ms", x->set.clock_offset_ms);
	stmt_bind_i64(s, "tx_order", x->set.tx_order);
	stmt_bind_i64(s, "fresh", x->set.fresh);
	stmt_bind_blob(s, "seed", x->set.seed, sizeof x->set.seed);
	rc = stmt_bind_u64(s, "chain_id", x->set.chain_id, x->e);
	if (!rc)
		rc = stmt_bind_u64(s, "gas", x->set.gas, x->e);
	if (!rc)
		rc = stmt_run(s, NULL, x->e);
	stmt_done(s);
	return rc;
}

static int fail(struct dev_ctx *x, enum dev_status status, const char *module, uint64_t code)
{
	x->status = status;
	x->location = module;
	x->abort_code = code;
	return -1;
}

int dev_abort(struct dev_ctx *x, const char *module, uint64_t code)
{
	return fail(x, DEV_MOVE_ABORT, module, code);
}

int dev_arithmetic(struct dev_ctx *x, const char *module)
{
	return fail(x, DEV_EXECUTION_FAILURE, module, 0);
}

int dev_miscellaneous(struct dev_ctx *x)
{
	return fail(x, DEV_MISCELLANEOUS, "", 0);
}

struct rooch_id dev_fresh(struct dev_ctx *x)
{
	int64_t n = x->set.fresh++;
	struct str piece[] = { { (const char *)x->set.seed, sizeof x->set.seed },
			       { (const char *)&n, sizeof n } };
	struct rooch_id id = { { 0 } };

	hash_sha3_256_v(id.b, piece, 2);
	return id;
}

struct rooch_id dev_account_object(const struct rooch_id *owner, const char *type)
{
	struct str piece[] = { { (const char *)owner->b, sizeof owner->b }, str_c(type) };
	struct rooch_id id = { { 0 } };

	hash_sha3_256_v(id.b, piece, 2);
	return id;
}

/* Copies, since a row dies with the next step. */
static int keep(struct dev_ctx *x, struct stmt *s, struct dev_row *row)
{
	row->type = arena_dup(x->mem, stmt_text(s, "type"));
	row->value = arena_dup(x->mem, stmt_blob(s, "value"));
	row->created_ms = stmt_u64(s, "created_ms");
	row->updated_ms = stmt_u64(s, "updated_ms");
	if (!row->type.p || !row->value.p)
		return gw_fail_priv(x->e, GWE_INTERNAL, 0, "too many objects for one call");
	return 1;
}

int dev_object_get(struct dev_ctx *x, const struct rooch_id *id, struct dev_row *row)
{
	struct stmt *s = stmt_get(x->c, STMT_DEV_OBJECT_GET);
	struct str owner;
	int rc;

	*row = (struct dev_row){ .value = STR_NULL };
	stmt_bind_blob(s, "object_id", id->b, sizeof id->b);
	stmt_bind_i64(s, "at", x->at);
	rc = stmt_step(s, x->e);
	if (rc == 1) {
		owner = stmt_blob(s, "owner");
		assert(owner.len == sizeof row->owner.b); /* the schema checks */
		memcpy(row->owner.b, owner.p, sizeof row->owner.b);
		rc = keep(x, s, row);
	}
	stmt_done(s);
	return rc;
}

static int prune(struct dev_ctx *x, struct stmt *s)
{
	int rc;

	stmt_bind_i64(s, "keep", x->at - DEV_HISTORY);
	rc = stmt_run(s, NULL, x->e);
	stmt_done(s);
	return rc;
}

static int put(struct dev_ctx *x, struct stmt *s, const char *type, uint64_t created_ms)
{
	int rc;

	stmt_bind_i64(s, "tx_order", x->at);
	stmt_bind_text(s, "type", str_c(type));
	stmt_bind_i64(s, "created_ms", (int64_t)created_ms);
	stmt_bind_i64(s, "updated_ms", (int64_t)x->now_ms);
	rc = stmt_run(s, NULL, x->e);
	stmt_done(s);
	return rc;
}

int dev_object_put(struct dev_ctx *x, const struct rooch_id *id, const struct rooch_id *owner,
		   const char *type, struct str value)
{
	struct dev_row old;
	int found = dev_object_get(x, id, &old);
	struct stmt *s;

	if (found < 0)
		return -1;
	s = stmt_get(x->c, STMT_DEV_OBJECT_PUT);
	stmt_bind_blob(s, "object_id", id->b, sizeof id->b);
	stmt_bind_blob(s, "owner", owner->b, sizeof owner->b);
	stmt_bind_blob(s, "value", value.p, value.len);
	if (put(x, s, type, found ? old.created_ms : x->now_ms))
		return -1;
	s = stmt_get(x->c, STMT_DEV_OBJECT_PRUNE);
	stmt_bind_blob(s, "object_id", id->b, sizeof id->b);
	return prune(x, s);
}

int dev_field_get(struct dev_ctx *x, const struct rooch_id *table, const struct rooch_id *key,
		  struct dev_row *row)
{
	struct stmt *s = stmt_get(x->c, STMT_DEV_FIELD_GET);
	int rc;

	*row = (struct dev_row){ .value = STR_NULL };
	stmt_bind_blob(s, "table_id", table->b, sizeof table->b);
	stmt_bind_blob(s, "field_key", key->b, sizeof key->b);
	stmt_bind_i64(s, "at", x->at);
	rc = stmt_step(s, x->e);
	if (rc == 1)
		rc = stmt_is_null(s, "value") ? 0 : keep(x, s, row);
	stmt_done(s);
	return rc;
}

int dev_field_put(struct dev_ctx *x, const struct rooch_id *table, const struct rooch_id *key,
		  const char *type, struct str value)
{
	struct dev_row old;
	int found = dev_field_get(x, table, key, &old);
	struct stmt *s;

	if (found < 0)
		return -1;
	s = stmt_get(x->c, STMT_DEV_FIELD_PUT);
	stmt_bind_blob(s, "table_id", table->b, sizeof table->b);
	stmt_bind_blob(s, "field_key", key->b, sizeof key->b);
	if (value.p)
		stmt_bind_blob(s, "value", value.p, value.len);
	else
		stmt_bind_null(s, "value");
	if (put(x, s, type, found ? old.created_ms : x->now_ms))
		return -1;
	s = stmt_get(x->c, STMT_DEV_FIELD_PRUNE);
	stmt_bind_blob(s, "table_id", table->b, sizeof table->b);
	stmt_bind_blob(s, "field_key", key->b, sizeof key->b);
	return prune(x, s);
}

int dev_field_count(struct dev_ctx *x, const struct rooch_id *table, uint64_t *n)
{
	struct stmt *s = stmt_get(x->c, STMT_DEV_FIELD_COUNT);
	int rc;

	stmt_bind_blob(s, "table_id", table->b, sizeof table->b);
	stmt_bind_i64(s, "at", x->at);
	rc = stmt_step(s, x->e);
	if (rc == 1)
		*n = stmt_u64(s, "n");
	stmt_done(s);
	return rc == 1 ? 0 : -1;
}

int dev_field_each(struct dev_ctx *x, const struct rooch_id *table, const struct rooch_id *after,
		   unsigned limit,
		   int (*each)(void *arg, const struct rooch_id *key, const struct dev_row *row),
		   void *arg)
{
	struct stmt *s = stmt_get(x->c, STMT_DEV_FIELD_LIST);
	struct dev_row row = { .value = STR_NULL };
	struct rooch_id key;
	struct str blob;
	int rc;

	stmt_bind_blob(s, "table_id", table->b, sizeof table->b);
	stmt_bind_blob(s, "after", after ? after->b : table->b, after ? sizeof after->b : 0);
	stmt_bind_i64(s, "at", x->at);
	stmt_bind_i64(s, "limit", limit);
	while ((rc = stmt_step(s, x->e)) == 1) {
		blob = stmt_blob(s, "field_key");
		assert(blob.len == sizeof key.b); /* the schema checks */
		memcpy(key.b, blob.p, sizeof key.b);
		rc = keep(x, s, &row);
		if (rc == 1)
			rc = each(arg, &key, &row);
		if (rc < 0)
			break;
	}
	stmt_done(s);
	return rc < 0 ? -1 : 0;
}

void dev_type_long(char out[ROOCH_ASSET_TEXT], const char *type)
{
	bool ok = rooch_asset_canonical(out, str_c(type));

	assert(ok); /* types are constants of ours */
	(void)ok;
}

int dev_emit(struct dev_ctx *x, const struct rooch_id *object, const char *type,
	     const struct buf *b)
{
	struct dev_event *ev = &x->event[x->n_event];
	char full[ROOCH_ASSET_TEXT];

	assert(x->n_event < DEV_EVENTS_MAX); /* no rule has that many */
	dev_type_long(full, type);
	ev->handle = object ? rooch_event_handle_id(object, full) : rooch_named_object_id(full);
	ev->type = type;
	ev->data = arena_dup(x->mem, buf_str(b));
	if (b->failed || !ev->data.p)
		return gw_fail_priv(x->e, GWE_INTERNAL, 0, "an event is too large");
	x->n_event++;
	return 0;
}

static int save_event(struct dev_ctx *x, struct dev_event *ev, unsigned index)
{
	struct stmt *s = stmt_get(x->c, STMT_DEV_EVENT_NEXT);
	int rc;

	stmt_bind_blob(s, "handle_id", ev->handle.b, sizeof ev->handle.b);
	rc = stmt_step(s, x->e);
	if (rc == 1)
		ev->seq = stmt_i64(s, "n");
	stmt_done(s);
	if (rc != 1)
		return -1;
	s = stmt_get(x->c, STMT_DEV_EVENT_ADD);
	stmt_bind_blob(s, "handle_id", ev->handle.b, sizeof ev->handle.b);
	stmt_bind_i64(s, "event_seq", ev->seq);
	stmt_bind_i64(s, "tx_order", x->at);
	stmt_bind_i64(s, "event_index", index);
	stmt_bind_text(s, "type", str_c(ev->type));
	stmt_bind_blob(s, "data", ev->data.p, ev->data.len);
	rc = stmt_run(s, NULL, x->e);
	stmt_done(s);
	return rc;
}

int dev_events_save(struct dev_ctx *x)
{
	for (unsigned i = 0; i < x->n_event; i++)
		if (save_event(x, &x->event[i], i))
			return -1;
	return 0;
}

struct buf dev_buf(void)
{
	struct buf b;

	buf_init(&b, DEV_VALUE_MAX);
	return b;
}
