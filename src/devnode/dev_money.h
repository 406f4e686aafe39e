/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev_money - accounts, coin stores, payment hubs, revenue hubs, and what a transaction costs.
 *
 * Rule:    protocol rooch.md 5.3, 7.5, 9
 * Layer:   devnode; calls ledger, store, codec, util
 * Threads: a context belongs to one thread
 */
#ifndef GW_DEVNODE_DEV_MONEY_H
#define GW_DEVNODE_DEV_MONEY_H

#include "devnode/dev_state.h"

#define DEV_LOCAL_CHAIN 4
#define DEV_DEV_CHAIN	3
/* Faucet, no gas deposit needed. */
bool dev_is_local(const struct dev_ctx *x);

int dev_sequence_get(struct dev_ctx *x, const struct rooch_id *account, uint64_t *n) GW_MUST_CHECK;
int dev_sequence_set(struct dev_ctx *x, const struct rooch_id *account, uint64_t n) GW_MUST_CHECK;

/* Coin stores: of an account (outside the hub), of hubs. @asset canonical. */
struct rooch_id dev_account_store(const struct rooch_id *owner);
int dev_coins_get(struct dev_ctx *x, const struct rooch_id *store, const char *asset,
		  struct u256 *out) GW_MUST_CHECK;
int dev_coins_set(struct dev_ctx *x, const struct rooch_id *store, const char *asset,
		  struct u256 v) GW_MUST_CHECK;
/* Aborts with 4 in @module when there is not enough. */
int dev_coins_take(struct dev_ctx *x, const struct rooch_id *store, const char *asset,
		   struct u256 amount, const char *module) GW_MUST_CHECK;
int dev_coins_give(struct dev_ctx *x, const struct rooch_id *store, const char *asset,
		   struct u256 amount) GW_MUST_CHECK;
/* New coins for an account; the supply grows. */
int dev_mint(struct dev_ctx *x, const struct rooch_id *account, const char *asset,
	     struct u256 amount) GW_MUST_CHECK;
int dev_supply(struct dev_ctx *x, const char *asset, struct u256 *out) GW_MUST_CHECK;

/* 1, 0, -1; _need makes one where there is none. */
int dev_hub_get(struct dev_ctx *x, const struct rooch_id *owner,
		struct hub_object *hub) GW_MUST_CHECK;
int dev_hub_need(struct dev_ctx *x, const struct rooch_id *owner,
		 struct hub_object *hub) GW_MUST_CHECK;
int dev_revenue_get(struct dev_ctx *x, const struct rooch_id *owner,
		    struct revenue_hub_object *hub) GW_MUST_CHECK;
int dev_revenue_need(struct dev_ctx *x, const struct rooch_id *owner,
		     struct revenue_hub_object *hub) GW_MUST_CHECK;
/* Channels of @owner that are not closed. */
int dev_active_get(struct dev_ctx *x, const struct hub_object *hub, const char *asset,
		   uint64_t *n) GW_MUST_CHECK;
int dev_active_add(struct dev_ctx *x, const struct rooch_id *owner, const char *asset,
		   bool one_less) GW_MUST_CHECK;
int dev_locked_unit_get(struct dev_ctx *x, const char *asset, struct u256 *out) GW_MUST_CHECK;
int dev_locked_unit_set(struct dev_ctx *x, const char *asset, struct u256 v) GW_MUST_CHECK;

/* What was taken in advance, and from where. */
struct dev_gas {
	struct u256 hub, account;
	bool has_hub;
	struct hub_object of;
};
/* Faucet included. @enough false: a network that demands the deposit refuses. */
int dev_gas_take(struct dev_ctx *x, uint64_t max_gas, struct dev_gas *g) GW_MUST_CHECK;
int dev_gas_enough(struct dev_ctx *x, uint64_t max_gas, bool *enough) GW_MUST_CHECK;
/* Gives back all but @used; *used is lowered to what was taken. */
int dev_gas_return(struct dev_ctx *x, const struct dev_gas *g, uint64_t *used) GW_MUST_CHECK;

/* Entry functions: arguments in x->call. */
int dev_create_payment_hub(struct dev_ctx *x) GW_MUST_CHECK;
int dev_deposit_to_hub(struct dev_ctx *x) GW_MUST_CHECK;
int dev_withdraw_from_hub(struct dev_ctx *x) GW_MUST_CHECK;
int dev_transfer_to_hub(struct dev_ctx *x) GW_MUST_CHECK;
int dev_set_locked_unit(struct dev_ctx *x) GW_MUST_CHECK;
int dev_create_revenue_hub(struct dev_ctx *x) GW_MUST_CHECK;
int dev_withdraw_revenue(struct dev_ctx *x) GW_MUST_CHECK;
int dev_faucet(struct dev_ctx *x) GW_MUST_CHECK;

#endif
