#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A payer, a ledger and a provider's responder: requests that are paid for, one voucher behind.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode
load lib/gateway
load lib/payment

setup() {
	gw_need sqlite3 jq
	FORGETS=yes
	payment_world
}

teardown() {
	gw_end
}

@test "a request is served on credit, and its voucher pays for it with the next one" {
	payment_start openai
	pay openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 200 ]
	# 3450000 picoUSD at 100 for a unit
	told | gw_json '.cost == "34500" and .costUsd == "3450000" and .subRav.nonce == "1" and
		.subRav.accumulatedAmount == "34500" and .clientTxRef == "payer" and (.serviceTxRef | startswith("srv-"))'
	unpaid openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 402 ]
	body <out | gw_json '.success == false and .error.code == "PAYMENT_REQUIRED" and .error.httpStatus == 402'
	told | gw_json '.error.code == "PAYMENT_REQUIRED" and .subRav.nonce == "1" and .cost == null'
	pay openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 200 ]
	told | gw_json '.subRav.nonce == "2" and .subRav.accumulatedAmount == "69000"'
	gw_is "$(rows "select nonce, hex(amount) like '%86C4' from voucher")" "1|1"
	gw_is "$(rows "select state, cost_pico, decision, rate_pico, epoch, nonce, hex(cost_asset) like '%86C4', forgone_pico from usage where state = 1 and outcome = 1")" \
		"$(printf '%s\n' '1|3450000|1|100|0|1|1|0' '1|3450000|2|100|0|2|1|0')"
	# what was paid for is in the log line
	gw_wait_for 10 eval '[ "$(grep -c access_log openai.err)" = 3 ]'
	grep access_log openai.err | jq -r '[.payment, .channel_id, .fragment, .nonce, .asset_cost, .status_code, .error_code // "", .client_tx_ref] | join(" ")' >lines
	gw_is "$(sed -n '1p;3p' lines)" "$(printf "admitted $CHANNEL account-key %s 34500 200  payer\n" 1 2)"
	gw_is "$(sed -n '2s/ [^ ]*$//p' lines)" "PAYMENT_REQUIRED $CHANNEL account-key 1  402 PAYMENT_REQUIRED"
}

@test "a stream ends with the frame that tells the proposal" {
	payment_start openai
	pay openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini ',"stream":true')"
	[ "$(answer_status out)" = 200 ]
	[ -z "$(answer_header x-payment-channel-data out)" ]
	body <out | tail -n 3 | grep -q '^data: {"nuwa_payment_header":"u'
	frame=$(body <out | sed -n 's/^data: {"nuwa_payment_header":"\(u[^"]*\)"}$/\1/p')
	llm-gateway inspect payment --response "$frame" | gw_json '.cost == "34500" and .subRav.nonce == "1"'
	ANSWER=$frame
	pay openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini ',"stream":true')"
	[ "$(answer_status out)" = 200 ]
}

# framed: the value in the frame of the stream in out
framed() {
	body <out | grep -o '_payment_header_*":"u[^"]*' | sed 's/.*"//'
}

@test "the frame is as the stream is: lines of JSON, CRLF, an end in the middle of an event" {
	payment_start openai
	local body type='header=Content-Type:%20'
	body=$(chat_body gpt-4o-mini ',"stream":true')
	printf '%s\n' '{"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}' \
		'{"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":10}}' >lines
	order "${type}Application/X-NDJSON" --data-binary @lines
	pay openai /openai/v1/chat/completions -d "$body"
	body <out | head -n 2 | cmp - lines
	[ "$(body <out | tail -n +3 | cut -c 1-29 | paste -sd '|')" = '|{"__nuwa_payment_header__":"u' ]
	[ -z "$(answer_header x-payment-channel-data out)" ]
	ANSWER=$(framed)
	# 100 tokens in, 10 out
	llm-gateway inspect payment --response "$ANSWER" | gw_json '.cost == "210000" and .subRav.nonce == "1" and .error == null'
	sed 's/^/data: /; s/$/\r\n\r/' lines >crlf
	order "${type}Text/Event-Stream;%20charset=utf-8" --data-binary @crlf
	pay openai /openai/v1/chat/completions -d "$body"
	body <out | head -c "$(stat -c %s crlf)" | cmp - crlf
	[ "$(body <out | tail -c "+$(($(stat -c %s crlf) + 1))" | cut -c 1-29 | paste -sd '|')" = '||data: {"nuwa_payment_header":|' ]
	ANSWER=$(framed)
	llm-gateway inspect payment --response "$ANSWER" | gw_json '.cost == "210000" and .subRav.nonce == "2"'
	for type in text/event-stream application/x-ndjson; do
		order "header=Content-Type:%20$type&end=abrupt&framing=chunked&after=40" --data-binary @lines
		pay openai /openai/v1/chat/completions -d "$body"
		[ "$(answer_status out)" = 200 ]
		body <out | head -c 40 | cmp - <(head -c 40 lines)
		ANSWER=$(framed)
		llm-gateway inspect payment --response "$ANSWER" | gw_json '.cost != "0" and .error == null'
	done
	unpaid openai /openai/v1/chat/completions -d "$body"
	[ "$(answer_status out)" = 402 ]
	told | gw_json '.subRav.nonce == "4"'
}

