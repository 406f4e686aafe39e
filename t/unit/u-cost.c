/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Amounts: the worked examples of the pricing page, multipliers, overrides, tiers and fees, what is
 * charged where the exchange does not tell, and the bound before it. Answers as they came over the
 * wire are priced in u-meter-fixtures.
 */
#include "config.h"

#include "billing/cost.h"

#include "tap.h"
#include "vectors.h"

static const char day[] = "2026-11-23";
static struct price_book *book;

static struct cost_options options(const char *model)
{
	return (struct cost_options){
		.book = book,
		.multiplier = MULTIPLIER_ONE,
		.requested_model = str_c(model),
		.day = day,
		.unstated_pico = UINT64_C(100000000000),
		.media_tokens = 20000,
		.default_output = 8192,
	};
}

static struct reading answer(enum provider_id p, const char *model, struct usage u)
{
	struct reading r = { .provider = p, .api = API_CHAT, .http_status = 200, .usage = u };

	if (u.input || u.output)
		r.usage.completeness = USAGE_FINAL;
	str_copy(r.model, sizeof r.model, str_c(model));
	return r;
}

/* ---- the pricing page ---- */

static uint64_t pico_of(const struct reading *r)
{
	struct cost_options o = options("");
	struct cost c;

	cost_of_reading(r, &o, &c);
	return c.known ? picousd_u64(c.pico) : UINT64_MAX;
}

static void worked_examples(void)
{
	struct reading r = answer(
		PROVIDER_OPENAI, "gpt-4.1-mini",
		(struct usage){
			.input = 2006, .input_uncached = 86, .cached_input = 1920, .output = 300 });

	OK(pico_of(&r) == 706400000, "example 1: what is cached costs the cached price");
	r = answer(PROVIDER_CLAUDE, "claude-opus-4-5",
		   (struct usage){ .input = 191175,
				   .input_uncached = 21,
				   .cached_input = 188086,
				   .cache_write_5m = 2048,
				   .cache_write_1h = 1020,
				   .output = 393 });
	OK(pico_of(&r) == 126973000000, "example 2: both lifetimes of a cache");
	r = answer(PROVIDER_OPENAI, "gpt-5.6-sol",
		   (struct usage){ .input = 5000,
				   .input_uncached = 976,
				   .cached_input = 1024,
				   .cache_write_5m = 3000,
				   .output = 200 });
	OK(pico_of(&r) == 23313600000, "example 3: writes inside the prompt");
	r = answer(PROVIDER_GEMINI, "gemini-2.5-flash",
		   (struct usage){
			   .input = 10, .input_uncached = 10, .output = 123, .reasoning = 120 });
	OK(pico_of(&r) == 310500000, "example 4: thoughts are output");
	r = answer(PROVIDER_OPENAI, "gpt-5.4",
		   (struct usage){ .input = 300000,
				   .input_uncached = 200000,
				   .cached_input = 100000,
				   .output = 1000 });
	OK(pico_of(&r) == 1072500000000, "example 5: a long prompt, output included");
	r = answer(PROVIDER_CLAUDE, "claude-opus-5-5",
		   (struct usage){ .input = 1, .input_uncached = 1, .output = 3 });
	r.fast = r.us = true;
	OK(pico_of(&r) == (4000000 + 3 * 20000000) * 22 / 10, "example 6: fast and us multiply");
	r = answer(PROVIDER_OPENROUTER, "x/y",
		   (struct usage){ .input = 1, .input_uncached = 1, .output = 3 });
	str_copy(r.provider_cost, sizeof r.provider_cost, STR_LIT("1.5e-06"));
	str_copy(r.provider_cost_fee, sizeof r.provider_cost_fee, STR_LIT("0.000123456789012345"));
	OK(pico_of(&r) == 124956790, "example 7: own key, rounded up once");
}

