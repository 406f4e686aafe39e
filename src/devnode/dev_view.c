/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_view.h"

#include <inttypes.h>

#include "crypto/hash.h"

void dev_view_u64(struct jwrite *w, const char *key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, v);
	jwrite_text(w, key, text);
}

void dev_view_u256(struct jwrite *w, const char *key, struct u256 v)
{
	char text[U256_TEXT];

	u256_format(text, v);
	jwrite_text(w, key, text);
}

/* Hashes that nobody can check here: made from the transaction's. */
static void view_root(struct jwrite *w, const char *key, const uint8_t hash[32])
{
	struct str piece[] = { { (const char *)hash, 32 }, str_c(key) };
	uint8_t root[32];

	hash_sha3_256_v(root, piece, 2);
	jwrite_hex(w, key, root, sizeof root);
}

/* ---- objects ---- */

static void view_value(struct jwrite *w, const struct dev_row *row, enum dev_fault_kind lie)
{
	/* 2^32 - 1 as a length */
	static const uint8_t absurd[] = { 0xff, 0xff, 0xff, 0xff, 0x0f };
	struct str v = row->value;

	if (lie == DEV_FAULT_LENGTH)
		v = (struct str){ (const char *)absurd, sizeof absurd };
	if (lie == DEV_FAULT_TRUNCATE)
		v.len /= 2;
	jwrite_hex(w, "value", (const uint8_t *)v.p, v.len);
}

static void view_row(struct jwrite *w, const uint8_t *id, size_t id_len, const struct dev_row *row,
		     enum dev_fault_kind lie)
{
	char owner[ROOCH_BECH32_TEXT];

	rooch_address_text(owner, &row->owner);
	jwrite_object(w, NULL);
	jwrite_hex(w, "id", id, id_len);
	jwrite_text(w, "owner", owner);
	jwrite_null(w, "owner_bitcoin_address");
	jwrite_u64(w, "flag", 0);
	jwrite_null(w, "state_root");
	jwrite_text(w, "size", "0");
	dev_view_u64(w, "created_at", row->created_ms);
	dev_view_u64(w, "updated_at", row->updated_ms);
	jwrite_str(w, "object_type", row->type);
	view_value(w, row, lie);
	jwrite_null(w, "decoded_value");
	jwrite_null(w, "display_fields");
	jwrite_object_end(w);
}

/* The wrong object: a hub whose tables are those of nobody. */
static void other_object(struct dev_row *row)
{
	static const char bytes[66] = { 1, [33] = 1 };

	*row = (struct dev_row){ .type = STR_LIT("0x3::payment_channel::PaymentHub"),
				 .value = { bytes, sizeof bytes } };
}

int dev_view_object(struct dev_ctx *x, struct jwrite *w, const struct rooch_id *id,
		    enum dev_fault_kind lie)
{
	struct rooch_id shown = *id;
	struct dev_row row;
	int rc = dev_object_get(x, id, &row);

	if (rc < 0)
		return -1;
	if (lie == DEV_FAULT_OBJECT) {
		other_object(&row);
		shown.b[0] ^= 0xff;
	} else if (!rc) {
		jwrite_null(w, NULL);
		return 0;
	}
	view_row(w, shown.b, sizeof shown.b, &row, lie);
	return 0;
}

static void view_field(struct jwrite *w, const struct rooch_id *table, const struct rooch_id *key,
		       struct dev_row *row, enum dev_fault_kind lie)
{
	uint8_t id[64];

	memcpy(id, table->b, 32);
	memcpy(id + 32, key->b, 32);
	row->owner = (struct rooch_id){ { 0 } }; /* entries belong to the system */
	if (lie == DEV_FAULT_OBJECT) {
		id[32] ^= 0xff;
		other_object(row);
	}
	view_row(w, id, sizeof id, row, lie);
}

int dev_view_field(struct dev_ctx *x, struct jwrite *w, const struct rooch_id *table,
		   const struct rooch_id *key, enum dev_fault_kind lie)
{
	struct dev_row row;
	int rc = dev_field_get(x, table, key, &row);

	if (rc < 0)
		return -1;
	if (rc || lie == DEV_FAULT_OBJECT)
		view_field(w, table, key, &row, lie);
	else
		jwrite_null(w, NULL);
	return 0;
}

struct page {
	struct jwrite *w;
	const struct rooch_id *table;
	enum dev_fault_kind lie;
	unsigned limit, n;
	struct rooch_id last;
};

static int view_entry(void *arg, const struct rooch_id *key, const struct dev_row *row)
{
	struct page *p = arg;
	struct dev_row copy = *row;

	if (p->n++ >= p->limit) /* one more was asked for to see whether there is one */
		return 0;
	p->last = *key;
	jwrite_object(p->w, NULL);
	jwrite_hex(p->w, "field_key", key->b, sizeof key->b);
	jwrite_name(p->w, STR_LIT("state"));
	view_field(p->w, p->table, key, &copy, p->lie);
	jwrite_object_end(p->w);
	return 0;
}

