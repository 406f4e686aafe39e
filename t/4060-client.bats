#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# llm-gateway-client, with the mock provider in the place of a gateway: what a person sees and scripts rely on.

bats_require_minimum_version 1.5.0
load lib/gw

setup() {
	gw_world
	gw_spawn mock mockllm --port-file port --delay 0
	gw_wait_up mock 10 test -s port
	LLM_GATEWAY_URL=http://127.0.0.1:$(cat port)
	export LLM_GATEWAY_URL XDG_CONFIG_HOME=$GW_DIR/config
	unset LLM_GATEWAY_KEY_FILE
	llm-gateway-client wallet new >key.out
}

teardown() {
	gw_end
}

order() { # order QUERY [CURL ARGUMENT...]
	local query=$1
	shift
	curl -sS --fail-with-body -X POST "$@" "$LLM_GATEWAY_URL/mock/next?$query"
}

mock() { # mock PATH
	curl -sS "$LLM_GATEWAY_URL/mock/$1"
}

@test "wallet new makes a did:key in a file for the user alone and never overwrites it" {
	grep -q '^DID: *did:key:z' key.out
	file=config/llm-gateway-client/key.json
	gw_is "$(stat -c %a "$file")" 600
	gw_is "$(stat -c %a config/llm-gateway-client)" 700
	gw_json '.keyId | test("^did:key:(z[^#]+)#\\1$")' "$file"
	before=$(cat "$file")
	run -1 llm-gateway-client wallet new
	[[ $output == *"exists; a key is not overwritten"* ]]
	gw_is "$(cat "$file")" "$before"
	run -0 llm-gateway-client wallet show
	gw_is "$output" "$(cat key.out)"
	private=$(jq -r .privateKeyMultibase "$file")
	[[ $output != *"$private"* ]]
	chmod 644 "$file"
	run -1 llm-gateway-client wallet show
	[[ $output == *"can be read by others"* ]]
	echo '{"keyId":1}' >"$file"
	chmod 600 "$file"
	run -1 llm-gateway-client chat hi
	[[ $output == *"not a key file"* ]]
	rm "$file"
	run -1 llm-gateway-client chat hi
	[[ $output == *wallet* ]]
}

@test "wallet new takes each type and writes the document of another DID" {
	for type in secp256k1 ed25519 p256 Ed25519VerificationKey2020; do
		run -0 llm-gateway-client wallet new --json --type "$type" --out "$type.json"
		gw_json '.did | startswith("did:key:z")' <<<"$output"
	done
	did=did:rooch:rooch1example
	run -0 llm-gateway-client wallet new --json --did "$did#key-7" --out other.json --document doc.json
	gw_json '.did == "did:rooch:rooch1example" and .fragment == "key-7"' <<<"$output"
	gw_json '.id == "did:rooch:rooch1example" and .authentication == [.id + "#key-7"]' doc.json
	gw_json '.verificationMethod[0] | .id == "did:rooch:rooch1example#key-7" and (.publicKeyMultibase | startswith("z"))' doc.json
	run -2 llm-gateway-client wallet new --type rsa --out x.json
	[[ $output == *"known are secp256k1, ed25519, p256"* ]]
	run -2 llm-gateway-client wallet new --did nonsense --out x.json
	run -2 llm-gateway-client wallet
	[ ! -e x.json ]
}

@test "chat streams the text of every provider and says tokens on standard error" {
	for provider in openai openrouter litellm claude gemini; do
		run -0 --separate-stderr llm-gateway-client chat --provider "$provider" --max-tokens 4 three words here
		gw_is "$output" 'Hello! This is the'
		if [ "$provider" = openai ] || [ "$provider" = litellm ] || [ "$provider" = openrouter ]; then
			[[ $stderr == "["*" s]" ]]
		else
			[[ $stderr == "[3 tokens in, 4 out, "*" s]" ]]
		fi
		run -0 --separate-stderr llm-gateway-client chat -p "$provider" --max-tokens 4 --no-stream three words here
		gw_is "$output" 'Hello! This is the'
		[[ $stderr == "[3 tokens in, 4 out, "*" s]" ]]
	done
	mock 'head?n=1' | grep -q '^Authorization: DIDAuthV1 u'
	run -0 --separate-stderr llm-gateway-client chat --json --max-tokens 2 -p claude hi there
	gw_json '.text == "Hello! This" and .input_tokens == 2 and .output_tokens == 2 and .status == 200' <<<"$output"
	gw_is "$stderr" ""
}

