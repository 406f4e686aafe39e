/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_money.h"

#include "codec/bcs.h"
#include "devnode/dev_args.h"

#define ZEROS  "000000000000000000000000000000000000000000000000000000000000000"
#define STRING "0x1::string::String"

/* 10 000 RGas of 8 decimals */
static const uint64_t faucet_amount = UINT64_C(1000000000000);

static const char account_type[] = "0x" ZEROS "2::account::Account";
static const char store_type[] = "0x" ZEROS "3::multi_coin_store::MultiCoinStore";
static const char supply_type[] = "0x" ZEROS "3::coin::CoinRegistry";
static const char config_type[] = "0x" ZEROS "3::payment_channel::PaymentHubConfig";

static const char field_coins[] =
	"0x2::object::DynamicField<" STRING ", 0x3::multi_coin_store::CoinStoreField>";
static const char field_u64[] = "0x2::object::DynamicField<" STRING ", u64>";
static const char field_u256[] = "0x2::object::DynamicField<" STRING ", u256>";

static const char channel_module[] = "0x3::payment_channel";
static const char coins_module[] = "0x3::multi_coin_store";
static const char account_module[] = "0x3::coin_store";

bool dev_is_local(const struct dev_ctx *x)
{
	return x->set.chain_id == DEV_LOCAL_CHAIN || x->set.chain_id == DEV_DEV_CHAIN;
}

static int corrupt(struct dev_ctx *x, const char *what)
{
	return gw_fail_priv(x->e, GWE_INTERNAL, 0, "the stored %s cannot be read", what);
}

int dev_sequence_get(struct dev_ctx *x, const struct rooch_id *account, uint64_t *n)
{
	struct rooch_id id = dev_account_object(account, account_type);
	struct bcs_reader r;
	struct dev_row row;
	int rc = dev_object_get(x, &id, &row);

	*n = 0;
	if (rc <= 0)
		return rc;
	bcs_init(&r, row.value.p, row.value.len);
	*n = bcs_u64(&r);
	return bcs_end(&r) ? 0 : corrupt(x, "account");
}

int dev_sequence_set(struct dev_ctx *x, const struct rooch_id *account, uint64_t n)
{
	struct rooch_id id = dev_account_object(account, account_type);
	struct buf b = dev_buf();
	int rc;

	bcs_put_u64(&b, n);
	rc = dev_object_put(x, &id, account, "0x2::account::Account", buf_str(&b));
	buf_clear(&b);
	return rc;
}

struct rooch_id dev_account_store(const struct rooch_id *owner)
{
	return dev_account_object(owner, store_type);
}

static int coins_row(struct dev_ctx *x, const struct rooch_id *store, const char *asset,
		     struct coin_store_object *o)
{
	struct rooch_id key = rooch_field_key(str_c(asset));
	struct dev_row row;
	int rc = dev_field_get(x, store, &key, &row);

	*o = (struct coin_store_object){ .balance = U256_ZERO };
	if (!str_copy(o->coin_type, sizeof o->coin_type, str_c(asset)))
		return corrupt(x, "coin type");
	if (rc <= 0)
		return rc;
	return coin_store_field_read(o, str_c(asset), row.value) ? 0 : corrupt(x, "coin store");
}

int dev_coins_get(struct dev_ctx *x, const struct rooch_id *store, const char *asset,
		  struct u256 *out)
{
	struct coin_store_object o;

	if (coins_row(x, store, asset, &o))
		return -1;
	*out = o.balance;
	return 0;
}

int dev_coins_set(struct dev_ctx *x, const struct rooch_id *store, const char *asset, struct u256 v)
{
	struct rooch_id key = rooch_field_key(str_c(asset));
	struct coin_store_object o;
	struct buf b = dev_buf();
	int rc;

	if (coins_row(x, store, asset, &o))
		return -1;
	o.balance = v;
	coin_store_field_write(&b, &o);
	rc = dev_field_put(x, store, &key, field_coins, buf_str(&b));
	buf_clear(&b);
	return rc;
}

int dev_coins_take(struct dev_ctx *x, const struct rooch_id *store, const char *asset,
		   struct u256 amount, const char *module)
{
	struct u256 have;

