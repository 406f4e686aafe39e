/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "http/request.h"

#include <errno.h>
#include <fcgiapp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "util/clock.h"

/* ---- parameters ---- */

struct str http_param(const struct http_request *rq, const char *name)
{
	size_t n = strlen(name);

	for (char *const *p = rq->params; p && *p; p++)
		if (!strncmp(*p, name, n) && (*p)[n] == '=')
			return str_c(*p + n + 1);
	return STR_NULL;
}

/* Is @param the header @name? Then the value behind '='. */
static const char *header_value(const char *param, const char *name)
{
	if (strncmp(param, "HTTP_", 5) != 0)
		return NULL;
	for (param += 5; *name; name++, param++) {
		char c = *name == '-' ? '_' : *name;

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (*param != c)
			return NULL;
	}
	return *param == '=' ? param + 1 : NULL;
}

struct str http_header(const struct http_request *rq, const char *name)
{
	const char *v;

	for (char *const *p = rq->params; p && *p; p++)
		if ((v = header_value(*p, name)))
			return str_trim(str_c(v));
	return STR_NULL;
}

int http_header_once(const struct http_request *rq, const char *name, size_t max, struct str *out,
		     struct gw_err *e)
{
	const char *v;
	unsigned n = 0;

	*out = STR_NULL;
	for (char *const *p = rq->params; p && *p; p++)
		if ((v = header_value(*p, name))) {
			n++;
			*out = str_trim(str_c(v));
		}
	if (out->len > max)
		return gw_fail(e, GWE_HEADER_TOO_LARGE, 0, "the header %s is longer than %zu bytes",
			       name, max);
	if (n > 1 || str_find(*out, ',') >= 0)
		return gw_fail(e, GWE_BAD_REQUEST, 0,
			       "the header %s came more than once; an application must not add one "
			       "of its own",
			       name);
	return 0;
}

bool http_content_type_is(const struct http_request *rq, const char *type)
{
	struct str t = rq->content_type;
	ptrdiff_t semi = str_find(t, ';');

	if (semi >= 0)
		t.len = (size_t)semi;
	return str_caseeq_c(str_trim(t), type);
}

struct str http_query_member(struct str query, const char *name)
{
	size_t n = strlen(name), at = 0;

	while (at < query.len) {
		struct str part = str_sub(query, at, query.len);
		ptrdiff_t amp = str_find(part, '&');

		if (amp >= 0)
			part.len = (size_t)amp;
		if (part.len > n && !memcmp(part.p, name, n) && part.p[n] == '=')
			return str_sub(part, n + 1, part.len);
		at += part.len + 1;
	}
	return STR_NULL;
}

/* ---- the view ---- */

void http_uuid(char out[HTTP_UUID])
{
	uint8_t b[16];
	char hex[33];

	if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
		abort(); /* cannot fail for 16 bytes once the machine has started */
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	hex_encode(hex, b, sizeof b);
	snprintf(out, HTTP_UUID, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
		 hex + 20);
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      (c && strchr("!#$%&'*+-.^_`|~", c))))
			return false;
	}
	return s.len > 0;
}

static int read_target(struct http_request *rq, struct gw_err *e)
{
	struct str t = rq->target;
	ptrdiff_t q;

	if (!t.len)
		return gw_fail(e, GWE_BAD_REQUEST, 0, "the web server passes no REQUEST_URI");
	if (t.len > HTTP_TARGET_MAX)
		return gw_fail(e, GWE_HEADER_TOO_LARGE, 0,
			       "the request target is longer than %d bytes", HTTP_TARGET_MAX);
	for (size_t i = 0; i < t.len; i++)
		if (t.p[i] <= 0x20 || t.p[i] == 0x7f || t.p[i] == '#')
			return gw_fail(e, GWE_BAD_REQUEST, 0,
				       "the request target holds a byte that must not be in it");
	if (t.p[0] != '/' && !str_eq_c(t, "*"))
		return gw_fail(e, GWE_BAD_REQUEST, 0, "the request target is no path");
	q = str_find(t, '?');
	rq->path = q < 0 ? t : str_sub(t, 0, (size_t)q);
	rq->query = q < 0 ? STR_NULL : str_sub(t, (size_t)q + 1, t.len);
	return 0;
}

static int read_length(struct http_request *rq, struct str v, struct gw_err *e)
{
	v = str_trim(v);
	/* mod_proxy_fcgi and others pass an empty text, or -1, when no length was announced */
	if (!v.len || str_eq_c(v, "-1"))
		return 0;
	if (!str_u64(v, &rq->content_length))
		return gw_fail(e, GWE_BAD_REQUEST, 0, "Content-Length is no length");
	rq->has_length = true;
	return 0;
}

