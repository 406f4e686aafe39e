/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/rooch_id.h"

#include <string.h>

#include "codec/bcs.h"
#include "codec/bech32m.h"
#include "crypto/hash.h"

static const char prefix[] = "rooch", did_head[] = "did:rooch:";

bool rooch_id_eq(struct rooch_id a, struct rooch_id b)
{
	return memcmp(a.b, b.b, sizeof a.b) == 0;
}

/* ---- texts ---- */

/* 1 to 64 hex digits, left-padded with zeros. */
static bool hex_padded(struct rooch_id *out, struct str digits)
{
	char all[64];

	if (digits.len < 1 || digits.len > sizeof all)
		return false;
	memset(all, '0', sizeof all);
	memcpy(all + sizeof all - digits.len, digits.p, digits.len);
	return hex_decode(out->b, sizeof out->b, (struct str){ all, sizeof all });
}

bool rooch_address_parse(struct rooch_id *out, struct str text)
{
	if (str_starts(text, "0x"))
		return hex_padded(out, str_sub(text, 2, text.len));
	return bech32m_decode(out->b, sizeof out->b, prefix, text);
}

bool rooch_id_parse(struct rooch_id *out, struct str text)
{
	return str_starts(text, "0x") &&
	       hex_decode(out->b, sizeof out->b, str_sub(text, 2, text.len));
}

bool rooch_did_parse(struct rooch_id *out, struct str did)
{
	if (!str_starts(did, did_head))
		return false;
	for (size_t i = 0; i < did.len; i++)
		if (did.p[i] >= 'A' && did.p[i] <= 'Z')
			return false;
	return bech32m_decode(out->b, sizeof out->b, prefix,
			      str_sub(did, sizeof did_head - 1, did.len));
}

void rooch_id_hex(char out[ROOCH_HEX_TEXT], const struct rooch_id *id)
{
	out[0] = '0';
	out[1] = 'x';
	hex_encode(out + 2, id->b, sizeof id->b);
}

void rooch_address_text(char out[ROOCH_BECH32_TEXT], const struct rooch_id *address)
{
	char text[BECH32M_MAX + 1];

	bech32m_encode(text, prefix, address->b, sizeof address->b);
	memcpy(out, text, ROOCH_BECH32_TEXT);
}

void rooch_did_text(char out[ROOCH_DID_TEXT], const struct rooch_id *address)
{
	memcpy(out, did_head, sizeof did_head);
	rooch_address_text(out + sizeof did_head - 1, address);
}

bool rooch_fragment_valid(struct str fragment)
{
	return fragment.len >= 1 && fragment.len <= ROOCH_FRAGMENT_MAX &&
	       str_find(fragment, '#') < 0 && str_find(fragment, '\0') < 0 && str_utf8(fragment);
}

/* ---- coin types ---- */

static bool identifier_valid(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i], low = (char)(c | 0x20);

		if (!((low >= 'a' && low <= 'z') || c == '_' || (i && c >= '0' && c <= '9')))
			return false;
	}
	return s.len > 0;
}

/* The part before the next "::", and @rest moved behind it; false: there is none. */
static bool next_part(struct str *part, struct str *rest)
{
	ptrdiff_t at = str_find(*rest, ':');

	if (at < 0 || (size_t)at + 1 >= rest->len || rest->p[at + 1] != ':')
		return false;
	*part = str_sub(*rest, 0, (size_t)at);
	*rest = str_sub(*rest, (size_t)at + 2, rest->len);
	return true;
}

bool rooch_asset_canonical(char out[ROOCH_ASSET_TEXT], struct str text)
{
	struct str address, module, name = text;
	struct rooch_id id;
	char hex[ROOCH_HEX_TEXT];
	int n;

	if (!next_part(&address, &name) || !next_part(&module, &name))
		return false;
	if (str_starts(address, "0x") || str_starts(address, "0X"))
		address = str_sub(address, 2, address.len);
	if (!hex_padded(&id, address) || !identifier_valid(module) || !identifier_valid(name))
		return false;
	rooch_id_hex(hex, &id);
	n = snprintf(out, ROOCH_ASSET_TEXT, "%s::%.*s::%.*s", hex, STR_ARG(module), STR_ARG(name));
	return n > 0 && n < ROOCH_ASSET_TEXT;
}

void rooch_asset_short(char out[ROOCH_ASSET_TEXT], const char *canonical)
{
	size_t zeros = strspn(canonical + 2, "0");

	if (zeros > 63)
		zeros = 63;
	snprintf(out, ROOCH_ASSET_TEXT, "0x%s", canonical + 2 + zeros);
}

/* ---- ids of objects ---- */

#define ADDRESS_1 "0x0000000000000000000000000000000000000000000000000000000000000001"
#define ADDRESS_3 "0x0000000000000000000000000000000000000000000000000000000000000003"

static struct str id_str(const struct rooch_id *id)
{
	return (struct str){ (const char *)id->b, sizeof id->b };
}

/* SHA3-256 of @before, then of @text with its length in front, then of @type. */
static struct rooch_id id_of(struct str before, struct str text, const char *type)
{
	struct rooch_id id;
	struct buf b;

	buf_init(&b, 1 << 16);
	buf_add_str(&b, before);
	bcs_put_string(&b, text);
	buf_add_c(&b, type);
	/* the bound is beyond all that callers have; an id of less than they said would be a lie */
	if (b.failed)
		abort();
	hash_sha3_256(id.b, b.p, b.len);
	buf_clear(&b);
	return id; /* cppcheck-suppress uninitvar ; filled by the hash */
}

struct rooch_id rooch_channel_id(const struct rooch_id *sender, const struct rooch_id *receiver,
				 const char *asset)
{
	char both[64];

	memcpy(both, sender->b, 32);
	memcpy(both + 32, receiver->b, 32);
	return id_of((struct str){ both, sizeof both }, str_c(asset),
		     ADDRESS_3 "::payment_channel::PaymentChannel");
}

static struct rooch_id id_of_owner(struct str owner, const char *type)
{
	struct str piece[2] = { owner, str_c(type) };
	struct rooch_id id;

	hash_sha3_256_v(id.b, piece, 2);
	return id; /* cppcheck-suppress uninitvar ; filled by the hash */
}

struct rooch_id rooch_hub_id(const struct rooch_id *owner)
{
	return id_of_owner(id_str(owner), ADDRESS_3 "::payment_channel::PaymentHub");
}

struct rooch_id rooch_revenue_hub_id(const struct rooch_id *owner)
{
	return id_of_owner(id_str(owner), ADDRESS_3 "::payment_revenue::PaymentRevenueHub");
}

struct rooch_id rooch_did_object_id(struct str identifier)
{
	return id_of(STR_NULL, identifier, ADDRESS_3 "::did::DIDDocument");
}

struct rooch_id rooch_named_object_id(const char *type)
{
	return id_of_owner(STR_LIT(""), type);
}

struct rooch_id rooch_event_handle_id(const struct rooch_id *object, const char *event_type)
{
	char bcs[33] = { 1 };

	memcpy(bcs + 1, object->b, 32);
	return id_of_owner((struct str){ bcs, sizeof bcs }, event_type);
}

struct rooch_id rooch_field_key(struct str key)
{
	return id_of(STR_NULL, key, ADDRESS_1 "::string::String");
}
