/* SPDX-License-Identifier: Apache-2.0 */
/* What administrators ask. The numbers come from the database, whatever process counted them. */
#include "config.h"

#include "pipeline/payment_api.h"

#include "codec/jscan.h"
#include "codec/jwrite.h"
#include "ledger/channel_rows.h"
#include "util/clock.h"

/* ---- status ---- */

struct counts {
	int64_t requests, paid, failed, queued;
	/* of settlement */
	int64_t active, confirmed, failed_claims, dropped, short_of_funds, waiting, average_ms,
		triggered;
};

static int read_claims(struct store_conn *c, struct counts *n, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_CLAIM_COUNTS);
	int rc = stmt_step(s, e);

	if (rc == 1) {
		n->active = stmt_i64(s, "active");
		n->confirmed = stmt_i64(s, "confirmed");
		n->failed_claims = stmt_i64(s, "failed");
		n->dropped = stmt_i64(s, "dropped");
		n->short_of_funds = stmt_i64(s, "short");
		n->waiting = stmt_i64(s, "waiting");
		n->average_ms = stmt_i64(s, "average_ms");
		n->triggered = stmt_i64(s, "triggered");
	}
	stmt_done(s);
	return rc == 1 ? 0 : -1;
}

static int read_counts(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct counts *n = arg;
	struct stmt *s = stmt_get(c, STMT_PAYMENT_COUNTS);
	int rc = stmt_step(s, e);

	if (rc == 1) {
		n->requests = stmt_i64(s, "requests");
		n->paid = stmt_i64(s, "paid");
		n->failed = stmt_i64(s, "failed");
	}
	stmt_done(s);
	if (rc != 1)
		return -1;
	s = stmt_get(c, STMT_CLAIM_REQUEST_COUNT);
	rc = stmt_step(s, e);
	if (rc == 1)
		n->queued = stmt_i64(s, "n");
	stmt_done(s);
	return rc == 1 ? read_claims(c, n, e) : -1;
}

static void write_policy(struct jwrite *w, const struct conf *c)
{
	enum { SHORT_OF_FUNDS_MS = 30000 };

	jwrite_object(w, "policy");
	api_number(w, "minClaimAmount", c->min_claim_amount);
	api_number(w, "maxConcurrentClaims", c->max_concurrent_claims);
	api_number(w, "maxRetries", c->max_retries);
	api_number(w, "retryDelayMs", c->retry_delay_ms);
	jwrite_bool(w, "requireHubBalance", true);
	api_number(w, "insufficientFundsBackoffMs", SHORT_OF_FUNDS_MS);
	jwrite_bool(w, "countInsufficientAsFailure", false);
	jwrite_object_end(w);
}

void payment_admin_status(struct api_call *a)
{
	struct counts n = { 0 };
	struct jwrite w;
	struct gw_err e;
	struct buf b;

	if (store_read(a->g->store, read_counts, &n, &e) < 0) {
		api_refuse(a, &e);
		return;
	}
	api_begin(&w, &b);
	jwrite_object(&w, "claims");
	/* Rule: payment-channel.md 10: the counters are those of the settlement program */
	jwrite_i64(&w, "active", n.active);
	jwrite_i64(&w, "queued", n.queued);
	jwrite_i64(&w, "successCount", n.confirmed);
	jwrite_i64(&w, "failedCount", n.failed_claims);
	jwrite_i64(&w, "skippedCount", n.dropped);
	jwrite_i64(&w, "insufficientFundsCount", n.short_of_funds);
	jwrite_i64(&w, "backoffCount", n.waiting);
	jwrite_i64(&w, "avgProcessingTimeMs", n.average_ms);
	write_policy(&w, a->rq->conf);
	jwrite_object_end(&w);
	jwrite_object(&w, "processor");
	jwrite_i64(&w, "totalRequests", n.requests);
	jwrite_i64(&w, "successfulPayments", n.paid);
	jwrite_i64(&w, "failedPayments", n.failed);
	jwrite_i64(&w, "autoClaimsTriggered", n.triggered);
	jwrite_object_end(&w);
	api_timestamp(&w, "timestamp");
	api_send(a, &w, &b);
}

/* ---- claim-trigger ---- */

struct trigger {
	struct rooch_id channel_id;
	struct u256 threshold;
	struct jwrite queued, skipped; /* elements of the two lists */
	struct buf queued_json, skipped_json;
	bool found;
};

static bool read_delta(struct stmt *s, struct u256 *delta)
{
	struct u256 amount, claimed;

	*delta = U256_ZERO;
	if (stmt_is_null(s, "signed_amount"))
		return true;
	if (!rows_amount(s, "signed_amount", &amount) || !rows_amount(s, "last_claimed", &claimed))
		return false;
	if (!u256_sub(delta, amount, claimed))
		*delta = U256_ZERO;
	return true;
}

