/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "settle/report.h"

#include "codec/jwrite.h"
#include "ledger/channel_rows.h"
#include "settle/alarm.h"
#include "settle/claim_rows.h"
#include "util/clock.h"

enum { OUTPUT_MAX = 256 << 20, DAY_MS = 86400000, COUNTS_MAX = 32, ALARMS_MAX = 1000 };

struct sums {
	struct u256 earned, signed_, claimed, pending, risk, lost;
};
struct payer {
	struct rooch_id id;
	struct sums sum;
	unsigned subchannels;
};
struct day {
	int64_t number; /* since 1970 */
	struct u256 earned, signed_, claimed;
};
struct count {
	enum claim_kind kind;
	enum claim_state state;
	int64_t n, gas;
};
struct alarm_line {
	enum alarm_kind kind;
	bool has_channel, has_amount;
	struct rooch_id channel;
	char fragment[ROOCH_FRAGMENT_MAX + 1];
	struct u256 amount;
	int64_t since_ms;
};
struct report {
	const struct rooch_id *only;
	int64_t now_ms;
	struct sums total;
	struct payer *payer;
	unsigned n_payer, cap_payer;
	struct day *day;
	unsigned n_day, cap_day;
	struct count count[COUNTS_MAX];
	unsigned n_count;
	struct alarm_line *alarm;
	unsigned n_alarm, cap_alarm;
	bool has_run, has_status;
	int64_t started_ms, status;
	bool overflow;
};

static void *room_for(void *p, unsigned n, unsigned *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? 2 * *cap : 64;
	p = realloc(p, (size_t)*cap * size);
	if (!p)
		abort();
	return p;
}

static void add(struct report *r, struct u256 *sum, struct u256 v)
{
	if (!u256_add(sum, *sum, v))
		r->overflow = true;
}

static struct u256 less(struct u256 a, struct u256 b)
{
	struct u256 d;

	return u256_sub(&d, a, b) ? d : U256_ZERO;
}

static struct u256 amount_or_zero(struct stmt *q, const char *col)
{
	struct u256 v;

	return !stmt_is_null(q, col) && rows_amount(q, col, &v) ? v : U256_ZERO;
}

static void bind_only(struct stmt *q, const struct report *r)
{
	stmt_bind_null(q, "channel_id");
	if (r->only)
		rows_bind_id(q, "channel_id", r->only);
}

/* ---- per payer ---- */

/* A channel whose sub-channels come one after the other. */
struct channel {
	struct rooch_id id;
	bool any, cancelling, has_balance;
	struct u256 cancel_pending, balance, unclaimed, failing;
	struct payer *payer;
};

static void end_channel(struct report *r, const struct channel *ch)
{
	struct u256 risk = U256_ZERO, due = ch->unclaimed;
	struct sums *p;

	if (!ch->any)
		return;
	p = &ch->payer->sum;
	if (ch->cancelling) {
		add(r, &due, ch->cancel_pending);
		risk = ch->unclaimed;
		p->claimed = less(p->claimed, ch->cancel_pending);
		add(r, &p->pending, ch->cancel_pending);
	}
	if (ch->has_balance && u256_cmp(less(due, ch->balance), risk) > 0)
		risk = less(due, ch->balance);
	if (u256_cmp(ch->failing, risk) > 0)
		risk = ch->failing;
	add(r, &p->risk, risk);
}

static void begin_channel(struct report *r, struct stmt *q, struct channel *ch,
			  const struct rooch_id *id, const struct rooch_id *payer)
{
	*ch = (struct channel){ .id = *id, .any = true };
	ch->cancelling = stmt_i64(q, "status") == CHANNEL_CANCELLING;
	ch->cancel_pending = amount_or_zero(q, "cancel_pending");
	ch->has_balance = !stmt_is_null(q, "balance");
	ch->balance = amount_or_zero(q, "balance");
	if (!r->n_payer || !rooch_id_eq(r->payer[r->n_payer - 1].id, *payer)) {
		r->payer = room_for(r->payer, r->n_payer, &r->cap_payer, sizeof *r->payer);
		r->payer[r->n_payer++] = (struct payer){ .id = *payer };
	}
	ch->payer = &r->payer[r->n_payer - 1];
}

