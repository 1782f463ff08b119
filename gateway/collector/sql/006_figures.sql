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

-- How often a series has a value; null where that is not known. What was read each second is looked at by the hour.
CREATE FUNCTION step_of(granularity text) RETURNS interval LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN granularity = 'raw' THEN interval '1 hour'
    WHEN granularity ~ '^PT[1-9][0-9]{0,2}[HM]$' THEN granularity::interval
  END
$$;

CREATE OR REPLACE VIEW shown_series AS
SELECT s.id AS series, m.pseudonym AS meter, s.path, s.granularity, s.unit, s.kind
FROM series s JOIN meter m ON m.id = s.meter JOIN gateway g ON g.id = m.gateway
WHERE NOT g.limited;

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
    SELECT t AT TIME ZONE zone AS start, (t + step) AT TIME ZONE zone AS next, t < until AT TIME ZONE zone AS asked
    FROM generate_series(
      date_trunc(CASE WHEN step < '1 day' THEN 'hour' ELSE 'day' END, since AT TIME ZONE zone),
      until AT TIME ZONE zone - interval '1 microsecond' + step, step
    ) AS t
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
      ) r ORDER BY r.time LIMIT 1
    ) f
    WINDOW following AS (PARTITION BY c.meter, c.path, c.unit ORDER BY b.start)
  )
  SELECT mark.meter, mark.path, mark.unit, mark.start, coalesce(mark.finish, l.time),
    CASE WHEN coalesce(mark.reached, l.value) >= mark.value THEN coalesce(mark.reached, l.value) - mark.value END,
    mark.finish IS NOT DISTINCT FROM mark.next
  FROM mark LEFT JOIN LATERAL (
    SELECT r.time, r.value FROM unnest(mark.parts) AS part CROSS JOIN LATERAL (
      SELECT time, value FROM reading WHERE series = part AND time >= mark.start AND time < mark.next
      ORDER BY time DESC LIMIT 1
    ) r WHERE mark.finish IS NULL ORDER BY r.time DESC LIMIT 1
  ) l ON true
  WHERE mark.asked
$$;

-- The last seven days by the hour, and the last year by the day of France: totals, each once.
CREATE VIEW energy_hourly AS
SELECT meter, path, unit, start AS hour, finish, energy, whole
FROM energy('1 hour', 'UTC', now() - interval '7 days', now());
CREATE VIEW energy_daily AS
SELECT meter, path, unit, start AS day, finish, energy, whole
FROM energy('1 day', 'Europe/Paris', now() - interval '1 year', now());

-- How many values a day of France could have brought of each series that has one at each step, and how many of them are
-- there. It begins with the subscription, or with the first value of its meter if that came later, and ends with what may be
-- on its way yet; what may be kept no longer counts no more. Of `raw`: hours in which anything came.
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
  subscribed AS (
    SELECT s.series, x.meter AS number, s.meter, s.path, s.granularity, step_of(s.granularity) AS step,
      greatest(min(u.since), now() - x.keep) AS since
    FROM shown_series s JOIN series x ON x.id = s.series JOIN meter m ON m.id = x.meter
    JOIN subscription u ON u.gateway = m.gateway AND u.wanted AND starts_with(x.sen1, u.identifier || '/')
    WHERE s.kind IN ('total', 'gauge') AND u.since IS NOT NULL AND (of_meters IS NULL OR s.meter = ANY (of_meters))
    GROUP BY s.series, x.meter, s.meter, s.path, s.granularity, x.keep
  ),
  begun AS (
    SELECT b.number, min(f.time) AS first FROM subscribed b CROSS JOIN LATERAL (
      SELECT time FROM reading WHERE series = b.series ORDER BY time LIMIT 1
    ) f GROUP BY b.number
  ),
  due AS (
    SELECT s.*, d.start,
      ceil(extract(epoch FROM greatest(d.start, s.since, b.first)) / extract(epoch FROM s.step)) AS first_mark,
      ceil(extract(epoch FROM least(d.next, now() - s.step - interval '15 minutes')) / extract(epoch FROM s.step))
        AS end_mark
    FROM subscribed s JOIN begun b USING (number) CROSS JOIN day_of_france d
    WHERE s.step IS NOT NULL
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
  coalesce(t.newest, u.since) < now() - 2 * coalesce(t.pace, interval '1 day') - interval '1 hour' AS silent
FROM gateway g
JOIN (
  SELECT gateway, min(since) AS since FROM subscription WHERE wanted AND since IS NOT NULL GROUP BY gateway
) u ON u.gateway = g.id
CROSS JOIN LATERAL (
  SELECT string_agg(DISTINCT m.pseudonym, ', ') AS meters, max(r.time) AS newest,
    min(step_of(s.granularity)) FILTER (WHERE s.kind IN ('total', 'gauge')) AS pace
  FROM meter m JOIN series s ON s.meter = m.id
  LEFT JOIN LATERAL (SELECT time FROM reading WHERE series = s.id ORDER BY time DESC LIMIT 1) r ON true
  WHERE m.gateway = g.id
) t
WHERE NOT g.limited;

-- Whoever could read what was before reads what stands in its place.
REVOKE ALL ON FUNCTION readings(text, timestamptz, timestamptz, text[]),
  energy(interval, text, timestamptz, timestamptz, text[], text), completeness(timestamptz, timestamptz, text[]) FROM PUBLIC;
DO $$
DECLARE reader regrole;
BEGIN
  FOR reader IN
    SELECT DISTINCT a.grantee::regrole FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
    WHERE c.oid = 'linky.last_value'::regclass AND a.privilege_type = 'SELECT' AND a.grantee NOT IN (0, c.relowner)
  LOOP
    EXECUTE format('GRANT SELECT ON linky.energy_hourly, linky.energy_daily, linky.completeness_daily, linky.home TO %s', reader);
    EXECUTE format('GRANT EXECUTE ON FUNCTION linky.readings(text, timestamptz, timestamptz, text[]), '
      'linky.energy(interval, text, timestamptz, timestamptz, text[], text), '
      'linky.completeness(timestamptz, timestamptz, text[]) TO %s', reader);
  END LOOP;
END
$$;
