/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_call.h"

#include "devnode/dev_did.h"
#include "devnode/dev_money.h"
#include "devnode/dev_rpc.h"
#include "devnode/dev_view.h"

enum { IDS_TEXT_MAX = 13200 };

/* ---- reading methods ---- */

static int get_chain_id(struct dev_call *c)
{
	dev_view_u64(c->w, NULL, c->x->set.chain_id);
	return 0;
}

/* One id of the list: of an object, or of an entry (table id and field key). */
static int view_one(struct dev_call *c, struct str text)
{
	struct rooch_id id[2];

	if (text.len == 2 + 128 && str_starts(text, "0x") &&
	    hex_decode(id[0].b, 32, str_sub(text, 2, 64)) &&
	    hex_decode(id[1].b, 32, str_sub(text, 66, 64)))
		return dev_view_field(c->x, c->w, &id[0], &id[1], c->fault.kind);
	if (!str_starts(text, "0x") || !rooch_address_parse(&id[0], text))
		return dev_call_fail(c, RPC_PARAMS, "not an object id: %.*s",
				     STR_ARG(str_sub(text, 0, 80)));
	return dev_view_object(c->x, c->w, &id[0], c->fault.kind);
}

static int get_object_states(struct dev_call *c)
{
	struct buf ids;
	struct str rest;
	ptrdiff_t comma;
	unsigned n = 0;
	int rc = 0;

	buf_init(&ids, IDS_TEXT_MAX);
	if (!jval_text(dev_call_param(c, 0), &ids))
		rc = dev_call_fail(c, RPC_PARAMS, "the ids are one text, at most %d of them",
				   DEV_IDS_MAX);
	rest = buf_str(&ids);
	jwrite_array(c->w, NULL);
	while (!rc && rest.len) {
		comma = str_find(rest, ',');
		if (n++ == DEV_IDS_MAX)
			rc = dev_call_fail(c, RPC_PARAMS, "more than %d ids", DEV_IDS_MAX);
		else
			rc = view_one(c, str_trim(str_sub(rest, 0,
							  comma < 0 ? rest.len : (size_t)comma)));
		rest = comma < 0 ? STR_NULL : str_sub(rest, (size_t)comma + 1, rest.len);
	}
	jwrite_array_end(c->w);
	buf_clear(&ids);
	return rc;
}

static int get_field_states(struct dev_call *c)
{
	struct jval key, keys = dev_call_param(c, 1);
	struct rooch_id table, id;
	struct jiter it;
	struct str name;
	char text[ROOCH_HEX_TEXT];
	unsigned n = 0;

	if (dev_call_id(c, 0, &table))
		return -1;
	if (keys.type != J_ARRAY)
		return dev_call_fail(c, RPC_PARAMS, "the field keys are an array");
	jwrite_array(c->w, NULL);
	jiter_init(&it, keys);
	while (jiter_next(&it, &name, &key)) {
		if (n++ == DEV_PAGE_MAX)
			return dev_call_fail(c, RPC_PARAMS, "more than %d field keys",
					     DEV_PAGE_MAX);
		if (!jval_copy(key, text, sizeof text) || !rooch_id_parse(&id, str_c(text)))
			return dev_call_fail(c, RPC_PARAMS, "field key %u is not 32 bytes of hex",
					     n);
		if (dev_view_field(c->x, c->w, &table, &id, c->fault.kind))
			return -1;
	}
	jwrite_array_end(c->w);
	return 0;
}

static int list_field_states(struct dev_call *c)
{
	bool first = jval_is_null(dev_call_param(c, 1));
	struct rooch_id table, after;
	unsigned limit;

	if (dev_call_id(c, 0, &table) || (!first && dev_call_id(c, 1, &after)) ||
	    dev_call_limit(c, 2, &limit))
		return -1;
	return dev_view_fields(c->x, c->w, &table, first ? NULL : &after, limit, c->fault.kind);
}

