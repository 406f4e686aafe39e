/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "devnode/dev_admin.h"

#include "codec/jscan.h"
#include "devnode/dev_did.h"
#include "devnode/dev_fault.h"
#include "devnode/dev_money.h"
#include "devnode/dev_sig.h"
#include "devnode/dev_view.h"
#include "util/clock.h"

enum { ARENA_MAX = 4 << 20, DEPTH_MAX = 16 };

static const char *const relationship_names[DID_RELATIONSHIPS] = {
	"authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation",
	"keyAgreement"
};

struct order {
	struct store *st;
	struct arena *mem;
	struct jval body;
	struct jwrite w;
	/* of a write */
	int (*apply)(struct dev_ctx *x, struct order *o);
	struct rooch_id who;
	char asset[ROOCH_ASSET_TEXT];
	struct u256 amount;
	struct rooch_did_document *doc;
	int64_t offset_ms;
};

/* ---- reading the body ---- */

static int bad(struct gw_err *e, const char *name, const char *what)
{
	return gw_fail(e, GWE_BAD_REQUEST, 0, "\"%s\": %s", name, what);
}

static bool has(const struct order *o, const char *name)
{
	return !jval_is_null(jscan_get(o->body, name));
}

/* A text in the arena. */
static int text_of(struct order *o, struct jval v, const char *name, struct str *out,
		   struct gw_err *e)
{
	struct buf b;
	bool ok;

	buf_init(&b, DID_TEXT_MAX);
	ok = jval_text(v, &b);
	*out = arena_dup(o->mem, buf_str(&b));
	buf_clear(&b);
	return ok && out->p ? 0 : bad(e, name, "a text of at most 512 bytes is expected");
}

static int address_of(struct order *o, const char *name, struct rooch_id *out, struct gw_err *e)
{
	struct str text;

	if (text_of(o, jscan_get(o->body, name), name, &text, e))
		return -1;
	if (str_starts(text, "did:rooch:"))
		text = str_sub(text, 10, text.len);
	return rooch_address_parse(out, text) ? 0 : bad(e, name, "not an address");
}

/* A number, or its digits as text. */
static int number_of(struct order *o, const char *name, uint64_t otherwise, uint64_t *out,
		     struct gw_err *e)
{
	struct jval v = jscan_get(o->body, name);
	char text[24];

	*out = otherwise;
	if (jval_is_null(v) || jval_u64(v, out) ||
	    (jval_copy(v, text, sizeof text) && str_u64(str_c(text), out)))
		return 0;
	return bad(e, name, "not a number");
}

static int amount_of(struct order *o, const char *name, struct u256 *out, struct gw_err *e)
{
	struct jval v = jscan_get(o->body, name);
	uint64_t n;
	char text[U256_TEXT];

	if (jval_copy(v, text, sizeof text) && u256_parse(out, str_c(text)))
		return 0;
	if (!jval_u64(v, &n))
		return bad(e, name, "an amount in base units is expected");
	*out = u256_of(n);
	return 0;
}

static int asset_of(struct order *o, struct gw_err *e)
{
	struct str text;

	if (!has(o, "coin_type"))
		return str_copy(o->asset, sizeof o->asset, str_c(dev_rgas)) ? 0 : -1;
	if (text_of(o, jscan_get(o->body, "coin_type"), "coin_type", &text, e))
		return -1;
	return rooch_asset_canonical(o->asset, text) ? 0 : bad(e, "coin_type", "not a coin type");
}

/* ---- writing ---- */

static int in_transaction(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct order *o = arg;
	struct dev_ctx x;

	if (dev_begin(&x, c, o->mem, 0, e))
		return -1;
	dev_advance(&x);
	if (o->apply(&x, o)) {
		if (x.status != DEV_EXECUTED)
			return gw_fail(e, GWE_BAD_REQUEST, 0, "the amount does not fit");
		return -1;
	}
	return dev_events_save(&x) ? -1 : dev_save(&x);
}

static int apply(struct order *o, int (*fn)(struct dev_ctx *x, struct order *o), struct gw_err *e)
{
	o->apply = fn;
	return store_write(o->st, "devnode", in_transaction, o, e);
}

static void tell_ok(struct order *o)
{
	jwrite_object(&o->w, NULL);
	jwrite_bool(&o->w, "ok", true);
	jwrite_object_end(&o->w);
}

/* ---- documents ---- */

static int relationship_of(struct order *o, struct jval v, struct rooch_did_document *doc,
			   struct str fragment, struct gw_err *e)
{
	struct str name;

