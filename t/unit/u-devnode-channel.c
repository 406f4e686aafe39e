/* SPDX-License-Identifier: Apache-2.0 */
/* devnode: channels, vouchers, hubs and revenue by the rules of the chain; each abort code. */
#include "config.h"

#include "tap.h"

#include "devnode.h"

#define CHANNEL(code) "0x3::payment_channel " #code
#define OPEN	      "<payment_channel::open_channel_entry"
#define OPEN_WITH_SUB "<payment_channel::open_channel_with_sub_channel_entry"
#define AUTHORIZE     "payment_channel::authorize_sub_channel_entry"
#define CLAIM	      "payment_channel::claim_from_channel_entry"
#define RECEIPT	      "payment_channel::apply_receipt_entry"
#define CLOSE	      "payment_channel::close_channel_entry"
#define CANCEL	      "payment_channel::initiate_cancellation_entry"
#define CANCEL_PROOFS "payment_channel::initiate_cancellation_with_proofs_entry"
#define DISPUTE	      "payment_channel::dispute_cancellation_entry"
#define FINALIZE      "payment_channel::finalize_cancellation_entry"
#define HUB_START     "1000000000" /* a transaction of the payer holds 100000000 of it back */

struct world {
	struct dn d;
	struct dn_who payer, payee, other;
	struct rooch_id channel;
};

static void begin(struct world *w, enum key_type t)
{
	dn_open(&w->d);
	dn_no_gas(&w->d);
	dn_account(&w->d, &w->payer, t);
	dn_account(&w->d, &w->payee, KEY_ED25519);
	dn_account(&w->d, &w->other, KEY_ED25519);
	w->channel = rooch_channel_id(&w->payer.address, &w->payee.address, dev_rgas);
	dn_set_hub(&w->d, &w->payer, HUB_START);
}

static void end(struct world *w)
{
	dn_free(&w->payer);
	dn_free(&w->payee);
	dn_free(&w->other);
	dn_close(&w->d);
}

static const char *open_with_sub(struct world *w)
{
	return dn_send(&w->d, &w->payer, OPEN_WITH_SUB,
		       dn_args("as", &w->payee.address, "account-key"));
}

/* A voucher's signature, by @k. */
static struct str sign(struct world *w, const struct dn_who *k, uint64_t epoch,
		       const char *fragment, const char *amount, uint64_t nonce)
{
	struct subrav rav = { .version = 1,
			      .chain_id = 4,
			      .channel_id = w->channel,
			      .epoch = epoch,
			      .nonce = nonce };
	uint8_t bytes[SUBRAV_BCS_MAX], sig[KEY_SIG];
	struct gw_err e;
	size_t n;

	if (!u256_parse(&rav.accumulated, str_c(amount)) ||
	    !str_copy(rav.fragment, sizeof rav.fragment, str_c(fragment)))
		dn_die("a voucher", NULL);
	n = subrav_encode(bytes, &rav);
	if (signing_key_sign(k->k, bytes, n, sig, &e))
		dn_die("signing", &e);
	return arena_dup(&w->d.texts, (struct str){ (const char *)sig, sizeof sig });
}

static const char *submit(struct world *w, struct dn_who *sender, const char *function,
			  uint64_t epoch, const char *amount, uint64_t nonce)
{
	return dn_send(&w->d, sender, function,
		       dn_args("osUub", &w->channel, "account-key", amount, nonce,
			       sign(w, &w->payer, epoch, "account-key", amount, nonce)));
}

static const char *claim(struct world *w, const char *amount, uint64_t nonce)
{
	return submit(w, &w->payee, CLAIM, 0, amount, nonce);
}

static struct channel_object channel(struct world *w)
{
	struct channel_object ch = { .epoch = 999 };
	struct str v = dn_object(&w->d, &w->channel);

	if (!v.p || !channel_object_read(&ch, v))
		dn_die("a channel", NULL);
	return ch;
}

/* "status epoch" */
static const char *state(struct world *w)
{
	struct channel_object ch = channel(w);

	return arena_printf(&w->d.texts, "%d %d", (int)ch.status, (int)ch.epoch);
}

