/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devnode - a development ledger for unit tests, and accounts that send it transactions.
 *
 * Transactions are put together here, not by ledger/rooch_tx: what the node reads is then checked
 * against a second writer.
 *
 *	dn_open(&d);
 *	dn_account(&d, &payer, KEY_K1);
 *	IS(dn_send(&d, &payer, "payment_channel::create_payment_hub", NULL), "executed", "...");
 *	dn_close(&d);
 */
#ifndef GW_T_DEVNODE_H
#define GW_T_DEVNODE_H

#include <dirent.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/bcs.h"
#include "codec/jscan.h"
#include "codec/jwrite.h"
#include "codec/multibase.h"
#include "crypto/hash.h"
#include "crypto/key.h"
#include "devnode/dev_admin.h"
#include "devnode/dev_rpc.h"
#include "devnode/dev_state.h"
#include "util/clock.h"

#define IS(got, want, ...) dn_is((got), (want), __FILE__, __LINE__, __VA_ARGS__)
#define RGAS		   "0x3::gas_coin::RGas"
#define DN_NOW		   INT64_C(1700000000000)

struct dn {
	char dir[64], path[96];
	struct store *st;
	struct arena texts; /* answers, until dn_close */
	struct dev_answer how;
};

struct dn_who {
	struct signing_key *k;
	enum key_type type;
	struct rooch_id address;
	char hex[ROOCH_HEX_TEXT], fragment[32], multibase[80];
	uint64_t seq;
};

__attribute__((format(printf, 5, 6), unused)) static bool
dn_is(const char *got, const char *want, const char *file, int line, const char *fmt, ...)
{
	char title[300];
	__builtin_va_list ap;
	bool ok = strcmp(got, want) == 0;

	__builtin_va_start(ap, fmt);
	vsnprintf(title, sizeof title, fmt, ap);
	__builtin_va_end(ap);
	if (!ok)
		printf("# got  %s\n# want %s\n", got, want);
	return tap_ok(ok, "as wanted", file, line, "%s", title);
}

__attribute__((unused, noreturn)) static void dn_die(const char *what, const struct gw_err *e)
{
	printf("Bail out! %s: %s; %s\n", what, e ? e->pub : "", e ? e->priv : "");
	exit(1);
}

__attribute__((unused)) static void dn_reopen(struct dn *d)
{
	struct store_options o = { .path = d->path, .role = STORE_DEVNODE };
	struct gw_err e;

	store_close(d->st);
	d->st = NULL;
	if (store_open(&d->st, &o, &e))
		dn_die("store_open", &e);
}

__attribute__((unused)) static void dn_open(struct dn *d)
{
	bool made;
	struct gw_err e;

	*d = (struct dn){ .dir = "/tmp/u-devnode.XXXXXX" };
	arena_init(&d->texts, 1 << 30);
	if (crypto_init(&e) || !mkdtemp(d->dir))
		dn_die("a directory", &e);
	snprintf(d->path, sizeof d->path, "%s/devnode.db", d->dir);
	if (store_migrate(d->path, SCHEMA_DEVNODE, false, &made, &e))
		dn_die("store_migrate", &e);
	dn_reopen(d);
	clock_set_wall_ms(DN_NOW);
}

__attribute__((unused)) static void dn_close(struct dn *d)
{
	char path[512];
	struct dirent *f;
	DIR *dir;

	store_close(d->st);
	arena_free(&d->texts);
	dir = opendir(d->dir);
	while (dir && (f = readdir(dir))) {
		snprintf(path, sizeof path, "%s/%s", d->dir, f->d_name);
		(void)unlink(path);
	}
	if (dir)
		closedir(dir);
	(void)rmdir(d->dir);
}

/* ---- asking ---- */

/* The answer to a body, whole. */
__attribute__((unused)) static struct str dn_rpc(struct dn *d, struct str body)
{
	struct buf out;
	struct str s;

	buf_init(&out, DEV_ANSWER_MAX);
	dev_rpc(d->st, body, &out, &d->how);
	s = arena_dup(&d->texts, buf_str(&out));
	buf_clear(&out);
	return s;
}