static uint64_t tiered(const char *model, enum price_tier tier, uint64_t input)
{
	struct reading r =
		answer(PROVIDER_OPENAI, model,
		       (struct usage){ .input = input, .input_uncached = input, .output = 1 });

	r.tier = tier;
	return pico_of(&r);
}

static void tiers(void)
{
	OK(tiered("gpt-4o", TIER_PRIORITY, 1) == 4250000 + 17000000, "priority has its columns");
	OK(tiered("gpt-4o", TIER_BATCH, 1) == 1250000 + 5000000, "batch has its columns");
	OK(tiered("gpt-4o", TIER_FLEX, 1) == 1250000 + 5000000, "flex is half where it has none");
	OK(tiered("gpt-5.4", TIER_BATCH, 272001) == UINT64_C(272001) * 2500000 + 11250000,
	   "batch halves the long prices");
	OK(tiered("gpt-5.4", TIER_STANDARD, 272000) == UINT64_C(272000) * 2500000 + 15000000,
	   "a prompt exactly at the border is short");
	OK(tiered("gpt-4o", TIER_UNPRICED, 1) == UINT64_MAX, "a tier without a price is unknown");
}

static void fees(void)
{
	struct reading r = answer(PROVIDER_OPENAI, "gpt-4o", (struct usage){ .input = 0 });

	r.usage = (struct usage){ .completeness = USAGE_FINAL, .output = 1 };
	r.tools[TOOL_WEB_SEARCH] = 2;
	r.tools[TOOL_FILE_SEARCH] = 3;
	r.tools[TOOL_CODE_INTERPRETER] = 1;
	r.tools[TOOL_COMPUTER] = r.tools[TOOL_FUNCTION] = 9;
	OK(pico_of(&r) == UINT64_C(10000000) + 2 * UINT64_C(10000000000) +
				  3 * UINT64_C(2500000000) + UINT64_C(30000000000),
	   "search, files and interpreter have fees, computer and functions have none");
	r.web_search_preview = true;
	OK(pico_of(&r) == UINT64_C(10000000) + 2 * UINT64_C(25000000000) +
				  3 * UINT64_C(2500000000) + UINT64_C(30000000000),
	   "the preview search has its own");
	r = answer(PROVIDER_CLAUDE, "claude-opus-5-5",
		   (struct usage){ .input = 1, .input_uncached = 1 });
	r.us = true;
	r.tools[TOOL_WEB_SEARCH] = 1;
	OK(pico_of(&r) == 4400000 + UINT64_C(10000000000), "factors leave fees alone");
}

static void extras(void)
{
	struct usage one = {
		.completeness = USAGE_FINAL, .input = 1, .input_uncached = 1, .output = 1
	};
	struct reading r = answer(PROVIDER_CLAUDE, "claude-opus-5", one);

	r.n_extra = 2;
	r.extra[0].usage = one;
	r.extra[1].usage = one;
	str_copy(r.extra[1].model, sizeof r.extra[1].model, STR_LIT("claude-haiku-4-5"));
	OK(pico_of(&r) == 2 * (5000000 + 25000000) + 1000000 + 5000000,
	   "other work is charged: own model, other model");
	str_copy(r.extra[1].model, sizeof r.extra[1].model, STR_LIT("nobody"));
	OK(pico_of(&r) == UINT64_MAX, "work of a model without a row makes the amount unknown");
}

/* Prices that the operator sets: rows and overrides. */
static uint64_t set_pico(const struct price_book *b, const char *reported, const char *requested,
			 enum price_tier tier, struct usage u)
{
	struct reading r = answer(PROVIDER_OPENAI, reported, u);
	struct cost_options o = options(requested);
	struct cost c;

	r.tier = tier;
	o.book = b;
	cost_of_reading(&r, &o, &c);
	return c.known ? picousd_u64(c.pico) : UINT64_MAX;
}

