/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "settle/claim_rows.h"

#include "ledger/channel_rows.h"
#include "ledger/rooch_tx.h"

_Static_assert(CLAIM_OF_VOUCHER == 1 && CLAIM_DISPUTE == 2 && CLAIM_FINALIZE == 3 &&
		       CLAIM_CLOSE == 4 && CLAIM_WITHDRAW == 5,
	       "stored");
_Static_assert(CLAIM_PLANNED == 1 && CLAIM_SUBMITTED == 2 && CLAIM_CONFIRMED == 3 &&
		       CLAIM_FAILED == 4 && CLAIM_DROPPED == 5,
	       "stored");
_Static_assert(WHY_SEQUENCE == 1 && WHY_NODE == 12, "stored");

static const int64_t day_ms = 86400000;

const char *claim_kind_name(enum claim_kind k)
{
	switch (k) {
	case CLAIM_OF_VOUCHER:
		return "claim";
	case CLAIM_DISPUTE:
		return "dispute";
	case CLAIM_FINALIZE:
		return "finalize";
	case CLAIM_CLOSE:
		return "close";
	case CLAIM_WITHDRAW:
		return "withdraw";
	}
	abort();
}

const char *claim_state_name(enum claim_state s)
{
	switch (s) {
	case CLAIM_NOTHING:
		return "nothing";
	case CLAIM_PLANNED:
		return "planned";
	case CLAIM_SUBMITTED:
		return "submitted";
	case CLAIM_CONFIRMED:
		return "confirmed";
	case CLAIM_FAILED:
		return "failed";
	case CLAIM_DROPPED:
		return "dropped";
	}
	abort();
}

const char *claim_why_text(enum claim_why w)
{
	switch (w) {
	case WHY_NOT:
		return "";
	case WHY_SEQUENCE:
		return "the sequence number was used already";
	case WHY_HUB_SHORT:
		return "the payer's hub does not cover it";
	case WHY_CHANNEL_STATE:
		return "the channel is in another state";
	case WHY_SIGNATURE:
		return "the chain does not accept the voucher's signature";
	case WHY_OUTDATED:
		return "the chain has a newer voucher";
	case WHY_NOT_AUTHORIZED:
		return "the chain does not know the sub-channel";
	case WHY_TOO_EARLY:
		return "the challenge period is not over";
	case WHY_GAS:
		return "the account cannot pay the gas";
	case WHY_KEY_REFUSED:
		return "the chain does not accept the claim key";
	case WHY_NOT_EXECUTED:
		return "it was not executed";
	case WHY_OTHER:
		return "the execution failed";
	case WHY_NODE:
		return "the node refused it";
	}
	abort();
}

void claim_row_init(struct claim_row *r)
{
	memset(r, 0, sizeof *r);
	buf_init(&r->raw, TX_BYTES_MAX);
}

void claim_row_clear(struct claim_row *r)
{
	buf_clear(&r->raw);
}

void claim_bind_key(struct stmt *s, const struct rooch_id *channel, const char *fragment)
{
	stmt_bind_blob(s, "channel_id", channel ? channel->b : NULL,
		       channel ? sizeof channel->b : 0);
	stmt_bind_text(s, "fragment", str_c(fragment));
}

static const struct rooch_id *channel_of(const struct claim_row *r)
{
	return r->has_channel ? &r->channel : NULL;
}

static int damaged(struct gw_err *e)
{
	return gw_fail_priv(e, GWE_INTERNAL, 0, "a row of the claims cannot be read");
}

/* ---- claims ---- */

static int note(struct store_conn *c, int64_t id, enum claim_state from, enum claim_state to,
		const char *text, int64_t now_ms, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_CLAIM_NOTE);

	stmt_bind_i64(s, "claim_id", id);
	stmt_bind_i64(s, "from", from);
	stmt_bind_i64(s, "to", to);
	stmt_bind_i64(s, "now_ms", now_ms);
	stmt_bind_text(s, "note", str_c(text ? text : ""));
	return stmt_run(s, NULL, e);
}

int claim_plan_tx(struct store_conn *c, struct claim_row *r, int64_t now_ms, struct gw_err *e)
{
	struct stmt *s;
	uint8_t amount[32];
	int rc = claim_is_open(c, channel_of(r), r->fragment, e);

	if (rc)
		return rc < 0 ? -1 : gw_fail_priv(e, GWE_CONFLICT, 0, "a claim of it is open");
	s = stmt_get(c, STMT_CLAIM_PLAN);
	claim_bind_key(s, channel_of(r), r->fragment);
	stmt_bind_i64(s, "kind", r->kind);
	stmt_bind_text(s, "asset", str_c(r->asset));
	rows_bind_amount(s, "amount", r->amount, amount);
	rows_bind_id(s, "sender", &r->sender);
	stmt_bind_blob(s, "tx_hash", r->hash, sizeof r->hash);
	stmt_bind_blob(s, "raw", r->raw.p, r->raw.len);
	stmt_bind_i64(s, "now_ms", now_ms);
	if (stmt_bind_u64(s, "epoch", r->epoch, e) || stmt_bind_u64(s, "nonce", r->nonce, e) ||
	    stmt_bind_u64(s, "sequence_number", r->sequence, e)) {
		stmt_done(s);
		return -1;
	}
	rc = stmt_step(s, e);
	if (rc == 1)
		r->id = stmt_i64(s, "claim_id");
	stmt_done(s);
	if (rc != 1)
		return rc < 0 ? -1 : damaged(e);
	r->state = CLAIM_PLANNED;
	r->created_ms = now_ms;
	return note(c, r->id, CLAIM_NOTHING, CLAIM_PLANNED, "", now_ms, e);
}

