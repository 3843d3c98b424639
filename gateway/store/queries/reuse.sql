-- name: note
SELECT reuse_note($1);

-- name: count
SELECT reuse_count($1);

-- name: recount
SELECT reuse_recount($1, $2);

-- name: newest_catalogue
SELECT max(version) FROM reuse_catalogue;

-- name: put_catalogue
SELECT reuse_catalogue_put($1, $2);

-- name: configurations
SELECT version, applied_at, documents FROM configuration WHERE version >= $1 ORDER BY version;

-- name: cells
SELECT CASE $1 WHEN 'agency' THEN agency WHEN 'procedure' THEN procedure WHEN 'province' THEN split_part(agency, '.', 1)
               WHEN 'month' THEN to_char(day, 'YYYY-MM') WHEN 'registry' THEN registry ELSE '' END AS part,
       sum(dossiers) AS dossiers, sum(declared) AS declared, sum(evidenced) AS evidenced,
       sum(with_needs) AS with_needs, sum(full_once_only) AS full_once_only, sum(covered) AS covered,
       sum(acknowledged) AS acknowledged, sum(acknowledged_evidenced) AS acknowledged_evidenced,
       sum(digitised) AS digitised, sum(result_owed) AS result_owed, sum(result_electronic) AS result_electronic,
       sum(online) AS online, sum(due_ended) AS due_ended, sum(due_met) AS due_met, sum(needed) AS needed,
       sum(held) AS held, sum(looked_up) AS looked_up, sum(answered) AS answered, sum(matched) AS matched,
       sum(used) AS used, sum(not_connected) AS not_connected, sum(not_looked_up) AS not_looked_up,
       sum(lookup_failed) AS lookup_failed, sum(stale) AS stale, sum(mismatch) AS mismatch,
       sum(paper_by_law) AS paper_by_law, sum(citizen_chose) AS citizen_chose, sum(unknown) AS unknown,
       sum(fields_needed) AS fields_needed, sum(fields_covered) AS fields_covered, sum(disclosed) AS disclosed,
       sum(beyond) AS beyond
FROM reuse_cell
WHERE day >= $2 AND day < $3 AND agency LIKE ANY ($4::text[]) AND (registry <> '') = ($1 = 'registry')
GROUP BY part ORDER BY part;

-- name: open
SELECT CASE $1 WHEN 'agency' THEN agency WHEN 'procedure' THEN procedure WHEN 'province' THEN split_part(agency, '.', 1)
               WHEN 'month' THEN to_char(day, 'YYYY-MM') WHEN 'registry' THEN registry ELSE '' END AS part,
       sum(dossiers), coalesce(sum(dossiers) FILTER (WHERE due_day >= $5), 0)
FROM reuse_open
WHERE day >= $2 AND day < $3 AND agency LIKE ANY ($4::text[]) AND (registry <> '') = ($1 = 'registry')
GROUP BY part;

-- name: lag
SELECT CASE $1 WHEN 'agency' THEN agency WHEN 'procedure' THEN procedure WHEN 'province' THEN split_part(agency, '.', 1)
               WHEN 'month' THEN to_char(day, 'YYYY-MM') ELSE '' END AS part,
       bucket, sum(events)
FROM reuse_lag
WHERE day >= $2 AND day < $3 AND agency LIKE ANY ($4::text[])
GROUP BY part, bucket;

-- name: attributes
SELECT procedure, service, field, sum(needed), sum(covered)
FROM reuse_attribute
WHERE day >= $1 AND day < $2 AND agency LIKE ANY ($3::text[])
GROUP BY procedure, service, field ORDER BY procedure, service, field;

