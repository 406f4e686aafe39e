/* SPDX-License-Identifier: Apache-2.0 */
/* The client against a node in this process that plays back the vectors, or lies. */
#include "config.h"

#include "ledger/rooch_payer.h"

#include "codec/bcs.h"

#include "json_eq.h"
#include "server.h"
#include "tap.h"
#include "vectors.h"

static int port;
static struct rooch_rpc *node;
static struct gw_err e;

/* What the node answers, in order: JSON of `result`, or with raw set the whole answer. */
struct step {
	struct jval method, params; /* what is expected; J_NONE: anything */
	struct str result;
	const char *raw; /* instead: bytes on the connection, then it is closed */
};
static struct step steps[16];
static unsigned n_steps;
static pthread_mutex_t steps_lock = PTHREAD_MUTEX_INITIALIZER; /* of the two above */
static atomic_uint at_step, wrong;
#define WITH_STEPS(statement) \
	do { \
		pthread_mutex_lock(&steps_lock); \
		statement; \
		pthread_mutex_unlock(&steps_lock); \
	} while (0)

/* Parameters but the last one, which holds options about what we do not read. */
static bool same_params(struct jval got, struct jval want)
{
	struct jiter x, y;
	struct jval v, u;
	struct str key;

	jiter_init(&x, got);
	jiter_init(&y, want);
	while (jiter_next(&y, &key, &u))
		if (!jiter_next(&x, &key, &v) ||
		    (!json_eq(v, u) &&
		     !(v.type == J_OBJECT && !jval_is_null(jscan_get(u, "decode")))))
			return false;
	return !jiter_next(&x, &key, &v);
}

static void reply(int fd, struct str id, struct str result)
{
	char head[256];
	size_t n = strlen("{\"jsonrpc\":\"2.0\",\"id\":,\"result\":}") + id.len + result.len;

	snprintf(head, sizeof head,
		 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n"
		 "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":",
		 n, STR_ARG(id));
	put(fd, head);
	put_n(fd, result.p, result.len);
	put(fd, "}");
}

static bool play(int fd, int conn, int n, const struct request *rq)
{
	unsigned i = atomic_fetch_add(&at_step, 1);
	struct jval root = { J_NONE, STR_NULL };
	struct step step, *s = &step;
	bool known, goes_on = false;
	char *raw = NULL, *result = NULL;

	(void)conn, (void)n;
	pthread_mutex_lock(&steps_lock);
	known = i < n_steps;
	if (known) {
		/* copies: the texts may be gone once the client has its answer */
		step = steps[i];
		raw = step.raw ? strdup(step.raw) : NULL;
		result = malloc(step.result.len + 1);
		if (!result || (step.raw && !raw))
			abort();
		if (step.result.len)
			memcpy(result, step.result.p, step.result.len);
	}
	pthread_mutex_unlock(&steps_lock);
	if (!known)
		return atomic_fetch_add(&wrong, 1), false;
	if (jscan_check((struct str){ rq->body, rq->body_len }, 16, false, &root, NULL) ||
	    strncmp(rq->head, "POST / HTTP/1.1\r\n", 17) != 0 ||
	    !strstr(rq->head, "\r\nContent-Type: application/json\r\n") ||
	    (s->method.type != J_NONE && !json_eq(jscan_get(root, "method"), s->method)) ||
	    (s->params.type != J_NONE && !same_params(jscan_get(root, "params"), s->params))) {
		atomic_fetch_add(&wrong, 1);
	} else if (raw) {
		put(fd, raw);
	} else {
		reply(fd, jscan_get(root, "id").raw, (struct str){ result, step.result.len });
		goes_on = true;
	}
	free(raw);
	free(result);
	return goes_on;
}

static void add_step(struct step s)
{
	pthread_mutex_lock(&steps_lock);
	steps[n_steps++] = s;
	pthread_mutex_unlock(&steps_lock);
}

static void expect(struct str result)
{
	add_step((struct step){ .result = result });
}

static void reset(void)
{
	pthread_mutex_lock(&steps_lock);
	n_steps = 0;
	pthread_mutex_unlock(&steps_lock);
	atomic_store(&at_step, 0);
	atomic_store(&wrong, 0);
	e = (struct gw_err){ .code = GWE_OK };
}

/* Every request was asked for, and none was missing. */
static bool all_played(void)
{
	WITH_STEPS(;);
	return atomic_load(&wrong) == 0 && atomic_load(&at_step) == n_steps;
}

static bool unavailable(void)
{
	WITH_STEPS(;);
	return e.code == GWE_SERVICE_UNAVAILABLE && e.priv[0] && !strstr(e.pub, "127.0.0.1");
}

#define COIN "0x0000000000000000000000000000000000000000000000000000000000000003::gas_coin::RGas"

static struct rooch_id id_of(const char *text)
{
	struct rooch_id id;

	if (!rooch_address_parse(&id, str_c(text)))
		abort();
	return id;
}

/* ---- the vectors ---- */

static struct jval traffic(struct vectors *vs, unsigned i, const char *part)
{
	struct jiter it;
	struct jval v = { J_NONE, STR_NULL };
	struct str key;

	jiter_init(&it, jscan_get(vs->v, "traffic"));
	for (unsigned k = 0; k <= i; k++)
		if (!jiter_next(&it, &key, &v))
			return (struct jval){ J_NONE, STR_NULL };
	return jscan_get(v, part);
}

static unsigned load(struct vectors *vs)
{
	struct jval rq;

	reset();
	while ((rq = traffic(vs, n_steps, "request")).type != J_NONE) {
		add_step((struct step){
			.method = jscan_get(rq, "method"),
			.params = jscan_get(rq, "params"),
			.result = jscan_get(traffic(vs, n_steps, "response"), "result").raw });
	}
	return n_steps;
}

