/* SPDX-License-Identifier: Apache-2.0 */
/* devnode: who may send what - the order of refusals, authenticators, gas, and what an abort leaves. */
#include "config.h"

#include "tap.h"

#include "devnode.h"
#include "vectors.h"

#define CREATE "payment_channel::create_payment_hub"

static struct dn_args none(void)
{
	return (struct dn_args){ .n = 0 };
}

static const char *outcome(struct dn *d, struct dn_who *w, struct dn_tx t)
{
	return dn_outcome(d, dn_send_tx(d, w, t));
}

static const char *sequence(struct dn *d, const struct dn_who *w)
{
	char params[300];
	struct jval v;

	snprintf(
		params, sizeof params,
		"[{\"function_id\":\"0x2::account::sequence_number\",\"args\":[\"%s\"],\"ty_args\":[]}]",
		w->hex + 2);
	v = jscan_path(dn_call(d, "rooch_executeViewFunction", params), "result", "return_values",
		       NULL);
	return dn_text(d, jscan_get(dn_at(v, 0), "decoded_value"));
}

/* Each check is reached only when those before it pass. */
static void refusals(void)
{
	struct dn d;
	struct dn_who w, stranger = { .fragment = "account-key", .hex = "0x7" };
	struct dn_tx t;

	dn_open(&d);
	dn_account(&d, &w, KEY_ED25519);
	t = dn_tx(&w, CREATE);
	t.chain_id = 3;
	t.seq = UINT64_MAX;
	t.max_gas = 2000000000;
	t.break_signature = true;
	IS(outcome(&d, &w, t), "refused 1006", "another chain");
	t.chain_id = 4;
	IS(outcome(&d, &w, t), "refused 1007", "a sequence number without a successor");
	t.seq = 1;
	IS(outcome(&d, &w, t), "refused 1002", "a sequence number too new");
	t.seq = 0;
	IS(outcome(&d, &w, t), "refused 1008", "more gas than the limit");
	t.max_gas = 1000000000;
	IS(outcome(&d, &w, t), "refused 101007", "a wrong signature");
	t.break_signature = false;
	IS(outcome(&d, &w, t), "executed", "and all is well, with the most gas there may be");
	IS(outcome(&d, &w, t), "refused 1001", "sent again: too old");
	IS(sequence(&d, &w), "1", "refused transactions do not count");

	dn_key(&stranger, KEY_K1);
	stranger.address = (struct rooch_id){ { [31] = 7 } };
	IS(outcome(&d, &stranger, dn_tx(&stranger, CREATE)), "refused 101003", "no document");
	dn_free(&w);
	dn_free(&stranger);
	dn_close(&d);
}

/* Validator 4, by key type; what each part of its payload does. */
static void did_authenticators(void)
{
	static const enum key_type types[] = { KEY_ED25519, KEY_K1, KEY_R1 };
	struct dn d;
	struct dn_who w;
	struct dn_tx t;

	dn_open(&d);
	for (unsigned i = 0; i < 3; i++) {
		dn_account(&d, &w, types[i]);
		t = dn_tx(&w, CREATE);
		IS(outcome(&d, &w, t), "executed", "%s signs", key_type_name(types[i]));
		t = dn_tx(&w, CREATE);
		t.break_signature = true;
		IS(outcome(&d, &w, t), "refused 101007", "not so");
		t.break_signature = false;
		t.high_s = types[i] != KEY_ED25519;
		IS(outcome(&d, &w, t), t.high_s ? "refused 101007" : "executed",
		   "the chain wants low S");
		dn_free(&w);
	}
	dn_account(&d, &w, KEY_K1);
	t = dn_tx(&w, CREATE);
	t.fragment = "no-such-key";
	IS(outcome(&d, &w, t), "refused 101004", "a key that is not listed");
	t = dn_tx(&w, CREATE);
	t.envelope = 3;
	IS(outcome(&d, &w, t), "refused 101002", "an unknown envelope");
	t.envelope = 1;
	IS(outcome(&d, &w, t), "refused 101006", "a Bitcoin message that is missing");
	t.envelope = 2;
	IS(outcome(&d, &w, t), "refused 101006", "WebAuthn data that are missing");
	t.envelope = 0;
	t.payload = STR_LIT("\1");
	IS(outcome(&d, &w, t), "refused 101001", "a payload that does not decode");
	t.payload = STR_NULL;
	t.validator = 7;
	IS(outcome(&d, &w, t), "refused 1011", "a validator that is not installed");
	t.validator = 1;
	IS(outcome(&d, &w, t), "refused 1010", "no payload of a Bitcoin account");
	t = dn_tx(&w, CREATE);
	t.no_authenticator = true;
	IS(outcome(&d, &w, t), "error 3", "bytes that end early");
	dn_free(&w);
	dn_close(&d);
}

