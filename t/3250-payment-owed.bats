#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A delivered answer whose charge cannot be written when it ends: it waits for the store, and is not forgotten.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode
load lib/gateway
load lib/payment

CHAT=/openai/v1/chat/completions
ROW='state, outcome, cost_pico, hex(cost_asset)'
STREAM=$(chat_body gpt-4o-mini ',"stream":true')
CHARGED='1|1|3450000|00000000000000000000000000000000000000000000000000000000000086C4'

setup() {
	gw_need sqlite3 jq prlimit
}

teardown() {
	gw_end
}

# piped: the log of the responder goes through a pipe, which has no limit, into the file openai.log.
piped() {
	LIMITED=("${GW_AS[@]}")
	# shellcheck disable=SC2016
	GW_AS+=(bash -c 'exec "$@" 2> >(exec cat >>openai.log)' bash)
}

paid_world() {
	payment_world
	piped
	payment_start openai
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 200 ]
	curl -sS -X POST "$MOCK/mock/reset"
}

full() { # full [BYTES]: no file of the responder may grow beyond so many; without: any may again
	"${LIMITED[@]}" prlimit --pid "${GW_PID[openai]}" --fsize="${1:-unlimited}:unlimited"
}

waits() { # waits ROW: its charge does, and its client has been told so
	gw_wait_for 10 grep -q "usage row $1 could not be finished: .*; its charge waits" openai.log
}

# unwritten: an answer of the provider's whose T2 meets a full disk. Row 2 waits.
unwritten() {
	order 'hold=0'
	paying got -d "$(chat_body gpt-4o-mini)"
	gw_asked 1
	full 1
	gw_release
	wait "$ASKED"
	[ "$(answer_status got)" = 500 ]
	run ! grep -qi 'x-payment-channel-data.*subRav' got
	waits 2
	gw_is "$(rows "select state, cost_pico from usage where usage_id = 2")" '0|'
}

# owes_and_pays: the next request is shown what row 2 has cost, pays that, and is served.
owes_and_pays() {
	gw_is "$(rows "select $ROW from usage where usage_id = 2")" "$CHARGED"
	gw_is "$(rows "select pending_nonce, lease_owner from sub_channel")" '2|'
	unpaid openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 402 ]
	told | gw_json ".subRav.nonce == \"2\" and .subRav.accumulatedAmount == \"$(rows "select sum(cost_pico) / 100 from usage")\""
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 200 ]
	told | gw_json '.subRav.nonce == "3"'
	bills_add_up
}

@test "a store that is locked for longer than the client can wait: charged when it is free again" {
	paid_world
	order 'delay=1&hold=0'
	paying got -d "$STREAM"
	gw_asked 1
	lock_store
	gw_release
	wait "$ASKED"
	frame=$(sed -n 's/^data: {"nuwa_payment_header":"\(u[^"]*\)"}$/\1/p' got)
	llm-gateway inspect payment --response "$frame" | gw_json '.subRav == null and .cost == null and (.error.code | length > 0)'
	waits 2
	gw_is "$(rows "select state from usage where usage_id = 2")" 0
	[ "$(rows "select lease_owner from sub_channel")" != '' ]
	unlock_store
	gw_wait_for 10 rows_closed
	owes_and_pays
	gw_wait_for 10 grep -q '"type":"access_log".*"alarm":"the charge waits for the store"' openai.log
	gw_wait_for 10 grep -q '1 charges that waited for the store are written' openai.log
}

@test "a disk that is full and then is not; a request that waited meanwhile is told what to sign" {
	paid_world
	unwritten
	full
	gw_wait_for 10 rows_closed
	owes_and_pays
}

@test "without payment: the row gets what it was about to get" {
	gateway_world
	piped
	gateway_start openai
	order 'hold=0'
	ask openai $CHAT -d "$(chat_body gpt-4o-mini)" >got 3>&- &
	ASKED=$!
	gw_asked 1
	full 1
	gw_release
	wait "$ASKED"
	[ "$(answer_status got)" = 500 ]
	waits 1
	full
	gw_wait_for 10 rows_done 1
	gw_is "$(rows "select state, outcome, cost_pico, input_tokens > 0, usage_json is not null, multiplier from usage")" '1|1|3450000|1|1|1/1'
	bills_add_up
}

