#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# llm-gateway-client pays: against a ledger and a whole gateway behind a web server.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode
load lib/web

setup() {
	gw_need jq sqlite3
	web_world
	devnode_start
	export PAYMENT=on ROOCH_NETWORK=local CHAIN_FRESH_MS=200 ROOCH_NODE_URL=$DEVNODE_URL
	SERVICE_KEY=$(llm-gateway keygen --register 2>service)
	export SERVICE_KEY
	web_start lighttpd
	unset SERVICE_KEY
	export LLM_GATEWAY_URL=$URL LLM_GATEWAY_KEY_FILE=$GW_DIR/key.json
}

teardown() {
	gw_end
}

wallet() { # wallet SQL: of the wallet, one row per line
	sqlite3 -readonly -cmd '.timeout 5000' "$GW_DIR/key.json.db" "$1"
}

gateway() { # gateway SQL
	sqlite3 -readonly -cmd '.timeout 5000' "$DB" "$1"
}

ready() {
	llm-gateway-client wallet new >/dev/null
	llm-gateway-client fund >/dev/null
	llm-gateway-client open >/dev/null
}

ask() {
	llm-gateway-client chat --max-tokens 5 "$@" three words here
}

@test "wallet, fund, open, chat, balance, commit, history: the whole story" {
	run -0 llm-gateway-client wallet new
	[[ $output == "DID:         did:key:z"* ]]
	run -0 llm-gateway-client fund
	[[ $output == "DID:         did:rooch:rooch1"*"(made now)"*"deposited:   100 RGas"*"hub:         100 RGas" ]]
	gw_is "$(stat -c %a key.json)" 600
	run -0 llm-gateway-client open --json
	gw_json '.opened and .vmIdFragment == "account-key" and .epoch == 0 and .network == "local"' <<<"$output"
	run -0 --separate-stderr ask
	gw_is "$output" 'Hello! This is the built-in'
	[[ $stderr == *"0.00000345 USD, 34500 asset units, "* ]]
	run -0 llm-gateway-client balance --json
	gw_json '.channels[0] | .pending == "34500" and .pendingNonce == 1 and .signed == "0" and .status == "active"' <<<"$output"
	run -0 --separate-stderr ask --no-stream --json
	gw_json '.payment == {"voucherNonce":1,"voucherAmount":"34500","proposalNonce":2,"proposalAmount":"69000"}' <<<"$output"
	run -0 llm-gateway-client commit
	[[ $output == "paid 0.000345 RGas; voucher 2 is for 69000 units in all" ]]
	gw_is "$(gateway 'select count(*) from voucher')" 2
	run -0 llm-gateway-client commit
	gw_is "$output" "nothing to pay"
	run -0 --separate-stderr ask -p claude
	run -0 llm-gateway-client history --json
	gw_json 'length == 3 and ([.[].state] == ["priced","paid","paid"]) and .[2].cost == "34500" and
		.[0].path == "/claude/v1/messages" and .[0].nonce == 3' <<<"$output"
	run -0 llm-gateway-client history
	[[ ${lines[1]} == *" 200 "*" 3 "*"priced"*"POST /claude/v1/messages" ]]
	run -0 llm-gateway-client balance
	[[ $output == *"hub "*"signed"*"69000  voucher 2"*"pending"*"free "* ]]
	# what the wallet says and what the gateway's bill says is the same
	gw_is "$(gateway "select group_concat(hex(cost_asset), ' ') from usage where state = 1")" \
		"$(wallet "select group_concat(hex(cost), ' ') from request")"
}
