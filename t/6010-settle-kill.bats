#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The settlement program is killed at every step and at any time, while the node misbehaves: a claim is made
# once, and never lost.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode
load lib/settle

setup() {
	settle_world
	export RETRY_DELAY_MS=1 MAX_RETRIES=1000
}
teardown() { gw_end; }

# killed STEP: one run that ends at this step, or comes to its end before.
killed() {
	local status=0
	GW_SETTLE_STOP_AT=$1 settle 2>>killed.err || status=$?
	case $status in
	137) KILLS=$((KILLS + 1)) ;;
	0 | 1 | 3) return 1 ;; # it never came there
	*)
		echo "a run that was to be killed at $1 ended with $status"
		tail -5 killed.err
		exit 1
		;;
	esac
}

on_chain_id() { # of payer 20
	llm-gateway inspect id channel "0xaa$(printf '%062x' 20)" "$SERVICE" 0x3::gas_coin::RGas --json | jq -r .objectId
}

no_faults() {
	curl -sS -X DELETE "$DEVNODE_URL/devnode/fault" >/dev/null
}

# finish: runs until nothing is left to do.
finish() {
	local i
	no_faults
	for ((i = 0; i < 20; i++)); do
		settle 2>>finish.err && return
	done
	tail -5 finish.err
	return 1
}

@test "killed at each step of a claim, the next run finishes what was begun" {
	local step
	KILLS=0
	for step in begun resumed watched signed planned sent shown end confirmed over; do
		vouchers -k 2 -v 2 -H 100000 >/dev/null
		killed "$step"
		killed "$step:2" || :
		finish
		agree -k 2
	done
	[ "$KILLS" -ge 10 ]
	gw_is "$(rows "select count(*) from claim where state not in (3, 5)")" 0
}

@test "killed at every one of its steps in turn, while the node loses answers" {
	local n
	KILLS=0
	for ((n = 1; n <= 45; n++)); do
		no_faults
		vouchers -k 2 -v 1 -H 100000 >/dev/null
		[ $((n % 3)) != 0 ] || devnode_fault drop rooch_executeRawTransaction 2 >/dev/null
		[ $((n % 5)) != 0 ] || devnode_fault http rooch_getTransactionsByHash 2 >/dev/null
		killed "any:$((1 + n % 17))" || :
	done
	echo "# $KILLS kills" >&3
	[ "$KILLS" -ge 30 ]
	finish
	agree -k 2
}

@test "killed at random times, a hundred times and more" {
	# The span in which a run is killed follows how long runs take here: it shrinks with each that ended
	# by itself, and grows with each that did not.
	local i status span_us=30000
	KILLS=0
	for ((i = 0; i < 400 && KILLS < 160; i++)); do
		if [ $((i % 4)) = 0 ]; then
			no_faults
			vouchers -k 3 -v 1 -H 100000 >/dev/null
		fi
		case $((i % 12)) in
		1) devnode_fault drop rooch_executeRawTransaction >/dev/null ;;
		3) devnode_fault http '' 2 503 >/dev/null ;;
		5) devnode_fault refuse rooch_executeRawTransaction 1 1002 >/dev/null ;;
		7) devnode_fault abort rooch_executeRawTransaction 1 4 >/dev/null ;;
		9) devnode_fault stale '' 3 2 >/dev/null ;;
		esac
		status=0
		timeout -s KILL "$(printf '0.%06d' $((1000 + RANDOM * 32768 % span_us + RANDOM % 1000)))" \
			"${GW_AS[@]}" "$SETTLE" 2>>killed.err || status=$?
		case $status in
		137)
			KILLS=$((KILLS + 1))
			[ "$span_us" -gt 400000 ] || span_us=$((span_us * 11 / 10))
			;;
		0 | 1 | 3)
			[ "$span_us" -lt 3000 ] || span_us=$((span_us * 8 / 10))
			;;
		*)
			echo "status $status"
			tail -5 killed.err
			return 1
			;;
		esac
	done
	echo "# $KILLS kills in $i runs" >&3
	[ "$KILLS" -ge 130 ]
	finish
	agree -k 3
	# what the chain has booked was booked here once
	gw_is "$(($(sum moved "from claim where state = 3") + $(sum elsewhere "from settlement")))" "$(report .total.claimed)"
}

@test "killed while it disputes, finalises, closes and withdraws" {
	local n day
	KILLS=0
	for ((n = 1; n <= 12; n++)); do
		vouchers -p "$n" -k 2 -v 2 -H 100000 -C >/dev/null
		killed "any:$n" || :
		finish
	done
	gw_is "$(sum moved "from claim where state = 3 and kind = 2")" 4800
	gw_is "$(report '"\(.total.claimed) \(.total.pending)"')" "0 4800"
	day=86500
	export GW_CLOCK_OFFSET_S=$day
	devnode_control clock "{\"offset_ms\":${day}000}" >/dev/null
	for ((n = 1; n <= 24; n++)); do
		killed "any:$n" || :
	done
	finish
	agree -c 12 -k 2
	gw_is "$(rows "select count(*) from channel where status = 2 and epoch = 1")" 12
	for ((n = 1; n <= 10; n++)); do
		vouchers -p 20 -O -k 1 -v 1 -H 100000 >/dev/null
		MIN_CLAIM_AMOUNT=100000 GW_SETTLE_STOP_AT=any:$n settle --close "$(on_chain_id)" --withdraw 2>>killed.err || KILLS=$((KILLS + 1))
		finish
	done
	MIN_CLAIM_AMOUNT=1000000 settle --close "$(on_chain_id)" --withdraw 2>>killed.err
	gw_is "$(sum moved "from claim where state = 3 and kind = 5")" "$(report .total.claimed)"
	gw_is "$(vouchers -q -p 20)" "claimed=1000 revenue=0"
	echo "# $KILLS kills" >&3
	[ "$KILLS" -ge 30 ]
}
