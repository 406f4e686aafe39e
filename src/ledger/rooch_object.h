/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rooch_object - the payment objects of the chain, from and to their binary form.
 *
 * A reader takes a complete value: bytes left over, an absurd length, a bad UTF-8 are refused, and
 * *out is then not to be used. A lying node must not get further than this.
 *
 * Rule:    protocol rooch.md 4
 * Layer:   ledger; calls codec, crypto, util
 * Threads: no shared state
 */
#ifndef GW_LEDGER_ROOCH_OBJECT_H
#define GW_LEDGER_ROOCH_OBJECT_H

#include "crypto/key.h"
#include "ledger/rooch_id.h"
#include "util/buf.h"
#include "util/u256.h"

/* On chain and in the database, never renumber. */
enum channel_status { CHANNEL_ACTIVE = 0, CHANNEL_CANCELLING = 1, CHANNEL_CLOSED = 2 };
const char *channel_status_name(enum channel_status s); /* "active", "closing", "closed" */

struct channel_object {
	struct rooch_id sender, receiver;
	char coin_type[ROOCH_ASSET_TEXT]; /* canonical */
	struct rooch_id sub_channels;	  /* table */
	enum channel_status status;
	uint64_t epoch;
	bool cancelling; /* the next two mean something */
	uint64_t initiated_ms;
	struct u256 pending_amount;
};
enum { PK_MULTIBASE_TEXT = 128, METHOD_TYPE_TEXT = 64 };
struct subchannel_object {
	char pk_multibase[PK_MULTIBASE_TEXT], method_type[METHOD_TYPE_TEXT];
	struct u256 last_claimed;
	uint64_t last_nonce;
};
struct hub_object {
	struct rooch_id coin_store, active_channels;
};
struct revenue_hub_object {
	struct rooch_id coin_store, revenue_by_source;
};
struct coin_store_object {
	char coin_type[ROOCH_ASSET_TEXT];
	struct u256 balance;
	bool frozen;
};

bool channel_object_read(struct channel_object *out, struct str bcs) GW_MUST_CHECK;
void channel_object_write(struct buf *b, const struct channel_object *o);
/* Entries of tables: DynamicField<string, V>; @name must be the key that was asked for. */
bool subchannel_field_read(struct subchannel_object *out, struct str name,
			   struct str bcs) GW_MUST_CHECK;
void subchannel_field_write(struct buf *b, struct str name, const struct subchannel_object *o);
bool hub_object_read(struct hub_object *out, struct str bcs) GW_MUST_CHECK;
void hub_object_write(struct buf *b, const struct hub_object *o);
bool revenue_hub_object_read(struct revenue_hub_object *out, struct str bcs) GW_MUST_CHECK;
void revenue_hub_object_write(struct buf *b, const struct revenue_hub_object *o);
bool coin_store_field_read(struct coin_store_object *out, struct str name,
			   struct str bcs) GW_MUST_CHECK;
void coin_store_field_write(struct buf *b,
			    const struct coin_store_object *o); /* name = coin_type */
bool u64_field_read(uint64_t *out, struct str name, struct str bcs) GW_MUST_CHECK;
void u64_field_write(struct buf *b, struct str name, uint64_t v);

/* The key that the chain verifies a sub-channel's vouchers with; false: unusable. subchannel_pub does not look
 * whether it is a point of the curve. */
bool subchannel_pub(const struct subchannel_object *o, enum key_type *type,
		    uint8_t pub[KEY_PUB_MAX], size_t *len) GW_MUST_CHECK;
bool subchannel_key(const struct subchannel_object *o, enum key_type *type,
		    uint8_t pub[KEY_PUB_MAX], size_t *len) GW_MUST_CHECK;

/* Proofs of close and cancel; @signature is of any length, empty in cancel proofs. */
struct channel_proof {
	struct str fragment;
	struct u256 accumulated;
	uint64_t nonce;
	struct str signature;
};
enum { CHANNEL_PROOFS_MAX = 64 };
void close_proofs_write(struct buf *b, const struct channel_proof *p, unsigned n);
void cancel_proofs_write(struct buf *b, const struct channel_proof *p, unsigned n);
/* Views into @bcs; *n at most CHANNEL_PROOFS_MAX + 1 (one more tells of too many). */
bool close_proofs_read(struct channel_proof *p, unsigned *n, struct str bcs) GW_MUST_CHECK;
bool cancel_proofs_read(struct channel_proof *p, unsigned *n, struct str bcs) GW_MUST_CHECK;

#endif