-- name: repeats
WITH asked AS MATERIALIZED (
    SELECT d.code, d.agency, d.procedure, d.received_at, c.code AS component, r.service, r.role
    FROM dossier d
    JOIN dossier_component c ON c.dossier = d.code AND c.obtained IN ('typed', 'upload', 'card', 'paper')
    JOIN reuse_reign v ON d.received_at >= v.since AND d.received_at < v.until
    JOIN reuse_replacement r ON r.version = v.version AND r.procedure = d.procedure
                            AND r.component = c.code AND r.choice = 0
    WHERE d.received_at >= $2 AND d.received_at < $3 AND d.agency LIKE ANY ($4::text[])
), about AS MATERIALIZED (
    SELECT DISTINCT a.code, a.component, a.service, a.received_at, p.pseudonym
    FROM asked a JOIN dossier_party p ON p.dossier = a.code AND p.role = a.role
), given AS MATERIALIZED (
    SELECT DISTINCT q.pseudonym, r.service, b.received_at AS at
    FROM (SELECT DISTINCT pseudonym FROM about) AS x
    JOIN dossier_party q ON q.pseudonym = x.pseudonym
    JOIN dossier b ON b.code = q.dossier AND b.received_at < $3
     AND b.received_at >= ($2::timestamptz AT TIME ZONE 'UTC' - interval '12 months') AT TIME ZONE 'UTC'
    JOIN dossier_component c ON c.dossier = b.code AND c.obtained <> 'waived'
    JOIN reuse_reign v ON b.received_at >= v.since AND b.received_at < v.until
    JOIN reuse_replacement r ON r.version = v.version AND r.procedure = b.procedure
     AND r.component = c.code AND r.choice = 0 AND r.role = q.role
), timeline AS (  -- one pass a person: somebody may be party of thousands of dossiers
    SELECT code, component, at,
           max(given) OVER (PARTITION BY pseudonym, service ORDER BY at
                            RANGE BETWEEN UNBOUNDED PRECEDING AND interval '1 microsecond' PRECEDING) AS before
    FROM (SELECT code, component, pseudonym, service, received_at AS at, NULL::timestamptz AS given FROM about
          UNION ALL SELECT NULL, NULL, pseudonym, service, at, at FROM given) AS x
), again AS (
    SELECT DISTINCT code, component FROM timeline
    WHERE code IS NOT NULL AND before >= (at AT TIME ZONE 'UTC' - interval '12 months') AT TIME ZONE 'UTC'
)
SELECT CASE $1 WHEN 'agency' THEN a.agency WHEN 'procedure' THEN a.procedure
               WHEN 'province' THEN split_part(a.agency, '.', 1)
               WHEN 'month' THEN to_char(a.received_at AT TIME ZONE interval '7 hours', 'YYYY-MM')
               WHEN 'registry' THEN split_part(a.service, '/', 1) ELSE '' END AS part,
       count(*) FILTER (WHERE (a.code, a.component) IN (SELECT g.code, g.component FROM again g)), count(*)
FROM asked a GROUP BY part;

-- name: cells_of_days
SELECT * FROM reuse_cell WHERE day >= $1 AND day < $2;

-- name: open_of_days
SELECT day, agency, procedure, registry, due_day, dossiers FROM reuse_open WHERE day >= $1 AND day < $2;

-- name: attributes_of_days
SELECT day, agency, procedure, service, field, needed, covered FROM reuse_attribute WHERE day >= $1 AND day < $2;

-- name: lag_of_days
SELECT day, agency, procedure, bucket, events FROM reuse_lag WHERE day >= $1 AND day < $2;

-- name: lag_recounted
SELECT agency, procedure, (recorded_at AT TIME ZONE interval '7 hours')::date, extract(epoch FROM recorded_at - occurred_at)::float8
FROM dossier_event WHERE recorded_at >= $1 AND recorded_at < $2;

-- name: dossiers
SELECT d.code, d.agency, d.client, d.procedure, d.received_at, d.due_at, d.channel,
       coalesce((d.result ->> 'electronic')::boolean, false) AS electronic, h.acknowledged IS NOT NULL AS acknowledged
FROM dossier d LEFT JOIN delivery_head h ON h.dossier = d.code
WHERE d.received_at >= $1 AND d.received_at < $2 AND d.agency LIKE ANY ($3::text[])
  AND (d.received_at, d.code) > ($4, $5)
  AND ($7::text = '' OR d.agency = $7) AND ($8::text = '' OR d.procedure = $8)
  AND ($9::text = '' OR split_part(d.agency, '.', 1) = $9)
ORDER BY d.received_at, d.code LIMIT $6;

-- name: events
SELECT dossier, status, occurred_at, recorded_at FROM dossier_event
WHERE dossier = ANY ($1::text[]) AND applied ORDER BY dossier, occurred_at, rank, event_id;

-- name: components
SELECT dossier, code, obtained, lookup_id::text, digitised, reused, required FROM dossier_component
WHERE dossier = ANY ($1::text[]) ORDER BY dossier, code;

-- name: parties
SELECT dossier, role, pseudonym FROM dossier_party WHERE dossier = ANY ($1::text[]) ORDER BY dossier;

-- In no order: rows are wide, and a dossier's few are sorted where they are read.
-- name: lookups
SELECT e.dossier, e.question::text, e.client, e.service, e.at, e.outcome, e.subject, e.person, e.leaf,
       coalesce(cardinality(o.mismatch) > 0, false) AS mismatch,
       CASE WHEN e.outcome = 'match' THEN (
           SELECT a.leaf FROM entry a
           WHERE a.entry_id = e.question AND a.at BETWEEN e.at - interval '2 hours' AND e.at LIMIT 1) END AS asked
FROM entry e LEFT JOIN lookup_outcome o ON o.lookup_id = e.question
WHERE e.dossier = ANY ($1::text[]) AND e.kind = 'answered';
