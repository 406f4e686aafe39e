#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The table of settings, the manual page and the sample say the same.

bats_require_minimum_version 1.5.0
load lib/gw

setup() { gw_world; }
teardown() { gw_end; }

@test "the manual page of the settings is made from the table" {
	llm-gateway config reference --man | diff "$GW_SRCDIR/man/llm-gateway.conf.5" -
}

@test "the sample environment file is made from the table" {
	llm-gateway config reference --env | diff "$GW_SRCDIR/conf/llm-gateway.env" -
}

@test "the sample holds every setting that has an effect, and nothing else" {
	local name
	while read -r name; do
		grep -q "^#$name=" "$GW_SRCDIR/conf/llm-gateway.env"
	done < <(sed -n 's/^OPT([^,]*, [^,]*, "\([A-Z_]*\)".*, "[^"N]*", "[^"]*", "[^"]*")$/\1/p' "$GW_SRCDIR/src/util/conf.def")
	run -0 grep -c '^#[A-Z_]*=' "$GW_SRCDIR/conf/llm-gateway.env"
	[ "$output" -gt 60 ]
}

@test "the sample with every line in force is accepted as .env" {
	sed -n 's/^#\([A-Z_]*=.\)/\1/p' "$GW_SRCDIR/conf/llm-gateway.env" >.env
	echo PAYMENT=off >>.env
	echo OPENAI_API_KEY=test >>.env
	run -0 llm-gateway config check
}

@test "README names the two commands, every program and every target for tests, and each of them is there" {
	local name readme=$GW_SRCDIR/README.md
	for name in contrib/quickstart contrib/check contrib/coverage contrib/bench/run; do
		grep -q "\`*$name" "$readme"
		[ -x "$GW_SRCDIR/$name" ]
	done
	while read -r name; do
		grep -qF "\`$name\`" "$readme"
	done < <(find "$GW_SRCDIR/man" -name '*.[18]' ! -name 'llm-gateway-responders.8' ! -name 'llm-gateway-mock.8' \
		-printf '%f\n' | sed 's/\.[18]$//')
	while read -r name; do
		grep -qF "\`make $name\`" "$readme"
	done < <(sed -n 's/^\(check-source\|fuzz-smoke\|check-static\|check-valgrind\|check-real-client\):.*/\1/p' \
		"$GW_SRCDIR"/*/local.mk "$GW_SRCDIR"/t/*/local.mk)
}
