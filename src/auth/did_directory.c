/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of DID documents: one file <identifier>.json each. */
#include "config.h"

#include "auth/did_document.h"

#include <errno.h>
#include <limits.h>

#include "util/file.h"

enum { FILE_MAX = 256 * 1024 };

/* The file's name is made of the identifier: only the characters of a well-formed one get there. */
static bool path_of(char path[PATH_MAX], const char *dir, struct str did)
{
	struct str identifier = str_sub(did, strlen("did:rooch:"), did.len);
	int n;

	if (!did_rooch_valid(did))
		return false;
	n = snprintf(path, PATH_MAX, "%s/%.*s.json", dir, STR_ARG(identifier));
	return n > 0 && n < PATH_MAX;
}

int did_directory_read(const char *dir, struct str did, struct did_document **out, struct gw_err *e)
{
	struct secret text = { NULL, 0 };
	struct gw_err why = { .code = GWE_OK };
	char path[PATH_MAX];
	struct stat st;
	int rc;

	if (!path_of(path, dir, did))
		return 1;
	if (file_read(path, FILE_MAX, &text, &st)) {
		if (errno == ENOENT)
			return 1;
		return gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, errno, "%s: %s", path,
				    strerror(errno));
	}
	rc = did_document_parse(secret_reveal(&text), out, &why);
	secret_clear(&text);
	return rc ? gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0, "%s: %s", path, why.pub) : 0;
}
