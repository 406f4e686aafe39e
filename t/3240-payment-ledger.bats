#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the ledger says decides, and where it says nothing, or nonsense, nobody is served.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode
load lib/gateway
load lib/payment

CHAT=/openai/v1/chat/completions

setup() {
	gw_need sqlite3 jq
	FORGETS=yes
	payment_world
	payment_start openai
}

teardown() {
	gw_end
}

served() { # served N: so many calls reached the provider
	gw_is "$(curl -sS "$MOCK/mock/count")" "$1"
}

# until_served: pay until the ledger is believed again
until_served() {
	gw_wait_for 10 eval 'pay openai $CHAT -d "$(chat_body gpt-4o-mini)"; [ "$(answer_status out)" = 200 ]'
}

@test "a payer without a channel is not served; one that was opened a moment ago is" {
	local did
	did=$(payment_did 2)
	stranger() {
		fcgicat -H "Authorization: $(didauth -k 2 -n "$did")" -d "$(chat_body gpt-4o-mini)" openai.sock $CHAT >out
	}
	stranger
	[ "$(answer_status out)" = 404 ]
	told | gw_json '.error.code == "CHANNEL_NOT_FOUND" and .subRav == null'
	served 0
	devnode_control hub "{\"owner\":\"$did\",\"amount\":\"1000000000\"}" >/dev/null
	payer -k 2 -n "$did" -u "$DEVNODE_URL" -s "$SERVICE_DID" open
	gw_wait_for 10 eval 'stranger; [ "$(answer_status out)" = 200 ]'
	served 1
	# a did:key has no channel
	ask openai $CHAT -d "$(chat_body gpt-4o-mini)" >out
	[ "$(answer_status out)" = 401 ]
}

@test "a voucher is verified with the key that the ledger froze, whatever the DID document lists" {
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	local key
	key=$(didauth -k 2 -n did:rooch:x -W | jq -r '.verificationMethod[0].publicKeyMultibase')
	devnode_control did "{\"address\":\"$PAYER\",\"keys\":[{\"fragment\":\"account-key\",
		\"type\":\"EcdsaSecp256k1VerificationKey2019\",\"public_key\":\"$key\"}]}" >/dev/null
	with() { # with N: the voucher by key N, the request by the key that the document lists by now
		fcgicat -H "Authorization: $(didauth -k 2 -n "$PAYER")" -H "X-Payment-Channel-Data: $(payer -k "$1" header "$ANSWER")" \
			-d "$(chat_body gpt-4o-mini)" openai.sock $CHAT >out
	}
	gw_wait_for 20 eval 'with 2; [ "$(answer_status out)" != 401 ]'
	[ "$(answer_status out)" = 400 ]
	told | gw_json '.error.code == "INVALID_SIGNATURE"'
	served 1
	with 1
	[ "$(answer_status out)" = 200 ]
	served 2
	gw_is "$(rows "select count(*) from voucher")" 1
}

@test "a ledger that fails, hangs up, lies or babbles: nobody is served, and the voucher is kept" {
	until_served
	local kind n=1 before
	for kind in http close error maintenance garbage object truncate length; do
		devnode_fault "$kind" '' 100
		payment_forget
		before=$ANSWER
		pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
		[ "$(answer_status out)" = 503 ] || {
			echo "$kind: $(cat out)"
			return 1
		}
		served $n
		gw_is "$(body <out | jq -r .error.code)" SERVICE_UNAVAILABLE
		curl -sS -X DELETE "$DEVNODE_URL/devnode/fault" >/dev/null
		ANSWER=$before
		until_served
		n=$((n + 1))
		served $n
		gw_is "$(rows "select count(*), max(nonce) from voucher")" "$((n - 1))|$((n - 1))"
	done
}

@test "a node of another chain is believed nothing, and the gateway says that it is not ready" {
	until_served
	gw_stop openai
	payment_start gateway
	payment_start payment-channel
	fcgicat gateway.sock /readyz >out
	[ "$(answer_status out)" = 200 ]
	devnode_control settings '{"chain_id":3}' >/dev/null
	payment_start openai
	payment_forget
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 503 ]
	served 1
	gw_wait_for 10 eval 'fcgicat gateway.sock /readyz >out; [ "$(answer_status out)" = 503 ]'
	fcgicat gateway.sock /healthz >out
	[ "$(answer_status out)" = 200 ]
	gw_wait_for 10 eval 'fcgicat payment-channel.sock /payment-channel/health >out; [ "$(answer_status out)" = 503 ]'
	paid_ask payment-channel /payment-channel/recovery >out
	gw_is "$(answer_status out)" 503
	grep -q 'the node is of chain 3, the network is chain 4' openai.err
}

@test "no payment header, voucher or signature is in any log" {
	until_served
	local header bad
	header=$(payer header "$ANSWER")
	bad=$(payer -k 2 header "$ANSWER")
	for try in "$bad" "$header" "$header" "${header}x" "$header, $header"; do
		paid_ask openai $CHAT -H "X-Payment-Channel-Data: $try" -d "$(chat_body gpt-4o-mini)" >>answers
	done
	for try in "$header" "$bad"; do
		signature=$(llm-gateway inspect payment --request "$try" | jq -r .signedSubRav.signature)
		[ "${#signature}" -gt 80 ]
		run ! grep -F -e "${try:0:200}" -e "${signature:2:60}" openai.err openai.out devnode.err
	done
}
