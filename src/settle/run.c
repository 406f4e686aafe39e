/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "settle/run.h"

#include "settle/alarm.h"
#include "settle/claims.h"
#include "settle/finish.h"
#include "settle/submit.h"
#include "util/clock.h"
#include "util/log.h"

enum { NODE_AWAY_MS = 3600000 };

/* ---- the row of the run ---- */

struct run_row {
	int64_t now_ms, node_ms;
	int status;
};

static int begin_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct run_row *r = arg;
	struct stmt *q = stmt_get(c, STMT_RUN_BEGIN);

	stmt_bind_i64(q, "now_ms", r->now_ms);
	return stmt_run(q, NULL, e);
}

static int end_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct run_row *r = arg;
	struct stmt *q = stmt_get(c, STMT_RUN_END);

	stmt_bind_i64(q, "now_ms", r->now_ms);
	stmt_bind_i64(q, "status", r->status);
	stmt_bind_null(q, "node_ms");
	if (r->node_ms)
		stmt_bind_i64(q, "node_ms", r->node_ms);
	return stmt_run(q, NULL, e);
}

static int last_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct run_row *r = arg;
	struct stmt *q = stmt_get(c, STMT_RUN_LAST);
	int rc = stmt_step(q, e);

	r->node_ms = rc == 1 && !stmt_is_null(q, "node_ms") ? stmt_i64(q, "node_ms") : 0;
	stmt_done(q);
	return rc < 0 ? -1 : 0;
}

/* ---- steps ---- */

static int check_chain(struct settle *s, struct gw_err *e)
{
	struct gw_err why;
	uint64_t id;

	(void)e;
	if (s->chain.chain_id(s->chain.arg, &id, &why)) {
		log_warn("the node does not answer: %s", why.priv[0] ? why.priv : why.pub);
		s->stop = STOP_NODE;
		return 0;
	}
	s->node_ms = clock_wall_ms();
	if (id != s->chain_id) {
		log_error("the node is of chain %llu, the network is chain %llu",
			  (unsigned long long)id, (unsigned long long)s->chain_id);
		s->stop = STOP_CHAIN;
	}
	return 0;
}

static int alarms(struct watch *w, struct settle *s, struct gw_err *e)
{
	struct run_row last = { .now_ms = 0 };

	if (claims_alarms(w, s, e))
		return -1;
	if ((s->stop == STOP_KEY || s->stop == STOP_GAS) &&
	    alarm_raise(s, ALARM_ACCOUNT, NULL, NULL, NULL, e))
		return -1;
	if (!s->node_ms && w->n_channel) {
		if (store_read(s->store, last_tx, &last, e))
			return -1;
		if (last.node_ms && s->started_ms - last.node_ms >= NODE_AWAY_MS &&
		    alarm_raise(s, ALARM_NODE, NULL, NULL, NULL, e))
			return -1;
	}
	/* What this run did not look at is as it was. */
	if (s->dry_run || s->only || s->stop == STOP_NODE || s->n.unread)
		return 0;
	return alarm_clear(s, e);
}

static int steps(struct settle *s, const struct run_orders *o, struct watch *w, int *refused,
		 struct gw_err *e)
{
	int rc;

	if (check_chain(s, e))
		return -1;
	settle_step("begun");
	if (!s->dry_run && (keep_house(s, &o->ages, e) || (!s->stop && submit_resume(s, e))))
		return -1;
	settle_step("resumed");
	if (watch_load(w, s, e) || (!s->stop && watch_read(w, s, e)))
		return -1;
	settle_step("watched");
	if (!o->close && claims_run(w, s, e))
		return -1;
	if (finish_finalize(w, s, e))
		return -1;
	rc = o->close ? finish_close(w, s, e) : 0;
	*refused |= rc > 0;
	if (rc >= 0 && o->withdraw) {
		rc = finish_withdraw(s, e);
		*refused |= rc > 0;
	}
	return rc < 0 ? -1 : alarms(w, s, e);
}

static int status_of(const struct settle *s, int refused)
{
	const struct settle_counts *n = &s->n;

	if (s->stop == STOP_CHAIN || s->stop == STOP_KEY)
		return SETTLE_CONFIG;
	if (n->risks)
		return SETTLE_RISK;
	return refused || s->stop || n->failed || n->open || n->unread || n->waiting ? SETTLE_RETRY
										     : SETTLE_OK;
}

static void say(const struct settle *s, int status)
{
	const struct settle_counts *n = &s->n;

	if (status || n->confirmed)
		log_info(
			"settled: due=%u confirmed=%u moved=%s failed=%u open=%u waiting=%u unread=%u "
			"short=%u risks=%u ms=%lld status=%d",
			n->due, n->confirmed, settle_amount(n->moved).c, n->failed, n->open,
			n->waiting, n->unread, n->short_of_funds, n->risks,
			(long long)(clock_wall_ms() - s->started_ms), status);
}

int run_once(struct settle *s, const struct run_orders *o)
{
	struct run_row row = { .now_ms = clock_wall_ms() };
	struct watch w = { .n_channel = 0 };
	struct gw_err e = { .code = GWE_OK };
	int refused = 0, rc = 0;

	s->started_ms = row.now_ms;
	s->has_sequence = false;
	s->stop = STOP_NOT;
	s->trouble = 0;
	s->node_ms = 0;
	memset(&s->n, 0, sizeof s->n);
	if (!s->dry_run)
		rc = store_write(s->store, "run", begin_tx, &row, &e);
	if (!rc)
		rc = steps(s, o, &w, &refused, &e);
	watch_clear(&w);
	row.status = rc ? SETTLE_RETRY : status_of(s, refused);
	if (rc)
		log_error("the run broke off: %s", e.priv[0] ? e.priv : e.pub);
	row.now_ms = clock_wall_ms();
	row.node_ms = s->node_ms;
	if (!s->dry_run && store_write(s->store, "run", end_tx, &row, &e)) {
		log_error("the run broke off: %s", e.priv[0] ? e.priv : e.pub);
		row.status = SETTLE_RETRY;
	}
	settle_step("over");
	say(s, row.status);
	return row.status;
}
