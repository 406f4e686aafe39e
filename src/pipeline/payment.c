/* SPDX-License-Identifier: Apache-2.0 */
/* One request's payment before T1 and after T2: header, chain facts, signature, answer. */
#include "config.h"

#include "pipeline/payment_engine.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

#include "http/request.h"
#include "util/clock.h"

/* ---- begin ---- */

/* As the original writes it: srv-<milliseconds>-<random, base 36>. */
static void make_service_ref(char out[64])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	char tail[13];
	uint64_t r;

	if (getrandom(&r, sizeof r, 0) != (ssize_t)sizeof r)
		abort();
	for (size_t i = 0; i < sizeof tail - 1; i++, r /= 36)
		tail[i] = digits[r % 36];
	tail[sizeof tail - 1] = '\0';
	snprintf(out, 64, "srv-%lld-%s", (long long)clock_wall_ms(), tail);
}

void payment_begin(struct payment *p, struct payment_engine *en, const struct did_auth *auth,
		   bool free_route, struct arena *a)
{
	memset(p, 0, sizeof *p);
	p->engine = en;
	p->auth = auth;
	p->free_route = free_route;
	p->arena = a;
	p->facts = arena_alloc(a, sizeof *p->facts);
	if (!p->facts)
		abort(); /* the arena's bound is far beyond what came before */
	p->facts->set = payment_engine_settings(en);
	http_uuid(p->request.client_tx_ref);
	make_service_ref(p->service_tx_ref);
}

/* ---- the header, checks 2 and 3 ---- */

static int derive(struct payment *p, struct gw_err *e)
{
	if (!rooch_did_parse(&p->payer, str_c(p->auth->did)))
		return gw_fail(e, GWE_CHANNEL_CONTEXT_MISSING, 0,
			       "no channel can be derived from %s: payers are of did:rooch",
			       p->auth->did);
	if (!rooch_fragment_valid(str_c(p->auth->fragment)) ||
	    !str_copy(p->fragment, sizeof p->fragment, str_c(p->auth->fragment)))
		return gw_fail(e, GWE_CHANNEL_CONTEXT_MISSING, 0,
			       "the key id '%s' names no sub-channel", p->auth->fragment);
	p->channel_id = rooch_channel_id(&p->payer, &p->engine->service, p->engine->asset);
	return 0;
}

/* Rule: payment-channel.md 6.2: always derived; the voucher does not choose */
static void compare_voucher(struct payment *p)
{
	const struct subrav *v = &p->request.voucher.rav;

	p->other_channel = p->request.has_voucher && (!rooch_id_eq(v->channel_id, p->channel_id) ||
						      strcmp(v->fragment, p->fragment) != 0);
}

void payment_take_voucher(struct payment *p, const struct voucher *v)
{
	p->request.has_voucher = true;
	p->request.voucher = *v;
	compare_voucher(p);
}

int payment_parse(struct payment *p, struct str header, bool ambiguous, struct gw_err *e)
{
	struct payment_request r = { .max_amount = U256_ZERO };

	if (ambiguous)
		return gw_fail(e, GWE_BAD_REQUEST, 0,
			       "the payment header came more than once or in two spellings");
	if (header.p) {
		if (payment_request_read(&r, header, e) < 0) {
			/* as far as it could be read: the client knows its request by it */
			if (r.client_tx_ref[0])
				memcpy(p->request.client_tx_ref, r.client_tx_ref,
				       sizeof r.client_tx_ref);
			return -1;
		}
		p->request = r;
	}
	if (derive(p, e) < 0)
		return -1;
	compare_voucher(p);
	return 0;
}

/* ---- the chain, checks 4 to 8 ---- */

struct chain_key payment_chain_key(const struct payment *p)
{
	return (struct chain_key){ .channel_id = p->channel_id,
				   .payer = p->payer,
				   .payee = p->engine->service,
				   .asset = p->engine->asset,
				   .fragment = p->fragment };
}

