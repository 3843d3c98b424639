-- The screens that count: today, officers, agencies, deliveries, the random check. $1 is always the scope's patterns
-- of agencies, NULL for everything. What goes over weeks is read from `lookup_day` and `audit_officer_day`, which follow
-- the log within seconds; no screen reads more than a few thousand entries.

-- name: explained
SELECT kind, count(*) FROM explanation
WHERE at >= $2 AND ($1::text[] IS NULL OR agency LIKE ANY ($1)) GROUP BY kind ORDER BY 2 DESC, 1;

-- name: alert_ages
SELECT count(*) FILTER (WHERE at > $2::timestamptz - interval '1 day'),
       count(*) FILTER (WHERE at <= $2::timestamptz - interval '1 day' AND at > $2::timestamptz - interval '3 days'),
       count(*) FILTER (WHERE at <= $2::timestamptz - interval '3 days' AND at > $2::timestamptz - interval '7 days'),
       count(*) FILTER (WHERE at <= $2::timestamptz - interval '7 days')
FROM alert WHERE state IN ('open', 'assigned') AND ($1::text[] IS NULL OR agency LIKE ANY ($1));

-- name: strongest
SELECT alert_id, rule, score, sentence_vi, sentence_en, agency, happened_at FROM alert
WHERE state IN ('open', 'assigned') AND ($1::text[] IS NULL OR agency LIKE ANY ($1))
ORDER BY score DESC, at DESC LIMIT $2;

-- name: days
SELECT day, sum(lookups) FROM lookup_day
WHERE day >= $2 AND ($1::text[] IS NULL OR unit LIKE ANY ($1)) GROUP BY 1 ORDER BY 1;

-- name: registries
SELECT split_part(e.service, '/', 1), count(*),
       count(*) FILTER (WHERE e.outcome LIKE 'registry-%'), max(e.at)
FROM (
    SELECT service, outcome, at FROM entry
    WHERE kind IN ('answered', 'refused', 'abandoned') AND at >= $2 AND service IS NOT NULL
      AND ($1::text[] IS NULL OR unit LIKE ANY ($1))
    ORDER BY at DESC, log_id DESC, index DESC LIMIT $3
) AS e
GROUP BY 1 ORDER BY 1;

-- name: backlog
SELECT count(*), min(w.queued_at), (
    SELECT count(*) FROM delivery_head h JOIN dossier d ON d.code = h.dossier
    WHERE h.parked IS NOT NULL AND ($1::text[] IS NULL OR d.agency LIKE ANY ($1)))
FROM delivery w JOIN dossier d ON d.code = w.dossier
WHERE w.delivered_at IS NULL AND ($1::text[] IS NULL OR d.agency LIKE ANY ($1));

-- name: heads
SELECT h.dossier, d.agency, h.next, h.attempts, h.last_error, h.parked, h.parked_at, h.due_at, h.in_doubt,
       h.acknowledged_at, (SELECT count(*) FROM delivery w WHERE w.dossier = h.dossier AND w.delivered_at IS NULL)
FROM delivery_head h JOIN dossier d ON d.code = h.dossier
WHERE h.next IS NOT NULL AND ($2 = 'all' OR ($2 = 'parked') = (h.parked IS NOT NULL)) AND h.next > $3
  AND ($1::text[] IS NULL OR d.agency LIKE ANY ($1))
ORDER BY h.next LIMIT $4;

-- name: head
SELECT h.dossier, d.agency, h.next, h.attempts, h.last_error, h.parked, h.parked_at, h.due_at, h.in_doubt,
       h.acknowledged_at, (SELECT count(*) FROM delivery w WHERE w.dossier = h.dossier AND w.delivered_at IS NULL)
FROM delivery_head h JOIN dossier d ON d.code = h.dossier
WHERE h.dossier = $2 AND ($1::text[] IS NULL OR d.agency LIKE ANY ($1));

-- name: officers
SELECT a.officer, count(*), max(a.score), max(a.happened_at), (array_agg(a.entry_id ORDER BY a.score DESC))[1],
       min(a.agency)
FROM alert a WHERE a.officer IS NOT NULL AND a.at >= $2 AND ($1::text[] IS NULL OR a.agency LIKE ANY ($1))
GROUP BY a.officer ORDER BY 3 DESC, 2 DESC LIMIT $3;

-- name: officer_hours
SELECT extract(isodow FROM e.at AT TIME ZONE interval '7 hours')::integer,
       extract(hour FROM e.at AT TIME ZONE interval '7 hours')::integer, count(*)
FROM entry e WHERE e.kind IN ('answered', 'refused', 'abandoned') AND e.officer = ANY ($2) AND e.at >= $3
  AND ($1::text[] IS NULL OR e.unit LIKE ANY ($1))
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: officer_units
SELECT e.unit, count(*), count(DISTINCT e.subject), count(DISTINCT (e.at AT TIME ZONE interval '7 hours')::date),
       count(*) FILTER (WHERE x.kind = 'unexplained'), count(x.kind)
