#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# How the settlement program is run: options, key, exit statuses, reports, backups, many at once.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode
load lib/settle

setup() { settle_world; }
teardown() { gw_end; }

@test "a thousand sub-channels are settled in one run" {
	# 64 keys are the most that a document holds
	vouchers -c 16 -k 63 -H 100000 >/dev/null
	run -0 settle
	gw_is "$(grep -c "claim confirmed" <<<"$output")" 1008
	agree -c 16 -k 63
	gw_is "$(report .total.claimed)" 100800
}

@test "two runs at once do nothing twice" {
	local i
	vouchers -c 4 -k 10 -H 100000 >/dev/null
	for i in 1 2 3 4; do
		gw_spawn "run$i" "${GW_AS[@]}" "$SETTLE"
	done
	for i in 1 2 3 4; do
		gw_ended "run$i" 0
	done
	settle
	agree -c 4 -k 10
	gw_is "$(rows "select count(*) from claim")" 40
	exec 9<"$DATABASE-settle.lock"
	flock -n 9
	run -2 settle --withdraw
	[[ $output == *"another run is at work"* ]]
	run -0 settle
	[[ $output == *"another run is at work"* ]]
	exec 9<&-
}

@test "a dry run says what would be done, and does nothing" {
	vouchers -c 2 -v 3 -a 100 -H 250 >/dev/null
	sqlite3 "$DATABASE" .dump >before
	local sequence
	sequence=$(devnode_result rooch_executeViewFunction '[{"function_id":"0x2::account::sequence_number",
		"args":["000000000000000000000000000000000000000000000000000000000000005e"],"ty_args":[]}]')
	run -3 settle --dry-run
	[[ $output == *"would claim: channel=0x"*"nonce=2 amount=200 unclaimed=300 hub=249"* ]]
	sqlite3 "$DATABASE" .dump >after
	cmp before after
	gw_is "$(devnode_result rooch_executeViewFunction '[{"function_id":"0x2::account::sequence_number",
		"args":["000000000000000000000000000000000000000000000000000000000000005e"],"ty_args":[]}]')" "$sequence"
}

@test "--channel serves this one alone" {
	local ids
	mapfile -t ids < <(vouchers -c 3 -H 100000)
	run -0 settle --channel "${ids[1]}"
	gw_is "$(grep -c "claim confirmed" <<<"$output")" 1
	[[ $output == *"channel=${ids[1]} "* ]]
	run -0 settle
	agree -c 3
}

@test "the report: totals, payers and days, as table and as JSON" {
	vouchers -c 2 -v 2 -a 100 -H 100000 -t 200000 >/dev/null
	settle
	vouchers -c 1 -v 1 -a 70 >/dev/null
	settle --report --json >report.json
	gw_json '.total == {earned: "470", signed: "470", claimed: "400", pending: "70", at_risk: "0", lost: "0"}' report.json
	gw_json '[.payers[].signed] | sort == ["200", "270"]' report.json
	gw_json '.days | length == 2 and .[0].signed == "400" and .[1] == {day: .[1].day, earned: "0", signed: "70", claimed: "400"}' report.json
	gw_json '.last_run.status == 0 and .alarms == [] and .transactions == [{kind: "claim", state: "confirmed", count: 2, gas: 2000}]' report.json
	run -0 settle --report
	[[ $output == *"payer "*"at risk"*"total "*"470"*"day "* ]]
	# without key, node, or a right to write
	devnode_stop
	SERVICE_KEY_FILE='' run -0 settle --report
}

@test "a backup is whole, private, and a run goes on from it after a restore" {
	vouchers -c 2 -v 2 -H 100000 >/dev/null
	run -0 settle
	vouchers -c 2 -v 1 >/dev/null
	mkdir keep
	gw_private llm-gateway-settle >/dev/null
	run -0 settle --backup keep/gateway.db
	gw_is "$(stat -c %a keep/gateway.db)" 600
	gw_is "$(ls keep)" gateway.db
	cmp <(sqlite3 "$DATABASE" .dump) <(sqlite3 keep/gateway.db .dump)
	run -2 settle --backup keep/gateway.db
	[[ $output == *"there already"* ]]
	# what happens after the backup is known to the chain alone
	run -0 settle
	rm -f "$DATABASE"*
	cp keep/gateway.db "$DATABASE"
	gw_private llm-gateway-settle >/dev/null
	run -0 settle
	agree -c 2
	gw_is "$(sum elsewhere "from settlement")" 200
	run -2 settle --backup none/gateway.db
	[[ $output == *"none/gateway.db"* ]]
}

@test "a backup can be taken while the database is written" {
	vouchers -c 4 -k 10 -H 100000 >/dev/null
	gw_spawn run "${GW_AS[@]}" "$SETTLE"
	local i
	for i in 1 2 3; do
		settle --backup "copy$i.db"
		gw_is "$(sqlite3 "copy$i.db" 'pragma integrity_check')" ok
	done
	gw_ended run 0
}

