-- SPDX-License-Identifier: Apache-2.0
-- Spent nonces in the order in which they came, which is nearly that in which they expire. Their table was
-- ordered by hash and had an index by expiry: each request wrote to a page of its own in both. Now a group
-- of requests shares the page at the end of the table, and only the hashes are spread.

DROP INDEX auth_nonce_by_expiry;
ALTER TABLE auth_nonce RENAME TO auth_nonce_of_old;

CREATE TABLE auth_nonce (
	arrival    INTEGER PRIMARY KEY,
	nonce_hash BLOB NOT NULL UNIQUE CHECK (length(nonce_hash) = 32), -- SHA-256 of DID, NUL byte, nonce
	expires_s  INTEGER NOT NULL -- could still be replayed until then
) STRICT;

INSERT INTO auth_nonce (nonce_hash, expires_s) SELECT nonce_hash, expires_s FROM auth_nonce_of_old ORDER BY expires_s;
DROP TABLE auth_nonce_of_old;
