/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "settle/keep.h"

#include "store/usage_rows.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	GRACE_MS = 60000,
	BATCH = 5000,
	BATCHES = 20
}; /* short transactions: responders wait for them */

struct work {
	int64_t now_ms, before_ms, nonce_hold_s, changed;
	enum stmt_id id;
};

static int recover(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct work *w = arg;
	struct stmt *q;
	int rc;

	/* responders that slept, or waited for the store as we did, renew theirs first */
	w->changed = 0;
	rc = usage_expired_lives(c, w->now_ms - GRACE_MS, e);
	if (rc)
		return rc < 0 ? -1 : 0;
	if (usage_recover_tx(c, w->now_ms - GRACE_MS, &w->changed, e))
		return -1;
	q = stmt_get(c, STMT_SUBCHANNEL_UNLEASE_DEAD);
	stmt_bind_i64(q, "now_ms", w->now_ms - GRACE_MS);
	return stmt_run(q, NULL, e);
}

static int forget_nonces(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct work *w = arg;
	struct stmt *q = stmt_get(c, STMT_NONCE_EXPIRE);

	stmt_bind_i64(q, "now_s", w->now_ms / 1000 - w->nonce_hold_s);
	stmt_bind_i64(q, "limit", BATCH);
	return stmt_run(q, &w->changed, e);
}

static int prune(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct work *w = arg;
	struct stmt *q = stmt_get(c, w->id);

	stmt_bind_i64(q, "before", w->before_ms);
	stmt_bind_i64(q, "limit", BATCH);
	return stmt_run(q, &w->changed, e);
}

static int in_batches(struct settle *s, const char *name, store_fn fn, struct work *w,
		      struct gw_err *e)
{
	int64_t sum = 0;

	w->changed = BATCH;
	for (int i = 0; i < BATCHES && w->changed == BATCH; i++) {
		if (store_write(s->store, name, fn, w, e))
			return -1;
		sum += w->changed;
	}
	if (sum)
		log_info("%s: %lld rows removed", name, (long long)sum);
	return 0;
}

int keep_house(struct settle *s, const struct keep_ages *ages, struct gw_err *e)
{
	const int64_t day_ms = 86400000;
	struct work w = { .now_ms = clock_wall_ms(), .nonce_hold_s = ages->nonce_hold_s };

	if (store_write(s->store, "recover", recover, &w, e))
		return -1;
	if (w.changed)
		log_warn("%lld calls of processes that died are lost", (long long)w.changed);
	if (in_batches(s, "old nonces", forget_nonces, &w, e))
		return -1;
	w.id = STMT_USAGE_PRUNE;
	w.before_ms = w.now_ms - (int64_t)ages->usage_days * day_ms;
	if (ages->usage_days && in_batches(s, "old calls", prune, &w, e))
		return -1;
	w.id = STMT_VOUCHER_PRUNE;
	w.before_ms = w.now_ms - (int64_t)ages->voucher_days * day_ms;
	if (ages->voucher_days && in_batches(s, "old vouchers", prune, &w, e))
		return -1;
	return 0;
}
