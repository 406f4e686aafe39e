/* SPDX-License-Identifier: Apache-2.0 */
/* tx_json of rooch_tx.h: a transaction for people. Rule: protocol rooch.md 5. */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "codec/bcs.h"
#include "codec/jwrite.h"
#include "ledger/rooch_tx.h"

/* Kinds of arguments: a address, o object id, s string, S strings, 1 u8, 8 u64, u u256, x bytes. */
static const struct {
	const char *module, *function, *kinds;
	const char *names[7];
} known[] = {
	{ "payment_channel", "create_payment_hub", "", { 0 } },
	{ "payment_channel", "deposit_to_hub_entry", "au", { "receiver", "amount" } },
	{ "payment_channel", "withdraw_from_hub_entry", "u", { "amount" } },
	{ "payment_channel", "transfer_to_hub_entry", "au", { "receiver", "amount" } },
	{ "payment_channel", "open_channel_entry", "a", { "channel_receiver" } },
	{ "payment_channel",
	  "open_channel_with_sub_channel_entry",
	  "as",
	  { "channel_receiver", "vm_id_fragment" } },
	{ "payment_channel",
	  "authorize_sub_channel_entry",
	  "os",
	  { "channel_id", "vm_id_fragment" } },
	{ "payment_channel",
	  "claim_from_channel_entry",
	  "osu8x",
	  { "channel_id", "vm_id_fragment", "accumulated_amount", "nonce", "sender_signature" } },
	{ "payment_channel",
	  "dispute_cancellation_entry",
	  "osu8x",
	  { "channel_id", "vm_id_fragment", "accumulated_amount", "nonce", "sender_signature" } },
	{ "payment_channel",
	  "apply_receipt_entry",
	  "aassu8x",
	  { "channel_sender", "channel_receiver", "coin_type", "vm_id_fragment",
	    "accumulated_amount", "nonce", "sender_signature" } },
	{ "payment_channel", "close_channel_entry", "ox", { "channel_id", "serialized_proofs" } },
	{ "payment_channel", "initiate_cancellation_entry", "o", { "channel_id" } },
	{ "payment_channel",
	  "initiate_cancellation_with_proofs_entry",
	  "ox",
	  { "channel_id", "serialized_proofs" } },
	{ "payment_channel", "finalize_cancellation_entry", "o", { "channel_id" } },
	{ "payment_channel", "set_locked_unit", "u", { "locked_unit" } },
	{ "payment_revenue", "create_revenue_hub", "", { 0 } },
	{ "payment_revenue", "withdraw_revenue_entry", "u", { "amount" } },
	{ "gas_coin", "faucet_entry", "u", { "amount" } },
	{ "did", "create_did_object_for_self_entry", "s", { "account_public_key_multibase" } },
	{ "did",
	  "create_did_object_for_self_with_custom_scopes_entry",
	  "sS",
	  { "account_public_key_multibase", "custom_scope_strings" } },
	{ "did",
	  "create_did_object_via_cadop_with_did_key_entry",
	  "sss",
	  { "user_did_key_string", "custodian_service_pk_multibase",
	    "custodian_service_vm_type" } },
	{ "did",
	  "create_did_object_via_cadop_with_did_key_and_scopes_entry",
	  "sssS",
	  { "user_did_key_string", "custodian_service_pk_multibase", "custodian_service_vm_type",
	    "custom_scope_strings" } },
	{ "did",
	  "create_did_object_via_cadop_with_controller_and_scopes_entry",
	  "sssssS",
	  { "controller_did_string", "user_vm_pk_multibase", "user_vm_type",
	    "custodian_service_pk_multibase", "custodian_service_vm_type",
	    "custom_scope_strings" } },
	{ "did",
	  "add_verification_method_entry",
	  "sssx",
	  { "fragment", "method_type", "public_key_multibase", "verification_relationships" } },
	{ "did",
	  "add_verification_method_with_scopes_entry",
	  "sssxS",
	  { "fragment", "method_type", "public_key_multibase", "verification_relationships",
	    "custom_scope_strings" } },
	{ "did", "remove_verification_method_entry", "s", { "fragment" } },
	{ "did",
	  "add_to_verification_relationship_entry",
	  "s1",
	  { "fragment", "relationship_type" } },
	{ "did",
	  "remove_from_verification_relationship_entry",
	  "s1",
	  { "fragment", "relationship_type" } },
	{ "did", "add_service_entry", "sss", { "fragment", "service_type", "service_endpoint" } },
	{ "did",
	  "add_service_with_properties_entry",
	  "sssSS",
	  { "fragment", "service_type", "service_endpoint", "property_keys", "property_values" } },
	{ "did",
	  "update_service_entry",
	  "sssSS",
	  { "fragment", "service_type", "service_endpoint", "property_keys", "property_values" } },
	{ "did", "remove_service_entry", "s", { "fragment" } },
};

