#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every provider and route through its responder: what comes back, what is forwarded, what is kept.

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

@test "openai: chat, responses, embeddings, models; whole and streamed" {
	gateway_start openai
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	[ "$(answer_status out)" = 200 ]
	body <out | gw_json '.usage.completion_tokens == 5 and .object == "chat.completion"'
	one_row "provider, api, model, stream, status, outcome, input_tokens, output_tokens, cost_pico, estimated" \
		'openai|chat.completions|gpt-4o-mini|0|200|1|3|5|3450000|0'
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini ',"stream":true')" >out
	[ "$(answer_header content-type out)" = "text/event-stream; charset=utf-8" ]
	[ "$(answer_header x-accel-buffering out)" = no ]
	[ "$(answer_header cache-control out)" = no-cache ]
	body <out | grep -q '^data: \[DONE\]'
	body <out | grep -q '"usage":{"prompt_tokens":3'
	gw_is "$(rows "select stream, status, cost_pico, bytes_out > 0 from usage where usage_id = 2")" '1|200|3450000|1'
	ask openai /openai/v1/responses -d '{"model":"gpt-4o-mini","input":"a b c","max_output_tokens":2}' >out
	body <out | gw_json '.usage.output_tokens == 2'
	ask openai /openai/v1/responses -d '{"model":"gpt-4o-mini","input":"a b c","max_output_tokens":2,"stream":true}' >out
	body <out | grep -q 'event: response.incomplete'
	ask openai /openai/v1/embeddings -d '{"model":"text-embedding-3-small","input":["a b","c"]}' >out
	body <out | gw_json '(.data | length) == 2'
	ask openai /openai/v1/models >out
	body <out | gw_json '.object == "list"'
	ask openai /openai/v1/models/gpt-4o >out
	[ "$(answer_status out)" = 200 ]
	gw_is "$(rows "select api, free, state, outcome, cost_pico > 0 from usage where usage_id > 2 order by usage_id")" \
		"$(printf '%s\n' 'responses|0|1|1|1' 'responses|0|1|1|1' 'embeddings|0|1|1|1' 'models|1|1|1|0' 'models|1|1|1|0')"
}

@test "openrouter, litellm, claude, gemini: each in its own form" {
	local p
	for p in openrouter litellm claude gemini; do
		gateway_start "$p"
	done
	ask openrouter /openrouter/api/v1/chat/completions -d "$(chat_body openai/gpt-4o-mini)" >out
	body <out | gw_json '.usage.cost > 0'
	ask openrouter /openrouter/api/v1/chat/completions -d "$(chat_body openai/gpt-4o-mini ',"stream":true')" >out
	body <out | grep -q '"cost":'
	ask openrouter /openrouter/api/v1/models >out
	[ "$(answer_status out)" = 200 ]
	ask litellm /litellm/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	[ "$(answer_status out)" = 200 ]
	ask litellm /litellm/v1/chat/completions -d "$(chat_body gpt-4o-mini ',"stream":true')" >out
	body <out | grep -q '"usage":{"prompt_tokens"'
	ask claude /claude/v1/messages -d "$(chat_body claude-sonnet-4-5)" >out
	body <out | gw_json '.type == "message" and .usage.output_tokens == 5'
	ask claude /claude/v1/messages -d "$(chat_body claude-sonnet-4-5 ',"stream":true')" >out
	body <out | grep -q '^event: message_stop'
	ask claude /claude/v1/messages/count_tokens -d "$(chat_body claude-sonnet-4-5)" >out
	body <out | gw_json '.input_tokens == 3'
	ask gemini /gemini/v1beta/models/gemini-2.5-flash:generateContent -d '{"contents":[{"parts":[{"text":"a b"}]}]}' >out
	body <out | gw_json '.usageMetadata.promptTokenCount == 2'
	ask gemini /gemini/v1/models/gemini-2.5-flash:streamGenerateContent -d '{"contents":[{"parts":[{"text":"a b"}]}]}' >out
	body <out | grep -q '^data: .*"finishReason":"STOP"'
	gw_is "$(rows "select provider, stream, free, outcome, cost_pico > 0, cost_source from usage order by usage_id")" "$(printf '%s\n' \
		'openrouter|0|0|1|1|provider' 'openrouter|1|0|1|1|provider' 'openrouter|0|1|1|0|none' \
		'litellm|0|0|1|1|provider' 'litellm|1|0|1|1|table' \
		'claude|0|0|1|1|table' 'claude|1|0|1|1|table' 'claude|0|1|1|0|none' \
		'gemini|0|0|1|1|table' 'gemini|1|0|1|1|table')"
}