static void own_prices(void)
{
	static const char rows[] =
		"provider,model,input,output,input_audio,cached_input,long_threshold,long_input,"
		"long_output\nopenai,mine,1,1,9,0.5,10,2,3\n";
	static const char over[] =
		"{\"mine\":{\"promptPerMTokUsd\":4,\"completionPerMTokUsd\":8},"
		"\"gpt-4o\":{\"promptPerMTokUsd\":5,\"completionPerMTokUsd\":8}}";
	struct usage audio = { .input = 11, .input_uncached = 11, .input_audio = 11 };
	struct usage cached = { .input = 11, .cached_input = 11 };
	struct usage one = { .input = 1, .input_uncached = 1, .output = 1 };
	struct price_book *b = price_book_copy(book);
	struct gw_err e;

	OK(!price_book_add_csv(b, str_c(rows), "rows", &e), "rows of one's own");
	OK(set_pico(b, "mine", "", TIER_STANDARD, audio) == 11 * 9000000,
	   "a long prompt is not cheaper than a short one where the dear price is missing");
	OK(set_pico(b, "mine", "", TIER_STANDARD, cached) == 11 * 2000000,
	   "what it read from the cache costs its input price");
	OK(!price_book_override_json(b, str_c(over), NULL, &e), "overrides");
	OK(set_pico(b, "mine", "", TIER_STANDARD, audio) == 11 * 4000000,
	   "one price for every kind of input, and no long ones");
	OK(set_pico(b, "mine", "", TIER_FLEX, one) == 12000000 &&
		   set_pico(b, "mine", "", TIER_PRIORITY, one) == 12000000 &&
		   set_pico(b, "mine", "", TIER_UNPRICED, one) == 12000000,
	   "no tiers either");
	OK(set_pico(b, "mine", "gpt-4o", TIER_STANDARD, one) == 12000000 &&
		   set_pico(b, "gpt-4o-mini", "gpt-4o", TIER_STANDARD, one) == 13000000,
	   "the reported name comes first, then the requested one");
	OK(set_pico(b, "gpt-4o", "mine", TIER_STANDARD, one) == 13000000,
	   "and the other way round");
	price_book_unref(b);
}

/* ---- vectors ---- */

/* PRC costs bind the arithmetic: with the prices that a model's first vectors show. */
static void cost_vectors(void)
{
	struct vectors vs;
	char model[64] = "";
	uint64_t in = 0, out = 0, tokens_in, tokens_out, pico;
	unsigned n = 0;

	vectors_open(&vs, "pricing");
	while (vectors_next(&vs)) {
		struct price_book *own;
		struct cost_options o = options("");
		struct reading r;
		struct cost c;
		struct gw_err e;
		char json[256];

		if (!vec_is(&vs, "kind", "cost"))
			continue;
		if (!jval_u64(jscan_get(vs.v, "promptTokens"), &tokens_in) ||
		    !jval_u64(jscan_get(vs.v, "completionTokens"), &tokens_out) ||
		    !jval_u64(jscan_get(vs.v, "picoUsd"), &pico))
			vec_die(&vs, "a count");
		if (strcmp(model, vec_text(&vs, "model")) != 0) { /* its first: one token each */
			snprintf(model, sizeof model, "%s", vec_text(&vs, "model"));
			in = pico;
			out = 0;
		}
		if (!tokens_in && tokens_out == 1)
			out = pico;
		if (!out)
			continue;
		snprintf(json, sizeof json,
			 "{\"%s\":{\"promptPerMTokUsd\":%llue-6,\"completionPerMTokUsd\":%llue-6}}",
			 model, (unsigned long long)in, (unsigned long long)out);
		own = price_book_builtin(&e);
		if (!own || price_book_override_json(own, str_c(json), NULL, &e))
			vec_die(&vs, e.pub);
		o.book = own;
		r = answer(PROVIDER_OPENAI, model,
			   (struct usage){ .input = tokens_in,
					   .input_uncached = tokens_in,
					   .output = tokens_out });
		r.usage.completeness = USAGE_FINAL;
		cost_of_reading(&r, &o, &c);
		OK(c.known && picousd_u64(c.pico) == pico, "%s: %llu picoUSD", vs.id,
		   (unsigned long long)pico);
		price_book_unref(own);
		n++;
	}
	vectors_close(&vs);
	OK(n >= 60, "%u costs", n);
}

