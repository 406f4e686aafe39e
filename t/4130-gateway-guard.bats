#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Limits, hostile requests, secrets, and settings that change while the gateway runs.

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

asked() { # asked N: so many requests reached the provider
	gw_is "$(curl -sS "$MOCK/mock/count")" "$1"
}

@test "a body beyond the limit is refused before anything else is looked at" {
	MAX_BODY_BYTES=5000 gateway_start openai
	chat_body gpt-4o-mini ",\"user\":\"$(printf '%05000d' 0)\"" >large
	fcgicat -d @large openai.sock /openai/v1/chat/completions >out
	[ "$(answer_status out)" = 413 ]
	body <out | gw_json '.error.message | length > 0'
	# not announced: as soon as it is too long
	ask openai /openai/v1/chat/completions -d @large -e CONTENT_LENGTH= >out
	[ "$(answer_status out)" = 413 ]
	head -c 2500 /dev/zero | tr '\0' x >text
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini ",\"user\":\"$(cat text)\"")" >out
	[ "$(answer_status out)" = 200 ]
	asked 1
}

@test "JSON that is nested too deeply is refused" {
	MAX_JSON_DEPTH=20 gateway_start openai
	local deep
	deep=$(printf '[%.0s' $(seq 30))$(printf ']%.0s' $(seq 30))
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini ",\"x\":$deep")" >out
	[ "$(answer_status out)" = 400 ]
	body <out | gw_json '.error.code == "invalid_json"'
	asked 0
}

@test "more requests at once than allowed: 503 in the provider's form, with Retry-After" {
	MAX_STREAMS=2 gateway_start claude
	order 'end=never&times=2'
	local i pids=()
	for i in 1 2; do
		ask claude /claude/v1/messages -d "$(chat_body claude-sonnet-4-5)" >"out.$i" 3>&- &
		pids+=($!)
	done
	gw_asked 2
	ask claude /claude/v1/messages -d "$(chat_body claude-sonnet-4-5)" >out
	[ "$(answer_status out)" = 503 ]
	[ "$(answer_header retry-after out)" = 1 ]
	body <out | gw_json '.type == "error" and .error.type == "overloaded_error"'
	for i in "${pids[@]}"; do
		pkill -P "$i" fcgicat
	done
	gw_wait_for 10 rows_done 2
	gw_is "$(rows 'select distinct outcome from usage')" 4
}

@test "paths that try to get elsewhere are refused, and nothing is decoded" {
	gateway_start openai
	gateway_start gemini
	local path
	for path in /openai/v1/../admin /openai/v1/%2e%2e/x /openai/v1%2fmodels /openai/v1/./models /openai/v1/models/ \
		'/openai/v1/models/a%20b' '/openai/v1/models/..' '/openai/v1/models/.' '/openai/v1/models//.' /openai/V1/models '/openai/v1/models;x=1' \
		'/openai/v1/models/a:b' '/openai/v1/chat/completions%00' '/openai/@127.0.0.1:1/v1/models' '/openai/v1\models'; do
		ask openai "$path" >out
		[ "$(answer_status out)" = 404 ] || { echo "$path: $(cat out)" && return 1; }
	done
	ask gemini '/gemini/v1/models/../../x:generateContent' -d '{}' >out
	[ "$(answer_status out)" = 404 ]
	ask gemini '/gemini/v1/models/g%2d1:generateContent' -d '{}' >out
	[ "$(answer_status out)" = 404 ]
	asked 0
	gw_is "$(rows 'select count(*) from usage')" 0
}

@test "the client's query and headers do not get through, but for those that may" {
	gateway_start openai
	gateway_start claude
	ask openai '/openai/v1/models?limit=3&key=sk-theirs&after_id=a%20b&x=1' >out
	[ "$(answer_status out)" = 200 ]
	curl -sS "$MOCK/mock/head" | head -1 >line
	grep -q 'limit=3' line
	run ! grep -q 'key=\|x=1\|a%20b' line
	ask openai /openai/v1/models -H 'Proxy: http://127.0.0.1:1' -H 'Host: evil' -H 'Transfer-Encoding: chunked' \
		-H 'Connection: X-Api-Key' -H 'X-Forwarded-For: 1.2.3.4' >out
	[ "$(answer_status out)" = 200 ]
	curl -sS "$MOCK/mock/head" >head
	run ! grep -qi 'evil\|x-forwarded\|proxy\|chunked' head
	ask claude /claude/v1/messages -d "$(chat_body claude-sonnet-4-5)" -H 'anthropic-beta: a-1' \
		-H 'anthropic-version: 2023-06-01' -H $'X-Title: a\rb' >out
	[ "$(answer_status out)" = 200 ]
	curl -sS "$MOCK/mock/head" | tr -d '\r' >head
	grep -qix 'anthropic-beta: a-1' head
	ask claude /claude/v1/messages -d "$(chat_body claude-sonnet-4-5)" -H $'anthropic-beta: a\nx-evil: 1' >out
	curl -sS "$MOCK/mock/head" >head
	run ! grep -qi 'x-evil' head
}

