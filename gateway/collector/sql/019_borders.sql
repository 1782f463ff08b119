-- Whose energy is it: an index by the minute is that of the minute's end, and one that is said when it changes is the same
-- until it changes.

SET LOCAL statement_timeout = 0;

-- How long after its time a value was read. A mean is of its minute.
CREATE FUNCTION lag_of(kind text, granularity text) RETURNS interval LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN granularity = 'PT1M' AND kind IN ('total', 'class') THEN interval '1 minute' ELSE interval '0' END
$$;
-- Whether an index is said when it changes, and not at the borders of steps.
CREATE FUNCTION is_said_changed(granularity text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT granularity IN ('PT1M', 'raw')
$$;

-- As before, but for the index at the border of two steps. Of what is said when it changes it is the last one before the
-- border; only after a gap, where nobody knows what it was, it is the first one that came. Where it
-- comes at marks, too, and the one at the border is missing, one in between may be the last one.
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
    SELECT t AS start, t + step AS next, t - step AS before, t < until AS asked
    FROM generate_series(date_trunc('hour', since, 'UTC'), until - interval '1 microsecond' + step, step) AS t
    WHERE step < interval '1 day'
    UNION ALL
    -- Days are those of the zone, of 23 to 25 hours.
    SELECT t AT TIME ZONE zone, (t + step) AT TIME ZONE zone, (t - step) AT TIME ZONE zone, t < until AT TIME ZONE zone
    FROM generate_series(
      date_trunc('day', since AT TIME ZONE zone), until AT TIME ZONE zone - interval '1 microsecond' + step, step
    ) AS t
    WHERE step >= interval '1 day'
  ),
  counter AS (
    SELECT s.meter, s.path, s.unit, array_agg(s.series) AS parts, array_agg(lag_of(s.kind, s.granularity)) AS lags,
      array_agg(is_said_changed(s.granularity)) AS are_said, bool_or(is_said_changed(s.granularity)) AS any_said
    FROM shown_series s
    WHERE s.kind = of_kind AND s.path ~ '/energy/[a-z]+/index(/|$)'
      AND s.meter = ANY (coalesce(of_meters, ARRAY(SELECT pseudonym FROM meter)))
    GROUP BY s.meter, s.path, s.unit
  ),
  mark AS (
    SELECT c.meter, c.path, c.unit, c.parts, c.lags, b.start, b.next, b.asked, i.value,
      lead(b.start) OVER following AS finish, lead(i.value) OVER following AS reached
    FROM counter c CROSS JOIN step_start b
    CROSS JOIN LATERAL (
      SELECT r.at, r.value FROM unnest(c.parts, c.lags) AS p(part, lag) CROSS JOIN LATERAL (
        SELECT time + lag AS at, value FROM reading
        WHERE series = part AND time >= b.start - lag AND time < b.next - lag ORDER BY time LIMIT 1
      ) r ORDER BY r.at, r.value LIMIT 1
    ) f
    LEFT JOIN LATERAL (
      SELECT (max(ARRAY[extract(epoch FROM r.at)::float8, r.value]))[2] AS value
      FROM unnest(c.parts, c.lags, c.are_said) AS p(part, lag, is_said) CROSS JOIN LATERAL (
        SELECT time + lag AS at, value FROM reading
        WHERE series = part AND time >= b.before - lag AND time < b.start - lag ORDER BY time DESC LIMIT 1
      ) r WHERE f.at > b.start AND c.any_said HAVING bool_or(p.is_said)
    ) e ON true
    CROSS JOIN LATERAL (SELECT coalesce(e.value, f.value) AS value) i
    WINDOW following AS (PARTITION BY c.meter, c.path, c.unit ORDER BY b.start)
  )
  SELECT mark.meter, mark.path, mark.unit, mark.start, coalesce(mark.finish, later.at, own.at),
    CASE WHEN coalesce(mark.reached, later.value, own.value) >= mark.value
      AND abs(mark.value) < 1e15 AND abs(coalesce(mark.reached, later.value, own.value)) < 1e15
      THEN coalesce(mark.reached, later.value, own.value) - mark.value END,
    mark.finish IS NOT DISTINCT FROM mark.next
  FROM mark
  -- A gap that goes beyond what is asked is of the step in which it begins.
  LEFT JOIN LATERAL (
    SELECT r.at, r.value FROM unnest(mark.parts, mark.lags) AS p(part, lag) CROSS JOIN LATERAL (
      SELECT time + lag AS at, value FROM reading WHERE series = part AND time >= mark.next - lag ORDER BY time LIMIT 1
    ) r WHERE mark.finish IS NULL ORDER BY r.at, r.value LIMIT 1
  ) later ON true
  LEFT JOIN LATERAL (
    SELECT r.at, r.value FROM unnest(mark.parts, mark.lags) AS p(part, lag) CROSS JOIN LATERAL (
      SELECT time + lag AS at, value FROM reading
      WHERE series = part AND time >= mark.start - lag AND time < mark.next - lag ORDER BY time DESC LIMIT 1
    ) r WHERE mark.finish IS NULL AND later.at IS NULL ORDER BY r.at DESC, r.value DESC LIMIT 1
  ) own ON true
  WHERE mark.asked;
END
$$;

-- As before. Of an index that is said when it changes, a value is that of the border after it, too: of the half hour that
-- begins there.
CREATE OR REPLACE FUNCTION readings_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path = linky, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM segment_release) THEN
    RETURN NULL;
  END IF;
  INSERT INTO half_hour_changed
  SELECT min(c.time), max(c.time + s.further)
  FROM changed c JOIN (
    SELECT id, CASE WHEN EXISTS (
      SELECT FROM series o WHERE o.meter = x.meter AND o.path = x.path AND is_said_changed(o.granularity)
    ) THEN interval '30 minutes' + lag_of(kind, granularity) ELSE interval '0' END AS further
    FROM series x WHERE path LIKE '%/energy/active/index' AND id IN (SELECT series FROM changed)
  ) s ON s.id = c.series
  GROUP BY date_trunc('hour', c.time);
  IF TG_OP <> 'UPDATE' THEN
    INSERT INTO half_hour_changed
    SELECT span.first, span.last
    FROM (SELECT c.series, min(c.time) AS first, max(c.time) AS last FROM changed c GROUP BY c.series) c
    JOIN series s ON s.id = c.series JOIN meter m ON m.id = s.meter
    LEFT JOIN LATERAL (
      SELECT time FROM reading WHERE series = c.series AND time < c.first ORDER BY time DESC LIMIT 1
    ) before ON true
    LEFT JOIN LATERAL (SELECT time FROM reading WHERE series = c.series AND time > c.last ORDER BY time LIMIT 1) after ON true
    CROSS JOIN LATERAL (
      SELECT greatest(c.first - interval '1 day', before.time + interval '1 day') AS first,
        least(c.last + interval '1 day', after.time - interval '1 day', now() + interval '1 hour') AS last
    ) span
    WHERE s.path LIKE '%/energy/active/index' AND span.first <= span.last AND EXISTS (
      SELECT FROM meter o JOIN series t ON t.meter = o.id WHERE o.gateway = m.gateway AND o.id <> m.id AND t.path = s.path
    );
  END IF;
  RETURN NULL;
END $$;
-- What was kept of the totals is reckoned by this, too.
SELECT mark_series(ARRAY(
  SELECT id FROM series WHERE is_said_changed(granularity) AND path LIKE '%/energy/active/index'
)) WHERE EXISTS (SELECT FROM segment_release);
