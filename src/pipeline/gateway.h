/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gateway - what all threads of a responder share, under one roof, and the functions that a responder's
 * table names: start, reload, tick, stop, and the handling of a provider's requests.
 *
 * Lock order: prices.loading, prices.lock; neither is held while another module is called that locks,
 * but for the store's queue under prices.loading.
 *
 * Rule:    design.md 2, 3, 5; style.md 7
 * Layer:   pipeline; calls all below
 * Threads: start and stop from main, before and after threads; the rest from any
 */
#ifndef GW_PIPELINE_GATEWAY_H
#define GW_PIPELINE_GATEWAY_H

#include "auth/did_auth.h"
#include "http/responder.h"
#include "pipeline/owed.h"
#include "pipeline/payment.h"
#include "pipeline/prices.h"
#include "provider/provider.h"
#include "upstream/upstream.h"

enum {
	LEASE_MS = 15000, /* a process that did not renew for so long is dead */
	LEASE_RENEW_MS = 3000
};

struct gateway {
	struct responder *responder;
	struct store *store;
	struct prices prices;
	struct did_cache *dids;
	struct rooch_rpc *rpc;		 /* NULL: payment off */
	struct payment_engine *payments; /* NULL: payment off */
	struct owed *owed;
	char *documents_dir;		 /* "" none */
	char *service_did;
	/* of a provider's responder */
	bool has_provider;
	enum provider_id provider;
	struct upstream_pool *pool;
	char *base_url; /* without a slash at the end */
	struct secret key;
	bool claude_bearer;
	/* housekeeping */
	int64_t cleaned_ms;	  /* monotonic */
	atomic_llong renewed_ms; /* monotonic: the store took a write then */
	atomic_llong doubt_ms;		/* monotonic: until then, see gateway_in_doubt */
	atomic_llong nonces;		/* in the store when last counted, and added here since */
	atomic_ullong alarms, alarms_unsaid;
	atomic_llong alarmed_ms;
};

/* For responder_ops. @app of the others is the struct gateway. */
#define GATEWAY_OPS \
	.check = gateway_check, .start = gateway_start, .reload = gateway_reload, \
	.tick = gateway_tick, .drained = gateway_drained, .stop = gateway_stop
int gateway_check(const struct conf *c, struct gw_err *e) GW_MUST_CHECK;
int gateway_start(struct responder *r, void **app, struct gw_err *e) GW_MUST_CHECK;
void gateway_reload(void *app, const struct conf *c);
void gateway_tick(void *app, const struct conf *c);
bool gateway_drained(void *app, bool give_up);
void gateway_stop(void *app);

/* The life of one request below /<provider>/. */
void gateway_proxy(void *app, struct http_request *rq, struct http_reply *rp);

/* Steps 1 to 12 of the authentication for @rq; UNAUTHORIZED, HEADER_TOO_LARGE, SERVICE_UNAVAILABLE (also when
 * max_nonces are remembered). The nonce is burned by the caller's transaction (nonce_burn_tx). */
enum { AUTH_WINDOW_S = 300 };
int gateway_authenticate(struct gateway *g, const struct http_request *rq, struct did_auth *out,
			 struct gw_err *e) GW_MUST_CHECK;

/* The nonce alone, where no other transaction burns it: as nonce_burn_tx. */
int gateway_burn(struct gateway *g, struct did_auth *auth, struct gw_err *e) GW_MUST_CHECK;
/* The payment header; @ambiguous: it came twice or in two spellings. HEADER_TOO_LARGE. */
int gateway_payment_header(const struct http_request *rq, struct str *header, bool *ambiguous,
			   struct gw_err *e) GW_MUST_CHECK;

/*
 * A process whose own lease had passed while it lived (the machine slept, its clock was set, the store was
 * stuck) knows nothing of the others: they may be waking up too. It calls nobody dead before they had
 * the time to renew theirs.
 */
bool gateway_in_doubt(struct gateway *g);
/* Before the own lease is renewed, and before those of others are judged, in the same transaction. 1 it is
 * held, 0 not, -1. */
int gateway_look_at_lease(struct store_conn *c, struct gateway *g, int64_t now_ms,
			  struct gw_err *e) GW_MUST_CHECK;

/* Milliseconds since housekeeping has last been written to the store; LEASE_MS: others think we are dead. */
int64_t gateway_unwritten_ms(const struct gateway *g);

/* Something that an operator should look at: counted, logged at most once a second. */
void gateway_alarm(struct gateway *g, const char *sentence, struct str detail);

#endif
