/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "client/wallet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* ---- the file ---- */

static int take_lock(struct wallet *w, struct gw_err *e)
{
	char path[sizeof w->path + 8];

	snprintf(path, sizeof path, "%s.lock", w->path);
	w->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (w->lock_fd < 0)
		return gw_fail(e, GWE_BAD_REQUEST, errno, "%s: %s", path, strerror(errno));
	if (!flock(w->lock_fd, LOCK_EX | LOCK_NB))
		return 0;
	fprintf(stderr, "waiting until another command is done with %s\n", w->path);
	while (flock(w->lock_fd, LOCK_EX))
		if (errno != EINTR)
			return gw_fail(e, GWE_BAD_REQUEST, errno, "%s: %s", path, strerror(errno));
	return 0;
}

int wallet_open(struct wallet *w, const char *key_file, bool make, struct gw_err *e)
{
	struct store_options o = { .role = STORE_WALLET };
	bool made;
	int n;

	*w = (struct wallet){ .lock_fd = -1 };
	n = snprintf(w->path, sizeof w->path, "%s.db", key_file);
	if (n < 0 || (size_t)n >= sizeof w->path)
		return gw_fail(e, GWE_USAGE, 0, "the path of the key file is too long");
	if (!make && access(w->path, F_OK))
		return gw_fail(e, GWE_NOT_FOUND, errno, "no wallet at %s", w->path);
	o.path = w->path;
	/* The file is ours alone, so that an older one is brought up to date without being asked. */
	if (take_lock(w, e) || store_migrate(w->path, SCHEMA_WALLET, false, &made, e) ||
	    store_open(&w->st, &o, e)) {
		wallet_close(w);
		return -1;
	}
	return 0;
}

void wallet_close(struct wallet *w)
{
	store_close(w->st);
	w->st = NULL;
	if (w->lock_fd >= 0)
		close(w->lock_fd);
	w->lock_fd = -1;
}

/* ---- small things ---- */

static void bind_amount(struct stmt *s, const char *name, struct u256 v, uint8_t bytes[32])
{
	u256_to_be(bytes, v);
	stmt_bind_blob(s, name, bytes, 32);
}

static struct u256 amount_of(struct stmt *s, const char *col)
{
	struct str b = stmt_blob(s, col);

	return b.len == 32 ? u256_from_be((const uint8_t *)b.p)
			   : U256_ZERO; /* the schema says 32 */
}

static void id_of(struct stmt *s, const char *col, struct rooch_id *out)
{
	struct str b = stmt_blob(s, col);

	if (b.len == sizeof out->b)
		memcpy(out->b, b.p, sizeof out->b);
}

static void text_of(struct stmt *s, const char *col, char *dst, size_t size)
{
	if (!str_copy(dst, size, stmt_text(s, col)))
		dst[0] = '\0';
}

static void bind_place(struct stmt *s, const struct wallet_channel *ch)
{
	stmt_bind_blob(s, "channel_id", ch->id.b, sizeof ch->id.b);
	stmt_bind_text(s, "fragment", str_c(ch->fragment));
}

static int run(struct stmt *s, int64_t *changed, struct gw_err *e)
{
	int rc = stmt_run(s, changed, e);

	stmt_done(s);
	return rc;
}

/* ---- channels ---- */

static void read_channel(struct stmt *s, struct wallet_channel *out)
{
	*out = (struct wallet_channel){ .chain_id = stmt_u64(s, "chain_id"),
					.epoch = stmt_u64(s, "epoch"),
					.claimed_nonce = stmt_u64(s, "claimed_nonce"),
					.claimed = amount_of(s, "claimed_amount") };
	id_of(s, "channel_id", &out->id);
	id_of(s, "payer", &out->payer);
	id_of(s, "payee", &out->payee);
	text_of(s, "fragment", out->fragment, sizeof out->fragment);
	text_of(s, "asset", out->asset, sizeof out->asset);
	text_of(s, "network", out->network, sizeof out->network);
	text_of(s, "url", out->gateway, sizeof out->gateway);
	text_of(s, "base_path", out->base_path, sizeof out->base_path);
}

int wallet_channel_find_tx(struct store_conn *c, const char *url, struct wallet_channel *out,
			   struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_WALLET_CHANNEL_OF);
	int row;

	stmt_bind_text(s, "url", str_c(url));
	row = stmt_step(s, e);
	if (row > 0)
		read_channel(s, out);
	stmt_done(s);
	if (row == 0)
		return gw_fail(
			e, GWE_NOT_FOUND, 0,
			"no channel was opened with %.300s; `llm-gateway-client open` does that",
			url);
	return row > 0 ? 0 : -1;
}

