/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rooch_id - addresses, object ids and field keys of the chain, and the texts for them.
 *
 * Rule:    protocol rooch.md 2, 3; did-auth.md 4
 * Layer:   ledger; calls codec, crypto, util
 * Threads: no shared state
 */
#ifndef GW_LEDGER_ROOCH_ID_H
#define GW_LEDGER_ROOCH_ID_H

#include "util/str.h"

/* 32 bytes: an address, an object id (or table id), a field key. Never a text. */
struct rooch_id {
	uint8_t b[32];
};
bool rooch_id_eq(struct rooch_id a, struct rooch_id b);

enum {
	ROOCH_HEX_TEXT = 67,	/* "0x", 64 digits, NUL */
	ROOCH_BECH32_TEXT = 65, /* "rooch1...", NUL */
	ROOCH_DID_TEXT = 80,	/* "did:rooch:rooch1...", NUL */
	ROOCH_ASSET_TEXT = 256, /* canonical coin type */
	ROOCH_FRAGMENT_MAX = 128
};

/* "0x" and 1 to 64 hex digits (left-padded), or bech32m with prefix rooch. */
bool rooch_address_parse(struct rooch_id *out, struct str text);
/* Exactly "0x" and 64 lower- or upper-case hex digits. */
bool rooch_id_parse(struct rooch_id *out, struct str text);
/* "did:rooch:rooch1...", lower case, well-formed: false otherwise. */
bool rooch_did_parse(struct rooch_id *out, struct str did);
void rooch_id_hex(char out[ROOCH_HEX_TEXT], const struct rooch_id *id);
void rooch_address_text(char out[ROOCH_BECH32_TEXT], const struct rooch_id *address);
void rooch_did_text(char out[ROOCH_DID_TEXT], const struct rooch_id *address);
/* 1 to ROOCH_FRAGMENT_MAX bytes of UTF-8 without '#' and NUL. */
bool rooch_fragment_valid(struct str fragment);

/* Canonical coin type; false for anything that is no `address::module::Name`. */
bool rooch_asset_canonical(char out[ROOCH_ASSET_TEXT], struct str text);
/* "0x3::gas_coin::RGas" of a canonical one. */
void rooch_asset_short(char out[ROOCH_ASSET_TEXT], const char *canonical);

/* Ids of objects; @asset is canonical. */
struct rooch_id rooch_channel_id(const struct rooch_id *sender, const struct rooch_id *receiver,
				 const char *asset);
struct rooch_id rooch_hub_id(const struct rooch_id *owner);
struct rooch_id rooch_revenue_hub_id(const struct rooch_id *owner);
struct rooch_id rooch_did_object_id(struct str identifier); /* "rooch1..." */
struct rooch_id rooch_named_object_id(const char *type);    /* canonical type text */
struct rooch_id rooch_event_handle_id(const struct rooch_id *object, const char *event_type);
struct rooch_id rooch_field_key(struct str key); /* of tables with string keys */

#endif
