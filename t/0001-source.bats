#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The source check passes, and finds each kind of fault when one is planted in a copy of the tree.

bats_require_minimum_version 1.5.0

# plant FILE LINE...: a file of the copy; line 1 is the licence, so the first LINE is line 2.
plant() {
	local file=$COPY/$1
	shift
	printf '%s\n' '/* SPDX-License-Identifier: Apache-2.0 */' "$@" >"$file"
}

setup_file() {
	local dir
	export COPY=$BATS_FILE_TMPDIR/tree
	mkdir -p "$COPY/t/lib" "$COPY/.ci"
	for dir in src fcgi contrib conf sql man README.md; do
		cp -R "$GW_SRCDIR/$dir" "$COPY/$dir"
	done
	cp "$GW_SRCDIR/t/0001-source.bats" "$COPY/t/"
	chmod -R u+w "$COPY"

	plant src/store/planted-layer.c '#include "http/planted.h"' '#include "codec/jscan.h"' '#include "util/buf.h"'
	plant src/ledger/planted-library.c '#include <sqlite3.h>' 'int f(void) { return sqlite3_threadsafe(); }' \
		'/* sqlite3_open in a comment */ const char *s = "curl_easy_init";' 'struct x { CURL *c; };'
	plant src/billing/planted-float.c 'static const double rate = 1;' 'int half(int n) { return (int)(n * 0.5); }' \
		'/* 0.5 double */ const char *text = "0.5 double";'
	plant src/pipeline/planted-sql.c 'const char *q = "SELECT id FROM usage";' 'const char *d = "DELETE FROM usage";' \
		'const char *method = "DELETE"; /* SELECT id FROM usage */'
	plant src/auth/planted-money.c 'unsigned long f(struct picousd *a) { return a->raw_pico; }' \
		'unsigned long g(struct u256 a) { return a.w[0]; }' 'int h(struct prices *a) { return a->pico; }'
	plant src/codec/planted-banned.c 'void f(char *a) { strcpy(a, "x"); }' 'int g(void) { return system("ls"); }' \
		'/* strcpy */ const char *s = "atoi(";'
	plant src/util/planted-space.c 'int a; ' '    int b;' "$(printf 'int c;\r')" \
		"int $(printf '%0130d' 0 | tr 0 d);" '' '/*' '  text of a comment' '*/'
	printf '%s\n' 'int no_licence;' >"$COPY/src/util/planted-spdx.c"
	plant src/util/planted-machine.c "const char *p = \"/ro""ot/x\";" "/* see deb.deb""ian.org */" \
		'const char *ok = "$HOME/work/x";'
	plant src/util/planted-unfinished.c "/* TO""DO: later */" "/* FIX""ME: soon */" "/* FIX""ME(12): the reason */" \
		"/* not imple""mented */" 'int a; /* waits for nobody */'
	plant src/util/planted-error.c 'int f(void) { return GWE_NO_SUCH_CODE; }' 'const char *w = "RAV_CONFLICT";' \
		'int g(void) { return GWE_RAV_CONFLICT; }'
	plant src/util/planted-global.c 'static int counter;' 'static const int limit = 3;' \
		'typedef struct planted planted_t;' 'static int f(int a);'
	plant src/util/planted-contract.h 'int undocumented(void);'
	printf '%s\n' '@test "x" {' "	! f""alse" "	sl""eep 1" "	sk""ip later" "	run f || tr""ue" '}' >"$COPY/t/planted.bats"
	printf '%s\n' 'layer src/util/gone.c http/gone.h it was needed once' >>"$COPY/contrib/check-source.table"
	sed -i 's/`RAV_CONFLICT`/`RAV_QUARREL`/' "$COPY/README.md"

	"$COPY/contrib/check-source" "$COPY" >"$BATS_FILE_TMPDIR/found" || echo "exit $?" >>"$BATS_FILE_TMPDIR/found"
}

# found FILE LINES RULE: exactly these lines of the planted file are reported, all by RULE.
found() {
	local got
	got=$(sed -n "s|^$1:\([0-9]*\): \[$3\] .*|\1|p" "$BATS_FILE_TMPDIR/found" | sort -n | uniq | paste -sd ' ')
	if [ "$got" != "$2" ] || [ "$(grep -c "^$1:" "$BATS_FILE_TMPDIR/found")" != "$(grep -c "^$1:[0-9]*: \[$3\]" "$BATS_FILE_TMPDIR/found")" ]; then
		echo "$1: lines \"$2\" expected of [$3]; found:"
		grep "^$1:" "$BATS_FILE_TMPDIR/found" || echo nothing
		return 1
	fi
}

@test "the source check passes" {
	run -0 "$GW_SRCDIR/contrib/check-source" "$GW_SRCDIR"
	[ -z "$output" ]
}

@test "with faults it exits 1" {
	[ "$(tail -n 1 "$BATS_FILE_TMPDIR/found")" = "exit 1" ]
}

@test "an include of a higher or a neighbouring layer is found" {
	found src/store/planted-layer.c "2 3" layer
}

@test "a library outside its rooms is found" {
	found src/ledger/planted-library.c "2 3 5" library
}

@test "floating point is found" {
	found src/billing/planted-float.c "2 3" float
}

@test "SQL outside the catalogue is found" {
	found src/pipeline/planted-sql.c "2 3" sql
}

@test "a look inside the money types is found" {
	found src/auth/planted-money.c "2 3" money
}

@test "a banned function is found" {
	found src/codec/planted-banned.c "2 3" banned
}

@test "white space at the end, blanks for tabs and carriage returns are found" {
	local got
	got=$(grep '^src/util/planted-space.c:' "$BATS_FILE_TMPDIR/found" | sed 's/^[^:]*:\([0-9]*: \[[a-z]*\]\).*/\1/' | paste -sd ' ')
	[ "$got" = "2: [space] 3: [space] 4: [space] 5: [width]" ]
}

@test "a missing licence line is found" {
	found src/util/planted-spdx.c "1" spdx
}

@test "paths and hosts of one machine are found" {
	found src/util/planted-machine.c "2 3" machine
}

@test "unfinished work is found" {
	found src/util/planted-unfinished.c "2 3 5" unfinished
}

@test "a misspelt error code, and a wire text in the place of a code, are found" {
	found src/util/planted-error.c "2 3" errcode
}

@test "data that changes is found" {
	grep -q '^src/util/planted-global.c:2: \[global\]' "$BATS_FILE_TMPDIR/found"
	grep -q '^src/util/planted-global.c:4: \[typedef\]' "$BATS_FILE_TMPDIR/found"
	[ "$(grep -c '^src/util/planted-global.c:' "$BATS_FILE_TMPDIR/found")" = 2 ]
}

@test "a header without its contract is found" {
	found src/util/planted-contract.h "1" contract
}

@test "tests that cannot fail or wait blindly are found" {
	found t/planted.bats "2 3 4 5" test
}

@test "an exception that nothing needs is found" {
	grep -q '^contrib/check-source.table:1: \[table\] no longer needed: layer src/util/gone.c' "$BATS_FILE_TMPDIR/found"
}

@test "an error that the README does not explain is found" {
	grep -q '^README.md:1: \[errcode\] the error RAV_CONFLICT ' "$BATS_FILE_TMPDIR/found"
}

@test "rules are listed with the files that follow them" {
	run -0 "$GW_SRCDIR/contrib/check-source" --rules "$GW_SRCDIR"
	grep -q "src/util/picousd.h$" <<<"$output"
}
