/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receipt - what a gateway says about the payment of a request, in a header or in a frame of a
 * stream.
 *
 * Rule:    payment-channel.md 4, 5
 * Layer:   client; calls codec, util
 * Threads: no shared state
 */
#ifndef GW_CLIENT_RECEIPT_H
#define GW_CLIENT_RECEIPT_H

#include "util/picousd.h"

struct receipt {
	bool seen;
	char cost[80]; /* in base units of the asset; "" unknown */
	bool has_usd;
	struct picousd usd;
	char error_code[64], error_message[256]; /* "" none */
};

#define RECEIPT_HEADER "X-Payment-Channel-Data"

/* @value: of the header, or of the frame's member. A damaged one is as none. */
void receipt_read(struct receipt *r, struct str value);

#endif