static bool may_move(enum claim_state from, enum claim_state to)
{
	return (from == CLAIM_PLANNED || from == CLAIM_SUBMITTED) && to > from;
}

int claim_move_tx(struct store_conn *c, struct claim_row *r, enum claim_state from,
		  const struct claim_end *end, int64_t now_ms, struct gw_err *e)
{
	struct stmt *s;
	int64_t changed = 0;
	uint8_t moved[32];

	if (!may_move(from, end->to))
		return gw_fail_priv(e, GWE_CONFLICT, 0, "a claim does not go from %s to %s",
				    claim_state_name(from), claim_state_name(end->to));
	s = stmt_get(c, STMT_CLAIM_MOVE);
	stmt_bind_i64(s, "claim_id", r->id);
	stmt_bind_i64(s, "from", from);
	stmt_bind_i64(s, "to", end->to);
	stmt_bind_i64(s, "now_ms", now_ms);
	if (end->to == CLAIM_CONFIRMED)
		rows_bind_amount(s, "moved", end->moved, moved);
	else
		stmt_bind_null(s, "moved");
	if (end->why && end->to > CLAIM_CONFIRMED)
		stmt_bind_i64(s, "reason", end->why);
	else
		stmt_bind_null(s, "reason");
	if (end->location && end->location[0])
		stmt_bind_text(s, "abort_location", str_c(end->location));
	else
		stmt_bind_null(s, "abort_location");
	stmt_bind_null(s, "gas_used");
	stmt_bind_null(s, "code");
	/* numbers of the node: what does not fit is as good as unknown */
	if (end->has_gas && end->gas <= INT64_MAX)
		stmt_bind_i64(s, "gas_used", (int64_t)end->gas);
	if (end->has_code && end->code <= INT64_MAX)
		stmt_bind_i64(s, "code", (int64_t)end->code);
	if (stmt_run(s, &changed, e))
		return -1;
	if (changed != 1)
		return gw_fail_priv(e, GWE_CONFLICT, 0, "claim %lld is not %s any more",
				    (long long)r->id, claim_state_name(from));
	r->state = end->to;
	return note(c, r->id, from, end->to, end->note ? end->note : claim_why_text(end->why),
		    now_ms, e);
}

static bool load_claim(struct stmt *s, struct claim_row *r)
{
	struct str hash = stmt_blob(s, "tx_hash"), raw;

	buf_reset(&r->raw);
	r->id = stmt_i64(s, "claim_id");
	r->kind = (enum claim_kind)stmt_i64(s, "kind");
	r->state = (enum claim_state)stmt_i64(s, "state");
	r->epoch = stmt_u64(s, "epoch");
	r->nonce = stmt_u64(s, "nonce");
	r->sequence = stmt_u64(s, "sequence_number");
	r->created_ms = stmt_i64(s, "created_ms");
	if (hash.len != sizeof r->hash)
		return false;
	memcpy(r->hash, hash.p, sizeof r->hash);
	r->has_channel = stmt_blob(s, "channel_id").len != 0;
	if ((r->has_channel && !rows_id(s, "channel_id", &r->channel)) ||
	    !rows_id(s, "sender", &r->sender) || !rows_amount(s, "amount", &r->amount) ||
	    !str_copy(r->fragment, sizeof r->fragment, stmt_text(s, "fragment")) ||
	    !str_copy(r->asset, sizeof r->asset, stmt_text(s, "asset")))
		return false;
	raw = stmt_blob(s, "raw");
	return buf_add_str(&r->raw, raw);
}

int claim_next_open(struct store_conn *c, struct claim_row *r, int64_t after, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_CLAIM_OPEN_NEXT);
	int rc;

	stmt_bind_i64(s, "after", after);
	rc = stmt_step(s, e);
	if (rc == 1)
		rc = load_claim(s, r) ? 0 : damaged(e);
	else if (rc == 0)
		rc = 1;
	stmt_done(s);
	return rc;
}

int claim_is_open(struct store_conn *c, const struct rooch_id *channel, const char *fragment,
		  struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_CLAIM_IS_OPEN);
	int rc;

	claim_bind_key(s, channel, fragment);
	rc = stmt_step(s, e);
	stmt_done(s);
	return rc;
}

/* ---- per sub-channel ---- */

static int64_t ms_or_none(struct stmt *s, const char *col)
{
	return stmt_is_null(s, col) ? 0 : stmt_i64(s, col);
}

