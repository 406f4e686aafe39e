/* SPDX-License-Identifier: Apache-2.0 */
/* devnode: JSON-RPC - forms of requests and answers, bounds, errors, paging, faults, control. */
#include "config.h"

#include "tap.h"

#include "devnode.h"
#include "vectors.h"

#define CREATE "payment_channel::create_payment_hub"

/* @json without the blanks between its parts. */
static const char *dense(struct dn *d, struct str json)
{
	bool text = false;
	struct str s;
	struct buf b;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < json.len; i++) {
		char c = json.p[i];

		if (c == '"' && (!i || json.p[i - 1] != '\\'))
			text = !text;
		if (text || (c != ' ' && c != '\n' && c != '\t' && c != '\r'))
			buf_add_byte(&b, c);
	}
	s = arena_dup(&d->texts, buf_str(&b));
	buf_clear(&b);
	return s.p;
}

/* Member names, in order, at every depth; elements of arrays only the first. */
static void names_into(struct buf *b, struct jval v)
{
	struct jiter it;
	struct jval sub;
	struct str key;

	if (v.type != J_OBJECT && v.type != J_ARRAY)
		return;
	buf_add_byte(b, v.type == J_OBJECT ? '{' : '[');
	for (jiter_init(&it, v); jiter_next(&it, &key, &sub);) {
		buf_addf(b, "%.*s ", STR_ARG(key));
		names_into(b, sub);
		if (v.type == J_ARRAY)
			break;
	}
	buf_add_byte(b, v.type == J_OBJECT ? '}' : ']');
}

static const char *names(struct dn *d, struct jval v)
{
	struct buf b;
	struct str s;

	buf_init(&b, 65536);
	names_into(&b, v);
	s = arena_dup(&d->texts, buf_str(&b));
	buf_clear(&b);
	return s.p;
}

/* ---- recorded conversations ---- */

/* The state that the recorded answers show, as far as it can be made. */
static void seed_recorded(struct dn *d)
{
	static const char address[] =
		"0xe837963a6f7b8025440f3b0f42bfc2cbd9fd60a758471086f924706249953730";
	char body[400];

	snprintf(body, sizeof body,
		 "{\"address\":\"%s\",\"keys\":[{\"fragment\":\"account-key\",\"type\":"
		 "\"EcdsaSecp256k1VerificationKey2019\",\"public_key\":"
		 "\"zfmFHL5kti86r539ytgxuRtGVFFVBsAMSfcRmNnVH3Vxj\"}]}",
		 address);
	OK(!dn_control(d, "did", body, NULL)[0], "the document of the recordings");
	snprintf(body, sizeof body,
		 "{\"address\":\"%s\",\"sequence_number\":44,\"amount\":\"123456789\"}", address);
	OK(!dn_control(d, "account", body, NULL)[0], "its account");
	OK(!dn_control(d, "account", "{\"address\":\"0x1\",\"amount\":99876543211}", NULL)[0],
	   "the rest of the supply");
}

/* Answers of these are the recorded ones, byte for byte but for blanks. */
static bool whole(const char *id)
{
	static const char *const ids[] = { "RPC-001", "RPC-002", "RPC-004", "RPC-008",
					   "RPC-011", "RPC-015", "RPC-016" };

	for (unsigned i = 0; i < sizeof ids / sizeof *ids; i++)
		if (!strcmp(id, ids[i]))
			return true;
	return false;
}

static void vectors(void)
{
	struct vectors vs;
	struct dn d;

	dn_open(&d);
	seed_recorded(&d);
	vectors_open(&vs, "rpc");
	while (vectors_next(&vs)) {
		struct jiter it;
		struct jval one;
		struct str key;

		jiter_init(&it, jscan_get(vs.v, "traffic"));
		while (jiter_next(&it, &key, &one)) {
			struct str got = dn_rpc(&d, jscan_get(one, "request").raw);

			OK(d.how.status == 200 && !d.how.silent, "%s: an answer", vs.id);
			if (whole(vs.id))
				IS(dense(&d, got), dense(&d, jscan_get(one, "response").raw),
				   "%s: %s", vs.id, vec_text(&vs, "what"));
			else
				OK(jscan_get(dn_parse(got), "jsonrpc").type == J_STRING,
				   "%s: JSON-RPC", vs.id);
		}
	}
	vectors_close(&vs);
	dn_close(&d);
}

