/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/rooch_tx.h"

#include "codec/bcs.h"
#include "crypto/hash.h"

#include "json_eq.h"
#include "tap.h"
#include "vec_key.h"

static struct vectors inner(const struct vectors *vs, const char *name)
{
	struct vectors v = *vs;

	v.v = jscan_get(vs->v, name);
	return v;
}

static bool is_id(struct vectors *vs, const char *name, const struct rooch_id *id)
{
	char hex[ROOCH_HEX_TEXT];

	rooch_id_hex(hex, id);
	return vec_is(vs, name, hex);
}

static bool is_u64(struct vectors *vs, const char *name, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)v);
	return vec_is(vs, name, text);
}

static struct rooch_id id_in(struct vectors *vs, const char *name)
{
	struct rooch_id id;

	if (!rooch_id_parse(&id, vec_str(vs, name)))
		vec_die(vs, name);
	return id;
}

static struct u256 amount_in(struct vectors *vs, const char *name)
{
	struct u256 v;

	if (!u256_parse(&v, vec_str(vs, name)))
		vec_die(vs, name);
	return v;
}

static struct voucher voucher_in(struct vectors *args)
{
	struct voucher v = { .rav.version = 1 };

	v.rav.channel_id = id_in(args, "channel_id");
	v.rav.accumulated = amount_in(args, "accumulated_amount");
	if (!str_copy(v.rav.fragment, sizeof v.rav.fragment, vec_str(args, "vm_id_fragment")) ||
	    !str_u64(vec_str(args, "nonce"), &v.rav.nonce))
		vec_die(args, "voucher");
	memcpy(v.signature, vec_bytes(args, "sender_signature").p, KEY_SIG);
	return v;
}

/* Make the same call from the named arguments; false: we have no function for it. */
static bool build(struct tx_call *c, struct arena *a, struct vectors *vs, const struct tx_data *t)
{
	struct vectors args = inner(vs, "args");
	const char *function = vec_text(vs, "function"), *asset = t->call.type_arg;
	struct channel_proof proof[CHANNEL_PROOFS_MAX + 1];
	struct rooch_id id;
	struct voucher v;
	unsigned n;

	function = strrchr(function, ':') + 1;
	if (!strcmp(function, "claim_from_channel_entry")) {
		v = voucher_in(&args);
		tx_call_claim(c, a, &v);
	} else if (!strcmp(function, "dispute_cancellation_entry")) {
		v = voucher_in(&args);
		tx_call_dispute(c, a, &v);
	} else if (!strcmp(function, "close_channel_entry")) {
		id = id_in(&args, "channel_id");
		if (!close_proofs_read(proof, &n, vec_bytes(&args, "serialized_proofs")))
			vec_die(vs, "proofs");
		tx_call_close(c, a, &id, proof, n);
	} else if (!strcmp(function, "finalize_cancellation_entry")) {
		id = id_in(&args, "channel_id");
		tx_call_finalize(c, a, &id);
	} else if (!strcmp(function, "initiate_cancellation_entry")) {
		id = id_in(&args, "channel_id");
		tx_call_initiate_cancellation(c, a, &id);
	} else if (!strcmp(function, "withdraw_revenue_entry")) {
		tx_call_withdraw_revenue(c, a, asset, amount_in(&args, "amount"));
	} else if (!strcmp(function, "open_channel_with_sub_channel_entry")) {
		id = id_in(&args, "channel_receiver");
		tx_call_open(c, a, asset, &id, vec_str(&args, "vm_id_fragment"));
	} else if (!strcmp(function, "authorize_sub_channel_entry")) {
		id = id_in(&args, "channel_id");
		tx_call_authorize(c, a, &id, vec_str(&args, "vm_id_fragment"));
	} else if (!strcmp(function, "deposit_to_hub_entry")) {
		id = id_in(&args, "receiver");
		tx_call_deposit(c, a, asset, &id, amount_in(&args, "amount"));
	} else if (!strcmp(function, "create_did_object_for_self_entry")) {
		tx_call_create_did(c, a, vec_str(&args, "account_public_key_multibase"));
	} else {
		return false;
	}
	return true;
}

static void builders(struct vectors *vs, const struct tx_data *t, struct str data)
{
	struct tx_data made = *t;
	struct arena a;
	struct buf b;

	arena_init(&a, 1 << 20);
	buf_init(&b, TX_BYTES_MAX);
	if (build(&made.call, &a, vs, t)) {
		tx_data_write(&b, &made);
		OK(!b.failed && str_eq(buf_str(&b), data), "%s is built from its arguments",
		   vs->id);
	}
	buf_clear(&b);
	arena_free(&a);
}

