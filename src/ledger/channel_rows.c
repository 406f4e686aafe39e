/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/channel_rows.h"

/* In the database, never renumber. */
_Static_assert(CLAIM_THRESHOLD == 1 && CLAIM_ADMIN == 2, "stored");
_Static_assert(CHANNEL_ACTIVE == 0 && CHANNEL_CANCELLING == 1 && CHANNEL_CLOSED == 2, "stored");

/* ---- parameters and columns ---- */

void rows_bind_id(struct stmt *s, const char *name, const struct rooch_id *id)
{
	stmt_bind_blob(s, name, id->b, sizeof id->b);
}

/* @room has to live until stmt_done. */
void rows_bind_amount(struct stmt *s, const char *name, struct u256 v, uint8_t room[32])
{
	u256_to_be(room, v);
	stmt_bind_blob(s, name, room, 32);
}

bool rows_id(struct stmt *s, const char *col, struct rooch_id *out)
{
	struct str b = stmt_blob(s, col);

	if (b.len != sizeof out->b)
		return false;
	memcpy(out->b, b.p, sizeof out->b);
	return true;
}

bool rows_amount(struct stmt *s, const char *col, struct u256 *out)
{
	struct str b = stmt_blob(s, col);

	if (b.len != 32)
		return false;
	*out = u256_from_be((const uint8_t *)b.p);
	return true;
}

static void bind_key(struct stmt *s, const struct rooch_id *channel, const char *fragment)
{
	rows_bind_id(s, "channel_id", channel);
	stmt_bind_text(s, "fragment", str_c(fragment));
}

/* Numbers of the border are at most RAV_NONCE_MAX, epochs were checked when they came in. */
static int bind_point(struct stmt *s, const struct rav_point *p, uint8_t room[32], struct gw_err *e)
{
	rows_bind_amount(s, "amount", p->amount, room);
	return stmt_bind_u64(s, "epoch", p->epoch, e) || stmt_bind_u64(s, "nonce", p->nonce, e) ? -1
												: 0;
}

/* Run a step that has to change exactly one row. */
static int run_one(struct stmt *s, const char *what, struct gw_err *e)
{
	int64_t changed = 0;

	if (stmt_run(s, &changed, e) < 0)
		return -1;
	if (changed == 1)
		return 0;
	(void)gw_fail_priv(e, GWE_CONFLICT, 0, "%s: the sub-channel is in another state", what);
	return -1;
}

static int damaged(struct gw_err *e)
{
	return gw_fail_priv(e, GWE_INTERNAL, 0, "a row of the channels cannot be read");
}

/* ---- loading ---- */

static bool load_point(struct stmt *s, struct rav_point *p, const char *epoch, const char *nonce,
		       const char *amount)
{
	p->epoch = stmt_u64(s, epoch);
	p->nonce = stmt_u64(s, nonce);
	return rows_amount(s, amount, &p->amount);
}

static bool load_row(struct stmt *s, struct subchannel_row *r)
{
	struct rav_state *v = &r->rav;
	bool ok = rows_id(s, "payer", &r->payer) &&
		  str_copy(r->asset, sizeof r->asset, stmt_text(s, "asset")) &&
		  rows_amount(s, "last_claimed", &v->last_claimed);

	r->status = (enum channel_status)stmt_i64(s, "status");
	v->chain_id = stmt_u64(s, "chain_id");
	v->epoch = stmt_u64(s, "epoch");
	v->last_nonce = stmt_u64(s, "last_nonce");
	r->channel_ms = stmt_i64(s, "channel_ms");
	r->read_ms = stmt_i64(s, "read_ms");
	v->has_signed = !stmt_is_null(s, "signed_epoch");
	if (ok && v->has_signed)
		ok = load_point(s, &v->signed_point, "signed_epoch", "signed_nonce",
				"signed_amount");
	v->has_pending = !stmt_is_null(s, "pending_epoch");
	if (ok && v->has_pending) {
		ok = load_point(s, &v->pending, "pending_epoch", "pending_nonce",
				"pending_amount") &&
		     rows_amount(s, "pending_cost", &v->pending_cost);
		r->pending_cost_pico = picousd_of(stmt_u64(s, "pending_cost_pico"));
	}
	r->has_lease = !stmt_is_null(s, "lease_owner");
	if (ok && r->has_lease) {
		ok = str_copy(r->lease.owner, sizeof r->lease.owner, stmt_text(s, "lease_owner"));
		r->lease.usage_id = stmt_i64(s, "lease_usage_id");
		r->lease_alive = stmt_i64(s, "lease_alive") != 0;
	}
	r->has_balance = stmt_i64(s, "balance_counts") && !stmt_is_null(s, "balance");
	if (ok && r->has_balance) {
		ok = rows_amount(s, "balance", &r->balance);
		r->balance_ms = stmt_i64(s, "balance_ms");
	}
	return ok;
}