static void multiplier_vectors(void)
{
	struct vectors vs;
	unsigned n = 0;

	vectors_open(&vs, "pricing");
	while (vectors_next(&vs)) {
		struct cost_options o = options("");
		struct reading r;
		struct cost c;
		const char *warn;
		uint64_t table, stated;

		if (!vec_is(&vs, "kind", "multiplier") || !strcmp(vs.id, "PRC-141") ||
		    !strcmp(vs.id, "PRC-144"))
			continue; /* those two need not be understood */
		if (!jval_u64(jscan_get(vs.v, "gatewayPricedPicoUsd"), &table) ||
		    !jval_u64(jscan_get(vs.v, "providerPricedPicoUsd"), &stated))
			vec_die(&vs, "an amount");
		if (vec_is(&vs, "environmentValue", "")) { /* the original took it for zero */
			table = UINT64_C(7500000000);
			stated = UINT64_C(12300000000);
		}
		o.multiplier = multiplier_parse(vec_has(&vs, "environmentValue")
							? vec_str(&vs, "environmentValue")
							: STR_NULL,
						&warn);
		r = answer(PROVIDER_OPENAI, "gpt-4o",
			   (struct usage){ .input = 1000, .input_uncached = 1000, .output = 500 });
		cost_of_reading(&r, &o, &c);
		OK(c.known && picousd_u64(c.pico) == table, "%s: by the table", vs.id);
		r.provider = PROVIDER_OPENROUTER;
		str_copy(r.provider_cost, sizeof r.provider_cost, STR_LIT("0.0123"));
		cost_of_reading(&r, &o, &c);
		OK(c.known && picousd_u64(c.pico) == stated, "%s: stated by the upstream", vs.id);
		n++;
	}
	vectors_close(&vs);
	OK(n == 13, "%u multipliers", n);
}

/* ---- what an operator should look at ---- */

static struct cost priced(const struct reading *r)
{
	struct cost_options o = options("");
	struct cost c;

	cost_of_reading(r, &o, &c);
	return c;
}

static bool alarmed(const struct cost *c, const char *words)
{
	return c->alarm && strstr(c->alarm, words);
}

static void alarms(void)
{
	const struct usage one = { .input = 1, .input_uncached = 1, .output = 1 };
	struct reading r = answer(PROVIDER_CLAUDE, "claude-haiku-4-5", one);
	struct cost c;

	r.fast = true;
	c = priced(&r);
	OK(c.known && picousd_u64(c.pico) == 2 * 6000000 && alarmed(&c, "fast"),
	   "fast without a factor is charged twice");
	r = answer(PROVIDER_CLAUDE, "claude-opus-5", one);
	r.extras_dropped = true;
	c = priced(&r);
	OK(c.known && !c.exact && alarmed(&c, "more models"), "work that was not noted");
	r.extras_dropped = false;
	str_copy(r.unknown_field, sizeof r.unknown_field, STR_LIT("x_tokens"));
	c = priced(&r);
	OK(c.known && alarmed(&c, "not known"), "a field that is not known");
	r = answer(PROVIDER_CLAUDE, "claude-opus-5", one);
	r.tools[TOOL_FILE_SEARCH] = 1;
	c = priced(&r);
	OK(c.known && alarmed(&c, "no price"), "a tool without a price");
	r = answer(PROVIDER_OPENAI, "gpt-4o", one);
	r.tools[TOOL_IMAGE_GENERATION] = 1;
	c = priced(&r);
	OK(c.known && alarmed(&c, "image tool"), "an image tool without its tokens");
	r = answer(PROVIDER_OPENROUTER, "openai/gpt-4o", one);
	c = priced(&r);
	OK(c.known && alarmed(&c, "stated no amount"), "a broker that states nothing");
	r = answer(PROVIDER_OPENAI, "gpt-4o", (struct usage){ .input = UINT64_MAX });
	r.usage.input_uncached = UINT64_MAX;
	c = priced(&r);
	OK(!c.known && !c.exact && alarmed(&c, "63 bits"),
	   "an amount that does not fit is unknown");
	r = answer(PROVIDER_OPENAI, "whisper-1", one);
	c = priced(&r);
	OK(!c.known && alarmed(&c, "no price"), "tokens of a model that has no price for them");
}

