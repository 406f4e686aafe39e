/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hello - a responder that shows what it was asked, for tests of what all responders have in common.
 *
 *	/echo          method, path, query, body length, the header X-Test
 *	/stream?n=N    N events as a stream, one every 20 ms, until the client leaves or the end is near;
 *	               with &enough=1 until there is a file `enough` in the working directory
 *	/whole?n=N     N bytes at once
 *	/once          the value of X-Once, which must not come twice
 *	anything else  404
 */
#include "config.h"

#include <poll.h>
#include <unistd.h>

#include "http/responder.h"

static struct responder *self;

static int start(struct responder *r, void **app, struct gw_err *e)
{
	(void)e;
	self = r;
	*app = NULL;
	return 0;
}

static void refuse(struct http_reply *rp, const struct gw_err *e)
{
	struct error_form f = { .shape = SHAPE_ENVELOPE };

	http_reply_error(rp, e, &f);
}

static void echo(struct http_request *rq, struct http_reply *rp)
{
	struct buf body, out;
	struct gw_err e;

	buf_init(&body, rq->conf->max_body_bytes);
	buf_init(&out, 65536);
	if (http_read_body(rq, &body, (unsigned)rq->conf->body_timeout_ms, &e) < 0) {
		refuse(rp, &e);
	} else {
		buf_addf(&out, "method=%.*s path=%.*s query=%.*s body=%zu test=%.*s debug=%d\n",
			 STR_ARG(rq->method), STR_ARG(rq->path), STR_ARG(rq->query), body.len,
			 STR_ARG(http_header(rq, "X-Test")), rq->conf->debug);
		http_reply_send(rp, 200, "text/plain", buf_str(&out));
	}
	buf_clear(&body);
	buf_clear(&out);
}

static bool enough(struct http_request *rq)
{
	return http_query_member(rq->query, "enough").len && access("enough", F_OK) == 0;
}

static void stream(struct http_request *rq, struct http_reply *rp, uint64_t n)
{
	http_reply_begin(rp, 200, STR_LIT("text/event-stream"));
	for (uint64_t i = 0; i < n && !responder_must_stop(self) && !enough(rq); i++) {
		char event[64];
		int k = snprintf(event, sizeof event, "data: %llu\n\n", (unsigned long long)i);

		if (!http_reply_write(rp, event, (size_t)k) || !http_reply_flush(rp))
			return;
		(void)poll(NULL, 0, 20);
		if (http_client_gone(rq)) {
			rp->gone = true;
			return;
		}
	}
	http_reply_write(rp, "data: end\n\n", 11);
}

static void whole(struct http_reply *rp, uint64_t n)
{
	struct buf b;

	buf_init(&b, n);
	memset(buf_room(&b, n), 'x', n);
	b.len = n;
	http_reply_send(rp, 200, "text/plain", buf_str(&b));
	buf_clear(&b);
}

static void handle(void *app, struct http_request *rq, struct http_reply *rp)
{
	struct gw_err e;
	struct str v;
	uint64_t n = 0;

	(void)app;
	(void)str_u64(http_query_member(rq->query, "n"), &n);
	if (str_eq_c(rq->path, "/echo")) {
		echo(rq, rp);
	} else if (str_eq_c(rq->path, "/stream")) {
		stream(rq, rp, n);
	} else if (str_eq_c(rq->path, "/whole") && n) {
		whole(rp, n);
	} else if (str_eq_c(rq->path, "/once")) {
		if (http_header_once(rq, "X-Once", 64, &v, &e) < 0)
			refuse(rp, &e);
		else
			http_reply_send(rp, 200, "text/plain", v);
	} else {
		gw_fail(&e, GWE_NOT_FOUND, 0, "Not found");
		refuse(rp, &e);
	}
}

int main(int argc, char **argv)
{
	static const struct responder_ops ops = { .name = "hello.fcgi",
						  .summary = "Answers tests.",
						  .bare = true,
						  .start = start,
						  .handle = handle };

	return responder_main(argc, argv, &ops);
}
