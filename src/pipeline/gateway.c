/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pipeline/gateway.h"

#include <assert.h>
#include <stdlib.h>

#include "auth/did_rooch.h"
#include "ledger/rooch_rpc.h"
#include "store/usage_rows.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	DID_CACHE = 4096,
	CLEAN_MS = 10000,
	NONCES_AT_ONCE = 5000, /* in one transaction: others wait for it */
	NONCES_TIMES = 40,
	UPSTREAM_WAIT_MS = 5000,
	ALARM_MS = 1000
};

static bool paid(const struct conf *c)
{
	return !strcmp(c->payment, "on");
}

/* ---- authentication ---- */

/* Documents from the directory, and those that it does not have from the chain. */
static int find_document(void *arg, struct str did, struct did_document **out, struct gw_err *e)
{
	const struct gateway *g = arg;
	int rc = g->documents_dir[0] ? did_directory_read(g->documents_dir, did, out, e) : 1;

	return rc == 1 && g->rpc ? did_rooch_read(g->rpc, did, out, e) : rc;
}

int gateway_authenticate(struct gateway *g, const struct http_request *rq, struct did_auth *out,
			 struct gw_err *e)
{
	const struct conf *c = rq->conf;
	const struct did_resolver resolver = { .arg = g->dids, .resolve = did_cache_resolve };
	const char **audiences =
		arena_alloc(rq->arena, (c->audiences.n + 1) * sizeof *audiences);
	struct did_auth_options o = { .now_s = clock_wall_s(),
				      .window_s = AUTH_WINDOW_S,
				      .allow_did_key = !g->payments,
				      .audiences = audiences };
	struct gw_err once;
	struct str header;

	if (!audiences)
		abort(); /* the arena's bound is far beyond a list of settings */
	/* Rule: did-auth.md 8: nothing unexpired is dropped. Before a signature is worked out for nothing. */
	if (atomic_load(&g->nonces) >= (long long)c->max_nonces) {
		memset(out, 0, sizeof *out);
		gateway_alarm(g, "too many signed requests: no more nonces are remembered",
			      STR_NULL);
		return gw_fail(e, GWE_SERVICE_UNAVAILABLE, 0,
			       "too many signed requests in a short time; try again later");
	}
	if (g->service_did[0])
		audiences[o.n_audiences++] = g->service_did;
	for (unsigned i = 0; i < c->audiences.n; i++)
		audiences[o.n_audiences++] = c->audiences.item[i];
	if (!o.n_audiences)
		o.audiences = NULL;
	if (http_header_once(rq, "Authorization", (size_t)c->max_header_bytes, &header, &once) <
	    0) {
		memset(out, 0, sizeof *out);
		if (once.code == GWE_HEADER_TOO_LARGE) {
			*e = once;
			return -1;
		}
		/* joined with a comma: the verifier refuses it too, and tells what to drop */
		if (str_find(header, ',') < 0) {
			out->code = DID_AUTH_INVALID_HEADER;
			return gw_fail(e, GWE_UNAUTHORIZED, 0, "%s: %s",
				       did_auth_code_name(DID_AUTH_INVALID_HEADER), once.pub);
		}
	}
	if (did_auth_verify(header, &resolver, &o, out, e) < 0)
		return -1;
	atomic_fetch_add(&g->nonces, 1);
	return 0;
}

/* ---- alarms ---- */

void gateway_alarm(struct gateway *g, const char *sentence, struct str detail)
{
	long long now = clock_mono_ms(), last = atomic_load(&g->alarmed_ms);

	atomic_fetch_add(&g->alarms, 1);
	/* one thread per second writes, the others count */
	if (now - last < ALARM_MS || !atomic_compare_exchange_strong(&g->alarmed_ms, &last, now)) {
		atomic_fetch_add(&g->alarms_unsaid, 1);
		return;
	}
	log_error("alarm: %s%s%.*s", sentence, detail.len ? ": " : "", STR_ARG(detail));
}

static int burn_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	const struct did_auth *auth = arg;

	return nonce_burn_tx(c, auth, clock_wall_s(), AUTH_WINDOW_S, e);
}

int gateway_burn(struct gateway *g, struct did_auth *auth, struct gw_err *e)
{
	return store_write_repeatable(g->store, "burn", burn_tx, auth, e);
}

int gateway_payment_header(const struct http_request *rq, struct str *header, bool *ambiguous,
			   struct gw_err *e)
{
	struct gw_err bad;

