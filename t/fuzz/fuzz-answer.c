/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of a node: they are taken, or refused with a reason for the log that the client does not
 * see. Input: a letter for the question, the text of the answer.
 */
#include "config.h"

#include <assert.h>

#include "ledger/rooch_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define COIN "0x0000000000000000000000000000000000000000000000000000000000000003::gas_coin::RGas"

static bool each(void *arg, struct str fragment, const struct subchannel_object *s)
{
	(void)s;
	assert(rooch_fragment_valid(fragment));
	return ++*(unsigned *)arg < 50;
}

static int state(struct jval result, bool entry, struct gw_err *e)
{
	static const struct rooch_id object = { { 0xee } }, key = { { 0xdd } };
	struct buf bcs;
	int rc;

	buf_init(&bcs, 4096);
	rc = rooch_answer_state(&bcs, result, (struct rooch_wanted){ &object, entry ? &key : NULL },
				e);
	assert(rc || bcs.len <= 4096);
	buf_clear(&bcs);
	return rc;
}

static int transaction(struct jval result, bool executed, struct gw_err *e)
{
	static const uint8_t hash[32] = { 0xaa };
	struct tx_result tx;
	int rc = (executed ? rooch_answer_execute : rooch_answer_transaction)(&tx, result, hash, e);

	assert((rc == 0) == (tx.status != TX_UNKNOWN) && tx.status != TX_REFUSED &&
	       !memcmp(tx.hash, hash, 32));
	return rc;
}

static int page(struct jval result, struct gw_err *e)
{
	static const struct rooch_id table = { { 0xee } };
	struct rooch_page p;
	unsigned n = 0;
	int rc = rooch_answer_subchannels(&p, result, &table, each, &n, e);

	assert(rc <= 0 && (rc || !p.more || p.cursor[0] == '"') && p.stop == (n == 50));
	return rc;
}

static int question(char what, struct jval result, struct gw_err *e)
{
	struct u256 wide;
	uint64_t v;

	switch (what) {
	case 'n':
		return rooch_answer_u64(&v, result, e);
	case 'v':
		return rooch_answer_view_u64(&v, result, e);
	case 'b':
		return rooch_answer_balance(&wide, result, COIN, e);
	case 'o':
		return state(result, false, e);
	case 'f':
		return state(result, true, e);
	case 'l':
		return page(result, e);
	case 'x':
		return transaction(result, true, e);
	case 't':
		return transaction(result, false, e);
	default:
		return 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str text = { (const char *)data + 1, len - 1 };
	struct rooch_node_error ne;
	struct gw_err e = { .code = GWE_OK };
	struct jval result;
	int rc;

	if (!len)
		return 0;
	rc = rooch_answer_open(&result, &ne, text, 7, &e);
	assert(rc != 1 || (ne.sub_status <= 0xffff && strlen(ne.message) < sizeof ne.message));
	if (!rc)
		rc = question((char)data[0], result, &e);
	assert(rc != -1 || (e.code == GWE_SERVICE_UNAVAILABLE && e.priv[0]));
	assert(rc == 0 || rc == 1 || rc == -1);
	return 0;
}
