/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "upstream/upstream.h"

#include <poll.h>

#include "upstream/lease.h"
#include "upstream/loop.h"
#include "util/buf.h"
#include "util/clock.h"

enum {
	HEAD_MAX = 64 * 1024,
	JOIN_MAX = 32 * 1024 /* smaller bodies are joined, to leave in one write with the head */
};

/* One call: what the callbacks of libcurl and of the loop see. */
struct call {
	struct transfer transfer; /* first: the loop knows only this */
	const struct upstream_request *rq;
	const struct upstream_handler *h;
	struct upstream_result *res;
	struct upstream_pool *pool;
	struct lease *lease;
	CURL *easy;

	unsigned attempts;		      /* connections on which a request was begun */
	int64_t start_ms, ready_ms, heard_ms; /* begun; connected; last byte */
	bool heard; /* something came in this turn of the loop */
	bool full;  /* the handler can take no more at the moment */

	size_t head_bytes;
	bool head_final; /* the head now read is not a 1xx one */
	bool head_done;

	size_t body_len; /* to be sent, and how far that is */
	unsigned piece;
	size_t offset;

	bool stopped; /* by us, for the reason in res->outcome */
};

/* End the transfer for a reason of our own. The first one stands. */
GW_PRINTF(3, 4) static bool stop(struct call *c, enum upstream_outcome why, const char *fmt, ...)
{
	va_list ap;

	if (c->stopped)
		return false;
	c->stopped = true;
	c->res->outcome = why;
	va_start(ap, fmt);
	vsnprintf(c->res->message, sizeof c->res->message, fmt, ap);
	va_end(ap);
	return false;
}

static bool client_stopped(struct call *c)
{
	return stop(c, UP_CLIENT_GONE, "given up from our side");
}

/* ---- the answer ---- */

/* "HTTP/1.1 200 OK" or "HTTP/2 200 ": the number, or 0. */
static int status_of(struct str line)
{
	ptrdiff_t at = str_find(line, ' ');
	uint64_t status;

	if (at < 0 || !str_u64(str_sub(line, (size_t)at + 1, 3), &status))
		return 0;
	return (int)status;
}

/*
 * The headers that describe how the body travelled are not passed on: libcurl has undone chunks and
 * codings, so they would be wrong for what on_body gets.
 */
