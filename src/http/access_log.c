/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "http/access_log.h"

#include "codec/jwrite.h"
#include "http/reply.h"
#include "util/clock.h"
#include "util/conf.h"
#include "util/log.h"
#include "util/picousd.h"

enum { LINE_MAX_BYTES = 32768, TEXT_MAX = 512, STATUS_CLIENT_GONE = 499 };

static void text(struct jwrite *w, const char *key, struct str s)
{
	if (s.len)
		jwrite_str(w, key, str_sub(s, 0, TEXT_MAX));
}

static void number(struct jwrite *w, const char *key, int64_t v)
{
	if (v >= 0)
		jwrite_i64(w, key, v);
}

/* Values of unknown members are hidden: some clients put a key into the query. */
static void add_query(struct buf *b, struct str query)
{
	static const char *const shown[] = { "limit",	  "after_id", "before_id", "pageSize",
					     "pageToken", "alt",      "nonce",	   "stream" };
	size_t at = 0;

	query = str_sub(query, 0, TEXT_MAX);
	while (at < query.len) {
		struct str part = str_sub(query, at, query.len), name;
		ptrdiff_t p = str_find(part, '&');
		bool show = false;

		if (p >= 0)
			part.len = (size_t)p;
		at += part.len + 1;
		p = str_find(part, '=');
		name = p < 0 ? part : str_sub(part, 0, (size_t)p);
		for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
			show = show || str_eq_c(name, shown[i]);
		if (b->len)
			buf_add_byte(b, '&');
		buf_add_str(b, show ? part : str_sub(name, 0, 32));
		if (!show && p >= 0)
			buf_add_c(b, "=***");
	}
}

static int status_of(const struct http_reply *r)
{
	if (r->status)
		return r->status;
	return r->gone ? STATUS_CLIENT_GONE : 0;
}

static struct str referer_of(const struct http_request *rq)
{
	struct str s = http_header(rq, "Referer");
	ptrdiff_t q = str_find(s, '?');

	return q < 0 ? s : str_sub(s, 0, (size_t)q);
}

static int64_t ms_between(int64_t from_us, int64_t to_us)
{
	return to_us > from_us ? (to_us - from_us) / 1000 : 0;
}

static const char *const upstream_headers[ACCESS_UPSTREAM_HEADERS] = {
	"x-usage", "x-ratelimit-limit", "x-ratelimit-remaining", "x-request-id"
};

void access_log_upstream_header(struct access_fields *l, struct str name, struct str value)
{
	for (unsigned i = 0; i < ACCESS_UPSTREAM_HEADERS; i++)
		if (str_caseeq_c(name, upstream_headers[i]))
			l->upstream_header[i] = value;
}

static void write_upstream_headers(struct jwrite *w, const struct access_fields *l)
{
	bool open = false;

	for (unsigned i = 0; i < ACCESS_UPSTREAM_HEADERS; i++) {
		if (!l->upstream_header[i].len)
			continue;
		if (!open)
			jwrite_object(w, "upstream_headers_subset");
		open = true;
		text(w, upstream_headers[i], l->upstream_header[i]);
	}
	if (open)
		jwrite_object_end(w);
}

static void write_upstream(struct jwrite *w, const struct access_fields *l)
{
	if (!l->upstream_outcome)
		return;
	text(w, "upstream_name", l->provider);
	text(w, "upstream_method", str_c(l->upstream_method));
	text(w, "upstream_path", l->upstream_path);
	if (l->upstream_status)
		jwrite_i64(w, "upstream_status_code", l->upstream_status);
	number(w, "upstream_duration_ms", l->upstream_ms);
	text(w, "upstream_request_id", l->upstream_request_id);
	write_upstream_headers(w, l);
	text(w, "upstream_cost_usd", l->upstream_cost_usd);
	jwrite_bool(w, "upstream_streamed", l->upstream_streamed);
	jwrite_u64(w, "upstream_bytes", l->upstream_bytes);
	text(w, "upstream_outcome", str_c(l->upstream_outcome));
}

