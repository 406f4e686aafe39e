/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev_args - the arguments of the entry function that runs.
 *
 * Each reads argument @i, which has to be a complete value of its type; a misfit sets the context's
 * bad_args and gives something harmless, so that a function reads all of its arguments and then asks
 * once, with dev_args_ok.
 *
 * Rule:    protocol rooch.md 5.1
 * Layer:   devnode; calls codec, util
 * Threads: a context belongs to one thread
 */
#ifndef GW_DEVNODE_DEV_ARGS_H
#define GW_DEVNODE_DEV_ARGS_H

#include "devnode/dev_state.h"

struct rooch_id dev_arg_address(struct dev_ctx *x, unsigned i);
struct rooch_id dev_arg_object(struct dev_ctx *x, unsigned i);
struct u256 dev_arg_u256(struct dev_ctx *x, unsigned i);
uint64_t dev_arg_u64(struct dev_ctx *x, unsigned i);
uint8_t dev_arg_u8(struct dev_ctx *x, unsigned i);
/* Views into the transaction. */
struct str dev_arg_string(struct dev_ctx *x, unsigned i);
struct str dev_arg_bytes(struct dev_ctx *x, unsigned i);
/* At most @max of them are stored; the number that there are is returned. */
unsigned dev_arg_strings(struct dev_ctx *x, unsigned i, struct str *out, unsigned max);

/* False: the transaction failed (miscellaneous error). */
bool dev_args_ok(struct dev_ctx *x);

#endif
