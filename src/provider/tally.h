/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally - what the readers of one answer share: the meter's inside, running totals that are merged
 * and never added, members of an event found in one pass.
 *
 * Only for meter.c and the usage_*.c files, one per wire format. A reader takes what an event
 * tells and leaves the rest alone: nothing in here can fail.
 *
 * Rule:    providers/README.md "Usage: one rule for all formats"
 * Layer:   provider; calls billing (reading), codec, util
 * Threads: one meter belongs to one thread
 */
#ifndef GW_PROVIDER_TALLY_H
#define GW_PROVIDER_TALLY_H

#include "codec/jarray.h"
#include "codec/jscan.h"
#include "codec/sse.h"
#include "provider/memo.h"
#include "provider/meter.h"

/* ---- members of an event ---- */

enum { EVENT_MEMBERS = 16 };
struct member_name {
	const char *z;
	size_t len;
};
#define MEMBER(name) \
	{ \
		"" name, sizeof(name) - 1 \
	}

/* One wire format. */
struct wire {
	const struct member_name *names; /* of the members that its reader wants */
	unsigned n_names;
	/* One whole JSON object: an event (@name may be empty), an element of an array, a body. */
	void (*event)(struct meter *m, struct str name, const struct jval *v);
	void (*body)(struct meter *m, const struct jval *v);
	void (*dropped)(struct meter *m, struct str name); /* an event too large to read; or NULL */
	void (*fold)(struct meter *m); /* the running totals into reading.usage and the like */
	bool done_mark;		       /* [DONE] is the normal end */
	bool finish_is_end;	       /* so is the announced end of the body after a finish mark */
};
extern const struct wire wire_openai, wire_responses, wire_claude, wire_gemini;

/*
 * The members of the object @text in one pass, by the names of @w; absent ones are J_NONE. false:
 * @text is no JSON object, and @out means nothing.
 */
bool members_read(const struct wire *w, struct str text, struct jval out[EVENT_MEMBERS]);

/*
 * The members of an object in order, for loops that compare their names often: escapes in a name
 * are resolved once.
 */
struct member_iter {
	struct jiter it;
	char plain[64];
};
void member_start(struct member_iter *i, struct jval object);
bool member_next(struct member_iter *i, struct str *key, struct jval *v);
/* Elements of an array; anything else has none. */
void array_start(struct jiter *it, struct jval array);
bool array_next(struct jiter *it, struct jval *v);
#define KEY_IS(key, name) \
	((key).len == sizeof("" name) - 1 && !memcmp((key).p, name, sizeof(name) - 1))

/* ---- running totals ---- */

/* Values that were met, by hash: to count distinct ones in bounded memory. */
enum { SEEN_MAX = 64 };
struct seen {
	uint64_t hash[SEEN_MAX];
	unsigned n;
};
/* Is @s met for the first time? Beyond SEEN_MAX everything is. @salt keeps kinds apart. */
bool seen_first(struct seen *s, uint64_t salt, struct str text);

struct openai_details {
	uint64_t text, cached, written, created, audio, image, cached_audio, cached_image, reasoning;
};
struct openai_totals {
	uint64_t prompt, completion, other;
	uint64_t cache_read, cache_creation; /* LiteLLM has them here as well */
	uint64_t audio_ms;
	struct openai_details in, out;
};

struct claude_totals {
	uint64_t input, read, creation, output, thinking;
	uint64_t lifetime_5m, lifetime_1h;
	uint64_t searches, fetches;
	uint64_t started[TOOL_COUNT]; /* blocks of server tools, for answers that broke off */
	bool has_server_tools;
};

struct modalities {
	uint64_t audio, image, sum;
};
struct gemini_totals {
	uint64_t prompt, cached, candidates, thoughts, tool_prompt, total;
	struct modalities prompt_by, cached_by, candidates_by, tool_by;
	bool tier_by_header;
};

enum { AMOUNT_TEXT = 64 };
struct stated {
	char cost[AMOUNT_TEXT], header[AMOUNT_TEXT];
	bool own_key;
	char upstream[AMOUNT_TEXT], upstream_prompt[AMOUNT_TEXT], upstream_completion[AMOUNT_TEXT];
};

