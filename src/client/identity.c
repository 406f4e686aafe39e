/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "client/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/multibase.h"
#include "util/file.h"

enum { FILE_MAX = 16 * 1024 };

int identity_new(struct stored_key *id, enum key_type type, const char *did, struct gw_err *e)
{
	struct did_key key;

	*id = (struct stored_key){ .key = NULL };
	if (did && !stored_key_name(id, str_c(did), "account-key"))
		return gw_fail(e, GWE_USAGE, 0,
			       "%.80s is no DID; write did:rooch:... or did:rooch:...#fragment",
			       did);
	if (signing_key_generate(&id->key, type, e))
		return -1;
	if (!did) {
		key.type = type;
		key.pub_len = signing_key_pub(id->key, key.pub);
		did_key_format(id->did, &key);
		snprintf(id->fragment, sizeof id->fragment, "%.128s", id->did + strlen("did:key:"));
	}
	return 0;
}

/* ---- where it is kept ---- */

int identity_default_path(char *dst, size_t size, struct gw_err *e)
{
	const char *file = getenv("LLM_GATEWAY_KEY_FILE"), *config = getenv("XDG_CONFIG_HOME"),
		   *home = getenv("HOME");
	int n;

	if (file && *file)
		n = snprintf(dst, size, "%s", file);
	else if (config && *config)
		n = snprintf(dst, size,
			     "%s/"
			     "llm-gateway-client/key.json",
			     config);
	else if (home && *home)
		n = snprintf(dst, size, "%s/.config/llm-gateway-client/key.json", home);
	else
		return gw_fail(e, GWE_USAGE, 0,
			       "HOME is not set: name the key file with --key or --out");
	if (n < 0 || (size_t)n >= size)
		return gw_fail(e, GWE_USAGE, 0, "the path of the key file is too long");
	return 0;
}

int identity_path(char *dst, size_t size, const char *option, struct gw_err *e)
{
	if (!option)
		return identity_default_path(dst, size, e);
	return str_copy(dst, size, str_c(option))
		       ? 0
		       : gw_fail(e, GWE_USAGE, 0, "the path of the key file is too long");
}

/* Make the directories above @path that are missing, for the user alone. */
static int make_parents(const char *path, struct gw_err *e)
{
	char dir[1024];

	for (size_t i = 0; i < sizeof dir && path[i]; i++) {
		if (path[i] != '/' || i == 0)
			continue;
		memcpy(dir, path, i);
		dir[i] = '\0';
		if (mkdir(dir, 0700) && errno != EEXIST)
			return gw_fail(e, GWE_BAD_REQUEST, errno, "%s: %s", dir, strerror(errno));
	}
	return 0;
}

/* To a file that must not exist. */
static int write_file(const struct stored_key *id, const char *path, struct gw_err *e)
{
	struct buf text;
	int rc;

	buf_init(&text, FILE_MAX);
	if (!buf_room(&text, FILE_MAX)) /* no growing, which would leave copies behind */
		abort();
	stored_key_write(id, true, &text);
	buf_add_byte(&text, '\n');
	rc = file_write_new(path, 0600, buf_str(&text), e);
	secret_wipe(text.p, text.cap);
	buf_clear(&text);
	return rc;
}

int identity_write(const struct stored_key *id, const char *path, struct gw_err *e)
{
	char fallback[1024] = "";
	int rc;

	if (!path) {
		if (identity_default_path(fallback, sizeof fallback, e) ||
		    make_parents(fallback, e))
			return -1;
		path = fallback;
	}
	rc = write_file(id, path, e);
	if (rc && e->sys == EEXIST)
		gw_fail(e, GWE_BAD_REQUEST, EEXIST,
			"%s exists; a key is not overwritten: move it away", path);
	return rc;
}

int identity_replace(const struct stored_key *id, const char *path, struct gw_err *e)
{
	char beside[1100];
	int n = snprintf(beside, sizeof beside, "%s.new", path);

	if (n < 0 || (size_t)n >= sizeof beside)
		return gw_fail(e, GWE_USAGE, 0, "the path of the key file is too long");
	/* Left over by a command that was killed here. */
	if (unlink(beside) && errno != ENOENT)
		return gw_fail(e, GWE_BAD_REQUEST, errno, "%s: %s", beside, strerror(errno));
	if (write_file(id, beside, e))
		return -1;
	if (rename(beside, path))
		return gw_fail(e, GWE_BAD_REQUEST, errno, "%s: %s", path, strerror(errno));
	return 0;
}

int identity_parse(struct stored_key *id, struct str text, struct gw_err *e)
{
	struct buf json;
	int rc = -1;

	text = str_trim(text);
	if (str_starts(text, "{"))
		return stored_key_read(id, text, e);
	buf_init(&json, STORED_KEY_JSON_MAX);
	if (!buf_room(&json, STORED_KEY_JSON_MAX))
		abort();
	if (multibase_decode_any(text, &json))
		rc = stored_key_read(id, buf_str(&json), e);
	else
		gw_fail(e, GWE_BAD_REQUEST, 0,
			"not a key: neither JSON nor a text of base58 (z...)");
	secret_wipe(json.p, json.cap);
	buf_clear(&json);
	return rc;
}

/* ---- reading ---- */

int identity_read(struct stored_key *id, const char *path, struct gw_err *e)
{
	struct secret content = { NULL, 0 };
	char fallback[1024];
	struct gw_err why;
	struct stat st;
	int rc;

	*id = (struct stored_key){ .key = NULL };
	if (!path) {
		if (identity_default_path(fallback, sizeof fallback, e))
			return -1;
		path = fallback;
	}
	if (file_read(path, FILE_MAX, &content, &st)) {
		if (errno == ENOENT)
			return gw_fail(e, GWE_BAD_REQUEST, ENOENT,
				       "no key at %s; `"
				       "llm-gateway-client wallet new` makes one",
				       path);
		return gw_fail(e, GWE_BAD_REQUEST, errno, "%s: %s", path, strerror(errno));
	}
	if (st.st_mode & 077) {
		secret_clear(&content);
		return gw_fail(e, GWE_BAD_REQUEST, 0,
			       "%s can be read by others; `chmod 600` it, and if it was so for "
			       "long, make a new key",
			       path);
	}
	rc = stored_key_read(id, secret_reveal(&content), &why);
	secret_clear(&content);
	return rc ? gw_fail(e, GWE_BAD_REQUEST, 0, "%s is not a key file of this program: %s", path,
			    why.pub)
		  : 0;
}
