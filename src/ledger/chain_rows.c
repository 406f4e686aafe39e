/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/chain_rows.h"

#include "ledger/channel_rows.h"

static int contradicts(struct gw_err *e, const char *what)
{
	return gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0,
			    "the node contradicts what it said before: %s", what);
}

/* ---- loading ---- */

static bool load_channel(struct stmt *s, struct chain_row *r)
{
	struct channel_object *o = &r->seen.channel;

	r->seen.has_channel = true;
	r->seen.chain_id = stmt_u64(s, "chain_id");
	r->channel_ms = r->seen.started_ms = stmt_i64(s, "channel_ms");
	o->status = (enum channel_status)stmt_i64(s, "status");
	o->epoch = stmt_u64(s, "epoch");
	o->cancelling = !stmt_is_null(s, "cancel_started_ms");
	if (o->cancelling) {
		o->initiated_ms = stmt_u64(s, "cancel_started_ms");
		if (!rows_amount(s, "cancel_pending", &o->pending_amount))
			return false;
	}
	return rows_id(s, "payer", &o->sender) && rows_id(s, "payee", &o->receiver) &&
	       rows_id(s, "sub_channels", &o->sub_channels) &&
	       str_copy(o->coin_type, sizeof o->coin_type, stmt_text(s, "asset"));
}

static bool load_subchannel(struct stmt *s, struct chain_row *r)
{
	struct subchannel_object *o = &r->seen.subchannel;

	r->seen.has_subchannel = !stmt_is_null(s, "pk_multibase");
	if (!r->seen.has_subchannel)
		return true;
	if (!str_copy(o->pk_multibase, sizeof o->pk_multibase, stmt_text(s, "pk_multibase")) ||
	    !str_copy(o->method_type, sizeof o->method_type, stmt_text(s, "method_type")) ||
	    !rows_amount(s, "last_claimed", &o->last_claimed))
		return false;
	o->last_nonce = stmt_u64(s, "last_nonce");
	r->subchannel_ms = stmt_i64(s, "read_ms");
	return true;
}

static bool load_balance(struct stmt *s, struct chain_row *r)
{
	r->seen.claims = stmt_i64(s, "claims");
	r->seen.has_balance = stmt_i64(s, "balance_counts") && !stmt_is_null(s, "balance");
	if (!r->seen.has_balance)
		return true;
	if (!rows_amount(s, "balance", &r->seen.balance))
		return false;
	r->balance_ms = stmt_i64(s, "balance_ms");
	return true;
}

/* Another sub-channel, or another channel, of this payer may have made the row. */
static int load_claims(struct store_conn *c, struct chain_row *r, const struct chain_key *k,
		       struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_HUB_CLAIMS);
	int rc;

	rows_bind_id(s, "owner", &k->payer);
	stmt_bind_text(s, "asset", str_c(k->asset));
	rc = stmt_step(s, e);
	if (rc == 1)
		r->seen.claims = stmt_i64(s, "claims");
	stmt_done(s);
	return rc < 0 ? -1 : 1;
}

int chain_load(struct store_conn *c, struct chain_row *out, const struct chain_key *k,
	       struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_CHAIN_LOAD);
	int rc;

	memset(out, 0, sizeof *out);
	rows_bind_id(s, "channel_id", &k->channel_id);
	stmt_bind_text(s, "fragment", str_c(k->fragment));
	rc = stmt_step(s, e);
	if (rc == 1)
		rc = load_channel(s, out) && load_subchannel(s, out) && load_balance(s, out)
			     ? 0
			     : gw_fail_priv(e, GWE_INTERNAL, 0, "a row of the chain is damaged");
	else if (rc == 0)
		rc = 1;
	stmt_done(s);
	return rc == 1 ? load_claims(c, out, k, e) : rc;
}

/* ---- storing ---- */

static int store_channel(struct store_conn *c, const struct chain_key *k,
			 const struct chain_reading *r, struct gw_err *e)
{
	const struct channel_object *o = &r->channel;
	struct stmt *s = stmt_get(c, STMT_CHANNEL_SEE);
	uint8_t pending[32];

	rows_bind_id(s, "channel_id", &k->channel_id);
	rows_bind_id(s, "payer", &k->payer);
	rows_bind_id(s, "payee", &k->payee);
	stmt_bind_text(s, "asset", str_c(k->asset));
	stmt_bind_i64(s, "status", o->status);
	rows_bind_id(s, "sub_channels", &o->sub_channels);
	stmt_bind_i64(s, "read_ms", r->started_ms);
	stmt_bind_null(s, "cancel_started_ms");
	stmt_bind_null(s, "cancel_pending");
	if (o->cancelling)
		rows_bind_amount(s, "cancel_pending", o->pending_amount, pending);
	if (stmt_bind_u64(s, "chain_id", r->chain_id, e) < 0 ||
	    stmt_bind_u64(s, "epoch", o->epoch, e) < 0 ||
	    (o->cancelling && stmt_bind_u64(s, "cancel_started_ms", o->initiated_ms, e) < 0)) {
		stmt_done(s);
		return contradicts(e, "a number beyond reason");
	}
	return stmt_run(s, NULL, e);
}

