# SPDX-License-Identifier: Apache-2.0
#
# The rules of check-source. Reads the names of the files from `list`, the exceptions from `table`.
# C is split into code (literals emptied, comments gone) and the text of its string literals, so
# that each rule looks at what it is about.

function finding(rule, text, what)
{
	if ((rule, file, what) in allowed) {
		used[rule, file, what] = 1
		return
	}
	printf "%s:%d: [%s] %s\n", file, line_no, rule, text
	findings++
}

# Split a line of C into `code` and `strings`; `in_comment` lives from line to line.
function split_c(s,    at, c, from)
{
	code = ""
	strings = ""
	comment = ""
	while (s != "") {
		if (in_comment) {
			at = index(s, "*/")
			if (!at) {
				comment = comment s
				return
			}
			comment = comment substr(s, 1, at - 1)
			s = substr(s, at + 2)
			in_comment = 0
			continue
		}
		if (!match(s, /["']|\/\*|\/\//)) {
			code = code s
			return
		}
		c = substr(s, RSTART, 1)
		code = code substr(s, 1, RSTART - 1)
		s = substr(s, RSTART + 1)
		if (c == "/") {
			if (substr(s, 1, 1) == "/") {
				comment = comment s
				return
			}
			in_comment = 1
			s = substr(s, 2)
			continue
		}
		for (at = 1; at <= length(s) && substr(s, at, 1) != c; at++)
			if (substr(s, at, 1) == "\\")
				at++
		if (c == "\"")
			strings = strings substr(s, 1, at - 1) "\n"
		code = code (c == "\"" ? "\"\"" : "' '")
		s = substr(s, at + 1)
	}
}

function column_width(s,    i, w)
{
	if (index(s, "\t") == 0)
		return length(s)
	for (i = 1; i <= length(s); i++)
		w = substr(s, i, 1) == "\t" ? (int(w / 8) + 1) * 8 : w + 1
	return w
}

# ---- one C line ----

function check_include(raw,    name, target)
{
	if (raw !~ /^[ \t]*#[ \t]*include[ \t]*[<"]/)
		return
	name = raw
	sub(/^[^<"]*[<"]/, "", name)
	sub(/[>"].*/, "", name)
	for (target in lib_header)
		if (layer != "" && name ~ ("^" target) && index(" " lib_header[target] " ", " " layer " ") == 0)
			finding("library", "<" name "> is for " lib_header[target] " only", name)
	if (layer == "" || raw !~ /"/ || name !~ /\// )
		return
	target = name
	sub(/\/.*/, "", target)
	if (!(target in level))
		return
	if (target != layer && level[target] >= level[layer])
		finding("layer", layer "/ may not include " name, name)
}

function check_words(    n, i, w, prefix, id)
{
	n = split(code, id, /[^A-Za-z0-9_]+/)
	for (i = 1; i <= n; i++) {
		w = id[i]
		if (w in banned)
			finding("banned", w "() must not be used", w)
		if (layer == "")
			continue
		if (w in floating)
			finding("float", w ": amounts are integers, and nothing else here needs it", w)
		for (prefix in lib_prefix)
			if (index(w, prefix) == 1 && index(" " lib_prefix[prefix] " ", " " layer " ") == 0)
				finding("library", w ": " prefix " is for " lib_prefix[prefix] " only", w)
		if (w ~ /^GWE_./ && !(w in error_code) && w != "GWE_OK" && w != "GWE_COUNT" && file != "src/util/err.h")
			finding("errcode", w " is not in the table of util/err.h", w)
	}
}

function check_strings(    n, i, s)
{
	n = split(strings, part, "\n")
	for (i = 1; i < n; i++) {
		s = part[i]
		if (layer != "" && s ~ sql && file !~ "^src/store/stmts[a-z_]*[.]def$")
			finding("sql", "SQL stands in store/stmts*.def and sql/ only", "sql")
		if (layer != "" && s in error_wire && file != "src/util/err.h")
			finding("errcode", "\"" s "\": the wire text of a code comes from gw_err_wire()", s)
	}
}

function check_c(raw)
{
	split_c(raw)
	check_include(raw)
	if (code ~ /^[ \t]*#[ \t]*pragma/)
		return
	check_words()
	check_strings()
	if (layer != "" && code ~ /[0-9]\.[0-9]/)
		finding("float", "a number with a fraction", "fraction")
	if (file != "src/util/picousd.c" && code ~ /(\.|->)raw_pico/)
		finding("money", "only picousd.c looks inside struct picousd", "pico")
	if (file != "src/util/u256.c" && code ~ /(\.|->)w[ ]*\[/)
		finding("money", "only u256.c looks inside struct u256", "w")
	if (layer != "" && code ~ /typedef[ ]+(struct|union|enum)[ ]+[A-Za-z_]/)
		finding("typedef", "structs go by their tag", "typedef")
	if (layer != "" && code ~ /^[ \t]*static [^(]*(;|=)/ &&
	    code !~ /const|_Atomic|atomic_|_Thread_local|_Static_assert/)
		finding("global", "data that changes hangs off the one struct made in main", "global")
	if (raw ~ /^  / && file !~ /[.]def$/ && !was_comment && !in_comment)
		finding("space", "indent with tabs", "indent")
	if (column_width(raw) > 120 && file !~ /\.def$/)
		finding("width", "longer than 120 columns", "width")
	was_comment = in_comment
}

# ---- every file ----

function check_text(raw,    low)
{
	if (raw ~ /\r$/)
		finding("space", "carriage return", "cr")
	else if (raw ~ /[ \t]$/ && file !~ /\.md$/)
		finding("space", "white space at the end", "end")
	if (raw ~ machine_path)
		finding("machine", "a path or a host of one machine", "machine")
	if (raw ~ /(^|[^A-Za-z0-9_])(TODO|XXX|HACK)([^A-Za-z0-9_]|$)/ ||
	    (raw ~ /(^|[^A-Za-z0-9_])FIXME/ && raw !~ /FIXME\([0-9]+\): /))
		finding("unfinished", "unfinished work is finished or has a number", "mark")
	low = tolower(raw)
	if (low ~ /not (yet )?implemented|lorem ipsum|coming soon|[^a-z]for now[^a-z]/)
		finding("unfinished", "unfinished work", "words")
}

function check_shell(raw)
{
	if (raw ~ /^[ \t]*sleep [0-9]/ && file ~ /^t\//)
		finding("test", "a fixed sleep: poll to a deadline (gw_wait_for)", "sleep")
	if (file !~ /\.bats$/)
		return
	if (raw ~ /^[ \t]+! /)
		finding("test", "bats does not notice a failing \"! command\": use run ! or [ ... ]", "bang")
	if (raw ~ /^[ \t]*skip([ \t]|$)/)
		finding("test", "what is missing is declared with gw_need", "skip")
	if (raw ~ /\|\| true[ \t]*$/)
		finding("test", "a test that cannot fail", "true")
}

function begin_file(    dir)
{
	line_no = 0
	in_comment = was_comment = 0
	layer = ""
	if (file ~ /^src\//) {
		dir = substr(file, 5)
		sub(/\/.*/, "", dir)
		layer = dir
	} else if (file ~ /^fcgi\//) {
		layer = "fcgi"
	}
	is_c = file ~ /\.([ch]|def)$/
	is_shell = !is_c && (file ~ /^t\/lib\// || file ~ /\.(bats|bash|sh)$/)
	contract = file ~ /^src\/.*\.h$/ ? "" : "not needed"
	saw_spdx = 0
}

function end_file()
{
	if (is_c && !saw_spdx) {
		line_no = 1
		finding("spdx", "the first line names the licence", "spdx")
	}
	if (contract !~ /not needed/ && (contract !~ /L/ || contract !~ /T/)) {
		line_no = 1
		finding("contract", "the header says Layer: and Threads:", "contract")
	}
}

function check_file(    raw)
{
	begin_file()
	while ((getline raw < file) > 0) {
		line_no++
		if (line_no <= 2 && raw ~ /SPDX-License-Identifier: Apache-2\.0/)
			saw_spdx = 1
		if (contract != "not needed" && raw ~ /^ \* Layer: /)
			contract = contract "L"
		if (contract != "not needed" && raw ~ /^ \* Threads: /)
			contract = contract "T"
		check_text(raw)
		if (is_c)
			check_c(raw)
		else if (is_shell)
			check_shell(raw)
	}
	close(file)
	end_file()
}

# ---- tables ----

function words(to, text, value,    n, i, w)
{
	n = split(text, w, " ")
	for (i = 1; i <= n; i++)
		to[w[i]] = value
}

function read_table(    l, n, f)
{
	while ((getline l < table) > 0) {
		if (l ~ /^#/ || l !~ /[^ ]/)
			continue
		n = split(l, f, " ")
		if (n < 4) {
			file = "contrib/check-source.table"
			finding("table", "an exception needs rule, file, what and a reason: " l, l)
			continue
		}
		allowed[f[1], f[2], f[3]] = l
	}
	close(table)
}

function read_errors(    l, f)
{
	while ((getline l < "src/util/err.h") > 0) {
		if (l !~ /^\tX\(/)
			continue
		split(l, f, /[(,"]+ */)
		error_code["GWE_" f[2]] = 1
		if (f[5] ~ /^[A-Z]+_[A-Z_]+$/)
			error_wire[f[5]] = 1
		all_wire[f[5]] = 1
	}
	close("src/util/err.h")
}

function read_banned(    l, n, i, f)
{
	while ((getline l < "src/util/banned.h") > 0)
		if (l ~ /^#pragma GCC poison/) {
			n = split(l, f, " ")
			for (i = 4; i <= n; i++)
				banned[f[i]] = 1
		}
	close("src/util/banned.h")
}

# Every error code has its line in the README, so that a person who meets one finds it.
function check_readme(    l, code_name, text)
{
	while ((getline l < "README.md") > 0)
		text = text l "\n"
	close("README.md")
	file = "README.md"
	line_no = 1
	for (code_name in all_wire)
		if (index(text, "`" code_name "`") == 0)
			finding("errcode", "the error " code_name " is not explained", code_name)
}

function check_stale(    key)
{
	file = "contrib/check-source.table"
	line_no = 1
	for (key in allowed)
		if (!(key in used))
			finding("table", "no longer needed: " allowed[key], allowed[key])
}

BEGIN {
	words(level, "util", 0)
	words(level, "store codec crypto", 1)
	words(level, "upstream", 2)
	words(level, "ledger", 3)
	words(level, "billing auth", 4)
	words(level, "provider", 5)
	words(level, "http", 6)
	words(level, "pipeline", 7)
	words(level, "devnode settle cli client", 8)
	words(level, "fcgi", 9)

	lib_prefix["curl_"] = lib_prefix["CURL"] = "upstream"
	lib_prefix["sqlite3_"] = "store"
	lib_prefix["FCGX_"] = "http fcgi"
	lib_prefix["secp256k1_"] = lib_prefix["gnutls_"] = lib_prefix["nettle_"] = "crypto"
	lib_prefix["json_"] = "codec provider http"
	lib_header["curl/"] = "upstream"
	lib_header["sqlite3"] = "store"
	lib_header["fcgi"] = "http fcgi"
	lib_header["secp256k1"] = lib_header["gnutls/"] = lib_header["nettle/"] = "crypto"
	lib_header["jansson"] = "codec provider http"

	words(floating, "float double strtod strtof strtold json_real json_real_value json_number_value " \
		"llround lround floor ceil pow", 1)
	words(banned, "system popen alloca tmpnam mktemp gethostbyname", 1)
	sql = "(^|[ (])(SELECT [^ ]|INSERT (INTO|OR )|UPDATE [a-z_]+ SET|DELETE FROM|CREATE (TABLE|INDEX|UNIQUE|TRIGGER|VIEW|TEMP)|" \
		"ALTER TABLE|DROP (TABLE|INDEX)|PRAGMA |BEGIN (IMMEDIATE|EXCLUSIVE|DEFERRED)|ATTACH |VACUUM|SAVEPOINT )"
	machine_path = "(^|[^A-Za-z0-9_.}$])/(work|root|farm|home)/|[.]debian[.]org|registry[.]npmjs|[.]ubuntu[.]com|pypi[.]org|crates[.]io"

	read_table()
	read_errors()
	read_banned()
	while ((getline file < list) > 0)
		check_file()
	check_readme()
	check_stale()
	exit findings ? 1 : 0
}
