#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# llm-gateway migrate makes the database; every program refuses one that is not its own.

bats_require_minimum_version 1.5.0
load lib/gw

setup() {
	gw_world
	export DATABASE=$GW_DIR/gateway.db
}
teardown() { gw_end; }

@test "migrate makes a database that others cannot read, and leaves a made one alone" {
	run -0 llm-gateway migrate
	[[ $output == "$DATABASE: made with schema "* ]]
	[ "$(stat -c %a "$DATABASE" | tail -c 2)" = 0 ]
	before=$(cksum <"$DATABASE")
	run -0 llm-gateway migrate
	[[ $output == "$DATABASE: has schema "* ]]
	gw_is "$(cksum <"$DATABASE")" "$before"
}

@test "migrate --schema prints the schema of sql/schema.sql" {
	llm-gateway migrate --schema >printed
	diff -u "$GW_SRCDIR/sql/schema.sql" printed
	[ ! -e "$DATABASE" ]
}

@test "migrate refuses a file that is no database, and one that belongs to another program" {
	gw_need sqlite3
	printf 'not a database, but long enough to be looked at%1000s' x >"$DATABASE"
	run -1 llm-gateway migrate
	[[ $output == *"$DATABASE"* ]]
	rm "$DATABASE"
	sqlite3 "$DATABASE" 'CREATE TABLE other (x)'
	run -1 llm-gateway migrate
	[[ $output == *"another program"* ]]
	gw_is "$(sqlite3 "$DATABASE" .tables)" other
}

@test "migrate refuses a newer database, and one that an edited migration has made" {
	gw_need sqlite3
	llm-gateway migrate
	sqlite3 "$DATABASE" "INSERT INTO migration SELECT 999, '0999-later.sql', digest, applied_ms, program FROM migration LIMIT 1"
	run -1 llm-gateway migrate
	[[ $output == *"schema 999"*"newer"* ]]
	sqlite3 "$DATABASE" "DELETE FROM migration WHERE number = 999; UPDATE migration SET digest = printf('%064d', 0) WHERE number = 1"
	run -1 llm-gateway migrate
	[[ $output == *"another form of migration 1"* ]]
}

@test "migrate in a directory that is not there, or may not be written, says which" {
	DATABASE=$GW_DIR/none/gateway.db run -1 llm-gateway migrate
	[[ $output == *"none/gateway.db"*"No such file"* ]]
	run -2 llm-gateway migrate everything
	run -2 llm-gateway migrate --schemas
	[[ $output == *"--schema"* ]]
}
