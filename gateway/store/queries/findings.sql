-- name: marks
SELECT source, next FROM audit_mark;

-- name: heads
SELECT log_id, next_index FROM log_head;

-- The question's own entry is not read: what ended it repeats all that was asked.
-- name: fresh
SELECT log_id, index, at, entry_id, kind, leaf FROM entry
WHERE log_id = $1 AND index >= $2 AND index < $3
  AND (kind IN ('answered', 'refused', 'status') OR kind = 'admin' AND subject IS NOT NULL) ORDER BY index;

-- name: by_ids
SELECT log_id, index, at, entry_id, kind, leaf FROM entry
WHERE entry_id = ANY ($1::uuid[]) AND at BETWEEN $2 AND $3 AND kind IN ('answered', 'refused', 'status');

-- name: fresh_events
SELECT sequence, dossier, parties IS NOT NULL OR status IN (1, 2, 3, 7, 8) AS matters
FROM dossier_event WHERE sequence > $1 ORDER BY sequence LIMIT $2;

-- name: touched
SELECT log_id, index, at, entry_id, kind, leaf FROM entry
WHERE dossier = ANY ($1) AND kind = 'answered' AND at > $2
UNION
SELECT e.log_id, e.index, e.at, e.entry_id, e.kind, e.leaf
FROM dossier_party p JOIN entry e ON e.subject = p.pseudonym AND e.at > $2 AND e.kind = 'answered' AND e.dossier IS NULL
WHERE p.dossier = ANY ($1);

-- name: dossiers
WITH wanted AS (
    SELECT unnest($1::text[]) AS code UNION SELECT dossier FROM dossier_party WHERE pseudonym = ANY ($2::bytea[])
)
SELECT d.code, d.agency, d.client, d.procedure, d.first_at AS recorded_at,
       (SELECT min(e.occurred_at) FROM dossier_event e WHERE e.dossier = d.code) AS opened_at,
       d.end_at, d.end_status, CASE WHEN d.status IN (9, 10) THEN d.occurred_at END AS done_at, d.events,
       ARRAY(SELECT role FROM dossier_party p WHERE p.dossier = d.code ORDER BY role, pseudonym) AS roles,
       ARRAY(SELECT pseudonym FROM dossier_party p WHERE p.dossier = d.code ORDER BY role, pseudonym) AS people,
       (SELECT max(year) FROM dossier_party p WHERE p.dossier = d.code) AS year
FROM wanted JOIN dossier d USING (code);

-- The newest look-ups of each officer, and about each person, at most $4, as `Past` has them.
-- name: by_officer
SELECT * FROM audit_of_officers($1::bytea[], $2, $3, $4);

-- name: about_person
SELECT * FROM audit_of_people($1::bytea[], $2, $3, $4);

-- name: days
SELECT officer, unit, day, lookups, persons FROM audit_officer_day
WHERE (officer = ANY ($1::bytea[]) OR unit = ANY ($2::text[])) AND day BETWEEN $3 AND $4;

-- name: refusals
SELECT count(*) FROM entry
WHERE kind = 'refused' AND outcome = $1 AND client IS NOT DISTINCT FROM $2 AND at > $3 AND at <= $4;

-- What auditors looked at: persons searched for and revealed in the console.
-- name: acts
SELECT officer, subject, at FROM entry
WHERE officer = ANY ($1::bytea[]) AND at BETWEEN $2 AND $3 AND kind = 'admin' AND subject IS NOT NULL;

-- name: client_keys
SELECT client, keyid, first_at FROM audit_client_key WHERE client = ANY ($1);

-- name: outcomes
SELECT a.rule, c.verdict, count(*) FROM alert a JOIN audit_case c USING (case_id)
WHERE c.state = 'closed' GROUP BY 1, 2;

-- name: client_addresses
SELECT client, year, address, first_at FROM audit_client_address WHERE client = ANY ($1);

-- name: put
SELECT CASE WHEN audit_put($1, $2, $3, $4, $5::jsonb, $6::jsonb, '{}', '{}', $9::jsonb)
       THEN audit_officers_put($7::bytea[], $8::date[]) AND audit_addresses_put($10::jsonb) ELSE false END;

-- name: count_days
SELECT audit_count_days($1);

-- name: put_staff
SELECT audit_staff_put($1, $2::jsonb, $3::jsonb, $4::jsonb);

-- name: unexplained_share
SELECT count(*) FILTER (WHERE kind = 'unexplained'), count(*) FROM explanation WHERE at >= $1 AND at < $2;

-- name: fired
SELECT rule, count(*), count(*) FILTER (WHERE state <> 'closed') FROM alert WHERE happened_at >= $1 GROUP BY rule;

-- name: alerts_standing
SELECT key, rule, entry_id, score, happened_at, at FROM alert WHERE NOT detail ? 'withdrawn';

-- name: explanations_of
SELECT entry_id, kind, detail FROM explanation WHERE at >= $1 AND at < $2;

-- name: explanations_by_ids
SELECT entry_id, kind, version, detail FROM explanation WHERE entry_id = ANY ($1::uuid[]);

-- What is judged, in order: the next of each kind by its own index, then the first of these.
-- part: next_of
AND (at, log_id, index) > ($1, $2, $3) AND at >= $1 AND at < $4 ORDER BY at, log_id, index LIMIT $5

-- name: page_to_explain
SELECT * FROM (
    (SELECT log_id, index, at, entry_id, kind, leaf FROM entry WHERE kind IN ('answered', 'refused') {{next_of}})
    UNION ALL
    (SELECT log_id, index, at, entry_id, kind, leaf FROM entry WHERE kind = 'status' {{next_of}})
    UNION ALL
    (SELECT log_id, index, at, entry_id, kind, leaf FROM entry WHERE kind = 'admin' AND subject IS NOT NULL {{next_of}})
) AS e ORDER BY at, log_id, index LIMIT $5;

-- name: alerts
SELECT alert_id, rule, entry_id, officer, agency, client, score, sentence_vi, sentence_en, happened_at, at, state, case_id
FROM alert
WHERE (agency LIKE ANY ($1::text[]) OR agency IS NULL AND '%' = ANY ($1::text[]))
  AND ($2 = '' OR state = $2) AND ($3 = '' OR rule = $3) AND (score, alert_id) < ($4, $5)
  AND NOT detail ? 'withdrawn'
ORDER BY score DESC, alert_id DESC LIMIT $6;
