/* SPDX-License-Identifier: Apache-2.0 */
/* readings - are two readings of an answer the same in everything that they tell? */
#ifndef GW_T_READINGS_H
#define GW_T_READINGS_H

#include "billing/reading.h"

static bool usage_same(const struct usage *a, const struct usage *b)
{
	return a->completeness == b->completeness && a->inconsistent == b->inconsistent &&
	       a->input == b->input && a->input_uncached == b->input_uncached &&
	       a->cached_input == b->cached_input && a->cache_write_5m == b->cache_write_5m &&
	       a->cache_write_1h == b->cache_write_1h && a->output == b->output &&
	       a->reasoning == b->reasoning && a->input_audio == b->input_audio &&
	       a->cached_input_audio == b->cached_input_audio &&
	       a->output_audio == b->output_audio && a->input_image == b->input_image &&
	       a->cached_input_image == b->cached_input_image &&
	       a->output_image == b->output_image && a->audio_ms == b->audio_ms;
}

static bool extras_same(const struct reading *a, const struct reading *b)
{
	if (a->n_extra != b->n_extra || a->extras_dropped != b->extras_dropped)
		return false;
	for (unsigned i = 0; i < a->n_extra; i++)
		if (strcmp(a->extra[i].model, b->extra[i].model) != 0 ||
		    !usage_same(&a->extra[i].usage, &b->extra[i].usage))
			return false;
	return true;
}

static bool texts_same(const struct reading *a, const struct reading *b)
{
	return !strcmp(a->model, b->model) && !strcmp(a->finish_raw, b->finish_raw) &&
	       !strcmp(a->error_type, b->error_type) && !strcmp(a->error_code, b->error_code) &&
	       !strcmp(a->error_message, b->error_message) &&
	       !strcmp(a->provider_cost, b->provider_cost) &&
	       !strcmp(a->provider_cost_fee, b->provider_cost_fee) &&
	       !strcmp(a->unknown_field, b->unknown_field) &&
	       !strcmp(a->upstream_request_id, b->upstream_request_id);
}

__attribute__((unused)) static bool readings_same(const struct reading *a, const struct reading *b)
{
	return a->provider == b->provider && a->api == b->api && a->stream == b->stream &&
	       a->http_status == b->http_status && a->state == b->state && a->finish == b->finish &&
	       a->has_error == b->has_error && usage_same(&a->usage, &b->usage) &&
	       !memcmp(a->tools, b->tools, sizeof a->tools) && a->images == b->images &&
	       a->web_search_queries == b->web_search_queries &&
	       a->web_search_preview == b->web_search_preview && a->grounded == b->grounded &&
	       a->tier == b->tier && a->fast == b->fast && a->us == b->us &&
	       a->text_bytes == b->text_bytes && a->unknown_events == b->unknown_events &&
	       a->dropped_events == b->dropped_events && extras_same(a, b) && texts_same(a, b);
}

#endif