static void signed_by_did(struct vectors *vs, const struct tx_data *t,
			  const struct tx_authenticator *auth, struct str raw)
{
	struct vectors signer = inner(vs, "signer"), parsed = inner(vs, "authenticatorParsed");
	struct str pub = vec_bytes(&signer, "publicKey");
	struct did_auth_payload p = { 0 };
	struct tx_authenticator mine;
	struct tx_data again;
	uint8_t hash[32];
	struct signing_key *k;
	enum key_type type;
	struct gw_err e;
	struct buf b;
	size_t n;

	if (!key_type_find(vec_str(&signer, "keyType"), &type))
		vec_die(vs, "keyType");
	OK(auth->validator == 4 && did_auth_payload_read(&p, auth->payload) && p.envelope == 0 &&
		   str_eq(p.fragment, vec_str(&parsed, "vmFragment")) &&
		   str_eq(p.signature, vec_bytes(&parsed, "signature")) && !p.has_message,
	   "%s authenticator", vs->id);
	tx_hash(hash, vec_bytes(vs, "transactionData"));
	OK(key_verify(type, vec_u8(pub), pub.len, hash, 32, vec_u8(p.signature), p.signature.len),
	   "%s signature", vs->id);
	k = vec_key(&signer, type);
	buf_init(&b, TX_BYTES_MAX);
	OK(!tx_sign_did(&b, t, k, p.fragment, hash, &e) &&
		   !memcmp(hash, vec_bytes(vs, "txHash").p, 32),
	   "%s is signed", vs->id);
	if (vec_true(&signer, "signatureDeterministic"))
		OK(str_eq(buf_str(&b), raw), "%s byte for byte", vs->id);
	OK(tx_read(&again, &mine, &n, buf_str(&b)) && did_auth_payload_read(&p, mine.payload) &&
		   key_verify(type, vec_u8(pub), pub.len, hash, 32, vec_u8(p.signature),
			      p.signature.len),
	   "%s our signature", vs->id);
	signing_key_free(k);
	buf_clear(&b);
}

static void signed_by_bitcoin(struct vectors *vs, const struct tx_data *t,
			      const struct tx_authenticator *auth, struct str raw)
{
	struct vectors signer = inner(vs, "signer");
	struct str pub = vec_bytes(&signer, "publicKey");
	uint8_t hash[32], got[33];
	struct rooch_id sender;
	struct signing_key *k;
	bool ok = true;
	struct gw_err e;
	struct buf b;

	tx_hash(hash, vec_bytes(vs, "transactionData"));
	OK(tx_bitcoin_sender(&sender, vec_u8(pub)) && rooch_id_eq(sender, t->sender),
	   "%s sender is the key's", vs->id);
	OK(auth->validator == 1 && tx_bitcoin_verify(auth->payload, hash, &t->sender, got) &&
		   !memcmp(got, pub.p, 33),
	   "%s signature", vs->id);
	k = vec_key(&signer, KEY_K1);
	buf_init(&b, TX_BYTES_MAX);
	OK(!tx_sign_bitcoin(&b, t, k, hash, &e) && str_eq(buf_str(&b), raw),
	   "%s is signed byte for byte", vs->id);
	signing_key_free(k);

	buf_reset(&b);
	buf_add_str(&b, auth->payload);
	for (size_t i = 0; i < b.len; i++) {
		ok = ok && !tx_bitcoin_verify(str_sub(buf_str(&b), 0, i), hash, &t->sender, got);
		for (int bit = 0; bit < 8; bit++) {
			b.p[i] = (char)(b.p[i] ^ 1 << bit);
			ok = ok && !tx_bitcoin_verify(buf_str(&b), hash, &t->sender, got);
			b.p[i] = (char)(b.p[i] ^ 1 << bit);
		}
	}
	OK(ok, "%s with any bit flipped, or cut, is refused", vs->id);
	buf_add_byte(&b, 0);
	OK(!tx_bitcoin_verify(buf_str(&b), hash, &t->sender, got), "%s and a byte is refused",
	   vs->id);
	sender.b[0] ^= 1;
	OK(!tx_bitcoin_verify(auth->payload, hash, &sender, got), "%s of another sender is refused",
	   vs->id);
	hash[0] ^= 1;
	OK(!tx_bitcoin_verify(auth->payload, hash, &t->sender, got),
	   "%s for another transaction is refused", vs->id);
	k = NULL;
	OK(!signing_key_generate(&k, KEY_ED25519, &e) && tx_sign_bitcoin(&b, t, k, hash, &e),
	   "%s by another type of key is refused", vs->id);
	signing_key_free(k);
	buf_clear(&b);
}

