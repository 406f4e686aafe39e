/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply - read a model's answer, whole or streamed, in the form of any of the five providers.
 *
 * Text is handed on as it comes.
 *
 * Rule:    providers/README.md
 * Layer:   client; calls codec, util
 * Threads: no shared state
 */
#ifndef GW_CLIENT_REPLY_H
#define GW_CLIENT_REPLY_H

#include "codec/jscan.h"
#include "codec/sse.h"

enum reply_form { REPLY_OPENAI, REPLY_CLAUDE, REPLY_GEMINI };

struct reply {
	/* set by the caller before reply_init */
	enum reply_form form;
	void (*on_text)(void *arg, struct str text);
	void *arg;

	/* what was found */
	bool finished; /* the provider's own end was seen */
	bool has_input, has_output;
	uint64_t input, output;			 /* tokens */
	char cost_usd[64];			 /* as the provider wrote it; "" none */
	char error_code[96], error_message[512]; /* "" none */

	bool streamed;
	struct sse sse;
	struct buf whole, text; /* of an answer that is not streamed; of one piece */
};

void reply_init(struct reply *r);
void reply_clear(struct reply *r);
/* At the head: its status and content type. */
void reply_begin(struct reply *r, int status, struct str content_type);
/* false: the answer is larger than it may be. */
bool reply_feed(struct reply *r, const char *p, size_t n);
void reply_end(struct reply *r);

#endif
