#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the operator's commands say about headers and keys: inspect auth, inspect key, keygen.

bats_require_minimum_version 1.5.0
load lib/gw

setup() {
	gw_world
	vectors=$GW_SRCDIR/t/vectors
}

teardown() {
	gw_end
}

# document DID: its document out of the vectors
document() {
	jq -e --arg did "$1" '.vectors[] | select(.did == $did) | .document' "$vectors/did-documents.json"
}

keygen() { # keygen FILE ARGUMENT...: the key goes to FILE
	local file=$1
	shift
	llm-gateway keygen "$@" >"$file" 2>"$file.about"
}

@test "inspect auth gives the verdict that every recorded header needs" {
	n=0
	while IFS=$'\t' read -r did json; do
		echo "$json" >"${did##*:}.json"
	done < <(jq -r '.vectors[] | [.did, (.document | tojson)] | join("\t")' "$vectors/did-documents.json")
	while IFS=$'\t' read -r id json; do
		echo "$json" >"$id.json"
	done < <(jq -r '.vectors[] | select(.didDocumentInline) | [.id, (.didDocumentInline | tojson)] | join("\t")' \
		"$vectors/didauth.json")
	while IFS=$'\t' read -r id code now dids header; do
		n=$((n + 1))
		files=()
		for did in $dids; do
			files+=(--did-document "${did##*:}.json")
		done
		# the source that answers with another document
		[ "$id" != AUTH-054 ] || files=(--did-document "$other.json")
		[ "$id" != AUTH-001 ] || other=$(jq -r '.vectors[1].identifier' "$vectors/did-documents.json")
		run --separate-stderr llm-gateway inspect auth --json --header "$header" "${files[@]}" --now "$now" \
			--audience did:rooch:someone
		gw_is "$stderr" ""
		if [ "$code" = null ]; then
			[[ "$status $output" == '0 {"ok":true,"errorCode":null,"signerDid":"did:rooch:rooch1'* ]] ||
				gw_is "$id $status $output" valid
		else
			[[ "$status $output" == "1 {\"ok\":false,\"errorCode\":\"$code\",\"message\":\"$code: "* ]] ||
				gw_is "$id $status $output" "$code"
		fi
	done < <(jq -r '.vectors[] | select(.header != null) | [.id, (.required.errorCode // "null"), .now,
		((.didDocuments // [.id]) | join(" ") | if . == "" then " " else . end), .header] | join("\t")' "$vectors/didauth.json")
	[ "$n" -ge 60 ]
}

@test "inspect auth says in words who signed, or why not" {
	jq -r '.vectors[0] | .header' "$vectors/didauth.json" >header
	document "$(jq -r '.vectors[0].didDocuments[0]' "$vectors/didauth.json")" >doc.json
	run -0 llm-gateway inspect auth --header - --did-document doc.json --now 1700000000 <header
	[[ $output == valid$'\n'"signer:     did:rooch:rooch13r85"*account-key*Ed25519* ]]
	run -1 --separate-stderr llm-gateway inspect auth --header "$(cat header)" --did-document doc.json
	gw_is "$output" ""
	[[ $stderr == "llm-gateway: TIMESTAMP_OUT_OF_WINDOW: "* ]]
	run -1 --separate-stderr llm-gateway inspect auth --header "Bearer x, $(cat header)" --did-document doc.json
	[[ $stderr == *"INVALID_HEADER"*"has to drop"* ]]
	run -1 --separate-stderr llm-gateway inspect auth --header "$(cat header)" --now 1700000000
	[[ $stderr == *DID_DOCUMENT_NOT_FOUND* ]]
	run -1 --separate-stderr llm-gateway inspect auth --header "$(cat header)" --did-document /dev/null --now 1700000000
	[[ $stderr == *DID_DOCUMENT_NOT_FOUND* ]]
	# several documents, in any order
	document did:rooch:rooch1q9m7a9h4sp348a8rdjkgwgxscdad3h4znmq37y24mhqmpp6nqc0ss920ar >other.json
	run -0 llm-gateway inspect auth --header - --did-document other.json --did-document doc.json --now 1700000000 <header
}

@test "inspect key says whose key it is and never shows the private part" {
	while IFS=$'\t' read -r id accept private did fragment key; do
		status=0
		llm-gateway inspect key --service-key-stdin --json <<<"$key" >out 2>err || status=$?
		gw_is "$id $status" "$id $([ "$accept" = true ] && echo 0 || echo 1)"
		[ "$private" = - ] || [[ $(cat out err) != *"$private"* ]]
		if [ "$accept" = true ]; then
			[[ $(<out) == "{\"ok\":true,\"did\":\"$did\",\"fragment\":\"$fragment\","* ]]
		else
			[[ $(<out) == '{"ok":false,"errorCode":"BAD_REQUEST","message":"the key is not valid: '* ]]
		fi
	done < <(jq -r '.vectors[] | select(.mustAccept != null) | [.id, .mustAccept,
		(if (.storedKey | type) == "object" and (.storedKey.privateKeyMultibase // "" | length) > 8
		 then .storedKey.privateKeyMultibase else "-" end),
		.did // "-", .fragment // "-", .serviceKey] | join("\t")' "$vectors/service-keys.json")
	jq -rj '.vectors[0].serviceKey' "$vectors/service-keys.json" >key
	run -0 llm-gateway inspect key --service-key-stdin <key
	[[ $output == "DID:         did:rooch:rooch13agfd6"*"#account-key"*Ed25519* ]]
	run -2 llm-gateway inspect key
	run -2 llm-gateway inspect key --service-key-stdin "$(cat key)"
	head -c 20000 /dev/zero | tr '\0' 2 >long
	run -2 llm-gateway inspect key --service-key-stdin <long
}

@test "keygen makes a key of each type for a DID, and for one that it makes up" {
	did=did:rooch:rooch13r85wqeax2j3dse7ty65kz74drc7cfzur8jqr4ws4marlp7jr09s7yh4kl
	for type in secp256k1 ed25519 p256 EcdsaSecp256r1VerificationKey2019; do
		keygen key --key-id "$did#claims" --type "$type"
		gw_is "$(wc -l <key)" 1
		run -0 llm-gateway inspect key --service-key-stdin <key
		gw_is "$output" "$(cat key.about)"
		[[ $output == *"$did#claims"* ]]
	done
	keygen key
	keygen other
	[ "$(grep ^DID: key.about)" != "$(grep ^DID: other.about)" ]
	[[ $(cat key.about) == *"DID:         did:rooch:rooch1"*"#account-key"*EcdsaSecp256k1* ]]
	run -0 --separate-stderr llm-gateway keygen --json
	gw_is "$stderr" ""
	jq -r .serviceKey <<<"$output" >key
	llm-gateway inspect key --service-key-stdin --json <key >again
	gw_is "$(jq -S . again)" "$(jq -S 'del(.serviceKey)' <<<"$output")"
}

@test "keygen can write the document for a directory of documents, over nothing" {
	keygen key --document doc.json
	did=$(jq -r .id doc.json)
	grep -qF "$did" key.about
	gw_json '.authentication == [.id + "#account-key"] and .verificationMethod[0].type == "EcdsaSecp256k1VerificationKey2019"' doc.json
	run -1 llm-gateway keygen --document doc.json
	[[ $output == *"doc.json: File exists"* ]]
	run -1 llm-gateway keygen --document none/doc.json
}

@test "misuse of keygen and inspect has exit status 2" {
	run -2 llm-gateway keygen --key-id did:rooch:rooch1example#k
	[[ $output == *"is not did:rooch:ADDRESS#FRAGMENT"* ]]
	run -2 llm-gateway keygen --key-id did:rooch:rooch13r85wqeax2j3dse7ty65kz74drc7cfzur8jqr4ws4marlp7jr09s7yh4kl
	run -2 llm-gateway keygen --key-id did:key:z6MkpnQohbv6TZfo3nDNAcwquwmFEY641Tx1HJDSpx9mofD8#k
	run -2 llm-gateway keygen --type rsa
	[[ $output == *"known are secp256k1, ed25519, p256"* ]]
	run -2 llm-gateway keygen extra
	run -2 llm-gateway inspect
	run -2 llm-gateway inspect atuh
	[[ $output == *"did you mean auth?"* ]]
	run -2 llm-gateway inspect auth
	run -2 llm-gateway inspect auth --header x --did-document /no/such/file
	[[ $output == *"/no/such/file: No such file"* ]]
	echo '{"id":7}' >doc.json
	run -2 llm-gateway inspect auth --header x --did-document doc.json
	run -2 llm-gateway inspect auth --header x --now never
	for command in keygen inspect 'inspect auth' 'inspect key'; do
		run -0 llm-gateway $command --help
		[[ $output == Usage:* ]]
	done
}