static int get_events(struct dev_call *c)
{
	char text[ROOCH_ASSET_TEXT], type[ROOCH_ASSET_TEXT];
	struct rooch_id handle;
	uint64_t cursor;
	unsigned limit;

	if (dev_call_u64(c, 1, UINT64_MAX, &cursor) || dev_call_limit(c, 2, &limit))
		return -1;
	if (!jval_copy(dev_call_param(c, 0), text, sizeof text))
		return dev_call_fail(c, RPC_PARAMS, "parameter 1 is no event handle");
	if (rooch_asset_canonical(type, str_c(text)))
		handle = rooch_named_object_id(type);
	else if (!rooch_address_parse(&handle, str_c(text)))
		return dev_call_fail(c, RPC_PARAMS, "parameter 1 is no event handle");
	return dev_view_events(c->x, c->w, &handle, cursor > INT64_MAX ? -1 : (int64_t)cursor,
			       limit, dev_call_param(c, 3).type == J_TRUE);
}

static int get_transactions(struct dev_call *c)
{
	struct jval v, list = dev_call_param(c, 0);
	struct jiter it;
	struct str name;
	struct rooch_id hash;
	char text[ROOCH_HEX_TEXT];
	unsigned n = 0;

	if (list.type != J_ARRAY)
		return dev_call_fail(c, RPC_PARAMS, "the hashes are an array");
	jwrite_array(c->w, NULL);
	jiter_init(&it, list);
	while (jiter_next(&it, &name, &v)) {
		if (n++ == DEV_IDS_MAX)
			return dev_call_fail(c, RPC_PARAMS, "more than %d hashes", DEV_IDS_MAX);
		if (!jval_copy(v, text, sizeof text) || !rooch_id_parse(&hash, str_c(text)))
			return dev_call_fail(c, RPC_PARAMS, "hash %u is not 32 bytes of hex", n);
		if (dev_view_transaction(c->x, c->w, hash.b))
			return -1;
	}
	jwrite_array_end(c->w);
	return 0;
}

static int get_balance(struct dev_call *c)
{
	char text[ROOCH_ASSET_TEXT], asset[ROOCH_ASSET_TEXT];
	struct rooch_id account, store;
	struct u256 supply, balance;
	const char *name;
	bool gas;

	if (!jval_copy(dev_call_param(c, 0), text, sizeof text) ||
	    !rooch_address_parse(&account, str_c(text)))
		return dev_call_fail(c, RPC_PARAMS, "parameter 1 is no address");
	if (!jval_copy(dev_call_param(c, 1), text, sizeof text) ||
	    !rooch_asset_canonical(asset, str_c(text)))
		return dev_call_fail(c, RPC_PARAMS, "parameter 2 is no coin type");
	store = dev_account_store(&account);
	if (dev_coins_get(c->x, &store, asset, &balance) || dev_supply(c->x, asset, &supply))
		return -1;
	gas = !strcmp(asset, dev_rgas);
	name = strrchr(asset, ':') + 1; /* a canonical one has colons */
	rooch_asset_short(text, asset);
	jwrite_object(c->w, NULL);
	jwrite_text(c->w, "coin_type", text);
	jwrite_text(c->w, "name", gas ? "Rooch Gas Coin" : name);
	jwrite_text(c->w, "symbol", gas ? "RGAS" : name);
	jwrite_null(c->w, "icon_url");
	jwrite_u64(c->w, "decimals", 8);
	dev_view_u256(c->w, "supply", supply);
	dev_view_u256(c->w, "balance", balance);
	jwrite_object_end(c->w);
	return 0;
}

/* ---- view functions ---- */

static void view_returned(struct dev_call *c, const char *type, const uint8_t *value, size_t n)
{
	jwrite_object(c->w, NULL);
	jwrite_text(c->w, "vm_status", "Executed");
	jwrite_array(c->w, "return_values");
	jwrite_object(c->w, NULL);
	jwrite_object(c->w, "value");
	jwrite_text(c->w, "type_tag", type);
	jwrite_hex(c->w, "value", value, n);
	jwrite_object_end(c->w);
}