struct find {
	const char *url;
	struct wallet_channel *out;
};

static int find_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct find *f = arg;

	return wallet_channel_find_tx(c, f->url, f->out, e);
}

int wallet_channel_find(struct wallet *w, const char *url, struct wallet_channel *out,
			struct gw_err *e)
{
	struct find f = { url, out };

	return store_read(w->st, find_tx, &f, e);
}

int wallet_channel_put_tx(struct store_conn *c, const struct wallet_channel *ch, int64_t now_ms,
			  struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_WALLET_CHANNEL_PUT);
	int64_t changed = 0;
	uint8_t amount[32];

	bind_place(s, ch);
	stmt_bind_blob(s, "payer", ch->payer.b, sizeof ch->payer.b);
	stmt_bind_blob(s, "payee", ch->payee.b, sizeof ch->payee.b);
	stmt_bind_text(s, "asset", str_c(ch->asset));
	stmt_bind_text(s, "network", str_c(ch->network));
	bind_amount(s, "claimed_amount", ch->claimed, amount);
	stmt_bind_i64(s, "now_ms", now_ms);
	if (stmt_bind_u64(s, "chain_id", ch->chain_id, e) ||
	    stmt_bind_u64(s, "epoch", ch->epoch, e) ||
	    stmt_bind_u64(s, "claimed_nonce", ch->claimed_nonce, e)) {
		stmt_done(s);
		return -1;
	}
	if (run(s, &changed, e))
		return -1;
	if (!changed)
		return gw_fail(e, GWE_CONFLICT, 0,
			       "the node shows this channel in an older state than before, or on "
			       "another chain: it cannot be trusted");
	s = stmt_get(c, STMT_WALLET_GATEWAY_PUT);
	bind_place(s, ch);
	stmt_bind_text(s, "url", str_c(ch->gateway));
	stmt_bind_text(s, "base_path", str_c(ch->base_path));
	stmt_bind_i64(s, "now_ms", now_ms);
	return run(s, NULL, e);
}

struct list {
	struct wallet_channel *v;
	size_t n;
};

static int list_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_WALLET_CHANNELS);
	struct list *l = arg;
	int row;

	while ((row = stmt_step(s, e)) > 0) {
		struct wallet_channel *v = realloc(l->v, (l->n + 1) * sizeof *v);

		if (!v)
			abort();
		l->v = v;
		read_channel(s, &l->v[l->n++]);
	}
	stmt_done(s);
	return row;
}

int wallet_channels(struct wallet *w, struct wallet_channel **out, size_t *n, struct gw_err *e)
{
	struct list l = { NULL, 0 };

	if (store_read(w->st, list_tx, &l, e)) {
		free(l.v);
		return -1;
	}
	*out = l.v;
	*n = l.n;
	return 0;
}

/* ---- vouchers ---- */

static void fill_rav(struct subrav *r, const struct wallet_channel *ch, uint64_t epoch,
		     uint64_t nonce, struct u256 amount)
{
	*r = (struct subrav){ .version = SUBRAV_VERSION,
			      .chain_id = ch->chain_id,
			      .channel_id = ch->id,
			      .epoch = epoch,
			      .accumulated = amount,
			      .nonce = nonce };
	snprintf(r->fragment, sizeof r->fragment, "%s", ch->fragment);
}

int wallet_voucher_last_tx(struct store_conn *c, const struct wallet_channel *ch,
			   struct wallet_voucher *out, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_WALLET_VOUCHER_LAST);
	struct str signature;
	int row = -1;

	bind_place(s, ch);
	*out = (struct wallet_voucher){ .taken = false };
	if (!stmt_bind_u64(s, "epoch", ch->epoch, e))
		row = stmt_step(s, e);
	if (row > 0) {
		fill_rav(&out->v.rav, ch, ch->epoch, stmt_u64(s, "nonce"), amount_of(s, "amount"));
		signature = stmt_blob(s, "signature");
		if (signature.len == KEY_SIG)
			memcpy(out->v.signature, signature.p, KEY_SIG);
		out->taken = stmt_i64(s, "taken") != 0;
	}
	stmt_done(s);
	return row > 0 ? 0 : row == 0 ? 1 : -1;
}

