/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "provider/explain.h"

#include "codec/jwrite.h"
#include "provider/provider.h"

static const char *completeness_name(enum usage_completeness c)
{
	switch (c) {
	case USAGE_NONE:
		return "none";
	case USAGE_PARTIAL:
		return "partial";
	case USAGE_FINAL:
		return "final";
	}
	return "none";
}

static struct str model_of(const struct reading *r, struct str requested)
{
	return r->model[0] ? str_c(r->model) : requested;
}

static void text_or_null(struct jwrite *w, const char *key, const char *z)
{
	if (z && z[0])
		jwrite_text(w, key, z);
	else
		jwrite_null(w, key);
}

/* Counts that most answers lack are told only where there is something. */
struct count {
	const char *name;
	uint64_t n;
	bool always;
};

enum { COUNTS = 14 };
static unsigned counts_of(const struct usage *u, struct count out[COUNTS])
{
	const struct count all[COUNTS] = {
		{ "input_tokens", u->input, true },
		{ "input_uncached_tokens", u->input_uncached, true },
		{ "cached_input_tokens", u->cached_input, true },
		{ "cache_write_5m_tokens", u->cache_write_5m, true },
		{ "cache_write_1h_tokens", u->cache_write_1h, true },
		{ "output_tokens", u->output, true },
		{ "reasoning_tokens", u->reasoning, true },
		{ "input_audio_tokens", u->input_audio, false },
		{ "cached_input_audio_tokens", u->cached_input_audio, false },
		{ "output_audio_tokens", u->output_audio, false },
		{ "input_image_tokens", u->input_image, false },
		{ "cached_input_image_tokens", u->cached_input_image, false },
		{ "output_image_tokens", u->output_image, false },
	};
	bool by_time = u->audio_ms && !u->input && !u->output;
	unsigned n = 0;

	for (unsigned i = 0; i < COUNTS; i++)
		if (all[i].name && (all[i].n || (all[i].always && !by_time)))
			out[n++] = all[i];
	return n;
}

/* Milliseconds as seconds, "95" or "95.3". */
static void seconds_text(char *out, size_t size, uint64_t ms)
{
	int n = snprintf(out, size, "%llu.%03u", (unsigned long long)(ms / 1000),
			 (unsigned)(ms % 1000));

	while (out[n - 1] == '0')
		out[--n] = '\0';
	if (out[n - 1] == '.')
		out[n - 1] = '\0';
}

static void write_usage(struct jwrite *w, const char *key, const struct usage *u)
{
	struct count counts[COUNTS];
	unsigned n = u->completeness == USAGE_NONE ? 0 : counts_of(u, counts);
	char seconds[32];

	jwrite_object(w, key);
	jwrite_text(w, "completeness", completeness_name(u->completeness));
	for (unsigned i = 0; i < n; i++)
		jwrite_u64(w, counts[i].name, counts[i].n);
	if (u->audio_ms) {
		seconds_text(seconds, sizeof seconds, u->audio_ms);
		jwrite_raw(w, "audio_seconds", str_c(seconds));
	}
	if (u->inconsistent)
		jwrite_bool(w, "inconsistent", true);
	jwrite_object_end(w);
}

static void write_error(struct jwrite *w, const struct reading *r)
{
	if (!r->has_error) {
		jwrite_null(w, "error");
		return;
	}
	jwrite_object(w, "error");
	text_or_null(w, "type", r->error_type);
	text_or_null(w, "code", r->error_code);
	text_or_null(w, "message", r->error_message);
	jwrite_object_end(w);
}

static void write_tools(struct jwrite *w, const struct reading *r)
{
	jwrite_object(w, "tool_calls");
	for (int i = 0; i < TOOL_COUNT; i++)
		if (r->tools[i])
			jwrite_u64(w, tool_name((enum tool_kind)i), r->tools[i]);
	jwrite_object_end(w);
}

static void factor_text(char *out, size_t size, uint64_t num, uint64_t den)
{
	if (den == 1)
		snprintf(out, size, "%llu", (unsigned long long)num);
	else
		snprintf(out, size, "%llu/%llu", (unsigned long long)num, (unsigned long long)den);
}

static const char *extra_model(const struct reading *r, const struct cost_part *p)
{
	return p->extra ? r->extra[p->extra - 1].model : "";
}

static void write_parts(struct jwrite *w, const struct cost *c)
{
	jwrite_array(w, "parts");
	for (unsigned i = 0; i < c->n_part; i++) {
		const struct cost_part *p = &c->part[i];
		char each[64];

		jwrite_object(w, NULL);
		jwrite_text(w, "item", p->item);
		jwrite_u64(w, "qty", p->qty);
		factor_text(each, sizeof each, p->pico_each, 1);
		jwrite_text(w, "pico_each", each);
		jwrite_object_end(w);
	}
	jwrite_array_end(w);
}

static void write_cost(struct jwrite *w, const struct cost *c)
{
	char text[64];

	jwrite_object(w, "cost");
	jwrite_text(w, "source", cost_source_name(c->source));
	jwrite_text(w, "tier", price_tier_name(c->tier));
	jwrite_bool(w, "long_context", c->long_context);
	write_parts(w, c);
	factor_text(text, sizeof text, c->factor_num, c->factor_den);
	jwrite_text(w, "multiplier", text);
	if (c->known) {
		picousd_format(text, c->pico);
		jwrite_text(w, "pico_usd", text);
	} else {
		jwrite_null(w, "pico_usd");
	}
	jwrite_bool(w, "exact", c->exact);
	if (c->unpriced)
		jwrite_bool(w, "unpriced", true);
	jwrite_object_end(w);
}

