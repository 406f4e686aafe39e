/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwrite - write JSON text member by member into a buffer.
 *
 * Commas, quotes and escapes are this module's business; the order of members is the
 * caller's. Overflow shows as the buffer's failed flag, so a whole document is checked once.
 *
 * Rule:    RFC 8259
 * Layer:   codec; calls util
 * Threads: no shared state
 */
#ifndef GW_CODEC_JWRITE_H
#define GW_CODEC_JWRITE_H

#include "util/buf.h"

struct jwrite {
	struct buf *b; /* borrowed */
	unsigned depth;
	bool comma, named, pretty;
};

/* @pretty: one member per line, for people; else no blanks at all. */
void jwrite_init(struct jwrite *w, struct buf *b, bool pretty);

/* @key names the member; NULL for elements of arrays and for the outermost value. */
void jwrite_object(struct jwrite *w, const char *key);
void jwrite_object_end(struct jwrite *w);
void jwrite_array(struct jwrite *w, const char *key);
void jwrite_array_end(struct jwrite *w);
/* Bytes from outside: ill-formed UTF-8 becomes U+FFFD. */
void jwrite_str(struct jwrite *w, const char *key, struct str s);
void jwrite_text(struct jwrite *w, const char *key, const char *z); /* NULL: null */
void jwrite_u64(struct jwrite *w, const char *key, uint64_t v);
void jwrite_i64(struct jwrite *w, const char *key, int64_t v);
void jwrite_bool(struct jwrite *w, const char *key, bool v);
void jwrite_null(struct jwrite *w, const char *key);
/* @json is a value already written as JSON. */
void jwrite_raw(struct jwrite *w, const char *key, struct str json);
/* Lower-case hex with 0x in front, as a string. */
void jwrite_hex(struct jwrite *w, const char *key, const uint8_t *p, size_t n);
/* A member whose name comes from outside: the next value is called with key NULL. */
void jwrite_name(struct jwrite *w, struct str name);

#endif
