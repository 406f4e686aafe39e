/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/multibase.h"

#include "tap.h"
#include "vectors.h"

typedef bool decode_fn(struct str text, struct buf *out);

/* @want: hex, or NULL for refused. */
static bool decodes(decode_fn *decode, struct str text, const struct str *want)
{
	struct buf b;
	bool ok;

	buf_init(&b, 1024);
	buf_add_c(&b, "before");
	if (want)
		ok = decode(text, &b) && b.len == 6 + want->len &&
		     str_eq(str_sub(buf_str(&b), 6, b.len), *want) && b.p[b.len] == '\0';
	else
		ok = !decode(text, &b) && str_eq_c(buf_str(&b), "before") && b.p[b.len] == '\0';
	buf_clear(&b);
	return ok;
}

static void both_ways(struct vectors *vs)
{
	struct str bytes = vec_bytes(vs, "bytes"), text = vec_str(vs, "text");
	bool u = str_starts(text, "u"), z = str_starts(text, "z");
	struct buf b;

	OK(decodes(multibase_decode_any, text, &bytes), "%s generic", vs->id);
	OK(decodes(multibase_decode_u, text, u ? &bytes : NULL), "%s base64url only", vs->id);
	OK(decodes(multibase_decode_z, text, z ? &bytes : NULL), "%s base58btc only", vs->id);
	if (!u && !z)
		return;
	buf_init(&b, text.len);
	OK((u ? multibase_encode_u : multibase_encode_z)(bytes.p, bytes.len, &b) &&
	       str_eq(buf_str(&b), text),
	   "%s written, into exactly the room it needs", vs->id);
	buf_clear(&b);
	buf_init(&b, text.len - 1);
	OK(!(u ? multibase_encode_u : multibase_encode_z)(bytes.p, bytes.len, &b) && !b.len,
	   "%s does not fit into less", vs->id);
	buf_clear(&b);
	if (!bytes.len)
		return;
	buf_init(&b, bytes.len);
	OK(multibase_decode_any(text, &b) && b.len == bytes.len, "%s read into exact room", vs->id);
	buf_clear(&b);
	buf_init(&b, bytes.len - 1);
	OK(!multibase_decode_any(text, &b) && !b.len, "%s does not fit", vs->id);
	buf_clear(&b);
}

static void odd_text(struct vectors *vs, const char *name, decode_fn *decode)
{
	struct vectors sub = *vs;
	struct str want;

	sub.v = jscan_get(vs->v, name);
	if (vec_true(&sub, "ok"))
		want = vec_bytes(&sub, "bytes");
	OK(decodes(decode, vec_str(vs, "text"), vec_true(&sub, "ok") ? &want : NULL), "%s %s",
	   vs->id, name);
}

static void vectors(void)
{
	struct vectors vs;

	vectors_open(&vs, "multibase");
	while (vectors_next(&vs)) {
		if (vec_is(&vs, "kind", "encode+decode")) {
			both_ways(&vs);
			continue;
		}
		odd_text(&vs, "genericDecoder", multibase_decode_any);
		odd_text(&vs, "base64urlDecoder", multibase_decode_u);
		odd_text(&vs, "base58btcDecoder", multibase_decode_z);
	}
	vectors_close(&vs);
}

/* Lengths 0..80 of changing bytes survive both encodings. */
static void round_trips(void)
{
	uint8_t bytes[80];
	struct buf text, back;
	bool ok = true;

	buf_init(&text, 256);
	buf_init(&back, 256);
	for (size_t n = 0; n <= sizeof bytes; n++) {
		for (int round = 0; round < 64; round++) {
			for (size_t i = 0; i < n; i++)
				bytes[i] = (uint8_t)(i < (size_t)(round % 4)
							 ? 0
							 : i * 7 + n * 13 + (size_t)round * 31);
			buf_reset(&text);
			buf_reset(&back);
			ok = ok && multibase_encode_z(bytes, n, &text) &&
			     multibase_decode_z(buf_str(&text), &back) && back.len == n &&
			     (!n || !memcmp(back.p, bytes, n));
			buf_reset(&text);
			buf_reset(&back);
			ok = ok && multibase_encode_u(bytes, n, &text) &&
			     multibase_decode_u(buf_str(&text), &back) && back.len == n &&
			     (!n || !memcmp(back.p, bytes, n));
		}
	}
	OK(ok, "what is written is read again, at every length");
	buf_clear(&text);
	buf_clear(&back);
}

static void odd(void)
{
	const struct str refused[] = {
		STR_LIT("uAA==="), STR_LIT("u==="), STR_LIT("uAA=A"),	  STR_LIT("uAA\0"),
		STR_LIT("z\0"),	   STR_LIT("z1\0"), STR_LIT("z 1"),	  STR_LIT("f0"),
		STR_LIT("f0\0"),   STR_LIT("\0"),   STR_LIT("u\xc3\xa4"), STR_LIT("mA-A"),
		STR_LIT("U+AAA"),
	};
	struct buf b;
	char *ones;

	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		OK(decodes(multibase_decode_any, refused[i], NULL), "odd text %zu is refused", i);
	ones = malloc(1 << 20);
	if (!ones)
		abort();
	memset(ones, 'z', 1 << 20);
	buf_init(&b, 64);
	OK(!multibase_decode_z((struct str){ ones, 1 << 20 }, &b),
	   "a text that cannot fit is refused without the work");
	free(ones);
	buf_clear(&b);
}

int main(void)
{
	vectors();
	round_trips();
	odd();
	return TAP_END;
}
