/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway-client commit - pay for the last request without buying another. */
#include "config.h"

#include "client/client.h"

#include "client/amount.h"
#include "client/paid.h"
#include "codec/jwrite.h"
#include "codec/multibase.h"

/* clang-format off */
static const char text[] =
	"Signs what the gateway proposed last and hands the voucher in. Asks the gateway what is\n"
	"pending if nothing is known of here, as after an answer that broke off.";
/* clang-format on */

/* What the gateway says is pending: 0 and @out, 1 nothing is. */
static int ask_pending(struct paid *p, struct subrav *out, struct gw_err *e)
{
	struct client_request rq = { .method = "GET" };
	struct jval root, pending;
	struct buf path, body;
	int status, rc;

	buf_init(&path, 512);
	buf_init(&body, CLIENT_JSON_MAX);
	buf_addf(&path, "%s/recovery", p->payer.ch.base_path);
	rq.path = buf_c(&path);
	rc = client_http_json(&p->http, &rq, &status, &body, &root, e);
	if (!rc && (status != 200 || jscan_get(root, "data").type != J_OBJECT)) {
		rc = gw_fail(e, GWE_UPSTREAM_FAILED, status,
			     "the gateway does not say what is pending: it answered %d", status);
	} else if (!rc) {
		pending = jscan_path(root, "data", "pendingSubRav", (char *)NULL);
		rc = jval_is_null(pending) ? 1 : subrav_read_json(out, pending, e);
	}
	buf_clear(&path);
	buf_clear(&body);
	return rc;
}

static int take_pending(struct paid *p, const struct subrav *pending, struct gw_err *e)
{
	enum payer_verdict v = PAYER_BEHIND;
	unsigned tried = 0;

	for (;;) {
		if (payer_take_pending(&p->payer, pending, tried < PAID_LEARN_TRIES, &v, e))
			return -1;
		if (v != PAYER_BEHIND)
			return 0;
		if (paid_learn(p, pending, &tried, e))
			return -1;
	}
}

static void write_body(struct buf *b, const struct voucher *v)
{
	struct buf signature;
	struct jwrite w;

	buf_init(&signature, 128);
	multibase_encode_u(v->signature, KEY_SIG, &signature);
	jwrite_init(&w, b, false);
	jwrite_object(&w, NULL);
	jwrite_object(&w, "subRav");
	subrav_write_json(&w, "subRav", &v->rav);
	jwrite_str(&w, "signature", buf_str(&signature));
	jwrite_object_end(&w);
	jwrite_object_end(&w);
	buf_clear(&signature);
}

/* The refusal in the envelope's words. */
static int refused(int status, struct jval root, struct gw_err *e)
{
	char code[64] = "", message[300] = "";
	struct jval error = jscan_get(root, "error");
	enum gw_code known;

	jval_copy(jscan_get(error, "code"), code, sizeof code);
	jval_copy(jscan_get(error, "message"), message, sizeof message);
	known = gw_err_from_wire(code);
	return gw_fail(e, known == GWE_OK ? GWE_UPSTREAM_FAILED : known, status,
		       "the gateway did not take the voucher: %d %s%s%s%s", status, code,
		       code[0] ? ": " : "", message, paid_advice(code));
}

static int hand_in(struct paid *p, struct gw_err *e)
{
	static const char *const headers[] = { "Content-Type: application/json" };
	struct client_request rq = { .method = "POST", .headers = headers, .n_headers = 1 };
	struct buf path, body, answer;
	struct jval root;
	int status, rc;

	buf_init(&path, 512);
	buf_init(&body, 8192);
	buf_init(&answer, CLIENT_JSON_MAX);
	buf_addf(&path, "%s/commit", p->payer.ch.base_path);
	write_body(&body, &p->payer.voucher);
	rq.path = buf_c(&path);
	rq.body = buf_str(&body);
	rc = client_http_json(&p->http, &rq, &status, &answer, &root, e);
	if (!rc &&
	    (status != 200 || jscan_path(root, "data", "success", (char *)NULL).type != J_TRUE))
		rc = refused(status, root, e);
	if (!rc)
		rc = payer_taken(&p->payer, e);
	buf_clear(&path);
	buf_clear(&body);
	buf_clear(&answer);
	return rc;
}

/* The gateway waits for nothing, and we do not know whether our last voucher has arrived. */
static int ask_for_last(struct paid *p, bool *paid, struct gw_err *e)
{
	struct voucher theirs;
	int none = paid_fetch_voucher(p, p->payer.voucher.rav.nonce, &theirs, e);

	*paid = none > 0;
	return none < 0 ? -1 : none ? hand_in(p, e) : payer_taken(&p->payer, e);
}

static int pay(struct paid *p, bool *paid, struct gw_err *e)
{
	struct subrav pending;
	int none;

	*paid = false;
	if (payer_sign_open(&p->payer, e))
		return -1;
	if (p->payer.has_voucher && !u256_is_zero(p->payer.paid)) {
		*paid = true;
		return hand_in(p, e);
	}
	none = ask_pending(p, &pending, e);
	if (none < 0)
		return -1;
	if (none)
		return p->payer.has_voucher ? ask_for_last(p, paid, e) : 0;
	if (take_pending(p, &pending, e) || payer_sign_open(&p->payer, e))
		return -1;
	*paid = p->payer.has_voucher;
	return p->payer.has_voucher ? hand_in(p, e) : 0;
}

static void show(const struct paid *p, bool paid, bool json)
{
	char cost[AMOUNT_TEXT], total[U256_TEXT], units[U256_TEXT];
	const struct subrav *r = &p->payer.voucher.rav;
	struct jwrite w;
	struct buf b;

	amount_format(cost, p->payer.paid);
	u256_format(units, p->payer.paid);
	u256_format(total, r->accumulated);
	if (!json && paid)
		printf("paid %s; voucher %llu is for %s units in all\n", cost,
		       (unsigned long long)r->nonce, total);
	else if (!json)
		puts("nothing to pay");
	if (!json)
		return;
	buf_init(&b, 4096);
	jwrite_init(&w, &b, false);
	jwrite_object(&w, NULL);
	jwrite_bool(&w, "paid", paid);
	if (paid) {
		jwrite_text(&w, "cost", units);
		jwrite_u64(&w, "nonce", r->nonce);
		jwrite_text(&w, "accumulatedAmount", total);
	}
	jwrite_object_end(&w);
	puts(buf_c(&b));
	buf_clear(&b);
}

int cmd_commit(int argc, char **argv)
{
	struct client_options common = { .gateway = NULL };
	const char *max_amount = NULL;
	const struct opt rows[] = { PAID_OPTIONS(&max_amount), CLIENT_OPTIONS(&common), OPTS_END };
	struct paid p;
	struct gw_err e;
	bool paid = false;
	int rc = -1;

	if (opts_parse(rows, &argc, argv, &e))
		return client_fail(&e);
	if (common.help) {
		opts_help_for(stdout, CLIENT_PROGRAM, "commit [OPTION]...", text, rows);
		return CLIENT_OK;
	}
	if (argc != 1)
		gw_fail(&e, GWE_USAGE, 0, "commit takes no arguments; --help says more");
	else if (!paid_open(&p, &common, max_amount, true, true, &e)) {
		rc = pay(&p, &paid, &e);
		if (!rc)
			show(&p, paid, common.json);
		paid_close(&p);
	}
	return rc ? client_fail(&e) : CLIENT_OK;
}
