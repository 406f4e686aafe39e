/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain - the payer's own look at the chain, which decides where the gateway's word does not.
 *
 * Rule:    protocol payment-channel.md 9.1, 9.2
 * Layer:   client; calls auth, ledger, util
 * Threads: main thread
 */
#ifndef GW_CLIENT_CHAIN_H
#define GW_CLIENT_CHAIN_H

#include "auth/service_key.h"
#include "client/wallet.h"
#include "ledger/rooch_send.h"

extern const char chain_default_asset[]; /* canonical */

struct chain {
	struct rooch_rpc *rpc;
	char url[1024];
};
/*
 * @node: of the option, NULL: $ROOCH_NODE_URL, else that of @network. A node of another chain than
 * @network's is refused (CONFLICT).
 */
int chain_open(struct chain *c, const char *node, const char *network,
	       struct gw_err *e) GW_MUST_CHECK;
void chain_close(struct chain *c);

/*
 * Read @ch->id with the sub-channel of @id into @ch: chain id, epoch, claimed. 0: active and ours;
 * 1: it is not there, or not open for us (@status: out, CHANNEL_ACTIVE when only the sub-channel
 * is missing; CHANNEL_CLOSED when all is). -1: @e; CONFLICT when what is there is not what the id
 * says, or was authorised with another key.
 */
int chain_read_channel(struct chain *c, const struct stored_key *id, struct wallet_channel *ch,
		       enum channel_status *status, struct gw_err *e) GW_MUST_CHECK;

/* Sender of the DID's own transactions. BAD_REQUEST when it is no did:rooch. */
int chain_sender(const struct chain *c, const struct stored_key *id, struct rooch_sender *s,
		 struct gw_err *e) GW_MUST_CHECK;

#endif
