-- What operators do: accounts that wait or are blocked, links for a new password, and the audit.
ALTER TABLE accounts
    ADD COLUMN waiting boolean NOT NULL DEFAULT false,
    ADD COLUMN blocked boolean NOT NULL DEFAULT false,
    ADD COLUMN operator boolean NOT NULL DEFAULT false;
CREATE INDEX accounts_by_time ON accounts (created_at, id);

CREATE TABLE reset_links (
    account text PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    digest bytea NOT NULL UNIQUE,       -- of the link's secret, SHA-256
    expires_at timestamptz NOT NULL
);

CREATE TABLE invites (
    id text PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,       -- of the link's secret, SHA-256
    email text,                         -- for this address alone
    domain text,                        -- for addresses of this domain
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

-- Only ever added to. Ids of accounts, no addresses: those end with their account.
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text,                         -- null: a command on a machine
    action text NOT NULL,
    subject text,                       -- null: it concerns no account
    before text,
    after text,
    note text,
    request text NOT NULL
);
CREATE INDEX audit_by_subject ON audit (subject, id);
