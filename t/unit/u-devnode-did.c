/* SPDX-License-Identifier: Apache-2.0 */
/* devnode: module did - documents made and changed, permissions, limits; each abort code. */
#include "config.h"

#include "tap.h"

#include "devnode.h"
#include "vectors.h"

#define DID(code)   "0x3::did " #code
#define ADD_KEY	    "did::add_verification_method_entry"
#define REMOVE_KEY  "did::remove_verification_method_entry"
#define ADD_SERVICE "did::add_service_entry"

static const struct rooch_did_document *document(struct dn *d, const struct rooch_id *account)
{
	struct rooch_did_document *doc = arena_alloc(&d->texts, sizeof *doc);
	char identifier[ROOCH_BECH32_TEXT];
	struct rooch_id id;
	struct str v;

	rooch_address_text(identifier, account);
	id = rooch_did_object_id(str_c(identifier));
	v = dn_object(d, &id);
	if (!v.p)
		return NULL;
	if (!rooch_did_read(doc, v))
		dn_die("a document", NULL);
	return doc;
}

/* Fragments of a list with blanks between. */
static const char *list(struct dn *d, const struct dn_who *w, enum did_relationship r)
{
	const struct rooch_did_document *doc = document(d, &w->address);
	struct buf b;
	struct str s;

	buf_init(&b, 65536);
	for (unsigned i = 0; i < doc->n_relationship[r]; i++)
		buf_addf(&b, "%s%.*s", i ? " " : "", STR_ARG(doc->relationship[r][i]));
	s = arena_dup(&d->texts, buf_str(&b));
	buf_clear(&b);
	return s.p;
}

static const char *add_key(struct dn *d, struct dn_who *w, const char *fragment, enum key_type t,
			   struct str relationships)
{
	struct dn_who k;
	const char *said;

	dn_key(&k, t);
	said = dn_send(d, w, ADD_KEY,
		       dn_args("sssb", fragment, key_type_name(t), k.multibase, relationships));
	dn_free(&k);
	return said;
}

/* ---- keys ---- */

static void keys(void)
{
	static const char all[] = { 0, 1, 2, 3, 4, 9 };
	struct str none = { "", 0 };
	struct dn d;
	struct dn_who w;

	dn_open(&d);
	dn_account(&d, &w, KEY_K1);
	IS(add_key(&d, &w, "second", KEY_R1, (struct str){ all, sizeof all }), "executed",
	   "a key with all relationships, and one that nobody knows");
	for (unsigned r = 0; r < DID_RELATIONSHIPS; r++)
		IS(list(&d, &w, (enum did_relationship)r),
		   r == DID_KEY_AGREEMENT ? "second" : "account-key second", "relationship %u", r);
	IS(add_key(&d, &w, "second", KEY_R1, none), DID(5), "the same fragment again");
	IS(dn_send(&d, &w, ADD_KEY, dn_args("sssb", "x", "RsaKey", "zx", (struct str){ all, 1 })),
	   DID(19), "a type that cannot authenticate");
	IS(dn_send(&d, &w, ADD_KEY,
		   dn_args("sssb", "x", "Ed25519VerificationKey2020", "zx",
			   (struct str){ all, 1 })),
	   DID(20), "a text that is no key");
	IS(dn_send(&d, &w, ADD_KEY,
		   dn_args("sssb", "odd", "RsaKey", "zx", (struct str){ all + 4, 1 })),
	   "executed", "any key may be for key agreement");
	IS(dn_send(&d, &w, "did::add_to_verification_relationship_entry", dn_args("sc", "odd", 0)),
	   DID(19), "but does not come to authenticate");
	IS(dn_send(&d, &w, "did::add_to_verification_relationship_entry", dn_args("sc", "odd", 1)),
	   "executed", "only to assert");
	IS(list(&d, &w, DID_ASSERTION), "account-key second odd", "it does");
	IS(dn_send(&d, &w, "did::add_to_verification_relationship_entry", dn_args("sc", "odd", 1)),
	   "executed", "twice is once");
	IS(list(&d, &w, DID_ASSERTION), "account-key second odd", "it is");
	IS(dn_send(&d, &w, "did::add_to_verification_relationship_entry", dn_args("sc", "no", 1)),
	   DID(4), "no such key");
	IS(dn_send(&d, &w, "did::add_to_verification_relationship_entry", dn_args("sc", "odd", 5)),
	   DID(9), "no such relationship");
	IS(dn_send(&d, &w, "did::remove_from_verification_relationship_entry",
		   dn_args("sc", "odd", 5)),
	   DID(9), "none to remove from");
	IS(dn_send(&d, &w, "did::remove_from_verification_relationship_entry",
		   dn_args("sc", "odd", 1)),
	   "executed", "removed from a relationship");
	IS(list(&d, &w, DID_ASSERTION), "account-key second", "it is");
	IS(dn_send(&d, &w, "did::remove_from_verification_relationship_entry",
		   dn_args("sc", "no-key", 1)),
	   "executed", "what is not there need not be removed");
	IS(dn_send(&d, &w, REMOVE_KEY, dn_args("s", "no-key")), DID(4), "remove no key");
	IS(dn_send(&d, &w, REMOVE_KEY, dn_args("s", "second")), "executed", "remove");
	for (unsigned r = 0; r < DID_CAPABILITY_DELEGATION; r++)
		IS(list(&d, &w, (enum did_relationship)r), "account-key", "gone from %u", r);
	dn_free(&w);
	dn_close(&d);
}

