-- As before. What is being erased of a home is not there any more: neither its meter, nor when it came, nor its pace.
CREATE OR REPLACE VIEW home WITH (security_barrier) AS
SELECT t.meters, u.since, t.newest, g.heard_at,
  greatest(t.newest, u.since) < now() - 2 * coalesce(p.pace, interval '1 day') - interval '1 hour' AS silent
FROM gateway g
JOIN (
  SELECT gateway, min(since) AS since FROM subscription
  WHERE wanted AND since IS NOT NULL AND standing <> 'refused' GROUP BY gateway
) u ON u.gateway = g.id
CROSS JOIN LATERAL (
  SELECT string_agg(DISTINCT m.pseudonym, ', ') AS meters, max(r.time) AS newest
  FROM meter m JOIN series s ON s.meter = m.id AND NOT s.erasing
  LEFT JOIN LATERAL (SELECT time FROM reading WHERE series = s.id ORDER BY time DESC LIMIT 1) r ON true
  WHERE m.gateway = g.id
) t
LEFT JOIN (
  SELECT m.gateway, min(d.step) AS pace
  FROM due_series d JOIN series s ON s.id = d.series AND NOT s.erasing JOIN meter m ON m.id = d.meter
  WHERE NOT d.replaced GROUP BY m.gateway
) p ON p.gateway = g.id
WHERE NOT g.limited;
