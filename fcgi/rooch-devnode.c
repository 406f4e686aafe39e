/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rooch-devnode.fcgi - a small ledger that speaks the JSON-RPC of a Rooch node.
 *
 *	POST /           JSON-RPC
 *	/devnode/...     seeding, clock and faults; with --control on, and for loopback clients only
 */
#include "config.h"

#include <poll.h>

#include "crypto/hash.h"
#include "devnode/dev_admin.h"
#include "devnode/dev_fault.h"
#include "devnode/dev_rpc.h"
#include "http/responder.h"
#include "util/log.h"

enum { BODY_TIMEOUT_MS = 30000, PATIENCE_MS = 50 };

struct node {
	struct responder *self;
	struct store *st;
	bool control;
};

/* Set from the command line before anything else runs. */
static const char *control_flag = "off";

/* Addresses of one ledger mean nothing in another: a gateway that knew the old one must not mix them up. */
static int choose_seed(struct store *st, struct gw_err *e)
{
	uint8_t seed[32];
	char hex[65], body[100];
	struct buf out;
	int rc;

	random_bytes(seed, sizeof seed);
	hex_encode(hex, seed, sizeof seed);
	snprintf(body, sizeof body, "{\"seed\":\"%s\"}", hex);
	buf_init(&out, sizeof body);
	rc = dev_admin(st, STR_LIT("POST"), STR_LIT("/devnode/settings"), str_c(body), &out, e);
	buf_clear(&out);
	return rc;
}

static int start(struct responder *r, void **app, struct gw_err *e)
{
	const struct conf *c = responder_conf(r);
	struct node *n = calloc(1, sizeof *n);
	struct store_options o = { .role = STORE_DEVNODE };
	char path[4096];
	bool made = false;

	if (!n)
		abort();
	n->self = r;
	n->control = !strcmp(control_flag, "on");
	if (!n->control && strcmp(control_flag, "off") != 0) {
		free(n);
		return gw_fail(e, GWE_USAGE, 0, "--control is \"on\" or \"off\"");
	}
	snprintf(path, sizeof path, "%s/devnode.db", c->state_dir[0] ? c->state_dir : ".");
	o.path = path;
	if (store_migrate(path, SCHEMA_DEVNODE, false, &made, e) || store_open(&n->st, &o, e) ||
	    (made && choose_seed(n->st, e))) {
		store_close(n->st);
		free(n);
		return -1;
	}
	log_info("%s ledger %s%s", made ? "new" : "old", path,
		 n->control ? ", with control by loopback clients" : "");
	*app = n;
	return 0;
}

static void stop(void *app)
{
	struct node *n = app;

	store_close(n->st);
	free(n);
}

static void refuse(struct http_reply *rp, const struct gw_err *e)
{
	struct error_form f = { .shape = SHAPE_ENVELOPE };

	http_reply_error(rp, e, &f);
}

/* A hang that a test ordered ends early when the client leaves or the process ends. */
static void wait_a_while(const struct node *n, struct http_request *rq, unsigned ms)
{
	for (unsigned i = 0; i < ms / PATIENCE_MS; i++) {
		if (http_client_gone(rq) || responder_must_stop(n->self))
			return;
		(void)poll(NULL, 0, PATIENCE_MS);
	}
	(void)poll(NULL, 0, (int)(ms % PATIENCE_MS));
}

static void rpc(const struct node *n, struct http_request *rq, struct http_reply *rp)
{
	struct dev_answer answer;
	struct buf body, out;
	struct gw_err e;

	buf_init(&body, DEV_BODY_MAX);
	buf_init(&out, DEV_ANSWER_MAX);
	if (http_read_body(rq, &body, BODY_TIMEOUT_MS, &e) < 0) {
		refuse(rp, &e);
	} else {
		dev_rpc(n->st, buf_str(&body), &out, &answer);
		wait_a_while(n, rq, answer.wait_ms);
		if (!answer.silent)
			http_reply_send(rp, answer.status, "application/json", buf_str(&out));
	}
	buf_clear(&body);
	buf_clear(&out);
}

static bool is_loopback(struct str ip)
{
	return str_eq_c(ip, "::1") || str_starts(ip, "127.") || str_starts(ip, "::ffff:127.");
}

static int control(const struct node *n, struct http_request *rq, struct buf *out, struct gw_err *e)
{
	struct buf body;
	int rc;

	if (!n->control)
		return gw_fail(e, GWE_NOT_FOUND, 0, "start the node with --control on for this");
	if (!is_loopback(rq->client_ip))
		return gw_fail(e, GWE_FORBIDDEN, 0, "for clients of this machine only");
	buf_init(&body, DEV_ADMIN_BODY_MAX);
	rc = http_read_body(rq, &body, BODY_TIMEOUT_MS, e);
	if (!rc)
		rc = dev_admin(n->st, rq->method, rq->path, buf_str(&body), out, e);
	buf_clear(&body);
	return rc;
}

static void handle(void *app, struct http_request *rq, struct http_reply *rp)
{
	const struct node *n = app;
	struct gw_err e;
	struct buf out;

	if (str_eq_c(rq->path, "/") && str_eq_c(rq->method, "POST")) {
		rpc(n, rq, rp);
		return;
	}
	buf_init(&out, DEV_ADMIN_BODY_MAX);
	if (str_starts(rq->path, "/devnode/")) {
		if (control(n, rq, &out, &e))
			refuse(rp, &e);
		else
			http_reply_send(rp, 200, "application/json", buf_str(&out));
	} else {
		rp->allow = "POST, OPTIONS";
		(void)(str_eq_c(rq->path, "/")
			       ? gw_fail(&e, GWE_METHOD_NOT_ALLOWED, 0, "JSON-RPC comes by POST")
			       : gw_fail(&e, GWE_NOT_FOUND, 0, "JSON-RPC comes to the path /"));
		refuse(rp, &e);
	}
	buf_clear(&out);
}

int main(int argc, char **argv)
{
	static const struct responder_flag flags[] = {
		{ "control", &control_flag,
		  "on: offer /devnode/ (seed, clock, faults) to this machine" },
		{ NULL, NULL, NULL }
	};
	static const struct responder_ops ops = {
		.name = "rooch-devnode.fcgi",
		.summary = "A ledger for development that speaks the JSON-RPC of a Rooch node.\n"
			   "It is kept in devnode.db in the state directory (--state-dir).",
		.bare = true,
		.flags = flags,
		.start = start,
		.handle = handle,
		.stop = stop,
	};

	return responder_main(argc, argv, &ops);
}
