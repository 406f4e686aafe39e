/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway channels - the payment channels as the gateway knows them: signed, pending, claimed, at risk. */
#include "config.h"

#include "cli/cli.h"
#include "cli/io.h"
#include "cli/opts.h"

#include "codec/jwrite.h"
#include "ledger/channel_rows.h"
#include "util/clock.h"

/* clang-format off */
static const char text[] =
	"list             every sub-channel, and the sums of each payer\n"
	"show CHANNEL     one channel (0x...), its keys and their latest vouchers\n\n"
	"Amounts are base units of the asset. CLAIMED is on the chain; SIGNED is what the payer has signed in\n"
	"all; DUE is signed and not yet claimed; PENDING is served and waits for a signature; AT WORK is what\n"
	"requests in flight may cost. EXPOSURE of a payer is due + pending + at work, to be compared with the\n"
	"BALANCE of the deposit. All is as this gateway saw it last; settlement looks at the chain.";
/* clang-format on */

enum { OUTPUT_MAX = 1 << 28 };

struct amounts {
	struct u256 claimed, signed_total, due, pending, at_work, exposure;
};

struct listing {
	struct buf out;
	struct jwrite w;
	bool json, one;
	struct rooch_id only;
	int64_t now_ms;
	uint64_t rows;
	/* of the payer whose rows are being read */
	bool has_payer, has_balance;
	struct rooch_id payer;
	struct amounts sum;
	struct u256 balance;
};

static bool add_up(struct amounts *to, const struct amounts *a)
{
	return u256_add(&to->claimed, to->claimed, a->claimed) &&
	       u256_add(&to->signed_total, to->signed_total, a->signed_total) &&
	       u256_add(&to->due, to->due, a->due) &&
	       u256_add(&to->pending, to->pending, a->pending) &&
	       u256_add(&to->at_work, to->at_work, a->at_work) &&
	       u256_add(&to->exposure, to->exposure, a->exposure);
}

static struct u256 amount_or_zero(struct stmt *s, const char *col, bool *fine)
{
	struct u256 v = U256_ZERO;

	if (!stmt_is_null(s, col) && !rows_amount(s, col, &v))
		*fine = false;
	return v;
}

static bool read_amounts(struct stmt *s, struct amounts *a)
{
	bool fine = true, current;

	*a = (struct amounts){ .claimed = amount_or_zero(s, "last_claimed", &fine) };
	/* A voucher of an earlier epoch is worth nothing any more. */
	current = !stmt_is_null(s, "signed_epoch") &&
		  stmt_i64(s, "signed_epoch") == stmt_i64(s, "epoch");
	a->signed_total = current ? amount_or_zero(s, "signed_amount", &fine) : a->claimed;
	if (u256_cmp(a->signed_total, a->claimed) < 0)
		a->signed_total = a->claimed;
	a->pending = amount_or_zero(s, "pending_cost", &fine);
	if (stmt_i64(s, "lease_alive"))
		a->at_work = amount_or_zero(s, "lease_bound", &fine);
	return fine && u256_sub(&a->due, a->signed_total, a->claimed) &&
	       u256_add(&a->exposure, a->due, a->pending) &&
	       u256_add(&a->exposure, a->exposure, a->at_work);
}

static void write_amount(struct jwrite *w, const char *key, struct u256 v)
{
	char digits[U256_TEXT];

	u256_format(digits, v);
	jwrite_text(w, key, digits);
}

static void write_amounts(struct jwrite *w, const struct amounts *a)
{
	write_amount(w, "claimed", a->claimed);
	write_amount(w, "signed", a->signed_total);
	write_amount(w, "due", a->due);
	write_amount(w, "pending", a->pending);
	write_amount(w, "at_work", a->at_work);
	write_amount(w, "exposure", a->exposure);
}

static void text_amounts(struct buf *b, const char *first, const char *second, const char *third,
			 const struct amounts *a)
{
	const struct u256 v[] = { a->claimed, a->signed_total, a->due, a->pending, a->at_work };
	char digits[U256_TEXT];

	buf_addf(b, "%-22.22s %-16.16s %-8s", first, second, third);
	for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
		u256_format(digits, v[i]);
		buf_addf(b, " %14s", digits);
	}
	buf_add_byte(b, '\n');
}

