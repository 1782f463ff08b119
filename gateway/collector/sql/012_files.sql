-- Readings as files of columns, by day of UTC (linky-collect parquet). A file is of a thousand gateways at most: a household
-- is always in the same part of a day, and its erasure rewrites small files.
-- The triggers that call what is below are made by the first run: without files nothing is marked.

CREATE FUNCTION part_of(gateway integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT gateway / 1000 $$;

-- One row once there are files: who writes them, the last day that was marked to be written, the last that is.
CREATE TABLE file_night (
  collector uuid NOT NULL DEFAULT gen_random_uuid(),
  marked_until date NOT NULL,
  written_until date,
  ran_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE day_file (
  day date NOT NULL,
  part integer NOT NULL,
  bytes bigint NOT NULL,
  sha256 text NOT NULL,
  readings bigint NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (day, part)
);

-- A day over in which something changed, by whichever transaction, a row for each: nobody waits for another, and the night
-- takes away those that it has seen. `notice` is what a gateway told, where that was the cause.
CREATE TABLE day_mark (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  day date NOT NULL,
  part integer NOT NULL,
  gateway integer,
  notice text
);
CREATE INDEX ON day_mark (day, part);

-- A file that was there before and is another now, or none: SHA-256 before and after, and the notice it was for. No key to
-- the gateway: the proof stays when the household's row has gone.
CREATE TABLE file_change (
  at timestamptz NOT NULL DEFAULT now(),
  day date NOT NULL,
  part integer NOT NULL,
  before text NOT NULL,
  after text,
  gateway integer,
  notice text
);

-- Today, held: what is written today is of no night yet. The night that writes this day first waits for whoever holds it.
CREATE FUNCTION today_held() RETURNS date LANGUAGE plpgsql AS $$
DECLARE today date;
BEGIN
  LOOP
    today := (clock_timestamp() AT TIME ZONE 'UTC')::date;
    PERFORM pg_advisory_xact_lock_shared(1279872592, today - date '2000-01-01');
    EXIT WHEN today = (clock_timestamp() AT TIME ZONE 'UTC')::date;
  END LOOP;
  RETURN today;
END
$$;

CREATE FUNCTION mark_changed() RETURNS trigger LANGUAGE plpgsql SET search_path = linky, pg_temp AS $$
DECLARE
  today date := today_held();
  told text := nullif(current_setting('linky.notice', true), '');
BEGIN
  INSERT INTO day_mark (day, part, gateway, notice)
  SELECT DISTINCT c.day, part_of(m.gateway), CASE WHEN told IS NOT NULL THEN m.gateway END, told
  FROM (
    SELECT DISTINCT series, (time AT TIME ZONE 'UTC')::date AS day FROM changed WHERE time < today::timestamp AT TIME ZONE 'UTC'
  ) c JOIN series s ON s.id = c.series JOIN meter m ON m.id = s.meter;
  RETURN NULL;
END
$$;

-- Every day over of which some series of a gateway have readings.
CREATE FUNCTION mark_days(of_gateway integer, of_series integer[]) RETURNS void LANGUAGE sql SET search_path = linky, pg_temp
AS $$
  INSERT INTO day_mark (day, part, gateway, notice)
  SELECT d::date, part_of(of_gateway), of_gateway, nullif(current_setting('linky.notice', true), '')
  FROM (
    SELECT min(f.time) AS first, max(l.time) AS last FROM unnest(of_series) AS one
    CROSS JOIN LATERAL (SELECT time FROM reading WHERE series = one ORDER BY time LIMIT 1) f
    CROSS JOIN LATERAL (SELECT time FROM reading WHERE series = one ORDER BY time DESC LIMIT 1) l
  ) b
  CROSS JOIN generate_series(
    date_trunc('day', b.first AT TIME ZONE 'UTC'), least(b.last AT TIME ZONE 'UTC', today_held() - interval '1 day'), '1 day'
  ) d
  WHERE EXISTS (
    SELECT FROM unnest(of_series) AS one JOIN reading r ON r.series = one
      AND r.time >= d AT TIME ZONE 'UTC' AND r.time < (d + interval '1 day') AT TIME ZONE 'UTC'
  )
$$;
REVOKE ALL ON FUNCTION mark_days(integer, integer[]) FROM PUBLIC;
CREATE FUNCTION mark_limited() RETURNS trigger LANGUAGE plpgsql SET search_path = linky, pg_temp AS $$
BEGIN
  PERFORM mark_days(NEW.id, ARRAY(SELECT s.id FROM meter m JOIN series s ON s.meter = m.id WHERE m.gateway = NEW.id));
  RETURN NULL;
END
$$;
-- A series of which something is to be erased is hidden whole, and comes back without that.
CREATE FUNCTION mark_erasing() RETURNS trigger LANGUAGE plpgsql SET search_path = linky, pg_temp AS $$
BEGIN
  PERFORM mark_days((SELECT gateway FROM meter WHERE id = NEW.meter), ARRAY[NEW.id]);
  RETURN NULL;
END
$$;
-- What is left without a meter is nobody's: no view shows it.
CREATE FUNCTION mark_left() RETURNS trigger LANGUAGE plpgsql SET search_path = linky, pg_temp AS $$
BEGIN
  PERFORM mark_days(OLD.gateway, ARRAY(SELECT id FROM series WHERE meter = OLD.id));
  RETURN OLD;
END
$$;
