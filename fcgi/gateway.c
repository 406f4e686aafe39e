/* SPDX-License-Identifier: Apache-2.0 */
/* gateway.fcgi - the responder of everything that belongs to no provider and costs nothing. */
#include "config.h"

#include "pipeline/info.h"

int main(int argc, char **argv)
{
	static const struct responder_ops ops = {
		.name = "gateway.fcgi",
		.summary = "Answers /, discovery, status, health and metrics.",
		.handle = info_handle,
		GATEWAY_OPS
	};

	return responder_main(argc, argv, &ops);
}
