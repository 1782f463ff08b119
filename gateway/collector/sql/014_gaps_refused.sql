-- When the gateway refused last to fill a gap: a consent without the history, which only the household can change.
ALTER TABLE gap ADD COLUMN refused_at timestamptz;
