/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/rooch_answer.h"

#include <string.h>

#include "codec/bcs.h"

enum { DEPTH_MAX = 64, NUMBER_TEXT = 100 };

#define BAD(e, ...) gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0, "the node's answer: " __VA_ARGS__)

/* ---- envelope ---- */

/* The number behind "sub status"; only its low 16 bits count. */
static uint64_t find_sub_status(const char *message)
{
	static const char words[] = "sub status ";
	const char *at = strstr(message, words);
	struct str digits;
	uint64_t v;

	if (!at)
		return 0;
	digits = str_c(at + sizeof words - 1);
	digits.len = strspn(digits.p, "0123456789");
	return str_u64(digits, &v) ? v & 0xffff : 0;
}

/* A text for logs, cut to its place. */
static void copy_cut(char *dst, size_t size, struct str s)
{
	size_t n = s.len < size ? s.len : size - 1;

	for (size_t i = 0; i < n; i++)
		dst[i] = (uint8_t)s.p[i] < ' ' ? '?' : s.p[i];
	dst[n] = '\0';
}

static int node_error(struct rooch_node_error *ne, struct jval error, struct gw_err *e)
{
	struct buf b;

	memset(ne, 0, sizeof *ne);
	buf_init(&b, 65536);
	if (error.type != J_OBJECT || !jval_text(jscan_get(error, "message"), &b)) {
		buf_clear(&b);
		return BAD(e, "an error without a message");
	}
	ne->sub_status = find_sub_status(buf_c(&b));
	copy_cut(ne->message, sizeof ne->message, buf_str(&b));
	buf_clear(&b);
	return 1;
}

int rooch_answer_open(struct jval *result, struct rooch_node_error *ne, struct str text,
		      uint64_t id, struct gw_err *e)
{
	struct jval root = { J_NONE, STR_NULL }, error;
	struct gw_err why = { .code = GWE_OK };
	uint64_t got;

	if (jscan_check(text, DEPTH_MAX, false, &root, &why))
		return BAD(e, "%s", why.pub);
	if (root.type != J_OBJECT || !jval_str_eq(jscan_get(root, "jsonrpc"), "2.0"))
		return BAD(e, "not JSON-RPC 2.0");
	error = jscan_get(root, "error");
	*result = jscan_get(root, "result");
	/* a node that could not read the request does not know its id */
	if (!jval_is_null(error) && jval_is_null(jscan_get(root, "id")))
		return node_error(ne, error, e);
	if (!jval_u64(jscan_get(root, "id"), &got) || got != id)
		return BAD(e, "it belongs to another request");
	if (!jval_is_null(error))
		return node_error(ne, error, e);
	if (result->type == J_NONE)
		return BAD(e, "neither result nor error");
	return 0;
}

/* ---- values ---- */

/* "0x" and hex digits, as bytes appended to @b. */
static bool hex_text(struct buf *b, struct jval v)
{
	struct str s = str_sub(v.raw, 1, v.raw.len);
	char *to;

	if (v.type != J_STRING || !str_starts(s, "0x"))
		return false;
	s = str_sub(s, 2, s.len - 3); /* without the quote */
	if (s.len % 2)
		return false;
	to = buf_room(b, s.len / 2);
	if (!to || !hex_decode((uint8_t *)to, s.len / 2, s))
		return false;
	b->len += s.len / 2;
	b->p[b->len] = '\0';
	return true;
}

static bool bytes_are(struct jval v, const uint8_t *want, size_t n)
{
	struct buf b;
	bool ok;

	buf_init(&b, n);
	ok = hex_text(&b, v) && b.len == n && memcmp(b.p, want, n) == 0;
	buf_clear(&b);
	return ok;
}

static bool decimal_u256(struct u256 *out, struct jval v)
{
	char text[NUMBER_TEXT];

	return jval_copy(v, text, sizeof text) && u256_parse(out, str_c(text));
}

static bool decimal_u64(uint64_t *out, struct jval v)
{
	struct u256 wide;

	return decimal_u256(&wide, v) && u256_to_u64(out, wide);
}

int rooch_answer_u64(uint64_t *out, struct jval result, struct gw_err *e)
{
	return decimal_u64(out, result) ? 0 : BAD(e, "not a number");
}

/* The only element; J_NONE when there is none or more. */
static struct jval only(struct jval array)
{
	struct jval first = { J_NONE, STR_NULL }, v;
	struct jiter it;
	struct str key;

	if (array.type != J_ARRAY)
		return first;
	jiter_init(&it, array);
	if (jiter_next(&it, &key, &first) && jiter_next(&it, &key, &v))
		first.type = J_NONE;
	return first;
}

