#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Help texts and manual pages say the same.

bats_require_minimum_version 1.5.0
load lib/gw

setup() { gw_world; }
teardown() { gw_end; }

# A page as plain text: hyphens, fonts and quotes resolved.
plain() {
	sed 's/\\-/-/g; s/\\f[RBIP]//g; s/"//g; s/^\.[A-Z]* //' "$1"
}

# The long options in a help text on standard input, without those that are settings.
own_options() {
	sed -n 's/^ *\(-., \)\{0,1\}\(--[a-z][a-z-]*\).*/\2/p' | sort -u | while read -r option; do
		plain "$GW_SRCDIR/man/llm-gateway.conf.5" | grep -qw -- "$option" || echo "$option"
	done
}

@test "every command of llm-gateway has a section in its manual page, with all its options" {
	local command option
	plain "$GW_SRCDIR/man/llm-gateway.1" >page
	for command in $(sed -n 's/^CMD("\([a-z]*\)".*/\1/p' "$GW_SRCDIR/src/cli/commands.def"); do
		[ "$command" != help ] || continue
		grep -qx "$command" page || gw_is "no section for" "$command"
		for option in $(llm-gateway "$command" --help | own_options); do
			[ "$option" = --help ] || grep -q -- "$option" page || gw_is "$command $option" "in the manual page"
		done
	done
}

@test "every command of llm-gateway-client is in its manual page, with all its options" {
	local command option
	plain "$GW_SRCDIR/man/llm-gateway-client.1" >page
	for command in $(sed -n 's/^CMD("\([a-z]*\)".*/\1/p' "$GW_SRCDIR/src/client/commands.def"); do
		[ "$command" != help ] || continue
		grep -q "^$command" page || gw_is "no section for" "$command"
		for option in $(llm-gateway-client "$command" --help | own_options); do
			[ "$option" = --help ] || grep -q -- "$option" page || gw_is "$command $option" "in the manual page"
		done
	done
}

@test "the options of llm-gateway-settle stand in its manual page" {
	local option
	plain "$GW_SRCDIR/man/llm-gateway-settle.8" >page
	for option in $(llm-gateway-settle --help | own_options); do
		grep -q -- "$option" page || gw_is "$option" "in the manual page"
	done
}

@test "every program that is installed has a manual page" {
	local program page
	for program in "$GW_BUILDDIR"/fcgi/*.fcgi "$GW_BUILDDIR"/llm-gateway "$GW_BUILDDIR"/llm-gateway-*; do
		[ -x "$program" ] || continue
		page=$(basename "$program")
		ls "$GW_SRCDIR/man/$page".[158]
	done
}