/* "did:rooch:rooch1abc" is the same in all: what differs comes after it. */
static void short_did(char out[32], const struct rooch_id *payer)
{
	char did[ROOCH_DID_TEXT];

	rooch_did_text(did, payer);
	snprintf(out, 32, "%.16s..%s", did + strlen("did:rooch:"), did + strlen(did) - 4);
}

static void end_payer(struct listing *l)
{
	char did[ROOCH_DID_TEXT], digits[U256_TEXT], name[32], exposure[U256_TEXT];

	if (!l->has_payer)
		return;
	rooch_did_text(did, &l->payer);
	if (l->json) {
		jwrite_array_end(&l->w);
		write_amounts(&l->w, &l->sum);
		if (l->has_balance)
			write_amount(&l->w, "balance", l->balance);
		else
			jwrite_null(&l->w, "balance");
		jwrite_object_end(&l->w);
		return;
	}
	short_did(name, &l->payer);
	text_amounts(&l->out, name, "all keys", "", &l->sum);
	u256_format(digits, l->balance);
	u256_format(exposure, l->sum.exposure);
	buf_addf(&l->out, "%-22s exposure %s, balance %s\n\n", "", exposure,
		 l->has_balance ? digits : "not known");
}

static void begin_payer(struct listing *l, struct stmt *s, const struct rooch_id *payer, bool *fine)
{
	char did[ROOCH_DID_TEXT];

	end_payer(l);
	l->has_payer = true;
	l->payer = *payer;
	l->sum = (struct amounts){ .claimed = U256_ZERO };
	l->has_balance = !stmt_is_null(s, "balance");
	l->balance = amount_or_zero(s, "balance", fine);
	rooch_did_text(did, payer);
	if (l->json) {
		jwrite_object(&l->w, NULL);
		jwrite_text(&l->w, "payer", did);
		jwrite_array(&l->w, "sub_channels");
	} else {
		buf_addf(&l->out, "%s\n", did);
	}
}

/* The latest vouchers of a key, for `show`. */
static int add_vouchers(struct store_conn *c, struct listing *l, const struct rooch_id *channel,
			struct str fragment, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_VOUCHERS_LAST);
	char digits[U256_TEXT], when[CLOCK_ISO_SIZE];
	struct u256 amount;
	int step;

	rows_bind_id(s, "channel_id", channel);
	stmt_bind_text(s, "fragment", fragment);
	if (l->json)
		jwrite_array(&l->w, "vouchers");
	while ((step = stmt_step(s, e)) == 1) {
		if (!rows_amount(s, "amount", &amount))
			continue;
		u256_format(digits, amount);
		clock_iso(when, stmt_i64(s, "accepted_ms"));
		if (l->json) {
			jwrite_object(&l->w, NULL);
			jwrite_u64(&l->w, "epoch", stmt_u64(s, "epoch"));
			jwrite_u64(&l->w, "nonce", stmt_u64(s, "nonce"));
			jwrite_text(&l->w, "amount", digits);
			jwrite_text(&l->w, "accepted", when);
			jwrite_object_end(&l->w);
		} else {
			buf_addf(&l->out, "  voucher %llu of epoch %llu: %s in all, accepted %s\n",
				 (unsigned long long)stmt_u64(s, "nonce"),
				 (unsigned long long)stmt_u64(s, "epoch"), digits, when);
		}
	}
	stmt_done(s);
	if (l->json)
		jwrite_array_end(&l->w);
	return step < 0 ? -1 : 0;
}

