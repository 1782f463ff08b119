-- Values that cannot be do no harm.

-- As before. An index that no meter has has no energy: the difference of two can be more than a number holds, and one home's
-- would be the end of everybody's.
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
      AND abs(mark.value) < 1e15 AND abs(coalesce(mark.reached, later.value, own.value)) < 1e15
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