	if (text_of(o, v, "relationships", &name, e))
		return -1;
	for (unsigned r = 0; r < DID_RELATIONSHIPS; r++)
		if (str_eq_c(name, relationship_names[r])) {
			dev_did_list(doc, (enum did_relationship)r, fragment);
			return 0;
		}
	return bad(e, "relationships", "not one of the five relationships");
}

static int read_key(struct order *o, struct jval v, struct rooch_did_document *doc,
		    struct gw_err *e)
{
	struct rooch_did_method *m = &doc->method[doc->n_method];
	struct jval list = jscan_get(v, "relationships"), one;
	uint8_t pub[KEY_PUB_MAX];
	enum key_type t;
	struct jiter it;
	struct str key;

	if (text_of(o, jscan_get(v, "fragment"), "fragment", &m->fragment, e) ||
	    text_of(o, jscan_get(v, "type"), "type", &m->type, e) ||
	    text_of(o, jscan_get(v, "public_key"), "public_key", &m->multibase, e))
		return -1;
	if (!rooch_fragment_valid(m->fragment) || dev_did_method(doc, m->fragment))
		return bad(e, "fragment", "1 to 128 bytes without #, each once");
	if (!key_type_find(m->type, &t) || !dev_sig_key(t, m->multibase, pub))
		return bad(e, "public_key", "not a key of its type");
	doc->n_method++; /* its DID comes with the address */
	if (jval_is_null(list))
		for (unsigned r = DID_AUTHENTICATION; r <= DID_CAPABILITY_DELEGATION; r++)
			dev_did_list(doc, (enum did_relationship)r, m->fragment);
	for (jiter_init(&it, list); jiter_next(&it, &key, &one);)
		if (relationship_of(o, one, doc, m->fragment, e))
			return -1;
	return 0;
}

static int read_service(struct order *o, struct jval v, struct rooch_did_document *doc,
			struct gw_err *e)
{
	struct rooch_did_service *s = &doc->service[doc->n_service];

	if (text_of(o, jscan_get(v, "fragment"), "fragment", &s->fragment, e) ||
	    text_of(o, jscan_get(v, "type"), "type", &s->type, e) ||
	    text_of(o, jscan_get(v, "endpoint"), "endpoint", &s->endpoint, e))
		return -1;
	doc->n_service++;
	return rooch_fragment_valid(s->fragment) ? 0 : bad(e, "fragment", "1 to 128 bytes");
}

static int read_controller(struct order *o, struct jval v, struct rooch_did_document *doc,
			   struct gw_err *e)
{
	struct str text;

	if (text_of(o, v, "controller", &text, e))
		return -1;
	if (!dev_did_name(&doc->controller[doc->n_controller], text))
		return bad(e, "controller", "not a DID");
	doc->n_controller++;
	return 0;
}

/* Each element of @name, at most @max of them. */
static int read_list(struct order *o, const char *name, unsigned max,
		     struct rooch_did_document *doc,
		     int (*read)(struct order *o, struct jval v, struct rooch_did_document *doc,
				 struct gw_err *e),
		     struct gw_err *e)
{
	struct jval list = jscan_get(o->body, name), v;
	struct jiter it;
	struct str key;
	unsigned n = 0;

	if (!jval_is_null(list) && list.type != J_ARRAY)
		return bad(e, name, "an array is expected");
	for (jiter_init(&it, list); jiter_next(&it, &key, &v);) {
		if (n++ == max)
			return bad(e, name, "too many");
		if (read(o, v, doc, e))
			return -1;
	}
	return 0;
}

static int put_document(struct dev_ctx *x, struct order *o)
{
	struct rooch_did_document *doc = o->doc;
	struct rooch_id account = has(o, "address") ? o->who : dev_fresh(x);
	char identifier[ROOCH_BECH32_TEXT];
	struct str own;

	rooch_address_text(identifier, &account);
	own = arena_dup(x->mem, str_c(identifier));
	if (!own.p)
		return -1;
	doc->id = (struct rooch_did_name){ STR_LIT("rooch"), own };
	doc->account = account;
	if (!doc->n_controller)
		doc->controller[doc->n_controller++] = doc->id;
	for (unsigned i = 0; i < doc->n_method; i++)
		doc->method[i].did = doc->method[i].controller = doc->id;
	for (unsigned i = 0; i < doc->n_service; i++)
		doc->service[i].did = doc->id;
	o->who = account;
	return dev_did_put(x, doc) ? -1 : dev_did_created(x, doc, &account);
}