	if (dev_coins_get(x, store, asset, &have))
		return -1;
	if (!u256_sub(&have, have, amount))
		return dev_abort(x, module, 4);
	return dev_coins_set(x, store, asset, have);
}

int dev_coins_give(struct dev_ctx *x, const struct rooch_id *store, const char *asset,
		   struct u256 amount)
{
	struct u256 have;

	if (dev_coins_get(x, store, asset, &have))
		return -1;
	if (!u256_add(&have, have, amount))
		return dev_arithmetic(x, coins_module);
	return dev_coins_set(x, store, asset, have);
}

/* Tables of the node's own with 256-bit entries: supplies and locked units, by coin type. */
static int amount_get(struct dev_ctx *x, const char *table, const char *asset, struct u256 *out)
{
	struct rooch_id id = rooch_named_object_id(table), key = rooch_field_key(str_c(asset));
	struct bcs_reader r;
	struct dev_row row;
	int rc = dev_field_get(x, &id, &key, &row);

	*out = U256_ZERO;
	if (rc <= 0)
		return rc;
	bcs_init(&r, row.value.p, row.value.len);
	(void)bcs_string(&r, ROOCH_ASSET_TEXT);
	*out = bcs_u256(&r);
	return bcs_end(&r) ? 0 : corrupt(x, "amount");
}

static int amount_set(struct dev_ctx *x, const char *table, const char *asset, struct u256 v)
{
	struct rooch_id id = rooch_named_object_id(table), key = rooch_field_key(str_c(asset));
	struct buf b = dev_buf();
	int rc;

	bcs_put_string(&b, str_c(asset));
	bcs_put_u256(&b, v);
	rc = dev_field_put(x, &id, &key, field_u256, buf_str(&b));
	buf_clear(&b);
	return rc;
}

int dev_supply(struct dev_ctx *x, const char *asset, struct u256 *out)
{
	return amount_get(x, supply_type, asset, out);
}

int dev_mint(struct dev_ctx *x, const struct rooch_id *account, const char *asset,
	     struct u256 amount)
{
	struct rooch_id store = dev_account_store(account);
	struct u256 supply;

	if (dev_supply(x, asset, &supply))
		return -1;
	if (!u256_add(&supply, supply, amount))
		return dev_arithmetic(x, "0x3::coin");
	if (amount_set(x, supply_type, asset, supply))
		return -1;
	return dev_coins_give(x, &store, asset, amount);
}

int dev_locked_unit_get(struct dev_ctx *x, const char *asset, struct u256 *out)
{
	return amount_get(x, config_type, asset, out);
}

int dev_locked_unit_set(struct dev_ctx *x, const char *asset, struct u256 v)
{
	return amount_set(x, config_type, asset, v);
}

/* Store a hub and tell of it: both kinds say id and owner. Clears @value. */
static int new_hub(struct dev_ctx *x, const struct rooch_id *id, const struct rooch_id *owner,
		   const char *type, struct buf *value, const char *event)
{
	int rc = dev_object_put(x, id, owner, type, buf_str(value));

	buf_reset(value);
	bcs_put_object_id(value, id->b);
	buf_add(value, owner->b, sizeof owner->b);
	if (!rc)
		rc = dev_emit(x, NULL, event, value);
	buf_clear(value);
	return rc;
}

int dev_hub_get(struct dev_ctx *x, const struct rooch_id *owner, struct hub_object *hub)
{
	struct rooch_id id = rooch_hub_id(owner);
	struct dev_row row;
	int rc = dev_object_get(x, &id, &row);

	if (rc == 1 && !hub_object_read(hub, row.value))
		return corrupt(x, "hub");
	return rc;
}

int dev_hub_need(struct dev_ctx *x, const struct rooch_id *owner, struct hub_object *hub)
{
	struct rooch_id id = rooch_hub_id(owner);
	struct buf b = dev_buf();
	int rc = dev_hub_get(x, owner, hub);

	if (rc)
		return rc < 0 ? -1 : 0;
	hub->coin_store = dev_fresh(x);
	hub->active_channels = dev_fresh(x);
	hub_object_write(&b, hub);
	return new_hub(x, &id, owner, "0x3::payment_channel::PaymentHub", &b,
		       "0x3::payment_channel::PaymentHubCreatedEvent");
}

