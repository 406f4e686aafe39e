/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/bech32m.h"

#include <assert.h>

enum { CHECK = 6, CONSTANT = 0x2bc830a3 };

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t polymod(uint32_t c, unsigned value)
{
	static const uint32_t generator[5] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
					       0x2a1462b3 };
	uint32_t top = c >> 25;

	c = (c & 0x1ffffff) << 5 ^ value;
	for (int i = 0; i < 5; i++)
		if (top >> i & 1)
			c ^= generator[i];
	return c;
}

static uint32_t polymod_hrp(const char *hrp)
{
	uint32_t c = 1;

	for (const char *p = hrp; *p; p++)
		c = polymod(c, (unsigned)*p >> 5);
	c = polymod(c, 0);
	for (const char *p = hrp; *p; p++)
		c = polymod(c, (unsigned)*p & 31);
	return c;
}

void bech32m_encode(char out[BECH32M_MAX + 1], const char *hrp, const uint8_t *p, size_t n)
{
	uint32_t c = polymod_hrp(hrp), bits = 0;
	size_t len = strlen(hrp), n_values = (n * 8 + 4) / 5;
	unsigned n_bits = 0, value;

	assert(len + 1 + n_values + CHECK <= BECH32M_MAX);
	memcpy(out, hrp, len);
	out[len++] = '1';
	while (n_values--) {
		if (n_bits < 5) {
			bits = bits << 8 | (n ? *p++ : 0);
			n -= n ? 1 : 0;
			n_bits += 8;
		}
		n_bits -= 5;
		value = bits >> n_bits & 31;
		c = polymod(c, value);
		out[len++] = alphabet[value];
	}
	for (int i = 0; i < CHECK; i++)
		c = polymod(c, 0);
	c ^= CONSTANT;
	for (int i = CHECK - 1; i >= 0; i--)
		out[len++] = alphabet[c >> 5 * i & 31];
	out[len] = '\0';
}

/* @text in lower case; false when it has both cases, or is too long. */
static bool lower(char out[BECH32M_MAX], struct str text)
{
	bool has_upper = false, has_lower = false;

	if (text.len > BECH32M_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		bool upper = text.p[i] >= 'A' && text.p[i] <= 'Z';

		has_upper |= upper;
		has_lower |= text.p[i] >= 'a' && text.p[i] <= 'z';
		out[i] = (char)(upper ? text.p[i] | 0x20 : text.p[i]);
	}
	return !(has_upper && has_lower);
}

bool bech32m_decode(uint8_t *out, size_t n, const char *hrp, struct str text)
{
	size_t hrp_len = strlen(hrp), n_values = (n * 8 + 4) / 5;
	uint32_t c = polymod_hrp(hrp), bits = 0;
	char s[BECH32M_MAX] = { 0 }; /* clang-tidy 14 does not see that lower() fills it */
	unsigned n_bits = 0;
	const char *at;

	if (text.len != hrp_len + 1 + n_values + CHECK || !lower(s, text) ||
	    memcmp(s, hrp, hrp_len) != 0 || s[hrp_len] != '1')
		return false;
	for (size_t i = hrp_len + 1; i < text.len; i++) {
		at = s[i] ? strchr(alphabet, s[i]) : NULL;
		if (!at)
			return false;
		c = polymod(c, (unsigned)(at - alphabet));
		if (i >= text.len - CHECK)
			continue;
		bits = bits << 5 | (uint32_t)(at - alphabet);
		n_bits += 5;
		if (n_bits >= 8) {
			n_bits -= 8;
			*out++ = (uint8_t)(bits >> n_bits);
		}
	}
	return c == CONSTANT && !(bits & ((1u << n_bits) - 1));
}
