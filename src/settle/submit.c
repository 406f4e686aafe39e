/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "settle/submit.h"

#include "ledger/channel_rows.h"
#include "util/clock.h"
#include "util/log.h"

enum { SENDS_MAX = 3, TROUBLE_MAX = 3, FRAGMENTS_MAX = 4096 };

/* ---- what the chain's answers mean ---- */

static enum claim_why why_of_abort(struct str location, uint64_t code)
{
	if (str_ends(location, "::multi_coin_store"))
		return code == 4 ? WHY_HUB_SHORT : WHY_OTHER;
	if (str_ends(location, "::ecdsa_k1") || str_ends(location, "::ecdsa_r1"))
		return WHY_SIGNATURE;
	if (!str_ends(location, "::payment_channel"))
		return WHY_OTHER;
	switch (code) {
	case 2:
	case 11:
	case 12:
		return WHY_CHANNEL_STATE;
	case 3:
	case 22:
	case 23:
	case 24:
		return WHY_SIGNATURE;
	case 4:
	case 15:
		return WHY_NOT_AUTHORIZED;
	case 7:
	case 8:
		return WHY_OUTDATED;
	case 10:
		return WHY_TOO_EARLY;
	case 13:
	case 25:
		return WHY_HUB_SHORT;
	default:
		return WHY_OTHER;
	}
}

/* Rule: rooch.md 6.2, sub status, low 16 bits */
static enum claim_why why_of_refusal(uint64_t sub_status)
{
	enum { DID_FIRST = 101001 & 0xffff, DID_LAST = 101007 & 0xffff };

	if (sub_status == 1001 || sub_status == 1002 || sub_status == 1007)
		return WHY_SEQUENCE;
	if (sub_status == 1003 || sub_status == 1004)
		return WHY_GAS;
	if ((sub_status >= 1009 && sub_status <= 1013) ||
	    (sub_status >= DID_FIRST && sub_status <= DID_LAST))
		return WHY_KEY_REFUSED;
	return WHY_NODE;
}

enum claim_why submit_why(const struct tx_result *r)
{
	switch (r->status) {
	case TX_ABORTED:
		return why_of_abort(str_c(r->location), r->abort_code);
	case TX_REFUSED:
		return why_of_refusal(r->sub_status);
	case TX_OUT_OF_GAS:
	case TX_FAILED:
		return WHY_OTHER;
	case TX_UNKNOWN:
	case TX_EXECUTED:
		break;
	}
	return WHY_NOT;
}

/* ---- one line per claim ---- */

static void say(const struct claim_row *r, const struct claim_end *end)
{
	char channel[ROOCH_HEX_TEXT] = "-", hash[65], gas[24] = "-";
	const char *why = end->why ? claim_why_text(end->why) : end->note;

	if (r->has_channel)
		rooch_id_hex(channel, &r->channel);
	hex_encode(hash, r->hash, sizeof r->hash);
	if (end->has_gas)
		snprintf(gas, sizeof gas, "%llu", (unsigned long long)end->gas);
	log_event(end->to == CLAIM_CONFIRMED ? LOG_LVL_INFO : LOG_LVL_WARN,
		  "%s %s: channel=%s fragment=%s nonce=%llu amount=%s moved=%s gas=%s tx=0x%s%s%s",
		  claim_kind_name(r->kind), claim_state_name(end->to), channel,
		  r->fragment[0] ? r->fragment : "-", (unsigned long long)r->nonce,
		  settle_amount(r->amount).c,
		  end->to == CLAIM_CONFIRMED ? settle_amount(end->moved).c : "-", gas, hash,
		  why ? ": " : "", why ? why : "");
}

/* ---- the end of a transaction, in the books ---- */

struct fragment_state {
	char fragment[ROOCH_FRAGMENT_MAX + 1];
	struct u256 claimed;
};
struct ending {
	const struct settle *s;
	struct claim_row *r;
	struct claim_end *end;
	bool counts;		     /* a failure: the next try waits */
	struct fragment_state *list; /* of a channel that was closed */
	unsigned n_list;
	int64_t now_ms;
};

