/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/rooch_id.h"

#include "tap.h"
#include "vectors.h"

static struct rooch_id id_of(struct vectors *vs, const char *name)
{
	struct rooch_id id;

	if (!rooch_address_parse(&id, vec_str(vs, name)))
		vec_die(vs, name);
	return id;
}

static bool is(struct vectors *vs, const char *name, struct rooch_id got)
{
	char hex[ROOCH_HEX_TEXT];

	rooch_id_hex(hex, &got);
	return vec_is(vs, name, hex);
}

static void address(struct vectors *vs)
{
	char bech32[ROOCH_BECH32_TEXT], did[ROOCH_DID_TEXT];
	struct rooch_id id = id_of(vs, "input"), again;

	OK(is(vs, "hex", id), "%s hex", vs->id);
	rooch_address_text(bech32, &id);
	rooch_did_text(did, &id);
	OK(vec_is(vs, "bech32", bech32) && vec_is(vs, "did", did), "%s texts", vs->id);
	OK(rooch_address_parse(&again, vec_str(vs, "bech32")) && rooch_id_eq(id, again) &&
		   rooch_did_parse(&again, vec_str(vs, "did")) && rooch_id_eq(id, again) &&
		   rooch_id_parse(&again, vec_str(vs, "hex")) && rooch_id_eq(id, again),
	   "%s is read back", vs->id);
}

static void bech32(struct vectors *vs)
{
	struct rooch_id id;
	bool ok = rooch_address_parse(&id, vec_str(vs, "text"));

	if (vec_true(vs, "mustAccept"))
		OK(ok && is(vs, "bytes", id), "%s %s", vs->id, vec_text(vs, "what"));
	else
		OK(!ok, "%s %s is refused", vs->id, vec_text(vs, "what"));
}

static void asset(struct vectors *vs)
{
	char out[ROOCH_ASSET_TEXT], brief[ROOCH_ASSET_TEXT], again[ROOCH_ASSET_TEXT];
	bool ok = rooch_asset_canonical(out, vec_str(vs, "input"));

	if (!vec_true(vs, "mustAccept")) {
		OK(!ok, "%s `%s` is refused", vs->id, vec_text(vs, "input"));
		return;
	}
	OK(ok && vec_is(vs, "canonical", out), "%s %s", vs->id, vec_text(vs, "input"));
	rooch_asset_short(brief, out);
	OK(ok && rooch_asset_canonical(again, str_c(brief)) && !strcmp(again, out),
	   "%s stays the same by its short form", vs->id);
}

static void channel(struct vectors *vs)
{
	struct rooch_id from = id_of(vs, "sender"), to = id_of(vs, "receiver");
	char coin[ROOCH_ASSET_TEXT];

	OK(rooch_asset_canonical(coin, vec_str(vs, "assetInput")) &&
		   is(vs, "objectId", rooch_channel_id(&from, &to, coin)),
	   "%s channel", vs->id);
}

static void channel_of_dids(struct vectors *vs)
{
	struct rooch_id from, to;
	char coin[ROOCH_ASSET_TEXT];

	OK(rooch_did_parse(&from, vec_str(vs, "payerDid")) &&
		   rooch_did_parse(&to, vec_str(vs, "payeeDid")) &&
		   rooch_asset_canonical(coin, vec_str(vs, "asset")) &&
		   is(vs, "objectId", rooch_channel_id(&from, &to, coin)),
	   "%s channel of DIDs", vs->id);
}

static void vectors(void)
{
	struct rooch_id id;
	struct vectors vs;

	vectors_open(&vs, "rooch-ids");
	while (vectors_next(&vs)) {
		if (vec_is(&vs, "kind", "address")) {
			address(&vs);
		} else if (vec_is(&vs, "kind", "bech32m decode")) {
			bech32(&vs);
		} else if (vec_is(&vs, "kind", "asset id")) {
			asset(&vs);
		} else if (vec_is(&vs, "kind", "channel id")) {
			channel(&vs);
		} else if (vec_is(&vs, "kind", "channel id from DIDs")) {
			channel_of_dids(&vs);
		} else if (vec_is(&vs, "kind", "payment hub id")) {
			id = id_of(&vs, "owner");
			OK(is(&vs, "objectId", rooch_hub_id(&id)), "%s hub", vs.id);
		} else if (vec_is(&vs, "kind", "revenue hub id")) {
			id = id_of(&vs, "owner");
			OK(is(&vs, "objectId", rooch_revenue_hub_id(&id)), "%s revenue hub", vs.id);
		} else if (vec_is(&vs, "kind", "DID document id")) {
			id = rooch_did_object_id(vec_str(&vs, "identifier"));
			OK(is(&vs, "objectId", id), "%s DID document", vs.id);
		} else if (vec_is(&vs, "kind", "field key of a string")) {
			id = rooch_field_key(vec_str(&vs, "string"));
			OK(is(&vs, "fieldKey", id), "%s field key", vs.id);
		} else if (vec_is(&vs, "kind", "field key of a coin type")) {
			char coin[ROOCH_ASSET_TEXT];

			OK(rooch_asset_canonical(coin, vec_str(&vs, "asset")) &&
				   is(&vs, "fieldKey", rooch_field_key(str_c(coin))),
			   "%s field key of a coin", vs.id);
		} else {
			vec_die(&vs, "unknown kind");
		}
	}
	vectors_close(&vs);
}

