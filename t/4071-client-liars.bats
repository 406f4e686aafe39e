#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# llm-gateway-client and gateways that lie: nothing is signed that is not owed. The mock provider plays the gateway.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode

setup() {
	gw_need jq sqlite3
	gw_world
	devnode_start
	gw_spawn mock mockllm --port-file port --delay 0
	gw_wait_up mock 10 test -s port
	MOCK=http://127.0.0.1:$(cat port)
	export LLM_GATEWAY_URL=$MOCK LLM_GATEWAY_KEY_FILE=$GW_DIR/key.json ROOCH_NODE_URL=$DEVNODE_URL
	SERVICE=$(devnode_control did | jq -r .did)
	llm-gateway-client wallet new >/dev/null
	llm-gateway-client fund >/dev/null
	info=$(jq -nc --arg did "$SERVICE" '{version:1,serviceId:"x",serviceDid:$did,network:"local",defaultAssetId:"0x3::gas_coin::RGas",basePath:"/payment-channel"}')
	order 'path=/.well-known/&times=0' -d "$info"
	CHANNEL=$(llm-gateway-client open --json | jq -r .channelId)
}

teardown() {
	gw_end
}

order() { # order QUERY [CURL ARGUMENT...]
	local query=$1
	shift
	curl -sS --fail-with-body -X POST "$@" "$MOCK/mock/next?$query"
}

# header JQ-EDIT: value of a payment header that says: voucher 1, 75 units; as edited
header() {
	jq -nc --arg channel "$CHANNEL" '{version:1,clientTxRef:"r",serviceTxRef:"s",subRav:{version:"1",chainId:"4",channelId:$channel,
		channelEpoch:"0",vmIdFragment:"account-key",accumulatedAmount:"75",nonce:"1"},cost:"75",costUsd:"7500"}' |
		jq -c "$1" | basenc --base64url -w0 | tr -d '=\n' | sed 's/^/u/'
}

body='{"choices":[{"message":{"content":"C"},"finish_reason":"stop"}]}'

answer() { # answer JQ-EDIT [QUERY [BODY]]: order it
	order "header=X-Payment-Channel-Data:%20$(header "$1")&header=Content-Type:%20application/json${2:+&$2}" -d "${3:-$body}"
}

chat() {
	llm-gateway-client chat --no-stream "$@" hi
}

wallet() {
	sqlite3 -readonly -cmd '.timeout 5000' "$GW_DIR/key.json.db" "$1"
}

# what was sent with the last request that was no query
sent() {
	curl -sS "$MOCK/mock/head" | tr -d '\r' | sed -n 's/^X-Payment-Channel-Data: //p' >sent.header
	llm-gateway inspect payment --request "$(cat sent.header)"
}

@test "a proposal that was tampered with, in any member, is refused and never signed" {
	while IFS='|' read -r edit words; do
		answer "$edit"
		run -1 --separate-stderr chat
		gw_is "$output" C
		[[ $stderr == *"llm-gateway-client: the gateway"*"nothing was signed: "*"$words"* ]] || gw_is "$stderr" "$words"
		gw_is "$(wallet 'select count(*) from voucher') $(wallet 'select count(*) from proposal')" "0 0"
	done <<-'E'
		.subRav.version = "2"|of version 2
		.subRav.chainId = "1"|for chain 1
		.subRav.channelId = "0x" + ("1" * 64)|another channel, 0x1111
		.subRav.channelEpoch = "1"|epoch 1
		.subRav.vmIdFragment = "key-2"|the key `key-2`
		.subRav.nonce = "2"|number 2, but the last voucher known here is 0
		.subRav.nonce = "0"|number 0
		.subRav.accumulatedAmount = "76"|cost 75 units, but adds 76
		.cost = "74"|cost 74 units, but adds 75
		(.cost, .subRav.accumulatedAmount) = "6000000000"|it wants 6000000000 units for one request, the limit is 5000000000
	E
	run -0 llm-gateway-client history --json
	gw_json 'length == 10 and all(.[]; .state == "distrusted" and (has("cost") | not))' <<<"$output"
	# A header that cannot be read is as none: the answer is free.
	order 'header=X-Payment-Channel-Data:%20unsense' -d "$body"
	run -0 chat
	gw_is "$(wallet 'select state from request order by request_id desc limit 1')" 2
	# The truth is taken, and paid with the next request.
	answer .
	run -0 --separate-stderr chat
	[[ $stderr == *"75 asset units"* ]]
	answer '.subRav.nonce = "2" | .subRav.accumulatedAmount = "150"'
	run -0 chat
	sent | gw_json '.signedSubRav.subRav.nonce == "1" and .signedSubRav.subRav.accumulatedAmount == "75" and .maxAmount == "5000000000"'
}

