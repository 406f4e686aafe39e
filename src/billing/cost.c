/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "billing/cost.h"

#include "billing/bill.h"
#include "util/decimal.h"

/* Sums are held in parts of a picoUSD. Every den of a part divides it: 1, 2 (a half price), 60 and
 * 60000 (of a minute), and up to 10^12 (two factors in millionths). */
static const uint64_t parts_per_pico = 6 * UINT64_C(1000000000000);

static const char guessed_tier[] =
	"the table has no priority price for this model: twice the standard price is charged";
static const char guessed_fast[] =
	"the table has no fast price for this model: twice the standard price is charged";
static const char no_price[] = "the usage counts something that the price table has no price for";
static const char foreign_model[] =
	"another model worked on the answer, and the table has no row for it";
static const char extras_dropped[] = "more models worked on the answer than could be noted";
static const char unknown_field[] = "the usage holds a field that is not known and may cost money";
static const char broker_silent[] =
	"OpenRouter stated no amount: the answer was priced by the table";
static const char image_tool[] = "the image tool was used, and its tokens were not reported";
static const char too_much[] = "the amount does not fit 63 bits of picoUSD, as the rows have them";
static const char no_usage[] = "the answer is complete and has no usage: it was estimated";
static const char unstated[] =
	"no amount was stated and no row matches: the amount set for that was charged";
static const char bound_charged[] = "the amount cannot be worked out: the upper bound was charged";

const char *cost_source_name(enum cost_source s)
{
	switch (s) {
	case COST_NONE:
		return "none";
	case COST_TABLE:
		return "table";
	case COST_PROVIDER:
		return "provider";
	}
	return "none";
}

/* The first finding is the one that is told. */
static void alarm_add(struct cost *c, const char *sentence)
{
	if (!c->alarm)
		c->alarm = sentence;
}

static void missing(struct bill *b, const char *sentence)
{
	b->missing = true;
	alarm_add(b->c, sentence);
}

/* ---- parts ---- */

void bill_add(struct bill *b, struct cost_part p)
{
	if (!p.qty)
		return;
	if (p.pico_each == PRICE_NONE)
		missing(b, no_price);
	else if (b->c->n_part == COST_PARTS)
		missing(b, extras_dropped);
	else
		b->c->part[b->c->n_part++] = p;
}