static int add_row(struct store_conn *c, struct listing *l, struct stmt *s, struct gw_err *e)
{
	struct rooch_id payer, channel;
	char id[ROOCH_HEX_TEXT];
	struct amounts a;
	bool fine = true;
	const char *status;

	if (!rows_id(s, "payer", &payer) || !rows_id(s, "channel_id", &channel) ||
	    !read_amounts(s, &a))
		return gw_fail(e, GWE_INTERNAL, 0, "a row of the channels does not make sense");
	status = channel_status_name((enum channel_status)stmt_i64(s, "status"));
	if (!l->has_payer || !rooch_id_eq(payer, l->payer))
		begin_payer(l, s, &payer, &fine);
	if (!fine || !add_up(&l->sum, &a))
		return gw_fail(e, GWE_INTERNAL, 0, "the sums of a payer do not fit");
	l->rows++;
	rooch_id_hex(id, &channel);
	if (l->json) {
		jwrite_object(&l->w, NULL);
		jwrite_text(&l->w, "channel", id);
		jwrite_str(&l->w, "fragment", stmt_text(s, "fragment"));
		jwrite_text(&l->w, "status", status);
		jwrite_u64(&l->w, "epoch", stmt_u64(s, "epoch"));
		write_amounts(&l->w, &a);
	} else {
		char fragment[ROOCH_FRAGMENT_MAX + 1];

		if (!str_copy(fragment, sizeof fragment, stmt_text(s, "fragment")))
			fragment[0] = '\0';
		if (l->one)
			buf_addf(&l->out, "%s\n", id);
		id[12] = '\0';
		text_amounts(&l->out, id, fragment, status, &a);
	}
	if (l->one && add_vouchers(c, l, &channel, stmt_text(s, "fragment"), e))
		return -1;
	if (l->json)
		jwrite_object_end(&l->w);
	return 0;
}

static int read_rows(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct listing *l = arg;
	struct stmt *s = stmt_get(c, STMT_SUBCHANNELS_LIST);
	int step, rc = 0;

	stmt_bind_i64(s, "now_ms", l->now_ms);
	if (l->one)
		rows_bind_id(s, "channel_id", &l->only);
	else
		stmt_bind_null(s, "channel_id");
	while (!rc && (step = stmt_step(s, e)) != 0)
		rc = step < 0 ? -1 : add_row(c, l, s, e);
	stmt_done(s);
	return rc;
}

static int print(struct listing *l, struct store *st, struct gw_err *e)
{
	if (l->json) {
		jwrite_init(&l->w, &l->out, true);
		jwrite_object(&l->w, NULL);
		jwrite_array(&l->w, "payers");
	} else {
		buf_addf(&l->out, "%-22s %-16s %-8s %14s %14s %14s %14s %14s\n", "CHANNEL", "KEY",
			 "STATUS", "CLAIMED", "SIGNED", "DUE", "PENDING", "AT WORK");
	}
	if (store_read(st, read_rows, l, e))
		return -1;
	end_payer(l);
	if (l->json) {
		jwrite_array_end(&l->w);
		jwrite_object_end(&l->w);
		buf_add_byte(&l->out, '\n');
	}
	if (l->one && !l->rows)
		return gw_fail(e, GWE_CHANNEL_NOT_FOUND, 0, "no such channel here");
	if (l->out.failed)
		return gw_fail(e, GWE_INTERNAL, 0, "the list is too long");
	return 0;
}

int cmd_channels(int argc, char **argv)
{
	bool json = false, help = false;
	const struct opt rows[] = {
		{ .name = "json", .flag = &json, .help = "print one JSON object" },
		OPTS_SETTINGS,
		OPTS_HELP(&help),
		OPTS_END,
	};
	struct listing l = { .now_ms = clock_wall_ms() };
	struct store_options o = { .role = STORE_ADMIN, .read_only = true };
	struct store *st = NULL;
	struct conf *c = NULL;
	struct gw_err e;
	int rc;

	if (opts_ask_help(argc, argv)) {
		opts_help(stdout, "channels [list|show CHANNEL] [OPTION]...", text, rows);
		return CLI_OK;
	}
	if (cli_settings(&c, &argc, argv, &e))
		return cli_fail(&e);
	buf_init(&l.out, OUTPUT_MAX);
	rc = opts_parse(rows, &argc, argv, &e);
	l.json = json;
	if (!rc && argc > 1 && !strcmp(argv[1], "show")) {
		l.one = true;
		if (argc != 3 || !rooch_id_parse(&l.only, str_c(argv[2])))
			rc = gw_fail(
				&e, GWE_USAGE, 0,
				"channels show: expected the id of a channel, 0x and 64 digits");
	} else if (!rc && (argc > 2 || (argc == 2 && strcmp(argv[1], "list") != 0))) {
		rc = gw_fail(&e, GWE_USAGE, 0, "channels: expected `list` or `show CHANNEL`");
	}
	o.path = c->database;
	if (rc || store_open(&st, &o, &e) || print(&l, st, &e))
		rc = cli_fail(&e);
	else
		rc = cli_print(&l.out);
	store_close(st);
	buf_clear(&l.out);
	conf_free(c);
	return rc;
}