static void write_usage(struct jwrite *w, const struct access_fields *l)
{
	char usd[PICOUSD_USD_TEXT];

	number(w, "input_tokens", l->input_tokens);
	number(w, "output_tokens", l->output_tokens);
	if (l->input_tokens >= 0 && l->output_tokens >= 0)
		jwrite_i64(w, "total_tokens", l->input_tokens + l->output_tokens);
	number(w, "cached_tokens", l->cached_tokens);
	if (l->cached_tokens > 0 || l->cache_write_tokens) {
		jwrite_object(w, "input_tokens_details");
		number(w, "cached_tokens", l->cached_tokens);
		jwrite_u64(w, "cache_write_tokens", l->cache_write_tokens);
		jwrite_object_end(w);
	}
	if (l->reasoning_tokens) {
		jwrite_object(w, "output_tokens_details");
		jwrite_u64(w, "reasoning_tokens", l->reasoning_tokens);
		jwrite_object_end(w);
	}
	text(w, "pricing_source", l->pricing_source);
	text(w, "pricing_version", l->pricing_version);
	text(w, "priced_as", l->priced_as);
	text(w, "usage_source", l->usage_source);
	if (!l->has_cost)
		return;
	picousd_format_usd(usd, picousd_of(l->cost_pico));
	jwrite_text(w, "total_cost_usd", usd);
	jwrite_u64(w, "cost_pico_usd", l->cost_pico);
	jwrite_bool(w, "estimated", l->estimated);
}

static void write_payment(struct jwrite *w, const struct access_fields *l)
{
	text(w, "payment", l->payment);
	text(w, "channel_id", l->channel_id);
	text(w, "fragment", l->fragment);
	if (l->has_nonce)
		jwrite_u64(w, "nonce", l->nonce);
	text(w, "asset_cost", l->asset_cost);
}

static void write_json(struct buf *b, const struct http_request *rq, const struct http_reply *r)
{
	const struct access_fields *l = &rq->log;
	int64_t now_us = clock_mono_us();
	char iso[CLOCK_ISO_SIZE];
	struct str llm_provider;
	struct buf query;
	struct jwrite w;

	jwrite_init(&w, b, false);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "type", "access_log");
	jwrite_text(&w, "request_id", rq->id);
	text(&w, "client_tx_ref",
	     l->client_tx_ref.len || !rq->id_given ? l->client_tx_ref : str_c(rq->id));
	text(&w, "server_tx_ref", l->server_tx_ref);
	clock_iso(iso, rq->started_ms);
	jwrite_text(&w, "request_time", iso);
	clock_iso(iso, clock_wall_ms());
	jwrite_text(&w, "response_time", iso);
	jwrite_i64(&w, "duration_ms", ms_between(rq->started_us, now_us));
	if (r->first_byte_us)
		jwrite_i64(&w, "first_byte_ms", ms_between(rq->started_us, r->first_byte_us));
	text(&w, "method", rq->method);
	text(&w, "path", rq->path);
	if (rq->query.len) {
		buf_init(&query, (size_t)4 * TEXT_MAX);
		add_query(&query, rq->query);
		text(&w, "query", buf_str(&query));
		buf_clear(&query);
	}
	jwrite_bool(&w, "is_stream", l->is_stream);
	text(&w, "client_ip", rq->client_ip);
	text(&w, "user_agent", http_header(rq, "User-Agent"));
	text(&w, "referer", referer_of(rq));
	if (rq->has_length || l->body_bytes)
		jwrite_u64(&w, "request_body_size",
			   rq->has_length ? rq->content_length : l->body_bytes);
	llm_provider = http_header(rq, "X-LLM-Provider");
	if (rq->content_type.len || llm_provider.len) {
		jwrite_object(&w, "req_headers_subset");
		text(&w, "content-type", rq->content_type);
		text(&w, "x-llm-provider", llm_provider);
		jwrite_object_end(&w);
	}
	text(&w, "did", l->did);
	text(&w, "provider", l->provider);
	text(&w, "model", l->model);
	text(&w, "api", l->api);
	write_usage(&w, l);
	write_upstream(&w, l);
	write_payment(&w, l);
	text(&w, "error_code",
	     l->error_code && *l->error_code ? str_c(l->error_code) : l->upstream_error_code);
	text(&w, "error_type", l->upstream_error_type);
	text(&w, "error_detail", str_c(l->detail));
	text(&w, "alarm", str_c(l->alarm));
	if (status_of(r))
		jwrite_i64(&w, "status_code", status_of(r));
	jwrite_bool(&w, "client_gone", r->gone);
	jwrite_u64(&w, "response_bytes", r->body_bytes);
	if (r->type[0]) {
		jwrite_object(&w, "res_headers_subset");
		jwrite_text(&w, "content-type", r->type);
		jwrite_object_end(&w);
	}
	jwrite_object_end(&w);
}

