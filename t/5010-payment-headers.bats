#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The payment header passes every web server in both directions, and nothing passes for it.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode
load lib/payment
load lib/web

setup() {
	gw_need jq sqlite3
	web_world
	devnode_start
	export PAYMENT=on ROOCH_NETWORK=local CHAIN_FRESH_MS=200 ROOCH_NODE_URL=$DEVNODE_URL
	KEY=$(llm-gateway keygen --register 2>service)
	PAYER=$(payment_did 1)
	DID=$(sed -n 's/^DID: *//p' service)
}
teardown() { gw_end; }

# paid_start KIND: only serve gets the key; responders that a web server starts get the DID.
paid_start() {
	case $1 in
	apache2-fcgid | lighttpd-spawn) SERVICE_DID=$DID web_start "$1" ;;
	*) SERVICE_KEY=$KEY web_start "$1" ;;
	esac
	export LLM_GATEWAY_URL=$URL LLM_GATEWAY_KEY_FILE=$GW_DIR/key.$1.json
}

pays() {
	llm-gateway-client wallet new >/dev/null
	llm-gateway-client fund >/dev/null
	llm-gateway-client open >/dev/null
	# a whole answer carries the header, a stream tells it in its last event; both are paid by the next
	llm-gateway-client chat --max-tokens 5 --no-stream three words here >/dev/null
	llm-gateway-client chat --max-tokens 5 three words here >/dev/null
	run -0 --separate-stderr llm-gateway-client chat --max-tokens 5 --no-stream --json three words here
	gw_json '.payment.voucherNonce == 2 and .payment.voucherAmount == "69000" and .payment.proposalNonce == 3' <<<"$output"
}

# said [CURL OPTION...]: status and error of a chat that is not paid for
said() {
	curl -sS --max-time $((60 * GW_PATIENCE)) -H "Authorization: $(didauth -n "$PAYER")" -H 'Content-Type: application/json' \
		--data-binary "$(chat_body gpt-4o-mini)" -w '\n%{http_code}' "$@" "$URL/openai/v1/chat/completions" | tr '\n' ' ' | sed -E 's/(clientTxRef|serviceTxRef|request_id)":"[^"]*"//g'
}

smuggles_nothing() {
	local none one two
	none=$(said)
	one=$(said -H 'X-Payment-Channel-Data: first')
	two=$(said -H 'X-Payment-Channel-Data: uc2Vjb25k')
	[[ "$one" == *'"error"'*' 400' && "$two" == *'"error"'*' 400' ]]
	[ "$one" != "$none" ] && [ "$one" != "$two" ]
	# nginx and Apache drop a name with an underscore; lighttpd passes it on as if it were a dash
	run said -H 'X_Payment_Channel_Data: first'
	[ "$output" = "$none" ] || [[ $1 == lighttpd* && "$output" == "$one" ]]
	# but never does it take the place of the one that is there
	run said -H 'X-Payment-Channel-Data: first' -H 'X_Payment_Channel_Data: uc2Vjb25k'
	[ "$output" = "$one" ] || [[ "$output" == *'more than once'*' 400' ]]
	run said -H 'X_Payment_Channel_Data: uc2Vjb25k' -H 'X-Payment-Channel-Data: first'
	[ "$output" = "$one" ] || [[ "$output" == *'more than once'*' 400' ]]
	# two are ambiguous
	run said -H 'X-Payment-Channel-Data: first' -H 'X-Payment-Channel-Data: uc2Vjb25k'
	[[ "$output" == *'more than once'*' 400' ]]
	gw_is "$(curl -s "$MOCK/mock/count")" 3
}

try() {
	gw_need "${1%-*}"
	paid_start "$1"
	pays
	smuggles_nothing "$1"
}

@test "nginx" { try nginx; }
@test "lighttpd" { try lighttpd; }
@test "lighttpd, which starts the responders" { try lighttpd-spawn; }
@test "Apache, mod_proxy_fcgi" { try apache2; }
@test "Apache, mod_fcgid" { try apache2-fcgid; }
