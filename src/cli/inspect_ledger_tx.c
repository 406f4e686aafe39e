/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway inspect tx - what a transaction of the chain does, and in whose name. */
#include "config.h"

#include "cli/inspect_ledger.h"

#include "ledger/rooch_tx.h"

/* clang-format off */
static const char text[] =
	"HEX is a transaction with its authenticator, as it goes to the node; - reads it from standard\n"
	"input. Arguments of calls that are not known are shown as bytes. Signatures are not verified.";
/* clang-format on */

static int decode(const char *hex, bool json)
{
	struct buf bcs, lines, out;
	struct gw_err e;
	int rc;

	buf_init(&bcs, INSPECT_INPUT_MAX);
	buf_init(&lines, (size_t)8 * INSPECT_INPUT_MAX);
	buf_init(&out, (size_t)8 * INSPECT_INPUT_MAX);
	rc = inspect_hex(&bcs, hex, &e);
	if (!rc && !tx_json(&lines, buf_str(&bcs)))
		rc = gw_fail(&e, GWE_BAD_REQUEST, 0, "the bytes are no transaction");
	inspect_lines(&out, &lines, json ? NULL : "");
	rc = rc ? inspect_failed(json, &e) : inspect_print(&out);
	buf_clear(&out);
	buf_clear(&lines);
	buf_clear(&bcs);
	return rc;
}

int inspect_tx(int argc, char **argv)
{
	const char *hex = NULL;
	bool json = false, help = false;
	const struct opt rows[] = { { .name = "decode",
				      .arg = "HEX",
				      .value = &hex,
				      .help = "the bytes of the transaction" },
				    { .name = "json", .flag = &json, .help = "print one line" },
				    OPTS_HELP(&help),
				    OPTS_END };
	struct gw_err e;

	if (opts_parse(rows, &argc, argv, &e))
		return cli_fail(&e);
	if (help) {
		opts_help(stdout, "inspect tx --decode HEX [--json]", text, rows);
		return CLI_OK;
	}
	if (argc != 1 || !hex) {
		gw_fail(&e, GWE_USAGE, 0, "inspect tx --decode HEX");
		return cli_fail(&e);
	}
	return decode(hex, json);
}