int dev_revenue_get(struct dev_ctx *x, const struct rooch_id *owner, struct revenue_hub_object *hub)
{
	struct rooch_id id = rooch_revenue_hub_id(owner);
	struct dev_row row;
	int rc = dev_object_get(x, &id, &row);

	if (rc == 1 && !revenue_hub_object_read(hub, row.value))
		return corrupt(x, "revenue hub");
	return rc;
}

int dev_revenue_need(struct dev_ctx *x, const struct rooch_id *owner,
		     struct revenue_hub_object *hub)
{
	struct rooch_id id = rooch_revenue_hub_id(owner);
	struct buf b = dev_buf();
	int rc = dev_revenue_get(x, owner, hub);

	if (rc)
		return rc < 0 ? -1 : 0;
	hub->coin_store = dev_fresh(x);
	hub->revenue_by_source = dev_fresh(x);
	revenue_hub_object_write(&b, hub);
	return new_hub(x, &id, owner, "0x3::payment_revenue::PaymentRevenueHub", &b,
		       "0x3::payment_revenue::RevenueHubCreatedEvent");
}

int dev_active_get(struct dev_ctx *x, const struct hub_object *hub, const char *asset, uint64_t *n)
{
	struct rooch_id key = rooch_field_key(str_c(asset));
	struct dev_row row;
	int rc = dev_field_get(x, &hub->active_channels, &key, &row);

	*n = 0;
	if (rc <= 0)
		return rc;
	return u64_field_read(n, str_c(asset), row.value) ? 0 : corrupt(x, "counter");
}

int dev_active_add(struct dev_ctx *x, const struct rooch_id *owner, const char *asset,
		   bool one_less)
{
	struct rooch_id key = rooch_field_key(str_c(asset));
	struct buf b = dev_buf();
	struct hub_object hub;
	uint64_t n;
	int rc;

	if (dev_hub_need(x, owner, &hub) || dev_active_get(x, &hub, asset, &n))
		return -1;
	if (one_less && !n)
		return 0;
	n = one_less ? n - 1 : n + 1;
	u64_field_write(&b, str_c(asset), n);
	/* a counter of zero is taken out of the table */
	rc = dev_field_put(x, &hub.active_channels, &key, field_u64, n ? buf_str(&b) : STR_NULL);
	buf_clear(&b);
	return rc;
}

/* ---- gas ---- */

int dev_gas_enough(struct dev_ctx *x, uint64_t max_gas, bool *enough)
{
	struct rooch_id store = dev_account_store(&x->sender);
	struct u256 account, in_hub = U256_ZERO;
	struct hub_object hub;
	int has = dev_hub_get(x, &x->sender, &hub);

	if (has < 0 || (has && dev_coins_get(x, &hub.coin_store, dev_rgas, &in_hub)) ||
	    dev_coins_get(x, &store, dev_rgas, &account))
		return -1;
	/* a sum that does not fit is enough */
	*enough = !u256_add(&account, account, in_hub) || u256_cmp(account, u256_of(max_gas)) >= 0;
	return 0;
}

static struct u256 least(struct u256 a, struct u256 b)
{
	return u256_cmp(a, b) < 0 ? a : b;
}

/* Rule: rooch.md 7.5 "Gas": from the hub first, the rest from the account */
int dev_gas_take(struct dev_ctx *x, uint64_t max_gas, struct dev_gas *g)
{
	struct rooch_id store = dev_account_store(&x->sender);
	struct u256 account, in_hub = U256_ZERO, rest = u256_of(max_gas);
	int has = dev_hub_get(x, &x->sender, &g->of);

	if (has < 0 || dev_coins_get(x, &store, dev_rgas, &account))
		return -1;
	g->has_hub = has == 1;
	if (u256_is_zero(account) && dev_is_local(x)) {
		account = u256_of(faucet_amount);
		if (dev_mint(x, &x->sender, dev_rgas, account))
			return -1;
	}
	if (g->has_hub && dev_coins_get(x, &g->of.coin_store, dev_rgas, &in_hub))
		return -1;
	g->hub = least(in_hub, rest);
	if (!u256_sub(&rest, rest, g->hub))
		return corrupt(x, "gas"); /* cannot be: it is the lesser */
	g->account = least(account, rest);
	if (!u256_is_zero(g->hub) &&
	    dev_coins_take(x, &g->of.coin_store, dev_rgas, g->hub, coins_module))
		return -1;
	return dev_coins_take(x, &store, dev_rgas, g->account, account_module);
}

