-- SPDX-License-Identifier: Apache-2.0
-- What the payer's command remembers.

CREATE TABLE migration (
	number     INTEGER PRIMARY KEY CHECK (number >= 1),
	name       TEXT NOT NULL,                            -- of the file in sql/wallet/
	digest     TEXT NOT NULL CHECK (length(digest) = 64), -- SHA-256 of the file, hex
	applied_ms INTEGER NOT NULL,
	program    TEXT NOT NULL                             -- version of the program that applied it
) STRICT;