	*ambiguous = false;
	if (http_header_once(rq, "X-Payment-Channel-Data", (size_t)rq->conf->max_header_bytes,
			     header, &bad) == 0)
		return 0;
	if (bad.code == GWE_HEADER_TOO_LARGE) {
		*e = bad;
		return -1;
	}
	*ambiguous = true;
	return 0;
}

/* ---- housekeeping ---- */

bool gateway_in_doubt(struct gateway *g)
{
	return clock_mono_ms() < atomic_load(&g->doubt_ms);
}

int gateway_look_at_lease(struct store_conn *c, struct gateway *g, int64_t now_ms, struct gw_err *e)
{
	int rc = usage_lease_held(c, responder_owner(g->responder), now_ms, e);

	if (rc == 0)
		atomic_store(&g->doubt_ms, clock_mono_ms() + LEASE_MS);
	return rc;
}

struct housekeeping {
	struct gateway *g;
	int64_t lost;
	bool start;
};

/* At the start there is no lease of our own that could have passed: whether the others live is asked. */
static int look_at_leases(struct store_conn *c, const struct housekeeping *h, int64_t now_ms,
			  struct gw_err *e)
{
	int rc;

	if (!h->start)
		return gateway_look_at_lease(c, h->g, now_ms, e) < 0 ? -1 : 0;
	rc = usage_expired_lives(c, now_ms, e);
	if (rc > 0)
		atomic_store(&h->g->doubt_ms, clock_mono_ms() + LEASE_MS);
	return rc < 0 ? -1 : 0;
}

static int keep_house(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct housekeeping *h = arg;
	int64_t now = clock_wall_ms();

	h->lost = 0;
	if (look_at_leases(c, h, now, e) < 0 ||
	    usage_renew_tx(c, responder_owner(h->g->responder), now + LEASE_MS, e) < 0 ||
	    (!gateway_in_doubt(h->g) && usage_recover_tx(c, now, &h->lost, e) < 0))
		return -1;
	return 0;
}

struct cleaning {
	int64_t before_s, deleted;
};

static int expire_tx(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct cleaning *k = arg;

	return nonce_expire_tx(c, k->before_s, NONCES_AT_ONCE, &k->deleted, e);
}

static int count_nonces(struct store_conn *c, void *arg, struct gw_err *e)
{
	return nonce_count(c, arg, e);
}

/* Those of requests that are under way are missed or counted twice: the bound is not that exact. */
static int clean_nonces(struct gateway *g, const struct conf *c, struct gw_err *e)
{
	struct cleaning k = { clock_wall_s() - nonce_hold_s(c), NONCES_AT_ONCE };
	int64_t n = 0;

	/* some of those that came first may have to stay */
	for (unsigned i = 0; i < NONCES_TIMES && k.deleted > 0; i++)
		if (store_write(g->store, "old nonces", expire_tx, &k, e) < 0)
			return -1;
	if (store_read(g->store, count_nonces, &n, e) < 0)
		return -1;
	atomic_store(&g->nonces, n);
	return 0;
}

static int run_housekeeping(struct gateway *g, const struct conf *c, bool start, bool clean,
			    struct gw_err *e)
{
	struct housekeeping h = { .g = g, .start = start };

	if (store_write(g->store, "housekeeping", keep_house, &h, e) < 0)
		return -1;
	if (h.lost)
		log_warn(
			"%lld requests of processes that died are closed as lost: their cost is unknown and "
			"not charged",
			(long long)h.lost);
	return clean ? clean_nonces(g, c, e) : 0;
}

int64_t gateway_unwritten_ms(const struct gateway *g)
{
	return clock_mono_ms() - atomic_load(&g->renewed_ms);
}

void gateway_tick(void *app, const struct conf *c)
{
	struct gateway *g = app;
	int64_t now = clock_mono_ms();
	struct gw_err e;

	unsigned long long unsaid = atomic_exchange(&g->alarms_unsaid, 0);

	if (unsaid)
		log_error("%llu more alarms within a second", unsaid);
	owed_tick(g->owed);
	if (gateway_unwritten_ms(g) < LEASE_RENEW_MS)
		return;
	if (run_housekeeping(g, c, false, now - g->cleaned_ms >= CLEAN_MS, &e) < 0) {
		log_error("housekeeping: %s%s%s", e.pub, e.priv[0] ? ": " : "", e.priv);
		return;
	}
	atomic_store(&g->renewed_ms, now);
	if (now - g->cleaned_ms >= CLEAN_MS)
		g->cleaned_ms = now;
}

