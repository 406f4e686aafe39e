/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rooch_tx - transactions of the chain: build, hash, sign, read.
 *
 * Rule:    protocol rooch.md 5
 * Layer:   ledger; calls codec, crypto, util
 * Threads: no shared state
 */
#ifndef GW_LEDGER_ROOCH_TX_H
#define GW_LEDGER_ROOCH_TX_H

#include "codec/bcs.h"
#include "ledger/rooch_object.h"
#include "ledger/subrav.h"
#include "util/arena.h"

enum { TX_ARGS_MAX = 16, TX_BYTES_MAX = 131072, TX_GAS_DEFAULT = 100000000 };

struct tx_call { /* 0x3::payment_channel::claim_from_channel_entry<T>(args) */
	struct rooch_id module_address;
	struct str module, function;
	char type_arg[ROOCH_ASSET_TEXT]; /* "" none; canonical struct type */
	struct str other_types; /* BCS of type arguments where they are not one plain struct */
	unsigned n_other_types;
	struct str arg[TX_ARGS_MAX]; /* BCS of each */
	unsigned n_arg;
};
struct tx_data {
	struct rooch_id sender;
	uint64_t sequence_number, chain_id, max_gas;
	struct tx_call call;
};
struct tx_authenticator {
	uint64_t validator; /* 4 DID, 1 Bitcoin, 0 session */
	struct str payload;
};
struct did_auth_payload { /* validator 4 */
	uint8_t envelope;
	struct str fragment, signature;
	bool has_message;
	struct str message;
};

void tx_data_write(struct buf *b, const struct tx_data *t);
/* Complete RoochTransactionData or RoochTransaction; views into @bcs. *data_len: bytes of the data. */
bool tx_data_read(struct tx_data *out, struct str bcs) GW_MUST_CHECK;
bool tx_read(struct tx_data *out, struct tx_authenticator *auth, size_t *data_len,
	     struct str bcs) GW_MUST_CHECK;
void tx_hash(uint8_t out[32], struct str data);
bool did_auth_payload_read(struct did_auth_payload *out, struct str payload) GW_MUST_CHECK;

/* Data, signed by envelope 0 as DID key @fragment, appended to @raw. @hash: out. */
int tx_sign_did(struct buf *raw, const struct tx_data *t, const struct signing_key *k,
		struct str fragment, uint8_t hash[32], struct gw_err *e) GW_MUST_CHECK;
/* The same as a Bitcoin account (validator 1, K1 only), for creating a DID "for self". */
int tx_sign_bitcoin(struct buf *raw, const struct tx_data *t, const struct signing_key *k,
		    uint8_t hash[32], struct gw_err *e) GW_MUST_CHECK;
/* Sender of such transactions. */
bool tx_bitcoin_sender(struct rooch_id *out, const uint8_t pub[33]);
/* Does the Bitcoin payload sign @hash for @sender? @pub: out, the key. */
bool tx_bitcoin_verify(struct str payload, const uint8_t hash[32], const struct rooch_id *sender,
		       uint8_t pub[33]);

/* Calls, with their arguments in @a, which has to hold them; @asset: canonical. */
void tx_call_claim(struct tx_call *c, struct arena *a, const struct voucher *v);
void tx_call_dispute(struct tx_call *c, struct arena *a, const struct voucher *v);
void tx_call_close(struct tx_call *c, struct arena *a, const struct rooch_id *channel,
		   const struct channel_proof *p, unsigned n);
void tx_call_finalize(struct tx_call *c, struct arena *a, const struct rooch_id *channel);
void tx_call_initiate_cancellation(struct tx_call *c, struct arena *a,
				   const struct rooch_id *channel);
void tx_call_withdraw_revenue(struct tx_call *c, struct arena *a, const char *asset,
			      struct u256 amount);
void tx_call_open(struct tx_call *c, struct arena *a, const char *asset,
		  const struct rooch_id *receiver,
		  struct str fragment); /* open_channel_with_sub_channel_entry */
void tx_call_authorize(struct tx_call *c, struct arena *a, const struct rooch_id *channel,
		       struct str fragment);
void tx_call_deposit(struct tx_call *c, struct arena *a, const char *asset,
		     const struct rooch_id *receiver, struct u256 amount);
void tx_call_faucet(struct tx_call *c, struct arena *a, struct u256 amount);
void tx_call_create_did(struct tx_call *c, struct arena *a, struct str public_key_multibase);

/* One type of BCS as text, "vector<0x...::coin::Coin<u64>>", appended to @b. Fails the reader where it is
 * none. */
void tx_type_text(struct buf *b, struct bcs_reader *r);
/* Type arguments as an array of texts. */
void tx_types_json(struct jwrite *w, const char *key, const struct tx_call *c);
/* JSON for people and tests (`inspect tx`); false: not a transaction. */
bool tx_json(struct buf *b, struct str bcs) GW_MUST_CHECK;

#endif
