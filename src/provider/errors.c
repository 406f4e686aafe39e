/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "codec/jwrite.h"
#include "provider/rules.h"

const char *status_word_find(const struct status_word *t, int status)
{
	while (t->status && t->status != status)
		t++;
	return t->word;
}

void provider_error_body(enum provider_id p, int status, const char *code, const char *message,
			 struct buf *out)
{
	const struct provider_ops *ops = provider_row_get(p)->ops;

	/* Rule: gateway.md 9: this answer has one form for all of them */
	if (!ops->error_body || !strcmp(code, gw_err_wire(GWE_MODEL_NOT_SUPPORTED)))
		openai_error_body(status, code, message, out);
	else
		ops->error_body(status, code, message, out);
}

void provider_stream_error(enum provider_id p, enum api api, int status, const char *code,
			   const char *message, struct buf *out)
{
	const struct provider_ops *ops = provider_row_get(p)->ops;

	(ops->stream_error ? ops->stream_error : openai_stream_error)(api, status, code, message,
								      out);
}
