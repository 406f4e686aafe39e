/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "billing/price_card.h"

enum { NO_COL = PRICE_COLS };

/* Where the price of a kind stands, and the kind whose price holds where it is missing. */
static const struct {
	const char *name;
	bool input;
	enum price_col standard;
	int long_, batch, flex, priority; /* columns or NO_COL */
	int parent;			  /* kind or -1 */
} kinds[TOKEN_KINDS] = {
	[TOKENS_INPUT] = { "input", true, PRICE_INPUT, PRICE_LONG_INPUT, PRICE_BATCH_INPUT,
			   PRICE_FLEX_INPUT, PRICE_PRIORITY_INPUT, -1 },
	[TOKENS_CACHED_INPUT] = { "cached_input", true, PRICE_CACHED_INPUT, PRICE_LONG_CACHED_INPUT,
				  PRICE_BATCH_CACHED_INPUT, PRICE_FLEX_CACHED_INPUT,
				  PRICE_PRIORITY_CACHED_INPUT, TOKENS_INPUT },
	[TOKENS_CACHE_WRITE_5M] = { "cache_write_5m", true, PRICE_CACHE_WRITE_5M,
				    PRICE_LONG_CACHE_WRITE_5M, NO_COL, PRICE_FLEX_CACHE_WRITE,
				    PRICE_PRIORITY_CACHE_WRITE, TOKENS_INPUT },
	[TOKENS_CACHE_WRITE_1H] = { "cache_write_1h", true, PRICE_CACHE_WRITE_1H,
				    PRICE_LONG_CACHE_WRITE_1H, NO_COL, NO_COL, NO_COL,
				    TOKENS_CACHE_WRITE_5M },
	[TOKENS_INPUT_AUDIO] = { "input_audio", true, PRICE_INPUT_AUDIO, NO_COL, NO_COL, NO_COL,
				 NO_COL, TOKENS_INPUT },
	[TOKENS_CACHED_INPUT_AUDIO] = { "cached_input_audio", true, PRICE_CACHED_INPUT_AUDIO,
					NO_COL, NO_COL, NO_COL, NO_COL, TOKENS_INPUT_AUDIO },
	[TOKENS_INPUT_IMAGE] = { "input_image", true, PRICE_INPUT_IMAGE, NO_COL, NO_COL, NO_COL,
				 NO_COL, TOKENS_INPUT },
	[TOKENS_CACHED_INPUT_IMAGE] = { "cached_input_image", true, PRICE_CACHED_INPUT_IMAGE,
					NO_COL, NO_COL, NO_COL, NO_COL, TOKENS_INPUT_IMAGE },
	[TOKENS_OUTPUT] = { "output", false, PRICE_OUTPUT, PRICE_LONG_OUTPUT, PRICE_BATCH_OUTPUT,
			    PRICE_FLEX_OUTPUT, PRICE_PRIORITY_OUTPUT, -1 },
	[TOKENS_OUTPUT_AUDIO] = { "output_audio", false, PRICE_OUTPUT_AUDIO, NO_COL, NO_COL, NO_COL,
				  NO_COL, TOKENS_OUTPUT },
	[TOKENS_OUTPUT_IMAGE] = { "output_image", false, PRICE_OUTPUT_IMAGE, NO_COL, NO_COL, NO_COL,
				  NO_COL, TOKENS_OUTPUT },
};

const char *token_kind_name(enum token_kind k)
{
	return kinds[k].name;
}

bool token_kind_is_input(enum token_kind k)
{
	return kinds[k].input;
}

/* An override has no row's token prices and factors; what is not per token stays. */
static void override_values(struct price_values *v, const struct price_values *over)
{
	static const enum price_col kept[] = { PRICE_WEB_SEARCH,       PRICE_WEB_SEARCH_PREVIEW,
					       PRICE_FILE_SEARCH,      PRICE_CODE_INTERPRETER,
					       PRICE_PER_IMAGE,	       PRICE_PER_MINUTE_AUDIO,
					       PRICE_PER_MILLION_CHARS };
	struct price_values row = *v;

	*v = *over;
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		if (v->col[kept[i]] == PRICE_NONE)
			v->col[kept[i]] = row.col[kept[i]];
	if (v->search_unit == SEARCH_NONE)
		v->search_unit = row.search_unit;
}

bool price_card_find(struct price_card *out, const struct price_book *b, enum provider_id p,
		     struct str reported, struct str requested, const char *day)
{
	struct price_hit first, second;
	const struct price_hit *hit = &first;
	const struct price_override *over;

