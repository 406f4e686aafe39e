/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a channel: our client and transactions against our node, over HTTP. */
#include "config.h"

#include "ledger/rooch_payer.h"

#include "server.h"
#include "tap.h"
#include "devnode.h"

static struct dn ledger;
static struct rooch_rpc *node;
static struct arena mem;
static struct gw_err e;

#define COIN "0x0000000000000000000000000000000000000000000000000000000000000003::gas_coin::RGas"

static bool serve_node(int fd, int conn, int n, const struct request *rq)
{
	struct dev_answer how;
	struct buf out;
	char head[128];

	(void)conn, (void)n;
	buf_init(&out, DEV_ANSWER_MAX);
	dev_rpc(ledger.st, (struct str){ rq->body, rq->body_len }, &out, &how);
	if (!how.silent) {
		snprintf(head, sizeof head, "HTTP/1.1 %d x\r\nContent-Length: %zu\r\n\r\n",
			 how.status, out.len);
		put(fd, head);
		put_n(fd, out.p, out.len);
	}
	buf_clear(&out);
	return !how.silent;
}

/* ---- parties ---- */

struct party {
	struct signing_key *k;
	struct rooch_id did; /* its address */
	char identifier[ROOCH_BECH32_TEXT];
};

static struct tx_data next_tx(const struct rooch_id *sender)
{
	struct tx_data t = { .sender = *sender, .max_gas = TX_GAS_DEFAULT };

	if (rooch_chain_id(node, &t.chain_id, &e) ||
	    rooch_sequence_number(node, sender, &t.sequence_number, &e))
		dn_die("the node does not answer", &e);
	return t;
}

/* Send the call of @t, signed as a DID; what became of it. */
static struct tx_result send_as(const struct party *p, struct tx_data *t)
{
	struct tx_result r;
	uint8_t hash[32];
	struct buf raw;

	buf_init(&raw, TX_BYTES_MAX);
	if (tx_sign_did(&raw, t, p->k, STR_LIT("account-key"), hash, &e) ||
	    rooch_execute(node, buf_str(&raw), &r, &e))
		dn_die("a transaction cannot be sent", &e);
	buf_clear(&raw);
	return r;
}

static bool executed(struct tx_result r)
{
	if (r.status != TX_EXECUTED)
		printf("# status %d, %s %llu, %s\n", (int)r.status, r.location,
		       (unsigned long long)r.abort_code, r.message);
	return r.status == TX_EXECUTED;
}

static void make_party(struct party *p)
{
	uint8_t pub[KEY_PUB_MAX], hash[32];
	struct rooch_id account;
	struct tx_result r;
	struct tx_data t;
	struct buf raw, text;
	size_t n;

	if (signing_key_generate(&p->k, KEY_K1, &e))
		dn_die("a key", &e);
	n = signing_key_pub(p->k, pub);
	buf_init(&text, 100);
	buf_init(&raw, TX_BYTES_MAX);
	if (!tx_bitcoin_sender(&account, pub) || !multibase_encode_z(pub, n, &text))
		abort();
	t = next_tx(&account);
	tx_call_create_did(&t.call, &mem, buf_str(&text));
	OK(!tx_sign_bitcoin(&raw, &t, p->k, hash, &e) &&
		   !rooch_execute(node, buf_str(&raw), &r, &e) && executed(r) &&
		   r.has_created_did && !memcmp(r.hash, hash, 32),
	   "a Bitcoin account creates a DID: %s", r.message);
	p->did = r.created_did;
	rooch_address_text(p->identifier, &p->did);
	buf_reset(&raw);
	OK(!rooch_get_did(node, str_c(p->identifier), &raw, &e) && raw.len > 100,
	   "its document is there: %s", e.priv);
	buf_reset(&raw);
	OK(rooch_get_did(node, STR_LIT("rooch1nobody"), &raw, &e) == 1 && !raw.len,
	   "that of another is not");
	buf_clear(&raw);
	buf_clear(&text);
}

static bool amount_is(int rc, struct u256 got, uint64_t want)
{
	char text[U256_TEXT];

	u256_format(text, got);
	if (rc || u256_cmp(got, u256_of(want)) != 0)
		printf("# %d %s, not %llu; %s\n", rc, text, (unsigned long long)want, e.priv);
	return !rc && u256_cmp(got, u256_of(want)) == 0;
}

static struct party payer, payee;
static struct rooch_id channel;

