-- Totals of many homes: by segment (a commune, a street, an operation) and of all, by the half hour. What is kept is exact
-- and for nobody's eyes; what others read is what was published of it, once, under the rules of `disclosure.py`.

-- `all` is every home; the others are what `linky-collect segments set` says.
CREATE TABLE segment (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE
);
INSERT INTO segment (name) VALUES ('all');
CREATE TABLE segment_home (
  segment integer NOT NULL REFERENCES segment ON DELETE CASCADE,
  gateway integer NOT NULL REFERENCES gateway ON DELETE CASCADE,
  PRIMARY KEY (segment, gateway)
);
CREATE INDEX ON segment_home (gateway);
CREATE VIEW segment_member AS
SELECT segment, gateway FROM segment_home
UNION ALL
SELECT s.id, g.id FROM segment s CROSS JOIN gateway g WHERE s.name = 'all';

-- What the readings say now: energy in Wh of the homes whose half hour is whole, and how many they are.
CREATE TABLE segment_total (
  segment integer NOT NULL REFERENCES segment ON DELETE CASCADE,
  path text NOT NULL,
  start timestamptz NOT NULL,
  energy double precision NOT NULL,
  homes integer NOT NULL,
  PRIMARY KEY (segment, path, start)
);
CREATE INDEX ON segment_total (start);

-- Times of readings that came, went or changed since the totals were reckoned, from `first` to `last`, both included. Rows
-- are only added: who brings readings never waits for another.
CREATE TABLE half_hour_changed (first timestamptz NOT NULL, last timestamptz NOT NULL);

-- One row once there are segments: every half hour that begins before `until` is published, or never will be.
CREATE TABLE segment_release (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  until timestamptz NOT NULL
);

-- What was published, by names: a segment that is no more has its past.
CREATE TABLE published_half_hour (
  segment text NOT NULL,
  path text NOT NULL,
  start timestamptz NOT NULL,
  energy double precision NOT NULL,
  homes integer NOT NULL,
  PRIMARY KEY (segment, path, start)
);

-- What others read.
CREATE VIEW segment_half_hour AS SELECT segment, path, start, energy, homes FROM published_half_hour;
-- By days of France; `half_hours` says of how many (46, 48 or 50 in a whole day), `homes` of how few homes at least.
CREATE VIEW segment_daily AS
SELECT segment, path, date_trunc('day', start, 'Europe/Paris') AS day, sum(energy) AS energy,
  count(*)::integer AS half_hours, min(homes) AS homes
FROM published_half_hour GROUP BY segment, path, date_trunc('day', start, 'Europe/Paris');

-- Of each home the energy of its whole half hours, as `energy` has them; each of several meters by itself.
CREATE FUNCTION home_half_hours(since timestamptz, until timestamptz)
RETURNS TABLE (gateway integer, path text, start timestamptz, energy double precision)
LANGUAGE sql STABLE SET search_path = linky, pg_temp SET jit = off AS $$
  SELECT m.gateway, e.path, e.start, sum(e.energy)
  FROM energy(interval '30 minutes', 'UTC', since, until) e JOIN meter m ON m.pseudonym = e.meter
  WHERE e.path LIKE '%/energy/active/index' AND e.unit = 'Wh' AND e.whole AND e.energy IS NOT NULL AND e.start >= since
  GROUP BY m.gateway, e.path, e.start
$$;

-- From the first to the last reading of some series.
CREATE FUNCTION mark_series(which integer[]) RETURNS void LANGUAGE sql SET search_path = linky, pg_temp AS $$
  INSERT INTO half_hour_changed
  SELECT min(f.time), max(l.time) FROM unnest(which) AS one
  CROSS JOIN LATERAL (SELECT time FROM reading WHERE series = one ORDER BY time LIMIT 1) f
  CROSS JOIN LATERAL (SELECT time FROM reading WHERE series = one ORDER BY time DESC LIMIT 1) l
  HAVING count(*) > 0
$$;

-- Whatever changes readings, and whoever: a batch, an erasure, the retention, somebody at psql.
CREATE FUNCTION readings_changed() RETURNS trigger LANGUAGE plpgsql SET search_path = linky, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM segment_release) THEN
    INSERT INTO half_hour_changed
    SELECT min(c.time), max(c.time) FROM changed c JOIN series s ON s.id = c.series
    WHERE s.path LIKE '%/energy/active/index' GROUP BY date_trunc('hour', c.time);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER totals_after_insert AFTER INSERT ON reading REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION readings_changed();
CREATE TRIGGER totals_after_update AFTER UPDATE ON reading REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION readings_changed();
CREATE TRIGGER totals_after_delete AFTER DELETE ON reading REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION readings_changed();

-- A limitation takes a home out of the totals, its end brings it back; so it is with a series that goes before its readings.
CREATE FUNCTION home_changed() RETURNS trigger LANGUAGE plpgsql SET search_path = linky, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM segment_release) THEN
    PERFORM mark_series(ARRAY(
      SELECT s.id FROM series s JOIN meter m ON m.id = s.meter
      WHERE m.gateway = new.id AND s.path LIKE '%/energy/active/index'
    ));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER totals_after_limit AFTER UPDATE OF limited ON gateway
  FOR EACH ROW WHEN (old.limited <> new.limited) EXECUTE FUNCTION home_changed();
CREATE FUNCTION series_gone() RETURNS trigger LANGUAGE plpgsql SET search_path = linky, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM segment_release) THEN
    PERFORM mark_series(ARRAY(SELECT id FROM gone WHERE path LIKE '%/energy/active/index'));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER totals_after_series AFTER DELETE ON series REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION series_gone();

REVOKE ALL ON FUNCTION home_half_hours(timestamptz, timestamptz), mark_series(integer[]) FROM PUBLIC;
-- Whoever may read how the subscriptions stand may read what was published.
DO $$
DECLARE role text;
BEGIN
  FOR role IN
    SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END
    FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
    WHERE c.oid = 'linky.standing'::regclass AND a.privilege_type = 'SELECT' AND a.grantee <> c.relowner
  LOOP
    EXECUTE 'GRANT SELECT ON linky.segment_half_hour, linky.segment_daily TO ' || role;
  END LOOP;
END $$;