/* First parameter of request @i. */
static struct rooch_id param_id(struct vectors *vs, unsigned i)
{
	struct jval params = jscan_get(traffic(vs, i, "request"), "params"), v;
	char text[ROOCH_HEX_TEXT];
	struct jiter it;
	struct str key;

	jiter_init(&it, params);
	if (!jiter_next(&it, &key, &v) || !jval_copy(v, text, sizeof text))
		vec_die(vs, "params");
	return id_of(text);
}

static void vector_did(struct vectors *vs, bool found)
{
	struct rooch_id id = param_id(vs, 0);
	char identifier[ROOCH_BECH32_TEXT];
	struct rooch_did_document *d = malloc(sizeof *d);
	struct buf bcs, value;
	int rc;

	/* the DID itself is only in the object */
	buf_init(&bcs, 1 << 16);
	buf_init(&value, 1 << 16);
	if (found) {
		struct jval state = traffic(vs, 0, "response"), v;
		struct str key, hex;
		struct jiter it;

		jiter_init(&it, jscan_get(state, "result"));
		if (!d || !jiter_next(&it, &key, &state))
			abort();
		v = jscan_get(state, "value");
		hex = str_sub(v.raw, 3, v.raw.len - 4);
		if (!hex_decode((uint8_t *)buf_room(&value, hex.len / 2), hex.len / 2, hex))
			abort();
		value.len = hex.len / 2;
		if (!rooch_did_read(d, buf_str(&value)) ||
		    !str_copy(identifier, sizeof identifier, d->id.identifier))
			abort();
		rc = rooch_get_did(node, str_c(identifier), &bcs, &e);
		OK(!rc && str_eq(buf_str(&bcs), buf_str(&value)) && all_played(), "%s %s", vs->id,
		   vec_text(vs, "what"));
		OK(rooch_id_eq(id, rooch_did_object_id(str_c(identifier))), "%s id", vs->id);
	} else {
		WITH_STEPS(steps[0].params.type = J_NONE);
		OK(rooch_get_did(node, STR_LIT("rooch1x"), &bcs, &e) == 1 && all_played() &&
			   !bcs.len,
		   "%s %s", vs->id, vec_text(vs, "what"));
	}
	buf_clear(&bcs);
	buf_clear(&value);
	free(d);
}

static bool is_amount(struct jval v, struct u256 got)
{
	char text[U256_TEXT];

	u256_format(text, got);
	return jval_str_eq(v, text);
}

static void vector_channel(struct vectors *vs, bool found)
{
	struct jval want = jscan_get(vs->v, "resultInPackage");
	struct rooch_id id = param_id(vs, 0);
	struct channel_object o;
	char did[ROOCH_DID_TEXT];
	int rc = rooch_get_channel(node, &id, &o, &e);

	OK(rc == !found && all_played(), "%s %s: %s", vs->id, vec_text(vs, "what"), e.priv);
	if (rc)
		return;
	rooch_did_text(did, &o.sender);
	OK(jval_str_eq(jscan_get(want, "payerDid"), did) &&
		   jval_str_eq(jscan_get(want, "assetId"), o.coin_type) &&
		   is_amount(jscan_get(want, "epoch"), u256_of(o.epoch)) &&
		   jval_str_eq(jscan_get(want, "status"), channel_status_name(o.status)),
	   "%s members", vs->id);
}

static void vector_subchannel(struct vectors *vs, bool found)
{
	struct jval want = jscan_get(vs->v, "resultInPackage");
	struct rooch_id id = param_id(vs, 0);
	struct channel_object o;
	struct subchannel_object s;
	int rc;

	if (!found)
		WITH_STEPS(steps[1].params.type = J_NONE);
	rc = rooch_get_channel(node, &id, &o, &e);
	if (!rc)
		rc = rooch_get_subchannel(node, &o.sub_channels,
					  found ? STR_LIT("account-key") : STR_LIT("none"), &s, &e);
	OK(rc == !found && all_played(), "%s %s: %s", vs->id, vec_text(vs, "what"), e.priv);
	if (rc)
		return;
	OK(jval_str_eq(jscan_get(want, "publicKey"), s.pk_multibase) &&
		   jval_str_eq(jscan_get(want, "methodType"), s.method_type) &&
		   is_amount(jscan_get(want, "lastClaimedAmount"), s.last_claimed) &&
		   is_amount(jscan_get(want, "lastConfirmedNonce"), u256_of(s.last_nonce)),
	   "%s members", vs->id);
}

static void vector_hub(struct vectors *vs, struct rooch_id owner)
{
	struct u256 v;

	OK(!rooch_get_hub_balance(node, &owner, COIN, &v, &e) && all_played() &&
		   is_amount(jscan_get(vs->v, "resultInPackage"), v),
	   "%s %s: %s", vs->id, vec_text(vs, "what"), e.priv);
}

static void vector_balance(struct vectors *vs)
{
	struct rooch_id owner = param_id(vs, 0);
	struct u256 v;

	OK(!rooch_get_balance(node, &owner, COIN, &v, &e) && all_played() &&
		   is_amount(jscan_get(jscan_get(vs->v, "resultInPackage"), "balance"), v),
	   "%s %s: %s", vs->id, vec_text(vs, "what"), e.priv);
}

/* The raw transaction in request @i, as bytes. */
static struct str raw_tx(struct vectors *vs, unsigned i)
{
	struct jval params = jscan_get(traffic(vs, i, "request"), "params"), v;
	struct jiter it;
	struct str key, out;

	jiter_init(&it, params);
	if (!jiter_next(&it, &key, &v))
		vec_die(vs, "params");
	out = arena_dup(vs->texts, str_sub(v.raw, 3, (v.raw.len - 4) / 2));
	if (!hex_decode((uint8_t *)(uintptr_t)out.p, out.len, str_sub(v.raw, 3, v.raw.len - 4)))
		vec_die(vs, "hex");
	return out;
}

