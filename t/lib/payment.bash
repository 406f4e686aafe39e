# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# payment - a ledger with a payer and its channel, in front of which responders take payment.
#
#	load lib/gw
#	load lib/devnode
#	load lib/gateway
#	load lib/payment
#	setup()    { payment_world; payment_start openai; }
#	teardown() { gw_end; }
#
# PAYER and SERVICE_DID are DIDs of the ledger, CHANNEL the id of their channel; the payer's key is
# number 1 of didauth and payer. ANSWER is the newest payment header that was told.

payment_did() { # payment_did N: a DID whose account-key is key number N
	local key
	key=$(didauth -k "$1" -n did:rooch:x -W | jq -r '.verificationMethod[0].publicKeyMultibase')
	devnode_control did "{\"keys\":[{\"fragment\":\"account-key\",\"type\":\"EcdsaSecp256k1VerificationKey2019\",
		\"public_key\":\"$key\"}]}" | jq -r .did
}

payment_world() {
	gateway_world
	devnode_start
	PAYER=$(payment_did 1)
	SERVICE_DID=$(payment_did 9)
	export PAYMENT=on SERVICE_DID ROOCH_NETWORK=local ROOCH_NODE_URL=$DEVNODE_URL MIN_CLAIM_AMOUNT=100
	# FORGETS: the ledger is changed under the gateway's eyes, so what it has read does not count for long; but long
	# enough for a request on a slow machine
	export CHAIN_FRESH_MS=100 CHAIN_STALE_MS=${FORGETS:+$((1000 * GW_PATIENCE))}
	CHAIN_STALE_MS=${CHAIN_STALE_MS:-30000}
	payment_hub 1000000000
	payer -n "$PAYER" -u "$DEVNODE_URL" -s "$SERVICE_DID" open
	# shellcheck disable=SC2034
	CHANNEL=$(llm-gateway inspect id channel "$PAYER" "$SERVICE_DID" 0x3::gas_coin::RGas --json | jq -r .objectId)
	ANSWER=
}

payment_hub() { # payment_hub UNITS: the payer's deposit
	devnode_control hub "{\"owner\":\"$PAYER\",\"amount\":\"$1\"}" >/dev/null
	[ -z "${CHANNEL:-}" ] || payment_forget
}

# payment_forget: until what was read of the ledger is too old to be used; for a world with FORGETS.
payment_forget() {
	gw_is "${FORGETS:-}" yes && gw_wait_for 10 payment_aged
}
payment_aged() {
	[ "$(rows "select (julianday('now') - 2440587.5) * 86400000 - max(read_ms) > $CHAIN_STALE_MS + 50 from channel")" = 1 ]
}

# payment_start NAME: NAME.fcgi, of a provider or another one.
payment_start() {
	case $1 in
	payment-channel) gw_responder payment-channel payment-channel.fcgi ;;
	*) gateway_start "$@" ;;
	esac
}

# paid_ask RESPONDER PATH [FCGICAT OPTION...]: signed by the payer, without a payment header.
paid_ask() {
	local name=$1 path=$2
	shift 2
	fcgicat -H "Authorization: $(didauth -n "$PAYER")" "$@" "$GW_DIR/$name.sock" "$path"
}

# answer_value: the payment header in the file out.
answer_value() {
	answer_header x-payment-channel-data out
}

# pay RESPONDER PATH [FCGICAT OPTION...]: with the voucher for what ANSWER proposes; the answer is in the
# file out, its payment header in ANSWER. PAYER_MAX: the payer's limit.
pay() {
	local name=$1 path=$2 value
	shift 2
	paid_ask "$name" "$path" -H "X-Payment-Channel-Data: $(payer -m "${PAYER_MAX:-0}" header "$ANSWER")" "$@" >out
	value=$(answer_value)
	ANSWER=${value:-$ANSWER}
}

# unpaid: as pay, without a voucher.
unpaid() {
	ANSWER='' pay "$@"
	ANSWER=$(answer_value)
}

# told: what ANSWER says, as JSON.
told() {
	llm-gateway inspect payment --response "$(answer_value)"
}

# payment_setup: for a file that breaks paid requests off: one is served and its proposal open, and the mock has
# forgotten it. CHAT is the path, ROW what a usage row is looked at for, STREAM the body of a streamed question.
payment_setup() {
	# shellcheck disable=SC2034
	CHAT=/openai/v1/chat/completions ROW='state, outcome, cost_pico, hex(cost_asset)'
	# shellcheck disable=SC2034
	STREAM=$(chat_body gpt-4o-mini ',"stream":true')
	gw_need sqlite3 jq
	payment_world
	payment_start openai
	pay openai $CHAT -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 200 ]
	# shellcheck disable=SC2153 # MOCK is meant
	curl -sS -X POST "$MOCK/mock/reset"
}

# paying FILE [FCGICAT OPTION...]: as pay, of openai's chat, in the background; its answer in FILE, its
# process in ASKED.
paying() {
	local file=$1 header
	shift
	header=$(payer header "$ANSWER")
	paid_ask openai /openai/v1/chat/completions -H "X-Payment-Channel-Data: $header" "$@" >"$file" 3>&- &
	# shellcheck disable=SC2034
	ASKED=$!
}

# kill_responder: openai, as it stands; again: another one, for which the lease of the dead has passed
kill_responder() {
	gw_expect openai any
	gw_stop openai KILL
}

again() {
	sqlite3 -cmd '.timeout 5000' gateway.db "update process_lease set until_ms = 1"
	rm -f openai.sock
	payment_start openai
	gw_wait_for 10 rows_closed
}
rows_closed() {
	[ "$(rows "select count(*) from usage where state = 0")" = 0 ]
}

# lock_store, unlock_store: nobody else can write meanwhile
lock_store() {
	local got
	coproc LOCK { sqlite3 -cmd '.timeout 60000' gateway.db 2>&1; }
	echo 'BEGIN IMMEDIATE; SELECT 1;' >&"${LOCK[1]}"
	read -r -u "${LOCK[0]}" got
	gw_is "$got" 1
}
unlock_store() {
	echo 'COMMIT;' >&"${LOCK[1]}"
	eval "exec ${LOCK[1]}>&-"
	wait "$LOCK_PID" || :
}

# nothing_owed: the next request needs no voucher, and goes on behind voucher N
nothing_owed() {
	unpaid openai /openai/v1/chat/completions -d "$(chat_body gpt-4o-mini)"
	[ "$(answer_status out)" = 200 ]
	told | gw_json ".subRav.nonce == \"$(($1 + 1))\""
	gw_is "$(rows "select signed_nonce, pending_nonce, lease_owner from sub_channel")" "$1|$(($1 + 1))|"
}
