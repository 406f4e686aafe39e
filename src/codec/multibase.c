/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/multibase.h"

#include "util/secret.h"

/* ---- base64 ---- */

static const char base64_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Value of a character of either alphabet, else 64 or more. */
static unsigned base64_value(char c, const char *alphabet)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	return c == alphabet[62] ? 62 : c == alphabet[63] ? 63 : 64;
}

/*
 * Padding may be there or not in all four forms. Rule: protocol did-auth.md 1, "base64url details":
 * no other characters, no length of 1 modulo 4, left-over bits are zero.
 */
static bool base64_decode(struct str text, const char *alphabet, struct buf *out)
{
	uint32_t bits = 0;
	unsigned n_bits = 0, v;
	char *to;

	for (int i = 0; i < 2 && str_ends(text, "="); i++)
		text.len--;
	if (text.len % 4 == 1)
		return false;
	to = buf_room(out, text.len / 4 * 3 + text.len % 4 * 3 / 4);
	if (!to)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		v = base64_value(text.p[i], alphabet);
		if (v >= 64)
			return false;
		bits = bits << 6 | v;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			*to++ = (char)(bits >> n_bits);
		}
	}
	if (bits & ((1u << n_bits) - 1))
		return false;
	out->len = (size_t)(to - out->p);
	*to = '\0';
	return true;
}

bool multibase_encode_u(const void *p, size_t n, struct buf *out)
{
	const uint8_t *in = p;
	uint32_t bits = 0;
	unsigned n_bits = 0;
	char *to = n > SIZE_MAX / 2 ? NULL : buf_room(out, 1 + n / 3 * 4 + (n % 3 * 4 + 2) / 3);

	if (!to)
		return false;
	*to++ = 'u';
	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | in[i];
		for (n_bits += 8; n_bits >= 6;) {
			n_bits -= 6;
			*to++ = base64_url[bits >> n_bits & 63];
		}
	}
	if (n_bits)
		*to++ = base64_url[bits << (6 - n_bits) & 63];
	out->len = (size_t)(to - out->p);
	*to = '\0';
	return true;
}

/* ---- base58 ---- */

static const char base58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/* Multiply the @n digits at @d, of base @base, by @factor and add @carry; returns what is carried
 * out. */
static unsigned digits_push(uint8_t *d, size_t n, unsigned base, unsigned factor, unsigned carry)
{
	while (n--) {
		carry += d[n] * factor;
		d[n] = (uint8_t)(carry % base);
		carry /= base;
	}
	return carry;
}

/*
 * Convert @n big-endian digits of base @from to base @to; leading zeros stay as many as they are.
 * @out has room for @room digits; returns how many there are, or -1 when they do not fit. The
 * digits in use grow at the left of @out's end, so that the work is half of a square.
 */
static ptrdiff_t digits_convert(uint8_t *out, size_t room, unsigned to, const uint8_t *in, size_t n,
				unsigned from)
{
	size_t zeros = 0, used = 0;
	unsigned carry;

	while (zeros < n && !in[zeros])
		zeros++;
	for (size_t i = zeros; i < n; i++) {
		carry = digits_push(out + room - used, used, to, from, in[i]);
		for (; carry; carry /= to) {
			if (used == room)
				return -1;
			out[room - ++used] = (uint8_t)(carry % to);
		}
	}
	if (zeros > room - used)
		return -1;
	memmove(out + zeros, out + room - used, used);
	memset(out, 0, zeros);
	return (ptrdiff_t)(zeros + used);
}

/* The text's digits and the bytes are computed in memory that is wiped: private keys pass here. */
static bool base58_decode(struct str text, struct buf *out)
{
	struct buf work;
	uint8_t *in;
	char *to;
	const char *at;
	ptrdiff_t n = -1;
	size_t room = out->max - out->len;

	/* a digit stands for 0.73 bytes, or more: what cannot fit costs no work */
	if (text.len / 4 * 3 > room + room / 16 + 8)
		return false;
	if (room > text.len)
		room = text.len;
	to = buf_room(out, room);
	if (!to)
		return false;
	buf_init(&work, text.len);
	in = (uint8_t *)buf_room(&work, text.len);
	for (size_t i = 0; i < text.len; i++) {
		at = text.p[i] ? strchr(base58, text.p[i]) : NULL;
		if (!at)
			goto out;
		in[i] = (uint8_t)(at - base58);
	}
	n = digits_convert((uint8_t *)to, room, 256, in, text.len, 58);
	if (n >= 0)
		out->len += (size_t)n;
out:
	if (out->p)
		out->p[out->len] = '\0';
	secret_wipe(work.p, work.cap);
	buf_clear(&work);
	return n >= 0;
}

bool multibase_encode_z(const void *p, size_t n, struct buf *out)
{
	size_t room = n > SIZE_MAX / 4 ? SIZE_MAX : 1 + n / 8 * 11 + n % 8 * 11 / 8 + 1;
	struct buf work;
	uint8_t *digits;
	ptrdiff_t len;
	bool ok;

	buf_init(&work, room);
	if (room > out->max + 2 || !(digits = (uint8_t *)buf_room(&work, room))) {
		out->failed = true;
		return false;
	}
	len = digits_convert(digits, room, 58, p, n, 256);
	for (ptrdiff_t i = 0; i < len; i++)
		digits[i] = (uint8_t)base58[digits[i]];
	ok = len >= 0 && buf_room(out, (size_t)len + 1) && buf_add_byte(out, 'z') &&
	     buf_add(out, digits, (size_t)len);
	secret_wipe(work.p, work.cap);
	buf_clear(&work);
	return ok;
}

/* ---- base16 ---- */

static bool base16_decode(struct str text, struct buf *out)
{
	char *to;

	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] >= 'A' && text.p[i] <= 'F')
			return false;
	if (text.len % 2)
		return false;
	to = buf_room(out, text.len / 2);
	if (!to || !hex_decode((uint8_t *)to, text.len / 2, text))
		return false;
	out->len += text.len / 2;
	out->p[out->len] = '\0';
	return true;
}

/* ---- by prefix ---- */

bool multibase_decode_any(struct str text, struct buf *out)
{
	struct str rest = str_sub(text, 1, text.len);

	switch (text.len ? text.p[0] : '\0') {
	case 'u':
	case 'U':
		return base64_decode(rest, base64_url, out);
	case 'm':
	case 'M':
		return base64_decode(rest, base64_std, out);
	case 'z':
		return base58_decode(rest, out);
	case 'f':
		return base16_decode(rest, out);
	default:
		return false;
	}
}

bool multibase_decode_u(struct str text, struct buf *out)
{
	return str_starts(text, "u") && multibase_decode_any(text, out);
}

bool multibase_decode_z(struct str text, struct buf *out)
{
	return str_starts(text, "z") && multibase_decode_any(text, out);
}
