# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# gw - what every bats file needs: a world of its own, processes that are recorded and have to end
# cleanly, ports, waiting, and a look at what came out.
#
#	bats_require_minimum_version 1.5.0
#	load lib/gw
#	setup()    { gw_world; }
#	teardown() { gw_end; }
#
# GW_DIR is the test's own directory, with a path short enough for sockets. It is removed at the end.

: "${GW_SRCDIR:=$(cd "$BATS_TEST_DIRNAME/.." && pwd)}"
: "${GW_BUILDDIR:=$GW_SRCDIR/build}"
PATH=$GW_BUILDDIR:$GW_BUILDDIR/t/fake:$PATH:/usr/sbin:/sbin
export GW_SRCDIR GW_BUILDDIR PATH

# A compiler's checker makes everything slower; a time-out is multiplied so that it still means "never".
GW_PATIENCE=${GW_PATIENCE:-2}

# gw_need PROGRAM...: without them the test is skipped at home and fails where GW_TEST_STRICT is set.
gw_need() {
	local name
	for name in "$@"; do
		command -v "$name" >/dev/null && continue
		if [ -n "${GW_TEST_STRICT:-}" ]; then
			echo "$name is not installed"
			return 1
		fi
		skip "$name is not installed"
	done
}

gw_world() {
	local base=${TMPDIR:-/tmp}
	[ ${#base} -le 40 ] || base=/tmp
	GW_DIR=$(mktemp -d "$base/gw.XXXXXX")
	GW_NAMES=()
	declare -gA GW_PID=() GW_EXPECT=()
	GW_AS=()
	[ "$(id -u)" != 0 ] || GW_AS=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	cd "$GW_DIR" || return
	# Settings of the person who runs the tests are not ours.
	local -a settings
	mapfile -t settings < <(sed -n 's/^OPT([^,]*, [^,]*, "\([A-Z_]*\)".*/\1/p' "$GW_SRCDIR/src/util/conf.def")
	unset "${settings[@]}"
	export HOME=$GW_DIR NO_PROXY='*' no_proxy='*'
	unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
}

# gw_spawn NAME COMMAND...: run it in the background, output in NAME.out and NAME.err. gw_end stops
# it with TERM and requires exit status 0, or what gw_expect said.
gw_spawn() {
	local name=$1
	shift
	"$@" >"$GW_DIR/$name.out" 2>"$GW_DIR/$name.err" </dev/null 3>&- 4>&- &
	GW_PID[$name]=$!
	GW_EXPECT[$name]=0
	GW_NAMES+=("$name")
}

# gw_private PROGRAM: a path from which anybody may run it. Responders refuse root, so root's tests run
# them as nobody (GW_AS), who may not be able to reach the build directory but owns GW_DIR.
gw_private() {
	local path
	path=$(command -v "$1" || echo "$GW_BUILDDIR/fcgi/$1")
	if [ "$(id -u)" = 0 ]; then
		cmp -s "$path" "$GW_DIR/$1" || cp -f "$path" "$GW_DIR/$1"
		chown -R 65534:65534 "$GW_DIR"
		path=$GW_DIR/$1
	fi
	echo "$path"
}

# gw_responder NAME PROGRAM [OPTION...]: like gw_spawn, for a responder (build/fcgi) on the socket
# NAME.sock; ready when it returns.
gw_responder() {
	local name=$1 path
	path=$(gw_private "$2")
	shift 2
	gw_spawn "$name" "${GW_AS[@]}" "$path" --socket "$GW_DIR/$name.sock" "$@"
	gw_wait_up "$name" 10 test -S "$GW_DIR/$name.sock"
}

# gw_expect NAME STATUS: how NAME is to end; "any" when the test kills it.
gw_expect() {
	GW_EXPECT[$1]=$2
}

gw_alive() {
	kill -0 "${GW_PID[$1]}" 2>/dev/null
}

# gw_wait_for SECONDS COMMAND...: until the command succeeds; fails after that time.
gw_wait_for() {
	local limit=$((SECONDS + $1 * GW_PATIENCE))
	shift
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS > limit)); then
			echo "waited in vain for: $*"
			return 1
		fi
		sleep 0.03
	done
}

# gw_wait_up NAME SECONDS COMMAND...: the same, but fails at once when NAME has ended.
gw_wait_up() {
	local name=$1 limit=$((SECONDS + $2 * GW_PATIENCE))
	shift 2
	until "$@" >/dev/null 2>&1; do
		if ! gw_alive "$name"; then
			echo "$name has ended before: $*"
			return 1
		fi
		if ((SECONDS > limit)); then
			echo "$name: waited in vain for: $*"
			return 1
		fi
		sleep 0.03
	done
}

# gw_gone PID: it has ended, though perhaps nobody has asked how.
gw_gone() {
	! kill -0 "$1" 2>/dev/null || grep -qs '^State:.Z' "/proc/$1/status"
}

