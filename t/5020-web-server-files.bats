#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The files of conf/ as they are, read by the servers that they are for.

bats_require_minimum_version 1.5.0
load lib/gw

setup() { gw_world; }
teardown() { gw_end; }

conf=$GW_SRCDIR/conf
programs=(openai openrouter litellm claude gemini payment-channel gateway)

@test "nginx" {
	gw_need nginx
	# where nginx was never started by root, the directories for its files are missing, and an ordinary user's
	# trial would make them
	{
		printf 'pid %s/pid; error_log stderr; events { } http { access_log off;\n' "$GW_DIR"
		printf '%s_temp_path %s/tmp;\n' client_body "$GW_DIR" proxy "$GW_DIR" fastcgi "$GW_DIR" uwsgi "$GW_DIR" scgi "$GW_DIR"
		printf 'include %s/nginx-site.conf; }\n' "$conf"
	} >nginx.conf
	run -0 nginx -t -p "$GW_DIR" -c "$GW_DIR/nginx.conf"
	[[ "$output" == *"test is successful"* && "$output" != *warn* ]]
}

@test "lighttpd, before responders that are there" {
	gw_need lighttpd
	printf 'server.document-root = "/var/empty"\nserver.port = 8080\ninclude "%s/lighttpd-site.conf"\n' "$conf" >l.conf
	run -0 lighttpd -tt -f l.conf
	gw_is "$output" ""
}

@test "lighttpd, starting the responders" {
	gw_need lighttpd
	printf 'server.document-root = "/var/empty"\nserver.port = 8080\ninclude "%s/lighttpd-spawn.conf"\n' "$conf" >l.conf
	run -0 lighttpd -tt -f l.conf
	[[ "$output" != *unknown* && "$output" != *eprecated* ]]
}

apache_reads() { # apache_reads FILE MODULE...
	local file=$1 name
	shift
	{
		for name in mpm_event authz_core headers "$@"; do
			echo "LoadModule ${name}_module /usr/lib/apache2/modules/mod_$name.so"
		done
		printf '%s\n' "ServerRoot $GW_DIR" "DefaultRuntimeDir $GW_DIR" "ServerName x" "Listen 8080" \
			"ErrorLog $GW_DIR/error.log" "Include $conf/$file"
	} >a.conf
	run -0 apache2 -t -f "$GW_DIR/a.conf"
	[[ "$output" == "Syntax OK" ]]
}

@test "Apache, mod_proxy_fcgi" {
	gw_need apache2
	apache_reads apache2-proxy-site.conf proxy proxy_fcgi
}

@test "Apache, mod_fcgid" {
	gw_need apache2
	apache_reads apache2-fcgid-site.conf alias fcgid
}

@test "every file names every program, and no file a secret" {
	local file name
	for file in nginx-site lighttpd-site lighttpd-spawn apache2-proxy-site apache2-fcgid-site; do
		for name in "${programs[@]}"; do
			grep -q "$name\\.\\(sock\\|fcgi\\)" "$conf/$file.conf"
		done
	done
	run -1 grep -rE '^[^#]*(SERVICE_KEY|API_KEY) *[=>" ]+[A-Za-z0-9]' "$conf"
}
