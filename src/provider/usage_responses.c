/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire format of the responses API.
 *
 * Tools are counted once, from the final object; from output_item.done where that never came.
 *
 * Rule: providers/openai.md "Responses", providers/pricing.md "Fees"
 */
#include "config.h"

#include "provider/tally.h"

/* Of an event, and of the response itself where it is the whole body. */
enum {
	M_TYPE,
	M_RESPONSE,
	M_DELTA,
	M_ITEM,
	M_ERROR,
	M_STATUS,
	M_MODEL,
	M_USAGE,
	M_OUTPUT,
	M_TIER,
	M_TOOLS,
	M_TOOL_USAGE,
	M_NOISE,
	M_NUMBER
};

static const struct member_name names[] = {
	[M_TYPE] = MEMBER("type"),	   [M_RESPONSE] = MEMBER("response"),
	[M_DELTA] = MEMBER("delta"),	   [M_ITEM] = MEMBER("item"),
	[M_ERROR] = MEMBER("error"),	   [M_STATUS] = MEMBER("status"),
	[M_MODEL] = MEMBER("model"),	   [M_USAGE] = MEMBER("usage"),
	[M_OUTPUT] = MEMBER("output"),	   [M_TIER] = MEMBER("service_tier"),
	[M_TOOLS] = MEMBER("tools"),	   [M_TOOL_USAGE] = MEMBER("tool_usage"),
	[M_NOISE] = MEMBER("obfuscation"), [M_NUMBER] = MEMBER("sequence_number"),
};
_Static_assert(sizeof names / sizeof names[0] <= EVENT_MEMBERS, "members of an event");

/* ---- items ---- */

enum { SALT_CONTAINER = 1 };

static bool billable_search(struct jval item)
{
	struct jval action = jscan_path(item, "action", "type", (char *)NULL);

	if (jval_str_eq(jscan_get(item, "status"), "failed"))
		return false;
	return jval_is_null(action) || jval_str_eq(action, "search");
}

static void count_item(struct meter *m, struct jval item)
{
	static const struct {
		const char *type;
		enum tool_kind kind;
	} plain[] = {
		{ "function_call", TOOL_FUNCTION },
		{ "custom_tool_call", TOOL_FUNCTION },
		{ "file_search_call", TOOL_FILE_SEARCH },
		{ "computer_call", TOOL_COMPUTER },
		{ "mcp_call", TOOL_MCP },
		{ "image_generation_call", TOOL_IMAGE_GENERATION },
	};
	struct jval type = jscan_get(item, "type"), container;

	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (jval_str_eq(type, plain[i].type))
			m->r.tools[plain[i].kind]++;
	if (jval_str_eq(type, "web_search_call") && billable_search(item))
		m->r.tools[TOOL_WEB_SEARCH]++;
	if (jval_str_eq(type, "code_interpreter_call")) {
		/* paid by the container; calls that name none share one */
		container = jscan_get(item, "container_id");
		if (seen_first(&m->seen, SALT_CONTAINER,
			       container.type == J_STRING ? container.raw : STR_NULL))
			m->r.tools[TOOL_CODE_INTERPRETER]++;
	}
}

/* Text that an item holds, for a body without usage. */
static uint64_t item_text(struct jval item)
{
	static const char *const lists[] = { "content", "summary" };
	static const char *const texts[] = { "arguments", "input", "code" };
	struct jval part;
	struct jiter it;
	uint64_t n = 0;

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		array_start(&it, jscan_get(item, lists[i]));
		while (array_next(&it, &part)) {
			n = add_sat(n, jval_text_len(jscan_get(part, "text")));
			n = add_sat(n, jval_text_len(jscan_get(part, "refusal")));
		}
	}
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		n = add_sat(n, jval_text_len(jscan_get(item, texts[i])));
	return n;
}

static bool item_refuses(struct jval item)
{
	struct jval content = jscan_get(item, "content"), part;
	struct jiter it;

	array_start(&it, content);
	while (array_next(&it, &part))
		if (jval_str_eq(jscan_get(part, "type"), "refusal"))
			return true;
	return false;
}

static void read_output(struct meter *m, struct jval output, bool texts)
{
	struct jiter it;
	struct jval item;
	bool first = true;

	array_start(&it, output);
	while (array_next(&it, &item)) {
		if (first) { /* the final object counts, not what came before */
			memset(m->r.tools, 0, sizeof m->r.tools);
			m->seen.n = 0;
			first = false;
		}
		count_item(m, item);
		m->refused = m->refused || item_refuses(item);
		if (texts)
			text_delivered(m, item_text(item));
	}
}

/* ---- the response object ---- */

static void read_tools(struct meter *m, struct jval tools)
{
	struct jiter it;
	struct jval tool;

	array_start(&it, tools);
	while (array_next(&it, &tool)) {
		char type[32] = "";

		cut_text(type, sizeof type, jscan_get(tool, "type"));
		if (str_starts(str_c(type), "web_search_preview"))
			m->r.web_search_preview = true;
	}
}

/* The model that the image tool ran; "" where `tools` does not say. */
static void image_model(struct jval tools, char *out, size_t size)
{
	struct jiter it;
	struct jval tool;

	out[0] = '\0';
	array_start(&it, tools);
	while (array_next(&it, &tool))
		if (jval_str_eq(jscan_get(tool, "type"), "image_generation"))
			set_text(out, size, jscan_get(tool, "model"));
}

static void image_tool(struct meter *m, struct jval usage, struct jval tools)
{
	struct reading_extra *x = &m->r.extra[0];
	struct usage u;
	char model[READING_MODEL];

	openai_extra_usage(&u, usage);
	if (!u.input && !u.output)
		return;
	image_model(tools, model, sizeof model);
	if (!model[0]) { /* whose tokens these are is not known */
		m->r.extras_dropped = true;
		return;
	}
	m->r.n_extra = 1;
	memcpy(x->model, model, sizeof model);
	x->usage = u;
}

