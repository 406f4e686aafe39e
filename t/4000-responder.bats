#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What all responders have in common: their socket, requests, streams, threads, signals.

bats_require_minimum_version 1.5.0
load lib/gw

setup() {
	gw_world
}

teardown() {
	gw_end
}

hello() {
	gw_responder hello hello.fcgi "$@"
}

get() {
	fcgicat "$@"
}

log_has() {
	grep -q "$1" hello.err
}

@test "options are explained, and wrong ones are refused before anything starts" {
	run -0 hello.fcgi --help
	[[ $output == *"--socket PATH|HOST:PORT"* ]]
	run -0 hello.fcgi --version
	[[ $output == "hello.fcgi (llm-gateway) "* ]]
	run -0 hello.fcgi --check
	[[ $output == *"settings are fine"* ]]
	run -2 hello.fcgi --nonsense
	[[ $output == *"unknown option --nonsense"* ]]
	run -2 hello.fcgi --socket
	[[ $output == *"a value is missing behind --socket"* ]]
	MAX_BODY_BYTES=lots run -1 hello.fcgi --check
	[[ $output == *"MAX_BODY_BYTES: expected a whole number"* ]]
	if [ "$(id -u)" = 0 ]; then
		run -1 hello.fcgi --socket "$GW_DIR/s"
		[[ $output == *"must not run as root"* ]]
	fi
}

@test "a socket of its own: a left one is replaced, one in use and other files are not" {
	hello
	run -0 get hello.sock /echo
	[ "$(stat -c %a hello.sock)" = 660 ]
	gw_spawn second "${GW_AS[@]}" "$(gw_private hello.fcgi)" --socket "$GW_DIR/hello.sock"
	gw_wait_for 10 grep -q "another program listens on" second.err
	gw_ended second 1
	echo precious >file
	gw_spawn third "${GW_AS[@]}" "$(gw_private hello.fcgi)" --socket "$GW_DIR/file"
	gw_wait_for 10 grep -q "exists and is no socket" third.err
	gw_ended third 1
	[ "$(cat file)" = precious ]
	gw_expect hello any
	gw_stop hello KILL
	[ -S hello.sock ]
	hello
	gw_wait_up hello 10 get hello.sock /echo
	gw_stop hello
	[ ! -e hello.sock ]
}

@test "a TCP port, a socket on descriptor 0, and systemd's descriptor serve as well" {
	local port
	port=$(gw_port)
	gw_spawn tcp "${GW_AS[@]}" "$(gw_private hello.fcgi)" --socket "127.0.0.1:$port"
	gw_wait_up tcp 10 gw_listens "$port"
	run -0 get "$port" /echo
	[[ $output == *"path=/echo"* ]]
	port=$(gw_port)
	gw_spawn zero fcgistart 0 "$port" "$(gw_private hello.fcgi)"
	gw_wait_up zero 10 gw_listens "$port"
	run -0 get "$port" /echo
	port=$(gw_port)
	gw_spawn systemd fcgistart 3 "$port" "$(gw_private hello.fcgi)"
	gw_wait_up systemd 10 gw_listens "$port"
	run -0 get "$port" /echo
	gw_spawn none "${GW_AS[@]}" "$(gw_private hello.fcgi)"
	gw_wait_for 10 grep -q "no socket: give --socket" none.err
	gw_ended none 1
}

@test "the request is seen as it came, whatever the sizes of reads" {
	hello
	run -0 get -H 'X-Test: a b' hello.sock '/echo?x=%2f&y'
	[[ $output == *"path=/echo query=x=%2f&y body=0 test=a b"* ]]
	head -c 100000 /dev/zero >zeros
	run -0 get -d @zeros hello.sock /echo
	[[ $output == *"method=POST path=/echo query= body=100000"* ]]
	run -0 get -S 1 -d hello hello.sock /echo
	[[ $output == *"body=5"* ]]
	run -0 get -s 7 -d "$(printf '%0100d' 7)" hello.sock /echo
	[[ $output == *"body=100"* ]]
	run -0 get -m HEAD hello.sock /echo
	[[ $output == *"Content-Length: "* ]]
	[[ $output != *"method="* ]]
}

