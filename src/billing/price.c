/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "billing/price.h"

#include <assert.h>
#include <stdatomic.h>

#include "crypto/hash.h"
#include "util/decimal.h"

enum { TABLES = 4, OVERRIDES_DEPTH = 8, OVERRIDES_MAX = 4 << 20 };

struct price_book {
	atomic_uint refs;
	struct price_table *table[TABLES]; /* a later one beats those before */
	unsigned n_table;
	struct price_override *over; /* sorted by model */
	size_t n_over, cap_over;
	char version[64];
};

static const unsigned char builtin_csv[] = {
#include "billing/prices.inc"
};

static void *need(void *p)
{
	if (!p) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

/* ---- overrides, sorted by name ---- */

static int compare(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

/* Where @model stands, or belongs. */
static bool over_find(const struct price_book *b, struct str model, size_t *at)
{
	size_t from = 0, to = b->n_over;

	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int c = compare(model, str_c(b->over[mid].model));

		if (!c) {
			*at = mid;
			return true;
		}
		if (c > 0)
			from = mid + 1;
		else
			to = mid;
	}
	*at = from;
	return false;
}

static void over_put(struct price_book *b, struct str model, const struct price_values *v)
{
	size_t at;

	if (over_find(b, model, &at)) {
		b->over[at].values = *v;
		return;
	}
	if (b->n_over == b->cap_over) {
		b->cap_over = b->cap_over ? 2 * b->cap_over : 16;
		b->over = need(realloc(b->over, b->cap_over * sizeof *b->over));
	}
	memmove(&b->over[at + 1], &b->over[at], (b->n_over - at) * sizeof *b->over);
	b->over[at].model = need(strndup(model.p, model.len));
	b->over[at].values = *v;
	b->n_over++;
}

static void over_copy(struct price_book *to, const struct price_book *from)
{
	for (size_t i = 0; i < from->n_over; i++)
		over_put(to, str_c(from->over[i].model), &from->over[i].values);
}

/* ---- the book ---- */

/* The day of the newest row, and the digest of everything that prices. */
static void set_version(struct price_book *b)
{
	char hex[2 * 32 + 1];
	struct str newest = STR_NULL;
	uint8_t digest[32];
	uint32_t best = 0, day;
	struct buf all;

	buf_init(&all, SIZE_MAX / 2);
	for (unsigned i = 0; i < b->n_table; i++) {
		struct str as_of = price_table_newest(b->table[i]);

		buf_add(&all, price_table_digest(b->table[i]), 32);
		if (price_day_parse(as_of, &day) && day > best) {
			newest = as_of;
			best = day;
		}
	}
	for (size_t i = 0; i < b->n_over; i++) {
		buf_add(&all, b->over[i].model, strlen(b->over[i].model) + 1);
		price_override_write(&b->over[i].values, &all);
	}
	hash_sha256(digest, all.p, all.len);
	hex_encode(hex, digest, sizeof digest);
	snprintf(b->version, sizeof b->version, "%.*s sha256:%.32s", STR_ARG(newest), hex);
	buf_clear(&all);
}

static struct price_book *book_new(void)
{
	struct price_book *b = need(calloc(1, sizeof *b));

	atomic_init(&b->refs, 1);
	return b;
}

struct price_book *price_book_builtin(struct gw_err *e)
{
	const struct str csv = { (const char *)builtin_csv, sizeof builtin_csv };
	struct price_book *b = book_new();

	if (price_book_add_csv(b, csv, "built-in", e)) {
		price_book_unref(b);
		return NULL;
	}
	return b;
}

struct price_book *price_book_copy(const struct price_book *b)
{
	struct price_book *c = book_new();

	for (unsigned i = 0; i < b->n_table; i++)
		c->table[i] = price_table_ref(b->table[i]);
	c->n_table = b->n_table;
	over_copy(c, b);
	set_version(c);
	return c;
}

struct price_book *price_book_ref(struct price_book *b)
{
	atomic_fetch_add(&b->refs, 1);
	return b;
}

void price_book_unref(struct price_book *b)
{
	if (!b || atomic_fetch_sub(&b->refs, 1) > 1)
		return;
	for (unsigned i = 0; i < b->n_table; i++)
		price_table_unref(b->table[i]);
	for (size_t i = 0; i < b->n_over; i++)
		free(b->over[i].model);
	free(b->over);
	free(b);
}

const char *price_book_version(const struct price_book *b)
{
	return b->version;
}

int price_book_add_csv(struct price_book *b, struct str csv, const char *file, struct gw_err *e)
{
	assert(atomic_load(&b->refs) == 1 && b->n_table < TABLES);
	if (price_table_read(&b->table[b->n_table], file, csv, e))
		return -1;
	b->n_table++;
	set_version(b);
	return 0;
}

const struct price_table *price_book_table(const struct price_book *b, unsigned i)
{
	return i < b->n_table ? b->table[b->n_table - 1 - i] : NULL;
}

const struct price_override *price_book_override_at(const struct price_book *b, unsigned i)
{
	return i < b->n_over ? &b->over[i] : NULL;
}

static int check_json(struct jval *root, struct str json, struct gw_err *e)
{
	if (json.len > OVERRIDES_MAX) {
		gw_fail(e, GWE_CONFIG, 0, "price overrides are larger than 4 MiB");
		return -1; /* the analyser does not know what gw_fail returns */
	}
	if (jscan_check(json, OVERRIDES_DEPTH, false, root, e)) {
		e->code = GWE_CONFIG;
		return -1;
	}
	return 0;
}

int price_book_override(struct price_book *b, struct str model, struct str json, struct gw_err *e)
{
	struct price_values values;
	struct jval root;

	assert(atomic_load(&b->refs) == 1);
	if (price_override_check_model(model, e) || check_json(&root, json, e) ||
	    price_override_read(&values, model, root, e))
		return -1;
	over_put(b, model, &values);
	set_version(b);
	return 0;
}

/* The members of @root into @to, which is empty. */
static int read_overrides(struct price_book *to, struct jval root, struct gw_err *e)
{
	struct jiter it;
	struct str key;
	struct jval v;

	if (root.type != J_OBJECT)
		return gw_fail(e, GWE_CONFIG, 0,
			       "price overrides: expected an object {\"model\": "
			       "{\"promptPerMTokUsd\": 2.5, \"completionPerMTokUsd\": 10}}");
	jiter_init(&it, root);
	while (jiter_next(&it, &key, &v)) {
		/* the key with its quotes is a string */
		const struct jval quoted = { J_STRING, { key.p - 1, key.len + 2 } };
		char name[PRICE_MODEL_MAX + 1];
		struct price_values values;
		struct str model = { name, 0 };
		size_t at;

		if (jval_copy(quoted, name, sizeof name))
			model.len = strlen(name);
		if (price_override_check_model(model, e) ||
		    price_override_read(&values, model, v, e))
			return -1;
		if (over_find(to, model, &at))
			return gw_fail(e, GWE_CONFIG, 0, "price overrides: model %s is given twice",
				       name);
		over_put(to, model, &values);
	}
	return 0;
}

int price_book_override_json(struct price_book *b, struct str json, unsigned *count,
			     struct gw_err *e)
{
	struct price_book *all;
	struct jval root;
	int rc;

	assert(atomic_load(&b->refs) == 1);
	if (check_json(&root, json, e))
		return -1;
	all = book_new();
	rc = read_overrides(all, root, e);
	if (!rc) {
		over_copy(b, all);
		set_version(b);
		if (count)
			*count = (unsigned)all->n_over;
	}
	price_book_unref(all);
	return rc;
}

/* ---- look-up ---- */

static const struct price_row *find_row(const struct price_book *b, enum price_maker m,
					struct str name, uint32_t day)
{
	for (unsigned i = b->n_table; i-- > 0;) {
		const struct price_row *r = price_table_find(b->table[i], m, name, day);

		if (r)
			return r;
	}
	return NULL;
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* claude-opus-4.6 -> claude-opus-4-6. False: nothing to change, or not a name of Claude. */
static bool dashes_for_dots(struct str name, char *out, size_t size)
{
	bool changed = false;

	if (!str_starts(name, "claude-") || !str_copy(out, size, name))
		return false;
	for (size_t i = 1; i + 1 < name.len; i++)
		if (out[i] == '.' && digit(out[i - 1]) && digit(out[i + 1])) {
			out[i] = '-';
			changed = true;
		}
	return changed;
}

/* Rule: providers/pricing.md "Look-up" 3, for one spelling of the name. */
static const struct price_row *find_spelling(const struct price_book *b, unsigned makers,
					     struct str name, uint32_t day)
{
	char dashed[PRICE_MODEL_MAX + 1];
	bool other = dashes_for_dots(name, dashed, sizeof dashed);

	for (unsigned m = 0; m < MAKER_COUNT; m++) {
		const struct price_row *r = NULL;

		if (!(makers & 1u << m))
			continue;
		r = find_row(b, (enum price_maker)m, name, day);
		if (!r && other)
			r = find_row(b, (enum price_maker)m, str_c(dashed), day);
		if (r)
			return r;
	}
	return NULL;
}

/* A broker's name: the maker in front, perhaps ":free" and its like behind. */
static const struct price_row *find_brokered(const struct price_book *b, struct str name,
					     uint32_t day)
{
	static const struct {
		const char *prefix;
		enum price_maker maker;
	} prefixes[] = {
		{ "openai/", MAKER_OPENAI },
		{ "anthropic/", MAKER_ANTHROPIC },
		{ "google/", MAKER_GEMINI },
		{ "gemini/", MAKER_GEMINI },
	};
	unsigned makers = (1u << MAKER_COUNT) - 1;
	const struct price_row *r;
	ptrdiff_t colon;

	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (str_starts(name, prefixes[i].prefix)) {
			makers = 1u << prefixes[i].maker;
			name = str_sub(name, strlen(prefixes[i].prefix), name.len);
			break;
		}
	r = find_spelling(b, makers, name, day);
	colon = str_find(name, ':');
	if (!r && colon > 0)
		r = find_spelling(b, makers, str_sub(name, 0, (size_t)colon), day);
	return r;
}

static const struct price_row *find_for(const struct price_book *b, enum provider_id p,
					struct str model, uint32_t day)
{
	switch (p) {
	case PROVIDER_OPENAI:
		return find_row(b, MAKER_OPENAI, model, day);
	case PROVIDER_CLAUDE:
		return find_row(b, MAKER_ANTHROPIC, model, day);
	case PROVIDER_GEMINI:
		return find_row(b, MAKER_GEMINI, model, day);
	case PROVIDER_OPENROUTER:
	case PROVIDER_LITELLM:
		return find_brokered(b, model, day);
	case PROVIDER_COUNT:
		break;
	}
	return NULL;
}

bool price_find(const struct price_book *b, enum provider_id p, struct str model, const char *day,
		struct price_hit *out)
{
	uint32_t d;
	size_t at;

	*out = (struct price_hit){ .row = NULL };
	if (over_find(b, model, &at))
		out->overriding = &b->over[at];
	if (price_day_parse(str_c(day), &d))
		out->row = find_for(b, p, model, d);
	if (out->row)
		snprintf(out->priced_as, sizeof out->priced_as, "%s/%.*s",
			 price_maker_name(out->row->maker), STR_ARG(out->row->model));
	return out->row || out->overriding;
}

/* ---- the multiplier ---- */

struct multiplier multiplier_parse(struct str text, const char **warn)
{
	enum { DECIMALS = 18 };
	struct multiplier m = { 0, 1 };
	struct decimal d;
	bool minus;

	*warn = NULL;
	text = str_trim(text);
	if (!text.len)
		return MULTIPLIER_ONE;
	minus = text.p[0] == '-';
	if (!decimal_parse_plain(&d, minus ? str_sub(text, 1, text.len) : text)) {
		*warn = "PRICING_MULTIPLIER is not a plain decimal number such as 1.1; 1 is used";
		return MULTIPLIER_ONE;
	}
	if (minus && !decimal_is_zero(d)) {
		*warn = "PRICING_MULTIPLIER is below 0; 0 is used: nothing is charged";
		return m;
	}
	if (decimal_cmp_u64(d, 2) > 0) {
		*warn = "PRICING_MULTIPLIER is above 2; 2 is used";
		return (struct multiplier){ 2, 1 };
	}
	if (d.scale > DECIMALS)
		*warn = "PRICING_MULTIPLIER has more than 18 decimals; it is rounded up";
	for (unsigned i = 0; i < d.scale && i < DECIMALS; i++)
		m.den *= 10;
	if (!decimal_ratio_ceil(&m.num, d, 0, m.den, 1))
		return MULTIPLIER_ONE; /* at most 2 x 10^18: it fits */
	return m;
}