/* What a key may do is what its relationships say. */
static void permissions(void)
{
	static const char authenticates[] = { 0 }, delegates[] = { 0, 3 }, invokes[] = { 0, 2 };
	static const struct {
		const char *fragment;
		struct str relationships;
		const char *keys, *services;
	} rows[] = {
		{ "plain", { authenticates, 1 }, DID(26), DID(26) },
		{ "delegate", { delegates, 2 }, "executed", DID(26) },
		{ "invoker", { invokes, 2 }, DID(26), "executed" },
	};
	struct dn d;
	struct dn_who w, k;
	char name[32];

	dn_open(&d);
	dn_account(&d, &w, KEY_K1);
	for (unsigned i = 0; i < 3; i++) {
		dn_key(&k, KEY_ED25519);
		IS(dn_send(&d, &w, ADD_KEY,
			   dn_args("sssb", rows[i].fragment, key_type_name(KEY_ED25519),
				   k.multibase, rows[i].relationships)),
		   "executed", "%s", rows[i].fragment);
		k.address = w.address;
		k.seq = w.seq;
		snprintf(k.fragment, sizeof k.fragment, "%s", rows[i].fragment);
		snprintf(name, sizeof name, "by-%s", rows[i].fragment);
		IS(add_key(&d, &k, name, KEY_K1, STR_LIT("\1")), rows[i].keys, "its keys");
		IS(dn_send(&d, &k, "did::remove_from_verification_relationship_entry",
			   dn_args("sc", "no", 1)),
		   rows[i].keys, "its relationships");
		IS(dn_send(&d, &k, ADD_SERVICE, dn_args("sss", name, "T", "http://x")),
		   rows[i].services, "its services");
		w.seq = k.seq;
		dn_free(&k);
	}
	dn_free(&w);
	dn_close(&d);
}

/* ---- services ---- */

static struct str strings(struct dn *d, unsigned n, const char *text)
{
	struct buf b;
	struct str s;

	buf_init(&b, 65536);
	bcs_put_uleb(&b, n);
	for (unsigned i = 0; i < n; i++)
		bcs_put_string(&b, str_c(text));
	s = arena_dup(&d->texts, buf_str(&b));
	buf_clear(&b);
	return s;
}

