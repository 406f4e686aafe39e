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
	gw_is "$(gateway "select group_concat(hex(cost_asset), ' ') from usage where cost_asset is not null")" \
		"$(wallet "select group_concat(hex(cost), ' ') from request")"
}

@test "a command that is killed while the answer streams costs what it cost, once" {
	ready
	ask -q >/dev/null
	curl -sS -X POST "$MOCK/mock/next?end=stall&after=400" >/dev/null
	gw_spawn killed llm-gateway-client chat -q --max-tokens 50 three words here
	gw_expect killed any
	gw_wait_for 10 test -s killed.out
	gw_stop killed KILL
	gw_is "$(wallet 'select state from request order by request_id desc limit 1')" 0
	run -0 llm-gateway-client history --json
	gw_json '.[0].state == "interrupted" and (.[0] | has("cost") | not)' <<<"$output"
	# The gateway notices, bills what was used, and asks for it.
	gw_wait_for 20 eval '[ "$(gateway "select count(*) from usage where state = 0")" = 0 ]'
	run -0 --separate-stderr ask
	run -0 llm-gateway-client history --json
	gw_json '.[1].state == "paid" and .[1].nonce == 2' <<<"$output"
	run -0 llm-gateway-client commit
	gw_is "$(gateway "select group_concat(hex(cost_asset), ' ') from usage where cost_asset is not null")" \
		"$(wallet "select group_concat(hex(cost), ' ') from request")"
	gw_is "$(gateway "select max(hex(amount)) from voucher")" "$(wallet "select max(hex(amount)) from voucher")"
}

@test "commit finds out whether a voucher has arrived" {
	ready
	ask -q >/dev/null
	llm-gateway-client commit >/dev/null
	# As if it had been killed before it heard of it.
	sqlite3 key.json.db 'update voucher set taken = 0'
	run -0 llm-gateway-client commit
	gw_is "$output" "nothing to pay"
	gw_is "$(wallet 'select taken from voucher')" 1
	# A key of another DID does not pay in this channel.
	cp key.json other.json
	cp key.json.db other.json.db
	sed -i 's/did:rooch:[a-z0-9]*/did:rooch:rooch13r85wqeax2j3dse7ty65kz74drc7cfzur8jqr4ws4marlp7jr09s7yh4kl/' other.json
	run -1 llm-gateway-client commit --key other.json
	[[ $output == *"was opened by another DID"* ]]
}

@test "a wallet that was lost is begun anew, and knows after one request what it had signed" {
	ready
	for _ in 1 2 3; do ask -q >/dev/null; done
	rm key.json.db*
	run -1 llm-gateway-client commit
	[[ $output == *"no wallet at "* ]]
	run -0 llm-gateway-client open
	[[ $output == *"(was open)"* ]]
	run -0 --separate-stderr ask --json
	gw_json '.payment == {"voucherNonce":3,"voucherAmount":"103500","proposalNonce":4,"proposalAmount":"138000"}' <<<"$output"
	run -0 llm-gateway-client commit --json
	gw_json '.paid and .nonce == 4' <<<"$output"
	# An old copy of it is no worse.
	cp key.json.db old.db
	for _ in 1 2 3; do ask -q >/dev/null; done
	llm-gateway-client commit >/dev/null
	rm key.json.db*
	mv old.db key.json.db
	run -0 --separate-stderr ask --json
	gw_json '.payment == {"proposalNonce":8,"proposalAmount":"276000"}' <<<"$output"
	gw_is "$(wallet 'select group_concat(nonce) from voucher')" 2,3,4,7
}

@test "commands at once wait for each other, and each pays" {
	ready
	for n in 1 2 3 4; do
		gw_spawn "ask$n" llm-gateway-client chat -q --max-tokens 5 three words here
	done
	for n in 1 2 3 4; do
		gw_ended "ask$n" 0
		gw_is "$(cat "ask$n.out")" 'Hello! This is the built-in'
	done
	run -0 llm-gateway-client commit --json
	gw_json '.nonce == 4 and .accumulatedAmount == "138000"' <<<"$output"
}