/* "claimed nonce" of the sub-channel */
static const char *sub_state(struct world *w, const char *fragment)
{
	struct channel_object ch = channel(w);
	struct str v = dn_field(&w->d, &ch.sub_channels, fragment);
	struct subchannel_object s;
	char amount[U256_TEXT];

	if (!v.p)
		return "none";
	if (!subchannel_field_read(&s, str_c(fragment), v))
		return "bad";
	u256_format(amount, s.last_claimed);
	return arena_printf(&w->d.texts, "%s %d", amount, (int)s.last_nonce);
}

/* Channels of the payer that are not closed. */
static const char *active(struct world *w)
{
	struct rooch_id id = rooch_hub_id(&w->payer.address);
	struct hub_object hub;
	uint64_t n = 0;
	struct str v = dn_object(&w->d, &id);

	if (!v.p || !hub_object_read(&hub, v))
		return "no hub";
	v = dn_field(&w->d, &hub.active_channels, dev_rgas);
	if (v.p && !u64_field_read(&n, str_c(dev_rgas), v))
		return "bad";
	return v.p ? arena_printf(&w->d.texts, "%d", (int)n) : "none";
}

static void add_key(struct world *w, const char *fragment, const char *relationships)
{
	struct dn_who k;

	dn_key(&k, KEY_R1);
	IS(dn_send(&w->d, &w->payer, "did::add_verification_method_entry",
		   dn_args("sssb", fragment, key_type_name(KEY_R1), k.multibase,
			   str_c(relationships))),
	   "executed", "another key, %s", fragment);
	dn_free(&k);
}

/* ---- 7.1 ---- */

static void opening(void)
{
	struct world w;
	struct dn_who nobody = { .fragment = "account-key" };

	begin(&w, KEY_K1);
	IS(dn_send(&w.d, &w.payer, OPEN, dn_args("a", &w.payee.address)), "executed", "open");
	IS(state(&w), "0 0", "active, epoch 0");
	IS(active(&w), "1", "one more channel");
	IS(dn_send(&w.d, &w.payer, OPEN, dn_args("a", &w.payee.address)), CHANNEL(18),
	   "open twice");
	IS(dn_send(&w.d, &w.other, AUTHORIZE, dn_args("os", &w.channel, "account-key")),
	   CHANNEL(16), "authorise, not as the payer");
	IS(dn_send(&w.d, &w.payer, AUTHORIZE, dn_args("os", &w.channel, "no-key")), CHANNEL(4),
	   "authorise a key that there is not");
	add_key(&w, "signs-only", "\1"); /* assertionMethod */
	IS(dn_send(&w.d, &w.payer, AUTHORIZE, dn_args("os", &w.channel, "signs-only")), CHANNEL(5),
	   "authorise a key that does not authenticate");
	IS(dn_send(&w.d, &w.payer, AUTHORIZE, dn_args("os", &w.channel, "account-key")), "executed",
	   "authorise");
	IS(sub_state(&w, "account-key"), "0 0", "claimed amount and nonce begin at 0");
	IS(dn_send(&w.d, &w.payer, AUTHORIZE, dn_args("os", &w.channel, "account-key")),
	   CHANNEL(17), "authorise twice");
	IS(open_with_sub(&w), "executed", "both exist: nothing to do");
	IS(active(&w), "1", "and nothing done");
	IS(dn_send(&w.d, &w.payer, AUTHORIZE, dn_args("os", &nobody.address, "account-key")),
	   "0x2::object 2", "authorise in a channel that there is not");

	IS(dn_send(&w.d, &w.payee, CLOSE, dn_args("ob", &w.channel, (struct str){ "", 1 })),
	   "executed", "closed");
	IS(dn_send(&w.d, &w.payer, AUTHORIZE, dn_args("os", &w.channel, "account-key")), CHANNEL(2),
	   "authorise in a closed channel");
	IS(active(&w), "none", "a counter of 0 is taken away");
	IS(open_with_sub(&w), "executed", "opened again");
	IS(state(&w), "0 1", "the epoch stays raised");
	IS(dn_send(&w.d, &w.payer, CANCEL, dn_args("o", &w.channel)), "executed", "cancelling");
	IS(open_with_sub(&w), "executed", "no reopening, but the sub-channel exists");
	IS(dn_send(&w.d, &w.payer, OPEN, dn_args("a", &w.payee.address)), CHANNEL(18),
	   "a cancelling channel is not opened");
	add_key(&w, "later", (const char[]){ 2, 0 });
	IS(dn_send(&w.d, &w.payer, OPEN_WITH_SUB, dn_args("as", &w.payee.address, "later")),
	   CHANNEL(2), "nor gets it another sub-channel");
	end(&w);
}