int http_request_init(struct http_request *rq, char *const *params, struct gw_err *e)
{
	static const struct {
		const char *name;
		size_t offset;
	} views[] = {
		{ "REQUEST_METHOD", offsetof(struct http_request, method) },
		{ "REQUEST_URI", offsetof(struct http_request, target) },
		{ "CONTENT_TYPE", offsetof(struct http_request, content_type) },
		{ "REMOTE_ADDR", offsetof(struct http_request, client_ip) },
	};
	struct str length = STR_NULL, ref;

	rq->params = params;
	rq->method = rq->target = rq->path = rq->query = STR_NULL;
	rq->content_type = rq->client_ip = STR_NULL;
	rq->has_length = rq->id_given = rq->body_ended = rq->peer_known = false;
	rq->content_length = 0;
	rq->started_ms = clock_wall_ms();
	rq->started_us = clock_mono_us();
	memset(&rq->log, 0, sizeof rq->log);
	rq->log.input_tokens = rq->log.output_tokens = rq->log.cached_tokens = -1;
	for (char *const *p = params; p && *p; p++) {
		const char *eq = strchr(*p, '=');
		size_t n;

		/* most are HTTP_*, and wait until somebody asks */
		if (!eq || !strncmp(*p, "HTTP_", 5))
			continue;
		n = (size_t)(eq - *p);
		/* of two the first counts, as in libfcgi's own look-up */
		if (n == 14 && !length.p && !memcmp(*p, "CONTENT_LENGTH", n))
			length = str_c(eq + 1);
		for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
			struct str *view = (struct str *)(void *)((char *)rq + views[i].offset);

			if (!view->p && !strncmp(*p, views[i].name, n) && !views[i].name[n])
				*view = str_c(eq + 1);
		}
	}
	ref = http_header(rq, "X-Client-Tx-Ref");
	rq->id_given = str_visible(ref, HTTP_ID - 1) && str_copy(rq->id, sizeof rq->id, ref);
	if (!rq->id_given)
		http_uuid(rq->id);
	if (rq->method.len > HTTP_METHOD_MAX || !is_token(rq->method)) {
		rq->method = STR_NULL;
		return gw_fail(e, GWE_BAD_REQUEST, 0, "the request has no usable method");
	}
	if (read_target(rq, e) < 0)
		return -1;
	return read_length(rq, length, e);
}

/* ---- the body ---- */

static int too_large(const struct buf *body, struct gw_err *e)
{
	return gw_fail(e, GWE_PAYLOAD_TOO_LARGE, 0, "the request's body is larger than %zu bytes",
		       body->max);
}

/*
 * libfcgi has no call for "what is there": one byte waits for the next record, the rest of its buffer
 * is then taken without waiting, so that the time can be looked at between reads.
 */
static bool read_some(struct http_request *rq, struct buf *body, struct gw_err *e)
{
	FCGX_Stream *in = rq->fcgx->in;
	int c = FCGX_GetChar(in), n;
	char *to;

	if (c < 0) {
		rq->body_ended = true;
		return true;
	}
	n = (int)(in->stop - in->rdNext);
	to = buf_room(body, (size_t)n + 1);
	if (!to) {
		(void)too_large(body, e);
		return false;
	}
	to[0] = (char)c;
	if (n > 0 && FCGX_GetStr(to + 1, n, in) != n)
		n = 0; /* cannot be: these bytes were there */
	body->len += (size_t)n + 1;
	rq->log.body_bytes = body->len;
	return true;
}

int http_read_body(struct http_request *rq, struct buf *body, unsigned timeout_ms, struct gw_err *e)
{
	int64_t until = clock_mono_ms() + timeout_ms;

	if (rq->has_length && rq->content_length > body->max)
		return too_large(body, e);
	if (rq->has_length && rq->content_length)
		(void)buf_room(body, (size_t)rq->content_length);
	body->failed = false;
	while (!rq->body_ended) {
		if (!read_some(rq, body, e))
			return -1;
		if (rq->has_length && body->len > rq->content_length)
			return gw_fail(e, GWE_BAD_REQUEST, 0,
				       "the request's body is longer than its Content-Length");
		if (!rq->body_ended && clock_mono_ms() > until)
			return gw_fail(e, GWE_BAD_REQUEST, 0,
				       "the request's body did not come within %u ms", timeout_ms);
	}
	if (FCGX_GetError(rq->fcgx->in) || (rq->has_length && body->len < rq->content_length))
		return gw_fail(e, GWE_BAD_REQUEST, 0, "the request's body ended early");
	FCGX_FreeStream(&rq->fcgx->in); /* its buffer would be dead weight of every stream */
	return 0;
}

bool http_peer_gone(struct http_request *rq)
{
	if (!rq->peer_known) {
		peer_init(&rq->peer, http_param(rq, "SERVER_SOFTWARE"), rq->client_ip,
			  http_param(rq, "REMOTE_PORT"), http_param(rq, "SERVER_ADDR"),
			  http_param(rq, "SERVER_PORT"));
		rq->peer_known = true;
	}
	return peer_gone(&rq->peer);
}

bool http_client_gone(struct http_request *rq)
{
	struct pollfd p = { .fd = rq->fd, .events = POLLRDHUP };

	if (rq->fd >= 0 && poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)))
		return true;
	return http_peer_gone(rq);
}
