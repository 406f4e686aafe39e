#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A paid request whose disk is full, whose ledger is gone, whose client leaves, whose prices change, at every step.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode
load lib/gateway
load lib/payment

setup() { payment_setup; }

teardown() { gw_end; }

full() { # full [BYTES]: no file of the responder may grow beyond so many; without: any may again
	"${GW_AS[@]}" prlimit --pid "${GW_PID[openai]}" --fsize="${1:-unlimited}:unlimited"
}

@test "a full disk at T1: refused, nobody is asked, and the voucher is as good as new" {
	gw_need prlimit
	full 1
	paying got -d "$(chat_body gpt-4o-mini)"
	wait "$ASKED"
	[ "$(answer_status got)" = 503 ]
	run ! grep -qi 'x-payment-channel-data.*subRav' got
	gw_is "$(curl -sS "$MOCK/mock/count")" 0
	full
	gw_is "$(rows "select count(*) from voucher")" 0
	gw_wait_for 10 eval 'pay openai $CHAT -d "$(chat_body gpt-4o-mini)"; [ "$(answer_status out)" = 200 ]'
	told | gw_json '.subRav.nonce == "2"'
}

@test "a full disk at T2: the client is told so without a proposal, the call is charged when there is room again" {
	gw_need prlimit
	order 'delay=1&hold=0'
	paying got -d "$STREAM"
	gw_asked 1
	full 1
	gw_release
	wait "$ASKED"
	frame=$(sed -n 's/^data: {"nuwa_payment_header":"\(u[^"]*\)"}$/\1/p' got)
	llm-gateway inspect payment --response "$frame" | gw_json '.subRav == null and .cost == null and (.error.code | length > 0)'
	gw_is "$(rows "select state from usage where usage_id = 2")" 0
	full
	gw_wait_for 10 rows_closed
	gw_is "$(rows "select state, outcome, cost_pico, nonce from usage where usage_id = 2")" '1|1|3450000|2'
	unpaid openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 402 ]
	order 'hold=0'
	paying got -d "$(chat_body gpt-4o-mini)"
	gw_asked 2
	full 1
	gw_release
	wait "$ASKED"
	[ "$(answer_status got)" = 500 ]
	run ! grep -q '"choices"' got
	full
	gw_wait_for 10 rows_closed
	gw_is "$(rows "select nonce, count(*) from usage where cost_pico > 0 group by nonce")" "$(printf '%s\n' '1|1' '2|1' '3|1')"
	bills_add_up
}

@test "without the ledger: what is fresh enough is used, then nothing is served; a voucher is not lost" {
	gw_stop openai
	local stale_ms=$((2500 * GW_PATIENCE))
	CHAIN_STALE_MS=$stale_ms payment_start openai
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 200 ]
	# between T1 and T2 it does not matter
	order 'hold=0'
	paying got -d "$(chat_body gpt-4o-mini)"
	gw_asked 2
	devnode_stop
	gw_release
	wait "$ASKED"
	[ "$(answer_status got)" = 200 ]
	ANSWER=$(answer_header x-payment-channel-data got)
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 200 ]
	told | gw_json '.subRav.nonce == "4"'
	gw_wait_for 20 eval '[ "$(rows "select (julianday() - 2440587.5) * 86400000 - max(read_ms) > $stale_ms + 100 from channel")" = 1 ]'
	before=$(curl -sS "$MOCK/mock/count")
	kept=$ANSWER
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 503 ]
	gw_is "$(curl -sS "$MOCK/mock/count")" "$before"
	gw_is "$(rows "select signed_nonce, pending_nonce from sub_channel")" '3|4'
	devnode_start
	ANSWER=$kept
	gw_wait_for 10 eval 'pay openai $CHAT -d "$(chat_body gpt-4o-mini)"; ANSWER=$kept; [ "$(answer_status out)" = 200 ]'
	gw_is "$(rows "select signed_nonce, pending_nonce from sub_channel")" '4|5'
}

@test "a node that forgets, or is of another chain, stops everything" {
	gw_stop openai
	devnode_stop
	rm -rf devnode/devnode.db*
	devnode_start
	payment_start openai
	unpaid openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[[ $(answer_status out) == 401 || $(answer_status out) == 503 ]]
	gw_is "$(curl -sS "$MOCK/mock/count")" 0
}

@test "a drain that is cut short, and a client that leaves: what was produced is charged, and waits in a 402" {
	gw_stop openai
	DRAIN_TIMEOUT_MS=200 payment_start openai
	order 'hold=400'
	paying got -d "$STREAM"
	gw_wait_for 10 grep -q '^data: ' got
	gw_stop openai
	wait "$ASKED"
	frame=$(sed -n 's/^data: {"nuwa_payment_header":"\(u[^"]*\)"}$/\1/p' got)
	llm-gateway inspect payment --response "$frame" | gw_json '.subRav.nonce == "2" and (.cost | tonumber) > 0 and .error == null'
	gw_is "$(rows "select state, outcome, estimated, cost_pico > 0, cost_pico <= bound_pico, nonce from usage where usage_id = 2")" '1|3|1|1|1|2'
	ANSWER=$frame
	# stopped at once
	payment_start openai
	order 'hold=600'
	paying got -c 600 -d "$STREAM"
	wait "$ASKED" || [ $? = 5 ]
	gw_wait_for 10 rows_closed
	gw_is "$(rows "select outcome, estimated, cost_pico > 0, cost_pico <= bound_pico, nonce from usage where usage_id = 3")" '4|1|1|1|3'
	unpaid openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 402 ]
	told | gw_json '.subRav.nonce == "3"'
	# read to the end: charged as the others
	gw_stop openai
	CLIENT_GONE=drain payment_start openai
	# so much is left that not all of it comes with one reading
	order 'hold=600&huge=200000'
	paying got -c 600 -d "$STREAM"
	wait "$ASKED" || [ $? = 5 ]
	gw_release
	gw_wait_for 10 rows_closed
	gw_is "$(rows "select outcome, estimated, cost_pico, nonce from usage where outcome = 4 order by usage_id desc limit 1")" '4|0|3450000|4'
	bills_add_up
}

@test "prices that change during a call count for the next; a multiplier of 0 and 2 for all of it" {
	order 'hold=0'
	paying got -d "$STREAM"
	gw_asked 1
	printf '{"gpt-4o-mini":{"promptPerMTokUsd":2,"completionPerMTokUsd":10}}' | llm-gateway pricing import -
	gw_release
	wait "$ASKED"
	ANSWER=$(sed -n 's/^data: {"nuwa_payment_header":"\(u[^"]*\)"}$/\1/p' got)
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	gw_stop openai
	PRICING_MULTIPLIER=0 payment_start openai
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	told | gw_json '.cost == "0" and .subRav.nonce == "4"'
	gw_stop openai
	PRICING_MULTIPLIER=2 payment_start openai
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	gw_is "$(rows "select cost_pico, multiplier, forgone_pico from usage order by usage_id")" \
		"$(printf '%s\n' '3450000|1/1|0' '3450000|1/1|0' '56000000|1/1|0' '0|0/1|0' '112000000|2/1|0')"
	gw_is "$(rows "select count(distinct price_version) from usage")" 2
	bills_add_up
}
