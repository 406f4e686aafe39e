/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev_call - one JSON-RPC call: its parameters, its result or its error.
 *
 * Rule:    protocol rooch.md 6, 6.4
 * Layer:   devnode; calls store, codec, util
 * Threads: a call belongs to one thread
 */
#ifndef GW_DEVNODE_DEV_CALL_H
#define GW_DEVNODE_DEV_CALL_H

#include "codec/jscan.h"
#include "codec/jwrite.h"
#include "devnode/dev_fault.h"
#include "devnode/dev_state.h"

enum { DEV_PARAMS_MAX = 8 };
enum {
	RPC_GENERAL = 1,
	RPC_INTERNAL = 2,
	RPC_DECODING = 3,
	RPC_PARSE = -32700,
	RPC_REQUEST = -32600,
	RPC_METHOD = -32601,
	RPC_PARAMS = -32602
};

struct dev_call {
	struct store *st;
	struct arena *mem;
	struct jwrite *w; /* the result */
	struct jval param[DEV_PARAMS_MAX];
	unsigned n_param;
	struct dev_fault fault; /* that a test ordered for it */
	struct dev_ctx *x;	/* of a method that reads */
	int code;		/* of the error; 0: see e */
	char message[256];
	struct gw_err e;
};

/* Sets the error; returns -1. */
int dev_call_fail(struct dev_call *c, int code, const char *fmt, ...) GW_PRINTF(3, 4);

/* Type J_NONE where there is none. */
struct jval dev_call_param(const struct dev_call *c, unsigned i);
/* A number or its digits; absent and null give @otherwise. */
int dev_call_u64(struct dev_call *c, unsigned i, uint64_t otherwise, uint64_t *out) GW_MUST_CHECK;
/* Hex with 0x or without, of at most TX_BYTES_MAX bytes, as bytes in the arena. */
int dev_call_hex(struct dev_call *c, struct jval v, const char *what,
		 struct str *out) GW_MUST_CHECK;
/* An object id or address. */
int dev_call_id(struct dev_call *c, unsigned i, struct rooch_id *out) GW_MUST_CHECK;
/* Entries of a page. */
int dev_call_limit(struct dev_call *c, unsigned i, unsigned *limit) GW_MUST_CHECK;

/* Run the method: 0, or -1 with the error set. In dev_methods.c. */
int dev_method_run(struct dev_call *c, const char *name) GW_MUST_CHECK;

#endif
