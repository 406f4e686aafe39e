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

# bills_add_up: every final row can be worked out again from what it holds (design.md I9): quantities from the
# usage, the amount from parts and multiplier, the units of the asset from the rate. Of the denominators
# the largest is a multiple of the others, and numbers stay below 2^53 here, so that jq is exact.
bills_add_up() {
	local wrong
	wrong=$(sqlite3 -readonly -json -cmd '.timeout 5000' "$GW_DIR/gateway.db" "select usage_id, free, outcome, cost_pico,
		bound_pico, estimated, exact, cost_source, multiplier, usage_json, cost_json, price_version, rate_pico, forgone_pico,
		hex(substr(cost_asset, 25)) as asset from usage where state = 1 and usage_json is not null" | jq -c '
		def up($a; $b): ($a + $b - 1) / $b | floor;
		def hex: reduce (explode[] | if . > 57 then . - 55 else . - 48 end) as $d (0; . * 16 + $d);
		def inputs: [.parts[] | select((.extra // 0) == 0 and (.item | test("^(input|cached|cache_write)"))) | .qty] | add // 0;
		def outputs: [.parts[] | select((.extra // 0) == 0 and (.item | startswith("output"))) | .qty] | add // 0;
		.[] | (.usage_json | fromjson) as $u | (.cost_json | fromjson) as $c | (.multiplier | split("/") | map(tonumber)) as $m |
		([$c.parts[] | .den // 1] | max // 1) as $den |
		([$c.parts[] | .qty * .pico_each * (.num // 1) * ($den / (.den // 1))] | add // 0) as $sum |
		up($sum * $m[0]; $den * $m[1]) as $table |
		((($u.provider_cost_usd // "0" | tonumber) + ($u.provider_cost_fee_usd // "0" | tonumber)) * 1e12 * $m[0] / $m[1]) as $stated |
		select((
			(if .cost_source == "table" then .cost_pico == (if .estimated == 1 then ([$table, .bound_pico] | min) else $table end)
			elif .cost_source == "provider" then (.cost_pico - $stated | fabs) <= 1
			elif .estimated == 1 then .cost_pico == .bound_pico
			else .cost_pico == 0 end)
			and (.cost_source != "table" or .estimated == 1 or $u.inconsistent == true or
				(($c | inputs) == ([$u.input, $u.input_uncached + ($u.cached_input // 0) + ($u.cache_write_5m // 0) + ($u.cache_write_1h // 0)] | max)
				and ($c | outputs) == $u.output) or ([$c.parts[].item] | any(test("audio_|image"))))
			and (.free == 0 or .cost_pico == 0)
			and (.price_version | length > 0)
			and (.rate_pico == null or .asset == "" or
				(if .forgone_pico > 0 then (.asset | hex) * .rate_pico == .cost_pico - .forgone_pico
				else (.asset | hex) == up(.cost_pico; .rate_pico) end))
		) | not) | . + {table: $table}')
	[ -z "$wrong" ] || {
		echo "cannot be worked out again: $(head -c 3000 <<<"$wrong")"
		return 1
	}
}
