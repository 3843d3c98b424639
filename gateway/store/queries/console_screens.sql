-- The screens that count: today, officers, agencies, deliveries, the random check. $1 is always the scope's patterns
-- of agencies, NULL for everything.

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
SELECT alert_id, rule, score, sentence_vi, sentence_en, agency, at FROM alert
WHERE state IN ('open', 'assigned') AND ($1::text[] IS NULL OR agency LIKE ANY ($1))
ORDER BY score DESC, at DESC LIMIT $2;

-- name: days
SELECT (e.at AT TIME ZONE interval '7 hours')::date AS day, count(*)
FROM entry e WHERE e.kind IN ('answered', 'refused', 'abandoned') AND e.at >= $2
  AND ($1::text[] IS NULL OR e.unit LIKE ANY ($1))
GROUP BY 1 ORDER BY 1;

-- name: registries
SELECT split_part(e.service, '/', 1), count(*),
       count(*) FILTER (WHERE e.outcome LIKE 'registry-%'), max(e.at)
FROM entry e WHERE e.kind IN ('answered', 'refused', 'abandoned') AND e.at >= $2 AND e.service IS NOT NULL
  AND ($1::text[] IS NULL OR e.unit LIKE ANY ($1))
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

-- name: peers
SELECT e.officer, count(*), count(DISTINCT e.subject), count(*) FILTER (WHERE x.kind = 'unexplained')
FROM entry e LEFT JOIN explanation x ON x.entry_id = e.entry_id
WHERE e.kind IN ('answered', 'refused', 'abandoned') AND e.unit = $2 AND e.at >= $3 AND e.officer IS NOT NULL
  AND ($1::text[] IS NULL OR e.unit LIKE ANY ($1))
GROUP BY 1 ORDER BY 2 DESC LIMIT $4;

-- name: officer_alerts
SELECT alert_id, rule, score, sentence_vi, sentence_en, agency, at FROM alert
WHERE officer = ANY ($2) AND at >= $3 AND ($1::text[] IS NULL OR agency LIKE ANY ($1))
ORDER BY score DESC, at DESC LIMIT 50;

-- name: agencies
SELECT e.unit, count(*), count(DISTINCT e.officer), count(*) FILTER (WHERE x.kind = 'unexplained'), count(x.kind),
       count(*) FILTER (WHERE e.kind <> 'answered' OR e.outcome LIKE 'registry-%')
FROM entry e LEFT JOIN explanation x ON x.entry_id = e.entry_id
WHERE e.kind IN ('answered', 'refused', 'abandoned') AND e.at >= $2 AND e.unit IS NOT NULL
  AND ($1::text[] IS NULL OR e.unit LIKE ANY ($1))
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $3;

-- name: clients
SELECT e.client, count(*), count(*) FILTER (WHERE e.kind = 'refused'), max(e.at)
FROM entry e WHERE e.kind IN ('answered', 'refused', 'abandoned') AND e.at >= $2 AND e.client IS NOT NULL
  AND ($1::text[] IS NULL OR e.unit LIKE ANY ($1))
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $3;

-- name: agency_outcomes
SELECT e.service, e.outcome, count(*) FROM entry e
WHERE e.kind IN ('answered', 'refused', 'abandoned') AND e.unit = $2 AND e.at >= $3
  AND ($1::text[] IS NULL OR e.unit LIKE ANY ($1))
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2;

-- name: agency_days
SELECT (e.at AT TIME ZONE interval '7 hours')::date, count(*) FROM entry e
WHERE e.kind IN ('answered', 'refused', 'abandoned') AND e.unit = $2 AND e.at >= $3
  AND ($1::text[] IS NULL OR e.unit LIKE ANY ($1))
GROUP BY 1 ORDER BY 1;

-- name: client_volumes
SELECT e.service, e.outcome, count(*), count(*) FILTER (WHERE e.at >= $4) FROM entry e
WHERE e.kind IN ('answered', 'refused', 'abandoned') AND e.client = $2 AND e.at >= $3
  AND ($1::text[] IS NULL OR e.unit LIKE ANY ($1))
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2;

-- name: client_keys
SELECT keyid, first_at FROM audit_client_key WHERE client = $1 ORDER BY first_at;

-- name: draw
SELECT console_sample_draw($1, $2, $3, $4, $5);

-- name: sample
SELECT s.entry_id, s.stratum, s.at, s.agency, e.service, e.procedure, e.dossier, x.kind, j.verdict, j.by, j.at
FROM audit_sample s JOIN entry e ON e.entry_id = s.entry_id AND e.at = s.at
LEFT JOIN explanation x ON x.entry_id = s.entry_id LEFT JOIN audit_sample_judgement j ON j.entry_id = s.entry_id
WHERE s.week = $2 AND ($1::text[] IS NULL OR s.agency LIKE ANY ($1)) ORDER BY s.stratum, s.entry_id LIMIT 500;

-- name: judge
SELECT console_sample_judge($1, $2, $3, $4, $5);
