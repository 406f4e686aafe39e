/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "client/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/jscan.h"
#include "codec/jwrite.h"
#include "codec/multibase.h"
#include "util/file.h"

enum { FILE_MAX = 16 * 1024, TEXT_MAX = 512, PRIVATE_MAX = 160 };

/* ---- DIDs ---- */

/* The bytes that stand before a public key in a did:key. */
static const uint8_t *prefix_of(enum key_type t)
{
	static const uint8_t ed25519[2] = { 0xed, 0x01 }, k1[2] = { 0xe7, 0x01 },
			     r1[2] = { 0x12, 0x00 };

	switch (t) {
	case KEY_ED25519:
		return ed25519;
	case KEY_K1:
		return k1;
	case KEY_R1:
		return r1;
	}
	return NULL;
}

static void set_did_key(struct identity *id)
{
	uint8_t bytes[2 + KEY_PUB_MAX];
	struct buf text;
	size_t n;

	memcpy(bytes, prefix_of(signing_key_type(id->key)), 2);
	n = signing_key_pub(id->key, bytes + 2);
	buf_init(&text, TEXT_MAX);
	multibase_encode_z(bytes, n + 2, &text);
	snprintf(id->did, sizeof id->did, "did:key:%s", buf_c(&text));
	snprintf(id->fragment, sizeof id->fragment, "%s", buf_c(&text));
	buf_clear(&text);
}

/* "DID" or "DID#FRAGMENT" */
static bool set_did(struct identity *id, struct str text)
{
	ptrdiff_t hash = str_find(text, '#');
	struct str fragment =
	    hash < 0 ? STR_LIT("account-key") : str_sub(text, (size_t)hash + 1, text.len);

	return str_visible(text, DID_TEXT) && str_starts(text, "did:") && fragment.len &&
	       str_find(fragment, '#') < 0 &&
	       str_copy(id->did, sizeof id->did,
			str_sub(text, 0, hash < 0 ? text.len : (size_t)hash)) &&
	       str_copy(id->fragment, sizeof id->fragment, fragment);
}

int identity_new(struct identity *id, enum key_type type, const char *did, struct gw_err *e)
{
	*id = (struct identity){ .key = NULL };
	if (did && !set_did(id, str_c(did)))
		return gw_fail(e, GWE_USAGE, 0,
			       "%.80s is no DID; write did:rooch:... or did:rooch:...#fragment",
			       did);
	if (signing_key_generate(&id->key, type, e))
		return -1;
	if (!did)
		set_did_key(id);
	return 0;
}

void identity_clear(struct identity *id)
{
	signing_key_free(id->key);
	id->key = NULL;
}

void identity_public(const struct identity *id, struct buf *out)
{
	uint8_t pub[KEY_PUB_MAX];

	multibase_encode_z(pub, signing_key_pub(id->key, pub), out);
}

void identity_document(const struct identity *id, struct buf *out)
{
	char method[DID_TEXT + FRAGMENT_TEXT];
	struct jwrite w;
	struct buf pub;

	snprintf(method, sizeof method, "%s#%s", id->did, id->fragment);
	buf_init(&pub, TEXT_MAX);
	identity_public(id, &pub);
	jwrite_init(&w, out, true);
	jwrite_object(&w, NULL);
	jwrite_array(&w, "@context");
	jwrite_text(&w, NULL, "https://www.w3.org/ns/did/v1");
	jwrite_array_end(&w);
	jwrite_text(&w, "id", id->did);
	jwrite_array(&w, "controller");
	jwrite_text(&w, NULL, id->did);
	jwrite_array_end(&w);
	jwrite_array(&w, "verificationMethod");
	jwrite_object(&w, NULL);
	jwrite_text(&w, "id", method);
	jwrite_text(&w, "type", key_type_name(signing_key_type(id->key)));
	jwrite_text(&w, "controller", id->did);
	jwrite_str(&w, "publicKeyMultibase", buf_str(&pub));
	jwrite_object_end(&w);
	jwrite_array_end(&w);
	jwrite_array(&w, "authentication");
	jwrite_text(&w, NULL, method);
	jwrite_array_end(&w);
	jwrite_object_end(&w);
	buf_add_byte(out, '\n');
	buf_clear(&pub);
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

static void write_json(const struct identity *id, struct buf *out)
{
	char key_id[DID_TEXT + FRAGMENT_TEXT];
	uint8_t priv[PRIVATE_MAX];
	struct buf text;
	struct jwrite w;

	snprintf(key_id, sizeof key_id, "%s#%s", id->did, id->fragment);
	buf_init(&text, TEXT_MAX);
	jwrite_init(&w, out, true);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "keyId", key_id);
	jwrite_text(&w, "keyType", key_type_name(signing_key_type(id->key)));
	identity_public(id, &text);
	jwrite_str(&w, "publicKeyMultibase", buf_str(&text));
	buf_reset(&text);
	multibase_encode_z(priv, signing_key_export(id->key, priv), &text);
	jwrite_str(&w, "privateKeyMultibase", buf_str(&text));
	jwrite_object_end(&w);
	buf_add_byte(out, '\n');
	secret_wipe(priv, sizeof priv);
	secret_wipe(text.p, text.cap);
	buf_clear(&text);
}