@test "bad request lines, lengths and headers are refused" {
	hello
	for uri in 'no-slash' '/a b' '/a#b' $'/a\x01b' $'/a\x7fb'; do
		run -0 get -e REQUEST_URI="$uri" hello.sock /echo
		[[ $output == "Status: 400 "* ]]
	done
	run -0 get -e REQUEST_URI="/$(printf '%09000d' 0)" hello.sock /echo
	[[ $output == "Status: 431 "* ]]
	run -0 get -m 'GE T' hello.sock /echo
	[[ $output == "Status: 400 "*"no usable method"* ]]
	run -0 get -e CONTENT_LENGTH=abc hello.sock /echo
	[[ $output == "Status: 400 "*"Content-Length is no length"* ]]
	run -0 get -d hello -e CONTENT_LENGTH=9 hello.sock /echo
	[[ $output == "Status: 400 "*"ended early"* ]]
	run -0 get -d hello -e CONTENT_LENGTH=2 hello.sock /echo
	[[ $output == "Status: 400 "*"longer than its Content-Length"* ]]
	run -0 get -H 'X-Once: a' -H 'X_Once: b' hello.sock /once
	[[ $output == "Status: 400 "*"came more than once"* ]]
	run -0 get -H 'X-Once: a, b' hello.sock /once
	[[ $output == "Status: 400 "* ]]
	run -0 get -H "X-Once: $(printf '%065d' 0)" hello.sock /once
	[[ $output == "Status: 431 "* ]]
	run -0 get -H 'X-Once: a' hello.sock /once
	[[ $output == *$'\n'a ]]
}

@test "a body beyond the limit is refused, announced or not" {
	MAX_BODY_BYTES=2000 hello
	head -c 2000 /dev/zero >fits
	head -c 2001 /dev/zero >more
	run -0 get -d @fits hello.sock /echo
	[[ $output == *"body=2000"* ]]
	run -0 get -d @more hello.sock /echo
	[[ $output == "Status: 413 "*'"httpStatus":413'* ]]
	run -0 get -d @more -e CONTENT_LENGTH= hello.sock /echo
	[[ $output == "Status: 413 "* ]]
	head -c 3000000 /dev/zero >much
	run -0 get -d @much hello.sock /echo
	[[ $output == "Status: 413 "* ]]
}

@test "a body that does not come is not waited for for ever" {
	BODY_TIMEOUT_MS=1000 hello
	run -0 get -d hello -s 1 -w 400 hello.sock /echo
	[[ $output == "Status: 400 "*"did not come within 1000 ms"* ]]
}

@test "the request id is the client's if it is fit for it" {
	hello
	run -0 get -H 'X-Client-Tx-Ref: my-own.1' hello.sock /echo
	[[ $output == *"X-Request-Id: my-own.1"* ]]
	run -0 get -H 'X-Client-Tx-Ref: with blank' hello.sock /echo
	[[ $output =~ X-Request-Id:\ [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12} ]]
	run -0 get -H "X-Client-Tx-Ref: $(printf '%0257d' 0)" hello.sock /echo
	[[ $output != *"X-Request-Id: 00"* ]]
}

@test "browsers get what they need, from the origins that may" {
	hello
	run -0 get -m OPTIONS -H 'Origin: https://app.example' -H 'Access-Control-Request-Headers: x-one,authorization' hello.sock /any
	[[ $output == "Status: 204 "*"Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE"* ]]
	[[ $output == *"Access-Control-Allow-Headers: x-one,authorization"* ]]
	[[ $output == *"Access-Control-Allow-Origin: https://app.example"*"Vary: Origin"* ]]
	[[ $output != *Credentials* ]]
	gw_stop hello
	CORS_ORIGINS=https://good.example hello
	run -0 get -H 'Origin: https://bad.example' hello.sock /echo
	[[ $output != *Access-Control-Allow-Origin* ]]
	run -0 get -H 'Origin: https://good.example' hello.sock /echo
	[[ $output == *"Access-Control-Allow-Origin: https://good.example"* ]]
}

@test "large answers and streams arrive whole, each event at once" {
	hello
	get hello.sock '/whole?n=300000' >out
	[ "$(sed "1,/^\r$/d" out | tr -d -c x | wc -c)" = 300000 ]
	run -0 get -T hello.sock '/stream?n=5'
	[ "$(grep -c 'data: [0-9]' <<<"$output")" = 5 ]
	# each in a record of its own, which -T puts on a line of its own, behind the milliseconds
	[ "$(grep -c '^[0-9]* data: [1-4]' <<<"$output")" = 4 ]
	[[ $output == *"data: end"* ]]
}

@test "a client that reads slowly gets everything and holds nobody up" {
	hello
	get -r 1 hello.sock '/whole?n=20000' >slow &
	local pid=$!
	run -0 get hello.sock /echo
	wait "$pid"
	[ "$(sed "1,/^\r$/d" slow | tr -d -c x | wc -c)" = 20000 ]
}

