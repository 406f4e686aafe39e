#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The mock provider: what the other tests rely on, and what a newcomer sees of it.

bats_require_minimum_version 1.5.0
load lib/gw

setup() {
	gw_world
	gw_spawn mock mockllm --port-file port --delay 0 --fixtures "$GW_SRCDIR/t/fixtures/mock"
	gw_wait_up mock 10 test -s port
	MOCK=http://127.0.0.1:$(cat port)
}

teardown() {
	gw_end
}

ask() { # ask PATH [CURL ARGUMENT...]
	local path=$1
	shift
	curl -sS -H 'Authorization: Bearer k' -H 'Content-Type: application/json' "$@" "$MOCK$path"
}

order() { # order QUERY [CURL ARGUMENT...]
	local query=$1
	shift
	curl -sS --fail-with-body -X POST "$@" "$MOCK/mock/next?$query"
}

chat='{"model":"gpt-4o-mini","messages":[{"role":"user","content":"three words here"}],"max_tokens":2'

@test "chat completions count words, whole or streamed, with usage only on request" {
	run -0 ask /v1/chat/completions -d "$chat}"
	gw_json '.usage.prompt_tokens == 3 and .usage.completion_tokens == 2 and .usage.total_tokens == 5' <<<"$output"
	gw_json '.choices[0].finish_reason == "length"' <<<"$output"
	run -0 ask /v1/chat/completions -d "$chat,\"stream\":true}"
	[ "$(grep -c ^data: <<<"$output")" -eq 4 ]
	[[ $output != *usage* ]]
	[[ $output == *"data: [DONE]" ]]
	run -0 ask /v1/chat/completions -d "$chat,\"stream\":true,\"stream_options\":{\"include_usage\":true}}"
	[[ $output == *'"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,'* ]]
}

@test "each provider answers in its own shape" {
	run -0 ask /v1/responses -d '{"model":"m","input":"a b","max_output_tokens":1,"stream":true}'
	[[ $output == *"event: response.incomplete"*'"usage":{"input_tokens":2,'* ]]
	run -0 ask /v1/embeddings -d '{"model":"m","input":["a b","c"]}'
	gw_json '(.data | length) == 2 and .usage.total_tokens == 3' <<<"$output"
	run -0 ask /api/v1/chat/completions -d "$chat,\"usage\":{\"include\":true}}"
	gw_json '.usage.cost == 0.00000165' <<<"$output"
	run -0 ask /chat/completions -i -d "$chat}"
	[[ $output == *"x-litellm-response-cost: 0.000001650"* ]]
	run -0 ask /v1/messages -d "$chat,\"stream\":true}"
	[[ $output == "event: message_start"*'"input_tokens":3'*'"output_tokens":2}'*"event: message_stop"* ]]
	run -0 ask /v1/messages/count_tokens -d "$chat}"
	gw_json '. == {input_tokens:3}' <<<"$output"
	run -0 ask '/v1beta/models/g-1:streamGenerateContent?alt=sse' -d '{"contents":[{"parts":[{"text":"a b"}]}]}'
	[[ $output == *'"finishReason":"STOP"'*'"promptTokenCount":2'*'"modelVersion":"g-1"'* ]]
	run -0 ask /v1beta/models/g-1:streamGenerateContent -d '{"contents":[{"parts":[{"text":"a b"}]}]}'
	gw_json 'type == "array"' <<<"$output"
	run -0 ask /claude/v1/models
	gw_json '.data[0].type == "model"' <<<"$output"
	run -0 curl -s "$MOCK/v1/models"
	gw_json '.error.message == "Incorrect API key provided."' <<<"$output"
}

@test "a recorded answer is replayed to the byte and breaks off where it did" {
	order 'file=recorded&sizes=1,7'
	run -18 --separate-stderr ask /v1/chat/completions -d '{}' -o body -D head
	tail -c 31 "$GW_SRCDIR/t/fixtures/mock/recorded.http" | cmp - body
	grep -q '^HTTP/1.1 209 Recorded' head
	grep -q '^x-recorded: yes' head
	run -0 ask /v1/models
	[[ $output == *'"object":"list"'* ]]
}