/* @text with the dummy hash of the stub replaced by the transaction's own. */
static struct str with_hash(struct arena *a, struct str text, struct str raw, uint8_t hash[32])
{
	static const char dummy[] =
		"1111111111111111111111111111111111111111111111111111111111111111";
	struct tx_authenticator auth;
	struct tx_data t;
	char hex[65], *at;
	struct str s;
	size_t n;

	if (!tx_read(&t, &auth, &n, raw))
		abort();
	tx_hash(hash, str_sub(raw, 0, n));
	hex_encode(hex, hash, 32);
	s = arena_dup(a, text);
	at = (char *)(uintptr_t)memmem(s.p, s.len, dummy, 64);
	if (at)
		memcpy(at, hex, 64);
	return s;
}

static struct str claim, claim_result; /* for the tests behind the vectors */
static uint8_t claim_hash[32];
static struct arena mem;

static void vector_claim(struct vectors *vs)
{
	struct rooch_id sender;
	struct tx_result r;
	uint64_t v;
	struct str raw = raw_tx(vs, 2);
	struct tx_authenticator auth;
	struct tx_data t;
	size_t n;

	if (!tx_read(&t, &auth, &n, raw))
		vec_die(vs, "transaction");
	sender = t.sender;
	OK(!rooch_chain_id(node, &v, &e) && v == 4 &&
		   !rooch_sequence_number(node, &sender, &v, &e) && v == t.sequence_number,
	   "%s numbers: %s", vs->id, e.priv);
	OK(!rooch_execute(node, raw, &r, &e) && r.status == TX_UNKNOWN && all_played(),
	   "%s is not believed with another hash: %s", vs->id, r.message);
	claim = arena_dup(&mem, raw);
	claim_result = with_hash(&mem, steps[2].result, raw, claim_hash);
	reset();
	expect(claim_result);
	OK(!rooch_execute(node, raw, &r, &e) && r.status == TX_EXECUTED && r.gas_used == 1000 &&
		   !memcmp(r.hash, claim_hash, 32) && !r.has_created_did && all_played(),
	   "%s %s: %s", vs->id, vec_text(vs, "what"), r.message);
}

static void vectors(void)
{
	struct vectors vs;

	vectors_open(&vs, "rpc");
	while (vectors_next(&vs)) {
		struct str what = vec_str(&vs, "what");
		uint64_t v;

		if (!load(&vs))
			continue; /* nothing is asked */
		if (str_eq_c(what, "resolve a DID document")) {
			vector_did(&vs, true);
		} else if (str_eq_c(what, "resolve an unknown DID")) {
			vector_did(&vs, false);
		} else if (str_eq_c(what, "channel status")) {
			vector_channel(&vs, true);
		} else if (str_eq_c(what, "channel status, unknown channel")) {
			vector_channel(&vs, false);
		} else if (str_eq_c(what, "sub-channel")) {
			vector_subchannel(&vs, true);
		} else if (str_eq_c(what, "sub-channel, unknown fragment")) {
			vector_subchannel(&vs, false);
		} else if (str_eq_c(what, "hub balance")) {
			vector_hub(
				&vs,
				id_of("rooch1aqmevwn00wqz23q08v85907ze0vl6c98tpr3pphey3cxyjv4xucq"
				      "vuj08s"));
		} else if (str_eq_c(what, "hub balance, no hub")) {
			WITH_STEPS(steps[0].params.type = J_NONE);
			vector_hub(&vs, id_of("0x1"));
		} else if (str_eq_c(what, "chain id")) {
			OK(!rooch_chain_id(node, &v, &e) && v == 4 && all_played(), "%s", vs.id);
		} else if (str_eq_c(what, "sequence number")) {
			struct rooch_id id =
				id_of("0xe837963a6f7b8025440f3b0f42bfc2cbd9fd60a758471086f"
				      "924706249953730");

			OK(!rooch_sequence_number(node, &id, &v, &e) && v == 44 && all_played(),
			   "%s", vs.id);
		} else if (str_eq_c(what, "balance of an account")) {
			vector_balance(&vs);
		} else if (str_eq_c(what, "claim")) {
			vector_claim(&vs);
		}
	}
	vectors_close(&vs);
}

/* ---- answers that do not fit ---- */

static bool chain_id_refuses(const char *result)
{
	uint64_t v;

	reset();
	expect(str_c(result));
	return rooch_chain_id(node, &v, &e) == -1 && unavailable() && all_played();
}

static bool raw_refuses(const char *answer)
{
	uint64_t v;

	reset();
	add_step((struct step){ .raw = answer });
	WITH_STEPS(steps[0].result = STR_NULL);
	return rooch_chain_id(node, &v, &e) == -1 && unavailable();
}

#define HTTP(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body

static void odd_envelopes(void)
{
	static const char *const results[] = {
		"4",	   "null",    "\"\"", "\"-4\"", "\"4.0\"",
		"\"0x4\"", "[\"4\"]", "{}",   "true",	"\"18446744073709551616\""
	};
	static const char *const answers[] = {
		"",
		"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"json",
		"garbage\r\n\r\n",
		HTTP("500 x", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"4\"}"),
		HTTP("429 x", ""),
		HTTP("302 x\r\nLocation: http://127.0.0.1:1/", ""),
		HTTP("204 x", ""),
		HTTP("200 OK", ""),
		HTTP("200 OK", "<html>"),
		HTTP("200 OK", "[]"),
		HTTP("200 OK", "{}"),
		HTTP("200 OK", "{\"jsonrpc\":\"2.0\",\"result\":\"4\"}"),
		HTTP("200 OK", "{\"jsonrpc\":\"2.0\",\"id\":999999,\"result\":\"4\"}"),
		HTTP("200 OK", "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":\"4\"}"),
		HTTP("200 OK",
		     "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"m\"}}"),
		HTTP("200 OK", "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700}}"),
		HTTP("200 OK", "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":\"m\"}"),
		HTTP("200 OK",
		     "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":1,\"message\":\"the node is in "
		     "maintenance mode\"}}"),
	};

	for (size_t i = 0; i < sizeof results / sizeof *results; i++)
		OK(chain_id_refuses(results[i]), "no chain id: %s: %s", results[i], e.priv);
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		OK(raw_refuses(answers[i]), "no answer: %zu: %s", i, e.priv);
}