/* Objects that cannot be made with the recorded ids have the recorded members. */
static const char *recorded(struct dn *d, const char *id, unsigned at)
{
	struct vectors vs;
	const char *s = "no such vector";

	vectors_open(&vs, "rpc");
	while (vectors_next(&vs))
		if (!strcmp(vs.id, id))
			s = names(d, jscan_path(dn_at(jscan_get(vs.v, "traffic"), at), "response",
						"result", NULL));
	vectors_close(&vs);
	return s;
}

static void shapes(void)
{
	struct dn d;
	struct dn_who payer, payee;
	struct rooch_id id;
	struct hub_object hub;
	struct jval v;
	char hex[ROOCH_HEX_TEXT], params[300];

	dn_open(&d);
	dn_account(&d, &payer, KEY_K1);
	dn_account(&d, &payee, KEY_R1);
	v = dn_send_tx(&d, &payer, dn_tx(&payer, CREATE));
	/* an event more than recorded */
	IS(names(&d, jscan_path(v, "result", "execution_info", NULL)),
	   "{tx_hash state_root event_root gas_used status {type }}", "execution info");
	IS(names(&d, jscan_path(v, "result", "output", "events", NULL)),
	   "[ {event_id {event_handle_id event_seq }event_type event_data event_index "
	   "decoded_event_data }]",
	   "events");
	v = dn_send_tx(&d, &payer, dn_tx(&payer, CREATE));
	IS(names(&d, jscan_get(v, "result")), recorded(&d, "RPC-017", 2), "as recorded");
	IS(dn_send(&d, &payer, "<payment_channel::open_channel_with_sub_channel_entry",
		   dn_args("as", &payee.address, "account-key")),
	   "executed", "a channel");
	id = rooch_channel_id(&payer.address, &payee.address, dev_rgas);
	rooch_id_hex(hex, &id);
	snprintf(params, sizeof params, "[\"%s,0x5\",{\"decode\":true,\"showDisplay\":true}]", hex);
	v = jscan_get(dn_call(&d, "rooch_getObjectStates", params), "result");
	IS(names(&d, v), recorded(&d, "RPC-003", 0), "its state");
	IS(dn_text(&d, jscan_get(dn_at(v, 0), "object_type")),
	   "0x3::payment_channel::PaymentChannel", "its type");
	OK(dn_at(v, 1).type == J_NULL, "several ids in one text, null for one that there is not");
	id = rooch_hub_id(&payer.address);
	OK(hub_object_read(&hub, dn_object(&d, &id)), "the hub");
	rooch_id_hex(hex, &hub.active_channels);
	snprintf(params, sizeof params, "[\"%s\",null,\"100\",{}]", hex);
	v = jscan_get(dn_call(&d, "rooch_listFieldStates", params), "result");
	IS(names(&d, v), recorded(&d, "RPC-010", 1), "the counters");
	IS(dn_text(&d, jscan_path(dn_at(jscan_get(v, "data"), 0), "state", "object_type", NULL)),
	   "0x2::object::DynamicField<0x1::string::String, u64>", "their type");
	/* an entry is an object of its own */
	snprintf(params, sizeof params, "[\"%s\"]",
		 dn_text(&d, jscan_path(dn_at(jscan_get(v, "data"), 0), "state", "id", NULL)));
	v = dn_at(jscan_get(dn_call(&d, "rooch_getObjectStates", params), "result"), 0);
	OK(v.type == J_OBJECT, "an entry by its own id");
	dn_free(&payer);
	dn_free(&payee);
	dn_close(&d);
}

/* ---- requests ---- */

static const char *code(struct dn *d, const char *body)
{
	return dn_text(d, jscan_path(dn_parse(dn_rpc(d, str_c(body))), "error", "code", NULL));
}

static const char *call_code(struct dn *d, const char *method, const char *params)
{
	return dn_text(d, jscan_path(dn_call(d, method, params), "error", "code", NULL));
}