static void view_returned_end(struct dev_call *c)
{
	jwrite_object_end(c->w);
	jwrite_array_end(c->w);
	jwrite_object_end(c->w);
}

static int view_sequence_number(struct dev_call *c, const struct rooch_id *account)
{
	uint8_t le[8];
	uint64_t n;

	if (dev_sequence_get(c->x, account, &n))
		return -1;
	for (unsigned i = 0; i < 8; i++)
		le[i] = (uint8_t)(n >> 8 * i);
	view_returned(c, "u64", le, sizeof le);
	dev_view_u64(c->w, "decoded_value", n);
	view_returned_end(c);
	return 0;
}

static int view_exists_did(struct dev_call *c, const struct rooch_id *account)
{
	struct rooch_did_document *doc;
	int rc = dev_did_get(c->x, account, &doc);

	if (rc < 0)
		return -1;
	view_returned(c, "bool", &(uint8_t){ (uint8_t)rc }, 1);
	jwrite_bool(c->w, "decoded_value", rc == 1);
	view_returned_end(c);
	return 0;
}

/* What the machine says to a function that there is not, or to arguments that do not fit. */
static int view_status(struct dev_call *c, const char *code)
{
	jwrite_object(c->w, NULL);
	jwrite_object(c->w, "vm_status");
	jwrite_text(c->w, "Error", code);
	jwrite_object_end(c->w);
	jwrite_null(c->w, "return_values");
	jwrite_object_end(c->w);
	return 0;
}

static int execute_view(struct dev_call *c)
{
	char text[ROOCH_ASSET_TEXT], function[ROOCH_ASSET_TEXT], name[ROOCH_ASSET_TEXT];
	struct jval v = dev_call_param(c, 0), arg, first = { .type = J_NONE };
	struct rooch_id account;
	struct jiter it;
	struct str key, bytes;
	bool sequence;
	unsigned n = 0;

	if (v.type != J_OBJECT || !jval_copy(jscan_get(v, "function_id"), text, sizeof text))
		return dev_call_fail(c, RPC_PARAMS, "parameter 1 is no call of a function");
	/* module functions are named like coin types */
	if (!rooch_asset_canonical(function, str_c(text)))
		return dev_call_fail(c, RPC_PARAMS, "not a function: %s", text);
	rooch_asset_short(name, function);
	sequence = !strcmp(name, "0x2::account::sequence_number");
	if (!sequence && strcmp(name, "0x3::did::exists_did_for_address") != 0)
		return view_status(c, "1091");
	for (jiter_init(&it, jscan_get(v, "args")); jiter_next(&it, &key, &arg); n++)
		if (!n)
			first = arg;
	if (n != 1)
		return view_status(c, "1071");
	if (dev_call_hex(c, first, "the argument", &bytes))
		return -1;
	if (bytes.len != sizeof account.b)
		return view_status(c, "1074");
	memcpy(account.b, bytes.p, sizeof account.b);
	return sequence ? view_sequence_number(c, &account) : view_exists_did(c, &account);
}

/* ---- transactions ---- */

static int refusal(struct dev_call *c, const struct dev_outcome *out)
{
	if (out->undecodable)
		return dev_call_fail(c, RPC_DECODING, "the transaction does not decode");
	if (out->refused)
		return dev_call_fail(
			c, RPC_GENERAL,
			"VM error: transaction validation failed: status ABORTED of type "
			"Execution with sub status %llu",
			(unsigned long long)out->refused);
	return 0;
}

static int execute(struct dev_call *c, struct dev_outcome **out)
{
	const struct dev_fault *f = &c->fault;
	struct dev_force force = { .refuse = f->kind == DEV_FAULT_REFUSE ? f->value : 0,
				   .abort = f->kind == DEV_FAULT_ABORT,
				   .location = f->text,
				   .abort_code = f->value };
	struct str raw;

	*out = arena_alloc(c->mem, sizeof **out);
	if (!*out)
		return dev_call_fail(c, RPC_INTERNAL, "no room for a transaction");
	if (dev_call_hex(c, dev_call_param(c, 0), "the transaction", &raw) ||
	    dev_execute(c->st, raw, c->mem, &force, *out, &c->e))
		return -1;
	return refusal(c, *out);
}

