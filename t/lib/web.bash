# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# web - a whole gateway behind a real web server, with the files of conf/.
#
#	load lib/gw
#	load lib/web
#	setup()    { web_world; web_start nginx; }
#	teardown() { gw_end; }
#
# KIND is nginx, lighttpd or apache2 (`llm-gateway serve` starts it), or apache2-fcgid or lighttpd-spawn
# (the server starts the responders itself). URL is where it answers, MOCK the provider behind it.

# Responders of a gateway that root starts run as another user, who has to get at the programs.
web_programs() {
	local p
	PROGRAMS=$GW_DIR/p
	mkdir -p "$PROGRAMS/fcgi" "$PROGRAMS/t/fake"
	chmod 755 "$GW_DIR" "$PROGRAMS" "$PROGRAMS/fcgi" "$PROGRAMS/t" "$PROGRAMS/t/fake"
	for p in llm-gateway llm-gateway-client llm-gateway-settle t/fake/llm-gateway-mock; do
		[ ! -e "$GW_BUILDDIR/$p" ] || cp "$GW_BUILDDIR/$p" "$PROGRAMS/$p"
	done
	for p in "$GW_BUILDDIR"/fcgi/*.fcgi; do
		cp "$p" "$PROGRAMS/fcgi/"
	done
}

# web_world [MOCK OPTION...]
web_world() {
	gw_world
	web_programs
	gw_spawn mock mockllm --port-file mock.port --delay 0 --fixtures "$GW_SRCDIR/t/fixtures" "$@"
	gw_wait_up mock 10 test -s mock.port
	MOCK=http://127.0.0.1:$(cat mock.port)
	export PAYMENT=${PAYMENT:-off} HOST=127.0.0.1 DRAIN_TIMEOUT_MS=${DRAIN_TIMEOUT_MS:-2000}
	export OPENAI_API_KEY=sk-test-key OPENAI_BASE_URL=$MOCK
	export ANTHROPIC_API_KEY=sk-ant-test-key ANTHROPIC_BASE_URL=$MOCK
}

web_answers() {
	[ "$(curl -s -o /dev/null -w '%{http_code}' "$URL/healthz")" = 200 ]
}

# web_start KIND [SERVE OPTION...]: the gateway with state directory s, process "serve".
web_start() {
	local kind=$1
	shift
	export PORT
	PORT=$(gw_port)
	URL=http://127.0.0.1:$PORT
	DB=$GW_DIR/s/gateway.db
	case $kind in
	nginx | lighttpd | apache2)
		gw_need "$kind"
		gw_spawn serve "$PROGRAMS/llm-gateway" serve --state-dir "$GW_DIR/s" --web-server "$kind" "$@"
		;;
	apache2-fcgid) web_start_fcgid ;;
	lighttpd-spawn) web_start_spawn ;;
	esac
	gw_wait_up serve 30 web_answers
}

# web_settings BEFORE BETWEEN AFTER: what a server hands to the responders that it starts.
web_settings() {
	local name
	for name in PAYMENT DATABASE DRAIN_TIMEOUT_MS SERVICE_DID ROOCH_NETWORK ROOCH_NODE_URL OPENAI_API_KEY \
		OPENAI_BASE_URL ANTHROPIC_API_KEY ANTHROPIC_BASE_URL STATE_DIR ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS; do
		[ -z "${!name:-}" ] || printf '%s%s%s%s%s\n' "$1" "$name" "$2" "${!name}" "$3"
	done
}

web_user() {
	if [ "$(id -u)" = 0 ]; then
		echo www-data
	else
		id -un
	fi
}

web_state() {
	mkdir -p s run run/tmp run/empty
	export DATABASE=$DB STATE_DIR=$GW_DIR/s
	llm-gateway migrate >/dev/null
	if [ "$(id -u)" = 0 ]; then
		chown -R www-data s run
	fi
}

web_start_fcgid() {
	local modules=/usr/lib/apache2/modules name
	gw_need apache2
	[ -e "$modules/mod_fcgid.so" ] || gw_need mod_fcgid.so
	web_state
	{
		for name in mpm_event authz_core headers alias fcgid; do
			echo "LoadModule ${name}_module $modules/mod_$name.so"
		done
		[ "$(id -u)" != 0 ] || printf 'User www-data\nGroup www-data\n'
		printf '%s\n' "ServerRoot $GW_DIR/run" "DefaultRuntimeDir $GW_DIR/run" "PidFile $GW_DIR/run/pid" \
			"Listen 127.0.0.1:$PORT" "ServerName localhost" "DocumentRoot $GW_DIR/run/empty" \
			"ErrorLog $GW_DIR/run/apache2.log" "FcgidIPCDir $GW_DIR/run" \
			"FcgidProcessTableFile $GW_DIR/run/table" "StartServers 1" "ServerLimit 4"
		grep -v '^FcgidInitialEnv' "$GW_SRCDIR/conf/apache2-fcgid-site.conf" |
			sed "s|/usr/local/libexec/llm-gateway|$PROGRAMS/fcgi|g"
		web_settings 'FcgidInitialEnv ' ' "' '"'
	} >run/apache2.conf
	gw_spawn serve apache2 -D FOREGROUND -f "$GW_DIR/run/apache2.conf"
}

web_start_spawn() {
	gw_need lighttpd
	web_state
	{
		[ "$(id -u)" != 0 ] || printf 'server.username = "www-data"\nserver.groupname = "www-data"\n'
		printf '%s\n' 'server.bind = "127.0.0.1"' "server.port = $PORT" \
			"server.document-root = \"$GW_DIR/run/empty\"" "server.upload-dirs = (\"$GW_DIR/run/tmp\")"
		# As an operator does: paths, settings, and only the blocks of programs that are in use.
		sed "s|\"/usr/local/libexec/llm-gateway\"|\"$PROGRAMS/fcgi\"|; s|\"/run/llm-gateway\"|\"$GW_DIR/run\"|" \
			"$GW_SRCDIR/conf/lighttpd-spawn.conf" | awk -v settings="$(web_settings '  "' '" => "' '",')" -v paid="$PAYMENT" '
				/^\t"\/(openrouter|litellm|gemini)\//, /^\t\)\),/ { next }
				paid != "on" && /^\t"\/payment-channel\//, /^\t\)\),/ { next }
				/^\t"(DATABASE|PROVIDER_KEY_DIR)"/ { next }
				{ print }
				/^var.settings/ { print settings }'
	} >run/lighttpd.conf
	gw_spawn serve lighttpd -D -f "$GW_DIR/run/lighttpd.conf"
	# lighttpd ends with status 1 when a connection is open at that time
	gw_expect serve any
}

# ask PATH [CURL OPTION...]: signed.
ask() {
	local path=$1
	shift
	curl -sS -N --max-time $((60 * GW_PATIENCE)) -H "Authorization: $(didauth)" "$@" "$URL$path"
}

# chat [CURL OPTION...]: a chat request; BODY if it is set.
chat() {
	ask /openai/v1/chat/completions -H 'Content-Type: application/json' \
		--data-binary "${BODY:-$(chat_body gpt-4o-mini)}" "$@"
}

# chat_start OUT [CURL OPTION...]: the same in the background, process CHAT.
chat_start() {
	local out=$1 auth
	shift
	auth=$(didauth)
	curl -sS -N --max-time $((60 * GW_PATIENCE)) -H "Authorization: $auth" -H 'Content-Type: application/json' \
		--data-binary "${BODY:-$(chat_body gpt-4o-mini)}" "$@" "$URL/openai/v1/chat/completions" \
		>"$out" 2>/dev/null 3>&- &
	CHAT=$!
}

# chat_leave: the client hangs up.
chat_leave() {
	kill "$CHAT"
	wait "$CHAT" || [ $? = 143 ]
}

# chat_body MODEL [MORE MEMBERS]
chat_body() {
	printf '{"model":"%s","messages":[{"role":"user","content":"three words here"}],"max_tokens":5%s}' "$1" "${2:-}"
}

# order QUERY [CURL OPTION...]: what the mock answers next (mockllm --help).
order() {
	local query=$1
	shift
	curl -sS --fail-with-body -o /dev/null -X POST "$@" "$MOCK/mock/next?$query"
}

# rows SQL: of the database.
rows() {
	sqlite3 -readonly -cmd '.timeout 5000' "$DB" "$1"
}

# rows_are SQL WANTED
rows_are() {
	[ "$(rows "$1")" = "$2" ]
}
