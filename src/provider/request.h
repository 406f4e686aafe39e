/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - the state while a request body is read, for the functions of the providers that judge
 * it at the end. Inside src/provider/ only.
 *
 * Rule:    protocol gateway.md 4; design.md 9
 * Layer:   provider
 * Threads: one reader belongs to one thread
 */
#ifndef GW_PROVIDER_REQUEST_H
#define GW_PROVIDER_REQUEST_H

#include "codec/jscan.h"
#include "provider/rules.h"

enum { REQUEST_MODEL_MAX = 256 };

/* A value of the body, by its place in the bytes. */
struct request_span {
	enum jtype type; /* J_NONE: not there */
	size_t at, len;
};

/* Beyond so many levels nothing has a meaning for us. */
enum { REQUEST_FRAMES = 24 };
struct request_frame {
	const struct member_rule *rule; /* of the member it is the value of */
	enum request_place place;
	bool array, any; /* any: it has a member */
	bool base64, image_call, medium;
	uint64_t seen;	/* rules that were met, for duplicates */
	uint32_t facts; /* and what they mean */
	uint64_t data;	/* bytes of which the end of the object says what they are */
};

struct request_reader {
	const struct route *route;
	const struct body_grammar *grammar;
	struct arena *arena;
	struct request_view *v;
	struct jwalk w;
	struct request_frame frame[REQUEST_FRAMES];
	/* for the edits */
	struct request_span cap, forced, flag;
	bool forced_any; /* the forced object has members */
	size_t end;	 /* of the root object: where its last brace stands */
	uint64_t before_prediction; /* bytes of text in front of it */
};

/* What the member means. For containers @v has the type and the first byte only. */
int request_take_fact(struct request_reader *q, struct request_frame *f,
		      const struct member_rule *rule, struct jval v,
		      struct gw_err *e) GW_MUST_CHECK;
/* At the end of an object: was its data a medium or text? */
void request_end_frame(struct request_reader *q, struct request_frame *f);
/* A tool of kind @t is offered to the model. */
void request_add_tool(struct request_view *v, enum tool_kind t);
/* Bytes of a string with its escapes resolved. */
uint64_t request_text_len(struct jval v);

/* Put @insert in the place of the value @s. */
void request_replace(struct request_reader *q, struct request_span s, struct str insert);
/* Put @member (with a comma in front) behind the last member of the root object. */
void request_append(struct request_reader *q, struct str member);
/* "name":{"flag":true}, in whatever state the client left the two. */
struct forced_member {
	const char *name;
	/* behind the other members; for its value; for the flag with others behind it, and alone */
	const char *append, *replace, *insert, *insert_only;
};
int request_force(struct request_reader *q, const struct forced_member *m,
		  struct gw_err *e) GW_MUST_CHECK;

#endif
