-- name: make_partitions
SELECT make_partitions($1, $2);

-- name: drop_nonces
SELECT drop_old_nonces($1, $2);

-- name: drop_counters
SELECT drop_old_counters($1, $2);

-- name: raise_floor_to_age
SELECT raise_nonce_floor(extract(epoch FROM now())::bigint - $1::bigint);

-- name: raise_floor
SELECT raise_nonce_floor($1);

-- name: open_questions
SELECT q.log_id, q.index, q.entry_id, q.leaf
FROM log_head h JOIN entry q ON q.log_id = h.log_id AND q.index >= h.swept
WHERE h.log_id = $1 AND q.kind = 'asked' AND q.deadline < $2
  AND (SELECT 1 FROM entry a WHERE a.question = q.entry_id AND a.at > q.at - interval '1 hour' LIMIT 1) IS NULL
ORDER BY q.index LIMIT $3;

-- name: advance_sweep
WITH open AS (
    SELECT h.next_index, min(q.index) FILTER (WHERE (SELECT 1 FROM entry a WHERE a.question = q.entry_id AND a.at > q.at - interval '1 hour' LIMIT 1) IS NULL) AS first
    FROM log_head h LEFT JOIN entry q ON q.log_id = h.log_id AND q.index >= h.swept AND q.kind = 'asked'
    WHERE h.log_id = $1 GROUP BY h.next_index
)
SELECT coalesce(first, next_index) FROM open, log_swept($1, coalesce(first, next_index));
