-- The request for access behind a subscription: its number at the gateway, and how it stood when that was last asked
-- (pending, granted, refused, expired); null while the household was never asked.
ALTER TABLE subscription
  ADD COLUMN request bigint,
  ADD COLUMN request_state text,
  ADD COLUMN requested_at timestamptz;
