#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A paid request whose responder is killed, at every step: what was promised stands, nothing is charged twice.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode
load lib/gateway
load lib/payment

setup() { payment_setup; }

teardown() { gw_end; }

# reading: the responder has accepted a connection (state 3, and an inode)
reading() {
	grep -q " 0001 03 *[1-9][0-9]* $GW_DIR/openai.sock" /proc/net/unix
}

@test "killed before T1, while the body comes: the voucher is as good as new" {
	gw_wait_for 10 eval '! reading' # the connection of the setup is closed
	paying got -s 30 -w 60000 -d "$(chat_body gpt-4o-mini)"
	gw_wait_for 10 reading
	kill_responder
	wait "$ASKED" || :
	gw_is "$(rows "select count(*) from voucher")" 0
	again
	gw_is "$(rows "select count(*) from usage")" 1
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 200 ]
	told | gw_json '.subRav.nonce == "2"'
}

@test "killed after T1, before the provider answers: the voucher stands, the call is lost" {
	order 'end=never'
	paying got -d "$(chat_body gpt-4o-mini)"
	gw_asked 1
	kill_responder
	wait "$ASKED" || :
	gw_is "$(rows "select nonce from voucher")" 1
	gw_is "$(rows "select state, outcome from usage where usage_id = 2")" '0|0'
	again
	gw_is "$(rows "select $ROW from usage where usage_id = 2")" '2|6||'
	nothing_owed 1
}

@test "killed in the middle of a stream: as before, and the client has no proposal" {
	order 'hold=400'
	paying got -d "$STREAM"
	gw_wait_for 10 grep -q '^data: ' got
	kill_responder
	wait "$ASKED" || :
	run ! grep -q payment_header got
	again
	gw_is "$(rows "select $ROW from usage where usage_id = 2")" '2|6||'
	nothing_owed 1
}

@test "killed before T2, with the whole answer there: no proposal was seen, none stands" {
	order 'delay=1&hold=0'
	paying got -d "$STREAM"
	gw_asked 1
	lock_store
	gw_release
	gw_finished 1
	run ! grep -q payment_header got
	kill_responder
	wait "$ASKED" || :
	unlock_store
	run ! grep -q payment_header got
	again
	gw_is "$(rows "select $ROW from usage where usage_id = 2")" '2|6||'
	nothing_owed 1
}

@test "killed after T2, whether the client saw the proposal or not: it stands" {
	local how n=1
	for how in "$STREAM" "$(chat_body gpt-4o-mini)"; do
		n=$((n + 1))
		paying got -r 20 -d "$how"
		gw_wait_for 10 eval '[ "$(rows "select count(*) from usage where outcome = 1")" = $n ]'
		kill_responder
		wait "$ASKED" || :
		again
		unpaid openai $CHAT -d "$(chat_body gpt-4o-mini)"
		[ "$(answer_status out)" = 402 ]
		told | gw_json ".subRav.accumulatedAmount == \"$(rows "select sum(cost_pico) / 100 from usage")\""
	done
	gw_is "$(rows "select outcome, count(*) from usage where outcome <> 5 group by 1")" '1|3'
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 200 ]
}

@test "the frame waits for T2, and a store that is busy for a moment loses nothing" {
	order 'delay=1&hold=0'
	paying got -d "$STREAM"
	gw_asked 1
	lock_store
	gw_release
	gw_finished 1
	run ! grep -q payment_header got
	unlock_store
	wait "$ASKED"
	tail -n 3 got | grep -q '^data: {"nuwa_payment_header":"u'
	gw_is "$(rows "select state, outcome, cost_pico, nonce from usage where usage_id = 2")" '1|1|3450000|2'
	bills_add_up
}

# Both leases have passed at once: the machine slept, its clock was set, or the store was stuck for so long.
leases_pass() {
	sqlite3 -cmd '.timeout 5000' gateway.db "update process_lease set until_ms = 1"
}
# asleep NAME: stopped, and not in the middle of a write, whose lock it would hold against all the others.
asleep() {
	kill -STOP "${GW_PID[$1]}"
	gw_wait_for 5 grep -q '^State:.T' "/proc/${GW_PID[$1]}/status"
	sqlite3 -cmd '.timeout 200' gateway.db 'begin immediate; rollback' || {
		kill -CONT "${GW_PID[$1]}"
		return 1
	}
}
renewed() {
	[ "$(rows "select max(until_ms) > 1 from process_lease")" = 1 ]
}

@test "leases that all pass at once are no deaths: a process that slept too asks again before it calls others dead" {
	BUSY_WAIT_MS=200 payment_start claude
	order 'hold=0'
	paying got -d "$(chat_body gpt-4o-mini)"
	gw_asked 1
	gw_wait_for 10 asleep openai
	leases_pass
	gw_wait_for 10 renewed
	# a request that meets the lease does not call it dead either
	paid_ask claude /claude/v1/messages -d "$(chat_body claude-sonnet-4-5)" >out
	[ "$(answer_status out)" = 409 ]
	kill -CONT "${GW_PID[openai]}"
	gw_release
	wait "$ASKED"
	[ "$(answer_status got)" = 200 ]
	gw_is "$(rows "select $ROW from usage where usage_id = 2")" '1|1|3450000|00000000000000000000000000000000000000000000000000000000000086C4'
	gw_is "$(rows "select count(*) from usage where outcome = 6")" 0
	ANSWER=$(answer_header x-payment-channel-data got)
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 200 ]
}