void explain_json(const struct reading *r, const struct cost *c, struct str requested,
		  struct buf *out)
{
	struct str model = model_of(r, requested);
	struct jwrite w;

	jwrite_init(&w, out, true);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "provider", provider_maker(r->provider));
	jwrite_text(&w, "api", api_name(r->api));
	jwrite_bool(&w, "stream", r->stream);
	jwrite_i64(&w, "http_status", r->http_status);
	if (model.len)
		jwrite_str(&w, "model", model);
	else
		jwrite_null(&w, "model");
	jwrite_text(&w, "state", reading_state_name(r->state));
	text_or_null(&w, "finish", reading_finish_name(r->finish));
	text_or_null(&w, "finish_raw", r->finish_raw);
	write_error(&w, r);
	write_usage(&w, "usage", &r->usage);
	write_tools(&w, r);
	text_or_null(&w, "provider_cost_usd", r->provider_cost);
	text_or_null(&w, "priced_as", c->priced_as);
	write_cost(&w, c);
	jwrite_object_end(&w);
	buf_add_byte(out, '\n');
}

/* ---- for people ---- */

static void text_outcome(const struct reading *r, struct buf *out)
{
	buf_addf(out, "state   %s", reading_state_name(r->state));
	if (r->finish != FINISH_NONE)
		buf_addf(out, ", finish %s%s%s%s", reading_finish_name(r->finish),
			 r->finish_raw[0] ? " (" : "", r->finish_raw, r->finish_raw[0] ? ")" : "");
	buf_add_byte(out, '\n');
	if (r->has_error)
		buf_addf(out, "error   type %s, code %s: %s\n",
			 r->error_type[0] ? r->error_type : "-",
			 r->error_code[0] ? r->error_code : "-", r->error_message);
}

static void text_usage(const struct reading *r, struct buf *out)
{
	const struct usage *u = &r->usage;
	struct count counts[COUNTS];
	unsigned n = u->completeness == USAGE_NONE ? 0 : counts_of(u, counts);
	char seconds[32];

	buf_addf(out, "usage   %s%s\n", completeness_name(u->completeness),
		 u->inconsistent ? ", inconsistent: the parts exceed the whole" : "");
	for (unsigned i = 0; i < n; i++)
		if (counts[i].n)
			buf_addf(out, "        %s %llu\n", counts[i].name,
				 (unsigned long long)counts[i].n);
	if (u->audio_ms) {
		seconds_text(seconds, sizeof seconds, u->audio_ms);
		buf_addf(out, "        audio_seconds %s\n", seconds);
	}
	for (int i = 0; i < TOOL_COUNT; i++)
		if (r->tools[i])
			buf_addf(out, "tool    %s %llu\n", tool_name((enum tool_kind)i),
				 (unsigned long long)r->tools[i]);
	if (r->unknown_field[0])
		buf_addf(out, "unknown usage field %s\n", r->unknown_field);
	if (r->dropped_events)
		buf_addf(out, "dropped %llu too large to be read\n",
			 (unsigned long long)r->dropped_events);
}

static void text_parts(const struct reading *r, const struct cost *c, struct buf *out)
{
	char text[64];

	for (unsigned i = 0; i < c->n_part; i++) {
		const struct cost_part *p = &c->part[i];

		buf_addf(out, "        %s %llu x %llu", p->item, (unsigned long long)p->qty,
			 (unsigned long long)p->pico_each);
		factor_text(text, sizeof text, p->num, p->den);
		if (strcmp(text, "1") != 0)
			buf_addf(out, " x %s", text);
		if (extra_model(r, p)[0])
			buf_addf(out, " (%s)", extra_model(r, p));
		buf_add_byte(out, '\n');
	}
	factor_text(text, sizeof text, c->multiplier.num, c->multiplier.den);
	if (strcmp(text, "1") != 0)
		buf_addf(out, "        all x %s\n", text);
}

static void text_cost(const struct reading *r, const struct cost *c, struct buf *out)
{
	char usd[PICOUSD_USD_TEXT], pico[PICOUSD_TEXT];

	if (c->known) {
		picousd_format_usd(usd, c->pico);
		picousd_format(pico, c->pico);
		buf_addf(out, "cost    %s USD (%s picoUSD)%s", usd, pico,
			 c->exact ? "" : ", not exact");
	} else {
		buf_addf(out, "cost    unknown");
	}
	if (c->source == COST_PROVIDER)
		buf_addf(out, ", stated by the upstream: %s%s%s", r->provider_cost,
			 r->provider_cost_fee[0] ? " + " : "", r->provider_cost_fee);
	if (c->unpriced)
		buf_add_c(out, ", no price row matches");
	if (c->priced_as[0])
		buf_addf(out, ", row %s, tier %s%s", c->priced_as, price_tier_name(c->tier),
			 c->long_context ? ", long prompt" : "");
	buf_add_byte(out, '\n');
	text_parts(r, c, out);
	if (c->alarm)
		buf_addf(out, "alarm   %s\n", c->alarm);
}

void explain_text(const struct reading *r, const struct cost *c, struct str requested,
		  struct buf *out)
{
	struct str model = model_of(r, requested);

	buf_addf(out, "answer  %s, %s, status %d%s, model %.*s\n", provider_maker(r->provider),
		 api_name(r->api), r->http_status, r->stream ? ", streamed" : "",
		 STR_ARG(model.len ? model : STR_LIT("-")));
	text_outcome(r, out);
	text_usage(r, out);
	text_cost(r, c, out);
}
