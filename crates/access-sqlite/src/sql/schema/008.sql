-- What operators do: accounts that wait or are blocked, links for a new password, and the audit.
ALTER TABLE accounts ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN operator INTEGER NOT NULL DEFAULT 0;
CREATE INDEX accounts_by_time ON accounts (created_at, id);

CREATE TABLE reset_links (
    account TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    digest BLOB NOT NULL UNIQUE,        -- of the link's secret, SHA-256
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE invites (
    id TEXT PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,        -- of the link's secret, SHA-256
    email TEXT,                         -- for this address alone
    domain TEXT,                        -- for addresses of this domain
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Only ever added to. Ids of accounts, no addresses: those end with their account.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT,                         -- null: a command on the machine
    action TEXT NOT NULL,
    subject TEXT,                       -- null: it concerns no account
    before TEXT,
    after TEXT,
    note TEXT,
    request TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_subject ON audit (subject, id);