enum meter_mode {
	METER_UNDECIDED, /* the first byte will tell */
	METER_SSE,
	METER_LINES,
	METER_ARRAY,
	METER_BODY,
	METER_IGNORE /* nothing in it is read */
};
enum content_kind {
	CONTENT_UNKNOWN,
	CONTENT_SSE,
	CONTENT_LINES,
	CONTENT_JSON,
	CONTENT_TEXT,
	CONTENT_MEDIA
};

struct meter {
	struct reading r;
	const struct wire *wire;
	struct jval event; /* the object that is being read */
	enum meter_mode mode;
	enum content_kind content;
	size_t max_event, max_body;
	bool finished; /* the finish mark was seen */
	bool ended;    /* the format's own end was seen */
	bool pending;  /* work goes on in the background */
	bool cancelled;
	bool refused;	       /* the model said so, whatever the finish mark */
	bool usage_seen;       /* with something in it */
	bool usage_final;      /* it came together with or after the finish mark */
	bool dropped_since;    /* an event that was too large came after the last usage */
	bool unreadable;       /* the last usage has a count that is none: a lower bound */
	uint64_t finish_index; /* of the choice whose finish is told */
	bool requested_us;
	char tier[24]; /* as last told */
	union {
		struct openai_totals openai;
		struct claude_totals claude;
		struct gemini_totals gemini;
	} t;
	struct stated stated;
	struct seen seen;
	struct jval text; /* of the event: the string that was delivered */
	unsigned texts;	  /* how many there were */
	bool told_more;	  /* the event tells something besides */
	struct memo memo;
	struct buf data; /* of the event, the line, the element or the body being gathered */
	bool line_lost;	 /* it was too large */
	struct sse sse;
	struct jarray array;
};

uint64_t add_sat(uint64_t a, uint64_t b);
/* A later count replaces an earlier one; zero never replaces a positive one. */
void merge_count(uint64_t *total, struct jval v);
/* A positive count, else 0. */
uint64_t count_of(struct jval v);
/* A block of counts that is all zero replaces nothing; any other replaces the earlier one whole. */
bool all_zero(const void *block, size_t size);

/* The usage object @usage was read into the totals: fold them, if it counts anything. */
void usage_noted(struct meter *m, struct jval usage);
/* A member of a usage object that nobody knows: noted if it counts something. */
void note_unknown(struct meter *m, struct str key, struct jval v);
void note_unknown_c(struct meter *m, const char *field);

/* The part of a whole; where it exceeds it, both are charged. Returns the whole. */
uint64_t whole_of(struct meter *m, uint64_t whole, uint64_t part);

/* ---- the rest of a reading ---- */

/* Text @v into @dst unless it is there already; true when it changed. Too long, or no text: no. */
bool set_text(char *dst, size_t size, struct jval v);
/* The same, cut where it is too long; a number as its digits. */
void cut_text(char *dst, size_t size, struct jval v);
void text_delivered(struct meter *m, uint64_t bytes);
/* The same for a string of the event; text_seen for one whose bytes are counted elsewhere. */
void text_event(struct meter *m, struct jval v);
void text_seen(struct meter *m, struct jval v);
/* The event told nothing else that matters: remember its shape, if it was one text. */
void text_keep(struct meter *m, struct jval noise, struct jval number);

struct word {
	const char *z;
	enum reading_finish finish;
};
/* The finish mark @v of choice @index, translated by @words (ends with NULL; others are OTHER). */
void finish_noted(struct meter *m, uint64_t index, struct jval v, const struct word *words);
void finish_set(struct meter *m, enum reading_finish f, const char *raw);

/* An error inside the answer. @object: {type, code, message} or as Gemini has it; or a text. */
void error_noted(struct meter *m, struct jval object);
/* One that is told in plain words. */
void error_text(struct meter *m, struct str text);
void tier_noted(struct meter *m, struct jval v);
void tier_named(struct meter *m, struct str name);

/* ---- usage_openai.c, for the others ---- */

void openai_usage_read(struct meter *m, struct jval usage, bool responses);
void openai_fold(struct meter *m);
/* {input_tokens, ...} of another model's work. */
void openai_extra_usage(struct usage *out, struct jval usage);

/* ---- stated.c: amounts that OpenRouter and LiteLLM state ---- */

/* A member of a usage object; false: it is none of those. */
bool stated_member(struct meter *m, struct str key, struct jval v);
void stated_header(struct meter *m, struct str name, struct str value);
void stated_fold(struct meter *m);

#endif