@test "each request is signed anew, and a gateway that allows did:key accepts it" {
	for type in secp256k1 ed25519 p256; do
		llm-gateway-client wallet new --type "$type" --out "$type.json" --document "$type.doc" >/dev/null
		for n in 1 2; do
			run -0 llm-gateway-client chat -q --key "$type.json" --max-tokens 1 hi
			mock head | tr -d '\r' | sed -n 's/^Authorization: //p' >"header$n"
			run -0 llm-gateway inspect auth --json --allow-did-key --header - <"header$n"
			gw_json ".signerDid == $(jq .keyId "$type.json" | sed 's/#.*/"/')" <<<"$output"
		done
		run -1 cmp -s header1 header2
		# of a DID with a document
		did=did:rooch:rooch13r85wqeax2j3dse7ty65kz74drc7cfzur8jqr4ws4marlp7jr09s7yh4kl
		llm-gateway-client wallet new --type "$type" --did "$did#k" --out "$type.rooch" --document doc >/dev/null
		run -0 llm-gateway-client raw --key "$type.rooch" GET '/openai/v1/models?a=1'
		mock head | tr -d '\r' | sed -n 's/^Authorization: //p' >header
		run -0 llm-gateway inspect auth --json --header - --did-document doc <header
		gw_json ".keyId == \"$did#k\"" <<<"$output"
		run -1 llm-gateway inspect auth --header - --did-document doc --now 1 <header
		rm doc
	done
}

@test "chat sends what it was told, from arguments and from standard input" {
	run -0 llm-gateway-client chat -q -m some-model --system 'be "brief"' --max-tokens 3 - 'and this' <<<'from a pipe'
	gw_json '.model == "some-model" and .stream == true and .max_tokens == 3' <(mock body)
	gw_json '.messages == [{role:"system",content:"be \"brief\""},{role:"user",content:"from a pipe\n and this"}]' <(mock body)
	run -0 llm-gateway-client chat -q -p claude --system s hi
	gw_json '.system == "s" and .max_tokens == 1024 and (.messages | length) == 1' <(mock body)
	run -0 llm-gateway-client chat -q -p gemini -m g-1 --system s hi
	gw_json '.systemInstruction.parts[0].text == "s" and .contents[0].parts[0].text == "hi"' <(mock body)
	mock head | grep -q '^POST /gemini/v1beta/models/g-1:streamGenerateContent?alt=sse '
}

@test "the payment frame is not part of the text; its cost is told" {
	frame=$(printf '{"version":1,"clientTxRef":"x","cost":"75","costUsd":"7500000000"}' | basenc --base64url -w0 | tr -d =)
	order 'header=Content-Type:%20text/event-stream&sizes=1' --data-binary "$(
		printf 'data: {"choices":[{"delta":{"content":"A"}}]}\n\ndata: {"choices":[{"delta":{"content":"B"},"finish_reason":"stop"}]}\n\n'
		printf 'data: [DONE]\n\n\n\ndata: {"nuwa_payment_header":"u%s"}\n\n.' "$frame"
	)"
	run -0 --separate-stderr llm-gateway-client chat hi
	gw_is "$output" AB
	[[ $stderr == "[0.0075 USD, 75 asset units, "* ]]
	order "header=X-Payment-Channel-Data:%20u$frame&header=Content-Type:%20application/json" \
		-d '{"choices":[{"message":{"content":"C"},"finish_reason":"stop"}]}'
	run -0 --separate-stderr llm-gateway-client chat --no-stream hi
	gw_is "$output" C
	[[ $stderr == "[0.0075 USD, 75 asset units, "* ]]
}

