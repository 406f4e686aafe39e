/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "settle/claim_key.h"

#include <limits.h>
#include <unistd.h>

static int find(struct secret *text, const struct conf *c, const char *file, struct gw_err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];

	if (!file && c->service_key_file[0])
		file = c->service_key_file;
	if (file)
		return conf_read_secret(file, text, e);
	if (dir && dir[0] &&
	    snprintf(path, sizeof path, "%s/service.key", dir) < (int)sizeof path &&
	    !access(path, F_OK))
		return conf_read_secret(path, text, e);
	if (!secret_is_set(&c->service_key))
		return gw_fail(
			e, GWE_CONFIG, 0,
			"the claim key is missing: --key-file, SERVICE_KEY_FILE, service.key "
			"in the credentials directory, or SERVICE_KEY");
	secret_set(text, secret_reveal(&c->service_key));
	return 0;
}

int claim_key_open(struct stored_key *out, const struct conf *c, const char *file, struct gw_err *e)
{
	struct secret text = { .p = NULL };
	int rc = find(&text, c, file, e);

	memset(out, 0, sizeof *out);
	if (!rc)
		rc = service_key_read(out, secret_reveal(&text), e);
	secret_clear(&text);
	if (rc || !c->service_did[0] || !strcmp(c->service_did, out->did))
		return rc;
	stored_key_clear(out);
	return gw_fail(e, GWE_CONFIG, 0, "the claim key is not that of SERVICE_DID %.100s",
		       c->service_did);
}
