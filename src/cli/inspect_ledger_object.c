/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway inspect object - what the bytes of an object of the chain say. */
#include "config.h"

#include "cli/inspect_ledger.h"

#include "codec/bcs.h"
#include "ledger/rooch_did.h"
#include "ledger/rooch_object.h"

/* clang-format off */
static const char text[] =
	"Types: channel, subchannel, hub, revenue, coinstore, counter (of active channels), did.\n"
	"HEX is the member `value` of the node's answer; - reads it from standard input.";
/* clang-format on */

static void put_id(struct jwrite *w, const char *key, const struct rooch_id *id)
{
	jwrite_hex(w, key, id->b, sizeof id->b);
}

static void put_u256(struct jwrite *w, const char *key, struct u256 v)
{
	char digits[U256_TEXT];

	u256_format(digits, v);
	jwrite_text(w, key, digits);
}

/* Entries of tables begin with their key, which nobody asked for here: any will do. */
static struct str entry_name(struct str bcs)
{
	struct bcs_reader r;

	bcs_init(&r, bcs.p, bcs.len);
	return bcs_string(&r, ROOCH_ASSET_TEXT);
}

static bool channel(struct jwrite *w, struct str bcs)
{
	struct channel_object o;

	if (!channel_object_read(&o, bcs))
		return false;
	put_id(w, "sender", &o.sender);
	put_id(w, "receiver", &o.receiver);
	jwrite_text(w, "coin_type", o.coin_type);
	put_id(w, "sub_channels", &o.sub_channels);
	jwrite_u64(w, "status", (uint64_t)o.status);
	inspect_u64(w, "channel_epoch", o.epoch);
	if (!o.cancelling) {
		jwrite_null(w, "cancellation_info");
		return true;
	}
	jwrite_object(w, "cancellation_info");
	inspect_u64(w, "initiated_time", o.initiated_ms);
	put_u256(w, "pending_amount", o.pending_amount);
	jwrite_object_end(w);
	return true;
}

static bool subchannel(struct jwrite *w, struct str bcs)
{
	struct str name = entry_name(bcs);
	struct subchannel_object o;

	if (!subchannel_field_read(&o, name, bcs))
		return false;
	jwrite_str(w, "name", name);
	jwrite_object(w, "value");
	jwrite_text(w, "pk_multibase", o.pk_multibase);
	jwrite_text(w, "method_type", o.method_type);
	put_u256(w, "last_claimed_amount", o.last_claimed);
	inspect_u64(w, "last_confirmed_nonce", o.last_nonce);
	jwrite_object_end(w);
	return true;
}

static bool hub(struct jwrite *w, struct str bcs)
{
	struct hub_object o;

	if (!hub_object_read(&o, bcs))
		return false;
	put_id(w, "multi_coin_store", &o.coin_store);
	put_id(w, "active_channels", &o.active_channels);
	return true;
}

static bool revenue(struct jwrite *w, struct str bcs)
{
	struct revenue_hub_object o;

	if (!revenue_hub_object_read(&o, bcs))
		return false;
	put_id(w, "multi_coin_store", &o.coin_store);
	put_id(w, "revenue_by_source", &o.revenue_by_source);
	return true;
}

static bool coin_store(struct jwrite *w, struct str bcs)
{
	struct str name = entry_name(bcs);
	struct coin_store_object o;

	if (!coin_store_field_read(&o, name, bcs))
		return false;
	jwrite_str(w, "name", name);
	jwrite_object(w, "value");
	jwrite_text(w, "coin_type", o.coin_type);
	jwrite_object(w, "balance");
	put_u256(w, "value", o.balance);
	jwrite_object_end(w);
	jwrite_bool(w, "frozen", o.frozen);
	jwrite_object_end(w);
	return true;
}

static bool counter(struct jwrite *w, struct str bcs)
{
	struct str name = entry_name(bcs);
	uint64_t v;

	if (!u64_field_read(&v, name, bcs))
		return false;
	jwrite_str(w, "name", name);
	inspect_u64(w, "value", v);
	return true;
}

/* ---- DID documents ---- */

static void put_name(struct jwrite *w, const char *key, const struct rooch_did_name *n)
{
	jwrite_object(w, key);
	jwrite_str(w, "method", n->method);
	jwrite_str(w, "identifier", n->identifier);
	jwrite_object_end(w);
}

static void put_did_id(struct jwrite *w, const struct rooch_did_name *did, struct str fragment)
{
	jwrite_object(w, "id");
	put_name(w, "did", did);
	jwrite_str(w, "fragment", fragment);
	jwrite_object_end(w);
}

static void put_methods(struct jwrite *w, const struct rooch_did_document *d)
{
	jwrite_object(w, "verification_methods");
	jwrite_array(w, "data");
	for (unsigned i = 0; i < d->n_method; i++) {
		const struct rooch_did_method *m = &d->method[i];

		jwrite_object(w, NULL);
		jwrite_str(w, "key", m->fragment);
		jwrite_object(w, "value");
		put_did_id(w, &m->did, m->fragment);
		jwrite_str(w, "type", m->type);
		put_name(w, "controller", &m->controller);
		jwrite_str(w, "public_key_multibase", m->multibase);
		jwrite_object_end(w);
		jwrite_object_end(w);
	}
	jwrite_array_end(w);
	jwrite_object_end(w);
}

