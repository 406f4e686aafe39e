/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange - one request of a provider's route on its way through the gateway. Inside of pipeline/:
 *
 *	proxy.c    the order of things (design.md 3)
 *	admit.c    T1, and T1 again while prices change or the sub-channel is busy
 *	forward.c  the upstream call: bytes to the client and to the meter
 *	settle.c   what it cost, T2
 *	answer.c   refusals, held answers, the tail of streams
 *
 * Layer:   pipeline
 * Threads: one exchange belongs to one thread, which keeps it for its next request; while that waits for
 *          the upstream call, the callbacks of forward.c run on the pool's thread (upstream.h)
 */
#ifndef GW_PIPELINE_EXCHANGE_H
#define GW_PIPELINE_EXCHANGE_H

#include "billing/cost.h"
#include "pipeline/gateway.h"
#include "provider/meter.h"
#include "store/usage_rows.h"

enum {
	HELD_MAX = 64 << 20, /* of an answer that is held until it is billed; beyond: it goes out */
	READ_MAX = 64 << 10, /* more than one piece of it that libcurl brings */
	KEEP_BYTES = 64 << 10, /* of a buffer that a thread keeps for its next request */
	ANSWER_HEADERS = 64
};

struct answer_header {
	struct str name, value; /* in the arena */
};

struct exchange {
	struct gateway *g;
	struct http_request *rq;
	struct http_reply *rp;
	const struct conf *conf;

	/* 1 to 3: what is asked */
	struct did_auth auth;
	struct route route;
	const char *allow;
	struct buf body;
	struct request_view view;
	struct price_set *prices;
	struct cost_request cost_request;
	struct picousd bound;
	char day[16];
	/* What the pipeline refuses after T1; code OK: nothing. @shape: how it looks. */
	struct gw_err refusal;
	enum error_shape shape;

	/* payment; only where g->payments is set */
	bool has_payment; /* payment_begin was called, and the answer tells of it */
	struct payment payment;

	/* 4 T1 */
	bool priced;	   /* the prices were asked, whatever they said */
	bool stale_prices; /* they are no longer those of the store */
	bool admitted;	   /* T2 is owed */
	int64_t usage_id;  /* 0: no row */

	/* 5 and 6 */
	struct meter *meter;
	struct answer_header *header; /* ANSWER_HEADERS of them, in the arena */
	unsigned n_header;
	struct str content_type;
	int upstream_status;
	bool sse, ndjson; /* by the answer's content type */
	bool passing;	  /* bytes go to the client as they come; so does the head with the first */
	bool cut;	  /* we ended it: the process has to stop */
	bool drain;	  /* policy when the client has left */
	int64_t gone_ms, first_byte_ms; /* monotonic, wall; 0 none */
	char last[2];			/* bytes of what was passed, to know where an event ends */
	bool waits;			/* [DONE] is gathered, for the frame to go out with it */
	unsigned waited;		/* ticks since */
	struct buf held;
	struct upstream_result up;
	bool called; /* the upstream call was made */

	/* 7 and 8 */
	struct cost *cost; /* in the arena; NULL: nothing was billed */
	enum usage_outcome outcome;
	struct gw_err failure; /* of the upstream, or of T2; OK: none */
};

/* admit.c. 0: admitted (or refused with x->refusal set, the writes stand). -1: @e, nothing stands. */
int exchange_admit(struct exchange *x, struct gw_err *e) GW_MUST_CHECK;
/* Bound of the cost with the prices of now; MODEL_NOT_SUPPORTED and others. */
int exchange_bound(struct exchange *x, struct gw_err *e) GW_MUST_CHECK;
struct cost_options exchange_cost_options(const struct exchange *x, struct str model);

/* forward.c. Fills up, held, outcome, failure. */
void exchange_forward(struct exchange *x);

/* settle.c. Bills and finishes the row; on failure x->failure is set. */
void exchange_settle(struct exchange *x);

/* answer.c */
/* What a client gets for a status of the upstream. */
int exchange_status(int upstream_status);
void exchange_refuse(struct exchange *x, const struct gw_err *e, enum error_shape shape);
/* Before a head goes out: headers of the upstream that may pass. */
void exchange_pass_headers(struct exchange *x);
/* The head of an answer that is passed, unless it went out. false: the client has left. */
bool exchange_begin(struct exchange *x);
/* After T2: the held answer, or what ends the stream. */
void exchange_answer(struct exchange *x);

#endif
