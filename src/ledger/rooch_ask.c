/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/rooch_ask.h"

#include <string.h>

enum { ANSWER_MAX = 4 << 20 };

struct jwrite *rooch_ask_begin(struct rooch_ask *k, struct rooch_rpc *c, const char *method)
{
	memset(k, 0, sizeof *k);
	k->c = c;
	k->method = method;
	k->id = atomic_fetch_add(&c->next_id, 1) + 1;
	buf_init(&k->request, (size_t)3 * TX_BYTES_MAX);
	buf_init(&k->answer, ANSWER_MAX);
	jwrite_init(&k->w, &k->request, false);
	jwrite_object(&k->w, NULL);
	jwrite_text(&k->w, "jsonrpc", "2.0");
	jwrite_u64(&k->w, "id", k->id);
	jwrite_text(&k->w, "method", method);
	jwrite_array(&k->w, "params");
	return &k->w;
}

void rooch_ask_end(struct rooch_ask *k)
{
	buf_clear(&k->request);
	buf_clear(&k->answer);
}

/* An HTTP answer of the node, or why there is none. */
static int exchange(struct rooch_ask *k, struct gw_err *e)
{
	static const char *const headers[] = { "Content-Type: application/json" };
	struct str body = buf_str(&k->request);
	struct upstream_request rq = { .method = "POST",
				       .url = k->c->url,
				       .headers = headers,
				       .n_headers = 1,
				       .body = &body,
				       .n_body = 1,
				       .watch_fd = -1 };
	struct upstream_result res;
	struct gw_err why = { .code = GWE_OK };

	if (upstream_fetch(k->c->pool, &rq, &k->answer, &res, &why))
		return gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0, "%s: %s", k->method, why.pub);
	k->sent = res.sent;
	k->broke = res.outcome == UP_BROKE;
	if (res.outcome != UP_DONE)
		return gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0, "%s: node: %s", k->method,
				    res.message);
	if (res.status < 200 || res.status > 299)
		return gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0, "%s: the node answers HTTP %d",
				    k->method, res.status);
	return 0;
}

static int finish_request(struct rooch_ask *k, struct gw_err *e)
{
	jwrite_array_end(&k->w);
	jwrite_object_end(&k->w);
	return k->request.failed ? gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0,
						"%s: the request is too long", k->method)
				 : 0;
}

static int read_answer(struct rooch_ask *k, struct gw_err *e)
{
	int rc = rooch_answer_open(&k->result, &k->error, buf_str(&k->answer), k->id, e);

	if (rc < 0)
		gw_err_add(e, "%s", k->method);
	return rc;
}

int rooch_ask(struct rooch_ask *k, struct gw_err *e)
{
	return finish_request(k, e) || exchange(k, e) ? -1 : read_answer(k, e);
}

int rooch_ask_twice(struct rooch_ask *k, struct gw_err *e)
{
	int rc = rooch_ask(k, e);

	if (rc < 0 && k->broke) {
		buf_reset(&k->answer);
		rc = exchange(k, e) ? -1 : read_answer(k, e);
	}
	return rc;
}

int rooch_ask_again(struct rooch_ask *k, struct gw_err *e)
{
	int rc = rooch_ask_twice(k, e);

	if (rc > 0)
		return gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0, "%s: the node says: %s",
				    k->method, k->error.message);
	return rc;
}

void rooch_ask_options(struct jwrite *w)
{
	jwrite_object(w, NULL);
	jwrite_bool(w, "decode", false);
	jwrite_bool(w, "showDisplay", false);
	jwrite_object_end(w);
}

void rooch_ask_id(struct jwrite *w, const struct rooch_id *id)
{
	jwrite_hex(w, NULL, id->b, sizeof id->b);
}

/* ---- states ---- */

int rooch_ask_unreadable(struct gw_err *e, const char *what)
{
	return gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0, "the node's %s cannot be read", what);
}

int rooch_ask_state(struct rooch_rpc *c, struct rooch_wanted want, struct buf *bcs,
		    struct gw_err *e)
{
	struct jwrite *w;
	struct rooch_ask k;
	int rc;

	w = rooch_ask_begin(&k, c, want.key ? "rooch_getFieldStates" : "rooch_getObjectStates");
	rooch_ask_id(w, want.object);
	if (want.key) {
		jwrite_array(w, NULL);
		rooch_ask_id(w, want.key);
		jwrite_array_end(w);
	}
	rooch_ask_options(w);
	rc = rooch_ask_again(&k, e);
	if (!rc)
		rc = rooch_answer_state(bcs, k.result, want, e);
	rooch_ask_end(&k);
	return rc;
}

int rooch_ask_coin(struct rooch_rpc *c, const struct rooch_id *table, const char *asset,
		   struct u256 *out, struct gw_err *e)
{
	struct rooch_id key = rooch_field_key(str_c(asset));
	struct coin_store_object store;
	struct buf bcs;
	int rc;

	buf_init(&bcs, ROOCH_OBJECT_MAX);
	rc = rooch_ask_state(c, (struct rooch_wanted){ table, &key }, &bcs, e);
	if (!rc && !coin_store_field_read(&store, str_c(asset), buf_str(&bcs)))
		rc = rooch_ask_unreadable(e, "coin store");
	if (!rc)
		*out = store.balance;
	else if (rc > 0)
		*out = U256_ZERO;
	buf_clear(&bcs);
	return rc < 0 ? -1 : 0;
}
