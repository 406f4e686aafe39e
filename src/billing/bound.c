/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The upper bound of a request's cost. Rule: design.md 9
 *
 * All input and output at their dearest prices. Models that its tools let work besides read it all
 * again, and write as much as a request without a cap, or an image.
 */
#include "config.h"

#include "billing/bill.h"

static int no_model(struct str model, struct gw_err *e)
{
	return gw_fail(e, GWE_MODEL_NOT_SUPPORTED, 0,
		       "Model '%.*s' is not supported. Please check available models.",
		       STR_ARG(str_sub(model, 0, 120)));
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

static void add_tokens(struct bill *b, const char *item, uint64_t qty, struct token_price p,
		       struct factor f)
{
	struct factor pf = factor_lowest(f.num, f.den * p.den);

	bill_add(b, (struct cost_part){ item, qty, p.pico, pf.num, pf.den, 0 });
}

/* One reading of @input and writing of @output tokens. false: @card does not price tokens. */
static bool add_work(struct bill *b, const struct cost_request *q, const struct price_card *card,
		     uint64_t input, uint64_t output, bool fast)
{
	enum price_tier tier = bill_tier(card, q->tier);
	bool guessed = false, is_long = price_card_is_long(card, input);
	struct factor f = bill_factor(card, fast, q->us, &guessed);
	struct token_price in = dearest(card, true, tier, is_long);
	struct token_price text = dearest(card, false, tier, is_long);

	/* a model that is not priced by the token cannot be bounded by it */
	if (in.pico == PRICE_NONE || (output && text.pico == PRICE_NONE))
		return false;
	add_tokens(b, "input", input, in, f);
	add_tokens(b, "output", output, text, f);
	return true;
}

static uint64_t times(const struct cost_request *q)
{
	return q->tool_uses_cap ? q->tool_uses_cap : 1;
}

/* One fee per tool that has one, or as many as the body allows. */
static void add_fees(struct bill *b, const struct cost_request *q)
{
	static const struct {
		enum tool_kind tool;
		enum price_col col;
	} fees[] = {
		{ TOOL_FILE_SEARCH, PRICE_FILE_SEARCH },
		{ TOOL_CODE_INTERPRETER, PRICE_CODE_INTERPRETER },
	};
	const uint64_t *col = b->card.values.col;
	uint64_t search = col[PRICE_WEB_SEARCH];

	if (col[PRICE_WEB_SEARCH_PREVIEW] != PRICE_NONE &&
	    (search == PRICE_NONE || col[PRICE_WEB_SEARCH_PREVIEW] > search))
		search = col[PRICE_WEB_SEARCH_PREVIEW];
	if (search == PRICE_NONE)
		search = 0;
	if (b->card.values.search_unit == SEARCH_REQUEST && b->card.maker == MAKER_OPENAI)
		bill_add_fee(b, "web_search", 1, search);
	else if (q->tools[TOOL_WEB_SEARCH])
		bill_add_fee(b, "web_search", times(q), search);
	for (size_t i = 0; i < sizeof fees / sizeof fees[0]; i++)
		if (q->tools[fees[i].tool] && col[fees[i].col] != PRICE_NONE)
			bill_add_fee(b, tool_name(fees[i].tool), times(q), col[fees[i].col]);
}

/* ---- other models ---- */

static bool makes_images(const struct price_card *card)
{
	return card->values.col[PRICE_OUTPUT_IMAGE] != PRICE_NONE;
}

/* The model whose images are the dearest, for an image tool that names none. */
static bool dearest_image_model(const struct bill *b, struct price_card *out)
{
	const struct price_table *t;
	const struct price_row *r;
	struct price_card card;
	uint64_t best = 0;

	for (unsigned i = 0; (t = price_book_table(b->o->book, i)); i++)
		for (unsigned k = 0; (r = price_table_row(t, k)); k++) {
			/* by its name: of several rows the one of the day counts */
			if (r->maker != b->card.maker ||
			    !price_card_find(&card, b->o->book, b->r->provider, r->model, STR_NULL,
					     b->o->day) ||
			    !makes_images(&card) || card.values.col[PRICE_OUTPUT_IMAGE] <= best)
				continue;
			best = card.values.col[PRICE_OUTPUT_IMAGE];
			*out = card;
		}
	return best > 0;
}

static bool add_helper(struct bill *b, const struct cost_request *q, const struct price_card *card,
		       uint64_t input)
{
	uint64_t output = makes_images(card) ? b->o->media_tokens : b->o->default_output;

	if (__builtin_mul_overflow(input, times(q), &input) ||
	    __builtin_mul_overflow(output, times(q), &output)) {
		b->missing = true;
		return true;
	}
	return add_work(b, q, card, input, output, false);
}

static int add_helpers(struct bill *b, const struct cost_request *q, uint64_t input,
		       struct gw_err *e)
{
	bool images = q->tools[TOOL_IMAGE_GENERATION];
	struct price_card card;

	for (unsigned i = 0; i < q->n_helper; i++) {
		if (!price_card_find(&card, b->o->book, q->provider, q->helper[i], STR_NULL,
				     b->o->day) ||
		    !add_helper(b, q, &card, input))
			return no_model(q->helper[i], e);
		images = images && !makes_images(&card);
	}
	/* without any row for images the tool has no price, as with the other fees */
	if (images && dearest_image_model(b, &card) && !add_helper(b, q, &card, input))
		return no_model(str_c(card.priced_as), e);
	return 0;
}

/* ---- the bound ---- */

/* false: they fit no number. */
static bool token_counts(const struct cost_request *q, const struct cost_options *o,
			 uint64_t *input, uint64_t *output)
{
	uint64_t cap = q->has_output_cap ? q->output_cap : o->default_output;

	if (__builtin_mul_overflow(q->media, o->media_tokens, input) ||
	    __builtin_add_overflow(*input, q->text_bytes, input))
		return false;
	*output = 0;
	if (q->api == API_EMBEDDINGS)
		return true;
	/* Rule: providers/pricing.md: what of a prediction is rejected is output besides */
	return !__builtin_add_overflow(cap, q->prediction_bytes, output) &&
	       !__builtin_mul_overflow(*output, q->choices ? q->choices : 1, output);
}

int cost_bound(const struct cost_request *q, const struct cost_options *o, struct picousd *out,
	       struct gw_err *e)
{
	struct cost c;
	struct reading none = { .provider = q->provider, .api = q->api, .tier = q->tier };
	struct bill b = { .r = &none, .o = o, .c = &c };
	uint64_t input, output;

	*out = PICOUSD_ZERO;
	if (bill_free_of_charge(q->api))
		return 0;
	if (!bill_begin(&b)) {
		if (!bill_states_cost(q->provider))
			return no_model(o->requested_model, e);
		return bill_times_multiplier(out, o->unstated_pico, o->multiplier) ? 0
										   : too_large(e);
	}
	if (q->tier == TIER_UNPRICED && !b.card.overridden)
		return gw_fail(e, GWE_MODEL_NOT_SUPPORTED, 0,
			       "The requested service tier has no price; choose another one");
	if (!token_counts(q, o, &input, &output))
		return too_large(e);
	if (!add_work(&b, q, &b.card, input, output, q->fast))
		return no_model(o->requested_model, e);
	/* what is compacted is read once more, and written as a summary */
	if (q->compacts && !add_work(&b, q, &b.card, input, o->default_output, q->fast))
		return no_model(o->requested_model, e);
	if (add_helpers(&b, q, input, e))
		return -1;
	add_fees(&b, q);
	return !b.missing && bill_sum(&c, out) ? 0 : too_large(e);
}
