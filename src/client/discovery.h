/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discovery - what a gateway says of itself before anything is paid.
 *
 * Rule:    protocol payment-channel.md 9.1, 10 "Discovery"
 * Layer:   client; calls codec, ledger, upstream
 * Threads: main thread
 */
#ifndef GW_CLIENT_DISCOVERY_H
#define GW_CLIENT_DISCOVERY_H

#include "client/http.h"
#include "client/wallet.h"

struct discovery {
	struct rooch_id payee;
	char asset[ROOCH_ASSET_TEXT]; /* canonical */
	char network[WALLET_NETWORK], base_path[WALLET_BASE_PATH];
};
/* UPSTREAM_FAILED, in words, for what is no such answer. */
int discovery_fetch(struct client_http *c, struct discovery *d, struct gw_err *e) GW_MUST_CHECK;

#endif
