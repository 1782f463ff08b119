-- The half hour of a home that has several meters is whole where it is in each of them.

-- Of each home the energy of its whole half hours, as `energy` has them. A meter that has no value of a path from a day
-- before to a day after is not there yet, or no more: the others are the home.
CREATE OR REPLACE FUNCTION home_half_hours(since timestamptz, until timestamptz)
RETURNS TABLE (gateway integer, path text, start timestamptz, energy double precision)
LANGUAGE sql STABLE SET search_path = linky, pg_temp SET jit = off AS $$
  WITH several AS MATERIALIZED (
    SELECT m.gateway, s.path, array_agg(s.meter) AS meters, array_agg(s.id) AS parts
    FROM series s JOIN meter m ON m.id = s.meter
    WHERE s.path LIKE '%/energy/active/index' AND s.unit = 'Wh' AND s.kind = 'total'
    GROUP BY m.gateway, s.path HAVING min(s.meter) <> max(s.meter)
  ),
  home AS (
    SELECT m.gateway, e.path, e.start, sum(e.energy) AS energy, array_agg(m.id) AS whole
    FROM energy(interval '30 minutes', 'UTC', since, until) e JOIN meter m ON m.pseudonym = e.meter
    WHERE e.path LIKE '%/energy/active/index' AND e.unit = 'Wh' AND e.whole AND e.energy IS NOT NULL AND e.start >= since
    GROUP BY m.gateway, e.path, e.start
  )
  SELECT h.gateway, h.path, h.start, h.energy
  FROM home h LEFT JOIN several k ON k.gateway = h.gateway AND k.path = h.path
  WHERE k.parts IS NULL OR NOT EXISTS (
    SELECT FROM unnest(k.meters, k.parts) AS o(meter, part) WHERE o.meter <> ALL (h.whole) AND EXISTS (
      SELECT FROM reading r
      WHERE r.series = o.part AND r.time > h.start - interval '1 day' AND r.time <= h.start + interval '1 day'
    )
  )
$$;

-- From a day before the first to a day after the last reading of some series: so far the other meter of a home minds.
CREATE OR REPLACE FUNCTION mark_series(which integer[]) RETURNS void LANGUAGE sql SET search_path = linky, pg_temp AS $$
  INSERT INTO half_hour_changed
  SELECT min(f.time) - interval '1 day', max(l.time) + interval '1 day' FROM unnest(which) AS one
  CROSS JOIN LATERAL (SELECT time FROM reading WHERE series = one ORDER BY time LIMIT 1) f
  CROSS JOIN LATERAL (SELECT time FROM reading WHERE series = one ORDER BY time DESC LIMIT 1) l
  HAVING count(*) > 0
$$;

-- And where a home has another meter, the half hours for which this one is there now, or no more: those that the readings
-- before and after do not answer for. Of what comes live these are tomorrow's.
CREATE OR REPLACE FUNCTION readings_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path = linky, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM segment_release) THEN
    RETURN NULL;
  END IF;
  INSERT INTO half_hour_changed
  SELECT min(c.time), max(c.time) FROM changed c JOIN series s ON s.id = c.series
  WHERE s.path LIKE '%/energy/active/index' GROUP BY date_trunc('hour', c.time);
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
