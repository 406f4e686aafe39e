/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "http/reply.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "http/cors.h"
#include "util/clock.h"

enum {
	FCGI_RECORD = 8,      /* bytes of a record's header */
	FCGI_CONTENT = 65528, /* most that we put into one record */
	FCGI_TYPE_END = 3,
	FCGI_TYPE_STDOUT = 6,
	RECORDS_AT_ONCE = 8
};

const char *http_status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} texts[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 206, "Partial Content" },
		{ 301, "Moved Permanently" },
		{ 302, "Found" },
		{ 304, "Not Modified" },
		{ 307, "Temporary Redirect" },
		{ 308, "Permanent Redirect" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 402, "Payment Required" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
		{ 413, "Payload Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Entity" },
		{ 424, "Failed Dependency" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 498, "Invalid Token" },
		{ 499, "Client Closed Request" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 529, "Site is overloaded" },
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "Unknown";
}

void http_reply_init(struct http_reply *r, struct http_request *rq, char out[REPLY_OUT],
		     unsigned request_id)
{
	memset(r, 0, sizeof *r);
	r->rq = rq;
	r->out = out;
	r->out_len = FCGI_RECORD;
	r->request_id = request_id;
	buf_init(&r->head, REPLY_HEAD_MAX);
	buf_init(&r->late, REPLY_LATE_MAX);
}

void http_reply_clear(struct http_reply *r)
{
	buf_clear(&r->head);
	buf_clear(&r->late);
}

/* ---- records ---- */

static void put_record(const struct http_reply *r, char *at, unsigned type, size_t content,
		       size_t padding)
{
	unsigned char *h = (unsigned char *)at;

	h[0] = 1;
	h[1] = (unsigned char)type;
	h[2] = (unsigned char)(r->request_id >> 8);
	h[3] = (unsigned char)r->request_id;
	h[4] = (unsigned char)(content >> 8);
	h[5] = (unsigned char)content;
	h[6] = (unsigned char)padding;
	h[7] = 0;
}

static bool left(struct http_reply *r)
{
	r->gone = true;
	return false;
}

static bool keep(struct http_reply *r, const struct iovec *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!buf_add(&r->late, v[i].iov_base, v[i].iov_len))
			return left(r); /* who writes did not ask whether it is full */
	return true;
}

static void step_over(struct msghdr *m, size_t sent)
{
	while (m->msg_iovlen && sent >= m->msg_iov->iov_len) {
		sent -= m->msg_iov->iov_len;
		m->msg_iov++;
		m->msg_iovlen--;
	}
	if (m->msg_iovlen) {
		m->msg_iov->iov_base = (char *)m->msg_iov->iov_base + sent;
		m->msg_iov->iov_len -= sent;
	}
}

static bool send_all(struct http_reply *r, struct iovec *v, unsigned n)
{
	struct msghdr m = { .msg_iov = v, .msg_iovlen = n };

	if (r->late.len && r->nowait)
		return keep(r, v, n);
	if (r->late.len && !http_reply_make_room(r))
		return false;
	if (!r->first_byte_us)
		r->first_byte_us = clock_mono_us();
	while (m.msg_iovlen) {
		/* the socket has a time-out for sending (see workers.c): a client that takes nothing
		 * for that long has left */
		ssize_t k = sendmsg(r->rq->fd, &m, MSG_NOSIGNAL | (r->nowait ? MSG_DONTWAIT : 0));

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return r->nowait && errno == EAGAIN ? keep(r, m.msg_iov, m.msg_iovlen) :
							      left(r);
		step_over(&m, (size_t)k);
	}
	return true;
}

void http_reply_nowait(struct http_reply *r, bool nowait)
{
	r->nowait = nowait;
}

bool http_reply_full(const struct http_reply *r)
{
	return r->late.len > 0;
}

bool http_reply_make_room(struct http_reply *r)
{
	struct buf late = r->late;
	struct iovec v = { late.p, late.len };
	bool nowait = r->nowait, ok;

	if (r->gone || !late.len)
		return !r->gone;
	buf_init(&r->late, REPLY_LATE_MAX);
	r->nowait = false;
	ok = send_all(r, &v, 1);
	r->nowait = nowait;
	buf_clear(&late);
	return ok;
}

/* What is gathered, as an iovec; then the buffer is empty again. */
static unsigned take_out(struct http_reply *r, struct iovec *v)
{
	size_t content = r->out_len - FCGI_RECORD;

	if (!content)
		return 0;
	put_record(r, r->out, FCGI_TYPE_STDOUT, content, 0);
	*v = (struct iovec){ r->out, r->out_len };
	r->out_len = FCGI_RECORD;
	return 1;
}