/* A state as the node gives it. */
static struct str state_of(const char *id, const struct buf *bcs)
{
	struct buf b;
	struct str s;
	char *hex = malloc(2 * bcs->len + 1);

	if (!hex)
		abort();
	hex_encode(hex, (const uint8_t *)bcs->p, bcs->len);
	buf_init(&b, 1 << 20);
	buf_addf(&b, "[{\"id\":\"%s\",\"value\":\"0x%s\"}]", id, hex);
	s = arena_dup(&mem, buf_str(&b));
	buf_clear(&b);
	free(hex);
	return s;
}

static struct rooch_id payer = { { 1 } }, payee = { { 2 } };

static struct channel_object a_channel(void)
{
	struct channel_object o = { .sender = payer, .receiver = payee };

	if (!str_copy(o.coin_type, sizeof o.coin_type, STR_LIT(COIN)))
		abort();
	return o;
}

static int ask_channel(const struct rooch_id *id, struct str result)
{
	struct channel_object got;

	reset();
	expect(result);
	return rooch_get_channel(node, id, &got, &e);
}

static void lying_channels(void)
{
	struct channel_object o = a_channel();
	struct rooch_id id = rooch_channel_id(&payer, &payee, COIN);
	char hex[ROOCH_HEX_TEXT], other[ROOCH_HEX_TEXT];
	struct str honest;
	struct buf b;

	rooch_id_hex(hex, &id);
	rooch_id_hex(other, &payer);
	buf_init(&b, 1 << 16);
	channel_object_write(&b, &o);
	honest = state_of(hex, &b);
	OK(ask_channel(&id, honest) == 0, "a channel: %s", e.priv);
	OK(ask_channel(&id, STR_LIT("[null]")) == 1, "none");
	OK(ask_channel(&id, state_of(other, &b)) == -1 && unavailable(), "another id: %s", e.priv);
	OK(ask_channel(&id, STR_LIT("[]")) == -1 && unavailable() &&
		   ask_channel(&id, STR_LIT("null")) == -1 &&
		   ask_channel(&id, STR_LIT("{}")) == -1 &&
		   ask_channel(&id, STR_LIT("[null,null]")) == -1 &&
		   ask_channel(&id, STR_LIT("[1]")) == -1 &&
		   ask_channel(&id, STR_LIT("[{}]")) == -1,
	   "no state, or two");
	b.len--;
	OK(ask_channel(&id, state_of(hex, &b)) == -1 && unavailable(), "cut: %s", e.priv);
	b.len++;
	buf_add_byte(&b, 0);
	OK(ask_channel(&id, state_of(hex, &b)) == -1 && unavailable(), "a byte behind it");
	buf_reset(&b);
	o.receiver = payer;
	channel_object_write(&b, &o);
	OK(ask_channel(&id, state_of(hex, &b)) == -1 && unavailable(), "another payee: %s", e.priv);
	buf_reset(&b);
	buf_add(&b, "\xff\xff\xff\xff\x0f", 5);
	OK(ask_channel(&id, state_of(hex, &b)) == -1 && unavailable(), "an absurd length");
	buf_clear(&b);
}

static void lying_subchannels(void)
{
	struct subchannel_object o = { .pk_multibase = "z1", .last_nonce = 5 }, got;
	struct rooch_id table = { { 9 } }, key = rooch_field_key(STR_LIT("k"));
	char table_hex[ROOCH_HEX_TEXT], key_hex[ROOCH_HEX_TEXT], id[140];
	struct buf b;

	rooch_id_hex(table_hex, &table);
	rooch_id_hex(key_hex, &key);
	snprintf(id, sizeof id, "%s%s", table_hex, key_hex + 2);
	buf_init(&b, 4096);
	subchannel_field_write(&b, STR_LIT("k"), &o);
	reset();
	expect(state_of(id, &b));
	OK(!rooch_get_subchannel(node, &table, STR_LIT("k"), &got, &e) && got.last_nonce == 5,
	   "a sub-channel: %s", e.priv);
	reset();
	expect(state_of(table_hex, &b));
	OK(rooch_get_subchannel(node, &table, STR_LIT("k"), &got, &e) == -1 && unavailable(),
	   "under the table's id alone: %s", e.priv);
	reset();
	expect(state_of(id, &b));
	OK(rooch_get_subchannel(node, &table, STR_LIT("j"), &got, &e) == -1 && unavailable(),
	   "under another key: %s", e.priv);
	buf_reset(&b);
	subchannel_field_write(&b, STR_LIT("j"), &o);
	reset();
	expect(state_of(id, &b));
	OK(rooch_get_subchannel(node, &table, STR_LIT("k"), &got, &e) == -1 && unavailable(),
	   "with another name inside: %s", e.priv);
	buf_clear(&b);
}