/* ---- 7.2 ---- */

static void claims(enum key_type t)
{
	struct world w;
	struct str sig;

	begin(&w, t);
	IS(open_with_sub(&w), "executed", "%s opens", key_type_name(t));
	IS(claim(&w, "300", 2), "executed", "claim");
	IS(sub_state(&w, "account-key"), "300 2", "both values are stored");
	IS(dn_hub(&w.d, &w.payer), "999999700", "the hub paid");
	IS(dn_revenue(&w.d, &w.payee), "300", "the receiver got it");
	IS(claim(&w, "300", 2), "executed", "the same again");
	IS(claim(&w, "300", 3), "executed", "the same amount with a newer nonce");
	IS(sub_state(&w, "account-key"), "300 3", "moves the nonce only");
	IS(dn_revenue(&w.d, &w.payee), "300", "nothing more was paid");
	IS(claim(&w, "299", 4), CHANNEL(8), "less than claimed");
	IS(claim(&w, "301", 2), CHANNEL(7), "an older nonce");
	IS(submit(&w, &w.other, CLAIM, 0, "310", 4), "executed", "anybody may send it");
	IS(dn_revenue(&w.d, &w.payee), "310", "the receiver gets it");
	IS(submit(&w, &w.payee, CLAIM, 1, "320", 5), CHANNEL(3), "a voucher of another epoch");
	IS(claim(&w, "1000000001", 6), "0x3::multi_coin_store 4", "more than the hub has");
	IS(sub_state(&w, "account-key"), "310 4", "is not paid in part");
	IS(claim(&w, "1000000000", 6), "executed", "all that it has");
	IS(dn_hub(&w.d, &w.payer), "0", "empty now");

	sig = sign(&w, &w.payer, 0, "account-key", "1000000000", 7);
	IS(dn_send(&w.d, &w.payee, CLAIM,
		   dn_args("osUub", &w.channel, "no-key", "1000000000", UINT64_C(7), sig)),
	   CHANNEL(15), "a sub-channel that there is not");
	IS(dn_send(&w.d, &w.payee, CLAIM,
		   dn_args("osUub", &w.channel, "account-key", "1000000000", UINT64_C(8), sig)),
	   CHANNEL(3), "a signature of another nonce");
	sig.len--;
	IS(dn_send(&w.d, &w.payee, CLAIM,
		   dn_args("osUub", &w.channel, "account-key", "1000000000", UINT64_C(7), sig)),
	   t == KEY_ED25519 ? CHANNEL(3)
	   : t == KEY_K1    ? "0x3::ecdsa_k1 1"
			    : "0x3::ecdsa_r1 1",
	   "a signature of 63 bytes");
	end(&w);
}

/* What ECDSA signatures may not be. */
static void odd_signatures(enum key_type t)
{
	static const uint8_t zero[32];
	const char *module = t == KEY_K1 ? "0x3::ecdsa_k1 1" : "0x3::ecdsa_r1 1";
	struct world w;
	struct str sig;
	uint8_t odd[KEY_SIG];

	begin(&w, t);
	IS(open_with_sub(&w), "executed", "%s", key_type_name(t));
	sig = sign(&w, &w.payer, 0, "account-key", "5", 1);
	memcpy(odd, sig.p, sizeof odd);
	dn_high_s(t, odd);
	IS(dn_send(&w.d, &w.payee, CLAIM,
		   dn_args("osUub", &w.channel, "account-key", "5", UINT64_C(1),
			   (struct str){ (const char *)odd, sizeof odd })),
	   CHANNEL(3), "high S");
	memcpy(odd + 32, zero, 32);
	IS(dn_send(&w.d, &w.payee, CLAIM,
		   dn_args("osUub", &w.channel, "account-key", "5", UINT64_C(1),
			   (struct str){ (const char *)odd, sizeof odd })),
	   module, "s is zero");
	memset(odd, 0xff, sizeof odd);
	IS(dn_send(&w.d, &w.payee, CLAIM,
		   dn_args("osUub", &w.channel, "account-key", "5", UINT64_C(1),
			   (struct str){ (const char *)odd, sizeof odd })),
	   module, "r and s beyond the order");
	end(&w);
}

