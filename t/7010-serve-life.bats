#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Reload, drain, and what happens when a process dies, in a gateway that `llm-gateway serve` runs.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/web

setup() {
	web_world
	DRAIN_TIMEOUT_MS=30000
}
teardown() { gw_end; }

FIXTURE=$GW_SRCDIR/t/fixtures/openai/openai-chat-stream-usage-final.http

line_came() {
	grep -q "$1" out
}
running() { # running PROGRAM: pids
	pgrep -f "^$PROGRAMS/fcgi/$1.fcgi" | sort
}
differs() { # differs BEFORE PROGRAM: other processes have taken over
	local now
	now=$(running "$2")
	[ -n "$now" ] && [ "$now" != "$1" ]
}
refuses() {
	run -7 curl -s -o /dev/null "$URL/healthz"
}
logged() {
	grep -q "$1" serve.err
}

# stream_start: one that is held back in the middle; its first bytes are here. stream_ends_well: the rest comes.
stream_start() {
	rm -f out
	order "file=openai/openai-chat-stream-usage-final&hold=600&delay=20&sizes=80"
	BODY=$(chat_body gpt-4o-mini ',"stream":true') chat_start out
	gw_wait_for 10 line_came '^data: '
}
stream_is_open() {
	kill -0 "$CHAT"
}
stream_ends_well() {
	gw_release
	wait "$CHAT"
	sed '1,/^$/d' "$FIXTURE" | cmp - out
}

settings() { # settings MULTIPLIER
	printf '{ "pricingMultiplier": "%s" }\n' "$1" >settings.json
}
last_cost() {
	rows "select cost_pico from usage where state = 1 order by rowid desc limit 1"
}

@test "reload: new settings are in force, open streams go on, no request is refused" {
	local old one before
	settings 1
	web_start nginx --config settings.json
	run -0 chat -o /dev/null
	gw_wait_for 5 rows_are "select count(*) from usage where state = 1" 1
	one=$(last_cost)
	stream_start
	old=$(running openai)
	(
		# requests without a pause while the responders change
		: >requests
		until [ -e enough ]; do
			curl -s -o /dev/null -w '%{http_code}\n' "$URL/healthz" >>requests
		done
	) 3>&- &
	before=$!
	settings 2
	kill -HUP "${GW_PID[serve]}"
	gw_wait_for 10 differs "$old" openai
	gw_wait_for 10 logged 'reloaded: new responders'
	stream_is_open
	run -0 chat -o /dev/null
	gw_wait_for 5 rows_are "select count(*) from usage where state = 1" 2
	gw_is "$(last_cost)" "$((one * 2))"
	stream_is_open
	stream_ends_well
	touch enough
	wait "$before"
	gw_is "$(sort -u requests)" 200
	gw_wait_for 10 gw_gone "$old"
}

@test "a reload with bad settings changes nothing" {
	local old
	settings 1
	web_start nginx --config settings.json
	old=$(running openai)
	printf '{\n\t"maxEventBytes": "much"\n}\n' >settings.json
	kill -HUP "${GW_PID[serve]}"
	gw_wait_for 10 logged 'reload refused, the old settings stay: .*settings.json:2: maxEventBytes'
	printf '{ "workers": 2 }\n' >settings.json
	kill -HUP "${GW_PID[serve]}"
	gw_wait_for 10 logged 'reload refused, the old settings stay: .* need a restart'
	printf '{ "pricingConfigPath": "none.csv" }\n' >settings.json
	gw_is "$(running openai)" "$old"
	run -0 chat --fail -o /dev/null
}

@test "TERM: a stream is finished, new connections are refused, then all ends" {
	local server pid
	for server in nginx lighttpd apache2; do
		gw_need "$server"
		web_start "$server"
		pid=$(running openai)
		stream_start
		kill -TERM "${GW_PID[serve]}"
		gw_wait_for 5 refuses
		stream_is_open
		stream_ends_well
		gw_stop serve
		gw_gone "$pid"
		gw_is "$(rows "select count(*) from usage where state = 1 and outcome = 1")" 1
		rm -r s
	done
}

@test "a second TERM ends at once; what came is charged" {
	local pid
	web_start nginx
	pid=$(running openai)
	order "file=openai/openai-chat-stream-usage-final&after=900&end=stall"
	BODY=$(chat_body gpt-4o-mini ',"stream":true') chat_start out
	gw_wait_for 10 line_came '^data: '
	kill -TERM "${GW_PID[serve]}"
	gw_wait_for 5 refuses
	gw_alive serve
	gw_stop serve
	wait "$CHAT" || :
	gw_gone "$pid"
	gw_is "$(rows "select count(*), sum(state = 1), sum(cost_pico > 0) from usage")" "1|1|1"
}

@test "the drain has a bound" {
	DRAIN_TIMEOUT_MS=500 web_start nginx
	order "end=never"
	chat_start out
	gw_asked 1
	gw_stop serve
	wait "$CHAT" || :
	gw_is "$(rows "select count(*), sum(state = 1) from usage")" "1|1"
}

@test "a web server that dies is started again, and so is a responder" {
	local server pid child
	local -a children
	for server in nginx lighttpd apache2; do
		gw_need "$server"
		web_start "$server"
		pid=$(pgrep -P "${GW_PID[serve]}" -f "/$server ")
		mapfile -t children < <(pgrep -P "$pid")
		kill -KILL "$pid"
		gw_wait_for 10 logged "$server (pid $pid) ended: signal 9"
		# nobody of the old one goes on answering
		for child in "${children[@]}"; do
			gw_wait_for 10 gw_gone "$child"
		done
		gw_wait_for 20 chat --fail -o /dev/null
		pid=$(running claude)
		kill -KILL "$pid"
		gw_wait_for 10 differs "$pid" claude
		gw_stop serve
		run -1 gw_listens "$PORT"
		rm -r s
	done
}

@test "when serve itself is killed, nothing of it remains" {
	local pid
	local -a pids
	web_start nginx
	mapfile -t pids < <(pgrep -P "${GW_PID[serve]}")
	[ "${#pids[@]}" -ge 3 ]
	gw_expect serve any
	gw_stop serve KILL
	for pid in "${pids[@]}"; do
		gw_wait_for 10 gw_gone "$pid"
	done
	# and the same directory serves again
	web_start nginx
	run -0 chat --fail -o /dev/null
}

@test "several workers share the requests of a provider" {
	local i
	web_start nginx --workers 3
	gw_is "$(running openai | wc -l)" 3
	for i in 1 2 3 4 5 6; do
		run -0 chat --fail -o /dev/null
	done
	gw_wait_for 5 rows_are "select count(*) from usage where state = 1 and outcome = 1" 6
}
