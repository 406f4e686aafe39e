# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# gateway - a mock provider, a database, and responders in front of it, asked over FastCGI.
#
#	load lib/gw
#	load lib/gateway
#	setup()    { gateway_world; gateway_start openai; }
#	teardown() { gw_end; }
#
# Responders run with PAYMENT=off and authenticate did:key.

# gateway_world [MOCK OPTION...]: MOCK is the mock's URL, gateway.db the database.
gateway_world() {
	gw_world
	gw_spawn mock mockllm --port-file port --delay 0 --fixtures "$GW_SRCDIR/t/fixtures" "$@"
	gw_wait_up mock 10 test -s port
	MOCK=http://127.0.0.1:$(cat port)
	mkdb gateway.db
	export PAYMENT=off DATABASE=$GW_DIR/gateway.db
}

gateway_prefix() { # gateway_prefix PROVIDER: of its settings
	case $1 in
	claude) echo ANTHROPIC ;;
	*) echo "${1^^}" ;;
	esac
}

# gateway_start PROVIDER [OPTION...]: PROVIDER.fcgi on PROVIDER.sock, in front of the mock.
gateway_start() {
	local provider=$1 prefix
	shift
	if [ "$provider" = gateway ]; then
		gw_responder gateway gateway.fcgi "$@"
		return
	fi
	prefix=$(gateway_prefix "$provider")
	local -x "${prefix}_API_KEY=${GATEWAY_KEY:-sk-test-key}" "${prefix}_BASE_URL=${GATEWAY_UPSTREAM:-$MOCK}"
	gw_responder "$provider" "$provider.fcgi" "$@"
}

# ask PROVIDER PATH [FCGICAT OPTION...]: signed; the answer with its header.
ask() {
	local provider=$1 path=$2
	shift 2
	fcgicat -H "Authorization: $(didauth)" "$@" "$GW_DIR/$provider.sock" "$path"
}

# body: what follows the header of an answer on standard input.
body() {
	sed '1,/^\r\{0,1\}$/d'
}

# answer_status FILE, answer_header NAME FILE
answer_status() {
	sed -n '1s/^Status: \([0-9]*\).*/\1/p' "$1"
}
answer_header() {
	sed -n '/^\r$/q;p' "$2" | tr -d '\r' | grep -i "^$1:" | sed 's/^[^:]*: *//'
}

# order QUERY [CURL OPTION...]: what the mock answers next (mockllm --help).
order() {
	local query=$1
	shift
	curl -sS --fail-with-body -X POST "$@" "$MOCK/mock/next?$query"
}

# rows SQL: of the database, one row per line.
rows() {
	sqlite3 -readonly -cmd '.timeout 5000' "$GW_DIR/gateway.db" "$1"
}

# one_row COLUMNS WANTED: there is exactly one usage row, and it is this.
one_row() {
	gw_is "$(rows "select count(*) from usage")" 1 && gw_is "$(rows "select $1 from usage")" "$2"
}

rows_done() { # rows_done N: so many rows are final
	[ "$(rows "select count(*) from usage where state = 1")" = "$1" ]
}

# chat_body MODEL [MORE MEMBERS]
chat_body() {
	printf '{"model":"%s","messages":[{"role":"user","content":"three words here"}],"max_tokens":5%s}' "$1" "${2:-}"
}
