/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions: what is read is written again as the same bytes, and shown as JSON. Nobody makes a
 * Bitcoin signature by chance. Input: the bytes of a transaction.
 */
#include "config.h"

#include <assert.h>

#include "codec/bcs.h"
#include "codec/jscan.h"
#include "ledger/rooch_tx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void authenticator(const struct tx_authenticator *auth, const struct tx_data *t,
			  struct str data)
{
	struct did_auth_payload p;
	uint8_t hash[32], pub[33];
	struct rooch_id sender;
	struct buf b;

	tx_hash(hash, data);
	if (tx_bitcoin_verify(auth->payload, hash, &t->sender, pub))
		assert(tx_bitcoin_sender(&sender, pub) && rooch_id_eq(sender, t->sender));
	if (!did_auth_payload_read(&p, auth->payload))
		return;
	buf_init(&b, (size_t)2 * TX_BYTES_MAX);
	bcs_put_u8(&b, p.envelope);
	bcs_put_string(&b, p.fragment);
	bcs_put_vec(&b, p.signature.p, p.signature.len);
	bcs_put_u8(&b, p.has_message);
	if (p.has_message)
		bcs_put_vec(&b, p.message.p, p.message.len);
	assert(str_eq(buf_str(&b), auth->payload));
	buf_clear(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str raw = { (const char *)data, len };
	struct tx_authenticator auth;
	struct tx_data t, again;
	struct buf b, json;
	struct jval root;
	struct gw_err e;
	size_t n;

	if (tx_data_read(&t, raw))
		assert(!tx_read(&again, &auth, &n, raw));
	if (!tx_read(&t, &auth, &n, raw))
		return 0;
	buf_init(&b, (size_t)2 * TX_BYTES_MAX);
	buf_init(&json, 1 << 24);
	tx_data_write(&b, &t);
	assert(b.len == n && tx_data_read(&again, buf_str(&b)));
	bcs_put_u64(&b, auth.validator);
	bcs_put_vec(&b, auth.payload.p, auth.payload.len);
	assert(!b.failed && str_eq(buf_str(&b), raw));
	assert(tx_json(&json, raw) && !jscan_check(buf_str(&json), 8, false, &root, &e));
	authenticator(&auth, &t, str_sub(raw, 0, n));
	buf_clear(&b);
	buf_clear(&json);
	return 0;
}