@test "a client that leaves is noticed" {
	hello
	run -5 get -c 200 hello.sock '/stream?n=100000'
	gw_wait_for 5 log_has '"client_gone":true'
}

@test "threads come with the work and go after it; beyond the limit there is a 503" {
	MAX_STREAMS=20 hello
	local i pids=()
	for i in $(seq 20); do
		get hello.sock '/stream?n=100000&enough=1' >"stream.$i" 3>&- &
		pids+=($!)
	done
	gw_wait_for 10 eval '[ "$(cat stream.* | grep -c "data: 1$")" = 20 ]'
	run -0 get hello.sock /echo
	[[ $output == "Status: 503 "* ]]
	[[ $output == *"Retry-After: 1"* ]]
	touch enough
	wait "${pids[@]}"
	[ "$(cat stream.* | grep -c 'data: end')" = 20 ]
	run -0 get hello.sock /echo
	[[ $output == "Status: 200 "* ]]
	# three that wait, main, the tick
	gw_wait_for 30 eval '[ "$(ls /proc/'"${GW_PID[hello]}"'/task | wc -l)" -le 6 ]'
}

@test "on TERM running requests end by themselves, new ones are not taken" {
	hello
	get hello.sock '/stream?n=100000&enough=1' >stream 3>&- &
	local pid=$!
	gw_wait_for 10 grep -q 'data: 1$' stream
	kill -TERM "${GW_PID[hello]}"
	gw_wait_for 10 log_has "stopping: 1 requests at work"
	gw_wait_for 10 test ! -e hello.sock
	run -3 get hello.sock /echo
	touch enough
	wait "$pid"
	grep -q 'data: end' stream
	gw_stop hello
	log_has '"msg":"stopped"'
}

@test "what drains too long is told to end" {
	DRAIN_TIMEOUT_MS=300 hello
	get hello.sock '/stream?n=100000' >stream &
	local pid=$!
	gw_wait_for 10 grep -q 'data: 1$' stream
	gw_stop hello
	wait "$pid"
	grep -q 'data: end' stream
	log_has "1 requests are cut short"
}

@test "HUP brings new settings for new requests and breaks no stream; fixed ones stay" {
	echo '{"debug":false,"maxStreams":7}' >conf.json
	chmod 644 conf.json
	hello --config conf.json
	get hello.sock '/stream?n=100000&enough=1' >stream 3>&- &
	local pid=$!
	gw_wait_for 10 grep -q 'data: 1$' stream
	echo '{"debug":true,"maxStreams":9}' >conf.json
	kill -HUP "${GW_PID[hello]}"
	gw_wait_for 10 log_has '"msg":"settings reloaded"'
	log_has "MAX_STREAMS takes effect after a restart only"
	run -0 get hello.sock /echo
	[[ $output == *"debug=1"* ]]
	echo '{"debug":' >conf.json
	kill -HUP "${GW_PID[hello]}"
	gw_wait_for 10 log_has "the settings stay as they are"
	run -0 get hello.sock /echo
	[[ $output == *"debug=1"* ]]
	touch enough
	wait "$pid"
	grep -q 'data: end' stream
}

@test "log lines go to a file that may be moved away" {
	touch app.log
	LOG_TARGET=$GW_DIR/app.log hello
	run -0 get hello.sock /echo
	gw_wait_for 5 grep -q access_log app.log
	mv app.log old.log
	kill -USR1 "${GW_PID[hello]}"
	gw_wait_for 10 test -e app.log
	run -0 get hello.sock /echo
	gw_wait_for 5 grep -q access_log app.log
}

@test "the log line can be key=value" {
	LOG_FORMAT=kv hello
	run -0 get -H 'X-Client-Tx-Ref: ref-1' hello.sock '/echo?secret=1'
	gw_wait_for 5 log_has 'request_id=ref-1 method=GET path=/echo provider=- model=- payer=- status=200'
}

@test "garbage on the socket harms nobody" {
	local port n
	port=$(gw_port)
	gw_spawn hello "${GW_AS[@]}" "$(gw_private hello.fcgi)" --socket "127.0.0.1:$port"
	gw_wait_up hello 10 gw_listens "$port"
	printf 'GET / HTTP/1.1\r\n\r\n' >garbage
	head -c 5000 /dev/urandom >>garbage
	for n in 1 2 3 4 5; do
		head -c $((n * 900)) garbage | gw_raw "$port" 5 >/dev/null
	done
	run -0 get "$port" /echo
}