static int seed_did(struct order *o, struct gw_err *e)
{
	char did[ROOCH_DID_TEXT], hex[ROOCH_HEX_TEXT];
	struct rooch_id id;

	o->doc = arena_alloc(o->mem, sizeof *o->doc);
	if (!o->doc)
		return gw_fail_priv(e, GWE_INTERNAL, 0, "no room for a document");
	if ((has(o, "address") && address_of(o, "address", &o->who, e)) ||
	    read_list(o, "controller", DID_CONTROLLERS_MAX, o->doc, read_controller, e) ||
	    read_list(o, "keys", DID_METHODS_MAX, o->doc, read_key, e) ||
	    read_list(o, "services", DID_SERVICES_MAX, o->doc, read_service, e) ||
	    apply(o, put_document, e))
		return -1;
	id = rooch_did_object_id(o->doc->id.identifier);
	rooch_did_text(did, &o->who);
	rooch_id_hex(hex, &o->who);
	jwrite_object(&o->w, NULL);
	jwrite_text(&o->w, "did", did);
	jwrite_text(&o->w, "address", hex);
	jwrite_hex(&o->w, "object_id", id.b, sizeof id.b);
	jwrite_object_end(&o->w);
	return 0;
}

/* ---- money ---- */

static int set_account(struct dev_ctx *x, struct order *o)
{
	struct rooch_id store = dev_account_store(&o->who);
	uint64_t n;

	if (has(o, "sequence_number") &&
	    (number_of(o, "sequence_number", 0, &n, x->e) || dev_sequence_set(x, &o->who, n)))
		return -1;
	/* minted, so that the supply knows of it */
	if (has(o, "amount") && (dev_coins_set(x, &store, o->asset, U256_ZERO) ||
				 dev_mint(x, &o->who, o->asset, o->amount)))
		return -1;
	return 0;
}

static int set_hub(struct dev_ctx *x, struct order *o)
{
	struct hub_object hub;

	if (dev_hub_need(x, &o->who, &hub))
		return -1;
	return dev_coins_set(x, &hub.coin_store, o->asset, o->amount);
}

static int seed_account(struct order *o, struct gw_err *e)
{
	if (address_of(o, "address", &o->who, e) || asset_of(o, e) ||
	    (has(o, "amount") && amount_of(o, "amount", &o->amount, e)) || apply(o, set_account, e))
		return -1;
	tell_ok(o);
	return 0;
}

static int seed_hub(struct order *o, struct gw_err *e)
{
	if (address_of(o, "owner", &o->who, e) || asset_of(o, e) ||
	    amount_of(o, "amount", &o->amount, e) || apply(o, set_hub, e))
		return -1;
	tell_ok(o);
	return 0;
}

/* ---- clock and settings ---- */

static int64_t signed_number(struct jval v, bool *ok)
{
	bool minus = str_starts(v.raw, "-");
	uint64_t n = 0;

	*ok = v.type == J_NUMBER && v.raw.len <= 19 &&
	      str_u64(minus ? str_sub(v.raw, 1, v.raw.len) : v.raw, &n) && n <= INT64_MAX / 4;
	return minus ? -(int64_t)n : (int64_t)n;
}

static int set_clock(struct dev_ctx *x, struct order *o)
{
	static const char *const names[] = { "advance_ms", "now_ms", "offset_ms" };
	bool ok = false;

	for (int i = 0; i < 3 && !ok; i++) {
		int64_t v = signed_number(jscan_get(o->body, names[i]), &ok);

		if (!ok)
			continue;
		x->set.clock_offset_ms = i == 0	  ? x->set.clock_offset_ms + v
					 : i == 1 ? v - clock_wall_ms()
						  : v;
	}
	if (!ok || x->set.clock_offset_ms > INT64_MAX / 4 ||
	    x->set.clock_offset_ms < -(INT64_MAX / 4))
		return gw_fail(x->e, GWE_BAD_REQUEST, 0,
			       "one of advance_ms, now_ms, offset_ms is expected, a number");
	o->offset_ms = x->set.clock_offset_ms;
	return 0;
}

static int change_clock(struct order *o, struct gw_err *e)
{
	if (apply(o, set_clock, e))
		return -1;
	jwrite_object(&o->w, NULL);
	jwrite_i64(&o->w, "now_ms", clock_wall_ms() + o->offset_ms);
	jwrite_object_end(&o->w);
	return 0;
}

static int set_settings(struct dev_ctx *x, struct order *o)
{
	struct u256 unit;
	char seed[65];

	if (number_of(o, "chain_id", x->set.chain_id, &x->set.chain_id, x->e) ||
	    number_of(o, "gas", x->set.gas, &x->set.gas, x->e))
		return -1;
	if (!x->set.chain_id || x->set.chain_id > INT64_MAX || x->set.gas > INT64_MAX)
		return bad(x->e, "chain_id", "from 1");
	if (has(o, "seed") && (!jval_copy(jscan_get(o->body, "seed"), seed, sizeof seed) ||
			       !hex_decode(x->set.seed, sizeof x->set.seed, str_c(seed))))
		return bad(x->e, "seed", "64 hex digits are expected");
	if (!has(o, "locked_unit"))
		return 0;
	return amount_of(o, "locked_unit", &unit, x->e) ? -1
							: dev_locked_unit_set(x, o->asset, unit);
}

