-- When a day's subscription was last used, written along with its counts; null: not that day. Of days from before it was
-- kept only the day is known: their end stands for it, or now.
ALTER TABLE usage_days ADD COLUMN last_used_at INTEGER;
UPDATE usage_days SET last_used_at = 1000 * min(unixepoch(), unixepoch(day) + 86399) WHERE used > 0;