/* Was the same amount signed under this nonce before? 0 yes, 1 nothing was, -1 something else. */
static int look_at_nonce(struct store_conn *c, const struct subrav *r, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_WALLET_VOUCHER_GET);
	int row = -1;
	bool same = false;

	stmt_bind_blob(s, "channel_id", r->channel_id.b, sizeof r->channel_id.b);
	stmt_bind_text(s, "fragment", str_c(r->fragment));
	if (!stmt_bind_u64(s, "epoch", r->epoch, e) && !stmt_bind_u64(s, "nonce", r->nonce, e))
		row = stmt_step(s, e);
	if (row > 0)
		same = !u256_cmp(amount_of(s, "amount"), r->accumulated);
	stmt_done(s);
	if (row > 0 && !same)
		return gw_fail(
			e, GWE_CONFLICT, 0,
			"another amount was signed as voucher %llu before; nothing was signed now",
			(unsigned long long)r->nonce);
	return row > 0 ? 0 : row == 0 ? 1 : -1;
}

int wallet_voucher_add_tx(struct store_conn *c, const struct wallet_voucher *v, int64_t now_ms,
			  struct gw_err *e)
{
	const struct subrav *r = &v->v.rav;
	int known = look_at_nonce(c, r, e);
	uint8_t amount[32], cost[32];
	struct stmt *s;

	if (known <= 0)
		return known;
	s = stmt_get(c, STMT_WALLET_VOUCHER_ADD);
	stmt_bind_blob(s, "channel_id", r->channel_id.b, sizeof r->channel_id.b);
	stmt_bind_text(s, "fragment", str_c(r->fragment));
	bind_amount(s, "amount", r->accumulated, amount);
	if (v->has_cost)
		bind_amount(s, "cost", v->cost, cost);
	stmt_bind_blob(s, "signature", v->v.signature, KEY_SIG);
	stmt_bind_i64(s, "taken", v->taken);
	stmt_bind_i64(s, "now_ms", now_ms);
	if (stmt_bind_u64(s, "epoch", r->epoch, e) || stmt_bind_u64(s, "nonce", r->nonce, e)) {
		stmt_done(s);
		return -1;
	}
	return run(s, NULL, e);
}

int wallet_voucher_taken_tx(struct store_conn *c, const struct wallet_channel *ch, uint64_t nonce,
			    struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_WALLET_VOUCHER_TAKEN);

	bind_place(s, ch);
	if (stmt_bind_u64(s, "epoch", ch->epoch, e) || stmt_bind_u64(s, "nonce", nonce, e)) {
		stmt_done(s);
		return -1;
	}
	return run(s, NULL, e);
}

/* ---- proposals ---- */

int wallet_proposal_get_tx(struct store_conn *c, const struct wallet_channel *ch,
			   struct wallet_proposal *out, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_WALLET_PROPOSAL_GET);
	int row;

	bind_place(s, ch);
	row = stmt_step(s, e);
	if (row > 0) {
		fill_rav(&out->rav, ch, stmt_u64(s, "epoch"), stmt_u64(s, "nonce"),
			 amount_of(s, "amount"));
		out->cost = amount_of(s, "cost");
	}
	stmt_done(s);
	return row > 0 ? 0 : row == 0 ? 1 : -1;
}

int wallet_proposal_put_tx(struct store_conn *c, const struct wallet_channel *ch,
			   const struct wallet_proposal *p, int64_t now_ms, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_WALLET_PROPOSAL_PUT);
	uint8_t amount[32], cost[32];

	bind_place(s, ch);
	bind_amount(s, "amount", p->rav.accumulated, amount);
	bind_amount(s, "cost", p->cost, cost);
	stmt_bind_i64(s, "now_ms", now_ms);
	if (stmt_bind_u64(s, "epoch", p->rav.epoch, e) ||
	    stmt_bind_u64(s, "nonce", p->rav.nonce, e)) {
		stmt_done(s);
		return -1;
	}
	return run(s, NULL, e);
}

int wallet_proposal_drop_tx(struct store_conn *c, const struct wallet_channel *ch, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_WALLET_PROPOSAL_DROP);

	bind_place(s, ch);
	return run(s, NULL, e);
}

int wallet_base_tx(struct store_conn *c, const struct wallet_channel *ch, struct proposal_base *out,
		   struct wallet_voucher *last, bool *has_last, struct gw_err *e)
{
	int none = wallet_voucher_last_tx(c, ch, last, e);

	if (none < 0)
		return -1;
	*has_last = !none;
	*out = (struct proposal_base){ .chain_id = ch->chain_id,
				       .channel_id = ch->id,
				       .epoch = ch->epoch,
				       .fragment = ch->fragment,
				       .nonce = ch->claimed_nonce,
				       .amount = ch->claimed };
	if (!none && last->v.rav.nonce >= ch->claimed_nonce) {
		out->nonce = last->v.rav.nonce;
		out->amount = last->v.rav.accumulated;
	}
	return 0;
}
