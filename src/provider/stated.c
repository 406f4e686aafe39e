/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Amounts that OpenRouter and LiteLLM state. They are kept as they were written, digit for digit.
 *
 * Rule: providers/openrouter.md "Usage and cost"; providers/litellm.md "Cost in streams", "Answer
 * head fields"; protocol gateway.md 6 (x-usage)
 */
#include "config.h"

#include "provider/tally.h"
#include "util/decimal.h"

static bool states_cost(const struct meter *m)
{
	return m->r.provider == PROVIDER_OPENROUTER || m->r.provider == PROVIDER_LITELLM;
}

/* Zero never replaces a positive amount; at LiteLLM it is none at all. */
static void take(const struct meter *m, char dst[AMOUNT_TEXT], struct str text)
{
	struct decimal amount;

	if (!decimal_parse(&amount, text))
		return;
	if (decimal_is_zero(amount) && (m->r.provider == PROVIDER_LITELLM || dst[0]))
		return;
	if (!str_copy(dst, AMOUNT_TEXT, text))
		dst[0] = '\0';
}

static void take_value(struct meter *m, char dst[AMOUNT_TEXT], struct jval v)
{
	char text[AMOUNT_TEXT];

	if (v.type == J_NUMBER && v.raw.len >= sizeof text)
		note_unknown_c(m, "cost"); /* more digits than an amount has */
	else if (v.type == J_NUMBER)
		take(m, dst, v.raw);
	else if (jval_copy(v, text, sizeof text))
		take(m, dst, str_c(text));
}

bool stated_member(struct meter *m, struct str key, struct jval v)
{
	struct stated *s = &m->stated;

	if (!states_cost(m))
		return false;
	if (KEY_IS(key, "cost")) {
		take_value(m, s->cost, v);
	} else if (KEY_IS(key, "is_byok")) {
		s->own_key = v.type == J_TRUE || (s->own_key && v.type != J_FALSE);
	} else if (KEY_IS(key, "cost_details")) {
		take_value(m, s->upstream, jscan_get(v, "upstream_inference_cost"));
		take_value(m, s->upstream_prompt, jscan_get(v, "upstream_inference_prompt_cost"));
		take_value(m, s->upstream_completion,
			   jscan_get(v, "upstream_inference_completions_cost"));
	} else {
		return false;
	}
	return true;
}

static void x_usage_json(struct meter *m, struct jval v)
{
	static const char *const names[] = { "total_cost", "total_cost_usd", "cost", "usd" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct jval amount = jscan_get(v, names[i]);

		if (jval_is_null(amount))
			continue;
		take_value(m, m->stated.header, amount);
		return;
	}
}

/* "total_cost=0.0017; x=1" or "cost=0.2": the first that is there. */
static void x_usage_text(struct meter *m, struct str value)
{
	static const char name[] = "cost=";
	const char *at = memmem(value.p, value.len, name, strlen(name));
	struct str text;
	size_t n = 0;

	if (!at)
		return;
	text = str_sub(value, (size_t)(at - value.p) + strlen(name), value.len);
	while (n < text.len && text.p[n] && strchr("0123456789.eE+-", text.p[n]))
		n++;
	take(m, m->stated.header, str_sub(text, 0, n));
}

void stated_header(struct meter *m, struct str name, struct str value)
{
	struct jval root;

	if (m->r.provider == PROVIDER_LITELLM && str_caseeq_c(name, "x-litellm-response-cost")) {
		take(m, m->stated.header, value);
	} else if (m->r.provider == PROVIDER_OPENROUTER && str_caseeq_c(name, "x-usage")) {
		if (!jscan_check(value, 16, true, &root, NULL))
			x_usage_json(m, root);
		else if (value.len)
			x_usage_text(m, value);
	}
}

/* What the maker bills to the operator's own key besides. */
static void own_key(struct meter *m)
{
	struct stated *s = &m->stated;
	struct decimal a, b;
	char text[DECIMAL_TEXT];

	if (s->upstream[0])
		memcpy(m->r.provider_cost_fee, s->upstream, sizeof s->upstream);
	else if (decimal_parse(&a, str_c(s->upstream_prompt)) &&
		 decimal_parse(&b, str_c(s->upstream_completion)) && decimal_add(&a, a, b)) {
		decimal_format(text, a);
		if (!str_copy(m->r.provider_cost_fee, sizeof m->r.provider_cost_fee, str_c(text)))
			note_unknown_c(m, "cost_details");
	}
}

void stated_fold(struct meter *m)
{
	struct stated *s = &m->stated;

	memcpy(m->r.provider_cost, s->cost[0] ? s->cost : s->header, sizeof s->cost);
	m->r.provider_cost_fee[0] = '\0';
	if (s->own_key && m->r.provider_cost[0])
		own_key(m);
}
