/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "client/paid.h"

#include <stdlib.h>
#include <string.h>

#include "client/amount.h"
#include "client/chain.h"
#include "codec/multibase.h"
#include "crypto/hash.h"

enum {
	HEAD_MAX = 128 * 1024,
	HEADER_LINE_MAX = 2 * PAYMENT_HEADER_MAX,
	FRAME_VALUE_MAX = 4 * PAYMENT_HEADER_MAX
};

/* ---- opening ---- */

static int read_limit(struct u256 *out, const char *option, struct gw_err *e)
{
	const char *from_env = getenv("LLM_GATEWAY_MAX_AMOUNT");

	if (option)
		return amount_parse(out, "--max-amount", option, e);
	if (from_env && *from_env)
		return amount_parse(out, "LLM_GATEWAY_MAX_AMOUNT", from_env, e);
	*out = u256_of((uint64_t)PAID_DEFAULT_LIMIT_RGAS * 100000000);
	return 0;
}

/* 0 found, 1 there is none. */
static int find_channel(struct paid *p, struct gw_err *e)
{
	struct rooch_id payer;
	struct gw_err why;
	char path[1024];

	if (identity_path(path, sizeof path, p->o->key, e))
		return -1;
	if (wallet_open(&p->wallet, path, false, &why)) {
		*e = why;
		return why.code == GWE_NOT_FOUND ? 1 : -1;
	}
	if (!wallet_channel_find(&p->wallet, p->http.base, &p->payer.ch, &why)) {
		if (rooch_did_parse(&payer, str_c(p->http.id.did)) &&
		    rooch_id_eq(payer, p->payer.ch.payer))
			return 0;
		gw_fail(&why, GWE_NOT_FOUND, 0,
			"the channel with %.300s was opened by another DID than %.80s; "
			"`llm-gateway-client open` opens one for it",
			p->http.base, p->http.id.did);
	}
	wallet_close(&p->wallet);
	*e = why;
	return why.code == GWE_NOT_FOUND ? 1 : -1;
}

int paid_open(struct paid *p, const struct client_options *o, const char *max_amount, bool sign,
	      bool must_pay, struct gw_err *e)
{
	int none = 1;

	*p = (struct paid){ .o = o, .wallet = { .lock_fd = -1 } };
	if (read_limit(&p->payer.limit, max_amount, e) || client_http_open(&p->http, o, sign, e))
		return -1;
	if (sign)
		none = find_channel(p, e);
	if (none < 0 || (none && must_pay)) {
		client_http_close(&p->http);
		return -1;
	}
	p->paying = !none;
	p->payer.w = &p->wallet;
	p->payer.id = &p->http.id;
	return 0;
}

void paid_close(struct paid *p)
{
	wallet_close(&p->wallet);
	client_http_close(&p->http);
}

/* ---- what we have forgotten ---- */

static int learn_from_chain(struct paid *p, struct gw_err *e)
{
	struct wallet_channel now = p->payer.ch;
	enum channel_status status;
	struct chain c;
	int none;

	if (chain_open(&c, p->o->node, now.network, e))
		return -1;
	none = chain_read_channel(&c, &p->http.id, &now, &status, e);
	chain_close(&c);
	if (none < 0)
		return -1;
	if (none)
		return gw_fail(
			e, GWE_CHANNEL_CLOSED, 0,
			"the channel is %s on the chain; `llm-gateway-client open` opens it again",
			channel_status_name(status));
	p->payer.ch = now;
	return payer_learn(&p->payer, NULL, e);
}

/* {"subRav":{...},"signature":"u..."}, signed by our own key. */
static bool read_voucher(struct voucher *v, struct jval data, const struct signing_key *key)
{
	uint8_t pub[KEY_PUB_MAX];
	char text[160];
	struct buf b;
	bool ok;

	buf_init(&b, KEY_SIG);
	ok = !subrav_read_json(&v->rav, jscan_get(data, "subRav"), NULL) &&
	     jval_copy(jscan_get(data, "signature"), text, sizeof text) &&
	     multibase_decode_u(str_c(text), &b) && b.len == KEY_SIG;
	if (ok)
		memcpy(v->signature, b.p, KEY_SIG);
	buf_clear(&b);
	return ok && subrav_verify(&v->rav, signing_key_type(key), pub, signing_key_pub(key, pub),
				   v->signature);
}