/* What is stated or counted can be absurd; the amount is then unknown, never wrong. */
static void absurd(void)
{
	const struct usage all = { .completeness = USAGE_FINAL,
				   .input = 100,
				   .input_uncached = 30,
				   .cached_input = 30,
				   .cache_write_5m = 20,
				   .cache_write_1h = 20,
				   .output = 30,
				   .input_audio = 20,
				   .cached_input_audio = 10,
				   .output_audio = 10,
				   .input_image = 20,
				   .cached_input_image = 10,
				   .output_image = 10 };
	struct reading r = answer(PROVIDER_CLAUDE, "claude-opus-5", all);
	struct cost c;

	c = priced(&r);
	OK(c.known && c.n_part == 11, "every kind of token is a part");
	r.n_extra = READING_EXTRAS;
	for (unsigned i = 0; i < r.n_extra; i++)
		r.extra[i].usage = all;
	c = priced(&r);
	OK(!c.known && c.n_part == COST_PARTS && alarmed(&c, "more models"),
	   "more parts than a bill has");
	r = answer(PROVIDER_OPENROUTER, "openai/gpt-4o", all);
	str_copy(r.provider_cost, sizeof r.provider_cost, STR_LIT("1e30"));
	c = priced(&r);
	OK(!c.known && c.source == COST_PROVIDER && alarmed(&c, "63 bits"), "a stated fortune");
	str_copy(r.provider_cost, sizeof r.provider_cost, STR_LIT("9223372.036854775807"));
	c = priced(&r);
	OK(c.known && picousd_u64(c.pico) == INT64_MAX, "the most that a row holds");
	str_copy(r.provider_cost, sizeof r.provider_cost, STR_LIT("9223372.036854775808"));
	c = priced(&r);
	OK(!c.known, "and beyond");
	str_copy(r.provider_cost, sizeof r.provider_cost, STR_LIT("0.001"));
	str_copy(r.provider_cost_fee, sizeof r.provider_cost_fee, STR_LIT("1e99"));
	c = priced(&r);
	OK(c.source != COST_PROVIDER, "a fee that is no amount makes the sum none");
}

static void by_the_piece(void)
{
	struct reading r = answer(PROVIDER_OPENAI, "dall-e-3", (struct usage){ .input = 0 });
	struct cost c;

	r.images = 2;
	c = priced(&r);
	OK(c.known && picousd_u64(c.pico) == 2 * UINT64_C(40000000000), "images by the piece");
	r = answer(PROVIDER_OPENAI, "whisper-1", (struct usage){ .audio_ms = 95500 });
	r.usage.completeness = USAGE_FINAL;
	c = priced(&r);
	OK(c.known && picousd_u64(c.pico) == UINT64_C(9550000000), "parts of a second");
}

/* ---- what to charge ---- */

static uint64_t charged(const struct reading *r, uint64_t text_bytes, uint64_t bound,
			struct cost *c)
{
	struct cost_options o = options("gpt-4o");
	struct cost_request q = { .provider = r->provider,
				  .api = API_CHAT,
				  .text_bytes = text_bytes };

	cost_charge(r, &q, picousd_of(bound), &o, c);
	return c->known ? picousd_u64(c->pico) : UINT64_MAX;
}