__attribute__((unused)) static struct jval dn_parse(struct str text)
{
	struct jval v;
	struct gw_err e;

	if (jscan_check(text, 64, false, &v, &e))
		dn_die("an answer is no JSON", &e);
	return v;
}

/* The whole answer, as JSON; @params is JSON. */
__attribute__((unused)) static struct jval dn_call(struct dn *d, const char *method,
						   const char *params)
{
	struct buf b;
	struct str s;

	buf_init(&b, DEV_BODY_MAX * 2);
	buf_addf(&b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":", method);
	buf_add_c(&b, params);
	buf_add_c(&b, "}");
	s = dn_rpc(d, buf_str(&b));
	buf_clear(&b);
	return dn_parse(s);
}

/* A JSON value as a C string: texts without their quotes, the rest as it stands. "" absent. */
__attribute__((unused)) static const char *dn_text(struct dn *d, struct jval v)
{
	struct buf b;
	struct str s;

	if (v.type == J_NONE)
		return "";
	buf_init(&b, 1 << 24);
	if (!jval_text(v, &b))
		buf_add_str(&b, v.raw);
	s = arena_dup(&d->texts, buf_str(&b));
	buf_clear(&b);
	return s.p;
}

/* Element @i of an array. */
__attribute__((unused)) static struct jval dn_at(struct jval array, unsigned i)
{
	struct jval v = { .type = J_NONE };
	struct jiter it;
	struct str key;

	for (jiter_init(&it, array); jiter_next(&it, &key, &v);)
		if (!i--)
			return v;
	return (struct jval){ .type = J_NONE };
}

/* What an answer to a transaction says: "executed", "MODULE CODE", "refused SUBSTATUS", "error CODE", or
 * the status. */
__attribute__((unused)) static const char *dn_outcome(struct dn *d, struct jval answer)
{
	struct jval status = jscan_path(answer, "result", "execution_info", "status", NULL);
	struct jval error = jscan_get(answer, "error");
	const char *message = dn_text(d, jscan_get(error, "message")), *sub;
	const char *type = dn_text(d, jscan_get(status, "type"));

	sub = strstr(message, "sub status ");
	if (sub)
		return arena_printf(&d->texts, "refused %s", sub + 11);
	if (error.type == J_OBJECT)
		return arena_printf(&d->texts, "error %s", dn_text(d, jscan_get(error, "code")));
	if (strcmp(type, "moveabort") != 0)
		return type;
	return arena_printf(&d->texts, "%s %s", dn_text(d, jscan_get(status, "location")),
			    dn_text(d, jscan_get(status, "abort_code")));
}

/* POST to /devnode/@path; "" or the wire text of the error. */
__attribute__((unused)) static const char *dn_control(struct dn *d, const char *path,
						      const char *body, struct jval *answer)
{
	char full[64];
	struct buf out;
	struct gw_err e;
	struct str s;
	int rc;

	snprintf(full, sizeof full, "/devnode/%s", path);
	buf_init(&out, 1 << 20);
	rc = dev_admin(d->st, STR_LIT("POST"), str_c(full), str_c(body), &out, &e);
	s = arena_dup(&d->texts, buf_str(&out));
	buf_clear(&out);
	if (rc)
		return gw_err_wire(e.code);
	if (answer)
		*answer = dn_parse(s);
	return "";
}

/* ---- accounts ---- */

__attribute__((unused)) static void dn_key(struct dn_who *w, enum key_type t)
{
	uint8_t pub[KEY_PUB_MAX];
	struct gw_err e;
	struct buf b;

	w->type = t;
	if (signing_key_generate(&w->k, t, &e))
		dn_die("a key", &e);
	buf_init(&b, sizeof w->multibase - 1);
	multibase_encode_z(pub, signing_key_pub(w->k, pub), &b);
	snprintf(w->multibase, sizeof w->multibase, "%s", buf_c(&b));
	buf_clear(&b);
}

