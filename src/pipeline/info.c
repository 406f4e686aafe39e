/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pipeline/info.h"

#include "codec/jwrite.h"
#include "pipeline/free_route.h"
#include "util/clock.h"

enum { INFO_MAX = 1 << 20, RECENT_MS = 300000, NAME_MAX_LEN = 32 };

#define JSON_TYPE "application/json; charset=utf-8"

static void send_json(struct http_reply *rp, int status, const struct buf *b)
{
	http_reply_send(rp, status, JSON_TYPE, buf_str(b));
}

static void write_now(struct jwrite *w, const char *key, int64_t ms)
{
	char iso[CLOCK_ISO_SIZE];

	clock_iso(iso, ms);
	jwrite_text(w, key, iso);
}

/* ---- GET / ---- */

static void root(struct gateway *g, struct http_request *rq, struct http_reply *rp, struct buf *b)
{
	struct jwrite w;

	(void)g;
	jwrite_init(&w, b, false);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "service", "Nuwa LLM Gateway");
	jwrite_text(&w, "version", PACKAGE_VERSION);
	jwrite_text(&w, "status", "running");
	write_now(&w, "timestamp", clock_wall_ms());
	jwrite_object(&w, "config");
	jwrite_text(&w, "network", rq->conf->network);
	jwrite_text(&w, "serviceId", rq->conf->service_id);
	jwrite_bool(&w, "debug", rq->conf->debug);
	jwrite_text(&w, "payment", rq->conf->payment);
	jwrite_object_end(&w);
	jwrite_object_end(&w);
	send_json(rp, 200, b);
}

/* ---- discovery ---- */

static void plain_error(struct http_reply *rp, enum gw_code code, const char *sentence)
{
	struct error_form f = { .shape = SHAPE_PLAIN };
	struct gw_err e;

	(void)gw_fail(&e, code, 0, "%s", sentence);
	http_reply_error(rp, &e, &f);
}

static void discovery(struct gateway *g, struct http_request *rq, struct http_reply *rp,
		      struct buf *b)
{
	const struct conf *c = rq->conf;
	struct jwrite w;
	char price[24];

	if (!g->payments) {
		plain_error(rp, GWE_NOT_FOUND, "Payment is off at this gateway");
		return;
	}
	jwrite_init(&w, b, false);
	jwrite_object(&w, NULL);
	jwrite_u64(&w, "version", 1);
	jwrite_text(&w, "serviceId", c->service_id);
	jwrite_text(&w, "serviceDid", c->service_did);
	jwrite_text(&w, "network", c->network);
	jwrite_text(&w, "defaultAssetId", c->default_asset_id);
	jwrite_text(&w, "basePath", "/payment-channel");
	snprintf(price, sizeof price, "%llu", (unsigned long long)c->default_price_pico_usd);
	jwrite_text(&w, "defaultPricePicoUSD", price);
	jwrite_object_end(&w);
	http_reply_header(rp, "Cache-Control", STR_LIT("max-age=3600, public"));
	send_json(rp, 200, b);
}

/* ---- providers ---- */

static void list_names(struct jwrite *w, const char *key, const struct conf *c, bool offered)
{
	jwrite_array(w, key);
	for (const struct conf_provider *p = conf_providers; p->name; p++)
		if (conf_offers(c, p->name) == offered)
			jwrite_text(w, NULL, p->name);
	jwrite_array_end(w);
}

static void providers(struct gateway *g, struct http_request *rq, struct http_reply *rp,
		      struct buf *b)
{
	const struct conf *c = rq->conf;
	struct jwrite w;

