/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway inspect key - whose key a SERVICE_KEY is. */
#include "config.h"

#include "cli/inspect.h"

#include "auth/service_key.h"
#include "cli/stored_key.h"
#include "util/file.h"

/* A key text comes from standard input alone: arguments can be seen by every user of the machine. */
int inspect_key(int argc, char **argv)
{
	bool json = false, help = false, from_stdin = false;
	const struct opt rows[] = {
		{ .name = "service-key-stdin",
		  .flag = &from_stdin,
		  .help = "read the SERVICE_KEY from standard input" },
		{ .name = "json", .flag = &json, .help = "print one JSON object" },
		OPTS_HELP(&help),
		OPTS_END
	};
	struct stored_key k = { .key = NULL };
	struct buf text, out;
	struct gw_err e;
	int rc;

	if (opts_parse(rows, &argc, argv, &e))
		return cli_fail(&e);
	if (help) {
		opts_help(stdout, "inspect key --service-key-stdin [--json]", NULL, rows);
		return CLI_OK;
	}
	if (argc != 1 || !from_stdin) {
		gw_fail(&e, GWE_USAGE, 0, "inspect key --service-key-stdin <FILE");
		return cli_fail(&e);
	}
	buf_init(&text, SERVICE_KEY_MAX);
	if (!buf_room(&text, SERVICE_KEY_MAX)) /* no growing, which would leave copies behind */
		abort();
	rc = file_read_input(&text, "-", &e);
	if (rc) {
		rc = cli_fail(&e);
	} else if (service_key_read(&k, buf_str(&text), &e)) {
		rc = inspect_refused(json, NULL, &e);
	} else {
		buf_init(&out, 4096);
		stored_key_describe(&k, json, NULL, &out);
		rc = inspect_print(&out);
		buf_clear(&out);
	}
	secret_wipe(text.p, text.cap);
	buf_clear(&text);
	stored_key_clear(&k);
	return rc;
}
