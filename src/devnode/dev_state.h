/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev_state - the state of the development ledger: objects and entries of tables, by version.
 *
 * A context is one look at the ledger: a view as of some transaction, or a transaction being made,
 * whose writes carry its number. Older versions of a row stay for DEV_HISTORY transactions.
 *
 * Functions return 0, or 1 and 0 where they look for something (found, not found), or -1 with the
 * context's error set, or, while a transaction runs, with its failure set (dev_abort).
 *
 * Rule:    protocol rooch.md 3, 4, 9
 * Layer:   devnode; calls ledger, store, codec, crypto, util
 * Threads: a context belongs to one thread
 */
#ifndef GW_DEVNODE_DEV_STATE_H
#define GW_DEVNODE_DEV_STATE_H

#include "ledger/rooch_did.h"
#include "ledger/rooch_object.h"
#include "ledger/rooch_tx.h"
#include "store/store.h"

enum { DEV_HISTORY = 64, DEV_EVENTS_MAX = 32 };
#define DEV_RGAS_TEXT "::gas_coin::RGas"
extern const char dev_rgas[]; /* canonical */

/* The row of the node itself. */
struct dev_settings {
	uint64_t chain_id, gas;
	int64_t clock_offset_ms, tx_order, fresh;
	uint8_t seed[32];
};

/* In the database, never renumber. */
enum dev_status {
	DEV_EXECUTED = 0,
	DEV_MOVE_ABORT = 1,
	DEV_OUT_OF_GAS = 2,
	DEV_EXECUTION_FAILURE = 3,
	DEV_MISCELLANEOUS = 4
};

struct dev_event {
	struct rooch_id handle;
	const char *type; /* short address, as in answers */
	struct str data;
	int64_t seq; /* once stored */
};

struct dev_ctx {
	struct store_conn *c;
	struct arena *mem;
	struct gw_err *e;
	struct dev_settings set;
	int64_t at; /* reads see this version; writes make it */
	uint64_t now_ms;

	/* of the transaction being made */
	const struct tx_call *call;
	struct rooch_id sender;
	uint64_t validator;
	struct str fragment; /* key of the DID document that signed; p NULL: none did */
	bool bad_args;
	enum dev_status status;
	const char *location; /* of a failure */
	uint64_t abort_code;
	struct dev_event event[DEV_EVENTS_MAX];
	unsigned n_event;
};

/* @c: a transaction's connection or a reader's; @back: that many transactions ago. */
int dev_begin(struct dev_ctx *x, struct store_conn *c, struct arena *mem, int64_t back,
	      struct gw_err *e) GW_MUST_CHECK;
/* Start a version of its own; written by dev_save. */
void dev_advance(struct dev_ctx *x);
int dev_save(struct dev_ctx *x) GW_MUST_CHECK;

/* Failures of a running transaction; each returns -1. @module: "0x3::payment_channel". */
int dev_abort(struct dev_ctx *x, const char *module, uint64_t code);
int dev_arithmetic(struct dev_ctx *x, const char *module);
int dev_miscellaneous(struct dev_ctx *x);

/* 32 bytes that were never given before. */
struct rooch_id dev_fresh(struct dev_ctx *x);
/* Object that an account has one of: @type canonical. */
struct rooch_id dev_account_object(const struct rooch_id *owner, const char *type);

struct dev_row {
	struct rooch_id owner; /* of objects */
	struct str type, value;
	uint64_t created_ms, updated_ms;
};
/* Rows live in the context's arena. 1, 0, -1. */
int dev_object_get(struct dev_ctx *x, const struct rooch_id *id, struct dev_row *row) GW_MUST_CHECK;
int dev_object_put(struct dev_ctx *x, const struct rooch_id *id, const struct rooch_id *owner,
		   const char *type, struct str value) GW_MUST_CHECK;
int dev_field_get(struct dev_ctx *x, const struct rooch_id *table, const struct rooch_id *key,
		  struct dev_row *row) GW_MUST_CHECK;
/* @value STR_NULL removes. */
int dev_field_put(struct dev_ctx *x, const struct rooch_id *table, const struct rooch_id *key,
		  const char *type, struct str value) GW_MUST_CHECK;
int dev_field_count(struct dev_ctx *x, const struct rooch_id *table, uint64_t *n) GW_MUST_CHECK;
/* Entries behind key @after in the order of keys, at most @limit. Stops when @each returns -1. */
int dev_field_each(struct dev_ctx *x, const struct rooch_id *table, const struct rooch_id *after,
		   unsigned limit,
		   int (*each)(void *arg, const struct rooch_id *key, const struct dev_row *row),
		   void *arg) GW_MUST_CHECK;

/* Remember an event: with a handle of @object's, or of the type's (NULL). @b: its data. */
int dev_emit(struct dev_ctx *x, const struct rooch_id *object, const char *type,
	     const struct buf *b) GW_MUST_CHECK;
int dev_events_save(struct dev_ctx *x) GW_MUST_CHECK;

/* "0x3::did::DIDDocument" -> address with all its digits; aborts when it does not fit. */
void dev_type_long(char out[ROOCH_ASSET_TEXT], const char *type);

/* What comes out of a buffer of bounded size that we filled ourselves. */
enum { DEV_VALUE_MAX = 262144 };
struct buf dev_buf(void);

#endif
