/* SPDX-License-Identifier: Apache-2.0 */
/* The upstream call of an exchange. Per chunk: one scan, one copy into the gathered record, no more. */
#include "config.h"

#include "pipeline/exchange.h"

#include "util/clock.h"
#include "util/stack.h"

enum { DONE_WAIT_TICKS = 2 };

/* ---- the answer's head ---- */

static void on_header(void *arg, struct str name, struct str value)
{
	struct exchange *x = arg;
	struct answer_header *h;

	if (!x->header)
		x->header = arena_alloc(x->rq->arena, ANSWER_HEADERS * sizeof *x->header);
	if (!x->header || x->n_header == ANSWER_HEADERS)
		return; /* those that count come early, and there are few */
	h = &x->header[x->n_header];
	h->name = arena_dup(x->rq->arena, name);
	h->value = arena_dup(x->rq->arena, value);
	if (!h->name.p || !h->value.p)
		return;
	x->n_header++;
	if (str_caseeq_c(h->name, "content-type"))
		x->content_type = h->value;
}

static bool type_has(struct str type, const char *what)
{
	size_t n = strlen(what);

	for (size_t i = 0; i + n <= type.len; i++)
		if (str_caseeq_c(str_sub(type, i, n), what))
			return true;
	return false;
}

/* From here on bytes go out as they come. */
static bool begin_passing(struct exchange *x)
{
	x->passing = true;
	return exchange_begin(x);
}

static bool client_left(struct exchange *x)
{
	if (!x->gone_ms)
		x->gone_ms = clock_mono_ms();
	return x->drain; /* go on without it, or stop */
}

static bool on_head(void *arg, int status)
{
	struct exchange *x = arg;
	bool ok = status >= 200 && status < 300;

	x->upstream_status = status;
	x->first_byte_ms = clock_wall_ms();
	meter_status(x->meter, status);
	for (unsigned i = 0; i < x->n_header; i++)
		meter_header(x->meter, x->header[i].name, x->header[i].value);
	meter_head_end(x->meter);
	/* Rule: payment-channel.md 5: what is sent decides, not what was asked for */
	x->sse = ok && type_has(x->content_type, "text/event-stream");
	x->ndjson = ok && type_has(x->content_type, "application/x-ndjson");
	/* its own head waits for the first byte: a stream without one has its payment there, too */
	x->passing = x->sse || x->ndjson;
	return true;
}

/* ---- its bytes ---- */

/* Bytes of the event by which a stream of OpenAI's kind says that it is over, at the end of @p; 0: none. */
static size_t done_event(const char *p, size_t n)
{
	static const char *const forms[] = { "data: [DONE]\n\n", "data: [DONE]\r\n\r\n",
					     "data:[DONE]\n\n" };

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		size_t k = strlen(forms[i]);

		if (n >= k && !memcmp(p + n - k, forms[i], k))
			return k;
	}
	return 0;
}

/* openai 7.57 hangs up as soon as it has read [DONE]: what came behind would never reach the paying
 * client below it. So this event waits for the frame and goes out with it, in one write. */
static bool pass(struct exchange *x, const char *p, size_t n)
{
	size_t k = x->sse && x->has_payment ? done_event(p, n) : 0;

	x->waits = k > 0;
	x->waited = 0;
	/* the event by itself is small, so the reply gathers it whatever was in front */
	return http_reply_write(x->rp, p, n - k) && (!k || http_reply_write(x->rp, p + n - k, k));
}

static bool on_body(void *arg, const char *p, size_t n)
{
	struct exchange *x = arg;

	meter_feed(x->meter, p, n);
	if (x->gone_ms)
		return true; /* drain: only the meter listens */
	if (!x->passing)
		return buf_add(&x->held, p, n) || client_left(x);
	if (n > 1)
		x->last[0] = p[n - 2];
	else
		x->last[0] = x->last[1];
	x->last[1] = p[n - 1];
	return (exchange_begin(x) && pass(x, p, n)) || client_left(x);
}

static bool on_read_end(void *arg)
{
	struct exchange *x = arg;

	if (!x->passing || x->gone_ms || x->waits)
		return true;
	return http_reply_flush(x->rp) || client_left(x);
}

/* ---- a client that is slower than the provider ---- */

static bool held_too_much(const struct exchange *x)
{
	return !x->passing && x->held.len > HELD_MAX;
}

static bool is_full(void *arg)
{
	const struct exchange *x = arg;

	return !x->gone_ms && (http_reply_full(x->rp) || held_too_much(x));
}

