/* SPDX-License-Identifier: Apache-2.0 */
/* litellm.fcgi - the responder of /litellm/. */
#include "config.h"

#include "pipeline/gateway.h"

int main(int argc, char **argv)
{
	static const struct responder_ops ops = {
		.name = "litellm.fcgi",
		.summary = "Meters and forwards requests to LiteLLM.",
		.provider = "litellm",
		.handle = gateway_proxy,
		GATEWAY_OPS
	};

	return responder_main(argc, argv, &ops);
}
