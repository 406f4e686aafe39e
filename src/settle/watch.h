/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch - the sub-channels that matter now, and the chain's word about each.
 *
 * A payer has one channel with us per asset, so the hub of a channel is drawn on by no other channel of
 * ours. Readings go into the database, where responders find them; one that contradicts what was seen
 * before is of a node that is behind, and that channel waits for the next run.
 *
 * Rule:    protocol payment-channel.md 11; design.md 8
 * Layer:   settle
 * Threads: watch_read starts and joins s->parallel threads
 */
#ifndef GW_SETTLE_WATCH_H
#define GW_SETTLE_WATCH_H

#include "settle/claim_rows.h"
#include "settle/settle.h"

struct watch_channel;
struct watch_target { /* a sub-channel */
	struct watch_channel *channel;
	char *fragment;
	struct u256 claimed;
	uint64_t last_nonce;
	bool has_key; /* the frozen one is usable */
	enum key_type key_type;
	uint8_t pub[KEY_PUB_MAX];
	size_t pub_len;
	bool has_signed;
	uint64_t signed_epoch, signed_nonce;
	struct u256 signed_amount;
	int64_t requested_ms; /* 0: nobody asked */
	bool by_admin;
	/* see watch_judge */
	struct u256 unclaimed; /* of the channel's epoch, what the chain does not have yet */
	int64_t oldest_ms;     /* of its vouchers; 0: none */
	bool open;	       /* a claim is on its way */
	bool stuck;	       /* no voucher is of use: the key, or the chain's nonce, forbids it */
	struct settlement_row books;
};
struct watch_channel {
	struct rooch_id id, payer;
	const char *asset;
	enum channel_status status;
	uint64_t epoch;
	bool cancelling;
	int64_t initiated_ms;
	struct u256 pending; /* of the cancellation */
	struct rooch_id table;
	bool read;    /* the chain was read in this run, all of it */
	bool touched; /* something was claimed since it was read */
	bool has_balance;
	struct u256 balance; /* of the hub; less what was claimed since */
	struct watch_target *target;
	unsigned n_target;
};
struct watch {
	struct watch_channel *channel;
	unsigned n_channel, cap_channel;
	struct watch_target *target; /* in the order of the channels */
	unsigned n_target, cap_target;
	char (*asset)[ROOCH_ASSET_TEXT];
	unsigned n_asset;
};

/* What is due, from the database. */
int watch_load(struct watch *w, struct settle *s, struct gw_err *e) GW_MUST_CHECK;
void watch_clear(struct watch *w);
/* Ask the chain about all of it. Failures of the node are counted in s->n.unread. -1: the database. */
int watch_read(struct watch *w, struct settle *s, struct gw_err *e) GW_MUST_CHECK;
/* Channel and hub again, of those where something was claimed: for the caches, and for what comes next. */
int watch_refresh(struct watch *w, struct settle *s, struct gw_err *e) GW_MUST_CHECK;
/* All of one channel again. 0: read; 1: the node could not be read; -1. */
int watch_again(struct watch_channel *ch, struct settle *s, struct gw_err *e) GW_MUST_CHECK;

#endif