# gw_stop NAME [SIGNAL]: end it and check how it ended.
gw_stop() {
	local name=$1 pid=${GW_PID[$1]} status=0 i
	for i in "${!GW_NAMES[@]}"; do
		[ "${GW_NAMES[i]}" != "$name" ] || unset 'GW_NAMES[i]'
	done
	kill "-${2:-TERM}" "$pid" 2>/dev/null || :
	# One that a test has stopped has to hear it. No other: a CONT takes away the STOP by which the leak checker,
	# at a process's end, attaches to its threads, and that one waits for it for ever.
	! grep -qs '^State:.T' "/proc/$pid/status" || kill -CONT "$pid" 2>/dev/null || :
	if ! gw_wait_for 20 gw_gone "$pid"; then
		kill -KILL "$pid" 2>/dev/null || :
		echo "$name did not end within $((20 * GW_PATIENCE)) s"
		return 1
	fi
	wait "$pid" || status=$?
	if [ "${GW_EXPECT[$name]}" != any ] && [ "${GW_EXPECT[$name]}" != "$status" ]; then
		echo "$name ended with status $status, expected ${GW_EXPECT[$name]}"
		return 1
	fi
}

# gw_ended NAME STATUS: it has ended, or does so now, by itself and with this status.
gw_ended() {
	gw_expect "$1" "$2"
	gw_wait_for 20 gw_gone "${GW_PID[$1]}" && gw_stop "$1"
}

# gw_end: for teardown. Stops what still runs, the newest first, looks for reports of the checkers,
# prints all logs when anything was wrong.
gw_end() {
	local i bad=0 f
	local -a names=("${GW_NAMES[@]}")
	[ -n "${GW_DIR:-}" ] || return 0
	for ((i = ${#names[@]} - 1; i >= 0; i--)); do
		gw_stop "${names[i]}" || bad=1
	done
	if grep -rlE 'Sanitizer|runtime error:|AddressSanitizer:DEADLYSIGNAL' --include='*.err' --include='*.log' \
		"$GW_DIR" >"$GW_DIR/.reports"; then
		echo "a checker reported something in: $(paste -sd ' ' "$GW_DIR/.reports")"
		bad=1
	fi
	if [ "$bad" != 0 ] || [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		find "$GW_DIR" -type f \( -name '*.err' -o -name '*.out' -o -name '*.log' \) | sort | while read -r f; do
			[ -s "$f" ] || continue
			echo "---- ${f#"$GW_DIR"/}"
			tail -c 6000 "$f"
		done
	fi
	cd / && rm -rf "$GW_DIR"
	return "$bad"
}

# gw_port: a port of 127.0.0.1 that nobody listens on. Below the range from which the system takes ports
# for outgoing connections; claimed, so that tests in parallel do not meet.
gw_port() {
	local claims=${TMPDIR:-/tmp}/gw-ports-$UID port i hex
	mkdir -p "$claims"
	find "$claims" -mindepth 1 -maxdepth 1 -mmin +60 -exec rmdir {} + 2>/dev/null || :
	for ((i = 0; i < 200; i++)); do
		port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
		hex=$(printf ':%04X ' "$port")
		mkdir "$claims/$port" 2>/dev/null || continue
		if ! grep -qs "$hex" /proc/net/tcp /proc/net/tcp6; then
			echo "$port"
			return 0
		fi
	done
	echo "no free port" >&2
	return 1
}

# gw_listens PORT
gw_listens() {
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# gw_asked N, gw_finished N: so many requests have reached the mock provider (at $MOCK), so many of its answers have
# come to their end, with it or with the client.
gw_asked() {
	gw_wait_for 20 curl -sS --fail "$MOCK/mock/wait?requests=$1&timeout=100"
}
gw_finished() {
	gw_wait_for 20 curl -sS --fail "$MOCK/mock/wait?finished=$1&timeout=100"
}

# gw_release: the mock's answers that were ordered with hold= go on.
gw_release() {
	curl -sS --fail-with-body -X POST "$MOCK/mock/release"
}

# gw_json FILTER [FILE]: true when the jq filter gives true; else shows what it looked at.
gw_json() {
	local text
	text=$(cat "${2:--}")
	if [ -z "$text" ]; then
		echo "nothing to look at for: $1"
		return 1
	fi
	if ! jq -e "$1" >/dev/null <<<"$text"; then
		echo "not true: $1"
		echo "of: $(head -c 2000 <<<"$text")"
		return 1
	fi
}

# gw_is GOT WANTED
gw_is() {
	if [ "$1" != "$2" ]; then
		echo "got:    $1"
		echo "wanted: $2"
		return 1
	fi
}

# gw_raw PORT [SECONDS]: send standard input as it is, print what comes back until the peer closes.
gw_raw() {
	local fd
	exec {fd}<>"/dev/tcp/127.0.0.1/$1" || return
	cat >&"$fd"
	timeout "${2:-10}" cat <&"$fd" || :
	exec {fd}>&-
}
