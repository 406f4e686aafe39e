/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/dotenv.h"

#include "util/buf.h"
#include "util/secret.h"

struct scan {
	const char *p, *end;
	unsigned line;
	const char *file;
};

static bool at_end_of_line(const struct scan *s)
{
	return s->p == s->end || *s->p == '\n' ||
	       (*s->p == '\r' && (s->p + 1 == s->end || s->p[1] == '\n'));
}

static void skip_blank(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t'))
		s->p++;
}

static void skip_line(struct scan *s)
{
	while (s->p < s->end && *s->p != '\n')
		s->p++;
	if (s->p < s->end) {
		s->p++;
		s->line++;
	}
}

static bool name_byte(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
	       (!first && ((c >= '0' && c <= '9') || c == '.' || c == '-'));
}

static struct str name(struct scan *s)
{
	const char *from = s->p;

	while (s->p < s->end && name_byte(*s->p, s->p == from))
		s->p++;
	return (struct str){ from, (size_t)(s->p - from) };
}

/* What stands behind a backslash in double quotes; 0: nothing special. */
static char escaped(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case '"':
	case '\\':
	case '$':
		return c;
	}
	return 0;
}

static int quoted(struct scan *s, struct buf *out, struct gw_err *e)
{
	unsigned from = s->line;
	char quote = *s->p++;

	for (; s->p < s->end && *s->p != quote; s->p++) {
		if (*s->p == '\n')
			s->line++;
		if (quote == '"' && *s->p == '\\' && s->p + 1 < s->end && escaped(s->p[1]))
			buf_add_byte(out, escaped(*++s->p));
		else
			buf_add_byte(out, *s->p);
	}
	if (s->p == s->end)
		return gw_fail(e, GWE_CONFIG, 0, "%s:%u: the value has no closing %c", s->file,
			       from, quote);
	s->p++;
	skip_blank(s);
	if (!at_end_of_line(s) && *s->p != '#')
		return gw_fail(e, GWE_CONFIG, 0,
			       "%s:%u: after the closing %c only a comment may follow", s->file,
			       s->line, quote);
	return 0;
}

static void unquoted(struct scan *s, struct buf *out)
{
	const char *from = s->p;

	while (!at_end_of_line(s) &&
	       !(*s->p == '#' && (s->p == from || s->p[-1] == ' ' || s->p[-1] == '\t')))
		s->p++;
	buf_add_str(out, str_trim((struct str){ from, (size_t)(s->p - from) }));
}

/* The line at s->p; *n is empty when it holds no variable. */
static int line(struct scan *s, struct str *n, struct buf *value, struct gw_err *e)
{
	*n = STR_NULL;
	skip_blank(s);
	if (at_end_of_line(s) || *s->p == '#')
		return 0;
	*n = name(s);
	if (str_eq_c(*n, "export") && s->p < s->end && (*s->p == ' ' || *s->p == '\t')) {
		skip_blank(s);
		*n = name(s);
	}
	skip_blank(s);
	if (!n->len || s->p == s->end || *s->p != '=')
		return gw_fail(e, GWE_CONFIG, 0, "%s:%u: expected NAME=value or a comment", s->file,
			       s->line);
	s->p++;
	skip_blank(s);
	if (s->p < s->end && (*s->p == '"' || *s->p == '\'' || *s->p == '`'))
		return quoted(s, value, e);
	unquoted(s, value);
	return 0;
}

int dotenv_read(struct str text, const char *file,
		void (*each)(void *arg, struct str name, struct str value, unsigned line),
		void *arg, struct gw_err *e)
{
	const char *from = text.p ? text.p : "";
	struct scan s = { from, from + text.len, 1, file };
	struct buf value;
	int rc = 0;

	if (str_starts(text, "\xef\xbb\xbf"))
		s.p += 3;
	buf_init(&value, text.len);
	buf_room(&value, text.len); /* at once, so that no copy of a value stays behind */
	while (!rc && s.p < s.end) {
		unsigned at = s.line;
		struct str n;

		buf_reset(&value);
		rc = line(&s, &n, &value, e);
		if (!rc && n.len)
			each(arg, n, (struct str){ buf_c(&value), value.len }, at);
		secret_wipe(value.p, value.cap);
		skip_line(&s);
	}
	buf_clear(&value);
	return rc;
}