static int store_subchannel(struct store_conn *c, const struct chain_key *k,
			    const struct chain_reading *r, struct gw_err *e)
{
	const struct subchannel_object *o = &r->subchannel;
	struct stmt *s = stmt_get(c, STMT_SUBCHANNEL_SEE);
	uint8_t room[32];

	rows_bind_id(s, "channel_id", &k->channel_id);
	stmt_bind_text(s, "fragment", str_c(k->fragment));
	stmt_bind_text(s, "pk_multibase", str_c(o->pk_multibase));
	stmt_bind_text(s, "method_type", str_c(o->method_type));
	rows_bind_amount(s, "last_claimed", o->last_claimed, room);
	stmt_bind_i64(s, "read_ms", r->started_ms);
	/* A payer may have brought it there; proposals need a larger one that fits. */
	if (o->last_nonce > RAV_NONCE_MAX) {
		stmt_done(s);
		return gw_fail(
			e, GWE_RAV_CONFLICT, 0,
			"the nonce of this sub-channel is at its end on chain: use another key");
	}
	stmt_bind_i64(s, "last_nonce", (int64_t)o->last_nonce);
	return stmt_run(s, NULL, e);
}

static int store_balance(struct store_conn *c, const struct chain_key *k,
			 const struct chain_reading *r, bool rose, struct gw_err *e)
{
	struct stmt *s;
	uint8_t room[32];

	if (rose) {
		s = stmt_get(c, STMT_HUB_CLAIMED);
		rows_bind_id(s, "owner", &k->payer);
		stmt_bind_text(s, "asset", str_c(k->asset));
		if (stmt_run(s, NULL, e) < 0)
			return -1;
	}
	if (!r->has_balance)
		return 0;
	s = stmt_get(c, STMT_HUB_SEE);
	rows_bind_id(s, "owner", &k->payer);
	stmt_bind_text(s, "asset", str_c(k->asset));
	rows_bind_amount(s, "balance", r->balance, room);
	stmt_bind_i64(s, "read_ms", r->started_ms);
	/* the claim that we saw ourselves was seen before the balance was read */
	stmt_bind_i64(s, "claims", r->claims + rose);
	return stmt_run(s, NULL, e);
}

static int compare(const struct chain_row *was, const struct chain_reading *r, struct gw_err *e)
{
	const struct subchannel_object *a = &was->seen.subchannel, *b = &r->subchannel;

	if (was->seen.chain_id != r->chain_id)
		return gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0,
				    "the database belongs to chain %llu, the node to chain %llu",
				    (unsigned long long)was->seen.chain_id,
				    (unsigned long long)r->chain_id);
	if (r->channel.epoch < was->seen.channel.epoch)
		return contradicts(e, "an earlier epoch");
	if (!was->seen.has_subchannel)
		return 0;
	if (strcmp(a->pk_multibase, b->pk_multibase) || strcmp(a->method_type, b->method_type))
		return contradicts(e, "another key of a sub-channel");
	if (u256_cmp(b->last_claimed, a->last_claimed) < 0 || b->last_nonce < a->last_nonce)
		return contradicts(e, "less claimed than before");
	return 0;
}

static bool has_risen(const struct chain_row *was, const struct chain_reading *r)
{
	struct u256 before =
		was->seen.has_subchannel ? was->seen.subchannel.last_claimed : U256_ZERO;

	return u256_cmp(r->subchannel.last_claimed, before) > 0;
}

int chain_see_tx(struct store_conn *c, struct chain_row *out, const struct chain_key *k,
		 const struct chain_reading *r, int64_t now_ms, struct gw_err *e)
{
	int rc = chain_load(c, out, k, e);

	if (rc < 0)
		return -1;
	if (rc == 0) {
		/* a stamp from the future is one of a clock that was wrong */
		bool newer = out->channel_ms > r->started_ms && out->channel_ms <= now_ms &&
			     out->seen.has_subchannel;

		if (newer)
			return 0;
		if (compare(out, r, e) < 0)
			return -1;
	}
	if (store_channel(c, k, r, e) < 0 || store_subchannel(c, k, r, e) < 0 ||
	    store_balance(c, k, r, has_risen(out, r), e) < 0)
		return -1;
	rc = chain_load(c, out, k, e);
	return rc == 1 ? gw_fail_priv(e, GWE_INTERNAL, 0, "a row has vanished") : rc;
}
