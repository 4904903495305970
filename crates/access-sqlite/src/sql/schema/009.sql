-- What a session's owner sees of it. Sessions from before expire thirty days after they were last refreshed.
ALTER TABLE sessions ADD COLUMN client TEXT NOT NULL DEFAULT '';        -- what was signed in with, in a few words
ALTER TABLE sessions ADD COLUMN last_used_at INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET last_used_at = max(created_at, expires_at - 2592000000);
