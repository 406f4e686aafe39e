/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/str.h"

struct str str_c(const char *z)
{
	return z ? (struct str){ z, strlen(z) } : STR_NULL;
}

bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (!a.len || !memcmp(a.p, b.p, a.len));
}

bool str_eq_c(struct str a, const char *z)
{
	return str_eq(a, str_c(z));
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_caseeq_c(struct str a, const char *z)
{
	struct str b = str_c(z);

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool str_starts(struct str a, const char *z)
{
	size_t n = strlen(z);

	return a.len >= n && !memcmp(a.p ? a.p : "", z, n);
}

bool str_ends(struct str a, const char *z)
{
	size_t n = strlen(z);

	return a.len >= n && (!n || !memcmp(a.p + a.len - n, z, n));
}

bool str_has(struct str a, const char *z)
{
	return a.len && memmem(a.p, a.len, z, strlen(z));
}

ptrdiff_t str_find(struct str a, char c)
{
	const char *q = a.len ? memchr(a.p, c, a.len) : NULL;

	return q ? q - a.p : -1;
}

struct str str_sub(struct str a, size_t from, size_t len)
{
	if (from > a.len)
		from = a.len;
	if (len > a.len - from)
		len = a.len - from;
	return (struct str){ a.p ? a.p + from : NULL, len };
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str a)
{
	while (a.len && blank(a.p[0])) {
		a.p++;
		a.len--;
	}
	while (a.len && blank(a.p[a.len - 1]))
		a.len--;
	return a;
}

bool str_u64(struct str a, uint64_t *out)
{
	uint64_t v = 0;

	if (!a.len || a.len > 20)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (a.p[i] < '0' || a.p[i] > '9')
			return false;
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(a.p[i] - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}

bool str_visible(struct str a, size_t max)
{
	if (!a.len || a.len > max)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (a.p[i] < 0x21 || a.p[i] > 0x7e)
			return false;
	return true;
}

bool str_copy(char *dst, size_t size, struct str a)
{
	if (a.len >= size || (a.len && memchr(a.p, 0, a.len)))
		return false;
	if (a.len)
		memcpy(dst, a.p, a.len);
	dst[a.len] = '\0';
	return true;
}

bool str_utf8(struct str a)
{
	const uint8_t *p = (const uint8_t *)a.p, *end = p + a.len;

	while (p < end) {
		uint8_t c = *p;
		uint32_t v;
		size_t n;

		if (c < 0x80) {
			p++;
			continue;
		}
		if (c >= 0xc2 && c <= 0xdf) {
			n = 1;
			v = c & 0x1fu;
		} else if (c >= 0xe0 && c <= 0xef) {
			n = 2;
			v = c & 0x0fu;
		} else if (c >= 0xf0 && c <= 0xf4) {
			n = 3;
			v = c & 0x07u;
		} else {
			return false;
		}
		if ((size_t)(end - p) <= n)
			return false;
		for (size_t i = 1; i <= n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return false;
			v = v << 6 | (p[i] & 0x3fu);
		}
		if ((n == 2 && v < 0x800) || (n == 3 && (v < 0x10000 || v > 0x10ffff)) ||
		    (v >= 0xd800 && v <= 0xdfff))
			return false;
		p += n + 1;
	}
	return true;
}

size_t utf8_put(char out[4], uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

void hex_encode(char *dst, const uint8_t *src, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		dst[2 * i] = digits[src[i] >> 4];
		dst[2 * i + 1] = digits[src[i] & 15];
	}
	dst[2 * n] = '\0';
}

static int digit(char c)
{
	unsigned n = (unsigned)(unsigned char)c - '0', letter = ((unsigned char)c | 0x20u) - 'a';

	return n < 10 ? (int)n : letter < 6 ? (int)letter + 10 : -1;
}

bool hex_decode(uint8_t *dst, size_t n, struct str hex)
{
	if (hex.len != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int a = digit(hex.p[2 * i]), b = digit(hex.p[2 * i + 1]);

		if (a < 0 || b < 0)
			return false;
		dst[i] = (uint8_t)(a << 4 | b);
	}
	return true;
}
