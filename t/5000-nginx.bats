#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What clients see is the same behind every web server. The name of this file, or of the link to it, says
# which server stands in front.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/web

setup() {
	local kind
	kind=$(basename "$BATS_TEST_FILENAME" .bats)
	KIND=${kind#*-}
	web_world
	web_start "$KIND"
}
teardown() { gw_end; }

line_came() {
	grep -q "$1" out
}

@test "events of a stream arrive one by one, while the answer is still open" {
	order "file=openai/openai-chat-stream-usage-final&after=500&end=stall"
	BODY=$(chat_body gpt-4o-mini ',"stream":true') chat_start out
	gw_wait_for 10 line_came '^data: '
	run -0 curl -s --fail "$MOCK/mock/wait?requests=1&timeout=1"
	chat_leave
	gw_wait_for 10 rows_are "select outcome, state from usage" "4|1"
}

@test "a whole stream, and a whole answer, arrive as the provider sent them" {
	order "file=openai/openai-chat-stream-usage-final"
	BODY=$(chat_body gpt-4o ',"stream":true') chat >out
	sed '1,/^$/d' "$GW_SRCDIR/t/fixtures/openai/openai-chat-stream-usage-final.http" | cmp - out
	order "file=openai/openai-chat-nonstream-basic"
	chat >out
	sed '1,/^$/d' "$GW_SRCDIR/t/fixtures/openai/openai-chat-nonstream-basic.http" | cmp - out
	gw_wait_for 10 rows_are "select count(*) from usage where state = 1 and outcome = 1 and cost_pico > 0" 2
}

@test "the authorization header arrives; without it nobody is served" {
	run -0 curl -s -o /dev/null -w '%{http_code}' "$URL/openai/v1/models"
	[ "$output" = 401 ]
	run -0 ask /openai/v1/models -o /dev/null -w '%{http_code}'
	[ "$output" = 200 ]
}

@test "the payment header and the client's reference arrive" {
	run -0 chat -o /dev/null -D - -H 'X-Client-Tx-Ref: my-ref-1' -H 'X-Payment-Channel-Data: uabc'
	[[ "$output" == *"X-Request-Id: my-ref-1"* ]]
}

@test "the gateway's own errors arrive: no path, no method, no JSON" {
	run -0 ask /openai/v1/nothing -w '%{http_code}' --data-binary ''
	[[ "$output" == *'"error"'*404 ]]
	run -0 ask /openai/v1/chat/completions -w '%{http_code}' -X DELETE
	[[ "$output" == *'"error"'*405 ]]
	run -0 ask /openai/v1/chat/completions -w '%{http_code}' -H 'Content-Type: text/plain' --data-binary x
	[[ "$output" == *'"error"'*415 ]]
	run -0 ask /nowhere -w '%{http_code}'
	[[ "$output" == *404 ]]
}

@test "a body beyond the limit is refused with 413, whether it waits for the answer or is being sent" {
	head -c 60000000 /dev/zero >big
	run -0 ask /openai/v1/chat/completions -w '%{http_code}' -H 'Content-Type: application/json' -H 'Expect:' \
		--data-binary @big
	[[ "$output" == *'"error"'*413 ]]
	# Apache reads on from a client that has announced more; the others pass the answer at once.
	if [[ $KIND != apache2* ]]; then
		run -0 ask /openai/v1/chat/completions -w '%{http_code}' -H 'Content-Type: application/json' -H 'Expect:' \
			-H 'Content-Length: 99000000' --data-binary '{'
		[[ "$output" == *413 ]]
	fi
}

@test "paths reach the responder as they were sent" {
	local path
	for path in /openai/v1%2fmodels /openai/v1/../v1/models /openai/v1/./models /openai/%2e%2e/claude/v1/models \
		/openai/v1/models/; do
		run -0 ask "$path" --path-as-is -o /dev/null -w '%{http_code}'
		[[ "$output" =~ ^(400|404)$ ]]
	done
	run -0 curl -s "$MOCK/mock/count"
	[ "$output" = 0 ]
}

@test "a body of 50 MB arrives whole" {
	head -c 49000000 /dev/zero | tr '\0' 'a' >big
	{
		printf '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"'
		cat big
		printf '"}]}'
	} >body.json
	run -0 ask /openai/v1/chat/completions -H 'Content-Type: application/json' --data-binary @body.json \
		-o out -w '%{http_code}'
	[ "$output" = 200 ]
	curl -s "$MOCK/mock/body" | cmp - body.json
}

@test "a body without a length arrives whole; lighttpd wants the length of a large one" {
	run -0 chat -H 'Transfer-Encoding: chunked' -o /dev/null -w '%{http_code}'
	gw_is "$output" 200
	gw_is "$(curl -s "$MOCK/mock/body")" "$(chat_body gpt-4o-mini)"
	chat_body gpt-4o-mini ",\"user\":\"$(head -c 3000000 /dev/zero | tr '\0' a)\"" >body.json
	run -0 ask /openai/v1/chat/completions -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' \
		-H 'Expect:' --data-binary @body.json -o /dev/null -w '%{http_code}'
	if [[ $KIND == lighttpd* ]]; then
		gw_is "$output" 411
	else
		gw_is "$output" 200
		curl -s "$MOCK/mock/body" | cmp - body.json
	fi
}

@test "a client that leaves in the middle is noticed, and what came is charged" {
	order "file=openai/openai-chat-stream-usage-final&after=900&end=stall"
	BODY=$(chat_body gpt-4o-mini ',"stream":true') chat_start out
	gw_wait_for 10 line_came '^data: '
	chat_leave
	gw_finished 1
	gw_wait_for 5 rows_are "select count(*), sum(outcome = 4), sum(estimated), sum(cost_pico > 0) from usage" "1|1|1|1"
}

@test "a client that leaves while the model thinks is noticed" {
	order "end=never"
	chat_start out
	gw_asked 1
	chat_leave
	gw_finished 1
	gw_wait_for 5 rows_are "select count(*), sum(outcome = 4) from usage" "1|1"
}

@test "a slow client does not hold up the others" {
	order "huge=4000000"
	local i
	chat_start slow --limit-rate 1k
	gw_asked 1
	for i in 1 2 3 4 5; do
		run -0 chat -o /dev/null -w '%{http_code}'
		[ "$output" = 200 ]
	done
	chat_leave
}

@test "twenty streams run at once" {
	local i
	local -a pids=()
	order "file=openai/openai-chat-stream-usage-final&delay=20&sizes=60&times=20"
	for i in $(seq 20); do
		BODY=$(chat_body gpt-4o-mini ',"stream":true') chat_start "out.$i"
		pids+=("$CHAT")
	done
	wait "${pids[@]}"
	for i in $(seq 20); do
		sed '1,/^$/d' "$GW_SRCDIR/t/fixtures/openai/openai-chat-stream-usage-final.http" | cmp - "out.$i"
	done
	gw_wait_for 10 rows_are "select count(*), count(distinct cost_pico) from usage where state = 1" "20|1"
}

@test "a responder that dies is replaced" {
	local pid
	run -0 chat -o /dev/null -w '%{http_code}'
	[ "$output" = 200 ]
	for pid in $(pgrep -f "^$PROGRAMS/fcgi/openai.fcgi"); do
		kill -KILL "$pid"
	done
	gw_wait_for 20 chat --fail -o /dev/null
}

# What follows is tried by people who want something that is not theirs.

status_of() { # status_of PATH [CURL OPTION...]: signed
	ask "$1" "${@:2}" -o /dev/null -w '%{http_code}'
}

# raw TEXT: what comes back for a request as it is written here (printf); "" when the server just closes.
raw() {
	# shellcheck disable=SC2059
	printf "$@" | gw_raw "$PORT" 3 2>/dev/null | tr -d '\0\r'
}

# nobody_was_asked: no request has reached the provider, and the gateway is well.
nobody_was_asked() {
	gw_is "$(curl -s "$MOCK/mock/count")" 0
	run -0 status_of /openai/v1/models
	gw_is "$output" 200
}

@test "a path that leads elsewhere leads nowhere" {
	local path
	for path in /openai/v1%2f..%2f..%2fmock%2freset '/openai/v1/models%00' '/openai/..%5cv1/models' \
		/claude/../openai/v1/models '/openai/v1/models;x' /openai/v1/chat/completions/../../../mock/reset \
		/openai/v1/models%0d%0aX:y /openai/%76%31/models /openai/v1/models%3f /OPENAI/v1/models /openai; do
		run -0 status_of "$path" --path-as-is
		[[ "$output" =~ ^(400|403|404)$ ]] || {
			echo "$path: $output"
			return 1
		}
	done
	nobody_was_asked
}

@test "a Proxy header reaches no program; an ambiguous authorization lets nobody in" {
	run -0 status_of /openai/v1/models -H 'Proxy: http://127.0.0.1:1'
	gw_is "$output" 200
	run -0 curl -s "$MOCK/mock/count"
	gw_is "$output" 1
	run -0 status_of /openai/v1/models -H "Authorization: $(didauth)"
	[[ "$output" =~ ^(400|401)$ ]]
	run -0 status_of /openai/v1/models -H "Authorization: x"
	[[ "$output" =~ ^(400|401)$ ]]
	run -0 curl -s "$MOCK/mock/count"
	gw_is "$output" 1
}

@test "the reference of a client cannot be spelled twice, nor split the answer" {
	run -0 ask /openai/v1/models -o /dev/null -D - -H 'X-Client-Tx-Ref: good' -H 'X_Client_Tx_Ref: evil'
	[[ "$output" != *evil* ]]
	run raw 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Client-Tx-Ref: a\rSet-Cookie: evil=1\r\nConnection: close\r\n\r\n'
	[[ "$output" != *Set-Cookie* ]]
	run raw 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Client-Tx-Ref: a\r\n Set-Cookie: evil=1\r\nConnection: close\r\n\r\n'
	[[ "$output" != *$'\nSet-Cookie'* ]]
}

@test "requests that no server should understand are refused, and no second one hides in them" {
	local tail='Connection: close\r\n\r\n' text
	local -a bad=(
		'GET /openai/v1/models\0 HTTP/1.1\r\nHost: x\r\n'
		'GET /openai/v1/models HTTP/1.1\r\nHost: x\r\nX-A: b\0c\r\n'
		'GET /openai/v1/models HTTP/1.1\r\nHost: x\r\nHost: y\r\n'
		'GET  /openai/v1/mo dels HTTP/1.1\r\nHost: x\r\n'
		'GET /openai/v1/models HTTP/9.9\r\nHost: x\r\n'
		'G\tT /openai/v1/models HTTP/1.1\r\nHost: x\r\n'
		'POST /openai/v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n'
		'POST /openai/v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n'
		'POST /openai/v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length : 4\r\n'
		'POST /openai/v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: x-chunked\r\n'
	)
	for text in "${bad[@]}"; do
		run raw "$text$tail"
		[[ "$output" =~ ^(HTTP/1.[01]\ (400|401|404|411|501|505)\ |$) ]] || {
			echo "$text: $output"
			return 1
		}
	done
	# a body that its two lengths tell apart differently: at most one answer
	run raw 'POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 45\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'
	[ "$(grep -c '^HTTP/1' <<<"$output")" -le 1 ] || [[ "$output" == *400* ]]
	nobody_was_asked
}

@test "headers beyond all limits are refused" {
	local long
	long=$(head -c 20000 /dev/zero | tr '\0' a)
	run -0 curl -s -o /dev/null -w '%{http_code}' -H "Authorization: DIDAuthV1 $long" "$URL/openai/v1/models"
	[[ "$output" =~ ^(400|401|431)$ ]]
	long_header() {
		printf 'GET /openai/v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: '
		head -c 2000000 /dev/zero | tr '\0' a
		printf '\r\n\r\n'
	}
	run gw_raw "$PORT" 3 < <(long_header)
	[[ "$output" == *"HTTP/1."[01]" 4"[03][01]" "* || "$output" != *HTTP/1* ]]
	run -0 curl -s -o /dev/null -w '%{http_code}' "$URL/openai/v1/models?$long"
	[[ "$output" =~ ^(400|414|431)$ ]]
	nobody_was_asked
}

@test "a query, and signs that a path may hold, reach the responder as they were sent" {
	run -0 curl -s -o out -w '%{http_code}' "$URL/providers/status?a=b%3f&c=?"
	gw_is "$output" 200
	run -0 curl -s "$MOCK/mock/count"
	gw_is "$output" 0
	ask "/claude/v1/models?limit=7" >out
	run -0 curl -s "$MOCK/mock/head"
	[[ $output == "GET /v1/models?limit=7 "* ]]
	run -0 curl -s -o out -w '%{http_code}' "$URL/openai/v1/a%2fb;c=%0a?d=%2f"
	gw_is "$output" 401
}