/* 64 digits; with 0x and one more */
#define ONES "1111111111111111111111111111111111111111111111111111111111111111"
#define LONG "0x11111111111111111111111111111111111111111111111111111111111111111"

static void refused(void)
{
	static const char *const addresses[] = { "",	 "0x",	 LONG, "0xg",	"0x-1", "0x 1",
						 " 0x1", "0x1 ", ONES, "0x0x1", "1" };
	static const char *const ids[] = { "", "0x", "0x1", ONES, LONG };
	static const char *const assets[] = { "::a::B",	     "0x::a::B",	 "0x3::::B",
					      "0x3::a::",    "0x3:a::B",	 "0x3::a:B",
					      "0x3::a:::B",  "0x3::1a::B",	 "0x3::a::1B",
					      "0x3::a b::B", "0x3::a::B ",	 " 0x3::a::B",
					      "0x3::a::B::", "0x3::\xc3\xa4::B", "0x3::a::B<u8>",
					      "0xx3::a::B",  "-3::a::B",	 "0x3::a-b::B" };
	char out[ROOCH_ASSET_TEXT], text[600];
	struct rooch_id id;

	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
		OK(!rooch_address_parse(&id, str_c(addresses[i])), "no address: `%s`",
		   addresses[i]);
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		OK(!rooch_id_parse(&id, str_c(ids[i])), "no id: `%s`", ids[i]);
	for (size_t i = 0; i < sizeof assets / sizeof *assets; i++)
		OK(!rooch_asset_canonical(out, str_c(assets[i])), "no asset: `%s`", assets[i]);
	OK(!rooch_asset_canonical(out, STR_LIT(LONG "::a::B")), "no asset: 65 digits");
	OK(!rooch_asset_canonical(out, STR_LIT("0x3::a\0::B")), "no asset: with NUL");
	OK(rooch_asset_canonical(out, STR_LIT("_3::a::B")) == false, "no asset: `_3`");
	OK(rooch_asset_canonical(out, STR_LIT("0x3::_::_9")) && str_ends(str_c(out), "::_::_9"),
	   "underscores are identifiers");

	/* as long as the room allows, and one longer */
	for (int more = 0; more < 2; more++) {
		int n = ROOCH_ASSET_TEXT - 1 - 66 - 4 - 1 + more;

		snprintf(text, sizeof text, "0x3::a::%0*d", n, 0);
		memset(text + 8, 'B', (size_t)n);
		OK(rooch_asset_canonical(out, str_c(text)) == !more, "a name of %d letters", n);
	}
	OK(rooch_asset_canonical(out, STR_LIT("0x0::a::B")), "the zero address");
	rooch_asset_short(text, out);
	OK(!strcmp(text, "0x0::a::B"), "is shortened to one digit");
}

static void dids(void)
{
	struct rooch_id id = { { 3 } }, out;
	char did[ROOCH_DID_TEXT], upper[ROOCH_DID_TEXT];

	rooch_did_text(did, &id);
	OK(rooch_did_parse(&out, str_c(did)) && rooch_id_eq(out, id), "%s", did);
	for (size_t i = 0; i < sizeof did; i++)
		upper[i] = i >= 10 && did[i] >= 'a' && did[i] <= 'z' ? (char)(did[i] - 32) : did[i];
	OK(!rooch_did_parse(&out, str_c(upper)) && rooch_address_parse(&out, str_c(upper + 10)),
	   "upper case is an address, but no DID");
	OK(!rooch_did_parse(&out, STR_LIT("did:rooch:0x3")) &&
		   !rooch_did_parse(&out, str_c(did + 10)) && !rooch_did_parse(&out, STR_LIT("")) &&
		   !rooch_did_parse(&out, STR_LIT("did:rooch:")) &&
		   !rooch_did_parse(&out,
				    STR_LIT("did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQ"
					    "iYBme")),
	   "other texts are no DIDs of the chain");
	OK(!rooch_did_parse(&out, (struct str){ did, strlen(did) + 1 }), "nor with a NUL behind");
}

static void fragments(void)
{
	char text[130];

	memset(text, 'f', sizeof text);
	OK(!rooch_fragment_valid(STR_LIT("")) && rooch_fragment_valid(STR_LIT("a")) &&
		   rooch_fragment_valid((struct str){ text, 128 }) &&
		   !rooch_fragment_valid((struct str){ text, 129 }),
	   "fragments have 1 to 128 bytes");
	OK(rooch_fragment_valid(STR_LIT("ger\xc3\xa4t %20/?")) &&
		   !rooch_fragment_valid(STR_LIT("a#")) && !rooch_fragment_valid(STR_LIT("a\0")) &&
		   !rooch_fragment_valid(STR_LIT("\xc3")) &&
		   !rooch_fragment_valid(STR_LIT("\xed\xa0\x80")),
	   "of UTF-8, without # and NUL");
}

int main(void)
{
	vectors();
	refused();
	dids();
	fragments();
	return TAP_END;
}