/* The key is frozen when the sub-channel is made. */
static void frozen_key(void)
{
	struct world w;

	begin(&w, KEY_K1);
	IS(open_with_sub(&w), "executed", "open");
	IS(dn_send(&w.d, &w.payer, "did::remove_verification_method_entry",
		   dn_args("s", "account-key")),
	   "executed", "the payer removes its key");
	IS(claim(&w, "7", 1), "executed", "what it has signed stays good");
	end(&w);
}

static void receipts(void)
{
	struct world w;
	struct str none = { "", 0 };

	begin(&w, KEY_K1);
	IS(dn_send(&w.d, &w.other, RECEIPT,
		   dn_args("aassUub", &w.payer.address, &w.payee.address, RGAS, "account-key", "0",
			   UINT64_C(0), none)),
	   "executed", "a receipt of nothing opens and authorises");
	IS(state(&w), "0 0", "active");
	IS(sub_state(&w, "account-key"), "0 0", "authorised");
	IS(dn_send(&w.d, &w.other, RECEIPT,
		   dn_args("aassUub", &w.payer.address, &w.payee.address, RGAS, "account-key", "40",
			   UINT64_C(1), sign(&w, &w.payer, 0, "account-key", "40", 1))),
	   "executed", "a receipt claims");
	IS(dn_revenue(&w.d, &w.payee), "40", "it does");
	IS(dn_send(&w.d, &w.other, RECEIPT,
		   dn_args("aassUub", &w.payer.address, &w.other.address, RGAS, "account-key", "40",
			   UINT64_C(1), sign(&w, &w.payer, 0, "account-key", "40", 1))),
	   CHANNEL(3), "a voucher for another channel");
	w.channel = rooch_channel_id(&w.payer.address, &w.other.address, dev_rgas);
	OK(!dn_object(&w.d, &w.channel).p, "which is not opened by that");
	IS(dn_send(&w.d, &w.other, RECEIPT,
		   dn_args("aassUub", &w.payer.address, &w.payee.address, "RGas", "account-key",
			   "40", UINT64_C(1), none)),
	   "miscellaneouserror", "no coin type");
	IS(dn_send(&w.d, &w.other, RECEIPT,
		   dn_args("aassUub", &(struct rooch_id){ { 1 } }, &w.payee.address, RGAS, "k", "0",
			   UINT64_C(0), none)),
	   CHANNEL(20), "a payer without a document");
	end(&w);
}

/* ---- 7.3 ---- */

static size_t missing; /* bytes of the signatures in proofs */

static struct str close_proofs(struct world *w, unsigned n, const char *fragment, uint64_t epoch,
			       const char *amount, uint64_t nonce)
{
	struct buf b;
	struct str s;

	buf_init(&b, 65536);
	bcs_put_uleb(&b, n);
	for (unsigned i = 0; i < n; i++) {
		struct u256 v;
		bool fits = strlen(fragment) <= ROOCH_FRAGMENT_MAX;
		struct str sig = sign(w, &w->payer, epoch, fits ? fragment : "k", amount, nonce);

		if (!u256_parse(&v, str_c(amount)))
			dn_die("an amount", NULL);
		bcs_put_string(&b, str_c(fragment));
		bcs_put_u256(&b, v);
		bcs_put_u64(&b, nonce);
		bcs_put_vec(&b, sig.p, sig.len - missing);
	}
	s = arena_dup(&w->d.texts, buf_str(&b));
	buf_clear(&b);
	return s;
}

static const char *close_with(struct world *w, unsigned n, const char *fragment, uint64_t epoch,
			      const char *amount, uint64_t nonce)
{
	return dn_send(
		&w->d, &w->payee, CLOSE,
		dn_args("ob", &w->channel, close_proofs(w, n, fragment, epoch, amount, nonce)));
}

