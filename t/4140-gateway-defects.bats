#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What other gateways of this kind got wrong and no other file looks at (protocol gateway.md 12.4): R3, R7, R8.

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

chat=/openai/v1/chat/completions

line() { # line REF: the log line of the request with this reference, once it is there
	gw_wait_for 10 grep -F "\"request_id\":\"$1\"" openai.err
	grep -F "\"request_id\":\"$1\"" openai.err
}

@test "the log line of a call holds what it cost, how large its body was and what the provider said" {
	gateway_start openai
	order 'header=X-Request-Id:%20req-77&header=x-ratelimit-limit:%2010&header=X-Usage:%20total_cost%3D1' -d '{"id":"x",
		"usage":{"prompt_tokens":10,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":4},
		"completion_tokens_details":{"reasoning_tokens":3}}}'
	ask openai "$chat?nonce=7&key=secret" -H 'X-Client-Tx-Ref: first' -H 'X-LLM-Provider: openai' -d "$(chat_body gpt-4o-mini)" >out
	line first | gw_json '.type == "access_log" and .client_tx_ref == "first" and .method == "POST" and .path == "'$chat'"
		and .query == "nonce=7&key=***" and .is_stream == false and .request_body_size == '"$(chat_body gpt-4o-mini | wc -c)"' and .status_code == 200
		and (.request_time | test("^20.*Z$")) and (.response_time | test("^20.*Z$")) and .duration_ms >= 0
		and .req_headers_subset == {"content-type": "application/json", "x-llm-provider": "openai"}
		and (.did | startswith("did:key:z")) and .provider == "openai" and .model == "gpt-4o-mini"'
	line first | gw_json '.input_tokens == 10 and .output_tokens == 7 and .total_tokens == 17 and .cached_tokens == 4
		and .input_tokens_details.cached_tokens == 4 and .output_tokens_details == {"reasoning_tokens": 3}
		and .pricing_source == "gateway-pricing" and .usage_source == "gateway-pricing" and (.pricing_version | length > 10)
		and .total_cost_usd == "0.0000054" and .upstream_name == "openai" and .upstream_method == "POST"
		and .upstream_path == "/v1/chat/completions" and .upstream_status_code == 200 and .upstream_duration_ms >= 0
		and .upstream_request_id == "req-77" and .upstream_streamed == false and .upstream_bytes > 100
		and .upstream_headers_subset == {"x-usage": "total_cost=1", "x-ratelimit-limit": "10", "x-request-id": "req-77"}
		and (.res_headers_subset | has("content-type")) and (has("error_code") | not) and (has("upstream_cost_usd") | not)'
	# no announced length: as many bytes as came
	ask openai $chat -H 'X-Client-Tx-Ref: second' -e CONTENT_LENGTH= -d "$(chat_body gpt-4o-mini ',"stream":true')" >out
	line second | gw_json '.request_body_size == '"$(chat_body gpt-4o-mini ',"stream":true' | wc -c)"' and .is_stream and .upstream_streamed and .upstream_headers_subset == {"x-request-id": "req_mock2"}'
	order 'status=429' -d '{"error":{"message":"m","type":"rate_limit","code":"rl"}}'
	ask openai $chat -H 'X-Client-Tx-Ref: third' -d "$(chat_body gpt-4o-mini)" >out
	line third | gw_json '.error_code == "rl" and .error_type == "rate_limit" and .status_code == 429 and .total_cost_usd == "0"'
	ask openai $chat -H 'X-Client-Tx-Ref: fourth' -d '{}' >out
	line fourth | gw_json '.model == "unknown" and .error_code == "model_not_supported" and (has("upstream_name") | not)'
}

@test "what a provider states as its cost is in the log line" {
	gateway_start openrouter
	order 'header=Content-Type:%20application/json' -d '{"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":0.0125}}'
	ask openrouter /openrouter/api/v1/chat/completions -d "$(chat_body openai/gpt-4o-mini)" >out
	gw_wait_for 10 grep -q upstream_cost_usd openrouter.err
	grep access_log openrouter.err | gw_json '.upstream_cost_usd == "0.0125" and .total_cost_usd == "0.0125" and .usage_source == "provider"'
}