/* A DID with one key, "account-key", and its account. */
__attribute__((unused)) static void dn_account(struct dn *d, struct dn_who *w, enum key_type t)
{
	struct jval v = { .type = J_NONE };
	char body[400];

	*w = (struct dn_who){ .fragment = "account-key" };
	dn_key(w, t);
	snprintf(
		body, sizeof body,
		"{\"keys\":[{\"fragment\":\"account-key\",\"type\":\"%s\",\"public_key\":\"%s\"}]}",
		key_type_name(t), w->multibase);
	if (dn_control(d, "did", body, &v)[0] ||
	    !jval_copy(jscan_get(v, "address"), w->hex, sizeof w->hex) ||
	    !rooch_id_parse(&w->address, str_c(w->hex)))
		dn_die("an account", NULL);
}

__attribute__((unused)) static void dn_free(struct dn_who *w)
{
	signing_key_free(w->k);
	w->k = NULL;
}

/* ---- transactions ---- */

enum { DN_ARGS = 8 };
struct dn_args {
	struct buf b[DN_ARGS];
	unsigned n;
};

__attribute__((unused)) static struct buf *dn_arg(struct dn_args *a)
{
	buf_init(&a->b[a->n], 1 << 17);
	return &a->b[a->n++];
}

/* One letter per argument: a address, o object id (both struct rooch_id *), s text, b struct str of bytes,
 * v struct str that is a complete argument, U u256 from a decimal text, u u64 (uint64_t), c u8 (int). */
__attribute__((unused)) static struct dn_args dn_args(const char *form, ...)
{
	struct dn_args a = { .n = 0 };
	__builtin_va_list ap;

	__builtin_va_start(ap, form);
	for (; *form; form++) {
		struct buf *b = dn_arg(&a);
		struct u256 big = U256_ZERO;
		struct str s;

		switch (*form) {
		case 'a':
			buf_add(b, __builtin_va_arg(ap, struct rooch_id *)->b, 32);
			break;
		case 'o':
			bcs_put_object_id(b, __builtin_va_arg(ap, struct rooch_id *)->b);
			break;
		case 's':
			bcs_put_string(b, str_c(__builtin_va_arg(ap, const char *)));
			break;
		case 'b':
			s = __builtin_va_arg(ap, struct str);
			bcs_put_vec(b, s.p, s.len);
			break;
		case 'v':
			buf_add_str(b, __builtin_va_arg(ap, struct str));
			break;
		case 'U':
			if (!u256_parse(&big, str_c(__builtin_va_arg(ap, const char *))))
				dn_die("an amount", NULL);
			bcs_put_u256(b, big);
			break;
		case 'u':
			bcs_put_u64(b, __builtin_va_arg(ap, uint64_t));
			break;
		case 'c':
			bcs_put_u8(b, (uint8_t) __builtin_va_arg(ap, int));
			break;
		default:
			dn_die("an argument", NULL);
		}
	}
	__builtin_va_end(ap);
	return a;
}

__attribute__((unused)) static void dn_args_free(struct dn_args *a)
{
	for (unsigned i = 0; i < a->n; i++)
		buf_clear(&a->b[i]);
	a->n = 0;
}

/* What of a transaction a test may want to be different. */
struct dn_tx {
	const char *function; /* "module::name", of address 3 */
	bool typed;	      /* RGas as type argument */
	bool odd_type;	      /* u64 as type argument */
	struct dn_args args;  /* freed by dn_send_tx */
	uint64_t chain_id, max_gas, seq;
	uint64_t validator;
	uint8_t envelope;
	const char *fragment;
	bool break_signature, high_s, no_authenticator;
	struct str payload; /* whole authenticator payload instead of ours */
};

