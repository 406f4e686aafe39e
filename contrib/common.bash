# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts of contrib/: messages, long steps with progress, Debian packages.
# shellcheck shell=bash
# shellcheck disable=SC2034 # the lists are for the scripts that read this

GW_PACKAGES_BUILD=(gcc libc6-dev make autoconf automake pkg-config libjansson-dev libcurl4-gnutls-dev
	libgnutls28-dev nettle-dev libgmp-dev libsecp256k1-dev libsqlite3-dev libfcgi-dev)
GW_PACKAGES_RUN=(curl jq ca-certificates)
GW_PACKAGES_TEST=(bats nginx lighttpd apache2 libapache2-mod-fcgid clang libclang-rt-14-dev llvm clang-format
	clang-tidy shellcheck cppcheck valgrind procps sqlite3)
GW_PACKAGES_NODE=(nodejs npm)

say() {
	printf '%s\n' "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# step LOG TITLE COMMAND...: run it with its output in LOG; say now and then that it is alive.
# Returns the command's status; the log is the caller's to show.
step() {
	local log=$1 title=$2 start=$SECONDS every=30 next pid status=0
	shift 2
	[ -t 1 ] && every=5
	next=$every
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	printf '%s ...\n' "$title"
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		if ((SECONDS - start >= next)); then
			printf '    %d s: %s\n' "$((SECONDS - start))" "$(tail -n 1 "$log" | tr -cd '[:print:]' | cut -c 1-90)"
			next=$((next + every))
		fi
	done
	wait "$pid" || status=$?
	if [ "$status" = 0 ]; then
		printf '    done after %d s\n' "$((SECONDS - start))"
	else
		printf '    FAILED after %d s (exit status %d)\n' "$((SECONDS - start))" "$status"
	fi
	return "$status"
}

# root_is_at_hand NAME...: asked before anything begins, where sudo can ask for the password.
root_is_at_hand() {
	[ "$(id -u)" = 0 ] && return
	command -v sudo >/dev/null || die "neither root nor sudo is at hand; let somebody install: $*"
	sudo -n true 2>/dev/null && return
	say "To install $*, sudo may ask for your password."
	sudo -v || die "you may not use sudo; let somebody install: $*"
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# apt_install NAME...: a web server's package would start it at once, on port 80; that is not what it is for here.
apt_install() {
	# shellcheck disable=SC2016 # for the shell that root runs
	as_root env DEBIAN_FRONTEND=noninteractive sh -c '
		policy=/usr/sbin/policy-rc.d
		if [ ! -e "$policy" ]; then
			trap "rm -f $policy" EXIT
			trap "exit 1" HUP INT TERM
			printf "#!/bin/sh\nexit 101\n" >"$policy"
			chmod 755 "$policy"
		fi
		apt-get -q -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
			install --no-install-recommends "$@"' apt_install "$@"
}

# packages LOG NAME...: install those that are not there. Offline it works when all are.
packages() {
	local log=$1 name
	local -a missing=()
	shift
	for name in "$@"; do
		dpkg-query -W -f='${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null || die "this is not Debian: install what corresponds to ${missing[*]}"
	root_is_at_hand "${missing[@]}"
	step "$log" "Updating the package lists" as_root apt-get -q update || {
		tail -n 5 "$log"
		say "    no new lists; trying with the old ones"
	}
	step "$log" "Installing ${missing[*]}" apt_install "${missing[@]}" || {
		tail -n 20 "$log"
		die "the packages could not be installed: see above"
	}
}

# configured DIR OPTION...: the tree is configured in DIR with these options; again only if they changed.
configured() {
	local dir=$1 top=$PWD
	shift
	[ -x configure ] && [ configure -nt configure.ac ] || autoreconf -i || return
	mkdir -p "$dir"
	[ -e "$dir/config.status" ] && [ "$(cat "$dir/.options" 2>/dev/null)" = "$*" ] && return
	(cd "$dir" && "$top/configure" "$@") && printf '%s' "$*" >"$dir/.options"
}
