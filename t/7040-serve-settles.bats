#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `llm-gateway serve` runs the settlement: what a payer signs is claimed while the gateway serves.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode
load lib/web

setup() {
	gw_need jq sqlite3
	web_world
	devnode_start
	export PAYMENT=on ROOCH_NETWORK=local CHAIN_FRESH_MS=200 ROOCH_NODE_URL=$DEVNODE_URL
	export SETTLE_INTERVAL=1 MIN_CLAIM_AMOUNT=100
	SERVICE_KEY=$(llm-gateway keygen --register 2>service)
	export SERVICE_KEY
}
teardown() { gw_end; }

pay() {
	llm-gateway-client chat --max-tokens 5 --no-stream three words here >/dev/null
}

claimed() { # claimed WANTED: of the only sub-channel, as the chain has told
	gw_is "$(env -u SERVICE_KEY llm-gateway channels list --state-dir "$GW_DIR/s" --json | jq -r '.. | objects | select(has("claimed")).claimed' | sort -u)" "$1"
}

@test "a voucher is claimed within the interval; the next one, too" {
	web_start nginx
	export LLM_GATEWAY_URL=$URL LLM_GATEWAY_KEY_FILE=$GW_DIR/key.json
	llm-gateway-client wallet new >/dev/null
	llm-gateway-client fund >/dev/null
	llm-gateway-client open >/dev/null
	pay
	pay
	gw_wait_for 15 claimed 34500
	pay
	gw_wait_for 15 claimed 69000
	run -1 grep -E '"level":"(warn|error)"' serve.err
}

@test "SETTLE_INTERVAL=0 leaves it to somebody else, and says so" {
	SETTLE_INTERVAL=0 web_start nginx
	gw_wait_for 5 grep -q 'no settlement runs here: SETTLE_INTERVAL is 0' serve.err
}