static void put_services(struct jwrite *w, const struct rooch_did_document *d)
{
	jwrite_object(w, "services");
	jwrite_array(w, "data");
	for (unsigned i = 0; i < d->n_service; i++) {
		const struct rooch_did_service *s = &d->service[i];

		jwrite_object(w, NULL);
		jwrite_str(w, "key", s->fragment);
		jwrite_object(w, "value");
		put_did_id(w, &s->did, s->fragment);
		jwrite_str(w, "type", s->type);
		jwrite_str(w, "service_endpoint", s->endpoint);
		jwrite_object(w, "properties");
		jwrite_array(w, "data");
		for (unsigned j = 0; j < s->n_property; j++) {
			jwrite_object(w, NULL);
			jwrite_str(w, "key", s->property[j].key);
			jwrite_str(w, "value", s->property[j].value);
			jwrite_object_end(w);
		}
		jwrite_array_end(w);
		jwrite_object_end(w);
		jwrite_object_end(w);
		jwrite_object_end(w);
	}
	jwrite_array_end(w);
	jwrite_object_end(w);
}

static void put_w3c(struct jwrite *w, const struct rooch_did_document *d)
{
	struct buf lines, out;

	buf_init(&lines, INSPECT_INPUT_MAX);
	buf_init(&out, (size_t)4 * INSPECT_INPUT_MAX);
	rooch_did_json(&lines, d);
	inspect_lines(&out, &lines, w->pretty ? "  " : NULL);
	jwrite_raw(w, "document", buf_str(&out));
	if (out.failed)
		w->b->failed = true;
	buf_clear(&out);
	buf_clear(&lines);
}

static void put_document(struct jwrite *w, const struct rooch_did_document *d)
{
	static const char *const relationship[DID_RELATIONSHIPS] = {
		"authentication", "assertion_method", "capability_invocation",
		"capability_delegation", "key_agreement"
	};

	put_name(w, "id", &d->id);
	jwrite_array(w, "controller");
	for (unsigned i = 0; i < d->n_controller; i++)
		put_name(w, NULL, &d->controller[i]);
	jwrite_array_end(w);
	put_methods(w, d);
	for (unsigned k = 0; k < DID_RELATIONSHIPS; k++) {
		jwrite_array(w, relationship[k]);
		for (unsigned i = 0; i < d->n_relationship[k]; i++)
			jwrite_str(w, NULL, d->relationship[k][i]);
		jwrite_array_end(w);
	}
	put_services(w, d);
	jwrite_array(w, "also_known_as");
	for (unsigned i = 0; i < d->n_also_known_as; i++)
		jwrite_str(w, NULL, d->also_known_as[i]);
	jwrite_array_end(w);
	jwrite_object(w, "account_cap");
	put_id(w, "addr", &d->account);
	jwrite_object_end(w);
	put_w3c(w, d);
}

/* The chain's members, then as `document` the W3C form, which `inspect auth` takes. */
static bool did(struct jwrite *w, struct str bcs)
{
	struct rooch_did_document *d = malloc(sizeof *d);
	bool ok;

	if (!d)
		abort();
	ok = rooch_did_read(d, bcs);
	if (ok)
		put_document(w, d);
	free(d);
	return ok;
}

static const struct type {
	const char *name;
	bool (*show)(struct jwrite *w, struct str bcs);
} types[] = {
	{ "channel", channel },
	{ "subchannel", subchannel },
	{ "hub", hub },
	{ "revenue", revenue },
	{ "coinstore", coin_store },
	{ "counter", counter },
	{ "did", did },
	{ NULL, NULL },
};

static int inspect(const struct type *t, const char *hex, bool json)
{
	struct buf bcs, out;
	struct jwrite w;
	struct gw_err e;
	int rc;

	buf_init(&bcs, INSPECT_INPUT_MAX);
	inspect_json(&w, &out, json);
	jwrite_object(&w, NULL);
	rc = inspect_hex(&bcs, hex, &e);
	if (!rc && !t->show(&w, buf_str(&bcs)))
		rc = gw_fail(&e, GWE_BAD_REQUEST, 0, "the bytes are no %s of the chain", t->name);
	jwrite_object_end(&w);
	rc = rc ? inspect_failed(json, &e) : inspect_print(&out);
	buf_clear(&out);
	buf_clear(&bcs);
	return rc;
}

int inspect_object(int argc, char **argv)
{
	const char *type = NULL;
	bool json = false, help = false;
	const struct opt rows[] = {
		{ .name = "type", .arg = "T", .value = &type, .help = "what the bytes are to be" },
		{ .name = "json", .flag = &json, .help = "print one line" },
		OPTS_HELP(&help),
		OPTS_END
	};
	const struct type *t = types;
	struct gw_err e;

	if (opts_parse(rows, &argc, argv, &e))
		return cli_fail(&e);
	if (help) {
		opts_help(stdout, "inspect object --type T HEX|- [--json]", text, rows);
		return CLI_OK;
	}
	while (t->name && (!type || strcmp(t->name, type)))
		t++;
	if (!t->name || argc != 2) {
		gw_fail(&e, GWE_USAGE, 0,
			"inspect object --type channel|subchannel|hub|revenue|coinstore|counter|did HEX");
		return cli_fail(&e);
	}
	return inspect(t, argv[1], json);
}
