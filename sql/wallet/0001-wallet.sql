-- SPDX-License-Identifier: Apache-2.0
-- What the payer's command remembers: of one key, in a file beside it. Amounts are 32 bytes, big-endian.

CREATE TABLE migration (
	number     INTEGER PRIMARY KEY CHECK (number >= 1),
	name       TEXT NOT NULL,                            -- of the file in sql/wallet/
	digest     TEXT NOT NULL CHECK (length(digest) = 64), -- SHA-256 of the file, hex
	applied_ms INTEGER NOT NULL,
	program    TEXT NOT NULL                             -- version of the program that applied it
) STRICT;

-- A sub-channel that our key pays in, as the chain had it when it was last read.
CREATE TABLE channel (
	channel_id BLOB NOT NULL CHECK (length(channel_id) = 32),
	fragment   TEXT NOT NULL CHECK (length(fragment) BETWEEN 1 AND 128),
	payer      BLOB NOT NULL CHECK (length(payer) = 32),
	payee      BLOB NOT NULL CHECK (length(payee) = 32),
	asset      TEXT NOT NULL,                            -- canonical
	network    TEXT NOT NULL CHECK (network IN ('local', 'dev', 'test', 'main')),
	chain_id   INTEGER NOT NULL CHECK (chain_id >= 0),
	epoch      INTEGER NOT NULL CHECK (epoch >= 0),
	claimed_nonce  INTEGER NOT NULL CHECK (claimed_nonce >= 0),
	claimed_amount BLOB NOT NULL CHECK (length(claimed_amount) = 32),
	read_ms    INTEGER NOT NULL,
	PRIMARY KEY (channel_id, fragment)
) STRICT, WITHOUT ROWID;

-- Where the payee can be asked.
CREATE TABLE gateway (
	url        TEXT PRIMARY KEY,                         -- without a slash at the end
	base_path  TEXT NOT NULL,                            -- of its payment endpoints
	channel_id BLOB NOT NULL,
	fragment   TEXT NOT NULL,
	opened_ms  INTEGER NOT NULL,
	FOREIGN KEY (channel_id, fragment) REFERENCES channel (channel_id, fragment)
) STRICT, WITHOUT ROWID;

-- All that was ever signed, written before it is sent. The key says: one amount per nonce.
CREATE TABLE voucher (
	channel_id BLOB NOT NULL,
	fragment   TEXT NOT NULL,
	epoch      INTEGER NOT NULL CHECK (epoch >= 0),
	nonce      INTEGER NOT NULL CHECK (nonce >= 1),
	amount     BLOB NOT NULL CHECK (length(amount) = 32),
	cost       BLOB CHECK (length(cost) = 32),           -- that it pays; null: not known any more
	signature  BLOB NOT NULL CHECK (length(signature) = 64),
	taken      INTEGER NOT NULL CHECK (taken IN (0, 1)), -- the gateway was seen to have it
	signed_ms  INTEGER NOT NULL,
	PRIMARY KEY (channel_id, fragment, epoch, nonce),
	FOREIGN KEY (channel_id, fragment) REFERENCES channel (channel_id, fragment)
) STRICT, WITHOUT ROWID;

-- What the gateway proposed last, checked and not signed yet.
CREATE TABLE proposal (
	channel_id BLOB NOT NULL,
	fragment   TEXT NOT NULL,
	epoch      INTEGER NOT NULL CHECK (epoch >= 0),
	nonce      INTEGER NOT NULL CHECK (nonce >= 1),
	amount     BLOB NOT NULL CHECK (length(amount) = 32),
	cost       BLOB NOT NULL CHECK (length(cost) = 32),
	got_ms     INTEGER NOT NULL,
	PRIMARY KEY (channel_id, fragment),
	FOREIGN KEY (channel_id, fragment) REFERENCES channel (channel_id, fragment)
) STRICT, WITHOUT ROWID;

-- A row is written before its request is sent.
CREATE TABLE request (
	request_id INTEGER PRIMARY KEY,
	started_ms INTEGER NOT NULL,
	ended_ms   INTEGER,                                  -- null: not ended, or killed
	channel_id BLOB NOT NULL,
	fragment   TEXT NOT NULL,
	gateway    TEXT NOT NULL,
	method     TEXT NOT NULL,
	path       TEXT NOT NULL,                            -- without its query
	tx_ref     TEXT NOT NULL,
	max_amount BLOB NOT NULL CHECK (length(max_amount) = 32), -- zero: no limit
	-- 0 started, 1 priced, 2 free, 3 refused by the gateway, 4 its proposal was refused by us, 5 broke off
	state      INTEGER NOT NULL CHECK (state BETWEEN 0 AND 5),
	status     INTEGER,                                  -- HTTP
	epoch      INTEGER,                                  -- of the proposal that asks to pay for it
	nonce      INTEGER,
	cost       BLOB CHECK (length(cost) = 32),
	cost_pico  INTEGER,                                  -- as the gateway stated it
	error      TEXT,
	FOREIGN KEY (channel_id, fragment) REFERENCES channel (channel_id, fragment)
) STRICT;
CREATE INDEX request_of_channel ON request (channel_id, fragment, request_id);