static void put_u64(struct jwrite *w, const char *key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, v);
	jwrite_text(w, key, text);
}

static void put_id(struct jwrite *w, const char *key, const struct rooch_id *id)
{
	char hex[ROOCH_HEX_TEXT];

	rooch_id_hex(hex, id);
	jwrite_text(w, key, hex);
}

/* Hex without 0x, as it stands in the packages' records. */
static void put_bytes(struct jwrite *w, const char *key, struct str s)
{
	struct buf hex;

	buf_init(&hex, 2 * s.len + 1);
	/* hex_encode writes the NUL that buf_room keeps room for */
	hex_encode(buf_room(&hex, 2 * s.len + 1), (const uint8_t *)s.p, s.len);
	hex.len = 2 * s.len;
	jwrite_str(w, key, buf_str(&hex));
	buf_clear(&hex);
}

static void put_strings(struct jwrite *w, const char *key, struct bcs_reader *r)
{
	uint32_t n = bcs_count(r, 1);

	jwrite_array(w, key);
	for (uint32_t i = 0; i < n && !r->failed; i++)
		jwrite_str(w, NULL, bcs_string(r, TX_BYTES_MAX));
	jwrite_array_end(w);
}

/* One argument as a value of its kind; false: it is none. */
static bool put_arg(struct jwrite *w, const char *key, char kind, struct str bcs)
{
	char amount[U256_TEXT];
	struct rooch_id id = { { 0 } };
	const uint8_t *p;
	struct bcs_reader r;

	bcs_init(&r, bcs.p, bcs.len);
	switch (kind) {
	case 'a':
		p = bcs_bytes(&r, sizeof id.b);
		if (p)
			memcpy(id.b, p, sizeof id.b);
		put_id(w, key, &id);
		break;
	case 'o':
		bcs_object_id(&r, id.b);
		put_id(w, key, &id);
		break;
	case 's':
		jwrite_str(w, key, bcs_string(&r, TX_BYTES_MAX));
		break;
	case 'S':
		put_strings(w, key, &r);
		break;
	case '1':
		jwrite_u64(w, key, bcs_u8(&r));
		break;
	case '8':
		put_u64(w, key, bcs_u64(&r));
		break;
	case 'u':
		u256_format(amount, bcs_u256(&r));
		jwrite_text(w, key, amount);
		break;
	case 'x':
		put_bytes(w, key, bcs_vec(&r, TX_BYTES_MAX));
		break;
	default:
		return false;
	}
	return bcs_end(&r);
}

/* Arguments by name. False: the function is not known, or its arguments are others. */
static bool put_known(struct jwrite *w, const struct tx_call *c)
{
	struct rooch_id framework = { { [31] = 3 } };
	bool ok = true;
	size_t i = 0, n = sizeof known / sizeof *known;

	while (i < n &&
	       !(str_eq_c(c->module, known[i].module) && str_eq_c(c->function, known[i].function)))
		i++;
	if (i == n || !rooch_id_eq(c->module_address, framework) ||
	    strlen(known[i].kinds) != c->n_arg)
		return false;
	jwrite_object(w, "args");
	for (unsigned k = 0; k < c->n_arg; k++)
		ok = put_arg(w, known[i].names[k], known[i].kinds[k], c->arg[k]) && ok;
	jwrite_object_end(w);
	return ok;
}

