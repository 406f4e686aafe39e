/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jscan - read a few members out of a JSON text in place, without a tree and
 * without allocation.
 *
 * For texts that are too large or too frequent for a DOM: request bodies, stream
 * events. The text is checked once as a whole (jscan_check, or jwalk to its end);
 * the other functions take values of a checked text and never read outside it.
 * Strings keep their escapes until somebody asks for the text.
 *
 * Rule:    RFC 8259 (strict: one value, no BOM, no trailing bytes but blanks;
 *          escapes of lone surrogates are allowed by its grammar and accepted)
 * Layer:   codec; calls util
 * Threads: no shared state
 */
#ifndef GW_CODEC_JSCAN_H
#define GW_CODEC_JSCAN_H

#include "util/buf.h"

enum jtype { J_NONE, J_OBJECT, J_ARRAY, J_STRING, J_NUMBER, J_TRUE, J_FALSE, J_NULL };

/* A value: its type and its exact bytes in the text (strings with the quotes). */
struct jval {
	enum jtype type; /* J_NONE: absent */
	struct str raw;
};

/*
 * One pass that checks and reports as it goes, for readers that must see every
 * member wherever it stands. Nesting costs a bit per level, no recursion.
 */
enum { JSCAN_MAX_DEPTH = 4096 };
enum jstep { JSTEP_VALUE, JSTEP_OPEN, JSTEP_CLOSE, JSTEP_END, JSTEP_BAD };

struct jwalk {
	/* the step: valid after jwalk_next */
	struct str key; /* raw key of a member that is a value or opens; empty elsewhere */
	struct jval v;	/* VALUE: whole; OPEN: its type and first byte; CLOSE: its last byte */
	unsigned
	    depth; /* containers open around the step's value (for OPEN and CLOSE: around it) */
	const char *why; /* BAD: what is wrong at @p */
	const char *p, *start, *end;
	/* private */
	unsigned open, max_depth;
	unsigned char want;
	bool any_utf8;
	uint64_t objects[JSCAN_MAX_DEPTH / 64];
};
/* @max_depth is cut to JSCAN_MAX_DEPTH. */
void jwalk_init(struct jwalk *w, struct str text, unsigned max_depth, bool any_utf8);
/* After END or BAD it stays there. */
enum jstep jwalk_next(struct jwalk *w);
/* For BAD: fills @e (INVALID_JSON, byte offset named) and returns -1. */
int jwalk_fail(const struct jwalk *w, struct gw_err *e);

/*
 * Check @text: well-formed, nesting at most @max_depth, strings well-formed UTF-8
 * unless @any_utf8 (upstream texts are read leniently). On success @root is its value.
 * @e: INVALID_JSON with a sentence that names the byte offset.
 */
int jscan_check(struct str text, unsigned max_depth, bool any_utf8, struct jval *root,
		struct gw_err *e) GW_MUST_CHECK;

/* Members of an object or elements of an array, in order. Anything else: none. */
struct jiter {
	const char *p, *end;
	bool object;
};
void jiter_init(struct jiter *it, struct jval container);
/* @key: raw bytes between the quotes (empty for arrays). */
bool jiter_next(struct jiter *it, struct str *key, struct jval *v);
/* Does the raw @key (escapes resolved) equal @name? */
bool jscan_key_is(struct str key, const char *name);

/* Member @name of @object, the last one if repeated; type J_NONE if absent or not an object. */
struct jval jscan_get(struct jval object, const char *name);
/* Follow names down: jscan_path(v, "usage", "prompt_tokens", (char *)NULL) */
struct jval jscan_path(struct jval v, ...) __attribute__((sentinel));

bool jval_is_null(struct jval v); /* absent or null */
/* A number that is an integer 0..2^64-1 in whatever spelling (120, 1.2e2, 120.0); else false. */
bool jval_u64(struct jval v, uint64_t *out);
/* String, escapes resolved, appended to @b (lone surrogates become U+FFFD); false: not a string or
 * too long. */
bool jval_text(struct jval v, struct buf *b);
/* The same into a fixed buffer with NUL; false when it does not fit or holds NUL. */
bool jval_copy(struct jval v, char *dst, size_t size);
bool jval_str_eq(struct jval v, const char *z);
/* Bytes that the text has with its escapes resolved, as UTF-8; 0 when not a string. */
uint64_t jval_text_len(struct jval v);

#endif
