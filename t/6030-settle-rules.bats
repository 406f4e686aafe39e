#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Which vouchers are claimed, when, and what happens when a payer leaves or cannot pay.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode
load lib/settle

setup() { settle_world; }
teardown() { gw_end; }

hub() { # hub PAYER AMOUNT
	devnode_control hub "{\"owner\":\"0xaa$(printf '%062x' "$1")\",\"amount\":\"$2\"}" >/dev/null
}

later() { # later SECONDS COMMAND...: on both clocks
	local ms
	ms=$(($1 * 1000))
	devnode_control clock "{\"offset_ms\":$ms}" >/dev/null
	GW_CLOCK_OFFSET_S=$1 "${@:2}"
}

@test "all three key types of the service" {
	local type
	for type in ed25519 p256; do
		devnode_stop
		rm -rf "$DEVNODE_DB"* "$DATABASE"*
		devnode_start
		mkdb "$DATABASE"
		settle_service "$type"
		gw_private llm-gateway-settle >/dev/null
		vouchers -k 4 -H 10000 >/dev/null
		run -0 settle
		agree -k 4
	done
}

@test "below the threshold nothing is claimed, until it is old or somebody asks" {
	MIN_CLAIM_AMOUNT=1000
	vouchers -c 3 -v 2 -a 100 -H 10000 >/dev/null
	run -0 settle
	gw_is "$(rows "select count(*) from claim")" 0
	rows_write "insert into claim_request select channel_id, fragment, 1, 1 from sub_channel limit 1"
	run -0 settle
	gw_is "$(sum moved "from claim")" 200
	gw_is "$(rows "select count(*) from claim_request")" 0
	MAX_CLAIM_AGE_S=10 GW_CLOCK_OFFSET_S=20 run -0 settle
	gw_is "$(sum moved "from claim")" 600
	agree -c 3
}

@test "when the hub is short, the largest voucher that it covers is claimed, and the rest when it can" {
	vouchers -v 10 -a 100 -H 10000 >/dev/null
	hub 1 655
	run -3 settle
	[[ $output == *"claim confirmed"*"nonce=6 amount=600 moved=600"*"MONEY AT RISK: hub-short"*"amount=345"* ]]
	gw_is "$(report '"\(.total.claimed) \(.total.pending) \(.total.at_risk)"')" "600 400 345"
	run -3 settle
	hub 1 400
	run -0 settle
	agree
	gw_is "$(report .total.claimed)" 1000
}

@test "a payer who cancels with an old voucher loses nothing of ours" {
	# k0 and k1 owe 500 each; 300 of k0 were claimed
	vouchers -k 2 -v 3 -a 100 -H 10000 >/dev/null
	run -0 settle
	vouchers -k 2 -v 2 -a 100 -C >/dev/null
	gw_is "$(on_chain -k 2)" "claimed=600 revenue=600"
	run -0 settle
	gw_is "$(grep -c "dispute confirmed" <<<"$output")" 2
	gw_is "$(report '"\(.total.signed) \(.total.claimed) \(.total.pending) \(.total.at_risk)"')" "1000 600 400 0"
	# not before the day is over
	later 86000 run -0 settle
	gw_is "$(on_chain -k 2)" "claimed=1000 revenue=600"
	# the hub has been emptied meanwhile: an alarm, and again and again
	hub 1 399
	later 86500 run -3 settle
	[[ $output == *"MONEY AT RISK: hub-short"*"amount=1:"* ]]
	hub 1 400
	later 86600 run -0 settle
	[[ $output == *"finalize confirmed"*"amount=400 moved=400"* ]]
	agree -k 2
	gw_is "$(rows "select status, epoch from channel")" "2|1"
	later 86700 run -0 settle
	[[ $output != *confirmed:* ]]
}

