-- Tables of the embedded backend. Times are milliseconds since 1970 (UTC); days are YYYY-MM-DD in the plan's zone.
-- No secret stands here in clear: passwords as Argon2id (PHC), keys and refresh tokens as SHA-256.

CREATE TABLE plans (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    quota_limit INTEGER,                -- null: unlimited
    quota_period TEXT CHECK (quota_period IN ('DAY', 'WEEK', 'MONTH')),
    quota_offset INTEGER NOT NULL,
    throttle_rate REAL,                 -- null: as fast as they come
    throttle_burst INTEGER,
    time_zone TEXT NOT NULL,
    position INTEGER NOT NULL,          -- the configuration's order
    offered INTEGER NOT NULL            -- 0: no longer in the configuration; serves its keys, takes no new ones
) STRICT;

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_account ON sessions (account);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    digest BLOB PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    rotated_at INTEGER                  -- null: the one that is valid now
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session);

-- An owner on a plan; requests are counted here. It outlives its key and its account until its period ends.
CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY,
    public_id TEXT NOT NULL UNIQUE,
    owner BLOB NOT NULL,                -- keyed digest of the owner's email address
    plan INTEGER NOT NULL REFERENCES plans (id),
    subscribed_on TEXT NOT NULL,
    UNIQUE (owner, plan)
) STRICT;

CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    digest BLOB NOT NULL,
    previous_digest BLOB,               -- the value before the last rotation, which works until previous_until
    previous_until INTEGER,
    enabled INTEGER NOT NULL,
    label TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    rotated_at INTEGER
) STRICT;
CREATE INDEX keys_by_account ON keys (account);

-- The attachment of a key to its plan: at most one key per subscription.
CREATE TABLE plan_keys (
    subscription INTEGER PRIMARY KEY REFERENCES subscriptions (id),
    key TEXT NOT NULL UNIQUE REFERENCES keys (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE usage_days (
    subscription INTEGER NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
    day TEXT NOT NULL,
    used INTEGER NOT NULL,              -- charged, what was given back subtracted
    refused INTEGER NOT NULL,
    returned INTEGER NOT NULL,
    PRIMARY KEY (subscription, day)
) STRICT, WITHOUT ROWID;

-- Written to find out whether writing works.
CREATE TABLE heartbeat (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    beats INTEGER NOT NULL
) STRICT;
