#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# llm-gateway pricing shows the prices in force; what it sets is checked, kept with its history, and counts at once.

bats_require_minimum_version 1.5.0
load lib/gw

setup() {
	gw_world
	gw_need sqlite3 jq
	export DATABASE=$GW_DIR/gateway.db
	llm-gateway migrate
}
teardown() { gw_end; }

@test "list shows the rows of a day, show every price of a model, and says when there is none" {
	llm-gateway pricing list --json --date 2026-12-31 >list.json
	gw_json '.overrides == [] and (.rows | length > 100) and (.rows | all(.table == "built-in")) and .multiplier == "1/1"' list.json
	gw_json '[.rows[] | select(.model == "gemini-3.6-flash")] | length == 1 and .[0].prices.promptPerMTokUsd == "0.75"' list.json
	llm-gateway pricing list --json --date 2027-01-01 |
		gw_json '[.rows[] | select(.model == "gemini-3.6-flash")] | length == 1 and .[0].prices.promptPerMTokUsd == "1.5"'
	llm-gateway pricing list --json --all --provider gemini |
		gw_json '([.rows[] | select(.model == "gemini-3.6-flash")] | length == 2) and (.rows | all(.maker == "gemini"))'
	run -0 llm-gateway pricing show gpt-4o --provider openai
	[[ $output == *"openai/gpt-4o"*"web_search_per_call"* ]]
	run -1 llm-gateway pricing show no-such-model
	[[ $output == *"no price for no-such-model"* ]]
	run -2 llm-gateway pricing show gpt-4o --provider nobody
}

@test "a set price is in force everywhere, beats the settings, and goes away again" {
	export PRICING_OVERRIDES='{"gpt-4o":{"input":7,"output":8},"other":{"input":1,"output":1}}'
	llm-gateway pricing show gpt-4o --json | gw_json '.providers[0].override | .from == "PRICING_OVERRIDES" and .prices.promptPerMTokUsd == "7"'
	run -0 llm-gateway pricing set gpt-4o input=1.5 output=2 cached_input=0.000001 web_search_per_call=0.01 web_search_unit=call
	llm-gateway pricing show gpt-4o --json >show.json
	gw_json '.overrides_version == 1 and (.providers | length == 5) and (.providers | all(.override.from == "set")) and
		.providers[0].override.prices == {"promptPerMTokUsd": "1.5", "completionPerMTokUsd": "2", "cached_input": "0.000001",
		"web_search_per_call": "0.01", "web_search_unit": "call"}' show.json
	llm-gateway pricing list --json | gw_json '.overrides | map([.model, .from]) == [["gpt-4o", "set"], ["other", "PRICING_OVERRIDES"]]'
	run -0 llm-gateway pricing unset gpt-4o
	llm-gateway pricing show gpt-4o --json | gw_json '.overrides_version == 2 and .providers[0].override.from == "PRICING_OVERRIDES"'
	run -1 llm-gateway pricing unset gpt-4o
	[[ $output == *"no price is set for gpt-4o"* ]]
	gw_is "$(sqlite3 "$DATABASE" "SELECT group_concat(version || model || json_extract(price, '\$.promptPerMTokUsd')), max(changed_by <> '') FROM price_override_history WHERE version = 1")" '1gpt-4o1.5|1'
}

@test "a price that cannot be charged is refused, and nothing is changed" {
	refused() {
		run llm-gateway pricing set "$@"
		[ "$status" != 0 ]
		gw_is "$(llm-gateway pricing export)" '{}'
	}
	refused gpt-4o input=1
	[[ $output == *"completionPerMTokUsd is missing"* ]]
	refused gpt-4o input=1 output=-2
	refused gpt-4o input=1 output=2e3000
	refused gpt-4o input=1 output=0.0000001
	refused gpt-4o input=1 output=2 inputs=3
	[[ $output == *"inputs is no member"* ]]
	refused gpt-4o input=1 input=1 output=2
	refused gpt-4o input=1 output
	refused gpt-4o
	refused "" input=1 output=2
}

@test "import sets all or none, with --replace nothing else stays; export gives it back" {
	llm-gateway pricing set a input=1 output=2
	printf '%s' '{"b":{"promptPerMTokUsd":"3","completionPerMTokUsd":0.5},"c \"quoted\"":{"input":0,"output":0}}' >some.json
	run -0 llm-gateway pricing import some.json
	[[ $output == "set: 2; taken away: 0;"* ]]
	llm-gateway pricing export >out.json
	gw_json 'keys == ["a", "b", "c \"quoted\""] and .b.completionPerMTokUsd == "0.5"' out.json
	run -1 llm-gateway pricing import - <<<'{"d":{"input":1,"output":1},"e":{"input":1}}'
	gw_is "$(llm-gateway pricing export)" "$(cat out.json)"
	run -0 llm-gateway pricing import --replace some.json
	[[ $output == "set: 2; taken away: 1;"* ]]
	llm-gateway pricing export | gw_json 'keys == ["b", "c \"quoted\""]'
	run -0 llm-gateway pricing import --replace - <<<'{}'
	gw_is "$(llm-gateway pricing export)" '{}'
	run -0 llm-gateway pricing import out.json
	gw_is "$(llm-gateway pricing export)" "$(cat out.json)"
}

@test "the exported table can be used as the price file" {
	llm-gateway pricing export --csv >prices.csv
	sed -i 's/^openai,gpt-4o,\(.*\),2\.5,10,/openai,gpt-4o,\1,2.75,11,/' prices.csv
	export PRICING_CONFIG_PATH=$GW_DIR/prices.csv
	llm-gateway pricing show gpt-4o --json --provider openai |
		gw_json '.providers[0].row | .prices.promptPerMTokUsd == "2.75" and (.table | endswith("prices.csv"))'
	llm-gateway pricing list --json | gw_json '[.rows[] | select(.model == "gpt-4o")] | length == 1'
}

@test "prices can be looked at without a database, and not set" {
	rm "$DATABASE"
	run -0 --separate-stderr llm-gateway pricing list
	[[ $stderr == *"no database"* ]]
	run -1 llm-gateway pricing set gpt-4o input=1 output=2
	[ ! -e "$DATABASE" ]
	run -2 llm-gateway pricing
	run -2 llm-gateway pricing sell
	run -2 llm-gateway pricing show
}