static struct voucher sign_voucher(uint64_t epoch, uint64_t amount, uint64_t nonce)
{
	struct voucher v = { .rav = { .version = 1, .chain_id = 4, .epoch = epoch } };

	v.rav.channel_id = channel;
	v.rav.accumulated = u256_of(amount);
	v.rav.nonce = nonce;
	memcpy(v.rav.fragment, "account-key", 12);
	if (subrav_sign(&v.rav, payer.k, v.signature, &e))
		dn_die("a voucher", &e);
	return v;
}

static bool listed(void *arg, struct str fragment, const struct subchannel_object *s)
{
	*(unsigned *)arg += str_eq_c(fragment, "account-key") && s->last_nonce == 7;
	return true;
}

/* All of the payer at once is what it is one by one. */
static void check_at_once(const struct channel_object *ch)
{
	struct rooch_payer p = { .channel_id = channel,
				 .payer = payer.did,
				 .sub_channels = ch->sub_channels,
				 .fragment = STR_LIT("account-key"),
				 .asset = COIN };
	struct u256 balance;

	for (int known = 0; known < 2; known++)
		OK(!rooch_get_payer(node, &p, &e) && p.has_coins &&
			   !rooch_get_hub_balance(node, &payer.did, COIN, &balance, &e) &&
			   u256_cmp(p.balance, balance) == 0 && !u256_is_zero(balance) &&
			   p.subchannel.last_nonce == 7 && rooch_id_eq(p.channel.sender, payer.did),
		   "all at once%s: %s", known ? ", in one question" : "", e.priv);
}

static void open_and_claim(void)
{
	struct subchannel_object sub;
	struct channel_object ch;
	uint8_t pub[KEY_PUB_MAX];
	struct voucher v;
	enum key_type type;
	struct tx_data t;
	struct u256 amount;
	unsigned n = 0;
	size_t len;
	int rc;

	channel = rooch_channel_id(&payer.did, &payee.did, COIN);
	OK(rooch_get_channel(node, &channel, &ch, &e) == 1, "no channel yet");
	rc = rooch_get_hub_balance(node, &payer.did, COIN, &amount, &e);
	OK(amount_is(rc, amount, 0), "and no hub");
	t = next_tx(&payer.did);
	tx_call_deposit(&t.call, &mem, COIN, &payer.did, u256_of(1000000000));
	OK(executed(send_as(&payer, &t)), "deposit");
	t = next_tx(&payer.did);
	tx_call_open(&t.call, &mem, COIN, &payee.did, STR_LIT("account-key"));
	OK(executed(send_as(&payer, &t)), "open");
	OK(!rooch_get_channel(node, &channel, &ch, &e) && rooch_id_eq(ch.sender, payer.did) &&
		   rooch_id_eq(ch.receiver, payee.did) && ch.status == CHANNEL_ACTIVE &&
		   ch.epoch == 0 && !ch.cancelling,
	   "the channel is active: %s", e.priv);
	OK(!rooch_get_subchannel(node, &ch.sub_channels, STR_LIT("account-key"), &sub, &e) &&
		   subchannel_key(&sub, &type, pub, &len) && type == KEY_K1 && sub.last_nonce == 0,
	   "its sub-channel has the payer's key: %s", e.priv);
	OK(rooch_get_subchannel(node, &ch.sub_channels, STR_LIT("other"), &sub, &e) == 1,
	   "another fragment has none");

	v = sign_voucher(0, 5000, 7);
	t = next_tx(&payee.did);
	tx_call_claim(&t.call, &mem, &v);
	OK(executed(send_as(&payee, &t)), "claim");
	OK(!rooch_get_subchannel(node, &ch.sub_channels, STR_LIT("account-key"), &sub, &e) &&
		   sub.last_nonce == 7 && u256_cmp(sub.last_claimed, u256_of(5000)) == 0,
	   "is on the chain");
	check_at_once(&ch);
	rc = rooch_get_revenue(node, &payee.did, COIN, &amount, &e);
	OK(amount_is(rc, amount, 5000), "and in the revenue");
	OK(!rooch_list_subchannels(node, &ch.sub_channels, listed, &n, &e) && n == 1,
	   "one sub-channel is listed: %s", e.priv);
	t = next_tx(&payee.did);
	tx_call_withdraw_revenue(&t.call, &mem, COIN, u256_of(5000));
	OK(executed(send_as(&payee, &t)), "withdraw revenue");
	rc = rooch_get_revenue(node, &payee.did, COIN, &amount, &e);
	OK(amount_is(rc, amount, 0), "is taken out");
}

