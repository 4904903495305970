-- A key stands on its subscription, at most one on each. A table between the two said so.

CREATE TABLE keys_now (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    subscription INTEGER NOT NULL UNIQUE REFERENCES subscriptions (id),
    digest BLOB NOT NULL,
    enabled INTEGER NOT NULL,
    label TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    rotated_at INTEGER
) STRICT;
INSERT INTO keys_now (id, account, subscription, digest, enabled, label, created_at, rotated_at)
SELECT id, account, subscription, digest, enabled, label, created_at, rotated_at
FROM keys JOIN plan_keys ON plan_keys.key = keys.id ORDER BY keys.rowid;

CREATE TABLE earlier_values_now (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL REFERENCES keys_now (id) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    until INTEGER NOT NULL
) STRICT;
INSERT INTO earlier_values_now (id, key, digest, until)
SELECT id, key, digest, until FROM earlier_values WHERE key IN (SELECT id FROM keys_now);

DROP TABLE earlier_values;
DROP TABLE plan_keys;
DROP TABLE keys;
-- The reference to it follows.
ALTER TABLE keys_now RENAME TO keys;
ALTER TABLE earlier_values_now RENAME TO earlier_values;
CREATE INDEX keys_by_account ON keys (account);
CREATE INDEX earlier_values_by_key ON earlier_values (key);