/* Too much to be held: it goes out without the payment header, which the client can ask for. */
static bool release_held(struct exchange *x)
{
	bool ok;

	http_reply_nowait(x->rp, false);
	ok = begin_passing(x) && http_reply_write(x->rp, buf_c(&x->held), x->held.len);
	http_reply_nowait(x->rp, true);
	buf_clear(&x->held);
	return ok;
}

static bool make_room(void *arg)
{
	struct exchange *x = arg;

	if (held_too_much(x))
		return release_held(x) || client_left(x);
	return http_reply_make_room(x->rp) || client_left(x);
}

/* It takes its time: of the stack, what came before needed the most. */
static void rest_for_long(void *arg)
{
	(void)arg;
	stack_trim();
}

/* It does not wait for long for the first byte. */
static bool show_head(struct exchange *x)
{
	return exchange_begin(x) && http_reply_flush(x->rp);
}

/* Unless the call goes on without the client, the pool watches the connection. */
static bool has_left(struct exchange *x)
{
	return x->drain ? http_client_gone(x->rq) : http_peer_gone(x->rq);
}

static bool on_tick(void *arg)
{
	struct exchange *x = arg;

	if (responder_must_stop(x->g->responder)) {
		x->cut = true;
		return false;
	}
	if (!x->gone_ms && has_left(x) && !client_left(x))
		return false;
	if (x->passing && !x->rp->body_bytes && !x->gone_ms && !show_head(x) && !client_left(x))
		return false;
	/* a provider that says so and stays does not keep the client waiting */
	if (x->waits && !x->gone_ms && ++x->waited > DONE_WAIT_TICKS) {
		x->waits = false;
		if (!http_reply_flush(x->rp) && !client_left(x))
			return false;
	}
	return !x->gone_ms || clock_mono_ms() - x->gone_ms < (int64_t)x->conf->client_gone_drain_ms;
}

/* ---- the call ---- */

/* CLIENT_GONE "stop,claude=drain": the last word for this provider, or for all, counts. */
static bool drains(const struct conf *c, const char *provider)
{
	bool all = false, own = false, has_own = false;

	for (unsigned i = 0; i < c->client_gone.n; i++) {
		struct str s = str_c(c->client_gone.item[i]);
		ptrdiff_t eq = str_find(s, '=');

		if (eq < 0) {
			all = str_eq_c(str_trim(s), "drain");
		} else if (str_eq_c(str_trim(str_sub(s, 0, (size_t)eq)), provider)) {
			has_own = true;
			own = str_eq_c(str_trim(str_sub(s, (size_t)eq + 1, s.len)), "drain");
		}
	}
	return has_own ? own : all;
}

/* Headers of the client that may pass: printable ASCII. */
static struct str printable(struct str v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.p[i] < 0x20 || v.p[i] > 0x7e)
			return STR_NULL;
	return v.len <= 1024 ? v : STR_NULL;
}

static unsigned upstream_headers(struct exchange *x, const char *out[UPSTREAM_HEADERS])
{
	const struct http_request *rq = x->rq;
	const struct client_headers c = { printable(http_header(rq, "anthropic-version")),
					  printable(http_header(rq, "anthropic-beta")),
					  printable(http_header(rq, "HTTP-Referer")),
					  printable(http_header(rq, "X-Title")) };
	const struct upstream_auth k = { .key = secret_reveal(&x->g->key),
					 .claude_bearer = x->g->claude_bearer,
					 .http_referer = str_c(x->conf->http_referer),
					 .x_title = str_c(x->conf->x_title) };

	return provider_headers(&x->route, &c, &k, rq->arena, out);
}

static void fail(struct exchange *x, enum usage_outcome outcome, enum gw_code code,
		 const char *sentence)
{
	x->outcome = outcome;
	(void)gw_fail(&x->failure, code, 0, "%s", sentence);
	gw_err_add(&x->failure, "%s", x->up.message);
}

