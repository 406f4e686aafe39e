/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire format of Gemini's generateContent: the same object as a body, as an event, and as an
 * element of an array.
 *
 * Rule: providers/gemini.md, providers/pricing.md "The formula", "Fees"
 */
#include "config.h"

#include "provider/tally.h"

enum { M_CANDIDATES, M_USAGE, M_MODEL, M_FEEDBACK, M_ERROR, M_ID };

static const struct member_name names[] = {
	[M_CANDIDATES] = MEMBER("candidates"), [M_USAGE] = MEMBER("usageMetadata"),
	[M_MODEL] = MEMBER("modelVersion"),    [M_FEEDBACK] = MEMBER("promptFeedback"),
	[M_ERROR] = MEMBER("error"),	       [M_ID] = MEMBER("responseId"),
};
_Static_assert(sizeof names / sizeof names[0] <= EVENT_MEMBERS, "members of an event");

static const struct word finishes[] = {
	{ "STOP", FINISH_STOP },
	{ "MAX_TOKENS", FINISH_LENGTH },
	{ "SAFETY", FINISH_CONTENT_FILTER },
	{ "RECITATION", FINISH_CONTENT_FILTER },
	{ "BLOCKLIST", FINISH_CONTENT_FILTER },
	{ "PROHIBITED_CONTENT", FINISH_CONTENT_FILTER },
	{ "SPII", FINISH_CONTENT_FILTER },
	{ "IMAGE_SAFETY", FINISH_CONTENT_FILTER },
	{ "IMAGE_PROHIBITED_CONTENT", FINISH_CONTENT_FILTER },
	{ "IMAGE_RECITATION", FINISH_CONTENT_FILTER },
	{ NULL, FINISH_NONE },
};

/* ---- usage ---- */

/* [{"modality": "AUDIO", "tokenCount": 5000}, ...] */
static void read_modalities(struct modalities *total, struct jval list)
{
	struct modalities by = { 0 };
	struct jiter it;
	struct jval v;

	array_start(&it, list);
	while (array_next(&it, &v)) {
		struct jval kind = jscan_get(v, "modality");
		uint64_t n = count_of(jscan_get(v, "tokenCount"));

		by.sum = add_sat(by.sum, n);
		if (jval_str_eq(kind, "AUDIO"))
			by.audio = add_sat(by.audio, n);
		else if (jval_str_eq(kind, "IMAGE"))
			by.image = add_sat(by.image, n);
	}
	if (by.sum)
		*total = by;
}

static void usage_member(struct meter *m, struct str key, struct jval v)
{
	struct gemini_totals *t = &m->t.gemini;

	if (KEY_IS(key, "promptTokenCount"))
		merge_count(&t->prompt, v);
	else if (KEY_IS(key, "candidatesTokenCount"))
		merge_count(&t->candidates, v);
	else if (KEY_IS(key, "totalTokenCount"))
		merge_count(&t->total, v);
	else if (KEY_IS(key, "promptTokensDetails"))
		read_modalities(&t->prompt_by, v);
	else if (KEY_IS(key, "thoughtsTokenCount"))
		merge_count(&t->thoughts, v);
	else if (KEY_IS(key, "cachedContentTokenCount"))
		merge_count(&t->cached, v);
	else if (KEY_IS(key, "toolUsePromptTokenCount"))
		merge_count(&t->tool_prompt, v);
	else if (KEY_IS(key, "cacheTokensDetails"))
		read_modalities(&t->cached_by, v);
	else if (KEY_IS(key, "candidatesTokensDetails"))
		read_modalities(&t->candidates_by, v);
	else if (KEY_IS(key, "toolUsePromptTokensDetails"))
		read_modalities(&t->tool_by, v);
	else if (KEY_IS(key, "trafficType") || KEY_IS(key, "serviceTier")) {
		if (!t->tier_by_header)
			tier_noted(m, v);
	} else if (!KEY_IS(key, "initialPromptTokenCount") && !stated_member(m, key, v)) {
		note_unknown(m, key, v);
	}
}

static void fold(struct meter *m)
{
	const struct gemini_totals *t = &m->t.gemini;
	struct usage *u = &m->r.usage;
	uint64_t audio = add_sat(t->prompt_by.audio, t->tool_by.audio), images;

	u->cached_input = t->cached;
	u->input = add_sat(whole_of(m, t->prompt, t->cached), t->tool_prompt);
	u->input = whole_of(m, u->input, audio);
	u->input_uncached = u->input - t->cached;
	u->input_audio = audio;
	u->cached_input_audio = t->cached_by.audio;
	u->output = add_sat(t->candidates, t->thoughts);
	u->reasoning = t->thoughts;
	u->output_audio = t->candidates_by.audio;
	images = t->candidates_by.image;
	u->output_image = images;
	u->output = whole_of(m, u->output, add_sat(u->output_audio, images));
}

