/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "client/discovery.h"

#include "client/chain.h"

static int no_use(struct gw_err *e, const char *what)
{
	return gw_fail(e, GWE_UPSTREAM_FAILED, 0,
		       "what the gateway says of its payment is of no use: %s", what);
}

/* "/payment-channel": a path of its own, without anything that a URL could hide in. */
static bool path_fits(const char *p)
{
	static const char good[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";

	return p[0] == '/' && p[1] && p[1] != '/' && !p[strspn(p, good)] && !strstr(p, "/.");
}

static int read_answer(struct discovery *d, struct jval root, struct gw_err *e)
{
	char did[ROOCH_DID_TEXT], asset[ROOCH_ASSET_TEXT];
	struct jval v;
	size_t n;

	if (!jval_copy(jscan_get(root, "serviceDid"), did, sizeof did) ||
	    !rooch_did_parse(&d->payee, str_c(did)))
		return no_use(e, "serviceDid is no did:rooch");
	v = jscan_get(root, "defaultAssetId");
	if (jval_is_null(v))
		snprintf(asset, sizeof asset, "%s", chain_default_asset);
	else if (!jval_copy(v, asset, sizeof asset))
		return no_use(e, "defaultAssetId");
	if (!rooch_asset_canonical(d->asset, str_c(asset)))
		return no_use(e, "defaultAssetId");
	if (!jval_copy(jscan_get(root, "network"), d->network, sizeof d->network) ||
	    !rooch_network_url(d->network))
		return no_use(e, "unknown network");
	v = jscan_get(root, "basePath");
	if (jval_is_null(v))
		snprintf(d->base_path, sizeof d->base_path, "/payment-channel");
	else if (!jval_copy(v, d->base_path, sizeof d->base_path))
		return no_use(e, "basePath");
	for (n = strlen(d->base_path); n > 1 && d->base_path[n - 1] == '/'; n--)
		d->base_path[n - 1] = '\0';
	return path_fits(d->base_path) ? 0 : no_use(e, "basePath");
}

int discovery_fetch(struct client_http *c, struct discovery *d, struct gw_err *e)
{
	static const char *const accept[] = { "Accept: application/json" };
	struct client_request rq = { .method = "GET",
				     .path = "/.well-known/nuwa-payment/info",
				     .unsigned_ = true,
				     .headers = accept,
				     .n_headers = 1 };
	struct jval root;
	struct buf body;
	int status, rc;

	buf_init(&body, CLIENT_JSON_MAX);
	rc = client_http_json(c, &rq, &status, &body, &root, e);
	if (!rc && (status < 200 || status > 299 || root.type != J_OBJECT))
		rc = gw_fail(e, GWE_UPSTREAM_FAILED, status,
			     "%.200s takes no payment: it answered %d where it would say how",
			     c->base, status);
	else if (!rc)
		rc = read_answer(d, root, e);
	buf_clear(&body);
	return rc;
}