static void services(void)
{
	const struct rooch_did_document *doc;
	struct dn d;
	struct dn_who w;

	dn_open(&d);
	dn_account(&d, &w, KEY_ED25519);
	IS(dn_send(&d, &w, ADD_SERVICE, dn_args("sss", "gw", "LLM", "http://x")), "executed",
	   "a service");
	IS(dn_send(&d, &w, ADD_SERVICE, dn_args("sss", "gw", "LLM", "http://x")), DID(7), "twice");
	IS(dn_send(&d, &w, "did::add_service_with_properties_entry",
		   dn_args("sssvv", "two", "T", "http://y", strings(&d, 2, "k"),
			   strings(&d, 1, "v"))),
	   DID(16), "keys and values differ in number");
	IS(dn_send(&d, &w, "did::add_service_with_properties_entry",
		   dn_args("sssvv", "two", "T", "http://y", strings(&d, 17, "k"),
			   strings(&d, 17, "v"))),
	   DID(38), "17 properties");
	IS(dn_send(&d, &w, "did::add_service_with_properties_entry",
		   dn_args("sssvv", "two", "T", "http://y", strings(&d, 1, "k"),
			   strings(&d, 1, "v"))),
	   "executed", "a service with a property");
	doc = document(&d, &w.address);
	OK(doc->n_service == 2 && doc->service[1].n_property == 1 &&
		   str_eq_c(doc->service[1].property[0].value, "v"),
	   "stands in the document");
	IS(dn_send(&d, &w, "did::update_service_entry",
		   dn_args("sssvv", "no", "T", "http://z", strings(&d, 0, ""), strings(&d, 0, ""))),
	   DID(6), "update none");
	IS(dn_send(&d, &w, "did::update_service_entry",
		   dn_args("sssvv", "two", "U", "http://z", strings(&d, 0, ""),
			   strings(&d, 0, ""))),
	   "executed", "update");
	doc = document(&d, &w.address);
	OK(str_eq_c(doc->service[1].type, "U") && str_eq_c(doc->service[1].endpoint, "http://z") &&
		   !doc->service[1].n_property,
	   "all of it");
	IS(dn_send(&d, &w, "did::remove_service_entry", dn_args("s", "no")), DID(6), "remove none");
	IS(dn_send(&d, &w, "did::remove_service_entry", dn_args("s", "gw")), "executed", "remove");
	doc = document(&d, &w.address);
	OK(doc->n_service == 1 && str_eq_c(doc->service[0].fragment, "two"), "the other stays");
	dn_free(&w);
	dn_close(&d);
}

static void limits(void)
{
	struct dn d;
	struct dn_who w;
	char long_text[600], name[32];
	const char *said = "";

	dn_open(&d);
	dn_account(&d, &w, KEY_ED25519);
	memset(long_text, 'x', sizeof long_text);
	long_text[129] = '\0';
	IS(dn_send(&d, &w, ADD_SERVICE, dn_args("sss", long_text, "T", "e")), DID(41),
	   "a fragment of 129 bytes");
	long_text[129] = 'x';
	long_text[128] = '\0';
	IS(dn_send(&d, &w, ADD_SERVICE, dn_args("sss", long_text, "T", "e")), "executed", "of 128");
	long_text[128] = 'x';
	long_text[513] = '\0';
	IS(dn_send(&d, &w, ADD_SERVICE, dn_args("sss", "s", "T", long_text)), DID(42),
	   "a text of 513 bytes");
	long_text[512] = '\0';
	IS(dn_send(&d, &w, ADD_SERVICE, dn_args("sss", "s", "T", long_text)), "executed", "of 512");
	for (unsigned i = 2; i < DID_SERVICES_MAX && strcmp(said, DID(37)) != 0; i++) {
		snprintf(name, sizeof name, "s%u", i);
		said = dn_send(&d, &w, ADD_SERVICE, dn_args("sss", name, "T", "e"));
	}
	IS(said, "executed", "32 services");
	IS(dn_send(&d, &w, ADD_SERVICE, dn_args("sss", "more", "T", "e")), DID(37), "not 33");
	for (unsigned i = 1; i < DID_METHODS_MAX && strcmp(said, "executed") == 0; i++) {
		snprintf(name, sizeof name, "k%u", i);
		said = add_key(&d, &w, name, KEY_ED25519, STR_LIT("\1"));
	}
	IS(said, "executed", "64 keys");
	IS(add_key(&d, &w, "more", KEY_ED25519, STR_LIT("\1")), DID(35), "not 65");
	dn_free(&w);
	dn_close(&d);
}

