-- Tries (sign-ups, failed sign-ins, wrong keys) that count. Bounded: what is over goes with every write.
CREATE TABLE tries (
    id bytea PRIMARY KEY,               -- half of the keyed digest of what is limited: never an address in clear
    counted bytea NOT NULL,             -- seconds since 1970 and how many in each, the newest that decide
    forget_at timestamptz NOT NULL
);
CREATE INDEX tries_by_end ON tries (forget_at);