@test "a stream without a single byte tells its payment in the header, too" {
	payment_start openai
	local type
	for type in text/event-stream application/x-ndjson; do
		order "header=Content-Type:%20$type&framing=chunked&after=0" -d x
		pay openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini ',"stream":true')"
		[ "$(answer_status out)" = 200 ]
		gw_is "$(answer_header access-control-expose-headers out)" X-Payment-Channel-Data
		gw_is "$(framed)" "$ANSWER"
		told | gw_json '.subRav.nonce == "1" or .subRav.nonce == "2"'
	done
	gw_is "$(rows "select status, upstream_status, count(*) from usage")" '200|200|2'
	# one that takes its time does not keep its head back
	order 'header=Content-Type:%20text/event-stream&framing=chunked&hold=1&sizes=1' -d 'data: {}'
	paying waiting -d "$(chat_body gpt-4o-mini ',"stream":true')"
	gw_asked 3
	gw_wait_for 10 test -s waiting
	gw_release
	wait "$ASKED"
}

@test "what is refused after the voucher was taken costs nothing, and has a proposal all the same" {
	payment_start openai
	pay openai /openai/v1/chat/completions -d "$(chat_body no-such-model)"
	[ "$(answer_status out)" = 400 ]
	told | gw_json '.cost == "0" and .subRav.nonce == "1" and .error == null'
	pay openai /openai/v1/nowhere -d '{}'
	[ "$(answer_status out)" = 404 ]
	told | gw_json '.cost == "0" and .subRav.nonce == "2"'
	PAYER_MAX=1 pay openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 400 ]
	told | gw_json '.error.code == "BILLING_MAX_AMOUNT_EXCEEDED" and .cost == "0" and .subRav.nonce == "3"'
	payment_hub 99
	pay openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 402 ]
	body <out | gw_json '.error.code == "HUB_INSUFFICIENT_FUNDS" and .error.details.balance == "99"'
	told | gw_json '.error.code == "HUB_INSUFFICIENT_FUNDS" and .subRav.nonce == "4" and .cost == "0"'
	gw_is "$(rows "select count(*) from voucher")" 3
	order 'status=429' -d '{"error":{"message":"slow down","type":"rate_limit","code":"rl"}}'
	payment_hub 1000000000
	pay openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 429 ]
	told | gw_json '.cost == "0" and .subRav.nonce == "5"'
}

@test "no header, a broken one, one of somebody else" {
	payment_start openai
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	[ "$(answer_status out)" = 401 ]
	paid_ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	[ "$(answer_status out)" = 200 ]
	told | gw_json '(.clientTxRef | length) == 36 and .subRav.nonce == "1"'
	paid_ask openai /openai/v1/chat/completions -H "X-Payment-Channel-Data: unonsense" -d "$(chat_body gpt-4o-mini)" >out
	[ "$(answer_status out)" = 400 ]
	told | gw_json '.error.code == "BAD_REQUEST"'
	paid_ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	header=$(payer -k 2 header "$(answer_value)")
	paid_ask openai /openai/v1/chat/completions -H "X-Payment-Channel-Data: $header" -d "$(chat_body gpt-4o-mini)" >out
	[ "$(answer_status out)" = 400 ]
	told | gw_json '.error.code == "INVALID_SIGNATURE" and .subRav == null'
	[ "$(rows "select count(*) from usage where outcome = 1")" = 1 ]
}

@test "without the node there is no service, and nothing for nothing" {
	payment_start openai
	devnode_stop
	paid_ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	[ "$(answer_status out)" = 503 ]
	[ "$(rows "select count(*) from usage")" = 0 ]
}

