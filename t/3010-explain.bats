#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# llm-gateway explain: how a recorded answer is read and what it costs.

bats_require_minimum_version 1.5.0
load lib/gw

setup() {
	gw_world
	FIXTURES=$GW_SRCDIR/t/fixtures
}

teardown() {
	gw_end
}

explain() {
	llm-gateway explain "$@"
}

# A chat answer of gpt-4o with 1000 + 500 tokens, 0.0075 USD.
answer() { # answer [#!-LINE...]
	printf '%s\n' "$@" 'HTTP/1.1 200 OK' 'content-type: application/json' ''
	printf '%s' '{"model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":500}}'
}

@test "every recorded answer is explained as its expectation says" {
	local expect name n=0
	for expect in "$FIXTURES"/*/*.expect.json; do
		name=${expect%.expect.json}
		jq -S 'del(.fixture, .how, .notes)' "$expect" >want
		explain --json "$name.http" >got.json
		jq -S . got.json >got
		diff -u want got || { echo "in $name"; false; }
		n=$((n + 1))
	done
	[ "$n" -ge 140 ]
}

@test "sizes of reads do not matter, down to single bytes" {
	local file feed
	for file in "$FIXTURES"/*/*-stream-*.http; do
		[ "$(stat -c %s "$file")" -lt 20000 ] || continue
		explain --json "$file" >whole
		for feed in 1 2,3 7,1,64; do
			sed '/^#! feed:/d' "$file" | sed "1i #! feed: $feed" >cut.http
			explain --json cut.http >cut
			cmp whole cut || { echo "in $file, reads of $feed"; false; }
		done
	done
}

@test "options count before the lines of the file, and standard input is a file" {
	answer '#! provider: openai' '#! request: POST /v1/chat/completions' >a.http
	run -0 explain --json - <a.http
	gw_json '.cost.pico_usd == "7500000000" and .api == "chat.completions" and .priced_as == "openai/gpt-4o"' <<<"$output"
	run -0 explain --json --provider litellm a.http
	gw_json '.provider == "litellm" and .cost.pico_usd == "7500000000"' <<<"$output"
	run -0 explain --json --multiplier 1.5 a.http
	gw_json '.cost.pico_usd == "11250000000" and .cost.multiplier == "1"' <<<"$output"
	run -0 --separate-stderr explain --json --multiplier 3 a.http
	gw_json '.cost.pico_usd == "15000000000"' <<<"$output"
	[[ $stderr == *"above 2"* ]]
	echo '{"gpt-4o":{"promptPerMTokUsd":1,"completionPerMTokUsd":2}}' >over.json
	run -0 explain --json --overrides over.json a.http
	gw_json '.cost.pico_usd == "2000000000"' <<<"$output"
}

@test "the name is claude or anthropic, and prices follow the day" {
	printf '%s\n' 'HTTP/1.1 200 OK' 'content-type: application/json' '' \
		'{"model":"claude-sonnet-5-5","stop_reason":"end_turn","usage":{"input_tokens":0,"cache_read_input_tokens":1000,"output_tokens":1}}' >a.http
	run -0 explain --json --provider claude --date 2026-10-06 a.http
	gw_json '.provider == "anthropic" and .api == "messages" and .state == "complete"' <<<"$output"
	before=$(jq -r '.cost.parts[0].pico_each' <<<"$output")
	run -0 explain --json --provider anthropic --date 2026-10-07 a.http
	after=$(jq -r '.cost.parts[0].pico_each' <<<"$output")
	[ "$before" -eq $((2 * after)) ]
}

@test "unknown amounts are null and no failure" {
	answer '#! provider: openai' | sed 's/gpt-4o/nobody-1/' >a.http
	run -0 explain --json a.http
	gw_json '.cost.pico_usd == null and .cost.unpriced and .usage.input_tokens == 1000 and (.cost.exact | not)' <<<"$output"
	run -0 explain a.http
	[[ $output == *"cost    unknown"* && $output == *"no price row"* ]]
	run -0 explain --json --model gpt-4o a.http
	gw_json '.model == "nobody-1" and .priced_as == "openai/gpt-4o" and .cost.pico_usd == "7500000000"' <<<"$output"
}

@test "for people there is a text" {
	run -0 explain "$FIXTURES/openrouter/openrouter-chat-nonstream-byok.http"
	[[ $output == *"0.013125 USD"* && $output == *"stated by the upstream: 0.000625 + 0.0125"* ]]
	run -0 explain "$FIXTURES/anthropic/anthropic-messages-nonstream-iterations.http"
	[[ $output == *"input 400 x 1000000 (claude-haiku-4-5)"* ]]
	run -0 explain "$FIXTURES/gemini/gemini-generate-stream-error-midstream.http"
	[[ $output == *"state   error"* && $output == *"code 503: The model is overloaded."* && $output == *"not exact"* ]]
}

@test "misuse ends with 2, a file that is none with 1, and both with a sentence" {
	answer >a.http
	run -2 explain a.http
	[[ $output == *"--provider"* ]]
	run -2 explain --provider nobody a.http
	[[ $output == *"no such provider"* ]]
	run -2 explain
	run -2 explain a.http b.http
	run -2 explain --provider openai --date yesterday a.http
	[[ $output == *"2026-11-23"* ]]
	run -1 explain --provider openai missing.http
	[[ $output == *"missing.http"* ]]
	run -1 explain --provider openai --overrides missing.json a.http
	echo 'no head' >b.http
	run -1 explain --provider openai b.http
	[[ $output == *"line 1"* ]]
	answer '#! provider: openai' '#! end: somehow' >b.http
	run -1 explain b.http
	[[ $output == *"line 2"* ]]
	answer '#! provider: openai' '#! feed: 0' >b.http
	run -1 explain b.http
	[[ $output == *"feed"* ]]
	run -0 explain --help
	[[ $output == *"--overrides FILE"* ]]
}
