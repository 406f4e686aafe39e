/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wallets - payers of the bench: DIDs on a development ledger, each with its channel, and how far each
 * has signed. Kept in a file, one line per payer: DID, channel, nonce. Keys follow from the number.
 */
#ifndef GW_BENCH_WALLETS_H
#define GW_BENCH_WALLETS_H

#include "ledger/subrav.h"

enum { WALLETS_MAX = 4096, WALLET_CHAIN = 4, WALLET_UNITS = 1000000000 };
#define WALLET_ASSET "0x3::gas_coin::RGas"

struct wallet {
	struct signing_key *key;
	struct rooch_id id;
	char did[ROOCH_DID_TEXT];
	struct rooch_id channel;
	uint64_t nonce;
};

_Noreturn void die(const char *what, const struct gw_err *e);
/* Key number @i. */
void wallet_key(struct wallet *w, unsigned i);
/* Make @n payers known to the node with its /devnode/ controls, and open their channels to @service. */
void wallets_make(struct wallet *w, unsigned n, const char *node, const char *service);
unsigned wallets_load(struct wallet *w, const char *path);
void wallets_save(const struct wallet *w, unsigned n, const char *path);
void wallets_free(struct wallet *w, unsigned n);

#endif