@test "the endpoints of /payment-channel" {
	payment_start openai
	payment_start payment-channel
	local at=/payment-channel
	fcgicat "$GW_DIR/payment-channel.sock" $at/health >out
	body <out | gw_json '.success and .data.success and .data.status == "healthy" and .data.paymentKitEnabled and (.timestamp | endswith("Z"))'
	fcgicat "$GW_DIR/payment-channel.sock" $at/recovery >out
	[ "$(answer_status out)" = 401 ]
	body <out | gw_json '.success == false and .error.code == "UNAUTHORIZED" and .error.httpStatus == 401'
	paid_ask payment-channel $at/recovery >out
	body <out | gw_json '.data.channel.status == "active" and .data.channel.epoch == 0 and .data.pendingSubRav == null and
		.data.subChannel.lastConfirmedNonce == 0 and .data.subChannel.vmIdFragment == "account-key"'
	pay openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)"
	paid_ask payment-channel $at/recovery >out
	body <out | gw_json '.data.pendingSubRav.nonce == "1" and .data.pendingSubRav.accumulatedAmount == "34500"'
	paid_ask payment-channel "$at/subrav?nonce=1" >out
	[ "$(answer_status out)" = 404 ]
	body <out | gw_json '.error.message == "SubRAV not found"'
	paid_ask payment-channel $at/commit -d "$(payer body "$ANSWER")" >out
	[ "$(answer_status out)" = 200 ]
	body <out | gw_json '.success and .data.success'
	paid_ask payment-channel $at/commit -d "$(payer body "$ANSWER")" >out
	[ "$(answer_status out)" = 409 ]
	body <out | gw_json '.error.code == "RAV_CONFLICT"'
	unpaid openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)"
	paid_ask payment-channel $at/commit -H "X-Payment-Channel-Data: $(payer header "$ANSWER")" -d "$(payer body "$ANSWER")" >out
	[ "$(answer_status out)" = 200 ]
	body <out | gw_json '.data.success'
	gw_is "$(rows "select group_concat(nonce) from voucher")" 1,2
	paid_ask payment-channel "$at/subrav?nonce=1" >out
	body <out | gw_json '.data.subRav.nonce == 1 and .data.subRav.accumulatedAmount == 34500 and (.data.signature | startswith("u"))'
	for bad in x '' +1 -1 1.0 0x1; do
		paid_ask payment-channel "$at/subrav?nonce=$bad" >out
		[ "$(answer_status out)" = 400 ]
	done
	paid_ask payment-channel "$at/subrav?nonce=18446744073709551616" >out
	[ "$(answer_status out)" = 404 ]
	body <out | gw_json '.error.code == "NOT_FOUND"'
	for bad in '{' '[]' '{}' '{"subRav":{"subRav":{}}}'; do
		paid_ask payment-channel $at/commit -d "$bad" >out
		[ "$(answer_status out)" = 400 ]
	done
	fcgicat "$GW_DIR/payment-channel.sock" $at/elsewhere >out
	[ "$(answer_status out)" = 404 ]
	fcgicat "$GW_DIR/payment-channel.sock" $at/commit >out
	[ "$(answer_status out)" = 405 ]
}

@test "a voucher that comes along with a question below /payment-channel is taken" {
	payment_start openai
	payment_start payment-channel
	pay openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)"
	paid_ask payment-channel /payment-channel/recovery -H "X-Payment-Channel-Data: $(payer header "$ANSWER")" >out
	[ "$(answer_status out)" = 200 ]
	body <out | gw_json '.data.pendingSubRav == null'
	[ "$(rows "select count(*), max(nonce) from voucher")" = "1|1" ]
	paid_ask payment-channel /payment-channel/recovery -H "X-Payment-Channel-Data: $(payer header "$ANSWER")" >out
	[ "$(answer_status out)" = 409 ]
	told | gw_json '.error.code == "RAV_CONFLICT"'
	paid_ask payment-channel /payment-channel/recovery -H "X-Payment-Channel-Data: uabc" >out
	[ "$(answer_status out)" = 400 ]
}

