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

# of_old: a database of the first schema, with a call in it.
of_old() {
	sqlite3 "$DATABASE" <"$GW_SRCDIR/sql/0001-gateway.sql"
	sqlite3 "$DATABASE" "INSERT INTO migration VALUES (1, '0001-gateway.sql',
		'$(sha256sum "$GW_SRCDIR/sql/0001-gateway.sql" | cut -d' ' -f1)', 0, '0.0.1');
		INSERT INTO usage (owner, request_id, did, provider, api, method, path, stream, free, started_ms, bound_pico)
		VALUES ('1:1', 'kept', 'did:rooch:a', 'openai', 'chat', 'POST', '/', 0, 0, 1, 1);
		INSERT INTO auth_nonce VALUES (zeroblob(32), 99), (randomblob(32), 77)"
}

@test "a database of the first schema is refused, upgraded with what is in it, and then like a new one" {
	gw_need sqlite3
	of_old
	run -1 llm-gateway usage
	[[ $output == *"has schema 1, this program needs "*"llm-gateway migrate"* ]]
	run -0 llm-gateway migrate
	[[ $output == "$DATABASE: has schema "* ]]
	run -0 llm-gateway usage --json
	[[ $output == *'"requests": 1'* ]]
	gw_is "$(sqlite3 "$DATABASE" "SELECT group_concat(expires_s) FROM (SELECT * FROM auth_nonce ORDER BY arrival)")" 77,99
	DATABASE=$GW_DIR/new.db llm-gateway migrate
	diff <(sqlite3 "$DATABASE" .schema) <(sqlite3 new.db .schema)
	gw_is "$(sqlite3 "$DATABASE" "PRAGMA journal_mode")" wal
}

@test "an upgrade that fails changes nothing" {
	gw_need sqlite3
	of_old
	sqlite3 "$DATABASE" "CREATE TABLE voucher (in_the_way)"
	run -1 llm-gateway migrate
	[[ $output == *"0002-channels.sql"*"voucher"* ]]
	gw_is "$(sqlite3 "$DATABASE" "SELECT max(number) FROM migration")" 1
	gw_is "$(sqlite3 "$DATABASE" "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%channel%'")" 0
}

@test "migrate in a directory that is not there, or may not be written, says which" {
	DATABASE=$GW_DIR/none/gateway.db run -1 llm-gateway migrate
	[[ $output == *"none/gateway.db"*"No such file"* ]]
	run -2 llm-gateway migrate everything
	run -2 llm-gateway migrate --schemas
	[[ $output == *"--schema"* ]]
}
