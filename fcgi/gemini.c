/* SPDX-License-Identifier: Apache-2.0 */
/* gemini.fcgi - the responder of /gemini/. */
#include "config.h"

#include "pipeline/gateway.h"

int main(int argc, char **argv)
{
	static const struct responder_ops ops = { .name = "gemini.fcgi",
						  .summary =
							  "Meters and forwards requests to Gemini.",
						  .provider = "gemini",
						  .handle = gateway_proxy,
						  GATEWAY_OPS };

	return responder_main(argc, argv, &ops);
}
