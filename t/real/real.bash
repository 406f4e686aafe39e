# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# real - for the scripts of t/real: the packages of package-lock.json, and the helpers of t/lib outside of
# bats. A script prints TAP; its numbered results come from node.
#
# GW_NODE_DIR is where the packages are kept (default: t/real in the build directory). What is there
# already is used without a network.

BATS_TEST_DIRNAME=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # gw_end reads it
BATS_TEST_COMPLETED=
# shellcheck source=../lib/gw.bash
. "$BATS_TEST_DIRNAME/lib/gw.bash"
# shellcheck source=../lib/devnode.bash
. "$BATS_TEST_DIRNAME/lib/devnode.bash"
# shellcheck source=../lib/web.bash
. "$BATS_TEST_DIRNAME/lib/web.bash"

NODE_DIR=${GW_NODE_DIR:-$GW_BUILDDIR/t/real}

# For gw_need: the whole script is skipped.
skip() {
	echo "1..0 # SKIP $*"
	exit 0
}

bail() {
	echo "Bail out! $*"
	exit 1
}

# Missing at home: skipped; where GW_TEST_STRICT is set: failed.
real_lacks() {
	[ -z "${GW_TEST_STRICT:-}" ] || bail "$*"
	skip "$*"
}

real_install() {
	local log=$NODE_DIR/npm.log
	command -v node >/dev/null || real_lacks "node is not installed (18 or later is needed)"
	[ "$(node -p 'parseInt(process.versions.node)')" -ge 18 ] || real_lacks "node is older than 18"
	mkdir -p "$NODE_DIR"
	exec {REAL_LOCK}>"$NODE_DIR/.lock"
	flock "$REAL_LOCK"
	if ! cmp -s "$GW_SRCDIR/t/real/package-lock.json" "$NODE_DIR/.installed"; then
		command -v npm >/dev/null || real_lacks "npm is not installed"
		cp "$GW_SRCDIR/t/real/package.json" "$GW_SRCDIR/t/real/package-lock.json" "$GW_SRCDIR/t/real/.npmrc" "$NODE_DIR/"
		(cd "$NODE_DIR" && npm ci --ignore-scripts --prefer-offline) >"$log" 2>&1 </dev/null || {
			sed 's/^/# /' "$log" | tail -n 20
			real_lacks "the packages cannot be installed, see $log"
		}
		cp "$GW_SRCDIR/t/real/package-lock.json" "$NODE_DIR/.installed"
	fi
	# Packages are found from where the script lies.
	cp "$GW_SRCDIR"/t/real/*.mjs "$NODE_DIR/"
	exec {REAL_LOCK}>&-
}

# real_end: for an EXIT trap. What the processes did, and how they ended, counts too.
real_end() {
	local status=$? out
	# shellcheck disable=SC2034
	[ "$status" != 0 ] || BATS_TEST_COMPLETED=1
	out=$(mktemp)
	gw_end >"$out" 2>&1 || status=1
	sed 's/^/# /' "$out"
	rm -f "$out"
	exit "$status"
}