static void requests(void)
{
	struct dn d;
	struct buf b;
	struct jval v;

	dn_open(&d);
	IS(code(&d, "{"), "-32700", "no JSON");
	IS(code(&d, ""), "-32700", "nothing");
	IS(code(&d, "7"), "-32600", "a number");
	IS(code(&d, "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"rooch_getChainID\"}"), "-32600",
	   "another version");
	IS(code(&d, "{\"jsonrpc\":\"2.0\",\"id\":1}"), "-32600", "no method");
	IS(code(&d, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rooch_getChainID\",\"params\":{}}"),
	   "-32602", "parameters by name");
	IS(call_code(&d, "rooch_noSuchThing", "[]"), "-32601", "an unknown method");
	IS(call_code(&d, "rooch_getChainID", "[1,2,3,4,5,6,7,8,9]"), "-32602", "nine parameters");
	v = dn_parse(dn_rpc(&d, STR_LIT("{\"jsonrpc\":\"2.0\",\"id\":\"x-7\",\"method\":"
					"\"rooch_getChainID\"}")));
	IS(dn_text(&d, jscan_get(v, "id")), "x-7", "ids may be texts, params may be missing");
	IS(dn_text(&d, jscan_get(v, "result")), "4", "the answer");

	v = dn_parse(dn_rpc(
		&d, STR_LIT("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rooch_getChainID\"},"
			    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"no\"},5]")));
	IS(dn_text(&d, jscan_get(dn_at(v, 0), "result")), "4", "a batch: the first");
	IS(dn_text(&d, jscan_path(dn_at(v, 1), "error", "code", NULL)), "-32601", "the second");
	IS(dn_text(&d, jscan_path(dn_at(v, 2), "error", "code", NULL)), "-32600", "the third");

	IS(call_code(&d, "rooch_getObjectStates", "[]"), "-32602", "no ids");
	IS(call_code(&d, "rooch_getObjectStates", "[\"xyz\"]"), "-32602", "not an id");
	buf_init(&b, 100000);
	buf_add_c(&b, "[\"0x1");
	for (int i = 1; i < 100; i++)
		buf_add_c(&b, ",0x1");
	buf_add_c(&b, "\"]");
	IS(call_code(&d, "rooch_getObjectStates", buf_c(&b)), "", "100 ids");
	b.len -= 2;
	buf_add_c(&b, ",0x1\"]");
	IS(call_code(&d, "rooch_getObjectStates", buf_c(&b)), "-32602", "101 ids");
	buf_clear(&b);
	IS(call_code(&d, "rooch_getFieldStates", "[\"0x1\",\"0x2\"]"), "-32602", "keys as a text");
	IS(call_code(&d, "rooch_getFieldStates", "[\"0x1\",[\"0x2\"]]"), "-32602", "a short key");
	IS(call_code(&d, "rooch_listFieldStates", "[\"0x1\",\"y\"]"), "-32602", "an odd cursor");
	IS(call_code(&d, "rooch_listFieldStates", "[\"0x1\",null,\"many\"]"), "-32602",
	   "an odd limit");
	IS(call_code(&d, "rooch_getBalance", "[\"0x1\",\"RGas\"]"), "-32602", "no coin type");
	IS(call_code(&d, "rooch_getBalance", "[\"0xg\",\"" RGAS "\"]"), "-32602", "no address");
	IS(call_code(&d, "rooch_getTransactionsByHash", "[\"0x1\"]"), "-32602",
	   "no array of hashes");
	IS(call_code(&d, "rooch_getTransactionsByHash", "[[\"0x1\"]]"), "-32602", "a short hash");
	IS(call_code(&d, "rooch_getEventsByEventHandle", "[\"x\"]"), "-32602", "no handle");
	IS(call_code(&d, "rooch_getEventsByEventHandle", "[7]"), "-32602", "a number as handle");
	IS(call_code(&d, "rooch_executeViewFunction", "[{\"function_id\":\"what\"}]"), "-32602",
	   "no function");
	IS(call_code(&d, "rooch_executeViewFunction",
		     "[{\"function_id\":\"0x2::account::sequence_number\",\"args\":[]}]"),
	   "", "no argument: the machine says so, not the node");
	IS(call_code(&d, "rooch_executeViewFunction", "[\"x\"]"), "-32602", "no call");
	IS(call_code(&d, "rooch_executeRawTransaction", "[\"0x0\"]"), "-32602", "half a byte");
	IS(call_code(&d, "rooch_executeRawTransaction", "[\"0x00\"]"), "3", "no transaction");
	IS(call_code(&d, "rooch_dryRunRawTransaction", "[\"0x00\"]"), "3", "nor a dry one");
	v = dn_call(&d, "rooch_executeViewFunction",
		    "[{\"function_id\":\"0x2::account::no_such\",\"args\":[],\"ty_args\":[]}]");
	IS(dn_text(&d, jscan_path(v, "result", "vm_status", "Error", NULL)), "1091",
	   "a view function that there is not");
	OK(jscan_path(v, "result", "return_values", NULL).type == J_NULL, "returns nothing");
	v = dn_call(&d, "rooch_executeViewFunction",
		    "[{\"function_id\":\"0x3::did::exists_did_for_address\",\"args\":[\"0x01\"]}]");
	IS(dn_text(&d, jscan_path(v, "result", "vm_status", "Error", NULL)), "1074",
	   "an argument of another length");
	v = dn_call(&d, "rpc.discover", "[]");
	OK(jscan_path(v, "result", "info", "version", NULL).type == J_STRING,
	   "the version is told");
	dn_close(&d);
}