static void balances(void)
{
	static const char *const bad[] = {
		"{\"coin_type\":\"0x4::gas_coin::RGas\",\"balance\":\"1\"}",
		"{\"coin_type\":\"0x3::gas_coin::RGas\",\"balance\":1}",
		"{\"coin_type\":\"0x3::gas_coin::RGas\",\"balance\":\"-1\"}",
		"{\"coin_type\":\"0x3::gas_coin::RGas\"}",
		"{\"balance\":\"1\"}",
		"null",
		"\"1\""
	};
	struct hub_object hub = { { { 7 } }, { { 8 } } };
	struct rooch_id id = rooch_hub_id(&payer), revenue = rooch_revenue_hub_id(&payer);
	char hex[ROOCH_HEX_TEXT];
	struct u256 v;
	struct buf b;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		reset();
		expect(str_c(bad[i]));
		OK(rooch_get_balance(node, &payer, COIN, &v, &e) == -1 && unavailable(),
		   "no balance: %s", bad[i]);
	}
	buf_init(&b, 4096);
	hub_object_write(&b, &hub);
	rooch_id_hex(hex, &id);
	reset();
	expect(state_of(hex, &b));
	expect(STR_LIT("[null]"));
	OK(!rooch_get_hub_balance(node, &payer, COIN, &v, &e) && u256_is_zero(v) && all_played(),
	   "a hub without this coin holds zero");
	rooch_id_hex(hex, &revenue);
	reset();
	expect(state_of(hex, &b));
	expect(STR_LIT("[null]"));
	OK(!rooch_get_revenue(node, &payer, COIN, &v, &e) && u256_is_zero(v) && all_played(),
	   "so does a revenue hub: %s", e.priv);
	reset();
	expect(STR_LIT("[null]"));
	OK(!rooch_get_revenue(node, &payer, COIN, &v, &e) && u256_is_zero(v), "and none");
	reset();
	expect(state_of(hex, &b));
	OK(rooch_get_hub_balance(node, &payer, COIN, &v, &e) == -1 && unavailable(),
	   "the revenue hub is no payment hub: %s", e.priv);
	reset();
	expect(STR_LIT("[null]"));
	WITH_STEPS(steps[0].raw = HTTP("500 x", ""));
	OK(rooch_get_hub_balance(node, &payer, COIN, &v, &e) == -1 && unavailable(),
	   "a balance that cannot be read is not zero");
	buf_clear(&b);
}

/* ---- all of a payer at once ---- */

enum { CHANNEL_AT, SUB_AT, HUB_AT, COINS_AT, PARTS };
static const struct rooch_id table_id = { { 5 } }, coins_id = { { 6 } };
static struct str part[PARTS];

/* A state as an element of a list; @key NULL: of an object. */
static struct str element(const struct rooch_id *object, const struct rooch_id *key,
			  struct buf *bcs)
{
	char hex[2 + 128 + 1] = "0x";
	struct str s;

	hex_encode(hex + 2, object->b, 32);
	if (key)
		hex_encode(hex + 66, key->b, 32);
	s = state_of(hex, bcs);
	buf_clear(bcs);
	return str_sub(s, 1, s.len - 2);
}

static struct rooch_payer a_payer(bool has_coins)
{
	return (struct rooch_payer){ .channel_id = rooch_channel_id(&payer, &payee, COIN),
				     .payer = payer,
				     .sub_channels = table_id,
				     .fragment = STR_LIT("account-key"),
				     .asset = COIN,
				     .has_coins = has_coins,
				     .coins = coins_id };
}

static void make_parts(struct rooch_id table, struct rooch_id coins)
{
	struct channel_object ch = a_channel();
	struct subchannel_object sub = { .last_claimed = u256_of(70), .last_nonce = 7 };
	struct hub_object hub = { coins, { { 8 } } };
	struct coin_store_object store = { .balance = u256_of(900) };
	struct rooch_id channel = rooch_channel_id(&payer, &payee, COIN),
			hub_id = rooch_hub_id(&payer),
			fragment = rooch_field_key(STR_LIT("account-key")),
			coin = rooch_field_key(STR_LIT(COIN));
	struct buf b;

	ch.sub_channels = table;
	memcpy(ch.coin_type, COIN, sizeof COIN);
	memcpy(store.coin_type, COIN, sizeof COIN);
	memcpy(sub.pk_multibase, "zk", 3);
	memcpy(sub.method_type, "T", 2);
	buf_init(&b, 1 << 16);
	channel_object_write(&b, &ch);
	part[CHANNEL_AT] = element(&channel, NULL, &b);
	subchannel_field_write(&b, STR_LIT("account-key"), &sub);
	part[SUB_AT] = element(&table_id, &fragment, &b);
	hub_object_write(&b, &hub);
	part[HUB_AT] = element(&hub_id, NULL, &b);
	coin_store_field_write(&b, &store);
	part[COINS_AT] = element(&coins_id, &coin, &b);
}

/* The parts @which, in this order; 'n' is null. */
static void expect_parts(const char *which)
{
	struct buf b;

	buf_init(&b, 1 << 16);
	for (const char *p = which; *p; p++) {
		buf_add_byte(&b, p == which ? '[' : ',');
		buf_add_str(&b, *p == 'n' ? STR_LIT("null") : part[*p - '0']);
	}
	buf_add_byte(&b, ']');
	expect(arena_dup(&mem, buf_str(&b)));
	buf_clear(&b);
}

static bool is_whole(const struct rooch_payer *p)
{
	return p->channel.status == CHANNEL_ACTIVE && rooch_id_eq(p->channel.sender, payer) &&
	       p->subchannel.last_nonce == 7 &&
	       u256_cmp(p->subchannel.last_claimed, u256_of(70)) == 0 &&
	       u256_cmp(p->balance, u256_of(900)) == 0 && p->has_coins &&
	       rooch_id_eq(p->coins, coins_id);
}

/* Does @c ask at all? There is nobody who answers. */
static bool asks(struct rooch_rpc *c)
{
	struct rooch_payer p = a_payer(true);

	reset();
	return rooch_get_payer(c, &p, &e) != 1;
}

/* The answer @which tells that one has to ask one by one; @still: and a later one may be whole again. */
static void check_refused(const char *which, bool still, const char *what)
{
	struct rooch_rpc_options o = { .slots = 1 };
	struct rooch_payer p = a_payer(true);
	struct rooch_rpc *c;
	char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
	o.url = url;
	c = rooch_rpc_new(&o);
	reset();
	if (which)
		expect_parts(which);
	else
		add_step((struct step){ .raw = HTTP("200 OK",
						    "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":"
						    "{\"code\":-32602,\"message\":\"ids\"}}") });
	OK(rooch_get_payer(c, &p, &e) == 1 && all_played(), "%s: one by one", what);
	OK(asks(c) == still, "and the next time, too, %s",
	   still ? "if it is still so" : "without a question");
	rooch_rpc_free(c);
}

