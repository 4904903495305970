-- Calls that made a key and may be repeated, each for a day. From what stands here nobody can tell the key's value.
CREATE TABLE repeatable_calls (
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name BLOB NOT NULL,                 -- keyed digest of what its caller calls it
    request BLOB NOT NULL,              -- keyed digest of what it asked for
    key TEXT NOT NULL,                  -- what it made; may be gone
    made_at INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX repeatable_calls_by_time ON repeatable_calls (made_at);
