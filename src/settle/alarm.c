/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "settle/alarm.h"

#include "ledger/channel_rows.h"
#include "settle/claim_rows.h"
#include "util/clock.h"
#include "util/log.h"

_Static_assert(ALARM_CLOSING == 1 && ALARM_ACCOUNT == 7, "stored");

enum { SAY_AGAIN_MS = 3600000 };

const char *alarm_name(enum alarm_kind k)
{
	switch (k) {
	case ALARM_CLOSING:
		return "closing";
	case ALARM_HUB_SHORT:
		return "hub-short";
	case ALARM_UNCLAIMABLE:
		return "unclaimable";
	case ALARM_FAILING:
		return "failing";
	case ALARM_LOST:
		return "lost";
	case ALARM_NODE:
		return "node";
	case ALARM_ACCOUNT:
		return "account";
	}
	abort();
}

static const char *sentence(enum alarm_kind k)
{
	switch (k) {
	case ALARM_CLOSING:
		return "the payer is cancelling the channel and vouchers are not disputed yet";
	case ALARM_HUB_SHORT:
		return "the payer's hub holds less than what is signed";
	case ALARM_UNCLAIMABLE:
		return "the chain takes none of the vouchers: the sub-channel's key or nonce forbids it";
	case ALARM_FAILING:
		return "claims have failed for a day";
	case ALARM_LOST:
		return "the channel ended before these vouchers were claimed; they are worthless";
	case ALARM_NODE:
		return "the node has not answered for an hour";
	case ALARM_ACCOUNT:
		return "the chain takes no transaction of the claim key";
	}
	abort();
}

struct alarm {
	enum alarm_kind kind;
	const struct rooch_id *channel;
	const char *fragment;
	const struct u256 *amount;
	int64_t now_ms;
	bool say;
};

static void bind_alarm(struct stmt *q, const struct alarm *a)
{
	stmt_bind_i64(q, "kind", a->kind);
	claim_bind_key(q, a->channel, a->fragment);
}

static int raise_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct alarm *a = arg;
	struct stmt *q = stmt_get(c, STMT_ALARM_LOAD);
	int64_t said = 0;
	uint8_t room[32];
	int rc;

	bind_alarm(q, a);
	rc = stmt_step(q, e);
	if (rc == 1)
		said = stmt_i64(q, "said_ms");
	stmt_done(q);
	if (rc < 0)
		return -1;
	a->say = !said || a->now_ms - said >= SAY_AGAIN_MS || said > a->now_ms;
	q = stmt_get(c, STMT_ALARM_RAISE);
	bind_alarm(q, a);
	if (a->amount)
		rows_bind_amount(q, "amount", *a->amount, room);
	else
		stmt_bind_null(q, "amount");
	stmt_bind_i64(q, "now_ms", a->now_ms);
	stmt_bind_i64(q, "said_ms", a->say ? a->now_ms : said);
	return stmt_run(q, NULL, e);
}

int alarm_raise(struct settle *s, enum alarm_kind k, const struct rooch_id *channel,
		const char *fragment, const struct u256 *amount, struct gw_err *e)
{
	struct alarm a = { .kind = k,
			   .channel = channel,
			   .fragment = fragment ? fragment : "",
			   .amount = amount,
			   .now_ms = clock_wall_ms(),
			   .say = true };
	char id[ROOCH_HEX_TEXT] = "-";

	s->n.risks++;
	if (!s->dry_run && store_write(s->store, "alarm", raise_tx, &a, e))
		return -1;
	if (channel)
		rooch_id_hex(id, channel);
	if (a.say)
		log_error("MONEY AT RISK: %s: channel=%s fragment=%s amount=%s: %s", alarm_name(k),
			  id, a.fragment[0] ? a.fragment : "-",
			  amount ? settle_amount(*amount).c : "-", sentence(k));
	return 0;
}

static int clear_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct settle *s = arg;
	struct stmt *q = stmt_get(c, STMT_ALARM_CLEAR);

	stmt_bind_i64(q, "before", s->started_ms);
	return stmt_run(q, NULL, e);
}

int alarm_clear(struct settle *s, struct gw_err *e)
{
	return store_write(s->store, "alarms", clear_tx, s, e);
}