static int execute_raw(struct dev_call *c)
{
	struct dev_outcome *out;

	if (execute(c, &out))
		return -1;
	dev_view_outcome(c->w, out, jscan_get(dev_call_param(c, 1), "withOutput").type == J_TRUE);
	return 0;
}

static int send_raw(struct dev_call *c)
{
	struct dev_outcome *out;

	if (execute(c, &out))
		return -1;
	jwrite_hex(c->w, NULL, out->hash, sizeof out->hash);
	return 0;
}

static int dry_run(struct dev_call *c)
{
	struct dev_outcome *out = arena_alloc(c->mem, sizeof *out);
	struct str data;

	if (!out)
		return dev_call_fail(c, RPC_INTERNAL, "no room for a transaction");
	if (dev_call_hex(c, dev_call_param(c, 0), "the transaction", &data) ||
	    dev_dry_run(c->st, data, c->mem, out, &c->e) || refusal(c, out))
		return -1;
	dev_view_dry_run(c->w, out);
	return 0;
}

static int discover(struct dev_call *c);

static const struct method {
	const char *name;
	bool reads; /* runs in a read transaction, with c->x */
	int (*run)(struct dev_call *c);
} methods[] = {
	{ "rooch_getChainID", true, get_chain_id },
	{ "rooch_getObjectStates", true, get_object_states },
	{ "rooch_getFieldStates", true, get_field_states },
	{ "rooch_listFieldStates", true, list_field_states },
	{ "rooch_executeViewFunction", true, execute_view },
	{ "rooch_executeRawTransaction", false, execute_raw },
	{ "rooch_sendRawTransaction", false, send_raw },
	{ "rooch_dryRunRawTransaction", false, dry_run },
	{ "rooch_getTransactionsByHash", true, get_transactions },
	{ "rooch_getBalance", true, get_balance },
	{ "rooch_getEventsByEventHandle", true, get_events },
	{ "rpc.discover", false, discover },
};
enum { N_METHODS = sizeof methods / sizeof *methods };

static int discover(struct dev_call *c)
{
	jwrite_object(c->w, NULL);
	jwrite_text(c->w, "openrpc", "1.2.6");
	jwrite_object(c->w, "info");
	jwrite_text(c->w, "title", "Rooch RPC of the development ledger");
	jwrite_text(c->w, "version", PACKAGE_VERSION);
	jwrite_object_end(c->w);
	jwrite_array(c->w, "methods");
	for (unsigned i = 0; i < N_METHODS; i++) {
		jwrite_object(c->w, NULL);
		jwrite_text(c->w, "name", methods[i].name);
		jwrite_object_end(c->w);
	}
	jwrite_array_end(c->w);
	jwrite_object_end(c->w);
	return 0;
}

struct reading {
	struct dev_call *c;
	const struct method *m;
};

static int in_view(struct store_conn *conn, void *arg, struct gw_err *e)
{
	struct reading *r = arg;
	struct dev_call *c = r->c;
	int64_t back = c->fault.kind == DEV_FAULT_STALE ? (int64_t)c->fault.value : 0;
	struct dev_ctx x;

	c->x = &x;
	return dev_begin(&x, conn, c->mem, back, e) ? -1 : r->m->run(c);
}

static int run_method(struct dev_call *c, const struct method *m)
{
	struct reading r = { c, m };

	return m->reads ? store_read(c->st, in_view, &r, &c->e) : m->run(c);
}

int dev_method_run(struct dev_call *c, const char *name)
{
	for (unsigned i = 0; i < N_METHODS; i++)
		if (!strcmp(name, methods[i].name))
			return run_method(c, &methods[i]);
	return dev_call_fail(c, RPC_METHOD, "Method not found");
}
