/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "provider/request.h"

enum { MEDIA_TYPE_SHOWN = 64 };

static int wrong(struct gw_err *e, const struct member_rule *rule, const char *want)
{
	return gw_fail(e, GWE_BAD_REQUEST, 0, "Member '%s' must be %s", rule->name, want);
}

/* Nothing that a log, a table or another parser could stumble over. */
static int take_model(struct request_reader *q, struct str *out, struct jval v, struct gw_err *e)
{
	char name[REQUEST_MODEL_MAX + 1];

	if (v.type != J_STRING || jval_str_eq(v, ""))
		return gw_fail(e, GWE_MODEL_NOT_SUPPORTED, 0, "Model not specified in request");
	if (!jval_copy(v, name, sizeof name))
		return gw_fail(e, GWE_MODEL_NOT_SUPPORTED, 0,
			       "The name of the model is too long or holds a NUL");
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return gw_fail(
				e, GWE_MODEL_NOT_SUPPORTED, 0,
				"Model '%s' is not supported. Please check available models.",
				name);
	*out = arena_dup(q->arena, str_c(name));
	return out->p ? 0 : gw_fail(e, GWE_BAD_REQUEST, 0, "The request is too large");
}

static int take_fallback(struct request_reader *q, const struct member_rule *rule, struct jval v,
			 struct gw_err *e)
{
	if (v.type == J_ARRAY || v.type == J_NULL)
		return 0;
	if (v.type != J_STRING)
		return wrong(e, rule, "a list of names of models");
	if (q->v->n_fallback == REQUEST_FALLBACKS)
		return gw_fail(e, GWE_BAD_REQUEST, 0, "Member '%s' may name %d models at most",
			       rule->name, REQUEST_FALLBACKS);
	return take_model(q, &q->v->fallback[q->v->n_fallback++], v, e);
}

static int take_count(uint64_t *out, const struct member_rule *rule, struct jval v,
		      struct gw_err *e)
{
	if (v.type == J_NULL)
		return 0;
	return jval_u64(v, out) ? 0 : wrong(e, rule, "a whole number");
}

static int take_cap(struct request_reader *q, const struct member_rule *rule, struct jval v,
		    struct gw_err *e)
{
	uint64_t n = 0;

	if (take_count(&n, rule, v, e))
		return -1;
	q->cap = (struct request_span){ v.type, (size_t)(v.raw.p - q->w.start), v.raw.len };
	/* 0 means "no cap" to some; of two spellings nobody knows which one counts */
	if (n && (!q->v->has_output_cap || n > q->v->output_cap))
		q->v->output_cap = n;
	q->v->has_output_cap = q->v->has_output_cap || n;
	return 0;
}

static int take_choices(struct request_reader *q, const struct member_rule *rule, struct jval v,
			struct gw_err *e)
{
	uint64_t n = 1;

	if (take_count(&n, rule, v, e))
		return -1;
	if (!n)
		return wrong(e, rule, "at least 1");
	q->v->choices = n;
	return 0;
}

/* Rule: providers/pricing.md "Tiers"; the words of all makers. */
static int take_tier(struct request_reader *q, const struct member_rule *rule, struct jval v,
		     struct gw_err *e)
{
	static const struct {
		const char *word;
		enum price_tier tier;
	} words[] = {
		{ "auto", TIER_STANDARD },	{ "default", TIER_STANDARD },
		{ "standard", TIER_STANDARD },	{ "standard_only", TIER_STANDARD },
		{ "on_demand", TIER_STANDARD }, { "scale", TIER_STANDARD },
		{ "flex", TIER_FLEX },		{ "priority", TIER_PRIORITY },
		{ "fast", TIER_PRIORITY },	{ "STANDARD", TIER_STANDARD },
		{ "FLEX", TIER_FLEX },		{ "PRIORITY", TIER_PRIORITY },
	};

	if (v.type == J_NULL)
		return 0;
	if (v.type != J_STRING)
		return wrong(e, rule, "a text");
	q->v->tier = TIER_UNPRICED;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (jval_str_eq(v, words[i].word))
			q->v->tier = words[i].tier;
	return 0;
}

static int take_boolean(bool *out, const struct member_rule *rule, struct jval v, struct gw_err *e)
{
	if (v.type != J_TRUE && v.type != J_FALSE)
		return gw_fail(e, GWE_UNSUPPORTED_PARAMETER, 0, "Member '%s' must be true or false",
			       rule->name);
	*out = v.type == J_TRUE;
	return 0;
}

