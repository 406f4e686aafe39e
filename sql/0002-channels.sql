-- SPDX-License-Identifier: Apache-2.0
-- What payment remembers: the chain as it was last seen, what has been signed, what waits to be
-- signed, who is at work.
--
-- Amounts in units of the asset are 256-bit numbers, big-endian, so that their bytes sort as numbers.
-- Ids and addresses are 32 bytes. Times are Unix milliseconds.

-- A payer's channel with this service, as the chain last showed it.
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

-- Deposit of a payer. The balance falls by what a claim takes, so it counts only together with claimed
-- amounts that were read before it: `claims` grows whenever such an amount was seen to rise, and a
-- balance is of use while both numbers are equal.
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

-- One key of the payer in a channel: chain, signed and pending side by side.
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

-- Every voucher that was accepted, for ever: the ladder of which the largest that a hub covers is claimed.
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

-- What the settlement program is asked to claim soon.
CREATE TABLE claim_request (
	channel_id   BLOB NOT NULL,
	fragment     TEXT NOT NULL,
	reason       INTEGER NOT NULL CHECK (reason BETWEEN 1 AND 2), -- threshold, administrator
	requested_ms INTEGER NOT NULL,
	PRIMARY KEY (channel_id, fragment),
	FOREIGN KEY (channel_id, fragment) REFERENCES sub_channel (channel_id, fragment)
) STRICT, WITHOUT ROWID;

-- The payment of a call: known when it was admitted, and when it was charged.
ALTER TABLE usage ADD COLUMN channel_id BLOB CHECK (length(channel_id) = 32);
ALTER TABLE usage ADD COLUMN fragment TEXT;
-- How the request was let in: 1 nothing was due, 2 it paid the proposal, 3 its voucher went further.
ALTER TABLE usage ADD COLUMN decision INTEGER CHECK (decision BETWEEN 1 AND 3);
ALTER TABLE usage ADD COLUMN rate_pico INTEGER CHECK (rate_pico > 0); -- of one unit of the asset
ALTER TABLE usage ADD COLUMN epoch INTEGER CHECK (epoch >= 0); -- of the proposal
ALTER TABLE usage ADD COLUMN nonce INTEGER CHECK (nonce > 0); -- of the proposal
ALTER TABLE usage ADD COLUMN cost_asset BLOB CHECK (length(cost_asset) = 32); -- charged
ALTER TABLE usage ADD COLUMN forgone_pico INTEGER CHECK (forgone_pico >= 0); -- beyond the client's limit
