/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/stored_key.h"

#include "codec/jwrite.h"
#include "ledger/rooch_send.h"
#include "util/conf.h"

void stored_key_describe(const struct stored_key *k, bool json, const struct buf *service_key,
			 struct buf *out)
{
	const char *type = key_type_name(signing_key_type(k->key));
	char key_id[DID_TEXT + FRAGMENT_TEXT];
	struct jwrite w;
	struct buf pub;

	snprintf(key_id, sizeof key_id, "%s#%s", k->did, k->fragment);
	buf_init(&pub, 256);
	stored_key_public(k, &pub);
	if (json) {
		jwrite_init(&w, out, false);
		jwrite_object(&w, NULL);
		jwrite_bool(&w, "ok", true);
		jwrite_text(&w, "did", k->did);
		jwrite_text(&w, "fragment", k->fragment);
		jwrite_text(&w, "keyId", key_id);
		jwrite_text(&w, "keyType", type);
		jwrite_str(&w, "publicKeyMultibase", buf_str(&pub));
		if (service_key)
			jwrite_str(&w, "serviceKey", buf_str(service_key));
		jwrite_object_end(&w);
	} else {
		buf_addf(out, "DID:         %s\nkey id:      %s\ntype:        %s\npublic key:  %s",
			 k->did, key_id, type, buf_c(&pub));
	}
	buf_clear(&pub);
}

_Static_assert(sizeof((struct stored_key *)0)->did >= (size_t)ROOCH_DID_TEXT, "a DID of the chain fits");

void stored_key_name_did(struct stored_key *k, const struct rooch_id *address)
{
	rooch_did_text(k->did, address);
	snprintf(k->fragment, sizeof k->fragment, "%s", rooch_self_fragment);
}

int stored_key_register(struct stored_key *k, const char *node_url, struct gw_err *e)
{
	const struct rooch_rpc_options o = { .url = node_url, .slots = 1 };
	struct rooch_rpc *rpc;
	struct rooch_id did;
	int rc;

	if (upstream_global_init(e))
		return -1;
	rpc = rooch_rpc_new(&o);
	rc = rooch_create_did(rpc, k->key, &did, e);
	rooch_rpc_free(rpc);
	if (rc) {
		gw_err_add(e, "the node is %s", node_url);
		return -1;
	}
	stored_key_name_did(k, &did);
	return 0;
}

int service_did_of(const struct conf *c, char did[DID_TEXT], struct gw_err *e)
{
	struct stored_key k;
	struct gw_err why;

	if (!secret_is_set(&c->service_key)) {
		snprintf(did, DID_TEXT, "%s", c->service_did);
		return 0;
	}
	if (service_key_read(&k, secret_reveal(&c->service_key), &why))
		return gw_fail(e, GWE_CONFIG, 0, "SERVICE_KEY: %s", why.pub);
	snprintf(did, DID_TEXT, "%s", k.did);
	stored_key_clear(&k);
	if (c->service_did[0] && strcmp(c->service_did, did))
		return gw_fail(e, GWE_CONFIG, 0,
			       "SERVICE_DID is not the DID of SERVICE_KEY, %s; it can be left out",
			       did);
	return 0;
}
