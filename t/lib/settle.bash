# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# settle - the settlement program over a development ledger, with payers and vouchers. Load it after gw and devnode.
#
#	load lib/gw
#	load lib/devnode
#	load lib/settle
#	setup() { settle_world; }
#
# DATABASE is the gateway's database, SERVICE the service's DID, KEY_FILE its claim key.

# settle_world [KEY TYPE]
settle_world() {
	gw_need sqlite3 jq
	gw_world
	devnode_start
	export DATABASE=$GW_DIR/gateway.db ROOCH_NETWORK=local ROOCH_NODE_URL=$DEVNODE_URL LOG_FORMAT=kv
	export MIN_CLAIM_AMOUNT=50
	mkdb "$DATABASE"
	settle_service "$@"
	export SERVICE_KEY_FILE=$KEY_FILE
	SETTLE=$(gw_private llm-gateway-settle)
}

# settle_service [KEY TYPE]: the service's document on the ledger, and its key in a file.
settle_service() {
	KEY_FILE=$GW_DIR/service.key
	SERVICE=$(llm-gateway inspect id address 0x5e --json | jq -r '.did')
	(umask 077 && llm-gateway keygen --type "${1:-secp256k1}" --key-id "$SERVICE#claims" >"$KEY_FILE" 2>/dev/null)
	local key
	key=$(llm-gateway inspect key --service-key-stdin --json <"$KEY_FILE")
	devnode_control did "$(jq -c '{address: "0x5e", keys: [{fragment: .fragment, type: .keyType,
		public_key: .publicKeyMultibase}]}' <<<"$key")" >/dev/null
}

# vouchers [OPTION...]: of mkvouchers; prints the ids of the channels.
vouchers() {
	mkvouchers -u "$DEVNODE_URL" -d "$DATABASE" -s "$SERVICE" "$@"
}

# settle [OPTION...]: one run, by the user who owns key and database.
settle() {
	"${GW_AS[@]}" "$SETTLE" "$@"
}

# rows SQL: of the database, one row per line.
rows() {
	sqlite3 -readonly -cmd '.timeout 5000' "$DATABASE" "$1"
}

# sum COLUMN REST: the sum of a column of amounts (64 bits are enough here).
sum() {
	local hex total=0
	for hex in $(rows "select hex(substr($1, 25)) $2"); do
		total=$((total + 16#$hex))
	done
	echo "$total"
}

# on_chain [OPTION...]: what the chain has booked, as claimed=N revenue=N.
on_chain() {
	vouchers -q "$@"
}

# report FILTER: of the report as JSON.
report() {
	settle --report --json | jq -r "$1"
}

# agree [OPTION...]: database, report and chain say the same; all that was signed is claimed.
agree() {
	local claimed chain
	claimed=$(report .total.claimed)
	chain=$(on_chain "$@")
	gw_is "$chain" "claimed=$claimed revenue=$claimed" || return 1
	gw_is "$(report '"\(.total.signed) \(.total.pending) \(.total.at_risk) \(.total.lost)"')" "$claimed 0 0 0" || return 1
	gw_is "$(rows "select count(*) from claim where state < 3")" 0
}

# rows_write SQL: change the database by hand.
rows_write() {
	sqlite3 -cmd '.timeout 5000' "$DATABASE" "$1"
}