/* Envelopes 1 and 2, and validator 0: payloads made here. */
static void hash_of(const struct dn_tx *t, const struct dn_who *w, uint8_t hash[32])
{
	struct buf data;

	buf_init(&data, 65536);
	dn_data(&data, t, w);
	hash_sha3_256(hash, data.p, data.len);
	buf_clear(&data);
}

static void put_payload(struct buf *b, uint8_t envelope, const struct dn_who *w,
			struct str signed_bytes, struct str message)
{
	uint8_t sig[KEY_SIG];
	struct gw_err e;

	if (signing_key_sign(w->k, signed_bytes.p, signed_bytes.len, sig, &e))
		dn_die("signing", &e);
	bcs_put_u8(b, envelope);
	bcs_put_string(b, STR_LIT("account-key"));
	bcs_put_vec(b, sig, sizeof sig);
	bcs_put_u8(b, 1);
	bcs_put_vec(b, message.p, message.len);
}

static void bitcoin_envelope(struct dn *d)
{
	struct dn_who w;
	struct dn_tx t;
	uint8_t hash[32], digest[32];
	char hex[65], message[128];
	struct buf payload, pre;

	dn_account(d, &w, KEY_K1);
	t = dn_tx(&w, CREATE);
	hash_of(&t, &w, hash);
	hex_encode(hex, hash, sizeof hash);
	snprintf(message, sizeof message, "Rooch Transaction:\n%s", hex);
	buf_init(&pre, 256);
	buf_addf(&pre,
		 "\x18"
		 "Bitcoin Signed Message:\n%c%s",
		 (char)strlen(message), message);
	hash_sha256(digest, pre.p, pre.len);
	buf_init(&payload, 1024);
	put_payload(&payload, 1, &w, (struct str){ (const char *)digest, 32 }, str_c(message));
	t.payload = buf_str(&payload);
	IS(outcome(d, &w, t), "executed", "a Bitcoin message");
	buf_reset(&payload);
	put_payload(&payload, 1, &w, (struct str){ (const char *)digest, 32 },
		    STR_LIT("Rooch Transaction:\nanother"));
	t = dn_tx(&w, CREATE);
	t.payload = buf_str(&payload);
	IS(outcome(d, &w, t), "refused 101006", "a message of another transaction");
	buf_clear(&payload);
	buf_clear(&pre);
	dn_free(&w);
}

static void webauthn_envelope(struct dn *d, bool good)
{
	struct dn_who w;
	struct dn_tx t;
	uint8_t hash[32], digest[32];
	struct buf challenge, client, envelope, msg, payload;

	dn_account(d, &w, KEY_R1);
	t = dn_tx(&w, CREATE);
	hash_of(&t, &w, hash);
	hash[0] ^= !good;
	buf_init(&challenge, 128);
	buf_init(&client, 1024);
	buf_init(&envelope, 2048);
	buf_init(&msg, 2048);
	buf_init(&payload, 4096);
	multibase_encode_u(hash, sizeof hash, &challenge);
	buf_addf(&client,
		 "{\"type\":\"webauthn.get\",\"challenge\":\"%s\",\"origin\":\"http://x\"}",
		 buf_c(&challenge) + 1);
	bcs_put_vec(&envelope, "authenticator", 13);
	bcs_put_vec(&envelope, client.p, client.len);
	hash_sha256(digest, client.p, client.len);
	buf_add_c(&msg, "authenticator");
	buf_add(&msg, digest, sizeof digest);
	put_payload(&payload, 2, &w, buf_str(&msg), buf_str(&envelope));
	t.payload = buf_str(&payload);
	IS(outcome(d, &w, t), good ? "executed" : "refused 101006", "WebAuthn%s",
	   good ? "" : " for another challenge");
	buf_clear(&challenge);
	buf_clear(&client);
	buf_clear(&envelope);
	buf_clear(&msg);
	buf_clear(&payload);
	dn_free(&w);
}

