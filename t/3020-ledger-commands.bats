#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the operator's commands say about the chain's data: inspect id, object, voucher, payment, tx.

bats_require_minimum_version 1.5.0
load lib/gw

setup() {
	gw_world
	vectors=$GW_SRCDIR/t/vectors
	: >got
}

teardown() {
	gw_end
}

# vectors FILE FILTER: for each vector the values of the array that FILTER makes, with tabs between
# them; an empty one is written as "-".
vectors() {
	jq -r ".vectors[] | $2 | map(if . == \"\" or . == null then \"-\" else . end) | @tsv" "$vectors/$1.json"
}

# ask ID ARGUMENT...: inspect something; the answer goes to the file `got`, one line of JSON
ask() {
	local id=$1 status=0
	shift
	llm-gateway inspect "$@" --json >out 2>err || status=$?
	[ ! -s err ] || gw_is "$id $(cat err)" "nothing on standard error"
	echo "{\"id\":\"$id\",\"status\":$status,\"out\":$(cat out)}" >>got
	gw_is "$id $(wc -l <out)" "$id 1"
}

# answers FILE FILTER N: the answers since the last time are what FILTER makes of the vectors, each
# {id, status, out}; a refusal is compared by its code. At least N.
answers() {
	jq -Sc 'if (.out | type) == "object" and .out.ok == false then .out = .out.errorCode else . end' got >is
	jq -Sc ".vectors[] | $2" "$vectors/$1.json" >should
	if ! diff is should >difference; then
		head -n 20 difference
		return 1
	fi
	[ "$(wc -l <is)" -ge "$3" ]
	: >got
}

# refused CODE ARGUMENT...: the verdict on them is negative, with that code
refused() {
	local code=$1
	shift
	run --separate-stderr llm-gateway inspect "$@" --json
	[[ "$status $output" == "1 {\"ok\":false,\"errorCode\":\"$code\",\"message\":\""* ]] ||
		gw_is "$* -> $status $output ${stderr:-}" "$code"
}

@test "inspect id computes every recorded object id, and the arguments may be DIDs" {
	while IFS=$'\t' read -r id kind a b c; do
		case $kind in
		'channel id'*) ask "$id" id channel "$a" "$b" "$c" ;;
		'payment hub id') ask "$id" id hub "$a" ;;
		'revenue hub id') ask "$id" id revenue "$a" ;;
		'DID document id') ask "$id" id did "$a" ;;
		esac
	done < <(vectors rooch-ids 'select(.objectId) | [.id, .kind, .sender // .payerDid // .owner // .did,
		.receiver // .payeeDid, .assetInput // .asset]')
	jq -c '.out |= .objectId' got >ids
	mv ids got
	answers rooch-ids 'select(.objectId) | {id, status: 0, out: .objectId}' 18
	# without --json the id alone
	run -0 llm-gateway inspect id did did:rooch:rooch1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqpsd68l8x
	gw_is "$output" 0x266617cf40c8313c4d96b4244f551941892fea5795317cd4140e1e6173acf835
}