static int check_facts(const struct payment *p, struct gw_err *e)
{
	const struct chain_facts *f = &p->facts->chain;
	char id[ROOCH_HEX_TEXT];

	rooch_id_hex(id, &p->channel_id);
	if (!f->has_channel)
		return gw_fail(e, GWE_CHANNEL_NOT_FOUND, 0, "Channel %s does not exist on chain",
			       id);
	/* Rule: rooch.md 7.3: after closing, what was signed before is worthless */
	if (f->status == CHANNEL_CLOSED)
		return gw_fail(e, GWE_CHANNEL_CLOSED, 0, "Channel %s is closed", id);
	if (!f->has_subchannel)
		return gw_fail(e, GWE_SUBCHANNEL_NOT_AUTHORIZED, 0,
			       "Sub-channel %s of channel %s is not authorized", p->fragment, id);
	return 0;
}

static int check_signature(struct payment *p, struct gw_err *e)
{
	const struct chain_facts *f = &p->facts->chain;
	struct voucher *v = &p->request.voucher;

	/* Rule: payment-channel.md 2: the key frozen in the sub-channel, with which the chain verifies */
	if (!subrav_verify_point(&v->rav, &f->key, v->signature))
		return gw_fail(
			e, GWE_INVALID_SIGNATURE, 0,
			"the signature of the SubRAV is not that of the key in sub-channel %s",
			p->fragment);
	return 0;
}

int payment_prepare(struct payment *p, struct gw_err *e)
{
	struct chain_key k = payment_chain_key(p);

	if (p->free_route && !p->request.has_voucher)
		return 0;
	if (chain_cache_get(p->engine->cache, &p->facts->chain, &k, CHAIN_CACHED, e) < 0)
		return -1;
	if (check_facts(p, e) < 0) {
		/* it may have been opened a moment ago */
		if (chain_cache_get(p->engine->cache, &p->facts->chain, &k, CHAIN_FORCED, e) < 0 ||
		    check_facts(p, e) < 0)
			return -1;
	}
	return p->request.has_voucher && !p->other_channel ? check_signature(p, e) : 0;
}

/* ---- the answer ---- */

/* Rule: payment-channel.md 4: codes that tell the client what to sign next */
static bool tells_proposal(enum gw_code code)
{
	return code == GWE_PAYMENT_REQUIRED || code == GWE_RAV_CONFLICT ||
	       code == GWE_TAMPERED_SUBRAV || code == GWE_HUB_INSUFFICIENT_FUNDS ||
	       code == GWE_BILLING_MAX_AMOUNT_EXCEEDED || code == GWE_BILLING_RATE_NOT_AVAILABLE;
}

void payment_response(const struct payment *p, const struct gw_err *error, struct buf *b)
{
	struct payment_response r = { .has_subrav = p->has_subrav, .has_cost = p->has_cost };

	/* what T1 or T2 wrote counts only if it was committed: then the error is T1's own */
	if (error && (error->code != p->refused.code || !tells_proposal(error->code)))
		r.has_subrav = r.has_cost = false;
	if (p->leased)
		r.has_subrav = r.has_cost = false;
	if (!error && !r.has_subrav)
		return;
	(void)str_copy(r.client_tx_ref, sizeof r.client_tx_ref, str_c(p->request.client_tx_ref));
	if (!error)
		(void)str_copy(r.service_tx_ref, sizeof r.service_tx_ref, str_c(p->service_tx_ref));
	if (r.has_subrav)
		r.subrav = p->subrav;
	if (r.has_cost) {
		r.cost = p->cost;
		r.cost_usd = p->cost_usd;
	}
	if (error) {
		r.has_error = true;
		(void)str_copy(r.error_code, sizeof r.error_code, str_c(gw_err_wire(error->code)));
		(void)str_copy(r.error_message, sizeof r.error_message,
			       str_sub(str_c(error->pub), 0, sizeof r.error_message - 1));
		if (error->code == p->refused.code)
			r.error_details = p->refused_details;
	}
	payment_response_write(b, &r);
}
