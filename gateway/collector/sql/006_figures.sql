-- Figures that add up: energy of totals alone and across gaps, completeness by what could have come, homes that are silent.
-- Of some meters the functions are asked by `of_meters`: a WHERE around them looks at all first.
-- They are many small look-ups, which a compiler of queries (jit) only makes wait: half a second for one meter's day.

-- A total, a part of one (a tariff's index), a value of each moment, or what is said when it changes.
ALTER TABLE series ADD COLUMN kind text NOT NULL GENERATED ALWAYS AS (
  CASE
    WHEN path LIKE 'contract/%' THEN 'event'
    WHEN path LIKE '%/index' THEN 'total'
    WHEN path LIKE '%/index/%' THEN 'class'
    WHEN path ~ '/raw(/phase/[123])?$' THEN 'gauge'
    ELSE 'event'
  END
) STORED;

-- How often a series has a value whatever happens; null where that is not known. An index is read out at each quarter of an
-- hour, by the minute only when it changes; of what was read each second, power drawn alone changes in every hour.
CREATE FUNCTION step_of(kind text, path text, granularity text) RETURNS interval LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN granularity = 'raw' THEN CASE WHEN path LIKE 'consumption/power/%' AND kind = 'gauge' THEN interval '1 hour' END
    WHEN granularity ~ '^PT[1-9][0-9]{0,2}[HM]$' AND (
      kind = 'gauge' OR kind = 'total' AND granularity::interval >= interval '15 minutes'
    ) THEN granularity::interval
  END
$$;

-- Whether an identifier, in whichever of its forms it was asked for, is that of a name or of a branch above it.
CREATE FUNCTION covers(identifier text, name text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT starts_with(translate(name, ':', '@') || '/', translate(rtrim(identifier, '/'), ':', '@') || '/')
$$;

CREATE OR REPLACE VIEW shown_series AS
SELECT s.id AS series, m.pseudonym AS meter, s.path, s.granularity, s.unit, s.kind
FROM series s JOIN meter m ON m.id = s.meter JOIN gateway g ON g.id = m.gateway
WHERE NOT g.limited;

-- Whoever could read one of these reads what stands in its place.
CREATE TEMPORARY TABLE granted ON COMMIT DROP AS
SELECT c.relname AS name, a.grantee FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
WHERE c.relnamespace = 'linky'::regnamespace AND a.privilege_type = 'SELECT' AND a.grantee <> c.relowner
UNION
SELECT p.proname, a.grantee FROM pg_proc p CROSS JOIN LATERAL aclexplode(p.proacl) a
WHERE p.pronamespace = 'linky'::regnamespace AND a.privilege_type = 'EXECUTE' AND a.grantee <> p.proowner;

DROP VIEW energy_hourly, energy_daily, completeness_daily;
DROP FUNCTION readings(text, timestamptz, timestamptz);
DROP FUNCTION energy(interval, text, timestamptz, timestamptz);
DROP FUNCTION completeness(timestamptz, timestamptz);

-- The readings of a period, for curves.
CREATE FUNCTION readings(of_path text, since timestamptz, until timestamptz, of_meters text[] DEFAULT NULL)
RETURNS TABLE (meter text, granularity text, unit text, "time" timestamptz, value double precision, words text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = linky, pg_temp SET jit = off AS $$
  SELECT s.meter, s.granularity, s.unit, r.time, r.value, r.words
  FROM shown_series s CROSS JOIN LATERAL (
    -- OFFSET keeps it a look-up by series, whatever the planner thinks of an unknown period.
    SELECT time, value, words FROM reading WHERE series = s.series AND time >= since AND time < until OFFSET 0
  ) r
  WHERE s.path = of_path AND (of_meters IS NULL OR s.meter = ANY (of_meters))
$$;

-- Energy of each step (15 minutes, an hour, a day): from its first index to that of the next step that has one, which is
-- `finish`. After a gap it is one row for all of the gap: the sum is what the indexes say. `whole` where no step is missing
-- in it; the last one counts up to its own last index and is not. An index that falls is another meter's: no energy. One
-- meter's consents to several granularities are of one index, whose first value is any of theirs.
CREATE FUNCTION energy(
  step interval, zone text, since timestamptz, until timestamptz, of_meters text[] DEFAULT NULL,
  of_kind text DEFAULT 'total'
)
RETURNS TABLE (
  meter text, path text, unit text, start timestamptz, finish timestamptz, energy double precision, whole boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = linky, pg_temp SET jit = off AS $$
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
    WHERE s.kind = of_kind AND s.path ~ '/energy/[a-z]+/index(/|$)' AND (of_meters IS NULL OR s.meter = ANY (of_meters))
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
  WHERE mark.asked
$$;

-- The last seven days by the hour, and the last year by the day of France: totals, each once.
CREATE VIEW energy_hourly AS
SELECT meter, path, unit, start AS hour, energy, whole, finish
FROM energy('1 hour', 'UTC', now() - interval '7 days', now());
CREATE VIEW energy_daily AS
SELECT meter, path, unit, start AS day, energy, whole, finish
FROM energy('1 day', 'Europe/Paris', now() - interval '1 year', now());

-- Series with a value at each step that somebody is subscribed to: from when on and until when their values are due. It begins
-- with the subscription, or with the first value of its meter if that came later; what may be kept no longer is not due, nor
-- is what may be on its way yet, nor what came after another granularity took its place.
CREATE VIEW due_series AS
WITH subscribed AS (
  SELECT x.id AS series, x.meter, x.path, x.granularity, step_of(x.kind, x.path, x.granularity) AS step,
    greatest(min(u.since), now() - x.keep) AS since
  FROM series x JOIN meter m ON m.id = x.meter
  JOIN subscription u ON u.gateway = m.gateway AND u.wanted AND u.since IS NOT NULL AND u.standing <> 'refused'
    AND (covers(u.identifier, x.sen1) OR covers(u.identifier, x.name))
  GROUP BY x.id
), known AS (
  SELECT s.*, f.time AS first, l.time AS newest FROM subscribed s
  CROSS JOIN LATERAL (SELECT time FROM reading WHERE series = s.series ORDER BY time LIMIT 1) f
  CROSS JOIN LATERAL (SELECT time FROM reading WHERE series = s.series ORDER BY time DESC LIMIT 1) l
), together AS (
  SELECT k.*, min(first) OVER (PARTITION BY meter) AS begun, min(first) OVER (PARTITION BY meter, path) AS earliest,
    newest + 2 * step + interval '1 hour' < max(newest) OVER (PARTITION BY meter, path) AS replaced
  FROM known k
)
SELECT series, meter, path, granularity, step, replaced,
  greatest(since, CASE WHEN earliest < first THEN first ELSE begun END) AS since,
  CASE WHEN replaced THEN newest + step ELSE now() - step - interval '15 minutes' END AS until
FROM together WHERE step IS NOT NULL;

-- How many values a day of France could have brought of each of these, and how many of them are there. Of `raw`: hours in
-- which anything came.
CREATE FUNCTION completeness(since timestamptz, until timestamptz, of_meters text[] DEFAULT NULL)
RETURNS TABLE (meter text, path text, granularity text, day timestamptz, expected integer, received integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = linky, pg_temp SET jit = off AS $$
  WITH day_of_france AS (
    SELECT t AT TIME ZONE 'Europe/Paris' AS start, (t + interval '1 day') AT TIME ZONE 'Europe/Paris' AS next
    FROM generate_series(
      date_trunc('day', since AT TIME ZONE 'Europe/Paris'),
      until AT TIME ZONE 'Europe/Paris' - interval '1 microsecond', '1 day'
    ) AS t
  ),
  due AS (
    SELECT s.meter, p.series, p.path, p.granularity, p.step, d.start,
      ceil(extract(epoch FROM greatest(d.start, p.since)) / extract(epoch FROM p.step)) AS first_mark,
      ceil(extract(epoch FROM least(d.next, p.until)) / extract(epoch FROM p.step)) AS end_mark
    FROM due_series p JOIN shown_series s ON s.series = p.series CROSS JOIN day_of_france d
    -- By number, which the planner takes into the view.
    WHERE of_meters IS NULL OR p.meter = ANY (ARRAY(SELECT id FROM meter WHERE pseudonym = ANY (of_meters)))
  )
  SELECT meter, path, granularity, start, (end_mark - first_mark)::integer, found.marks
  FROM due CROSS JOIN LATERAL (
    SELECT to_timestamp((first_mark * extract(epoch FROM step))::double precision) AS lo,
      to_timestamp((end_mark * extract(epoch FROM step))::double precision) AS hi
  ) b
  CROSS JOIN LATERAL (
    SELECT CASE WHEN granularity = 'raw' THEN (
      SELECT count(*) FROM generate_series(b.lo, b.hi - step, step) AS h
      WHERE EXISTS (SELECT FROM reading WHERE series = due.series AND time >= h AND time < h + step)
    ) ELSE (
      SELECT least(count(*), end_mark - first_mark) FROM reading
      WHERE series = due.series AND time >= b.lo AND time < b.hi
    ) END::integer AS marks
  ) found
  WHERE end_mark > first_mark
$$;
CREATE VIEW completeness_daily AS
SELECT meter, path, granularity, day, expected, received FROM completeness(now() - interval '30 days', now());

-- Each home that agreed: since when, what came last, and whether more is late than its pace explains. `meters` is null
-- where nothing ever came.
CREATE VIEW home AS
SELECT t.meters, u.since, t.newest, g.heard_at,
  greatest(t.newest, u.since) < now() - 2 * coalesce(p.pace, interval '1 day') - interval '1 hour' AS silent
FROM gateway g
JOIN (
  SELECT gateway, min(since) AS since FROM subscription
  WHERE wanted AND since IS NOT NULL AND standing <> 'refused' GROUP BY gateway
) u ON u.gateway = g.id
CROSS JOIN LATERAL (
  SELECT string_agg(DISTINCT m.pseudonym, ', ') AS meters, max(r.time) AS newest
  FROM meter m JOIN series s ON s.meter = m.id
  LEFT JOIN LATERAL (SELECT time FROM reading WHERE series = s.id ORDER BY time DESC LIMIT 1) r ON true
  WHERE m.gateway = g.id
) t
LEFT JOIN (
  SELECT m.gateway, min(d.step) AS pace FROM due_series d JOIN meter m ON m.id = d.meter
  WHERE NOT d.replaced GROUP BY m.gateway
) p ON p.gateway = g.id
WHERE NOT g.limited;

REVOKE ALL ON FUNCTION readings(text, timestamptz, timestamptz, text[]),
  energy(interval, text, timestamptz, timestamptz, text[], text), completeness(timestamptz, timestamptz, text[]) FROM PUBLIC;
DO $$
DECLARE one record;
BEGIN
  FOR one IN SELECT name, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS role FROM granted
  LOOP
    CASE
      WHEN one.name IN ('energy_hourly', 'energy_daily', 'completeness_daily') THEN
        EXECUTE format('GRANT SELECT ON linky.%I TO %s', one.name, one.role);
      WHEN one.name = 'readings' THEN
        EXECUTE 'GRANT EXECUTE ON FUNCTION linky.readings TO ' || one.role;
      WHEN one.name = 'energy' THEN
        EXECUTE 'GRANT EXECUTE ON FUNCTION linky.energy TO ' || one.role;
      WHEN one.name = 'completeness' THEN
        EXECUTE 'GRANT EXECUTE ON FUNCTION linky.completeness TO ' || one.role;
      WHEN one.name = 'standing' THEN
        EXECUTE 'GRANT SELECT ON linky.home TO ' || one.role;
      ELSE NULL;
    END CASE;
  END LOOP;
END
$$;
