#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `llm-gateway serve` says what is wrong before it accepts anything.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/web

setup() {
	gw_world
	gw_need nginx
	web_programs
	PORT=$(gw_port)
	export PORT HOST=127.0.0.1 PAYMENT=off OPENAI_API_KEY=sk-test-key
}
teardown() { gw_end; }

# refused TEXT [SERVE OPTION...]: it ends with status 1 and this text; nobody has listened.
refused() {
	local text=$1
	shift
	run -1 --separate-stderr timeout $((20 * GW_PATIENCE)) "$PROGRAMS/llm-gateway" serve --state-dir "$GW_DIR/s" "$@"
	[ -z "$output" ]
	gw_is "$stderr" "llm-gateway: $text"
	run -1 gw_listens "$PORT"
}

@test "without SERVICE_KEY and without a provider's key" {
	unset OPENAI_API_KEY
	PAYMENT=on refused 'SERVICE_KEY is required (`llm-gateway keygen` makes one; PAYMENT=off does without); At least one provider API key is required (OPENAI_, OPENROUTER_, LITELLM_, ANTHROPIC_ or GEMINI_API_KEY)'
	refused 'At least one provider API key is required (OPENAI_, OPENROUTER_, LITELLM_, ANTHROPIC_ or GEMINI_API_KEY)'
	OPENAI_API_KEY=k PAYMENT=on refused 'SERVICE_KEY is required (`llm-gateway keygen` makes one; PAYMENT=off does without)'
	PROVIDERS=claude refused 'ANTHROPIC_API_KEY is required for the provider claude: set it, or put the key into claude.key in PROVIDER_KEY_DIR'
	[ ! -e s ]
}

@test "a SERVICE_KEY that is none is refused without being shown" {
	PAYMENT=on SERVICE_KEY=zzzSECRETzzz run -1 --separate-stderr timeout $((20 * GW_PATIENCE)) "$PROGRAMS/llm-gateway" serve --state-dir s
	[[ "$stderr" == "llm-gateway: SERVICE_KEY"* ]]
	[[ "$stderr$output" != *SECRET* ]]
}

@test "a bad configuration file: file, line and key" {
	printf '{\n\t"port": %s,\n\t"workers": "many"\n}\n' "$PORT" >bad.json
	refused 'Configuration validation failed: bad.json:3: workers: expected a whole number from 1 to 64, not "many"' \
		--config bad.json
	printf '{\n\t"port": %s,\n\t"wrokers": 1\n}\n' "$PORT" >bad.json
	run -1 --separate-stderr timeout $((20 * GW_PATIENCE)) "$PROGRAMS/llm-gateway" serve --config bad.json
	[[ "$stderr" == *"bad.json:3: "*wrokers*workers* ]]
	printf '{\n\t"port": %s,\n' "$PORT" >bad.json
	run -1 --separate-stderr timeout $((20 * GW_PATIENCE)) "$PROGRAMS/llm-gateway" serve --config bad.json
	[[ "$stderr" == *"Configuration validation failed: bad.json:3: "* ]]
	refused 'Configuration validation failed: none.json: cannot read it: No such file or directory' --config none.json
	WORKERS=0 refused 'Configuration validation failed: environment: WORKERS: expected a whole number from 1 to 64, not "0"'
}

@test "an unknown option, or an argument, is a wrong use" {
	run -2 timeout $((20 * GW_PATIENCE)) "$PROGRAMS/llm-gateway" serve --prot 1
	[[ "$output" == *"--port"* ]]
	run -2 timeout $((20 * GW_PATIENCE)) "$PROGRAMS/llm-gateway" serve now
}

@test "a port that is in use" {
	gw_spawn other mockllm --port "$PORT"
	gw_wait_up other 10 gw_listens "$PORT"
	run -1 --separate-stderr timeout $((20 * GW_PATIENCE)) "$PROGRAMS/llm-gateway" serve --state-dir "$GW_DIR/s"
	gw_is "$stderr" "llm-gateway: Port already in use: $PORT; choose another with --port <number>"
	[ -z "$output" ]
	# nothing was made for it
	[ ! -e s ]
}

@test "an address that this machine does not have" {
	run -1 --separate-stderr timeout $((20 * GW_PATIENCE)) "$PROGRAMS/llm-gateway" serve --state-dir "$GW_DIR/s" --host 192.0.2.7
	[[ "$stderr" == "llm-gateway: cannot listen on 192.0.2.7 port $PORT: "* ]]
}

@test "a state directory in which another serve runs" {
	export OPENAI_BASE_URL=http://127.0.0.1:1
	gw_spawn serve "$PROGRAMS/llm-gateway" serve --state-dir "$GW_DIR/s"
	gw_wait_up serve 20 grep -q http: serve.out
	PORT=$(gw_port) refused "another \`llm-gateway serve\` runs with the state directory $GW_DIR/s"
	# the first one has not noticed
	run -0 curl -s --fail "http://127.0.0.1:$PORT/healthz"
	gw_stop serve
	gw_spawn again "$PROGRAMS/llm-gateway" serve --state-dir "$GW_DIR/s"
	gw_wait_up again 20 grep -q http: again.out
}

@test "a state directory whose name a web server's file cannot hold, or that is too long for sockets" {
	local long
	long=$GW_DIR/$(printf 'x%.0s' $(seq 100))
	run -1 --separate-stderr timeout $((20 * GW_PATIENCE)) "$PROGRAMS/llm-gateway" serve --state-dir "$GW_DIR/a b"
	[[ "$stderr" == *"choose another with --state-dir" ]]
	run -1 --separate-stderr timeout $((20 * GW_PATIENCE)) "$PROGRAMS/llm-gateway" serve --state-dir "$long"
	[[ "$stderr" == *"too long for sockets"* ]]
}

@test "a database of an older schema is not touched" {
	mkdir -m 755 s
	sqlite3 s/gateway.db 'create table something (x); pragma user_version = 0;'
	sha256sum s/gateway.db >before
	run -1 --separate-stderr timeout $((20 * GW_PATIENCE)) "$PROGRAMS/llm-gateway" serve --state-dir "$GW_DIR/s"
	[[ "$stderr" == "llm-gateway: "*s/gateway.db* ]]
	sha256sum --quiet -c before
}

@test "a responder with SERVICE_KEY in its environment refuses to start" {
	local key
	key=$(llm-gateway keygen 2>/dev/null)
	mkdb gateway.db
	DATABASE=$GW_DIR/gateway.db SERVICE_KEY=$key run -1 timeout $((20 * GW_PATIENCE)) "$PROGRAMS/fcgi/openai.fcgi" --socket "$GW_DIR/x.sock"
	[[ "$output" == *"SERVICE_KEY must not be given to a responder"* ]]
	[[ "$output" != *"$key"* ]]
	[ ! -e x.sock ]
}
