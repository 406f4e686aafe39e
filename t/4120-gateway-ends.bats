#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# However a call ends - the provider breaks, stalls or refuses, the client leaves, the responder is
# killed - the client is told, what was used is charged, and there is one final row.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/gateway

setup() {
	gw_need sqlite3 jq
	gateway_world
}

teardown() {
	gw_end
}

stream_of() { # stream_of N: a chat stream of N chunks without usage
	local i
	for ((i = 0; i < $1; i++)); do
		printf 'data: {"id":"c","object":"chat.completion.chunk","model":"gpt-4o-mini","choices":[{"index":0,"delta":{"content":"twelve bytes"},"finish_reason":null}]}\n\n'
	done
}

sse='header=Content-Type:%20text/event-stream'

chat() { # chat [FCGICAT OPTION...]: a streamed question to openai
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini ',"stream":true')" "$@"
}

# chat_start: the same in the background; chat_leave: its client is gone
chat_start() {
	chat "$@" >/dev/null 3>&- &
	CHAT=$!
}
chat_leave() {
	pkill -P "$CHAT" fcgicat
	wait "$CHAT" || [ $? = 143 ]
}

@test "no connection to the provider: 503, nothing owed" {
	GATEWAY_UPSTREAM=http://127.0.0.1:$(gw_port) gateway_start openai
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	[ "$(answer_status out)" = 503 ]
	[ -n "$(answer_header retry-after out)" ]
	body <out | gw_json '. == {"success":false,"error":"Network error - Unable to reach provider","upstream_error":{"type":"network_error"},"status_code":503}'
	one_row 'state, outcome, status, upstream_status, error_code, cost_pico, estimated' '1|3|503||network_error|0|0'
}

@test "no answer in time, or none at all" {
	FIRST_BYTE_TIMEOUT_MS=300 gateway_start openai
	order end=never
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	[ "$(answer_status out)" = 504 ]
	body <out | gw_json '.error.code == "upstream_timeout"'
	gw_stop openai
	gateway_start openai
	order end=abrupt\&after=0\&framing=length -d 'x'
	order end=reset\&after=0 -d 'x'
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	[ "$(answer_status out)" = 502 ]
	gw_is "$(rows 'select count(*), sum(state = 1), sum(outcome = 3), sum(cost_pico is null) from usage')" '2|2|2|0'
}

@test "an answer that breaks off while it is held becomes a 502, and is charged by estimate" {
	gateway_start openai
	order 'end=abrupt&after=30&framing=length&header=Content-Type:%20application/json' \
		-d '{"model":"gpt-4o-mini","choices":[]}'
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	[ "$(answer_status out)" = 502 ]
	body <out | gw_json '.error.code == "upstream_error"'
	one_row 'outcome, status, upstream_status, estimated, cost_pico > 0, cost_pico <= bound_pico' '3|502|200|1|1|1'
}

@test "a stream that breaks off ends with the provider's own error event, and normally" {
	gateway_start openai
	gateway_start claude
	stream_of 5 >five
	local how
	for how in abrupt reset; do
		order "$sse&end=$how&framing=chunked&after=$(stat -c %s five)" --data-binary @five
		chat >out
		[ "$(answer_status out)" = 200 ]
		body <out >got
		head -c "$(stat -c %s five)" got | cmp - five
		tail -c +$(($(stat -c %s five) + 1)) got | sed -n 's/^data: //p' | head -1 | gw_json '.error.code == "upstream_error"'
	done
	# in the middle of a line: the event is ended first
	order "$sse&end=abrupt&framing=chunked&after=100" --data-binary @five
	chat >out
	body <out | tail -c +101 >rest
	[ "$(head -c 2 rest | od -An -tx1 | tr -d ' ')" = 0a0a ]
	order "$sse&end=abrupt&framing=chunked" --data-binary @five
	ask claude /claude/v1/messages -d "$(chat_body claude-sonnet-4-5 ',"stream":true')" >out
	body <out | grep -q '^event: error'
	gw_is "$(rows 'select outcome, status, upstream_status, estimated, cost_pico > 0 from usage group by 1, 2, 3, 4, 5')" '3|200|200|1|1'
	gw_is "$(rows 'select count(*) from usage')" 4
}

