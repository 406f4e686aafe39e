/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payment - the channel engine as the pipeline sees it: what a request's payment header is worth,
 * and the proposal that its answer carries.
 *
 * The order for one request of a paid or free route (design.md 3):
 *
 *	payment_begin	before anything is read: fields cleared
 *	payment_parse	header -> request; channel and fragment derived from the signer (checks 2, 3)
 *	payment_prepare	chain facts from the caches, signature of the voucher (checks 4 to 9); may wait
 *			for the node, never writes
 *	payment_admit_tx  inside T1: decision on the stored rows, voucher stored, pending consumed, then
 *			the refusal the pipeline brought along, then the credit, then the lease (10 to 13)
 *	payment_wait	when T1 found the sub-channel leased, or what is known of the chain too old: until
 *			that may have changed; then T1 again
 *	payment_settle_tx  inside T2: cost -> proposal stored, lease released
 *	payment_response  value of header or frame, once the transaction has committed
 *	payment_detach	instead of payment_released, when T2 did not commit: what it needs to be tried again
 *
 * With payment off none of these is called.
 *
 * Rule:    protocol payment-channel.md 3 to 8; design.md 3, 4, 5
 * Layer:   pipeline; calls ledger, auth, billing, store, util
 * Threads: an engine serves any number of threads; a struct payment belongs to one request
 */
#ifndef GW_PIPELINE_PAYMENT_H
#define GW_PIPELINE_PAYMENT_H

#include "auth/did_auth.h"
#include "ledger/channel_rows.h"
#include "ledger/payment_header.h"
#include "store/usage_rows.h"
#include "util/conf.h"
#include "util/picousd.h"

struct payment_engine;
struct rooch_rpc;

/*
 * @c, @st and @rpc are borrowed and must outlive the engine. CONFIG when the service DID is no
 * did:rooch or the asset is not supported. The node's chain id is compared with the network as soon
 * as it can be read; a difference refuses every paid request (SERVICE_UNAVAILABLE, logged).
 */
int payment_engine_new(struct payment_engine **out, const struct conf *c, struct store *st,
		       struct rooch_rpc *rpc, struct gw_err *e) GW_MUST_CHECK;
/* What those refusals look at: @did and the asset, as they are used. The second only looks. */
int payment_service(const struct conf *c, const char *did, struct rooch_id *service,
		    char asset[ROOCH_ASSET_TEXT], struct gw_err *e) GW_MUST_CHECK;
int payment_check(const struct conf *c, const char *did, struct gw_err *e) GW_MUST_CHECK;
void payment_engine_free(struct payment_engine *en);
/* New reloadable settings; those in use by running requests stay valid until they end. */
void payment_engine_reload(struct payment_engine *en, const struct conf *c);
/* Does the node answer, and is it of the configured network? For /readyz. */
int payment_engine_ready(struct payment_engine *en, struct gw_err *e) GW_MUST_CHECK;

struct payment_facts; /* what the chain said, a copy for this request */

struct payment {
	struct payment_engine *engine;
	const struct did_auth *auth; /* borrowed */
	bool free_route;	     /* a voucher is taken, no proposal is made */
	struct payment_request request;
	struct rooch_id payer, channel_id;
	char fragment[ROOCH_FRAGMENT_MAX + 1];
	struct payment_facts *facts; /* in the request's arena; NULL: none were needed */
	bool other_channel;	     /* the voucher names another channel or fragment */

	/* after admit */
	bool busy;		    /* nothing was written: payment_wait, then try again */
	bool accepted;		    /* the voucher stands, whatever is answered */
	bool leased;		    /* payment_settle_tx is owed */
	struct gw_err refused;	    /* code GWE_OK: admitted; else answer this, its writes stand */
	struct str refused_details; /* JSON for error.details, in the arena; perhaps empty */

	/* what the answer says; proposal of this request, or the pending one that a refusal names */
	bool has_subrav, has_cost;
	struct subrav subrav;
	struct u256 cost;
	struct picousd cost_usd; /* charged */
	struct picousd forgone;	 /* beyond maxAmount, not charged */
	char service_tx_ref[64];
	struct arena *arena; /* borrowed */