int dev_view_fields(struct dev_ctx *x, struct jwrite *w, const struct rooch_id *table,
		    const struct rooch_id *after, unsigned limit, enum dev_fault_kind lie)
{
	struct page p = { .w = w, .table = table, .lie = lie, .limit = limit };
	int rc;

	jwrite_object(w, NULL);
	jwrite_array(w, "data");
	rc = dev_field_each(x, table, after, limit + 1, view_entry, &p);
	jwrite_array_end(w);
	if (p.n > limit)
		jwrite_hex(w, "next_cursor", p.last.b, sizeof p.last.b);
	else
		jwrite_null(w, "next_cursor");
	jwrite_bool(w, "has_next_page", p.n > limit);
	jwrite_object_end(w);
	return rc;
}

/* ---- events ---- */

static void view_event(struct jwrite *w, const struct rooch_id *handle, uint64_t seq,
		       struct str type, struct str data, uint64_t index)
{
	jwrite_object(w, NULL);
	jwrite_object(w, "event_id");
	jwrite_hex(w, "event_handle_id", handle->b, sizeof handle->b);
	dev_view_u64(w, "event_seq", seq);
	jwrite_object_end(w);
	jwrite_str(w, "event_type", type);
	jwrite_hex(w, "event_data", (const uint8_t *)data.p, data.len);
	dev_view_u64(w, "event_index", index);
	jwrite_null(w, "decoded_event_data");
	jwrite_object_end(w);
}

int dev_view_events(struct dev_ctx *x, struct jwrite *w, const struct rooch_id *handle,
		    int64_t cursor, unsigned limit, bool descending)
{
	struct stmt *s = stmt_get(x->c, descending ? STMT_DEV_EVENT_DOWN : STMT_DEV_EVENT_UP);
	uint64_t last = 0;
	unsigned n = 0;
	int rc;

	stmt_bind_blob(s, "handle_id", handle->b, sizeof handle->b);
	stmt_bind_i64(s, "at", x->at);
	stmt_bind_i64(s, "limit", (int64_t)limit + 1);
	if (descending)
		stmt_bind_i64(s, "before", cursor < 0 ? INT64_MAX : cursor);
	else
		stmt_bind_i64(s, "after", cursor);
	jwrite_object(w, NULL);
	jwrite_array(w, "data");
	while ((rc = stmt_step(s, x->e)) == 1) {
		if (n++ >= limit)
			break;
		last = stmt_u64(s, "event_seq");
		view_event(w, handle, last, stmt_text(s, "type"), stmt_blob(s, "data"),
			   stmt_u64(s, "event_index"));
	}
	stmt_done(s);
	jwrite_array_end(w);
	if (n > limit)
		dev_view_u64(w, "next_cursor", last);
	else
		jwrite_null(w, "next_cursor");
	jwrite_bool(w, "has_next_page", n > limit);
	jwrite_object_end(w);
	return rc < 0 ? -1 : 0;
}

/* ---- transactions ---- */

static void view_status(struct jwrite *w, const struct dev_outcome *out)
{
	jwrite_object(w, "status");
	switch (out->status) {
	case DEV_EXECUTED:
		jwrite_text(w, "type", "executed");
		break;
	case DEV_MOVE_ABORT:
		jwrite_text(w, "type", "moveabort");
		jwrite_text(w, "location", out->location);
		dev_view_u64(w, "abort_code", out->abort_code);
		break;
	case DEV_OUT_OF_GAS:
		jwrite_text(w, "type", "outofgas");
		break;
	case DEV_EXECUTION_FAILURE:
		jwrite_text(w, "type", "executionfailure");
		jwrite_text(w, "location", out->location);
		jwrite_u64(w, "function", 0);
		jwrite_u64(w, "code_offset", 0);
		break;
	case DEV_MISCELLANEOUS:
		jwrite_text(w, "type", "miscellaneouserror");
		break;
	}
	jwrite_object_end(w);
}

static void view_sequence_info(struct jwrite *w, const struct dev_outcome *out)
{
	jwrite_object(w, "sequence_info");
	dev_view_u64(w, "tx_order", (uint64_t)out->order);
	jwrite_text(w, "tx_order_signature", "0x00");
	view_root(w, "tx_accumulator_root", out->hash);
	dev_view_u64(w, "tx_timestamp", out->time_ms);
	jwrite_object_end(w);
}

static void view_execution_info(struct jwrite *w, const struct dev_outcome *out)
{
	jwrite_object(w, "execution_info");
	jwrite_hex(w, "tx_hash", out->hash, sizeof out->hash);
	view_root(w, "state_root", out->hash);
	view_root(w, "event_root", out->hash);
	dev_view_u64(w, "gas_used", out->gas_used);
	view_status(w, out);
	jwrite_object_end(w);
}