__attribute__((unused)) static void dn_data(struct buf *b, const struct dn_tx *t,
					    const struct dn_who *w)
{
	static const uint8_t framework[32] = { [31] = 3 };
	const char *name = strstr(t->function, "::");

	buf_add(b, w->address.b, 32);
	bcs_put_u64(b, t->seq);
	bcs_put_u64(b, t->chain_id);
	bcs_put_u64(b, t->max_gas);
	bcs_put_u8(b, 1);
	buf_add(b, framework, 32);
	bcs_put_string(b, (struct str){ t->function, (size_t)(name - t->function) });
	bcs_put_string(b, str_c(name + 2));
	bcs_put_uleb(b, t->typed + t->odd_type);
	if (t->odd_type)
		bcs_put_u8(b, 2);
	if (t->typed) {
		bcs_put_u8(b, 7);
		buf_add(b, framework, 32);
		bcs_put_string(b, STR_LIT("gas_coin"));
		bcs_put_string(b, STR_LIT("RGas"));
		bcs_put_uleb(b, 0);
	}
	bcs_put_uleb(b, t->args.n);
	for (unsigned i = 0; i < t->args.n; i++)
		bcs_put_vec(b, t->args.b[i].p, t->args.b[i].len);
}

__attribute__((unused)) static struct dn_tx dn_tx(const struct dn_who *w, const char *function)
{
	return (struct dn_tx){ .function = function,
			       .chain_id = 4,
			       .max_gas = 100000000,
			       .seq = w->seq,
			       .validator = 4,
			       .fragment = w->fragment };
}

/* The other half of S of P-256 and secp256k1. */
__attribute__((unused)) static void dn_high_s(enum key_type t, uint8_t sig[KEY_SIG])
{
	static const char *const order[] = {
		NULL, "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
	};
	uint8_t n[32];
	struct u256 s;

	if (!order[t] || !hex_decode(n, 32, str_c(order[t])) ||
	    !u256_sub(&s, u256_from_be(n), u256_from_be(sig + 32)))
		dn_die("an order", NULL);
	u256_to_be(sig + 32, s);
}

/* Raw bytes of the transaction, in hex without 0x, into @raw. */
__attribute__((unused)) static void dn_sign(struct buf *raw, struct dn_tx *t,
					    const struct dn_who *w)
{
	uint8_t hash[32], sig[KEY_SIG];
	struct buf data, payload;
	struct gw_err e;

	buf_init(&data, 1 << 18);
	buf_init(&payload, 1 << 18);
	dn_data(&data, t, w);
	hash_sha3_256(hash, data.p, data.len);
	if (w->k && signing_key_sign(w->k, hash, sizeof hash, sig, &e))
		dn_die("signing", &e);
	if (t->high_s)
		dn_high_s(w->type, sig);
	sig[40] ^= t->break_signature;
	bcs_put_u8(&payload, t->envelope);
	bcs_put_string(&payload, str_c(t->fragment));
	bcs_put_vec(&payload, sig, sizeof sig);
	bcs_put_u8(&payload, 0);
	if (!t->no_authenticator) {
		bcs_put_u64(&data, t->validator);
		if (t->payload.p)
			bcs_put_vec(&data, t->payload.p, t->payload.len);
		else
			bcs_put_vec(&data, payload.p, payload.len);
	}
	for (size_t i = 0; i < data.len; i++)
		buf_addf(raw, "%02x", (unsigned char)data.p[i]);
	buf_clear(&data);
	buf_clear(&payload);
}

/* Send it; the whole answer. An executed one counts up the sender's number. */
__attribute__((unused)) static struct jval dn_send_tx(struct dn *d, struct dn_who *w,
						      struct dn_tx t)
{
	struct buf params;
	struct jval v;

	buf_init(&params, 1 << 19);
	buf_add_c(&params, "[\"0x");
	dn_sign(&params, &t, w);
	buf_add_c(&params, "\",{\"withOutput\":true}]");
	v = dn_call(d, "rooch_executeRawTransaction", buf_c(&params));
	buf_clear(&params);
	dn_args_free(&t.args);
	if (jscan_get(v, "result").type == J_OBJECT)
		w->seq++;
	return v;
}

/* A call with RGas as type argument where the name starts with '<': "<payment_channel::...". */
__attribute__((unused)) static const char *dn_send(struct dn *d, struct dn_who *w,
						   const char *function, struct dn_args args)
{
	struct dn_tx t = dn_tx(w, function[0] == '<' ? function + 1 : function);

	t.typed = function[0] == '<';
	t.args = args;
	return dn_outcome(d, dn_send_tx(d, w, t));
}