@test "the client's bytes reach the provider but for the documented edits" {
	gateway_start openai
	local sent='{ "stream" : true,"model":"gpt-4o-mini", "n":1.0e0,"big":12345678901234567890,
	 "stream_options":{"include_usage":false,"x":1}, "messages":[{"role":"user","content":"\u00e9 é"}]}'
	ask openai /openai/v1/chat/completions -d "$sent" >out
	curl -sS "$MOCK/mock/body" >got
	gw_is "$(cat got)" "${sent/'"include_usage":false'/'"include_usage":true'}"
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" -H 'X-Api-Key: theirs' -H 'Cookie: a=b' >out
	curl -sS "$MOCK/mock/body" >got
	gw_is "$(cat got)" "$(chat_body gpt-4o-mini)"
	curl -sS "$MOCK/mock/head" | tr -d '\r' >head
	grep -qx 'Authorization: Bearer sk-test-key' head
	run ! grep -qi 'cookie\|theirs\|didauth' head
}

@test "nothing of an answer that holds no usage is changed, compressed or not" {
	gateway_start openai
	order 'gzip=1&header=Content-Type:%20application/json' -d '{"model":"gpt-4o-mini", "odd" :  1.50}'
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	gw_is "$(body <out)" '{"model":"gpt-4o-mini", "odd" :  1.50}'
	gw_is "$(rows "select estimated, cost_pico > 0 from usage")" '1|1'
}

@test "headers that a client needs pass, and no others" {
	gateway_start openai
	order 'status=429&header=Retry-After:%207&header=X-Should-Retry:%20true&header=X-Request-Id:%20req_1&header=Set-Cookie:%20a=b&header=X-Ratelimit-Remaining-Tokens:%203&header=OpenAI-Organization:%20secret-org'
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" -H 'X-Client-Tx-Ref: mine' >out
	[ "$(answer_status out)" = 429 ]
	[ "$(answer_header retry-after out)" = 7 ]
	[ "$(answer_header x-should-retry out)" = true ]
	answer_header x-upstream-request-id out | grep -qx req_1
	[ "$(answer_header x-request-id out)" = mine ]
	[ "$(answer_header x-ratelimit-remaining-tokens out)" = 3 ]
	run ! grep -qi 'set-cookie\|secret-org' out
	one_row 'client_tx_ref, status, outcome, cost_pico' 'mine|429|2|0'
}

@test "what is wrong with a request is said in the provider's form, after the nonce is spent" {
	gateway_start openai
	gateway_start claude
	ask openai /openai/v1/files -d '{}' >out
	[ "$(answer_status out)" = 404 ]
	body <out | gw_json '.error.message | startswith("Path '"'/v1/files'"' is not allowed for provider '"'openai'"'. Allowed paths: /v1/chat/completions")'
	ask openai /openai/v1/chat/completions >out
	[ "$(answer_status out)" = 405 ]
	[ "$(answer_header allow out)" = POST ]
	ask openai /openai/v1/models -m POST -d '{}' >out
	[ "$(answer_header allow out)" = GET ]
	ask openai /openai/v1/chat/completions -m HEAD >out
	[ "$(answer_status out)" = 405 ]
	[ -z "$(body <out)" ]
	ask openai /openai/v1/chat/completions -d '{}' -e CONTENT_TYPE=text/plain >out
	[ "$(answer_status out)" = 415 ]
	ask openai /openai/v1/chat/completions -d '{"model":' >out
	[ "$(answer_status out)" = 400 ]
	body <out | gw_json '.error.code == "invalid_json" and .error.type == "invalid_request_error"'
	ask claude /claude/v1/messages -d '{"model":' >out
	body <out | gw_json '.type == "error" and .error.type == "invalid_request_error"'
	ask openai /openai/v1/chat/completions -d '{"messages":[]}' >out
	body <out | gw_json '. == {"error":{"message":"Model not specified in request","type":"invalid_request_error","code":"model_not_supported"}}'
	local model
	for model in nope-1 constructor toString __proto__ ''; do
		ask openai /openai/v1/chat/completions -d "$(chat_body "$model")" >out
		[ "$(answer_status out)" = 400 ]
		body <out | gw_json '.error.code == "model_not_supported"'
	done
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini ',"stream":"yes"')" >out
	[ "$(answer_status out)" = 400 ]
	ask openai /openai/v1/responses -d '{"model":"gpt-4o-mini","input":"a","background":true}' >out
	[ "$(answer_status out)" = 400 ]
	gw_is "$(rows 'select count(*) from usage')" 0
	[ "$(curl -sS "$MOCK/mock/count")" = 0 ]
	[ "$(rows 'select count(*) from auth_nonce')" -ge 15 ]
}