static bool is_framing(struct str name)
{
	return str_caseeq_c(name, "content-encoding") || str_caseeq_c(name, "content-length") ||
	       str_caseeq_c(name, "transfer-encoding") || str_caseeq_c(name, "connection") ||
	       str_caseeq_c(name, "keep-alive") || str_caseeq_c(name, "trailer");
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (((unsigned char)s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return true;
	return false;
}

static bool end_of_head(struct call *c)
{
	c->head_done = true;
	c->res->first_byte_ms = clock_mono_ms() - c->start_ms;
	if (c->h->on_head && !c->h->on_head(c->h->arg, c->res->status))
		return client_stopped(c);
	return true;
}

static bool head_line(struct call *c, struct str line)
{
	struct str name, value;
	ptrdiff_t colon;

	if (c->head_done) /* a trailer */
		return true;
	c->head_bytes += line.len;
	if (c->head_bytes > HEAD_MAX)
		return stop(c, UP_TOO_LARGE, "the answer's head exceeds %d bytes", HEAD_MAX);
	if (str_starts(line, "HTTP/")) {
		int status = status_of(line);

		c->head_final = status >= 200;
		if (c->head_final)
			c->res->status = status;
		return true;
	}
	if (!c->head_final)
		return true;
	if (str_trim(line).len == 0)
		return end_of_head(c);
	colon = str_find(line, ':');
	name = str_sub(line, 0, colon > 0 ? (size_t)colon : 0);
	value = str_trim(str_sub(line, (size_t)(colon + 1), line.len));
	/* Not a header, or one that would break the line of whoever writes it again. */
	if (!str_visible(name, HEAD_MAX) || has_control(value))
		return true;
	if (c->h->on_header && !is_framing(name))
		c->h->on_header(c->h->arg, name, value);
	return true;
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
	struct call *c = arg;

	c->heard = true;
	transfer_heard(&c->transfer);
	return head_line(c, (struct str){ p, size * n }) ? size * n : 0;
}

static bool is_full(struct call *c)
{
	c->full = c->h->full && c->h->full(c->h->arg);
	return c->full;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct call *c = arg;

	n *= size;
	c->heard = true;
	transfer_heard(&c->transfer);
	if (is_full(c))
		return CURL_WRITEFUNC_PAUSE; /* libcurl keeps it and brings it again */
	c->res->body_bytes += n;
	if (c->h->on_body && !c->h->on_body(c->h->arg, p, n)) {
		client_stopped(c);
		return 0;
	}
	return n;
}

/* ---- the request ---- */

/*
 * A connection that was made for this call must be verified; a kept one has been. A refused one
 * must not be kept, which HTTP/2 would do.
 */
static bool verified(struct call *c)
{
	struct gw_err why;
	long made = 1;

	if (curl_easy_getinfo(c->easy, CURLINFO_NUM_CONNECTS, &made) == CURLE_OK && made == 0)
		return true;
	if (!lease_verify(c->pool, c->lease, c->rq->url, &why))
		return true;
	(void)curl_easy_setopt(c->easy, CURLOPT_FORBID_REUSE, 1L);
	return stop(c, UP_NO_CONNECTION, "%s", why.priv);
}

/*
 * Runs when a connection is ready for the request. libcurl begins again by itself when a kept
 * connection turns out to be dead; that is wanted only while the upstream cannot have seen
 * anything, since a request that arrived twice is generated and billed twice.
 */
static int on_ready(void *arg, char *ip, char *local_ip, int port, int local_port)
{
	struct call *c = arg;
	long sent = 0;

	(void)ip, (void)local_ip, (void)port, (void)local_port;
	c->ready_ms = clock_mono_ms();
	transfer_heard(&c->transfer); /* another time-out counts from here */
	if (c->attempts++ &&
	    (curl_easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &sent) != CURLE_OK || sent))
		stop(c, UP_BROKE, "the kept connection was closed after the request had been sent");
	else if (c->attempts > 2)
		stop(c, UP_NO_CONNECTION, "connections are closed again and again");
	else if (verified(c))
		return CURL_PREREQFUNC_OK;
	return CURL_PREREQFUNC_ABORT;
}

static size_t on_send(char *to, size_t size, size_t n, void *arg)
{
	struct call *c = arg;
	size_t room = size * n, done = 0;

	while (room && c->piece < c->rq->n_body) {
		struct str left = str_sub(c->rq->body[c->piece], c->offset, room);

		memcpy(to + done, left.p, left.len);
		done += left.len;
		room -= left.len;
		c->offset += left.len;
		if (c->offset == c->rq->body[c->piece].len) {
			c->piece++;
			c->offset = 0;
		}
	}
	return done;
}

static int on_seek(void *arg, curl_off_t offset, int origin)
{
	struct call *c = arg;

	if (offset != 0 || origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	c->piece = 0;
	c->offset = 0;
	return CURL_SEEKFUNC_OK;
}

static bool method_ok(const char *z)
{
	size_t n = strspn(z, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return n > 0 && n < 16 && !z[n];
}

/* "Name: value" on one line, with a value (libcurl takes "Name:" for "without Name"). */
static bool header_ok(struct str line)
{
	ptrdiff_t colon = str_find(line, ':');

	return colon > 0 && str_visible(str_sub(line, 0, (size_t)colon), line.len) &&
	       !has_control(line) && str_trim(str_sub(line, (size_t)colon + 1, line.len)).len > 0;
}

static int check_request(const struct upstream_request *rq, struct gw_err *e)
{
	struct str url = str_c(rq->url);

	if (!method_ok(rq->method))
		return gw_fail_priv(e, GWE_INTERNAL, 0, "bad upstream method");
	if (!str_starts(url, "http://") && !str_starts(url, "https://"))
		return gw_fail_priv(e, GWE_INTERNAL, 0, "upstream URL is neither http nor https");
	if (!str_visible(url, url.len))
		return gw_fail_priv(e, GWE_INTERNAL, 0,
				    "upstream URL holds blanks or control bytes");
	if (rq->n_headers > UPSTREAM_MAX_HEADERS || rq->n_body > UPSTREAM_MAX_PIECES)
		return gw_fail_priv(e, GWE_INTERNAL, 0,
				    "too many headers or body pieces for upstream");
	for (unsigned i = 0; i < rq->n_headers; i++)
		if (!header_ok(str_c(rq->headers[i])))
			return gw_fail_priv(e, GWE_INTERNAL, 0, "malformed header for upstream");
	return 0;
}

/* libcurl reads the list only; its nodes are ours, the texts the caller's. */
struct header_list {
	struct curl_slist nodes[UPSTREAM_MAX_HEADERS + 2];
	unsigned n;
};

static void header_add(struct header_list *list, const char *line)
{
	struct curl_slist *node = &list->nodes[list->n];

	node->data = (char *)(uintptr_t)line;
	node->next = NULL;
	if (list->n++)
		node[-1].next = node;
}

static void set_headers(struct call *c, struct header_list *list)
{
	bool typed = false;

	list->n = 0;
	for (unsigned i = 0; i < c->rq->n_headers; i++) {
		struct str line = str_c(c->rq->headers[i]);

		typed =
		    typed || str_caseeq_c(str_sub(line, 0, strlen("content-type")), "content-type");
		header_add(list, line.p);
	}
	/* libcurl would wait for "100 Continue", and would call the body a form. */
	header_add(list, "Expect:");
	if (!typed)
		header_add(list, "Content-Type:");
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, list->nodes);
}

/* @joined keeps what libcurl is lent. */
static void set_body(struct call *c, struct buf *joined)
{
	const struct upstream_request *rq = c->rq;
	struct str whole = STR_LIT("");

	if (rq->n_body == 1 && rq->body[0].len) {
		whole = rq->body[0];
	} else if (c->body_len > JOIN_MAX) {
		whole = STR_NULL; /* comes through on_send */
	} else if (c->body_len) {
		for (unsigned i = 0; i < rq->n_body; i++)
			buf_add_str(joined, rq->body[i]);
		whole = buf_str(joined);
	}
	curl_easy_setopt(c->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body_len);
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, whole.p);
}

static void set_request(struct call *c, struct header_list *list, struct buf *joined)
{
	const struct upstream_request *rq = c->rq;
	bool post = !strcmp(rq->method, "POST"), get = !strcmp(rq->method, "GET");

	for (unsigned i = 0; i < rq->n_body; i++)
		c->body_len += rq->body[i].len;
	curl_easy_setopt(c->easy, CURLOPT_URL, rq->url);
	curl_easy_setopt(c->easy, CURLOPT_HTTPGET, 1L); /* also undoes POST and NOBODY */
	if (post || c->body_len)
		set_body(c, joined);
	else if (!strcmp(rq->method, "HEAD"))
		curl_easy_setopt(c->easy, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST,
			 (post || (get && !c->body_len)) ? NULL : rq->method);
	set_headers(c, list);
	curl_easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c->easy, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_READFUNCTION, on_send);
	curl_easy_setopt(c->easy, CURLOPT_READDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(c->easy, CURLOPT_SEEKDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_PREREQFUNCTION, on_ready);
	curl_easy_setopt(c->easy, CURLOPT_PREREQDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_FORBID_REUSE, 0L);
}

/* Leave nothing in the handle that points to this call. */
static void forget_request(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, NULL);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, NULL);
	curl_easy_setopt(easy, CURLOPT_READDATA, NULL);
	curl_easy_setopt(easy, CURLOPT_SEEKDATA, NULL);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, NULL);
}

