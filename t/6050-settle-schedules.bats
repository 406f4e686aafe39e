#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Settlement as it is scheduled: by serve, by cron, by systemd, with the files of conf/.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode
load lib/settle
load lib/web

setup() {
	settle_world
	DB=$DATABASE # rows of web.bash
}
teardown() { gw_end; }

# cron_line N: what the Nth line of the crontab runs.
cron_line() {
	grep -v '^#' "$GW_SRCDIR/conf/llm-gateway-settle.cron" | grep llm-gateway-settle | sed -n "$1p" |
		sed 's/^\([^ ]* *\)\{5\}llm-gateway-settle *//; s/\\%/%/g'
}

cron() {
	local line
	line=$(cron_line "$1" | sed "s|/var/backups/llm-gateway|$GW_DIR|; s|LOG_TARGET=syslog|LOG_TARGET=$GW_DIR/cron.log|")
	env -i HOME="$GW_DIR" PATH="$GW_DIR:/usr/bin:/bin" SETTLE_ENV="$GW_DIR/settle.env" "${GW_AS[@]}" sh -c "$line"
}

@test "the crontab: silent while all is well, a mail with status 3, a backup, the revenue" {
	printf '%s=%s\n' DATABASE "$DATABASE" ROOCH_NETWORK local ROOCH_NODE_URL "$DEVNODE_URL" \
		SERVICE_KEY_FILE "$KEY_FILE" MIN_CLAIM_AMOUNT 50 ASAN_OPTIONS "${ASAN_OPTIONS:-}" >settle.env
	vouchers -v 2 -H 10000 >/dev/null
	[ "$SETTLE" = "$GW_DIR/llm-gateway-settle" ] || ln -s "$SETTLE" llm-gateway-settle
	run -0 cron 1
	gw_is "$output" ""
	grep -q "claim confirmed" cron.log
	agree
	run -0 cron 2
	gw_is "$output" ""
	gw_is "$(echo gateway-????-??-??.db | wc -w)" 1
	gw_is "$(sqlite3 gateway-????-??-??.db "select count(*) from claim")" 1
	run -0 cron 3
	gw_is "$output" ""
	gw_is "$(on_chain)" "claimed=200 revenue=0"
	vouchers -v 2 -a 100 -H 50 >/dev/null
	run -0 cron 1
	[[ $output == "settlement ended with 3:"* ]]
	rm settle.env
	run cron 1
	[ -n "$output" ]
}

@test "the units of systemd name what is there" {
	local unit option
	for unit in service timer; do
		grep -q '^\[Unit\]' "$GW_SRCDIR/conf/systemd/llm-gateway-settle.$unit"
	done
	unit=$GW_SRCDIR/conf/systemd/llm-gateway-settle.service
	grep -q '^LoadCredential=service.key:' "$unit"
	grep -q '^ExecStart=.*/llm-gateway-settle$' "$unit"
	# every setting it makes is one
	for option in $(sed -n 's/^Environment=\([A-Z_]*\)=.*/\1/p' "$unit"); do
		grep -q "\"$option\"" "$GW_SRCDIR/src/util/conf.def"
	done
}

@test "serve runs it again and again, and nobody else in it has the key" {
	local key pid
	key=$(cat "$KEY_FILE")
	unset SERVICE_KEY_FILE DATABASE
	web_programs
	export HOST=127.0.0.1 DRAIN_TIMEOUT_MS=2000 OPENAI_API_KEY=sk-test-key
	SERVICE_KEY=$key SETTLE_INTERVAL=1 web_start nginx
	export DATABASE=$DB
	vouchers -v 2 -H 10000 >/dev/null
	all_claimed() { gw_is "$(rows "select count(*) from claim where state = 3")" "$1"; }
	gw_wait_up serve 15 all_claimed 1
	vouchers -v 1 -H 10000 >/dev/null
	gw_wait_up serve 15 all_claimed 2
	for pid in $(pgrep -f "^$PROGRAMS/fcgi/"); do
		run ! grep -qaF "${key:20:40}" "/proc/$pid/environ"
	done
	gw_is "$(stat -c %a s/settle/service.key)" 600
	gw_stop serve
	gw_is "$(on_chain)" "claimed=300 revenue=300"
	# and the report by hand, from the same database
	gw_is "$(llm-gateway-settle --report --json | jq -r .total.claimed)" 300
}
