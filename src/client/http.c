/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "client/http.h"

#include "util/clock.h"

enum {
	FIRST_BYTE_MS = 600000, /* a model may think for minutes */
	IDLE_MS = 300000,
	AUTHORIZATION_MAX = 8192
};

static int set_base(struct client_http *c, const char *gateway, struct gw_err *e)
{
	const char *from_env = getenv("LLM_GATEWAY_URL");
	struct str url;

	if (!gateway)
		gateway = from_env && *from_env ? from_env : "http://127.0.0.1:8080";
	url = str_c(gateway);
	while (str_ends(url, "/"))
		url.len--;
	if ((!str_starts(url, "http://") && !str_starts(url, "https://")) ||
	    !str_visible(url, url.len) || str_find(url, '?') >= 0 || str_find(url, '#') >= 0 ||
	    !str_copy(c->base, sizeof c->base, url))
		return gw_fail(
			e, GWE_USAGE, 0,
			"%.100s is no address of a gateway; write https://host or http://host:port",
			gateway);
	return 0;
}

int client_http_open(struct client_http *c, const struct client_options *o, bool sign,
		     struct gw_err *e)
{
	struct upstream_options u = { .slots = 1,
				      .first_byte_ms = FIRST_BYTE_MS,
				      .idle_ms = IDLE_MS,
				      .ca_file = o->ca_file,
				      .http2 = true };

	*c = (struct client_http){ .pool = NULL };
	if (set_base(c, o->gateway, e) || (sign && identity_read(&c->id, o->key, e)))
		return -1;
	c->pool = upstream_pool_new(&u);
	return 0;
}

void client_http_close(struct client_http *c)
{
	upstream_pool_free(c->pool);
	stored_key_clear(&c->id);
	c->pool = NULL;
}

/* In words for a person; the details of libcurl stand behind them. */
static int ended_badly(const struct client_http *c, const struct upstream_result *res,
		       struct gw_err *e)
{
	switch (res->outcome) {
	case UP_DONE:
	case UP_CLIENT_GONE:
		return 0;
	case UP_NO_CONNECTION:
		gw_fail(e, GWE_UPSTREAM_UNREACHABLE, 0, "no connection to the gateway at %.100s",
			c->base);
		break;
	case UP_TIMEOUT_HEAD:
		gw_fail(e, GWE_UPSTREAM_TIMEOUT, 0, "the gateway did not answer in time");
		break;
	case UP_STALLED:
		gw_fail(e, GWE_UPSTREAM_TIMEOUT, 0, "the answer stopped in the middle");
		break;
	case UP_BROKE:
		gw_fail(e, GWE_UPSTREAM_FAILED, 0, "the answer broke off");
		break;
	case UP_TOO_LARGE:
	case UP_BAD_ANSWER:
		gw_fail(e, GWE_UPSTREAM_FAILED, 0, "this is not the answer of a gateway");
		break;
	}
	gw_err_add(e, "%s", res->message);
	return -1;
}

int client_http_call(struct client_http *c, const struct client_request *rq,
		     const struct upstream_handler *h, struct upstream_result *res,
		     struct gw_err *e)
{
	const char *headers[UPSTREAM_MAX_HEADERS];
	struct upstream_request up = { .method = rq->method, .headers = headers, .watch_fd = -1 };
	struct buf url, authorization;
	int rc = -1;

	buf_init(&url, 16384);
	buf_init(&authorization, AUTHORIZATION_MAX);
	if (!buf_addf(&url, "%s%s", c->base, rq->path)) {
		gw_fail(e, GWE_USAGE, 0, "the path is too long");
		goto out;
	}
	if (rq->n_headers >= UPSTREAM_MAX_HEADERS) {
		gw_fail(e, GWE_USAGE, 0, "too many headers");
		goto out;
	}
	for (unsigned i = 0; i < rq->n_headers; i++)
		headers[up.n_headers++] = rq->headers[i];
	if (c->id.key && !rq->unsigned_) {
		buf_add_c(&authorization, "Authorization: ");
		if (did_auth_sign(&authorization, c->id.key, str_c(c->id.did),
				  str_c(c->id.fragment), buf_str(&url), str_c(rq->method),
				  clock_wall_s(), e))
			goto out;
		headers[up.n_headers++] = buf_c(&authorization);
	}
	up.url = buf_c(&url);
	up.body = &rq->body;
	up.n_body = rq->body.len ? 1 : 0;
	if (!upstream_call(c->pool, &up, h, res, e))
		rc = ended_badly(c, res, e);
out:
	buf_clear(&url);
	buf_clear(&authorization);
	return rc;
}

/* ---- one JSON text ---- */

struct small_answer {
	struct buf *body;
	int status;
};

static bool reply_head(void *arg, int status)
{
	struct small_answer *a = arg;

	a->status = status;
	return true;
}

static bool reply_body(void *arg, const char *p, size_t n)
{
	struct small_answer *a = arg;

	return buf_add(a->body, p, n);
}

int client_http_json(struct client_http *c, const struct client_request *rq, int *status,
		     struct buf *body, struct jval *root, struct gw_err *e)
{
	struct small_answer a = { .body = body };
	const struct upstream_handler h = { .arg = &a,
					    .on_head = reply_head,
					    .on_body = reply_body };
	struct upstream_result res;

	if (client_http_call(c, rq, &h, &res, e))
		return -1;
	if (res.outcome == UP_CLIENT_GONE)
		return gw_fail(e, GWE_UPSTREAM_FAILED, 0, "the gateway's answer is too long");
	*status = a.status;
	if (jscan_check(buf_str(body), 64, true, root, NULL))
		root->type = J_NONE;
	return 0;
}
