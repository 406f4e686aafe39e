#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the settlement program makes of a chain that fails, refuses, aborts, lies or does not answer.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode
load lib/settle

setup() {
	settle_world
	export RETRY_DELAY_MS=1 MAX_RETRIES=1000
}
teardown() { gw_end; }

no_faults() {
	curl -sS -X DELETE "$DEVNODE_URL/devnode/fault" >/dev/null
}

@test "an abort of one claim, whatever its code, does not hold up the others, and is tried again" {
	local code codes=(1 3 5 6 10 15 22 23 24 26 27 2 7 8 11 12 13 25)
	vouchers -c 20 -H 100000 >/dev/null
	for code in "${codes[@]}"; do
		devnode_fault abort rooch_executeRawTransaction 1 "$code" >/dev/null
	done
	run settle
	[ "$status" -le 1 ]
	[[ $output == *"claim confirmed"* ]]
	for code in "${codes[@]}"; do
		gw_is "$(rows "select state, abort_location from claim where code = $code")" "4|0x3::payment_channel"
	done
	run -0 settle
	agree -c 20
	devnode_control fault '{"kind":"abort","method":"rooch_executeRawTransaction","value":4,"text":"0x3::multi_coin_store"}'
	vouchers -H 100000 >/dev/null
	run settle
	gw_is "$(rows "select reason from claim where code = 4")" 2
	run -0 settle
	agree -c 20
}

@test "a transaction that is refused is made anew, or stops the run" {
	local code
	for code in 1001 1002 1007; do
		vouchers -c 2 -H 100000 >/dev/null
		devnode_fault refuse rooch_executeRawTransaction 1 "$code" >/dev/null
		run -0 settle
		gw_is "$(grep -c "claim confirmed" <<<"$output")" 2
		agree -c 2
	done
	vouchers -c 2 -H 100000 >/dev/null
	devnode_fault refuse rooch_executeRawTransaction 1 1004 >/dev/null
	run -3 settle
	[[ $output == *"cannot pay the gas"* ]]
	[[ $output != *"claim confirmed"* ]]
	run -0 settle
	vouchers -c 2 -H 100000 >/dev/null
	for code in 1010 35468; do
		devnode_fault refuse rooch_executeRawTransaction 1 "$code" >/dev/null
		run -2 settle
		[[ $output == *"does not accept the claim key"* ]]
	done
	run -0 settle
	agree -c 2
}

@test "answers that get lost, late, or make no sense, are looked up" {
	local fault
	for fault in drop close garbage http maintenance; do
		vouchers -c 2 -H 100000 >/dev/null
		devnode_fault "$fault" rooch_executeRawTransaction >/dev/null
		run settle
		[ "$status" -le 1 ]
		no_faults
		run -0 settle
		agree -c 2
		vouchers -c 2 -H 100000 >/dev/null
		# and nothing can be looked up for a while
		devnode_fault "$fault" '' 12 >/dev/null
		run settle
		no_faults
		run -0 settle
		agree -c 2
	done
}

@test "a node that hangs is waited for only so long" {
	vouchers -c 2 -H 100000 >/dev/null
	devnode_fault hang rooch_executeRawTransaction 1 5000 >/dev/null
	NODE_TIMEOUT_MS=1000 run settle
	[ "$status" -le 1 ]
	no_faults
	run -0 settle
	agree -c 2
}

@test "a node that is behind is not believed for long" {
	local n
	for n in 1 2 3 5; do
		vouchers -c 2 -H 100000 >/dev/null
		devnode_fault stale '' 9 "$n" >/dev/null
		run settle
		[ "$status" -le 1 ]
		no_faults
		run -0 settle
		agree -c 2
	done
	gw_is "$(($(sum moved "from claim where state = 3") + $(sum elsewhere "from settlement")))" "$(report .total.claimed)"
}

@test "without a node the run ends with 1, and with 3 when that lasts; nothing is lost" {
	vouchers -H 100000 >/dev/null
	run -0 settle
	vouchers -H 100000 >/dev/null
	devnode_stop
	run -1 settle
	[[ $output == *"does not answer"* ]]
	GW_CLOCK_OFFSET_S=4000 run -3 settle
	[[ $output == *"MONEY AT RISK: node"* ]]
	devnode_start
	run -0 settle
	agree
}

@test "a node of another chain is told apart: 2" {
	vouchers -H 100000 >/dev/null
	devnode_control settings '{"chain_id":3}'
	run -2 settle
	[[ $output == *"chain 3, the network is chain 4"* ]]
	gw_is "$(rows "select count(*) from claim")" 0
}

@test "what fails waits longer each time, then for the next day; after a day it is an alarm" {
	export RETRY_DELAY_MS=60000 MAX_RETRIES=2
	vouchers -H 100000 >/dev/null
	devnode_fault abort '' 50 1 >/dev/null
	run -1 settle
	gw_is "$(rows "select failures, (next_ms - tried_ms) from settlement where fragment = 'k0'")" "1|60000"
	run -1 settle
	[[ $output != *"claim failed"* ]]
	GW_CLOCK_OFFSET_S=61 run -1 settle
	gw_is "$(rows "select failures, (next_ms - tried_ms) from settlement where fragment = 'k0'")" "2|120000"
	GW_CLOCK_OFFSET_S=200 run -1 settle
	gw_is "$(rows "select failures, (next_ms - tried_ms) from settlement where fragment = 'k0'")" "3|86400000"
	GW_CLOCK_OFFSET_S=86401 run -3 settle
	[[ $output == *"MONEY AT RISK: failing"*"amount=100"* ]]
	gw_is "$(report '.alarms[0].alarm')" failing
	no_faults
	GW_CLOCK_OFFSET_S=86450 run -3 settle
	[[ $output != *"claim confirmed"* ]]
	# an administrator does not wait
	rows_write "insert into claim_request select channel_id, fragment, 2, $(($(date +%s) * 1000 + 86451000)) from sub_channel"
	GW_CLOCK_OFFSET_S=86452 run -0 settle
	agree
}
