/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recording - an upstream's answer in a file, as it came over the wire, with what is needed to
 * read it: the "#!" lines in front of the status line.
 *
 *	#! provider: openai            #! request: POST /v1/responses    #! request-model: gpt-4o
 *	#! date: 2026-10-06            #! end: clean | abrupt            #! feed: 1,7
 *
 * Head lines end with LF (CR LF is taken too); after the first empty line comes the body, every
 * byte as it was.
 *
 * Rule:    providers/fixtures "NAME.http"
 * Layer:   provider; calls util
 * Threads: no shared state
 */
#ifndef GW_PROVIDER_RECORDING_H
#define GW_PROVIDER_RECORDING_H

#include "provider/meter.h"

/* Views into the file; an absent line is empty. */
struct recording {
	struct str provider, method, path, request_model, date, feed;
	bool directives; /* at least one "#!" line */
	bool abrupt;
	int status;
	struct str headers; /* lines */
	struct str body;
};

/* BAD_REQUEST: what is wrong, with the line. */
int recording_read(struct recording *out, struct str file, struct gw_err *e) GW_MUST_CHECK;
/* What was asked, by the path; UNKNOWN without one, or for one that is none of ours. */
enum api recording_api(const struct recording *r);
/* The model of the path (Gemini), or empty. */
struct str recording_path_model(const struct recording *r);

/*
 * Let @m read it: head, body, end. @sizes: of the reads, "1,7" for 1, 7, 1, 7...; empty: one read.
 * BAD_REQUEST: @sizes is no such list; then nothing was read.
 */
int recording_play(const struct recording *r, struct meter *m, struct str sizes,
		   struct gw_err *e) GW_MUST_CHECK;

#endif
