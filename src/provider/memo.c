/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "provider/memo.h"

enum { MATCH_MAX = 512 }; /* longer strings are the parser's, which is faster at them */

static void add_span(struct memo *m, struct str event, struct jval v, enum memo_kind kind)
{
	size_t at, quote = kind == MEMO_NUMBER ? 0 : 1;
	struct memo_span span;
	unsigned i;

	if (v.type != (kind == MEMO_NUMBER ? J_NUMBER : J_STRING))
		return;
	at = (size_t)(v.raw.p - event.p);
	span = (struct memo_span){ at + quote, at + v.raw.len - quote, kind };
	for (i = m->n; i && m->span[i - 1].at > span.at; i--)
		m->span[i] = m->span[i - 1];
	m->span[i] = span;
	m->n++;
}

void memo_keep(struct memo *m, struct str event, struct jval text, struct jval noise,
	       struct jval number)
{
	m->len = 0;
	m->n = 0;
	if (event.len > MEMO_MAX || text.type != J_STRING)
		return;
	memcpy(m->text, event.p, event.len);
	m->len = event.len;
	add_span(m, event, text, MEMO_TEXT);
	add_span(m, event, noise, MEMO_STRING);
	add_span(m, event, number, MEMO_NUMBER);
}

/* Behind the string's last byte, or NULL: no string, or one for the parser. */
static const char *match_string(const char *p, const char *end, uint64_t *bytes)
{
	uint64_t n = 0;

	for (; p < end && n < MATCH_MAX; p++, n++) {
		if (*p == '"') {
			*bytes = n;
			return p;
		}
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p == '\\') {
			p++;
			if (p == end || !*p || !strchr("\"\\/bfnrt", *p))
				return NULL;
		}
	}
	return NULL;
}

static const char *match_number(const char *p, const char *end)
{
	const char *from = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	if (p == from || (*from == '0' && p - from > 1))
		return NULL;
	/* a fraction or an exponent would not match what comes behind */
	return p;
}

bool memo_match(const struct memo *m, struct str event, uint64_t *bytes)
{
	const char *p = event.p, *end = event.p + event.len;
	size_t from = 0, n;
	uint64_t len = 0;

	if (!m->len)
		return false;
	for (unsigned i = 0; i < m->n; i++) {
		const struct memo_span *s = &m->span[i];

		n = s->at - from;
		if ((size_t)(end - p) < n || memcmp(p, m->text + from, n) != 0)
			return false;
		p = s->kind == MEMO_NUMBER ? match_number(p + n, end)
					   : match_string(p + n, end, &len);
		if (!p)
			return false;
		if (s->kind == MEMO_TEXT)
			*bytes = len;
		from = s->end;
	}
	n = m->len - from;
	return (size_t)(end - p) == n && !memcmp(p, m->text + from, n);
}