/* @p as records of their own, behind what is gathered. */
static bool send_large(struct http_reply *r, const char *p, size_t n)
{
	char heads[RECORDS_AT_ONCE][FCGI_RECORD];
	struct iovec v[2 * RECORDS_AT_ONCE + 1];

	while (n) {
		unsigned used = take_out(r, v), records = 0;

		for (; n && records < RECORDS_AT_ONCE; records++) {
			size_t k = n < FCGI_CONTENT ? n : FCGI_CONTENT;

			put_record(r, heads[records], FCGI_TYPE_STDOUT, k, 0);
			v[used++] = (struct iovec){ heads[records], FCGI_RECORD };
			v[used++] = (struct iovec){ (void *)(uintptr_t)p, k };
			p += k;
			n -= k;
		}
		if (!send_all(r, v, used))
			return false;
	}
	return true;
}

static bool put(struct http_reply *r, const char *p, size_t n)
{
	if (r->gone)
		return false;
	if (n > REPLY_OUT - r->out_len)
		return send_large(r, p, n);
	memcpy(r->out + r->out_len, p, n);
	r->out_len += n;
	return true;
}

bool http_reply_flush(struct http_reply *r)
{
	struct iovec v;

	if (r->gone)
		return false;
	return !take_out(r, &v) || send_all(r, &v, 1);
}

bool http_reply_end(struct http_reply *r)
{
	char tail[3 * FCGI_RECORD] = { 0 };
	struct iovec v[2];
	unsigned n;

	if (r->ended || r->gone)
		return !r->gone;
	r->ended = true;
	n = take_out(r, v);
	put_record(r, tail, FCGI_TYPE_STDOUT, 0, 0);
	put_record(r, tail + FCGI_RECORD, FCGI_TYPE_END, FCGI_RECORD, 0);
	v[n++] = (struct iovec){ tail, sizeof tail };
	return send_all(r, v, n);
}

/* ---- head ---- */

void http_reply_header(struct http_reply *r, const char *name, struct str value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.p[i] < 0x20 || value.p[i] == 0x7f)
			return;
	if (r->head_sent)
		return;
	buf_add_c(&r->head, name);
	buf_add(&r->head, ": ", 2);
	buf_add_str(&r->head, value);
	buf_add(&r->head, "\r\n", 2);
}

void http_reply_payment(struct http_reply *r, struct str value)
{
	http_reply_header(r, "X-Payment-Channel-Data", value);
	r->exposed = true;
}

static bool send_head(struct http_reply *r, int status, struct str type, const uint64_t *length,
		      bool stream)
{
	char line[80];
	int n;

	if (r->head_sent)
		return false;
	r->status = status;
	if (type.len) {
		http_reply_header(r, "Content-Type", type);
		(void)str_copy(r->type, sizeof r->type, type);
	}
	if (length) {
		snprintf(line, sizeof line, "%llu", (unsigned long long)*length);
		http_reply_header(r, "Content-Length", str_c(line));
	}
	if (stream) {
		/* Rule: design.md 6: nginx is told here, the other servers by their configuration */
		http_reply_header(r, "Cache-Control", STR_LIT("no-cache"));
		http_reply_header(r, "X-Accel-Buffering", STR_LIT("no"));
	}
	http_reply_header(r, "X-Request-Id", str_c(r->rq->id));
	cors_headers(r);
	r->head_sent = true;
	n = snprintf(line, sizeof line, "Status: %d %s\r\n", status, http_status_text(status));
	if (!put(r, line, (size_t)n) || !put(r, buf_c(&r->head), r->head.len) || !put(r, "\r\n", 2))
		return false;
	return true;
}

bool http_reply_send(struct http_reply *r, int status, const char *type, struct str body)
{
	bool head_only = str_eq_c(r->rq->method, "HEAD");
	uint64_t length = body.len;

	if (!send_head(r, status, str_c(type), type ? &length : NULL, false))
		return false;
	if (!head_only && body.len) {
		r->body_bytes += body.len;
		if (!put(r, body.p, body.len))
			return false;
	}
	return http_reply_end(r);
}

bool http_reply_begin(struct http_reply *r, int status, struct str type)
{
	return send_head(r, status, type, NULL, true);
}

bool http_reply_write(struct http_reply *r, const char *p, size_t n)
{
	if (r->gone || r->ended)
		return false;
	r->body_bytes += n;
	return put(r, p, n);
}