static void pages(void)
{
	struct dn d;
	struct dn_who w;
	struct rooch_id hub_id;
	struct hub_object hub;
	struct jval v;
	char hex[ROOCH_HEX_TEXT], params[300], body[300];
	unsigned n = 0;

	dn_open(&d);
	dn_account(&d, &w, KEY_ED25519);
	for (int i = 0; i < 5; i++) {
		snprintf(body, sizeof body,
			 "{\"owner\":\"%s\",\"amount\":7,\"coin_type\":\"0x%d::coin::C\"}", w.hex,
			 i + 10);
		if (dn_control(&d, "hub", body, NULL)[0])
			dn_die("a coin", NULL);
	}
	hub_id = rooch_hub_id(&w.address);
	OK(hub_object_read(&hub, dn_object(&d, &hub_id)), "a hub of five coins");
	rooch_id_hex(hex, &hub.coin_store);
	snprintf(params, sizeof params, "[\"%s\",null,2]", hex);
	for (;;) {
		v = jscan_get(dn_call(&d, "rooch_listFieldStates", params), "result");
		for (unsigned i = 0; dn_at(jscan_get(v, "data"), i).type == J_OBJECT; i++)
			n++;
		if (jscan_get(v, "has_next_page").type != J_TRUE)
			break;
		snprintf(params, sizeof params, "[\"%s\",\"%s\",2]", hex,
			 dn_text(&d, jscan_get(v, "next_cursor")));
	}
	OK(n == 5, "five entries in three pages");
	OK(jscan_get(v, "next_cursor").type == J_NULL, "no cursor on the last");

	v = dn_call(&d, "rooch_getEventsByEventHandle",
		    "[\"0x3::did::DIDCreatedEvent\",null,\"1\",false,{\"decode\":false}]");
	OK(jscan_path(v, "result", "has_next_page", NULL).type == J_FALSE,
	   "one event of a document");
	dn_free(&w);
	dn_account(&d, &w, KEY_ED25519);
	v = jscan_get(dn_call(&d, "rooch_getEventsByEventHandle",
			      "[\"0x3::did::DIDCreatedEvent\",null,\"1\",true]"),
		      "result");
	IS(dn_text(&d, jscan_path(dn_at(jscan_get(v, "data"), 0), "event_id", "event_seq", NULL)),
	   "1", "the newest first");
	IS(dn_text(&d, jscan_get(v, "next_cursor")), "1", "a cursor");
	v = jscan_get(dn_call(&d, "rooch_getEventsByEventHandle",
			      "[\"0x3::did::DIDCreatedEvent\",\"1\",\"1\",true]"),
		      "result");
	IS(dn_text(&d, jscan_path(dn_at(jscan_get(v, "data"), 0), "event_id", "event_seq", NULL)),
	   "0", "then the older");
	dn_free(&w);
	dn_close(&d);
}