static void skip(struct trigger *t, struct str fragment, struct u256 delta)
{
	bool nothing = u256_is_zero(delta);

	jwrite_object(&t->skipped, NULL);
	jwrite_str(&t->skipped, "vmIdFragment", fragment);
	jwrite_text(&t->skipped, "reason", nothing ? "no_delta" : "below_threshold");
	if (!nothing) {
		api_amount(&t->skipped, "delta", delta);
		api_amount(&t->skipped, "threshold", t->threshold);
	}
	jwrite_object_end(&t->skipped);
}

static int queue(struct store_conn *c, struct trigger *t, struct str fragment, struct u256 delta,
		 struct gw_err *e)
{
	char name[ROOCH_FRAGMENT_MAX + 1];

	if (!str_copy(name, sizeof name, fragment))
		return gw_fail_priv(e, GWE_INTERNAL, 0, "the name of a sub-channel is damaged");
	if (claim_request_tx(c, &t->channel_id, name, CLAIM_ADMIN, clock_wall_ms(), e) < 0)
		return -1;
	jwrite_object(&t->queued, NULL);
	jwrite_str(&t->queued, "vmIdFragment", fragment);
	api_amount(&t->queued, "delta", delta);
	jwrite_object_end(&t->queued);
	return 0;
}

static void begin_lists(struct trigger *t)
{
	buf_reset(&t->queued_json);
	buf_reset(&t->skipped_json);
	jwrite_init(&t->queued, &t->queued_json, false);
	jwrite_init(&t->skipped, &t->skipped_json, false);
	jwrite_array(&t->queued, NULL);
	jwrite_array(&t->skipped, NULL);
}

static int trigger_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct trigger *t = arg;
	struct stmt *s = stmt_get(c, STMT_SUBCHANNELS_OF_CHANNEL);
	int rc;

	begin_lists(t);
	rows_bind_id(s, "channel_id", &t->channel_id);
	while ((rc = stmt_step(s, e)) == 1) {
		struct str fragment = stmt_text(s, "fragment");
		struct u256 delta;

		t->found = true;
		if (!read_delta(s, &delta)) {
			rc = gw_fail_priv(e, GWE_INTERNAL, 0, "a row of the channels is damaged");
			break;
		}
		if (u256_is_zero(delta) || u256_cmp(delta, t->threshold) < 0)
			skip(t, fragment, delta);
		else if (queue(c, t, fragment, delta, e) < 0) {
			rc = -1;
			break;
		}
	}
	stmt_done(s);
	jwrite_array_end(&t->queued);
	jwrite_array_end(&t->skipped);
	return rc;
}

static void answer_trigger(struct api_call *a, const struct trigger *t)
{
	char id[ROOCH_HEX_TEXT];
	struct jwrite w;
	struct buf b;

	rooch_id_hex(id, &t->channel_id);
	api_begin(&w, &b);
	jwrite_text(&w, "channelId", id);
	jwrite_raw(&w, "queued", buf_str(&t->queued_json));
	jwrite_raw(&w, "skipped", buf_str(&t->skipped_json));
	api_send(a, &w, &b);
}

static int read_channel_id(struct api_call *a, struct rooch_id *out, struct gw_err *e)
{
	enum { BODY_MAX = 4096, DEPTH_MAX = 16 };
	char text[ROOCH_HEX_TEXT];
	struct jval root;
	struct gw_err why;

	buf_init(&a->body, BODY_MAX);
	if (http_read_body(a->rq, &a->body, (unsigned)a->rq->conf->body_timeout_ms, e) < 0)
		return -1;
	if (jscan_check(buf_str(&a->body), DEPTH_MAX, false, &root, &why) < 0)
		return gw_fail(e, GWE_BAD_REQUEST, 0, "the body cannot be read: %s", why.pub);
	if (!jval_copy(jscan_get(root, "channelId"), text, sizeof text) ||
	    !rooch_id_parse(out, str_c(text)))
		return gw_fail(e, GWE_BAD_REQUEST, 0, "channelId has to be 0x and 64 hex digits");
	return 0;
}

void payment_admin_claim(struct api_call *a)
{
	enum { LIST_MAX = 1 << 19 };
	struct trigger t = { .threshold = u256_of(a->rq->conf->min_claim_amount) };
	struct gw_err e;

	buf_init(&t.queued_json, LIST_MAX);
	buf_init(&t.skipped_json, LIST_MAX);
	if (read_channel_id(a, &t.channel_id, &e) < 0 ||
	    store_write(a->g->store, "claim-trigger", trigger_tx, &t, &e) < 0) {
		api_refuse(a, &e);
	} else if (!t.found) {
		(void)gw_fail(&e, GWE_NOT_FOUND, 0, "no such channel here");
		api_refuse(a, &e);
	} else {
		answer_trigger(a, &t);
	}
	buf_clear(&t.queued_json);
	buf_clear(&t.skipped_json);
}