static int book_cache(struct store_conn *c, const struct ending *x, const char *fragment,
		      struct u256 claimed, struct gw_err *e)
{
	struct subchannel_row row;
	int rc = subchannel_load(c, &row, &x->r->channel, fragment, x->now_ms, e);

	if (rc)
		return rc < 0 ? -1 : 0;
	return subchannel_claimed_tx(c, &row, claimed, x->r->nonce, e);
}

static int book_rise(struct store_conn *c, struct ending *x, const char *fragment,
		     struct u256 claimed, struct gw_err *e)
{
	struct u256 rise;

	if (settlement_account_tx(c, &x->r->channel, fragment, claimed, true, &rise, e) ||
	    settlement_well_tx(c, &x->r->channel, fragment, x->now_ms, e) ||
	    book_cache(c, x, fragment, claimed, e))
		return -1;
	if (!u256_add(&x->end->moved, x->end->moved, rise))
		return gw_fail_priv(e, GWE_INTERNAL, 0, "a sum of claims does not fit");
	return 0;
}

static int book(struct store_conn *c, struct ending *x, struct gw_err *e)
{
	const struct claim_row *r = x->r;

	x->end->moved = U256_ZERO;
	switch (r->kind) {
	case CLAIM_OF_VOUCHER:
	case CLAIM_DISPUTE:
		return book_rise(c, x, r->fragment, r->amount, e);
	case CLAIM_CLOSE:
		for (unsigned i = 0; i < x->n_list; i++)
			if (book_rise(c, x, x->list[i].fragment, x->list[i].claimed, e))
				return -1;
		return settlement_well_tx(c, &r->channel, "", x->now_ms, e);
	case CLAIM_FINALIZE:
		x->end->moved = r->amount;
		return settlement_well_tx(c, &r->channel, "", x->now_ms, e);
	case CLAIM_WITHDRAW:
		x->end->moved = r->amount;
		return settlement_well_tx(c, NULL, "", x->now_ms, e);
	}
	abort();
}

static int end_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct ending *x = arg;
	const struct settlement_pace pace = { x->s->max_retries, x->s->retry_delay_ms };
	struct claim_row copy = *x->r; /* the caller's moves only when this is durable */

	if (x->end->to == CLAIM_CONFIRMED && book(c, x, e))
		return -1;
	if (x->counts && settlement_fail_tx(c, copy.has_channel ? &copy.channel : NULL,
					    copy.fragment, x->end->why, &pace, x->now_ms, e))
		return -1;
	return claim_move_tx(c, &copy, x->r->state, x->end, x->now_ms, e);
}

static int end_with(struct settle *s, struct claim_row *r, struct ending *x,
		    struct submit_outcome *out, struct gw_err *e)
{
	settle_step("end");
	x->s = s;
	x->r = r;
	x->now_ms = clock_wall_ms();
	if (store_write(s->store, "claim", end_tx, x, e))
		return -1;
	r->state = x->end->to;
	settle_step(claim_state_name(x->end->to));
	if (r->state == CLAIM_SUBMITTED)
		return 0;
	say(r, x->end);
	if (r->state == CLAIM_CONFIRMED) {
		out->moved = x->end->moved;
		s->n.confirmed++;
		if (r->kind != CLAIM_WITHDRAW && r->kind != CLAIM_FINALIZE &&
		    !u256_add(&s->n.moved, s->n.moved, out->moved))
			s->n.moved = U256_ZERO;
	}
	return 0;
}

/* ---- does the chain show it? 1 yes, 0 no, -1 it cannot be read ---- */

static int read_channel(struct settle *s, const struct claim_row *r, struct channel_object *o)
{
	struct gw_err why;
	int rc = s->chain.channel(s->chain.arg, &r->channel, o, &why);

	if (rc < 0)
		log_debug("%s", why.priv);
	return rc ? -1 : 0;
}