@test "a proxy of the environment, or of a request's header, is never used" {
	http_proxy=http://127.0.0.1:1 HTTP_PROXY=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1 no_proxy='' NO_PROXY='' \
		gateway_start openai
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" -H 'Proxy: http://127.0.0.1:1' >out
	[ "$(answer_status out)" = 200 ]
}

@test "an answer's header cannot bring lines of its own" {
	gateway_start openai
	order 'status=429&header=Retry-After:%207%0d%20X-Evil:%201'
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	run ! grep -qi '^x-evil' out
}

@test "no key, token, signature, prompt or completion is in any log, error or process" {
	local auth signature pid c
	c=CANARY$BASHPID-$RANDOM # another suite may run at the same time
	GATEWAY_KEY=sk-${c}KEY gateway_start openai
	gateway_start gateway
	printf '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"%sPROMPT"}]}' "$c" >ok
	printf '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"%sPROMPT"}],"stream":true}' "$c" >stream
	printf '{"model":"gpt-4o-mini","messages":"%sPROMPT' "$c" >bad
	auth=$(didauth)
	signature=${auth: -60}
	fcgicat -H "Authorization: $auth" -d @ok openai.sock /openai/v1/chat/completions >>client
	fcgicat -H "Authorization: $auth" -d @ok openai.sock /openai/v1/chat/completions >>client
	fcgicat -H "Authorization: ${auth}x" -d @ok openai.sock /openai/v1/chat/completions >>client
	fcgicat -H "Authorization: Bearer ${c}TOKEN" -d @ok openai.sock "/openai/v1/chat/completions?key=${c}TOKEN" >>client
	local file
	for file in ok stream bad; do
		order 'header=Content-Type:%20application/json' -d "{\"choices\":[{\"message\":{\"content\":\"${c}COMPLETION\"}}]}"
		ask openai /openai/v1/chat/completions -d @$file >>quiet
		order 'status=500' -d "${c}COMPLETION ${c}KEY"
		ask openai /openai/v1/chat/completions -d @$file >>quiet
		order 'status=401' -d "{\"error\":{\"message\":\"${c}KEY\"}}"
		ask openai /openai/v1/chat/completions -d @$file >>client
		order 'end=abrupt' -d "{\"choices\":[{\"message\":{\"content\":\"${c}COMPLETION\"}}]}"
		ask openai /openai/v1/chat/completions -d @$file >>client
		order 'end=reset&after=0' -d "${c}COMPLETION"
		ask openai /openai/v1/chat/completions -d @$file >>client
	done
	fcgicat -H "Authorization: Bearer ${c}TOKEN" gateway.sock "/providers/status?token=${c}TOKEN" >>client
	kill -HUP "${GW_PID[openai]}"
	gw_wait_for 5 grep -q 'settings reloaded' openai.err
	run ! grep -E "$c(KEY|TOKEN|PROMPT)" client
	run ! grep -F -e "$signature" client
	run ! grep -F -e "$c" -- openai.err openai.out gateway.err gateway.out
	run ! grep -F -e "$signature" openai.err gateway.err
	for pid in /proc/[0-9]*; do
		run ! grep -aqF "$c" "$pid/cmdline"
		[ "${pid#/proc/}" = "${GW_PID[openai]}" ] || run ! grep -aqF "sk-$c" "$pid/environ"
	done
	# what is in the database says what was used, not what was said
	run ! grep -aF "$c" gateway.db gateway.db-wal
}

@test "a responder refuses the claim key, and a missing or foreign provider's key" {
	gw_spawn one env SERVICE_KEY=x OPENAI_API_KEY=k "${GW_AS[@]}" "$(gw_private openai.fcgi)" --socket "$GW_DIR/s"
	gw_wait_for 10 grep -q 'SERVICE_KEY must not be given to a responder' one.err
	gw_ended one 1
	gw_spawn two env ANTHROPIC_API_KEY=k "${GW_AS[@]}" "$(gw_private openai.fcgi)" --socket "$GW_DIR/s"
	gw_wait_for 10 grep -q 'OPENAI_API_KEY is required' two.err
	gw_ended two 1
	run -1 env PAYMENT=on OPENAI_API_KEY=k "$(gw_private openai.fcgi)" --check
	[[ $output == *"SERVICE_DID is required"* ]]
	run -0 env OPENAI_API_KEY=k "$(gw_private openai.fcgi)" --check
	run -1 env OPENAI_API_KEY=k PRICING_OVERRIDES='{"m":{"promptPerMTokUsd":"x"}}' "$(gw_private openai.fcgi)" --check
	[[ $output == *promptPerMTokUsd* ]]
	rm gateway.db
	gw_spawn three env OPENAI_API_KEY=k "${GW_AS[@]}" "$(gw_private openai.fcgi)" --socket "$GW_DIR/s"
	gw_wait_for 10 grep -q 'gateway.db' three.err
	gw_ended three 1
}

