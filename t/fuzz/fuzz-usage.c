/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of all providers: what is read does not depend on how the bytes are cut into reads, and
 * memory stays in its bounds.
 *
 * Byte 1: provider and API; byte 2: media type and how the body ended; then the body, whose first
 * bytes also give the sizes of reads.
 */
#include "config.h"

#include "provider/meter.h"

#include "../unit/readings.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const enum api apis[] = { API_UNKNOWN,  API_CHAT,	   API_RESPONSES, API_MESSAGES,
				 API_GENERATE, API_TRANSCRIPTIONS, API_IMAGES,	  API_COMPLETIONS };
static const char *const types[] = { "text/event-stream", "application/json", NULL, "text/plain" };

static void read_in(struct meter *m, const uint8_t *how, struct str body, bool cut)
{
	const struct meter_options o = {
		.provider = (enum provider_id)(how[0] % PROVIDER_COUNT),
		.api = apis[how[0] / 8 % 8],
		.max_event = 1 << 14,
		.max_body = 1 << 15,
	};
	const char *type = types[how[1] % 4];
	size_t step, i = 0;

	meter_reset(m, &o);
	meter_status(m, how[1] & 64 ? 429 : 200);
	if (type)
		meter_header(m, STR_LIT("content-type"), str_c(type));
	meter_head_end(m);
	for (size_t at = 0; at < body.len; at += step) {
		step = cut ? (unsigned char)body.p[i++ % 7 % body.len] % 29u + 1 : body.len;
		step = str_sub(body, at, step).len;
		meter_feed(m, body.p + at, step);
	}
	meter_end(m, how[1] & 32);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct meter_options o = { .provider = PROVIDER_OPENAI };
	struct reading whole;
	struct meter *m;
	struct str body;

	if (n < 2)
		return 0;
	body = (struct str){ (const char *)p + 2, n - 2 };
	m = meter_new(&o);
	read_in(m, p, body, false);
	whole = *meter_reading(m);
	read_in(m, p, body, true);
	if (!readings_same(&whole, meter_reading(m)))
		abort();
	meter_free(m);
	return 0;
}