@test "the key: where it is looked for, and who may not read it" {
	vouchers -H 100000 >/dev/null
	SERVICE_KEY_FILE='' run -2 settle
	[[ $output == *"the claim key is missing"* ]]
	chmod 640 "$KEY_FILE"
	run -2 settle
	[[ $output == *"others can read it"* ]]
	chmod 600 "$KEY_FILE"
	SERVICE_DID=did:rooch:rooch1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqsjw3fd5 run -2 settle
	SERVICE_KEY_FILE='' run -0 settle --key-file "$KEY_FILE"
	mkdir credentials
	cp -p "$KEY_FILE" credentials/service.key
	vouchers -H 100000 >/dev/null
	SERVICE_KEY_FILE='' CREDENTIALS_DIRECTORY=$GW_DIR/credentials run -0 settle
	[[ $output == *"claim confirmed"* ]]
	vouchers -H 100000 >/dev/null
	SERVICE_KEY_FILE='' SERVICE_KEY=$(cat "$KEY_FILE") run -0 settle
	[[ $output == *"claim confirmed"* ]]
	agree
}

@test "the responders' user cannot read the key, and settlement's cannot be talked into another's" {
	[ "$(id -u)" = 0 ] || skip "only root can change users"
	chmod 711 "$GW_DIR"
	mkdir -m 700 "$GW_DIR/claims"
	cp -p "$KEY_FILE" "$GW_DIR/claims/service.key"
	chown -R 65533:65533 "$GW_DIR/claims"
	# responders run as 65534
	run -1 "${GW_AS[@]}" cat "$GW_DIR/claims/service.key"
	run -2 settle --key-file "$GW_DIR/claims/service.key"
	[[ $output == *"Permission denied"* ]]
	run -0 setpriv --reuid=65533 --regid=65533 --clear-groups cat "$GW_DIR/claims/service.key"
	# a file that a responder put there is not the operator's
	run -2 setpriv --reuid=65533 --regid=65533 --clear-groups "$SETTLE" --key-file "$KEY_FILE"
}

@test "no run, whatever happens to it, shows the key" {
	local key at
	key=$(cat "$KEY_FILE")
	vouchers -v 2 -H 100000 >/dev/null
	local args
	for args in --report --dry-run "--report --json" "" --withdraw "--key-file $KEY_FILE --channel x" --wrong; do
		# shellcheck disable=SC2086
		LOG_LEVEL=debug settle $args >>all 2>&1 || :
	done
	SERVICE_KEY_FILE='' SERVICE_KEY=${key%?} settle >>all 2>&1 || :
	sqlite3 "$DATABASE" .dump >>all
	for ((at = 0; at + 24 < ${#key}; at += 24)); do
		run ! grep -qF -- "${key:at:24}" all
	done
}

@test "--loop runs again and again, and ends with TERM" {
	vouchers -H 100000 >/dev/null
	gw_spawn loop "${GW_AS[@]}" "$SETTLE" --loop 1
	all_claimed() { gw_is "$(report .total.pending)" 0; }
	gw_wait_up loop 10 all_claimed
	vouchers -H 100000 >/dev/null
	gw_wait_up loop 10 all_claimed
	gw_stop loop
	agree
}

@test "what dead processes left is tidied up, what is old is removed where that is wanted" {
	vouchers -v 3 -H 100000 -t 864000 >/dev/null
	rows_write "insert into process_lease values ('$$:1', 1);
		insert into usage (usage_id, owner, request_id, did, provider, api, method, path, stream, free, started_ms, bound_pico)
			values (7, '$$:1', 'r', 'did:rooch:a', 'openai', 'chat', 'POST', '/', 0, 0, 1, 1);
		insert into auth_nonce values (1, zeroblob(32), 1), (2, randomblob(32), unixepoch() - 100);
		update sub_channel set lease_owner = '$$:1', lease_usage_id = 7, lease_bound = zeroblob(32), lease_bound_pico = 1"
	# a process that is there may be stuck, as its store was
	run -0 settle
	gw_is "$(rows "select state, (select lease_owner from sub_channel) from usage")" "0|$$:1"
	# this one cannot be
	rows_write "update process_lease set owner = '999999999:1'; update usage set owner = '999999999:1';
		update sub_channel set lease_owner = '999999999:1'"
	run -0 settle
	gw_is "$(rows "select state, outcome from usage")" "2|6"
	gw_is "$(rows "select count(*) from sub_channel where lease_owner is not null")" 0
	# the later one is younger than requests get that were under way with it
	gw_is "$(rows "select min(expires_s) > 1 from auth_nonce")" 1
	gw_is "$(rows "select count(*) from voucher")" 3
	KEEP_USAGE_DAYS=1 KEEP_VOUCHER_DAYS=1 run -0 settle
	gw_is "$(rows "select count(*) from usage")" 0
	# the newest stays: proposals go on from it
	gw_is "$(rows "select group_concat(nonce) from voucher")" 3
	agree
}

@test "wrong options, and settings that do not fit, end with 2 and a sentence" {
	run -2 settle --no-such-option
	run -2 settle --loop 0
	run -2 settle --loop 5 --withdraw
	run -2 settle --channel 0x12
	run -2 settle --json
	run -2 settle something
	DATABASE=$GW_DIR/none.db run -2 settle
	[[ $output == *"there is no database"* ]]
	run -0 settle --help
	[[ $output == *"Exit status"*"--dry-run"* ]]
	run -0 settle --version
}
