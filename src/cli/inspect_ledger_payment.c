/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway inspect payment - what a payment header says. */
#include "config.h"

#include "cli/inspect_ledger.h"

#include "ledger/payment_header.h"

/* clang-format off */
static const char text[] =
	"H is the value of X-Payment-Channel-Data; - reads it from standard input. A request is held to\n"
	"the rules of a gateway. Signatures are shown in hex and not verified.";
/* clang-format on */

static void put_u256(struct jwrite *w, const char *key, struct u256 v)
{
	char digits[U256_TEXT];

	u256_format(digits, v);
	jwrite_text(w, key, digits);
}

static void put_text(struct jwrite *w, const char *key, const char *z)
{
	jwrite_text(w, key, *z ? z : NULL);
}

static int request(struct jwrite *w, struct str header, struct gw_err *e)
{
	struct payment_request r;

	if (payment_request_read(&r, header, e))
		return -1;
	jwrite_u64(w, "version", 1);
	jwrite_text(w, "clientTxRef", r.client_tx_ref);
	put_u256(w, "maxAmount", r.max_amount);
	if (!r.has_voucher) {
		jwrite_null(w, "signedSubRav");
		return 0;
	}
	jwrite_object(w, "signedSubRav");
	subrav_write_json(w, "subRav", &r.voucher.rav);
	inspect_bytes(w, "signature", r.voucher.signature, KEY_SIG);
	jwrite_object_end(w);
	return 0;
}

static void put_error(struct jwrite *w, const struct payment_response *r)
{
	jwrite_object(w, "error");
	jwrite_text(w, "code", r->error_code);
	jwrite_text(w, "message", r->error_message);
	if (r->error_details.len)
		jwrite_raw(w, "details", r->error_details);
	jwrite_object_end(w);
}

static int response(struct jwrite *w, struct str header, struct gw_err *e)
{
	struct payment_response r;
	struct buf scratch;
	int rc;

	buf_init(&scratch, PAYMENT_HEADER_MAX);
	rc = payment_response_read(&r, header, &scratch, e);
	if (!rc) {
		jwrite_u64(w, "version", 1);
		put_text(w, "clientTxRef", r.client_tx_ref);
		put_text(w, "serviceTxRef", r.service_tx_ref);
		if (r.has_subrav)
			subrav_write_json(w, "subRav", &r.subrav);
		else
			jwrite_null(w, "subRav");
		if (r.has_cost)
			put_u256(w, "cost", r.cost);
		else
			jwrite_null(w, "cost");
		if (r.has_cost_usd)
			put_u256(w, "costUsd", r.cost_usd_stated);
		else
			jwrite_null(w, "costUsd");
		if (r.has_error)
			put_error(w, &r);
		else
			jwrite_null(w, "error");
	}
	buf_clear(&scratch);
	return rc;
}

static int inspect(const char *header, bool is_request, bool json)
{
	struct buf value, out;
	struct jwrite w;
	struct gw_err e;
	int rc;

	buf_init(&value, INSPECT_INPUT_MAX);
	inspect_json(&w, &out, json);
	jwrite_object(&w, NULL);
	rc = inspect_text(&value, header, &e);
	if (!rc)
		rc = is_request ? request(&w, buf_str(&value), &e)
				: response(&w, buf_str(&value), &e);
	jwrite_object_end(&w);
	rc = rc ? inspect_failed(json, &e) : inspect_print(&out);
	buf_clear(&out);
	buf_clear(&value);
	return rc;
}

int inspect_payment(int argc, char **argv)
{
	const char *of_request = NULL, *of_response = NULL;
	bool json = false, help = false;
	const struct opt rows[] = {
		{ .name = "request",
		  .arg = "H",
		  .value = &of_request,
		  .help = "the header of a request" },
		{ .name = "response",
		  .arg = "H",
		  .value = &of_response,
		  .help = "the header of an answer, or the value in the frame of a stream" },
		{ .name = "json", .flag = &json, .help = "print one line" },
		OPTS_HELP(&help),
		OPTS_END
	};
	struct gw_err e;

	if (opts_parse(rows, &argc, argv, &e))
		return cli_fail(&e);
	if (help) {
		opts_help(stdout, "inspect payment --request H | --response H [--json]", text,
			  rows);
		return CLI_OK;
	}
	if (argc != 1 || !of_request == !of_response) {
		gw_fail(&e, GWE_USAGE, 0, "inspect payment --request H | --response H");
		return cli_fail(&e);
	}
	return inspect(of_request ? of_request : of_response, of_request != NULL, json);
}