void bill_add_fee(struct bill *b, const char *item, uint64_t qty, uint64_t pico)
{
	bill_add(b, (struct cost_part){ item, qty, pico, 1, 1, 0 });
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* What of @whole is left without @part; all of it when the two were counted apart. */
static uint64_t without(uint64_t whole, uint64_t part)
{
	return part > whole ? whole : whole - part;
}

/* @u sorted by price. Parts that are counted within others leave them. */
static void split_usage(const struct usage *u, uint64_t qty[TOKEN_KINDS])
{
	uint64_t cached_audio = min_u64(u->cached_input_audio, u->cached_input);
	uint64_t cached_image = min_u64(u->cached_input_image, u->cached_input - cached_audio);
	uint64_t audio = min_u64(without(u->input_audio, u->cached_input_audio), u->input_uncached);
	uint64_t image =
		min_u64(without(u->input_image, u->cached_input_image), u->input_uncached - audio);

	qty[TOKENS_INPUT] = u->input_uncached - audio - image;
	qty[TOKENS_INPUT_AUDIO] = audio;
	qty[TOKENS_INPUT_IMAGE] = image;
	qty[TOKENS_CACHED_INPUT] = u->cached_input - cached_audio - cached_image;
	qty[TOKENS_CACHED_INPUT_AUDIO] = cached_audio;
	qty[TOKENS_CACHED_INPUT_IMAGE] = cached_image;
	qty[TOKENS_CACHE_WRITE_5M] = u->cache_write_5m;
	qty[TOKENS_CACHE_WRITE_1H] = u->cache_write_1h;
	audio = min_u64(u->output_audio, u->output);
	image = min_u64(u->output_image, u->output - audio);
	qty[TOKENS_OUTPUT] = u->output - audio - image;
	qty[TOKENS_OUTPUT_AUDIO] = audio;
	qty[TOKENS_OUTPUT_IMAGE] = image;
}

/* The whole prompt; the sum of its parts where they exceed it. A sum that does not fit is long. */
static uint64_t prompt_of(const struct usage *u)
{
	const uint64_t parts[] = { u->cached_input, u->cache_write_5m, u->cache_write_1h };
	uint64_t sum = u->input_uncached;

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (__builtin_add_overflow(sum, parts[i], &sum))
			return UINT64_MAX;
	return sum > u->input ? sum : u->input;
}

struct factor factor_lowest(uint64_t num, uint64_t den)
{
	uint64_t a = num, b = den;

	while (b) {
		uint64_t r = a % b;

		a = b;
		b = r;
	}
	return (struct factor){ num / a, den / a };
}

/* Rule: providers/pricing.md "Tiers": the factors multiply, on tokens and not on fees. */
struct factor bill_factor(const struct price_card *card, bool fast, bool us, bool *guessed)
{
	const uint64_t one = 1000000;
	uint64_t f = one, u = one;

	if (fast && card->values.col[PRICE_FAST_MULTIPLIER] != PRICE_NONE) {
		f = card->values.col[PRICE_FAST_MULTIPLIER];
	} else if (fast && !card->overridden) {
		f = 2 * one;
		*guessed = true;
	}
	if (us && card->values.col[PRICE_US_MULTIPLIER] != PRICE_NONE)
		u = card->values.col[PRICE_US_MULTIPLIER];
	return factor_lowest(f * u, one * one);
}

/* Rule: providers/anthropic.md: priority there is committed capacity, booked at standard. */
enum price_tier bill_tier(const struct price_card *card, enum price_tier tier)
{
	return tier == TIER_PRIORITY && card->maker == MAKER_ANTHROPIC ? TIER_STANDARD : tier;
}

static void add_tokens(struct bill *b, const struct usage *u, const struct price_card *card,
		       enum price_tier tier, bool long_context, struct factor f, unsigned extra)
{
	uint64_t qty[TOKEN_KINDS];

	split_usage(u, qty);
	for (unsigned i = 0; i < TOKEN_KINDS; i++) {
		enum token_kind k = (enum token_kind)i;
		struct token_price p = price_card_token(card, k, tier, long_context);
		struct factor pf = factor_lowest(f.num, f.den * p.den);

		if (qty[k] && p.guessed)
			alarm_add(b->c, guessed_tier);
		bill_add(b, (struct cost_part){ token_kind_name(k), qty[k], p.pico, pf.num, pf.den,
						extra });
	}
}

/* Whole seconds where they are whole, as invoices have them. */
static void add_duration(struct bill *b)
{
	uint64_t minute = b->card.values.col[PRICE_PER_MINUTE_AUDIO], ms = b->r->usage.audio_ms;
	bool whole = ms % 1000 == 0;
	uint64_t per_minute = whole ? 60 : 60000, each = minute, den = per_minute;

	if (minute != PRICE_NONE && minute % per_minute == 0) {
		each = minute / per_minute;
		den = 1;
	}
	bill_add(b, (struct cost_part){ whole ? "audio_seconds" : "audio_ms",
					whole ? ms / 1000 : ms, each, 1, den, 0 });
}

/* ---- fees ---- */

/* How many searches are charged. Rule: providers/pricing.md "Fees". */
static uint64_t searches(const struct bill *b)
{
	uint64_t calls = b->r->tools[TOOL_WEB_SEARCH];

	switch (b->card.values.search_unit) {
	case SEARCH_QUERY:
		return b->r->web_search_queries ? b->r->web_search_queries : calls;
	case SEARCH_REQUEST:
		/* the search models of OpenAI search always, and do not say so */
		return b->card.maker == MAKER_OPENAI || b->r->grounded || calls ? 1 : 0;
	case SEARCH_NONE:
	case SEARCH_CALL:
		break;
	}
	return calls;
}

static void add_tool(struct bill *b, const char *item, uint64_t qty, enum price_col col)
{
	uint64_t pico = b->card.values.col[col];

	/* no amount is made up for it, but neither is the answer's own price unknown */
	if (pico == PRICE_NONE && qty)
		alarm_add(b->c, no_price);
	else
		bill_add_fee(b, item, qty, pico);
}

static void add_fees(struct bill *b)
{
	enum price_col search =
		b->r->web_search_preview &&
				b->card.values.col[PRICE_WEB_SEARCH_PREVIEW] != PRICE_NONE
			? PRICE_WEB_SEARCH_PREVIEW
			: PRICE_WEB_SEARCH;

	add_tool(b, "web_search", searches(b), search);
	add_tool(b, "file_search", b->r->tools[TOOL_FILE_SEARCH], PRICE_FILE_SEARCH);
	add_tool(b, "code_interpreter", b->r->tools[TOOL_CODE_INTERPRETER], PRICE_CODE_INTERPRETER);
	if (b->r->tools[TOOL_IMAGE_GENERATION] && !b->r->n_extra)
		alarm_add(b->c, image_tool);
}

/* Never both: where images have tokens, the price of one is only what they typically add up to. */
static bool priced_by_image(const struct price_card *card)
{
	const uint64_t *col = card->values.col;

	return col[PRICE_PER_IMAGE] != PRICE_NONE && col[PRICE_INPUT] == PRICE_NONE &&
	       col[PRICE_OUTPUT] == PRICE_NONE && col[PRICE_OUTPUT_IMAGE] == PRICE_NONE;
}

/* ---- the sum ---- */

static bool part_sum(const struct cost_part *p, struct u256 *out)
{
	struct u256 v = u256_of(p->qty);

	return u256_mul_u64(&v, v, p->pico_each) && u256_mul_u64(&v, v, p->num) &&
	       u256_mul_u64(&v, v, parts_per_pico / p->den) && u256_add(out, *out, v);
}

/* Rows hold signed numbers: what is larger could not be charged. */
static bool storable(uint64_t pico)
{
	return pico <= INT64_MAX;
}

/* Rounded up in two steps, which comes to the same. */
bool bill_sum(const struct cost *c, struct picousd *out)
{
	struct u256 total = U256_ZERO;
	uint64_t pico;

	for (unsigned i = 0; i < c->n_part; i++)
		if (!part_sum(&c->part[i], &total))
			return false;
	if (!u256_mul_u64(&total, total, c->multiplier.num) ||
	    !u256_div_ceil_u64(&total, total, parts_per_pico) ||
	    !u256_div_ceil_u64(&total, total, c->multiplier.den) || !u256_to_u64(&pico, total) ||
	    !storable(pico))
		return false;
	*out = picousd_of(pico);
	return true;
}

/* ---- an answer ---- */

static void add_extras(struct bill *b)
{
	const struct reading *r = b->r;

	for (unsigned i = 0; i < r->n_extra; i++) {
		const struct reading_extra *x = &r->extra[i];
		struct price_card card = b->card;
		bool own = !x->model[0], guessed = false;
		enum price_tier tier;

		if (!own && !price_card_find(&card, b->o->book, r->provider, str_c(x->model),
					     STR_NULL, b->o->day)) {
			if (!b->charging) {
				missing(b, foreign_model);
				continue;
			}
			card = b->card;
			alarm_add(b->c, foreign_model);
		}
		tier = bill_tier(&card, r->tier);
		add_tokens(b, &x->usage, &card, tier,
			   price_card_is_long(&card, prompt_of(&x->usage)),
			   bill_factor(&card, own && r->fast, r->us, &guessed), i + 1);
	}
}

/* Price everything that @b->r counts; its usage is there. */
static void price_all(struct bill *b)
{
	struct cost *c = b->c;
	const struct reading *r = b->r;
	bool guessed = false;
	struct factor f = bill_factor(&b->card, r->fast, r->us, &guessed);

	c->source = COST_TABLE;
	c->tier = bill_tier(&b->card, r->tier);
	c->factor_num = f.num;
	c->factor_den = f.den;
	c->long_context = price_card_is_long(&b->card, prompt_of(&r->usage));
	c->exact = r->usage.completeness == USAGE_FINAL && !r->usage.inconsistent &&
		   !r->extras_dropped;
	if (guessed)
		alarm_add(c, guessed_fast);
	if (r->extras_dropped)
		alarm_add(c, extras_dropped);
	if (r->unknown_field[0])
		alarm_add(c, unknown_field);
	if (r->provider == PROVIDER_OPENROUTER && r->usage.completeness == USAGE_FINAL)
		alarm_add(c, broker_silent);
	add_tokens(b, &r->usage, &b->card, c->tier, c->long_context, f, 0);
	add_duration(b);
	if (priced_by_image(&b->card))
		bill_add_fee(b, "image", r->images, b->card.values.col[PRICE_PER_IMAGE]);
	add_extras(b);
	add_fees(b);
	c->known = !b->missing && bill_sum(c, &c->pico);
	if (!c->known) {
		alarm_add(c, too_much);
		c->exact = false;
	}
}

bool bill_free_of_charge(enum api a)
{
	return a == API_MODELS || a == API_COUNT_TOKENS;
}

static bool error_status(const struct reading *r)
{
	return r->http_status && (r->http_status < 200 || r->http_status > 299);
}

/* The amount that the upstream states, exact; false: it states none. */
static bool stated(const struct reading *r, struct decimal *out)
{
	struct decimal amount, more;

	if (!decimal_parse(&amount, str_c(r->provider_cost)))
		return false;
	/* LiteLLM prints zero for "no price" (providers/litellm.md) */
	if (r->provider == PROVIDER_LITELLM && decimal_is_zero(amount))
		return false;
	if (r->provider_cost_fee[0] && (!decimal_parse(&more, str_c(r->provider_cost_fee)) ||
					!decimal_add(&amount, amount, more)))
		return false;
	*out = amount;
	return true;
}

bool bill_begin(struct bill *b)
{
	bool found = price_card_find(&b->card, b->o->book, b->r->provider, str_c(b->r->model),
				     b->o->requested_model, b->o->day);

	*b->c = (struct cost){
		.tier = b->r->tier,
		.factor_num = 1,
		.factor_den = 1,
		.multiplier = b->o->multiplier,
	};
	if (found)
		memcpy(b->c->priced_as, b->card.priced_as, sizeof b->c->priced_as);
	return found;
}

static void costs_nothing(struct cost *c)
{
	c->source = COST_NONE;
	c->known = c->exact = true;
	c->pico = PICOUSD_ZERO;
}

static void take_stated(struct bill *b, struct decimal usd)
{
	enum { PICO = 12 };
	struct cost *c = b->c;
	uint64_t pico;

	c->source = COST_PROVIDER;
	c->known = decimal_ratio_ceil(&pico, usd, PICO, c->multiplier.num, c->multiplier.den) &&
		   storable(pico);
	c->exact = c->known &&
		   !(b->r->state == STATE_TRUNCATED && b->r->usage.completeness != USAGE_FINAL);
	if (c->known)
		c->pico = picousd_of(pico);
	else
		alarm_add(c, too_much);
}

/* What is known without a table. true: that is all there is to it. */
static bool settled_without_table(struct bill *b)
{
	struct decimal usd;

	if (bill_free_of_charge(b->r->api) ||
	    (error_status(b->r) && b->r->usage.completeness == USAGE_NONE)) {
		costs_nothing(b->c);
		return true;
	}
	if (stated(b->r, &usd)) {
		take_stated(b, usd);
		return true;
	}
	return false;
}

void cost_of_reading(const struct reading *r, const struct cost_options *o, struct cost *out)
{
	struct bill b = { .r = r, .o = o, .c = out };
	bool found = bill_begin(&b);

	if (settled_without_table(&b))
		return;
	out->unpriced = !found || (r->tier == TIER_UNPRICED && !b.card.overridden);
	if (out->unpriced)
		return;
	if (r->usage.completeness != USAGE_NONE || (r->images && priced_by_image(&b.card)))
		price_all(&b);
}

/* ---- what to charge ---- */

static uint64_t quarter_up(uint64_t bytes)
{
	return bytes / 4 + (bytes % 4 ? 1 : 0);
}

/* Rule: design.md 7. What was reported so far is the floor. */
static void estimate_usage(struct reading *r, const struct cost_request *q)
{
	struct usage *u = &r->usage;
	uint64_t output = quarter_up(r->text_bytes);

	if (u->completeness == USAGE_NONE)
		*u = (struct usage){ .completeness = USAGE_PARTIAL };
	if (!prompt_of(u))
		u->input = u->input_uncached = quarter_up(q->text_bytes);
	if (u->output < output)
		u->output = output;
}

static void charge(struct cost *c, struct picousd pico, const char *sentence)
{
	c->known = c->estimated = true;
	c->exact = false;
	c->pico = pico;
	if (sentence)
		alarm_add(c, sentence);
}

bool bill_times_multiplier(struct picousd *out, uint64_t pico, struct multiplier m)
{
	return picousd_mul_ratio_ceil(out, picousd_of(pico), m.num, m.den) &&
	       storable(picousd_u64(*out));
}

bool bill_states_cost(enum provider_id p)
{
	return p == PROVIDER_OPENROUTER || p == PROVIDER_LITELLM;
}

static void charge_unpriced(const struct reading *r, struct picousd bound,
			    const struct cost_options *o, struct cost *out)
{
	struct picousd set;

	if (bill_states_cost(r->provider) &&
	    bill_times_multiplier(&set, o->unstated_pico, o->multiplier))
		charge(out, set, unstated);
	else
		charge(out, bound, bound_charged);
}

/* What the exchange tells is not enough. */
static void estimate(const struct reading *reading, const struct cost_request *q,
		     struct picousd bound, const struct cost_options *o, struct cost *out)
{
	struct reading r = *reading;
	struct bill b = { .r = &r, .o = o, .c = out, .charging = true };

	estimate_usage(&r, q);
	if (bill_begin(&b)) {
		if (reading->usage.completeness == USAGE_NONE &&
		    (r.state == STATE_COMPLETE || r.state == STATE_REFUSED))
			alarm_add(out, no_usage);
		price_all(&b);
	}
	if (!out->known)
		charge(out, bound, bound_charged);
	else
		charge(out, picousd_cmp(out->pico, bound) > 0 ? bound : out->pico, NULL);
}

void cost_charge(const struct reading *r, const struct cost_request *q, struct picousd bound,
		 const struct cost_options *o, struct cost *out)
{
	cost_of_reading(r, o, out);
	if (out->known && (out->source != COST_TABLE || r->usage.completeness != USAGE_PARTIAL))
		return;
	/* Rule: design.md 7: an error inside a 200 that brought nothing */
	if (r->state == STATE_ERROR && r->usage.completeness == USAGE_NONE && !r->text_bytes) {
		costs_nothing(out);
		return;
	}
	if (out->unpriced)
		charge_unpriced(r, bound, o, out);
	else
		estimate(r, q, bound, o, out);
}
