/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_channel.h"

#include "codec/bcs.h"
#include "devnode/dev_args.h"

enum { CHALLENGE_MS = 86400000 };

static int abort_with(struct dev_ctx *x, enum dev_channel_abort code)
{
	return dev_abort(x, dev_channel_module, (uint64_t)code);
}

static int emit_final(struct dev_ctx *x, const struct rooch_id *id, const struct channel_object *ch,
		      struct u256 amount)
{
	struct buf b = dev_buf();
	int rc;

	bcs_put_object_id(&b, id->b);
	buf_add(&b, ch->sender.b, sizeof ch->sender.b);
	bcs_put_u256(&b, amount);
	rc = dev_emit(x, id, "0x3::payment_channel::ChannelCancellationFinalizedEvent", &b);
	buf_clear(&b);
	return rc;
}

static int cancel_proof(struct dev_ctx *x, const struct channel_object *ch,
			const struct channel_proof *p, struct u256 *pending)
{
	struct subchannel_object sub;
	struct u256 more;
	int rc = dev_sub_get(x, ch, p->fragment, &sub);

	if (rc < 0)
		return -1;
	if (!rc)
		return abort_with(x, CHANNEL_NO_SUBCHANNEL);
	if (dev_sub_raise(x, &sub, p->accumulated, p->nonce, &more))
		return -1;
	if (!u256_add(pending, *pending, more))
		return dev_arithmetic(x, dev_channel_module);
	return dev_sub_put(x, ch, p->fragment, &sub);
}

/* Rule: rooch.md 7.4 "initiate" */
static int initiate(struct dev_ctx *x, const struct rooch_id *id, const struct channel_proof *proof,
		    unsigned n)
{
	struct channel_object ch;
	struct buf b = dev_buf();
	uint64_t n_sub;
	int rc;

	if (dev_channel_need(x, id, &ch))
		return -1;
	if (!rooch_id_eq(ch.sender, x->sender))
		return abort_with(x, CHANNEL_NOT_SENDER);
	if (ch.status != CHANNEL_ACTIVE)
		return abort_with(x, CHANNEL_NOT_ACTIVE);
	if (dev_field_count(x, &ch.sub_channels, &n_sub))
		return -1;
	if (!n_sub)
		return dev_channel_shut(x, id, &ch) ? -1 : emit_final(x, id, &ch, U256_ZERO);
	if (n > CHANNEL_PROOFS_MAX)
		return abort_with(x, CHANNEL_TOO_MANY_PROOFS);
	ch.pending_amount = U256_ZERO;
	for (unsigned i = 0; i < n; i++)
		if (cancel_proof(x, &ch, &proof[i], &ch.pending_amount))
			return -1;
	ch.status = CHANNEL_CANCELLING;
	ch.cancelling = true;
	ch.initiated_ms = x->now_ms;
	if (dev_channel_put(x, id, &ch))
		return -1;
	bcs_put_object_id(&b, id->b);
	buf_add(&b, ch.sender.b, sizeof ch.sender.b);
	bcs_put_u64(&b, ch.initiated_ms);
	bcs_put_u256(&b, ch.pending_amount);
	rc = dev_emit(x, id, "0x3::payment_channel::ChannelCancellationInitiatedEvent", &b);
	buf_clear(&b);
	return rc;
}

int dev_initiate_cancellation(struct dev_ctx *x)
{
	struct rooch_id id = dev_arg_object(x, 0);

	return dev_args_ok(x) ? initiate(x, &id, NULL, 0) : -1;
}

int dev_initiate_with_proofs(struct dev_ctx *x)
{
	struct rooch_id id = dev_arg_object(x, 0);
	struct str bytes = dev_arg_bytes(x, 1);
	struct channel_proof proof[CHANNEL_PROOFS_MAX + 1];
	unsigned n;

	if (!dev_args_ok(x))
		return -1;
	if (!cancel_proofs_read(proof, &n, bytes))
		return dev_miscellaneous(x);
	return initiate(x, &id, proof, n);
}

/* Rule: rooch.md 7.4 "dispute": an equal amount changes nothing, not even the nonce */
static int raise_pending(struct dev_ctx *x, const struct rooch_id *id, struct channel_object *ch,
			 struct str fragment, struct subchannel_object *sub, struct u256 amount,
			 uint64_t nonce)
{
	struct u256 more;

	if (dev_sub_raise(x, sub, amount, nonce, &more))
		return -1;
	if (u256_is_zero(more))
		return 0;
	if (!u256_add(&ch->pending_amount, ch->pending_amount, more))
		return dev_arithmetic(x, dev_channel_module);
	return dev_sub_put(x, ch, fragment, sub) ? -1 : dev_channel_put(x, id, ch);
}

int dev_dispute_cancellation(struct dev_ctx *x)
{
	struct rooch_id id = dev_arg_object(x, 0);
	struct dev_voucher v = { .fragment = dev_arg_string(x, 1),
				 .amount = dev_arg_u256(x, 2),
				 .nonce = dev_arg_u64(x, 3),
				 .signature = dev_arg_bytes(x, 4) };
	struct subchannel_object sub;
	struct channel_object ch;
	struct buf b = dev_buf();
	int rc;

	if (!dev_args_ok(x) || dev_channel_need(x, &id, &ch))
		return -1;
	if (!rooch_id_eq(ch.receiver, x->sender))
		return abort_with(x, CHANNEL_NOT_RECEIVER);
	if (ch.status != CHANNEL_CANCELLING)
		return abort_with(x, CHANNEL_NOT_ACTIVE);
	rc = dev_sub_get(x, &ch, v.fragment, &sub);
	if (rc < 0)
		return -1;
	if (!rc)
		return abort_with(x, CHANNEL_NO_SUBCHANNEL);
	if (dev_voucher_check(x, &id, &ch, &sub, &v) ||
	    raise_pending(x, &id, &ch, v.fragment, &sub, v.amount, v.nonce))
		return -1;
	bcs_put_object_id(&b, id.b);
	buf_add(&b, ch.receiver.b, sizeof ch.receiver.b);
	bcs_put_u256(&b, v.amount);
	bcs_put_u64(&b, v.nonce);
	rc = dev_emit(x, &id, "0x3::payment_channel::ChannelDisputeEvent", &b);
	buf_clear(&b);
	return rc;
}

/* Rule: rooch.md 7.4 "finalise" */
int dev_finalize_cancellation(struct dev_ctx *x)
{
	struct rooch_id id = dev_arg_object(x, 0);
	struct channel_object ch;

	if (!dev_args_ok(x) || dev_channel_need(x, &id, &ch))
		return -1;
	if (ch.status != CHANNEL_CANCELLING)
		return abort_with(x, CHANNEL_NOT_ACTIVE);
	if (x->now_ms < ch.initiated_ms || x->now_ms - ch.initiated_ms < CHALLENGE_MS)
		return abort_with(x, CHANNEL_TOO_EARLY);
	if (dev_channel_pay(x, &id, &ch, ch.pending_amount, "Channel cancellation") ||
	    dev_channel_shut(x, &id, &ch))
		return -1;
	return emit_final(x, &id, &ch, ch.pending_amount);
}
