/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rooch_rpc - ask a Rooch node, over JSON-RPC.
 *
 * Answers are believed only where they fit the question: ids, names, lengths, numbers. A node that
 * is down, slow or lying gives SERVICE_UNAVAILABLE with what was wrong in priv.
 *
 * Rule:    protocol rooch.md 6
 * Layer:   ledger; calls upstream, codec, util
 * Threads: a client may be used by any number of threads
 */
#ifndef GW_LEDGER_ROOCH_RPC_H
#define GW_LEDGER_ROOCH_RPC_H

#include "ledger/rooch_did.h"
#include "ledger/rooch_object.h"
#include "ledger/rooch_tx.h"
#include "upstream/upstream.h"

struct rooch_rpc;
struct rooch_rpc_options {
	const char *url;
	unsigned timeout_ms; /* of one call; 0: 10000 */
	unsigned slots;	     /* calls at once; 0: 16 */
};
struct rooch_rpc *rooch_rpc_new(const struct rooch_rpc_options *o);
void rooch_rpc_free(struct rooch_rpc *c);
/* Node URL of a network's name, and its chain id; NULL: unknown. */
const char *rooch_network_url(const char *network);
uint64_t rooch_network_chain_id(const char *network);

int rooch_chain_id(struct rooch_rpc *c, uint64_t *out, struct gw_err *e) GW_MUST_CHECK;
/* Each: 0 found, 1 the chain has none, -1 SERVICE_UNAVAILABLE. */
int rooch_get_channel(struct rooch_rpc *c, const struct rooch_id *id, struct channel_object *out,
		      struct gw_err *e) GW_MUST_CHECK;
int rooch_get_subchannel(struct rooch_rpc *c, const struct rooch_id *table, struct str fragment,
			 struct subchannel_object *out, struct gw_err *e) GW_MUST_CHECK;
/* Hub balance of @owner; no hub or no coin store: 0 found, zero. */
int rooch_get_hub_balance(struct rooch_rpc *c, const struct rooch_id *owner, const char *asset,
			  struct u256 *out, struct gw_err *e) GW_MUST_CHECK;
int rooch_get_revenue(struct rooch_rpc *c, const struct rooch_id *owner, const char *asset,
		      struct u256 *out, struct gw_err *e) GW_MUST_CHECK;
/* Account balance, outside the hub. */
int rooch_get_balance(struct rooch_rpc *c, const struct rooch_id *owner, const char *asset,
		      struct u256 *out, struct gw_err *e) GW_MUST_CHECK;
/* BCS of the DID document of "rooch1...", appended to @bcs; the identifier inside was compared. */
int rooch_get_did(struct rooch_rpc *c, struct str identifier, struct buf *bcs,
		  struct gw_err *e) GW_MUST_CHECK;
/* Each fragment of a channel's table, in pages. @each returns false to stop. */
int rooch_list_subchannels(struct rooch_rpc *c, const struct rooch_id *table,
			   bool (*each)(void *arg, struct str fragment,
					const struct subchannel_object *s),
			   void *arg, struct gw_err *e) GW_MUST_CHECK;
int rooch_sequence_number(struct rooch_rpc *c, const struct rooch_id *account, uint64_t *out,
			  struct gw_err *e) GW_MUST_CHECK;

/* In the database, never renumber. */
enum tx_status {
	TX_UNKNOWN = 0, /* no answer, or none that can be read: look it up before anything else */
	TX_EXECUTED = 1,
	TX_ABORTED = 2, /* moveabort: location and code; gas was paid */
	TX_OUT_OF_GAS = 3,
	TX_FAILED = 4, /* other failure of execution */
	TX_REFUSED = 5 /* before execution: sub_status says why; nothing happened */
};
struct tx_result {
	enum tx_status status;
	char location[128]; /* of an abort: "0x3::payment_channel" */
	uint64_t abort_code;
	uint64_t sub_status; /* of a refusal, low 16 bits: 1001...; 0 unknown */
	uint64_t gas_used;
	uint8_t hash[32];
	char message[256];	     /* of the node, for logs */
	struct rooch_id created_did; /* address in a DIDCreatedEvent, where there is one */
	bool has_created_did;
};
/* 0: @out says what is known (also TX_UNKNOWN). -1: nothing was sent. */
int rooch_execute(struct rooch_rpc *c, struct str raw_tx, struct tx_result *out,
		  struct gw_err *e) GW_MUST_CHECK;
/* 0 known and executed (status filled), 1 the node does not know it, -1. */
int rooch_tx_by_hash(struct rooch_rpc *c, const uint8_t hash[32], struct tx_result *out,
		     struct gw_err *e) GW_MUST_CHECK;

#endif
