#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Who is let in: the Authorization header in front of a responder.

bats_require_minimum_version 1.5.0
load lib/gw
load lib/gateway

DID=did:rooch:rooch13r85wqeax2j3dse7ty65kz74drc7cfzur8jqr4ws4marlp7jr09s7yh4kl
MODELS=/openai/v1/models

setup() {
	gateway_world
	mkdir docs
	export DID_DOCUMENTS_DIR=$GW_DIR/docs
	gateway_start openai
	document=docs/${DID##*:}.json
}

teardown() {
	gw_end
}

# try HEADER: status and message of the answer
try() {
	fcgicat -H "Authorization: $1" openai.sock "$MODELS" >answer
	echo "$(answer_status answer) $(body <answer | jq -r '.error.message? // empty')"
}

seen() { # seen N: so many requests reached the provider
	gw_is "$(curl -sS "$MOCK/mock/count")" "$1"
}

@test "credentials that are missing, of another kind or doubled are refused before anything is asked" {
	good=$(didauth)
	while IFS='|' read -r header code; do
		gw_is "$(try "$header" | sed 's/:.*//')" "401 $code"
		gw_is "$(answer_header WWW-Authenticate answer)" DIDAuthV1
		gw_json '.success == false and .error.code == "UNAUTHORIZED" and .error.httpStatus == 401' <(body <answer)
		gw_is "$(answer_header X-Payment-Channel-Data answer)" ""
	done <<-E
		|INVALID_HEADER
		Bearer sk-canary|INVALID_HEADER
		Bearer sk-canary, $good|INVALID_HEADER
		$good, Bearer sk-canary|INVALID_BASE64
		didauthv1 ${good#* }|INVALID_HEADER
		DIDAuthV1 ${good:11}|INVALID_BASE64
		DIDAuthV1 uAAAA|INVALID_JSON
		DIDAuthV1 u$(printf '{"signature":{}}' | basenc --base64url -w0 | tr -d =)|MISSING_SIGNATURE
		DIDAuthV1 u$(printf '{"signature":{"value":"u"}}' | basenc --base64url -w0 | tr -d =)|INVALID_JSON
		$(didauth -a 400)|TIMESTAMP_OUT_OF_WINDOW
		$(didauth -a -400)|TIMESTAMP_OUT_OF_WINDOW
		$(didauth -n "$DID")|DID_DOCUMENT_NOT_FOUND
	E
	[[ $(try "Bearer sk-canary, $good") == *"has to drop those that its SDK adds"* ]]
	run -1 grep -r sk-canary answer openai.err
	fcgicat openai.sock "$MODELS" >answer
	gw_is "$(answer_status answer)" 401
	seen 0
	gw_is "$(try "$good")" "200 "
	seen 1
}

@test "a header is good for one request, whichever process it meets, also after a restart" {
	header=$(didauth)
	gw_is "$(try "$header")" "200 "
	[[ $(try "$header") == "401 NONCE_REPLAYED: "* ]]
	OPENAI_API_KEY=sk-other OPENAI_BASE_URL=$MOCK gw_responder other openai.fcgi
	fcgicat -H "Authorization: $header" other.sock "$MODELS" >answer
	[[ $(body <answer) == *NONCE_REPLAYED* ]]
	gw_stop openai
	gateway_start openai
	[[ $(try "$header") == "401 NONCE_REPLAYED: "* ]]
	seen 1
	gw_is "$(try "$(didauth)")" "200 "
}

@test "a spent nonce is kept for as long as a request with it may still be on its way" {
	gw_stop openai
	sqlite3 gateway.db "insert into auth_nonce (nonce_hash, expires_s) values
		(zeroblob(32), unixepoch() - 100), (randomblob(32), unixepoch() - 4000)"
	gateway_start openai
	gw_is "$(rows 'select unixepoch() - expires_s < 4000 from auth_nonce')" 1
	gw_stop openai
	# a body may take an hour: so may a nonce
	sqlite3 gateway.db "insert into auth_nonce (nonce_hash, expires_s) values (randomblob(32), unixepoch() - 3000)"
	BODY_TIMEOUT_MS=3600000 gateway_start openai
	gw_is "$(rows 'select count(*) from auth_nonce')" 2
}

@test "two processes that get a header at the same moment serve one of the two" {
	OPENAI_API_KEY=sk-other OPENAI_BASE_URL=$MOCK gw_responder other openai.fcgi
	for _ in 1 2 3 4 5; do
		header=$(didauth)
		fcgicat -H "Authorization: $header" openai.sock "$MODELS" >a &
		first=$!
		fcgicat -H "Authorization: $header" other.sock "$MODELS" >b
		wait "$first"
		gw_is "$(grep -ho '^Status: [0-9]*' a b | sort | paste -sd ' ')" 'Status: 200 Status: 401'
	done
}

@test "keys come from the directory of documents; one that was just added counts at once" {
	[[ $(try "$(didauth -n "$DID")") == "401 DID_DOCUMENT_NOT_FOUND: "* ]]
	didauth -n "$DID" -W >"$document"
	gw_is "$(try "$(didauth -n "$DID")")" "200 "
	# the same name for another key: the document says otherwise
	[[ $(try "$(didauth -n "$DID" -k 2)") == "401 SIGNATURE_VERIFICATION_FAILED: "* ]]
	gw_is "$(rows "select distinct did from usage")" "$DID"
}

@test "a document that cannot be read is no verdict on the client" {
	echo '{' >"$document"
	fcgicat -H "Authorization: $(didauth -n "$DID")" openai.sock "$MODELS" >answer
	gw_is "$(answer_status answer)" 503
	gw_json '.error.code == "SERVICE_UNAVAILABLE"' <(body <answer)
	[[ $(cat answer) != *docs* ]]
	didauth -n "$DID" -W >"$document"
	gw_is "$(try "$(didauth -n "$DID")")" "200 "
	# what was read is used while the directory is damaged
	echo '{' >"$document"
	gw_is "$(try "$(didauth -n "$DID")")" "200 "
	seen 2
}