static void charges(void)
{
	const uint64_t much = UINT64_C(1000000000000);
	struct reading r = answer(PROVIDER_OPENAI, "gpt-4o", (struct usage){ .input = 0 });
	struct cost c;

	r.state = STATE_TRUNCATED;
	r.text_bytes = 5;
	OK(charged(&r, 401, much, &c) == UINT64_C(101) * 2500000 + 20000000 && c.estimated &&
		   !c.exact,
	   "without usage: a quarter of the bytes, rounded up");
	OK(charged(&r, 401, 7, &c) == 7 && c.estimated, "never more than the bound");
	r.usage = (struct usage){
		.completeness = USAGE_PARTIAL, .input = 30, .input_uncached = 30, .output = 1
	};
	OK(charged(&r, 401, much, &c) == UINT64_C(30) * 2500000 + 20000000,
	   "reported input counts, output is the larger");
	r.usage.output = 50;
	OK(charged(&r, 401, much, &c) == UINT64_C(30) * 2500000 + 500000000 && c.estimated,
	   "what was reported is the floor");
	r.usage.completeness = USAGE_FINAL;
	OK(charged(&r, 401, 7, &c) == UINT64_C(30) * 2500000 + 500000000 && !c.estimated && c.exact,
	   "final usage is charged as it is");
	r = answer(PROVIDER_OPENAI, "gpt-4o", (struct usage){ .input = 0 });
	r.state = STATE_ERROR;
	OK(charged(&r, 401, much, &c) == 0, "an error inside a 200 that brought nothing is free");
	r.text_bytes = 1;
	OK(charged(&r, 4, much, &c) == 2500000 + 10000000, "one that brought text is not");
	r.http_status = 500;
	OK(charged(&r, 401, much, &c) == 0 && c.exact, "an error status costs nothing");
	r = answer(PROVIDER_LITELLM, "alias", (struct usage){ .input = 5, .input_uncached = 5 });
	r.state = STATE_COMPLETE;
	OK(charged(&r, 1, much, &c) == 12500000, "an alias is priced by the name asked for");
	str_copy(r.provider_cost, sizeof r.provider_cost, STR_LIT("0"));
	OK(charged(&r, 1, much, &c) == 12500000, "zero is no amount at LiteLLM");
	r.provider = PROVIDER_OPENROUTER;
	OK(charged(&r, 1, much, &c) == 0 && c.source == COST_PROVIDER, "but it is at OpenRouter");
}

/* What another model did, and nobody has a row for it. */
static void foreign(void)
{
	const uint64_t much = UINT64_C(1000000000000);
	struct usage one = {
		.completeness = USAGE_FINAL, .input = 1, .input_uncached = 1, .output = 1
	};
	struct reading r = answer(PROVIDER_CLAUDE, "claude-opus-5", one);
	struct cost c;

	r.state = STATE_COMPLETE;
	r.n_extra = 1;
	r.extra[0].usage = one;
	str_copy(r.extra[0].model, sizeof r.extra[0].model, STR_LIT("nobody"));
	OK(charged(&r, 4, much, &c) == 2 * UINT64_C(30000000) && c.estimated && c.alarm,
	   "is charged like the answer's own, with an alarm");
	r.usage.completeness = USAGE_NONE;
	r.n_extra = 0;
	OK(charged(&r, 4, much, &c) == 5000000 && alarmed(&c, "has no usage"),
	   "a whole answer without usage is estimated, with an alarm");
	r = answer(PROVIDER_OPENAI, "whisper-1", one);
	OK(charged(&r, 4, 77, &c) == 77 && alarmed(&c, "no price"),
	   "what cannot be worked out costs the bound");
}