static int voucher_shown(struct settle *s, struct claim_row *r)
{
	struct subchannel_object sub;
	struct channel_object o;
	struct gw_err why;

	if (!r->has_table) {
		if (read_channel(s, r, &o))
			return -1;
		r->table = o.sub_channels;
		r->has_table = true;
	}
	if (s->chain.subchannel(s->chain.arg, &r->table, str_c(r->fragment), &sub, &why))
		return -1;
	return u256_cmp(sub.last_claimed, r->amount) >= 0;
}

static int closed_shown(struct settle *s, struct claim_row *r)
{
	struct channel_object o;

	if (read_channel(s, r, &o))
		return -1;
	r->table = o.sub_channels;
	r->has_table = true;
	return o.epoch > r->epoch;
}

static int shown(struct settle *s, struct claim_row *r)
{
	switch (r->kind) {
	case CLAIM_OF_VOUCHER:
	case CLAIM_DISPUTE:
		return voucher_shown(s, r);
	case CLAIM_FINALIZE:
	case CLAIM_CLOSE:
		return closed_shown(s, r);
	case CLAIM_WITHDRAW:
		return 0; /* one cannot tell from the state: only the transaction itself counts */
	}
	abort();
}

/* ---- the sub-channels of a closed channel, as the chain has them now ---- */

struct listing {
	const struct rooch_id *channel;
	struct fragment_state *list;
	unsigned n, cap;
};

static int list_fragments(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct listing *l = arg;
	struct stmt *q = stmt_get(c, STMT_SUBCHANNELS_OF_CHANNEL);
	int rc;

	rows_bind_id(q, "channel_id", l->channel);
	while ((rc = stmt_step(q, e)) == 1) {
		struct fragment_state *more;

		if (l->n == FRAGMENTS_MAX) {
			stmt_done(q);
			return gw_fail_priv(e, GWE_INTERNAL, 0, "too many sub-channels");
		}
		if (l->n == l->cap) {
			l->cap = l->cap ? 2 * l->cap : 16;
			more = realloc(l->list, l->cap * sizeof *more);
			if (!more)
				abort();
			l->list = more;
		}
		(void)str_copy(l->list[l->n].fragment, sizeof l->list[l->n].fragment,
			       stmt_text(q, "fragment"));
		l->n++;
	}
	stmt_done(q);
	return rc;
}

/* 0 with @x's list, which the caller frees; 1 the chain cannot be read; -1 the database. */
static int read_fragments(struct settle *s, struct claim_row *r, struct ending *x, struct gw_err *e)
{
	struct listing l = { .channel = &r->channel };
	struct subchannel_object sub;
	struct gw_err why;
	int rc = store_read(s->store, list_fragments, &l, e);

	for (unsigned i = 0; !rc && i < l.n; i++) {
		if (s->chain.subchannel(s->chain.arg, &r->table, str_c(l.list[i].fragment), &sub,
					&why))
			rc = 1;
		else
			l.list[i].claimed = sub.last_claimed;
	}
	if (rc) {
		free(l.list);
		return rc;
	}
	x->list = l.list;
	x->n_list = l.n;
	return 0;
}

/* ---- ends ---- */

static int leave_open(struct settle *s, struct claim_row *r, struct submit_outcome *out,
		      const char *note, struct gw_err *e)
{
	struct claim_end end = { .to = CLAIM_SUBMITTED, .note = note };
	struct ending x = { .end = &end };

	out->result = SUBMIT_OPEN;
	s->has_sequence = false;
	if (++s->trouble >= TROUBLE_MAX)
		s->stop = STOP_NODE;
	s->n.open++;
	return r->state == CLAIM_PLANNED ? end_with(s, r, &x, out, e) : 0;
}

