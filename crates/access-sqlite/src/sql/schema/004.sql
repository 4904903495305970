-- A key may have several earlier values, each of which works until its own end. They stood in columns of its row, as many
-- as one.

CREATE TABLE earlier_values (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    until INTEGER NOT NULL
) STRICT;
CREATE INDEX earlier_values_by_key ON earlier_values (key);

INSERT INTO earlier_values (key, digest, until)
SELECT id, previous_digest, previous_until FROM keys WHERE previous_digest IS NOT NULL AND previous_until IS NOT NULL;
ALTER TABLE keys DROP COLUMN previous_digest;
ALTER TABLE keys DROP COLUMN previous_until;

-- Of a table that checks them, columns can't be dropped.
ALTER TABLE remote_keys RENAME TO remote_keys_before;

CREATE TABLE remote_keys (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    owner BLOB NOT NULL,                -- keyed digest of the owner's email address
    plan_name TEXT NOT NULL,            -- a plan of the other service; plans here are not asked
    remote_plan TEXT NOT NULL,          -- the other service's id for it
    label TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    rotated_at INTEGER,
    fresh_since INTEGER NOT NULL,       -- when the value was last made or switched on
    operation TEXT NOT NULL,            -- what made the value; part of its name there
    remote_id TEXT NOT NULL,            -- the other service's id for the value
    digest BLOB NOT NULL,
    UNIQUE (account, plan_name)
) STRICT;

CREATE TABLE earlier_remote_values (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL REFERENCES remote_keys (id) ON DELETE CASCADE,
    operation TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    until INTEGER NOT NULL,
    counted INTEGER NOT NULL,           -- by the other service in the period of counted_at
    counted_at INTEGER NOT NULL         -- when it was last reckoned to the key's own value
) STRICT;
CREATE INDEX earlier_remote_values_by_key ON earlier_remote_values (key);

INSERT INTO remote_keys
SELECT id, account, owner, plan_name, remote_plan, label, enabled, created_at, rotated_at, fresh_since, operation,
       remote_id, digest
FROM remote_keys_before ORDER BY rowid;
INSERT INTO earlier_remote_values (key, operation, remote_id, digest, until, counted, counted_at)
SELECT id, previous_operation, previous_remote_id, previous_digest, previous_until, previous_used,
       coalesce(rotated_at, created_at)
FROM remote_keys_before WHERE previous_until IS NOT NULL;
DROP TABLE remote_keys_before;