	/* private to payment*.c */
	int renew; /* enum chain_want: why payment_wait has to ask the node; 0: it need not */
	unsigned renewals;
	bool doubted; /* busy by a lease that has passed: nobody tells when it is over */
	struct subchannel_lease lease;
};

void payment_begin(struct payment *p, struct payment_engine *en, const struct did_auth *auth,
		   bool free_route, struct arena *a);
/*
 * @header: value, or STR_NULL when there is none (then a client_tx_ref is made up); @ambiguous: it
 * came twice or in two spellings. BAD_REQUEST, CHANNEL_CONTEXT_MISSING. A voucher of another channel or
 * fragment is no failure here: admit refuses it (RAV_CONFLICT), with the pending proposal attached.
 * Whatever comes back, payment_response can tell it.
 */
int payment_parse(struct payment *p, struct str header, bool ambiguous,
		  struct gw_err *e) GW_MUST_CHECK;
/* A voucher that came another way than in the header, after payment_parse. */
void payment_take_voucher(struct payment *p, const struct voucher *v);
/* CHANNEL_NOT_FOUND, CHANNEL_CLOSED, SUBCHANNEL_NOT_AUTHORIZED, INVALID_SIGNATURE,
 * SERVICE_UNAVAILABLE; on a free route without a voucher nothing is looked at. With warm caches: no
 * statement, one signature. */
int payment_prepare(struct payment *p, struct gw_err *e) GW_MUST_CHECK;

struct payment_offer {
	struct picousd bound; /* upper bound of the cost */
	const struct gw_err
		*refusal; /* what the pipeline found wrong with the request; NULL: nothing */
	/* the row 'started', which is written with the lease and for it (then its key is in p->lease); NULL when
	 * refused or free */
	const struct usage_start *usage;
	bool in_doubt; /* see gateway_in_doubt: a lease that has passed counts as held */
	int64_t now_ms;
};
/*
 * 0: look at p->refused (a refusal that the pipeline brought along stands there too). -1 with p->busy:
 * leased by somebody else, or the chain has to be read again. -1 otherwise: the store failed, or nothing
 * is known of the chain (SERVICE_UNAVAILABLE). In both cases of -1 the caller undoes the whole
 * transaction, the burnt nonce included.
 */
int payment_admit_tx(struct store_conn *c, struct payment *p, const struct payment_offer *o,
		     struct gw_err *e) GW_MUST_CHECK;
/* What an attempt of T1 that was undone has left in @p; for callers that may fail before the next one. */
void payment_forget_try(struct payment *p);
/* Up to @ms. false: busy_wait_ms is over in all or too many wait already (RAV_CONFLICT then), or @gone_fd
 * hung up. */
bool payment_wait(struct payment *p, int64_t since_mono_ms, unsigned ms, int gone_fd);
/* Closes the lease with this cost; capped by maxAmount. May be repeated until it commits. CONFLICT: the
 * lease is no longer ours. @out is for the usage row. */
int payment_settle_tx(struct store_conn *c, struct payment *p, struct picousd cost, int64_t now_ms,
		      struct usage_charge *out, struct gw_err *e) GW_MUST_CHECK;
/* After a commit: another request of this process may be waiting. */
void payment_released(struct payment *p);
/*
 * T2 did not commit. A copy that outlives the request, for payment_settle_tx and payment_released; the
 * engine has to outlive it. The lease is the copy's from here on, and @p has nothing to tell.
 */
struct payment *payment_detach(struct payment *p);
void payment_detached_free(struct payment *d); /* NULL: none */
size_t payment_detached_size(void);

/*
 * Value of the header ("u..."), for an answer (NULL) or an error; appended to @b. Nothing is appended
 * where no header belongs: the answer of a free route. A proposal is told only if it is durable.
 */
void payment_response(const struct payment *p, const struct gw_err *error, struct buf *b);

#endif