@test "a stream's frame is judged like a header, and is not printed" {
	stream() { # stream JQ-EDIT
		order 'header=Content-Type:%20text/event-stream&sizes=1,7' --data-binary "$(
			printf 'data: {"choices":[{"delta":{"content":"A"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
			printf '\n\ndata: {"nuwa_payment_header":"%s"}\n\n.' "$(header "$1")"
		)"
	}
	stream '.cost = "70"'
	run -1 --separate-stderr llm-gateway-client chat hi
	gw_is "$output" A
	[[ $stderr == *"cost 70 units, but adds 75"* ]]
	stream .
	run -0 --separate-stderr llm-gateway-client chat hi
	[[ $stderr == *"75 asset units"* ]]
	gw_is "$(wallet 'select nonce from proposal')" 1
	# the same as lines of JSON
	order 'header=Content-Type:%20application/x-ndjson&sizes=3' --data-binary "$(
		printf '{"a":1}\n{"b":2}\n\n{"__nuwa_payment_header__":"%s"}\n' "$(header '.subRav.nonce = "2" | .subRav.accumulatedAmount = "150"')"
	)"
	run -0 llm-gateway-client raw GET /lines
	gw_is "$output" $'{"a":1}\n{"b":2}'
	gw_is "$(wallet 'select nonce from proposal')" 2
}

@test "a stream without its frame is not taken for free; a 402 inside one is not answered" {
	event='data: {"choices":[{"delta":{"content":"A"},"finish_reason":"stop"}]}'
	order 'header=Content-Type:%20text/event-stream' --data-binary "$event"$'\n\ndata: [DONE]\n\n'
	run -0 llm-gateway-client chat -q hi
	order 'header=Content-Type:%20text/event-stream' --data-binary "$(
		printf '%s\n\ndata: {"nuwa_payment_header":"%s"}\n\n.' "$event" \
			"$(header '.error = {code:"PAYMENT_REQUIRED",message:"m"} | del(.cost)')"
	)"
	before=$(curl -sS "$MOCK/mock/count")
	run -1 --separate-stderr llm-gateway-client chat hi
	gw_is "$output" A
	[[ $stderr == *"PAYMENT_REQUIRED: m"* ]]
	[ "$(curl -sS "$MOCK/mock/count" | tr -dc 0-9)" = "$(($(tr -dc 0-9 <<<"$before") + 1))" ]
	run -0 llm-gateway-client history --json
	gw_json '[.[].state] == ["refused", "broken off"]' <<<"$output"
	gw_is "$(wallet 'select count(*) from voucher') $(wallet 'select nonce from proposal')" "0 1"
}