/* ---- what the loop asks ---- */

static struct call *call_of(struct transfer *t)
{
	return (struct call *)(void *)t;
}

static int64_t total_passes(const struct call *c)
{
	const struct upstream_options *o = lease_options(c->pool);

	return o->total_ms ? c->start_ms + o->total_ms : INT64_MAX;
}

/* When a time-out passes next. */
static void set_due(struct call *c)
{
	const struct upstream_options *o = lease_options(c->pool);
	int64_t due = INT64_MAX, total = total_passes(c);

	if (c->head_done)
		due = c->heard_ms + o->idle_ms;
	else if (c->attempts)
		due = c->ready_ms + o->first_byte_ms;
	c->transfer.due_ms = due < total ? due : total;
}

/* False: a time-out has passed, and the call is stopped. */
static bool within_times(struct call *c, int64_t now)
{
	const struct upstream_options *o = lease_options(c->pool);

	set_due(c);
	if (now < c->transfer.due_ms)
		return true;
	if (now >= total_passes(c))
		return stop(c, c->head_done ? UP_STALLED : UP_TIMEOUT_HEAD,
			    "not finished within %u ms", o->total_ms);
	if (c->head_done)
		return stop(c, UP_STALLED, "nothing came for %u ms", o->idle_ms);
	return stop(c, UP_TIMEOUT_HEAD, "no answer within %u ms", o->first_byte_ms);
}