static void payers(void)
{
	struct rooch_payer p = a_payer(true);

	make_parts(table_id, coins_id);
	reset();
	expect_parts("0123");
	OK(!rooch_get_payer(node, &p, &e) && all_played() && is_whole(&p),
	   "all of a payer in one question: %s", e.priv);
	p = a_payer(false);
	p.coins = (struct rooch_id){ { 0 } };
	reset();
	expect_parts("012");
	expect_parts("3");
	OK(!rooch_get_payer(node, &p, &e) && all_played() && is_whole(&p),
	   "in two, where its coins were not seen before: %s", e.priv);
	check_refused("0n23", false, "a sub-channel that was there is not");
	check_refused(NULL, false, "a node that does not take the ids of entries");
	check_refused("n123", true, "no channel");
	check_refused("01n3", true, "no hub");
	check_refused("012n", true, "no coins");
	check_refused("012", true, "less than what was asked for");
	check_refused("01233", true, "more");
	check_refused("0132", true, "another order");
	make_parts((struct rooch_id){ { 9 } }, coins_id);
	check_refused("0123", true, "a channel with another table");
	make_parts(table_id, (struct rooch_id){ { 9 } });
	check_refused("0123", true, "a hub with other coins");
	p = a_payer(true);
	reset();
	expect_parts("0123");
	OK(rooch_get_payer(node, &p, &e) == 1 && !p.has_coins, "which are forgotten then");
	reset();
	expect_parts("0123");
	WITH_STEPS(steps[0].raw = HTTP("500 x", ""));
	OK(rooch_get_payer(node, &p, &e) == -1 && unavailable(),
	   "a node that does not answer is not asked once more");
}

/* A view function's answer: the value's type and JSON, what stands behind it. */
#define VIEW(type, value, tail) \
	"{\"vm_status\":\"Executed\",\"return_values\":[{\"value\":{\"type_tag\":\"" type \
	"\",\"value\":" value "}" tail "}]}"

static void sequence_numbers(void)
{
	static const char *const bad[] = {
		"{\"vm_status\":{\"Error\":\"1\"},\"return_values\":null}",
		"{\"vm_status\":\"Executed\",\"return_values\":[]}",
		VIEW("u8", "\"0x01\"", ""),
		VIEW("u64", "\"0x01\"", ""),
		VIEW("u64", "\"0x010000000000000000\"", ""),
		VIEW("u64", "\"0100000000000000\"", ""),
		VIEW("u64", "1", ""),
		VIEW("u64", "\"0x0100000000000000\"", ",\"decoded_value\":\"2\""),
	};
	uint64_t v;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		reset();
		expect(str_c(bad[i]));
		OK(rooch_sequence_number(node, &payer, &v, &e) == -1 && unavailable(),
		   "no sequence number: %zu: %s", i, e.priv);
	}
	reset();
	expect(STR_LIT(VIEW("u64", "\"0xffffffffffffffff\"",
			    ",\"decoded_value\":\"18446744073709551615\"")));
	OK(!rooch_sequence_number(node, &payer, &v, &e) && v == UINT64_MAX, "the largest one");
}

/* ---- lists ---- */

static unsigned n_listed, stop_after;

static bool count(void *arg, struct str fragment, const struct subchannel_object *s)
{
	(void)arg;
	n_listed += fragment.len == 2 && s->last_nonce == n_listed;
	return n_listed != stop_after;
}

/* A page with the fragments k@from to k@to. */
static struct str a_page(const struct rooch_id *table, unsigned from, unsigned to, const char *tail)
{
	char table_hex[ROOCH_HEX_TEXT], key_hex[ROOCH_HEX_TEXT], name[8], hex[512];
	struct subchannel_object o = { .pk_multibase = "z1" };
	struct rooch_id key;
	struct buf b, bcs;
	struct str s;

	rooch_id_hex(table_hex, table);
	buf_init(&b, 1 << 16);
	buf_init(&bcs, 200);
	buf_add_c(&b, "{\"data\":[");
	for (unsigned i = from; i < to; i++) {
		snprintf(name, sizeof name, "k%u", i % 10);
		key = rooch_field_key(str_c(name));
		rooch_id_hex(key_hex, &key);
		o.last_nonce = i;
		buf_reset(&bcs);
		subchannel_field_write(&bcs, str_c(name), &o);
		hex_encode(hex, (const uint8_t *)bcs.p, bcs.len);
		buf_addf(&b,
			 "%s{\"field_key\":\"%s\",\"state\":{\"id\":\"%s%s\",\"value\":\"0x%s\"}}",
			 i > from ? "," : "", key_hex, table_hex, key_hex + 2, hex);
	}
	buf_addf(&b, "],%s}", tail);
	s = arena_dup(&mem, buf_str(&b));
	buf_clear(&b);
	buf_clear(&bcs);
	return s;
}

static int list(const struct rooch_id *table)
{
	n_listed = 0;
	return rooch_list_subchannels(node, table, count, NULL, &e);
}

