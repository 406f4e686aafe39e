/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_rpc.h"

#include "devnode/dev_call.h"
#include "util/log.h"

enum { ARENA_MAX = 64 << 20, DEPTH_MAX = 32 };

static int run(struct dev_call *c, const char *name, struct dev_answer *answer)
{
	if (dev_fault_take(c->st, name, &c->fault, &c->e))
		return -1;
	switch (c->fault.kind) {
	case DEV_FAULT_HTTP:
		answer->status =
			c->fault.value >= 200 && c->fault.value <= 599 ? (int)c->fault.value : 500;
		return dev_call_fail(c, RPC_INTERNAL, "fault");
	case DEV_FAULT_HANG:
		answer->wait_ms = c->fault.value > DEV_HANG_MAX_MS ? DEV_HANG_MAX_MS
								   : (unsigned)c->fault.value;
		break;
	case DEV_FAULT_CLOSE:
		answer->silent = true;
		return dev_call_fail(c, RPC_INTERNAL, "fault");
	case DEV_FAULT_DROP:
		answer->silent = true;
		break;
	case DEV_FAULT_ERROR:
		return dev_call_fail(c, (int)c->fault.value, "%s", c->fault.text);
	case DEV_FAULT_MAINTENANCE:
		return dev_call_fail(c, RPC_GENERAL, "the node is in maintenance mode");
	case DEV_FAULT_NONE:
	case DEV_FAULT_OBJECT:
	case DEV_FAULT_TRUNCATE:
	case DEV_FAULT_LENGTH:
	case DEV_FAULT_REFUSE:
	case DEV_FAULT_ABORT:
	case DEV_FAULT_STALE:
	case DEV_FAULT_GARBAGE:
		break;
	}
	return dev_method_run(c, name);
}

static int prepare(struct dev_call *c, struct jval request, char *name, size_t size)
{
	struct jval params = jscan_get(request, "params"), v;
	struct jiter it;
	struct str key;

	if (request.type != J_OBJECT || !jval_str_eq(jscan_get(request, "jsonrpc"), "2.0") ||
	    !jval_copy(jscan_get(request, "method"), name, size))
		return dev_call_fail(c, RPC_REQUEST, "not a JSON-RPC 2.0 request");
	if (!jval_is_null(params) && params.type != J_ARRAY)
		return dev_call_fail(c, RPC_PARAMS, "params is no array");
	for (jiter_init(&it, params); jiter_next(&it, &key, &v);) {
		if (c->n_param == DEV_PARAMS_MAX)
			return dev_call_fail(c, RPC_PARAMS, "more than %d parameters",
					     DEV_PARAMS_MAX);
		c->param[c->n_param++] = v;
	}
	return 0;
}

static void write_error(struct jwrite *w, struct dev_call *c)
{
	if (!c->code) {
		log_error("the ledger failed: %s; %s", c->e.pub, c->e.priv);
		(void)dev_call_fail(c, RPC_INTERNAL, "%s", c->e.pub);
	}
	jwrite_object(w, "error");
	jwrite_i64(w, "code", c->code);
	jwrite_text(w, "message", c->message);
	jwrite_object_end(w);
}

static void answer_one(struct store *st, struct jval request, struct jwrite *w,
		       struct dev_answer *answer)
{
	struct jval id = jscan_get(request, "id");
	struct arena mem;
	struct jwrite result;
	struct buf b;
	struct dev_call c = { .st = st, .mem = &mem, .w = &result };
	char name[DEV_FAULT_METHOD] = "";
	int rc;

	arena_init(&mem, ARENA_MAX);
	buf_init(&b, DEV_ANSWER_MAX / 2);
	jwrite_init(&result, &b, false);
	rc = prepare(&c, request, name, sizeof name);
	if (!rc)
		rc = run(&c, name, answer);
	if (!rc && b.failed)
		rc = dev_call_fail(&c, RPC_INTERNAL, "the answer is too large");
	jwrite_object(w, NULL);
	jwrite_text(w, "jsonrpc", "2.0");
	if (id.type == J_STRING || id.type == J_NUMBER)
		jwrite_raw(w, "id", id.raw);
	else
		jwrite_null(w, "id");
	if (rc)
		write_error(w, &c);
	else if (c.fault.kind == DEV_FAULT_GARBAGE)
		jwrite_raw(w, "result", STR_LIT("<html>"));
	else
		jwrite_raw(w, "result", buf_str(&b));
	jwrite_object_end(w);
	buf_clear(&b);
	arena_free(&mem);
}

static void answer_batch(struct store *st, struct jval batch, struct jwrite *w,
			 struct dev_answer *answer)
{
	struct jiter it;
	struct str key;
	struct jval v;
	unsigned n = 0;

	jwrite_array(w, NULL);
	for (jiter_init(&it, batch); jiter_next(&it, &key, &v) && n < DEV_BATCH_MAX; n++)
		answer_one(st, v, w, answer);
	jwrite_array_end(w);
}

static void answer_bad(struct jwrite *w, int code, const char *message)
{
	jwrite_object(w, NULL);
	jwrite_text(w, "jsonrpc", "2.0");
	jwrite_null(w, "id");
	jwrite_object(w, "error");
	jwrite_i64(w, "code", code);
	jwrite_text(w, "message", message);
	jwrite_object_end(w);
	jwrite_object_end(w);
}

void dev_rpc(struct store *st, struct str body, struct buf *out, struct dev_answer *answer)
{
	struct jwrite w;
	struct jval root;
	struct gw_err e;

	*answer = (struct dev_answer){ .status = 200 };
	jwrite_init(&w, out, false);
	if (body.len > DEV_BODY_MAX || jscan_check(body, DEPTH_MAX, false, &root, &e))
		answer_bad(&w, RPC_PARSE, "Parse error");
	else if (root.type == J_ARRAY)
		answer_batch(st, root, &w, answer);
	else
		answer_one(st, root, &w, answer);
	if (!out->failed)
		return;
	buf_reset(out);
	jwrite_init(&w, out, false);
	answer_bad(&w, RPC_INTERNAL, "the answer is too large");
}
