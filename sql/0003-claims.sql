-- SPDX-License-Identifier: Apache-2.0
-- What settlement remembers: its transactions, what they brought, what waits, what is wrong.
--
-- Amounts, ids and times are as in 0002. A fragment of '' stands for the whole channel, a channel of
-- no bytes for none.

-- One transaction of the claim key: written before the chain hears of it, and what became of it.
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

-- At most one at a time, so that two programs cannot do it twice.
CREATE UNIQUE INDEX claim_open ON claim (channel_id, fragment) WHERE state < 3;
CREATE INDEX claim_by_time ON claim (changed_ms);

-- Every step of a claim, for ever: from 0, which is nothing, to the state it has.
CREATE TABLE claim_history (
	claim_id   INTEGER NOT NULL REFERENCES claim (claim_id),
	step       INTEGER NOT NULL CHECK (step >= 1),
	state_from INTEGER NOT NULL CHECK (state_from BETWEEN 0 AND 2),
	state_to   INTEGER NOT NULL CHECK (state_to BETWEEN 1 AND 5 AND state_to > state_from),
	at_ms      INTEGER NOT NULL,
	note       TEXT NOT NULL,
	PRIMARY KEY (claim_id, step)
) STRICT, WITHOUT ROWID;

-- What settlement knows of a sub-channel, or with fragment '' of the end of a channel.
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

-- What somebody has to look at, as of the last run.
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

-- The last run.
CREATE TABLE settle_run (
	one        INTEGER PRIMARY KEY CHECK (one = 1),
	started_ms INTEGER NOT NULL,
	ended_ms   INTEGER, -- NULL: at work, or killed
	status     INTEGER CHECK (status BETWEEN 0 AND 3), -- with which it ended
	node_ms    INTEGER, -- when the node last answered
	CHECK ((ended_ms IS NULL) = (status IS NULL))
) STRICT;
