/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "client/reply.h"

enum { WHOLE_MAX = 64 << 20, DEPTH_MAX = 256 };

/* ---- the parts of an answer ---- */

static void give_text(struct reply *r, struct jval v)
{
	if (v.type != J_STRING)
		return;
	buf_reset(&r->text);
	if (jval_text(v, &r->text) && r->text.len)
		r->on_text(r->arg, buf_str(&r->text));
}

static void take_number(uint64_t *to, bool *has, struct jval v)
{
	uint64_t n;

	if (jval_u64(v, &n)) {
		*to = n;
		*has = true;
	}
}

/* A text or a number as it is written. */
static void take_word(char *dst, size_t size, struct jval v)
{
	if (v.type == J_NUMBER)
		str_copy(dst, size, v.raw);
	else
		jval_copy(v, dst, size);
}

/*
 * The shapes of errors: {"error":{"code"|"type"|"status","message"}}, {"error":"text"}, and those
 * in an array of one. Returns whether there was one.
 */
static bool take_error(struct reply *r, struct jval root)
{
	struct jval error, v;
	struct jiter it;
	struct str key;

	if (root.type == J_ARRAY) {
		jiter_init(&it, root);
		if (!jiter_next(&it, &key, &root))
			return false;
	}
	error = jscan_get(root, "error");
	if (jval_is_null(error))
		return false;
	if (error.type == J_STRING) {
		jval_copy(error, r->error_message, sizeof r->error_message);
		return true;
	}
	for (size_t i = 0; i < 3 && !r->error_code[0]; i++) {
		v = jscan_get(error, (const char *const[]){ "code", "type", "status" }[i]);
		take_word(r->error_code, sizeof r->error_code, v);
	}
	if (!jval_copy(jscan_get(error, "message"), r->error_message, sizeof r->error_message))
		snprintf(r->error_message, sizeof r->error_message, "%s", "without a message");
	return true;
}

static struct jval first(struct jval array)
{
	struct jval v = { J_NONE, STR_NULL };
	struct jiter it;
	struct str key;

	jiter_init(&it, array);
	if (array.type != J_ARRAY || !jiter_next(&it, &key, &v))
		v.type = J_NONE;
	return v;
}

/* Text of all members of an array of parts. */
static void give_parts(struct reply *r, struct jval parts)
{
	struct jiter it;
	struct str key;
	struct jval v;

	if (parts.type != J_ARRAY)
		return;
	jiter_init(&it, parts);
	while (jiter_next(&it, &key, &v))
		if (jscan_get(v, "thought").type != J_TRUE)
			give_text(r, jscan_get(v, "text"));
}

static void read_openai(struct reply *r, struct jval root)
{
	struct jval choice = first(jscan_get(root, "choices")), usage = jscan_get(root, "usage");

	give_text(r, jscan_path(choice, "delta", "content", (char *)NULL));
	give_text(r, jscan_path(choice, "delta", "refusal", (char *)NULL));
	give_text(r, jscan_path(choice, "message", "content", (char *)NULL));
	give_text(r, jscan_path(choice, "message", "refusal", (char *)NULL));
	if (jscan_get(choice, "finish_reason").type == J_STRING)
		r->finished = true;
	take_number(&r->input, &r->has_input, jscan_get(usage, "prompt_tokens"));
	take_number(&r->output, &r->has_output, jscan_get(usage, "completion_tokens"));
	take_word(r->cost_usd, sizeof r->cost_usd, jscan_get(usage, "cost"));
}

static void read_claude(struct reply *r, struct jval root)
{
	struct jval usage = jscan_get(root, "usage"), message = jscan_get(root, "message");

	if (jval_str_eq(jscan_get(root, "type"), "content_block_delta"))
		give_text(r, jscan_path(root, "delta", "text", (char *)NULL));
	if (jval_str_eq(jscan_get(root, "type"), "message_stop") ||
	    jscan_get(root, "stop_reason").type == J_STRING)
		r->finished = true;
	give_parts(r, jscan_get(root, "content"));
	if (usage.type == J_NONE)
		usage = jscan_get(message, "usage");
	take_number(&r->input, &r->has_input, jscan_get(usage, "input_tokens"));
	take_number(&r->output, &r->has_output, jscan_get(usage, "output_tokens"));
}

static void read_gemini(struct reply *r, struct jval root)
{
	struct jval candidate = first(jscan_get(root, "candidates")),
		    usage = jscan_get(root, "usageMetadata");
	uint64_t thoughts;

	give_parts(r, jscan_path(candidate, "content", "parts", (char *)NULL));
	if (jscan_get(candidate, "finishReason").type == J_STRING ||
	    jscan_path(root, "promptFeedback", "blockReason", (char *)NULL).type == J_STRING)
		r->finished = true;
	take_number(&r->input, &r->has_input, jscan_get(usage, "promptTokenCount"));
	take_number(&r->output, &r->has_output, jscan_get(usage, "candidatesTokenCount"));
	if (jval_u64(jscan_get(usage, "thoughtsTokenCount"), &thoughts) && r->has_output)
		r->output += thoughts;
}

static void read_value(struct reply *r, struct jval root)
{
	if (take_error(r, root))
		return;
	switch (r->form) {
	case REPLY_OPENAI:
		read_openai(r, root);
		break;
	case REPLY_CLAUDE:
		read_claude(r, root);
		break;
	case REPLY_GEMINI:
		read_gemini(r, root);
		break;
	}
}

/* ---- the two ways in which it comes ---- */

static void on_event(void *arg, struct str name, struct str data)
{
	struct reply *r = arg;
	struct jval root;

	(void)name; /* what it says stands in the data as well */
	if (str_eq_c(data, "[DONE]")) {
		r->finished = true;
		return;
	}
	if (!jscan_check(data, DEPTH_MAX, true, &root, NULL))
		read_value(r, root);
}

void reply_init(struct reply *r)
{
	buf_init(&r->whole, WHOLE_MAX);
	sse_init(&r->sse, &r->whole, on_event, r);
	buf_init(&r->text, WHOLE_MAX);
}

void reply_clear(struct reply *r)
{
	buf_clear(&r->whole);
	buf_clear(&r->text);
}

void reply_begin(struct reply *r, int status, struct str content_type)
{
	r->streamed = status < 400 && content_type.len >= 17 &&
		      str_caseeq_c(str_sub(content_type, 0, 17), "text/event-stream");
}

bool reply_feed(struct reply *r, const char *p, size_t n)
{
	if (!r->streamed)
		return buf_add(&r->whole, p, n);
	sse_feed(&r->sse, p, n);
	return true;
}

void reply_end(struct reply *r)
{
	struct jval root;

	if (r->streamed) {
		sse_end(&r->sse);
		return;
	}
	if (jscan_check(buf_str(&r->whole), DEPTH_MAX, true, &root, NULL)) {
		snprintf(r->error_message, sizeof r->error_message, "%s", "the answer is not JSON");
		return;
	}
	read_value(r, root);
	r->finished = true;
}
