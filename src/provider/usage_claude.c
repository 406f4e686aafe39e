/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire format of Anthropic's messages. Counts are cumulative; usage stands beside delta.
 *
 * Rule: providers/anthropic.md
 */
#include "config.h"

#include "provider/tally.h"

/* Of an event, and of the message itself. */
enum { M_TYPE, M_DELTA, M_USAGE, M_MESSAGE, M_BLOCK, M_ERROR, M_MODEL, M_CONTENT, M_STOP };

static const struct member_name names[] = {
	[M_TYPE] = MEMBER("type"),	     [M_DELTA] = MEMBER("delta"),
	[M_USAGE] = MEMBER("usage"),	     [M_MESSAGE] = MEMBER("message"),
	[M_BLOCK] = MEMBER("content_block"), [M_ERROR] = MEMBER("error"),
	[M_MODEL] = MEMBER("model"),	     [M_CONTENT] = MEMBER("content"),
	[M_STOP] = MEMBER("stop_reason"),
};
_Static_assert(sizeof names / sizeof names[0] <= EVENT_MEMBERS, "members of an event");

static const struct jval no_value = { J_NONE, { NULL, 0 } };

static const struct word stops[] = {
	{ "end_turn", FINISH_STOP },	   { "stop_sequence", FINISH_STOP },
	{ "max_tokens", FINISH_LENGTH },   { "model_context_window_exceeded", FINISH_LENGTH },
	{ "tool_use", FINISH_TOOL_CALLS }, { "pause_turn", FINISH_PAUSE },
	{ "refusal", FINISH_REFUSAL },	   { NULL, FINISH_NONE },
};

/* ---- usage ---- */

/* Counts of the message, or of one of its iterations; false: a member that is none. */
static bool count_member(struct claude_totals *t, struct str key, struct jval v)
{
	uint64_t five, hour;

	if (KEY_IS(key, "input_tokens")) {
		merge_count(&t->input, v);
	} else if (KEY_IS(key, "output_tokens")) {
		merge_count(&t->output, v);
	} else if (KEY_IS(key, "cache_read_input_tokens")) {
		merge_count(&t->read, v);
	} else if (KEY_IS(key, "cache_creation_input_tokens")) {
		merge_count(&t->creation, v);
	} else if (KEY_IS(key, "output_tokens_details")) {
		merge_count(&t->thinking, jscan_get(v, "thinking_tokens"));
	} else if (KEY_IS(key, "cache_creation")) {
		five = count_of(jscan_get(v, "ephemeral_5m_input_tokens"));
		hour = count_of(jscan_get(v, "ephemeral_1h_input_tokens"));
		if (five || hour) {
			t->lifetime_5m = five;
			t->lifetime_1h = hour;
		}
	} else {
		return false;
	}
	return true;
}

/* @inconsistent: set when the lifetimes are more than what was written. */
static void normalise(const struct claude_totals *t, struct usage *u, bool *inconsistent)
{
	uint64_t split = add_sat(t->lifetime_5m, t->lifetime_1h);

	u->cache_write_1h = t->lifetime_1h;
	u->cache_write_5m = t->lifetime_5m;
	if (t->creation > split) /* without a lifetime it is five minutes */
		u->cache_write_5m = t->creation - t->lifetime_1h;
	else if (t->creation && t->creation < split)
		*inconsistent = true;
	u->input_uncached = t->input;
	u->cached_input = t->read;
	u->input =
		add_sat(add_sat(t->input, t->read), add_sat(u->cache_write_5m, u->cache_write_1h));
	u->output = t->output;
	u->reasoning = t->thinking < t->output ? t->thinking : t->output;
}

static bool counts(const struct claude_totals *t)
{
	return t->input || t->output || t->read || t->creation || t->lifetime_5m || t->lifetime_1h;
}

static void fold(struct meter *m)
{
	normalise(&m->t.claude, &m->r.usage, &m->r.usage.inconsistent);
}

