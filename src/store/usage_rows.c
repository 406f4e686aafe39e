/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "store/usage_rows.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

/* In the database, never renumber. */
_Static_assert(USAGE_STARTED == 0 && USAGE_DONE == 1 && USAGE_LOST == 2, "stored");
_Static_assert(OUTCOME_NONE == 0 && OUTCOME_OK == 1 && OUTCOME_UPSTREAM_ERROR == 2 &&
		       OUTCOME_UPSTREAM_BROKE == 3 && OUTCOME_CLIENT_GONE == 4 &&
		       OUTCOME_REFUSED == 5 && OUTCOME_KILLED == 6,
	       "stored");

static void bind_text_or_null(struct stmt *s, const char *name, struct str v)
{
	if (v.len)
		stmt_bind_text(s, name, v);
	else
		stmt_bind_null(s, name);
}

/* Negative or, where @zero_is_none, zero: not known. */
static void bind_known(struct stmt *s, const char *name, int64_t v, bool zero_is_none)
{
	if (v < 0 || (zero_is_none && v == 0))
		stmt_bind_null(s, name);
	else
		stmt_bind_i64(s, name, v);
}

int usage_lease_ensure_tx(struct store_conn *c, struct str owner, int64_t lease_until_ms,
			  int64_t now_ms, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_LEASE_ENSURE);

	stmt_bind_text(s, "owner", owner);
	stmt_bind_i64(s, "until_ms", lease_until_ms);
	stmt_bind_i64(s, "now_ms", now_ms);
	return stmt_run(s, NULL, e);
}

/* Unbound is NULL. */
static int bind_payment(struct stmt *s, const struct usage_payment *p, struct gw_err *e)
{
	if (!p)
		return 0;
	stmt_bind_blob(s, "channel_id", p->channel_id, 32);
	stmt_bind_text(s, "fragment", p->fragment);
	stmt_bind_i64(s, "decision", p->decision);
	return stmt_bind_u64(s, "rate_pico", p->rate_pico, e);
}

static int bind_charge(struct stmt *s, const struct usage_charge *c, struct gw_err *e)
{
	if (!c)
		return 0;
	if (stmt_bind_u64(s, "epoch", c->epoch, e) || stmt_bind_u64(s, "nonce", c->nonce, e))
		return -1;
	stmt_bind_blob(s, "cost_asset", c->cost, sizeof c->cost);
	return stmt_bind_u64(s, "forgone_pico", c->forgone_pico, e);
}

int usage_start_tx(struct store_conn *c, const struct usage_start *u, int64_t *id, struct gw_err *e)
{
	struct stmt *s;

	if (u->lease_until_ms &&
	    usage_lease_ensure_tx(c, u->owner, u->lease_until_ms, u->now_ms, e))
		return -1;
	s = stmt_get(c, STMT_USAGE_START);
	stmt_bind_text(s, "owner", u->owner);
	stmt_bind_text(s, "request_id", u->request_id);
	bind_text_or_null(s, "client_tx_ref", u->client_tx_ref);
	stmt_bind_text(s, "did", u->did);
	stmt_bind_text(s, "provider", u->provider);
	stmt_bind_text(s, "api", u->api);
	bind_text_or_null(s, "model", u->model);
	stmt_bind_text(s, "method", u->method);
	stmt_bind_text(s, "path", u->path);
	stmt_bind_i64(s, "stream", u->stream);
	stmt_bind_i64(s, "free", u->free);
	stmt_bind_i64(s, "started_ms", u->started_ms);
	if (stmt_bind_u64(s, "bound_pico", u->bound_pico, e) || bind_payment(s, u->payment, e)) {
		stmt_done(s);
		return -1;
	}
	return stmt_insert(s, id, e);
}

