/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "provider/recording.h"

/* The next line of @rest without its end; false: there is none that ends. */
static bool next_line(struct str *rest, struct str *line)
{
	ptrdiff_t end = str_find(*rest, '\n');

	if (end < 0)
		return false;
	*line = str_sub(*rest, 0, (size_t)end);
	*rest = str_sub(*rest, (size_t)end + 1, rest->len);
	if (str_ends(*line, "\r"))
		line->len--;
	return true;
}

/* "name: value" */
static bool split(struct str line, struct str *name, struct str *value)
{
	ptrdiff_t colon = str_find(line, ':');

	if (colon <= 0)
		return false;
	*name = str_trim(str_sub(line, 0, (size_t)colon));
	*value = str_trim(str_sub(line, (size_t)colon + 1, line.len));
	return true;
}

static bool read_directive(struct recording *out, struct str line)
{
	struct str name, value;
	ptrdiff_t blank;

	if (!split(str_sub(line, 2, line.len), &name, &value))
		return false;
	out->directives = true;
	if (str_eq_c(name, "provider")) {
		out->provider = value;
	} else if (str_eq_c(name, "request")) {
		blank = str_find(value, ' ');
		if (blank < 0)
			return false;
		out->method = str_sub(value, 0, (size_t)blank);
		out->path = str_trim(str_sub(value, (size_t)blank, value.len));
	} else if (str_eq_c(name, "request-model")) {
		out->request_model = value;
	} else if (str_eq_c(name, "date")) {
		out->date = value;
	} else if (str_eq_c(name, "feed")) {
		out->feed = value;
	} else if (str_eq_c(name, "end")) {
		out->abrupt = str_eq_c(value, "abrupt");
		return out->abrupt || str_eq_c(value, "clean");
	}
	return true; /* others are for other readers */
}

static bool read_status(struct recording *out, struct str line)
{
	ptrdiff_t blank = str_find(line, ' ');
	uint64_t status;

	if (!str_starts(line, "HTTP/") || blank < 0 ||
	    !str_u64(str_sub(line, (size_t)blank + 1, 3), &status) || status < 100)
		return false;
	out->status = (int)status;
	return true;
}

int recording_read(struct recording *out, struct str file, struct gw_err *e)
{
	struct str rest = file, line, name, value, headers;
	unsigned n = 0;
	bool status = false;

	*out = (struct recording){ .abrupt = false };
	headers = rest;
	for (;;) {
		n++;
		if (!next_line(&rest, &line))
			return gw_fail(e, GWE_BAD_REQUEST, 0,
				       "line %u: the file ends within the head", n);
		if (!status && str_starts(line, "#!")) {
			if (!read_directive(out, line))
				return gw_fail(e, GWE_BAD_REQUEST, 0,
					       "line %u: expected \"#! name: value\"", n);
		} else if (!status) {
			if (!read_status(out, line))
				return gw_fail(e, GWE_BAD_REQUEST, 0,
					       "line %u: expected a status line like "
					       "\"HTTP/1.1 200 OK\"",
					       n);
			status = true;
			headers = rest;
		} else if (!line.len) {
			headers.len = (size_t)(line.p - headers.p);
			out->headers = headers;
			out->body = rest;
			return 0;
		} else if (!split(line, &name, &value)) {
			return gw_fail(e, GWE_BAD_REQUEST, 0,
				       "line %u: expected a header, \"name: value\"", n);
		}
	}
}

static struct str path_only(const struct recording *r)
{
	ptrdiff_t query = str_find(r->path, '?');

	return query < 0 ? r->path : str_sub(r->path, 0, (size_t)query);
}

enum api recording_api(const struct recording *r)
{
	static const struct {
		const char *end;
		enum api api;
	} ends[] = {
		{ "/chat/completions", API_CHAT },
		{ "/completions", API_COMPLETIONS },
		{ "/responses/input_tokens", API_COUNT_TOKENS },
		{ "/responses", API_RESPONSES },
		{ "/responses/compact", API_RESPONSES },
		{ "/embeddings", API_EMBEDDINGS },
		{ "/messages/count_tokens", API_COUNT_TOKENS },
		{ "/messages", API_MESSAGES },
		{ ":generateContent", API_GENERATE },
		{ ":streamGenerateContent", API_GENERATE },
		{ ":countTokens", API_COUNT_TOKENS },
		{ "/models", API_MODELS },
		{ "/images/generations", API_IMAGES },
		{ "/images/edits", API_IMAGES },
		{ "/audio/transcriptions", API_TRANSCRIPTIONS },
		{ "/audio/translations", API_TRANSCRIPTIONS },
	};
	struct str path = path_only(r);

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (str_ends(path, ends[i].end))
			return ends[i].api;
	if (str_has(path, "/responses/"))
		return API_RESPONSES; /* fetched again */
	return str_has(path, "/models/") ? API_MODELS : API_UNKNOWN;
}

struct str recording_path_model(const struct recording *r)
{
	static const char mark[] = "/models/";
	struct str path = path_only(r);
	const char *at = path.len ? memmem(path.p, path.len, mark, strlen(mark)) : NULL;
	ptrdiff_t colon;

	if (!at)
		return STR_NULL;
	path = str_sub(path, (size_t)(at - path.p) + strlen(mark), path.len);
	colon = str_find(path, ':');
	return colon < 0 ? STR_NULL : str_sub(path, 0, (size_t)colon);
}

/* The next size of the list @sizes; at its end it begins again. 0: not a size. */
static size_t next_size(struct str sizes, size_t *at)
{
	struct str rest = str_sub(sizes, *at, sizes.len);
	ptrdiff_t comma = str_find(rest, ',');
	uint64_t n;

	if (comma >= 0)
		rest.len = (size_t)comma;
	*at = comma < 0 ? 0 : *at + rest.len + 1;
	return str_u64(str_trim(rest), &n) ? n : 0;
}

static bool sizes_valid(struct str sizes)
{
	size_t at = 0;

	if (!sizes.len)
		return true;
	do {
		if (!next_size(sizes, &at))
			return false;
	} while (at);
	return true;
}

int recording_play(const struct recording *r, struct meter *m, struct str sizes, struct gw_err *e)
{
	struct str rest = r->headers, line, name, value;
	size_t at = 0, n;

	if (!sizes_valid(sizes))
		return gw_fail(e, GWE_BAD_REQUEST, 0, "feed: expected sizes of reads, like 1,7");
	meter_status(m, r->status);
	while (next_line(&rest, &line))
		if (split(line, &name, &value))
			meter_header(m, name, value);
	meter_head_end(m);
	for (rest = r->body; rest.len; rest = str_sub(rest, n, rest.len)) {
		n = sizes.len ? next_size(sizes, &at) : rest.len;
		n = n < rest.len ? n : rest.len;
		meter_feed(m, rest.p, n);
	}
	meter_end(m, !r->abrupt);
	return 0;
}
