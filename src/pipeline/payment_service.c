/* SPDX-License-Identifier: Apache-2.0 */
/* Whom payments are for, and in what: read at a start, and by whoever checks settings without one. */
#include "config.h"

#include <string.h>

#include "pipeline/payment.h"

int payment_service(const struct conf *c, const char *did, struct rooch_id *service,
		    char asset[ROOCH_ASSET_TEXT], struct gw_err *e)
{
	static const char gas[] = "0x3::gas_coin::RGas";
	char known[ROOCH_ASSET_TEXT];

	if (!rooch_did_parse(service, str_c(did)))
		return gw_fail(
			e, GWE_CONFIG, 0,
			"payment needs a service DID of the form did:rooch:rooch1..., not '%s'",
			did);
	if (!rooch_asset_canonical(asset, str_c(c->default_asset_id)) ||
	    !rooch_asset_canonical(known, str_c(gas)))
		return gw_fail(e, GWE_CONFIG, 0, "'%s' is no coin type like %s",
			       c->default_asset_id, gas);
	/* the price of others is not known here: it has to be said */
	if (strcmp(asset, known) && c->from[CONF_asset_price_pico] == CONF_FROM_DEFAULT)
		return gw_fail(e, GWE_CONFIG, 0, "the asset %s is not supported without %s", asset,
			       conf_rows[CONF_asset_price_pico].env);
	return 0;
}

int payment_check(const struct conf *c, const char *did, struct gw_err *e)
{
	struct rooch_id service;
	char asset[ROOCH_ASSET_TEXT];

	return payment_service(c, did, &service, asset, e);
}