	jwrite_init(&w, b, false);
	jwrite_object(&w, NULL);
	jwrite_bool(&w, "success", true);
	jwrite_object(&w, "data");
	jwrite_array(&w, "registered");
	for (const struct conf_provider *p = conf_providers; p->name; p++) {
		enum provider_id id;

		if (!conf_offers(c, p->name) || !provider_find(str_c(p->name), &id))
			continue;
		jwrite_object(&w, NULL);
		jwrite_text(&w, "name", p->name);
		jwrite_bool(&w, "requiresApiKey", true);
		jwrite_bool(&w, "supportsNativeUsdCost", provider_states_cost(id));
		jwrite_text(&w, "status", "registered");
		jwrite_object_end(&w);
	}
	jwrite_array_end(&w);
	list_names(&w, "available", c, true);
	list_names(&w, "unavailable", c, false);
	jwrite_object(&w, "environment");
	for (const struct conf_provider *p = conf_providers; p->name; p++)
		jwrite_bool(&w, conf_rows[p->base_url].env,
			    c->from[p->base_url] != CONF_FROM_DEFAULT);
	jwrite_bool(&w, "PRICING_OVERRIDES", c->pricing_overrides[0] != '\0');
	jwrite_object_end(&w);
	jwrite_text(&w, "payment", c->payment);
	write_now(&w, "registrationTime", responder_started_ms(g->responder));
	jwrite_text(&w, "note",
		    "New route structure: /{provider}/v1/* or /{provider}/api/v1/* (e.g., "
		    "/openai/v1/chat/completions, /openrouter/api/v1/chat/completions)");
	jwrite_object_end(&w);
	jwrite_object_end(&w);
	send_json(rp, 200, b);
}

/* ---- health ---- */

static void healthz(struct gateway *g, struct http_request *rq, struct http_reply *rp,
		    struct buf *b)
{
	(void)g, (void)rq;
	buf_add_c(b, "{\"status\":\"alive\"}");
	send_json(rp, 200, b);
}

static int ping(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct stmt *s = stmt_get(c, STMT_PING);
	int r = stmt_step(s, e);

	(void)arg;
	stmt_done(s);
	return r < 0 ? -1 : 0;
}

/* Without writes nothing is served, and charges wait. */
static bool can_be_used(const struct gateway *g, struct gw_err *e)
{
	int64_t ms = gateway_unwritten_ms(g);

	if (ms < LEASE_MS)
		return store_read(g->store, ping, NULL, e) == 0;
	(void)gw_fail_priv(e, GWE_SERVICE_UNAVAILABLE, 0,
			   "the store has taken no writes for %lld ms", (long long)ms);
	return false;
}

static void readyz(struct gateway *g, struct http_request *rq, struct http_reply *rp, struct buf *b)
{
	struct gw_err e;
	bool store = can_be_used(g, &e);
	bool ledger = !g->payments || payment_engine_ready(g->payments, &e) == 0;
	struct jwrite w;

	(void)rq;
	if (!store || !ledger)
		http_note_error(rp, &e);
	jwrite_init(&w, b, false);
	jwrite_object(&w, NULL);
	jwrite_text(&w, "status", store && ledger ? "ready" : "not ready");
	jwrite_bool(&w, "store", store);
	if (g->payments)
		jwrite_bool(&w, "ledger", ledger);
	jwrite_text(&w, "payment", g->payments ? "on" : "off");
	jwrite_object_end(&w);
	send_json(rp, store && ledger ? 200 : 503, b);
}

/* ---- metrics ---- */

static const char *outcome_name(int64_t outcome)
{
	static const char *const names[] = {
		"running", "ok", "upstream_error", "upstream_broke", "gone", "refused", "lost"
	};

	return outcome >= 0 && outcome < (int64_t)(sizeof names / sizeof names[0]) ? names[outcome]
										   : "other";
}

struct metric_columns {
	const char *name, *help, *column;
};

static int read_metrics(struct store_conn *c, void *arg, struct gw_err *e)
{
	static const struct metric_columns columns[] = {
		{ "llm_gateway_recent_requests", "Requests of the last five minutes.", "requests" },
		{ "llm_gateway_recent_input_tokens", "Input tokens of the last five minutes.",
		  "input_tokens" },
		{ "llm_gateway_recent_output_tokens", "Output tokens of the last five minutes.",
		  "output_tokens" },
		{ "llm_gateway_recent_cost_pico_usd", "Cost of the last five minutes.",
		  "cost_pico" },
	};
	struct buf *b = arg;
	int r = 0;

	for (size_t i = 0; i < sizeof columns / sizeof columns[0] && r >= 0; i++) {
		struct stmt *s = stmt_get(c, STMT_USAGE_RECENT);

		buf_addf(b, "# HELP %s %s\n# TYPE %s gauge\n", columns[i].name, columns[i].help,
			 columns[i].name);
		stmt_bind_i64(s, "since", clock_wall_ms() - RECENT_MS);
		while ((r = stmt_step(s, e)) == 1)
			buf_addf(b, "%s{provider=\"%.*s\",outcome=\"%s\"} %lld\n", columns[i].name,
				 STR_ARG(stmt_text(s, "provider")),
				 outcome_name(stmt_i64(s, "outcome")),
				 (long long)stmt_i64(s, columns[i].column));
		stmt_done(s);
	}
	return r < 0 ? -1 : 0;
}

