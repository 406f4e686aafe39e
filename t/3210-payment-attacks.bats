#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a payer may try to be served for nothing, for less, or twice.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode
load lib/gateway
load lib/payment

CHAT=/openai/v1/chat/completions

setup() {
	gw_need sqlite3 jq
	payment_world
}

teardown() {
	gw_end
}

served() { # served N: so many calls reached the provider, and as many were charged or are open
	gw_is "$(curl -sS "$MOCK/mock/count")" "$1"
}

# at_once N: the same question N times at the same moment, each signed for itself, with the payment header
# in HEADER if there is one. Answers are in out.1 to out.N; prints how often each status came.
at_once() {
	local i pids=() header=()
	[ -z "${HEADER:-}" ] || header=(-H "X-Payment-Channel-Data: $HEADER")
	for ((i = 1; i <= $1; i++)); do
		paid_ask openai $CHAT "${header[@]}" -d "$(chat_body gpt-4o-mini)" >"out.$i" &
		pids+=($!)
	done
	wait "${pids[@]}"
	sed -ns '1s/^Status: \([0-9]*\).*/\1/p' out.[0-9]* | sort | uniq -c | awk '{ print $1 " times " $2 }'
}

# forged FILTER: what ANSWER proposes, changed by the jq filter, and signed by the payer as it then is.
forged() {
	local changed
	changed=u$(told | jq -c "$1" | basenc --base64url -w0 | tr -d =)
	payer header "$changed"
}

@test "64 at once: one is served, the others have to sign what it cost" {
	payment_start openai
	order 'head_delay=100'
	gw_is "$(at_once 64)" "$(printf '%s\n' '1 times 200' '63 times 402')"
	served 1
	gw_is "$(for i in out.[0-9]*; do answer_header x-payment-channel-data "$i"; done |
		while read -r value; do llm-gateway inspect payment --response "$value" | jq -r '.subRav | [.nonce, .accumulatedAmount] | join(" ")'; done |
		sort -u)" "1 34500"
	gw_is "$(rows "select outcome, count(*), sum(cost_pico) from usage group by outcome order by 1")" "$(printf '%s\n' '1|1|3450000' '5|63|0')"
}

@test "one voucher sent 64 times at once pays for one request" {
	payment_start openai
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	order 'head_delay=100'
	HEADER=$(payer header "$ANSWER")
	gw_is "$(at_once 64)" "$(printf '%s\n' '1 times 200' '63 times 409')"
	served 2
	gw_is "$(rows "select count(*) from voucher")" 1
	gw_is "$(rows "select pending_nonce from sub_channel")" 2
}

@test "two providers' responders asked at once with one voucher: one of them serves" {
	payment_start openai
	payment_start claude
	local round header first
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	for round in 1 2 3 4 5 6; do
		header=$(payer header "$ANSWER")
		paid_ask openai $CHAT -H "X-Payment-Channel-Data: $header" -d "$(chat_body gpt-4o-mini)" >a &
		first=$!
		paid_ask claude /claude/v1/messages -H "X-Payment-Channel-Data: $header" -d "$(chat_body claude-sonnet-4-5)" >b
		wait "$first"
		gw_is "$(sed -ns '1s/^Status: \([0-9]*\).*/\1/p' a b | sort | paste -sd ' ')" "200 409"
		ANSWER=$(answer_header x-payment-channel-data "$(grep -l '^Status: 200' a b)")
		served $((round + 1))
		gw_is "$(rows "select count(*), max(nonce) from voucher")" "$round|$round"
		gw_is "$(rows "select pending_nonce, lease_owner from sub_channel")" "$((round + 1))|"
	done
}