override() { # override MODEL JSON
	printf '{"%s":%s}' "$1" "$2" | llm-gateway pricing import -
}

@test "an override counts for the very next request, in all responders, without a signal" {
	PRICING_OVERRIDES='{"gpt-4o-mini":{"promptPerMTokUsd":1,"completionPerMTokUsd":1}}' gateway_start openai
	gateway_start claude
	grep -q '"msg":"Applied 1 pricing overrides"' openai.err
	run ! grep -q 'Applied' claude.err
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	override gpt-4o-mini '{"promptPerMTokUsd":2,"completionPerMTokUsd":10}'
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	ask openai /openai/v1/chat/completions -d "$(chat_body house-model)" >out
	[ "$(answer_status out)" = 400 ]
	override house-model '{"promptPerMTokUsd":1,"completionPerMTokUsd":1}'
	ask openai /openai/v1/chat/completions -d "$(chat_body house-model)" >out
	[ "$(answer_status out)" = 200 ]
	ask claude /claude/v1/messages -d "$(chat_body house-model)" >out
	[ "$(answer_status out)" = 200 ]
	gw_is "$(rows 'select provider, cost_pico from usage order by usage_id')" \
		"$(printf '%s\n' 'openai|8000000' 'openai|56000000' 'openai|8000000' 'claude|8000000')"
	gw_is "$(rows 'select count(distinct price_version) from usage')" 3
}

@test "settings of prices are reloaded; a multiplier is clamped" {
	echo '{"pricingMultiplier":"2.5"}' >conf.json
	gateway_start openai --config conf.json
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	echo '{"pricingMultiplier":"0.5","pricingOverrides":{"a":{"promptPerMTokUsd":1,"completionPerMTokUsd":1},"b":{"promptPerMTokUsd":1,"completionPerMTokUsd":1}}}' >conf.json
	kill -HUP "${GW_PID[openai]}"
	gw_wait_for 5 grep -q 'settings reloaded' openai.err
	ask openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)" >out
	grep -q 'Applied 2 pricing overrides' openai.err
	gw_is "$(rows 'select cost_pico, multiplier from usage order by usage_id')" "$(printf '%s\n' '6900000|2/1' '1725000|5/10')"
	grep -q PRICING_MULTIPLIER openai.err
}

@test "what the gateway tells about itself costs nothing and needs no one to sign" {
	gateway_start gateway
	PROVIDERS=openai
	fcgicat gateway.sock / >out
	body <out | gw_json '.service == "Nuwa LLM Gateway" and .status == "running" and .config.payment == "off"'
	fcgicat gateway.sock /providers/status >out
	body <out | gw_json '.success and .data.payment == "off" and (.data.available + .data.unavailable | sort) == ["claude","gemini","litellm","openai","openrouter"]'
	fcgicat gateway.sock /healthz >out
	[ "$(answer_status out)" = 200 ]
	fcgicat gateway.sock /readyz >out
	body <out | gw_json '.status == "ready" and .store'
	fcgicat gateway.sock /metrics >out
	body <out | grep -q '^llm_gateway_info{.*payment="off"} 1'
	fcgicat gateway.sock /.well-known/nuwa-payment/info >out
	[ "$(answer_status out)" = 404 ]
	fcgicat gateway.sock /nope >out
	gw_is "$(body <out)" '{"success":false,"error":"Not found"}'
	local path
	for path in /providers/nope /payment-channel/health /.well-known/nope /Gemini/v1 '/a%20b/c' "/$(printf '%033d' 0)/x" '//x'; do
		fcgicat gateway.sock "$path" >out
		gw_is "$(answer_status out) $(body <out)" '404 {"success":false,"error":"Not found"}'
	done
	# a provider that is not offered, or that nobody knows
	for path in gemini/v1/models/g:generateContent acme/v1/chat/completions openai/; do
		fcgicat -d '{}' gateway.sock "/$path" >out
		gw_is "$(answer_status out) $(body <out)" "404 {\"success\":false,\"error\":\"Provider '${path%%/*}' not found\"}"
	done
	fcgicat -m POST -d '{}' gateway.sock / >out
	[ "$(answer_status out)" = 405 ]
	[ "$(answer_header allow out)" = GET ]
	fcgicat -m HEAD gateway.sock / >out
	[ "$(answer_status out)" = 200 ]
	[ -z "$(body <out)" ]
	grep -q 'payment is off' gateway.err
	gw_is "$(rows 'select count(*) from usage')" 0
}
