#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The first thing that a newcomer tries: one streamed answer, paid for, and its bill, offline.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/web

setup() {
	gw_world
	gw_need nginx
	web_programs
	# The ledger has one place, which all tests on this machine share.
	exec {LEDGER_LOCK}>"${TMPDIR:-/tmp}/gw-6767-$UID.lock"
	flock "$LEDGER_LOCK"
	PORT=$(gw_port)
	QUICK=("$PROGRAMS/llm-gateway" quickstart --port "$PORT")
}
teardown() {
	gw_end
	exec {LEDGER_LOCK}>&-
}

# as_user COMMAND...: root's tests run it as nobody, who has the directory as home.
as_user() {
	[ "$(id -u)" != 0 ] || chown 65534:65534 "$GW_DIR"
	timeout $((60 * GW_PATIENCE)) "${GW_AS[@]}" "$@"
}

told() { # the story, in this order
	local part rest=$output
	for part in 'mock provider ' 'ledger ' "http://127.0.0.1:$PORT behind nginx" 'payment    on' 'deposited:   100 RGas' \
		'channel:     0x' 'One streamed answer through nginx' 'tokens in, ' 'paid 0.00' 'signed ' 'free ' \
		'the exact cost' 'openai/gpt-4o-mini ' 'total '; do
		[[ "$rest" == *"$part"* ]] || {
			echo "missing, or not in its place: $part"
			echo "$output"
			return 1
		}
		rest=${rest#*"$part"}
	done
}

requests() {
	awk '$1 == "openai/gpt-4o-mini" { print $2 }' <<<"$output"
}

@test "an ordinary user, twice in a row, and nothing stays behind" {
	run -0 as_user "${QUICK[@]}" --once
	told
	gw_is "$(requests)" 1
	run -0 as_user "${QUICK[@]}" --once
	told
	gw_is "$(requests)" 2
	run -1 pgrep -f "^$PROGRAMS/"
	run -1 gw_listens "$PORT"
}

@test "behind lighttpd and Apache, with a directory of one's own" {
	local server
	for server in lighttpd apache2; do
		gw_need "$server"
		run -0 timeout $((60 * GW_PATIENCE)) "${QUICK[@]}" --once --web-server "$server" --state-dir "$GW_DIR/$server"
		[[ "$output" == *"behind $server"*"One streamed answer through $server"*"0.0000"* ]]
	done
}

@test "without payment there is no ledger and no wallet" {
	run -0 as_user "${QUICK[@]}" --once --payment off
	[[ "$output" == *"payment    OFF"*"One streamed answer through nginx"*"the exact cost"*"total "* ]]
	[[ "$output" != *RGas* ]]
	run -1 as_user "${QUICK[@]}" --once --network main
	[[ "$output" == *"quickstart pays on a ledger of its own"* ]]
	gw_spawn other "$PROGRAMS/t/fake/llm-gateway-mock" --port 6767
	gw_wait_up other 10 gw_listens 6767
	run -1 as_user "${QUICK[@]}" --once
	[[ "$output" == *"http://127.0.0.1:6767 is in use"* ]]
	gw_stop other
	run -1 pgrep -f "^$PROGRAMS/"
}

@test "a port in use is told, and nothing stays behind" {
	gw_spawn other mockllm --port "$PORT"
	gw_wait_up other 10 gw_listens "$PORT"
	run -1 as_user "${QUICK[@]}" --once
	[[ "$output" == *"Port already in use: $PORT; choose another with --port <number>"* ]]
	run -1 pgrep -f "^$PROGRAMS/"
}

@test "a database that an older version has made is brought up" {
	local db=.local/state/llm-gateway-quickstart/gateway.db
	run -0 as_user "${QUICK[@]}" --once
	newest=$(sqlite3 "$db" 'select max(number) from migration')
	# Who signed for a gateway that has forgotten it all does not sign the same numbers again.
	rm "$db" .local/state/llm-gateway-quickstart/client.key*
	sqlite3 "$db" <"$GW_SRCDIR/sql/0001-gateway.sql"
	sqlite3 "$db" "insert into migration values (1, '0001-gateway.sql',
		'$(sha256sum "$GW_SRCDIR/sql/0001-gateway.sql" | cut -d' ' -f1)', 0, '0.0.1')"
	[ "$(id -u)" != 0 ] || chown 65534:65534 "$db"
	run -0 as_user "${QUICK[@]}" --once
	gw_is "$(sqlite3 "$db" 'select max(number) from migration')" "$newest"
	[ "$newest" -gt 1 ]
}

@test "without --once it stays until it is told to end, and another terminal can use it" {
	gw_spawn quick "${QUICK[@]}" --state-dir "$GW_DIR/q"
	gw_wait_up quick 20 grep -q 'until you press Ctrl-C' quick.out
	run -0 llm-gateway-client chat --gateway "http://127.0.0.1:$PORT" --key q/client.key --provider claude 'Hello'
	[[ "$output" == *"mock provider"* ]]
	gw_stop quick INT
	run -1 gw_listens "$PORT"
}