static void closing(void)
{
	struct world w;
	struct str none = { "", 1 };
	char name[200] = "";

	begin(&w, KEY_K1);
	IS(dn_send(&w.d, &w.payer, OPEN, dn_args("a", &w.payee.address)), "executed", "open");
	IS(close_with(&w, 1, "account-key", 0, "500", 1), "executed",
	   "without sub-channels the proofs are ignored");
	IS(dn_revenue(&w.d, &w.payee), "none", "nothing was paid");
	IS(open_with_sub(&w), "executed", "opened again");
	IS(dn_send(&w.d, &w.other, CLOSE, dn_args("ob", &w.channel, none)), CHANNEL(1),
	   "close, not as the receiver");
	IS(close_with(&w, 65, "account-key", 1, "500", 1), CHANNEL(27), "65 proofs");
	IS(close_with(&w, 1, "account-key", 0, "500", 1), CHANNEL(3), "a proof of another epoch");
	IS(close_with(&w, 1, "no-key", 1, "500", 1), CHANNEL(8), "a proof of no sub-channel");
	IS(submit(&w, &w.payee, CLAIM, 1, "400", 5), "executed", "claim");
	IS(close_with(&w, 1, "account-key", 1, "399", 6), CHANNEL(8), "a proof of less");
	IS(close_with(&w, 1, "account-key", 1, "401", 4), CHANNEL(7), "a proof of an older nonce");
	IS(close_with(&w, 1, "account-key", 1, "1000000001", 6), "0x3::multi_coin_store 4",
	   "a proof of more than the hub has");
	missing = 1;
	IS(close_with(&w, 1, "account-key", 1, "500", 6), "0x3::ecdsa_k1 1",
	   "a proof with a signature of 63 bytes");
	missing = 0;
	memset(name, 'n', sizeof name - 1);
	IS(close_with(&w, 1, name, 1, "500", 6), CHANNEL(8),
	   "a proof of a name that no sub-channel can have");
	IS(dn_send(&w.d, &w.payee, CLOSE, dn_args("ob", &w.channel, STR_LIT("\1\1"))),
	   "miscellaneouserror", "proofs that do not decode");
	IS(state(&w), "0 1", "still open");
	IS(close_with(&w, 1, "account-key", 1, "500", 6), "executed", "close");
	IS(state(&w), "2 2", "closed, epoch raised");
	IS(sub_state(&w, "account-key"), "500 6", "the values are kept");
	IS(dn_revenue(&w.d, &w.payee), "500", "the difference was paid");
	IS(active(&w), "none", "one channel less");
	IS(close_with(&w, 0, "", 0, "0", 0), CHANNEL(2), "close twice");
	IS(submit(&w, &w.payee, CLAIM, 1, "501", 7), CHANNEL(2), "claim in a closed channel");
	IS(open_with_sub(&w), "executed", "opened again");
	IS(submit(&w, &w.payee, CLAIM, 1, "501", 7), CHANNEL(3),
	   "vouchers of before are worthless");
	IS(submit(&w, &w.payee, CLAIM, 2, "501", 7), "executed", "those of the new epoch go on");
	IS(close_with(&w, 0, "", 0, "0", 0), "executed", "an empty list closes without payment");
	end(&w);
}

/* ---- 7.4 ---- */

static struct str cancel_proofs(struct world *w, unsigned n, const char *fragment,
				const char *amount, uint64_t nonce)
{
	struct buf b;
	struct u256 v;
	struct str s;

	buf_init(&b, 65536);
	bcs_put_uleb(&b, n);
	if (!u256_parse(&v, str_c(amount)))
		dn_die("an amount", NULL);
	for (unsigned i = 0; i < n; i++) {
		bcs_put_string(&b, str_c(fragment));
		bcs_put_u256(&b, v);
		bcs_put_u64(&b, nonce);
	}
	s = arena_dup(&w->d.texts, buf_str(&b));
	buf_clear(&b);
	return s;
}

static const char *cancel_with(struct world *w, unsigned n, const char *fragment,
			       const char *amount, uint64_t nonce)
{
	return dn_send(&w->d, &w->payer, CANCEL_PROOFS,
		       dn_args("ob", &w->channel, cancel_proofs(w, n, fragment, amount, nonce)));
}

static const char *pending(struct world *w)
{
	struct channel_object ch = channel(w);
	char text[U256_TEXT];

	u256_format(text, ch.pending_amount);
	return ch.cancelling ? arena_dup(&w->d.texts, str_c(text)).p : "none";
}

static const char *finalize(struct world *w)
{
	return dn_send(&w->d, &w->other, FINALIZE, dn_args("o", &w->channel));
}

static const char *dispute(struct world *w, const char *amount, uint64_t nonce)
{
	return submit(w, &w->payee, DISPUTE, 0, amount, nonce);
}

static void advance(struct world *w, int64_t ms)
{
	char body[64];

	snprintf(body, sizeof body, "{\"advance_ms\":%" PRId64 "}", ms);
	OK(!dn_control(&w->d, "clock", body, NULL)[0], "%lld ms later", (long long)ms);
}

