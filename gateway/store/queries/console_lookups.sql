-- How exchanges ended, one entry each. Filters that are NULL fall away when a query is planned for its own values
-- (plan_cache_mode), so each list goes by the index of its most selective filter, newest first.

-- name: page
SELECT e.entry_id, e.log_id, e.index, e.at, e.kind, e.question, e.client, e.service, e.procedure, e.dossier, e.unit,
       e.officer, e.outcome, x.kind AS explained, (SELECT max(a.score) FROM alert a WHERE a.entry_id = e.entry_id)
FROM entry e LEFT JOIN explanation x ON x.entry_id = e.entry_id
WHERE e.kind IN ('answered', 'refused', 'abandoned')
  AND e.at >= $1 AND e.at <= $2 AND (e.at, e.log_id, e.index) < ($2, $3, $4)
  AND ($5::text[] IS NULL OR e.unit LIKE ANY ($5)) AND ($6::text IS NULL OR split_part(e.unit, '.', 1) = $6)
  AND ($7::text IS NULL OR e.client = $7) AND ($8::text IS NULL OR e.unit = $8)
  AND ($9::text[] IS NULL OR e.service = ANY ($9)) AND ($10::text IS NULL OR e.procedure = $10)
  AND ($11::text IS NULL OR e.dossier = $11) AND ($12::text IS NULL OR e.outcome = $12)
  AND ($13::bytea[] IS NULL OR e.officer = ANY ($13))
  AND ($14::bytea[] IS NULL OR e.subject = ANY ($14) OR e.person = ANY ($14))
  AND ($15::text IS NULL OR x.kind = $15)
ORDER BY e.at DESC, e.log_id DESC, e.index DESC LIMIT $16;

-- A reason that is rare is found by its own index; what it explains is then held against the other filters.

-- name: page_explained
SELECT e.entry_id, e.log_id, e.index, e.at, e.kind, e.question, e.client, e.service, e.procedure, e.dossier, e.unit,
       e.officer, e.outcome, x.kind AS explained, (SELECT max(a.score) FROM alert a WHERE a.entry_id = e.entry_id)
FROM explanation x JOIN entry e ON e.log_id = x.log_id AND e.index = x.index AND e.at = x.at
WHERE x.kind = $15 AND x.at >= $1 AND x.at <= $2 AND (x.at, x.log_id, x.index) < ($2, $3, $4)
  AND ($5::text[] IS NULL OR e.unit LIKE ANY ($5)) AND ($6::text IS NULL OR split_part(e.unit, '.', 1) = $6)
  AND ($7::text IS NULL OR e.client = $7) AND ($8::text IS NULL OR e.unit = $8)
  AND ($9::text[] IS NULL OR e.service = ANY ($9)) AND ($10::text IS NULL OR e.procedure = $10)
  AND ($11::text IS NULL OR e.dossier = $11) AND ($12::text IS NULL OR e.outcome = $12)
  AND ($13::bytea[] IS NULL OR e.officer = ANY ($13))
  AND ($14::bytea[] IS NULL OR e.subject = ANY ($14) OR e.person = ANY ($14))
ORDER BY x.at DESC, x.log_id DESC, x.index DESC LIMIT $16;

-- Counts by facet, over the newest $16 rows of the list.

-- name: facets
WITH newest AS MATERIALIZED (
    SELECT e.client, e.service, e.procedure, e.unit, e.outcome, coalesce(x.kind, 'pending') AS explained
    FROM entry e LEFT JOIN explanation x ON x.entry_id = e.entry_id
    WHERE e.kind IN ('answered', 'refused', 'abandoned')
      AND e.at >= $1 AND e.at <= $2 AND (e.at, e.log_id, e.index) < ($2, $3, $4)
      AND ($5::text[] IS NULL OR e.unit LIKE ANY ($5)) AND ($6::text IS NULL OR split_part(e.unit, '.', 1) = $6)
      AND ($7::text IS NULL OR e.client = $7) AND ($8::text IS NULL OR e.unit = $8)
      AND ($9::text[] IS NULL OR e.service = ANY ($9)) AND ($10::text IS NULL OR e.procedure = $10)
      AND ($11::text IS NULL OR e.dossier = $11) AND ($12::text IS NULL OR e.outcome = $12)
      AND ($13::bytea[] IS NULL OR e.officer = ANY ($13))
      AND ($14::bytea[] IS NULL OR e.subject = ANY ($14) OR e.person = ANY ($14))
      AND ($15::text IS NULL OR x.kind = $15)
    ORDER BY e.at DESC, e.log_id DESC, e.index DESC LIMIT $16
)
SELECT CASE WHEN grouping(client) = 0 THEN 'client' WHEN grouping(service) = 0 THEN 'service'
            WHEN grouping(procedure) = 0 THEN 'procedure' WHEN grouping(unit) = 0 THEN 'unit'
            WHEN grouping(outcome) = 0 THEN 'outcome' ELSE 'explained' END AS facet,
       coalesce(client, service, procedure, unit, outcome, explained) AS value, count(*)
FROM newest GROUP BY GROUPING SETS ((client), (service), (procedure), (unit), (outcome), (explained))
ORDER BY 1, 3 DESC, 2;

-- name: one
SELECT e.entry_id, e.log_id, e.index, e.at, e.kind, e.question, e.client, e.service, e.procedure, e.dossier, e.unit,
       e.officer, e.outcome, x.kind AS explained, (SELECT max(a.score) FROM alert a WHERE a.entry_id = e.entry_id)
FROM entry e LEFT JOIN explanation x ON x.entry_id = e.entry_id
WHERE e.entry_id = $1 AND e.kind IN ('answered', 'refused', 'abandoned')
  AND ($2::text[] IS NULL OR e.unit LIKE ANY ($2)) LIMIT 1;

-- name: ending_of
SELECT e.entry_id FROM entry e WHERE e.question = $1 LIMIT 1;

-- name: alerts_of
SELECT alert_id, rule, score, sentence_vi, sentence_en, state FROM alert WHERE entry_id = $1 ORDER BY score DESC, rule;

-- name: cases_of
SELECT c.case_id, c.title, c.state FROM audit_case_entry e JOIN audit_case c USING (case_id)
WHERE e.entry_id = $1 AND coalesce(c.agency, '') LIKE ANY ($2::text[]) ORDER BY c.case_id;

-- name: outcome_of
SELECT used, mismatch, at FROM lookup_outcome WHERE lookup_id = $1;

-- name: timeline
SELECT e.occurred_at, e.recorded_at, e.status, e.late, e.warning, e.source
FROM dossier_event e JOIN dossier d ON d.code = e.dossier
WHERE e.dossier = $1 AND ($2::text[] IS NULL OR d.agency LIKE ANY ($2))
ORDER BY e.occurred_at, e.rank, e.event_id LIMIT 200;