@test "an ordered answer has the status, headers, coding and early heads that were asked for" {
	order 'status=429&header=Retry-After:%207'
	run -0 ask /v1/messages -i -d "$chat}"
	[[ $output == *"429 Too Many Requests"*"Retry-After: 7"*'"type":"rate_limit_error"'* ]]
	order 'early=2&gzip=1&sizes=9' -d 'some bytes'
	run -0 ask /v1/models -i --compressed
	[[ $output == *"103 Early"*"103 Early"*"200 OK"*"some bytes" ]]
	order 'times=0&path=/v1/mod&match=needle' -d 'found'
	run -0 ask /v1/models -d 'hay'
	[ "$output" != found ]
	run -0 ask /v1/models -d 'hay needle hay'
	[ "$output" = found ]
	run -0 ask /v1/models -d 'needle'
	[ "$output" = found ]
	curl -sS -X POST "$MOCK/mock/reset"
	run -0 ask /v1/models -d 'needle'
	[ "$output" != found ]
	run -0 ask /mock/count
	[ "$output" = 1 ]
}

@test "each way to end badly is seen as such" {
	order 'end=abrupt&after=10' -d '0123456789abcdef'
	run -18 --separate-stderr ask /v1/models
	[ "$output" = 0123456789 ]
	order 'end=abrupt&framing=chunked' -d '0123'
	run -18 --separate-stderr ask /v1/models
	[ "$output" = 0123 ]
	order 'end=reset&after=3' -d '0123456789abcdef'
	run -56 --separate-stderr ask /v1/models
	local pid
	order 'end=stall&after=3' -d '0123456789abcdef'
	curl -sSN -H 'Authorization: Bearer k' "$MOCK/v1/models" >stalled 3>&- &
	pid=$!
	gw_wait_for 10 grep -q '^012$' stalled
	kill "$pid"
	order 'end=never'
	curl -sSN -H 'Authorization: Bearer k' "$MOCK/v1/models" >never 3>&- &
	pid=$!
	gw_asked 5
	kill "$pid"
	gw_finished 5
	gw_is "$(cat stalled never)" 012
	run -0 ask /mock/requests
	gw_json 'map(.client_closed) == [false,false,false,true,true] and .[3].sent_bytes == 3' <<<"$output"
}

@test "an answer that is held back goes on when it is released, and only then" {
	local pid
	order 'hold=0' -d 'whole'
	ask /v1/models >whole 3>&- &
	pid=$!
	gw_asked 1
	order 'hold=4' -d 'in two parts'
	run -0 ask '/mock/wait?finished=1&timeout=50'
	[[ $output == *"requests\":1,\"finished\":0"* ]]
	gw_release
	wait "$pid"
	gw_is "$(cat whole)" whole
	# what was released is what had been ordered, whether it was asked for or not
	order 'hold=4' -d 'IN TWO PARTS'
	run -0 ask /v1/models
	gw_is "$output" 'in two parts'
	ask /v1/models -N >parts 3>&- &
	pid=$!
	gw_wait_for 10 grep -q '^IN T$' parts
	gw_release
	wait "$pid"
	gw_is "$(cat parts)" 'IN TWO PARTS'
}

@test "requests are kept to the byte" {
	printf 'a\0b\r\n\377' >sent
	run -0 ask /v1/embeddings --data-binary @sent
	ask /mock/body >got
	cmp sent got
	run -0 ask /v1/embeddings -H 'Transfer-Encoding: chunked' --data-binary @sent -H 'X-Mark: 1'
	ask '/mock/body?n=2' >got
	cmp sent got
	run -0 ask '/mock/head?n=2'
	[[ $output == "POST /v1/embeddings HTTP/1.1"*"X-Mark: 1"* ]]
}

@test "nonsense is refused with a reason" {
	run -22 order 'sizes=0'
	[[ $output == *"sizes=0 makes no sense"* ]]
	run -22 order 'file=../secret'
	[[ $output == *"cannot leave"* ]]
	run -22 order 'file=none'
	[[ $output == *"none.http: No such file"* ]]
	run -2 mockllm --port 70000
	[[ $output == *"a number up to 65535 is needed"* ]]
	run -0 mockllm --help
	[[ $output == *"/mock/next"* ]]
}
