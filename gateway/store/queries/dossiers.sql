-- name: receive
SELECT fates, sequences, warnings FROM dossier_receive(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21
);

-- name: reopen
SELECT dossier_reopen($1, $2);

-- name: one
SELECT code, agency, procedure, status, occurred_at, received_at, due_at, channel, fee_due, result::text, final,
       reopened_at
FROM dossier WHERE code = $1 AND agency LIKE ANY ($2::text[]);

-- name: components
SELECT code, name, obtained, lookup_id, digitised, reused, required
FROM dossier_component WHERE dossier = $1 ORDER BY code;

-- name: history
SELECT sequence, event_id, status, occurred_at, recorded_at, late, warning, applied
FROM dossier_event WHERE dossier = $1 ORDER BY occurred_at, rank, event_id, sequence;

-- name: feed
SELECT e.*
FROM unnest($1::text[]) AS r(root), LATERAL (
    SELECT sequence, event_id, dossier, procedure, agency, status, occurred_at, recorded_at, late, warning, applied,
           content::text
    FROM dossier_event WHERE root = r.root AND sequence > $3 AND agency LIKE ANY ($2::text[])
    ORDER BY sequence LIMIT $4
) AS e
ORDER BY e.sequence LIMIT $4;

-- name: feed_of_all
SELECT sequence, event_id, dossier, procedure, agency, status, occurred_at, recorded_at, late, warning, applied,
       content::text
FROM dossier_event WHERE sequence > $1 ORDER BY sequence LIMIT $2;

-- name: facts
SELECT d.agency, NOT d.final AND d.binds,
       EXISTS (SELECT FROM dossier_party p WHERE p.dossier = d.code AND p.pseudonym = ANY ($3::bytea[]) AND p.binds)
FROM dossier d WHERE d.code = $1 AND d.agency LIKE ANY ($2::text[]);

-- name: answered_lookup
SELECT a.outcome, q.leaf
FROM entry a JOIN entry q ON q.entry_id = a.question
WHERE a.question = $1 AND a.kind = 'answered' AND a.client = $2
  AND a.at >= $3::timestamptz AND q.at BETWEEN $3 AND $3 + interval '2 hours' LIMIT 1;

-- name: put_outcome
SELECT lookup_outcome_put($1, $2, $3, $4, $5);