static void aborts(void)
{
	struct voucher v = sign_voucher(0, 4000, 8);
	struct tx_result r;
	struct tx_data t;

	t = next_tx(&payee.did);
	tx_call_claim(&t.call, &mem, &v);
	r = send_as(&payee, &t);
	OK(r.status == TX_ABORTED && r.abort_code == 8 &&
		   !strcmp(r.location, "0x3::payment_channel") && r.gas_used > 0,
	   "an older amount aborts with %llu in %s", (unsigned long long)r.abort_code, r.location);
	v = sign_voucher(1, 6000, 8);
	t = next_tx(&payee.did);
	tx_call_claim(&t.call, &mem, &v);
	r = send_as(&payee, &t);
	OK(r.status == TX_ABORTED && r.abort_code == 3, "a voucher of another epoch too");
	t.sequence_number = 0;
	r = send_as(&payee, &t);
	OK(r.status == TX_REFUSED && r.sub_status == 1001, "an old sequence number is refused: %s",
	   r.message);
	t = next_tx(&payee.did);
	t.chain_id = 3;
	tx_call_claim(&t.call, &mem, &v);
	r = send_as(&payee, &t);
	OK(r.status == TX_REFUSED && r.sub_status == 1006, "so is another chain");
	t = next_tx(&payee.did);
	tx_call_claim(&t.call, &mem, &v);
	t.sender = payer.did;
	t.sequence_number = next_tx(&payer.did).sequence_number;
	r = send_as(&payee, &t);
	OK(r.status == TX_REFUSED && r.sub_status == 101007 % 65536, "and another's signature");
}

static void cancel_and_close(void)
{
	struct channel_object ch;
	struct voucher v;
	struct channel_proof proof;
	struct tx_data t;

	t = next_tx(&payer.did);
	tx_call_initiate_cancellation(&t.call, &mem, &channel);
	OK(executed(send_as(&payer, &t)), "the payer cancels");
	v = sign_voucher(0, 9000, 9);
	t = next_tx(&payee.did);
	tx_call_dispute(&t.call, &mem, &v);
	OK(executed(send_as(&payee, &t)), "the payee disputes");
	OK(!rooch_get_channel(node, &channel, &ch, &e) && ch.status == CHANNEL_CANCELLING &&
		   ch.cancelling && u256_cmp(ch.pending_amount, u256_of(4000)) == 0,
	   "what is owed is pending: %s", e.priv);
	t = next_tx(&payee.did);
	tx_call_finalize(&t.call, &mem, &channel);
	OK(send_as(&payee, &t).abort_code == 10, "for a day");
	clock_set_wall_ms(DN_NOW + 86400001);
	t = next_tx(&payee.did);
	tx_call_finalize(&t.call, &mem, &channel);
	OK(executed(send_as(&payee, &t)), "then it is final");
	OK(!rooch_get_channel(node, &channel, &ch, &e) && ch.status == CHANNEL_CLOSED &&
		   ch.epoch == 1,
	   "and closed");

	t = next_tx(&payer.did);
	tx_call_open(&t.call, &mem, COIN, &payee.did, STR_LIT("account-key"));
	OK(executed(send_as(&payer, &t)), "open again");
	t = next_tx(&payer.did);
	tx_call_authorize(&t.call, &mem, &channel, STR_LIT("account-key"));
	OK(send_as(&payer, &t).abort_code == 17, "its sub-channel is still there");
	v = sign_voucher(1, 9500, 10);
	proof = (struct channel_proof){
		STR_LIT("account-key"), u256_of(9500), 10, { (const char *)v.signature, KEY_SIG }
	};
	t = next_tx(&payee.did);
	tx_call_close(&t.call, &mem, &channel, &proof, 1);
	OK(executed(send_as(&payee, &t)), "the payee closes with the last voucher");
	OK(!rooch_get_channel(node, &channel, &ch, &e) && ch.status == CHANNEL_CLOSED &&
		   ch.epoch == 2,
	   "and closed again");
}

/* ---- a node that misbehaves ---- */

static void fault(const char *json)
{
	const char *wrong = dn_control(&ledger, "fault", json, NULL);

	if (*wrong)
		dn_die(wrong, NULL);
}

