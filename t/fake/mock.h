/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mock - a mock provider: what its three parts share.
 *
 *	mockllm.c      command line, HTTP server, playing of answers
 *	mock_llm.c     answers as the providers would give them
 *	mock_script.c  answers that a test has ordered; what was asked, for a test to see
 *
 * Threads: one per connection; scripts and records are guarded inside mock_script.c
 */
#ifndef GW_T_FAKE_MOCK_H
#define GW_T_FAKE_MOCK_H

#include "util/buf.h"

enum { MOCK_BODY_MAX = 256 << 20 };

struct mock_request {
	char method[16];
	struct buf head; /* as received, with the empty line */
	struct buf body; /* as received, chunks undone */
	struct str path, query;
	unsigned number, generation; /* from 1; of mock_script.c */
};

/* Value of header @name, or STR_NULL. */
struct str mock_header(const struct mock_request *rq, const char *name);
/* Value of @key in a query string, escapes undone; false when absent or too long. */
bool mock_query(struct str query, const char *key, char *dst, size_t size);

enum mock_framing { FRAMING_AUTO, FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE };

enum mock_end {
	END_CLEAN,
	END_ABRUPT, /* close without the last chunk, or before the announced length */
	END_RESET,  /* the same with a TCP reset */
	END_STALL,  /* say no more until the client closes */
	END_NEVER   /* not even the head */
};

enum { MOCK_SIZES = 16 };

/* How an answer is made and sent. Zero is the normal way. */
struct mock_plan {
	unsigned head_delay_ms, delay_ms;
	bool delay_set;
	unsigned early; /* 1xx heads in front */
	bool hold_set;	/* what follows body byte @hold, or all with 0, waits for a release */
	size_t hold;
	unsigned releases; /* that there had been when it was ordered */
	size_t sizes[MOCK_SIZES];
	unsigned n_sizes; /* bytes per write, over and over; 0: as the answer was cut */
	bool after_set;
	size_t after; /* body bytes before @end happens */
	enum mock_end end;
	enum mock_framing framing;
	bool http10, gzip;
	struct buf headers; /* more of them, "Name: value\r\n" each */
	/* for answers made by mock_llm.c */
	int status;
	bool input_set, output_set;
	uint64_t input, output;
	size_t huge; /* bytes of one extra word */
};

struct mock_answer {
	struct buf status_line; /* "HTTP/1.1 200 OK" */
	struct buf headers;	/* "Name: value\r\n" each, without framing */
	struct buf body;
	size_t *cut; /* where writes end, ascending; the rest is one more write */
	size_t n_cut, cap_cut;
	bool stream; /* chunked unless the plan says otherwise */
};

void answer_init(struct mock_answer *a);
void answer_clear(struct mock_answer *a);
void answer_status(struct mock_answer *a, int status);
/* The next write begins here. */
void answer_cut(struct mock_answer *a);

/* ---- mock_llm.c ---- */

/* Answer as the provider would whose path this is. */
void llm_answer(const struct mock_request *rq, const struct mock_plan *plan, const char *key,
		struct mock_answer *a);

/* ---- mock_script.c ---- */

/* How the playing of an answer ended. */
struct mock_outcome {
	int status;
	uint64_t sent; /* body bytes */
	bool client_closed;
	int64_t after_ms; /* from the end of the request to the end of the answer */
};

/* @fixtures: where files are looked for; may be NULL. */
void script_init(const char *fixtures);
/* Order an answer as `POST /mock/next?@query` does. false: @why says what is wrong. */
bool script_order(struct str query, struct str body, char *why, size_t size);
/* Note a request and give it its number. */
void script_note(struct mock_request *rq);
/*
 * The plan for a request. True: @a holds the ordered answer; false: make one by the plan.
 * The plan's memory is the caller's to release (plan_clear).
 */
bool script_take(const struct mock_request *rq, struct mock_plan *plan, struct mock_answer *a);
void script_done(const struct mock_request *rq, const struct mock_outcome *o);
/* Has a test released what was ordered as @p says? */
bool script_released(const struct mock_plan *p);
void plan_clear(struct mock_plan *p);
/* Answer a request below /mock/. */
void script_admin(const struct mock_request *rq, struct mock_answer *a);
extern const char script_help[];

#endif
