#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Who gets to know which key: the processes of a running gateway, looked at from outside.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/web

setup() {
	web_world
	gw_need nginx
	KEY=$(llm-gateway keygen 2>/dev/null)
	export SERVICE_KEY=$KEY
	# a key from the file, too, not only from the environment
	printf '{ "geminiApiKey": "gm-test-key" }\n' >settings.json
	chmod 600 settings.json
	web_start nginx --config "$GW_DIR/settings.json"
}
teardown() { gw_end; }

gateway_pids() { # all processes but serve itself, whom the keys were given to
	local pid=$1 child
	for child in $(pgrep -P "$pid"); do
		echo "$child"
		gateway_pids "$child"
	done
}
environment() { # environment PID
	tr '\0' '\n' <"/proc/$1/environ"
}
pid_of() {
	pgrep -f "^$PROGRAMS/fcgi/$1.fcgi"
}

@test "no key is on any command line" {
	local pid
	for pid in "${GW_PID[serve]}" $(gateway_pids "${GW_PID[serve]}"); do
		run -0 cat "/proc/$pid/cmdline"
		[[ "$output" != *test-key* ]]
		[[ "$output" != *"$KEY"* ]]
	done
}

@test "a responder has the key of its own provider, and no other" {
	local name
	declare -A own=([openai]=sk-test-key [claude]=sk-ant-test-key [gemini]=gm-test-key [gateway]=)
	for name in openai claude gemini gateway; do
		environment "$(pid_of "$name")" >"$name.txt"
		gw_is "$(grep -E 'KEY' "$name.txt" | sed 's/.*=//')" "${own[$name]}"
		run -1 grep -F "$KEY" "$name.txt"
		grep -q '^SERVICE_DID=did:rooch:' "$name.txt"
	done
}

@test "the web server gets nothing of the environment but PATH" {
	local pid
	gw_need lighttpd # nginx writes its title there
	gw_stop serve
	web_start lighttpd
	pid=$(pgrep -P "${GW_PID[serve]}" -f /lighttpd)
	gw_is "$(environment "$pid" | sed 's/=.*//')" PATH
}

@test "the claim key is in one file of its own, for the settlement alone" {
	local file=s/settle/service.key
	gw_is "$(cat $file)" "$KEY"
	gw_is "$(stat -c %a $file)" 600
	gw_is "$(stat -c %a s/settle)" 700
	run -1 grep -rlF "$KEY" s/run s/gateway.db
	if [ "$(id -u)" = 0 ]; then
		local user
		user=$(stat -c %U "/proc/$(pid_of openai)")
		[ "$user" != root ]
		gw_is "$(stat -c %U s/run/openai.sock)" "$user"
		[ "$(stat -c %U $file)" != "$user" ]
		[ "$(stat -c %U $file)" != root ]
		run -1 setpriv --reuid="$user" --regid="$user" --init-groups cat $file
		run -0 setpriv --reuid="$(stat -c %u $file)" --regid="$(stat -c %g $file)" --groups="$(stat -c %g s)" cat $file
	fi
}

@test "without a key the file of an earlier start goes away" {
	gw_stop serve
	unset SERVICE_KEY
	gw_spawn again "$PROGRAMS/llm-gateway" serve --state-dir "$GW_DIR/s"
	gw_wait_up again 20 grep -q http: again.out
	[ ! -e s/settle/service.key ]
}

@test "root, told to use one user for both, refuses" {
	[ "$(id -u)" = 0 ] || skip "only root can change users"
	gw_stop serve
	run -1 --separate-stderr "$PROGRAMS/llm-gateway" serve --state-dir "$GW_DIR/s" --user www-data --settle-user www-data
	[[ "$stderr" == *"--user and --settle-user must differ"* ]]
	run -1 --separate-stderr "$PROGRAMS/llm-gateway" serve --state-dir "$GW_DIR/s" --user root
	[[ "$stderr" == *"there is no user root that is not root"* ]]
}

@test "keys are in no log and in no answer" {
	run -0 chat --fail -o /dev/null
	run -0 curl -s "$URL/providers/status" "$URL/"
	[[ "$output" != *test-key* ]]
	cat serve.err serve.out s/run/* 2>/dev/null >all || :
	run -1 grep -E "test-key|$KEY" all
}