@test "a voucher that comes along with a question to the gateway itself is taken" {
	payment_start openai
	payment_start gateway
	pay openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)"
	# a header without a voucher needs no signature, and nothing is written
	fcgicat -H "X-Payment-Channel-Data: $(payer header '')" gateway.sock /providers/status >out
	[ "$(answer_status out)" = 200 ]
	# the operator's paths and discovery do not look at it
	voucher="X-Payment-Channel-Data: $(payer header "$ANSWER")"
	for path in /healthz /readyz /metrics /.well-known/nuwa-payment/info; do
		paid_ask gateway $path -H "$voucher" >out
		[ "$(answer_status out)" = 200 ]
	done
	gw_is "$(rows "select count(*) from voucher")" 0
	# one that nobody stands for is refused
	fcgicat -H "$voucher" gateway.sock /providers/status >out
	[ "$(answer_status out)" = 401 ]
	gw_is "$(rows "select count(*) from voucher")" 0
	answer=$ANSWER
	pay gateway /providers/status
	[ "$(answer_status out)" = 200 ]
	body <out | gw_json '.success and .data.payment == "on"'
	run ! grep -qi '^x-payment-channel-data:' out
	gw_is "$(rows "select count(*), max(nonce) from voucher")" '1|1'
	gw_is "$(rows "select signed_nonce, pending_nonce, lease_owner from sub_channel")" '1||'
	# it was paid: the next is served without, and what is signed twice is refused
	paid_ask gateway / -H "$voucher" >out
	[ "$(answer_status out)" = 409 ]
	body <out | gw_json '.error.code == "RAV_CONFLICT"'
	told | gw_json '.error.code == "RAV_CONFLICT" and .subRav == null'
	unpaid openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 200 ]
	told | gw_json '.subRav.nonce == "2"'
	# one that does not fit is told what does
	ANSWER=$answer
	pay gateway /
	[ "$(answer_status out)" = 409 ]
	told | gw_json '.subRav.nonce == "2"'
	paid_ask gateway / -H 'X-Payment-Channel-Data: nonsense' >out
	[ "$(answer_status out)" = 400 ]
}

@test "administrators see counters and ask for claims; others do not" {
	MIN_CLAIM_AMOUNT=1000000 payment_start openai
	payment_start payment-channel
	local at=/payment-channel/admin
	# without ADMIN_DID nobody is one, not even the service
	paid_ask payment-channel $at/status >out
	[ "$(answer_status out)" = 403 ]
	body <out | gw_json '.error.code == "FORBIDDEN"'
	fcgicat -H "Authorization: $(didauth -k 9 -n "$SERVICE_DID")" payment-channel.sock $at/status >out
	[ "$(answer_status out)" = 403 ]
	pay openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)"
	pay openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)"
	gw_stop payment-channel
	ADMIN_DID=$PAYER MIN_CLAIM_AMOUNT=34500 payment_start payment-channel
	paid_ask payment-channel $at/status >out
	body <out | gw_json '.data.claims.policy.minClaimAmount == 34500 and .data.claims.queued == 0 and .data.processor.totalRequests == 2 and .data.processor.successfulPayments == 1'
	paid_ask payment-channel $at/claim-trigger -d "{\"channelId\":\"$CHANNEL\"}" >out
	body <out | gw_json ".data.channelId == \"$CHANNEL\" and .data.queued == [{\"vmIdFragment\":\"account-key\",\"delta\":34500}] and .data.skipped == []"
	gw_is "$(rows "select fragment, reason from claim_request")" 'account-key|2'
	gw_stop payment-channel
	# blanks count for nothing, for the two routes alike; the beginning of a DID is none
	ADMIN_DID=" did:rooch:x ,, $PAYER  , ${SERVICE_DID%?}," MIN_CLAIM_AMOUNT=34501 payment_start payment-channel
	paid_ask payment-channel $at/status >out
	[ "$(answer_status out)" = 200 ]
	fcgicat -H "Authorization: $(didauth -k 9 -n "$SERVICE_DID")" payment-channel.sock $at/status >out
	[ "$(answer_status out)" = 403 ]
	paid_ask payment-channel $at/claim-trigger -d "{\"channelId\":\"$CHANNEL\"}" >out
	body <out | gw_json '.data.skipped == [{"vmIdFragment":"account-key","reason":"below_threshold","delta":34500,"threshold":34501}]'
	paid_ask payment-channel $at/claim-trigger -d '{}' >out
	[ "$(answer_status out)" = 400 ]
}

@test "a channel that is cancelled: the voucher is taken, no more is sold" {
	payment_start openai
	pay openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)"
	payer -n "$PAYER" -u "$DEVNODE_URL" -s "$SERVICE_DID" cancel
	payment_forget
	pay openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 400 ]
	told | gw_json '.error.code == "CHANNEL_CLOSED" and .subRav == null'
	gw_is "$(rows "select count(*) from voucher")" 1
}
