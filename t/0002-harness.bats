#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The helpers of the tests: a process that ends badly, hangs or leaves a report fails its test.

bats_require_minimum_version 1.5.0
load lib/gw

setup() {
	gw_world
}

teardown() {
	gw_end
}

# inner LINE...: run a bats file with one test of these lines.
inner() {
	{
		printf 'bats_require_minimum_version 1.5.0\nload %s\n' "$GW_SRCDIR/t/lib/gw"
		printf 'setup() { gw_world; }\nteardown() { gw_end; }\n@test "inner" {\n'
		printf '%s\n' "$@" '}'
	} >"$GW_DIR/inner.bats"
	GW_PATIENCE=1 TMPDIR=$GW_DIR bats --tap "$GW_DIR/inner.bats"
}

@test "a process that ends cleanly passes" {
	run -0 inner \
		'gw_spawn daemon bash -c "trap \"exit 0\" TERM; touch up; while :; do read -rt 0.1 <> <(:) || :; done"' \
		'gw_wait_up daemon 10 test -e up'
}

@test "a process that ends with an error fails the test, and its log is shown" {
	run -1 inner 'gw_spawn daemon bash -c "echo the reason >&2; exit 3"' 'gw_wait_for 5 gw_gone "${GW_PID[daemon]}"'
	[[ $output == *"daemon ended with status 3, expected 0"* ]]
	[[ $output == *"the reason"* ]]
}

@test "a process that was killed on purpose passes when the test says so" {
	run -0 inner 'gw_spawn daemon tail -f /dev/null' 'gw_expect daemon any' 'gw_stop daemon KILL'
}

@test "an end with another status than promised fails" {
	run -1 inner 'gw_spawn daemon tail -f /dev/null' 'gw_expect daemon 7'
	[[ $output == *"daemon ended with status 143, expected 7"* ]]
}

@test "a report of a checker fails the test" {
	run -1 inner 'echo "==1==ERROR: AddressSanitizer: heap-use-after-free" >"$GW_DIR/x.err"'
	[[ $output == *"a checker reported something"*x.err* ]]
}

@test "the logs of a failed test are shown" {
	run -1 inner 'gw_spawn daemon bash -c "echo a line of the log; exec tail -f /dev/null"' 'gw_expect daemon any' \
		'gw_wait_for 5 test -s "$GW_DIR/daemon.out"' 'false'
	[[ $output == *"a line of the log"* ]]
}

@test "waiting ends when the condition holds, and fails when it never does" {
	gw_spawn maker bash -c 'exec touch made'
	gw_wait_for 10 test -e made
	GW_PATIENCE=1 run -1 gw_wait_for 1 false
	[[ $output == *"waited in vain for: false"* ]]
}

@test "waiting for a process that has ended fails at once" {
	gw_spawn dead false
	gw_expect dead 1
	gw_wait_for 5 gw_gone "${GW_PID[dead]}"
	run -1 gw_wait_up dead 100 test -e never
	[[ $output == *"dead has ended before"* ]]
}

@test "ports are free and all different" {
	local i
	for ((i = 0; i < 20; i++)); do
		gw_port
	done | sort -u >ports
	gw_is "$(wc -l <ports)" 20
	run -1 gw_listens "$(head -n 1 ports)"
}

@test "settings of the environment do not reach the test" {
	export OPENAI_API_KEY=mine HTTP_PROXY=http://somewhere
	gw_end
	gw_world
	gw_is "${OPENAI_API_KEY:-unset} ${HTTP_PROXY:-unset}" "unset unset"
}

@test "the world is gone afterwards" {
	run -0 inner 'echo "# $GW_DIR" >&3'
	local dir=${output##*'# '}
	dir=${dir%%$'\n'*}
	[[ $dir == "$GW_DIR"/gw.* ]]
	[ ! -e "$dir" ]
}