/* Runs @s, whose other parameters are bound. */
static int load_by(struct stmt *s, struct subchannel_row *r, const struct rooch_id *channel,
		   const char *fragment, struct gw_err *e)
{
	int rc;

	memset(r, 0, sizeof *r);
	r->rav.channel_id = *channel;
	r->rav.fragment = r->fragment;
	if (!str_copy(r->fragment, sizeof r->fragment, str_c(fragment))) {
		stmt_done(s);
		return damaged(e);
	}
	bind_key(s, channel, fragment);
	rc = stmt_step(s, e);
	if (rc == 1)
		rc = load_row(s, r) ? 0 : damaged(e);
	else if (rc == 0)
		rc = 1;
	stmt_done(s);
	return rc;
}

int subchannel_load(struct store_conn *c, struct subchannel_row *r, const struct rooch_id *channel,
		    const char *fragment, int64_t now_ms, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_SUBCHANNEL_LOAD);

	stmt_bind_i64(s, "now_ms", now_ms);
	return load_by(s, r, channel, fragment, e);
}

int subchannel_load_leased(struct store_conn *c, struct subchannel_row *r,
			   const struct rooch_id *channel, const char *fragment, struct gw_err *e)
{
	return load_by(stmt_get(c, STMT_SUBCHANNEL_LOAD_LEASED), r, channel, fragment, e);
}

int subchannel_is_busy(struct store_conn *c, const struct rooch_id *channel, const char *fragment,
		       int64_t now_ms, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_SUBCHANNEL_BUSY);
	int rc;

	bind_key(s, channel, fragment);
	stmt_bind_i64(s, "now_ms", now_ms);
	rc = stmt_step(s, e);
	stmt_done(s);
	return rc;
}

/* ---- debts ---- */

struct u256 rav_unclaimed(const struct rav_state *s)
{
	struct u256 d;

	/* Rule: rooch.md 7.3: vouchers of another epoch are worthless */
	if (!s->has_signed || s->signed_point.epoch != s->epoch ||
	    !u256_sub(&d, s->signed_point.amount, s->last_claimed))
		return U256_ZERO;
	return d;
}

static bool add_unclaimed(struct stmt *s, struct u256 *sum)
{
	struct u256 amount, claimed, d;

	if (stmt_is_null(s, "signed_amount"))
		return true;
	if (!rows_amount(s, "signed_amount", &amount) || !rows_amount(s, "last_claimed", &claimed))
		return false;
	return !u256_sub(&d, amount, claimed) || u256_add(sum, *sum, d);
}

/* A proposal's cost or a bound; they exclude each other. */
static bool add_unsigned(struct stmt *s, struct payer_debt *d)
{
	bool pending = !stmt_is_null(s, "pending_cost");
	struct picousd sum;
	struct u256 v;

	if (!pending && (stmt_is_null(s, "lease_bound") || !stmt_i64(s, "lease_alive")))
		return true;
	if (!rows_amount(s, pending ? "pending_cost" : "lease_bound", &v) ||
	    !u256_add(&d->owed, d->owed, v))
		return false;
	if (!picousd_add(
		    &sum, picousd_of(d->unsigned_pico),
		    picousd_of(stmt_u64(s, pending ? "pending_cost_pico" : "lease_bound_pico"))))
		return false;
	d->unsigned_pico = picousd_u64(sum);
	return true;
}

/* What @r itself draws, with what is not yet written. */
static bool add_own(struct payer_debt *d, const struct subchannel_row *r)
{
	d->subchannels++;
	return u256_add(&d->owed, d->owed, rav_unclaimed(&r->rav)) &&
	       (!r->rav.has_pending || u256_add(&d->owed, d->owed, r->rav.pending_cost));
}

int payer_debt(struct store_conn *c, struct payer_debt *out, const struct subchannel_row *own,
	       int64_t now_ms, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_SUBCHANNELS_OF_PAYER);
	bool fits;
	int rc = 1;

	*out = (struct payer_debt){ .owed = U256_ZERO };
	bind_key(s, &own->rav.channel_id, own->fragment);
	rows_bind_id(s, "payer", &own->payer);
	stmt_bind_text(s, "asset", str_c(own->asset));
	stmt_bind_i64(s, "now_ms", now_ms);
	fits = add_own(out, own);
	while (fits && (rc = stmt_step(s, e)) == 1) {
		out->subchannels++;
		fits = add_unclaimed(s, &out->owed) && add_unsigned(s, out);
	}
	if (!fits)
		rc = gw_fail_priv(e, GWE_INTERNAL, 0, "the debts of a payer do not add up");
	stmt_done(s);
	return rc;
}

