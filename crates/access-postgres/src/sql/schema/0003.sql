-- What a session's owner sees of it. Sessions from before expire thirty days after they were last refreshed; replicas of
-- the version before, which may still run, leave both columns out.
ALTER TABLE sessions ADD COLUMN client text NOT NULL DEFAULT '';        -- what was signed in with, in a few words
ALTER TABLE sessions ADD COLUMN last_used_at timestamptz NOT NULL DEFAULT now();
UPDATE sessions SET last_used_at = greatest(created_at, expires_at - interval '30 days');
