# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# devnode - the development ledger for a bats file, behind lighttpd on a free port. Load it after gw.
#
#	load lib/gw
#	load lib/devnode
#	setup() { gw_world; devnode_start; }
#
# DEVNODE_URL is what clients are told (ROOCH_NODE_URL); it ends without a slash.

# devnode_start [OPTION...]: options of rooch-devnode.fcgi. Its database is $GW_DIR/devnode/devnode.db.
devnode_start() {
	local dir=$GW_DIR/devnode
	gw_need lighttpd
	mkdir -p "$dir/empty"
	if [ -z "${DEVNODE_PORT:-}" ]; then
		DEVNODE_PORT=$(gw_port)
	fi
	DEVNODE_URL=http://127.0.0.1:$DEVNODE_PORT
	cat >"$dir/lighttpd.conf" <<-END
		server.bind = "127.0.0.1"
		server.port = $DEVNODE_PORT
		server.document-root = "$dir/empty"
		server.upload-dirs = ("$dir")
		server.modules = ("mod_fastcgi")
		fastcgi.server = ("/" => ((
			"socket" => "$GW_DIR/devnode.sock", "check-local" => "disable", "disable-time" => 0)))
	END
	# shellcheck disable=SC2034
	DEVNODE_DB=$dir/devnode.db
	gw_responder devnode rooch-devnode.fcgi --state-dir "$dir" --control on "$@"
	gw_spawn devnode-web lighttpd -D -f "$dir/lighttpd.conf"
	gw_expect devnode-web any
	gw_wait_up devnode-web 10 gw_listens "$DEVNODE_PORT"
}

devnode_stop() {
	gw_stop devnode-web
	gw_stop devnode
}

# devnode_call METHOD [PARAMS]: the whole JSON-RPC answer; PARAMS is a JSON array.
devnode_call() {
	curl -sS -H 'Content-Type: application/json' "$DEVNODE_URL/" \
		-d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$1\",\"params\":${2:-[]}}"
}

# devnode_result METHOD [PARAMS]: its result, compact; fails when there is an error.
devnode_result() {
	devnode_call "$@" | jq -ce 'if has("error") then error(.error.message) else .result end'
}

# devnode_control PATH [BODY]: POST to /devnode/PATH; fails with what the node says.
devnode_control() {
	curl -s --fail-with-body -X POST -H 'Content-Type: application/json' \
		"$DEVNODE_URL/devnode/$1" -d "${2:-{\}}"
}

# devnode_fault KIND [METHOD [COUNT [VALUE]]]: order a fault.
devnode_fault() {
	devnode_control fault "{\"kind\":\"$1\",\"method\":\"${2:-}\",\"count\":${3:-1}${4:+,\"value\":$4}}"
}