static void metrics(struct gateway *g, struct http_request *rq, struct http_reply *rp,
		    struct buf *b)
{
	struct gw_err e;

	(void)rq;
	buf_addf(
		b,
		"# HELP llm_gateway_info Version and mode.\n# TYPE llm_gateway_info gauge\n"
		"llm_gateway_info{version=\"%s\",payment=\"%s\"} 1\n"
		"# HELP llm_gateway_start_time_seconds Start of this responder.\n"
		"# TYPE llm_gateway_start_time_seconds gauge\nllm_gateway_start_time_seconds %lld\n",
		PACKAGE_VERSION, g->payments ? "on" : "off",
		(long long)(responder_started_ms(g->responder) / 1000));
	buf_addf(b,
		 "# HELP llm_gateway_store_unwritten_seconds Since the database last took a write of this "
		 "responder; seconds are normal.\n"
		 "# TYPE llm_gateway_store_unwritten_seconds gauge\n"
		 "llm_gateway_store_unwritten_seconds %lld\n",
		 (long long)(gateway_unwritten_ms(g) / 1000));
	if (store_read(g->store, read_metrics, b, &e) < 0) {
		plain_error(rp, GWE_SERVICE_UNAVAILABLE, "The database does not answer");
		http_note_error(rp, &e);
		return;
	}
	http_reply_send(rp, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(b));
}

/* ---- routes ---- */

/* Rule: gateway.md 9 "provider unknown". The first of several segments, if it could be a provider. */
static struct str provider_segment(struct str path)
{
	struct str name;
	ptrdiff_t slash;

	path = str_sub(path, 1, path.len);
	slash = str_find(path, '/');
	name = slash > 0 && slash <= NAME_MAX_LEN ? str_sub(path, 0, (size_t)slash) : STR_NULL;
	for (size_t i = 0; i < name.len; i++)
		if (!((name.p[i] >= 'a' && name.p[i] <= 'z') || (i && name.p[i] == '-') ||
		      (i && name.p[i] >= '0' && name.p[i] <= '9')))
			return STR_NULL;
	return str_eq_c(name, "providers") || str_eq_c(name, "payment-channel") ? STR_NULL : name;
}

static void not_found(struct http_request *rq, struct http_reply *rp)
{
	struct str name = provider_segment(rq->path);
	char text[NAME_MAX_LEN + 32] = "Not found";

	if (name.len)
		snprintf(text, sizeof text, "Provider '%.*s' not found", STR_ARG(name));
	plain_error(rp, GWE_NOT_FOUND, text);
}

void info_handle(void *app, struct http_request *rq, struct http_reply *rp)
{
	static const struct {
		const char *path;
		void (*answer)(struct gateway *g, struct http_request *rq, struct http_reply *rp,
			       struct buf *b);
		bool payers; /* it is for them: a voucher that comes along is taken */
	} routes[] = {
		{ "/", root, true },
		{ "/.well-known/nuwa-payment/info", discovery, false },
		{ "/providers/status", providers, true },
		{ "/healthz", healthz, false },
		{ "/readyz", readyz, false },
		{ "/metrics", metrics, false },
	};
	struct buf b;

	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		if (!str_eq_c(rq->path, routes[i].path))
			continue;
		if (!str_eq_c(rq->method, "GET") && !str_eq_c(rq->method, "HEAD")) {
			rp->allow = "GET";
			plain_error(rp, GWE_METHOD_NOT_ALLOWED, "Method not allowed");
			return;
		}
		if (routes[i].payers && !free_route_pay(app, rq, rp))
			return;
		buf_init(&b, INFO_MAX);
		routes[i].answer(app, rq, rp, &b);
		buf_clear(&b);
		return;
	}
	not_found(rq, rp);
}
