-- Tables of the cluster backend, all in one schema. Days are in the plan's zone.
-- No secret stands here in clear: passwords as Argon2id (PHC), keys and refresh tokens as SHA-256.

CREATE TABLE plans (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    description text NOT NULL,
    quota_limit bigint,                 -- null: unlimited
    quota_period text CHECK (quota_period IN ('DAY', 'WEEK', 'MONTH')),
    quota_offset bigint NOT NULL,
    throttle_rate double precision,     -- null: as fast as they come
    throttle_burst bigint,
    time_zone text NOT NULL,
    position bigint NOT NULL,           -- the configuration's order
    offered boolean NOT NULL            -- false: no longer in the configuration; serves its keys, takes no new ones
);

-- Grows with every change of plans, so that each replica sees at its next admission that it must read them again.
CREATE TABLE plans_version (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL
);
INSERT INTO plans_version (version) VALUES (1);

CREATE TABLE accounts (
    id text PRIMARY KEY,
    email text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE sessions (
    id text PRIMARY KEY,
    account text NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    digest bytea PRIMARY KEY,
    session text NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    rotated_at timestamptz              -- null: the one that is valid now
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session);

-- An owner on a plan; requests are counted here. It outlives its key and its account until its period ends. Whoever
-- counts a request, or changes what decides it, locks this row first.
CREATE TABLE subscriptions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id text NOT NULL UNIQUE,
    owner bytea NOT NULL,               -- keyed digest of the owner's email address
    plan bigint NOT NULL REFERENCES plans (id),
    subscribed_on date NOT NULL,
    period_start date,                  -- the period whose sums stand beside; null: not summed yet
    period_end date,                    -- the first day of the next one
    used bigint NOT NULL DEFAULT 0,     -- the sum of usage_days over that period
    returned bigint NOT NULL DEFAULT 0,
    full_at bigint,                     -- when the throttle's bucket will be full (GCRA), in nanoseconds since 1970; null: it is
    UNIQUE (owner, plan)
) WITH (fillfactor = 70);

CREATE INDEX subscriptions_by_plan ON subscriptions (plan, id);

CREATE TABLE keys (
    id text PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY,
    account text NOT NULL REFERENCES accounts (id),
    subscription bigint NOT NULL UNIQUE REFERENCES subscriptions (id),
    digest bytea NOT NULL,
    earlier_digests bytea[] NOT NULL DEFAULT '{}',  -- values before it, the first end first, and when each ends
    earlier_until timestamptz[] NOT NULL DEFAULT '{}',
    enabled boolean NOT NULL,
    label text NOT NULL,
    created_at timestamptz NOT NULL,
    rotated_at timestamptz,
    CHECK (cardinality(earlier_digests) = cardinality(earlier_until))
);
CREATE INDEX keys_by_account ON keys (account);

CREATE TABLE usage_days (
    subscription bigint NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
    day date NOT NULL,
    used bigint NOT NULL,               -- charged, what was given back subtracted
    refused bigint NOT NULL,
    returned bigint NOT NULL,
    PRIMARY KEY (subscription, day)
) WITH (fillfactor = 70);

-- The last batch that each lane of each replica committed. Where a connection is cut in a commit, this row tells
-- whether the batch was written, and its fence keeps one that wasn't from being written later.
CREATE TABLE lanes (
    id bytea PRIMARY KEY,
    batch bigint NOT NULL,
    fence bigint NOT NULL,              -- no batch of this number or a lower one may be written any more
    used_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Changes by the replicas' own numbers for them, written along with them. Where a connection is cut in a commit, this
-- row tells whether the change was made; whoever asks writes it, so that it can't be made later.
CREATE TABLE changes (
    id bytea PRIMARY KEY,
    made_at timestamptz NOT NULL
);
CREATE INDEX changes_by_time ON changes (made_at);

-- Whose answers named what the upstream keeps, so that nobody else may name it. Ends with the account.
CREATE TABLE state_owners (
    id bytea PRIMARY KEY,               -- half of the SHA-256 of the upstream's id
    account text NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    named_at timestamptz NOT NULL       -- last
);
CREATE INDEX state_owners_by_account ON state_owners (account, named_at);
CREATE INDEX state_owners_by_time ON state_owners (named_at);

-- Calls that made a key and may be repeated, each for a day. From what stands here nobody can tell the key's value.
CREATE TABLE repeatable_calls (
    account text NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name bytea NOT NULL,                -- keyed digest of what its caller calls it
    request bytea NOT NULL,             -- keyed digest of what it asked for
    key text NOT NULL,                  -- what it made; may be gone
    made_at timestamptz NOT NULL,
    PRIMARY KEY (account, name)
);
CREATE INDEX repeatable_calls_by_time ON repeatable_calls (made_at);

-- Fingerprints of the keys that all replicas must share.
CREATE TABLE shared_keys (
    name text PRIMARY KEY,
    fingerprint bytea NOT NULL
);