int dev_gas_return(struct dev_ctx *x, const struct dev_gas *g, uint64_t *used)
{
	struct rooch_id store = dev_account_store(&x->sender);
	uint64_t hub, account, taken, back, to_hub = 0;
	struct u256 part;

	/* both are parts of max_gas, which has 64 bits */
	if (!u256_to_u64(&hub, g->hub) || !u256_to_u64(&account, g->account))
		return corrupt(x, "gas");
	taken = hub + account;
	if (*used > taken)
		*used = taken;
	back = taken - *used;
	if (taken) {
		if (!u256_mul_u64(&part, u256_of(back), hub))
			return corrupt(x, "gas");
		(void)u256_div_u64(&part, part, taken);
		if (!u256_to_u64(&to_hub, part))
			return corrupt(x, "gas");
	}
	if (to_hub && dev_coins_give(x, &g->of.coin_store, dev_rgas, u256_of(to_hub)))
		return -1;
	return dev_coins_give(x, &store, dev_rgas, u256_of(back - to_hub));
}

/* ---- entry functions ---- */

int dev_create_payment_hub(struct dev_ctx *x)
{
	struct hub_object hub;

	return dev_hub_need(x, &x->sender, &hub);
}

int dev_deposit_to_hub(struct dev_ctx *x)
{
	struct rooch_id receiver = dev_arg_address(x, 0), store = dev_account_store(&x->sender);
	struct u256 amount = dev_arg_u256(x, 1);
	struct hub_object hub;

	if (!dev_args_ok(x) ||
	    dev_coins_take(x, &store, x->call->type_arg, amount, account_module) ||
	    dev_hub_need(x, &receiver, &hub))
		return -1;
	return dev_coins_give(x, &hub.coin_store, x->call->type_arg, amount);
}

/* Rule: rooch.md 7.5: balance - locked unit x active channels */
static int check_unlocked(struct dev_ctx *x, const struct hub_object *hub, struct u256 amount)
{
	const char *asset = x->call->type_arg;
	struct u256 have, locked;
	uint64_t channels;

	if (dev_coins_get(x, &hub->coin_store, asset, &have) ||
	    dev_locked_unit_get(x, asset, &locked) || dev_active_get(x, hub, asset, &channels))
		return -1;
	if (!u256_mul_u64(&locked, locked, channels) || !u256_sub(&have, have, locked))
		have = U256_ZERO;
	return u256_cmp(amount, have) <= 0 ? 0 : dev_abort(x, channel_module, 25);
}

int dev_withdraw_from_hub(struct dev_ctx *x)
{
	struct rooch_id store = dev_account_store(&x->sender), id = rooch_hub_id(&x->sender);
	const char *asset = x->call->type_arg;
	struct u256 amount = dev_arg_u256(x, 0);
	struct buf b = dev_buf();
	struct hub_object hub;
	int rc;

	if (!dev_args_ok(x) || dev_hub_need(x, &x->sender, &hub) ||
	    check_unlocked(x, &hub, amount) ||
	    dev_coins_take(x, &hub.coin_store, asset, amount, coins_module) ||
	    dev_coins_give(x, &store, asset, amount))
		return -1;
	bcs_put_object_id(&b, id.b);
	buf_add(&b, x->sender.b, sizeof x->sender.b);
	bcs_put_string(&b, str_c(asset));
	bcs_put_u256(&b, amount);
	rc = dev_emit(x, &id, "0x3::payment_channel::PaymentHubWithdrawEvent", &b);
	buf_clear(&b);
	return rc;
}

