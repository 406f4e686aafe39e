/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/inspect_ledger.h"

#include <inttypes.h>

#include "util/file.h"

int inspect_text(struct buf *out, const char *arg, struct gw_err *e)
{
	struct buf all;
	int rc = 0;

	buf_init(&all, INSPECT_INPUT_MAX);
	if (!strcmp(arg, "-"))
		rc = file_read_input(&all, "-", e);
	else
		buf_add_c(&all, arg);
	if (!rc && (all.failed || !buf_add_str(out, str_trim(buf_str(&all)))))
		rc = gw_fail(e, GWE_USAGE, 0, "more than %d bytes", INSPECT_INPUT_MAX);
	buf_clear(&all);
	return rc;
}

int inspect_hex(struct buf *out, const char *arg, struct gw_err *e)
{
	struct str digits;
	struct buf text;
	uint8_t *to;
	int rc;

	buf_init(&text, INSPECT_INPUT_MAX);
	rc = inspect_text(&text, arg, e);
	digits = buf_str(&text);
	if (str_starts(digits, "0x"))
		digits = str_sub(digits, 2, digits.len);
	to = (uint8_t *)buf_room(out, digits.len / 2 + 1);
	if (!rc && (!to || digits.len % 2 || !hex_decode(to, digits.len / 2, digits)))
		rc = gw_fail(e, GWE_BAD_REQUEST, 0, "these are no bytes in hex");
	if (!rc)
		out->len += digits.len / 2;
	buf_clear(&text);
	return rc;
}

int inspect_failed(bool json, const struct gw_err *e)
{
	return e->code == GWE_USAGE ? cli_fail(e) : inspect_refused(json, NULL, e);
}

void inspect_json(struct jwrite *w, struct buf *b, bool json)
{
	buf_init(b, (size_t)8 * INSPECT_INPUT_MAX);
	jwrite_init(w, b, !json);
}

/* Line ends and indents never stand inside of JSON strings. */
void inspect_lines(struct buf *out, const struct buf *lines, const char *indent)
{
	for (size_t i = 0; i < lines->len; i++) {
		if (lines->p[i] != '\n') {
			buf_add_byte(out, lines->p[i]);
		} else if (indent) {
			buf_add_byte(out, '\n');
			buf_add_c(out, indent);
		} else {
			while (lines->p[i + 1] == ' ')
				i++;
		}
	}
	if (lines->failed)
		out->failed = true;
}

void inspect_u64(struct jwrite *w, const char *key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, v);
	jwrite_text(w, key, text);
}

void inspect_bytes(struct jwrite *w, const char *key, const void *p, size_t n)
{
	struct buf hex;
	char pair[3];

	buf_init(&hex, 2 * n + 1);
	for (size_t i = 0; i < n; i++) {
		hex_encode(pair, (const uint8_t *)p + i, 1);
		buf_add(&hex, pair, 2);
	}
	jwrite_str(w, key, buf_str(&hex));
	buf_clear(&hex);
}
