-- SPDX-License-Identifier: Apache-2.0
-- The schema that the migrations add up to: what `llm-gateway migrate --schema` prints.

CREATE TABLE migration (
	number     INTEGER PRIMARY KEY CHECK (number >= 1),
	name       TEXT NOT NULL,                            -- of the file in sql/
	digest     TEXT NOT NULL CHECK (length(digest) = 64), -- SHA-256 of the file, hex
	applied_ms INTEGER NOT NULL,
	program    TEXT NOT NULL                             -- version of the program that applied it
) STRICT;

CREATE TABLE process_lease (
	owner    TEXT PRIMARY KEY CHECK (owner <> ''),
	until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE usage (
	usage_id            INTEGER PRIMARY KEY,
	state               INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 2), -- started, done, lost
	owner               TEXT NOT NULL, -- the process that made the call, see process_lease
	request_id          TEXT NOT NULL,
	client_tx_ref       TEXT,          -- NULL: the client gave none
	did                 TEXT NOT NULL, -- who asked
	provider            TEXT NOT NULL, -- name of the route
	api                 TEXT NOT NULL,
	model               TEXT,          -- as asked for; NULL: the route names none
	method              TEXT NOT NULL,
	path                TEXT NOT NULL,
	stream              INTEGER NOT NULL CHECK (stream IN (0, 1)),
	free                INTEGER NOT NULL CHECK (free IN (0, 1)), -- a route without price
	started_ms          INTEGER NOT NULL CHECK (started_ms >= 0),
	bound_pico          INTEGER NOT NULL CHECK (bound_pico >= 0), -- most that it may cost

	-- Known afterwards; NULL means unknown or not applicable, never zero.
	outcome             INTEGER NOT NULL DEFAULT 0 CHECK (outcome BETWEEN 0 AND 6),
	status              INTEGER CHECK (status BETWEEN 100 AND 599), -- sent to the client
	upstream_status     INTEGER CHECK (upstream_status BETWEEN 100 AND 599),
	error_code          TEXT,
	model_reported      TEXT,
	upstream_request_id TEXT,
	first_byte_ms       INTEGER,
	finished_ms         INTEGER,
	bytes_out           INTEGER CHECK (bytes_out >= 0),

	-- The bill, and all that it takes to work it out again.
	cost_pico           INTEGER CHECK (cost_pico >= 0),
	estimated           INTEGER CHECK (estimated IN (0, 1)),
	exact               INTEGER CHECK (exact IN (0, 1)),
	input_tokens        INTEGER CHECK (input_tokens >= 0),
	output_tokens       INTEGER CHECK (output_tokens >= 0),
	cached_tokens       INTEGER CHECK (cached_tokens >= 0),
	usage_json          TEXT, -- the usage vector
	cost_json           TEXT, -- the parts of the sum
	price_version       TEXT,
	multiplier          TEXT,
	priced_as           TEXT,
	cost_source         TEXT, channel_id BLOB CHECK (length(channel_id) = 32), fragment TEXT, decision INTEGER CHECK (decision BETWEEN 1 AND 3), rate_pico INTEGER CHECK (rate_pico > 0), epoch INTEGER CHECK (epoch >= 0), nonce INTEGER CHECK (nonce > 0), cost_asset BLOB CHECK (length(cost_asset) = 32), forgone_pico INTEGER CHECK (forgone_pico >= 0),

	CONSTRAINT usage_started_is_open CHECK (state <> 0
		OR (outcome = 0 AND finished_ms IS NULL AND cost_pico IS NULL)),
	CONSTRAINT usage_done_is_whole CHECK (state <> 1
		OR (outcome BETWEEN 1 AND 5 AND finished_ms IS NOT NULL AND bytes_out IS NOT NULL
			AND estimated IS NOT NULL AND exact IS NOT NULL)),
	CONSTRAINT usage_lost_is_unknown CHECK (state <> 2
		OR (outcome = 6 AND finished_ms IS NOT NULL AND cost_pico IS NULL)),
	CONSTRAINT usage_free_costs_nothing CHECK (free = 0 OR cost_pico IS NULL OR cost_pico = 0)
) STRICT;