/* What `inspect tx` prints has the members of the vector. */
static void shown(struct vectors *vs, struct str raw)
{
	static const char *const members[] = { "function",
					       "typeArgs",
					       "sender",
					       "sequenceNumber",
					       "chainId",
					       "maxGas",
					       "args",
					       "transactionData",
					       "txHash",
					       "authenticator",
					       "authenticatorParsed" };
	struct jval root = { J_NONE, STR_NULL };
	struct gw_err e;
	struct buf b;

	buf_init(&b, 1 << 20);
	OK(tx_json(&b, raw) && !jscan_check(buf_str(&b), 16, false, &root, &e), "%s as JSON",
	   vs->id);
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (vec_has(vs, members[i]) &&
		    !json_eq(jscan_get(root, members[i]), jscan_get(vs->v, members[i])))
			OK(false, "%s %s", vs->id, members[i]);
	buf_clear(&b);
}

static void damaged(struct vectors *vs, struct str raw, size_t data_len)
{
	struct tx_authenticator auth;
	struct tx_data t;
	struct buf b, again;
	bool cut = true, kept = true;
	size_t n;

	for (size_t i = 0; i < raw.len; i++) {
		cut = cut && !tx_read(&t, &auth, &n, str_sub(raw, 0, i));
		cut = cut && (i == data_len) == tx_data_read(&t, str_sub(raw, 0, i));
	}
	OK(cut, "%s cut at any place is refused", vs->id);
	buf_init(&b, TX_BYTES_MAX);
	buf_init(&again, TX_BYTES_MAX);
	buf_add_str(&b, raw);
	for (size_t i = 0; i < data_len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			b.p[i] = (char)(b.p[i] ^ 1 << bit);
			if (tx_data_read(&t, str_sub(buf_str(&b), 0, data_len))) {
				buf_reset(&again);
				tx_data_write(&again, &t);
				kept = kept &&
				       str_eq(buf_str(&again), str_sub(buf_str(&b), 0, data_len));
			}
			b.p[i] = (char)(b.p[i] ^ 1 << bit);
		}
	}
	OK(kept, "%s with a bit flipped is refused or kept", vs->id);
	buf_add_byte(&b, 0);
	OK(!tx_read(&t, &auth, &n, buf_str(&b)), "%s and a byte is refused", vs->id);
	buf_clear(&b);
	buf_clear(&again);
}

static void vectors(void)
{
	struct tx_authenticator auth;
	struct vectors vs;
	struct tx_data t;
	uint8_t hash[32];
	struct buf b;
	size_t n = 0;

	buf_init(&b, TX_BYTES_MAX);
	vectors_open(&vs, "transactions");
	while (vectors_next(&vs)) {
		struct str raw = vec_bytes(&vs, "rawTransaction"),
			   data = vec_bytes(&vs, "transactionData");

		OK(tx_read(&t, &auth, &n, raw) && n == data.len &&
			   is_id(&vs, "sender", &t.sender) &&
			   is_u64(&vs, "sequenceNumber", t.sequence_number) &&
			   is_u64(&vs, "chainId", t.chain_id) && is_u64(&vs, "maxGas", t.max_gas),
		   "%s %s", vs.id, vec_text(&vs, "what"));
		tx_hash(hash, data);
		OK(!memcmp(hash, vec_bytes(&vs, "txHash").p, 32), "%s hash", vs.id);
		buf_reset(&b);
		tx_data_write(&b, &t);
		OK(str_eq(buf_str(&b), data), "%s there and back", vs.id);
		builders(&vs, &t, data);
		if (vec_has(&vs, "authenticatorParsed"))
			signed_by_did(&vs, &t, &auth, raw);
		else
			signed_by_bitcoin(&vs, &t, &auth, raw);
		shown(&vs, raw);
		damaged(&vs, raw, n);
	}
	vectors_close(&vs);
	buf_clear(&b);
}

/* ---- what the vectors do not have ---- */

