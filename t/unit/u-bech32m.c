/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/bech32m.h"

#include "tap.h"
#include "vectors.h"

/* The address of a vector, whatever its length: shorter ones count from the right. */
static void address(struct vectors *vs)
{
	struct str want = vec_str(vs, "bech32"), hex = vec_bytes(vs, "hex");
	char text[BECH32M_MAX + 1];
	uint8_t back[32];

	bech32m_encode(text, "rooch", vec_u8(hex), hex.len);
	OK(hex.len == 32 && str_eq_c(want, text), "%s is written", vs->id);
	OK(bech32m_decode(back, 32, "rooch", want) && !memcmp(back, hex.p, 32), "%s is read",
	   vs->id);
}

static void decode(struct vectors *vs)
{
	struct str text = vec_str(vs, "text");
	uint8_t got[32];
	bool ok = bech32m_decode(got, 32, "rooch", text);

	if (vec_true(vs, "mustAccept"))
		OK(ok && !memcmp(got, vec_bytes(vs, "bytes").p, 32), "%s %s", vs->id,
		   vec_text(vs, "what"));
	else
		OK(!ok, "%s %s is refused", vs->id, vec_text(vs, "what"));
}

/* One wrong character anywhere is found, and so is any cut. */
static void every_change(void)
{
	char text[BECH32M_MAX + 1];
	uint8_t in[32], out[32];
	bool found = true;
	size_t len;
	struct str s;

	for (size_t i = 0; i < 32; i++)
		in[i] = (uint8_t)(i * 41);
	bech32m_encode(text, "rooch", in, 32);
	len = strlen(text);
	s = (struct str){ text, len };
	OK(len == 64 && bech32m_decode(out, 32, "rooch", s), "64 characters");
	for (size_t i = 0; i < len; i++) {
		char was = text[i];

		for (int c = 0; c < 256; c++) {
			text[i] = (char)c;
			if (c != was && bech32m_decode(out, 32, "rooch", s))
				found = false;
		}
		text[i] = was;
		if (bech32m_decode(out, 32, "rooch", str_sub(s, 0, i)))
			found = false;
	}
	OK(found, "a changed byte or a cut is found wherever it is");
	OK(!bech32m_decode(out, 31, "rooch", s) && !bech32m_decode(out, 32, "roocj", s),
	   "length and prefix count");
	bech32m_encode(text, "rooch", in, 20);
	OK(bech32m_decode(out, 20, "rooch", str_c(text)) && !memcmp(in, out, 20),
	   "20 bytes, without padding bits");
}

int main(void)
{
	struct vectors vs;

	vectors_open(&vs, "rooch-ids");
	while (vectors_next(&vs)) {
		if (vec_is(&vs, "kind", "address"))
			address(&vs);
		if (vec_is(&vs, "kind", "bech32m decode"))
			decode(&vs);
	}
	vectors_close(&vs);
	every_change();
	return TAP_END;
}
