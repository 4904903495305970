-- When a subscription was last used, written along with its sums; null: not yet. Of uses from before it was kept only the
-- day is known: its end stands for it, or now.
ALTER TABLE subscriptions ADD COLUMN used_at timestamptz;
UPDATE subscriptions SET used_at = (SELECT least(now(), (max(day) + 1)::timestamp AT TIME ZONE 'UTC' - interval '1 second')
                                    FROM usage_days WHERE subscription = subscriptions.id AND used > 0);