/* @res NULL: seen in the chain's state only. */
static int confirm(struct settle *s, struct claim_row *r, const struct tx_result *res,
		   struct submit_outcome *out, struct gw_err *e)
{
	struct claim_end end = { .to = CLAIM_CONFIRMED,
				 .has_gas = res != NULL,
				 .gas = res ? res->gas_used : 0,
				 .note = res ? NULL : "the chain's state shows it" };
	struct ending x = { .end = &end };
	int rc = r->kind == CLAIM_WITHDRAW ? 1 : shown(s, r);

	settle_step("shown");
	if (rc == 1 && r->kind == CLAIM_CLOSE) {
		rc = read_fragments(s, r, &x, e);
		if (rc < 0)
			return -1;
		rc = rc ? -1 : 1;
	}
	if (rc != 1)
		return leave_open(s, r, out, "executed, but the chain does not show it yet", e);
	s->trouble = 0;
	out->result = SUBMIT_DONE;
	rc = end_with(s, r, &x, out, e);
	free(x.list);
	return rc;
}

static int fail(struct settle *s, struct claim_row *r, const struct tx_result *res,
		enum claim_why why, struct submit_outcome *out, struct gw_err *e)
{
	bool executed = res->status != TX_REFUSED;
	struct claim_end end = { .to = CLAIM_FAILED,
				 .why = why,
				 .has_gas = executed,
				 .gas = res->gas_used,
				 .location = res->location,
				 .has_code = res->status == TX_ABORTED || !executed,
				 .code = executed ? res->abort_code : res->sub_status };
	struct ending x = { .end = &end, .counts = true };

	s->trouble = 0;
	out->result = SUBMIT_FAILED;
	out->why = why;
	return end_with(s, r, &x, out, e);
}

static int drop(struct settle *s, struct claim_row *r, enum claim_why why, bool counts,
		struct submit_outcome *out, struct gw_err *e)
{
	struct claim_end end = { .to = CLAIM_DROPPED, .why = why };
	struct ending x = { .end = &end, .counts = counts };

	out->why = why;
	return end_with(s, r, &x, out, e);
}

/* ---- from one answer to the next ---- */

static int executed(struct settle *s, struct claim_row *r, const struct tx_result *res,
		    struct submit_outcome *out, struct gw_err *e)
{
	if (res->status == TX_EXECUTED)
		return confirm(s, r, res, out, e);
	return fail(s, r, res, submit_why(res), out, e);
}

static int refused(struct settle *s, struct claim_row *r, const struct tx_result *res,
		   struct submit_outcome *out, struct gw_err *e)
{
	enum claim_why why = submit_why(res);

	s->trouble = 0;
	s->has_sequence = false;
	if (why == WHY_SEQUENCE) {
		out->result = SUBMIT_AGAIN;
		return drop(s, r, why, false, out, e);
	}
	if (why == WHY_GAS || why == WHY_KEY_REFUSED || res->sub_status == 1006) {
		s->stop = why == WHY_GAS	   ? STOP_GAS
			  : why == WHY_KEY_REFUSED ? STOP_KEY
						   : STOP_CHAIN;
		out->result = SUBMIT_STOP;
		log_error("the chain takes no transaction: %s (%s)", claim_why_text(why),
			  res->message);
		return drop(s, r, why, true, out, e);
	}
	return fail(s, r, res, why, out, e);
}

/* By hash, then by state. 1: not executed so far, and the same bytes may be sent. */
static int look_up(struct settle *s, struct claim_row *r, struct submit_outcome *out,
		   struct gw_err *e)
{
	struct tx_result res;
	struct gw_err why;
	uint64_t sequence;
	int rc = s->chain.by_hash(s->chain.arg, r->hash, &res, &why);

	settle_step("looked");
	if (rc < 0)
		return leave_open(s, r, out, why.priv, e);
	if (rc == 0 && res.status != TX_UNKNOWN && res.status != TX_REFUSED)
		return executed(s, r, &res, out, e);
	if (s->chain.sequence(s->chain.arg, &r->sender, &sequence, &why))
		return leave_open(s, r, out, why.priv, e);
	if (sequence == r->sequence)
		return 1;
	rc = shown(s, r);
	if (rc < 0)
		return leave_open(s, r, out, "the node cannot be read", e);
	if (rc == 1)
		return confirm(s, r, NULL, out, e);
	out->result = SUBMIT_AGAIN;
	return drop(s, r, WHY_NOT_EXECUTED, false, out, e);
}

