/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_channel.h"

#include "codec/bcs.h"
#include "devnode/dev_args.h"
#include "devnode/dev_did.h"
#include "devnode/dev_money.h"
#include "devnode/dev_sig.h"

const char dev_channel_module[] = "0x3::payment_channel";

static const char sub_type[] =
	"0x2::object::DynamicField<0x1::string::String, 0x3::payment_channel::SubChannel>";

static int abort_with(struct dev_ctx *x, enum dev_channel_abort code)
{
	return dev_abort(x, dev_channel_module, (uint64_t)code);
}

static int corrupt(struct dev_ctx *x, const char *what)
{
	return gw_fail_priv(x->e, GWE_INTERNAL, 0, "the stored %s cannot be read", what);
}

int dev_channel_get(struct dev_ctx *x, const struct rooch_id *id, struct channel_object *ch)
{
	struct dev_row row;
	int rc = dev_object_get(x, id, &row);

	*ch = (struct channel_object){ .pending_amount = U256_ZERO };
	/* an object of another type is none */
	if (rc == 1 && !str_eq_c(row.type, "0x3::payment_channel::PaymentChannel"))
		return 0;
	if (rc == 1 && !channel_object_read(ch, row.value))
		return corrupt(x, "channel");
	return rc;
}

int dev_channel_need(struct dev_ctx *x, const struct rooch_id *id, struct channel_object *ch)
{
	int rc = dev_channel_get(x, id, ch);

	if (rc == 0)
		return dev_abort(x, "0x2::object", 2);
	return rc < 0 ? -1 : 0;
}

int dev_channel_put(struct dev_ctx *x, const struct rooch_id *id, const struct channel_object *ch)
{
	struct buf b = dev_buf();
	int rc;

	channel_object_write(&b, ch);
	rc = dev_object_put(x, id, &ch->sender, "0x3::payment_channel::PaymentChannel",
			    buf_str(&b));
	buf_clear(&b);
	return rc;
}

int dev_sub_get(struct dev_ctx *x, const struct channel_object *ch, struct str fragment,
		struct subchannel_object *sub)
{
	struct rooch_id key = rooch_field_key(fragment);
	struct dev_row row;
	int rc = dev_field_get(x, &ch->sub_channels, &key, &row);

	*sub = (struct subchannel_object){ .last_claimed = U256_ZERO };
	if (rc == 1 && !subchannel_field_read(sub, fragment, row.value))
		return corrupt(x, "sub-channel");
	return rc;
}

int dev_sub_put(struct dev_ctx *x, const struct channel_object *ch, struct str fragment,
		const struct subchannel_object *sub)
{
	struct rooch_id key = rooch_field_key(fragment);
	struct buf b = dev_buf();
	int rc;

	subchannel_field_write(&b, fragment, sub);
	rc = dev_field_put(x, &ch->sub_channels, &key, sub_type, buf_str(&b));
	buf_clear(&b);
	return rc;
}

int dev_sub_raise(struct dev_ctx *x, struct subchannel_object *sub, struct u256 amount,
		  uint64_t nonce, struct u256 *more)
{
	if (!u256_sub(more, amount, sub->last_claimed))
		return abort_with(x, CHANNEL_AMOUNT);
	if (nonce < sub->last_nonce)
		return abort_with(x, CHANNEL_NONCE);
	sub->last_claimed = amount;
	sub->last_nonce = nonce;
	return 0;
}

int dev_voucher_check(struct dev_ctx *x, const struct rooch_id *id, const struct channel_object *ch,
		      const struct subchannel_object *sub, const struct dev_voucher *v)
{
	struct subrav rav = { .version = SUBRAV_VERSION,
			      .chain_id = x->set.chain_id,
			      .channel_id = *id,
			      .epoch = ch->epoch,
			      .accumulated = v->amount,
			      .nonce = v->nonce };
	struct str type = str_c(sub->method_type), key = str_c(sub->pk_multibase);
	uint8_t bytes[SUBRAV_BCS_MAX];
	size_t n;

	if (!str_copy(rav.fragment, sizeof rav.fragment, v->fragment))
		return abort_with(x, CHANNEL_SIGNATURE);
	n = subrav_encode(bytes, &rav);
	switch (dev_sig_check(type, key, (struct str){ (const char *)bytes, n }, v->signature)) {
	case DEV_SIG_VALID:
		return 0;
	case DEV_SIG_WRONG:
		return abort_with(x, CHANNEL_SIGNATURE);
	case DEV_SIG_NO_SIGNATURE:
		return dev_abort(x, dev_sig_module(type), 1);
	case DEV_SIG_NO_KEY:
		return dev_abort(x, dev_sig_module(type), 2);
	}
	return -1;
}