@test "a 402 is answered once, with the same reference and another signature" {
	answer '.error = {code:"PAYMENT_REQUIRED",message:"m"} | del(.cost)' status=402 '{"no":"one reads this"}'
	answer '.subRav.nonce = "2" | .subRav.accumulatedAmount = "150"'
	run -0 --separate-stderr chat
	gw_is "$output" C
	for n in 1 2; do
		curl -sS "$MOCK/mock/body?n=$(($(curl -sS "$MOCK/mock/count" | tr -dc 0-9) - 2 + n))" >"body$n"
		curl -sS "$MOCK/mock/head?n=$(($(curl -sS "$MOCK/mock/count" | tr -dc 0-9) - 2 + n))" | tr -d '\r' >"head$n"
		llm-gateway inspect payment --request "$(sed -n 's/^X-Payment-Channel-Data: //p' "head$n")" >"payment$n"
		grep -q '^Authorization: DIDAuthV1 ' "head$n"
	done
	cmp body1 body2
	run -1 cmp -s <(grep ^Auth head1) <(grep ^Auth head2)
	gw_is "$(jq .clientTxRef payment1)" "$(jq .clientTxRef payment2)"
	gw_json '.signedSubRav == null' payment1
	gw_json '.signedSubRav.subRav.nonce == "1"' payment2
	# A second 402 is not.
	answer '.error = {code:"PAYMENT_REQUIRED",message:"again"} | del(.cost) | .subRav.nonce = "3" | .subRav.accumulatedAmount = "160"' 'status=402&times=2' '{}'
	run -1 --separate-stderr chat
	[[ $stderr == *"402 PAYMENT_REQUIRED: again"* ]]
	# One above the limit is not answered at all.
	wallet_before=$(wallet 'select count(*) from voucher')
	answer '.error = {code:"PAYMENT_REQUIRED",message:"m"} | del(.cost) | .subRav.nonce = "4" | .subRav.accumulatedAmount = "1000160"' status=402 '{}'
	run -1 --separate-stderr chat --max-amount 999999
	gw_is "$output" ""
	[[ $stderr == *"overcharges, nothing was signed: it wants 1000000 units for one request, the limit is 999999"* ]]
	gw_is "$(wallet 'select count(*) from voucher')" "$wallet_before"
}

@test "commit takes what recovery says only if it is owed" {
	recovery() { # recovery JQ-EDIT
		order path=/payment-channel/recovery -d "$(llm-gateway inspect payment --response "$(header "$1")" |
			jq -c '{success:true,data:{pendingSubRav:.subRav}}')"
	}
	recovery '.subRav.channelId = "0x" + ("2" * 64)'
	run -1 llm-gateway-client commit
	[[ $output == *"another channel"* ]]
	recovery '.subRav.accumulatedAmount = "5000000001"'
	run -1 llm-gateway-client commit
	[[ $output == *"overcharges"* ]]
	recovery .
	order path=/payment-channel/commit -d '{"success":true,"data":{"success":false}}'
	run -1 llm-gateway-client commit
	[[ $output == *"did not take the voucher"* ]]
	gw_is "$(wallet 'select nonce, taken from voucher')" '1|0'
	recovery .
	order path=/payment-channel/commit -d '{"success":true,"data":{"success":true}}'
	run -0 llm-gateway-client commit
	gw_is "$(wallet 'select nonce, taken from voucher')" '1|1'
	curl -sS "$MOCK/mock/body" | gw_json '.subRav.subRav.nonce == "1" and .subRav.subRav.accumulatedAmount == "75" and (.subRav.signature | startswith("u"))'
	order path=/payment-channel/recovery -d '{"success":true,"data":{"channel":null,"pendingSubRav":null,"subChannel":null}}'
	run -0 llm-gateway-client commit
	gw_is "$output" "nothing to pay"
	order 'path=/payment-channel/recovery&status=503' -d '{}'
	run -1 llm-gateway-client commit
	[[ $output == *"answered 503"* ]]
}

@test "what no gateway would say of itself is refused by open" {
	while read -r edit words; do
		curl -sS -X POST "$MOCK/mock/reset"
		order path=/.well-known/ -d "$(jq -c "$edit" <<<"$info")"
		run -1 llm-gateway-client open
		[[ $output == *"of no use"*"$words"* ]] || gw_is "$output" "$words"
	done <<-'E'
		.serviceDid="did:key:zabc" serviceDid
		.defaultAssetId="RGas" defaultAssetId
		.network="moon" unknown network
		.basePath="//evil.example/" basePath
		.basePath="/a/../b" basePath
		.basePath="/a?x=" basePath
	E
	curl -sS -X POST "$MOCK/mock/reset"
	order 'path=/.well-known/' -d '[]'
	run -1 llm-gateway-client open
	[[ $output == *"takes no payment: it answered 200"* ]]
}