static void calls_of_ours(void)
{
	struct tx_data t = { .chain_id = 4 }, again;
	struct u256 max;
	struct arena a;
	struct buf b;

	memset(&max, 0xff, sizeof max);
	arena_init(&a, 1 << 16);
	buf_init(&b, TX_BYTES_MAX);
	tx_call_faucet(&t.call, &a, max);
	tx_data_write(&b, &t);
	OK(tx_data_read(&again, buf_str(&b)) && str_eq_c(again.call.module, "gas_coin") &&
		   str_eq_c(again.call.function, "faucet_entry") && again.call.n_arg == 1 &&
		   again.call.arg[0].len == 32 && !*again.call.type_arg,
	   "the faucet");
	buf_clear(&b);
	arena_free(&a);
}

static void many_proofs(void)
{
	static struct channel_proof p[CHANNEL_PROOFS_MAX + 1], back[CHANNEL_PROOFS_MAX + 1];
	static const char sig[KEY_SIG];
	struct rooch_id channel = { { 7 } };
	char fragment[ROOCH_FRAGMENT_MAX];
	struct bcs_reader r;
	struct tx_call c;
	struct arena a;
	unsigned n;

	memset(fragment, 'f', sizeof fragment);
	for (unsigned i = 0; i < CHANNEL_PROOFS_MAX; i++)
		p[i] = (struct channel_proof){
			{ fragment, sizeof fragment }, u256_of(i), i, { sig, sizeof sig }
		};
	arena_init(&a, 1 << 16);
	tx_call_close(&c, &a, &channel, p, CHANNEL_PROOFS_MAX);
	bcs_init(&r, c.arg[1].p, c.arg[1].len);
	OK(close_proofs_read(back, &n, bcs_vec(&r, 1 << 16)) && bcs_end(&r) &&
		   n == CHANNEL_PROOFS_MAX && back[63].nonce == 63,
	   "a channel is closed with 64 proofs");
	tx_call_close(&c, &a, &channel, NULL, 0);
	OK(c.n_arg == 2 && c.arg[1].len == 2 && !memcmp(c.arg[1].p, "\1\0", 2), "and with none");
	arena_free(&a);
}

/* A transaction with @tail behind the name of its function. */
static bool reads_with(const char *tail, size_t len)
{
	struct tx_data t;
	struct buf b;
	bool ok;

	buf_init(&b, 4096);
	for (int i = 0; i < 32 + 24; i++)
		buf_add_byte(&b, 0);
	bcs_put_u8(&b, 1);
	for (int i = 0; i < 32; i++)
		buf_add_byte(&b, 0);
	bcs_put_string(&b, STR_LIT("m"));
	bcs_put_string(&b, STR_LIT("f"));
	buf_add(&b, tail, len);
	ok = tx_data_read(&t, buf_str(&b));
	buf_clear(&b);
	return ok;
}