static void session_key(struct dn *d, enum key_type type)
{
	struct dn_who w, other;
	struct dn_tx t;
	uint8_t hash[32], payload[1 + KEY_SIG + KEY_PUB_MAX];
	struct gw_err e;
	size_t n;

	dn_account(d, &w, type);
	t = dn_tx(&w, CREATE);
	hash_of(&t, &w, hash);
	payload[0] = (uint8_t)type;
	n = 1 + KEY_SIG + signing_key_pub(w.k, payload + 1 + KEY_SIG);
	if (signing_key_sign(w.k, hash, sizeof hash, payload + 1, &e))
		dn_die("signing", &e);
	t.validator = 0;
	t.payload = (struct str){ (const char *)payload, n };
	IS(outcome(d, &w, t), "executed", "a session key of %s", key_type_name(type));
	t.seq = w.seq;
	IS(outcome(d, &w, t), "refused 1010", "its signature is of that transaction only");
	dn_key(&other, type);
	(void)signing_key_pub(other.k, payload + 1 + KEY_SIG);
	IS(outcome(d, &w, t), "refused 1009", "a key that is not the account's");
	t.payload.len--;
	IS(outcome(d, &w, t), "refused 1010", "a payload of another length");
	dn_free(&w);
	dn_free(&other);
}

/* Rule: rooch.md 7.5 "Gas" */
static void gas(void)
{
	struct dn d;
	struct dn_who w, poor;
	struct dn_tx t;

	dn_open(&d);
	dn_account(&d, &w, KEY_ED25519);
	IS(dn_balance(&d, &w), "0", "nothing at first");
	IS(dn_send(&d, &w, CREATE, none()), "executed", "the local network gives");
	IS(dn_balance(&d, &w), "999999999000", "10 000 RGas, less 1000 of gas");
	dn_set_hub(&d, &w, "300000000");
	IS(dn_send(&d, &w, CREATE, none()), "executed", "with a hub");
	IS(dn_hub(&d, &w), "299999000", "the hub pays");
	IS(dn_balance(&d, &w), "999999999000", "not the account");
	dn_set_hub(&d, &w, "25000000");
	IS(dn_send(&d, &w, CREATE, none()), "executed", "a hub that covers a quarter");
	IS(dn_hub(&d, &w), "24999750", "pays a quarter of the gas");
	IS(dn_balance(&d, &w), "999999998250", "the account the rest");
	t = dn_tx(&w, CREATE);
	t.max_gas = 999;
	IS(outcome(&d, &w, t), "outofgas", "less gas than it takes");
	IS(dn_hub(&d, &w), "24998751", "is paid all the same");

	OK(!dn_control(&d, "settings", "{\"chain_id\":2}", NULL)[0], "on the test network");
	dn_account(&d, &poor, KEY_ED25519);
	t = dn_tx(&poor, CREATE);
	t.chain_id = 2;
	IS(outcome(&d, &poor, t), "refused 1004", "nobody gives, and the deposit is asked for");
	dn_set_hub(&d, &poor, "99999999");
	IS(outcome(&d, &poor, t), "refused 1004", "one base unit short");
	dn_set_hub(&d, &poor, "100000000");
	IS(outcome(&d, &poor, t), "executed", "the hub counts");
	dn_free(&w);
	dn_free(&poor);
	dn_close(&d);
}

static void what_remains(void)
{
	struct rooch_id nobody = { { 9 } };
	struct dn d;
	struct dn_who w;
	struct dn_tx t;

	dn_open(&d);
	dn_account(&d, &w, KEY_ED25519);
	IS(dn_send(&d, &w, "<payment_channel::withdraw_from_hub_entry", dn_args("U", "5")),
	   "0x3::payment_channel 25", "an abort after the hub was made");
	IS(dn_hub(&d, &w), "none", "unmakes the hub");
	IS(sequence(&d, &w), "1", "counts");
	IS(dn_balance(&d, &w), "999999999000", "and costs gas");
	IS(dn_send(&d, &w, "payment_channel::no_such_entry", none()), "miscellaneouserror",
	   "a function that there is not");
	IS(dn_send(&d, &w, "<payment_channel::create_payment_hub", none()), "miscellaneouserror",
	   "a type argument too many");
	IS(dn_send(&d, &w, "payment_channel::open_channel_entry", dn_args("a", &nobody)),
	   "miscellaneouserror", "a type argument too few");
	t = dn_tx(&w, "payment_channel::open_channel_entry");
	t.args = dn_args("a", &nobody);
	t.odd_type = true;
	IS(outcome(&d, &w, t), "miscellaneouserror", "a type argument that is no coin");
	IS(dn_send(&d, &w, "<payment_channel::open_channel_entry", none()), "miscellaneouserror",
	   "an argument too few");
	IS(dn_send(&d, &w, "<payment_channel::open_channel_entry", dn_args("u", UINT64_C(1))),
	   "miscellaneouserror", "an argument of another type");
	IS(sequence(&d, &w), "7", "each has counted");
	dn_reopen(&d);
	IS(sequence(&d, &w), "7", "the ledger keeps it");
	t = dn_tx(&w, CREATE);
	IS(outcome(&d, &w, t), "executed", "and goes on");
	dn_free(&w);
	dn_close(&d);
}

