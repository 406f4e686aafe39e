#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# llm-gateway-settle turns vouchers into money on the development ledger.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode
load lib/settle

setup() { settle_world; }
teardown() { gw_end; }

@test "what is signed is claimed, booked and reported, to the unit" {
	vouchers -c 2 -k 2 -v 3 -a 100 -H 10000
	run -0 settle
	[[ $output == *"claim confirmed: channel=0x"*"fragment=k0"*"amount=300 moved=300 gas=1000 tx=0x"* ]]
	gw_is "$(grep -c 'claim confirmed' <<<"$output")" 4
	gw_is "$(on_chain -c 2 -k 2)" "claimed=1200 revenue=1200"
	agree -c 2 -k 2
	gw_is "$(rows "select group_concat(state_from || '>' || state_to, ' ') from claim_history where claim_id = 1")" "0>1 1>3"
	gw_is "$(sum moved "from claim where state = 3 and gas_used = 1000")" 1200
	run -0 settle
	[[ $output != *"claim confirmed"* ]]
	gw_is "$(rows "select count(*) from claim")" 4
}
