/* SPDX-License-Identifier: Apache-2.0 */
/* payment-channel.fcgi - the responder of the endpoints below /payment-channel. */
#include "config.h"

#include "pipeline/payment_api.h"

int main(int argc, char **argv)
{
	static const struct responder_ops ops = {
		.name = "payment-channel.fcgi",
		.summary = "Answers payers and administrators about their payment channels.",
		.handle = payment_api_handle,
		GATEWAY_OPS
	};

	return responder_main(argc, argv, &ops);
}
