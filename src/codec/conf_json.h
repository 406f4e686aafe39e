/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf_json - read a configuration file: one JSON object, its members in order, each with the
 * line where it stands.
 *
 * The text is parsed strictly (no duplicate members, no trailing bytes). A value that is not a
 * string is also handed out as its own bytes, so that numbers keep their digits.
 *
 * Layer:   codec; calls util
 * Threads: no shared state
 */
#ifndef GW_CODEC_CONF_JSON_H
#define GW_CODEC_CONF_JSON_H

#include "util/str.h"

enum conf_json_kind {
	CONF_JSON_STRING,
	CONF_JSON_INTEGER, /* digits, perhaps with a minus */
	CONF_JSON_REAL,
	CONF_JSON_BOOL,
	CONF_JSON_NULL,
	CONF_JSON_TEXTS, /* an array that holds strings only */
	CONF_JSON_OBJECT,
	CONF_JSON_OTHER /* any other array */
};
const char *conf_json_kind_name(enum conf_json_kind k); /* "a string", "true or false", ... */

struct conf_json_member {
	const char *key; /* without escapes */
	unsigned line;	 /* of the key, from 1 */
	enum conf_json_kind kind;
	struct str text;	 /* strings: without escapes; else the bytes in the file */
	struct str *item;	 /* CONF_JSON_TEXTS */
	unsigned n_item;
};

/*
 * Call @each for every member of the object in @text; everything lent lives until it returns.
 * @each reports its own findings. CONFIG with "@name:LINE: ..." when the text is not such an object.
 */
int conf_json_read(struct str text, const char *name,
		   void (*each)(void *arg, const struct conf_json_member *m), void *arg, struct gw_err *e)
	GW_MUST_CHECK;

/* Is @text one JSON object? @why: what is wrong, with the line where there are several. */
bool conf_json_is_object(struct str text, char *why, size_t size);

#endif