int usage_finish_tx(struct store_conn *c, int64_t id, const struct usage_finish *u,
		    struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_USAGE_FINISH);
	int64_t changed = 0;

	/* in the order of the text */
	stmt_bind_i64(s, "outcome", u->outcome);
	bind_known(s, "status", u->status, true);
	bind_known(s, "upstream_status", u->upstream_status, true);
	bind_text_or_null(s, "error_code", u->error_code);
	bind_text_or_null(s, "model_reported", u->model_reported);
	bind_text_or_null(s, "upstream_request_id", u->upstream_request_id);
	bind_known(s, "first_byte_ms", u->first_byte_ms, false);
	stmt_bind_i64(s, "finished_ms", u->finished_ms);
	if (stmt_bind_u64(s, "bytes_out", u->bytes_out, e) ||
	    (u->cost_known && stmt_bind_u64(s, "cost_pico", u->cost_pico, e))) {
		stmt_done(s);
		return -1;
	}
	stmt_bind_i64(s, "estimated", u->estimated);
	stmt_bind_i64(s, "exact", u->exact);
	bind_known(s, "input_tokens", u->input_tokens, false);
	bind_known(s, "output_tokens", u->output_tokens, false);
	bind_known(s, "cached_tokens", u->cached_tokens, false);
	bind_text_or_null(s, "usage_json", u->usage_json);
	bind_text_or_null(s, "cost_json", u->cost_json);
	bind_text_or_null(s, "price_version", u->price_version);
	bind_text_or_null(s, "multiplier", u->multiplier);
	bind_text_or_null(s, "priced_as", u->priced_as);
	bind_text_or_null(s, "cost_source", u->cost_source);
	if (bind_charge(s, u->charge, e)) {
		stmt_done(s);
		return -1;
	}
	stmt_bind_i64(s, "usage_id", id);
	if (stmt_run(s, &changed, e))
		return -1;
	return changed == 1 ? 0 : gw_fail(e, GWE_CONFLICT, 0, "the usage row is final already");
}

int usage_lease_held(struct store_conn *c, struct str owner, int64_t now_ms, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_LEASE_HELD);
	int r;

	stmt_bind_text(s, "owner", owner);
	stmt_bind_i64(s, "now_ms", now_ms);
	r = stmt_step(s, e);
	stmt_done(s);
	return r;
}

int usage_renew_tx(struct store_conn *c, struct str owner, int64_t lease_until_ms, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_LEASE_RENEW);

	stmt_bind_text(s, "owner", owner);
	stmt_bind_i64(s, "until_ms", lease_until_ms);
	return stmt_run(s, NULL, e);
}

/*
 * The owner's name begins with the number of its process. Our own was somebody else's before: in a
 * container that starts again all get the same ones.
 */
static bool lives(struct str owner)
{
	ptrdiff_t end = str_find(owner, ':');
	uint64_t pid;

	return end > 0 && str_u64(str_sub(owner, 0, (size_t)end), &pid) && pid > 0 &&
	       pid <= INT32_MAX && (pid_t)pid != getpid() &&
	       (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

int usage_expired_lives(struct store_conn *c, int64_t now_ms, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_LEASE_EXPIRED);
	bool found = false;
	int r;

	stmt_bind_i64(s, "now_ms", now_ms);
	while (!found && (r = stmt_step(s, e)) == 1)
		found = lives(stmt_text(s, "owner"));
	stmt_done(s);
	return found ? 1 : r;
}

static int lose(struct store_conn *c, struct str owner, int64_t now_ms, int64_t *count,
		struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_USAGE_LOSE);
	int64_t changed = 0;

	stmt_bind_text(s, "owner", owner);
	stmt_bind_i64(s, "now_ms", now_ms);
	if (stmt_run(s, &changed, e))
		return -1;
	*count += changed;
	s = stmt_get(c, STMT_LEASE_DROP);
	stmt_bind_text(s, "owner", owner);
	return stmt_run(s, NULL, e);
}

int usage_recover_tx(struct store_conn *c, int64_t now_ms, int64_t *count, struct gw_err *e)
{
	enum { OWNER_MAX = 128 };
	char owner[OWNER_MAX];

	*count = 0;
	/* One at a time: the list changes under our hands. */
	for (;;) {
		struct stmt *s = stmt_get(c, STMT_LEASE_EXPIRED);
		int r;

		stmt_bind_i64(s, "now_ms", now_ms);
		r = stmt_step(s, e);
		if (r == 1 && !str_copy(owner, sizeof owner, stmt_text(s, "owner")))
			r = gw_fail_priv(e, GWE_INTERNAL, 0, "the name of a lease is too long");
		stmt_done(s);
		if (r <= 0)
			return r;
		if (lose(c, str_c(owner), now_ms, count, e))
			return -1;
	}
}