FROM entry e LEFT JOIN explanation x ON x.entry_id = e.entry_id
WHERE e.kind IN ('answered', 'refused', 'abandoned') AND e.officer = ANY ($2) AND e.at >= $3
  AND ($1::text[] IS NULL OR e.unit LIKE ANY ($1))
GROUP BY 1 ORDER BY 2 DESC;

-- Persons are counted anew every day.
-- name: peers
SELECT d.officer, sum(d.lookups), sum(d.persons), coalesce(max(u.unexplained), 0)
FROM audit_officer_day d LEFT JOIN (
    SELECT x.officer, count(*) AS unexplained FROM explanation x
    WHERE x.agency = $2 AND x.kind = 'unexplained' AND x.at >= $3 GROUP BY 1
) AS u ON u.officer = d.officer
WHERE d.unit = $2 AND d.day >= ($3::timestamptz AT TIME ZONE interval '7 hours')::date
  AND ($1::text[] IS NULL OR d.unit LIKE ANY ($1))
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $4;

-- name: officer_alerts
SELECT alert_id, rule, score, sentence_vi, sentence_en, agency, happened_at FROM alert
WHERE officer = ANY ($2) AND at >= $3 AND ($1::text[] IS NULL OR agency LIKE ANY ($1))
ORDER BY score DESC, at DESC LIMIT 50;

-- name: agencies
WITH busiest AS MATERIALIZED (
    SELECT unit, sum(lookups) AS lookups,
           sum(lookups) FILTER (WHERE kind <> 'answered' OR outcome LIKE 'registry-%') AS errors
    FROM lookup_day
    WHERE day >= ($2::timestamptz AT TIME ZONE interval '7 hours')::date AND unit <> ''
      AND ($1::text[] IS NULL OR unit LIKE ANY ($1))
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $3
), unexplained AS MATERIALIZED (
    SELECT agency, count(*) AS number FROM explanation WHERE kind = 'unexplained' AND at >= $2 GROUP BY 1
)
SELECT b.unit, b.lookups, o.officers, coalesce(u.number, 0), x.judged, coalesce(b.errors, 0)
FROM busiest b LEFT JOIN unexplained u ON u.agency = b.unit
CROSS JOIN LATERAL (
    SELECT count(DISTINCT officer) AS officers FROM audit_officer_day d
    WHERE d.unit = b.unit AND d.day >= ($2::timestamptz AT TIME ZONE interval '7 hours')::date) AS o
CROSS JOIN LATERAL (SELECT count(*) AS judged FROM explanation x WHERE x.agency = b.unit AND x.at >= $2) AS x
ORDER BY b.lookups DESC, b.unit;

-- name: clients
SELECT client, sum(lookups), coalesce(sum(lookups) FILTER (WHERE kind = 'refused'), 0), max(last_at)
FROM lookup_day
WHERE day >= ($2::timestamptz AT TIME ZONE interval '7 hours')::date AND client <> ''
  AND ($1::text[] IS NULL OR unit LIKE ANY ($1))
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $3;

-- name: agency_outcomes
SELECT nullif(service, ''), nullif(outcome, ''), sum(lookups) FROM lookup_day
WHERE unit = $2 AND day >= ($3::timestamptz AT TIME ZONE interval '7 hours')::date
  AND ($1::text[] IS NULL OR unit LIKE ANY ($1))
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2;

-- name: agency_days
SELECT day, sum(lookups) FROM lookup_day
WHERE unit = $2 AND day >= $3 AND ($1::text[] IS NULL OR unit LIKE ANY ($1)) GROUP BY 1 ORDER BY 1;

-- name: client_volumes
SELECT nullif(service, ''), nullif(outcome, ''), sum(lookups), coalesce(sum(lookups) FILTER (WHERE day >= $4), 0)
FROM lookup_day
WHERE client = $2 AND day >= ($3::timestamptz AT TIME ZONE interval '7 hours')::date
  AND ($1::text[] IS NULL OR unit LIKE ANY ($1))
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2;

-- name: client_keys
SELECT keyid, first_at FROM audit_client_key WHERE client = $1 ORDER BY first_at;

-- name: client_addresses
SELECT address, year, first_at FROM audit_client_address WHERE client = $1 ORDER BY first_at DESC LIMIT $2;

-- name: draw
SELECT console_sample_draw($1, $2, $3, $4, $5);

-- name: sample
SELECT s.entry_id, s.stratum, s.at, s.agency, e.service, e.procedure, e.dossier, x.kind, j.verdict, j.by, j.at
FROM audit_sample s JOIN entry e ON e.entry_id = s.entry_id AND e.at = s.at
LEFT JOIN explanation x ON x.entry_id = s.entry_id LEFT JOIN audit_sample_judgement j ON j.entry_id = s.entry_id
WHERE s.week = $2 AND ($1::text[] IS NULL OR s.agency LIKE ANY ($1)) ORDER BY s.stratum, s.entry_id LIMIT 500;

-- name: judge
SELECT console_sample_judge($1, $2, $3, $4, $5);