static void cancelling(void)
{
	struct world w;

	begin(&w, KEY_K1);
	IS(open_with_sub(&w), "executed", "open");
	IS(claim(&w, "100", 3), "executed", "claim");
	IS(dn_send(&w.d, &w.other, CANCEL, dn_args("o", &w.channel)), CHANNEL(14),
	   "cancel, not as the payer");
	IS(cancel_with(&w, 65, "account-key", "150", 4), CHANNEL(27), "65 proofs");
	IS(cancel_with(&w, 1, "no-key", "150", 4), CHANNEL(15), "a proof of no sub-channel");
	IS(cancel_with(&w, 1, "account-key", "99", 4), CHANNEL(8), "a proof of less");
	IS(cancel_with(&w, 1, "account-key", "101", 2), CHANNEL(7), "a proof of an older nonce");
	IS(dispute(&w, "200", 5), CHANNEL(2), "nothing to dispute yet");
	IS(finalize(&w), CHANNEL(2), "nothing to finalise yet");
	IS(cancel_with(&w, 1, "account-key", "150", 4), "executed", "cancel");
	IS(state(&w), "1 0", "cancelling, same epoch");
	IS(pending(&w), "50", "what the proof adds is pending");
	IS(sub_state(&w, "account-key"), "150 4", "and stands in the sub-channel");
	IS(dn_revenue(&w.d, &w.payee), "100", "but is not paid");
	IS(active(&w), "1", "the channel counts as active");
	IS(claim(&w, "200", 5), CHANNEL(2), "no claims meanwhile");
	IS(close_with(&w, 0, "", 0, "0", 0), CHANNEL(2), "no closing");
	IS(dn_send(&w.d, &w.payer, CANCEL, dn_args("o", &w.channel)), CHANNEL(2), "no second time");

	IS(submit(&w, &w.other, DISPUTE, 0, "200", 5), CHANNEL(1), "dispute, not as the receiver");
	IS(submit(&w, &w.payee, DISPUTE, 1, "200", 5), CHANNEL(3), "with another epoch");
	IS(dn_send(&w.d, &w.payee, DISPUTE,
		   dn_args("osUub", &w.channel, "no-key", "200", UINT64_C(5),
			   sign(&w, &w.payer, 0, "no-key", "200", 5))),
	   CHANNEL(15), "in no sub-channel");
	IS(dispute(&w, "149", 5), CHANNEL(8), "with less");
	IS(dispute(&w, "200", 3), CHANNEL(7), "with an older nonce");
	IS(dispute(&w, "150", 9), "executed", "with the same amount");
	IS(sub_state(&w, "account-key"), "150 4", "which changes nothing, not even the nonce");
	IS(dispute(&w, "200", 5), "executed", "with more");
	IS(pending(&w), "100", "more is pending");
	IS(dispute(&w, "230", 6), "executed", "and once more");
	IS(pending(&w), "130", "the differences add up");

	IS(finalize(&w), CHANNEL(10), "too early");
	advance(&w, 86399999);
	IS(finalize(&w), CHANNEL(10), "by a millisecond");
	advance(&w, 1);
	dn_set_hub(&w.d, &w.payer, "129");
	IS(finalize(&w), "0x3::multi_coin_store 4", "the hub is short");
	IS(state(&w), "1 0", "nothing changed");
	dn_set_hub(&w.d, &w.payer, "1000");
	IS(finalize(&w), "executed", "anybody finalises after 24 hours");
	IS(state(&w), "2 1", "closed, epoch raised");
	IS(dn_revenue(&w.d, &w.payee), "230", "the pending amount was paid");
	IS(dn_hub(&w.d, &w.payer), "870", "from the hub");
	IS(active(&w), "none", "one channel less");
	IS(finalize(&w), CHANNEL(2), "not twice");
	IS(open_with_sub(&w), "executed", "opened again");
	IS(pending(&w), "none", "nothing of the cancellation is left");
	end(&w);
}