static enum transfer_next on_heard(struct transfer *t, int64_t now)
{
	struct call *c = call_of(t);

	if (c->heard) {
		if (!c->stopped && c->h->on_read_end && !c->h->on_read_end(c->h->arg))
			client_stopped(c);
		c->heard_ms = now;
		c->heard = false;
	}
	if (c->stopped || !within_times(c, now))
		return TRANSFER_END;
	return c->full || is_full(c) ? TRANSFER_PAUSE : TRANSFER_GO;
}

static enum transfer_next on_tick(struct transfer *t, int64_t now)
{
	struct call *c = call_of(t);

	if (!within_times(c, now))
		return TRANSFER_END;
	if (c->h->on_tick && !c->h->on_tick(c->h->arg)) {
		client_stopped(c);
		return TRANSFER_END;
	}
	/* before the head nothing has been passed on that could be too much */
	return c->head_done && is_full(c) ? TRANSFER_PAUSE : TRANSFER_GO;
}

static void on_hung_up(struct transfer *t)
{
	stop(call_of(t), UP_CLIENT_GONE, "the client hung up");
}

static bool make_room(struct transfer *t)
{
	struct call *c = call_of(t);
	bool ok = !c->h->make_room || c->h->make_room(c->h->arg) || client_stopped(c);

	c->full = false;
	c->heard_ms = clock_mono_ms(); /* it was us who did not listen */
	set_due(c); /* not judged here: the answer may have ended meanwhile */
	return ok;
}

static void takes_long(struct transfer *t)
{
	struct call *c = call_of(t);

	if (c->h->on_long)
		c->h->on_long(c->h->arg);
}

static const struct transfer_ops transfer_ops = { .heard = on_heard,
						  .tick = on_tick,
						  .hung_up = on_hung_up,
						  .make_room = make_room,
						  .takes_long = takes_long };

static bool has_hung_up(int client)
{
	struct pollfd p = { .fd = client, .events = POLLRDHUP };

	return client >= 0 && poll(&p, 1, 0) > 0;
}

/* ---- the result ---- */

static const struct {
	CURLcode code;
	enum upstream_outcome outcome;
} outcomes[] = {
	/* of a request that was begun; UP_BROKE is the rest */
	{ CURLE_OK, UP_DONE },
	{ CURLE_WEIRD_SERVER_REPLY, UP_BAD_ANSWER },
	{ CURLE_UNSUPPORTED_PROTOCOL, UP_BAD_ANSWER }, /* HTTP/0.9 */
	{ CURLE_BAD_CONTENT_ENCODING, UP_BAD_ANSWER },
	{ CURLE_OUT_OF_MEMORY, UP_TOO_LARGE } /* a header line beyond libcurl's own bound */
};

