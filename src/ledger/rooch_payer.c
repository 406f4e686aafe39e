/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ledger/rooch_payer.h"

#include <string.h>

#include "ledger/rooch_ask.h"
#include "util/clock.h"

enum {
	THINGS = 4,
	ONE_BY_ONE_MS = 60000 /* a node that could not tell is not asked so for so long */
};

/* What is asked for, in the order of the question. The coins come last: see chain_rows.h. */
struct question {
	struct rooch_id hub, fragment, coin;
	struct rooch_wanted want[THINGS];
	unsigned n;
};

static void make_question(struct question *q, const struct rooch_payer *p)
{
	q->hub = rooch_hub_id(&p->payer);
	q->fragment = rooch_field_key(p->fragment);
	q->coin = rooch_field_key(str_c(p->asset));
	q->want[0] = (struct rooch_wanted){ &p->channel_id, NULL };
	q->want[1] = (struct rooch_wanted){ &p->sub_channels, &q->fragment };
	q->want[2] = (struct rooch_wanted){ &q->hub, NULL };
	q->want[3] = (struct rooch_wanted){ &p->coins, &q->coin };
	q->n = p->has_coins ? 4 : 3;
}

/* "0x<id>,0x<table><key>,..." */
static void put_ids(struct jwrite *w, const struct question *q)
{
	char text[THINGS * (3 + 128) + 1], *at = text;

	for (unsigned i = 0; i < q->n; i++) {
		if (i)
			*at++ = ',';
		*at++ = '0';
		*at++ = 'x';
		hex_encode(at, q->want[i].object->b, 32);
		at += 64;
		if (!q->want[i].key)
			continue;
		hex_encode(at, q->want[i].key->b, 32);
		at += 64;
	}
	jwrite_str(w, NULL, (struct str){ text, (size_t)(at - text) });
}

static bool take_channel(struct rooch_payer *p, struct str bcs)
{
	const struct channel_object *o = &p->channel;

	return channel_object_read(&p->channel, bcs) &&
	       rooch_id_eq(p->channel_id,
			   rooch_channel_id(&o->sender, &o->receiver, o->coin_type)) &&
	       rooch_id_eq(o->sub_channels, p->sub_channels);
}

static bool take_hub(struct rooch_payer *p, struct str bcs)
{
	struct hub_object hub;

	if (!hub_object_read(&hub, bcs))
		return false;
	if (p->has_coins && !rooch_id_eq(hub.coin_store, p->coins)) {
		p->has_coins = false;
		return false;
	}
	p->coins = hub.coin_store;
	return true;
}

static bool take_coins(struct rooch_payer *p, struct str bcs)
{
	struct coin_store_object o;

	if (!coin_store_field_read(&o, str_c(p->asset), bcs))
		return false;
	p->balance = o.balance;
	return true;
}

static bool take(struct rooch_payer *p, unsigned i, struct str bcs)
{
	switch (i) {
	case 0:
		return take_channel(p, bcs);
	case 1:
		return subchannel_field_read(&p->subchannel, p->fragment, bcs);
	case 2:
		return take_hub(p, bcs);
	default:
		return take_coins(p, bcs);
	}
}

/* Exactly what was asked for. @none: out, an entry that was there before is said not to be. */
static bool take_all(struct rooch_payer *p, const struct question *q, struct jval result,
		     bool *none)
{
	struct gw_err why;
	struct jval state;
	struct jiter it;
	struct str key;
	struct buf bcs;
	unsigned i = 0;
	bool ok = result.type == J_ARRAY;

	buf_init(&bcs, ROOCH_OBJECT_MAX);
	if (ok)
		jiter_init(&it, result);
	while (ok && jiter_next(&it, &key, &state)) {
		buf_reset(&bcs);
		*none = i == 1 && state.type == J_NULL;
		ok = i < q->n && rooch_answer_one_state(&bcs, state, q->want[i], &why) == 0 &&
		     take(p, i, buf_str(&bcs));
		i++;
	}
	buf_clear(&bcs);
	return ok && i == q->n;
}

/* As rooch_get_payer, for what the question holds. */
static int ask_all(struct rooch_rpc *c, struct rooch_payer *p, struct gw_err *e)
{
	struct question q;
	struct rooch_ask k;
	struct jwrite *w;
	bool none = false;
	int rc;

	make_question(&q, p);
	w = rooch_ask_begin(&k, c, "rooch_getObjectStates");
	put_ids(w, &q);
	rooch_ask_options(w);
	rc = rooch_ask_twice(&k, e);
	if (rc == 0 && !take_all(p, &q, k.result, &none))
		rc = 1;
	if (rc > 0 && (k.result.type == J_NONE || none))
		atomic_store(&c->one_by_one_ms, clock_mono_ms() + ONE_BY_ONE_MS);
	rooch_ask_end(&k);
	return rc;
}

int rooch_get_payer(struct rooch_rpc *c, struct rooch_payer *p, struct gw_err *e)
{
	int rc;

	if (clock_mono_ms() < atomic_load(&c->one_by_one_ms))
		return 1;
	rc = ask_all(c, p, e);
	if (rc || p->has_coins)
		return rc;
	if (rooch_ask_coin(c, &p->coins, p->asset, &p->balance, e))
		return 1;
	p->has_coins = true;
	return 0;
}
