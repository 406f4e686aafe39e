/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of rooch_tx.h, each with its arguments. Rule: protocol rooch.md 5.3. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "codec/bcs.h"
#include "ledger/rooch_tx.h"

enum { ARG_MAX = 65536 };

/* Function @name of module 0x3::@module; @asset NULL: without type argument. */
static void begin(struct tx_call *c, const char *module, const char *name, const char *asset)
{
	memset(c, 0, sizeof *c);
	c->module_address.b[31] = 3;
	c->module = str_c(module);
	c->function = str_c(name);
	if (asset && !str_copy(c->type_arg, sizeof c->type_arg, str_c(asset)))
		abort(); /* longer than any canonical one */
}

/* What was written to @b becomes the next argument. Callers give an arena that holds it. */
static void push(struct tx_call *c, struct arena *a, struct buf *b)
{
	struct str s;

	assert(!b->failed && c->n_arg < TX_ARGS_MAX);
	s = arena_dup(a, buf_str(b));
	assert(s.p);
	c->arg[c->n_arg++] = s;
	buf_clear(b);
}

static void push_address(struct tx_call *c, struct arena *a, const struct rooch_id *id)
{
	struct buf b;

	buf_init(&b, ARG_MAX);
	buf_add(&b, id->b, sizeof id->b);
	push(c, a, &b);
}

static void push_object(struct tx_call *c, struct arena *a, const struct rooch_id *id)
{
	struct buf b;

	buf_init(&b, ARG_MAX);
	bcs_put_object_id(&b, id->b);
	push(c, a, &b);
}

static void push_string(struct tx_call *c, struct arena *a, struct str s)
{
	struct buf b;

	buf_init(&b, ARG_MAX);
	bcs_put_string(&b, s);
	push(c, a, &b);
}

static void push_u64(struct tx_call *c, struct arena *a, uint64_t v)
{
	struct buf b;

	buf_init(&b, ARG_MAX);
	bcs_put_u64(&b, v);
	push(c, a, &b);
}

static void push_u256(struct tx_call *c, struct arena *a, struct u256 v)
{
	struct buf b;

	buf_init(&b, ARG_MAX);
	bcs_put_u256(&b, v);
	push(c, a, &b);
}

static void push_bytes(struct tx_call *c, struct arena *a, const void *p, size_t n)
{
	struct buf b;

	buf_init(&b, ARG_MAX);
	bcs_put_vec(&b, p, n);
	push(c, a, &b);
}

static const char channel_module[] = "payment_channel";

/* Channel, fragment, amount, nonce, signature. */
static void voucher_call(struct tx_call *c, struct arena *a, const char *name,
			 const struct voucher *v)
{
	begin(c, channel_module, name, NULL);
	push_object(c, a, &v->rav.channel_id);
	push_string(c, a, str_c(v->rav.fragment));
	push_u256(c, a, v->rav.accumulated);
	push_u64(c, a, v->rav.nonce);
	push_bytes(c, a, v->signature, KEY_SIG);
}

void tx_call_claim(struct tx_call *c, struct arena *a, const struct voucher *v)
{
	voucher_call(c, a, "claim_from_channel_entry", v);
}

void tx_call_dispute(struct tx_call *c, struct arena *a, const struct voucher *v)
{
	voucher_call(c, a, "dispute_cancellation_entry", v);
}

void tx_call_close(struct tx_call *c, struct arena *a, const struct rooch_id *channel,
		   const struct channel_proof *p, unsigned n)
{
	struct buf proofs;

	begin(c, channel_module, "close_channel_entry", NULL);
	push_object(c, a, channel);
	buf_init(&proofs, ARG_MAX / 2);
	close_proofs_write(&proofs, p, n);
	assert(!proofs.failed);
	push_bytes(c, a, proofs.p, proofs.len);
	buf_clear(&proofs);
}

void tx_call_finalize(struct tx_call *c, struct arena *a, const struct rooch_id *channel)
{
	begin(c, channel_module, "finalize_cancellation_entry", NULL);
	push_object(c, a, channel);
}

void tx_call_initiate_cancellation(struct tx_call *c, struct arena *a,
				   const struct rooch_id *channel)
{
	begin(c, channel_module, "initiate_cancellation_entry", NULL);
	push_object(c, a, channel);
}

void tx_call_withdraw_revenue(struct tx_call *c, struct arena *a, const char *asset,
			      struct u256 amount)
{
	begin(c, "payment_revenue", "withdraw_revenue_entry", asset);
	push_u256(c, a, amount);
}

void tx_call_open(struct tx_call *c, struct arena *a, const char *asset,
		  const struct rooch_id *receiver, struct str fragment)
{
	begin(c, channel_module, "open_channel_with_sub_channel_entry", asset);
	push_address(c, a, receiver);
	push_string(c, a, fragment);
}

void tx_call_authorize(struct tx_call *c, struct arena *a, const struct rooch_id *channel,
		       struct str fragment)
{
	begin(c, channel_module, "authorize_sub_channel_entry", NULL);
	push_object(c, a, channel);
	push_string(c, a, fragment);
}

void tx_call_deposit(struct tx_call *c, struct arena *a, const char *asset,
		     const struct rooch_id *receiver, struct u256 amount)
{
	begin(c, channel_module, "deposit_to_hub_entry", asset);
	push_address(c, a, receiver);
	push_u256(c, a, amount);
}

void tx_call_faucet(struct tx_call *c, struct arena *a, struct u256 amount)
{
	begin(c, "gas_coin", "faucet_entry", NULL);
	push_u256(c, a, amount);
}

void tx_call_create_did(struct tx_call *c, struct arena *a, struct str public_key_multibase)
{
	begin(c, "did", "create_did_object_for_self_entry", NULL);
	push_string(c, a, public_key_multibase);
}