static void add_subchannel(struct report *r, struct stmt *q, struct channel *ch)
{
	struct u256 claimed = amount_or_zero(q, "last_claimed"), signed_ = claimed, open;
	bool has_signed = !stmt_is_null(q, "signed_epoch");
	struct sums *p = &ch->payer->sum;

	if (has_signed && u256_cmp(amount_or_zero(q, "signed_amount"), signed_) > 0)
		signed_ = amount_or_zero(q, "signed_amount");
	add(r, &p->signed_, signed_);
	add(r, &p->earned, signed_);
	add(r, &p->earned, amount_or_zero(q, "pending_cost"));
	add(r, &p->claimed, claimed);
	add(r, &p->lost, amount_or_zero(q, "lost"));
	ch->payer->subchannels++;
	if (!has_signed || stmt_i64(q, "signed_epoch") != stmt_i64(q, "epoch"))
		return;
	open = less(signed_, claimed);
	add(r, &p->pending, open);
	add(r, &ch->unclaimed, open);
	if (!stmt_is_null(q, "failing_since_ms") &&
	    r->now_ms - stmt_i64(q, "failing_since_ms") >= DAY_MS)
		add(r, &ch->failing, open);
}

static int read_payers(struct report *r, struct store_conn *c, struct gw_err *e)
{
	struct stmt *q = stmt_get(c, STMT_REPORT_SUBCHANNELS);
	struct channel ch = { .any = false };
	int rc;

	bind_only(q, r);
	while ((rc = stmt_step(q, e)) == 1) {
		struct rooch_id id, payer;

		if (!rows_id(q, "channel_id", &id) || !rows_id(q, "payer", &payer)) {
			rc = gw_fail_priv(e, GWE_INTERNAL, 0, "a row of the channels is damaged");
			break;
		}
		if (!ch.any || !rooch_id_eq(ch.id, id)) {
			end_channel(r, &ch);
			begin_channel(r, q, &ch, &id, &payer);
		}
		add_subchannel(r, q, &ch);
	}
	stmt_done(q);
	end_channel(r, &ch);
	for (unsigned i = 0; i < r->n_payer; i++) {
		const struct sums *p = &r->payer[i].sum;

		add(r, &r->total.earned, p->earned);
		add(r, &r->total.signed_, p->signed_);
		add(r, &r->total.claimed, p->claimed);
		add(r, &r->total.pending, p->pending);
		add(r, &r->total.risk, p->risk);
		add(r, &r->total.lost, p->lost);
	}
	return rc;
}

/* ---- per day ---- */

static struct day *day_of(struct report *r, int64_t ms)
{
	int64_t number = ms / DAY_MS;
	unsigned lo = 0, hi = r->n_day;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (r->day[mid].number < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < r->n_day && r->day[lo].number == number)
		return &r->day[lo];
	r->day = room_for(r->day, r->n_day, &r->cap_day, sizeof *r->day);
	memmove(r->day + lo + 1, r->day + lo, (r->n_day - lo) * sizeof *r->day);
	r->n_day++;
	r->day[lo] = (struct day){ .number = number };
	return &r->day[lo];
}

static int read_days(struct report *r, struct store_conn *c, enum stmt_id id, bool claimed,
		     struct gw_err *e)
{
	struct stmt *q = stmt_get(c, id);
	int rc;

	bind_only(q, r);
	while ((rc = stmt_step(q, e)) == 1) {
		struct day *d = day_of(r, stmt_i64(q, "at_ms"));

		add(r, claimed ? &d->claimed : &d->earned, amount_or_zero(q, "amount"));
	}
	stmt_done(q);
	return rc;
}

/* Vouchers are sums: what one adds is what it has beyond the one before. */
static int read_signed(struct report *r, struct store_conn *c, struct gw_err *e)
{
	struct stmt *q = stmt_get(c, STMT_REPORT_SIGNED);
	char fragment[ROOCH_FRAGMENT_MAX + 1] = "";
	struct rooch_id channel = { { 0 } }, id;
	struct u256 last = U256_ZERO, amount;
	int rc;

	bind_only(q, r);
	while ((rc = stmt_step(q, e)) == 1) {
		if (!rows_id(q, "channel_id", &id))
			continue;
		if (!rooch_id_eq(id, channel) || !str_eq_c(stmt_text(q, "fragment"), fragment)) {
			channel = id;
			(void)str_copy(fragment, sizeof fragment, stmt_text(q, "fragment"));
			last = U256_ZERO;
		}
		amount = amount_or_zero(q, "amount");
		add(r, &day_of(r, stmt_i64(q, "at_ms"))->signed_, less(amount, last));
		if (u256_cmp(amount, last) > 0)
			last = amount;
	}
	stmt_done(q);
	return rc;
}

/* ---- the rest ---- */