int paid_fetch_voucher(struct paid *p, uint64_t nonce, struct voucher *v, struct gw_err *e)
{
	const struct wallet_channel *ch = &p->payer.ch;
	struct client_request rq = { .method = "GET" };
	struct jval root;
	struct buf path, body;
	int status, rc;

	buf_init(&path, 512);
	buf_init(&body, CLIENT_JSON_MAX);
	buf_addf(&path, "%s/subrav?nonce=%llu", ch->base_path, (unsigned long long)nonce);
	rq.path = buf_c(&path);
	rc = client_http_json(&p->http, &rq, &status, &body, &root, e);
	if (!rc)
		rc = status == 200 && read_voucher(v, jscan_get(root, "data"), p->http.id.key) &&
				     v->rav.nonce == nonce && v->rav.epoch == ch->epoch &&
				     v->rav.chain_id == ch->chain_id &&
				     rooch_id_eq(v->rav.channel_id, ch->id) &&
				     !strcmp(v->rav.fragment, ch->fragment)
			     ? 0
			     : 1;
	buf_clear(&path);
	buf_clear(&body);
	return rc;
}

/* The gateway has to show our signature on what it says we signed last. */
static int learn_from_gateway(struct paid *p, const struct subrav *proposal, struct gw_err *e)
{
	struct voucher v;
	int none;

	if (proposal->nonce < 2 || proposal->epoch != p->payer.ch.epoch)
		return 0;
	none = paid_fetch_voucher(p, proposal->nonce - 1, &v, e);
	return none < 0 ? -1 : none ? 0 : payer_learn(&p->payer, &v, e);
}

int paid_learn(struct paid *p, const struct subrav *proposal, unsigned *tried, struct gw_err *e)
{
	return (*tried)++ == 0 ? learn_from_chain(p, e) : learn_from_gateway(p, proposal, e);
}

/* ---- one try ---- */

struct attempt {
	struct paid *p;
	const struct upstream_handler *h;
	bool first;
	struct buf
		head; /* names and values, each followed by NUL: the caller's once we know whether */
	char content_type[128];
	struct buf header; /* the payment header's value, or a frame's */
	unsigned n_header;
	struct buf scratch;
	struct frame_filter filter;
	bool swallow; /* the caller does not hear of this answer */
	bool taken;
	int status;
	enum payer_verdict verdict;
	int rc; /* of taking the proposal; then @e */
	struct gw_err e;
};

static void read_response(struct attempt *a, struct str value)
{
	struct paid *p = a->p;

	buf_reset(&a->scratch);
	/* Rule: payment-channel.md 9.3: one that cannot be read is as none. */
	p->has_response = !payment_response_read(&p->response, value, &a->scratch, NULL);
}

static void take(struct attempt *a, bool may_learn)
{
	struct paid *p = a->p;

	a->taken = true;
	if (p->paying)
		a->rc = payer_take(&p->payer, p->has_response ? &p->response : NULL, a->first,
				   may_learn, &a->verdict, &a->e);
}

static void on_header(void *arg, struct str name, struct str value)
{
	struct attempt *a = arg;

	if (str_caseeq_c(name, "content-type"))
		str_copy(a->content_type, sizeof a->content_type, value);
	else if (str_caseeq_c(name, PAYMENT_HEADER) && !a->n_header++)
		buf_add_str(&a->header, value);
	buf_add_str(&a->head, name);
	buf_add_byte(&a->head, '\0');
	buf_add_str(&a->head, value);
	buf_add_byte(&a->head, '\0');
}

static bool give_head(struct attempt *a)
{
	const struct upstream_handler *h = a->h;
	const char *p = buf_c(&a->head), *end = p + a->head.len;

	while (p < end) {
		struct str name = str_c(p), value = str_c(p + name.len + 1);

		if (h->on_header)
			h->on_header(h->arg, name, value);
		p = value.p + value.len + 1;
	}
	return !h->on_head || h->on_head(h->arg, a->status);
}