void dev_view_outcome(struct jwrite *w, const struct dev_outcome *out, bool with_output)
{
	jwrite_object(w, NULL);
	view_sequence_info(w, out);
	view_execution_info(w, out);
	if (with_output) {
		jwrite_object(w, "output");
		view_status(w, out);
		jwrite_object(w, "changeset");
		view_root(w, "state_root", out->hash);
		jwrite_text(w, "global_size", "0");
		jwrite_array(w, "changes");
		jwrite_array_end(w);
		jwrite_object_end(w);
		jwrite_array(w, "events");
		for (unsigned i = 0; i < out->n_event; i++)
			view_event(w, &out->event[i].handle, (uint64_t)out->event[i].seq,
				   str_c(out->event[i].type), out->event[i].data, i);
		jwrite_array_end(w);
		dev_view_u64(w, "gas_used", out->gas_used);
		jwrite_bool(w, "is_upgrade", false);
		jwrite_object_end(w);
	} else {
		jwrite_null(w, "output");
	}
	jwrite_null(w, "error_info");
	jwrite_object_end(w);
}

void dev_view_dry_run(struct jwrite *w, const struct dev_outcome *out)
{
	jwrite_object(w, NULL);
	jwrite_object(w, "raw_output");
	jwrite_hex(w, "tx_hash", out->hash, sizeof out->hash);
	view_root(w, "state_root", out->hash);
	view_status(w, out);
	dev_view_u64(w, "gas_used", out->gas_used);
	jwrite_bool(w, "is_upgrade", false);
	jwrite_object_end(w);
	jwrite_object(w, "vm_error_info");
	jwrite_text(w, "error_message", "");
	jwrite_array(w, "execution_state");
	jwrite_array_end(w);
	jwrite_object_end(w);
	jwrite_object_end(w);
}

static void view_call(struct jwrite *w, const struct tx_call *call)
{
	char address[ROOCH_HEX_TEXT], type[ROOCH_ASSET_TEXT];
	struct buf id;

	rooch_id_hex(address, &call->module_address);
	buf_init(&id, 1024);
	buf_addf(&id, "%s::%.*s::%.*s", address, STR_ARG(call->module), STR_ARG(call->function));
	jwrite_object(w, "action");
	jwrite_object(w, "function_call");
	jwrite_str(w, "function_id", buf_str(&id));
	if (call->type_arg[0]) {
		rooch_asset_short(type, call->type_arg);
		jwrite_array(w, "ty_args");
		jwrite_text(w, NULL, type);
		jwrite_array_end(w);
	} else {
		tx_types_json(w, "ty_args", call);
	}
	jwrite_array(w, "args");
	for (unsigned i = 0; i < call->n_arg; i++)
		jwrite_hex(w, NULL, (const uint8_t *)call->arg[i].p, call->arg[i].len);
	jwrite_array_end(w);
	jwrite_object_end(w);
	jwrite_object_end(w);
	buf_clear(&id);
}

static int view_tx(struct dev_ctx *x, struct jwrite *w, struct stmt *s, const uint8_t hash[32])
{
	struct str raw = stmt_blob(s, "raw"), location = stmt_text(s, "location");
	struct dev_outcome *out = arena_alloc(x->mem, sizeof *out);
	struct tx_data *tx = arena_alloc(x->mem, sizeof *tx);
	struct tx_authenticator auth;
	char sender[ROOCH_BECH32_TEXT];
	size_t len;

	if (!out || !tx || !tx_read(tx, &auth, &len, raw))
		return gw_fail_priv(x->e, GWE_INTERNAL, 0, "a transaction cannot be shown");
	memcpy(out->hash, hash, sizeof out->hash);
	out->order = stmt_i64(s, "tx_order");
	out->time_ms = stmt_u64(s, "time_ms");
	out->gas_used = stmt_u64(s, "gas_used");
	out->abort_code = stmt_u64(s, "abort_code");
	out->status = (enum dev_status)stmt_i64(s, "status"); /* the schema bounds it */
	if (!str_copy(out->location, sizeof out->location, location))
		out->location[0] = '\0';
	rooch_address_text(sender, &tx->sender);
	jwrite_object(w, NULL);
	jwrite_object(w, "transaction");
	jwrite_object(w, "data");
	jwrite_text(w, "type", "l2_tx");
	dev_view_u64(w, "sequence_number", tx->sequence_number);
	jwrite_text(w, "sender", sender);
	jwrite_null(w, "sender_bitcoin_address");
	jwrite_text(w, "action_type", "function");
	view_call(w, &tx->call);
	jwrite_hex(w, "raw", (const uint8_t *)raw.p, raw.len);
	dev_view_u64(w, "chain_id", tx->chain_id);
	dev_view_u64(w, "max_gas_amount", tx->max_gas);
	jwrite_object_end(w);
	view_sequence_info(w, out);
	jwrite_object_end(w);
	view_execution_info(w, out);
	jwrite_object_end(w);
	return 0;
}

int dev_view_transaction(struct dev_ctx *x, struct jwrite *w, const uint8_t hash[32])
{
	struct stmt *s = stmt_get(x->c, STMT_DEV_TX_BY_HASH);
	int rc;

	stmt_bind_blob(s, "hash", hash, 32);
	stmt_bind_i64(s, "at", x->at);
	rc = stmt_step(s, x->e);
	if (rc == 1)
		rc = view_tx(x, w, s, hash);
	else if (rc == 0)
		jwrite_null(w, NULL);
	stmt_done(s);
	return rc < 0 ? -1 : 0;
}