@test "a stream that falls silent is given up" {
	IDLE_TIMEOUT_MS=300 gateway_start openai
	stream_of 3 >three
	order "$sse&end=stall&framing=chunked&after=$(stat -c %s three)" --data-binary @three
	chat >out
	body <out | grep -q '"code":"upstream_timeout"'
	one_row 'outcome, estimated, error_code, cost_pico > 0' '3|1|upstream_timeout|1'
	run -0 curl -sS "$MOCK/mock/wait?finished=1"
}

@test "an error of the provider keeps its status, also when a stream was asked for" {
	gateway_start openai
	local status
	for status in 400 404 409 422 429 500 503 529; do
		order "status=$status"
		chat >out
		[ "$(answer_status out)" = "$status" ]
		curl -sS "$MOCK/mock/requests" >requests
		body <out | gw_json '.error.message | length > 0'
	done
	gw_is "$(rows 'select distinct outcome, cost_pico, estimated from usage')" '2|0|0'
	gw_is "$(rows 'select count(*) from usage where status = upstream_status')" 8
}

@test "what concerns the operator's key is not the client's business" {
	gateway_start openai
	local status
	for status in 401 402 403; do
		order "status=$status" -d '{"error":{"message":"key sk-secret-part is wrong","type":"x","code":"y"}}'
		ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
		[ "$(answer_status out)" = 502 ]
		run ! grep -q sk-secret-part out
		body <out | gw_json '.error.code == "upstream_auth_error"'
	done
	grep -q 'alarm: the provider refuses our key' openai.err
	run ! grep -q sk-secret-part openai.err
	gw_is "$(rows 'select distinct status, outcome, cost_pico from usage')" '502|2|0'
}

@test "a redirect is not followed, and not passed on" {
	gateway_start openai
	order "status=302&header=Location:%20$MOCK/elsewhere" -d '{"see":"elsewhere"}'
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	[ "$(answer_status out)" = 502 ]
	run ! grep -qi 'elsewhere' out
	[ "$(curl -sS "$MOCK/mock/count")" = 1 ]
	one_row 'status, upstream_status, outcome, cost_pico' '502|302|2|0'
	order status=999 -d '{}'
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	[ "$(answer_status out)" = 502 ]
	gw_is "$(rows 'select state, status, upstream_status, outcome from usage where usage_id = 2')" '1|502||2'
}

@test "an answer that is too large to be held goes out as it comes" {
	gateway_start openai
	{
		printf '{"usage":{"prompt_tokens":3,"completion_tokens":5},"pad":"'
		head -c 70000000 /dev/zero | tr '\0' x
		printf '"}'
	} >large
	order 'header=Content-Type:%20application/json' --data-binary @large
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	[ "$(answer_status out)" = 200 ]
	body <out | cmp - large
	one_row 'outcome, status, bytes_out, cost_pico > 0' "1|200|$(stat -c %s large)|1"
}

@test "an error event inside a stream passes as it is; without usage or output it costs nothing" {
	gateway_start openai
	printf 'data: {"error":{"message":"boom","type":"server_error","code":"x"}}\n\n' >event
	order "$sse" --data-binary @event
	chat >out
	body <out | cmp - event
	one_row 'outcome, status, error_code, cost_pico' '2|200|x|0'
}

@test "an event beyond the limit passes, and is not kept" {
	MAX_EVENT_BYTES=65536 gateway_start openai
	{
		printf 'data: {"choices":[{"index":0,"delta":{"content":"'
		head -c 300000 /dev/zero | tr '\0' x
		printf '"}}]}\n\ndata: [DONE]\n\n'
	} >huge
	order "$sse" --data-binary @huge
	chat >out
	body <out | cmp - huge
	one_row 'outcome, estimated, cost_pico > 0' '1|1|1'
}

@test "a client that leaves before the first byte stops the call at once" {
	gateway_start openai
	order 'end=never'
	chat_start
	gw_asked 1
	chat_leave
	gw_finished 1
	gw_wait_for 5 rows_done 1
	one_row 'outcome, upstream_status, estimated, cost_pico > 0, cost_pico <= bound_pico, output_tokens' '4||1|1|1|'
	gw_wait_for 5 grep -q '"status_code":499' openai.err
}

@test "a client that has left before the call costs nobody anything" {
	gateway_start openai
	# so that it has left before anybody looks
	kill -STOP "${GW_PID[openai]}"
	chat -c 0 >/dev/null || [ $? = 5 ]
	kill -CONT "${GW_PID[openai]}"
	gw_wait_for 5 rows_done 1
	one_row 'outcome, upstream_status, cost_pico' '4||0'
	[ "$(curl -sS "$MOCK/mock/count")" = 0 ]
}

