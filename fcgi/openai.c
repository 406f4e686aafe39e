/* SPDX-License-Identifier: Apache-2.0 */
/* openai.fcgi - the responder of /openai/. */
#include "config.h"

#include "pipeline/gateway.h"

int main(int argc, char **argv)
{
	static const struct responder_ops ops = { .name = "openai.fcgi",
						  .summary =
							  "Meters and forwards requests to OpenAI.",
						  .provider = "openai",
						  .handle = gateway_proxy,
						  GATEWAY_OPS };

	return responder_main(argc, argv, &ops);
}