/* ---- creation ---- */

static struct rooch_id created(struct dn *d, struct jval answer, const char *creator_hex)
{
	struct jval ev = dn_at(jscan_path(answer, "result", "output", "events", NULL), 0);
	const char *hex = dn_text(d, jscan_get(ev, "event_data"));
	struct str bytes = arena_dup(&d->texts, str_sub(str_c(hex), 0, strlen(hex) / 2));
	struct rooch_id account = { { 0 } }, object, creator, want;
	struct bcs_reader r;
	struct str did;
	uint32_t n;

	bytes.len = strlen(hex) / 2 - 1;
	IS(dn_text(d, jscan_get(ev, "event_type")), "0x3::did::DIDCreatedEvent", "an event tells");
	/* arena memory is ours to write */
	if (!hex_decode((uint8_t *)(uintptr_t)bytes.p, bytes.len, str_c(hex + 2)))
		dn_die("an event", NULL);
	bcs_init(&r, bytes.p, bytes.len);
	did = bcs_string(&r, 200);
	bcs_object_id(&r, object.b);
	n = bcs_count(&r, 1);
	for (uint32_t i = 0; i < n; i++)
		(void)bcs_string(&r, 600);
	memcpy(creator.b, bcs_bytes(&r, 32), 32);
	OK(bcs_end(&r) && n == 1 && rooch_did_parse(&account, did), "which DID");
	want = rooch_did_object_id(str_sub(did, 10, did.len));
	OK(rooch_id_eq(object, want), "which object");
	OK(rooch_id_parse(&want, str_c(creator_hex)) && rooch_id_eq(want, creator), "by whom");
	return account;
}

/* TX-025 is a transaction of identity-kit: create a DID "for self", as a Bitcoin account. */
static void for_self(void)
{
	const struct rooch_did_document *doc;
	struct rooch_id account;
	struct vectors vs;
	struct dn d;
	struct dn_who w;
	char body[200], params[4096];

	dn_open(&d);
	vectors_open(&vs, "transactions");
	while (vectors_next(&vs) && strcmp(vs.id, "TX-025") != 0)
		;
	snprintf(body, sizeof body, "{\"address\":\"%s\",\"sequence_number\":%s}",
		 vec_text(&vs, "sender"), vec_text(&vs, "sequenceNumber"));
	OK(!dn_control(&d, "account", body, NULL)[0], "the account is in turn");
	snprintf(params, sizeof params, "[\"0x%s\",{\"withOutput\":true}]",
		 vec_text(&vs, "rawTransaction"));
	account = created(&d, dn_call(&d, "rooch_executeRawTransaction", params),
			  vec_text(&vs, "sender"));
	doc = document(&d, &account);
	OK(doc && doc->n_method == 1 && str_eq_c(doc->method[0].fragment, "account-key") &&
		   str_eq_c(doc->method[0].type, "EcdsaSecp256k1VerificationKey2019") &&
		   str_eq_c(doc->method[0].multibase,
			    "zck3X5Loh5VJh5gbJvwbuv6PEtfjcTNudh6P7shaz4kAn"),
	   "its key");
	OK(doc && rooch_id_eq(doc->account, account) && doc->n_controller == 1, "a fresh account");
	for (unsigned r = 0; doc && r < DID_KEY_AGREEMENT; r++)
		OK(doc->n_relationship[r] == 1, "relationship %u", r);
	vectors_close(&vs);

	dn_account(&d, &w, KEY_K1);
	IS(dn_send(&d, &w, "did::create_did_object_for_self_entry", dn_args("s", w.multibase)),
	   DID(23), "a DID is not a Bitcoin account");
	IS(dn_send(&d, &w, "did::create_did_object_for_self_entry", dn_args("s", "no key")),
	   DID(20), "a text that is no key");
	dn_free(&w);
	dn_close(&d);
}

