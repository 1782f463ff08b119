-- For how long an erasure has not been through; of those that are there already, since now.
ALTER TABLE erasure ADD COLUMN noted_at timestamptz NOT NULL DEFAULT now();
