/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The upper bound of a request's cost. Rule: design.md 9
 */
#include "config.h"

#include "billing/bill.h"

static int no_model(const struct cost_options *o, struct gw_err *e)
{
	return gw_fail(e, GWE_MODEL_NOT_SUPPORTED, 0,
		       "Model '%.*s' is not supported. Please check available models.",
		       STR_ARG(str_sub(o->requested_model, 0, 120)));
}

static int too_large(struct gw_err *e)
{
	return gw_fail(e, GWE_BAD_REQUEST, 0,
		       "The upper bound of this request's cost is beyond all measure; lower its "
		       "output limit or its number of choices");
}

static bool dearer(struct token_price a, struct token_price b)
{
	struct u256 x, y;

	/* 64 bits times 64 bits: they fit */
	return u256_mul_u64(&x, u256_of(a.pico), b.den) &&
	       u256_mul_u64(&y, u256_of(b.pico), a.den) && u256_cmp(x, y) > 0;
}

/* The dearest price of input or output; PRICE_NONE: there is none. */
static struct token_price dearest(const struct price_card *card, bool input, enum price_tier tier,
				  bool long_context)
{
	struct token_price best = { .pico = PRICE_NONE, .den = 1 };

	for (unsigned i = 0; i < TOKEN_KINDS; i++) {
		enum token_kind k = (enum token_kind)i;
		struct token_price p = price_card_token(card, k, tier, long_context);

		if (token_kind_is_input(k) != input || p.pico == PRICE_NONE)
			continue;
		if (best.pico == PRICE_NONE || dearer(p, best))
			best = p;
	}
	return best;
}

/* One fee per tool that has one, or as many as the body allows. */
static void bound_fees(struct bill *b, const struct cost_request *q)
{
	static const struct {
		enum tool_kind tool;
		enum price_col col;
	} fees[] = {
		{ TOOL_FILE_SEARCH, PRICE_FILE_SEARCH },
		{ TOOL_CODE_INTERPRETER, PRICE_CODE_INTERPRETER },
	};
	const uint64_t *col = b->card.values.col;
	uint64_t times = q->tool_uses_cap ? q->tool_uses_cap : 1;
	uint64_t search = col[PRICE_WEB_SEARCH];

	if (col[PRICE_WEB_SEARCH_PREVIEW] != PRICE_NONE &&
	    (search == PRICE_NONE || col[PRICE_WEB_SEARCH_PREVIEW] > search))
		search = col[PRICE_WEB_SEARCH_PREVIEW];
	if (b->card.values.search_unit == SEARCH_REQUEST && b->card.maker == MAKER_OPENAI)
		bill_add_fee(b, "web_search", 1, search);
	else if (q->tools[TOOL_WEB_SEARCH] && search != PRICE_NONE)
		bill_add_fee(b, "web_search", times, search);
	for (size_t i = 0; i < sizeof fees / sizeof fees[0]; i++)
		if (q->tools[fees[i].tool] && col[fees[i].col] != PRICE_NONE)
			bill_add_fee(b, tool_name(fees[i].tool), times, col[fees[i].col]);
}

int cost_bound(const struct cost_request *q, const struct cost_options *o, struct picousd *out,
	       struct gw_err *e)
{
	struct cost c;
	struct reading none = { .provider = q->provider, .api = q->api, .tier = q->tier };
	struct bill b = { .r = &none, .o = o, .c = &c };
	uint64_t input, output = q->has_output_cap ? q->output_cap : o->default_output;
	struct token_price in, text;
	bool guessed = false, is_long;
	struct factor f, half;

	*out = PICOUSD_ZERO;
	if (bill_free_of_charge(q->api))
		return 0;
	if (!bill_begin(&b)) {
		if (!bill_states_cost(q->provider))
			return no_model(o, e);
		return bill_times_multiplier(out, o->unstated_pico, o->multiplier) ? 0
										   : too_large(e);
	}
	if (q->tier == TIER_UNPRICED && !b.card.overridden)
		return gw_fail(e, GWE_MODEL_NOT_SUPPORTED, 0,
			       "The requested service tier has no price; choose another one");
	if (__builtin_mul_overflow(q->media, o->media_tokens, &input) ||
	    __builtin_add_overflow(input, q->text_bytes, &input) ||
	    __builtin_mul_overflow(output, q->choices ? q->choices : 1, &output))
		return too_large(e);
	if (q->api == API_EMBEDDINGS)
		output = 0;
	c.tier = bill_tier(&b.card, q->tier);
	is_long = price_card_is_long(&b.card, input);
	f = bill_factor(&b.card, q->fast, q->us, &guessed);
	in = dearest(&b.card, true, c.tier, is_long);
	text = dearest(&b.card, false, c.tier, is_long);
	/* a model that is not priced by the token cannot be bounded by it */
	if (in.pico == PRICE_NONE || (output && text.pico == PRICE_NONE))
		return no_model(o, e);
	half = factor_lowest(f.num, f.den * in.den);
	bill_add(&b, (struct cost_part){ "input", input, in.pico, half.num, half.den, 0 });
	half = factor_lowest(f.num, f.den * text.den);
	bill_add(&b, (struct cost_part){ "output", output, text.pico, half.num, half.den, 0 });
	bound_fees(&b, q);
	return bill_sum(&c, out) ? 0 : too_large(e);
}