	price_find(b, p, reported, day, &first);
	price_find(b, p, requested, day, &second);
	if (!first.row)
		hit = &second;
	over = first.overriding ? first.overriding : second.overriding;
	if (!hit->row && !over)
		return false;
	*out = (struct price_card){ .maker = MAKER_COUNT, .overridden = over != NULL };
	price_values_none(&out->values);
	if (hit->row) {
		out->values = hit->row->values;
		out->maker = hit->row->maker;
		memcpy(out->priced_as, hit->priced_as, sizeof out->priced_as);
	}
	if (over)
		override_values(&out->values, &over->values);
	return true;
}

bool price_card_is_long(const struct price_card *c, uint64_t prompt)
{
	uint64_t threshold = c->values.col[PRICE_LONG_THRESHOLD];

	return threshold != PRICE_NONE && prompt > threshold;
}

static uint64_t column(const struct price_card *c, int col)
{
	return col == NO_COL ? PRICE_NONE : c->values.col[col];
}

/*
 * Whose price holds for @k where it has none. Cached audio is read from the audio price; without
 * one, audio is charged like text, and so is what is read from the cache.
 */
static int parent_of(const struct price_card *c, enum token_kind k)
{
	if ((k == TOKENS_CACHED_INPUT_AUDIO && c->values.col[PRICE_INPUT_AUDIO] == PRICE_NONE) ||
	    (k == TOKENS_CACHED_INPUT_IMAGE && c->values.col[PRICE_INPUT_IMAGE] == PRICE_NONE))
		return TOKENS_CACHED_INPUT;
	return kinds[k].parent;
}

/* The standard tier. A long price that a kind lacks is never below its short price. */
static uint64_t standard(const struct price_card *c, enum token_kind k, bool long_context)
{
	uint64_t own = column(c, (int)kinds[k].standard), dear;
	int parent = parent_of(c, k);

	if (!long_context)
		return own != PRICE_NONE || parent < 0
			       ? own
			       : standard(c, (enum token_kind)parent, false);
	dear = column(c, kinds[k].long_);
	if (dear != PRICE_NONE)
		return dear;
	dear = parent < 0 ? PRICE_NONE : standard(c, (enum token_kind)parent, true);
	if (own == PRICE_NONE || dear == PRICE_NONE)
		return own == PRICE_NONE ? dear : own;
	return own > dear ? own : dear;
}

static struct token_price half(uint64_t pico)
{
	if (pico % 2)
		return (struct token_price){ .pico = pico, .den = 2 };
	return (struct token_price){ .pico = pico / 2, .den = 1 };
}

static struct token_price twice(uint64_t pico)
{
	if (pico > PRICE_NONE / 2)
		return (struct token_price){ .pico = PRICE_NONE, .den = 1 };
	return (struct token_price){ .pico = 2 * pico, .den = 1, .guessed = true };
}

static int tier_column(enum token_kind k, enum price_tier tier)
{
	switch (tier) {
	case TIER_BATCH:
		return kinds[k].batch;
	case TIER_FLEX:
		return kinds[k].flex;
	case TIER_PRIORITY:
		return kinds[k].priority;
	case TIER_STANDARD:
	case TIER_UNPRICED:
		break;
	}
	return NO_COL;
}

struct token_price price_card_token(const struct price_card *c, enum token_kind k,
				    enum price_tier tier, bool long_context)
{
	const uint64_t base = standard(c, k, long_context);
	const uint64_t own = long_context ? PRICE_NONE : column(c, tier_column(k, tier));
	const bool has_own_price = column(c, (int)kinds[k].standard) != PRICE_NONE;
	int parent = parent_of(c, k);

	if (own != PRICE_NONE)
		return (struct token_price){ .pico = own, .den = 1 };
	/* charged like its parent: then by the parent's price of the tier */
	if (!long_context && !has_own_price && parent >= 0)
		return price_card_token(c, (enum token_kind)parent, tier, false);
	if (base == PRICE_NONE || c->overridden)
		return (struct token_price){ .pico = base, .den = 1 };
	switch (tier) {
	case TIER_FLEX:
	case TIER_BATCH:
		return half(base);
	case TIER_PRIORITY:
		return twice(base);
	case TIER_STANDARD:
	case TIER_UNPRICED:
		break;
	}
	return (struct token_price){ .pico = base, .den = 1 };
}
