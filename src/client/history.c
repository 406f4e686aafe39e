/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway-client history - the paid requests of this wallet. */
#include "config.h"

#include "client/client.h"

#include "client/amount.h"
#include "client/identity.h"
#include "client/payer.h"
#include "codec/jwrite.h"
#include "util/clock.h"

enum { LIMIT = 20, LIMIT_MAX = 100000 };

struct history {
	const char *key, *limit_text;
	bool json, help;
	uint64_t limit;
	struct wallet wallet;
	struct jwrite w;
	struct buf out;
	unsigned n;
};

static const char *state_name(enum payer_state s)
{
	switch (s) {
	case PAYER_STARTED:
		return "interrupted";
	case PAYER_PRICED:
		return "priced";
	case PAYER_FREE:
		return "free";
	case PAYER_REFUSED:
		return "refused";
	case PAYER_DISTRUST:
		return "distrusted";
	case PAYER_BROKEN:
		return "broken off";
	}
	return "";
}

/* What became of it: priced, then signed, then known to be with the gateway. */
static const char *outcome(struct stmt *s)
{
	enum payer_state state = (enum payer_state)stmt_i64(s, "state");

	if (state != PAYER_PRICED || stmt_is_null(s, "amount"))
		return state_name(state);
	return stmt_i64(s, "taken") ? "paid" : "signed";
}

static struct u256 cost_of(struct stmt *s)
{
	struct str b = stmt_blob(s, "cost");

	return b.len == 32 ? u256_from_be((const uint8_t *)b.p) : U256_ZERO;
}

static void print_row(struct history *h, struct stmt *s)
{
	char when[CLOCK_ISO_SIZE], cost[AMOUNT_TEXT] = "-", status[24] = "-", nonce[24] = "-";

	if (!h->n)
		printf("%-24s %-6s %7s %20s  %-11s %s\n", "time", "status", "voucher", "cost",
		       "state", "request");
	clock_iso(when, stmt_i64(s, "started_ms"));
	if (!stmt_is_null(s, "cost"))
		amount_format(cost, cost_of(s));
	if (!stmt_is_null(s, "status"))
		snprintf(status, sizeof status, "%lld", (long long)stmt_i64(s, "status"));
	if (!stmt_is_null(s, "nonce"))
		snprintf(nonce, sizeof nonce, "%lld", (long long)stmt_i64(s, "nonce"));
	printf("%-24s %-6s %7s %20s  %-11s %.*s %.*s%s%.*s\n", when, status, nonce, cost,
	       outcome(s), STR_ARG(stmt_text(s, "method")), STR_ARG(stmt_text(s, "path")),
	       stmt_is_null(s, "error") ? "" : ": ", STR_ARG(stmt_text(s, "error")));
}

static void write_row(struct history *h, struct stmt *s)
{
	char when[CLOCK_ISO_SIZE], units[U256_TEXT], usd[PICOUSD_USD_TEXT];
	struct jwrite *w = &h->w;
	struct str id = stmt_blob(s, "channel_id");

	clock_iso(when, stmt_i64(s, "started_ms"));
	jwrite_object(w, NULL);
	jwrite_text(w, "time", when);
	jwrite_str(w, "gateway", stmt_text(s, "gateway"));
	jwrite_str(w, "method", stmt_text(s, "method"));
	jwrite_str(w, "path", stmt_text(s, "path"));
	if (!stmt_is_null(s, "status"))
		jwrite_i64(w, "status", stmt_i64(s, "status"));
	jwrite_text(w, "state", outcome(s));
	jwrite_hex(w, "channelId", (const uint8_t *)id.p, id.len);
	jwrite_str(w, "vmIdFragment", stmt_text(s, "fragment"));
	if (!stmt_is_null(s, "nonce"))
		jwrite_i64(w, "nonce", stmt_i64(s, "nonce"));
	if (!stmt_is_null(s, "cost")) {
		u256_format(units, cost_of(s));
		jwrite_text(w, "cost", units);
	}
	if (!stmt_is_null(s, "cost_pico")) {
		picousd_format_usd(usd, picousd_of(stmt_u64(s, "cost_pico")));
		jwrite_text(w, "costUsd", usd);
	}
	if (!stmt_is_null(s, "error"))
		jwrite_str(w, "error", stmt_text(s, "error"));
	jwrite_object_end(w);
}

static int rows_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_WALLET_REQUESTS);
	struct history *h = arg;
	int row = -1;

	if (!stmt_bind_u64(s, "limit", h->limit, e))
		while ((row = stmt_step(s, e)) > 0) {
			if (h->json)
				write_row(h, s);
			else
				print_row(h, s);
			h->n++;
		}
	stmt_done(s);
	return row;
}

static int show(struct history *h, struct gw_err *e)
{
	char path[1024];
	int rc;

	if (h->limit_text &&
	    (!str_u64(str_c(h->limit_text), &h->limit) || !h->limit || h->limit > LIMIT_MAX))
		return gw_fail(e, GWE_USAGE, 0, "--limit %.40s: a number from 1 to %d is needed",
			       h->limit_text, LIMIT_MAX);
	if (identity_path(path, sizeof path, h->key, e) || wallet_open(&h->wallet, path, false, e))
		return -1;
	buf_init(&h->out, (size_t)256 << 20);
	jwrite_init(&h->w, &h->out, false);
	jwrite_array(&h->w, NULL);
	rc = store_read(h->wallet.st, rows_tx, h, e);
	jwrite_array_end(&h->w);
	if (!rc && h->json)
		puts(buf_c(&h->out));
	else if (!rc && !h->n)
		puts("no paid requests yet");
	buf_clear(&h->out);
	wallet_close(&h->wallet);
	return rc;
}

int cmd_history(int argc, char **argv)
{
	struct history h = { .limit = LIMIT };
	const struct opt rows[] = {
		{ .name = "limit",
		  .letter = 'n',
		  .arg = "N",
		  .value = &h.limit_text,
		  .help = "the newest N; 20 if not given" },
		{ .name = "key",
		  .letter = 'k',
		  .arg = "FILE",
		  .value = &h.key,
		  .help = "key file; else $LLM_GATEWAY_KEY_FILE, else the one of `wallet new`" },
		{ .name = "json", .flag = &h.json, .help = "print a JSON array" },
		OPTS_HELP(&h.help),
		OPTS_END
	};
	struct gw_err e;
	int rc = -1;

	if (opts_parse(rows, &argc, argv, &e))
		return client_fail(&e);
	if (h.help) {
		opts_help_for(
			stdout, CLIENT_PROGRAM, "history [OPTION]...",
			"The newest first. State: priced (waits to be paid), signed, paid (the "
			"gateway has the voucher),\nfree, refused, distrusted (its proposal was not "
			"signed), broken off, interrupted.",
			rows);
		return CLIENT_OK;
	}
	if (argc != 1)
		gw_fail(&e, GWE_USAGE, 0, "history takes no arguments; --help says more");
	else
		rc = show(&h, &e);
	return rc ? client_fail(&e) : CLIENT_OK;
}