static void lists(void)
{
	struct rooch_id table = { { 3 } }, other = { { 4 } };
	struct str page;

	stop_after = UINT32_MAX;
	reset();
	expect(a_page(&table, 0, 3, "\"next_cursor\":\"c1\",\"has_next_page\":true"));
	expect(a_page(&table, 3, 5, "\"next_cursor\":null,\"has_next_page\":false"));
	OK(!list(&table) && n_listed == 5 && all_played(), "5 sub-channels on 2 pages: %s", e.priv);
	stop_after = 2;
	reset();
	expect(a_page(&table, 0, 3, "\"next_cursor\":\"c1\",\"has_next_page\":true"));
	OK(!list(&table) && n_listed == 2 && all_played(), "stopped after 2");
	stop_after = UINT32_MAX;
	reset();
	expect(STR_LIT("{\"data\":[],\"next_cursor\":null,\"has_next_page\":false}"));
	OK(!list(&table) && !n_listed, "none");
	reset();
	page = a_page(&table, 0, 1, "\"next_cursor\":\"c\",\"has_next_page\":true");
	expect(page);
	expect(page);
	expect(page);
	OK(list(&table) == -1 && unavailable() && atomic_load(&at_step) == 2,
	   "a list that goes round in circles: %s", e.priv);
	reset();
	expect(a_page(&other, 0, 1, "\"next_cursor\":null,\"has_next_page\":false"));
	OK(list(&table) == -1 && unavailable(), "a page of another table: %s", e.priv);
	reset();
	expect(a_page(&table, 0, 1, "\"next_cursor\":null,\"has_next_page\":true"));
	OK(list(&table) == -1 && unavailable(), "more without a cursor: %s", e.priv);
	reset();
	expect(STR_LIT("{\"data\":[{}],\"next_cursor\":null,\"has_next_page\":false}"));
	OK(list(&table) == -1 && unavailable(), "an empty entry: %s", e.priv);
	reset();
	expect(STR_LIT("{\"data\":[]}"));
	OK(list(&table) == -1 && unavailable(), "no word about more");
	reset();
	expect(STR_LIT("[]"));
	OK(list(&table) == -1 && unavailable(), "no page");
}

/* ---- transactions ---- */

static struct tx_result tx;

static int execute(struct str result)
{
	reset();
	expect(result);
	return rooch_execute(node, claim, &tx, &e);
}

static int execute_raw(const char *answer)
{
	reset();
	expect(STR_NULL);
	WITH_STEPS(steps[0].raw = answer);
	return rooch_execute(node, claim, &tx, &e);
}

/* The honest result with another status. */
static struct str with_status(const char *status)
{
	char hex[65], *text;
	struct str s;

	hex_encode(hex, claim_hash, 32);
	text = arena_printf(
		&mem,
		"{\"execution_info\":{\"tx_hash\":\"0x%s\",\"gas_used\":\"77\",\"status\":%s},"
		"\"output\":null,\"error_info\":null}",
		hex, status);
	s = str_c(text);
	return s;
}

static void outcomes(void)
{
	static const char *const lost[] = {
		"",
		HTTP("502 x", ""),
		HTTP("200 OK", "{"),
		HTTP("200 OK",
		     "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":2,\"message\":\"internal\"}}"),
		HTTP("200 OK",
		     "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":1,\"message\":\"maintenance mode\"}}"),
	};

	OK(!execute(with_status(
		   "{\"type\":\"moveabort\",\"location\":\"0x3::payment_channel\",\"abort_code\":\"7\"}")) &&
		   tx.status == TX_ABORTED && tx.abort_code == 7 && tx.gas_used == 77 &&
		   !strcmp(tx.location, "0x3::payment_channel"),
	   "an abort");
	OK(!execute(with_status("{\"type\":\"outofgas\"}")) && tx.status == TX_OUT_OF_GAS,
	   "out of gas");
	OK(!execute(with_status("{\"type\":\"executionfailure\",\"location\":\"x\",\"function\":1,"
				"\"code_offset\":2}")) &&
		   tx.status == TX_FAILED &&
		   !execute(with_status("{\"type\":\"miscellaneouserror\"}")) &&
		   tx.status == TX_FAILED,
	   "other failures");
	OK(!execute(with_status("{\"type\":\"new\"}")) && tx.status == TX_UNKNOWN &&
		   tx.message[0] && !execute(with_status("{}")) && tx.status == TX_UNKNOWN &&
		   !execute(with_status("{\"type\":\"moveabort\"}")) && tx.status == TX_UNKNOWN &&
		   !execute(STR_LIT("null")) && tx.status == TX_UNKNOWN,
	   "what cannot be read is unknown: %s", tx.message);
	for (size_t i = 0; i < sizeof lost / sizeof *lost; i++)
		OK(!execute_raw(lost[i]) && tx.status == TX_UNKNOWN && tx.message[0] &&
			   !memcmp(tx.hash, claim_hash, 32),
		   "lost: %zu: %s", i, tx.message);
	OK(rooch_execute(node, STR_LIT("x"), &tx, &e) == -1 && e.code == GWE_INTERNAL,
	   "what is no transaction is not sent");
}

static uint64_t refused_with(const char *message)
{
	char answer[1024];

	snprintf(
		answer, sizeof answer,
		HTTP("200 OK",
		     "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":1,\"message\":\"%s\"}}"),
		message);
	if (execute_raw(answer))
		return UINT64_MAX;
	return tx.status == TX_REFUSED ? tx.sub_status : 0;
}

static void refusals(void)
{
	OK(refused_with("status ABORTED of type Execution with sub status 1004") == 1004,
	   "refused: 1004");
	OK(refused_with("with sub status 101007, sorry") == 35471 &&
		   refused_with("with sub status 35465") == 35465,
	   "only the low 16 bits count");
	OK(refused_with("with sub status") == 0 && tx.status == TX_UNKNOWN &&
		   refused_with("with sub status x") == 0 &&
		   refused_with("sub status 99999999999999999999999") == 0 &&
		   refused_with("") == 0 && refused_with("sub status 0") == 0,
	   "without a number nobody knows");
}