@test "the limit of a request is kept by the gateway before, and by the client after" {
	ready
	run -1 --separate-stderr ask --max-amount 100
	[[ $stderr == *"BILLING_MAX_AMOUNT_EXCEEDED"*"--max-amount allows more"* ]]
	run -0 ask --max-amount 0.5RGas
	run -2 ask --max-amount 0.5
	[[ $output == *"write base units"* ]]
	LLM_GATEWAY_MAX_AMOUNT=1 run -1 ask
	gw_is "$(wallet 'select group_concat(state) from request')" 3,1,3
}

@test "raw pays as well, for free paths and with headers of its own too" {
	ready
	run -0 llm-gateway-client raw POST /openai/v1/chat/completions --data \
		'{"model":"gpt-4o-mini","stream":true,"max_tokens":5,"messages":[{"role":"user","content":"three words here"}]}'
	[[ $output == *'data: [DONE]'* ]]
	[[ $output != *nuwa_payment* ]]
	run -0 llm-gateway-client raw GET /providers/status
	run -0 llm-gateway-client raw -i -H 'X-Client-Tx-Ref: mine' POST /openai/v1/chat/completions --data \
		'{"model":"gpt-4o-mini","max_tokens":5,"messages":[{"role":"user","content":"three words here"}]}'
	value=$(sed -n 's/^x-payment-channel-data: *//Ip' <<<"$output" | tr -d '\r')
	llm-gateway inspect payment --response "$value" | gw_json '.clientTxRef == "mine" and .subRav.nonce == "2"'
	run -1 --separate-stderr llm-gateway-client raw -H 'X-Payment-Channel-Data: nonsense' POST /openai/v1/chat/completions --data '{}'
	[[ $stderr == *"answered 400"* ]]
	gw_is "$(gateway 'select count(*) from voucher')" 1
	# refused by the provider: costs nothing, has a number all the same
	run -1 --separate-stderr llm-gateway-client raw POST /openai/v1/chat/completions --data '{"model":"no-such-model"}'
	[[ $stderr == *"answered 400"* ]]
	run -0 llm-gateway-client history --json
	gw_json '.[0].cost == "0" and .[0].nonce == 3 and .[0].state == "priced" and .[2].state == "free"' <<<"$output"
}

channel_is_known() {
	ask 2>&1 | grep -q HUB_INSUFFICIENT_FUNDS
}

@test "without money or channel the refusal says what to do" {
	llm-gateway-client wallet new >/dev/null
	run -1 llm-gateway-client open
	[[ $output == *"llm-gateway-client fund"* ]]
	run -0 llm-gateway-client fund --amount 10 --json
	gw_json '.created and .deposited == "10" and .hubBalance == "10"' <<<"$output"
	run -1 --separate-stderr ask
	[[ $stderr == *"404 CHANNEL_NOT_FOUND"*"llm-gateway-client open"* ]]
	run -0 llm-gateway-client open
	gw_wait_for 10 channel_is_known # what is not there is remembered for a moment
	run -1 --separate-stderr ask
	[[ $stderr == *"402 HUB_INSUFFICIENT_FUNDS"*"llm-gateway-client fund"* ]]
	run -0 llm-gateway-client fund --amount 5RGas
	[[ $output != *"made now"* ]]
	gw_wait_for 10 llm-gateway-client chat -q --max-tokens 5 three words here
	run -1 llm-gateway-client open --node http://127.0.0.1:1
	[[ $output == *"http://127.0.0.1:1"* ]]
	run -1 llm-gateway-client open --gateway "$DEVNODE_URL"
	[[ $output == *"takes no payment"* ]]
	run -1 llm-gateway-client fund --network main
	[[ $output == *"is on chain 4, the network main is chain 1"* ]]
	llm-gateway-client wallet new --type ed25519 --out ed.json >/dev/null
	run -1 llm-gateway-client fund --key ed.json
	[[ $output == *"secp256k1"* ]]
}