/* Work that is charged besides the message's own counts. */
static void read_iteration(struct meter *m, struct jval v)
{
	struct jval type = jscan_get(v, "type"), part;
	struct claude_totals t = { 0 };
	struct reading_extra *x;
	struct member_iter it;
	struct str key;
	bool adviser = jval_str_eq(type, "advisor_message");

	if (jval_str_eq(type, "message") || jval_str_eq(type, "fallback_message"))
		return; /* inside the counts of the message */
	member_start(&it, v);
	while (member_next(&it, &key, &part))
		count_member(&t, key, part);
	if (!counts(&t))
		return;
	if (!adviser && !jval_str_eq(type, "compaction"))
		note_unknown_c(m, "iterations");
	if (m->r.n_extra == READING_EXTRAS) {
		m->r.extras_dropped = true;
		return;
	}
	x = &m->r.extra[m->r.n_extra++];
	*x = (struct reading_extra){ .usage = { .completeness = USAGE_FINAL } };
	normalise(&t, &x->usage, &x->usage.inconsistent);
	if (adviser && !set_text(x->model, sizeof x->model, jscan_get(v, "model")))
		note_unknown_c(m, "iterations"); /* another model, but which? */
}

static void read_iterations(struct meter *m, struct jval list)
{
	struct jiter it;
	struct jval v;
	bool first = true;

	array_start(&it, list);
	while (array_next(&it, &v)) {
		if (first) { /* a running total like all others */
			m->r.n_extra = 0;
			m->r.extras_dropped = false;
			first = false;
		}
		read_iteration(m, v);
	}
}

static void read_server_tools(struct meter *m, struct jval v)
{
	struct claude_totals *t = &m->t.claude;
	struct jval n;
	struct member_iter it;
	struct str key;

	if (v.type != J_OBJECT)
		return;
	t->has_server_tools = true;
	member_start(&it, v);
	while (member_next(&it, &key, &n)) {
		if (KEY_IS(key, "web_search_requests"))
			merge_count(&t->searches, n);
		else if (KEY_IS(key, "web_fetch_requests"))
			merge_count(&t->fetches, n);
		else if (!KEY_IS(key, "tool_search_requests") &&
			 !KEY_IS(key, "code_execution_requests"))
			note_unknown(m, key, n);
	}
}

static void usage_member(struct meter *m, struct str key, struct jval v)
{
	static const char *const silent[] = { "fallback_credit", "total_tokens", "cost_details",
					      "is_byok", "cost" };

	if (stated_member(m, key, v) || count_member(&m->t.claude, key, v))
		return;
	if (KEY_IS(key, "server_tool_use")) {
		read_server_tools(m, v);
	} else if (KEY_IS(key, "service_tier")) {
		/* Rule: providers/pricing.md "Tiers": priority is committed, booked at standard */
		if (jval_str_eq(v, "priority"))
			m->r.tier = TIER_STANDARD;
		else
			tier_noted(m, v);
	} else if (KEY_IS(key, "speed")) {
		if (v.type == J_STRING)
			m->r.fast = jval_str_eq(v, "fast");
	} else if (KEY_IS(key, "inference_geo")) {
		if (v.type == J_STRING)
			m->r.us = m->requested_us || jval_str_eq(v, "us");
	} else if (KEY_IS(key, "iterations")) {
		read_iterations(m, v);
	} else {
		for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
			if (str_eq_c(key, silent[i]))
				return;
		note_unknown(m, key, v);
	}
}

/* Blocks are counted only as long as no count of the vendor's own is there. */
static void fold_tools(struct meter *m)
{
	const struct claude_totals *t = &m->t.claude;
	bool own = t->has_server_tools || m->usage_final;

	m->r.tools[TOOL_WEB_SEARCH] = own ? t->searches : t->started[TOOL_WEB_SEARCH];
	m->r.tools[TOOL_WEB_FETCH] = own ? t->fetches : t->started[TOOL_WEB_FETCH];
}

static void read_usage(struct meter *m, struct jval usage)
{
	struct member_iter it;
	struct str key;
	struct jval v;

	if (usage.type != J_OBJECT)
		return;
	member_start(&it, usage);
	while (member_next(&it, &key, &v))
		usage_member(m, key, v);
	stated_fold(m);
	if (counts(&m->t.claude))
		usage_noted(m, usage);
	fold_tools(m);
}

