/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev_fault - the fault switch: what the next calls do wrong, for tests.
 *
 * Layer:   devnode; calls store, codec, util
 * Threads: any
 */
#ifndef GW_DEVNODE_DEV_FAULT_H
#define GW_DEVNODE_DEV_FAULT_H

#include "codec/jwrite.h"
#include "store/store.h"

/* X(number, NAME, name, meaning of value; it and text may be missing). In the database, never renumber. */
#define DEV_FAULTS(X) \
	X(1, HTTP, "http", "answers HTTP status value (500)") \
	X(2, HANG, "hang", "waits value milliseconds, then answers") \
	X(3, CLOSE, "close", "ends without an answer") \
	X(4, DROP, "drop", "executes, then ends without an answer") \
	X(5, OBJECT, "object", "gives another object than the one asked for") \
	X(6, TRUNCATE, "truncate", "cuts binary values in half") \
	X(7, LENGTH, "length", "binary values begin with an absurd length") \
	X(8, ERROR, "error", "JSON-RPC error with code value (2) and message text") \
	X(9, MAINTENANCE, "maintenance", "JSON-RPC error that says maintenance mode") \
	X(10, REFUSE, "refuse", "transactions are refused with sub status value (1010)") \
	X(11, ABORT, "abort", \
	  "transactions abort with code value in module text (0x3::payment_channel)") \
	X(12, STALE, "stale", "reads do not know the last value (1) transactions") \
	X(13, GARBAGE, "garbage", "answers bytes that are not JSON")

enum dev_fault_kind {
	DEV_FAULT_NONE = 0,
#define DEV_FAULT_ENUM(number, id, name, meaning) DEV_FAULT_##id = (number),
	DEV_FAULTS(DEV_FAULT_ENUM)
#undef DEV_FAULT_ENUM
};

enum { DEV_FAULT_TEXT = 200, DEV_FAULT_METHOD = 64, DEV_HANG_MAX_MS = 600000 };
struct dev_fault {
	enum dev_fault_kind kind;
	char method[DEV_FAULT_METHOD]; /* "": any */
	uint64_t count, value;
	bool has_value;
	char text[DEV_FAULT_TEXT];
};

/* By name; DEV_FAULT_NONE: unknown. */
enum dev_fault_kind dev_fault_find(struct str name);
int dev_fault_add(struct store *st, const struct dev_fault *f, struct gw_err *e) GW_MUST_CHECK;
int dev_fault_clear(struct store *st, struct gw_err *e) GW_MUST_CHECK;
/* Array of what is still to come. */
int dev_fault_list(struct store_conn *c, struct jwrite *w, const char *key,
		   struct gw_err *e) GW_MUST_CHECK;
/* The fault that a call of @method has to show, counted down; kind DEV_FAULT_NONE: none. */
int dev_fault_take(struct store *st, const char *method, struct dev_fault *f,
		   struct gw_err *e) GW_MUST_CHECK;

#endif
