-- What others read: by pseudonym, without the gateways that limited the use of their data. The functions look up the
-- readings at the ends of each step by their index; none walks through all of them.

CREATE VIEW shown_series AS
SELECT s.id AS series, m.pseudonym AS meter, s.path, s.granularity, s.unit
FROM series s JOIN meter m ON m.id = s.meter JOIN gateway g ON g.id = m.gateway
WHERE NOT g.limited;

-- The newest value of each series.
CREATE VIEW last_value AS
SELECT s.meter, s.path, s.granularity, s.unit, r.time, r.value, r.words
FROM shown_series s
CROSS JOIN LATERAL (
  SELECT time, value, words FROM reading WHERE series = s.series ORDER BY time DESC LIMIT 1
) r;

-- The readings of a period, for curves.
CREATE FUNCTION readings(of_path text, since timestamptz, until timestamptz)
RETURNS TABLE (meter text, granularity text, unit text, "time" timestamptz, value double precision, words text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = linky, pg_temp AS $$
  SELECT s.meter, s.granularity, s.unit, r.time, r.value, r.words
  FROM shown_series s JOIN reading r ON r.series = s.series
  WHERE s.path = of_path AND r.time >= since AND r.time < until
$$;

-- Energy of each step (an hour, a day) from the indexes: the first one of the next step less the first one of this. The
-- last step, and one that nothing follows, counts up to its own last index and is not whole. An index that falls is
-- another meter's: no energy.
CREATE FUNCTION energy(step interval, zone text, since timestamptz, until timestamptz)
RETURNS TABLE (meter text, path text, unit text, start timestamptz, energy double precision, whole boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = linky, pg_temp AS $$
  WITH step_start AS (
    SELECT t AT TIME ZONE zone AS start, (t + step) AT TIME ZONE zone AS next, (t + 2 * step) AT TIME ZONE zone AS over
    FROM generate_series(
      date_trunc(CASE WHEN step < '1 day' THEN 'hour' ELSE 'day' END, since AT TIME ZONE zone),
      until AT TIME ZONE zone - interval '1 microsecond', step
    ) AS t
  )
  SELECT s.meter, s.path, s.unit, b.start, CASE WHEN e.value >= f.value THEN e.value - f.value END, n.value IS NOT NULL
  FROM shown_series s CROSS JOIN step_start b
  CROSS JOIN LATERAL (
    SELECT value FROM reading WHERE series = s.series AND time >= b.start AND time < b.next ORDER BY time LIMIT 1
  ) f
  LEFT JOIN LATERAL (
    SELECT value FROM reading WHERE series = s.series AND time >= b.next AND time < b.over ORDER BY time LIMIT 1
  ) n ON true
  CROSS JOIN LATERAL (
    SELECT coalesce(n.value, (
      SELECT value FROM reading WHERE series = s.series AND time >= b.start AND time < b.next ORDER BY time DESC LIMIT 1
    )) AS value
  ) e
  WHERE s.path ~ '/energy/[a-z]+/index(/|$)'
$$;

-- The last seven days by the hour, and the last year by the day of France.
CREATE VIEW energy_hourly AS
SELECT meter, path, unit, start AS hour, energy, whole FROM energy('1 hour', 'UTC', now() - interval '7 days', now());
CREATE VIEW energy_daily AS
SELECT meter, path, unit, start AS day, energy, whole
FROM energy('1 day', 'Europe/Paris', now() - interval '1 year', now());

-- In how many of a day's hours anything of a series was received; a day of France has 23 to 25.
CREATE FUNCTION completeness(since timestamptz, until timestamptz)
RETURNS TABLE (meter text, path text, granularity text, day timestamptz, hours integer, received integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = linky, pg_temp AS $$
  SELECT s.meter, s.path, s.granularity, d.start, count(*)::integer, count(found.one)::integer
  FROM shown_series s
  CROSS JOIN (
    SELECT t AT TIME ZONE 'Europe/Paris' AS start, (t + interval '1 day') AT TIME ZONE 'Europe/Paris' AS next
    FROM generate_series(
      date_trunc('day', since AT TIME ZONE 'Europe/Paris'),
      until AT TIME ZONE 'Europe/Paris' - interval '1 microsecond', '1 day'
    ) AS t
  ) d
  CROSS JOIN LATERAL generate_series(d.start, d.next - interval '1 hour', '1 hour') AS h
  LEFT JOIN LATERAL (
    SELECT 1 AS one FROM reading WHERE series = s.series AND time >= h AND time < h + interval '1 hour' LIMIT 1
  ) found ON true
  WHERE s.granularity <> 'P1D'
  GROUP BY s.meter, s.path, s.granularity, d.start
$$;
CREATE VIEW completeness_daily AS
SELECT meter, path, granularity, day, hours, received FROM completeness(now() - interval '30 days', now());

-- How many gateways there are and how their subscriptions stand: counts, no names.
CREATE VIEW standing AS
SELECT s.standing, count(*) AS subscriptions, count(DISTINCT s.gateway) AS gateways, max(g.heard_at) AS heard_at
FROM subscription s JOIN gateway g ON g.id = s.gateway WHERE s.wanted GROUP BY s.standing;

-- Nobody but the owner, until `linky-collect init --reader` says whom else.
REVOKE ALL ON FUNCTION readings(text, timestamptz, timestamptz),
  energy(interval, text, timestamptz, timestamptz), completeness(timestamptz, timestamptz) FROM PUBLIC;