static void read_usage(struct meter *m, struct jval usage)
{
	const struct gemini_totals *t = &m->t.gemini;
	struct member_iter it;
	struct str key;
	struct jval v;

	if (usage.type != J_OBJECT)
		return;
	member_start(&it, usage);
	while (member_next(&it, &key, &v))
		usage_member(m, key, v);
	stated_fold(m);
	if (t->prompt || t->candidates || t->thoughts || t->tool_prompt || t->cached)
		usage_noted(m, usage);
}

/* ---- candidates ---- */

static void read_part(struct meter *m, struct jval part)
{
	struct member_iter it;
	struct str key;
	struct jval v;

	member_start(&it, part);
	while (member_next(&it, &key, &v)) {
		if (KEY_IS(key, "text")) {
			text_delivered(m, jval_text_len(v));
		} else if (KEY_IS(key, "functionCall")) {
			if (v.type != J_OBJECT)
				continue;
			m->r.tools[TOOL_FUNCTION]++;
			text_delivered(m, jscan_get(v, "args").raw.len);
		} else if (KEY_IS(key, "executableCode")) {
			if (v.type != J_OBJECT)
				continue;
			m->r.tools[TOOL_CODE_EXECUTION]++;
			text_delivered(m, jval_text_len(jscan_get(v, "code")));
		}
	}
}

static void read_parts(struct meter *m, struct jval parts)
{
	struct jiter it;
	struct jval v;

	array_start(&it, parts);
	while (array_next(&it, &v))
		read_part(m, v);
}

/* Rule: providers/pricing.md "Fees": distinct queries, or one per request that was grounded */
static void read_grounding(struct meter *m, struct jval metadata)
{
	struct jval queries = jscan_get(metadata, "webSearchQueries"), v;
	struct jval chunks = jscan_get(metadata, "groundingChunks");
	struct jiter it;

	array_start(&it, queries);
	while (array_next(&it, &v)) {
		if (v.type != J_STRING)
			continue;
		m->r.grounded = true;
		if (seen_first(&m->seen, 0, v.raw))
			m->r.web_search_queries++;
	}
	m->r.tools[TOOL_WEB_SEARCH] = m->r.web_search_queries;
	array_start(&it, chunks);
	while (array_next(&it, &v))
		if (jscan_get(v, "maps").type == J_OBJECT) /* a fee that no table has */
			note_unknown_c(m, "groundingChunks.maps");
}

static void read_candidate(struct meter *m, struct jval candidate)
{
	struct jval finish = { J_NONE, STR_NULL }, v;
	uint64_t index = 0;
	struct member_iter it;
	struct str key;

	member_start(&it, candidate);
	while (member_next(&it, &key, &v)) {
		if (KEY_IS(key, "content"))
			read_parts(m, jscan_get(v, "parts"));
		else if (KEY_IS(key, "finishReason"))
			finish = v;
		else if (KEY_IS(key, "index"))
			index = count_of(v);
		else if (KEY_IS(key, "groundingMetadata"))
			read_grounding(m, v);
	}
	if (!jval_str_eq(finish, "FINISH_REASON_UNSPECIFIED"))
		finish_noted(m, index, finish, finishes);
}

/* ---- events and bodies ---- */

static void read_feedback(struct meter *m, struct jval feedback)
{
	struct jval reason = jscan_get(feedback, "blockReason");

	if (reason.type != J_STRING || jval_str_eq(reason, "BLOCK_REASON_UNSPECIFIED"))
		return;
	finish_set(m, FINISH_CONTENT_FILTER, NULL);
	cut_text(m->r.finish_raw, sizeof m->r.finish_raw, reason);
}

static void read_event(struct meter *m, struct str name, const struct jval *v)
{
	struct jiter it;
	struct jval candidate;

	(void)name;
	set_text(m->r.model, sizeof m->r.model, v[M_MODEL]);
	if (!m->r.upstream_request_id[0])
		set_text(m->r.upstream_request_id, sizeof m->r.upstream_request_id, v[M_ID]);
	if (v[M_CANDIDATES].type == J_ARRAY) {
		array_start(&it, v[M_CANDIDATES]);
		while (array_next(&it, &candidate))
			read_candidate(m, candidate);
	}
	if (v[M_FEEDBACK].type == J_OBJECT)
		read_feedback(m, v[M_FEEDBACK]);
	error_noted(m, v[M_ERROR]);
	read_usage(m, v[M_USAGE]);
}

static void read_body(struct meter *m, const struct jval *v)
{
	m->finished = m->ended = true;
	read_event(m, STR_NULL, v);
}

const struct wire wire_gemini = {
	.names = names,
	.n_names = sizeof names / sizeof names[0],
	.event = read_event,
	.body = read_body,
	.fold = fold,
	.finish_is_end = true,
};
