/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wallet - what the payer has to remember, durably: channels, vouchers, proposals, requests.
 *
 * One SQLite file per key, beside the key's file (FILE.db). While it is open nobody else has it: two
 * commands at once would sign the same proposal's successor twice.
 *
 * Rule:    protocol payment-channel.md 9.6, 12; design.md I2
 * Layer:   client; calls ledger, store, util
 * Threads: main thread, and the store's writer inside the _tx functions
 */
#ifndef GW_CLIENT_WALLET_H
#define GW_CLIENT_WALLET_H

#include "client/proposal.h"
#include "store/store.h"

struct wallet {
	struct store *st; /* NULL: not open */
	int lock_fd;
	char path[1100];
};

/* NOT_FOUND: there is none, and @make is false. Waits while another command has it. */
int wallet_open(struct wallet *w, const char *key_file, bool make, struct gw_err *e) GW_MUST_CHECK;
void wallet_close(struct wallet *w);

enum { WALLET_URL = 1024, WALLET_BASE_PATH = 256, WALLET_NETWORK = 8 };
/* A sub-channel, and the gateway at its other end. */
struct wallet_channel {
	struct rooch_id id, payer, payee;
	char fragment[ROOCH_FRAGMENT_MAX + 1], asset[ROOCH_ASSET_TEXT], network[WALLET_NETWORK];
	uint64_t chain_id, epoch;
	uint64_t claimed_nonce; /* what the chain has confirmed */
	struct u256 claimed;
	char gateway[WALLET_URL], base_path[WALLET_BASE_PATH];
};

/* NOT_FOUND: no channel was opened with the gateway at @url. */
int wallet_channel_find_tx(struct store_conn *c, const char *url, struct wallet_channel *out,
			   struct gw_err *e) GW_MUST_CHECK;
int wallet_channel_find(struct wallet *w, const char *url, struct wallet_channel *out,
			struct gw_err *e) GW_MUST_CHECK;
/* CONFLICT when the chain says what it cannot have said after what it said before. */
int wallet_channel_put_tx(struct store_conn *c, const struct wallet_channel *ch, int64_t now_ms,
			  struct gw_err *e) GW_MUST_CHECK;
/* All of them, on the heap: the caller frees *out. */
int wallet_channels(struct wallet *w, struct wallet_channel **out, size_t *n,
		    struct gw_err *e) GW_MUST_CHECK;

struct wallet_voucher {
	struct voucher v;
	bool taken;    /* the gateway has it */
	bool has_cost; /* only for wallet_voucher_add_tx */
	struct u256 cost;
};
/* The newest of the channel's epoch: 0, or 1 when there is none. */
int wallet_voucher_last_tx(struct store_conn *c, const struct wallet_channel *ch,
			   struct wallet_voucher *out, struct gw_err *e) GW_MUST_CHECK;
/* CONFLICT when something else was signed under this nonce. */
int wallet_voucher_add_tx(struct store_conn *c, const struct wallet_voucher *v, int64_t now_ms,
			  struct gw_err *e) GW_MUST_CHECK;
/* The gateway has all vouchers of the epoch up to @nonce. */
int wallet_voucher_taken_tx(struct store_conn *c, const struct wallet_channel *ch, uint64_t nonce,
			    struct gw_err *e) GW_MUST_CHECK;

struct wallet_proposal {
	struct subrav rav;
	struct u256 cost;
};
/* 0, or 1 when there is none. */
int wallet_proposal_get_tx(struct store_conn *c, const struct wallet_channel *ch,
			   struct wallet_proposal *out, struct gw_err *e) GW_MUST_CHECK;
int wallet_proposal_put_tx(struct store_conn *c, const struct wallet_channel *ch,
			   const struct wallet_proposal *p, int64_t now_ms,
			   struct gw_err *e) GW_MUST_CHECK;
int wallet_proposal_drop_tx(struct store_conn *c, const struct wallet_channel *ch,
			    struct gw_err *e) GW_MUST_CHECK;

/*
 * What a proposal has to continue: the newest voucher, or what the chain confirmed if that is newer.
 * @last: the voucher, has_last false when there is none. Views into @ch.
 */
int wallet_base_tx(struct store_conn *c, const struct wallet_channel *ch, struct proposal_base *out,
		   struct wallet_voucher *last, bool *has_last, struct gw_err *e) GW_MUST_CHECK;

#endif