static void unpriced(void)
{
	struct cost_options o = options("nobody/knows");
	struct cost_request q = { .provider = PROVIDER_OPENROUTER, .api = API_CHAT };
	struct reading r = answer(PROVIDER_OPENROUTER, "nobody/knows",
				  (struct usage){ .input = 5, .input_uncached = 5 });
	struct picousd bound;
	struct gw_err e;
	struct cost c;

	OK(cost_bound(&q, &o, &bound, &e) == 0 && picousd_u64(bound) == o.unstated_pico,
	   "a model without a row where costs are stated: the option is the bound");
	cost_charge(&r, &q, bound, &o, &c);
	OK(c.known && c.estimated && picousd_u64(c.pico) == o.unstated_pico && c.alarm,
	   "and the charge, with an alarm, when nothing was stated");
	r.provider = PROVIDER_OPENAI;
	cost_charge(&r, &q, picousd_of(55), &o, &c);
	OK(c.known && c.estimated && picousd_u64(c.pico) == 55 && c.alarm,
	   "a row that is gone where none are stated: the bound");
	q.provider = PROVIDER_OPENAI;
	OK(cost_bound(&q, &o, &bound, &e) == -1 && e.code == GWE_MODEL_NOT_SUPPORTED,
	   "elsewhere it is refused");
}

static uint64_t bound_of(struct cost_request q, const char *model)
{
	struct cost_options o = options(model);
	struct picousd bound;
	struct gw_err e;

	return cost_bound(&q, &o, &bound, &e) ? UINT64_MAX : picousd_u64(bound);
}

static void bounds(void)
{
	struct cost_request q = { .provider = PROVIDER_OPENAI,
				  .api = API_CHAT,
				  .text_bytes = 100,
				  .has_output_cap = true,
				  .output_cap = 10 };

	OK(bound_of(q, "gpt-4o") == UINT64_C(100) * 2500000 + 10 * 10000000,
	   "a token for each byte, and the cap");
	q.choices = 3;
	OK(bound_of(q, "gpt-4o") == UINT64_C(100) * 2500000 + 30 * 10000000, "for each choice");
	q.media = 2;
	OK(bound_of(q, "gpt-4o") == UINT64_C(40100) * 2500000 + 30 * 10000000,
	   "an allowance for each medium");
	q.has_output_cap = false;
	q.media = 0;
	q.choices = 1;
	OK(bound_of(q, "gpt-4o") == UINT64_C(100) * 2500000 + UINT64_C(8192) * 10000000,
	   "an option where no cap is given");
	q.tools[TOOL_WEB_SEARCH] = true;
	OK(bound_of(q, "gpt-4o") ==
		   UINT64_C(100) * 2500000 + UINT64_C(8192) * 10000000 + UINT64_C(25000000000),
	   "one fee per tool, at the dearer price");
	q.output_cap = UINT64_MAX;
	q.has_output_cap = true;
	q.choices = 2;
	OK(bound_of(q, "gpt-4o") == UINT64_MAX, "what does not fit is refused");
	q.choices = 1;
	q.output_cap = UINT64_C(922337100000);
	OK(bound_of(q, "gpt-4o") < INT64_MAX, "what just fits a row is not");
	q.output_cap = UINT64_C(922337300000);
	OK(bound_of(q, "gpt-4o") == UINT64_MAX, "what is beyond a row is");
	q = (struct cost_request){ .provider = PROVIDER_OPENAI, .text_bytes = 8, .choices = 1 };
	q.api = API_EMBEDDINGS;
	OK(bound_of(q, "text-embedding-3-small") == UINT64_C(8) * 20000,
	   "embeddings have no output");
	q.api = API_CHAT;
	OK(bound_of(q, "whisper-1") == UINT64_MAX, "no bound without a price for tokens");
	q.tier = TIER_UNPRICED;
	OK(bound_of(q, "gpt-4o") == UINT64_MAX, "nor for a tier without one");
	q.tier = TIER_STANDARD;
	q.has_output_cap = true;
	q.tools[TOOL_FILE_SEARCH] = q.tools[TOOL_CODE_INTERPRETER] = true;
	q.tool_uses_cap = 2;
	OK(bound_of(q, "gpt-4o") == UINT64_C(8) * 2500000 + 2 * UINT64_C(32500000000),
	   "fees as often as the body allows");
	OK(bound_of(q, "gpt-4o-search-preview") >= UINT64_C(8) * 2500000 + UINT64_C(25000000000),
	   "a search model searches always");
	q.api = API_MODELS;
	OK(bound_of(q, "gpt-4o") == 0, "lists are free");
}

