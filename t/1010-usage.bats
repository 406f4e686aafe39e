#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# llm-gateway usage adds up exactly, and does not add up what nobody knows.

bats_require_minimum_version 1.5.0
load lib/gw

setup() {
	gw_world
	gw_need sqlite3 jq
	export DATABASE=$GW_DIR/gateway.db
	llm-gateway migrate
}
teardown() { gw_end; }

# row DAY PROVIDER MODEL DID STATE COST [ESTIMATED]: a call of ten input and two output tokens.
row() {
	local at=$(($(date -u -d "$1" +%s) * 1000)) outcome=0 finished=NULL estimated=NULL bytes=NULL
	if [ "$5" = 1 ]; then
		outcome=1 finished=$at estimated=${7:-0} bytes=1
	elif [ "$5" = 2 ]; then
		outcome=6 finished=$at
	fi
	sqlite3 "$DATABASE" "INSERT INTO usage (state, owner, request_id, did, provider, api, model, method, path,
		stream, free, started_ms, bound_pico, outcome, finished_ms, bytes_out, estimated, exact, cost_pico,
		input_tokens, output_tokens)
		VALUES ($5, '1:1', 'r', '$4', '$2', 'chat', '$3', 'POST', '/', 0, 0, $at, 1, $outcome, $finished, $bytes,
		$estimated, $estimated, $6, CASE $5 WHEN 1 THEN 10 END, CASE $5 WHEN 1 THEN 2 END)"
}

@test "costs are added to the last digit, by model, provider, payer and day" {
	row '2026-11-20 10:00' openai gpt-4o did:rooch:a 1 9000000000000000001
	row '2026-11-20 11:00' openai gpt-4o did:rooch:b 1 9000000000000000001
	row '2026-11-21 23:59:59' claude claude-sonnet-4-5 did:rooch:a 1 1
	row '2026-11-22 00:00' claude claude-sonnet-4-5 did:rooch:a 1 2 1

	llm-gateway usage --json >all.json
	gw_json '.by == "model" and .total.requests == 4 and .total.cost_pico_usd == "18000000000000000005" and
		.total.cost_usd == "18000000.000000000005" and .total.estimated == 1 and .total.input_tokens == 40' all.json
	gw_json '.rows | map([.model, .requests, .cost_pico_usd]) == [["openai/gpt-4o", 2, "18000000000000000002"],
		["claude/claude-sonnet-4-5", 2, "3"]]' all.json
	llm-gateway usage --by payer --json | gw_json '.rows | map([.payer, .cost_pico_usd]) ==
		[["did:rooch:a", "9000000000000000004"], ["did:rooch:b", "9000000000000000001"]]'
	llm-gateway usage --by provider --json | gw_json '.rows | map(.provider) == ["openai", "claude"]'
	llm-gateway usage --by day --json | gw_json '.rows | map([.day, .requests]) ==
		[["2026-11-20", 2], ["2026-11-21", 1], ["2026-11-22", 1]]'
}

@test "a span of time, a provider, a model or a payer narrows it" {
	row '2026-11-20 10:00' openai gpt-4o did:rooch:a 1 1
	row '2026-11-21 23:59:59' claude claude-sonnet-4-5 did:rooch:a 1 10
	row '2026-11-22 00:00' claude claude-sonnet-4-5 did:rooch:b 1 100
	sum() { llm-gateway usage --json "$@" | jq -r .total.cost_pico_usd; }

	gw_is "$(sum --since 2026-11-21)" 110
	gw_is "$(sum --until 2026-11-21)" 11
	gw_is "$(sum --since 2026-11-21 --until 2026-11-21)" 10
	gw_is "$(sum --since 2026-11-21T23:59:59Z --until 2026-11-22T00:00)" 10
	gw_is "$(sum --provider claude)" 110
	gw_is "$(sum --model gpt-4o)" 1
	gw_is "$(sum --payer did:rooch:b)" 100
	row "$(date -u +'%F %T')" openai gpt-4o did:rooch:a 1 1000
	gw_is "$(sum --since 1h)" 1000
}

@test "what is not known is counted and not added: open, lost, without a cost" {
	row '2026-11-20 10:00' openai gpt-4o did:rooch:a 0 NULL
	row '2026-11-20 10:00' openai gpt-4o did:rooch:a 2 NULL
	row '2026-11-20 10:00' openai gpt-4o did:rooch:a 1 NULL
	row '2026-11-20 10:00' openai gpt-4o did:rooch:a 1 5
	llm-gateway usage --json | gw_json '.rows[0] | .requests == 4 and .open == 1 and .lost == 1 and .unknown == 1 and
		.failed == 0 and .cost_pico_usd == "5" and .output_tokens == 4'
}

@test "a sum that does not fit is an error, not a smaller sum" {
	for day in 20 21 22; do
		row "2026-11-$day" openai gpt-4o did:rooch:a 1 9223372036854775807
	done
	run -1 llm-gateway usage
	[[ $output == *"does not fit"* ]]
	run -0 llm-gateway usage --since 2026-11-21
	[[ $output == *"18446744.073709551614"* ]]
}

@test "the table has a total, comma separated values have quotes where they need them, control bytes stay out" {
	row '2026-11-20 10:00' openai $'odd,"name\e[31m' did:rooch:a 1 700000000000
	run -0 llm-gateway usage
	[[ ${lines[0]} == "MODEL "*"COST (USD)" ]]
	[[ ${lines[1]} == 'openai/odd,"name?[31m '*" 0.7" ]]
	[[ ${lines[2]} == "total "*" 0.7" ]]
	run -0 llm-gateway usage --csv
	gw_is "${lines[0]}" model,requests,open,lost,failed,unknown,estimated,input_tokens,cached_tokens,output_tokens,cost_usd
	[[ ${lines[1]} == '"openai/odd,""name'*'",1,0,0,0,0,0,10,0,2,0.7' ]]
}

@test "an option that makes no sense is told, and so is a database that is not there" {
	run -2 llm-gateway usage --by colour
	[[ $output == *"model, provider, payer or day"* ]]
	for moment in 2026-02-30 2026-11 2026-11-23T25:00 yesterday 7w; do
		run -2 llm-gateway usage --since "$moment"
		[[ $output == *"--since: expected a day"* ]]
	done
	run -2 llm-gateway usage --csv --json
	run -2 llm-gateway usage everything
	DATABASE=$GW_DIR/none.db run -1 llm-gateway usage
	[[ $output == *"none.db"*"llm-gateway migrate"* ]]
}