static int read_counts(struct report *r, struct store_conn *c, struct gw_err *e)
{
	struct stmt *q = stmt_get(c, STMT_REPORT_COUNTS);
	int rc;

	while ((rc = stmt_step(q, e)) == 1 && r->n_count < COUNTS_MAX)
		r->count[r->n_count++] = (struct count){ (enum claim_kind)stmt_i64(q, "kind"),
							 (enum claim_state)stmt_i64(q, "state"),
							 stmt_i64(q, "n"), stmt_i64(q, "gas") };
	stmt_done(q);
	return rc < 0 ? -1 : 0;
}

static int read_alarms(struct report *r, struct store_conn *c, struct gw_err *e)
{
	struct stmt *q = stmt_get(c, STMT_ALARM_LIST);
	int rc;

	while ((rc = stmt_step(q, e)) == 1 && r->n_alarm < ALARMS_MAX) {
		struct alarm_line *a;

		r->alarm = room_for(r->alarm, r->n_alarm, &r->cap_alarm, sizeof *r->alarm);
		a = &r->alarm[r->n_alarm++];
		*a = (struct alarm_line){ .kind = (enum alarm_kind)stmt_i64(q, "kind") };
		a->has_channel = stmt_blob(q, "channel_id").len != 0 &&
				 rows_id(q, "channel_id", &a->channel);
		(void)str_copy(a->fragment, sizeof a->fragment, stmt_text(q, "fragment"));
		a->has_amount = !stmt_is_null(q, "amount");
		a->amount = amount_or_zero(q, "amount");
		a->since_ms = stmt_i64(q, "since_ms");
	}
	stmt_done(q);
	return rc < 0 ? -1 : 0;
}

static int read_run(struct report *r, struct store_conn *c, struct gw_err *e)
{
	struct stmt *q = stmt_get(c, STMT_RUN_LAST);
	int rc = stmt_step(q, e);

	r->has_run = rc == 1;
	if (rc == 1) {
		r->started_ms = stmt_i64(q, "started_ms");
		r->has_status = !stmt_is_null(q, "status");
		r->status = r->has_status ? stmt_i64(q, "status") : 0;
	}
	stmt_done(q);
	return rc < 0 ? -1 : 0;
}

static int read_all(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct report *r = arg;

	if (read_payers(r, c, e) || read_days(r, c, STMT_REPORT_EARNED, false, e) ||
	    read_days(r, c, STMT_REPORT_CLAIMED, true, e) || read_signed(r, c, e) ||
	    read_counts(r, c, e) || read_alarms(r, c, e) || read_run(r, c, e))
		return -1;
	return r->overflow ? gw_fail_priv(e, GWE_INTERNAL, 0, "a sum does not fit") : 0;
}

/* ---- output ---- */

static void put(struct jwrite *w, const char *name, struct u256 v)
{
	char t[U256_TEXT];

	u256_format(t, v);
	jwrite_text(w, name, t);
}

static void put_sums(struct jwrite *w, const struct sums *s)
{
	put(w, "earned", s->earned);
	put(w, "signed", s->signed_);
	put(w, "claimed", s->claimed);
	put(w, "pending", s->pending);
	put(w, "at_risk", s->risk);
	put(w, "lost", s->lost);
}

static void put_alarm(struct jwrite *w, const struct alarm_line *a)
{
	char stamp[CLOCK_ISO_SIZE];

	jwrite_object(w, NULL);
	jwrite_text(w, "alarm", alarm_name(a->kind));
	if (a->has_channel)
		jwrite_hex(w, "channel", a->channel.b, sizeof a->channel.b);
	if (a->fragment[0])
		jwrite_text(w, "fragment", a->fragment);
	if (a->has_amount)
		put(w, "amount", a->amount);
	clock_iso(stamp, a->since_ms);
	jwrite_text(w, "since", stamp);
	jwrite_object_end(w);
}

