/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vectors - walk through the vectors of t/vectors/NAME.json and read their members.
 *
 *	struct vectors vs;
 *	vectors_open(&vs, "keys");
 *	while (vectors_next(&vs))
 *		... vec_text(&vs, "what") ...
 *	vectors_close(&vs);
 *
 * Texts and bytes live until vectors_close. A member that is not there ends the test program.
 */
#ifndef GW_T_VECTORS_H
#define GW_T_VECTORS_H

#include "codec/jscan.h"
#include "util/arena.h"
#include "util/file.h"

struct vectors {
	struct secret file;
	struct jiter at;
	struct jval v; /* the vector */
	struct arena *texts; /* shared by copies of this struct */
	const char *id;
};

__attribute__((unused, noreturn)) static void vec_die(const struct vectors *vs, const char *what)
{
	printf("Bail out! %s: %s\n", vs->id ? vs->id : "vectors", what);
	exit(1);
}

/* A string with its escapes resolved; the view ends with NUL. */
__attribute__((unused)) static struct str vec_str_of(struct vectors *vs, struct jval v,
						     const char *name)
{
	struct buf b;
	struct str s;

	buf_init(&b, 1 << 24);
	if (!jval_text(v, &b))
		vec_die(vs, name);
	s = arena_dup(vs->texts, buf_str(&b));
	if (!s.p)
		vec_die(vs, "too much text");
	buf_clear(&b);
	return s;
}

__attribute__((unused)) static struct str vec_str(struct vectors *vs, const char *name)
{
	return vec_str_of(vs, jscan_get(vs->v, name), name);
}

__attribute__((unused)) static const char *vec_text(struct vectors *vs, const char *name)
{
	return vec_str(vs, name).p;
}

__attribute__((unused)) static bool vec_is(struct vectors *vs, const char *name, const char *text)
{
	return jval_str_eq(jscan_get(vs->v, name), text);
}

__attribute__((unused)) static bool vec_has(struct vectors *vs, const char *name)
{
	return !jval_is_null(jscan_get(vs->v, name));
}

__attribute__((unused)) static bool vec_true(struct vectors *vs, const char *name)
{
	return jscan_get(vs->v, name).type == J_TRUE;
}

/* Hex, with 0x or without, as bytes. */
__attribute__((unused)) static struct str vec_bytes(struct vectors *vs, const char *name)
{
	struct str hex = vec_str(vs, name), out;

	if (str_starts(hex, "0x"))
		hex = str_sub(hex, 2, hex.len);
	out = arena_dup(vs->texts, str_sub(hex, 0, hex.len / 2));
	/* arena memory is ours to write */
	if (hex.len % 2 || !out.p || !hex_decode((uint8_t *)(uintptr_t)out.p, out.len, hex))
		vec_die(vs, name);
	return out;
}

__attribute__((unused)) static const uint8_t *vec_u8(struct str bytes)
{
	return (const uint8_t *)bytes.p;
}

__attribute__((unused)) static void vectors_open(struct vectors *vs, const char *name)
{
	const char *dir = getenv("GW_SRCDIR");
	char path[1024];
	struct jval root;
	struct stat st;
	struct gw_err e;

	*vs = (struct vectors){ .id = name };
	vs->texts = malloc(sizeof *vs->texts);
	if (!vs->texts)
		abort();
	arena_init(vs->texts, 1 << 28);
	snprintf(path, sizeof path, "%s/t/vectors/%s.json", dir ? dir : ".", name);
	if (file_read(path, 1 << 26, &vs->file, &st))
		vec_die(vs, "cannot be read; is GW_SRCDIR set?");
	if (jscan_check(secret_reveal(&vs->file), 64, false, &root, &e))
		vec_die(vs, e.pub);
	jiter_init(&vs->at, jscan_get(root, "vectors"));
}

__attribute__((unused)) static bool vectors_next(struct vectors *vs)
{
	struct str key;

	if (!jiter_next(&vs->at, &key, &vs->v))
		return false;
	vs->id = "a vector";
	vs->id = vec_text(vs, "id");
	return true;
}

__attribute__((unused)) static void vectors_close(struct vectors *vs)
{
	arena_free(vs->texts);
	free(vs->texts);
	secret_clear(&vs->file);
}

#endif
