-- Each half hour is published once: by those who had their time to come, and never again from a copy.

-- When a process last saw that gateways had had an hour to send what they kept; and where the row was written.
ALTER TABLE segment_release ADD COLUMN quiet_at timestamptz, ADD COLUMN place text;

-- A dump that is brought back has another number: of its table, or of the server.
CREATE FUNCTION this_place() RETURNS text LANGUAGE sql STABLE SET search_path = linky, pg_temp AS $$
  SELECT 'linky.segment_release'::regclass::oid || '@' || system_identifier FROM pg_control_system()
$$;