/* ---- key=value, style.md 8 ---- */

static void kv(struct buf *b, const char *key, struct str v)
{
	bool plain = v.len > 0;

	v = str_sub(v, 0, TEXT_MAX);
	for (size_t i = 0; i < v.len; i++)
		plain = plain && v.p[i] > 0x20 && v.p[i] < 0x7f && v.p[i] != '"' && v.p[i] != '=';
	buf_addf(b, "%s%s=", b->len ? " " : "", key);
	if (!v.len)
		buf_add_byte(b, '-');
	else if (plain)
		buf_add_str(b, v);
	else
		buf_add_json(b, v);
}

static void kv_number(struct buf *b, const char *key, bool known, uint64_t v)
{
	if (known)
		buf_addf(b, " %s=%llu", key, (unsigned long long)v);
	else
		buf_addf(b, " %s=-", key);
}

static void write_kv(struct buf *b, const struct http_request *rq, const struct http_reply *r)
{
	const struct access_fields *l = &rq->log;
	char iso[CLOCK_ISO_SIZE];

	clock_iso(iso, rq->started_ms);
	kv(b, "time", str_c(iso));
	kv(b, "request_id", str_c(rq->id));
	kv(b, "method", rq->method);
	kv(b, "path", rq->path);
	kv(b, "provider", l->provider);
	kv(b, "model", l->model);
	kv(b, "payer", l->did);
	kv_number(b, "status", status_of(r) > 0, (uint64_t)status_of(r));
	kv(b, "error", str_c(l->error_code));
	kv_number(b, "input_tokens", l->input_tokens >= 0, (uint64_t)l->input_tokens);
	kv_number(b, "output_tokens", l->output_tokens >= 0, (uint64_t)l->output_tokens);
	kv_number(b, "cached_tokens", l->cached_tokens >= 0, (uint64_t)l->cached_tokens);
	kv_number(b, "pico_usd", l->has_cost, l->cost_pico);
	kv(b, "estimated", str_c(l->has_cost ? (l->estimated ? "yes" : "no") : NULL));
	kv_number(b, "nonce", l->has_nonce, l->nonce);
	kv(b, "upstream", str_c(l->upstream_outcome));
	kv_number(b, "upstream_status", l->upstream_status > 0, (uint64_t)l->upstream_status);
	kv(b, "upstream_request_id", l->upstream_request_id);
	kv(b, "stream", str_c(l->is_stream ? "yes" : "no"));
	kv(b, "gone", str_c(r->gone ? "yes" : "no"));
	kv_number(b, "bytes", true, r->body_bytes);
	kv_number(b, "first_ms", r->first_byte_us > 0,
		  (uint64_t)ms_between(rq->started_us, r->first_byte_us));
	kv_number(b, "ms", true, (uint64_t)ms_between(rq->started_us, clock_mono_us()));
	kv(b, "detail", str_c(l->detail));
	if (l->alarm)
		kv(b, "alarm", str_c(l->alarm));
}

void access_log_write(const struct http_request *rq, const struct http_reply *r)
{
	struct buf b;

	if (!log_enabled(LOG_LVL_INFO))
		return;
	buf_init(&b, LINE_MAX_BYTES);
	if (rq->conf && !strcmp(rq->conf->log_format, "kv"))
		write_kv(&b, rq, r);
	else
		write_json(&b, rq, r);
	log_line(buf_str(&b));
	buf_clear(&b);
}