/* ---- steps ---- */

static int add_voucher(struct store_conn *c, const struct voucher *v, int64_t now_ms,
		       struct gw_err *e)
{
	struct rav_point p = { v->rav.epoch, v->rav.nonce, v->rav.accumulated };
	struct stmt *s = stmt_get(c, STMT_VOUCHER_ADD);
	uint8_t room[32];

	bind_key(s, &v->rav.channel_id, v->rav.fragment);
	stmt_bind_blob(s, "signature", v->signature, sizeof v->signature);
	stmt_bind_i64(s, "now_ms", now_ms);
	if (bind_point(s, &p, room, e) < 0 ||
	    stmt_bind_u64(s, "chain_id", v->rav.chain_id, e) < 0) {
		stmt_done(s);
		return -1;
	}
	return run_one(s, "voucher", e);
}

int subchannel_accept_tx(struct store_conn *c, struct subchannel_row *r, const struct voucher *v,
			 int64_t now_ms, struct gw_err *e)
{
	if (add_voucher(c, v, now_ms, e) < 0)
		return -1;
	r->rav.has_signed = true;
	r->rav.signed_point = (struct rav_point){ v->rav.epoch, v->rav.nonce, v->rav.accumulated };
	r->rav.has_pending = false;
	r->signed_ms = now_ms;
	r->unwritten = true;
	return 0;
}

static int bind_signed(struct stmt *s, const struct subchannel_row *r, uint8_t room[32],
		       struct gw_err *e)
{
	stmt_bind_i64(s, "now_ms", r->signed_ms);
	return bind_point(s, &r->rav.signed_point, room, e);
}

int subchannel_write_tx(struct store_conn *c, struct subchannel_row *r, struct gw_err *e)
{
	struct stmt *s;
	uint8_t room[32];

	if (!r->unwritten)
		return 0;
	s = stmt_get(c, STMT_SUBCHANNEL_SIGN);
	bind_key(s, &r->rav.channel_id, r->fragment);
	if (bind_signed(s, r, room, e) < 0) {
		stmt_done(s);
		return -1;
	}
	if (run_one(s, "sign", e) < 0)
		return -1;
	r->unwritten = false;
	return 0;
}

int subchannel_sign_tx(struct store_conn *c, struct subchannel_row *r, const struct voucher *v,
		       int64_t now_ms, struct gw_err *e)
{
	return subchannel_accept_tx(c, r, v, now_ms, e) || subchannel_write_tx(c, r, e) ? -1 : 0;
}

int subchannel_lease_tx(struct store_conn *c, struct subchannel_row *r,
			const struct subchannel_lease *lease, struct u256 bound,
			struct picousd bound_pico, struct gw_err *e)
{
	struct stmt *s =
		stmt_get(c, r->unwritten ? STMT_SUBCHANNEL_SIGN_LEASE : STMT_SUBCHANNEL_LEASE);
	uint8_t amount[32], room[32];

	bind_key(s, &r->rav.channel_id, r->fragment);
	stmt_bind_text(s, "owner", str_c(lease->owner));
	stmt_bind_i64(s, "usage_id", lease->usage_id);
	rows_bind_amount(s, "bound", bound, room);
	if ((r->unwritten && bind_signed(s, r, amount, e) < 0) ||
	    stmt_bind_u64(s, "bound_pico", picousd_u64(bound_pico), e) < 0) {
		stmt_done(s);
		return -1;
	}
	if (run_one(s, "lease", e) < 0)
		return -1;
	r->unwritten = false;
	r->has_lease = r->lease_alive = true;
	r->lease = *lease;
	return 0;
}

int subchannel_unlease_tx(struct store_conn *c, struct subchannel_row *r, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_SUBCHANNEL_UNLEASE);

	bind_key(s, &r->rav.channel_id, r->fragment);
	stmt_bind_text(s, "owner", str_c(r->lease.owner));
	stmt_bind_i64(s, "usage_id", r->lease.usage_id);
	if (run_one(s, "unlease", e) < 0)
		return -1;
	r->has_lease = r->lease_alive = false;
	return 0;
}