static void lookups(void)
{
	struct dn d;
	struct dn_who w;
	struct jval v;
	char params[300];

	dn_open(&d);
	dn_account(&d, &w, KEY_ED25519);
	v = dn_send_tx(&d, &w, dn_tx(&w, CREATE));
	snprintf(params, sizeof params, "[[\"%s\",\"0x%064d\"]]",
		 dn_text(&d, jscan_path(v, "result", "execution_info", "tx_hash", NULL)), 7);
	v = jscan_get(dn_call(&d, "rooch_getTransactionsByHash", params), "result");
	IS(names(&d, dn_at(v, 0)),
	   "{transaction {data {type sequence_number sender sender_bitcoin_address action_type action "
	   "{function_call {function_id ty_args []args []}}raw chain_id max_gas_amount }sequence_info "
	   "{tx_order tx_order_signature tx_accumulator_root tx_timestamp }}execution_info {tx_hash "
	   "state_root event_root gas_used status {type }}}",
	   "a transaction by its hash");
	IS(dn_text(&d, jscan_path(dn_at(v, 0), "transaction", "data", "max_gas_amount", NULL)),
	   "100000000", "its gas");
	OK(dn_at(v, 1).type == J_NULL, "null for one that was never sent");
	snprintf(params, sizeof params,
		 "[{\"function_id\":\"0x3::did::exists_did_for_address\",\"args\":[\"%s\"]}]",
		 w.hex);
	v = jscan_path(dn_call(&d, "rooch_executeViewFunction", params), "result", "return_values",
		       NULL);
	OK(jscan_get(dn_at(v, 0), "decoded_value").type == J_TRUE, "a DID that exists");
	IS(dn_text(&d, jscan_path(dn_at(v, 0), "value", "value", NULL)), "0x01", "as bytes");
	v = jscan_path(dn_call(&d, "rooch_executeViewFunction",
			       "[{\"function_id\":\"0x3::did::exists_did_for_address\",\"args\":[\""
			       "0x0000000000000000000000000000000000000000000000000000000000000009"
			       "\"]}]"),
		       "result", "return_values", NULL);
	OK(jscan_get(dn_at(v, 0), "decoded_value").type == J_FALSE, "one that does not");
	{
		struct dn_tx t = dn_tx(&w, CREATE);
		struct buf send;

		buf_init(&send, 65536);
		buf_add_c(&send, "[\"0x");
		dn_sign(&send, &t, &w);
		buf_add_c(&send, "\"]");
		v = dn_call(&d, "rooch_sendRawTransaction", buf_c(&send));
		IS(arena_printf(&d.texts, "%zu", strlen(dn_text(&d, jscan_get(v, "result")))), "66",
		   "sent without waiting: the hash");
		v = dn_call(&d, "rooch_sendRawTransaction", buf_c(&send));
		IS(dn_outcome(&d, v), "refused 1001", "sent again");
		buf_clear(&send);
	}
	dn_free(&w);
	dn_close(&d);
}

/* ---- faults ---- */

static void order(struct dn *d, const char *body)
{
	if (dn_control(d, "fault", body, NULL)[0])
		dn_die(body, NULL);
}

static const char *chain_id(struct dn *d)
{
	return dn_text(d, jscan_get(dn_call(d, "rooch_getChainID", "[]"), "result"));
}

