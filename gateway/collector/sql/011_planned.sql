-- What a planner can use: curves as a view, which takes a WHERE in; the values of days that are over counted once.

SET LOCAL statement_timeout = 0;

-- The value stands in the index too. Readings lie in the order in which they came, all homes' together: one home's year is
-- 17,520 pages of the table, and 100 of the index.
ALTER TABLE reading DROP CONSTRAINT reading_pkey;
ALTER TABLE reading ADD PRIMARY KEY (series, time) INCLUDE (value);

-- What an erasure has still to delete, a portion at a time; until then nobody sees the series, and nothing of its gateway
-- is kept: what comes after it is not what it means.
CREATE TABLE erasure (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gateway integer NOT NULL REFERENCES gateway ON DELETE CASCADE,
  notice text,                           -- which asked for it; null where that was a person here
  series integer NOT NULL REFERENCES series ON DELETE CASCADE,
  first timestamptz NOT NULL,
  last timestamptz NOT NULL              -- not included
);
CREATE INDEX ON erasure (gateway);
CREATE INDEX ON erasure (series);
ALTER TABLE series ADD COLUMN erasing boolean NOT NULL DEFAULT false;
-- What is left of it counts in the totals again, whatever was reckoned meanwhile.
CREATE FUNCTION series_shown() RETURNS trigger LANGUAGE plpgsql SET search_path = linky, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM segment_release) THEN
    PERFORM mark_series(ARRAY[new.id]);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER totals_after_erasing AFTER UPDATE OF erasing ON series
  FOR EACH ROW WHEN (old.erasing AND NOT new.erasing AND new.path LIKE '%/energy/active/index')
  EXECUTE FUNCTION series_shown();

-- How many values a day of France brought of a series, of `raw` in how many hours any; null where that is to be counted,
-- again or yet. Whoever writes or deletes readings says null in the same transaction, holding the series; what is null is
-- counted by whoever asks. The day that is running has its row, and its number tomorrow.
CREATE TABLE counted (
  day date NOT NULL,
  series integer NOT NULL,
  received integer,
  PRIMARY KEY (day, series)
);

CREATE FUNCTION day_of(moment timestamptz) RETURNS date LANGUAGE sql STABLE AS $$
  SELECT (moment AT TIME ZONE 'Europe/Paris')::date
$$;

-- What is there already is counted in the days after this.
INSERT INTO counted (day, series)
SELECT d::date, s.id FROM series s
CROSS JOIN LATERAL (SELECT time FROM reading WHERE series = s.id ORDER BY time LIMIT 1) f
CROSS JOIN LATERAL (SELECT time FROM reading WHERE series = s.id ORDER BY time DESC LIMIT 1) l
CROSS JOIN generate_series(
  greatest(day_of(f.time), current_date - 400)::timestamp, day_of(l.time)::timestamp, interval '1 day'
) AS d
WHERE s.kind IN ('gauge', 'total');
ALTER TABLE counted ADD FOREIGN KEY (series) REFERENCES series ON DELETE CASCADE;
CREATE INDEX ON counted (series, day);
CREATE INDEX ON counted (series, day) WHERE received IS NULL;

-- A condition of the reader's own is looked at after ours, unless it is one that tells nothing (security_barrier).
CREATE OR REPLACE VIEW shown_series WITH (security_barrier) AS
SELECT s.id AS series, m.pseudonym AS meter, s.path, s.granularity, s.unit, s.kind
FROM series s JOIN meter m ON m.id = s.meter JOIN gateway g ON g.id = m.gateway
WHERE NOT g.limited AND NOT s.erasing;
ALTER VIEW last_value SET (security_barrier);
ALTER VIEW home SET (security_barrier);

-- Every reading. Meter, path and time in a WHERE are looked up.
CREATE VIEW curve WITH (security_barrier) AS
SELECT m.pseudonym AS meter, s.path, s.granularity, s.unit, r.time, r.value, r.words
FROM gateway g JOIN meter m ON m.gateway = g.id JOIN series s ON s.meter = m.id JOIN reading r ON r.series = s.id
WHERE NOT g.limited AND NOT s.erasing;

