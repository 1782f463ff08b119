-- What the collector keeps. Times are of the database's clock unless they are of a reading.

-- A process that is alive; whoever is not seen for a while loses its gateways to the others.
CREATE TABLE member (
  place text PRIMARY KEY,                -- its full JID
  incarnation uuid NOT NULL UNIQUE,      -- anew at every start
  account text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now()
);

-- A gateway, and how far its outbox has been received: nothing is missing up to `reached`, `spans` are beyond it.
CREATE TABLE gateway (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account text NOT NULL,
  jid text NOT NULL,
  resource text NOT NULL DEFAULT 'proxy',
  owner uuid REFERENCES member (incarnation) ON DELETE SET NULL,
  epoch text,
  reached bigint NOT NULL DEFAULT 0,
  spans jsonb NOT NULL DEFAULT '[]',
  heard_at timestamptz,
  limited boolean NOT NULL DEFAULT false, -- kept and not used (GDPR Art. 18): the views leave it out
  UNIQUE (account, jid)
);
CREATE INDEX ON gateway (owner);

-- What is subscribed to; `since` is when the gateway accepted it, null while it has not.
CREATE TABLE subscription (
  gateway integer NOT NULL REFERENCES gateway ON DELETE CASCADE,
  identifier text NOT NULL,
  wanted boolean NOT NULL DEFAULT true,
  history_from timestamptz,
  since timestamptz,
  standing text NOT NULL DEFAULT 'asking',
  sentence text NOT NULL DEFAULT '',
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (gateway, identifier)
);

-- Times that are still to be asked of a gateway's history: [first, last), POSIX seconds.
CREATE TABLE gap (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gateway integer NOT NULL REFERENCES gateway ON DELETE CASCADE,
  identifier text NOT NULL,
  first bigint NOT NULL,
  last bigint NOT NULL,
  replaces boolean NOT NULL
);
CREATE INDEX ON gap (gateway);

-- A sensor as its gateway names it. `pseudonym` is ours: what the views show instead.
CREATE TABLE meter (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gateway integer NOT NULL REFERENCES gateway ON DELETE CASCADE,
  sensor text NOT NULL,
  pseudonym text NOT NULL UNIQUE DEFAULT left(replace(gen_random_uuid()::text, '-', ''), 12),
  UNIQUE (gateway, sensor)
);

-- Which of two retentions ends first; compared by the calendar, as a year is not always 365 days.
CREATE FUNCTION shorter(one interval, other interval) RETURNS interval LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN other IS NULL OR now() - one >= now() - other THEN one ELSE other END
$$;

-- `keep` is the shortest retention that ever came with the series: it binds all of it.
CREATE TABLE series (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  meter integer NOT NULL REFERENCES meter ON DELETE CASCADE,
  name text NOT NULL,                    -- as on the wire
  sen1 text NOT NULL,                    -- the literal name
  path text NOT NULL,
  granularity text NOT NULL,
  unit text NOT NULL,
  keep interval NOT NULL,
  UNIQUE (meter, sen1, granularity, unit)
);
CREATE INDEX ON series (path);

-- A value and its series' identity with its time. No foreign key: it would be asked for at each of a thousand rows;
-- the program writes under a lock on the series.
CREATE TABLE reading (
  series integer NOT NULL,
  time timestamptz NOT NULL,
  value double precision,
  words text,
  PRIMARY KEY (series, time)
) /* layout */;

-- What gateways told, each once: (gateway, id) makes a repetition known.
CREATE TABLE notice (
  gateway integer NOT NULL REFERENCES gateway ON DELETE CASCADE,
  id text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  kind text NOT NULL,
  series text NOT NULL,
  first bigint,
  last bigint,
  deleted bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (gateway, id)
);

-- What could not be read, one a day and gateway: asked for again it would be no better.
CREATE TABLE refused (
  gateway integer NOT NULL REFERENCES gateway ON DELETE CASCADE,
  day date NOT NULL DEFAULT current_date,
  count integer NOT NULL DEFAULT 1,
  reason text NOT NULL,
  PRIMARY KEY (gateway, day)
);

-- What the retention job did.
CREATE TABLE retained (
  at timestamptz NOT NULL DEFAULT now(),
  readings bigint NOT NULL,
  months integer NOT NULL
);
