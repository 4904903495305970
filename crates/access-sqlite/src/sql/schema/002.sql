-- Keys whose values live in another service. Nothing spans both: what is begun there has an intent here until the
-- step that writes its row, or until it is removed there again.

-- This store's name among those that use the same service.
CREATE TABLE installation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    public_id TEXT NOT NULL
) STRICT;

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
    previous_operation TEXT,            -- the value before the last rotation, which works until previous_until
    previous_remote_id TEXT,
    previous_digest BLOB,
    previous_until INTEGER,
    previous_used INTEGER,              -- counted with it in the period in which it was replaced
    UNIQUE (account, plan_name),
    CHECK ((previous_operation IS NULL) = (previous_until IS NULL)
           AND (previous_remote_id IS NULL) = (previous_until IS NULL)
           AND (previous_digest IS NULL) = (previous_until IS NULL)
           AND (previous_used IS NULL) = (previous_until IS NULL))
) STRICT;

-- What was begun in the other service and isn't finished. An intent may outlive its key and its account.
CREATE TABLE remote_intents (
    operation TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    account TEXT NOT NULL,
    plan_name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('CREATE', 'REMOVE')),
    remote_id TEXT,                     -- null: not known yet
    due_at INTEGER NOT NULL
) STRICT;
CREATE INDEX remote_intents_by_account ON remote_intents (account);

-- What an owner had used when a key was revoked, for the next key in the same period. It outlives the account.
CREATE TABLE carried_use (
    owner BLOB NOT NULL,
    plan_name TEXT NOT NULL,
    period TEXT NOT NULL,               -- the period's first day
    used INTEGER NOT NULL,
    PRIMARY KEY (owner, plan_name)
) STRICT, WITHOUT ROWID;
CREATE INDEX carried_use_by_period ON carried_use (period);
