/* SPDX-License-Identifier: Apache-2.0 */
/* openrouter.fcgi - the responder of /openrouter/. */
#include "config.h"

#include "pipeline/gateway.h"

int main(int argc, char **argv)
{
	static const struct responder_ops ops = {
		.name = "openrouter.fcgi",
		.summary = "Meters and forwards requests to OpenRouter.",
		.provider = "openrouter",
		.handle = gateway_proxy,
		GATEWAY_OPS
	};

	return responder_main(argc, argv, &ops);
}
