-- What was used before a key's value and the other service could not be told of yet.

ALTER TABLE remote_keys ADD COLUMN untold_period TEXT;                 -- the period's first day; null: it was told all
ALTER TABLE remote_keys ADD COLUMN untold_used INTEGER
    CHECK ((untold_used IS NULL) = (untold_period IS NULL));
