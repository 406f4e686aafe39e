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

kept() { # kept N: so many spent nonces
	[ "$(rows 'select count(*) from auth_nonce')" = "$1" ]
}

@test "a spent nonce is kept for as long as a request with it may still be on its way" {
	gw_stop openai
	sqlite3 gateway.db "insert into auth_nonce (nonce_hash, expires_s) values
		(zeroblob(32), unixepoch() - 100), (randomblob(32), unixepoch() - 4000)"
	gateway_start openai
	gw_wait_for 10 kept 1
	gw_is "$(rows 'select unixepoch() - expires_s < 4000 from auth_nonce')" 1
	gw_stop openai
	# a body may take an hour: so may a nonce
	sqlite3 gateway.db "insert into auth_nonce (nonce_hash, expires_s) values (randomblob(32), unixepoch() - 3000), (randomblob(32), unixepoch() - 9000)"
	BODY_TIMEOUT_MS=3600000 gateway_start openai
	gw_wait_for 10 kept 2
	gw_is "$(rows 'select count(*) from auth_nonce where unixepoch() - expires_s > 2900')" 1
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

# Time flies here, too: those whose time is at a border are for `inspect auth`. HTTP takes a blank at the end away.
@test "recorded headers get the recorded verdict, and an audience may be the last of many names" {
	local n=0 id code header did json
	gw_stop openai
	while IFS=$'\t' read -r did json; do
		echo "$json" >"docs/${did##*:}.json"
	done < <(jq -r '.vectors[] | [.did, (.document | tojson)] | join("\t")' "$GW_SRCDIR/t/vectors/did-documents.json")
	AUDIENCES=$(printf 'https://gw-%d.example/,' $(seq 40))did:rooch:someone GW_CLOCK_OFFSET_S=$((1700000000 - $(date +%s))) \
		gateway_start openai
	while IFS=$'\t' read -r id code header; do
		n=$((n + 1))
		# some have the nonce of others
		sqlite3 -cmd '.timeout 5000' gateway.db 'delete from auth_nonce'
		if [ "$code" = null ]; then
			gw_is "$id $(try "$header")" "$id 200 "
		else
			[[ $(try "$header") == "401 $code: "* ]] || gw_is "$id $(try "$header")" "401 $code"
		fi
	done < <(jq -r '.vectors[] | select(.header != null and .now == 1700000000 and .didDocumentInline == null
		and ([.id] | inside(["AUTH-018", "AUTH-019", "AUTH-021", "AUTH-022", "AUTH-054"]) | not)
		and (.header | endswith(" ") | not) and ([.didDocuments[]?] | length) > 0) | [.id, (.required.errorCode // "null"), .header] | join("\t")' "$GW_SRCDIR/t/vectors/didauth.json")
	[ "$n" -ge 40 ]
	header=$(jq -r '.vectors[] | select(.id == "AUTH-010") | .header' "$GW_SRCDIR/t/vectors/didauth.json")
	sqlite3 -cmd '.timeout 5000' gateway.db 'delete from auth_nonce'
	gw_is "$(try "$header")" "200 "
	[[ $(try "$header") == "401 NONCE_REPLAYED: "* ]]
	gw_stop openai
	AUDIENCES=https://gw-1.example GW_CLOCK_OFFSET_S=$((1700000000 - $(date +%s))) gateway_start openai
	[[ $(try "$header") == "401 AUDIENCE_MISMATCH: "* ]]
}

full() { # full STATUS: what the next signed request gets
	[[ $(try "$(didauth)") == "$1 "* ]]
}

@test "no more nonces are remembered than MAX_NONCES, and none is forgotten before its time" {
	gw_stop openai
	MAX_NONCES=3 gateway_start openai
	first=$(didauth)
	gw_is "$(try "$first")" "200 "
	gw_is "$(try "$(didauth)")" "200 "
	[[ $(try 'DIDAuthV1 uAAAA') == 401* ]]
	gw_is "$(try "$(didauth)")" "200 "
	[[ $(try "$(didauth)") == "503 "*"try again later"* ]]
	full 503
	grep -q 'alarm: too many signed requests' openai.err
	gw_is "$(rows "select count(*) from auth_nonce")" 3
	seen 3
	# others use the same table: it is counted, not what one process has seen
	gw_stop openai
	MAX_NONCES=3 gateway_start openai
	full 503
	# their time passes
	sqlite3 -cmd '.timeout 5000' gateway.db 'update auth_nonce set expires_s = 1'
	gw_wait_for 30 full 200
}