@test "without payment, a store that is locked" {
	gateway_world
	piped
	gateway_start openai
	order 'hold=0'
	ask openai $CHAT -d "$STREAM" >got 3>&- &
	ASKED=$!
	gw_asked 1
	lock_store
	gw_release
	wait "$ASKED"
	waits 1
	unlock_store
	gw_wait_for 10 rows_done 1
	gw_is "$(rows "select state, outcome, cost_pico from usage")" '1|1|3450000'
	bills_add_up
}

@test "stopped while a charge waits: it stays until the charge is written" {
	paid_world
	unwritten
	kill "${GW_PID[openai]}"
	gw_wait_for 10 grep -q 'stopping: 0 requests at work' openai.log
	gw_alive openai
	full
	gw_ended openai 0
	gw_is "$(rows "select $ROW from usage where usage_id = 2")" "$CHARGED"
	run ! grep -q 'charge lost' openai.log
	payment_start openai
	owes_and_pays
}

@test "stopped while a charge waits, for longer than the drain: the log tells what is lost" {
	payment_world
	piped
	DRAIN_TIMEOUT_MS=300 payment_start openai
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	curl -sS -X POST "$MOCK/mock/reset"
	unwritten
	kill "${GW_PID[openai]}"
	gw_ended openai 0
	gw_wait_for 10 grep -q 'alarm: charge lost: usage row 2, 0.00000345 USD: the process ends' openai.log
	gw_is "$(rows "select state from usage where usage_id = 2")" 0
	again
	gw_is "$(rows "select $ROW from usage where usage_id = 2")" '2|6||'
	nothing_owed 1
}

@test "a second signal ends the wait" {
	paid_world
	unwritten
	kill "${GW_PID[openai]}"
	gw_wait_for 10 grep -q 'stopping: 0 requests at work' openai.log
	gw_alive openai
	gw_wait_for 10 eval 'kill "${GW_PID[openai]}" 2>/dev/null; gw_gone "${GW_PID[openai]}"'
	gw_ended openai 0
	gw_wait_for 10 grep -q 'alarm: charge lost: usage row 2, 0.00000345 USD: the process ends' openai.log
}

@test "a row that somebody else has closed meanwhile stays closed" {
	paid_world
	unwritten
	sqlite3 -cmd '.timeout 5000' gateway.db 'update usage set state = 2, outcome = 6, finished_ms = 1 where usage_id = 2'
	full
	gw_wait_for 10 grep -q 'alarm: charge lost: usage row 2, 0.00000345 USD: ' openai.log
	gw_is "$(rows "select $ROW, finished_ms from usage where usage_id = 2")" '2|6|||1'
	nothing_owed 1
}

@test "a store that was stuck for long: no request calls the one dead whose charge waits" {
	paid_world
	answer=$ANSWER
	BUSY_WAIT_MS=200 payment_start payment-channel
	BUSY_WAIT_MS=200 payment_start claude
	unwritten
	# all leases have passed, and the first that writes is one that is refused, or costs nothing
	for ask in 'payment-channel /payment-channel/recovery' 'claude /claude/v1/messages -d nonsense'; do
		sqlite3 -cmd '.timeout 5000' gateway.db 'update process_lease set until_ms = 1'
		ANSWER=$answer
		# shellcheck disable=SC2086
		pay $ask
		[ "$(answer_status out)" = 409 ]
	done
	# nor does a process that begins
	sqlite3 -cmd '.timeout 5000' gateway.db 'update process_lease set until_ms = 1'
	payment_start openrouter
	gw_is "$(rows "select state, cost_pico from usage where usage_id = 2")" '0|'
	full
	gw_wait_for 10 rows_closed
	owes_and_pays
}

@test "readiness and metrics tell of a store that takes no writes" {
	gateway_world
	gateway_start gateway
	ready() { # ready STATUS
		fcgicat gateway.sock /readyz >out && [ "$(answer_status out)" = "$1" ]
	}
	ready 200
	lock_store
	gw_wait_for 40 ready 503
	body <out | gw_json '.status == "not ready" and .store == false'
	fcgicat gateway.sock /metrics >out
	[ "$(body <out | sed -n 's/^llm_gateway_store_unwritten_seconds //p')" -ge 15 ]
	unlock_store
	gw_wait_for 20 ready 200
	fcgicat gateway.sock /metrics >out
	[ "$(body <out | sed -n 's/^llm_gateway_store_unwritten_seconds //p')" -lt 15 ]
}