@test "inspect id knows field keys, also of the empty text and of UTF-8" {
	while IFS=$'\t' read -r id what text; do
		[ "$text" != - ] || text=
		ask "$id" id "$what" "$text"
	done < <(vectors rooch-ids 'select(.fieldKey) |
		if .asset then [.id, "asset", .asset] else [.id, "field", .string] end')
	jq -c '.out |= .fieldKey' got >keys
	mv keys got
	answers rooch-ids 'select(.fieldKey) | {id, status: 0, out: .fieldKey}' 11
	refused BAD_REQUEST id field "$(printf 'a\377')"
}

@test "inspect id spells addresses and coin types, and refuses what is none" {
	while IFS=$'\t' read -r id text other did; do
		ask "$id" id address "$text"
		ask "$id" id address "$other"
		ask "$id" id address "$did"
	done < <(vectors rooch-ids 'select(.kind == "address") | [.id, .input, .bech32, .did]')
	answers rooch-ids 'select(.kind == "address") |
		({id, status: 0, out: {ok: true, hex, bech32, did}} | ., ., .)' 24
	while IFS=$'\t' read -r id kind text; do
		[ "$text" != - ] || text=
		ask "$id" id "$kind" "$text"
	done < <(vectors rooch-ids 'select(has("mustAccept")) |
		if .kind == "asset id" then [.id, "asset", .input] else [.id, "address", .text] end')
	jq -c 'if .status == 0 then .out |= (.canonical // .hex) else . end' got >short
	mv short got
	answers rooch-ids 'select(has("mustAccept")) | if .mustAccept then {id, status: 0, out: (.canonical // .bytes)}
		else {id, status: 1, out: "BAD_REQUEST"} end' 23
	run -0 llm-gateway inspect id asset 0x0003::gas_coin::RGas
	gw_is "$output" 0x0000000000000000000000000000000000000000000000000000000000000003::gas_coin::RGas
	run -0 llm-gateway inspect id address 0x3
	[[ $output == *rooch1qqq*did:rooch:rooch1qqq* ]]
	for bad in '' 0x 0x10000000000000000000000000000000000000000000000000000000000000000 0xg 3 did:key:z6Mk \
		did:rooch:ROOCH1AMDEEZEZ6VMTRYLG3Z4T38TGCWYXTZF92CCJ8KRGSCPSE3SJYUJS7M0SZX; do
		refused BAD_REQUEST id address "$bad"
		refused BAD_REQUEST id hub "$bad"
	done
	refused BAD_REQUEST id did did:rooch:0x3
	refused BAD_REQUEST id channel 0x1 0x2 0x3::gas_coin
}

# What `inspect object` calls a recorded type, null for what it does not know.
type_name='(if .type | endswith("::PaymentChannel") then "channel"
	elif .type | endswith("::PaymentHub") then "hub"
	elif .type | endswith("::PaymentRevenueHub") then "revenue"
	elif .type | contains("::SubChannel") then "subchannel"
	elif .type | contains("::CoinStoreField") then "coinstore"
	elif .type | endswith(", u64>") then "counter" else null end)'

@test "inspect object shows the members of every recorded object" {
	while IFS=$'\t' read -r id type bcs; do
		ask "$id" object --type "$type" "$bcs"
		ask "$id" object --type "$type" "0x${bcs}00"
		ask "$id" object --type "$type" "${bcs%??}"
	done < <(vectors bcs-objects "select($type_name) | [.id, $type_name, .bcs]")
	answers bcs-objects "select($type_name) | {id, status: 0, out: .value},
		({id, status: 1, out: \"BAD_REQUEST\"} | ., .)" 45
	# the same for people
	jq -r '.vectors[] | select(.id == "BCS-003") | .bcs' "$vectors/bcs-objects.json" >hex
	run -0 llm-gateway inspect object --type channel - <hex
	[ "$(wc -l <<<"$output")" -gt 9 ]
	gw_json '.cancellation_info.pending_amount == "773161042697053761"' <<<"$output"
	refused BAD_REQUEST object --type hub "$(cat hex)"
	for bad in '' 0x 0xABC zz ' 00 00 '; do
		refused BAD_REQUEST object --type hub "$bad"
	done
}

@test "inspect object shows a DID document as the chain has it and in the W3C form" {
	while IFS=$'\t' read -r id bcs; do
		ask "$id" object --type did "$bcs"
	done < <(vectors did-documents '[.id, .bcs]')
	answers did-documents '{id, status: 0, out: (.decoded + {document})}' 7
	# what comes out goes into inspect auth
	jq -r '.vectors[] | select(.id == "DOC-001") | .bcs' "$vectors/did-documents.json" >hex
	llm-gateway inspect object --type did - <hex >both.json
	jq .document both.json >doc.json
	jq -r '.vectors[0].header' "$vectors/didauth.json" >header
	run -0 llm-gateway inspect auth --header - --did-document doc.json --now 1700000000 <header
}

@test "inspect voucher encodes and decodes every recorded SubRAV" {
	while IFS=$'\t' read -r id rav; do
		echo "$rav" >rav.json
		ask "$id" voucher --encode rav.json
	done < <(jq -r '.vectors[] | select(.kind != "signature") | .id + "\t" + (.subRav | tojson)' "$vectors/subrav.json")
	jq -c 'if .out.ok then .out |= .bcs else . end' got >bytes
	mv bytes got
	answers subrav 'select(.kind != "signature") | if .ok == false then {id, status: 1, out: "BAD_REQUEST"}
		else {id, status: 0, out: .bcs} end' 17
	while IFS=$'\t' read -r id bcs; do
		ask "$id" voucher --decode "0x$bcs"
		ask "$id" voucher --decode "${bcs%??}"
		ask "$id" voucher --decode "${bcs}00"
	done < <(vectors subrav 'select(.kind == "encoding") | [.id, .bcs]')
	answers subrav 'select(.kind == "encoding") | {id, status: 0, out: .subRav},
		({id, status: 1, out: "BAD_REQUEST"} | ., .)' 24
	# there and back, with the digest
	jq -r '.vectors[0].bcs' "$vectors/subrav.json" >hex
	llm-gateway inspect voucher --decode - <hex >rav.json
	run -0 llm-gateway inspect voucher --encode - <rav.json
	gw_is "$output" "$(cat hex)"
	run -0 llm-gateway inspect voucher --encode rav.json --json
	gw_is "$(jq -r .sha256 <<<"$output")" "$(jq -r '.vectors[0].sha256' "$vectors/subrav.json")"
	# digits that are none, half a byte; the length of the fragment, 0b, in two bytes
	refused BAD_REQUEST voucher --decode "$(cat hex)zz"
	refused BAD_REQUEST voucher --decode "$(cat hex)0"
	grep -q 0b6163636f756e74 hex
	refused BAD_REQUEST voucher --decode "$(sed s/0b6163636f756e74/8b006163636f756e74/ hex)"
	for bad in '' '{' '[]' '{}' 7; do
		echo "$bad" >bad.json
		run -1 llm-gateway inspect voucher --encode bad.json
	done
}

@test "inspect voucher gives the verdict that every recorded signature needs" {
	while IFS=$'\t' read -r id key type hex text; do
		echo "$hex" >hex.json
		echo "$text" >text.json
		ask "$id" voucher --verify hex.json --public-key "$key" --key-type "$type"
		ask "$id" voucher --verify text.json --public-key "$key" --key-type "$type"
	done < <(jq -r '.vectors[] | select(.kind == "signature") | [.id, .publicKeyMultibase, .keyType,
		({subRav, signature} | tojson), ({subRav, signature: .signatureMultibase} | tojson)] | join("\t")' \
		"$vectors/subrav.json")
	answers subrav 'select(.kind == "signature") | (if .verifiesWithKey
		then {id, status: 0, out: {ok: true, errorCode: null, subRav, chainAccepts,
		      normalisedLowS: (.normalisedLowS // .signature)}}
		else {id, status: 1, out: "INVALID_SIGNATURE"} end) | ., .' 70
	jq '.vectors[] | select(.id == "RAV-018") | {subRav, signature}' "$vectors/subrav.json" >good.json
	key=$(jq -r '.vectors[] | select(.id == "RAV-018") | .publicKeyMultibase' "$vectors/subrav.json")
	run -0 llm-gateway inspect voucher --verify - --public-key "$key" --key-type ed25519 <good.json
	[[ $output == valid* ]]
	# another version; no signature, or one that is too long; a key of another type, and none
	jq '.subRav.version = "2"' good.json >bad.json
	refused UNKNOWN_SUBRAV voucher --verify bad.json --public-key "$key" --key-type ed25519
	for change in 'del(.signature)' '.signature += "00"' '.signature = 7' '.signature = ""'; do
		jq "$change" good.json >bad.json
		refused INVALID_SIGNATURE voucher --verify bad.json --public-key "$key" --key-type ed25519
	done
	refused INVALID_SIGNATURE voucher --verify good.json --public-key "$key" --key-type secp256k1
	refused INVALID_SIGNATURE voucher --verify good.json --public-key "$key" --key-type p256
	for bad in z "${key#z}" "${key}1"; do
		refused INVALID_SIGNATURE voucher --verify good.json --public-key "$bad" --key-type ed25519
	done
	echo '{"subRav":' >bad.json
	refused invalid_json voucher --verify bad.json --public-key "$key" --key-type ed25519
}

@test "inspect payment decodes every recorded header, or refuses it as a gateway has to" {
	while IFS=$'\t' read -r id direction header; do
		ask "$id" payment "--$direction" "$header"
	done < <(vectors payment-headers '[.id, .direction, .header]')
	# the one header whose voucher has another version may have a code of its own
	sed -i s/UNKNOWN_SUBRAV/BAD_REQUEST/ got
	answers payment-headers 'if (if has("mustAccept") then .mustAccept else .decoded != null end)
		then {id, status: 0, out: (.decoded | .version = 1)}
		else {id, status: 1, out: "BAD_REQUEST"} end' 45
	# without --json for people
	jq -r '.vectors[] | select(.id == "HDR-004") | .header' "$vectors/payment-headers.json" >header
	run -0 llm-gateway inspect payment --request - <header
	[ "$(wc -l <<<"$output")" -gt 9 ]
	gw_json '.signedSubRav.subRav.nonce == "9679"' <<<"$output"
	run -1 --separate-stderr llm-gateway inspect payment --request ue30
	gw_is "$output" ""
	[[ $stderr == "llm-gateway: X-Payment-Channel-Data cannot be read: clientTxRef"* ]]
}

@test "inspect tx decodes every recorded transaction" {
	while IFS=$'\t' read -r id tx; do
		ask "$id" tx --decode "$tx"
		ask "$id" tx --decode "${tx%??}"
		ask "$id" tx --decode "0x${tx}00"
	done < <(vectors transactions '[.id, .rawTransaction]')
	# of the Bitcoin authenticator the vectors have no members
	jq -c 'if .status == 0 and .out.authenticatorParsed.authValidatorId != "4"
		then del(.out.authenticatorParsed) else . end' got >without
	mv without got
	answers transactions '{id, status: 0, out: {function, typeArgs, sender, sequenceNumber, chainId, maxGas,
		args, authenticatorParsed, transactionData, txHash, authenticator} | del(.[] | nulls)},
		({id, status: 1, out: "BAD_REQUEST"} | ., .)' 75
	jq -r '.vectors[0].rawTransaction' "$vectors/transactions.json" >hex
	run -0 llm-gateway inspect tx --decode - <hex
	[ "$(wc -l <<<"$output")" -gt 9 ]
	gw_json '.function == "0x3::payment_channel::claim_from_channel_entry"' <<<"$output"
}

@test "misuse of the inspections has exit status 2" {
	for command in 'id' 'id channel 0x1 0x2' 'id hub' 'id hub 0x1 0x2' 'id nothing 0x1' \
		'object' 'object --type hub' 'object 00' 'object --type nothing 00' 'object --type hub 00 00' \
		'tx' 'tx 00' 'tx --decode 00 00' \
		'payment' 'payment --request u --response u' 'payment u' \
		'voucher' 'voucher --decode 00 --encode x' 'voucher --decode 00 extra' 'voucher --encode /no/such/file' \
		'voucher --verify x' 'voucher --verify x --public-key z' 'voucher --decode 00 --key-type p256' \
		'voucher --verify x --public-key z --key-type rsa'; do
		# shellcheck disable=SC2086 # words on purpose
		run -2 llm-gateway inspect $command --json
	done
	for command in id object payment voucher tx; do
		run -0 llm-gateway inspect "$command" --help
		[[ $output == "Usage: llm-gateway inspect $command "* ]]
	done
	# more than anybody needs
	head -c 1100000 /dev/zero | tr '\0' 0 >long
	run -2 llm-gateway inspect object --type hub - <long
	run -2 llm-gateway inspect payment --request - <long
	run -2 llm-gateway inspect voucher --encode - <long
}
