/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway inspect id - where the chain keeps what: object ids, field keys, addresses. */
#include "config.h"

#include "cli/inspect_ledger.h"

#include "ledger/rooch_id.h"

/* clang-format off */
static const char text[] =
	"  channel PAYER PAYEE ASSET   id of the payment channel\n"
	"  hub DID                     id of the payment hub\n"
	"  revenue DID                 id of the hub of what was earned\n"
	"  did DID                     id of the DID document\n"
	"  field STRING                key of an entry in a table with text keys\n"
	"  address ADDR                the three spellings of an address\n"
	"  asset ASSET                 canonical name of a coin type\n"
	"\n"
	"PAYER, PAYEE, DID and ADDR are did:rooch:..., rooch1... or 0x...; ASSET is like\n"
	"0x3::gas_coin::RGas.";
/* clang-format on */

enum { FIELD_MAX = 32768 };

/* The whole answer; texts that are not asked for stay empty. */
struct answer {
	char object_id[ROOCH_HEX_TEXT], field_key[ROOCH_HEX_TEXT];
	char hex[ROOCH_HEX_TEXT], bech32[ROOCH_BECH32_TEXT], did[ROOCH_DID_TEXT];
	char identifier[ROOCH_HEX_TEXT];
	char asset[ROOCH_ASSET_TEXT], asset_short[ROOCH_ASSET_TEXT];
};

/* An address in any of its spellings. */
static int owner(struct rooch_id *out, const char *arg, struct gw_err *e)
{
	struct str s = str_c(arg);

	if (str_starts(s, "did:") ? rooch_did_parse(out, s) : rooch_address_parse(out, s))
		return 0;
	return gw_fail(e, GWE_BAD_REQUEST, 0, "%.128s is no address of the chain", arg);
}

static int asset(char out[ROOCH_ASSET_TEXT], const char *arg, struct gw_err *e)
{
	if (rooch_asset_canonical(out, str_c(arg)))
		return 0;
	return gw_fail(e, GWE_BAD_REQUEST, 0, "%.128s is no coin type like 0x3::gas_coin::RGas",
		       arg);
}

static void set_object(struct answer *a, struct rooch_id id)
{
	rooch_id_hex(a->object_id, &id);
}

static int channel(struct answer *a, char **arg, struct gw_err *e)
{
	struct rooch_id payer, payee;

	if (owner(&payer, arg[0], e) || owner(&payee, arg[1], e) || asset(a->asset, arg[2], e))
		return -1;
	set_object(a, rooch_channel_id(&payer, &payee, a->asset));
	return 0;
}

static int hub(struct answer *a, char **arg, struct gw_err *e)
{
	struct rooch_id id;

	if (owner(&id, arg[0], e))
		return -1;
	set_object(a, rooch_hub_id(&id));
	return 0;
}

static int revenue(struct answer *a, char **arg, struct gw_err *e)
{
	struct rooch_id id;

	if (owner(&id, arg[0], e))
		return -1;
	set_object(a, rooch_revenue_hub_id(&id));
	return 0;
}

/*
 * The identifier's text goes into the id as it stands, so the hex form of an address gives another
 * id, under which nothing is found; it is shown all the same. Rule: protocol rooch.md 3
 */
static int did(struct answer *a, char **arg, struct gw_err *e)
{
	static const char head[] = "did:rooch:";
	struct str s = str_c(arg[0]), identifier;
	struct rooch_id id;

	identifier = str_starts(s, head) ? str_sub(s, sizeof head - 1, s.len) : s;
	snprintf(a->did, sizeof a->did, "%s%.*s", head, STR_ARG(identifier));
	if (!rooch_did_parse(&id, str_c(a->did)) && !rooch_id_parse(&id, identifier))
		return gw_fail(e, GWE_BAD_REQUEST, 0, "%.128s is not did:rooch:ADDRESS", arg[0]);
	snprintf(a->identifier, sizeof a->identifier, "%.*s", STR_ARG(identifier));
	set_object(a, rooch_did_object_id(identifier));
	return 0;
}

