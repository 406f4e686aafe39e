#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every recorded answer through a running responder: the bytes are the provider's, the bill is exact,
# whatever the sizes of the reads; one final row each.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/gateway

setup() {
	gw_need sqlite3 jq
	export LC_ALL=C
	# the day for which the expectations were worked out
	GW_CLOCK_OFFSET_S=$(($(date -u -d '2026-11-23 12:00' +%s) - $(date +%s)))
	export GW_CLOCK_OFFSET_S
	gateway_world
}

teardown() {
	gw_end
}

# Paths that recorded answers have and the gateway does not offer.
not_offered='^/v1/audio/|^/v1/images/|^/v1/completions$|^/api/v1/(responses|messages)$'

request_body() { # request_body EXPECT MODEL PATH
	local stream
	stream=$(jq .stream "$1")
	case $3 in
	*:generateContent* | *:streamGenerateContent*) echo '{"contents":[{"parts":[{"text":"hi"}]}]}' ;;
	*/embeddings) jq -nc --arg m "$2" '{model: $m, input: "hi"}' ;;
	*/responses) jq -nc --arg m "$2" --argjson s "$stream" '{model: $m, input: "hi", stream: $s}' ;;
	*) jq -nc --arg m "$2" --argjson s "$stream" '{model: $m, messages: [{role: "user", content: "hi"}], max_tokens: 50000, stream: $s}' ;;
	esac
}

# same_bytes FILE: got (a file) is what the fixture FILE holds, or that and our own end behind it.
same_bytes() {
	local file=$1 status end type size
	status=$(sed -n 's/^HTTP\/1.1 \([0-9]*\).*/\1/p' "$file" | head -1)
	end=$(sed -n 's/^#! end: //p' "$file" | head -1)
	type=$(answer_header content-type out)
	sed '1,/^$/d' "$file" >sent
	size=$(stat -c %s sent)
	if [[ $status = 40[123] ]]; then
		[ "$(answer_status out)" = 502 ] && run ! grep -qF -f sent got
	elif [ "$status" -ge 400 ] && ! jq -e . sent >/dev/null 2>&1; then
		# no JSON: told in the gateway's form
		[ "$(answer_status out)" = "$status" ] && gw_is "$(jq -r .upstream_error.rawBody got)" "$(cat sent)"
	elif [ "$end" = abrupt ] && [[ $type = text/event-stream* ]]; then
		head -c "$size" got | cmp - sent && tail -c +$((size + 1)) got | grep -q '"error"'
	elif [ "$end" = abrupt ]; then
		[ "$(answer_status out)" = 502 ]
	else
		[ "$(answer_status out)" = "$status" ] && cmp got sent
	fi
}

# replay PROVIDER FIXTURE SIZES
replay() {
	local provider=$1 file=$2 sizes=$3 expect=${2%.http}.expect.json path model method query wanted row
	method=$(sed -n 's/^#! request: \([A-Z]*\) .*/\1/p' "$file")
	path=$(sed -n 's/^#! request: [A-Z]* //p' "$file")
	model=$(sed -n 's/^#! request-model: //p' "$file")
	model=${model:-$(jq -r .model "$expect")}
	# a model without price is refused before anybody is asked: here it is the answer that names it
	[ "$model" != claude-novel ] || model=claude-sonnet-4-5
	query="file=${file#"$GW_SRCDIR"/t/fixtures/}"
	order "${query%.http}&sizes=$sizes"
	if [ "$method" = GET ]; then
		ask "$provider" "/$provider$path" >out
	else
		ask "$provider" "/$provider${path%%\?*}" -d "$(request_body "$expect" "$model" "$path")" >out
	fi
	body <out >got
	same_bytes "$file" || return
	rows_done $((++asked)) || return
	row=$(rows "select cost_pico, estimated from usage where usage_id = $asked")
	wanted=$(jq -r 'if .cost.exact then .cost.pico_usd else null end' "$expect")
	if [ "$wanted" != null ]; then
		gw_is "$row" "$wanted|0"
	else
		[[ $row = [0-9]* ]]
	fi
}

replay_all() { # replay_all PROVIDER DIRECTORY NUMBER: NUMBER of recordings at least
	local provider=$1 directory=$2 number=$3 file sizes path n=0
	asked=0
	gateway_start "$provider"
	for file in "$GW_SRCDIR/t/fixtures/$directory"/*.http; do
		path=$(sed -n 's/^#! request: [A-Z]* //p' "$file")
		if [[ $path =~ $not_offered ]] || { [ "$provider" = litellm ] && [[ $path = /v1/messages ]]; }; then
			continue
		fi
		n=$((n + 1))
		sizes=65536
		[[ $file != *-stream-* ]] || sizes=1,7,300
		if ! replay "$provider" "$file" "$sizes"; then
			echo "recording: ${file##*/}, sizes: $sizes"
			head -c 1000 out
			return 1
		fi
	done
	[ "$n" -ge "$number" ]
	bills_add_up
}

@test "openai" {
	replay_all openai openai 50
}

@test "openrouter" {
	replay_all openrouter openrouter 10
}

@test "litellm" {
	replay_all litellm litellm 8
}

@test "claude" {
	replay_all claude anthropic 25
}

@test "gemini" {
	replay_all gemini gemini 15
}