/* Send what is written down, until its end is known or nobody can tell. */
static int send_it(struct settle *s, struct claim_row *r, struct submit_outcome *out,
		   struct gw_err *e)
{
	struct tx_result res;
	struct gw_err why;
	int rc;

	for (int i = 0; i < SENDS_MAX; i++) {
		if (s->chain.execute(s->chain.arg, buf_str(&r->raw), &res, &why)) {
			/* it never left this machine */
			log_warn("the node does not answer: %s", why.priv[0] ? why.priv : why.pub);
			s->stop = STOP_NODE;
			s->n.open++;
			out->result = SUBMIT_STOP;
			return 0;
		}
		settle_step("sent");
		s->has_sequence = s->has_sequence && res.status != TX_UNKNOWN;
		if (res.status == TX_REFUSED) {
			/* 1001: perhaps because it is executed already */
			if (res.sub_status != 1001 || i == 0)
				return refused(s, r, &res, out, e);
		} else if (res.status != TX_UNKNOWN) {
			s->sequence = r->sequence + 1;
			return executed(s, r, &res, out, e);
		}
		rc = look_up(s, r, out, e);
		if (rc != 1)
			return rc;
	}
	return leave_open(s, r, out, res.message, e);
}

static int plan(struct store_conn *c, void *arg, struct gw_err *e)
{
	return claim_plan_tx(c, arg, clock_wall_ms(), e);
}

int submit_call(struct settle *s, struct claim_row *r, const struct tx_call *call,
		struct submit_outcome *out, struct gw_err *e)
{
	struct tx_data data = { .sender = s->account,
				.chain_id = s->chain_id,
				.max_gas = TX_GAS_DEFAULT,
				.call = *call };
	struct gw_err why;

	memset(out, 0, sizeof *out);
	if (!s->has_sequence && s->chain.sequence(s->chain.arg, &s->account, &s->sequence, &why)) {
		log_warn("the node does not answer: %s", why.priv);
		s->stop = STOP_NODE;
		out->result = SUBMIT_STOP;
		return 0;
	}
	s->has_sequence = true;
	r->sender = s->account;
	r->sequence = data.sequence_number = s->sequence;
	buf_reset(&r->raw);
	if (tx_sign_did(&r->raw, &data, s->key, str_c(s->fragment), r->hash, e))
		return -1;
	settle_step("signed");
	if (store_write(s->store, "plan", plan, r, e))
		return -1;
	settle_step("planned");
	return send_it(s, r, out, e);
}

/* ---- what an earlier run left ---- */

struct next_open {
	struct claim_row *r;
	int64_t after;
	bool found;
};

static int find_open(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct next_open *n = arg;
	int rc = claim_next_open(c, n->r, n->after, e);

	n->found = rc == 0;
	return rc < 0 ? -1 : 0;
}

static int resume(struct settle *s, struct claim_row *r, struct gw_err *e)
{
	struct submit_outcome out = { .why = WHY_NOT };
	int rc;

	settle_step("resume");
	r->has_table = false;
	rc = look_up(s, r, &out, e);
	if (rc != 1)
		return rc;
	/* Nobody has executed it: whether it is still wanted is not worth asking, it does no harm. */
	return send_it(s, r, &out, e);
}

int submit_resume(struct settle *s, struct gw_err *e)
{
	struct claim_row r;
	struct next_open n = { .r = &r };
	int rc;

	claim_row_init(&r);
	while (!(rc = store_read(s->store, find_open, &n, e)) && n.found && !s->stop) {
		n.after = r.id;
		rc = resume(s, &r, e);
		if (rc)
			break;
	}
	claim_row_clear(&r);
	return rc;
}