static int field(struct answer *a, char **arg, struct gw_err *e)
{
	struct rooch_id key;

	if (strlen(arg[0]) > FIELD_MAX || !str_utf8(str_c(arg[0])))
		return gw_fail(e, GWE_BAD_REQUEST, 0, "the key has to be up to %d bytes of UTF-8",
			       FIELD_MAX);
	key = rooch_field_key(str_c(arg[0]));
	rooch_id_hex(a->field_key, &key);
	return 0;
}

static int address(struct answer *a, char **arg, struct gw_err *e)
{
	struct rooch_id id;

	if (owner(&id, arg[0], e))
		return -1;
	rooch_id_hex(a->hex, &id);
	rooch_address_text(a->bech32, &id);
	rooch_did_text(a->did, &id);
	return 0;
}

static int coin(struct answer *a, char **arg, struct gw_err *e)
{
	struct rooch_id key;

	if (asset(a->asset, arg[0], e))
		return -1;
	rooch_asset_short(a->asset_short, a->asset);
	key = rooch_field_key(str_c(a->asset));
	rooch_id_hex(a->field_key, &key);
	return 0;
}

static const struct kind {
	const char *name;
	int n_arg;
	int (*answer)(struct answer *a, char **arg, struct gw_err *e);
} kinds[] = {
	{ "channel", 3, channel }, { "hub", 1, hub },
	{ "revenue", 1, revenue }, { "did", 1, did },
	{ "field", 1, field },	   { "address", 1, address },
	{ "asset", 1, coin },	   { .name = NULL, .n_arg = 0 },
};

static void put(struct jwrite *w, const char *key, const char *value)
{
	if (*value)
		jwrite_text(w, key, value);
}

static int print(const struct answer *a, bool json)
{
	struct jwrite w;
	struct buf b;
	int rc;

	inspect_json(&w, &b, json);
	if (json) {
		jwrite_object(&w, NULL);
		jwrite_bool(&w, "ok", true);
		put(&w, "objectId", a->object_id);
		put(&w, "hex", a->hex);
		put(&w, "bech32", a->bech32);
		put(&w, "did", a->did);
		put(&w, "identifier", a->identifier);
		put(&w, *a->asset_short ? "canonical" : "canonicalAsset", a->asset);
		put(&w, "short", a->asset_short);
		put(&w, "fieldKey", a->field_key);
		jwrite_object_end(&w);
	} else if (*a->hex) {
		buf_addf(&b, "hex:     %s\nbech32:  %s\nDID:     %s", a->hex, a->bech32, a->did);
	} else if (*a->asset_short) {
		buf_add_c(&b, a->asset);
	} else {
		buf_add_c(&b, *a->object_id ? a->object_id : a->field_key);
	}
	rc = inspect_print(&b);
	buf_clear(&b);
	return rc;
}

int inspect_id(int argc, char **argv)
{
	bool json = false, help = false;
	const struct opt rows[] = {
		{ .name = "json", .flag = &json, .help = "print one JSON object" },
		OPTS_HELP(&help),
		OPTS_END
	};
	const struct kind *k = kinds;
	struct answer a = { .object_id = "" };
	struct gw_err e;

	if (opts_parse(rows, &argc, argv, &e))
		return cli_fail(&e);
	if (help) {
		opts_help(stdout, "inspect id KIND ARGUMENT... [--json]", text, rows);
		return CLI_OK;
	}
	while (k->name && (argc < 2 || strcmp(k->name, argv[1])))
		k++;
	if (!k->name || argc - 2 != k->n_arg) {
		gw_fail(&e, GWE_USAGE, 0,
			"inspect id channel PAYER PAYEE ASSET | hub DID | revenue DID | did DID | "
			"field STRING | address ADDR | asset ASSET");
		return cli_fail(&e);
	}
	if (k->answer(&a, argv + 2, &e))
		return inspect_refused(json, NULL, &e);
	return print(&a, json);
}