static int write_new(const char *path, struct str text, struct gw_err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool ok;

	if (fd < 0 && errno == EEXIST)
		return gw_fail(e, GWE_BAD_REQUEST, EEXIST,
			       "%s exists; a key is not overwritten: move it away", path);
	if (fd < 0)
		return gw_fail(e, GWE_BAD_REQUEST, errno, "%s: %s", path, strerror(errno));
	ok = write(fd, text.p, text.len) == (ssize_t)text.len && !fsync(fd);
	if (close(fd) || !ok) {
		gw_fail(e, GWE_BAD_REQUEST, errno, "%s cannot be written: %s", path,
			strerror(errno));
		unlink(path);
		return -1;
	}
	return 0;
}

int identity_write(const struct identity *id, const char *path, struct gw_err *e)
{
	char fallback[1024] = "";
	struct buf text;
	int rc;

	if (!path) {
		if (identity_default_path(fallback, sizeof fallback, e) ||
		    make_parents(fallback, e))
			return -1;
		path = fallback;
	}
	buf_init(&text, FILE_MAX);
	write_json(id, &text);
	rc = write_new(path, buf_str(&text), e);
	secret_wipe(text.p, text.cap);
	buf_clear(&text);
	return rc;
}

/* ---- reading ---- */

static bool read_key(struct identity *id, struct jval root, struct gw_err *e)
{
	char type_name[64], text[TEXT_MAX], key_id[DID_TEXT + FRAGMENT_TEXT];
	struct buf priv, pub;
	enum key_type type;
	bool ok;

	buf_init(&priv, PRIVATE_MAX);
	buf_init(&pub, TEXT_MAX);
	ok = jval_copy(jscan_get(root, "keyType"), type_name, sizeof type_name) &&
	     key_type_find(str_c(type_name), &type) &&
	     jval_copy(jscan_get(root, "keyId"), key_id, sizeof key_id) &&
	     set_did(id, str_c(key_id)) &&
	     jval_copy(jscan_get(root, "privateKeyMultibase"), text, sizeof text) &&
	     multibase_decode_any(str_c(text), &priv) &&
	     !signing_key_import(&id->key, type, (const uint8_t *)priv.p, priv.len, e);
	if (ok) {
		identity_public(id, &pub);
		ok = jval_copy(jscan_get(root, "publicKeyMultibase"), text, sizeof text) &&
		     str_eq_c(buf_str(&pub), text);
	}
	secret_wipe(text, sizeof text);
	secret_wipe(priv.p, priv.cap);
	buf_clear(&priv);
	buf_clear(&pub);
	return ok;
}

int identity_read(struct identity *id, const char *path, struct gw_err *e)
{
	struct secret content = { NULL, 0 };
	char fallback[1024];
	struct jval root;
	struct stat st;
	bool ok;

	*id = (struct identity){ .key = NULL };
	if (!path) {
		if (identity_default_path(fallback, sizeof fallback, e))
			return -1;
		path = fallback;
	}
	if (file_read(path, FILE_MAX, &content, &st)) {
		if (errno == ENOENT)
			return gw_fail(e, GWE_BAD_REQUEST, ENOENT,
				       "no key at %s; `"
				       "llm-gateway-client key new` makes one",
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
	ok = !jscan_check(secret_reveal(&content), 8, false, &root, NULL) && read_key(id, root, e);
	secret_clear(&content);
	if (!ok) {
		identity_clear(id);
		return gw_fail(e, GWE_BAD_REQUEST, 0,
			       "%s is not a key file of this program, or it is damaged", path);
	}
	return 0;
}
