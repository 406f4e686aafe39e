/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "billing/price_override.h"

#include "codec/jwrite.h"
#include "util/nearest.h"

static const char prompt_name[] = "promptPerMTokUsd";
static const char completion_name[] = "completionPerMTokUsd";
static const char unit_name[] = "web_search_unit";

static bool member_column(struct str key, enum price_col *out)
{
	if (jscan_key_is(key, prompt_name))
		*out = PRICE_INPUT;
	else if (jscan_key_is(key, completion_name))
		*out = PRICE_OUTPUT;
	else
		return price_col_find(key, out);
	return true;
}

static const char *column_member(enum price_col c)
{
	if (c == PRICE_INPUT)
		return prompt_name;
	return c == PRICE_OUTPUT ? completion_name : price_col_name(c);
}

static int bad_member(struct gw_err *e, struct str model, struct str key, const char *what)
{
	return gw_fail(e, GWE_CONFIG, 0, "price override of model %.*s: %.*s%s%s",
		       STR_ARG(str_sub(model, 0, 80)), STR_ARG(str_sub(key, 0, 60)),
		       key.len ? " " : "", what);
}

static int unknown_member(struct gw_err *e, struct str model, struct str key)
{
	char hint[NEAREST_HINT_SIZE], what[NEAREST_HINT_SIZE + 32];
	struct nearest near;

	nearest_init(&near, key);
	nearest_offer(&near, unit_name);
	for (unsigned i = 0; i < PRICE_COLS; i++)
		nearest_offer(&near, column_member((enum price_col)i));
	snprintf(what, sizeof what, "is no member of it%s", nearest_hint(&near, hint));
	return bad_member(e, model, key, what);
}

/* A number, or its text: both are read from their digits. */
static bool member_value(enum price_col c, struct jval v, uint64_t *out)
{
	char text[80];
	struct decimal d;

	if (v.type == J_STRING)
		return jval_copy(v, text, sizeof text) && price_col_parse(c, str_c(text), out);
	return v.type == J_NUMBER && decimal_parse(&d, v.raw) && price_col_of(c, d, out);
}

static int read_unit(enum search_unit *out, struct str model, struct jval v, struct gw_err *e)
{
	char unit[16];

	if (*out != SEARCH_NONE)
		return bad_member(e, model, str_c(unit_name), "is given twice");
	if (!jval_copy(v, unit, sizeof unit) || !search_unit_find(str_c(unit), out))
		return bad_member(e, model, str_c(unit_name), "is one of call, query, request");
	return 0;
}

static int read_member(struct price_values *out, struct str model, struct str key, struct jval v,
		       struct gw_err *e)
{
	enum price_col c;

	if (jscan_key_is(key, unit_name))
		return read_unit(&out->search_unit, model, v, e);
	if (!member_column(key, &c))
		return unknown_member(e, model, key);
	if (out->col[c] != PRICE_NONE)
		return bad_member(e, model, key, "is given twice");
	if (!member_value(c, v, &out->col[c]))
		return bad_member(e, model, key,
				  "must be a number such as 2.5, not negative, with six decimals "
				  "at most (fees: twelve)");
	return 0;
}

int price_override_check_model(struct str model, struct gw_err *e)
{
	if (!model.len || model.len > PRICE_MODEL_MAX || str_find(model, '\0') >= 0)
		return gw_fail(e, GWE_CONFIG, 0,
			       "price override: the name of a model has 1 to %d bytes",
			       PRICE_MODEL_MAX);
	return 0;
}

int price_override_read(struct price_values *out, struct str model, struct jval object,
			struct gw_err *e)
{
	struct jiter it;
	struct str key;
	struct jval v;

	price_values_none(out);
	if (object.type != J_OBJECT)
		return bad_member(e, model, STR_NULL,
				  "expected an object with promptPerMTokUsd and "
				  "completionPerMTokUsd");
	jiter_init(&it, object);
	while (jiter_next(&it, &key, &v))
		if (read_member(out, model, key, v, e))
			return -1;
	if (out->col[PRICE_INPUT] == PRICE_NONE)
		return bad_member(e, model, str_c(prompt_name), "is missing");
	if (out->col[PRICE_OUTPUT] == PRICE_NONE)
		return bad_member(e, model, str_c(completion_name), "is missing");
	return 0;
}

bool price_override_write(const struct price_values *v, struct buf *out)
{
	struct jwrite w;
	struct buf text;

	buf_init(&text, DECIMAL_TEXT);
	jwrite_init(&w, out, false);
	jwrite_object(&w, NULL);
	for (unsigned i = 0; i < PRICE_COLS; i++) {
		enum price_col c = (enum price_col)i;

		if (v->col[c] == PRICE_NONE)
			continue;
		buf_reset(&text);
		price_col_format(c, v->col[c], &text);
		jwrite_str(&w, column_member(c), buf_str(&text));
	}
	if (v->search_unit != SEARCH_NONE)
		jwrite_text(&w, unit_name, search_unit_name(v->search_unit));
	jwrite_object_end(&w);
	buf_clear(&text);
	return !out->failed;
}