CREATE INDEX usage_by_time ON usage (started_ms);

CREATE INDEX usage_open ON usage (owner) WHERE state = 0;

CREATE TABLE price_override_history (
	version    INTEGER PRIMARY KEY,
	model      TEXT NOT NULL CHECK (model <> ''),
	price      TEXT CHECK (json_valid(price) AND json_type(price) = 'object'), -- NULL: unset
	changed_ms INTEGER NOT NULL,
	changed_by TEXT NOT NULL
) STRICT;

CREATE TABLE price_override (
	model   TEXT PRIMARY KEY CHECK (model <> ''),
	version INTEGER NOT NULL REFERENCES price_override_history (version),
	price   TEXT NOT NULL CHECK (json_valid(price) AND json_type(price) = 'object')
) STRICT, WITHOUT ROWID;

CREATE TABLE channel (
	channel_id        BLOB PRIMARY KEY CHECK (length(channel_id) = 32),
	payer             BLOB NOT NULL CHECK (length(payer) = 32),
	payee             BLOB NOT NULL CHECK (length(payee) = 32),
	asset             TEXT NOT NULL CHECK (asset <> ''), -- canonical coin type
	chain_id          INTEGER NOT NULL CHECK (chain_id >= 0),
	status            INTEGER NOT NULL CHECK (status BETWEEN 0 AND 2), -- active, cancelling, closed
	epoch             INTEGER NOT NULL CHECK (epoch >= 0),
	sub_channels      BLOB NOT NULL CHECK (length(sub_channels) = 32), -- table on chain
	cancel_started_ms INTEGER CHECK (cancel_started_ms >= 0), -- NULL: no cancellation
	cancel_pending    BLOB CHECK (length(cancel_pending) = 32),
	read_ms           INTEGER NOT NULL, -- when that reading began
	CHECK ((cancel_started_ms IS NULL) = (cancel_pending IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX channel_by_payer ON channel (payer, asset);

CREATE TABLE hub_balance (
	owner       BLOB NOT NULL CHECK (length(owner) = 32),
	asset       TEXT NOT NULL CHECK (asset <> ''),
	claims      INTEGER NOT NULL DEFAULT 0 CHECK (claims >= 0),
	balance     BLOB CHECK (length(balance) = 32), -- NULL: never read
	read_ms     INTEGER, -- when that reading began
	read_claims INTEGER CHECK (read_claims <= claims),
	PRIMARY KEY (owner, asset),
	CHECK ((balance IS NULL) = (read_ms IS NULL) AND (balance IS NULL) = (read_claims IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE sub_channel (
	channel_id        BLOB NOT NULL REFERENCES channel (channel_id),
	fragment          TEXT NOT NULL CHECK (length(CAST(fragment AS BLOB)) BETWEEN 1 AND 128),

	-- the chain; the key never changes
	pk_multibase      TEXT NOT NULL CHECK (pk_multibase <> ''),
	method_type       TEXT NOT NULL CHECK (method_type <> ''),
	last_claimed      BLOB NOT NULL CHECK (length(last_claimed) = 32),
	last_nonce        INTEGER NOT NULL CHECK (last_nonce >= 0),
	read_ms           INTEGER NOT NULL,

	-- the newest voucher; its signature is in voucher
	signed_epoch      INTEGER CHECK (signed_epoch >= 0),
	signed_nonce      INTEGER CHECK (signed_nonce > 0),
	signed_amount     BLOB CHECK (length(signed_amount) = 32),
	signed_ms         INTEGER,

	-- the proposal that waits for a signature, and the cost that made it
	pending_epoch     INTEGER CHECK (pending_epoch >= 0),
	pending_nonce     INTEGER CHECK (pending_nonce > 0),
	pending_amount    BLOB CHECK (length(pending_amount) = 32),
	pending_cost      BLOB CHECK (length(pending_cost) = 32),
	pending_cost_pico INTEGER CHECK (pending_cost_pico >= 0),
	pending_ms        INTEGER,

	-- the request at work: it lives as long as its usage row is open and its process alive
	lease_owner       TEXT CHECK (lease_owner <> ''),
	lease_usage_id    INTEGER,
	lease_bound       BLOB CHECK (length(lease_bound) = 32),
	lease_bound_pico  INTEGER CHECK (lease_bound_pico >= 0),

	PRIMARY KEY (channel_id, fragment),
	CONSTRAINT signed_is_whole CHECK ((signed_epoch IS NULL) = (signed_nonce IS NULL)
		AND (signed_epoch IS NULL) = (signed_amount IS NULL) AND (signed_epoch IS NULL) = (signed_ms IS NULL)),
	CONSTRAINT pending_is_whole CHECK ((pending_epoch IS NULL) = (pending_nonce IS NULL)
		AND (pending_epoch IS NULL) = (pending_amount IS NULL) AND (pending_epoch IS NULL) = (pending_cost IS NULL)
		AND (pending_epoch IS NULL) = (pending_cost_pico IS NULL) AND (pending_epoch IS NULL) = (pending_ms IS NULL)),
	CONSTRAINT lease_is_whole CHECK ((lease_owner IS NULL) = (lease_usage_id IS NULL)
		AND (lease_owner IS NULL) = (lease_bound IS NULL) AND (lease_owner IS NULL) = (lease_bound_pico IS NULL)),
	CONSTRAINT pending_goes_on CHECK (pending_epoch IS NULL OR (pending_amount >= pending_cost
		AND (signed_epoch IS NULL OR pending_epoch > signed_epoch OR (pending_epoch = signed_epoch
			AND pending_nonce > signed_nonce AND pending_amount >= signed_amount)))),
	CONSTRAINT one_request_at_work CHECK (lease_owner IS NULL OR pending_epoch IS NULL)
) STRICT, WITHOUT ROWID;

CREATE TABLE voucher (
	channel_id  BLOB NOT NULL,
	fragment    TEXT NOT NULL,
	epoch       INTEGER NOT NULL CHECK (epoch >= 0),
	nonce       INTEGER NOT NULL CHECK (nonce > 0),
	amount      BLOB NOT NULL CHECK (length(amount) = 32),
	chain_id    INTEGER NOT NULL CHECK (chain_id >= 0),
	signature   BLOB NOT NULL CHECK (length(signature) = 64), -- low S
	accepted_ms INTEGER NOT NULL,
	PRIMARY KEY (channel_id, fragment, nonce, epoch),
	FOREIGN KEY (channel_id, fragment) REFERENCES sub_channel (channel_id, fragment)
) STRICT, WITHOUT ROWID;

CREATE TABLE claim_request (
	channel_id   BLOB NOT NULL,
	fragment     TEXT NOT NULL,
	reason       INTEGER NOT NULL CHECK (reason BETWEEN 1 AND 2), -- threshold, administrator
	requested_ms INTEGER NOT NULL,
	PRIMARY KEY (channel_id, fragment),
	FOREIGN KEY (channel_id, fragment) REFERENCES sub_channel (channel_id, fragment)
) STRICT, WITHOUT ROWID;

CREATE TABLE claim (
	claim_id        INTEGER PRIMARY KEY,
	kind            INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 5), -- claim, dispute, finalize, close, withdraw
	state           INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5), -- planned, submitted, confirmed, failed, dropped
	channel_id      BLOB NOT NULL CHECK (length(channel_id) IN (0, 32)),
	fragment        TEXT NOT NULL,
	asset           TEXT NOT NULL CHECK (asset <> ''),
	epoch           INTEGER NOT NULL CHECK (epoch >= 0), -- of the channel
	nonce           INTEGER NOT NULL CHECK (nonce >= 0), -- of the voucher; 0: none
	amount          BLOB NOT NULL CHECK (length(amount) = 32), -- of the voucher, or all that is to be moved
	sender          BLOB NOT NULL CHECK (length(sender) = 32),
	sequence_number INTEGER NOT NULL CHECK (sequence_number >= 0),
	tx_hash         BLOB NOT NULL CHECK (length(tx_hash) = 32),
	raw             BLOB NOT NULL CHECK (length(raw) BETWEEN 1 AND 131072), -- signed, ready to be sent again
	created_ms      INTEGER NOT NULL,
	changed_ms      INTEGER NOT NULL,

	-- Known afterwards; NULL means unknown or not applicable, never zero.
	moved           BLOB CHECK (length(moved) = 32), -- by how much the chain's books rose
	gas_used        INTEGER CHECK (gas_used >= 0),
	reason          INTEGER CHECK (reason BETWEEN 1 AND 12),
	abort_location  TEXT,
	code            INTEGER CHECK (code >= 0), -- of the abort or the refusal

	CONSTRAINT claim_of_a_subchannel CHECK (kind > 2 OR (length(channel_id) = 32 AND fragment <> '' AND nonce > 0)),
	CONSTRAINT claim_of_a_channel CHECK (kind NOT IN (3, 4) OR (length(channel_id) = 32 AND fragment = '')),
	CONSTRAINT claim_of_nothing CHECK (kind <> 5 OR (length(channel_id) = 0 AND fragment = '')),
	CONSTRAINT claim_confirmed_is_known CHECK ((state = 3) = (moved IS NOT NULL)),
	CONSTRAINT claim_ended_has_a_reason CHECK ((state IN (4, 5)) = (reason IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX claim_open ON claim (channel_id, fragment) WHERE state < 3;

CREATE INDEX claim_by_time ON claim (changed_ms);

CREATE TABLE claim_history (
	claim_id   INTEGER NOT NULL REFERENCES claim (claim_id),
	step       INTEGER NOT NULL CHECK (step >= 1),
	state_from INTEGER NOT NULL CHECK (state_from BETWEEN 0 AND 2),
	state_to   INTEGER NOT NULL CHECK (state_to BETWEEN 1 AND 5 AND state_to > state_from),
	at_ms      INTEGER NOT NULL,
	note       TEXT NOT NULL,
	PRIMARY KEY (claim_id, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE settlement (
	channel_id       BLOB NOT NULL CHECK (length(channel_id) IN (0, 32)),
	fragment         TEXT NOT NULL,
	accounted        BLOB NOT NULL CHECK (length(accounted) = 32), -- of the chain's claimed amount: in the books here
	elsewhere        BLOB NOT NULL CHECK (length(elsewhere) = 32), -- of that, what others brought about
	lost             BLOB NOT NULL CHECK (length(lost) = 32), -- vouchers of epochs that ended before they were claimed
	lost_epoch       INTEGER CHECK (lost_epoch >= 0), -- the last such epoch
	failures         INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0), -- one after the other
	failing_since_ms INTEGER, -- NULL: the last try was well
	tried_ms         INTEGER,
	next_ms          INTEGER, -- not before; NULL: any time
	reason           INTEGER CHECK (reason BETWEEN 1 AND 12), -- of the last failure
	PRIMARY KEY (channel_id, fragment),
	CHECK ((failures = 0) = (failing_since_ms IS NULL) AND (failures = 0) = (next_ms IS NULL)
		AND (failures = 0) = (reason IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE settle_alarm (
	kind       INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 7),
	channel_id BLOB NOT NULL CHECK (length(channel_id) IN (0, 32)),
	fragment   TEXT NOT NULL,
	amount     BLOB CHECK (length(amount) = 32), -- at risk; NULL: not known
	since_ms   INTEGER NOT NULL,
	seen_ms    INTEGER NOT NULL,
	said_ms    INTEGER NOT NULL, -- in the log
	PRIMARY KEY (kind, channel_id, fragment)
) STRICT, WITHOUT ROWID;

CREATE TABLE settle_run (
	one        INTEGER PRIMARY KEY CHECK (one = 1),
	started_ms INTEGER NOT NULL,
	ended_ms   INTEGER, -- NULL: at work, or killed
	status     INTEGER CHECK (status BETWEEN 0 AND 3), -- with which it ended
	node_ms    INTEGER, -- when the node last answered
	CHECK ((ended_ms IS NULL) = (status IS NULL))
) STRICT;

CREATE TABLE auth_nonce (
	arrival    INTEGER PRIMARY KEY,
	nonce_hash BLOB NOT NULL UNIQUE CHECK (length(nonce_hash) = 32), -- SHA-256 of DID, NUL byte, nonce
	expires_s  INTEGER NOT NULL -- could still be replayed until then
) STRICT;