/* ---- content ---- */

static void read_server_tool(struct meter *m, struct jval block)
{
	char name[48] = "";

	cut_text(name, sizeof name, jscan_get(block, "name"));
	if (!strcmp(name, "web_search"))
		m->t.claude.started[TOOL_WEB_SEARCH]++;
	else if (!strcmp(name, "web_fetch"))
		m->t.claude.started[TOOL_WEB_FETCH]++;
	else if (str_ends(str_c(name), "code_execution"))
		m->r.tools[TOOL_CODE_EXECUTION]++;
	fold_tools(m);
}

static void read_block(struct meter *m, struct jval block, bool whole)
{
	struct jval type = jscan_get(block, "type"), input;

	text_delivered(m, jval_text_len(jscan_get(block, "text")));
	text_delivered(m, jval_text_len(jscan_get(block, "thinking")));
	if (jval_str_eq(type, "tool_use"))
		m->r.tools[TOOL_FUNCTION]++;
	else if (jval_str_eq(type, "mcp_tool_use"))
		m->r.tools[TOOL_MCP]++;
	else if (jval_str_eq(type, "server_tool_use"))
		read_server_tool(m, block);
	input = jscan_get(block, "input"); /* in a stream it comes in pieces */
	if (whole && input.type == J_OBJECT)
		text_delivered(m, input.raw.len);
}

static void read_content(struct meter *m, struct jval content)
{
	struct jiter it;
	struct jval v;

	array_start(&it, content);
	while (array_next(&it, &v))
		read_block(m, v, true);
}

static void read_block_delta(struct meter *m, struct jval delta)
{
	struct member_iter it;
	struct str key;
	struct jval v;

	member_start(&it, delta);
	while (member_next(&it, &key, &v))
		if (KEY_IS(key, "text") || KEY_IS(key, "thinking") || KEY_IS(key, "partial_json"))
			text_event(m, v);
}

/* ---- events and bodies ---- */

static void read_message(struct meter *m, const struct jval *v)
{
	set_text(m->r.model, sizeof m->r.model, v[M_MODEL]);
	read_content(m, v[M_CONTENT]);
	finish_noted(m, 0, v[M_STOP], stops);
	read_usage(m, v[M_USAGE]);
}

static void read_event(struct meter *m, struct str name, const struct jval *v)
{
	struct jval message[EVENT_MEMBERS];
	char type[SSE_NAME] = "";

	if (!jval_copy(v[M_TYPE], type, sizeof type) && !str_copy(type, sizeof type, name))
		type[0] = '\0';
	if (!strcmp(type, "content_block_delta")) {
		read_block_delta(m, v[M_DELTA]);
		if (v[M_TYPE].type == J_STRING) /* its type is a part of its shape */
			text_keep(m, no_value, no_value);
	} else if (!strcmp(type, "content_block_start")) {
		read_block(m, v[M_BLOCK], false);
	} else if (!strcmp(type, "message_start")) {
		if (v[M_MESSAGE].type == J_OBJECT &&
		    members_read(&wire_claude, v[M_MESSAGE].raw, message))
			read_message(m, message);
	} else if (!strcmp(type, "message_delta")) {
		finish_noted(m, 0, jscan_get(v[M_DELTA], "stop_reason"), stops);
		read_usage(m, v[M_USAGE]);
	} else if (!strcmp(type, "message_stop")) {
		m->ended = true;
	} else if (v[M_ERROR].type == J_OBJECT) {
		error_noted(m, v[M_ERROR]);
	}
}

static void read_body(struct meter *m, const struct jval *v)
{
	m->finished = m->ended = true;
	error_noted(m, v[M_ERROR]);
	read_message(m, v);
}

static void dropped(struct meter *m, struct str name)
{
	m->ended = m->ended || str_eq_c(name, "message_stop");
}

const struct wire wire_claude = {
	.names = names,
	.n_names = sizeof names / sizeof names[0],
	.event = read_event,
	.body = read_body,
	.dropped = dropped,
	.fold = fold,
};