int rooch_answer_view_u64(uint64_t *out, struct jval result, struct gw_err *e)
{
	struct jval returned = only(jscan_get(result, "return_values")),
		    value = jscan_get(returned, "value"),
		    decoded = jscan_get(returned, "decoded_value");
	struct bcs_reader r;
	uint64_t same;
	struct buf b;
	bool ok;

	if (!jval_str_eq(jscan_get(result, "vm_status"), "Executed"))
		return BAD(e, "the view function failed");
	if (!jval_str_eq(jscan_get(value, "type_tag"), "u64"))
		return BAD(e, "the view function returned something else than a u64");
	buf_init(&b, 8);
	ok = hex_text(&b, jscan_get(value, "value")) && b.len == 8;
	if (ok) {
		bcs_init(&r, b.p, b.len);
		*out = bcs_u64(&r);
	}
	buf_clear(&b);
	if (!ok || (!jval_is_null(decoded) && (!decimal_u64(&same, decoded) || same != *out)))
		return BAD(e, "the view function returned no u64, or two");
	return 0;
}

int rooch_answer_balance(struct u256 *out, struct jval result, const char *asset, struct gw_err *e)
{
	char text[ROOCH_ASSET_TEXT], coin[ROOCH_ASSET_TEXT];

	if (!jval_copy(jscan_get(result, "coin_type"), text, sizeof text) ||
	    !rooch_asset_canonical(coin, str_c(text)) || strcmp(coin, asset) != 0)
		return BAD(e, "a balance of another asset");
	if (!decimal_u256(out, jscan_get(result, "balance")))
		return BAD(e, "a balance that is no number");
	return 0;
}

/* ---- states ---- */

int rooch_answer_one_state(struct buf *bcs, struct jval state, struct rooch_wanted want,
			   struct gw_err *e)
{
	uint8_t id[64];
	size_t n = 32;

	if (state.type == J_NULL)
		return 1;
	if (state.type != J_OBJECT)
		return BAD(e, "a state that is no object");
	memcpy(id, want.object->b, 32);
	if (want.key) {
		memcpy(id + 32, want.key->b, 32);
		n = 64;
	}
	if (!bytes_are(jscan_get(state, "id"), id, n))
		return BAD(e, "the state of another object");
	if (!hex_text(bcs, jscan_get(state, "value")))
		return BAD(e, "a value that is no hex, or too long");
	return 0;
}

int rooch_answer_state(struct buf *bcs, struct jval result, struct rooch_wanted want,
		       struct gw_err *e)
{
	struct jval state = only(result);

	if (state.type == J_NONE)
		return BAD(e, "not one state");
	return rooch_answer_one_state(bcs, state, want, e);
}

/* The name in front of an entry's value. */
static struct str entry_name(struct str bcs)
{
	struct bcs_reader r;

	bcs_init(&r, bcs.p, bcs.len);
	return bcs_string(&r, ROOCH_FRAGMENT_MAX);
}

/* One element of a page, read into @name and @s; the name is a view into @bcs. */
static int read_entry(struct str *name, struct subchannel_object *s, struct buf *bcs,
		      struct jval entry, const struct rooch_id *table, struct gw_err *e)
{
	char text[ROOCH_HEX_TEXT];
	struct rooch_id key;

	if (!jval_copy(jscan_get(entry, "field_key"), text, sizeof text) ||
	    !rooch_id_parse(&key, str_c(text)))
		return BAD(e, "an entry without a key");
	buf_reset(bcs);
	if (rooch_answer_one_state(bcs, jscan_get(entry, "state"),
				   (struct rooch_wanted){ table, &key }, e))
		return -1;
	*name = entry_name(buf_str(bcs));
	if (!rooch_fragment_valid(*name) || !rooch_id_eq(key, rooch_field_key(*name)) ||
	    !subchannel_field_read(s, *name, buf_str(bcs)))
		return BAD(e, "an entry that is no sub-channel of this name");
	return 0;
}

int rooch_answer_subchannels(struct rooch_page *page, struct jval result,
			     const struct rooch_id *table,
			     bool (*each)(void *arg, struct str fragment,
					  const struct subchannel_object *s),
			     void *arg, struct gw_err *e)
{
	struct jval data = jscan_get(result, "data"), more = jscan_get(result, "has_next_page"),
		    cursor = jscan_get(result, "next_cursor"), entry;
	struct subchannel_object s;
	struct jiter it;
	struct str key, name = STR_NULL;
	struct buf bcs;
	int rc = 0;

	memset(page, 0, sizeof *page);
	if (data.type != J_ARRAY || (more.type != J_TRUE && more.type != J_FALSE))
		return BAD(e, "not a page");
	page->more = more.type == J_TRUE;
	if (page->more &&
	    (cursor.type != J_STRING || !str_copy(page->cursor, sizeof page->cursor, cursor.raw)))
		return BAD(e, "more pages, but no cursor");
	buf_init(&bcs, 4096);
	jiter_init(&it, data);
	while (!rc && !page->stop && jiter_next(&it, &key, &entry)) {
		rc = read_entry(&name, &s, &bcs, entry, table, e);
		if (!rc)
			page->stop = !each(arg, name, &s);
	}
	buf_clear(&bcs);
	return rc;
}