int settlement_load(struct store_conn *c, struct settlement_row *r, const struct rooch_id *channel,
		    const char *fragment, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_SETTLEMENT_LOAD);
	int rc;

	memset(r, 0, sizeof *r);
	claim_bind_key(s, channel, fragment);
	rc = stmt_step(s, e);
	if (rc == 1) {
		bool ok = rows_amount(s, "accounted", &r->accounted) &&
			  rows_amount(s, "elsewhere", &r->elsewhere) &&
			  rows_amount(s, "lost", &r->lost);

		r->has_lost_epoch = !stmt_is_null(s, "lost_epoch");
		r->lost_epoch = r->has_lost_epoch ? stmt_u64(s, "lost_epoch") : 0;
		r->failures = (unsigned)stmt_i64(s, "failures");
		r->failing_since_ms = ms_or_none(s, "failing_since_ms");
		r->tried_ms = ms_or_none(s, "tried_ms");
		r->next_ms = ms_or_none(s, "next_ms");
		r->why = (enum claim_why)ms_or_none(s, "reason");
		rc = ok ? 0 : damaged(e);
	}
	stmt_done(s);
	return rc;
}

static void bind_ms(struct stmt *s, const char *name, int64_t ms)
{
	if (ms)
		stmt_bind_i64(s, name, ms);
	else
		stmt_bind_null(s, name);
}

int settlement_save_tx(struct store_conn *c, const struct settlement_row *r,
		       const struct rooch_id *channel, const char *fragment, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_SETTLEMENT_SAVE);
	uint8_t accounted[32], elsewhere[32], lost[32];

	claim_bind_key(s, channel, fragment);
	rows_bind_amount(s, "accounted", r->accounted, accounted);
	rows_bind_amount(s, "elsewhere", r->elsewhere, elsewhere);
	rows_bind_amount(s, "lost", r->lost, lost);
	stmt_bind_null(s, "lost_epoch");
	if (r->has_lost_epoch && stmt_bind_u64(s, "lost_epoch", r->lost_epoch, e)) {
		stmt_done(s);
		return -1;
	}
	stmt_bind_i64(s, "failures", r->failures);
	bind_ms(s, "failing_since_ms", r->failing_since_ms);
	bind_ms(s, "tried_ms", r->tried_ms);
	bind_ms(s, "next_ms", r->next_ms);
	bind_ms(s, "reason", r->why);
	return stmt_run(s, NULL, e);
}

int settlement_account_tx(struct store_conn *c, const struct rooch_id *channel,
			  const char *fragment, struct u256 claimed, bool ours, struct u256 *rise,
			  struct gw_err *e)
{
	struct settlement_row r;

	*rise = U256_ZERO;
	if (settlement_load(c, &r, channel, fragment, e))
		return -1;
	if (!u256_sub(rise, claimed, r.accounted) || u256_is_zero(*rise))
		return 0;
	if (!ours && !u256_add(&r.elsewhere, r.elsewhere, *rise))
		return damaged(e);
	r.accounted = claimed;
	return settlement_save_tx(c, &r, channel, fragment, e);
}

int64_t settlement_next_ms(unsigned failures, const struct settlement_pace *pace, int64_t now_ms)
{
	int64_t delay = pace->retry_delay_ms;

	/* Rule: gateway.md 10 MAX_RETRIES: the first try and so many more, then the next day */
	if (failures > pace->max_retries)
		return now_ms + day_ms;
	for (unsigned i = 1; i < failures && delay < day_ms; i++)
		delay *= 2;
	return now_ms + (delay < day_ms ? delay : day_ms);
}

int settlement_fail_tx(struct store_conn *c, const struct rooch_id *channel, const char *fragment,
		       enum claim_why why, const struct settlement_pace *pace, int64_t now_ms,
		       struct gw_err *e)
{
	struct settlement_row r;

	if (settlement_load(c, &r, channel, fragment, e))
		return -1;
	r.failures++;
	if (!r.failing_since_ms)
		r.failing_since_ms = now_ms;
	r.tried_ms = now_ms;
	r.next_ms = settlement_next_ms(r.failures, pace, now_ms);
	r.why = why;
	return settlement_save_tx(c, &r, channel, fragment, e);
}

int settlement_well_tx(struct store_conn *c, const struct rooch_id *channel, const char *fragment,
		       int64_t now_ms, struct gw_err *e)
{
	struct settlement_row r;

	if (settlement_load(c, &r, channel, fragment, e))
		return -1;
	r.failures = 0;
	r.failing_since_ms = r.next_ms = 0;
	r.why = WHY_NOT;
	r.tried_ms = now_ms;
	if (settlement_save_tx(c, &r, channel, fragment, e))
		return -1;
	return claim_request_drop_tx(c, channel, fragment, e);
}

int claim_request_drop_tx(struct store_conn *c, const struct rooch_id *channel,
			  const char *fragment, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_CLAIM_REQUEST_DROP);

	claim_bind_key(s, channel, fragment);
	return stmt_run(s, NULL, e);
}
