-- For how long a gap has been open; of those that are there already, since now.
ALTER TABLE gap ADD COLUMN noted_at timestamptz NOT NULL DEFAULT now();