static void faults(void)
{
	struct dn d;
	struct dn_who w;
	struct rooch_id id;
	struct hub_object hub;
	struct jval v;

	dn_open(&d);
	dn_account(&d, &w, KEY_ED25519);
	order(&d, "{\"kind\":\"http\"}");
	IS(chain_id(&d), "", "an HTTP error");
	OK(d.how.status == 500, "500");
	IS(chain_id(&d), "4", "once");
	order(&d, "{\"kind\":\"http\",\"value\":503,\"count\":2,\"method\":\"rooch_getBalance\"}");
	IS(chain_id(&d), "4", "not for other methods");
	OK(d.how.status == 200, "no");
	(void)dn_balance(&d, &w);
	OK(d.how.status == 503, "for this");
	(void)dn_balance(&d, &w);
	OK(d.how.status == 503, "twice");
	(void)dn_balance(&d, &w);
	OK(d.how.status == 200, "not three times");
	order(&d, "{\"kind\":\"hang\",\"value\":250}");
	IS(chain_id(&d), "4", "an answer");
	OK(d.how.wait_ms == 250, "that takes its time");
	order(&d, "{\"kind\":\"close\"}");
	IS(chain_id(&d), "", "none at all");
	OK(d.how.silent, "none");
	order(&d, "{\"kind\":\"drop\"}");
	(void)dn_send_tx(&d, &w, dn_tx(&w, CREATE));
	OK(d.how.silent, "executed, and no answer");
	IS(dn_hub(&d, &w), "0", "executed it was");
	order(&d, "{\"kind\":\"error\",\"value\":429,\"text\":\"too many requests\"}");
	v = jscan_get(dn_call(&d, "rooch_getChainID", "[]"), "error");
	IS(dn_text(&d, jscan_get(v, "code")), "429", "an error as ordered");
	IS(dn_text(&d, jscan_get(v, "message")), "too many requests", "with its text");
	order(&d, "{\"kind\":\"maintenance\"}");
	v = jscan_get(dn_call(&d, "rooch_getChainID", "[]"), "error");
	OK(strstr(dn_text(&d, jscan_get(v, "message")), "maintenance mode"), "maintenance mode");
	order(&d, "{\"kind\":\"garbage\"}");
	{
		struct jval root;
		struct gw_err e;

		OK(jscan_check(dn_rpc(&d, STR_LIT("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
						  "\"rooch_getChainID\"}")),
			       9, false, &root, &e),
		   "bytes that are no JSON");
	}

	id = rooch_hub_id(&w.address);
	order(&d, "{\"kind\":\"truncate\"}");
	OK(!hub_object_read(&hub, dn_object(&d, &id)), "half of a value");
	order(&d, "{\"kind\":\"length\"}");
	OK(!hub_object_read(&hub, dn_object(&d, &id)), "an absurd length");
	order(&d, "{\"kind\":\"object\",\"count\":2}");
	OK(hub_object_read(&hub, dn_object(&d, &id)), "a hub that reads well");
	OK(hub.coin_store.b[0] == 0 && hub.active_channels.b[0] == 0, "but is another's");
	id = (struct rooch_id){ { 5 } };
	OK(dn_object(&d, &id).p, "also where there is none");
	OK(!dn_object(&d, &id).p, "the truth again");

	order(&d, "{\"kind\":\"refuse\",\"value\":1004}");
	IS(dn_outcome(&d, dn_send_tx(&d, &w, dn_tx(&w, CREATE))), "refused 1004", "refused");
	order(&d, "{\"kind\":\"abort\",\"value\":9,\"text\":\"0x3::coin\"}");
	IS(dn_outcome(&d, dn_send_tx(&d, &w, dn_tx(&w, CREATE))), "0x3::coin 9", "aborted");
	IS(dn_outcome(&d, dn_send_tx(&d, &w, dn_tx(&w, CREATE))), "executed", "and in turn again");

	dn_set_hub(&d, &w, "500");
	dn_set_hub(&d, &w, "600");
	order(&d, "{\"kind\":\"stale\",\"count\":2}");
	IS(dn_hub(&d, &w), "500", "a view that is one behind");
	order(&d, "{\"kind\":\"stale\",\"count\":2,\"value\":2}");
	IS(dn_hub(&d, &w), "0", "two behind");
	IS(dn_hub(&d, &w), "600", "the newest");
	order(&d, "{\"kind\":\"http\",\"count\":1000}");
	{
		struct buf out;
		struct gw_err e;

		buf_init(&out, 4096);
		OK(!dev_admin(d.st, STR_LIT("DELETE"), STR_LIT("/devnode/fault"), STR_NULL, &out,
			      &e),
		   "no faults any more");
		buf_clear(&out);
	}
	IS(chain_id(&d), "4", "none");
	dn_free(&w);
	dn_close(&d);
}

/* ---- control ---- */

