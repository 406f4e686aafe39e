/* SPDX-License-Identifier: Apache-2.0 */
/* claude.fcgi - the responder of /claude/. */
#include "config.h"

#include "pipeline/gateway.h"

int main(int argc, char **argv)
{
	static const struct responder_ops ops = {
		.name = "claude.fcgi",
		.summary = "Meters and forwards requests to Anthropic.",
		.provider = "claude",
		.handle = gateway_proxy,
		GATEWAY_OPS
	};

	return responder_main(argc, argv, &ops);
}