/* What the end of the call means for the row and for the client. */
static void conclude(struct exchange *x)
{
	bool head = x->upstream_status != 0;

	if (x->cut) {
		fail(x, OUTCOME_UPSTREAM_BROKE, GWE_OVERLOADED,
		     "The gateway is shutting down; try again");
		return;
	}
	if (x->gone_ms || x->rp->gone) {
		x->rp->gone = true;
		x->outcome = OUTCOME_CLIENT_GONE;
		return;
	}
	switch (x->up.outcome) {
	case UP_DONE:
		x->outcome = x->upstream_status >= 200 && x->upstream_status < 300
				     ? OUTCOME_OK
				     : OUTCOME_UPSTREAM_ERROR;
		return;
	case UP_CLIENT_GONE:
		x->rp->gone = true;
		x->outcome = OUTCOME_CLIENT_GONE;
		return;
	case UP_NO_CONNECTION:
		fail(x, OUTCOME_UPSTREAM_BROKE, GWE_UPSTREAM_UNREACHABLE,
		     "Network error - Unable to reach provider");
		return;
	case UP_TIMEOUT_HEAD:
		fail(x, OUTCOME_UPSTREAM_BROKE, GWE_UPSTREAM_TIMEOUT,
		     "The provider did not answer in time");
		return;
	case UP_STALLED:
		fail(x, OUTCOME_UPSTREAM_BROKE, GWE_UPSTREAM_TIMEOUT,
		     "The provider's answer came to a standstill");
		return;
	case UP_BROKE:
		fail(x, OUTCOME_UPSTREAM_BROKE, GWE_UPSTREAM_FAILED,
		     head ? "The provider's answer broke off"
			  : "No response received from provider");
		return;
	case UP_TOO_LARGE:
	case UP_BAD_ANSWER:
		fail(x, OUTCOME_UPSTREAM_BROKE, GWE_UPSTREAM_FAILED,
		     head ? "The provider's answer cannot be read"
			  : "No response received from provider");
		return;
	}
}

static const char *outcome_word(enum upstream_outcome o)
{
	switch (o) {
	case UP_DONE:
		return "done";
	case UP_NO_CONNECTION:
		return "no_connection";
	case UP_TIMEOUT_HEAD:
		return "no_answer";
	case UP_BROKE:
		return "broke";
	case UP_STALLED:
		return "stalled";
	case UP_CLIENT_GONE:
		return "stopped";
	case UP_TOO_LARGE:
		return "too_large";
	case UP_BAD_ANSWER:
		return "bad_answer";
	}
	return "unknown";
}

static void note_call(struct exchange *x, const char *method)
{
	struct access_fields *l = &x->rq->log;
	struct str path = x->route.upstream_path;
	ptrdiff_t query = str_find(path, '?');

	l->upstream_method = method;
	l->upstream_path = query < 0 ? path : str_sub(path, 0, (size_t)query);
	l->upstream_status = x->upstream_status;
	l->upstream_ms = x->up.total_ms;
	l->upstream_bytes = x->up.body_bytes;
	l->upstream_outcome = outcome_word(x->up.outcome);
	l->upstream_streamed = x->sse || x->ndjson;
	for (unsigned i = 0; i < x->n_header; i++)
		access_log_upstream_header(l, x->header[i].name, x->header[i].value);
}

void exchange_forward(struct exchange *x)
{
	const struct upstream_handler h = { .arg = x,
					    .on_head = on_head,
					    .on_header = on_header,
					    .on_body = on_body,
					    .on_read_end = on_read_end,
					    .on_tick = on_tick,
					    .full = is_full,
					    .make_room = make_room,
					    .on_long = rest_for_long };
	const char *headers[UPSTREAM_HEADERS], *method = x->route.get ? "GET" : "POST";
	struct str pieces[REQUEST_PIECES];
	char *url = arena_printf(x->rq->arena, "%s%.*s", x->g->base_url,
				 (int)x->route.upstream_path.len, x->route.upstream_path.p);
	struct upstream_request rq = { .method = method,
				       .url = url,
				       .headers = headers,
				       .n_headers = upstream_headers(x, headers),
				       .body = pieces,
				       .n_body = x->route.get
							 ? 0
							 : provider_body_pieces(&x->view, pieces) };
	int rc;

	x->drain = drains(x->conf, provider_name(x->route.provider));
	rq.watch_fd = x->drain ? -1 : x->rq->fd;
	if (!url)
		(void)gw_fail_priv(&x->failure, GWE_INTERNAL, 0,
				   "no room for the URL of the upstream");
	http_reply_nowait(x->rp, true);
	rc = url ? upstream_call(x->g->pool, &rq, &h, &x->up, &x->failure) : -1;
	http_reply_nowait(x->rp, false);
	if (rc < 0) {
		x->outcome = OUTCOME_REFUSED;
		return;
	}
	x->called = true;
	meter_end(x->meter, x->up.outcome == UP_DONE);
	conclude(x);
	note_call(x, method);
}
