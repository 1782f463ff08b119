-- Which device an invitation went into, as whoever prepared that calls it; empty where a household has it on paper.
ALTER TABLE invitation ADD COLUMN device text NOT NULL DEFAULT '';