-- As before, and planned once in a session: for a day that took longer than the look-ups themselves.
CREATE OR REPLACE FUNCTION energy(
  step interval, zone text, since timestamptz, until timestamptz, of_meters text[] DEFAULT NULL,
  of_kind text DEFAULT 'total'
)
RETURNS TABLE (
  meter text, path text, unit text, start timestamptz, finish timestamptz, energy double precision, whole boolean
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = linky, pg_temp SET jit = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH step_start AS (
    SELECT t AS start, t + step AS next, t < until AS asked
    FROM generate_series(date_trunc('hour', since, 'UTC'), until - interval '1 microsecond' + step, step) AS t
    WHERE step < interval '1 day'
    UNION ALL
    -- Days are those of the zone, of 23 to 25 hours.
    SELECT t AT TIME ZONE zone, (t + step) AT TIME ZONE zone, t < until AT TIME ZONE zone
    FROM generate_series(
      date_trunc('day', since AT TIME ZONE zone), until AT TIME ZONE zone - interval '1 microsecond' + step, step
    ) AS t
    WHERE step >= interval '1 day'
  ),
  counter AS (
    SELECT s.meter, s.path, s.unit, array_agg(s.series) AS parts FROM shown_series s
    WHERE s.kind = of_kind AND s.path ~ '/energy/[a-z]+/index(/|$)'
      AND s.meter = ANY (coalesce(of_meters, ARRAY(SELECT pseudonym FROM meter)))
    GROUP BY s.meter, s.path, s.unit
  ),
  mark AS (
    SELECT c.meter, c.path, c.unit, c.parts, b.start, b.next, b.asked, f.value,
      lead(b.start) OVER following AS finish, lead(f.value) OVER following AS reached
    FROM counter c CROSS JOIN step_start b
    CROSS JOIN LATERAL (
      SELECT r.value FROM unnest(c.parts) AS part CROSS JOIN LATERAL (
        SELECT time, value FROM reading WHERE series = part AND time >= b.start AND time < b.next ORDER BY time LIMIT 1
      ) r ORDER BY r.time, r.value LIMIT 1
    ) f
    WINDOW following AS (PARTITION BY c.meter, c.path, c.unit ORDER BY b.start)
  )
  SELECT mark.meter, mark.path, mark.unit, mark.start, coalesce(mark.finish, later.time, own.time),
    CASE WHEN coalesce(mark.reached, later.value, own.value) >= mark.value
      THEN coalesce(mark.reached, later.value, own.value) - mark.value END,
    mark.finish IS NOT DISTINCT FROM mark.next
  FROM mark
  -- A gap that goes beyond what is asked is of the step in which it begins.
  LEFT JOIN LATERAL (
    SELECT r.time, r.value FROM unnest(mark.parts) AS part CROSS JOIN LATERAL (
      SELECT time, value FROM reading WHERE series = part AND time >= mark.next ORDER BY time LIMIT 1
    ) r WHERE mark.finish IS NULL ORDER BY r.time, r.value LIMIT 1
  ) later ON true
  LEFT JOIN LATERAL (
    SELECT r.time, r.value FROM unnest(mark.parts) AS part CROSS JOIN LATERAL (
      SELECT time, value FROM reading WHERE series = part AND time >= mark.start AND time < mark.next
      ORDER BY time DESC LIMIT 1
    ) r WHERE mark.finish IS NULL AND later.time IS NULL ORDER BY r.time DESC, r.value DESC LIMIT 1
  ) own ON true
  WHERE mark.asked;
END
$$;

-- A meter in a WHERE is looked up.
CREATE OR REPLACE VIEW energy_hourly AS
SELECT m.meter, e.path, e.unit, e.start AS hour, e.energy, e.whole, e.finish
FROM (SELECT DISTINCT meter FROM shown_series WHERE kind = 'total') m
CROSS JOIN LATERAL energy('1 hour', 'UTC', now() - interval '7 days', now(), ARRAY[m.meter]) e;
CREATE OR REPLACE VIEW energy_daily AS
SELECT m.meter, e.path, e.unit, e.start AS day, e.energy, e.whole, e.finish
FROM (SELECT DISTINCT meter FROM shown_series WHERE kind = 'total') m
CROSS JOIN LATERAL energy('1 day', 'Europe/Paris', now() - interval '1 year', now(), ARRAY[m.meter]) e;

CREATE OR REPLACE FUNCTION completeness(since timestamptz, until timestamptz, of_meters text[] DEFAULT NULL)
RETURNS TABLE (meter text, path text, granularity text, day timestamptz, expected integer, received integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = linky, pg_temp SET jit = off AS $$
  WITH day_of_france AS MATERIALIZED (
    SELECT t::date AS day, t AT TIME ZONE 'Europe/Paris' AS start,
      extract(epoch FROM t AT TIME ZONE 'Europe/Paris')::float8 AS lo,
      extract(epoch FROM (t + interval '1 day') AT TIME ZONE 'Europe/Paris')::float8 AS hi
    FROM generate_series(
      date_trunc('day', since AT TIME ZONE 'Europe/Paris'),
      until AT TIME ZONE 'Europe/Paris' - interval '1 microsecond', '1 day'
    ) AS t
  ), due AS MATERIALIZED (
    SELECT s.meter, p.series, p.path, p.granularity, extract(epoch FROM p.step)::float8 AS step,
      extract(epoch FROM p.since)::float8 AS since, extract(epoch FROM p.until)::float8 AS until
    FROM due_series p JOIN shown_series s ON s.series = p.series
    -- By number, which the planner takes into the view.
    WHERE of_meters IS NULL OR p.meter = ANY (ARRAY(SELECT id FROM meter WHERE pseudonym = ANY (of_meters)))
  ), due_day AS (
    SELECT due.*, d.day, d.start, d.lo AS day_lo, d.hi AS day_hi,
      ceil(greatest(d.lo, due.since) / step) * step AS lo, ceil(least(d.hi, due.until) / step) * step AS hi
    FROM due CROSS JOIN day_of_france d
  )
  SELECT meter, path, granularity, start, ((hi - lo) / step)::integer, least(
    CASE WHEN lo = day_lo AND hi = day_hi AND c.received IS NOT NULL THEN c.received
      WHEN granularity = 'raw' THEN (
        SELECT count(*) FROM generate_series(to_timestamp(lo), to_timestamp(hi - step), interval '1 hour') AS h
        WHERE EXISTS (SELECT FROM reading WHERE series = due_day.series AND time >= h AND time < h + interval '1 hour')
      ) ELSE (
        SELECT count(*) FROM reading
        WHERE series = due_day.series AND time >= to_timestamp(lo) AND time < to_timestamp(hi)
      ) END,
    (hi - lo) / step
  )::integer
  FROM due_day LEFT JOIN (
    SELECT * FROM counted
    WHERE day >= (since AT TIME ZONE 'Europe/Paris')::date AND day <= (until AT TIME ZONE 'Europe/Paris')::date
  ) c ON c.day = due_day.day AND c.series = due_day.series
  WHERE hi > lo
$$;

-- Whoever could read the readings can read their curve.
DO $$
DECLARE one record;
BEGIN
  FOR one IN
    SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS role
    FROM pg_proc p CROSS JOIN LATERAL aclexplode(p.proacl) a
    WHERE p.oid = 'linky.readings(text, timestamptz, timestamptz, text[])'::regprocedure
      AND a.privilege_type = 'EXECUTE' AND a.grantee <> p.proowner
  LOOP
    EXECUTE 'GRANT SELECT ON linky.curve TO ' || one.role;
  END LOOP;
END
$$;
DROP FUNCTION readings(text, timestamptz, timestamptz, text[]);