@test "a request that waits in vain is told to come back; its nonce is spent" {
	BUSY_WAIT_MS=200 payment_start openai
	order 'hold=0'
	paid_ask openai $CHAT -d "$(chat_body gpt-4o-mini)" >first 3>&- &
	local pid=$! auth
	gw_asked 1
	auth=$(didauth -n "$PAYER")
	fcgicat -H "Authorization: $auth" -d "$(chat_body gpt-4o-mini)" openai.sock $CHAT >out
	[ "$(answer_status out)" = 409 ]
	told | gw_json '.error.code == "RAV_CONFLICT" and .subRav == null and .cost == null'
	gw_release
	wait "$pid"
	[ "$(answer_status first)" = 200 ]
	fcgicat -H "Authorization: $auth" -d "$(chat_body gpt-4o-mini)" openai.sock $CHAT >out
	[ "$(answer_status out)" = 401 ]
	body <out | gw_json '.error.message | startswith("NONCE_REPLAYED")'
	served 1
}

@test "a voucher that differs in any member buys nothing, and the proposal stands" {
	payment_start openai
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	local filter want
	while IFS='|' read -r filter want; do
		paid_ask openai $CHAT -H "X-Payment-Channel-Data: $(forged "$filter")" -d "$(chat_body gpt-4o-mini)" >got
		mv got out.forged
		[[ " $want " == *" $(body <out.forged | jq -r .error.code) "* ]] || {
			echo "$filter: $(cat out.forged)"
			return 1
		}
		run -0 answer_status out.forged
		((output >= 400 && output < 500))
	done <<-'END'
		.subRav.accumulatedAmount = "34499"|TAMPERED_SUBRAV RAV_CONFLICT
		.subRav.accumulatedAmount = "34501"|TAMPERED_SUBRAV RAV_CONFLICT
		.subRav.accumulatedAmount = "0"|TAMPERED_SUBRAV RAV_CONFLICT
		.subRav.nonce = "0"|RAV_CONFLICT
		.subRav.nonce = "2"|RAV_CONFLICT
		.subRav.channelEpoch = "1"|EPOCH_MISMATCH TAMPERED_SUBRAV RAV_CONFLICT
		.subRav.chainId = "3"|TAMPERED_SUBRAV RAV_CONFLICT
		.subRav.channelId = "0x" + ("1" * 64)|RAV_CONFLICT CHANNEL_NOT_FOUND
		.subRav.vmIdFragment = "account-kex"|RAV_CONFLICT SUBCHANNEL_NOT_AUTHORIZED
	END
	# signed as proposed, and changed afterwards
	header=$(payer header "$ANSWER")
	for filter in '.signedSubRav.subRav.version = "2"' '.signedSubRav.subRav.accumulatedAmount = "1"' \
		'.signedSubRav.signature = "u" + ("A" * 86)' '.signedSubRav.signature = .signedSubRav.signature[:-1]' \
		'.signedSubRav.signature = ""' 'del(.signedSubRav.signature)' 'del(.signedSubRav.subRav.nonce)' \
		'.signedSubRav.subRav.nonce = "-1"' '.signedSubRav.subRav.nonce = 1.5' '.signedSubRav = []' \
		'.signedSubRav.subRav.accumulatedAmount = "115792089237316195423570985008687907853269984665640564039457584007913129639936"' \
		'.clientTxRef = ""' 'del(.clientTxRef)' '.version = 2' '.maxAmount = "-1"' '.maxAmount = "1e9"' '.maxAmount = ""'; do
		changed=u$(llm-gateway inspect payment --request "$header" --json | jq -c "$filter" | basenc --base64url -w0 | tr -d =)
		paid_ask openai $CHAT -H "X-Payment-Channel-Data: $changed" -d "$(chat_body gpt-4o-mini)" >out.forged
		[ "$(answer_status out.forged)" = 400 ] || {
			echo "$filter: $(cat out.forged)"
			return 1
		}
	done
	served 1
	gw_is "$(rows "select count(*) from voucher")" 0
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 200 ]
}