static void cancel_at_once(void)
{
	struct world w;

	begin(&w, KEY_ED25519);
	IS(dn_send(&w.d, &w.payer, OPEN, dn_args("a", &w.payee.address)), "executed", "open");
	IS(dn_send(&w.d, &w.payer, CANCEL, dn_args("o", &w.channel)), "executed", "cancel");
	IS(state(&w), "2 1", "without sub-channels it is closed at once");
	IS(active(&w), "none", "one channel less");
	IS(dn_send(&w.d, &w.payer, CANCEL, dn_args("o", &w.channel)), CHANNEL(2), "not twice");
	end(&w);
}

/* ---- 7.5 ---- */

static void hubs(void)
{
	struct world w;

	begin(&w, KEY_ED25519);
	IS(dn_send(&w.d, &w.other, "<payment_channel::deposit_to_hub_entry",
		   dn_args("aU", &w.payer.address, "500")),
	   "executed", "a deposit by another");
	IS(dn_hub(&w.d, &w.payer), "1000000500", "is in the hub");
	IS(dn_balance(&w.d, &w.other), "999999999500", "and no longer in the account");
	IS(dn_send(&w.d, &w.other, "<payment_channel::deposit_to_hub_entry",
		   dn_args("aU", &w.payer.address, "999999999501")),
	   "0x3::coin_store 4", "more than there is");
	IS(dn_send(&w.d, &w.payer, "<payment_channel::withdraw_from_hub_entry",
		   dn_args("U", "900000501")),
	   CHANNEL(25), "withdraw more than is not held back for gas");
	IS(dn_send(&w.d, &w.payer, "<payment_channel::withdraw_from_hub_entry",
		   dn_args("U", "500")),
	   "executed", "withdraw");
	IS(dn_hub(&w.d, &w.payer), HUB_START, "less in the hub");
	IS(dn_send(&w.d, &w.payer, "<payment_channel::transfer_to_hub_entry",
		   dn_args("aU", &w.payee.address, "77")),
	   "executed", "transfer to another hub");
	IS(dn_hub(&w.d, &w.payee), "77", "which is made");
	IS(dn_hub(&w.d, &w.payer), "999999923", "from this one");

	IS(dn_send(&w.d, &w.payer, OPEN, dn_args("a", &w.payee.address)), "executed", "open");
	OK(!dn_control(&w.d, "settings", "{\"locked_unit\":\"899999900\"}", NULL)[0],
	   "each open channel locks 899999900");
	IS(dn_send(&w.d, &w.payer, "<payment_channel::withdraw_from_hub_entry", dn_args("U", "24")),
	   CHANNEL(25), "what is locked stays");
	IS(dn_send(&w.d, &w.payer, "<payment_channel::transfer_to_hub_entry",
		   dn_args("aU", &w.payee.address, "24")),
	   CHANNEL(25), "here");
	IS(dn_send(&w.d, &w.payer, "<payment_channel::withdraw_from_hub_entry", dn_args("U", "23")),
	   "executed", "the rest goes");
	IS(dn_send(&w.d, &w.payer, "<payment_channel::set_locked_unit", dn_args("U", "0")),
	   CHANNEL(26), "the unit is the administration's");
	end(&w);
}

/* The chain administers itself: address 3. */
static void administration(void)
{
	struct world w;
	struct dn_who admin;
	char body[300];

	begin(&w, KEY_ED25519);
	dn_account(&w.d, &admin, KEY_ED25519);
	admin.address = (struct rooch_id){ { [31] = 3 } };
	snprintf(body, sizeof body,
		 "{\"address\":\"0x3\",\"keys\":[{\"fragment\":\"account-key\",\"type\":\"%s\","
		 "\"public_key\":\"%s\"}]}",
		 key_type_name(KEY_ED25519), admin.multibase);
	OK(!dn_control(&w.d, "did", body, NULL)[0], "the administration");
	IS(dn_send(&w.d, &w.payer, OPEN, dn_args("a", &w.payee.address)), "executed", "open");
	IS(dn_send(&w.d, &admin, "<payment_channel::set_locked_unit", dn_args("U", "900000001")),
	   "executed", "locks more than there is");
	IS(dn_send(&w.d, &w.payer, "<payment_channel::withdraw_from_hub_entry", dn_args("U", "1")),
	   CHANNEL(25), "nothing can be withdrawn");
	IS(dn_send(&w.d, &w.payer, "<payment_channel::withdraw_from_hub_entry", dn_args("U", "0")),
	   "executed", "but nothing");
	dn_free(&admin);
	end(&w);
}

