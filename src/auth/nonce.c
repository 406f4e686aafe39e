/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces that were spent: in the store, so that all processes know them and a restart forgets none. */
#include "config.h"

#include "auth/did_auth.h"
#include "crypto/hash.h"
#include "store/store.h"
#include "util/conf.h"

enum { HOLD_MORE_S = 60 }; /* for the writer's queue and a machine that is slow */

/* SHA-256 of DID, NUL byte, nonce: neither holds a NUL. */
static void hash_nonce(uint8_t out[32], const struct did_auth *a)
{
	char text[DID_TEXT + NONCE_TEXT];
	size_t did = strlen(a->did), nonce = strlen(a->nonce);

	memcpy(text, a->did, did + 1);
	memcpy(text + did + 1, a->nonce, nonce);
	hash_sha256(out, text, did + 1 + nonce);
}

int nonce_burn_tx(struct store_conn *c, const struct did_auth *a, int64_t now_s, unsigned window_s,
		  struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_NONCE_BURN);
	uint8_t hash[32];
	int64_t changed = 0;
	int r;

	hash_nonce(hash, a);
	stmt_bind_blob(s, "nonce_hash", hash, sizeof hash);
	stmt_bind_i64(s, "expires_s", (a->timestamp_s > now_s ? a->timestamp_s : now_s) + window_s);
	/* Rule: protocol did-auth.md 8: kept for as long as a clock accepts the header, and this one
	 * did so then */
	stmt_bind_i64(s, "now_s", a->verified_s);
	r = stmt_run(s, &changed, e);
	stmt_done(s);
	if (r < 0)
		return -1;
	if (changed)
		return 0;
	return gw_fail(e, GWE_UNAUTHORIZED, 0,
		       "%s: this nonce was used before; each request needs a new one",
		       did_auth_code_name(DID_AUTH_NONCE_REPLAYED));
}

int64_t nonce_hold_s(const struct conf *c)
{
	return (int64_t)((c->body_timeout_ms + c->busy_wait_ms + c->node_timeout_ms) / 1000) +
	       HOLD_MORE_S;
}

int nonce_expire_tx(struct store_conn *c, int64_t now_s, int64_t limit, int64_t *deleted,
		    struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_NONCE_EXPIRE);

	*deleted = 0;
	stmt_bind_i64(s, "now_s", now_s);
	stmt_bind_i64(s, "limit", limit);
	return stmt_run(s, deleted, e);
}

int nonce_count(struct store_conn *c, int64_t *count, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_NONCE_COUNT);
	int r = stmt_step(s, e);

	if (r == 1)
		*count = stmt_i64(s, "n");
	stmt_done(s);
	return r == 1 ? 0 : -1;
}