static void print_json(struct buf *out, const struct report *r, const char *asset)
{
	char text[ROOCH_DID_TEXT];
	struct jwrite w;

	jwrite_init(&w, out, true);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "asset", asset);
	jwrite_object(&w, "total");
	put_sums(&w, &r->total);
	jwrite_object_end(&w);
	jwrite_array(&w, "payers");
	for (unsigned i = 0; i < r->n_payer; i++) {
		jwrite_object(&w, NULL);
		rooch_did_text(text, &r->payer[i].id);
		jwrite_text(&w, "payer", text);
		jwrite_u64(&w, "sub_channels", r->payer[i].subchannels);
		put_sums(&w, &r->payer[i].sum);
		jwrite_object_end(&w);
	}
	jwrite_array_end(&w);
	jwrite_array(&w, "days");
	for (unsigned i = 0; i < r->n_day; i++) {
		char day[CLOCK_DAY_SIZE];

		jwrite_object(&w, NULL);
		clock_day(day, r->day[i].number * DAY_MS);
		jwrite_text(&w, "day", day);
		put(&w, "earned", r->day[i].earned);
		put(&w, "signed", r->day[i].signed_);
		put(&w, "claimed", r->day[i].claimed);
		jwrite_object_end(&w);
	}
	jwrite_array_end(&w);
	jwrite_array(&w, "transactions");
	for (unsigned i = 0; i < r->n_count; i++) {
		jwrite_object(&w, NULL);
		jwrite_text(&w, "kind", claim_kind_name(r->count[i].kind));
		jwrite_text(&w, "state", claim_state_name(r->count[i].state));
		jwrite_i64(&w, "count", r->count[i].n);
		jwrite_i64(&w, "gas", r->count[i].gas);
		jwrite_object_end(&w);
	}
	jwrite_array_end(&w);
	jwrite_array(&w, "alarms");
	for (unsigned i = 0; i < r->n_alarm; i++)
		put_alarm(&w, &r->alarm[i]);
	jwrite_array_end(&w);
	if (r->has_run) {
		char stamp[CLOCK_ISO_SIZE];

		clock_iso(stamp, r->started_ms);
		jwrite_object(&w, "last_run");
		jwrite_text(&w, "started", stamp);
		if (r->has_status)
			jwrite_i64(&w, "status", r->status);
		else
			jwrite_null(&w, "status");
		jwrite_object_end(&w);
	}
	jwrite_object_end(&w);
	buf_add_byte(out, '\n');
}

static void line(struct buf *out, const char *name, const struct sums *s)
{
	char t[6][U256_TEXT];

	u256_format(t[0], s->earned);
	u256_format(t[1], s->signed_);
	u256_format(t[2], s->claimed);
	u256_format(t[3], s->pending);
	u256_format(t[4], s->risk);
	u256_format(t[5], s->lost);
	buf_addf(out, "%-76s %16s %16s %16s %16s %16s %16s\n", name, t[0], t[1], t[2], t[3], t[4],
		 t[5]);
}

static void print_table(struct buf *out, const struct report *r, const char *asset)
{
	char name[ROOCH_DID_TEXT], t[3][U256_TEXT];

	buf_addf(out, "In base units of %s\n\n%-76s %16s %16s %16s %16s %16s %16s\n", asset,
		 "payer", "earned", "signed", "claimed", "pending", "at risk", "lost");
	for (unsigned i = 0; i < r->n_payer; i++) {
		rooch_did_text(name, &r->payer[i].id);
		line(out, name, &r->payer[i].sum);
	}
	line(out, "total", &r->total);
	buf_addf(out, "\n%-12s %16s %16s %16s\n", "day", "earned", "signed", "claimed");
	for (unsigned i = 0; i < r->n_day; i++) {
		clock_day(name, r->day[i].number * DAY_MS);
		u256_format(t[0], r->day[i].earned);
		u256_format(t[1], r->day[i].signed_);
		u256_format(t[2], r->day[i].claimed);
		buf_addf(out, "%-12s %16s %16s %16s\n", name, t[0], t[1], t[2]);
	}
	for (unsigned i = 0; i < r->n_alarm; i++) {
		const struct alarm_line *a = &r->alarm[i];

		rooch_id_hex(name, &a->channel);
		u256_format(t[0], a->amount);
		buf_addf(out, "%sALARM %s: channel %s fragment %s amount %s\n", i ? "" : "\n",
			 alarm_name(a->kind), a->has_channel ? name : "-",
			 a->fragment[0] ? a->fragment : "-", a->has_amount ? t[0] : "-");
	}
}

int report_print(const char *database, const char *asset, const struct rooch_id *only, bool json,
		 struct gw_err *e)
{
	const struct store_options so = { .path = database,
					  .role = STORE_SETTLE,
					  .read_only = true };
	struct report r = { .only = only, .now_ms = clock_wall_ms() };
	struct store *st = NULL;
	struct buf out;
	int rc;

	if (store_open(&st, &so, e))
		return -1;
	buf_init(&out, OUTPUT_MAX);
	rc = store_read(st, read_all, &r, e);
	if (!rc) {
		if (json)
			print_json(&out, &r, asset);
		else
			print_table(&out, &r, asset);
		if (out.failed || fwrite(buf_c(&out), 1, out.len, stdout) != out.len ||
		    fflush(stdout))
			rc = gw_fail(e, GWE_CONFIG, 0, "the report cannot be written");
	}
	buf_clear(&out);
	free(r.payer);
	free(r.day);
	free(r.alarm);
	store_close(st);
	return rc;
}