static void odd_types(void)
{
	char t[128] = { 1, 7 };

	t[34] = 1;
	t[35] = 'm';
	t[36] = 1;
	t[37] = 'T';
	OK(reads_with("\0\0", 2), "no types, no arguments");
	OK(reads_with(t, 40), "one struct type");
	OK(!reads_with(t, 39), "cut");
	t[35] = '<';
	OK(!reads_with(t, 40), "a module that is no identifier");
	t[35] = 'm';
	t[37] = ':';
	OK(!reads_with(t, 40), "nor its name");
	t[37] = 'T';
	t[38] = 1;
	OK(reads_with(t, 41) && !reads_with(t, 40), "a struct with types of its own");
	t[38] = 2;
	OK(!reads_with(t, 41), "one of two of them is missing");
	t[38] = 0;
	t[0] = 2;
	OK(reads_with(t, 41) && !reads_with(t, 40), "two types");
	for (char tag = 0; tag < 12; tag++)
		OK(reads_with((const char[]){ 1, tag, 0 }, 3) == (tag < 6 || (tag > 7 && tag < 11)),
		   "a type of tag %d", tag);
	OK(reads_with("\1\6\6\6\6\6\6\6\1\0", 10), "vectors in vectors");
	OK(!reads_with("\1\6\6\6\6\6\6\6\6\1\0", 11), "deeper than the chain takes them");
	OK(!reads_with("\1\x87\0\0", 4), "a tag that is not shortest");
	OK(!reads_with("\0\x80\0", 3), "a count that is not shortest");
	OK(!reads_with("\0\x11\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 19), "17 arguments");
	OK(reads_with("\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18), "16 arguments");
	OK(!reads_with("\0\xff\xff\xff\xff\x0f", 6), "4 milliards of arguments");
	OK(!reads_with("\0\1\xff\xff\xff\xff\x0f", 7), "an argument of 4 GiB");
}

static void odd_payloads(void)
{
	struct did_auth_payload p;

	OK(did_auth_payload_read(&p, STR_LIT("\0\1k\0\0")) && !p.has_message, "an empty signature");
	OK(did_auth_payload_read(&p, STR_LIT("\1\1k\0\1\1m")) && p.has_message &&
		   p.message.len == 1,
	   "a message");
	OK(!did_auth_payload_read(&p, STR_LIT("\0\1k\0\2\1m")) &&
		   !did_auth_payload_read(&p, STR_LIT("\0\1\xff\0\0")) &&
		   !did_auth_payload_read(&p, STR_LIT("\0\1k\0\0\0")) &&
		   !did_auth_payload_read(&p, STR_LIT("\0\1k\0")) &&
		   !did_auth_payload_read(&p, STR_NULL),
	   "an option of 2, no UTF-8, left-over bytes, a cut, nothing");
}

/* What we do not build is read, shown and written all the same. */
static void other_types(void)
{
	char types[2 + 2 * 38 + 1] = { 6, 7 };
	struct tx_data t = { .chain_id = 4 }, back;
	struct jval root = { J_NONE, STR_NULL };
	struct tx_authenticator auth;
	struct signing_key *k;
	struct buf b, again, json;
	uint8_t hash[32];
	struct gw_err e;
	size_t n = 0;

	/* vector<0x2::m::T<u256>>, address */
	types[33] = 2;
	memcpy(types + 34, "\1m\1T\1\12\4", 7);
	t.call.module = STR_LIT("m");
	t.call.function = STR_LIT("f");
	t.call.other_types = (struct str){ types, 41 };
	t.call.n_other_types = 2;
	if (signing_key_generate(&k, KEY_ED25519, &e))
		abort();
	buf_init(&b, TX_BYTES_MAX);
	buf_init(&again, TX_BYTES_MAX);
	buf_init(&json, 1 << 16);
	OK(!tx_sign_did(&b, &t, k, STR_LIT("k"), hash, &e) &&
		   tx_read(&back, &auth, &n, buf_str(&b)) && back.call.n_other_types == 2 &&
		   !*back.call.type_arg,
	   "two types, none of them a coin");
	tx_data_write(&again, &back);
	OK(str_eq(buf_str(&again), str_sub(buf_str(&b), 0, n)), "are written as they were");
	OK(tx_json(&json, buf_str(&b)) && !jscan_check(buf_str(&json), 8, false, &root, &e) &&
		   str_has(jscan_get(root, "typeArgs").raw,
			   "\"vector<0x0000000000000000000000000000000000000000000000000000000000000002"
			   "::m::T<u256>>\"") &&
		   str_has(jscan_get(root, "typeArgs").raw, "\"address\""),
	   "and shown: %s", buf_c(&json));
	buf_clear(&b);
	buf_clear(&again);
	buf_clear(&json);
	signing_key_free(k);
}

static void unknown_call_shown(void)
{
	struct tx_data t = { .chain_id = 4 };
	struct signing_key *k;
	struct jval root = { J_NONE, STR_NULL }, args;
	uint8_t hash[32];
	struct gw_err e;
	struct buf b, json;

	if (signing_key_generate(&k, KEY_ED25519, &e))
		abort();
	t.call.module_address.b[31] = 3;
	t.call.module = STR_LIT("payment_channel");
	t.call.function = STR_LIT("withdraw_from_hub_entry");
	t.call.arg[t.call.n_arg++] = STR_LIT("\x2a"); /* no u256 */
	buf_init(&b, TX_BYTES_MAX);
	buf_init(&json, 1 << 16);
	OK(!tx_sign_did(&b, &t, k, STR_LIT("k"), hash, &e) && tx_json(&json, buf_str(&b)) &&
		   !jscan_check(buf_str(&json), 8, false, &root, &e),
	   "arguments that do not fit their function are shown");
	args = jscan_get(root, "args");
	OK(str_has(args.raw, "\"2a\"") && args.type == J_ARRAY, "as they are");
	buf_clear(&b);
	buf_clear(&json);
	buf_init(&json, 100);
	OK(!tx_json(&json, STR_NULL), "nothing is no transaction");
	buf_clear(&json);
	signing_key_free(k);
}

int main(void)
{
	struct gw_err e;

	if (crypto_init(&e))
		return 1;
	vectors();
	calls_of_ours();
	many_proofs();
	odd_types();
	other_types();
	odd_payloads();
	unknown_call_shown();
	crypto_done();
	return TAP_END;
}