@test "numbers reach both sides as they were written, and are counted to the last digit" {
	gateway_start openai
	gateway_start openrouter
	local numbers='"a":9007199254740993,"b":123456789012345678901234567890,"c":1e400,"d":-0,"e":-0.0,"f":0.1000000000000000055511151231257827,"g":1E+2,"h":[1.0,5e-324]' sent answer
	sent=$(chat_body gpt-4o-mini ",$numbers")
	answer="{$numbers,\"usage\":{\"prompt_tokens\":9007199254740993,\"completion_tokens\":0}}"
	order 'header=Content-Type:%20application/json' -d "$answer"
	ask openai $chat -d "$sent" >out
	gw_is "$(curl -sS "$MOCK/mock/body")" "$sent"
	gw_is "$(body <out)" "$answer"
	gw_is "$(rows "select input_tokens from usage")" 9007199254740993
	# one more than a picoUSD, by less than a double can tell; a body that has to be edited
	sent="{\"usage\":{\"include\":false,\"x\":1e400},$(chat_body openai/gpt-4o-mini ",$numbers" | tail -c +2)"
	answer="{$numbers,\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"cost\":0.0000000000010000000000000000001}}"
	order 'header=Content-Type:%20application/json' -d "$answer"
	ask openrouter /openrouter/api/v1/chat/completions -d "$sent" >out
	gw_is "$(curl -sS "$MOCK/mock/body")" "${sent/false/true}"
	gw_is "$(body <out)" "$answer"
	gw_is "$(rows "select cost_pico from usage where provider = 'openrouter'")" 2
}

@test "whatever goes wrong, the process that met it serves the next request" {
	mkdir documents
	DID_DOCUMENTS_DIR=$GW_DIR/documents MAX_BODY_BYTES=5000 gateway_start openai
	local pid=${GW_PID[openai]} what
	for what in 'end=reset' 'end=reset&after=10' 'end=abrupt&after=3' 'status=500' 'status=999' 'status=302&header=Location:%20/x' \
		'header=Content-Encoding:%20gzip' 'header=Content-Length:%205' 'header=Content-Type:%20%00'; do
		order "$what" -d '{"usage":'
		ask openai $chat -d "$(chat_body gpt-4o-mini)" >out
		order "$what" -d 'data: {"usage":{"prompt_tokens":"x"}'
		ask openai $chat -d "$(chat_body gpt-4o-mini ',"stream":true')" >out
		order "$what"
		run -5 ask openai $chat -c 0 -d "$(chat_body gpt-4o-mini ',"stream":true')"
		curl -sS -X POST "$MOCK/mock/reset" >out || :
	done
	for what in '{' '[[[[' '"' $'{"model":"\xff"}' '{"model":"gpt-4o-mini","messages":7}' '{"model":"gpt-4o-mini","stream":{}}' ''; do
		ask openai $chat -m POST -d "$what" >out
		ask openai $chat -m POST -d "$what" -e CONTENT_LENGTH=4999 >out || :
		ask openai $chat -m POST -d "$what" -e CONTENT_TYPE= >out
	done
	head -c 6000 /dev/zero >much
	ask openai $chat -d @much -e CONTENT_LENGTH= >out
	fcgicat -H 'Authorization: DIDAuthV1 u' -d '{}' openai.sock $chat >out
	fcgicat -H "Authorization: $(didauth -n did:rooch:rooch13r85wqeax2j3dse7ty65kz74drc7cfzur8jqr4ws4marlp7jr09s7yh4kl)" -d '{}' openai.sock $chat >out
	chmod 000 documents
	fcgicat -H "Authorization: $(didauth -n did:rooch:rooch1q9m7a9h4sp348a8rdjkgwgxscdad3h4znmq37y24mhqmpp6nqc0ss920ar)" -d '{}' openai.sock $chat >out
	chmod 755 documents
	gw_wait_for 20 eval '[ "$(rows "select count(*) from usage where state = 0")" = 0 ]'
	ask openai $chat -d "$(chat_body gpt-4o-mini)" >out
	[ "$(answer_status out)" = 200 ]
	[ "${GW_PID[openai]}" = "$pid" ] && gw_alive openai
}