static void read_tool_usage(struct meter *m, struct jval v, struct jval tools)
{
	struct member_iter it;
	struct str key;
	struct jval each;
	uint64_t n;

	if (v.type != J_OBJECT)
		return;
	member_start(&it, v);
	while (member_next(&it, &key, &each)) {
		if (KEY_IS(key, "web_search")) {
			if (jval_u64(jscan_get(each, "num_requests"), &n))
				m->r.tools[TOOL_WEB_SEARCH] = n;
		} else if (KEY_IS(key, "image_gen")) {
			image_tool(m, each, tools);
		} else {
			note_unknown(m, key, each);
		}
	}
}

static void read_incomplete(struct meter *m, struct jval response)
{
	static const struct word reasons[] = {
		{ "max_output_tokens", FINISH_LENGTH },
		{ "content_filter", FINISH_CONTENT_FILTER },
		{ NULL, FINISH_NONE },
	};
	struct jval reason = jscan_path(response, "incomplete_details", "reason", (char *)NULL);

	if (jval_is_null(reason))
		finish_set(m, FINISH_OTHER, "incomplete");
	else
		finish_noted(m, 0, reason, reasons);
}

/* @response is J_NONE where only its status is known. */
static void read_status(struct meter *m, struct jval response, const char *status)
{
	m->pending = !strcmp(status, "queued") || !strcmp(status, "in_progress");
	if (m->pending)
		return;
	m->finished = true;
	if (!strcmp(status, "completed")) {
		finish_set(m, FINISH_STOP, status);
	} else if (!strcmp(status, "incomplete")) {
		read_incomplete(m, response);
	} else if (!strcmp(status, "failed")) {
		m->r.has_error = true;
		finish_set(m, FINISH_ERROR, status);
	} else if (!strcmp(status, "cancelled")) {
		m->cancelled = true;
		finish_set(m, FINISH_OTHER, status);
	}
}

/* @status: of the end; NULL: there is more to come. */
static void read_response(struct meter *m, const struct jval *v, const char *status, bool whole)
{
	set_text(m->r.model, sizeof m->r.model, v[M_MODEL]);
	tier_noted(m, v[M_TIER]);
	read_tools(m, v[M_TOOLS]);
	if (status) {
		read_output(m, v[M_OUTPUT], whole);
		read_tool_usage(m, v[M_TOOL_USAGE], v[M_TOOLS]);
		error_noted(m, v[M_ERROR]);
	}
	openai_usage_read(m, v[M_USAGE], true);
}

/* ---- events and bodies ---- */

/* The status that the last event's name tells, or NULL. */
static const char *end_status(const char *type)
{
	static const char *const ends[] = { "completed", "incomplete", "failed", "cancelled" };
	static const char prefix[] = "response.";

	if (strncmp(type, prefix, strlen(prefix)) != 0)
		return NULL;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (!strcmp(type + strlen(prefix), ends[i]))
			return ends[i];
	return NULL;
}

static void read_delta(struct meter *m, const char *type, const struct jval *v)
{
	if (!strcmp(type, "response.audio.delta"))
		return; /* base64; any other kind is text */
	if (!strcmp(type, "response.refusal.delta"))
		m->refused = true;
	text_event(m, v[M_DELTA]);
	if (v[M_TYPE].type == J_STRING) /* its type is a part of its shape */
		text_keep(m, v[M_NOISE], v[M_NUMBER]);
}

static void read_error(struct meter *m, const struct jval *v)
{
	error_noted(m, v[M_ERROR].type == J_OBJECT ? v[M_ERROR] : m->event);
}

static void read_event(struct meter *m, struct str name, const struct jval *v)
{
	struct jval r[EVENT_MEMBERS];
	char type[SSE_NAME] = "";
	const char *status;

	if (!jval_copy(v[M_TYPE], type, sizeof type) && !str_copy(type, sizeof type, name))
		type[0] = '\0';
	if (v[M_DELTA].type == J_STRING) {
		read_delta(m, type, v);
	} else if (v[M_RESPONSE].type == J_OBJECT) {
		status = end_status(type);
		if (status) {
			read_status(m, v[M_RESPONSE], status);
			m->ended = true;
		}
		if (members_read(&wire_responses, v[M_RESPONSE].raw, r))
			read_response(m, r, status, false);
	} else if (v[M_ITEM].type == J_OBJECT) {
		if (!strcmp(type, "response.output_item.done")) {
			count_item(m, v[M_ITEM]);
			m->refused = m->refused || item_refuses(v[M_ITEM]);
		}
	} else if (!strcmp(type, "error") || v[M_ERROR].type == J_OBJECT) {
		read_error(m, v);
	}
}

static void read_body(struct meter *m, const struct jval *v)
{
	char status[16] = "";

	cut_text(status, sizeof status, v[M_STATUS]);
	read_status(m, m->event, status);
	m->ended = true;
	read_response(m, v, status, true);
	if (jval_str_eq(v[M_TYPE], "error"))
		read_error(m, v);
}

static void dropped(struct meter *m, struct str name)
{
	char type[SSE_NAME];
	const char *status;

	if (!str_copy(type, sizeof type, name))
		return;
	status = end_status(type);
	if (!status)
		return;
	read_status(m, (struct jval){ J_NONE, STR_NULL }, status);
	m->ended = true;
}

const struct wire wire_responses = {
	.names = names,
	.n_names = sizeof names / sizeof names[0],
	.event = read_event,
	.body = read_body,
	.dropped = dropped,
	.fold = openai_fold,
};