static int change_settings(struct order *o, struct gw_err *e)
{
	if (asset_of(o, e) || apply(o, set_settings, e))
		return -1;
	tell_ok(o);
	return 0;
}

/* ---- faults ---- */

static int order_fault(struct order *o, struct gw_err *e)
{
	struct dev_fault f = { .kind = DEV_FAULT_NONE };
	struct str kind;

	if (text_of(o, jscan_get(o->body, "kind"), "kind", &kind, e) ||
	    number_of(o, "count", 1, &f.count, e) || number_of(o, "value", 0, &f.value, e))
		return -1;
	f.kind = dev_fault_find(kind);
	f.has_value = has(o, "value");
	if (f.kind == DEV_FAULT_NONE)
		return bad(e, "kind", "unknown fault");
	if (!f.count || f.count > INT32_MAX)
		return bad(e, "count", "from 1 to 2147483647");
	if (has(o, "method") && !jval_copy(jscan_get(o->body, "method"), f.method, sizeof f.method))
		return bad(e, "method", "a short text is expected");
	if (has(o, "text") && !jval_copy(jscan_get(o->body, "text"), f.text, sizeof f.text))
		return bad(e, "text", "a short text is expected");
	if (dev_fault_add(o->st, &f, e))
		return -1;
	tell_ok(o);
	return 0;
}

static int clear_faults(struct order *o, struct gw_err *e)
{
	if (dev_fault_clear(o->st, e))
		return -1;
	tell_ok(o);
	return 0;
}

static int show_in(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct order *o = arg;
	struct dev_ctx x;
	struct stmt *s;
	int rc;

	if (dev_begin(&x, c, o->mem, 0, e))
		return -1;
	s = stmt_get(c, STMT_DEV_TX_COUNT);
	rc = stmt_step(s, e);
	jwrite_object(&o->w, NULL);
	jwrite_u64(&o->w, "chain_id", x.set.chain_id);
	jwrite_u64(&o->w, "now_ms", x.now_ms);
	jwrite_u64(&o->w, "gas", x.set.gas);
	jwrite_i64(&o->w, "order", x.set.tx_order);
	jwrite_i64(&o->w, "transactions", rc == 1 ? stmt_i64(s, "n") : 0);
	stmt_done(s);
	rc = rc < 0 ? -1 : dev_fault_list(c, &o->w, "faults", e);
	jwrite_object_end(&o->w);
	return rc;
}

static int show(struct order *o, struct gw_err *e)
{
	return store_read(o->st, show_in, o, e);
}

static const struct route {
	const char *method, *path;
	int (*run)(struct order *o, struct gw_err *e);
} routes[] = {
	{ "GET", "/devnode/", show },
	{ "POST", "/devnode/did", seed_did },
	{ "POST", "/devnode/account", seed_account },
	{ "POST", "/devnode/hub", seed_hub },
	{ "POST", "/devnode/clock", change_clock },
	{ "POST", "/devnode/settings", change_settings },
	{ "POST", "/devnode/fault", order_fault },
	{ "DELETE", "/devnode/fault", clear_faults },
};

static const struct route *find_route(struct str method, struct str path, bool *known)
{
	*known = false;
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		if (!str_eq_c(path, routes[i].path))
			continue;
		*known = true;
		if (str_eq_c(method, routes[i].method))
			return &routes[i];
	}
	return NULL;
}

int dev_admin(struct store *st, struct str method, struct str path, struct str body,
	      struct buf *out, struct gw_err *e)
{
	struct order o = { .st = st };
	struct arena mem;
	bool known;
	const struct route *r = find_route(method, path, &known);
	int rc;

	if (!r && known)
		return gw_fail(e, GWE_METHOD_NOT_ALLOWED, 0, "another method is expected here");
	if (!r)
		return gw_fail(e, GWE_NOT_FOUND, 0, "no such path under /devnode/");
	if (body.len > DEV_ADMIN_BODY_MAX)
		return gw_fail(e, GWE_PAYLOAD_TOO_LARGE, 0, "at most 64 KiB");
	if (body.len && jscan_check(body, DEPTH_MAX, false, &o.body, e))
		return -1;
	arena_init(&mem, ARENA_MAX);
	o.mem = &mem;
	jwrite_init(&o.w, out, false);
	rc = r->run(&o, e);
	arena_free(&mem);
	return rc;
}
