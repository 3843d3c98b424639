-- Cases, their steps and their reveals (0020_console.sql). The last argument of every read is the reader's scope.

-- name: open
WITH opened AS (
    INSERT INTO audit_case (opened_at, opened_by, source, agency, title, due_at)
    VALUES ($1, $2, $3, $4, $5, $6) RETURNING case_id
), stepped AS (
    INSERT INTO audit_case_event (case_id, step, at, by, action, note, entry_id)
    SELECT case_id, 0, $1, $2, 'open', $7, $8 FROM opened
), attached AS (
    INSERT INTO audit_case_entry (case_id, entry_id, added_at, added_by)
    SELECT DISTINCT opened.case_id, e.id, $1::timestamptz, $2::text FROM opened, unnest($9::uuid[]) AS e(id)
), assigned AS (
    UPDATE alert SET state = 'assigned', case_id = opened.case_id, assigned_to = $2 FROM opened
    WHERE alert_id = ANY ($10::bigint[]) AND state <> 'closed' AND alert.case_id IS NULL
)
SELECT case_id FROM opened;

-- Takes a step if nobody took another meanwhile; otherwise nothing happens and nothing is returned.
-- name: step
WITH moved AS (
    UPDATE audit_case c
    SET state = $5, verdict = $6, proposed_by = $7, closed_by = $8, due_at = coalesce($9, c.due_at),
        closed_at = CASE WHEN $5 = 'closed' THEN coalesce(c.closed_at, $3) END
    WHERE c.case_id = $1 AND (SELECT count(*) FROM audit_case_event e WHERE e.case_id = $1) = $2::integer
      AND coalesce(c.agency, '') LIKE ANY ($14::text[])
    RETURNING c.case_id
), attached AS (
    INSERT INTO audit_case_entry (case_id, entry_id, added_at, added_by)
    SELECT DISTINCT moved.case_id, e.id, $3::timestamptz, $4::text FROM moved, unnest($13::uuid[]) AS e(id)
    ON CONFLICT DO NOTHING
), settled AS (
    UPDATE alert SET state = 'closed' FROM moved WHERE alert.case_id = moved.case_id AND $5 = 'closed'
)
INSERT INTO audit_case_event (case_id, step, at, by, action, note, entry_id)
SELECT case_id, $2::integer, $3, $4, $10, $11, $12 FROM moved RETURNING step;

-- name: one
SELECT case_id, opened_at, opened_by, source, agency, title, state, verdict, proposed_by, closed_by, closed_at, due_at
FROM audit_case WHERE case_id = $1 AND coalesce(agency, '') LIKE ANY ($2::text[]);

-- name: page
SELECT case_id, opened_at, opened_by, source, agency, title, state, verdict, proposed_by, closed_by, closed_at, due_at
FROM audit_case
WHERE case_id < $1 AND state = ANY ($2::text[]) AND ($3::text IS NULL OR source = $3)
  AND coalesce(agency, '') LIKE ANY ($5::text[])
ORDER BY case_id DESC LIMIT $4;

-- name: counts
SELECT state, count(*) FROM audit_case WHERE coalesce(agency, '') LIKE ANY ($1::text[]) GROUP BY state;

-- name: steps
SELECT step, at, by, action, note, entry_id FROM audit_case_event WHERE case_id = $1 ORDER BY step;

-- name: entries
SELECT c.entry_id, c.added_at, c.added_by, e.log_id, l.origin, e.index, e.at, e.kind, e.client, e.leaf
FROM audit_case_entry c
LEFT JOIN LATERAL (SELECT * FROM entry WHERE entry.entry_id = c.entry_id LIMIT 1) AS e ON true
LEFT JOIN log l ON l.log_id = e.log_id
WHERE c.case_id = $1 ORDER BY e.at, c.entry_id;

-- name: alerts
SELECT alert_id, rule, sentence_vi, sentence_en, at, entry_id FROM alert WHERE case_id = $1 ORDER BY at;

-- name: holds_entry
SELECT EXISTS (SELECT FROM audit_case_entry WHERE case_id = $1 AND entry_id = $2);

-- name: agencies_of_entries
SELECT entry_id, unit FROM entry WHERE entry_id = ANY ($1::uuid[]);

-- name: question_of
SELECT q.log_id, l.origin, q.index, q.at, q.kind, q.client, q.leaf
FROM entry a JOIN entry q ON q.entry_id = a.question JOIN log l ON l.log_id = q.log_id
WHERE a.entry_id = $1 LIMIT 1;

-- name: reveals_since
SELECT count(*) FROM reveal WHERE by = $1 AND at >= $2;

-- name: put_reveal
SELECT case_reveal_put($1, $2, $3, $4, $5, $6, $7, $8);

-- name: reveals
SELECT entry_id, by, second, at, recorded FROM reveal WHERE case_id = $1 ORDER BY at;
