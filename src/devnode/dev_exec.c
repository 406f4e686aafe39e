/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_exec.h"

#include "devnode/dev_auth.h"
#include "devnode/dev_channel.h"
#include "devnode/dev_did.h"
#include "devnode/dev_money.h"

enum { GAS_LIMIT = 1000000000 };

struct function {
	const char *module, *name;
	bool typed; /* takes a coin type */
	unsigned n_arg;
	int (*run)(struct dev_ctx *x);
};
static const struct function functions[] = {
	{ "payment_channel", "create_payment_hub", false, 0, dev_create_payment_hub },
	{ "payment_channel", "deposit_to_hub_entry", true, 2, dev_deposit_to_hub },
	{ "payment_channel", "withdraw_from_hub_entry", true, 1, dev_withdraw_from_hub },
	{ "payment_channel", "transfer_to_hub_entry", true, 2, dev_transfer_to_hub },
	{ "payment_channel", "open_channel_entry", true, 1, dev_open_channel },
	{ "payment_channel", "open_channel_with_sub_channel_entry", true, 2,
	  dev_open_channel_with_sub },
	{ "payment_channel", "authorize_sub_channel_entry", false, 2, dev_authorize_sub },
	{ "payment_channel", "claim_from_channel_entry", false, 5, dev_claim },
	{ "payment_channel", "apply_receipt_entry", false, 7, dev_apply_receipt },
	{ "payment_channel", "close_channel_entry", false, 2, dev_close_channel },
	{ "payment_channel", "initiate_cancellation_entry", false, 1, dev_initiate_cancellation },
	{ "payment_channel", "initiate_cancellation_with_proofs_entry", false, 2,
	  dev_initiate_with_proofs },
	{ "payment_channel", "dispute_cancellation_entry", false, 5, dev_dispute_cancellation },
	{ "payment_channel", "finalize_cancellation_entry", false, 1, dev_finalize_cancellation },
	{ "payment_channel", "set_locked_unit", true, 1, dev_set_locked_unit },
	{ "payment_revenue", "create_revenue_hub", false, 0, dev_create_revenue_hub },
	{ "payment_revenue", "withdraw_revenue_entry", true, 1, dev_withdraw_revenue },
	{ "gas_coin", "faucet_entry", false, 1, dev_faucet },
	{ "did", "create_did_object_for_self_entry", false, 1, dev_create_for_self },
	{ "did", "create_did_object_for_self_with_custom_scopes_entry", false, 2,
	  dev_create_for_self_scoped },
	{ "did", "create_did_object_via_cadop_with_did_key_entry", false, 3,
	  dev_create_via_did_key },
	{ "did", "create_did_object_via_cadop_with_did_key_and_scopes_entry", false, 4,
	  dev_create_via_did_key_scoped },
	{ "did", "create_did_object_via_cadop_with_controller_and_scopes_entry", false, 6,
	  dev_create_via_controller },
	{ "did", "add_verification_method_entry", false, 4, dev_add_method },
	{ "did", "add_verification_method_with_scopes_entry", false, 5, dev_add_method_scoped },
	{ "did", "remove_verification_method_entry", false, 1, dev_remove_method },
	{ "did", "add_to_verification_relationship_entry", false, 2, dev_add_relationship },
	{ "did", "remove_from_verification_relationship_entry", false, 2, dev_remove_relationship },
	{ "did", "add_service_entry", false, 3, dev_add_service },
	{ "did", "add_service_with_properties_entry", false, 5, dev_add_service_properties },
	{ "did", "update_service_entry", false, 5, dev_update_service },
	{ "did", "remove_service_entry", false, 1, dev_remove_service },
};

static const struct function *find_function(const struct tx_call *call)
{
	static const struct rooch_id framework = { { [31] = 3 } };

	if (!rooch_id_eq(call->module_address, framework))
		return NULL;
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		if (str_eq_c(call->function, functions[i].name) &&
		    str_eq_c(call->module, functions[i].module))
			return &functions[i];
	return NULL;
}

struct job {
	struct str raw;
	struct arena *mem;
	const struct dev_force *force;
	struct dev_outcome *out;
	bool dry, ran; /* ran: a dry run is over, and undone */
	/* private */
	struct tx_data tx;
	struct tx_authenticator auth;
};

/* Rule: rooch.md 9 "Execution": the order in which the chain refuses */
static int validate(struct dev_ctx *x, const struct job *j, uint64_t *refused)
{
	bool enough = true;
	uint64_t next;

	*refused = DEV_WRONG_CHAIN;
	if (j->tx.chain_id != x->set.chain_id)
		return 0;
	*refused = DEV_SEQUENCE_TOO_BIG;
	if (j->tx.sequence_number == UINT64_MAX)
		return 0;
	if (dev_sequence_get(x, &x->sender, &next))
		return -1;
	*refused = DEV_SEQUENCE_TOO_OLD;
	if (j->tx.sequence_number < next)
		return 0;
	*refused = DEV_SEQUENCE_TOO_NEW;
	if (j->tx.sequence_number > next)
		return 0;
	*refused = DEV_TOO_MUCH_GAS;
	if (j->tx.max_gas > GAS_LIMIT)
		return 0;
	*refused = DEV_NO_GAS_DEPOSIT;
	if (!dev_is_local(x) && dev_gas_enough(x, j->tx.max_gas, &enough))
		return -1;
	return enough ? dev_auth_check(x, &j->auth, j->out->hash, refused) : 0;
}

