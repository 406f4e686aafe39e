-- SPDX-License-Identifier: Apache-2.0
-- What the development ledger remembers.
--
-- The state of the chain is kept as the chain keeps it: objects and entries of tables, each the bytes
-- of its binary form. A write adds a row with the number of its transaction and the rows before it
-- stay for a while, so that an older view can still be answered (a node that is behind).
-- A merged file is never edited: a change of the schema is a new file with the next number.

CREATE TABLE migration (
	number     INTEGER PRIMARY KEY CHECK (number >= 1),
	name       TEXT NOT NULL,                            -- of the file in sql/devnode/
	digest     TEXT NOT NULL CHECK (length(digest) = 64), -- SHA-256 of the file, hex
	applied_ms INTEGER NOT NULL,
	program    TEXT NOT NULL                             -- version of the program that applied it
) STRICT;

-- One row: the node itself.
CREATE TABLE node (
	one             INTEGER PRIMARY KEY CHECK (one = 1),
	chain_id        INTEGER NOT NULL CHECK (chain_id >= 1),
	gas             INTEGER NOT NULL CHECK (gas >= 0), -- used by each transaction
	clock_offset_ms INTEGER NOT NULL,                  -- node's clock = system's clock + this
	tx_order        INTEGER NOT NULL CHECK (tx_order >= 0), -- of the newest transaction
	fresh           INTEGER NOT NULL CHECK (fresh >= 0), -- ids given so far
	seed            BLOB NOT NULL CHECK (length(seed) = 32) -- of fresh ids
) STRICT;
INSERT INTO node (one, chain_id, gas, clock_offset_ms, tx_order, fresh, seed)
	VALUES (1, 4, 1000, 0, 0, 0, zeroblob(32));

CREATE TABLE object (
	object_id  BLOB NOT NULL CHECK (length(object_id) = 32),
	tx_order   INTEGER NOT NULL, -- valid from this transaction on
	owner      BLOB NOT NULL CHECK (length(owner) = 32),
	type       TEXT NOT NULL,    -- short addresses
	value      BLOB NOT NULL,
	created_ms INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL,
	PRIMARY KEY (object_id, tx_order)
) STRICT, WITHOUT ROWID;

CREATE TABLE field (
	table_id   BLOB NOT NULL CHECK (length(table_id) = 32),
	field_key  BLOB NOT NULL CHECK (length(field_key) = 32),
	tx_order   INTEGER NOT NULL,
	type       TEXT NOT NULL,
	value      BLOB, -- name and value of the entry; NULL: removed
	created_ms INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL,
	PRIMARY KEY (table_id, field_key, tx_order)
) STRICT, WITHOUT ROWID;

CREATE TABLE tx (
	tx_order        INTEGER PRIMARY KEY,
	hash            BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
	raw             BLOB NOT NULL, -- data and authenticator
	status          INTEGER NOT NULL CHECK (status BETWEEN 0 AND 4), -- enum dev_status
	location        TEXT NOT NULL, -- module of an abort, else ''
	abort_code      INTEGER NOT NULL CHECK (abort_code >= 0),
	gas_used        INTEGER NOT NULL CHECK (gas_used >= 0),
	time_ms         INTEGER NOT NULL
) STRICT;

CREATE TABLE event (
	handle_id   BLOB NOT NULL CHECK (length(handle_id) = 32),
	event_seq   INTEGER NOT NULL CHECK (event_seq >= 0), -- within the handle
	tx_order    INTEGER NOT NULL,
	event_index INTEGER NOT NULL, -- within the transaction
	type        TEXT NOT NULL,
	data        BLOB NOT NULL,
	PRIMARY KEY (handle_id, event_seq)
) STRICT, WITHOUT ROWID;

-- Faults that tests order: the next calls misbehave.
CREATE TABLE fault (
	fault_id  INTEGER PRIMARY KEY,
	kind      INTEGER NOT NULL, -- enum dev_fault_kind
	method    TEXT NOT NULL,    -- '': any
	remaining INTEGER NOT NULL CHECK (remaining >= 1),
	value     INTEGER NOT NULL CHECK (value >= 0),
	text      TEXT NOT NULL
) STRICT;