static bool unavailable(int rc)
{
	return rc == -1 && e.code == GWE_SERVICE_UNAVAILABLE && e.priv[0];
}

static void faults(void)
{
	static const char *const reads[] = { "{\"kind\":\"http\",\"value\":503}",
					     "{\"kind\":\"close\",\"count\":2}",
					     "{\"kind\":\"object\"}",
					     "{\"kind\":\"truncate\"}",
					     "{\"kind\":\"length\"}",
					     "{\"kind\":\"error\",\"text\":\"boom\"}",
					     "{\"kind\":\"maintenance\"}",
					     "{\"kind\":\"garbage\"}" };
	struct channel_object ch;
	struct tx_result r, again;
	struct tx_data t;
	struct u256 amount;

	for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
		fault(reads[i]);
		OK(unavailable(rooch_get_channel(node, &channel, &ch, &e)), "%s: %s", reads[i],
		   e.priv);
		fault(reads[i]);
		OK(unavailable(rooch_get_hub_balance(node, &payer.did, COIN, &amount, &e)),
		   "a balance is not zero for it");
	}
	fault("{\"kind\":\"close\"}");
	OK(!rooch_get_channel(node, &channel, &ch, &e), "a read is tried twice: %s", e.priv);
	t = next_tx(&payer.did);
	tx_call_faucet(&t.call, &mem, u256_of(5));
	fault("{\"kind\":\"drop\",\"method\":\"rooch_executeRawTransaction\"}");
	r = send_as(&payer, &t);
	OK(r.status == TX_UNKNOWN && r.message[0], "an answer that is lost: %s", r.message);
	OK(!rooch_tx_by_hash(node, r.hash, &again, &e) && again.status == TX_EXECUTED,
	   "the transaction was executed: %s", e.priv);
	r = send_as(&payer, &t);
	OK(r.status == TX_REFUSED && r.sub_status == 1001, "sent twice it is refused");
	t = next_tx(&payer.did);
	tx_call_faucet(&t.call, &mem, u256_of(5));
	fault("{\"kind\":\"close\",\"method\":\"rooch_executeRawTransaction\"}");
	r = send_as(&payer, &t);
	OK(r.status == TX_UNKNOWN && rooch_tx_by_hash(node, r.hash, &again, &e) == 1,
	   "one that did not arrive is not known");
	OK(executed(send_as(&payer, &t)), "and can be sent again");
	t = next_tx(&payer.did);
	fault("{\"kind\":\"maintenance\",\"method\":\"rooch_executeRawTransaction\"}");
	tx_call_faucet(&t.call, &mem, u256_of(5));
	r = send_as(&payer, &t);
	OK(r.status == TX_UNKNOWN && strstr(r.message, "maintenance mode"), "maintenance: %s",
	   r.message);
	fault("{\"kind\":\"refuse\",\"value\":1004,\"method\":\"rooch_executeRawTransaction\"}");
	r = send_as(&payer, &t);
	OK(r.status == TX_REFUSED && r.sub_status == 1004, "refused for its gas");
	fault("{\"kind\":\"abort\",\"value\":4,\"text\":\"0x3::multi_coin_store\",\"method\":"
	      "\"rooch_executeRawTransaction\"}");
	r = send_as(&payer, &t);
	OK(r.status == TX_ABORTED && r.abort_code == 4 &&
		   !strcmp(r.location, "0x3::multi_coin_store"),
	   "aborted in another module");
}

int main(void)
{
	int port, listener = listen_somewhere(&port);
	struct rooch_rpc_options o = { .timeout_ms = 20000 };
	char url[64];
	pthread_t t;

	dn_open(&ledger);
	if (upstream_global_init(&e))
		return 1;
	arena_init(&mem, 1 << 24);
	snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
	o.url = url;
	node = rooch_rpc_new(&o);
	atomic_store(&serve, serve_node);
	if (pthread_create(&t, NULL, acceptor, (void *)(intptr_t)listener))
		return 1;
	make_party(&payer);
	make_party(&payee);
	open_and_claim();
	aborts();
	cancel_and_close();
	faults();
	rooch_rpc_free(node);
	shutdown(listener, SHUT_RDWR);
	pthread_join(t, NULL);
	close(listener);
	while (atomic_load(&serving) > 0)
		usleep(1000);
	signing_key_free(payer.k);
	signing_key_free(payee.k);
	arena_free(&mem);
	dn_close(&ledger);
	crypto_done();
	return TAP_END;
}