static int run_rules(struct dev_ctx *x, const struct job *j)
{
	const struct function *f = find_function(x->call);

	if (j->force && j->force->abort)
		return dev_abort(x, j->force->location, j->force->abort_code);
	if (j->tx.max_gas < x->set.gas) {
		x->status = DEV_OUT_OF_GAS;
		return -1;
	}
	if (!f || f->n_arg != x->call->n_arg || x->call->n_other_types ||
	    f->typed != (x->call->type_arg[0] != '\0'))
		return dev_miscellaneous(x);
	return f->run(x);
}

static int simple(struct dev_ctx *x, enum stmt_id id)
{
	struct stmt *s = stmt_get(x->c, id);
	int rc = stmt_run(s, NULL, x->e);

	stmt_done(s);
	return rc;
}

/* The entry function, undone when it fails. -1: the store failed. */
static int run(struct dev_ctx *x, const struct job *j)
{
	if (simple(x, STMT_DEV_MARK))
		return -1;
	if (run_rules(x, j) || dev_events_save(x)) {
		if (x->status == DEV_EXECUTED)
			return -1;
		x->n_event = 0;
		if (simple(x, STMT_DEV_UNDO))
			return -1;
	}
	return simple(x, STMT_DEV_RELEASE);
}

static int record(struct dev_ctx *x, const struct job *j)
{
	const struct dev_outcome *out = j->out;
	struct stmt *s = stmt_get(x->c, STMT_DEV_TX_ADD);
	int rc;

	stmt_bind_i64(s, "tx_order", out->order);
	stmt_bind_blob(s, "hash", out->hash, sizeof out->hash);
	stmt_bind_blob(s, "raw", j->raw.p, j->raw.len);
	stmt_bind_i64(s, "status", (int64_t)out->status);
	stmt_bind_text(s, "location", str_c(out->location));
	stmt_bind_i64(s, "time_ms", (int64_t)out->time_ms);
	rc = stmt_bind_u64(s, "abort_code", out->abort_code, x->e);
	if (!rc)
		rc = stmt_bind_u64(s, "gas_used", out->gas_used, x->e);
	if (!rc)
		rc = stmt_run(s, NULL, x->e);
	stmt_done(s);
	return rc;
}

static void tell(const struct dev_ctx *x, struct dev_outcome *out)
{
	out->order = x->at;
	out->time_ms = x->now_ms;
	out->status = x->status;
	out->abort_code = x->abort_code;
	snprintf(out->location, sizeof out->location, "%s", x->location ? x->location : "");
	memcpy(out->event, x->event, x->n_event * sizeof *x->event);
	out->n_event = x->n_event;
}

static int execute(struct dev_ctx *x, struct job *j)
{
	struct dev_outcome *out = j->out;
	struct dev_gas gas;

	dev_advance(x);
	if (dev_gas_take(x, j->tx.max_gas, &gas) || run(x, j))
		return -1;
	out->gas_used = x->status == DEV_OUT_OF_GAS ? j->tx.max_gas : x->set.gas;
	tell(x, out);
	if (dev_gas_return(x, &gas, &out->gas_used) ||
	    dev_sequence_set(x, &x->sender, j->tx.sequence_number + 1))
		return -1;
	return j->dry ? 0 : record(x, j) ? -1 : dev_save(x);
}

static int in_transaction(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct job *j = arg;
	struct dev_ctx *x = arena_alloc(j->mem, sizeof *x);

	if (!x)
		return gw_fail_priv(e, GWE_INTERNAL, 0, "no room for a transaction");
	if (dev_begin(x, c, j->mem, 0, e))
		return -1;
	x->sender = j->tx.sender;
	x->call = &j->tx.call;
	if (!j->dry && validate(x, j, &j->out->refused))
		return -1;
	if (j->out->refused)
		return 0;
	if (execute(x, j))
		return -1;
	if (!j->dry)
		return 0;
	j->ran = true;
	return gw_fail_priv(e, GWE_CONFLICT, 0, "a dry run leaves nothing behind");
}

static bool decode(struct job *j)
{
	size_t len = j->raw.len;

	if (j->dry ? !tx_data_read(&j->tx, j->raw) : !tx_read(&j->tx, &j->auth, &len, j->raw))
		return false;
	tx_hash(j->out->hash, str_sub(j->raw, 0, len));
	return true;
}

int dev_execute(struct store *st, struct str raw, struct arena *mem, const struct dev_force *force,
		struct dev_outcome *out, struct gw_err *e)
{
	struct job j = { .raw = raw, .mem = mem, .force = force, .out = out };

	memset(out, 0, sizeof *out);
	out->undecodable = !decode(&j);
	if (out->undecodable)
		return 0;
	if (force && force->refuse) {
		out->refused = force->refuse;
		return 0;
	}
	return store_write(st, "transaction", in_transaction, &j, e);
}

int dev_dry_run(struct store *st, struct str data, struct arena *mem, struct dev_outcome *out,
		struct gw_err *e)
{
	struct job j = { .raw = data, .mem = mem, .out = out, .dry = true };

	memset(out, 0, sizeof *out);
	out->undecodable = !decode(&j);
	if (out->undecodable)
		return 0;
	return store_write(st, "dry run", in_transaction, &j, e) && !j.ran ? -1 : 0;
}