static bool filtered(void *arg, const char *p, size_t n)
{
	struct attempt *a = arg;

	return !a->h->on_body || a->h->on_body(a->h->arg, p, n);
}

static void on_frame(void *arg, struct str value)
{
	struct attempt *a = arg;

	buf_reset(&a->header);
	buf_add_str(&a->header, value);
	read_response(a, value);
}

/* A header says all before the body begins: what it brings is stored first. */
static bool on_head(void *arg, int status)
{
	struct attempt *a = arg;

	a->status = status;
	a->filter.kind = payment_frame_kind(str_c(a->content_type));
	if (a->n_header == 1) {
		read_response(a, buf_str(&a->header));
		take(a, true);
		a->swallow = a->verdict == PAYER_AGAIN ||
			     (a->verdict == PAYER_BEHIND && a->p->response.has_error);
	}
	return a->swallow || give_head(a);
}

static bool on_body(void *arg, const char *p, size_t n)
{
	struct attempt *a = arg;

	return a->swallow || frame_filter_feed(&a->filter, p, n);
}

static bool on_read_end(void *arg)
{
	struct attempt *a = arg;

	return a->swallow || !a->h->on_read_end || a->h->on_read_end(a->h->arg);
}

static bool on_tick(void *arg)
{
	struct attempt *a = arg;

	return !a->h->on_tick || a->h->on_tick(a->h->arg);
}

/* Ask until the proposal can be judged. */
static void learn(struct attempt *a)
{
	unsigned tried = 0;

	while (a->verdict == PAYER_BEHIND) {
		if (paid_learn(a->p, &a->p->response.subrav, &tried, &a->e)) {
			a->rc = -1;
			a->verdict = PAYER_DONE;
			return;
		}
		take(a, tried < PAID_LEARN_TRIES);
	}
}

static int send_once(struct attempt *a, const struct client_request *rq,
		     struct upstream_result *res, struct gw_err *e)
{
	const char *headers[UPSTREAM_MAX_HEADERS];
	const struct upstream_handler h = { .arg = a,
					    .on_header = on_header,
					    .on_head = on_head,
					    .on_body = on_body,
					    .on_read_end = on_read_end,
					    .on_tick = on_tick };
	struct client_request with = *rq;
	struct buf line;
	int rc;

	buf_init(&line, HEADER_LINE_MAX);
	with.headers = headers;
	if (a->p->paying) {
		if (rq->n_headers + 1 >= UPSTREAM_MAX_HEADERS)
			return gw_fail(e, GWE_USAGE, 0, "too many headers");
		for (unsigned i = 0; i < rq->n_headers; i++)
			headers[i] = rq->headers[i];
		buf_add_c(&line, PAYMENT_HEADER ": ");
		payer_header(&a->p->payer, &line);
		headers[with.n_headers++] = buf_c(&line);
	} else {
		with.headers = rq->headers;
	}
	rc = client_http_call(&a->p->http, &with, &h, res, e);
	buf_clear(&line);
	if (!a->swallow && a->status && res->outcome != UP_CLIENT_GONE)
		frame_filter_end(&a->filter);
	return rc;
}

static void attempt_init(struct attempt *a, struct paid *p, const struct upstream_handler *h,
			 bool first)
{
	*a = (struct attempt){ .p = p, .h = h, .first = first };
	a->filter = (struct frame_filter){ .on_bytes = filtered, .on_frame = on_frame, .arg = a };
	frame_filter_init(&a->filter);
	buf_init(&a->head, HEAD_MAX);
	buf_init(&a->header, FRAME_VALUE_MAX);
	buf_init(&a->scratch, FRAME_VALUE_MAX);
	p->has_response = false;
	p->response = (struct payment_response){ .has_subrav = false };
}

static void attempt_clear(struct attempt *a)
{
	frame_filter_clear(&a->filter);
	buf_clear(&a->head);
	buf_clear(&a->header);
	buf_clear(&a->scratch);
	a->p->response.error_details = STR_NULL; /* it was a view */
}