static void put_raw(struct jwrite *w, const struct tx_call *c)
{
	jwrite_array(w, "args");
	for (unsigned i = 0; i < c->n_arg; i++)
		put_bytes(w, NULL, c->arg[i]);
	jwrite_array_end(w);
}

void tx_types_json(struct jwrite *w, const char *key, const struct tx_call *c)
{
	struct bcs_reader r;
	struct buf text;

	jwrite_array(w, key);
	if (*c->type_arg)
		jwrite_text(w, NULL, c->type_arg);
	bcs_init(&r, c->n_other_types ? c->other_types.p : "", c->other_types.len);
	buf_init(&text, TX_BYTES_MAX);
	for (unsigned i = 0; i < c->n_other_types; i++) {
		buf_reset(&text);
		tx_type_text(&text, &r);
		jwrite_str(w, NULL, buf_str(&text));
	}
	buf_clear(&text);
	jwrite_array_end(w);
}

static void put_call(struct jwrite *w, const struct tx_call *c)
{
	char address[ROOCH_HEX_TEXT], brief[ROOCH_ASSET_TEXT];
	struct buf name;

	buf_init(&name, 1024);
	rooch_id_hex(address, &c->module_address);
	rooch_asset_short(brief, address);
	buf_addf(&name, "%s::%.*s::%.*s", brief, STR_ARG(c->module), STR_ARG(c->function));
	jwrite_str(w, "function", buf_str(&name));
	buf_clear(&name);
	tx_types_json(w, "typeArgs", c);
}

static void put_args(struct jwrite *w, const struct tx_call *c)
{
	struct jwrite before = *w;
	size_t len = w->b->len;

	if (put_known(w, c))
		return;
	*w = before;
	if (len)
		w->b->p[len] = '\0';
	w->b->len = len;
	put_raw(w, c);
}

static void put_authenticator(struct jwrite *w, const struct tx_authenticator *a)
{
	struct did_auth_payload p;

	jwrite_object(w, "authenticatorParsed");
	put_u64(w, "authValidatorId", a->validator);
	if (a->validator == 4 && did_auth_payload_read(&p, a->payload)) {
		jwrite_u64(w, "envelope", p.envelope);
		jwrite_str(w, "vmFragment", p.fragment);
		put_bytes(w, "signature", p.signature);
		if (p.has_message)
			put_bytes(w, "message", p.message);
		else
			jwrite_null(w, "message");
	} else {
		put_bytes(w, "payload", a->payload);
	}
	jwrite_object_end(w);
}

bool tx_json(struct buf *b, struct str bcs)
{
	struct tx_authenticator auth;
	struct tx_data t;
	uint8_t hash[32];
	struct jwrite w;
	size_t n;

	if (!tx_read(&t, &auth, &n, bcs))
		return false;
	tx_hash(hash, str_sub(bcs, 0, n));
	jwrite_init(&w, b, true);
	jwrite_object(&w, NULL);
	put_call(&w, &t.call);
	put_id(&w, "sender", &t.sender);
	put_u64(&w, "sequenceNumber", t.sequence_number);
	put_u64(&w, "chainId", t.chain_id);
	put_u64(&w, "maxGas", t.max_gas);
	put_args(&w, &t.call);
	put_authenticator(&w, &auth);
	put_bytes(&w, "transactionData", str_sub(bcs, 0, n));
	put_bytes(&w, "txHash", (struct str){ (const char *)hash, sizeof hash });
	put_bytes(&w, "authenticator", str_sub(bcs, n, bcs.len));
	jwrite_object_end(&w);
	return !b->failed;
}
