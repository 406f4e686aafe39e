#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# One configuration: whatever a setting comes from, all parts of a running gateway have the same (R1).

bats_require_minimum_version 1.5.0
load lib/gw
load lib/web

setup() {
	web_world
	gw_need nginx jq
	export PAYMENT=on
	KEY=$(llm-gateway keygen 2>/dev/null)
	DID=$(llm-gateway inspect key --service-key-stdin --json <<<"$KEY" | jq -r .did)
	chmod 755 "$GW_DIR"
}
teardown() { gw_end; }

told() { # told FILTER: of discovery and GET / together
	curl -sS "$URL/.well-known/nuwa-payment/info" "$URL/" | jq -sr "$1"
}
setting() { # setting PROGRAM NAME: what it was started with
	tr '\0' '\n' <"/proc/$(pgrep -f "^$PROGRAMS/fcgi/$1.fcgi" | head -n 1)/environ" | sed -n "s/^$2=//p"
}

@test "defaults, file, environment and command line, the later beat the earlier ones" {
	# each setting in all places before the one that has to win
	cat >settings.json <<-END
		{"serviceId": "of-file", "network": "dev", "defaultAssetId": "0x3::gas_coin::RGas", "defaultPricePicoUSD": 7,
		"rpcUrl": "http://127.0.0.1:1", "adminDid": ["did:rooch:a", " did:rooch:b "], "debug": true, "corsOrigins": [],
		"minClaimAmount": 5, "openaiBaseUrl": "http://127.0.0.1:2", "serviceKey": "zOfFile"}
	END
	printf '%s\n' 'SERVICE_ID=of-dotenv' 'ROOCH_NETWORK=main' 'DEFAULT_PRICE_PICO_USD=8' 'MIN_CLAIM_AMOUNT=6' \
		"SERVICE_KEY=$KEY" >.env
	printf '%s\n' 'SERVICE_ID=of-local' 'DEFAULT_PRICE_PICO_USD=10' >.env.local
	chmod 644 .env .env.local
	SERVICE_ID=of-environment DEFAULT_PRICE_PICO_USD=9 MIN_CLAIM_AMOUNT=7 \
		web_start nginx --config settings.json --service-id of-flag --rpc-url http://127.0.0.1:3
	gw_is "$(told '[.[0].serviceId, .[0].network, .[0].defaultAssetId, .[0].defaultPricePicoUSD, .[1].config.serviceId,
		.[1].config.network, .[1].config.debug] | map(tostring) | join(" ")')" \
		'of-flag main 0x3::gas_coin::RGas 10 of-flag main true'
	gw_is "$(told '.[0].serviceDid')" "$DID"
	local name
	for name in openai claude gateway payment-channel; do
		gw_is "$name $(setting $name ROOCH_NODE_URL) $(setting $name ADMIN_DID) $(setting $name MIN_CLAIM_AMOUNT)" \
			"$name http://127.0.0.1:3 did:rooch:a,did:rooch:b 7"
		gw_is "$(setting $name SERVICE_KEY)" ""
	done
	gw_is "$(setting openai OPENAI_BASE_URL)" "$MOCK"
	# no origins at all is not the same as the default, which is all of them
	run ! grep -qi access-control-allow-origin <(curl -sSi -H 'Origin: https://a.example' "$URL/")
}

@test "files of settings in the state directory are those of serve, and of nobody else" {
	mkdir s
	printf '%s\n' "SERVICE_KEY=$KEY" SERVICE_ID=of-dotenv LOG_TARGET=my.log >s/.env
	printf '%s\n' DEFAULT_PRICE_PICO_USD=10 SERVICE_ID=of-local >s/.env.local
	chmod 600 s/.env
	cd s
	web_start nginx --service-id of-flag
	gw_is "$(told '[.[0].serviceId, .[0].defaultPricePicoUSD, .[0].serviceDid] | join(" ")')" "of-flag 10 $DID"
	# one log for all
	gw_wait_for 10 grep -q '"program":"gateway.fcgi"' my.log
	grep -q '"program":"llm-gateway"' my.log
	gw_is "$(find . -name my.log)" ./my.log
}

@test "without any of them the defaults count" {
	export SERVICE_KEY=$KEY
	web_start nginx
	gw_is "$(told '[.[0].serviceId, .[0].network, .[0].defaultAssetId, .[0].defaultPricePicoUSD, .[1].config.debug] | map(tostring) | join(" ")')" \
		'llm-gateway test 0x3::gas_coin::RGas 0 false'
	curl -sSi -H 'Origin: https://a.example' "$URL/" | tr -d '\r' | grep -qix 'access-control-allow-origin: https://a.example'
}

@test "config check, and a responder's --check, refuse what would stop a gateway at its start" {
	export PAYMENT=on SERVICE_KEY=$KEY
	run -0 llm-gateway config check
	while IFS='|' read -r setting text; do
		run -1 env "$setting" llm-gateway config check
		[[ $output == *"$text"* ]] || gw_is "$setting: $output" "$text"
		[[ $output != *"$KEY"* ]]
		case $setting in
		SERVICE_*) continue ;;
		esac
		run -1 env -u SERVICE_KEY "SERVICE_DID=$DID" "$setting" "$PROGRAMS/fcgi/openai.fcgi" --check
		[[ $output == *"$text"* ]] || gw_is "$setting: $output" "$text"
	done <<-END
		SERVICE_KEY=${KEY%?}|SERVICE_KEY: the key is not valid
		SERVICE_DID=did:rooch:rooch1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqsjw3fd5|SERVICE_DID is not the DID of SERVICE_KEY
		DEFAULT_ASSET_ID=nonsense|'nonsense' is no coin type
		DEFAULT_ASSET_ID=0x3::other::Coin|not supported without ASSET_PRICE_PICO_USD
		PRICING_OVERRIDES={"m":{"promptPerMTokUsd":-1,"completionPerMTokUsd":1}}|promptPerMTokUsd
		PRICING_CONFIG_PATH=none.csv|none.csv
	END
	run -1 env -u SERVICE_KEY SERVICE_DID=did:rooch:0x3 "$PROGRAMS/fcgi/openai.fcgi" --check
	[[ $output == *"payment needs a service DID"* ]]
	PAYMENT=off run -0 env -u SERVICE_KEY DEFAULT_ASSET_ID=nonsense llm-gateway config check
}

@test "overrides are counted in the log, and a DID that is not the key's is refused" {
	export SERVICE_KEY=$KEY
	SERVICE_DID=did:rooch:rooch1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqsjw3fd5 PORT=$(gw_port) run -1 --separate-stderr \
		timeout $((20 * GW_PATIENCE)) "$PROGRAMS/llm-gateway" serve --state-dir "$GW_DIR/s"
	[[ $stderr == *"SERVICE_DID is not the DID of SERVICE_KEY, did:rooch:"* ]]
	export SERVICE_DID=$DID
	PRICING_OVERRIDES='{"m-1":{"promptPerMTokUsd":25.0,"completionPerMTokUsd":50.0},"gpt-4":{"promptPerMTokUsd":1,"completionPerMTokUsd":2}}' \
		web_start nginx --debug
	gw_wait_for 10 grep -q 'Applied 2 pricing overrides' serve.err
}