/* ---- transactions ---- */

static int read_status(struct tx_result *out, struct jval status, struct gw_err *e)
{
	struct jval type = jscan_get(status, "type"), location = jscan_get(status, "location");
	struct buf b;

	if (jval_str_eq(type, "executed")) {
		out->status = TX_EXECUTED;
	} else if (jval_str_eq(type, "outofgas")) {
		out->status = TX_OUT_OF_GAS;
	} else if (jval_str_eq(type, "moveabort")) {
		out->status = TX_ABORTED;
		if (!decimal_u64(&out->abort_code, jscan_get(status, "abort_code")))
			return BAD(e, "an abort without a code");
	} else if (jval_str_eq(type, "executionfailure") ||
		   jval_str_eq(type, "miscellaneouserror")) {
		out->status = TX_FAILED;
	} else {
		return BAD(e, "an unknown status");
	}
	if (location.type == J_STRING) {
		buf_init(&b, 4096);
		if (jval_text(location, &b))
			copy_cut(out->location, sizeof out->location, buf_str(&b));
		buf_clear(&b);
	}
	return 0;
}

static int read_info(struct tx_result *out, struct jval info, const uint8_t hash[32],
		     struct gw_err *e)
{
	struct jval gas = jscan_get(info, "gas_used");

	if (!bytes_are(jscan_get(info, "tx_hash"), hash, 32))
		return BAD(e, "about another transaction");
	if (!decimal_u64(&out->gas_used, gas))
		return BAD(e, "gas that is no number");
	memcpy(out->hash, hash, 32);
	return read_status(out, jscan_get(info, "status"), e);
}

/* DIDCreatedEvent: its DID, and the object id that belongs to it. */
static bool read_created(struct rooch_id *out, struct str bcs)
{
	struct rooch_id object;
	struct bcs_reader r;
	struct str did;
	uint32_t n;

	bcs_init(&r, bcs.p, bcs.len);
	did = bcs_string(&r, DID_TEXT_MAX);
	bcs_object_id(&r, object.b);
	n = bcs_count(&r, 1);
	for (uint32_t i = 0; i < n && !r.failed; i++)
		(void)bcs_string(&r, DID_TEXT_MAX);
	(void)bcs_bytes(&r, 32);
	return bcs_end(&r) && rooch_did_parse(out, did) &&
	       /* cppcheck-suppress uninitvar ; bcs_object_id fills it, with zeros after a fault */
	       rooch_id_eq(object,
			   rooch_did_object_id(str_sub(did, strlen("did:rooch:"), did.len)));
}

static int read_events(struct tx_result *out, struct jval events, struct gw_err *e)
{
	struct jiter it;
	struct jval event;
	struct str key;
	struct buf b;
	bool ok = true;

	buf_init(&b, 65536);
	jiter_init(&it, events);
	while (ok && jiter_next(&it, &key, &event)) {
		if (!jval_str_eq(jscan_get(event, "event_type"), "0x3::did::DIDCreatedEvent"))
			continue;
		buf_reset(&b);
		ok = !out->has_created_did && hex_text(&b, jscan_get(event, "event_data")) &&
		     read_created(&out->created_did, buf_str(&b));
		out->has_created_did = ok;
	}
	buf_clear(&b);
	return ok ? 0 : BAD(e, "an event of a new DID that cannot be read");
}

int rooch_answer_execute(struct tx_result *out, struct jval result, const uint8_t hash[32],
			 struct gw_err *e)
{
	struct jval output = jscan_get(result, "output");

	memset(out, 0, sizeof *out);
	memcpy(out->hash, hash, 32);
	if (read_info(out, jscan_get(result, "execution_info"), hash, e) ||
	    (output.type == J_OBJECT && read_events(out, jscan_get(output, "events"), e))) {
		out->status = TX_UNKNOWN;
		return -1;
	}
	return 0;
}

int rooch_answer_transaction(struct tx_result *out, struct jval result, const uint8_t hash[32],
			     struct gw_err *e)
{
	struct jval tx = only(result), info;

	memset(out, 0, sizeof *out);
	memcpy(out->hash, hash, 32);
	if (tx.type == J_NULL)
		return 1;
	if (tx.type != J_OBJECT)
		return BAD(e, "not one transaction");
	info = jscan_get(tx, "execution_info");
	if (jval_is_null(info))
		return 1;
	if (read_info(out, info, hash, e)) {
		out->status = TX_UNKNOWN;
		return -1;
	}
	return 0;
}