static int take_background(const struct member_rule *rule, struct jval v, struct gw_err *e)
{
	bool background = false;

	if (v.type != J_NULL && take_boolean(&background, rule, v, e))
		return -1;
	if (background)
		return gw_fail(e, GWE_UNSUPPORTED_PARAMETER, 0,
			       "Background responses are not supported");
	return 0;
}

void request_add_tool(struct request_view *v, enum tool_kind t)
{
	v->tools[t] = true;
	/* what they find comes back as input */
	if (t == TOOL_WEB_SEARCH || t == TOOL_WEB_FETCH || t == TOOL_FILE_SEARCH || t == TOOL_MCP)
		v->media++;
}

/* Names come with dates behind them: web_search_20250305. */
static void take_tool_type(struct request_reader *q, struct jval v)
{
	static const struct {
		const char *front;
		enum tool_kind tool;
	} types[] = {
		{ "web_search", TOOL_WEB_SEARCH },
		{ "openrouter:web_search", TOOL_WEB_SEARCH },
		{ "web_fetch", TOOL_WEB_FETCH },
		{ "openrouter:web_fetch", TOOL_WEB_FETCH },
		{ "file_search", TOOL_FILE_SEARCH },
		{ "code_interpreter", TOOL_CODE_INTERPRETER },
		{ "code_execution", TOOL_CODE_EXECUTION },
		{ "computer", TOOL_COMPUTER },
		{ "mcp", TOOL_MCP },
		{ "image_generation", TOOL_IMAGE_GENERATION },
		{ "function", TOOL_FUNCTION },
		{ "custom", TOOL_FUNCTION },
	};
	char type[MEDIA_TYPE_SHOWN];

	if (!jval_copy(v, type, sizeof type))
		return;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (str_starts(str_c(type), types[i].front)) {
			request_add_tool(q->v, types[i].tool);
			return;
		}
}

static int take_tool_uses(struct request_reader *q, const struct member_rule *rule, struct jval v,
			  struct gw_err *e)
{
	uint64_t n = 0;

	if (take_count(&n, rule, v, e))
		return -1;
	if (__builtin_add_overflow(q->v->tool_uses_cap, n, &q->v->tool_uses_cap))
		return wrong(e, rule, "a smaller number");
	return 0;
}

/* Rule: providers/anthropic.md "usage": advisers; providers/pricing.md "Fees": the image tool */
static int take_helper(struct request_reader *q, const struct member_rule *rule, struct jval v,
		       struct gw_err *e)
{
	if (v.type == J_NULL)
		return 0;
	if (q->v->n_helper == REQUEST_HELPERS)
		return gw_fail(e, GWE_BAD_REQUEST, 0, "Tools may name %d models at most ('%s')",
			       REQUEST_HELPERS, rule->name);
	return take_model(q, &q->v->helper[q->v->n_helper++], v, e);
}

static void take_context_edit(struct request_reader *q, struct jval v)
{
	char type[MEDIA_TYPE_SHOWN];

	if (jval_copy(v, type, sizeof type) && str_starts(str_c(type), "compact"))
		q->v->compacts = true;
}

static void take_plugin(struct request_reader *q, struct jval v)
{
	char id[MEDIA_TYPE_SHOWN];

	if (jval_copy(v, id, sizeof id) && str_starts(str_c(id), "web"))
		request_add_tool(q->v, TOOL_WEB_SEARCH);
}

/* The first bytes of a string, escapes of '/' resolved; enough to tell its kind. */
static struct str head_of(struct jval v, char room[MEDIA_TYPE_SHOWN + 1])
{
	const char *p = v.raw.p + 1, *end = v.raw.p + v.raw.len - 1;
	size_t n = 0;

	for (; p < end && n < MEDIA_TYPE_SHOWN; p++)
		if (*p != '\\' || p[1] != '/')
			room[n++] = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
	room[n] = '\0';
	return (struct str){ room, n };
}

/* Kinds that are no text to the model: it sees pictures, sounds, pages. */
static bool is_medium(struct str type)
{
	static const char *const kinds[] = { "image/",
					     "audio/",
					     "video/",
					     "application/pdf",
					     "application/msword",
					     "application/vnd.openxmlformats-officedocument." };

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (str_starts(type, kinds[i]))
			return true;
	return false;
}

static void take_link(struct request_reader *q, const struct member_rule *rule, struct jval v)
{
	char room[MEDIA_TYPE_SHOWN + 1];
	struct str head;

	if (v.type != J_STRING)
		return;
	head = head_of(v, room);
	if (str_starts(head, "data:")) {
		if (is_medium(str_sub(head, 5, head.len)))
			q->v->media++;
		else
			q->v->text_bytes += request_text_len(v);
		return;
	}
	if (rule->fact == FACT_LINK)
		q->v->media++;
	q->v->text_bytes += request_text_len(v);
}

