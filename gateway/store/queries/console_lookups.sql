-- How exchanges ended, one entry each. Filters that are NULL fall away when a query is planned for its own values
-- (plan_cache_mode), so each list goes by the index of its filter, newest first. Five ways lead to the newest rows of a
-- list, and none may be left to a guess of the planner's: a wrong one reads a year.

-- part: columns
e.entry_id, e.log_id, e.index, e.at, e.kind, e.question, e.client, e.service, e.procedure, e.dossier, e.unit, e.officer,
e.outcome

-- part: asked
e.kind IN ('answered', 'refused', 'abandoned')
AND e.at >= $1 AND e.at <= $2 AND (e.at, e.log_id, e.index) < ($2, $3, $4)
AND ($5::text[] IS NULL OR e.unit LIKE ANY ($5)) AND ($6::text IS NULL OR split_part(e.unit, '.', 1) = $6)
AND ($7::text IS NULL OR e.client = $7) AND ($8::text IS NULL OR e.unit = $8)
AND ($10::text IS NULL OR e.procedure = $10) AND ($11::text IS NULL OR e.dossier = $11)
AND ($12::text IS NULL OR e.outcome = $12)

-- Asked as a yes or no, of which the planner expects half: of an equation it would expect one row in 200, and sort a year.
-- part: so_explained
($15::text IS NULL OR (SELECT x.kind = $15 FROM explanation x WHERE x.entry_id = e.entry_id))

-- One pseudonym, written so that the planner knows how busy it is.
-- part: by_one
($13::bytea[] IS NULL OR e.officer = ($13::bytea[])[1])

-- part: newest_first
ORDER BY e.at DESC, e.log_id DESC, e.index DESC LIMIT $16

-- part: usual
SELECT {{columns}} FROM entry e
WHERE {{asked}} AND ($9::text IS NULL OR e.service = $9) AND {{by_one}} AND $14::bytea[] IS NULL AND {{so_explained}}
{{newest_first}}

-- Several services: the newest of each, then the newest of these.
-- part: of_services
SELECT e.* FROM unnest($9::text[]) AS s(name) CROSS JOIN LATERAL (
    SELECT {{columns}} FROM entry e
    WHERE {{asked}} AND e.service = s.name AND {{by_one}} AND $14::bytea[] IS NULL AND {{so_explained}}
    {{newest_first}}
) AS e {{newest_first}}

-- An officer over years, with another pseudonym in each: the newest of each, likewise.
-- part: of_officer
SELECT e.* FROM unnest($13::bytea[]) AS o(code) CROSS JOIN LATERAL (
    SELECT {{columns}} FROM entry e
    WHERE {{asked}} AND e.officer = o.code AND ($9::text[] IS NULL OR e.service = ANY ($9)) AND $14::bytea[] IS NULL
      AND {{so_explained}}
    {{newest_first}}
) AS e {{newest_first}}

-- One person: all there is within the time, or as many as are wanted where nothing else is filtered.
-- part: of_person
SELECT {{columns}} FROM console_of_person($14::bytea[], $1, $2, $3, $4, $5::text[],
    CASE WHEN num_nulls($6::text, $7::text, $8::text, $10::text, $11::text, $12::text, $15::text) = 7
          AND $9::text[] IS NULL AND $13::bytea[] IS NULL THEN $16::integer END) AS e
WHERE {{asked}} AND ($9::text[] IS NULL OR e.service = ANY ($9)) AND ($13::bytea[] IS NULL OR e.officer = ANY ($13))
  AND {{so_explained}}
{{newest_first}}

-- A reason that is rare, by its own index and from its own columns: the log is not looked at. Synchronisation explains
-- entries that are no look-ups.
-- part: reasons
SELECT x.entry_id, x.log_id, x.index, x.at, x.kind AS explained, x.client, x.service, x.procedure, x.agency AS unit,
       x.outcome
FROM explanation x
WHERE x.kind = $15 AND x.kind <> 'status_sync' AND $14::bytea[] IS NULL AND $11::text IS NULL
  AND x.at >= $1 AND x.at <= $2 AND (x.at, x.log_id, x.index) < ($2, $3, $4)
  AND ($5::text[] IS NULL OR x.agency LIKE ANY ($5)) AND ($6::text IS NULL OR split_part(x.agency, '.', 1) = $6)
  AND ($7::text IS NULL OR x.client = $7) AND ($8::text IS NULL OR x.agency = $8)
  AND ($9::text[] IS NULL OR x.service = ANY ($9)) AND ($10::text IS NULL OR x.procedure = $10)
  AND ($12::text IS NULL OR x.outcome = $12) AND ($13::bytea[] IS NULL OR x.officer = ANY ($13))
ORDER BY x.at DESC, x.log_id DESC, x.index DESC LIMIT $16

-- part: shown
SELECT {{columns}}, x.kind AS explained, (SELECT max(a.score) FROM alert a WHERE a.entry_id = e.entry_id)
FROM newest e LEFT JOIN explanation x ON x.entry_id = e.entry_id
ORDER BY e.at DESC, e.log_id DESC, e.index DESC

-- name: page
WITH newest AS MATERIALIZED ({{usual}}) {{shown}};

-- name: page_of_services
WITH newest AS MATERIALIZED ({{of_services}}) {{shown}};

-- name: page_of_officer
WITH newest AS MATERIALIZED ({{of_officer}}) {{shown}};

-- name: page_of_person
WITH newest AS MATERIALIZED ({{of_person}}) {{shown}};

-- name: page_of_reason
WITH reason AS MATERIALIZED ({{reasons}}), newest AS MATERIALIZED (
    SELECT e.* FROM reason r CROSS JOIN LATERAL (
        SELECT {{columns}} FROM entry e
        WHERE e.log_id = r.log_id AND e.index = r.index AND e.at = r.at
          AND e.kind IN ('answered', 'refused', 'abandoned') OFFSET 0
    ) AS e
) {{shown}};

-- Counts by facet, over the newest $16 rows of the list.
-- part: told
, told AS (
    SELECT e.client, e.service, e.procedure, e.unit, e.outcome, coalesce(x.kind, 'pending') AS explained
    FROM newest e LEFT JOIN explanation x ON x.entry_id = e.entry_id
)

-- part: counted
SELECT CASE WHEN grouping(client) = 0 THEN 'client' WHEN grouping(service) = 0 THEN 'service'
            WHEN grouping(procedure) = 0 THEN 'procedure' WHEN grouping(unit) = 0 THEN 'unit'
            WHEN grouping(outcome) = 0 THEN 'outcome' ELSE 'explained' END AS facet,
       coalesce(client, service, procedure, unit, outcome, explained) AS value, count(*)
FROM told GROUP BY GROUPING SETS ((client), (service), (procedure), (unit), (outcome), (explained))
ORDER BY 1, 3 DESC, 2

-- name: facets
WITH newest AS MATERIALIZED ({{usual}}) {{told}} {{counted}};

-- name: facets_of_services
WITH newest AS MATERIALIZED ({{of_services}}) {{told}} {{counted}};

-- name: facets_of_officer
WITH newest AS MATERIALIZED ({{of_officer}}) {{told}} {{counted}};

-- name: facets_of_person
WITH newest AS MATERIALIZED ({{of_person}}) {{told}} {{counted}};

-- name: facets_of_reason
WITH told AS MATERIALIZED ({{reasons}}) {{counted}};

-- name: one
SELECT {{columns}}, x.kind AS explained, (SELECT max(a.score) FROM alert a WHERE a.entry_id = e.entry_id)
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