int dev_transfer_to_hub(struct dev_ctx *x)
{
	struct rooch_id receiver = dev_arg_address(x, 0);
	struct rooch_id from = rooch_hub_id(&x->sender), to = rooch_hub_id(&receiver);
	const char *asset = x->call->type_arg;
	struct u256 amount = dev_arg_u256(x, 1);
	struct hub_object hub, other;
	struct buf b = dev_buf();
	int rc;

	if (!dev_args_ok(x) || dev_hub_need(x, &x->sender, &hub) ||
	    check_unlocked(x, &hub, amount) ||
	    dev_coins_take(x, &hub.coin_store, asset, amount, coins_module) ||
	    dev_hub_need(x, &receiver, &other) ||
	    dev_coins_give(x, &other.coin_store, asset, amount))
		return -1;
	bcs_put_object_id(&b, from.b);
	buf_add(&b, x->sender.b, sizeof x->sender.b);
	bcs_put_object_id(&b, to.b);
	buf_add(&b, receiver.b, sizeof receiver.b);
	bcs_put_string(&b, str_c(asset));
	bcs_put_u256(&b, amount);
	rc = dev_emit(x, &from, "0x3::payment_channel::PaymentHubTransferEvent", &b);
	buf_clear(&b);
	return rc;
}

/* The chain administers itself from its framework's address. */
static bool is_admin(const struct dev_ctx *x)
{
	static const struct rooch_id framework = { { [31] = 3 } };

	return rooch_id_eq(x->sender, framework);
}

int dev_set_locked_unit(struct dev_ctx *x)
{
	struct u256 unit = dev_arg_u256(x, 0);

	if (!dev_args_ok(x))
		return -1;
	if (!is_admin(x))
		return dev_abort(x, channel_module, 26);
	return dev_locked_unit_set(x, x->call->type_arg, unit);
}

int dev_create_revenue_hub(struct dev_ctx *x)
{
	struct revenue_hub_object hub;

	return dev_revenue_need(x, &x->sender, &hub);
}

int dev_withdraw_revenue(struct dev_ctx *x)
{
	static const char module[] = "0x3::payment_revenue";
	struct rooch_id store = dev_account_store(&x->sender);
	struct rooch_id id = rooch_revenue_hub_id(&x->sender);
	const char *asset = x->call->type_arg;
	struct u256 amount = dev_arg_u256(x, 0), have = U256_ZERO;
	struct revenue_hub_object hub;
	struct buf b = dev_buf();
	int has, rc;

	if (!dev_args_ok(x))
		return -1;
	if (u256_is_zero(amount))
		return dev_abort(x, module, 4);
	has = dev_revenue_get(x, &x->sender, &hub);
	if (has < 0 || (has && dev_coins_get(x, &hub.coin_store, asset, &have)))
		return -1;
	/* the balance is looked at before the hub: without one it is zero */
	if (u256_cmp(have, amount) < 0)
		return dev_abort(x, module, 1);
	if (dev_coins_take(x, &hub.coin_store, asset, amount, coins_module) ||
	    dev_coins_give(x, &store, asset, amount))
		return -1;
	bcs_put_object_id(&b, id.b);
	buf_add(&b, x->sender.b, sizeof x->sender.b);
	bcs_put_string(&b, str_c(asset));
	bcs_put_u256(&b, amount);
	bcs_put_u256(&b, U256_ZERO); /* fee */
	bcs_put_u256(&b, amount);
	bcs_put_u8(&b, 0); /* rate of the fee, 16 bits */
	bcs_put_u8(&b, 0);
	rc = dev_emit(x, NULL, "0x3::payment_revenue::RevenueWithdrawnEvent", &b);
	buf_clear(&b);
	return rc;
}

int dev_faucet(struct dev_ctx *x)
{
	struct u256 amount = dev_arg_u256(x, 0);

	if (!dev_args_ok(x))
		return -1;
	if (!dev_is_local(x) && !is_admin(x))
		return dev_abort(x, "0x3::gas_coin", 1);
	return dev_mint(x, &x->sender, dev_rgas, amount);
}