/* ---- looking ---- */

/* BCS of an object, or of an entry; NULL view: there is none. */
__attribute__((unused)) static struct str dn_bytes(struct dn *d, struct jval state)
{
	const char *hex = dn_text(d, jscan_get(state, "value"));
	struct str out = arena_dup(&d->texts, str_sub(str_c(hex), 0, strlen(hex) / 2));

	if (state.type != J_OBJECT)
		return STR_NULL;
	out.len = strlen(hex) / 2 - 1;
	/* arena memory is ours to write */
	if (!hex_decode((uint8_t *)(uintptr_t)out.p, out.len, str_c(hex + 2)))
		dn_die("a value", NULL);
	return out;
}

__attribute__((unused)) static struct str dn_object(struct dn *d, const struct rooch_id *id)
{
	char hex[ROOCH_HEX_TEXT], params[100];

	rooch_id_hex(hex, id);
	snprintf(params, sizeof params, "[\"%s\"]", hex);
	return dn_bytes(d,
			dn_at(jscan_get(dn_call(d, "rooch_getObjectStates", params), "result"), 0));
}

__attribute__((unused)) static struct str dn_field(struct dn *d, const struct rooch_id *table,
						   const char *name)
{
	struct rooch_id key = rooch_field_key(str_c(name));
	char hex[ROOCH_HEX_TEXT], key_hex[ROOCH_HEX_TEXT], params[200];

	rooch_id_hex(hex, table);
	rooch_id_hex(key_hex, &key);
	snprintf(params, sizeof params, "[\"%s\",[\"%s\"]]", hex, key_hex);
	return dn_bytes(d,
			dn_at(jscan_get(dn_call(d, "rooch_getFieldStates", params), "result"), 0));
}

__attribute__((unused)) static const char *dn_coins(struct dn *d, const struct rooch_id *store)
{
	struct coin_store_object o;
	char text[U256_TEXT];
	struct str v = dn_field(d, store, dev_rgas);

	if (!v.p)
		return "0";
	if (!coin_store_field_read(&o, str_c(dev_rgas), v))
		return "unreadable";
	u256_format(text, o.balance);
	return arena_dup(&d->texts, str_c(text)).p;
}

/* Balances in RGas base units: of the payment hub, the revenue hub, the account. */
__attribute__((unused)) static const char *dn_hub(struct dn *d, const struct dn_who *w)
{
	struct rooch_id id = rooch_hub_id(&w->address);
	struct str v = dn_object(d, &id);
	struct hub_object hub;

	return !v.p ? "none" : !hub_object_read(&hub, v) ? "bad" : dn_coins(d, &hub.coin_store);
}

__attribute__((unused)) static const char *dn_revenue(struct dn *d, const struct dn_who *w)
{
	struct rooch_id id = rooch_revenue_hub_id(&w->address);
	struct str v = dn_object(d, &id);
	struct revenue_hub_object hub;

	return !v.p				   ? "none"
	       : !revenue_hub_object_read(&hub, v) ? "bad"
						   : dn_coins(d, &hub.coin_store);
}

__attribute__((unused)) static const char *dn_balance(struct dn *d, const struct dn_who *w)
{
	char params[120];

	snprintf(params, sizeof params, "[\"%s\",\"" RGAS "\"]", w->hex);
	return dn_text(
		d, jscan_path(dn_call(d, "rooch_getBalance", params), "result", "balance", NULL));
}

__attribute__((unused)) static void dn_set_hub(struct dn *d, const struct dn_who *w,
					       const char *amount)
{
	char body[200];

	snprintf(body, sizeof body, "{\"owner\":\"%s\",\"amount\":\"%s\"}", w->hex, amount);
	if (dn_control(d, "hub", body, NULL)[0])
		dn_die("a hub", NULL);
}

/* Coins of the account so that gas does not touch the hub's round numbers: gas off. */
__attribute__((unused)) static void dn_no_gas(struct dn *d)
{
	if (dn_control(d, "settings", "{\"gas\":0}", NULL)[0])
		dn_die("settings", NULL);
}

#endif