/* @again: out, the voucher that was asked for is there. */
static int attempt(struct paid *p, const struct client_request *rq,
		   const struct upstream_handler *h, bool first, bool *again, int *status,
		   struct upstream_result *res, struct gw_err *e)
{
	struct attempt a;
	int rc;

	attempt_init(&a, p, h, first);
	*res = (struct upstream_result){ .outcome = UP_DONE };
	rc = send_once(&a, rq, res, e);
	if (!a.taken && p->has_response) {
		a.first = false; /* the caller has heard of this answer already */
		take(&a, true);
	}
	learn(&a);
	*again = a.verdict == PAYER_AGAIN;
	*status = a.status;
	p->no_frame = !rc && !p->has_response && a.status < 400 && a.filter.kind != FRAME_NONE;
	if (a.rc && p->payer.state != PAYER_REFUSED) {
		*e = a.e;
		rc = -1;
	}
	attempt_clear(&a);
	return rc;
}

/* ---- the request ---- */

static void choose_reference(struct payer *p, const struct client_request *rq)
{
	static const char name[] = "x-client-tx-ref:";

	for (unsigned i = 0; i < rq->n_headers; i++) {
		struct str line = str_c(rq->headers[i]), head = str_sub(line, 0, sizeof name - 1);
		struct str value = str_trim(str_sub(line, head.len, line.len));

		if (str_caseeq_c(head, name) && value.len &&
		    str_copy(p->tx_ref, sizeof p->tx_ref, value))
			return;
	}
	random_uuid(p->tx_ref);
}

int paid_call(struct paid *p, const struct client_request *rq, const struct upstream_handler *h,
	      struct upstream_result *res, struct gw_err *e)
{
	struct str path = str_c(rq->path);
	ptrdiff_t query = str_find(path, '?');
	bool again = false;
	struct gw_err why = { .code = GWE_OK };
	int status = 0, rc;

	if (query >= 0)
		path.len = (size_t)query;
	if (!p->paying)
		return attempt(p, rq, h, true, &again, &status, res, e);
	choose_reference(&p->payer, rq);
	if (payer_begin(&p->payer, rq->method, path, e))
		return -1;
	rc = attempt(p, rq, h, true, &again, &status, res, e);
	if (!rc && again)
		rc = attempt(p, rq, h, false, &again, &status, res, e);
	if (rc)
		why = *e;
	else if (p->payer.state == PAYER_REFUSED)
		gw_fail(&why, GWE_CONFLICT, 0, "%s: %s", p->response.error_code,
			p->response.error_message);
	else if (res->outcome == UP_CLIENT_GONE)
		gw_fail(&why, GWE_CONFLICT, 0, "stopped");
	else if (p->no_frame) /* what it cost comes with the next 402 */
		gw_fail(&why, GWE_CONFLICT, 0, "the stream ended without a payment frame");
	if (payer_end(&p->payer, status, why.code == GWE_OK ? NULL : &why, rc ? &why : e))
		return -1;
	return rc;
}

const char *paid_advice(const char *error_code)
{
	static const struct {
		enum gw_code code;
		const char *text;
	} advice[] = {
		{ GWE_HUB_INSUFFICIENT_FUNDS, "; `llm-gateway-client fund` deposits more" },
		{ GWE_CHANNEL_NOT_FOUND, "; `llm-gateway-client open` opens a channel" },
		{ GWE_SUBCHANNEL_NOT_AUTHORIZED,
		  "; `llm-gateway-client open` authorises this key" },
		{ GWE_CHANNEL_CLOSED, "; `llm-gateway-client open` opens it again" },
		{ GWE_BILLING_MAX_AMOUNT_EXCEEDED,
		  "; --max-amount allows more, --max-tokens asks for less" },
	};
	enum gw_code code = gw_err_from_wire(error_code);

	for (size_t i = 0; i < sizeof advice / sizeof advice[0]; i++)
		if (advice[i].code == code)
			return advice[i].text;
	return "";
}
