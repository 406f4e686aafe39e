/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program built without the channel engine: payment = on is refused at the start, so nothing behind it
 * is ever reached. The file goes when src/pipeline/payment.c comes.
 */
#include "config.h"

#include <stdlib.h>

#include "ledger/rooch_rpc.h"
#include "pipeline/payment.h"

int payment_engine_new(struct payment_engine **out, const struct conf *c, struct store *st,
		       struct rooch_rpc *rpc, struct gw_err *e)
{
	(void)out, (void)c, (void)st, (void)rpc;
	return gw_fail(e, GWE_CONFIG, 0, "this build cannot take payments: PAYMENT=off is needed");
}

#define NEVER(type, name, ...) \
	type name(__VA_ARGS__) \
	{ \
		abort(); \
	}
#pragma GCC diagnostic ignored "-Wunused-parameter"
NEVER(void, payment_engine_free, struct payment_engine *en)
NEVER(void, payment_engine_reload, struct payment_engine *en, const struct conf *c)
NEVER(void, payment_engine_tick, struct payment_engine *en)
NEVER(int, payment_engine_ready, struct payment_engine *en, struct gw_err *e)
NEVER(void, payment_begin, struct payment *p, struct payment_engine *en,
	const struct did_auth *auth, bool free_route, struct arena *a)
NEVER(int, payment_parse, struct payment *p, struct str header, bool ambiguous, struct gw_err *e)
NEVER(int, payment_prepare, struct payment *p, struct gw_err *e)
NEVER(int, payment_admit_tx, struct store_conn *c, struct payment *p, const struct payment_offer *o,
	struct gw_err *e)
NEVER(bool, payment_wait, struct payment *p, int64_t since_mono_ms, unsigned ms, int gone_fd)
NEVER(int, payment_settle_tx, struct store_conn *c, struct payment *p, struct picousd cost,
	int64_t now_ms, struct gw_err *e)
NEVER(void, payment_released, struct payment *p)
NEVER(void, payment_abandon, struct payment *p)
NEVER(void, payment_response, const struct payment *p, const struct gw_err *error, struct buf *b)