static void control(void)
{
	static const char *const bad[][2] = {
		{ "did", "{\"address\":\"0xzz\"}" },
		{ "did", "{\"controller\":[\"nobody\"]}" },
		{ "did", "{\"keys\":{}}" },
		{ "did", "{\"keys\":[{\"fragment\":\"a#b\",\"type\":\"Ed25519VerificationKey2020\","
			 "\"public_key\":\"zdHuAnrm1xzJRw4Di9fKJn6Q6sJqsP9ofuZ3CNyjxhaH\"}]}" },
		{ "did",
		  "{\"keys\":[{\"fragment\":\"a\",\"type\":\"RSA\",\"public_key\":\"z1\"}]}" },
		{ "did", "{\"keys\":[{\"fragment\":\"a\",\"type\":\"Ed25519VerificationKey2020\","
			 "\"public_key\":\"zdHuAnrm1xzJRw4Di9fKJn6Q6sJqsP9ofuZ3CNyjxhaH\","
			 "\"relationships\":[\"any\"]}]}" },
		{ "did", "{\"services\":[{\"fragment\":\"\",\"type\":\"T\",\"endpoint\":\"e\"}]}" },
		{ "account", "{}" },
		{ "account", "{\"address\":\"0x1\",\"amount\":\"-1\"}" },
		{ "account", "{\"address\":\"0x1\",\"amount\":1,\"coin_type\":\"RGas\"}" },
		{ "account", "{\"address\":\"0x1\",\"sequence_number\":\"x\"}" },
		{ "hub", "{\"owner\":\"0x1\"}" },
		{ "clock", "{}" },
		{ "clock", "{\"advance_ms\":\"5\"}" },
		{ "settings", "{\"chain_id\":0}" },
		{ "settings", "{\"seed\":\"00\"}" },
		{ "fault", "{\"kind\":\"sleepy\"}" },
		{ "fault", "{\"kind\":\"http\",\"count\":0}" },
		{ "fault", "{\"kind\":\"http\",\"method\":7}" },
	};
	struct dn d;
	struct dn_who w;
	struct jval v = { .type = J_NONE };

	dn_open(&d);
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		IS(dn_control(&d, bad[i][0], bad[i][1], NULL), gw_err_wire(GWE_BAD_REQUEST),
		   "%s %s", bad[i][0], bad[i][1]);
	IS(dn_control(&d, "did", "{", NULL), gw_err_wire(GWE_INVALID_JSON), "no JSON");
	IS(dn_control(&d, "no-such", "{}", NULL), gw_err_wire(GWE_NOT_FOUND), "no such path");
	IS(dn_control(&d, "", "{}", NULL), gw_err_wire(GWE_METHOD_NOT_ALLOWED), "another method");

	IS(dn_control(&d, "clock", "{\"now_ms\":5000}", &v), "", "set the clock");
	IS(dn_text(&d, jscan_get(v, "now_ms")), "5000", "it is");
	IS(dn_control(&d, "clock", "{\"advance_ms\":-1000}", &v), "", "turn it back");
	IS(dn_text(&d, jscan_get(v, "now_ms")), "4000", "it is");
	IS(dn_control(&d, "clock", "{\"offset_ms\":0}", &v), "", "as the system's");
	IS(dn_text(&d, jscan_get(v, "now_ms")), "1700000000000", "it is");

	dn_account(&d, &w, KEY_ED25519);
	IS(dn_control(&d, "settings", "{\"gas\":5,\"chain_id\":3}", NULL), "", "settings");
	IS(chain_id(&d), "3", "another chain id");
	IS(dn_control(
		   &d, "did",
		   "{\"address\":\"rooch1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqhxqaen\","
		   "\"controller\":[\"did:key:zX\"],\"keys\":[],\"services\":[{\"fragment\":\"s\","
		   "\"type\":\"T\",\"endpoint\":\"e\"}]}",
		   &v),
	   "", "a document at an address of one's choice, without keys");
	IS(dn_text(&d, jscan_get(v, "did")),
	   "did:rooch:rooch1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqhxqaen",
	   "that one");
	dn_free(&w);
	dn_close(&d);
}

int main(void)
{
	vectors();
	shapes();
	requests();
	pages();
	lookups();
	faults();
	control();
	return TAP_END;
}
