-- Who commits a gateway's data holds the lock of its partition (partitions.py): no lease stands in a table any more.
ALTER TABLE gateway DROP COLUMN owner;
DROP TABLE member;
-- Those that follow each other lie far apart (39 is 64 times the golden ratio): two processes share two gateways, too.
ALTER TABLE gateway ADD COLUMN partition smallint NOT NULL GENERATED ALWAYS AS (id::bigint * 39 % 64) STORED;
CREATE INDEX ON gateway (account, partition);

-- Each process hears of it when gateways or subscriptions are added or taken out.
CREATE FUNCTION say_gateways_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NOTIFY linky_gateways;
  RETURN NULL;
END
$$;
CREATE TRIGGER changed AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF account, jid, resource ON gateway
FOR EACH STATEMENT EXECUTE FUNCTION say_gateways_changed();
CREATE TRIGGER changed AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF wanted ON subscription
FOR EACH STATEMENT EXECUTE FUNCTION say_gateways_changed();