/* Sums that do not fit. */
static void overflows(void)
{
	static const char most[] = "115792089237316195423570985008687907853269984665640564039457584"
				   "007913129639935";
	struct world w;
	struct buf b;
	struct u256 v;

	begin(&w, KEY_ED25519);
	IS(open_with_sub(&w), "executed", "open");
	{
		struct dn_who k;

		dn_key(&k, KEY_ED25519);
		IS(dn_send(&w.d, &w.payer, "did::add_verification_method_entry",
			   dn_args("sssb", "second", key_type_name(KEY_ED25519), k.multibase,
				   (struct str){ "", 1 })),
		   "executed", "a second key");
		dn_free(&k);
	}
	IS(dn_send(&w.d, &w.payer, AUTHORIZE, dn_args("os", &w.channel, "second")), "executed",
	   "and sub-channel");
	buf_init(&b, 1000);
	bcs_put_uleb(&b, 2);
	if (!u256_parse(&v, str_c(most)))
		dn_die("an amount", NULL);
	bcs_put_string(&b, STR_LIT("account-key"));
	bcs_put_u256(&b, v);
	bcs_put_u64(&b, 1);
	bcs_put_string(&b, STR_LIT("second"));
	bcs_put_u256(&b, u256_of(1));
	bcs_put_u64(&b, 1);
	IS(dn_send(&w.d, &w.payer, CANCEL_PROOFS, dn_args("ob", &w.channel, buf_str(&b))),
	   "executionfailure", "pending amounts beyond 256 bits");
	IS(state(&w), "0 0", "change nothing");
	IS(sub_state(&w, "account-key"), "0 0", "at all");
	buf_clear(&b);
	end(&w);
}

static void revenues(void)
{
	struct world w;

	begin(&w, KEY_ED25519);
	IS(dn_send(&w.d, &w.payee, "<payment_revenue::withdraw_revenue_entry", dn_args("U", "0")),
	   "0x3::payment_revenue 4", "withdraw nothing");
	IS(dn_send(&w.d, &w.payee, "<payment_revenue::withdraw_revenue_entry", dn_args("U", "1")),
	   "0x3::payment_revenue 1", "withdraw without revenue");
	IS(dn_send(&w.d, &w.payee, "payment_revenue::create_revenue_hub", dn_args("")), "executed",
	   "a revenue hub");
	IS(dn_revenue(&w.d, &w.payee), "0", "is empty");
	IS(open_with_sub(&w), "executed", "open");
	IS(claim(&w, "90", 1), "executed", "claim");
	IS(dn_send(&w.d, &w.payee, "<payment_revenue::withdraw_revenue_entry", dn_args("U", "91")),
	   "0x3::payment_revenue 1", "withdraw too much");
	IS(dn_send(&w.d, &w.payee, "<payment_revenue::withdraw_revenue_entry", dn_args("U", "90")),
	   "executed", "withdraw");
	IS(dn_revenue(&w.d, &w.payee), "0", "from the revenue");
	IS(dn_balance(&w.d, &w.payee), "1000000000090", "to the account");
	IS(dn_send(&w.d, &w.payee, "gas_coin::faucet_entry", dn_args("U", "10")), "executed",
	   "the faucet");
	IS(dn_balance(&w.d, &w.payee), "1000000000100", "gives");
	IS(dn_send(&w.d, &w.payee, "gas_coin::faucet_entry",
		   dn_args("U",
			   "1157920892373161954235709850086879078532699846656405640394575840079"
			   "13129639935")),
	   "executionfailure", "but not more than fits");
	OK(!dn_control(&w.d, "settings", "{\"chain_id\":2}", NULL)[0], "on the test network");
	{
		struct dn_tx t = dn_tx(&w.payee, "gas_coin::faucet_entry");

		t.chain_id = 2;
		t.args = dn_args("U", "10");
		IS(dn_outcome(&w.d, dn_send_tx(&w.d, &w.payee, t)), "0x3::gas_coin 1",
		   "it does not give to everybody");
	}
	end(&w);
}

int main(void)
{
	opening();
	claims(KEY_ED25519);
	claims(KEY_K1);
	claims(KEY_R1);
	odd_signatures(KEY_K1);
	odd_signatures(KEY_R1);
	frozen_key();
	receipts();
	closing();
	cancelling();
	cancel_at_once();
	hubs();
	administration();
	overflows();
	revenues();
	return TAP_END;
}