/* A transaction of a Bitcoin account, by the ledger's own writer. */
static struct jval as_bitcoin(struct dn *d, struct dn_who *w, const struct tx_call *call)
{
	struct tx_data t = { .sender = w->address,
			     .sequence_number = w->seq,
			     .chain_id = 4,
			     .max_gas = TX_GAS_DEFAULT,
			     .call = *call };
	struct buf raw, params;
	uint8_t hash[32];
	struct gw_err e;
	struct jval v;

	buf_init(&raw, TX_BYTES_MAX);
	buf_init(&params, 1 << 19);
	if (tx_sign_bitcoin(&raw, &t, w->k, hash, &e))
		dn_die("signing", &e);
	buf_add_c(&params, "[\"0x");
	for (size_t i = 0; i < raw.len; i++)
		buf_addf(&params, "%02x", (unsigned char)raw.p[i]);
	buf_add_c(&params, "\",{\"withOutput\":true}]");
	v = dn_call(d, "rooch_executeRawTransaction", buf_c(&params));
	if (jscan_get(v, "result").type == J_OBJECT)
		w->seq++;
	buf_clear(&raw);
	buf_clear(&params);
	return v;
}

static void bitcoin_accounts(void)
{
	struct dn d;
	struct dn_who w = { .fragment = "" }, other;
	struct tx_call call = { .n_arg = 0 };
	struct rooch_id account;
	uint8_t pub[KEY_PUB_MAX];
	struct arena mem;
	struct dn_args args;

	dn_open(&d);
	arena_init(&mem, 1 << 20);
	dn_key(&w, KEY_K1);
	dn_key(&other, KEY_K1);
	(void)signing_key_pub(w.k, pub);
	OK(tx_bitcoin_sender(&w.address, pub), "the account of a Bitcoin key");
	rooch_id_hex(w.hex, &w.address);
	tx_call_create_did(&call, &mem, str_c(w.multibase));
	account = created(&d, as_bitcoin(&d, &w, &call), w.hex);
	OK(document(&d, &account), "makes a DID");
	tx_call_create_did(&call, &mem, str_c(other.multibase));
	IS(dn_outcome(&d, as_bitcoin(&d, &w, &call)), DID(23), "not with the key of another");
	args = dn_args("sss", "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
		       w.multibase, "T");
	call.function = STR_LIT("create_did_object_via_cadop_with_did_key_entry");
	call.n_arg = 3;
	for (unsigned i = 0; i < 3; i++)
		call.arg[i] = buf_str(&args.b[i]);
	IS(dn_outcome(&d, as_bitcoin(&d, &w, &call)), DID(30),
	   "nor for others: it has no document");
	call.function = STR_LIT("remove_verification_method_entry");
	dn_args_free(&args);
	args = dn_args("s", "account-key");
	call.arg[0] = buf_str(&args.b[0]);
	call.n_arg = 1;
	IS(dn_outcome(&d, as_bitcoin(&d, &w, &call)), DID(13), "which it therefore cannot change");
	dn_args_free(&args);
	arena_free(&mem);
	dn_free(&w);
	dn_free(&other);
	dn_close(&d);
}