@test "a client that leaves in the middle stops the stream, and pays for what came" {
	gateway_start openai
	stream_of 2000 >many
	order "$sse&sizes=151&delay=20" --data-binary @many
	chat -c 2000 >/dev/null || [ $? = 5 ]
	gw_finished 1
	curl -sS "$MOCK/mock/requests" | gw_json '.[0].client_closed and .[0].sent_bytes < 200000'
	gw_wait_for 5 rows_done 1
	one_row 'outcome, status, estimated, cost_pico > 0' '4|200|1|1'
}

@test "a client that leaves while the model thinks is noticed without a byte" {
	gateway_start openai
	stream_of 4 >few
	order "$sse&end=stall&framing=chunked" --data-binary @few
	chat -c 400 >/dev/null || [ $? = 5 ]
	gw_finished 1
	gw_wait_for 5 rows_done 1
	one_row 'outcome, estimated' '4|1'
}

@test "with the policy drain the answer is read to its end for the bill, for so long" {
	CLIENT_GONE=stop,openai=drain CLIENT_GONE_DRAIN_MS=60000 gateway_start openai
	# so much is left that not all of it comes with one reading
	order 'hold=600&huge=200000'
	chat -c 600 >/dev/null || [ $? = 5 ]
	gw_release
	gw_wait_for 10 rows_done 1
	one_row 'outcome, estimated, output_tokens' '4|0|5'
	gw_stop openai
	CLIENT_GONE=drain CLIENT_GONE_DRAIN_MS=300 gateway_start openai
	stream_of 2000 >many
	order "$sse&sizes=151&delay=20" --data-binary @many
	chat -c 500 >/dev/null || [ $? = 5 ]
	gw_wait_for 10 rows_done 2
	gw_finished 2
	curl -sS "$MOCK/mock/requests" | gw_json '.[-1].client_closed'
	gw_is "$(rows 'select outcome, estimated from usage where usage_id = 2')" '4|1'
}

@test "a held answer whose client left is billed by what it says, or by estimate" {
	CLIENT_GONE=drain gateway_start openai
	order "head_delay=2000" # it looks for the client several times a second
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" -c 0 || [ $? = 5 ]
	gw_wait_for 10 rows_done 1
	one_row 'outcome, estimated, cost_pico' '4|0|3450000'
}

@test "a responder that is killed leaves rows that another closes as lost" {
	gateway_start openai
	order 'head_delay=60000'
	chat_start
	gw_asked 1
	gw_expect openai any
	gw_stop openai KILL
	one_row 'state, outcome, cost_pico' '0|0|'
	# its lease has passed for a process that lives a minute later
	GW_CLOCK_OFFSET_S=60 gateway_start openai
	gw_wait_up openai 10 eval '[ "$(rows "select state from usage")" = 2 ]'
	one_row 'state, outcome, cost_pico, input_tokens' '2|6||'
	grep -q '1 requests of processes that died are closed as lost' openai.err
}

@test "killed after the answer: the row was final before the client had its end" {
	gateway_start openai
	chat >out
	gw_expect openai any
	gw_stop openai KILL
	one_row 'state, outcome, cost_pico' '1|1|3450000'
}

@test "when a drain is cut short, streams end with an error event and are billed" {
	DRAIN_TIMEOUT_MS=200 gateway_start openai
	stream_of 4 >few
	order "$sse&end=stall&framing=chunked" --data-binary @few
	chat >out &
	local pid=$!
	gw_wait_for 10 grep -q twelve out
	gw_stop openai
	wait "$pid"
	body <out | tail -n 5 | grep -q 'shutting down'
	one_row 'state, outcome, estimated, cost_pico > 0' '1|3|1|1'
}

@test "many at once: each has its row" {
	gateway_start openai
	local i pids=()
	for i in $(seq 30); do
		chat >"out.$i" &
		pids+=($!)
	done
	wait "${pids[@]}"
	[ "$(grep -l '^data: \[DONE\]' out.* | wc -l)" = 30 ]
	gw_is "$(rows 'select count(*), sum(state = 1), sum(cost_pico) from usage')" '30|30|103500000'
}
