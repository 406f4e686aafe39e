-- SPDX-License-Identifier: Apache-2.0
-- What the metered gateway remembers: usage, spent nonces, changed prices.
--
-- Amounts are picoUSD (10^-12 US dollar), times Unix milliseconds unless named _s (seconds).
-- A merged file is never edited: a change of the schema is a new file with the next number.

CREATE TABLE migration (
	number     INTEGER PRIMARY KEY CHECK (number >= 1),
	name       TEXT NOT NULL,                            -- of the file in sql/
	digest     TEXT NOT NULL CHECK (length(digest) = 64), -- SHA-256 of the file, hex
	applied_ms INTEGER NOT NULL,
	program    TEXT NOT NULL                             -- version of the program that applied it
) STRICT;

-- One row per running process. It is renewed while the process lives; when it has passed, whoever
-- notices closes what the process left open and deletes it.
CREATE TABLE process_lease (
	owner    TEXT PRIMARY KEY CHECK (owner <> ''),
	until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per call of a provider: started before the call, done or lost exactly once after it.
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
	cost_source         TEXT,

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

-- Nonces of the authentication header that were spent and could still be replayed.
CREATE TABLE auth_nonce (
	nonce_hash BLOB PRIMARY KEY CHECK (length(nonce_hash) = 32), -- SHA-256 of DID, NUL byte, nonce
	expires_s  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX auth_nonce_by_expiry ON auth_nonce (expires_s);

-- Every change of an override, for ever. The greatest version tells in one look whether anything
-- has changed, and names the prices that a bill was made with.
CREATE TABLE price_override_history (
	version    INTEGER PRIMARY KEY,
	model      TEXT NOT NULL CHECK (model <> ''),
	price      TEXT CHECK (json_valid(price) AND json_type(price) = 'object'), -- NULL: unset
	changed_ms INTEGER NOT NULL,
	changed_by TEXT NOT NULL
) STRICT;

-- Overrides in force: an object with the members of PRICING_OVERRIDES per model.
CREATE TABLE price_override (
	model   TEXT PRIMARY KEY CHECK (model <> ''),
	version INTEGER NOT NULL REFERENCES price_override_history (version),
	price   TEXT NOT NULL CHECK (json_valid(price) AND json_type(price) = 'object')
) STRICT, WITHOUT ROWID;