int dev_channel_pay(struct dev_ctx *x, const struct rooch_id *id, const struct channel_object *ch,
		    struct u256 amount, const char *why)
{
	struct rooch_id revenue_id = rooch_revenue_hub_id(&ch->receiver);
	struct revenue_hub_object revenue;
	struct buf b = dev_buf();
	struct hub_object hub;
	int rc;

	if (u256_is_zero(amount))
		return 0;
	if (dev_hub_need(x, &ch->sender, &hub) ||
	    dev_coins_take(x, &hub.coin_store, ch->coin_type, amount, "0x3::multi_coin_store") ||
	    dev_revenue_need(x, &ch->receiver, &revenue) ||
	    dev_coins_give(x, &revenue.coin_store, ch->coin_type, amount))
		return -1;
	bcs_put_object_id(&b, revenue_id.b);
	buf_add(&b, ch->receiver.b, sizeof ch->receiver.b);
	bcs_put_string(&b, str_c(ch->coin_type));
	bcs_put_u256(&b, amount);
	bcs_put_string(&b, STR_LIT("payment_channel"));
	bcs_put_u8(&b, 1); /* option: there is a source */
	bcs_put_object_id(&b, id->b);
	bcs_put_string(&b, str_c(why));
	rc = dev_emit(x, NULL, "0x3::payment_revenue::RevenueDepositedEvent", &b);
	buf_clear(&b);
	return rc;
}

int dev_channel_shut(struct dev_ctx *x, const struct rooch_id *id, struct channel_object *ch)
{
	ch->status = CHANNEL_CLOSED;
	ch->epoch++;
	return dev_channel_put(x, id, ch) ? -1
					  : dev_active_add(x, &ch->sender, ch->coin_type, true);
}

/* ---- opening ---- */

/* Rule: rooch.md 7.1 "open" */
static int open_channel(struct dev_ctx *x, const struct rooch_id *sender,
			const struct rooch_id *receiver, const char *asset)
{
	struct rooch_id id = rooch_channel_id(sender, receiver, asset);
	struct rooch_did_document *doc;
	struct channel_object ch;
	struct buf b = dev_buf();
	int rc = dev_did_get(x, sender, &doc);

	if (rc == 0)
		return abort_with(x, CHANNEL_SENDER_NO_DID);
	if (rc < 0)
		return -1;
	rc = dev_channel_get(x, &id, &ch);
	if (rc < 0)
		return -1;
	if (rc == 1 && ch.status != CHANNEL_CLOSED)
		return abort_with(x, CHANNEL_EXISTS);
	if (rc == 0) {
		ch = (struct channel_object){ .sender = *sender,
					      .receiver = *receiver,
					      .sub_channels = dev_fresh(x) };
		if (!str_copy(ch.coin_type, sizeof ch.coin_type, str_c(asset)))
			return dev_miscellaneous(x);
	}
	ch.status = CHANNEL_ACTIVE;
	ch.cancelling = false;
	if (dev_channel_put(x, &id, &ch) || dev_active_add(x, sender, asset, false))
		return -1;
	bcs_put_object_id(&b, id.b);
	buf_add(&b, sender->b, sizeof sender->b);
	buf_add(&b, receiver->b, sizeof receiver->b);
	bcs_put_string(&b, str_c(asset));
	rc = dev_emit(x, NULL, "0x3::payment_channel::PaymentChannelOpenedEvent", &b);
	buf_clear(&b);
	return rc;
}

/* Rule: rooch.md 7.1 "authorise"; @account has to be the payer */
static int authorize(struct dev_ctx *x, const struct rooch_id *id, const struct rooch_id *account,
		     struct str fragment)
{
	struct subchannel_object sub;
	const struct rooch_did_method *m;
	struct rooch_did_document *doc;
	struct channel_object ch;
	struct buf b = dev_buf();
	int rc;