int subchannel_propose_tx(struct store_conn *c, struct subchannel_row *r, const struct rav_point *p,
			  struct u256 cost, struct picousd cost_pico,
			  const struct subchannel_lease *lease, int64_t now_ms, struct gw_err *e)
{
	struct stmt *s;
	uint8_t amount[32], room[32];

	if (subchannel_write_tx(c, r, e) < 0)
		return -1;
	s = stmt_get(c, STMT_SUBCHANNEL_PROPOSE);
	bind_key(s, &r->rav.channel_id, r->fragment);
	rows_bind_amount(s, "cost", cost, room);
	stmt_bind_i64(s, "now_ms", now_ms);
	if (lease) {
		stmt_bind_text(s, "owner", str_c(lease->owner));
		stmt_bind_i64(s, "usage_id", lease->usage_id);
	} else {
		stmt_bind_null(s, "owner");
		stmt_bind_null(s, "usage_id");
	}
	if (bind_point(s, p, amount, e) < 0 ||
	    stmt_bind_u64(s, "cost_pico", picousd_u64(cost_pico), e) < 0) {
		stmt_done(s);
		return -1;
	}
	if (run_one(s, "propose", e) < 0)
		return -1;
	r->rav.has_pending = true;
	r->rav.pending = *p;
	r->rav.pending_cost = cost;
	r->pending_cost_pico = cost_pico;
	r->has_lease = r->lease_alive = false;
	return 0;
}

int subchannel_revive_tx(struct store_conn *c, struct subchannel_row *r, int64_t now_ms,
			 struct gw_err *e)
{
	struct rav_point p;
	struct stmt *s;
	uint8_t room[32];

	if (rav_propose(&r->rav, r->rav.pending_cost, &p, e) < 0)
		return -1;
	s = stmt_get(c, STMT_SUBCHANNEL_REPLACE);
	bind_key(s, &r->rav.channel_id, r->fragment);
	stmt_bind_i64(s, "now_ms", now_ms);
	if (bind_point(s, &p, room, e) < 0 ||
	    stmt_bind_u64(s, "old_epoch", r->rav.pending.epoch, e) < 0 ||
	    stmt_bind_u64(s, "old_nonce", r->rav.pending.nonce, e) < 0) {
		stmt_done(s);
		return -1;
	}
	if (run_one(s, "replace", e) < 0)
		return -1;
	r->rav.pending = p;
	return 0;
}

static int hub_claimed(struct store_conn *c, const struct rooch_id *owner, const char *asset,
		       struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_HUB_CLAIMED);

	rows_bind_id(s, "owner", owner);
	stmt_bind_text(s, "asset", str_c(asset));
	return stmt_run(s, NULL, e);
}

int subchannel_claimed_tx(struct store_conn *c, const struct subchannel_row *r, struct u256 claimed,
			  uint64_t nonce, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_SUBCHANNEL_CLAIMED);
	int64_t changed = 0;
	uint8_t room[32];

	bind_key(s, &r->rav.channel_id, r->fragment);
	rows_bind_amount(s, "amount", claimed, room);
	if (stmt_bind_u64(s, "nonce", nonce, e) < 0) {
		stmt_done(s);
		return -1;
	}
	if (stmt_run(s, &changed, e) < 0)
		return -1;
	return changed ? hub_claimed(c, &r->payer, r->asset, e) : 0;
}

int claim_request_tx(struct store_conn *c, const struct rooch_id *channel, const char *fragment,
		     enum claim_reason reason, int64_t now_ms, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_CLAIM_REQUEST_ADD);

	bind_key(s, channel, fragment);
	stmt_bind_i64(s, "reason", reason);
	stmt_bind_i64(s, "now_ms", now_ms);
	return stmt_run(s, NULL, e);
}

static bool load_voucher(struct stmt *s, struct voucher *v)
{
	struct str sig = stmt_blob(s, "signature");

	v->rav.version = SUBRAV_VERSION;
	v->rav.chain_id = stmt_u64(s, "chain_id");
	v->rav.epoch = stmt_u64(s, "epoch");
	v->rav.nonce = stmt_u64(s, "nonce");
	if (sig.len != sizeof v->signature || !rows_amount(s, "amount", &v->rav.accumulated))
		return false;
	memcpy(v->signature, sig.p, sig.len);
	return true;
}

int voucher_find(struct store_conn *c, struct voucher *out, const struct rooch_id *channel,
		 const char *fragment, uint64_t nonce, struct gw_err *e)
{
	struct stmt *s;
	int rc;

	if (nonce > RAV_NONCE_MAX)
		return 1;
	memset(out, 0, sizeof *out);
	out->rav.channel_id = *channel;
	if (!str_copy(out->rav.fragment, sizeof out->rav.fragment, str_c(fragment)))
		return 1;
	s = stmt_get(c, STMT_VOUCHER_BY_NONCE);
	bind_key(s, channel, fragment);
	stmt_bind_i64(s, "nonce", (int64_t)nonce);
	rc = stmt_step(s, e);
	if (rc == 1)
		rc = load_voucher(s, out) ? 0 : damaged(e);
	else if (rc == 0)
		rc = 1;
	stmt_done(s);
	return rc;
}
