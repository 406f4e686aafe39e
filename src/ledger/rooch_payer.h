/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rooch_payer - channel, sub-channel and hub balance of a payer in one question.
 *
 * Asked one by one these are four calls of the node, since each tells where the next one stands. Where that
 * was seen before, getObjectStates takes the ids of entries (table id and field key, rooch.md 6.1) beside
 * those of objects. Whatever is not as it was then, also a node that does not take such ids, is for the
 * functions of rooch_rpc.h.
 *
 * Rule:    protocol rooch.md 4, 6
 * Layer:   ledger; calls codec, util
 * Threads: as rooch_rpc
 */
#ifndef GW_LEDGER_ROOCH_PAYER_H
#define GW_LEDGER_ROOCH_PAYER_H

#include "ledger/rooch_rpc.h"

struct rooch_payer {
	struct rooch_id channel_id, payer;
	struct rooch_id sub_channels; /* table of that channel, as it was seen before */
	struct str fragment;
	const char *asset; /* canonical */

	/* where the hub keeps its coins, if that is known; afterwards it is */
	bool has_coins;
	struct rooch_id coins;

	/* found */
	struct channel_object channel;
	struct subchannel_object subchannel;
	struct u256 balance;
};
/*
 * 0: found all, believed as far as rooch_get_channel and the others would; the balance is not older than the
 * claimed amount. 1: ask one by one. SERVICE_UNAVAILABLE: the node does not answer.
 */
int rooch_get_payer(struct rooch_rpc *c, struct rooch_payer *p, struct gw_err *e) GW_MUST_CHECK;

#endif