static void say(struct upstream_result *res, const char *words)
{
	char *to = res->message, *end = to + sizeof res->message - 1;

	for (; *words && to < end; words++)
		*to++ = (char)(*words < 0x20 || *words == 0x7f ? '?' : *words);
	*to = '\0';
}

static void conclude(struct call *c, CURLcode code)
{
	struct upstream_result *res = c->res;
	long sent = 0;

	res->curl_code = (int)code;
	if (c->attempts) /* else the number is that of an earlier call */
		curl_easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &sent);
	res->sent = sent > 0;
	res->total_ms = clock_mono_ms() - c->start_ms;
	if (c->stopped)
		return;
	res->outcome = res->sent ? UP_BROKE : UP_NO_CONNECTION;
	for (size_t i = 0; res->sent && i < sizeof outcomes / sizeof outcomes[0]; i++)
		if (outcomes[i].code == code)
			res->outcome = outcomes[i].outcome;
	if (res->outcome == UP_DONE && !c->head_done) {
		res->outcome = UP_BROKE; /* which libcurl 7.88 takes for an empty answer */
		say(res, "the answer ended within its head");
	} else if (res->outcome != UP_DONE) {
		say(res, *c->lease->error ? c->lease->error : curl_easy_strerror(code));
	}
}

/* Its frame must not last as long as the call. */
__attribute__((noinline)) static bool prepared(struct call *c)
{
	struct gw_err why;

	return !lease_prepare(c->pool, c->rq->url, &why) ||
	       stop(c, UP_NO_CONNECTION, "%s", why.priv);
}

static int carry(struct call *c, struct gw_err *e)
{
	int rc;

	if (has_hung_up(c->rq->watch_fd)) { /* while it waited for its turn: cost nobody anything */
		stop(c, UP_CLIENT_GONE, "the client had hung up before");
		conclude(c, CURLE_ABORTED_BY_CALLBACK);
		return 0;
	}
	if (!prepared(c)) {
		conclude(c, CURLE_ABORTED_BY_CALLBACK);
		return 0;
	}
	set_due(c);
	rc = loop_carry(c->lease->loop, &c->transfer, e);
	if (!rc)
		conclude(c, c->transfer.code);
	return rc;
}

int upstream_call(struct upstream_pool *p, const struct upstream_request *rq,
		  const struct upstream_handler *h, struct upstream_result *res, struct gw_err *e)
{
	struct call c = { .rq = rq,
			  .h = h,
			  .res = res,
			  .pool = p,
			  .transfer = { .ops = &transfer_ops, .client = rq->watch_fd } };
	struct header_list list;
	struct buf joined;
	int rc;

	*res = (struct upstream_result){ .outcome = UP_NO_CONNECTION,
					 .first_byte_ms = -1,
					 .total_ms = -1 };
	if (check_request(rq, e))
		return -1;
	c.start_ms = clock_mono_ms();
	c.lease = lease_take(p, e);
	if (!c.lease)
		return -1;
	buf_init(&joined, JOIN_MAX);
	c.easy = c.transfer.easy = c.lease->easy;
	c.lease->error[0] = '\0';
	set_request(&c, &list, &joined);
	rc = carry(&c, e);
	forget_request(c.easy);
	c.lease->worn = c.attempts > 1 || (c.attempts && !c.head_done);
	buf_clear(&joined);
	lease_give(p, c.lease);
	return rc;
}

/* ---- whole answers ---- */

static bool collect(void *arg, const char *p, size_t n)
{
	return buf_add(arg, p, n);
}

int upstream_fetch(struct upstream_pool *p, const struct upstream_request *rq, struct buf *body,
		   struct upstream_result *res, struct gw_err *e)
{
	const struct upstream_handler h = { .arg = body, .on_body = collect };

	if (upstream_call(p, rq, &h, res, e))
		return -1;
	if (body->failed && res->outcome == UP_CLIENT_GONE) {
		res->outcome = UP_TOO_LARGE;
		snprintf(res->message, sizeof res->message, "the answer exceeds %zu bytes",
			 body->max);
	}
	return 0;
}