static void take_data(struct request_frame *f, struct jval v)
{
	if (v.type == J_STRING && !f->array)
		f->data += v.raw.len - 2;
}

static void take_type(struct request_reader *q, struct request_frame *f, struct jval v)
{
	f->base64 = jval_str_eq(v, "base64");
	f->image_call = jval_str_eq(v, "image_generation_call");
	if (jval_str_eq(v, "item_reference"))
		q->v->media++;
}

_Static_assert(FACT_ID < 32, "the facts of a frame are bits");

void request_end_frame(struct request_reader *q, struct request_frame *f)
{
	const uint32_t data = 1u << FACT_DATA, base64 = 1u << FACT_BASE64,
		       result = 1u << FACT_RESULT, id = 1u << FACT_ID, type = 1u << FACT_TYPE;
	bool medium = ((f->facts & data) && f->medium) ||
		      ((f->facts & base64) && f->medium && f->base64) ||
		      ((f->facts & result) && f->image_call);

	if (f->data && medium)
		q->v->media++;
	else
		q->v->text_bytes += f->data;
	/* an item that is only an id stands for something said before */
	if ((f->facts & id) && !(f->facts & type))
		q->v->media++;
}

static int take_edited(struct request_reader *q, struct request_span *s, struct jval v)
{
	*s = (struct request_span){ v.type, (size_t)(v.raw.p - q->w.start), v.raw.len };
	return 0;
}

int request_take_fact(struct request_reader *q, struct request_frame *f,
		      const struct member_rule *rule, struct jval v, struct gw_err *e)
{
	char room[MEDIA_TYPE_SHOWN + 1];

	f->facts |= 1u << rule->fact;
	switch (rule->fact) {
	case FACT_NONE:
	case FACT_ID:
		return 0;
	case FACT_MODEL:
		return take_model(q, &q->v->model, v, e);
	case FACT_FALLBACK:
		return take_fallback(q, rule, v, e);
	case FACT_STREAM:
		return take_boolean(&q->v->stream, rule, v, e);
	case FACT_OUTPUT_CAP:
		return take_cap(q, rule, v, e);
	case FACT_CHOICES:
		return take_choices(q, rule, v, e);
	case FACT_TIER:
		return take_tier(q, rule, v, e);
	case FACT_SPEED:
		q->v->fast = jval_str_eq(v, "fast");
		return 0;
	case FACT_GEO:
		q->v->us = v.type != J_NULL && !jval_str_eq(v, "global");
		return 0;
	case FACT_BACKGROUND:
		return take_background(rule, v, e);
	case FACT_REFUSED:
		return gw_fail(e, GWE_UNSUPPORTED_PARAMETER, 0, "Member '%s' is not supported",
			       rule->name);
	case FACT_FORCED:
		return f->array ? 0 : take_edited(q, &q->forced, v);
	case FACT_FORCED_FLAG:
		return f->array ? 0 : take_edited(q, &q->flag, v);
	case FACT_TOOL:
		if (v.type != J_NULL && v.type != J_FALSE && v.type != J_ARRAY)
			request_add_tool(q->v, rule->tool);
		return 0;
	case FACT_TOOL_TYPE:
		take_tool_type(q, v);
		return 0;
	case FACT_TOOL_USES:
	case FACT_ALL_TOOL_USES:
		return take_tool_uses(q, rule, v, e);
	case FACT_HELPER:
		return take_helper(q, rule, v, e);
	case FACT_CONTEXT_EDIT:
		take_context_edit(q, v);
		return 0;
	case FACT_PREDICTION:
		q->before_prediction = q->v->text_bytes; /* the rest at its end */
		return 0;
	case FACT_PLUGIN:
		take_plugin(q, v);
		return 0;
	case FACT_NAMED:
		q->v->media += v.type != J_NULL && v.type != J_ARRAY;
		return 0;
	case FACT_LINK:
	case FACT_FILE:
		take_link(q, rule, v);
		return 0;
	case FACT_INLINE:
		q->v->media += v.type == J_STRING;
		return 0;
	case FACT_DATA:
	case FACT_BASE64:
	case FACT_RESULT:
		take_data(f, v);
		return 0;
	case FACT_MEDIA_TYPE:
		f->medium = v.type == J_STRING && is_medium(head_of(v, room));
		return 0;
	case FACT_TYPE:
		take_type(q, f, v);
		return 0;
	}
	return 0;
}
