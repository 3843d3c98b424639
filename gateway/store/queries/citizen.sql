-- What a citizen may know. A person is an array of pseudonyms, one for each live year.

-- Answers about a person, newest first: as asked for, or as the registry named the person.
-- name: usage
SELECT l.origin, u.log_id, u.index, u.at, u.dossier, u.leaf FROM (
    (SELECT log_id, index, at, dossier, leaf FROM entry
     WHERE subject = ANY ($1::bytea[]) AND kind = 'answered' AND at >= $2 AND at < $3
     ORDER BY at DESC LIMIT $4)
    UNION ALL
    (SELECT log_id, index, at, dossier, leaf FROM entry
     WHERE person = ANY ($1::bytea[]) AND person IS DISTINCT FROM subject AND subject <> ALL ($1::bytea[])
       AND kind = 'answered' AND at >= $2 AND at < $3
     ORDER BY at DESC LIMIT $4)
) AS u JOIN log l USING (log_id)
ORDER BY u.at DESC, u.log_id, u.index DESC LIMIT $4;

-- Whose matter a dossier is, as far as is known: somebody else's where it has applicants and this person is none.
-- name: matters
SELECT d.code, d.final,
       coalesce(bool_or(p.role = 'applicant'), false)
           AND NOT coalesce(bool_or(p.role = 'applicant' AND p.pseudonym = ANY ($2::bytea[])), false)
FROM dossier d LEFT JOIN dossier_party p ON p.dossier = d.code
WHERE d.code = ANY ($1::text[]) GROUP BY d.code, d.final;

-- name: delays
SELECT dossier, ground, until, set_by FROM citizen_delay WHERE dossier = ANY ($1::text[]) AND until > $2;

-- name: delay_page
SELECT dossier, ground, until, set_by FROM citizen_delay
WHERE until > $1 AND ($3::text[] IS NULL OR split_part(dossier, '-', 1) LIKE ANY ($3)) ORDER BY until, dossier LIMIT $2;

-- name: put_delay
INSERT INTO citizen_delay (dossier, ground, until, set_by, recorded) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (dossier) DO UPDATE
SET ground = excluded.ground, until = excluded.until, set_by = excluded.set_by, recorded = excluded.recorded;

-- name: put_report
SELECT audit_report_put($1, $2, $3, $4, $5, $6);

-- name: report_page
SELECT report_id, made_at, made_by, rows, withheld, recorded FROM citizen_report
WHERE report_id < $1 AND ($3::text IS NULL OR made_by = $3) ORDER BY report_id DESC LIMIT $2;

-- name: about
SELECT EXISTS (
    SELECT FROM entry WHERE entry_id = $1 AND kind = 'answered'
      AND (subject = ANY ($2::bytea[]) OR person = ANY ($2::bytea[])));

-- name: objection
SELECT o.case_id, c.due_at FROM citizen_objection o JOIN audit_case c USING (case_id) WHERE o.entry_id = $1;

-- name: put_objection
INSERT INTO citizen_objection (entry_id, case_id, at, note) VALUES ($1, $2, $3, $4)
ON CONFLICT (entry_id) DO NOTHING RETURNING objection_id;

-- name: objection_page
SELECT o.objection_id, o.entry_id, o.case_id, o.at, c.due_at, c.state, c.verdict, c.closed_at
FROM citizen_objection o JOIN audit_case c USING (case_id)
WHERE o.objection_id < $1 AND coalesce(c.agency, '') LIKE ANY ($3::text[]) ORDER BY o.objection_id DESC LIMIT $2;

-- name: oldest
SELECT min(at) FROM (SELECT at FROM entry ORDER BY log_id, index LIMIT 100) AS first;

-- name: log_ids
SELECT origin, log_id FROM log WHERE origin = ANY ($1::text[]);

-- name: dossier_of
SELECT dossier FROM entry WHERE entry_id = $1 LIMIT 1;
