-- Whose answers named what the upstream keeps, so that nobody else may name it. Ends with the account.
CREATE TABLE state_owners (
    id BLOB PRIMARY KEY,                -- half of the SHA-256 of the upstream's id
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    named_at INTEGER NOT NULL           -- last
) STRICT, WITHOUT ROWID;
CREATE INDEX state_owners_by_account ON state_owners (account, named_at);
CREATE INDEX state_owners_by_time ON state_owners (named_at);