@test "a refusal shows the code and message of whoever refused, with exit status 1" {
	while IFS='|' read -r body wanted; do
		order 'status=429' -d "$body"
		run -1 --separate-stderr llm-gateway-client chat hi
		gw_is "$output" ""
		[[ $stderr == *"llm-gateway-client: 429 $wanted" ]] || gw_is "$stderr" "$wanted"
	done <<-'E'
		{"success":false,"error":{"code":"UNAUTHORIZED","message":"INVALID_HEADER: x","httpStatus":401}}|UNAUTHORIZED: INVALID_HEADER: x
		{"error":{"message":"slow","type":"rate_limit","param":null,"code":null}}|rate_limit: slow
		{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}|overloaded_error: Overloaded
		[{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}]|429: quota
		{"success":false,"error":"plain words"}|plain words
		not JSON|the answer is not JSON
	E
	order 'status=200&header=Content-Type:%20text/event-stream' --data-binary $'event: error\ndata: {"type":"error","error":{"type":"t","message":"mid"}}\n\n'
	run -1 --separate-stderr llm-gateway-client chat hi
	[[ $stderr == *"200 t: mid" ]]
	order 'status=503'
	run -1 --separate-stderr llm-gateway-client chat --json hi
	gw_json '.status == 503 and .error.code == "mock_503"' <<<"$output"
}

@test "an answer that breaks off is not passed off as whole" {
	order 'end=abrupt&after=300&output=20'
	run -1 --separate-stderr llm-gateway-client chat hi
	[[ $output == Hello!* ]]
	[[ $stderr == *"the answer broke off"* ]]
	order 'status=200&header=Content-Type:%20text/event-stream' --data-binary $'data: {"choices":[{"delta":{"content":"half"}}]}\n\n'
	run -1 --separate-stderr llm-gateway-client chat hi
	gw_is "$output" half
	[[ $stderr == *"ended before its end"* ]]
	run -1 llm-gateway-client chat --gateway http://127.0.0.1:1 hi
	[[ $output == *"no connection to the gateway at http://127.0.0.1:1"* ]]
}

@test "raw sends any request and prints the answer to the byte" {
	printf '{"model":"m","input":"a b"}' >body.json
	run -0 llm-gateway-client raw POST '/openai/v1/embeddings?x=1' --body body.json -H 'X-One: 1' -H 'X-Two: 2'
	gw_json '.usage.prompt_tokens == 2' <<<"$output"
	mock head >head
	grep -q '^POST /openai/v1/embeddings?x=1 ' head
	grep -q '^X-One: 1' head
	grep -q '^X-Two: 2' head
	grep -q '^Content-Type: application/json' head
	mock body | cmp - body.json
	printf '\0\1\377\r\n' >bytes
	order 'header=Content-Type:%20application/octet-stream' --data-binary @bytes
	llm-gateway-client raw --no-sign GET /anything >got
	cmp bytes got
	mock head >head
	run -1 grep Authorization head
	run -0 llm-gateway-client raw --include GET /openai/v1/models
	[[ $output == *"x-request-id: req_mock"*"status: 200"*'"object":"list"'* ]]
	run -0 llm-gateway-client raw --json GET /openai/v1/models
	gw_json '.status == 200 and (.headers | length) > 2 and (.body | fromjson | .object == "list")' <<<"$output"
	run -1 --separate-stderr llm-gateway-client raw GET /nothing/here
	[[ $stderr == *"the gateway answered 404"* ]]
}

@test "misuse has exit status 2 and says what to do" {
	run -2 llm-gateway-client
	run -2 llm-gateway-client chta hi
	[[ $output == *"did you mean"*chat* ]] || [[ $output == *chat* ]]
	run -2 llm-gateway-client chat
	run -2 llm-gateway-client chat --provider nobody hi
	[[ $output == *"known are openai"* ]]
	run -2 llm-gateway-client chat --gateway ftp://x hi
	run -2 llm-gateway-client chat --max-tokens 0 hi
	run -2 llm-gateway-client raw get /x
	run -2 llm-gateway-client raw GET x
	run -2 llm-gateway-client raw POST /x --body /no/such/file
	[[ $output == *"/no/such/file: No such file"* ]]
	run -2 llm-gateway-client raw POST /x --body - --data y
	run -2 llm-gateway-client raw GET /x --header nonsense
	for command in "" wallet fund open chat raw balance commit history; do
		run -0 llm-gateway-client $command --help
		[[ $output == Usage:* ]]
	done
	run -0 llm-gateway-client --version
	[[ $output == "llm-gateway-client "* ]]
}