@test "another provider's path is not answered here" {
	gateway_start openai
	ask openai /claude/v1/messages -d '{}' >out
	[ "$(answer_status out)" = 404 ]
	gw_is "$(body <out)" "{\"success\":false,\"error\":\"Provider 'claude' not found\"}"
	ask openai //openai//v1//models >out
	[ "$(answer_status out)" = 200 ]
}

@test "who is not authenticated gets 401, and nothing is forwarded" {
	gateway_start openai
	local header
	fcgicat -d "$(chat_body gpt-4o-mini)" openai.sock /openai/v1/chat/completions >out
	[ "$(answer_status out)" = 401 ]
	[ "$(answer_header www-authenticate out)" = DIDAuthV1 ]
	body <out | gw_json '.success == false and .error.code == "UNAUTHORIZED" and .error.httpStatus == 401'
	header=$(didauth)
	fcgicat -H "Authorization: Bearer x, $header" -d "$(chat_body gpt-4o-mini)" openai.sock /openai/v1/chat/completions >out
	[ "$(answer_status out)" = 401 ]
	body <out | gw_json '.error.message | startswith("INVALID_HEADER: ")'
	fcgicat -H "Authorization: $header" -H "Authorization: $header" -d "$(chat_body gpt-4o-mini)" openai.sock /openai/v1/chat/completions >out
	[ "$(answer_status out)" = 401 ]
	fcgicat -H "Authorization: ${header%?}" -d "$(chat_body gpt-4o-mini)" openai.sock /openai/v1/chat/completions >out
	[ "$(answer_status out)" = 401 ]
	fcgicat -H "Authorization: $(didauth -a -400)" -d "$(chat_body gpt-4o-mini)" openai.sock /openai/v1/chat/completions >out
	body <out | gw_json '.error.message | startswith("TIMESTAMP_OUT_OF_WINDOW: ")'
	fcgicat -H "Authorization: DIDAuthV1 $(printf '%020000d' 0)" openai.sock /openai/v1/models >out
	[ "$(answer_status out)" = 431 ]
	gw_is "$(rows 'select count(*) from usage')" 0
	[ "$(curl -sS "$MOCK/mock/count")" = 0 ]
}

@test "a header is good for one request, whatever came of it, in all responders and after a restart" {
	gateway_start openai
	gateway_start claude
	local header
	header=$(didauth)
	fcgicat -H "Authorization: $header" -d '{"model":' openai.sock /openai/v1/chat/completions >out
	[ "$(answer_status out)" = 400 ]
	fcgicat -H "Authorization: $header" -d "$(chat_body claude-sonnet-4-5)" claude.sock /claude/v1/messages >out
	[ "$(answer_status out)" = 401 ]
	body <out | gw_json '.error.message | startswith("NONCE_REPLAYED: ")'
	gw_stop openai
	gateway_start openai
	fcgicat -H "Authorization: $header" -d "$(chat_body gpt-4o-mini)" openai.sock /openai/v1/chat/completions >out
	[ "$(answer_status out)" = 401 ]
	gw_is "$(rows 'select count(*) from usage')" 0
}

@test "documents of a directory authenticate did:rooch, and did:key does not do so by another's key" {
	local did=did:rooch:rooch13r85wqeax2j3dse7ty65kz74drc7cfzur8jqr4ws4marlp7jr09s7yh4kl
	mkdir documents
	didauth -k 2 -W -n "$did" >"documents/${did##*:}.json"
	export DID_DOCUMENTS_DIR=$GW_DIR/documents
	gateway_start openai
	fcgicat -H "Authorization: $(didauth -k 2 -n "$did")" openai.sock /openai/v1/models >out
	[ "$(answer_status out)" = 200 ]
	one_row did "$did"
	fcgicat -H "Authorization: $(didauth -k 3 -n "$did")" openai.sock /openai/v1/models >out
	[ "$(answer_status out)" = 401 ]
	body <out | gw_json '.error.message | startswith("SIGNATURE_VERIFICATION_FAILED: ")'
}