static void dry_runs(void)
{
	struct dn d;
	struct dn_who w;
	struct dn_tx t;
	struct buf params;
	struct jval v;

	dn_open(&d);
	dn_account(&d, &w, KEY_ED25519);
	t = dn_tx(&w, CREATE);
	t.no_authenticator = true;
	buf_init(&params, 65536);
	buf_add_c(&params, "[\"0x");
	dn_sign(&params, &t, &w);
	buf_add_c(&params, "\"]");
	v = jscan_path(dn_call(&d, "rooch_dryRunRawTransaction", buf_c(&params)), "result",
		       "raw_output", NULL);
	IS(dn_text(&d, jscan_path(v, "status", "type", NULL)), "executed", "a dry run tells");
	IS(dn_text(&d, jscan_get(v, "gas_used")), "1000", "and what it would cost");
	IS(dn_hub(&d, &w), "none", "but nothing happens");
	IS(sequence(&d, &w), "0", "nothing at all");
	buf_clear(&params);
	dn_free(&w);
	dn_close(&d);
}

/* Recorded transactions of the real packages: the signer is let in, the arguments are understood. */
static void vectors(void)
{
	struct vectors vs;
	struct dn d;

	dn_open(&d);
	vectors_open(&vs, "transactions");
	while (vectors_next(&vs)) {
		struct jval signer = jscan_get(vs.v, "signer");
		const char *fragment = dn_text(&d, jscan_get(signer, "vmFragment"));
		struct str pub = vec_str_of(&vs, jscan_get(signer, "publicKey"), "publicKey");
		char body[600];
		uint8_t raw[KEY_PUB_MAX];
		struct buf text, params;
		struct jval v;

		buf_init(&text, 128);
		if (!hex_decode(raw, pub.len / 2, pub))
			dn_die("a key", NULL);
		multibase_encode_z(raw, pub.len / 2, &text);
		snprintf(body, sizeof body,
			 "{\"address\":\"%s\",\"keys\":[{\"fragment\":\"%s\",\"type\":\"%s\","
			 "\"public_key\":\"%s\"}]}",
			 vec_text(&vs, "sender"), fragment,
			 dn_text(&d, jscan_get(signer, "keyType")), buf_c(&text));
		/* the Bitcoin account has no document */
		if (fragment[0])
			OK(!dn_control(&d, "did", body, NULL)[0], "%s: document", vs.id);
		snprintf(body, sizeof body, "{\"address\":\"%s\",\"sequence_number\":\"%s\"}",
			 vec_text(&vs, "sender"), vec_text(&vs, "sequenceNumber"));
		OK(!dn_control(&d, "account", body, NULL)[0], "%s: account", vs.id);
		buf_init(&params, 65536);
		buf_addf(&params, "[\"%s\",{\"withOutput\":true}]",
			 vec_text(&vs, "rawTransaction"));
		v = dn_call(&d, "rooch_executeRawTransaction", buf_c(&params));
		OK(jscan_get(v, "result").type == J_OBJECT, "%s: %s is let in: %s", vs.id,
		   vec_text(&vs, "function"), dn_outcome(&d, v));
		OK(strcmp(dn_outcome(&d, v), "miscellaneouserror") != 0, "%s: understood", vs.id);
		IS(dn_text(&d, jscan_path(v, "result", "execution_info", "tx_hash", NULL)) + 2,
		   vec_text(&vs, "txHash"), "%s: hash", vs.id);
		buf_clear(&params);
		buf_clear(&text);
	}
	vectors_close(&vs);
	dn_close(&d);
}

int main(void)
{
	struct dn d;

	refusals();
	did_authenticators();
	dn_open(&d);
	bitcoin_envelope(&d);
	webauthn_envelope(&d, true);
	webauthn_envelope(&d, false);
	session_key(&d, KEY_ED25519);
	session_key(&d, KEY_K1);
	session_key(&d, KEY_R1);
	dn_close(&d);
	gas();
	what_remains();
	dry_runs();
	vectors();
	return TAP_END;
}