static void created_dids(void)
{
	char did[ROOCH_DID_TEXT], object[ROOCH_HEX_TEXT], data[1024], hex[65], *text;
	struct rooch_id id = { { 5 } }, of_did, bad;
	struct buf b;

	rooch_did_text(did, &id);
	of_did = rooch_did_object_id(str_c(did + 10));
	rooch_id_hex(object, &of_did);
	hex_encode(hex, claim_hash, 32);
	for (int lie = 0; lie < 3; lie++) {
		buf_init(&b, 400);
		bcs_put_string(&b, str_c(did));
		bad = of_did;
		bad.b[0] ^= (uint8_t)(lie == 1);
		bcs_put_object_id(&b, bad.b);
		bcs_put_uleb(&b, 1);
		bcs_put_string(&b, STR_LIT("did:key:z1"));
		buf_add(&b, payer.b, 32);
		if (lie == 2)
			b.len--;
		hex_encode(data, (const uint8_t *)b.p, b.len);
		buf_clear(&b);
		text = arena_printf(
			&mem,
			"{\"execution_info\":{\"tx_hash\":\"0x%s\",\"gas_used\":\"77\","
			"\"status\":{\"type\":\"executed\"}},\"output\":{\"events\":["
			"{\"event_type\":\"0x3::other::Event\",\"event_data\":\"0x\"},"
			"{\"event_type\":\"0x3::did::DIDCreatedEvent\",\"event_data\":\"0x%s\"}]}}",
			hex, data);
		OK(!execute(str_c(text)) && (lie ? tx.status == TX_UNKNOWN
						 : tx.status == TX_EXECUTED && tx.has_created_did &&
							     rooch_id_eq(tx.created_did, id)),
		   "a created DID %s", lie ? "that cannot be" : "");
	}
}

static int look_up(struct str result)
{
	reset();
	expect(result);
	return rooch_tx_by_hash(node, claim_hash, &tx, &e);
}

static void look_ups(void)
{
	char hex[65], *text;

	hex_encode(hex, claim_hash, 32);
	text = arena_printf(
		&mem,
		"[{\"transaction\":{},\"execution_info\":{\"tx_hash\":\"0x%s\",\"gas_used\":\"5\","
		"\"status\":{\"type\":\"executed\"}}}]",
		hex);
	OK(!look_up(str_c(text)) && tx.status == TX_EXECUTED && tx.gas_used == 5, "found");
	OK(look_up(STR_LIT("[null]")) == 1 && tx.status == TX_UNKNOWN, "not known");
	OK(look_up(STR_LIT("[{\"transaction\":{},\"execution_info\":null}]")) == 1,
	   "known, not executed");
	text[strlen("[{\"transaction\":{},\"execution_info\":{\"tx_hash\":\"0x")] ^= 1;
	OK(look_up(str_c(text)) == -1 && unavailable(), "another one: %s", e.priv);
	OK(look_up(STR_LIT("[]")) == -1 && look_up(STR_LIT("null")) == -1 && unavailable(),
	   "no answer");
}

/* ---- nodes that are not there ---- */

static bool never(int fd, int conn, int n, const struct request *rq)
{
	(void)conn, (void)n, (void)rq;
	until_closed(fd);
	return false;
}

static bool endless(int fd, int conn, int n, const struct request *rq)
{
	char block[8192];

	(void)conn, (void)n, (void)rq;
	memset(block, ' ', sizeof block);
	put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
	for (int i = 0; i < 2000; i++)
		put_n(fd, block, sizeof block);
	return false;
}

static void absent(void)
{
	char url[64];
	struct rooch_rpc_options o = { .url = url, .timeout_ms = 200 };
	struct rooch_rpc *c;
	int unused, fd = listen_somewhere(&unused);
	uint64_t v;

	close(fd);
	snprintf(url, sizeof url, "http://127.0.0.1:%d", unused);
	c = rooch_rpc_new(&o);
	OK(rooch_chain_id(c, &v, &e) == -1 && unavailable(), "down: %s", e.priv);
	OK(rooch_execute(c, claim, &tx, &e) == -1 && unavailable(), "nothing was sent: %s", e.priv);
	rooch_rpc_free(c);

	snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
	c = rooch_rpc_new(&o);
	atomic_store(&serve, never);
	OK(rooch_chain_id(c, &v, &e) == -1 && unavailable(), "silent: %s", e.priv);
	OK(!rooch_execute(c, claim, &tx, &e) && tx.status == TX_UNKNOWN,
	   "a transaction that was sent into the silence is unknown: %s", tx.message);
	rooch_rpc_free(c);
	atomic_store(&serve, endless);
	OK(rooch_chain_id(node, &v, &e) == -1 && unavailable(), "endless: %s", e.priv);
	atomic_store(&serve, play);
	rooch_rpc_free(NULL);
}

static void networks(void)
{
	OK(!strcmp(rooch_network_url("local"), "http://127.0.0.1:6767") &&
		   rooch_network_chain_id("local") == 4 && rooch_network_chain_id("dev") == 3 &&
		   rooch_network_chain_id("test") == 2 && rooch_network_chain_id("main") == 1 &&
		   !rooch_network_url("moon") && !rooch_network_chain_id("moon"),
	   "networks have their chain id");
}

int main(void)
{
	struct rooch_rpc_options o = { .slots = 2 };
	int listener = listen_somewhere(&port);
	char url[64];
	pthread_t t;

	if (crypto_init(&e) || upstream_global_init(&e))
		return 1;
	arena_init(&mem, 1 << 24);
	snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
	o.url = url;
	node = rooch_rpc_new(&o);
	atomic_store(&serve, play);
	if (pthread_create(&t, NULL, acceptor, (void *)(intptr_t)listener))
		return 1;
	networks();
	vectors();
	odd_envelopes();
	lying_channels();
	lying_subchannels();
	balances();
	payers();
	sequence_numbers();
	lists();
	outcomes();
	refusals();
	created_dids();
	look_ups();
	absent();
	rooch_rpc_free(node);
	shutdown(listener, SHUT_RDWR);
	pthread_join(t, NULL);
	close(listener);
	while (atomic_load(&serving) > 0)
		usleep(1000);
	arena_free(&mem);
	crypto_done();
	return TAP_END;
}
