#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# keygen --register: the gateway's own DID, made through transactions.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/devnode

setup() {
	gw_need jq
	gw_world
	devnode_start
	export ROOCH_NODE_URL=$DEVNODE_URL ROOCH_NETWORK=local
}

teardown() {
	gw_end
}

@test "keygen --register makes a DID on the ledger whose document lists the key" {
	run -0 --separate-stderr llm-gateway keygen --register
	key=$output
	[[ $stderr == *"did:rooch:rooch1"*"#account-key"* ]]
	run -0 llm-gateway inspect key --service-key-stdin --json <<<"$key"
	did=$(jq -r .did <<<"$output")
	public=$(jq -r .publicKeyMultibase <<<"$output")
	object=$(llm-gateway inspect id did "$did" --json | jq -r .objectId)
	run -0 devnode_result rooch_getObjectStates "[\"$object\"]"
	run -0 llm-gateway inspect object --type did "$(jq -r '.[0].value' <<<"$output")"
	[[ $output == *"$public"* ]]
	run -0 --separate-stderr llm-gateway keygen --register --json
	gw_json ".did != \"$did\" and .fragment == \"account-key\" and (.serviceKey | startswith(\"z\"))" <<<"$output"
}

@test "keygen --register says what stood in its way, and prints no key then" {
	run -2 llm-gateway keygen --register --type ed25519
	[[ $output == *"needs a secp256k1 key"* ]]
	run -2 llm-gateway keygen --register --key-id did:rooch:rooch13r85wqeax2j3dse7ty65kz74drc7cfzur8jqr4ws4marlp7jr09s7yh4kl#k
	run -1 --separate-stderr llm-gateway keygen --register --rpc-url http://127.0.0.1:1
	gw_is "$output" ""
	[[ $stderr == *"http://127.0.0.1:1"* ]]
	devnode_fault error rooch_executeRawTransaction 1 1
	run -1 --separate-stderr llm-gateway keygen --register
	gw_is "$output" ""
	# The transaction is executed, but its answer is lost: the DID has no name then.
	devnode_fault drop rooch_executeRawTransaction 1
	run -1 --separate-stderr llm-gateway keygen --register
	gw_is "$output" ""
}