	if (dev_channel_need(x, id, &ch))
		return -1;
	if (ch.status != CHANNEL_ACTIVE)
		return abort_with(x, CHANNEL_NOT_ACTIVE);
	rc = dev_did_get(x, account, &doc);
	if (rc < 0)
		return -1;
	m = rc ? dev_did_method(doc, fragment) : NULL;
	if (!m)
		return abort_with(x, CHANNEL_NO_METHOD);
	if (!dev_did_lists(doc, DID_AUTHENTICATION, fragment))
		return abort_with(x, CHANNEL_NOT_PERMITTED);
	rc = dev_sub_get(x, &ch, fragment, &sub);
	if (rc)
		return rc < 0 ? -1 : abort_with(x, CHANNEL_METHOD_EXISTS);
	if (!str_copy(sub.pk_multibase, sizeof sub.pk_multibase, m->multibase) ||
	    !str_copy(sub.method_type, sizeof sub.method_type, m->type))
		return dev_miscellaneous(x); /* no key of any type is that long */
	if (dev_sub_put(x, &ch, fragment, &sub))
		return -1;
	bcs_put_object_id(&b, id->b);
	buf_add(&b, account->b, sizeof account->b);
	bcs_put_string(&b, fragment);
	bcs_put_string(&b, m->multibase);
	bcs_put_string(&b, m->type);
	rc = dev_emit(x, id, "0x3::payment_channel::SubChannelAuthorizedEvent", &b);
	buf_clear(&b);
	return rc;
}

/* Both, as far as they are missing. */
static int ensure(struct dev_ctx *x, const struct rooch_id *sender, const struct rooch_id *receiver,
		  const char *asset, struct str fragment)
{
	struct rooch_id id = rooch_channel_id(sender, receiver, asset);
	struct subchannel_object sub;
	struct channel_object ch;
	int rc = dev_channel_get(x, &id, &ch);

	if (rc < 0)
		return -1;
	if ((!rc || ch.status == CHANNEL_CLOSED) &&
	    (open_channel(x, sender, receiver, asset) || dev_channel_need(x, &id, &ch)))
		return -1;
	rc = dev_sub_get(x, &ch, fragment, &sub);
	if (rc)
		return rc < 0 ? -1 : 0;
	return authorize(x, &id, sender, fragment);
}

int dev_open_channel(struct dev_ctx *x)
{
	struct rooch_id receiver = dev_arg_address(x, 0);

	return dev_args_ok(x) ? open_channel(x, &x->sender, &receiver, x->call->type_arg) : -1;
}

int dev_open_channel_with_sub(struct dev_ctx *x)
{
	struct rooch_id receiver = dev_arg_address(x, 0);
	struct str fragment = dev_arg_string(x, 1);

	if (!dev_args_ok(x))
		return -1;
	return ensure(x, &x->sender, &receiver, x->call->type_arg, fragment);
}

int dev_authorize_sub(struct dev_ctx *x)
{
	struct rooch_id id = dev_arg_object(x, 0);
	struct str fragment = dev_arg_string(x, 1);
	struct channel_object ch;

	if (!dev_args_ok(x) || dev_channel_need(x, &id, &ch))
		return -1;
	if (!rooch_id_eq(ch.sender, x->sender))
		return abort_with(x, CHANNEL_ONLY_SENDER);
	return authorize(x, &id, &x->sender, fragment);
}

/* ---- claims ---- */

/* Rule: rooch.md 7.2 */
static int claim(struct dev_ctx *x, const struct rooch_id *id, const struct dev_voucher *v)
{
	struct subchannel_object sub;
	struct channel_object ch;
	struct buf b = dev_buf();
	struct u256 more;
	int rc;

	if (dev_channel_need(x, id, &ch))
		return -1;
	if (ch.status != CHANNEL_ACTIVE)
		return abort_with(x, CHANNEL_NOT_ACTIVE);
	rc = dev_sub_get(x, &ch, v->fragment, &sub);
	if (rc < 0)
		return -1;
	if (!rc)
		return abort_with(x, CHANNEL_NO_SUBCHANNEL);
	if (dev_voucher_check(x, id, &ch, &sub, v) ||
	    dev_sub_raise(x, &sub, v->amount, v->nonce, &more) ||
	    dev_sub_put(x, &ch, v->fragment, &sub) ||
	    dev_channel_pay(x, id, &ch, more, "Channel claim"))
		return -1;
	bcs_put_object_id(&b, id->b);
	buf_add(&b, ch.receiver.b, sizeof ch.receiver.b);
	bcs_put_string(&b, v->fragment);
	bcs_put_u256(&b, more);
	bcs_put_u256(&b, v->amount);
	bcs_put_u64(&b, v->nonce);
	rc = dev_emit(x, id, "0x3::payment_channel::ChannelClaimedEvent", &b);
	buf_clear(&b);
	return rc;
}

