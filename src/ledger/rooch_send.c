/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/rooch_send.h"

#include <time.h>

#include "codec/multibase.h"

enum { LOOKS = 8, LOOK_MS = 400, ARENA_MAX = 1 << 20 };

const char rooch_self_fragment[] = "account-key";

static void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/*
 * Executed or not? The transaction may be on its way, so it is looked for a few times. A sequence
 * number that has not moved tells nothing yet.
 */
static int look_up(const struct rooch_sender *s, struct tx_result *out, struct gw_err *e)
{
	struct tx_result found;
	char hex[65];
	int rc = 1;

	for (int i = 0; i < LOOKS && rc; i++) {
		if (i)
			pause_ms(LOOK_MS);
		rc = rooch_tx_by_hash(s->rpc, out->hash, &found, e);
	}
	if (!rc) {
		*out = found;
		return 0;
	}
	hex_encode(hex, out->hash, sizeof out->hash);
	return gw_fail(e, GWE_SERVICE_UNAVAILABLE, 0,
		       "the node's answer was lost, and it cannot say whether the transaction 0x%s "
		       "was executed",
		       hex);
}

/* In words for a person. */
static int verdict(const struct tx_result *r, struct gw_err *e)
{
	switch (r->status) {
	case TX_EXECUTED:
		return 0;
	case TX_ABORTED:
		return gw_fail(e, GWE_CONFLICT, 0,
			       "the chain aborted the transaction: %s code %llu", r->location,
			       (unsigned long long)r->abort_code);
	case TX_OUT_OF_GAS:
		return gw_fail(e, GWE_CONFLICT, 0, "the transaction ran out of gas");
	case TX_FAILED:
		return gw_fail(e, GWE_CONFLICT, 0, "the transaction failed");
	case TX_REFUSED:
		return gw_fail(e, GWE_BAD_REQUEST, 0, "the chain refused the transaction%s: %.200s",
			       r->sub_status == 1004 ? " (the account cannot pay its gas)" : "",
			       r->message);
	case TX_UNKNOWN:
		break;
	}
	return gw_fail(e, GWE_SERVICE_UNAVAILABLE, 0,
		       "the node cannot say what became of the "
		       "transaction");
}

static int sign(struct buf *raw, const struct rooch_sender *s, const struct tx_data *t,
		struct gw_err *e)
{
	uint8_t hash[32];

	return s->fragment ? tx_sign_did(raw, t, s->key, str_c(s->fragment), hash, e)
			   : tx_sign_bitcoin(raw, t, s->key, hash, e);
}

int rooch_send(const struct rooch_sender *s, const struct tx_call *call, struct tx_result *out,
	       struct gw_err *e)
{
	struct tx_data t = { .sender = s->address, .max_gas = TX_GAS_DEFAULT, .call = *call };
	uint8_t pub[KEY_PUB_MAX];
	struct buf raw;
	int rc;

	*out = (struct tx_result){ .status = TX_UNKNOWN };
	if (!s->fragment &&
	    (signing_key_type(s->key) != KEY_K1 || signing_key_pub(s->key, pub) != sizeof pub ||
	     !tx_bitcoin_sender(&t.sender, pub)))
		return gw_fail(e, GWE_BAD_REQUEST, 0,
			       "only a secp256k1 key has an account of its own on the chain");
	buf_init(&raw, TX_BYTES_MAX);
	rc = rooch_chain_id(s->rpc, &t.chain_id, e) ||
	     rooch_sequence_number(s->rpc, &t.sender, &t.sequence_number, e) ||
	     sign(&raw, s, &t, e) || rooch_execute(s->rpc, buf_str(&raw), out, e);
	if (!rc && out->status == TX_UNKNOWN)
		rc = look_up(s, out, e);
	buf_clear(&raw);
	return rc ? -1 : verdict(out, e);
}

int rooch_create_did(struct rooch_rpc *rpc, const struct signing_key *key, struct rooch_id *did,
		     struct gw_err *e)
{
	const struct rooch_sender s = { .rpc = rpc, .key = key };
	uint8_t pub[KEY_PUB_MAX];
	struct tx_result r;
	struct tx_call call;
	struct arena a;
	struct buf text;
	int rc;

	arena_init(&a, ARENA_MAX);
	buf_init(&text, 256);
	if (!multibase_encode_z(pub, signing_key_pub(key, pub), &text))
		abort(); /* a key of 33 bytes has no longer text */
	tx_call_create_did(&call, &a, buf_str(&text));
	rc = rooch_send(&s, &call, &r, e);
	if (!rc && !r.has_created_did)
		rc = gw_fail(e, GWE_SERVICE_UNAVAILABLE, 0,
			     "the DID was made, but its name was lost with the node's answer; "
			     "repeat this for another one");
	if (!rc)
		*did = r.created_did;
	buf_clear(&text);
	arena_free(&a);
	return rc;
}