@test "a cancellation that cannot be disputed yet is an alarm" {
	vouchers -v 2 -H 10000 -C >/dev/null
	devnode_fault abort rooch_executeRawTransaction 9 26 >/dev/null
	run -3 settle
	[[ $output == *"dispute failed"*"MONEY AT RISK: closing"*"amount=200"* ]]
	curl -sS -X DELETE "$DEVNODE_URL/devnode/fault" >/dev/null
	# waiting times do not count here; but after many failures each ten minutes are enough
	rows_write "update settlement set failures = 6, next_ms = tried_ms where fragment = 'k0'"
	run -3 settle
	[[ $output != *"dispute confirmed"* ]]
	rows_write "update settlement set failures = 5 where fragment = 'k0'"
	run -0 settle
	[[ $output == *"dispute confirmed"* ]]
}

@test "a channel that ended takes its vouchers along: said once, with 3, and in the report for ever" {
	vouchers -v 1 -a 100 -H 10000 -C >/dev/null
	# nobody looked for a day, and the payer finalised himself
	later 86500 vouchers -F -v 0 >/dev/null
	later 86500 run -3 settle
	[[ $output == *"MONEY AT RISK: lost"*"fragment=k0 amount=100"* ]]
	later 86500 run -0 settle
	gw_is "$(report '"\(.total.lost) \(.total.pending) \(.total.claimed)"')" "100 0 0"
	# the channel opens again, and its new vouchers are as good as ever
	later 86500 vouchers -O -v 2 -a 100 >/dev/null
	later 86500 run -0 settle
	[[ $output == *"claim confirmed"*"amount=200 moved=200"* ]]
	gw_is "$(on_chain)" "claimed=200 revenue=200"
	gw_is "$(report '"\(.total.lost) \(.total.pending) \(.total.claimed)"')" "100 0 200"
}

@test "vouchers of another key than the frozen one are told apart, and those before them claimed" {
	vouchers -v 2 -a 100 -H 10000 >/dev/null
	vouchers -v 3 -a 100 -x >/dev/null
	run -0 settle
	[[ $output == *"claim confirmed"*"nonce=2 amount=200"* ]]
	run -3 settle
	[[ $output == *"MONEY AT RISK: unclaimable"*"amount=300"* ]]
	gw_is "$(rows "select count(*) from claim where state <> 3")" 0
}

@test "a claim that somebody else made is booked as such" {
	vouchers -v 1 -a 100 -H 10000 >/dev/null
	run -0 settle
	cp "$DATABASE" before.db
	vouchers -v 3 -a 100 >/dev/null
	cp "$DATABASE" other.db
	run -0 settle
	# as if another program had made that claim, from the same vouchers
	rm -f "$DATABASE"-wal "$DATABASE"-shm
	cp other.db "$DATABASE"
	run -0 settle
	gw_is "$(sum moved "from claim") $(sum elsewhere "from settlement")" "100 300"
	agree
}

@test "a channel is closed with proofs, and the revenue withdrawn" {
	local id
	id=$(vouchers -k 3 -v 2 -a 100 -H 10000)
	MIN_CLAIM_AMOUNT=1000000
	run -0 settle --close "$id" --dry-run
	[[ $output == *"would close with 3 proofs: amount=600"* ]]
	gw_is "$(rows "select count(*) from claim")" 0
	run -0 settle --close "$id"
	[[ $output == *"close confirmed"*"moved=600"* ]]
	agree -k 3
	run -0 settle --close "$id"
	[[ $output == *"this channel is closed"* ]]
	run -0 settle --withdraw
	[[ $output == *"withdraw confirmed"*"amount=600"* ]]
	gw_is "$(on_chain -k 3)" "claimed=600 revenue=0"
	run -0 settle --withdraw
	[[ $output == *"no revenue"* ]]
	run -1 settle --close "0x$(printf '%064d' 1)"
}

@test "a channel whose hub is short is not closed" {
	local id
	id=$(vouchers -v 5 -a 100 -H 10000)
	hub 1 250
	MIN_CLAIM_AMOUNT=1000000
	run settle --close "$id"
	[ "$status" != 0 ]
	[[ $output == *"the payer's hub has 250, the vouchers ask for 500"* ]]
	gw_is "$(rows "select count(*) from claim")" 0
}
