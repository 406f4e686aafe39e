/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev_channel - payment channels by the rules of the chain.
 *
 * Rule:    protocol rooch.md 7
 * Layer:   devnode; calls ledger, store, codec, crypto, util
 * Threads: a context belongs to one thread
 */
#ifndef GW_DEVNODE_DEV_CHANNEL_H
#define GW_DEVNODE_DEV_CHANNEL_H

#include "devnode/dev_state.h"

/* Abort codes of module payment_channel. */
enum dev_channel_abort {
	CHANNEL_NOT_RECEIVER = 1,
	CHANNEL_NOT_ACTIVE = 2,
	CHANNEL_SIGNATURE = 3,
	CHANNEL_NO_METHOD = 4,
	CHANNEL_NOT_PERMITTED = 5,
	CHANNEL_NONCE = 7,
	CHANNEL_AMOUNT = 8,
	CHANNEL_TOO_EARLY = 10,
	CHANNEL_NOT_SENDER = 14,
	CHANNEL_NO_SUBCHANNEL = 15,
	CHANNEL_ONLY_SENDER = 16,
	CHANNEL_METHOD_EXISTS = 17,
	CHANNEL_EXISTS = 18,
	CHANNEL_SENDER_NO_DID = 20,
	CHANNEL_TOO_MANY_PROOFS = 27
};

/* A voucher as it comes in transactions: the signature has any length. */
struct dev_voucher {
	struct str fragment;
	struct u256 amount;
	uint64_t nonce;
	struct str signature;
};

int dev_channel_get(struct dev_ctx *x, const struct rooch_id *id,
		    struct channel_object *ch) GW_MUST_CHECK; /* 1, 0, -1 */
/* Aborts where there is none. */
int dev_channel_need(struct dev_ctx *x, const struct rooch_id *id,
		     struct channel_object *ch) GW_MUST_CHECK;
int dev_channel_put(struct dev_ctx *x, const struct rooch_id *id,
		    const struct channel_object *ch) GW_MUST_CHECK;
int dev_sub_get(struct dev_ctx *x, const struct channel_object *ch, struct str fragment,
		struct subchannel_object *sub) GW_MUST_CHECK; /* 1, 0, -1 */
int dev_sub_put(struct dev_ctx *x, const struct channel_object *ch, struct str fragment,
		const struct subchannel_object *sub) GW_MUST_CHECK;
/* Amount and nonce do not go down. @more: out, what the amount adds. Raises the values in @sub. */
int dev_sub_raise(struct dev_ctx *x, struct subchannel_object *sub, struct u256 amount,
		  uint64_t nonce, struct u256 *more) GW_MUST_CHECK;
/* Signature of @v for the channel's epoch, by the sub-channel's key. */
int dev_voucher_check(struct dev_ctx *x, const struct rooch_id *id, const struct channel_object *ch,
		      const struct subchannel_object *sub,
		      const struct dev_voucher *v) GW_MUST_CHECK;
/* From the payer's hub to the receiver's revenue. Zero: nothing. @why: of the event. */
int dev_channel_pay(struct dev_ctx *x, const struct rooch_id *id, const struct channel_object *ch,
		    struct u256 amount, const char *why) GW_MUST_CHECK;
/* Closed, epoch + 1, one channel less for the payer; written. */
int dev_channel_shut(struct dev_ctx *x, const struct rooch_id *id,
		     struct channel_object *ch) GW_MUST_CHECK;

/* Entry functions: arguments in x->call. */
int dev_open_channel(struct dev_ctx *x) GW_MUST_CHECK;
int dev_open_channel_with_sub(struct dev_ctx *x) GW_MUST_CHECK;
int dev_authorize_sub(struct dev_ctx *x) GW_MUST_CHECK;
int dev_claim(struct dev_ctx *x) GW_MUST_CHECK;
int dev_apply_receipt(struct dev_ctx *x) GW_MUST_CHECK;
int dev_close_channel(struct dev_ctx *x) GW_MUST_CHECK;
int dev_initiate_cancellation(struct dev_ctx *x) GW_MUST_CHECK;
int dev_initiate_with_proofs(struct dev_ctx *x) GW_MUST_CHECK;
int dev_dispute_cancellation(struct dev_ctx *x) GW_MUST_CHECK;
int dev_finalize_cancellation(struct dev_ctx *x) GW_MUST_CHECK;

extern const char dev_channel_module[];

#endif