static void by_custodian(void)
{
	static const char did_key[] = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
	const char *form = "did::create_did_object_via_cadop_with_did_key_entry";
	const char *controller =
		"did::create_did_object_via_cadop_with_controller_and_scopes_entry";
	const struct rooch_did_document *doc;
	struct rooch_id account;
	struct dn d;
	struct dn_who w;
	struct dn_tx t;

	dn_open(&d);
	dn_account(&d, &w, KEY_ED25519);
	IS(dn_send(&d, &w, form, dn_args("sss", "did:key", w.multibase, "T")), DID(22), "no DID");
	IS(dn_send(&d, &w, form, dn_args("sss", "did:web:x", w.multibase, "T")), DID(22),
	   "not a did:key");
	IS(dn_send(&d, &w, form, dn_args("sss", "did:key:z11", w.multibase, "T")), DID(19),
	   "a type that there is not");
	IS(dn_send(&d, &w, form, dn_args("sss", "did:key:u", w.multibase, "T")), DID(20),
	   "a text that is no key");
	IS(dn_send(&d, &w, form, dn_args("sss", did_key, w.multibase, "T")), DID(29),
	   "a custodian without the service");
	IS(dn_send(&d, &w, ADD_SERVICE, dn_args("sss", "c", "CadopCustodianService", "http://x")),
	   "executed", "now it has it");
	t = dn_tx(&w, form);
	t.args = dn_args("sss", did_key, w.multibase, key_type_name(KEY_ED25519));
	account = created(&d, dn_send_tx(&d, &w, t), w.hex);
	doc = document(&d, &account);
	OK(doc && doc->n_method == 2 && str_eq_c(doc->method[0].fragment, "account-key") &&
		   str_eq_c(doc->method[1].fragment, "custodian-service-EGta2doK"),
	   "two keys; the custodian's name ends like the controller's");
	OK(doc && doc->n_relationship[DID_CAPABILITY_INVOCATION] == 2 &&
		   doc->n_relationship[DID_AUTHENTICATION] == 1,
	   "it may invoke only");
	OK(doc && str_eq_c(doc->controller[0].method, "key"), "the did:key controls");

	IS(dn_send(&d, &w, "did::create_did_object_via_cadop_with_did_key_and_scopes_entry",
		   dn_args("sssv", did_key, w.multibase, "T", strings(&d, 2, "0x3::*::*"))),
	   "executed", "with scopes");
	IS(dn_send(&d, &w, controller,
		   dn_args("sssssv", "nobody", "", "", w.multibase, "T", strings(&d, 0, ""))),
	   DID(22), "a controller that is no DID");
	IS(dn_send(&d, &w, controller,
		   dn_args("sssssv", "did:bitcoin:bcrt1q", "zz", key_type_name(KEY_K1), w.multibase,
			   "T", strings(&d, 0, ""))),
	   DID(20), "a Bitcoin address with a text that is no key");
	IS(dn_send(&d, &w, controller,
		   dn_args("sssssv", "did:bitcoin:bcrt1q",
			   "zck3X5Loh5VJh5gbJvwbuv6PEtfjcTNudh6P7shaz4kAn", key_type_name(KEY_K1),
			   w.multibase, "T", strings(&d, 0, ""))),
	   DID(23), "an address that is none");
	IS(dn_send(&d, &w, controller,
		   dn_args("sssssv", "did:web:x", "", "", w.multibase, "T",
			   strings(&d, 1, "0x3::*::*"))),
	   DID(31), "a controller of another method");
	IS(dn_send(&d, &w, controller,
		   dn_args("sssssv", did_key, "", "", w.multibase, "T",
			   strings(&d, 1, "0x3::*::*"))),
	   "executed", "a did:key as controller");
	IS(dn_send(&d, &w, controller,
		   dn_args("sssssv", "did:bitcoin:bcrt1q", w.multibase, key_type_name(KEY_ED25519),
			   w.multibase, "T", strings(&d, 0, ""))),
	   DID(19), "a Bitcoin address with a key of another type");
	/* key and address of TX-025 */
	IS(dn_send(&d, &w, controller,
		   dn_args("sssssv",
			   "did:bitcoin:bcrt1pydppsphhlljp5zg4kcpay2rwasaa0pu9cjs8kmvjgdam4mr4kcrqfphlvt",
			   "zck3X5Loh5VJh5gbJvwbuv6PEtfjcTNudh6P7shaz4kAn", key_type_name(KEY_K1),
			   w.multibase, "T", strings(&d, 0, ""))),
	   "executed", "a Bitcoin address with its key");
	IS(dn_send(&d, &w, controller,
		   dn_args("sssssv",
			   "did:bitcoin:bcrt1pydppsphhlljp5zg4kcpay2rwasaa0pu9cjs8kmvjgdam4mr4kcrqfphlvt",
			   "zfmFHL5kti86r539ytgxuRtGVFFVBsAMSfcRmNnVH3Vxj", key_type_name(KEY_K1),
			   w.multibase, "T", strings(&d, 0, ""))),
	   DID(23), "with another key");
	dn_free(&w);
	dn_close(&d);
}

int main(void)
{
	keys();
	permissions();
	services();
	limits();
	for_self();
	bitcoin_accounts();
	by_custodian();
	return TAP_END;
}
