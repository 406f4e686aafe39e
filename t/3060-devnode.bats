#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The development ledger as its clients see it: over a socket, behind a web server.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode

setup() {
	gw_need jq
	gw_world
	devnode_start
}

teardown() {
	gw_end
}

@test "it answers JSON-RPC at the path /, and says what it does not know" {
	run -0 devnode_result rooch_getChainID
	gw_is "$output" '"4"'
	run -0 devnode_call rooch_doesNotExist
	gw_json '.error.code == -32601 and .id == 1' <<<"$output"
	run -0 devnode_call rooch_getObjectStates '["0x1,0x2",{"decode":true,"showDisplay":true}]'
	gw_json '.result == [null, null]' <<<"$output"
	run -0 curl -sS -o /dev/null -w '%{http_code} %{content_type}' "$DEVNODE_URL/" -d '{}'
	gw_is "$output" "200 application/json"
}

@test "what is not a JSON-RPC request is refused" {
	run -0 curl -sS -o /dev/null -w '%{http_code}' "$DEVNODE_URL/"
	gw_is "$output" 405
	run -0 curl -sS -o /dev/null -w '%{http_code}' "$DEVNODE_URL/elsewhere" -d '{}'
	gw_is "$output" 404
	head -c 1048577 /dev/zero | tr '\0' ' ' >large
	run -0 curl -sS -o /dev/null -w '%{http_code}' "$DEVNODE_URL/" --data-binary @large
	gw_is "$output" 413
	run -0 curl -sS "$DEVNODE_URL/" -d '{"jsonrpc":'
	gw_json '.error.code == -32700' <<<"$output"
}

@test "a browser may ask it" {
	run -0 curl -sS -i -X OPTIONS -H 'Origin: http://app.example' \
		-H 'Access-Control-Request-Method: POST' "$DEVNODE_URL/"
	[[ ${output,,} == *"access-control-allow-origin"* ]]
}

@test "accounts, documents and hubs can be made without a key, and read as from the chain" {
	run -0 devnode_control did '{"keys":[{"fragment":"k1","type":"Ed25519VerificationKey2020",
		"public_key":"zdHuAnrm1xzJRw4Di9fKJn6Q6sJqsP9ofuZ3CNyjxhaH"}]}'
	local did address object
	did=$(jq -r .did <<<"$output")
	address=$(jq -r .address <<<"$output")
	object=$(jq -r .object_id <<<"$output")
	[[ $did == did:rooch:rooch1* ]]
	run -0 devnode_result rooch_getObjectStates "[\"$object\"]"
	gw_json '.[0].object_type == "0x3::did::DIDDocument" and (.[0].value | test("^0x05726f6f6368"))' <<<"$output"
	run -0 devnode_control account "{\"address\":\"$did\",\"amount\":\"12345\"}"
	run -0 devnode_result rooch_getBalance "[\"$address\",\"0x3::gas_coin::RGas\"]"
	gw_json '.balance == "12345" and .symbol == "RGAS" and .decimals == 8' <<<"$output"
	run -0 devnode_control hub "{\"owner\":\"$address\",\"amount\":\"500\"}"
	run -22 devnode_control hub "{\"owner\":\"$address\",\"amount\":\"-500\"}"
	gw_json '.error.code == "BAD_REQUEST"' <<<"$output"
}

@test "the ledger outlives the node" {
	devnode_control account '{"address":"0x77","amount":"9","sequence_number":3}'
	devnode_stop
	devnode_start
	run -0 devnode_result rooch_getBalance '["0x77","0x3::gas_coin::RGas"]'
	gw_json '.balance == "9"' <<<"$output"
	run -0 devnode_result rooch_executeViewFunction '[{"function_id":"0x2::account::sequence_number",
		"args":["0000000000000000000000000000000000000000000000000000000000000077"],"ty_args":[]}]'
	gw_json '.return_values[0].decoded_value == "3"' <<<"$output"
}

@test "another ledger gives other addresses" {
	run -0 devnode_control did
	local first=$output
	devnode_stop
	rm "$DEVNODE_DB"
	devnode_start
	run -0 devnode_control did
	[ "$output" != "$first" ]
}

@test "without --control there is nothing to control" {
	devnode_stop
	devnode_start --control off
	run -22 devnode_control fault '{"kind":"http"}'
	[[ $output == *"--control on"* ]]
	run -0 devnode_result rooch_getChainID
}

@test "faults: statuses, hangs, and answers that never come" {
	devnode_fault http '' 1 503
	run -0 curl -sS -o /dev/null -w '%{http_code}' "$DEVNODE_URL/" \
		-d '{"jsonrpc":"2.0","id":1,"method":"rooch_getChainID"}'
	gw_is "$output" 503
	devnode_fault hang rooch_getChainID 1 60000
	local pid
	curl -sS "$DEVNODE_URL/" -d '{"jsonrpc":"2.0","id":1,"method":"rooch_getChainID"}' >hung 3>&- &
	pid=$!
	gw_wait_for 10 eval 'curl -sS "$DEVNODE_URL/devnode/" | jq -e ".faults == []"'
	kill "$pid"
	[ ! -s hung ]
	run -0 devnode_result rooch_getChainID
	devnode_fault close
	run -0 curl -sS -o /dev/null -w '%{http_code}' "$DEVNODE_URL/" \
		-d '{"jsonrpc":"2.0","id":1,"method":"rooch_getChainID"}'
	[ "$output" -ge 500 ]
	devnode_fault maintenance
	run -0 devnode_call rooch_getChainID
	gw_json '.error.message | test("maintenance mode")' <<<"$output"
	devnode_fault garbage
	run -0 devnode_call rooch_getChainID
	run ! jq . <<<"$output"
	devnode_fault error '' 5 429
	run -0 curl -sS -X DELETE "$DEVNODE_URL/devnode/fault"
	run -0 devnode_result rooch_getChainID
	run -0 curl -sS "$DEVNODE_URL/devnode/"
	gw_json '.faults == [] and .chain_id == 4' <<<"$output"
}

@test "the clock can be moved, and stays moved" {
	run -0 devnode_control clock '{"now_ms":1700000000000}'
	run -0 devnode_control clock '{"advance_ms":86400000}'
	gw_json '.now_ms >= 1700086400000 and .now_ms < 1700086460000' <<<"$output"
	devnode_stop
	devnode_start
	run -0 curl -sS "$DEVNODE_URL/devnode/"
	gw_json '.now_ms >= 1700086400000 and .now_ms < 1700086520000' <<<"$output"
}

@test "--help tells of it, and a wrong option is refused" {
	local program=$GW_BUILDDIR/fcgi/rooch-devnode.fcgi
	run -0 "$program" --help
	[[ $output == *"--control"*"/devnode/"* ]]
	run -2 "$program" --no-such-option
	run -2 "$program" --control
}