/* Work beside the answer's own. */
static void helpers(void)
{
	const uint64_t own = UINT64_C(100) * 2500000 + 10 * 15000000;
	struct cost_request q = { .provider = PROVIDER_OPENAI,
				  .api = API_RESPONSES,
				  .text_bytes = 100,
				  .has_output_cap = true,
				  .output_cap = 10 };

	OK(bound_of(q, "gpt-5.4") == own, "a request without any");
	q.prediction_bytes = 60;
	OK(bound_of(q, "gpt-5.4") == own + UINT64_C(60) * 15000000,
	   "what is predicted may come back as output");
	q.choices = 2;
	OK(bound_of(q, "gpt-5.4") == own + UINT64_C(130) * 15000000, "in each choice");
	q.prediction_bytes = UINT64_MAX;
	OK(bound_of(q, "gpt-5.4") == UINT64_MAX, "more than a number holds is refused");
	q.prediction_bytes = q.choices = 0;
	q.tools[TOOL_IMAGE_GENERATION] = true;
	OK(bound_of(q, "gpt-5.4") == own + UINT64_C(100) * 10000000 + UINT64_C(20000) * 40000000,
	   "an image of the dearest model, where none is named");
	q.helper[q.n_helper++] = STR_LIT("gpt-image-1-mini");
	OK(bound_of(q, "gpt-5.4") == own + UINT64_C(100) * 2500000 + UINT64_C(20000) * 8000000,
	   "or of the one that is");
	q.tool_uses_cap = 3;
	OK(bound_of(q, "gpt-5.4") ==
		   own + 3 * (UINT64_C(100) * 2500000 + UINT64_C(20000) * 8000000),
	   "as often as the body allows");
	q.tool_uses_cap = UINT64_MAX / 2;
	OK(bound_of(q, "gpt-5.4") == UINT64_MAX, "which may be beyond all numbers");
	q.tool_uses_cap = 0;
	q.helper[q.n_helper++] = STR_LIT("nobody");
	OK(bound_of(q, "gpt-5.4") == UINT64_MAX, "one that has no row is refused");
	q.helper[1] = STR_LIT("whisper-1");
	OK(bound_of(q, "gpt-5.4") == UINT64_MAX, "so is one that is not priced by the token");
	q = (struct cost_request){ .provider = PROVIDER_CLAUDE,
				   .api = API_MESSAGES,
				   .text_bytes = 100,
				   .has_output_cap = true,
				   .output_cap = 10,
				   .helper = { STR_LIT("claude-haiku-4-5") },
				   .n_helper = 1 };
	OK(bound_of(q, "claude-opus-5") == UINT64_C(100) * 10000000 + 10 * 25000000 +
						   100 * 2000000 + UINT64_C(8192) * 5000000,
	   "an adviser reads it all, and answers");
	q.n_helper = 0;
	q.compacts = q.us = true;
	OK(bound_of(q, "claude-opus-5") ==
		   (UINT64_C(200) * 10000000 + UINT64_C(8202) * 25000000) / 10 * 11,
	   "what is compacted is read twice, at the price of the place");
}

int main(void)
{
	struct gw_err e;

	book = price_book_builtin(&e);
	if (!book) {
		printf("Bail out! %s\n", e.pub);
		return 1;
	}
	worked_examples();
	tiers();
	fees();
	extras();
	own_prices();
	cost_vectors();
	multiplier_vectors();
	alarms();
	absurd();
	by_the_piece();
	charges();
	foreign();
	unpriced();
	bounds();
	helpers();
	price_book_unref(book);
	return TAP_END;
}