/* The words that operators know from the original's log. */
static void tell_overrides(struct gateway *g)
{
	struct price_set *s = prices_take(&g->prices);

	if (g->has_provider && s->configured)
		log_info("Applied %u pricing overrides", s->configured);
	prices_put(s);
}

void gateway_reload(void *app, const struct conf *c)
{
	struct gateway *g = app;
	struct gw_err e;

	if (prices_load(&g->prices, c, &e) < 0)
		log_error("reload: %s; the prices stay as they are", e.pub);
	else
		tell_overrides(g);
	if (g->payments)
		payment_engine_reload(g->payments, c);
}

/* ---- start and stop ---- */

int gateway_check(const struct conf *c, struct gw_err *e)
{
	return prices_check(c, e) < 0 || (paid(c) && payment_check(c, c->service_did, e) < 0) ? -1
											      : 0;
}

static char *copy_text(const char *s)
{
	char *p = strdup(s);

	if (!p)
		abort();
	return p;
}

static int start_payments(struct gateway *g, const struct conf *c, struct gw_err *e)
{
	struct rooch_rpc_options o = { .url = c->rpc_url[0] ? c->rpc_url
							    : rooch_network_url(c->network),
				       .timeout_ms = (unsigned)c->node_timeout_ms };

	g->rpc = rooch_rpc_new(&o);
	return payment_engine_new(&g->payments, c, g->store, g->rpc, e);
}

static char *text_slot(const struct conf *c, enum conf_id id)
{
	return *(char **)(void *)((char *)(uintptr_t)c + conf_rows[id].offset);
}

static void start_provider(struct gateway *g, const struct conf *c, const char *provider)
{
	const struct conf_provider *row = conf_find_provider(provider);
	struct upstream_options o = { .slots = (unsigned)c->max_streams,
				      .wait_ms = UPSTREAM_WAIT_MS,
				      .connect_ms = (unsigned)c->connect_timeout_ms,
				      .first_byte_ms = (unsigned)c->first_byte_timeout_ms,
				      .idle_ms = (unsigned)c->idle_timeout_ms,
				      .total_ms = (unsigned)c->total_timeout_ms,
				      .proxy = c->proxy,
				      .ca_file = c->ca_file[0] ? c->ca_file : NULL,
				      .http2 = true };
	size_t n;

	g->has_provider = provider_find(str_c(provider), &g->provider);
	assert(row && g->has_provider);
	g->base_url = copy_text(text_slot(c, row->base_url));
	for (n = strlen(g->base_url); n && g->base_url[n - 1] == '/'; n--)
		g->base_url[n - 1] = '\0';
	secret_set(&g->key, secret_reveal(conf_provider_key(c, row)));
	g->claude_bearer = c->anthropic_bearer;
	g->pool = upstream_pool_new(&o);
}

int gateway_start(struct responder *r, void **app, struct gw_err *e)
{
	const struct conf *c = responder_conf(r);
	struct gateway *g = calloc(1, sizeof *g);

	if (!g)
		abort();
	g->responder = r;
	g->store = responder_store(r);
	g->owed = owed_new(g->store);
	g->documents_dir = copy_text(c->did_documents_dir);
	g->service_did = copy_text(c->service_did);
	g->dids = did_cache_new(DID_CACHE, find_document, g);
	if (responder_provider(r))
		start_provider(g, c, responder_provider(r));
	if (prices_init(&g->prices, g->store, c, e) < 0 || run_housekeeping(g, c, true, true, e) < 0 ||
	    (paid(c) && start_payments(g, c, e) < 0)) {
		gateway_stop(g);
		return -1;
	}
	g->cleaned_ms = clock_mono_ms();
	atomic_store(&g->renewed_ms, g->cleaned_ms);
	tell_overrides(g);
	if (!paid(c))
		log_warn(
			"payment is off: requests are metered and not paid for; for private deployments");
	*app = g;
	return 0;
}

bool gateway_drained(void *app, bool give_up)
{
	struct gateway *g = app;

	if (!give_up)
		return owed_write(g->owed);
	owed_end(g->owed);
	return true;
}

void gateway_stop(void *app)
{
	struct gateway *g = app;

	if (!g)
		return;
	owed_free(g->owed);
	if (g->payments)
		payment_engine_free(g->payments);
	if (g->rpc)
		rooch_rpc_free(g->rpc);
	upstream_pool_free(g->pool);
	did_cache_free(g->dids);
	prices_clear(&g->prices);
	free(g->documents_dir);
	free(g->service_did);
	free(g->base_url);
	secret_clear(&g->key);
	free(g);
}