@test "a payment header that came twice, in two spellings, empty or too long is refused" {
	payment_start openai
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	local header
	header=$(payer header "$ANSWER")
	try() { # try STATUS FCGICAT OPTION...
		local status=$1
		shift
		paid_ask openai $CHAT "$@" -d "$(chat_body gpt-4o-mini)" >out.try
		gw_is "$(answer_status out.try)" "$status"
	}
	try 400 -H "X-Payment-Channel-Data: $header" -H "X-Payment-Channel-Data: $header"
	try 400 -H "X-Payment-Channel-Data: $header" -H "X_Payment_Channel_Data: $header"
	try 400 -H "X-Payment-Channel-Data: $header, $header"
	try 400 -H "X-Payment-Channel-Data: $header,"
	try 400 -H "X-Payment-Channel-Data: ${header:1}"
	try 400 -H "X-Payment-Channel-Data: z${header:1}"
	try 400 -H "X-Payment-Channel-Data: u"
	try 400 -e HTTP_X_PAYMENT_CHANNEL_DATA=
	try 431 -H "X-Payment-Channel-Data: u$(printf '%020000d' 0)"
	served 1
	gw_is "$(rows "select count(*) from voucher")" 0
	gw_is "$(rows "select pending_nonce from sub_channel")" 1
}

@test "a limit below the bound is refused before the provider is asked; one that holds caps the charge" {
	payment_start openai
	PAYER_MAX=1 pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 400 ]
	served 0
	bound=$(body <out | jq -r .error.details.finalCost)
	PAYER_MAX=$((bound - 1)) pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 400 ]
	served 0
	# the provider counts far more than was asked for
	order 'header=Content-Type:%20application/json' \
		-d '{"model":"gpt-4o-mini","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":400000,"total_tokens":400005}}'
	PAYER_MAX=$bound pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 200 ]
	told | gw_json ".cost == \"$bound\" and .costUsd == \"${bound}00\""
	gw_is "$(rows "select cost_pico - forgone_pico = $bound * rate_pico, forgone_pico > 0 from usage where outcome = 1")" '1|1'
}

@test "a request without measure is refused like any other, and the voucher is kept" {
	payment_start openai
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	local n=0 tokens
	for tokens in 1000000000 15372000000000 15373000000000 30744000000000 9223372036854775807 18446744073709551615; do
		# gpt-4o-mini: 600000 picoUSD for a token
		pay openai $CHAT -d "{\"model\":\"gpt-4o-mini\",\"messages\":[],\"max_tokens\":$tokens}"
		n=$((n + 1))
		[[ $(answer_status out) == 40[02] ]] || {
			echo "$tokens: $(cat out)"
			return 1
		}
		told | gw_json ".subRav.nonce == \"$((n + 1))\" and .cost == \"0\""
		gw_is "$(rows "select max(nonce) from voucher")" "$n"
	done
	served 1
}

@test "free routes take a voucher, and only a good one; they propose nothing" {
	payment_start openai
	paid_ask openai /openai/v1/models >out
	[ "$(answer_status out)" = 200 ]
	[ -z "$(answer_value)" ]
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	paid_ask openai /openai/v1/models >out
	[ "$(answer_status out)" = 200 ]
	served 3
	pending=$ANSWER
	changed=u$(llm-gateway inspect payment --response "$ANSWER" | jq -c '.subRav.accumulatedAmount = "1"' | basenc --base64url -w0 | tr -d =)
	paid_ask openai /openai/v1/models -H "X-Payment-Channel-Data: $(payer header "$changed")" >out
	[ "$(answer_status out)" = 400 ]
	served 3
	ANSWER=$pending
	paid_ask openai /openai/v1/models -H "X-Payment-Channel-Data: $(payer header "$ANSWER")" >out
	[ "$(answer_status out)" = 200 ]
	[ -z "$(answer_value)" ]
	gw_is "$(rows "select count(*) from voucher")" 1
	gw_is "$(rows "select pending_nonce from sub_channel")" ''
	gw_is "$(rows "select sum(cost_pico) from usage where free")" 0
}