static struct dev_voucher voucher_args(struct dev_ctx *x, unsigned i)
{
	return (struct dev_voucher){ .fragment = dev_arg_string(x, i),
				     .amount = dev_arg_u256(x, i + 1),
				     .nonce = dev_arg_u64(x, i + 2),
				     .signature = dev_arg_bytes(x, i + 3) };
}

int dev_claim(struct dev_ctx *x)
{
	struct rooch_id id = dev_arg_object(x, 0);
	struct dev_voucher v = voucher_args(x, 1);

	return dev_args_ok(x) ? claim(x, &id, &v) : -1;
}

int dev_apply_receipt(struct dev_ctx *x)
{
	struct rooch_id payer = dev_arg_address(x, 0), receiver = dev_arg_address(x, 1), id;
	struct str coin = dev_arg_string(x, 2);
	struct dev_voucher v = voucher_args(x, 3);
	char asset[ROOCH_ASSET_TEXT];

	if (!dev_args_ok(x))
		return -1;
	if (!rooch_asset_canonical(asset, coin))
		return dev_miscellaneous(x);
	if (ensure(x, &payer, &receiver, asset, v.fragment))
		return -1;
	if (!v.nonce && u256_is_zero(v.amount))
		return 0;
	id = rooch_channel_id(&payer, &receiver, asset);
	return claim(x, &id, &v);
}

/* ---- closing by the receiver ---- */

static int close_proof(struct dev_ctx *x, const struct rooch_id *id,
		       const struct channel_object *ch, const struct channel_proof *p,
		       struct u256 *total)
{
	struct dev_voucher v = { .fragment = p->fragment,
				 .amount = p->accumulated,
				 .nonce = p->nonce,
				 .signature = p->signature };
	struct subchannel_object sub;
	struct u256 more;
	int rc = dev_sub_get(x, ch, p->fragment, &sub);

	if (rc < 0)
		return -1;
	if (!rc) /* without its key there is nothing to check the signature with */
		return abort_with(x, CHANNEL_AMOUNT);
	if (dev_voucher_check(x, id, ch, &sub, &v) ||
	    dev_sub_raise(x, &sub, v.amount, v.nonce, &more))
		return -1;
	if (!u256_add(total, *total, more))
		return dev_arithmetic(x, dev_channel_module);
	return dev_sub_put(x, ch, p->fragment, &sub);
}

/* Rule: rooch.md 7.3 */
int dev_close_channel(struct dev_ctx *x)
{
	struct rooch_id id = dev_arg_object(x, 0);
	struct str bytes = dev_arg_bytes(x, 1);
	struct channel_proof proof[CHANNEL_PROOFS_MAX + 1];
	struct u256 total = U256_ZERO;
	struct channel_object ch;
	struct buf b = dev_buf();
	unsigned n;
	uint64_t n_sub;
	int rc;

	if (!dev_args_ok(x))
		return -1;
	if (!close_proofs_read(proof, &n, bytes))
		return dev_miscellaneous(x);
	if (dev_channel_need(x, &id, &ch))
		return -1;
	if (!rooch_id_eq(ch.receiver, x->sender))
		return abort_with(x, CHANNEL_NOT_RECEIVER);
	if (ch.status != CHANNEL_ACTIVE)
		return abort_with(x, CHANNEL_NOT_ACTIVE);
	if (dev_field_count(x, &ch.sub_channels, &n_sub))
		return -1;
	if (n_sub && n > CHANNEL_PROOFS_MAX)
		return abort_with(x, CHANNEL_TOO_MANY_PROOFS);
	for (unsigned i = 0; n_sub && i < n; i++)
		if (close_proof(x, &id, &ch, &proof[i], &total))
			return -1;
	if (dev_channel_pay(x, &id, &ch, total, "Channel closure") || dev_channel_shut(x, &id, &ch))
		return -1;
	bcs_put_object_id(&b, id.b);
	buf_add(&b, ch.sender.b, sizeof ch.sender.b);
	buf_add(&b, ch.receiver.b, sizeof ch.receiver.b);
	bcs_put_u256(&b, total);
	bcs_put_u64(&b, n_sub);
	rc = dev_emit(x, &id, "0x3::payment_channel::ChannelClosedEvent", &b);
	buf_clear(&b);
	return rc;
}
